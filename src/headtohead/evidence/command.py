"""`h2h sources`, `h2h evidence`, `h2h update`."""

from pathlib import Path

import click

from headtohead.evidence.store import open_store
from headtohead.publish import command_line as line


@line.verb(example="h2h sources --csv")
@line.store_option
@line.output_options()
def sources(store: Path | None, output: line.Output) -> int:
    """List every source: licence, edition, what was taken and what was left out."""
    from headtohead.evidence.verb import list_sources

    return line.deliver(list_sources(as_of=line.today(), store=open_store(store)), output)


@line.verb(example="h2h evidence prices --as-of 2025-12-15 --where model_name=gpt-5")
@click.argument("table", required=False)
@line.as_of_option
@click.option("--where", default="", metavar="COLUMN=VALUE,...", help="Keep these rows.")
@click.option(
    "--limit", type=click.IntRange(min=1), help="Rows: 20 as text, all with --json and --csv."
)
@line.store_option
@line.output_options()
def evidence(
    table: str | None,
    as_of: str | None,
    where: str,
    limit: int | None,
    store: Path | None,
    output: line.Output,
) -> int:
    """Print a table as known on a day; without TABLE, list the tables."""
    from headtohead.evidence.sheet import rows_listing, tables_listing
    from headtohead.evidence.tables import table as declared
    from headtohead.evidence.verb import rows_where

    day = line.day_of(as_of)
    if table is None:
        return line.deliver(tables_listing(day), output)
    declared(table)  # a slip is said before the wait
    with line.steps("Reading the evidence"):
        frame, none = rows_where(table, day, where, open_store(store))
    return line.deliver(rows_listing(table, frame, day, limit, none), output)


@line.verb(example="h2h update models_dev")
@click.argument("source_ids", metavar="[SOURCE]...", nargs=-1)
@click.option("--from", "folder", type=click.Path(path_type=Path), help="Take files from a folder.")
@click.option("--known-on", metavar="DAY", help="With --from: the day the files became known.")
@click.option("--mirror", envvar="H2H_MIRROR", help="Download from URL/SOURCE/FILE instead.")
@click.option("--rebuild", is_flag=True, help="Make the tables again from the raw files kept.")
@line.store_option
@line.output_options()
def update(
    source_ids: tuple[str, ...],
    folder: Path | None,
    known_on: str | None,
    mirror: str | None,
    rebuild: bool,
    store: Path | None,
    output: line.Output,
) -> int:
    """Download evidence from its publishers; what you had stays if anything fails."""
    from headtohead.evidence.ingest import exit_code
    from headtohead.evidence.verb import update_evidence

    with line.bar() as progress:
        done = update_evidence(
            source_ids,
            today=line.today(),
            folder=folder,
            known_on=line.day_of(known_on, "known_on") if known_on else None,
            mirror=mirror,
            rebuild=rebuild,
            store=open_store(store, make=True),
            progress=progress,
        )
    line.deliver(done, output)
    for one in done:
        if one.state == "failed":
            click.echo(f"{one.source_id}: {one.failure}", err=True)
    return exit_code(done)
