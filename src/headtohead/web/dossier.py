"""Everything known of one model on a day, as one sheet."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from headtohead.capability.irt.eci import ECI_ANCHORS
from headtohead.choosing.candidates import SoldModel
from headtohead.choosing.scale import Place
from headtohead.choosing.watch.ahead import price_words
from headtohead.core.estimate import Citation
from headtohead.core.units import counted
from headtohead.evidence.sheet import Listing
from headtohead.evidence.store import publisher
from headtohead.evidence.words import cell, seller_name
from headtohead.names.book import Model
from headtohead.names.names import country_name, in_sentence
from headtohead.openness.licences import licence_words
from headtohead.openness.record import FLAGS, YES
from headtohead.prices.listing.sheet import history_figure
from headtohead.publish.machine import bare, envelope
from headtohead.publish.sheet import (
    Figure,
    Headline,
    Linked,
    Row,
    Sheet,
    TableColumn,
    Topic,
    Trace,
    TracePoint,
)
from headtohead.publish.words import listed, plain
from headtohead.web.models_of_day import NO_WORSE, ModelsOfDay, listing_of
from headtohead.web.site import model_word

_CHANGED = 2  # steps from which there is something to tell of a price
_BOARD_DAYS = 45  # after which a board says nothing of a later day
_OFFERS = 6
_RELATED = 5


def dossier(field: ModelsOfDay, model: Model) -> Listing:
    """The page of a model: what it can do, what it costs, how open it is, what may stand in."""
    figures = tuple(filter(None, _figures(field, model)))
    ids = sorted({i for _, own in figures for i in own})
    citations = field.facts.citations(ids, field.day)
    by_id = {c.source_id: c for c in citations}
    shown = tuple(_sourced(figure, own, by_id) for figure, own in figures)
    sheet = Sheet(
        verb="model",
        title=_title(field, model),
        kicker=_kicker(field, model),
        sentence=_sentence(field, model),
        headlines=tuple(_headlines(field, model)),
        facts=tuple(_facts(field, model)),
        topics=(Topic(figures=shown),),
        method=_METHOD,
        sources=citations,
        as_of=field.day,
        pages=tuple(_pages(field, model)),
        main=next((f.slug for f in shown if f.rows), ""),
    )
    results = [
        {
            "part": figure.slug,
            "says": figure.says,
            "rows": [
                {c.name: bare(x) for c, x in zip(figure.columns, row, strict=True)}
                for row in figure.rows
            ],
        }
        for figure in shown
    ]
    head: dict[str, Any] = {"model": model.model, "name": model.name, "lab": model.lab}
    return Listing(sheet, lambda: envelope("model", None, field.day, results, citations) | head)


def models_listing(field: ModelsOfDay, lab: str = "") -> Listing:
    """All models of which something is known, the ablest first; those of one lab if it is given."""
    scale = field.index
    scores = scale.scores if scale else {}
    mine = [i for i in field.known if not lab or field.models[i].lab == lab]
    born = {i: field.models[i].released_on or date.min for i in mine}
    mine.sort(key=lambda i: (i not in scores, -scores[i].interval.value if i in scores else 0.0, i))
    names = field.facts.names
    rows: list[Row] = []
    sources = set(scale.source_ids if scale else ())
    for i in mine:
        model, place = field.models[i], field.places.get(i)
        offer = field.maker_offer(i) or field.cheapest(i)
        score = scores[i].interval if i in scores else None
        spread = None
        if place:
            ends = dict.fromkeys((place.best, place.worst))
            spread = " to ".join(map(str, ends))
        usd = offer.price.usd_per_mtok if offer else {}
        sources |= {offer.price.source_id} if offer else set()
        record = field.openness.get(i)
        rows.append(
            (
                model.name,
                names.lab(model.lab).name,
                model.released_on or "not known",
                spread or "no score",
                score.value if score else None,
                score.low if score else None,
                score.high if score else None,
                usd.get("input"),
                usd.get("output"),
                {YES: "open", None: "not known"}.get(
                    record.value("weights") if record else None, "closed"
                ),
            )
        )
    named_lab = names.lab(lab) if lab else None
    scored = [i for i in mine if i in scores]
    newest = max(mine, key=lambda i: born[i]) if mine else ""
    named = f"{field.models[newest].name} of {born[newest]}" if newest else ""
    sentence = (
        f"{counted(len(mine), 'model')} with a rating, a score or a price by {field.day}; "
        f"{len(scored)} of them stand on the capability index. The newest is {named}."
        if mine
        else f"Nothing is known by {field.day} of any model of {names.lab(lab).name}."
    )
    best = field.models[scored[0]].name if scored else ""
    if named_lab:
        place = field.places.get(scored[0]) if scored else None
        title = (
            f"{named_lab.name}'s ablest model, {best}, has {_place_words(place)} of "
            f"{len(field.places)} on the capability index"
            if place
            else f"No model of {named_lab.name} stands on the capability index"
        )
        opened = sum(row[-1] == "open" for row in rows)
        seat = in_sentence(country_name(named_lab.country))
        sentence = (
            f"{named_lab.name} has its seat in {seat}; {opened} of its "
            f"{counted(len(mine), 'model')} have open weights. {sentence}"
        )
    else:
        title = (
            f"{best} has the most points on the capability index"
            if best
            else counted(len(mine), "model")
        )
    citations = field.facts.citations(sorted(sources), field.day)
    sheet = Sheet(
        verb="models",
        title=title,
        sentence=sentence,
        topics=(
            Topic(
                figures=(
                    Figure(
                        "models",
                        "Every model",
                        "Places on the capability index that stay open, points with 90% intervals, "
                        "and the list price of its maker, or of the cheapest seller where the "
                        "maker sells none.",
                        columns=_MODEL_COLUMNS,
                        rows=tuple(rows),
                        missing="" if rows else "no rating, score or price is known",
                    ),
                )
            ),
        ),
        sources=citations,
        as_of=field.day,
    )
    results = [
        {c.name: bare(x) for c, x in zip(_MODEL_COLUMNS, row, strict=True)} | {"model": i}
        for i, row in zip(mine, rows, strict=True)
    ]
    return Listing(sheet, lambda: envelope("models", None, field.day, results, citations))


_MODEL_COLUMNS = (
    TableColumn("name", "Model"),
    TableColumn("lab", "Lab"),
    TableColumn("released_on", "Released"),
    TableColumn("places", "Places"),
    TableColumn("score_index", "Points", 1),
    TableColumn("score_low_index", "90% low", 1),
    TableColumn("score_high_index", "90% high", 1),
    TableColumn("input_usd_per_mtok", "Input, US dollars per million tokens", 2),
    TableColumn("output_usd_per_mtok", "Output, US dollars per million tokens", 2),
    TableColumn("weights", "Weights"),
)


def _pages(field: ModelsOfDay, model: Model) -> Iterator[tuple[str, str]]:
    word = model_word(model.model)
    yield "Every seller, and every price before", f"prices/{word}"
    yield f"All models of {field.facts.names.lab(model.lab).name}", f"labs/{model.lab}"
    mine = [field.models[i] for i in field.known if field.models[i].family == model.family]
    mine.sort(key=lambda kin: (-(kin.released_on or date.min).toordinal(), kin.model))
    for kin in [one for one in mine if one.model != model.model][:_RELATED]:
        yield f"{kin.name}, of the same family", f"models/{model_word(kin.model)}"
    for one in field.stand_ins(model.model):
        name = field.facts.names.models()[one.model].name
        yield f"Side by side with {name}", f"versus/{word}/{model_word(one.model)}"


_METHOD = (
    "Everything is looked up in public evidence as it was known on one day, and says the day its "
    "data speak of.",
    "Places on the index are those that stay open: two models are told apart only where the 90% "
    "interval of their difference leaves out 0.",
    f"May stand in: the chance to be no worse by more than one point of the index is at least "
    f"{NO_WORSE:.0%}, by joint draws of all scores. It says nothing of your own work: compare two "
    "runs for that.",
)
_Figure = tuple[Figure, tuple[str, ...]]


def _sourced(figure: Figure, ids: tuple[str, ...], known: dict[str, Citation]) -> Figure:
    return replace(figure, sources=tuple(known[i] for i in dict.fromkeys(ids) if i in known))


def _title(field: ModelsOfDay, model: Model) -> str:
    place = field.places.get(model.model)
    if place is None:
        offer = field.maker_offer(model.model) or field.cheapest(model.model)
        if offer is None:
            return f"{model.name}: no score on the index and no price is known"
        usd = offer.price.usd_per_mtok
        return f"{model.name} costs ${usd['input']:g} in and ${usd['output']:g} out at {offer.name}"
    return f"{model.name} has {_place_words(place)} of {len(field.places)} on the capability index"


def _place_words(place: Place) -> str:
    if place.best == place.worst:
        return f"place {place.best}"
    return f"a place from {place.best} to {place.worst}"


def _kicker(field: ModelsOfDay, model: Model) -> str:
    lab = field.facts.names.lab(model.lab)
    born = f"released on {model.released_on}" if model.released_on else "day of release not known"
    country = f" ({country_name(lab.country)})" if lab.country else ""
    return f"By {lab.name}{country}; {born}."


def _sentence(field: ModelsOfDay, model: Model) -> str:
    said = []
    scale = field.index
    score = scale.scores.get(model.model) if scale else None
    if scale and score:
        i = score.interval
        said.append(
            f"{model.name} has {i.value:.1f} points on {scale.named}, {i.low:.1f} to {i.high:.1f} "
            f"at {scale.level:.0%}, by {counted(score.tests_n or 0, 'benchmark')} known by "
            f"{scale.day}."
        )
    offer = field.maker_offer(model.model)
    if offer:
        since = offer.price.since
        said.append(
            f"{offer.name} asks {price_words(offer.price)} for a million tokens, since {since}."
        )
    cheapest = field.cheapest(model.model)
    if cheapest and (offer is None or cheapest.usd_per_mtok < offer.usd_per_mtok):
        said.append(f"The cheapest seller, {cheapest.name}, asks {price_words(cheapest.price)}.")
    return " ".join(said) or f"Neither a score on the index nor a price of {model.name} is known."


def _headlines(field: ModelsOfDay, model: Model) -> Iterator[Headline]:
    """How able it is on the index and by votes, and what it costs."""
    scale, rows = field.index, field.boards.get(model.model)
    score = scale.scores.get(model.model) if scale else None
    if scale and score:
        i = score.interval
        yield Headline(
            f"{i.value:.1f} points",
            f"on the capability index, {i.low:.1f} to {i.high:.1f} at {scale.level:.0%} (scores "
            f"known by {scale.day})",
            listed(map(publisher, scale.source_ids)),
        )
    if rows is not None:
        last = rows.row(-1, named=True)
        low, high = last["rating_low_elo"], last["rating_high_elo"]
        spread = f", {low:,.0f} to {high:,.0f} at 95%" if low is not None else ""
        yield Headline(
            f"{last['rating_elo']:,.0f} by votes",
            f"is its rating{spread} on the text board of {last['observed_on']}",
            publisher(last["source_id"]),
        )
    offer = field.maker_offer(model.model) or field.cheapest(model.model)
    if offer:
        usd = offer.price.usd_per_mtok
        yield Headline(
            f"${usd['input']:g} in, ${usd['output']:g} out",
            f"per million tokens at {offer.name}, since {offer.price.since}; list prices have no "
            "interval",
            publisher(offer.price.source_id),
        )


def _facts(field: ModelsOfDay, model: Model) -> Iterator[tuple[str, ...]]:
    record = field.openness.get(model.model)
    weights = record.value("weights") if record else None
    yield "Weights", {YES: "open", None: "not known"}.get(weights, "closed")
    licence = record.value("licence") if record else None
    if licence:
        yield "Licence", plain(licence_words(licence), 60)
    sold = field.sold.get(model.model)
    tokens = sold.context_tokens if sold else None
    if tokens:
        yield "Context", f"{tokens:,} tokens"
    going = field.retirements.get(model.model)
    days: list[date] = [] if going is None else going["retires_on"].drop_nulls().to_list()
    if days:
        first = min(days)
        yield ("Retired since" if first <= field.day else "Retires from"), str(first), "retirement"
    yield "Known by", str(field.day)


def _figures(field: ModelsOfDay, model: Model) -> Iterator[_Figure | None]:
    yield _board(field, model)
    yield _index(field, model)
    yield _stand_ins(field, model)
    yield _offers(field, model)
    yield _history(field, model)
    yield _tests(field, model)
    yield _openness(field, model)
    yield _retirement(field, model)


def _board(field: ModelsOfDay, model: Model) -> _Figure | None:
    rows = field.boards.get(model.model)
    if rows is None:
        return None
    columns = (
        TableColumn("observed_on", "Board of"),
        TableColumn("entrant", "Entrant"),
        TableColumn("rating_elo", "Rating", 0),
        TableColumn("rating_low_elo", "95% low", 0),
        TableColumn("rating_high_elo", "95% high", 0),
        TableColumn("votes_n", "Votes", 0),
    )
    wanted = ("observed_on", "model_name", "rating_elo", "rating_low_elo", "rating_high_elo")
    table: list[Row] = list(rows.select(*wanted, "votes_n").rows())
    points: list[TracePoint] = []
    for day, _, value, low, high in rows.select(wanted).rows():
        near = bool(points) and (day - points[-1].day).days <= _BOARD_DAYS
        points.append(TracePoint(day, value, low, high, joined=near))
    last = table[-1]
    spread = f", {last[3]:,.0f} to {last[4]:,.0f}" if last[3] is not None else ""
    figure = Figure(
        "rating",
        f"By blind votes: {last[2]:,.0f} on the text board of {last[0]}",
        "Rating of its best entrant on every published text board with style control; the bars are "
        "the published 95% intervals. Ratings have no zero: only differences mean something.",
        says=f"{plain(last[1], 80)} had {last[2]:,.0f} points{spread} on the board of {last[0]}.",
        columns=columns,
        rows=tuple(reversed(table)),
        trace=Trace(tuple(points)),
    )
    return figure, tuple(rows["source_id"].unique().sort())


def _index(field: ModelsOfDay, model: Model) -> _Figure | None:
    """Its points on the index as each edition had them."""
    had = [(day, scale) for day, scale in field.editions if model.model in scale.scores]
    if not had or field.index is None:
        return None
    table: list[Row] = []
    points: list[TracePoint] = []
    for day, scale in had:
        own = scale.scores[model.model]
        points.append(TracePoint(day, own.interval.value, own.interval.low, own.interval.high))
        known = (own.interval.value, own.interval.low, own.interval.high, own.tests_n)
        table.append((day, *known, len(scale.scores)))
    first, last = points[0], points[-1]
    fixed = listed(f"{name} has {usual:g}" for name, usual in ECI_ANCHORS.items())
    said = (
        f"{model.name} has {last.value:.1f} points, {last.low:.1f} to {last.high:.1f} at "
        f"{field.index.level:.0%}"
    )
    if first is not last:
        said += f"; with what was known by {first.day} it had {first.value:.1f}"
    figure = Figure(
        "index",
        f"On the capability index: {last.value:.1f} points with what was known by {last.day}",
        "Its points on our capability index as each edition of the published scores gave them; "
        f"the bars are {field.index.level:.0%} intervals. In every edition {fixed}; "
        "the scale has no zero, and only differences mean something.",
        says=f"{said}.",
        columns=(
            TableColumn("known_on", "Known by"),
            TableColumn("score_index", "Points", 1),
            TableColumn("score_low_index", "90% low", 1),
            TableColumn("score_high_index", "90% high", 1),
            TableColumn("benchmarks_n", "Benchmarks of it", 0),
            TableColumn("models_n", "Models on the index", 0),
        ),
        rows=tuple(reversed(table)),
        trace=Trace(tuple(points)),
    )
    return figure, field.index.source_ids


def _stand_ins(field: ModelsOfDay, model: Model) -> _Figure | None:
    scale = field.index
    if scale is None or model.model not in scale.draws:
        return None
    found = field.stand_ins(model.model)
    names = field.facts.names.models()
    columns = (
        TableColumn("model", "Model"),
        TableColumn("chance_no_worse", "Chance to be no worse", None),
        TableColumn("seller", "Cheapest seller"),
        TableColumn("input_usd_per_mtok", "Input, US dollars per million tokens", 2),
        TableColumn("output_usd_per_mtok", "Output, US dollars per million tokens", 2),
        TableColumn("cost_ratio", "Times its price", 2),
    )
    rows: list[Row] = [
        (
            names[one.model].name,
            f"{one.chance:.0%}",
            one.offer.name,
            one.offer.price.usd_per_mtok["input"],
            one.offer.price.usd_per_mtok["output"],
            one.cost_ratio,
        )
        for one in found
    ]
    cheaper = [one for one in found if one.cost_ratio is not None and one.cost_ratio < 1]
    title = (
        f"No worse on the index with a chance of {NO_WORSE:.0%} or more, and cheaper: "
        f"{listed(names[c.model].name for c in cheaper)}"
        if cheaper
        else f"No cheaper model has a chance of {NO_WORSE:.0%} to be no worse than {model.name}"
    )
    figure = Figure(
        "stand-ins",
        title,
        f"The cheapest models with a chance of at least {NO_WORSE:.0%} to be no worse than "
        f"{model.name} by more than one point of {scale.named}, at their cheapest sellers on "
        f"{field.day}.",
        columns=columns,
        rows=tuple(rows),
        missing=""
        if rows
        else f"no model with a price has a chance of {NO_WORSE:.0%} to be no worse",
    )
    sources = (*scale.source_ids, *(one.offer.price.source_id for one in found))
    return figure, tuple(dict.fromkeys(sources))


def _offers(field: ModelsOfDay, model: Model) -> _Figure | None:
    sold = field.sold.get(model.model)
    if sold is None or not sold.offers:
        return None
    maker = field.maker_offer(model.model)
    firm = [o for o in sold.offers if not o.doubt]
    shown = [*([maker] if maker else []), *(o for o in firm[:_OFFERS] if o is not maker)]
    columns = (
        TableColumn("seller", "Seller"),
        TableColumn("country", "Seat of the seller"),
        TableColumn("input_usd_per_mtok", "Input, US dollars per million tokens", 3),
        TableColumn("output_usd_per_mtok", "Output, US dollars per million tokens", 3),
        TableColumn("since", "Since"),
    )
    rows: list[Row] = [
        (
            o.name,
            field.facts.names.countries()[o.country].name if o.country else "not known",
            o.price.usd_per_mtok["input"],
            o.price.usd_per_mtok["output"],
            o.price.since,
        )
        for o in shown
    ]
    figure = Figure(
        "offers",
        f"Sold by {counted(len(sold.offers), 'seller')}",
        f"List prices in force on {field.day}: what the maker asks, and the cheapest sellers.",
        says=_seats(field, sold),
        columns=columns,
        rows=tuple(rows),
    )
    return figure, tuple(o.price.source_id for o in shown)


def _seats(field: ModelsOfDay, sold: SoldModel) -> str:
    """Where those who sell a model are seated."""
    seats = Counter(offer.country for offer in sold.offers)
    unknown = seats.pop(None, 0)
    told = [(n, in_sentence(country_name(code))) for code, n in seats.most_common() if code]
    said = [f"{n} in {country}" for n, country in told]
    left = f"; where the seat of {unknown} is, is not known" if unknown else ""
    whose = f"Its {counted(len(sold.offers), 'seller')} by seat"
    return f"{whose}: {listed(said)}{left}." if said else ""


def _history(field: ModelsOfDay, model: Model) -> _Figure | None:
    """Every price before: of the leading models by all kinds of tokens, for those take long."""
    if model.model in field.leading:
        found = listing_of(field.facts, model.model, field.day)
        figure = next((f for f in found.sheet.figures if f.slug == "history"), None)
        return (figure, tuple(c.source_id for c in found.sheet.sources)) if figure else None
    steps = field.history(model.model)
    prices = [step.price for step in steps if step.price]
    if len(steps) < _CHANGED:
        return None
    sources = tuple(dict.fromkeys(price.source_id for price in prices))
    kept_to = max(field.kept_to[source] for source in sources)
    points: list[TracePoint] = []
    for step in steps:
        usd = step.price.usd_per_mtok["input"] if step.price else None
        if usd is not None:
            since, end = step.since.date(), step.until.date() if step.until else kept_to
            near = bool(points) and points[-1].day == since
            points.append(TracePoint(since, usd, joined=near))
            points += [TracePoint(end, usd, joined=True)] if end > since else []
    dearest = max((p.value for p in points), default=0.0)
    figure = replace(
        history_figure(steps, field.at, model.name, "", kept_to),
        subtitle="What its maker asked, or its cheapest seller where the maker sold none: each "
        "price and how long it was in force, in UTC; the picture is of input tokens.",
        chart=None,
        trace=Trace(tuple(points), 2 if dearest >= 0.1 else 3, "$") if points else None,
    )
    return figure, sources


def _tests(field: ModelsOfDay, model: Model) -> _Figure | None:
    rows = field.tests.get(model.model)
    if rows is None:
        return None
    columns = (
        TableColumn("benchmark", "Benchmark"),
        TableColumn("score_percent", "Score, percent", 1),
        TableColumn("entrant", "Run as"),
        TableColumn("evaluator", "Measured by"),
        TableColumn("known_on", "Known by"),
    )
    by = {"first_party": "its maker", "third_party": "others"}
    table: list[Row] = [
        (
            cell("benchmark", row["benchmark"], row),
            100 * row["score_frac"],
            plain(row["model_name"], 60),
            by.get(row["evaluator"], "not stated"),
            row["known_on"],
        )
        for row in rows.iter_rows(named=True)
    ]
    figure = Figure(
        "benchmarks",
        f"Scores on {counted(len(table), 'benchmark')}",
        "The best score published of it on each benchmark as a whole, whatever the effort. No "
        "interval is published with most of them.",
        columns=columns,
        rows=tuple(table),
    )
    return figure, tuple(rows["source_id"].unique().sort())


def _openness(field: ModelsOfDay, model: Model) -> _Figure | None:
    record = field.openness.get(model.model)
    if record is None:
        return None
    said = [(flag, one) for flag in FLAGS for one in record.of(flag)[:1]]
    rows: list[Row] = [
        (
            FLAGS[flag],
            plain(licence_words(one.value) if flag == "licence" else one.value, 120),
            publisher(one.source_id) if one.source_id else "our own list of models",
        )
        for flag, one in said
    ]
    weights = record.value("weights")
    title = {YES: "Its weights are published", None: "It is not known what of it is published"}
    figure = Figure(
        "openness",
        title.get(weights, "Its weights are not published"),
        "What of it is published, and who says so.",
        columns=(
            TableColumn("part", "Part"),
            TableColumn("state", "State"),
            TableColumn("said_by", "Said by"),
        ),
        rows=tuple(rows),
        missing="" if rows else "nobody says what of it is published",
    )
    return figure, tuple(one.source_id for _, one in said if one.source_id)


def _retirement(field: ModelsOfDay, model: Model) -> _Figure | None:
    rows = field.retirements.get(model.model)
    if rows is None:
        return None
    dated: list[date] = rows["retires_on"].drop_nulls().to_list()
    first = min(dated, default=None)
    title = (
        f"Retirement: the first seller lets it go on {first}"
        if first
        else "A seller calls it deprecated, without a day on which it goes"
    )
    columns = (
        TableColumn("seller", "Seller"),
        TableColumn("name", "Sold as"),
        TableColumn("retires_on", "Last day stated"),
        TableColumn("known_on", "Stated"),
        TableColumn("source", "Where"),
    )
    wanted = rows.select("provider", "model_name", "retires_on", "known_on", "source_id", "row_url")
    table: list[Row] = [
        (
            seller_name(provider),
            name,
            day or "no day",
            known,
            Linked(publisher(source), url) if url else publisher(source),
        )
        for provider, name, day, known, source, url in wanted.rows()
    ]
    figure = Figure("retirement", title, columns=columns, rows=tuple(table))
    return figure, tuple(rows["source_id"].unique().sort())
