"""`h2h sources`, `h2h evidence`, `h2h update`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from headtohead.evidence.options import open_store, store_option
from headtohead.publish.command_line import (
    as_of_option,
    day_of,
    json_option,
    out,
    today,
)

if TYPE_CHECKING:
    from headtohead.evidence.outcome import Updated


@click.command()
@store_option
@json_option
def sources(store: Path | None, as_json: bool) -> None:
    """List every source: licence, edition, what was taken and what was left out."""
    from headtohead.claims.terminal import cards_lines
    from headtohead.evidence import verb
    from headtohead.evidence.listing import cards_json

    cards = verb.list_sources(store=open_store(store))
    out(cards_json(cards, today()) if as_json else cards_lines(cards))


@click.command()
@click.argument("table", required=False)
@as_of_option
@click.option("--where", "filters", default="", metavar="COLUMN=VALUE,...", help="Keep these rows.")
@click.option("--limit", type=click.IntRange(min=1), help="Rows: 20 as text, all with --json.")
@store_option
@json_option
def evidence(
    table: str | None,
    as_of: str | None,
    filters: str,
    limit: int,
    store: Path | None,
    as_json: bool,
) -> None:
    """Print a table as known on a day; without TABLE, list the tables."""
    from headtohead.claims.terminal import frame_lines
    from headtohead.evidence import verb
    from headtohead.evidence.listing import frame_json
    from headtohead.evidence.tables import tables

    if table is None:
        return out(f"{t.name:<18}{t.doc}" for t in tables().values())
    day = day_of(as_of)
    frame = verb.read_evidence(table, as_of=day, where=filters, store=open_store(store))
    if as_json:
        return out(frame_json(frame.head(limit) if limit else frame, day))
    return out(frame_lines(frame, limit or 20))


@click.command()
@click.argument("source_ids", metavar="[SOURCE]...", nargs=-1)
@click.option("--from", "folder", type=click.Path(path_type=Path), help="Take files from a folder.")
@click.option("--known-on", metavar="DAY", help="With --from: the day the files became known.")
@click.option("--mirror", envvar="H2H_MIRROR", help="Download from URL/SOURCE/FILE instead.")
@click.option("--rebuild", is_flag=True, help="Make the tables again from the raw files kept.")
@store_option
@json_option
def update(
    source_ids: tuple[str, ...], folder: Path | None, known_on: str | None, mirror: str | None,
    rebuild: bool, store: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Download evidence from its publishers; what you had stays if anything fails."""
    from headtohead.evidence import folder as folders
    from headtohead.evidence import rebuild as rebuilding
    from headtohead.evidence import update as downloads
    from headtohead.evidence.listing import updated_json
    from headtohead.evidence.outcome import exit_code
    from headtohead.publish.progress import bar

    home, day = open_store(store, make=True), today()
    unused: tuple[str, ...] = ()
    if rebuild:
        done = rebuilding.rebuild(home)
    elif folder:
        known = day_of(known_on) if known_on else None
        taken = folders.from_folder(home, source_ids, folder, today=day, known_on=known)
        done = taken.updated
        unused = taken.unused
    else:
        with bar() as progress:
            done = downloads.update(home, source_ids, today=day, progress=progress, mirror=mirror)
    if as_json:
        out(updated_json(done, unused, day))
    for one in () if as_json else done:
        click.echo(_told(one), err=one.state == "failed")
    for name in () if as_json else unused:
        click.echo(f"not used: {name}")
    sys.exit(exit_code(done))


def _told(one: "Updated") -> str:
    if one.failure:
        return f"{one.source_id}: {one.state}: {one.failure}"
    if one.entry is None:
        return f"{one.source_id}: {one.state}: {one.how_to_get}".rstrip(": ")
    rows = ", ".join(f"{n:,} rows of {t}" for t, n in one.entry.tables.items())
    lost = "".join(f"; left out {n:,}: {why}" for why, n in one.entry.dropped.items())
    skipped = "".join(f"; not at the publisher: {name}" for name in one.skipped)
    return f"{one.source_id}: {one.state}: {rows}, known on {one.entry.known_on}{lost}{skipped}"
