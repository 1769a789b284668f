"""No row known after the as-of date has any influence: later rows are planted, nothing moves."""

from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.evidence.test_store import plant
from tests.simulations import examples

from headtohead.claims.result import CheckResult
from headtohead.claims.verb import check
from headtohead.evidence.facts import Facts
from headtohead.evidence.store import Store
from headtohead.evidence.tables import table, tables

pytestmark = pytest.mark.usefixtures("kept_facts")
THEN = date(2025, 12, 15)
NOW = date(2026, 10, 31)


def lies(store: Store, name: str, known_on: date, factor: float) -> pl.DataFrame:
    """Every row of a table, each number times a factor, each said to be known later."""
    rows = store.read(name, NOW)
    wrong = [
        (pl.col(c.name) * factor).cast(rows.schema[c.name])
        for c in table(name).columns
        if c.kind in ("real", "int")
    ]
    return rows.with_columns(*wrong, known_on=known_on, vintage=None)


def planted(home: Path, known_on: date, factor: float, edition: date | None = None) -> Store:
    """A store whose downloads contradict all of the built-in evidence from a later day on.

    `edition` is the day of the files that say so; that same day if None.
    """
    honest = Store(home / "nothing")
    for name in tables():
        rows = lies(honest, name, known_on, factor)
        for (source_id,), part in rows.group_by("source_id", maintain_order=True):
            made = part.drop("source_id").head(300).to_dicts()
            plant(home, {name: made}, edition or known_on, source_id=str(source_id))
    return Store(home)


def seen(result: CheckResult) -> tuple[Any, list[tuple[str, str]]]:
    """All verdicts and numbers, and what each source is said to have known."""
    made = result.as_json()
    return made["results"], [(s["source_id"], s["known_on"]) for s in made["sources"]]


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> CheckResult:
    return check(as_of=THEN, store=Store(tmp_path_factory.mktemp("home")))


@settings(max_examples=1 if examples(20) < 20 else 4, phases=[Phase.generate])
@given(
    days=st.integers(1, (NOW - THEN).days),
    factor=st.sampled_from([0.5, 0.9]),
)
def test_rows_known_later_move_no_verdict_number_or_source(
    honest: CheckResult, days: int, factor: float
) -> None:
    with TemporaryDirectory() as folder:
        store = planted(Path(folder), THEN + timedelta(days=days), factor)
        assert seen(check(as_of=THEN, store=store)) == seen(honest)


# That rows planted alike are read once they are known is always seen in test_site_as_of.
@pytest.mark.slow
def test_the_planted_rows_do_move_verdicts_once_they_are_known(
    honest: CheckResult, tmp_path: Path
) -> None:
    later = THEN + timedelta(days=1)
    store = planted(tmp_path, later, 0.5)
    facts = Facts(store)
    after = check(as_of=later, about="2025-12-15", store=store)
    assert facts.frame("figures", later).height >= facts.frame("figures", THEN).height
    assert [v.word for v in after.verdicts] != [v.word for v in honest.verdicts]
