"""Where a server listens, as options of a command."""

from collections.abc import Callable
from typing import TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., object])


def listening_options(port: int) -> Callable[[Command], Command]:
    """The options --host and --port.

    Args:
        port: The one that is taken if none is given; 0 for any that is free.
    """
    host = click.option(
        "--host",
        default="127.0.0.1",
        show_default=True,
        help="Address to listen on; 0.0.0.0 for all.",
    )
    number = click.option(
        "--port",
        type=click.IntRange(0, 65535),
        default=port,
        show_default=port > 0,
        help="0 is any that is free." if port else "Default: any that is free.",
    )
    return lambda command: host(number(command))
