"""Records of a file, whatever they are kept in, and the typed values at places in them.

What is unknown is never guessed: a value is a number, a score, a text or an error.
"""

import io
import json
import math
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache, partial
from itertools import chain, count
from pathlib import Path
from typing import Any

import msgspec

from headtohead.core.errors import InputError
from headtohead.core.units import shortened
from headtohead.files.opening import (
    DEEPEST,
    NOT_JSON,
    content,
    csv_batches,
    csv_header,
    decoded,
    json_lines,
    json_value,
    kind_of,
    line_blocks,
    not_json,
    opened,
    parquet,
    wrong,
)

_ROWS, _START, _CACHED, _BLOCK = 4096, 1 << 16, 1 << 18, 1 << 22
_LARGEST_YAML = 16 * 2**20  # it is held in memory, and slow to read
_YAML_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_TRIES = 16
_OPEN = ("[", "{")
_OBJECT, _WRITTEN = msgspec.json.Decoder(dict[str, Any]).decode, msgspec.json.Encoder().encode
_decode, _NOT_JSON_TEXT = msgspec.json.Decoder().decode, (*NOT_JSON, UnicodeEncodeError)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?")
_PAGE = re.compile(rb'\{\s*"data"\s*:\s*\[')
_SEAM = re.compile(rb'\s*,\s*\{\s*"(?:[^"\\]|\\.)*"')
_WORDS = {
    **dict.fromkeys(("true", "yes", "correct", "pass", "passed", "success", "resolved"), 1.0),
    **dict.fromkeys(("false", "no", "incorrect", "wrong", "fail", "failed", "unresolved"), 0.0),
    # Inspect's letters: correct, incorrect, partial, no answer.
    "c": 1.0,
    "i": 0.0,
    "p": 0.5,
    "partial": 0.5,
    "n": 0.0,
}
_EMPTY = ("", "null", "none", "nan")
_LONGEST_LABEL = 200
_EXACT = 16  # digits of whole numbers, from which on floating ones are not exact


def records(path: Path) -> Iterator[tuple[str, bytes]]:
    """Where it stands ("line 3", "record 3", "row 3") and its JSON text, for each record of a file.

    All are read as they are asked for, but for YAML and a page of an API (`{"data": [...]}`), which
    are held in memory. Empty cells of a table are null; a text cell stays text.

    Raises:
        InputError: If it cannot be read, or holds no records.
    """
    start = content(path, _START)
    kind = kind_of(start)
    if kind == "parquet":
        with parquet(path) as file:
            yield from _rows(file.iter_batches(_ROWS))
    elif kind == "yaml":
        yield from ((f"record {n}", text) for n, text in enumerate(_of_yaml(path), 1))
    elif kind != "json":
        yield from ((where, msgspec.json.encode(row)) for where, row in _csv_objects(path))
    elif start.lstrip()[:1] == b"[":
        items = chain.from_iterable(array_items(path))
        yield from ((f"record {number}", bytes(raw)) for number, raw in enumerate(items, 1))
    elif _is_document(start):
        yield from _document(path)
    else:
        for at, line in json_lines(path):
            yield f"line {at}", line


def objects(
    path: Path, kind: str = "an object with named fields"
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The records of a file that are objects, with where they stand.

    Raises:
        InputError: If it cannot be read, or a record is none of that kind.
    """
    start = content(path, _START)
    held = kind_of(start)
    if held not in ("json", "yaml", "parquet"):
        yield from _csv_objects(path)
    elif held != "json" or start.lstrip()[:1] == b"[" or _is_document(start):
        for where, text in records(path):
            yield where, decoded(_OBJECT, path, where, text, kind)
    else:
        for first, lines in line_blocks(path):
            some = _all_plain(lines)
            if some is None:
                for at, line in enumerate(io.BytesIO(lines), first):
                    if not line.isspace():
                        yield f"line {at}", decoded(_OBJECT, path, at, line, kind)
            else:
                yield from zip(map("line {}".format, count(first)), some, strict=False)


def _all_plain(lines: bytes) -> list[dict[str, Any]] | None:
    """The objects of lines, one in each; None if a line needs a look of its own.

    None of them has a key twice if they have as many colons, written again.
    """
    with suppress(*NOT_JSON):
        some = list(map(_OBJECT, io.BytesIO(lines)))
        if b"\\u003" not in lines and _WRITTEN(some).count(b":") == lines.count(b":"):
            return some
    return None


def csv_rows(path: Path, width: int) -> Iterator[tuple[str, tuple[str | None, ...]]]:
    """Where it stands and its first cells, for each row below the header; empty ones are None.

    Raises:
        InputError: If it cannot be read or a row has more or fewer cells than the header.
    """
    import polars as pl

    number = 0
    for batch in csv_batches(path, range(width)):
        # By way of polars, since Arrow's arrays import pandas where it is installed.
        columns = [pl.Series(column).to_list() for column in batch.columns]
        for number, row in enumerate(zip(*columns, strict=True), number + 1):  # noqa: B020
            yield f"row {number}", row


def _csv_objects(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    names, _ = csv_header(path)
    if not names:
        raise wrong(path, 1, "neither JSON nor a table with a header.")
    for where, row in csv_rows(path, len(names)):
        yield where, dict(zip(names, row, strict=True))


def array_items(path: Path) -> Iterator[list[msgspec.Raw]]:
    """The records of a JSON array, some megabytes at a time.

    What is held is cut at the last text that looks like the one between the first two records. A
    cut inside a record or a string leaves no valid JSON, so a wrong one does not go unseen.

    Raises:
        InputError: If it cannot be read or is not JSON, for example because it is cut short.
    """
    listed = msgspec.json.Decoder(list[msgspec.Raw]).decode
    decode = partial(json_value, decode=listed)
    seam = held = b""
    try:
        with opened(path) as file:
            held = file.read(_BLOCK).lstrip()[1:].lstrip()
            while more := file.read(max(_BLOCK, len(held))):
                seam = seam or _seam(held)
                end = len(held) if seam else 0
                for _ in range(_TRIES):
                    end = held.rfind(seam, 0, end) if end > 0 else -1
                    if end < 0:
                        break
                    with suppress(msgspec.DecodeError):
                        yield decode(b"[" + held[: end + 1] + b"]")
                        held = held[end + 1 :].lstrip()[1:].lstrip()
                        break
                held += more
        yield decode(b"".join((b"[", held)))
    except NOT_JSON as error:
        raise not_json(path, error) from error


def json_blocks(path: Path) -> Iterator[bytes]:
    """The records of a JSON file as JSON lines, some megabytes at a time.

    Raises:
        InputError: If it cannot be read.
    """
    start = content(path, _START)
    if start.lstrip()[:1] == b"[":
        for items in array_items(path):
            text = b"\n".join(items)
            # Each record is on a line of its own, if its writer broke no line inside one.
            broken = text.count(b"\n") >= len(items) or b"\r" in text
            yield b"\n".join(map(_in_a_line, items)) if broken else text
    elif kind_of(start) != "json" or _is_document(start):
        yield b"\n".join(_in_a_line(raw) for _, raw in records(path))
    else:
        yield from (text for _, text in line_blocks(path, _BLOCK) if not text.isspace())


def of_map(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The records of a map from ids to records of the same fields; empty if it is none.

    The id is the field `id`, unless a record has one of its own.
    """
    values = list(record.values())
    if len(values) < 2 or not all(isinstance(one, dict) for one in values):
        return []
    alike = set(values[0]).intersection(*values[1:])
    return [{"id": name, **one} for name, one in record.items()] if alike else []


def mentions(path: Path, *words: bytes) -> bool:
    """Whether one of these words stands in a file, whatever it is there.

    Raises:
        InputError: If it cannot be read.
    """
    end = b""
    with opened(path) as file:
        while block := file.read(_CACHED):
            block = end + block
            if any(word in block for word in words):
                return True
            end = block[-max(map(len, words)) :]
    return False


def at_path(record: Any, path: str) -> Any:  # noqa: ANN401
    """What stands at a dotted path, JSON text on the way read; None if nothing does.

    Args:
        path: Names joined by dots; a name that itself has dots is tried whole first. In a list the
            name is a place, from 0; `*` takes whatever is inside, which may be several values.
    """
    record = unpacked(record)
    name, _, rest = path.partition(".")
    if name == "*" and isinstance(record, list | Mapping):
        every = record if isinstance(record, list) else record.values()
        inside = [at_path(value, rest) if rest else value for value in every]
        there = [value for value in inside if value is not None]
        return there[0] if len(there) == 1 else there or None
    if isinstance(record, list) and name.isdecimal():
        record = dict(zip(map(str, range(len(record))), record, strict=True))
    if not isinstance(record, Mapping):
        return None
    if path in record:
        return record[path]
    return at_path(record[name], rest) if rest and name in record else None


def unpacked(value: Any) -> Any:  # noqa: ANN401
    """The value; decoded, if it is JSON text of an object or a list."""
    if value.__class__ is not str:
        return value
    start = value[:1]
    if start.isspace():
        start = value.lstrip()[:1]
    return json_or_text(value) if start in _OPEN else value


def json_or_text(value: Any) -> Any:  # noqa: ANN401
    """The value; decoded, if it is JSON text of any kind."""
    if isinstance(value, str):
        try:
            return _decode(value)
        except _NOT_JSON_TEXT:
            return value
    return value


def score_of(value: object) -> float | None:
    """A score: numbers as they are, yes 1, no 0, partial 0.5; None where there is none.

    Raises:
        ValueError: If it is another word, infinite or no single value.
    """
    if value is None:
        return None
    # Most values by far, so they come first.
    if type(value) is float and value - value == 0.0:
        return value
    if isinstance(value, bool | int | float):
        try:
            number = float(value)
        except OverflowError:
            raise ValueError(
                f"{len(str(abs(value)))} digits are more than any number has"
            ) from None
    elif isinstance(value, str):
        number = _score_in_words(value)
    else:
        raise ValueError(f"{shortened(repr(value))} is not one number")
    if math.isinf(number):
        raise ValueError(f"{shortened(repr(value))} is not finite")
    return None if math.isnan(number) else number


@lru_cache(1000)
def _score_in_words(text: str) -> float:
    """The score that a text is, of which a table holds few different ones; NaN if it is empty."""
    word = text.strip().lower()
    known = math.nan if word in _EMPTY else _WORDS.get(word)
    return _number(text) if known is None else known


def score_in(path: Path, where: str | int, name: str, value: object) -> float | None:
    """A score of that name in a file.

    Raises:
        InputError: If it is none.
    """
    try:
        return score_of(value)
    except ValueError as error:
        raise wrong(path, where, f"{name}: {error}.") from error


def number_of(value: object) -> float | None:
    """A finite number; None where there is none.

    Raises:
        ValueError: If it is neither.
    """
    if value is None:
        return None
    if isinstance(value, bool):
        raise ValueError(f"{value} is not a number")
    # What ends with a digit, as most do, is no word for nothing.
    if isinstance(value, str) and (value[-1:].isdecimal() or value.strip().lower() not in _EMPTY):
        value = _number(value)
    return score_of(value)


def count_of(value: object) -> int:
    """A whole number, 0 or more; 0 where there is none.

    Raises:
        ValueError: If it is neither, negative or not whole.
    """
    if value is None:
        return 0
    if type(value) is int and value >= 0:
        return value
    if type(value) is str and value.isdecimal() and len(value) < _EXACT:
        return int(value)
    number = number_of(value) or 0.0
    if number < 0 or not number.is_integer():
        raise ValueError(f"{shortened(repr(value))} is not a count")
    return int(number)


def text_of(value: object) -> str:
    """A short text for keys and names: whole numbers without a point, truth as true or false."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, int | float):
        return str(value)
    return msgspec.json.encode(value, order="sorted").decode()


def labels_of(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Name and value of whatever can be a slice: short scalars, those inside as `outer.inner`."""
    for name, value in values.items():
        if isinstance(value, str | bool | int | float):
            text = text_of(value)
            if len(text) <= _LONGEST_LABEL:
                yield prefix + name, text
        elif isinstance(value, Mapping):
            yield from labels_of(value, f"{prefix}{name}.")


class _Page(msgspec.Struct):
    data: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET


_PAGE_OF = msgspec.json.Decoder(_Page).decode


def _is_document(start: bytes) -> bool:
    """Whether the first line is the beginning of a record, or a page of them."""
    line, newline, rest = start.lstrip().partition(b"\n")
    if not newline and len(start) >= _START:
        return _PAGE.match(line) is not None
    try:
        page = json_value(line, _PAGE_OF)
    except (msgspec.ValidationError, RecursionError):
        return False
    except msgspec.DecodeError:
        return True
    return isinstance(page.data, list) and not rest.strip()


def _seam(held: bytes) -> bytes:
    """What stands between the first two records, from the end of one to the other's first key."""
    text = held.decode(errors="ignore")
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return b""
    at = len(text[:end].encode())
    match = _SEAM.match(held, at)
    return held[at - 1 : match.end()] if match else b""


def _document(path: Path) -> Iterator[tuple[str, bytes]]:
    """A page of records, one record, or records one after another."""
    text = content(path)
    try:
        page = json_value(text, _PAGE_OF).data
    except NOT_JSON:
        texts = list(_one_after_another(path, text.decode(errors="replace")))
    else:
        texts = list(map(bytes, page)) if isinstance(page, list) else [text]
    for number, one in enumerate(texts, 1):
        yield f"record {number}", one


def _one_after_another(path: Path, text: str) -> Iterator[bytes]:
    at, decode = 0, json.JSONDecoder().raw_decode
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        try:
            _, end = decode(text, at)
        except (ValueError, RecursionError) as error:
            raise not_json(path, error) from error
        yield text[at:end].encode()
        at = end


def _of_yaml(path: Path) -> Iterator[bytes]:
    """The records of a YAML list, or of documents one after another."""
    import yaml

    text = content(path, _LARGEST_YAML + 1)
    if len(text) > _LARGEST_YAML:
        raise InputError(f"{path}: YAML of more than {_LARGEST_YAML >> 20} MiB. Write JSON lines.")
    try:
        documents = _yaml_documents(text)
    except (yaml.YAMLError, ValueError) as error:
        said = " ".join(str(error).split())
        raise InputError(f"{path}: cannot be read as YAML ({said}).") from error
    listed = documents[0] if len(documents) == 1 and isinstance(documents[0], list) else documents
    return map(msgspec.json.encode, listed)


def _yaml_documents(text: bytes) -> list[Any]:
    """The documents of YAML, built from its events.

    A loader runs out of stack where lists are nested deep, holds what aliases of aliases stand for,
    and takes the answer `no` for false and 12:30 for 750.
    """
    import yaml

    inside: list[list[Any]] = [[]]
    for event in yaml.parse(text, yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            inside.append([])
            if len(inside) > DEEPEST:
                raise ValueError("it is nested too deep")
        elif isinstance(event, yaml.SequenceEndEvent):
            value = inside.pop()
            inside[-1].append(value)
        elif isinstance(event, yaml.MappingEndEvent):
            value = inside.pop()
            fields = dict(zip(map(text_of, value[::2]), value[1::2], strict=True))
            if 2 * len(fields) < len(value):
                raise ValueError(f"a key stands twice before{event.start_mark}")
            inside[-1].append(fields)
        elif isinstance(event, yaml.ScalarEvent):
            inside[-1].append(_scalar(event.value) if event.implicit[0] else event.value)
        elif isinstance(event, yaml.AliasEvent):
            raise ValueError(f"an alias, which is not read{event.start_mark}")
    return inside[0]


def _scalar(text: str) -> object:
    if _NUMBER.fullmatch(text):
        number: object = msgspec.json.decode(text)
        return number
    return _YAML_WORDS.get(text.lower(), text)


def _in_a_line(raw: msgspec.Raw | bytes) -> bytes:
    text = bytes(raw)
    return msgspec.json.format(text, indent=-1) if b"\n" in text or b"\r" in text else text


def _rows(batches: Iterator[Any]) -> Iterator[tuple[str, bytes]]:
    number = 0
    encode = msgspec.json.Encoder(enc_hook=str).encode
    for batch in batches:
        for row in batch.to_pylist():
            number += 1
            yield f"row {number}", encode(row)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{shortened(repr(text))} is neither a number nor a known word") from None
