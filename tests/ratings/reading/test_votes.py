"""Votes from every kind of file and frame: the same votes, in order, however often read."""

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ratings.reading.vote_files import cells, counted, write
from tests.simulations import examples

from headtohead.core.errors import InputError, UnknownName
from headtohead.files.tables import encode_objects
from headtohead.ratings.reading.votes import Ballots, open_votes
from headtohead.ratings.settings import VoteOptions

_COLUMNS: dict[str, list[Any]] = {
    "model_a": ["ada", "ada", "bob", "cyd", "ada"],
    "model_b": ["bob", "cyd", "cyd", "ada", "bob"],
    "winner": ["model_a", "tie", "model_b", "both_bad", "model_a"],
    "language": ["fr", "de", "fr", None, "fr"],
    "hard": [True, False, None, True, False],
    "length_a": [10, 20, 30, 40, 0],
    "length_b": [30, 20, 10, 40, 0],
}
_RECORDS = [{name: column[i] for name, column in _COLUMNS.items()} for i in range(5)]
_FIRST, _SECOND, _OUTCOME = [0, 0, 1, 2, 0], [1, 2, 2, 0, 1], [0, 2, 1, 3, 0]


def _joined(chunks: list[Ballots], label: str) -> list[list[float]]:
    columns: list[list[Any]] = [
        [chunk.first for chunk in chunks],
        [chunk.second for chunk in chunks],
        [chunk.outcome for chunk in chunks],
        [chunk.labels[label] for chunk in chunks],
        [np.empty(0) if c.covariates is None else c.covariates[:, 0] for c in chunks],
    ]
    return [np.concatenate(column).tolist() for column in columns]


def _check(source: object, chunk_rows: int = 1 << 18) -> None:
    """The five votes are read, twice, with names, labels and covariates."""
    votes = open_votes(source, VoteOptions(style=("length",)), chunk_rows)
    for _ in range(2):
        chunks = list(votes.chunks(["language"], covariates=True))
        first, second, outcome, language, length = _joined(chunks, "language")
        models = np.array(votes.models)
        assert models[np.array(first, int)].tolist() == _COLUMNS["model_a"]
        assert models[np.array(second, int)].tolist() == _COLUMNS["model_b"]
        assert outcome == _OUTCOME
        words = [*votes.values["language"], None]
        assert [words[int(code)] for code in language] == _COLUMNS["language"]
        assert length == [-0.5, 0, 0.5, 0, 0]
        assert (votes.rows_read, dict(votes.dropped), votes.format) == (5, {}, "plain")
    made = counted(source, ["hard", "language"])
    assert {name: board.total for name, board in made.boards.items()} == {
        "all": 5,
        "hard=false": 2,
        "hard=true": 2,
        "language=de": 1,
        "language=fr": 3,
    }


# ---------------------------------------------------------------- files


@pytest.mark.parametrize("chunk_rows", [1, 2, 1 << 18])
@pytest.mark.parametrize(
    "name",
    [
        "votes.parquet",
        "votes.csv",
        "votes.tsv",
        "votes.json",
        "votes.jsonl",
        "votes.csv.gz",
        "votes.json.gz",
        "votes.jsonl.gz",
    ],
)
def test_every_kind_of_file(tmp_path: Path, name: str, chunk_rows: int) -> None:
    path = write(tmp_path / name, _RECORDS)
    _check(path, chunk_rows)
    _check(str(path))


def test_names_that_look_like_patterns_are_files(tmp_path: Path) -> None:
    for name in ("votes[1].csv", "votes*.jsonl", "it's?.json"):
        _check(write(tmp_path / name, _RECORDS))


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_separators_and_line_ends_of_csv(tmp_path: Path, separator: str, newline: str) -> None:
    header = list(_COLUMNS)
    rows = [["" if r[n] is None else str(r[n]) for n in header] for r in _RECORDS]
    text = newline.join(separator.join(row) for row in [header, *rows])
    path = tmp_path / "votes.csv"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())  # as Excel writes it
    _check(path)


@pytest.mark.parametrize(
    "text",
    [
        ",model_a,model_b,winner\n0,x,y,a\n1,y,x,b\n",  # the index of a pandas frame
        "model_a,model_b,winner,\nx,y,a,\ny,x,b,\n",  # a comma at the end of every line
        ",,model_a,model_b,winner\n0,0,x,y,a\n0,1,y,x,b\n",
        "note,note,model_a,model_b,winner\n1,2,x,y,a\n1,2,y,x,b\n",
    ],
)
def test_names_of_columns_that_are_not_used_do_not_matter(tmp_path: Path, text: str) -> None:
    path = tmp_path / "votes.csv"
    path.write_text(text, encoding="utf-8")
    assert cells(counted(path)) == {("x", "y"): [1, 0, 0, 0], ("y", "x"): [0, 1, 0, 0]}


def test_json_records_one_after_another(tmp_path: Path) -> None:
    path = tmp_path / "votes.json"
    path.write_text("\n".join(json.dumps(r, indent=2) for r in _RECORDS), encoding="utf-8")
    _check(path)


def test_a_folder_of_parquet_and_files_in_the_order_given(tmp_path: Path) -> None:
    folder = tmp_path / "votes"
    (folder / "inner").mkdir(parents=True)
    write(folder / "a.parquet", _RECORDS[:2])
    write(folder / "inner" / "b.parquet", _RECORDS[2:])
    (folder / "readme.md").write_text("none of ours", encoding="utf-8")
    _check(folder)
    late, early = write(tmp_path / "late.csv", _RECORDS[2:]), folder / "a.parquet"
    _check([early, late])
    other_way = open_votes([late, str(early)])
    list(other_way.chunks())
    assert other_way.models == ["bob", "cyd", "ada"]
    mixed = [early, {"generator_1": ["bob"], "generator_2": ["ada"], "preference": [2.0]}]
    votes = open_votes(mixed)
    assert votes.format == "plain+alpacaeval"
    assert sum(chunk.first.size for chunk in votes.chunks()) == 3


def test_parquet_reads_only_the_columns_it_needs(tmp_path: Path) -> None:
    path = write(tmp_path / "v.parquet", [{**r, "blob": {"x": "y" * 100}} for r in _RECORDS])
    votes = open_votes(path)
    whole = pq.ParquetFile.iter_batches
    asked = []

    def watched(self: Any, *args: Any, **kwargs: Any) -> Any:
        asked.append(kwargs["columns"])
        return whole(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pq.ParquetFile, "iter_batches", watched)
        list(votes.chunks(["language"]))
    assert asked == [["model_a", "model_b", "winner", "language"]]


def test_dictionaries_of_parquet_may_differ_and_outgrow_a_batch(tmp_path: Path) -> None:
    names = [f"model {i}" for i in range(50)]
    table = pa.table(
        {
            "model_a": names * 4,
            "model_b": names[1:] * 4 + names[:4],
            "winner": ["tie"] * 200,
            "voter": [f"v{i}" for i in range(200)],
        }
    )
    path = tmp_path / "v.parquet"
    pq.write_table(table, path, row_group_size=60)
    votes = open_votes(path, chunk_rows=7)
    chunks = list(votes.chunks(["voter"]))
    assert votes.models == names
    first = np.concatenate([chunk.first for chunk in chunks])
    assert [votes.models[code] for code in first] == names * 4
    voters = np.concatenate([chunk.labels["voter"] for chunk in chunks])
    assert voters.tolist() == list(range(200))


# ---------------------------------------------------------------- frames and sequences


class _Pandas:
    """What the reader touches of a pandas frame whose texts are objects."""

    iloc = None

    def __init__(self, columns: dict[str, list[Any]]) -> None:
        self._columns = columns
        self.columns = list(columns)

    def __getitem__(self, name: str) -> "_Series":
        return _Series(self._columns[name])


class _Series:
    dtype = "object"

    def __init__(self, values: list[Any]) -> None:
        self._values = values

    def __iter__(self) -> Any:
        return iter(self._values)

    def to_numpy(self) -> Any:
        made = np.empty(len(self._values), dtype=object)
        made[:] = [float("nan") if value is None else value for value in self._values]
        return made


def _arrow() -> Any:
    return pa.table(_COLUMNS)


def _large_strings() -> Any:
    table = _arrow()
    fields = [(f.name, pa.large_string() if f.name in _TEXTS else f.type) for f in table.schema]
    return table.cast(pa.schema(fields))


_TEXTS = ("model_a", "model_b", "winner", "language")
_SOURCES: dict[str, Callable[[], Any]] = {
    "mapping of lists": lambda: _COLUMNS,
    "mapping of tuples": lambda: {name: tuple(column) for name, column in _COLUMNS.items()},
    "mapping of arrays": lambda: {n: np.array(c, dtype=object) for n, c in _COLUMNS.items()},
    "mapping of series": lambda: {n: pl.Series(n, c) for n, c in _COLUMNS.items()},
    "mapping of arrow": lambda: {name: _arrow()[name] for name in _COLUMNS},
    "mapping of iterables": lambda: {n: dict(enumerate(c)).values() for n, c in _COLUMNS.items()},
    "records": lambda: _RECORDS,
    "arrow table": _arrow,
    "arrow batch": lambda: _arrow().to_batches()[0],
    "arrow reader": lambda: pa.RecordBatchReader.from_batches(
        _arrow().schema, _arrow().to_batches(2)
    ),
    "chunked arrow": lambda: pa.concat_tables([_arrow()[:2], _arrow()[2:]]),
    "dictionary": lambda: pa.table({n: _arrow()[n].dictionary_encode() for n in _COLUMNS}),
    "polars": lambda: pl.DataFrame(_COLUMNS),
    "polars, rechunked": lambda: pl.concat(
        [pl.DataFrame(_COLUMNS)[:1], pl.DataFrame(_COLUMNS)[1:]], rechunk=False
    ),
    "polars categories": lambda: pl.DataFrame(_COLUMNS).with_columns(
        pl.col(*_TEXTS).cast(pl.Categorical)
    ),
    "pandas": lambda: _Pandas(_COLUMNS),
    "large strings": _large_strings,
}


@pytest.mark.parametrize("chunk_rows", [2, 1 << 18])
@pytest.mark.parametrize("name", _SOURCES)
def test_every_kind_of_frame(name: str, chunk_rows: int) -> None:
    _check_once = _SOURCES[name]()
    if name == "arrow reader":  # it can be read only once, so it is taken whole
        made = counted(_check_once, ["language"], chunk_rows=chunk_rows)
        assert made.used == 5
    else:
        _check(_check_once, chunk_rows)


def test_three_sequences() -> None:
    three = [_COLUMNS[name] for name in ("model_a", "model_b", "winner")]
    kinds: tuple[Any, ...] = (list, np.array, pa.array, pl.Series)
    for source in (three, *(tuple(kind(c) for c in three) for kind in kinds)):
        votes = open_votes(source)
        (ballots,) = votes.chunks()
        assert votes.models == ["ada", "bob", "cyd"]
        assert ballots.first.tolist() == _FIRST
        assert ballots.second.tolist() == _SECOND
        assert ballots.outcome.tolist() == _OUTCOME
        assert ballots.covariates is None
        assert str(ballots.first.dtype) == "int32"
        assert str(ballots.outcome.dtype) == "int8"


def test_models_may_be_numbers() -> None:
    made = counted(([1, 2, 1], [2, 3, 3], ["a", "b", "tie"]))
    assert cells(made) == {
        ("1", "2"): [1, 0, 0, 0],
        ("1", "3"): [0, 0, 1, 0],
        ("2", "3"): [0, 1, 0, 0],
    }


def test_codes_stay_while_models_grow_and_a_broken_scan_changes_no_count() -> None:
    votes = open_votes(_COLUMNS, chunk_rows=2)
    scan = votes.chunks()
    next(scan)
    assert (votes.models, votes.rows_read) == (["ada", "bob", "cyd"], 0)
    del scan
    assert votes.rows_read == 0
    other = open_votes(_COLUMNS, VoteOptions(where={"language": "fr"}), chunk_rows=2)
    for _ in range(2):
        assert sum(chunk.first.size for chunk in other.chunks()) == 3
        assert (other.rows_read, dict(other.dropped)) == (5, {"language is not fr": 2})


def test_nothing_heavy_is_imported_before_votes_are_opened() -> None:
    code = (
        "import sys, headtohead.ratings.tally, headtohead.ratings.reading.votes;"
        "print(sorted({'pyarrow', 'duckdb', 'polars', 'pandas', 'ibis'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ---------------------------------------------------------------- filters


def test_filters_are_counted_by_the_first_reason() -> None:
    times = ["2025-01-31T23:59:59", "2025-02-01", "2025-02-28T23:00:00", "2025-03-01", ""]
    table = {**_COLUMNS, "time": times}
    assert counted(table, where={"language": "fr", "hard": "TRUE"}).dropped == {
        "language is not fr": 2,
        "hard is not TRUE": 2,
    }
    assert counted(table, where={"length_a": "20.0"}).used == 1
    assert counted(table, languages=("FR", "de ")).dropped == {"other language": 1}
    made = counted(table, since=date(2025, 2, 1), until=date(2025, 2, 28))
    assert made.used == 2
    assert made.dropped == {"no time": 1, "before 2025-02-01": 1, "after 2025-02-28": 1}
    assert counted(table, both_bad="drop").dropped == {"both bad": 1}


def test_a_filtered_row_may_break_the_rules() -> None:
    table = {**_COLUMNS, "winner": ["a", "tie", "b", "broken", "a"]}
    with pytest.raises(InputError, match="row 4"):
        counted(table)
    assert counted(table, where={"language": "fr"}).used == 3


def test_repeats_are_left_out_across_chunks_and_files(tmp_path: Path) -> None:
    table = {
        "model_a": ["ada"] * 6,
        "model_b": ["bob"] * 6,
        "winner": ["a", "b", "tie", "a", "a", "b"],
        "vote_id": ["1", "2", "1", None, None, "2"],
        "prompt": ["p", "p", "p", "q", "q", ""],
    }
    for rows in (1, 2, 4, 100):
        made = counted(table, dedup="id", chunk_rows=rows)
        assert cells(made) == {("ada", "bob"): [3, 1, 0, 0]}
        assert made.dropped == {"repeated id": 2}
        assert counted(table, dedup="prompt", chunk_rows=rows).dropped == {"repeated prompt": 3}
    assert counted([table, table], dedup="id").used == 6  # rows without an id all count
    votes = open_votes(table, VoteOptions(dedup="id"))
    for _ in range(2):
        assert [chunk.first.size for chunk in votes.chunks()] == [4]
    with pytest.raises(InputError, match=r"no id that is known; say which column.*'id'"):
        open_votes(_COLUMNS, VoteOptions(dedup="id"))
    mapped = counted(_COLUMNS, dedup="id", mapping={"id": "length_b"})
    assert mapped.dropped == {}


def test_columns_that_do_not_exist_are_named_at_once() -> None:
    votes = open_votes(_COLUMNS)
    with pytest.raises(UnknownName, match=r"No column is called 'langauge'. Did you mean language"):
        votes.chunks(["langauge"])
    for options in ({"where": {"langauge": "fr"}}, {"mapping": {"voter": "langauge"}}):
        with pytest.raises(UnknownName, match="Did you mean language"):
            open_votes(_COLUMNS, VoteOptions(**options))  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"no time that is known; say which column.*'time'"):
        open_votes(_COLUMNS, VoteOptions(since=date(2025, 1, 1)))
    with pytest.raises(InputError, match="no time that is known"):
        list(votes.chunks(window="month"))
    three = (["a"], ["b"], ["tie"])
    with pytest.raises(UnknownName, match="language"):
        open_votes(three, VoteOptions(languages=("fr",)))


def test_choices_are_checked() -> None:
    for wrong in ({"dedup": "ids"}, {"on_bad": "skip"}, {"both_bad": "loss"}):
        with pytest.raises(InputError, match="is one of"):
            VoteOptions(**wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="chunk_rows is 0"):
        open_votes(_COLUMNS, chunk_rows=0)


# ---------------------------------------------------------------- what cannot be read


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("votes.csv", b"", r"votes\.csv is empty"),
        ("votes.csv", b"\n", r"votes\.csv is empty"),
        ("votes.csv", b"model_a,model_b,winner\n", r"votes\.csv holds no votes"),
        (
            "votes.csv",
            b"model_a,model_b,winner\nx,y\n",
            r"votes\.csv, line 2: 2 cells, where the header has 3",
        ),
        ("votes.csv", b"model_a,model_a,winner\nx,y,a\n", "two columns of one name"),
        ("votes.csv", b"model_a,model_b,winner\nx,\xff,a\n", r"votes\.csv cannot be read"),
        ("votes.csv.gz", b"no gzip", "which no format of votes has"),
        ("votes.json", b"[]", "has the columns"),
        ("votes.json", b"  \n", r"votes\.json is empty"),
        ("votes.json", b"model_a", "which no format of votes has"),
        ("votes.json", b"[1, 2]", "not an object with named fields"),
        ("votes.jsonl", b'{"model_a": "x", "model_b"', r"votes\.jsonl: not a complete JSON"),
        ("votes.parquet", b"PAR1", "cannot be read as Parquet"),
        ("votes.xlsx", b"PK\x03\x04", "not a complete zip archive"),
        ("votes.xls", b"\xd0\xcf\x11\0", "is of no known kind. Known: JSON"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        counted(path)


def test_places_and_things_that_hold_no_votes(tmp_path: Path) -> None:
    for source, said in (
        (tmp_path / "none.csv", "does not exist"),
        (tmp_path, "holds no files"),
        ([], "come as a path"),
        (7, "not as int"),
        ([1, 2], "2 entries, of int"),
        ({"model_a": ["x"], "model_b": ["y"], "winner": ["a", "b"]}, "differ in length"),
        ({"model_a": ["x", 1], "model_b": ["y", "z"], "winner": ["a", "b"]}, "values of one kind"),
        ({"model_a": "xyz", "model_b": ["y"], "winner": ["a"]}, "a list or an array, not 'xyz'"),
        (([], [], []), "holds no votes"),
        (pa.table({"model_a": [["x"]], "model_b": ["y"], "winner": ["a"]}), "one value a row"),
    ):
        with pytest.raises(InputError, match=said):
            counted(source)


def test_a_damaged_file_says_so_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "votes.jsonl.gz"
    whole = gzip.compress("\n".join(json.dumps(r) for r in _RECORDS * 5000).encode())
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"votes\.jsonl\.gz"):
        counted(path)


def test_lists_of_votes_import_no_pandas() -> None:
    code = (
        "import sys; from headtohead.api import rank; "
        "rank((['a', 'b', None] * 9, ['b', 'a', 'b'] * 9, ['model_a', 'tie', 'tie'] * 9), "
        "on_bad='drop'); sys.exit('pandas' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


_KINDS: list[st.SearchStrategy[Any]] = [
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(max_size=3),
    st.booleans(),
    st.dates(),
    st.sampled_from([1, 2.5, True, "x"]),
]


def column(make: Callable[[list[Any]], Any], values: list[Any]) -> tuple[Any, ...]:
    try:
        made = make(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError) as error:
        return (type(error),)
    made = made.dictionary_decode() if pa.types.is_dictionary(made.type) else made
    return made.type, made.to_pylist()


@given(st.one_of([st.lists(st.none() | kind, max_size=9) for kind in _KINDS]))
@settings(max_examples=examples(300))
def test_values_of_any_kind_become_the_column_that_arrow_makes(values: list[Any]) -> None:
    plain = column(partial(pa.array, from_pandas=True), values)
    assert column(lambda given: encode_objects(given, {}), values) == plain
