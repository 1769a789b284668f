"""What the tests of `switch` share: where a tiny log keeps its fields, and short ways to run."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.logs.formats.lines import write_lines

from headtohead.trials.result import TrialResult
from headtohead.trials.switching.result import Switch
from headtohead.trials.switching.settings import Pace
from headtohead.trials.switching.verb import switch

FIELDS = {
    "labels": "metadata.task",
    "input_tokens": "usage.prompt_tokens",
    "output_tokens": "usage.completion_tokens",
    "cache_read_tokens": "usage.prompt_tokens_details.cached_tokens",
}
DAY = "2025-12-15"
QUICK = Pace(cap_tokens=16)
# Sooner decided than at the usual 0.95.
LEVEL = 0.8


@dataclass
class CountedCandidate:
    """A way to a candidate.

    Attributes:
        base_url: Its address, with `/v1`.
        wait_s: How long every answer waits.
        prompts: Last message of every request, in order.
        headers: Headers of every request.
    """

    base_url: str
    wait_s: float = 0.0
    prompts: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


def logged_calls(n: int, **more: Any) -> list[dict[str, Any]]:
    """Rows of a plain log: n right answers of the model "old", with other fields if given."""
    return [
        {
            "id": f"r{i}",
            "model": "old",
            "messages": [{"role": "user", "content": f"2+2? {i}"}],
            "output": "4",
            "reference": "4",
            "input_tokens": 5,
            "output_tokens": 1,
            **more,
        }
        for i in range(n)
    ]


def tried(log: Path, base_url: str, **options: Any) -> TrialResult:
    """A trial of tiny-b on the log of tiny-a by exact answers, unless told otherwise."""
    said: dict[str, Any] = {
        "from_model": "tiny-a",
        "to": options.pop("model", "tiny-b"),
        "base_url": base_url,
        "price_to": options.pop("price", ""),
        "mapping": FIELDS,
        "by": "metadata.task",
        "as_of": DAY,
        "pace": QUICK,
    }
    if not {"judge", "human", "votes"} & set(options):
        said["scorer"] = "exact"
    return switch(log, **{**said, **options})


def made_by(log: Path, base_url: str, **options: Any) -> Switch:
    """What such a trial gives."""
    made = tried(log, base_url, **options).details
    assert isinstance(made, Switch)
    return made


def lines(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a file of JSON lines."""
    whole = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    return [json.loads(line) for line in whole if line]


def answers(ledger: Path) -> dict[str, dict[str, Any]]:
    """Key -> the answer kept."""
    found = (line["answer"] for line in lines(ledger) if line["kind"] == "answer")
    return {str(answer["key"]): answer for answer in found}


def rewritten(log: Path, path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """A log of other rows."""
    assert log != path
    return write_lines(path, rows)


def section(made: TrialResult, slug: str) -> dict[str, Any]:
    """A section as `--json` gives it."""
    found: dict[str, Any] = next(s for s in made.as_json()["sections"] if s["section"] == slug)
    return found


def classes(made: Switch) -> dict[str, float]:
    """Class -> B minus A, in the order printed."""
    assert made.classes is not None
    return {str(row.name): row.difference.value for row in made.classes.slices}


def vote_file(path: Path, ballot: Path, preferences: dict[str, float], name: str = "Anna") -> Path:
    """What a voter's browser saves, by the format it writes."""
    key = json.loads(ballot.with_suffix(".key.json").read_text(encoding="utf-8"))
    votes = []
    for code, item, first in key["items"]:
        if item in preferences:
            liked = {1.0: "B", -1.0: "A", 0.0: ""}[preferences[item]]
            choice = "tie" if not liked else "first" if liked == first else "second"
            votes.append([code, choice, 1500])
    head = [
        key["ballot"],
        name.encode().hex()[:16].ljust(16, "0"),
        name,
        "2025-12-15T12:00:00.000Z",
    ]
    text = "\n".join([*head, *(f"{c} {v} {ms}" for c, v, ms in votes)])
    check = 0x811C9DC5
    for byte in text.encode():
        check = (check ^ byte) * 0x01000193 % 2**32
    body = {
        "format": "h2h-votes-1",
        "ballot": head[0],
        "voter": head[1],
        "name": head[2],
        "saved": head[3],
        "votes": votes,
        "check": f"{check:08x}",
    }
    path.write_text(json.dumps(body), encoding="utf-8")
    return path
