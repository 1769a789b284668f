"""`h2h`: finds the command of every feature; turns failures into messages and exit codes."""

import importlib
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import click

from headtohead.core.errors import HeadToHeadError, InputError
from headtohead.core.version import VERSION
from headtohead.publish.command_line import plain

_EPILOG = (
    "Exit codes: 0 yes or done, 1 no, 2 undecided (with --gate), 64 wrong usage or input, "
    "65 damaged or changed evidence, 70 a fault of ours, 74 disk full, 75 source unreachable or "
    "store busy."
)


_FAULT = 70


class _Group(click.Group):
    """The commands in the `command.py` of every folder, and what their failures say."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All verbs, by name."""
        return sorted(commands())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a verb."""
        return commands().get(cmd_name)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        """Run the verb; its failures speak of options, as the command line does."""
        try:
            return super().invoke(ctx)
        except HeadToHeadError as error:
            command = self.get_command(ctx, ctx.invoked_subcommand or "")
            error.args = (in_options(str(error), command),)
            raise

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - click's own signature
        kwargs["standalone_mode"] = False
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
        except BrokenPipeError:
            sys.stderr.close()
            sys.exit(0)
        except Exception:  # noqa: BLE001 - an error of ours must not end with the code of a "no"
            import traceback

            traceback.print_exc()
            _fail("This is a fault of headtohead. Please report it with the lines above.", _FAULT)


@cache
def commands() -> dict[str, click.Command]:
    """Every command by its verb: the folder listing is the registry."""
    home = Path(__file__).parent
    found = {}
    for path in sorted(home.glob("*/**/command.py")):
        name = ".".join(("headtohead", *path.relative_to(home).with_suffix("").parts))
        for member in vars(importlib.import_module(name)).values():
            if isinstance(member, click.Command) and member.name:
                found[member.name] = member
    return found


def in_options(message: str, command: click.Command | None) -> str:
    """A message about arguments, in `backticks`, as one about options.

    Args:
        message: As Python says it: "`ties` is one of ...", "leave `ties='half'`",
            "`mapping={'key': 'COLUMN'}`".
        command: Whose options.
    """
    flags = {
        str(p.name): p.opts[-1]
        for p in (command.params if command else ())
        if isinstance(p, click.Option)
    }

    def said(found: re.Match[str]) -> str:
        name, _, value = found[1].partition("=")
        if name not in flags:
            return found[0]
        fields = re.findall(r"'([^']*)': '([^']*)'", value) if value.startswith("{") else ()
        if fields:
            return " ".join(f"{flags[name]} {field}={column}" for field, column in fields)
        return f"{flags[name]} {value.strip(chr(39) + chr(34))}".strip()

    return re.sub(r"`([a-z_]+(?:=[^`]*)?)`", said, message)


def _fail(message: str, code: int) -> None:
    click.echo(plain(f"h2h: {message}"), err=True)
    sys.exit(code)


@click.group(cls=_Group, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="headtohead")
def main() -> None:
    """Can B stand in for A, what does it save, and how sure are we?"""
