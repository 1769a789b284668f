"""`h2h index` and `h2h gap`: how able models are, and how far apart two sides."""

from dataclasses import replace
from pathlib import Path

import click

from headtohead.capability.settings import GapSettings, IndexSettings
from headtohead.evidence.store import open_store
from headtohead.publish import command_line as line


@line.verb("h2h index --about 2025-12-15 --top 10")
@line.settings_options(settings=IndexSettings)
@line.about_option
@line.as_of_option
@click.option("--top", type=click.IntRange(min=1), help="How many models to print. Default: 25")
@line.store_option
@line.output_options()
def index(
    settings: IndexSettings,
    about: str | None,
    as_of: str | None,
    top: int | None,
    store: Path | None,
    output: line.Output,
) -> int:
    """Rate models on one scale over many benchmarks, with intervals and tie groups."""
    from headtohead.capability import verb as verbs
    from headtohead.capability.sheet import index_sheet

    day = line.day_of(as_of)
    with line.steps("Making the index"):
        result = verbs.index(as_of=day, about=about, store=open_store(store), settings=settings)
    return line.deliver(
        result, output, sheet=replace(index_sheet(result, top), command=line.typed(day))
    )


@line.verb("h2h gap --group lab --a openai --b deepseek")
@line.settings_options(between=GapSettings, settings=IndexSettings)
@line.about_option
@line.as_of_option
@line.store_option
@line.output_options()
def gap(
    between: GapSettings,
    settings: IndexSettings,
    about: str | None,
    as_of: str | None,
    store: Path | None,
    output: line.Output,
) -> int:
    """Tell how far B is behind A: in index points, in months and in expected scores."""
    from headtohead.capability import verb as verbs

    day = line.day_of(as_of)
    with line.steps("Measuring the gap") as progress:
        result = verbs.gap(
            as_of=day,
            about=about,
            store=open_store(store),
            between=between,
            settings=settings,
            progress=progress,
        )
    return line.deliver(result, output, sheet=replace(result.sheet, command=line.typed(day)))
