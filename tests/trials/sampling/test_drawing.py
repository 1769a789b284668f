"""The order of requests: fair to the log, weighted, repeatable, bounded in time and memory."""

import tracemalloc
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.simulations import lengths

from headtohead.core.errors import InputError, UnknownName
from headtohead.logs.calls import Call, Usage
from headtohead.trials.sampling.drawing import Reservoir, draw, probabilities


def call(n: int, task: str = "t", text: str = "", **more: Any) -> Call:
    fields: dict[str, Any] = {
        "key": str(n),
        "model": "a",
        "output": "fine",
        "labels": {"task": task},
        "messages": [{"role": "user", "content": text or f"request {n}"}],
    }
    return Call(**fields | more)


def log(**counts: int) -> list[Call]:
    """Calls of some tasks, the tasks mixed."""
    tasks = [task for task, n in counts.items() for _ in range(n)]
    order = np.random.default_rng(7).permutation(len(tasks))
    return [call(i, tasks[at]) for i, at in enumerate(order)]


# ---------------------------------------------------------------- fairness


@pytest.mark.parametrize("rounds", lengths(40, 300))
def test_the_weighted_mean_is_that_of_the_log_at_every_draw(rounds: int) -> None:
    """Each draw alone, not only their mean: that is what a sequential test needs."""
    calls = log(large=3000, middle=800, small=200)
    effect = {"large": 0.0, "middle": 1.0, "small": -1.0}
    value = {c.key: effect[c.labels["task"]] + 0.0001 * int(c.key) for c in calls}
    truth = float(np.mean(list(value.values())))
    n = 40
    seen = np.empty((rounds, n))
    plain = np.empty(rounds)
    for i in range(rounds):
        sample = draw(calls, np.random.default_rng(i), n=n, labels=["task"], least=150)
        assert len(sample.items) == n
        seen[i] = [item.weight * value[item.call.key] for item in sample.items]
        plain[i] = np.mean([value[item.call.key] for item in sample.items])
    error = float(seen.mean(axis=1).std() / rounds**0.5)
    assert abs(seen.mean() - truth) < 4 * error
    by_place = (seen.mean(axis=0) - truth) / (seen.std(axis=0) / rounds**0.5)
    assert np.abs(by_place).max() < 4.2
    # What was drawn before tells nothing of the next draw.
    together = np.corrcoef(seen[:, :-1].ravel(), seen[:, 1:].ravel())[0, 1]
    assert abs(together) < 4 / (rounds * (n - 1)) ** 0.5 + 1 / 300
    # Without weights the small class, which does badly, is seen too often: the test can fail.
    assert abs(plain.mean() - truth) > 10 * error * (rounds / 300) ** 0.5


@pytest.mark.parametrize("rounds", lengths(600, 1500))
def test_every_request_has_the_same_chance_within_its_class(rounds: int) -> None:
    calls = log(large=60, small=12)
    hits: Counter[str] = Counter()
    n = 15
    for i in range(rounds):
        sample = draw(calls, np.random.default_rng(i), n=n, labels=["task"], least=6, held=70)
        hits.update(item.call.key for item in sample.items)
    for task in ("large", "small"):
        counts = np.array([hits[c.key] for c in calls if c.labels["task"] == task])
        expected = counts.mean()
        chi2 = float(((counts - expected) ** 2 / expected).sum())
        freedom = counts.size - 1
        assert abs(chi2 - freedom) < 4.5 * (2 * freedom) ** 0.5, task


def test_the_reservoir_is_uniform() -> None:
    stream = [call(i) for i in range(100)]
    counts = np.zeros(100)
    rounds, size = 1500, 10
    for i in range(rounds):
        reservoir = Reservoir(size, np.random.default_rng(i))
        for one in stream:
            reservoir.offer(one)
        kept = [int(one.key) for one in reservoir.calls]
        assert len(set(kept)) == size
        counts[kept] += 1
    expected = rounds * size / 100
    # Ten of a hundred are drawn without replacement, so counts vary by 1 - 1/10 of Poisson's.
    chi2 = float(((counts - expected) ** 2 / expected).sum()) / (1 - size / 100)
    assert abs(chi2 - 99) < 4.5 * (2 * 99) ** 0.5


def test_a_short_stream_is_kept_whole() -> None:
    reservoir = Reservoir(10, np.random.default_rng(0))
    for i in range(7):
        reservoir.offer(call(i))
    assert [one.key for one in reservoir.calls] == list("0123456")
    assert reservoir.seen_n == 7


# ---------------------------------------------------------------- weights


def test_small_classes_get_enough_and_weights_say_so() -> None:
    calls = log(large=3000, middle=900, small=100)
    sample = draw(calls, np.random.default_rng(1), n=400, labels=["task"], least=60)
    assert list(sample.odds) == ["large", "middle", "small"]
    shares, chances = zip(*sample.odds.values(), strict=True)
    assert shares == pytest.approx([0.75, 0.225, 0.025])
    assert chances[2] == pytest.approx(60 / 1000)
    assert sum(chances) == pytest.approx(1)
    assert 15 < sum(item.klass == "small" for item in sample.items) < 48
    for item in sample.items:
        share, chance = sample.odds[item.klass]
        assert item.weight == pytest.approx(share / chance)
        assert item.klass == item.call.labels["task"]
    assert sample.most_weight == max(item.weight for item in sample.items) < 2
    assert len({item.call.key for item in sample.items}) == len(sample.items) == 400
    assert all(calls[int(item.call.key)] is item.call for item in sample.items)
    assert sample.ended_by == ""


@given(
    st.lists(st.integers(1, 10_000), min_size=1, max_size=12),
    st.integers(1, 2000),
    st.integers(0, 100),
)
def test_probabilities_are_never_far_below_the_share(counts: list[int], n: int, least: int) -> None:
    held = {str(i): count for i, count in enumerate(counts)}
    shares = {name: count / sum(counts) for name, count in held.items()}
    found = probabilities(shares, held, n, least)
    assert sum(found.values()) == pytest.approx(1)
    assert max(shares[name] / found[name] for name in shares) <= 2 + 1e-9
    if least == 0:
        assert found == pytest.approx(shares)


def test_when_most_is_drawn_it_is_a_shuffle_of_all() -> None:
    calls = log(large=90, small=10)
    sample = draw(calls, np.random.default_rng(3), n=500, labels=["task"])
    assert sorted(int(item.call.key) for item in sample.items) == list(range(100))
    assert {item.weight for item in sample.items} == {1.0}
    assert [int(item.call.key) for item in sample.items] != list(range(100))


def test_shares_are_of_the_whole_log_and_tiny_classes_are_put_together() -> None:
    calls = log(large=2000, middle=500, tiny=3, rare=2)
    sample = draw(calls, np.random.default_rng(2), n=50, labels=["task"], held=1000)
    assert set(sample.odds) <= {"large", "middle", "other"}
    assert sample.odds["large"][0] in (2000 / 2505, 1.0 - 5 / 2505)
    assert sum(share for share, _ in sample.odds.values()) == pytest.approx(1)


# ---------------------------------------------------------------- what is counted


def test_the_same_seed_gives_the_same_order_and_another_another() -> None:
    calls = log(large=400, small=30)
    orders = [
        [item.call.key for item in draw(calls, np.random.default_rng(s), n=50, held=300).items]
        for s in (1, 1, 2)
    ]
    assert orders[0] == orders[1] != orders[2]


def test_repeats_are_one_cluster_and_their_share_stays() -> None:
    calls = [call(i, text="ping" if i % 4 == 0 else "") for i in range(400)]
    sample = draw(calls, np.random.default_rng(0), n=400, labels=["task"])
    assert sample.distinct_n == 301
    pings = [at for at, item in enumerate(sample.items) if int(item.call.key) % 4 == 0]
    assert len(pings) == 100
    assert len({sample.items[at].cluster for at in pings}) == 1
    assert len({item.cluster for item in sample.items}) == 301


def test_messages_are_the_same_whatever_the_order_of_their_fields() -> None:
    one = call(0, messages=[{"role": "user", "content": "x"}])
    two = call(1, messages=[{"content": "x", "role": "user"}])
    sample = draw([one, two], np.random.default_rng(0), labels=["task"])
    assert sample.distinct_n == 1


def test_rows_are_counted_whoever_they_are_of() -> None:
    calls = [call(i, "x" if i % 2 else "y") for i in range(200)]
    calls += [call(i, "x", model="b", failure="error", output=None) for i in range(5)]
    sample = draw(calls, np.random.default_rng(0), model="a", labels=["task"], held=20)
    assert (sample.asked_n, sample.fit_n, sample.held_n) == (200, 200, 20)


# ---------------------------------------------------------------- what is refused


def test_what_cannot_be_drawn_is_told() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(UnknownName, match=r"'gpt'. Known: a\."):
        draw([call(0)], rng, model="gpt")
    with pytest.raises(InputError, match="has the label kind"):
        draw([call(0)], rng, labels=["task", "kind"])
    with pytest.raises(InputError, match="Did you mean task"):
        draw([call(0)], rng, labels=["taks"])
    with pytest.raises(InputError, match=r"None of 2 .*2 because the log does not hold the mess"):
        draw([call(0, messages=None), call(1, messages=None)], rng)
    with pytest.raises(InputError, match="None of 0 logged requests can be replayed"):
        draw([], rng)
    with pytest.raises(InputError, match="more than 10000 values"):
        draw((call(i, str(i)) for i in range(10_002)), rng, labels=["task"])
    for wrong in ({"n": 0}, {"held": 0}, {"least": -1}):
        with pytest.raises(ValueError, match="at least"):
            draw([call(0)], rng, **wrong)  # type: ignore[arg-type]


# ---------------------------------------------------------------- size


@pytest.mark.parametrize("rows_n", lengths(25_000, 1_000_000))
def test_many_rows_stream_in_little_memory(rows_n: int) -> None:
    usage = Usage(input_tokens=1000, output_tokens=100)
    labels = [{"task": t} for t in ("x", "y", "z")]
    messages = [[{"role": "user", "content": f"text {i} " * 20}] for i in range(200)]

    def stream(n: int) -> Iterator[Call]:
        for i in range(n):
            yield Call(
                key=str(i),
                model="a",
                output="fine",
                labels=labels[i % 3],
                usage=usage,
                messages=messages[i % 200],
                cost_usd=0.01,
                latency_s=1.5,
            )

    sample = draw(stream(rows_n), np.random.default_rng(0), labels=["task"])
    assert sample.asked_n == rows_n
    assert sample.held_n == 20_000

    peaks = []
    for n in (3000, 9000):
        tracemalloc.start()
        draw(stream(n), np.random.default_rng(0), labels=["task"], held=1000)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
    assert peaks[1] < 5e6


def test_more_items_go_on_where_fewer_ended() -> None:
    calls = [call(i, task="rare" if i % 40 == 0 else "common") for i in range(9000)]
    few, many = (
        draw(calls, np.random.default_rng(3), n=n, labels=["task"]).items for n in (500, 1500)
    )
    assert [(i.call.key, i.weight) for i in many[:500]] == [(i.call.key, i.weight) for i in few]
