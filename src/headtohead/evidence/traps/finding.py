"""What the validators share: what one says, and rows by name out of a frame or mappings."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """One trap found in data.

    Attributes:
        trap: Short id of the trap.
        affects: The names or rows concerned, in the order of the data.
    """

    trap: str
    where: str
    what: str
    fix: str
    affects: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.where}: {self.what}. {self.fix}"


def rows_of(table: "pl.DataFrame | Sequence[Row]", columns: Iterable[str]) -> list[Row]:
    """The rows as mappings, checked to hold the columns.

    Raises:
        ValueError: If a column is missing.
    """
    if isinstance(table, Sequence):
        rows: list[Row] = list(table)
    else:
        rows = list(table.iter_rows(named=True))
    wanted = list(columns)
    for position, row in enumerate(rows):
        if missing := [name for name in wanted if name not in row]:
            raise ValueError(
                f"row {position} has no column {', '.join(map(repr, missing))}; "
                f"it has {', '.join(map(repr, row))}"
            )
    return rows


def is_empty(value: object) -> bool:
    """Whether a cell says nothing: None, NaN or blank text."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return True
    return isinstance(value, float) and value != value


def label(values: Iterable[object]) -> str:
    """The stated values in one line, as a name for the row."""
    return " / ".join(str(value) for value in values if not is_empty(value)) or "(nothing stated)"
