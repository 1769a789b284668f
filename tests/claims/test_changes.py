"""What `h2h diff` says changed in prices and places."""

from datetime import date
from typing import Any

import polars as pl

from headtohead.claims.changes import price_changes, rank_changes

DAY, LATER = date(2025, 11, 1), date(2025, 12, 1)


def board(day: date, *names: str, source: str = "one", **other: Any) -> pl.DataFrame:
    """A text board on which each name stands 10 points above the next."""
    return pl.DataFrame(
        [
            {
                "board": "text",
                "category": "full",
                "style_control": True,
                "model_name": name,
                "model_id": None,
                "rating_elo": 1500.0 - 10 * i,
                "observed_on": day,
                "known_on": day,
                "source_id": source,
                **other,
            }
            for i, name in enumerate(names)
        ],
        schema_overrides={"model_id": pl.String},
    )


def moves(before: pl.DataFrame, after: pl.DataFrame, top: int = 9) -> list[tuple[str, str, str]]:
    return [(c.subject, c.before, c.after) for c in rank_changes(before, after, top=top)]


def test_places_that_moved_come_by_new_place_and_the_departed_last_by_old() -> None:
    before = board(DAY, "a", "b", "c", "z", "y", "x")
    after = pl.concat([before, board(LATER, "c", "b", "n")])
    assert moves(before, after) == [
        ("c", "place 3", "place 1"),
        ("n", "not on the board", "place 3"),
        ("a", "place 1", "not on the board"),
        ("z", "place 4", "not on the board"),
        ("y", "place 5", "not on the board"),
        ("x", "place 6", "not on the board"),
    ]


def test_a_change_is_known_by_the_day_of_the_later_board() -> None:
    before = board(DAY, "a", "b")
    after = pl.concat([before, board(LATER, "b")])
    assert {c.known_on for c in rank_changes(before, after, top=9)} == {LATER}


def test_places_below_the_top_on_both_days_are_left_out() -> None:
    assert moves(board(DAY, "a", "b", "c"), board(LATER, "a", "c", "b"), top=1) == []


def test_a_second_publisher_of_the_same_board_moves_no_place() -> None:
    before = board(DAY, "a", "b", "c")
    twice = pl.concat([board(LATER, "a", "b", "c"), board(LATER, "A!", "B!", source="two")])
    assert moves(before, twice) == []


def test_another_board_or_an_empty_one_moves_no_place() -> None:
    before = board(DAY, "a", "b")
    assert moves(before, pl.concat([before, board(LATER, "b", "a", board="vision")])) == []
    assert moves(before.clear(), before.clear()) == []


def prices(model: str, output: float, day: date) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "model_id": model,
                "input_usd_per_mtok": 0.28,
                "output_usd_per_mtok": output,
                "valid_from": day,
                "known_on": day,
                "basis": "snapshot",
                "source_id": "one",
            }
        ]
    )


def test_only_prices_that_were_in_force_before_can_change() -> None:
    after = pl.concat(
        [prices("m", 0.42, LATER), prices("same", 1.0, DAY), prices("new", 1.0, LATER)]
    )
    found = price_changes(pl.concat([prices("m", 1.1, DAY), prices("same", 1.0, DAY)]), after)
    assert [(c.subject, c.before, c.after, c.why, c.source_ids) for c in found] == [
        (
            "m",
            "$0.28 in, $1.10 out per million tokens",
            "$0.28 in, $0.42 out per million tokens",
            "in force since 2025-12-01, known on 2025-12-01, seen in an edition of a list (one)",
            ("one",),
        )
    ]
