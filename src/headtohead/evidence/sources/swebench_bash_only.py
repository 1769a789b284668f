"""SWE-bench's bash-only board: one scaffold (mini-SWE-agent), 500 tasks, cost and calls per task.

A system's per-task results are kept only if they add up to its headline: of Claude 3.7 Sonnet they
say 10% where the board says 53%. Its headline stays, with a note.
"""

import re
from collections.abc import Mapping
from typing import Any

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.sourcing import Parsed, RawFiles, Record, Source, github

_ID = "swebench_bash_only"

SOURCE = Source(
    source_id=_ID,
    publisher="SWE-bench",
    product="bash-only leaderboard (mini-SWE-agent)",
    citation="SWE-bench team (2025). SWE-bench Verified, bash-only leaderboard.",
    url="https://www.swebench.com/bash-only.html",
    licence="CC-BY-NC-4.0",
    ship="no",
    downloads=github("SWE-bench/swe-bench.github.io/master/data", "leaderboards.json"),
    patterns=("leaderboards*.json", "leaderboards*.json.gz"),
    rows={"benchmark_scores": (20, 1_000), "task_results": (8_000, 500_000)},
)

_BOARD = "bash-only"
_TASKS = 500
_TOLERANCE = 0.02
_UNUSED = (
    *("folder", "logo", "logs", "trajs", "trajs_docent", "site", "os_model", "os_system"),
    *("instance_cost", "instance_calls"),
)
_ATTEMPTS = re.compile(r"System: Attempts - (\d+)$")


def parse(raw: RawFiles) -> Parsed:
    """One row a system, and one a system and task."""
    parsed = Parsed()
    top = raw.json("leaderboards*.json*")
    for record in top.parts(_BOARD, _results(parsed, top)):
        _system(parsed, record)
    return parsed


def _results(parsed: Parsed, top: Record) -> list[Mapping[str, Any]]:
    """The entries of the bash-only board; those of the others are counted."""
    boards = []
    for board in top.parts("board", top.items("leaderboards")):
        name, results = board.text("name"), board.items("results")
        board.done()
        if name == _BOARD:
            boards.append(results)
        else:
            parsed.dropped[f"a system of the {name} board"] += len(results)
    top.done()
    if len(boards) != 1:
        raise UpstreamChanged(
            _ID, top.where, f"{len(boards)} boards are called {_BOARD!r}, not one,"
        )
    return boards[0]


def _system(parsed: Parsed, record: Record) -> None:
    from headtohead.evidence.traps import headlines, item_mean

    name, day = record.text("name"), record.day("date")
    tagged: dict[str, Any] = {"organisation": None, "attempts": None}
    for tag in record.items("tags"):
        if match := _ATTEMPTS.match(tag):
            tagged["attempts"] = int(match[1])
        elif tag.startswith("Org: "):
            tagged["organisation"] = tag.removeprefix("Org: ")
        elif not tag.startswith("Model: "):
            raise record.wrong("tags", tag)
    score = record.number("resolved") / 100
    notes = [] if record.take("checked") else ["Not checked by the SWE-bench team."]
    if warning := record.maybe("warning"):
        notes.append(str(warning))
    row = {
        "benchmark": "swe_bench_bash_only",
        "model_name": name,
        "setting": f"mini-SWE-agent {record.take('mini-swe-agent_version')}",
        "observed_on": day,
        "known_on": day,
    }
    details = record.part("items", record.maybe("per_instance_details", {}))
    items = [_item(task, item) for task, item in details.each()]
    solved = [item["score_frac"] for item in items]
    total = max(_TASKS, len(items))
    if items and headlines(
        solved, score, name=name, items=total, missing="failed", tolerance=_TOLERANCE
    ):
        parsed.dropped["items contradict the headline"] += len(items)
        mean = item_mean(solved, total, "failed").low
        notes.append(f"Its per-task results add up to {mean:.1%} and are left out.")
    else:
        for item in items:
            parsed.add("task_results", row | item)
    headline = {
        "part": "overall",
        "score_frac": round(score, 6),
        "chance_corrected": False,
        "tasks_n": _TASKS,
        "attempts_n": tagged["attempts"],
        # Gemini 2.0 Flash carries 0 for a run that was not counted.
        "cost_usd": record.number("cost") or None,
        "organisation": tagged["organisation"],
        "evaluator": "third_party",
        "note": " ".join(notes) or None,
    }
    parsed.add("benchmark_scores", row | headline)
    record.done(*_UNUSED)


def _item(task: str, item: Record) -> dict[str, Any]:
    row = {
        "task": task,
        "attempt_n": 1,
        "score_frac": float(item.flag("resolved")),
        "cost_usd": item.number("cost"),
        "calls_n": item.convert("api_calls", int),
    }
    item.done()
    return row
