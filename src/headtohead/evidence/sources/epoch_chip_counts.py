"""Epoch AI's estimates of AI chips sold and owned, in chips and H100-equivalents.

Two folders of one repository: `csv_export` counts what each maker sold (owner "all"), and
`owners_csv_export` allots it to owners. Owner is not location. China means official Nvidia and
AMD sales only: no Huawei, no smuggled chips, no capacity rented abroad. Each line says when its
estimate was generated; that is the day it counts as known.
"""

import re
from datetime import date, datetime

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.sourcing import (
    Parsed,
    RawFile,
    RawFiles,
    Record,
    Row,
    Source,
    american_day,
    csv_records,
    github,
)

_ID = "epoch_chip_counts"
_FILES = (
    *(
        f"csv_export/{maker}_{table}.csv"
        for maker in ("nvidia", "amd", "tpu", "trainium")
        for table in ("cumulative_totals", "cumulative_by_chip")
    ),
    "csv_export/nvidia_calendar_quarter_chip_timelines.csv",
    "csv_export/tpu_calendar_quarter_chip_timelines.csv",
    "csv_export/amd_chip_timelines.csv",
    "csv_export/trainium_chip_timelines.csv",
    *(
        f"owners_csv_export/{group}_{table}.csv"
        for group in (
            "nvidia_owners",
            "nvidia_owners_OTHER",
            "amd_owners",
            "tpu_owners",
            "trainium_owners",
            "coreweave/coreweave_owners",
        )
        for table in ("cumulative_totals", "cumulative_by_chip", "quarters_by_chip")
    ),
    "owners_csv_export/nvidia_owners_quarters.csv",
    "owners_csv_export/amd_owners_quarters.csv",
)

SOURCE = Source(
    source_id=_ID,
    publisher="Epoch AI",
    product="AI chip sales and AI chip owners, quarterly estimates",
    citation="Epoch AI (2026). Data on AI Chip Owners. https://epoch.ai/data/ai-chip-owners",
    url="https://epoch.ai/data/ai-chip-owners",
    licence="MIT",
    ship="yes",
    downloads=github("epoch-research/ai-chip-counts/main", *_FILES),
    patterns=("csv_export/*.csv", "owners_csv_export/*.csv", "owners_csv_export/*/*.csv"),
    rows={"compute_stock": (1_000, 20_000)},
    whole=True,
)

_MAKERS = frozenset({"Nvidia", "AMD", "Google", "Amazon"})
_OWNERS = frozenset(
    ["Microsoft", "Meta", "Amazon", "Google", "Oracle", "xAI", "CoreWeave", "China", "Other", "all"]
)
# One quantity goes by several names; each file uses exactly one of each tuple.
_MEDIAN = ("Compute estimate in H100e (median)",)
_LOW = ("H100e (5th percentile)", "Compute estimate in H100e (5th percentile)")
_HIGH = ("H100e (95th percentile)", "Compute estimate in H100e (95th percentile)")
_UNITS = ("Number of Units", "Number of Units (median)", "Number of units (median)")
_UNUSED = (
    "Name",
    "Source / Link",
    *(
        f"{quantity} ({end})"
        for quantity in ("Number of Units", "Number of units", "Total TDP (W)", "Power in MW")
        for end in ("median", "5th percentile", "95th percentile")
    ),
    "Total TDP (W)",
)

_GENERATED = re.compile(r"Estimates generated on: (\d{2}-\d{2}-\d{4}) \d{2}:\d{2}")
_REMARKS = (
    (re.compile(r"Incomplete: based on \w+ fiscal quarters \w+ [\d/]+\."), "incomplete quarter"),
    (re.compile(r"Excludes ([^.]+)\."), "excludes {0}"),
    (
        re.compile(r"Other may be artificially low due to xAI timing\."),
        "may be too low: xAI timing",
    ),
    (
        re.compile(r"Includes Q\d \d{4} pre-purchased inventory \([^)]*\);[^.]*\."),
        "counts chips bought but not yet running in the last quarter",
    ),
)


def parse(raw: RawFiles) -> Parsed:
    """Cumulative files give stocks, calendar-quarter files what was added."""
    parsed = Parsed()
    for f in raw.files:
        measure = _measure(f)
        for record in csv_records(_ID, f):
            if measure:
                parsed.add("compute_stock", _row(record, measure, raw.known_on))
            else:
                parsed.drop("fiscal quarters duplicate calendar quarters")
    return parsed


def _measure(f: RawFile) -> str:
    """stock, added, or nothing for a file of fiscal quarters."""
    name = f.name.split("/")[-1]
    if "fiscal_quarter" in name:
        return ""
    if "_cumulative_" in name:
        return "stock"
    if "_quarters" in name or name.endswith("_chip_timelines.csv"):
        return "added"
    raise UpstreamChanged(_ID, f.name, "a file of an unknown kind")


def _row(record: Record, measure: str, imported_on: date) -> Row:
    maker = record.one_of("Chip manufacturer", _MAKERS)
    owner = record.one_of("Owner", _OWNERS) if record.has("Owner") else "all"
    text = record.take("Notes")
    rest, remarks, generated = text, [], None
    if match := _GENERATED.search(rest):
        generated = datetime.strptime(match[1], "%m-%d-%Y").date()  # noqa: DTZ007 - a day
        rest = rest.replace(match[0], "")
    for pattern, words in _REMARKS:
        if match := pattern.search(rest):
            remarks.append(words.format(*match.groups()))
            rest = rest.replace(match[0], "")
    if rest.strip():
        raise record.wrong("Notes", text)
    incomplete = record.maybe("Incomplete")
    if incomplete not in (None, "checked"):
        raise record.wrong("Incomplete", incomplete)
    if incomplete and "incomplete quarter" not in remarks:
        remarks.insert(0, "incomplete quarter")
    if owner == "China":
        remarks.append(f"official {maker} sales only")
    row = {
        "owner": owner,
        "maker": maker,
        "chip": record.take("Chip type") if record.has("Chip type") else "all",
        "measure": measure,
        "units_n": _one(record, _UNITS),
        "compute_h100e": _one(record, _MEDIAN),
        "compute_low_h100e": _one(record, _LOW),
        "compute_high_h100e": _one(record, _HIGH),
        "window_start": record.convert("Start date", _day),
        "window_end": record.convert("End date", _day),
        "known_on": generated or imported_on,
        "vintage": imported_on,
        "note": "; ".join(remarks) or None,
    }
    record.done(*_UNUSED)
    return row


def _one(record: Record, names: tuple[str, ...]) -> float:
    """The field under whichever of its names this file uses."""
    used = [n for n in names if record.has(n)]
    if len(used) != 1:
        raise UpstreamChanged(_ID, record.where, f"{len(used)} of the fields {', '.join(names)}")
    return record.number(used[0])


def _day(text: str) -> date:
    """The day written as M/D/YYYY or YYYY-MM-DD."""
    return american_day(text) if "/" in text else date.fromisoformat(text)
