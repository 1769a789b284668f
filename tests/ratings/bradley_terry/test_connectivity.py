"""Which comparisons the votes allow: planted boards, and a second implementation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize
from scipy.sparse import csgraph
from tests.ratings.bradley_terry.boards import board
from tests.simulations import examples

from headtohead.ratings.bradley_terry.counts import Counts, connectivity
from headtohead.ratings.bradley_terry.fit import fit

_CORE = board(("a", "b", 5, 4, 1), ("b", "c", 3, 6), ("a", "c", 4, 4))
_VOTES = st.lists(
    st.tuples(st.integers(0, 5), st.integers(1, 5), st.sampled_from([0, 0, 0, 1, 1, 2])),
    min_size=1,
    max_size=14,
)


def _flags(counts: Counts) -> dict[str, str]:
    """Open ends of each model: + above, - below."""
    found = connectivity(counts)
    return {
        name: "+" * int(up) + "-" * int(down)
        for name, up, down in zip(counts.models, found.above, found.below, strict=True)
        if up or down
    }


# ---------------------------------------------------------------- planted boards


def test_a_whole_board_is_connected_and_bounded() -> None:
    found = connectivity(_CORE)
    assert found.connected
    assert found.bounded
    assert found.component.tolist() == found.block.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("votes", "flags"),
    [
        (("new", "a", 5, 0), {"new": "+"}),  # undefeated
        (("new", "a", 0, 5), {"new": "-"}),  # winless
        (("new", "a", 1, 0), {"new": "+"}),  # one vote
        (("new", "a", 5, 0, 1), {}),  # a tie bounds it
        (("new", "a", 0, 0, 1), {}),
    ],
)
def test_a_newcomer_with_a_clean_record(
    votes: tuple[str | int, ...], flags: dict[str, str]
) -> None:
    assert _flags(_CORE + board(votes)) == flags


def test_undefeated_models_may_stand_on_each_other() -> None:
    # x lost to y only, which never lost: nothing bounds either from above.
    up = board(("x", "a", 3, 0), ("y", "x", 2, 0))
    assert _flags(_CORE + up) == {"x": "+", "y": "+"}
    # z lost to x only: below x, but above or below the rest nobody knows.
    assert _flags(_CORE + up + board(("x", "z", 1, 0))) == {"x": "+", "y": "+", "z": "+-"}


def test_a_block_above_is_one_block() -> None:
    pair = board(("x", "y", 2, 3), ("x", "a", 1, 0))
    found = connectivity(_CORE + pair)
    assert found.block.tolist() == [0, 0, 0, 1, 1]
    assert _flags(_CORE + pair) == {"x": "+", "y": "+"}
    # One loss of either joins it to the rest.
    assert _flags(_CORE + pair + board(("c", "y", 1, 0))) == {}


def test_a_chain_leaves_every_gap_open() -> None:
    assert _flags(board(("a", "b", 4, 0), ("b", "c", 4, 0))) == {"a": "+", "b": "+-", "c": "-"}


def test_two_models() -> None:
    assert _flags(board(("a", "b", 3, 0))) == {"a": "+", "b": "-"}
    assert _flags(board(("a", "b", 0, 0, 3))) == {}
    assert _flags(board(("a", "b", 1, 1))) == {}


def test_parts_are_numbered_from_the_largest() -> None:
    found = connectivity(
        _CORE + board(("x", "y", 1, 1)) + board(("B", "A", 0, 2), ("B", "C", 2, 0))
    )
    # A, B, C, a, b, c, x, y: two parts of three models, in the order of their names.
    assert found.component.tolist() == [0, 0, 0, 1, 1, 1, 2, 2]
    assert not found.connected
    assert found.above.tolist() == [True, True, False, *[False] * 5]
    assert found.below.tolist() == [False, True, True, *[False] * 5]


def test_dropped_ties_join_nothing() -> None:
    counts = board(("a", "b", 3, 1), ("c", "a", 0, 0, 9))
    assert connectivity(counts).connected
    assert not connectivity(counts, ties_count=False).connected
    fitted = fit(counts, ties="drop")
    assert fitted.counts.models == ("a", "b")


def test_no_votes() -> None:
    found = connectivity(Counts.none())
    assert found.connected
    assert found.bounded
    assert found.component.shape == (0,)


# ---------------------------------------------------------------- second implementations


@settings(max_examples=examples(200))
@given(_VOTES)
def test_agrees_with_scipys_graphs(votes: list[tuple[int, int, int]]) -> None:
    counts = board(*((str(a), str((a + k) % 6), *np.eye(3, dtype=int)[o]) for a, k, o in votes))
    m = len(counts.models)
    beat = np.zeros((m, m), dtype=bool)
    for a, b, (x, y, *ties) in zip(counts.first, counts.second, counts.votes, strict=True):
        beat[a, b] |= x + sum(ties) > 0
        beat[b, a] |= y + sum(ties) > 0
    found = connectivity(counts)
    for mine, connection in ((found.component, "weak"), (found.block, "strong")):
        _, theirs = csgraph.connected_components(beat, connection=connection)
        same = mine[:, None] == mine[None, :]
        assert np.array_equal(same, theirs[:, None] == theirs[None, :])
        sizes = np.bincount(mine)
        assert connection == "strong" or (np.diff(sizes) <= 0).all()
    assert found.bounded == (found.component.max() == found.block.max())
    reach = np.isfinite(csgraph.shortest_path(beat, unweighted=True))
    for number in range(found.component.max() + 1):
        members = np.flatnonzero(found.component == number)
        blocks = found.block[members]
        main = members[blocks == blocks.min()]
        if main.size > 1 or members.size == 1:
            assert np.array_equal(found.above[members], ~reach[main[0], members])
            assert np.array_equal(found.below[members], ~reach[members, main[0]])


@settings(max_examples=examples(100))
@given(_VOTES)
def test_bounded_is_that_the_likelihood_has_a_maximum(votes: list[tuple[int, int, int]]) -> None:
    # It has none if strengths can move so that no vote gets less likely and one more likely.
    counts = board(*((str(a), str((a + k) % 6), *np.eye(3, dtype=int)[o]) for a, k, o in votes))
    m = len(counts.models)
    rows = []
    for a, b, (x, y, *ties) in zip(counts.first, counts.second, counts.votes, strict=True):
        lift = np.eye(m)[a] - np.eye(m)[b]
        rows += [lift] if x + sum(ties) else []
        rows += [-lift] if y + sum(ties) else []
    lifts = np.array(rows)
    best = optimize.linprog(-lifts.sum(axis=0), -lifts, np.zeros(len(rows)), bounds=(-1, 1))
    assert connectivity(counts).bounded == (-best.fun < 1e-9)
    if not counts.scores[:, :2].any():
        return  # ties only: every fit refuses
    if connectivity(counts).bounded:
        assert np.abs(fit(counts, prior=0).strength).max() < 20
    else:
        with pytest.raises(ValueError, match="never lost, or never won"):
            fit(counts, prior=0)
        assert np.isfinite(fit(counts).strength).all()
