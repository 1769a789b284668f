"""The scale that ranks candidates: chances from joint draws, places and ties among some."""

from datetime import date

import numpy as np
import pytest

from headtohead.choosing.scale import Ability, Scale, scale_of
from headtohead.core.errors import NoEvidence
from headtohead.core.estimate import Interval
from headtohead.evidence.facts import Facts
from headtohead.stats.intervals import tie_groups

DAY = date(2026, 11, 1)


def toy(unit: str = "index", *, apart: float = 10.0) -> Scale:
    """Two pairs of models: within a pair they differ by less than the draws do."""
    rng = np.random.default_rng(4)
    values = {"a": 100.0, "b": 99.9, "c": 100.0 - apart, "d": 99.8 - apart}
    draws = {m: v + rng.normal(0, 1, 4000) for m, v in values.items()}
    scores = {m: Ability(Interval(v, v - 1.6, v + 1.6), 5) for m, v in values.items()}
    return Scale(unit, 0.9, DAY, "a toy", scores, draws, ("one",))


@pytest.mark.parametrize("unit", ["index", "elo"])
def test_those_that_cannot_be_told_apart_share_places_and_a_group(unit: str) -> None:
    places = toy(unit).ranked(["d", "c", "b", "a", "nowhere"])
    assert list(places) == ["a", "b", "c", "d"]
    assert [(p.best, p.worst, p.group) for p in places.values()] == [
        (1, 2, 1),
        (1, 2, 1),
        (3, 4, 2),
        (3, 4, 2),
    ]


def test_places_are_among_those_asked_for() -> None:
    assert toy().ranked(["d"])["d"].best == 1
    assert toy().ranked([]) == {}


def test_the_chance_of_no_worse_is_that_of_the_difference() -> None:
    scale = toy()
    # Both have standard deviation 1, so the difference has the square root of 2.
    assert scale.chance_no_worse("b", "a", 0) == pytest.approx(0.472, abs=0.03)
    assert scale.chance_no_worse("a", "a", 0) == 1
    assert scale.chance_no_worse("c", "a", 1) == 0
    assert scale.chance_no_worse("nowhere", "a", 1) is None
    margins = [scale.chance_no_worse("b", "a", m) for m in (0, 1, 2, 5)]
    assert margins == sorted(m for m in margins if m is not None)
    assert scale.chance_at_least("a", 100) == pytest.approx(0.5, abs=0.03)


def test_a_group_of_ties_ends_with_the_first_that_is_surely_behind_its_first() -> None:
    assert tie_groups([1, 1, 1, 3, 5], [2, 3, 4, 5, 5]) == [1, 1, 2, 2, 3]
    assert tie_groups([], []) == []


def test_both_scales_hold_each_set_of_weights_once_released_by_the_day(facts: Facts) -> None:
    for by, least in (("index", 100), ("arena", 150)):
        scale = scale_of(facts, by, DAY, DAY)  # type: ignore[arg-type]
        assert len(scale.scores) >= least
        assert scale.day <= DAY
        assert all(
            s.interval.low <= s.interval.value <= s.interval.high for s in scale.scores.values()
        )
    assert len(scale_of(facts, "index", date(2024, 6, 30), DAY).scores) < least
    with pytest.raises(NoEvidence, match="No text board"):
        scale_of(facts, "arena", date(2019, 1, 1), DAY)
    with pytest.raises(NoEvidence, match=r"No index by|No model of the index"):
        scale_of(facts, "index", date(2010, 1, 1), DAY)
