"""Tokens in the words of several endpoints, and those that cannot be right."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.trials.replay.loopback import call

from headtohead.logs.calls import Usage
from headtohead.prices.rates import Rates, cost_usd, worst_usd
from headtohead.trials.replay.wire import billed, prepare, read_usage

SEEN = {"most_input": 1000, "most_output": 500, "output_bytes": 400}


@pytest.mark.parametrize(
    ("raw", "usage"),
    [
        pytest.param(
            {
                "prompt_tokens": 100,
                "completion_tokens": 50,
                "total_tokens": 150,
                "prompt_tokens_details": {"cached_tokens": 64, "audio_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 30},
            },
            Usage(input_tokens=100, cache_read_tokens=64, output_tokens=50, reasoning_tokens=30),
            id="openai",
        ),
        pytest.param(
            {
                "prompt_tokens": 100,
                "completion_tokens": 50,
                "prompt_cache_hit_tokens": 64,
                "prompt_cache_miss_tokens": 36,
            },
            Usage(input_tokens=100, cache_read_tokens=64, output_tokens=50),
            id="deepseek",
        ),
        pytest.param(
            {
                "input_tokens": 36,
                "cache_read_input_tokens": 54,
                "cache_creation_input_tokens": 10,
                "output_tokens": 50,
            },
            Usage(input_tokens=100, cache_read_tokens=54, cache_write_tokens=10, output_tokens=50),
            id="anthropic leaves cached tokens out of the input",
        ),
        pytest.param(
            {
                "input_tokens": 100,
                "input_tokens_details": {"cached_tokens": 64},
                "output_tokens": 50,
                "output_tokens_details": {"reasoning_tokens": 30},
            },
            Usage(input_tokens=100, cache_read_tokens=64, output_tokens=50, reasoning_tokens=30),
            id="openai responses",
        ),
        pytest.param(
            {
                "prompt_tokens": 100,
                "completion_tokens": 20,
                "total_tokens": 150,
                "completion_tokens_details": {"reasoning_tokens": 30},
            },
            Usage(input_tokens=100, output_tokens=50, reasoning_tokens=30),
            id="reasoning left out of the output but not of the total",
        ),
        pytest.param(
            {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 150},
            Usage(input_tokens=100, output_tokens=50, reasoning_tokens=30),
            id="reasoning in the total only",
        ),
        pytest.param(
            {"prompt_tokens": 100.0, "completion_tokens": 50, "prompt_tokens_details": None},
            Usage(input_tokens=100, output_tokens=50),
            id="whole floats and empty details",
        ),
    ],
)
def test_the_words_of_endpoints(raw: dict[str, Any], usage: Usage) -> None:
    assert read_usage(raw) == usage
    assert billed(raw, **SEEN) == (usage, "")


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (None, "gave no usage"),
        ("many", "gave no usage"),
        ({}, "lacks input_tokens"),
        ({"prompt_tokens": 10}, "lacks output_tokens"),
        ({"prompt_tokens": -1, "completion_tokens": 5}, "prompt_tokens is -1"),
        ({"prompt_tokens": 10, "completion_tokens": "5"}, "not a number"),
        ({"prompt_tokens": 10, "completion_tokens": float("nan")}, "is nan"),
        ({"prompt_tokens": 0, "completion_tokens": 5}, "counted no input"),
        ({"prompt_tokens": 10, "completion_tokens": 0}, "cannot hold 400 bytes"),
        ({"prompt_tokens": 10, "completion_tokens": 6}, "cannot hold 400 bytes"),
        ({"prompt_tokens": 10**7, "completion_tokens": 100}, "far more than was sent"),
        ({"prompt_tokens": 10, "completion_tokens": 10**7}, "far more than was asked for"),
        (
            {
                "prompt_tokens": 10,
                "completion_tokens": 100,
                "prompt_tokens_details": {"cached_tokens": 11},
            },
            "more than 10 tokens of input",
        ),
        (
            {
                "prompt_tokens": 10,
                "completion_tokens": 100,
                "completion_tokens_details": {"reasoning_tokens": 101},
            },
            "more than 100 of output",
        ),
    ],
)
def test_figures_that_cannot_be_right_are_replaced_from_above(raw: object, why: str) -> None:
    usage, doubt = billed(raw, **SEEN)
    assert why in doubt
    assert usage.input_tokens == 1000
    assert usage.output_tokens >= 400


def test_more_output_than_asked_for_is_believed_and_doubted() -> None:
    usage, doubt = billed({"prompt_tokens": 10, "completion_tokens": 900}, **SEEN)
    assert (usage.output_tokens, doubt != "") == (900, True)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
WORDS = "prompt_tokens completion_tokens total_tokens input_tokens output_tokens"
DETAILS = "prompt_tokens_details completion_tokens_details prompt_cache_hit_tokens"
NAMES = st.sampled_from(f"{WORDS} {DETAILS}".split())


@given(JSON | st.dictionaries(NAMES, JSON))
def test_whatever_an_endpoint_says_has_a_price(raw: object) -> None:
    rates = Rates(input_usd_per_mtok=1.0, output_usd_per_mtok=2.0)
    usage, _ = billed(raw, **SEEN)
    assert 0 <= cost_usd(usage, rates) <= worst_usd(9000, 9000 + SEEN["output_bytes"], rates)


@given(st.text(max_size=200), st.integers(0, 3))
def test_the_bound_of_the_input_is_at_least_its_bytes(text: str, pictures: int) -> None:
    plain = call(text)
    before = prepare(plain, "m", {}, 10).input_tokens
    assert before >= len(text.encode("utf-8", "replace"))
    parts = [{"type": "image_url", "image_url": {"url": "https://x/y"}}] * pictures
    plain.messages = [{"role": "user", "content": [{"type": "text", "text": text}, *parts]}]
    assert prepare(plain, "m", {}, 10).input_tokens >= 50_000 * pictures + len(text.encode())


def test_the_cap_of_the_log_counts_and_the_callers_comes_first() -> None:
    def cap(overrides: dict[str, Any], **params: Any) -> tuple[int, Any, Any]:
        request = prepare(call("a", **params), "m", overrides, 99)
        body = request.body
        return request.output_tokens, body.get("max_tokens"), body.get("max_completion_tokens")

    assert cap({}) == (99, 99, None)
    assert cap({}, max_tokens=7) == (7, 7, None)
    assert cap({}, max_completion_tokens=7, max_tokens=8) == (7, None, 7)
    assert cap({"max_tokens": 5}, max_completion_tokens=7) == (5, 5, None)
    assert cap({}, max_tokens=None) == cap({}, max_tokens=-1) == cap({}, max_tokens="x")
    empty = call("a")
    empty.messages = None
    with pytest.raises(ValueError, match="does not hold the messages"):
        prepare(empty, "m", {}, 1)
