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
    asking_chances,
    calibrated,
    field_shares,
    judge_bias,
    missing_votes,
)
from headtohead.arena.expecting import BattlePool, observed
from headtohead.arena.meter import meter
from headtohead.stats.inputs import FloatArray

_THRESHOLD = -math.log(0.025)


def _calibrated(pool: BattlePool, votes: ArrayLike, battles: ArrayLike, **more: Any) -> Calibrated:
    given_: dict[str, Any] = {"margin_pp": 5.0, "rng": np.random.default_rng(0)} | more
    return calibrated(VotesBesideJudge.of_pool(pool, votes, battles), **given_)


def _world(seed: int, n: int, mean: float, like: float) -> tuple[BattlePool, FloatArray]:
    """A pool of one pair, and what people say of each battle: a judge that is `like` them."""
    rng = np.random.default_rng(seed)
    people = np.where(rng.random(n) < (1 + mean) / 2, 1.0, -1.0)
    copied = rng.random(n) < like
    return BattlePool.of(np.where(copied, people, rng.choice([-1.0, 1.0], n))), people


def _plain(
    judged: list[float],
    pairs: list[int],
    votes: list[float],
    battles: list[int],
    ratio: list[float],
) -> list[float]:
    """The same observations from their description, in plain numbers."""
    count = {p: pairs.count(p) for p in pairs}
    weight = [1 / (len(count) * count[p]) for p in pairs]
    mean = {
        p: sum(f for f, q in zip(judged, pairs, strict=True) if q == p) / count[p] for p in pairs
    }
    rows = [(mean[p], f - mean[p]) for f, p in zip(judged, pairs, strict=True)]
    a, b, c, u, v = 2.5, 0.0, 2.5, 0.0, 0.0
    off, seen = dict.fromkeys(count, 0.0), dict.fromkeys(count, 6.0)
    found = []
    for vote, at, r in zip(votes, battles, ratio, strict=True):
        det = a * c - b * b
        parts = [min(max(x / det, 0.0), 1.0) for x in (c * u - b * v, a * v - b * u)]
        followed = [parts[0] * x + parts[1] * y for x, y in rows]
        expected = [g + off[p] / seen[p] for g, p in zip(followed, pairs, strict=True)]
        middle = sum(w * g for w, g in zip(weight, expected, strict=True))
        found.append(middle + r * (vote - expected[at]))
        x, y = rows[at]
        off[pairs[at]] += vote - followed[at]
        seen[pairs[at]] += 1
        a, b, c, u, v = a + x * x, b + x * y, c + y * y, u + vote * x, v + vote * y
    return found


def test_two_votes_by_hand() -> None:
    """Augmented inverse probability weighting, as Zrnic, Candes (2024), equation 3."""
    pool = BattlePool.of([1.0, -1.0, 1.0, 0.0])
    seen, _ = observed(pool, [1.0, -1.0], [0, 1], [0.5, 0.25], least=0.5)
    # Nothing is expected of the first: 1 * 0.25 / 0.5. The judge's pair mean is 0.25, and it says
    # 0.75 more of this battle: the parts learned are these over 2.5 + 0.25^2 + 0.75^2, 0.08 and
    # 0.24. So 0.02 is expected of all, and 0.02 + 0.24 * (-1 - 0.25) = -0.28 of the second.
    assert seen.x == pytest.approx([0.5, 0.02 + (-1 + 0.28)])
    assert (seen.low[0], seen.high[0]) == (-2, 2)


_BATTLES = st.lists(
    st.tuples(st.sampled_from([-1.0, -0.5, 0.0, 1.0]), st.integers(0, 2)), min_size=2, max_size=12
)


@settings(max_examples=examples(40))
@given(_BATTLES, st.integers(0, 10_000))
def test_agrees_with_plain_arithmetic_and_is_right_on_average(
    battles: list[tuple[float, int]], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    judged, pairs = [f for f, _ in battles], [p for _, p in battles]
    pool, n = BattlePool.of(judged, pairs), int(rng.integers(1, 15))
    chances = asking_chances(pool, [], [])
    places, votes = rng.integers(0, len(battles), n), rng.choice([-1.0, 0.0, 1.0], n)
    seen, _ = observed(pool, votes, places, chances[places], least=0.5)
    ratio = (pool.weights / chances)[places]
    plain = _plain(judged, pairs, votes.tolist(), places.tolist(), ratio.tolist())
    assert seen.x == pytest.approx(plain, abs=1e-9)
    assert np.all((seen.low - 1e-9 <= seen.x) & (seen.x <= seen.high + 1e-9))
    truth, total = rng.uniform(-1, 1, len(battles)), 0.0
    for i, chance in enumerate(chances):
        more, _ = observed(pool, [*votes, truth[i]], [*places, i], chances[[*places, i]], least=0.5)
        total += chance * more.x[-1]
    assert total == pytest.approx(float(pool.weights @ truth))


@settings(max_examples=examples(5))
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.6, 1.0]))
def test_changing_the_sides_mirrors_everything(seed: int, like: float) -> None:
    pool, people = _world(seed, 50, 0.2, like)
    turned = BattlePool(-pool.judged, pool.pair, pool.weights)
    places = np.random.default_rng(seed).integers(0, 50, 40)
    one = _calibrated(pool, people[places], places)
    two = _calibrated(turned, -people[places], places)
    assert two.meter.share.low == pytest.approx(1 - one.meter.share.high, abs=1e-6)
    assert two.gain == pytest.approx(one.gain)
    assert asking_chances(turned, -people[places], places) == pytest.approx(
        asking_chances(pool, people[places], places)
    )


def test_a_judge_that_says_nothing_leaves_people_alone() -> None:
    pool, people = _world(1, 200, 0.3, 0.0)
    places = np.random.default_rng(1).integers(0, 200, 120)
    found = _calibrated(pool.unjudged, people[places], places, trust=0.0)
    assert found.meter.share == found.people.share
    assert found.gain == 1
    alone = meter(people[places], margin_pp=5, rng=np.random.default_rng(0))
    assert found.people.share == alone.share
    assert found.sentence == (
        "The judge is of no use here, so that the votes of people count alone."
    )


def test_a_good_judge_is_worth_more_votes_and_it_says_why() -> None:
    pool, people = _world(2, 2000, 0.1, 0.85)
    places = np.random.default_rng(2).integers(0, 2000, 150)
    found = _calibrated(pool, people[places], places)
    assert found.gain > 1.8
    assert found.part > 0.5
    assert found.meter.share.width < 0.8 * found.people.share.width
    assert "on 2,000 battles make 150 votes of people worth " in found.sentence
    assert "bets that trusted the win share that it foresaw" in found.sentence
    nobody = _calibrated(pool, [], [])
    assert nobody.sentence == "The judge voted on 2,000 battles; no person has voted yet."
    assert nobody.gain == 1


@pytest.mark.parametrize("runs", lengths(16, 400))
@pytest.mark.parametrize("like", [0.0, 0.8])
def test_errors_are_kept_with_a_judge_who_lies_and_people_asked_where_it_tells_most(
    runs: int, like: float
) -> None:
    """The judge likes B everywhere; pairs differ, and chances follow what is learned."""
    wrong, rng = 0, np.random.default_rng(3)
    for _ in range(runs):
        pairs = np.repeat(np.arange(3), 40)
        people = np.where(rng.random(120) < np.array([0.2, 0.5, 0.9])[pairs], 1.0, -1.0)
        judged = np.where(rng.random(120) < like, people, 1.0)
        pool = BattlePool.of(judged, pairs)
        truth = float(pool.weights @ people)
        places: list[int] = []
        drawn: list[float] = []
        for _asked in range(8):
            chances = asking_chances(pool, people[places], places)
            for place in rng.choice(120, 20, p=chances):
                places.append(int(place))
                drawn.append(float(chances[place]))
        seen, _ = observed(pool, people[places], places, drawn, least=0.5)
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
        pool, people = _world(seed, 3000, 0.0, 0.8)
        places = np.random.default_rng(seed).integers(0, 3000, 600)
        truth_margin = float(people.mean()) - 0.2
        powered, _ = observed(pool, people[places], places)
        start = foreseeing_start(0.8 * float(pool.judged.mean()), 0.5)
        taken += (
            first_above(powered, truth_margin, _THRESHOLD, start[0]) or 600,
            first_above(
                Observations.of_votes(people[places]), truth_margin, _THRESHOLD, even_start()[0]
            )
            or 600,
        )
    assert taken[0] <= 0.6 * taken[1]


def test_people_are_asked_where_they_may_differ() -> None:
    pairs = np.repeat([0, 1], 50)
    pool = BattlePool.of(np.where(pairs == 0, 1.0, 0.0), pairs)
    first = asking_chances(pool, [], [])
    assert first == pytest.approx(pool.weights)
    votes, places = [1.0] * 20 + [1.0, -1.0] * 10, [*range(20), *range(50, 70)]
    later = asking_chances(pool, votes, places, least=0.5)
    assert later.sum() == pytest.approx(1)
    assert later[0] < 0.009 < 0.011 < later[50]
    assert np.all(later >= 0.5 * pool.weights)
    elsewhere = asking_chances(pool, [-1.0, *votes], [-1, *places], least=0.5)
    assert elsewhere.tolist() == later.tolist()


def test_the_whole_field() -> None:
    rng = np.random.default_rng(4)
    strength = {"x": 0.8, "y": 0.0, "z": -0.8}
    rows = [(a, b) for a, b in (("x", "y"), ("y", "z"), ("z", "x")) for _ in range(300)]
    gap = np.array([(strength[b] - strength[a]) / 2 for a, b in rows])
    people = np.where(rng.random(900) < (1 + gap) / 2, 1.0, -1.0)
    a, b = [row[0] for row in rows], [row[1] for row in rows]
    pool = BattlePool.of(np.sign(gap), [f"{a} {b}" for a, b in rows])
    places = rng.integers(0, 900, 800)
    found = field_shares(pool, (a, b), people[places], places)
    assert list(found) == ["x", "y", "z"]
    elsewhere = [*places, *[-1] * 9]
    assert field_shares(pool, (a, b), [*people[places], *[1.0] * 9], elsewhere) == found
    for name, share in {"x": 0.8, "y": 0.5, "z": 0.2}.items():
        assert found[name].low - 0.05 <= share <= found[name].high + 0.05
        assert found[name].width < 0.35
    assert found["x"].low > 0.5 > found["z"].high


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
        ({"votes": [1.0], "battles": [9]}, "not among the 3 of the pool"),
        ({"votes": [2.0], "battles": [0]}, "from -1"),
        ({"votes": [1.0], "battles": [0], "trust": 1.0}, "`trust` is 1"),
        ({"votes": [1.0], "battles": [0], "level": 1.0}, "level is 1"),
    ],
)
def test_refuses_what_does_not_fit(given_: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _calibrated(BattlePool.of([1.0, 0.0, -1.0]), **given_)


def test_a_chance_below_the_promised_one_is_refused() -> None:
    with pytest.raises(ValueError, match=r"below 0\.5 times"):
        observed(BattlePool.of([1.0, 0.0, -1.0]), [1.0], [0], [0.1], least=0.5)
