"""Epoch AI's collection of chip prices: to rent by the hour, or to buy.

Each quote is dated and cites the page it was read from, so it counts as known from its own day.
Larger instances and second shops repeat a quote; of several prices for the same chip, seller,
place, contract and day the lowest is kept and the others are counted.
"""

import re
from typing import Any

from headtohead.evidence.shared import epoch_hardware_table
from headtohead.evidence.sourcing import (
    Parsed,
    RawFiles,
    Row,
    between,
    first_address,
    remarks,
)

_ID = "epoch_chip_prices"
_FILE = "Hardware prices.csv"

SOURCE = epoch_hardware_table(
    _ID,
    "Prices of machine learning hardware, rented and bought, 2010-2025",
    _FILE,
    {"chip_prices": (400, 10_000)},
    whole=False,
)

_CONTRACTS = {
    "Price per chip-hour (on-demand)": "on_demand",
    "Price per chip-hour (1-year CUD)": "one_year",
    "Price per chip-hour (3-year CUD)": "three_years",
    "Price (hardware purchase)": "purchase",
}
# Sane bounds in US dollars: an hour of a chip, and a whole chip or wafer.
_HOUR, _PURCHASE = (0.01, 100.0), (10.0, 10_000_000.0)
_ESTIMATE = re.compile(r"\bestimat(ed|ing)\b|not a real", re.IGNORECASE)
# Epoch's prices of TPUs are of the chip alone, too.
_ALONE = re.compile(r"single-unit|TPU purchase price", re.IGNORECASE)


def parse(raw: RawFiles) -> Parsed:
    """One row for every price column that a line fills."""
    parsed = Parsed()
    cheapest: dict[tuple[Any, ...], Row] = {}
    for record in raw.csv(_FILE):
        priced_on = record.day_maybe("Price date")
        text = record.take("Notes")
        quote = {
            "chip": record.take("Hardware model"),
            "maker": record.maybe("Manufacturer"),
            "vendor": record.maybe("Vendor"),
            "location": record.maybe("Location"),
            "priced_on": priced_on,
            "known_on": priced_on,
            "row_url": first_address(record.maybe("Price source")),
            "verified": not _ESTIMATE.search(text),
            "note": "an estimate, not a quote" if _ESTIMATE.search(text) else None,
        }
        rows = []
        for field, contract in _CONTRACTS.items():
            purchase = contract == "purchase"
            price = record.convert_maybe(field, between(*(_PURCHASE if purchase else _HOUR)))
            if price is not None:
                rows.append(
                    {
                        **quote,
                        "contract": contract,
                        "price_usd_per_chip_hour": None if purchase else price,
                        "price_usd": price if purchase else None,
                        "single_unit": _ALONE.search(text) is not None if purchase else None,
                    }
                )
        record.take("Number of GPUs")
        record.done("Cloud GPU description")
        if not rows:
            parsed.drop("no price")
        for row in rows:
            if priced_on is None:
                parsed.drop("no price date")
            else:
                _keep(parsed, cheapest, row)
    for row in cheapest.values():
        parsed.add("chip_prices", row)
    return parsed


def _keep(parsed: Parsed, cheapest: dict[tuple[Any, ...], Row], row: Row) -> None:
    key = tuple(row[k] for k in ("chip", "vendor", "location", "contract", "priced_on"))
    other = cheapest.get(key)
    if other is None:
        cheapest[key] = row
        return
    if _price(row) == _price(other):
        parsed.drop("same quote listed again")
        return
    parsed.drop("dearer quote for the same chip, seller, place and day")
    best = min(row, other, key=_price)
    lowest = "lowest of several quotes that day"
    if lowest not in (best["note"] or ""):
        best["note"] = remarks(best["note"], lowest)
    cheapest[key] = best


def _price(row: Row) -> float:
    return float(row["price_usd_per_chip_hour"] or row["price_usd"])
