"""Epoch AI's Capabilities Index: fitted scores, benchmark difficulties, and Epoch's own runs.

The benchmark file gathers scores from some seventy publishers. Epoch licenses its fitted numbers
and its own evaluations; every other score keeps its publisher's terms, so only rows whose source
names `EPOCH_OWN_RUNS` are taken.
"""

from datetime import date

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.shared import EPOCH_ACCESS, EPOCH_OWN_RUNS, epoch_scores
from headtohead.evidence.sourcing import Download, Parsed, RawFiles, Source, benchmark_id
from headtohead.evidence.traps import name_columns

_ID = "epoch_eci"
_FILES = ("eci_scores.csv", "edi_scores.csv", "eci_benchmarks.csv")

SOURCE = Source(
    source_id=_ID,
    publisher="Epoch AI",
    product="Epoch Capabilities Index: scores, difficulties and Epoch's own evaluations",
    citation="Epoch AI (2026). Epoch Capabilities Index. https://epoch.ai/benchmarks/eci",
    url="https://epoch.ai/benchmarks/eci",
    licence="CC-BY-4.0",
    ship="yes",
    downloads=tuple(Download(name, f"https://epoch.ai/data/{name}") for name in _FILES),
    patterns=_FILES,
    rows={
        "index_scores": (100, 3_000),
        "index_benchmarks": (20, 500),
        "benchmark_scores": (200, 20_000),
    },
    whole=True,
)

_ACCESS = EPOCH_ACCESS | {"Unknown", ""}
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
        record.take("model_versions")
        record.done("Display name", "Accessibility group")
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
    scores = list(epoch_scores(raw, makers))
    for source, row in scores:
        if EPOCH_OWN_RUNS in source:
            parsed.add("benchmark_scores", row | {"evaluator": "third_party"})
        else:
            parsed.drop("third-party terms" if source else "no source stated")
    if merged := name_columns([row for _, row in scores], ["model_name"], ["benchmark"]):
        raise UpstreamChanged(_ID, "eci_benchmarks.csv", f"column 'model' with {merged[0].what}")
    return parsed
