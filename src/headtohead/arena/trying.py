"""Two built-in sets of recorded answers, to see what an arena is; their entrants are invented."""

from importlib.resources import files
from pathlib import Path

from headtohead.arena.settings import ArenaSettings, Entrant
from headtohead.core.errors import UnknownName

SETS = {"short": ("Amber", "Basalt", "Cedar"), "markdown": ("Dune", "Ember", "Fjord")}
"""Name of a set -> whose answers it holds."""


def trial(which: str, database: Path) -> ArenaSettings:
    """The arena of a built-in set.

    Raises:
        UnknownName: If there is no such set.
    """
    if which not in SETS:
        raise UnknownName("built-in set of answers", which, SETS)
    answers = Path(str(files("headtohead").joinpath(f"data/arena/{which}.jsonl")))
    return ArenaSettings(
        title="A trial arena",
        database=database,
        entrants=tuple(Entrant(name=name, answers=answers, only=name) for name in SETS[which]),
    )
