"""Base rates and trends of what was known on a day, and nothing that became known later."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from headtohead.claims.claim import Bound, Condition
from headtohead.claims.forecasts.history import (
    TrendForecast,
    Window,
    base_rate,
    earlier,
    reference,
    trend_forecast,
)
from headtohead.claims.forecasts.trend import fit
from headtohead.claims.verdict import all_of, claims_of, judge
from headtohead.core.dates import Period
from headtohead.core.estimate import AgeLimit, Estimate
from headtohead.core.question import Answer, Sides
from headtohead.evidence.facts import Facts

pytestmark = pytest.mark.usefixtures("kept_facts")
ARTICLE, NOW = date(2025, 12, 15), date(2026, 10, 31)
SIDES = Sides()


def an_answer(day: date, value: float, half: float = 0.5, seen: date | None = None) -> Answer:
    estimate = Estimate(
        label="B minus A",
        value=value,
        low=value - half,
        high=value + half,
        level=0.95,
        unit="index",
        method="test",
        n=2,
        n_of="models",
        about=Period(day, day),
        as_of=day,
        source_ids=("test",),
        observed_on=seen or day,
        limit=AgeLimit(100, "test"),
    )
    return Answer(estimates=(estimate,), says="so much")


def windows_of(
    values: list[float], bound: Bound, *, half: float = 0.5, also: list[float] | None = None
) -> list[Window]:
    """Months that end with these figures, of one condition or of two."""
    condition = Condition(says="B stays near", analysis="performance.capability_gap", bound=bound)
    windows = []
    for n, value in enumerate(values):
        day = date(2024, 1, 15) + timedelta(30 * n)
        asked = [value] if also is None else [value, also[n]]
        parts = tuple(judge(condition, an_answer(day, x, half), Period(day, day)) for x in asked)
        windows.append(Window(day, all_of(p.truth for p in parts), parts))
    return windows


def truths_of(truths: list[str]) -> list[Window]:
    values = {"true": 1.0, "false": -1.0, "undecided": 0.0}
    return windows_of([values[t] for t in truths], Bound(at_least=0, unit="index"))


AT_LEAST = Bound(at_least=0, unit="index")
VALUES = [3.1, 2.7, 2.9, 2.2, 2.4, 1.8, 1.9, 1.2, 1.4, 1.1, 0.7, 0.9, 0.4, 0.6]


def test_overlapping_windows_weigh_as_many_full_ones_as_fit() -> None:
    windows = truths_of(["true"] * 9 + ["false"] * 3 + ["undecided"] * 4)
    rate = base_rate(windows, months=6)
    assert (rate.held, rate.decided, rate.undecided) == (9, 12, 4)
    assert rate.effective == pytest.approx(2)
    # Jeffreys by hand: (1.5 + 0.5) / (2 + 1).
    assert rate.share
    assert rate.share.value == pytest.approx(2 / 3)
    monthly = base_rate(windows, months=1)
    assert monthly.share
    assert monthly.share.value == pytest.approx(9.5 / 13)
    assert monthly.share.width < rate.share.width


def test_jeffreys_interval_of_an_example() -> None:
    # Brown, Cai and DasGupta (2001), table of Jeffreys' limits at 95%: 1 of 12 gives 0.009 to
    # 0.328.
    rate = base_rate(truths_of(["true"] + ["false"] * 11), months=1)
    assert rate.share
    assert (rate.share.low, rate.share.high) == pytest.approx((0.009, 0.328), abs=5e-4)


def test_a_base_rate_is_never_sure_and_needs_a_window_that_is_decided() -> None:
    for truth in ("true", "false"):
        rate = base_rate(truths_of([truth] * 12), months=12)
        assert rate.share
        assert 0 < rate.share.low < rate.share.value < rate.share.high < 1
    nothing = base_rate(truths_of(["undecided"] * 5), months=2)
    assert nothing.share is None
    assert "do not decide it" in nothing.missing


def test_a_month_without_new_figures_is_no_window_of_its_own() -> None:
    windows = truths_of(["true"] * 6)
    same = [
        replace(
            w,
            parts=tuple(
                replace(p, answer=an_answer(w.end, 1.0, seen=date(2024, 1, 15))) for p in w.parts
            ),
        )
        for w in windows
    ]
    assert base_rate(same, months=1).decided == 1


def trend_of(windows: list[Window], months: int = 3) -> TrendForecast:
    return trend_forecast(windows, date(2025, 6, 1), months, np.random.default_rng(1))


def test_the_trend_gives_the_chance_that_the_range_is_met() -> None:
    found = trend_of(windows_of(VALUES, AT_LEAST))
    own, months = fit(VALUES), 3
    # The whole interval, half a point to either side, must lie at or above 0 for yes, below for no.
    yes, no = 1 - own.below(months, 0.5), own.below(months, -0.5)
    assert found.probability == pytest.approx(float(yes / (yes + no)))
    (one,) = found.series
    assert one.ends == (0.5, np.inf)
    assert one.predicted == own.interval(months)
    assert one.back_cast.n >= 3


def test_a_printed_figure_is_judged_by_itself() -> None:
    point = replace(AT_LEAST, judge="point")
    found = trend_of(windows_of(VALUES, point))
    assert found.probability == pytest.approx(float(1 - fit(VALUES).below(3, 0.0)))


def test_two_conditions_that_go_together_are_not_two_independent_ones() -> None:
    alone = trend_of(windows_of(VALUES, AT_LEAST)).probability
    both = trend_of(windows_of(VALUES, AT_LEAST, also=VALUES)).probability
    rng = np.random.default_rng(5)
    other = [v + float(rng.normal(scale=0.3)) for v in VALUES]
    apart = trend_of(windows_of(VALUES, AT_LEAST, also=other)).probability
    assert alone
    assert both
    assert apart
    assert both == pytest.approx(alone, abs=0.02)
    assert apart < both


@pytest.mark.parametrize(
    ("windows", "says"),
    [
        (windows_of(VALUES[:7], AT_LEAST), "in 7 months, and a trend needs 8"),
        (windows_of(VALUES[:10], AT_LEAST), "in 10 months, and a back-cast needs 11"),
        (windows_of([1.0] * 12, AT_LEAST), "do not vary"),
        (windows_of(VALUES, replace(AT_LEAST, each="most")), "some of several numbers"),
        (windows_of(VALUES, AT_LEAST, half=np.inf), "has no end"),
    ],
)
def test_a_trend_that_cannot_be_made_says_why(windows: list[Window], says: str) -> None:
    found = trend_of(windows)
    assert found.probability is None
    assert found.series == ()
    assert says in found.missing


def test_days_in_the_words_of_a_forecast_move_with_it() -> None:
    facts = Facts()
    claim = next(c for c in claims_of(facts).claims if c.id == "F2")
    windows, _ = earlier(facts, claim, SIDES, NOW, NOW)
    assert [w.end for w in windows[-2:]] == [date(2026, 9, 30), NOW]
    since = [str(w.parts[0].condition.scope["since"]) for w in windows[-2:]]
    assert since == ["2025-11-14", "2025-12-15"]
    assert all(w.parts[0].about == Period(w.end, w.end) for w in windows)


def test_nothing_that_became_known_later_moves_a_reference() -> None:
    facts = Facts()
    claim = next(c for c in claims_of(facts).claims if c.id == "F1")
    given_on = date(2026, 6, 1)  # by then an edition of the index was known
    then, later = (reference(facts, claim, SIDES, given_on, day) for day in (given_on, NOW))
    assert repr(then) == repr(later)
    assert not later.in_hindsight
    assert later.base_rate.decided
    for window in earlier(facts, claim, SIDES, given_on, given_on)[0]:
        for part in window.parts:
            for e in part.answer.estimates:
                assert e.known_on
                assert e.known_on <= given_on
                assert e.observed_on
                assert e.observed_on <= window.end


def test_what_nobody_knew_on_the_day_is_marked() -> None:
    facts = Facts()
    claim = next(c for c in claims_of(facts).claims if c.id == "F1")
    found = reference(facts, claim, SIDES, ARTICLE, NOW)
    assert found.in_hindsight
    assert found.known_by == NOW
    assert found.months == 11
    before = reference(facts, claim, SIDES, ARTICLE, ARTICLE)
    assert "known by 2025-12-15" in before.base_rate.missing
    assert before.base_rate.share is None
