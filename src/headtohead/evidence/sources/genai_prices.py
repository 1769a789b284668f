"""pydantic's genai-prices: current list prices of many providers, a few with a first day or hours.

The file is an edition: it says what holds now, and for some models what comes on a stated day.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from headtohead.evidence.shared import context_tier, price_row, usd_per_mtok
from headtohead.evidence.sourcing import Download, Parsed, RawFiles, Record, Source, records_in

SOURCE = Source(
    source_id="genai_prices",
    publisher="Pydantic",
    product="genai-prices, data file v2",
    citation="Pydantic and contributors. genai-prices: prices of LLM inference (MIT).",
    url="https://github.com/pydantic/genai-prices",
    licence="MIT",
    ship="yes",
    downloads=(
        Download(
            "data_v2.json",
            "https://raw.githubusercontent.com/pydantic/genai-prices/main/prices/new_data/v2/data.json",
        ),
    ),
    patterns=("data_v2.json", "data_v2.json.gz"),
    rows={"prices": (1_500, 40_000)},
    whole=True,
)

_ID = "genai_prices"
_PER_TOKEN = re.compile(
    r"(?P<kind>(?:input|output)(?:_(?:text|audio|image|video))?(?:_(?:tool|reasoning|citation))?"
    r"|cache(?:_(?:text|audio|image|video))?_(?:read|write)(?:_(?:5m|1h))?)_mtok"
)
_OTHER_UNIT = re.compile(r"[a-z_]+_(?:kcount|mchars|hours|gpixels|kpages)|audio_hours")
# The other price lists call these by shorter names.
_KINDS = {"output_reasoning": "reasoning", "output_citation": "citation"}
_HOURS_A_DAY = 24

_Prices = dict[tuple[str, str], float]


@dataclass(frozen=True, slots=True)
class _Offer:
    """Where one model's rows go, and what they share."""

    parsed: Parsed
    vintage: date
    where: str
    provider: str
    name: str
    url: str | None
    note: str | None

    def add(
        self,
        prices: Mapping[tuple[str, str], float | None],
        start: date | None = None,
        end: date | None = None,
        hours: str = "",
    ) -> None:
        """One row a price; without a start, the edition's day is all we know."""
        for (tier, kind), price in prices.items():
            row = price_row(
                (self.provider, self.name, tier, kind),
                price,
                start or self.vintage,
                basis="documented" if start else "snapshot",
                known_on=self.vintage,
                valid_to=end,
                vintage=self.vintage,
                row_url=self.url,
                hours_utc=hours or None,
                note=self.note,
            )
            self.parsed.add("prices", row)


def parse(raw: RawFiles) -> Parsed:
    """Every provider's prices in the edition, and those announced in it."""
    parsed = Parsed()
    f = raw.one("data_v2.json*")
    given = json.loads(f.text(), parse_float=Decimal)
    for provider in records_in(_ID, f"{f.name} provider", given):
        name = provider.text("id")
        urls = provider.items_maybe("pricing_urls")
        for entry in provider.items("models"):
            _model(parsed, raw.known_on, (f.name, name, urls[0] if urls else None), entry)
        provider.skip("name", "description", "price_comments", "api_pattern", "extractors")
        provider.done("model_match", "provider_match", "fallback_model_providers")
    return parsed


def _model(
    parsed: Parsed, vintage: date, whose: tuple[str, str, str | None], fields: Mapping[str, Any]
) -> None:
    file, provider, url = whose
    record = Record(_ID, f"{file} {provider}", fields)
    name = record.text("id")
    note = "deprecated by its provider" if record.maybe("deprecated") else None
    model = _Offer(parsed, vintage, f"{file} {provider}/{name}", provider, name, url, note)
    prices = record.take("prices")
    # Rules that match names in requests to models: our own alias list does that, with dates.
    record.done("match", "name", "description", "context_window", "price_comments")
    if isinstance(prices, list):
        _conditional(model, prices)
    else:
        model.add(_prices(model, prices))


def _conditional(model: _Offer, conditions: list[Mapping[str, Any]]) -> None:
    """Prices of which the last whose condition holds is in force."""
    always: _Prices = {}
    dated: list[tuple[date, _Prices]] = []
    # Hours of every day with prices of their own: the prices, how many hours, and which.
    windows: list[tuple[_Prices, float, str]] = []
    for record in records_in(_ID, f"{model.where} prices", conditions):
        prices = _prices(model, record.take("prices"))
        condition = record.part("constraint", record.maybe("constraint", {}))
        record.done()
        if condition.has("start_date"):
            dated.append((condition.day("start_date"), prices))
        elif condition.has("start_time"):
            start, end = (condition.convert(f"{end}_time", _minutes) for end in ("start", "end"))
            text = f"{start // 60:02}:{start % 60:02} to {end // 60:02}:{end % 60:02} UTC"
            hours = ((end - start) % (_HOURS_A_DAY * 60)) / 60
            windows.append((prices, hours, text))
        else:
            always = prices
        condition.done()
    if not windows:
        _by_day(model, always, sorted(dated, key=lambda d: d[0]))
        return
    if dated or len(windows) > 1:
        model.parsed.drop("prices by hour that one window of the day cannot express")
        return
    # A price list that changes with the hour: what holds for more of the day is standard.
    special, length, window = windows[0]
    inside = length * 2 >= _HOURS_A_DAY
    usual, other = (special, always) if inside else (always, special)
    cheaper = other.get(("standard", "input"), 0.0) < usual.get(("standard", "input"), 0.0)
    tier = "off_peak" if cheaper else "peak"
    model.add(usual, hours=window if inside else f"outside {window}")
    shifted = {
        (tier if name == "standard" else f"{tier}_{name}", kind): price
        for (name, kind), price in other.items()
    }
    model.add(shifted, hours=f"outside {window}" if inside else window)


def _by_day(model: _Offer, always: _Prices, dated: list[tuple[date, _Prices]]) -> None:
    """A price list that changes on stated days."""
    ends = [*(start for start, _ in dated), None]
    first = ends[0]
    if first is None or first > model.vintage:
        model.add(always, end=first)
    elif always:
        model.parsed.drop("a price that ended before this edition, its first day is not given")
    before: _Prices = {}
    for (start, prices), end in zip(dated, ends[1:], strict=True):
        model.add(prices, start, end)
        model.add({key: None for key in before if key not in prices}, start)
        before = prices


def _minutes(text: str) -> int:
    at = datetime.fromisoformat(f"2000-01-01T{text}")
    if at.tzinfo is None or at.utcoffset() or at.second:
        raise ValueError(text)
    return at.hour * 60 + at.minute


def _prices(model: _Offer, fields: Mapping[str, Any]) -> _Prices:
    """(tier, token kind) -> price."""
    prices: _Prices = {}
    record = Record(_ID, f"{model.where} prices", fields)
    for name, value in record.rest().items():
        match = _PER_TOKEN.fullmatch(name)
        if match:
            kind = _KINDS.get(match["kind"], match["kind"])
            prices |= {(tier, kind): price for tier, price in _tiers(model.where, name, value)}
        elif _OTHER_UNIT.fullmatch(name):
            model.parsed.drop(f"not a price per token: {name}")
        else:
            raise record.wrong(name, value)
    if not prices:
        model.parsed.drop("no price per token stated")
    return prices


def _tiers(where: str, name: str, value: object) -> list[tuple[str, float]]:
    fields = value if isinstance(value, Mapping) else {"base": value, "tiers": []}
    record = Record(_ID, f"{where} {name}", fields)
    tiers = [("standard", record.convert("base", usd_per_mtok))]
    for tier in record.parts("tier", record.items("tiers")):
        tiers.append((tier.convert("start", context_tier), tier.convert("price", usd_per_mtok)))
        tier.done()
    record.done()
    return tiers
