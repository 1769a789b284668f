"""Compares two sides: difference, verdict, flips, slices, money and time."""

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from headtohead.core.errors import InputError
from headtohead.stats.inputs import FloatArray
from headtohead.trials.comparing.money import RatesOf, money, speed
from headtohead.trials.comparing.pairing import (
    Items,
    Pairs,
    alone,
    measured_apart,
    pair,
    renamed,
)
from headtohead.trials.comparing.result import (
    Comparison,
    Flip,
    SideSummary,
    SliceRow,
    Verdict,
)
from headtohead.trials.comparing.settings import CompareSettings, Goal, Missing
from headtohead.trials.comparing.sides import Side, named_apart
from headtohead.trials.paired import MeanDifference, difference, judge, slices, unpaired_difference
from headtohead.trials.power import plan_binary, plan_graded
from headtohead.trials.scoring.scored import Scorer

_METHODS = {
    "tango-score": "Tango's score interval for yes/no pairs",
    "clustered-t-and-score": "the wider of Student's t with cluster-robust errors (CR2) and a "
    "score interval over clusters",
    "clustered-t": "Student's t with cluster-robust errors (CR2)",
    "student-t": "Student's t on the differences by item",
    "newcombe-hybrid": "Newcombe's hybrid score interval for independent shares",
    "welch-t": "Welch's t",
    "welch-t-and-wilson": "the wider of Welch's t and score limits of both means",
}  # fmt: skip
_POWER = 0.8
_MOST_ITEMS = 1_000_000


def compare(
    a: Side,
    b: Side,
    settings: CompareSettings | None = None,
    *,
    rates: RatesOf | None = None,
) -> Comparison:
    """B against A.

    Args:
        a: The side that would be replaced.
        b: The side that might stand in.
        settings: What is asked, and how items are brought together.
        rates: List prices of a model, for sides whose files tell no costs.

    Raises:
        InputError: If the two cannot be compared honestly; the message names what differs.
    """
    settings = settings or CompareSettings()
    if settings.unpaired:
        return _unpaired(a, b, settings)
    pairs = pair(a, b, shared=settings.shared, missing=settings.missing, same=settings.same)
    clusters = labelled(pairs.a, settings.cluster, a) if settings.cluster else None
    bounds = _bounds(pairs.a.scores, pairs.b.scores)
    _check_margin(settings, bounds)
    found = _difference(pairs, clusters, settings, bounds)
    rng = np.random.default_rng(settings.seed)
    models = (a.model or a.name, b.model or b.name)
    spent, why = money(pairs, models, rng, level=settings.level, rates=rates, clusters=clusters)
    lost, gained, same = _flips(pairs, settings.slices)
    notes = [*pairs.notes, *_doubts(a, b)]
    if why and (rates is not None or "item" in why):
        notes.append(f"No cost can be told: {why}.")
    return _made(
        a, b, settings, found, pairs.a, pairs.b,
        paired=True,
        bounds=bounds,
        lost=lost,
        gained=gained,
        same=same,
        slices=tuple(row for label in settings.slices for row in
                     _slice_rows(pairs, label, a, clusters, settings, bounds)),
        money=spent,
        speed=speed(pairs, rng, level=settings.level, clusters=clusters),
        left_out=pairs.left_out,
        notes=tuple(notes),
    )  # fmt: skip


def labelled(items: Items, label: str, side: Side) -> list[str]:
    """The value of a label for each item; items without it stand alone, named by their key.

    Raises:
        InputError: If no item has the label.
    """
    found = [calls[0].labels.get(label) for calls in items.calls]
    if not any(found):
        known = sorted({name for calls in items.calls for name in calls[0].labels})
        raise InputError(
            f"No item of {side.path} has the label {label!r}. "
            + (f"Labels there are: {', '.join(known[:12])}." if known else
               f"Map a column to it: `mapping={{'labels': '{label}'}}`.")
        )  # fmt: skip
    return [value or f"(none: {key})" for value, key in zip(found, items.keys, strict=True)]


def _difference(
    pairs: Pairs,
    clusters: Sequence[str] | None,
    settings: CompareSettings,
    bounds: tuple[float, float] | None,
) -> MeanDifference:
    """Tries as rows where both sides have equally many; else means by item."""
    tries = pairs.a.tries
    alike = bool(np.all(tries == tries[0])) and np.array_equal(tries, pairs.b.tries)
    if tries[0] == 1 or not alike:
        first, second = pairs.a.scores, pairs.b.scores
        return difference(first, second, clusters=clusters, level=settings.level, bounds=bounds)
    rows_a, rows_b = (_rows(items, settings.missing) for items in (pairs.a, pairs.b))
    owners = clusters or pairs.a.keys
    together = [owner for owner in owners for _ in range(int(tries[0]))]
    return difference(rows_a, rows_b, clusters=together, level=settings.level, bounds=bounds)


def _rows(items: Items, missing: Missing) -> FloatArray:
    scores = []
    for calls in items.calls:
        scores += [
            call.score if call.score is not None else 0.0
            for call in calls
            if call.score is not None or missing == "wrong"
        ]
    return np.array(scores)


def _unpaired(a: Side, b: Side, settings: CompareSettings) -> Comparison:
    a, b = renamed(a, b)
    differ = measured_apart(a, b)
    if differ:
        raise InputError(
            f"{a.name} and {b.name} were not measured alike: {'; '.join(differ)}. That their items "
            "need not be matched does not make their scores comparable."
        )
    (of_a, lost_a), (of_b, lost_b) = (alone(side, missing=settings.missing) for side in (a, b))
    bounds = _bounds(of_a.scores, of_b.scores)
    _check_margin(settings, bounds)
    clusters = [
        labelled(items, settings.cluster, side) if settings.cluster else None
        for items, side in ((of_a, a), (of_b, b))
    ]
    found = unpaired_difference(
        of_a.scores, of_b.scores, clusters_a=clusters[0], clusters_b=clusters[1],
        level=settings.level, bounds=bounds,
    )  # fmt: skip
    notes = ["Items are not matched, as asked for. If both ran on the same items, matching them "
             "tells more."]  # fmt: skip
    if settings.slices:
        notes.append("Slices are told of matched items only.")
    left = {f"no score in {side.name}": n for side, n in ((a, lost_a), (b, lost_b)) if n}
    return _made(
        a, b, settings, found, of_a, of_b,
        paired=False, bounds=bounds, lost=(), gained=(), same=0, slices=(), money=None, speed=None,
        left_out=left, notes=(*notes, *_doubts(a, b)),
    )  # fmt: skip


def _made(
    a: Side, b: Side, settings: CompareSettings, found: MeanDifference, of_a: Items, of_b: Items, *,
    bounds: tuple[float, float] | None, **parts: object,
) -> Comparison:  # fmt: skip
    told = judge(found, settings.margin)
    verdicts: dict[Goal, Verdict] = {
        "non-inferiority": told.noninferior,
        "equivalence": told.equivalent,
        "superiority": told.superior,
    }
    p_values = {
        "non-inferiority": told.p_noninferior,
        "equivalence": told.p_equivalent,
        "superiority": told.p_superior,
    }
    names = named_apart([a, b])
    verdict = verdicts[settings.goal]
    return Comparison(
        settings=settings,
        a=_summary(a, names[0], of_a),
        b=_summary(b, names[1], of_b),
        unit="pp" if bounds == (0.0, 1.0) else "score",
        difference=found.interval,
        method=_METHODS[found.method],
        naive_se=found.naive_error,
        se=found.error,
        clusters=found.clusters_n,
        p_value=p_values[settings.goal],
        verdict=verdict,
        verdicts=verdicts,
        more_items=_more(found, settings, bounds, len(of_a.keys))
        if verdict == "undecided"
        else None,
        **parts,  # type: ignore[arg-type]
    )


def _summary(side: Side, name: str, items: Items) -> SideSummary:
    calls = [call for of_item in items.calls for call in of_item]
    failures = Counter(call.failure for call in side.calls if call.failure)
    return SideSummary(
        name=name,
        model=side.model,
        file=side.path.name,
        format=side.meta.format,
        items=len(items.keys),
        tries=len(calls),
        score=float(items.scores.mean()),
        failures=dict(failures),
        about=dict(side.meta.may_differ),
    )


def _bounds(*scores: FloatArray) -> tuple[float, float] | None:
    """0 to 1 where every score is a share; nothing is known of other scales."""
    inside = all(array.min() >= 0 and array.max() <= 1 for array in scores)
    return (0.0, 1.0) if inside else None


def _check_margin(settings: CompareSettings, bounds: tuple[float, float] | None) -> None:
    """Raise InputError if a margin leaves nothing to ask: 5 where five points were meant."""
    if bounds and settings.goal != "superiority" and settings.margin >= 1:
        raise InputError(
            f"The margin is {settings.margin:g}, and these scores lie between 0 and 1. Write "
            f"{settings.margin:g}pp for percentage points."
        )


def _more(
    found: MeanDifference, settings: CompareSettings, bounds: tuple[float, float] | None, items: int
) -> int | None:
    """Items that would settle it if the difference is what it seems; None if no number would."""
    value = found.value
    if settings.goal == "superiority":
        margin, true = 0.0, abs(value)
    elif settings.goal == "equivalence":
        margin, true = settings.margin, -abs(value)
    else:
        # Below the margin it is the "no" that has to be shown, as far on the other side.
        margin, true = (
            settings.margin,
            value if value > -settings.margin else -2 * settings.margin - value,
        )
    distance = margin + true
    if distance <= 1e-9 or not np.isfinite(found.error):
        return None
    alpha = (1 - settings.level) / 2
    # Both ends have to lie within: each may fail half as often.
    power = 1 - (1 - _POWER) / 2 if settings.goal == "equivalence" else _POWER
    yes_no = found.method == "tango-score" and bounds == (0.0, 1.0)
    try:
        if yes_no and margin > 0:
            share = max((found.a_only + found.b_only) / found.n, abs(true), 0.5 / found.n)
            plan = plan_binary(margin, share, true_difference=true, power=power, alpha=alpha)
        else:
            sd = max(found.error * np.sqrt(items), 1e-9)
            plan = plan_graded(max(margin, 1e-12), sd, true_difference=true, power=power,
                               alpha=alpha)  # fmt: skip
    except ValueError:
        return None
    return plan.items_n if items < plan.items_n <= _MOST_ITEMS else None


def _flips(pairs: Pairs, labels: Sequence[str]) -> tuple[tuple[Flip, ...], tuple[Flip, ...], int]:
    lost: list[Flip] = []
    gained: list[Flip] = []
    rows = zip(pairs.a.keys, pairs.a.scores.tolist(), pairs.b.scores.tolist(), pairs.a.calls,
               strict=True)  # fmt: skip
    for key, first, second, calls in rows:
        if first == second:
            continue
        flip = Flip(key, first, second, calls[0].labels.get(labels[0], "") if labels else "")
        (lost if second < first else gained).append(flip)
    same = len(pairs.a.keys) - len(lost) - len(gained)
    lost.sort(key=lambda f: (f.b - f.a, f.key))
    gained.sort(key=lambda f: (f.a - f.b, f.key))
    return tuple(lost), tuple(gained), same


def _slice_rows(
    pairs: Pairs,
    label: str,
    side: Side,
    clusters: Sequence[str] | None,
    settings: CompareSettings,
    bounds: tuple[float, float] | None,
) -> list[SliceRow]:
    made = slices(
        pairs.a.scores,
        pairs.b.scores,
        labelled(pairs.a, label, side),
        settings.margin,
        np.random.default_rng(settings.seed),
        clusters=clusters,
        level=settings.level,
        bounds=bounds,
    )
    return [
        SliceRow(
            label=label,
            value=str(one.name),
            items=one.found.n,
            difference=one.found.interval,
            joint=one.joint,
            p_value=one.p_noninferior,
            verdict=one.noninferior,
            p_same=made.p_same,
        )
        for one in made.slices
    ]


def _doubts(a: Side, b: Side) -> list[str]:
    """What may differ between the runs and does, so that a reader can weigh it."""
    ours, theirs = a.meta.may_differ, b.meta.may_differ
    apart = [
        f"{name} {ours[name] or 'none'} against {theirs[name] or 'none'}"
        for name in ours
        if name in theirs and ours[name] != theirs[name] and name not in _ALWAYS_APART
    ]
    notes = [f"The runs also differ in {', '.join(apart)}."] if apart else []
    dropped: Mapping[str, int]
    for side in (a, b):
        dropped = {reason: n for reason, n in side.dropped.items() if n}
        if dropped:
            told = ", ".join(f"{n} {reason}" for reason, n in dropped.items())
            notes.append(f"{side.path.name}: {told} left out while reading.")
    return notes


_ALWAYS_APART = {"model", "created", "date", "run", "eval_id", "run_id"}


def rescored(side: Side, score: Scorer) -> Side:
    """The side with its answers scored anew.

    Raises:
        InputError: If no answer could be scored.
    """
    made, reasons = [], Counter[str]()
    for call in side.calls:
        found = score(call)
        call.score, call.failure = found.value, found.failure or call.failure
        if found.value is None:
            reasons[found.why] += 1
        made.append(call)
    if all(call.score is None for call in made):
        why = ", ".join(reasons) or "there is no answer"
        raise InputError(f"No answer in {side.path} could be scored: {why}.")
    # What the file says of its own scores holds no longer.
    kept = {
        name: value
        for name, value in side.meta.must_agree.items()
        if name != "scorers" and not name.endswith("metric")
    }
    meta = msgspec.structs.replace(side.meta, metric="", must_agree=kept)
    return Side(side.name, side.path, side.model, meta, tuple(made), side.dropped)
