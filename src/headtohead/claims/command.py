"""`h2h report`, `h2h check`, `h2h show` and `h2h diff`: what public evidence says of statements."""

import sys
from pathlib import Path

import click

from headtohead.claims.settings import CheckSettings, DiffSettings, ReportSettings, ShowSettings
from headtohead.core.errors import EXIT_NO, EXIT_UNDECIDED, InputError
from headtohead.evidence.store import open_store
from headtohead.publish.command_line import (
    Output,
    as_of_option,
    day_of,
    deliver,
    output_options,
    say,
    settings_options,
    steps,
    store_option,
    typed,
    verb,
    write,
)
from headtohead.publish.files import writable


@verb("h2h report --as-of 2026-10-31 --out report.html")
@settings_options(settings=ReportSettings)
@as_of_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="File to write. Default: report.FORMAT",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["html", "md", "markdown", "json"]),
    help="Default: that of FILE's name, else html",
)
@click.option(
    "--charts",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Also save PNG and SVG charts here.",
)
@store_option
@output_options()
def report(
    settings: ReportSettings,
    as_of: str | None,
    out: Path | None,
    kind: str | None,
    charts: Path | None,
    store: Path | None,
    output: Output,
) -> None:
    """Write the whole head-to-head as one page: verdicts, charts, sources."""
    from dataclasses import replace

    from headtohead.claims import verb
    from headtohead.claims.sheet import counts
    from headtohead.publish.page import sheet_html
    from headtohead.publish.terminal import width_of_terminal, wrapped

    suffix = out.suffix.lstrip(".").lower() if out else ""
    if suffix not in ("", "html", "md", "markdown", "json") and not kind:
        raise InputError(f"`out` {out} ends in .html, .md or .json; or say which with `format`.")
    # A way that every command has takes the place of the file that is written else.
    other = output != Output()
    to_file = bool(out or kind) or not other
    kind = (kind or suffix or "html").replace("markdown", "md")
    target = out or Path(f"report.{kind}")
    if to_file:
        writable(target, "out")
    writable(charts, "charts", folder=True)
    day = day_of(as_of)
    with steps("Writing the report") as progress:
        result = verb.report(
            as_of=day, settings=settings, store=open_store(store), progress=progress
        )
        shown = replace(result.sheet, command=typed(day))
        if kind == "json":
            text = result.to_json()
        elif kind == "md":
            text = result.to_markdown()
        else:
            text = sheet_html(shown) if to_file else ""
    if other:
        deliver(result, output, sheet=shown)
    elif result.now:
        said = f"{counts(result.now.verdicts)}, with what is known by {result.as_of}."
        say(wrapped(said, width_of_terminal()))
    if to_file:
        write(target, text, err=other)
    if charts:
        click.echo(f"Wrote {len(result.save_charts(charts))} charts to {charts}.", err=other)


@verb("h2h check --as-of 2025-12-15")
@click.argument("claims", required=False, type=click.Path(path_type=Path))
@settings_options(settings=CheckSettings)
@as_of_option
@click.option(
    "--gate", is_flag=True, help="Exit 1 if a claim is false as stated, 2 if one is undecided."
)
@store_option
@output_options("junit")
def check(
    claims: Path | None,
    settings: CheckSettings,
    as_of: str | None,
    gate: bool,
    store: Path | None,
    output: Output,
) -> None:
    """Judge the claims in CLAIMS (a TOML file), or those of the reference article."""
    from headtohead.claims import verb

    day = day_of(as_of)
    with steps("Judging") as progress:
        result = verb.check(
            claims, as_of=day, settings=settings, store=open_store(store), progress=progress
        )
    deliver(result, output)
    words = {v.word for v in result.verdicts}
    if gate and words & {"refuted", "overstated"}:
        sys.exit(EXIT_NO)
    if gate and words & {"undecided", "not measurable"}:
        sys.exit(EXIT_UNDECIDED)


@verb("h2h show P2 --as-of 2026-10-31")
@click.argument("claim")
@settings_options(settings=ShowSettings)
@as_of_option
@store_option
@output_options()
def show(
    claim: str, settings: ShowSettings, as_of: str | None, store: Path | None, output: Output
) -> int:
    """Print every number behind one verdict, with its rows and sources."""
    from headtohead.claims import verb

    with steps("Looking behind the verdict") as progress:
        result = verb.show(
            claim,
            as_of=day_of(as_of),
            settings=settings,
            store=open_store(store),
            progress=progress,
        )
    return deliver(result, output)


@verb("h2h diff --from 2025-12-15 --to 2026-10-31")
@click.option("--from", "start", required=True, metavar="DAY", help="The earlier day of knowledge.")
@click.option("--to", "end", metavar="DAY", help="The later day. Default: today.")
@settings_options(settings=DiffSettings)
@store_option
@output_options()
def diff(
    start: str, end: str | None, settings: DiffSettings, store: Path | None, output: Output
) -> int:
    """Print which verdicts, list prices and places changed between two days, and why."""
    from headtohead.claims import verb
    from headtohead.core.dates import parse_day

    with steps("Comparing two days") as progress:
        result = verb.diff(
            parse_day(start, "start"),
            day_of(end, "end"),
            settings=settings,
            store=open_store(store),
            progress=progress,
        )
    return deliver(result, output)
