"""The verb about questions: what a claim can ask, and with which words and values."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import polars as pl

from headtohead.claims.questions.example import example, needed
from headtohead.claims.questions.result import KnownValue, QuestionsResult
from headtohead.core import dates
from headtohead.core.dates import Day
from headtohead.core.errors import UnknownName
from headtohead.core.estimate import Citation
from headtohead.core.question import FILTER, Question, ScopeWord
from headtohead.core.settings import takes
from headtohead.evidence.facts import Facts
from headtohead.evidence.picking import day_of
from headtohead.evidence.store import Store
from headtohead.evidence.values import Values
from headtohead.names.alike import nearest
from headtohead.questions import analyses

Known = tuple[KnownValue, ...]

# Lists of our own by which a side may be told, in the order in which people ask for them.
_SIDES = ("country", "open", "lab", "brand", "family", "model_id")
# What words of many questions are about; other values are shown with their question only.
_SHARED = ("board", "category", "benchmark", "part", "topic", "measure", "channel", "owner")
_OF_ROWS = ("source_id", "row_url", "note", "join_rule")  # columns that tell of rows, not of models
_FEW = 40  # most values of a column that is shown as a filter, but for those of _SIDES
_DEFAULT_DAY = date(2025, 12, 15)


@takes()
def list_questions(
    name: str = "", *, as_of: Day | None = None, store: Store | None = None
) -> QuestionsResult:
    """The questions that a claim can ask, with the values that its words may have, by day.

    Args:
        name: One question, with or without its folder ("performance.arena_gap", "arena_gap"), for
            all its words and values and an example; every question if empty.
        as_of: Values that the evidence had by this day; all that there are if None.
        store: The evidence; the user's own if None.

    Returns:
        A result that is also a sequence of the questions' names.

    Raises:
        UnknownName: If no question is called so.
    """
    questions = {i: a.QUESTION for i, a in analyses().items()}
    day = dates.day(as_of, "as_of") if as_of else None
    facts = Facts(store)
    values = Values(facts)
    if not name:
        return QuestionsResult(
            questions=questions,
            values=_of_all(values, questions, day or date.max),
            filters={c: tuple(dict.fromkeys(values.names[c].values())) for c in _SIDES},
            as_of=day,
        )
    found = [i for i in questions if name in (i, i.partition(".")[2])]
    if not found:
        raise UnknownName("question", name, questions, meant=nearest(name, [*questions]))
    question = questions[found[0]]
    known = {
        w: _known(values, question, word, day or date.max)
        for w, word in question.scope.items()
        if word.column not in ("", FILTER, "country") or word.kind == "models"
    }
    often = {w: sorted(some, key=lambda v: -v.rows_n) for w, some in known.items()}
    scope = needed(question, often)
    (unit, *_) = values.units(question, scope) or question.units
    return QuestionsResult(
        questions={found[0]: question},
        values=known,
        filters=_filters(facts, question, day or date.max),
        citations=_citations(facts, question, day or date.max),
        as_of=day,
        name=found[0],
        example=example(found[0], scope, unit, _last_day(facts, question, day or date.max)),
    )


def _of_all(values: Values, questions: Mapping[str, Question], by: date) -> dict[str, Known]:
    """The values of the columns that many questions ask for, each column once."""
    by_column: dict[str, Known] = {}
    for column in _SHARED:
        asked = [
            (question, word)
            for question in questions.values()
            for word in question.scope.values()
            if word.column == column and all(within in question.scope for within in word.within)
        ]
        if asked:
            tables = tuple(dict.fromkeys(t for question, _ in asked for t in question.tables))
            question, word = asked[0]
            of_all = replace(question, reads=tables, optional=())
            by_column[column] = _known(values, of_all, word, by)
    return by_column


def _citations(facts: Facts, question: Question, by: date) -> tuple[Citation, ...]:
    """Every source with rows in the tables that a question reads."""
    ever = (facts.store.ever(t).filter(pl.col("known_on") <= by) for t in question.tables)
    return facts.store.citations(sorted({i for rows in ever for i in rows["source_id"]}), by)


def _known(values: Values, question: Question, word: ScopeWord, by: date) -> Known:
    rows = values.dated(question, word, by).iter_rows(named=True)
    return tuple(KnownValue(**row) for row in rows)


def _filters(facts: Facts, question: Question, by: date) -> dict[str, tuple[str, ...]]:
    """By which columns a question can tell a side, with their values, the most frequent first."""
    if not any(word.column == FILTER for word in question.scope.values()):
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for table in question.tables:
        rows = facts.frame(table, by)
        texts = [c for c in rows.columns if rows[c].dtype == pl.String and c not in _OF_ROWS]
        for column in texts:
            by_number = rows[column].drop_nulls().value_counts(sort=True)[column].to_list()
            if column in _SIDES or 1 < len(by_number) <= _FEW:
                found[column] = tuple(dict.fromkeys([*found.get(column, ()), *by_number]))
    return {c: found[c] for c in [*_SIDES, *sorted(found.keys() - {*_SIDES})] if c in found}


def _last_day(facts: Facts, question: Question, by: date) -> date:
    """The last day that the evidence of a question speaks of."""
    days = []
    for table in question.tables:
        rows = facts.store.ever(table).filter(pl.col("known_on") <= by)
        past = rows.filter(day_of(rows) <= pl.col("known_on").max())
        days.append(past.select(day_of(past).max()).item())
    return max(filter(None, days), default=_DEFAULT_DAY)
