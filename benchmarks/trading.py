"""How many bars a second the replay runs, beside NautilusTrader: the same bars, orders and fees.

python -m benchmarks.trading [--page docs/benchmarks/trading.md] [--python PYTHON]

The first run installs the peer into an environment of its own; it needs Python 3.12 or later, which
--python names.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from platformdirs import user_cache_path

from headtohead.trading.contract import Contract, Tier
from headtohead.trading.market import Candles, Market
from headtohead.trading.replay import Orders, replay

_LIST = Path(__file__).with_name("peers-trading.txt")
_COINS, _STAKE, _NEAR_USD = 6, 10_000, 1e-4
_ROUNDS = 5


@dataclass(frozen=True)
class TradingCase:
    """Random prices, and agents that trade at random.

    Attributes:
        every: Bars from one order of an agent in a coin to the next, on average.
    """

    name: str
    agents: int
    bars: int
    every: int


_CASES = (
    TradingCase("8 agents, 6 coins, 18 days of minutes, two orders a day and coin", 8, 25_920, 720),
    TradingCase(
        "8 agents, 6 coins, 1 day of minutes, an agent orders every third minute", 8, 1440, 18
    ),
    TradingCase("1 agent, 6 coins, 1 day of minutes, it orders every third minute", 1, 1440, 18),
)
_MANY = TradingCase(
    "the null of luck: 2,000 agents, 6 coins, 17 days of hours, 60 orders each", 2000, 408, 40
)


def main() -> None:
    """Measure, print, and write the page if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", type=Path)
    parser.add_argument("--python", type=Path, help="Python 3.12 or later, for the peer")
    chosen = parser.parse_args()
    peer = _environment(chosen.python)
    rows = []
    for case in _CASES:
        with tempfile.TemporaryDirectory() as folder:
            prices, orders = _made(case, Path(folder))
            runs = []
            for _ in range(_ROUNDS):
                # By turns, so that both are measured under the same load.
                theirs = _peer(peer, Path(folder))
                runs.append((_ours(case, prices, orders), theirs))
            rows.append((case, runs))
    prices, orders = _made(_MANY)
    many = [_ours(_MANY, prices, orders)["cpu_s"] for _ in range(_ROUNDS)]
    page = _page(rows, statistics.median(many), peer)
    print(page)
    if chosen.page:
        chosen.page.write_text(page, encoding="utf-8")


def _made(case: TradingCase, folder: Path | None = None) -> tuple[np.ndarray[Any, Any], list[Any]]:
    """Prices of shape (bars, coins, 4), and for each agent [bar, coin, change] of its orders.

    A bar opens where the last one closed, as the peer fills an order at the last price it saw.
    """
    rng = np.random.default_rng(1)
    shape = (case.bars, _COINS)
    last = np.round(100 * np.exp(np.cumsum(6e-4 * rng.normal(size=shape), axis=0)), 4)
    first = np.vstack([last[:1], last[:-1]])
    high = np.round(np.maximum(first, last) * (1 + 3e-4 * rng.random(shape)), 4)
    low = np.round(np.minimum(first, last) * (1 - 3e-4 * rng.random(shape)), 4)
    prices = np.stack([first, high, low, last], axis=-1)
    orders = []
    for _ in range(case.agents):
        rows = []
        for coin in range(_COINS):
            count = max(2, case.bars // case.every)
            at = np.sort(rng.choice(np.arange(1, case.bars - 1), count, replace=False))
            held = np.round(rng.uniform(-40, 40, count) * (rng.random(count) > 0.3), 3)
            held[-1] = 0.0
            changes = np.round(np.diff(held, prepend=0.0), 3)
            rows += [[int(b), coin, float(x)] for b, x in zip(at, changes, strict=True) if x]
        orders.append(sorted(rows))
    if folder is not None:
        whole = {"agents": case.agents, "bars": case.bars, "coins": _COINS, "stake": _STAKE}
        (folder / "case.json").write_text(json.dumps({**whole, "orders": orders}), "utf-8")
        prices.tofile(folder / "prices.bin")
    return prices, orders


def _ours(case: TradingCase, prices: np.ndarray[Any, Any], orders: list[Any]) -> dict[str, Any]:
    coins = tuple(f"C{coin}" for coin in range(_COINS))
    nothing = np.zeros(prices.shape[:2])
    minutes = np.arange(case.bars) * np.timedelta64(1, "m")
    market = Market(
        coins=coins,
        times=(np.datetime64("2025-10-17T22:00") + minutes).astype("datetime64[us]"),
        bar=timedelta(minutes=1),
        candles=Candles(*np.moveaxis(prices, -1, 0)),
        funding=nothing,
        funded=nothing.astype(np.bool_),
    )
    tiers = dict.fromkeys(coins, (Tier(0, 20),))
    contract = Contract(
        name="the case's", taker_frac=4.5e-4, maker_frac=1.5e-4, tiers=tiers, funding_hours=1
    )
    rows = [(b, a, c, x) for a, of_agent in enumerate(orders) for b, c, x in of_agent]
    bar, agent, coin, size = (np.array(x) for x in zip(*rows, strict=True))
    began, cpu = time.perf_counter(), time.process_time()
    accounts = replay(
        market,
        contract,
        Orders(bar=bar, agent=agent, coin=coin, size=size, adds=True),
        agents=case.agents,
        stake_usd=float(_STAKE),
    )
    spent = {"run_s": time.perf_counter() - began, "cpu_s": time.process_time() - cpu}
    return {**spent, "balances": accounts.equity_usd[:, -1].tolist(), "orders": len(rows)}


def _peer(python: Path, folder: Path) -> dict[str, Any]:
    script = Path(__file__).with_name("trading_peer.py")
    run = subprocess.run([str(python), str(script), str(folder)], check=True, capture_output=True)
    result: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return result


def _environment(asked: Path | None) -> Path:
    """The Python of the peer's environment, made where there is none of this list."""
    home = user_cache_path("headtohead") / "bench-trading" / "peer"
    python, stamp = home / "bin" / "python", home / "installed-from"
    wanted = sha256(_LIST.read_bytes()).hexdigest()
    if python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    base = asked or next(filter(_new_enough, _pythons()), None)
    if base is None:
        sys.exit("No Python 3.12 or later was found for the peer. Install one, or give --python.")
    print(f"installing the peer into {home}", flush=True)
    subprocess.run([str(base), "-m", "venv", "--clear", str(home)], check=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", str(_LIST)], check=True)
    stamp.write_text(wanted, encoding="utf-8")
    return python


def _pythons() -> list[Path]:
    """Pythons that may be there, also those of pyenv that are not the chosen one."""
    named = [shutil.which(f"python3.{minor}") for minor in (12, 13, 14)]
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    return [*map(Path, filter(None, named)), *sorted(root.glob("versions/3.1[2-4]*/bin/python"))]


def _new_enough(python: Path) -> bool:
    ask = [str(python), "-c", "import sys, venv; sys.exit(sys.version_info < (3, 12))"]
    return subprocess.run(ask, check=False, capture_output=True).returncode == 0


def _page(rows: list[tuple[TradingCase, list[Any]]], many: float, peer: Path) -> str:
    ask = (
        "import sys; from importlib.metadata import version; "
        "print(sys.version.split()[0], version('nautilus_trader'))"
    )
    shown = subprocess.run([str(peer), "-c", ask], check=True, capture_output=True, text=True)
    python, version = shown.stdout.split()
    lines = []
    for case, runs in rows:
        bars = case.agents * case.bars * _COINS
        apart = max(
            abs(a - b)
            for ours, theirs in runs
            for a, b in zip(ours["balances"], theirs["balances"], strict=True)
        )
        if apart > _NEAR_USD:
            sys.exit(
                f"{case.name}: final accounts are {apart} USD apart, so this is no comparison."
            )
        cpu, wall = (
            [statistics.median(run[side][key] for run in runs) for side in (0, 1)]
            for key in ("cpu_s", "run_s")
        )
        setup = statistics.median(theirs["setup_s"] for _, theirs in runs)
        memory = max(theirs["memory_mib"] for _, theirs in runs)
        lines.append(
            f"| {case.name} | {bars:,} | {runs[0][0]['orders']:,} | {_rate(bars / cpu[0])} | "
            f"{_rate(bars / cpu[1])} | {cpu[1] / cpu[0]:.1f} | {wall[1] / wall[0]:.1f} | "
            f"{setup:.1f} s, {memory:,.0f} MiB | {apart:.0e} USD |"
        )
    bars = _MANY.agents * _MANY.bars * _COINS
    table = "\n".join(lines)
    return f"""# The trading replay
Made by `make bench-trading` (`python -m benchmarks.trading`): bars a second, one bar being one
coin's of one agent, beside NautilusTrader {version} on Python {python}. Both run the same bars, the
same orders and the same taker fee of 4.5 basis points in the same session, by turns, {_ROUNDS}
times; medians.

| case | bars | orders | replay, bars a CPU second | NautilusTrader | ratio of CPU time | \
ratio of time | its set-up and memory | accounts apart by at most |
|---|---|---|---|---|---|---|---|---|
{table}

The replay also looks for liquidations, stops and targets in every bar. NautilusTrader does not
here: bars alone never liquidate there (quotes do), and the orders carry no stops. Not counted are
its set-up, which makes the bars, and logging and analysis, which are switched off. It keeps a book
of orders, latencies and an event for every change, which the replay has not: what that is for is
not compared. The replay carries out one order of every agent at a time, each agent's in its own
bar, and looks at the bars between together. So its advantage is smallest where few agents order
often.

{_MANY.name[0].upper() + _MANY.name[1:]}: {_rate(bars / many)} bars a CPU second
({bars:,} bars in {many:.1f} CPU seconds).
"""


def _rate(value: float) -> str:
    return f"{value / 1e6:.2f} million" if value >= 1e6 else f"{value / 1e3:.0f} thousand"


if __name__ == "__main__":
    main()
