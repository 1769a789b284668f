"""`h2h switch` at an endpoint that asks to wait, breaks off, answers in part or as another."""

import io
import json
import socket
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.trials.replay.loopback import (
    END,
    STREAM,
    Asked,
    Loopback,
    Piece,
    answered,
    http,
    streamed,
    token,
)
from tests.trials.replay.running import SkippingClock, by_skipping_clock
from tests.trials.switching.parts import logged_calls, vote_file

from headtohead.cli import main
from headtohead.publish import command_line

N = 20
TIE = json.dumps({"reason": "", "verdict": "tie"})


@dataclass
class Responder:
    """A server on this machine that is candidate and judge, and a log of N requests to it.

    Attributes:
        says: What the candidate does with a request; the judge says "tie" to every pair.
        row: Fields of every logged request.
    """

    says: Callable[[int], Iterable[Piece]] = lambda _: streamed("4")
    row: dict[str, Any] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    base_url: str = ""

    def script(self, asked: Asked) -> Iterable[Piece]:
        if asked.body["model"] == "j":
            return [answered(TIE)]
        self.asked.append(asked)
        return self.says(int(asked.key.split()[-1]))

    def __call__(self, *words: str) -> Result:
        rows = logged_calls(N, **self.row)
        Path("log.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        said = ["switch", "log.jsonl", "--from", "old", "--to", "new", "--margin", "25pp"]
        said += ["--price-from", "10,40", "--price-to", "1,4", "--price-judge", "1,2"]
        said += ["--no-stop", "--concurrency", "1", "--as-of", "2026-10-31"]
        if "--base-url" not in words:
            said += ["--base-url", self.base_url]
        found = CliRunner().invoke(main, [*said, *words])
        assert "Traceback" not in found.output
        return found

    def details(self, *words: str) -> dict[str, Any]:
        """The result as JSON."""
        found = self(*words, "--json")
        assert found.exit_code in (0, 1, 2), found.output
        return dict(json.loads(found.stdout))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SkippingClock:
    """The clock by which requests are sent again."""
    return by_skipping_clock(monkeypatch)


@pytest.fixture
def line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clock: SkippingClock
) -> Iterable[Responder]:
    """The server, and a folder of its own to work in."""
    monkeypatch.chdir(tmp_path)
    found = Responder()
    with Loopback(found.script) as server:
        found.base_url = server.base_url
        yield found


def named(model: str, *, usage: bool = True) -> list[Piece]:
    """An answer by a model's name."""
    message = {"role": "assistant", "content": "4"}
    body: dict[str, Any] = {
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    }
    if usage:
        body["usage"] = {"prompt_tokens": 5, "completion_tokens": 1}
    return [http(200, json.dumps(body).encode())]


LOST = [http(200, b"<html>Sign in</html>", kind="text/html")]


def lost(below: int) -> Callable[[int], Iterable[Piece]]:
    """Every fifth request below this one is never answered."""
    return lambda i: LOST if i < below and i % 5 == 0 else streamed("4")


@pytest.mark.parametrize(("status", "why"), [(429, "too many requests"), (503, "service unavail")])
def test_what_is_waited_for_is_said_once_a_wait(
    line: Responder, clock: SkippingClock, status: int, why: str
) -> None:
    waits = [http(status, b"{}", "Retry-After: 1")] * 2
    line.says = lambda i: [waits.pop()] if waits and len(line.asked) > 12 else streamed("4")
    found = line("--scorer", "exact")
    assert found.exit_code == 0, found.output
    host = line.base_url.removeprefix("http://").removesuffix("/v1")
    said = [row for row in found.stderr.splitlines() if "wait" in row]
    # The second wait, a second later, is one line too many for ten seconds.
    assert len(said) == 1
    assert said[0].startswith(f"{host} asks to wait 1 second (HTTP {status}, {why}")
    assert said[0].endswith("; 12 of 20 requests answered.")
    assert 2 <= clock.now <= 2.1


def test_a_judge_that_asks_to_wait_is_named(line: Responder) -> None:
    waits = [http(429, b"{}", "Retry-After: 1")]
    with Loopback(lambda _: [waits.pop() if waits else answered(TIE)]) as judge:
        found = line("--judge", "j", "--judge-url", judge.base_url)
        host = judge.base_url.removeprefix("http://").removesuffix("/v1")
    assert f"{host} asks to wait 1 second (HTTP 429, too many requests); 0 req" in found.stderr


def test_a_long_wait_ends_with_75_and_is_taken_up_again(line: Responder) -> None:
    away = [http(429, b"{}", "Retry-After: 30")]
    line.says = lambda i: away if away and len(line.asked) > 12 else streamed("4")
    found = line("--scorer", "exact", "--wait-most", "5")
    assert found.exit_code == 75
    said = " ".join(found.stderr.split())
    assert "asks to wait 30 seconds (HTTP 429, too many requests), and at most 5 seconds" in said
    assert "12 answers of this run are kept in log-new.ledger.jsonl" in said
    away.clear()
    assert line("--scorer", "exact").exit_code == 0
    assert len(line.asked) == 12 + 1 + 8


def test_waits_add_up_until_an_answer_comes(line: Responder) -> None:
    line.says = lambda i: [http(429, b"{}", "Retry-After: 1")]
    found = line("--scorer", "exact", "--wait-most", "2")
    assert found.exit_code == 75
    assert len(line.asked) == 3


def test_a_refused_connection_is_said_and_ends_with_75(line: Responder) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{closed.getsockname()[1]}"
        found = line("--scorer", "exact", "--wait-most", "2", "--base-url", f"http://{host}/v1")
    assert found.exit_code == 75
    first = next(row for row in found.stderr.splitlines() if "asked again" in row)
    assert first.startswith(f"{host} gave no answer (it cannot be reached: ")
    assert first.endswith("; 0 of 20 requests answered.")


class Terminal(io.StringIO):
    """What a terminal is sent."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_how_many_there_are_and_each_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with command_line.answers() as tell:
        tell(0, N, 0.0, None, "")
        for seconds in (30, 20):
            tell(0, N, 0.0, None, f"localhost:1234 asks to wait {seconds} seconds.")
        tell(12, N, 0.0, None, "")
    seen = terminal.getvalue()
    assert "12/20" in seen
    assert "asks to wait 30 seconds" in seen
    assert "asks to wait 20 seconds" in seen


def test_streams_that_always_break_end_with_75_and_are_asked_again(line: Responder) -> None:
    broken: list[Piece] = [STREAM, token("half an"), END]
    line.says = lambda i: broken or streamed("4")
    found = line("--scorer", "exact")
    assert found.exit_code == 75
    said = " ".join(found.stderr.split())
    assert "10 calls in a row got no answer from" in said
    assert "the stream ended before the answer did" in said
    broken.clear()
    mended = line.details("--scorer", "exact")
    assert mended["results"][0]["value"] == 0
    assert len(line.asked) == 10 + N


@pytest.mark.parametrize("how", [("--scorer", "exact"), ("--judge", "j"), ("--human",)])
def test_every_name_that_answered_stands_in_each_verdict(
    line: Responder, how: tuple[str, ...]
) -> None:
    line.says = lambda i: named("newest-mini" if i < 18 else "new")
    found = line(*how)
    if how == ("--human",):
        found = line("--votes", str(voted()))
    assert "answered as newest-mini (18) and new (2) of 20 answers" in " ".join(
        found.stdout.split()
    )


def voted() -> Path:
    """Votes on every pair of the ballot: no difference."""
    key = json.loads(Path("ballot.key.json").read_text(encoding="utf-8"))
    shown = [item for _, item, _ in key["items"]]
    return vote_file(Path("votes.json"), Path("ballot.html"), dict.fromkeys(shown, 0.0))


def test_savings_without_usage_are_estimated_in_the_headline(line: Responder) -> None:
    line.says = lambda i: named("new", usage=False)
    said = " ".join(line("--scorer", "exact").stdout.split())
    headline = said[: said.index("20 answers came without usable token counts.")]
    assert "per thousand requests, estimated: " in headline


@pytest.mark.parametrize(
    "how", [("--scorer", "exact"), ("--judge", "j"), ("--human",), ("--judge", "j", "--human")]
)
def test_what_was_never_answered_is_failed_and_listed(
    line: Responder, how: tuple[str, ...]
) -> None:
    line.says = lost(below=15)
    found = line.details(*how)
    if how[-1] == "--human":
        sent = len(line.asked)
        line.says = lambda i: LOST
        found = line.details(*how[:-1], "--votes", str(voted()))
        assert len(line.asked) == sent
    assert found["results"][0]["value"] == pytest.approx(-100 * 3 / N)
    failures = next(s for s in found["sections"] if s["section"] == "failures")
    assert failures["rows"] == [{"kind": "unanswered", "a_n": 0, "b_n": 3}]
    assert "They count as failed, and apart from wrong answers." in failures["remarks"]


def test_a_finished_run_with_many_never_answered_takes_its_votes(line: Responder) -> None:
    line.says = lost(below=N)
    assert line("--human").exit_code == 2
    sent = len(line.asked)
    votes = str(voted())
    line.says = lambda i: LOST
    found = line.details("--votes", votes)
    assert len(line.asked) == sent
    assert found["results"][0]["value"] == pytest.approx(-100 * 4 / N)


def test_a_parameter_is_sent_or_counted_by_name(line: Responder) -> None:
    line.row = {"chat_template_kwargs": {"enable_thinking": False}, "guided_regex": "4"}
    said = " ".join(line("--scorer", "exact").stdout.split())
    assert "Parameters of logged requests that were not sent: guided_regex (in 20)." in said
    for asked in line.asked:
        assert asked.body["chat_template_kwargs"] == {"enable_thinking": False}
        assert "guided_regex" not in asked.body
