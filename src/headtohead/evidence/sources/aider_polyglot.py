"""Aider's polyglot leaderboard: 225 exercises in six languages, with cost and time per run."""

from datetime import date

from headtohead.evidence.sourcing import (
    Parsed,
    RawFiles,
    Source,
    github,
    percent,
    records_in,
    yaml_of,
)

_ID = "aider_polyglot"
_FILE = "polyglot_leaderboard.yml"

SOURCE = Source(
    source_id=_ID,
    publisher="Aider",
    product="polyglot leaderboard",
    citation="Aider (2025). Aider polyglot coding leaderboard.",
    url="https://aider.chat/docs/leaderboards/",
    licence="Apache-2.0",
    ship="yes",
    downloads=github("Aider-AI/aider/main/aider/website/_data", _FILE),
    patterns=(_FILE,),
    rows={"benchmark_scores": (100, 2_000)},
)

# What tells two runs of one model apart, and how a setting names it.
_SETTING = {
    "edit_format": "format",
    "reasoning_effort": "effort",
    "thinking_tokens": "thinking tokens",
    "editor_model": "editor",
}
_UNUSED = (
    *("test_cases", "commit_hash", "pass_num_1", "pass_num_2", "percent_cases_well_formed"),
    *("error_outputs", "num_malformed_responses", "num_with_malformed_responses", "user_asks"),
    *("lazy_comments", "syntax_errors", "indentation_errors", "exhausted_context_windows"),
    *("test_timeouts", "command", "versions", "editor_edit_format"),
    *("prompt_tokens", "completion_tokens"),
)
_NO_COST = "Aider gives no cost for this run."


def parse(raw: RawFiles) -> Parsed:
    """Two rows a run: solved within two tries (overall), and at the first try."""
    import yaml

    parsed, f = Parsed(), raw.one(_FILE)
    try:
        runs = yaml_of(f.text())
    except yaml.YAMLError as error:
        raise f.damaged("is not whole YAML", error) from None
    for record in records_in(_ID, f"{f.name} run", runs):
        day = record.convert("date", lambda text: date.fromisoformat(str(text)))
        # Free previews and self-hosted runs carry 0, which says nothing about what they cost.
        cost = record.number_maybe("total_cost") or None
        setting = [record.text("dirname")]
        for name, label in _SETTING.items():
            if (value := record.maybe(name)) is not None:
                setting.append(f"{label} {value}")
        row = {
            "benchmark": "aider_polyglot",
            "model_name": record.text("model"),
            "setting": "; ".join(setting),
            "chance_corrected": False,
            "tasks_n": record.convert("total_tests", int),
            "attempts_n": 1,
            "evaluator": "third_party",
            "observed_on": day,
            "known_on": day,
        }
        whole_run = {
            "cost_usd": cost,
            "latency_mean_seconds": record.number("seconds_per_case"),
            "note": None if cost else _NO_COST,
        }
        both = {"part": "overall", "score_frac": record.convert("pass_rate_2", percent)}
        first = {"part": "first_try", "score_frac": record.convert("pass_rate_1", percent)}
        parsed.add("benchmark_scores", row | both | whole_run)
        parsed.add("benchmark_scores", row | first)
        record.done(*_UNUSED)
    return parsed
