"""`h2h arena`: blind votes of your own on two answers side by side, and a live leaderboard."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import click

from headtohead.arena.settings import BoardAsk, FirstArena, JudgePace
from headtohead.arena.store.store import Door
from headtohead.core.units import counted
from headtohead.hosting.options import listening_options
from headtohead.publish import command_line as line
from headtohead.ratings.settings import VoteOptions

if TYPE_CHECKING:
    from headtohead.arena.exchange import Layout
    from headtohead.arena.verb import ArenaAddress

_FILE = click.Path(path_type=Path)


@click.group(cls=line.CommandGroup, epilog="\b\nExample:\n  h2h arena try")
def arena() -> None:
    """Let people vote blindly on two answers side by side, and show a live leaderboard."""


@line.verb("h2h arena serve arena.toml --host 0.0.0.0 --port 8600", name="serve")
@click.argument("settings", metavar="ARENA.TOML", type=_FILE)
@listening_options(8600)
def serve(settings: Path, host: str, port: int) -> int:
    """Serve the arena that ARENA.TOML describes, until Ctrl-C."""

    def served() -> int:
        from headtohead.arena.verb import arena_serve

        return arena_serve(settings, host=host, port=port, ready=_reached)

    return _until_stopped(served)


def _until_stopped(serve: Callable[[], int]) -> int:
    """Exit code; how many votes count is said at the end."""
    try:
        n = serve()
    except KeyboardInterrupt:
        click.echo("\nStopped before anyone could vote.", err=True)
        return 130
    click.echo(f"\nStopped. {n:,} {'vote counts' if n == 1 else 'votes count'}.", err=True)
    return 0


def _reached(at: "ArenaAddress") -> None:
    """Say where people vote, and beside it what only whoever runs it is to read."""
    line.say(at.for_voters)
    for said in at.for_admin:
        click.echo(line.plain(said), err=True)


@line.verb("h2h arena init --from answers.jsonl", name="init")
@line.settings_options(first=FirstArena)
@click.option("--out", type=_FILE, default=Path("arena.toml"), show_default=True, metavar="FILE")
@click.option("--force", is_flag=True, help="Write it over a file that is there.")
def init(first: FirstArena, out: Path, *, force: bool) -> int:
    """Write a first arena.toml by asking five questions, or from what is given.

    Whoever names entrants, or a log with --from, is asked nothing.
    """
    from headtohead.arena.first_toml import check_out
    from headtohead.arena.verb import arena_init

    check_out(out, force=force)
    if not first.entrants and not first.logs:
        first = _asked(first)
    line.say([str(arena_init(out, first=first, force=force))])
    return 0


def _asked(first: FirstArena) -> FirstArena:
    """What a person answers to five questions; an answer that cannot be right is asked again."""
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
            f"   {len(entrants) + 1}",
            default="",
            show_default=False,
            value_proc=partial(_entrant_typed, there=entrants),
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
        type=click.Choice(get_args(Door)),
    )
    return replace(
        first,
        title=title,
        entrants=tuple(entrants),
        prompts=Path(prompts) if prompts else None,
        margin_pp=margin,
        door=door,
    )


def _entrant_typed(text: str, there: Sequence[str]) -> str:
    from headtohead.arena.first_toml import entrant_fields
    from headtohead.core.errors import InputError

    if not text:
        return ""
    try:
        fields = entrant_fields(text, Path())
    except InputError as error:
        raise click.UsageError(str(error).replace("`entrants` takes", "An entrant is")) from None
    _file_typed(fields.get("answers", ""))
    if fields["name"] in [entrant_fields(one, Path())["name"] for one in there]:
        raise click.UsageError(f"One is called {fields['name']!r} already. Give another name.")
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
    from headtohead.arena.verb import arena_link

    wide = max(map(len, names))
    links = arena_link(settings, names, at=at, revoke=revoke)
    line.say(f"{name:<{wide}}  {links[name] or 'may vote no more'}" for name in links)
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
@listening_options(0)
def try_out(
    which: Literal["short", "markdown"], database: Path | None, host: str, port: int
) -> int:
    """Vote on built-in recorded answers, to see what an arena is; needs no endpoint."""
    if database is None:
        click.echo(
            "Votes are gone when it ends, unless --database names a file for them.", err=True
        )

    def served() -> int:
        from headtohead.arena.verb import arena_try

        return arena_try(which, database=database, host=host, port=port, ready=_reached)

    return _until_stopped(served)


@line.verb("h2h arena board arena.sqlite --category code", name="board")
@click.argument("arena_file", metavar="ARENA", type=_FILE)
@line.settings_options(ask=BoardAsk)
@line.output_options()
def board(arena_file: Path, ask: BoardAsk, output: line.Output) -> int:
    """Print the leaderboard of ARENA, a toml or a file of votes, and what its votes decide."""
    from headtohead.arena.verb import arena_board

    return line.deliver(arena_board(arena_file, ask=ask), output)


@line.verb("h2h arena export arena.sqlite --as csv --out votes.csv", name="export")
@click.argument("arena_file", metavar="ARENA", type=_FILE)
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
def export_votes(arena_file: Path, layout: "Layout", out: Path, *, texts: bool) -> int:
    """Write the votes of ARENA for others, without names of voters and without texts."""
    from headtohead.arena.verb import arena_export

    n = arena_export(arena_file, out, layout=layout, texts=texts)
    line.say([f"{counted(n, 'vote')} written to {out}."])
    return 0


@line.verb("h2h arena import feedback.json --into arena.sqlite", name="import")
@click.argument("votes", type=_FILE)
@click.option(
    "--into", type=_FILE, required=True, metavar="ARENA", help="Its toml or its file of votes."
)
@line.settings_options(reading=VoteOptions)
def import_votes(votes: Path, into: Path, reading: VoteOptions) -> int:
    """Take in VOTES of Open WebUI, compar:IA, LMArena or any table that `h2h rank` reads.

    Entrants that the arena does not know are rated, and never drawn. A file that is imported again,
    as it was or grown, adds only what is new.
    """
    from headtohead.arena.verb import arena_import

    line.say(str(arena_import(votes, into, reading=reading)).splitlines())
    return 0


@line.verb("h2h arena judge arena.toml --max-usd 1", name="judge")
@click.argument("settings", metavar="ARENA.TOML", type=_FILE)
@line.settings_options(pace=JudgePace)
def judge(settings: Path, pace: JudgePace) -> int:
    """Let the judge model of ARENA.TOML compare all answers that people may be shown.

    Each pair of answers is judged in both orders. A run that is stopped goes on where it was.
    """
    from headtohead.arena.verb import arena_judge

    with line.answers("Judging") as tell:
        run = arena_judge(
            settings,
            pace=pace,
            on_progress=lambda p: tell(
                p.answered_n, p.most_n, p.spent_usd, p.ceiling_usd, p.waiting
            ),
        )
    line.say([*run.sentences, f"What it adds: h2h arena board {settings}"])
    return 0


for command in (board, export_votes, import_votes, init, judge, link, serve, try_out):
    arena.add_command(command)
