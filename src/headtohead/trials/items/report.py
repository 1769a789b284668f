"""What is told of the items of a test: one row for each, the suspects, and the short test.

An item tells good models from bad ones as far as it goes with the rest of the test. It is suspected
to be mislabelled where the best models agree on another answer than the reference.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from headtohead.core.errors import InputError
from headtohead.core.estimate import Interval
from headtohead.logs.calls import Call
from headtohead.stats.inputs import BoolArray, FloatArray, IntArray
from headtohead.trials.items.fit import ItemFit, fit_items
from headtohead.trials.items.runs import TestRuns
from headtohead.trials.items.settings import ItemsSettings
from headtohead.trials.items.short_test import ShortTest, no_short_test, short_test
from headtohead.trials.scoring.likeness import found_in, normalised, number, sort_of

_CLOSEST = 1 - 1e-9  # a correlation of exactly 1 has no Fisher transform


@dataclass(frozen=True, slots=True, eq=False)
class Correlations:
    """A correlation over runs for each of J items, every array of shape (J,).

    Attributes:
        value: NaN where all runs have one score.
        low: Lower end; -1 where nothing bounds it.
        high: Upper end; 1 where nothing bounds it.
        p_value: Two-sided, of no correlation; 1 where there is no interval.
    """

    value: FloatArray
    low: FloatArray
    high: FloatArray
    p_value: FloatArray

    def of(self, place: int) -> Interval:
        """That of one item."""
        value, low, high = (float(ends[place]) for ends in (self.value, self.low, self.high))
        # An end is rounded, where a correlation is 1 or -1.
        return Interval(value, min(low, value), max(high, value))


def rest_scores(score: FloatArray, met: BoolArray) -> FloatArray:
    """How well every run did on all items but one, above the mean of each, shape (R, J).

    Runs that lack some items are measured against those who had the same ones.

    `score` and `met` (whether the run had the item) have shape (R, J) too.
    """
    mean = np.where(met, score, 0.0).sum(axis=0) / np.maximum(met.sum(axis=0), 1)
    above = np.where(met, score - mean, 0.0)
    others = met.sum(axis=1, keepdims=True) - met
    return np.asarray((above.sum(axis=1, keepdims=True) - above) / np.maximum(others, 1))


def correlations(
    x: FloatArray, y: FloatArray, met: BoolArray, group: IntArray, level: float
) -> Correlations:
    """Column by column, the correlation over runs, with an interval for other models like these.

    The interval is made on Fisher's scale from leaving out one model at a time with all its runs,
    with Student's quantile for one degree of freedom less than models.

    `x`, `y` and `met` (which runs count) have shape (R, J), `group` (the model of each run,
    numbered from 0) has shape (R,).

    References:
        Arvesen, J. N. (1969). Jackknifing U-statistics. Annals of Mathematical Statistics 40,
        2076-2100. doi:10.1214/aoms/1177697287
    """
    from scipy.stats import t as student

    ones = np.eye(int(group.max()) + 1)[group].T  # (G, R): which runs are of a model
    parts = np.stack([ones @ np.where(met, v, 0.0) for v in (met, x, y, x * x, y * y, x * y)])
    whole = parts.sum(axis=1)
    value = _correlation(whole)
    there = parts[0] > 0
    count = there.sum(axis=0)
    without = np.arctanh(_CLOSEST * np.nan_to_num(_correlation(whole[:, None] - parts)))
    mean = np.where(there, without, 0.0).sum(axis=0) / np.maximum(count, 1)
    off = np.where(there, without - mean, 0.0)
    se = np.sqrt((count - 1) / np.maximum(count, 1) * (off**2).sum(axis=0))
    known = (count >= 3) & np.isfinite(value)
    centre = np.arctanh(_CLOSEST * np.nan_to_num(value))
    free = np.maximum(count - 1, 1)
    reach = student.ppf(0.5 + level / 2, free) * se
    with np.errstate(divide="ignore", invalid="ignore"):
        p_value = 2 * student.sf(np.abs(centre) / se, free)
    return Correlations(
        value=value,
        low=np.where(known, np.tanh(centre - reach), -1.0),
        high=np.where(known, np.tanh(centre + reach), 1.0),
        p_value=np.where(known & (se > 0), p_value, 1.0),
    )


def _correlation(sums: FloatArray) -> FloatArray:
    """From n and the sums of x, y, xx, yy, xy along the first axis; NaN without any spread."""
    n, x, y, xx, yy, xy = sums
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = (n * xx - x * x) * (n * yy - y * y)
        value = (n * xy - x * y) / np.sqrt(np.where(spread > 1e-9, spread, np.nan))
    return np.asarray(np.clip(value, -1, 1))


_LONGEST = 120  # characters; two longer texts are never the same answer by the letter
_BEST = 0.25  # the share of models that count as the best
_FEWEST_BEST = 3
_AGREE = 2 / 3


@dataclass(frozen=True, slots=True)
class Suspect:
    """An item whose reference deserves a second look.

    Attributes:
        reference: The answer that counts as right; empty where the files do not hold it.
        answer: What the best models answer instead; empty where the files hold no answers.
        agree: How many of the best models answer so, or fail where there are no answers.
        best: How many of the best models there are.
        best_score: Their mean score on the item.
        other_score: That of all other models.
        rise: Correlation over runs of giving that answer with the score on the other items; above
            0 it is the answer of able models; None where all answer alike. Without answers, of
            failing.
    """

    item: str
    reference: str
    answer: str
    agree: int
    best: int
    best_score: float
    other_score: float
    rise: Interval | None

    @property
    def sure(self) -> bool:
        """Whether the interval of the rise lies above 0; else it may be chance, or a hard item."""
        return self.rise is not None and self.rise.low > 0


@dataclass(frozen=True, slots=True)
class Suspects:
    """Items that look mislabelled.

    Attributes:
        listed: The surest first: the answer rises with ability, and most of the best models agree.
        answered: On how many items the answers of the best models can be compared.
        shuffled: Items whose reference differs between runs, as where choices are shuffled.
    """

    listed: tuple[Suspect, ...]
    answered: int
    shuffled: int

    @property
    def sure(self) -> int:
        """How many look mislabelled; the others may be."""
        return sum(suspect.sure for suspect in self.listed)


def best_models(runs: TestRuns) -> IntArray:
    """The models of the highest mean scores: a quarter of them, at least three."""
    group = runs.group
    means = np.bincount(group, weights=runs.means) / np.bincount(group)
    count = max(_FEWEST_BEST, int(np.ceil(_BEST * means.size)))
    return np.asarray(np.argsort(-means, kind="stable")[:count])


def suspects(runs: TestRuns, discrimination: Correlations, level: float) -> Suspects:
    """Items on which at least two in three of the best models give one answer that counts as wrong.

    Where the files hold no answers, items at which the best models fail, the others do better, and
    the score runs against ability.
    """
    best = best_models(runs)
    score, met = runs.answers.score, runs.answers.met
    top = np.isin(runs.group, best)[:, None] & met
    best_score, other_score = _mean(score, top), _mean(score, met & ~top)
    rest = rest_scores(score, met)
    listed: list[Suspect] = []
    answered = shuffled = 0
    for place, item in enumerate(runs.items):
        cells = {r: runs.calls[r, place] for r in np.flatnonzero(met[:, place]).tolist()}
        references = {c.reference for calls in cells.values() for c in calls if c.reference}
        if len({normalised(text) for text in references}) > 1:
            shuffled += 1
            continue
        reference = next(iter(references), "")
        said = {
            r: [(_canonical(text), wrong) for text, wrong in _answers(calls, reference)]
            for r, calls in cells.items()
        }
        votes = _votes(said, runs.group, best)
        if len(votes) >= _FEWEST_BEST:
            answered += 1
            (answer, wrong), agree = Counter(votes.values()).most_common(1)[0]
            if (
                not wrong
                or answer == _canonical(reference)
                or agree < max(_FEWEST_BEST, _AGREE * len(best))
            ):
                continue
            gave = np.array([_share(said.get(r, []), answer) for r in range(len(runs.runs))])
            has = met[:, place] & np.isfinite(gave)
            given = (text for calls in cells.values() for text, _ in _answers(calls, reference))
            answer = next(text for text in given if _canonical(text) == answer)  # as files spell it
        elif best_score[place] <= 0.5 and other_score[place] > best_score[place]:
            if discrimination.high[place] >= 0:
                continue
            answer, agree = "", int(np.sum(_by_model(score[:, place], runs, top, place) <= 0.5))
            gave, has = 1 - score[:, place], met[:, place]
        else:
            continue
        rise = correlations(
            np.nan_to_num(gave)[:, None], rest[:, [place]], has[:, None], runs.group, level
        )
        listed.append(
            Suspect(
                item=item,
                reference=reference,
                answer=answer,
                agree=agree,
                best=len(best),
                best_score=float(best_score[place]),
                other_score=float(other_score[place]),
                rise=rise.of(0) if np.isfinite(rise.value[0]) else None,
            )
        )
    listed.sort(key=lambda s: (not s.sure, -s.agree, -s.rise.low if s.rise else 0.0))
    return Suspects(tuple(listed), answered, shuffled)


def _mean(score: FloatArray, of: BoolArray) -> FloatArray:
    """Mean over some runs, column by column; 0 where there is none."""
    return np.asarray(np.where(of, score, 0.0).sum(axis=0) / np.maximum(of.sum(axis=0), 1))


def _by_model(score: FloatArray, runs: TestRuns, of: BoolArray, place: int) -> FloatArray:
    """Mean score of each model among some runs on one item."""
    rows = np.flatnonzero(of[:, place])
    group = runs.group[rows]
    return np.array([score[rows[group == g]].mean() for g in np.unique(group)])


def _answers(calls: Sequence[Call], reference: str) -> Iterator[tuple[str, bool]]:
    """The short answers of calls that can be compared, and whether each counts as wrong."""
    sort = sort_of(reference) if reference else "text"
    for call in calls:
        if call.score is None or not call.output:
            continue
        short = found_in(call.output, sort)
        if short is None or len(short) > _LONGEST:
            continue
        yield short, call.score < 0.5


def _canonical(answer: str) -> str:
    """One spelling of what reads the same: 1,000 and 1000.0, Yes and yes."""
    value = number(answer)
    return normalised(answer) if value is None else f"{value.normalize():f}"


def _votes(
    said: dict[int, list[tuple[str, bool]]], group: IntArray, best: IntArray
) -> dict[int, tuple[str, bool]]:
    """The answer that each of the best models gives most often, over all its runs and epochs."""
    votes = {}
    for model in best.tolist():
        given = [pair for r, pairs in said.items() if group[r] == model for pair in pairs]
        if given:
            votes[model] = Counter(given).most_common(1)[0][0]
    return votes


def _share(said: list[tuple[str, bool]], answer: str) -> float:
    """How often a run gave an answer; NaN where it gave none that can be compared."""
    return sum(text == answer for text, _ in said) / len(said) if said else float("nan")


Says = Literal["tells", "tells little", "runs against", "all the same", "undecided"]
LITTLE = 0.2  # Ebel's limit below which an item is to be dropped or rewritten


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One item.

    Attributes:
        discrimination: Correlation over runs with the score on the other items.
        p_value: Of no correlation, corrected for the number of items (false discovery rate).
        slope: How sharply it tells abilities apart by the item model, above 0, with its interval;
            a wrong key cannot show there, for the model has no falling curves. None where every run
            has one score: then only the other items would say it.
        difficulty: The ability at which half of the models solve it, in standard deviations of the
            field, with its interval; None where the slope is.
        says: "tells" good from bad models; "tells little": surely below 0.2; "runs against" them:
            the better a model, the worse it does here; "all the same": every run has one score.
    """

    item: str
    runs: int
    score: float
    discrimination: Interval | None
    p_value: float
    slope: Interval | None
    difficulty: Interval | None
    says: Says


@dataclass(frozen=True, slots=True, eq=False)
class ItemReport:
    """The items of a test that many runs took.

    Attributes:
        rows: One for each item, those that run against the models first.
    """

    settings: ItemsSettings
    runs: TestRuns
    rows: tuple[ItemRow, ...]
    fitted: ItemFit
    suspects: Suspects
    short: ShortTest

    def count(self, says: Says) -> int:
        """How many items say this."""
        return sum(row.says == says for row in self.rows)


def item_report(
    runs: TestRuns, settings: ItemsSettings, progress: Callable[[str], None]
) -> ItemReport:
    """Which items tell good from bad models, which look mislabelled, and which few stand for all.

    Raises:
        InputError: If more items are asked for than there are, or the item model does not converge.

    References:
        Ebel, R. L. (1954). Procedures for the analysis of classroom tests. Educational and
        Psychological Measurement 14, 352-364. doi:10.1177/001316445401400215
        Benjamini, Y., Hochberg, Y. (1995). Controlling the false discovery rate. JRSS B 57,
        289-300. doi:10.1111/j.2517-6161.1995.tb02031.x
    """
    score, met = runs.answers.score, runs.answers.met
    if settings.k is not None and settings.k > len(runs.items):
        raise InputError(f"`k` is {settings.k}, but the test has {len(runs.items)} items.")
    discrimination = correlations(score, rest_scores(score, met), met, runs.group, settings.level)
    progress("fitting the items")
    try:
        fitted = fit_items(runs.answers, level=settings.level)
    except ArithmeticError as error:
        raise InputError(
            f"The model of the items does not fit these results: {error}. That happens where runs "
            "are all equally able, or one is unlike the others: give more runs, or other ones."
        ) from error
    try:
        short = short_test(
            runs,
            fitted,
            margin=settings.margin,
            k=settings.k,
            level=settings.level,
            rng=np.random.default_rng(settings.seed),
            progress=progress,
        )
    except ArithmeticError as error:
        why = f"How well fewer items would do is unknown: without some of the models, {error}."
        short = no_short_test(runs, why)
    return ItemReport(
        settings=settings,
        runs=runs,
        rows=_rows(runs, discrimination, fitted),
        fitted=fitted,
        suspects=suspects(runs, discrimination, settings.level),
        short=short,
    )


def _rows(runs: TestRuns, discrimination: Correlations, fitted: ItemFit) -> tuple[ItemRow, ...]:
    from scipy.stats import false_discovery_control, norm

    constant = runs.constant | ~np.isfinite(discrimination.value)
    p_value = np.ones(constant.size)
    p_value[~constant] = false_discovery_control(discrimination.p_value[~constant])
    score, met = runs.answers.score, runs.answers.met
    mean = np.where(met, score, 0.0).sum(axis=0) / met.sum(axis=0)
    reach = float(norm.ppf(0.5 + fitted.level / 2))
    times = np.exp(reach * fitted.slope_se / fitted.slope)  # its interval is one of its logarithm
    slopes = zip(fitted.slope, fitted.slope / times, fitted.slope * times, strict=True)
    b, off = fitted.difficulty, reach * fitted.difficulty_se
    places = zip(b, b - off, b + off, strict=True)
    curves = [
        tuple(Interval(*map(float, ends)) for ends in pair)
        for pair in zip(slopes, places, strict=True)
    ]
    rows = []
    for j, item in enumerate(runs.items):
        says: Says = "undecided"
        if constant[j]:
            says = "all the same"
        elif p_value[j] <= 1 - fitted.level:
            says = "tells" if discrimination.value[j] > 0 else "runs against"
        elif discrimination.high[j] < LITTLE:
            says = "tells little"
        rows.append(
            ItemRow(
                item=item,
                runs=int(met[:, j].sum()),
                score=float(mean[j]),
                discrimination=None if constant[j] else discrimination.of(j),
                p_value=float(p_value[j]),
                slope=None if constant[j] else curves[j][0],
                difficulty=None if constant[j] else curves[j][1],
                says=says,
            )
        )
    first = ("runs against", "tells little", "undecided", "tells", "all the same")
    rows.sort(
        key=lambda r: (first.index(r.says), r.discrimination.value if r.discrimination else 0)
    )
    return tuple(rows)
