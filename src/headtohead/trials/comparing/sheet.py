"""How `h2h compare` shows two runs, or many."""

import math
from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from headtohead.core.estimate import Citation
from headtohead.core.units import counted
from headtohead.publish.charts import ChartRow, Drawing, front_chart
from headtohead.publish.sheet import Bar, Bars, Check, Figure, Row, Sheet, TableColumn, Topic
from headtohead.publish.words import listed
from headtohead.trials.comparing.compare import ManyRuns
from headtohead.trials.comparing.result import Comparison, Money
from headtohead.trials.paired.joint import Slices
from headtohead.trials.words import (
    amount,
    margin_words,
    same_words,
    scale_of,
    share_words,
    spread,
)

if TYPE_CHECKING:
    import altair as alt

_WORDS = {
    "non-inferiority": ("NON-INFERIOR", "INFERIOR"),
    "equivalence": ("EQUIVALENT", "NOT EQUIVALENT"),
    "superiority": ("SUPERIOR", "NOT SUPERIOR"),
}
_SO = {
    ("non-inferiority", "yes"): "so it is at most {} worse",
    ("non-inferiority", "no"): "so it is more than {} worse",
    ("non-inferiority", "undecided"): "so it may or may not be within {}",
    ("equivalence", "yes"): "so the two differ by less than {} either way",
    ("equivalence", "no"): "so the two differ by more than {}",
    ("equivalence", "undecided"): "so they may or may not be within {}",
    ("superiority", "yes"): "so it is better",
    ("superiority", "no"): "so it is worse",
    ("superiority", "undecided"): "so either may be better",
}
_MOST_BARS = 30


# ---------------------------------------------------------------- two runs


def comparison_sheet(
    c: Comparison,
    *,
    sources: Sequence[Citation] = (),
    as_of: date | None = None,
    notes: Sequence[str] = (),
) -> Sheet:
    """The report of one comparison."""
    goal, limit = c.settings.goal, margin_words(c.settings.margin, c.unit)
    if c.verdict == "undecided":
        word = "UNDECIDED"
        if c.more_items is not None:
            word += f", NEEDS ABOUT {c.more_items:,} ITEMS IN ALL"
    else:
        word = _WORDS[goal][c.verdict == "no"]
    items = counted(c.a.items, "shared item")
    facts = [("Items", f"{c.a.items:,}")]
    if c.paired:
        facts += [
            ("Worse on", f"{len(c.lost):,}"),
            ("Better on", f"{len(c.gained):,}"),
            ("Alike on", f"{c.same:,}"),
        ]
    else:
        items = f"{c.a.items:,} and {c.b.items:,} items, not matched"
        facts = [("Items", f"{c.a.items:,} and {c.b.items:,}")]
    if left := sum(c.left_out.values()):
        facts.append(("Left out", f"{left:,}"))
    sentence = (
        f"{c.b.name} minus {c.a.name} is {share_words(c.difference, c.unit, signed=True)} on "
        f"{items} ({c.settings.level:.0%}), {_SO[goal, c.verdict].format(limit)}."
    )
    if c.money and c.money.ratio:
        solved = ((c.a, c.money.a_usd_per_success), (c.b, c.money.b_usd_per_success))
        idle = [side.name for side, usd in solved if usd is None]
        sentence += (
            f" {idle[0]} solved nothing, so no cost of a solved task exists."
            if idle
            else f" A solved task costs {spread(c.money.ratio, 2)} times as much."
        )
    if unknown := sum(n for why, n in c.left_out.items() if why.startswith("no score in ")):
        sentence += f" {counted(unknown, 'item is', 'items are')} unknown on a side and left out."
    method = [
        "Items are matched by their keys; scores of several repeats of one item are averaged."
        if c.paired
        else "Items are not matched, as asked for; the two sides count as independent samples.",
        f"Interval of the difference: {c.method}.",
        f"Verdict on {goal} at a margin of {limit}: the whole {c.settings.level:.0%} interval has "
        "to lie on one side of the margin, so a yes is wrong at most "
        f"{(1 - c.settings.level) / 2:.1%} of the time.",
    ]
    if c.money:
        method.append("Cost per solved task: bootstrap over shared items with all four figures.")
    return Sheet(
        verb="compare",
        title=f"{c.b.name} in place of {c.a.name}?",
        word=word,
        answer=c.verdict,
        sentence=sentence,
        facts=(
            (c.a.name, amount(c.a.score, c.unit)),
            (c.b.name, amount(c.b.score, c.unit)),
            *facts,
        ),
        topics=(Topic(figures=_figures(c)),),
        checks=(
            Check(f"{goal} at {limit}", c.verdict, sentence),
            *(
                Check(
                    f"{label}={one.name}",
                    "none",
                    f"{one.noninferior}: {share_words(one.joint, c.unit, signed=True)} on "
                    f"{counted(one.difference.n, 'item')}",
                )
                for label, several in c.slices.items()
                for one in several.slices
            ),
        ),
        method=tuple(method),
        sources=tuple(sources),
        as_of=as_of,
        notes=(*c.notes, *notes),
    )


def _figures(c: Comparison) -> tuple[Figure, ...]:
    figures = [_difference(c)]
    if c.paired:
        flips = [("lost", flip) for flip in c.lost] + [("gained", flip) for flip in c.gained]
        figures.append(
            Figure(
                "flips",
                "Flips",
                "Which items change?",
                says=f"B is worse on {counted(len(c.lost), 'item')}, better on "
                f"{len(c.gained):,}, and alike on {c.same:,}",
                columns=(
                    TableColumn("kind", "Kind"),
                    TableColumn("item", "Item"),
                    TableColumn("slice", "Slice"),
                    TableColumn("a_score", "A", 2),
                    TableColumn("b_score", "B", 2),
                ),
                rows=tuple((kind, flip.key, flip.slice, flip.a, flip.b) for kind, flip in flips),
            )
        )
    for label, several in c.slices.items():
        figures.append(
            slices_figure(
                several,
                c.unit,
                c.settings.margin,
                slug=f"slice-{label}",
                title=label,
                asks=f"Where by {label} is B worst?",
                column=("slice", label),
                together="holding for all slices together",
                remark="Intervals hold for all slices together; p is corrected by Holm's method.",
            )
        )
    if c.money:
        figures.append(_cost(c, c.money))
    if c.speed:
        figures.append(
            Figure(
                "latency",
                "Latency",
                "How long does an answer take?",
                says=f"median {c.speed.b_seconds:,.3g} s against {c.speed.a_seconds:,.3g} s, "
                f"{spread(c.speed.ratio, 2)} times",
                columns=(
                    TableColumn("side", "Side"),
                    TableColumn("name", "Name"),
                    TableColumn("median_seconds", "Median s", 2),
                ),
                rows=(
                    ("A", c.a.name, c.speed.a_seconds),
                    ("B", c.b.name, c.speed.b_seconds),
                ),
                remarks=(
                    f"{counted(c.speed.items, 'item has', 'items have')} latencies on both sides.",
                ),
            )
        )
    failures = sorted({*c.a.failures, *c.b.failures})
    if failures:
        rows = [(k, c.a.failures.get(k, 0), c.b.failures.get(k, 0)) for k in failures]
        figures.append(failures_figure("Which calls gave no usable answer?", rows))
    if c.left_out:
        figures.append(
            Figure(
                "left-out",
                "Left out",
                "Which items do not count?",
                columns=(TableColumn("reason", "Reason"), TableColumn("items_n", "Items", 0)),
                rows=tuple(sorted(c.left_out.items())),
            )
        )
    return tuple(figures)


def _difference(c: Comparison) -> Figure:
    scale, _, axis = scale_of(c.unit)
    limit, margin = margin_words(c.settings.margin, c.unit), c.settings.margin * scale
    remarks = [f"Interval: {c.method}."]
    if c.naive_se > 0 and abs(c.se / c.naive_se - 1) > 0.02:
        remarks.append(
            f"Its standard error is {c.se * scale:.2f}, with {c.clusters:,} independent units; "
            f"counting every repeat as independent would give {c.naive_se * scale:.2f}."
        )
    remarks.append(
        f"The chance of a result so good if B did not meet the goal is at most {c.p_value:.3g}."
    )
    lines = [(-margin, "margin")] if margin else []
    if c.settings.goal == "equivalence":
        lines.append((margin, "margin"))
    d = c.difference
    return Figure(
        "difference",
        "Difference",
        f"How much better is {c.b.name}?",
        says=f"{share_words(d, c.unit, signed=True)}, B minus A",
        columns=(
            TableColumn("goal", "Goal"),
            TableColumn("margin", "Margin"),
            TableColumn("verdict", "Verdict"),
        ),
        rows=tuple(
            (goal, limit if goal != "superiority" else "none", verdict)
            for goal, verdict in c.verdicts.items()
        ),
        bars=Bars(
            unit=f"{axis}, B minus A",
            bars=(Bar("B minus A", d.value * scale, d.low * scale, d.high * scale, c.verdict),),
            lines=tuple(lines),
        ),
        remarks=tuple(remarks),
    )


def failures_figure(asks: str, rows: Sequence[Row], **more: Any) -> Figure:  # noqa: ANN401
    """How many answers of A and of B could not be used, by kind; `more` is said of it as well."""
    columns = (
        TableColumn("kind", "Kind"),
        TableColumn("a_n", "A", 0),
        TableColumn("b_n", "B", 0),
    )
    return Figure("failures", "Failures", asks, columns=columns, rows=tuple(rows), **more)


def slices_figure(
    several: Slices,
    unit: str,
    margin: float,
    *,
    slug: str,
    title: str,
    asks: str,
    column: tuple[str, str],
    together: str,
    remark: str,
    p_values: bool = True,
) -> Figure:
    """The difference in each slice, the worst first; `margin` is in the unit of the scores.

    `together` says for what all intervals hold at once.
    """
    scale, suffix, axis = scale_of(unit)
    columns = [
        TableColumn(*column),
        TableColumn("items_n", "Items", 0),
        *(
            TableColumn(f"{name}_{suffix}", words, 1)
            for name, words in (("difference", "B - A"), ("low", "Low"), ("high", "High"))
        ),
        *([TableColumn("p_frac", "p", 3)] if p_values else []),
        TableColumn("verdict", "Verdict"),
    ]
    cells: list[Row] = []
    bars = []
    for one in several.slices:
        name, low, high = str(one.name), one.joint.low * scale, one.joint.high * scale
        shown = (name, one.difference.n, one.difference.value * scale, low, high)
        cells.append((*shown, *([one.p_noninferior] if p_values else []), one.noninferior))
        bars.append(Bar(name, one.joint.value * scale, low, high, one.noninferior))
    worst = several.slices[0]
    return Figure(
        slug,
        title,
        asks,
        says=f"{'worst is ' if len(bars) > 1 else ''}{worst.name}, "
        f"{share_words(worst.joint, unit, signed=True)}",
        columns=tuple(columns),
        rows=tuple(cells),
        bars=Bars(
            unit=f"{axis}, B minus A, {together}",
            bars=tuple(bars[:_MOST_BARS]),
            lines=((-margin * scale, "margin"),),
        ),
        remarks=(remark, *([same_words(several.p_same)] if len(bars) > 1 else [])),
    )


def _cost(c: Comparison, money: Money) -> Figure:
    says, bars, r = "no ratio exists", None, money.ratio
    if r is not None and math.isfinite(r.value) and r.value > 0:
        says = f"a solved task costs {spread(r, 2)} times as much with {c.b.name}"
        bars = Bars(
            unit="cost per solved task, B over A",
            bars=(Bar("B over A", r.value, r.low, r.high),),
            log=True,
        )
    return Figure(
        "cost",
        "Cost",
        "What does a solved task cost?",
        says=says,
        columns=(
            TableColumn("side", "Side"),
            TableColumn("name", "Name"),
            TableColumn("cost_usd", "$ per call", 4),
            TableColumn("cost_usd_per_success", "$ per solved task", 4),
        ),
        rows=(
            ("A", c.a.name, money.a_usd, money.a_usd_per_success),
            ("B", c.b.name, money.b_usd, money.b_usd_per_success),
        ),
        bars=bars,
        remarks=(
            f"{counted(money.items, 'item has', 'items have')} costs on both sides; {money.basis}.",
        ),
    )


# ---------------------------------------------------------------- many runs


def many_sheet(
    many: ManyRuns,
    *,
    sources: Sequence[Citation] = (),
    as_of: date | None = None,
    notes: Sequence[str] = (),
) -> Sheet:
    """The report of many runs, with tie groups, and with the front of cost and score."""
    field, names = many.field, many.names
    order = field.means.argsort(kind="stable")[::-1].tolist()
    top = [names[i] for i in order if field.ranks.best[i] == 1]
    apart = sum(not pair.joint.low <= 0 <= pair.joint.high for pair in field.pairs)
    sentence = (
        f"Of {len(names)} runs on {counted(many.items, 'shared item')}, {listed(top)} "
        f"{'may be' if len(top) > 1 else 'is'} best; {apart} of {len(field.pairs)} pairs can "
        f"be told apart ({many.settings.level:.0%} for all pairs together)."
    )
    instead = _instead(many)
    if instead:
        sentence += f" {instead}."
    scale, unit, axis = scale_of(many.unit)
    ranks: list[Row] = []
    for i, ties in zip(order, field.ties, strict=True):
        tied = ", ".join(names[j] for j in ties.tolist() if j != i) or "none"
        best, worst = int(field.ranks.best[i]), int(field.ranks.worst[i])
        ranks.append((names[i], float(field.means[i]) * scale, best, worst, tied))
    pairs: list[Row] = []
    bars = []
    for pair in sorted(field.pairs, key=lambda pair: -abs(pair.difference.value)):
        label = f"{names[pair.b]} - {names[pair.a]}"
        value = pair.difference.value * scale
        low, high = pair.joint.low * scale, pair.joint.high * scale
        pairs.append((label, value, low, high, "yes" if low > 0 or high < 0 else "undecided"))
        bars.append(Bar(label, value, low, high))
    figures = (
        Figure(
            "runs",
            "Runs",
            "Which run is best, and with which is it tied?",
            columns=(
                TableColumn("run", "Run"),
                TableColumn(f"score_{'pct' if unit == 'pp' else unit}", "Score", 1),
                TableColumn("best_rank", "Best place", 0),
                TableColumn("worst_rank", "Worst place", 0),
                TableColumn("tied_with", "Tied with"),
            ),
            rows=tuple(ranks),
            shown=40,
            remarks=(
                "Tie groups overlap: A may tie with B and B with C while A is surely above C.",
            ),
        ),
        Figure(
            "pairs",
            "Pairs",
            "Which two can be told apart?",
            columns=(
                TableColumn("pair", "Pair"),
                TableColumn(f"difference_{unit}", "Difference", 1),
                TableColumn(f"low_{unit}", "Low", 1),
                TableColumn(f"high_{unit}", "High", 1),
                TableColumn("apart", "Told apart"),
            ),
            rows=tuple(pairs),
            bars=Bars(f"{axis}, for all pairs together", tuple(bars[:_MOST_BARS])),
        ),
        *_front(many),
    )
    return Sheet(
        verb="compare",
        title=f"{len(names)} runs",
        word=f"{len(top)} MAY BE BEST" if len(top) > 1 else "ONE IS BEST",
        sentence=sentence,
        facts=(("Items", f"{many.items:,}"), ("Left out", f"{many.left_out:,}")),
        topics=(Topic(figures=figures),),
        checks=(Check("runs compared", "yes", sentence),),
        method=(
            "Items are matched by their keys; items that a run has no score for are left out for "
            "all.",
            "Intervals of all pairs hold together: clusters of items are weighted at random to "
            "learn how large the largest difference gets by chance.",
            "A run's places are those that the joint intervals leave open.",
            *(_FRONT_METHOD if many.priced else ()),
        ),
        sources=tuple(sources),
        as_of=as_of,
        notes=(*many.notes, *notes),
    )


_FRONT_METHOD = (
    "A run is on the front of cost and score if no run that costs no more scores as high. Its "
    "chance to be is the share of resamples in which it is: items are drawn anew for all runs at "
    "once, each with its costs and its scores.",
)


def _instead(many: ManyRuns) -> str:
    """Who is as good as the best run for less, in a sentence without its stop."""
    priced = many.priced
    if priced is None:
        return ""
    names = [many.names[place] for place in priced.places]
    margin, best = margin_words(many.settings.margin, many.unit), names[priced.best]
    if priced.instead is None:
        return f"No run is surely at most {margin} worse than {best} and cheaper"
    saving = priced.drawn.saving(priced.best, priced.instead, many.settings.level)
    return (
        f"{names[priced.instead]} is at most {margin} worse than {best} "
        f"(chance {_chance(priced.as_good[priced.instead])}) and {saving.value:.0%} cheaper "
        f"({saving.low:.0%} to {saving.high:.0%})"
    )


def _chance(share: float) -> str:
    return "over 99.9%" if share > 0.999 else f"{share:.1%}"


def _front(many: ManyRuns) -> tuple[Figure, ...]:
    """Cost and score of every run with a cost, the cheapest first, and who is on the front."""
    priced = many.priced
    if priced is None:
        return ()
    scale, unit, _ = scale_of(many.unit)
    drawn, level = priced.drawn, many.settings.level
    on_front = drawn.on_front()
    rows: list[Row] = []
    for i in drawn.cost.argsort(kind="stable").tolist():
        cost, score = drawn.cost_interval(i, level), drawn.value_interval(i, level)
        dear = float(drawn.cost[priced.best])
        rows.append(
            (
                many.names[priced.places[i]],
                *(cost.value, cost.low, cost.high),
                score.value * scale,
                "yes" if on_front[i] else "no",
                100 * float(priced.chance[i]),
                100 * float(priced.as_good[i]),
                100 * (1 - float(drawn.cost[i]) / dear) if dear else None,
                score.low * scale,
                score.high * scale,
            )
        )
    named = "pct" if unit == "pp" else unit
    remarks = [
        f"{counted(priced.items, 'item has', 'items have')} costs in all of these runs; "
        f"{listed(priced.bases)}.",
        "As good: the chance to be no worse by more than the margin than the run that scores best, "
        "which is also what 'cheaper' speaks of.",
    ]
    if priced.unpriced:
        remarks.append(f"Cost not known: {listed(priced.unpriced)}.")
    if not drawn.cost.all():
        remarks.append("A run that costs nothing is in the table and not in the chart.")
    return (
        Figure(
            "front",
            "Cost and score",
            "Which runs does no cheaper one beat, and what is as good for less?",
            says=_instead(many),
            columns=(
                TableColumn("run", "Run"),
                TableColumn("cost_usd_per_task", "$ per item", 4),
                TableColumn("cost_low_usd_per_task", "Low", 4),
                TableColumn("cost_high_usd_per_task", "High", 4),
                TableColumn(f"score_{named}", "Score", 1),
                TableColumn("on_front", "On front"),
                TableColumn("front_pct", "Chance, %", 1),
                TableColumn("as_good_pct", "As good, %", 1),
                TableColumn("saving_pct", "Cheaper, %", 1),
                TableColumn(f"score_low_{named}", "Score, low", 1),
                TableColumn(f"score_high_{named}", "Score, high", 1),
            ),
            rows=tuple(rows),
            shown=40,
            remarks=tuple(remarks),
            chart=partial(_front_chart, tuple(rows), unit),
        ),
    )


_SIDES = ("on the front", "off the front")
_MARK = (
    *("model_name", "cost_usd", "low_usd", "high_usd", "score", "side_label"),
    *("front_pct", "as_good_pct", "saving_pct", "low", "high"),
)


def _front_chart(rows: tuple[Row, ...], unit: str) -> "alt.LayerChart | None":
    """Score against the cost of an item, with the step of the runs that no cheaper one beats."""
    marks: list[ChartRow] = [
        mark
        | {"side_label": _SIDES[mark["side_label"] != "yes"], "seen_ms": 0}
        | {"front_frac": mark["front_pct"] / 100}
        for mark in (ChartRow(zip(_MARK, row, strict=True)) for row in rows)
        if mark["cost_usd"]
    ]
    if not marks:
        return None
    percent, number = (", %", ",.1f") if unit == "pp" else ("", ",.3~f")
    return front_chart(
        Drawing(tuple(marks), _SIDES, 0),
        cost="cost_usd",
        value="score",
        ends=("low", "high"),
        cost_ends=("low_usd", "high_usd"),
        titles=("Cost of an item, $ (log scale)", f"Score{percent}"),
        number=",.3~f",
        shown=f"model_name=Run; score=Score{percent}|{number}; low=Low|{number}; "
        f"high=High|{number}; cost_usd=$ an item|,.3~f; "
        "front_frac=Chance of being on the front|.0%",
    )
