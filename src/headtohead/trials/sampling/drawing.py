"""One pass over a log of any length: what it adds up to, and a weighted random order of requests.

Each draw picks a class with a fixed probability, then a request of that class that was not drawn
before. Weighted by share / probability, the mean over the draws is that of the log, however many
classes were raised above their share; and as the probabilities are fixed beforehand, each weighted
draw has the same expectation whatever came before it, which is what a sequential test needs. The
expectation is that of the traffic of which the log is a sample (the next month's, if it is alike).
"""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from headtohead.core.errors import InputError, UnknownName
from headtohead.logs.calls import Call
from headtohead.trials.sampling.classes import clustered, label_of, pooled

NO_MESSAGES = "the log does not hold the messages"
UNREADABLE = "the messages are not in OpenAI's chat shape"
FAILED = "the original call failed"
NO_ANSWER = "the log does not hold the answer"
AWAITS_TOOL = "the answer was a call of a tool, whose result is not there"
OWN_TOOLS = "it uses tools that only the provider runs"
STORED = "it continues a conversation that the provider keeps"
MEDIA = "it holds images, sound or files"

_TEXT_PARTS = frozenset({"text", "input_text", "output_text", "refusal"})
_CLIENT_TOOLS = ("function", "custom")

_MOST_LABELS = 10_000
_FEWEST = 5  # requests that a class needs to stand alone
_MOST_CLASSES = 30
# Probabilities are made for this many draws, whatever is wanted: more items then go on where fewer
# ended, as a sequential test needs.
_DRAWS = 1000


@dataclass(frozen=True, slots=True)
class Item:
    """One request to be replayed.

    Attributes:
        weight: Share of its class over the probability of drawing from it.
        cluster: The same for requests with the same messages.
    """

    call: Call
    klass: str
    weight: float
    cluster: str


@dataclass(frozen=True, slots=True, eq=False)
class LogSample:
    """A weighted random order of requests, and what the log holds.

    Attributes:
        items: In the order in which they are to be replayed; every beginning is a fair sample.
        odds: Class -> its share of the requests that can be replayed (exact by labels, else of
            those held), and the probability that a draw is from it; largest share first.
        most_weight: Bound on the weights, known before anything is drawn.
        asked_n: Rows of the model asked for.
        fit_n: Rows of these that can be replayed.
        held_n: Requests kept while reading.
        distinct_n: Different requests among those held.
        unfit_n: Reason -> rows that cannot be replayed.
        ended_by: The class that ran out before enough was drawn; empty if none did.
    """

    items: tuple[Item, ...]
    odds: Mapping[str, tuple[float, float]]
    most_weight: float
    asked_n: int
    fit_n: int
    held_n: int
    distinct_n: int
    unfit_n: dict[str, int]
    ended_by: str


def of_model(calls: Iterable[Call], model: str, dropped: Counter[str]) -> Iterator[Call]:
    """The calls, with those that were asked for by this name counted under it.

    Gateways log the name that answered, and keep the alias that was asked for in a label. Answers
    from a gateway's own cache are left out: no model ran for them, so they cost and prove nothing.
    """
    for call in calls:
        if call.from_cache:
            dropped["answered from the gateway's cache"] += 1
            continue
        if call.model != model and call.labels.get("asked_for") == model:
            call.model = model
        yield call


def draw(
    calls: Iterable[Call],
    rng: np.random.Generator,
    *,
    n: int = 1000,
    model: str | None = None,
    labels: Sequence[str] = (),
    least: int = 30,
    held: int = 20_000,
) -> LogSample:
    """The order in which logged requests are to be replayed.

    Args:
        calls: The log; read once.
        rng: Source of randomness: the same seed and log give the same order.
        n: Items wanted, repeats included.
        model: Whose requests; None takes all.
        labels: Labels that together tell the class; none clusters requests by their words.
        least: Items of a thousand that a small class should get, if it has them.
        held: Most requests kept in memory, chosen uniformly from all that can be replayed.

    Raises:
        InputError: If no request can be replayed, or a label has more than 10,000 values.
        UnknownName: If the log has no row of the model, or no row has one of the labels.
        ValueError: If `n` or `held` is below 1, or `least` below 0.

    References:
        Horvitz, D. G., Thompson, D. J. (1952). A generalization of sampling without replacement
        from a finite universe. JASA 47, 663-685. doi:10.1080/01621459.1952.10483446
    """
    if n < 1 or held < 1 or least < 0:
        raise ValueError(f"n={n} and held={held} must be at least 1, least={least} at least 0")
    reservoir = Reservoir(held, rng)
    fit_by, unfit_n = Counter[str](), Counter[str]()
    asked_n = _read(calls, reservoir, fit_by, unfit_n, model, labels)
    kept = reservoir.calls
    if labels:
        classes_of_rows = tuple(label_of(call, labels) for call in kept)
        seen_n = fit_by
    else:
        classes_of_rows = clustered(kept, rng)
        seen_n = Counter(classes_of_rows)
    held_by = Counter(classes_of_rows)
    names = pooled({name: held_by[name] for name in seen_n}, _FEWEST, _MOST_CLASSES)
    classes = [names[name] for name in classes_of_rows]
    pooled_n = Counter[str]()
    for name, times in seen_n.items():
        pooled_n[names[name]] += times
    ranked = sorted(pooled_n, key=lambda name: (-pooled_n[name], name))
    shares = {name: pooled_n[name] / pooled_n.total() for name in ranked}
    chances = probabilities(shares, Counter(classes), min(_DRAWS, len(kept)), least)
    odds = {name: (shares[name], chances[name]) for name in ranked}
    weights = {name: share / chance for name, (share, chance) in odds.items()}
    order, ended_by = _order(classes, odds, min(n, len(kept)), rng)
    clusters = [
        hashlib.blake2b(
            msgspec.json.encode(call.messages, order="deterministic"), digest_size=12
        ).hexdigest()
        for call in kept
    ]
    return LogSample(
        items=tuple(
            Item(kept[at], classes[at], weights[classes[at]], clusters[at]) for at in order
        ),
        odds=odds,
        most_weight=max(weights.values()),
        asked_n=asked_n,
        fit_n=reservoir.seen_n,
        held_n=len(kept),
        distinct_n=len(set(clusters)),
        unfit_n=dict(unfit_n),
        ended_by=ended_by,
    )


def probabilities(
    shares: Mapping[str, float], held_n: Mapping[str, int], n: int, least: int
) -> dict[str, float]:
    """Class -> the probability that a draw is from it: its share, or a floor if that is higher.

    The floor is `least` / `n`, at most half an equal part of the draws, and never so high that
    `n` draws would use up what the class has; the others give in proportion to their shares. So
    no weight exceeds 2. Where a quarter or more of all that is held is drawn, small classes get
    as much of what they have, and nothing is raised.
    """
    floor = min(least / n, 0.5 / len(shares))
    floors = {}
    for name in shares:
        # Three standard deviations below what there is: it will hardly run out.
        lasting = (held_n[name] - 3 * math.sqrt(held_n[name])) / n
        floors[name] = max(0.0, min(floor, lasting))
    raised = {name for name, share in shares.items() if floors[name] > share}
    if 4 * n > sum(held_n.values()):
        raised = set()
    scale = 1.0
    while raised:
        rest = math.fsum(share for name, share in shares.items() if name not in raised)
        scale = (1 - math.fsum(floors[name] for name in raised)) / rest
        more = {
            name
            for name, share in shares.items()
            if name not in raised and floors[name] > scale * share
        }
        if not more:
            break
        raised |= more
    return {n_: floors[n_] if n_ in raised else scale * share for n_, share in shares.items()}


def _read(
    calls: Iterable[Call],
    reservoir: "Reservoir",
    fit_by: Counter[str],
    unfit_n: Counter[str],
    model: str | None,
    labels: Sequence[str],
) -> int:
    """Rows of the model; counts those that can be replayed and keeps a sample."""
    asked_n = 0
    missing, seen, kinds = set(labels), set[str](), set[tuple[str, str]]()
    for call in calls:
        klass = label_of(call, labels) if labels else ""
        if missing:
            missing = missing.difference(call.labels)
            seen.update(call.labels)
        kinds.add((call.model, klass))
        if len(kinds) > _MOST_LABELS:
            raise InputError(
                f"The label {' and '.join(labels) or 'model'} has more than {_MOST_LABELS} values, "
                "so it does not name kinds of tasks. Choose another, or none to cluster the "
                "requests."
            )
        if model is not None and call.model != model:
            continue
        asked_n += 1
        if reason := unfit(call):
            unfit_n[reason] += 1
            continue
        fit_by[klass] += 1
        reservoir.offer(call)
    if model is not None and not asked_n:
        raise UnknownName("model in the log", model, {name for name, _ in kinds})
    if missing and kinds:
        known = UnknownName("label", min(missing), seen).hint if seen else "It has none."
        raise InputError(
            f"No row of the log has the label {', '.join(sorted(missing))}. {known} Name one it "
            "has (`mapping={'labels': 'COLUMN'}` makes one of a column), or none to cluster the "
            "requests by their words."
        )
    if not reservoir.calls:
        reasons = ", ".join(f"{n} because {reason}" for reason, n in unfit_n.items())
        raise InputError(
            f"None of {asked_n} logged requests can be replayed{f': {reasons}' if reasons else ''}."
        )
    return asked_n


def _order(
    classes: Sequence[str],
    odds: Mapping[str, tuple[float, float]],
    n: int,
    rng: np.random.Generator,
) -> tuple[list[int], str]:
    """Places in the reservoir in the order drawn, and the class that ran out."""
    shuffled = [int(at) for at in rng.permutation(len(classes))]
    if all(share == chance for share, chance in odds.values()):
        # Nothing is raised: a shuffle is the same scheme, and no class runs out early.
        return shuffled[:n], ""
    queues: dict[str, list[int]] = {name: [] for name in odds}
    for at in shuffled:
        queues[classes[at]].append(at)
    names = list(odds)
    chances = [odds[name][1] for name in names]
    order: list[int] = []
    for pick in rng.choice(len(names), size=n, p=chances):
        queue = queues[names[pick]]
        if not queue:
            # To go on without this class would bias the mean.
            return order, names[pick]
        order.append(queue.pop())
    return order, ""


class Reservoir:
    """A uniform sample of a stream, by Li's algorithm L: most rows cost one comparison.

    Attributes:
        calls: What is kept.

    References:
        Li, K.-H. (1994). Reservoir-sampling algorithms of time complexity O(n(1 + log(N/n))).
        ACM TOMS 20, 481-493. doi:10.1145/198429.198435
    """

    def __init__(self, size: int, rng: np.random.Generator) -> None:
        self.calls: list[Call] = []
        self.seen_n = 0
        self._size, self._rng = size, rng
        self._next, self._w = size, 1.0

    def offer(self, call: Call) -> None:
        """Keep this call, or not."""
        at, self.seen_n = self.seen_n, self.seen_n + 1
        if at < self._size:
            self.calls.append(call)
            if self.seen_n == self._size:
                self._skip()
        elif at == self._next:
            self.calls[int(self._rng.integers(self._size))] = call
            self._skip()

    def _skip(self) -> None:
        self._w *= math.exp(math.log(1 - self._rng.random()) / self._size)
        gap = math.log(1 - self._rng.random()) / math.log1p(-self._w)
        self._next = max(self._next, self.seen_n) + math.floor(gap)


def unfit(call: Call) -> str:
    """Why a request cannot be replayed; empty if it can.

    Only an original that never came to an answer is left out (an error of the endpoint). One that
    was refused, empty, cut off or malformed stays: leaving it out would flatter its model.
    """
    if not call.messages:
        return NO_MESSAGES
    if call.failure == "error":
        return FAILED
    reason = _of_messages(call.messages)
    if reason:
        return reason
    if call.params.get("previous_response_id") or call.params.get("conversation"):
        return STORED
    tools = call.params.get("tools")
    theirs = any(
        isinstance(tool, dict) and tool.get("type", "function") not in _CLIENT_TOOLS
        for tool in (tools if isinstance(tools, list) else ())
    )
    if theirs or call.params.get("web_search_options"):
        return OWN_TOOLS
    if not call.failure and not (call.output or "").strip():
        # Nothing said, though nothing went wrong: with tools at hand, one was called.
        return AWAITS_TOOL if call.params.get("tools") else NO_ANSWER
    return ""


def _of_messages(messages: Sequence[Any]) -> str:
    for message in messages:
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            return UNREADABLE
        content = message.get("content")
        if content is None or isinstance(content, str):
            continue
        if not isinstance(content, list):
            return UNREADABLE
        for part in content:
            if not isinstance(part, str | dict):
                return UNREADABLE
            kind = part.get("type", "text") if isinstance(part, dict) else "text"
            if kind not in _TEXT_PARTS:
                return MEDIA
    last = messages[-1]
    if last.get("tool_calls") or last.get("function_call"):
        return AWAITS_TOOL
    return ""
