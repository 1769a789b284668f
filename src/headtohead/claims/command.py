"""The verbs about public evidence: report, check, show, diff, sources, evidence, names, update."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from headtohead.core.errors import EXIT_NO, EXIT_UNDECIDED, InputError
from headtohead.core.version import VERSION
from headtohead.evidence.options import open_store, store_option
from headtohead.publish.command_line import (
    about_option,
    as_of_option,
    day_of,
    json_option,
    out,
)

if TYPE_CHECKING:
    from headtohead.claims.result import CheckResult


@click.command()
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
    from headtohead.claims import page, verb
    from headtohead.claims.terminal import counts

    suffix = out.suffix.lstrip(".") if out else ""
    kind = kind or {"html": "html", "md": "md", "json": "json"}.get(suffix, "html")
    target = out or Path(f"report.{kind}")
    if not target.parent.is_dir():
        raise InputError(f"The folder {target.parent} does not exist. Choose another --out.")
    made = verb.report(
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


@click.command()
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
    from headtohead.claims import verb
    from headtohead.claims.terminal import check_lines

    made = verb.check(claims, about=about, as_of=day_of(as_of), store=open_store(store))
    out(made.as_json() if as_json else check_lines(made))
    if gate:
        sys.exit(_gate(made))


@click.command()
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
    from headtohead.claims import verb
    from headtohead.claims.terminal import show_lines

    made = verb.show(
        claim, about=about, as_of=day_of(as_of), claims=claims, store=open_store(store)
    )
    out({**made.as_json(), "verb": "show"} if as_json else show_lines(made))


@click.command()
@click.option("--from", "start", required=True, metavar="DAY", help="The earlier day of knowledge.")
@click.option("--to", "end", metavar="DAY", help="The later day. Default: today.")
@store_option
@json_option
def diff(start: str, end: str | None, store: Path | None, as_json: bool) -> None:
    """Print which verdicts, list prices and places changed between two days, and why."""
    from headtohead.claims import verb
    from headtohead.claims.terminal import diff_lines
    from headtohead.core.dates import parse_day

    made = verb.diff(parse_day(start), day_of(end), store=open_store(store))
    out(made.as_json() if as_json else diff_lines(made))


def _gate(made: "CheckResult") -> int:
    words = {v.word for v in made.verdicts}
    if "refuted" in words:
        return EXIT_NO
    return EXIT_UNDECIDED if words & {"open", "not measurable"} else 0


def _write(target: Path, text: str) -> None:
    from headtohead.evidence.catalogue import replace

    replace(target, text.encode())
