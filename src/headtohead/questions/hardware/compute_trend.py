"""Where a stock of AI chips is going: a damped local trend, with how it did on earlier days.

From the last count the logarithm goes on at the mean growth of the last year, which fades by a
tenth each quarter. Each earlier day is foretold from the counts before it alone, and a straight
exponential through all of these is scored beside it.

References:
    Gardner, E. S., McKenzie, E. (1985). Forecasting trends in time series. Management Science 31,
    1237-1246. doi:10.1287/mnsc.31.10.1237
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from headtohead.core.errors import InputError
from headtohead.core.estimate import Interval
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.core.units import show, show_end
from headtohead.evidence.picking import estimate, listed, shown
from headtohead.questions.chips import BY, BY_WORDS, bandwidth_notes, by_bandwidth
from headtohead.stats.intervals import student_quantile

_YEAR = 4  # quarters
_FADE = 0.9  # of growth, from quarter to quarter: usual, and not fitted
_FEWEST_BEFORE = 3  # days with forecasts that an interval rests on
_LEVEL = 0.8

QUESTION = Question(
    asks="How large will this stock of AI chips be if its growth fades?",
    reads=("compute_stock",),
    optional=("stock_bandwidth",),
    units=("h100e", "ratio"),
    scope={
        "owner": ScopeWord("text", "Whose chips; all: everybody's.", "all", column="owner"),
        "makers": ScopeWord(
            "texts", "By these makers, added up; empty: all.", ("Nvidia",), column="maker"
        ),
        "ahead": ScopeWord("number", "Quarters after the last one counted.", 4, ends=(1, 8)),
        "by": ScopeWord(
            "text", "What H100-equivalents go by: compute, or bandwidth of memory.", "compute", BY
        ),
        "measure": ScopeWord(
            "text",
            "stock: the stock at the end; growth: that over the stock counted last.",
            "stock",
            ("stock", "growth"),
        ),
    },
)


@dataclass(frozen=True, slots=True)
class TrendScore:
    """How forecasts did, each made with the counts up to its day alone.

    Attributes:
        n: Forecasts a year ahead.
        error: Median factor by which they were off, at least 1.
        plain_error: The same of an exponential through all counts.
        held: How many of the intervals held what came.
        intervals_n: How many had enough days before to have one.
    """

    n: int
    error: float
    plain_error: float
    held: int
    intervals_n: int


def faded(logs: Sequence[float], ahead: int) -> float:
    """The logarithm so many quarters ahead: a damped local trend from the last year."""
    growth = (logs[-1] - logs[-1 - _YEAR]) / _YEAR
    return logs[-1] + growth * sum(_FADE**k for k in range(1, ahead + 1))


def exponential(logs: Sequence[float], ahead: int) -> float:
    """The logarithm so many quarters ahead on a least-squares line through all of them."""
    n = len(logs)
    middle, mean = (n - 1) / 2, sum(logs) / n
    slope = sum((i - middle) * y for i, y in enumerate(logs)) / sum(
        (i - middle) ** 2 for i in range(n)
    )
    return mean + slope * (n - 1 + ahead - middle)


def _errors(logs: Sequence[float]) -> list[float]:
    """Error a quarter ahead of every forecast up to a year that the counts themselves can tell."""
    return [
        (logs[origin + ahead] - faded(logs[: origin + 1], ahead)) / ahead
        for origin in range(_YEAR, len(logs) - 1)
        for ahead in range(1, min(_YEAR, len(logs) - 1 - origin) + 1)
    ]


def foretold(logs: Sequence[float], ahead: int) -> Interval:
    """The logarithm so many quarters ahead, with its 80% interval.

    Errors grow with the quarters; their size is that of earlier forecasts of up to a year, of which
    those of one day count as one. Without three such days nothing bounds it.
    """
    value, errors = faded(logs, ahead), _errors(logs)
    days = len(logs) - 1 - _YEAR
    if days < _FEWEST_BEFORE:
        return Interval(value, -math.inf, math.inf)
    size = math.sqrt(sum(e * e for e in errors) / len(errors))
    half = student_quantile(0.5 + _LEVEL / 2, days - 1) * size * ahead
    return Interval(value, value - half, value + half)


def score(logs: Sequence[float], ahead: int = _YEAR) -> TrendScore | None:
    """How forecasts so many quarters ahead did at rolling origins; None without one."""
    errors, plain, held, bounded = [], [], 0, 0
    for origin in range(_YEAR, len(logs) - ahead):
        past, came = logs[: origin + 1], logs[origin + ahead]
        told = foretold(past, ahead)
        errors.append(abs(came - told.value))
        plain.append(abs(came - exponential(past, ahead)))
        if math.isfinite(told.low):
            bounded += 1
            held += told.low <= came <= told.high
    if not errors:
        return None
    off, plain_off = (10 ** statistics.median(e) for e in (errors, plain))
    return TrendScore(len(errors), off, plain_off, held, bounded)


def run(frames: Frames, ask: Ask) -> Answer:
    """The stock some quarters after the last one counted, and the score of such forecasts."""
    asked = float(ask.scope["ahead"])
    if asked not in range(1, 9):
        raise InputError(f"A trend of chips reaches 1 to 8 whole quarters; `ahead` is {asked:g}.")
    ahead = int(asked)
    rows = _series(frames, ask)
    if rows.height <= _YEAR:
        few = f"only {rows.height}" if rows.height else "none"
        return ask.lacks(f"{few} of the {_YEAR + 1} quarters that a trend needs were known")
    logs = [math.log10(value) for value in rows["compute_h100e"]]
    told, done = foretold(logs, ahead), score(logs)
    last, day = rows["window_end"][-1], _quarters_after(rows["window_end"][-1], ahead)
    growth = ask.scope["measure"] == "growth"
    base = logs[-1] if growth else 0.0
    value, low, high = (10 ** (end - base) for end in (told.value, told.low, told.high))
    low = low if math.isfinite(told.low) else -math.inf
    who = "everybody" if ask.scope["owner"] == "all" else str(ask.scope["owner"])
    makers = listed(sorted(set(rows["maker_names"].list.explode()))) if rows.height else ""
    label = f"{makers} chips of {who} at {day}" + f" over those at {last}" * growth
    one = estimate(
        ask,
        rows,
        label=label,
        interval=Interval(value, low, high),
        unit="ratio" if growth else "h100e",
        level=_LEVEL,
        method="damped local trend: the growth of the last year, less a tenth each quarter; "
        "interval from the errors of earlier forecasts",
        n=rows.height,
        n_of="quarters",
    )
    year = 10 ** (logs[-1] - logs[-1 - _YEAR])
    by = BY_WORDS[str(ask.scope["by"])]
    of_bandwidth = ask.scope["by"] == "bandwidth"
    basis = bandwidth_notes(frames["compute_stock"]) if of_bandwidth else ()
    counted, then = (show(10**log, "h100e") for log in (logs[-1], told.value))
    says = (
        f"at {last} the stock, {by}, was {counted}, {year:.2f} times that of a year before; if "
        f"growth fades by a tenth each quarter, it is {then} at {day} ({_ends_said(told)})"
        f"{_score_said(done)}"
    )
    return Answer(
        estimates=(one,),
        says=says,
        rows=shown(_with_forecast(rows, logs, ahead), _COLUMNS),
        notes=(
            "the counts are themselves estimates of Epoch AI, smoothed over quarters, and growth "
            "was known to fade when the trend was chosen: both flatter the score",
            *basis,
        ),
    )


_COLUMNS = "window_end kind compute_h100e compute_low_h100e compute_high_h100e"


def _ends_said(told: Interval) -> str:
    if math.isinf(told.low):
        return "no earlier day bounds it"
    return f"80%: {show_end(10**told.low, 'h100e')} to {show_end(10**told.high, 'h100e')}"


def _score_said(done: TrendScore | None) -> str:
    if done is None:
        return "; no earlier day can tell how such a forecast does"
    held = f", and {done.held} of {done.intervals_n} 80% intervals held"
    return (
        f"; of {done.n} such forecasts of a year, each from the counts before it, the median was "
        f"off by a factor of {done.error:.2f}{held * (done.intervals_n > 0)}; that of a straight "
        f"exponential was off by {done.plain_error:.2f}"
    )


def _series(frames: Frames, ask: Ask) -> pl.DataFrame:
    """One row a quarter in which every maker asked for was counted, oldest first."""
    stock = frames["compute_stock"].filter(
        pl.col("window_end") <= ask.about.end,
        ~pl.col("note").fill_null("").str.contains("incomplete quarter"),
    )
    if ask.scope["by"] == "bandwidth":
        stock = by_bandwidth(stock, frames["stock_bandwidth"])
    rows = stock.filter(
        (pl.col("measure") == "stock")
        & (pl.col("chip") == "all")
        & (pl.col("owner") == ask.scope["owner"])
    )
    if ask.scope["makers"]:
        rows = rows.filter(pl.col("maker").is_in(list(ask.scope["makers"])))
    many = rows["maker"].n_unique()
    ends = ("compute_h100e", "compute_low_h100e", "compute_high_h100e")
    quarters = rows.group_by("window_end").agg(
        *(pl.col(end).sum() for end in ends),
        *(pl.col(c).first() for c in rows.columns if c not in (*ends, "window_end", "maker")),
        maker_names=pl.col("maker").sort(),
    )
    return quarters.filter(pl.col("maker_names").list.len() == many).sort("window_end")


def _quarters_after(day: date, ahead: int) -> date:
    """The last day of a quarter, so many quarters after the one that ends on `day`."""
    months = day.year * 12 + day.month + 3 * ahead
    return date(months // 12 + (months % 12) // 12, months % 12 + 1, 1) - timedelta(days=1)


def _with_forecast(rows: pl.DataFrame, logs: Sequence[float], ahead: int) -> pl.DataFrame:
    """The counts, then the forecast of each quarter."""
    last = rows.tail(1)
    parts = [rows.with_columns(kind=pl.lit("counted"))]
    for quarter in range(1, ahead + 1):
        told = foretold(logs, quarter)
        day = _quarters_after(rows["window_end"][-1], quarter)
        bounded = math.isfinite(told.low)
        parts.append(
            last.with_columns(
                kind=pl.lit("foretold"),
                window_end=pl.lit(day),
                compute_h100e=pl.lit(10**told.value),
                compute_low_h100e=pl.lit(10**told.low if bounded else None, pl.Float64),
                compute_high_h100e=pl.lit(10**told.high if bounded else None, pl.Float64),
            )
        )
    return pl.concat(parts, how="diagonal_relaxed")
