"""The columns of a table of votes, nested ones too, and their values as codes and numbers.

Arrow arrays are read straight from their buffers: `pyarrow.Array.to_numpy` imports pandas where it
is installed.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Union

import numpy as np
from numpy.typing import NDArray

from headtohead.core.errors import InputError, UnknownName
from headtohead.stats.inputs import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

Path = tuple[str, ...]
Tree = Mapping[str, Union[str, "Tree"]]
"""Name -> kind ("text", "number", "flag", "time", "list", "other"), or the fields of a struct."""
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
        node: str | Tree = self.tree
        for name in path:
            if isinstance(node, str) or name not in node:
                return None
            node = node[name]
        return node if isinstance(node, str) else "struct"

    def has(self, *names: str) -> bool:
        """True if all these names are at the top."""
        return all(name in self.tree for name in names)

    def first(self, *names: str) -> Path | None:
        """The first of these names that is at the top."""
        return next(((name,) for name in names if name in self.tree), None)

    def fields(self, path: Path) -> tuple[str, ...]:
        """The names inside a struct; none if it is no struct."""
        node: str | Tree = self.tree
        for name in path:
            if isinstance(node, str) or name not in node:
                return ()
            node = node[name]
        return () if isinstance(node, str) else tuple(node)

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
        return ends[0] if len(ends) == 1 else None

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
    found: dict[str, str | Tree] = {}
    for name, values in seen.items():
        kinds = frozenset(map(type, values))
        # An empty object has no field to read, so it is kept as text.
        found[name] = _merged(values) if kinds == {dict} else _JSON_KINDS.get(kinds, "text")
        found[name] = found[name] or "text"
    return found


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
            found: list[Any] = list(self._parsed[path[0]])
            for name in path[1:]:
                found = [x.get(name) if isinstance(x, dict) else None for x in found]
            return pa.array(
                [list(map(_text, x)) if isinstance(x, list) else _text(x) for x in found]
            )
        for name in path[1:]:
            inner = array.type.get_field_index(name) if pa.types.is_struct(array.type) else -1
            if inner < 0:
                return pa.nulls(len(self))
            array = pc.struct_field(array, [inner])
        return array

    def show(self, path: Path, row: int) -> object:
        """The value in a row, for a message."""
        value: object = self.column(path)[row].as_py()
        return value


class Unfolded(Batch):
    """The rows of a batch once for each value of a list; once without a value if it is empty."""

    def __init__(self, batch: Batch, path: Path) -> None:
        import pyarrow as pa

        lists: list[list[str | None] | None] = batch.column(path).to_pylist()
        found = [(row, value) for row, items in enumerate(lists) for value in items or [None]]
        self._batch, self._path = batch, path
        self.origin: IntArray = np.array([row for row, _ in found], dtype=np.int64)
        self._values = pa.array([value for _, value in found], pa.string())

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
    except json.JSONDecodeError:
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
        return pa.array(values, from_pandas=True)
    try:
        index = np.fromiter(map(book.__getitem__, values), np.int32, len(values))
    except KeyError:
        for value in dict.fromkeys(values):
            book.setdefault(value, len(book))
        index = np.fromiter(map(book.__getitem__, values), np.int32, len(values))
    words = pa.array(list(book), from_pandas=True)
    return pa.DictionaryArray.from_arrays(pa.array(index), words)


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
        made = _bits(data, array.offset, len(array)).astype(np.int8)
        gone = missing(array)
        return made if gone is None else np.where(gone, np.int8(NOTHING), made)
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


def nested(flat: Mapping[Path, "pa.Array"]) -> dict[str, "pa.Array"]:
    """Columns by path as columns at the top, structs where paths go deeper."""
    import pyarrow as pa

    tree: dict[str, Any] = {}
    for path, values in flat.items():
        inside = tree
        for name in path[:-1]:
            inside = inside.setdefault(name, {})
        inside[path[-1]] = values

    def struct(node: Any) -> Any:  # noqa: ANN401 - an array, or what is to become one
        if not isinstance(node, dict):
            return node
        return pa.StructArray.from_arrays([struct(inner) for inner in node.values()], list(node))

    return {name: struct(node) for name, node in tree.items()}
