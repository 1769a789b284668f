"""What was read and answered from the built-in evidence, kept for all tests of a worker."""

from collections.abc import Hashable, Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from headtohead.core.estimate import Citation
from headtohead.evidence.facts import Facts
from headtohead.evidence.store import Store, builtin_folder, curated_folder

_NOWHERE = Path("no-such-home")  # a home without downloads


@pytest.fixture(scope="session")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    """The built-in evidence alone."""
    return Facts(Store(tmp_path_factory.mktemp("home")))


def of_the_same_rows(kept: dict[Hashable, Any]) -> dict[Hashable, Any]:
    """What was made of the rows of a table alone, which holds as long as those rows are asked."""
    return {
        key: made
        for key, made in kept.items()
        if isinstance(made, tuple) and isinstance(key, tuple) and key[0] == id(made[0])
    }


def _ships(store: Store) -> bool:
    """Whether a store holds the built-in evidence alone."""
    folders = (store.builtin, store.curated)
    return folders == (builtin_folder(), curated_folder()) and not any(store.home.glob("[!.]*"))


@pytest.fixture(scope="session", autouse=True)
def _kept_frames() -> Iterator[None]:
    """Read the last tables of the built-in evidence once, whoever asks for them."""
    read = Facts.frame

    @lru_cache(maxsize=80)
    def shipped(names: Any, table: str, as_of: date, used_on: date | None, of: Any) -> pl.DataFrame:
        alone = Facts(Store(_NOWHERE))
        alone.names = names
        # Once all of a table is there, rows of some models are picked and no file is read.
        alone.store.ever(table)
        return read(alone, table, as_of, used_on=used_on, models=of)

    def frame(
        self: Facts,
        table: str,
        as_of: date,
        *,
        used_on: date | None = None,
        models: tuple[str, ...] = (),
    ) -> pl.DataFrame:
        key = (table, as_of, used_on if table == "prices" else None, models)
        if key in self._frames or self._brought or not _ships(self.store):
            return read(self, table, as_of, used_on=used_on, models=models)
        rows = shipped(self.names, *key)
        if key[2] in (None, as_of):
            self._frames[key] = rows
        return rows

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Facts, "frame", frame)
        yield


@pytest.fixture(scope="module")
def kept_facts(facts: Facts) -> Iterator[None]:
    """Ask each question of the built-in evidence once, whichever command of a module asks it.

    A store that holds something of its own, and rows that a user brings, are asked anew.
    """
    make, bring = Facts.__init__, Facts.bring

    def made(self: Facts, store: Store | None = None, **more: Any) -> None:
        make(self, store, **more)
        if self.seed == facts.seed and _ships(self.store):
            self._frames, self._kept = facts._frames, facts._kept

    def brought(self: Facts, table: str, rows: pl.DataFrame, citation: Citation) -> None:
        self._frames, self._kept = dict(self._frames), dict(self._kept)
        bring(self, table, rows, citation)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Facts, "__init__", made)
        patch.setattr(Facts, "bring", brought)
        yield
