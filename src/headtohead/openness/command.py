"""`h2h openness`: what of a model is published, and under which terms."""

from pathlib import Path

import click

from headtohead.evidence.store import open_store
from headtohead.openness.settings import OpennessSettings
from headtohead.publish import command_line as line


@line.verb("h2h openness DeepSeek-R1-Distill-Llama-70B")
@click.argument("models", nargs=-1, metavar="MODEL...")
@line.settings_options(settings=OpennessSettings)
@line.about_option
@line.as_of_option
@line.store_option
@line.output_options()
def openness(
    models: tuple[str, ...],
    settings: OpennessSettings,
    about: str | None,
    as_of: str | None,
    store: Path | None,
    output: line.Output,
) -> int:
    """Tell how open models are: weights, licence and its clauses, data, code, report, class."""
    from headtohead.openness.verb import explain_openness

    result = explain_openness(
        *models,
        as_of=line.day_of(as_of),
        about=about,
        store=open_store(store),
        settings=settings,
    )
    return line.deliver(result, output)
