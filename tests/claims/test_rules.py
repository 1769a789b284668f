"""The decision rules: inside, outside, straddling; two readings into one word."""

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headtohead.claims.claim import Bound
from headtohead.claims.verdict import Truth, holds, meets, word
from headtohead.core.dates import Period
from headtohead.core.errors import InputError
from headtohead.core.estimate import Estimate

NUMBERS = st.floats(-1e6, 1e6)
TRUTHS: tuple[Truth, ...] = ("true", "false", "open", "not measurable")


def made(low: float, high: float, *, label: str = "x", value: float | None = None) -> Estimate:
    return Estimate(
        label=label,
        value=(low + high) / 2 if value is None else value,
        low=low,
        high=high,
        level=0.95,
        unit="pp",
        method="made up",
        n=10,
        n_of="things",
        about=Period.parse("2025-12-15"),
        as_of=date(2025, 12, 15),
        source_ids=("made_up",),
    )


@pytest.mark.parametrize(
    ("low", "high", "truth"),
    [(-2.0, 5.0, "true"), (-2.1, 5.0, "open"), (-9.0, -2.1, "false"), (-9.0, -2.0, "open")],
)
def test_non_inferiority_asks_that_the_lower_end_is_above_the_margin(
    low: float, high: float, truth: Truth
) -> None:
    assert meets(made(low, high), Bound(at_least=-2, unit="pp")) == truth


def test_a_unit_that_differs_is_an_error_and_not_a_verdict() -> None:
    with pytest.raises(InputError, match="measured in pp"):
        meets(made(1, 2), Bound(at_least=0, unit="usd"))


def test_a_printed_figure_is_rounded_as_it_is_printed() -> None:
    bound = Bound(at_least=1.0, unit="pp", judge="point")
    assert meets(made(-5, 7, value=0.96), bound) == "true"
    assert meets(made(-5, 7, value=0.94), bound) == "false"


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_the_rule_agrees_with_its_definition(a: float, b: float, c: float, d: float) -> None:
    low, high = sorted((a, b))
    least, most = sorted((c, d))
    truth = meets(made(low, high), Bound(at_least=least, at_most=most, unit="pp"))
    inside = least <= low and high <= most
    outside = high < least or low > most
    assert truth == ("true" if inside else "false" if outside else "open")


@given(NUMBERS, NUMBERS, NUMBERS, st.floats(0, 1e3))
def test_a_wider_interval_never_turns_a_verdict_round(
    a: float, b: float, least: float, more: float
) -> None:
    low, high = sorted((a, b))
    bound = Bound(at_least=least, unit="pp")
    before, after = meets(made(low, high), bound), meets(made(low - more, high + more), bound)
    assert after in (before, "open")


@pytest.mark.parametrize(("each", "truth"), [("all", "false"), ("any", "true"), ("most", "open")])
def test_each_says_how_many_must_meet_the_bound(each: str, truth: Truth) -> None:
    three = [made(1, 2), made(-2, -1), made(-1, 1)]
    assert holds(three, Bound(at_least=0, unit="pp", each=each)) == truth  # type: ignore[arg-type]


def test_each_any_asks_one_estimate_of_every_label() -> None:
    bound = Bound(at_least=0, unit="pp", each="each_any")
    rows = [made(1, 2, label="p"), made(-2, -1, label="p"), made(-2, -1, label="q")]
    assert holds(rows[:2], bound) == "true"
    assert holds(rows, bound) == "false"


def test_a_range_of_its_own_beats_the_common_one() -> None:
    bound = Bound(unit="pp", by_label={"p": (0.0, 2.0), "q": (5.0, 9.0)})
    assert holds([made(1, 2, label="p"), made(6, 7, label="q")], bound) == "true"
    assert holds([made(1, 2, label="p"), made(1, 2, label="q")], bound) == "false"


def test_no_estimates_are_not_measurable() -> None:
    assert holds([], Bound(at_least=0, unit="pp")) == "not measurable"


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ("true", ("supported", "supported", "supported", "supported")),
        ("false", ("narrowly true", "refuted", "open", "open")),
        ("open", ("narrowly true", "open", "open", "open")),
        ("not measurable", ("narrowly true", "refuted", "open", "not measurable")),
    ],
)
def test_two_readings_make_one_word(stated: Truth, words: tuple[str, ...]) -> None:
    assert tuple(word(stated, kindest) for kindest in TRUTHS) == words


def test_an_unbounded_interval_is_open_not_false() -> None:
    wide = made(-math.inf, math.inf, value=3.0)
    assert meets(wide, Bound(at_least=0, unit="pp")) == "open"
