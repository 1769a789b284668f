"""Takes runs from files and pairs them by the keys of their items, or says why it cannot."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Unpack

import numpy as np

from headtohead.core.errors import InputError, UnknownName
from headtohead.core.units import counted, first_few, nearest_first
from headtohead.files.opening import arrived
from headtohead.logs.calls import Call, Meta, RunReading
from headtohead.logs.opening import FORMATS, load
from headtohead.publish.words import listed
from headtohead.stats.inputs import FloatArray, IntArray
from headtohead.trials.comparing.settings import Missing

_PICK = "::"
_PLAIN = "plain"
_ENDINGS = re.compile(
    r"(\.(jsonl?|ndjson|csv|tsv|txt|parquet|pq|ya?ml|eval|gz|zst|bz2|xz|zip))+$", re.IGNORECASE
)
_SCORES = ("score", "correct", "success", "passed", "accuracy", "grade", "rating", "result")


# ---------------------------------------------------------------- runs


@dataclass(frozen=True, slots=True, eq=False)
class ModelRun:
    """The calls of one model.

    Attributes:
        model: The model, in the file's own word; empty if the file does not say.
        calls: In file order.
        dropped: Reason -> records that the reader left out.
        unscored: Why answers that were scored anew have no score -> how many.
    """

    name: str
    path: Path
    model: str
    meta: Meta
    calls: tuple[Call, ...]
    dropped: Mapping[str, int]
    unscored: Mapping[str, int] = field(default_factory=dict)


def open_run(spec: str, **how: Unpack[RunReading]) -> ModelRun:
    """The run that `FILE` or `FILE::MODEL` names.

    Args:
        spec: A path; after "::" the model or run to take, where the file holds several.

    Raises:
        InputError: If the file cannot be read, or holds several runs and none is named.
        UnknownName: If it holds no run of that name.
    """
    return open_all(spec, single=True, **how)[0]


def open_all(spec: str, *, single: bool = False, **how: Unpack[RunReading]) -> list[ModelRun]:
    """Every run in `FILE`, or those that `FILE::MODEL` names.

    Args and errors are those of `open_run`; several runs are an error only if `single`.
    """
    file, _, wanted = spec.partition(_PICK)
    if not file:
        raise InputError(f"{spec!r} names no file. Write FILE, or FILE::MODEL.")
    path, loaded = arrived(file), load(Path(file), **how)
    # An answer may carry a dated name and a failure the name that was asked for: both are one
    # model's, and a failed call has to stay in the count.
    runs: dict[tuple[str, str], list[Call]] = {}
    models = {call.model for call in loaded.calls}
    for call in loaded.calls:
        asked = call.labels.get("asked_for", "")
        runs.setdefault((asked if asked in models else call.model, call.run), []).append(call)
    if not runs:
        raise InputError(f"{file} holds no call. Check that it is the file you mean.")
    chosen = [run for run in runs if not wanted or wanted in run]
    if not chosen:
        raise UnknownName(f"model or run in {file}", wanted, _picks(list(runs)))
    picks = _picks(chosen)
    if single and len(chosen) > 1:
        raise InputError(
            f"{file} holds {len(chosen)} runs: {first_few(picks, 8)}. Say which, as "
            f"{file}{_PICK}{picks[0]}."
        )
    opened = []
    for (model, run), pick in zip(chosen, picks, strict=True):
        word = pick if len(chosen) > 1 else wanted
        # A folder's name may have a point in it, and no ending.
        name = word or model or run or (path.name if path.is_dir() else _ENDINGS.sub("", path.name))
        if word and word == run and model not in ("", run):
            # The model first: a run is often called by an id that says nothing.
            name = f"{model} ({run})"
        calls = tuple(runs[model, run])
        opened.append(ModelRun(name, path, model, loaded.meta, calls, loaded.dropped))
    return opened


def _picks(runs: Sequence[tuple[str, str]]) -> list[str]:
    """What may stand after "::" to tell runs apart: the run where models repeat."""
    models = [model for model, _ in runs]
    return [run if run and (not model or models.count(model) > 1) else model for model, run in runs]


def named_apart(runs: Sequence[ModelRun]) -> list[str]:
    """A name for each run; of runs called alike also their file or folder, or their column."""
    names = [run.name for run in runs]
    for told in (
        lambda run: f"{run.name} ({run.path.name})",
        lambda run: f"{run.name} ({run.path.absolute().parent.name})",
        lambda run: run.meta.metric,
    ):
        apart = [told(r) if names.count(r.name) > 1 else r.name for r in runs]
        if len(set(apart)) == len(apart):
            return apart
    return [f"{name} #{place}" for place, name in enumerate(names, 1)]


def given_again(runs: Sequence[ModelRun]) -> list[str]:
    """A sentence for each run that holds what an earlier one holds."""
    names = named_apart(runs)
    return [
        f"{names[place]} holds the same calls as {names[earlier]}, word for word."
        for place, run in enumerate(runs)
        for earlier in [next(n for n, other in enumerate(runs) if other.calls == run.calls)]
        if earlier < place
    ]


# ---------------------------------------------------------------- pairs


class ItemCalls:
    """The calls of each item, by epoch, as places in a run: a log may have a million items.

    Attributes:
        sizes: How many calls each item has, shape (n,).
    """

    def __init__(self, calls: Sequence[Call], places: IntArray, sizes: IntArray) -> None:
        """Calls in any order; their places item by item, and how many of these each item takes."""
        self._calls, self._places, self.sizes = calls, places, sizes
        self._ends = np.cumsum(sizes)

    def __len__(self) -> int:
        """How many items there are."""
        return self.sizes.size

    def __getitem__(self, item: int) -> tuple[Call, ...]:
        """The calls of an item."""
        end = self._ends[item]
        return tuple(self._calls[at] for at in self._places[end - self.sizes[item] : end].tolist())

    def __iter__(self) -> Iterator[tuple[Call, ...]]:
        """The calls of each item."""
        return map(self.__getitem__, range(len(self)))

    def of(self, items: IntArray) -> "ItemCalls":
        """Those of some items, in the order given."""
        sizes = self.sizes[items]
        within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        starts = np.repeat((self._ends - self.sizes)[items], sizes)
        return ItemCalls(self._calls, self._places[starts + within], sizes)

    def flat(self) -> Iterator[Call]:
        """Every call, item by item."""
        return map(self._calls.__getitem__, self._places.tolist())

    def figures(self, figure: Callable[[Call], float | None]) -> FloatArray:
        """A figure of every call, item by item; NaN where it has none."""
        values = (np.nan if (x := figure(call)) is None else x for call in self.flat())
        return np.fromiter(values, np.float64, self._places.size)

    def sums(self, values: FloatArray) -> FloatArray:
        """Of values of every call, item by item, the sum over each item, shape (n,)."""
        sums = np.bincount(np.repeat(np.arange(len(self)), self.sizes), values, len(self))
        return sums.astype(np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class RunItems:
    """What one run did on each item, every array of shape (n,).

    Attributes:
        scores: Mean score over the repeats; NaN where none has a score.
        repeats: How many repeats have a score.
        calls: The calls of each item.
    """

    keys: tuple[str, ...]
    scores: FloatArray
    repeats: FloatArray
    calls: ItemCalls

    def of(self, items: IntArray) -> "RunItems":
        """Some of them, in the order given."""
        if np.array_equal(items, np.arange(len(self.keys))):
            return self
        keys = tuple(map(self.keys.__getitem__, items.tolist()))
        return RunItems(keys, self.scores[items], self.repeats[items], self.calls.of(items))


@dataclass(frozen=True, slots=True, eq=False)
class PairedItems:
    """The items that both runs have a score for, in the order of the first.

    Attributes:
        left_out: Reason -> items left out.
    """

    a: RunItems
    b: RunItems
    left_out: Mapping[str, int]
    notes: tuple[str, ...] = ()


def pair(
    a: ModelRun,
    b: ModelRun,
    *,
    shared: bool = False,
    missing: Missing = "leave-out",
    same: Sequence[str] = (),
) -> PairedItems:
    """The items of both runs, item by item.

    Args:
        shared: Compare the items that both have, although others are only in one.
        missing: What becomes of an item without a score (its call failed): left out with its
            partner, or counted as scored 0.
        same: Labels that must have the same values on both sides.

    Raises:
        InputError: If the two were not measured alike, their items differ, or nothing is left. The
            message names what differs.
    """
    a, b = renamed(a, b)
    differ = [*measured_apart(a, b), *_labels_apart(a, b, same)]
    if differ:
        raise InputError(
            f"{a.name} and {b.name} were not measured alike, so their difference would mix models "
            f"with methods: {'; '.join(differ)}. Run both in one way. `unpaired` does not help: "
            "the scores themselves are not comparable."
        )
    of_a, of_b = _items(a, missing), _items(b, missing)
    places = _matched(of_a.keys, of_b.keys)
    only = {
        run: [of.keys[at] for at in np.setdiff1d(np.arange(len(of.keys)), there).tolist()]
        for run, of, there in zip((a, b), (of_a, of_b), places, strict=True)
    }
    both_a, both_b = of_a.of(places[0]), of_b.of(places[1])
    both = both_a.keys
    if not both:
        raise InputError(
            f"{a.name} and {b.name} share no item: keys are like {first_few(only[a][:2])} in "
            f"{a.path.name} and like {first_few(only[b][:2])} in {b.path.name}. Name the column "
            "that holds the same key in both with `mapping={'key': 'COLUMN'}`, or ask for "
            "`unpaired`."
        )
    if any(only.values()) and not shared:
        apart = " and ".join(
            f"{counted(len(keys), 'item is', 'items are')} only in {run.name} ({first_few(keys)})"
            for run, keys in only.items()
            if keys
        )
        raise InputError(
            f"{a.name} and {b.name} did not run on the same items: {len(both)} are shared, "
            f"{apart}. Other items often mean another version of the benchmark or of its harness. "
            "If you know that the shared items were run alike, ask for `shared`; for two samples "
            "of one population ask for `unpaired`."
        )
    if changed := _changed(both_a, both_b):
        raise InputError(
            f"{len(changed)} of {len(both)} items have one key but another text in {a.path.name} "
            f"and {b.path.name} ({first_few(changed)}): they are not the same items. Use one "
            "version of the data set."
        )
    left_out = Counter({f"only in {run.name}": len(keys) for run, keys in only.items() if keys})
    return _scored(a, b, both_a, both_b, left_out)


def renamed(a: ModelRun, b: ModelRun) -> tuple[ModelRun, ModelRun]:
    """The runs under names that tell them apart."""
    first, second = named_apart([a, b])
    return replace(a, name=first), replace(b, name=second)


def alone(
    run: ModelRun, *, missing: Missing = "leave-out", scorer: bool = True
) -> tuple[RunItems, int]:
    """The items of one run for an unpaired analysis, and how many have no score.

    `scorer` is whether the verb has one to offer where no item has a score.
    """
    every = _items(run, missing)
    if all(call.score is None for call in run.calls):
        raise InputError(
            f"No item of {run.name} has a score: {_unscored(run.name, every)}. "
            f"{_how_to_score([run], scorer)}"
        )
    kept = np.flatnonzero(~np.isnan(every.scores))
    return every.of(kept), len(every.keys) - kept.size


def measured_apart(a: ModelRun, b: ModelRun) -> list[str]:
    """What has to be equal for scores to be comparable and is not, in words."""
    ours, theirs = dict(a.meta.must_agree), dict(b.meta.must_agree)
    ours["task"], theirs["task"] = a.meta.task, b.meta.task
    # A column of a plain table may be called anything, and two tools call one metric differently.
    if a.meta.format == b.meta.format and a.meta.format != _PLAIN:
        ours["metric"], theirs["metric"] = a.meta.metric, b.meta.metric
    return [
        f"{name} is {ours[name]!r} in {a.name} and {theirs[name]!r} in {b.name}"
        for name in sorted(ours)
        if name in theirs and ours[name] and theirs[name] and ours[name] != theirs[name]
    ]


def _matched(a: Sequence[str], b: Sequence[str]) -> tuple[IntArray, IntArray]:
    """Where the keys that both have stand in each, in the order of the first."""
    if a == b:
        return np.arange(len(a)), np.arange(len(b))
    in_b = {key: place for place, key in enumerate(b)}
    there = np.fromiter((in_b.get(key, -1) for key in a), np.int64, len(a))
    return np.flatnonzero(there >= 0), there[there >= 0]


def _changed(a: RunItems, b: RunItems) -> list[str]:
    """The keys under which the two have another text, of the same items."""
    if not all(any(call.fingerprint for call in items.calls.flat()) for items in (a, b)):
        return []
    changed = []
    for key, *calls in zip(a.keys, a.calls, b.calls, strict=True):
        texts = [{call.fingerprint for call in of if call.fingerprint} for of in calls]
        if all(texts) and texts[0] != texts[1]:
            changed.append(key)
    return changed


def _scored(
    a: ModelRun, b: ModelRun, of_a: RunItems, of_b: RunItems, left_out: Counter[str]
) -> PairedItems:
    """The same items of both with a score on both sides; the others are counted by reason."""
    shared_n = len(of_a.keys)
    without_a, without_b = np.isnan(of_a.scores), np.isnan(of_b.scores)
    unscored = np.flatnonzero(without_a | without_b)
    for item in unscored:
        who = a.name if not without_b[item] else b.name if not without_a[item] else "both"
        left_out[f"no score in {who}"] += 1
    without = [run for run in (a, b) if all(call.score is None for call in run.calls)]
    if unscored.size == shared_n or without:
        why = "; ".join(_unscored(run.name, _items(run, "leave-out")) for run in (a, b))
        raise InputError(
            f"No item has a score on both sides, of {counted(shared_n, 'shared item')}: {why}. "
            f"{_how_to_score(without or [a, b])}"
        )
    if unscored.size:
        kept = np.flatnonzero(~(without_a | without_b))
        of_a, of_b = of_a.of(kept), of_b.of(kept)
    for one, other, inside, outside in (
        (a, b, of_a.scores, of_b.scores),
        (b, a, of_b.scores, of_a.scores),
    ):
        shares = inside.min() >= 0 and inside.max() <= 1
        if shares and (outside.max() > 1.5 or outside.min() < -0.5):
            raise InputError(
                f"{one.name} is scored from 0 to 1 and {other.name} from {outside.min():g} to "
                f"{outside.max():g}: these are two scales. Bring both files to one of them."
            )
    notes = []
    if a.meta.metric and b.meta.metric and a.meta.metric != b.meta.metric:
        notes.append(
            f"Scores are {a.meta.metric!r} in {a.name} and {b.meta.metric!r} in {b.name}: make "
            "sure that they measure one thing in one way."
        )
    if not np.array_equal(of_a.repeats, of_b.repeats):
        notes.append(
            "The sides ran some items a different number of times; means per item are compared."
        )
    if unscored.size:
        notes.append(
            f"{counted(unscored.size, 'item has', 'items have')} no score on a side, so the "
            "comparison leaves out what has none: what is unknown is not wrong. `missing` set to "
            "wrong counts it as failed."
        )
    return PairedItems(of_a, of_b, dict(left_out), tuple(notes))


def _items(run: ModelRun, missing: Missing) -> RunItems:
    """The items of a run, in the order in which they come first.

    Raises:
        InputError: If an item has the same epoch twice.
    """
    first: dict[str, int] = {}
    n = len(run.calls)
    item = np.fromiter((first.setdefault(x.key, len(first)) for x in run.calls), np.int64, n)
    keys, places = tuple(first), np.arange(n)
    del first  # the largest thing here
    if len(keys) < n:
        _, epoch = np.unique([call.epoch for call in run.calls], return_inverse=True)
        places = np.lexsort((epoch, item))
        again = (np.diff(item[places]) == 0) & (np.diff(epoch[places]) == 0)
        if again.any():
            twice = int(item[places][again.argmax()])
            raise _twice(run, keys[twice], np.flatnonzero(item == twice))
    calls = ItemCalls(run.calls, places, np.bincount(item, minlength=len(keys)))
    given = calls.figures(lambda call: call.score)
    repeats = calls.sums((~np.isnan(given)).astype(np.float64))
    if missing == "wrong":
        repeats = calls.sizes.astype(np.float64)
    with np.errstate(invalid="ignore"):
        return RunItems(keys, calls.sums(np.nan_to_num(given)) / repeats, repeats, calls)


def _twice(run: ModelRun, key: str, places: IntArray) -> InputError:
    """An error for an item that has the same epoch twice."""
    calls = sorted((run.calls[place] for place in places), key=lambda call: call.epoch)
    where = " and ".join([call.where for call in calls if call.where][:2])
    return InputError(
        f"{run.path} has item {key!r} twice for {run.name}"
        f"{f' ({where})' if where else ''}. Name the column that tells the repeats apart "
        "with `mapping={'epoch': 'COLUMN'}`, or the one that tells the runs apart with "
        "`mapping={'run': 'COLUMN'}`."
    )


def _labels_apart(a: ModelRun, b: ModelRun, same: Sequence[str]) -> list[str]:
    differ = []
    for name in same:
        values = [sorted({call.labels.get(name, "") for call in run.calls}) for run in (a, b)]
        for run, seen in zip((a, b), values, strict=True):
            if seen == [""]:
                raise InputError(
                    f"{run.path} has no label {name!r}. Map it: `mapping={{'labels': '{name}'}}`."
                )
        if values[0] != values[1]:
            differ.append(
                f"{name} is {first_few(values[0])} in {a.name} and {first_few(values[1])} in "
                f"{b.name}"
            )
    return differ


def _unscored(name: str, items: RunItems) -> str:
    """What is known of the items of a run, with and without a score."""
    states = Counter(
        "scored"
        if any(call.score is not None for call in calls)
        else "failed"
        if all(call.failure for call in calls)
        else "without a score"
        for calls in items.calls
    )
    return f"{name} has {listed([f'{n:,} {state}' for state, n in states.items()])}"


def _how_to_score(runs: Sequence[ModelRun], scorer: bool = True) -> str:
    known = list(dict.fromkeys(name for run in runs for name in run.meta.scores))
    way = "with `scorer`" if scorer else "first, as h2h compare does with --scorer"
    files = list(dict.fromkeys(run.path.name for run in runs))
    answers = f"the answers in {listed(files)} {way}."
    formats = [FORMATS.by_name.get(run.meta.format) for run in runs]
    maps = [None if module is None else module.FORMAT.maps for module in formats]
    # Without a score there is nothing to name, unless any path may be mapped.
    if not known and not any(fields is None or "key" in fields for fields in maps):
        return f"Score {answers}"
    there = f" (there are {nearest_first(known, _SCORES)})" if known else ""
    column = known[0] if len(known) == 1 else "COLUMN"
    return f"Name the score with `mapping={{'score': '{column}'}}`{there}, or score {answers}"
