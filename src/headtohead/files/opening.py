"""The bytes, lines and tables of whatever a user names: a file, a pipe, an archive of one file.

What is wrong with a file is the user's to mend, so every error names the file and the place.
"""

import codecs
import csv
import gzip
import hashlib
import importlib
import io
import json
import lzma
import os
import re
import shutil
import stat
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, TypeVar

import msgspec

from headtohead.core.errors import InputError
from headtohead.core.estimate import Citation
from headtohead.core.settings import AFTER_A_VERB

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

ZIP, PARQUET, SQLITE, FEATHER = b"PK\x03\x04", b"PAR1", b"SQLite format 3\0", b"ARROW1"
"""What zip archives, Parquet files, databases of SQLite and Feather files begin with."""
VOTES_VIEW = "counted_votes"
"""The view of an arena's file that holds its votes, one a row."""
NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What reading JSON raises: also the one of brackets that open without an end."""
LARGEST = 64 * 2**20
"""Bytes of the largest record or line that is read: one may carry a whole chat."""
DEEPEST = 100
"""Lists and objects inside each other, in text that no reader of JSON bounds."""
MOST_FILES = 20_000
"""Files of the largest folder that is read."""
KINDS = "JSON, JSON lines, CSV, TSV, YAML, Parquet, and these packed (.gz, .zst, .bz2, .xz, .zip)"
"""The files that are read, for a message."""
STDIN = Path("standard input")
"""What `-` stands for."""

_GZIP, _ZSTD, _XZ = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\0"
_BZIP2 = re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)")
_BUFFER, _BLOCKS = 1 << 18, (1 << 20, 1 << 22, LARGEST)
_TOO_LONG = f"is longer than {LARGEST >> 20} MiB."
_HASHED = 2**30  # bytes; more take longer to hash than to read
_NO_NUMBER = re.compile(rb'"(?:[^"\\]|\\.)*"|NaN|-?Infinity')
_RAW, _WRITTEN = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode, msgspec.json.Encoder().encode
_YAML = re.compile(rb"(?:\s*#[^\n]*\n|\s+)*(?:---\s|- \S|[\w .\"'-]+:(?:[ \t][^,;|\t]*)?\r?\n)")
_SEPARATORS = ",\t;|"
_Record = TypeVar("_Record")
_KEPT: dict[Path, tuple[object, IO[bytes]]] = {}
_ENDED: set[Path] = set()
AFTER_A_VERB.append(lambda: _ENDED.update(_KEPT.keys() - {STDIN}))
Kind = Literal["parquet", "feather", "zip", "sqlite", "json", "yaml", "table", "binary", "empty"]


def arrived(source: str | os.PathLike[str]) -> Path:
    """The path of what a user names, by which messages call it: `-` is standard input."""
    return STDIN if str(source) == "-" else Path(source)


def held(path: Path) -> Path:
    """Where the bytes of a path stand: what can be read only once is kept in a file meanwhile."""
    if path == STDIN:
        whose: object = sys.stdin
    else:
        try:
            about = path.stat()
        except OSError:
            return path
        if stat.S_ISREG(about.st_mode) or stat.S_ISDIR(about.st_mode):
            return path
        whose = about.st_dev, about.st_ino
    kept = _KEPT.get(path)
    try:
        if kept is None or kept[0] != whose:
            source = nullcontext(sys.stdin.buffer) if path == STDIN else path.open("rb")
            with source as once:
                return _kept(path, whose, once)
        if path in _ENDED and stat.S_ISFIFO(about.st_mode):
            # Opened so, a pipe that nobody writes to is at its end, and else waited for.
            with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb", 0) as once:
                if (start := once.read(1)) != b"":
                    os.set_blocking(once.fileno(), True)
                    return _kept(path, whose, once, start or b"")
    except OSError as error:
        raise unreadable(path, error) from error
    return Path(kept[1].name)


def _kept(path: Path, whose: object, once: IO[bytes], start: bytes = b"") -> Path:
    """Where what can be read only once is kept, for as long as the program runs."""
    import tempfile

    copy = tempfile.NamedTemporaryFile()  # noqa: SIM115
    copy.write(start)
    shutil.copyfileobj(once, copy)
    copy.flush()
    _KEPT[path] = whose, copy
    _ENDED.discard(path)
    return Path(copy.name)


def opened(path: Path) -> IO[bytes]:
    """The bytes of a file, unpacked whatever it is called, and as UTF-8 without a byte order mark.

    Unpacked are gzip, zstd, bzip2, xz, and a zip archive of one file; read is UTF-16 too.

    Raises:
        InputError: If it cannot be opened; also while reading, if its data is damaged.
    """
    try:
        file: Any = held(path).open("rb", _BUFFER)
    except OSError as error:
        raise unreadable(path, error) from error
    try:
        start = file.peek(16)[:16]
        unpacked, damage = _unpacked(path, file, start)
        if unpacked is not file:
            file = io.BufferedReader(_Unpacked(path, unpacked, file, damage), _BUFFER)
            start = file.peek(4)[:4]
        if start.startswith(codecs.BOM_UTF8):
            file.read(len(codecs.BOM_UTF8))
        elif start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            file = io.BufferedReader(_Recoded(path, file), _BUFFER)
    except BaseException:
        file.close()
        raise
    opened: IO[bytes] = file
    return opened


def _unpacked(path: Path, file: Any, start: bytes) -> tuple[Any, tuple[type[Exception], ...]]:  # noqa: ANN401
    """A file's own stream, or the one packed in it and what that raises where it is damaged."""
    if start.startswith(_GZIP):
        return gzip.GzipFile(fileobj=file), (EOFError, zlib.error, OSError)
    if start.startswith(_ZSTD):
        zstd = _zstd()
        return zstd.ZstdFile(file), (EOFError, zstd.ZstdError)
    if start.startswith(_XZ):
        return lzma.LZMAFile(file), (EOFError, lzma.LZMAError)
    if _BZIP2.match(start):
        import bz2

        return bz2.BZ2File(file), (EOFError, OSError)
    if start.startswith(ZIP):
        with zipped(path) as archive:
            names = members(archive)
            if len(names) == 1:
                damage: tuple[type[Exception], ...] = (EOFError, OSError, zlib.error)
                damage += _broken_zip()
                try:
                    # The member keeps the archive's file open.
                    return archive.open(names[0]), damage
                except damage as error:
                    raise damaged(path, error) from error
    return file, ()


class _Unpacked(io.RawIOBase):
    """A stream unpacked from another, whose damage is an error of the user's file."""

    def __init__(
        self, path: Path, file: IO[bytes], beneath: IO[bytes], damage: tuple[type[Exception], ...]
    ) -> None:
        self._path, self._file, self._beneath, self._damage = path, file, beneath, damage

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401
        """Fill the buffer.

        Raises:
            InputError: If the packed data is damaged.
        """
        try:
            return self._file.readinto(buffer)  # type: ignore[attr-defined, no-any-return]
        except self._damage as error:
            raise damaged(self._path, error) from error

    def close(self) -> None:
        """Close both."""
        self._file.close()
        self._beneath.close()
        super().close()


class _Recoded(io.RawIOBase):
    """A stream of UTF-16 as one of UTF-8."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self._path, self._file = path, file
        self._decode = codecs.getincrementaldecoder("utf-16")().decode

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401
        """Fill a part of the buffer.

        Raises:
            InputError: If the file is not UTF-16 to its end.
        """
        text = ""
        try:
            while not text and (block := self._file.read(len(buffer) // 4 * 2)):
                text = self._decode(block)
            if not text:
                self._decode(b"", True)
        except UnicodeError as error:
            raise not_text(self._path, error) from error
        data = text.encode()
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close both."""
        self._file.close()
        super().close()


def content(path: Path, most: int = -1) -> bytes:
    """The first `most` bytes of a file, all if negative, unpacked and as UTF-8.

    Raises:
        InputError: If it cannot be read or its packed data is damaged.
    """
    with opened(path) as file:
        return file.read(most)


def kind_of(start: bytes) -> Kind:
    """What a file is, told by its first bytes as `content` gives them."""
    if start.startswith(PARQUET):
        return "parquet"
    if start.startswith(ZIP):
        return "zip"
    if start.startswith(SQLITE):
        return "sqlite"
    if start.startswith(FEATHER):
        return "feather"
    if b"\0" in start[: 1 << 16]:
        return "binary"
    text = start.lstrip()
    if text[:1] in (b"{", b"["):
        return "json"
    if not text:
        return "empty"
    return "yaml" if _YAML.match(start) else "table"


def json_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Line number, from 1, and raw line, for each line of a file that is not blank.

    The file is read as it is asked for.

    Raises:
        InputError: If it cannot be read, its packed data is damaged, or a line is too long.
    """
    with opened(path) as file:
        for number, line in enumerate(iter(partial(file.readline, LARGEST), b""), 1):
            if not line.isspace():
                if len(line) == LARGEST:
                    raise wrong(path, number, _TOO_LONG)
                yield number, line


def line_blocks(path: Path, size: int = _BUFFER) -> Iterator[tuple[int, bytes]]:
    """Number of the first line, from 1, and text, of whole lines of a file, many at a time.

    Raises:
        InputError: If it cannot be read, its packed data is damaged, or a line is too long.
    """
    number, rest = 1, b""
    with opened(path) as file:
        while block := file.read(min(max(size, len(rest)), LARGEST - len(rest))):
            rest += block
            if end := rest.rfind(b"\n") + 1:
                yield number, rest[:end]
                number, rest = number + rest.count(b"\n", 0, end), rest[end:]
            elif len(rest) == LARGEST:
                raise wrong(path, number, _TOO_LONG)
    if rest:
        yield number, rest


def document(path: Path) -> Any:  # noqa: ANN401
    """The value of a JSON file.

    Raises:
        InputError: If it cannot be read, is not JSON, for example because it is cut short, or has a
            key twice.
    """
    text = content(path)
    try:
        value = json_value(text)
    except NOT_JSON as error:
        raise not_json(path, error) from error
    keys_once(path, "", text, value)
    return value


def csv_header(path: Path) -> tuple[list[str], str]:
    """The names in the header of a file of separated values, and what separates them.

    Raises:
        InputError: If it cannot be read as text.
    """
    try:
        with opened(path) as file:
            line = file.readline(LARGEST).decode()
        separator = max(_SEPARATORS, key=line.count)
        with opened(path) as file, io.TextIOWrapper(file, "utf-8", newline="") as text:
            return next(csv.reader(text, delimiter=separator), []), separator
    except (UnicodeDecodeError, csv.Error) as error:
        raise not_text(path, error) from None


def csv_batches(
    path: Path, wanted: Sequence[int], *, coded: bool = False
) -> Iterator["pa.RecordBatch"]:
    """Columns of a file of separated values as text, in the order of rows; empty cells are null.

    Columns are asked for by place, so that the names of the others do not matter.

    The first row is a header; places count from 0. Coded columns are dictionaries.

    Raises:
        InputError: If it cannot be read or a row has more or fewer cells than the header.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow

    names, separator = csv_header(path)
    kind = pa.dictionary(pa.int32(), pa.string()) if coded else pa.string()
    places = [str(place) for place in wanted]
    convert = arrow.ConvertOptions(
        include_columns=places,
        column_types=dict.fromkeys(places, kind),
        null_values=[""],
        strings_can_be_null=True,
    )
    parse = arrow.ParseOptions(delimiter=separator, newlines_in_values=True)
    done = 0
    for block in _BLOCKS:
        read = arrow.ReadOptions(
            column_names=[str(place) for place in range(len(names))],
            skip_rows_after_names=1 + done,
            block_size=block,
        )
        try:
            with opened(path) as file:
                for batch in arrow.open_csv(pa.PythonFile(file, "r"), read, parse, convert):
                    done += batch.num_rows
                    yield pa.RecordBatch.from_arrays(batch.columns, [names[x] for x in wanted])
            return
        except pa.ArrowException as error:
            # A row longer than a block can be read by larger ones.
            if block == LARGEST or "straddling" not in str(error):
                raise _no_table(path, len(names), separator, error) from None


@contextmanager
def parquet(path: Path, **options: Any) -> Iterator[Any]:  # noqa: ANN401 - pyarrow's
    """An open Parquet file.

    Raises:
        InputError: If it cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    try:
        at = held(path)
        with at.open("rb") as file:
            packed = file.read(4) != PARQUET
        with pq.ParquetFile(io.BytesIO(content(path)) if packed else at, **options) as table:
            yield table
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as Parquet ({error}).") from None


def feather(path: Path) -> "pa.Table":
    """The table in a Feather file (Arrow's own layout, as pandas and freqtrade write it).

    Raises:
        InputError: If it cannot be read.
    """
    import pyarrow as pa

    try:
        return pa.ipc.open_file(io.BytesIO(content(path))).read_all()
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} cannot be read as Feather ({error}). Copy it again.") from None


def database_to_read(path: Path) -> str:
    """The address at which SQLite opens a database and writes nothing.

    SQLite begins files beside one that may be in use. Where it cannot, and none is there, nobody
    uses it.
    """
    alone = not (os.access(path.resolve().parent, os.W_OK) or Path(f"{path}-wal").exists())
    return f"{path.resolve().as_uri()}?mode=ro{'&immutable=1' if alone else ''}"


def database_rows(path: Path, view: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Names of columns, and the rows, of one table or view of a database of SQLite.

    It may be in use: what was written for good by now is read, and nothing is locked for others.

    Raises:
        InputError: If the database has no such view, or is damaged.
    """
    import sqlite3
    from contextlib import closing

    try:
        with closing(sqlite3.connect(database_to_read(path), uri=True)) as database:
            found = database.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (view,))
            if found.fetchone() is None:
                raise InputError(
                    f"{path} is a database, but not of an arena (`h2h arena`). Give an arena's "
                    "file, or write the table as CSV or Parquet and give that."
                )
            rows = database.execute(f'SELECT * FROM "{view}"')
            return [str(column[0]) for column in rows.description], rows.fetchall()
    except sqlite3.Error as error:
        raise InputError(f"{path}: the database cannot be read ({error}).") from None


def zipped(path: Path) -> Any:  # noqa: ANN401
    """An open archive, with the interface of `zipfile.ZipFile`; its members may be zstd.

    Its directory is at the end, so a file cut short does not open.

    Raises:
        InputError: If it is not a complete archive.
    """
    try:
        return _zip_module().ZipFile(held(path))
    except _zip_module().BadZipFile as error:
        raise InputError(
            f"{path}: not a complete zip archive ({error}). If it is cut short or still being "
            "written, copy it again."
        ) from error
    except OSError as error:
        raise unreadable(path, error) from error


def member(archive: Any, path: Path, name: str) -> bytes:  # noqa: ANN401
    """The bytes of one member, its checksum verified.

    Raises:
        InputError: If it is not there or damaged.
    """
    try:
        content: bytes = archive.read(name)
    except KeyError as error:
        raise InputError(f"{path}: holds no {name}. Copy the file again.") from error
    except (
        *(EOFError, OSError, zlib.error, lzma.LZMAError, _zstd().ZstdError),
        *_broken_zip(),
    ) as error:
        raise InputError(f"{path}: {name} is damaged ({error}). Copy the file again.") from error
    return content


def members(archive: Any) -> list[str]:  # noqa: ANN401
    """The names of the files in an archive, without what a system adds by itself."""
    names: list[str] = [name for name in archive.namelist() if not name.endswith("/")]
    return [x for x in names if not x.startswith("__MACOSX/") and Path(x).name != ".DS_Store"]


def files_of(path: Path) -> tuple[Path, ...]:
    """The file itself; of a folder all files in it and below, in order, hidden ones left out.

    Raises:
        InputError: If there are more than `MOST_FILES`.
    """
    if not path.is_dir():
        return (path,)
    files: list[Path] = []
    for folder, inside, names in os.walk(path):
        inside[:] = [name for name in inside if not name.startswith(".")]
        files += [Path(folder, name) for name in names if not name.startswith(".")]
        if len(files) > MOST_FILES:
            raise InputError(
                f"{path}: holds more than {MOST_FILES:,} files. Name the folder of one run."
            )
    return tuple(sorted(file for file in files if file.is_file()))


def digest(*paths: Path) -> str:
    """SHA-256 over files in the order given, by which a result points at what it was made of.

    Returns:
        In hexadecimal; empty for no file, a folder, or files of more than 1 GiB.
    """
    paths = tuple(map(held, paths))
    if not paths or not all(path.is_file() for path in paths):
        return ""
    if sum(path.stat().st_size for path in paths) > _HASHED:
        return ""
    sha256 = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                sha256.update(block)
    return sha256.hexdigest()


def file_citation(place: str, path: Path, what: str) -> Citation:
    """A user's file as a source: theirs to name, ours to point at by hash."""
    return Citation(
        source_id=place,
        publisher="Your file",
        product=path.name,
        citation=f"{what}: {path.name}.",
        url="",
        licence="as its owner says",
        evaluator="own",
        sha256=digest(path),
    )


def json_value(text: bytes, decode: Callable[[bytes], Any] = msgspec.json.decode) -> Any:  # noqa: ANN401
    """What JSON says, also where Python wrote what is no number: NaN is null.

    An infinite number is its name, which no reader of numbers takes.

    Raises:
        msgspec.DecodeError: If it is no JSON, or not what a decoder takes.
    """
    try:
        return decode(text)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        valid = valid_json(text)
        if valid is text:
            raise
    return decode(valid)


def valid_json(text: bytes) -> bytes:
    """The text itself, or with the names of what is no number written as JSON has them."""
    if b"NaN" not in text and b"Infinity" not in text:
        return text
    names = {b"NaN": b"null", b"Infinity": b'"Infinity"', b"-Infinity": b'"-Infinity"'}
    return _NO_NUMBER.sub(lambda found: names.get(found[0], found[0]), text)


def converted(path: Path, value: object, kind: type[_Record], said: str) -> _Record:
    """What a document of someone else's holds, as the type by which a reader takes it.

    Raises:
        InputError: If a value has another type.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise InputError(f"{path}: not {said} ({error}).") from error


def decoded(
    decode: Callable[[bytes], _Record], path: Path, where: str | int, line: bytes, kind: str
) -> _Record:
    """What a record holds, read by a decoder of msgspec.

    Raises:
        InputError: If it is not of the kind, no complete JSON, or has a key twice.
    """
    try:
        record = decode(line)
    except msgspec.ValidationError as error:
        raise wrong(path, where, f"not {kind} ({error}).") from error
    except NOT_JSON as error:
        valid = valid_json(line)
        if valid == line:
            raise wrong(path, where, json_fault(error)) from error
        return decoded(decode, path, where, valid, kind)
    keys_once(path, where, line, record)
    return record


def keys_once(path: Path, where: str | int, text: bytes, record: object = None) -> None:
    """Refuse a record that has a key twice: which of its values holds, nobody knows.

    Written again, a record has as many colons, or is as long, as it was, unless a key stood twice
    or a writer has a style of its own; then each key is looked at, which is slow.

    Args:
        record: What the text says. Of plain lists and dictionaries the keys inside are looked at
            too; of anything else only those at the top.

    Raises:
        InputError: If it has one.
    """
    try:
        if isinstance(record, dict | list):
            if _WRITTEN(record).count(b":") == text.count(b":"):
                return
        else:
            for style in (bytes, _compact):
                plain = style(text)
                held: dict[str, msgspec.Raw] = json_value(plain, _RAW)
                blanks = len(plain) - plain.endswith(b"\n") - len(_WRITTEN(held))
                spaced = plain.startswith(b" ", len(next(iter(held), "")) + 4)
                if blanks == (2 * len(held) - 1 if spaced else 0):
                    return
    except msgspec.ValidationError:
        return
    except (msgspec.DecodeError, UnicodeError) as error:
        raise wrong(path, where, json_fault(error)) from error

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        names = Counter(name for name, _ in pairs)
        if twice := [name for name, times in names.items() if times > 1]:
            raise wrong(path, where, f"has the key {twice[0]!r} twice. Leave one of them.")
        return dict(pairs)

    json.loads(text, object_pairs_hook=once)


def _compact(text: bytes) -> bytes:
    return msgspec.json.format(valid_json(text), indent=-1)


def wrong(path: Path, where: str | int, why: str) -> InputError:
    """An error that names file and place.

    The place is in words ("record 3"), or the number of a line, from 1; empty for all of it.
    """
    place = f"line {where}" if isinstance(where, int) else where
    return InputError(f"{path}{place and f', {place}'}: {why}")


def not_json(path: Path, error: Exception) -> InputError:
    """An error for a document that does not parse."""
    return InputError(f"{path}: {json_fault(error, 'not a complete JSON document')}")


def json_fault(error: Exception, kind: str = "not complete JSON") -> str:
    """Why a text is no JSON, and what to do."""
    if isinstance(error, RecursionError):
        return "its brackets are nested too deep to be read. Give records of plain fields."
    return f"{kind} ({error}). If it is cut short, copy the file again."


def unreadable(path: Path, error: OSError) -> InputError:
    """An error for a file that the system does not let us read."""
    return InputError(f"{path}: cannot be read ({error.strerror or error}).")


def damaged(path: Path, error: Exception) -> InputError:
    """An error for packed data that does not unpack."""
    return InputError(f"{path}: the compressed data is damaged ({error}). Copy the file again.")


def not_text(path: Path, error: Exception) -> InputError:
    """An error for a file that is no text, or text in another encoding."""
    return InputError(f"{path} cannot be read as text ({error}). Save it as UTF-8.")


def _no_table(path: Path, width: int, separator: str, error: Exception) -> InputError:
    """What to say of a table that does not parse: the first row that has not the header's width."""
    try:
        with opened(path) as file:
            rows = csv.reader(io.TextIOWrapper(file, "utf-8", newline=""), delimiter=separator)
            for row in rows:
                if row and len(row) != width:
                    why = f"{len(row)} cells, where the header has {width}. Mend that line."
                    return wrong(path, rows.line_num, why)
        if rows.line_num < 2:
            return InputError(f"{path}: holds one line, and no records below it.")
    except UnicodeDecodeError as undecoded:
        return not_text(path, undecoded)
    except csv.Error:
        pass
    return InputError(f"{path} cannot be read: no well-formed table ({error}).")


def _zstd() -> Any:  # noqa: ANN401
    """Python itself reads zstd from 3.14 on."""
    name = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    return importlib.import_module(name)


def _zip_module() -> Any:  # noqa: ANN401
    name = "zipfile" if sys.version_info >= (3, 14) else "backports.zstd.zipfile"
    return importlib.import_module(name)


def _broken_zip() -> tuple[type[Exception], ...]:
    # NotImplementedError and that of a password are RuntimeErrors.
    return (_zip_module().BadZipFile, RuntimeError)
