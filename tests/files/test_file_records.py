"""Records of arrays that are read in blocks, of documents and tables; and what is not a record."""

import gzip
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulations import examples

from headtohead.core.errors import InputError
from headtohead.files import opening
from headtohead.files import records as reading
from headtohead.files.formats import head_of
from headtohead.files.opening import csv_batches, csv_header, digest
from headtohead.files.records import array_items, at_path, json_blocks, records


def _small_blocks(monkeypatch: pytest.MonkeyPatch, size: int = 64) -> None:
    monkeypatch.setattr(reading, "_BLOCK", size)


_TRICKY: list[dict[str, Any]] = [
    {"id": i, "text": '}, {"id": 1}, {"id"', "inner": [{"id": 1}, {"id": 2}], "pad": "x" * (i % 50)}
    for i in range(60)
]
_STYLES: list[dict[str, Any]] = [{}, {"separators": (",", ":")}, {"indent": 2}, {"indent": "\t"}]


@pytest.mark.parametrize("style", _STYLES)
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\n "])
def test_an_array_is_read_in_blocks_and_no_record_is_cut(
    style: dict[str, Any], start: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _small_blocks(monkeypatch)
    path = tmp_path / "x.json"
    path.write_bytes(start + json.dumps(_TRICKY, **style).encode() + b"\n")
    blocks = list(array_items(path))
    assert [json.loads(bytes(raw)) for block in blocks for raw in block] == _TRICKY
    assert len(blocks) > 3
    lines = b"\n".join(json_blocks(path)).split(b"\n")
    assert [json.loads(line) for line in lines] == _TRICKY
    assert [where for where, _ in records(path)][-1] == "record 60"


@settings(max_examples=examples(40))
@given(
    values=st.lists(
        st.dictionaries(
            st.text(max_size=3), st.one_of(st.text(max_size=9), st.lists(st.integers(), max_size=3))
        ),
        max_size=12,
    ),
    style=st.sampled_from(_STYLES),
)
def test_every_array_comes_back(
    values: list[dict[str, Any]], style: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("x") / "x.json"
    path.write_text(json.dumps(values, **style), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        _small_blocks(patch, 16)
        found = [json.loads(bytes(raw)) for block in array_items(path) for raw in block]
    assert found == values


def test_an_array_cut_short_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _small_blocks(monkeypatch)
    path = tmp_path / "x.json"
    path.write_text(json.dumps(_TRICKY)[:-40], encoding="utf-8")
    with pytest.raises(InputError, match=r"x\.json: not a complete JSON document"):
        list(records(path))


def test_records_one_after_another_and_pages(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("\n".join(json.dumps(r, indent=1) for r in _TRICKY[:3]), encoding="utf-8")
    assert [json.loads(text) for _, text in records(path)] == _TRICKY[:3]
    path.write_text(json.dumps({"data": _TRICKY[:2], "meta": {}}, indent=1), encoding="utf-8")
    assert [json.loads(text) for _, text in records(path)] == _TRICKY[:2]


def test_lines_in_blocks_lose_none_at_the_seams(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _small_blocks(monkeypatch, 7)
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(gzip.compress(b'\xef\xbb\xbf{"a":1}\n{"a":22222222222}\r\n\n{"a":3}'))
    lines = [x for x in b"\n".join(json_blocks(path)).splitlines() if x.strip()]
    assert [json.loads(line)["a"] for line in lines] == [1, 22222222222, 3]


def test_a_table_is_read_by_place_whatever_its_header_says(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(';"a\nb";a;a\n1;"x;\ny";3;\n', encoding="utf-8")
    assert csv_header(path) == (["", "a\nb", "a", "a"], ";")
    (batch,) = csv_batches(path, [0, 1, 3], coded=True)
    assert [column.to_pylist() for column in batch.columns] == [["1"], ["x;\ny"], [None]]


def test_a_row_larger_than_a_block_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_BLOCKS", (1 << 10, opening.LARGEST))
    path = tmp_path / "x.csv"
    rows = [f"{i},{'y' * (5000 if i == 300 else 5)}" for i in range(400)]
    path.write_text("\n".join(["a,b", *rows]), encoding="utf-8")
    found = [value for batch in csv_batches(path, [0]) for value in batch[0].to_pylist()]
    assert found == [str(i) for i in range(400)]


def test_a_ragged_row_is_named_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text('a,b\n1,"2\n2"\n3\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"x\.csv, line 4: 1 cells, where the header has 2"):
        list(csv_batches(path, [0]))


def test_fields_inside_a_record_and_of_a_document_too_large_to_parse(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"eval": {"task": "t"}}', encoding="utf-8")
    head = head_of(path)
    assert head.has("eval.task")
    assert not head.has("eval.run_id")
    path.write_text('{"eval":\n{"task": "' + "t" * 5_000_000 + '"}}', encoding="utf-8")
    large = head_of(path)
    assert large.record is None
    assert large.has("eval.task")
    assert not large.has("eval.model")


def test_paths_read_json_text_on_the_way() -> None:
    record = {"a": '{"b": {"c": 5}}', "x.y": 1}
    assert at_path(record, "a.b.c") == 5
    assert at_path(record, "x.y") == 1
    assert at_path(record, "a.z.c") is None


def test_the_hash_of_files_is_of_all_in_order(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"a")
    two.write_bytes(b"b")
    assert digest(one, two) != digest(two, one)
    assert len(digest(one)) == 64
    assert digest() == digest(tmp_path) == ""


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("x.json", "[" * 100_000, "nested too deep"),
        ("x.jsonl", '{"a":' + "[" * 100_000, "nested too deep"),
        ("x.json", '[{"a": "b, NaN"', "cut short"),
        ("x.json", "3", "holds one line"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_as_it_is(
    name: str, text: str, why: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")

    def read() -> None:
        for at, line in records(path):
            opening.decoded(msgspec.json.decode, path, at, line, "a record")

    with pytest.raises(InputError, match=why):
        read()
    head_of(path)  # which formats look at, and which raises nothing
