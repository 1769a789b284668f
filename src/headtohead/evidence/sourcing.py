"""What a source is: a descriptor, the raw files it reads, and strict parsing of their records."""

import csv
import fnmatch
import gzip
import hashlib
import io
import json
import math
import re
import zlib
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import quote

from headtohead.core.errors import DamagedDownload, UpstreamChanged
from headtohead.core.estimate import Evaluator, Publication

if TYPE_CHECKING:
    import polars as pl
    from yaml import CSafeLoader

Row = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Download:
    """One file at its publisher.

    Attributes:
        name: The name the importer knows it by; also its name on disk.
        url: The publisher's own address. `{since}` and `{until}` become days where it has them.
    """

    name: str
    url: str
    sha256: str = ""
    optional: bool = False


def github(folder: str, *names: str, optional: bool = False) -> tuple[Download, ...]:
    """Files in a folder, owner/repository/branch/path, of a GitHub repository."""
    address = f"https://raw.githubusercontent.com/{folder}"
    return tuple(Download(n, f"{address}/{quote(n)}", optional=optional) for n in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source(Publication):
    """The descriptor of one publisher's product: equal in name to its module.

    Attributes:
        evaluator: Whether model makers measured themselves: they did not, unless stated.
        ship: May rows go into the built-in evidence? "yes", "figures" (only individually cited
            figures, see data/evidence/curated) or "no".
        downloads: Where `h2h update` fetches it; empty if the publisher offers no plain address.
        how_to_get: What a user does if `downloads` is empty or needs a key.
        patterns: File names (globs) the parser reads from a folder.
        rows: Table -> (fewest, most) rows one import may give.
        whole: True if each import replaces the one before (a vintage), False if rows accumulate.
    """

    ship: Literal["yes", "figures", "no"]
    patterns: tuple[str, ...]
    rows: Mapping[str, tuple[int, int]]
    evaluator: Evaluator = "third_party"
    downloads: tuple[Download, ...] = ()
    how_to_get: str = ""
    whole: bool = False


@dataclass(frozen=True, slots=True)
class RawFile:
    """One file as published: never edited.

    Attributes:
        name: Path below the source's folder, with forward slashes.
    """

    name: str
    content: bytes

    @property
    def sha256(self) -> str:
        """Hex digest of the content."""
        return hashlib.sha256(self.content).hexdigest()

    def damaged(self, how: str, error: Exception) -> DamagedDownload:
        """What to raise where the content is cut or altered."""
        return DamagedDownload(f"{self.name} {how} ({error}). Download it again.")

    def text(self) -> str:
        """The content as text; gzip is unpacked.

        Raises:
            DamagedDownload: If it is neither UTF-8 nor whole gzip.
        """
        try:
            packed = self.content.startswith(b"\x1f\x8b")
            return (gzip.decompress(self.content) if packed else self.content).decode("utf-8-sig")
        except (EOFError, OSError, UnicodeError, zlib.error) as error:
            raise self.damaged("cannot be read as text", error) from None

    def parquet(self) -> "pl.DataFrame":
        """The content as a table.

        Raises:
            DamagedDownload: If it is not whole Parquet.
        """
        import polars as pl

        try:
            return pl.read_parquet(io.BytesIO(self.content))
        except pl.exceptions.PolarsError as error:
            raise self.damaged("is not whole Parquet", error) from None

    def members(self, wanted: re.Pattern[str]) -> Iterator[tuple[str, str | None]]:
        """(name, text) of the files wanted from a tar archive; None for a link that leads nowhere.

        Raises:
            DamagedDownload: If it is no whole gzipped archive of texts.
        """
        import tarfile

        try:
            with tarfile.open(fileobj=io.BytesIO(self.content), mode="r:gz") as archive:
                for member in archive.getmembers():
                    if member.isdir() or not wanted.search(member.name):
                        continue
                    try:
                        content = archive.extractfile(member)
                    except KeyError:
                        content = None
                    yield member.name, content.read().decode("utf-8") if content else None
        except (tarfile.TarError, EOFError, OSError, zlib.error, UnicodeError) as error:
            raise self.damaged("is truncated or corrupt", error) from None


@dataclass(frozen=True, slots=True)
class RawFiles:
    """The raw files of one import.

    Attributes:
        known_on: When the publisher made this vintage known; content that dates itself wins.
    """

    source_id: str
    files: tuple[RawFile, ...]
    known_on: date

    def matching(self, pattern: str) -> Iterator[RawFile]:
        """The files whose name, or last part of it, fits the glob."""
        for f in self.files:
            if fnmatch.fnmatch(f.name, pattern) or fnmatch.fnmatch(f.name.split("/")[-1], pattern):
                yield f

    def one(self, pattern: str) -> RawFile:
        """The single file that fits the glob.

        Raises:
            UpstreamChanged: If there is none, or more than one.
        """
        files = list(self.matching(pattern))
        if len(files) != 1:
            raise UpstreamChanged(
                self.source_id, "the files given", f"{len(files)} files fit {pattern!r}, not one"
            )
        return files[0]

    def csv(self, pattern: str) -> "Iterator[Record]":
        """The lines of the single CSV file that fits the glob, as strict records."""
        return csv_records(self.source_id, self.one(pattern))

    def json(self, pattern: str, **read: Any) -> "Record":  # noqa: ANN401 - those of json.loads
        """The object in the single JSON file that fits the glob."""
        return json_record(self.source_id, self.one(pattern), **read)

    def day_of(self, f: RawFile) -> date:
        """The day that the file's name, or its folder's, states; else that of the import."""
        stated = re.search(r"\d{4}-\d{2}-\d{2}", f.name)
        return date.fromisoformat(stated[0]) if stated else self.known_on

    @property
    def sha256(self) -> str:
        """One digest over all names and contents."""
        digest = hashlib.sha256()
        for f in self.files:
            digest.update(f"{f.name}\0{f.sha256}\n".encode())
        return digest.hexdigest()


@dataclass(slots=True)
class Parsed:
    """What a parser made of the raw files.

    Attributes:
        rows: Table -> rows. The columns `source_id` is added on ingest; `known_on` defaults to
            the import's own; `verified` defaults to true.
        dropped: Reason -> how many upstream records were left out for it.
    """

    rows: dict[str, list[Row]] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)

    def add(self, table: str, row: Row) -> None:
        """Append one row to a table."""
        self.rows.setdefault(table, []).append(row)

    def drop(self, reason: str) -> None:
        """Count one upstream record that is left out."""
        self.dropped[reason] += 1


def first_address(text: object) -> str | None:
    """The first web address in a cell that may hold several, and remarks; None if it holds none."""
    match = re.search(r"https?://\S+", str(text))
    return match[0] if match else None


class Record:
    """One upstream record, read strictly: take every field, then `done()`.

    Args:
        where: File and position, for messages.

    Raises:
        UpstreamChanged: If it is not an object.
    """

    def __init__(self, source_id: str, where: str, fields: Mapping[str, Any]) -> None:
        self.source_id, self.where = source_id, where
        if not isinstance(fields, Mapping):
            raise UpstreamChanged(source_id, where, f"a {type(fields).__name__}, not an object,")
        self._left = dict(fields)

    def take(self, name: str) -> Any:  # noqa: ANN401 - upstream values are of any type
        """The field, which must be there.

        Raises:
            UpstreamChanged: If it is not.
        """
        if name not in self._left:
            raise UpstreamChanged(self.source_id, self.where, f"field {name!r} is missing")
        return self._left.pop(name)

    def maybe(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as take
        """The field, or `default` if the publisher left it out or blank."""
        value = self._left.pop(name, default)
        return default if value in ("", None) else value

    def convert(self, name: str, kind: Callable[[Any], T]) -> T:
        """The field through `kind`.

        Raises:
            UpstreamChanged: If it is missing or `kind` refuses it.
        """
        value = self.take(name)
        try:
            return kind(value)
        except (ValueError, TypeError, KeyError):
            raise self.wrong(name, value) from None

    def convert_maybe(self, name: str, kind: Callable[[Any], T]) -> T | None:
        """The field through `kind`; None if left out or blank."""
        if self._left.get(name) in ("", None):
            self.skip(name)
            return None
        return self.convert(name, kind)

    def number(self, name: str) -> float:
        """The field as a finite number."""
        return self.convert(name, finite)

    def number_maybe(self, name: str) -> float | None:
        """The field as a finite number; None if left out or blank."""
        return self.convert_maybe(name, finite)

    def text(self, name: str) -> str:
        """The field as text that is not blank."""
        return self.convert(name, words)

    def text_maybe(self, name: str) -> str | None:
        """The field as text; None if left out or blank."""
        return self.convert_maybe(name, words)

    def day(self, name: str) -> date:
        """The field as a day, written 2025-12-15."""
        return self.convert(name, date.fromisoformat)

    def day_maybe(self, name: str) -> date | None:
        """The field as a day; None if left out or blank."""
        return self.convert_maybe(name, date.fromisoformat)

    def flag(self, name: str) -> bool:
        """The field, which must be true or false."""
        value = self.take(name)
        if not isinstance(value, bool):
            raise self.wrong(name, value)
        return value

    def items(self, name: str) -> list[Any]:
        """The field as a list."""
        return self.convert(name, entries)

    def items_maybe(self, name: str) -> list[Any]:
        """The field as a list; empty if left out or blank."""
        return self.convert_maybe(name, entries) or []

    def one_of(self, name: str, known: Container[Any]) -> Any:  # noqa: ANN401 - as take
        """The field, which must be there and among those known.

        Raises:
            UpstreamChanged: If it is not: the publisher has a new category.
        """
        value = self.take(name)
        if value not in known:
            raise self.wrong(name, value)
        return value

    def part(self, what: object, fields: Any) -> "Record":  # noqa: ANN401 - as take
        """A record inside this one."""
        return Record(self.source_id, f"{self.where} {what}", fields)

    def parts(self, what: str, entries: object) -> "list[Record]":
        """The records in a list inside this one."""
        return records_in(self.source_id, f"{self.where} {what}", entries)

    def each(self) -> "Iterator[tuple[str, Record]]":
        """Every field not yet taken as a record, for objects whose field names are data."""
        return ((str(name), self.part(name, fields)) for name, fields in self.rest().items())

    def has(self, name: str) -> bool:
        """Whether the publisher gave the field at all; it may be blank."""
        return name in self._left

    def rest(self) -> dict[str, Any]:
        """Every field not yet taken, for objects whose field names are data."""
        left, self._left = self._left, {}
        return left

    def skip(self, *names: str) -> None:
        """Take fields that we knowingly do not use."""
        for name in names:
            self._left.pop(name, None)

    def wrong(self, name: str, value: object) -> UpstreamChanged:
        """The error for a field with a value we do not understand."""
        return UpstreamChanged(self.source_id, self.where, f"field {name!r} holds {value!r}")

    def done(self, *unused: str) -> None:
        """Check that no field is left but those that we knowingly do not use.

        Raises:
            UpstreamChanged: If the publisher added one.
        """
        self.skip(*unused)
        if self._left:
            raise UpstreamChanged(
                self.source_id,
                self.where,
                f"unknown field(s) {', '.join(sorted(map(str, self._left)))}",
            )


def json_record(source_id: str, file: RawFile, **read: Any) -> Record:  # noqa: ANN401 - as `json`
    """The object in a JSON file."""
    return Record(source_id, file.name, json.loads(file.text(), **read))


def yaml_of(text: str) -> Any:  # noqa: ANN401 - upstream values are of any type
    """What a YAML text says.

    Raises:
        yaml.YAMLError: If it is not YAML.
        ValueError: If lists in it are nested deeper than Python's stack.
    """
    import yaml

    try:
        return yaml.load(text, _yaml_loader())
    except RecursionError:
        raise ValueError("its lists are nested too deep") from None


@cache
def _yaml_loader() -> "type[CSafeLoader]":
    """A loader that reads in C and builds in Python: C alone would crash at lists nested deep."""
    from yaml import CSafeLoader
    from yaml.composer import Composer

    class Loader(Composer, CSafeLoader):
        def __init__(self, text: str) -> None:
            CSafeLoader.__init__(self, text)
            Composer.__init__(self)

    return Loader


def records_in(source_id: str, where: str, entries: object) -> list[Record]:
    """The records in a list.

    Raises:
        UpstreamChanged: If it is no list, or holds something else than objects.
    """
    if not isinstance(entries, list):
        raise UpstreamChanged(source_id, where, f"a {type(entries).__name__}, not a list,")
    return [Record(source_id, f"{where} {n}", fields) for n, fields in enumerate(entries)]


def csv_records(source_id: str, file: RawFile) -> Iterator[Record]:
    """The lines of a CSV file as strict records, in file order.

    A byte-order mark is ignored. Fields that a short line leaves off are absent from its record.

    Raises:
        UpstreamChanged: If the header names a field twice, or a line is longer than the header.
        DamagedDownload: If the file is not text.
    """
    lines = csv.reader(io.StringIO(file.text(), newline=""))
    header = next(lines, [])
    if len(set(header)) != len(header):
        raise UpstreamChanged(source_id, f"{file.name} header", "a field is named twice")
    for number, cells in enumerate(lines, start=1):
        where = f"{file.name} record {number}"
        if len(cells) > len(header):
            raise UpstreamChanged(source_id, where, "more cells than the header names")
        if cells:
            yield Record(source_id, where, dict(zip(header, cells, strict=False)))


def names(text: str, by: str | None = None) -> tuple[str, ...]:
    """The names in a text, parted by blanks or by `by`: for lists of fields we do not use."""
    return tuple(text.split(by))


def finite(text: object) -> float:
    """The number written in `text`.

    Raises:
        ValueError: If it is not a number, or infinite.
    """
    number = text if type(text) is float else float(str(text))
    if not math.isfinite(number):
        raise ValueError(f"{text} is not finite")
    return number


def between(low: float, high: float, size: float = 1.0) -> Callable[[Any], float]:
    """A reader of numbers that must lie in a range once they are divided; for `Record.convert`.

    Were a publisher to change its unit, every value would leave its range.

    `size` is what one of our units is in the publisher's.
    """

    def read(value: object) -> float:
        number = finite(value) / size
        if not low <= number <= high:
            raise ValueError(f"{value} is outside {low:g} to {high:g}")
        return number

    return read


def fitting(pattern: re.Pattern[str]) -> Callable[[str], re.Match[str]]:
    """A reader of texts that fit a pattern as a whole, giving the match; for `Record.convert`."""

    def read(text: str) -> re.Match[str]:
        match = pattern.fullmatch(text)
        if not match:
            raise ValueError(f"{text} does not fit {pattern.pattern}")
        return match

    return read


def percent(value: object) -> float:
    """The share that a percentage of 0 to 100 stands for, without the noise of the division."""
    return round(between(0, 1, 100)(value), 8)


def moment(text: str) -> datetime:
    """The moment in UTC that a text with a time zone names; for `Record.convert`.

    Raises:
        ValueError: If it is none, or has no time zone.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return at.astimezone(UTC)


def american_day(text: str) -> date:
    """The day written 12/15/2025, whatever time of day follows it; for `Record.convert`."""
    return datetime.strptime(text.split(" ")[0], "%m/%d/%Y").date()  # noqa: DTZ007 - a day


def remarks(*said: object, by: str = "; ") -> str | None:
    """The remarks that hold, in one line; those that do not are false, empty or None."""
    return by.join(str(remark) for remark in said if remark) or None


def benchmark_id(printed: str) -> str:
    """A printed benchmark name in lower case, words joined by underscores."""
    return re.sub(r"[^a-z0-9]+", "_", printed.lower()).strip("_")


def words(value: object) -> str:
    """The value, if it is text that is not blank; for `Record.convert`.

    Raises:
        ValueError: If it is anything else.
    """
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{value!r} is not text")
    return value


def entries(value: object) -> list[Any]:
    """The value, if it is a list; for `Record.convert`.

    Raises:
        ValueError: If it is anything else.
    """
    if not isinstance(value, list):
        raise ValueError(f"{value!r} is not a list")
    return value
