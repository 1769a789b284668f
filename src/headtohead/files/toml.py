"""A TOML file that a user wrote: its fields, and every mistake in it with its line."""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from headtohead.core.errors import InputError, UnknownName
from headtohead.files.opening import arrived, content, not_text

_HEAD = re.compile(r"\s*\[\[?\s*([A-Za-z_]+)\s*\]\]?")


class TomlFile:
    """Reads one file and gathers its problems instead of stopping at the first.

    A field is named by its table ("" for the top of the file), which of the tables of that name it
    is in, from 0, and its own name.

    Args:
        of: What the whole file is, for a message: "a stack".

    Raises:
        InputError: If it is not TOML.
    """

    def __init__(self, path: Path, of: str) -> None:
        self.path, self.of = path, of
        text = content(arrived(path))
        try:
            written = text.decode("utf-8")
            self.data: dict[str, Any] = tomllib.loads(written)
        except UnicodeDecodeError as error:
            raise not_text(path, error) from None
        except tomllib.TOMLDecodeError as error:
            raise InputError(f"{path}: not TOML: {error}.") from None
        self._lines = written.splitlines()
        self._problems: list[tuple[int, str]] = []

    def known(self, given: Iterable[str], fields: Iterable[str], table: str, n: int) -> None:
        """Note fields that there are not."""
        fields = tuple(fields)
        of = f"[{table}]" if table else self.of
        if isinstance(self.data.get(table), list):
            of = f"[[{table}]]"
        for name in given:
            if name not in fields:
                unknown = str(UnknownName(f"field of {of}", name, fields))
                self.wrong(self.line(table, n, name), unknown)

    def value(
        self,
        given: Mapping[str, Any],
        name: str,
        read: Callable[[Any], Any],
        table: str,
        n: int,
    ) -> Any:  # noqa: ANN401 - what `read` gives
        """One field, read; None if it is not there or is wrong, which is noted."""
        if name not in given:
            return None
        try:
            return read(given[name])
        except InputError as error:
            said = str(error)
            named = said if f"`{name}`" in said else f"`{name}`: {said}"
            self.wrong(self.line(table, n, name), named)
            return None

    def wrong(self, line: int, what: str) -> None:
        """Note a mistake."""
        self._problems.append((line, what))

    def line(self, table: str, n: int, name: str = "") -> int:
        """The line on which a field stands; that of its table if it cannot be told."""
        at, count, first = "", -1, 1
        for place, text in enumerate(self._lines, 1):
            if found := _HEAD.match(text):
                at = found[1]
                count += at == table
                if at == table and count == n:
                    first = place
            here = at == table and (not table or count == n)
            if here and name and re.match(rf'\s*"?{re.escape(name)}"?\s*=', text):
                return place
            if not table and name and found and found[1] == name:
                return place
        return first

    def refuse(self) -> None:
        """Raise what was noted, if anything was.

        Raises:
            InputError: With a line for each mistake, in the order of the file.
        """
        if self._problems:
            said = [f"{self.path}, line {line}: {what}" for line, what in sorted(self._problems)]
            raise InputError("\n".join(said))
