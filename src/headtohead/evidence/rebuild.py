"""Tables and catalogue made again from the raw files that were kept."""

from headtohead.core.errors import EvidenceError
from headtohead.evidence import catalogue, snapshots
from headtohead.evidence.catalogue import Importer, importers
from headtohead.evidence.ingest import Imported, entry_of
from headtohead.evidence.lock import writing
from headtohead.evidence.outcome import Updated, report
from headtohead.evidence.store import Store


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
        made = dict[tuple[str, str], catalogue.Import]()
        for kept in snapshots.found(store.home):
            source_id, sha256 = kept.provenance["source_id"], kept.provenance["sha256"]
            if source_id in known:
                done.append(_again(store, known[source_id], kept, before.get((source_id, sha256))))
                if entry := done[-1].entry:
                    made[_identity(entry)] = entry
        whole = [
            e
            for key, e in before.items()
            if key in made or all(catalogue.intact(store.home, e, t) for t in e.tables)
        ]
        added = [e for key, e in made.items() if key not in before]
        catalogue.write(store.home, tuple(made.get(_identity(e), e) for e in (*whole, *added)))
    return tuple(done)


def _identity(entry: catalogue.Import) -> tuple[str, str]:
    return entry.source_id, entry.sha256


def _again(
    store: Store, found: Importer, kept: snapshots.Snapshot, old: catalogue.Import | None
) -> Updated:
    try:
        raw = kept.raw()
        entry, contents = entry_of(found, raw, kept.retrieved_on)
        for name, content in contents.items():
            catalogue.replace(store.home / entry.file(name), content)
    except EvidenceError as failure:
        return Updated(source_id=found.source.source_id, state="failed", failure=failure)
    return report(raw, Imported(entry, is_new=entry != old))
