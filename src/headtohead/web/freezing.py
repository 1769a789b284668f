"""The pages of a site as files that any web host can serve, made in several processes.

What is there already and would be the same is left alone, so that a copy of the site to its host
moves only what changed.
"""

import hashlib
import html
import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date
from importlib.resources import files
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from headtohead.core.errors import DamagedStore, InputError, NoEvidence, UnknownName
from headtohead.core.version import VERSION
from headtohead.evidence.catalogue import NAME as CATALOGUE
from headtohead.evidence.store import Store
from headtohead.names.book import lists_digest
from headtohead.publish.files import full
from headtohead.publish.files import replace as replace_file
from headtohead.web.address import Address, Moved, NoSuchPage
from headtohead.web.assets import ASSETS, held, sentence_page
from headtohead.web.kinds import kinds
from headtohead.web.rendering import Look, all_forms
from headtohead.web.result import FrozenSite
from headtohead.web.settings import SiteSettings
from headtohead.web.site import Site

MANIFEST = "site.json"
_CHUNK = 6  # pages that a process makes before it hands them over


@dataclass(slots=True)
class _Manifest:
    """What made the files of a site, and what they hold."""

    made_from: str = ""
    files: dict[str, str] = field(default_factory=dict)


def freeze(
    out: Path,
    today: date,
    settings: SiteSettings,
    store: Store | None,
    progress: Callable[[int, int], object],
) -> FrozenSite:
    """Write the whole site into a folder, as `freeze_site`."""
    if late := [day for day in settings.days if day > today]:
        raise InputError(f"`days`: {late[0]} lies after {today}, and nobody knew by then.")
    site = Site(today, store, settings.claims)
    site.on(Address())
    site.statements.check(site.facts)
    before = _manifest(out)
    paths: dict[date | None, frozenset[str]] = {}
    for day in (None, *sorted({*settings.days} - {today})):
        paths[day] = frozenset(_paths(site, Address(day=day)))
    days = sorted({*settings.days, today})
    look = Look(html=".html", days=days, base=settings.base, frozen=paths, png=settings.png)
    made_from = _made_from(site, look)
    if made_from == before.made_from and all((out / name).is_file() for name in before.files):
        return _counted(out, today, before)
    # By day, and within it by kind: what pages share is worked out once by each process.
    # A card for a frame is made with the page of its two sides.
    tasks = [
        Address(path=path, day=day)
        for day, own in paths.items()
        for path in sorted(own)
        if not path.startswith("embed/")
    ]
    every_n = sum(map(len, paths.values()))
    after = _Manifest(made_from)
    # From here on the folder is known as a site's, so that a run that is stopped can be repeated.
    # Without what they hold: a run that is killed leaves files that are half written.
    _keep(out, _Manifest("", dict.fromkeys(before.files, "")))
    written = 0
    links: dict[str, list[str]] = {}
    try:
        for name in ASSETS:
            written += _put(out, after, f"static/{name}", held(name), before)
        for name, body in _made(tasks, _Workshop(site, look), settings.processes):
            written += _put(out, after, name, body, before)
            if name.endswith(".html"):
                links[name] = list(_links(body.decode()))
                progress(len(links), every_n)
    except BaseException:
        _keep(out, _Manifest("", before.files | after.files))
        raise
    removed = 0
    for name in before.files.keys() - after.files.keys():
        (out / name).unlink(missing_ok=True)
        removed += 1
    _keep(out, after)
    broken = tuple(_broken(links, after.files))
    return replace(_counted(out, today, after), written=written, removed=removed, broken=broken)


def _keep(out: Path, manifest: _Manifest) -> None:
    text = json.dumps({"made_from": manifest.made_from, "files": manifest.files})
    replace_file(out / MANIFEST, text.encode())


def _paths(site: Site, address: Address) -> Iterator[str]:
    """The paths of all pages of one day that have something to show."""
    day = site.on(address)
    site.facts.require_evidence(day)
    for kind in kinds().values():
        yield from kind.frozen(site, day)


@dataclass(frozen=True, slots=True)
class _Workshop:
    """What every process makes pages with."""

    site: Site
    look: Look

    def __reduce__(self) -> tuple[Any, ...]:
        store, claims = self.site.store, self.site.statements.paths
        places = (store.home, store.builtin, store.curated)
        return _workshop, (self.site.today, places, claims, self.look)

    def make(self, tasks: Iterable[Address]) -> list[tuple[str, bytes]]:
        """The files of some pages: each page, its data, its pictures."""
        made: list[tuple[str, bytes]] = []
        self.site.whole = True
        for address in tasks:
            try:
                made += all_forms(self.site, address, self.look)
            except NoEvidence as error:
                said = sentence_page(str(error), address.up, self.look.html)
                made.append((unquote(address.file(self.look.html)), said))
            except (Moved, NoSuchPage, UnknownName, InputError) as error:
                raise DamagedStore(
                    f"The page {address.file(self.look.html)} is in the list of pages, but cannot "
                    f"be made: {type(error).__name__}: {error}. This is a fault of headtohead."
                ) from None
        return made


def _workshop(
    today: date, places: tuple[Path, Path, Path], claims: Sequence[Path], look: Look
) -> _Workshop:
    home, builtin, curated = places
    return _Workshop(Site(today, Store(home, builtin=builtin, curated=curated), claims), look)


def _made(
    tasks: Sequence[Address], workshop: _Workshop, processes: int
) -> Iterator[tuple[str, bytes]]:
    """Every file of every page."""
    chunks = [tasks[n : n + _CHUNK] for n in range(0, len(tasks), _CHUNK)]
    if processes < 2:
        for chunk in chunks:
            yield from workshop.make(chunk)
        return
    # Half of the processes begin at the end, so that what pages of one kind share, as all prices of
    # all models, is worked out by few of them.
    left, at_work = deque(chunks), dict[Future[list[tuple[str, bytes]]], int]()
    with ExitStack() as stack:
        spawn = get_context("spawn")
        pools = [
            stack.enter_context(ProcessPoolExecutor(1, spawn, _begin, (workshop,)))
            for _ in range(processes)
        ]

        def give(n: int) -> None:
            if left:
                at_work[pools[n].submit(_make, left.pop() if n % 2 else left.popleft())] = n

        for n in (*range(processes), *range(processes)):  # one to make, and one that waits
            give(n)
        while at_work:
            done, _ = wait(at_work, return_when=FIRST_COMPLETED)
            for future in done:
                give(at_work.pop(future))
                yield from future.result()


_OF_THIS_PROCESS: list[_Workshop] = []


def _begin(workshop: _Workshop) -> None:
    _OF_THIS_PROCESS[:] = [workshop]


def _make(tasks: Sequence[Address]) -> list[tuple[str, bytes]]:
    return _OF_THIS_PROCESS[0].make(tasks)


def _put(out: Path, after: _Manifest, name: str, body: bytes, before: _Manifest) -> bool:
    """Write a file unless it is there as it should be; whether it was written."""
    digest = hashlib.sha256(body).hexdigest()
    path = out / name
    written = before.files.get(name) != digest or not path.is_file()
    if written:
        before.files[name] = ""  # what is half written is not taken for whole another time
        _write(path, body)
    after.files[name] = digest
    return written


def _write(path: Path, body: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    except OSError as error:
        raise full(path, error) from None


def _manifest(out: Path) -> _Manifest:
    path = out / MANIFEST
    if not path.is_file():
        if out.is_dir() and any(out.iterdir()):
            raise InputError(
                f"{out} holds other files already. Name a new or an empty folder with `out`."
            )
        return _Manifest()
    try:
        kept = json.loads(path.read_text("utf-8"))
        if any(name.startswith("/") or ".." in name.split("/") for name in kept["files"]):
            raise ValueError("it names files that lie elsewhere")
        return _Manifest(str(kept["made_from"]), dict(kept["files"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(
            f"{path} is damaged, so it cannot be told which files are the site's. Name a new or an "
            "empty folder with `out`."
        ) from None


def _made_from(site: Site, look: Look) -> str:
    """What tells what the site is made from: evidence, names, code, and what was asked for."""
    seen = hashlib.sha256(VERSION.encode())
    for folder in (site.store.builtin, site.store.home):
        catalogue = folder / CATALOGUE
        seen.update(catalogue.read_bytes() if catalogue.is_file() else b"-")
    for path in (*sorted(site.store.curated.rglob("*.toml")), *site.statements.paths):
        seen.update(path.read_bytes())
    code = Path(str(files("headtohead")))
    for pattern in ("**/*.py", "**/*.j2", "**/*.toml", "web/static/*"):
        for path in sorted(code.glob(pattern)):
            seen.update(path.read_bytes())
    asked: list[Any] = [
        lists_digest(),
        str(site.today),
        [str(d) for d in look.days],
        look.base,
        look.png,
    ]
    asked += [str(path) for path in site.statements.paths]
    seen.update(json.dumps(asked).encode())
    return seen.hexdigest()


def _counted(out: Path, today: date, manifest: _Manifest) -> FrozenSite:
    return FrozenSite(
        out=str(out),
        as_of=today,
        pages=sum(name.endswith(".html") for name in manifest.files),
        files=len(manifest.files),
        written=0,
        removed=0,
        size_bytes=sum((out / name).stat().st_size for name in manifest.files),
    )


_LINK = re.compile(r'\b(?:href|src)="([^"]*)"')


def _links(text: str) -> Iterator[str]:
    """The addresses on this site that a page leads to or loads."""
    for link in dict.fromkeys(_LINK.findall(text)):
        parts = urlsplit(html.unescape(link))
        if not parts.scheme and not parts.netloc and parts.path:
            yield unquote(parts.path)


def _broken(
    links: Mapping[str, Sequence[str]], there: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    for page, own in links.items():
        folder = page.rpartition("/")[0].split("/") if "/" in page else []
        for link in own:
            place = list(folder)
            for word in link.split("/"):
                if word == "..":
                    place = place[:-1]
                elif word != ".":
                    place.append(word)
            if "/".join(place) not in there:
                yield page, link
