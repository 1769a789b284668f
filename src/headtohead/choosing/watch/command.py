"""`h2h watch`: what becomes of the models we use, and what to take instead."""

from collections.abc import Mapping
from pathlib import Path

import click

from headtohead.choosing.watch.settings import WatchSettings
from headtohead.core.errors import InputError
from headtohead.evidence.store import open_store
from headtohead.publish import command_line as line

_FILE = click.Path(path_type=Path)


@line.verb("h2h watch stack.toml --state seen.json --ics models.ics --atom models.xml")
@click.argument("stack", required=False, type=_FILE)
@line.settings_options(settings=WatchSettings)
@click.option("--ics", type=_FILE, metavar="FILE", help="Also write what is due for a calendar.")
@click.option("--atom", type=_FILE, metavar="FILE", help="Also write a feed of it, and of changes.")
@click.option(
    "--from", "log", type=_FILE, metavar="LOG", help="Instead, make a first stack from this log."
)
@click.option("--out", type=_FILE, metavar="FILE", help="Where to. Default: stack.toml")
@click.option("--force", is_flag=True, help="Write it over a file that is there.")
@click.option("--format", default="auto", metavar="FORMAT", help="Of LOG, if need be.")
@click.option(
    "--map",
    "mapping",
    multiple=True,
    callback=line.values,
    metavar="FIELD=COLUMN",
    help="Where the fields of LOG are.",
)
@line.as_of_option
@line.store_option
@line.output_options()
def watch(
    stack: Path | None,
    settings: WatchSettings,
    ics: Path | None,
    atom: Path | None,
    log: Path | None,
    out: Path | None,
    force: bool,
    format: str,
    mapping: Mapping[str, str] | None,
    as_of: str | None,
    store: Path | None,
    output: line.Output,
) -> int:
    """Say which models of STACK retire or change price, what has changed, and what to take instead.

    The exit code is 0 if nothing is due and 1 if something is: a model retires, a price changes,
    the budget does not suffice, or something has changed since last time.
    """
    if log is not None:
        if stack is not None:
            raise InputError("`log` makes a stack: leave the other file out, or name it as `out`.")
        if settings != WatchSettings() or ics or atom or as_of or store or output != line.Output():
            raise InputError(
                "`log` only makes a stack, with `out`, `force`, `format` and `mapping`: leave out "
                "what is of a watch, and run `h2h watch` on the stack then."
            )
        return _first(log, out or Path("stack.toml"), force, format, mapping or {})
    if stack is None:
        raise InputError("Name the file of your stack, or make a first one from a log with `log`.")
    if out or force or mapping or format != "auto":
        raise InputError(
            "`out`, `force`, `format` and `mapping` are of a first stack: name a `log`."
        )
    from headtohead.choosing.watch.verb import watch
    from headtohead.publish.files import writable

    for path, argument in ((ics, "ics"), (atom, "atom"), (settings.state, "state")):
        writable(path, argument)
    with line.steps("Watching") as progress:
        result = watch(
            stack,
            as_of=line.day_of(as_of),
            settings=settings,
            store=open_store(store),
            progress=progress,
        )
    code = line.deliver(result, output)
    if ics:
        line.write(ics, result.to_calendar())
    if atom:
        line.write(atom, result.to_feed())
    if settings.state:
        result.keep(settings.state)  # last: what could not be told is news next time too
    return code


def _first(log: Path, out: Path, force: bool, format: str, mapping: Mapping[str, str]) -> int:
    """Write a first stack, and say where."""
    from headtohead.choosing.watch.first_stack import first_stack
    from headtohead.names.names import Names
    from headtohead.publish.files import writable

    writable(out, "out")
    if out.exists() and not force:
        raise InputError(f"{out} is there already. Name another `out`, or add `force`.")
    text = first_stack(log, Names.load(), format=format, mapping=dict(mapping))
    line.write(out, text, err=False)
    click.echo(f"Next: look it through, then `h2h watch {out}`.")
    return 0
