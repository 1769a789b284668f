"""How `h2h shortlist` is shown: the list, what may belong to it, and why the others do not."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from headtohead.choosing.candidates import SellerOffer
from headtohead.choosing.shortlist.result import Shortlisted, ShortlistResult
from headtohead.core.units import counted, first_few, show_end, span_of
from headtohead.names.names import country_name
from headtohead.openness.licences import COMMERCIAL, COMMERCIAL_SHORT
from headtohead.openness.record import NO
from headtohead.publish.sheet import Cell, DataTable, Figure, Sheet, TableColumn, Topic
from headtohead.publish.words import content_hash, listed

_TOP, _TERMS, _MAY, _REASONS = 10, 5, 3, 5


def shortlist_sheet(result: ShortlistResult, top: int | None = None) -> Sheet:
    """The answer; a terminal shows the first `top` models, 10 and the terms of 5 if None."""
    figures = [_found(result, top or _TOP)]
    if result.found:
        figures.append(_terms(result, top or _TERMS))
    if result.may:
        figures.append(_may(result))
    if result.left_out:
        figures.append(_left_out(result))
    return Sheet(
        verb="shortlist",
        title="Models that may be used",
        kicker=_kicker(result),
        sentence=" ".join(_sentences(result)),
        topics=(Topic(figures=tuple(figures)),),
        method=(
            f"Models are ranked by {result.scale.named} of {result.scale.day}, with "
            f"{result.scale.level:.0%} intervals; two of one group of ties cannot be told apart.",
            f"The price is that in force at each seller for {result.blend}; without cached tokens, "
            "long prompts and batches.",
            "Of sellers the cheapest whose price is sure to hold stands first.",
            "A model or seller of which something is not known is neither kept nor dropped: it is "
            "listed apart, with what is not known. A model that falls out for several reasons "
            "counts under each.",
            "What a licence asks is summed up by `h2h openness MODEL`, and its text decides. What "
            "nobody sells is not on the list, though its weights may be open.",
        ),
        sources=result.citations,
        about=str(result.at.date()),
        as_of=result.as_of,
        digest=content_hash(
            [
                (one.model.model, its.seller, its.usd_per_mtok)
                for one in result.found
                for its in one.offers
            ]
        ),
        notes=(f"sources: {'; '.join(dict.fromkeys(s.publisher for s in result.citations))}",),
        next=("`h2h openness MODEL` tells what the licence asks.",) if result.found else (),
        main="found",
    )


def _kicker(result: ShortlistResult) -> str:
    wanted = f"Asked: {'; '.join(result.conditions)}. " if result.conditions else ""
    return f"{wanted}Prices of {result.at:%Y-%m-%d %H:%M} UTC; known by {result.as_of}."


def _sentences(result: ShortlistResult) -> Iterator[str]:
    offers = sum(len(one.offers) for one in result.found)
    n = len(result.found)
    what = f"{counted(n, 'model')} of {result.models_n} ({counted(offers, 'offer')})"
    verb = "satisfies" if n == 1 else "satisfy"
    yield f"{what} {verb} every condition." if result.conditions else f"{what} can be bought."
    tied = [one for one in result.found if one.place and one.place.group == 1]
    if len(tied) == 1:
        yield f"{tied[0].model.record.name} leads."
    elif tied:
        names = [one.model.record.name for one in tied]
        yield f"The ablest {len(names)} cannot be told apart: {first_few(names)}."
    if result.may:
        yield (
            f"{counted(len(result.may), 'more model')} may, if you find out what is not known here."
        )


def _of_scores_and_prices(result: ShortlistResult) -> Iterator[str]:
    """What to know of the list itself."""
    nowhere = sum(one.place is None for one in result.found)
    if nowhere:
        yield f"{counted(nowhere, 'model')} of the list have no score, and stand last by name"
    doubted = sum(bool(one.offers[0].doubt) for one in result.found)
    if doubted:
        yield (
            f"no price of {counted(doubted, 'model')} is sure to hold: it was last seen over 60 "
            "days before, or its own list doubts it"
        )


def _of_terms(result: ShortlistResult) -> Iterator[str]:
    """What to know of retirements and licences."""
    leaving = [
        (offer.retires.day, f"{one.model.record.name} at {offer.name} on {offer.retires.day}")
        for one in result.found
        for offer in one.offers[:1]
        if offer.retires
    ]
    if leaving:
        yield f"retirement is stated for {first_few([text for _, text in sorted(leaving)], 3)}"
    licences = {
        licence.name: licence
        for one in result.found
        for held in (one.model.record.terms, one.model.record.base_terms)
        if held
        for licence in held.licences
    }
    places = sorted(name for name, licence in licences.items() if licence.territory)
    if places:
        yield f"licences that leave out some countries: {listed(places)}"
    memory = sorted(name for name, licence in licences.items() if not licence.checked)
    if memory:
        yield f"clauses from memory, not checked against the text: {first_few(memory, 3)}"
    moved = [
        f"{one.model.record.name} at {offer.name} ({offer.retires.day} or "
        f"{listed(map(str, offer.retires.others), 'or')})"
        for one in result.found
        for offer in one.offers
        if offer.retires and offer.retires.others
    ]
    if moved:
        more = [f"{len(moved) - 3} more"] if len(moved) > 3 else []
        yield f"several days of retirement are stated for {listed([*moved[:3], *more])}"


def _found(result: ShortlistResult, top: int) -> Figure:
    chance = any(one.chance is not None for one in result.found)
    columns = [
        TableColumn("tie_group", "Tie", 0),
        TableColumn("name", "Model"),
        _score_column(result),
        TableColumn("interval", f"{result.scale.level:.0%} interval", 0),
        *([TableColumn("chance_pct", "Chance %", 0)] if chance else []),
        TableColumn("seller", "Seller"),
        TableColumn("operator_country", "In"),
        TableColumn("blend_usd_per_mtok", "$/M", 2),
    ]
    rows = []
    for one in result.found:
        offer, score = one.offers[0], one.model.score
        others = len(one.offers) - 1
        rows.append(
            (
                one.place.group if one.place else None,
                one.model.record.name,
                score.interval.value if score else None,
                _interval(one, result.scale.unit),
                *([None if one.chance is None else 100 * one.chance] if chance else []),
                f"{offer.name}{f' +{others}' if others else ''}",
                offer.country or "?",
                offer.usd_per_mtok,
            )
        )
    none = "" if rows else "No model satisfies every condition."
    return Figure(
        "found",
        "The list",
        columns=tuple(columns),
        rows=tuple(rows),
        shown=top,
        missing=none,
        note=f"Tie: cannot be told from the first of its group. +N: other sellers that will do. "
        f"In: where the seller is seated. $/M: US dollars per million tokens, {result.blend}."
        if rows
        else "",
        remarks=tuple(_of_scores_and_prices(result)),
        data=_table(result.found, result),
    )


def _terms(result: ShortlistResult, top: int) -> Figure:
    rows = []
    for one in result.found:
        record, offer = one.model.record, one.offers[0]
        rows.append(
            (
                record.name,
                record.country or "?",
                _licence(one),
                COMMERCIAL_SHORT[record.commercial] if record.commercial else None,
                _tokens(one, offer),
                offer.retires.day if offer.retires else None,
            )
        )
    return Figure(
        "terms",
        "Their terms",
        columns=(
            TableColumn("name", "Model"),
            TableColumn("lab_country", "Maker in"),
            TableColumn("licence", "Licence"),
            TableColumn("commercial", "Commercial"),
            TableColumn("context_tokens", "Context", 0),
            TableColumn("retires_on", "Retires"),
        ),
        rows=tuple(rows),
        shown=top,
        note="*: by the model's own record; no list has the context at the seller."
        if any(str(row[4]).endswith("*") for row in rows)
        else "",
        remarks=tuple(_of_terms(result)),
    )


def _may(result: ShortlistResult) -> Figure:
    rows = tuple(
        (
            one.model.record.name,
            one.model.score.interval.value if one.model.score else None,
            f"{one.offers[0].name}{f' +{n}' if (n := len(one.offers) - 1) else ''}",
            one.offers[0].usd_per_mtok,
            ", ".join(one.offers[0].unknown),
        )
        for one in result.may
    )
    missing = Counter(reason for one in result.may for reason in one.offers[0].unknown)
    counts = "; ".join(f"{what}: {n}" for what, n in missing.most_common())
    return Figure(
        "may",
        "May qualify",
        says=f"How many models lack what (some lack several things): {counts}.",
        columns=(
            TableColumn("name", "Model"),
            _score_column(result),
            TableColumn("seller", "Seller"),
            TableColumn("blend_usd_per_mtok", "$/M", 2),
            TableColumn("not_known", "To find out", long=True),
        ),
        rows=rows,
        shown=_MAY,
        data=_table(result.may, result),
    )


def _left_out(result: ShortlistResult) -> Figure:
    return Figure(
        "left-out",
        "Why others fell out",
        says=f"{result.lost_n} of {result.models_n} models fell out",
        columns=(TableColumn("reason", "Reason", long=True), TableColumn("models_n", "Models", 0)),
        rows=tuple(result.left_out.items()),
        shown=_REASONS,
    )


def _score_column(result: ShortlistResult) -> TableColumn:
    unit = result.scale.unit
    return TableColumn(f"score_{unit}", *(("Index", 1) if unit == "index" else ("Rating", 0)))


def _interval(one: Shortlisted, unit: str) -> str | None:
    score = one.model.score
    if score is None:
        return None
    return span_of(score.interval.low, score.interval.high, lambda end: show_end(end, unit))


def _licence(one: Shortlisted) -> str:
    record = one.model.record
    if record.value("weights") == NO:
        return "seller's terms"
    return record.terms.spdx.replace("LicenseRef-", "") if record.terms else "not known"


_COLUMNS = {
    "model": "Id",
    "name": "Model",
    "lab": "Lab",
    "lab_country": "Country of the lab",
    "released_on": "Released",
    "score": "Score",
    "score_low": "Score, lower end",
    "score_high": "Score, upper end",
    "tie_group": "Tie group",
    "best_rank": "Best place",
    "worst_rank": "Worst place",
    "chance_frac": "Chance",
    "licence": "Licence (SPDX)",
    "commercial": "Commercial use",
    "clauses": "What the licence asks",
    "seller": "Seller",
    "operator_country": "Country of the seller",
    "input_usd_per_mtok": "Input, $ per million tokens",
    "output_usd_per_mtok": "Output, $ per million tokens",
    "blend_usd_per_mtok": "Blend, $ per million tokens",
    "price_since": "Price since",
    "doubt": "Doubt about the price",
    "context_tokens": "Context at the seller, tokens",
    "retires_on": "Retires on",
    "not_known": "What is not known",
    "source_id": "Price from",
}


def _table(every: Sequence[Shortlisted], result: ShortlistResult) -> DataTable:
    """The download: a row an offer, the ablest model first and its cheapest offer first."""
    unit = result.scale.unit
    rows = [_row(one, offer) for one in every for offer in one.offers]
    named = {c: f"{c}_{unit}" for c in ("score", "score_low", "score_high")}
    titles = {named.get(column, column): title for column, title in _COLUMNS.items()}
    return DataTable.of([{named.get(k, k): v for k, v in row.items()} for row in rows], titles)


def _row(one: Shortlisted, offer: SellerOffer) -> dict[str, Cell]:
    record, score, usd = one.model.record, one.model.score, offer.price.usd_per_mtok
    ends: Any = score.interval if score else None
    own = [clause for x in (record.terms.licences if record.terms else ()) for clause in x.clauses]
    return {
        "model": record.model,
        "name": record.name,
        "lab": record.lab,
        "lab_country": record.country and country_name(record.country),
        "released_on": record.released_on,
        "score": ends and ends.value,
        "score_low": ends and ends.low,
        "score_high": ends and ends.high,
        "tie_group": one.place.group if one.place else None,
        "best_rank": one.place.best if one.place else None,
        "worst_rank": one.place.worst if one.place else None,
        "chance_frac": one.chance,
        "licence": record.terms.spdx if record.terms else None,
        "commercial": COMMERCIAL[record.commercial] if record.commercial else None,
        "clauses": " ".join([*own, *record.base_adds]) or None,
        "seller": offer.name,
        "operator_country": offer.country and country_name(offer.country),
        "input_usd_per_mtok": usd["input"],
        "output_usd_per_mtok": usd["output"],
        "blend_usd_per_mtok": offer.usd_per_mtok,
        "price_since": offer.price.since,
        "doubt": offer.doubt or None,
        "context_tokens": _tokens(one, offer),
        "retires_on": offer.retires.day if offer.retires else None,
        "not_known": "; ".join(offer.unknown) or None,
        "source_id": offer.price.source_id,
    }


def _tokens(one: Shortlisted, offer: SellerOffer) -> str | None:
    """The context at the seller, as its lists have it; else the model's own."""
    if offer.context_tokens:
        low, high = offer.context_tokens
        return f"{low:,}" if low == high else f"{low:,} to {high:,}"
    return f"{own:,}*" if (own := one.model.context_tokens) else None
