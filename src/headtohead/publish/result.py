"""What every result can do: print itself, fit a screen, become JSON, a frame, a page."""

from typing import TYPE_CHECKING, Any

from headtohead.core.version import VERSION
from headtohead.publish.sheet import DataTable, Sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import polars as pl

_LINES, _COLUMNS = 25, 80


class Result:
    """The base of what verbs give; a subclass says what its sheet is, and what its JSON.

    A dataclass that derives from it needs `repr=False`, or its own `__repr__` hides this one:

        @dataclass(frozen=True, slots=True, kw_only=True, repr=False)
        class RankResult(Result): ...
    """

    __slots__ = ()

    # A field or a property, as suits the result; a dataclass must not see it here.
    if TYPE_CHECKING:

        @property
        def sheet(self) -> Sheet:
            """How it is shown, whichever way it is printed."""

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        raise NotImplementedError

    def table(self) -> DataTable:
        """The rows that `--csv` prints."""
        return self.sheet.table

    def to_json(self, indent: int = 2) -> str:
        """The same as `--json`, as text."""
        from headtohead.publish.machine import json_text

        return json_text(self.as_json(), indent)

    def to_csv(self) -> str:
        """The same as `--csv`, as text."""
        from headtohead.publish.machine import csv_text

        return csv_text(self.table())

    def to_frame(self) -> "pl.DataFrame":
        """The rows of `--csv` as a data frame."""
        from headtohead.publish.machine import frame

        return frame(self.table())

    def to_html(self) -> str:
        """One page that needs nothing but a browser."""
        from headtohead.publish.page import sheet_html

        return sheet_html(self.sheet, version=VERSION)

    def to_markdown(self) -> str:
        """GitHub's Markdown, for a pull request or a file."""
        from headtohead.publish.markdown import sheet_markdown

        return sheet_markdown(self.sheet, version=VERSION)

    def __str__(self) -> str:
        from headtohead.publish.terminal import sheet_lines

        return "\n".join(sheet_lines(self.sheet))

    def __repr__(self) -> str:
        """What a terminal prints, cut to a screen."""
        from itertools import islice

        from headtohead.publish.terminal import sheet_lines

        lines = list(islice(sheet_lines(self.sheet, width=_COLUMNS), _LINES + 1))
        if len(lines) > _LINES:
            lines = [*lines[: _LINES - 1], "… (print() shows all of it)"]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """For a notebook: the answer, the first chart and the main table, without scripts."""
        from headtohead.publish.notebook import sheet_fragment

        return sheet_fragment(self.sheet)

    def _repr_mimebundle_(
        self, include: "Collection[str] | None" = None, exclude: "Collection[str] | None" = None
    ) -> dict[str, str]:
        """For a notebook: the same as text, as HTML, and the first chart as a picture."""
        from headtohead.publish.notebook import chart_alone

        ways: dict[str, Callable[[], str]] = {
            "text/plain": self.__repr__,
            "text/html": self._repr_html_,
            "image/svg+xml": lambda: chart_alone(self.sheet),
        }
        wanted = (ways.keys() & set(include) if include else ways.keys()) - set(exclude or ())
        return {kind: made for kind in ways if kind in wanted and (made := ways[kind]())}
