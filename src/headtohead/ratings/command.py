"""`h2h rank`: leaderboards from pairwise votes."""

from dataclasses import replace
from pathlib import Path

import click

from headtohead.publish.command_line import (
    Output,
    day_of,
    deliver,
    output_options,
    settings_options,
    today,
    typed,
    verb,
    write,
)
from headtohead.ratings.settings import BoardOptions, RankSettings, VoteOptions


@verb("h2h rank votes.csv --by language --cluster voter")
@click.argument("votes", nargs=-1, required=True, type=click.Path(path_type=Path))
@settings_options(boards=BoardOptions, settings=RankSettings, reading=VoteOptions)
@click.option("--as-of", metavar="DAY", help="Leave out votes given after this day.")
@click.option(
    "--top",
    type=click.IntRange(min=1),
    help="Models to print of every board. Default: all of the first, 5 each of five more.",
)
@output_options()
def rank(
    votes: tuple[Path, ...],
    boards: BoardOptions,
    settings: RankSettings,
    reading: VoteOptions,
    as_of: str | None,
    top: int | None,
    output: Output,
) -> int:
    """Turn the pairwise VOTES (files, or a folder of Parquet) into leaderboards."""
    from headtohead.publish.command_line import steps
    from headtohead.ratings import verb
    from headtohead.ratings.sheet.sheet import rank_sheet

    with steps("Ranking") as progress:
        result = verb.rank(
            list(votes),
            boards=replace(boards, trust=boards.trust or output.html is not None),
            settings=settings,
            reading=reading,
            as_of=day_of(as_of) if as_of else None,
            progress=progress,
        )
    # Whatever a file holds is known today; only an earlier day asks when each vote was given.
    result = result if as_of else replace(result, as_of=today())
    if output.html:
        from headtohead.publish.page import sheet_html

        page = rank_sheet(result, command=typed(), page=True)
        write(output.html, sheet_html(page))
    shown = rank_sheet(result, top=top, command=typed())
    return deliver(result, replace(output, html=None), sheet=shown)
