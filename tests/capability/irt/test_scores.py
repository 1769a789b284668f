"""Coding of scores: what is refused, what is cut, and which models have a common scale."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.capability.irt.capability_worlds import named, rng, table
from tests.simulations import examples

from headtohead.capability.irt.scores import Scores

_PAIRS = st.sets(st.tuples(st.integers(0, 6), st.integers(0, 5)), min_size=1, max_size=30)


def _of(pairs: set[tuple[int, int]]) -> Scores:
    mi, bi = np.array(sorted(pairs)).T
    return named(mi, bi, np.linspace(0, 1, len(mi)))


# ---------------------------------------------------------------- coding


def test_rows_are_sorted_by_name() -> None:
    found = Scores.from_rows(
        ["z", "a", "z"], ["t", "t", "s"], [0.1, 0.2, 0.3], items=[10, None, 30], chance={"s": 0.25}
    )
    assert found.models == ("a", "z")
    assert found.benchmarks == ("s", "t")
    assert found.model.tolist() == [0, 1, 1]
    assert found.benchmark.tolist() == [1, 0, 1]
    assert found.score.tolist() == [0.2, 0.3, 0.1]
    np.testing.assert_array_equal(found.items, [math.nan, 30, 10])
    assert found.chance.tolist() == [0.25, 0.0]
    assert found.per_model.tolist() == [1, 2]
    assert np.bincount(found.benchmark).tolist() == [1, 2]


def test_raw_is_the_share_of_items_solved() -> None:
    # Four options: 0 beyond chance is a quarter of the items, -1/3 is none.
    found = Scores.from_rows(
        ["a", "b", "c"], ["t"] * 3, [0.0, -1 / 3, 1.0], chance={"t": 0.25, "not here": 0.5}
    )
    np.testing.assert_allclose(found.raw, [0.25, 0, 1], atol=1e-12)


@settings(max_examples=examples(60))
@given(_PAIRS, st.integers(0, 1000))
def test_order_of_rows_changes_nothing(pairs: set[tuple[int, int]], seed: int) -> None:
    rows = [(f"m{m}", f"b{b}", n / 100) for n, (m, b) in enumerate(sorted(pairs))]
    expected = Scores.from_rows(*zip(*rows, strict=True))
    mixed = [rows[n] for n in rng(seed).permutation(len(rows))]
    found = Scores.from_rows(*zip(*mixed, strict=True))
    assert found.models == expected.models
    for name in ("model", "benchmark", "score"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


# ---------------------------------------------------------------- cutting


def test_only_keeps_what_is_named() -> None:
    full = table(rng(), 4, 3)
    found = full.only(models=["m01", "m03", "nobody"], benchmarks=["b2"])
    assert found.models == ("m01", "m03")
    assert found.benchmarks == ("b2",)
    both = np.isin(full.model, [1, 3]) & (full.benchmark == 2)
    np.testing.assert_array_equal(found.score, full.score[both])
    with pytest.raises(ValueError, match="no score is left"):
        full.only(models=["nobody"])


@settings(max_examples=examples(100))
@given(_PAIRS, st.integers(1, 4), st.integers(1, 4))
def test_well_met_is_the_largest_core(
    pairs: set[tuple[int, int]], fewest_b: int, fewest_m: int
) -> None:
    kept = set(pairs)
    while True:  # one at a time, beside the vectorised repetition
        bad = next(
            (
                p
                for p in kept
                if sum(q[0] == p[0] for q in kept) < fewest_b
                or sum(q[1] == p[1] for q in kept) < fewest_m
            ),
            None,
        )
        if bad is None:
            break
        kept.remove(bad)
    if not kept:
        with pytest.raises(ValueError, match=f"{fewest_b} benchmarks that {fewest_m} models"):
            _of(pairs).well_met(fewest_b, fewest_m)
        return
    found = _of(pairs).well_met(fewest_b, fewest_m)
    names = {(f"m{m:02}", f"b{b}") for m, b in kept}
    assert names == {
        (found.models[m], found.benchmarks[b])
        for m, b in zip(found.model, found.benchmark, strict=True)
    }


# ---------------------------------------------------------------- connection


def test_parts_are_named_in_the_error() -> None:
    found = Scores.from_rows(
        ["a", "b", "c", "x", "y"], ["s", "s", "s", "t", "t"], [0.1, 0.2, 0.3, 0.4, 0.5]
    )
    assert found.parts() == (("a", "b", "c"), ("x", "y"))
    with pytest.raises(ValueError, match=r"2 groups .* a, b, c; x, y\. Fit them apart"):
        found.check_connected()


def test_long_parts_are_cut_in_the_error() -> None:
    mi = np.arange(8)
    with pytest.raises(ValueError, match=r"m00, m02, m04 and 1 more; m01"):
        named(mi, mi % 2, np.full(8, 0.5)).check_connected()


@settings(max_examples=examples(100))
@given(_PAIRS)
def test_parts_are_those_of_a_walk(pairs: set[tuple[int, int]]) -> None:
    left = {m for m, _ in pairs}
    expected = []
    while left:
        reached, grown = {min(left)}, True
        while grown:
            tests = {b for m, b in pairs if m in reached}
            more = {m for m, b in pairs if b in tests} - reached
            reached |= more
            grown = bool(more)
        expected.append(tuple(sorted(f"m{m:02}" for m in reached)))
        left -= reached
    assert sorted(_of(pairs).parts()) == sorted(expected)


def test_one_benchmark_is_no_index() -> None:
    with pytest.raises(ValueError, match=r"b0 is the only benchmark: one test is no index"):
        named(
            np.arange(3), np.zeros(3, dtype=np.int64), np.array([0.1, 0.5, 0.9])
        ).check_connected()


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        (1.2, r"1\.2 of m00 on b0.*not percentages"),
        (55.0, "55 of m00"),
        (-0.1, r"-0\.1 of m00 on b0"),
        (math.nan, "scores has 1 values that are not finite"),
        (math.inf, "not finite"),
    ],
)
def test_impossible_scores_are_named(score: float, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        named(np.array([0, 1]), np.array([0, 0]), np.array([score, 0.5]))


def test_below_chance_is_possible_as_far_as_none_solved() -> None:
    Scores.from_rows(["a"], ["t"], [-1 / 3], chance={"t": 0.25})
    with pytest.raises(ValueError, match="lie outside"):
        Scores.from_rows(["a"], ["t"], [-0.34], chance={"t": 0.25})


def test_two_scores_of_a_model_are_refused() -> None:
    with pytest.raises(ValueError, match=r"1 models have several .* a on t\. Choose one"):
        Scores.from_rows(["a", "a", "b"], ["t", "t", "t"], [0.1, 0.2, 0.3])


@pytest.mark.parametrize("count", [0, -5, 0.2, math.inf])
def test_impossible_counts_are_refused(count: float) -> None:
    with pytest.raises(ValueError, match="items must be counts of at least 1"):
        Scores.from_rows(["a"], ["t"], [0.5], items=[count])


@pytest.mark.parametrize("chance", [-0.1, 1.0, 25.0])
def test_impossible_chance_is_refused(chance: float) -> None:
    with pytest.raises(ValueError, match="not a percentage"):
        Scores.from_rows(["a"], ["t"], [0.5], chance={"t": chance})


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="2 models, 1 benchmarks and 1 scores"):
        Scores.from_rows(["a", "b"], ["t"], [0.5])
    with pytest.raises(ValueError, match="lengths differ"):
        Scores.from_rows(["a"], ["t"], [0.5], items=[1, 2])
    with pytest.raises(ValueError, match="at least 1"):
        Scores.from_rows([], [], [])
