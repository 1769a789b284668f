"""One ground of the comparison for two sides, with the charts that the report has of it."""

from dataclasses import replace
from datetime import date

from headtohead.claims.verb import exhibits_of
from headtohead.core.dates import Period
from headtohead.core.errors import NoEvidence
from headtohead.evidence.sheet import Listing
from headtohead.publish.machine import answer_json, envelope
from headtohead.publish.sheet import Sheet, Topic
from headtohead.publish.words import sentence
from headtohead.questions import exhibit_specs, sections
from headtohead.questions.figures import exhibit_figure
from headtohead.web.address import Moved
from headtohead.web.kinds import Words
from headtohead.web.site import Site, side_word


def ground_paths(topic: str) -> tuple[str, ...]:
    """The paths of a ground: of the two countries, and of any two sides of a group."""
    return topic, f"{topic}/{{group}}/{{a}}/{{b}}"


def ground(
    site: Site, topic: str, slug: str, words: Words, day: date, more: tuple[str, ...] = ()
) -> Listing:
    """Every chart of a section of the report, for two sides; the two countries if none are named.

    Args:
        topic: The first word of the page's path.
        slug: Of the section.
        more: Slugs of charts of other sections that belong here too.

    Raises:
        UnknownName: If the group, or a side of it, does not exist.
        NoEvidence: If no chart of it has anything to show.
    """
    facts = site.facts
    facts.require_evidence(day)
    group, a, b = (words.get(x, y) for x, y in (("group", "country"), ("a", "US"), ("b", "CN")))
    sides = facts.sides(group, a, b)
    named = [side_word(group, side) for side in (sides.a, sides.b)]
    if named != [a, b]:
        raise Moved("/".join([topic, group, *named]))
    section = next(each for each in sections() if each.slug == slug)
    others = [
        replace(each, exhibits=[spec for spec in each.exhibits if spec.slug in more])
        for each in sections()
    ]
    asked = [section, *(each for each in others if each.exhibits)]
    found = exhibits_of(facts, sides, Period(day, day), day, asked)
    ids = sorted({i for one in found.values() for i in one.answer.source_ids})
    citations = facts.citations(ids, day)
    known = {c.source_id: c for c in citations}
    specs = exhibit_specs()
    figures = [exhibit_figure(specs[slug], one, sides, known) for slug, one in found.items()]
    told = [figure for figure in figures if not figure.missing]
    if not told:
        raise NoEvidence(f"Nothing is known by {day} for a page on {section.title.lower()}.")
    results = [
        {"exhibit": slug, "about": str(one.about), **answer_json(one.answer)}
        for slug, one in found.items()
    ]
    sheet = Sheet(
        verb=topic,
        title=told[0].title,
        kicker=section.asks,
        sentence=sentence(told[0].says or told[0].subtitle),
        topics=(Topic(slug, section.title, figures=tuple(figures)),),
        sources=citations,
        as_of=day,
    )
    return Listing(sheet, lambda: envelope(topic, None, day, results, citations))
