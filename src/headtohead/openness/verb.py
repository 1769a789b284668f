"""The verb about openness: what of a model is published, and under which terms."""

from datetime import date

import polars as pl

from headtohead.core import dates
from headtohead.core.dates import Day, Period, Window
from headtohead.core.errors import InputError, NoEvidence, UnknownName
from headtohead.core.settings import takes
from headtohead.evidence.facts import Facts
from headtohead.evidence.store import Store
from headtohead.names.reading import key
from headtohead.openness.record import BY_NAME, TABLES, TRAINING, OpennessRecord, records
from headtohead.openness.result import OpennessResult
from headtohead.openness.settings import OpennessSettings


@takes(settings=OpennessSettings)
def explain_openness(
    *models: str,
    as_of: Day,
    settings: OpennessSettings,
    about: Window | None = None,
    store: Store | None = None,
) -> OpennessResult:
    """What of each model is published, under which licence, and its class of openness.

    Args:
        models: Names, in any spelling.
        as_of: The day of our knowledge.
        settings: The choice below as one object.
        about: The day it speaks of; `as_of` if None.
        store: The evidence; the user's own if None.

    Raises:
        InputError: If neither models nor a lab are given, or both.
        UnknownName: If a model or the lab is in no list.
        NoEvidence: If a model came out later.
    """
    if bool(models) == bool(settings.lab):
        raise InputError("Name one or more models, or give `lab`: one of the two.")
    day = dates.day(as_of, "as_of")
    window = dates.window(about) or Period(day, day)
    facts = Facts(store)
    facts.require_evidence(day)
    lab = _lab(facts, settings.lab) if settings.lab else ""
    if lab:
        wanted = _of_lab(facts, lab, window.end)
    else:
        wanted = [_model(facts, name, window.end, day) for name in models]
    made = openness_of(facts, wanted, window.end, day)
    ids = sorted({one.source_id for record in made for one in record.said} - {""})
    return OpennessResult(
        records=tuple(made),
        lab=lab,
        about=window,
        as_of=day,
        citations=facts.citations(ids, day),
    )


def openness_of(facts: Facts, models: list[str], about: date, as_of: date) -> list[OpennessRecord]:
    """The records of some models by their ids, in their order; other features ask here."""
    frames = {table: facts.frame(table, as_of) for table in (*TABLES, TRAINING)}
    return records(frames, facts.names, about, models)


def _model(facts: Facts, name: str, about: date, as_of: date) -> str:
    """The id that a name means; a model of no list is called as evidence prints it."""
    if not name.strip():
        raise InputError("A name of a model is empty.")
    meaning = facts.names.resolve(name, on=about)
    if meaning.model:
        known = facts.names.model(meaning.model)
        if known and known.released_on and known.released_on > about:
            raise NoEvidence(
                f"{known.name} came out on {known.released_on}, after {about}. Choose a later day."
            )
        return meaning.model
    tables = (facts.frame(table, as_of) for table in BY_NAME)
    printed = [
        n for rows in tables for n in rows.filter(pl.col("model_id").is_null())["model_name"]
    ]
    by_key = {key(one): one for one in printed}
    if key(name) in by_key:
        return str(by_key[key(name)])
    if lab := facts.names.lab_of(name):
        raise InputError(f"{lab.name} is a lab: `lab={lab.id!r}` gives all its models.")
    called = [model.name for model in facts.names.models().values()]
    raise UnknownName("model", name, [*called, *by_key.values()], meant=facts.names.suggested(name))


def _lab(facts: Facts, name: str) -> str:
    lab = facts.names.lab_of(name)
    if lab is None:
        labs = facts.names.labs().values()
        spelt = {text: lab.name for lab in labs for text in (*lab.spellings, lab.id)}
        raise UnknownName("lab", name, [lab.name for lab in labs], spelt)
    return lab.id


def _of_lab(facts: Facts, lab: str, about: date) -> list[str]:
    """The models of a lab that were out by a day, the newest first; those without a day last."""
    its = [m for m in facts.names.models().values() if m.lab == lab]
    out = [m for m in its if m.released_on is None or m.released_on <= about]
    if not out:
        raise NoEvidence(f"No model of {facts.names.lab(lab).name} was out by {about}.")
    out.sort(key=lambda m: (m.released_on or date.min, m.name), reverse=True)
    return [m.model for m in out]
