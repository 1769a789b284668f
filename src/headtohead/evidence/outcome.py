"""What an update did for one source, and the exit code that all of them end with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from headtohead.core.errors import EvidenceError, HeadToHeadError, SourceUnreachable, StoreFull
from headtohead.evidence import snapshots
from headtohead.evidence.catalogue import Import, Importer
from headtohead.evidence.download import Version
from headtohead.evidence.ingest import Imported, ingest
from headtohead.evidence.sourcing import RawFiles
from headtohead.evidence.store import Store

State = Literal["new", "unchanged", "failed", "by_hand", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated:
    """What an update did for one source.

    Attributes:
        state: "new" rows were taken; "unchanged": the very files we had, or no new day; "failed",
            and the old evidence stands; "by_hand": the publisher offers no plain address;
            "other": files fit its name patterns but are not its own.
        skipped: Optional files that the publisher does not have.
        how_to_get: What the user does for a source that is "by_hand".
    """

    source_id: str
    state: State
    entry: Import | None = None
    files: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    failure: HeadToHeadError | None = None
    how_to_get: str = ""


def exit_code(updated: Iterable[Updated]) -> int:
    """The code to end with, 0 if nothing failed.

    74 if the disk was full, else 65 if a file was changed or damaged, else 75 if a publisher was
    out of reach.
    """
    failures = [u.failure for u in updated if u.failure and u.state == "failed"]
    for kind in (StoreFull, EvidenceError, SourceUnreachable, HeadToHeadError):
        if any(isinstance(f, kind) for f in failures):
            return kind.exit_code
    return 0


def take(
    store: Store,
    found: Importer,
    raw: RawFiles,
    versions: Mapping[str, Version],
    today: date,
    *,
    restate: bool = False,
) -> Imported:
    """Keep raw files and import them; the caller holds the store's lock.

    `versions` tell where each file was downloaded; `restate`, that `raw.known_on` corrects an
    earlier import of the same files.

    Raises:
        HeadToHeadError: As `ingest`.
    """

    def keep(good: RawFiles) -> None:
        snapshots.keep(store.home, found.source, good, versions, today)

    return ingest(found, raw, store.home, retrieved_on=today, keep=keep, restate=restate)


def report(raw: RawFiles, made: Imported, skipped: tuple[str, ...] = ()) -> Updated:
    """What to tell of an import that went well."""
    return Updated(
        source_id=raw.source_id,
        state="new" if made.is_new else "unchanged",
        entry=made.entry,
        files=tuple(f.name for f in raw.files),
        skipped=skipped,
    )
