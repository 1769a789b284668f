"""Trap: rows without a country, and several countries in one cell.

Real cases: 17 models of Epoch's capability index have no country, Chinese ones among them; in
Epoch's table of AI models a third of the cells name several.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from headtohead.core.units import first_few
from headtohead.evidence.traps.finding import Finding, Row, is_empty, rows_of

if TYPE_CHECKING:
    import polars as pl

Rule = Literal["none", "first", "all"]


def split_countries(
    cell: str | None, separators: str = ",;|/", whole: Sequence[str] = ()
) -> tuple[str, ...]:
    """The countries of a cell, each once, in the order printed.

    Args:
        cell: As printed; None or blank gives none.
        separators: Single characters that part names.
        whole: Names that hold a separator and are one country, as "Korea, Republic of".
    """
    if cell is None:
        return ()
    held = {chr(0xE000 + i): name for i, name in enumerate(sorted(whole, key=len, reverse=True))}
    for mark, name in held.items():
        cell = cell.replace(name, mark)
    for separator in separators:
        cell = cell.replace(separator, "\n")
    parts = (held.get(part.strip(), part.strip()) for part in cell.split("\n"))
    return tuple(dict.fromkeys(part for part in parts if part))


def countries_of(
    cell: str | None, rule: Rule = "none", separators: str = ",;|/", whole: Sequence[str] = ()
) -> tuple[str, ...]:
    """The countries a row counts for.

    Of a cell of several, "none" counts it for no country, "first" for the one printed first, "all"
    for each.

    Raises:
        ValueError: If there is no such rule.
    """
    if rule not in ("none", "first", "all"):
        raise ValueError(f"rule is {rule!r}; it must be 'none', 'first' or 'all'")
    names = split_countries(cell, separators, whole)
    if len(names) <= 1 or rule == "all":
        return names
    return names[:1] if rule == "first" else ()


def propose_country(
    organisation: str | None, seats: Mapping[str, str], separators: str = ",;|/"
) -> str | None:
    """The country of an organisation; None unless the mapping knows all of it and agrees."""
    if is_empty(organisation) or organisation is None:
        return None
    if organisation.strip() in seats:
        return seats[organisation.strip()]
    seated = {seats.get(part) for part in split_countries(organisation, separators)}
    return seated.pop() if len(seated) == 1 else None


def countries(
    table: "pl.DataFrame | Sequence[Row]",
    *,
    name: str = "model",
    country: str = "country",
    organisation: str | None = None,
    seats: Mapping[str, str] | None = None,
    separators: str = ",;|/",
    whole: Sequence[str] = (),
) -> list[Finding]:
    """Up to three findings: no country but one to propose, no country at all, several in a cell.

    Args:
        table: One row a model.
        name: The column that names the row.
        country: The column of countries.
        organisation: The column of organisations, if there is one.
        seats: Organisation -> country, to propose from.
        separators: As for `split_countries`.
        whole: As for `split_countries`.

    Raises:
        ValueError: If a column is missing.
    """
    columns = [name, country, *([organisation] if organisation else [])]
    rows = rows_of(table, columns)
    proposed: dict[str, str] = {}
    unknown: list[str] = []
    several: dict[str, tuple[str, ...]] = {}
    for position, row in enumerate(rows):
        who = f"row {position}" if is_empty(row[name]) else str(row[name])
        cell = None if is_empty(row[country]) else str(row[country])
        names = split_countries(cell, separators, whole)
        if len(names) > 1:
            several[who] = names
        elif not names:
            maker = row[organisation] if organisation else None
            guess = propose_country(maker, seats or {}, separators)
            if guess:
                proposed[who] = guess
            else:
                unknown.append(who)
    pairs = ", ".join(f"{who} -> {where}" for who, where in proposed.items())
    example = next((f"{who}: {', '.join(names)}" for who, names in several.items()), "")
    traps = (
        (
            proposed,
            "have no country, though their organisation has one",
            f"Fill in by organisation: {pairs}.",
        ),
        (
            unknown,
            f"have no country: {first_few(unknown)}",
            "Leave them out of every count by country and say how many, or state their maker.",
        ),
        (
            several,
            f"name several countries in one cell, as {example}",
            "They count for no country until you pick a rule: first, all or none.",
        ),
    )
    return [
        Finding("countries", country, f"{len(who)} of {len(rows)} rows {what}", fix, tuple(who))
        for who, what, fix in traps
        if who
    ]
