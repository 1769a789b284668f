"""`chip`: what the export rules make of a chip on a day."""

import re
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from headtohead.chips.result import ChipResult, ChipVerdict, Rule
from headtohead.chips.rules import Measured, borders, clauses_of, decide, measured_of
from headtohead.chips.settings import ChipSettings
from headtohead.core import dates
from headtohead.core.dates import Day
from headtohead.core.errors import InputError, NoEvidence, UnknownName
from headtohead.core.settings import takes
from headtohead.evidence.facts import Facts

if TYPE_CHECKING:
    from headtohead.evidence.store import Store


@takes(settings=ChipSettings)
def chip(
    name: str = "",
    *,
    as_of: Day,
    settings: ChipSettings,
    about: Day | None = None,
    store: "Store | None" = None,
) -> ChipResult:
    """What the US export rules in force on a day make of a chip, by which threshold, how surely.

    Args:
        name: A chip by any name it is known by; without one and without `tops`, every chip that
            is measured as the rules do.
        as_of: The day of our knowledge.
        settings: A chip of your own.
        about: The day to classify it on; `as_of` if None.
        store: The evidence; the user's own if None.

    Raises:
        UnknownName: If no chip is called so.
        InputError: If the day lies after `as_of`, or a chip is named and described.
        NoEvidence: If no rule on chips was known by `as_of`.
    """
    day = dates.day(as_of, "as_of")
    on = day if about is None else dates.day(about, "about")
    if on > day:
        raise InputError(f"`about` {on} lies after `as_of` {day}. Choose that day or an earlier.")
    facts = Facts(store)
    rows = facts.frame("chip_rules", day)
    if rows.is_empty():
        raise NoEvidence(
            f"No export rule on chips was known on {day}; the first became known on 13 October "
            "2022. Choose a later `as_of`."
        )
    clauses = clauses_of(rows)
    chosen, source_ids = _chosen(facts, day, name, settings)
    rules_known = facts.frame("rules", day).sort("effective_from")
    rules = {r["rule"]: Rule.of(r) for r in rules_known.iter_rows(named=True)}
    bare = [rule for name, rule in rules.items() if name not in {c.rule for c in clauses}]
    judged = tuple(
        ChipVerdict(
            measured=one,
            status=decide(one, clauses, on),
            borders=borders(one, clauses, on),
            verified=row.get("verified"),
            note=row.get("note") or "",
            released_on=row.get("released_on"),
            named_by=tuple(
                r
                for r in bare
                if r.start <= on <= (r.end or on) and r.chips & {one.chip, *_other_names(row)}
            ),
        )
        for one, row in chosen
    )
    source_ids |= {*rows["source_id"], *rules_known["source_id"]}
    return ChipResult(
        asked=name or (chosen[0][0].chip if settings.tops else ""),
        on=on,
        as_of=day,
        chips=judged,
        clauses=clauses,
        rules=rules,
        citations=facts.citations(sorted(source_ids), day),
    )


def _chosen(
    facts: Facts, day: date, name: str, settings: ChipSettings
) -> tuple[list[tuple[Measured, Mapping[str, Any]]], set[str]]:
    """The chips asked for with the rows behind them, and whose rows those are."""
    if settings.tops is not None:
        if name:
            raise InputError(
                f"Give a chip by its name, {name!r}, or by `tops` of its own: not both."
            )
        own = Measured(
            chip="your chip",
            tops={int(settings.bits): settings.tops},
            die_mm2=settings.die_mm2,
            memory_gb_per_s=settings.memory_gb_per_s,
            io_gb_per_s=settings.io_gb_per_s,
            transistors_n=settings.transistors_n,
            data_centre=settings.data_centre,
        )
        return [(own, {})], set()
    rows = facts.frame("controlled_chips", day).sort("released_on", "chip").to_dicts()
    if name:
        rows = [_found(facts, day, name, rows)]
    return [(measured_of(row), row) for row in rows], {row["source_id"] for row in rows}


def _found(facts: Facts, day: date, name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The row of a chip, of the short list or else of all accelerators."""
    spelt = {
        text: row["chip"]
        for row in rows
        for short in (row["chip"], *_other_names(row))
        for text in (short, f"{row['maker']} {short}")
    }
    by_key = {_key(text): one for text, one in spelt.items()}
    if chip := by_key.get(_key(name)):
        return next(row for row in rows if row["chip"] == chip)
    every = facts.frame("chips", day).to_dicts()
    same = [row for row in every if _key(row["chip"]) == _key(name)]
    # Without its maker: "MI355X".
    same = same or [
        row for row in every if len(name) > 3 and _key(row["chip"]).endswith(_key(name))
    ]
    if len(same) == 1:
        (row,) = same
        return {**row, "data_centre": not _NOT_SERVERS.search(row["chip"]), "note": _LONG_LIST}
    known = [row["chip"] for row in (*rows, *every)]
    raise UnknownName("chip", name, known, spelt)


# Names of cards for desks, which the rules treat as not sold for data centres.
_NOT_SERVERS = re.compile(r"GeForce|GTX|Titan|Quadro|NVIDIA RTX|Radeon RX", re.IGNORECASE)
_LONG_LIST = (
    "its figures are those of Epoch AI's table, and whether it is sold for data centres is read "
    "from its name"
)


def _other_names(row: Mapping[str, Any]) -> list[str]:
    return [name for name in (row.get("other_names") or "").split(",") if name]


def _key(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())
