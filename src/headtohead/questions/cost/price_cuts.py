"""How many list prices one side cut after a day."""

from datetime import date, timedelta

import polars as pl

from headtohead.core.question import FILTER, Answer, Ask, Frames, Question, ScopeWord
from headtohead.evidence.picking import (
    estimate,
    known,
    listed,
    shown,
    side,
    side_name,
    unplaced,
    where,
)
from headtohead.stats.intervals import proportion_difference

QUESTION = Question(
    asks="How many of its own models' list prices did a side cut in the window?",
    reads=("prices",),
    names_on="row",
    units=("n", "pp"),
    scope={
        "since": ScopeWord("day", "First day of the window; it ends with `about`."),
        "measure": ScopeWord(
            "text",
            "count: models cut; more_often: the share of young models cut since that day less the "
            "share in as long a time before.",
            "count",
            ("count", "more_often"),
        ),
        "cut_frac": ScopeWord(
            "number", "Smallest cut that counts, as a share of the old price.", 0.2, ends=(0, 1)
        ),
        "a": ScopeWord("text", "The side as column=value, ...; empty: side A.", "", column=FILTER),
    },
)


_YOUNG_DAYS = 540


def run(frames: Frames, ask: Ask) -> Answer:
    """Models whose maker cut the standard input or output price; the count itself is exact."""
    keys = ["source_id", "provider", "model_name", "token_kind"]
    until = min(ask.about.end, ask.as_of)
    dated = frames["prices"].filter(
        (pl.col("tier") == "standard")
        & pl.col("token_kind").is_in(["input", "output"])
        & ~pl.col("basis").str.starts_with("flagged")
        & (pl.col("valid_from") <= until)
    )
    notes = unplaced(dated, "list prices", side(ask, "a"))
    mine, no_seller = known(
        where(dated, side(ask, "a")), "operator", "list prices, whose seller is not known"
    )
    rows, withdrawn = known(
        mine.filter(pl.col("operator") == pl.col("lab")),
        "price_usd_per_mtok",
        "entries of the lists, which say that a price was withdrawn",
    )
    rows = rows.filter(pl.col("price_usd_per_mtok") > 0)
    if rows.is_empty():
        return ask.lacks(f"no list prices of {side_name(side(ask, 'a'))} labs were known")
    before = pl.col("price_usd_per_mtok").shift(1).over(keys, order_by="valid_from")
    rows = rows.with_columns(before.alias("old_usd_per_mtok"))
    since = date.fromisoformat(str(ask.scope["since"]))
    limit = 1 - float(ask.scope["cut_frac"])
    large, undated = known(
        rows.filter(pl.col("price_usd_per_mtok") <= limit * pl.col("old_usd_per_mtok")),
        "model_released_on",
        "cuts of models whose release day is not known",
    )
    # A change read long after the release is most often a late correction of the list.
    age = (pl.col("valid_from") - pl.col("model_released_on")).dt.total_days()
    every, unnamed = known(
        large.filter(age <= _YOUNG_DAYS).sort("valid_from", "model_name"),
        "model_id",
        "cuts, whose model is in no list",
    )
    cuts = every.filter(pl.col("valid_from") >= since)
    notes = (*notes, *no_seller, *withdrawn, *undated, *unnamed)
    if ask.scope["measure"] == "more_often":
        return _more_often(ask, rows, every, since, notes)
    models = cuts["model_id"].unique(maintain_order=True).to_list()
    counted = estimate(
        ask,
        cuts if cuts.height else rows,
        label="models cut",
        interval=len(models),
        unit="n",
        method=f"list-price changes of at least {ask.scope['cut_frac']:.0%}, corrections left out",
        n=rows.height,
        n_of="dated list prices",
    )
    named = f" ({listed(models[:5])}), the last on {counted.observed_on}" if models else ""
    says = (
        f"{side_name(side(ask, 'a'))} labs cut the list price of {len(models)} models by "
        f"{ask.scope['cut_frac']:.0%} or more between {since} and {until}{named}"
    )
    return Answer(
        estimates=(counted,),
        says=says,
        rows=shown(cuts, _COLUMNS),
        notes=(*_NOTES, *notes),
    )


_COLUMNS = (
    "model_name model_id provider token_kind old_usd_per_mtok price_usd_per_mtok valid_from basis"
)


def _more_often(
    ask: Ask, rows: pl.DataFrame, cuts: pl.DataFrame, since: date, notes: tuple[str, ...]
) -> Answer:
    """The share of young models cut after a day less the share in as long a time before it."""
    turn, until = since - timedelta(days=1), min(ask.about.end, ask.as_of)
    first = since - (until - turn)
    rows, undated = known(
        rows, "model_released_on", "list prices of models whose release day is not known"
    )
    counts = []
    for start, end in ((first, turn), (since, until)):
        age = (pl.lit(start) - pl.col("model_released_on")).dt.total_days()
        young = rows.filter((pl.col("valid_from") <= end) & (age <= _YOUNG_DAYS))
        inside = cuts.filter(pl.col("valid_from").is_between(start, end))
        counts.append((inside["model_id"].n_unique(), young["model_id"].n_unique()))
    (cut_before, n_before), (cut_after, n_after) = counts
    if not n_before or not n_after:
        return ask.lacks(f"no dated list prices on both sides of {since} were known")
    change = proportion_difference(cut_after, n_after, cut_before, n_before)
    more = estimate(
        ask,
        rows,
        label="share of models cut, after less before",
        interval=change.rescaled(100),
        unit="pp",
        method="difference of two shares of models with a dated list price; Newcombe's interval",
        n=n_before + n_after,
        n_of="models with a dated list price",
        called=(
            f"share of models cut in price lower after {turn} than before by",
            f"share of models cut in price higher after {turn} than before by",
        ),
    )
    says = (
        f"{side_name(side(ask, 'a'))} labs cut {cut_after} of {n_after} young models between "
        f"{since} and {until}, and {cut_before} of {n_before} between {first} and {turn}"
    )
    return Answer(
        estimates=(more,),
        says=says,
        rows=shown(cuts.filter(pl.col("valid_from") >= first), _COLUMNS),
        notes=(*_NOTES, *notes, *undated),
    )


_NOTES = ("a cut after a rival's release does not prove that the rival caused it",)
