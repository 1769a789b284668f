"""Scores, numbers and labels out of the values of files."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headtohead.files.records import count_of, labels_of, number_of, score_of, text_of


@pytest.mark.parametrize(
    ("value", "score"),
    [
        (True, 1.0),
        (False, 0.0),
        ("C", 1.0),
        ("I", 0.0),
        ("P", 0.5),
        ("N", 0.0),
        ("Correct", 1.0),
        (" unresolved ", 0.0),
        ("0.25", 0.25),
        (3, 3.0),
        (None, None),
        ("", None),
        (math.nan, None),
    ],
)
def test_scores(value: object, score: float | None) -> None:
    assert score_of(value) == score


@pytest.mark.parametrize("value", ["good", "1,5", math.inf, "-inf", [1], {"a": 1}])
def test_unknown_scores_are_never_guessed(value: object) -> None:
    with pytest.raises(ValueError, match=r"is (neither|not)"):
        score_of(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_and_its_text_are_the_same(value: float) -> None:
    assert number_of(value) == number_of(repr(value)) == value


@pytest.mark.parametrize("value", [True, "correct", "x"])
def test_words_are_no_numbers(value: object) -> None:
    with pytest.raises(ValueError, match="number"):
        number_of(value)


def test_counts_are_whole() -> None:
    assert [count_of(x) for x in (3, "3", 3.0, None, "")] == [3, 3, 3, 0, 0]
    for wrong in (-1, 1.5, "2.5", True):
        with pytest.raises(ValueError, match="not a"):
            count_of(wrong)


def test_labels_are_short_scalars() -> None:
    found = dict(labels_of({"a": 1.0, "b": {"c": True, "d": [1]}, "e": "x" * 201, "f": None}))
    assert found == {"a": "1", "b.c": "true"}
    assert text_of({"b": 1, "a": 2}) == '{"a":2,"b":1}'
