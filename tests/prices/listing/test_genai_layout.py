"""The layout of genai-prices, computed as its package does: the last condition that holds."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.simulations import leading

from headtohead import list_prices
from headtohead.cli import main
from headtohead.core.dates import instant
from headtohead.core.errors import InputError
from headtohead.evidence.sources import genai_prices
from headtohead.evidence.sourcing import RawFile, RawFiles
from headtohead.evidence.store import Store
from headtohead.prices.at_calls import Prices
from headtohead.prices.hours import Hours
from headtohead.prices.in_force import Band, ListPrice
from headtohead.prices.listing.export import genai_layout
from headtohead.prices.listing.history import PriceStep, history

AS_OF = date(2026, 10, 31)
HOURS = Hours.parse("16:30 to 00:30 UTC")


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Prices:
    return Prices(AS_OF, Store(tmp_path_factory.mktemp("home")))


def in_force(prices: list[dict[str, Any]], at: datetime) -> dict[str, Any]:
    """What genai-prices takes: the last price whose condition holds."""
    taken = prices[0]["prices"]
    for one in prices:
        condition = one.get("constraint", {})
        if "start_date" in condition:
            holds = at.date() >= date.fromisoformat(condition["start_date"])
        elif condition:
            clock = at.strftime("%H:%M:%S")
            holds = condition["start_time"][:8] <= clock < condition["end_time"][:8]
        else:
            holds = True
        taken = one["prices"] if holds else taken
    return dict(taken)


@pytest.mark.parametrize(
    "model", leading(["deepseek-chat", "o3", "gpt-5.6-luna", "claude-sonnet-5"])
)
def test_prices_read_from_the_layout_are_ours(prices: Prices, model: str) -> None:
    steps = history(prices, model)
    made = genai_layout({model: steps})
    (provider,) = made.providers
    said = provider["models"][0]["prices"]
    # The layout has days, so that the day of a change has the price after it.
    turning = {
        step.since.date() for step in steps if (step.since.hour, step.since.minute) != (0, 0)
    }
    compared = 0
    for days in range(0, 600, 9):
        at = instant("2025-02-10") + timedelta(days=days)
        step = next((s for s in steps if s.holds(at)), None)
        if step and step.price and at.date() not in turning:
            usd = in_force(said, at)
            base = usd["input_mtok"]
            base = base["base"] if isinstance(base, dict) else base
            assert base == step.price.usd_per_mtok["input"], at
            compared += 1
    assert compared > 3


def price(**more: Any) -> ListPrice:
    given: dict[str, Any] = {
        "model": "lab/m",
        "name": "m",
        "provider": "lab",
        "operator": "lab",
        "rule": "maker",
        "usd_per_mtok": {"input": 1.0, "output": 4.0},
        "band": "",
        "since": date(2025, 1, 1),
        "basis": "documented",
        "source_id": "s",
        "row_url": "",
    }
    return ListPrice(**(given | more))


def layout(*prices: ListPrice) -> tuple[Any, dict[str, int]]:
    starts = [instant(f"2025-0{n}-01T00:00Z") for n in range(1, len(prices) + 2)]
    steps = [PriceStep(starts[n], starts[n + 1], one) for n, one in enumerate(prices)]
    made = genai_layout({"m": steps})
    return made.providers[0]["models"][0]["prices"], dict(made.left_out)


def test_hours_over_midnight_are_cut_in_two() -> None:
    said, left_out = layout(price(bands=(Band("off-peak", {"input": 0.5}, HOURS),)))
    windows = [one["constraint"] for one in said[1:]]
    assert [(w["start_time"], w["end_time"]) for w in windows] == [
        ("16:30:00Z", "23:59:59.999999Z"),
        ("00:00:00Z", "00:30:00Z"),
    ]
    assert in_force(said, instant("2025-06-01T23:00Z"))["input_mtok"] == 0.5
    assert in_force(said, instant("2025-06-01T12:00Z"))["input_mtok"] == 1.0
    assert left_out == {}


def test_what_the_layout_cannot_say_is_counted() -> None:
    weekdays = Hours.parse("01:00 to 04:00 UTC on weekdays")
    said, left_out = layout(price(bands=(Band("peak", {"input": 2.0}, weekdays),)))
    assert said == {"input_mtok": 1.0, "output_mtok": 4.0}
    assert left_out == {"prices of weekdays: the layout has hours of every day": 1}
    cheaper = price(usd_per_mtok={"input": 0.5, "output": 4.0})
    _, left_out = layout(cheaper, price(bands=(Band("off-peak", {"input": 0.5}, HOURS),)))
    assert list(left_out) == [
        "prices by the hour after a change of day: the layout has one or the other"
    ]
    assert genai_layout({"m": ()}).left_out == {"a name without a price": 1}


def test_long_prompts_are_tiers() -> None:
    said, _ = layout(price(bands=(Band("over 200,000 tokens", {"input": 2.0}, None, 200_000),)))
    assert said["input_mtok"] == {"base": 1.0, "tiers": [{"start": 200_000, "price": 2.0}]}
    assert said["output_mtok"] == 4.0


def test_our_own_importer_reads_what_is_written(prices: Prices, tmp_path: Path) -> None:
    path = tmp_path / "data_v2.json"
    words = ["prices", "claude-sonnet-5", "--at", "2026-08-01", "--as-of", str(AS_OF)]
    store = str(prices.facts.store.home)
    printed = CliRunner().invoke(main, [*words, "--store", store, "--export", str(path)])
    assert printed.exit_code == 0, printed.output
    given = json.loads(path.read_text("utf-8"))
    assert [one["id"] for one in given] == ["anthropic"]
    files = (RawFile("data_v2.json", path.read_bytes()),)
    raw = RawFiles("genai_prices", files, known_on=date(2026, 8, 1))
    rows = [r for r in genai_prices.parse(raw).rows["prices"] if r["token_kind"] == "input"]
    inputs = {row["valid_from"]: row["price_usd_per_mtok"] for row in rows}
    assert inputs == {date(2026, 8, 1): 2.0, date(2026, 9, 1): 3.0}


def test_only_a_listing_can_be_written_so(prices: Prices) -> None:
    result = list_prices("gpt-4", audit=True, as_of=AS_OF, store=prices.facts.store)
    with pytest.raises(InputError, match="Only the prices of one model"):
        result.to_genai_prices()
