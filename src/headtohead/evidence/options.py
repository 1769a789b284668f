"""The option that every command on public evidence has: where the store is."""

from pathlib import Path

import click

from headtohead.core.errors import InputError
from headtohead.evidence.store import Store

store_option = click.option("--store", type=click.Path(path_type=Path), help="Folder of downloads.")


def open_store(folder: Path | None, *, make: bool = False) -> Store:
    """The store in a folder; the user's own if none is given."""
    if folder and not make and not folder.is_dir():
        raise InputError(f"There is no store {folder}. Check --store; `h2h update` makes one.")
    return Store(folder)
