"""All offers of a model at an instant: who sold it for how much, since when and until when."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import polars as pl

from headtohead.core.errors import InputError, NoEvidence, UnknownName
from headtohead.evidence.words import model_name, seller_name
from headtohead.names.alike import nearest
from headtohead.prices.at_calls import Prices
from headtohead.prices.in_force import (
    KINDS,
    LIST,
    ListPrice,
    Offers,
    every_offer,
    last_spells,
    of_model,
    price_in_force,
)

if TYPE_CHECKING:
    from headtohead.names.names import Resolution

_MIXED = ("standard", "peak", "off_peak")
_TRIALS = ("trial", "promotion", "introductory", "discount")


@dataclass(frozen=True, slots=True)
class Offer:
    """One seller's price at an instant.

    Attributes:
        standing: What the rules call it: "first party", "cheapest", "median", or none of these.
        other_kinds: Kind of token (reasoning, cache_write_1h, input_audio) -> dollars per million.
        tiers: "batch", "flex", "fast" -> kind of token -> dollars per million.
        until: First day on which it holds no longer; None if no list known says so.
        until_at: The moment of that day, where the seller states it.
        announced: True if the end was stated with the price.
        becomes: The price after it, where one is known.
        promotion: True if it is offered for a stated time.
    """

    price: ListPrice
    channel: str = ""
    standing: tuple[str, ...] = ()
    other_kinds: dict[str, float] | None = None
    tiers: dict[str, dict[str, float]] | None = None
    until: date | None = None
    until_at: datetime | None = None
    announced: bool = False
    becomes: ListPrice | None = None
    promotion: bool = False

    @property
    def seller(self) -> str:
        """What the seller is called."""
        return seller_name(self.price.provider)

    @property
    def until_words(self) -> str:
        """Until when, for a sentence; "not known" where no list says so."""
        if self.until_at:
            return f"{self.until_at:%Y-%m-%d %H:%M} UTC"
        return str(self.until) if self.until else "not known"


@dataclass(frozen=True, slots=True)
class Listed:
    """What a name cost at an instant.

    Attributes:
        asked: The name as asked.
        at: In UTC.
        meaning: What the name stood for then.
        channel: How the offers are served; empty for the makers' own way.
        offers: The cheapest mix of tokens first.
        channels: Other ways it is sold, which are not among the offers.
        known: First and last day on which some list has a price of the model.
    """

    asked: str
    at: datetime
    meaning: "Resolution"
    channel: str
    offers: tuple[Offer, ...]
    channels: tuple[str, ...]
    known: tuple[date, date] | None

    def standing(self, what: str) -> Offer | None:
        """The offer that a rule picks; None if there is none."""
        return next((o for o in self.offers if what in o.standing), None)

    @property
    def first_party(self) -> Offer | None:
        """The maker's own."""
        return self.standing("first party")

    @property
    def model(self) -> str:
        """What the model is called."""
        return model_name(self.meaning.model or self.asked)


def listed(
    prices: Prices, name: str, at: datetime, *, operator: str = "", channel: str | None = None
) -> Listed:
    """All offers of a model, by any spelling, at an instant.

    Args:
        prices: As known on its day.
        operator: Whose offers alone count; all if empty.
        channel: How it is served; as the name says if None.

    Raises:
        UnknownName: If no model or seller's word is called so, nor a seller or way of serving it.
    """
    names, day = prices.facts.names, at.date()
    frame = prices.frame(day)
    plain = names.resolve(name, on=day)
    meaning = names.resolve(name, on=day, provider=operator or plain.lab)
    if meaning.status == "unmatched" and plain.model:
        meaning = plain
    words = dict.fromkeys((meaning.model or name, name, name.rpartition("/")[2]))
    word, mine = next(((w, r) for w, r in _rows(frame, words) if r.height), ("", frame.clear()))
    if not word:
        _refuse_unknown(prices, name, meaning)
    channel = meaning.channel if channel is None else channel
    mine = mine.filter(pl.col("model_id").is_not_null() | (pl.col("model_name") == word))
    ways = sorted(w or "" for w in mine["served_as"].unique())
    if channel not in ways:
        if channel != meaning.channel:
            known = [w for w in ways if w]
            raise UnknownName("channel", channel, known or [])
        channel = ""
    # A name that moved on, and stands for nothing any more, is not sold, whatever lists still say.
    gone = meaning.status == "unmatched" and meaning.rule.startswith("alias:")
    sold = frame.clear() if gone else frame
    found = every_offer(sold, word, at, channel=channel, word=name)
    if operator and not gone:
        found = _sold_by(prices, frame, mine, found, operator)
    offers = _described(mine, found, at)
    first = found.maker
    offers = tuple(
        _until_changed(frame, word, at, o, mine) if first and _is(o, first) else o for o in offers
    )
    # A word that moved to the model had another one's price before.
    own = (pl.col("valid_from") >= pl.col("model_released_on")).fill_null(value=True)
    own |= ~pl.col("join_rule").str.starts_with("alias:").fill_null(value=False)
    days = mine.filter(own & pl.col("price_usd_per_mtok").is_not_null())["valid_from"]
    low, high = days.min(), mine["valid_from"].max()
    span = (low, high) if isinstance(low, date) and isinstance(high, date) else None
    others = tuple(w for w in ways if w != channel)
    return Listed(name, at, meaning, channel, offers, others, span)


def _rows(frame: pl.DataFrame, words: dict[str, None]) -> Iterator[tuple[str, pl.DataFrame]]:
    """The rows that each word may mean."""
    for word in words:
        yield word, frame.filter(of_model(frame, word))


def _refuse_unknown(prices: Prices, name: str, meaning: "Resolution") -> None:
    """Say that a name is in no list, with what it may be."""
    names = prices.facts.names
    if meaning.status == "ambiguous":
        raise InputError(f"{name!r} may be several models. {meaning.steps[-1]}")
    if meaning.model:
        raise NoEvidence(
            f"No price list known by {prices.day} has {model_name(meaning.model)}. "
            f"`explain_name({name!r})` tells how the name is read."
        )
    group = names.group(name)
    close = names.suggested(name, prices.day)
    if group:
        raise InputError(f"{group.says} Name one model, as {' or '.join(close[:3])}.")
    raise UnknownName("model", name, names.called(prices.day), meant=close or ())


def _sold_by(
    prices: Prices, frame: pl.DataFrame, mine: pl.DataFrame, found: Offers, operator: str
) -> Offers:
    """The offers of one seller, in any spelling of its name."""
    known = prices.facts.names.operator(operator)
    wanted = known.id if known else operator
    kept = tuple(p for p in found.every if wanted in (p.operator, p.provider))
    sellers = pl.coalesce("operator", "provider")
    if not kept and wanted not in mine.select(sellers).to_series().to_list():
        every = mine.select(sellers).unique().to_series().drop_nulls().to_list()
        raise UnknownName(
            "seller of this model", operator, every, meant=nearest(operator, {w: w for w in every})
        )
    maker = found.maker if found.maker in kept or _any(found.maker, kept) else None
    return Offers(kept, maker, None, None)


def _any(price: ListPrice | None, kept: tuple[ListPrice, ...]) -> bool:
    return any(price is not None and _same_list(price, one) for one in kept)


def _same_list(a: ListPrice, b: ListPrice) -> bool:
    return (a.source_id, a.provider, a.name) == (b.source_id, b.provider, b.name)


def _is(offer: Offer, price: ListPrice) -> bool:
    return _same_list(offer.price, price)


def _described(mine: pl.DataFrame, found: Offers, at: datetime) -> tuple[Offer, ...]:
    """Every offer with what its list says besides: other kinds, tiers, its end."""
    ruled = {"first party": found.maker, "cheapest": found.cheapest, "median": found.median}
    usual = pl.col("tier").is_in(_MIXED) | pl.col("tier").str.starts_with("over_")
    besides = mine.filter(~(usual & pl.col("token_kind").is_in(KINDS)))
    others: dict[tuple[str, ...], dict[str, dict[str, float]]] = {}
    if besides.height:
        said = last_spells(besides, at)
        for row in said.iter_rows(named=True):
            of_list = others.setdefault(tuple(row[c] for c in LIST), {})
            of_list.setdefault(row["tier"], {})[row["token_kind"]] = row["price_usd_per_mtok"]
    ends = _ends(mine, at)
    channels = {row[:-1]: row[-1] or "" for row in mine.select(*LIST, "served_as").iter_rows()}
    offers = []
    for price in found.every:
        standing = tuple(w for w, p in ruled.items() if p is not None and _same_list(p, price))
        # The price that a rule picked knows more: which cheaper ones were set aside.
        told = next((ruled[w] for w in reversed(standing) if ruled[w]), price) or price
        key = (price.source_id, price.provider, price.name)
        tiers = others.get(key, {})
        until, until_at, stated, note = ends.get(key, (None, None, False, ""))
        offers.append(
            Offer(
                price=replace(told, rule=price.rule),
                channel=channels[key],
                standing=standing,
                other_kinds=tiers.get("standard", {}),
                tiers={t: usd for t, usd in tiers.items() if t != "standard"},
                until=until,
                until_at=until_at,
                announced=stated,
                promotion=any(word in note.casefold() for word in _TRIALS),
            )
        )
    return tuple(offers)


def _ends(
    mine: pl.DataFrame, at: datetime
) -> dict[tuple[str, ...], tuple[date | None, datetime | None, bool, str]]:
    """By list, when its usual price ends or changes next, whether it says so itself, its note."""
    rows = mine.filter((pl.col("tier") == "standard") & pl.col("token_kind").is_in(KINDS[:2]))
    rows = rows.sort(*LIST, "token_kind", "valid_from")
    day = at.date()
    ends: dict[tuple[str, ...], tuple[date | None, datetime | None, bool, str]] = {}
    by_series = itemgetter(*LIST, "token_kind")
    for key, series in groupby(rows.iter_rows(named=True), by_series):
        now: dict[str, object] | None = None
        end: tuple[date | None, datetime | None, bool, str] = (None, None, False, "")
        for row in series:
            begun = row["valid_from_at"] <= at if row["valid_from_at"] else row["valid_from"] <= day
            if begun:
                now = row
            elif now and row["price_usd_per_mtok"] != now["price_usd_per_mtok"]:
                end = (row["valid_from"], row["valid_from_at"], False, "")
                break
        if now and isinstance(stated := now["valid_to"], date) and stated >= day:
            known = now["known_on"]
            ahead = isinstance(known, date) and known < stated
            moment = now["valid_to_at"]
            if end[0] is None or stated <= end[0]:
                end = (stated, moment if isinstance(moment, datetime) else None, ahead, "")
        end = (*end[:3], str((now or {}).get("note") or ""))
        old = ends.get(key[:-1])
        if old is None or (end[0] and (old[0] is None or end[0] < old[0])):
            ends[key[:-1]] = end
    return ends


def _until_changed(
    frame: pl.DataFrame, word: str, at: datetime, offer: Offer, mine: pl.DataFrame
) -> Offer:
    """The maker's offer, with the day its price changed next by all its lists, and to what."""
    seller = offer.price.operator
    rows = mine.filter(
        (pl.col("operator") == seller)
        & (pl.col("tier") == "standard")
        & pl.col("token_kind").is_in(KINDS[:2])
        & (pl.col("valid_from") >= at.date())
    )
    same = pl.lit(value=False)
    for kind in KINDS[:2]:
        usd = offer.price.usd_per_mtok[kind]
        same |= (pl.col("token_kind") == kind) & (pl.col("price_usd_per_mtok") == usd)
    rows = rows.filter(~same.fill_null(value=False))

    def at_turn(turn: datetime) -> ListPrice | None:
        rule, channel = seller, offer.channel
        return price_in_force(
            frame, word, turn, rule=rule, channel=channel, by_hour=False, word=offer.price.name
        )

    def announced(day: date) -> bool:
        """Whether some list said before that the price would end then."""
        ahead = (pl.col("valid_to") == day) & (pl.col("known_on") < day)
        return bool(mine.filter((pl.col("operator") == seller) & ahead).height)

    turns = rows.select(pl.coalesce("valid_from_at", _midnight("valid_from")).alias("at"))["at"]
    stated = [offer.until_at or datetime.combine(offer.until, time(), UTC)] if offer.until else []
    # In hours of another price the usual one is worked out anew.
    usual = at_turn(at) if offer.price.hours else offer.price
    now = usual.usd_per_mtok if usual else {}
    for turn in sorted({*turns.to_list(), *stated}):
        if turn <= at:
            continue
        then = at_turn(turn)
        if then is None or any(then.usd_per_mtok[k] != now.get(k) for k in KINDS[:2]):
            day = turn.date()
            # A price that was to end, and was followed by a higher one, was a promotion.
            more = then is None or then.usd_per_mtok["input"] > now.get("input", 0)
            return replace(
                offer,
                until=day,
                until_at=turn if turn.time() != time() else None,
                becomes=then,
                announced=announced(day),
                promotion=offer.promotion or (more and announced(day)),
            )
    return replace(offer, until=None, until_at=None, announced=False)


def _midnight(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
