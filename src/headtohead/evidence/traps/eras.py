"""Trap: two ways of running a benchmark under one version label.

Real case: Epoch ran SWE-bench Verified with one harness on 500 tasks in 2025 and with another on
484 in 2026, both as version 0. The nine models that ran under both gained 9.5 points on average;
comparing a model of one era with a model of the other invents about as much.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from headtohead.evidence.traps.finding import Finding, Row, is_empty, label, rows_of
from headtohead.stats.inputs import check_level
from headtohead.stats.intervals import student_quantile, student_tail

if TYPE_CHECKING:
    import polars as pl

_KNOWN_SPREAD = 1000  # degrees of freedom that stand for a spread that is known


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a model on a benchmark.

    Attributes:
        model: Model and setting: what must be equal for two runs to be of the same thing.
        score: Higher or lower is as you like; a share of items where `items` is given.
        items: Size of the item set, if known.
    """

    model: str
    day: str
    score: float
    items: float | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """The mean change of the models that ran on both sides, later minus earlier.

    Attributes:
        chance: Two-sided probability of so large a change by chance.
        models: The models that ran on both sides.
    """

    value: float
    low: float
    high: float
    chance: float
    models: tuple[str, ...]


def shift(before: Sequence[Run], after: Sequence[Run], level: float = 0.95) -> Shift | None:
    """The mean change of the models present on both sides; None where none is.

    Each model counts once, by its mean on each side. The standard error is that between models,
    but never less than sampling of the items alone makes it. One model gives an interval only
    if its item counts are known.

    Raises:
        ValueError: If a score with an item count is no share.
    """
    sides = [_means(before), _means(after)]
    models = tuple(model for model in sides[0] if model in sides[1])
    if not models:
        return None
    changes = [sides[1][m][0] - sides[0][m][0] for m in models]
    sampling = math.sqrt(sum(sides[0][m][1] + sides[1][m][1] for m in models)) / len(models)
    value, k = math.fsum(changes) / len(changes), len(changes)
    between = math.sqrt(sum((c - value) ** 2 for c in changes) / (k - 1) / k) if k > 1 else 0.0
    se, df = max(sampling, between), k - 1 if k > 1 else _KNOWN_SPREAD
    if k == 1 and not sampling:
        return Shift(value, -math.inf, math.inf, 1.0, models)
    reach = student_quantile(0.5 + check_level(level) / 2, df) * se
    t = abs(value) / se if se else (math.inf if value else 0.0)
    return Shift(value, value - reach, value + reach, 2 * student_tail(t, df), models)


def eras(
    table: "pl.DataFrame | Sequence[Row]",
    *,
    version: Sequence[str] = ("version",),
    model: Sequence[str] = ("model",),
    day: str = "day",
    score: str = "score",
    items: str | None = None,
    protocol: Sequence[str] = (),
    level: float = 0.95,
    alpha: float = 0.01,
    least_shift: float = 0.03,
    least_models: int = 3,
) -> list[Finding]:
    """One finding for each version label that covers several eras.

    The protocol columns and the size of the item set part eras. An empty cell contradicts nothing;
    a run that fits several eras is left out. Within one protocol, or where no protocol is stated,
    the scores part them: a day after which the models that ran on both sides moved together.

    Args:
        table: One row a run.
        version: Columns that label the benchmark, its version and setting.
        model: Columns that name the model and its setting (effort).
        day: Column of days: dates or ISO text.
        score: Column of scores.
        items: Column with the size of the item set (not how many were scored), if known.
        protocol: Columns that say how it was run: solver, grader, package versions.
        level: Coverage of the intervals.
        alpha: Chance of a false alarm by scores, for each version label and era.
        least_shift: Mean change, in the unit of the scores, below which scores alone say nothing.
        least_models: Models needed on both sides for scores alone to say anything.

    Raises:
        ValueError: If a column is missing, or a score with an item count is no share.
    """
    marks = (*protocol, items) if items else tuple(protocol)
    rows = rows_of(table, [*version, *model, day, score, *marks])
    groups: dict[str, list[Row]] = {}
    for row in rows:
        if not is_empty(row[score]) and not is_empty(row[day]):
            groups.setdefault(label(row[c] for c in version), []).append(row)
    findings = []
    for where, members in groups.items():
        parts, unclear = _by_protocol(members, marks)
        runs = {
            mark: sorted((_run(r, model, day, score, items) for r in part), key=lambda r: r.day)
            for mark, part in parts.items()
        }
        if len(runs) > 1:
            findings.append(_stated(where, marks, runs, unclear, level))
        for part in runs.values():
            if moved := _moved(part, level, alpha, least_models, least_shift):
                change, last, first, tried = moved
                chance = min(1.0, change.chance * tried)
                what = (
                    f"repeated models moved together between {last} and {first}: "
                    f"{_change(change, level)} (chance {chance:.2g} after trying {tried} days)"
                )
                fix = (
                    "Find out what changed then (harness, items, packages); compare only within "
                    "one side."
                )
                findings.append(Finding("eras", where, what, fix, change.models))
    return findings


def _run(row: Row, model: Sequence[str], day: str, score: str, items: str | None) -> Run:
    when = row[day].isoformat() if hasattr(row[day], "isoformat") else str(row[day])
    n = None if items is None or is_empty(row[items]) else float(row[items])
    return Run(label(row[c] for c in model), when[:10], float(row[score]), n)


def _means(runs: Sequence[Run]) -> dict[str, tuple[float, float]]:
    """Model -> mean score and its sampling variance (0 where the items are not known)."""
    by_model: dict[str, list[Run]] = {}
    for run in runs:
        by_model.setdefault(run.model, []).append(run)
    return {
        model: (
            math.fsum(r.score for r in own) / len(own),
            # Runs share their items, so more runs do not make the sampling of items smaller.
            sum(_variance(r) for r in own) / len(own),
        )
        for model, own in by_model.items()
    }


def _variance(run: Run) -> float:
    if run.items is None:
        return 0.0
    if not 0 <= run.score <= 1 or run.items < 1:
        raise ValueError(
            f"{run.model} has score {run.score} over {run.items} items; give shares of 0 to 1, "
            f"or no item counts"
        )
    # One item more keeps a score of 0 or 1 from looking certain.
    p = (run.score * run.items + 0.5) / (run.items + 1)
    return p * (1 - p) / run.items


def _by_protocol(
    rows: Sequence[Row], columns: Sequence[str]
) -> tuple[dict[tuple[Any, ...], list[Row]], int]:
    """Protocol -> its runs, and how many runs fit more than one."""

    def mark(row: Row) -> tuple[Any, ...]:
        return tuple(None if is_empty(row[c]) else row[c] for c in columns)

    def fits(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
        return all(x is None or y is None or x == y for x, y in zip(a, b, strict=True))

    def stated(a: tuple[Any, ...]) -> int:
        return sum(x is not None for x in a)

    seen = sorted(dict.fromkeys(map(mark, rows)), key=stated, reverse=True)
    full: list[tuple[Any, ...]] = []
    for one in seen:
        if not any(fits(one, other) for other in full if stated(other) > stated(one)):
            full.append(one)
    parts: dict[tuple[Any, ...], list[Row]] = {one: [] for one in full}
    unclear = 0
    for row in rows:
        own = mark(row)
        homes = [own] if own in parts else [one for one in full if fits(own, one)]
        if len(homes) == 1:
            parts[homes[0]].append(row)
        else:
            unclear += 1
    return parts, unclear


def _moved(
    runs: Sequence[Run], level: float, alpha: float, least_models: int, least_shift: float
) -> tuple[Shift, str, str, int] | None:
    """The day that parts the repeated models: change, last and first day, days tried."""
    days: dict[str, set[str]] = {}
    for run in runs:
        days.setdefault(run.model, set()).add(run.day)
    repeated = [run for run in runs if len(days[run.model]) > 1]
    tried: list[tuple[Shift, str, str]] = []
    for last, first in pairwise(sorted({run.day for run in repeated})):
        change = shift(
            [r for r in repeated if r.day <= last], [r for r in repeated if r.day >= first], level
        )
        if change and len(change.models) >= least_models:
            tried.append((change, last, first))
    sure = [
        one
        for one in tried
        if one[0].chance * len(tried) <= alpha and abs(one[0].value) >= least_shift
    ]
    if not sure:
        return None
    # A cut a little off the true day leaves out models rather than losing the shift.
    change, last, first = min(sure, key=lambda one: (-len(one[0].models), one[0].chance))
    return change, last, first, len(tried)


def _stated(
    where: str,
    columns: Sequence[str],
    eras_: Mapping[tuple[Any, ...], Sequence[Run]],
    unclear: int,
    level: float,
) -> Finding:
    ordered = sorted(eras_.items(), key=lambda era: era[1][0].day)
    named = [
        ", ".join(f"{c} {v}" for c, v in zip(columns, mark, strict=True) if v is not None)
        or "nothing stated"
        for mark, _ in ordered
    ]
    described = [
        f"{name} ({len(runs)} runs, {runs[0].day} to {runs[-1].day})"
        for name, (_, runs) in zip(named, ordered, strict=True)
    ]
    changes = []
    for i, (_, early) in enumerate(ordered):
        for j, (_, late) in enumerate(ordered[i + 1 :], i + 1):
            if change := shift(early, late, level):
                pair = "" if len(ordered) == 2 else f" from {named[i]} to {named[j]}"
                changes.append(f"{_change(change, level)}{pair}")
    if not changes:
        changes = ["no model ran under two of them, so the difference is unknown"]
    if unclear:
        changes.append(f"{unclear} runs do not say which they are")
    return Finding(
        "eras",
        where,
        f"{len(ordered)} protocols under one version: {'; '.join([*described, *changes])}",
        "Compare only within one protocol; give each its own version label.",
        tuple(dict.fromkeys(run.model for runs in eras_.values() for run in runs)),
    )


def _change(change: Shift, level: float) -> str:
    ends = "interval unknown"
    if math.isfinite(change.low):
        ends = f"{level:.0%}: {change.low:+.3f} to {change.high:+.3f}"
    n = len(change.models)
    who = f"{n} models" if n > 1 else f"only {change.models[0]}"
    return f"{who} ran on both sides, mean change {change.value:+.3f} ({ends})"
