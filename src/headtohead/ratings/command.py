"""`h2h rank`: leaderboards from pairwise votes."""

from dataclasses import replace
from pathlib import Path

import click

from headtohead.publish import command_line as line
from headtohead.ratings.settings import BoardOptions, RankSettings, VoteOptions


@line.verb("h2h rank votes.csv --by language --cluster voter")
@click.argument("votes", nargs=-1, required=True, type=click.Path(path_type=Path))
@line.settings_options(boards=BoardOptions, settings=RankSettings, reading=VoteOptions)
@click.option("--as-of", metavar="DAY", help="Leave out votes given after this day.")
@click.option(
    "--top",
    type=click.IntRange(min=1),
    help="Models to print of every board. Default: all of the first, 5 each of five more.",
)
@line.output_options()
def rank(
    votes: tuple[Path, ...],
    boards: BoardOptions,
    settings: RankSettings,
    reading: VoteOptions,
    as_of: str | None,
    top: int | None,
    output: line.Output,
) -> int:
    """Turn the pairwise VOTES (files, or a folder of Parquet) into leaderboards."""
    from headtohead.ratings import verb
    from headtohead.ratings.sheet.sheet import rank_sheet

    with line.steps("Ranking") as progress:
        result = verb.rank(
            list(votes),
            boards=replace(boards, trust=boards.trust or output.html is not None),
            settings=settings,
            reading=reading,
            as_of=line.day_of(as_of) if as_of else None,
            progress=progress,
        )
    # Whatever a file holds is known today; only an earlier day asks when each vote was given.
    result = result if as_of else replace(result, as_of=line.today())
    if output.html:
        from headtohead.publish.page import sheet_html

        page = rank_sheet(result, command=line.typed(), page=True)
        line.write(output.html, sheet_html(page))
    shown = rank_sheet(result, top=top, command=line.typed())
    return line.deliver(result, replace(output, html=None), sheet=shown)
