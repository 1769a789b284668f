"""What changed between two days of knowledge: verdicts, list prices, places."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import polars as pl

from headtohead.claims.verdict import Verdict
from headtohead.core.estimate import Citation
from headtohead.evidence.store import publisher
from headtohead.evidence.words import BASES
from headtohead.prices.in_force import pair_words
from headtohead.publish.machine import envelope
from headtohead.publish.result import Result
from headtohead.publish.sheet import DataTable, Sheet
from headtohead.ratings.published import BOARD_WORDS, one_board

_Place = tuple[int, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed.

    Attributes:
        what: "verdict", "price" or "rank".
        subject: Claim, model or entrant.
        before: How it was; empty if it is new.
        after: How it is; empty if it is gone.
        source_ids: The sources of the later state.
        known_on: The day on which the last row behind the later state became known.
    """

    what: str
    subject: str
    before: str
    after: str
    why: str
    source_ids: tuple[str, ...]
    known_on: date

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        return asdict(self) | {
            "source_ids": list(self.source_ids),
            "known_on": self.known_on.isoformat(),
        }


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DiffResult(Result):
    """Everything that changed between two days.

    Attributes:
        changes: Verdicts first, then prices, then places.
        citations: The sources of the later state.
    """

    start: date
    end: date
    changes: tuple[Change, ...]
    citations: tuple[Citation, ...]

    @property
    def sheet(self) -> Sheet:
        """Verdicts, prices and places that changed."""
        from headtohead.claims.sheet import diff_sheet

        return diff_sheet(self)

    def table(self) -> DataTable:
        """One row a change."""
        from headtohead.claims.sheet import diff_table

        return diff_table(self)

    def as_json(self) -> dict[str, Any]:
        """The object that `h2h diff --json` prints."""
        fields = envelope(
            "diff", None, self.end, [c.as_json() for c in self.changes], self.citations
        )
        return {**fields, "from": self.start.isoformat(), "to": self.end.isoformat()}


def verdict_changes(before: Sequence[Verdict], after: Sequence[Verdict]) -> list[Change]:
    """The claims whose verdict word differs, with the reading and the evidence that moved it."""
    old = {v.claim.id: v for v in before}
    changes = []
    for now in after:
        then = old.get(now.claim.id)
        if then is None or then.word == now.word:
            continue
        subject, why = f"{now.claim.id}: {now.claim.says}", _why(then, now)
        days = [e.known_on for j in now.judged for e in j.estimates if e.known_on]
        known_on = max(days, default=now.as_of)
        changes.append(
            Change("verdict", subject, then.word, now.word, why, now.source_ids, known_on)
        )
    return changes


def price_changes(before: pl.DataFrame, after: pl.DataFrame) -> list[Change]:
    """Models whose maker's list price differs; both frames hold the prices in force on a day."""
    old = {r["model_id"]: r for r in before.iter_rows(named=True)}
    changes = []
    for row in after.iter_rows(named=True):
        both = old.get(row["model_id"]), row
        then, now = (f"{pair_words(r)} per million tokens" if r else "" for r in both)
        if then and then != now:
            why = (
                f"in force since {row['valid_from']}, known on {row['known_on']}, "
                f"{BASES[row['basis'].partition(':')[0]]} ({publisher(row['source_id'])})"
            )
            ids = (str(row["source_id"]),)
            known_on = row["known_on"]
            changes.append(Change("price", row["model_id"], then, now, why, ids, known_on))
    return changes


def rank_changes(before: pl.DataFrame, after: pl.DataFrame, *, top: int) -> list[Change]:
    """Entrants among the first `top` places of either text board whose place differs."""
    (then, _), (now, board) = _places(before), _places(after)
    changes = []
    # Those that left come last, in their old order: never in a set's own, which changes by run.
    gone = len(then) + len(now)
    for name in sorted(
        then.keys() | now.keys(), key=lambda n: [b[n][0] if n in b else gone for b in (now, then)]
    ):
        old, new = (b[name][0] if name in b else None for b in (then, now))
        if old == new or min(old or 999, new or 999) > top:
            continue
        texts = [f"place {p}" if p else "not on the board" for p in (old, new)]
        why = f"text board of {board}" if new else f"absent from the text board of {board}"
        ids = (str((then | now)[name][1]["source_id"]),)
        # That an entrant left is known by the first of those that stayed.
        _, seen = now.get(name) or next(iter(now.values()), then.get(name, (0, {})))
        changes.append(Change("rank", name, texts[0], texts[1], why, ids, seen["known_on"]))
    return changes


def _places(frame: pl.DataFrame) -> tuple[dict[str, _Place], object]:
    """Model -> (place of its best entrant, row) on the last board of the frame, and its day."""
    rows = one_board(frame, {name: word.default for name, word in BOARD_WORDS.items()})
    if rows.is_empty():
        return {}, None
    rows = rows.filter(pl.col("observed_on") == pl.col("observed_on").max())
    rows = rows.with_columns(pl.coalesce("model_id", "model_name").alias("who"))
    rows = rows.sort("rating_elo", "model_name", descending=[True, False])
    rows = rows.unique("who", keep="first", maintain_order=True)
    ranked = {r["who"]: (i, r) for i, r in enumerate(rows.iter_rows(named=True), 1)}
    return ranked, rows["observed_on"][0]


def _why(then: Verdict, now: Verdict) -> str:
    parts = []
    for name, old, new in (
        ("as stated", then.as_stated, now.as_stated),
        ("narrower", then.narrower, now.narrower),
    ):
        if old and new and old.truth != new.truth:
            parts.append(f"{name}: {old.truth} to {new.truth}, because {new.finding}")
    fresh = sorted(set(now.source_ids) - set(then.source_ids))
    if fresh:
        parts.append(f"new sources: {', '.join(dict.fromkeys(map(publisher, fresh)))}")
    return "; ".join(parts)
