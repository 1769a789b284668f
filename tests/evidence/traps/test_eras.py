"""Two ways of running a benchmark under one label: told by protocol, by items, by scores alone."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as sp
from tests.simulations import examples

from headtohead.evidence.traps import Run, eras, shift

_VERSION = ("task", "task_version")
_MODEL = ("model", "effort", "reasoning_tokens_cfg")


@pytest.fixture(scope="module")
def runs(shared_evidence: Path) -> pl.DataFrame:
    path = shared_evidence / "epoch_items" / "epoch_runs.csv"
    return pl.read_csv(path, infer_schema_length=None)


def rerun(
    models: int = 8, times: int = 4, moved: float = 0.0, seed: int = 1, spread: float = 0.01
) -> list[dict[str, Any]]:
    """Models run again and again; from the third time on their score is moved."""
    rng = np.random.default_rng(seed)
    rows = []
    for m in range(models):
        true = rng.uniform(0.3, 0.6)
        for k in range(times):
            day = date(2025, 1, 1) + timedelta(days=int(100 * k + rng.integers(0, 90)))
            score = true + rng.normal(0, spread) + (moved if k >= 2 else 0)
            rows.append({"version": "1", "model": f"m{m}", "day": day, "score": score})
    return rows


# ---------------------------------------------------------------- the real case


def test_epochs_two_swe_bench_harnesses(runs: pl.DataFrame) -> None:
    found = eras(
        runs,
        version=_VERSION,
        model=_MODEL,
        day="created",
        score="acc",
        items="n_samples",
        protocol=("solver", "scorer"),
    )
    # The second is the OTIS mock AIME, graded by a model until August 2025 and by match after.
    assert [f.where for f in found] == ["swe_bench_verified / 0", "OTIS Mock AIME 2024-2025 / 0"]
    said = found[0].what
    assert "swe_bench_agent" in said
    assert "n_samples 500 (23 runs, 2025-04-24 to 2025-10-30)" in said
    assert "n_samples 484 (25 runs, 2026-02-01 to 2026-04-24)" in said
    assert "9 models ran on both sides, mean change +0.095 (95%: +0.064 to +0.126)" in said
    assert "no model ran under two" in found[1].what
    assert len(found[0].affects) == 39


def test_the_item_sets_alone_tell_them_apart(runs: pl.DataFrame) -> None:
    (found,) = eras(
        runs, version=_VERSION, model=_MODEL, day="created", score="acc", items="n_samples"
    )
    assert "n_samples 500" in found.what
    assert "mean change +0.095" in found.what


def test_scores_alone_tell_them_apart(runs: pl.DataFrame) -> None:
    (found,) = eras(runs, version=_VERSION, model=_MODEL, day="created", score="acc")
    assert found.where == "swe_bench_verified / 0"
    assert "moved together between 2025-09-29 and 2026-02-01: 9 models" in found.what
    assert len(found.affects) == 9
    assert "openai/gpt-5-2025-08-07 / medium" in found.affects


def test_the_published_pairs_are_those_of_the_shift(runs: pl.DataFrame) -> None:
    swe = runs.filter(pl.col("task") == "swe_bench_verified", pl.col("n_samples") > 0)
    sides = {
        n: {
            (r["model"], r["effort"]): r["acc"]
            for r in swe.filter(pl.col("n_samples") == n).iter_rows(named=True)
        }
        for n in (500, 484)
    }
    for model, effort, before, after in (
        ("openai/gpt-5-2025-08-07", "medium", 0.588, 0.715),
        ("openai/o3-2025-04-16", "medium", 0.437, 0.623),
        ("anthropic/claude-opus-4-1-20250805", None, 0.632, 0.733),
    ):
        assert sides[500][model, effort] == pytest.approx(before, abs=0.001)
        assert sides[484][model, effort] == pytest.approx(after, abs=0.001)


def test_within_one_harness_nothing_is_found(runs: pl.DataFrame) -> None:
    for n in (500, 484):
        one = runs.filter(pl.col("task") == "swe_bench_verified", pl.col("n_samples") == n)
        assert not eras(
            one,
            version=_VERSION,
            model=_MODEL,
            day="created",
            score="acc",
            items="n_samples",
            protocol=("solver", "scorer"),
        )


# ---------------------------------------------------------------- planted and clean


@settings(max_examples=examples(30))
@given(st.integers(0, 10_000), st.sampled_from([-0.15, 0.1, 0.2]))
def test_a_planted_shift_is_found_and_measured(seed: int, moved: float) -> None:
    (found,) = eras(rerun(moved=moved, seed=seed))
    assert f"{moved:+.1f}"[:2] in found.what.split("mean change ")[1]
    assert "2025-" in found.what


@pytest.mark.parametrize("models", [3, 10])
def test_false_alarms_stay_below_alpha(models: int) -> None:
    # Measured with 2,000 worlds each: 4.3% for 3 models, 2.4% for 10; at 0.01 1.0% and 0.7%.
    alarms = sum(
        bool(eras(rerun(models, seed=s, spread=0.03), alpha=0.05, least_shift=0))
        for s in range(250)
    )
    assert alarms <= sp.binom.ppf(0.999, 250, 0.05)


def test_item_counts_hold_back_what_sampling_explains() -> None:
    # Four models that happen to gain exactly 4 points: certain, but for 50 items a score.
    rows: list[dict[str, Any]] = [
        {"version": "1", "model": f"m{m}", "day": f"2025-0{k}-01", "score": 0.4 + 0.04 * (k > 1)}
        for m in range(4)
        for k in (1, 2)
    ]
    assert eras(rows)
    assert not eras([row | {"n": 50} for row in rows], items="n")
    assert eras([row | {"n": 100_000} for row in rows], items="n")


def test_shift_agrees_with_a_paired_t_test() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.normal(0.5, 0.1, 7), rng.normal(0.55, 0.1, 7)
    before, after = ([Run(f"m{i}", "d", float(x)) for i, x in enumerate(side)] for side in (a, b))
    found = shift(before, after, level=0.9)
    assert found is not None
    test = sp.ttest_rel(b, a)
    assert found.value == pytest.approx((b - a).mean())
    assert found.chance == pytest.approx(test.pvalue)
    ends = test.confidence_interval(0.9)
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high))


def test_one_model_has_an_interval_only_from_its_items() -> None:
    bare = shift([Run("m", "a", 0.5)], [Run("m", "b", 0.6)])
    assert bare is not None
    assert (bare.low, bare.high) == (-np.inf, np.inf)
    known = shift([Run("m", "a", 0.5, 400)], [Run("m", "b", 0.6, 400)])
    assert known is not None
    se = np.sqrt(0.5 * 0.5 / 400 + 0.6 * 0.4 / 400)
    assert known.high - known.low == pytest.approx(2 * 1.96 * se, rel=0.01)
    assert shift([Run("m", "a", 0.5)], [Run("x", "b", 0.6)]) is None


def test_an_empty_cell_contradicts_nothing() -> None:
    def row(model: str, day: str, solver: str | None) -> dict[str, Any]:
        return {"version": "1", "model": model, "day": day, "score": 0.5, "solver": solver}

    same = [row("a", "2025-01-01", "x"), row("b", "2025-02-01", None)]
    assert not eras(same, protocol=("solver",))
    (found,) = eras([*same, row("c", "2025-03-01", "y")], protocol=("solver",))
    assert "1 runs do not say which" in found.what


@settings(max_examples=20)
@given(st.permutations(range(32)))
def test_the_order_of_rows_does_not_matter(order: list[int]) -> None:
    rows = rerun(moved=0.1)
    found, again = eras(rows), eras([rows[i] for i in order])
    assert [f.what for f in found] == [f.what for f in again]


def test_refuses_what_is_not_there() -> None:
    with pytest.raises(ValueError, match="no column 'version'"):
        eras([{"model": "m", "day": "2025-01-01", "score": 1}])
    with pytest.raises(ValueError, match="give shares"):
        shift([Run("m", "a", 50, 100)], [Run("m", "b", 60, 100)])
    assert eras([]) == []
