"""`h2h compare`: two runs, or more, on the same items."""

from pathlib import Path
from typing import Any

import click

from headtohead.evidence.options import open_store, store_option
from headtohead.publish.command_line import day_of, json_option, settings_options, typed, verb
from headtohead.publish.options import FILES, deliver, writable
from headtohead.trials.comparing.settings import CompareSettings


def _files(command: Any) -> Any:  # noqa: ANN401 - click's decorators have no better type
    for option in reversed(FILES):
        command = option(command)
    return command


@verb(example="h2h compare old.eval new.eval --margin 2pp --slice topic --html compared.html")
@click.argument("runs", nargs=-1, required=True, metavar="A B [MORE...]")
@settings_options(settings=CompareSettings)
@click.option("--as-of", metavar="DAY", help="The day of the list prices. Default: today.")
@_files
@store_option
@json_option
def compare(
    runs: tuple[str, ...],
    settings: CompareSettings,
    as_of: str | None,
    page: Path | None,
    markdown: Path | None,
    junit: Path | None,
    store: Path | None,
    as_json: bool,
) -> int:
    """Compare result files: may B stand in for A? FILE::MODEL takes one run of several."""
    from headtohead.trials.comparing.verb import compare

    for path, option in ((page, "--html"), (markdown, "--markdown"), (junit, "--junit")):
        writable(path, option)
    day = day_of(as_of) if as_of or settings.prices else None
    made = compare(
        *runs,
        settings=settings,
        as_of=day,
        store=open_store(store) if settings.prices else None,
    )
    made = made.asked_with(typed(day))
    return deliver(made, as_json=as_json, page=page, markdown=markdown, junit=junit)
