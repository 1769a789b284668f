"""`h2h index` and `h2h gap`: how able models are, and how far apart two sides."""

from pathlib import Path

import click

from headtohead.capability.settings import GapSettings, IndexSettings
from headtohead.evidence.options import open_store, store_option
from headtohead.publish.command_line import (
    about_option,
    as_of_option,
    day_of,
    json_option,
    out,
    settings_options,
    verb,
)


@verb("h2h index --about 2025-12-15 --top 10")
@settings_options(settings=IndexSettings)
@about_option
@as_of_option
@click.option("--top", type=click.IntRange(min=1), help="How many models to print. Default: 25")
@store_option
@json_option
def index(
    settings: IndexSettings,
    about: str | None,
    as_of: str | None,
    top: int | None,
    store: Path | None,
    as_json: bool,
) -> None:
    """Rate models on one scale over many benchmarks, with intervals and tie groups."""
    from headtohead.capability import verb as verbs
    from headtohead.capability.text import index_lines

    made = verbs.index(as_of=day_of(as_of), about=about, store=open_store(store), settings=settings)
    out(made.as_json() if as_json else index_lines(made, top))


@verb("h2h gap --group lab --a openai --b deepseek")
@settings_options(between=GapSettings, settings=IndexSettings)
@about_option
@as_of_option
@store_option
@json_option
def gap(
    between: GapSettings,
    settings: IndexSettings,
    about: str | None,
    as_of: str | None,
    store: Path | None,
    as_json: bool,
) -> None:
    """Tell how far B is behind A: in index points, in months and in expected scores."""
    from headtohead.capability import verb as verbs
    from headtohead.capability.text import gap_lines
    from headtohead.publish.progress import steps

    with steps("Measuring the gap") as progress:
        made = verbs.gap(
            as_of=day_of(as_of),
            about=about,
            store=open_store(store),
            between=between,
            settings=settings,
            progress=progress,
        )
    out(made.as_json() if as_json else gap_lines(made))
