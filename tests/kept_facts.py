"""What was read and answered from the built-in evidence, kept for all tests of a worker."""

from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest

from headtohead.core.estimate import Citation
from headtohead.evidence.facts import Facts
from headtohead.evidence.store import Store


@pytest.fixture(scope="session")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    """The built-in evidence alone."""
    return Facts(Store(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="module")
def kept_facts(facts: Facts) -> Iterator[None]:
    """Ask each question of the built-in evidence once, whichever command of a module asks it.

    A store that holds something of its own, and rows that a user brings, are asked anew.
    """
    make, bring = Facts.__init__, Facts.bring

    def made(self: Facts, store: Store | None = None, **more: Any) -> None:
        make(self, store, **more)
        shipped = (self.store.builtin, self.store.curated, self.seed) == alone
        if shipped and not any(self.store.home.glob("*")):
            self._frames, self._kept = facts._frames, facts._kept

    def brought(self: Facts, table: str, rows: pl.DataFrame, citation: Citation) -> None:
        self._frames, self._kept = dict(self._frames), dict(self._kept)
        bring(self, table, rows, citation)

    alone = (facts.store.builtin, facts.store.curated, facts.seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Facts, "__init__", made)
        patch.setattr(Facts, "bring", brought)
        yield
