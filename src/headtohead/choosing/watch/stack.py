"""The file of a team: its models, their sellers and tokens, and what a successor must do.

Every mistake is reported with file, line, field and fix.
"""

import re
from dataclasses import dataclass, field, fields
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Literal

import polars as pl

from headtohead.choosing.shortlist.conditions import check_names, seller_id
from headtohead.choosing.shortlist.settings import ShortlistSettings, share_of, tokens_of
from headtohead.core.errors import InputError, UnknownName
from headtohead.core.settings import choose
from headtohead.evidence.facts import Facts
from headtohead.evidence.words import model_name
from headtohead.files.toml import TomlFile
from headtohead.names.reading import key
from headtohead.prices.in_force import INPUT_SHARE

_TOP = (
    *("name", "margin", "budget_usd_per_month", "tokens_per_month", "blend"),
    *("model", "successors"),
)
_MODEL = (
    *("name", "operator", "channel", "share", "tokens_per_month", "blend"),
    *("input_tokens_per_month", "cached_tokens_per_month", "output_tokens_per_month"),
)
_COUNTS = _MODEL[-3:]
# Of a shortlist's conditions, those that the stack itself sets.
_OWN = ("no_worse_than", "margin", "until", "at", "blend")
_CONDITIONS = tuple(f.name for f in fields(ShortlistSettings) if f.name not in _OWN)
_MARGIN = re.compile(
    r"([0-9]+(?:[.][0-9]+)?)\s*(?:(pp|percentage points?)|(?:index |rating )?points?)?"
)
_MOST_USD, _MOST_TOKENS = 1e9, 1e15


@dataclass(frozen=True, slots=True)
class Margin:
    """How much worse still counts as no worse.

    Attributes:
        value: None for the usual one of the scale.
        unit: "points" of the scale, or "pp": percentage points of the tests that both were given.
    """

    value: float | None = None
    unit: Literal["points", "pp"] = "points"


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedModel:
    """One model as a team uses it.

    Attributes:
        name: As the team calls it.
        operator: The seller's id; empty for the model's maker.
        channel: How it is served, as turbo; empty for the maker's way.
        line: Of the file, where it begins.
        input_tokens: A month, cached ones too; None if not stated, as the others.
        cached_tokens: The part of them that is read from a cache.
    """

    name: str
    operator: str = ""
    channel: str = ""
    line: int = 0
    input_tokens: float | None = None
    cached_tokens: float = 0.0
    output_tokens: float | None = None

    @property
    def input_share(self) -> float:
        """Of its tokens; that of the usual blend if none are stated."""
        into, out = self.input_tokens or 0, self.output_tokens or 0
        return into / (into + out) if into + out else INPUT_SHARE

    @property
    def key(self) -> str:
        """What it is known by from run to run."""
        return " ".join(filter(None, (self.name, self.operator, self.channel)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A team's models and what it asks of successors.

    Attributes:
        name: Its own, or that of the file.
        budget_usd: A month; None if none is set.
    """

    name: str
    models: tuple[UsedModel, ...]
    margin: Margin = Margin()
    budget_usd: float | None = None
    successors: ShortlistSettings = field(default_factory=ShortlistSettings)


def read_stack(path: Path, facts: Facts, day: date, as_of: date) -> Stack:
    """The stack in a file.

    Args:
        facts: Whose names and price lists know the models and sellers.
        day: On which the names are read.

    Raises:
        InputError: With a line for each mistake found.
    """
    reader = _StackReader(path, facts, day, as_of)
    stack = reader.stack()
    reader.file.refuse()
    return stack


class _StackReader:
    """Reads one file of a stack."""

    def __init__(self, path: Path, facts: Facts, day: date, as_of: date) -> None:
        self.file = TomlFile(path, "a stack")
        self.facts, self.day, self.as_of = facts, day, as_of

    def stack(self) -> Stack:
        data = self.file.data
        self.file.known(data, _TOP, "", 0)
        entries = data.get("model")
        if not isinstance(entries, list) or not entries:
            line = self.file.line("", 0, "model")
            self.file.wrong(line, "there is no model. Write at least one [[model]].")
            entries = []
        total = self.file.value(data, "tokens_per_month", _count, "", 0)
        blend = self.file.value(data, "blend", share_of, "", 0)
        share = INPUT_SHARE if blend is None else blend
        models: list[UsedModel] = []
        for n, entry in enumerate(entries):
            if isinstance(entry, dict):
                models.append(self.model(entry, n, total, share))
            else:
                self.file.wrong(self.file.line("model", n), "a model is written as [[model]].")
        shares = [e.get("share") for e in entries if isinstance(e, dict)]
        given = [s for s in shares if isinstance(s, int | float) and not isinstance(s, bool)]
        if sum(given) > 1 + 1e-9:
            self.file.wrong(1, f"the shares add up to {sum(given):g}, which is more than 1.")
        for one, again in _twice(models):
            self.file.wrong(
                again.line, f"{one.name!r} at this seller stands on line {one.line} too."
            )
        return Stack(
            name=str(self.file.value(data, "name", _text, "", 0) or self.file.path.stem),
            models=tuple(models),
            margin=self.file.value(data, "margin", _margin, "", 0) or Margin(),
            budget_usd=self.file.value(data, "budget_usd_per_month", _money, "", 0),
            successors=self.conditions(data.get("successors", {})),
        )

    def model(self, entry: dict[str, Any], n: int, total: float | None, blend: float) -> UsedModel:
        self.file.known(entry, _MODEL, "model", n)
        name = self.file.value(entry, "name", _text, "model", n)
        if not name:
            self.file.wrong(self.file.line("model", n), "the model has no `name`.")
        operator = self.file.value(entry, "operator", self.seller, "model", n) or ""
        channel = self.file.value(entry, "channel", _text, "model", n) or ""
        if name:
            self.check_model(str(name), operator, self.file.line("model", n, "name"))
        if channel:
            self.check_channel(channel, self.file.line("model", n, "channel"))
        into, out, cached = self.tokens(entry, n, total, blend)
        return UsedModel(
            name=str(name or ""),
            operator=operator,
            channel=channel,
            line=self.file.line("model", n),
            input_tokens=into,
            output_tokens=out,
            cached_tokens=cached or 0.0,
        )

    def tokens(
        self, entry: dict[str, Any], n: int, total: float | None, blend: float
    ) -> tuple[float | None, float | None, float | None]:
        """Input, output and cached tokens a month."""
        into, cached, out = (self.file.value(entry, f, _count, "model", n) for f in _COUNTS)
        own = self.file.value(entry, "tokens_per_month", _count, "model", n)
        share = self.file.value(entry, "share", _share, "model", n)
        mine = self.file.value(entry, "blend", share_of, "model", n)
        blend = blend if mine is None else mine
        line = self.file.line("model", n)
        ways = [into is not None or out is not None, own is not None, share is not None]
        if sum(ways) > 1:
            self.file.wrong(
                line,
                "tokens are stated in two ways. Keep one: input and output tokens a month, or "
                "`tokens_per_month` with a `blend`, or a `share` of the stack's.",
            )
        if share is not None:
            if total is None:
                self.file.wrong(line, "`share` needs `tokens_per_month` at the top of the file.")
            own = share * (total or 0)
        if own is not None and into is None and out is None:
            into = float(round(own * blend))
            out = round(own) - into
        if cached and cached > (into or 0):
            why = "`cached_tokens_per_month` is a part of the input, and cannot be more."
            self.file.wrong(line, why)
            cached = None
        if into is not None or out is not None:
            into, out = into or 0.0, out or 0.0
        return into, out, cached

    def conditions(self, given: Any) -> ShortlistSettings:  # noqa: ANN401 - whatever TOML holds
        """The conditions for successors, in the words of a shortlist."""
        asked = ShortlistSettings()
        if not isinstance(given, dict):
            self.file.wrong(
                self.file.line("", 0, "successors"), "conditions stand under [successors]."
            )
            return asked
        self.file.known(given, _CONDITIONS, "successors", 0)
        for name in [name for name in given if name in _CONDITIONS]:
            read = partial(self.condition, asked, name)
            asked = self.file.value(given, name, read, "successors", 0) or asked
        return asked

    def condition(self, asked: ShortlistSettings, name: str, given: Any) -> ShortlistSettings:  # noqa: ANN401
        """The conditions with one more.

        Raises:
            InputError: If it is none.
        """
        chosen: ShortlistSettings = choose(asked, {name: given})
        check_names(self.facts, chosen, self.as_of)
        return chosen

    def seller(self, given: Any) -> str:  # noqa: ANN401 - whatever TOML holds
        return seller_id(self.facts, _text(given), self.as_of)

    def check_model(self, name: str, operator: str, line: int) -> None:
        """Note a name that stands for no model, in no list."""
        names = self.facts.names
        plain = names.resolve(name, on=self.day)
        meaning = names.resolve(name, on=self.day, provider=operator or plain.lab)
        if meaning.model or plain.model or name in _printed(self.facts, self.as_of):
            return
        if meaning.status == "ambiguous":
            self.file.wrong(line, f"{name!r} may be several models. {meaning.steps[-1]}")
        elif group := names.group(name):
            close = " or ".join(names.suggested(name)[:3])
            self.file.wrong(line, f"{group.says} Name one model{f', as {close}' if close else ''}.")
        else:
            known = [model.name for model in names.models().values()]
            self.file.wrong(
                line, str(UnknownName("model", name, known, meant=names.suggested(name)))
            )

    def check_channel(self, channel: str, line: int) -> None:
        prices = self.facts.frame("prices", self.as_of, used_on=min(self.day, self.as_of))
        ways = prices["served_as"].drop_nulls().unique().to_list()
        if channel not in ways:
            self.file.wrong(line, str(UnknownName("channel", channel, ways)))


def _printed(facts: Facts, as_of: date) -> frozenset[str]:
    """Names of models as price lists and statements of retirement print them."""
    tables = (facts.frame("prices", as_of, used_on=as_of), facts.frame("retirements", as_of))
    names = pl.concat([rows["model_name"] for rows in tables])
    return frozenset(names.unique().to_list())


def _twice(models: list[UsedModel]) -> list[tuple[UsedModel, UsedModel]]:
    first: dict[str, UsedModel] = {}
    pairs = []
    for one in models:
        if one.name and one.key in first:
            pairs.append((first[one.key], one))
        first.setdefault(one.key, one)
    return pairs


def _text(given: Any) -> str:  # noqa: ANN401 - whatever TOML holds, as below
    if not isinstance(given, str) or not given.strip():
        raise InputError(f"{given!r} is no text.")
    return given.strip()


def _number(given: Any, most: float) -> float:  # noqa: ANN401
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= most:
        raise InputError(f"{given!r} is no number from 0 to {most:,.0f}.")
    return float(given)


def _share(given: Any) -> float:  # noqa: ANN401
    return _number(given, 1)


def _money(given: Any) -> float:  # noqa: ANN401
    return _number(given, _MOST_USD)


def _count(given: Any) -> float:  # noqa: ANN401
    return float(tokens_of(given)) if isinstance(given, str) else _number(given, _MOST_TOKENS)


def _margin(given: Any) -> Margin:  # noqa: ANN401
    found = _MARGIN.fullmatch(str(given).strip())
    if isinstance(given, bool) or not found or float(found[1]) > 100:
        raise InputError(
            f"{given!r} is no margin. Write points of the index as 1 or '1 index point', or "
            "percentage points of shared tests as '2 pp'."
        )
    return Margin(float(found[1]), "pp" if found[2] else "points")


def named_model(use: UsedModel, facts: Facts, day: date) -> tuple[str, str | None]:
    """The model that a name stands for on a day, by its id or as printed, and its maker."""
    names = facts.names
    plain = names.resolve(use.name, on=day)
    meaning = names.resolve(use.name, on=day, provider=use.operator or plain.lab)
    found = meaning if meaning.model else plain
    return found.model or use.name, found.lab


def last_meant(use: UsedModel, facts: Facts, day: date) -> str:
    """The model that a name stood for on the last of its days; empty if it has not ended."""
    names = facts.names
    seller = use.operator or names.resolve(use.name, on=day).lab
    last = names.until(use.name, day, seller)
    return (names.resolve(use.name, on=last, provider=seller).model or "") if last else ""


def called(use: UsedModel, model: str) -> str:
    """A model for a sentence: its name, and what the team calls it where that is another word."""
    name = model_name(model)
    return name if key(name) == key(use.name) else f"{name} ({use.name})"
