"""Berkeley Function Calling Leaderboard, version 4: accuracy by part, cost and latency."""

import re

from headtohead.evidence.sourcing import Parsed, RawFiles, Source, finite, github, percent

_ID = "bfcl"

SOURCE = Source(
    source_id=_ID,
    publisher="UC Berkeley, Gorilla project",
    product="Berkeley Function Calling Leaderboard V4",
    citation="Patil et al. (2025). The Berkeley Function Calling Leaderboard (BFCL), V4.",
    url="https://gorilla.cs.berkeley.edu/leaderboard.html",
    licence="Apache-2.0",
    ship="yes",
    downloads=github("ShishirPatil/gorilla/gh-pages", "data_overall.csv"),
    patterns=("*data_overall.csv",),
    # Eight parts a system.
    rows={"benchmark_scores": (400, 10_000)},
    whole=True,
)

# The parts that enter the overall score (40% agentic, 30% multi-turn, 10% each of the rest), and
# relevance, which does not.
_PARTS = {
    "Overall Acc": "overall",
    "Non-Live AST Acc": "non_live",
    "Live Acc": "live",
    "Multi Turn Acc": "multi_turn",
    "Web Search Acc": "web_search",
    "Memory Acc": "memory",
    "Relevance Detection": "relevance",
    "Irrelevance Detection": "irrelevance",
}
_FINER = (
    *("Non-Live Simple AST", "Non-Live Multiple AST", "Non-Live Parallel AST"),
    *("Non-Live Parallel Multiple AST", "Live Simple AST", "Live Multiple AST"),
    *("Live Parallel AST", "Live Parallel Multiple AST", "Multi Turn Base"),
    *("Multi Turn Miss Func", "Multi Turn Miss Param", "Multi Turn Long Context"),
    *("Web Search Base", "Web Search No Snippet", "Memory KV", "Memory Vector"),
    "Memory Recursive Summarization",
)
_UNUSED = (
    *("Rank", "Model Link", "License", "Latency Standard Deviation (s)"),
    *("Format Sensitivity Max Delta", "Format Sensitivity Standard Deviation"),
)
_MODE = re.compile(r"\(((?:FC|Prompt)[^()]*)\)$")


def parse(raw: RawFiles) -> Parsed:
    """One row a system and part; the file carries no date, so the vintage's holds."""
    parsed = Parsed()
    for record in raw.csv("*data_overall.csv"):
        name = record.text("Model")
        mode = _MODE.search(name)
        row = {
            "benchmark": "bfcl_v4",
            "model_name": name,
            "setting": mode[1] if mode else None,
            "chance_corrected": False,
            "organisation": record.maybe("Organization"),
            "evaluator": "third_party",
        }
        whole_run = {
            "cost_usd": record.convert("Total Cost ($)", _number),
            "latency_mean_seconds": record.convert("Latency Mean (s)", _number),
            "latency_p95_seconds": record.convert("Latency 95th Percentile (s)", _number),
        }
        for column, part in _PARTS.items():
            score = record.convert(column, _share)
            if score is None:
                parsed.drop("a part not tested (N/A)")
                continue
            extra = whole_run if part == "overall" else {}
            parsed.add("benchmark_scores", {**row, "part": part, "score_frac": score, **extra})
        for column in (*_FINER, *_UNUSED):
            record.take(column)
        record.done()
    return parsed


def _number(text: str) -> float | None:
    return None if text == "N/A" else finite(text)


def _share(text: str) -> float | None:
    if text == "N/A":
        return None
    if not text.endswith("%"):
        raise ValueError(f"{text} is not a percentage")
    return round(percent(text[:-1]), 6)
