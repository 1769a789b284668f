"""Every model, and each on a page of its own."""

from collections.abc import Iterable
from datetime import date

from headtohead.core.errors import NoEvidence
from headtohead.publish.result import Result
from headtohead.web.dossier import dossier, models_listing
from headtohead.web.kinds import PageKind, Words
from headtohead.web.models_of_day import models_of_day
from headtohead.web.site import Site, model_word

PAGE = PageKind(
    paths=("models", "models/{model}"),
    title="Models",
    asks="What is known of a model: how able, how dear, how open, and what may stand in for it?",
    place=10,
)


def answer(site: Site, words: Words, day: date) -> Result:
    """All that is known of one model."""
    facts = site.facts
    facts.require_evidence(day)
    if "model" not in words:
        return models_listing(models_of_day(facts, day))
    model = site.model(words["model"], day)
    if model.released_on and model.released_on > day:
        raise NoEvidence(
            f"{model.name} came out on {model.released_on}, after {day}. Choose a later day."
        )
    field = models_of_day(facts, day)
    if not model.released_on and day < site.today and model.model not in field.known:
        raise NoEvidence(f"Nothing was known of {model.name} by {day}. Choose a later day.")
    field.all_asked = site.whole
    return dossier(field, model)


def frozen(site: Site, day: date) -> Iterable[str]:
    """Every model of which more is known than its name."""
    return ("models", *(f"models/{model_word(i)}" for i in models_of_day(site.facts, day).known))
