"""What `h2h arena` does, as Python functions: `arena_init`, `arena_serve`, `arena_board` and so on.

An arena is given as its arena.toml or, once it was served, as the file of its votes.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from headtohead.arena.settings import (
    ArenaSettings,
    BoardAsk,
    FirstArena,
    JudgePace,
    kept_settings,
    settings_in,
)
from headtohead.arena.store.store import ArenaStore
from headtohead.core.errors import HeadToHeadError, InputError
from headtohead.core.settings import takes
from headtohead.core.units import counted
from headtohead.hosting.packages import check_packages
from headtohead.ratings.settings import VoteOptions

if TYPE_CHECKING:
    from headtohead.arena.exchange import Layout
    from headtohead.arena.judging import JudgeRun
    from headtohead.arena.result import ArenaResult
    from headtohead.trials.replay.replay import ReplayProgress

_HERE = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class WrittenArena:
    """A first arena.toml.

    Attributes:
        path: Where it is.
        settings: What it says.
        prompts: How many prompts voters may be shown; 0 where they write their own.
    """

    path: Path
    settings: ArenaSettings
    prompts: int

    def __str__(self) -> str:
        n = f", {counted(self.prompts, 'prompt')}" if self.prompts else ""
        has = f"{len(self.settings.entrants)} entrants{n}"
        return f"Wrote {self.path}: {has}. Now: h2h arena serve {self.path}"


@dataclass(frozen=True, slots=True)
class ArenaAddress:
    """Where an arena can be reached, and what it shows.

    Attributes:
        address: Where people vote.
        admin: What opens the page of whoever runs it.
        prompts: How many there are; 0 where voters write their own.
        left_out: Entrant -> reason -> how many records of its file voters are not shown.
    """

    settings: ArenaSettings
    address: str
    admin: str
    prompts: int
    left_out: Mapping[str, Mapping[str, int]]

    def __str__(self) -> str:
        return "\n".join((*self.for_voters, *self.for_admin))

    @property
    def for_voters(self) -> tuple[str, ...]:
        """Where to vote."""
        asked = counted(self.prompts, "prompt") if self.prompts else "and voters write the prompts"
        return (
            f"{self.settings.title}: {len(self.settings.entrants)} entrants, {asked}.",
            f"Vote at {self.address}",
            "Ctrl-C ends it.",
        )

    @property
    def for_admin(self) -> Iterator[str]:
        """What only whoever runs it is to read."""
        for name, reasons in self.left_out.items():
            said = "; ".join(f"{n:,} x {reason}" for reason, n in reasons.items())
            yield f"Left out of the answers of {name}: {said}."
        for host in ("0.0.0.0", "[::]"):
            if f"//{host}:" in self.address:
                yield f"Others put the name of this machine in place of {host}."
        yield f"For whoever runs it: {self.admin}"


@dataclass(frozen=True, slots=True)
class VotesTaken:
    """What an import brought.

    Attributes:
        new: Votes that the arena did not have.
        there: Votes that it had.
        into: Its file.
        left_out: Reason -> how many rows of the file are no votes.
    """

    new: int
    there: int
    into: Path
    left_out: Mapping[str, int]

    def __str__(self) -> str:
        were = "was" if self.there == 1 else "were"
        had = f", {self.there:,} {were} there already" if self.there else ""
        said = [f"{counted(self.new, 'vote')} imported into {self.into}{had}."]
        said += [f"Left out: {n:,} ({reason})." for reason, n in self.left_out.items()]
        return "\n".join(said)


@takes(first=FirstArena)
def arena_init(
    out: str | Path = "arena.toml", *, first: FirstArena, force: bool = False
) -> WrittenArena:
    """A first arena.toml, written and read again.

    Args:
        out: Where it is written.
        first: The choices below as one object.
        force: Write it over a file that is there.

    Raises:
        InputError: If it could not be served: fewer than two entrants, an answer or a prompt that
            cannot be read, nothing to vote on. No file is left then.
    """
    from headtohead.arena.first_toml import check_out, first_toml
    from headtohead.arena.recorded import IN_TOML, contents

    out = Path(out)
    check_out(out, force=force)
    text = first_toml(first, out.parent)
    before = out.read_bytes() if out.exists() else None
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    try:
        made = settings_in(out)
        return WrittenArena(out, made, len(contents(made).prompts))
    except HeadToHeadError as error:
        # What cannot be served is not left behind, to be in the way of the next attempt.
        out.unlink() if before is None else out.write_bytes(before)
        error.args = (str(error).replace(IN_TOML, "`mapping={'key': 'COLUMN'}`"),)
        raise


@takes()
def arena_serve(
    arena: str | Path | ArenaSettings,
    *,
    host: str = _HERE,
    port: int = 8600,
    ready: Callable[[ArenaAddress], object] = print,
) -> int:
    """How many votes count, once the server has been stopped with Ctrl-C.

    Args:
        arena: Its arena.toml, or its settings.
        host: Address to listen on; "0.0.0.0" for all.
        port: 0 is any that is free.
        ready: Told once that it can be reached, and where.

    Raises:
        InputError: If the arena cannot be read, its packages are missing, or nothing can listen
            there.
        StoreBusy: If another server has its file.
    """
    _not_in_a_notebook("serve")
    check_packages("An arena", "arena")
    import numpy as np

    from headtohead.arena.web.admin import admin_token
    from headtohead.arena.web.app import run
    from headtohead.arena.web.running import RunningArena, only_server, prepare
    from headtohead.hosting.listening import bound

    settings = arena if isinstance(arena, ArenaSettings) else settings_in(Path(arena))
    with only_server(settings.database):
        left_out = prepare(settings)
        listening = bound(host, port)
        running = RunningArena(settings, np.random.default_rng())

        def listens(address: str) -> None:
            admin = f"{address}admin/enter/{admin_token(running)}"
            ready(ArenaAddress(settings, address, admin, len(running.deck.texts), left_out))

        try:
            run(running, listening, listens)
        finally:
            running.close()
    with _opened(settings.database) as (store, _):
        return store.votes_n()


@takes()
def arena_try(
    which: Literal["short", "markdown"] = "short",
    *,
    database: str | Path | None = None,
    host: str = _HERE,
    port: int = 0,
    ready: Callable[[ArenaAddress], object] = print,
) -> int:
    """How many votes count, once an arena of built-in recorded answers has been stopped.

    Args:
        which: Of the two built-in sets of answers.
        database: Where votes are kept; None if they are gone when it ends.
        host: As `arena_serve`; so are `port` and `ready`.

    Raises:
        InputError: If there is no such set, or as `arena_serve`.
    """
    from tempfile import TemporaryDirectory

    from headtohead.arena.trying import trial

    with TemporaryDirectory(prefix="h2h-arena-") as folder:
        kept = Path(database) if database else Path(folder) / "try.sqlite"
        return arena_serve(trial(which, kept), host=host, port=port, ready=ready)


@takes()
def arena_link(
    arena: str | Path,
    names: str | Iterable[str],
    *,
    at: str = f"http://{_HERE}:8600",
    revoke: bool = False,
) -> dict[str, str]:
    """Name -> the link with which they and nobody else vote under it; the same whenever asked for.

    Args:
        arena: Its arena.toml.
        names: Whom to invite.
        at: Where voters reach the arena.
        revoke: Let these vote no more; their votes stay, and their links are empty.

    Raises:
        InputError: If the arena is not for those who were given a link, `at` is no address, a name
            is none, or nobody was invited by a name that is to be revoked.
    """
    from headtohead.arena.web.invitations import invite

    settings = settings_in(Path(arena))
    if settings.voters.door != "link":
        raise InputError(f'{arena}: write door = "link" under [voters] first.')
    if not at.startswith(("http://", "https://")):
        raise InputError(f"`at` begins with https:// or http://, not {at!r}.")
    invited = invite(settings, [names] if isinstance(names, str) else names, revoke=revoke)
    return {n: token and f"{at.rstrip('/')}/join/{token}" for n, token in invited.items()}


@takes(ask=BoardAsk)
def arena_board(arena: str | Path, *, ask: BoardAsk) -> "ArenaResult":
    """The leaderboard of an arena, and for each pair of sides what is decided.

    Args:
        arena: Its arena.toml, or the file of its votes.
        ask: The choices below as one object.

    Raises:
        InputError: If there is no such file, voter, category or group, or it is of something else.
        DamagedStore: If the file of votes is damaged.
    """
    from headtohead.arena.board import board_of
    from headtohead.arena.result import ArenaResult

    with _opened(Path(arena), read_only=True) as (store, settings):
        settings = settings or kept_settings(store)
        if ask.voter:
            ask = replace(ask, voter=store.voter_called(ask.voter))
        return ArenaResult(title=settings.title, view=board_of(store, settings, ask))


@takes()
def arena_export(
    arena: str | Path, out: str | Path, *, layout: "Layout" = "csv", texts: bool = False
) -> int:
    """How many votes were written for others, without names of voters.

    Args:
        arena: Its arena.toml, or the file of its votes.
        out: The file to write; a folder for "every-eval-ever".
        layout: "lmarena" for LMArena's battles (JSON lines), "parquet", or "csv" with a file that
            tells of its columns; or "every-eval-ever" for the leaderboard.
        texts: Also the questions and answers, in "lmarena" only.

    Raises:
        InputError: If nobody has voted, or the layout is none or has no texts.
        StoreFull: If it cannot be written.
    """
    from headtohead.arena.exchange import export

    with _opened(Path(arena), read_only=True) as (store, _):
        return export(store, layout, Path(out), texts=texts)


@takes(reading=VoteOptions)
def arena_import(votes: str | Path, into: str | Path, *, reading: VoteOptions) -> VotesTaken:
    """What came of taking votes from elsewhere into an arena.

    Entrants that it does not know are rated, and never drawn. Votes that it has already, of the
    same file or of one that has grown since, are not taken in twice.

    Args:
        votes: A file of Open WebUI, compar:IA, LMArena or any table that `rank` reads.
        into: The arena.toml or the file of votes of the arena.
        reading: The choices below as one object.

    Raises:
        InputError: If a file cannot be read, or holds no whole votes.
    """
    from headtohead.arena.exchange import take_in, votes_elsewhere
    from headtohead.arena.web.running import now_ms

    now, votes = now_ms(), Path(votes)
    with _opened(Path(into)) as (store, _):
        cast, dropped = votes_elsewhere(votes, reading, now)
        new = take_in(store, cast, now, votes.name)
    return VotesTaken(new, len(cast) - new, Path(into), dropped)


@takes(pace=JudgePace)
def arena_judge(
    arena: str | Path,
    *,
    pace: JudgePace,
    on_progress: "Callable[[ReplayProgress], None] | None" = None,
) -> "JudgeRun":
    """What came of letting the [judge] of an arena compare all answers that people may be shown.

    Each pair of answers is judged in both orders. A run that is stopped goes on where it was.

    Args:
        arena: Its arena.toml.
        pace: The choices below as one object.
        on_progress: Told of each answer.

    Raises:
        InputError: If the arena has no judge, or nothing to compare, or the endpoint refuses.
        SourceUnreachable: If the endpoint stops answering.
        StoreBusy: If another run is asking this judge.
    """
    import numpy as np

    from headtohead.arena.judging import run_judge
    from headtohead.arena.web.running import now_ms, prepare

    _not_in_a_notebook("judge")
    settings = settings_in(Path(arena))
    prepare(settings)
    rng = np.random.default_rng()
    with _opened(settings.database) as (store, _):
        return run_judge(store, settings, pace, now_ms=now_ms, rng=rng, on_progress=on_progress)


def _not_in_a_notebook(command: str) -> None:
    """Refuse where a loop of asyncio is under way: no second one can run in its thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise InputError(f"A notebook cannot do this itself. Run `h2h arena {command}` in a terminal.")


@contextmanager
def _opened(
    arena: Path, *, read_only: bool = False
) -> Iterator[tuple[ArenaStore, ArenaSettings | None]]:
    """The file of votes, and what the toml says if that was given."""
    settings = settings_in(arena) if arena.suffix == ".toml" else None
    if settings and not settings.database.exists():
        raise InputError(f"{arena}: has not been served yet. Begin with `h2h arena serve {arena}`.")
    store = ArenaStore(settings.database if settings else arena, read_only=read_only)
    try:
        yield store, settings
    finally:
        store.close()
