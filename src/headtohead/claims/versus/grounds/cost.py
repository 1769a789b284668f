"""Cost: prices in force, a solved task, training by what is counted in it, and the design."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from statistics import median
from typing import Any

import polars as pl

from headtohead.claims.versus.line import Ahead, Line, described, last_seen, leads, unknown
from headtohead.claims.versus.pair import Pair
from headtohead.core.estimate import Estimate
from headtohead.core.units import counted, show
from headtohead.evidence.picking import estimate, listed, shown, where
from headtohead.evidence.words import seller_name
from headtohead.prices.in_force import in_force, pair_words
from headtohead.prices.training.scopes import method_words

_RULES = {
    "lab": ("at the maker", "list-price"),
    "cheapest": ("at the cheapest credible host", "cheapest-price"),
    "median": ("at the host in the middle", "middle-price"),
}
_PRICE_COLUMNS = (
    "model_name model_id provider input_usd_per_mtok output_usd_per_mtok price_usd_per_mtok "
    "valid_from basis"
)
_FLAGSHIP_MONTHS = 18
_RUN_MONTHS = 36


def lines(pair: Pair) -> Iterator[Line]:
    """Prices by channel, cost per solved task, training cost, design."""
    if pair.models:
        yield from (_price(pair, rule) for rule in _RULES)
    else:
        yield _flagship_prices(pair)
    yield _per_task(pair)
    yield _training(pair)
    if pair.models:
        yield _design(pair)
        yield _context(pair)


def _price(pair: Pair, rule: str) -> Line:
    how, slug = _RULES[rule]
    what = f"Price per million tokens, {how}"
    answer = pair.ask("cost.list_price", {"dear": [pair.a], "cheap": [pair.b], "seller": rule})
    if answer.missing:
        return unknown(slug, what, "the list price", answer.missing, "saving")
    times = answer.estimates[0]
    a, b = answer.rows
    return Line(
        slug=slug,
        what=f"{what}, in force on {pair.about.end}",
        a=_priced(a),
        b=_priced(b),
        ahead=leads(times, zero=1.0),
        says=answer.says,
        short="the list price" if rule == "lab" else f"the price {how}",
        by=_times(times),
        gain=f"lists {_ratio(times)} times cheaper at the maker" if rule == "lab" else "",
        loss=f"costs {_ratio(times)} times as much {how}" if rule == "lab" else "",
        bears="saving",
        difference=times,
        since=max(a["valid_from"], b["valid_from"]),
        observed_on=last_seen(answer.rows, "valid_from"),
        rows=answer.rows,
        notes=("prices are compared at three input tokens to one output token",),
    )


def _priced(row: Mapping[str, Any]) -> str:
    return f"{pair_words(row)} at {seller_name(row['provider'])}, since {row['valid_from']}"


def _ratio(e: Estimate) -> str:
    """How many times the dearer side's price is the cheaper one's."""
    return f"{max(e.value, 1 / e.value):.1f}"


def _times(e: Estimate) -> str:
    return f"{_ratio(e)} times cheaper"


def _flagship_prices(pair: Pair) -> Line:
    what = "List price per million tokens, median of the flagships with one"
    since = pair.about.end - timedelta(days=round(_FLAGSHIP_MONTHS * 30.44))
    prices = in_force(
        pair.facts.frame("prices", pair.as_of, used_on=pair.about.end), pair.about.end
    )
    sides = []
    for rows in pair.rows("openness"):
        flagships = rows.filter(
            pl.col("flagship") & pl.col("valid_from").is_between(since, pair.about.end)
        )
        sides.append(
            prices.filter(pl.col("model_id").is_in(flagships["model_id"].drop_nulls().to_list()))
        )
    a, b = sides
    if a.is_empty() or b.is_empty():
        lacking = [n for n, s in zip(pair.titles, sides, strict=True) if s.is_empty()]
        return unknown(
            "list-price",
            what,
            "the list price",
            f"no list price of a flagship of {listed(lacking)} was known by {pair.as_of}",
            "saving",
        )
    listed_usd = [s["price_usd_per_mtok"].to_list() for s in sides]
    medians = list(map(median, listed_usd))
    both = pl.concat([b, a])
    times = estimate(
        pair.bare(),
        both,
        label=f"{pair.names[0]} over {pair.names[1]}",
        interval=medians[0] / medians[1],
        unit="ratio",
        method="ratio of the medians of list prices in force, three input tokens to one output",
        n=both.height,
        n_of="list prices",
    )
    said = [
        f"${m:.2f} over {counted(len(usd), 'model')} (${min(usd):.2f} to ${max(usd):.2f})"
        for m, usd in zip(medians, listed_usd, strict=True)
    ]
    return Line(
        slug="list-price",
        what=f"{what}, in force on {pair.about.end}",
        a=said[0],
        b=said[1],
        ahead=leads(times, zero=1.0),
        says=f"the median list price in force on {pair.about.end} was {said[0]} for the flagships "
        f"of {pair.titles[0]} and {said[1]} for those of {pair.titles[1]}, per million tokens, "
        "three of input to one of output",
        short="the list price",
        by=_times(times),
        gain=f"lists {_ratio(times)} times cheaper in the median of flagships",
        loss=f"costs {_ratio(times)} times as much by the median list price of flagships",
        bears="saving",
        difference=times,
        observed_on=last_seen(shown(both, _PRICE_COLUMNS), "valid_from"),
        rows=shown(both, _PRICE_COLUMNS),
        notes=("flagships are the models that led their lab's line-up, of the last 18 months",),
    )


def _per_task(pair: Pair) -> Line:
    what, short = "Cost of a solved task, on tests with known costs", "the cost of a solved task"
    if pair.models:
        scope: dict[str, Any] = {"dear": [pair.a], "cheap": [pair.b]}
    else:
        runs = pair.facts.frame("benchmark_scores", pair.as_of).filter(pl.col("cost_usd") > 0)
        mine = where(runs, pair.filters[0]).sort(
            "score_frac", "model_name", descending=[True, False]
        )
        best = mine.unique("benchmark", keep="first", maintain_order=True)
        dear = best["model_name"].unique(maintain_order=True).to_list()
        scope = {"dear": dear, "b": pair.filters[1]}
    if not scope["dear"]:
        return unknown("task-cost", what, short, f"no cost of {pair.titles[0]} was known", "saving")
    answer = pair.ask("cost.cost_per_success", {**scope, "months": _RUN_MONTHS})
    if answer.missing:
        return unknown("task-cost", what, short, answer.missing, "saving")
    told = [leads(e, zero=1.0) for e in answer.estimates]
    ahead: Ahead = told[0] if len(set(told)) == 1 else "open"
    costs = [_costs(answer.rows, rows) for rows in pair.rows("benchmark_scores")]
    middle = median(e.value for e in answer.estimates)
    return Line(
        slug="task-cost",
        what=what,
        a=costs[0],
        b=costs[1],
        ahead=ahead,
        says=answer.says,
        short=short,
        by=f"{max(middle, 1 / middle):.1f} times cheaper",
        gain=f"solves a task {max(middle, 1 / middle):.1f} times cheaper",
        loss=f"solves a task at {max(middle, 1 / middle):.1f} times the cost",
        bears="saving",
        difference=answer.estimates[0] if len(answer.estimates) == 1 else None,
        observed_on=last_seen(answer.rows, "observed_on"),
        rows=answer.rows,
        notes=answer.notes,
    )


def _costs(rows: Sequence[Mapping[str, Any]], side: pl.DataFrame) -> str:
    """The costs per solved task of one side's runs: the least, the most, how many."""
    names = set(side["model_name"])
    mine = sorted(
        float(r["cost_usd_per_success"])
        for r in rows
        if r["model_name"] in names and math.isfinite(float(r["cost_usd_per_success"]))
    )
    if not mine:
        return ""
    ends = f"${mine[0]:.3g}" if len(mine) == 1 else f"${mine[0]:.3g} to ${mine[-1]:.3g}"
    return f"{ends} in {counted(len(mine), 'run')}"


def _training(pair: Pair) -> Line:
    what, short = "Cost of training, by what is counted", "the cost of training"
    sides = [
        rows.filter(
            (pl.col("topic") == "training_cost")
            & (pl.col("unit") == "usd")
            & (pl.col("window_end") <= pair.about.end)
        ).sort("value", descending=True)
        for rows in pair.rows("figures")
    ]
    said = [_published(rows) for rows in sides]
    line = described(
        "training-cost",
        what,
        short,
        pair.titles,
        said,
        rows=shown(pl.concat(sides), "subject measure value low_value high_value scope window_end"),
        seen="window_end",
        neither="no training cost of either was published",
        absent="not published",
    )
    # Figures of different scope are not one scale, and less spent is no lead.
    scope = "figures that count different things are not one scale: compare like with like"
    return replace(line, notes=(scope,)) if any(said) else line


def _published(rows: pl.DataFrame) -> str:
    """The highest figure by each method, with its subject."""
    first = rows.unique("measure", keep="first", maintain_order=True)
    return "; ".join(
        f"{r['subject']} {show(r['value'], 'usd')} ({method_words(r['measure'])})"
        for r in first.iter_rows(named=True)
    )


def _design(pair: Pair) -> Line:
    what, short = "Parameters, active per token, and attention", "the design"
    sides = [rows.head(1) for rows in pair.rows("architectures")]
    said = [
        f"{r['total_b']:g} billion parameters, {r['active_b']:g} billion active; {r['attention']}"
        if (r := next(rows.iter_rows(named=True), None))
        else ""
        for rows in sides
    ]
    return described(
        "design",
        what,
        short,
        pair.names,
        said,
        rows=shown(pl.concat(sides), "model_name total_b active_b attention released_on"),
        seen="released_on",
        neither="the design of neither is published",
        absent="not published",
    )


def _context(pair: Pair) -> Line:
    what, short = "Context, the most tokens of prompt and answer", "the context"
    # A name that moves is read on the day of its list: later it stands for another model.
    frame = pair.facts.frame("models", pair.as_of)
    limits = [_limits(where(frame, words)) for words in pair.filters]
    if not any(rows.height for rows in limits):
        return unknown("context", what, short, "the context of neither is known")
    rows = shown(pl.concat(limits), "model_name provider context_tokens")
    ends = [rows["context_tokens"].sort() for rows in limits]
    said = [_tokens(each.to_list()) for each in ends]
    ahead: Ahead = "unknown"
    by = ""
    if all(map(len, ends)):
        (a, a_most), (b, b_most) = ((int(each[0]), int(each[-1])) for each in ends)
        same = a == a_most == b == b_most
        ahead = "level" if same else "a" if a > b_most else "b" if b > a_most else "open"
        least = "" if a == a_most and b == b_most else "at least "
        more = max(a - b_most, b - a_most)
        by = f"{least}{more:,} tokens more" if more > 0 else ""
    days = {str(row["known_on"]) for row in rows}
    return Line(
        slug="context",
        what=what,
        a=said[0],
        b=said[1],
        ahead=ahead,
        says="; ".join(f"the context of {n} is {s}" for n, s in zip(pair.names, said, strict=True))
        + f", as listed on {max(days)}",
        short=short,
        by=by,
        observed_on=last_seen(rows, "known_on"),
        rows=rows,
    )


def _limits(rows: pl.DataFrame) -> pl.DataFrame:
    """The newest limits of a model: of its own record, or else of its maker's offers, or of all."""
    stated = rows.filter(pl.col("context_tokens").is_not_null() & pl.col("served_as").is_null())
    own = pl.col("provider").is_null()
    for which in (own, pl.col("operator") == pl.col("lab"), ~own):
        kept = stated.filter(which)
        if kept.height:
            newest = kept.filter(pl.col("known_on") == pl.col("known_on").max())
            return newest.sort("context_tokens", "model_name")[:: max(newest.height - 1, 1)]
    return stated


def _tokens(limits: list[int]) -> str:
    if not limits:
        return "not known"
    if limits[0] == limits[-1]:
        return f"{limits[0]:,} tokens"
    return f"{limits[0]:,} to {limits[-1]:,} tokens, by seller"
