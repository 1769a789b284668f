"""The models of one lab."""

from collections.abc import Iterable
from datetime import date

from headtohead.core.errors import UnknownName
from headtohead.publish.result import Result
from headtohead.web.address import Moved
from headtohead.web.dossier import models_listing
from headtohead.web.kinds import PageKind, Words
from headtohead.web.models_of_day import models_of_day
from headtohead.web.site import Site

PAGE = PageKind(
    paths=("labs/{lab}",),
    title="Models of a lab",
    asks="Which models does a lab have, how able are they, and what do they cost?",
)


def answer(site: Site, words: Words, day: date) -> Result:
    """Every model of a lab of which something is known."""
    facts = site.facts
    facts.require_evidence(day)
    lab = facts.names.lab_of(words["lab"]) or facts.names.labs().get(words["lab"])
    if lab is None:
        labs = facts.names.labs().values()
        spelt = {text: one.name for one in labs for text in (*one.spellings, one.id)}
        raise UnknownName("lab", words["lab"], [one.name for one in labs], spelt)
    if lab.id != words["lab"]:
        raise Moved(f"labs/{lab.id}")
    return models_listing(models_of_day(facts, day), lab.id)


def frozen(site: Site, day: date) -> Iterable[str]:
    """Every lab with a model of which something is known."""
    known = models_of_day(site.facts, day)
    return (f"labs/{lab}" for lab in sorted({known.models[i].lab for i in known.known}))
