"""The sheet of `h2h compare`: B against A on the same items."""

import math
from collections.abc import Sequence
from datetime import date

from headtohead.core.provenance import Citation
from headtohead.publish.sheet import (
    Bar,
    Bars,
    Cell,
    Check,
    Column,
    Section,
    Sheet,
    Topic,
)
from headtohead.trials.comparing.result import Comparison, Flip, SliceRow
from headtohead.trials.words import amount, margin_words, same_words, share_words, spread

_WORDS = {
    "non-inferiority": ("NON-INFERIOR", "INFERIOR"),
    "equivalence": ("EQUIVALENT", "NOT EQUIVALENT"),
    "superiority": ("SUPERIOR", "NOT SUPERIOR"),
}


def comparison_sheet(
    made: Comparison,
    *,
    sources: Sequence[Citation] = (),
    as_of: date | None = None,
    command: str = "",
) -> Sheet:
    """The report of one comparison.

    Args:
        made: The comparison.
        sources: The files, and the price lists used.
        as_of: The day of our knowledge, if prices were used.
        command: How to make it again.
    """
    goal = made.settings.goal
    return Sheet(
        verb="compare",
        title=f"{made.b.name} in place of {made.a.name}?",
        word=word_of(made),
        answer=made.verdict,
        sentence=_sentence(made),
        facts=_facts(made),
        topics=(Topic(figures=tuple(_sections(made))),),
        checks=(
            Check(f"{goal} at {margin_words(made.settings.margin, made.unit)}", made.verdict,
                  _sentence(made)),
            *(Check(f"{row.label}={row.value}", "none",
                    f"{row.verdict}: {_slice_words(row, made.unit)}") for row in made.slices),
        ),
        method=_method(made),
        sources=tuple(sources),
        as_of=as_of,
        command=command,
        notes=made.notes,
    )  # fmt: skip


def word_of(made: Comparison) -> str:
    """The verdict, as printed large."""
    if made.verdict == "undecided":
        more = made.more_items
        return "UNDECIDED" if more is None else f"UNDECIDED, NEEDS ABOUT {more:,} ITEMS IN ALL"
    yes, no = _WORDS[made.settings.goal]
    return yes if made.verdict == "yes" else no


def _sentence(made: Comparison) -> str:
    told = share_words(made.difference, made.unit, signed=True)
    limit = margin_words(made.settings.margin, made.unit)
    items = f"{made.a.items:,} shared items" if made.paired else (
        f"{made.a.items:,} and {made.b.items:,} items, not matched")  # fmt: skip
    start = f"{made.b.name} minus {made.a.name} is {told} on {items} ({made.settings.level:.0%})"
    ends = {
        ("non-inferiority", "yes"): f"so it is at most {limit} worse",
        ("non-inferiority", "no"): f"so it is more than {limit} worse",
        ("non-inferiority", "undecided"): f"so it may or may not be within {limit}",
        ("equivalence", "yes"): f"so the two differ by less than {limit} either way",
        ("equivalence", "no"): f"so the two differ by more than {limit}",
        ("equivalence", "undecided"): f"so they may or may not be within {limit}",
        ("superiority", "yes"): "so it is better",
        ("superiority", "no"): "so it is worse",
        ("superiority", "undecided"): "so either may be better",
    }
    return f"{start}, {ends[made.settings.goal, made.verdict]}.{_money_words(made)}"


def _money_words(made: Comparison) -> str:
    if made.money is None or made.money.ratio is None:
        return ""
    ratio = made.money.ratio
    if not math.isfinite(ratio.value):
        return f" {made.b.name} solved nothing, so no cost of a solved task exists."
    return f" A solved task costs {spread(ratio, 2)} times as much."


def _facts(made: Comparison) -> tuple[tuple[str, str], ...]:
    facts = [
        (made.a.name, amount(made.a.score, made.unit)),
        (made.b.name, amount(made.b.score, made.unit)),
        ("Items", f"{made.a.items:,}"),
        ("Worse on", f"{len(made.lost):,}"),
        ("Better on", f"{len(made.gained):,}"),
        ("Alike on", f"{made.same:,}"),
    ]
    if not made.paired:
        facts = [*facts[:2], ("Items", f"{made.a.items:,} and {made.b.items:,}")]
    left = sum(made.left_out.values())
    return (*facts, *((("Left out", f"{left:,}"),) if left else ()))


def _sections(made: Comparison) -> list[Section]:
    found = [_difference(made)]
    if made.paired:
        found.append(_flips(made))
    found += _slices(made)
    if made.money:
        found.append(_money(made))
    if made.speed:
        found.append(_speed(made))
    failures = sorted({*made.a.failures, *made.b.failures})
    if failures:
        found.append(_failures(made, failures))
    if made.left_out:
        rows = tuple(sorted(made.left_out.items()))
        found.append(
            Section("left-out", "Left out", "Which items do not count?",
                    columns=(Column("reason", "Reason"), Column("items_n", "Items", 0)), rows=rows)
        )  # fmt: skip
    return found


def _difference(made: Comparison) -> Section:
    goals: list[tuple[Cell, ...]] = [
        (goal, margin_words(made.settings.margin, made.unit) if goal != "superiority" else "none",
         verdict)
        for goal, verdict in made.verdicts.items()
    ]  # fmt: skip
    scale = 100 if made.unit == "pp" else 1
    remarks = [f"Interval: {made.method}."]
    if made.naive_se > 0 and abs(made.se / made.naive_se - 1) > 0.02:
        remarks.append(
            f"Its standard error is {made.se * scale:.2f}, with {made.clusters:,} independent "
            f"units; counting every try as independent would give {made.naive_se * scale:.2f}."
        )
    remarks.append(
        f"The chance of a result so good if B did not meet the goal is at most {made.p_value:.3g}."
    )
    margin = made.settings.margin * scale
    lines: tuple[tuple[float, str], ...] = ((-margin, "margin"),) if margin else ()
    if made.settings.goal == "equivalence":
        lines = (*lines, (margin, "margin"))
    d = made.difference
    return Section(
        "difference",
        "Difference",
        f"How much better is {made.b.name}?",
        says=f"{share_words(d, made.unit, signed=True)}, B minus A",
        columns=(Column("goal", "Goal"), Column("margin", "Margin"), Column("verdict", "Verdict")),
        rows=tuple(goals),
        bars=Bars(
            unit=f"{_axis(made)}, B minus A",
            bars=(Bar("B minus A", d.value * scale, d.low * scale, d.high * scale, made.verdict),),
            lines=lines,
        ),
        remarks=tuple(remarks),
    )


def _axis(made: Comparison) -> str:
    return "percentage points" if made.unit == "pp" else "score"


def _flips(made: Comparison) -> Section:
    rows = [
        *(("lost", *_flip(f)) for f in made.lost),
        *(("gained", *_flip(f)) for f in made.gained),
    ]
    return Section(
        "flips",
        "Flips",
        "Which items change?",
        says=f"B is worse on {len(made.lost):,} items, better on {len(made.gained):,}, and alike "
        f"on {made.same:,}",
        columns=(
            Column("kind", "Kind"), Column("item", "Item"), Column("slice", "Slice"),
            Column("a_score", "A", 2), Column("b_score", "B", 2),
        ),
        rows=tuple(rows),
    )  # fmt: skip


def _flip(flip: Flip) -> tuple[Cell, ...]:
    return flip.key, flip.slice, flip.a, flip.b


def _slices(made: Comparison) -> list[Section]:
    scale = 100 if made.unit == "pp" else 1
    unit = "pp" if made.unit == "pp" else "value"
    found = []
    for label in dict.fromkeys(row.label for row in made.slices):
        rows = [row for row in made.slices if row.label == label]
        bars = tuple(
            Bar(row.value, row.joint.value * scale, row.joint.low * scale, row.joint.high * scale,
                row.verdict)
            for row in rows[:30]
        )  # fmt: skip
        cells = tuple(
            (row.value, row.items, row.difference.value * scale, row.joint.low * scale,
             row.joint.high * scale, row.p_value, row.verdict)
            for row in rows
        )  # fmt: skip
        found.append(
            Section(
                f"slice-{label}",
                label,
                f"Where by {label} is B worst?",
                says=f"worst is {rows[0].value}, "
                f"{share_words(rows[0].joint, made.unit, signed=True)}",
                columns=(
                    Column("slice", label), Column("items_n", "Items", 0),
                    Column(f"difference_{unit}", "B - A", 1), Column(f"low_{unit}", "Low", 1),
                    Column(f"high_{unit}", "High", 1), Column("p_frac", "p", 3),
                    Column("verdict", "Verdict"),
                ),
                rows=cells,
                bars=Bars(
                    unit=f"{_axis(made)}, B minus A, holding for all slices together",
                    bars=bars,
                    lines=((-made.settings.margin * scale, "margin"),),
                ),
                remarks=(
                    "Intervals hold for all slices together; p is corrected by Holm's method.",
                    same_words(rows[0].p_same),
                ),
            )
        )  # fmt: skip
    return found


def _slice_words(row: SliceRow, unit: str) -> str:
    return f"{share_words(row.joint, unit, signed=True)} on {row.items:,} items"


def _money(made: Comparison) -> Section:
    m = made.money
    assert m is not None
    rows: tuple[tuple[Cell, ...], ...] = (
        ("A", made.a.name, m.a_usd, m.a_usd_per_success),
        ("B", made.b.name, m.b_usd, m.b_usd_per_success),
    )
    bars = None
    says = "no ratio exists"
    if m.ratio is not None and math.isfinite(m.ratio.value) and m.ratio.value > 0:
        r = m.ratio
        says = f"a solved task costs {spread(r, 2)} times as much with {made.b.name}"
        bars = Bars(unit="cost per solved task, B over A",
                    bars=(Bar("B over A", r.value, r.low, r.high),), log=True)  # fmt: skip
    return Section(
        "cost",
        "Cost",
        "What does a solved task cost?",
        says=says,
        columns=(
            Column("side", "Side"), Column("name", "Name"), Column("cost_usd", "$ per try", 4),
            Column("cost_usd_per_success", "$ per solved task", 4),
        ),
        rows=rows,
        bars=bars,
        remarks=(f"{m.items:,} items have costs on both sides; {m.basis}.",),
    )  # fmt: skip


def _speed(made: Comparison) -> Section:
    s = made.speed
    assert s is not None
    r = s.ratio
    return Section(
        "latency",
        "Latency",
        "How long does an answer take?",
        says=f"median {s.b_seconds:,.3g} s against {s.a_seconds:,.3g} s, {spread(r, 2)} times",
        columns=(
            Column("side", "Side"), Column("name", "Name"), Column("median_seconds", "Median s", 2),
        ),
        rows=(("A", made.a.name, s.a_seconds), ("B", made.b.name, s.b_seconds)),
        remarks=(f"{s.items:,} items have latencies on both sides.",),
    )  # fmt: skip


def _failures(made: Comparison, kinds: Sequence[str]) -> Section:
    rows = tuple((kind, made.a.failures.get(kind, 0), made.b.failures.get(kind, 0))
                 for kind in kinds)  # fmt: skip
    return Section(
        "failures",
        "Failures",
        "Which calls gave no usable answer?",
        columns=(Column("kind", "Kind"), Column("a_n", "A", 0), Column("b_n", "B", 0)),
        rows=rows,
    )


def _method(made: Comparison) -> tuple[str, ...]:
    steps = [
        "Items are matched by their keys; scores of several tries at one item are averaged."
        if made.paired
        else "Items are not matched, as asked for; the two sides count as independent samples.",
        f"Interval of the difference: {made.method}.",
        f"Verdict on {made.settings.goal} at a margin of "
        f"{margin_words(made.settings.margin, made.unit)}: the whole {made.settings.level:.0%} "
        "interval has to lie on one side of the margin, so a yes is wrong at most "
        f"{(1 - made.settings.level) / 2:.1%} of the time.",
    ]
    if made.money:
        steps.append("Cost per solved task: bootstrap over shared items with all four figures.")
    return tuple(steps)
