"""Classes by labels and by words, and what of a log can be replayed."""

from typing import Any

import numpy as np
import pytest

from headtohead.logs.calls import Call
from headtohead.trials.sampling import drawing as r
from headtohead.trials.sampling.classes import cluster, clustered, label_of, pooled, words_of
from headtohead.trials.sampling.drawing import draw

TOPICS = {
    "cooking": "oven butter flour bake recipe sugar whisk dough simmer pan",
    "travel": "flight hotel passport visa airport luggage train booking island tour",
    "code": "function compile python loop variable array debug stack thread pointer",
}
FILLER = [f"word{chr(97 + i)}{chr(97 + j)}" for i in range(20) for j in range(20)]


def text(topic: str, rng: np.random.Generator) -> str:
    words = [*rng.choice(TOPICS[topic].split(), 6), *rng.choice(FILLER, 14)]
    return " ".join(rng.permutation(words))


def made(n: int, seed: int = 0) -> tuple[list[str], list[str]]:
    rng = np.random.default_rng(seed)
    topics = [list(TOPICS)[i] for i in rng.choice(3, n, p=[0.6, 0.3, 0.1])]
    return topics, [text(topic, rng) for topic in topics]


def agreement(truth: list[str], found: list[int]) -> float:
    """Share of texts whose cluster is mostly of their topic."""
    groups: dict[int, list[str]] = {}
    for topic, code in zip(truth, found, strict=True):
        groups.setdefault(code, []).append(topic)
    return sum(max(map(g.count, set(g))) for g in groups.values()) / len(truth)


def test_topics_are_found_counted_and_named_by_their_words() -> None:
    truth, texts = made(500)
    found = cluster(texts, np.random.default_rng(1))
    assert len(found.names) == 3
    assert agreement(truth, list(found.codes)) > 0.97
    assert found.silhouette > 0.2
    told = {next(t for t in TOPICS if name.split(", ")[0] in TOPICS[t]) for name in found.names}
    assert told == set(TOPICS)
    others, more = made(200, seed=9)
    assert agreement(others, list(found.assign(more))) > 0.97
    assert list(found.assign(texts)) == list(found.codes)


def test_the_same_seed_gives_the_same_clusters() -> None:
    _, texts = made(120)
    one, two = (cluster(texts, np.random.default_rng(4)) for _ in range(2))
    assert list(one.codes) == list(two.codes)
    assert one.names == two.names


def test_texts_without_topics_are_one_class() -> None:
    rng = np.random.default_rng(2)
    texts = [" ".join(rng.choice(FILLER, 25)) for _ in range(400)]
    found = cluster(texts, np.random.default_rng(0))
    assert (found.names, found.silhouette) == (("all",), 0)


@pytest.mark.parametrize("texts", [[""] * 30, ["one text"] * 50, ["a", "b"], ["42 !"] * 25 + ["?"]])
def test_little_or_nothing_to_tell_apart_is_one_class(texts: list[str]) -> None:
    found = cluster(texts, np.random.default_rng(0))
    assert set(found.codes) == {0}
    assert len(found.codes) == len(texts)


def test_scripts_without_spaces_are_told_apart_too() -> None:
    rng = np.random.default_rng(3)
    signs = {"c": "烤箱黄油面粉食谱砂糖锅炉", "t": "机场护照签证酒店航班行李"}
    texts = ["".join(rng.permutation(list(signs[t] * 2))) + t for t in "ct" * 60]
    found = cluster(texts, np.random.default_rng(0), most=4)
    assert agreement(list("ct" * 60), list(found.codes)) == 1


def test_more_than_are_clustered_are_assigned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headtohead.trials.sampling.classes._MOST_CLUSTERED", 200)
    truth, texts = made(300)
    calls = [Call(key=str(i), messages=[user(t)], output="x") for i, t in enumerate(texts)]
    found = clustered(calls, np.random.default_rng(0))
    names = sorted(set(found))
    assert agreement(truth, [names.index(name) for name in found]) > 0.95
    sample = draw(calls, np.random.default_rng(0), n=100)
    assert {item.klass for item in sample.items} == set(sample.odds)


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def test_labels_and_words_of_a_call() -> None:
    call = Call(
        key="1",
        labels={"task": "qa", "lang": ""},
        messages=[{"role": "system", "content": "S" * 1000}, user("first"), user("last")],
    )
    assert label_of(call, ["task"]) == "qa"
    assert label_of(call, ["task", "lang", "x"]) == "qa · (none) · (none)"
    assert words_of(call) == "S" * 600 + "\nlast"


def test_small_and_surplus_classes_become_other() -> None:
    held = {"a": 50, "b": 20, "c": 9, "d": 2, "e": 1}
    assert pooled(held, 5, 30) == {"a": "a", "b": "b", "c": "c", "d": "other", "e": "other"}
    assert pooled(held, 5, 2)["c"] == "other"
    assert pooled({"a": 50, "b": 20, "c": 0}, 5, 30) == {"a": "a", "b": "other", "c": "other"}
    assert pooled({"a": 50}, 5, 30) == {"a": "a"}
    assert pooled({"a": 2, "b": 1}, 5, 30) == {"a": "other", "b": "other"}


# ---------------------------------------------------------------- what can be replayed

IMAGE = [{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {"url": "data:"}}]
CALLED = {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}
TOOL = {"role": "tool", "tool_call_id": "1", "content": "21 C"}
OURS = {"tools": [{"type": "function", "function": {"name": "f"}}]}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, ""),
        ({"messages": None}, r.NO_MESSAGES),
        ({"messages": []}, r.NO_MESSAGES),
        ({"messages": ["hi"]}, r.UNREADABLE),
        ({"messages": [{"content": "x"}]}, r.UNREADABLE),
        ({"messages": [user(5)]}, r.UNREADABLE),
        ({"messages": [user([5])]}, r.UNREADABLE),
        ({"failure": "error"}, r.FAILED),
        ({"failure": "refused"}, ""),
        ({"failure": "empty", "output": ""}, ""),
        ({"failure": "limit"}, ""),
        ({"output": None}, r.NO_ANSWER),
        ({"output": " ", "params": OURS}, r.AWAITS_TOOL),
        ({"params": OURS}, ""),
        ({"messages": [user("x"), CALLED]}, r.AWAITS_TOOL),
        ({"messages": [user("x"), CALLED, TOOL]}, ""),
        ({"messages": [user(IMAGE)]}, r.MEDIA),
        ({"params": {"tools": [{"type": "web_search"}]}}, r.OWN_TOOLS),
        ({"params": {"web_search_options": {"size": 1}}}, r.OWN_TOOLS),
        ({"params": {"previous_response_id": "r1"}}, r.STORED),
        ({"messages": [user([{"type": "input_text", "text": "x"}, "y"])]}, ""),
    ],
)
def test_every_reason_not_to_replay(fields: dict[str, Any], reason: str) -> None:
    call = Call(**{"key": "1", "messages": [user("hi")], "output": "yes"} | fields)
    assert r.unfit(call) == reason


def test_reasons_are_counted() -> None:
    calls = [
        Call(key=str(i), messages=[user(IMAGE if i % 3 else f"q {i}")], output="yes" if i else None)
        for i in range(10)
    ]
    sample = draw(calls, np.random.default_rng(0))
    assert sample.unfit_n == {r.NO_ANSWER: 1, r.MEDIA: 6}
    assert (sample.asked_n, sample.fit_n, sample.held_n) == (10, 3, 3)
