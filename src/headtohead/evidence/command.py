"""`h2h sources`, `h2h evidence`, `h2h update`."""

from pathlib import Path

import click

from headtohead.evidence.store import open_store
from headtohead.publish.command_line import (
    Output,
    as_of_option,
    day_of,
    deliver,
    output_options,
    store_option,
    today,
    verb,
)


@verb(example="h2h sources --csv")
@store_option
@output_options()
def sources(store: Path | None, output: Output) -> int:
    """List every source: licence, edition, what was taken and what was left out."""
    from headtohead.evidence.verb import list_sources

    return deliver(list_sources(as_of=today(), store=open_store(store)), output)


@verb(example="h2h evidence prices --as-of 2025-12-15 --where model_name=gpt-5")
@click.argument("table", required=False)
@as_of_option
@click.option("--where", default="", metavar="COLUMN=VALUE,...", help="Keep these rows.")
@click.option(
    "--limit", type=click.IntRange(min=1), help="Rows: 20 as text, all with --json and --csv."
)
@store_option
@output_options()
def evidence(
    table: str | None,
    as_of: str | None,
    where: str,
    limit: int | None,
    store: Path | None,
    output: Output,
) -> int:
    """Print a table as known on a day; without TABLE, list the tables."""
    from headtohead.evidence.sheet import rows_listing, tables_listing
    from headtohead.evidence.tables import table as declared
    from headtohead.evidence.verb import rows_where
    from headtohead.publish.command_line import steps

    day = day_of(as_of)
    if table is None:
        return deliver(tables_listing(day), output)
    declared(table)  # a slip is said before the wait
    with steps("Reading the evidence"):
        frame, none = rows_where(table, day, where, open_store(store))
    return deliver(rows_listing(table, frame, day, limit, none), output)


@verb(example="h2h update models_dev")
@click.argument("source_ids", metavar="[SOURCE]...", nargs=-1)
@click.option("--from", "folder", type=click.Path(path_type=Path), help="Take files from a folder.")
@click.option("--known-on", metavar="DAY", help="With --from: the day the files became known.")
@click.option("--mirror", envvar="H2H_MIRROR", help="Download from URL/SOURCE/FILE instead.")
@click.option("--rebuild", is_flag=True, help="Make the tables again from the raw files kept.")
@store_option
@output_options()
def update(
    source_ids: tuple[str, ...],
    folder: Path | None,
    known_on: str | None,
    mirror: str | None,
    rebuild: bool,
    store: Path | None,
    output: Output,
) -> int:
    """Download evidence from its publishers; what you had stays if anything fails."""
    from headtohead.evidence.ingest import exit_code
    from headtohead.evidence.verb import update_evidence
    from headtohead.publish.command_line import bar

    with bar() as progress:
        done = update_evidence(
            source_ids,
            today=today(),
            folder=folder,
            known_on=day_of(known_on, "known_on") if known_on else None,
            mirror=mirror,
            rebuild=rebuild,
            store=open_store(store, make=True),
            progress=progress,
        )
    deliver(done, output)
    for one in done:
        if one.state == "failed":
            click.echo(f"{one.source_id}: {one.failure}", err=True)
    return exit_code(done)
