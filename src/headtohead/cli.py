"""`h2h`: finds the command of every feature; turns failures into messages and exit codes."""

import ast
import atexit
import errno
import gc
import importlib
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import click

from headtohead.core.errors import HeadToHeadError, InputError, StoreFull
from headtohead.core.version import VERSION
from headtohead.publish.command_line import VERB, CommandGroup, leave_output, plain

_EPILOG = (
    "Exit codes: 0 yes or done, 1 no, 2 undecided (with --gate), 64 wrong usage or input, "
    "65 damaged or changed evidence, 70 a fault of ours, 74 disk full, 75 source unreachable or "
    "store busy. A closed pipe is no error."
)
# What verbs are called in Python, where that is not the command.
TWINS = {
    "explain_name": "names",
    "explain_openness": "openness",
    "freeze_site": "site",
    "list_prices": "prices",
    "list_questions": "questions",
    "list_sources": "sources",
    "read_evidence": "evidence",
    "serve_cost": "serve-cost",
    "serve_mcp": "mcp",
    "serve_site": "serve",
    "training_cost": "training-cost",
    "update_evidence": "update",
}
_FAULT, _FULL = 70, StoreFull.exit_code


class Verbs(CommandGroup):
    """The commands in the `command.py` of every folder, and what their failures say."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All verbs, by name."""
        return sorted(commands())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a verb; no other feature is imported."""
        for module in _modules(cmd_name):
            if command := _verbs_in(module).get(cmd_name):
                return command
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb that was typed; for one that there is not, those that are spelt alike."""
        verbs = () if self.get_command(ctx, args[0]) else self.list_commands(ctx)
        if close := get_close_matches(args[0], verbs, n=3, cutoff=0.5):
            ctx.fail(f"No such command {args[0]!r}. Did you mean {' or '.join(close)}?")
        return super().resolve_command(ctx, args)

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:  # noqa: ANN401
        """As click's own, which prints the help."""
        with _read_enough():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        """Run the verb; its failures speak of options, as the command line does."""
        try:
            with _read_enough():
                return super().invoke(ctx)
        except HeadToHeadError as error:
            command = ctx.meta.get(VERB) or self.get_command(ctx, ctx.invoked_subcommand or "")
            error.args = (in_options(str(error), command),)
            raise

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - click's own signature
        """Run, and turn every failure into a message and an exit code."""
        kwargs["standalone_mode"] = False
        # Rows and modules make many objects and few cycles: searched this seldom, a check of all
        # claims takes a tenth less time.
        gc.set_threshold(200_000, 20, 20)
        # Nor are they searched once more when the process ends, which took another tenth.
        atexit.register(gc.freeze)
        try:
            return sys.exit(super().main(*args, **kwargs) or 0)
        except HeadToHeadError as error:
            _fail(str(error), error.exit_code)
        except click.UsageError as error:
            error.show()
            sys.exit(InputError.exit_code)
        except click.ClickException as error:
            _fail(error.format_message(), InputError.exit_code)
        except (click.Abort, KeyboardInterrupt):
            _fail(
                "Stopped. What was saved before stands: evidence is untouched, and answers that "
                "were paid for are in their ledger.",
                130,
            )
        except Exception as error:  # noqa: BLE001 - one of ours must not end with the code of a "no"
            if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
                leave_output()  # or Python would try to write the rest again as it ends
                _fail("The output could not be written: the disk is full. Free some space.", _FULL)
            import traceback

            traceback.print_exc()
            _fail("This is a fault of headtohead. Please report it with the lines above.", _FAULT)


@contextmanager
def _read_enough() -> Iterator[None]:
    """Whoever closed the pipe (`h2h check | head -1`) has read enough: that is no failure."""
    try:
        yield
    except BrokenPipeError:
        leave_output()
        sys.exit(0)


@cache
def commands() -> dict[str, click.Command]:
    """Every command by its verb: the folder listing is the registry."""
    return {name: command for module in _modules() for name, command in _verbs_in(module).items()}


@cache
def _modules(verb: str = "") -> list[str]:
    """The modules called `command`; those that define a verb, if one is given."""
    home = Path(__file__).parent
    defines = re.compile(
        rf"^def {re.escape(verb)}\(|name=[\"']{re.escape(verb)}[\"']", re.MULTILINE
    )
    return [
        ".".join(("headtohead", *path.relative_to(home).with_suffix("").parts))
        for path in sorted(home.glob("*/**/command.py"))
        if not verb or defines.search(path.read_text(encoding="utf-8"))
    ]


def _verbs_in(module: str) -> dict[str, click.Command]:
    members = vars(importlib.import_module(module)).values()
    found = {m.name: m for m in members if isinstance(m, click.Command) and m.name}
    inside = {n for m in found.values() if isinstance(m, click.Group) for n in m.commands}
    return {name: command for name, command in found.items() if name not in inside}


def in_options(message: str, command: click.Command | None) -> str:
    """A message about arguments, in `backticks`, as one about options.

    Args:
        message: As Python says it: "`ties` is one of ...", "leave `ties='half'`",
            "`mapping={'key': 'COLUMN'}`", "run `update_evidence('models_dev', today=...)`".
        command: Whose options.
    """
    flags = _flags(command)

    def said(option: re.Match[str]) -> str:
        name, _, value = option[1].partition("=")
        if name not in flags:
            return option[0]
        fields = re.findall(r"'([^']*)': '([^']*)'", value) if value.startswith("{") else ()
        if fields:
            return " ".join(f"{flags[name]} {field}={column}" for field, column in fields)
        return f"{flags[name]} {value.strip(chr(39) + chr(34))}".strip()

    message = re.sub(r"`([a-z_][a-z0-9_]*(?:=[^`]*)?)`", said, message)
    return re.sub(rf"`(({'|'.join(TWINS)})\([^`]*\))`", _call_typed, message)


def _flags(command: click.Command | None) -> dict[str, str]:
    parts = command.commands.values() if isinstance(command, click.Group) else [command]
    params = [p for part in parts if part for p in part.params]
    return {str(p.name): p.opts[-1] for p in params if isinstance(p, click.Option)}


def _call_typed(found: re.Match[str]) -> str:
    """A call of Python as the command that does the same; arguments it has not are left out."""
    call, verb = ast.parse(found[1], mode="eval").body, TWINS[found[2]]
    assert isinstance(call, ast.Call)
    words, flags = [ast.literal_eval(one) for one in call.args], _flags(commands()[verb])
    for one in call.keywords:
        if flag := flags.get(str(one.arg)):
            value = ast.literal_eval(one.value)
            words += [flag] if value is True else [flag, value]
    return f"`{shlex.join(['h2h', verb, *words])}`"


def _fail(message: str, code: int) -> None:
    text = plain(f"h2h: {message}")
    # In a log an error stays one line, so that it can be searched for.
    if sys.stderr.isatty():
        from headtohead.publish.terminal import cut_to_fit, width_of_terminal

        width = width_of_terminal()
        text = "\n".join(line for part in text.splitlines() for line in cut_to_fit(part, width))
    click.echo(text, err=True)
    sys.exit(code)


@click.group(cls=Verbs, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="headtohead")
def main() -> None:
    """Can B stand in for A, what does it save, and how sure are we?"""
