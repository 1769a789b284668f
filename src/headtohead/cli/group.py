"""What every command shares: the group, its errors and exit codes, dates, and printing."""

import json
import sys
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from headtohead.core.errors import HeadToHeadError, InputError
from headtohead.core.version import VERSION

if TYPE_CHECKING:
    from headtohead.evidence.store import Store

_EPILOG = (
    "Exit codes: 0 yes or done, 1 no, 2 undecided (with --gate), 64 wrong usage or input, "
    "65 damaged or changed evidence, 70 a fault of ours, 74 disk full, 75 source unreachable or "
    "store busy."
)


_FAULT = 70


class _Group(click.Group):
    """Turns expected failures into one message and a documented exit code."""

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


def _fail(message: str, code: int) -> None:
    click.echo(plain(f"h2h: {message}"), err=True)
    sys.exit(code)


def today() -> date:
    """The day it is, by UTC."""
    return datetime.now(UTC).date()


as_of_option = click.option(
    "--as-of", metavar="DAY", help="What was known by this day. Default: today."
)
about_option = click.option(
    "--about", metavar="DATE", help="Ask about this day, month or start/end."
)
store_option = click.option("--store", type=click.Path(path_type=Path), help="Folder of downloads.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group(cls=_Group, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="headtohead")
def main() -> None:
    """Can B stand in for A, what does it save, and how sure are we?"""


def out(result: dict[str, Any] | Iterable[str]) -> None:
    """Print one JSON object, or lines."""
    if isinstance(result, dict):
        return click.echo(json.dumps(result, ensure_ascii=False, indent=1, allow_nan=False))
    for line in result:
        click.echo(plain(line))
    return None


def plain(text: str) -> str:
    """The text without control characters: a name from outside must not steer a terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)


def day_of(text: str | None) -> date:
    """The day written, or today.

    Raises:
        InputError: If it is no day, or lies in the future.
    """
    from headtohead.core.dates import parse_day

    day = parse_day(text) if text else today()
    if day > today():
        raise InputError(f"{day} lies in the future: nobody knows yet. Choose today or earlier.")
    return day


def open_store(folder: Path | None, *, make: bool = False) -> "Store":
    """The store in a folder; the user's own if none is given."""
    from headtohead.evidence.store import Store

    if folder and not make and not folder.is_dir():
        raise InputError(f"There is no store {folder}. Check --store; `h2h update` makes one.")
    return Store(folder)
