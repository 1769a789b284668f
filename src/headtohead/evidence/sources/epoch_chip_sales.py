"""Epoch AI's counts of Chinese-designed AI chips, and of Nvidia chips smuggled to China.

The edition of September 2026 counts Huawei and Cambricon, which `epoch_chip_counts` leaves out.
Epoch allots every one of their chips to China. Of Huawei it publishes a single number, without
an interval: the ends stay empty. The counts begin in January 2024.
"""

from datetime import date

from headtohead.evidence.sourcing import Parsed, RawFiles, Record, Row, Source

_ID = "epoch_chip_sales"
_SALES, _OWNERS = "sales_cumulative_by_designer.csv", "owners_cumulative_by_designer.csv"
_SMUGGLED_ALONE = "china_smuggled_nvidia.csv"
_SMUGGLED = "China (smuggled)"
_BEGIN = date(2024, 1, 1)

SOURCE = Source(
    source_id=_ID,
    publisher="Epoch AI",
    product="AI chip sales, Chinese designers and smuggled chips",
    citation="Epoch AI (2026). Data on AI Chip Sales. https://epoch.ai/data/ai-chip-sales",
    url="https://epoch.ai/data/ai-chip-sales",
    licence="MIT AND CC-BY-4.0",
    ship="yes",
    how_to_get=(
        "Take https://epoch.ai/data/ai_chip_sales.zip and ai_chip_owners.zip, unpack them, and "
        f"give the folder with {_SALES} and {_OWNERS}."
    ),
    patterns=(_SALES, _OWNERS, _SMUGGLED_ALONE),
    rows={"compute_stock": (16, 500)},
    whole=True,
)

_DOMESTIC = frozenset({"Huawei", "Cambricon"})
_FOREIGN = frozenset({"Nvidia", "AMD", "Google", "Amazon"})
_OTHER_FIGURES = tuple(
    f"{quantity} ({end})"
    for quantity in ("Power (MW)", "Cost (USD)")
    for end in ("5th percentile", "median", "95th percentile")
)


def parse(raw: RawFiles) -> Parsed:
    """Stocks by designer, allotted to China too, and the smuggled stock as an owner of its own."""
    parsed = Parsed()
    for record in raw.csv(_SALES):
        designer = record.one_of("Designer", _DOMESTIC | _FOREIGN)
        if designer in _FOREIGN:
            parsed.drop("chips of US designers, counted with their owners elsewhere")
            continue
        row = _row(record, designer, record.number("Number of units (median)"))
        record.done(*_OTHER_FIGURES, *_UNUSED)
        parsed.add("compute_stock", row | {"owner": "all"})
        parsed.add("compute_stock", row | {"owner": "China"})
    for file in (*raw.matching(_OWNERS), *raw.matching(_SMUGGLED_ALONE)):
        for record in raw.csv(file.name):
            alone = not record.has("Owner")
            owner = _SMUGGLED if alone else record.text("Owner")
            designer = "Nvidia" if alone else record.one_of("Designer", _DOMESTIC | _FOREIGN)
            if owner != _SMUGGLED:
                parsed.drop("owners whose chips are counted elsewhere")
                continue
            units = None if alone else record.number("Number of units (median)")
            row = _row(record, designer, units)
            record.done(*_OTHER_FIGURES, *_UNUSED)
            parsed.add("compute_stock", row | {"owner": owner})
    return parsed


_UNUSED = (
    *("Name", "Source", "Notes"),
    *("Number of units (5th percentile)", "Number of units (95th percentile)"),
)


def _row(record: Record, maker: str, units: float | None) -> Row:
    if record.maybe("Incomplete") is not None:
        raise record.wrong("Incomplete", "a mark that we do not know")
    start = record.day_maybe("Series start date")
    low = record.number_maybe("H100e (5th percentile)")
    return {
        "maker": maker,
        "chip": "all",
        "measure": "stock",
        "units_n": units,
        "compute_h100e": record.number("H100e (median)"),
        "compute_low_h100e": low,
        "compute_high_h100e": record.number_maybe("H100e (95th percentile)"),
        "window_start": start or _BEGIN,
        "window_end": record.day("End date"),
        "note": None if low is not None else "no interval published",
    }
