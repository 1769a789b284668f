"""Tables of a user: their columns, and batches that are scanned as often as needed.

Every value of a text file is read as text, so that no guess of a type can change one. Arrow arrays
are read straight from their buffers: `pyarrow.Array.to_numpy` imports pandas where it is installed.
"""

import io
import json
import os
import re
import unicodedata
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Union

import msgspec
import numpy as np
from numpy.typing import NDArray

from headtohead.core.errors import InputError, UnknownName
from headtohead.files.opening import (
    KINDS,
    VOTES_VIEW,
    arrived,
    content,
    csv_batches,
    csv_header,
    database_rows,
    document,
    feather,
    files_of,
    held,
    kind_of,
    parquet,
    valid_json,
)
from headtohead.files.records import at_path, json_blocks, objects, of_map

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

Path = tuple[str, ...]
Tree = Mapping[str, Union[str, "Tree"]]
"""Name -> kind ("text", "number", "flag", "time", "list", "other"), or the fields of a struct."""
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Codes = NDArray[np.int32]
Places = NDArray[np.integer[Any]]
NOTHING, EMPTY = -1, -2
"""Codes of a missing value, and of a text that is empty or blank."""
_FLAGS = {
    "": NOTHING,
    **dict.fromkeys(("true", "1", "yes", "t"), 1),
    **dict.fromkeys(("false", "0", "no", "f"), 0),
}


class Columns:
    """The columns of one table."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    @classmethod
    def of_schema(cls, schema: "pa.Schema") -> "Columns":
        """The columns of an Arrow table."""
        return cls({field.name: _arrow_kind(field.type) for field in schema})

    @classmethod
    def of_records(cls, records: Iterable[Mapping[str, Any]]) -> "Columns":
        """The columns of JSON records: every field that one of them has."""
        return cls(_merged(records))

    @property
    def names(self) -> tuple[str, ...]:
        """The names at the top, in the table's order."""
        return tuple(self.tree)

    def kind(self, path: Path) -> str | None:
        """What lies at a path: its kind, "struct", or None if nothing does."""
        node = self._node(path)
        return node if node is None or isinstance(node, str) else "struct"

    def _node(self, path: Path) -> str | Tree | None:
        node: str | Tree = self.tree
        for name in path:
            if isinstance(node, str) or name not in node:
                return None
            node = node[name]
        return node

    def has(self, *names: str) -> bool:
        """True if all these names are at the top."""
        return all(name in self.tree for name in names)

    def first(self, *names: str) -> Path | None:
        """The first of these names that is at the top."""
        return next(((name,) for name in names if name in self.tree), None)

    def alike(self, *names: str) -> Path | None:
        """The one column at the top whose name is the first of these, but for case and blanks."""
        keys: dict[str, list[str]] = {}
        for name, node in self.tree.items():
            if isinstance(node, str):
                keys.setdefault(_name_key(name), []).append(name)
        for name in names:
            there = keys.get(_name_key(name), [])
            if len(there) == 1:
                return (there[0],)
        return None

    def fields(self, path: Path) -> tuple[str, ...]:
        """The names inside a struct; none if it is no struct."""
        node = self._node(path)
        return () if node is None or isinstance(node, str) else tuple(node)

    def leaves(self, path: Path = ()) -> Iterator[Path]:
        """Every path below `path` that is no struct; `path` itself if it is none."""
        inside = self.fields(path)
        if path and not inside:
            yield path
        for name in inside:
            yield from self.leaves((*path, name))

    def find(self, written: str) -> Path | None:
        """The path that a user means: a column, fields joined by dots, or a field's own name."""
        if written in self.tree:
            return (written,)
        dotted = _dotted(self.tree, written)
        if dotted is not None:
            return dotted
        ends = [leaf for leaf in self.leaves() if leaf[-1] == written]
        return ends[0] if len(ends) == 1 else self.alike(written)

    def need(self, written: str, what: str = "column", more: Iterable[str] = ()) -> Path:
        """The path that a user means.

        Raises:
            UnknownName: If there is none.
        """
        path = self.find(written)
        if path is None:
            known = {*self.names, *(".".join(leaf) for leaf in self.leaves()), *more}
            raise UnknownName(what, written, known)
        return path


def _name_key(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", name.strip().casefold())


def _dotted(tree: Tree, written: str) -> Path | None:
    for name, node in tree.items():
        if written == name:
            return (name,)
        if not isinstance(node, str) and written.startswith(f"{name}."):
            inside = _dotted(node, written[len(name) + 1 :])
            if inside is not None:
                return (name, *inside)
    return None


def _arrow_kind(kind: "pa.DataType") -> str | Tree:
    import pyarrow as pa

    is_ = pa.types
    if is_.is_struct(kind):
        return {kind.field(i).name: _arrow_kind(kind.field(i).type) for i in range(kind.num_fields)}
    if is_.is_dictionary(kind):
        return _arrow_kind(kind.value_type)
    tests = {
        "flag": (is_.is_boolean,),
        "number": (is_.is_integer, is_.is_floating, is_.is_decimal),
        "time": (is_.is_timestamp, is_.is_date),
        "list": (is_.is_list, is_.is_large_list, is_.is_list_view, is_.is_fixed_size_list),
        "text": (is_.is_string, is_.is_large_string, is_.is_string_view, is_.is_null),
    }
    return next((name for name, these in tests.items() if any(t(kind) for t in these)), "other")


_JSON_KINDS = {
    frozenset((list,)): "list",
    frozenset((bool,)): "flag",
    frozenset((int,)): "number",
    frozenset((float,)): "number",
    frozenset((int, float)): "number",
}


def _merged(records: Iterable[Mapping[str, Any]]) -> Tree:
    seen: dict[str, list[Any]] = {}
    for record in records:
        for name, value in record.items():
            known = seen.setdefault(name, [])
            if value is not None:
                known.append(value)
    result: dict[str, str | Tree] = {}
    for name, values in seen.items():
        kinds = frozenset(map(type, values))
        # An empty object has no field to read, so it is kept as text.
        result[name] = _merged(values) if kinds == {dict} else _JSON_KINDS.get(kinds, "text")
        result[name] = result[name] or "text"
    return result


class Batch:
    """Some rows of a table.

    Columns of `as_json` hold JSON as text.
    """

    def __init__(self, rows: "pa.RecordBatch", as_json: Collection[str] = ()) -> None:
        self.rows = rows
        self._as_json = as_json
        self._parsed: dict[str, list[Any]] = {}

    def __len__(self) -> int:
        return int(self.rows.num_rows)

    def column(self, path: Path) -> "pa.Array":
        """The column at a path, shape (n,); nulls where the table has none."""
        import pyarrow as pa
        import pyarrow.compute as pc  # type: ignore[import-untyped]

        at = self.rows.schema.get_field_index(path[0])
        if at < 0:
            return pa.nulls(len(self))
        array = self.rows.column(at)
        if path[0] in self._as_json and len(path) > 1:
            if path[0] not in self._parsed:
                self._parsed[path[0]] = [parsed(text) for text in array.to_pylist()]
            result: list[Any] = list(self._parsed[path[0]])
            for name in path[1:]:
                result = [x.get(name) if isinstance(x, dict) else None for x in result]
            return pa.array(
                [list(map(_text, x)) if isinstance(x, list) else _text(x) for x in result]
            )
        for name in path[1:]:
            inner = array.type.get_field_index(name) if pa.types.is_struct(array.type) else -1
            if inner < 0:
                return pa.nulls(len(self))
            array = pc.struct_field(array, [inner])
        return array

    def show(self, path: Path, row: int) -> object:
        """The value in a row, for a message."""
        return self.column(path)[row].as_py()


class Unfolded(Batch):
    """The rows of a batch once for each value of a list; once without a value if it is empty."""

    def __init__(self, batch: Batch, path: Path) -> None:
        import pyarrow as pa

        lists: list[list[str | None] | None] = batch.column(path).to_pylist()
        result = [(row, value) for row, items in enumerate(lists) for value in items or [None]]
        self._batch, self._path = batch, path
        self.origin: IntArray = np.array([row for row, _ in result], dtype=np.int64)
        self._values = pa.array([value for _, value in result], pa.string())

    def __len__(self) -> int:
        return int(self.origin.size)

    def column(self, path: Path) -> "pa.Array":
        """The column at a path, shape (n,): the list's own values at its path."""
        import pyarrow as pa

        if path == self._path:
            return self._values
        return self._batch.column(path).take(pa.array(self.origin))


def parsed(text: str | None) -> Mapping[str, Any] | None:
    """The JSON object in a text; None if there is none."""
    if text is None or not text.lstrip().startswith("{"):
        return None
    try:
        value = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _text(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


class Codebook:
    """Words and their codes: the order of first appearance, which never changes."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self._codes: dict[str, int] = {}

    def code(self, word: str) -> int:
        """The code of a word, `NOTHING` if it has none."""
        return self._codes.get(word, NOTHING)

    def add(self, word: str) -> int:
        """The code of a word, a new one if it has none."""
        code = self._codes.setdefault(word, len(self.words))
        if code == len(self.words):
            self.words.append(word)
        return code

    def table(self, words: Iterable[str | None], empty: int = NOTHING) -> Codes:
        """The code of each word, and `NOTHING` in one more place at the end.

        A missing word is None; a blank one has the code `empty`.
        """
        said = list(words)
        known = list(map(self._codes.get, said))  # type: ignore[arg-type]
        if None in known:
            for place, word in enumerate(said):
                if word is None:
                    known[place] = NOTHING
                elif known[place] is None:
                    known[place] = self.add(word) if word.strip() else empty
        return np.array([*known, NOTHING], dtype=np.int32)

    def codes(self, array: "pa.Array", empty: int = NOTHING) -> Codes:
        """The code of each value, shape (n,).

        Blank texts have the code `empty`.
        """
        index, words = encode(array)
        return self.table(words, empty)[index]


class NameBook(Codebook):
    """Codes of models, one for all spellings of a name that look alike.

    Blanks at the ends, kinds and numbers of blanks inside, kinds of hyphens, marks that are not
    seen, and Unicode forms of the same letters do not tell names apart.

    Attributes:
        spelt: Code -> its spellings.
    """

    def __init__(self) -> None:
        super().__init__()
        self._keys: dict[str, int] = {}
        self.spelt: dict[int, list[str]] = {}

    def code(self, word: str) -> int:
        """The code of a name, `NOTHING` if it has none."""
        code = self._codes.get(word)
        return self._keys.get(_look(word), NOTHING) if code is None else code

    def add(self, word: str) -> int:
        """The code of a name, a new one if it has none."""
        code = self._codes.get(word)
        if code is None:
            key = _look(word)
            code = self._codes[word] = self._keys.setdefault(key, len(self.words))
            if code == len(self.words):
                self.words.append(word.strip())
            self.spelt.setdefault(code, []).append(word)
        return code


_UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_HYPHENS = dict.fromkeys(map(ord, "\u2010\u2011"), "-")


def _look(name: str) -> str:
    """What a reader sees of a name."""
    if name.isascii() and name == name.strip() and "  " not in name:
        return name
    seen = unicodedata.normalize("NFKC", name.translate(_UNSEEN)).translate(_HYPHENS)
    return " ".join(seen.split())


def encode(array: "pa.Array") -> tuple[Places, list[str | None]]:
    """The distinct values of an array as words, and the position of each row's word.

    They may be texts, numbers, flags or times, dictionary-encoded or not.

    Returns:
        Positions, shape (n,), -1 where missing; and the words.

    Raises:
        InputError: If it holds lists or structs.
    """
    import pyarrow as pa

    if pa.types.is_null(array.type):
        return np.full(len(array), NOTHING, dtype=np.int32), []
    if not pa.types.is_dictionary(array.type):
        if pa.types.is_nested(array.type):
            raise InputError(f"A column holds {array.type}, where one value a row is needed.")
        array = array.dictionary_encode()
    index: Places = numbers_in(array.indices)
    gone = missing(array.indices)
    if gone is not None:
        index = np.where(gone, NOTHING, index.astype(np.int64))
    words = array.dictionary
    if len(words) > len(array):
        # A row group's dictionary may be longer than the batch: take only what occurs here.
        used, index = np.unique(index, return_inverse=True)
        some = used >= 0
        words = plain_text(words).take(pa.array(used[some]))
        index = index - int(not some.all())
    held = words.to_pylist()
    texts = pa.types.is_string(words.type) or pa.types.is_large_string(words.type)
    return index, held if texts else [word_of(value) for value in held]


def word_of(value: object) -> str | None:
    """A value in words: whole numbers without a point, flags as true or false; None if missing."""
    if value is None or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def encode_objects(values: Sequence[Any], book: dict[Any, int]) -> "pa.Array":
    """Python objects as an Arrow array, texts dictionary-encoded.

    Missing values are None; `book` has the texts met so far in this column, and grows.

    Raises:
        pyarrow.ArrowInvalid: If the values are of several kinds.
    """
    import pyarrow as pa

    first = next((value for value in values if value is not None), None)
    if not isinstance(first, str):
        return _array(list(values))
    try:
        index = np.fromiter(map(book.__getitem__, values), np.int32, len(values))
    except KeyError:
        for value in dict.fromkeys(values):
            book.setdefault(value, len(book))
        index = np.fromiter(map(book.__getitem__, values), np.int32, len(values))
    held = pa.Array.from_buffers(pa.int32(), index.size, [None, pa.py_buffer(index)])
    return pa.DictionaryArray.from_arrays(held, _texts(list(book)))


def _texts(words: list[Any]) -> "pa.Array":
    """Texts and missing values as an Arrow array."""
    import pyarrow as pa

    there = [isinstance(word, str) for word in words]
    if not all(x or word is None or word != word for x, word in zip(there, words, strict=True)):
        return pa.array(words, from_pandas=True)
    # Made of buffers: `pyarrow.array` imports pandas where it is installed.
    texts = [word.encode() if x else b"" for x, word in zip(there, words, strict=True)]
    ends = np.cumsum([0, *map(len, texts)], dtype=np.int32)
    parts = (np.packbits(there, bitorder="little"), ends, b"".join(texts))
    return pa.Array.from_buffers(pa.string(), len(texts), list(map(pa.py_buffer, parts)))


def _array(values: list[Any]) -> "pa.Array":
    """Values of one kind, and missing ones, as an Arrow array; numbers and texts as `_texts` does.

    Raises:
        pyarrow.ArrowInvalid: If the values are of several kinds.
    """
    import pyarrow as pa

    kinds = {*map(type, values)} - {type(None)}
    if kinds == {str}:
        return _texts(values)
    if kinds == {float}:
        held = np.array(values, dtype=np.float64)  # of None it makes NaN
        there = held == held
    elif kinds <= {int}:
        held = np.array([value or 0 for value in values], dtype=np.int64)
        there = np.array([value is not None for value in values], dtype=bool)
    else:
        return pa.array(values, from_pandas=True)
    if not there.any():
        return pa.nulls(len(values))
    parts = list(map(pa.py_buffer, (np.packbits(there, bitorder="little"), held)))
    return pa.Array.from_buffers(pa.from_numpy_dtype(held.dtype), len(values), parts)


def numbers_in(array: "pa.Array") -> NDArray[Any]:
    """The buffer of a primitive array, shape (n,); what stands where a value is missing is junk."""
    import pyarrow as pa

    letter = "f" if pa.types.is_floating(array.type) else "i"
    if pa.types.is_unsigned_integer(array.type):
        letter = "u"
    kind = np.dtype(f"{letter}{array.type.bit_width // 8}")
    data = array.buffers()[1]
    if data is None:
        return np.zeros(len(array), dtype=kind)
    return np.frombuffer(data, dtype=kind)[array.offset : array.offset + len(array)]


def missing(array: "pa.Array") -> BoolArray | None:
    """Where values are missing, shape (n,); None if none is."""
    if array.null_count == 0:
        return None
    held = array.buffers()[0]
    if held is None:
        return np.ones(len(array), dtype=np.bool_)
    return ~_bits(held, array.offset, len(array))


def floats(array: "pa.Array") -> tuple[FloatArray, BoolArray]:
    """The numbers in an array, and where something else stands.

    Returns:
        Values, shape (n,), nan where missing or no number; and where they are no number.
    """
    import pyarrow as pa

    array = plain_text(array)
    wrong = np.zeros(len(array), dtype=np.bool_)
    if pa.types.is_null(array.type):
        return np.full(len(array), np.nan), wrong
    if not pa.types.is_integer(array.type) and not pa.types.is_float64(array.type):
        try:
            array = array.cast(pa.float64())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            values = np.full(len(array), np.nan)
            for row, value in enumerate(array.to_pylist()):
                try:
                    if value is not None and str(value).strip():
                        values[row] = float(value)
                except (TypeError, ValueError):
                    wrong[row] = True
            return values, wrong
    values = numbers_in(array).astype(np.float64)
    gone = missing(array)
    if gone is not None:
        values[gone] = np.nan
    return values, wrong


def flags(array: "pa.Array") -> NDArray[np.int8]:
    """1 where true, 0 where false, `NOTHING` where missing, `EMPTY` where neither; shape (n,)."""
    import pyarrow as pa

    if pa.types.is_boolean(array.type):
        data = array.buffers()[1]
        result = _bits(data, array.offset, len(array)).astype(np.int8)
        gone = missing(array)
        return result if gone is None else np.where(gone, np.int8(NOTHING), result)
    index, words = encode(array)
    meaning = [_FLAGS.get((word or "").strip().casefold(), EMPTY) for word in words]
    return np.array([*meaning, NOTHING], dtype=np.int8)[index]


def plain_text(array: "pa.Array") -> "pa.Array":
    """The array without dictionary encoding and views."""
    import pyarrow as pa

    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    # Few kernels know views, and they do not know how to read numbers from them.
    return array.cast(pa.large_string()) if pa.types.is_string_view(array.type) else array


def _bits(buffer: "pa.Buffer", offset: int, n: int) -> BoolArray:
    packed = np.frombuffer(buffer, dtype=np.uint8)
    return np.unpackbits(packed, count=offset + n, bitorder="little")[offset:].astype(np.bool_)


def nested(flat: Mapping[Path, Any], struct: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """Values by path as values at the top; where paths go deeper, `struct` of those inside."""
    tree: dict[str, Any] = {}
    for path, value in flat.items():
        inside = tree
        for name in path[:-1]:
            inside = inside.setdefault(name, {})
        inside[path[-1]] = value

    def whole(fields: dict[str, Any]) -> dict[str, Any]:
        return {k: struct(whole(v)) if isinstance(v, dict) else v for k, v in fields.items()}

    return whole(tree)


Values = Any
"""A frame, a series, a numpy or Arrow array, a list: whatever a user keeps rows in."""
Paths = Collection[Path]
Batches = Iterator["pa.RecordBatch"]
_HEAD, _SAMPLE, _BUFFER = 200, 1000, 1 << 20
# Columns that some copies of a dataset hold as JSON text instead of as structs.
OFTEN_JSON = ("conv_metadata", "category_tag", "dedup_tag", "data", "meta", "metadata")


class UserTable:
    """Rows of a user's that can be scanned again and again.

    Attributes:
        as_json: Columns at the top whose text is JSON.
        twice: Names that several columns at the top have.
    """

    def __init__(self, name: str, columns: Columns) -> None:
        self.name, self.columns = name, columns
        self.as_json: frozenset[str] = frozenset()
        self.twice: tuple[str, ...] = ()

    def batches(self, paths: Paths, rows: int, coded: Paths = (), lists: Paths = ()) -> Batches:
        """The columns asked for, in the order of rows.

        Args:
            paths: Columns and fields; those that do not exist are left out.
            rows: The most rows of a batch, where the source lets us choose.
            coded: Those worth reading as dictionaries.
            lists: Those that hold lists, whatever the first rows say.
        """
        raise NotImplementedError

    def reach(self, written: str) -> None:
        """Make a column of what stands at a path that enters lists, where the source has lists."""

    def document(self) -> Mapping[str, Any]:
        """The whole, where it is one JSON object.

        Raises:
            InputError: If it is not.
        """
        raise InputError(f"{self.name} is no JSON document.")


class _CsvTable(UserTable):
    """A file of separated values with a header line."""

    def __init__(self, path: FilePath) -> None:
        self._path = path
        self._names, _ = csv_header(path)
        if not any(name.strip() for name in self._names):
            raise InputError(f"{path} is empty. Give a file with a header line and rows.")
        times = Counter(name for name in self._names if name)
        # The names of columns that are not used do not matter.
        super().__init__(str(path), Columns({x: "text" for x, n in times.items() if n == 1}))
        self.twice = tuple(name for name, n in times.items() if n > 1)

    def batches(self, paths: Paths, rows: int, coded: Paths = (), lists: Paths = ()) -> Batches:
        """The columns asked for, as dictionaries."""
        wanted = dict.fromkeys(path[0] for path in paths if path[0] in self.columns.tree)
        places = [self._names.index(name) for name in wanted]
        return csv_batches(self._path, places, coded=True)


class _JsonTable(UserTable):
    """A file of JSON records: an array, lines, or records one after another."""

    def __init__(self, path: FilePath) -> None:
        self._path = path
        first = [record for _, record in islice(objects(path), _SAMPLE)]
        self._mapped = of_map(first[0]) if len(first) == 1 else []
        self._first, self._inside = self._mapped or first, list[str]()
        self._once: set[bytes] = set()  # columns known to stand once in each record
        super().__init__(str(path), Columns.of_records(self._first))

    def reach(self, written: str) -> None:
        """Make a column of what stands at a path, if something does in the first records."""
        if any(at_path(record, written) is not None for record in self._first):
            self._inside.append(written)
            self.columns = Columns({**self.columns.tree, written: "text"})

    def _blocks(self, paths: Paths) -> Iterator[bytes]:
        """The records as JSON lines, with what is reached inside them beside the rest."""
        inside = [name for name in self._inside if (name,) in paths]
        if not self._mapped and not inside:
            yield from json_blocks(self._path)
            return
        held = iter(self._mapped) if self._mapped else self._records()
        while some := list(islice(held, _SAMPLE)):
            lines = ({**record, **{x: at_path(record, x) for x in inside}} for record in some)
            yield b"\n".join(map(msgspec.json.encode, lines))

    def _records(self) -> Iterator[dict[str, Any]]:
        return (record for _, record in objects(self._path))

    def _check(self) -> None:
        """Name the record at fault, if one is."""
        deque(self._records(), 0)

    def batches(self, paths: Paths, rows: int, coded: Paths = (), lists: Paths = ()) -> Batches:
        """The columns asked for, fields of structs included."""
        import polars as pl

        many = {path for path in paths if path in lists or self.columns.kind(path) == "list"}
        types = {path: pl.List(pl.String) if path in many else pl.String for path in paths}
        schema = nested(types, pl.Struct)
        columns = {b'"%s":' % path[0].encode() for path in paths} - self._once
        for block in self._blocks(paths):
            try:
                try:
                    frame = pl.read_ndjson(io.BytesIO(block), schema=schema)
                except pl.exceptions.PolarsError:
                    frame = pl.read_ndjson(io.BytesIO(valid_json(block)), schema=schema)
            except pl.exceptions.PolarsError as error:
                self._check()
                said = " ".join(str(error).split("\n\n")[0].split())
                raise InputError(
                    f"{self._path} cannot be read: {said}. Mend that place, or the file."
                ) from None
            # A column that stands in more places than there are records may be twice in one.
            if any(block.count(x) > frame.height for x in columns):
                columns.clear()
                self._check()
            yield from frame.rechunk().to_arrow().to_batches(rows)
        self._once |= columns

    def document(self) -> Mapping[str, Any]:
        """The one object in the file."""
        value = document(self._path)
        if not isinstance(value, dict):
            raise InputError(f"{self.name} holds several records; leaderbot's data is one object.")
        return value


def open_tables(source: Values) -> list[UserTable]:
    """The tables in a source, files in the order given.

    Args:
        source: A path, `-` for standard input, or a list of them; a folder; a frame of pandas,
            polars or Arrow; a mapping of column names to sequences; a list of records; or three
            sequences for the side shown first, the other side and the winner.

    Raises:
        InputError: If it is none of these, or a file is missing, empty or of an unknown kind.
    """
    result = _tables(source)
    places = [held(FilePath(table.name)) for table in result]
    files = [str(place.resolve()) for place in places if place.is_file()]
    if len(set(files)) < len(files):
        twice = next(name for name in files if files.count(name) > 1)
        raise InputError(f"{twice} is given twice, which would count every row twice.")
    for table in result:
        inside: dict[str, Tree] = {}
        for name in OFTEN_JSON:
            if table.columns.kind((name,)) != "text":
                continue
            head = next(table.batches([(name,)], _HEAD), None)
            texts = [] if head is None else [text for text in head[0].to_pylist()[:_HEAD] if text]
            found_records = [record for record in map(parsed, texts) if record is not None]
            if texts and len(found_records) == len(texts):
                inside[name] = Columns.of_records(found_records).tree
        if inside:
            table.columns = Columns({**table.columns.tree, **inside})
            table.as_json = frozenset(inside)
    return result


def _tables(source: Values) -> list[UserTable]:
    if isinstance(source, str | os.PathLike):
        return _files(arrived(source))
    if isinstance(source, Mapping):
        return [_SequenceTable(source)]
    if _is_frame(source):
        if hasattr(source, "iloc"):
            return [_SequenceTable({str(name): source[name] for name in source.columns})]
        return [_ArrowTable(source)]
    if isinstance(source, list | tuple) and source:
        return _several(source)
    raise InputError(
        f"Votes come as a path, a frame, a mapping of columns, records or three sequences "
        f"(model_a, model_b, winner), not as {type(source).__name__}."
    )


def _several(source: Sequence[Any]) -> list[UserTable]:
    if all(
        isinstance(part, Mapping)
        and any(isinstance(x, str | int | float) or x is None for x in part.values())
        for part in source
    ):
        names = dict.fromkeys(name for record in source for name in record)
        return [_SequenceTable({name: [r.get(name) for r in source] for name in names})]
    whole = [isinstance(x, str | os.PathLike | Mapping) or _is_frame(x) for x in source]
    if all(whole):
        return [table for part in source for table in _tables(part)]
    if len(source) == 3 and not any(whole):
        return [_SequenceTable(dict(zip(("model_a", "model_b", "winner"), source, strict=True)))]
    raise InputError(
        f"A list of votes holds paths, frames or records, or it is three sequences (model_a, "
        f"model_b, winner); this one has {len(source)} entries, of "
        f"{', '.join(sorted({type(x).__name__ for x in source}))}."
    )


def _is_frame(value: object) -> bool:
    if hasattr(value, "dtype") or hasattr(value, "chunks"):
        return False  # one column
    return hasattr(value, "iloc") or hasattr(value, "__arrow_c_stream__") or _is_arrow_batch(value)


def _is_arrow_batch(value: object) -> bool:
    return hasattr(value, "__arrow_c_array__") and hasattr(value, "schema")


def is_engine_table(source: object) -> bool:
    """True for an Ibis table and for a Spark data frame, whose rows stay in their engine."""
    module = type(source).__module__
    return module.startswith(("ibis.", "pyspark.sql.")) and hasattr(source, "schema")


def _files(path: FilePath) -> list[UserTable]:
    if path.is_dir():
        # Beside Parquet files there often lies what tells of them.
        files = [(file, kind_of(content(file, 1 << 16))) for file in files_of(path)]
        chosen = [file for file, kind in files if kind == "parquet"] or [file for file, _ in files]
        if not chosen:
            raise InputError(f"{path} holds no files. Give the files themselves.")
        return [table for file in chosen for table in _files(file)]
    if not held(path).exists():
        raise InputError(f"{path} does not exist. Give a file that does.")
    kind = kind_of(content(path, 1 << 16))
    if kind == "empty":
        raise InputError(f"{path} is empty. Give a file with rows.")
    if kind in ("binary", "zip"):
        raise InputError(f"{path} is of no known kind. Known: {KINDS}.")
    if kind == "feather":
        return [_ArrowTable(feather(path), str(path))]
    of_kind = {"parquet": _ParquetTable, "table": _CsvTable, "sqlite": _DatabaseTable}
    return [of_kind.get(kind, _JsonTable)(path)]


class _ParquetTable(UserTable):
    """A Parquet file."""

    def __init__(self, path: FilePath) -> None:
        self._path = path
        with parquet(path) as file:
            super().__init__(str(path), Columns.of_schema(file.schema_arrow))

    def batches(self, paths: Paths, rows: int, coded: Paths = (), lists: Paths = ()) -> Batches:
        """The columns asked for, and nothing else, read page by page."""
        there = [path for path in paths if self.columns.kind(path) is not None]
        as_codes = [
            path[0] for path in coded if len(path) == 1 and self.columns.kind(path) == "text"
        ]
        # Unbuffered, a column of a row group is held whole: some files have one row group.
        options = {"read_dictionary": as_codes, "pre_buffer": False, "buffer_size": _BUFFER}
        with parquet(self._path, **options) as file:
            columns = [".".join(path) for path in there]
            # Two threads hand three small columns back and forth for longer than they decode.
            yield from file.iter_batches(rows, columns=columns, use_threads=False)


class _DatabaseTable(UserTable):
    """The votes in the file of an arena, as they are when it is opened."""

    def __init__(self, path: FilePath) -> None:
        import pyarrow as pa

        names, rows = database_rows(path, VOTES_VIEW)
        values = list(zip(*rows, strict=True)) or [()] * len(names)
        self._rows = pa.table(dict(zip(names, map(_array, map(list, values)), strict=True)))
        if not rows:
            raise InputError(f"{path} is an arena in which nobody has voted yet.")
        super().__init__(str(path), Columns.of_schema(self._rows.schema))

    def batches(self, paths: Paths, rows: int, coded: Paths = (), lists: Paths = ()) -> Batches:
        """The columns asked for."""
        names = list(dict.fromkeys(path[0] for path in paths if self.columns.has(path[0])))
        yield from self._rows.select(names).to_batches(max_chunksize=rows)


class _ArrowTable(UserTable):
    """A frame that speaks Arrow: of pyarrow, polars or another library."""

    def __init__(self, frame: Values, name: str = "the table") -> None:
        import pyarrow as pa

        if isinstance(frame, pa.RecordBatchReader):
            frame = frame.read_all()  # it could be read only once
        if _is_arrow_batch(frame) and not hasattr(frame, "__arrow_c_stream__"):
            frame = pa.Table.from_batches([pa.record_batch(frame)])
        self._frame = frame
        schema = pa.RecordBatchReader.from_stream(frame).schema
        super().__init__(name, Columns.of_schema(schema))

    def batches(self, paths: Paths, rows: int, coded: Paths = (), lists: Paths = ()) -> Batches:
        """The columns asked for, without copying them."""
        import pyarrow as pa

        names = list(dict.fromkeys(path[0] for path in paths if self.columns.has(path[0])))
        frame = self._frame
        if type(frame).__module__.partition(".")[0] in ("pyarrow", "polars"):
            frame = frame.select(names)
        for batch in pa.RecordBatchReader.from_stream(frame):
            for start in range(0, batch.num_rows, rows):
                yield batch.slice(start, rows)


class _SequenceTable(UserTable):
    """Columns as Python sequences, arrays or series."""

    def __init__(self, columns: Mapping[str, Any]) -> None:
        import pyarrow as pa

        self._source = columns
        self._columns = {str(name): _sliceable(values) for name, values in columns.items()}
        self._books: dict[str, dict[Any, int]] = {name: {} for name in self._columns}
        first = {name: self._array(name, 0, _HEAD)[:0] for name in self._columns}
        super().__init__("the table", Columns.of_schema(pa.table(first).schema))

    def batches(self, paths: Paths, rows: int, coded: Paths = (), lists: Paths = ()) -> Batches:
        """The columns asked for.

        Raises:
            InputError: If columns differ in length or one mixes kinds of values.
        """
        import pyarrow as pa

        lengths = {name: len(values) for name, values in self._columns.items()}
        if len(set(lengths.values())) > 1:
            raise InputError(f"Columns differ in length: {lengths}. Every row needs all of them.")
        names = tuple(dict.fromkeys(path[0] for path in paths if path[0] in lengths))
        for start in range(0, max(lengths.values(), default=0), rows):
            arrays = [self._array(name, start, start + rows) for name in names]
            yield pa.record_batch(arrays, names=list(names))

    def document(self) -> Mapping[str, Any]:
        """The mapping itself."""
        return self._source

    def _array(self, name: str, start: int, stop: int) -> "pa.Array":
        import pyarrow as pa

        values = self._columns[name][start:stop]
        try:
            if isinstance(values, pa.ChunkedArray):
                if values.num_chunks == 1:
                    return values.chunk(0)
                return values.unify_dictionaries().combine_chunks()
            if isinstance(values, pa.Array):
                return values
            if isinstance(values, np.ndarray):
                if values.dtype.kind not in "OUS":
                    return pa.array(values, from_pandas=True)
                values = values.tolist()
            return encode_objects(values, self._books[name])
        except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError) as error:
            raise InputError(
                f"Column {name} cannot be read near row {start + 1}: {error}. Give it values of "
                "one kind."
            ) from None


def _sliceable(values: Values) -> Values:
    """The values as something whose slices are cheap: a list, a numpy array or an Arrow array."""
    import pyarrow as pa

    if isinstance(values, str | bytes) or not hasattr(values, "__iter__"):
        raise InputError(f"A column of votes is a list or an array, not {values!r}.")
    if isinstance(values, np.ndarray):
        return values
    if str(getattr(values, "dtype", "")) == "object":
        return values.to_numpy()  # pandas before 3 keeps texts as objects
    if hasattr(values, "__arrow_c_stream__"):
        return pa.chunked_array(values)
    if hasattr(values, "__arrow_c_array__") or hasattr(values, "dtype"):
        return pa.array(values)
    return values if isinstance(values, list | tuple) else list(values)
