"""Every verb reads the same kinds of file in the same words: any container, encoding and place."""

import bz2
import gzip
import importlib
import io
import json
import lzma
import os
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

from headtohead.capability.own_scores import own_scores
from headtohead.cli import main
from headtohead.core.dates import day
from headtohead.core.errors import InputError
from headtohead.files import records as reading
from headtohead.files.opening import (
    LARGEST,
    STDIN,
    arrived,
    content,
    files_of,
    json_lines,
    line_blocks,
    opened,
)
from headtohead.files.records import records
from headtohead.names.names import Names
from headtohead.ratings.reading.votes import Votes, open_votes
from headtohead.ratings.settings import VoteOptions
from headtohead.ratings.verb import rank
from headtohead.trials.comparing.pairing import open_run

Rows = list[dict[str, Any]]
_ZSTD = importlib.import_module(
    "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
)
VOTES: Rows = [
    {"model_a": a, "model_b": b, "winner": w}
    for a, b, w in (("x", "y", "model_a"), ("y", "é", "tie"), ("é", "x", "model_b"))
]
RUN: Rows = [{"id": f"q{n}", "model": "é", "score": n % 2} for n in range(4)]
SCORES: Rows = [
    {"model": m, "benchmark": b, "score": 0.25, "lab": "é"} for m in ("m", "n") for b in "ab"
]


def _votes(path: Path) -> object:
    return _chunks(open_votes(path))


def _chunks(votes: Votes) -> object:
    each = (zip(x.first, x.second, x.outcome, strict=True) for x in votes.chunks())
    seen = [list(map(int, one)) for chunk in each for one in chunk]
    return votes.models, seen


def _run(path: Path) -> object:
    return [(call.key, call.model, call.score) for call in open_run(str(path)).calls]


def _scores(path: Path) -> object:
    rows, _ = own_scores(path, Names.load(), day("2025-12-15", "as_of"))
    return rows.select("model_name", "benchmark", "score_frac", "lab").rows()


READERS: dict[str, tuple[Rows, Callable[[Path], object]]] = {
    "rank": (VOTES, _votes),
    "compare, plan, items": (RUN, _run),
    "gap, index": (SCORES, _scores),
}


def _lines(rows: Rows) -> bytes:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()


def _table(rows: Rows, separator: str = ",") -> bytes:
    cells = [list(rows[0]), *(list(map(str, row.values())) for row in rows)]
    return "\n".join(map(separator.join, cells)).encode()


def _yaml(rows: Rows) -> bytes:
    fields = ("\n  ".join(f"{k}: {v}" for k, v in row.items()) for row in rows)
    return "".join(f"- {one}\n" for one in fields).encode()


def _parquet(rows: Rows) -> bytes:
    held = io.BytesIO()
    pl.DataFrame(rows).write_parquet(held)
    return held.getvalue()


def _zip(data: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        # Without the time of day: workers name tests by these bytes, and have to agree.
        archive.writestr(zipfile.ZipInfo("inside/rows"), data, zipfile.ZIP_DEFLATED)
        archive.writestr("__MACOSX/inside/._rows", b"\0")
    return held.getvalue()


def _utf16(data: bytes) -> bytes:
    return data.decode().encode("utf-16")


KINDS: dict[str, Callable[[Rows], bytes]] = {
    "lines.log": _lines,
    "array": lambda rows: json.dumps(rows, indent=1).encode(),
    "page.json": lambda rows: json.dumps({"data": rows}).encode(),
    "map.json": lambda rows: json.dumps({f"q{n}": row for n, row in enumerate(rows)}).encode(),
    "rows.csv": _table,
    "crlf.csv": lambda rows: _table(rows).replace(b"\n", b"\r\n"),
    "tabs.txt": lambda rows: _table(rows, "\t"),
    "semicolons": lambda rows: _table(rows, ";"),
    "rows.yml": _yaml,
    "rows.pq": _parquet,
}
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".zst": _ZSTD.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zip": _zip,
    ".bom": lambda data: b"\xef\xbb\xbf" + data,
    ".utf-16": _utf16,
    ".utf-16.gz": lambda data: gzip.compress(_utf16(data)),
}


@pytest.mark.parametrize("verb", READERS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.slow)])
def test_every_verb_reads_every_kind_of_file(
    every: int, verb: str, kind: str, tmp_path: Path
) -> None:
    """Packed in every way; in short, in a third of the ways, by turns."""
    rows, read = READERS[verb]
    plain = tmp_path / "plain.jsonl"
    plain.write_bytes(_lines(rows))
    expected = read(plain)
    for packed, pack in list(PACKED.items())[list(KINDS).index(kind) % every :: every]:
        if kind == "rows.pq" and ("bom" in packed or "16" in packed):
            continue  # no text
        path = tmp_path / (kind + packed)
        path.write_bytes(pack(KINDS[kind](rows)))
        assert read(path) == expected, path.name


def test_paths_enter_lists_of_votes_as_those_of_results(tmp_path: Path) -> None:
    path = tmp_path / "votes.jsonl"
    rows = [
        {
            "sides": [{"name": v["model_a"]}, {"name": v["model_b"]}],
            "by": {"z": {"won": v["winner"]}},
        }
        for v in VOTES
    ]
    mapping = {"model_a": "sides.0.name", "model_b": "sides.1.name", "winner": "by.*.won"}
    (tmp_path / "plain.jsonl").write_bytes(_lines(VOTES))
    for text in (_lines(rows), json.dumps(dict(enumerate(rows))).encode(), _yaml(VOTES)):
        path.write_bytes(text)
        given = {} if text.startswith(b"-") else mapping
        votes = open_votes(path, VoteOptions(mapping=given))
        assert _chunks(votes) == _votes(tmp_path / "plain.jsonl")
    path.write_bytes(_lines(rows))
    with pytest.raises(InputError, match=r"No column is called 'sides\.2\.name'"):
        open_votes(path, VoteOptions(mapping={**mapping, "model_b": "sides.2.name"}))


@contextmanager
def _piped(data: bytes) -> Iterator[Path]:
    out, into = os.pipe()
    thread = threading.Thread(target=lambda: os.write(into, data) and os.close(into))
    thread.start()
    yield Path(f"/dev/fd/{out}")
    thread.join()
    os.close(out)


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="pipes have no name here")
@pytest.mark.parametrize("verb", READERS)
@pytest.mark.parametrize("kind", ["lines.log", "rows.csv", "rows.pq"])
def test_a_pipe_a_folder_of_one_and_standard_input(
    verb: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, read = READERS[verb]
    (tmp_path / "folder").mkdir()
    data = KINDS[kind](rows)
    file = tmp_path / "folder" / "data"
    file.write_bytes(data)
    assert read(tmp_path / "folder") == read(file)
    with _piped(gzip.compress(data)) as pipe:
        assert read(pipe) == read(file)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert read(Path("-")) == read(file)


def test_a_named_pipe_written_again_is_read_again(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for n, written in ((3, True), (3, False), (5, True)):
        if written:
            writer = threading.Thread(target=pipe.write_bytes, args=(_lines(VOTES * n),))
            writer.start()
        assert rank(pipe).used == n * len(VOTES)
        writer.join()


def test_a_command_reads_standard_input_and_names_it(tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    other.write_bytes(_lines([{**row, "model": "o"} for row in RUN]))
    done = CliRunner().invoke(main, ["compare", "-", str(other), "--json"], input=_lines(RUN))
    assert done.exit_code in (0, 1, 2), done.output
    done = CliRunner().invoke(main, ["rank", "-"], input=b'{"model_a": 1')
    assert done.exit_code == 64
    assert "standard input: " in done.output
    done = CliRunner().invoke(main, ["rank", "-"], input=_table(VOTES))
    assert "standard input, read as plain" in done.output


@pytest.mark.parametrize("packed", [x for x in PACKED if x[1:] in ("gz", "zst", "bz2", "xz")])
@pytest.mark.parametrize("verb", READERS)
def test_what_is_cut_short_is_said_in_one_way(verb: str, packed: str, tmp_path: Path) -> None:
    rows, read = READERS[verb]
    for kind in ("lines.log", "rows.csv", "array", "rows.pq"):
        path = tmp_path / f"{kind}-cut"
        path.write_bytes(PACKED[packed](KINDS[kind](rows))[:-5])
        with pytest.raises(InputError, match=f"{kind}-cut: the compressed data is damaged"):
            read(path)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (_zip(b"a,b\n1,2\n")[:60], "not a complete zip archive"),
        (_zip(b"a,b\n1,2\n").replace(b"1,2", b"\0"), "."),
        (b"PAR1 and no more", "cannot be read as Parquet"),
        (b"id,score\n\xe9,1\n", "cannot be read as text"),
        (_utf16(b"id,score\na,1\n") + b"\0", "cannot be read as text"),
        (b"\x7fELF\0\0", "binary data|no known kind"),
        (b"- id: 1\n  id: 2\n", "a key stands twice"),
        (b"- &a [1]\n- *a\n", "an alias"),
        (b"- " * 10_000 + b"1", "nested too deep"),
        (b"id:\n" + b"  - [" * 200, "nested too deep|cannot be read as YAML"),
        (b'{"id": 1, "score": ' + b"[" * 100_000, "nested too deep"),
    ],
)
@pytest.mark.parametrize("verb", READERS)
def test_damage_is_one_error_in_every_verb(
    verb: str, data: bytes, why: str, tmp_path: Path
) -> None:
    path = tmp_path / "broken"
    path.write_bytes(data)
    with pytest.raises(InputError, match=why):
        READERS[verb][1](path)


def test_yaml_says_what_it_says() -> None:
    text = b"# made by hand\n- {a: no, b: 12:30, c: 1.5, d: 2025-01-01, e: True, f: , g: '1'}\n"
    (held,) = reading._yaml_documents(text)
    wanted = {"a": "no", "b": "12:30", "c": 1.5, "d": "2025-01-01", "e": True, "f": None, "g": "1"}
    assert held == [wanted]


def test_documents_of_yaml_are_records(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"---\nid: 1\n---\nid: 2\n")
    assert [text for _, text in records(path)] == [b'{"id":1}', b'{"id":2}']


def test_utf_16_is_read_in_blocks(tmp_path: Path) -> None:
    path = tmp_path / "x"
    text = "é𝄞a" * 200_000
    for encoding in ("utf-16", "utf-16-be"):
        mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
        path.write_bytes(mark + text.encode(encoding))
        assert content(path).decode() == text
        assert content(path, 2).decode() == "é"


def test_limits_stand_in_one_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headtohead.files.opening.LARGEST", 1 << 10)
    path = tmp_path / "x"
    path.write_bytes(b"{}\n" + b"x" * (1 << 11))
    for read in (json_lines, line_blocks):
        with pytest.raises(InputError, match=r"x, line 2: is longer than"):
            list(read(path))
    assert LARGEST == 64 * 2**20
    monkeypatch.setattr("headtohead.files.opening.MOST_FILES", 0)
    with pytest.raises(InputError, match="holds more than 0 files"):
        files_of(tmp_path)


def test_a_stream_is_closed_with_what_lies_beneath(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(gzip.compress(_utf16(b"a")))
    with opened(path) as file:
        assert file.read() == b"a"
    assert file.closed
    assert arrived("-") == STDIN
