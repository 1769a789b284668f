"""The lists behind the names: labs, operators, models and aliases, read from data/entities."""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from headtohead.names.reading import Rules, key

_FOLDER = Path(str(files("headtohead").joinpath("data/entities")))


@dataclass(frozen=True, slots=True)
class Organisation:
    """A lab, which makes models, or an operator, which runs an endpoint for models of any maker.

    Attributes:
        spellings: How others write it; for an operator the provider ids of price lists.
        verified: False if the seat could not be checked against that page.
    """

    id: str
    name: str
    country: str
    source_url: str
    spellings: tuple[str, ...] = ()
    verified: bool = True


@dataclass(frozen=True, slots=True)
class Model:
    """One set of weights.

    Attributes:
        open_weights: Can the weights be downloaded; None if not known.
        released_on: First public day; None if not known.
        licence: SPDX, "proprietary", LicenseRef-... or empty if not known.
    """

    model: str
    lab: str
    name: str
    family: str
    open_weights: bool | None
    released_on: date | None
    licence: str


@dataclass(frozen=True, slots=True)
class Span:
    """What a moving name meant for some days.

    Attributes:
        verified: False if its days could not be checked against the alias's source.
    """

    first: date
    last: date | None
    model: str
    mode: str = ""
    channel: str = ""
    verified: bool = True


@dataclass(frozen=True, slots=True)
class Alias:
    """A name that is not the model's own.

    Attributes:
        sellers: The operators for whom it holds; empty for all.
        spans: One for a fixed alias; in order of days for a moving one.
        candidates: What it may mean, if its days were never recorded.
    """

    name: str
    sellers: frozenset[str]
    spans: tuple[Span, ...]
    moving: bool
    candidates: tuple[str, ...] = ()
    source: str = ""
    why: str = ""

    def on(self, day: date) -> Span | None:
        """What it meant on a day; None before, after or between its spans."""
        for span in reversed(self.spans):
            if span.first <= day:
                return span if span.last is None or day <= span.last else None
        return None


@dataclass(slots=True)
class Entry:
    """What one key stands for.

    `model` is the one whose own name it is, empty for a mere alias; aliases for some sellers come
    first.
    """

    model: str = ""
    aliases: tuple[Alias, ...] = ()


@dataclass(frozen=True, slots=True)
class Country:
    """Where labs and operators are seated.

    Attributes:
        code: ISO 3166 alpha-2.
        adjective: As it stands before a noun ("Chinese").
        spellings: Other ways people write it.
    """

    code: str
    name: str
    adjective: str
    spellings: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


@dataclass(frozen=True, slots=True)
class Group:
    """A lab, a country or a family, for one who asks for a model by its name.

    Attributes:
        says: What it is, as a sentence.
        models: The ids of its models, the newest first.
    """

    says: str
    models: tuple[str, ...]


@dataclass(frozen=True)
class Book:
    """All lists, and the index from keys to entries.

    Attributes:
        lab_keys: Key of every spelling -> lab id.
        operator_keys: Key of every spelling -> operator id.
        index: Key of every name and alias -> what it stands for.
    """

    labs: Mapping[str, Organisation]
    operators: Mapping[str, Organisation]
    countries: Mapping[str, Country]
    models: Mapping[str, Model]
    lab_keys: Mapping[str, str]
    operator_keys: Mapping[str, str]
    index: Mapping[str, Entry]
    rules: Rules

    def maker(self, text: str) -> bool:
        """Whether the text is a spelling of a lab or an operator."""
        spelt = key(text)
        return spelt in self.lab_keys or spelt in self.operator_keys

    def day(self, model_id: str) -> int:
        """The ordinal of the day a model was released on; 0 if not known."""
        model = self.models.get(model_id)
        return model.released_on.toordinal() if model and model.released_on else 0

    @cached_property
    def group_spellings(self) -> Mapping[str, str]:
        """Every spelling of a lab, a country or a family -> how it is called."""
        labs = {text: x.name for x in self.labs.values() for text in (x.id, x.name, *x.spellings)}
        countries = {
            text: str(x)
            for x in self.countries.values()
            for text in (x.name, str(x), x.adjective, x.code, *x.spellings)
        }
        return {m.family: m.family for m in self.models.values()} | countries | labs

    def group(self, text: str) -> Group | None:
        """The lab, country or family of that name; None if there is none."""
        spelt = key(text)
        lab = self.labs.get(self.lab_keys.get(spelt, ""))
        called = {key(t): shown for t, shown in self.group_spellings.items()}.get(spelt)
        country = next((x for x in self.countries.values() if str(x) == called), None)
        if lab:
            says = f"{lab.name} is a lab ({self.countries[lab.country].name})"
            models = [m for m in self.models.values() if m.lab == lab.id]
        elif country:
            says = f"{country} is a country"
            seated = {x.id for x in self.labs.values() if x.country == country.code}
            models = [m for m in self.models.values() if m.lab in seated]
        elif called:
            says = f"{called} is a family of models"
            models = [m for m in self.models.values() if m.family == called]
        else:
            return None
        newest = sorted((m.model for m in models), key=lambda m: (-self.day(m), m))
        return Group(f"{says}, not a model.", tuple(newest))


def lists() -> dict[str, Any]:
    """The lists of data/entities as they are written, by the name of their file."""
    return {path.stem: tomllib.loads(path.read_text("utf-8")) for path in _files()}


@cache
def lists_digest() -> str:
    """What tells these lists from any others."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in _files())).hexdigest()[:12]


def compiled_file() -> Path:
    """Where these lists are kept as JSON, which is read in a tenth of the time."""
    return _FOLDER / f"compiled-{lists_digest()}.json"


def _files() -> list[Path]:
    return sorted(_FOLDER.glob("*.toml"))


def _day(written: date | str) -> date:
    """A day of a list: JSON has it as text."""
    return date.fromisoformat(written) if isinstance(written, str) else written


def load_book() -> Book:
    """The lists of data/entities.

    Raises:
        ValueError: If two models claim one spelling, or an alias names no model.
    """
    kept = compiled_file()
    tables = json.loads(kept.read_bytes()) if kept.is_file() else lists()
    rules = Rules(tables.pop("rules"))
    labs, operators = (_organisations(tables.pop(name)) for name in ("labs", "operators"))
    countries = {
        code: Country(code, row["name"], row["adjective"], tuple(row["also"]))
        for code, row in tables.pop("countries").items()
    }
    aliases = {**tables.pop("aliases"), **tables.pop("moving")}
    index: dict[str, Entry] = {}
    models = _models(tables.values(), index, rules)
    # Aliases for some sellers come first.
    for texts, alias in sorted(_aliases(aliases), key=lambda pair: not pair[1].sellers):
        named = {span.model for span in alias.spans} | set(alias.candidates)
        if missing := sorted(named - set(models)):
            raise ValueError(f"alias {alias.name!r} names {missing}: no such model")
        for text in texts:
            entry = index.setdefault(rules.spell(text)[0], Entry())
            if entry.model and not alias.sellers:
                raise ValueError(
                    f"alias {text!r} is {entry.model}'s own name; give it sellers (at)"
                )
            entry.aliases = (*entry.aliases, alias)
    lab_keys = _spellings((x.id, x.name, x.spellings) for x in labs.values())
    operator_keys = _spellings((x.id, "", x.spellings) for x in operators.values())
    unknown = {m.lab for m in models.values()} - set(labs)
    if unknown:
        raise ValueError(f"models name labs that are not in labs.toml: {sorted(unknown)}")
    return Book(labs, operators, countries, models, lab_keys, operator_keys, index, rules)


def _models(
    tables: Iterable[Mapping[str, Any]], index: dict[str, Entry], rules: Rules
) -> dict[str, Model]:
    """All models by id; their names are put into the index."""
    models: dict[str, Model] = {}
    for table in tables:
        for family in table["family"]:
            for row in family["models"]:
                lab = row.get("lab", family["lab"])
                opened = row.get("open", family["open"])
                model = Model(
                    f"{lab}/{row['id']}",
                    lab,
                    row["name"],
                    family["family"],
                    opened if isinstance(opened, bool) else None,
                    _day(row["on"]) if "on" in row else None,
                    row.get("licence", family["licence"]),
                )
                if model.model in models:
                    raise ValueError(f"{model.model} is listed twice")
                models[model.model] = model
                for text in (row["id"], row["name"], *row.get("also", ())):
                    entry = index.setdefault(rules.spell(text)[0], Entry(model.model))
                    if entry.model != model.model:
                        raise ValueError(f"{text!r} is claimed by {entry.model} and {model.model}")
    return models


def _organisations(table: Mapping[str, Any]) -> dict[str, Organisation]:
    """All labs or all operators, by id."""
    return {
        name: Organisation(
            name,
            row["name"],
            row["country"],
            row["source"],
            tuple(row["also"]),
            row.get("verified", True),
        )
        for name, row in table.items()
    }


def _aliases(table: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Alias]]:
    """Every alias with its spellings."""
    for row in table["fixed"]:
        span = Span(date.min, None, row["model"], row.get("mode", ""), row.get("channel", ""))
        yield (
            (row["name"],),
            Alias(row["name"], frozenset(row.get("at", ())), (span,), False, why=row["why"]),
        )
    for row in table["moving"]:
        spans = tuple(
            Span(
                _day(s["from"]),
                _day(s["to"]) if "to" in s else None,
                s["model"],
                s.get("mode", ""),
                s.get("channel", ""),
                s.get("verified", row.get("verified", True)),
            )
            for s in row.get("spans", ())
        )
        yield (
            (row["name"], *row.get("also", ())),
            Alias(
                row["name"],
                frozenset(row.get("at", ())),
                spans,
                True,
                tuple(row.get("candidates", ())),
                row["source"],
            ),
        )


def _spellings(rows: Iterable[tuple[str, str, tuple[str, ...]]]) -> dict[str, str]:
    """Key of every spelling -> id."""
    owners: dict[str, str] = {}
    for owner, name, also in rows:
        for text in (owner, name, *also):
            spelt = key(text)
            if spelt and owners.setdefault(spelt, owner) != owner:
                raise ValueError(f"{text!r} is a spelling of {owners[spelt]} and of {owner}")
    return owners
