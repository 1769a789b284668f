"""Two name columns, one of which merges different entries."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headtohead.core.errors import InputError
from headtohead.evidence.traps import judge_names, name_columns


@pytest.fixture(scope="module")
def scores(shared_evidence: Path) -> pl.DataFrame:
    path = shared_evidence / "epoch_eci" / "eci_benchmarks.csv"
    return pl.read_csv(path, infer_schema_length=None)


def test_the_two_columns_of_the_capability_index(scores: pl.DataFrame) -> None:
    coarse, fine = judge_names(scores, ["Model", "model"], ["benchmark"])
    assert (coarse.names, coarse.empty, coarse.repeats) == (193, 90, 39)
    assert (fine.names, fine.empty, fine.repeats) == (222, 0, 0)
    assert "GPT-4o" in coarse.merged
    assert fine.identifies
    (found,) = name_columns(scores, ["Model", "model"], ["benchmark"], chosen="model")
    assert found.where == "Model"
    assert found.fix == "Join on 'model'."
    assert found.affects == coarse.merged
    with pytest.raises(InputError, match="Join on 'model'"):
        name_columns(scores, ["Model", "model"], ["benchmark"], chosen="Model")


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), unique=True))
def test_a_column_that_identifies_is_no_finding(pairs: list[tuple[str, str]]) -> None:
    rows = [{"fine": name, "coarse": "one", "key": key} for name, key in pairs]
    assert not name_columns(rows, ["fine"], ["key"], chosen="fine")
    (judged,) = judge_names(rows, ["coarse"], ["key"])
    assert judged.repeats == len(rows) - len({key for _, key in pairs})
    assert bool(name_columns(rows, ["coarse"], ["key"])) == (judged.repeats > 0)


def test_nothing_identifies_true_duplicates() -> None:
    rows: list[dict[str, Any]] = [
        {"name": "a", "id": 1},
        {"name": "a", "id": 1},
        {"name": " ", "id": None},
    ]
    found = name_columns(rows, ["name", "id"])
    assert [f.where for f in found] == ["name", "id"]
    assert found[0].what == "1 names, but 1 rows repeat a name (a) and 1 rows are empty"
    assert "true duplicates" in found[0].fix


def test_refuses_columns_that_are_not_there() -> None:
    with pytest.raises(ValueError, match="no column 'Name'"):
        judge_names([{"name": "a"}], ["Name"])
    with pytest.raises(ValueError, match="at least one"):
        judge_names([], [])
    with pytest.raises(ValueError, match="not among"):
        name_columns([], ["a"], chosen="b")
