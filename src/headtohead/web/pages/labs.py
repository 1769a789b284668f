"""The models of one lab."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date

from headtohead.core.errors import NoEvidence, UnknownName
from headtohead.core.units import counted
from headtohead.evidence.sheet import Listing
from headtohead.names.names import country_name, in_sentence
from headtohead.openness.record import YES
from headtohead.publish.machine import bare, envelope
from headtohead.publish.result import Result
from headtohead.publish.sheet import Figure, Row, Sheet, TableColumn, Topic
from headtohead.publish.words import listed
from headtohead.web.address import Moved
from headtohead.web.dossier import models_listing
from headtohead.web.kinds import PageKind, Words
from headtohead.web.models_of_day import ModelsOfDay, models_of_day
from headtohead.web.site import Site

PAGE = PageKind(
    paths=("labs", "labs/{lab}"),
    title="Labs",
    asks="Which labs make models, where do they sit, and how able are their best?",
    place=12,
)


_COLUMNS = (
    TableColumn("name", "Lab"),
    TableColumn("country", "Seat"),
    TableColumn("models_n", "Models", 0),
    TableColumn("open_n", "With open weights", 0),
    TableColumn("best", "Ablest model"),
    TableColumn("places", "Its places on the index"),
    TableColumn("newest_on", "Newest model of"),
)


def answer(site: Site, words: Words, day: date) -> Result:
    """Every lab; or every model of one of which something is known."""
    facts = site.facts
    facts.require_evidence(day)
    if "lab" not in words:
        return _all(models_of_day(facts, day))
    lab = facts.names.lab_of(words["lab"]) or facts.names.labs().get(words["lab"])
    if lab is None:
        labs = facts.names.labs().values()
        spelt = {text: one.name for one in labs for text in (*one.spellings, one.id)}
        raise UnknownName("lab", words["lab"], [one.name for one in labs], spelt)
    if lab.id != words["lab"]:
        raise Moved(f"labs/{lab.id}")
    if lab.id in site.labs_ahead(day):
        raise NoEvidence(f"No model of {lab.name} was out by {day}. Choose a later day.")
    return models_listing(models_of_day(facts, day), lab.id)


def frozen(site: Site, day: date) -> Iterable[str]:
    """Every lab with a model of which something is known."""
    known = models_of_day(site.facts, day)
    return ("labs", *(f"labs/{lab}" for lab in sorted({known.models[i].lab for i in known.known})))


def _all(field: ModelsOfDay) -> Listing:
    scores = field.index.scores if field.index else {}
    names, day = field.facts.names, field.day
    mine: dict[str, list[str]] = defaultdict(list)
    for model in field.known:
        mine[field.models[model].lab].append(model)
    best = {
        lab: max(scored, key=lambda i: scores[i].interval.value)
        for lab, own in mine.items()
        if (scored := [i for i in own if i in scores])
    }
    order = sorted(
        mine, key=lambda lab: (-scores[best[lab]].interval.value if lab in best else 0, lab)
    )
    rows: list[Row] = []
    for lab in order:
        place = field.places.get(best.get(lab, ""))
        days = [born for i in mine[lab] if (born := field.models[i].released_on)]
        rows.append(
            (
                names.lab(lab).name,
                country_name(names.lab(lab).country) or "not known",
                len(mine[lab]),
                sum(field.openness[i].value("weights") == YES for i in mine[lab]),
                field.models[best[lab]].name if lab in best else "none on the index",
                " to ".join(map(str, dict.fromkeys((place.best, place.worst)))) if place else None,
                max(days, default=None),
            )
        )
    seats = Counter(row[1] for row in rows)
    most = [f"{n} in {in_sentence(str(seat))}" for seat, n in seats.most_common(3)]
    title = f"{counted(len(rows), 'lab')} make the models known by {day}"
    first = {field.models[i].lab for i, place in field.places.items() if place.best == 1}
    if first:
        owners = listed(names.lab(lab).name for lab in order if lab in first)
        have = "has" if len(first) == 1 else "may each have"
        title = f"{owners} {have} the ablest of {counted(len(scores), 'model')}"
    citations = field.facts.citations(sorted(field.index.source_ids if field.index else ()), day)
    sheet = Sheet(
        verb="labs",
        title=title,
        sentence=f"{counted(len(rows), 'lab')} have a model with a rating, a score or a price by "
        f"{day}: {listed(most)}, and others.",
        topics=(
            Topic(
                figures=(
                    Figure(
                        "labs",
                        "Every lab",
                        "The lab with the ablest model first. Places on the capability index are "
                        "those that stay open, so two labs may share one.",
                        columns=_COLUMNS,
                        rows=tuple(rows),
                    ),
                )
            ),
        ),
        sources=citations,
        as_of=day,
    )
    results = [
        {c.name: bare(x) for c, x in zip(_COLUMNS, row, strict=True)} | {"lab": lab}
        for lab, row in zip(order, rows, strict=True)
    ]
    return Listing(sheet, lambda: envelope("labs", None, day, results, citations))
