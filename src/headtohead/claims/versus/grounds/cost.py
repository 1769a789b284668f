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
from headtohead.core.units import counted, ratio_words, show
from headtohead.evidence.picking import estimate, listed, shown, where
from headtohead.evidence.words import seller_name
from headtohead.prices.in_force import in_force, maker_ended, pair_words
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
    yield _same_quality(pair)
    yield _training(pair)
    if pair.models:
        yield _design(pair)
        yield _context(pair)


def _price(pair: Pair, rule: str) -> Line:
    how, slug = _RULES[rule]
    what = f"Price per million tokens, {how}"
    answer = pair.ask("cost.list_price", {"dear": [pair.a], "cheap": [pair.b], "seller": rule})
    if answer.missing:
        ended = _maker_ended(pair) if rule == "lab" else None
        return ended or unknown(slug, what, "the list price", answer.missing, "saving")
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


def _maker_ended(pair: Pair) -> Line | None:
    """The list prices where a maker's own has ended, by the cheapest seller of that model."""
    names, day = pair.facts.names, pair.about.end
    prices = pair.facts.frame("prices", pair.as_of, used_on=day)
    ended = [maker_ended(names, model, day) for model in (pair.a, pair.b)]
    sides = [
        in_force(
            prices.filter(pl.col("model_id") == model),
            day,
            rule="cheapest" if gone else "maker",
            words=prices,
            noted=False,
        ).head(1)
        for model, gone in zip((pair.a, pair.b), ended, strict=True)
    ]
    if not any(ended) or any(side.is_empty() for side in sides):
        return None
    both = pl.concat(sides)
    usd = both["price_usd_per_mtok"]
    times = estimate(
        pair.bare(),
        both,
        label=f"{pair.names[0]} over {pair.names[1]}",
        interval=usd[0] / usd[1],
        unit="ratio",
        method="list prices in force, three input tokens to one output",
        n=2,
        n_of="list prices",
        called=(f"list price of {pair.titles[0]} as a multiple of that of {pair.titles[1]}",),
    )
    a, b = (
        f"{_priced(row)}{', its cheapest credible seller' if gone else ''}"
        for row, gone in zip(both.iter_rows(named=True), ended, strict=True)
    )
    rows = shown(both, _PRICE_COLUMNS)
    return Line(
        slug="list-price",
        what=f"Price per million tokens, at the maker or, where it sells no longer, at the "
        f"cheapest credible host, in force on {day}",
        a=a,
        b=b,
        ahead=leads(times, zero=1.0),
        says=f"{'; '.join(filter(None, ended))}; in force on {day} were, per million tokens, {a}, "
        f"for {pair.names[0]} and {b} for {pair.names[1]}",
        short="the list price",
        by=_times(times),
        gain=f"lists {_ratio(times)} times cheaper",
        loss=f"costs {_ratio(times)} times as much",
        bears="saving",
        difference=times,
        since=max(both["valid_from"]),
        observed_on=last_seen(rows, "valid_from"),
        rows=rows,
        notes=("prices are compared at three input tokens to one output token",),
    )


def _priced(row: Mapping[str, Any]) -> str:
    return f"{pair_words(row)} at {seller_name(row['provider'])}, since {row['valid_from']}"


def _ratio(e: Estimate) -> str:
    """How many times the dearer side's price is the cheaper one's."""
    return ratio_words(max(e.value, 1 / e.value))


def _times(e: Estimate) -> str:
    return f"{_ratio(e)} times cheaper"


def _flagship_prices(pair: Pair) -> Line:
    what = "List price per million tokens, median of the flagships with one"
    since = pair.about.end - timedelta(days=round(_FLAGSHIP_MONTHS * 30.44))
    every = pair.facts.frame("prices", pair.as_of, used_on=pair.about.end)
    prices = in_force(every, pair.about.end, noted=False)
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
        called=(
            f"median list price of {pair.titles[0]} as a multiple of that of {pair.titles[1]}",
        ),
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
    last = last_seen(answer.rows, "observed_on")
    seen = f" of runs up to {last}" if last else ""
    pairs = f"{counted(len(told), 'pair')}{seen}"
    if len(told) > 1:
        ends = sorted(max(e.value, 1 / e.value) for e in answer.estimates)
        pairs = f"in the median of {pairs}, {ratio_words(ends[0])} to {ratio_words(ends[-1])} times"
    return Line(
        slug="task-cost",
        what=f"{what}, in runs up to {last}" if last else what,
        a=costs[0],
        b=costs[1],
        ahead=ahead,
        says=answer.says,
        short=short,
        by=f"{ratio_words(max(middle, 1 / middle))} times cheaper",
        gain=f"solves a task {ratio_words(max(middle, 1 / middle))} times cheaper ({pairs})",
        loss=f"solves a task at {ratio_words(max(middle, 1 / middle))} times the cost ({pairs})",
        bears="saving",
        difference=answer.estimates[0] if len(answer.estimates) == 1 else None,
        observed_on=last,
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


def _same_quality(pair: Pair) -> Line:
    """Who is cheaper at a quality that both reach, test by test.

    The best run of either side can be asked for. Where each side has a run that is as good as the
    other's best and costs less, the best of the less able one decides: both sides reach it.
    """
    what, short = "Same quality for less, on tests with known costs", "the cost of the same quality"
    nothing = f"no test with known costs of both sides was known by {pair.as_of}"
    answers = []
    for rows, other in zip(pair.rows("benchmark_scores"), reversed(pair.filters), strict=True):
        ran = rows.filter(pl.col("cost_usd") > 0)["model_name"].unique().sort().to_list()
        answer = ran and pair.ask("cost.same_quality", {"models": ran, "of": other})
        if not answer or answer.missing:
            return unknown("same-quality", what, short, nothing, "saving")
        answers.append(answer)
    at_a, at_b = (
        dict(zip(dict.fromkeys(r["test"] for r in x.rows), x.estimates, strict=True))
        for x in answers
    )
    told: list[Ahead] = []
    saved, said, kept = [], [], []
    for test in [test for test in at_a if test in at_b]:
        runs = [row for row in answers[0].rows if row["test"] == test]
        a, b = (
            max(r["score_frac"] for r in runs if r["side"] == side) for side in (pair.a, pair.b)
        )
        by_b, by_a = at_a[test], at_b[test]
        lower = (a, by_a.value) < (b, by_b.value)
        cheaper = int(by_b.value > 0 and (by_a.value == 0 or lower))
        one = by_b if cheaper else by_a
        told.append(leads(one, more="b" if cheaper else "a") if one.value else "open")
        saved.append(one)
        kept += [row for row in answers[1 - cheaper].rows if row["test"] == test]
        best, other = (a, pair.names[0]) if cheaper else (b, pair.names[1])
        said.append(
            f"{pair.names[cheaper]} reaches the quality of {other}'s best run on "
            f"{runs[0]['title']} ({best:.1%}) {_percent(one)} cheaper"
            if one.value
            else f"on {runs[0]['title']} neither reaches the other's best quality for less"
        )
    if not said:
        return unknown("same-quality", what, short, nothing, "saving")
    first = saved[0]
    ahead: Ahead = told[0] if len(set(told)) == 1 else "open"
    days = last_seen(kept, "observed_on")
    return Line(
        slug="same-quality",
        what=what,
        a=f"cheaper on {told.count('a')} of {counted(len(told), 'test')}",
        b=f"cheaper on {told.count('b')} of {counted(len(told), 'test')}",
        ahead=ahead,
        says=f"in runs up to {days}, {'; '.join(said)}",
        short=short,
        by=f"{first.value:.0f}% cheaper at the same quality" if first.value else "",
        gain=f"reaches the same quality {_percent(first)} cheaper",
        loss=f"is {_percent(first)} dearer at the same quality",
        bears="saving",
        difference=first if len(said) == 1 else None,
        observed_on=days,
        rows=tuple(kept),
        notes=answers[0].notes,
    )


def _percent(e: Estimate) -> str:
    return f"{e.value:.0f}% ({e.low:.0f}% to {e.high:.0f}%)"


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
