"""How `h2h plan` is shown: how many items, and what they cost."""

from collections.abc import Sequence
from datetime import date

from headtohead.core.estimate import Citation
from headtohead.core.units import counted
from headtohead.publish.sheet import Check, Figure, Sheet, TableColumn, Topic
from headtohead.trials.planning.plan import Planned
from headtohead.trials.words import margin_words, scale_of

_SPREAD = {
    "binary": "items that only one of the two solves",
    "graded": "standard deviation of the difference by item",
    "preference": "votes that are ties",
}


def plan_sheet(
    planned: Planned,
    *,
    sources: Sequence[Citation] = (),
    as_of: date | None = None,
    notes: Sequence[str] = (),
) -> Sheet:
    """The report of a plan."""
    assumed, size, graded = planned.assumed, planned.plan, planned.assumed.kind == "graded"
    unit = "score" if graded else "pp"
    limit = margin_words(assumed.margin, unit)
    repeats = f", each run {assumed.repeats} times by both" if assumed.repeats > 1 else ""
    goal = f"B is at most {limit} worse" if assumed.margin else "B is better"
    shows = f"{counted(size.items_n, 'item')}{repeats} {'shows' if size.items_n == 1 else 'show'}"
    sentence = (
        f"{shows} with {assumed.power:.0%} power that {goal} if B minus A is really "
        f"{margin_words(assumed.difference, unit)}."
    )
    if planned.usd:
        who, usd = list(planned.usd.items())[-1]
        sentence += f" That costs about ${usd:,.2f}{f' for {who}' if len(planned.usd) > 1 else ''}."
    facts = [
        (
            _SPREAD[assumed.kind].capitalize(),
            f"{assumed.spread:.3g}" if graded else f"{assumed.spread:.1%}",
        ),
        ("Power", f"{size.power:.1%}"),
        ("One-sided error", f"{assumed.alpha:.1%}"),
        ("Calls of each model", f"{size.calls_n:,}"),
    ]
    if planned.least_margin is not None:
        least = planned.least_margin
        said = f"{least:.3g}" if graded else f"{least * 100:.1f} pp"
        facts.append((f"Least margin of {planned.items:,} items", said))
    return Sheet(
        verb="plan",
        title=f"a margin of {limit}",
        word=f"{size.items_n:,} ITEMS",
        sentence=sentence,
        facts=tuple(facts),
        topics=(Topic(figures=_figures(planned, unit)),),
        checks=(Check("planned", "yes", sentence),),
        method=(
            "The sample size is that of the very test that decides: the exact limit for yes/no "
            "pairs and votes (Nam's formula, then exact power), Student's t for graded scores. The "
            "power holds for that many items and for any greater number.",
            f"A yes is wrong at most {assumed.alpha:.1%} of the time.",
            "Several repeats of one item count as fewer independent ones, by how alike they are.",
        ),
        sources=tuple(sources),
        as_of=as_of,
        notes=tuple(notes),
    )


def _figures(planned: Planned, unit: str) -> tuple[Figure, ...]:
    figures = [
        Figure(
            "power",
            "Power",
            "How surely is a yes found with so many independent pairs?",
            columns=(TableColumn("pairs_n", "Pairs", 0), TableColumn("power_pct", "Power %", 1)),
            rows=tuple((n, power * 100) for n, power in planned.curve.items()),
        )
    ]
    guess, seen = planned.guess, planned.as_seen
    if guess is not None and seen is not None:
        scale = scale_of(unit)[0]
        name = "spread_pct" if unit == "pp" else "spread_value"
        figures.append(
            Figure(
                "pilot",
                "Pilot",
                "What did the pilot say?",
                says=f"{guess.n:,} pairs leave the spread open, so the plan takes the careful "
                "figure",
                columns=(
                    TableColumn("figure", "Figure"),
                    TableColumn(name, _SPREAD[planned.assumed.kind], 3),
                    TableColumn("items_n", "Items", 0),
                ),
                rows=(
                    ("as seen", guess.value * scale, seen.items_n),
                    (
                        f"careful ({guess.confidence:.0%} sure)",
                        guess.careful * scale,
                        planned.plan.items_n,
                    ),
                ),
            )
        )
    if planned.usd:
        figures.append(
            Figure(
                "cost",
                "Cost",
                "What does the sample cost?",
                columns=(TableColumn("who", "Who"), TableColumn("cost_usd", "$", 2)),
                rows=tuple(planned.usd.items()),
                remarks=(planned.basis,) if planned.basis else (),
            )
        )
    return tuple(figures)
