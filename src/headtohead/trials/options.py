"""Options that several verbs about users' own trials share, each written once."""

from typing import Any

from headtohead.core.errors import InputError
from headtohead.core.settings import option
from headtohead.trials.words import margin_of


def margin_option() -> Any:  # noqa: ANN401 - as `option`
    """How much worse B may be."""
    return option(
        0.05,
        read=margin_of,
        metavar="MARGIN",
        help="How much worse B may be: 5pp, 0.05, or in the unit of graded scores.",
    )


def format_option() -> Any:  # noqa: ANN401 - as `option`
    """What files are read as."""
    return option("auto", metavar="FORMAT", help="Of the files, if it cannot be told from them.")


def mapping_option(help: str, flag: str = "--map") -> Any:  # noqa: ANN401 - as `option`
    """Where the fields of a call are."""
    return option(factory=dict, flag=flag, metavar="FIELD=COLUMN", help=help)


def check_level(level: float) -> None:
    """Refuse a coverage that is none.

    Raises:
        InputError: If it is not inside (0, 1).
    """
    if not 0 < level < 1:
        raise InputError(f"`level` is {level}; it must be between 0 and 1, as 0.95.")


def at_least(settings: object, **least: float) -> None:
    """Refuse settings below these numbers; one that is None is not given.

    Raises:
        InputError: If one is.
    """
    for name, number in least.items():
        value = getattr(settings, name)
        if value is not None and not value >= number:
            raise InputError(f"`{name}` is {value}; it must be {number} or more.")
