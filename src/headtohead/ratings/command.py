"""`h2h rank`: leaderboards from pairwise votes."""

import sys
from dataclasses import replace
from pathlib import Path

import click

from headtohead.core.errors import InputError
from headtohead.core.version import VERSION
from headtohead.publish.command_line import (
    day_of,
    json_option,
    out,
    settings_options,
    today,
    typed,
    verb,
)
from headtohead.publish.options import writable, write
from headtohead.ratings.reading.options import VoteOptions
from headtohead.ratings.settings import BoardOptions, RankSettings


@verb("h2h rank votes.csv --by language --cluster voter")
@click.argument("votes", nargs=-1, required=True, type=click.Path(path_type=Path))
@settings_options(boards=BoardOptions, settings=RankSettings, reading=VoteOptions)
@click.option("--as-of", metavar="DAY", help="Leave out votes given after this day.")
@click.option(
    "--top",
    type=click.IntRange(min=1),
    help="Models to print of every board. Default: all of the first, 5 each of five more.",
)
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print one row for each model and board.")
@click.option(
    "--html",
    "page",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also write a page with charts, tables and downloads.",
)
def rank(
    votes: tuple[Path, ...],
    boards: BoardOptions,
    settings: RankSettings,
    reading: VoteOptions,
    as_of: str | None,
    top: int | None,
    as_json: bool,
    as_csv: bool,
    page: Path | None,
) -> None:
    """Turn the pairwise VOTES (files, or a folder of Parquet) into leaderboards."""
    from headtohead.ratings import verb
    from headtohead.ratings.sheet.data import rank_csv, rank_json
    from headtohead.ratings.sheet.text import rank_lines

    if as_json and as_csv:
        raise InputError("Choose one of --json and --csv.")
    writable(page, "page")
    found = verb.rank(
        list(votes),
        boards=replace(boards, trust=boards.trust or page is not None),
        settings=settings,
        reading=reading,
        as_of=day_of(as_of) if as_of else None,
    )
    # Whatever a file holds is known today; only an earlier day asks when each vote was given.
    found = found if as_of else replace(found, as_of=today())
    if as_csv:
        sys.stdout.write(rank_csv(found))
    else:
        out(rank_json(found) if as_json else rank_lines(found, top=top, again=typed()))
    if page:
        from headtohead.ratings.sheet.page import rank_html

        write(page, rank_html(found, version=VERSION, again=typed()))
