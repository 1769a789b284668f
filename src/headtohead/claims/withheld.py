"""Which verdicts would move with a source that may not ship: none may hang on what is built in.

`scripts/weigh_withheld.py` judges the article's claims with each such source and writes down what
moves (data/withheld.toml).
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from headtohead.evidence.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """One reading that a source would turn.

    Attributes:
        says: The claim's sentence: another sentence of that id is not meant.
        reading: "as_stated" or "narrower".
        built_in: Whether it holds by what ships.
        with_it: Whether it holds with the source.
        known_on: The day from which the source does that.
    """

    claim: str
    says: str
    reading: str
    source_id: str
    built_in: str
    with_it: str
    known_on: date


@cache
def withheld() -> Mapping[tuple[str, str], tuple[Withheld, ...]]:
    """(sentence, reading) -> the sources that would turn it."""
    text = files("headtohead").joinpath("data/withheld.toml").read_text(encoding="utf-8")
    found: dict[tuple[str, str], tuple[Withheld, ...]] = {}
    for row in tomllib.loads(text).get("withheld", []):
        one = Withheld(**row)
        key = (one.says, one.reading)
        found[key] = (*found.get(key, ()), one)
    return found


def turning(says: str, reading: str, truth: str, store: Store, as_of: date) -> tuple[Withheld, ...]:
    """The sources that would turn a reading, of those that the store does not hold."""
    return tuple(
        one
        for one in withheld().get((says, reading), ())
        if one.built_in == truth and one.known_on <= as_of and not store.holds(one.source_id)
    )
