"""Items that look mislabelled: the best models agree on another answer than the reference."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from headtohead.core.estimate import Interval
from headtohead.stats.inputs import BoolArray, FloatArray, IntArray
from headtohead.trials.calls import Call
from headtohead.trials.items.discrimination import Correlations, correlations, rest_scores
from headtohead.trials.items.runs import TestRuns
from headtohead.trials.scoring.likeness import found_in, normalised, number, sort_of

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


def suspects(runs: TestRuns, told: Correlations, level: float) -> Suspects:
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
        said = {r: list(_answers(calls, reference)) for r, calls in cells.items()}
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
        elif best_score[place] <= 0.5 and other_score[place] > best_score[place]:
            if told.high[place] >= 0:
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
                rise=Interval(*(float(ends[0]) for ends in (rise.value, rise.low, rise.high)))
                if np.isfinite(rise.value[0])
                else None,
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
        yield _canonical(short), call.score < 0.5


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
