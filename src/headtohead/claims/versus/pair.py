"""Two sides of one kind, by whatever people call them, and whatever is asked of both."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from headtohead.claims.versus.settings import Kind
from headtohead.core.dates import Period
from headtohead.core.errors import InputError, UnknownName
from headtohead.core.question import Answer, Ask, Sides
from headtohead.evidence.facts import SEED, Facts
from headtohead.evidence.picking import side_name, where
from headtohead.questions import analysis

KINDS: tuple[Kind, ...] = ("open", "country", "lab", "model", "family")
_COLUMN = {"model": "model_id"}
_CALLED: Mapping[Kind, str] = {
    "open": "open or closed weights",
    "country": "a country",
    "lab": "a lab",
    "model": "a model",
    "family": "a family of models",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two sides, and the evidence they are looked up in.

    Attributes:
        a: The side that would be replaced, as its column has it.
        b: The side that might stand in.
        about: The window that is asked about.
        as_of: The day of our knowledge.
    """

    kind: Kind
    a: str
    b: str
    facts: Facts
    about: Period
    as_of: date

    @property
    def sides(self) -> Sides:
        """As questions take them."""
        return Sides(_COLUMN.get(self.kind, self.kind), self.a, self.b)

    @property
    def models(self) -> bool:
        """Whether both are single models."""
        return self.kind == "model"

    @property
    def filters(self) -> tuple[str, str]:
        """The two sides as column=value."""
        return f"{self.sides.group}={self.a}", f"{self.sides.group}={self.b}"

    @property
    def names(self) -> tuple[str, str]:
        """What the two are called in a sentence ("Chinese", "DeepSeek", "GPT-5")."""
        if self.models:
            listed = self.facts.names.models()
            return listed[self.a].name, listed[self.b].name
        return self.labels

    @property
    def labels(self) -> tuple[str, str]:
        """What the column `side` of the rows of questions calls them."""
        a, b = map(side_name, self.filters)
        return a, b

    @property
    def titles(self) -> tuple[str, str]:
        """What stands above their columns ("Chinese models", "DeepSeek", "GPT-5")."""
        more = {"country": " models", "open": "-weights models", "lab": "", "family": " models"}
        a, b = (f"{name}{more.get(self.kind, '')}" for name in self.names)
        return a, b

    def ask(self, name: str, scope: Mapping[str, Any], sides: Sides | None = None) -> Answer:
        """What a question finds about the two."""
        return self.facts.ask(
            analysis(name),
            about=self.about,
            as_of=self.as_of,
            sides=sides or self.sides,
            scope=scope,
        )

    def rows(self, table: str) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The rows of a table that are of A, and those that are of B."""
        frame = self.facts.frame(table, self.as_of, used_on=self.about.end)
        a, b = (where(frame, words) for words in self.filters)
        return a, b

    def bare(self) -> Ask:
        """What an estimate needs to know of how it was asked for."""
        return Ask(self.about, self.as_of, self.sides, {}, np.random.default_rng(SEED))


def pair_of(facts: Facts, a: str, b: str, kind: Kind | None, about: Period, as_of: date) -> Pair:
    """The two sides that two names stand for.

    Raises:
        UnknownName: If a name stands for nothing of that kind; with what is spelt alike.
        InputError: If the two are of two kinds, or the same.
    """
    kinds = (kind,) if kind else KINDS
    meant = [_meanings(facts, name, kinds, about.end) for name in (a, b)]
    for name, found in zip((a, b), meant, strict=True):
        if not found:
            what = f"{_CALLED[kind].removeprefix('a ')}" if kind else "model, lab or country"
            called, close = facts.names.called(as_of), facts.names.suggested(name, as_of)
            raise UnknownName(what, name, called, meant=close)
    shared = [k for k in kinds if k in meant[0] and k in meant[1]]
    if not shared:
        said = " and ".join(
            f"{name!r} is {_CALLED[next(iter(found))]}"
            for name, found in zip((a, b), meant, strict=True)
        )
        raise InputError(f"{said}. Give two of one kind.")
    chosen = shared[0]
    first, second = meant[0][chosen], meant[1][chosen]
    if first == second:
        raise InputError(f"{a!r} and {b!r} are the same. Give two that differ.")
    return Pair(kind=chosen, a=first, b=second, facts=facts, about=about, as_of=as_of)


def _meanings(facts: Facts, name: str, kinds: tuple[Kind, ...], on: date) -> dict[Kind, str]:
    """Kind -> what the name is there; kinds of which it is nothing are left out."""
    look: dict[Kind, Callable[[], str | None]] = {
        "open": lambda: facts.side("open", name),
        "country": lambda: facts.side("country", name),
        "lab": lambda: facts.side("lab", name),
        "model": lambda: facts.names.resolve(name, on=on).model,
        "family": lambda: facts.side("family", name),
    }
    return {kind: value for kind in kinds if (value := look[kind]())}
