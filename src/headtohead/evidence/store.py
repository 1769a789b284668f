"""The evidence as it was known on any day: built-in, hand-gathered and downloaded, read as one."""

import hashlib
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headtohead.core.errors import DamagedStore, InputError, NoEvidence, UnknownName
from headtohead.core.estimate import Citation, Publication
from headtohead.evidence import catalogue
from headtohead.evidence.sourcing import Row, Source
from headtohead.evidence.tables import Table, polars_schema, table, tables

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    import polars as pl

# What a source knew when, and how surely, is read from these columns.
_KNOWLEDGE = ("source_id", "vintage", "known_on", "verified")


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
        imports: What was taken from it, oldest first.
        builtin: True if some of it ships with the package.
    """

    source: Source
    imports: tuple[catalogue.Import, ...]
    builtin: bool
    curated: bool


# What was read of the evidence that ships, which is the same for every store with none of its own.
_SHIPPED: dict[tuple[object, ...], tuple[dict[Any, Any], dict[Any, Any], dict[Any, Any]]] = {}


class Store:
    """The only door to the evidence.

    Args:
        home: Folder of downloaded evidence; the user's own if None.
        builtin: Folder of shipped evidence; the package's own if None.
        curated: Folder of hand-gathered figures; the package's own if None.

    Attributes:
        memory: Where whoever answers many questions, as a server does, keeps what one question
            has worked out for the next; None if each question works it out for itself.
    """

    def __init__(
        self, home: Path | None = None, *, builtin: Path | None = None, curated: Path | None = None
    ) -> None:
        self.home = home or home_folder()
        self.builtin = builtin or builtin_folder()
        self.curated = curated or curated_folder()
        self.memory: dict[str, dict[Any, Any]] | None = None
        self._frames: dict[tuple[str, date], pl.DataFrame] = {}
        self._every: dict[str, pl.DataFrame] = {}
        self._cited: dict[tuple[str, date], Citation] = {}
        self._hand: dict[str, tuple[Source, dict[str, list[Row]]]] = {}
        self._folders: dict[str, Traversable] | None = None
        self._intact: set[str] = set()
        self._stamp: tuple[object, ...] = ()

    def read(
        self,
        name: str,
        as_of: date,
        only: "Callable[[pl.DataFrame], pl.DataFrame] | None" = None,
    ) -> "pl.DataFrame":
        """The rows of a table that were known on a day, each fact in its latest version.

        `only` picks rows before they are sorted, which saves time where few are wanted; it has to
        keep one row of each edition of a source, and all versions of a fact or none.

        Of a source that is published in whole editions, the latest edition of that day counts;
        if all its editions are younger, the oldest does, as the nearest witness to what was known.
        So an edition that comes later never changes a read.

        Returns:
            A frame with the table's columns, ordered by source and key; empty if nothing was known.

        Raises:
            UnknownName: If no table is called so.
            DamagedStore: If a file of the store cannot be read.
        """
        self._refresh()
        if only is not None and name not in self._every:
            return _known(self._gathered(name, only), table(name), as_of)
        every = self._everything(name)
        if only is not None:
            return _known(only(every), table(name), as_of)
        if (name, as_of) not in self._frames:
            self._frames[name, as_of] = _known(every, table(name), as_of)
        return self._frames[name, as_of]

    def ever(self, name: str) -> "pl.DataFrame":
        """Every row of a table that was ever known, each version of a fact on its own.

        Raises:
            UnknownName: If no table is called so.
        """
        return self._everything(name).drop("seq")

    def first_known(self) -> date:
        """The day the oldest evidence of all became known.

        Raises:
            NoEvidence: If the store holds nothing.
        """
        first = (self._everything(name)["known_on"].min() for name in tables())
        days = [day for day in first if isinstance(day, date)]
        if not days:
            raise NoEvidence("The store holds no evidence. Run `update_evidence(today=...)`.")
        return min(days)

    def last_window(self, source: Source) -> date | None:
        """The last day of the last window that we hold of a source; None if we hold none."""
        import polars as pl

        days = []
        for name in source.rows:
            every = self._everything(name)
            if "window_end" in every.columns:
                mine = every.filter(pl.col("source_id") == source.source_id)["window_end"].max()
                days += [mine] if isinstance(mine, date) else []
        return max(days, default=None)

    def source_ids(self) -> frozenset[str]:
        """Every source that has an importer or was gathered by hand."""
        return frozenset(catalogue.source_ids()) | self._hand_folders().keys()

    def cards(self) -> tuple[Card, ...]:
        """Every source: what is built in, what was gathered by hand, what was downloaded."""
        return self._cards(self.source_ids())

    def holds(self, source_id: str) -> bool:
        """Whether rows of a source are in the store, built in or the user's own."""
        (card,) = self._cards([source_id])
        return card.builtin or bool(card.imports)

    def _cards(self, chosen: Iterable[str]) -> tuple[Card, ...]:
        shipped, mine = catalogue.read(self.builtin), catalogue.read(self.home)
        chosen = sorted(chosen)
        by_hand = self._by_hand(chosen)
        return tuple(
            Card(
                by_hand[i][0] if i in by_hand else catalogue.importer(i).source,
                tuple(e for e in (*shipped, *mine) if e.source_id == i),
                builtin=i in by_hand or any(e.source_id == i for e in shipped),
                curated=i in by_hand,
            )
            for i in chosen
        )

    def _by_hand(self, chosen: Iterable[str]) -> dict[str, tuple[Source, dict[str, list[Row]]]]:
        """Those of some sources that were gathered by hand, with their rows by table."""
        from headtohead.evidence.curated import curated_source

        folders = self._hand_folders()
        wanted = sorted(folders.keys() & set(chosen))
        for source_id in wanted:
            if source_id not in self._hand:
                self._hand[source_id] = curated_source(folders[source_id])
        return {source_id: self._hand[source_id] for source_id in wanted}

    def _hand_folders(self) -> "dict[str, Traversable]":
        """The folder of each source gathered by hand, by its id."""
        from headtohead.evidence.curated import curated_folders

        if self._folders is None:
            self._folders = {f.name: f for f in curated_folders(self.curated)}
        return self._folders

    def citations(self, source_ids: Sequence[str], as_of: date) -> tuple[Citation, ...]:
        """How to cite what some sources said by a day, in name order.

        Raises:
            UnknownName: If one of them is not known.
        """
        if unknown := sorted(set(source_ids) - self.source_ids()):
            raise UnknownName("source", unknown[0], self.source_ids())
        self._refresh()
        for card in self._cards(i for i in set(source_ids) if (i, as_of) not in self._cited):
            self._cited[card.source.source_id, as_of] = self._citation(card, as_of)
        return tuple(self._cited[i, as_of] for i in sorted(set(source_ids)))

    def _citation(self, card: Card, as_of: date) -> Citation:
        s = card.source
        # The edition that a read takes: an older one may have been imported later.
        editions = sorted(card.imports, key=lambda e: e.edition)
        taken = [e for e in editions if e.edition <= as_of]
        if not taken and not card.curated:
            taken = editions[:1]
        latest = taken[-1] if taken else None
        known_on, unverified = self._knowledge(card, as_of)
        return Citation(
            **{f.name: getattr(s, f.name) for f in fields(Publication)},
            known_on=known_on,
            retrieved_on=latest.retrieved_on if latest else None,
            sha256=latest.sha256 if latest else self._digest_by_hand(s.source_id),
            unverified=unverified,
        )

    def _digest_by_hand(self, source_id: str) -> str:
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
            # One source's own files are read much faster than all of a table, if none is yet, and
            # three of their columns are enough where every row is verified.
            if name in self._every:
                rows = self.read(name, as_of).filter(pl.col("source_id") == source_id)
            else:
                rows = _known_by(pl.concat(self._parts(table(name), source_id, _KNOWLEDGE)), as_of)
                if not rows["verified"].all():
                    rows = _known(self._gathered(name, of=source_id), table(name), as_of)
            if isinstance(latest := rows["known_on"].max(), date):
                days.append(latest)
                unverified = unverified or not rows["verified"].all()
        return max(days, default=None), unverified

    def _everything(self, name: str) -> "pl.DataFrame":
        """Every row of a table by source, key and day; `seq` is the order in which it was taken."""
        self._refresh()
        if name not in self._every:
            self._every[name] = self._gathered(name)
        return self._every[name]

    def _gathered(
        self,
        name: str,
        only: "Callable[[pl.DataFrame], pl.DataFrame]" = lambda rows: rows,
        of: str = "",
    ) -> "pl.DataFrame":
        """The rows that `only` picks, in the same order.

        `of` is the source whose rows count; all if empty.
        """
        import polars as pl

        t = table(name)
        order = ["source_id", *t.key, "known_on", "seq"]
        return only(pl.concat(self._parts(t, of))).sort(order, nulls_last=True)

    def _parts(
        self, t: Table, of: str = "", columns: tuple[str, ...] = ()
    ) -> "Iterator[pl.DataFrame]":
        """The rows of each file, of these columns if only some are wanted; one part is empty."""
        import polars as pl

        taken = [
            self._checked(folder, entry, t.name)
            for folder in (self.builtin, self.home)
            for entry in catalogue.read(folder)
            if t.name in entry.tables and of in ("", entry.source_id)
        ]
        try:
            yield _of_table(pl.DataFrame(schema=polars_schema(t)), t, 0, columns)
            folders = self._hand_folders().items()
            holding = [i for i, f in folders if f.joinpath(f"{t.name}.csv").is_file()]
            for i, (_, held) in self._by_hand(holding if not of else [of]).items():
                if not (rows := held.get(t.name)):
                    continue
                typed = pl.DataFrame(rows, polars_schema(t)).with_columns(source_id=pl.lit(i))
                yield _of_table(typed, t, 0, columns)
            for seq, path in enumerate(taken, 1):
                there = [c for c in pl.read_parquet_schema(path) if c in columns]
                yield _of_table(pl.read_parquet(path, columns=there or None), t, seq, columns)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise DamagedStore(
                f"The evidence of {t.name} cannot be read ({error}). Make the tables again "
                "from the raw files, with `update_evidence(rebuild=True, today=...)`; if that "
                "does not help, install headtohead again."
            ) from None

    @property
    def edition(self) -> tuple[tuple[int, ...], ...]:
        """Another one as soon as an update has changed what lies on the disk."""
        return tuple(_stamp(folder / catalogue.NAME) for folder in (self.builtin, self.home))

    def _refresh(self) -> None:
        """Forget what was read, if a catalogue has changed since."""
        stamp = self.edition
        if stamp != self._stamp:
            self._stamp = stamp
            self._frames = {}
            self._every, self._cited = {}, {}
            folders = (self.builtin, self.curated)
            if folders == (builtin_folder(), curated_folder()) and not stamp[1]:
                kept = _SHIPPED.setdefault((*folders, stamp[0]), ({}, {}, {}))
                self._every, self._cited, self._hand = kept

    def _checked(self, folder: Path, entry: catalogue.Import, name: str) -> Path:
        """The file of one table, after its content hash was compared once."""
        path = folder / entry.file(name)
        if (seen := f"{path} {_stamp(path)}") not in self._intact:
            if not catalogue.intact(folder, entry, name):
                raise catalogue.damaged(path, "is not what was written there")
            self._intact.add(seen)
        return path


def open_store(folder: Path | None, *, make: bool = False) -> Store:
    """The store in a folder; the user's own if none is given."""
    if folder and not make and not folder.is_dir():
        raise InputError(
            f"There is no store {folder}. Check `store`; `update_evidence(today=...)` makes one."
        )
    return Store(folder)


def _known(every: "pl.DataFrame", t: Table, as_of: date) -> "pl.DataFrame":
    """What was known on a day of rows as `_gathered` gives them."""
    import polars as pl

    known, key = _known_by(every, as_of), ["source_id", *t.key]
    # Versions of one fact lie one below the other, the latest last.
    after = pl.any_horizontal(pl.col(k).ne_missing(pl.col(k).shift(-1)) for k in key)
    latest = after | (pl.int_range(1, pl.len() + 1) == pl.len())
    return known.filter(latest).drop("seq")


def _known_by(every: "pl.DataFrame", as_of: date) -> "pl.DataFrame":
    """The rows that were known on a day, of each source those of one edition, in all versions."""
    import polars as pl

    edition = pl.col("vintage")
    witness = pl.coalesce(edition.filter(edition <= as_of).max(), edition.min())
    return every.filter(
        (pl.col("known_on") <= as_of) & (edition.is_null() | (edition == witness.over("source_id")))
    )


def _of_table(
    rows: "pl.DataFrame", t: Table, seq: int, columns: tuple[str, ...] = ()
) -> "pl.DataFrame":
    """Rows with the table's columns and types, or some of them, whatever an older version wrote."""
    import polars as pl

    kept = [
        (pl.col(name) if name in rows.columns else pl.lit(None).alias(name)).cast(kind)
        for name, kind in polars_schema(t).items()
        if not columns or name in columns
    ]
    return rows.select(*kept, pl.lit(seq, pl.Int32).alias("seq"))


def _stamp(path: Path) -> tuple[int, ...]:
    """Changes whenever a file does."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_mtime_ns, status.st_size, status.st_ino


@cache
def publisher(source_id: str) -> str:
    """Who publishes a source, for sentences; its id where it is a user's own."""
    if source_id in catalogue.source_ids():
        return catalogue.importer(source_id).source.publisher
    card = curated_folder() / source_id / "source.toml"
    known = card.is_file()
    return str(tomllib.loads(card.read_text("utf-8"))["publisher"]) if known else source_id
