"""One file from its publisher: continued where it was cut, checked before it counts."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from headtohead.core.errors import DamagedDownload, HeadToHeadError, SourceUnreachable
from headtohead.evidence.catalogue import full

if TYPE_CHECKING:
    import httpx2

_ATTEMPTS = 4
_PAGE_STARTS = (b"<!doctype html", b"<html")


class Progress(Protocol):
    """Who is told how far a download is; it does nothing with it by itself."""

    def start(self, what: str, total_bytes: int | None) -> None:
        """A file begins; its size is None where the publisher does not say."""
        return

    def advance(self, more_bytes: int) -> None:
        """So many bytes more are on disk; those of an earlier run count at once."""
        return

    def finish(self) -> None:
        """The file ended, well or badly."""
        return


class Silent(Progress):
    """Tells nobody."""


@dataclass(frozen=True, slots=True)
class Version:
    """How a server tells one state of a file from another; empty where it does not."""

    url: str = ""
    etag: str = ""
    last_modified: str = ""

    @property
    def proof(self) -> str:
        """What may follow If-Range: a weak tag does not promise equal bytes."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.last_modified


@dataclass(frozen=True, slots=True)
class Held:
    """A whole file from an earlier run."""

    path: Path
    version: Version


@dataclass(frozen=True, slots=True)
class WantedFile:
    """One file to fetch.

    Attributes:
        label: How to call it before a reader ("epoch_eci/eci_scores.csv").
        target: Where it goes once it is whole; `.part` is added until then.
        sha256: Its content hash, where the publisher pins it.
        held: The same file from an earlier run, taken again if the server says it is unchanged.
    """

    label: str
    url: str
    target: Path
    sha256: str = ""
    optional: bool = False
    held: Held | None = None

    @property
    def part(self) -> Path:
        """Where it grows."""
        return self.target.with_name(self.target.name + ".part")


class NoConnection(SourceUnreachable):
    """Not even a connection to the publisher's machine; its other files need not be tried."""


class _Again(Exception):
    """This attempt ended early, but another one is worth it; if not, `why` is the outcome."""

    def __init__(self, why: HeadToHeadError) -> None:
        self.why = why
        super().__init__(str(why))


def fetch(client: "httpx2.Client", wanted: WantedFile, progress: Progress) -> Held | None:
    """The file, whole and checked; a part left by an earlier run is continued.

    Returns:
        Where it lies; None if it is optional and the publisher does not have it.

    Raises:
        NoConnection: If there is no way to the server.
        SourceUnreachable: If the server refuses or stops answering.
        DamagedDownload: If the file is cut, fails its checksum, or is an HTML page instead.
        StoreFull: If it cannot be written.
    """
    why: HeadToHeadError | None = None
    for _ in range(_ATTEMPTS):
        try:
            return _attempt(client, wanted, progress)
        except _Again as again:
            why = again.why
    raise why or AssertionError("no attempt was made")


def version_beside(path: Path, url: str) -> Version:
    """What the server said when `path` was taken from `url`; empty if unknown."""
    try:
        noted = Version(**json.loads(_beside(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Version()
    return noted if noted.url == url else Version()


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".version")


def _note(path: Path, version: Version) -> None:
    _beside(path).write_text(json.dumps(asdict(version)), encoding="utf-8")


def _attempt(client: "httpx2.Client", wanted: WantedFile, progress: Progress) -> Held | None:
    import httpx2

    before = version_beside(wanted.part, wanted.url)
    resumed = _size(wanted.part) if before.proof else 0
    offset = None
    try:
        with client.stream("GET", wanted.url, headers=_ask(wanted, before, resumed)) as answer:
            if answer.status_code == httpx2.codes.NOT_MODIFIED and wanted.held and not resumed:
                return wanted.held
            if (
                answer.status_code in (httpx2.codes.NOT_FOUND, httpx2.codes.GONE)
                and wanted.optional
            ):
                return None
            offset = _offset(answer, wanted, before, resumed)
            total = _total(answer)
            version = _version(answer, wanted.url)
            _begin(wanted.part, version, total, offset)
            progress.start(wanted.label, total)
            try:
                progress.advance(offset)
                _receive(answer, wanted.part, progress)
            finally:
                progress.finish()
    except httpx2.RequestError as error:
        raise _broken(wanted, error, offset) from error
    return _finish(wanted, version, total, offset)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _ask(wanted: WantedFile, before: Version, resumed: int) -> dict[str, str]:
    # Compressed on the way, lengths and ranges would not count the bytes we keep.
    headers = {"Accept-Encoding": "identity"}
    if resumed:
        headers |= {"Range": f"bytes={resumed}-", "If-Range": before.proof}
    elif wanted.held and wanted.held.version.etag:
        headers["If-None-Match"] = wanted.held.version.etag
    elif wanted.held and wanted.held.version.last_modified:
        headers["If-Modified-Since"] = wanted.held.version.last_modified
    return headers


def _offset(answer: "httpx2.Response", wanted: WantedFile, before: Version, resumed: int) -> int:
    """Where the body that follows belongs in the file."""
    import httpx2

    secure = [r.url.scheme == "https" for r in (*answer.history, answer)]
    if wanted.url.startswith("https:") and not all(secure):
        raise SourceUnreachable(
            f"{wanted.label}: {wanted.url} leads to {answer.url}, which is not encrypted; nothing "
            "was taken. Look at the address in a browser, or update headtohead."
        )
    if answer.status_code == httpx2.codes.PARTIAL_CONTENT:
        span = answer.headers.get("Content-Range", "")
        now = _version(answer, wanted.url)
        other = (now.etag or before.etag) != before.etag or (
            now.last_modified or before.last_modified
        ) != before.last_modified
        if other or "Content-Encoding" in answer.headers or f"bytes {resumed}-" not in span:
            raise _start_over(wanted, "the server continued another file than the one begun")
        return resumed
    if answer.status_code == httpx2.codes.RANGE_NOT_SATISFIABLE and resumed:
        raise _start_over(wanted, "the server has a shorter file than the one begun")
    if answer.status_code != httpx2.codes.OK:
        raise _refused(answer, wanted)
    return 0


def _start_over(wanted: WantedFile, what: str) -> _Again:
    wanted.part.unlink(missing_ok=True)
    return _Again(
        DamagedDownload(f"{wanted.label}: {what}, at {wanted.url}. Run the update again.")
    )


def _refused(answer: "httpx2.Response", wanted: WantedFile) -> SourceUnreachable:
    import httpx2

    said = f"{wanted.label}: {wanted.url} answered {answer.status_code} {answer.reason_phrase}"
    if answer.status_code in (httpx2.codes.NOT_FOUND, httpx2.codes.GONE):
        return SourceUnreachable(f"{said}. The file was moved or withdrawn. Update headtohead.")
    later = (httpx2.codes.TOO_MANY_REQUESTS, httpx2.codes.REQUEST_TIMEOUT)
    if answer.status_code < httpx2.codes.INTERNAL_SERVER_ERROR and answer.status_code not in later:
        return SourceUnreachable(f"{said}. Fetch the file yourself and import its folder.")
    wait = answer.headers.get("Retry-After", "")
    return SourceUnreachable(f"{said}. Try again {f'after {wait} s' if wait else 'later'}.")


def _total(answer: "httpx2.Response") -> int | None:
    """Size of the whole file; None where the server does not say."""
    if "Content-Encoding" in answer.headers:
        return None
    whole = answer.headers.get("Content-Range", "").rpartition("/")[2]
    text = whole or answer.headers.get("Content-Length", "")
    return int(text) if text.isdigit() else None


def _version(answer: "httpx2.Response", url: str) -> Version:
    said = answer.headers
    return Version(url, said.get("ETag", ""), said.get("Last-Modified", ""))


def _begin(part: Path, version: Version, total: int | None, offset: int) -> None:
    """Make the part ready; without a known size it could not be told when it is whole."""
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        if not offset:
            _beside(part).unlink(missing_ok=True)
            part.write_bytes(b"")
            if total is not None:
                _note(part, version)
    except OSError as error:
        raise full(part, error) from None


def _receive(answer: "httpx2.Response", part: Path, progress: Progress) -> None:
    try:
        with part.open("ab") as out:
            # Chunks as they come: gathered to a size, the last ones before a cut would be lost.
            for chunk in answer.iter_bytes():
                out.write(chunk)
                progress.advance(len(chunk))
    except OSError as error:
        raise full(part, error) from None


def _broken(wanted: WantedFile, error: "httpx2.RequestError", offset: int | None) -> Exception:
    """The outcome of a connection that failed; worth another attempt if it brought bytes."""
    import httpx2

    size = 0 if offset is None else _size(wanted.part)
    what = f"{wanted.label}: {wanted.url}"
    further = "Run the update again: it continues from there where the server allows it."
    why: HeadToHeadError
    if isinstance(error, httpx2.RemoteProtocolError) and size:
        why = DamagedDownload(f"{what} was cut after {size:,} bytes; nothing was taken. {further}")
    elif isinstance(error, httpx2.ReadTimeout):
        why = SourceUnreachable(f"{what} stopped answering after {size:,} bytes. {further}")
    else:
        kind = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError)
        why = (NoConnection if isinstance(error, kind) else SourceUnreachable)(
            f"{what} could not be reached ({error or type(error).__name__}). Check the network or "
            "proxy and try again; the evidence you had still works."
        )
    return _Again(why) if offset is not None and size > offset else why


def _finish(wanted: WantedFile, version: Version, total: int | None, offset: int) -> Held:
    """Check the whole file and give it its name."""
    content = wanted.part.read_bytes()
    if total is not None and len(content) != total:
        cut = DamagedDownload(
            f"{wanted.label}: {wanted.url} promised {total:,} bytes and gave {len(content):,}; "
            "nothing was taken. Run the update again."
        )
        if len(content) > total:
            wanted.part.unlink()
        raise _Again(cut) if len(content) > offset else cut
    problem = _problem(content, wanted)
    if problem:
        wanted.part.unlink()
        raise DamagedDownload(f"{wanted.label}: {problem} at {wanted.url}; nothing was taken.")
    try:
        # In this order no crash can leave an old file beside the note of a new one.
        wanted.target.unlink(missing_ok=True)
        _note(wanted.target, version)
        wanted.part.replace(wanted.target)
        _beside(wanted.part).unlink(missing_ok=True)
    except OSError as error:
        raise full(wanted.target, error) from None
    return Held(wanted.target, version)


def _problem(content: bytes, wanted: WantedFile) -> str:
    if not content:
        return "an empty file came"
    start = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    is_page = wanted.target.suffix in (".html", ".htm")
    if start.startswith(_PAGE_STARTS) and not is_page:
        return "an HTML page came instead of the file (an error page, a login or a consent form)"
    digest = hashlib.sha256(content).hexdigest()
    if wanted.sha256 and digest != wanted.sha256:
        return f"the content hash is {digest}, not the pinned {wanted.sha256}"
    return ""
