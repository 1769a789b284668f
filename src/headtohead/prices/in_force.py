"""The price in force: which of all list prices counts for a model at an instant, and why.

Every price that a verb or a question uses is picked here, in three steps:

1. Each price list (one source, one seller, one spelling of the model) gives what it says on the
   day, and since when without a change.
2. Of the lists of one seller the surest counts: documented by the seller, then seen in the history
   of a list, then seen once in an edition, then doubted by the list itself. Among equally sure ones
   the one that was written last counts, then the cheaper. The others that differ are named.
3. The rule picks the seller: the maker, the cheapest, the median, or one operator.

What is no offer of the model itself does not count: free trials, and other channels (quantised,
turbo). For the cheapest and the median three more are set aside, and named: prices that their own
list doubts, prices that were last seen long ago, and a price below a third of the next seller's
that no second list confirms. A list that is made from another one confirms nothing of it.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, partial
from typing import Any

import polars as pl

from headtohead.core.estimate import Estimate
from headtohead.core.question import Ask, Frames, Named, ScopeWord
from headtohead.evidence.store import publisher
from headtohead.evidence.words import BASES, model_name, seller_name
from headtohead.names.names import Names
from headtohead.prices.hours import Hours

RULES = ("maker", "cheapest", "median")
EVERY = "every"  # no rule: all sellers of a model
KINDS = ("input", "output", "cache_read", "cache_write")
INPUT_SHARE = 0.75  # of the tokens of a call, where sellers are compared

_SURE = tuple(BASES)
_SNAPSHOT, _FLAGGED = _SURE.index("snapshot"), _SURE.index("flagged")
_FAR_BELOW = 3  # times cheaper than the next seller
# Editions of the lists come 1 to 51 days apart: after so many, at least one has been missed.
_SEEN_DAYS = 60
_SAME = 0.01  # prices nearer than this share are one price, printed differently
# Sellers of their own models under names that move alone (https://api-docs.deepseek.com/updates):
# when none stands for a model any more, its price has ended, whatever a list keeps.
NAMES_MOVE = ("deepseek",)
# Lists that are made from another list, and so confirm nothing of it.
_MADE_FROM = {
    "models_dev_changes": "models_dev",
    "model_prices": "models_dev",  # but for what the seller documents
    "litellm_prices": "llmledger",
    "openrouter_price_history": "openrouter_models",
}
_FIRST_DAYS = 14  # A list that had a model so soon after its release saw its first price.
LIST = ["source_id", "provider", "model_name"]
_PAIR = ("input_usd_per_mtok", "output_usd_per_mtok")
_SERIES = [*LIST, "tier", "token_kind"]
_BOTH = ("since", "doubt", "is_first")  # said of both directions
_HOURLY = ("peak", "off_peak")


@dataclass(frozen=True, slots=True)
class Band:
    """A price of some hours, or of long prompts.

    Attributes:
        name: "peak", "off-peak" or "over 200,000 tokens".
        usd_per_mtok: Kind of token -> US dollars per million.
        hours: The hours in which it holds; None if it goes by the length of the prompt.
        over_tokens: The length of the prompt above which it holds; 0 if it goes by the hour.
        since: First day of this price, if it has one of its own.
    """

    name: str
    usd_per_mtok: dict[str, float]
    hours: Hours | None = None
    over_tokens: int = 0
    since: date | None = None

    def __str__(self) -> str:
        when = f"in {self.name} hours ({self.hours.text})" if self.hours else self.name
        return f"{_money(self.usd_per_mtok)} {when}"


@dataclass(frozen=True, slots=True)
class ListPrice:
    """The price in force of one model at one seller.

    Attributes:
        model: Its canonical id, or the seller's word if no model is known by it.
        name: The seller's word for it.
        provider: The seller, in the source's own word.
        operator: Who runs the endpoint; empty if not known.
        rule: What picked the seller: maker, cheapest, median, or operator.
        usd_per_mtok: Kind of token (input, output, cache_read, cache_write) -> US dollars per
            million.
        band: Which of the seller's prices it is: "" for the one price it has, else "peak",
            "off-peak" or "over 200,000 tokens".
        since: First day of this price without a change, as well as the lists know.
        at_least: True if the lists began with this price, long after the model's release: it may
            have held before `since`.
        basis: How surely that day is known: documented, commit, snapshot or flagged.
        source_id: Whose list it is.
        row_url: Where the input price is printed.
        bands: The seller's other prices by hour and by length of prompt.
        others: What other lists of this seller say, each as a sentence.
        set_aside: Cheaper sellers that do not count, each as a sentence.
        other_source_ids: The lists that the two name.
        hours: The hours in which the price holds, if it goes by the hour.
        known_on: The day the list said so first.
        moved_on: The day it was asked for by a word that moves from model to model: `name`, which
            stood for `model` then, if that is known.
    """

    model: str
    name: str
    provider: str
    operator: str
    rule: str
    usd_per_mtok: dict[str, float]
    band: str
    since: date
    basis: str
    source_id: str
    row_url: str
    bands: tuple[Band, ...] = ()
    others: tuple[str, ...] = ()
    set_aside: tuple[str, ...] = ()
    other_source_ids: tuple[str, ...] = ()
    moved_on: date | None = None
    at_least: bool = False
    hours: Hours | None = None
    known_on: date | None = None

    def __str__(self) -> str:
        band = f" ({self.band})" if self.band else ""
        # A list that was seen once does not say since when.
        began = "at least since" if self.at_least else "since"
        seen = "as seen on" if self.basis == "snapshot" else began
        which = {"cheapest": ", its cheapest credible seller,", "median": ", its middle seller,"}
        return (
            f"{_money(self.usd_per_mtok)} per million tokens at {seller_name(self.provider)}"
            f"{which.get(self.rule, '')} {seen} {self.since}{band}"
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What a careful reader has to know of this price, in sentences."""
        said = [*self.others, *self.set_aside]
        if self.bands:
            seller = seller_name(self.provider)
            said.append(f"{seller} also charges {'; '.join(map(str, self.bands))}")
        for kind in ("input", "output"):
            if not self.usd_per_mtok[kind]:
                said.append(f"the list has {kind} tokens at $0: the call itself may cost something")
        notes = [f"{model_name(self.model)}: {note}" for note in said]
        if self.moved_on and self.name.rpartition("/")[2] == self.model.rpartition("/")[2]:
            notes.append(
                f"{self.name} has been several models, and which one it was on {self.moved_on} is "
                "not known: its price is what the lists give for the word"
            )
        elif self.moved_on:
            notes.append(f"{self.name} stood for {model_name(self.model)} on {self.moved_on}")
        return tuple(notes)


def price_in_force(
    prices: pl.DataFrame,
    model: str,
    at: date | datetime,
    *,
    rule: str = "maker",
    channel: str = "",
    input_tokens: int = 0,
    by_hour: bool = True,
    word: str = "",
) -> ListPrice | None:
    """The price of a model at an instant; None if no list has both directions.

    Args:
        prices: Rows of the table `prices`, with entity columns, as known on the day of knowledge.
        model: Canonical id, or the seller's own word for it.
        at: The instant, with its time zone; a day stands for the hours without extra charge.
        rule: "maker", "cheapest", "median", or an operator.
        channel: How the model is served, as turbo or fp8; empty for the maker's own way.
        input_tokens: Length of the prompt; long ones may cost more.
        by_hour: Whether the hour of an instant picks the band; if not, it counts among `bands`.
        word: The seller's word it is called by: of two at which one seller sells one model, as
            deepseek-chat and deepseek-reasoner, the list of this one counts.
    """
    mine = prices.filter(of_model(prices, model)).with_columns(pl.col("model_id").fill_null(model))
    holding = in_force(mine, at, rule=rule, channel=channel, words=prices, word=word)
    if holding.is_empty():
        return None
    bands = _Bands(mine, partial(_lists, mine, at, channel, INPUT_SHARE), at)
    hour = at if by_hour and isinstance(at, datetime) else None
    return _list_price(holding.row(0, named=True), bands, hour, model, input_tokens)


@dataclass(frozen=True, slots=True)
class Offers:
    """The price in force at every seller of a model, and which of them the rules pick.

    Attributes:
        every: By the mix of tokens, the cheapest first.
        maker: The model's own lab's; None if it sells none.
        cheapest: Of those that are credible; so is `median`.
    """

    every: tuple[ListPrice, ...]
    maker: ListPrice | None
    cheapest: ListPrice | None
    median: ListPrice | None


def every_offer(
    prices: pl.DataFrame, model: str, at: date | datetime, *, channel: str = "", word: str = ""
) -> Offers:
    """What each seller asked for a model at an instant.

    Args:
        prices: As for `price_in_force`; so are the others.
    """
    mine = prices.filter(of_model(prices, model)).with_columns(pl.col("model_id").fill_null(model))
    holding = in_force(mine, at, rule=EVERY, channel=channel, words=prices, word=word)
    bands = _Bands(mine, partial(_lists, mine, at, channel, INPUT_SHARE), at)
    hour = at if isinstance(at, datetime) else None
    by_list = {
        tuple(row[c] for c in LIST): _list_price(row, bands, hour, model)
        for row in holding.iter_rows(named=True)
    }
    kept, aside = _credible(holding, _day(at))
    left = aside.get(str(holding["model_id"][0]), {}) if holding.height else {}
    ordered = kept.sort("price_usd_per_mtok", "source_id", "provider").select(LIST).rows()
    own = holding.filter(_sold_by("maker")).select(LIST).rows()

    def picked(rows: list[tuple[str, ...]], place: int, rule: str) -> ListPrice | None:
        if not rows:
            return None
        price = replace(by_list[rows[place]], rule=rule)
        if rule == "maker":
            return price
        others = tuple(sorted({*price.other_source_ids, *left.values()}))
        return replace(price, set_aside=tuple(left), other_source_ids=others)

    return Offers(
        tuple(by_list.values()),
        picked(own, 0, "maker"),
        picked(ordered, 0, "cheapest"),
        picked(ordered, (len(ordered) - 1) // 2, "median"),
    )


def offers_of_all(
    prices: pl.DataFrame,
    at: datetime,
    *,
    channel: str = "",
    input_share: float = INPUT_SHARE,
    words: pl.DataFrame | None = None,
) -> list[tuple[ListPrice, str]]:
    """What every seller asked for every model at an instant, and why a price may not hold.

    As `every_offer`, for many models at once: without what other lists say, and without the prices
    of long prompts.

    Args:
        prices: Rows of the table, with entity columns; so are `words`, which are those of all
            models.

    Returns:
        The price, and a reason to doubt it; empty for none. By model, the cheapest mix first.
    """
    words = prices if words is None else words
    mine = _dated(prices, words, at)
    lists = _lists(mine, at, channel, input_share)
    offers = _one_a_seller(lists).sort("model_id", "price_usd_per_mtok", "source_id", "provider")
    hourly = mine.filter(pl.col("tier").is_in(_HOURLY))
    bands, none = (_Bands(rows, lambda: lists, at) for rows in (hourly, hourly.clear()))
    by_hour = set(hourly["model_id"])
    nothing: dict[str, Any] = {"others": (), "set_aside": (), "other_source_ids": ()}
    found = []
    for row in offers.drop("differing").iter_rows(named=True):
        own = bands if row["model_id"] in by_hour else none
        price = _list_price({**row, **nothing, "rule": EVERY}, own, at, row["model_id"])
        doubt = ""
        if row["doubt"] >= _FLAGGED:
            doubt = "the list itself doubts the price"
        elif row["seen_on"] < _day(at) - timedelta(days=_SEEN_DAYS):
            doubt = f"the price was last seen on {row['seen_on']}"
        found.append((price, doubt))
    return found


def _list_price(
    row: dict[str, Any], bands: "_Bands", hour: datetime | None, model: str, input_tokens: int = 0
) -> ListPrice:
    """A row of `in_force`, at the hour and the length of prompt asked for."""
    others = bands.of(row)
    usual = {
        k: float(row[f"{k}_usd_per_mtok"])
        for k in KINDS
        # A cache price of 0 means that the list has none.
        if row[f"{k}_usd_per_mtok"] or k in ("input", "output")
    }
    kind = "off-peak" if any(band.name == "peak" for band in others) else ""
    held = [
        b
        for b in others
        if (b.hours and hour and b.hours.holds(hour))
        or (b.over_tokens and input_tokens > b.over_tokens)
    ]
    chosen = held[-1] if held else Band(kind, usual)
    moved = str(row["join_rule"] or "").startswith("alias:")
    # A word that moves from model to model had another one's price before.
    released = (moved and row["model_released_on"]) or date.min
    return ListPrice(
        model=str(row["model_id"]),
        name=str(row["model_name"]),
        provider=row["provider"],
        operator=row["operator"] or "",
        rule=str(row["rule"]),
        usd_per_mtok=usual | chosen.usd_per_mtok,
        band=chosen.name,
        since=max(chosen.since, released) if chosen.since else row["valid_from"],
        basis=row["basis"],
        source_id=row["source_id"],
        row_url=row["row_url"] or "",
        bands=tuple(b for b in others if b is not chosen),
        hours=chosen.hours,
        others=tuple(row["others"]),
        set_aside=tuple(row["set_aside"]),
        other_source_ids=tuple(row["other_source_ids"]),
        moved_on=bands.day if moved and model != row["model_id"] else None,
        at_least=row["at_least"] and not chosen.since,
        known_on=row["known_on"],
    )


class Course:
    """The prices of one model over time: each is worked out once for all instants it is in force.

    Args:
        prices: As for `price_in_force`; so is `model`.
    """

    def __init__(self, prices: pl.DataFrame, model: str) -> None:
        mine, moving = of_model(prices, model), pl.col("join_rule").str.starts_with("alias:")
        # Of other models: which words moved on, and up to which day each list is kept.
        kept = pl.struct("source_id", "valid_from").is_first_distinct()
        self._rows, self._mine = prices.filter(mine | moving | kept), prices.filter(mine)
        self._model = model
        self._turns: dict[str, list[datetime]] = {}
        self._found: dict[tuple[str, str, str, int], ListPrice | None] = {}

    def at(
        self,
        at: date | datetime,
        *,
        rule: str,
        channel: str = "",
        word: str = "",
        **changes: Any,  # noqa: ANN401 - fields of ListPrice
    ) -> ListPrice | None:
        """The usual price at an instant or at the end of a day; None if there is none.

        `changes` are made to a price when it is first worked out.
        """
        instant = at if isinstance(at, datetime) else datetime.combine(at, time.max, UTC)
        place = bisect_right(self.turns(rule), instant)
        key = rule, channel, word, place
        if key not in self._found:
            rows, model = self._rows, self._model
            found = (
                price_in_force(
                    rows, model, at, rule=rule, channel=channel, word=word, by_hour=False
                )
                if place
                else None
            )
            self._found[key] = found and replace(found, **changes)
        return self._found[key]

    def turns(self, rule: str) -> list[datetime]:
        """Every moment at which a price of a seller that the rule may pick began or ended."""
        if rule not in self._turns:
            rows = self._mine.filter(_sold_by(rule))
            ends = [
                pl.coalesce(
                    f"{end}_at", pl.col(end).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
                )
                for end in ("valid_from", "valid_to")
            ]
            turns = {turn for end in ends for turn in rows.select(end).to_series().drop_nulls()}
            self._turns[rule] = sorted(turns)
        return self._turns[rule]

    @property
    def given(self) -> list[ListPrice]:
        """Every price worked out so far."""
        return [price for price in self._found.values() if price]


def of_model(prices: pl.DataFrame, model: str) -> pl.Expr:
    """Which rows are of a model, asked for by its id or by a seller's word."""
    named = pl.col("model_id") == model
    if not prices.select(named.any()).item():
        spelt = pl.col("model_name") == model
        meant = prices.filter(spelt)["model_id"].drop_nulls().unique().to_list()
        # All lists of the model count, however they spell it, if the word has one meaning.
        named = pl.col("model_id") == meant[0] if len(meant) == 1 else spelt
    return named


def _sold_by(rule: str) -> pl.Expr:
    """Which rows are of sellers that a rule may pick."""
    if rule == "maker":
        return pl.col("operator") == pl.col("lab")
    return pl.lit(value=True) if rule in (*RULES, EVERY) else pl.col("operator") == rule


def in_force(
    prices: pl.DataFrame,
    at: date | datetime,
    *,
    rule: str = "maker",
    channel: str = "",
    input_share: float = INPUT_SHARE,
    words: pl.DataFrame | None = None,
    word: str | None = "",
    noted: bool = True,
) -> pl.DataFrame:
    """The usual input and output price of each model on a day, without extra charge for hours.

    Args:
        prices: Rows of the table, with entity columns.
        at: The day, or an instant of it.
        rule: As for `price_in_force`, or `EVERY`; so is `channel`.
        input_share: Share of tokens that are input, where sellers are compared.
        words: All rows, which tell up to which day a list is kept and which words of a seller
            moved on to other models; `prices` if None.
        word: As for `price_in_force`; None for the id of each model.
        noted: Whether `rule` comes with what other lists say, which takes a third of the time.

    Returns:
        One row a model, or one for each of its sellers: model_id, model_name, provider, operator,
        {kind}_usd_per_mtok, price_usd_per_mtok (mixed), valid_from (since when without a change),
        rule, others and set_aside (lists of sentences), other_source_ids (whom those name), entity
        columns, and the citation columns of the input price.
    """
    words = prices if words is None else words
    prices = _dated(prices, words, at).filter(_sold_by(rule))
    lasts = _lasts(_offered(prices, channel, "standard"), at)
    lists = _lists(prices, at, channel, input_share, lasts)
    offers = _one_a_seller(lists, word)
    aside: dict[str, dict[str, str]] = {}
    if rule in ("cheapest", "median"):
        offers, aside = _credible(offers, _day(at))
    place = (pl.len().over("model_id") - 1) // 2 if rule == "median" else pl.lit(0)
    ordered = offers.sort("model_id", "price_usd_per_mtok", "source_id", "provider")
    number = pl.int_range(pl.len()).over("model_id")
    picked = ordered if rule == EVERY else ordered.filter(number == place)
    ruled = pl.lit(rule if rule in RULES else "operator").alias("rule")
    if not noted:
        return picked.drop("differing").with_columns(ruled)
    gone = _gone(lasts, lists)
    moved = _moved(words, picked.filter(~pl.col("confirmed"))["seller"], _day(at))
    said: list[tuple[list[str], list[str], list[str]]] = []
    for row in picked.iter_rows(named=True):
        provider, model, differing = row["provider"], row["model_id"], row["differing"] or []
        others = _others(provider, model, row["model_released_on"], differing)
        ids = {one["source_id"] for one in differing}
        for day, source, seen in gone.get((model, row["seller"]), []):
            if day > row["valid_from"]:
                who, on = publisher(source), f"on {day}" if seen else f"since {day}"
                said_it = "listed" if seen else "has listed"
                others.append(f"{who} {said_it} no price of {seller_name(provider)} {on}")
                ids.add(source)
        # One list alone may keep a price of what its seller does not offer any more.
        if not row["confirmed"] and (now := moved.get((row["seller"], model))):
            alone = publisher(row["source_id"])
            others.append(f"{now}; one list alone has this price ({alone})")
        left = aside.get(model, {})
        said.append((others, list(left), sorted({*ids, *left.values()})))
    names = ("others", "set_aside", "other_source_ids")
    notes = pl.DataFrame(said, dict.fromkeys(names, pl.List(pl.String)), orient="row")
    return picked.drop("differing").with_columns(ruled, *notes)


def notes_on(rows: pl.DataFrame) -> tuple[str, ...]:
    """The sentences on other lists and on sellers set aside, of rows of `in_force`."""
    return tuple(
        f"{model_name(row['model_id'])}: {note}"
        for row in rows.select("model_id", "others", "set_aside").iter_rows(named=True)
        for note in (*row["others"], *row["set_aside"])
    )


def named_by(estimate: Estimate, rows: pl.DataFrame) -> Estimate:
    """The estimate, which cites also the lists that `notes_on` names of rows of `in_force`."""
    others = rows["other_source_ids"].explode().drop_nulls().to_list()
    return replace(estimate, source_ids=tuple(sorted({*estimate.source_ids, *others})))


def _day(at: date | datetime) -> date:
    return at.astimezone(UTC).date() if isinstance(at, datetime) else at


def _dated(prices: pl.DataFrame, words: pl.DataFrame, at: date | datetime) -> pl.DataFrame:
    """The prices with the last day by then on which their list says anything of all the words."""
    day = pl.col("valid_from")
    past = words.select("source_id", "valid_from").filter(day <= _day(at))
    kept = past.group_by("source_id").agg(day.max().alias("list_until"))
    return prices.join(kept, on="source_id", how="left")


def spells(prices: pl.DataFrame, at: date | datetime) -> pl.DataFrame:
    """Each list's rows up to a day, with the number of the spell of equal prices they are in.

    Rows that repeat the price before them, because something else in the list changed, are of one
    spell; a price that ended before the next one began starts another.

    Returns:
        The rows by day, with `series` (a number for list, tier and kind), `spell` (a number),
        `since` (its first day), `is_first` (no other came before it) and `doubt` (0 for the
        surest).
    """
    begun = pl.col("valid_from") <= _day(at)
    if isinstance(at, datetime):
        begun &= (pl.col("valid_from_at") <= at).fill_null(value=True)
    rows = prices.filter(begun).sort(*_SERIES, "valid_from")
    rows = rows.with_columns(pl.struct(_SERIES).rle_id().alias("series"))
    series, price = pl.col("series"), pl.col("price_usd_per_mtok")
    # Rows of a series are neighbours, so that shifts need no groups, which cost much more.
    first = series.ne_missing(series.shift(1))
    ended = (pl.col("valid_to").shift(1) < pl.col("valid_from")).fill_null(value=False)
    changed = first | price.ne_missing(price.shift(1)) | ended
    sure = pl.col("basis").str.split(":").list.first()
    rank = {word: place for place, word in enumerate(_SURE)}
    rows = rows.with_columns(
        changed.cast(pl.Int64).cum_sum().alias("spell"),
        sure.replace_strict(rank, default=len(_SURE)).alias("doubt"),
    )
    return rows.with_columns(
        pl.col("valid_from").min().over("spell").alias("since"),
        (pl.col("spell") == pl.col("spell").min().over("series")).alias("is_first"),
    )


def _offered(prices: pl.DataFrame, channel: str, tier: str) -> pl.DataFrame:
    """The rows of one tier, served one way, of models that are known."""
    served = pl.col("served_as").is_null() if not channel else pl.col("served_as") == channel
    return prices.filter(
        served
        & pl.col("model_id").is_not_null()
        & (pl.col("tier") == tier)
        & pl.col("token_kind").is_in(KINDS)
    )


def _lists(
    prices: pl.DataFrame,
    at: date | datetime,
    channel: str,
    input_share: float,
    lasts: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """One row a list that is not free: its usual prices at an instant, and since when they hold.

    `lasts` are the last spells of its standard prices, if they are known already; `is_peak` says
    that another list of the seller has them as its price of the peak hours.
    """
    if lasts is None:
        lasts = _lasts(_offered(prices, channel, "standard"), at)
    given = _pairs(_surest(lasts.filter("holds")))
    # A price below zero is a slip of the pen, whatever the other direction costs.
    no_less = pl.all_horizontal(pl.col(c) >= 0 for c in _PAIR)
    given = mixed(given, input_share).filter((pl.col("price_usd_per_mtok") > 0) & no_less)
    for seller in NAMES_MOVE:
        gone = pl.col("model_id").is_in(list(Names.load().left(seller, _day(at))))
        moves = pl.col("join_rule").str.starts_with("alias:").fill_null(value=False)
        given = given.filter(~(gone & (pl.col("operator") == seller) & ~moves).fill_null(False))
    given = _without_carried(given, prices)
    given = given.with_columns(
        pl.max_horizontal("since", "since_of_output").alias("since"),
        pl.max_horizontal("doubt", "doubt_of_output").alias("doubt"),
        pl.col("is_first") & pl.col("is_first_of_output"),
    ).drop(f"{c}_of_output" for c in _BOTH)
    hourly = _offered(prices, channel, "peak")
    if hourly.is_empty():
        return given.with_columns(is_peak=pl.lit(value=False))
    peak = _pairs(last_spells(hourly, at))
    keys = ["model_id", "seller", *_PAIR]
    peak = peak.select(*keys, is_peak=True).unique()
    return given.join(peak, on=keys, how="left").with_columns(pl.col("is_peak").fill_null(False))


def _without_carried(given: pl.DataFrame, prices: pl.DataFrame) -> pl.DataFrame:
    """The lists without those that kept a word's price when it moved to a model of another price.

    What the maker asks for the model by its own name, soon after its release, tells. Where a seller
    has other lists, they count before these anyway.
    """
    moves = pl.col("join_rule").str.starts_with("alias:").fill_null(value=False)
    soon = pl.col("model_released_on") + timedelta(days=_FIRST_DAYS)
    kept = moves & (pl.col("since") < pl.col("model_released_on"))
    if not given.select(kept.any()).item():
        return given
    first = prices.filter(
        ~moves
        & (pl.col("operator") == pl.col("lab"))
        & (pl.col("tier") == "standard")
        & (pl.col("token_kind") == "input")
        & pl.col("served_as").is_null()
        & (pl.col("valid_from") <= soon)
    )
    own = first.sort("valid_from").group_by("model_id", maintain_order=True).first()
    own = own.select("model_id", own_usd=pl.col("price_usd_per_mtok"))
    usd = pl.col("input_usd_per_mtok")
    other = (usd - pl.col("own_usd")).abs() > _SAME * usd
    given = given.join(own, on="model_id", how="left", maintain_order="left")
    alone = kept.fill_null(value=False).all().over("model_id", "seller")
    return given.filter(~(alone & other).fill_null(value=False)).drop("own_usd")


def _pairs(latest: pl.DataFrame) -> pl.DataFrame:
    """A row for each list with both directions, with a column for the price of each kind."""
    kind = pl.col("token_kind")

    def of(one: str, column: str) -> pl.Expr:
        return pl.col(column).filter(kind == one).first().over(LIST)

    given = latest.with_columns(
        *(of(one, "price_usd_per_mtok").alias(f"{one}_usd_per_mtok") for one in KINDS),
        *(of("output", c).alias(f"{c}_of_output") for c in _BOTH),
        has_output=(kind == "output").any().over(LIST),
        seller=pl.coalesce("operator", "provider"),
    )
    both = given.filter((kind == "input") & pl.col("has_output"))
    return both.drop("has_output", "price_usd_per_mtok")


def last_spells(rows: pl.DataFrame, at: date | datetime) -> pl.DataFrame:
    """The surest row of the last spell of each list, tier and kind that hold at an instant."""
    return _surest(_lasts(rows, at).filter("holds"))


def _lasts(rows: pl.DataFrame, at: date | datetime) -> pl.DataFrame:
    """The rows of the last spell of each list, tier and kind, and whether it `holds` at `at`."""
    key = "series"
    rows = spells(rows, at).filter(pl.col("spell") == pl.col("spell").max().over(key))
    rows = rows.with_columns(
        pl.col("valid_from").max().over(key).alias("written"),
        pl.col("known_on").min().over(key),
        pl.col("valid_to", "valid_to_at").last().over(key),
    )
    lasts = pl.col("valid_to").is_null() | (pl.col("valid_to") > _day(at))
    if isinstance(at, datetime):
        lasts |= (pl.col("valid_to_at") > at).fill_null(value=False)
    return rows.with_columns(holds=lasts & pl.col("price_usd_per_mtok").is_not_null())


def _surest(lasts: pl.DataFrame) -> pl.DataFrame:
    """Of the rows of one spell the surest, then the first."""
    lasts = lasts.drop("holds").sort("series", "doubt", "valid_from")
    return lasts.unique("series", keep="first", maintain_order=True)


def _gone(
    lasts: pl.DataFrame, lists: pl.DataFrame
) -> dict[tuple[str, str], list[tuple[date, str, bool]]]:
    """By model and seller the lists that dropped its price, and when; true if only seen then."""
    over = pl.when(pl.col("price_usd_per_mtok").is_null()).then("since").otherwise("valid_to")
    ended = _surest(lasts.filter(~pl.col("holds")).with_columns(since=over))
    names = {i: publisher(i) for i in {*ended["source_id"], *lists["source_id"]}}
    whose = pl.col("source_id").replace(names).alias("publisher")
    ended = ended.with_columns(pl.coalesce("operator", "provider").alias("seller"), whose)
    who = ["model_id", "seller"]
    holding = lists.select(*who, whose)
    ended = ended.join(holding, on=[*who, "publisher"], how="anti").sort("since", "source_id")
    last = ended.group_by(*who, "publisher", maintain_order=True).last()
    dropped: dict[tuple[str, str], list[tuple[date, str, bool]]] = {}
    seen = pl.col("price_usd_per_mtok").is_null() & (pl.col("doubt") >= _SNAPSHOT)
    for model, seller, *what in last.select(*who, "since", "source_id", seen).iter_rows():
        dropped.setdefault((model, seller), []).append(tuple(what))
    return dropped


def _one_a_seller(lists: pl.DataFrame, word: str | None = "") -> pl.DataFrame:
    """The list that counts of each seller of a model, with what its other lists say."""
    who = ["model_id", "seller"]
    mine = pl.col("model_id").str.split("/").list.last()
    own = mine if word is None else pl.lit(word.rpartition("/")[2])
    called = pl.col("model_name").str.split("/").list.last() != own
    lists = lists.with_columns(called.alias("other_word"))
    by = [*who, "is_peak", "doubt", "other_word", "written", "price_usd_per_mtok", "source_id"]
    by.append("model_name")
    lists = lists.sort(by, descending=[column == "written" for column in by])
    same = pl.all_horizontal(
        (pl.col(c) - pl.col(c).first().over(who)).abs() <= _SAME * pl.col(c).first().over(who)
        for c in _PAIR
    )
    lists = lists.with_columns(same.alias("same"))
    # The first price of a list may have held before the list began; one that agrees may know.
    since = (
        pl.when(pl.col("is_first").first().over(who))
        .then(pl.col("since").filter(pl.col("same")).min().over(who))
        .otherwise(pl.col("since"))
    )
    released = pl.col("model_released_on")
    # Whether the list that has had the price longest began with it, and only read it somewhere.
    oldest = (pl.col("is_first") & (pl.col("doubt") > 0)).sort_by(~pl.col("same"), "since")
    began = pl.col("is_first").first().over(who) & oldest.first().over(who)
    late = (since - released > timedelta(days=_FIRST_DAYS)).fill_null(value=True)
    moved = pl.col("join_rule").str.starts_with("alias:") & (released > since)
    other = ~pl.col("same") & (pl.col("source_id") != pl.col("source_id").first().over(who))
    seen = pl.when(pl.col("doubt") == _SNAPSHOT).then("written").otherwise("list_until")
    documents = (pl.col("source_id") == "model_prices") & (pl.col("doubt") == 0)
    source = pl.col("source_id")
    origin = pl.when(documents).then(source).otherwise(source.replace(_MADE_FROM))
    says = pl.struct("source_id", "since", "doubt", "model_name", "join_rule", "is_peak", *_PAIR)
    lists = lists.with_columns(
        # A word that moves from model to model had another one's price before.
        pl.when(moved).then(released).otherwise(since).alias("since"),
        (began & late & ~moved).alias("at_least"),
        (origin.filter(pl.col("same")).n_unique().over(who) > 1).alias("confirmed"),
        seen.filter(pl.col("same")).max().over(who).alias("seen_on"),
        says.filter(other).implode().over(who).alias("differing"),
    )
    offers = lists.unique(who, keep="first", maintain_order=True)
    shown = offers.with_columns(pl.col("since").alias("valid_from"))
    return shown.drop("same", "since", "other_word")


def _others(
    provider: str, model: str, released: date | None, differing: list[dict[str, Any]] | None
) -> list[str]:
    """A sentence for each publisher with another price, oldest first.

    Where a word moved to the model after its list had last changed the price, the sentence names
    the model that the price was written for.
    """
    said: dict[str, dict[str, str]] = {}
    for one in sorted(differing or [], key=lambda one: (one["since"], one["doubt"])):
        paid = pair_words(one)
        when = f"{'seen on' if one['doubt'] == _SNAPSHOT else 'since'} {one['since']}"
        moving = str(one["join_rule"] or "").startswith("alias:")
        if one["is_peak"]:
            when += ", its price of the peak hours"
        elif moving and released and one["since"] < released:
            before = (
                Names.load().resolve(one["model_name"], on=one["since"], provider=provider).model
            )
            if before and before != model:
                word = one["model_name"].removeprefix(f"{provider}/")
                when += f", when {word} was {model_name(before)}"
        said.setdefault(publisher(one["source_id"]), {}).setdefault(paid, f"{paid} ({when})")
    seller = seller_name(provider)
    return [
        f"other prices of {seller} are listed by {who}: {'; '.join(prices.values())}"
        for who, prices in said.items()
    ]


def _moved(prices: pl.DataFrame, sellers: pl.Series, day: date) -> dict[tuple[str, str], str]:
    """By seller and model, what a word that stood for the model stands for by now."""
    names, moved = Names.load(), dict[tuple[str, str], str]()
    if sellers.is_empty():
        return moved
    moving = pl.col("join_rule").str.starts_with("alias:") & (pl.col("valid_from") <= day)
    columns = ("operator", "provider", "model_name", "model_id", "valid_from")
    theirs = pl.col("operator").is_in(sellers.unique().to_list())
    rows = prices.filter(theirs).select(*columns, "join_rule").filter(moving)
    rows = rows.select(columns).unique()
    for seller, provider, word, model, since in rows.sort(columns).iter_rows():
        before = names.resolve(word, on=since, provider=provider).model
        if before and before != model:
            now = f"stood for {model_name(model)}" if model else "was no model's word any more"
            said = f"{word}, which had stood for it at {seller_name(provider)}, {now} on {day}"
            moved.setdefault((seller, before), said)
    return moved


def pair_words(row: Mapping[str, Any]) -> str:
    """The two prices of a row, per million tokens."""
    prices = (row["input_usd_per_mtok"], row["output_usd_per_mtok"])
    into, out = (
        f"${p:.2f}" if round(p * 10, 9).is_integer() and p % 1 else f"${p:g}" for p in prices
    )
    return f"{into} in, {out} out"


def _credible(offers: pl.DataFrame, day: date) -> tuple[pl.DataFrame, dict[str, dict[str, str]]]:
    """The offers that can be believed, and by model the cheaper others: a sentence -> its list."""
    price, model = pl.col("price_usd_per_mtok"), "model_id"
    offers = offers.sort(model, "price_usd_per_mtok", "source_id", "provider")
    old = pl.col("seen_on") < day - timedelta(days=_SEEN_DAYS)
    doubted = (pl.col("doubt") >= _FLAGGED) | old
    # Two sellers further up, or nobody can say which of two is out of line.
    lonely = (
        (_FAR_BELOW * price < price.shift(-1).over(model))
        & price.shift(-2).over(model).is_not_null()
        & ~pl.col("confirmed")
    )
    below = lonely.fill_null(value=False).cast(pl.Int64).cum_prod().over(model) == 1
    sure = offers.filter(~doubted).with_columns(below.alias("below"))
    kept = sure.filter(~pl.col("below")).drop("below")
    # Where every price is doubted or old, one of those is better than none.
    kept = pl.concat([kept, offers.filter(doubted).join(kept, on=model, how="anti")])
    least = kept.group_by(model).agg(price.min().alias("least"))
    cheaper = offers.filter(doubted).join(least, on=model).filter(price < pl.col("least"))
    aside: dict[str, dict[str, str]] = {}
    for why, rows in (
        ("less than a third of the next seller's, and in one list alone", sure.filter("below")),
        ("last seen on {seen_on}, over {limit} days before {day}", cheaper.filter(old)),
        ("doubted by the list itself", cheaper.filter(~old)),
    ):
        for row in rows.iter_rows(named=True):
            reason = why.format(seen_on=row["seen_on"], limit=_SEEN_DAYS, day=day)
            says = (
                f"{seller_name(row['provider'])}'s {pair_words(row)} does not count: {reason} "
                f"({publisher(row['source_id'])})"
            )
            aside.setdefault(row[model], {})[says] = str(row["source_id"])
    return kept, aside


class _Bands:
    """The prices by hour and by length of prompt of every list of a model, read once."""

    def __init__(
        self, prices: pl.DataFrame, lists: Callable[[], pl.DataFrame], at: date | datetime
    ) -> None:
        self.day, self._lists = _day(at), cache(lists)
        banded = pl.col("tier").is_in(_HOURLY) | pl.col("tier").str.starts_with("over_")
        rows = prices.filter(banded & pl.col("token_kind").is_in(KINDS))
        self._by_list: dict[tuple[str, ...], list[Band]] = {}
        if rows.is_empty():
            return
        for key, tier in last_spells(rows, at).group_by([*LIST, "tier"], maintain_order=True):
            usd = dict(tier.select("token_kind", "price_usd_per_mtok").iter_rows())
            word, hours = str(key[-1]), tier["hours_utc"][0]
            since = max(tier["since"].to_list())
            if word in _HOURLY and hours:
                band = Band(word.replace("_", "-"), usd, Hours.parse(hours), since=since)
            elif word.startswith("over_"):
                tokens = int(word.removeprefix("over_").replace("k", "000"))
                band = Band(f"over {tokens:,} tokens", usd, over_tokens=tokens, since=since)
            else:
                continue
            self._by_list.setdefault(tuple(map(str, key[:-1])), []).append(band)

    def of(self, row: dict[str, Any]) -> tuple[Band, ...]:
        """Those that go with a price.

        They are read from its own list, or else from another of this seller's that has the same
        usual price.
        """
        if not self._by_list:
            return ()
        same = pl.all_horizontal((pl.col(c) - row[c]).abs() <= _SAME * row[c] for c in _PAIR)
        own = pl.all_horizontal(pl.col(c) == row[c] for c in LIST)
        alike = self._lists().filter(same & (pl.col("seller") == row["seller"]))
        by_kind: dict[str, list[Band]] = {}
        for key in alike.sort(~own, "doubt", "written").select(LIST).iter_rows():
            same_day: dict[str, list[Band]] = {}
            for band in self._by_list.get(key, ()):
                same_day.setdefault("hours" if band.hours else "tokens", []).append(band)
            by_kind = same_day | by_kind
        every = (b for bands in by_kind.values() for b in bands)
        return tuple(sorted(every, key=lambda b: b.over_tokens))


def _money(usd_per_mtok: dict[str, float]) -> str:
    words = {"input": "in", "cache_read": "cached", "output": "out"}
    return ", ".join(f"${usd_per_mtok[k]:g} {w}" for k, w in words.items() if k in usd_per_mtok)


MIX_WORDS = {
    "input_share": ScopeWord(
        "number",
        "Share of tokens that are input; 0.75 is the usual 3:1 mix.",
        0.75,
        ends=(0, 1),
    ),
    "seller": ScopeWord(
        "text",
        "lab: the maker's own price; cheapest: the cheapest host that is credible; median: the "
        "host in the middle.",
        "lab",
        ("lab", "cheapest", "median"),
    ),
}


def mixed(rows: pl.DataFrame, input_share: float) -> pl.DataFrame:
    """The rows with `price_usd_per_mtok`: input and output mixed by share of tokens."""
    return rows.with_columns(
        (
            input_share * pl.col("input_usd_per_mtok")
            + (1 - input_share) * pl.col("output_usd_per_mtok")
        ).alias("price_usd_per_mtok")
    )


def maker_ended(names: Names, model: str, day: date) -> str:
    """That a maker whose names move on sells a model no longer, as a clause; empty if it does."""
    known = names.model(model)
    moved = names.left(known.lab, day).get(model) if known and known.lab in NAMES_MOVE else None
    if known is None or moved is None:
        return ""
    since, word = moved
    return (
        f"{names.lab(known.lab).name} has not sold {known.name} since {since}, when its name "
        f"{word} ceased to stand for it"
    )


def prices_asked(
    frames: Frames, ask: Ask, named: tuple[Named, ...] = ()
) -> tuple[pl.DataFrame, str]:
    """The prices in force that a question with `MIX_WORDS` asks for, and by which rule.

    They are of some models, named by their id or a seller's word, or else of all.
    """
    rule = {"lab": "maker"}.get(ask.scope["seller"], str(ask.scope["seller"]))
    day, share, rows = ask.about.end, float(ask.scope["input_share"]), frames["prices"]

    def make() -> pl.DataFrame:
        model, mine = pl.col("model_id"), rows
        if named:
            words, models = [one.name for one in named], [one.model for one in named]
            meant = rows.filter(model.is_in(models) | pl.col("model_name").is_in(words))
            mine = rows.filter(model.is_in(meant["model_id"].to_list()))
        return in_force(mine, day, rule=rule, input_share=share, words=rows)

    return ask.of(rows, ("prices in force", day, rule, share, named), make), rule
