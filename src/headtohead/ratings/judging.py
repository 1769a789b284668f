"""Few votes of people and many of a judge: the judge is used as far as people bear it out."""

from collections import Counter
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
_MOST_MODELS = 4096
_SWAPPED = np.array([1, 0, 2, 3])


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """Comparisons of two sets of votes, brought together.

    Attributes:
        votes: Counts of comparisons by the human and the judge's outcome.
        agreement: Share of comparisons with both votes on which both say the same.
        dropped: Reason -> human votes that could not be used.
    """

    votes: JudgedVotes
    agreement: float
    read: int
    dropped: dict[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class _Comparisons:
    """Comparisons with shared codes: prompt, models in order of code, outcome of the lower one."""

    key: IntArray
    first: IntArray
    second: IntArray
    outcome: IntArray


def join(people: Votes, judge: Votes) -> Joined:
    """The comparisons of both, matched by prompt and pair of models, whichever side came first.

    A prompt that one of them voted on twice for a pair counts once, with the first vote.

    Raises:
        InputError: If no column names the prompts, or no comparison has both votes.
    """
    models: dict[str, int] = {}
    prompts: dict[str, int] = {}
    human, machine = (_rows(votes, models, prompts) for votes in (people, judge))
    lost = Counter(people.dropped)
    human, repeated = _once(human)
    machine, _ = _once(machine)
    place = np.searchsorted(machine.key, human.key)
    place = np.minimum(place, max(0, machine.key.size - 1))
    if machine.key.size == 0 or not np.any(machine.key[place] == human.key):
        raise InputError(
            "No comparison has a vote of people and one of the judge. Both files need the same "
            "prompt ids and names of models."
        )
    both = machine.key[place] == human.key
    at = place[both]
    said = human.outcome[both]
    turned = human.first[both] != machine.first[at]
    said = np.where(turned, _SWAPPED[said], said)
    result = np.full(machine.key.size, -1, dtype=np.int64)
    result[at] = said
    if repeated:
        lost["the same comparison again"] += repeated
    if np.count_nonzero(~both):
        lost["no vote of the judge"] += int(np.count_nonzero(~both))
    votes = JudgedVotes.from_codes(
        list(models), machine.first, machine.second, result, machine.outcome
    )
    same = np.minimum(said, 2) == np.minimum(machine.outcome[at], 2)
    return Joined(votes, float(same.mean()), people.rows_read, dict(lost))


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
        labels=result.labels,
        judged=result.judged,
        agreement_frac=joined.agreement,
        weight_frac=result.weight,
        gain_ratio=result.gain,
        unrated=result.unrated,
    )


def _rows(votes: Votes, models: dict[str, int], prompts: dict[str, int]) -> _Comparisons:
    label = _label(votes)
    parts = [(b.first, b.second, b.outcome, b.labels[label]) for b in votes.chunks((label,))]
    if votes.weighed:
        raise InputError(
            "With `judge` each row is one vote: `mapping={'weight': 'none'}` counts each once."
        )
    if not parts:
        raise InputError("No vote of people, or none of the judge, is left. Loosen the filters.")
    first, second, outcome, prompt = (
        np.concatenate(column).astype(np.int64) for column in zip(*parts, strict=True)
    )
    if np.any(prompt < 0):
        raise InputError(f"{int(np.sum(prompt < 0))} votes have no {label}, by which they match.")
    to_model = _shared(votes.models, models)
    to_prompt = _shared(votes.values[label], prompts)
    first, second, prompt = to_model[first], to_model[second], to_prompt[prompt]
    low, high = np.minimum(first, second), np.maximum(first, second)
    if len(models) > _MOST_MODELS:
        raise InputError(f"A judge can be corrected on up to {_MOST_MODELS} models.")
    # Fixed room for models, so that both files share the keys.
    key = (prompt * _MOST_MODELS + low) * _MOST_MODELS + high
    return _Comparisons(key, first, second, outcome)


def _label(votes: Votes) -> str:
    for word in _COMPARISONS:
        try:
            if votes.one_word(word):
                return word
        except UnknownName:
            continue
    raise InputError(
        "Nothing tells which comparison a vote is on. Say it with `mapping={'prompt': 'COLUMN'}`."
    )


def _shared(words: list[str], known: dict[str, int]) -> IntArray:
    return np.array([known.setdefault(word, len(known)) for word in words], dtype=np.int64)


def _once(rows: _Comparisons) -> tuple[_Comparisons, int]:
    """The first vote of each comparison, sorted by it, and how many others there were."""
    key, at = np.unique(rows.key, return_index=True)
    kept = _Comparisons(key, rows.first[at], rows.second[at], rows.outcome[at])
    return kept, rows.key.size - key.size
