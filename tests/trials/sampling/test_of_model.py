"""Which rows of a log are a model's own work."""

from collections import Counter

from headtohead.logs.calls import Call
from headtohead.trials.sampling.drawing import of_model


def test_a_call_asked_for_by_an_alias_counts_under_it() -> None:
    calls = [
        Call(key="1", model="gpt-5-2025-08-07", labels={"asked_for": "gpt-5"}),
        Call(key="2", model="gpt-5"),
        Call(key="3", model="other", labels={"asked_for": "something"}),
    ]
    found = list(of_model(calls, "gpt-5", Counter()))
    assert [call.model for call in found] == ["gpt-5", "gpt-5", "other"]


def test_answers_from_a_gateways_cache_are_counted_and_left_out() -> None:
    dropped: Counter[str] = Counter()
    calls = [Call(key="1", model="m", labels={"cache_hit": "true"}), Call(key="2", model="m")]
    assert [call.key for call in of_model(calls, "m", dropped)] == ["2"]
    assert dropped == {"answered from the gateway's cache": 1}
