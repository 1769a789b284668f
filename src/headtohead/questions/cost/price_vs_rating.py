"""List price against rating: who is on the Pareto front, and how cheap a model is at its level."""

import numpy as np
import polars as pl

from headtohead.core.estimate import Interval
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.core.units import first_few
from headtohead.evidence.picking import estimate, known, named, shown, side_column
from headtohead.evidence.words import model_name, seller_name
from headtohead.names.names import called
from headtohead.prices.in_force import MIX_WORDS, in_force, named_by, notes_on, prices_asked
from headtohead.ratings.published import BOARD_WORDS, RATING_ENDS, board_rows, board_words
from headtohead.stats.fronts import front_probability, pareto_front
from headtohead.stats.intervals import normal_quantile

QUESTION = Question(
    asks="Which share of the models at its level or above is cheaper than this one?",
    reads=("prices", "arena_ratings"),
    units=("frac",),
    scope={
        **BOARD_WORDS,
        **MIX_WORDS,
        "models": ScopeWord(
            "models", "The model asked about; empty: the cheapest on the front.", ()
        ),
        "exact_level": ScopeWord(
            "flag", "Compare with models rated at least as high, ignoring its interval.", False
        ),
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """The share of cheaper models among those not surely worse.

    Rows are all priced entrants, and those of that level that only other sellers list.
    """
    points, unpriced, lost = _points(frames, ask)
    if points.height < 3:
        return ask.lacks("fewer than three rated models had a known list price")
    wanted = ask.scope["models"]
    if wanted:
        asked = named(points, wanted[0])
    else:
        points = _with_front(points, ask)
        asked = points.filter("on_front").sort("price_usd_per_mtok")
    if asked.is_empty():
        return ask.lacks(f"{wanted[0].name} has no rating and list price known")
    one = asked.row(0, named=True)
    level = one["rating_elo"] if ask.scope["exact_level"] else one["rating_low_elo"]
    peers = points.filter(
        (pl.col("rating_high_elo") >= level) & (pl.col("model_id") != one["model_id"])
    )
    price = pl.col("price_usd_per_mtok")
    cheaper = peers.filter(price < one["price_usd_per_mtok"])
    surely = cheaper.filter(pl.col("rating_low_elo") >= level)
    hosted, unknown, unsold = _elsewhere(
        frames, ask, unpriced.filter(pl.col("rating_high_elo") >= level)
    )
    below = hosted.filter(price < one["price_usd_per_mtok"])
    sure = (pl.col("middle_usd_per_mtok") < one["price_usd_per_mtok"]) & (
        pl.col("rating_low_elo") >= level
    )
    n = peers.height + hosted.height
    every = max(n + len(unknown), 1)
    count = cheaper.height + below.height
    part = count / max(n, 1)
    least = surely.height + below.filter(sure).height
    ends = min(least / every, part), max((count + len(unknown)) / every, part)
    behind = pl.concat([points, hosted], how="diagonal_relaxed")
    # Where no model is asked about, the rows are a chart of the makers' own prices.
    rows = _with_front(behind, ask) if wanted else points
    share = estimate(
        ask,
        behind,
        label=f"models of its level listed cheaper than {one['model_name']}",
        interval=Interval(part, *ends),
        unit="frac",
        level=1.0,
        method="count of cheaper list prices among models whose interval reaches its level; the "
        "bounds: those of no known price all dearer, or all cheaper, and those that only others "
        "sell at the middle seller's price, or at the cheapest one's",
        n=every,
        n_of="models at its level or above",
        dated=("arena_ratings", points["observed_on"][0]),
    )
    dearer = f"is dearer than {count}" if count else "costs no more than any"
    says = (
        f"at list prices in force on {min(ask.about.end, ask.as_of)} {called(one['model_name'])} "
        f"(${one['price_usd_per_mtok']:.2f} per million tokens, mixed) {dearer} of {n} models with "
        f"a known list price at its level or above on {board_words(points, ask)}"
    )
    if below.height:
        says += (
            f", {below.height} of them at the cheapest other seller's, as their maker lists none"
        )
    if unknown:
        says += f"; no price is known of {first_few([called(name) for name in unknown])}"
    undercut = pl.concat([cheaper, below], how="diagonal_relaxed").sort("price_usd_per_mtok")
    columns = ("model_id", "price_usd_per_mtok", "provider")
    said = [
        f"{model_name(model)} (${usd:.2f} at {seller_name(seller)})"
        for model, usd, seller in undercut.select(columns).iter_rows()
    ]
    if said:
        lost = (f"lower prices are listed for {first_few(said)}", *lost)
    if unsold:
        why = "not on sale: no seller had listed them by then, and their maker never did"
        lost = (*lost, f"left out: {first_few([called(name) for name in unsold])}, {why}")
    return Answer(
        estimates=(named_by(share, asked.head(1)),),
        says=says,
        rows=shown(rows, _COLUMNS),
        notes=(*notes_on(asked.head(1)), *lost),
    )


_COLUMNS = (
    "side model_name model_id lab country rating_elo rating_low_elo rating_high_elo "
    "price_usd_per_mtok input_usd_per_mtok output_usd_per_mtok on_front front_frac provider "
    "valid_from observed_on"
)


_RATED = [c for c in _COLUMNS.split() if c.startswith("rating_")]
_RATED += ["model_id", "model_name", "observed_on"]


def _points(frames: Frames, ask: Ask) -> tuple[pl.DataFrame, pl.DataFrame, tuple[str, ...]]:
    """Each model's best-rated mode with its list price, whose citations it has.

    The second frame is of those without a known price; then come notes.
    """
    board, unsure = known(
        board_rows(frames["arena_ratings"], ask),
        RATING_ENDS,
        "entrants without a published interval",
    )
    rated = board.filter(pl.col("model_id").is_not_null())
    n = board.height - rated.height
    be = "is" if n == 1 else "are"
    told = f"{n} of {board.height} entrants {be} of no known model, and so of no known price"
    nameless = (told,) if n else ()
    rated = rated.sort("rating_elo", descending=True).unique(
        "model_id", keep="first", maintain_order=True
    )
    unpriced = pl.concat([rated, board.filter(pl.col("model_id").is_null())])
    points = _priced(prices_asked(frames, ask)[0], rated, ask)
    whose = " of their maker" if ask.scope["seller"] == "lab" else ""
    priced = f"{points.height} of {rated.height} rated models have a known list price{whose}"
    unpriced = unpriced.join(points, on="model_id", how="anti")
    return points, unpriced, (*nameless, *unsure, priced)


def _with_front(points: pl.DataFrame, ask: Ask) -> pl.DataFrame:
    """The points with whether each is on the front, and how probable that is."""
    cost, value = (points[c].to_numpy() for c in ("price_usd_per_mtok", "rating_elo"))
    wide = (points["rating_high_elo"] - points["rating_low_elo"]).to_numpy()
    sd = wide / (2 * normal_quantile(0.975))
    return points.with_columns(
        pl.Series("on_front", np.asarray(pareto_front(cost, value), dtype=bool)),
        pl.Series("front_frac", np.asarray(front_probability(cost, value, sd, ask.rng, draws=500))),
    )


def _priced(prices: pl.DataFrame, rated: pl.DataFrame, ask: Ask) -> pl.DataFrame:
    """Rows of prices in force with the ratings of their models, known once both are."""
    rated = rated.select(
        *_RATED,
        pl.col("source_id").alias("also_source_id"),
        pl.col("verified").alias("rating_verified"),
        pl.col("known_on").alias("rating_known_on"),
    )
    joined = prices.drop("model_name").join(rated, on="model_id", how="inner")
    return joined.with_columns(
        (pl.col("verified") & pl.col("rating_verified")).alias("verified"),
        pl.max_horizontal("known_on", "rating_known_on").alias("known_on"),
        side_column(joined, ask).alias("side"),
    )


def _elsewhere(
    frames: Frames, ask: Ask, entrants: pl.DataFrame
) -> tuple[pl.DataFrame, list[str], list[str]]:
    """Entrants that only other sellers list, at the cheapest one's price and the middle one's.

    Then come the names of those whose price is not known, and of those that were not on sale: no
    seller had listed them by then, and their maker never did.
    """
    model, rows = pl.col("model_id"), frames["prices"]
    mine = rows.filter(model.is_in(entrants["model_id"].drop_nulls().to_list()))
    least, middle = (
        in_force(
            mine,
            ask.about.end,
            rule=rule,
            input_share=float(ask.scope["input_share"]),
            words=rows,
        )
        for rule in ("cheapest", "median")
    )
    middle = middle.select("model_id", pl.col("price_usd_per_mtok").alias("middle_usd_per_mtok"))
    hosted = _priced(least, entrants, ask).join(middle, on="model_id")
    rest = entrants.join(hosted, on="model_id", how="anti")
    listed = mine.filter(pl.col("operator") == pl.col("lab"))["model_id"].to_list()
    sold = model.is_null() | model.is_in(listed)
    unknown, unsold = (rest.filter(part)["model_name"].to_list() for part in (sold, ~sold))
    return hosted, unknown, unsold
