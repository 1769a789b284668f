"""Epoch AI's Capabilities Index: fitted scores, benchmark difficulties, and Epoch's own runs.

The benchmark file gathers scores from some seventy publishers. Epoch licenses its fitted numbers
and its own evaluations; every other score keeps its publisher's terms, so only rows whose source
names `OWN_RUNS` are taken. The file's scores are already corrected for guessing.
"""

from datetime import date
from typing import Any

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.sourcing import (
    Download,
    Parsed,
    RawFile,
    RawFiles,
    Source,
    benchmark_id,
    csv_records,
)
from headtohead.evidence.tables import benchmarks
from headtohead.evidence.traps import name_columns

_ID = "epoch_eci"
_UPSTREAM = "https://epoch.ai/data"

SOURCE = Source(
    source_id=_ID,
    publisher="Epoch AI",
    product="Epoch Capabilities Index: scores, difficulties and Epoch's own evaluations",
    citation="Epoch AI (2026). Epoch Capabilities Index. https://epoch.ai/benchmarks/eci",
    url="https://epoch.ai/benchmarks/eci",
    licence="CC-BY-4.0",
    ship="yes",
    downloads=tuple(
        Download(name, f"{_UPSTREAM}/{name}")
        for name in ("eci_scores.csv", "edi_scores.csv", "eci_benchmarks.csv")
    ),
    patterns=("eci_scores.csv", "edi_scores.csv", "eci_benchmarks.csv"),
    rows={
        "index_scores": (100, 3_000),
        "index_benchmarks": (20, 500),
        "benchmark_scores": (200, 20_000),
    },
    whole=True,
)

OWN_RUNS = "Epoch evaluations"

_ACCESS = frozenset(
    {
        "API access",
        "Hosted access (no API)",
        "Open weights (unrestricted)",
        "Open weights (restricted use)",
        "Open weights (non-commercial)",
        "Unreleased",
        "Unknown",
        "",
    }
)
_FLAGS = {"True": True, "False": False}
_PREVIEWS = {
    ("o3", date(2024, 12, 20)): "dated by its preview; released on 2025-04-16",
}


def parse(raw: RawFiles) -> Parsed:
    """The index of one vintage, and the scores of Epoch's own runs behind it."""
    parsed = Parsed()
    edition = {"known_on": raw.known_on, "vintage": raw.known_on}
    makers: dict[str, str | None] = {}
    for record in raw.csv("eci_scores.csv"):
        model, released = record.take("Model"), record.day_maybe("date")
        makers[model] = record.maybe("Organization")
        row = {
            "index_name": "eci",
            "model_name": model,
            "score_index": record.number("eci"),
            "score_low_index": record.number_maybe("eci_ci_low"),
            "score_high_index": record.number_maybe("eci_ci_high"),
            "level_frac": 0.90,
            "released_on": released,
            "organisation": makers[model],
            "country_name": record.maybe("Country (of organization)"),
            "access": record.one_of("Model accessibility", _ACCESS) or None,
            "note": _PREVIEWS.get((model, released)) if released else None,
            **edition,
        }
        record.skip("Display name", "Accessibility group")
        record.take("model_versions")
        record.done()
        if released is None:
            parsed.drop("no release date")
        else:
            parsed.add("index_scores", row)
    for record in raw.csv("edi_scores.csv"):
        parsed.add(
            "index_benchmarks",
            {
                "index_name": "eci",
                "benchmark": benchmark_id(record.take("benchmark_name")),
                "difficulty_index": record.number("edi"),
                "discrimination_slope": record.number("estimated_slope_scaled"),
                "is_anchor": record.convert("is_anchor", _FLAGS.__getitem__),
                "released_on": record.day_maybe("benchmark_release_date"),
                **edition,
            },
        )
        record.done()
    _own_runs(parsed, raw.one("eci_benchmarks.csv"), makers, edition)
    return parsed


def _own_runs(
    parsed: Parsed, f: RawFile, makers: dict[str, str | None], edition: dict[str, Any]
) -> None:
    facts, names = benchmarks(), []
    for record in csv_records(_ID, f):
        source = record.take("source")
        benchmark, model = benchmark_id(record.take("benchmark")), record.take("model")
        row = {
            "benchmark": benchmark,
            "part": "overall",
            "model_name": model,
            "setting": record.take("model_version"),
            "score_frac": record.number("performance"),
            "chance_corrected": True,
            "tasks_n": facts[benchmark].items_n if benchmark in facts else None,
            "organisation": makers.get(model),
            "evaluator": "third_party",
            "observed_on": record.day("date"),
            **edition,
        }
        names.append({"model": model, "benchmark": benchmark})
        # `Model` groups several entries of `model`, so it must never be the name to join on.
        record.skip("Model", "model_group", "Model aggregation", "Model Aggregation Date")
        record.done("model_id", "benchmark_id", "benchmark_release_date", "optimized")
        if OWN_RUNS in source:
            parsed.add("benchmark_scores", row)
        else:
            parsed.drop("third-party terms" if source else "no source stated")
    if found := name_columns(names, ["model"], ["benchmark"]):
        raise UpstreamChanged(_ID, f.name, f"column 'model' with {found[0].what}")
