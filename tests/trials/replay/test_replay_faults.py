"""What an endpoint can do wrong, over real connections."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from tests.trials.replay.loopback import (
    END,
    STREAM,
    USAGE,
    Asked,
    Loopback,
    Piece,
    answered,
    call,
    chunk,
    event,
    http,
    streamed,
    token,
)
from tests.trials.replay.running import RepeatedReplay, by_skipping_clock
from werkzeug import Request, Response

from headtohead.core.errors import InputError, SourceUnreachable
from headtohead.logs.calls import Usage
from headtohead.trials.replay import client
from headtohead.trials.replay.client import Endpoint

GOOD = {
    "model": "served-1",
    "choices": [{"message": {"content": "yes"}, "finish_reason": "stop"}],
    "usage": USAGE,
}


def _run(server: HTTPServer, tmp_path: Path, timeout_s: float = 5.0) -> RepeatedReplay:
    endpoint = Endpoint(base_url=server.url_for("/v1"), model="candidate", timeout_s=timeout_s)
    return RepeatedReplay(endpoint, tmp_path / "run.jsonl")


def _serve(server: HTTPServer, *answers: Response) -> list[Request]:
    """Completion one after the other, then well for ever."""
    left, asked = list(answers), []

    def handle(request: Request) -> Response:
        asked.append(request)
        return left.pop(0) if left else Response(json.dumps(GOOD), mimetype="application/json")

    server.expect_request("/v1/chat/completions", method="POST").respond_with_handler(handle)
    return asked


def _error(status: int, message: str = "", code: str = "", **headers: str) -> Response:
    body = json.dumps({"error": {"message": message, "code": code}})
    return Response(body, status, headers, mimetype="application/json")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 529, 504, 524])
def test_what_may_pass_is_asked_again(httpserver: HTTPServer, tmp_path: Path, status: int) -> None:
    asked = _serve(httpserver, _error(status), _error(status))
    answer = _run(httpserver, tmp_path).one(call("a"))
    assert (answer.text, answer.failure, answer.attempts) == ("yes", "", 3)
    assert len({r.headers["Idempotency-Key"] for r in asked}) == 1
    # Behind a gateway that gave up, the work may have been done.
    assert (answer.unsure_usd > 0) == (status in (504, 524))


@pytest.mark.parametrize(
    ("least_s", "headers"),
    [
        (0.3, ["Retry-After: 0.3"]),
        (0.3, ["Retry-After-Ms: 300"]),
        # The server's clock is years ahead of ours; only the difference counts.
        (
            1.0,
            ["Date: Wed, 21 Oct 2037 07:28:00 GMT", "Retry-After: Wed, 21 Oct 2037 07:28:01 GMT"],
        ),
    ],
    ids=["seconds", "milliseconds", "date"],
)
def test_the_wait_that_the_endpoint_asks_for_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, least_s: float, headers: list[str]
) -> None:
    clock = by_skipping_clock(monkeypatch)
    left = [http(429, b"{}", *headers), answered("yes")]
    with Loopback(lambda asked: [left.pop(0)]) as server:
        answer = RepeatedReplay(server.endpoint(), tmp_path / "run.jsonl").one(call("a"))
    assert answer.attempts == 2
    assert least_s <= clock.now <= 1.05 * least_s
    # Time spent waiting is not the model's.
    assert answer.latency_s == 0.0


def test_an_endpoint_that_wants_hours_ends_the_run(httpserver: HTTPServer, tmp_path: Path) -> None:
    _serve(httpserver, _error(429, **{"Retry-After": "7200"}))
    with pytest.raises(SourceUnreachable, match="asks to wait 7,200 seconds"):
        _run(httpserver, tmp_path).one(call("a"))


def test_after_the_last_try_a_call_is_unanswered_and_asked_in_the_next_run(
    httpserver: HTTPServer, tmp_path: Path
) -> None:
    asked = _serve(httpserver, *(_error(500, "overloaded") for _ in range(3)))
    run = _run(httpserver, tmp_path)
    answer = run.one(call("a"), attempts_n=3)
    assert (answer.unanswered, answer.failure, answer.attempts) == (True, "error", 3)
    assert "overloaded" in answer.note
    assert answer.cost_usd == answer.unsure_usd == 0
    assert run.one(call("a"), attempts_n=3).text == "yes"
    assert len(asked) == 4


@pytest.mark.parametrize("status", [400, 422, 413])
def test_a_request_refused_for_what_it_holds_is_not_repeated(
    httpserver: HTTPServer, tmp_path: Path, status: int
) -> None:
    asked = _serve(httpserver, _error(status, "temperature is out of range"))
    run = _run(httpserver, tmp_path)
    answer = run.one(call("a"))
    assert (answer.failure, answer.usage, answer.cost_usd) == ("error", None, 0.0)
    assert "temperature is out of range" in answer.note
    run.one(call("a"))
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("message", "code", "failure"),
    [
        ("Content Exists Risk", "invalid_request_error", "refused"),
        ("blocked", "content_filter", "refused"),
        ("Input data may contain inappropriate content", "data_inspection_failed", "refused"),
        ("This model's maximum context length is 8192 tokens", "", "limit"),
    ],
)
def test_filters_and_long_requests_have_their_own_words(
    httpserver: HTTPServer, tmp_path: Path, message: str, code: str, failure: str
) -> None:
    _serve(httpserver, _error(400, message, code))
    assert _run(httpserver, tmp_path).one(call("a")).failure == failure


@pytest.mark.parametrize(
    ("status", "code", "advice"),
    [
        (401, "", "Set a valid key"),
        (402, "", "Top it up"),
        (403, "", "name another model"),
        (404, "", "ends with /v1"),
        (429, "insufficient_quota", "Top it up"),
        (301, "", "has moved"),
    ],
)
def test_what_no_request_can_mend_ends_the_run_and_says_what_to_do(
    httpserver: HTTPServer, tmp_path: Path, status: int, code: str, advice: str
) -> None:
    asked = _serve(httpserver, *(_error(status, "no", code) for _ in range(50)))
    with pytest.raises(InputError, match=advice):
        _run(httpserver, tmp_path)([call(str(i)) for i in range(50)])
    assert len(asked) <= 8


def test_a_limit_of_speed_that_speaks_of_quota_and_billing_is_no_lack_of_money(
    httpserver: HTTPServer, tmp_path: Path
) -> None:
    said = "You exceeded your current quota, please check your plan and billing details"
    _serve(httpserver, _error(429, said, "RESOURCE_EXHAUSTED"))
    assert _run(httpserver, tmp_path).one(call("a")).text == "yes"


def test_a_refused_connection_ends_the_run_in_words(tmp_path: Path) -> None:
    with Loopback(lambda asked: []) as server:
        endpoint = server.endpoint()
    run = RepeatedReplay(endpoint, tmp_path / "run.jsonl")
    answer = run.one(call("a"), attempts_n=2)
    assert (answer.unanswered, answer.attempts, answer.unsure_usd) == (True, 2, 0.0)
    with pytest.raises(SourceUnreachable, match=r"3 calls in a row got no answer.*run again") as no:
        run([call(str(i)) for i in range(100)], attempts_n=1, give_up_n=3)
    assert "kept" not in str(no.value)  # nothing was answered


def test_the_first_byte_is_waited_for_only_so_long(tmp_path: Path) -> None:
    silent, over = [True], threading.Event()

    def script(asked: Asked) -> Iterator[Piece]:
        if silent and silent.pop():
            over.wait(60)
        yield from streamed("yes")

    with Loopback(script) as server:
        run = RepeatedReplay(server.endpoint(timeout_s=0.2), tmp_path / "run.jsonl")
        # On a busy machine others may be late too.
        answer = run.one(call("a"), attempts_n=100)
        over.set()
    assert answer.text == "yes"
    assert answer.attempts >= 2
    # The first request may be billed: 50 tokens of output at the least.
    assert answer.unsure_usd >= 50 * 10e-6


def test_an_answer_without_end_is_given_up(tmp_path: Path) -> None:
    def script(asked: Asked) -> Iterator[Piece]:
        yield STREAM
        while True:
            yield token("x")
            yield 0.02

    with Loopback(script) as server:
        run = RepeatedReplay(server.endpoint(answer_timeout_s=0.3), tmp_path / "run.jsonl")
        # On a busy machine the first piece may be late too.
        assert run.one(call("a"), attempts_n=100).failure == "broken"


def _broken(asked: Asked) -> Iterator[Piece]:
    yield STREAM
    yield token("half an")


def _ended(asked: Asked) -> Iterator[Piece]:
    yield from _broken(asked)
    yield END


@pytest.mark.parametrize("script", [_broken, _ended], ids=["cut", "ended without a word"])
def test_a_stream_that_breaks_is_kept_and_not_paid_twice(
    tmp_path: Path, script: Callable[[Asked], Iterator[Piece]]
) -> None:
    with Loopback(script) as server:
        run = RepeatedReplay(server.endpoint(), tmp_path / "run.jsonl")
        answer = run.one(call("a"))
        assert (answer.text, answer.failure, answer.unanswered) == ("half an", "broken", False)
        assert answer.usage_doubtful
        assert answer.usage is not None
        assert 0 < answer.usage.output_tokens <= len("half an")
        # What was written after the break is billed too, up to the cap.
        assert (answer.cost_usd or 0) + answer.unsure_usd >= 50 * 10e-6
        assert run.one(call("a")) == answer
        assert len(server.asked) == 1


def _no_answer() -> dict[str, list[Piece]]:
    gap = {"choices": [{"delta": {"content": "x"}, "finish_reason": "content_filter"}]}
    odd = b'{"choices":[{"message":{"content":"\\ud800"},"finish_reason":"stop"}]}'
    return {
        "error not json": [http(200, b"<html>Bad gateway</html>", kind="text/html")],
        "error no choices": [http(200, b"[]")],
        "error in the stream": [STREAM, token("x"), event({"error": {"message": "down"}}), END],
        "error odd event": [STREAM, token("x"), chunk(b"data: {nope\n\ndata: [DONE]\n\n"), END],
        "empty": streamed("", " \n"),
        "empty null": [answered(None)],
        "limit": streamed("cut", finish="length"),
        "refused": [STREAM, event(gap), END],
        "refused by the model": [
            answered(None, message={"content": None, "refusal": "I cannot help"})
        ],
        "broken body": [http(200, b"x" * 50).replace(b"Length: 50", b"Length: 99")],
        " half a character": [http(200, odd)],
    }


@pytest.mark.parametrize("case", _no_answer())
def test_what_is_no_answer_is_named_kept_and_not_asked_again(tmp_path: Path, case: str) -> None:
    with Loopback(lambda asked: _no_answer()[case]) as server:
        run = RepeatedReplay(server.endpoint(), tmp_path / "run.jsonl")
        answer = run.one(call("a"))
        assert answer.failure == case.split(" ")[0]
        assert bool(answer.note) == bool(answer.failure) or answer.usage_doubtful
        # An error is the line's, not the model's: a later run asks anew.
        again = answer.failure == "error"
        assert answer.unanswered == again
        assert again or run.one(call("a")) == answer
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ([http(200, b"<html>Sign in</html>", kind="text/html")], "the answer is not JSON"),
        ([http(200, b'{"data": "ok"}')], "the answer holds no choices"),
        ([STREAM, chunk(b"data: {nope\n\ndata: [DONE]\n\n"), END], "is not JSON"),
        ([STREAM, token("half an")], "broke off"),
        ([STREAM, token("half an"), END], "the stream ended before the answer did"),
    ],
    ids=["html", "foreign json", "broken json", "cut", "ended"],
)
def test_a_line_that_always_fails_ends_the_run_and_is_asked_again_once_mended(
    tmp_path: Path, fault: list[Piece], cause: str
) -> None:
    mended: list[bool] = []
    with Loopback(lambda asked: streamed("yes") if mended else fault) as server:
        run = RepeatedReplay(server.endpoint(), tmp_path / "run.jsonl")
        calls = [call(str(i)) for i in range(14)]
        with pytest.raises(SourceUnreachable, match=rf"10 calls in a row.*{cause}") as told:
            run(calls, concurrency_n=1)
        assert told.value.exit_code == 75
        mended.append(True)
        outcome = run(calls)
    assert not outcome.failures
    assert [answer.text for answer in run.answers] == ["yes"] * 14


def test_a_finished_run_with_many_unanswered_requests_can_be_run_again(tmp_path: Path) -> None:
    down: list[bool] = []

    def script(asked: Asked) -> Iterable[Piece]:
        # Every second request fails for ever.
        return [http(500, b"down")] if int(asked.key) % 2 or down else streamed("yes")

    with Loopback(script) as server:
        run = RepeatedReplay(server.endpoint(), tmp_path / "run.jsonl")
        calls = [call(str(i)) for i in range(24)]
        said: dict[str, Any] = {"concurrency_n": 1, "attempts_n": 1}
        assert run(calls, **said).failures == {"error": 12}
        assert run(calls, **said).failures == {"error": 12}
        sent = len(server.asked)
        assert run(calls, asking=False, **said).kept_n == 24
        assert len(server.asked) == sent
        # Ten that were never asked before still end it.
        down.append(True)
        with pytest.raises(SourceUnreachable, match="10 calls in a row"):
            run([*calls, *(call(str(i)) for i in range(24, 40))], **said)


def test_an_empty_body_is_no_answer_yet(tmp_path: Path) -> None:
    left = [http(200, b""), b"", answered("yes")]
    with Loopback(lambda asked: [left.pop(0)]) as server:
        answer = RepeatedReplay(server.endpoint(), tmp_path / "run.jsonl").one(call("a"))
    assert (answer.text, answer.attempts) == ("yes", 3)
    assert answer.unsure_usd > 0


def test_a_connection_that_is_closed_without_notice_loses_no_answer(tmp_path: Path) -> None:
    def script(asked: Asked) -> Iterator[Piece]:
        # It does not say that it will close, and closes.
        yield answered("yes").replace(b"Connection: close\r\n", b"")

    with Loopback(script) as server:
        run = RepeatedReplay(server.endpoint(), tmp_path / "run.jsonl")
        run([call(str(i)) for i in range(20)])
        assert [a.failure for a in run.answers] == [""] * 20


class PieceClock:
    """A clock that a server moves on, when its client has looked at it as often as it had to."""

    def __init__(self) -> None:
        self.now, self._seen_n, self._seen = 0.0, 0, threading.Condition()

    def monotonic(self) -> float:
        with self._seen:
            self._seen_n += 1
            self._seen.notify_all()
            return self.now

    def move_on(self, seen_n: int) -> None:
        with self._seen:
            assert self._seen.wait_for(lambda: self._seen_n >= seen_n, 60)
            self.now += 1.0


def test_streams_are_timed_and_joined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = PieceClock()
    monkeypatch.setattr(client, "time", clock)
    text = "2\u2028x\x85\U0001f600"
    raw = json.dumps({"choices": [{"delta": {"content": text}}]}, ensure_ascii=False).encode()

    def script(asked: Asked) -> Iterator[Piece]:
        assert asked.body["stream_options"] == {"include_usage": True}
        yield STREAM
        yield chunk(b": a comment\n\n")
        clock.move_on(2)  # when it asked, and at the comment
        yield event({"choices": [{"delta": {"role": "assistant", "content": ""}}]})
        clock.move_on(3)
        yield token("1")
        clock.move_on(4)
        # Characters that only some take for the end of a line, and events cut anywhere.
        whole = b"data: " + raw + b"\r\n\r\n"
        for i in range(0, len(whole), 7):
            yield chunk(whole[i : i + 7])
        yield from streamed("\ud83d", "\ude00")[1:]

    with Loopback(script) as server:
        answer = RepeatedReplay(server.endpoint(), tmp_path / "run.jsonl").one(call("a"))
    assert answer.text == "1" + text + "\U0001f600"
    assert (answer.first_token_s, answer.latency_s) == (2.0, 3.0)
    assert answer.usage == Usage(input_tokens=12, output_tokens=3)
    assert not answer.usage_doubtful


def test_calls_of_tools_are_put_together(tmp_path: Path) -> None:
    def part(index: int, **function: str) -> bytes:
        return token("", tool_calls=[{"index": index, "id": f"t{index}", "function": function}])

    def script(asked: Asked) -> Iterator[Piece]:
        yield STREAM
        yield part(0, name="find", arguments='{"a"')
        yield part(1, name="keep", arguments="{}")
        yield part(0, arguments=":1}")
        yield from streamed(finish="tool_calls")[1:]

    with Loopback(script) as server:
        answer = RepeatedReplay(server.endpoint(), tmp_path / "run.jsonl").one(call("a"))
    assert answer.failure == ""
    assert answer.tool_calls == [
        {"id": "t0", "name": "find", "arguments": '{"a":1}'},
        {"id": "t1", "name": "keep", "arguments": "{}"},
    ]


def test_an_endpoint_that_does_not_stream_is_asked_without(tmp_path: Path) -> None:
    def script(asked: Asked) -> Iterator[Piece]:
        if asked.body.get("stream"):
            yield http(400, b'{"error":{"message":"stream is not supported"}}')
        else:
            yield answered("yes")

    with Loopback(script) as server:
        run = RepeatedReplay(server.endpoint(), tmp_path / "run.jsonl")
        outcome = run([call(str(i)) for i in range(20)])
        assert sum("stream" in a.body for a in server.asked) <= 8
    assert {(a.text, a.attempts, a.first_token_s) for a in run.answers} == {("yes", 1, None)}
    assert not outcome.streaming


def test_a_stream_without_usage_is_asked_for_no_more(tmp_path: Path) -> None:
    def script(asked: Asked) -> Iterator[Piece]:
        yield from streamed("y", usage=None) if asked.body.get("stream") else [answered("y")]

    with Loopback(script) as server:
        run = RepeatedReplay(server.endpoint(), tmp_path / "run.jsonl")
        run([call(str(i)) for i in range(20)])
    doubtful = [a.usage_doubtful for a in run.answers]
    assert 1 <= sum(doubtful) <= 8
    assert not doubtful[-1]


def test_the_cap_is_sent_by_the_name_that_the_endpoint_wants(tmp_path: Path) -> None:
    said = b"Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."

    def script(asked: Asked) -> Iterator[Piece]:
        if "max_tokens" in asked.body:
            yield http(400, b'{"error":{"message":"' + said + b'"}}')
        else:
            yield answered(str(asked.body["max_completion_tokens"]))

    with Loopback(script) as server:
        run = RepeatedReplay(server.endpoint(), tmp_path / "run.jsonl")
        run([call("a"), call("b", max_tokens=7), call("c", max_completion_tokens=9)])
    assert [a.text for a in run.answers] == ["50", "7", "9"]
