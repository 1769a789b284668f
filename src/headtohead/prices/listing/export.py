"""Prices in the layout of genai-prices, which other tools read.

A model's prices are a list, of which the last whose condition holds is in force: the first without
a condition, each later one from its `start_date` on, and the prices of some hours with `start_time`
and `end_time` in UTC. The layout has no way to say weekdays, holidays, a price that ends without
another after it, or hours that change with a day: such prices are left out and counted.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headtohead.prices.in_force import Band, ListPrice
from headtohead.prices.listing.history import PriceStep

_FIELDS = {
    "input": "input_mtok",
    "cache_read": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "output": "output_mtok",
}
_DAY = 24 * 60
_PAGE = "https://github.com/pydantic/genai-prices"


@dataclass(frozen=True, slots=True)
class Exported:
    """Providers in the layout, and reason -> how many prices it cannot say."""

    providers: list[dict[str, Any]]
    left_out: Mapping[str, int]


def genai_layout(histories: Mapping[str, Sequence[PriceStep]]) -> Exported:
    """The histories of names, each at one seller, as genai-prices has them.

    Args:
        histories: Name as users write it -> its steps, oldest first.
    """
    by_seller: dict[str, list[dict[str, Any]]] = {}
    left_out = Counter[str]()
    for name, steps in histories.items():
        known = [step for step in steps if step.price]
        if not known:
            left_out["a name without a price"] += 1
            continue
        last = known[-1].price
        assert last is not None
        conditions = _conditions(known, left_out)
        by_seller.setdefault(last.operator or last.provider, []).append(
            {
                "id": name,
                "match": {"equals": name},
                "name": name,
                "prices": conditions if len(conditions) > 1 else conditions[0]["prices"],
            }
        )
    providers = [
        {
            "id": seller,
            "name": seller,
            "api_pattern": f"https?://.*{seller}.*",
            "pricing_urls": [_PAGE],
            "models": models,
        }
        for seller, models in sorted(by_seller.items())
    ]
    return Exported(providers, dict(left_out))


def _conditions(steps: Sequence[PriceStep], left_out: Counter[str]) -> list[dict[str, Any]]:
    """The prices of one name, each with its condition."""
    made: list[dict[str, Any]] = []
    for place, step in enumerate(steps):
        price = step.price
        assert price is not None
        if (step.since.hour, step.since.minute) != (0, 0):
            left_out["the minute of a change: the layout has days"] += 1
        prices = _fields(price, price.usd_per_mtok)
        if place:
            made.append({"constraint": {"start_date": f"{step.since:%Y-%m-%d}"}, "prices": prices})
        else:
            made.append({"prices": prices})
    final = steps[-1].price
    assert final is not None
    hourly = [band for band in final.bands if band.hours]
    if hourly and len(made) > 1:
        left_out["prices by the hour after a change of day: the layout has one or the other"] += 1
    elif hourly:
        made += [c for band in hourly for c in _windows(final, band, left_out)]
    return made


def _windows(price: ListPrice, band: Band, left_out: Counter[str]) -> list[dict[str, Any]]:
    """The prices of some hours, a condition for each span of the day."""
    hours = band.hours
    if hours is None or hours.weekdays or hours.holidays or hours.outside:
        left_out["prices of weekdays: the layout has hours of every day"] += 1
        return []
    prices = _fields(price, price.usd_per_mtok | band.usd_per_mtok)
    return [
        {
            "constraint": {
                "start_time": _clock(first),
                "end_time": _clock(last),
            },
            "prices": prices,
        }
        for first, last in _within_a_day(hours.spans)
    ]


def _within_a_day(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in minutes, those over midnight cut in two: the layout has none."""
    cut: list[tuple[int, int]] = []
    for first, last in spans:
        cut += [(first, last)] if first < last else [(first, _DAY), (0, last)]
    return [(first, last) for first, last in cut if first < last]


def _clock(minute: int) -> str:
    """A minute of the day; the end of the day is its last microsecond."""
    return "23:59:59.999999Z" if minute == _DAY else f"{minute // 60:02}:{minute % 60:02}:00Z"


def _fields(price: ListPrice, usd: Mapping[str, float]) -> dict[str, Any]:
    """Prices by the layout's fields; with tiers where long prompts cost more."""
    fields: dict[str, Any] = {}
    for kind, field in _FIELDS.items():
        if kind not in usd:
            continue
        tiers = [
            {"start": band.over_tokens, "price": band.usd_per_mtok[kind]}
            for band in price.bands
            if band.over_tokens and kind in band.usd_per_mtok
        ]
        fields[field] = {"base": usd[kind], "tiers": tiers} if tiers else usd[kind]
    return fields
