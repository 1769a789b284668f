"""`h2h index` and `h2h gap`: how able models are, and how far apart two sides."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from headtohead.evidence.options import open_store, store_option
from headtohead.publish.command_line import (
    about_option,
    as_of_option,
    day_of,
    json_option,
    out,
)

Command = TypeVar("Command", bound=Callable[..., Any])

_CHOICES = (
    click.option(
        "--domain",
        default="",
        metavar="DOMAIN",
        help="Only benchmarks of maths, coding_agentic or knowledge_reasoning.",
    ),
    click.option(
        "--source",
        metavar="SOURCE,...",
        help="Whose scores make the index; all: every source you have. Default: epoch_eci",
    ),
    click.option(
        "--scores",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Your own scores too (CSV or Parquet: model, benchmark, score); --source scores: only "
        "they.",
    ),
    click.option(
        "--method",
        type=click.Choice(["binomial", "eci", "published"]),
        default="binomial",
        show_default=True,
        help="By the likelihood of items; by Epoch's objective; or Epoch's index as printed.",
    ),
    click.option(
        "--dates",
        type=click.Choice(["publisher", "release"]),
        default="publisher",
        show_default=True,
        help="A model counts from the day its index's publisher gives, or from its release.",
    ),
    click.option("--independent", is_flag=True, help="Leave out results of the models' makers."),
    click.option("--without", default="", metavar="BENCHMARK,...", help="Benchmarks to leave out."),
)


def _choices(command: Command) -> Command:
    """The options about the index itself."""
    for option in reversed(_CHOICES):
        command = option(command)
    return command


@click.command()
@_choices
@about_option
@as_of_option
@click.option("--top", type=click.IntRange(min=1), help="How many models to print. Default: 25")
@store_option
@json_option
def index(
    about: str | None, as_of: str | None, top: int | None, store: Path | None, as_json: bool,
    **choices: Any,  # noqa: ANN401 - what click makes of the options
) -> None:  # fmt: skip
    """Rate models on one scale over many benchmarks, with intervals and tie groups."""
    from headtohead.capability import verb
    from headtohead.capability.text import index_lines

    made = verb.index(as_of=day_of(as_of), about=about, store=open_store(store), **choices)
    out(made.as_json() if as_json else index_lines(made, top))


@click.command()
@click.option("--a", default="US", show_default=True, help="The side that would be replaced.")
@click.option("--b", default="CN", show_default=True, help="The side that might stand in.")
@click.option(
    "--group", default="country", show_default=True, help="country, open, lab, family or model."
)
@_choices
@click.option(
    "--benchmarks", default="", metavar="BENCHMARK,...", help="Translate the gap into these."
)
@click.option(
    "--measure",
    type=click.Choice(["difference", "ratio"]),
    default="difference",
    show_default=True,
    help="ratio is refused: the scale has no zero, and the message says what to ask instead.",
)
@about_option
@as_of_option
@store_option
@json_option
def gap(
    about: str | None,
    as_of: str | None,
    store: Path | None,
    as_json: bool,
    **choices: Any,  # noqa: ANN401 - what click makes of the options
) -> None:
    """Tell how far B is behind A: in index points, in months and in expected scores."""
    from headtohead.capability import verb
    from headtohead.capability.text import gap_lines
    from headtohead.publish.progress import steps

    with steps("Measuring the gap") as progress:
        made = verb.gap(
            as_of=day_of(as_of), about=about, store=open_store(store), progress=progress, **choices
        )
    out(made.as_json() if as_json else gap_lines(made))
