"""What an assistant may ask: six tools, whose words are the settings of the verbs that answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import get_close_matches
from functools import partial
from typing import Any

from headtohead.capability.settings import GapSettings
from headtohead.choosing.shortlist.settings import ShortlistSettings
from headtohead.claims.settings import CheckSettings
from headtohead.claims.versus.settings import VersusSettings
from headtohead.core.dates import day
from headtohead.core.errors import InputError, UnknownName
from headtohead.core.settings import (
    Choices,
    choose,
    option,
    options_of,
    type_of,
)
from headtohead.prices.listing.settings import ListingSettings
from headtohead.publish.sheet import Row
from headtohead.publish.words import listed
from headtohead.web.address import Address
from headtohead.web.mcp.answering import Found
from headtohead.web.offered import json_kind
from headtohead.web.site import Site, model_word, side_word

_LONGEST, _MOST = 400, 50  # characters of a text, and texts of a list, that are read
_AS_OF = (
    "Answer with what was known by this day (2025-12-15): nothing that became known later has any "
    "influence. If left out, today, or the day to which whoever runs this holds it."
)
_Given = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetirementSettings(Choices):
    """Which retirements are asked for."""

    model: str = option("", help="Only this model, in any spelling.")
    operator: str = option("", help="Only what this seller lets go, such as openai or azure.")
    until: date | None = option(
        None, read=partial(day, argument="until"), help="Only what ends on this day or before."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One question that an assistant may ask.

    Attributes:
        title: What people see of it.
        says: What it answers, and when to ask it.
        answer: From the evidence, the day of knowledge, the words and the choices by name.
        needs: Word that has to be given -> what it is.
        settings: The class whose fields are its choices.
        without: Fields of it that an assistant has no use for, or that name a file.
    """

    name: str
    title: str
    says: str
    answer: Callable[[Site, date, _Given], Found]
    needs: Mapping[str, str] = field(default_factory=dict)
    settings: type = Choices
    without: tuple[str, ...] = ()

    @property
    def words(self) -> dict[str, dict[str, Any]]:
        """Every word it takes, described as JSON Schema has it."""
        choices = {f.name: o for f, o in options_of(self.settings).items()}
        described = {
            name: _described(self.settings, name) | {"description": o.help}
            for name, o in choices.items()
            if name not in self.without
        }
        needed = {n: {"type": "string", "description": says} for n, says in self.needs.items()}
        return needed | described | {"as_of": {"type": "string", "description": _AS_OF}}

    @property
    def schema(self) -> dict[str, Any]:
        """What its words may be, as JSON Schema."""
        return {
            "type": "object",
            "properties": self.words,
            "required": list(self.needs),
            "additionalProperties": False,
        }


def asked(tool: Tool, given: _Given, site: Site, today: date) -> tuple[Found, date]:
    """What a tool finds, and the day of knowledge.

    Args:
        given: Word -> value, as an assistant wrote them.
        today: The day of knowledge where none is named; no later one may be.

    Raises:
        HeadToHeadError: If a word is none of the tool's, stands for nothing, or nothing was known.
    """
    given = {name: value for name, value in given.items() if value is not None}
    for name, value in given.items():
        if name not in tool.words:
            close = get_close_matches(name, tool.words, n=1)
            hint = f"Did you mean `{close[0]}`?" if close else f"It takes {listed(tool.words)}."
            raise InputError(f"{tool.name} has no word {name[:_LONGEST]!r}. {hint}")
        _readable(name, value)
    for name, what in tool.needs.items():
        if not isinstance(given.get(name), str) or not given[name].strip():
            raise InputError(f"{tool.name} needs `{name}`: {what}")
    as_of = day(given["as_of"], "as_of") if "as_of" in given else today
    if as_of > today:
        raise InputError(
            f"`as_of` {as_of} lies after {today}, and nobody knows yet. Leave it out, or name an "
            "earlier day."
        )
    site.on(Address(day=as_of))
    return tool.answer(site, as_of, {n: x for n, x in given.items() if n != "as_of"}), as_of


def _readable(name: str, value: object) -> None:
    parts = value if isinstance(value, list) else [value]
    if len(parts) > _MOST or any(isinstance(x, str) and len(x) > _LONGEST for x in parts):
        raise InputError(
            f"`{name}` is too long: it takes {_LONGEST} characters at most, and {_MOST} names."
        )


def _described(settings: type, name: str) -> dict[str, Any]:
    kind, choices = json_kind(type_of(settings, name))
    if choices:
        return {"type": kind, "enum": list(choices)}
    if kind == "array":
        return {"type": kind, "items": {"type": "string"}}
    # What is read of a text ("128k") may be written so.
    said = next(o for f, o in options_of(settings).items() if f.name == name)
    return {"type": kind if kind and not said.read else "string"}


def _check_claim(site: Site, as_of: date, given: _Given) -> Found:
    from headtohead.claims.verb import show

    result = show(**given, as_of=as_of, store=site.store)
    sheet = result.sheet
    if not result.verdicts:
        return Found(sheet=sheet, says=(sheet.sentence, *sheet.notes))
    verdict, card = result.verdicts[0], sheet.cards[0]
    narrower = card.narrower
    more = f"{narrower.name}: “{narrower.says.rstrip('.')}” {narrower.truth}" if narrower else ""
    return Found(
        sheet=sheet,
        says=(
            card.lead.sentence,
            more,
            f"What would decide it: {card.lead.decides}" if card.lead.decides else "",
        ),
        numbers=verdict.as_stated.estimates,
        path="" if given.get("about") else f"claims/{verdict.claim.id}",
    )


def _versus(site: Site, as_of: date, given: _Given) -> Found:
    from headtohead.claims.versus.verb import versus

    result = versus(**given, as_of=as_of, store=site.store)
    sheet = result.sheet
    sides = [side_word(result.kind, side) for side in (result.a, result.b)]
    kind = [str(given["group"])] if given.get("group") else []
    return Found(
        sheet=sheet,
        says=(sheet.title, result.answer),
        numbers=[
            line.difference
            for line in result.by_slug.values()
            if line.difference and line.bears != "context"
        ],
        path="/".join(["versus", *kind, *sides]),
    )


def _price_at(site: Site, as_of: date, given: _Given) -> Found:
    from headtohead.prices.listing.verb import list_prices

    result = list_prices(**given, as_of=as_of, store=site.store)
    model = result.details.meaning.model
    return Found(
        sheet=result.sheet,
        says=(result.sheet.sentence, *result.sheet.notes),
        unsure="A list price is what a seller asks: it has no interval.",
        figure=next(iter(result.sheet.figures), None),
        path=f"prices/{model_word(model)}" if model else "",
    )


def _capability_gap(site: Site, as_of: date, given: _Given) -> Found:
    from headtohead.capability.verb import gap
    from headtohead.web.pages.gap import GROUPS

    group = str(given.get("group", "country"))
    if group not in GROUPS:
        raise UnknownName("group of sides", group[:_LONGEST], GROUPS)
    result = gap(**given, as_of=as_of, store=site.store)
    sheet, sides = result.sheet, result.sides
    words = [side_word(group, side) for side in (sides.a, sides.b)]
    parts = [f for f in sheet.figures if f.slug in ("level", "lag_release", "ratio")]
    return Found(
        sheet=sheet,
        says=(sheet.sentence, *(f.says or f.missing for f in parts)),
        numbers=[e for f in parts for e in f.numbers[:1]],
        path="/".join(["gap", group, *words]),
    )


def _find_models(site: Site, as_of: date, given: _Given) -> Found:
    from headtohead.choosing.shortlist.verb import shortlist

    sheet = shortlist(**given, as_of=as_of, store=site.store).sheet
    return Found(sheet=sheet, says=(sheet.kicker, sheet.sentence), figure=sheet.figures[0])


def _retirements(site: Site, as_of: date, given: _Given) -> Found:
    from headtohead.web.pages.retirements import retirements

    wanted = choose(RetirementSettings(), given)
    sheet = retirements(
        site.facts, as_of, model=wanted.model, seller=wanted.operator, until=wanted.until
    ).sheet
    asked_for = [
        f"{words} {value}"
        for words, value in (
            ("the model", wanted.model),
            ("the seller", wanted.operator),
            ("days up to", wanted.until),
        )
        if value
    ]
    figure = sheet.figures[0]
    first: dict[tuple[object, ...], Row] = {}
    for row in figure.rows:  # a seller has one model under many names, for sizes and regions
        first.setdefault((row[0], row[2], str(row[3]).rpartition("/")[2]), row)
    return Found(
        sheet=sheet,
        says=(
            f"Asked: {listed(asked_for)}" * bool(asked_for),
            sheet.title,
            sheet.sentence,
        ),
        unsure="A day of retirement is what a seller stated: it has no interval, and may be moved.",
        figure=replace(figure, rows=tuple(first.values())),
        path="retirements",
    )


_SIDE = "a model, lab, family or country in any spelling, or open or closed"
TOOLS = (
    Tool(
        name="check_claim",
        title="Is a claim about the AI race true?",
        says="The verdict on a published claim about US and Chinese AI models, as stated and in a "
        "narrower reading, with the numbers that decided it. Ask it before repeating such a claim.",
        answer=_check_claim,
        needs={
            "claim": "The claim's id, as P1, or words of it: without an exact match the answer "
            "names the nearest claims."
        },
        settings=CheckSettings,
    ),
    Tool(
        name="versus",
        title="Two sides, side by side",
        says="Whether B can stand in for A, on what it is behind or ahead, what it saves, and what "
        "is not known: performance, openness, cost, hardware, investment and impact.",
        answer=_versus,
        needs={
            "a": f"The side that would be replaced: {_SIDE}.",
            "b": f"The side that might stand in, of the same kind: {_SIDE}.",
        },
        settings=VersusSettings,
        without=("about",),
    ),
    Tool(
        name="price_at",
        title="What a model costs, or cost",
        says="The list price of a model that is in force at an instant, at its maker and at every "
        "other seller, in US dollars per million tokens. Ask it rather than recall a price.",
        answer=_price_at,
        needs={"model": "The model, in any spelling."},
        settings=ListingSettings,
        without=("history", "audit", "usage", "format", "mapping"),
    ),
    Tool(
        name="capability_gap",
        title="How far one side is behind another",
        says="How far the best of B is behind the best of A on a capability index: in points, in "
        "months, and how sure that is.",
        answer=_capability_gap,
        settings=GapSettings,
        without=("benchmarks", "measure"),
    ),
    Tool(
        name="find_models",
        title="Which models may be used",
        says="Models and sellers that satisfy every condition of a team (licence, countries, "
        "context, price, ability, retirement), the ablest first, with what is not known.",
        answer=_find_models,
        settings=ShortlistSettings,
    ),
    Tool(
        name="retirements",
        title="Which models are let go, and when",
        says="The last day on which a seller serves a model, as stated: those to come first.",
        answer=_retirements,
        settings=RetirementSettings,
    ),
)
