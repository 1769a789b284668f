"""The median of named pairs: who was listed belongs to the interval, and so does who is missing."""

import math
from datetime import date
from itertools import product

import numpy as np
import polars as pl
import pytest

from headtohead.claims.claim import Bound
from headtohead.claims.verdict import meets
from headtohead.core.dates import Period
from headtohead.core.estimate import Estimate
from headtohead.core.question import Ask, Sides
from headtohead.questions.medians import NamedPair, median_of, without

DAY = date(2025, 12, 15)
ROWS = pl.DataFrame(
    {"source_id": ["made_up"], "verified": [True], "observed_on": [DAY], "known_on": [DAY]}
)


def asked() -> Ask:
    return Ask(Period(DAY, DAY), DAY, Sides(), {}, np.random.default_rng(1))


def pair(dear: str, cheap: str, times: float, *, wide: float = 0.0) -> NamedPair:
    return NamedPair(
        dear,
        cheap,
        Estimate(
            label=f"{dear} over {cheap}",
            value=times,
            low=times - wide,
            high=times + wide,
            level=1.0,
            unit="ratio",
            method="made up",
            n=2,
            n_of="prices",
            about=Period(DAY, DAY),
            as_of=DAY,
            source_ids=("made_up",),
        ),
    )


def middle(pairs: list[NamedPair], dear: list[str], cheap: list[str]) -> Estimate:
    return median_of(asked(), pairs, dear, cheap, ROWS, "ratio")


DEAR, CHEAP = list("AB"), list("vwxyz")


def test_models_that_all_say_the_same_leave_no_doubt() -> None:
    one = middle([pair(d, c, 7, wide=1) for d, c in product(DEAR, CHEAP)], DEAR, CHEAP)
    assert (one.value, one.low, one.high) == (7, 6, 8)
    assert (one.n, one.n_of) == (10, "pairs")


def test_which_models_were_listed_is_part_of_the_interval() -> None:
    times = {d: dict(zip(CHEAP, row, strict=True)) for d, row in zip(DEAR, ROWS_OF, strict=True)}
    one = middle([pair(d, c, times[d][c]) for d, c in product(DEAR, CHEAP)], DEAR, CHEAP)
    assert one.value == pytest.approx(np.median(ROWS_OF))
    # Without any one of the models the median is still inside, as it is for either side alone.
    for gone in CHEAP:
        others = [times[d][c] for d, c in product(DEAR, CHEAP) if c != gone]
        assert one.low <= np.median(others) <= one.high
    for row in ROWS_OF:
        assert one.low <= np.median(row) <= one.high
    assert one.low < 7 < one.high


ROWS_OF = [[3.0, 5, 8, 9, 20], [1.5, 2.5, 4, 4.5, 10]]


@pytest.mark.parametrize(("known", "decides"), [(36, True), (35, True), (6, False)])
def test_pairs_without_a_number_could_lie_anywhere(known: int, decides: bool) -> None:
    dear, cheap = list("ABCD"), list("rstuvwxyz")
    named = list(product(dear, cheap))
    one = middle([pair(d, c, 17) for d, c in named[:known]], dear, cheap)
    assert one.value == 17
    assert math.isfinite(one.low) is math.isfinite(one.high) is decides
    bound = Bound(at_least=5, at_most=10, unit="ratio")
    assert meets(one, bound) == ("false" if decides else "undecided")
    assert one.n == known
    assert one.n_of == ("pairs" if known == 36 else "pairs of the 36 named")


def test_who_has_no_number_at_all_is_named() -> None:
    pairs = [pair("A", "x", 2), pair("A", "y", 3)]
    assert without(pairs, ["A", "B"], ["x", "y", "z"]) == ("z", "B")
    assert without(pairs, ["A"], ["x", "y"]) == ()


def test_several_tests_of_one_pair_all_count() -> None:
    pairs = [pair("A", "x", 2), pair("A", "x", 4), pair("A", "x", 12)]
    one = middle(pairs, ["A"], ["x"])
    assert (one.value, one.low, one.high, one.n) == (4, 4, 4, 3)
