"""What changed between two days of knowledge: verdicts, list prices, places."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from headtohead.claims.verdict import Judged, Verdict
from headtohead.core.provenance import Citation
from headtohead.reports.result import envelope


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that changed.

    Attributes:
        what: "verdict", "price" or "rank".
        subject: Claim, model or entrant.
        before: How it was; empty if it is new.
        after: How it is; empty if it is gone.
        why: The evidence behind the change, in words.
        source_ids: The sources of the later state.
    """

    what: str
    subject: str
    before: str
    after: str
    why: str
    source_ids: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        return {
            "what": self.what,
            "subject": self.subject,
            "before": self.before,
            "after": self.after,
            "why": self.why,
            "source_ids": list(self.source_ids),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffResult:
    """Everything that changed between two days.

    Attributes:
        start: The earlier day of knowledge.
        end: The later one.
        changes: Verdicts first, then prices, then places.
        citations: The sources of the later state.
    """

    start: date
    end: date
    changes: tuple[Change, ...]
    citations: tuple[Citation, ...]

    def as_json(self) -> dict[str, Any]:
        """The object that `h2h diff --json` prints."""
        made = envelope("diff", None, self.end, [c.as_json() for c in self.changes], self.citations)
        return {**made, "from": self.start.isoformat(), "to": self.end.isoformat()}


def verdict_changes(before: Sequence[Verdict], after: Sequence[Verdict]) -> list[Change]:
    """The claims whose verdict word differs, with the reading and the evidence that moved it."""
    old = {v.claim.id: v for v in before}
    found = []
    for now in after:
        then = old.get(now.claim.id)
        if then is None or then.word == now.word:
            continue
        found.append(
            Change(
                what="verdict",
                subject=f"{now.claim.id}: {now.claim.says}",
                before=then.word,
                after=now.word,
                why=_why(then, now),
                source_ids=now.source_ids,
            )
        )
    return found


def _why(then: Verdict, now: Verdict) -> str:
    parts = []
    for name, old, new in (
        ("as stated", then.as_stated, now.as_stated),
        ("kindest reading", then.kindest, now.kindest),
    ):
        if old.truth != new.truth:
            parts.append(f"{name}: {old.truth} to {new.truth}, because {_found(new)}")
    fresh = sorted(set(now.source_ids) - set(then.source_ids))
    if fresh:
        parts.append(f"new sources: {', '.join(fresh)}")
    return "; ".join(parts)


def _found(judged: Judged) -> str:
    return judged.answer.says or judged.answer.missing
