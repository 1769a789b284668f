"""Missing coded as zero: a stretch of zeros, and zeros that left no output."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as sp
from tests.simulations import examples, lengths

from headtohead.evidence.traps import silent_zeros, stretches, zeros
from headtohead.evidence.traps.zeros import surprise_parts, too_few
from headtohead.stats.inputs import FloatArray


def world(
    seed: int, models: int = 8, columns: int = 24, items: int = 15, wander: float = 0.0
) -> FloatArray:
    """Shares of right answers by level and difficulty; with `wander` each model drifts (logits)."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(0.8, 1, models)[:, None] + rng.normal(0, 1, columns)
    step = rng.normal(size=(models, columns))
    for j in range(1, columns):
        step[:, j] = 0.8 * step[:, j - 1] + 0.6 * step[:, j]
    share: FloatArray = rng.binomial(items, 1 / (1 + np.exp(-logit - wander * step))) / items
    return share


def names(of: FloatArray) -> dict[str, list[str]]:
    return {
        "models": [f"m{i}" for i in range(of.shape[0])],
        "columns": [f"c{j}" for j in range(of.shape[1])],
    }


# ---------------------------------------------------------------- the real cases


@pytest.mark.parametrize("easy", [16, 18, 30])
def test_deepseek_v3_on_livecodebench(easy: int) -> None:
    """The published end of the series: 22%, 6% and 0% of the easy problems of three months.

    Source: LiveCodeBench/livecodebench.github.io, performances_generation.json at 83b6481, for
    2025-01, 03 and 04. The rest is assumed: the months have about as many easy problems as make
    those percentages, DeepSeek-V3 solved about 0.9 before, and five others go on at 0.8 to 0.95.
    """
    rng = np.random.default_rng(4)
    months = [f"2024-{m:02}" for m in range(1, 13)] + ["2025-01", "2025-03", "2025-04"]
    shares = np.array([0.9, 0.8, 0.85, 0.9, 0.92, 0.95])
    scores = rng.binomial(easy, shares[:, None], (6, len(months))) / easy
    scores[0, -3:] = np.round(np.array([0.22, 0.06, 0.0]) * easy) / easy
    models = ["DeepSeek-V3", *(f"other {i}" for i in range(5))]
    (found,) = zeros(scores, models=models, columns=months, items=easy)
    assert found.where == "DeepSeek-V3, 2025-01 to 2025-04"
    assert found.affects == ("2025-01", "2025-03", "2025-04")
    # A series that ends as it began is no finding.
    scores[0, -3:] = 0.9
    assert not zeros(scores, models=models, columns=months, items=easy)


@pytest.fixture(scope="module")
def items(shared_evidence: Path) -> pl.DataFrame:
    return pl.read_parquet(shared_evidence / "epoch_items" / "epoch_items.parquet")


def test_no_stretch_of_epochs_items_is_zero_by_mistake(items: pl.DataFrame) -> None:
    for (task,), results in items.group_by("task"):
        wide = (
            results.group_by("run_id", "item")
            .agg(pl.col("score").mean())
            .pivot(on="item", index="run_id", values="score", sort_columns=True)
            .sort("run_id")
        )
        scores = wide.drop("run_id").to_numpy()
        assert not stretches(scores), task
        # The same data with 40 results lost, of the best run, are not clean.
        best = int(np.nanargmax(np.nanmean(scores, axis=1)))
        if scores.shape[1] > 100:
            scores[best, 30:70] = 0
            assert [s.row for s in stretches(scores)] == [best], task


def test_calls_of_glm_failed_and_were_graded_zero(items: pl.DataFrame) -> None:
    found = {}
    for (task, model, run), results in items.group_by("task", "model", "run_id"):
        outputs = results["out_tok"].to_numpy()
        for one in silent_zeros(results["score"].to_numpy(), outputs, where=str(run)):
            found[task, model] = one.what
    said = found["simpleqa_verified", "zhipu/glm-4.7"]
    assert said.startswith("22 of 1995 results are zeros without any output")
    said = found["OTIS Mock AIME 2024-2025", "zhipu/glm-4.7"]
    assert "5 of 87" in said
    assert "0.862 with them, 0.915 without" in said


# ---------------------------------------------------------------- stretches: planted and clean


@settings(max_examples=examples(30))
@given(st.integers(0, 10_000), st.integers(0, 19))
def test_lost_months_are_found(seed: int, first: int) -> None:
    scores = world(seed)
    row = int(np.argmax(scores.mean(axis=1)))
    scores[row, first : first + 5] = 0
    mine = [s for s in stretches(scores, 15) if s.row == row]
    assert len(mine) == 1
    assert mine[0].first <= first + 1
    assert mine[0].last >= first + 3
    assert mine[0].chance < 0.01
    assert mine[0].expected > 0.3 * mine[0].attempts


@pytest.mark.parametrize(("wander", "most"), [(0.0, 0.05), (0.7, 0.05)])
@pytest.mark.parametrize("rounds", lengths(50, 150))
def test_false_alarms_stay_below_alpha(wander: float, most: float, rounds: int) -> None:
    # Measured with 1,000 worlds each: 0.1% without wandering, 2.5% with 0.7, 27% with 1.5; at 0.01
    # 0.1%, 1.7%, 22%. Models that really fail for months look the same as lost months.
    alarms = sum(bool(stretches(world(s, wander=wander), 15, alpha=0.05)) for s in range(rounds))
    assert alarms <= sp.binom.ppf(0.999, rounds, most)


def test_a_missing_score_is_not_a_zero() -> None:
    scores = world(3)
    scores[int(np.argmax(scores.mean(axis=1))), 5:10] = np.nan
    assert not stretches(scores, 15)


def test_a_weak_model_and_hard_items_are_no_finding() -> None:
    scores = world(5)
    scores[2] = 0
    assert not [s for s in stretches(scores, 15) if s.row == 2]
    hard = world(6)
    hard[:, 8:14] = 0
    assert not stretches(hard, 15)


@settings(max_examples=20)
@given(st.permutations(range(8)))
def test_the_order_of_models_does_not_matter(order: list[int]) -> None:
    scores = world(7)
    row = int(np.argmax(scores.mean(axis=1)))
    scores[row, 4:9] = 0
    (found,) = stretches(scores, 15)
    (again,) = stretches(scores[order], 15)
    assert order[again.row] == found.row == row
    assert (again.first, again.last) == (found.first, found.last)
    assert again.chance == pytest.approx(found.chance)


@settings(max_examples=examples(60))
@given(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=12), st.integers(0, 12))
def test_the_bound_holds_for_any_probabilities(p: list[float], most: int) -> None:
    exact = np.ones(1)
    for one in p:
        exact = np.convolve(exact, [1 - one, one])
    chance = float(exact[: min(most, len(p)) + 1].sum())
    found = np.array(float(min(most, len(p))))
    bound = np.exp(-float(too_few(found, surprise_parts(np.ones(len(p)), np.array(p)).sum(axis=1))))
    assert chance <= bound + 1e-9
    if most == 0:
        assert chance == pytest.approx(bound)


def test_refuses_what_is_no_table_of_shares() -> None:
    good = world(1)
    with pytest.raises(ValueError, match=r"outside 0\.\.1"):
        stretches(good * 100)
    with pytest.raises(ValueError, match="models by columns"):
        stretches(good[0])
    with pytest.raises(ValueError, match="no items"):
        stretches(good, 0)
    with pytest.raises(ValueError, match="alpha"):
        stretches(good, alpha=2)
    with pytest.raises(ValueError, match="for 1 models"):
        zeros(good, models=["m"], columns=names(good)["columns"])


# ---------------------------------------------------------------- zeros without output


@settings(max_examples=examples(30))
@given(st.integers(0, 10_000))
def test_failed_calls_are_found(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores, outputs = (rng.random(200) < 0.6).astype(float), rng.integers(5, 900, 200) * 1.0
    scores[:12], outputs[:12] = 0, np.nan
    (found,) = silent_zeros(scores, outputs, where="run")
    assert found.affects == tuple(f"result {i}" for i in range(12))
    assert found.what.startswith("12 of 200")


def test_records_lost_by_chance_are_seldom_a_finding() -> None:
    rng, alarms = np.random.default_rng(8), 0
    for _ in range(2000):
        scores, outputs = (rng.random(60) < 0.3).astype(float), np.full(60, 9.0)
        outputs[rng.choice(60, 8, replace=False)] = np.nan
        alarms += bool(silent_zeros(scores, outputs, where="run", alpha=0.1))
    assert alarms <= sp.binom.ppf(0.999, 2000, 0.1)


def test_silence_says_nothing_where_no_records_are_kept() -> None:
    scores = np.array([0.0, 0, 0, 0, 0, 0, 1, 1])
    assert not silent_zeros(scores, np.full(8, np.nan), where="run")
    one = np.array([np.nan, 4, 4, 4, 4, 4, 4, 4])
    assert not silent_zeros(scores, one, where="run")  # a single zero is chance
    with pytest.raises(ValueError, match="shape"):
        silent_zeros(scores, one[:3], where="run")
