"""How `h2h watch` is shown: what is due, what has changed, what to take instead, the bill."""

from collections.abc import Iterator

from headtohead.choosing.watch.ahead import price_words, turn_words
from headtohead.choosing.watch.result import WatchedModel, WatchResult
from headtohead.choosing.watch.successors import Successor, Successors
from headtohead.core.units import counted, first_few
from headtohead.evidence.tables import in_words
from headtohead.evidence.words import model_name, seller_name
from headtohead.names.names import country_name
from headtohead.openness.record import NO
from headtohead.publish.sheet import Cell, DataTable, Figure, Linked, Sheet, TableColumn, Topic
from headtohead.publish.words import content_hash, listed

_WANTED = 3
_STALE = 30  # days


def watch_sheet(result: WatchResult) -> Sheet:
    """The whole of it."""
    figures = [_retires(result)] if any(one.retirements for one in result.watched) else []
    for one in result.watched:
        if one.successors:
            figures += _instead(one, result)
    if any(one.turns for one in result.watched):
        figures.append(_turns(result))
    if result.changes:
        figures.append(_changes(result))
    figures.append(_bill(result))
    return Sheet(
        verb="watch",
        title=f"Models of {result.stack.name}",
        kicker=f"From {result.window.start} to {result.window.end}; prices of "
        f"{result.at:%Y-%m-%d %H:%M} UTC; known by {result.as_of}.",
        word="DUE" if result.due else "NOTHING DUE",
        answer="no" if result.due else "yes",
        sentence=" ".join(_sentences(result)),
        topics=(Topic(figures=tuple(figures)),),
        method=tuple(_method(result)),
        sources=result.citations,
        about=str(result.window),
        as_of=result.as_of,
        digest=content_hash(result.as_json()["results"]),
        notes=tuple(_notes(result)),
        full=True,
        main="bill",
    )


def _sentences(result: WatchResult) -> Iterator[str]:
    every, end = result.watched, result.window.end
    retiring = [one for one in every if one.retiring]
    n = len(every)
    if retiring:
        past = [one for one in retiring if one.retirements[0].day <= result.as_of]
        ahead = [one for one in retiring if one not in past]
        if past:
            says = first_few([f"{o.called} on {o.retirements[0].day}" for o in past])
            was = "was" if len(past) == 1 else "were"
            yield f"{len(past)} of {counted(n, 'model')} {was} to retire already: {says}."
        if ahead:
            names = first_few([one.called for one in ahead])
            verb = "retires" if len(ahead) == 1 else "retire"
            many = f"{len(ahead)} more" if past else f"{len(ahead)} of {counted(n, 'model')}"
            yield f"{many} {verb} by {end}: {names}."
        if len(ahead) > 1:
            first = min(ahead, key=lambda one: one.retirements[0].day)
            next_ = "next" if past else "first"
            yield f"The {next_} is {first.called} at {first.seller}, on {first.retirements[0].day}."
    else:
        yield f"No model of {n} was said to retire by {end}."
    turned = [one.called for one in every if one.turns]
    if turned:
        yield f"An announced change of price comes by then for {first_few(turned)}."
    if result.changes is not None and result.since:
        many = counted(len(result.changes), "thing has", "things have")
        yield f"{many if result.changes else 'Nothing has'} changed since {result.since}."
    elif result.first:
        yield "This is the first run: there is nothing to compare it with yet."
    yield from _bill_sentences(result)


def _bill_sentences(result: WatchResult) -> Iterator[str]:
    now, after, most = result.bill_usd, result.bill_after_usd, result.stack.budget_usd
    if now is None or after is None:
        if most is not None:
            yield "Whether the budget suffices is not known: no model has both tokens and a price."
        return
    then = f", and {_usd(after)} after the changes announced" if after != now else ""
    yield f"The stated tokens cost {_usd(now)} a month at the prices in force{then}."
    if most is not None:
        rest = most - max(now, after)
        how = f"leaves {_usd(rest)}" if rest >= 0 else f"is {_usd(-rest)} too little"
        yield f"The budget of ${most:,.2f} {how}."


def _usd(amount: float) -> str:
    return "less than $0.01" if 0 < amount < 0.005 else f"${amount:,.2f}"


def _notes(result: WatchResult) -> Iterator[str]:
    unpriced = [one.called for one in result.watched if one.price is None]
    if unpriced:
        yield f"no list has a price at that seller of {first_few(unpriced)}: not in the bill"
    untold = [o.called for o in result.watched if o.price and o.use.input_tokens is None]
    if untold:
        yield f"no tokens a month are stated for {first_few(untold)}: not in the bill"
    for one in result.watched:
        if (bill := one.bill) and bill.high_usd - bill.low_usd > 1e-9:
            yield (
                f"{one.called} costs ${bill.low_usd:,.2f} to ${bill.high_usd:,.2f} a month by "
                "the hours of its calls; the bill takes its usual price"
            )
        if one.price and not one.use.operator and one.price.rule == "cheapest":
            yield (
                f"the maker of {one.called} has no price of it in force: this is that of "
                f"{seller_name(one.price.provider)}, its cheapest credible seller"
            )
        if one.turns and one.turns[-1].after is None:
            yield f"the price of {one.called} ends: the bill keeps it, as what follows is not known"
    known = result.retirements_known_on
    if known is None:
        yield f"no retirement of any model was known by {result.as_of}"
    elif (result.as_of - known).days > _STALE:
        yield (
            f"the last word on retirements known is of {known}: `h2h update` may bring later ones"
        )
    if result.no_scale:
        yield f"no successors: {result.no_scale}"


def _method(result: WatchResult) -> Iterator[str]:
    yield (
        "A model retires on the first day that was stated for its seller; the other days "
        "stated, and those of other sellers, stand beside it. Nobody is asked: what no source "
        "states is not known here."
    )
    yield (
        "A month costs its stated tokens at the price in force, cached input apart; without long "
        "prompts, batches and extra charges by the hour."
    )
    if result.margin:
        least = result.stack.successors.chance
        what = (
            "the mean difference over tests given to both by others than the makers, by Student's t"
            if result.stack.margin.unit == "pp"
            else f"joint draws of {result.scale_words}"
        )
        yield (
            f"A successor satisfies the conditions of the stack, was not said to retire by "
            f"{result.window.end}, and is at least {least:.0%} sure to be no worse by more than "
            f"{result.margin}, by {what}. Of those, the cheapest for the model's own tokens stand "
            "here."
        )
        yield (
            "Tests: the mean difference on all tests given to both, in percentage points, with its "
            "90% interval; it has none with fewer than three tests."
        )


def _retires(result: WatchResult) -> Figure:
    rows = []
    for one in sorted((o for o in result.watched if o.retirements), key=lambda o: o.retirements[0]):
        first = one.retirements[0]
        days = sorted({said.day for said in one.retirements})
        others = {said.day: said for said in reversed(one.elsewhere_retirements)}
        rows.append(
            (
                one.called,
                one.seller,
                Linked(str(first.day), first.url) if first.url else first.day,
                (first.day - result.as_of).days,
                listed((_said(one, day) for day in days), "or"),
                "; ".join(f"{d} {seller_name(s.channel)}" for d, s in sorted(others.items())),
            )
        )
    return Figure(
        "retires",
        "What retires, and when",
        says=f"{counted(len(rows), 'model')} of {len(result.watched)} with a day",
        columns=(
            TableColumn("name", "Model"),
            TableColumn("seller", "Seller"),
            TableColumn("retires_on", "Retires on"),
            TableColumn("left_days", "Days left", 0),
            TableColumn("stated", "Stated by", long=True),
            TableColumn("elsewhere", "Elsewhere", long=True),
        ),
        rows=tuple(rows),
        shown=30,
    )


def _said(one: WatchedModel, day: object) -> str:
    """Who states a day, and since when."""
    mine = [said for said in one.retirements if said.day == day]
    said = listed(dict.fromkeys(said.said_by for said in mine))
    return said if len({said.day for said in one.retirements}) == 1 else f"{day} ({said})"


def _instead(one: WatchedModel, result: WatchResult) -> Iterator[Figure]:
    made = one.successors
    if made is None:
        return
    slug = f"instead-{result.watched.index(one) + 1}"
    rows = tuple(
        (
            s.model.record.name,
            s.offer.name,
            None if s.chance is None else 100 * s.chance,
            None if s.difference is None else s.difference.value,
            _tests(s),
            s.cost_ratio,
        )
        for s in made.found
    )
    title = f"Instead of {one.called}"
    if one.stood_for:
        title += f", which last stood for {model_name(one.stood_for)}"
    by = "shared tests" if result.stack.margin.unit == "pp" else result.scale_words
    unscored = f"It has no score by {by}, so that nothing tells which model is no worse"
    scored = () if made.scored else (unscored,)
    renamed = (f"{one.seller} sells the same model under the name {made.renamed}",)
    offers = [
        f"The same model is sold by {o.name} for ${o.usd_per_mtok:.3g} per million of its tokens"
        + (f", where it retires on {o.retires.day}" if o.retires else "")
        for o in made.elsewhere[:3]
    ]
    same = (*(renamed if made.renamed else ()), *offers)
    if not made.found:
        yield Figure(slug, title, missing=_how_many(made), remarks=same)
    else:
        yield Figure(
            slug,
            title,
            says=_how_many(made),
            columns=(
                TableColumn("name", "Model"),
                TableColumn("seller", "Seller"),
                TableColumn("chance_pct", "Chance %", 0),
                TableColumn("difference", "Points", 1),
                TableColumn("tests_pp", "Tests, pp"),
                TableColumn("cost_ratio", "Price x", 2),
            ),
            rows=rows,
            remarks=(*scored, *same),
        )
        yield _terms(made, slug)
    if len(made.found) < _WANTED:
        yield _why(one, made, slug)


def _how_many(made: Successors) -> str:
    said = f"{counted(made.fitting_n, 'model')} of {made.models_n} would do"
    if not made.scored:
        said = f"{counted(made.fitting_n, 'model')} of {made.models_n} would do and cost no more"
    if made.fitting_n > len(made.found):
        first = "cheapest" if made.scored else "ablest"
        said += f", of which the {first} {len(made.found)} stand here"
    if made.may_n:
        said += f"; {counted(made.may_n, 'more model')} may, but something is not known of them"
    return said


def _tests(one: Successor) -> str | None:
    tests = one.tests
    if tests is None:
        return None
    value = tests.difference_pp.value
    if tests.chance is None:
        return f"{value:+.1f} ({counted(len(tests.names), 'test')})"
    low, high = tests.difference_pp.low, tests.difference_pp.high
    return f"{value:+.1f} ({low:+.1f} to {high:+.1f}), {len(tests.names)} tests"


def _terms(made: Successors, slug: str) -> Figure:
    rows = []
    for s in made.found:
        record, offer = s.model.record, s.offer
        closed = record.value("weights") == NO
        licence = record.terms.spdx.replace("LicenseRef-", "") if record.terms else None
        rows.append(
            (
                record.name,
                "seller's terms" if closed else licence,
                record.country and country_name(record.country),
                offer.country and country_name(offer.country),
                (offer.context_tokens or (s.model.context_tokens,))[0],
                offer.retires.day if offer.retires else None,
                price_words(offer.price),
                listed(map(in_words, s.tests.names)) if s.tests else None,
            )
        )
    return Figure(
        f"{slug}-terms",
        "Their terms",
        columns=(
            TableColumn("name", "Model"),
            TableColumn("licence", "Licence"),
            TableColumn("lab_country", "Maker in"),
            TableColumn("operator_country", "Seller in"),
            TableColumn("context_tokens", "Context", 0),
            TableColumn("retires_on", "Retires on"),
            TableColumn("price", "$ per million tokens", long=True),
            TableColumn("tests", "Tests of both", long=True),
        ),
        rows=tuple(rows),
    )


def _why(one: WatchedModel, made: Successors, slug: str) -> Figure:
    return Figure(
        f"{slug}-why",
        f"Why not three instead of {one.called}",
        says="Of the others, so many fell out for each reason; one may for several",
        columns=(TableColumn("reason", "Reason", long=True), TableColumn("models_n", "Models", 0)),
        rows=tuple(made.left_out.items()),
        shown=20,
    )


def _turns(result: WatchResult) -> Figure:
    rows = tuple(
        (one.called, turn.at.date(), turn_words(turn), turn.known_on)
        for one in result.watched
        for turn in one.turns
    )
    return Figure(
        "turns",
        "Prices that change",
        says=f"{counted(len(rows), 'change')} announced by {result.window.end}",
        columns=(
            TableColumn("name", "Model"),
            TableColumn("on", "On"),
            TableColumn("says", "What changes", long=True),
            TableColumn("known_on", "Known on"),
        ),
        rows=rows,
        shown=30,
    )


def _changes(result: WatchResult) -> Figure:
    rows = tuple((c.says, c.month_usd, c.known_on) for c in result.changes or ())
    return Figure(
        "changes",
        f"What has changed since {result.since}",
        says=counted(len(rows), "change"),
        columns=(
            TableColumn("says", "Change", long=True),
            TableColumn("more_usd", "$ more a month", 2),
            TableColumn("known_on", "Known on"),
        ),
        rows=rows,
        shown=30,
    )


_COLUMNS = {
    "name": "Name in the stack",
    "model": "Id",
    "seller": "Seller",
    "retires_on": "Retires on",
    "retiring": "Retires in the window",
    "input_tokens_per_month": "Input tokens a month",
    "cached_tokens_per_month": "Of them cached",
    "output_tokens_per_month": "Output tokens a month",
    "price": "Price, $ per million tokens",
    "price_since": "Price since",
    "price_changes": "Announced changes",
    "bill_usd_per_month": "$ a month",
    "bill_after_usd_per_month": "$ a month after the changes",
    "successors": "Successors",
    "source_id": "Price from",
}


def _bill(result: WatchResult) -> Figure:
    rows: list[tuple[Cell, ...]] = []
    table = []
    for one in result.watched:
        bill, after, price = one.bill, one.bill_after, one.price
        said = price_words(price) if price else None
        rows.append(
            (one.called, one.seller, said, bill.usd if bill else None, after.usd if after else None)
        )
        table.append(
            {
                "name": one.use.name,
                "model": one.model,
                "seller": one.seller,
                "retires_on": one.retirements[0].day if one.retirements else None,
                "retiring": "yes" if one.retiring else "no",
                "input_tokens_per_month": one.use.input_tokens,
                "cached_tokens_per_month": one.use.cached_tokens,
                "output_tokens_per_month": one.use.output_tokens,
                "price": said,
                "price_since": price and price.since,
                "price_changes": "; ".join(map(turn_words, one.turns)) or None,
                "bill_usd_per_month": bill.usd if bill else None,
                "bill_after_usd_per_month": after.usd if after else None,
                "successors": ", ".join(s.model.record.name for s in one.successors.found)
                if one.successors
                else None,
                "source_id": price and price.source_id,
            }
        )
    return Figure(
        "bill",
        "The stack and its bill",
        says=" ".join(_bill_sentences(result)).removesuffix("."),
        columns=(
            TableColumn("name", "Model"),
            TableColumn("seller", "Seller"),
            TableColumn("price", "$ per million tokens", long=True),
            TableColumn("bill_usd_per_month", "$ a month", 2),
            TableColumn("bill_after_usd_per_month", "After", 2),
        ),
        rows=tuple(rows),
        shown=50,
        data=DataTable.of(table, _COLUMNS),
    )
