"""The sizes of a model by its name, from the evidence, or from a user's own `config.json`."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from headtohead.core.errors import InputError, UnknownName
from headtohead.core.units import nearest_first
from headtohead.evidence.facts import Facts
from headtohead.evidence.words import model_name
from headtohead.prices.serving.architecture import Architecture, read_config


def sizes_of(facts: Facts, model: str, day: date) -> tuple[Architecture, Mapping[str, Any] | None]:
    """The sizes of a model, and the row that holds them; no row for a file of the user's.

    Args:
        model: A name, or the path of a `config.json` or of a folder that holds one.

    Raises:
        UnknownName: If no model is called so; it suggests some.
        InputError: If the model is known but not its sizes, or its attention is not covered.
    """
    path = Path(model)
    if path.is_dir() and (path / "config.json").is_file():
        return read_config(path / "config.json", path.resolve().name), None
    if path.suffix == ".json" or path.is_file():
        return read_config(path), None
    rows = facts.frame("model_sizes", day)
    meaning = facts.names.resolve(model, on=day)
    row = _row(rows, model, meaning.model)
    if row is None:
        ever = facts.frame("model_sizes", date.max)
        if meaning.model and meaning.model in ever["model_id"]:
            raise InputError(
                f"The sizes of {model_name(meaning.model)} were not known by {day}; "
                "choose a later `as_of`."
            )
        if meaning.model:
            raise InputError(
                f"The sizes of {model_name(meaning.model)} are not known here: its maker has not "
                "published them, or they are not in our tables. Give the path of its `config.json` "
                f"instead. Known: {nearest_first(sorted(rows['model_name']), [model])}."
            )
        raise UnknownName("model", model, rows["model_name"])
    return sizes_in(row), row


def sizes_in(row: Mapping[str, Any]) -> Architecture:
    """The sizes in a row of the table."""
    # Numbers of things have columns whose names end so.
    kept = {f.name: row.get(f.name, row.get(f"{f.name}_n")) for f in fields(Architecture)}
    return Architecture(**kept | {"name": row["model_name"]})


def _row(rows: pl.DataFrame, name: str, model: str | None) -> dict[str, Any] | None:
    spelt = pl.col("model_name").str.to_lowercase() == name.casefold()
    for wanted in (spelt, pl.col("model_id") == model if model else pl.lit(value=False)):
        found = rows.filter(wanted)
        if not found.is_empty():
            return found.row(0, named=True)
    return None
