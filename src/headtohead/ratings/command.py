"""`h2h rank`: leaderboards from pairwise votes."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from headtohead.core.errors import InputError
from headtohead.core.version import VERSION
from headtohead.publish.command_line import (
    day_of,
    json_option,
    out,
    today,
)
from headtohead.publish.options import pairs, words, writable, write

if TYPE_CHECKING:
    from headtohead.ratings.result import RankResult


def _anchor(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, float] | None:
    """MODEL=POINTS."""
    if value is None:
        return None
    model, _sign, points = value.rpartition("=")
    try:
        if model:
            return model, float(points)
    except ValueError:
        pass
    raise click.BadParameter(f"{value!r} is not of the form MODEL=POINTS.")


@click.command()
@click.argument("votes", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--by",
    callback=words,
    metavar="COLUMN,...",
    help="Also a board for each value of these columns.",
)
@click.option(
    "--window",
    type=click.Choice(["day", "week", "month", "quarter"]),
    help="Also a board for each stretch of time, and how ratings moved between them.",
)
@click.option(
    "--ties",
    type=click.Choice(["half", "drop", "davidson", "rao-kupper"]),
    default="half",
    show_default=True,
    help="A tie is half a win each, left out, or an outcome of its own by Davidson's or by Rao and "
    "Kupper's model.",
)
@click.option(
    "--both-bad",
    type=click.Choice(["tie", "drop"]),
    default="tie",
    show_default=True,
    help="'Both are bad' counts as a tie, or the vote is left out.",
)
@click.option(
    "--style",
    callback=words,
    metavar="NAME,...",
    help="Rate at equal style, and tell its effect: length, list, header, bold where the layout "
    "has them; x for columns x_a and x_b; or a column of differences, first minus second.",
)
@click.option(
    "--group",
    metavar="country|open|lab|family|FILE.csv",
    help="Also the ratings of groups of models, and the gaps between them. FILE.csv has the "
    "columns model and group.",
)
@click.option(
    "--cluster",
    default="",
    metavar="COLUMN",
    help="Votes of one voter or prompt go together: wider intervals. Default: each vote counts as "
    "independent.",
)
@click.option(
    "--engine",
    default="auto",
    show_default=True,
    metavar="auto|duckdb|spark|...",
    help="What counts the votes: auto reads files itself, any other name is an engine of Ibis.",
)
@click.option(
    "--format",
    "layout",
    default="auto",
    show_default=True,
    metavar="auto|plain|lmarena|...",
    help="Layout of the votes; auto recognises it by the columns.",
)
@click.option(
    "--map",
    "columns",
    multiple=True,
    callback=pairs,
    metavar="WORD=COLUMN",
    help="What your columns are called: model_a=left, winner.tie=draw, ...",
)
@click.option(
    "--where",
    multiple=True,
    callback=pairs,
    metavar="COLUMN=VALUE",
    help="Keep votes with this value. Again for another column: all must hold.",
)
@click.option(
    "--language",
    "languages",
    callback=words,
    metavar="LANGUAGE,...",
    help="Keep votes in these languages, as the votes call them.",
)
@click.option("--since", metavar="DAY", help="Keep votes of this day (YYYY-MM-DD) and later.")
@click.option("--until", metavar="DAY", help="Keep votes of this day and earlier.")
@click.option(
    "--dedup",
    type=click.Choice(["publisher", "id", "prompt", "off"]),
    default="publisher",
    show_default=True,
    help="Repeats to leave out: those the publisher marked; also all but the first vote of each "
    "id, or of each prompt; or none.",
)
@click.option("--named-too", is_flag=True, help="Also count votes given in sight of the names.")
@click.option(
    "--on-bad",
    type=click.Choice(["error", "drop"]),
    default="error",
    show_default=True,
    help="Stop at a row that breaks the rules, or drop and count it.",
)
@click.option(
    "--anchor",
    callback=_anchor,
    metavar="MODEL=POINTS",
    help="Put this model at so many points. Default: the average, weighted by votes, at 1000.",
)
@click.option(
    "--level",
    type=float,
    default=0.95,
    show_default=True,
    help="How surely intervals and places hold: between 0 and 1.",
)
@click.option(
    "--prior",
    type=float,
    default=0.5,
    show_default=True,
    help="Virtual votes of each model against an average one; 0 for the pure maximum likelihood.",
)
@click.option(
    "--intervals",
    type=click.Choice(["sandwich", "bootstrap", "hessian"]),
    default="sandwich",
    show_default=True,
    help="How they are made: in closed form, also right where the model is not (sandwich); by "
    "drawing votes anew (bootstrap); by the curvature alone (hessian).",
)
@click.option(
    "--rounds",
    type=int,
    default=1000,
    show_default=True,
    help="How often --intervals bootstrap draws the votes anew; at least 100.",
)
@click.option(
    "--min-votes",
    type=int,
    default=0,
    show_default=True,
    help="Leave out models with fewer votes than this.",
)
@click.option(
    "--trust",
    is_flag=True,
    help="Also what could overturn the board: few votes, sides, misfit, voters. --html always "
    "tells it.",
)
@click.option(
    "--judge",
    type=click.Path(path_type=Path),
    metavar="VOTES",
    help="Votes of a judge on these and more comparisons, corrected by VOTES.",
)
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    help="Of all random draws: the same seed gives the same numbers.",
)
@click.option(
    "--top",
    type=click.IntRange(min=1),
    help="Models to print of every board. Default: all of the first, 5 each of five more.",
)
@click.option("--as-of", metavar="DAY", help="Leave out votes given after this day.")
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
    votes: tuple[Path, ...], layout: str, page: Path | None, as_json: bool, as_csv: bool,
    top: int | None, as_of: str | None, named_too: bool, since: str | None, until: str | None,
    trust: bool, **choices: Any,  # noqa: ANN401 - handed on by name to the verb, which has types
) -> None:  # fmt: skip
    """Turn the pairwise VOTES (files, or a folder of Parquet) into leaderboards."""
    from headtohead.ratings import verb

    if as_json and as_csv:
        raise InputError("Choose one of --json and --csv.")
    writable(page, "--html")
    made = verb.rank(
        list(votes),
        format=layout,
        as_of=day_of(as_of) if as_of else None,
        since=day_of(since) if since else None,
        until=day_of(until) if until else None,
        anonymous_only=not named_too,
        trust=trust or page is not None,
        **choices,
    )
    # Whatever a file holds is known today; only an earlier day asks when each vote was given.
    made = made if as_of else replace(made, as_of=today())
    _print(made, as_json=as_json, as_csv=as_csv, top=top)
    if page:
        from headtohead.ratings.sheet.page import rank_html

        write(page, rank_html(made, version=VERSION))


def _print(made: "RankResult", *, as_json: bool, as_csv: bool, top: int | None) -> None:
    from headtohead.ratings.sheet.data import rank_csv, rank_json
    from headtohead.ratings.sheet.text import rank_lines

    if as_csv:
        sys.stdout.write(rank_csv(made))
    else:
        out(rank_json(made) if as_json else rank_lines(made, top=top))
