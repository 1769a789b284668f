"""What an agent may do, as JSON: open, close or hold. Checked before it counts."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from headtohead.core.units import first_few
from headtohead.trading.running.observation import Observation

_THOUGHT = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_MOST_ACTIONS = 50


class Action(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing to do at the next opening price.

    Attributes:
        action: "open" brings the position in a coin to the size given, with this stop and target in
            place of earlier ones; "close" ends it; "hold" does nothing.
        share: Value of the position as a multiple of the account's value; or `notional_usd`.
        leverage: Value of the position over its margin, 1 or more.
        stop: Price at which the position is closed with a loss.
        target: Price at which it is closed with a profit.
        why: The agent's own words; nothing depends on them.
    """

    action: Literal["open", "close", "hold"]
    coin: str | None = None
    side: Literal["long", "short"] | None = None
    share: float | None = None
    notional_usd: float | None = None
    leverage: float | None = None
    stop: float | None = None
    target: float | None = None
    why: str | None = None

    def size(self, equity_usd: float) -> float:
        """The position to hold, as a multiple of the account's value; below 0 for short."""
        share = self.notional_usd / equity_usd if self.notional_usd else self.share or 0.0
        return -share if self.side == "short" else share


class Rejection(msgspec.Struct, frozen=True):
    """An action that counts as hold.

    Attributes:
        kind: Why, in words that are the same for all of a kind.
        why: Why, with the figures.
    """

    kind: str
    why: str


Checked = tuple[tuple[Action, ...], tuple[Rejection, ...]]


def answer_schema(coins: Sequence[str]) -> dict[str, Any]:
    """The JSON schema of an answer, in the strict form that endpoints take.

    Every field is named and may be null, since strict endpoints know no field that may be absent.
    """
    number = {"type": ["number", "null"]}
    fields: dict[str, Any] = {
        "action": {"type": "string", "enum": ["open", "close", "hold"]},
        "coin": {"type": ["string", "null"], "enum": [*coins, None]},
        "side": {"type": ["string", "null"], "enum": ["long", "short", None]},
        **dict.fromkeys(("share", "notional_usd", "leverage", "stop", "target"), number),
    }
    action = {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {"actions": {"type": "array", "items": action}},
        "required": ["actions"],
        "additionalProperties": False,
    }


def read_answer(text: str, seen: Observation) -> Checked:
    """The actions in the text of a model, and what was rejected.

    Reasoning between tags and words or fences around the JSON are passed over.
    """
    bare = _THOUGHT.sub("", text).strip()
    ends = [(bare.find(a), bare.rfind(b)) for a, b in ("{}", "[]")]
    inside = [bare[start : end + 1] for start, end in sorted(ends) if 0 <= start < end]
    for part in (bare, *inside):
        try:
            return check(json.loads(part), seen)
        except (ValueError, RecursionError):
            continue
    return (), (Rejection("no JSON", f"the answer is no JSON: {_cut(bare)}"),)


def check(given: Any, seen: Observation) -> Checked:  # noqa: ANN401 - whatever an agent gives
    """The actions that count, and those that are rejected and count as hold.

    Args:
        given: A list of actions, or an object with such a list as `actions`; each an `Action` or
            a mapping of its fields; None is hold.
        seen: What the agent decided by.
    """
    listed = _listed(given)
    if isinstance(listed, Rejection):
        return (), (listed,)
    good: list[Action] = []
    bad: list[Rejection] = []
    for one in listed:
        try:
            action = one if isinstance(one, Action) else msgspec.convert(one, Action, strict=False)
        except (msgspec.ValidationError, TypeError) as error:
            bad.append(Rejection("schema", f"{error}: {_cut(one)}"))
            continue
        if action.action == "hold":
            continue
        wrong = _of_coin(action, seen, {x.coin for x in good})
        if wrong is None and action.action == "open":
            wrong = _of_size(action, seen) or _of_exits(action, seen)
        if wrong is None:
            good.append(action)
        else:
            bad.append(wrong)
    return tuple(good), tuple(bad)


def _listed(given: Any) -> Sequence[Any] | Rejection:  # noqa: ANN401
    """The actions one by one, before any is looked at."""
    if isinstance(given, Mapping):
        # One action that is not wrapped is what was meant.
        given = [given] if "action" in given else given.get("actions", "")
    if given is None:
        return []
    if isinstance(given, Action):
        return [given]
    if isinstance(given, str | bytes) or not isinstance(given, Sequence):
        return Rejection("schema", f"the answer is no list of actions: {_cut(given)}")
    if len(given) > _MOST_ACTIONS:
        why = f"{len(given)} actions at once; at most {_MOST_ACTIONS} are carried out"
        return Rejection("schema", why)
    return given


def _of_coin(action: Action, seen: Observation, before: set[str | None]) -> Rejection | None:
    coin = action.coin
    if coin is None or coin not in seen.coins:
        return Rejection("unknown coin", f"{coin!r} is none of {first_few(seen.coins, 12)}")
    if coin in before:
        return Rejection("schema", f"{coin} has two actions at once; the first one counts")
    return None


def _of_size(action: Action, seen: Observation) -> Rejection | None:
    coin, most = str(action.coin), seen.rules.max_leverage[str(action.coin)]
    if action.side is None:
        return Rejection("schema", f"{coin}: `side` is missing")
    amounts = [x for x in (action.share, action.notional_usd) if x is not None]
    if len(amounts) != 1 or not (math.isfinite(amounts[0]) and amounts[0] > 0):
        what = f"{coin}: give `share` or `notional_usd`, above 0, not {_cut(amounts)}"
        return Rejection("schema", what)
    leverage = 1.0 if action.leverage is None else action.leverage
    if not 1 <= leverage <= most:
        return Rejection("leverage", f"{coin}: leverage {leverage:g} is not from 1 to {most:g}")
    return None


def _of_exits(action: Action, seen: Observation) -> Rejection | None:
    price = seen.close[str(action.coin)][-1]
    if price is None:
        return Rejection("no price", f"{action.coin} has no price in the last bar")
    for name, level, way in (("stop", action.stop, -1), ("target", action.target, 1)):
        above = way * (1 if action.side == "long" else -1) > 0
        beyond = level is None or (level > price if above else 0 < level < price)
        if not (beyond and (level is None or math.isfinite(level))):
            where = "above" if above else "below"
            return Rejection(
                f"{name} on the wrong side",
                f"{action.coin}: the {name} of a {action.side} lies {where} {price:g}, "
                f"not at {level:g}",
            )
    return None


def _cut(given: object) -> str:
    text = given if isinstance(given, str) else repr(given)
    return text if len(text) <= 120 else f"{text[:119]}…"
