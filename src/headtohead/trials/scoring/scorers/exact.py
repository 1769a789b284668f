"""The answer is the reference: compared as numbers or as text without empty differences."""

from typing import get_args

from headtohead.core.errors import InputError, UnknownName
from headtohead.logs.calls import Call
from headtohead.trials.scoring.likeness import Likeness, Place, found_in, same, sort_of
from headtohead.trials.scoring.scored import Scored, Scorer, right, unparsed, wrong

SCORER = "exact"
_PLACES: tuple[Place, ...] = get_args(Place)
_COUNTS = ("case", "punctuation", "spaces")
_WHAT = {"letter": "no chosen letter", "number": "no number", "text": "no answer"}
_WHERE = {"last_line": "its last line", "answer": "any 'ANSWER: X'", "boxed": "any \\boxed{}"}


def prepare(argument: str) -> Scorer:
    """The scorer with these options, with commas between them; none if empty.

    They say where to look (anywhere, whole, last_line, answer, boxed) and what counts (case,
    punctuation, spaces). Numbers are compared as numbers.

    Raises:
        UnknownName: If an option is none.
        InputError: If two places are named.
    """
    given = [word.strip() for word in argument.split(",") if word.strip()]
    for word in given:
        if word not in (*_PLACES, *_COUNTS):
            raise UnknownName("option of the scorer exact", word, (*_PLACES, *_COUNTS))
    places = [place for place in _PLACES if place in given]
    if len(places) > 1:
        raise InputError(
            f"`scorer=exact:{argument}` names {len(places)} places to look for the answer "
            f"({', '.join(places)}); name one."
        )
    place: Place = places[0] if places else "anywhere"
    like = Likeness(**{word: word in given for word in _COUNTS})

    def rule(output: str, reference: str | None, call: Call) -> Scored:
        reference = reference or ""
        if place in ("anywhere", "whole") and same(output, reference, like):
            return right()
        sort = sort_of(reference)
        said = found_in(output, sort, place)
        if said is None:
            return unparsed(f"{_WHAT[sort]} found in {_WHERE.get(place, 'the answer')}")
        return right() if same(said, reference, like) else wrong(f"found {said[:80]!r}")

    return Scorer(needs_reference=True, rule=rule)
