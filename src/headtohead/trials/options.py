"""Options that several verbs about users' own trials share, each written once."""

from typing import Any

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
