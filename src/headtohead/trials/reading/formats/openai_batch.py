"""OpenAI's Batch API, and those who copy it: requests and answers, joined by `custom_id`.

Layout: platform.openai.com/docs/api-reference/batch, "the request input object" and "the request
output object".
"""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from headtohead.core.errors import InputError
from headtohead.trials.calls import Call, Format, Meta, Reading
from headtohead.trials.reading.json_lines import bad_line, json_lines, opened
from headtohead.trials.reading.openai_answers import Answer, Body, answer_of, usage_of
from headtohead.trials.reading.openai_requests import request_of
from headtohead.trials.reading.records import field_names, files_of, first_names
from headtohead.trials.reading.source import Head, Source

FORMAT = Format(
    name="openai-batch",
    about="OpenAI Batch API: input, output and error files (also Azure, Together, Groq, Mistral)",
    pairs_by="custom_id",
    holds=("requests", "tokens"),
)

_ANSWER, _REQUEST = frozenset(("custom_id", "response")), frozenset(("custom_id", "body"))
_URLS = ("/chat/completions", "/completions", "/responses")
_TEXT = frozenset(("chat.completion", "text_completion", "response", None))
_OK, _LENGTH_BITS = 200, 32


class _Response(msgspec.Struct, gc=False):
    status_code: int | None = None
    body: Body | str | None = None


class _AnswerLine(msgspec.Struct, gc=False):
    custom_id: str
    response: _Response | None = None
    error: Any = None
    method: str | None = None


class _Failed(msgspec.Struct, gc=False):
    status_code: int | None = None
    body: msgspec.Raw = msgspec.Raw(b"null")


class _FailedLine(msgspec.Struct, gc=False):
    custom_id: str
    response: _Failed | None = None
    error: Any = None


class _RequestLine(msgspec.Struct, gc=False):
    custom_id: str
    body: dict[str, Any]
    url: str = ""


class _Key(msgspec.Struct, gc=False):
    custom_id: str


_answer = msgspec.json.Decoder(_AnswerLine).decode
_failed = msgspec.json.Decoder(_FailedLine).decode
_request = msgspec.json.Decoder(_RequestLine).decode
_key = msgspec.json.Decoder(_Key).decode


def recognise(head: Head) -> bool:
    """Whether it is a file of a batch, or a folder with one.

    Args:
        head: The beginning of the file.
    """
    if head.path.is_dir():
        return any(_kind(first_names(path)) for path in files_of(head.path))
    return bool(_kind(field_names(head)))


def read(source: Source) -> Reading:
    """The calls of a batch: answers with their requests, or whichever of the two is there.

    In a folder, files of requests and files of answers (output and error files) are joined; a
    request that no file answers is left out and counted. Of uncompressed files of requests only
    keys and places are kept in memory.

    Args:
        source: A file of requests, a file of answers, or a folder with both.

    Raises:
        InputError: If a record is not one of a batch, comes twice, or answers no request.
    """
    dropped: dict[str, int] = {}
    asked: list[Path] = []
    answered: list[Path] = []
    for path in files_of(source.path):
        kind = _kind(first_names(path))
        if kind:
            (asked if kind == "request" else answered).append(path)
        elif path != source.path:
            _count(dropped, f"file without requests or answers of a batch: {path.name}")
    if not asked and not answered:
        raise InputError(
            f"{source.path}: no requests and no answers of a batch. Each line must have custom_id, "
            "and body (a request) or response (an answer)."
        )
    calls = _answers(answered, asked, dropped) if answered else _requests(asked, dropped)
    return Reading(meta=Meta(format=FORMAT.name), calls=calls, dropped=dropped)


def _kind(names: frozenset[str]) -> str:
    if names >= _ANSWER:
        return "answer"
    return "request" if names >= _REQUEST else ""


def _requests(paths: list[Path], dropped: dict[str, int]) -> Iterator[Call]:
    seen: set[str] = set()
    for path in paths:
        for number, line in json_lines(path):
            where = f"line {number}"
            row = _as_request(path, where, line)
            _once(path, number, row.custom_id, seen)
            if not row.url.endswith(_URLS):
                _count(dropped, f"not a request for text: {row.url or 'no url'}")
                continue
            call = Call(key=row.custom_id, where=where)
            _add_request(call, row)
            yield call


def _answers(paths: list[Path], asked: list[Path], dropped: dict[str, int]) -> Iterator[Call]:
    with ExitStack() as stack:
        requests = _Requests(asked, stack) if asked else None
        seen: set[str] = set()
        for path in paths:
            for number, line in json_lines(path):
                row = _as_answer(path, number, line)
                if requests is None:
                    _once(path, number, row.custom_id, seen)
                    found = None
                else:
                    found = requests.take(path, number, row.custom_id)
                call = _call(path, number, row, dropped)
                if call is None:
                    continue
                if found is not None:
                    _add_request(call, found)
                yield call
        if requests is not None and requests.left_n:
            _count(
                dropped,
                "request without an answer in the output or error files",
                requests.left_n,
            )


class _Requests:
    """Where each request stands, so that answers in any order find theirs."""

    def __init__(self, paths: list[Path], stack: ExitStack) -> None:
        self.places: dict[str, tuple[int, int] | int | bytes | None] = {}
        self.taken_n = 0
        self.paths = paths
        self.files: list[_Places] = []
        for which, path in enumerate(paths):
            with opened(path) as file:
                # A compressed stream cannot be read from the middle.
                plain = getattr(file, "raw", None).__class__.__name__ == "FileIO"
            self.files.append(_Places(path, stack))
            self._index(which, path, plain)

    def _index(self, which: int, path: Path, plain: bool) -> None:
        places = self.places
        for number, (offset, line) in enumerate(_lines(path), 1):
            if line.isspace():
                continue
            try:
                key = _key(line).custom_id
            except msgspec.DecodeError as error:
                raise bad_line(path, number, f"not a request of a batch ({error}).") from error
            if key in places:
                raise _twice(path, number, key)
            if not plain:
                places[key] = line
            else:
                place = offset << _LENGTH_BITS | len(line)
                places[key] = (which, place) if which else place

    @property
    def left_n(self) -> int:
        """Requests without an answer so far."""
        return len(self.places) - self.taken_n

    def take(self, path: Path, number: int, key: str) -> _RequestLine:
        """The request of an answer, once."""
        place = self.places.get(key)
        if place is None:
            if key in self.places:
                raise _twice(path, number, key)
            raise bad_line(
                path,
                number,
                f"custom_id {key!r} answers no request in {', '.join(x.name for x in self.paths)}. "
                "Put only the files of one batch into a folder.",
            )
        self.places[key] = None
        self.taken_n += 1
        if isinstance(place, bytes):
            return _as_request(self.paths[0], f"request {key}", place)
        which, at = place if isinstance(place, tuple) else (0, place)
        line = self.files[which].read(at >> _LENGTH_BITS, at & (1 << _LENGTH_BITS) - 1)
        return _as_request(self.paths[which], f"request {key}", line)


class _Places:
    """Reads lines of a file where they stand; fast if they are asked for in their order."""

    def __init__(self, path: Path, stack: ExitStack) -> None:
        self.ahead = stack.enter_context(path.open("rb", 1 << 18))
        self.any = stack.enter_context(path.open("rb", 0))
        self.next = 0

    def read(self, offset: int, length: int) -> bytes:
        """The bytes from an offset on."""
        if offset == self.next:
            self.next += length
            return self.ahead.read(length)
        self.any.seek(offset)
        return self.any.read(length)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    offset = 0
    with opened(path) as file:
        for line in file:
            size = len(line)
            if offset == 0 and line.startswith(b"\xef\xbb\xbf"):
                yield 3, line[3:]
            else:
                yield offset, line
            offset += size


def _as_request(path: Path, where: str, line: bytes) -> _RequestLine:
    try:
        return _request(line)
    except msgspec.DecodeError as error:
        raise InputError(f"{path}, {where}: not a request of a batch ({error}).") from error


def _as_answer(path: Path, number: int, line: bytes) -> _AnswerLine:
    try:
        row = _answer(line)
    except msgspec.DecodeError as error:
        row = _as_failed(path, number, line, error)
    if row.response is None and not row.error:
        kind = "a request among answers" if row.method else "neither response nor error"
        raise bad_line(
            path,
            number,
            f"{kind}. Keep requests and answers in two files of one folder.",
        )
    return row


def _as_failed(path: Path, number: int, line: bytes, why: Exception) -> _AnswerLine:
    """A failed answer, whose body may have any shape."""
    try:
        row = _failed(line)
    except msgspec.DecodeError as error:
        raise bad_line(path, number, f"not an answer of a batch ({error}).") from error
    if row.response is None or row.response.status_code == _OK:
        raise bad_line(path, number, f"not an answer of a batch ({why}).") from why
    status = row.response.status_code
    return _AnswerLine(row.custom_id, _Response(status), row.error or {"code": status})


def _call(path: Path, number: int, row: _AnswerLine, dropped: dict[str, int]) -> Call | None:
    response = row.response
    body = response.body if response is not None else None
    good = response is not None and response.status_code == _OK and not row.error
    if not good:
        call = Call(key=row.custom_id, failure="error", where=f"line {number}")
        call.labels = {"error": _code(row)}
        if isinstance(body, Body) and body.model:
            call.model = body.model
        return call
    if not isinstance(body, Body):
        raise bad_line(path, number, "status 200 without a body. Download the file again.")
    if body.object not in _TEXT:
        _count(dropped, f"not an answer in text: {body.object}")
        return None
    answer = answer_of(body)
    if answer.more_n:
        _count(dropped, "further choice of the same request", answer.more_n)
    return _answered(row.custom_id, body, answer, f"line {number}")


def _answered(key: str, body: Body, answer: Answer, where: str) -> Call:
    made = body.created or body.created_at
    return Call(
        key=key,
        model=body.model or "",
        failure=answer.failure,
        output=answer.text,
        usage=usage_of(body.usage),
        started=datetime.fromtimestamp(made, UTC).isoformat() if made else "",
        labels={"finish": answer.finish} if answer.finish else {},
        where=where,
    )


def _add_request(call: Call, row: _RequestLine) -> None:
    call.messages, call.params = request_of(row.body)
    asked_for = row.body.get("model")
    if isinstance(asked_for, str):
        if not call.model:
            call.model = asked_for
        elif asked_for != call.model:
            call.labels["asked_for"] = asked_for
    tags = row.body.get("metadata")
    if isinstance(tags, dict):
        call.labels.update({x: str(y) for x, y in tags.items() if isinstance(y, str | int | float)})


def _code(row: _AnswerLine) -> str:
    if isinstance(row.error, dict) and row.error.get("code"):
        return str(row.error["code"])
    if row.response is not None and row.response.status_code != _OK:
        return f"status {row.response.status_code}"
    return "error"


def _once(path: Path, number: int, key: str, seen: set[str]) -> None:
    if key in seen:
        raise _twice(path, number, key)
    seen.add(key)


def _twice(path: Path, number: int, key: str) -> InputError:
    return bad_line(
        path, number, f"custom_id {key!r} comes twice. Read the files of one batch at a time."
    )


def _count(dropped: dict[str, int], reason: str, n: int = 1) -> None:
    dropped[reason] = dropped.get(reason, 0) + n
