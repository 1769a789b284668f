"""What needs no skill, on the same windows: whoever trades has to do better than these."""

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np

from headtohead.trading.running.actions import Action
from headtohead.trading.running.observation import Observation

Baseline = Callable[[Observation, np.random.Generator], list[Action]]
_RANDOM_TRADES = 8  # in a window, on average


def buy_and_hold(seen: Observation, _: np.random.Generator) -> list[Action]:
    """All of the account in the first coin, from the first decision to the end."""
    return _bought(seen, seen.coins[:1])


def equal_weight(seen: Observation, _: np.random.Generator) -> list[Action]:
    """Equal parts of the account in all coins, from the first decision to the end."""
    return _bought(seen, seen.coins)


def momentum(seen: Observation, _: np.random.Generator) -> list[Action]:
    """Equal parts in all coins, each on the side to which it moved over the bars that are shown.

    A position changes only when that side does.

    References:
        Moskowitz, T. J., Ooi, Y. H., Pedersen, L. H. (2012). Time series momentum. Journal of
        Financial Economics 104, 228-250. doi:10.1016/j.jfineco.2011.11.003
    """
    actions = []
    for coin in seen.coins:
        known = [x for x in seen.close[coin] if x is not None]
        if not known or seen.close[coin][-1] is None or known[-1] == known[0]:
            continue
        side = "long" if known[-1] > known[0] else "short"
        held = seen.positions.get(coin)
        if held is None or held.side != side:
            actions.append(_open(coin, side, _part(seen, len(seen.coins)), seen))
    return actions


def random(seen: Observation, rng: np.random.Generator) -> list[Action]:
    """Now and then all of the account in a random coin on a random side, in place of the last."""
    if seen.number and rng.random() >= _RANDOM_TRADES / seen.of:
        return []
    coin = seen.coins[int(rng.integers(len(seen.coins)))]
    others = [Action("close", coin=held) for held in seen.positions if held != coin]
    side = "long" if rng.random() < 0.5 else "short"
    return [*others, _open(coin, side, _part(seen, 1), seen)]


BASELINES: Mapping[str, Baseline] = {
    "buy and hold": buy_and_hold,
    "equal weight": equal_weight,
    "momentum": momentum,
    "random": random,
}


def _bought(seen: Observation, coins: tuple[str, ...]) -> list[Action]:
    if seen.number:
        return []
    part = _part(seen, len(coins))
    return [Action("open", coin=coin, side="long", share=part) for coin in coins]


def _open(coin: str, side: str, share: float, seen: Observation) -> Action:
    # With half of the margin, so that an account that lost can still turn a position round.
    leverage = min(2.0, seen.rules.max_leverage[coin])
    word: Literal["long", "short"] = "long" if side == "long" else "short"
    return Action("open", coin=coin, side=word, share=share, leverage=leverage)


def _part(seen: Observation, parts: int) -> float:
    """An equal part of the account, less what the order costs."""
    cost = 1e-4 * (seen.rules.taker_bp + seen.rules.slippage_bp)
    return (1 - 2 * cost) / parts
