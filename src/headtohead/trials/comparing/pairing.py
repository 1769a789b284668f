"""Pairs two sides by the keys of their items, or says what keeps them from being paired."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from headtohead.core.errors import InputError
from headtohead.stats.inputs import FloatArray
from headtohead.trials.calls import Call
from headtohead.trials.comparing.settings import Missing
from headtohead.trials.comparing.sides import Side, named_apart

_SHOWN = 5
_PLAIN = "plain"


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """What one side did on each item, every array of shape (n,).

    Attributes:
        keys: The items.
        scores: Mean score over the tries.
        tries: How many tries have a score.
        calls: The calls of each item, by epoch.
    """

    keys: tuple[str, ...]
    scores: FloatArray
    tries: FloatArray
    calls: tuple[tuple[Call, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """The items that both sides have a score for, in the order of the first.

    Attributes:
        a: What A did.
        b: What B did on the same items.
        left_out: Reason -> items left out.
        notes: What a careful reader must know of the pairing.
    """

    a: Items
    b: Items
    left_out: Mapping[str, int]
    notes: tuple[str, ...] = ()


def pair(
    a: Side,
    b: Side,
    *,
    shared: bool = False,
    missing: Missing = "leave-out",
    same: Sequence[str] = (),
) -> Pairs:
    """The items of both sides, item by item.

    Args:
        a: The side that would be replaced.
        b: The side that might stand in.
        shared: Compare the items that both have, although others are only in one.
        missing: What becomes of an item without a score (its call failed): left out with its
            partner, or counted as scored 0.
        same: Labels that must have the same values on both sides.

    Raises:
        InputError: If the two were not measured alike, their items differ, or nothing is left. The
            message names what differs.
    """
    a, b = renamed(a, b)
    differ = [*_settings_apart(a, b), *_labels_apart(a, b, same)]
    if differ:
        raise InputError(
            f"{a.name} and {b.name} were not measured alike, so their difference would mix models "
            f"with methods: {'; '.join(differ)}. Run both in one way. `unpaired` does not "
            "help: the scores themselves are not comparable."
        )
    of_a, of_b = _by_key(a), _by_key(b)
    only_a = [key for key in of_a if key not in of_b]
    only_b = [key for key in of_b if key not in of_a]
    both = [key for key in of_a if key in of_b]
    if not both:
        raise InputError(_nothing_shared(a, b, only_a, only_b))
    if (only_a or only_b) and not shared:
        raise InputError(_sets_apart(a, b, only_a, only_b, len(both)))
    changed = [key for key in both if _text_apart(of_a[key], of_b[key])]
    if changed:
        raise InputError(
            f"{len(changed)} of {len(both)} items have one key but another text in {a.path.name} "
            f"and {b.path.name} ({_listed(changed)}): they are not the same items. Use one version "
            "of the data set."
        )
    left_out: Counter[str] = Counter()
    if only_a:
        left_out[f"only in {a.name}"] = len(only_a)
    if only_b:
        left_out[f"only in {b.name}"] = len(only_b)
    return _scored(a, b, [(key, of_a[key], of_b[key]) for key in both], missing, left_out)


def renamed(a: Side, b: Side) -> tuple[Side, Side]:
    """The sides under names that tell them apart."""
    first, second = named_apart([a, b])
    return replace(a, name=first), replace(b, name=second)


def alone(side: Side, *, missing: Missing = "leave-out") -> tuple[Items, int]:
    """The items of one side for an unpaired analysis, and how many have no score."""
    found = _by_key(side)
    rows = [(key, _means(calls, missing), calls) for key, calls in found.items()]
    kept = [(key, mean, calls) for key, mean, calls in rows if mean is not None]
    if not kept:
        raise InputError(f"No item of {side.name} has a score. {_how_to_score(side)}")
    return _items(kept), len(rows) - len(kept)


def measured_apart(a: Side, b: Side) -> list[str]:
    """What has to be equal for scores to be comparable and is not, in words."""
    return _settings_apart(a, b)


def _scored(
    a: Side,
    b: Side,
    rows: Sequence[tuple[str, list[Call], list[Call]]],
    missing: Missing,
    left_out: Counter[str],
) -> Pairs:
    kept_a, kept_b, notes = [], [], _metric_words(a, b)
    for key, first, second in rows:
        mean_a, mean_b = _means(first, missing), _means(second, missing)
        if mean_a is None or mean_b is None:
            who = "both" if mean_a is mean_b else a.name if mean_a is None else b.name
            left_out[f"no score in {who}"] += 1
            continue
        kept_a.append((key, mean_a, first))
        kept_b.append((key, mean_b, second))
    if not kept_a:
        raise InputError(f"No item has a score on both sides. {_how_to_score(a)}")
    made = Pairs(_items(kept_a), _items(kept_b), dict(left_out))
    _check_scales(a, b, made)
    if not np.array_equal(made.a.tries, made.b.tries):
        notes.append(
            "The sides tried some items a different number of times; means per item are compared."
        )
    lost = sum(n for reason, n in left_out.items() if reason.startswith("no score"))
    if lost:
        notes.append(
            f"{_items_words(lost, 'has', 'have')} no score on a side, so the comparison leaves "
            "out what has none; `missing` set to wrong counts it as failed."
        )
    return Pairs(made.a, made.b, made.left_out, tuple(notes))


def _check_scales(a: Side, b: Side, made: Pairs) -> None:
    """Raise where one side scores in shares and the other far outside them, as 0 to 100."""
    for one, other, inside, outside in (
        (a, b, made.a.scores, made.b.scores), (b, a, made.b.scores, made.a.scores)
    ):  # fmt: skip
        shares = inside.min() >= 0 and inside.max() <= 1
        if shares and (outside.max() > 1.5 or outside.min() < -0.5):
            raise InputError(
                f"{one.name} is scored from 0 to 1 and {other.name} from {outside.min():g} to "
                f"{outside.max():g}: these are two scales. Bring both files to one of them."
            )


def _items(rows: Sequence[tuple[str, tuple[float, int], list[Call]]]) -> Items:
    return Items(
        keys=tuple(key for key, _, _ in rows),
        scores=np.array([mean for _, (mean, _), _ in rows]),
        tries=np.array([tries for _, (_, tries), _ in rows], dtype=np.float64),
        calls=tuple(tuple(calls) for _, _, calls in rows),
    )


def _by_key(side: Side) -> dict[str, list[Call]]:
    """The calls of each item, by epoch.

    Raises:
        InputError: If an item has the same epoch twice.
    """
    found: dict[str, list[Call]] = {}
    for call in side.calls:
        found.setdefault(call.key, []).append(call)
    for key, calls in found.items():
        if len(calls) == 1:
            continue
        calls.sort(key=lambda call: call.epoch)
        epochs = [call.epoch for call in calls]
        if len(set(epochs)) < len(epochs):
            raise InputError(
                f"{side.path} has item {key!r} twice for {side.name}"
                f"{_places(calls)}. Name the column that tells the repeats apart with "
                "`mapping={'epoch': 'COLUMN'}`, or the one that tells the runs apart with "
                "`mapping={'run': 'COLUMN'}`."
            )
    return found


def _means(calls: Sequence[Call], missing: Missing) -> tuple[float, int] | None:
    scores = [call.score for call in calls if call.score is not None]
    if missing == "wrong":
        return sum(scores) / len(calls), len(calls)
    return (sum(scores) / len(scores), len(scores)) if scores else None


def _settings_apart(a: Side, b: Side) -> list[str]:
    ours, theirs = dict(a.meta.must_agree), dict(b.meta.must_agree)
    ours["task"], theirs["task"] = a.meta.task, b.meta.task
    if _names_its_metric(a, b):
        ours["metric"], theirs["metric"] = a.meta.metric, b.meta.metric
    return [
        f"{name} is {ours[name]!r} in {a.name} and {theirs[name]!r} in {b.name}"
        for name in sorted(ours)
        if name in theirs and ours[name] and theirs[name] and ours[name] != theirs[name]
    ]


def _names_its_metric(a: Side, b: Side) -> bool:
    """Whether other words for the metric mean another metric.

    A column of a plain table may be called anything, and two tools call one metric differently.
    """
    return a.meta.format == b.meta.format and a.meta.format != _PLAIN


def _metric_words(a: Side, b: Side) -> list[str]:
    first, second = a.meta.metric, b.meta.metric
    if not first or not second or first == second:
        return []
    return [f"Scores are {first!r} in {a.name} and {second!r} in {b.name}: make sure that they "
            "measure one thing in one way."]  # fmt: skip


def _labels_apart(a: Side, b: Side, same: Sequence[str]) -> list[str]:
    found = []
    for name in same:
        values = [sorted({call.labels.get(name, "") for call in side.calls}) for side in (a, b)]
        for side, seen in zip((a, b), values, strict=True):
            if seen == [""]:
                raise InputError(
                    f"{side.path} has no label {name!r}. Map it: `mapping={{'labels': '{name}'}}`."
                )
        if values[0] != values[1]:
            found.append(f"{name} is {_listed(values[0])} in {a.name} and {_listed(values[1])} in "
                         f"{b.name}")  # fmt: skip
    return found


def _text_apart(a: Iterable[Call], b: Iterable[Call]) -> bool:
    first, second = ({c.fingerprint for c in calls if c.fingerprint} for calls in (a, b))
    return bool(first and second and first != second)


def _sets_apart(a: Side, b: Side, only_a: Sequence[str], only_b: Sequence[str], both: int) -> str:
    parts = [
        f"{_items_words(len(keys), 'is', 'are')} only in {side.name} ({_listed(keys)})"
        for side, keys in ((a, only_a), (b, only_b))
        if keys
    ]
    return (
        f"{a.name} and {b.name} did not run on the same items: {both} are shared, "
        f"{' and '.join(parts)}. Other items often mean another version of the benchmark or of its "
        "harness. If you know that the shared items were run alike, ask for `shared`; for two "
        "samples of one population ask for `unpaired`."
    )


def _nothing_shared(a: Side, b: Side, only_a: Sequence[str], only_b: Sequence[str]) -> str:
    return (
        f"{a.name} and {b.name} share no item: keys are like {_listed(only_a[:2])} in "
        f"{a.path.name} and like {_listed(only_b[:2])} in {b.path.name}. Name the column that "
        "holds the same key in both with `mapping={'key': 'COLUMN'}`, or ask for `unpaired`."
    )


def _how_to_score(side: Side) -> str:
    return (
        f"Name the column of scores with `mapping={{'score': 'COLUMN'}}`, or score the "
        f"answers in {side.path.name} with `scorer`."
    )


def _places(calls: Sequence[Call]) -> str:
    where = [call.where for call in calls if call.where][:2]
    return f" ({' and '.join(where)})" if where else ""


def _items_words(n: int, one: str, many: str) -> str:
    return f"1 item {one}" if n == 1 else f"{n:,} items {many}"


def _listed(words: Sequence[str]) -> str:
    shown = ", ".join(map(str, words[:_SHOWN]))
    return f"{shown} and {len(words) - _SHOWN} more" if len(words) > _SHOWN else shown
