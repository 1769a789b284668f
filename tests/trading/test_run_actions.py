"""What an agent may do is checked before it counts; whatever else it says counts as hold."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulations import examples
from tests.trading.run_parts import walk

from headtohead.trading.contract import HYPERLIQUID
from headtohead.trading.replay import Walk
from headtohead.trading.running.actions import Action, answer_schema, check, read_answer
from headtohead.trading.running.observation import Eyes, Observation

MARKET = walk(60)


def _seen() -> Observation:
    first = 50
    account = Walk(
        MARKET, HYPERLIQUID, stake_usd=1000, margin="cross", starts=np.array([first]), bars=5
    )
    eyes = Eyes(
        MARKET,
        HYPERLIQUID,
        "cross",
        first=first,
        history=10,
        anonymous=True,
        every=1,
        decisions=5,
    )
    return eyes.seen(0, account.held(0))


SEEN = _seen()
LONG = {"action": "open", "coin": "BTC", "side": "long", "share": 0.5}


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"coin": "LUNA"}, "unknown coin"),
        ({"coin": None}, "unknown coin"),
        ({"leverage": 41}, "leverage"),
        ({"leverage": 0.5}, "leverage"),
        ({"stop": 101.0}, "stop on the wrong side"),
        ({"side": "short", "stop": 99.0}, "stop on the wrong side"),
        ({"target": 99.0}, "target on the wrong side"),
        ({"stop": -1.0}, "stop on the wrong side"),
        ({"target": float("inf")}, "target on the wrong side"),
        ({"share": 0}, "schema"),
        ({"share": -1}, "schema"),
        ({"share": float("nan")}, "schema"),
        ({"share": None}, "schema"),
        ({"notional_usd": 100}, "schema"),
        ({"side": None}, "schema"),
        ({"side": "up"}, "schema"),
        ({"action": "buy"}, "schema"),
        ({"quantity": 3}, "schema"),
        ({"share": "much"}, "schema"),
    ],
)
def test_what_the_rules_do_not_allow_is_rejected(change: dict[str, Any], kind: str) -> None:
    assert SEEN.close["BTC"][-1] == 100  # the last price before the start
    good, bad = check([{**LONG, **change}], SEEN)
    assert good == ()
    assert [x.kind for x in bad] == [kind]


def test_what_is_allowed_counts_and_the_rest_is_rejected_one_by_one() -> None:
    short = {"action": "open", "coin": "ETH", "side": "short", "notional_usd": 250, "stop": 110}
    given = [
        {**LONG, "leverage": 40, "target": 120},
        short,
        {**LONG, "share": 1},
        {"action": "hold"},
    ]
    good, bad = check({"actions": given}, SEEN)
    assert [(x.coin, x.size(1000)) for x in good] == [("BTC", 0.5), ("ETH", -0.25)]
    assert [x.why for x in bad] == ["BTC has two actions at once; the first one counts"]


@pytest.mark.parametrize(
    "text",
    [
        '{"actions": [{"action": "close", "coin": "BTC"}]}',
        '[{"action": "close", "coin": "BTC"}]',
        '{"action": "close", "coin": "BTC", "share": null}',
        'Here it is:\n```json\n{"actions": [{"action": "close", "coin": "BTC"}]}\n```',
        '<think>{"no": [1]}</think> {"actions": [{"action": "close", "coin": "BTC"}]} Done.',
    ],
)
def test_the_json_in_a_models_words_is_found(text: str) -> None:
    assert read_answer(text, SEEN) == ((Action("close", coin="BTC"),), ())


@pytest.mark.parametrize("text", ["", "I would wait.", "{", "null and void", "[1, 2", "7"])
def test_no_json_is_one_rejection(text: str) -> None:
    good, bad = read_answer(text, SEEN)
    assert (good, len(bad)) == ((), 1)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["action", "actions", "coin", "side", "share", "stop", "why"]), inner
        )
    ),
    max_leaves=8,
)


@given(given=_JSON)
@settings(max_examples=examples(200))
def test_no_answer_breaks_a_run(given: Any) -> None:
    good, _ = check(given, SEEN)
    assert good == () or all(x.coin in SEEN.coins for x in good)
    read_answer(json.dumps(given), SEEN)


def test_the_schema_names_every_field_as_strict_endpoints_want_it() -> None:
    one = answer_schema(("BTC",))["properties"]["actions"]["items"]
    assert one["required"] == list(one["properties"])
    assert {*one["required"], "why"} == set(Action.__struct_fields__)
