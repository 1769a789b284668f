"""The sheet of `h2h plan`: how many items, and what they cost."""

from collections.abc import Sequence
from datetime import date

from headtohead.core.provenance import Citation
from headtohead.publish.sheet import Cell, Check, Column, Section, Sheet, Topic
from headtohead.trials.planning.plan import Planned
from headtohead.trials.words import margin_words

_SPREAD = {
    "binary": "items that only one of the two solves",
    "graded": "standard deviation of the difference by item",
    "preference": "votes that are ties",
}


def plan_sheet(
    made: Planned, *, sources: Sequence[Citation] = (), as_of: date | None = None, command: str = ""
) -> Sheet:
    """The report of a plan.

    Args:
        made: The plan.
        sources: A pilot's files and the price lists used.
        as_of: The day of our knowledge, if prices were used.
        command: How to make it again.
    """
    told = made.assumed
    unit = "score" if told.kind == "graded" else "pp"
    limit = margin_words(told.margin, unit)
    items = made.plan.items_n
    repeats = f", each run {told.repeats} times by both" if told.repeats > 1 else ""
    goal = f"B is at most {limit} worse" if told.margin else "B is better"
    sentence = (
        f"{items:,} items{repeats} show with {told.power:.0%} power that {goal} if B minus A is "
        f"really {margin_words(told.difference, unit)}.{_money(made)}"
    )
    return Sheet(
        verb="plan",
        title=f"a margin of {limit}",
        word=f"{items:,} ITEMS",
        answer="none",
        sentence=sentence,
        facts=_facts(made, unit),
        topics=(Topic(figures=tuple(_sections(made, unit))),),
        checks=(Check("planned", "yes", sentence),),
        method=(
            "The sample size is that of the very test that decides: Tango's score test for yes/no "
            "pairs and votes (Nam's formula, then exact power), Student's t for graded scores.",
            f"A yes is wrong at most {told.alpha:.1%} of the time.",
            "Several repeats of one item count as fewer independent ones, by how alike they are.",
        ),
        sources=tuple(sources),
        as_of=as_of,
        command=command,
    )


def _facts(made: Planned, unit: str) -> tuple[tuple[str, str], ...]:
    told = made.assumed
    spread = f"{told.spread:.3g}" if told.kind == "graded" else f"{told.spread:.1%}"
    facts = [
        (_SPREAD[told.kind].capitalize(), spread),
        ("Power", f"{made.plan.power:.1%}"),
        ("One-sided error", f"{told.alpha:.1%}"),
        ("Calls of each model", f"{made.plan.calls_n:,}"),
    ]
    if made.least_margin is not None:
        facts.append((f"Least margin of {made.items:,} items", _fine(made.least_margin, unit)))
    return tuple(facts)


def _fine(margin: float, unit: str) -> str:
    return f"{margin * 100:.1f} pp" if unit == "pp" else f"{margin:.3g}"


def _money(made: Planned) -> str:
    if not made.usd:
        return ""
    who = list(made.usd)[-1]
    return f" That costs about ${made.usd[who]:,.2f}{' for both' if who == 'both' else ''}."


def _sections(made: Planned, unit: str) -> list[Section]:
    rows = tuple((n, power * 100) for n, power in made.curve.items())
    found = [
        Section(
            "power", "Power", "How surely is a yes found with so many independent pairs?",
            columns=(Column("pairs_n", "Pairs", 0), Column("power_pct", "Power %", 1)),
            rows=rows,
        )
    ]  # fmt: skip
    if made.guess is not None and made.as_seen is not None:
        found.append(_pilot(made, unit))
    if made.usd:
        costs: tuple[tuple[Cell, ...], ...] = tuple(made.usd.items())
        found.append(
            Section("cost", "Cost", "What does the sample cost?",
                    columns=(Column("who", "Who"), Column("cost_usd", "$", 2)), rows=costs,
                    remarks=(made.basis,) if made.basis else ())
        )  # fmt: skip
    return found


def _pilot(made: Planned, unit: str) -> Section:
    g, seen = made.guess, made.as_seen
    assert g is not None
    assert seen is not None
    scale = 100 if unit == "pp" else 1
    name = "spread_pct" if unit == "pp" else "spread_value"
    return Section(
        "pilot",
        "Pilot",
        "What did the pilot say?",
        says=f"{g.n:,} pairs leave the spread open, so the plan takes the careful figure",
        columns=(Column("figure", "Figure"), Column(name, _SPREAD[made.assumed.kind], 3),
                 Column("items_n", "Items", 0)),
        rows=(
            ("as seen", g.value * scale, seen.items_n),
            (f"careful ({g.confidence:.0%} sure)", g.careful * scale, made.plan.items_n),
        ),
    )  # fmt: skip
