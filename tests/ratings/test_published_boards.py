"""Which board speaks: the right one, the nearest day, the default style, one publisher a day."""

from datetime import date
from typing import Any

import numpy as np
import polars as pl

from headtohead.core.dates import Period
from headtohead.core.question import Ask, Sides
from headtohead.ratings.published import best, board_rows, fronts, gap_on

DAY = date(2025, 12, 11)


def entrant(name: str, country: str, rating: float, **changes: Any) -> dict[str, Any]:
    return {
        "board": "text",
        "style_control": True,
        "category": "full",
        "model_name": name,
        "country": country,
        "rating_elo": rating,
        "rating_low_elo": rating - 3,
        "rating_high_elo": rating + 4,
        "observed_on": DAY,
        "source_id": "s",
        **changes,
    }


def ask(about: str = "2025-12-15", **scope: Any) -> Ask:
    words = {
        "board": "text",
        "style_control": True,
        "category": "full",
        "back_days": 120,
        "since": "2025-01-01",
        "a": "",
        "b": "",
        **scope,
    }
    return Ask(Period.parse(about), date(2026, 11, 1), Sides(), words, np.random.default_rng(0))


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema_overrides={"style_control": pl.Boolean()})


def names(made: pl.DataFrame) -> list[str]:
    return made["model_name"].to_list()


def test_style_board_and_category_must_fit_and_an_unstated_style_is_the_default() -> None:
    rows = frame(
        entrant("a", "US", 1),
        entrant("raw", "US", 1, style_control=False),
        entrant("unstated", "US", 1, style_control=None, observed_on=date(2025, 12, 12)),
        entrant("vision", "US", 1, board="vision"),
        entrant("coding", "US", 1, category="coding"),
    )
    assert names(board_rows(rows, ask())) == ["unstated"]
    assert names(board_rows(rows, ask("2025-12-11"))) == ["a"]
    assert names(board_rows(rows, ask(style_control=False))) == ["raw"]


def test_the_nearest_board_counts_later_ones_only_if_none_is_near_before() -> None:
    rows = frame(
        entrant("old", "US", 1, observed_on=date(2025, 1, 1)),
        entrant("late", "US", 1, observed_on=date(2025, 12, 30)),
        entrant("far", "US", 1, observed_on=date(2026, 2, 1)),
    )
    assert names(board_rows(rows, ask())) == ["late"]
    assert names(board_rows(rows, ask("2025-03-01"))) == ["old"]
    assert names(board_rows(rows, ask("2025-08-01"))) == []


def test_of_two_publishers_on_one_day_the_fuller_board_speaks() -> None:
    rows = frame(
        entrant("a", "US", 1, source_id="x"),
        entrant("a", "US", 2, source_id="y"),
        entrant("b", "CN", 1, source_id="y"),
    )
    assert sorted(names(board_rows(rows, ask()))) == ["a", "b"]


def test_the_best_is_the_highest_and_ties_fall_by_name() -> None:
    assert names(
        best(frame(entrant("b", "US", 5), entrant("a", "US", 5), entrant("c", "US", 1)))
    ) == ["a"]


def test_fronts_pair_the_sides_by_day_and_the_gap_has_mover_s_interval() -> None:
    rows = frame(
        entrant("us", "US", 1500),
        entrant("cn", "CN", 1440),
        entrant("alone", "US", 1400, observed_on=date(2025, 6, 1)),
    )
    points = fronts(rows, ask())
    assert names(points) == ["us", "cn"]
    gap = gap_on(points, DAY)
    assert (gap.value, gap.low, gap.high) == (-60, -65, -55)
