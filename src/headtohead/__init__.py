"""Can B stand in for A, what does it save, and how sure are we?

The verbs of the command line are functions here: `check`, `show`, `report`, `diff`, `rank`,
`index`, `gap`, `compare`, `plan`, `switch`, and, where the plain word is a package, `explain_name`
(`h2h names`), `explain_openness` (`h2h openness`), `list_prices` (`h2h prices`), `list_questions`
(`h2h questions`), `list_sources` (`h2h sources`), `read_evidence` (`h2h evidence`) and
`update_evidence` (`h2h update`). What `h2h arena` does is `arena_init`, `arena_serve`,
`arena_board` and so on. Those that read dated evidence take `as_of`, the day of our knowledge; each
gives the same result object that its `h2h` twin prints, but for `read_evidence`: that
gives a data frame.
"""

from typing import TYPE_CHECKING

from headtohead.core.version import VERSION as __version__

if TYPE_CHECKING:
    from headtohead.api import *  # noqa: F403

__all__ = ["__version__"]


def __getattr__(name: str) -> object:
    """A verb, imported when first used, so that importing the package stays quick."""
    import importlib

    api = importlib.import_module("headtohead.api")
    if name in api.VERBS:
        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """The verbs, for whoever presses tab."""
    import importlib

    api = importlib.import_module("headtohead.api")
    return ["__version__", *api.VERBS]
