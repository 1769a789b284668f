"""What a model costs at every seller, and what it cost before."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from headtohead.core.errors import NoEvidence
from headtohead.core.units import counted
from headtohead.evidence.sheet import Listing
from headtohead.prices.listing.result import PricesResult
from headtohead.publish.machine import bare, envelope
from headtohead.publish.result import Result
from headtohead.publish.sheet import Figure, Row, Sheet, TableColumn, Topic
from headtohead.web.kinds import PageKind, Words
from headtohead.web.models_of_day import listing_of, models_of_day
from headtohead.web.site import Site, model_word

PAGE = PageKind(
    paths=("prices", "prices/{model}"),
    title="Prices",
    asks="What does a model cost at every seller, and what did it cost before?",
    place=40,
)
_COLUMNS = (
    TableColumn("model", "Model"),
    TableColumn("lab", "Lab"),
    TableColumn("input_usd_per_mtok", "Its maker asks: input, US dollars per million tokens", 2),
    TableColumn("output_usd_per_mtok", "Output", 2),
    TableColumn("since", "Since"),
    TableColumn("doubt", "Why it may not hold"),
    TableColumn("sellers_n", "Sellers", 0),
    TableColumn("cheapest", "Cheapest seller"),
    TableColumn("cheapest_input_usd_per_mtok", "Input there", 2),
    TableColumn("cheapest_output_usd_per_mtok", "Output there", 2),
)


def answer(site: Site, words: Words, day: date) -> Result:
    """Every offer of a model and every price before; of all models, what makers and others ask."""
    if "model" not in words:
        return _all(site, day)
    model = site.model(words["model"], day, "prices")
    found = listing_of(site.facts, model.model, day)
    return Listing(_found_first(found, model.name), found.as_json, found.table)


def _found_first(found: PricesResult, name: str) -> Sheet:
    """The listing under what it finds, where a terminal says what was asked."""
    sheet, listed = found.sheet, found.details
    first, cheapest = listed.standing("first party"), listed.standing("cheapest")
    shown = first or cheapest
    if shown is None:
        return sheet
    usd = shown.price.usd_per_mtok
    title = f"{name} costs ${usd['input']:g} in and ${usd['output']:g} out at {shown.seller}"
    others = counted(len(listed.offers) - 1, "other seller")
    if first and cheapest and cheapest.price.usd_per_mtok["input"] < usd["input"]:
        title += f", and least at {cheapest.seller}"
    elif first and len(listed.offers) > 1:
        less = sum(o.price.usd_per_mtok["input"] < usd["input"] for o in listed.offers)
        title += f"; {less or 'none'} of {others} {'list' if less > 1 else 'lists'} less for input"
        title += ", in old or doubted prices" if less else ""
    return replace(sheet, title=title, kicker="US dollars per million tokens, by list price.")


def frozen(site: Site, day: date) -> Iterable[str]:
    """One page for each of the leading models: a whole history takes a second to make."""
    leading = models_of_day(site.facts, day).leading
    return ("prices", *(f"prices/{model_word(i)}" for i in leading))


def _all(site: Site, day: date) -> Listing:
    facts = site.facts
    facts.require_evidence(day)
    known = models_of_day(facts, day)
    rows: list[Row] = []
    sources: set[str] = set()
    for i in sorted(known.sold.keys() & known.models.keys()):
        maker, cheapest = known.maker_offer(i), known.cheapest(i)
        if cheapest is None:
            continue
        if maker and not maker.doubt and maker.usd_per_mtok == cheapest.usd_per_mtok:
            cheapest = maker
        model, usd = known.models[i], maker.price.usd_per_mtok if maker else {}
        least = cheapest.price.usd_per_mtok
        sources |= {o.price.source_id for o in (maker, cheapest) if o}
        rows.append(
            (
                model.name,
                facts.names.lab(model.lab).name,
                usd.get("input"),
                usd.get("output"),
                maker.price.since if maker else None,
                (maker.doubt or None) if maker else None,
                len(known.sold[i].offers),
                cheapest.name,
                least["input"],
                least["output"],
            )
        )
    if not rows:
        raise NoEvidence(f"No price of a model was known by {day}. Choose a later day.")
    both = [r for r in rows if r[2] and r[3]]
    dearer = sum(float(str(r[8])) < float(str(r[2])) for r in both)
    figure = Figure(
        "prices",
        f"List prices in force on {day}",
        "What the maker of each model asks for a million tokens, and the cheapest seller by three "
        "parts of input to one of output, among prices that their list does not doubt and has "
        "confirmed lately.",
        columns=_COLUMNS,
        rows=tuple(rows),
    )
    citations = facts.citations(sorted(sources), day)
    sheet = Sheet(
        verb="prices",
        title=f"{counted(len(rows), 'model')} are sold; {dearer} of {len(both)} cost less input "
        "elsewhere than at their maker",
        sentence=f"On {day} list prices of {counted(len(rows), 'model')} are in force; makers "
        f"themselves sell {len(both)} of them. List prices have no interval.",
        topics=(Topic(figures=(figure,)),),
        sources=citations,
        as_of=day,
    )
    results = [{c.name: bare(x) for c, x in zip(_COLUMNS, row, strict=True)} for row in rows]
    return Listing(sheet, lambda: envelope("prices", None, day, results, citations))
