"""What evidence is of: the declared tables, rows checked against them, and the benchmarks known.

Tables stand in data/tables.toml, benchmarks in data/benchmarks.toml: what each tests, how many
items it has, what guessing scores.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, get_args

from headtohead.core.errors import EvidenceError, UnknownName
from headtohead.core.estimate import AgeLimit
from headtohead.evidence.sourcing import Row, Source

if TYPE_CHECKING:
    import polars as pl

Kind = Literal["text", "real", "int", "flag", "day", "moment"]
_EARLIEST = date(1900, 1, 1)
_KINDS: dict[Kind, tuple[type, ...]] = {
    "text": (str,),
    "real": (float, int),
    "int": (int,),
    "flag": (bool,),
    "day": (date,),
    "moment": (datetime,),
}
# A source of a million rows would not fit twice into memory as dictionaries.
_SLICE_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: Numeric names end with a unit of the registry.
        kind: "text", "real", "int", "flag" (true or false), "day" or "moment" (UTC).
    """

    name: str
    kind: Kind
    doc: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its columns, and the key under which a later row corrects an earlier one.

    Attributes:
        columns: Its own columns; `COMMON` follow in every table.
        key: Rows of one source that agree on these are versions of one fact.
        limit: How old its rows may be and still decide a sentence; None if they do not age.
        limits: The same by topic, where one table holds figures of many kinds.
        ahead: A day column; a listing begins with the rows whose day comes next.
    """

    name: str
    doc: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    limit: AgeLimit | None = None
    limits: Mapping[str, AgeLimit] = field(default_factory=dict)
    ahead: str = ""

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """Own columns, then the common ones."""
        return self.columns + COMMON


COMMON = (
    Column("known_on", "day", "The day the fact became public; as-of reads cut here."),
    Column("vintage", "day", "For sources replaced as a whole: the day of that edition.", False),
    Column("verified", "flag", "False where the figure could not be checked against its origin."),
    Column("row_url", "text", "Address of this very figure, where it has one.", False),
    Column("note", "text", "What a careful reader must know about this row.", False),
    Column("source_id", "text", "Whose figure it is."),
)


@cache
def tables() -> dict[str, Table]:
    """All declared tables by name.

    Raises:
        ValueError: If a column is of no kind we know.
    """
    text = files("headtohead").joinpath("data/tables.toml").read_text(encoding="utf-8")
    by_name = {}
    for name, given in tomllib.loads(text).items():
        columns = []
        for column, (kind, doc) in given["columns"].items():
            if kind.removesuffix("?") not in get_args(Kind):
                raise ValueError(f"table {name}, column {column}: no kind is called {kind!r}")
            columns.append(Column(column, kind.removesuffix("?"), doc, not kind.endswith("?")))
        limits = {topic: AgeLimit(**limit) for topic, limit in given.get("limits", {}).items()}
        by_name[name] = Table(
            name,
            given["doc"],
            tuple(columns),
            tuple(given["key"]),
            AgeLimit(**given["limit"]) if "limit" in given else None,
            limits,
            given.get("ahead", ""),
        )
    return by_name


def table(name: str) -> Table:
    """The table called `name`.

    Raises:
        UnknownName: If none is.
    """
    if name not in tables():
        raise UnknownName("table", name, tables())
    return tables()[name]


def polars_schema(table: Table) -> "dict[str, pl.DataType]":
    """Column -> polars type of the table's own and common columns, in order."""
    import polars as pl

    kinds: dict[str, pl.DataType] = {
        "text": pl.String(),
        "real": pl.Float64(),
        "int": pl.Int64(),
        "flag": pl.Boolean(),
        "day": pl.Date(),
        "moment": pl.Datetime("us", "UTC"),
    }
    return {c.name: kinds[c.kind] for c in table.all_columns}


def frame(table: Table, source: Source, rows: Sequence[Row], known_on: date) -> "pl.DataFrame":
    """The rows as a checked frame of the table.

    Rows may leave out `known_on`, `verified` and the `vintage` of a source that is replaced as a
    whole: `known_on` stands in for both days.

    Raises:
        EvidenceError: If a column is unknown or empty, a type is wrong, a key occurs twice, an
            number is not finite, an interval does not hold its value, or a date lies before 1900.
    """
    import polars as pl

    filled_table = pl.DataFrame(schema=polars_schema(table))
    try:
        for start in range(0, len(rows), _SLICE_ROWS):
            some = rows[start : start + _SLICE_ROWS]
            filled_table = filled_table.vstack(_fill(source, table, some, known_on))
    except (TypeError, pl.exceptions.PolarsError) as error:
        raise EvidenceError(
            f"{source.source_id}: a value of {table.name} has a wrong type: {error}"
        ) from None
    for column in table.all_columns:
        empty = filled_table[column.name].null_count() if column.required else 0
        if empty:
            raise EvidenceError(
                f"{source.source_id}: {table.name}.{column.name} is empty in {empty} of "
                f"{filled_table.height} rows, but every row needs it."
            )
        wrong = (~filled_table[column.name].is_finite()).sum() if column.kind == "real" else 0
        if wrong:
            raise EvidenceError(
                f"{source.source_id}: {table.name}.{column.name} is infinite or not a number in "
                f"{wrong} rows. Leave the value empty where there is none."
            )
        if column.kind == "day" and filled_table.height:
            first = filled_table[column.name].min()
            if isinstance(first, date) and first < _EARLIEST:
                raise EvidenceError(
                    f"{source.source_id}: {table.name}.{column.name} holds {first}, before 1900."
                )
    strange = filled_table.filter(~pl.col("row_url").str.contains(r"^https?://\S+$"))
    if strange.height:
        raise EvidenceError(
            f"{source.source_id}: {strange.height} rows of {table.name} have a row_url that is "
            f"not one web address, for example {strange['row_url'][0]!r}."
        )
    key = [*table.key, "known_on"]
    twice = filled_table.height - filled_table.select(key).n_unique()
    if twice:
        example = (
            filled_table.filter(filled_table.select(key).is_duplicated())
            .select(key)
            .row(0, named=True)
        )
        raise EvidenceError(
            f"{source.source_id}: {twice} rows of {table.name} repeat a key, for example {example}."
        )
    _check_intervals(table, source, filled_table)
    return filled_table


def _fill(source: Source, table: Table, rows: Sequence[Row], known_on: date) -> "pl.DataFrame":
    """The rows with what they may leave out, each value of its column's kind."""
    import polars as pl

    unknown = set().union(*rows) - {c.name for c in table.all_columns}
    if unknown:
        raise EvidenceError(
            f"{source.source_id}: {table.name} has no column {', '.join(sorted(unknown))}. "
            "Add it to data/tables.toml or drop it in the parser."
        )
    usual: Row = {"known_on": known_on, "verified": True}
    if source.whole:
        usual["vintage"] = known_on
    columns = []
    schema = polars_schema(table)
    for column in table.all_columns:
        name, kind = column.name, column.kind
        values = [row.get(name) for row in rows]
        # Looking at each type once takes a fraction of the time that looking at each value does.
        types = set(map(type, values)) - {type(None)}
        moments = (v for v in values if v is not None) if kind == "moment" else ()
        if not types <= set(_KINDS[kind]) or any(v.tzinfo is None for v in moments):
            value = next(v for v in values if v is not None and not _is(kind, v))
            raise EvidenceError(
                f"{source.source_id}: {table.name}.{name} holds {value!r}, which is no "
                f"{kind}. Convert it in the parser; a moment needs a time zone."
            )
        made = pl.Series(name, values, schema[name], strict=True)
        columns.append(made.fill_null(usual[name]) if name in usual else made)
    source_id = pl.lit(source.source_id, pl.String()).alias("source_id")
    return pl.DataFrame(columns).with_columns(source_id)


def _is(kind: Kind, value: object) -> bool:
    """Whether a value is of a kind; polars would quietly cut 1.5 to an int, a time to a day."""
    if type(value) not in _KINDS[kind]:
        return False
    return not isinstance(value, datetime) or value.tzinfo is not None


def _check_intervals(table: Table, source: Source, rows: "pl.DataFrame") -> None:
    """Columns x_low_unit and x_high_unit must hold x_unit between them."""
    import polars as pl

    names = {c.name for c in table.columns}
    for low in sorted(n for n in names if "_low_" in n or n.startswith("low_")):
        high, value = low.replace("low_", "high_"), low.replace("low_", "")
        if high not in names or value not in names:
            continue
        wrong = rows.filter((pl.col(low) > pl.col(value)) | (pl.col(high) < pl.col(value)))
        if wrong.height:
            example = wrong.select(low, value, high).row(0)
            raise EvidenceError(
                f"{source.source_id}: {wrong.height} rows of {table.name} have {value} outside "
                f"{low}..{high}, for example {example}."
            )


Domain = Literal["maths", "coding_agentic", "knowledge_reasoning", "other"]
DOMAINS: tuple[Domain, ...] = get_args(Domain)

_FIELDS = frozenset({"title", "domain", "items", "chance", "ceiling", "source", "note"})


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What is known of one benchmark.

    Attributes:
        items_n: Questions or tasks behind the published score; None if it is not a share of solved
            items, or if their number is not known.
        chance_frac: What guessing scores; 0 for free answers.
        ceiling_frac: The highest score thought possible; 1 unless some items are unsound.
    """

    benchmark: str
    title: str
    domain: Domain
    items_n: int | None
    chance_frac: float
    ceiling_frac: float
    source_url: str
    note: str

    def solved_frac(self, corrected_frac: float) -> float:
        """The share of items solved that a chance-corrected score stands for.

        A score that was cut off at 0 gives the chance level, whatever was solved.
        """
        return corrected_frac * (self.ceiling_frac - self.chance_frac) + self.chance_frac

    def corrected_frac(self, solved_frac: float) -> float:
        """The chance-corrected score for a share solved; below 0 if worse than guessing."""
        return (solved_frac - self.chance_frac) / (self.ceiling_frac - self.chance_frac)


def benchmark(benchmark_id: str) -> Benchmark:
    """The benchmark with this id.

    Raises:
        UnknownName: If nothing is recorded of it.
    """
    known = benchmarks()
    if benchmark_id not in known:
        raise UnknownName("benchmark", benchmark_id, known)
    return known[benchmark_id]


def title(benchmark_id: str) -> str:
    """How a benchmark calls itself; its id if nothing is recorded of it."""
    known = benchmarks()
    return known[benchmark_id].title if benchmark_id in known else benchmark_id


@cache
def benchmarks() -> Mapping[str, Benchmark]:
    """All benchmarks by id, from data/benchmarks.toml.

    Raises:
        ValueError: If an entry is not as the head of that file says.
    """
    text = files("headtohead").joinpath("data/benchmarks.toml").read_text(encoding="utf-8")
    return MappingProxyType({name: _read(name, row) for name, row in tomllib.loads(text).items()})


def _read(name: str, row: Mapping[str, object]) -> Benchmark:
    unknown = set(row) - _FIELDS
    if unknown:
        raise ValueError(f"benchmark {name}: unknown field(s) {', '.join(sorted(unknown))}")
    items, domain = row.get("items"), row["domain"]
    if domain not in DOMAINS:
        raise ValueError(f"benchmark {name}: no domain is called {domain!r}")
    if items is not None and (not isinstance(items, int) or items < 1):
        raise ValueError(f"benchmark {name}: {items!r} is not a number of items")
    chance, ceiling = float(str(row.get("chance", 0))), float(str(row.get("ceiling", 1)))
    if not 0 <= chance < ceiling <= 1:
        raise ValueError(f"benchmark {name}: chance {chance} and ceiling {ceiling} do not fit")
    return Benchmark(
        name,
        str(row["title"]),
        next(d for d in DOMAINS if d == domain),
        items,
        chance,
        ceiling,
        str(row["source"]),
        str(row.get("note", "")),
    )


def in_words(text: str) -> str:
    """The text with titles in the place of the ids of benchmarks and the names of their parts."""

    def title(match: re.Match[str]) -> str:
        part = f", {match[2].replace('_', ' ')}" if match[2] else ""
        return f"{benchmarks()[match[1]].title}{part}"

    return _ids().sub(title, text)


@cache
def _ids() -> re.Pattern[str]:
    # The longest first: one id may be the beginning of another.
    known = sorted(benchmarks(), key=len, reverse=True)
    ids = "|".join(map(re.escape, known))
    return re.compile(rf"(?<![\w-])({ids})(?: (\w+_\w+))?(?![\w-])")
