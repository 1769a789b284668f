"""`arena_board`: the leaderboard of an arena and what its votes decide."""

from pathlib import Path

from headtohead.arena.board import board_of
from headtohead.arena.result import ArenaResult
from headtohead.arena.settings import BoardAsk, kept_settings, settings_in
from headtohead.arena.store.store import ArenaStore
from headtohead.core.errors import InputError
from headtohead.core.settings import takes


@takes(ask=BoardAsk)
def arena_board(arena: str | Path, *, ask: BoardAsk) -> ArenaResult:
    """The leaderboard of an arena, and for each pair of sides what is decided.

    Args:
        arena: Its arena.toml, or the file of its votes.
        ask: The choices below as one object.

    Raises:
        InputError: If there is no such file, category or group, or it is of something else.
        DamagedStore: If the file of votes is damaged.
    """
    path = Path(arena)
    settings = settings_in(path) if path.suffix == ".toml" else None
    if settings and not settings.database.exists():
        raise InputError(f"{path}: has not been served yet. Begin with `h2h arena serve {path}`.")
    store = ArenaStore(settings.database if settings else path)
    try:
        settings = settings or kept_settings(store)
        return ArenaResult(title=settings.title, view=board_of(store, settings, ask))
    finally:
        store.close()
