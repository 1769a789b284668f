"""What a scope word may say: values that some row had on some day, and names that are listed.

A slip in a claim must not pass as "not measurable". A value that exists, but was not known yet on
the day asked about, is no slip: `Facts.ask` says since when it is known.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import Any

import polars as pl

from headtohead.core.errors import UnknownName
from headtohead.core.question import FILTER, Question, ScopeWord, Sides, items_of
from headtohead.core.units import first_few
from headtohead.evidence.facts import Facts, with_entities
from headtohead.evidence.picking import day_of
from headtohead.evidence.tables import benchmarks, title
from headtohead.names.alike import nearest

_DATED = {
    "of": pl.String,
    "value": pl.String,
    "unit": pl.String,
    "day": pl.Date,
    "known_on": pl.Date,
}
_CALLED = {"source_id": "source", "model_id": "model", "open": "kind of weights"}


class Values:
    """The values in the evidence of one `Facts`, whenever they became known."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._columns: dict[str, list[str]] = {}
        self._values: dict[Hashable, frozenset[str]] = {}

    def read(self, question: Question, name: str, scope: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """What a scope word says, with names as the evidence spells them ("China" is "CN").

        Args:
            name: The scope word.
            scope: All scope words, filled in.

        Raises:
            UnknownName: If no row ever had a value, and no list of ours has it.
        """
        word, given = question.scope[name], scope[name]
        if given == word.default:
            return given

        def one(text: str) -> str:
            if word.kind == "models":
                return self._model(question, word, text)
            if word.column == FILTER:
                return self._filter(question, text)
            return self._value(question, word, text, scope) if word.column else text

        if isinstance(given, list | tuple):
            return [one(text) for text in given]
        return one(given) if isinstance(given, str) else given

    def hint(self, question: Question, name: str, scope: Mapping[str, Any]) -> str:
        """What a scope word may say ("Known: ..."); empty if it may be anything."""
        try:
            self.read(question, name, {**scope, name: ""})
        except UnknownName as unknown:
            return unknown.hint
        return ""

    def sides(self, group: str, a: str, b: str) -> Sides:
        """As `Facts.sides`."""
        return self._facts.sides(group, a, b)

    def rows(
        self,
        question: Question,
        word: ScopeWord,
        scope: Mapping[str, Any],
        by: date = date.max,
    ) -> list[pl.DataFrame]:
        """The rows of each table that has a scope word's column, narrowed as the word says."""
        kept = []
        for table in question.tables:
            rows = self._facts.store.ever(table).filter(pl.col("known_on") <= by)
            if word.column in rows.columns:
                for column, values in _narrowing(question, word, scope).items():
                    rows = rows.filter(pl.col(column).is_in(values))
                kept.append(rows)
        return kept

    def refused(self, question: Question, scope: Mapping[str, Any]) -> str:
        """Why no bound can hold the answer to a scope; empty if one can."""
        if not question.refuses:
            return ""
        ever = {table: self._facts.store.ever(table) for table in question.tables}
        return question.refuses(ever, scope)

    def units(self, question: Question, scope: Mapping[str, Any]) -> list[str]:
        """The units of the rows that a question answers in the unit of; none for any other."""
        if not question.unit_column:
            return []
        rows = self._facts.store.ever(question.reads[0])
        for name, word in question.scope.items():
            if word.column in rows.columns and (values := items_of(scope.get(name))):
                rows = rows.filter(pl.col(word.column).is_in(values))
        return sorted(rows[question.unit_column].unique())

    def dated(self, question: Question, word: ScopeWord, by: date = date.max) -> pl.DataFrame:
        """The values of a scope word known by a day, with the days that the evidence has of each.

        Returns:
            One row a value and values of the words that narrow it: columns `of` (those values,
            with commas), `value`, `unit` (of figures), `first_on` and `last_on` (days that its
            rows speak of; None where they name none), `known_from` and `rows_n`; the first by
            name of `of`, then those with the newest rows.
        """
        column = word.column or "model_name"
        narrowing = [question.scope[w].column for w in word.within if w in question.scope]
        found = [pl.DataFrame(schema=_DATED)]
        for rows in self.rows(question, replace(word, column=column), {}, by):
            of = pl.concat_str(narrowing, separator=", ") if narrowing else pl.lit("")
            unit = pl.col("unit") if "unit" in rows.columns else pl.lit("")
            found.append(
                rows.select(
                    of.alias("of"),
                    pl.col(column).alias("value"),
                    unit.alias("unit"),
                    day_of(rows).alias("day"),
                    "known_on",
                )
            )
        every = pl.concat(found).drop_nulls("value").group_by("of", "value")
        values = every.agg(
            pl.col("unit").unique().sort().str.join(", "),
            pl.col("day").min().alias("first_on"),
            pl.col("day").max().alias("last_on"),
            pl.col("known_on").min().alias("known_from"),
            pl.len().alias("rows_n"),
        )
        order = ["of", "last_on", "rows_n", "value"]
        return values.sort(order, descending=[False, True, True, False], nulls_last=True)

    def columns(self, table: str) -> list[str]:
        """The columns by which a filter may pick rows of a table."""
        if table not in self._columns:
            none = self._facts.store.ever(table).clear()
            self._columns[table] = with_entities(table, none, self._facts.names).columns
        return self._columns[table]

    def _value(
        self, question: Question, word: ScopeWord, text: str, scope: Mapping[str, Any]
    ) -> str:
        values = self._known(question, word, scope)
        if text in values or (word.part and any(text in value for value in values)):
            return text
        known = [
            f" of {_called(column)} {first_few(list(map(repr, of)), 3)}"
            for column, of in _narrowing(question, word, scope).items()
        ]
        return self._listed(word.column, text, values, "".join(known))

    def _known(
        self, question: Question, word: ScopeWord, scope: Mapping[str, Any]
    ) -> frozenset[str]:
        """Every value that rows have in a scope word's column; looked up once."""
        key = (question.tables, word.column, repr(_narrowing(question, word, scope)))
        if key not in self._values:
            rows = self.rows(question, word, scope)
            values = {v for f in rows for v in f[word.column].unique().drop_nulls()}
            if word.column == "source_id":
                values |= self._facts.store.source_ids()
            self._values[key] = frozenset(values)
        return self._values[key]

    def _model(self, question: Question, word: ScopeWord, name: str) -> str:
        names = self._facts.names
        if names.resolve(name).status != "unmatched":
            return name
        column = word.column or "model_name"
        named = replace(word, column=column)
        printed = {v for rows in self.rows(question, named, {}) for v in rows[column]}
        if name not in printed:
            raise UnknownName("model", name, printed, meant=names.suggested(name))
        return name

    def _filter(self, question: Question, text: str) -> str:
        """A filter with its values as the evidence spells them."""
        known = {c for table in question.tables for c in self.columns(table)}
        parts = []
        for part in filter(None, (p.strip() for p in text.split(","))):
            column, _, value = (p.strip() for p in part.partition("="))
            if column not in known:
                raise UnknownName("column", column, known, meant=nearest(column, known))
            values: set[str] = set()
            # Whether a name of ours is in some row would take a look at all names.
            if column not in self.names:
                for table in question.tables:
                    if column in self.columns(table):
                        values |= self._printed(table, column)
            if value not in values:
                value = self._listed(column, value, values)
            parts.append(f"{column}={value}")
        return ", ".join(parts)

    def _printed(self, table: str, column: str) -> frozenset[str]:
        """Every value of a column as text; looked up once."""
        if (table, column) not in self._values:
            values = self._facts.frame(table, date.max)[column].unique().cast(pl.String)
            self._values[table, column] = frozenset(values.drop_nulls())
        return self._values[table, column]

    def _listed(self, column: str, text: str, values: Iterable[str], of: str = "") -> str:
        """The value that a spelling stands for, where we have a list of names.

        Raises:
            UnknownName: If it stands for none.
        """
        listed = self.names.get(column, {})
        folded = {spelling.casefold(): value for spelling, value in listed.items()}
        if text.casefold() in folded:
            return folded[text.casefold()]
        meant = {**{value: value for value in values}, **listed}
        near = nearest(text, meant)
        raise UnknownName(f"{_called(column)}{of}", text, set(meant.values()), meant, near)

    @cached_property
    def names(self) -> dict[str, dict[str, str]]:
        """Our own lists of names: column -> every spelling of a value, with the value."""
        names = self._facts.names
        models = names.models().values()
        seats = {
            text: c.code
            for c in names.countries().values()
            for text in (c.name, c.adjective, *c.spellings, c.code)
        }
        labs, operators = (
            {text: o.id for o in known.values() for text in (*o.spellings, o.name, o.id)}
            for known in (names.labs(), names.operators())
        )
        return {
            "benchmark": {text: b for b in benchmarks() for text in (title(b), b)},
            "country": seats,
            "operator_country": seats,
            "lab": labs,
            "operator": operators,
            "family": {m.family: m.family for m in models},
            "brand": {(b := m.family.partition("-")[0]): b for m in models},
            "model_id": {text: m.model for m in models for text in (m.name, m.model)},
            "open": {"open": "open", "closed": "closed", "open weights": "open"},
        }


def _narrowing(
    question: Question, word: ScopeWord, scope: Mapping[str, Any]
) -> dict[str, list[str]]:
    """Column -> values of the rows in which a scope word's values stand."""
    narrowing = {}
    for given in word.within:
        column, fixed, value = given.partition("=")
        values = [value] if fixed else items_of(scope.get(column))
        if values:
            narrowing[column if fixed else question.scope[column].column] = values
    return narrowing


def _called(column: str) -> str:
    """What a value of a column is called in a message."""
    return _CALLED.get(column, column.replace("_", " "))
