"""An entrant asked live: what comes, what it took, and every way in which no answer comes."""

import asyncio
import json
import logging
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.models.conftest_parts import TinyModels
from tests.trials.replay.loopback import (
    END,
    STREAM,
    Asked,
    Loopback,
    Piece,
    answered,
    chunk,
    event,
    http,
    streamed,
    token,
)
from tests.waiting import LONG_S

from headtohead.arena.endpoints import AnswerLimits, Fault, LiveAnswer, LiveEntrant, open_caller
from headtohead.core.errors import InputError
from headtohead.prices.rates import Rates
from headtohead.trials.replay.client import Endpoint

KEY = "sk-live-0123456789abcdefghij"
MODEL = "secret-model-9"
ENOUGH = AnswerLimits(first_s=60, silence_s=60, total_s=120, chars=2_000)
HUGE = answered("a" * 10_000_000)


@pytest.fixture(autouse=True)
def _asked_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headtohead.arena.endpoints._FIRST_WAIT_S", 0.02)


def _ask(
    entrant: LiveEntrant, *said: str, pause_s: float = 0.0, begun: threading.Event | None = None
) -> tuple[list[str], LiveAnswer]:
    """The pieces of the answer to a conversation, and the answer.

    Args:
        pause_s: Between the first piece and the next.
        begun: Is set once the first piece has come.
    """

    async def run() -> tuple[list[str], LiveAnswer]:
        roles = ("user", "assistant")
        messages = [{"role": roles[n % 2], "content": text} for n, text in enumerate(said)]
        async with open_caller(entrant) as caller:
            answer = caller.ask(messages, "battle-1-left")
            pieces = list[str]()
            async for piece in answer:
                if begun:
                    begun.set()
                if not pieces:
                    await asyncio.sleep(pause_s)
                pieces.append(piece)
            return pieces, answer

    return asyncio.run(run())


def _fault(script: Callable[[Asked], Iterable[Piece]], limits: AnswerLimits = ENOUGH) -> Fault:
    """What a voter and the log are given where a server does what the script says."""
    with Loopback(script) as server:
        entrant = LiveEntrant(Endpoint(base_url=server.base_url, model=MODEL), limits)
        with pytest.raises(Fault) as caught:
            _ask(entrant, "Hello")
        fault = caught.value
        host = server.base_url.split("//")[1]
    for hint in (MODEL, host, "127.0.0.1", "/v1", "HTTP", "Traceback"):
        assert hint not in fault.sentence
    assert fault.sentence.endswith(".")
    assert "{" not in fault.sentence
    return fault


def _entrant(server: Loopback, **said: Any) -> LiveEntrant:
    return LiveEntrant(Endpoint(base_url=server.base_url, model=MODEL), **said)


def test_pieces_come_as_they_are_written_with_what_they_took() -> None:
    begun = threading.Event()

    def script(_: Asked) -> Iterator[Piece]:
        pieces = streamed("Hel", "lo, ", "you.")
        yield from pieces[:2]
        begun.wait(LONG_S)
        yield 0.15
        yield from pieces[2:]

    rates = Rates(input_usd_per_mtok=1.0, output_usd_per_mtok=2.0)
    with Loopback(script) as server:
        pieces, answer = _ask(_entrant(server, rates=rates), "Hi", begun=begun)
    assert pieces[0] == "Hel"
    assert "".join(pieces) == answer.text == "Hello, you."
    assert answer.first_s is not None
    assert answer.total_s is not None
    assert 0 < answer.first_s <= answer.total_s - 0.15
    assert answer.output_tokens == 3
    assert answer.cost_usd == pytest.approx((12 * 1.0 + 3 * 2.0) / 1e6)
    assert not answer.cut


def test_a_conversation_goes_out_in_full_with_what_the_system_says() -> None:
    with Loopback(lambda _: streamed("6")) as server:
        entrant = _entrant(server, system="Be short.", params={"temperature": 0}, cap_tokens=99)
        _ask(entrant, "2 and 2?", "4", "And 2 more?")
        body = server.asked[0].body
    assert [m["role"] for m in body["messages"]] == ["system", "user", "assistant", "user"]
    assert body["messages"][-1]["content"] == "And 2 more?"
    assert (body["model"], body["temperature"], body["max_tokens"]) == (MODEL, 0, 99)
    assert server.asked[0].headers["idempotency-key"] == "battle-1-left"


def test_an_answer_in_one_piece_is_an_answer() -> None:
    with Loopback(lambda _: [answered("whole")]) as server:
        pieces, answer = _ask(_entrant(server), "Hi")
    assert pieces == ["whole"]
    assert answer.first_s == answer.total_s


def test_tokens_that_are_not_told_or_cannot_be_are_missing_and_not_zero() -> None:
    for usage in (None, {"prompt_tokens": 5, "completion_tokens": -1}, {"prompt_tokens": 0}):
        rates = Rates(input_usd_per_mtok=1.0, output_usd_per_mtok=2.0)
        with Loopback(lambda _, usage=usage: streamed("yes", usage=usage)) as server:  # type: ignore[misc]
            _, answer = _ask(_entrant(server, rates=rates), "Hi")
        assert (answer.output_tokens, answer.cost_usd) == (None, None)


def test_an_endpoint_that_tells_no_usage_streams_all_the_same_the_next_time() -> None:
    async def twice(entrant: LiveEntrant) -> None:
        async with open_caller(entrant) as caller:
            for key in "ab":
                _ = [piece async for piece in caller.ask([{"role": "user", "content": "x"}], key)]

    with Loopback(lambda _: streamed("yes", usage=None)) as server:
        asyncio.run(twice(_entrant(server)))
        assert [asked.body["stream"] for asked in server.asked] == [True, True]


def test_an_answer_cut_at_the_limit_of_tokens_counts_as_one() -> None:
    with Loopback(lambda _: streamed("so far", finish="length")) as server:
        _, answer = _ask(_entrant(server), "Hi")
    assert answer.cut
    assert answer.text == "so far"


def test_a_refusal_in_a_field_of_its_own_is_shown() -> None:
    with Loopback(
        lambda _: [STREAM, token("", refusal="I will not."), *streamed("")[1:]]
    ) as server:
        pieces, _ = _ask(_entrant(server), "Hi")
    assert pieces == ["I will not."]


@pytest.mark.parametrize(
    "parts",
    [
        ("<thi", "nk>I am DeepSeek, so", "</thin", "k>\n\nFo", "ur."),
        ("\n", " <think>", "</think>", "Four."),
        ("<thinking>\n</thinking>Four.",),
        ("Fo", "ur."),
    ],
)
def test_reasoning_in_front_of_an_answer_is_not_shown(parts: tuple[str, ...]) -> None:
    for script in (streamed(*parts), [answered("".join(parts))]):
        with Loopback(lambda _, script=script: script) as server:  # type: ignore[misc]
            pieces, answer = _ask(_entrant(server), "2 + 2?")
        assert "".join(pieces) == answer.text == "Four."


@pytest.mark.parametrize("text", ["<", "<th", "  <thin air> is", "<b>think</b>", "\n\nx"])
def test_text_that_begins_like_reasoning_is_shown(text: str) -> None:
    with Loopback(lambda _: streamed(*text)) as server:
        pieces, answer = _ask(_entrant(server), "Hi")
    assert "".join(pieces) == answer.text == text


def _html(_: Asked) -> list[Piece]:
    return [http(200, b"<html><body>Welcome to secret-model-9</body></html>", kind="text/html")]


def _forever(_: Asked) -> Iterator[Piece]:
    yield STREAM
    while True:
        yield event({"choices": [{"index": 0, "delta": {"reasoning_content": "hm "}}]})
        yield 0.02


def _breaks(_: Asked) -> list[Piece]:
    return [STREAM, token("The answer is")]


def _stalls(_: Asked) -> list[Piece]:
    return [STREAM, token("The answer is"), 1.0]


def _floods(_: Asked) -> Iterator[Piece]:
    yield STREAM
    for _n in range(10_000):
        yield token("a" * 1000)


def _says_error(_: Asked) -> Iterator[Piece]:
    yield STREAM
    yield event({"error": {"message": f"{MODEL} is overloaded", "code": 500}})
    yield 1.0


def _error(status: int, message: str = f"{MODEL} says no") -> Callable[[Asked], list[Piece]]:
    body = json.dumps({"error": {"message": message}}).encode()
    return lambda _: [http(status, body, "Retry-After: 60")]


FAULTS: dict[str, tuple[Callable[[Asked], Iterable[Piece]], str]] = {
    "401": (_error(401), "not set up"),
    "403": (_error(403), "not set up"),
    "404": (_error(404), "not set up"),
    "a new address": (_error(301), "not set up"),
    "no money": (_error(429, "insufficient_quota"), "not set up"),
    "429": (_error(429), "too many requests"),
    "503": (_error(503), "unreachable"),
    "500": (_error(500), "unreachable"),
    "504": (_error(504), "error"),
    "400": (_error(400), "error"),
    "a refused stream": (_error(400, "stream is not supported"), "error"),
    "too long a conversation": (_error(400, "context_length_exceeded"), "conversation too long"),
    "a filter's refusal": (_error(400, "content_filter"), "filtered"),
    "a filter at work": (lambda _: streamed("I", finish="content_filter"), "filtered"),
    "an HTML page": (_html, "error"),
    "malformed JSON": (lambda _: [http(200, b'{"choices": [{"mess')], "error"),
    "JSON of another kind": (lambda _: [http(200, b'[["hello"]]')], "error"),
    "nesting": (lambda _: [http(200, b"[" * 100_000)], "error"),
    "an event that is no JSON": (lambda _: [STREAM, chunk(b"data: {oh\n\n"), 1.0], "error"),
    "an error in the stream": (_says_error, "error"),
    "no body": (lambda _: [http(200, b"")], "error"),
    "nothing at all": (lambda _: [], "error"),
    "what is not HTTP": (lambda _: [b"\x00\x01\x02 hello\r\n\r\n"], "error"),
    "an empty answer": (lambda _: streamed(""), "empty"),
    "blanks": (lambda _: streamed(" \n"), "empty"),
    "nothing but reasoning": (
        lambda _: [STREAM, token("", reasoning_content="hm"), *streamed("", finish="length")[1:]],
        "empty",
    ),
    "reasoning without an end": (lambda _: streamed("<think>so ", "and so"), "empty"),
    "a broken stream": (_breaks, "broken"),
    "an end too soon": (lambda _: [STREAM, token("The"), END], "broken"),
    "silence at first": (lambda _: [0.8], "late"),
    "silence in between": (_stalls, "silent"),
    "no end": (_forever, "endless"),
    "10 MB as a stream": (_floods, "too long"),
    "10 MB at once": (lambda _: [HUGE], "broken"),
    "a page more than allowed": (lambda _: [answered("a" * 3_000)], "too long"),
    "10 MB on one line": (
        lambda _: [STREAM, *(chunk(b"data: " + b"a" * 65_536) for _n in range(160))],
        "broken",
    ),
}


# Where nothing comes in time, there is no need to wait for long.
PATIENCE = {
    "silence at first": replace(ENOUGH, first_s=0.2),
    "silence in between": replace(ENOUGH, silence_s=0.2),
    "no end": replace(ENOUGH, total_s=0.5),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_has_a_sentence_that_gives_nothing_away(name: str) -> None:
    script, trouble = FAULTS[name]
    assert _fault(script, PATIENCE.get(name, ENOUGH)).trouble == trouble


def test_the_log_is_given_what_the_endpoint_said() -> None:
    fault = _fault(_error(401))
    assert f"{MODEL} says no" in fault.detail
    assert "HTTP 401" in fault.detail


def test_nobody_at_the_address_is_a_fault() -> None:
    with Loopback(lambda _: []) as server:
        entrant = _entrant(server, limits=ENOUGH)
    with pytest.raises(Fault, match=r"^unreachable: it cannot be reached"):
        _ask(entrant, "Hello")


def test_another_attempt_is_made_where_nothing_came() -> None:
    answers: Iterator[list[Piece]] = iter([[http(503, b"{}", "Retry-After: 0")], streamed("yes")])
    with Loopback(lambda _: next(answers)) as server:
        pieces, _ = _ask(_entrant(server), "Hello")
        assert len(server.asked) == 2
    assert pieces == ["yes"]


def test_faults_repeat_no_part_of_a_broken_answer() -> None:
    assert "The answer is" not in str(_fault(_breaks)) + _fault(_breaks).detail


def test_a_reader_slower_than_the_endpoint_gets_all_and_is_no_fault() -> None:
    words = [f"{n} " for n in range(40)]
    with Loopback(lambda _: streamed(*words)) as server:
        limits = replace(ENOUGH, silence_s=2, total_s=2)
        pieces, answer = _ask(_entrant(server, limits=limits), "Hi", pause_s=2.5)
    assert answer.text == "".join(pieces) == "".join(words)


def test_leaving_ends_the_request() -> None:
    async def leave(entrant: LiveEntrant) -> None:
        async with open_caller(entrant) as caller:
            pieces = aiter(caller.ask([{"role": "user", "content": "x"}], "key"))
            assert await anext(pieces) == "one"
            await pieces.aclose()  # type: ignore[attr-defined]
            assert len(asyncio.all_tasks()) == 1

    def script(_: Asked) -> list[Piece]:
        return [STREAM, token("one"), 0.3, token("two")]

    with Loopback(script) as server:
        asyncio.run(leave(_entrant(server)))


@pytest.mark.parametrize("form", ["text", "stream", "letters", "cut", "400", "401", "500", "event"])
def test_a_key_that_is_sent_back_is_nowhere(
    form: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def echo(asked: Asked) -> Iterator[Piece]:
        sent = asked.headers["authorization"]
        if form == "text":
            yield answered(sent)
        elif form == "stream":
            yield from streamed(sent[:15], sent[15:], " is it")
        elif form == "letters":
            yield from streamed(*sent, "!", *sent)
        elif form == "cut":
            yield from streamed(*sent)[:-4]
        elif form == "event":
            yield STREAM
            yield event({"error": {"message": f"wrong key {sent}"}})
        else:
            yield http(int(form), json.dumps({"error": {"message": sent}}).encode())

    monkeypatch.setenv("CANDIDATE_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    said = ""
    with Loopback(echo) as server:
        entrant = LiveEntrant(server.endpoint(key_env="CANDIDATE_KEY"), ENOUGH)
        try:
            pieces, answer = _ask(entrant, "Hello")
            said += repr(pieces) + answer.text
            assert "".join(pieces) == answer.text
        except Fault as fault:
            said += fault.sentence + fault.detail
            said += "".join(traceback.format_exception(fault))
        assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"
    said += repr(entrant) + caplog.text
    for secret in (KEY, KEY[8:], KEY[:-3]):
        assert secret not in said


def test_an_arena_whose_key_is_not_set_does_not_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    endpoint = Endpoint(base_url="https://host/v1", model="m", key_env="NO_SUCH_KEY")
    with pytest.raises(InputError, match="NO_SUCH_KEY is not set"):
        _ask(LiveEntrant(endpoint), "Hello")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.data())
def test_a_text_cut_anywhere_comes_back_whole(text: str, data: st.DataObject) -> None:
    """Also between the two halves of a character, as JSON may have them."""
    halves = json.dumps(text)[1:-1].encode().decode("unicode_escape")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(halves)), max_size=5)))
    parts = [halves[a:b] for a, b in zip([0, *cuts], [*cuts, len(halves)], strict=True)]
    if not text.strip():
        return
    with Loopback(lambda _: streamed(*parts)) as server:
        pieces, _ = _ask(_entrant(server), "Hi")
    assert "".join(pieces) == text
    assert all(pieces)


_FIELDS = (
    "choices delta message content error usage finish_reason refusal tool_calls model text"
    " prompt_tokens completion_tokens"
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "delta",
                    "message",
                    "content",
                    "error",
                    "usage",
                    "finish_reason",
                    "refusal",
                    "tool_calls",
                    "model",
                    "prompt_tokens",
                    "completion_tokens",
                    "text",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
_EVENTS = st.one_of(
    st.binary(max_size=40),
    _JSON.map(lambda given: b"data: " + json.dumps(given).encode() + b"\n\n"),
    _JSON.map(lambda given: json.dumps({"choices": [{"delta": given}]}).encode()),
    st.sampled_from([b"data: ", b"\n\n", b"data: [DONE]\n\n", b": ping\n", b"\r\n", b"\xff"]),
)


@given(st.lists(_EVENTS, max_size=6), st.booleans(), st.sampled_from([200, 204, 400, 418, 599]))
def test_whatever_is_sent_is_an_answer_or_a_fault(
    parts: list[bytes], as_stream: bool, status: int
) -> None:
    body = b"".join(parts)
    kind = "text/event-stream" if as_stream else "application/json"
    # What is no HTTP at all is asked for again, which would take long here.
    with Loopback(lambda _: [http(status, body, kind=kind)]) as server:
        limits = AnswerLimits(first_s=0.2, silence_s=0.2, total_s=0.3)
        with suppress(Fault):
            _, answer = _ask(_entrant(server, limits=limits), "Hello")
            assert answer.text.strip()


def test_real_models_answer_live(tiny_models: TinyModels) -> None:
    fact = tiny_models.facts[0]
    for side in ("a", "b"):
        endpoint = Endpoint(tiny_models.base_url(side), tiny_models.alias(side))
        pieces, answer = _ask(LiveEntrant(endpoint, params={"temperature": 0}), fact.prompt)
        assert "".join(pieces) == fact.answer(side)
        assert answer.output_tokens
        assert answer.first_s is not None


def test_a_real_language_model_goes_on_with_a_conversation(smollm2: str) -> None:
    entrant = LiveEntrant(Endpoint(smollm2, "smollm2"), params={"temperature": 0}, cap_tokens=24)
    pieces, first = _ask(entrant, "Name a colour of the rainbow.")
    assert len(pieces) > 3
    _, second = _ask(entrant, "Name a colour of the rainbow.", first.text, "Another one?")
    assert second.text.strip()
    assert second.output_tokens is not None
    assert 0 < second.output_tokens <= 24
