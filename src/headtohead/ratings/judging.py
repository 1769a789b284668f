"""Few votes of people and many of a judge: the judge is used as far as people bear it out."""

from dataclasses import dataclass

import numpy as np

from headtohead.core.errors import InputError, UnknownName
from headtohead.ratings.board import Board, Fitted, assemble
from headtohead.ratings.bradley_terry.trust.powered import JudgedVotes, powered
from headtohead.ratings.reading.votes import Votes
from headtohead.ratings.result import JudgeUse
from headtohead.ratings.settings import RankSettings
from headtohead.ratings.tally import ALL
from headtohead.stats.inputs import IntArray

PEOPLE, JUDGE = "people alone", "judge alone"
_COMPARISONS = ("prompt", "id")
_MOST_MODELS = _MOST_TURNS = 4096
_SWAPPED = np.array([1, 0, 2, 3])


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """Comparisons of two sets of votes, brought together.

    Attributes:
        votes: What people and the judge said of each comparison.
        by: The words for what tells comparisons apart: prompt or id, and turn if there are turns.
        agreement: Share of the people's votes on comparisons of both that say what the judge says.
        dropped: Reason -> human votes that could not be used.
    """

    votes: JudgedVotes
    by: tuple[str, ...]
    agreement: float
    read: int
    dropped: dict[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class _Said:
    """Single votes with shared codes: comparison, sides and outcome, each of shape (n,)."""

    key: IntArray
    first: IntArray
    second: IntArray
    outcome: IntArray

    def of(self, keys: IntArray, first: IntArray) -> IntArray:
        """Votes by comparison and outcome, shape (C, 4), as seen from the first side of each."""
        at = np.searchsorted(keys, self.key)
        outcome = np.where(self.first == first[at], self.outcome, _SWAPPED[self.outcome])
        return np.bincount(at * 4 + outcome, minlength=4 * keys.size).reshape(-1, 4)


def join(people: Votes, judge: Votes) -> Joined:
    """The comparisons of both, matched by prompt, turn and models, whichever side came first.

    Every vote counts, also of people on what the judge has not seen. A comparison has its sides as
    the judge saw it first.

    Raises:
        InputError: If no column names the prompts, or no comparison has both votes.
    """
    models: dict[str, int] = {}
    shared: dict[str, dict[str, int]] = {}
    label = _label(people)
    _label(judge)
    both_know = all(_knows(votes, "turn") for votes in (people, judge))
    by = (label, "turn") if both_know else (label,)
    human, machine = (_rows(votes, by, models, shared) for votes in (people, judge))
    keys, where = np.unique(np.concatenate([machine.key, human.key]), return_index=True)
    first, second = (
        np.concatenate(sides)[where]
        for sides in ((machine.first, human.first), (machine.second, human.second))
    )
    votes = JudgedVotes.from_votes(
        list(models), first, second, human.of(keys, first), machine.of(keys, first)
    )
    both = votes.both
    if not both.any():
        raise InputError(
            "No comparison has a vote of people and one of the judge. Both files need the same "
            "prompt ids and names of models."
        )
    his, theirs = votes.judge[both], votes.people[both]
    leans = np.sign(his[:, 1] - his[:, 0])  # of several verdicts, the one they come to
    theirs = np.column_stack([theirs[:, 0], theirs[:, 2:].sum(axis=1), theirs[:, 1]])
    agree = theirs[np.arange(leans.size), leans + 1].sum() / theirs.sum()
    return Joined(votes, by, float(agree), people.rows_read, dict(people.dropped))


def judged_boards(
    joined: Joined, settings: RankSettings
) -> tuple[dict[str, tuple[Board, ...]], JudgeUse]:
    """The corrected board, those of people and of the judge alone, and how far the judge was used.

    Raises:
        InputError: If the settings ask for what does not go with a judge, or nothing was decided.
    """
    if settings.ties != "half" or settings.style or settings.cluster:
        raise InputError("With `judge`, ties count half, without `style` and `cluster`.")
    if settings.min_votes:
        raise InputError("With `judge`, every model is kept; leave out `min_votes`.")
    if settings.intervals != "sandwich":
        raise InputError("With `judge`, intervals are sandwich; leave out `intervals`.")
    try:
        result = powered(joined.votes, prior=settings.prior)
    except ValueError as error:
        raise InputError(f"The judge cannot be corrected: {error}.") from None
    fits = {
        ALL: Fitted(result.fitted, result.covariance),
        PEOPLE: Fitted(result.human, result.human_covariance),
        JUDGE: Fitted(result.judge, result.judge_covariance),
    }
    for name, one in fits.items():
        if not one.fit.connectivity.connected:
            raise InputError(f"The models of {name!r} do not all meet through votes. Add votes.")
    boards: dict[str, tuple[Board, ...]] = {
        name: (assemble(name, 0, 1, settings, one),) for name, one in fits.items()
    }
    return boards, JudgeUse(
        by=joined.by,
        votes=joined.votes.human_counts.total,
        labels=result.labels,
        alone=int(np.count_nonzero(~joined.votes.judge.any(axis=1))),
        judged=result.judged,
        agreement_frac=joined.agreement,
        weight_frac=result.weight,
        gain_ratio=result.gain,
        unrated=result.unrated,
    )


def _rows(
    votes: Votes, by: tuple[str, ...], models: dict[str, int], shared: dict[str, dict[str, int]]
) -> _Said:
    parts = [(b.first, b.second, b.outcome, *(b.labels[w] for w in by)) for b in votes.chunks(by)]
    if votes.weighed:
        raise InputError(
            "With `judge` each row is one vote: `mapping={'weight': 'none'}` counts each once."
        )
    if not parts:
        raise InputError("No vote of people, or none of the judge, is left. Loosen the filters.")
    first, second, outcome, *labels = (
        np.concatenate(column).astype(np.int64) for column in zip(*parts, strict=True)
    )
    if np.any(labels[0] < 0):
        raise InputError(
            f"{int(np.sum(labels[0] < 0))} votes have no {by[0]}, by which they match."
        )
    to_model = _shared(votes.models, models)
    first, second = to_model[first], to_model[second]
    if len(models) > _MOST_MODELS:
        raise InputError(f"A judge can be corrected on up to {_MOST_MODELS} models.")
    # Fixed room for turns and models, so that both files share the keys.
    key = _shared(votes.values[by[0]], shared.setdefault(by[0], {}))[labels[0]] * _MOST_TURNS
    for word, label in zip(by[1:], labels[1:], strict=True):
        turns = shared.setdefault(word, {})
        code = np.append(_shared(votes.values[word], turns), -1)[label] + 1
        if len(turns) >= _MOST_TURNS:
            raise InputError(
                f"There are more than {_MOST_TURNS - 1:,} turns. Say which column tells them with "
                "`mapping={'turn': '...'}`, or 'none'."
            )
        key += code
    low, high = np.minimum(first, second), np.maximum(first, second)
    return _Said((key * _MOST_MODELS + low) * _MOST_MODELS + high, first, second, outcome)


def _label(votes: Votes) -> str:
    for word in _COMPARISONS:
        if _knows(votes, word):
            return word
    raise InputError(
        "Nothing tells which comparison a vote is on. Say it with `mapping={'prompt': 'COLUMN'}`."
    )


def _knows(votes: Votes, word: str) -> bool:
    try:
        return votes.one_word(word)
    except UnknownName:
        return False


def _shared(words: list[str], known: dict[str, int]) -> IntArray:
    return np.array([known.setdefault(word, len(known)) for word in words], dtype=np.int64)
