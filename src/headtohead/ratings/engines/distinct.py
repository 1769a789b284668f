"""Votes of an engine as their distinct rows, so that one set of rules reads votes of any kind.

The engine groups the columns that the rules look at and counts; the rules then run on those few
rows, as they would on a file. Columns with many values are made coarser in the engine first, as far
as the rules cannot tell. Covariates become expressions that the engine computes.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]

from headtohead.core.errors import InputError
from headtohead.files.tables import (
    OFTEN_JSON,
    Batches,
    Columns,
    Path,
    Paths,
    UserTable,
    nested,
    word_of,
)
from headtohead.ratings.engines.opening import EngineSource, Ibis
from headtohead.ratings.reading.layout import (
    AsItStands,
    LabelSource,
    OneWord,
    Style,
    style_paths,
    word_key,
)
from headtohead.ratings.reading.recognising import Part
from headtohead.ratings.reading.times import day_number
from headtohead.ratings.reading.votes import LEAVE_OUT
from headtohead.ratings.settings import VoteOptions, Window

VOTES, ROW, STYLE = "h2h_votes", "h2h_row", "h2h_style"
"""Columns of distinct rows: how many votes, which row, and 0 where covariates are readable."""

_TEXT, _MISSING = "h2h_text_", "\u2400"
_DAY = 86_400
_HEAD = 100
_USUAL = 700_000 * _DAY  # seconds, from the year 53 to 3886


class EngineTable(UserTable):
    """The columns of a table inside an engine, for the rules to find theirs.

    Raises:
        InputError: If a column of marks holds JSON as text, which the engine cannot look into.
    """

    def __init__(self, source: EngineSource) -> None:
        self.source = source
        fields = []
        for name, kind in source.table.schema().items():
            try:
                fields.append(pa.field(name, kind.to_pyarrow()))
            except (NotImplementedError, KeyError):
                # A type that Arrow lacks holds no votes; the column still has its name.
                fields.append(pa.field(name, pa.binary()))
        super().__init__(source.name, Columns.of_schema(pa.schema(fields)))
        texts = [name for name in OFTEN_JSON if self.columns.kind((name,)) == "text"]
        if not texts:
            return
        head = source.fetch(source.table.select(*texts).limit(_HEAD))
        for name in texts:
            said = [text for text in head[name].to_pylist() if text]
            if said and all(text.lstrip().startswith("{") for text in said):
                raise InputError(
                    f"{self.name}, column {name}: JSON as text, whose fields would be overlooked. "
                    f"Turn it into a struct in the engine, or leave out `engine`."
                )

    def batches(self, paths: Paths, rows: int, coded: Paths = (), lists: Paths = ()) -> Batches:
        """Some rows, which are all that is read here: the engine counts the others."""
        names = dict.fromkeys(path[0] for path in paths)
        head = self.source.fetch(self.source.table.select(*names).limit(rows))
        yield from head.combine_chunks().to_batches()

    def document(self) -> Mapping[str, Any]:
        """Nothing: a table is no document."""
        raise InputError(f"{self.name} is no JSON document. Leave out `engine` for counts.")


class DistinctRows(UserTable):
    """Distinct rows held in memory, as a table that the rules can scan.

    Its rows have top-level columns with what they hold, and `ROW`.
    """

    def __init__(self, name: str, columns: Columns, rows: pa.Table) -> None:
        self.rows = rows
        extra = {ROW: "number", VOTES: "number", STYLE: "number"}
        super().__init__(name, Columns({**columns.tree, **extra}))

    def batches(self, paths: Paths, rows: int, coded: Paths = (), lists: Paths = ()) -> Batches:
        """All columns there are."""
        yield from self.rows.combine_chunks().to_batches(rows)


@dataclass(frozen=True, slots=True, eq=False)
class Keys:
    """What the engine groups by: an expression for every column that the rules look at.

    Attributes:
        readable: An expression that is true where covariates are readable; None without any.
        exact: Values that a filter lets through, by the column of the filter.
    """

    part: Part
    options: VoteOptions
    window: Window | None
    readable: Any
    exact: Mapping[Path, Collection[Any]] = field(default_factory=dict)

    def of(self, paths: Sequence[Path], table: Ibis) -> dict[Path, Any]:
        """The expression for every path that the table has, and for `STYLE`."""
        columns = self.part.table.columns
        result = {path: self._at(path, table) for path in paths if columns.kind(path) is not None}
        if self.readable is not None:
            result[(STYLE,)] = self.readable.ifelse(0.0, None).cast("float64")
        return result

    def _at(self, path: Path, table: Ibis) -> Ibis:
        import ibis  # type: ignore[import-untyped]

        value = at(table, path)
        if path == self.part.time:
            return self._day(value, self.part.table.columns.kind(path))
        if path in self.exact:
            return ibis.ifelse(value.isin(list(self.exact[path])), value, None)
        return value

    def _day(self, value: Ibis, kind: str | None) -> Ibis:
        """Seconds since 1970 that lie in the same windows and on the same side of each limit."""
        import ibis

        if kind == "time":
            if value.type().is_date():
                return self._limited(value.epoch_days().cast("int64")) * _DAY
            return self._limited((value.epoch_seconds().cast("float64") / _DAY).floor()) * _DAY
        if kind != "number":
            return value
        raw = value.cast("float64")
        size = raw.abs()
        scales = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
        seconds = ibis.cases(*((size >= least, raw / by) for least, by in scales), else_=raw)
        # What is no day is left as it is, for the rules to refuse.
        usual = seconds.abs() < _USUAL
        day = (ibis.ifelse(usual, seconds, None) / _DAY).floor()
        return ibis.ifelse(usual, (self._limited(day) * _DAY).cast("float64"), raw)

    def _limited(self, day: Ibis) -> Ibis:
        import ibis

        since, until = self.options.since, self.options.until
        if self.window == "day":
            result = day
        elif self.window == "week":
            result = day - _modulo(day + 3, 7)  # day 0 was a Thursday
        elif self.window is not None:
            result = day - _day_of_month(day)
        else:
            result = day * 0 + next((day_number(limit) for limit in (since, until) if limit), 0)
        if since is not None:
            first = day_number(since)
            result = ibis.ifelse(day < first, first - 1, ibis.greatest(result, first))
        if until is not None:
            last = day_number(until)
            result = ibis.ifelse(day > last, last + 1, result)
        return ibis.ifelse(day.isnull(), None, result)


def distinct_rows(
    source: EngineSource, keys: Keys, paths: Sequence[Path], *, texts: bool = False
) -> pa.Table:
    """The distinct values of some columns and how often each combination comes.

    With `texts`, the text that `key_texts` makes of each value is a column too.

    Returns:
        A table with the columns as the rules find them, `VOTES` and `ROW`, in a fixed order.
    """
    wanted = list(keys.of(paths, source.table).items())
    by = [value.name(f"c{i}") for i, (_, value) in enumerate(wanted)]
    more = key_texts(source, keys, paths) if texts else {}
    by += [value.name(name) for name, value in more.items()]
    rows = source.fetch(source.table.group_by(by).agg(**{VOTES: source.table.count()}))
    order = [
        (field.name, "ascending")
        for field in rows.schema
        if not pa.types.is_nested(field.type) and not pa.types.is_null(field.type)
    ]
    rows = rows.sort_by(order)
    result = nested(
        {path: rows[f"c{i}"].combine_chunks() for i, (path, _) in enumerate(wanted)},
        lambda fields: pa.StructArray.from_arrays(list(fields.values()), list(fields)),
    )
    for name in (VOTES, *more):
        result[name] = rows[name].combine_chunks()
    result[ROW] = pa.array(range(rows.num_rows), pa.int64())
    return pa.table(result)


def key_texts(source: EngineSource, keys: Keys, paths: Sequence[Path]) -> dict[str, Any]:
    """Name -> expression that makes a text of a column; a missing value is a text too.

    Engines join on texts alike, but not on missing values.
    """
    result = replace(keys, readable=None).of(paths, source.table).values()
    return {f"{_TEXT}{i}": one.cast("string").fill_null(_MISSING) for i, one in enumerate(result)}


def text_names(rows: pa.Table) -> list[str]:
    """The columns of distinct rows that `key_texts` made."""
    return [name for name in rows.column_names if name.startswith(_TEXT)]


def passing(source: EngineSource, part: Part, options: VoteOptions) -> dict[Path, list[Any]]:
    """For each column that one filter looks at, the values it lets through.

    A column with many other values (languages, voters) then makes no more rows than that.
    """
    tests: list[tuple[LabelSource, Any]] = [
        (where, lambda word, value=value: word_key(word) == word_key(value))
        for _, where, value in part.where
    ]
    if part.language is not None:
        wanted = {language.strip().casefold() for language in options.languages}
        tests.append((part.language, lambda word: word.strip().casefold() in wanted))
    looked = [where.path for where, _ in tests if isinstance(where, OneWord)]
    result = {}
    for where, fits in tests:
        if not isinstance(where, OneWord) or looked.count(where.path) > 1:
            continue
        result[where.path] = _values(source, where.path, fits)
    return result


def having(source: EngineSource, path: Path, word: str) -> EngineSource:
    """The rows of a table whose column says that word, letter by letter."""
    values = _values(source, path, lambda said: said == word)
    rows = source.table.filter(at(source.table, path).isin(values))
    return EngineSource(source.name, rows, source.backend)


def _values(source: EngineSource, path: Path, fits: Callable[[str], bool]) -> list[Any]:
    """The values of a column whose words fit."""
    value = at(source.table, path).name("value")
    values = source.fetch(source.table.select(value).distinct())["value"].to_pylist()
    words = ((value, word_of(value)) for value in values)
    return [value for value, word in words if word is not None and fits(word)]


def at(table: Ibis, path: Path) -> Ibis:
    """The column at a path."""
    value = table[path[0]]
    for name in path[1:]:
        value = value[name]
    return value


def _modulo(value: Ibis, by: int) -> Ibis:
    return value - by * (value / by).floor()


def _day_of_month(day: Ibis) -> Ibis:
    """Days since the first of the month, from days since 1970, by arithmetic that any engine does.

    References:
        Neri, C., Schneider, L. (2023). Euclidean affine functions and their application to calendar
        algorithms. Software: Practice and Experience 53, 937-970. doi:10.1002/spe.3172
    """
    shifted = day + 719_468  # days since 1 March of year 0
    of_era = _modulo(shifted, 146_097)
    leap_days = (of_era / 1460).floor() - (of_era / 36_524).floor() + (of_era / 146_096).floor()
    year = ((of_era - leap_days) / 365).floor()
    of_year = of_era - (365 * year + (year / 4).floor() - (year / 100).floor())
    month = ((5 * of_year + 2) / 153).floor()
    return of_year - ((153 * month + 2) / 5).floor()


def measures(table: Ibis, styles: Sequence[Style], columns: Columns) -> list[Any]:
    """An expression for each covariate, first minus second."""
    import ibis

    result = []
    for style in styles:
        if isinstance(style, AsItStands):
            result.append(_sum(table, (style.path,), columns)[0])
            continue
        a, _ = _sum(table, style.a, columns, characters=style.characters)
        b, _ = _sum(table, style.b, columns, characters=style.characters)
        result.append(ibis.ifelse(a + b > 0, (a - b) / (a + b), 0.0))
    return result


def readable(table: Ibis, styles: Sequence[Style], columns: Columns) -> Ibis:
    """An expression that is true where all covariates can be read."""
    parts = [_is_fine(table, style, columns) for style in styles]
    result = parts[0]
    for part in parts[1:]:
        result = result & part
    return result


def first_unreadable(source: EngineSource, styles: Sequence[Style], columns: Columns) -> InputError:
    """What to say of the first covariate that cannot be read somewhere."""
    for style in styles:
        wrong = source.table.filter(~_is_fine(source.table, style, columns))
        n = source.fetch(wrong.agg(n=wrong.count()))["n"][0].as_py()
        if n == 0:
            continue
        paths = [path for path in style_paths((style,)) if columns.kind(path) is not None]
        shown = [at(wrong, path).name(f"c{i}") for i, path in enumerate(paths)]
        row = source.fetch(wrong.select(*shown).limit(1)).to_pylist()[0].values()
        said = ", ".join(repr(value) for value in row)
        where = ", ".join(".".join(path) for path in paths)
        return InputError(
            f"{source.name}, {n:,} row{'s' if n > 1 else ''}, column {where}: {said} is no measure "
            f"of style. Correct it, {LEAVE_OUT}."
        )
    return InputError(f"{source.name}: a covariate cannot be read.")


def _is_fine(table: Ibis, style: Style, columns: Columns) -> Ibis:
    if isinstance(style, AsItStands):
        return _sum(table, (style.path,), columns, signed=True)[1]
    a = _sum(table, style.a, columns, characters=style.characters)[1]
    return a & _sum(table, style.b, columns, characters=style.characters)[1]


def _sum(
    table: Ibis,
    paths: Sequence[Path],
    columns: Columns,
    *,
    signed: bool = False,
    characters: bool = False,
) -> tuple[Any, Any]:
    """The sum of what there is in some columns, and where it is a measure."""
    import ibis

    total, some, fine = ibis.literal(0.0), ibis.literal(False), ibis.literal(True)
    for path in paths:
        kind = columns.kind(path)
        if kind is None:
            continue
        raw = at(table, path)
        value, number = _number(raw, kind, characters=characters)
        bad = value.isinf() if signed else value.isinf() | (value < 0)
        fine = fine & number & ~bad.fill_null(False)
        total = total + value.fill_null(0.0)
        some = some | value.notnull()
    return total, fine & some


def _number(raw: Ibis, kind: str, *, characters: bool) -> tuple[Ibis, Ibis]:
    """A column as numbers, null where nothing stands; and where something is no number."""
    import ibis

    yes = ibis.literal(True)
    if characters:
        return raw.length().cast("float64"), yes
    if kind == "flag":
        return raw.cast("int8").cast("float64"), yes
    if kind == "text":
        text = raw.strip().nullif("")
        value = text.try_cast("float64")
        return value.nullif(float("nan")), text.isnull() | value.notnull()
    value = raw.cast("float64")
    return ibis.ifelse(value.isnan(), None, value), yes
