"""The chips that a model is served on: their peaks, and what an hour of one costs."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from headtohead.core.errors import InputError, UnknownName
from headtohead.core.estimate import Interval
from headtohead.evidence.facts import Facts
from headtohead.prices.serving.roofline import Speeds

_BOARD = ("instinct", "hgx", "sxm5", "sxm4", "sxm", "80gb")
_YEAR = 365  # days of which quotes still count beside the newest
_CONTRACT_WORDS = {
    "on_demand": "on demand",
    "one_year": "reserved for a year",
    "three_years": "reserved for three years",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """The peaks of one chip: TFLOP/s, GB and GB/s.

    Attributes:
        fp8_tflop_per_s: 0 if it has no eight-bit arithmetic; so for four bits.
        link_gb_per_s: To the chips of its node, both directions together.
        link_chips_n: How many chips that link joins.
        network_gb_per_s: To chips further away, one direction.
        generation: Whose efficiency it has: hopper, blackwell, or one that was not measured.
    """

    name: str
    fp16_tflop_per_s: float
    memory_gb: float
    memory_gb_per_s: float
    fp8_tflop_per_s: float = 0.0
    fp4_tflop_per_s: float = 0.0
    link_gb_per_s: float = 64.0
    link_chips_n: int = 8
    network_gb_per_s: float = 25.0
    generation: str = "own"

    def speeds(self, precision: str) -> Speeds:
        """Its peaks for weights of a precision, widened first if it has no such arithmetic."""
        wide = self.fp16_tflop_per_s
        eight = self.fp8_tflop_per_s or wide
        four = self.fp4_tflop_per_s or wide
        plain = {"bf16": wide, "fp8": eight, "fp4": four, "int4": wide}[precision]
        expert = eight if precision == "int4" and self.fp4_tflop_per_s else plain
        return Speeds(
            attention=wide,
            plain=plain,
            expert=expert,
            index=eight,
            memory=self.memory_gb_per_s,
            link=self.link_gb_per_s / 2,
            far_link=self.network_gb_per_s,
        )

    def precision_of(self, published: str) -> str:
        """The precision to serve weights in that are published in one."""
        return "bf16" if published == "fp8" and not self.fp8_tflop_per_s else published


@dataclass(frozen=True, slots=True, kw_only=True)
class HourPrice:
    """What an hour of a chip costs, US dollars: median of the quotes, and 10% to 90% of them."""

    usd: Interval
    says: str
    source_ids: tuple[str, ...] = ()

    def of(self, seconds: Interval) -> Interval:
        """What chip-seconds cost, if both they and the price may be off."""
        return Interval(
            seconds.value * self.usd.value / 3600,
            seconds.low * self.usd.low / 3600,
            seconds.high * self.usd.high / 3600,
        )


def exactly(usd: float, says: str, source_ids: tuple[str, ...] = ()) -> HourPrice:
    """A price that is given as one number."""
    return HourPrice(usd=Interval(usd, usd, usd), says=says, source_ids=source_ids)


def chip_named(facts: Facts, name: str, day: date) -> tuple[Chip, Mapping[str, Any]]:
    """A chip by a name it is known by, with the row that describes it.

    Raises:
        UnknownName: If no chip is called so; it suggests some.
    """
    rows = facts.frame("serving_chips", day)
    spelt: dict[str, dict[str, Any]] = {}
    for row in rows.iter_rows(named=True):
        for other in (row["chip"], *(row["other_names"] or "").split(",")):
            if other:
                spelt[_key(other)] = row
    found = spelt.get(_key(name))
    if found is None:
        raise UnknownName("chip", name, rows["chip"])
    return chip_in(found), found


def chip_in(row: Mapping[str, Any]) -> Chip:
    """The chip in a row of the table."""
    kept = {f.name: row[f.name] for f in fields(Chip) if row.get(f.name) is not None}
    return Chip(name=row["chip"], **kept)


def _key(name: str) -> str:
    """What all spellings of a board have in common; a PCIe or NVL card is another one."""
    plain = "".join(one for one in name.casefold() if one.isalnum())
    for word in ("nvidia", "amd", "huawei", "google", "amazon", *_BOARD):
        plain = plain.replace(word, "")
    return plain


def read_chip(path: str | Path) -> Chip:
    """A chip of the user's own from a TOML file whose keys are the fields of `Chip`.

    Raises:
        InputError: If the file cannot be read, lacks a figure or has one out of range.
    """
    try:
        said = tomllib.loads(Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path} cannot be read as a chip: {error}.") from error
    known = {f.name: f for f in fields(Chip)}
    for key, value in said.items():
        if key not in known:
            raise UnknownName("field of a chip", key, known)
        if key in ("name", "generation"):
            good, what = isinstance(value, str) and value != "", "a text"
        elif key == "link_chips_n":
            good, what = type(value) is int and value > 0, "a whole number of 1 or more"
        else:
            number = type(value) in (int, float) and 0 <= value < float("inf")
            # Only arithmetic of fewer bits may be lacking.
            lacking = key in ("fp8_tflop_per_s", "fp4_tflop_per_s")
            good, what = number and (value > 0 or lacking), "a number above 0"
        if not good:
            raise InputError(f"{path}: {key} is {value!r}; it must be {what}.")
    said.setdefault("name", Path(path).stem)
    needed = {"fp16_tflop_per_s", "memory_gb", "memory_gb_per_s"} - said.keys()
    if needed:
        raise InputError(f"{path} lacks {', '.join(sorted(needed))}.")
    return Chip(**said)


def hour_price(facts: Facts, chip: Chip, day: date, contract: str) -> HourPrice | None:
    """What an hour of a chip is quoted at, newest day by seller; None if nobody quotes it.

    Where no cloud's quote is known, an assumption that a maker published counts, and says so.
    """
    rows = facts.frame("chip_prices", day).filter(
        (pl.col("contract") == contract) & pl.col("price_usd_per_chip_hour").is_not_null()
    )
    named = pl.col("chip").map_elements(_key, return_dtype=pl.String) == _key(chip.name)
    rows = rows.filter(named).sort("priced_on")
    if not rows.is_empty():
        last = rows["priced_on"].to_list()[-1]
        newest = rows.filter(pl.col("priced_on") >= last - timedelta(days=_YEAR))
        newest = newest.group_by("vendor", maintain_order=True).last()
        quotes = newest["price_usd_per_chip_hour"]
        low, usd, high = (float(quotes.quantile(q, "linear") or 0) for q in (0.1, 0.5, 0.9))
        whose = f"{newest['vendor'].to_list()[0]}'s price"
        if newest.height > 1:
            whose = f"median of {newest.height} sellers"
        return HourPrice(
            usd=Interval(usd, low, high),
            says=f"{whose} {_CONTRACT_WORDS[contract]}, last seen {last}",
            source_ids=tuple(newest["source_id"].unique()),
        )
    figures = facts.frame("figures", day).filter(
        (pl.col("topic") == "chip_hour_price") & (pl.col("subject") == chip.name)
    )
    if figures.is_empty():
        return None
    row = figures.sort("known_on").row(-1, named=True)
    says = f"the rental price that its maker assumed, published {row['known_on']}"
    return exactly(float(row["value"]), says, (row["source_id"],))
