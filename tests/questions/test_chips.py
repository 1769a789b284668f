"""Counts of chips, and what their ends leave open."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headtohead.core.estimate import Interval
from headtohead.questions.chips import Count, count, spread
from headtohead.stats.intervals import difference


def _rows(*counts: tuple[float, float | None, float | None]) -> pl.DataFrame:
    columns = ("compute_h100e", "compute_low_h100e", "compute_high_h100e")
    return pl.DataFrame(list(counts), dict.fromkeys(columns, pl.Float64), orient="row")


def test_ends_of_one_kind_are_added_and_two_days_move_together() -> None:
    made = count(_rows((10, 8, 15), (20, 18, 22)), _rows((4, 3, 6)))
    assert list(made.both) == [4, 30]
    assert list(made.ends) == [((3, 26), (6, 37))]


def test_without_an_interval_half_to_twice_of_what_stood_and_of_what_was_added() -> None:
    assert list(count(_rows((10, None, None))).ends[-1]) == [(0, 5), (0, 20)]
    stood, added = count(_rows((10, None, None)), _rows((4, None, None))).ends
    assert list(stood) == [(2, 8), (8, 14)]
    assert list(added) == [(4, 7), (4, 16)]


_NUMBER = st.floats(1, 1e6)


@given(_NUMBER, _NUMBER, st.floats(0, 0.9), st.floats(0, 2), st.floats(0, 0.9), st.floats(0, 2))
def test_of_a_difference_it_is_mover(
    a: float, b: float, down_a: float, up_a: float, down_b: float, up_b: float
) -> None:
    ends = {
        "a": Interval(a, a * (1 - down_a), a * (1 + up_a)),
        "b": Interval(b, b * (1 - down_b), b * (1 + up_b)),
    }
    counts = {n: Count((0, i.value), (((0, i.low), (0, i.high)),)) for n, i in ends.items()}
    ours = spread(lambda both: both["b"][1] - both["a"][1], counts)
    theirs = difference(ends["a"], ends["b"])
    assert (ours.value, ours.low, ours.high) == pytest.approx(
        (theirs.value, theirs.low, theirs.high), rel=1e-9, abs=1e-6
    )


def test_of_a_ratio_it_agrees_with_draws() -> None:
    ends = {"a": (14.4, 11.3, 18.1), "b": (0.41, 0.33, 0.51), "c": (0.7, 0.5, 1.0)}
    counts = {n: Count((0, v), (((0, low), (0, high)),)) for n, (v, low, high) in ends.items()}
    ours = spread(lambda both: both["a"][1] / (both["b"][1] + both["c"][1]), counts)
    rng = np.random.default_rng(1)

    def drawn(value: float, low: float, high: float) -> "np.typing.NDArray[np.float64]":
        z = rng.standard_normal(200_000)
        side = np.where(z < 0, np.log(value / low), np.log(high / value))
        return np.asarray(value * np.exp(z * side / 1.6449))

    a, b, c = (drawn(*e) for e in ends.values())
    low, high = np.quantile(a / (b + c), [0.05, 0.95])
    assert ours.low == pytest.approx(low, rel=0.06)
    assert ours.high == pytest.approx(high, rel=0.06)
    inside = (ours.low < a / (b + c)) & (a / (b + c) < ours.high)
    assert 0.87 < inside.mean() < 0.94
