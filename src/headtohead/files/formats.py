"""Formats as plug-ins: how a file tells which one it is of, and one registry for every folder.

A format is a module with one FORMAT; listing its folder finds it.
"""

import csv
import importlib
import io
import pkgutil
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, Protocol, TypeVar, cast

from headtohead.core.errors import InputError, UnknownName
from headtohead.core.units import first_few
from headtohead.files.opening import (
    KINDS,
    NOT_JSON,
    PARQUET,
    content,
    files_of,
    json_value,
    kind_of,
    members,
    parquet,
    zipped,
)
from headtohead.files.records import records

PLAIN = "plain"
"""The format of any table with named columns, which is asked last."""

_START, _RECORD, _NAMES, _SHOWN = 1 << 16, 1 << 22, 5000, 20
_KEY = re.compile(rb'"(\w[\w.]*)"\s*:')


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A layout of files that somebody writes.

    Attributes:
        about: Whose it is, in one line.
        needs: Sets of fields, inner ones after a dot; what has all of one set is of this format.
    """

    name: str
    about: str
    needs: tuple[tuple[str, ...], ...]

    def fits(self, has: Callable[[str], bool]) -> bool:
        """Whether something is of this format."""
        return any(all(map(has, names)) for names in self.needs)


class FormatModule(Protocol):
    """What every module in a folder of formats offers."""

    @property
    def FORMAT(self) -> Format:
        """The format."""
        ...


_Module = TypeVar("_Module", bound=FormatModule)


class Formats(Generic[_Module]):
    """The formats in a folder."""

    def __init__(self, package: str, kind: str) -> None:
        self._package, self._kind = package, kind

    @cached_property
    def by_name(self) -> dict[str, _Module]:
        """All of them."""
        folder: ModuleType = importlib.import_module(self._package)
        modules = {}
        for info in pkgutil.iter_modules(folder.__path__):
            name = f"{self._package}.{info.name}"
            module = cast(_Module, importlib.import_module(name))
            if not hasattr(module, "FORMAT"):
                raise InputError(f"The module {name} has no FORMAT. Define it, or move the module.")
            modules[module.FORMAT.name] = module
        return modules

    def named(self, name: str) -> _Module:
        """The format of that name.

        Raises:
            UnknownName: If there is none.
        """
        if name not in self.by_name:
            raise UnknownName(self._kind, name, (*self.by_name, "auto"))
        return self.by_name[name]

    def fitting(self, fits: Callable[[_Module], bool], place: str) -> _Module | None:
        """The format of something; plain only if no other fits, None if that does not either.

        Raises:
            InputError: If several fit.
        """
        names = [name for name, x in self.by_name.items() if name != PLAIN and fits(x)]
        if len(names) > 1:
            raise InputError(f"{place} could be {' or '.join(names)}; say which with `format`.")
        if names:
            return self.by_name[names[0]]
        return self.by_name[PLAIN] if fits(self.by_name[PLAIN]) else None


@dataclass(frozen=True)
class Head:
    """The beginning of a file.

    Attributes:
        start: Its first bytes, decompressed; empty for a folder or a zip archive.
        record: The first JSON record: of JSON lines the first line, of a JSON document the whole
            if it is small, else None; also None if it is not JSON.
        names: Names of the files in a folder or in a zip archive.
    """

    path: Path
    start: bytes = b""
    record: Any = None
    names: tuple[str, ...] = ()

    @cached_property
    def fields(self) -> frozenset[str]:
        """Fields of the first record, or columns of a table; empty if there are none."""
        if self.start.startswith(PARQUET):
            with parquet(self.path) as file:
                return frozenset(file.schema_arrow.names)
        first = self._first
        if isinstance(first, Mapping):
            return frozenset(first)
        if self.start.lstrip()[:1] in (b"{", b"["):
            return self._keys
        text = self.start.decode("utf-8", "replace")
        with suppress(csv.Error):  # lone carriage returns
            # A name may be over several lines.
            return frozenset(next(csv.reader(io.StringIO(text, ""), strict=False), []))
        return frozenset()

    def has(self, name: str) -> bool:
        """Whether there is a field.

        Of a document too large to be read for this, the names in its beginning have to do.
        """
        inside = self._first
        if not isinstance(inside, Mapping):
            known = self._keys if self.start.lstrip()[:1] == b"{" else self.fields
            return known.issuperset(name.split("."))
        for step in name.split("."):
            if not isinstance(inside, Mapping) or step not in inside:
                return False
            inside = inside[step]
        return True

    @cached_property
    def inside(self) -> tuple[frozenset[str], ...]:
        """Fields of the first record of each file of a folder."""
        return tuple(map(first_fields, files_of(self.path))) if self.path.is_dir() else ()

    @cached_property
    def said(self) -> str:
        """What is in it, for a message that no format fits."""
        if self.path.is_dir():
            return f"Files in it: {first_few(self.names, _SHOWN) or 'none'}."
        if self.names:
            return f"It is a zip archive of {first_few(self.names, _SHOWN)}."
        if not self.start.strip():
            return "It is empty."
        return (
            f"Columns found: {first_few(sorted(self.fields), _SHOWN)}."
            if self.fields
            else "It holds no columns."
        )

    @property
    def _first(self) -> Any:  # noqa: ANN401
        record = self.record
        if isinstance(record, Mapping) and isinstance(record.get("data"), list):
            record = record["data"]  # a page of an API
        if isinstance(record, list):
            return record[0] if record else None
        return record

    @cached_property
    def _keys(self) -> frozenset[str]:
        return frozenset(name.decode() for name in _KEY.findall(self.start))


def head_of(path: Path) -> Head:
    """The beginning of a file, by which formats recognise it.

    Raises:
        InputError: If it cannot be read or holds binary data of no known kind.
    """
    if path.is_dir():
        names = (file.relative_to(path).as_posix() for file in files_of(path)[:_NAMES])
        return Head(path=path, names=tuple(names))
    start = content(path, _RECORD + 1)
    kind = kind_of(start)
    if kind == "zip":
        with zipped(path) as archive:
            return Head(path=path, names=tuple(members(archive)))
    if kind in ("binary", "feather", "sqlite"):
        raise InputError(
            f"{path}: holds binary data in no format we know. Give {KINDS}, or an Inspect .eval."
        )
    record = None
    whole = start.lstrip()
    if kind == "yaml":
        record = json_value(next(records(path))[1])
    if kind == "json":
        for text in (whole.partition(b"\n")[0], whole):
            # A text cut at the limit does not parse, so a document too large gives no record.
            with suppress(*NOT_JSON):
                record = json_value(text)
                break
    return Head(path=path, start=start[:_START], record=record)


def first_fields(path: Path) -> frozenset[str]:
    """Fields of the first record of a file; empty if it holds no records."""
    record = None
    try:
        start = content(path, _START)
        with suppress(*NOT_JSON):
            record = json_value(start.split(b"\n", 1)[0])
        return Head(path=path, start=start, record=record).fields
    except InputError:
        return frozenset()
