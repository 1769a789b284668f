"""The engine of `h2h update --from`: files that are on disk already."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from headtohead.core.errors import EvidenceError, HeadToHeadError, InputError
from headtohead.evidence import files
from headtohead.evidence.catalogue import Importer, importer, importers
from headtohead.evidence.lock import writing
from headtohead.evidence.outcome import State, Updated, report, take
from headtohead.evidence.store import Store


@dataclass(frozen=True, slots=True)
class FolderTaken:
    """What was made of a folder.

    `updated` holds one for each source whose files were found, `unused` the files no source took.
    """

    updated: tuple[Updated, ...]
    unused: tuple[str, ...]


def from_folder(
    store: Store,
    source_ids: Sequence[str],
    path: Path,
    *,
    today: date,
    known_on: date | None = None,
) -> FolderTaken:
    """Import files that are on disk already.

    Files are looked for in `path/<source_id>` if that is a folder, else by name below `path`.
    Rows that do not date themselves become known on `known_on`; if none is given, on the last day
    that the files' names state; if they state none, today.

    Without `source_ids` every source whose file names fit is taken.

    Raises:
        InputError: If the folder holds no file of a source, or the day lies in the future.
        UnknownName: If no source is called so.
        StoreBusy: If another process is writing to the store.
        StoreFull: If the store cannot be written at all.
    """
    if known_on and known_on > today:
        raise InputError(f"{known_on} lies in the future. Give the day the files became known.")
    every = files.listing(path)
    known = importers()
    chosen = [importer(i) for i in sorted(set(source_ids))] or [known[i] for i in sorted(known)]
    finds = []
    for one in chosen:
        others = () if source_ids else set(known) - {one.source.source_id}
        base, mine = files.belonging(one.source, path, every, others)
        if mine:
            finds.append(_Find(one, base, mine))
        elif source_ids:
            source = one.source
            raise InputError(
                f"{path} holds no file of {source.source_id} (looked for "
                f"{', '.join(source.patterns)}, also in {source.source_id}/). "
                f"{source.how_to_get}".rstrip()
            )
    taken, used = [], set[Path]()
    with writing(store.home):
        for find in finds:
            source = find.importer.source
            owned = source.source_id in (find.base.name, path.name)
            day = known_on or files.day_in_names(find.base, find.paths, today) or today
            try:
                raw = files.read(source, find.base, find.paths, day)
                restate = known_on is not None
                done = report(raw, take(store, find.importer, raw, {}, today, restate=restate))
            except HeadToHeadError as failure:
                # A source nobody named, tried on files that only look like its own: no failure.
                alike = isinstance(failure, EvidenceError) and not source_ids and not owned
                state: State = "other" if alike else "failed"
                done = Updated(source_id=source.source_id, state=state, failure=failure)
            taken.append(done)
            used |= set(find.paths) if done.failure is None else set()
    if not any(t.state != "other" for t in taken):
        raise InputError(
            f"{path} holds no file of a source we know. Name the source, "
            f"`h2h update SOURCE --from {path}`, to read why its files are not taken."
        )
    unused = tuple(p.relative_to(path).as_posix() for p in every if p not in used)
    return FolderTaken(tuple(taken), unused)


@dataclass(frozen=True, slots=True)
class _Find:
    """The files of one source."""

    importer: Importer
    base: Path
    paths: tuple[Path, ...]
