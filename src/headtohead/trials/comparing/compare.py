"""Two runs on the same items, or more: what their differences show."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec
import numpy as np

from headtohead.core.errors import InputError
from headtohead.core.estimate import Interval
from headtohead.core.units import counted, first_few
from headtohead.files.formats import PLAIN
from headtohead.logs.calls import Call
from headtohead.prices.rates import Rates, cost_usd
from headtohead.stats.inputs import BoolArray, FloatArray
from headtohead.trials.comparing.pairing import (
    ModelRun,
    PairedItems,
    RunItems,
    alone,
    given_again,
    measured_apart,
    named_apart,
    pair,
    renamed,
)
from headtohead.trials.comparing.result import (
    ChangedItem,
    Comparison,
    Money,
    SideSummary,
    Speed,
)
from headtohead.trials.comparing.settings import CompareSettings, Goal
from headtohead.trials.paired.costs import cost_per_success_ratio, median_ratio
from headtohead.trials.paired.differences import (
    MeanDifference,
    Verdict,
    difference,
    judge,
    unpaired_difference,
)
from headtohead.trials.paired.joint import RunField, compare_many, slices
from headtohead.trials.paired.means import cluster_codes
from headtohead.trials.power import Assumed
from headtohead.trials.scoring.scored import Scorer
from headtohead.trials.words import Kind

if TYPE_CHECKING:
    from headtohead.stats.fronts import Drawn

RatesOf = Callable[[str, Call], Rates | None]

_METHODS = {
    "exact-pairs": "exact limits for yes/no pairs, in the order of Tango's score",
    "tango-score": "Tango's score interval for yes/no pairs, half a pair wider",
    "clustered-t-and-score": "the wider of Student's t with cluster-robust errors (CR2) and a "
    "score interval over clusters",
    "clustered-t": "Student's t with cluster-robust errors (CR2)",
    "student-t": "Student's t on the differences by item",
    "newcombe-hybrid": "Newcombe's hybrid score interval for independent shares",
    "welch-t": "Welch's t",
    "welch-t-and-wilson": "the wider of Welch's t and score limits of both means",
}
_POWER = 0.8
_MOST_ITEMS = 1_000_000
_ALWAYS_APART = {"model", "created", "date", "run", "eval_id", "run_id"}
_FEWEST = 10  # items with a latency, below which medians say little
_ROUNDS = (500, 2000)  # of the bootstrap, fewest and most
_CELLS = 5_000_000  # items times rounds; intervals of many items are narrow with fewer rounds too


def compare(
    a: ModelRun,
    b: ModelRun,
    settings: CompareSettings | None = None,
    *,
    rates: RatesOf | None = None,
) -> Comparison:
    """B against A.

    Runs whose files tell no costs take the list prices that `rates` gives of a model at a call.

    Raises:
        InputError: If the two cannot be compared honestly; the message names what differs.
    """
    settings = settings or CompareSettings()
    if settings.unpaired:
        return _unpaired(a, b, settings)
    pairs = pair(a, b, shared=settings.shared, missing=settings.missing, same=settings.same)
    clusters = labelled(pairs.a, settings.cluster, a) if settings.cluster else None
    bounds = _bounds(settings, pairs.a.scores, pairs.b.scores)
    estimate = _difference(pairs, clusters, settings, bounds)
    rng = np.random.default_rng(settings.seed)
    money, why = _money(pairs, (a, b), rng, settings.level, rates, clusters)
    first = settings.slices[0] if settings.slices else ""
    of_a, of_b, calls = pairs.a.scores, pairs.b.scores, pairs.a.calls
    changed = [
        ChangedItem(key, old, new, calls[item][0].labels.get(first, "") if first else "")
        for item in np.flatnonzero(of_a != of_b).tolist()
        for key, old, new in [(pairs.a.keys[item], float(of_a[item]), float(of_b[item]))]
    ]
    changed.sort(key=lambda item: (-abs(item.b - item.a), item.key))
    notes = [*pairs.notes, *_doubts(a, b, settings)]
    if why and (rates is not None or "item" in why):
        notes.append(f"No cost can be told: {why}.")
    by_label = {
        label: slices(
            pairs.a.scores,
            pairs.b.scores,
            labelled(pairs.a, label, a),
            settings.margin,
            np.random.default_rng(settings.seed),
            clusters=clusters,
            level=settings.level,
            bounds=bounds,
        )
        for label in settings.slices
    }
    return _comparison(
        (a, b),
        (pairs.a, pairs.b),
        settings,
        estimate,
        bounds,
        paired=True,
        lost=tuple(item for item in changed if item.b < item.a),
        gained=tuple(item for item in changed if item.b > item.a),
        same=len(pairs.a.keys) - len(changed),
        slices=by_label,
        money=money,
        speed=_speed(pairs, rng, settings.level, clusters),
        left_out=pairs.left_out,
        notes=tuple(notes),
    )


def _unpaired(a: ModelRun, b: ModelRun, settings: CompareSettings) -> Comparison:
    a, b = renamed(a, b)
    differ = measured_apart(a, b)
    if differ:
        raise InputError(
            f"{a.name} and {b.name} were not measured alike: {'; '.join(differ)}. That their items "
            "need not be matched does not make their scores comparable."
        )
    (of_a, lost_a), (of_b, lost_b) = (alone(run, missing=settings.missing) for run in (a, b))
    bounds = _bounds(settings, of_a.scores, of_b.scores)
    clusters = [
        labelled(items, settings.cluster, run) if settings.cluster else None
        for items, run in ((of_a, a), (of_b, b))
    ]
    estimate = unpaired_difference(
        of_a.scores,
        of_b.scores,
        clusters_a=clusters[0],
        clusters_b=clusters[1],
        level=settings.level,
        bounds=bounds,
    )
    notes = [
        "Items are not matched, as asked for. If both ran on the same items, matching them tells "
        "more."
    ]
    if settings.slices:
        notes.append("Slices are told of matched items only.")
    return _comparison(
        (a, b),
        (of_a, of_b),
        settings,
        estimate,
        bounds,
        paired=False,
        left_out={f"no score in {run.name}": n for run, n in ((a, lost_a), (b, lost_b)) if n},
        notes=(*notes, *_doubts(a, b, settings)),
    )


def labelled(items: RunItems, label: str, run: ModelRun) -> list[str]:
    """The value of a label for each item; items without it stand alone, named by their key.

    Raises:
        InputError: If no item has the label.
    """
    values = [calls[0].labels.get(label) for calls in items.calls]
    if not any(values):
        known = sorted({name for calls in items.calls for name in calls[0].labels})
        hint = f"Map a column to it: `mapping={{'labels': '{label}'}}`."
        if known:
            hint = f"Labels there are: {', '.join(known[:12])}."
        raise InputError(f"No item of {run.path} has the label {label!r}. {hint}")
    return [value or f"(none: {key})" for value, key in zip(values, items.keys, strict=True)]


def rescored(run: ModelRun, score: Scorer) -> ModelRun:
    """The run with its answers scored anew.

    Raises:
        InputError: If no answer could be scored.
    """
    reasons = Counter[str]()
    for call in run.calls:
        scored = score(call)
        call.score, call.failure = scored.value, scored.failure or call.failure
        if scored.value is None:
            reasons[scored.why] += 1
    if all(call.score is None for call in run.calls):
        why = ", ".join(reasons) or "there is no answer"
        raise InputError(f"No answer in {run.path} could be scored: {why}.")
    # What the file says of its own scores holds no longer.
    kept = {
        name: value
        for name, value in run.meta.must_agree.items()
        if name != "scorers" and not name.endswith("metric")
    }
    meta = msgspec.structs.replace(run.meta, metric="", must_agree=kept)
    return ModelRun(run.name, run.path, run.model, meta, run.calls, run.dropped, dict(reasons))


def _bounds(settings: CompareSettings, *scores: FloatArray) -> tuple[float, float] | None:
    """0 to 1 where every score is a share; nothing is known of other scales.

    Raises:
        InputError: If the margin leaves nothing to ask: 5 where five points were meant.
    """
    if not all(array.min() >= 0 and array.max() <= 1 for array in scores):
        return None
    if settings.goal != "superiority" and settings.margin >= 1:
        raise InputError(
            f"`margin` is {settings.margin:g}, and these scores lie between 0 and 1. Write "
            f"{settings.margin:g}pp for percentage points."
        )
    return 0.0, 1.0


def _difference(
    pairs: PairedItems,
    clusters: Sequence[str] | None,
    settings: CompareSettings,
    bounds: tuple[float, float] | None,
) -> MeanDifference:
    """Repeats as rows where both runs have equally many; else means by item."""
    a, b = pairs.a, pairs.b
    repeats = int(a.repeats[0])
    alike = bool(np.all(a.repeats == repeats)) and np.array_equal(a.repeats, b.repeats)
    if repeats == 1 or not alike:
        return difference(
            a.scores, b.scores, clusters=clusters, level=settings.level, bounds=bounds
        )
    rows = [
        [
            call.score or 0.0
            for call in items.calls.flat()
            if call.score is not None or settings.missing == "wrong"
        ]
        for items in (a, b)
    ]
    together = [owner for owner in clusters or a.keys for _ in range(repeats)]
    return difference(rows[0], rows[1], clusters=together, level=settings.level, bounds=bounds)


def _comparison(
    runs: tuple[ModelRun, ModelRun],
    items: tuple[RunItems, RunItems],
    settings: CompareSettings,
    estimate: MeanDifference,
    bounds: tuple[float, float] | None,
    **parts: object,
) -> Comparison:
    """What both ways to compare have in common: verdicts, and what is said of each run."""
    judged = judge(estimate, settings.margin)
    verdicts: dict[Goal, Verdict] = {
        "non-inferiority": judged.noninferior,
        "equivalence": judged.equivalent,
        "superiority": judged.superior,
    }
    p_values = {
        "non-inferiority": judged.p_noninferior,
        "equivalence": judged.p_equivalent,
        "superiority": judged.p_superior,
    }
    sides = [
        SideSummary(
            name=name,
            model=run.model,
            file=run.path.name,
            format=run.meta.format,
            items=len(of_run.keys),
            repeats=int(of_run.calls.sizes.sum()),
            score=float(of_run.scores.mean()),
            failures=dict(Counter(call.failure for call in run.calls if call.failure)),
            about=dict(run.meta.may_differ),
        )
        for run, name, of_run in zip(runs, named_apart(runs), items, strict=True)
    ]
    verdict, more = verdicts[settings.goal], None
    if verdict == "undecided":
        more = _more(estimate, settings, bounds, len(items[0].keys))
    return Comparison(
        settings=settings,
        a=sides[0],
        b=sides[1],
        unit="pp" if bounds == (0.0, 1.0) else "score",
        difference=estimate.interval,
        method=_METHODS[estimate.method],
        naive_se=estimate.naive_se,
        se=estimate.se,
        clusters=estimate.clusters_n,
        p_value=p_values[settings.goal],
        verdict=verdict,
        verdicts=verdicts,
        more_items=more,
        **parts,  # type: ignore[arg-type]
    )


def _more(
    estimate: MeanDifference,
    settings: CompareSettings,
    bounds: tuple[float, float] | None,
    items: int,
) -> int | None:
    """Items that would decide it if the difference is what it seems; None if no number would."""
    value, margin = estimate.value, settings.margin
    if settings.goal == "superiority":
        margin, true = 0.0, abs(value)
    elif settings.goal == "equivalence":
        true = -abs(value)
    else:
        # Below the margin it is the "no" that has to be shown, as far on the other side.
        true = value if value > -margin else -2 * margin - value
    if margin + true <= 1e-9 or not np.isfinite(estimate.se):
        return None
    # Both ends have to lie within: each may fail half as often.
    power = 1 - (1 - _POWER) / 2 if settings.goal == "equivalence" else _POWER
    kind: Kind = "graded"
    spread = max(estimate.se * np.sqrt(items), 1e-9)
    if estimate.p_exact is not None and margin > 0:
        kind = "binary"
        spread = max((estimate.a_only + estimate.b_only) / estimate.n, abs(true), 0.5 / estimate.n)
    assumed = Assumed(
        kind=kind,
        margin=margin if kind == "binary" else max(margin, 1e-12),
        spread=spread,
        difference=true,
        power=power,
        level=settings.level,
    )
    try:
        needed = assumed.size().items_n
    except (ValueError, OverflowError):
        return None
    return needed if items < needed <= _MOST_ITEMS else None


def _doubts(a: ModelRun, b: ModelRun, settings: CompareSettings) -> list[str]:
    """What a reader has to know of the runs to weigh the result."""
    ours, theirs = a.meta.may_differ, b.meta.may_differ
    apart = [
        f"{name} {ours[name] or 'none'} against {theirs[name] or 'none'}"
        for name in ours
        if name in theirs and ours[name] != theirs[name] and name not in _ALWAYS_APART
    ]
    notes = [f"The runs also differ in {', '.join(apart)}."] if apart else []
    notes += dict.fromkeys(
        f"Scores of {run.path.name} are the {run.meta.metric}, over those who gave one."
        for run in (a, b)
        if run.meta.metric.startswith("mean of ")
    )
    scores = list(dict.fromkeys([*a.meta.scores, *b.meta.scores]))
    chosen = settings.scorer or "score" in settings.mapping or a.meta.format == PLAIN
    if a.meta.metric and len(scores) > 1 and not chosen:
        notes.append(
            f"Both are scored by {a.meta.metric}, as no other was asked for: `--map score=NAME` "
            f"takes another of {first_few(scores, 12)}."
        )
    for run in (a, b):
        dropped = ", ".join(f"{n} {reason}" for reason, n in run.dropped.items() if n)
        if dropped:
            notes.append(f"{run.path.name}: {dropped} left out while reading.")
        if run.unscored:
            why = ", ".join(f"{n:,} because {reason}" for reason, n in run.unscored.items())
            unknown = sum(run.unscored.values())
            notes.append(
                f"{run.path.name}: {counted(unknown, 'answer')} could not be scored: {why}."
            )
    if a.calls == b.calls:
        notes.append("Both sides hold the same calls, word for word, so nothing can differ.")
    return notes


# ---------------------------------------------------------------- money and time


def _money(
    pairs: PairedItems,
    runs: tuple[ModelRun, ModelRun],
    rng: np.random.Generator,
    level: float,
    rates: RatesOf | None,
    clusters: Sequence[str] | None,
) -> tuple[Money | None, str]:
    """What both runs cost on the items that have a cost on both, and why there is nothing to tell.

    A run's costs are those of its file; where it has none, its tokens at list prices.

    Raises:
        InputError: If the tokens of a call contradict each other.
    """
    models = [run.model or run.name for run in runs]
    sides = [
        _costs(of_run, model, rates)
        for of_run, model in zip((pairs.a, pairs.b), models, strict=True)
    ]
    both = ~np.isnan(sides[0][0]) & ~np.isnan(sides[1][0])
    if not both.any():
        who = [
            m or "?" for m, (costs, _) in zip(models, sides, strict=True) if np.isnan(costs).all()
        ]
        return None, f"no cost is known of {' and '.join(who)}" if who else "no item has both costs"
    cost_a, cost_b = (costs[both] for costs, _ in sides)
    won_a, won_b = pairs.a.scores[both], pairs.b.scores[both]
    ratio: Interval | None = None
    if min(won_a.min(), won_b.min()) >= 0 and cost_a.sum() and won_a.sum() + won_b.sum():
        ratio = cost_per_success_ratio(
            cost_a,
            won_a,
            cost_b,
            won_b,
            rng,
            clusters=_kept(clusters, both),
            level=level,
            rounds=_rounds(cost_a.size),
        )
    bases = [basis for _, basis in sides]
    money = Money(
        a_usd=float(cost_a.mean()),
        b_usd=float(cost_b.mean()),
        a_usd_per_success=float(cost_a.sum() / won_a.sum()) if won_a.sum() > 0 else None,
        b_usd_per_success=float(cost_b.sum() / won_b.sum()) if won_b.sum() > 0 else None,
        ratio=ratio,
        items=int(both.sum()),
        basis=bases[0] if bases[0] == bases[1] else f"A: {bases[0]}; B: {bases[1]}",
    )
    return money, ""


def _speed(
    pairs: PairedItems,
    rng: np.random.Generator,
    level: float,
    clusters: Sequence[str] | None,
) -> Speed | None:
    """The median latency of both runs, and B's over A's; None with too few items."""
    of_a, of_b = (_means(run, lambda call: call.latency_s) for run in (pairs.a, pairs.b))
    both = ~np.isnan(of_a) & ~np.isnan(of_b)
    n = int(both.sum())
    first, second = of_a[both], of_b[both]
    if n < _FEWEST or min(first.min(), second.min()) <= 0:
        return None
    ratio = median_ratio(
        first, second, rng, clusters=_kept(clusters, both), level=level, rounds=_rounds(n)
    )
    return Speed(
        a_seconds=float(np.median(first)),
        b_seconds=float(np.median(second)),
        ratio=ratio,
        items=n,
    )


def _costs(items: RunItems, model: str, rates: RatesOf | None) -> tuple[FloatArray, str]:
    """Mean cost of a call at each item, NaN where unknown, and where the costs come from."""
    said = _means(items, lambda call: call.cost_usd)
    if not np.isnan(said).all():
        return said, "costs as the file tells them"

    def cost(call: Call) -> float | None:
        priced = rates(model, call) if rates and call.usage else None
        try:
            return cost_usd(call.usage, priced) if call.usage and priced else None
        except ValueError as error:
            where = f" ({call.where})" if call.where else ""
            raise InputError(f"Item {call.key!r} of {model}{where}: {error}.") from None

    return _means(items, cost), "tokens of the file at list prices"


def _means(items: RunItems, figure: Callable[[Call], float | None]) -> FloatArray:
    """The mean of each item's calls, NaN if any is unknown: a failed call was not free."""
    return items.calls.sums(items.calls.figures(figure)) / items.calls.sizes


def _kept(clusters: Sequence[str] | None, kept: BoolArray) -> list[str] | None:
    if clusters is None:
        return None
    return [name for name, keep in zip(clusters, kept.tolist(), strict=True) if keep]


def _rounds(items: int) -> int:
    return min(_ROUNDS[1], max(_ROUNDS[0], _CELLS // items))


@dataclass(frozen=True, slots=True, eq=False)
class PricedRuns:
    """Runs of which costs are known, on the items of which all of them have one.

    Attributes:
        places: Of each in `ManyRuns.names`; every array of `drawn` is in this order.
        drawn: Mean cost of an item in US dollars, and mean score, with joint draws of both.
        chance: To be on the front, shape (n,).
        best: Who has the highest score, of these.
        instead: The cheapest that is surely no worse than the best by more than the margin; None if
            nobody is.
        as_good: The chance of each to be no worse than the best by more than the margin.
        unpriced: Names of the runs of which no cost is known.
    """

    places: tuple[int, ...]
    drawn: "Drawn"
    chance: FloatArray
    best: int
    instead: int | None
    as_good: FloatArray
    items: int
    bases: tuple[str, ...]
    unpriced: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ManyRuns:
    """Runs on the items that all of them share.

    Attributes:
        settings: Level and seed; the margin is that of "as good for less".
        unit: "pp" where scores are shares, else "score".
        items: How many items all share.
        left_out: RunItems that not every run has a score for.
        priced: None where fewer than two runs have costs on the same items.
    """

    settings: CompareSettings
    names: tuple[str, ...]
    models: tuple[str, ...]
    unit: Literal["pp", "score"]
    items: int
    field: RunField
    left_out: int
    notes: tuple[str, ...]
    priced: PricedRuns | None = None


def many(
    sides: Sequence[ModelRun], settings: CompareSettings, *, rates: RatesOf | None = None
) -> ManyRuns:
    """Every run against every other, and which of them are on the front of cost and score.

    At least two sides; of the settings, level, margin, seed and how items are brought together
    count. `rates` as for `compare`.

    Raises:
        InputError: If any two runs cannot be compared honestly.
    """
    if settings.unpaired or settings.slices:
        raise InputError(
            "`many` compares shared items only, without slices. Compare two runs for `unpaired` "
            "or `slices`."
        )
    first = sides[0]
    paired = [
        pair(first, other, shared=settings.shared, missing=settings.missing, same=settings.same)
        for other in sides[1:]
    ]
    shared = set(paired[0].a.keys).intersection(*(set(p.a.keys) for p in paired[1:]))
    if not shared:
        raise InputError("No item has a score in every run.")
    of_first = paired[0].a
    keys = [key for key in of_first.keys if key in shared]
    columns = [_scores(of_first, keys), *(_scores(p.b, keys) for p in paired)]
    clusters = None
    if settings.cluster:
        by_key = dict(zip(of_first.keys, labelled(of_first, settings.cluster, first), strict=True))
        clusters = [by_key[key] for key in keys]
    table = np.column_stack(columns)
    inside = bool(table.min() >= 0 and table.max() <= 1)
    field = compare_many(
        table,
        np.random.default_rng(settings.seed),
        clusters=clusters,
        level=settings.level,
        bounds=(0.0, 1.0) if inside else None,
    )
    total = {call.key for side in sides for call in side.calls}
    notes = dict.fromkeys(note for p in paired for note in p.notes)
    names = tuple(named_apart(sides))
    matched = [of_first, *(p.b for p in paired)]
    priced = _priced(matched, sides, names, keys, table, settings, clusters, rates)
    return ManyRuns(
        settings=settings,
        names=names,
        models=tuple(side.model for side in sides),
        unit="pp" if inside else "score",
        items=len(keys),
        field=field,
        left_out=len(total) - len(keys),
        notes=(*notes, *given_again(sides), *([priced] if isinstance(priced, str) else [])),
        priced=None if isinstance(priced, str) else priced,
    )


def _priced(
    matched: Sequence[RunItems],
    sides: Sequence[ModelRun],
    names: tuple[str, ...],
    keys: Sequence[str],
    scores: FloatArray,
    settings: CompareSettings,
    clusters: Sequence[str] | None,
    rates: RatesOf | None,
) -> PricedRuns | str | None:
    """The front of cost and score, or why there is none although several runs have costs.

    Items are drawn anew for all runs, with both figures at once.

    Args:
        keys: The items in the order of the rows of `scores`, shape (items, runs).
    """
    columns, bases = [], []
    for items, side in zip(matched, sides, strict=True):
        costs, basis = _costs(items, side.model or side.name, rates)
        by_key = dict(zip(items.keys, costs.tolist(), strict=True))
        columns.append([by_key[key] for key in keys])
        bases.append(basis)
    cost = np.column_stack(columns)
    places = [i for i in range(len(sides)) if not np.isnan(cost[:, i]).all()]
    both = ~np.isnan(cost[:, places]).any(axis=1)
    n = int(both.sum())
    if len(places) < 2:
        return None
    if n < 2:
        return "No costs are compared: no two items have a cost in every run that has any."
    from headtohead.stats.fronts import cheapest_as_good, resampled

    drawn = resampled(
        cost[both][:, places],
        scores[both][:, places],
        np.random.default_rng(settings.seed),
        clusters=None
        if clusters is None
        else cluster_codes(_kept(clusters, both), int(both.sum())),
        rounds=_rounds(int(both.sum())),
    )
    best = int(drawn.value.argmax())
    everyone = np.ones(len(places), dtype=np.bool_)
    return PricedRuns(
        places=tuple(places),
        drawn=drawn,
        chance=drawn.front_chance(),
        best=best,
        instead=cheapest_as_good(drawn, best, settings.margin, among=everyone, sure=settings.level),
        as_good=drawn.as_good(best, settings.margin),
        items=n,
        bases=tuple(dict.fromkeys(bases[i] for i in places)),
        unpriced=tuple(name for i, name in enumerate(names) if i not in places),
    )


def _scores(items: RunItems, keys: Sequence[str]) -> list[float]:
    by_key = dict(zip(items.keys, items.scores.tolist(), strict=True))
    return [by_key[key] for key in keys]
