"""Which board speaks: the right one, the nearest day, the default style, one publisher a day."""

from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from headtohead.core.dates import Period
from headtohead.core.question import Ask, Sides
from headtohead.evidence.facts import Facts
from headtohead.evidence.store import Store
from headtohead.ratings.published import (
    best,
    board_rows,
    fronts,
    gap_between,
    gap_on,
    out_on,
    scale_breaks,
    stretches,
)

DAY = date(2025, 12, 11)


def entrant(name: str, country: str | None, rating: float, **changes: Any) -> dict[str, Any]:
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


def test_the_last_board_before_speaks_and_never_a_later_one() -> None:
    rows = frame(
        entrant("old", "US", 1, observed_on=date(2025, 1, 1)),
        entrant("near", "US", 1, observed_on=date(2025, 11, 5)),
        entrant("late", "US", 1, observed_on=date(2025, 12, 17)),
    )
    assert names(board_rows(rows, ask("2025-12-06"))) == ["near"]
    assert names(board_rows(rows, ask("2025-12"))) == ["late"]
    assert names(board_rows(rows, ask("2025-03-01"))) == ["old"]
    assert names(board_rows(rows, ask("2024-12-25"))) == []


def test_a_board_proves_that_its_entrants_were_out() -> None:
    rows = frame(
        entrant("dated", "US", 1, model_released_on=date(2025, 3, 1)),
        entrant("undated", "US", 1, model_released_on=None),
        entrant("undated", "US", 1, model_released_on=None, observed_on=date(2025, 5, 21)),
        entrant("before its day", "US", 1, model_released_on=date(2026, 1, 1)),
    )
    seen = out_on(board_rows(rows, ask()), rows)
    assert dict(seen.select("model_name", "out_on").iter_rows()) == {
        "dated": date(2025, 3, 1),
        "undated": date(2025, 5, 21),
        "before its day": DAY,
    }


def test_an_entrant_of_no_known_country_is_counted_where_sides_are_compared() -> None:
    rows = frame(entrant("us", "US", 1500), entrant("cn", "CN", 1440), entrant("?", None, 1))
    pair, gap, notes = gap_between(rows, ask())
    assert names(pair) == ["us", "cn"]
    assert gap is not None
    assert gap.value == -60
    assert notes == ("1 of 3 entrants is on no side: its country is not known",)


def test_boards_of_two_scales_or_far_apart_are_not_one_line() -> None:
    days = [date(2025, 1, 28), date(2025, 5, 21), date(2025, 6, 1), date(2025, 12, 11)]
    # 21 May 2025 has a new scale; after 1 June came none for half a year.
    assert stretches(days, "text", style_control=True) == [0, 1, 1, 2]
    # The scale of November 2025 breaks even boards that are near each other.
    near = [date(2025, 10, 20), date(2025, 11, 5), date(2025, 11, 20)]
    assert stretches(near, "text", style_control=True) == [0, 1, 1]
    assert stretches(near, "webdev", style_control=True) == [0, 0, 0]
    points = fronts(
        frame(
            *(
                entrant(name, country, rating, observed_on=day)
                for day in near
                for name, country, rating in (("us", "US", 1500), ("cn", "CN", 1440))
            )
        ),
        ask(),
    )
    assert points["stretch_n"].to_list() == [0, 0, 1, 1, 1, 1]


_JUMP = 15.0
_FEWEST = 10


def test_every_break_of_scale_is_in_the_boards_and_no_other(tmp_path: Path) -> None:
    boards = Facts(Store(tmp_path)).frame("arena_ratings", date(2026, 11, 28))
    boards = boards.filter(pl.col("category") == "full").with_columns(
        who=pl.coalesce(pl.concat_str("model_id", pl.col("mode").fill_null("")), "model_name"),
        style_control=pl.col("style_control").fill_null(True),
    )
    jumps: dict[tuple[str, bool], dict[date, float]] = {}
    for key, board in boards.group_by("board", "style_control"):
        days = board["observed_on"].unique().sort().to_list()
        for before, after in pairwise(days):
            first, second = (
                board.filter(pl.col("observed_on") == day)
                .group_by("who")
                .agg(pl.col("rating_elo").max())
                for day in (before, after)
            )
            both = first.join(second, on="who")
            moved = float(np.median(both["rating_elo_right"] - both["rating_elo"]))
            if both.height >= _FEWEST and abs(moved) > _JUMP:
                jumps.setdefault((str(key[0]), bool(key[1])), {})[after] = round(moved, 1)
    assert jumps == scale_breaks()


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
