"""How `h2h openness` is shown: every part of one model, or a line for each of several."""

from collections.abc import Iterator, Sequence
from functools import partial

from headtohead.core.units import counted
from headtohead.evidence.openness_framework import COMPONENTS
from headtohead.names.names import Names, country_name
from headtohead.openness.licences import (
    COMMERCIAL,
    COMMERCIAL_SHORT,
    LicenceTerms,
    licence_words,
    use_words,
)
from headtohead.openness.record import (
    FLAGS,
    LIMITED,
    NO,
    YES,
    OpennessRecord,
    Said,
    agree,
    said_by,
    value_words,
)
from headtohead.openness.result import OpennessResult
from headtohead.publish.sheet import (
    Cell,
    DataTable,
    Figure,
    Linked,
    Sheet,
    Step,
    TableColumn,
    Topic,
)
from headtohead.publish.words import content_hash, listed

_UNKNOWN = "not known"
_CLAUSES = {
    "condition": "Commercial use",
    "redistribution": "Passing it on",
    "naming": "Names to show",
    "uses": "Uses ruled out",
    "territory": "Where it does not hold",
}
_MOF = ("Model Openness Framework", "https://doi.org/10.48550/arXiv.2403.13784")


def openness_sheet(result: OpennessResult) -> Sheet:
    """The answer as a page, a terminal or a pull request shows it."""
    one = result.records[0] if len(result.records) == 1 else None
    whose = Names.load().lab(result.lab).name if result.lab else ""
    named = listed([record.name for record in result.records][:4])
    figures = _of_one(one) if one else (_of_many(result),)
    return Sheet(
        verb="openness",
        title=f"Openness of {whose or named}",
        kicker=f"About {result.about.in_words}; known by {result.as_of}.",
        sentence=f"{_sentence(one)}." if one else _counts(result, whose),
        topics=(Topic(figures=figures),),
        method=(
            "Of several sources the one that looked at the model itself counts first: our list of "
            "flagships, then our list of models, then catalogues, the Model Openness Framework's "
            "files, boards and indices. Where one differs, both are shown.",
            Step(
                "A class asks for all its components under open licences (III: 6, II: 10, I: 14, "
                "and 3 that may be left out). Without a file of the framework the class is given "
                "as what the known parts allow at most.",
                references=(_MOF,),
            ),
            "Clauses sum up the licences in a sentence each; they are no legal advice, and the "
            "text of the licence decides.",
        ),
        sources=result.citations,
        about=str(result.about),
        as_of=result.as_of,
        digest=content_hash(result.as_json()["results"]),
        notes=tuple(_notes(result)),
        full=True,
    )


def _sentence(record: OpennessRecord) -> str:
    """One model in a sentence."""
    weights, allowed = record.value("weights"), record.terms
    if weights == NO:
        return (
            f"{record.name} has no weights to download; whoever uses it is bound by the terms of "
            "the seller, which are not recorded here"
        )
    if weights is None:
        return f"Whether the weights of {record.name} can be downloaded is not known"
    licence = f"licence: {licence_words(allowed.spdx) if allowed else _UNKNOWN}"
    rest = [f"{FLAGS[f].lower()} {record.value(f) or _UNKNOWN}" for f in ("data", "code", "report")]
    base = f", made from {record.base.name}," if record.base else ""
    if record.base_adds and record.base:
        licence += f", and that of its base, {licence_words(record.base.licence)}"
    if allowed:
        licence += f" ({use_words(record.commercial)})"
    return (
        f"{record.name}{base} has open weights; {licence}; {'; '.join(rest)}; {record.grade.text} "
        "in the Model Openness Framework"
    )


def _counts(result: OpennessResult, whose: str) -> str:
    n, records = len(result.records), result.records
    is_open = sum(record.value("weights") == YES for record in records)
    unknown = sum(record.value("weights") is None for record in records)
    free = sum(
        record.value("weights") == YES and record.commercial in ("yes", "conditions")
        for record in records
    )
    of = f"{counted(n, 'model')} of {whose}" if whose else f"the {n} models"
    more = f"; of {counted(unknown, 'model')} it is not known whether" if unknown else ""
    said = f"{is_open} of {of} {'has' if is_open == 1 else 'have'} open weights"
    if is_open:
        whose = "" if free == is_open else f"{free} of them "
        said += f", {whose}under a licence known to let businesses use them, some with conditions"
    return f"{said}{more}."


def _notes(result: OpennessResult) -> Iterator[str]:
    for record in result.records:
        yield from (f"sources differ on {record.name}, {c}" for c in record.conflicts.values())
    memory = dict.fromkeys(
        one.name
        for record in result.records
        for allowed in (record.terms, record.base_terms)
        if allowed
        for one in allowed.licences
        if not one.checked
    )
    if memory:
        yield f"clauses from memory, not checked against the text: {listed(memory)}"


def _of_one(record: OpennessRecord) -> tuple[Figure, ...]:
    """Its parts with who says so, its clauses, its class."""
    parts: list[tuple[Cell, ...]] = []
    for flag, called in FLAGS.items():
        parts += _part(called, record.of(flag)) or [(called, _UNKNOWN, None, None, "")]
    grade, base = record.grade, record.base
    figures = [
        Figure(
            "parts",
            "Parts",
            columns=(
                TableColumn("part", "Part"),
                TableColumn("value", "What is known", long=True),
                TableColumn("said_by", "By", long=True),
                TableColumn("day", "Day"),
                TableColumn("also_said_by", "Also said by", long=True),
            ),
            rows=tuple(parts),
            shown=30,
            note=f"Model Openness Framework: {grade.text}; {grade.why}.",
            data=_table([record]),
        )
    ]
    clauses = [*_clauses(record.terms, "its own")]
    if base:
        clauses += _clauses(record.base_terms, f"its base, {base.name}")
    if clauses and record.value("weights") != NO:
        figures.append(
            Figure(
                "clauses",
                "What the licence asks",
                columns=(
                    TableColumn("clause", "Clause"),
                    TableColumn("asks", "What it says", long=True),
                    TableColumn("licence", "Licence of"),
                ),
                rows=tuple(clauses),
                shown=20,
            )
        )
    if record.evaluation:
        figures.append(_components(record))
    return tuple(figures)


def _components(record: OpennessRecord) -> Figure:
    """What the framework's file lists, class by class."""
    words = {YES: "under an open licence", LIMITED: "not under an open licence"}
    there = {name: words[state] for name, state in record.components.items()}
    rows = tuple(
        (
            name,
            one.of_class,
            "" if one.required else "may be left out",
            there.get(name, "not listed"),
        )
        for name, one in COMPONENTS.items()
    )
    return Figure(
        "components",
        "Components by the framework's file",
        columns=(
            TableColumn("component", "Component"),
            TableColumn("of_class", "Class"),
            TableColumn("required", "Needed"),
            TableColumn("state", "State", long=True),
        ),
        rows=rows,
        shown=len(rows),
    )


def _part(called: str, every: Sequence[Said]) -> list[tuple[Cell, ...]]:
    """A row for each thing that is said of one part, what counts first, with all who say it."""
    by_words: dict[str, list[Said]] = {}
    for one in every:
        by_words.setdefault(value_words(one), []).append(one)
    rows: list[tuple[Cell, ...]] = []
    for words, (first, *others) in by_words.items():
        held = "" if first is every[0] else "agrees" if agree(every[0], first) else "differs"
        marks = ", ".join(filter(None, (held, "" if first.verified else "not checked")))
        by = said_by(first) + (f" ({marks})" if marks else "")
        also = dict.fromkeys(said_by(one) for one in others if said_by(one) != said_by(first))
        cell = Linked(by, first.url) if first.url else by
        rows.append(("" if rows else called, words, cell, first.day, ", ".join(also)))
    return rows


def _clauses(allowed: LicenceTerms | None, whose: str) -> Iterator[tuple[Cell, ...]]:
    for one in allowed.licences if allowed else ():
        name = Linked(whose, one.url)
        if not one.condition:
            yield "Commercial use", f"{COMMERCIAL[one.commercial]}.".capitalize(), name
        for field, called in _CLAUSES.items():
            if text := getattr(one, field):
                yield called, text, name
    for spdx in allowed.unlisted if allowed else ():
        yield "All", f"What {licence_words(spdx)} asks is not known here.", whose


def _of_many(result: OpennessResult) -> Figure:
    columns = (
        TableColumn("name", "Model"),
        TableColumn("released_on", "Released"),
        TableColumn("weights", "Weights"),
        TableColumn("licence", "Licence"),
        TableColumn("commercial", "Commercial use"),
        TableColumn("class", "Class"),
    )
    rows = tuple(
        (
            record.name,
            record.released_on,
            _short(record.value("weights")),
            record.terms.spdx.replace("LicenseRef-", "") if record.terms else _none(record),
            COMMERCIAL_SHORT[record.commercial] if record.commercial else None,
            _class(record),
        )
        for record in result.records
    )
    return Figure(
        "models",
        "Models",
        columns=columns,
        rows=rows,
        shown=25,
        note="Class: by the Model Openness Framework, from III (open model) to I (open science); "
        "≤: at most; –: not known.",
        data=_table(result.records),
    )


def _short(value: str | None) -> str:
    return {YES: "open", NO: "closed", None: _UNKNOWN}.get(value, str(value))


def _class(record: OpennessRecord) -> str | None:
    least, most = record.grade.least, record.grade.most
    if least == most:
        return most
    return f"≤ {most}" if record.grade.is_known else None


def _none(record: OpennessRecord) -> str:
    """Of a closed model nothing is licensed; of others it is not known."""
    return "seller's terms" if record.value("weights") == NO else _UNKNOWN


_COLUMNS = {
    "model": "Id",
    "name": "Model",
    "lab": "Lab",
    "country": "Country",
    "released_on": "Released",
    "weights": "Weights",
    "licence": "Licence (SPDX)",
    "commercial": "Commercial use",
    "condition": "On condition",
    "redistribution": "Passing it on",
    "naming": "Names to show",
    "uses": "Uses ruled out",
    "territory": "Where it does not hold",
    "data": "Training data",
    "code": "Training code",
    "report": "Report",
    "base": "Made from",
    "base_licence": "Licence of the base",
    "class_least": "Class at least",
    "class_most": "Class at most",
    "conflicts": "Sources differ on",
}


def _table(records: Sequence[OpennessRecord]) -> DataTable:
    """The download: a row a model."""
    rows = []
    for record in records:
        allowed, base = record.terms, record.base
        clause = partial(_joined, allowed)
        rows.append(
            {
                "model": record.model,
                "name": record.name,
                "lab": record.lab,
                "country": record.country and country_name(record.country),
                "released_on": record.released_on,
                **{str(flag): record.value(flag) or _UNKNOWN for flag in FLAGS},
                "licence": allowed.spdx if allowed else _UNKNOWN,
                "commercial": record.commercial or _UNKNOWN,
                **{field: clause(field) for field in _CLAUSES},
                "base_licence": base and base.licence,
                "class_least": record.grade.least,
                "class_most": record.grade.most,
                "conflicts": "; ".join(record.conflicts.values()) or None,
            }
        )
    return DataTable.of(rows, _COLUMNS)


def _joined(allowed: LicenceTerms | None, field: str) -> str | None:
    texts = [getattr(one, field) for one in allowed.licences] if allowed else []
    return " ".join(filter(None, texts)) or None
