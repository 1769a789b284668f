"""Logged calls are priced at their own instant: the hour, and the day."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.prices.test_in_force import SCHEMA, both

from headtohead import compare
from headtohead.logs.calls import Call, Usage
from headtohead.prices import in_force
from headtohead.prices.at_calls import Prices
from headtohead.prices.rates import cost_usd

DAY = date(2026, 9, 1)  # a Tuesday
PEAK, OFF_PEAK = "2026-09-01T02:00:00Z", "2026-09-01T05:00:00Z"
USAGE = Usage(input_tokens=1_000_000, output_tokens=1_000_000)


def costs(prices: Prices, *started: str, model: str = "deepseek-v4-pro") -> list[float]:
    found = []
    for n, time in enumerate(started):
        rates = prices.rates_at(model, Call(key=str(n), started=time))
        assert rates is not None
        found.append(round(cost_usd(USAGE, rates), 4))
    return found


def test_calls_in_peak_hours_cost_the_peak_price_and_are_counted() -> None:
    prices = Prices(DAY)
    assert costs(prices, PEAK, PEAK, OFF_PEAK, "2026-09-01T10:30:00+08:00", "2026-09-01", "") == [
        *(5.28, 5.28, 2.64, 5.28),
        *(2.64, 2.64),
    ]
    notes = " ".join(prices.notes)
    assert "3 of 6 priced calls fell in the hours of another price: $1.32 in" in notes
    assert "2 of 6 priced calls tell no time of day and take the off-peak price" in notes


def test_calls_before_a_change_cost_what_was_in_force_then() -> None:
    prices = Prices(DAY)
    before = Prices(date(2026, 8, 10)).rates("deepseek-v4-pro")
    assert before is not None
    early = "2026-08-10T12:00:00Z"
    old = round(cost_usd(USAGE, before), 4)
    assert costs(prices, early, early, "2026-08-29T12:00:00Z") == [old, old, 2.64]
    assert old != 2.64
    assert any("2 of 3 priced calls were made when another" in note for note in prices.notes)
    again = prices.rates_at("deepseek-v4-pro", Call(key="k", started=early), on_its_day=False)
    assert again is not None
    assert round(cost_usd(USAGE, again), 4) == 2.64


def test_on_the_day_of_a_change_the_moment_counts() -> None:
    """DeepSeek changed its prices on 2026-08-16 at 16:00 UTC."""
    times = [f"2026-08-16T{time}:00Z" for time in ("03:00", "15:59", "16:00")]
    assert costs(Prices(DAY), *times) == [1.305, 1.305, 2.64]


def test_many_days_at_one_price_are_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    prices = Prices(DAY)
    read, worked_out = counted(monkeypatch, prices)
    costs(prices, *(f"2026-08-{d:02}T12:00:00Z" for d in range(17, 32)))
    assert len(worked_out) < 4
    assert len(read) == 1


@pytest.mark.parametrize("model", ["gpt-5", "deepseek-chat", "llama-3.1-405b-instruct"])
def test_a_year_of_calls_reads_the_prices_once_for_each_meaning_of_the_name(
    monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    """A word that moves is read once for each model it stood for, whatever changed meanwhile."""
    prices = Prices(date(2026, 10, 31))
    read, worked_out = counted(monkeypatch, prices)
    hours = [datetime(2025, 10, 31, tzinfo=UTC) + timedelta(hours=6 * n) for n in range(4 * 365)]
    costs(prices, *(at.isoformat() for at in hours), model=model)
    assert len(read) <= 4
    assert len(worked_out) <= 24


def counted(monkeypatch: pytest.MonkeyPatch, prices: Prices) -> tuple[list[Any], list[Any]]:
    """The reads of the table, and the prices worked out of it, as they come."""
    read: list[Any] = []
    worked_out: list[Any] = []
    frame, price = prices.facts.frame, in_force.price_in_force

    def counts(*args: Any, **choices: Any) -> Any:
        worked_out.append(args)
        return price(*args, **choices)

    def reads(*args: Any, **choices: Any) -> Any:
        read.append(choices)
        return frame(*args, **choices)

    monkeypatch.setattr(prices.facts, "frame", reads)
    monkeypatch.setattr(in_force, "price_in_force", counts)
    return read, worked_out


def test_another_sellers_change_leaves_a_call_of_its_day_at_the_price_of_that_hour() -> None:
    """Each list turns at its own moment, or at midnight where it names none."""
    day = date(2026, 3, 10)
    noon = datetime(2026, 3, 10, 12, tzinfo=UTC)
    at_noon = {"valid_from": day, "valid_from_at": noon}
    course = in_force.Course(
        pl.DataFrame(
            [
                *both(1, 2, source_id="a"),
                *both(3, 4, source_id="a", valid_from=day),
                *both(5, 6, source_id="b", provider="host", operator="host"),
                *both(7, 8, source_id="b", provider="host", operator="host", **at_noon),
            ],
            schema_overrides=SCHEMA,
        ),
        "lab/m",
    )

    def paid(at: date | datetime, rule: str = "maker") -> float:
        found = course.at(at, rule=rule)
        assert found is not None
        return found.usd_per_mtok["input"]

    morning = noon - timedelta(hours=2)
    assert [paid(morning), paid(noon), paid(day)] == [3, 3, 3]
    assert paid(morning - timedelta(days=1)) == 1
    assert [paid(at, "host") for at in (morning, noon, day)] == [5, 7, 7]
    assert course.at(datetime(2024, 1, 1, tzinfo=UTC), rule="maker") is None


@pytest.mark.parametrize(
    ("started", "at"),
    [
        ("2026-09-01T02:00:00", datetime(2026, 9, 1, 2, tzinfo=UTC)),
        ("2026-09-01T02:00:00+02:00", datetime(2026, 9, 1, 0, tzinfo=UTC)),
        ("1788228000", datetime(2026, 9, 1, 2, tzinfo=UTC)),
        ("1788228000000", datetime(2026, 9, 1, 2, tzinfo=UTC)),
        ("1788228000.5", datetime(2026, 9, 1, 2, 0, 0, 500000, tzinfo=UTC)),
        *((text, None) for text in ("", "2026-09-01", "20260901", "yesterday at noon", "9" * 30)),
        ("0001-01-01T00:00:00+02:00", None),
    ],
)
def test_a_time_is_read_where_there_is_one(started: str, at: datetime | None) -> None:
    assert Call(key="k", started=started).instant == at


def test_compare_prices_each_call_at_its_hour(tmp_path: Path) -> None:
    tokens = {"input_tokens": 1_000_000, "output_tokens": 1_000_000, "started": PEAK}
    for model in ("deepseek-v4-pro", "gpt-5"):
        rows = [{"key": f"k{n}", "model": model, "score": n % 2, **tokens} for n in range(60)]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / f"{model}.jsonl").write_text(text, encoding="utf-8")
    paths = [str(tmp_path / f"{model}.jsonl") for model in ("deepseek-v4-pro", "gpt-5")]
    found = compare(*paths, prices=True, as_of=str(DAY))
    assert found.details.money.a_usd == pytest.approx(5.28)
    assert found.details.money.ratio.value == pytest.approx(11.25 / 5.28)
    assert "2.13 (these items give no interval) times as much" in found.sheet.sentence
    assert any("60 of 60 priced calls fell in" in note for note in found.sheet.notes)
