"""Which of several scores in a log is the score of a call."""

from collections.abc import Mapping

from headtohead.core.errors import InputError
from headtohead.trials.reading.source import Source


def chosen(names: Mapping[str, int], source: Source) -> tuple[str, dict[str, int]]:
    """Name of the score to use, and why the others are not, each with how many there are.

    Args:
        names: Name of each score in the file -> how often it comes.
        source: With the mapping: `score` may name one of them.

    Returns:
        The name is empty if there is no score, or several and none is named.

    Raises:
        InputError: If the name that the mapping gives is in no score, but others are.
    """
    if not names:
        return "", {}
    wanted = source.mapping.get("score")
    if wanted is None:
        if len(names) == 1:
            return next(iter(names)), {}
        said = ", ".join(sorted(names))
        reason = f"score of several kinds ({said}): choose one with --map score=NAME"
        return "", {reason: sum(names.values())}
    if wanted not in names:
        raise InputError(
            f"{source.path}: no score is called {wanted!r}. There are {', '.join(sorted(names))}."
        )
    return wanted, {
        f"score that was not chosen: {name}": n
        for name, n in sorted(names.items())
        if name != wanted
    }
