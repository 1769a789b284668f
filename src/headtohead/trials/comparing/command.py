"""`h2h compare`: two runs, or more, on the same items."""

from pathlib import Path

import click

from headtohead.evidence.store import open_store
from headtohead.publish import command_line as line
from headtohead.trials.comparing.settings import CompareSettings


@line.verb(example="h2h compare old.eval new.eval --margin 2pp --slice topic --html compared.html")
@click.argument("runs", nargs=-1, required=True, metavar="A B [MORE...]")
@line.settings_options(settings=CompareSettings)
@click.option("--as-of", metavar="DAY", help="The day of the list prices. Default: today.")
@line.store_option
@line.output_options("junit")
def compare(
    runs: tuple[str, ...],
    settings: CompareSettings,
    as_of: str | None,
    store: Path | None,
    output: line.Output,
) -> int:
    """Compare result files: may B stand in for A? FILE::MODEL takes one run of several."""
    from headtohead.trials.comparing.verb import compare

    day = line.day_of(as_of) if as_of or settings.prices else None
    with line.steps("Comparing") as progress:
        result = compare(
            *runs,
            settings=settings,
            as_of=day,
            store=open_store(store) if settings.prices else None,
            progress=progress,
        )
    return line.deliver(result.asked_with(line.typed(day)), output)
