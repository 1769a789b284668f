"""Epoch AI's table of AI models: compute, chips, cost, country and openness of each training run.

The table dates itself: the latest "Last modified" stamp is the day by which all of it was public.
"""

from datetime import date

from headtohead.evidence.shared import EPOCH_ACCESS
from headtohead.evidence.sourcing import (
    Parsed,
    RawFiles,
    Source,
    finite,
    first_address,
    github,
    names,
    remarks,
)

_ID = "epoch_models"
_FILE = "All ML Systems - full view.csv"

SOURCE = Source(
    source_id=_ID,
    publisher="Epoch AI",
    product="Data on AI models: training compute, hardware, cost, country, accessibility",
    citation="Epoch AI (2025). Data on AI Models. https://epoch.ai/data/ai-models",
    url="https://epoch.ai/data/ai-models",
    licence="CC-BY-4.0",
    ship="yes",
    downloads=github("epoch-research/training-cost-trends/main/data", _FILE),
    patterns=(_FILE,),
    rows={"training_runs": (1_500, 20_000)},
    whole=True,
)

_CRITERIA = frozenset(
    names(
        "SOTA improvement; Highly cited; Historical significance; Training cost; Significant use",
        by="; ",
    )
)
_CONFIDENCE = frozenset({"Confident", "Likely", "Speculative", "Unknown"})
_CODE = frozenset(
    {"Open source", "Open (non-commercial)", "Open (restricted use)", "Unreleased", ""}
)

# Printed figures that contradict their own source: (model, chip-hours) -> what is wrong.
_KNOWN_ERRORS = {
    ("DeepSeek-V2 (MoE-236B)", 172_800.0): (
        "chip-hours are per trillion training tokens, of 8.1 trillion; compute over these hours "
        "would be 1.7 times what the chips can do"
    ),
}

_UNUSED = names(
    "Domain; Task; Authors; Reference; Citations; Notability criteria notes; Parameters notes; "
    "Training compute notes; Training dataset; Training dataset notes; Training dataset size "
    "(datapoints); Dataset size notes; Training time notes; Approach; "
    "Abstract; Epochs; Benchmark data; Finetune compute (FLOP); Finetune compute notes; Hardware "
    "utilization (MFU); Training cloud compute vendor; Training data center; Archived links; "
    "Batch size; Batch size notes; Organization categorization; Foundation model; Accessibility "
    "notes; Organization categorization (from Organization); Utilization notes; Numerical format; "
    "Training power draw (W); Training compute estimation method; Hugging Face developer id; "
    "Post-training compute (FLOP); Post-training compute notes",
    by="; ",
)


def parse(raw: RawFiles) -> Parsed:
    """Every model of the table, with the compute, chips and cost behind it."""
    parsed = Parsed()
    seen: set[tuple[object, ...]] = set()
    modified: list[date] = []
    for record in raw.csv(_FILE):
        modified.append(
            record.convert("Last modified", lambda text: date.fromisoformat(text.split(" ")[0]))
        )
        model, hours = record.take("Model"), record.number_maybe("Training chip-hours")
        cost = record.convert_maybe("Training compute cost (2023 USD)", _dollars)
        base = record.maybe("Base model")
        flop = record.number_maybe("Training compute (FLOP)")
        low = record.number_maybe("Training compute lower bound")
        high = record.number_maybe("Training compute upper bound")
        doubt = ""
        if flop is not None:
            fits_low = low is None or flop / 1000 <= low <= flop
            fits_high = high is None or flop <= high <= flop * 1000
            if not (fits_low and fits_high):
                low, high = low if fits_low else None, high if fits_high else None
                doubt = "a printed compute bound contradicts the estimate and is left out"
        criteria = {part for part in record.take("Notability criteria").split(",") if part}
        if criteria - _CRITERIA:
            raise record.wrong("Notability criteria", criteria)
        compute = {"train_flop": flop, "train_low_flop": low, "train_high_flop": high}
        error = _KNOWN_ERRORS.get((model, hours)) if hours is not None else None
        row = {
            "model_name": model,
            "organisation": record.take("Organization") or "not stated",
            "country_name": record.maybe("Country (of organization)"),
            "published_on": record.day_maybe("Publication date"),
            "total_params_b": record.convert_maybe("Parameters", lambda text: finite(text) / 1e9),
            **compute,
            "train_chip_hours": hours,
            "train_hours": record.number_maybe("Training time (hours)"),
            "train_cost_usd": cost,
            "hardware": record.maybe("Training hardware"),
            "chips_n": record.convert_maybe("Hardware quantity", _whole),
            "base_model": base,
            "access": record.one_of("Model accessibility", EPOCH_ACCESS | {""}) or None,
            "code_access": record.one_of("Training code accessibility", _CODE) or None,
            "confidence": record.one_of("Confidence", _CONFIDENCE),
            "notable": bool(criteria),
            "verified": error is None,
            "row_url": first_address(record.maybe("Link")),
            "note": remarks(
                error,
                doubt,
                cost and "cost is Epoch's estimate; its methods differ between models",
                base and hours and "compute includes the base model; chip-hours may not",
            ),
        }
        record.take("Compute rank when published")
        record.done(*_UNUSED)
        key = (row["model_name"], row["organisation"], row["published_on"])
        if row["published_on"] is None:
            parsed.drop("no publication date")
        elif key in seen:
            parsed.drop("same model, organisation and day listed twice")
        else:
            seen.add(key)
            parsed.add("training_runs", row)
    known_on = max(modified, default=raw.known_on)
    for row in parsed.rows.get("training_runs", []):
        row["known_on"] = row["vintage"] = known_on
    return parsed


def _whole(text: str) -> int:
    number = finite(text)
    if not number.is_integer():
        raise ValueError(text)
    return int(number)


def _dollars(text: str) -> float:
    if not text.startswith("$"):
        raise ValueError(text)
    return finite(text[1:].replace(",", ""))
