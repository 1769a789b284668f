"""A file to read, and its beginning, by which formats recognise it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Source:
    """What a reader is given.

    Attributes:
        path: A file, or a folder for formats that keep several files together.
        mapping: Field of a call -> column or dotted path in the file, as said with `--map`.
    """

    path: Path
    mapping: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a file.

    Attributes:
        path: The file or folder.
        start: Its first bytes, gunzipped; empty for a folder.
        record: The first JSON record: of JSON lines the first line, of a JSON document the whole
            if it is small, else None; also None if it is not JSON.
        names: Names of the files in a folder or in a zip archive.
    """

    path: Path
    start: bytes = b""
    record: Any = None
    names: tuple[str, ...] = ()
