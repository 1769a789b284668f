"""The engine of `h2h update`: download files, keep them, import them; all of it or nothing.

What was kept can be imported again (`rebuild`).
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from headtohead.core.errors import EvidenceError, HeadToHeadError, InputError, SourceUnreachable
from headtohead.evidence import catalogue, snapshots
from headtohead.evidence.catalogue import Importer, importer, importers, writing
from headtohead.evidence.download import (
    Held,
    NoConnection,
    Progress,
    Silent,
    WantedFile,
    fetch,
    version_beside,
)
from headtohead.evidence.ingest import Imported, Updated, entry_of, report, take
from headtohead.evidence.sourcing import Download, RawFile, RawFiles
from headtohead.evidence.store import Store

if TYPE_CHECKING:
    import httpx2

_FIRST_WINDOW = timedelta(days=30)
_DAY = timedelta(days=1)
SILENT = Silent()


@dataclass(frozen=True, slots=True)
class _Update:
    """What one update has in common for all its sources."""

    store: Store
    client: "httpx2.Client"
    today: date
    mirror: str | None
    progress: Progress
    silent_hosts: set[str] = field(default_factory=set)

    def fetch(self, wanted: WantedFile) -> Held | None:
        """The file; a machine that could not be reached once is not waited for again."""
        host = urlsplit(wanted.url).netloc
        if host in self.silent_hosts:
            raise SourceUnreachable(
                f"{wanted.label}: {wanted.url} was not tried, as {host} could not be reached a "
                "moment ago. Check the network or proxy and try again."
            )
        try:
            return fetch(self.client, wanted, self.progress)
        except NoConnection:
            self.silent_hosts.add(host)
            raise


def update(
    store: Store,
    source_ids: Sequence[str],
    *,
    today: date,
    progress: Progress = SILENT,
    mirror: str | None = None,
    timeout_seconds: float = 30.0,
) -> tuple[Updated, ...]:
    """Download sources and import them; one that fails does not stop the others.

    Args:
        source_ids: Which sources; all that can be downloaded if empty.
        today: The day of retrieval; rows that do not date themselves become known on it.
        mirror: Address of a copy: files are taken from `mirror/<source_id>/<name>` instead of
            their publishers. For company mirrors and machines without the open network.
        timeout_seconds: How long a server may stay silent, > 0.

    Returns:
        One `Updated` a source, in name order; failures are in it, see `exit_code`.

    Raises:
        InputError: If a source named has no address to download from, or the mirror is none.
        UnknownName: If no source is called so.
        StoreBusy: If another process is writing to the store.
        StoreFull: If the store cannot be written at all.
    """
    import httpx2

    chosen = [importer(i) for i in sorted(set(source_ids))] if source_ids else None
    chosen = chosen or [each for _, each in sorted(importers().items())]
    by_hand = [i for i in chosen if not i.source.downloads]
    if source_ids and by_hand:
        source = by_hand[0].source
        raise InputError(
            f"{source.source_id} cannot be downloaded by itself. {source.how_to_get} Then run "
            f"`update_evidence({source.source_id!r}, folder='FOLDER', today=...)`."
        )
    if mirror is not None and not mirror.startswith(("https://", "http://")):
        raise InputError(f"{mirror!r} is no mirror. Give an address that starts with https://.")
    headers = {"User-Agent": f"headtohead/{version('headtohead')}"}
    limits = httpx2.Timeout(timeout_seconds, connect=min(timeout_seconds, 10.0))
    with (
        writing(store.home),
        httpx2.Client(headers=headers, timeout=limits, follow_redirects=True) as client,
    ):
        run = _Update(store, client, today, mirror, progress)
        return tuple(_guarded(each, run) for each in chosen)


def _guarded(importer: Importer, run: _Update) -> Updated:
    source = importer.source
    if not source.downloads:
        return Updated(source_id=source.source_id, state="by_hand", how_to_get=source.how_to_get)
    try:
        last = run.store.last_window(source)
        since, until = last + _DAY if last else run.today - _FIRST_WINDOW, run.today - _DAY
        if any("{since}" in d.url for d in source.downloads) and since > until:
            return Updated(source_id=source.source_id, state="unchanged")
        desk = run.store.home / "downloads" / source.source_id
        fetched: dict[str, Held] = {}
        skipped = []
        for download in source.downloads:
            got = run.fetch(_wanted(run, source.source_id, download, since, until))
            if got is None:
                skipped.append(download.name)
            else:
                fetched[download.name] = got
        if not fetched:
            raise SourceUnreachable(
                f"{source.source_id}: none of its {len(skipped)} files is at its address any more. "
                "Update headtohead, or fetch them yourself and use --from."
            )
        files = tuple(RawFile(n, held.path.read_bytes()) for n, held in sorted(fetched.items()))
        versions = {name: held.version for name, held in fetched.items()}
        raw = RawFiles(source.source_id, files, run.today)
        done = take(run.store, importer, raw, versions, run.today, skipped=tuple(skipped))
        shutil.rmtree(desk, ignore_errors=True)
        return done
    except HeadToHeadError as failure:
        return Updated(source_id=source.source_id, state="failed", failure=failure)


def _wanted(
    run: _Update, source_id: str, download: Download, since: date, until: date
) -> WantedFile:
    url = download.url
    if run.mirror is not None:
        url = f"{run.mirror.rstrip('/')}/{source_id}/{quote(download.name)}"
    url = url.replace("{since}", since.isoformat()).replace("{until}", until.isoformat())
    target = run.store.home / "downloads" / source_id / download.name
    left = version_beside(target, url)
    held = snapshots.held(run.store.home, source_id, download.name, url)
    if target.is_file() and left.url:
        held = Held(target, left)
    label = f"{source_id}/{download.name}"
    return WantedFile(label, url, target, download.sha256, download.optional, held)


def rebuild(store: Store) -> tuple[Updated, ...]:
    """Make tables and catalogue again from the raw files that were kept.

    For a damaged store, and after a new version that reads old files better. Imports whose raw
    files are gone, or can no longer be read, stay as they are if their rows are whole.

    Raises:
        StoreBusy: If another process is writing to the store.
        StoreFull: If the store cannot be written.
    """
    known, done = importers(), []
    with writing(store.home):
        try:
            before = {_identity(e): e for e in catalogue.entries(store.home)}
        except EvidenceError:
            before = {}
        rebuilt = dict[tuple[str, str], catalogue.Import]()
        for snapshot in snapshots.kept(store.home):
            source_id, sha256 = snapshot.provenance["source_id"], snapshot.provenance["sha256"]
            if source_id in known:
                old = before.get((source_id, sha256))
                done.append(_again(store, known[source_id], snapshot, old))
                if entry := done[-1].entry:
                    rebuilt[_identity(entry)] = entry
        whole = [
            e
            for key, e in before.items()
            if key in rebuilt or all(catalogue.intact(store.home, e, t) for t in e.tables)
        ]
        added = [e for key, e in rebuilt.items() if key not in before]
        catalogue.write(store.home, tuple(rebuilt.get(_identity(e), e) for e in (*whole, *added)))
    return tuple(done)


def _identity(entry: catalogue.Import) -> tuple[str, str]:
    return entry.source_id, entry.sha256


def _again(
    store: Store, importer: Importer, kept: snapshots.Snapshot, old: catalogue.Import | None
) -> Updated:
    try:
        raw = kept.raw()
        entry, contents = entry_of(importer, raw, kept.retrieved_on)
        for name, content in contents.items():
            catalogue.replace(store.home / entry.file(name), content)
    except EvidenceError as failure:
        return Updated(source_id=importer.source.source_id, state="failed", failure=failure)
    return report(raw, Imported(entry, is_new=entry != old))
