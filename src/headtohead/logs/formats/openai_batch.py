"""OpenAI's Batch API, and those who copy it: requests and answers, joined by `custom_id`.

Layout: platform.openai.com/docs/api-reference/batch, "the request input object" and "the request
output object".
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

from headtohead.core.errors import InputError
from headtohead.files.formats import first_fields
from headtohead.files.opening import decoded, files_of, held, json_lines, opened, wrong
from headtohead.logs.calls import Call, CallStream, Meta, RunFile, RunFormat, started_at
from headtohead.logs.openai import Body, answer_of, request_of, usage_of

_ANSWER, _REQUEST = ("custom_id", "response"), ("custom_id", "body")

FORMAT = RunFormat(
    name="openai-batch",
    about="OpenAI Batch API: input, output and error files (also Azure, Together, Groq, Mistral)",
    needs=(_ANSWER, _REQUEST),
    folders=True,
    holds=("requests", "tokens"),
    maps=(),
    pairs="custom_id",
)

_URLS = ("/chat/completions", "/completions", "/responses")
_TEXT = frozenset(("chat.completion", "text_completion", "response", None))
_OK, _LENGTH_BITS = 200, 32
_A_REQUEST = "a request of a batch"


class _BatchResponse(msgspec.Struct, gc=False):
    status_code: int | None = None
    body: Body | str | None = None


class _AnswerLine(msgspec.Struct, gc=False):
    custom_id: str
    response: _BatchResponse | None = None
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


def read(file: RunFile) -> CallStream:
    """The calls of a batch: answers with their requests, or whichever of the two is there.

    In a folder, files of requests and files of answers (output and error files) are joined; a
    request that no file answers is left out and counted. Of uncompressed files of requests only
    keys and places are kept in memory.

    Raises:
        InputError: If a record is not one of a batch, comes twice, or answers no request.
    """
    dropped = Counter[str]()
    asked: list[Path] = []
    answered: list[Path] = []
    for path in files_of(file.path):
        fields = first_fields(path)
        if fields.issuperset(_ANSWER) or fields.issuperset(_REQUEST):
            (answered if fields.issuperset(_ANSWER) else asked).append(path)
        elif path != file.path:
            dropped[f"file without requests or answers of a batch: {path.name}"] += 1
    if not asked and not answered:
        raise InputError(
            f"{file.path}: no requests and no answers of a batch. Each line must have custom_id, "
            "and body (a request) or response (an answer)."
        )
    calls = _answers(answered, asked, dropped) if answered else _requests(asked, dropped)
    return CallStream(meta=Meta(format=FORMAT.name), calls=calls, dropped=dropped)


def _requests(paths: list[Path], dropped: Counter[str]) -> Iterator[Call]:
    seen: set[str] = set()
    for path in paths:
        for number, line in json_lines(path):
            where = f"line {number}"
            row = decoded(_request, path, where, line, _A_REQUEST)
            _once(path, number, row.custom_id, seen)
            if not row.url.endswith(_URLS):
                dropped[f"not a request for text: {row.url or 'no url'}"] += 1
                continue
            call = Call(key=row.custom_id, where=where)
            _add_request(call, row)
            yield call


def _answers(paths: list[Path], asked: list[Path], dropped: Counter[str]) -> Iterator[Call]:
    with ExitStack() as stack:
        requests = _Requests(asked, stack) if asked else None
        seen: set[str] = set()
        for path in paths:
            for number, line in json_lines(path):
                row = _as_answer(path, number, line)
                if requests is None:
                    _once(path, number, row.custom_id, seen)
                    request = None
                else:
                    request = requests.take(path, number, row.custom_id)
                call = _call(path, number, row, dropped)
                if call is None:
                    continue
                if request is not None:
                    _add_request(call, request)
                yield call
        if requests is not None and requests.left_n:
            dropped["request without an answer in the output or error files"] = requests.left_n


class _Requests:
    """Where each request stands, so that answers in any order find theirs."""

    def __init__(self, paths: list[Path], stack: ExitStack) -> None:
        self.places: dict[str, tuple[int, int] | int | bytes | None] = {}
        self.taken_n = 0
        self.paths = paths
        self.files: list[_Places] = []
        for which, path in enumerate(paths):
            self.files.append(_Places(path, stack))
            number = 0
            try:
                with opened(path) as file:
                    # A compressed stream cannot be read from the middle.
                    plain = getattr(file, "raw", None).__class__.__name__ == "FileIO"
                    offset = file.tell() if plain else 0  # behind a byte order mark
                    for line in file:
                        number += 1
                        start, offset = offset, offset + len(line)
                        if line.isspace():
                            continue
                        key = _key(line).custom_id
                        if key in self.places:
                            raise _twice(path, number, key)
                        at = start << _LENGTH_BITS | len(line)
                        self.places[key] = ((which, at) if which else at) if plain else line
            except (msgspec.DecodeError, RecursionError) as error:
                raise wrong(path, number, f"not a request of a batch ({error}).") from error

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
            named = ", ".join(x.name for x in self.paths)
            why = f"custom_id {key!r} answers no request in {named}. Put only the files of one"
            raise wrong(path, number, f"{why} batch into a folder.")
        self.places[key] = None
        self.taken_n += 1
        if isinstance(place, bytes):
            return decoded(_request, self.paths[0], f"request {key}", place, _A_REQUEST)
        which, at = place if isinstance(place, tuple) else (0, place)
        line = self.files[which].read(at >> _LENGTH_BITS, at & (1 << _LENGTH_BITS) - 1)
        return decoded(_request, self.paths[which], f"request {key}", line, _A_REQUEST)


class _Places:
    """Reads lines of a file where they stand; fast if they are asked for in their order."""

    def __init__(self, path: Path, stack: ExitStack) -> None:
        self.ahead = stack.enter_context(held(path).open("rb", 1 << 18))
        self.any = stack.enter_context(path.open("rb", 0))
        self.next = 0

    def read(self, offset: int, length: int) -> bytes:
        """The bytes from an offset on."""
        if offset == self.next:
            self.next += length
            return self.ahead.read(length)
        self.any.seek(offset)
        return self.any.read(length)


def _as_answer(path: Path, number: int, line: bytes) -> _AnswerLine:
    try:
        row = decoded(_answer, path, number, line, "an answer of a batch")
    except InputError:
        # The body of a failed answer may have any shape.
        failed = decoded(_failed, path, number, line, "an answer of a batch")
        if failed.response is None or failed.response.status_code == _OK:
            raise
        status = failed.response.status_code
        error = failed.error or {"code": status}
        row = _AnswerLine(failed.custom_id, _BatchResponse(status), error)
    if row.response is None and not row.error:
        kind = "a request among answers" if row.method else "neither response nor error"
        said = f"{kind}. Keep requests and answers in two files of one folder."
        raise wrong(path, number, said)
    return row


def _call(path: Path, number: int, row: _AnswerLine, dropped: Counter[str]) -> Call | None:
    response, code = row.response, ""
    body = response.body if response is not None else None
    if row.error or response is None or response.status_code != _OK:
        if isinstance(row.error, dict) and row.error.get("code"):
            code = str(row.error["code"])
        elif response is not None and response.status_code != _OK:
            code = f"status {response.status_code}"
        return Call(
            key=row.custom_id,
            model=(body.model or "") if isinstance(body, Body) else "",
            failure="error",
            labels={"error": code or "error"},
            where=f"line {number}",
        )
    if not isinstance(body, Body):
        raise wrong(path, number, "status 200 without a body. Download the file again.")
    if body.object not in _TEXT:
        dropped[f"not an answer in text: {body.object}"] += 1
        return None
    answer = answer_of(body)
    if answer.more_n:
        dropped["further choice of the same request"] += answer.more_n
    created = body.created or body.created_at
    return Call(
        key=row.custom_id,
        model=body.model or "",
        failure=answer.failure,
        output=answer.text,
        usage=usage_of(body.usage),
        started=started_at(created),
        labels={"finish": answer.finish} if answer.finish else {},
        where=f"line {number}",
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


def _once(path: Path, number: int, key: str, seen: set[str]) -> None:
    if key in seen:
        raise _twice(path, number, key)
    seen.add(key)


def _twice(path: Path, number: int, key: str) -> InputError:
    return wrong(
        path, number, f"custom_id {key!r} comes twice. Read the files of one batch at a time."
    )
