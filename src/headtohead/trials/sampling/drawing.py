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
from typing import TYPE_CHECKING

from headtohead.core.errors import InputError, UnknownName
from headtohead.trials.calls import Call
from headtohead.trials.sampling.classes import Classes, clustered, label_of, pooled
from headtohead.trials.sampling.replayable import unfit
from headtohead.trials.sampling.reservoir import Reservoir
from headtohead.trials.sampling.totals import Totals, TotalsBy, renamed

if TYPE_CHECKING:
    import numpy as np

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
        call: The logged call.
        row: Its place among the rows that were read, from 0.
        klass: Its class.
        weight: Share of its class over the probability of drawing from it.
        cluster: The same for requests with the same messages.
    """

    call: Call
    row: int
    klass: str
    weight: float
    cluster: str


@dataclass(frozen=True, slots=True)
class Stratum:
    """A class of requests.

    Attributes:
        name: Its label, or its most telling words.
        share_frac: Of the requests that can be replayed: exact by labels, else of those held.
        probability_frac: That a draw is from this class.
        held_n: Requests that could be drawn.
        drawn_n: Items of it in the order.
    """

    name: str
    share_frac: float
    probability_frac: float
    held_n: int
    drawn_n: int


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A weighted random order of requests, and what the log holds.

    Attributes:
        items: In the order in which they are to be replayed; every beginning is a fair sample.
        strata: The classes, largest share first.
        most_weight: Bound on the weights, known before anything is drawn.
        rows_n: Rows read.
        asked_n: Rows of the model asked for.
        fit_n: Rows of these that can be replayed.
        held_n: Requests kept while reading.
        distinct_n: Different requests among those held.
        commonest_frac: Share of the most frequent request among those held.
        unfit_n: Reason -> rows that cannot be replayed.
        totals: (model, class) -> sums over all rows; the class is empty where no labels tell it.
        silhouette: How well clusters are apart; None where labels tell the class.
        ended_by: The class that ran out before enough was drawn; empty if none did.
    """

    items: tuple[Item, ...]
    strata: tuple[Stratum, ...]
    most_weight: float
    rows_n: int
    asked_n: int
    fit_n: int
    held_n: int
    distinct_n: int
    commonest_frac: float
    unfit_n: dict[str, int]
    totals: TotalsBy
    silhouette: float | None
    ended_by: str


def of_model(calls: Iterable[Call], model: str, dropped: Counter[str]) -> Iterator[Call]:
    """The calls, with those that were asked for by this name counted under it.

    Gateways log the name that answered, and keep the alias that was asked for in a label. Answers
    from a gateway's own cache are left out: no model ran for them, so they cost and prove nothing.

    Args:
        calls: The log.
        model: The model asked about.
        dropped: Reason -> rows left out; counted here.
    """
    for call in calls:
        if call.labels.get("cache_hit", "").lower() == "true":
            dropped["answered from the gateway's cache"] += 1
            continue
        if call.model != model and call.labels.get("asked_for") == model:
            call.model = model
        yield call


def draw(
    calls: Iterable[Call],
    rng: "np.random.Generator",
    *,
    n: int = 1000,
    model: str | None = None,
    labels: Sequence[str] = (),
    least: int = 30,
    held: int = 20_000,
    media: bool = False,
    needs_output: bool = True,
) -> Sample:
    """The order in which logged requests are to be replayed.

    Args:
        calls: The log; read once.
        rng: Source of randomness: the same seed and log give the same order.
        n: Items wanted, repeats included.
        model: Whose requests; None takes all.
        labels: Labels that together tell the class; none clusters requests by their words.
        least: Items of a thousand that a small class should get, if it has them.
        held: Most requests kept in memory, chosen uniformly from all that can be replayed.
        media: Whether the candidate takes images, sound and files.
        needs_output: Whether the original's answer is needed.

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
    log = _read(calls, rng, model, labels, held, media, needs_output)
    kept = log.reservoir.rows
    if labels:
        found = Classes(tuple(label_of(call, labels) for _, call in kept))
        seen_n = log.fit_by
    else:
        found = clustered([call for _, call in kept], rng)
        seen_n = _counts(found.of)
    held_by = _counts(found.of)
    names = pooled({name: held_by.get(name, 0) for name in seen_n}, _FEWEST, _MOST_CLASSES)
    classes = [names[name] for name in found.of]
    odds = _odds(_summed(seen_n, names), _counts(classes), min(_DRAWS, len(kept)), least)
    order, ended_by = _order(classes, odds, min(n, len(kept)), rng)
    clusters = [_cluster(call) for _, call in kept]
    repeats = _counts(clusters)
    return Sample(
        items=_items(kept, classes, clusters, odds, order),
        strata=_strata(classes, odds, order),
        most_weight=max(share / chance for share, chance in odds.values()),
        rows_n=log.rows_n,
        asked_n=log.asked_n,
        fit_n=log.reservoir.seen_n,
        held_n=len(kept),
        distinct_n=len(repeats),
        commonest_frac=max(repeats.values()) / len(kept),
        unfit_n=log.unfit_n,
        totals=renamed(log.totals, names),
        silhouette=found.silhouette,
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

    Args:
        shares: Class -> its share of the log; together 1.
        held_n: Class -> how many of its requests can be drawn.
        n: Draws.
        least: Draws that a small class should get.
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
            name for name, share in shares.items()
            if name not in raised and floors[name] > scale * share
        }  # fmt: skip
        if not more:
            break
        raised |= more
    return {n_: floors[n_] if n_ in raised else scale * share for n_, share in shares.items()}


@dataclass(slots=True)
class _Log:
    reservoir: Reservoir
    totals: TotalsBy
    fit_by: dict[str, int]
    unfit_n: dict[str, int]
    rows_n: int = 0
    asked_n: int = 0


def _read(
    calls: Iterable[Call],
    rng: "np.random.Generator",
    model: str | None,
    labels: Sequence[str],
    held: int,
    media: bool,
    needs_output: bool,
) -> _Log:
    log = _Log(Reservoir(held, rng), {}, {}, {})
    missing = set(labels)
    totals, fit_by = log.totals, log.fit_by
    for row, call in enumerate(calls):
        log.rows_n += 1
        klass = label_of(call, labels) if labels else ""
        if missing:
            missing = missing.difference(call.labels)
        total = totals.get((call.model, klass))
        if total is None:
            total = totals[call.model, klass] = _first(totals, labels)
        total.add(call)
        if model is not None and call.model != model:
            continue
        log.asked_n += 1
        reason = unfit(call, media=media, needs_output=needs_output)
        if reason:
            log.unfit_n[reason] = log.unfit_n.get(reason, 0) + 1
            continue
        fit_by[klass] = fit_by.get(klass, 0) + 1
        log.reservoir.offer(row, call)
    _check(log, model, missing)
    return log


def _first(totals: TotalsBy, labels: Sequence[str]) -> Totals:
    if len(totals) >= _MOST_LABELS:
        raise InputError(
            f"The label {' and '.join(labels) or 'model'} has more than {_MOST_LABELS} values, so "
            f"it does not name kinds of tasks. Choose another, or none to cluster the requests."
        )
    return Totals()


def _check(log: _Log, model: str | None, missing: set[str]) -> None:
    if model is not None and not log.asked_n:
        raise UnknownName("model in the log", model, {name for name, _ in log.totals})
    if missing and log.rows_n:
        raise InputError(
            f"No row of the log has the label {', '.join(sorted(missing))}. Name one it has (--map "
            f"labels=COLUMN makes one of a column), or none to cluster the requests by their words."
        )
    if not log.reservoir.rows:
        reasons = ", ".join(f"{n} because {reason}" for reason, n in log.unfit_n.items())
        raise InputError(
            f"None of {log.asked_n} logged requests can be replayed"
            f"{f': {reasons}' if reasons else ''}."
        )


def _odds(
    seen_n: Mapping[str, int], held_n: Mapping[str, int], n: int, least: int
) -> dict[str, tuple[float, float]]:
    """Class -> its share and its probability, largest share first."""
    total = sum(seen_n.values())
    ranked = sorted(seen_n, key=lambda name: (-seen_n[name], name))
    shares = {name: seen_n[name] / total for name in ranked}
    chances = probabilities(shares, held_n, n, least)
    return {name: (shares[name], chances[name]) for name in ranked}


def _order(
    classes: Sequence[str],
    odds: Mapping[str, tuple[float, float]],
    n: int,
    rng: "np.random.Generator",
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


def _items(
    kept: Sequence[tuple[int, Call]],
    classes: Sequence[str],
    clusters: Sequence[str],
    odds: Mapping[str, tuple[float, float]],
    order: Sequence[int],
) -> tuple[Item, ...]:
    return tuple(
        Item(
            call=kept[at][1],
            row=kept[at][0],
            klass=classes[at],
            weight=odds[classes[at]][0] / odds[classes[at]][1],
            cluster=clusters[at],
        )
        for at in order
    )


def _strata(
    classes: Sequence[str], odds: Mapping[str, tuple[float, float]], order: Sequence[int]
) -> tuple[Stratum, ...]:
    held, drawn = _counts(classes), _counts(classes[at] for at in order)
    return tuple(
        Stratum(name, share, chance, held.get(name, 0), drawn.get(name, 0))
        for name, (share, chance) in odds.items()
    )


def _cluster(call: Call) -> str:
    import msgspec

    text = msgspec.json.encode(call.messages, order="deterministic")
    return hashlib.blake2b(text, digest_size=12).hexdigest()


def _counts(names: Iterable[str]) -> dict[str, int]:
    from collections import Counter

    return dict(Counter(names))


def _summed(counts: Mapping[str, int], names: Mapping[str, str]) -> dict[str, int]:
    made: dict[str, int] = {}
    for name, n in counts.items():
        made[names[name]] = made.get(names[name], 0) + n
    return made
