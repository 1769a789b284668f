"""Rows of the raw evidence, read once in a session: several tests look at those of one source."""

import os
import pickle
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path

import polars as pl

from headtohead.evidence.catalogue import Importer, importer
from headtohead.evidence.ingest import frames_of
from headtohead.evidence.sourcing import RawFiles

Rows = tuple[dict[str, pl.DataFrame], Mapping[str, int]]


def rows_of(found: Importer, raw: RawFiles) -> Rows:
    """What `frames_of` gives, which hangs on the files, their names and their day alone."""
    assert importer(raw.source_id) == found, "a source made up by a test gives rows of its own"
    return _kept(raw)


@cache
def _kept(raw: RawFiles) -> Rows:
    """From the disk of the session where another process read the same files."""
    name = sha256(f"{raw.source_id} {raw.known_on} {raw.sha256}".encode()).hexdigest()
    path = Path(os.environ["H2H_CACHE"]).parent / "rows" / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = frames_of(importer(raw.source_id), raw)
        beside = path.with_suffix(f".{os.getpid()}")
        beside.write_bytes(pickle.dumps(made))
        beside.replace(path)
        return made
    kept: Rows = pickle.loads(path.read_bytes())
    return kept
