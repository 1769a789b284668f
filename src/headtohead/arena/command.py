"""`h2h arena`: blind votes of your own on two answers side by side, and a live leaderboard."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from headtohead.publish import command_line as line

if TYPE_CHECKING:
    from headtohead.arena.settings import ArenaSettings

_FILE = click.Path(path_type=Path)
_host = click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all."
)


@click.group()
def arena() -> None:
    """Let people vote blindly on two answers side by side, and show a live leaderboard."""


@line.verb("h2h arena serve arena.toml --host 0.0.0.0 --port 8600", name="serve")
@click.argument("settings", metavar="ARENA.TOML", type=_FILE)
@_host
@click.option("--port", type=int, default=8600, show_default=True, help="0 is any that is free.")
def serve(settings: Path, host: str, port: int) -> int:
    """Serve the arena that ARENA.TOML describes, until Ctrl-C."""
    from headtohead.arena.settings import settings_in

    return _serve(settings_in(settings), host, port)


@line.verb("h2h arena try", name="try")
@click.option(
    "--set",
    "which",
    type=click.Choice(["short", "markdown"]),
    default="short",
    show_default=True,
    help="Which of the built-in sets of answers.",
)
@click.option("--database", type=_FILE, metavar="FILE", help="Keep the votes in this file.")
@_host
@click.option("--port", type=int, default=0, help="Default: any that is free.")
def try_out(which: str, database: Path | None, host: str, port: int) -> int:
    """Vote on built-in recorded answers, to see what an arena is; needs no endpoint."""
    from tempfile import TemporaryDirectory

    from headtohead.arena.trying import trial

    if database is not None:
        return _serve(trial(which, database), host, port)
    with TemporaryDirectory(prefix="h2h-arena-") as folder:
        return _serve(trial(which, Path(folder) / "try.sqlite"), host, port)


def _serve(settings: "ArenaSettings", host: str, port: int) -> int:
    """Serve until Ctrl-C, and say how many votes there are."""
    try:
        import litestar  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError:
        from headtohead.core.errors import InputError

        raise InputError(
            "An arena needs more packages: install 'headtohead[arena]' with pip or uv."
        ) from None
    import numpy as np

    from headtohead.arena.web.app import bound, run
    from headtohead.arena.web.running import RunningArena, prepare

    for name, reasons in prepare(settings).items():
        said = "; ".join(f"{n:,} x {reason}" for reason, n in reasons.items())
        click.echo(line.plain(f"Left out of the answers of {name}: {said}."), err=True)
    running = RunningArena(settings, np.random.default_rng())
    listening = bound(host, port)

    def ready(address: str) -> None:
        n, prompts = len(settings.entrants), len(running.deck.texts)
        line.say(
            [
                f"{settings.title}: {n} entrants, {prompts:,} prompts.",
                f"Vote at {address}",
                "Ctrl-C ends it.",
            ]
        )

    try:
        run(running, listening, ready)
    finally:
        running.close()
    from headtohead.arena.store.store import ArenaStore

    store = ArenaStore(settings.database)
    n = store.votes_n()
    store.close()
    click.echo(f"\nStopped. {n:,} {'vote counts' if n == 1 else 'votes count'}.", err=True)
    return 0


for command in (serve, try_out):
    arena.add_command(command)
