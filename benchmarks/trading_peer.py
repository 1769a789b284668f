"""The peer's part of benchmarks/trading.py: runs a case in NautilusTrader, with its own Python.

python benchmarks/trading_peer.py FOLDER

It prints JSON: seconds to set up and to run, CPU seconds of the run, memory, final balances. Every
fill has its fee; nothing is liquidated, as bars alone never do that.
"""

import json
import resource
import sys
import time
from array import array
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

_MINUTE, _START = 60_000_000_000, 1_760_738_400_000_000_000
model: Any = import_module("nautilus_trader.model")
Strategy: Any = import_module("nautilus_trader.trading").Strategy


class Planned(Strategy):  # type: ignore[misc]
    """Sends the orders of a plan, each when the bar before it has closed."""

    def plan(self, ids: list[Any], types: list[Any], orders: dict[tuple[int, int], float]) -> None:
        """Take the changes to order, by bars closed and coin."""
        self.ids, self.types, self.orders = ids, types, orders
        self.places = {str(kind): place for place, kind in enumerate(types)}
        self.seen = [0] * len(ids)

    def on_start(self) -> None:
        """Ask for the bars."""
        for kind in self.types:
            self.subscribe_bars(kind)

    def on_bar(self, bar: Any) -> None:  # noqa: ANN401
        """Send the order that comes after this bar, if one does."""
        coin = self.places[str(bar.bar_type)]
        self.seen[coin] += 1
        change = self.orders.get((self.seen[coin], coin))
        if change:
            side = model.OrderSide.BUY if change > 0 else model.OrderSide.SELL
            size = model.Quantity(abs(change), 3)
            self.submit_order(self.order_factory.market(self.ids[coin], side, size))


def main() -> None:
    """Run the case in a folder, and print what it took."""
    folder = Path(sys.argv[1])
    case = json.loads((folder / "case.json").read_text(encoding="utf-8"))
    prices = array("d")
    prices.frombytes((folder / "prices.bin").read_bytes())
    began = time.perf_counter()
    engine = _engine(case, prices)
    ready, cpu = time.perf_counter(), time.process_time()
    engine.run()
    done, spent = time.perf_counter(), time.process_time() - cpu
    usdc = model.Currency.from_str("USDC")
    accounts = [engine.cache.account_for_venue(model.Venue(f"V{a}")) for a in range(case["agents"])]
    balances = [float(str(x.balance_total(usdc)).split()[0]) for x in accounts]
    whole = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps(
            {
                "setup_s": ready - began,
                "run_s": done - ready,
                "cpu_s": spent,
                "memory_mib": whole,
                "balances": balances,
            }
        )
    )


def _engine(case: dict[str, Any], prices: "array[float]") -> Any:  # noqa: ANN401
    """One venue for each agent, as accounts are by venue."""
    backtest, trading = (import_module(f"nautilus_trader.{x}") for x in ("backtest", "trading"))
    execution, common = (import_module(f"nautilus_trader.{x}") for x in ("execution", "common"))
    quiet = common.LoggerConfig(bypass_logging=True)
    config = backtest.BacktestEngineConfig(logging=quiet, bypass_logging=True, run_analysis=False)
    engine = backtest.BacktestEngine(config)
    usdc = model.Currency.from_str("USDC")
    fees = execution.MakerTakerFeeModel(Decimal("0.00015"), Decimal("0.00045"))
    for agent in range(case["agents"]):
        engine.add_venue(
            venue=model.Venue(f"V{agent}"),
            oms_type=model.OmsType.NETTING,
            account_type=model.AccountType.MARGIN,
            starting_balances=[model.Money(case["stake"], usdc)],
            base_currency=usdc,
            default_leverage=Decimal(20),
            fee_model=fees,
        )
        ids, types = [], []
        for coin in range(case["coins"]):
            ids.append(model.InstrumentId.from_str(f"C{coin}.V{agent}"))
            types.append(model.BarType.from_str(f"C{coin}.V{agent}-1-MINUTE-LAST-EXTERNAL"))
            engine.add_instrument(_instrument(ids[-1], coin, usdc))
            bars = _bars(types[-1], prices, coin, case)
            engine.add_data(bars, validate=False, sort=False)
        name = model.StrategyId(f"Planned-{agent}")
        config = trading.StrategyConfig(strategy_id=name, order_id_tag=str(agent))
        strategy = Planned(config)
        strategy.plan(ids, types, {(b, c): x for b, c, x in case["orders"][agent]})
        engine.add_strategy(strategy)
    engine.sort_data()
    return engine


def _instrument(name: Any, coin: int, usdc: Any) -> Any:  # noqa: ANN401
    return model.CryptoPerpetual(
        name,
        model.Symbol(f"C{coin}"),
        model.Currency.from_str("BTC"),
        usdc,
        usdc,
        is_inverse=False,
        price_precision=4,
        size_precision=3,
        price_increment=model.Price.from_str("0.0001"),
        size_increment=model.Quantity.from_str("0.001"),
        ts_event=0,
        ts_init=0,
        margin_init=Decimal("0.05"),
        margin_maint=Decimal("0.025"),
    )


def _bars(kind: Any, prices: "array[float]", coin: int, case: dict[str, Any]) -> list[Any]:  # noqa: ANN401
    volume, bars = model.Quantity(1e9, 3), []
    for t in range(case["bars"]):
        at = 4 * (t * case["coins"] + coin)
        ohlc = [model.Price(x, 4) for x in prices[at : at + 4]]
        closed = _START + (t + 1) * _MINUTE
        bars.append(model.Bar(kind, *ohlc, volume, closed, closed))
    return bars


if __name__ == "__main__":
    main()
