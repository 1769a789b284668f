"""`trade_judge` and `h2h trade judge`: from files to a verdict, a sheet and its ways out."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from tests.trading.seasons import hours, market, season, trade, walk
from tests.trading.test_trade_formats import BACKTEST

from headtohead.cli import main
from headtohead.core.errors import InputError
from headtohead.evidence.store import Store
from headtohead.trading.order import order_by_luck
from headtohead.trading.result import JudgeResult
from headtohead.trading.season import Trade
from headtohead.trading.verb import trade_judge

COINS = ("BTC", "ETH", "SOL")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Candles of three coins; trades of who knows the next day, and of who guesses."""
    folder = tmp_path_factory.mktemp("season")
    rng = np.random.default_rng(8)
    candles = folder / "candles"
    candles.mkdir()
    paths = {coin: walk(rng, 24 * 12, step=0.01) for coin in COINS}
    market(candles, **paths)
    trades: list[Trade] = []
    for agent in ("seer", "guesser"):
        for day in range(11):
            for coin in COINS[: 1 + day % 3]:
                first, last = (float(paths[coin][24 * day + h]) for h in (3, 20))
                long = last > first if agent == "seer" else bool(rng.random() < 0.5)
                when = {"opened_at": hours(24 * day + 4), "closed_at": hours(24 * day + 21)}
                side = "long" if long else "short"
                fee = 0.0009 * first
                trades.append(
                    trade(agent, coin, side, entry_usd=first, exit_usd=last, fees_usd=fee, **when)
                )
    rows = [
        {name: getattr(t, name) for name in Trade.__slots__ if name != "net_recorded"}
        for t in trades
    ]
    pl.DataFrame(rows).write_parquet(folder / "trades.parquet")
    return folder


@pytest.fixture(scope="module")
def result(made: Path) -> JudgeResult:
    return trade_judge(
        made / "trades.parquet", candles=[made / "candles"], stake=1000, draws=300, seed=1
    )


def test_who_knows_the_next_day_is_told_from_who_guesses(result: JudgeResult) -> None:
    seer, guesser = result.judgement.verdicts
    assert (seer.account.agent, seer.answer, guesser.answer) == ("seer", "yes", "undecided")
    assert seer.chance == pytest.approx(1 / 301)
    assert seer.luck is not None
    assert seer.luck.season.replayed_frac == pytest.approx(seer.account.final_frac, abs=0.02)
    assert result.sheet.title == "seer did better than luck explains; one of two did not"
    assert (result.sheet.answer, result.sheet.word) == ("yes", "BETTER THAN LUCK")


def test_the_same_seed_gives_the_same_numbers(made: Path) -> None:
    both = [
        trade_judge(made / "trades.parquet", candles=[made / "candles"], stake=1000, draws=100)
        for _ in range(2)
    ]
    assert both[0].to_json() == both[1].to_json()


def test_variants_that_were_tried_and_dropped_count(made: Path) -> None:
    many = trade_judge(
        made / "trades.parquet", candles=[made / "candles"], stake=1000, draws=100, tried=500
    )
    assert many.judgement.verdicts[0].corrected == 1.0
    assert many.sheet.title == "None of two agents did better than luck explains"
    with pytest.raises(InputError, match="`tried` is 1, and the files hold 2 agents"):
        trade_judge(made / "trades.parquet", stake=1000, tried=1)


def test_every_way_out_holds_the_verdict(result: JudgeResult) -> None:
    frame = result.to_frame()
    assert frame["agent"].to_list() == ["seer", "guesser"]
    assert frame["luck_corrected_pct"][0] == pytest.approx(200 / 301)
    assert {"return_low_pct", "sharpe", "beta", "turnover_ratio", "compared_with"} <= set(
        frame.columns
    )
    said = json.loads(result.to_json())
    assert (said["verdict"], said["sentence"]) == ("yes", result.sheet.sentence)
    luck = [r for r in said["results"] if r["label"].startswith("chance that luck")]
    assert all(0 <= r["low"] <= r["value"] <= r["high"] <= 1 and r["low"] < r["high"] for r in luck)
    assert [r["verdict"] for r in luck] == ["yes", "undecided"]
    assert len(repr(result).splitlines()) <= 25
    assert "<svg" in result._repr_html_()


def test_without_candles_it_says_what_it_compares_with(tmp_path: Path) -> None:
    found = trade_judge(BACKTEST, store=Store(tmp_path / "none"), draws=200, tried=50)
    assert [v.basis for v in found.judgement.verdicts] == ["standing still"] * 2
    assert "on average stands still" in found.sheet.sentence
    assert any("give `candles`" in note for note in found.sheet.notes)
    assert found.sheet.answer == "undecided"
    assert found.judgement.verdicts[0].account.measures["funding"].unit == "usd"


def test_values_of_accounts_alone_are_judged_by_their_swings(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    worth = 100 * np.cumprod(1 + rng.normal(0, 0.01, 200))
    rows = [f"{hours(n):%Y-%m-%dT%H:%MZ},{x:.6f}" for n, x in enumerate(worth)]
    (tmp_path / "fund.csv").write_text("\n".join(["time,equity", *rows]))
    found = trade_judge(tmp_path / "fund.csv", draws=200)
    assert found.judgement.verdicts[0].basis == "standing still"
    assert any("no trades" in note for note in found.sheet.notes)
    assert found.sheet.title == "fund cannot be told from luck"


def test_intervals_without_ends_are_written_as_unknown(tmp_path: Path) -> None:
    rows = ["agent,time,equity"]
    stretches = np.repeat([0.01, -0.01, 0.02, 0.01, -0.02, 0.005] * 4, 4)
    for agent, turn in (("A", 0), ("B", 7)):
        worth = 100 * np.cumprod(np.r_[1, 1 + stretches[turn : turn + 60]])
        rows += [f"{agent},{hours(n):%Y-%m-%dT%H:%MZ},{x:.6f}" for n, x in enumerate(worth)]
    (tmp_path / "slow.csv").write_text("\n".join(rows))
    found = trade_judge(tmp_path / "slow.csv", draws=100, stake=100)
    said = {row["label"]: row for row in json.loads(found.to_json())["results"]}
    assert said["return, A"]["high"] is None
    assert {"account of A over that of B", "account of B over that of A"} & set(said)
    assert not any("Trades are recorded until" in note for note in found.sheet.notes)


def test_candles_that_end_early_judge_what_they_reach(made: Path, tmp_path: Path) -> None:
    for coin in COINS:
        name = f"{coin}USDT_1h.csv"
        lines = (made / "candles" / name).read_text().splitlines()[: 24 * 8]
        (tmp_path / name).write_text("\n".join(lines) + "\n")
    found = trade_judge(made / "trades.parquet", candles=[tmp_path], stake=1000, draws=100)
    for verdict in found.judgement.verdicts:
        assert verdict.luck is not None
        assert verdict.luck.season.observed_frac == verdict.luck.season.replayed_frac
        assert verdict.chance == verdict.luck.replayed[0]
    assert any("luck are of that time" in note for note in found.sheet.notes)


def test_one_trade_is_not_enough_and_says_so(made: Path, tmp_path: Path) -> None:
    header = "agent,coin,side,opened_at,closed_at,entry_usd,exit_usd,quantity\n"
    (tmp_path / "one.csv").write_text(
        header + "A,BTC,long,2025-03-02T00:00Z,2025-03-02T05:00Z,100,101,1\n"
    )
    found = trade_judge(tmp_path / "one.csv", candles=[made / "candles"], stake=1000, draws=100)
    (only,) = found.judgement.verdicts
    assert only.answer in ("undecided", "none")
    assert any("too few for an interval" in note for note in found.sheet.notes)
    unknown = (tmp_path / "one.csv").read_text().replace("BTC", "PEPE")
    (tmp_path / "other.csv").write_text(unknown)
    odd = trade_judge(tmp_path / "other.csv", candles=[made / "candles"], stake=1000, draws=100)
    assert any("No candles of PEPE are known" in note for note in odd.sheet.notes)


def test_bets_that_leave_nothing_to_draw_are_not_called_luck_or_skill(
    made: Path, tmp_path: Path
) -> None:
    """Who is only ever long in one coin bets as all who bet at those times on that coin do."""
    rows = [f"A,BTC,long,2025-03-0{n}T02:00Z,2025-03-0{n}T05:00Z,100,1{n}0,1" for n in (2, 3, 4)]
    header = "agent,coin,side,opened_at,closed_at,entry_usd,exit_usd,quantity"
    (tmp_path / "alike.csv").write_text("\n".join([header, *rows]) + "\n")
    folder = tmp_path / "candles"
    shutil.copytree(made / "candles", folder)
    (folder / "README.md").write_text("Whose candles these are")
    found = trade_judge(tmp_path / "alike.csv", candles=[folder], stake=1000, draws=100)
    assert found.sheet.answer == "undecided"
    assert "whether it was skill cannot be told" in found.sheet.sentence
    days = trade_judge(tmp_path / "alike.csv", stake=1000, start="2025-03-02", end="2025-03-03")
    traded = next(f for t in found.sheet.topics for f in t.figures if f.slug == "trades")
    assert traded.remarks == ("What was paid or earned as funding is not in the files.",)
    assert days.sheet.kicker == "One account, 2 March 2025 to 3 March 2025."
    assert not any("random agents" in headline.what for headline in found.sheet.headlines)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"contract": "bybit"}, "'bybit' is neither hyperliquid nor a file"),
        ({"candles": ["bare"]}, "bare holds no candles"),
        ({"start": "2025-03-09", "end": "2025-03-08"}, "00:00 is not before the end, 2025-03-09"),
    ],
)
def test_what_is_misspelt_or_empty_is_named(
    given: dict[str, Any],
    said: str,
    made: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bare").mkdir()
    choices = {"candles": [made / "candles"], "stake": 1000, "draws": 100, **given}
    with pytest.raises(InputError, match=said):
        trade_judge(made / "trades.parquet", **choices)
    with pytest.raises(InputError, match="bare holds no files"):
        trade_judge("bare")


def test_the_command_prints_the_verdict_and_ends_with_its_code(made: Path, tmp_path: Path) -> None:
    page = tmp_path / "judged.html"
    words = ["trade", "judge", str(made / "trades.parquet"), "--candles", str(made / "candles")]
    done = CliRunner().invoke(
        main, [*words, "--stake", "1000", "--draws", "100", "--html", str(page)]
    )
    assert done.exit_code == 0, done.output
    assert done.output.startswith("BETTER THAN LUCK  seer did better than luck explains")
    assert "Again: h2h trade judge" in done.output
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    wrong = CliRunner().invoke(main, ["trade", "judge", str(made / "none.csv")])
    assert wrong.exit_code == 64
    assert "none.csv does not exist" in wrong.output


@pytest.mark.slow
def test_no_model_of_the_recorded_season_did_better_than_luck(shared_evidence: Path) -> None:
    found = trade_judge(
        shared_evidence / "alpha_arena", candles=[shared_evidence / "crypto_candles"], draws=500
    )
    assert found.sheet.title == "None of six agents did better than luck explains"
    holding = found.judgement.holding
    assert holding is not None
    assert holding.value[-1] - 1 == pytest.approx(-0.063, abs=5e-4)
    assert {c: round(100 * x, 1) for c, x in holding.by_coin.items()} == {
        "BTC": -0.4,
        "ETH": -7.1,
        "SOL": -10.5,
        "BNB": -8.5,
        "DOGE": -10.4,
        "XRP": -1.0,
    }
    chances = {v.account.agent: v.chance or 0 for v in found.judgement.verdicts}
    assert 0.05 < chances["Qwen3-Max"] < 0.25
    assert 0.4 < chances["DeepSeek-V3.1"] < 0.75
    assert "+116%, of DeepSeek-V3.1 on 28 October 2025" in " ".join(
        f.says for f in found.sheet.figures
    )


def test_agents_that_bet_alike_end_in_any_order_as_often(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    prices = market(tmp_path, **{coin: walk(rng, 24 * 8) for coin in COINS})
    trades = [
        trade(
            agent,
            COINS[day % 3],
            "long" if day % 2 else "short",
            opened_at=hours(24 * day),
            closed_at=hours(24 * day + 20),
            quantity=5.0,
        )
        for agent in "ABCD"
        for day in range(7)
    ]
    rows = [
        {"coin": coin, "observed_at": hours(bar), "source_id": "binance_candles"}
        | {f"{name}_usd": float(getattr(prices, read)[bar, place]) for name, read in _CANDLE}
        for place, coin in enumerate(prices.coins)
        for bar in range(len(prices.times))
    ]
    found = order_by_luck(season(trades), pl.DataFrame(rows), {"A", "B"}, draws=400, rng=rng)
    # Two of four in the first two places: 1 of 6 orders.
    assert found.value == pytest.approx(1 / 6, abs=0.03)
    assert found.low < 1 / 6 < found.high


_CANDLE = (("price", "open"), ("high", "high"), ("low", "low"), ("close", "close"))
