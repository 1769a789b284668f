"""Which share of what a channel's tokens cost goes to one side, at list prices.

Tokens are counted without saying how many were input, and how many were read from a cache. So there
are two kinds of bounds. The interval takes half to all of each model's tokens for input, and tokens
without a known price to cost between nothing and what the others cost on average. With nothing
assumed, each model's tokens cost between all at its lowest price and all at its highest one, and
those without a price up to the price of the dearest model.
"""

import polars as pl

from headtohead.core.estimate import Interval, leads_by
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.core.units import counted, show
from headtohead.evidence.picking import estimate, shown, side, side_name, where
from headtohead.prices.in_force import INPUT_SHARE, in_force
from headtohead.questions.usage import (
    USAGE_WORDS,
    UsageWindow,
    bounds,
    channel_name,
    share_of,
    subject,
    windows,
)

QUESTION = Question(
    asks="Which share of what the tokens on this channel cost at list prices goes to side B?",
    reads=("token_usage", "prices"),
    units=("frac", "pp"),
    scope={
        **USAGE_WORDS,
        "measure": ScopeWord(
            "text", "share: B's share; lead: B's share less A's.", "share", ("share", "lead")
        ),
    },
)

_MTOK = 1_000_000
_INPUT_ENDS = (0.5, 1.0)  # shares of tokens that are input, where nobody says


def run(frames: Frames, ask: Ask) -> Answer:
    """B's share at the usual mix of input and output, between its logical bounds."""
    stretches = windows(frames["token_usage"], ask, by=["model"])
    if not stretches:
        return ask.lacks(
            f"no tokens of {channel_name(ask)} by model near {ask.about.in_words} were known, and "
            "what is counted by lab has no price,"
        )
    last = stretches[-1]
    spent = _spent(last, frames["prices"], str(ask.scope["channel"]))
    if spent.is_empty():
        return ask.lacks(f"no list price of a model on {channel_name(ask)} was known")
    mine = _share(spent, side(ask, "b"))
    logical = _share(spent, side(ask, "b"), assumed=False)
    whose, channel = subject(ask, "b"), channel_name(ask)
    if mine is None or logical is None:
        return ask.lacks(f"every model listed on {channel} was free, so that no share exists")
    name, is_lead = side_name(side(ask, "b")), ask.scope["measure"] == "lead"
    interval = mine
    if is_lead:
        other = _share(spent, side(ask, "a")) or Interval(0, 0, 1)
        interval = Interval(
            mine.value - other.value, mine.low - other.high, mine.high - other.low
        ).rescaled(100)
    a, b = (subject(ask, which) for which in ("a", "b"))
    where_ = f" in what {channel} tokens cost"
    made = estimate(
        ask,
        spent,
        label=f"{name} {ask.scope['measure']} of dollars",
        interval=interval,
        unit="pp" if is_lead else "frac",
        level=1.0,
        method="tokens times price in force; half to all of them assumed to be input, and those "
        "without a price to cost no more than the mean; unattributed tokens none of B's, or all",
        n=int(last.rows["tokens"].sum()),
        n_of="tokens",
        dated=("token_usage", last.end),
        called=leads_by(a, b, where_) if is_lead else (f"share of {b}{where_}",),
    )
    tokens = bounds(last.rows, side(ask, "b"))
    unpriced = spent.filter(pl.col("spent_usd").is_null())
    share = float(unpriced["tokens"].sum()) / float(last.rows["tokens"].sum())
    says = (
        f"at list prices in force on {last.end} {whose} had {mine.value:.1%} of what {channel} "
        f"tokens cost from {last.start} to {last.end} ({mine.low:.1%} to {mine.high:.1%}, with "
        f"half to all tokens taken for input), and {tokens.low:.1%} of the tokens themselves"
    )
    notes = (
        share_of(
            ask,
            last,
            f"{show(float(spent['spent_usd'].sum()), 'usd')}, at three input tokens to one output, "
            "for ",
        ),
        f"{share:.1%} of the tokens are of {counted(unpriced['subject'].n_unique(), 'name')} "
        "without a known price",
        f"nobody says how many tokens were input or read from a cache: with nothing assumed the "
        f"share lies between {logical.low:.1%} and {logical.high:.1%}",
        "list prices are no revenue: discounts, cached input and free credits are not in them",
    )
    return Answer(
        estimates=(made,),
        says=says,
        rows=shown(spent.sort("tokens", descending=True), _COLUMNS),
        notes=notes,
    )


_COLUMNS = (
    "subject model_id lab country tokens spent_low_usd spent_usd spent_high_usd "
    "input_usd_per_mtok output_usd_per_mtok provider window_start window_end"
)


def _spent(window: UsageWindow, prices: pl.DataFrame, channel: str) -> pl.DataFrame:
    """Each entry's tokens of the window with the least, the usual and the most that they cost.

    The price is the channel's own, else the maker's; what a channel gives away costs nothing.
    """
    sellers = (in_force(prices, window.end, rule=r, noted=False) for r in (channel, "maker"))
    kinds = ["input_usd_per_mtok", "output_usd_per_mtok", "cache_read_usd_per_mtok"]
    listed = pl.concat(
        [
            rows.select(
                "model_id",
                *kinds,
                "provider",
                pl.col("source_id").alias("also_source_id"),
                pl.col("verified").alias("price_verified"),
                pl.col("known_on").alias("price_known_on"),
            )
            for rows in sellers
        ],
        how="vertical_relaxed",
    ).unique("model_id", keep="first", maintain_order=True)
    entity = ["model_id", "served_as", "lab", "country", "open", "brand", "family"]
    usage = window.rows.group_by("subject", "source_id", maintain_order=True).agg(
        pl.col(entity).drop_nulls().first(),
        pl.col("tokens").sum(),
        pl.col("window_start").min(),
        pl.col("window_end").max(),
        pl.col("known_on").max(),
        pl.col("verified").all(),
    )
    priced = usage.join(listed, on="model_id", how="left", maintain_order="left")
    free = pl.col("served_as").fill_null("") == "free"
    some = [pl.when(free).then(0.0).otherwise(kind).alias(kind) for kind in kinds]
    priced = priced.with_columns(some)
    # A cache price of 0 means that the list has none.
    cached = pl.when(free | (pl.col(kinds[2]) > 0)).then(kinds[2])
    least, most = pl.min_horizontal(*kinds[:2], cached), pl.max_horizontal(*kinds[:2])
    mtok = pl.col("tokens") / _MTOK
    # Read from the left: nothing assumed, then half to all input, then the usual mix.
    priced = priced.with_columns(
        any_low_usd=mtok * least,
        any_high_usd=mtok * most,
        spent_usd=mtok * _mix(INPUT_SHARE),
        spent_low_usd=mtok * pl.min_horizontal(*(_mix(share) for share in _INPUT_ENDS)),
        spent_high_usd=mtok * pl.max_horizontal(*(_mix(share) for share in _INPUT_ENDS)),
        verified=pl.col("verified") & pl.col("price_verified").fill_null(value=True),
        known_on=pl.max_horizontal("known_on", "price_known_on"),
    )
    known = priced.filter(pl.col("spent_usd").is_not_null())
    if known.is_empty():
        return priced.clear()
    mean = float(known["spent_usd"].sum()) / float(known["tokens"].sum())
    dearest = max((known["any_high_usd"] / known["tokens"]).to_list())
    return priced.with_columns(
        pl.col("any_low_usd", "spent_low_usd").fill_null(0.0),
        pl.col("any_high_usd").fill_null(pl.col("tokens") * dearest),
        pl.col("spent_high_usd").fill_null(pl.col("tokens") * mean),
    )


def _mix(input_share: float) -> pl.Expr:
    """The price of a token of a mix."""
    return input_share * pl.col("input_usd_per_mtok") + (1 - input_share) * pl.col(
        "output_usd_per_mtok"
    )


def _share(spent: pl.DataFrame, filters: str, *, assumed: bool = True) -> Interval | None:
    """One side's share; None where nothing costs anything."""
    column = filters.partition("=")[0].strip()
    told = spent.filter(pl.col(column).is_not_null())
    mine = where(told, filters)
    rest = told.join(mine.select("subject"), on="subject", how="anti")
    unknown = spent.filter(pl.col(column).is_null())
    low, high = ("spent_low_usd", "spent_high_usd") if assumed else ("any_low_usd", "any_high_usd")

    def usd(rows: pl.DataFrame, which: str) -> float:
        return float(rows[which].sum())

    usual = usd(mine, "spent_usd"), usd(rest, "spent_usd")
    if sum(usual) <= 0:
        return None
    least, most = usd(mine, low), usd(mine, high) + usd(unknown, high)
    others = usd(rest, high) + usd(unknown, high), usd(rest, low)
    return Interval(
        usual[0] / sum(usual),
        least / (least + others[0]) if least else 0.0,
        most / (most + others[1]) if most else 0.0,
    )
