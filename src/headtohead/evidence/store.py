"""The evidence as it was known on any day: built-in, hand-gathered and downloaded, read as one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from headtohead.core.errors import DamagedStore, NoEvidence, UnknownName
from headtohead.core.provenance import Citation
from headtohead.core.sourcing import Source
from headtohead.core.tables import Column, Table, table, tables
from headtohead.evidence import catalogue
from headtohead.sources import importers

if TYPE_CHECKING:
    import polars as pl

_SQL = {
    "text": "VARCHAR",
    "real": "DOUBLE",
    "int": "BIGINT",
    "flag": "BOOLEAN",
    "day": "DATE",
    "moment": "TIMESTAMPTZ",
}


def builtin_folder() -> Path:
    """Where the evidence that ships with the package lies."""
    return Path(str(files("headtohead").joinpath("data/evidence/builtin")))


def curated_folder() -> Path:
    """Where the hand-gathered figures that ship with the package lie."""
    return Path(str(files("headtohead").joinpath("data/evidence/curated")))


def home_folder() -> Path:
    """Where `h2h update` keeps what the user downloads, unless told otherwise."""
    from platformdirs import user_data_path

    return user_data_path("headtohead")


@dataclass(frozen=True, slots=True)
class Card:
    """One source in the catalogue.

    Attributes:
        source: Its descriptor.
        imports: What was taken from it, oldest first.
        builtin: True if some of it ships with the package.
        curated: True if it was gathered by hand.
    """

    source: Source
    imports: tuple[catalogue.Import, ...]
    builtin: bool
    curated: bool


class Store:
    """The only door to the evidence.

    Args:
        home: Folder of downloaded evidence; the user's own if None.
        builtin: Folder of shipped evidence; the package's own if None.
        curated: Folder of hand-gathered figures; the package's own if None.
    """

    def __init__(
        self, home: Path | None = None, *, builtin: Path | None = None, curated: Path | None = None
    ) -> None:
        self.home = home or home_folder()
        self.builtin = builtin or builtin_folder()
        self.curated = curated or curated_folder()
        self._frames: dict[tuple[str, date], pl.DataFrame] = {}

    def read(self, name: str, as_of: date) -> "pl.DataFrame":
        """The rows of a table that were known on a day, each fact in its latest version.

        Args:
            name: A declared table.
            as_of: The day of knowledge; rows known later have no influence.

        Returns:
            A frame with the table's columns, ordered by source and key; empty if nothing was known.

        Raises:
            UnknownName: If no table is called so.
            DamagedStore: If a file of the store cannot be read.
        """
        if (name, as_of) not in self._frames:
            self._frames[name, as_of] = self._query(table(name), as_of)
        return self._frames[name, as_of]

    def first_known(self) -> date:
        """The day the oldest evidence of all became known.

        Raises:
            NoEvidence: If the store holds nothing.
        """
        days = [d for name in tables() for d in self._known_days(table(name))]
        if not days:
            raise NoEvidence("The store holds no evidence. Run `h2h update`.")
        return min(days)

    def cards(self) -> tuple[Card, ...]:
        """Every source: what is built in, what was gathered by hand, what was downloaded."""
        shipped, mine = catalogue.read(self.builtin), catalogue.read(self.home)
        from headtohead.evidence.curated import curated_sources

        by_hand = {s.source_id: s for s, _ in curated_sources(self.curated)}
        known = {i: found.source for i, found in importers().items()} | by_hand
        return tuple(
            Card(
                known[i],
                tuple(e for e in (*shipped, *mine) if e.source_id == i),
                builtin=i in by_hand or any(e.source_id == i for e in shipped),
                curated=i in by_hand,
            )
            for i in sorted(known)
        )

    def citation(self, source_id: str, as_of: date) -> Citation:
        """How to cite what a source said by a day.

        Raises:
            UnknownName: If no source is called so.
        """
        cards = {c.source.source_id: c for c in self.cards()}
        if source_id not in cards:
            raise UnknownName("source", source_id, cards)
        return _citation(cards[source_id], as_of)

    def citations(self, source_ids: Sequence[str], as_of: date) -> tuple[Citation, ...]:
        """The citations of several sources, in name order."""
        cards = {c.source.source_id: c for c in self.cards()}
        return tuple(_citation(cards[i], as_of) for i in sorted(set(source_ids)))

    def _query(self, t: Table, as_of: date) -> "pl.DataFrame":
        import duckdb
        import polars as pl

        key = ", ".join(("source_id", *t.key))
        query = f"""
            WITH everything AS ({self._everything(t)}),
            known AS (SELECT * FROM everything WHERE known_on <= DATE '{as_of.isoformat()}'),
            edition AS (SELECT source_id, max(vintage) AS latest FROM known GROUP BY source_id)
            SELECT {", ".join(c.name for c in t.all_columns)}
            FROM known JOIN edition USING (source_id)
            WHERE vintage IS NULL OR vintage = latest
            QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY known_on DESC, seq DESC) = 1
            ORDER BY {key}
        """
        with duckdb.connect(config={"TimeZone": "UTC"}) as connection:
            try:
                return pl.DataFrame(connection.sql(query))
            except duckdb.Error as error:
                raise DamagedStore(
                    f"The evidence of {t.name} cannot be read ({error}). Move {self.home} away and "
                    "run `h2h update` again; the built-in evidence is not touched by this."
                ) from None

    def _known_days(self, t: Table) -> Iterator[date]:
        import duckdb

        with duckdb.connect() as connection:
            found = connection.sql(f"SELECT min(known_on) FROM ({self._everything(t)})").fetchone()
            if found and found[0]:
                yield found[0]

    def _everything(self, t: Table) -> str:
        """SQL for every row of a table; `seq` grows with the order in which it was taken."""
        nothing = ", ".join(f"NULL::{_SQL[c.kind]} AS {c.name}" for c in t.all_columns)
        parts = [f"SELECT {nothing}, 0 AS seq WHERE false"]
        parts += [_from_csv(p, t) for p in sorted(self.curated.glob(f"*/{t.name}.csv"))]
        taken = [
            folder / entry.file(t.name)
            for folder in (self.builtin, self.home)
            for entry in catalogue.read(folder)
            if t.name in entry.tables
        ]
        parts += [
            f"SELECT *, {seq} AS seq FROM read_parquet('{_quoted(path)}')"
            for seq, path in enumerate(taken, start=1)
        ]
        return " UNION ALL BY NAME ".join(parts)


def _from_csv(path: Path, t: Table) -> str:
    """SQL that reads one hand-gathered file with the table's own types."""
    header = path.open(encoding="utf-8").readline().strip().split(",")
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in header)
    casts = ", ".join(_cast(c) for c in t.all_columns if c.name in header)
    return (
        f"SELECT {casts}, '{path.parent.name}' AS source_id, 0 AS seq FROM read_csv("
        f"'{_quoted(path)}', header=true, auto_detect=false, delim=',', quote='\"', escape='\"', "
        f"nullstr='', columns={{{columns}}})"
    )


def _cast(column: Column) -> str:
    return f"CAST({column.name} AS {_SQL[column.kind]}) AS {column.name}"


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _citation(card: Card, as_of: date) -> Citation:
    s = card.source
    seen = [e for e in card.imports if e.retrieved_on <= as_of] or list(card.imports)
    latest = seen[-1] if seen else None
    return Citation(
        source_id=s.source_id,
        publisher=s.publisher,
        product=s.product,
        citation=s.citation,
        url=s.url,
        licence=s.licence,
        evaluator=s.evaluator,
        known_on=latest.known_on if latest else None,
        retrieved_on=latest.retrieved_on if latest else None,
        sha256=latest.sha256 if latest else "",
    )
