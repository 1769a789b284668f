"""Fits: published worked examples, a second implementation, properties, and recovery."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special
from tests.ratings.bradley_terry.boards import (
    BASEBALL,
    ELO,
    PUDDING,
    SMALL,
    VoteWorld,
    board,
    log_chance,
    names,
    one_by_one,
)
from tests.simulations import examples

from headtohead.ratings.bradley_terry import TIES, Ties
from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.covariance import covariance
from headtohead.ratings.bradley_terry.fit import Fit, fit, link
from headtohead.stats.inputs import FloatArray

# The article "Bradley-Terry model" of the English Wikipedia: wins of the row over the column.
_WIKIPEDIA = board(("A", "B", 2, 3), ("A", "D", 1, 4), ("B", "C", 5, 3), ("C", "D", 1, 3))
# Citations between journals (Stigler 1994, doi:10.1214/ss/1177010655): the cited one wins.
_JOURNALS = board(
    ("Biometrika", "CommStat", 730, 33),
    ("Biometrika", "JASA", 498, 320),
    ("Biometrika", "JRSSB", 221, 284),
    ("CommStat", "JASA", 68, 813),
    ("CommStat", "JRSSB", 17, 276),
    ("JASA", "JRSSB", 142, 325),
)


def _against(fitted: Fit, name: str) -> dict[str, tuple[float, float]]:
    """Strength and standard error (model-based, as published) of each model against one."""
    models = fitted.counts.models
    one = models.index(name)
    v = covariance(fitted, "hessian")
    return {
        other: (
            float(fitted.strength[i] - fitted.strength[one]),
            float(np.sqrt(v[i, i] + v[one, one] - 2 * v[i, one])),
        )
        for i, other in enumerate(models)
        if i != one
    }


def _errors(fitted: Fit) -> FloatArray:
    return np.sqrt(np.diag(covariance(fitted, "hessian")))


# ---------------------------------------------------------------- published examples


def test_baseball_without_and_with_the_order() -> None:
    # Agresti (2002) p. 438; estimates (errors) as in Turner and Firth (2012), Baltimore = 0.
    plain = _against(fit(BASEBALL, prior=0), "Bal")
    home = fit(BASEBALL, prior=0, side=True)
    assert plain == {
        "Bos": pytest.approx((1.1077, 0.3339), abs=5e-5),
        "Cle": pytest.approx((0.6839, 0.3319), abs=5e-5),
        "Det": pytest.approx((1.4364, 0.3396), abs=5e-5),
        "Mil": pytest.approx((1.5814, 0.3433), abs=5e-5),
        "NY": pytest.approx((1.2476, 0.3359), abs=5e-5),
        "Tor": pytest.approx((1.2945, 0.3367), abs=5e-5),
    }
    assert _against(home, "Bal") == {
        "Bos": pytest.approx((1.1438, 0.3378), abs=5e-5),
        "Cle": pytest.approx((0.7047, 0.3350), abs=5e-5),
        "Det": pytest.approx((1.4754, 0.3446), abs=5e-5),
        "Mil": pytest.approx((1.6196, 0.3474), abs=5e-5),
        "NY": pytest.approx((1.2813, 0.3404), abs=5e-5),
        "Tor": pytest.approx((1.3271, 0.3403), abs=5e-5),
    }
    assert home.side == pytest.approx(0.3023, abs=5e-5)
    assert _errors(home)[-1] == pytest.approx(0.1309, abs=5e-5)
    # Their table of deviances: the order takes off 5.4106 on one degree of freedom.
    assert 2 * (home.log_likelihood - fit(BASEBALL, prior=0).log_likelihood) == pytest.approx(
        5.4106, abs=5e-5
    )
    worth = special.softmax(home.strength)
    assert np.sort(worth).round(3).tolist() == [0.044, 0.088, 0.137, 0.157, 0.164, 0.190, 0.220]


def test_journals() -> None:
    # Turner and Firth (2012): -2.9491, -0.4796 and 0.2690 against Biometrika.
    found = _against(fit(_JOURNALS, prior=0), "Biometrika")
    assert found == {
        "CommStat": pytest.approx((-2.9491, 0.1025), abs=5e-5),
        "JASA": pytest.approx((-0.4796, 0.0606), abs=5e-5),
        "JRSSB": pytest.approx((0.2690, 0.0708), abs=5e-5),
    }


def test_wikipedia() -> None:
    # The limit that the article gives, scaled to a geometric mean of 1.
    strength = fit(_WIKIPEDIA, prior=0).strength
    worth = np.exp(strength - strength.mean())
    assert worth.round(3).tolist() == [0.640, 1.043, 0.660, 2.270]


def test_pudding_by_davidson() -> None:
    # Davidson (1970): worths and nu as Turner, van Etten, Firth and Kosmidis (2020),
    # doi:10.1007/s00180-020-00959-3, refit them; they stop after 7 steps, hence the tolerances.
    fitted = fit(PUDDING, ties="davidson", prior=0)
    worth = special.softmax(fitted.strength)
    published = [0.1388005, 0.1729985, 0.1617420, 0.1653930, 0.1586805, 0.2023855]
    assert worth == pytest.approx(published, abs=3e-5)
    assert fitted.tie is not None
    assert np.exp(fitted.tie) == pytest.approx(0.7468147, abs=1e-5)
    against = np.array(list(_against(fitted, "1").values()))
    assert against[:, 0] == pytest.approx(
        [0.2202447, 0.1529644, 0.1752864, 0.1338550, 0.3771362], abs=2e-4
    )
    assert against[:, 1] == pytest.approx(
        [0.1872168, 0.1935181, 0.1882110, 0.1927043, 0.1924059], abs=2e-6
    )
    assert _errors(fitted)[-1] == pytest.approx(0.082499, abs=2e-6)
    assert -2 * fitted.log_likelihood == pytest.approx(1619.4, abs=0.05)
    # Ties are a sufficient statistic: as many are expected as there were.
    assert _ties_expected(fitted) == pytest.approx(202, abs=1e-6)


def test_pudding_by_rao_and_kupper() -> None:
    # No published fit was found; these come from another program of ours (scipy's BFGS).
    fitted = fit(PUDDING, ties="rao-kupper", prior=0)
    against = np.array(list(_against(fitted, "1").values()))
    assert fitted.tie == pytest.approx(0.558734, abs=1e-6)
    assert against[:, 0] == pytest.approx(
        [0.173718, 0.120049, 0.139879, 0.104969, 0.298009], abs=1e-6
    )
    assert against[:, 1] == pytest.approx(
        [0.147958, 0.152171, 0.147974, 0.149270, 0.151401], abs=1e-6
    )
    assert _errors(fitted)[-1] == pytest.approx(0.035336, abs=1e-6)
    assert fitted.log_likelihood == pytest.approx(-809.697133, abs=1e-6)
    assert _ties_expected(fitted) == pytest.approx(201.9952, abs=1e-4)  # here they are not


def _ties_expected(fitted: Fit) -> float:
    cells = fitted.cells
    chances = fitted.link.probabilities
    assert chances is not None
    p = chances(fitted.gaps(cells), fitted.tie or 0.0)
    return float(cells.n.sum(axis=1) @ p[:, 2])


@pytest.mark.parametrize("ties", ["davidson", "rao-kupper"])
def test_equals_have_a_tie_parameter_in_closed_form(ties: Ties) -> None:
    fitted = fit(board(("a", "b", 30, 30, 25), ("b", "c", 9, 9, 4), ("a", "c", 1, 1, 1)), ties=ties)
    ratio = 2 * 30 / 80
    assert np.exp(fitted.tie or 0.0) == pytest.approx(ratio + (ties == "rao-kupper"))
    assert fitted.strength == pytest.approx(0, abs=1e-9)


def test_two_models_in_closed_form() -> None:
    half = fit(board(("a", "b", 60, 30, 10)), prior=0)
    dropped = fit(board(("a", "b", 60, 30, 10)), ties="drop", prior=0)
    assert half.strength[0] - half.strength[1] == pytest.approx(np.log(65 / 35))
    assert dropped.strength[0] - dropped.strength[1] == pytest.approx(np.log(2))
    assert _against(dropped, "b")["a"][1] == pytest.approx(np.sqrt(1 / 60 + 1 / 30))


def test_the_prior_is_half_a_vote_against_one_of_strength_0() -> None:
    # The same as two more votes in all for each of two models, against a third held at 0.
    fitted = fit(board(("a", "b", 6, 2)), prior=2.0)
    x, p = fitted.strength[0], special.expit(fitted.strength[0] - fitted.strength[1])
    assert 6 - 8 * p + 2 * (0.5 - special.expit(x)) == pytest.approx(0, abs=1e-9)
    # An undefeated model against itself turned round: n (1 - p) = prior (logistic(x) - 1/2).
    alone = fit(board(("a", "b", 5, 0)))
    x = alone.strength[0]
    assert 5 * special.expit(-2 * x) == pytest.approx(0.5 * (special.expit(x) - 0.5))


# ---------------------------------------------------------------- second implementation


@pytest.mark.parametrize("side", [False, True])
@pytest.mark.parametrize("ties", TIES)
def test_agrees_with_scipy_on_single_votes(ties: Ties, side: bool) -> None:
    counts = SMALL.without("tie") if ties == "drop" else SMALL
    votes, m = one_by_one(counts), len(counts.models)
    extra = (ties in ("davidson", "rao-kupper")) + side

    def loss(x: FloatArray) -> float:
        free = np.concatenate([[0.0], x])
        return -float(log_chance(free, votes, m, ties, side=side).sum())

    start = np.full(m - 1 + extra, 0.1)
    best = optimize.minimize(loss, start, jac="3-point", method="BFGS", options={"gtol": 1e-7})
    mine = fit(SMALL, ties=ties, prior=0, side=side)
    found = [*(mine.strength[1:] - mine.strength[0]), mine.tie, mine.side]
    assert [x for x in found if x is not None] == pytest.approx(best.x.tolist(), abs=1e-6)
    assert mine.log_likelihood == pytest.approx(-best.fun, abs=1e-9)


@pytest.mark.parametrize("ties", TIES)
def test_agrees_with_scipy_under_the_prior(ties: Ties) -> None:
    counts = SMALL.without("tie") if ties == "drop" else SMALL
    votes, m = one_by_one(counts), len(counts.models)

    def loss(x: FloatArray) -> float:
        virtual = 1.5 / 2 * (special.log_expit(x[:m]) + special.log_expit(-x[:m])).sum()
        return -float(log_chance(x, votes, m, ties).sum() + virtual)

    start = np.full(m + (ties in ("davidson", "rao-kupper")), 0.1)
    best = optimize.minimize(loss, start, jac="3-point", method="BFGS", options={"gtol": 1e-7})
    mine = fit(SMALL, ties=ties, prior=1.5)
    assert np.diff(mine.strength) == pytest.approx(np.diff(best.x[:m]), abs=1e-6)
    assert mine.tie is None or mine.tie == pytest.approx(best.x[m], abs=1e-6)


# ---------------------------------------------------------------- properties

_CELL = st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 5))
_BOARDS = st.lists(_CELL, min_size=6, max_size=6)
_LINKS = st.sampled_from(TIES)
_PAIRS = [(i, j) for i in range(4) for j in range(i + 1, 4)]
Cell = tuple[int, int, int]


def _board(cells: list[Cell]) -> Counts:
    return board(*((f"m{i}", f"m{j}", *n) for (i, j), n in zip(_PAIRS, cells, strict=True)))


@settings(max_examples=examples(40))
@given(_BOARDS, _LINKS, st.permutations("abcd"))
def test_names_do_not_matter(cells: list[Cell], ties: Ties, called: list[str]) -> None:
    counts = _board(cells)
    renamed = Counts.from_cells(called, counts.first, counts.second, counts.votes)
    mine, theirs = fit(counts, ties=ties), fit(renamed, ties=ties)
    place = [theirs.counts.models.index(name) for name in called]
    assert theirs.strength[place] == pytest.approx(mine.strength, abs=1e-8)
    assert theirs.tie == pytest.approx(mine.tie, abs=1e-8)


@settings(max_examples=examples(40))
@given(_BOARDS, _LINKS)
def test_turning_votes_round_changes_only_the_side(cells: list[Cell], ties: Ties) -> None:
    counts = _board(cells)
    turned = Counts.from_cells(
        counts.models, counts.second, counts.first, counts.votes[:, [1, 0, 2, 3]]
    )
    assert fit(turned, ties=ties).strength == pytest.approx(
        fit(counts, ties=ties).strength, abs=1e-8
    )
    mine, theirs = (fit(c, ties=ties, side=True) for c in (counts, turned))
    assert theirs.strength == pytest.approx(mine.strength, abs=1e-7)
    assert theirs.side == pytest.approx(-(mine.side or 0.0), abs=1e-7)


@settings(max_examples=examples(40))
@given(_BOARDS, _LINKS, st.integers(2, 50))
def test_repeating_votes_narrows_but_does_not_move(cells: list[Cell], ties: Ties, k: int) -> None:
    counts = _board(cells)
    many = Counts.from_cells(counts.models, counts.first, counts.second, counts.votes * k)
    one, more = (fit(c, ties=ties, prior=0) for c in (counts, many))
    assert more.strength == pytest.approx(one.strength, abs=1e-8)
    for errors in ("sandwich", "hessian"):
        assert covariance(more, errors) * k == pytest.approx(covariance(one, errors), abs=1e-8)


@settings(max_examples=examples(40))
@given(_BOARDS, _BOARDS, _LINKS)
def test_merged_and_warm_fits_are_the_same(x: list[Cell], y: list[Cell], ties: Ties) -> None:
    a, b = _board(x), _board(y)
    cold = fit(a + b, ties=ties)
    before = fit(a, ties=ties)
    start = dict(zip(before.counts.models, before.strength.tolist(), strict=True))
    assert fit(b + a, ties=ties, start=start).strength == pytest.approx(cold.strength, abs=1e-8)
    assert fit(a + b - b, ties=ties).strength == pytest.approx(before.strength, abs=1e-12)
    absurd = {name: 900.0 * (-1) ** i for i, name in enumerate((a + b).models)}
    assert fit(a + b, ties=ties, start=absurd).strength == pytest.approx(cold.strength, abs=1e-8)


@settings(max_examples=examples(40))
@given(_BOARDS, _LINKS)
def test_the_prior_fades_as_votes_grow(cells: list[Cell], ties: Ties) -> None:
    counts = _board(cells)
    pure = fit(counts, ties=ties, prior=0).strength
    gaps = []
    for k in (1, 100, 10_000):
        many = Counts.from_cells(counts.models, counts.first, counts.second, counts.votes * k)
        gaps.append(float(np.abs(fit(many, ties=ties).strength - pure).max()))
    assert gaps[1] <= gaps[0] / 20 + 1e-9
    assert gaps[2] <= gaps[1] / 80 + 1e-9


@settings(max_examples=examples(40))
@given(_BOARDS, _LINKS)
def test_a_win_more_lifts_the_winner(cells: list[Cell], ties: Ties) -> None:
    before, after = (
        fit(_board(cells), ties=ties),
        fit(_board(cells) + board(("m0", "m1", 1, 0)), ties=ties),
    )
    gap = [f.strength[0] - f.strength[1] for f in (before, after)]
    assert gap[1] > gap[0]


@settings(max_examples=examples(40))
@given(_BOARDS, _LINKS)
def test_scores_are_met_and_strengths_average_0(cells: list[Cell], ties: Ties) -> None:
    fitted = fit(_board(cells), ties=ties, prior=0)
    battles = fitted.counts.battles
    assert battles @ fitted.strength == pytest.approx(0, abs=1e-8 * battles.sum())
    share = fitted.scores(fitted.strength[:, None] - fitted.strength[None, :])
    assert share + share.T == pytest.approx(1)
    assert np.diag(share) == pytest.approx(0.5)
    if ties in ("half", "drop"):
        scores = fitted.counts.scores
        met = np.zeros(4)
        for i, j, n in zip(fitted.cells.first, fitted.cells.second, fitted.cells.n, strict=True):
            met[i] += n.sum() * share[i, j]
            met[j] += n.sum() * share[j, i]
        assert met == pytest.approx(scores @ [1, 0, 0.5, 0.5], abs=1e-6)


# ---------------------------------------------------------------- recovery


@pytest.mark.parametrize("ties", ["davidson", "rao-kupper"])
def test_ratings_of_all_links_are_on_one_scale(ties: Ties) -> None:
    rng = np.random.default_rng(3)
    world = VoteWorld.of(12, rng, spread=0.5)
    drawn, at = link(ties), 0.1 if ties == "davidson" else 0.8
    assert drawn.probabilities is not None
    first, second, weight = world.pairs()
    chances = drawn.probabilities(world.strength[first] - world.strength[second], at)
    cells = rng.multinomial(rng.multinomial(400_000, weight), chances)
    counts = Counts.from_cells(
        names(12), first, second, np.column_stack([cells, np.zeros_like(cells[:, 0])])
    )
    assert 0.3 < counts.votes[:, 2].sum() / counts.total < 0.4
    own, half = fit(counts, ties=ties), fit(counts)
    assert own.strength == pytest.approx(world.truth(own), abs=0.03)
    assert own.tie == pytest.approx(at, abs=0.02)
    other = fit(counts, ties="rao-kupper" if ties == "davidson" else "davidson")
    for fitted in (own, other):
        rating = fitted.strength * link(fitted.ties).score_slope(fitted.tie or 0.0) * ELO
        slope = float(rating @ half.strength) / float(half.strength @ half.strength) / ELO
        assert slope == pytest.approx(1, abs=0.04)
        assert rating == pytest.approx(half.strength * ELO, rel=0.05, abs=2)
    assert own.strength.std() / half.strength.std() > 1.1


def test_strengths_and_the_side_are_recovered() -> None:
    rng = np.random.default_rng(4)
    world = VoteWorld.of(10, rng, spread=0.8)
    first, second, weight = world.pairs()
    chance = special.expit(world.strength[first] - world.strength[second] + 0.2)
    n = rng.multinomial(300_000, weight)
    wins = rng.binomial(n, chance)
    cells = np.column_stack([wins, n - wins, np.zeros((n.size, 2), dtype=np.int64)])
    fitted = fit(Counts.from_cells(names(10), first, second, cells), side=True)
    errors = np.sqrt(np.diag(covariance(fitted)))
    assert fitted.side == pytest.approx(0.2, abs=4 * errors[-1])
    assert (np.abs(fitted.strength - world.truth(fitted)) < 4 * errors[:10]).all()
    assert errors[-1] < 0.006


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("counts", "options", "message"),
    [
        (Counts.none(), {}, "no vote to fit"),
        (board(("a", "b", 0, 0, 9)), {}, "every vote is a tie"),
        (board(("a", "b", 0, 0, 9)), {"ties": "drop"}, "no vote to fit; were all of them dropped"),
        (board(("a", "b", 5, 4)), {"ties": "davidson"}, "there is no tie"),
        (board(("a", "b", 5, 4)), {"ties": "rao-kupper"}, "there is no tie"),
        (board(("a", "b", 5, 4)), {"prior": -1}, "prior is -1"),
        (board(("a", "b", 5, 4)), {"prior": float("nan")}, "prior is nan"),
        (board(("a", "b", 5, 4)), {"ties": "half-wins"}, "not 'half-wins'"),
        (board(("a", "b", 5, 0)), {"prior": 0}, "a, b never lost, or never won"),
        (board(("a", "b", 5, 0), ("b", "a", 4, 0)), {"side": True}, "side shown first"),
        (board(("a", "b", 0, 5), ("b", "a", 0, 4)), {"side": True}, "side shown second"),
        (board(("a", "b", 5, 4)), {"side": True, "prior": 0}, "no maximum"),
    ],
)
def test_what_has_no_answer_is_refused(
    counts: Counts, options: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        fit(counts, **options)  # type: ignore[arg-type]


def test_a_side_effect_that_only_ties_bound_needs_half_wins() -> None:
    counts = board(("a", "b", 5, 0, 1), ("b", "a", 4, 0, 1))
    half = fit(counts, side=True)
    assert half.side == pytest.approx(np.log(10 / 1), rel=0.02)
    with pytest.raises(ValueError, match="side shown first"):
        fit(counts, side=True, ties="davidson")
