"""Ranks that hold together: a published example, a brute-force step-down, and joint coverage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as sp
from tests.ratings.bradley_terry.boards import VoteWorld
from tests.simulations import examples, leading, lengths, slack

from headtohead.ratings.bradley_terry.covariance import covariance
from headtohead.ratings.bradley_terry.fit import fit
from headtohead.ratings.bradley_terry.intervals import RankSets, bounds, joint_width, rank_sets
from headtohead.stats.inputs import BoolArray, FloatArray

# PISA 2018, mathematics: mean score and standard error of 37 countries, as analysed by Mogstad,
# Romano, Shaikh and Wilhelm (2024), doi:10.1093/restud/rdad006, in their R package csranks.
_PISA = """
Australia 491.3600252 1.939833031;Austria 498.9423138 2.970998694
Belgium 508.0703063 2.262662011;Canada 512.0169429 2.357475749;Chile 417.4065563 2.41588757
Colombia 390.9322732 2.989559274;Czechia 499.4676508 2.460661531;Denmark 509.3983746 1.735002337
Estonia 523.4145802 1.743602224;Finland 507.3013618 1.967920411;France 495.4075794 2.320214487
Germany 500.0437805 2.647083096;Greece 451.3703438 3.091228197;Hungary 481.0826364 2.319596741
Iceland 495.1873762 1.953082603;Ireland 499.632894 2.198621128;Israel 463.0345488 3.498563228
Italy 486.5898573 2.780045867;Japan 526.9732502 2.471475318;Korea 525.933002 3.121394315
Latvia 496.1263306 1.962766789;Lithuania 481.1911884 1.953282039
Luxembourg 483.421485 1.097632409;Mexico 408.8014734 2.493225544
Netherlands 519.2309824 2.632277885;NewZealand 494.489676 1.705942856
Norway 500.9637885 2.219044878;Poland 515.6478747 2.602085176;Portugal 492.4874062 2.684570081
Slovakia 486.1648542 2.555595707;Slovenia 508.8975441 1.363877596;Spain 481.3926126 1.462417763
Sweden 502.3877022 2.654250935;Switzerland 515.3147131 2.908003898;Turkey 453.5077774 2.260406789
UK 501.7698992 2.564428111;US 478.2447174 3.235444099"""
_ROWS = [row.split() for line in _PISA.strip().split("\n") for row in line.split(";")]
_COUNTRIES = [row[0] for row in _ROWS]
_SCORE, _ERROR = (np.array([float(row[k]) for row in _ROWS]) for k in (1, 2))
_COVARIANCE = np.diag(_ERROR**2)
_SEEDS = st.integers(0, 10_000)


def _rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def _random_board(seed: int, m: int) -> tuple[FloatArray, FloatArray]:
    """Strengths and a covariance with correlations."""
    rng = _rng(seed)
    root = rng.normal(size=(m, m)) * rng.uniform(0.2, 1, m)[:, None]
    return rng.normal(0, 3, m), root @ root.T


# ---------------------------------------------------------------- published example


def test_pisa_simultaneous_ranks() -> None:
    found = rank_sets(_SCORE, _COVARIANCE, _rng(), draws=20_000)
    place = {c: (int(found.best[i]), int(found.worst[i])) for i, c in enumerate(_COUNTRIES)}
    # The sets of Chile, Mexico and Colombia are apart from those of all other countries.
    last = ("Chile", "Mexico", "Colombia")
    assert min(place[c][0] for c in last) == 35
    assert max(worst for c, (_, worst) in place.items() if c not in last) == 34
    assert place["Germany"][0] <= 7 <= place["Korea"][1]
    loose = rank_sets(_SCORE, _COVARIANCE, _rng(), level=0.75, draws=20_000)
    germany, korea = (_COUNTRIES.index(c) for c in ("Germany", "Korea"))
    assert loose.best[germany] > loose.worst[korea]


def test_pisa_top_five() -> None:
    # Their projection set of the top five rests on the same one-sided comparisons of all pairs.
    for level, more in ((0.95, {"Sweden"}), (0.9, set())):
        found = rank_sets(_SCORE, _COVARIANCE, _rng(), level=level, draws=20_000)
        top = {c for c, best in zip(_COUNTRIES, found.best, strict=True) if best <= 5}
        assert top - more == {
            *("Belgium", "Canada", "Denmark", "Estonia", "Finland", "Japan", "Korea"),
            *("Netherlands", "Poland", "Slovenia", "Switzerland"),
        }
        assert more <= top


# ---------------------------------------------------------------- second implementation


def _step_down(t: FloatArray, chance: FloatArray, level: float) -> BoolArray:
    """Romano and Wolf's step-down over all ordered pairs, one by one.

    Args:
        t: Standardised differences, shape (m, m).
        chance: The same of simulated boards without differences, shape (draws, m, m).
        level: Joint coverage.
    """
    m = t.shape[0]
    open_pairs = {(i, j) for i in range(m) for j in range(m) if i != j}
    settled = np.zeros((m, m), dtype=bool)
    while open_pairs:
        largest = np.max([chance[:, i, j] for i, j in open_pairs], axis=0)
        new = {pair for pair in open_pairs if t[pair] > np.quantile(largest, level)}
        if not new:
            break
        for pair in new:
            settled[pair] = True
        open_pairs -= new
    return settled


@pytest.mark.parametrize("seed", range(6))
def test_agrees_with_a_step_down_pair_by_pair(seed: int) -> None:
    strength, v = _random_board(seed, 7)
    order = np.argsort(-strength)
    strength, v = 2 * strength[order], v[np.ix_(order, order)]
    found = rank_sets(strength, v, _rng(seed), draws=1000)
    values, vectors = np.linalg.eigh(v)
    errors = _rng(seed).standard_normal((1000, 7)) @ (vectors * np.sqrt(values)).T
    variance = np.diag(v)
    spread = np.sqrt(variance[:, None] + variance[None, :] - 2 * v)
    np.fill_diagonal(spread, 1.0)
    t = (strength[:, None] - strength[None, :]) / spread
    settled = _step_down(t, (errors[:, :, None] - errors[:, None, :]) / spread, 0.95)
    assert np.array_equal(found.stronger, settled)
    assert 0 < settled.sum() < 21  # some are settled, others not
    assert found.best.tolist() == (1 + settled.sum(axis=0)).tolist()
    assert found.worst.tolist() == (7 - settled.sum(axis=1)).tolist()


def test_stepping_down_settles_more_than_one_step() -> None:
    # Four models far apart, two close: once the rest is settled, the two can be told apart.
    far, v = np.array([0.0, 100.0, 200.0, 300.0]), np.eye(6)
    upper, lower = np.triu_indices(6, 1)
    z = _rng(2).standard_normal((20_000, 6))
    t = (z[:, upper] - z[:, lower]) / np.sqrt(2)
    one_step = float(np.quantile(np.abs(t).max(axis=1), 0.95))
    last = np.column_stack([t, -t[:, -1]])  # settled pairs can err in one direction only
    two_steps = float(np.quantile(last.max(axis=1), 0.95))
    assert two_steps < one_step - 0.15
    for apart, told in (
        (one_step + 0.05, True),
        (two_steps + 0.05, True),
        (two_steps - 0.05, False),
    ):
        strength = np.append(far, [400.0, 400.0 + apart * np.sqrt(2)])
        assert rank_sets(strength, v, _rng(), draws=20_000).stronger[5, 4] == told


def test_joint_width_is_the_quantile_of_the_largest_of_independent_errors() -> None:
    for m in (1, 3, 20):
        exact = sp.norm.ppf(0.5 + 0.95 ** (1 / m) / 2)
        width = joint_width(np.diag(np.arange(1.0, m + 1)), _rng(), draws=40_000)
        assert width == pytest.approx(exact, abs=0.03)
    same = joint_width(np.ones((20, 20)), _rng(), draws=40_000)
    assert same == pytest.approx(1.96, abs=0.03)
    with_known = joint_width(np.diag([0.0, 1.0]), _rng(), draws=40_000)
    assert with_known == pytest.approx(1.96, abs=0.03)
    assert joint_width(np.zeros((3, 3)), _rng()) == 0


# ---------------------------------------------------------------- properties


def _checked(found: RankSets, strength: FloatArray) -> None:
    m = strength.size
    assert (found.best <= found.rank).all()
    assert (found.rank <= found.worst).all()
    assert (found.best >= 1).all()
    assert (found.worst <= m).all()
    assert not (found.stronger & found.stronger.T).any()
    assert (strength[:, None] > strength[None, :])[found.stronger].all()


@settings(max_examples=examples(30))
@given(_SEEDS, st.integers(1, 9))
def test_sets_are_in_order(seed: int, m: int) -> None:
    strength, v = _random_board(seed, m)
    found = rank_sets(strength, v, _rng(), draws=500)
    _checked(found, strength)
    strict = rank_sets(strength, v, _rng(), level=0.999, draws=500)
    assert (strict.stronger <= found.stronger).all()


@settings(max_examples=examples(30))
@given(_SEEDS, st.integers(2, 9))
def test_the_order_of_models_does_not_matter(seed: int, m: int) -> None:
    # Models are sorted before chance enters, so that the same draws meet the same models.
    strength, v = _random_board(seed, m)
    order = _rng(seed).permutation(m)
    one = rank_sets(strength, v, _rng(), draws=500)
    other = rank_sets(strength[order], v[np.ix_(order, order)], _rng(), draws=500)
    for part in ("rank", "best", "worst", "group"):
        assert np.array_equal(getattr(one, part)[order], getattr(other, part))


@settings(max_examples=examples(30))
@given(_SEEDS, st.integers(2, 9))
def test_groups_start_with_the_first_that_is_surely_weaker(seed: int, m: int) -> None:
    strength, v = _random_board(seed, m)
    found = rank_sets(strength, v, _rng(), draws=500)
    order = np.argsort(-strength)
    group = found.group[order]
    assert group[0] == 1
    assert set(np.diff(group)) <= {0, 1}
    for number in range(1, group[-1] + 1):
        leader, *rest = order[group == number]
        assert not found.stronger[leader, rest].any()
        if number > 1:
            before = order[group == number - 1][0]
            assert found.stronger[before, leader]


def test_models_known_exactly_are_told_apart_and_equals_are_not() -> None:
    found = rank_sets(np.array([1.0, 2.0, 2.0]), np.zeros((3, 3)), _rng())
    assert found.rank.tolist() == [3, 1, 1]
    assert found.best.tolist() == [3, 1, 1]
    assert found.worst.tolist() == [3, 2, 2]
    assert found.group.tolist() == [2, 1, 1]


def test_pairs_are_worked_through_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    strength, v = _random_board(3, 9)
    whole = rank_sets(strength, v, _rng(), draws=500)
    monkeypatch.setattr("headtohead.ratings.bradley_terry.intervals._CELLS", 1100)
    assert np.array_equal(rank_sets(strength, v, _rng(), draws=500).stronger, whole.stronger)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"covariance has shape \(2, 2\) for 3 strengths"):
        rank_sets(np.zeros(3), np.eye(2), _rng())
    with pytest.raises(ValueError, match="draws is 100"):
        rank_sets(np.zeros(2), np.eye(2), _rng(), draws=100)
    with pytest.raises(ValueError, match="level is 1"):
        joint_width(np.eye(2), _rng(), level=1)


# ---------------------------------------------------------------- joint coverage


@pytest.mark.parametrize(
    ("m", "votes", "spread", "skew", "tie", "boards"),
    leading(
        [
            (20, 20_000, 0.6, 0.0, 0.0, 200),
            (5, 40, 0.6, 0.0, 0.4, 400),
            (20, 2000, 1.2, 1.5, 0.4, 200),
            (8, 400, 0.6, 0.0, 0.4, 400),
            (8, 400, 0.6, 1.0, 0.0, 400),
        ]
    ),
)
@pytest.mark.parametrize("percent", lengths(12, 100))
def test_all_intervals_and_all_rank_sets_hold_at_once(
    m: int, votes: int, spread: float, skew: float, tie: float, boards: int, percent: int
) -> None:
    # Measured over 1,000 to 2,000 boards, all intervals hold at once in .942, .943, .940, .953 and
    # .960. Tolerance: 3.72 binomial errors, and .01 for what is lacking where votes are few.
    rng, boards = _rng(41), boards * percent // 100
    held, placed, wide, alone = [], [], [], []
    for _ in range(boards):
        world = VoteWorld.of(m, rng, spread=spread, skew=skew, tie=tie)
        fitted = fit(world.counts(votes, rng))
        if not fitted.connectivity.connected:
            continue
        v = covariance(fitted)
        width = joint_width(v, rng, draws=1000)
        low, high = bounds(fitted, v, width=width)
        truth = world.truth(fitted)
        held.append(bool(((low <= truth) & (truth <= high)).all()))
        sets = rank_sets(fitted.strength, v, rng, draws=1000)
        true_rank = 1 + (truth[None, :] > truth[:, None]).sum(axis=1)
        placed.append(bool(((sets.best <= true_rank) & (true_rank <= sets.worst)).all()))
        wide.append(width)
        alone.append(sp.norm.ppf(0.5 + 0.95 ** (1 / m) / 2))
    assert len(held) > 0.95 * boards
    error = np.sqrt(0.95 * 0.05 / len(held))
    assert np.mean(held) >= 0.95 - 3.72 * error - 0.01
    assert np.mean(placed) >= 0.95 - 3.72 * error
    # Not wider than they need be: hardly more than for independent models.
    assert np.mean(wide) <= np.mean(alone) + 0.05
    if votes == 20_000:
        assert np.mean(held) <= 0.95 + 3.72 * error


@pytest.mark.parametrize("rounds", lengths(200, 600))
def test_rank_sets_of_equals_hold_jointly_and_no_more(rounds: int) -> None:
    # All models equal: every settled pair is an error, so the step-down has nothing to spare.
    rng = _rng(42)
    v = np.eye(10) - 0.1
    wrong = [
        bool(rank_sets(rng.multivariate_normal(np.zeros(10), v), v, rng, draws=1000).stronger.any())
        for _ in range(rounds)
    ]
    assert np.mean(wrong) == pytest.approx(0.05, abs=slack(0.05, rounds, 3.72))


def test_rank_sets_narrow_as_votes_grow() -> None:
    rng = _rng(43)
    world = VoteWorld.of(12, rng)
    found = []
    for votes in (500, 20_000, 5_000_000):
        fitted = fit(world.counts(votes, rng))
        sets = rank_sets(fitted.strength, covariance(fitted), rng, draws=1000)
        found.append(float((sets.worst - sets.best + 1).mean()))
    assert found[0] > found[1] > found[2]
    assert found[2] < 1.5


def test_what_follows_from_two_sure_orders_is_sure_too() -> None:
    # The two outer models met few others, so their own gap is the least sure of the three.
    strength = np.array([2.0, 1.0, 0.0])
    covariance = np.array([[0.09, 0.06, -0.5], [0.06, 0.07, 0.06], [-0.5, 0.06, 0.09]])
    values, vectors = np.linalg.eigh(covariance)
    possible = vectors @ np.diag(np.maximum(values, 1e-3)) @ vectors.T
    found = rank_sets(strength, possible, np.random.default_rng(1))
    rng = np.random.default_rng(2)
    many = rank_sets(np.sort(rng.normal(size=40)), np.diag(rng.uniform(0.01, 2, 40)), rng)
    for sets in (found, many):
        through = (sets.stronger.astype(int) @ sets.stronger.astype(int)) > 0
        assert np.all(sets.stronger[through])
        leaders = np.flatnonzero(sets.best == 1)
        if leaders.size == 1:
            assert sets.worst[leaders[0]] == 1
