"""The unit registry: every numeric name ends in a unit, and numbers are shown with theirs."""

import math

import pytest

from headtohead.core.errors import UnknownName
from headtohead.core.units import counted_of, ratio_words, show, span_of, unit, unit_of, units
from headtohead.evidence.tables import tables


@pytest.mark.parametrize("table", tables().values(), ids=lambda t: t.name)
def test_every_numeric_column_ends_in_a_known_unit(table: object) -> None:
    for column in table.columns:  # type: ignore[attr-defined]
        if column.kind in ("real", "int"):
            assert unit_of(column.name), f"{column.name} needs a unit of data/units.toml as suffix"


@pytest.mark.parametrize("table", tables().values(), ids=lambda t: t.name)
def test_every_key_is_a_column(table: object) -> None:
    names = {c.name for c in table.all_columns}  # type: ignore[attr-defined]
    assert set(table.key) <= names  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("value", "suffix", "text"),
    [
        (0.149, "frac", "14.9%"),
        (109.1e9, "usd", "$109.1B"),
        (5_576_000, "usd", "$5.576M"),
        (1418.96, "elo", "1,419 rating points"),
        (14_400_000, "h100e", "14.4M H100-equivalents"),
        (11.73, "ratio", "11.73x"),
        (-2.0, "pp", "-2.0 percentage points"),
    ],
)
def test_a_number_is_shown_with_its_unit(value: float, suffix: str, text: str) -> None:
    assert show(value, suffix) == text


def test_an_unknown_unit_names_near_ones() -> None:
    with pytest.raises(UnknownName, match="month"):
        unit("month")


def test_ratings_and_indexes_have_no_zero() -> None:
    assert {u for u in ("elo", "index", "rank") if units()[u].scale == "interval"} == {
        "elo",
        "index",
        "rank",
    }


@pytest.mark.parametrize(
    ("many", "one"),
    [
        ("published figures", "published figure"),
        ("models at its level or above", "model at its level or above"),
        ("entrants on the board", "entrant on the board"),
        ("rules listed", "rule listed"),
        ("benchmarks of the index", "benchmark of the index"),
        ("season", "season"),
    ],
)
def test_one_of_a_kind_is_counted_in_the_singular(many: str, one: str) -> None:
    assert counted_of(1, many) == f"1 {one}"
    assert counted_of(1_200, many) == f"1,200 {many}"


def test_an_interval_without_an_end_is_said_in_words() -> None:
    ends = [(3, 8), (3, math.inf), (-math.inf, 8), (-math.inf, math.inf)]
    said = [span_of(low, high, lambda end: f"{end:g}") for low, high in ends]
    assert said == ["3 to 8", "at least 3", "at most 8", "not bounded"]


def test_an_empty_list_of_names_is_not_printed() -> None:
    error = UnknownName("scope word", "modls", ())
    assert error.hint == "There is no scope word to choose from here."
    assert "Known: topic." in UnknownName("scope word", "zzz", ("topic",)).hint


@pytest.mark.parametrize(
    ("ratio", "said"),
    [(1.84, "1.8"), (1.04, "1.04"), (0.96, "0.96"), (1.004, "1.004"), (1.0, "1"), (123.4, "123")],
)
def test_a_ratio_is_told_from_one(ratio: float, said: str) -> None:
    assert ratio_words(ratio) == said
