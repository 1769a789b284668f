"""Trap: two name columns, one of which puts different entries under one name.

Real case: eci_benchmarks.csv has `Model` (193 names, 90 empty cells) and `model` (222 names). Only
`model` with the benchmark tells the rows apart.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headtohead.core.errors import InputError
from headtohead.core.units import first_few
from headtohead.evidence.traps.finding import Finding, Row, is_empty, label, rows_of

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class NameColumn:
    """How well a column, with the key, tells rows apart.

    Attributes:
        names: Different names, the empty one not counted.
        empty: Rows without a name.
        repeats: Rows beyond the first of their name and key.
        merged: Names that stand for several rows of one key, in order of the data.
    """

    column: str
    names: int
    empty: int
    repeats: int
    merged: tuple[str, ...]

    @property
    def identifies(self) -> bool:
        """Whether every row has a name, and no two of a key share one."""
        return not self.empty and not self.repeats


def judge_names(
    table: "pl.DataFrame | Sequence[Row]", candidates: Sequence[str], key: Sequence[str] = ()
) -> tuple[NameColumn, ...]:
    """Each candidate column judged, in the order given.

    Raises:
        ValueError: If a column is missing, or there is no candidate.
    """
    if not candidates:
        raise ValueError("there is no candidate column; give at least one")
    rows = rows_of(table, [*candidates, *key])
    judged = []
    for column in candidates:
        named = [row for row in rows if not is_empty(row[column])]
        counts = Counter((str(row[column]), *(row[k] for k in key)) for row in named)
        merged = dict.fromkeys(str(name) for (name, *_), n in counts.items() if n > 1)
        judged.append(
            NameColumn(
                column,
                len({str(row[column]) for row in named}),
                len(rows) - len(named),
                len(named) - len(counts),
                tuple(merged),
            )
        )
    return tuple(judged)


def name_columns(
    table: "pl.DataFrame | Sequence[Row]",
    candidates: Sequence[str],
    key: Sequence[str] = (),
    chosen: str | None = None,
) -> list[Finding]:
    """One finding for each candidate that merges different entries or leaves some unnamed.

    Args:
        table: The rows.
        candidates: Columns that might name a row.
        key: What else tells rows apart, as the benchmark.
        chosen: The candidate you mean to use: it must identify the rows.

    Raises:
        ValueError: If a column is missing, or the chosen one is no candidate.
        InputError: If the chosen column does not identify the rows.
    """
    if chosen is not None and chosen not in candidates:
        raise ValueError(f"{chosen!r} is not among the candidates {list(candidates)}")
    judged = judge_names(table, candidates, key)
    good = [c.column for c in judged if c.identifies]
    findings = [_finding(c, good, key) for c in judged if not c.identifies]
    for finding in findings:
        if finding.where == chosen:
            raise InputError(str(finding))
    return findings


def _finding(column: NameColumn, good: Sequence[str], key: Sequence[str]) -> Finding:
    within = f" within one {label(key)}" if key else ""
    problems = []
    if column.repeats:
        problems.append(f"{column.repeats} rows repeat a name{within} ({first_few(column.merged)})")
    if column.empty:
        problems.append(f"{column.empty} rows are empty")
    fix = (
        f"Join on {' or '.join(map(repr, good))}."
        if good
        else "No column given tells the rows apart: remove true duplicates, or add what differs."
    )
    what = f"{column.names} names, but {' and '.join(problems)}"
    return Finding("name_columns", column.column, what, fix, column.merged)
