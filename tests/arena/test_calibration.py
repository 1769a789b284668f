"""Few people beside a judge: by hand, unbiased whatever the judge says, worth it if it is good."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike
from tests.simulations import examples, lengths, slack

from headtohead.arena.bets import Observations, even_start, first_above, foreseeing_start
from headtohead.arena.calibration import (
    Calibrated,
    VotesBesideJudge,
    calibrated,
    judge_bias,
    missing_votes,
)
from headtohead.arena.meter import meter
from headtohead.stats.inputs import FloatArray

_THRESHOLD = -math.log(0.025)


def _calibrated(judged: ArrayLike, votes: ArrayLike, battles: ArrayLike, **more: Any) -> Calibrated:
    given_: dict[str, Any] = {"margin_pp": 5.0, "rng": np.random.default_rng(0)} | more
    return calibrated(VotesBesideJudge.of_battles(judged, votes, battles), **given_)


def _world(seed: int, n: int, mean: float, like: float) -> tuple[FloatArray, FloatArray]:
    """What a judge says of each battle of a pair, and people, whom it is `like`."""
    rng = np.random.default_rng(seed)
    people = np.where(rng.random(n) < (1 + mean) / 2, 1.0, -1.0)
    copied = rng.random(n) < like
    return np.where(copied, people, rng.choice([-1.0, 1.0], n)), people


@settings(max_examples=examples(5))
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.6, 1.0]))
def test_changing_the_sides_mirrors_everything(seed: int, like: float) -> None:
    judged, people = _world(seed, 50, 0.2, like)
    places = np.random.default_rng(seed).integers(0, 50, 40)
    one = _calibrated(judged, people[places], places)
    two = _calibrated(-judged, -people[places], places)
    assert two.meter.share.low == pytest.approx(1 - one.meter.share.high, abs=1e-6)
    assert two.gain == pytest.approx(one.gain)


def test_a_judge_that_says_nothing_leaves_people_alone() -> None:
    _, people = _world(1, 200, 0.3, 0.0)
    places = np.random.default_rng(1).integers(0, 200, 120)
    found = _calibrated(np.zeros(200), people[places], places, trust=0.0)
    assert found.meter.share == found.people.share
    assert found.gain == 1
    alone = meter(people[places], margin_pp=5, rng=np.random.default_rng(0))
    assert found.people.share == alone.share
    assert found.sentence == (
        "The judge is of no use here, so that the votes of people count alone."
    )


def test_a_good_judge_is_worth_more_votes_and_it_says_why() -> None:
    judged, people = _world(2, 2000, 0.1, 0.85)
    places = np.random.default_rng(2).integers(0, 2000, 150)
    found = _calibrated(judged, people[places], places)
    assert found.gain > 1.8
    assert found.part > 0.5
    assert found.meter.share.width < 0.8 * found.people.share.width
    assert "on 2,000 battles make 150 votes of people worth " in found.sentence
    assert "bets that trusted the win share that it foresaw" in found.sentence
    nobody = _calibrated(judged, [], [])
    assert nobody.sentence == "The judge voted on 2,000 battles; no person has voted yet."
    assert nobody.gain == 1


@pytest.mark.parametrize("runs", lengths(16, 400))
@pytest.mark.parametrize("like", [0.0, 0.8])
def test_errors_are_kept_with_a_judge_who_lies_and_people_asked_where_they_differ(
    runs: int, like: float
) -> None:
    """The judge likes B everywhere; pairs differ, and the one nearest to even is asked about."""
    wrong, rng, pairs = 0, np.random.default_rng(3), np.repeat(np.arange(3), 40)
    for _ in range(runs):
        people = np.where(rng.random(120) < np.array([0.2, 0.5, 0.9])[pairs], 1.0, -1.0)
        judged = np.where(rng.random(120) < like, people, 1.0)
        truth = float(people.mean())
        total, places = np.zeros(3), list[int]()
        for _asked in range(240):
            k = int(np.abs(total).argmin()) if rng.random() < 0.5 else int(rng.integers(3))
            places.append(40 * k + int(rng.integers(40)))
            total[k] += people[places[-1]]
        beside = VotesBesideJudge.of_battles(judged, people[places], places, pairs.tolist())
        seen, _ = beside.observations()
        start = foreseeing_start(0.8 * float(judged.mean()), 0.5)
        wrong += bool(
            first_above(seen, truth, _THRESHOLD, start[0])
            or first_above(seen.mirrored(), -truth, _THRESHOLD, start[1])
        )
    assert wrong / runs <= 0.05 + slack(0.05, runs, 3)


@pytest.mark.parametrize("runs", lengths(8, 200))
def test_a_good_judge_saves_two_votes_in_five(runs: int) -> None:
    """A judge that correlates with people by 0.8; both sides equally good, the margin 10 points."""
    taken = np.zeros(2)
    for seed in range(runs):
        judged, people = _world(seed, 3000, 0.0, 0.8)
        places = np.random.default_rng(seed).integers(0, 3000, 600)
        powered, _ = VotesBesideJudge.of_battles(judged, people[places], places).observations()
        start = foreseeing_start(0.8 * float(judged.mean()), 0.5)
        for i, (seen, shares) in enumerate(
            ((powered, start), (Observations.of_votes(people[places]), even_start()))
        ):
            taken[i] += first_above(seen, people.mean() - 0.2, _THRESHOLD, shares[0]) or 600
    assert taken[0] <= 0.6 * taken[1]


def test_two_rounds_by_hand() -> None:
    """Prediction-powered means, as Angelopoulos, Duchi, Zrnic (2023), the part by ridge."""
    judged, pairs = [1.0, -1.0, 1.0, 0.0], [0, 0, 1, 1]
    seen, part = VotesBesideJudge.of_battles(
        judged, [1.0, -1.0, 0.0, 1.0], [0, 1, 2, 3], pairs
    ).observations()
    # Beyond its means of 0 and 0.5 the judge says 1, -1, 0.5 and -0.5. Nothing of it is taken off
    # the first round, 0.5 * 1 + 0.5 * 0. Its part is then 1 * 1 + 0.5 * 0 over 2.5 + 1 + 0.25,
    # which is 4 / 15, and the second is 0.5 * (-1 + 4 / 15) + 0.5 * (1 + 2 / 15).
    assert seen.x == pytest.approx([0.5, 0.2])
    assert (seen.low[1], seen.high[1]) == pytest.approx((-1.2, 1.2))
    # Of the first pair 1 was voted before, of which 1 / 7 is expected; of the second 0.
    products = 1 + -1 * (-1 - 1 / 7) + -0.5 * 1
    assert part == pytest.approx(products / (2.5 + 1 + 0.25 + 1 + 0.25))


def test_people_are_asked_first_about_pairs_that_are_soon_decided() -> None:
    zeros = np.zeros(4)
    first = missing_votes([0.9, 0.3, -0.1, -0.6], zeros, zeros, zeros, margin_pp=5)
    assert first.argsort().tolist() == [0, 3, 1, 2]
    assert 10 < first[0] < 60
    nearly = missing_votes([0.3, 0.3], [10, 10], [30, 30], [0.5, 3.5], margin_pp=5)
    assert nearly[1] < nearly[0]
    # What it said of three pairs was wrong, now this way, now that: its word counts less.
    votes, counts = np.array([-30.0, 20.0, 5.0, 0.0]), np.array([40.0, 40.0, 40.0, 0.0])
    doubted = missing_votes([0.9, 0.9, 0.9, 0.9], votes, counts, zeros, margin_pp=5)
    assert doubted[3] > 2 * first[0]


def test_biases_of_the_judge() -> None:
    rng = np.random.default_rng(5)
    n = 400
    long_b, own_b = rng.uniform(1, 8, n), rng.random(n) < 0.5
    worth = rng.choice([-1.0, 1.0], n)
    human = np.where(rng.random(n) < 0.5, worth, np.nan)
    # It prefers what is shown first, longer answers and its own family, each on a third.
    kind = rng.integers(0, 4, n)
    leaning = np.where(kind == 1, np.sign(np.log2(long_b / 3)), np.where(own_b, 1.0, -1.0))
    said = np.where(kind == 0, worth, leaning)
    a_first, b_first = (np.where(kind == 3, first, said) for first in (-1.0, 1.0))
    found = judge_bias(
        a_first, b_first, people=human, lengths=(np.full(n, 3.0), long_b), own=(~own_b, own_b)
    )
    assert found.position.net.low > 0.15
    assert found.length is not None
    assert found.length.extra is not None
    assert found.length.extra.low > 0
    assert found.family is not None
    assert found.family.extra is not None
    assert found.family.extra.low > 0
    assert len(found.sentences) == 3
    assert len(judge_bias(a_first, b_first, people=human).sentences) == 1


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"votes": [1.0], "battles": [0, 1]}, "1 votes on 2 battles"),
        ({"votes": [1.0], "battles": [9]}, "not among the 3"),
        ({"votes": [2.0], "battles": [0]}, "from -1"),
        ({"votes": [1.0], "battles": [0], "trust": 1.0}, "`trust` is 1"),
        ({"votes": [1.0], "battles": [0], "level": 1.0}, "level is 1"),
    ],
)
def test_refuses_what_does_not_fit(given_: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _calibrated([1.0, 0.0, -1.0], **given_)
