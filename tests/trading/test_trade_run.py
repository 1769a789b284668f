"""A run from candles to a verdict: kept, gone on with, done again, and counted by hand."""

import json
import os
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.testing import assert_allclose
from tests.evidence.test_store import plant
from tests.trading.run_parts import bars_of, walk, written

from headtohead.core.errors import InputError, StoreBusy
from headtohead.evidence.store import Store
from headtohead.trading.command import trade
from headtohead.trading.running.decisions import LogHead, open_log
from headtohead.trading.running.observation import Observation
from headtohead.trading.running.result import RunResult
from headtohead.trading.running.sheet import run_sheet
from headtohead.trading.running.verb import trade_run

MARKET = walk(1000)
CHOICES: dict[str, Any] = {
    "windows": 6,
    "days": 1,
    "every": "4h",
    "history": 12,
    "draws": 100,
    "concurrency": 2,
}


@pytest.fixture(scope="module")
def candles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(MARKET, tmp_path_factory.mktemp("candles"))


def follow(seen: Observation) -> list[dict[str, Any]]:
    """Long or short as a coin moved, with a stop; sometimes it asks for what there is not."""
    closes = seen.close["ETH"]
    up = closes[-1] > closes[0]  # type: ignore[operator]
    coin = "LUNA" if seen.number == 2 else "ETH"
    stop = closes[-1] * (0.99 if up else 1.01)  # type: ignore[operator]
    side = "long" if up else "short"
    return [
        {"action": "open", "coin": coin, "side": side, "share": 1.5, "leverage": 2, "stop": stop}
    ]


def lazy(seen: Observation) -> None:
    """Never trades, and fails at its second decision."""
    if seen.number == 1:
        raise ZeroDivisionError("by nothing")


def _run(candles: Path, log: Path, *functions: Any, **more: Any) -> RunResult:
    given = {"functions": functions or (follow, lazy), **CHOICES, **more}
    return trade_run(candles=candles, log=log, **given)


@pytest.fixture(scope="module")
def whole(candles: Path, tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    return _run(candles, tmp_path_factory.mktemp("whole") / "run.jsonl")


def _numbers(result: RunResult) -> dict[str, Any]:
    return {k: v for k, v in result.as_json().items() if k != "log"}


def test_everyone_decides_as_often_and_what_fails_counts_as_hold(whole: RunResult) -> None:
    run = whole.details
    assert {x.name: x.decisions_n for x in run.agents} == {"follow": 36, "lazy": 36}
    by_name = {x.name: x for x in run.agents}
    assert by_name["follow"].rejected["unknown coin"] == 6
    assert by_name["follow"].trades_n >= 6
    assert by_name["lazy"].failed == {"ZeroDivisionError": 6}
    assert by_name["lazy"].trades_n == 0
    assert run.verdict(by_name["lazy"]) == "none"
    assert (by_name["lazy"].by_window_pct == 0).all()


def test_holding_is_what_the_prices_say_it_is(whole: RunResult) -> None:
    """By hand: bought coin by coin at the first opening price, at 4.5 basis points each."""
    run = whole.details
    first = run.course.windows.first
    for name, coins in (("buy and hold", [0]), ("equal weight", [0, 1])):
        value = 1.0
        expected = np.zeros(first.size)
        for coin in coins:
            bought = value * (1 - 2 * 4.5e-4) / len(coins)
            value -= 4.5e-4 * bought
            expected += bought * (MARKET.close[first + 23, coin] / MARKET.open[first, coin] - 1)
        held = next(x for x in run.baselines if x.name == name)
        assert_allclose(held.by_window_pct, 100 * (value - 1 + expected), rtol=1e-6)


def test_trades_and_funding_make_up_every_account(whole: RunResult) -> None:
    """Money is conserved: profits by prices, less fees, are the accounts to 1e-9 of the stake."""
    played = whole.details.played
    for place, name in enumerate(played.names):
        for column, window in enumerate(played.windows):
            gained = sum(x.net_usd for x in played.trades[name, window])
            change = played.equity_usd[place, column, -1] - 10_000
            assert_allclose(gained, change, rtol=0, atol=1e-5)
    fees = sum(x.fees_usd or 0.0 for k, v in played.trades.items() for x in v if k[0] == "follow")
    assert_allclose(fees, played.fees_usd[0].sum())


def test_a_log_gives_the_same_accounts_and_asks_nobody(
    whole: RunResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headtohead.trading.running.verb.open_agents", None)
    again = trade_run(replay=whole.details.log, draws=100)
    assert _numbers(again) == _numbers(whole)


def test_chances_are_corrected_for_all_that_were_tried_here_and_elsewhere(
    whole: RunResult,
) -> None:
    """Who never traded was tried too, and so was what another run asked."""
    for tried, given in ((2, {}), (40, {"tried": 40})):
        run = trade_run(replay=whole.details.log, draws=100, **given).details
        luck = next(x.luck for x in run.agents if x.name == "follow")
        assert luck is not None
        assert luck.corrected == min(1.0, tried * luck.chance)
        assert run.tried == tried
    with pytest.raises(InputError, match="`tried` is 1, and this run has 2 agents"):
        trade_run(replay=whole.details.log, tried=1)


def test_a_run_that_was_stopped_goes_on_where_it_stopped(
    whole: RunResult, candles: Path, tmp_path: Path
) -> None:
    """Ctrl-C at the third decision of the second group of windows; half a line is left behind."""
    asked: list[int] = []

    def follow(seen: Observation) -> list[dict[str, Any]]:
        asked.append(seen.number)
        if len(asked) == 12 + 5:
            raise KeyboardInterrupt
        return globals()["follow"](seen)  # type: ignore[no-any-return]

    log = tmp_path / "run.jsonl"
    with pytest.raises(KeyboardInterrupt):
        _run(candles, log, follow, lazy)
    kept = log.read_bytes()
    assert kept.count(b"\n") == 1 + 2 * (12 + 4)
    log.write_bytes(kept + kept.splitlines()[-1][:50])
    before = len(asked)
    result = _run(candles, log, follow, lazy)
    assert len(asked) - before == 36 - 16
    assert _numbers(result)["results"] == _numbers(whole)["results"]


def test_a_log_of_another_run_is_refused(whole: RunResult, candles: Path) -> None:
    log, before = whole.details.log, whole.details.log.read_bytes()
    with pytest.raises(InputError, match="`every` was 4 and is 6"):
        _run(candles, log, every="6h")
    with pytest.raises(InputError, match="`agents` are not the same"):
        _run(candles, log, lazy)
    assert log.read_bytes() == before


def test_a_damaged_log_is_not_gone_on_with(whole: RunResult, candles: Path, tmp_path: Path) -> None:
    log = tmp_path / "run.jsonl"
    lines = whole.details.log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join([lines[0], b"{}\n", *lines[2:]]))
    with pytest.raises(InputError, match="line 2, is damaged"):
        _run(candles, log)
    log.write_text("Not a log\n")
    with pytest.raises(InputError, match="is no log"):
        _run(candles, log)
    assert log.read_text() == "Not a log\n"


def test_an_observation_that_changed_is_told(whole: RunResult, tmp_path: Path) -> None:
    log = tmp_path / "run.jsonl"
    lines = whole.details.log.read_text().splitlines()
    one = json.loads(lines[3])
    one["decision"]["observation"] = "0" * 32
    log.write_text("\n".join([*lines[:3], json.dumps(one), *lines[4:]]) + "\n")
    with pytest.raises(InputError, match="is not what it saw then"):
        trade_run(replay=log, draws=100)


def test_two_runs_do_not_write_one_log(candles: Path, tmp_path: Path) -> None:
    log = tmp_path / "run.jsonl"
    with open_log(log, LogHead(identity={})), pytest.raises(StoreBusy, match="Another run"):
        _run(candles, log)
    if os.name != "nt":
        assert log.stat().st_mode & 0o077 == 0


def once(seen: Observation) -> list[dict[str, Any]]:
    """Buys the same coin at the start of every window, as everyone who bets then on it does."""
    buys = {"action": "open", "coin": "ETH", "side": "long", "share": 0.5}
    return [] if seen.positions else [buys]


def test_an_agent_that_fails_at_every_turn_passes_no_gate(candles: Path, tmp_path: Path) -> None:
    found = _run(candles, tmp_path / "run.jsonl", lazy)
    assert (found.sheet.answer, found.sheet.word) == ("undecided", "NEVER TRADED")
    assert "It gave no answer in 6 decisions." in found.sheet.sentence


def test_bets_that_leave_random_agents_no_choice_are_not_called_luck(
    candles: Path, tmp_path: Path
) -> None:
    found = _run(candles, tmp_path / "run.jsonl", once)
    assert found.sheet.answer == "undecided"
    assert "whether it was skill cannot be told" in found.sheet.sentence
    assert not any("random agents" in headline.what for headline in found.sheet.headlines)
    figures = {f.slug: f for topic in found.sheet.topics for f in topic.figures}
    bars = figures["differences"].bars
    assert bars
    assert bars.bars[0].label == "against buy and hold"  # whole, however long the agent's name is


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"functions": (), "candles": "nowhere"}, "No agent was given"),
        ({"functions": ("nowhere.py:decide",)}, "nowhere.py does not exist"),
        ({"every": "90m"}, "is 1.5 hours; it must be a multiple of a bar, 1 hour"),
        ({"functions": (lazy, lazy)}, "Two agents are called 'lazy'"),
        ({"functions": ("nowhere:decide",)}, "nowhere cannot be imported"),
        ({"functions": ("json:dumb",)}, "No function in json is called 'dumb'"),
        ({"coins": "BTC,LUNA"}, "no candles of LUNA"),
        ({"days": 60}, "do not fit into"),
        ({"every": "often"}, "no length of time"),
        ({"candles": (), "as_of": None}, "Give `candles`, or say `as_of`"),
    ],
)
def test_what_does_not_fit_is_said(
    more: dict[str, Any], says: str, candles: Path, tmp_path: Path
) -> None:
    given = {"candles": candles, "log": tmp_path / "run.jsonl", **CHOICES, "functions": (lazy,)}
    with pytest.raises(InputError, match=says):
        trade_run(**{**given, **more})


def test_dates_and_prices_are_hidden_unless_they_are_asked_for(
    candles: Path, tmp_path: Path
) -> None:
    seen: list[Observation] = []
    for named in (False, True):
        _run(candles, tmp_path / str(named), seen.append, named=named, windows=1)
    hidden, shown = seen[0], seen[6]
    assert (hidden.at, hidden.close["BTC"][-1]) == ("", 100.0)
    assert shown.at.startswith("2025-0")
    assert shown.close["BTC"][-1] in np.round(MARKET.close, 6)
    assert b"2025" not in hidden.encoded()


def test_skill_is_found_and_its_absence_is_not_taken_for_it(tmp_path: Path) -> None:
    """Hours come in sixes of one sign: who follows the last one wins, who tosses coins does not."""
    rng = np.random.default_rng(5)
    runs = np.repeat(rng.choice([-1, 1], (200, 2)), 6, axis=0)
    candles = written(bars_of(100 * np.cumprod(1 + 0.004 * runs, axis=0)), tmp_path / "candles")

    def skilled(seen: Observation) -> list[dict[str, Any]]:
        rising = [c for c in seen.coins if seen.close[c][-1] > seen.open[c][-1]]  # type: ignore[operator]
        side = {c: "long" if c in rising else "short" for c in seen.coins}
        return [
            {"action": "open", "coin": c, "side": side[c], "share": 0.9, "leverage": 2}
            for c in seen.coins
            if c not in seen.positions or seen.positions[c].side != side[c]
        ]

    def tossing(seen: Observation) -> list[dict[str, Any]]:
        seed = [7, seen.number, int(1e6 * seen.close["BTC"][0])]  # type: ignore[operator]
        toss = np.random.default_rng(seed).random() < 0.5
        side = "long" if toss else "short"
        return [{"action": "open", "coin": "BTC", "side": side, "share": 0.5}]

    more = {"every": "1h", "windows": 8, "draws": 200}
    run = _run(candles, tmp_path / "log", skilled, tossing, **more).details
    verdicts = {x.name: run.verdict(x) for x in run.agents}
    assert verdicts == {"skilled": "yes", "tossing": "undecided"}
    best = run.agents[0]
    assert best.name == "skilled"
    assert set(best.ahead_of) >= {"buy and hold", "equal weight", "random"}


def test_candles_of_the_evidence_are_those_of_the_day_in_the_log(tmp_path: Path) -> None:
    market = walk(120, coins=("BTC",))
    rows = [
        {
            "coin": "BTC",
            "observed_at": market.start + t * market.bar,
            **dict(zip(("price_usd", "high_usd", "low_usd", "close_usd"), prices, strict=True)),
        }
        for t, prices in enumerate(np.hstack(market.candles).tolist())
    ]
    plant(tmp_path, {"coin_prices": rows}, date(2025, 6, 1), source_id="binance_candles")
    more = {"coins": "BTC", "store": Store(tmp_path), "candles": ()}
    given = {**CHOICES, **more, "functions": lazy, "log": tmp_path / "run.jsonl", "windows": 2}
    first = trade_run(as_of="2025-07-01", **given)
    assert [x.source_id for x in first.sheet.sources] == ["binance_candles"]
    again = trade_run(replay=tmp_path / "run.jsonl", store=Store(tmp_path), draws=100)
    assert again.as_json() == first.as_json()


def test_windows_that_are_all_alike_are_not_called_too_few(whole: RunResult) -> None:
    lazy_one = tuple(x for x in whole.details.agents if x.name == "lazy")
    sheet = run_sheet(replace(whole.details, agents=lazy_one), sources=(), notes=(), as_of=None)
    said = " ".join([*sheet.notes, sheet.sentence])
    assert "lazy returned the same in all windows, so it has no interval" in said
    assert "too few" not in said


def test_a_real_window_is_what_its_candles_say(shared_evidence: Path, tmp_path: Path) -> None:
    """Alpha Arena's season: BTC lost 0.36%, all six coins in equal parts 6.3%; fees are 0.04%."""
    result = trade_run(
        functions=lazy,
        candles=shared_evidence / "crypto_candles",
        start="2025-10-17T21:00Z",
        end="2025-11-03T22:00Z",
        windows=1,
        days=17,
        every="17d",
        draws=100,
        log=tmp_path / "run.jsonl",
    )
    held = {x.name: x.returned_pct.value for x in result.details.baselines}
    assert held["buy and hold"] == pytest.approx(-0.36 - 0.04, abs=0.01)
    assert held["equal weight"] == pytest.approx(-6.3 - 0.04, abs=0.06)
    assert result.details.agents[0].returned_pct.low == -np.inf
    assert "1 window is too few for an interval" in " ".join(result.sheet.notes)


def test_the_command_runs_and_replays(candles: Path, tmp_path: Path) -> None:
    """The verdict is the exit code: 2, for nothing was shown."""
    (tmp_path / "agents.py").write_text(
        "def hold_eth(seen):\n"
        "    return [] if seen.number else "
        "[{'action': 'open', 'coin': 'ETH', 'side': 'long', 'share': 0.5}]\n"
    )
    log = str(tmp_path / "run.jsonl")
    source = f"{tmp_path / 'agents.py'}:hold_eth"
    words = ["--candles", str(candles), "--log", log, "--draws", "100", "--json"]
    few = ["--windows", "2", "--days", "1", "--every", "12h"]
    first = CliRunner().invoke(trade, ["run", "--function", source, *few, *words])
    assert first.exit_code == 0
    made = json.loads(first.stdout)
    assert made["verb"] == "trade run"
    again = CliRunner().invoke(trade, ["run", "--replay", log, "--draws", "100", "--json"])
    assert json.loads(again.stdout)["results"] == made["results"]


def test_every_way_to_show_it(whole: RunResult) -> None:
    made = whole.as_json()
    assert made["verdict"] == "undecided"
    labels = {row["label"] for row in made["results"]}
    assert "mean return of a window, follow" in labels
    assert "follow minus equal weight" in labels
    assert len(whole.to_csv().splitlines()) == 1 + 6
    chart = next(x.chart for x in whole.sheet.figures if x.slug == "accounts")
    assert chart
    assert chart() is not None
    assert "Window by window" in whole.to_markdown()
    assert "follow returned" in str(whole)
