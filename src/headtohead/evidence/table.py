"""What a declared table is: its columns, and the key under which a later row corrects another."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "real", "int", "flag", "day", "moment"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: Numeric names end with a unit of the registry.
        kind: "text", "real", "int", "flag" (true or false), "day" or "moment" (UTC).
        doc: What it holds.
        required: False if a row may leave it empty.
    """

    name: str
    kind: Kind
    doc: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its columns, and the key under which a later row corrects an earlier one.

    Attributes:
        name: As in `h2h evidence NAME`.
        doc: One sentence: what a row is.
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
