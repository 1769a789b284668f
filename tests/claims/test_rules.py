"""The decision rules: inside, outside, straddling; two readings into one word; what is too old."""

import math
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import headtohead
from headtohead.claims.claim import Bound, Claim, Condition, Reading
from headtohead.claims.verdict import (
    Judged,
    Truth,
    all_of,
    claims_of,
    holds,
    judge,
    meets,
    too_old,
    verdict,
    verdicts_on,
    widened,
    word,
)
from headtohead.core.dates import Period
from headtohead.core.errors import InputError
from headtohead.core.estimate import AgeLimit, Estimate
from headtohead.core.question import Answer
from headtohead.evidence.facts import Facts
from headtohead.evidence.store import Store

NUMBERS = st.floats(-1e6, 1e6)
TRUTHS: tuple[Truth | None, ...] = ("true", "false", "undecided", "not measurable", None)


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
    [
        (-2.0, 5.0, "true"),
        (-2.1, 5.0, "undecided"),
        (-9.0, -2.1, "false"),
        (-9.0, -2.0, "undecided"),
    ],
)
def test_non_inferiority_asks_that_the_lower_end_is_above_the_margin(
    low: float, high: float, truth: Truth
) -> None:
    assert meets(made(low, high), Bound(at_least=-2, unit="pp")) == truth


def test_a_unit_that_differs_is_an_error_and_not_a_verdict() -> None:
    with pytest.raises(InputError, match="measured in pp"):
        meets(made(1, 2), Bound(at_least=0, unit="usd"))


def test_a_label_without_a_range_is_an_error_and_not_true() -> None:
    bound = Bound(unit="pp", by_label={"US": (1, 2)})
    assert meets(made(1, 2, label="US"), bound) == "true"
    with pytest.raises(InputError, match="no range for 'USA', only for US"):
        meets(made(5, 6, label="USA"), bound)
    rest = Bound(unit="pp", at_least=0, by_label={"US": (1, 2)})
    assert meets(made(5, 6, label="CN"), rest) == "true"


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
    assert truth == ("true" if inside else "false" if outside else "undecided")


@given(NUMBERS, NUMBERS, NUMBERS, st.floats(0, 1e3))
def test_a_wider_interval_never_turns_a_verdict_round(
    a: float, b: float, least: float, more: float
) -> None:
    low, high = sorted((a, b))
    bound = Bound(at_least=least, unit="pp")
    before, after = meets(made(low, high), bound), meets(made(low - more, high + more), bound)
    assert after in (before, "undecided")


@pytest.mark.parametrize(
    ("each", "truth"), [("all", "false"), ("any", "true"), ("most", "undecided")]
)
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


@pytest.mark.parametrize(
    ("each", "known", "truth"),
    [
        ("all", [(1, 2), (1, 2)], "undecided"),
        ("all", [(1, 2), (-2, -1)], "false"),
        ("any", [(1, 2), (-2, -1)], "true"),
        ("any", [(-2, -1), (-2, -1)], "undecided"),
        ("most", [(1, 2), (1, 2)], "true"),
        ("most", [(1, 2), (-2, -1)], "undecided"),
        ("most", [(-2, -1), (-2, -1)], "false"),
        ("each_any", [(1, 2), (1, 2)], "undecided"),
        ("each_any", [(1, 2), (-2, -1)], "false"),
    ],
)
def test_a_named_one_without_a_number_may_be_anything(
    each: str, known: list[tuple[float, float]], truth: Truth
) -> None:
    estimates = [made(*ends, label=name) for name, ends in zip("pq", known, strict=True)]
    bound = Bound(at_least=0, unit="pp", each=each)  # type: ignore[arg-type]
    assert holds(estimates, bound, absent=["r"]) == truth
    answer = Answer(estimates=tuple(estimates), says="so much", absent=("r",))
    condition = Condition(says="c", analysis="a.b", bound=bound)
    judged = judge(condition, answer, Period.parse("2025-12-15"))
    assert judged.truth == truth
    assert ("no figure of r is known" in judged.finding) == (truth == "undecided")


def test_no_estimates_are_not_measurable() -> None:
    assert holds([], Bound(at_least=0, unit="pp")) == "not measurable"


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ("true", ("supported",) * 5),
        ("false", ("overstated", "refuted", "refuted", "refuted", "refuted")),
        ("undecided", ("undecided",) * 5),
        ("not measurable", ("not measurable",) * 5),
    ],
)
def test_the_reading_as_stated_decides_and_a_narrower_one_tells_overstated_from_refuted(
    stated: Truth, words: tuple[str, ...]
) -> None:
    assert tuple(word(stated, narrower) for narrower in TRUTHS) == words


def test_a_sentence_that_says_too_little_is_never_called_overstated() -> None:
    assert word("false", "true", beyond=True) == "refuted"
    assert word("true", "true", beyond=True) == "supported"
    assert word("undecided", "true", beyond=True) == "undecided"


@pytest.mark.parametrize(
    ("numbers", "favours", "ends", "beyond"),
    [
        ([(16, 18)], "more", (5, 10), "more, not less"),
        ([(1, 3)], "more", (5, 10), ""),
        ([(1, 3)], "less", (5, 10), "less, not more"),
        ([(16, 18)], "less", (5, 10), ""),
        ([(6, 7), (16, 18)], "more", (5, 10), "more, not less"),
        ([(1, 3), (16, 18)], "more", (5, 10), ""),
        ([(6, 18)], "more", (5, 10), ""),
        ([(1, 3)], "more", (5, math.inf), ""),
        ([(16, 18)], "more", (-math.inf, 10), ""),
    ],
)
def test_false_beyond_the_favourable_end_is_said_as_such(
    numbers: list[tuple[float, float]], favours: str, ends: tuple[float, float], beyond: str
) -> None:
    bound = Bound(at_least=ends[0], at_most=ends[1], unit="pp", favours=favours)  # type: ignore[arg-type]
    condition = Condition(says="c", analysis="a.b", bound=bound)
    estimates = tuple(made(*n, label=str(i)) for i, n in enumerate(numbers))
    part = judge(condition, Answer(estimates=estimates, says="so"), Period.parse("2025-12-15"))
    stated = Judged(reading=Reading(says="r", conditions=(condition,)), parts=(part,))
    assert stated.beyond == beyond
    holding = judge(
        Condition(says="n", analysis="a.b", bound=Bound(at_least=0, unit="pp")),
        Answer(estimates=(made(1, 2),), says="milder"),
        Period.parse("2025-12-15"),
    )
    milder = Judged(
        reading=Reading(says="n", conditions=(holding.condition,), relaxes="measure"),
        parts=(holding,),
    )
    claim = Claim(
        id="B1",
        says="Five to ten times cheaper",
        section="cost",
        kind="ratio",
        about=Period.parse("2025-12-15"),
        as_stated=stated.reading,
        narrower=milder.reading,
        sources=(),
    )
    v = verdict(claim, stated, milder, date(2025, 12, 15))
    if beyond:
        assert v.word == "refuted"
        assert f"is false as stated ({beyond})" in v.sentence
        assert "A narrower part holds" in v.sentence
    elif stated.truth == "false":
        assert v.word == "overstated"


@pytest.mark.parametrize(
    ("conditions", "truth"),
    [
        (("true", "true"), "true"),
        (("true", "false", "undecided", "not measurable"), "false"),
        (("true", "undecided"), "undecided"),
        (("undecided", "not measurable"), "not measurable"),
    ],
)
def test_joined_conditions_must_all_hold(conditions: tuple[Truth, ...], truth: Truth) -> None:
    assert all_of(conditions) == truth


def test_the_best_of_many_is_judged_by_wider_intervals() -> None:
    bound = Bound(at_least=0, unit="pp", each="any")
    assert holds([made(0.1, 4)], bound) == "true"
    assert holds([made(0.1, 4), *[made(-9, -5)] * 9], bound) == "undecided"
    assert holds([made(1, 4), *[made(-9, -5)] * 9], bound) == "true"
    # Ten intervals at 95% together are as wide as one at 99.5%: 2.807 for 1.960.
    low, high = widened(made(-1, 1), 10)
    assert high == pytest.approx(2.807 / 1.960, abs=2e-3)
    assert low == -high


def test_counts_and_logical_bounds_are_not_widened() -> None:
    certain = replace(made(0.1, 4), level=1.0)
    assert widened(certain, 10) == (0.1, 4)
    assert widened(made(2, 2), 10) == (2, 2)


@given(NUMBERS, NUMBERS, st.integers(1, 50))
def test_widening_never_narrows(a: float, b: float, k: int) -> None:
    low, high = sorted((a, b))
    least, most = widened(made(low, high), k)
    assert least <= low + 1e-6
    assert most >= high - 1e-6


SEEN = date(2025, 12, 17)
BOARD, YEAR = AgeLimit(45, "board"), AgeLimit(0, "sum of private investment")


@pytest.mark.parametrize(
    ("limit", "about", "stale"),
    [
        (BOARD, "2026-01-31", ""),
        (BOARD, "2026-02-01", "board known is of 17 December 2025, 46 days before"),
        (BOARD, "2025-11-01", ""),
        (None, "2030-01-01", ""),
    ],
)
def test_evidence_older_than_its_table_allows_decides_nothing(
    limit: AgeLimit | None, about: str, stale: str
) -> None:
    old = replace(made(1, 2), observed_on=SEEN, limit=limit)
    window = Period.parse(about)
    why = too_old(old, window, pinned=False)
    assert stale in why
    assert bool(why) == bool(stale)
    condition = Condition(says="c", analysis="a.b", bound=Bound(at_least=0, unit="pp"))
    answer = Answer(estimates=(old,), says="so")
    judged = judge(condition, answer, window, [why])
    assert judged.truth == ("undecided" if stale else "true")
    assert judged.stale == why


@pytest.mark.parametrize(
    ("about", "pinned", "stale"),
    [
        ("2025-12-15", True, ""),
        ("2025-12-15", False, "31 December 2024"),
        ("2026-01-01", True, "2024"),
    ],
)
def test_a_figure_of_a_year_speaks_for_its_year(about: str, pinned: bool, stale: str) -> None:
    figure = replace(made(1, 2), observed_on=date(2024, 12, 31), limit=YEAR)
    why = too_old(figure, Period.parse(about), pinned=pinned)
    assert stale in why
    assert bool(why) == bool(stale)


def test_a_fresh_estimate_that_fails_is_enough_though_another_is_too_old() -> None:
    bound = Bound(at_least=0, unit="pp")
    assert holds([made(1, 2), made(-2, -1)], bound, [True, False]) == "false"
    assert holds([made(1, 2), made(1, 2)], bound, [True, False]) == "undecided"


PINNED = """\
title = "t"
origin = "o"

[[claim]]
id = "Y1"
says = "US private investment was 109 billion dollars in 2024"
section = "investment"
kind = "amount"
about = "2025-12-15"
sources = ["ai_index_2025", "ai_index_2026"]
[claim.as_stated]
says = "That much in 2024"
about = "2024-01-01/2024-12-31"
analysis = "investment.private_investment"
bound = { unit = "usd", by_label = { US = [108.5e9, 109.5e9], CN = [0, 1e12] } }

[[claim]]
id = "Y2"
says = "The lead lasts through 2026"
section = "performance"
kind = "gap"
asks_again = false
about = "2026-10-31"
sources = []
[claim.as_stated]
says = "Below zero"
analysis = "performance.arena_gap"
bound = { at_most = 0, unit = "elo" }
"""


def test_a_year_of_the_sentence_stays_when_another_day_is_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(PINNED, encoding="utf-8")
    facts = Facts(Store(tmp_path / "home"))
    about, known = Period.parse("2026-10-09"), date(2026, 10, 31)
    (pinned,) = verdicts_on(facts, claims_of(facts, path), about=about, as_of=known)
    assert (pinned.claim.id, pinned.word) == ("Y1", "supported")
    assert str(pinned.as_stated.parts[0].about) == "2024-01-01/2024-12-31"
    asked = headtohead.check(path, as_of=known, about=about, store=Store(tmp_path / "home"))
    (note,) = asked.sheet.notes
    assert note.endswith("a time that is not 2026-10-09, and cannot be asked of it: Y2.")
    assert headtohead.check(path, as_of=known, store=Store(tmp_path / "home")).sheet.notes == ()


def test_an_unbounded_interval_is_open_not_false() -> None:
    wide = made(-math.inf, math.inf, value=3.0)
    assert meets(wide, Bound(at_least=0, unit="pp")) == "undecided"
