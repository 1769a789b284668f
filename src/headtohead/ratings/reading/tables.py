"""Opening votes of any kind as tables that are scanned in Arrow batches, as often as needed.

Every value of a text file is read as text, so that no guess of a type can change one.
"""

import io
import os
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from headtohead.core.errors import InputError
from headtohead.files.opening import (
    content,
    csv_batches,
    csv_header,
    document,
    files_of,
    parquet,
    wrong,
)
from headtohead.files.records import json_blocks, records
from headtohead.ratings.reading.columns import Columns, Path, Tree, encode_objects, parsed

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

Values = Any
"""A frame, a series, a numpy or Arrow array, a list: whatever a user keeps votes in."""
Paths = Collection[Path]
Batches = Iterator["pa.RecordBatch"]
_HEAD, _SAMPLE, _BUFFER = 200, 1000, 1 << 20
_PARQUET = (".parquet", ".pq")
# Columns that some copies of a dataset hold as JSON text instead of as structs.
OFTEN_JSON = ("conv_metadata", "category_tag", "dedup_tag", "data", "meta", "metadata")


class VoteTable:
    """Votes that can be scanned again and again.

    Attributes:
        name: The file, or what else to call it in a message.
        columns: Its columns.
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

    def document(self) -> Mapping[str, Any]:
        """The whole, where it is one JSON object.

        Raises:
            InputError: If it is not.
        """
        raise InputError(f"{self.name} is no JSON document.")


class _CsvTable(VoteTable):
    """A file of separated values with a header line."""

    def __init__(self, path: FilePath) -> None:
        self._path = path
        self._names, _ = csv_header(path)
        if not any(name.strip() for name in self._names):
            raise InputError(f"{path} is empty. Give a file with a header line and votes.")
        times = Counter(name for name in self._names if name)
        # The names of columns that are not used do not matter.
        super().__init__(str(path), Columns({x: "text" for x, n in times.items() if n == 1}))
        self.twice = tuple(name for name, n in times.items() if n > 1)

    def batches(self, paths: Paths, rows: int, coded: Paths = (), lists: Paths = ()) -> Batches:
        """The columns asked for, as dictionaries."""
        wanted = dict.fromkeys(path[0] for path in paths if path[0] in self.columns.tree)
        places = [self._names.index(name) for name in wanted]
        return csv_batches(self._path, places, coded=True)


class _JsonTable(VoteTable):
    """A file of JSON records: an array, lines, or records one after another."""

    def __init__(self, path: FilePath) -> None:
        self._path = path
        start = content(path, 1 << 16).lstrip()
        if not start:
            raise InputError(f"{path} is empty. Give a file with votes.")
        if start[:1] not in (b"[", b"{"):
            raise InputError(f"{path} is no JSON: it begins with {start.decode()[:1]!r}.")
        found = [_decoded(path, *record) for record in islice(records(path), _SAMPLE)]
        super().__init__(str(path), Columns.of_records(found))

    def batches(self, paths: Paths, rows: int, coded: Paths = (), lists: Paths = ()) -> Batches:
        """The columns asked for, fields of structs included."""
        import polars as pl

        types: dict[str, Any] = {}  # a tree in the making
        for path in paths:
            inside = types
            for name in path[:-1]:
                inside = inside.setdefault(name, {})
            as_list = path in lists or self.columns.kind(path) == "list"
            inside[path[-1]] = pl.List(pl.String) if as_list else pl.String

        def kind(node: Any) -> Any:  # noqa: ANN401 - a type of polars, or fields
            if not isinstance(node, dict):
                return node
            return pl.Struct({name: kind(inner) for name, inner in node.items()})

        schema = {name: kind(node) for name, node in types.items()}
        for block in json_blocks(self._path):
            try:
                frame = pl.read_ndjson(io.BytesIO(block), schema=schema)
            except pl.exceptions.PolarsError as error:
                for where, text in records(self._path):
                    _decoded(self._path, where, text)  # names the record at fault, if one is
                said = " ".join(str(error).split("\n\n")[0].split())
                raise InputError(
                    f"{self._path} cannot be read: {said}. Mend that place, or the file."
                ) from None
            yield from frame.rechunk().to_arrow().to_batches(rows)

    def document(self) -> Mapping[str, Any]:
        """The one object in the file."""
        value = document(self._path)
        if not isinstance(value, dict):
            raise InputError(f"{self.name} holds several records; leaderbot's data is one object.")
        return value


def _decoded(path: FilePath, where: str, text: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.ValidationError:
        raise wrong(path, where, "JSON that is no object. Give one object a vote.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        why = f"cannot be read: {error}. Mend that line, or copy the file again."
        raise wrong(path, where, why) from None


_TEXT_KINDS: dict[str, type[_CsvTable] | type[_JsonTable]] = {
    **dict.fromkeys((".csv", ".tsv", ".txt"), _CsvTable),
    **dict.fromkeys((".json", ".jsonl", ".ndjson"), _JsonTable),
}


def open_tables(source: Values) -> list[VoteTable]:
    """The tables in a source, files in the order given.

    Args:
        source: A path, or a list of them; a folder of Parquet files; a frame of pandas, polars or
            Arrow; a mapping of column names to sequences; a list of records; or three sequences
            for the side shown first, the other side and the winner.

    Raises:
        InputError: If it is none of these, or a file is missing, empty or of an unknown kind.
    """
    found = _tables(source)
    files = [str(FilePath(t.name).resolve()) for t in found if FilePath(t.name).is_file()]
    if len(set(files)) < len(files):
        twice = next(name for name in files if files.count(name) > 1)
        raise InputError(f"{twice} is given twice, which would count every vote twice.")
    for table in found:
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
    return found


def _tables(source: Values) -> list[VoteTable]:
    if isinstance(source, str | os.PathLike):
        return _files(FilePath(source))
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


def _several(source: Sequence[Any]) -> list[VoteTable]:
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


def _files(path: FilePath) -> list[VoteTable]:
    if path.is_dir():
        found = [file for file in files_of(path) if file.suffix in _PARQUET]
        if not found:
            raise InputError(f"{path} holds no Parquet files. Give the files themselves.")
        return [_ParquetTable(one) for one in found]
    if not path.is_file():
        raise InputError(f"{path} does not exist. Give the file of votes.")
    if path.stat().st_size == 0:
        raise InputError(f"{path} is empty. Give a file with votes.")
    if path.suffix in _PARQUET:
        return [_ParquetTable(path)]
    packed = path.suffix in (".gz", ".zst")
    suffix = (FilePath(path.stem).suffix if packed else path.suffix).lower()
    if suffix not in _TEXT_KINDS:
        kinds = ", ".join((*_PARQUET, *_TEXT_KINDS))
        raise InputError(
            f"{path} is of no known kind. Known: {kinds}, the text ones also .gz and .zst."
        )
    return [_TEXT_KINDS[suffix](path)]


class _ParquetTable(VoteTable):
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


class _ArrowTable(VoteTable):
    """A frame that speaks Arrow: of pyarrow, polars or another library."""

    def __init__(self, frame: Values) -> None:
        import pyarrow as pa

        if isinstance(frame, pa.RecordBatchReader):
            frame = frame.read_all()  # it could be read only once
        if _is_arrow_batch(frame) and not hasattr(frame, "__arrow_c_stream__"):
            frame = pa.Table.from_batches([pa.record_batch(frame)])
        self._frame = frame
        schema = pa.RecordBatchReader.from_stream(frame).schema
        super().__init__("the table", Columns.of_schema(schema))

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


class _SequenceTable(VoteTable):
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
            raise InputError(f"Columns differ in length: {lengths}. Every vote needs all of them.")
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
