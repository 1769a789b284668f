"""How `h2h prices MODEL` is shown: the first party, the cheapest, the median, and all offers."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from headtohead.core.estimate import Citation
from headtohead.core.units import counted
from headtohead.evidence.store import publisher
from headtohead.evidence.words import model_name, seller_name
from headtohead.prices.in_force import Band, ListPrice
from headtohead.prices.listing.charts import step_chart
from headtohead.prices.listing.history import PriceStep, finding
from headtohead.prices.listing.offers import Listed, Offer
from headtohead.publish.sheet import DataTable, Figure, Linked, Sheet, TableColumn, Topic
from headtohead.publish.words import listed as in_words

_SHOWN = 12
_KINDS = {
    "input": "In",
    "cache_read": "Cached",
    "cache_write": "Cache write",
    "output": "Out",
}
_BASIS = {
    "documented": "from a document of the seller",
    "commit": "dated by the day on which a catalogue took it in",
    "snapshot": "as seen on one day; since when it holds is not known",
    "flagged": "which it doubts itself",
}


def listing_sheet(
    listed: Listed,
    steps: Sequence[PriceStep],
    *,
    as_of: date,
    sources: Sequence[Citation] = (),
    side: str = "",
    kept_to: date | None = None,
    notes: Sequence[str] = (),
) -> Sheet:
    """The report of a listing.

    Args:
        side: Whose models these are, for the colour of the chart.
        kept_to: The last day the lists of the history speak of.
    """
    first = listed.first_party or listed.standing("cheapest") or next(iter(listed.offers), None)
    figures = []
    if listed.offers:
        figures.append(_offers_figure(listed))
    if first and (more := list(_other_prices(first))):
        figures.append(_bands_figure(first, more))
    if steps:
        figures.append(history_figure(steps, listed.at, listed.asked, side, kept_to or as_of))
    facts = []
    for what in ("first party", "cheapest", "median"):
        offer = listed.standing(what)
        if offer:
            facts.append((what.capitalize(), f"{_pair(offer.price)} ({offer.seller})"))
    return Sheet(
        verb="prices",
        title=f"{listed.asked} on {_at(listed)}",
        answer="none" if listed.offers else "undecided",
        sentence=_sentence(listed, first, as_of),
        facts=tuple(facts),
        topics=(Topic(figures=tuple(figures)),),
        notes=tuple(dict.fromkeys((*_notes(listed, first), *notes))),
        method=(
            "A price is the one in force: of each seller the surest list counts, documented by "
            "the seller before one dated by a catalogue's commit, before one seen in an edition.",
            "Sellers are compared at three tokens of input to one of output.",
        ),
        sources=tuple(sources),
        about=_at(listed),
        as_of=as_of,
        main="history" if steps else "offers",
    )


def _at(listed: Listed) -> str:
    return f"{listed.at:%Y-%m-%d at %H:%M} UTC"


def _pair(price: ListPrice) -> str:
    return f"${price.usd_per_mtok['input']:g} in, ${price.usd_per_mtok['output']:g} out"


def _sentence(listed: Listed, first: Offer | None, as_of: date) -> str:
    name = listed.asked
    if listed.meaning.rule.startswith("alias:") and listed.meaning.model:
        name = f"{listed.asked}, which stood for {listed.model},"
    elif listed.meaning.model:
        name = listed.model
    if first is None:
        return f"What {name} cost on {_at(listed)} is not known: {_why_unknown(listed)}."
    price, offer = first.price, first
    who = (
        f"its maker {offer.seller}"
        if "first party" in offer.standing
        else f"{offer.seller} (the cheapest credible seller: its maker has no price in force)"
    )
    hours = f" in the {price.band} hours" if price.band and price.hours else ""
    if price.hours:
        hours += f" ({price.hours.text})"
    since = f"at least since {price.since}" if price.at_least else f"since {price.since}"
    if price.basis == "snapshot":
        since = f"as seen on {price.since}"
    end = "until when is not known"
    if offer.until:
        end = f"until {offer.until_words}"
        if offer.becomes:
            end += f", then {_pair(offer.becomes)}"
    kind = "promotional price" if offer.promotion else "list price"
    verb = "was" if listed.at.date() <= as_of else "is to be"
    return (
        f"On {_at(listed)} the {kind} of {name} at {who} {verb} "
        f"${price.usd_per_mtok['input']:g} per million input tokens and "
        f"${price.usd_per_mtok['output']:g} per million output tokens{hours}, {since}, {end}."
    )


def _why_unknown(listed: Listed) -> str:
    day = listed.at.date()
    if listed.known and day < listed.known[0]:
        return f"the first price of it in any list is of {listed.known[0]}"
    if not listed.meaning.model and listed.meaning.rule.startswith("alias:"):
        return f"the name stood for no model on {day}"
    if listed.known:
        return f"every price that was listed has ended or was withdrawn by {listed.known[1]}"
    return "no list has a price of it"


def _notes(listed: Listed, first: Offer | None) -> Iterator[str]:
    if listed.meaning.rule.startswith("alias:"):
        steps = listed.meaning.steps
        model = listed.meaning.model
        said = (steps[-2] if model else steps[-1]).removesuffix(".")
        yield said.replace(model, listed.model, 1) if model else said
    if first:
        price = first.price
        how = _BASIS.get(price.basis.partition(":")[0], price.basis)
        whose, seller = _source(price), seller_name(price.provider)
        what = "this price of its own" if whose == seller else f"the price of {seller}"
        yield f"{whose} has had {what} since {price.known_on}, {how}"
        early = price.known_on and price.known_on < price.since
        if early and not price.basis.startswith("documented"):
            yield (
                f"The price was written down on {price.known_on} and the model is of "
                f"{price.since}: it may be the price of the model that the name stood for before"
            )
        yield from price.notes
        hourly = [b for b in price.bands if b.hours and b.hours.holds(listed.at)]
        if price.hours and hourly:
            rest = in_words(map(str, hourly))
            yield f"{_source(price)} has two prices for this hour; the other is {rest}"
        if "reasoning" not in (first.other_kinds or {}):
            yield "Tokens of reasoning are billed as output; no list has a price of their own"
    if listed.channels:
        ways = in_words(w or "the maker's own way" for w in listed.channels)
        yield f"Also sold as {ways}: name that channel to list those offers"


def _offers_figure(listed: Listed) -> Figure:
    columns = (
        TableColumn("seller", "Seller"),
        TableColumn("input_usd_per_mtok", "In", 4),
        TableColumn("cache_read_usd_per_mtok", "Cached", 4),
        TableColumn("output_usd_per_mtok", "Out", 4),
        TableColumn("band", "Band"),
        TableColumn("since", "Since"),
        TableColumn("until", "Until"),
        TableColumn("source", "Source"),
    )
    ordered = sorted(listed.offers, key=lambda o: "first party" not in o.standing)
    began = any(o.price.at_least for o in ordered)
    cheapest = listed.standing("cheapest")
    # Where the first price is the cheapest, its notes name what was set aside.
    aside = cheapest.price.set_aside if cheapest and listed.first_party else ()
    rows = tuple(
        (
            _called(offer),
            *(_usd(offer.price.usd_per_mtok.get(k)) for k in ("input", "cache_read", "output")),
            offer.price.band or None,
            f"{'≤ ' if offer.price.at_least else ''}{offer.price.since}",
            offer.until_words,
            Linked(_source(offer.price), offer.price.row_url),
        )
        for offer in ordered
    )
    # A column that says the same of every row says it better by not being there.
    kept = [i for i, c in enumerate(columns) if c.name != "band" or any(r[i] for r in rows)]
    how = f" served as {listed.channel}" if listed.channel else ""
    return Figure(
        "offers",
        f"{counted(len(rows), 'offer')}{how}",
        subtitle="$ per million tokens, the first party first, then the cheapest mix of tokens",
        columns=tuple(columns[i] for i in kept),
        rows=tuple(tuple(row[i] for i in kept) for row in rows),
        shown=_SHOWN,
        data=DataTable.of([_flat(offer_json(listed, o)) for o in ordered]),
        remarks=(
            *(("≤ means that the list began with this price: it may be older",) if began else ()),
            *aside,
        ),
    )


def _source(price: ListPrice) -> str:
    """Whose list it is, in a word."""
    return publisher(price.source_id).partition(",")[0]


def _called(offer: Offer) -> str:
    marks = [word for word in offer.standing if word != "first party"]
    if "first party" in offer.standing:
        marks.insert(0, "maker")
    said = ", ".join(marks)
    return f"{offer.seller} ({said})" if said else offer.seller


def _usd(price: float | None) -> str | None:
    return None if price is None else f"{price:.4g}"


def _other_prices(offer: Offer) -> Iterator[tuple[str, Mapping[str, float], str]]:
    """What else a seller charges: by the hour, the length of the prompt, the tier, the kind."""
    for band in offer.price.bands:
        yield _band_words(band), band.usd_per_mtok, band.hours.text if band.hours else ""
    for tier, usd in (offer.tiers or {}).items():
        yield tier.replace("_", " ").replace("over ", "over "), usd, ""
    if offer.other_kinds:
        yield "other kinds of tokens", offer.other_kinds, ""


def _band_words(band: Band) -> str:
    return f"prompts {band.name}" if band.over_tokens else f"{band.name} hours"


def _bands_figure(first: Offer, more: Sequence[tuple[str, Mapping[str, float], str]]) -> Figure:
    rows = []
    for what, usd, hours in more:
        others = ", ".join(
            f"{kind.replace('_', ' ')} ${price:g}"
            for kind, price in usd.items()
            if kind not in _KINDS
        )
        rows.append(
            (what, *(_usd(usd.get(kind)) for kind in _KINDS), others or None, hours or None)
        )
    columns = (
        TableColumn("price", "Price of"),
        *(TableColumn(f"{k}_usd_per_mtok", title, 4) for k, title in _KINDS.items()),
        TableColumn("other_kinds", "Others"),
        TableColumn("hours_utc", "Hours"),
    )
    kept = [i for i in range(len(columns)) if i == 0 or any(row[i] for row in rows)]
    return Figure(
        "bands",
        f"What {first.seller} charges besides",
        subtitle="$ per million tokens",
        columns=tuple(columns[i] for i in kept),
        rows=tuple(tuple(row[i] for i in kept) for row in rows),
        shown=len(rows),
    )


def history_figure(
    steps: Sequence[PriceStep], at: datetime, name: str, side: str, kept_to: date
) -> Figure:
    """Every price of a model, the last one first.

    Args:
        at: The instant that the finding speaks of.
        name: What the model is called.
        side: Whose it is, which the colour says; that of its seller if empty.
        kept_to: The last day that the lists speak of.
    """
    rows = []
    for step in reversed(steps):
        usd = step.price.usd_per_mtok if step.price else {}
        rows.append(
            (
                _moment(step.since),
                _moment(step.until) if step.until else "in force",
                *(_usd(usd.get(kind)) for kind in _KINDS),
                model_name(step.price.model) if step.price else "no price known",
                seller_name(step.price.provider) if step.price else None,
                _source(step.price) if step.price else None,
            )
        )
    columns = (
        TableColumn("since", "Since"),
        TableColumn("until", "Until"),
        *(TableColumn(f"{k}_usd_per_mtok", title, 4) for k, title in _KINDS.items()),
        TableColumn("model", "Model"),
        TableColumn("seller", "Seller"),
        TableColumn("source", "Source"),
    )
    sold = next((s.price for s in reversed(steps) if s.price and s.since <= at), None)
    seller = seller_name(sold.provider) if sold else ""
    return Figure(
        "history",
        finding(tuple(steps), at, name, seller),
        subtitle="each price and how long it was in force, in UTC; prices of some hours left out",
        columns=columns,
        rows=tuple(rows),
        shown=len(rows),
        chart=step_chart(tuple(steps), side or seller, kept_to),
        note=f"Lines end on {kept_to}, the last day the lists speak of.",
    )


def step_json(step: PriceStep) -> dict[str, Any]:
    """A step of the history as `--json` lists it; without prices where none is known."""
    price = step.price
    return {
        "since": step.since.isoformat(),
        "until": step.until.isoformat() if step.until else None,
        **{f"{k}_usd_per_mtok": price.usd_per_mtok.get(k) if price else None for k in _KINDS},
        "model": price.model if price else None,
        "seller": seller_name(price.provider) if price else None,
        "source_id": price.source_id if price else None,
        "row_url": (price.row_url or None) if price else None,
    }


def _moment(at: Any) -> str:  # noqa: ANN401 - a moment in UTC
    return f"{at:%Y-%m-%d}" if (at.hour, at.minute) == (0, 0) else f"{at:%Y-%m-%d %H:%M}"


def offer_json(listed: Listed, offer: Offer) -> dict[str, Any]:
    """An offer as `--json` lists it."""
    price = offer.price
    kinds: dict[str, float | None] = {**dict.fromkeys((*_KINDS, "reasoning")), **price.usd_per_mtok}
    kinds |= offer.other_kinds or {}
    return {
        "model": price.model,
        "name": price.name,
        "at": listed.at.isoformat(),
        "seller": offer.seller,
        "operator": price.operator or None,
        "channel": offer.channel or None,
        "standing": list(offer.standing),
        **{
            f"{kind}_usd_per_mtok": usd for kind, usd in (kinds | (offer.other_kinds or {})).items()
        },
        "band": price.band or None,
        "hours_utc": price.hours.text if price.hours else None,
        "promotion": offer.promotion,
        "since": price.since,
        "at_least_since": price.at_least,
        "until": offer.until,
        "until_at": offer.until_at.isoformat() if offer.until_at else None,
        "end_announced": offer.announced,
        "basis": price.basis,
        "source_id": price.source_id,
        "known_on": price.known_on,
        "row_url": price.row_url or None,
        "bands": [
            {
                "band": band.name,
                "hours_utc": band.hours.text if band.hours else None,
                "over_tokens_n": band.over_tokens or None,
                **{f"{kind}_usd_per_mtok": usd for kind, usd in band.usd_per_mtok.items()},
            }
            for band in price.bands
        ],
        "tiers": offer.tiers or {},
        "others": list(price.others),
    }


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """An offer as one row of a spreadsheet."""
    cells = {k: v for k, v in row.items() if k not in ("bands", "tiers", "others", "standing")}
    for band in row["bands"]:
        name = str(band["band"]).replace(",", "").replace(" ", "_").replace("-", "_")
        cells |= {f"{name}_{k}": v for k, v in band.items() if k.endswith("_usd_per_mtok")}
    for tier, usd in row["tiers"].items():
        cells |= {f"{tier}_{kind}_usd_per_mtok": price for kind, price in usd.items()}
    return {"standing": ", ".join(row["standing"]), **cells}
