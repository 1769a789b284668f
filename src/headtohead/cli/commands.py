"""The verbs about public evidence: report, check, show, diff, sources, evidence, names, update."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from headtohead.cli.group import (
    about_option,
    as_of_option,
    day_of,
    json_option,
    main,
    open_store,
    out,
    store_option,
    today,
)
from headtohead.core.errors import EXIT_NO, EXIT_UNDECIDED, InputError
from headtohead.core.version import VERSION

if TYPE_CHECKING:
    from headtohead.evidence.outcome import Updated
    from headtohead.reports.result import CheckResult


@main.command()
@click.option("--a", default="US", show_default=True, help="The side that would be replaced.")
@click.option("--b", default="CN", show_default=True, help="The side that might stand in.")
@click.option("--group", default="country", show_default=True, help="country, open, lab or family.")
@about_option
@as_of_option
@click.option("--claims", type=click.Path(path_type=Path), help="A claims file of your own.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="File to write. Default: report.FORMAT"
)
@click.option("--format", "kind", type=click.Choice(["html", "md", "json"]), help="Default: html")
@click.option(
    "--charts", type=click.Path(path_type=Path), help="Also save PNG and SVG charts here."
)
@store_option
def report(
    a: str, b: str, group: str, about: str | None, as_of: str | None, claims: Path | None,
    out: Path | None, kind: str | None, charts: Path | None, store: Path | None,
) -> None:  # fmt: skip
    """Write the whole head-to-head as one page: verdicts, charts, sources."""
    from headtohead import verbs
    from headtohead.reports import page
    from headtohead.reports.terminal import counts

    suffix = out.suffix.lstrip(".") if out else ""
    kind = kind or {"html": "html", "md": "md", "json": "json"}.get(suffix, "html")
    target = out or Path(f"report.{kind}")
    if not target.parent.is_dir():
        raise InputError(f"The folder {target.parent} does not exist. Choose another --out.")
    made = verbs.report(
        a=a,
        b=b,
        group=group,
        about=about,
        as_of=day_of(as_of),
        claims=claims,
        store=open_store(store),
    )
    _write(target, page.render(made, kind, version=VERSION))
    if made.now:
        click.echo(f"{counts(made.now.verdicts)}, known by {made.as_of}")
    click.echo(f"Wrote {target} ({target.stat().st_size / 1e6:.1f} MB).")
    if charts:
        click.echo(f"Wrote {len(page.save_charts(made, charts))} charts to {charts}.")


@main.command()
@click.argument("claims", required=False, type=click.Path(path_type=Path))
@about_option
@as_of_option
@click.option("--gate", is_flag=True, help="Exit 1 if a claim is refuted, 2 if one is undecided.")
@store_option
@json_option
def check(
    claims: Path | None, about: str | None, as_of: str | None, gate: bool, store: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Judge the claims in CLAIMS (a TOML file), or those of the reference article."""
    from headtohead import verbs
    from headtohead.reports.terminal import check_lines

    made = verbs.check(claims, about=about, as_of=day_of(as_of), store=open_store(store))
    out(made.as_json() if as_json else check_lines(made))
    if gate:
        sys.exit(_gate(made))


@main.command()
@click.argument("claim")
@about_option
@as_of_option
@click.option("--claims", type=click.Path(path_type=Path), help="The file it is in.")
@store_option
@json_option
def show(
    claim: str, about: str | None, as_of: str | None, claims: Path | None, store: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Print every number behind one verdict, with its rows and sources."""
    from headtohead import verbs
    from headtohead.reports.terminal import show_lines

    made = verbs.show(
        claim, about=about, as_of=day_of(as_of), claims=claims, store=open_store(store)
    )
    out({**made.as_json(), "verb": "show"} if as_json else show_lines(made))


@main.command()
@click.option("--from", "start", required=True, metavar="DAY", help="The earlier day of knowledge.")
@click.option("--to", "end", metavar="DAY", help="The later day. Default: today.")
@store_option
@json_option
def diff(start: str, end: str | None, store: Path | None, as_json: bool) -> None:
    """Print which verdicts, list prices and places changed between two days, and why."""
    from headtohead import verbs
    from headtohead.core.dates import parse_day
    from headtohead.reports.terminal import diff_lines

    made = verbs.diff(parse_day(start), day_of(end), store=open_store(store))
    out(made.as_json() if as_json else diff_lines(made))


@main.command()
@store_option
@json_option
def sources(store: Path | None, as_json: bool) -> None:
    """List every source: licence, edition, what was taken and what was left out."""
    from headtohead import verbs
    from headtohead.reports.listing import cards_json
    from headtohead.reports.terminal import cards_lines

    cards = verbs.list_sources(store=open_store(store))
    out(cards_json(cards, today()) if as_json else cards_lines(cards))


@main.command()
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
    from headtohead import verbs
    from headtohead.core.tables import tables
    from headtohead.reports.listing import frame_json
    from headtohead.reports.terminal import frame_lines

    if table is None:
        return out(f"{t.name:<18}{t.doc}" for t in tables().values())
    day = day_of(as_of)
    frame = verbs.read_evidence(table, as_of=day, where=filters, store=open_store(store))
    if as_json:
        return out(frame_json(frame.head(limit) if limit else frame, day))
    return out(frame_lines(frame, limit or 20))


@main.command()
@click.argument("name")
@click.option("--on", metavar="DAY", help="The day it was used on; moving aliases depend on it.")
@click.option("--provider", help="Who uses the name, where it alone does not say.")
@json_option
def names(name: str, on: str | None, provider: str | None, as_json: bool) -> None:
    """Explain which model, lab, mode and channel NAME means, and by which rule."""
    from headtohead import verbs
    from headtohead.reports.listing import resolution_json
    from headtohead.reports.terminal import resolution_lines

    found = verbs.names(name, on=on, provider=provider)
    out(resolution_json(found, on, today()) if as_json else resolution_lines(found))
    if found.status != "matched":
        sys.exit(EXIT_NO if found.status == "unmatched" else EXIT_UNDECIDED)


@main.command()
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
    from headtohead.evidence.outcome import exit_code
    from headtohead.progress import bar
    from headtohead.reports.listing import updated_json

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


def _gate(made: "CheckResult") -> int:
    words = {v.word for v in made.verdicts}
    if "refuted" in words:
        return EXIT_NO
    return EXIT_UNDECIDED if words & {"open", "not measurable"} else 0


def _write(target: Path, text: str) -> None:
    from headtohead.evidence.catalogue import replace

    replace(target, text.encode())
