"""Hardware: who runs the endpoints and where, training compute, chips."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from headtohead.claims.versus.line import Line, described, last_seen, leads, unknown
from headtohead.claims.versus.pair import Pair
from headtohead.core.units import counted
from headtohead.evidence.picking import listed, shown
from headtohead.evidence.words import seller_name
from headtohead.names.names import country_name, in_sentence

_RUN_COLUMNS = (
    "model_name organisation train_flop train_low_flop train_high_flop hardware chips_n "
    "confidence published_on"
)

_COUNTRIES = 4  # that are named


def lines(pair: Pair) -> Iterator[Line]:
    """Operators and their countries, the end of the offer, training compute, chips."""
    yield _operators(pair)
    if pair.models:
        yield _retirement(pair)
    yield _compute(pair)
    if pair.kind == "country":
        yield _stock(pair)
    else:
        yield _chips(pair)


def _operators(pair: Pair) -> Line:
    what, short = "Companies that sell it, by the country of the operator", "the operators"
    frames = [
        rows.filter(
            pl.col("price_usd_per_mtok").is_not_null()
            & (pl.col("token_kind") == "input")
            & (pl.col("valid_from") <= pair.about.end)
            & (pl.col("valid_to").is_null() | (pl.col("valid_to") > pair.about.end))
        )
        for rows in pair.rows("prices")
    ]
    said = [_sellers(rows) for rows in frames]
    if not all(said):
        return unknown("operators", what, short, "no seller of one side was known")
    columns = "provider operator operator_country model_name valid_from"
    sellers = [rows.unique("provider", keep="first", maintain_order=True) for rows in frames]
    rows = shown(pl.concat(sellers), columns)
    return Line(
        slug="operators",
        what=what,
        a=said[0],
        b=said[1],
        ahead="facts",
        says="; ".join(
            f"sellers of {n} on {pair.about.end}: {s}"
            for n, s in zip(pair.titles, said, strict=True)
        ),
        short=short,
        observed_on=last_seen(rows, "valid_from"),
        rows=rows,
        notes=("an operator's country is that of its seat, not of its data centres",),
    )


def _sellers(rows: pl.DataFrame) -> str:
    """How many companies sell models of the rows, by country."""
    known = rows.filter(pl.col("operator").is_not_null()).unique("operator")
    if known.is_empty():
        return ""
    by_country = Counter(known["operator_country"].fill_null("").to_list())
    counts = sorted(by_country.items(), key=lambda pair: (-pair[1], pair[0]))
    parts = [
        f"{n} from {in_sentence(country_name(code))}" if code else f"{n} of unknown country"
        for code, n in counts[:_COUNTRIES]
    ]
    if others := sum(n for _, n in counts[_COUNTRIES:]):
        parts.append(f"{others} from elsewhere")
    return f"{counted(known.height, 'company', 'companies')}: {listed(parts)}"


def _retirement(pair: Pair) -> Line:
    what, short = "Day on which a seller retires it, the maker first", "the retirement"
    makers = [m.lab if (m := pair.facts.names.model(x)) else "" for x in (pair.a, pair.b)]
    sides = [
        rows.filter(pl.col("retires_on") >= pair.about.end)
        .sort((pl.col("provider") == maker).cast(pl.Int8), "known_on", "retires_on")
        .tail(1)
        for rows, maker in zip(pair.rows("retirements"), makers, strict=True)
    ]
    said = [
        f"{r['retires_on']} at {seller_name(r['provider'])}"
        if (r := next(s.iter_rows(named=True), None))
        else ""
        for s in sides
    ]
    line = described(
        "retirement",
        what,
        short,
        pair.names,
        said,
        rows=shown(pl.concat(sides), "provider model_name retires_on stated_as"),
        seen="known_on",
        neither="no retirement of either is announced",
        absent="none announced",
        opening="retirement of {}",
    )
    # That nothing is announced is known.
    return replace(line, ahead="facts") if any(said) else line


def _compute(pair: Pair) -> Line:
    what, short = "Most training compute of one model, as estimated", "training compute"
    tops = [
        rows.filter(pl.col("train_flop").is_not_null() & (pl.col("published_on") <= pair.about.end))
        .sort("train_flop", "model_name", descending=[True, False])
        .head(1)
        for rows in pair.rows("training_runs")
    ]
    said = [_flop(top) for top in tops]
    return described(
        "compute",
        what,
        short,
        pair.titles,
        said,
        rows=shown(pl.concat(tops), _RUN_COLUMNS),
        seen="published_on",
        neither="no training compute of either was known",
        opening="the largest known training run of {}",
    )


def _flop(top: pl.DataFrame) -> str:
    if top.is_empty():
        return ""
    r = top.row(0, named=True)
    low, high = r["train_low_flop"], r["train_high_flop"]
    ends = f" ({low:.1e} to {high:.1e})" if low and high else ""
    word = (r["confidence"] or "unknown").lower()
    sure = "how sure is not said" if word == "unknown" else f"called {word} by its source"
    return f"{r['model_name']}: {r['train_flop']:.1e} floating-point operations{ends}, {sure}"


def _chips(pair: Pair) -> Line:
    what, short = "Chips of the training, where documented", "the chips"
    sides = [
        rows.filter(pl.col("hardware").is_not_null() & (pl.col("published_on") <= pair.about.end))
        .sort("published_on", "model_name", descending=[True, False])
        .unique("hardware", keep="first", maintain_order=True)
        .head(3)
        for rows in pair.rows("training_runs")
    ]
    said = [
        "; ".join(f"{r['model_name']}: {r['hardware']}" for r in rows.iter_rows(named=True))
        for rows in sides
    ]
    return described(
        "chips",
        what,
        short,
        pair.titles,
        said,
        rows=shown(pl.concat(sides), _RUN_COLUMNS),
        seen="published_on",
        neither="the chips of neither are documented",
        absent="not documented",
        opening="chips that {} used in training",
    )


def _stock(pair: Pair) -> Line:
    what, short = "AI chips in stock, in units of one H100", "the stock of AI chips"
    answer = pair.ask("hardware.compute_stock", {})
    if answer.missing:
        return unknown("stock", what, short, answer.missing)
    times = answer.estimates[0]
    a_has_more = times.value >= 1
    ends = (times.low, times.value, times.high)
    low, value, high = ends if a_has_more else (1 / end for end in reversed(ends))
    said = f"{value:.1f} times the other's ({low:.1f} to {high:.1f})"
    return Line(
        slug="stock",
        what=what,
        a=said if a_has_more else "",
        b="" if a_has_more else said,
        ahead=leads(times, zero=1.0, more="a"),
        says=answer.says,
        short=short,
        by=f"{value:.1f} times as many",
        difference=times,
        observed_on=times.observed_on,
        rows=answer.rows,
        notes=answer.notes,
    )
