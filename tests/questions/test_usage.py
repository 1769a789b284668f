"""Windows without gaps, and shares bounded for what nobody can attribute."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from headtohead.core.dates import Period
from headtohead.core.question import Ask, Sides
from headtohead.questions.usage import bounds, lead, windows

FIRST = date(2025, 12, 1)


def day(n: int, subject: str, country: str | None, tokens: int, **changes: Any) -> dict[str, Any]:
    start = FIRST + timedelta(days=n)
    return {
        "channel": "openrouter",
        "breakdown": "lab",
        "subject": subject,
        "country": country,
        "open": None,
        "tokens": tokens,
        "window_start": start,
        "window_end": start,
        "source_id": "s",
        **changes,
    }


def ask(about: str, **scope: Any) -> Ask:
    words = {"channel": "openrouter", "b": "", "days": 7, "back_days": 30, **scope}
    about_, as_of = Period.parse(about), date(2026, 1, 1)
    return Ask(about_, as_of, Sides(), words, np.random.default_rng(0))


def frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema_overrides={"country": pl.String(), "open": pl.String()})


def test_days_are_gathered_into_windows_and_a_gap_starts_a_new_one() -> None:
    rows = [day(n, "DeepSeek", "CN", 1) for n in (*range(7), *range(20, 29))]
    found = windows(frame(rows), ask("2025-12-31"))
    assert [(str(w.start), str(w.end)) for w in found] == [
        ("2025-12-01", "2025-12-07"),
        ("2025-12-21", "2025-12-27"),
    ]


def test_a_window_that_ends_after_the_day_asked_about_does_not_count() -> None:
    rows = [day(n, "DeepSeek", "CN", 1) for n in range(14)]
    found = windows(frame(rows), ask("2025-12-10"))
    assert [str(w.end) for w in found] == ["2025-12-07"]


def test_old_windows_do_not_speak_for_a_later_day() -> None:
    rows = [day(n, "DeepSeek", "CN", 1) for n in range(7)]
    assert windows(frame(rows), ask("2026-02-01")) == []


def test_months_stay_whole_and_only_rows_that_can_tell_the_side_count() -> None:
    month = {"breakdown": "access", "window_start": FIRST, "window_end": date(2025, 12, 31)}
    rows = [
        day(0, "open", None, 3, **{**month, "open": "open"}),
        day(0, "closed", None, 7, **{**month, "open": "closed"}),
        day(0, "DeepSeek", "CN", 5),
    ]
    (found,) = windows(frame(rows), ask("2025-12-31", b="open=open"))
    assert found.rows["subject"].to_list() == ["open", "closed"]


def test_the_share_is_bounded_by_what_is_lumped_or_has_no_known_maker() -> None:
    rows = frame(
        [
            day(0, "DeepSeek", "CN", 30),
            day(0, "OpenAI", "US", 40),
            day(0, "stealth", None, 10),
            day(0, "other", None, 20),
        ]
    )
    share = bounds(rows, "country=CN")
    assert share.low == pytest.approx(0.30)
    assert share.classified == pytest.approx(30 / 80)
    assert share.high == pytest.approx(0.60)
    ahead = lead(rows, "country=CN", "country=US")
    assert (ahead.value, ahead.low, ahead.high) == pytest.approx((-10, -40, 20))
