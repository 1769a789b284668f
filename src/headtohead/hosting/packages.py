"""Whether the packages of a server are there."""

from importlib.util import find_spec

from headtohead.core.errors import InputError


def check_packages(what: str, extra: str) -> None:
    """Refuse to serve where they are missing.

    Args:
        what: Is served, with its article and a capital letter ("An arena").
        extra: Of the package, that brings them.

    Raises:
        InputError: With the command that installs them.
    """
    if any(find_spec(name) is None for name in ("litestar", "uvicorn")):
        raise InputError(
            f"{what} needs more packages: install 'headtohead[{extra}]' with pip or uv."
        )
