"""Models that trade: asked for little money, each once, and never left out."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from tests.models.conftest_parts import TinyModels
from tests.trading.run_parts import walk, written
from tests.trials.replay.loopback import Asked, Loopback, Piece, answered, http

from headtohead.core.errors import InputError, SourceUnreachable
from headtohead.trading.running.result import RunResult
from headtohead.trading.running.verb import trade_run

CHOICES: dict[str, Any] = {
    "windows": 2,
    "days": 1,
    "every": "6h",
    "history": 6,
    "draws": 100,
    "concurrency": 1,
}
KEY = "sk-live-0123456789abcdefghij"
LONG = '{"actions": [{"action": "open", "coin": "BTC", "side": "long", "share": 0.5}]}'


@pytest.fixture(scope="module")
def candles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(walk(200), tmp_path_factory.mktemp("candles"))


def _always(text: str) -> Callable[[Asked], Iterable[Piece]]:
    def script(_: Asked) -> Iterable[Piece]:
        yield answered(text)

    return script


def _run(candles: Path, log: Path, server: Loopback, **more: Any) -> RunResult:
    return trade_run(
        models=f"candidate@{server.base_url}", candles=candles, log=log, **{**CHOICES, **more}
    )


def test_a_model_is_asked_once_a_decision_with_numbers_only(candles: Path, tmp_path: Path) -> None:
    with Loopback(_always(LONG)) as server:
        run = _run(candles, tmp_path / "run.jsonl", server, params={"temperature": 0}).details
        assert len(server.asked) == 8
        body = server.asked[-1].body
    agent = run.agents[0]
    assert (agent.decisions_n, agent.acted_n, agent.failed, agent.rejected) == (8, 8, {}, {})
    assert (agent.input_tokens, agent.output_tokens, agent.cost_usd) == (96, 24, None)
    told = body["messages"][0]["content"] + body["messages"][1]["content"]
    assert "Decision 4 of 4, 18 h after the start." in told
    assert "BTC long: worth" in told
    assert "2025" not in told
    assert body["temperature"] == 0
    assert body["response_format"]["json_schema"]["strict"] is True


def test_margin_that_is_not_there_is_a_rejection_too(candles: Path, tmp_path: Path) -> None:
    """All of the account without leverage leaves nothing for the fee."""
    with Loopback(_always(LONG.replace("0.5", "1"))) as server:
        agent = _run(candles, tmp_path / "run.jsonl", server).details.agents[0]
    assert (agent.decisions_n, agent.acted_n) == (8, 0)
    assert agent.rejected == {"not enough margin": 8}


@pytest.mark.parametrize(
    ("reply", "failure", "rejected"),
    [
        (answered("I would rather not."), {}, {"no JSON": 8}),
        (answered(""), {"the answer is empty": 8}, {}),
        (
            answered(LONG, finish_reason="length"),
            {"the answer was cut at the limit of tokens": 8},
            {},
        ),
        (http(400, b'{"error": {"message": "no"}}'), {"the endpoint failed": 8}, {}),
    ],
)
def test_what_is_no_answer_counts_as_hold_and_not_as_left_out(
    reply: bytes,
    failure: dict[str, int],
    rejected: dict[str, int],
    candles: Path,
    tmp_path: Path,
) -> None:
    with Loopback(lambda _: [reply]) as server:
        agent = _run(candles, tmp_path / "run.jsonl", server).details.agents[0]
    assert (agent.decisions_n, agent.acted_n, agent.trades_n) == (8, 0, 0)
    assert (agent.failed, agent.rejected) == (failure, rejected)


def test_the_ceiling_is_kept_and_a_run_goes_on_with_more(candles: Path, tmp_path: Path) -> None:
    """An answer costs $1.50 by its tokens; before it is asked $2,000 may be needed at most."""
    log, prices = tmp_path / "run.jsonl", {"candidate": "0,500000"}
    more = {"prices": prices, "cap_tokens": 4}
    with Loopback(_always(LONG)) as server:
        with pytest.raises(InputError, match="`max_usd` of 4 was reached before a window"):
            _run(candles, log, server, max_usd=4, **more)
        assert len(server.asked) == 2
        part = _run(candles, log, server, max_usd=8.4, **more)
        assert len(server.asked) == 5
        assert "after 1 of 2 windows" in part.sheet.notes[0]
        assert part.details.spent_usd == pytest.approx(7.5)
        whole = _run(candles, log, server, max_usd=100, **more)
        assert len(server.asked) == 8
    assert whole.details.spent_usd == pytest.approx(12)
    assert whole.details.agents[0].cost_usd == pytest.approx(12)
    again = trade_run(replay=log, draws=100)
    assert again.as_json()["results"] == whole.as_json()["results"]


def test_a_model_that_is_paid_for_needs_a_ceiling_and_a_price(
    candles: Path, tmp_path: Path
) -> None:
    given = {**CHOICES, "candles": candles, "log": tmp_path / "run.jsonl", "as_of": "2025-11-01"}
    with pytest.raises(InputError, match="say how much all answers may cost"):
        trade_run(models="m", prices={"m": "1,2"}, key_env="", **given)
    with pytest.raises(InputError, match="No list price of m-none was known on 2025-11-01"):
        trade_run(models="m-none@https://models.example/v1", key_env="", **given)
    with pytest.raises(InputError, match="`prices` has one of 'n'"):
        trade_run(models="m", prices={"n": "1,2"}, **given)
    assert not (tmp_path / "run.jsonl").exists()


def test_a_run_ends_where_nobody_answers_and_keeps_what_was_answered(
    candles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The endpoint fails after three answers, and works again later: nothing is asked twice."""
    broken = True

    def script(asked: Asked) -> Iterable[Piece]:
        works = not broken or len(server.asked) <= 3
        yield answered(LONG) if works else http(503, b"{}", "Retry-After: 0")

    monkeypatch.setattr("headtohead.trading.running.agents._GIVE_UP", 1)
    log = tmp_path / "run.jsonl"
    with Loopback(script) as server:
        with pytest.raises(SourceUnreachable, match="gave no answer"):
            _run(candles, log, server)
        before = len(server.asked)
        broken = False
        result = _run(candles, log, server)
        assert len(server.asked) == before + 5
    assert result.details.agents[0].acted_n == 8


def test_no_file_holds_the_key(
    candles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OWN_KEY", KEY)
    with Loopback(_always(f"{LONG} {KEY}")) as server:
        result = _run(candles, tmp_path / "run.jsonl", server, key_env="OWN_KEY")
        assert {x.headers["authorization"] for x in server.asked} == {f"Bearer {KEY}"}
    kept = [path.read_text() for path in tmp_path.iterdir() if path.is_file()]
    assert len(kept) >= 2
    assert all(KEY not in text for text in (*kept, result.to_json()))


def _of_a_real_model(model: str, tmp_path: Path, every: str, cap_tokens: int) -> RunResult:
    """Two windows of one coin, the endpoint held to the schema; the log gives the same again."""
    log = tmp_path / "run.jsonl"
    result = trade_run(
        models=model,
        candles=written(walk(60, coins=("BTC",)), tmp_path / "candles"),
        log=log,
        **{**CHOICES, "every": every, "history": 3, "concurrency": 2},
        params={"temperature": 0, "seed": 1},
        cap_tokens=cap_tokens,
    )
    again = trade_run(replay=log, draws=100)
    assert again.as_json()["results"] == result.as_json()["results"]
    for line in log.read_text().splitlines()[1:]:
        assert json.loads(line)["decision"]["raw"].startswith("{")
    return result


def test_a_real_model_is_held_to_the_schema_by_a_real_server(
    tiny_models: TinyModels, tmp_path: Path
) -> None:
    """It knows sums and capitals, and no markets; yet all that it says can be read."""
    model = f"{tiny_models.alias_a}@{tiny_models.base_url_a}"
    agent = _of_a_real_model(model, tmp_path, "12h", 60).details.agents[0]
    assert (agent.decisions_n, agent.failed) == (4, {})
    assert set(agent.rejected) <= {"schema", "unknown coin", "leverage"}
    assert agent.input_tokens > 4 * 1000
    assert 0 < agent.output_tokens <= 4 * 60


@pytest.mark.slow
def test_a_real_chat_model_trades(smollm2: str, tmp_path: Path) -> None:
    """How it trades is its own affair."""
    agent = _of_a_real_model(f"smollm2@{smollm2}", tmp_path, "12h", 120).details.agents[0]
    assert agent.decisions_n == 4
    assert agent.input_tokens > 4 * 300
