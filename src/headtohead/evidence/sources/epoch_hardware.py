"""Epoch AI's chip table: speeds, memory, links and power of accelerators.

The table lists thousands of processors and graphics cards. A row is kept if Epoch ticks it as
machine-learning hardware, if its type says accelerator, or if its family is sold for data centres,
and if it states a 16-bit or 8-bit speed or a memory bandwidth. Speeds are dense. The latest
"Last modified" stamp is the day by which all of it was public.
"""

import re
from datetime import date

from headtohead.evidence.shared import epoch_hardware_table
from headtohead.evidence.sourcing import (
    Parsed,
    RawFiles,
    Row,
    american_day,
    between,
    first_address,
    names,
    remarks,
)

_ID = "epoch_hardware"
_FILE = "Chip dataset-Grid view.csv"

SOURCE = epoch_hardware_table(
    _ID,
    "Data on machine learning hardware",
    _FILE,
    {"chips": (120, 2_000)},
    whole=True,
)

_ACCELERATORS = frozenset(
    {"TPU", "NPU", "ASIC", "XPU", "XPU-R", "GPGPU", "DCU (GPGPU)", "LPU", "Other"}
)
_NOT_ACCELERATORS = {
    "CPU": "processor",
    "Hybrid CPU": "processor",
    "SoC": "phone or laptop chip",
}
_TYPES = _ACCELERATORS | frozenset(_NOT_ACCELERATORS) | {"GPU", ""}
_GRAPHICS_MAKERS = frozenset({"NVIDIA", "AMD", "ATI", "Intel", "Matrox", "Other", ""})
_DATA_CENTRE = re.compile(
    r"Instinct|Tesla|Data Center GPU|Nervana|\bMI\d{3}|GRID A100|\b(A16|A30|A800|H800|L40S)\b"
)

# Printed figures that contradict the makers' own sheets: what is wrong, and what is left out.
_KNOWN_ERRORS: dict[str, tuple[str, tuple[str, ...]]] = {
    "MetaX MXC500 (PCIe)": (
        "printed memory bandwidth is ten times what such memory gives",
        ("memory_gb_per_s",),
    ),
    "MetaX MXC500 (OAM)": (
        "printed memory bandwidth is ten times what such memory gives",
        ("memory_gb_per_s",),
    ),
    "NVIDIA B300": ("printed link speed is that of eight chips together", ("link_gb_per_s",)),
    "NVIDIA GB200 NVL2": (
        "printed memory is that of two chips, speed that of one",
        ("memory_gb", "memory_gb_per_s"),
    ),
    "Meta MTIA v2": (
        "printed 16-bit speed is the vector unit's, memory the on-chip part",
        ("fp16_tflop_per_s", "memory_gb", "memory_gb_per_s"),
    ),
}

_FP16 = "FP16 (half precision) performance (FLOP/s)"
_TENSOR = "Tensor-FP16/BF16 performance (FLOP/s)"
_FP8, _INT8 = "FP8 performance (FLOP/s)", "INT8 performance (OP/s)"
_FP4 = "FP4 performance (FLOP/s)"

# Field -> what one of our units is in theirs, and the sane range in ours. Were a publisher to
# change its unit, every value would leave its range.
_MEASURES = {
    _FP16: (1e12, 1e-3, 1e5),
    _TENSOR: (1e12, 1e-1, 1e5),
    _FP8: (1e12, 1e-1, 1e5),
    _INT8: (1e12, 1e-1, 1e5),
    _FP4: (1e12, 1e-1, 1e5),
    "Memory size per board (Byte)": (1e9, 0.05, 5e3),
    "Memory bandwidth (byte/s)": (1e9, 10, 1e8),
    "Intranode bandwidth (byte/s)": (1e9, 10, 1e5),
    "TDP (W)": (1.0, 1, 5e4),
    "Die Size (mm^2)": (1.0, 5, 5e4),
}
_FIGURES = ("fp16_tflop_per_s", "fp8_tflop_per_s", "memory_gb_per_s")

_UNUSED = names(
    "Release price (USD); FP64 (double precision) performance (FLOP/s); FP32 (single precision) "
    "performance (FLOP/s); TF32 (TensorFloat-32) performance (FLOP/s); INT16 performance (OP/s); "
    "INT4 performance (OP/s); Internode bandwidth (bit/s); LambdaLabs FP32 ResNet-50 Pytorch "
    "throughput (samples/s); Base clock (MHz); Boost clock (MHz); Memory clock (MHz); Memory bus "
    "(bit); Shading units; TMUs; ROPs; SM count; RT cores; Process size (nm); Number of "
    "transistors (millions); Prominent years of usage; Google Cloud pricing ($ per hour) data "
    "from 17 dec 2022; Source for the price; ML models; All ML Systems copy; Hardware prices; "
    "Number of ML models trained; Max performance; Energy efficiency; Created by; Datasheet; Bit "
    "length; Performance (TOPS); Energy efficiency (16-bit)",
    by="; ",
)
_TICK = {"": False, "checked": True}


def parse(raw: RawFiles) -> Parsed:
    """One row for every accelerator with figures."""
    parsed = Parsed()
    rows: dict[str, Row] = {}
    modified: list[date] = []
    for record in raw.csv(_FILE):
        if not record.has("Type"):
            parsed.drop("line cut short by the publisher")
            continue
        stamp = record.convert_maybe("Last modified", american_day)
        modified += [stamp] if stamp else []
        chip, maker = record.take("Hardware name"), record.take("Manufacturer")
        kind = record.one_of("Type", _TYPES)
        reason = _unwanted(chip, maker, kind, record.convert("ML hardware", _TICK.__getitem__))
        value = {
            f: None if reason else record.convert_maybe(f, between(low, high, size))
            for f, (size, low, high) in _MEASURES.items()
        }
        unverified = record.convert("Unverified", _TICK.__getitem__)
        tensor_cores = record.maybe("Tensor cores", "0") != "0"
        foundry = record.maybe("Foundry")
        row = {
            "chip": chip,
            "maker": (maker or chip.split(" ")[0]).strip(),
            "released_on": record.day_maybe("Release date"),
            "fp16_tflop_per_s": value[_TENSOR] or value[_FP16],
            "fp8_tflop_per_s": value[_FP8] or value[_INT8],
            "fp4_tflop_per_s": value[_FP4],
            "memory_gb": value["Memory size per board (Byte)"],
            "memory_gb_per_s": value["Memory bandwidth (byte/s)"],
            "link_gb_per_s": value["Intranode bandwidth (byte/s)"],
            "power_w": value["TDP (W)"],
            "die_mm2": value["Die Size (mm^2)"],
            "foundry": None if foundry == "Unknown" else foundry,
            "row_url": first_address(record.maybe("Link to datasheet")),
        }
        record.done(*_MEASURES, *_UNUSED)
        wrong, left_out = _KNOWN_ERRORS.get(chip, ("", ()))
        row.update(dict.fromkeys(left_out))
        row["verified"] = not (unverified or wrong)
        row["note"] = remarks(
            wrong,
            unverified and "the publisher marks it unverified",
            value[_INT8] and not value[_FP8] and "8-bit speed is integer",
            tensor_cores and not value[_TENSOR] and "16-bit speed without tensor cores",
        )
        if not reason and not any(row[f] for f in _FIGURES):
            reason = "accelerator without a 16-bit, 8-bit or bandwidth figure"
        if not reason and row["chip"] in rows:
            reason = "chip listed twice"
        if reason:
            parsed.drop(reason)
        else:
            rows[row["chip"]] = row
    known_on = max(modified, default=raw.known_on)
    for row in rows.values():
        parsed.add("chips", row | {"known_on": known_on, "vintage": known_on})
    return parsed


def _unwanted(chip: str, maker: str, kind: str, ticked: bool) -> str:
    """Why a chip is no accelerator; empty if it is one."""
    if not chip:
        return "no name"
    if ticked:
        return ""
    if kind in _NOT_ACCELERATORS:
        return _NOT_ACCELERATORS[kind]
    if kind in _ACCELERATORS and not (kind == "Other" and maker in _GRAPHICS_MAKERS):
        return ""
    if maker in _GRAPHICS_MAKERS and not _DATA_CENTRE.search(chip):
        return "graphics card or chip not listed as ML hardware"
    return ""
