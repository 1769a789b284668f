"""`h2h arena`: blind votes of your own on two answers side by side, and a live leaderboard."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from headtohead.arena.settings import BoardAsk, JudgePace
from headtohead.core.units import counted
from headtohead.publish import command_line as line
from headtohead.ratings.settings import VoteOptions

if TYPE_CHECKING:
    from headtohead.arena.exchange import Layout
    from headtohead.arena.first_toml import FirstArena
    from headtohead.arena.settings import ArenaSettings
    from headtohead.arena.store.store import ArenaStore, Door

_FILE = click.Path(path_type=Path)
_DOORS = click.Choice(["open", "link", "header"])
_PORT = click.IntRange(0, 65535)
_host = click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all."
)


@click.group(cls=line.CommandGroup, epilog="\b\nExample:\n  h2h arena try")
def arena() -> None:
    """Let people vote blindly on two answers side by side, and show a live leaderboard."""


@line.verb("h2h arena serve arena.toml --host 0.0.0.0 --port 8600", name="serve")
@click.argument("settings", metavar="ARENA.TOML", type=_FILE)
@_host
@click.option("--port", type=_PORT, default=8600, show_default=True, help="0 is any that is free.")
def serve(settings: Path, host: str, port: int) -> int:
    """Serve the arena that ARENA.TOML describes, until Ctrl-C."""
    from headtohead.arena.settings import settings_in

    return _serve(settings_in(settings), host, port)


@line.verb("h2h arena init --from answers.jsonl", name="init")
@click.option("--title", metavar="TEXT", help="What voters read above. Default: Our arena")
@click.option(
    "--entrant",
    "entrant",
    multiple=True,
    metavar="NAME=FILE",
    help="Who competes: NAME=FILE of answers, or NAME='http://host/v1 MODEL KEY_VARIABLE'.",
)
@click.option(
    "--from",
    "log",
    type=_FILE,
    multiple=True,
    metavar="LOG",
    help="Each model in this log competes with the answers that it gave there.",
)
@click.option("--prompts", type=_FILE, metavar="FILE", help="Prompts, if the answers hold none.")
@click.option(
    "--margin",
    type=float,
    metavar="PP",
    help="How far behind still counts as no worse, in percentage points of the wins. Default: 5",
)
@click.option(
    "--door",
    type=_DOORS,
    help="Who may vote: everyone (open, the default), those with a link, or those whom a single "
    "sign-on names (header).",
)
@click.option("--out", type=_FILE, default=Path("arena.toml"), show_default=True, metavar="FILE")
@click.option("--force", is_flag=True, help="Write it over a file that is there.")
def init(
    title: str | None,
    entrant: tuple[str, ...],
    log: tuple[Path, ...],
    prompts: Path | None,
    margin: float | None,
    door: "Door | None",
    out: Path,
    force: bool,
) -> int:
    """Write a first arena.toml by asking five questions, or from what is given.

    Whoever names entrants, or a log with --from, is asked nothing.
    """
    from headtohead.arena.first_toml import FirstArena, first_toml
    from headtohead.arena.recorded import contents
    from headtohead.arena.settings import settings_in
    from headtohead.core.errors import HeadToHeadError, InputError
    from headtohead.publish.files import writable

    writable(out, "out")
    if out.exists() and not force:
        raise InputError(f"{out} is there already. Name another `out`, or add `force`.")
    given: dict[str, Any] = {"title": title, "margin_pp": margin, "door": door, "prompts": prompts}
    given = {name: value for name, value in given.items() if value is not None}
    first = FirstArena(entrants=entrant, logs=log, **given)
    if not entrant and not log:
        first = _asked(first)
    before = out.read_bytes() if out.exists() else None
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(first_toml(first, out.parent), encoding="utf-8")
    try:
        made = settings_in(out)
        n = len(contents(made).prompts)
    except HeadToHeadError:
        # What cannot be served is not left behind, to be in the way of the next attempt.
        out.unlink() if before is None else out.write_bytes(before)
        raise
    has = f"{len(made.entrants)} entrants, {n:,} prompts" if n else f"{len(made.entrants)} entrants"
    click.echo(f"Wrote {out}: {has}. Now: h2h arena serve {out}")
    return 0


def _asked(first: "FirstArena") -> "FirstArena":
    """What a person answers to five questions; an answer that cannot be right is asked again."""
    from headtohead.arena.first_toml import FirstArena

    title = click.prompt("1. What is it called?", default=first.title)
    click.echo(
        "2. Who competes? For each a name, =, and a file of its answers, or its endpoint\n"
        "   and model, as in\n"
        "     ours=answers.jsonl\n"
        "     theirs=https://host/v1 some-model KEY_VARIABLE\n"
        "   Enter alone ends the list."
    )
    entrants: list[str] = []
    while (
        one := click.prompt(
            f"   {len(entrants) + 1}", default="", show_default=False, value_proc=_entrant_typed
        )
    ) or len(entrants) < 2:
        if one:
            entrants.append(one)
        else:
            click.echo("   Two compete at least.")
    prompts = click.prompt(
        "3. A file of prompts? (Enter: those of the answers, or voters' own)",
        default="",
        show_default=False,
        value_proc=_file_typed,
    )
    margin = click.prompt(
        "4. How many percentage points of the wins may one be behind, and still be\n   no worse?",
        default=first.margin_pp,
        type=click.FloatRange(0.1, 50),
    )
    door: Any = click.prompt(
        "5. Who may vote: everyone (open), those whom you give a link (link), or those\n"
        "   whom a single sign-on names (header)?",
        default=str(first.door),
        type=_DOORS,
    )
    return FirstArena(
        title=title,
        entrants=tuple(entrants),
        prompts=Path(prompts) if prompts else None,
        margin_pp=margin,
        door=door,
    )


def _entrant_typed(text: str) -> str:
    from headtohead.arena.first_toml import entrant_fields
    from headtohead.core.errors import InputError

    if not text:
        return ""
    try:
        fields = entrant_fields(text, Path())
    except InputError as error:
        raise click.UsageError(str(error).replace("`entrant`", "An entrant")) from None
    _file_typed(fields.get("answers", ""))
    return text


def _file_typed(text: str) -> str:
    if text and not Path(text).exists():
        raise click.UsageError(f"{text}: there is no such file.")
    return text


@line.verb("h2h arena link arena.toml Ann Bo --at https://arena.example.org", name="link")
@click.argument("settings", metavar="ARENA.TOML", type=_FILE)
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option(
    "--at",
    default="http://127.0.0.1:8600",
    show_default=True,
    help="Where voters reach the arena.",
)
@click.option("--revoke", is_flag=True, help="Let these vote no more; their votes stay.")
def link(settings: Path, names: tuple[str, ...], at: str, revoke: bool) -> int:
    """Print a link for each NAME, with which they and nobody else vote as NAME."""
    from headtohead.arena.settings import settings_in
    from headtohead.arena.web.invitations import invite
    from headtohead.core.errors import InputError

    arena = settings_in(settings)
    if arena.voters.door != "link":
        raise InputError(f'{settings}: write door = "link" under [voters] first.')
    invited = invite(arena, names, revoke=revoke)
    wide = max(map(len, names))
    for name, token in invited.items():
        said = f"{at.rstrip('/')}/join/{token}" if token else "may vote no more"
        click.echo(line.plain(f"{name:<{wide}}  {said}"))
    return 0


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
@click.option("--port", type=_PORT, default=0, help="Default: any that is free.")
def try_out(which: str, database: Path | None, host: str, port: int) -> int:
    """Vote on built-in recorded answers, to see what an arena is; needs no endpoint."""
    from tempfile import TemporaryDirectory

    from headtohead.arena.trying import trial

    if database is not None:
        return _serve(trial(which, database), host, port)
    click.echo("Votes are gone when it ends, unless --database names a file for them.", err=True)
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

    from headtohead.arena.web.admin import admin_token
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
                f"{settings.title}: {n} entrants, "
                + (f"{prompts:,} prompts." if prompts else "and voters write the questions."),
                f"Vote at {address}",
                "Ctrl-C ends it.",
            ]
        )
        if host in ("0.0.0.0", "::"):
            click.echo(f"Others put the name of this machine in place of {host}.", err=True)
        click.echo(f"For whoever runs it: {address}admin/enter/{admin_token(running)}", err=True)

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


@line.verb("h2h arena board arena.sqlite --category code", name="board")
@click.argument("arena_file", metavar="ARENA", type=_FILE)
@line.settings_options(ask=BoardAsk)
@line.output_options()
def board(arena_file: Path, ask: BoardAsk, output: line.Output) -> int:
    """Print the leaderboard of ARENA, a toml or a file of votes, and what its votes decide."""
    from headtohead.arena.verb import arena_board

    return line.deliver(arena_board(arena_file, ask=ask), output)


@line.verb("h2h arena export arena.sqlite --as csv --out votes.csv", name="export")
@click.argument("database", metavar="ARENA.SQLITE", type=_FILE)
@click.option(
    "--as",
    "layout",
    type=click.Choice(["lmarena", "parquet", "csv", "every-eval-ever"]),
    default="csv",
    show_default=True,
    help="Votes as LMArena's battles (JSON lines), Parquet, or CSV with a file that tells of its "
    "columns; or the leaderboard as Every Eval Ever, into a folder.",
)
@click.option("--out", type=_FILE, required=True, metavar="FILE", help="Where it is written.")
@click.option(
    "--texts", is_flag=True, help="Also the questions and answers, in the layout of LMArena."
)
def export_votes(database: Path, layout: "Layout", out: Path, *, texts: bool) -> int:
    """Write the votes of ARENA.SQLITE for others, without names of voters and without texts."""
    from headtohead.arena.exchange import export

    store = _opened(database)
    try:
        n = export(store, layout, out, texts=texts)
    finally:
        store.close()
    line.say([f"{counted(n, 'vote')} written to {out}."])
    return 0


@line.verb("h2h arena import feedback.json --into arena.sqlite", name="import")
@click.argument("votes", type=_FILE)
@click.option(
    "--into", "database", type=_FILE, required=True, metavar="ARENA.SQLITE", help="The arena."
)
@line.settings_options(reading=VoteOptions)
def import_votes(votes: Path, database: Path, reading: VoteOptions) -> int:
    """Take in VOTES of Open WebUI, compar:IA, LMArena or any table that `h2h rank` reads.

    Entrants that the arena does not know are rated, and never drawn. A file that is imported again,
    or has grown and gives each vote an id of 12 characters or more, adds only what is new.
    """
    from headtohead.arena.exchange import take_in, votes_elsewhere
    from headtohead.arena.web.running import now_ms

    now, store = now_ms(), _opened(database)
    try:
        found, dropped = votes_elsewhere(votes, reading, now)
        new = take_in(store, found, now, votes.name)
    finally:
        store.close()
    line.say(
        [
            f"{counted(new, 'vote')} imported into {database}"
            f"{f', {len(found) - new:,} were there already' if new < len(found) else ''}.",
            *(f"Left out: {n:,} ({reason})." for reason, n in dropped.items()),
        ]
    )
    return 0


def _opened(database: Path) -> "ArenaStore":
    from headtohead.arena.store.store import ArenaStore
    from headtohead.core.errors import InputError

    if not database.exists():
        raise InputError(f"{database} does not exist. Give the file of an arena.")
    return ArenaStore(database)


@line.verb("h2h arena judge arena.toml --max-usd 1", name="judge")
@click.argument("settings", metavar="ARENA.TOML", type=_FILE)
@line.settings_options(pace=JudgePace)
def judge(settings: Path, pace: JudgePace) -> int:
    """Let the [judge] of ARENA.TOML compare all answers that people may be shown.

    Each pair of answers is judged in both orders. A run that is stopped goes on where it was.
    """
    import numpy as np

    from headtohead.arena.judging import run_judge
    from headtohead.arena.settings import settings_in
    from headtohead.arena.store.store import ArenaStore
    from headtohead.arena.web.running import now_ms, prepare

    arena = settings_in(settings)
    prepare(arena)
    store = ArenaStore(arena.database)
    try:
        with line.answers("Judging") as tell:
            run = run_judge(
                store,
                arena,
                pace,
                now_ms=now_ms,
                rng=np.random.default_rng(),
                on_progress=lambda p: tell(
                    p.answered_n, p.most_n, p.spent_usd, p.ceiling_usd, p.waiting
                ),
            )
    finally:
        store.close()
    line.say([*run.sentences, f"What it adds: h2h arena board {settings}"])
    return 0


for command in (board, export_votes, import_votes, init, judge, link, serve, try_out):
    arena.add_command(command)
