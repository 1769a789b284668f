"""Many runs on one test as a table of runs by items, with the calls behind every cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from headtohead.core.errors import InputError
from headtohead.stats.inputs import BoolArray, FloatArray, IntArray
from headtohead.trials.calls import Call
from headtohead.trials.comparing.pairing import ModelRun, alone, measured_apart, named_apart
from headtohead.trials.items.answers import Answers, tabulate
from headtohead.trials.words import counted

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
    """

    runs: tuple[str, ...]
    models: tuple[str, ...]
    answers: Answers
    calls: Mapping[tuple[int, int], Sequence[Call]]
    unscored: int

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
        found, lost = alone(side)
        unscored += lost
        for key, calls in zip(found.keys, found.calls, strict=True):
            for text in {call.fingerprint for call in calls if call.fingerprint}:
                before, whose = texts.setdefault(key, (text, name))
                if before != text:
                    raise InputError(
                        f"Item {key!r} has one text in {whose} and another in {name}: they are not "
                        "the same items. Use one version of the data set."
                    )
        who += [name] * len(found.keys)
        what += found.keys
        scores += found.scores.tolist()
        attempts += found.repeats.tolist()
        behind += found.calls
    try:
        answers = tabulate(who, what, scores, attempts=attempts)
    except ValueError as error:
        told = str(error).replace("respondents", "runs").replace("respondent", "run")
        raise InputError(f"These results make no table of runs by items: {told}.") from error
    rows = {name: n for n, name in enumerate(answers.respondents)}
    columns = {key: n for n, key in enumerate(answers.items)}
    cells = zip(who, what, behind, strict=True)
    made = TestRuns(
        runs=tuple(names),
        models=tuple(models),
        answers=answers,
        calls={(rows[name], columns[key]): calls for name, key, calls in cells},
        unscored=unscored,
    )
    if made.constant.all():
        raise InputError(
            "Every run has the same score on each item, so nothing tells these models apart: give "
            "a harder test, or models that differ."
        )
    return made
