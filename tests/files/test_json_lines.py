"""JSON lines and documents, compressed or not, whole or damaged."""

import gzip
import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulations import examples

from headtohead.core.errors import InputError
from headtohead.files.formats import FormatModule, Formats
from headtohead.files.opening import decoded, document, json_lines, line_blocks
from headtohead.files.records import objects


def _zstd(data: bytes) -> bytes:
    name = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    made: bytes = importlib.import_module(name).compress(data)
    return made


_PACKED = pytest.mark.parametrize("pack", [bytes, gzip.compress, _zstd])


@_PACKED
def test_lines_are_numbered_as_an_editor_does(
    pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    path = tmp_path / "x"
    path.write_bytes(pack(b'\xef\xbb\xbf{"a":1}\r\n\n  \n{"b":2}'))
    assert list(json_lines(path)) == [(1, b'{"a":1}\r\n'), (4, b'{"b":2}')]


@_PACKED
def test_a_document_is_read_whole(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(pack(b'\xef\xbb\xbf[1, {"a": null}]'))
    assert document(path) == [1, {"a": None}]


@pytest.mark.parametrize("pack", [gzip.compress, _zstd])
def test_damage_is_an_error(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(pack(b"[1]\n" * 1000)[:-5])
    with pytest.raises(InputError, match=r"x.*damaged"):
        list(json_lines(path))
    with pytest.raises(InputError, match=r"x.*damaged"):
        document(path)


def test_what_is_not_json_or_not_there(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b'{"a": ')
    with pytest.raises(InputError, match="x: not a complete JSON document"):
        document(tmp_path / "x")
    with pytest.raises(InputError, match="gone: cannot be read"):
        list(json_lines(tmp_path / "gone"))


@settings(max_examples=examples(40))
@given(lines=st.lists(st.binary(max_size=20).filter(lambda x: b"\n" not in x), max_size=8))
def test_every_line_that_is_not_blank_comes_back(
    lines: list[bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("x") / "x"
    text = b"# \n" + b"\n".join(lines)
    path.write_bytes(text)
    found = dict(json_lines(path))
    assert found.pop(1) == b"# \n"
    expected = {i: x for i, x in enumerate(lines, 2) if x.strip()}
    assert {i: x.rstrip(b"\n") for i, x in found.items()} == expected
    assert b"".join(block for _, block in line_blocks(path, 3)) == text
    for number, block in line_blocks(path, 3):
        assert text.split(b"\n", number - 1)[-1].startswith(block)


_LINES = [
    *(b'{"a": 1}', b'{"a": {"b": "c:d"}}', b'{"a": [1.5, null]}', b"{}", b"", b" \r", b'{"a":":"}'),
    *(b'{"a": "\\u003a"}', b'{"\\u003A": 1}', b'{"a": 1, "a": 1}', b'{"a": {"b": 1, "b": 1}}'),
    *(
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b"[1]",
        b"1",
        b'{"a": 1} {"a": 2}',
        b'{"a": 1',
        b'"b": 2}',
    ),
    *(b'{"a": "\xff"}', b'{"a": 1e999}', b'{"a": ' + b"[" * 2000, b"\x85", b'{"a": "b\tc"}'),
]


@settings(max_examples=examples(300))
@given(
    odd=st.lists(st.sampled_from(_LINES), max_size=3),
    plain=st.lists(st.sampled_from(_LINES[:8]), max_size=5),
    data=st.data(),
)
def test_lines_read_together_say_what_each_says(
    odd: list[bytes],
    plain: list[bytes],
    data: st.DataObject,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.mktemp("x") / "x"
    path.write_bytes(b"\n".join([b'{"a": 0}', *data.draw(st.permutations(odd + plain))]))

    def singly() -> Iterator[tuple[str, dict[str, Any]]]:
        decode = msgspec.json.Decoder(dict[str, Any]).decode
        for at, line in json_lines(path):
            yield f"line {at}", decoded(decode, path, at, line, "an object with named fields")

    assert _read(objects(path)) == _read(singly())


def _read(found: Iterator[tuple[str, dict[str, Any]]]) -> tuple[list[object], str]:
    """What was read, and the error at which that ended."""
    some = list[object]()
    try:
        some.extend(found)
    except InputError as error:
        return some, str(error)
    return some, ""


def test_a_module_that_declares_no_format_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kitchen").mkdir()
    for name in ("__init__", "recipes"):
        (tmp_path / "kitchen" / f"{name}.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    formats: Formats[FormatModule] = Formats("kitchen", "format")
    with pytest.raises(InputError, match=r"kitchen\.recipes has no FORMAT"):
        formats.named("plain")
