"""What a solved task costs on each system, and how many times cheaper side B solves it."""

from datetime import timedelta
from itertools import product

import polars as pl

from headtohead.capability.scores import SCORE_WORDS, runs, score_interval
from headtohead.core.estimate import Interval
from headtohead.core.question import FILTER, Answer, Ask, Frames, Named, Question, ScopeWord
from headtohead.core.units import counted, counted_of, first_few, ratio_words
from headtohead.evidence.picking import (
    estimate,
    known,
    listed,
    named,
    shown,
    side,
    span,
    unplaced,
    where,
)
from headtohead.evidence.tables import in_words
from headtohead.questions.medians import STATISTIC, NamedPair, median_of, without
from headtohead.stats.bootstrap import ratio_of_ratios
from headtohead.stats.intervals import ratio

QUESTION = Question(
    asks="How many times cheaper do these systems solve a task than those?",
    reads=("benchmark_scores",),
    optional=("task_results",),
    units=("ratio",),
    scope={
        **SCORE_WORDS,
        "dear": ScopeWord("models", "The models compared with; each benchmark's best run of them."),
        "cheap": ScopeWord("models", "The models said to be cheaper; empty: all of side B.", ()),
        "b": ScopeWord(
            "text", "Side B as column=value, ...; empty: the side asked for.", "", column=FILTER
        ),
        "months": ScopeWord("number", "Runs at most so many months old.", 12, ends=(0, 1_200)),
        "statistic": STATISTIC,
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """Cost per solved task of A's best run over that of each of B's models, by benchmark."""
    every = runs(frames["benchmark_scores"], ask.scope, ask.about.end)
    priced, notes = known(every, "cost_usd", "runs, of which no cost is known")
    rows = priced.filter(pl.col("cost_usd") > 0)
    nameless = rows["model_id"].null_count()
    if nameless:
        notes += (
            f"{nameless} of {rows.height} runs with a cost are of no known model: each counts by "
            "the name it has",
        )
    oldest = ask.about.end - timedelta(days=round(float(ask.scope["months"]) * 30.44))
    rows = rows.filter(pl.col("observed_on").is_null() | (pl.col("observed_on") >= oldest))
    dear = pl.concat(
        [
            _asked(rows, w)
            .sort("score_frac", "model_name", descending=[True, False])
            .unique("benchmark", keep="first", maintain_order=True)
            for w in ask.scope["dear"]
        ]
    )
    # Two names may mean one run.
    dear = dear.unique(pl.exclude("asked_name"), keep="first", maintain_order=True)
    wanted = [_asked(rows, w) for w in ask.scope["cheap"]]
    if not wanted:
        wanted = [where(rows, side(ask, "b")).with_columns(asked_name="unit")]
        notes += unplaced(rows, "runs with a cost", side(ask, "b"))
    cheap = pl.concat(wanted).sort("score_frac", descending=True)
    cheap = cheap.unique(["benchmark", "unit"], keep="first", maintain_order=True)
    pairs, kept, unsure = [], [], []
    for one, reference in product(cheap.iter_slices(1), dear.iter_slices(1)):
        if reference["benchmark"][0] != one["benchmark"][0]:
            continue
        times = _times(reference, one, frames["task_results"], ask)
        if times is None:
            unsure.append(str(one["model_name"][0]))
            continue
        both = pl.concat([reference, one])
        interval, method, n = times
        pair = estimate(
            ask,
            both,
            label=f"{one['model_name'][0]} against {reference['model_name'][0]}, "
            f"{one['benchmark'][0]}",
            interval=interval,
            unit="ratio",
            method=method,
            n=n,
            n_of="tasks",
        )
        pairs.append(NamedPair(reference["asked_name"][0], one["asked_name"][0], pair))
        kept.append(both)
    if not pairs:
        return ask.lacks("no benchmark with costs of both sides was known")
    dears, cheaps = ([w.name for w in ask.scope[which]] for which in ("dear", "cheap"))
    cheaps = cheaps or cheap["asked_name"].unique(maintain_order=True).to_list()
    ratios, absent = [pair.times for pair in pairs], without(pairs, dears, cheaps)
    order = sorted(ratios, key=lambda e: -e.value)
    ends = f"{order[-1].value:.1f} to {order[0].value:.1f} times"
    says = listed(
        f"{in_words(e.label)}: {e.value:.1f} ({e.low:.1f} to {e.high:.1f})" for e in order[:3]
    )
    rows = pl.concat(kept).unique(maintain_order=True)
    if unsure:
        lost = first_few(list(dict.fromkeys(unsure)))
        notes += (f"left out: {lost}, whose number of solved tasks is not known or 0",)
    per = (pl.col("cost_usd") / (pl.col("score_frac") * pl.col("tasks_n"))).alias(
        "cost_usd_per_success"
    )
    if ask.scope["statistic"] == "median":
        middle = median_of(ask, pairs, dears, cheaps, rows, "ratio of cost per solved task")
        lacking = f"; no cost per solved task of {listed(absent)} is known" if absent else ""
        tests = listed(in_words(name) for name in sorted(set(rows["benchmark"])))
        return Answer(
            estimates=(middle,),
            says=f"in runs of {span(rows)} a solved task is {ratio_words(middle.value)} times "
            f"cheaper ({middle.interval()}) in the median of "
            f"{counted_of(middle.n, middle.n_of)} on {tests}, {ends} by pair{lacking}",
            rows=shown(rows.with_columns(per), _COLUMNS),
            notes=notes,
        )
    return Answer(
        estimates=tuple(ratios),
        says=f"in runs of {span(rows)}, in {counted(len(ratios), 'pair')} of systems, the second "
        f"cost {ends} what the first cost for each solved task; most in {says}",
        rows=shown(rows.with_columns(per), _COLUMNS),
        notes=notes,
        absent=absent,
    )


def _asked(rows: pl.DataFrame, wanted: Named) -> pl.DataFrame:
    """The runs of a named model, with the name it was asked for by."""
    return named(rows, wanted).with_columns(pl.lit(wanted.name).alias("asked_name"))


_COLUMNS = (
    "benchmark model_name model_id setting country score_frac tasks_n cost_usd "
    "cost_usd_per_success evaluator observed_on"
)


def _times(
    reference: pl.DataFrame, one: pl.DataFrame, tasks: pl.DataFrame, ask: Ask
) -> tuple[Interval, str, int] | None:
    """How many times cheaper, from results by task if both have them, else from totals."""
    paired = _paired(reference, one, tasks)
    if paired is not None and paired.height > 1:
        columns = ("cost_usd_dear", "score_frac_dear", "cost_usd", "score_frac")
        dear_cost, dear_won, cost, won = (paired[c].to_numpy() for c in columns)
        interval = ratio_of_ratios(cost, won, dear_cost, dear_won, ask.rng)
        return interval, "cost per solved task, bootstrap over shared tasks", paired.height
    a, b = (f.row(0, named=True) for f in (reference, one))
    won_a, won_b = score_interval(a), score_interval(b)
    if won_a is None or won_b is None or won_a.value <= 0 or won_b.value <= 0:
        return None
    times = ratio(won_a, won_b).rescaled(a["cost_usd"] / b["cost_usd"])
    method = "cost of the run per solved task; Wilson intervals of both scores by MOVER-R"
    return times, method, int(min(a["tasks_n"], b["tasks_n"]))


def _paired(reference: pl.DataFrame, one: pl.DataFrame, tasks: pl.DataFrame) -> pl.DataFrame | None:
    if tasks.is_empty():
        return None
    a, b = (
        tasks.filter(
            (pl.col("benchmark") == f["benchmark"][0])
            & (pl.col("model_name") == f["model_name"][0])
        ).filter(pl.col("cost_usd").is_not_null())
        for f in (reference, one)
    )
    return b.join(a.select("task", "cost_usd", "score_frac"), on="task", suffix="_dear")
