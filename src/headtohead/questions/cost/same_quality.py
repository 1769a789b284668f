"""Who is on the front of score and cost of each test, and how much cheaper the same quality is.

Scores and costs are drawn together: by shared tasks where every run has results by task, else each
score from what its number of tasks leaves open. A run's cost is what it was billed; where its maker
charges by the hour, nobody knows at which hours it ran nor when the next one will, which widens it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import polars as pl

from headtohead.capability.scores import SCORE_WORDS, runs
from headtohead.core.estimate import Interval
from headtohead.core.question import FILTER, Answer, Ask, Frames, Question, ScopeWord
from headtohead.core.units import counted, first_few
from headtohead.evidence.picking import (
    estimate,
    known,
    last_day,
    listed,
    named,
    shown,
    side_column,
    span,
    unplaced,
    where,
)
from headtohead.evidence.tables import in_words
from headtohead.evidence.words import model_name
from headtohead.names.names import called
from headtohead.prices.in_force import INPUT_SHARE, price_in_force
from headtohead.stats.fronts import Drawn, SameQuality, resampled, same_quality
from headtohead.stats.inputs import FloatArray

_PARTS = (
    "overall",
    *(f"{domain}_pass_1" for domain in ("retail", "airline", "telecom", "banking_knowledge")),
)
QUESTION = Question(
    asks="How much cheaper is the same quality, by what runs of a test cost?",
    reads=("benchmark_scores",),
    optional=("task_results", "prices"),
    units=("pct",),
    scope={
        **SCORE_WORDS,
        "parts": ScopeWord(
            "texts",
            "Parts of each benchmark that have costs; each counts as a test.",
            _PARTS,
            column="part",
            within=("benchmarks",),
        ),
        "models": ScopeWord(
            "models", "Whose quality is asked for; empty: each test's best run with a cost.", ()
        ),
        "of": ScopeWord(
            "text", "Who may stand in, as column=value, ...; empty: anybody.", "", column=FILTER
        ),
        "margin_pp": ScopeWord(
            "number",
            "How many percentage points worse counts as the same quality.",
            2,
            ends=(-100, 100),
        ),
        "months": ScopeWord("number", "Runs at most so many months old.", 24, ends=(0, 1_200)),
    },
)

_DRAWS = 4000
_FEWEST_RUNS = 3
_LITTLE = 0.005


@dataclass(frozen=True, slots=True)
class _CostedTest:
    """The runs of one test that have a cost, best first, with draws of cost and score.

    Attributes:
        sampled: False if no number of tasks is known, so that nothing says how sure a score is.
    """

    name: str
    rows: pl.DataFrame
    drawn: Drawn
    tasks: int
    how: str
    sampled: bool


def run(frames: Frames, ask: Ask) -> Answer:
    """The share that the cheapest run as good as another saves, one number a test."""
    every = runs(frames["benchmark_scores"], ask.scope, ask.about.end)
    tested = every["test"].unique().to_list()
    costly = every.filter(pl.col("cost_usd").is_not_null())["test"].unique().to_list()
    of_tests = every.filter(pl.col("test").is_in(costly))
    oldest = ask.about.end - timedelta(days=round(float(ask.scope["months"]) * 30.44))
    # A run of no stated day is as old as the day on which its board became known.
    day = pl.coalesce("observed_on", "known_on")
    of_tests = of_tests.filter(day.is_between(oldest, ask.about.end))
    rows, notes = known(of_tests, "cost_usd", "runs, of which no cost is known")
    rows = rows.filter(pl.col("cost_usd") > 0)
    if ask.scope["of"]:
        notes += unplaced(rows, "runs with a cost", str(ask.scope["of"]))
    if without := len(tested) - len(costly):
        notes += (f"{counted(without, 'test')} of {len(tested)} have no run of a known cost",)
    found, shown_rows, says, pairs, lacking = [], [], [], [], []
    for test in _tests(rows, frames, ask):
        best = _reference(test, ask)
        if best is None:
            continue
        margin = float(ask.scope["margin_pp"]) / 100
        mine = where(test.rows.with_row_index("place"), str(ask.scope["of"]))["place"].to_numpy()
        if not mine.size:
            # Nobody knows whether they would save anything: that is no saving of 0.
            lacking.append(in_words(test.name))
            continue
        among = np.isin(np.arange(test.rows.height), mine)
        same = same_quality(test.drawn, best, margin, among=among)
        if not test.sampled:
            # Nobody knows who else is as good, so that anything may be saved.
            same = replace(same, saving=Interval(same.saving.value, 0, 1))
        pair = test.rows[[best]] if same.place == best else test.rows[[best, same.place]]
        name = in_words(test.name)
        one = estimate(
            ask,
            pair,
            label=f"saved at the quality of {pair['model_name'][0]}, {test.name}",
            interval=same.saving.rescaled(100),
            unit="pct",
            method=f"share of its cost that the cheapest as good saves; {test.how}",
            n=test.tasks,
            n_of="tasks" if test.sampled else "runs with a cost",
            dated=("benchmark_scores", last_day(pair) or max(pair["known_on"].to_list())),
            called=(f"saved at the quality of {_of(pair, 0)} on {name}",),
        )
        found.append(one)
        pairs.append(pair)
        says.append(_says(test, pair, same, best, ask))
        shown_rows.append(_rows(test, best, margin, ask))
        if not test.sampled:
            notes += (f"{name}: no number of tasks is known, so nothing says how sure scores are",)
    if lacking:
        notes += (f"no run with a cost of those asked for: {listed(lacking)}",)
    if not found:
        return ask.lacks(_nothing(ask, lacking))
    every_row = pl.concat(shown_rows, how="diagonal_relaxed")
    return Answer(
        estimates=tuple(found),
        says=f"in runs of {span(pl.concat(pairs))}, {'; '.join(says)}",
        rows=shown(every_row, _COLUMNS),
        notes=(*_NOTES, *notes),
    )


_COLUMNS = (
    "test title side model_name model_id setting lab country score_frac score_low_frac "
    "score_high_frac cost_usd cost_usd_per_task cost_low_usd_per_task cost_high_usd_per_task "
    "cost_usd_per_success on_front front_frac as_good_frac saved_pct tasks_n evaluator observed_on"
)
_NOTES = (
    "a run's cost is what it was billed, so its length of prompts and its tokens are in it; it is "
    "one run's, and another one's tokens may differ",
)


def _nothing(ask: Ask, lacking: list[str]) -> str:
    """Why there is no answer."""
    if lacking:
        return f"no run with a cost of those that may stand in, on {listed(lacking)}, was known"
    asked = [w.name for w in ask.scope["models"]]
    whose = f" of {first_few(asked)}" if asked else ""
    return f"no test with costs of {_FEWEST_RUNS} runs{whose} was known"


def _of(pair: pl.DataFrame, place: int) -> str:
    """A run as a reader calls it: its model, or as printed where both are of one model."""
    model, name = pair["model_id"][place], str(pair["model_name"][place])
    if pair.height == 2 and pair["model_id"][0] == pair["model_id"][1]:
        if pair["model_name"][0] != pair["model_name"][1]:
            return name
        if pair["observed_on"][0] != pair["observed_on"][1]:
            return f"{name} (run of {pair['observed_on'][place]})"
        return f"another run of {name}" if place else name
    return model_name(model) if model else called(name)


def _says(test: _CostedTest, pair: pl.DataFrame, same: SameQuality, best: int, ask: Ask) -> str:
    """Who is as good for how much less, on one test."""
    name, points = in_words(test.name), float(ask.scope["margin_pp"])
    within = (
        f"at most {points:g} points worse" if points >= 0 else f"at least {-points:g} points better"
    )
    per = "a task" if test.sampled else "for all"
    whose = f"{_of(pair, 0)} ({pair['score_frac'][0]:.1%} at {_usd(test.drawn.cost[best])} {per})"
    ends = f" ({same.saving.low:.0%} to {same.saving.high:.0%})" if test.sampled else ""
    if same.place == best:
        who = "nobody" if not ask.scope["of"] else "none of those asked for"
        open_ = f", though scores leave savings of up to {same.saving.high:.0%} open"
        if not test.sampled:
            open_ = ", by scores of which nobody says how sure they are"
        return (
            f"on {name} {who} is cheaper and {within} than {whose}"
            f"{open_ if same.saving.high > _LITTLE else ''}"
        )
    chance = float(test.drawn.as_good(best, points / 100)[same.place])
    sure = f", with a chance of {chance:.0%} to be so" if test.sampled else ""
    cost = f"{_usd(test.drawn.cost[same.place])} {per}"
    return (
        f"on {name} {_of(pair, 1)} ({pair['score_frac'][1]:.1%} at {cost}) is {within} "
        f"than {whose}{sure}: the same quality {same.saving.value:.0%} cheaper{ends}"
    )


def _usd(amount: float) -> str:
    return f"${amount:.2g}" if amount < 0.1 else f"${amount:,.2f}"


def _reference(test: _CostedTest, ask: Ask) -> int | None:
    """The run whose quality is asked for: the best of the models named, or the best of all."""
    if not ask.scope["models"]:
        return 0
    rows = test.rows.with_row_index("place")
    there = {*rows["model_name"], *rows["model_id"]} - {None}
    asked = [w for w in ask.scope["models"] if {w.name, w.model} & there]
    places = [place for w in asked for place in named(rows, w)["place"].to_list()]
    return min(places, default=None)


def _rows(test: _CostedTest, best: int, margin: float, ask: Ask) -> pl.DataFrame:
    """The runs of a test with their intervals and chances."""
    drawn, n = test.drawn, test.rows.height
    score = [drawn.value_interval(i) for i in range(n)]
    cost = [drawn.cost_interval(i) for i in range(n)]
    told = test.rows.with_columns(
        side_column(test.rows, ask).alias("side"),
        pl.lit(in_words(test.name)).alias("title"),
        pl.Series("on_front", drawn.on_front()),
        pl.Series("saved_pct", 100 * (1 - drawn.cost / drawn.cost[best])),
    )
    if not test.sampled:
        return told
    return told.with_columns(
        pl.Series("cost_usd_per_task", drawn.cost),
        pl.Series("cost_low_usd_per_task", [c.low for c in cost]),
        pl.Series("cost_high_usd_per_task", [c.high for c in cost]),
        pl.Series("score_low_frac", [s.low for s in score]),
        pl.Series("score_high_frac", [s.high for s in score]),
        pl.Series("front_frac", drawn.front_chance()),
        pl.Series("as_good_frac", drawn.as_good(best, margin)),
    ).with_columns(
        pl.when(pl.col("score_frac") > 0)
        .then(pl.col("cost_usd_per_task") / pl.col("score_frac"))
        .alias("cost_usd_per_success")
    )


# ---------------------------------------------------------------- draws of cost and score


def _tests(rows: pl.DataFrame, frames: Frames, ask: Ask) -> Iterator[_CostedTest]:
    """Every test with enough runs of a known cost, the one with most runs first."""
    sizes = rows.group_by("test").len().sort(["len", "test"], descending=[True, False])
    for name in sizes.filter(pl.col("len") >= _FEWEST_RUNS)["test"].to_list():
        mine = rows.filter(pl.col("test") == name).sort(
            "score_frac", "cost_usd", "model_name", descending=[True, False, False]
        )
        spread = _bands(mine, frames["prices"], ask)
        drawn, sampled = _of_totals(mine, ask.rng)
        tasks = int(mine["tasks_n"].min()) if sampled else mine.height  # type: ignore[arg-type]
        how = "scores drawn from what the number of tasks leaves open"
        if sampled and (by_task := _by_task(mine, frames["task_results"])):
            places, cost, score = by_task
            together = resampled(cost, score, ask.rng, rounds=_DRAWS)
            drawn.costs[:, places], drawn.values[:, places] = together.costs, together.values
            drawn.cost[places], drawn.value[places] = together.cost, together.value
            how, tasks = "costs and scores of shared tasks drawn together", len(cost)
            if len(places) < mine.height:
                how += "; those of other runs from their number of tasks"
        times = np.exp(ask.rng.uniform(-1, 1, drawn.costs.shape) * np.log(spread))
        wider = Drawn(drawn.cost, drawn.value, drawn.costs * times, drawn.values)
        if (spread > 1).any():
            how += "; hours of other prices unknown"
        yield _CostedTest(name, mine, wider, tasks, how, sampled)


def _of_totals(rows: pl.DataFrame, rng: np.random.Generator) -> tuple[Drawn, bool]:
    """Cost of a task, and scores from Jeffreys' posterior where numbers of tasks are known.

    References:
        Brown, L. D., Cai, T. T., DasGupta, A. (2001). Interval estimation for a binomial
        proportion. Statistical Science 16, 101-133. doi:10.1214/ss/1009213286
    """
    score = np.array(rows["score_frac"].clip(0, 1))
    tasks = rows["tasks_n"]
    sampled = tasks.null_count() == 0
    # Where nobody knows how many tasks there are, costs of whole runs compare as well.
    n = tasks.fill_null(1).to_numpy().astype(np.float64)
    cost = np.array(rows["cost_usd"] / n)
    shape = (_DRAWS, score.size)
    values = np.tile(score, (_DRAWS, 1))
    if sampled:
        values = rng.beta(score * n + 0.5, (1 - score) * n + 0.5, shape)
    return Drawn(cost, score, np.tile(cost, (_DRAWS, 1)), values), sampled


def _by_task(
    rows: pl.DataFrame, results: pl.DataFrame
) -> tuple[list[int], FloatArray, FloatArray] | None:
    """The places of the runs with results by task, and their costs and scores on shared tasks.

    The figures have shape (tasks, those runs); None if fewer than two runs share tasks.
    """
    if results.is_empty():
        return None
    mine = results.filter(
        (pl.col("benchmark") == rows["benchmark"][0])
        & pl.col("cost_usd").is_not_null()
        & pl.col("model_name").is_in(rows["model_name"].to_list())
    )
    names = rows["model_name"].to_list()
    have = set(mine["model_name"])
    places = [i for i, name in enumerate(names) if name in have and names.count(name) == 1]
    if len(places) < 2:
        return None
    cost, score = (
        mine.pivot("model_name", index="task", values=figure, aggregate_function="mean")
        .sort("task")
        .select([names[i] for i in places])
        .to_numpy()
        .astype(np.float64)
        for figure in ("cost_usd", "score_frac")
    )
    kept = ~np.isnan(cost + score).any(axis=1)
    return (places, cost[kept], score[kept]) if kept.sum() > 1 else None


def _bands(rows: pl.DataFrame, prices: pl.DataFrame, ask: Ask) -> FloatArray:
    """How many times its maker's dearest hour costs what its cheapest one does, for every run."""
    times: dict[tuple[str, date], float] = {}
    spread = []
    hourly = set(prices.filter(pl.col("hours_utc").is_not_null())["model_id"].drop_nulls())
    for row in rows.select("model_id", "observed_on").iter_rows(named=True):
        model, day = row["model_id"], row["observed_on"] or ask.about.end
        if model not in hourly:
            spread.append(1.0)
            continue
        if (model, day) not in times:
            price = price_in_force(prices, model, day)
            bands = [b.usd_per_mtok for b in price.bands if b.hours] if price else []
            usual = price.usd_per_mtok if price else {}
            each = [_mixed(usual | band) for band in (*bands, {})] if price else [1.0]
            times[model, day] = max(each) / min(each) if min(each) > 0 else 1.0
        spread.append(times[model, day])
    return np.array(spread)


def _mixed(usd_per_mtok: Mapping[str, float]) -> float:
    return INPUT_SHARE * usd_per_mtok["input"] + (1 - INPUT_SHARE) * usd_per_mtok["output"]
