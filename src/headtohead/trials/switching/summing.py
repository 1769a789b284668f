"""What the items seen add up to: classes, money, time, failures, and the worth of the judge."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from headtohead.core.interval import Interval
from headtohead.stats.bootstrap import ratio_of_sums
from headtohead.stats.inputs import FloatArray
from headtohead.trials.comparing.result import SliceRow
from headtohead.trials.judging.agreement import Agreement, agreement
from headtohead.trials.judging.leanings import (
    LengthBias,
    SelfPreference,
    length_bias,
    self_preference,
)
from headtohead.trials.judging.positions import BothOrders, position_bias
from headtohead.trials.judging.powered_mean import PoweredMean, ppi_mean
from headtohead.trials.paired import cost_per_success_ratio, median_ratio, slices
from headtohead.trials.scoring.judge import Judged
from headtohead.trials.switching.result import Judging, Savings, Seen

_FEWEST = 10  # items with both figures, below which a ratio says little
_SIGN = {"A": -1.0, "tie": 0.0, "B": 1.0}


def classes_of(
    seen: Sequence[Seen], margin: float, rng: np.random.Generator, *, level: float
) -> tuple[SliceRow, ...]:
    """The difference in each class as seen so far, the worst first.

    Args:
        seen: The items.
        margin: How much worse B may be.
        rng: Source of randomness.
        level: Joint coverage.
    """
    if not seen:
        return ()
    first, second = [item.a for item in seen], [item.b for item in seen]
    if any(item.b < 0 for item in seen):
        # A preference is a difference already: two scores from 0 to 1 that differ by it.
        first = [(1 - item.b) / 2 for item in seen]
        second = [(1 + item.b) / 2 for item in seen]
    found = slices(
        first, second, [item.task for item in seen], margin, rng, level=level, bounds=(0.0, 1.0)
    )
    return tuple(
        SliceRow(
            label="class",
            value=str(one.name),
            items=one.found.n,
            difference=one.found.interval,
            joint=one.joint,
            p_value=one.p_noninferior,
            verdict=one.noninferior,
            p_same=found.p_same,
        )
        for one in found.slices
    )


def savings_of(
    seen: Sequence[Seen], rng: np.random.Generator, *, level: float, basis: str, scored: bool
) -> Savings | None:
    """What a thousand requests like those of the log cost on either model.

    Args:
        seen: The items.
        rng: Source of randomness.
        level: Coverage.
        basis: The prices used.
        scored: Whether scores tell successes.
    """
    both = [i for i in seen if i.a_usd is not None and i.b_usd is not None]
    if len(both) < 2:
        return None
    weight = np.array([item.weight for item in both])
    a = np.array([item.a_usd or 0.0 for item in both])
    b = np.array([item.b_usd or 0.0 for item in both])
    per = float(weight.sum())
    saved = ratio_of_sums(weight * (a - b), weight, rng, level=level).rescaled(1000)
    ratio = ratio_of_sums(weight * b, weight * a, rng, level=level) if a.sum() > 0 else None
    won_a, won_b = np.array([i.a for i in both]), np.array([i.b for i in both])
    success = None
    if scored and a.sum() > 0 and won_a.sum() + won_b.sum() > 0:
        success = cost_per_success_ratio(
            weight * a, weight * won_a, weight * b, weight * won_b, rng, level=level
        )
    return Savings(
        a_usd=1000 * float(weight @ a) / per,
        b_usd=1000 * float(weight @ b) / per,
        saved_usd=saved,
        ratio=ratio,
        items=len(both),
        basis=basis,
        per_success=success,
    )


def latency_of(
    seen: Sequence[Seen], rng: np.random.Generator, *, level: float
) -> tuple[float, float, Interval] | None:
    """Both median latencies in seconds, and B's over A's; None with too few."""
    both = [(i.a_seconds, i.b_seconds) for i in seen if i.a_seconds and i.b_seconds]
    if len(both) < _FEWEST:
        return None
    a, b = (np.array(side, dtype=np.float64) for side in zip(*both, strict=True))
    return float(np.median(a)), float(np.median(b)), median_ratio(a, b, rng, level=level)


def failures_of(seen: Sequence[Seen]) -> dict[str, tuple[int, int]]:
    """Kind -> how many answers of A and of B could not be used; wrong answers are none of them."""
    of_a = Counter(item.a_failure for item in seen if item.a_failure)
    of_b = Counter(item.b_failure for item in seen if item.b_failure)
    return {kind: (of_a[kind], of_b[kind]) for kind in sorted({*of_a, *of_b})}


def judging_of(
    model: str,
    pairs: Sequence[Judged],
    human: Mapping[str, float],
    *,
    level: float,
    usd: float | None,
    same_family: bool,
    cluster_of: Mapping[str, str],
) -> Judging:
    """How far the judge may be believed.

    Args:
        model: The judge.
        pairs: What he said.
        human: Item -> people's mean preference for B, where they voted.
        level: Coverage.
        usd: What he cost.
        same_family: Whether A or B is of the judge's family.
        cluster_of: Item -> what it has in common with others: equal requests go together.
    """
    read = [p for p in pairs if p.preference is not None]
    notes = []
    if not human:
        notes.append(
            "Nobody checked this judge: no human votes were given, so how far he agrees with "
            "people, and how much of a lean is his own, cannot be told. --human makes a ballot."
        )
    if same_family and not human:
        notes.append(
            "One of the answers is of the judge's own family. Whether he favours it beyond its "
            "worth cannot be told without human votes."
        )
    people = np.array([human.get(p.key, math.nan) for p in read])
    verdicts = np.array([p.preference or 0.0 for p in read])
    return Judging(
        model=model,
        judged=len(read),
        unreadable=sum(p.unreadable_n for p in pairs),
        position=_position(read, level),
        length=_length(read, verdicts, people, level),
        own=_own(read, verdicts, people, level),
        agreement=_agreement(verdicts, people, level),
        powered=powered_of(read, human, cluster_of, level=level),
        usd=usd,
        notes=tuple(notes),
    )


def powered_of(
    pairs: Sequence[Judged],
    human: Mapping[str, float],
    cluster_of: Mapping[str, str],
    *,
    level: float,
) -> PoweredMean | None:
    """People's mean preference for B over all judged items; None with fewer than two votes.

    Args:
        pairs: What the judge said; only pairs with a preference count.
        human: Item -> people's mean preference, on a random part of the items.
        cluster_of: Item -> what it has in common with others.
        level: Coverage.
    """
    read = [(p.key, p.preference) for p in pairs if p.preference is not None]
    both = [(key, said) for key, said in read if key in human]
    owners = [cluster_of.get(key, key) for key, _ in both]
    if len(set(owners)) < 2:
        return None
    rest = [(key, said) for key, said in read if key not in human]
    return ppi_mean(
        [said for _, said in both],
        [human[key] for key, _ in both],
        [said for _, said in rest],
        level=level,
        bounds=(-1.0, 1.0),
        clusters=(owners, [cluster_of.get(key, key) for key, _ in rest]),
    )


def _position(read: Sequence[Judged], level: float) -> BothOrders | None:
    if len(read) < 2:
        return None
    # For the answer shown first: A's in the first order, B's in the second.
    first = [-_SIGN[p.a_first] for p in read if p.a_first is not None]
    second = [_SIGN[p.b_first] for p in read if p.b_first is not None]
    return position_bias(np.array(first), np.array(second), level=level)


def _length(
    read: Sequence[Judged], verdicts: FloatArray, people: FloatArray, level: float
) -> LengthBias | None:
    lengths = [(max(1, p.length_b_n), max(1, p.length_a_n)) for p in read]
    if len(read) < _FEWEST or len({b / a for b, a in lengths}) < 2:
        return None
    of_b, of_a = (np.array(side) for side in zip(*lengths, strict=True))
    return length_bias(verdicts, of_b, of_a, _or_none(people), level=level)


def _own(
    read: Sequence[Judged], verdicts: FloatArray, people: FloatArray, level: float
) -> SelfPreference | None:
    own_b = np.array([p.own in ("B", "both") for p in read])
    own_a = np.array([p.own in ("A", "both") for p in read])
    if len(read) < 2 or not (own_b ^ own_a).any():
        return None
    return self_preference(verdicts, own_b, own_a, _or_none(people), level=level)


def _agreement(verdicts: FloatArray, people: FloatArray, level: float) -> Agreement | None:
    voted = ~np.isnan(people)
    if voted.sum() < 2:
        return None
    return agreement(np.sign(verdicts[voted]), np.sign(people[voted]), level=level)


def _or_none(people: FloatArray) -> FloatArray | None:
    return None if np.isnan(people).all() else people
