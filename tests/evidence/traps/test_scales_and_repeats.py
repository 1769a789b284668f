"""Percent among fractions, and one key with several scores."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headtohead.evidence.traps import repeats, scales

_KEY = ("task", "task_version", "model", "effort", "reasoning_tokens_cfg")
_SHARE = st.floats(0, 1)


def test_one_utilisation_among_62_is_in_percent(shared_evidence: Path) -> None:
    path = shared_evidence / "epoch_models" / "All ML Systems - full view.csv"
    models = pl.read_csv(path, infer_schema_length=None)
    column = "Hardware utilization (MFU)"
    (found,) = scales(models[column].to_numpy(), names=models["Model"].to_list(), where=column)
    assert found.affects == ("GPT3-2.7B (FlashAttention-2)",)
    assert found.what.startswith("1 of 62 values lie above 1: percent among fractions")
    assert found.fix == "Divide these by 100."


@given(st.lists(_SHARE, min_size=9, max_size=30), st.floats(2, 100), st.integers(0, 8))
def test_a_planted_percent_is_found(shares: list[float], percent: float, at: int) -> None:
    names = [str(i) for i in range(len(shares))]
    assert not scales(shares, names=names, where="score")
    shares[at] = percent
    (found,) = scales(shares, names=names, where="score")
    assert found.affects == (str(at),)


def test_a_column_in_percent_and_impossible_values() -> None:
    names = list("abcd")
    (found,) = scales([55, 0.4, 70, np.nan], names=names, where="score")
    assert "the column is in percent" in found.what
    assert found.affects == ("a", "c")
    below, above = scales([-0.1, 0.5, 0.5, 300], names=names, where="score")
    assert below.affects == ("a",)
    assert "not all as percent" in above.what
    assert not scales([55, 0.4, 70, 100], names=names, where="score", high=100)
    with pytest.raises(ValueError, match="names for values"):
        scales([1.0], names=names, where="score")
    with pytest.raises(ValueError, match="empty"):
        scales([1.0], names=["a"], where="score", low=1)


def test_epochs_runs_repeat_across_harnesses(shared_evidence: Path) -> None:
    path = shared_evidence / "epoch_items" / "epoch_runs.csv"
    runs = pl.read_csv(path, infer_schema_length=None)
    found = repeats(runs, key=_KEY, score="acc")
    assert len(found) == 9
    assert all(f.where.startswith("swe_bench_verified / 0") for f in found)
    assert found[0].where == "swe_bench_verified / 0 / openai/o3-2025-04-16 / medium"
    assert found[0].what == "2 rows with scores from 0.436874 to 0.623188"
    # The tenth pair differs by one question in a thousand.
    assert len(repeats(runs, key=_KEY, score="acc", tolerance=0)) == 10
    assert not repeats(runs, key=(*_KEY, "solver"), score="acc")


@given(st.lists(st.tuples(st.sampled_from("ab"), _SHARE), max_size=12))
def test_only_differences_beyond_the_tolerance_count(rows: list[tuple[str, float]]) -> None:
    table = [{"model": m, "score": s} for m, s in rows]
    wide = {m for m, _ in rows if np.ptp([s for other, s in rows if other == m]) > 0.1}
    found = repeats(table, key=("model",), tolerance=0.1)
    assert {f.where for f in found} == wide
    assert not repeats([*table, {"model": "c", "score": None}], key=("model",), tolerance=1)


def test_a_tolerance_is_not_negative() -> None:
    with pytest.raises(ValueError, match="negative"):
        repeats([], tolerance=-1)
