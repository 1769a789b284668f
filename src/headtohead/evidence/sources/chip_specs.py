"""Accelerator specifications, compiled chip by chip.

A specification counts as known from the chip's release. Letters say where each figure was read: E
Epoch AI, I InferSim, S shallowsim, A aiconfigurator, M from memory. A row with an M is not
verified. What the export rules make of a chip is not taken from here: `h2h chip` decides that.
"""

import re
from datetime import date

from headtohead.evidence.sourcing import Parsed, RawFiles, Record, Row, Source, remarks

_ID = "chip_specs"

SOURCE = Source(
    source_id=_ID,
    publisher="headtohead, from Epoch AI, InferSim, shallowsim and aiconfigurator",
    product="Twenty accelerators: speed, memory, link, power and die",
    citation="headtohead (2026). Accelerator specifications, compiled from Epoch AI (Data on "
    "Machine Learning Hardware), InferSim, shallowsim and NVIDIA aiconfigurator.",
    url="https://epoch.ai/data/machine-learning-hardware",
    licence="LicenseRef-figures",
    ship="figures",
    how_to_get="Compiled by hand into one CSV; the built-in figures are taken from it.",
    patterns=("chips.csv",),
    rows={"chips": (15, 500)},
)

_STATUSES = ("oct2022_3A090", "oct2023_class", "jan2026_case_by_case")
_FIGURES = {
    "fp16_tflops": "fp16_tflop_per_s",
    "fp8_tops": "fp8_tflop_per_s",
    "fp4_tops": "fp4_tflop_per_s",
    "mem_gb": "memory_gb",
    "mem_bw_gbs": "memory_gb_per_s",
    "link_gbs_bidir": "link_gb_per_s",
    "tdp_w": "power_w",
    "die_mm2": "die_mm2",
    "tpp": "compute_tpp",
}
_CODES = frozenset("EISAM")
_CODE = re.compile(r"(?<!\d )\b[A-Z]\b")  # a letter on its own, but not the W of "1100 W"
_MEMORY = re.compile(r"^(?P<what>.*?)\bM\b(?:\s*\(.*\))?\s*$")


def parse(raw: RawFiles) -> Parsed:
    """Each chip, known from its release."""
    parsed = Parsed()
    for record in raw.csv("chips.csv"):
        parsed.add("chips", _row(record, raw.known_on))
    return parsed


def _row(record: Record, compiled_on: date) -> Row:
    released_on, planned = record.convert("release", _release)
    specification = {
        "chip": record.take("chip"),
        "maker": record.take("maker"),
        "released_on": released_on,
        **{ours: record.number_maybe(theirs) for theirs, ours in _FIGURES.items()},
    }
    text = record.take("src")
    codes = set(_CODE.findall(text))
    if not codes or codes - _CODES:
        raise record.wrong("src", text)
    memory = []
    for part in text.split(";"):
        if match := _MEMORY.match(part):
            what = match["what"].strip()
            memory.append(f"from memory, unverified: {what or 'every figure'}")
    if "M" in codes and not memory:
        raise record.wrong("src", text)
    record.done("bloc", "perf_density", "flops_per_byte_fp8", *_STATUSES)
    specification["verified"] = not memory
    disagree = "sources disagree"
    specification["note"] = remarks(*planned, *memory, disagree in text and disagree)
    return {**specification, "known_on": released_on or compiled_on}


def _release(text: str) -> tuple[date | None, list[str]]:
    if text.endswith(" plan"):
        return None, [f"announced for {text.removesuffix(' plan')}"]
    return (date.fromisoformat(text), []) if text else (None, [])
