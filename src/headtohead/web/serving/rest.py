"""The verbs that read public evidence, by their settings, as routes of a program's door.

What an option is called, what it may be and what it means stands at the field of its settings
class; nothing of it is written here. Whatever would be a file of whoever asks is left out.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from headtohead.capability.verb import gap, index
from headtohead.chips.verb import chip
from headtohead.choosing.shortlist.verb import shortlist
from headtohead.claims.forecasts.verb import forecasts
from headtohead.claims.questions.verb import list_questions
from headtohead.claims.verb import check, diff, show
from headtohead.claims.versus.verb import versus
from headtohead.core.dates import day
from headtohead.core.errors import InputError, UnknownName
from headtohead.core.settings import options_of, words
from headtohead.core.version import VERSION
from headtohead.evidence.verb import list_sources
from headtohead.names.verb import explain_name
from headtohead.openness.verb import explain_openness
from headtohead.prices.listing.verb import list_prices
from headtohead.prices.serving.verb import breakeven, serve_cost
from headtohead.prices.training.verb import training_cost
from headtohead.publish.command_line import past
from headtohead.web.address import Address, Moved
from headtohead.web.kinds import PageKind, kind_of, kinds
from headtohead.web.offered import json_kind
from headtohead.web.serving.bounds import PAGING, unknown
from headtohead.web.site import Site

VERBS: Mapping[str, Callable[..., Any]] = {
    "breakeven": breakeven,
    "check": check,
    "chip": chip,
    "diff": diff,
    "forecasts": forecasts,
    "gap": gap,
    "index": index,
    "names": explain_name,
    "openness": explain_openness,
    "prices": list_prices,
    "questions": list_questions,
    "serve-cost": serve_cost,
    "shortlist": shortlist,
    "show": show,
    "sources": list_sources,
    "training-cost": training_cost,
    "versus": versus,
}
_WORDS: Mapping[str, str] = {
    "a": "One side.",
    "b": "The other side.",
    "board": "A board of blind votes, such as text.",
    "category": "A part of its votes; full for all of them.",
    "file": "A claims file that the server was started with, by its name without suffix.",
    "group": "What tells the sides apart: country, open, lab, family or model.",
    "id": "The id of a claim: of the built-in file, if none is named.",
    "kind": "What the sides are: model, lab, family, country or open.",
    "lab": "A lab, in any spelling.",
    "model": "A model, in any spelling.",
    "text": "What is looked for.",
    "which": "Which part a page shows: ended, or what is still to end; the answer has both.",
}
_MAY_BE_PATHS = {"breakeven": "model", "serve-cost": "model"}
_OF_CLAIMS = {"check", "show"}  # verbs that read a file of claims: one of the server's own, by name
_PAGES_OF_VERBS = {"home", "capability"}  # what these show, `versus` and `index` give
_NOT_OFFERED = {"store", "progress", "format", "mapping"}  # the last two say how to read a file
_DAYS = ("as_of", "on", "start", "end")
_LARGEST = 1e15  # of a number that somebody gives
_MOST = 10_000  # results of one answer
_TRUE, _FALSE = ("true", "1", "yes"), ("false", "0", "no")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A choice of a route, given in its query.

    Attributes:
        kind: "boolean", "integer", "number", "string", or "array" for words with commas between.
        many: Whether the verb takes its words one by one.
    """

    name: str
    says: str
    kind: str = "string"
    required: bool = False
    default: object = None
    choices: tuple[str, ...] = ()
    is_day: bool = False
    many: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What can be asked of one address.

    Attributes:
        says: What it gives, in a sentence.
    """

    name: str
    says: str
    parameters: tuple[Parameter, ...]

    def read(self, given: Mapping[str, str]) -> dict[str, Any]:
        """The choices that a query makes.

        Raises:
            InputError: If one is none of the route's, or has no such value.
        """
        known = {p.name: p for p in self.parameters}
        for name in given:
            if name not in known:
                raise UnknownName("parameter", name, list(known))
        missing = [p.name for p in self.parameters if p.required and not given.get(p.name)]
        if missing:
            raise InputError(f"`{self.name}` needs `{missing[0]}`.")
        return {name: _value(known[name], text) for name, text in given.items() if text != ""}


@cache
def routes() -> dict[str, Route]:
    """Every route by its name."""
    found = {name: _route(name, verb) for name, verb in VERBS.items()}
    for name, module in kinds().items():
        if name not in found and name not in _PAGES_OF_VERBS:
            found[name] = _page_route(name, module.PAGE)
    return dict(sorted(found.items()))


def asked(
    site: Site, name: str, given: Mapping[str, str], today: date
) -> tuple[dict[str, Any], int | None]:
    """The object that a route gives, and how many results it has where not all are in it.

    Raises:
        UnknownName: If there is no such route, parameter or name.
        InputError: If a choice cannot be made.
        NoEvidence: If nothing was known.
    """
    route = routes().get(name)
    if route is None:
        raise UnknownName("route", name, list(routes()))
    chosen = route.read(given)
    days = {n: day(chosen[n], n) for n in _DAYS if n in chosen}
    for argument, known_by in days.items():
        if said := unknown(known_by, today):
            raise InputError(f"`{argument}`: {said}")
    past(chosen.get("about"))
    limit, offset = (chosen.pop(name, usual) for name, usual in PAGING.items())
    if not 1 <= limit <= _MOST or offset < 0:
        raise InputError(f"`limit` is 1 to {_MOST:,}, and `offset` 0 or more.")
    if name in VERBS:
        found = _of_verb(site, route, chosen | days, today)
    else:
        chosen.pop("as_of", None)
        found = _of_page(site, name, chosen, Address(day=days.get("as_of")))
    every = found.get("results")
    if not isinstance(every, list) or (len(every) <= limit and not offset):
        return found, None
    paged = {"limit": limit, "offset": offset, "total": len(every)}
    return {**found, "results": every[offset : offset + limit], "page": paged}, len(every)


def _of_verb(site: Site, route: Route, chosen: dict[str, Any], today: date) -> dict[str, Any]:
    verb = VERBS[route.name]
    taken = inspect.signature(verb).parameters
    site.on(Address(day=chosen.get("as_of") or chosen.get("end")))
    for argument in ("as_of", "on"):
        if argument in taken:
            chosen.setdefault(argument, today)
    if "store" in taken:
        chosen["store"] = site.store
    path = _MAY_BE_PATHS.get(route.name)
    if "claims" in chosen:
        chosen["claims"] = site.statements.path(chosen["claims"])
    if path in chosen:
        chosen[path] = _listed(site, chosen[path], chosen["as_of"])
    many = next((p.name for p in route.parameters if p.many), "")
    result: dict[str, Any] = verb(*chosen.pop(many, ()), **chosen).as_json()
    return result


def _listed(site: Site, name: str, known_by: date) -> str:
    """A model by its name, where the verb would take the path of a file as well.

    Raises:
        UnknownName: If no model is called so.
    """
    model = site.names.resolve(name, on=known_by).model
    sized = site.facts.frame("model_sizes", known_by)["model_name"].to_list()
    if model is None and name not in sized:
        raise UnknownName("model", name, sized, meant=site.names.suggested(name, known_by))
    return model or name


def _of_page(site: Site, name: str, given: Mapping[str, str], at: Address) -> dict[str, Any]:
    known_by = site.on(at)
    module, chosen = kinds()[name], dict(given)
    if not any(_words_of(path) == set(chosen) for path in module.PAGE.paths):
        ways = [" and ".join(f"`{w}`" for w in sorted(_words_of(p))) for p in module.PAGE.paths]
        together = ", or ".join(way or "no parameter" for way in ways)
        raise InputError(f"{name} takes {together}.")
    for _ in range(3):
        try:
            result: dict[str, Any] = module.answer(site, chosen, known_by).as_json()
            return result
        except Moved as moved:
            found = kind_of(moved.path)
            if found is None:
                break
            module, chosen = found
    raise UnknownName("name", " ".join(given.values()), [])


def _words_of(path: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", path))


def _page_route(name: str, page: PageKind) -> Route:
    every = sorted(set().union(*map(_words_of, page.paths)))
    always = set.intersection(*map(_words_of, page.paths))
    said = [Parameter(name=w, says=_WORDS[w], required=w in always) for w in every]
    return Route(name=name, says=page.asks, parameters=(*said, _AS_OF, *_PAGES))


def _route(name: str, verb: Callable[..., Any]) -> Route:
    text = inspect.getdoc(verb) or ""
    own = [*_parameters(verb, text)]
    if name in _OF_CLAIMS:
        own.append(Parameter(name="claims", says=f"{_WORDS['file']} The built-in one if left out."))
    return Route(name=name, says=text.partition("\n")[0], parameters=(*own, *_PAGES))


def _parameters(verb: Callable[..., Any], text: str) -> Iterator[Parameter]:
    settings: Mapping[str, type] = getattr(verb, "__settings__", {})
    options = {f.name: o for kind in settings.values() for f, o in options_of(kind).items()}
    _, _, arguments = text.partition("Args:\n")
    said = dict(re.findall(r"^    (\w+): (.*(?:\n      .*)*)", arguments, flags=re.MULTILINE))
    for name, taken in inspect.signature(verb).parameters.items():
        if name in _NOT_OFFERED or name in settings:
            continue
        if name == "as_of":
            yield _AS_OF
            continue
        kind, choices = json_kind(taken.annotation)
        if not kind:
            continue
        reads = name in options and options[name].read is not None
        many = taken.kind is taken.VAR_POSITIONAL
        bare = taken.default
        yield Parameter(
            name=name,
            says=" ".join(said.get(name, "").split()),
            kind="array" if many else "string" if reads and kind in ("integer", "number") else kind,
            required=bare is taken.empty,
            default=bare if isinstance(bare, str | int | float) and bare != "" else None,
            choices=choices,
            is_day=name in _DAYS,
            many=many,
        )


def _value(parameter: Parameter, text: str) -> Any:  # noqa: ANN401 - as its kind says
    name, kind = parameter.name, parameter.kind
    if parameter.choices and text not in parameter.choices:
        raise InputError(f"`{name}` is one of {', '.join(parameter.choices)}, not {text!r}.")
    if kind == "boolean":
        if text.lower() not in (*_TRUE, *_FALSE):
            raise InputError(f"`{name}` is {text!r}; it must be true or false.")
        return text.lower() in _TRUE
    if kind == "array":
        return words(text)
    if kind == "string":
        return text
    try:
        number = int(text) if kind == "integer" else float(text)
    except ValueError:
        what = "a whole number" if kind == "integer" else "a number"
        raise InputError(f"`{name}` is {text[:40]!r}; it must be {what}.") from None
    if not abs(number) <= _LARGEST:
        raise InputError(f"`{name}` is {text[:40]!r}; at most {_LARGEST:g} is taken.")
    return number


_AS_OF = Parameter(name="as_of", says="What was known by this day; today if left out.", is_day=True)
_PAGES = (
    Parameter(
        name="limit", says="The most results to give.", kind="integer", default=PAGING["limit"]
    ),
    Parameter(name="offset", says="How many results to pass over.", kind="integer", default=0),
)


def openapi() -> dict[str, Any]:
    """The document that describes every route to programs."""
    responses: dict[str, dict[str, Any]] = {
        status: {"$ref": "#/components/responses/Problem"}
        for status in ("400", "404", "429", "503")
    }
    responses["200"] = {
        "description": "The object that `h2h` prints with --json: both dates, results, sources.",
        "headers": {"ETag": {"schema": {"type": "string"}}},
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
    paths = {
        f"/api/v1/{route.name}": {
            "get": {
                "operationId": route.name.replace("-", "_"),
                "summary": route.says,
                "parameters": [_described(p) for p in route.parameters],
                "responses": responses,
            }
        }
        for route in routes().values()
    }
    fields = {"type": "string", "title": "string", "status": "integer", "detail": "string"}
    schema = {
        "type": "object",
        "required": list(fields),
        "properties": {name: {"type": kind} for name, kind in fields.items()},
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "headtohead",
            "version": VERSION,
            "description": "Dated evidence, intervals and cited verdicts about AI models, labs "
            "and countries. Every answer says by which day what it says was known.",
        },
        "servers": [{"url": "../"}],
        "paths": paths,
        "components": {
            "responses": {
                "Problem": {
                    "description": "Why there is no answer, in a sentence.",
                    "content": {"application/problem+json": {"schema": schema}},
                }
            }
        },
    }


def _described(parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": parameter.kind}
    if parameter.kind == "array":
        schema["items"] = {"type": "string"}
    if parameter.choices:
        schema["enum"] = list(parameter.choices)
    if parameter.is_day:
        schema["format"] = "date"
    if parameter.default is not None:
        schema["default"] = parameter.default
    described: dict[str, Any] = {
        "name": parameter.name,
        "in": "query",
        "required": parameter.required,
        "description": parameter.says,
        "schema": schema,
    }
    if parameter.kind == "array":
        described |= {"style": "form", "explode": False}
    return described
