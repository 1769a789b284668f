"""Epoch AI's lowest prices at a fixed benchmark level, as models became cheaper.

For each benchmark and each level (the score of a named older model) the file lists the models
that were, on their release, the cheapest to reach it. Some prices come from a closed source, so
the rows never ship.
"""

import re

from headtohead.evidence.sourcing import Parsed, RawFiles, Source, finite, fitting, github

_ID = "epoch_price_trends"
_FILE = "lowest_price_models_data.csv"

SOURCE = Source(
    source_id=_ID,
    publisher="Epoch AI",
    product="Lowest price at each benchmark level, 2021-2025",
    citation="Cottier et al. (2025). LLM inference prices have fallen rapidly but unequally across "
    "tasks. Epoch AI. https://epoch.ai/data-insights/llm-inference-price-trends",
    url="https://epoch.ai/data-insights/llm-inference-price-trends",
    licence="LicenseRef-none-stated",
    ship="no",
    downloads=github(
        "epoch-research/llm-benchmark-efficiency/main/results/default/"
        "lowest_price_models_above_previous_frontier",
        _FILE,
    ),
    patterns=(_FILE,),
    rows={"figures": (80, 5_000)},
    whole=True,
)

_BENCHMARKS = frozenset(
    {"MMLU", "GPQA Diamond", "MATH-500", "MATH 5", "HumanEval", "LMSys Chatbot Arena ELO"}
)
_RANGE = re.compile(r"^\[(?P<low>\d+(?:\.\d+)?), (?:100|inf)\]$")


def parse(raw: RawFiles) -> Parsed:
    """One figure for every model that was the cheapest at a level."""
    parsed = Parsed()
    for record in raw.csv(_FILE):
        benchmark = record.one_of("bench", _BENCHMARKS)
        reference, released_on = record.take("threshold_model"), record.day("Release Date")
        level = finite(record.convert("performance_range", fitting(_RANGE))["low"])
        score = record.number("benchmark_score")
        if score < level:
            raise record.wrong("benchmark_score", score)
        row = {
            "topic": "lowest_price_at_level",
            "subject": record.take("Model Name"),
            "measure": f"{benchmark} at least {level:g} ({reference})",
            "value": record.number("USD per 1M Tokens"),
            "unit": "usd_per_mtok",
            "window_start": released_on,
            "window_end": released_on,
            "scope": "blended input and output list price of the model that was the cheapest at "
            "this level when it was released; some prices come from a closed source",
            "note": f"scores {score:g}",
            "vintage": raw.known_on,
        }
        record.done("predicted_log_price")
        parsed.add("figures", row)
    return parsed
