"""The verb of prices: what a model cost at an instant, at every seller."""

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from headtohead.core.dates import Day, day
from headtohead.core.errors import InputError, UnknownName
from headtohead.core.settings import takes
from headtohead.evidence.words import model_name
from headtohead.prices.at_calls import Prices
from headtohead.prices.in_force import maker_ended
from headtohead.prices.listing.offers import Listed, listed
from headtohead.prices.listing.result import PricesResult
from headtohead.prices.listing.settings import ListingSettings
from headtohead.prices.listing.sheet import listing_sheet, offer_json, step_json

if TYPE_CHECKING:
    from pathlib import Path

    from headtohead.evidence.store import Store
    from headtohead.prices.listing.export import Exported
    from headtohead.prices.listing.usage import Billed


@takes(settings=ListingSettings)
def list_prices(
    model: str | None = None,
    *,
    settings: ListingSettings,
    as_of: Day | None = None,
    store: "Store | None" = None,
) -> PricesResult:
    """What a model cost at an instant, which price lists are wrong, or what a log should cost.

    Args:
        model: Any spelling; a name that moves means the model it stood for then. May be left out
            with `audit` and `usage`.
        settings: All the choices below at once.
        as_of: What was known by this day; has to be given.
        store: The evidence; the user's own if None.

    Returns:
        Offers, findings about price lists, or a log's calls by model; each dated and with sources.

    Raises:
        InputError: If no list has the model, the seller or the way of serving, or choices exclude
            each other.
    """
    if as_of is None:
        raise InputError("Prices are dated: say `as_of`, the day by which they were known.")
    # Half a character, as a shell passes on what is no UTF-8, is in no price list.
    name = (model or "").strip().encode("utf-8", "replace").decode()
    on = day(as_of, "as_of")
    if settings.audit:
        return _audited(name, on, settings, store)
    if settings.usage:
        if name:
            raise InputError("A log names its own models: leave out `model`, or say `audit`.")
        return _billed(on, settings, store)
    if not name:
        raise InputError("Name a model, as deepseek-chat, or say `audit` or `usage`.")
    return _listing(name, on, settings, store)


def _listing(
    model: str, on: date, settings: ListingSettings, store: "Store | None"
) -> PricesResult:
    from headtohead.prices.listing.export import genai_layout
    from headtohead.prices.listing.history import history

    prices = Prices(on, store, only=(model,))
    at = settings.at or datetime.combine(on, time(12), UTC)
    found = listed(prices, model, at, operator=settings.operator, channel=settings.channel)
    steps = history(prices, model, operator=settings.operator) if settings.history else ()
    given = [o.price for o in found.offers] + [s.price for s in steps if s.price]
    ids = {i for p in given for i in (p.source_id, *p.other_source_ids)}
    notes = [_retirement(prices, found)] if found.offers else []
    notes.append(_left(prices, found))
    if at.date() > on:
        notes.append(f"{at.date()} lies after {on}: this is what was announced by then")
    sheet = listing_sheet(
        found,
        steps,
        as_of=on,
        sources=prices.facts.citations(sorted(ids), on),
        side=_side(prices, found),
        kept_to=_kept_to(prices, {s.price.source_id for s in steps if s.price}) if steps else None,
        notes=tuple(filter(None, notes)),
    )

    def layout() -> "Exported":
        said = steps or history(prices, model, operator=settings.operator)
        return genai_layout({model: said})

    return PricesResult(
        details=found,
        sheet=sheet,
        results=[offer_json(found, o) for o in found.offers],
        history=[step_json(step) for step in steps],
        layout=layout,
    )


def _audited(
    model: str, on: date, settings: ListingSettings, store: "Store | None"
) -> PricesResult:
    from headtohead.prices.listing.audit import audit
    from headtohead.prices.listing.findings import audit_sheet, finding_json
    from headtohead.prices.listing.usage import consequences

    prices = Prices(on, store)
    names, meant = prices.facts.names, ""
    if model:
        at = settings.at.date() if settings.at else on
        resolved = names.resolve(model, on=at)
        if resolved.model is None:
            raise UnknownName("model", model, [], meant=names.suggested(model))
        meant = resolved.model
    frame = prices.facts.frame("prices", on)
    found = audit(frame, model=meant)
    log = _read(settings, prices)[0] if settings.usage else None
    costs = consequences(found.wrong, log) if log else []
    ids = sorted(set(frame["source_id"].unique()))
    about = model_name(meant) if meant else "all price lists"
    sheet = audit_sheet(
        found,
        costs,
        about=about,
        as_of=on,
        sources=prices.facts.citations(ids, on),
        log=log,
    )
    return PricesResult(
        details=found, sheet=sheet, results=[finding_json(w, costs) for w in found.wrong]
    )


def _billed(on: date, settings: ListingSettings, store: "Store | None") -> PricesResult:
    from headtohead.files.opening import file_citation
    from headtohead.prices.listing.findings import spent_json, usage_sheet

    prices = Prices(on, store)
    log, path, notes = _read(settings, prices)
    sheet = usage_sheet(
        log,
        name=path.name,
        as_of=on,
        sources=[file_citation("log", path, "Log"), *prices.citations()],
        notes=(*notes, *prices.call_notes),
    )
    results = [spent_json(model, spent) for model, spent in log.by_model.items()]
    return PricesResult(details=log, sheet=sheet, results=results)


def _read(settings: ListingSettings, prices: Prices) -> "tuple[Billed, Path, tuple[str, ...]]":
    """The log of the settings, priced, with notes on its prices."""
    from headtohead.logs.opening import open_calls
    from headtohead.prices.listing.columns import summed, tables_of
    from headtohead.prices.listing.usage import Pricing, priced

    path = settings.usage
    assert path is not None
    stream = open_calls(path, format=settings.format, mapping=settings.mapping, usage=True)
    batch = stream.meta.format == "openai-batch"
    pricing = Pricing(prices, operator=settings.operator, batch=batch)
    # A batch has a price of its own, whatever the hour.
    calls = stream.calls if batch else summed(tables_of(path, stream), prices, settings.operator)
    log = priced(calls, pricing, dropped=stream.dropped)
    if not log.by_day:
        raise InputError(f"{path} holds no call in the format {stream.meta.format}.")
    return log, path, tuple(pricing.notes)


def _retirement(prices: Prices, found: Listed) -> str:
    """That the seller named first has retired the model or will, as a sentence; empty if not."""
    import polars as pl

    first = found.first_party or found.offers[0]
    rows = prices.facts.frame("retirements", prices.day).drop_nulls("retires_on")
    asked = pl.col("model_name").str.split("/").list.last() == found.asked.rpartition("/")[2]
    # Where a name ends that moves from model to model, its models go on under others.
    name = asked & pl.col("model_id").is_null()
    for mine, what in (
        (pl.col("model_id") == found.meaning.model, found.model),
        (name, f"the name {found.asked}"),
    ):
        days = {}
        for provider, day_ in rows.filter(mine).select("provider", "retires_on").iter_rows():
            seller = prices.facts.names.operator(provider)
            days[seller.id if seller else provider] = day_
        if last := days.get(first.price.operator):
            verb = "retired" if last <= found.at.date() else "retires"
            return f"{first.seller} {verb} {what} on {last}: lists may still have its price"
    return ""


def _left(prices: Prices, found: Listed) -> str:
    """That its maker sells it no longer, as its names moved on; empty if it does."""
    if found.first_party or not found.meaning.model:
        return ""
    ended = maker_ended(prices.facts.names, found.meaning.model, found.at.date())
    return ended and f"{ended}: what lists keep as its price is not in force"


def _side(prices: Prices, found: Listed) -> str:
    """Whose model it is, for the colour of a chart."""
    lab = found.meaning.lab
    return prices.facts.names.lab(lab).name if lab else ""


def _kept_to(prices: Prices, source_ids: set[str]) -> date:
    """The last day that some of these lists speak of."""
    import polars as pl

    rows = prices.frame(prices.day).filter(pl.col("source_id").is_in(source_ids))
    last = rows.select(pl.max_horizontal("valid_from", "known_on").max()).item()
    return min(last, prices.day) if isinstance(last, date) else prices.day
