"""`switch` where the line fails: what was never answered counts, and is not cheap."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from pytest_httpserver import HTTPServer
from tests.trials.switching.parts import logged_calls, vote_file
from werkzeug import Request, Response

from headtohead.cli import main
from headtohead.core.errors import InputError, SourceUnreachable
from headtohead.logs.calls import Call
from headtohead.prices.rates import Rates
from headtohead.trials.replay.client import Endpoint
from headtohead.trials.replay.limits import Settings
from headtohead.trials.replay.wire import Completion
from headtohead.trials.result import TrialResult
from headtohead.trials.sampling.drawing import Item
from headtohead.trials.switching.running import Candidate, ScoreKeeper, Trial
from headtohead.trials.switching.settings import Pace
from headtohead.trials.switching.summing import savings_of
from headtohead.trials.switching.verb import switch

N = 20


@dataclass
class FailingLine:
    """A candidate that answers "4" but for the requests that are `lost`, and a log to ask it.

    Attributes:
        served: Number of a request -> the name that answers it.
        bodies: What was sent.
    """

    base_url: str
    lost: set[int] = field(default_factory=set)
    served: dict[int, str] = field(default_factory=dict)
    counts: bool = True
    bodies: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        body = json.loads(request.get_data())
        self.bodies.append(body)
        number = int(body["messages"][-1]["content"].split()[-1])
        if number in self.lost:
            return Response("<html>Sign in</html>", 200, content_type="text/html")
        message = {"role": "assistant", "content": "4"}
        answer = {
            "model": self.served.get(number, "new"),
            "choices": [{"message": message, "finish_reason": "stop"}],
            **({"usage": {"prompt_tokens": 5, "completion_tokens": 1}} if self.counts else {}),
        }
        return Response(json.dumps(answer), content_type="application/json")

    def switch(self, *, row: Mapping[str, Any] | None = None, **more: Any) -> TrialResult:
        rows = logged_calls(N, **(row or {}))
        Path("log.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        said: dict[str, Any] = {
            "base_url": self.base_url,
            "price_from": "10,40",
            "price_to": "1,4",
            "margin": "10pp",
            "stop": False,
            "as_of": "2026-10-31",
            "pace": Pace(concurrency=1, cap_tokens=8),
            **more,
        }
        return switch("log.jsonl", **{"from_model": "old", "to": "new", **said})


@pytest.fixture
def line(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FailingLine:
    """The candidate, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    found = FailingLine(httpserver.url_for("/v1"))
    httpserver.expect_request("/v1/chat/completions").respond_with_handler(found)
    return found


def test_what_was_never_answered_counts_alike_for_a_scorer_and_people(line: FailingLine) -> None:
    line.lost = set(range(0, 18, 6))
    by_scorer = line.switch(scorer="exact").details
    assert by_scorer.quality.difference.value == pytest.approx(-3 / N)
    assert by_scorer.failures == {"unanswered": (0, 3)}
    line.switch(human=True)
    key = json.loads(Path("ballot.key.json").read_text(encoding="utf-8"))
    shown = [item for _, item, _ in key["items"]]
    assert len(shown) == N - 3
    votes = vote_file(Path("votes.json"), Path("ballot.html"), dict.fromkeys(shown, 0.0))
    asked = len(line.bodies)
    people = line.switch(votes=[votes])
    assert len(line.bodies) == asked
    assert people.details.quality.difference.value == pytest.approx(-3 / N)
    assert people.details.failures == {"unanswered": (0, 3)}
    assert people.sheet.word != "SWITCH"
    assert any("3 requests never got an answer" in note for note in people.details.notes)


def test_a_page_instead_of_answers_is_no_verdict_and_is_asked_again(line: FailingLine) -> None:
    line.lost = set(range(N))
    with pytest.raises(SourceUnreachable, match=r"10 calls in a row.*the answer is not JSON"):
        line.switch(scorer="exact")
    line.lost = set()
    found = line.switch(scorer="exact")
    assert found.details.quality.difference.value == 0
    assert not found.details.failures


@pytest.mark.parametrize("broken", ["<html>Sign in</html>", '{"choices": [{', '{"ok": true}'])
@pytest.mark.parametrize("who", ["candidate", "judge"])
def test_a_foreign_answer_ends_the_command_with_75_and_its_cause(
    line: FailingLine, httpserver: HTTPServer, who: str, broken: str
) -> None:
    def says(request: Request) -> Response:
        return Response(broken, 200)

    httpserver.expect_request("/broken/chat/completions").respond_with_handler(says)
    away = httpserver.url_for("/broken")
    with pytest.raises(SourceUnreachable):
        line.switch(scorer="exact", base_url=away)
    for ledger in Path().glob("*.ledger*"):
        ledger.unlink()
    words = ["switch", "log.jsonl", "--from", "old", "--to", "new", "--no-stop", "--margin", "10pp"]
    words += ["--base-url", away if who == "candidate" else line.base_url, "--price-to", "1,4"]
    words += ["--price-from", "10,40", "--concurrency", "1", "--as-of", "2026-10-31"]
    how = ["--judge", "j", "--judge-url", away, "--price-judge", "1,2"]
    found = CliRunner().invoke(main, words + (["--scorer", "exact"] if who == "candidate" else how))
    assert found.exit_code == 75, found.output
    assert "calls in a row" in found.output
    assert "Traceback" not in found.output


def test_an_endpoint_that_does_not_answer_is_not_cheap() -> None:
    call = Call(key="k", cost_usd=0.01)
    item = Item(call=call, klass="t", weight=1.0, cluster="k")
    who = Candidate(
        endpoint=Endpoint("http://localhost/v1", "m"),
        ledger=Path("l.jsonl"),
        rates=Rates(input_usd_per_mtok=1, output_usd_per_mtok=1),
        settings=Settings(),
    )
    rng = np.random.default_rng(0)
    trial = Trial([item], who, ScoreKeeper(0.05, 0.95, 1.0), None, rng)
    for dead in (
        Completion(key="k", failure="error", unanswered=True, cost_usd=0.0),
        Completion(key="k", failure="error", cost_usd=0.0),
    ):
        seen = trial.scored(item, dead, (1.0, 0.0), ("", "unanswered"))
        assert (seen.a_usd, seen.b_usd) == (0.01, None)
        assert savings_of([seen] * 40, rng, level=0.95, basis="", scored=True) is None


def test_every_name_that_answered_is_counted(line: FailingLine) -> None:
    line.served = dict.fromkeys(range(18), "newest-mini")
    found = line.switch(scorer="exact")
    assert any(
        "answered as newest-mini (18) and new (2) of 20 answers" in note
        for note in found.details.notes
    )
    spent = next(s for s in found.as_json()["sections"] if s["section"] == "spent")
    assert ["Answered as newest-mini", "18"] in [list(row.values()) for row in spent["rows"]]


def test_a_candidate_of_the_name_in_the_log_is_remarked_on(line: FailingLine) -> None:
    same = line.switch(scorer="exact", to="old").details.notes
    assert any("both say old: this asks whether its endpoint still" in note for note in same)
    assert not any("both say" in note for note in line.switch(scorer="exact").details.notes)


def test_only_the_tasks_that_are_named_are_replayed(line: FailingLine) -> None:
    row = {"task": "sums"}
    found = line.switch(scorer="exact", row=row, tasks="sum*").details
    assert (found.items, found.log_rows) == (N, N)
    with pytest.raises(InputError, match=r"other tasks than caps\. It has the tasks sums"):
        line.switch(scorer="exact", row=row, tasks="caps")


def test_savings_without_usage_say_that_they_are_estimated(line: FailingLine) -> None:
    line.counts = False
    found = line.switch(scorer="exact")
    assert (
        "per thousand requests, estimated: 20 answers came without usable token counts."
        in found.sheet.sentence
    )


def test_parameters_of_the_log_are_sent_or_counted_by_name(line: FailingLine) -> None:
    off = {"enable_thinking": False}
    row = {"chat_template_kwargs": off, "temperature": 0, "top_logprobs": 3, "guided_regex": "4"}
    found = line.switch(scorer="exact", row=row)
    for body in line.bodies:
        assert (body["chat_template_kwargs"], body["temperature"]) == (off, 0)
        assert "top_logprobs" not in body
    assert (
        "Parameters of logged requests that were not sent: guided_regex (in 20) and top_logprobs "
        "(in 20)." in found.details.notes
    )
