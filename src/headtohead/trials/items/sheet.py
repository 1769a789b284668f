"""The sheet of `h2h items`: which items are no good, and which few stand for all."""

from collections.abc import Sequence

import numpy as np

from headtohead.core.estimate import Citation
from headtohead.core.units import counted
from headtohead.publish.sheet import Bar, Bars, Check, Figure, Sheet, TableColumn, Topic
from headtohead.trials.items.report import LITTLE, ItemReport, Says
from headtohead.trials.words import margin_words

_SHOWN = 15
_DRAWN = 20
_ROUNDED = 0.05  # percentage points that no table shows
_WORDS: dict[Says, str] = {
    "tells": "tell good models from bad ones",
    "runs against": "run against them (the better the model, the worse its score)",
    "tells little": f"tell little (surely less than {LITTLE:g})",
    "all the same": "have the same score in every run",
    "undecided": "are undecided",
}


def items_sheet(report: ItemReport, *, sources: Sequence[Citation] = ()) -> Sheet:
    """The report of a test's items."""
    runs, short = report.runs, report.short
    models = len(set(runs.models))
    odd = {row.item for row in report.rows if row.says == "runs against"}
    odd |= {suspect.item for suspect in report.suspects.listed}
    sentence = (
        f"Of {len(runs.items):,} items in {len(runs.runs)} runs of {models} models, "
        f"{_telling(report)}, {_none(report.count('runs against'), 'runs', 'run')} against them "
        f"and {_mislabelled(report)}. {_short_words(report)}"
    )
    figures = (_items, _suspects, _short, _chosen, _runs)
    return Sheet(
        verb="items",
        title=f"{len(runs.items):,} items in {len(runs.runs)} runs",
        word=f"{len(odd)} TO LOOK AT",
        answer="none",
        sentence=sentence,
        facts=tuple(
            (f"Items that {words}", f"{report.count(says):,}") for says, words in _WORDS.items()
        ),
        topics=(Topic(figures=tuple(figure(report) for figure in figures)),),
        checks=(Check("items looked at", "yes", sentence),),
        method=(
            "An item tells models apart as far as its score goes with the score on all other items "
            "(correlation over runs). Intervals leave out one model at a time with all its runs; "
            "verdicts are corrected for the number of items (false discovery rate, Benjamini and "
            "Hochberg).",
            "An item may be mislabelled if at least two in three of the best models (a quarter of "
            "all, at least three) give one answer that counts as wrong. It looks so if better "
            f"models give that answer more often, at {report.settings.level:.0%} confidence.",
            "Slopes, difficulties and abilities are those of a two-parameter logistic model.",
            "The full score is foretold from fewer items by that model or as a weighted sum, "
            f"whichever errs less (here: {short.way}). The error is measured on models held out, "
            "for which items were fitted and chosen anew.",
        ),
        sources=tuple(sources),
        main="items",
        notes=_notes(report),
    )


def _none(n: int, one: str, many: str) -> str:
    return counted(n, one, many) if n else f"none {one}"


def _telling(report: ItemReport) -> str:
    if report.count("tells") or not report.count("undecided"):
        return f"{_none(report.count('tells'), 'tells', 'tell')} good models from bad ones"
    rest: tuple[Says, ...] = ("undecided", "all the same")
    said = ", ".join(f"{n:,} {_WORDS[says]}" for says in rest if (n := report.count(says)))
    return f"none is known to tell good models from bad ones ({said})"


def _mislabelled(report: ItemReport) -> str:
    sure = report.suspects.sure
    open_ = len(report.suspects.listed) - sure
    if open_ and not sure:
        return f"{open_:,} may be mislabelled, which the evidence does not decide"
    more = f" ({open_:,} more may be, which the evidence does not decide)" if open_ else ""
    return f"{_none(sure, 'looks', 'look')} mislabelled{more}"


def _short_words(report: ItemReport) -> str:
    short, level = report.short, f"{report.settings.level:.0%}"
    if short.chosen is None:
        return short.why
    drawn, reach = short.chosen.by_chance * 100, short.chosen.reach * 100
    better = (
        f" Items drawn at random do better: the plain mean of as many comes within {drawn:.1f} pp, "
        f"of these within {reach:.1f} pp."
        if reach - drawn > _ROUNDED
        else ""
    )
    margin = margin_words(report.settings.margin, "pp")
    if report.settings.k is not None:
        return (
            f"{counted(len(short.items), 'item gives', 'items give')} the full score of a new "
            "model within "
            f"{reach:.1f} pp ({level}).{better}"
        )
    if short.needed is None:
        return (
            f"No {len(short.items):,} items give the full score of a new model within {margin} "
            f"({level}): they come within {reach:.1f} pp.{better}"
        )
    few = counted(short.needed, "item gives", "items give")
    return f"{few} the full score of a new model within {margin} ({level}).{better}"


def _items(report: ItemReport) -> Figure:
    rows = []
    for row in report.rows:
        value = row.discrimination
        ends = [
            (i.value, i.low, i.high) if i else (None, None, None)
            for i in (value, row.slope, row.difficulty)
        ]
        p_value = row.p_value if value else None
        rows.append((row.item, row.score * 100, *ends[0], p_value, row.says, *ends[1], *ends[2]))
    differ = [(row.discrimination, row.item) for row in report.rows if row.discrimination]
    least = sorted(differ, key=lambda pair: pair[0].value)[:_DRAWN]
    which = "all" if len(least) == len(differ) else f"the {_DRAWN} of lowest discrimination of"
    drawn = f"The chart has {which} the {len(differ):,} whose score differs between runs."
    remarks = [
        "Discr.: discrimination, the correlation over runs of the item's score with the score on "
        "all other items; p is corrected for all items."
    ]
    if same := report.count("all the same"):
        remarks.append(
            f"–: unknown. {counted(same, 'item has', 'items have')} one score in every run, so "
            "nothing shows how much better an able model would do there."
        )
    return Figure(
        "items",
        "Items",
        "Which items tell good models from bad ones?",
        says=f"Of {len(report.rows):,} items, {_telling(report)}. {drawn}",
        columns=(
            TableColumn("item", "Item"),
            TableColumn("score_pct", "Score %", 0),
            TableColumn("discrimination", "Discr.", 2),
            TableColumn("low", "Low", 2),
            TableColumn("high", "High", 2),
            TableColumn("p_value", "p, all", 3),
            TableColumn("says", "Says"),
            TableColumn("slope", "Slope", 2),
            TableColumn("slope_low", "Slope low", 2),
            TableColumn("slope_high", "Slope high", 2),
            TableColumn("difficulty", "Difficulty", 2),
            TableColumn("difficulty_low", "Diff. low", 2),
            TableColumn("difficulty_high", "Diff. high", 2),
        ),
        rows=tuple(rows),
        shown=_SHOWN,
        bars=Bars(
            "discrimination: correlation with the rest of the test",
            tuple(Bar(item, value.value, value.low, value.high) for value, item in least),
        ),
        remarks=tuple(remarks),
    )


def _suspects(report: ItemReport) -> Figure:
    suspects = report.suspects
    listed = suspects.listed
    says = f"Of {len(report.rows):,} items, {_mislabelled(report)}."
    remarks = [
        "Rise is the correlation of giving that answer (without answers: of failing) with the "
        "score on the other items: above 0, it is the answer of able models. Each item is judged "
        f"by itself, at {report.settings.level:.0%}: of many items a few may look mislabelled by "
        "chance, and a hard item with a tempting wrong answer looks the same. Read each before you "
        "change it."
    ]
    if listed and not all(suspect.sure for suspect in listed):
        remarks.append(
            "Undecided: the interval of the rise includes 0, or every run gives that answer (–); "
            "the item may be mislabelled, or hard, and the models agree by chance. More models "
            "decide it."
        )
    if not suspects.answered:
        remarks.insert(
            0,
            "The files hold no answers that can be compared, so an item is listed if the best "
            "models fail at it, the others do better, and its discrimination is surely below 0.",
        )
    if suspects.shuffled:
        remarks.append(
            f"{counted(suspects.shuffled, 'item has', 'items have')} another reference in other "
            "runs (shuffled choices): the answers cannot be compared."
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
            TableColumn("mislabelled", "Mislabelled?"),
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
                "looks so" if s.sure else "undecided",
                s.best_score * 100,
                s.other_score * 100,
                *((s.rise.value, s.rise.low, s.rise.high) if s.rise else (None, None, None)),
            )
            for s in listed
        ),
        shown=_SHOWN,
        remarks=tuple(remarks),
    )


def _short(report: ItemReport) -> Figure:
    level, curve = f"{report.settings.level:.0%}", report.short.curve
    shares = [(s.reach, s.by_chance, s.rms.value, s.rms.low, s.rms.high, s.within) for s in curve]
    return Figure(
        "short",
        "Fewer items",
        "How well do fewer items give the full score of a new model?",
        says=_short_words(report),
        columns=(
            TableColumn("items_n", "Items", 0),
            TableColumn("reach_pp", f"Within pp, {level}", 1),
            TableColumn("random_pp", "At random", 1),
            TableColumn("rms_pp", "RMS pp", 1),
            TableColumn("rms_low_pp", "Low", 1),
            TableColumn("rms_high_pp", "High", 1),
            TableColumn("within_margin_pct", "In margin %", 0),
        ),
        rows=tuple((s.k, *(100 * x for x in of)) for s, of in zip(curve, shares, strict=True)),
        shown=20,
        remarks=(
            f"Within: {level} of new models like these lie so close to the score foretold. At "
            "random: the same for the plain mean of so many items drawn at random. RMS: root mean "
            f"square error over {report.short.models} models held out in turn.",
        )
        if curve
        else (),
    )


def _chosen(report: ItemReport) -> Figure:
    short = report.short
    k = len(short.items)
    if not k:
        return Figure("chosen", "Which items", "Which items stand for all?", missing=short.why)
    rest = short.total - k
    if short.way == "weighted sum":
        remarks = [
            f"The full score foretold is {short.constant:.4f} plus the sum of each item's score, 0 "
            "to 1, times its weight."
        ]
    elif short.others:
        lookup = "; ".join(f"{100 * x:.0f}%: {100 * y:.0f}%" for x, y in short.others[::4])
        remarks = [
            f"To foretell a full score: s is the share solved of the {k} items listed; r, that of "
            f"the other {rest}, follows from the share solved by weight as below; the full score "
            f"is ({k} s + {rest} r) / {k + rest}.",
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


def _runs(report: ItemReport) -> Figure:
    fitted = report.fitted
    order = fitted.theta.argsort()[::-1].tolist()
    means = report.runs.means
    ability = fitted.draws(np.random.default_rng(report.settings.seed), 2000)
    ablest = np.bincount(ability.argmax(axis=1), minlength=len(order)) / ability.shape[0]
    remarks = [
        "In standard deviations of these runs; intervals count the doubt about the items. "
        "Ablest: how probable it is that the run is the ablest of all."
    ]
    if report.runs.answers.attempts.max() > 1:
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
                report.runs.runs[n],
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


def _notes(report: ItemReport) -> tuple[str, ...]:
    runs = report.runs
    models = len(set(runs.models))
    notes = [*runs.repeated]
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
        notes.append(
            f"{counted(runs.unscored, 'answer has', 'answers have')} no score and "
            f"{'is' if runs.unscored == 1 else 'are'} left out."
        )
    return tuple(notes)
