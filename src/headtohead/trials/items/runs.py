"""Many runs on one test: a table of runs by items, and the calls behind every cell."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.errors import InputError
from headtohead.core.units import counted
from headtohead.logs.calls import Call
from headtohead.stats.inputs import BoolArray, FloatArray, IntArray, Labels, label_list, vector
from headtohead.trials.comparing.pairing import (
    ModelRun,
    alone,
    given_again,
    measured_apart,
    named_apart,
)

_NAMED = 3  # labels shown of each part in a message


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Mean scores and attempts of N respondents on J items.

    Attributes:
        score: Shape (N, J), mean score of the attempts, 0 to 1; 0 where there were none.
        attempts: Shape (N, J), how often the respondent tried the item; 0 where never.
    """

    respondents: tuple[Hashable, ...]
    items: tuple[Hashable, ...]
    score: FloatArray
    attempts: FloatArray

    @property
    def met(self) -> BoolArray:
        """Shape (N, J): whether the respondent tried the item."""
        return np.asarray(self.attempts > 0)

    @property
    def extreme_respondents(self) -> BoolArray:
        """Shape (N,): every attempt right, or every attempt wrong."""
        return _extreme(self, axis=1)

    @property
    def extreme_items(self) -> BoolArray:
        """Shape (J,): right in every attempt, or wrong in every attempt."""
        return _extreme(self, axis=0)


def tabulate(
    respondents: Labels,
    items: Labels,
    scores: ArrayLike,
    *,
    attempts: ArrayLike = 1,
) -> Answers:
    """The table of mean scores and attempts.

    Args:
        scores: Mean score of each cell's attempts, 0 to 1, shape (n,).
        attempts: Of each cell, whole and at least 1; shape (n,) or one number for all.

    Raises:
        ValueError: If lengths differ, a score lies outside 0 to 1, there are fewer than two items
            or respondents, or no chain of answers joins them all; the message names the parts.
    """
    score = vector(scores, "scores")
    who, row = _coded(label_list(respondents, score.size, "respondents"))
    what, column = _coded(label_list(items, score.size, "items"))
    outside = np.flatnonzero((score < 0) | (score > 1))
    if outside.size:
        k = int(outside[0])
        raise ValueError(
            f"{outside.size} scores lie outside 0 to 1, the first {score[k]} of {who[row[k]]!r}"
            f" on {what[column[k]]!r}; divide by the full marks"
        )
    if len(who) < 2 or len(what) < 2:
        raise ValueError(
            f"{counted(len(who), 'respondent')} and {counted(len(what), 'item')}: abilities need "
            "at least two of each; for one item compare the scores themselves"
        )
    mean, count = (np.zeros((len(who), len(what))) for _ in range(2))
    mean[row, column], count[row, column] = score, attempts
    table = Answers(who, what, mean, count)
    _check_joined(table)
    return table


def parts(answers: Answers) -> tuple[IntArray, IntArray]:
    """The part of each respondent and of each item: answers join those of one number.

    Returns:
        Shapes (N,) and (J,), numbered from 0 by first respondent.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    people, things = np.nonzero(answers.met)
    n, total = answers.met.shape[0], sum(answers.met.shape)
    edges = coo_array((np.ones(people.size), (people, n + things)), shape=(total, total))
    _, part = connected_components(edges, directed=False)
    return part[:n].astype(np.int64), part[n:].astype(np.int64)


def _extreme(answers: Answers, axis: int) -> BoolArray:
    met = answers.met
    right = np.all((answers.score == 1) | ~met, axis=axis)
    wrong = np.all((answers.score == 0) | ~met, axis=axis)
    return np.asarray(right | wrong)


def _coded(labels: list[Hashable]) -> tuple[tuple[Hashable, ...], IntArray]:
    seen: dict[Hashable, int] = {}
    codes = np.array([seen.setdefault(label, len(seen)) for label in labels], dtype=np.int64)
    return tuple(seen), codes


def _check_joined(answers: Answers) -> None:
    people, things = parts(answers)
    count = int(people.max()) + 1
    if count == 1:
        return
    named = [
        f"{_few(answers.respondents, people == k)} on {_few(answers.items, things == k)}"
        for k in range(min(count, _NAMED))
    ]
    raise ValueError(
        f"the answers fall into {count} parts that no item joins, so their abilities cannot be"
        f" compared: {'; '.join(named)}; fit each part by itself"
    )


def _few(labels: Sequence[Hashable], chosen: BoolArray) -> str:
    places = np.flatnonzero(chosen).tolist()
    named = ", ".join(repr(labels[k]) for k in places[:_NAMED])
    more = len(places) - _NAMED
    return f"{named} and {more} more" if more > 0 else named


_FEWEST_MODELS = 3


@dataclass(frozen=True, slots=True, eq=False)
class TestRuns:
    """R runs of M models on J items.

    Attributes:
        runs: Names, length R.
        models: Of every run, length R; a run that names no model is one of its own.
        answers: Mean scores and attempts; respondents are the runs.
        calls: (run, item) -> its calls, by their places.
        unscored: Items of a run that have no score there, summed over runs.
        repeated: A sentence for each run that holds the same calls as an earlier one.
    """

    runs: tuple[str, ...]
    models: tuple[str, ...]
    answers: Answers
    calls: Mapping[tuple[int, int], Sequence[Call]]
    unscored: int
    repeated: tuple[str, ...] = ()

    __test__ = False  # not a test of pytest

    @property
    def items(self) -> tuple[str, ...]:
        """Keys of the items, length J."""
        return tuple(str(item) for item in self.answers.items)

    @property
    def group(self) -> IntArray:
        """The number of every run's model, shape (R,): runs of one model are no two witnesses."""
        places = {model: n for n, model in enumerate(dict.fromkeys(self.models))}
        return np.array([places[model] for model in self.models], dtype=np.int64)

    @property
    def means(self) -> FloatArray:
        """Every run's mean score over the items it has, shape (R,)."""
        met = self.answers.met
        return np.asarray((self.answers.score * met).sum(axis=1) / met.sum(axis=1))

    @property
    def constant(self) -> BoolArray:
        """Items on which every run has the same score, shape (J,)."""
        score, met = self.answers.score, self.answers.met
        high = np.where(met, score, -np.inf).max(axis=0)
        low = np.where(met, score, np.inf).min(axis=0)
        return np.asarray(high - low < 1e-12)


def test_runs(sides: Sequence[ModelRun]) -> TestRuns:
    """The table of runs that were measured alike.

    Raises:
        InputError: If runs were not measured alike, an item's text differs between them, scores
            lie outside 0 to 1, or there are fewer than three models or two items.
    """
    names = named_apart(sides)
    models = [side.model or name for side, name in zip(sides, names, strict=True)]
    if len(set(models)) < _FEWEST_MODELS:
        raise InputError(
            f"{counted(len(set(models)), 'model')}: which items tell good models from bad ones "
            f"shows only over {_FEWEST_MODELS} or more, and well over 20. Give more results."
        )
    for side in sides[1:]:
        if differ := measured_apart(sides[0], side):
            raise InputError(
                f"{sides[0].name} and {side.name} were not measured alike: {'; '.join(differ)}. "
                "Give runs of one test, made in one way."
            )
    who: list[str] = []
    what: list[str] = []
    scores: list[float] = []
    attempts: list[float] = []
    behind: list[tuple[Call, ...]] = []
    texts: dict[str, tuple[str, str]] = {}
    unscored = 0
    for side, name in zip(sides, names, strict=True):
        items, lost = alone(side, scorer=False)
        unscored += lost
        for key, calls in zip(items.keys, items.calls, strict=True):
            for text in {call.fingerprint for call in calls if call.fingerprint}:
                before, whose = texts.setdefault(key, (text, name))
                if before != text:
                    raise InputError(
                        f"Item {key!r} has one text in {whose} and another in {name}: they are not "
                        "the same items. Use one version of the data set."
                    )
        who += [name] * len(items.keys)
        what += items.keys
        scores += items.scores.tolist()
        attempts += items.repeats.tolist()
        behind += items.calls
    try:
        answers = tabulate(who, what, scores, attempts=attempts)
    except ValueError as error:
        reason = str(error).replace("respondents", "runs").replace("respondent", "run")
        raise InputError(f"These results make no table of runs by items: {reason}.") from error
    rows = {name: n for n, name in enumerate(answers.respondents)}
    columns = {key: n for n, key in enumerate(answers.items)}
    cells = zip(who, what, behind, strict=True)
    table = TestRuns(
        runs=tuple(names),
        models=tuple(models),
        answers=answers,
        calls={(rows[name], columns[key]): calls for name, key, calls in cells},
        unscored=unscored,
        repeated=tuple(given_again(sides)),
    )
    if table.constant.all():
        raise InputError(
            "Every run has the same score on each item, so nothing tells these models apart: give "
            "a harder test, or models that differ."
        )
    return table
