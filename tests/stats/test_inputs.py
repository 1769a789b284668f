"""What the estimators refuse."""

import math

import numpy as np
import pytest

from headtohead.stats.inputs import (
    check_count,
    check_level,
    label_list,
    same_length,
    spreads,
    vector,
    whole_days,
)


def test_vector_takes_a_number_or_a_list() -> None:
    assert vector(3, "x").tolist() == [3.0]
    assert vector([1, 2], "x").tolist() == [1.0, 2.0]


def test_vector_says_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="x has 2 values that are not finite"):
        vector([1, math.nan, math.inf], "x")
    with pytest.raises(ValueError, match="at least 3 are needed"):
        vector([1, 2], "x", least=3)
    with pytest.raises(ValueError, match="2 dimensions"):
        vector([[1.0, 2.0]], "x")


def test_lengths_and_labels_must_fit() -> None:
    with pytest.raises(ValueError, match="'a': 1, 'b': 2"):
        same_length(a=vector([1], "a"), b=vector([1, 2], "b"))
    with pytest.raises(ValueError, match="1 labels for 2 values"):
        label_list(["x"], 2, "labels")
    assert label_list(np.array([True, False]), 2, "labels") == [True, False]


def test_days_are_whole() -> None:
    assert whole_days([1.0, 2.0], "days").dtype == np.int64
    with pytest.raises(ValueError, match="whole days"):
        whole_days([1.5], "days")


def test_spreads_serve_one_or_all() -> None:
    like = vector([1, 2, 3], "x")
    assert spreads(2, like, "sd").tolist() == [2, 2, 2]
    with pytest.raises(ValueError, match="2 values for 3 entries"):
        spreads([1, 2], like, "sd")
    with pytest.raises(ValueError, match="negative"):
        spreads(-1, like, "sd")


def test_levels_and_counts() -> None:
    for level in (0, 1, 95, math.nan):
        with pytest.raises(ValueError, match="between 0 and 1"):
            check_level(level)
    for count in (1.5, -1):
        with pytest.raises(ValueError, match="whole number"):
            check_count(count, "n")
