"""Ratings that other libraries gave for one small board, and ours beside them.

Their versions stand in `benchmarks/peers-ratings.txt`. Each constant was made once, in an
environment that holds the peer and not ours, from the votes below written out one a row:

    rows = [(MODELS[a], MODELS[b], o) for a, b, *n in _CELLS for o in range(4) for _ in range(n[o])]
    names = numpy.array(["model_a", "model_b", "tie", "both_bad"])
    frame = pandas.DataFrame(rows, columns=["model_a", "model_b", "winner"])
    frame["winner"] = names[frame["winner"]]

What each peer was then asked stands in the docstring of its test.
"""

import numpy as np
import pytest
from tests.ratings.bradley_terry.boards import ELO
from tests.ratings.bradley_terry.style.style_votes import style_of_votes

from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.covariance import covariance
from headtohead.ratings.bradley_terry.fit import fit
from headtohead.ratings.bradley_terry.style.control import StyleFit
from headtohead.stats.inputs import FloatArray

MODELS = ("a", "b", "c", "d", "e")
# First, second, then how often the first was better, the second was better, tie, both bad. Some
# pairs meet in both orders, some in one, and a-d and b-e never.
_CELLS = (
    (0, 1, 33, 21, 12, 3),
    (1, 0, 18, 29, 9, 5),
    (0, 2, 27, 11, 6, 2),
    (2, 0, 8, 19, 7, 4),
    (1, 2, 24, 17, 11, 6),
    (1, 3, 31, 14, 5, 1),
    (3, 1, 9, 22, 8, 3),
    (2, 3, 16, 13, 10, 7),
    (2, 4, 25, 9, 4, 2),
    (3, 4, 20, 12, 6, 5),
    (4, 3, 11, 15, 3, 2),
    (0, 4, 17, 3, 2, 1),
)
_FIRST, _SECOND, _OUTCOME = np.array(
    [(a, b, o) for a, b, *n in _CELLS for o in range(4) for _ in range(n[o])]
).T
_Z = 1.959963984540054
_BOARD = Counts.from_codes(MODELS, _FIRST, _SECOND, _OUTCOME)

# evalica 0.4.2
_EVALICA = [
    0.6798230353259679,
    0.3201014604042242,
    0.0110753086993775,
    -0.3070268650822582,
    -0.7039729393473112,
]
# choix 0.4.1
_CHOIX = [
    0.6798230353259624,
    0.3201014604042236,
    0.0110753086993607,
    -0.3070268650822409,
    -0.7039729393473058,
]
_CHOIX_DECISIVE = [
    0.8739273275428158,
    0.4059649039575237,
    0.0016497905603133,
    -0.3988555958223278,
    -0.8826864262383250,
]
# arena-rank 0.1.1
_ARENA_RANK = [
    1118.0973562888028,
    1055.6073174622295,
    1001.9239769097558,
    946.6639711695954,
    877.7073781696165,
]
_ARENA_RANK_WIDTHS = [
    72.56205182622966,
    63.8702324837908,
    64.67307968285502,
    69.27915274150018,
    92.27700220225427,
]
# FastChat, rating_systems.py of commit 0e6d3e4
_FASTCHAT = [
    1118.097292993058,
    1055.6073080353754,
    1001.9239596655303,
    946.6639844959977,
    877.7074548100385,
]
_FASTCHAT_STYLE = [
    0.7013130025846134,
    0.3260199532553556,
    0.0107861535117715,
    -0.3163923721272001,
    -0.7217267372245403,
]
_FASTCHAT_EFFECTS = [0.0187097770816485, 0.5213588252846107]
_FASTCHAT_RIDGE = [
    0.698445481633408,
    0.3244416108716031,
    0.0103897604204968,
    -0.3149896294634388,
    -0.7182872234620689,
]
_FASTCHAT_RIDGE_EFFECTS = [0.0176113078878246, 0.5189098133739218]


def _centred(strength: FloatArray) -> FloatArray:
    """Measured from the plain average, as the peers measure."""
    return np.asarray(strength - strength.mean(), dtype=np.float64)


def test_agrees_with_evalica() -> None:
    """Evalica: `tolerance` is tightened; a result at its `limit` is not told from any other.

    W = evalica.Winner
    won = [{"model_a": W.X, "model_b": W.Y}.get(o, W.Draw) for o in frame.winner]
    found = evalica.bradley_terry(frame.model_a, frame.model_b, won, tolerance=1e-14, limit=10**5)
    x = numpy.log(found.scores.reindex(MODELS)); x - x.mean()
    """
    assert _centred(fit(_BOARD, prior=0).strength) == pytest.approx(_EVALICA, abs=1e-6)


def test_agrees_with_choix() -> None:
    """Choix: half a win each for a tie, in its matrix of wins; then without ties.

    wins[i, j] = votes of i over j + ties of both / 2
    x = choix.ilsr_pairwise_dense(wins, alpha=0, max_iter=10**4, tol=1e-12); x - x.mean()
    x = choix.ilsr_pairwise(5, pairs_of_winner_and_loser, alpha=0, max_iter=10**4, tol=1e-12)
    """
    half, dropped = (fit(_BOARD, ties=t, prior=0).strength for t in ("half", "drop"))
    assert _centred(half) == pytest.approx(_CHOIX, abs=1e-6)
    assert _centred(dropped) == pytest.approx(_CHOIX_DECISIVE, abs=1e-6)


def test_agrees_with_arena_rank() -> None:
    """Arena-rank, as it comes: it stops at 1e-9 of the mean loss, here 4e-6 points from ours.

    found = BradleyTerry(5).compute_ratings_and_cis(PairDataset.from_pandas(frame))
    found["ratings"], found["rating_upper"] - found["rating_lower"]
    """
    fitted = fit(_BOARD, prior=0)
    ratings = 1000 + ELO * _centred(fitted.strength)
    assert ratings == pytest.approx(_ARENA_RANK, abs=1e-5)
    # Its intervals are of the difference to the plain average; ours to that by votes.
    turn = np.eye(5) - 1 / 5
    own = turn @ covariance(fitted) @ turn.T
    widths = 2 * _Z * ELO * np.sqrt(np.diag(own))
    # It adds 1e-5 a vote to the diagonal of the information, which makes its intervals shorter,
    # here by 0.9e-4 to 1.7e-4 of their width. With the same added, ours differ by 1e-8 of it.
    assert widths == pytest.approx(_ARENA_RANK_WIDTHS, rel=2e-4)
    assert (widths > _ARENA_RANK_WIDTHS).all()
    held = np.linalg.inv(fitted.information + 1e-5 * _BOARD.total * np.eye(5))
    own = held @ fitted.information @ own @ fitted.information @ held
    widths = 2 * _Z * ELO * np.sqrt(np.diag(own))
    assert widths == pytest.approx(_ARENA_RANK_WIDTHS, rel=5e-8)


def test_agrees_with_fastchat() -> None:
    """FastChat, as it comes: it stops 8e-5 points from ours, whatever its `tol`.

    rating_systems.compute_bt(frame).reindex(MODELS)
    """
    ratings = 1000 + ELO * _centred(fit(_BOARD, prior=0).strength)
    assert ratings == pytest.approx(_FASTCHAT, abs=2e-4)


def _style(ridge: float) -> StyleFit:
    k = np.arange(_FIRST.size)
    length = (37 * k % 101) - 60 + 12 * (_FIRST - _SECOND)
    bold = (11 * k % 17) - 8 + 3 * (_OUTCOME == 0)
    return style_of_votes(
        MODELS,
        _FIRST,
        _SECOND,
        _OUTCOME,
        np.column_stack([length, bold]),
        ("length", "bold"),
        prior=0,
        ridge=ridge,
        centre=True,
    )


def test_agrees_with_fastchats_style_control() -> None:
    """FastChat's contextual fit of the covariates in `_style`, x of shape (n, 2).

    It stops 6e-6 logits (strengths) and 1.2e-5 (effects) from ours.

    z = (x - x.mean(axis=0)) / x.std(axis=0)
    pairs, scores, models = rating_systems.preprocess_for_elo(frame)  # models in the order a to e
    p = rating_systems.fit_contextual_bt(pairs, z, scores, models, reg=0)
    x = p[:5] * numpy.log(10); x - x.mean(), p[5:]
    """
    found = _style(ridge=0)
    assert _centred(found.strength) == pytest.approx(_FASTCHAT_STYLE, abs=1e-4)
    assert found.effect == pytest.approx(_FASTCHAT_EFFECTS, abs=1e-4)


def test_fastchats_own_penalty_moves_little() -> None:
    """The same with its own `reg=0.5`, which pulls the strengths together too, and ours does not.

    p = rating_systems.fit_contextual_bt(pairs, z, scores, models)
    """
    found = _style(ridge=0.5)
    assert found.effect == pytest.approx(_FASTCHAT_RIDGE_EFFECTS, abs=2e-3)
    assert _centred(found.strength) == pytest.approx(_FASTCHAT_RIDGE, abs=5e-3)
