"""One record a model: what each source says of every part of it, which counts, and the class.

Of several sources the one that looked at the model itself counts first: flagships checked by hand,
then our list of models, then catalogues, the Model Openness Framework's files, boards and indices.
What the others say is kept; where it differs, the record says so.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Literal

import polars as pl

from headtohead.evidence.openness_framework import CODE, DATA, PAPER, REPORT, WEIGHTS
from headtohead.evidence.store import publisher
from headtohead.names.names import Names
from headtohead.openness.licences import (
    COMMERCIAL,
    PROPRIETARY,
    LicenceTerms,
    licence_words,
    narrower,
    same,
    spdx_of,
    terms,
)

Flag = Literal["weights", "licence", "data", "code", "report", "base"]
FLAGS: Mapping[Flag, str] = {
    "weights": "Weights",
    "licence": "Licence",
    "data": "Training data",
    "code": "Training code",
    "report": "Technical report",
    "base": "Made from",
}
YES, LIMITED, NO = "published", "published, not under an open licence", "not published"
OUR_LIST = ""  # the source of what headtohead's own list of models says
_BY_HAND = "flagship_openness"
# The tables that speak of openness, in the order in which they count.
TABLES = ("openness", "models", "openness_classes", "arena_ratings", "index_scores")
TRAINING = "training_runs"
BY_NAME = ("openness", "openness_classes")
_FREE = {  # how Epoch prints what a licence allows
    "Open weights (unrestricted)": "free use",
    "Open weights (restricted use)": "restricted use",
    "Open weights (non-commercial)": "no commercial use",
}
_ACCESS = dict.fromkeys(_FREE, YES) | dict.fromkeys(
    ("API access", "Hosted access (no API)", "Unreleased"), NO
)
_CODE = {
    "Open source": YES,
    "Open (restricted use)": LIMITED,
    "Open (non-commercial)": LIMITED,
    "Unreleased": NO,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one source says of one part of a model.

    Attributes:
        value: YES, LIMITED or NO; of a licence its SPDX expression, or what it allows in words; of
            a base its name.
        printed: As the source prints it.
        day: The day it speaks of; None where it has none.
        verified: False if it could not be checked against its origin.
    """

    flag: Flag
    value: str
    printed: str
    source_id: str
    day: date | None = None
    verified: bool = True
    url: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Base:
    """What a model was made from, and under which licence that is."""

    name: str
    licence: str


@dataclass(frozen=True, slots=True)
class Grade:
    """The class of the Model Openness Framework, or between which it lies.

    Attributes:
        least: "none", "III", "II" or "I".
        most: What it may be at most, by what is known.
        why: What it rests on, in half a sentence.
    """

    least: str
    most: str
    why: str

    @property
    def is_known(self) -> bool:
        """Whether anything is known that rules out a class."""
        return (self.least, self.most) != ("none", "I")

    @property
    def text(self) -> str:
        """The class in a word or two."""
        if not self.is_known:
            return "class not known"
        most = "no class" if self.most == "none" else f"class {self.most}"
        return most if self.least == self.most else f"at most {most}"


@dataclass(frozen=True, eq=False)
class OpennessRecord:
    """How open one model is.

    Attributes:
        model: Its canonical id; as printed where it is in no list of names.
        said: Everything that is said of it, what counts first.
        evaluation: The row of the Model Openness Framework; None if it has no file.
    """

    model: str
    name: str
    lab: str | None
    country: str | None
    released_on: date | None
    said: tuple[Said, ...]
    evaluation: Mapping[str, Any] | None = None

    def of(self, flag: Flag) -> tuple[Said, ...]:
        """What is said of one part, what counts first."""
        return tuple(one for one in self.said if one.flag == flag)

    def value(self, flag: Flag) -> str | None:
        """What counts of one part; None if it is not known."""
        first = next(iter(self.of(flag)), None)
        return first.value if first else None

    @property
    def components(self) -> Mapping[str, str]:
        """What the framework's file lists -> YES or LIMITED; empty without a file."""
        row = self.evaluation or {}
        states = zip(_COMPONENTS, (YES, LIMITED), strict=True)
        return {name: state for c, state in states for name in _names(row.get(c))}

    @property
    def terms(self) -> LicenceTerms | None:
        """What its licence allows, as exactly as those who agree name it; None if not known."""
        names = [one.value for one in self.of("licence") if one.value not in _FREE.values()]
        exact = names[:1]
        for name in names[1:]:
            if narrower(name, exact[0]):
                exact = [name]
        return terms(exact[0]) if exact else None

    @property
    def base(self) -> Base | None:
        """What it was made from, where the licence of that goes on to hold; else None."""
        return bases().get(self.model)

    @property
    def base_terms(self) -> LicenceTerms | None:
        """What the licence of its base allows; None without a base."""
        return terms(self.base.licence) if self.base else None

    @property
    def base_adds(self) -> tuple[str, ...]:
        """The clauses that the licence of its base adds to its own."""
        own = self.terms
        under = self.base_terms
        if under is None or (own and same(own.spdx, under.spdx)):
            return ()
        mine = {clause for one in own.licences for clause in one.clauses} if own else set()
        return tuple(c for one in under.licences for c in one.clauses if c not in mine)

    @property
    def commercial(self) -> str | None:
        """What a business may do under its licence and its base's; None if that is not known."""
        both = [held.commercial for held in (self.terms, self.base_terms) if held]
        if not self.terms or None in both:
            return None
        return max(both, key=lambda one: [*COMMERCIAL].index(str(one)))

    @cached_property
    def conflicts(self) -> Mapping[Flag, str]:
        """Of each part on which sources differ, a sentence."""
        found: dict[Flag, str] = {}
        for flag in FLAGS:
            every = self.of(flag)
            against = [one for one in every if not agree(every[0], one)]
            if against:
                said = [f"{value_words(one)} by {said_by(one)}" for one in (every[0], *against)]
                found[flag] = f"{FLAGS[flag].lower()}: {', '.join(dict.fromkeys(said))}"
        return found

    @property
    def grade(self) -> Grade:
        """The class, by the framework's file, else between what the known parts allow."""
        if self.value("weights") == NO:
            return Grade("none", "none", "its weights are not published")
        if row := self.evaluation:
            reached = str(row["openness_class"])
            day = row["evaluated_on"]
            return Grade(reached, reached, f"by the framework's own file of {day}")
        why, most = ["the framework has no file of it"], "I"
        limits: Mapping[Flag, str] = {"data": "II", "code": "III"}
        for flag, limit in limits.items():
            if self.value(flag) in (NO, LIMITED):
                most = limit
                why.append(f"{FLAGS[flag].lower()} {self.value(flag)}")
        both = {"the licence": self.terms, "its base's licence": self.base_terms}
        for whose, held in both.items():
            if held and held.open is False:
                most = "none"
                why.append(f"{whose} is not open to anyone for any purpose")
        return Grade("none", most, "; ".join(why))


def said_by(one: Said) -> str:
    """Who says it, for a sentence."""
    ours = {OUR_LIST: "our list of models", _BY_HAND: "our list of flagships"}
    return ours.get(one.source_id) or publisher(one.source_id)


def value_words(one: Said) -> str:
    """What it says, for a reader."""
    if one.flag != "licence" or one.value in _FREE.values():
        return one.value
    return licence_words(one.value)


def agree(a: Said, b: Said) -> bool:
    """Whether two sources say the same of one part, as far as both are exact."""
    if a.flag == "base":
        # One source may name the size of it too: Llama 3.3, Llama 3.3 70B.
        short, full = sorted((a.value, b.value), key=len)
        return re.match(rf"{re.escape(short)}(?![\w.])", full, re.IGNORECASE) is not None
    if a.flag != "licence" or a.value == b.value:
        # What is published without an open licence is, of two words for it, no open part.
        return a.value == b.value or (a.flag in ("data", "code") and YES not in (a.value, b.value))
    exact, loose = (b, a) if a.value in _FREE.values() else (a, b)
    if exact.value in _FREE.values():
        return False
    if loose.value not in _FREE.values():
        return same(exact.value, loose.value)
    allows = terms(exact.value)
    if loose.value == "free use":
        return allows.open is not False
    if loose.value == "restricted use":
        return not allows.open and allows.commercial != "no"
    return allows.commercial in ("no", "permission", None)


@cache
def bases() -> Mapping[str, Base]:
    """Model id -> what it was made from."""
    text = files("headtohead").joinpath("data/base_models.toml").read_text(encoding="utf-8")
    return {
        model: Base(name, row["licence"])
        for name, row in tomllib.loads(text).items()
        for model in row["models"]
    }


def records(
    frames: Mapping[str, pl.DataFrame], names: Names, about: date, models: Iterable[str]
) -> list[OpennessRecord]:
    """The records of some models, as of a day, in their order.

    Args:
        frames: The tables of `TABLES` and the training runs, as known on the day of knowledge.
        models: Canonical ids, or names as the framework's files print them.
    """
    wanted = list(dict.fromkeys(models))
    said: dict[str, list[Said]] = {model: list(_listed(names, model)) for model in wanted}
    files_of: dict[str, Mapping[str, Any]] = {}
    labs: dict[str, str | None] = {}
    for table in (*TABLES, TRAINING):
        # These may be of a model that is in no list of names.
        others = ("model_name",) if table in BY_NAME else ()
        rows = frames[table].with_columns(_unit=pl.coalesce("model_id", *others))
        for row in _latest(table, rows, wanted, about):
            model = row["_unit"]
            said[model] += _PARTS[table](row)
            if table == "openness_classes":
                files_of[model] = row
            if table in BY_NAME:
                labs.setdefault(model, row["lab"])
    made = []
    for model in wanted:
        known = names.model(model)
        lab = known.lab if known else labs.get(model)
        made.append(
            OpennessRecord(
                model=model,
                name=known.name if known else model,
                lab=lab,
                country=names.lab(lab).country if lab else None,
                released_on=known.released_on if known else None,
                said=tuple(sorted(said[model], key=lambda one: one.source_id != _BY_HAND)),
                evaluation=files_of.get(model),
            )
        )
    return made


def _latest(
    table: str, rows: pl.DataFrame, wanted: list[str], about: date
) -> Iterator[Mapping[str, Any]]:
    """The last row of each model and source by a day; of a catalogue the model's own record."""
    mine = rows.filter(pl.col("_unit").is_in(wanted))
    if table == "models":
        mine = mine.filter(pl.col("provider").is_null())
    if table == "arena_ratings":
        mine = mine.filter(pl.col("licence").is_not_null())
    day = _DAYS.get(table, "known_on")
    # A listing that is newer than the day asked about still tells what the model came with.
    if table == "openness":
        mine = mine.filter(pl.col(day) <= about)
    keys = ["_unit", "source_id"]
    yield from mine.sort(*keys, day, "model_name").unique(keys, keep="last").iter_rows(named=True)


_DAYS = {
    "openness": "valid_from",
    "openness_classes": "evaluated_on",
    "arena_ratings": "observed_on",
}


def _listed(names: Names, model: str) -> Iterator[Said]:
    """What our own list of models says."""
    known = names.model(model)
    if known is None:
        return
    if known.open_weights is not None:
        value = YES if known.open_weights else NO
        yield Said(flag="weights", value=value, printed=value, source_id=OUR_LIST)
    if known.licence and known.open_weights is not False:
        yield _licence(known.licence, {"source_id": OUR_LIST})
    if base := bases().get(model):
        yield Said(flag="base", value=base.name, printed=base.name, source_id=OUR_LIST)


def _cited(row: Mapping[str, Any], day: str = "known_on") -> dict[str, Any]:
    return {
        "source_id": row["source_id"],
        "day": row.get(day),
        "verified": row.get("verified", True),
        "url": row.get("row_url") or "",
        "note": row.get("note") or "",
    }


def _licence(printed: str, cited: Mapping[str, Any]) -> Said:
    return Said(flag="licence", value=spdx_of(printed), printed=printed.strip(), **cited)


def _parts(values: Iterable[tuple[Flag, str | None]], cited: Mapping[str, Any]) -> Iterator[Said]:
    for flag, value in values:
        if value:
            yield Said(flag=flag, value=value, printed=value, **cited)


def _of_flagship(row: Mapping[str, Any]) -> Iterator[Said]:
    cited = _cited(row, "valid_from")
    columns: tuple[tuple[Flag, str], ...] = (
        ("weights", "weights_open"),
        ("data", "data_open"),
        ("code", "code_open"),
    )
    word = {True: YES, False: NO, None: None}
    yield from _parts(((flag, word[row[column]]) for flag, column in columns), cited)
    if row["weights_open"]:
        yield _licence(row["licence"], cited)


def _of_catalogue(row: Mapping[str, Any]) -> Iterator[Said]:
    cited = _cited(row)
    yield from _parts([("weights", {True: YES, False: NO, None: None}[row["open_weights"]])], cited)
    if row["licence"] and row["open_weights"]:
        yield _licence(row["licence"], cited)


def _of_framework(row: Mapping[str, Any]) -> Iterator[Said]:
    """A file's published components; what it does not list may still be there."""
    cited = _cited(row, "evaluated_on")
    is_open, others = (_names(row[c]) for c in _COMPONENTS)
    for flag, parts in _LISTED.items():
        if parts & is_open:
            yield from _parts([(flag, YES)], cited)
        elif parts & others:
            yield from _parts([(flag, YES if flag in ("weights", "report") else LIMITED)], cited)
    if row["licence"]:
        yield _licence(row["licence"], cited)


def _names(joined: str | None) -> set[str]:
    return set(filter(None, (joined or "").split("; ")))


_COMPONENTS = ("open_components", "other_components")
_LISTED: Mapping[Flag, set[str]] = {
    "weights": {WEIGHTS},
    "data": {DATA},
    "code": {CODE},
    "report": {REPORT, PAPER},
}


def _of_board(row: Mapping[str, Any]) -> Iterator[Said]:
    cited = _cited(row, "observed_on")
    closed = spdx_of(row["licence"]) == PROPRIETARY
    yield Said(flag="weights", value=NO if closed else YES, printed=row["licence"].strip(), **cited)
    if not closed:
        yield _licence(row["licence"], cited)


def _of_index(row: Mapping[str, Any]) -> Iterator[Said]:
    cited, access = _cited(row), row["access"]
    if value := _ACCESS.get(access):
        yield Said(flag="weights", value=value, printed=access, **cited)
    if value := _FREE.get(access):
        yield Said(flag="licence", value=value, printed=access, **cited)
    if value := _CODE.get(str(row.get("code_access"))):
        yield Said(flag="code", value=value, printed=row["code_access"], **cited)


def _of_run(row: Mapping[str, Any]) -> Iterator[Said]:
    yield from _of_index(row)
    cited = _cited(row)
    if "arxiv.org/" in cited["url"]:
        yield Said(flag="report", value=YES, printed=cited["url"], **cited)
    if row["base_model"]:
        yield Said(flag="base", value=row["base_model"], printed=row["base_model"], **cited)


_PARTS: Mapping[str, Callable[[Mapping[str, Any]], Iterator[Said]]] = {
    "openness": _of_flagship,
    "models": _of_catalogue,
    "openness_classes": _of_framework,
    "arena_ratings": _of_board,
    "index_scores": _of_index,
    TRAINING: _of_run,
}
