"""What the process beside the server reads: the file of an arena, and leaderboards of its votes."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from headtohead.arena.drawing import Pair
from headtohead.arena.settings import ArenaSettings, BoardAsk
from headtohead.arena.store.store import ArenaStore

if TYPE_CHECKING:
    from headtohead.arena.board import BoardView

_MOST_KEPT = 8
_VIEWS: "dict[tuple[Path, BoardAsk], tuple[int, BoardView]]" = {}


@cache
def store_of(path: Path) -> ArenaStore:
    """The file of an arena, for as long as the process lives."""
    return ArenaStore(path, read_only=True)


def view_of(settings: ArenaSettings, ask: BoardAsk) -> "BoardView":
    """A leaderboard, computed anew only after new votes.

    Raises:
        InputError: If there is no such category.
    """
    from headtohead.arena.board import board_of  # the server, which names these jobs, needs none

    store, asked = store_of(settings.database), (settings.database, ask)
    stamp = store.changes()
    known, view = _VIEWS.pop(asked, (-1, None))
    if view is None or known != stamp:
        view = board_of(store, settings, ask)
    _VIEWS[asked] = stamp, view
    if len(_VIEWS) > _MOST_KEPT:
        _VIEWS.pop(next(iter(_VIEWS)))
    return view


def decided_pairs(settings: ArenaSettings) -> dict[Pair, bool]:
    """Of two entrants that are compared, whether votes beside the judge's have decided."""
    judge, sides = view_of(settings, BoardAsk()).judge, settings.compared
    return {
        (a[0], b[0]): pair.calibrated.meter.verdict != "open"
        for pair in (judge.pairs if judge else ())
        if pair.calibrated and not pair.category
        for a, b in [sides[pair.names]]
        if len(a) == len(b) == 1
    }
