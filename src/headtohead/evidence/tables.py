"""The declared tables: what evidence looks like once it is ours, read from data/tables.toml."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, get_args

from headtohead.core.errors import UnknownName

Kind = Literal["text", "real", "int", "flag", "day", "moment"]


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
    """

    name: str
    doc: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

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
    made = {}
    for name, given in tomllib.loads(text).items():
        columns = []
        for column, (kind, doc) in given["columns"].items():
            if kind.removesuffix("?") not in get_args(Kind):
                raise ValueError(f"table {name}, column {column}: no kind is called {kind!r}")
            columns.append(Column(column, kind.removesuffix("?"), doc, not kind.endswith("?")))
        made[name] = Table(name, given["doc"], tuple(columns), tuple(given["key"]))
    return made


def table(name: str) -> Table:
    """The table called `name`.

    Raises:
        UnknownName: If none is.
    """
    if name not in tables():
        raise UnknownName("table", name, tables())
    return tables()[name]
