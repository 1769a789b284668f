"""The table of respondents by items, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulations import examples
from tests.trials.items.item_worlds import full

from headtohead.trials.items.runs import parts, tabulate


def test_counts_means_and_gaps() -> None:
    found = tabulate(["a", "b", "b"], ["x", "x", "y"], [0.4375, 0.5, 1], attempts=[4, 2, 1])
    assert found.respondents == ("a", "b")
    assert found.items == ("x", "y")
    np.testing.assert_allclose(found.score, [[0.4375, 0], [0.5, 1]])
    np.testing.assert_array_equal(found.attempts, [[4, 0], [2, 1]])
    np.testing.assert_array_equal(found.met, [[True, False], [True, True]])


def test_flags_the_extreme() -> None:
    found = full([[1, 1, 0.5], [1, 0, 0], [1, 0, 0]])
    assert found.extreme_items.tolist() == [True, False, False]
    assert found.extreme_respondents.tolist() == [False, False, False]
    assert full([[1, 1], [0, 1]]).extreme_respondents.tolist() == [True, False]


def test_names_the_parts() -> None:
    with pytest.raises(ValueError, match=r"2 parts .*'a', 'b' on 'x'; 'c' on 'y', 'z'; fit each"):
        tabulate(["a", "b", "c", "c"], ["x", "x", "y", "z"], [1, 0, 1, 0])


def test_shortens_long_lists_of_a_part() -> None:
    people = [f"p{k}" for k in range(9)]
    with pytest.raises(ValueError, match="'p0', 'p1', 'p2' and 6 more"):
        tabulate([*people, "q"], ["x"] * 9 + ["y"], [1.0] * 10)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"scores": [1, 0, 1.2, 0]}, r"1 scores lie outside 0 to 1, the first 1.2 of 'b' on 'x'"),
        ({"scores": [1, 0, -0.1, 0]}, "outside 0 to 1"),
        ({"scores": [1, 0, np.nan, 0]}, "not finite"),
        ({"scores": [1, 0, 1]}, "4 respondents for 3 values"),
        ({"items": ["x"] * 2, "respondents": ["a", "b"], "scores": [1, 0]}, "and 1 item:"),
        ({"items": ["x", "y"], "respondents": ["a"] * 2, "scores": [1, 0]}, "1 respondent and 2"),
    ],
)
def test_refuses(rows: dict[str, list[float]], message: str) -> None:
    good = {"respondents": list("aabb"), "items": list("xyxy"), "scores": [1, 0, 1, 0], **rows}
    with pytest.raises(ValueError, match=message):
        tabulate(**good)  # type: ignore[arg-type]


@settings(max_examples=examples(60))
@given(st.integers(2, 8), st.integers(2, 8), st.integers(0, 9999))
def test_parts_agree_with_scipy(people: int, things: int, seed: int) -> None:
    from scipy.sparse import csgraph

    met = np.random.default_rng(seed).random((people, things)) < 0.25
    met[0] |= ~met.any(axis=0)
    met[~met.any(axis=1), 0] = True
    table = full(np.zeros((people, things)))
    object.__setattr__(table, "attempts", met.astype(float))
    joined = np.block([[np.zeros((people, people)), met], [met.T, np.zeros((things, things))]])
    count, label = csgraph.connected_components(joined, directed=False)
    found = np.concatenate(parts(table))
    assert found.max() + 1 == count
    assert len(set(zip(found.tolist(), label.tolist(), strict=True))) == count
