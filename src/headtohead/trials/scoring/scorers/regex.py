"""The answer matches a pattern, or what its group caught is the reference."""

import re

from headtohead.core.errors import InputError
from headtohead.trials.calls import Call
from headtohead.trials.scoring.likeness import same
from headtohead.trials.scoring.matching import TimedPattern
from headtohead.trials.scoring.scored import (
    Kind,
    Scored,
    Scorer,
    right,
    unparsed,
    unscored,
    wrong,
)

SCORER = Kind(
    name="regex",
    about="The pattern is found in the answer; with a group, what it caught is the reference.",
    written=(
        "regex:PATTERN in Python's syntax; with a group (the one called 'answer', else the first) "
        "the last match counts; (?:...) is no group, (?i) ignores case"
    ),
    examples=(r"regex:\bok\b", r"regex:Total: (\d+)"),
)


def prepare(argument: str) -> Scorer:
    """The scorer for this pattern.

    Patterns run in a process of their own, so that one which takes forever on some answer can be
    stopped: that item is then not scored.

    Args:
        argument: The pattern.

    Raises:
        InputError: If it is empty or no pattern.
    """
    if not argument:
        raise InputError("--scorer regex needs a pattern, as regex:'Total: (\\d+)'.")
    try:
        compiled = re.compile(argument)
    except (re.error, OverflowError, RecursionError) as error:
        raise InputError(
            f"--scorer regex:{argument} is no pattern of Python's re: {error}."
        ) from None
    groups = compiled.groups
    caught = compiled.groupindex.get("answer", 1 if groups else 0)
    pattern = TimedPattern(argument, caught)

    def rule(output: str, reference: str | None, call: Call) -> Scored:
        try:
            matched, text = pattern.last(output)
        except TimeoutError:
            return unscored(f"the pattern took longer than {pattern.seconds:g} seconds")
        if not caught:
            return right() if matched else wrong("the pattern is not in the answer")
        if text is None:
            return unparsed("the pattern's group caught nothing")
        return right() if same(text, reference or "") else wrong(f"found {text[:80]!r}")

    return Scorer(spec=f"regex:{argument}", needs_reference=bool(caught), rule=rule)
