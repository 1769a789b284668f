"""The door: what users' files hold of a season, whatever format each is in."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from headtohead.core.errors import InputError, UnknownName
from headtohead.core.units import counted, first_few
from headtohead.files.formats import PLAIN, Format, Formats, Head, head_of
from headtohead.files.opening import arrived, files_of, held
from headtohead.trading.rows import FIELDS
from headtohead.trading.season import Recorded, TradeFile


class TradeFormatModule(Protocol):
    """What every module in the folder of formats offers."""

    FORMAT: Format

    def read(self, file: TradeFile) -> Recorded:
        """What a file of this format holds."""
        ...


FORMATS: Formats[TradeFormatModule] = Formats("headtohead.trading.formats", "format of trades")


def recorded(
    files: Sequence[str | Path], *, format: str = "auto", mapping: Mapping[str, str] | None = None
) -> tuple[list[Recorded], list[Path]]:
    """What each file holds, and which files were read; of a folder all that fit a known layout.

    Args:
        format: "auto", or the name of one.
        mapping: Field -> column, for plain tables.

    Raises:
        InputError: If a file does not exist, cannot be read, or is of no known layout.
        UnknownName: If there is no such format, or no such field.
    """
    for field in mapping or ():
        if field not in FIELDS:
            raise UnknownName("field to map", field, FIELDS)
    parts: list[Recorded] = []
    read: list[Path] = []
    for given in files:
        path = arrived(given)
        if not held(path).exists():
            raise InputError(f"{path} does not exist. Give a file that does.")
        inside, others = files_of(path), list[str]()
        for one in inside:
            head = head_of(one)
            file = TradeFile(one, mapping or {})
            module = _module(head, format, mapping)
            # Beside trades there often lies what is of no use here, such as prices.
            if path.is_dir() and module.FORMAT.name == PLAIN and format == "auto" and not mapping:
                others.append(one.name)
                continue
            parts.append(module.read(file))
            read.append(one)
        if path.is_dir() and not read:
            raise InputError(
                f"{path}: none of its {counted(len(inside), 'file')} is of a known layout. Plain "
                "tables have to be named one by one."
                if inside
                else f"{path} holds no files."
            )
        if others:
            note = f"In {path}, files of no known layout were not read: {first_few(others)}."
            parts.append(Recorded(notes=(note,)))
    return parts, read


def _module(head: Head, format: str, mapping: Mapping[str, str] | None) -> TradeFormatModule:
    if format != "auto":
        return FORMATS.named(format)
    if mapping:
        return FORMATS.named(PLAIN)
    if any(name.endswith(("_config.json", "_market_change.feather")) for name in head.names):
        return FORMATS.named("freqtrade")
    fitting = FORMATS.fitting(lambda module: module.FORMAT.fits(head.has), str(head.path))
    return fitting or FORMATS.named(PLAIN)
