"""What can befall a file: damaged bytes, foreign values, rows lost, another container.

A mutation either keeps the meaning of a file, spoils values in it, or does anything at all.
"""

import bz2
import codecs
import csv
import gzip
import importlib
import io
import json
import lzma
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from random import Random as Random  # noqa: TID251 - draws bytes and texts, no numbers
from typing import Any, Literal

import polars as pl

from headtohead.files.opening import PARQUET, ZIP, arrived, member, zipped

_ZSTD = importlib.import_module(
    "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
)
_MARK = "\ue000mutated\ue000"
Keeps = Literal["meaning", "scores", "nothing"]


@dataclass(frozen=True)
class Mutation:
    """A mutated file.

    Attributes:
        name: What was done, for a message.
        keeps: The whole meaning; or every score, but for those that are unknown now; or nothing.
    """

    name: str
    data: bytes
    keeps: Keeps = "nothing"


# What stands in a file where something else is awaited: JSON text.
SPOILT = (
    "null",
    "[]",
    "{}",
    '[{"a": [null]}]',
    '{"value": {"value": []}}',
    "NaN",
    "-Infinity",
    "1e999",
    "9" * 400,
    f'"{"9" * 400}"',
    '"wombat"',
    '"\\u0000"',
    '"\\ud800"',
    '"\u202e\u2066\u200f"',
    "[" * 150 + "]" * 150,
    '{"a":' * 5000 + "1" + "}" * 5000,
    "1e",
    "01",
    "'x'",
    "",
)
# Other values of the right kind, which may well mean something else.
OTHER = (
    "true",
    "false",
    "0",
    "-1",
    "1",
    "0.5",
    "-0.0",
    "1e308",
    "5e-324",
    "2147483648",
    "9223372036854775808",
    "-9223372036854775809",
    "9007199254740993",
    '""',
    '" "',
    '"0"',
    '"é"',
    '"e\u0301"',
    '"\ufeffx"',
    '"0000-00-00T99:99:99Z"',
    '"+275760-09-13T00:00:00Z"',
    '"9999-12-31T23:59:59.999999999Z"',
    '"1e400"',
    '"0x10"',
    '"١"',
    '"NaN"',
    "253402300800",
    "1e18",
    "-62135596801",
    json.dumps("x" * 70_000),
)


def mutated(rng: Random, data: bytes) -> Mutation:
    """One mutation of a file, by its kind."""
    makers: list[tuple[int, Callable[[Random, bytes], Mutation | None]]] = [
        (3, _bytes),
        (2, _packed),
        (1, _text),
        (8, _values),
        (3, _rows),
    ]
    while True:
        (make,) = rng.choices([m for _, m in makers], [w for w, _ in makers])
        found = make(rng, data)
        if found is not None:
            return found


def _bytes(rng: Random, data: bytes) -> Mutation:
    a, b = sorted(rng.randrange(len(data) + 1) for _ in "ab")
    part = data[a : min(b, a + 200)]
    noise = rng.choice([b"\0", b"\xff\xfe", b"\xed\xa0\x80", b'"', b"\n", b"\r", b"[" * 9, b"\x1a"])
    done = {
        "flipped": data[:a] + bytes(x ^ 1 << rng.randrange(8) for x in part[:2]) + data[a + 2 :],
        "cut": data[:a],
        "headless": data[a:],
        "hole": data[:a] + data[b:],
        "doubled": data[:a] + part * 2 + data[a + len(part) :],
        "noise": data[:a] + noise + data[a:],
        "deep": data[:a] + b'[{"a":' * 20_000 + data[a:],
        "zeros": data[:a] + bytes(b - a) + data[b:],
        "latin": data.decode(errors="ignore").encode("cp1252", "replace")[:a] + b"\xe9" + data[a:],
    }
    name = rng.choice(list(done))
    return Mutation(name, done[name])


def _packed(rng: Random, data: bytes) -> Mutation | None:
    if data.startswith((ZIP, PARQUET)):
        return None
    packers: dict[str, Callable[[bytes], bytes]] = {
        "gz": gzip.compress,
        "zst": _ZSTD.compress,
        "bz2": bz2.compress,
        "xz": lzma.compress,
        "zip": zip_of,
    }
    name = rng.choice(list(packers))
    packed = packers[name](data)
    how = rng.random()
    if how < 0.4:
        return Mutation(name, packed, "meaning")
    if how < 0.7:
        return Mutation(f"{name} cut", packed[: rng.randrange(4, len(packed))])
    broken = _bytes(rng, packed)
    return Mutation(f"{name} {broken.name}", broken.data)


def zip_of(data: bytes, name: str = "rows") -> bytes:
    """An archive of one file."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return held.getvalue()


def _text(rng: Random, data: bytes) -> Mutation | None:
    """The same text otherwise written."""
    if data.startswith((ZIP, PARQUET)):
        return None
    done = {
        "mark": codecs.BOM_UTF8 + data,
        "UTF-16": data.decode().encode("utf-16"),
        "UTF-16 BE": codecs.BOM_UTF16_BE + data.decode().encode("utf-16-be"),
        # Not those inside a cell, which are its text.
        "line ends": "\r\n".join([*_lines(data), ""]).encode(),
        "blanks at the end": data.rstrip(b"\n") + b"\n\n",
    }
    name = rng.choice(list(done))
    return Mutation(name, done[name], "meaning")


def _values(rng: Random, data: bytes) -> Mutation | None:
    if data.startswith(PARQUET):
        return _of_parquet(rng, data)
    if data.startswith(ZIP):
        return _in_archive(rng, data, _values)
    if (documents := _json(data)) is None:
        return _cell(rng, data)
    at = rng.randrange(len(documents))
    done, document = _value(rng, documents[at])
    texts = [json.dumps(one) for one in documents]
    texts[at] = document
    return Mutation(done.name, _joined(data, texts), done.keeps)


def _value(rng: Random, document: Any) -> tuple[Mutation, str]:
    """One value of a document replaced, dropped or given twice."""
    places: list[tuple[Any, Any]] = []

    def walk(inside: Any) -> None:
        items = inside.items() if isinstance(inside, dict) else enumerate(inside)
        for key, value in items:
            places.append((inside, key))
            if isinstance(value, dict | list):
                walk(value)

    if isinstance(document, dict | list):
        walk(document)
    if not places:
        return Mutation("a document", b"", "nothing"), rng.choice(SPOILT + OTHER)
    inside, key = rng.choice(places)
    was = inside[key]
    how = rng.random()
    if how < 0.15 and isinstance(inside, dict):
        del inside[key]
        text = json.dumps(document)
        inside[key] = was
        return Mutation(f"{key} dropped", b"", "scores"), text
    inside[key] = _MARK
    text = json.dumps(document)
    inside[key] = was
    keeps: Keeps = "nothing"
    if how < 0.25 and isinstance(inside, dict):
        name = f"{key} twice"
        new = f"{json.dumps(was)}, {json.dumps(key)}: {rng.choice(OTHER)}"
    elif how < 0.65:
        new = rng.choice(SPOILT)
        name, keeps = f"{key} = {new[:30]}", "scores"
    else:
        new = rng.choice(OTHER)
        name = f"{key} = {new[:30]}"
    return Mutation(name, b"", keeps), text.replace(json.dumps(_MARK), new)


def _rows(rng: Random, data: bytes) -> Mutation | None:
    if data.startswith(PARQUET):
        return None
    if data.startswith(ZIP):
        return _in_archive(rng, data, _rows)
    documents = _json(data)
    if documents is None and b'" = ' not in data and b" = " in data:
        return None  # the order of lines means something in TOML
    texts = _lines(data) if documents is None else list(map(json.dumps, documents))
    head, texts = (texts[:1], texts[1:]) if documents is None else ([], texts)
    if documents is not None and rng.random() < 0.3:
        shuffled = [json.dumps(_other_order(rng, one)) for one in documents]
        return Mutation("order of keys", _joined(data, shuffled), "meaning")
    if len(texts) < 2:
        return None
    at = rng.randrange(len(texts))
    done: dict[str, tuple[list[str], Keeps]] = {
        "a row dropped": (texts[:at] + texts[at + 1 :], "scores"),
        "a row twice": (texts[: at + 1] + texts[at:], "nothing"),
        "rows shuffled": (rng.sample(texts, len(texts)), "meaning"),
        "a row cut": ([*texts[:at], texts[at][: len(texts[at]) // 2], *texts[at + 1 :]], "scores"),
        "a blank line": ([*texts[:at], "", *texts[at:]], "meaning" if documents else "nothing"),
        "no rows": ([], "scores"),
    }
    name = rng.choice(list(done))
    rows, keeps = done[name]
    return Mutation(name, _joined(data, head + rows), keeps)


def _lines(data: bytes) -> list[str]:
    """The rows of a table, each as one text, whatever line ends are in it."""
    rows = csv.reader(io.StringIO(data.decode(), newline=""))
    ends = [rows.line_num for _ in rows]
    lines = data.decode().split("\n")
    return ["\n".join(lines[a:b]) for a, b in pairwise([0, *ends])]


def _other_order(rng: Random, value: Any) -> Any:
    if isinstance(value, list):
        return [_other_order(rng, one) for one in value]
    if not isinstance(value, dict):
        return value
    return {k: _other_order(rng, value[k]) for k in rng.sample(list(value), len(value))}


def _json(data: bytes) -> list[Any] | None:
    """The documents of a file: of an array its items; None if it is no JSON."""
    try:
        whole = json.loads(data)
    except ValueError:
        try:
            return [json.loads(line) for line in data.splitlines() if line.strip()] or None
        except ValueError:
            return None
    return whole if isinstance(whole, list) and whole else [whole]


def _joined(data: bytes, texts: list[str]) -> bytes:
    if data.lstrip().startswith(b"["):
        return f"[{', '.join(text for text in texts if text)}]".encode(errors="surrogatepass")
    return ("\n".join(texts) + "\n").encode(errors="surrogatepass")


def _cell(rng: Random, data: bytes) -> Mutation:
    """A cell of a table, or a value of any other text."""
    text = data.decode()
    new = rng.choice(SPOILT + OTHER)
    separator = max(",\t;", key=text.partition("\n")[0].count)
    rows = list(csv.reader(io.StringIO(text), delimiter=separator))
    if "=" in text or len(rows[0]) < 2:
        lines = text.splitlines()
        at = rng.randrange(len(lines))
        key, equal, _ = lines[at].partition("=")
        lines[at] = f"{key}={new}" if equal and rng.random() < 0.8 else rng.choice(["", new])
        return Mutation(f"line {at + 1}: {lines[at][:40]}", "\n".join(lines).encode())
    row = rng.choice(rows)
    at = rng.randrange(len(row))
    # In a table 01 is the number 1.
    spoils = row is not rows[0] and new in SPOILT and new != "01"
    row[at] = new if rng.random() < 0.5 else new.strip('"')
    held = io.StringIO()
    csv.writer(held, delimiter=separator, lineterminator="\n").writerows(rows)
    name = f"a cell {row[at][:30]}"
    return Mutation(name, held.getvalue().encode(), "scores" if spoils else "nothing")


def _in_archive(
    rng: Random, data: bytes, make: Callable[[Random, bytes], Mutation | None]
) -> Mutation | None:
    """A member of an archive mutated, and all packed again."""
    kept = _files(data)
    name = rng.choice([n for n in kept if n.endswith(".json")] or list(kept))
    done = make(rng, kept[name])
    if done is None:
        return None
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for other, content in kept.items():
            archive.writestr(other, done.data if other == name else content)
    return Mutation(f"{name}: {done.name}", held.getvalue(), done.keeps)


def _files(data: bytes) -> dict[str, bytes]:
    import tempfile

    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        path = arrived(file.name)
        with zipped(path) as archive:
            return {name: member(archive, path, name) for name in archive.namelist()}


def _of_parquet(rng: Random, data: bytes) -> Mutation | None:
    rows = pl.read_parquet(io.BytesIO(data)).to_dicts()
    name = rng.choice(list(rows[0]))
    which = rng.random()
    if which < 0.2:
        rows = rng.sample(rows, len(rows))
        done = Mutation("rows shuffled", b"", "meaning")
    elif which < 0.4:
        rows = [{k: v for k, v in row.items() if k != name} for row in rows]
        done = Mutation(f"no column {name}", b"", "scores")
    elif which < 0.7:
        rng.choice(rows)[name] = None
        done = Mutation(f"{name} null", b"", "scores")
    else:
        new = rng.choice([[1], {"a": 1}, b"\xff", float("nan"), "wombat", -1, 2**62])
        rows = [{**row, name: new} for row in rows]
        done = Mutation(f"{name} = {new}", b"")
    held = io.BytesIO()
    try:
        pl.DataFrame(rows, strict=False).write_parquet(held)
    except (pl.exceptions.PolarsError, TypeError, OverflowError):
        return None
    return Mutation(done.name, held.getvalue(), done.keeps)
