"""The evidence as it was known on any day: built-in, hand-gathered and downloaded, read as one."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from headtohead.core.errors import DamagedStore, NoEvidence, UnknownName
from headtohead.core.provenance import Citation
from headtohead.evidence import catalogue
from headtohead.evidence.frames import polars_schema
from headtohead.evidence.sources import importers
from headtohead.evidence.sourcing import Source
from headtohead.evidence.tables import Column, Table, table, tables

if TYPE_CHECKING:
    import duckdb
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
        self._intact: set[str] = set()
        self._engine: duckdb.DuckDBPyConnection | None = None
        self._stamp: tuple[object, ...] = ()

    def read(self, name: str, as_of: date) -> "pl.DataFrame":
        """The rows of a table that were known on a day, each fact in its latest version.

        Of a source that is published in whole editions, the latest edition of that day counts;
        if all its editions are younger, the oldest does, as the nearest witness to what was known.
        So an edition that comes later never changes a read.

        Args:
            name: A declared table.
            as_of: The day of knowledge; rows known later have no influence.

        Returns:
            A frame with the table's columns, ordered by source and key; empty if nothing was known.

        Raises:
            UnknownName: If no table is called so.
            DamagedStore: If a file of the store cannot be read.
        """
        stamp = tuple(_stamp(folder / catalogue.NAME) for folder in (self.builtin, self.home))
        if stamp != self._stamp:
            self._stamp = stamp
            self._frames.clear()
        if (name, as_of) not in self._frames:
            self._frames[name, as_of] = self._query(table(name), as_of)
        return self._frames[name, as_of]

    def first_known(self) -> date:
        """The day the oldest evidence of all became known.

        Raises:
            NoEvidence: If the store holds nothing.
        """
        days = [d for t in tables().values() if (d := self._extreme(t, "min(known_on)", "true"))]
        if not days:
            raise NoEvidence("The store holds no evidence. Run `h2h update`.")
        return min(days)

    def last_window(self, source: Source) -> date | None:
        """The last day of the last window that we hold of a source; None if we hold none."""
        windowed = [
            t for t in map(table, source.rows) if "window_end" in {c.name for c in t.columns}
        ]
        mine = f"source_id = '{source.source_id}'"
        days = [d for t in windowed if (d := self._extreme(t, "max(window_end)", mine))]
        return max(days, default=None)

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
        return self._citation(cards[source_id], as_of)

    def citations(self, source_ids: Sequence[str], as_of: date) -> tuple[Citation, ...]:
        """The citations of several sources, in name order.

        Raises:
            UnknownName: If one of them is not known.
        """
        cards = {c.source.source_id: c for c in self.cards()}
        if unknown := sorted(set(source_ids) - set(cards)):
            raise UnknownName("source", unknown[0], cards)
        return tuple(self._citation(cards[i], as_of) for i in sorted(set(source_ids)))

    def _citation(self, card: Card, as_of: date) -> Citation:
        s = card.source
        taken = [e for e in card.imports if e.edition <= as_of] or list(card.imports[:1])
        latest = taken[-1] if taken else None
        known_on, unverified = self._knowledge(card, as_of)
        return Citation(
            source_id=s.source_id,
            publisher=s.publisher,
            product=s.product,
            citation=s.citation,
            url=s.url,
            licence=s.licence,
            evaluator=s.evaluator,
            known_on=known_on,
            retrieved_on=latest.retrieved_on if latest else None,
            sha256=latest.sha256 if latest else self._by_hand(s.source_id),
            unverified=unverified,
        )

    def _by_hand(self, source_id: str) -> str:
        """One digest over the files of a source gathered by hand; empty if it is none."""
        digest = hashlib.sha256()
        files = sorted(p for p in (self.curated / source_id).glob("*") if p.is_file())
        for path in files:
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
        return digest.hexdigest() if files else ""

    def _knowledge(self, card: Card, as_of: date) -> tuple[date | None, bool]:
        """When the latest row of a source known by a day became known; is one unverified?"""
        import polars as pl

        source_id = card.source.source_id
        days, unverified = [], False
        for name in {t for e in card.imports for t in e.tables} | set(card.source.rows):
            rows = self.read(name, as_of).filter(pl.col("source_id") == source_id)
            if isinstance(latest := rows["known_on"].max(), date):
                days.append(latest)
                unverified = unverified or not rows["verified"].all()
        return max(days, default=None), unverified

    def _query(self, t: Table, as_of: date) -> "pl.DataFrame":
        import polars as pl

        key = ", ".join(("source_id", *t.key))
        query = f"""
            WITH everything AS ({self._everything(t)}),
            known AS (SELECT * FROM everything WHERE known_on <= DATE '{as_of.isoformat()}'),
            edition AS (
                SELECT source_id, coalesce(
                    max(vintage) FILTER (vintage <= DATE '{as_of.isoformat()}'), min(vintage)
                ) AS chosen FROM everything GROUP BY source_id
            )
            SELECT {", ".join(c.name for c in t.all_columns)}
            FROM known JOIN edition USING (source_id)
            WHERE vintage IS NULL OR vintage = chosen
            QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY known_on DESC, seq DESC) = 1
            ORDER BY {key}
        """
        with self._reading(t) as connection:
            return pl.DataFrame(connection.sql(query)).cast(polars_schema(t))  # type: ignore[arg-type]

    def _extreme(self, t: Table, what: str, where: str) -> date | None:
        """One day over all rows of a table, whenever known; None if there are none."""
        with self._reading(t) as connection:
            query = f"SELECT {what} FROM ({self._everything(t)}) WHERE {where}"
            found = connection.sql(query).fetchone()
        return found[0] if found else None

    @contextmanager
    def _reading(self, t: Table) -> "Iterator[duckdb.DuckDBPyConnection]":
        import duckdb

        try:
            # One engine for all reads: starting it costs more than most of them.
            if self._engine is None:
                self._engine = duckdb.connect()
            with self._engine.cursor() as connection:
                connection.execute("SET TimeZone = 'UTC'")
                yield connection
        except duckdb.Error as error:
            raise DamagedStore(
                f"The evidence of {t.name} cannot be read ({error}). Run `h2h update --rebuild` to "
                "make the tables again from the raw files you downloaded; if that does not help, "
                "install headtohead again."
            ) from None

    def _everything(self, t: Table) -> str:
        """SQL for every row of a table; `seq` grows with the order in which it was taken."""
        nothing = ", ".join(f"NULL::{_SQL[c.kind]} AS {c.name}" for c in t.all_columns)
        parts = [f"SELECT {nothing}, 0 AS seq WHERE false"]
        parts += [_from_csv(p, t) for p in sorted(self.curated.glob(f"*/{t.name}.csv"))]
        taken = [
            self._checked(folder, entry, t.name)
            for folder in (self.builtin, self.home)
            for entry in catalogue.read(folder)
            if t.name in entry.tables
        ]
        parts += [
            f"SELECT *, {seq} AS seq FROM read_parquet('{_quoted(path)}')"
            for seq, path in enumerate(taken, start=1)
        ]
        return " UNION ALL BY NAME ".join(parts)

    def _checked(self, folder: Path, entry: catalogue.Import, name: str) -> Path:
        """The file of one table, after its content hash was compared once."""
        path = folder / entry.file(name)
        if (seen := f"{path} {_stamp(path)}") not in self._intact:
            if not catalogue.intact(folder, entry, name):
                raise catalogue.damaged(path, "is not what was written there")
            self._intact.add(seen)
        return path


def _from_csv(path: Path, t: Table) -> str:
    """SQL that reads one hand-gathered file with the table's own types."""
    with path.open(encoding="utf-8") as file:
        header = file.readline().strip().split(",")
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


def _stamp(path: Path) -> tuple[int, ...]:
    """Changes whenever a file does."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino
