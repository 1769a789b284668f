"""The sheet of `h2h items`: which items are no good, and which few stand for all."""

from collections.abc import Sequence

import numpy as np

from headtohead.core.estimate import Citation
from headtohead.publish.sheet import Bar, Bars, Check, Figure, Sheet, TableColumn, Topic
from headtohead.trials.items.report import LITTLE, ItemReport, Says
from headtohead.trials.items.short_test import Short
from headtohead.trials.words import margin_words

_SHOWN = 15
_WORDS: dict[Says, str] = {
    "tells": "tell good models from bad ones",
    "runs against": "run against them (the better the model, the worse its score)",
    "tells little": f"tell little (surely less than {LITTLE:g})",
    "all the same": "have the same score in every run",
    "undecided": "are undecided",
}


def items_sheet(made: ItemReport, *, sources: Sequence[Citation] = ()) -> Sheet:
    """The report of a test's items."""
    runs, short = made.runs, made.short
    models = len(set(runs.models))
    bad = made.count("runs against")
    suspects = len(made.suspects.found)
    odd = {row.item for row in made.rows if row.says == "runs against"}
    odd |= {suspect.item for suspect in made.suspects.found}
    sentence = (
        f"Of {len(runs.items):,} items in {len(runs.runs)} runs of {models} models, "
        f"{made.count('tells'):,} tell good models from bad ones, {bad} "
        f"{'runs' if bad == 1 else 'run'} against them and {suspects} "
        f"{'looks' if suspects == 1 else 'look'} mislabelled. {_short_words(made)}"
    )
    return Sheet(
        verb="items",
        title=f"{len(runs.items):,} items in {len(runs.runs)} runs",
        word=f"{len(odd)} TO LOOK AT",
        answer="none",
        sentence=sentence,
        facts=tuple(
            (f"Items that {words}", f"{made.count(says):,}") for says, words in _WORDS.items()
        ),
        topics=(
            Topic(
                figures=(_items(made), _suspects(made), _short(made), _chosen(made), _runs(made))
            ),
        ),
        checks=(Check("items looked at", "yes", sentence),),
        method=(
            "An item tells models apart as far as its score goes with the score on all other items "
            "(correlation over runs). Intervals leave out one model at a time with all its runs; "
            "verdicts are corrected for the number of items (false discovery rate, Benjamini and "
            "Hochberg).",
            "An item looks mislabelled if at least two in three of the best models (a quarter of "
            "all, at least three) give one answer that counts as wrong.",
            "Slopes, difficulties and abilities are those of a two-parameter logistic model.",
            "The full score is foretold from fewer items by that model or as a weighted sum, "
            f"whichever errs less (here: {short.way}). The error is measured on models held out, "
            "for which items were fitted and chosen anew.",
        ),
        sources=tuple(sources),
        main="items",
        notes=_notes(made),
    )


def _short_words(made: ItemReport) -> str:
    short, level = made.short, f"{made.settings.level:.0%}"
    if short.chosen is None:
        return f"{short.models} models are too few to say how well fewer items would do."
    margin = margin_words(made.settings.margin, "pp")
    if made.settings.k is not None:
        return (
            f"{len(short.items)} items give the full score of a new model within "
            f"{short.chosen.reach * 100:.1f} pp ({level})."
        )
    if short.needed is None:
        return (
            f"No {len(short.items):,} items give the full score of a new model within {margin} "
            f"({level}): they come within {short.chosen.reach * 100:.1f} pp."
        )
    return f"{short.needed:,} items give the full score of a new model within {margin} ({level})."


def _items(made: ItemReport) -> Figure:
    rows = []
    bars: list[Bar] = []
    for row in made.rows:
        found = row.discrimination
        ends = (found.value, found.low, found.high) if found else (None, None, None)
        curve = (row.slope, row.difficulty)
        rows.append(
            (
                row.item,
                row.score * 100,
                *ends,
                row.p_value,
                row.says,
                *(end for i in curve for end in (i.value, i.low, i.high)),
            )
        )
        if found and row.says in ("runs against", "tells little") and len(bars) < 30:
            bars.append(Bar(row.item, found.value, found.low, found.high))
    return Figure(
        "items",
        "Items",
        "Which items tell good models from bad ones?",
        says=f"{made.count('tells'):,} of {len(made.rows):,} items tell good models from bad ones.",
        columns=(
            TableColumn("item", "Item"),
            TableColumn("score_pct", "Score %", 0),
            TableColumn("discrimination", "Discr.", 2),
            TableColumn("low", "Low", 2),
            TableColumn("high", "High", 2),
            TableColumn("p_value", "p, all", 3),
            TableColumn("says", "Says"),
            TableColumn("slope", "Slope", 2),
            TableColumn("slope_low", "Low", 2),
            TableColumn("slope_high", "High", 2),
            TableColumn("difficulty", "Difficulty", 2),
            TableColumn("difficulty_low", "Low", 2),
            TableColumn("difficulty_high", "High", 2),
        ),
        rows=tuple(rows),
        shown=_SHOWN,
        bars=Bars("correlation with the rest of the test", tuple(bars)) if bars else None,
        remarks=(
            "Discrimination is the correlation over runs of the item's score with the score on "
            "all other items; p is corrected for all items.",
        ),
    )


def _suspects(made: ItemReport) -> Figure:
    told = made.suspects
    says = f"{len(told.found)} items look mislabelled."
    remarks = [
        "Rise is the correlation of giving that answer (without answers: of failing) with the "
        "score on the other items: above 0, it is the answer of able models. A hard item with a "
        "tempting wrong answer looks the same, so read each before you change it."
    ]
    if not told.answered:
        remarks.insert(
            0,
            "The files hold no answers that can be compared, so an item is listed if the best "
            "models fail at it and the others do better.",
        )
    if told.shuffled:
        remarks.append(
            f"{told.shuffled} items have another reference in other runs (shuffled choices): their "
            "answers cannot be compared."
        )
    return Figure(
        "mislabelled",
        "Mislabelled?",
        "On which items do the best models agree on another answer than the reference?",
        says=says,
        columns=(
            TableColumn("item", "Item"),
            TableColumn("reference", "Reference"),
            TableColumn("answer", "Best say"),
            TableColumn("agree", "Agree"),
            TableColumn("best_score_pct", "Best %", 0),
            TableColumn("other_score_pct", "Others %", 0),
            TableColumn("rise", "Rise", 2),
            TableColumn("rise_low", "Low", 2),
            TableColumn("rise_high", "High", 2),
        ),
        rows=tuple(
            (
                s.item,
                s.reference,
                s.answer,
                f"{s.agree}/{s.best}",
                s.best_score * 100,
                s.other_score * 100,
                *((s.rise.value, s.rise.low, s.rise.high) if s.rise else (None, None, None)),
            )
            for s in told.found
        ),
        shown=_SHOWN,
        remarks=tuple(remarks),
    )


def _short(made: ItemReport) -> Figure:
    level = f"{made.settings.level:.0%}"

    def row(short: Short) -> tuple[int, float, float, float, float, float, float]:
        errors = (short.rms.value, short.rms.low, short.rms.high)
        return (
            short.k,
            short.reach * 100,
            short.by_chance * 100,
            *(100 * e for e in errors),
            short.within * 100,
        )  # type: ignore[return-value]

    return Figure(
        "short",
        "Fewer items",
        "How well do fewer items give the full score of a new model?",
        says=_short_words(made),
        columns=(
            TableColumn("items_n", "Items", 0),
            TableColumn("reach_pp", f"Within pp, {level}", 1),
            TableColumn("random_pp", "At random", 1),
            TableColumn("rms_pp", "RMS pp", 1),
            TableColumn("rms_low_pp", "Low", 1),
            TableColumn("rms_high_pp", "High", 1),
            TableColumn("within_margin_pct", "In margin %", 0),
        ),
        rows=tuple(map(row, made.short.curve)),
        shown=20,
        remarks=(
            f"Within: {level} of new models like these lie so close to the score foretold. At "
            "random: the same for the plain mean of so many items drawn at random. RMS: root mean "
            f"square error over {made.short.models} models held out in turn.",
        )
        if made.short.curve
        else (),
    )


def _chosen(made: ItemReport) -> Figure:
    short = made.short
    k = len(short.items)
    rest = short.total - k
    if short.way == "weighted sum":
        remarks = [
            f"The full score foretold is {short.constant:.4f} plus the sum of each item's score, 0 "
            "to 1, times its weight."
        ]
    elif short.others:
        lookup = "; ".join(f"{100 * x:.0f}%: {100 * y:.0f}%" for x, y in short.others[::4])
        remarks = [
            f"To foretell a full score: s is the share solved of the {k} items; of the other {rest}"
            " take r from the share solved by weight as below; the full score is "
            f"({k} s + {rest} r) / {k + rest}.",
            f"Share solved by weight and r: {lookup}. All steps are in the JSON.",
        ]
    else:
        remarks = []
    return Figure(
        "chosen",
        "Which items",
        "Which items stand for all?",
        columns=(TableColumn("item", "Item"), TableColumn("weight", "Weight", 4)),
        rows=tuple(zip(short.items, short.weights, strict=True)),
        shown=_SHOWN,
        remarks=tuple(remarks),
    )


def _runs(made: ItemReport) -> Figure:
    fitted = made.fitted
    order = fitted.theta.argsort()[::-1].tolist()
    means = made.runs.means
    ability = fitted.draws(np.random.default_rng(made.settings.seed), 2000)
    ablest = np.bincount(ability.argmax(axis=1), minlength=len(order)) / ability.shape[0]
    remarks = [
        "In standard deviations of these runs; intervals count the doubt about the items. "
        "Ablest: how probable it is that the run is the ablest of all."
    ]
    if made.runs.answers.attempts.max() > 1:
        remarks.append(
            f"Repeats of one run at one item are alike (correlation {fitted.icc:.2f}), so they "
            "count as fewer."
        )
    return Figure(
        "runs",
        "Runs",
        "How able is each run, by the item model?",
        columns=(
            TableColumn("run", "Run"),
            TableColumn("score_pct", "Score %", 1),
            TableColumn("ability", "Ability", 2),
            TableColumn("low", "Low", 2),
            TableColumn("high", "High", 2),
            TableColumn("ablest_pct", "Ablest %", 0),
        ),
        rows=tuple(
            (
                made.runs.runs[n],
                float(means[n]) * 100,
                float(fitted.theta[n]),
                float(fitted.theta_low[n]),
                float(fitted.theta_high[n]),
                float(ablest[n]) * 100,
            )
            for n in order
        ),
        remarks=tuple(remarks),
    )


def _notes(made: ItemReport) -> tuple[str, ...]:
    runs = made.runs
    models = len(set(runs.models))
    notes = []
    if models < 20:
        notes.append(
            f"{models} models say little about a single item: the intervals are wide. More models, "
            "and weaker ones too, make them shorter."
        )
    if models < len(runs.runs):
        notes.append(
            f"The {len(runs.runs)} runs are of {models} models; runs of one model are left out and "
            "held out together."
        )
    if runs.unscored:
        notes.append(f"{runs.unscored:,} items of single runs have no score and are left out.")
    return tuple(notes)
