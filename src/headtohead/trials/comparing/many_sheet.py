"""The sheet of `h2h compare --many`: all runs, with tie groups."""

from collections.abc import Sequence

from headtohead.core.provenance import Citation
from headtohead.publish.escaping import listed
from headtohead.publish.sheet import Bar, Bars, Cell, Check, Column, Section, Sheet, Topic
from headtohead.trials.comparing.many import Many


def many_sheet(made: Many, *, sources: Sequence[Citation] = (), command: str = "") -> Sheet:
    """The report of many runs.

    Args:
        made: The runs compared.
        sources: The files.
        command: How to make it again.
    """
    order = made.field.means.argsort(kind="stable")[::-1].tolist()
    top = [made.names[i] for i in order if made.field.ranks.best[i] == 1]
    apart = sum(not pair.joint.low <= 0 <= pair.joint.high for pair in made.field.pairs)
    sentence = (
        f"Of {len(made.names)} runs on {made.items:,} shared items, {listed(top)} "
        f"{'may be' if len(top) > 1 else 'is'} best; {apart} of {len(made.field.pairs)} pairs can "
        f"be told apart ({made.settings.level:.0%} for all pairs together)."
    )
    return Sheet(
        verb="compare",
        title=f"{len(made.names)} runs",
        word=f"{len(top)} MAY BE BEST" if len(top) > 1 else "ONE IS BEST",
        answer="none",
        sentence=sentence,
        facts=(("Items", f"{made.items:,}"), ("Left out", f"{made.left_out:,}")),
        topics=(Topic(figures=(_table(made, order), _pairs(made))),),
        checks=(Check("runs compared", "yes", sentence),),
        method=(
            "Items are matched by their keys; items that a run has no score for are left out for "
            "all.",
            "Intervals of all pairs hold together: clusters of items are weighted at random to "
            "learn how large the largest difference gets by chance.",
            "A run's places are those that the joint intervals leave open.",
        ),
        sources=tuple(sources),
        command=command,
        notes=made.notes,
    )


def _table(made: Many, order: list[int]) -> Section:
    field = made.field
    share = field.means.min() >= 0 and field.means.max() <= 1
    scale, unit = (100, "pct") if share else (1, "value")
    ties = {i: field.ties[place] for place, i in enumerate(order)}
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (made.names[i], float(field.means[i]) * scale, int(field.ranks.best[i]),
         int(field.ranks.worst[i]),
         ", ".join(made.names[j] for j in ties[i].tolist() if j != i) or "none")
        for i in order
    )  # fmt: skip
    return Section(
        "runs",
        "Runs",
        "Which run is best, and with which is it tied?",
        columns=(
            Column("run", "Run"), Column(f"score_{unit}", "Score", 1),
            Column("best_rank", "Best place", 0), Column("worst_rank", "Worst place", 0),
            Column("tied_with", "Tied with"),
        ),
        rows=rows,
        shown=40,
        remarks=("Tie groups overlap: A may tie with B and B with C while A is surely above C.",),
    )  # fmt: skip


def _pairs(made: Many) -> Section:
    field = made.field
    share = field.means.min() >= 0 and field.means.max() <= 1
    scale, unit, axis = (100, "pp", "percentage points") if share else (1, "value", "score")
    ordered = sorted(field.pairs, key=lambda pair: -abs(pair.found.value))
    rows, bars = [], []
    for pair in ordered:
        low, high = pair.joint.low * scale, pair.joint.high * scale
        told = "yes" if low > 0 or high < 0 else "undecided"
        label = f"{made.names[pair.b]} - {made.names[pair.a]}"
        rows.append((label, pair.found.value * scale, low, high, told))
        bars.append(Bar(label, pair.found.value * scale, low, high))
    return Section(
        "pairs",
        "Pairs",
        "Which two can be told apart?",
        columns=(
            Column("pair", "Pair"), Column(f"difference_{unit}", "Difference", 1),
            Column(f"low_{unit}", "Low", 1), Column(f"high_{unit}", "High", 1),
            Column("apart", "Told apart"),
        ),
        rows=tuple(rows),
        bars=Bars(f"{axis}, for all pairs together", tuple(bars[:30])),
    )  # fmt: skip
