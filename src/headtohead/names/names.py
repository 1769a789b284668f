"""Names: from a printed model name to its weights, mode and channel, or an honest "unmatched".

A model's id is `lab/model` or `lab/model@snapshot` and stands for one set of weights. How the
weights were run (mode) and how they were served (channel) are kept apart from it.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache, lru_cache
from typing import Any, Literal

from headtohead.core.errors import UnknownName
from headtohead.names.book import Alias, Book, Country, Group, Model, Organisation, Span, load_book
from headtohead.names.reading import PartedName, fold, key, look_up, names_a_pair, open_up, path_of
from headtohead.publish.result import Result
from headtohead.publish.sheet import DataTable, Sheet, TableColumn

__all__ = ["Model", "Names", "Organisation", "Resolution"]

_PAIR = " + "  # no key holds a blank
_LONGEST = 500  # characters of a name that are read: none that is listed is longer
Status = Literal["matched", "unmatched", "ambiguous"]


@dataclass(frozen=True, slots=True, repr=False)
class Resolution(Result):
    """What a name turned out to be.

    Attributes:
        name: As asked.
        status: "matched", "unmatched", or "ambiguous" where it stands for one of several models.
        model: The model's id; None unless matched.
        lab: Its maker; None if not known. An OpenRouter id tells it even where unmatched.
        mode: How the weights were run: "" (the default), thinking, no-thinking, high,
            thinking-32k, ...
        channel: How they were served: "" (the maker's way), turbo, free, fp8, fc, ...
        rule: What decided: "listed", "release-stamp", "alias:<name>", or why nothing did.
        steps: One plain sentence per step.
        suggestions: Names that are spelt alike, where `explain_name` finds it unmatched.
        group: Where it names a lab, a country or a family: that it does, as a sentence. The
            suggestions are models of it then.
        on: The day it was used on, as asked; for `as_json`.
        as_of: The day of our knowledge; for `as_json`.
    """

    name: str
    status: Status
    model: str | None
    lab: str | None
    mode: str
    channel: str
    rule: str
    steps: tuple[str, ...]
    suggestions: tuple[str, ...] = ()
    group: str = ""
    on: str | None = None
    as_of: date | None = None

    def asked(self, on: str | None, as_of: date) -> "Resolution":
        """The same, with the days that its JSON names."""
        return replace(self, on=on, as_of=as_of)

    @property
    def sheet(self) -> Sheet:
        """How it is shown."""
        from headtohead.names.sheet import name_sheet

        return name_sheet(self)

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        from headtohead.publish.machine import envelope

        return envelope("names", None, self.as_of, [self._fields()], ())

    def table(self) -> DataTable:
        """One row: what the name means, as in the JSON, with lists as text."""
        texts = {"steps": " ".join(self.steps), "suggestions": ", ".join(self.suggestions)}
        row = self._fields() | texts
        return DataTable(tuple(TableColumn(name, name) for name in row), (tuple(row.values()),))

    def _fields(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "on": self.on,
            "status": self.status,
            "model": self.model,
            "lab": self.lab,
            "mode": self.mode,
            "channel": self.channel,
            "rule": self.rule,
            "steps": list(self.steps),
            "suggestions": list(self.suggestions),
        }


@dataclass(frozen=True, slots=True)
class _Undated:
    """A name read as far as possible without a day.

    Attributes:
        result: The finished answer, or the frame around a moving alias.
        moving: The moving aliases it stands for; empty if the answer is finished.
    """

    result: Resolution
    moving: tuple[Alias, ...] = ()
    stamp: date | None = None


class Names:
    """All names we know, and the way to them."""

    def __init__(self, book: Book) -> None:
        self._book = book
        # Tables of a million rows hold few names, and several sellers use one.
        self._read_for = lru_cache(maxsize=65_536)(self._read_uncached)
        self._parted = lru_cache(maxsize=65_536)(self._parted_uncached)
        self._seller = lru_cache(maxsize=65_536)(self._seller_uncached)
        self._moving = [
            (key(alias.name), frozenset((*alias.candidates, *(s.model for s in alias.spans))))
            for entry in book.index.values()
            for alias in entry.aliases
            if alias.moving
        ]

    @classmethod
    def load(cls) -> "Names":
        """The names that ship with the package, read once."""
        return _load()

    def resolve(
        self, name: str, *, on: date | None = None, provider: str | None = None
    ) -> Resolution:
        """The model, mode and channel that a name stands for.

        Args:
            name: As printed by a board, a benchmark, a router or a price list.
            on: The day on which the name was used; names that move need it. A day written into
                such a name comes first.
            provider: The seller in whose list it stands ("deepseek", "openrouter", "azure").

        Returns:
            A resolution that is never a guess: without a listed model it says "unmatched".
        """
        undated = self._read(name, provider)
        if not undated.moving:
            return undated.result
        # A moving name on a day.
        day = undated.stamp or on
        answers = [self._one_alias(undated.result, alias, day) for alias in undated.moving]
        first = answers[0]
        if all((a.model, a.mode) == (first.model, first.mode) for a in answers):
            return first
        meant = " or ".join(sorted({a.model for a in answers if a.model}))
        step = f"Which list the name stands in decides: it may be {meant}. Give the provider."
        return replace(undated.result, status="ambiguous", steps=(*undated.result.steps, step))

    def undated(self, name: str, provider: str | None = None) -> Resolution | None:
        """What the name stands for on every day; None if it moves from model to model."""
        reading = self._read(name, provider)
        return None if reading.moving else reading.result

    def until(self, name: str, on: date, provider: str | None = None) -> date | None:
        """The last day, before another one, on which a name that moves stood for a model."""
        spans = [span for alias in self._read(name, provider).moving for span in alias.spans]
        return max((s.last for s in spans if s.last and s.last < on), default=None)

    def turns(self, name: str) -> list[date]:
        """The days on which a word began, or ceased, to stand for a model that `name` may mean.

        Between two of them the same words stand for them; `name` is an id or a word that moves.
        """
        aliases = [alias for entry in self._book.index.values() for alias in entry.aliases]
        meant = {name, *(s.model for a in aliases if key(a.name) == key(name) for s in a.spans)}
        turns: set[date] = set()
        for spans in (alias.spans for alias in aliases if alias.moving and alias.spans):
            for span, after in zip(spans, (*spans[1:], None), strict=True):
                if span.model in meant:
                    turns.add(span.first)
                    turns |= {span.last + timedelta(days=1)} if span.last else set()
                    turns |= {after.first} if after and span.model == name else set()
        return sorted(turns)

    def left(self, seller: str, day: date) -> dict[str, tuple[date, str]]:
        """The models for which no moving word of a seller stands any more on a day.

        Returns:
            Model -> since when, and the last word that stood for it.
        """
        left: dict[str, tuple[date, str]] = {}
        have: set[str] = set()
        for alias in (alias for entry in self._book.index.values() for alias in entry.aliases):
            if not alias.moving or (alias.sellers and seller not in alias.sellers):
                continue
            if now := alias.on(day):
                have.add(now.model)
            for span, after in zip(alias.spans, (*alias.spans[1:], None), strict=False):
                over = span.last + timedelta(days=1) if span.last else after and after.first
                if over and over <= day:
                    left[span.model] = max(left.get(span.model, (date.min, "")), (over, alias.name))
        return {model: what for model, what in left.items() if model not in have}

    def meant(self, name: str) -> tuple[str, ...]:
        """The name as sellers may print it, and the models it stood for on any day, anywhere.

        Empty if they are not known.
        """
        aliases = [alias for entry in self._book.index.values() for alias in entry.aliases]
        mine = [a for a in aliases if key(a.name) == key(name.rpartition("/")[2])]
        models = {m for a in mine for m in (*a.candidates, *(s.model for s in a.spans))}
        undated = self.undated(name)
        if not models and undated is None:
            return ()
        known = {undated.model} if undated and undated.model else set()
        return (name, name.rpartition("/")[2], *sorted(models | known))

    def may_mean(self, word: str, models: Collection[str]) -> bool:
        """Whether a word that moves from model to model may have stood for one of some models."""
        spelt = key(word)
        return any(name in spelt and not meant.isdisjoint(models) for name, meant in self._moving)

    def alike(self, name: str) -> tuple[str, ...]:
        """Listed names that are spelt like one that is not, the likeliest first.

        Models of the lab, country or family called so; else names of models; else those of labs,
        countries and families.
        """
        from headtohead.names.alike import alike

        return alike(name[:_LONGEST], self._book)

    def suggested(self, name: str, by: date | None = None) -> list[str]:
        """What `alike` gives, as people write it; without the name itself, and as `called`."""
        listed, there = self.models(), {*self.called(by)}
        near = [one for one in self.alike(name) if one != name]
        spelt = [listed[one].name if one in listed else one for one in near]
        return [x for one, x in zip(near, spelt, strict=True) if one not in listed or x in there]

    def called(self, by: date | None = None) -> list[str]:
        """The names of all models but those that came out after a day.

        Of which it is not known when they came out counts as new as the newest.
        """
        models = self.models().values()
        newest = max(m.released_on for m in models if m.released_on)
        return [m.name for m in models if by is None or (m.released_on or newest) <= by]

    def group(self, name: str) -> Group | None:
        """The lab, country or family of that name; None if there is none."""
        return self._book.group(name)

    def lab(self, lab_id: str) -> Organisation:
        """The lab with this id.

        Raises:
            UnknownName: If there is none.
        """
        if lab_id not in self._book.labs:
            raise UnknownName("lab", lab_id, self._book.labs)
        return self._book.labs[lab_id]

    def lab_of(self, organisation: str) -> Organisation | None:
        """The lab that an organisation's name means, in any spelling we know; else None."""
        lab_id = self._book.lab_keys.get(key(organisation))
        return self._book.labs[lab_id] if lab_id else None

    def operator(self, operator_id: str) -> Organisation | None:
        """The operator with this id or provider spelling; None if not known."""
        known = self._book.operator_keys.get(key(operator_id))
        return self._book.operators[known] if known else None

    def model(self, model_id: str) -> Model | None:
        """The model with this canonical id; None if not listed."""
        return self._book.models.get(model_id)

    def labs(self) -> Mapping[str, Organisation]:
        """All labs by id."""
        return self._book.labs

    def operators(self) -> Mapping[str, Organisation]:
        """All operators by id."""
        return self._book.operators

    def countries(self) -> Mapping[str, Country]:
        """The countries that labs and operators are seated in, by code."""
        return self._book.countries

    def models(self) -> Mapping[str, Model]:
        """All models by canonical id."""
        return self._book.models

    def _seller_uncached(self, provider: str) -> str:
        seller = self.operator(provider)
        return seller.id if seller else provider

    def _read(self, name: str, provider: str | None) -> _Undated:
        """The name read without a day, once for all sellers that cannot change what it means."""
        seller = self._seller(provider) if provider else None
        reading, spelt = self._parted(name)
        entry = self._book.index.get(spelt)
        if entry is None or not entry.aliases:
            # Only the author in an OpenRouter id tells more than the name itself.
            seller = seller if seller == "openrouter" and reading.prefix else None
        return self._read_for(name, seller)

    def _read_uncached(self, name: str, seller: str | None) -> _Undated:
        """The name read without a day."""
        reading, spelt = self._parted(name)
        if spelt in self._book.index:
            return self._known(name, spelt, reading.copy(), seller)
        if spelt == _PAIR:
            step = "The name speaks of two models at once."
            return _Undated(self._nothing(name, reading, seller, "two-models", step))
        step = f"No model or alias is spelt {reading.whole or 'like this'}."
        return _Undated(self._nothing(name, reading, seller, "not-listed", step))

    def _parted_uncached(self, name: str) -> tuple[PartedName, str]:
        """A name taken apart, whoever uses it, and the key that is listed; else why none is."""
        name = name[:_LONGEST]
        spelt, used = self._book.rules.spell(name)
        if spelt in self._book.index:
            reading = PartedName(base=spelt, prefix=path_of(fold(name))[0])
            reading.say_spelling(used)
            return reading, spelt
        if names_a_pair(name):
            return PartedName(), _PAIR
        reading = open_up(name, self._book.rules, self._book.maker)
        return reading, look_up(reading, self._book.rules, self._book.index.__contains__)

    def _known(self, name: str, spelt: str, reading: PartedName, seller: str | None) -> _Undated:
        """A key that is in the index: its aliases for this seller first, then the model itself."""
        entry = self._book.index[spelt]
        reading.steps.append(f"Read as {spelt}.")
        # The words of an alias's `at` that this name falls under.
        unsold = () if reading.prefix else ("boards",)
        places = frozenset((seller, "sellers") if seller else unsold)
        here = tuple(a for a in entry.aliases if a.sellers & places)
        if not here and not entry.model:
            here = self._elsewhere(entry.aliases, reading, seller)
            if not here:
                # What it means is recorded only for other lists than this one.
                alias = entry.aliases[0]
                step = (
                    f'What "{alias.name}" means is recorded only for '
                    f"{' and '.join(sorted(alias.sellers))}; elsewhere it may be another edition "
                    "or the base model."
                )
                nothing = self._nothing(name, reading, seller, "other-seller", step)
                lab = self._common_lab((alias,))
                return _Undated(replace(nothing, status="ambiguous", lab=lab))
        if not here:
            return _Undated(self._listed(name, entry.model, reading, seller))
        frame = self._nothing(name, reading, seller, f"alias:{here[0].name}")
        frame = replace(frame, lab=self._common_lab(here))
        if here[0].moving:
            return _Undated(frame, here, reading.day())
        if reading.stamp:
            return _Undated(self._unknown_stamp(name, reading, seller))
        return _Undated(self._by_span(frame, here[0].spans[0], f"Alias: {here[0].why}."))

    def _common_lab(self, aliases: tuple[Alias, ...]) -> str | None:
        """The lab of everything the aliases may mean, if it is one."""
        models = {m for a in aliases for m in (*a.candidates, *(s.model for s in a.spans))}
        labs = {self._book.models[m].lab for m in models}
        return labs.pop() if len(labs) == 1 else None

    def _elsewhere(
        self, aliases: tuple[Alias, ...], reading: PartedName, seller: str | None
    ) -> tuple[Alias, ...]:
        """The aliases that hold for this seller: those for all, or the owner's if none is named.

        A path in front without a seller may be the owner's list or a router's: then all count.
        """
        for_all = tuple(a for a in aliases if not a.sellers)
        if for_all or seller is not None:
            return for_all
        sold = tuple(a for a in aliases if "boards" not in a.sellers)
        return sold if reading.prefix else sold[:1]

    def _listed(
        self, name: str, model_id: str, reading: PartedName, seller: str | None
    ) -> Resolution:
        """The model itself, if a day in the name is its day of release."""
        model = self._book.models[model_id]
        rule = "listed"
        if reading.stamp:
            if reading.day() != model.released_on:
                return self._unknown_stamp(name, reading, seller)
            rule = "release-stamp"
            reading.steps.append(f"{reading.stamp} is the day {model.name} was released.")
        frame = self._nothing(name, reading, seller, rule, f"It is {model_id}.")
        return replace(frame, status="matched", model=model_id, lab=model.lab)

    def _unknown_stamp(self, name: str, reading: PartedName, seller: str | None) -> Resolution:
        step = f"No listed edition carries the stamp {reading.stamp}."
        return self._nothing(name, reading, seller, "unknown-stamp", step)

    def _nothing(
        self, name: str, reading: PartedName, seller: str | None, rule: str, step: str = ""
    ) -> Resolution:
        """The answer without a model; the author in an OpenRouter id still tells the lab."""
        lab = None
        if seller == "openrouter" and reading.prefix:
            lab = self.lab_of(reading.prefix[-1].lstrip("~"))
        return Resolution(
            name,
            "unmatched",
            None,
            lab.id if lab else None,
            reading.mode(),
            "+".join(sorted(reading.channels)),
            rule,
            (*reading.steps, step) if step else tuple(reading.steps),
        )

    def _by_span(self, frame: Resolution, span: Span, step: str) -> Resolution:
        """The frame filled with what an alias stood for; a mode in the name itself comes first."""
        channels = sorted({*frame.channel.split("+"), *span.channel.split("+")} - {""})
        return replace(
            frame,
            status="matched",
            model=span.model,
            lab=self._book.models[span.model].lab,
            mode=frame.mode or span.mode,
            channel="+".join(channels),
            steps=(*frame.steps, step, f"It is {span.model}."),
        )

    def _one_alias(self, frame: Resolution, alias: Alias, day: date | None) -> Resolution:
        if alias.candidates:
            step = (
                f'"{alias.name}" moves on days that nobody recorded ({alias.source}); it may be '
                f"{', '.join(alias.candidates)}."
            )
            return replace(frame, status="ambiguous", steps=(*frame.steps, step))
        if day is None:
            meant = ", ".join(dict.fromkeys(span.model for span in alias.spans))
            step = f'"{alias.name}" is a moving name ({meant}): give the day it was used.'
            return replace(frame, status="ambiguous", steps=(*frame.steps, step))
        span = alias.on(day)
        if span is None:
            step = f'"{alias.name}" stood for no model on {day} ({alias.source}).'
            return replace(frame, steps=(*frame.steps, step))
        until = f" to {span.last}" if span.last else ""
        step = (
            f'On {day} the moving name "{alias.name}" stood for {span.model} '
            f"(from {span.first}{until}; {alias.source}"
            f"{'' if span.verified else '; these days are not verified'})."
        )
        return self._by_span(frame, span, step)


@cache
def _load() -> Names:
    return Names(load_book())


def country_name(code: str) -> str:
    """The name of a country by its code ("China"); any other text as it is."""
    country = _load().countries().get(code)
    return country.name if country else code


def in_sentence(name: str) -> str:
    """A name as it stands in a sentence: some countries have an article."""
    return f"the {name}" if name.startswith(("Netherlands", "United ")) else name


def group_name(by: str, group: str) -> str:
    """What a group of models is called, by country, openness or lab; any other as it is."""
    if by == "lab":
        known = _load().labs()
        return known[group].name if group in known else group
    if by == "open":
        return {"open": "open models", "closed": "closed models"}.get(group, group)
    return country_name(group) if by == "country" else group


def nationality(code: str) -> str:
    """What comes from a country, by its code ("Chinese"); any other text as it is."""
    country = _load().countries().get(code)
    return country.adjective if country else code


def called(text: str) -> str:
    """What a model is called that a list prints by a code ("gpt-5-high" is "GPT-5 (high)").

    Any other text is as it is, as are names that were printed for readers.
    """
    if not _PRINTED_CODE.fullmatch(text):
        return text
    meant = _load().resolve(text)
    known = _load().model(meant.model or "")
    if known is None:
        return text
    return f"{known.name} ({meant.mode.replace('-', ' ')})" if meant.mode else known.name


_PRINTED_CODE = re.compile(r"[a-z][a-z0-9.@:_]*(-[a-z0-9.@:_]+)+|[a-z]+[0-9][a-z0-9.]*")


def called_within(text: str) -> str:
    """The text with what models are called in the place of the codes that lists print."""
    return re.sub(r"(?<![\w./-])[a-z][\w.@:-]*[\w]", lambda code: called(code[0]), text)


@cache
def brand_name(brand: str) -> str:
    """How a brand or family is spelt in the names of its models ("Qwen 3"); else as it is."""
    spelt = Counter(
        model.name[: len(brand)]
        for model in _load().models().values()
        if model.name.lower().startswith(brand) and not model.name[len(brand) :][:1].isalpha()
    )
    if spelt:
        return spelt.most_common(1)[0][0]
    first, _, last = brand.partition("-")
    return f"{brand_name(first)} {last}" if last else brand


_RULES = {
    "listed": "a listed name of the model",
    "release-stamp": "a listed name with the model's day of release",
    "two-models": "a name of two models at once",
    "not-listed": "in no list",
    "other-seller": "listed for other sellers only",
    "unknown-stamp": "no edition of that day is listed",
}


def rule_words(rule: str) -> str:
    """What decided a name's meaning, in words: the `rule` of a resolution."""
    alias = rule.removeprefix("alias:")
    return f'the alias "{alias}"' if alias != rule else _RULES.get(rule, rule)
