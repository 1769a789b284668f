"""Claims: a sentence, two readings of it, the bound each must meet, and the file they stand in.

Every mistake in a file is reported with file, line, field and fix.
"""

import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any, Literal, get_args

from headtohead.claims.wording import ends_wrong, time_named
from headtohead.core.dates import Period, parse_day
from headtohead.core.errors import ClaimsFileError, HeadToHeadError, InputError, UnknownName
from headtohead.core.question import Question
from headtohead.core.units import shortened, unit
from headtohead.evidence.values import Values
from headtohead.files.opening import arrived, content
from headtohead.questions import FOLDERS

_KINDS = "level rank gap ratio share amount lag trend mechanism forecast"
KINDS = tuple(_KINDS.split())
Each = Literal["all", "any", "most", "each_any"]
Judge = Literal["interval", "point"]
Favours = Literal["more", "less"]
# What a narrower reading may relax, and how that is called in a sentence.
RELAXED = {
    "window": "for another time",
    "population": "for a part of what it speaks of",
    "measure": "by another measure",
    "quantifier": "to a smaller degree",
    "verb": "in a weaker sense",
}
_ANY = ("any", "each_any")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What the numbers must meet for a reading to hold.

    Attributes:
        at_least: Lower end of the stated range; -inf if open.
        at_most: Upper end; inf if open.
        unit: Unit of both; empty only where they are zero or open.
        each: How many estimates must meet it: "all", "any", "most" (more than half), or
            "each_any" (for every label at least one).
        judge: "interval": the whole interval must lie inside. "point": the published figure, for
            sentences about what a table printed.
        favours: Which side of a range with two ends would say more for the sentence than it claims:
            beyond it the sentence is false, but not overstated.
        by_label: Label -> (at_least, at_most), for sentences that state a range for each subject.
    """

    at_least: float = -math.inf
    at_most: float = math.inf
    unit: str = ""
    each: Each = "all"
    judge: Judge = "interval"
    favours: Favours = "more"
    by_label: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def states(self, label: str) -> bool:
        """Whether it states a range for an estimate."""
        return label in self.by_label or not math.inf == self.at_most == -self.at_least

    def range_of(self, label: str) -> tuple[float, float]:
        """The stated range for one estimate."""
        return self.by_label.get(label, (self.at_least, self.at_most))


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One question, and what its answer must meet.

    Attributes:
        says: The condition in words.
        analysis: The question that answers it ("performance.arena_level"); empty if nothing can.
        scope: Scope words for that question.
        bound: What its estimates must meet; None if there is no analysis.
        about: A window of its own, which no other day asked about moves.
        cannot: Why nothing can measure it; empty if there is an analysis.
        awaits: What is still missing to measure it; empty if there is an analysis.
    """

    says: str
    analysis: str = ""
    scope: Mapping[str, Any] = field(default_factory=dict)
    bound: Bound | None = None
    about: Period | None = None
    cannot: str = ""
    awaits: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One way to read a claim.

    Attributes:
        says: The reading in words.
        conditions: All of them must hold; one, as a rule.
        relaxes: The one thing that a narrower reading relaxes, of `RELAXED`; empty as stated.
    """

    says: str
    conditions: tuple[Condition, ...]
    relaxes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stake:
    """A probability that somebody gave a forecast.

    Attributes:
        probability: That it resolves yes, 0 to 1.
        source: Where they gave it; empty if that is not said.
    """

    forecaster: str
    probability: float
    given_on: date
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """When a forecast was made, when it resolves, and what people gave it.

    Its reading as stated is the rule by which it resolves.

    Attributes:
        resolves_on: From this day of knowledge on the rule is applied.
    """

    made_on: date
    resolves_on: date
    stakes: tuple[Stake, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One sentence to check.

    Attributes:
        id: Short and unique in its file.
        says: What it asserts, in our own words.
        section: One of `questions.FOLDERS`.
        kind: One of `KINDS`.
        about: The day or window it speaks of.
        as_stated: The sentence's own verb, quantifier and scope.
        narrower: The sentence with one thing relaxed; None if there is no such reading.
        asks_again: Whether the sentence can be asked of another day.
        forecast: Its days and probabilities; None for what is no forecast.
        fair: Why the reading as stated is a fair one, in a line.
        expect: What we expected before looking; never used for the verdict.
        note: Why the verdict differs from what was expected, or what a reader must know.
    """

    id: str
    says: str
    section: str
    kind: str
    about: Period
    as_stated: Reading
    narrower: Reading | None = None
    sources: tuple[str, ...]
    asks_again: bool = True
    forecast: Forecast | None = None
    fair: str = ""
    expect: str = ""
    note: str = ""

    @property
    def readings(self) -> tuple[Reading, ...]:
        """As stated, and the narrower one if there is one."""
        return (self.as_stated, self.narrower) if self.narrower else (self.as_stated,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsFile:
    """A file of claims.

    Attributes:
        origin: Where the sentences come from.
        group: The column that tells the two sides apart.
        noted_on: The day whose knowledge the notes have: nobody knew them before. None if they
            say nothing of evidence.
    """

    title: str
    origin: str
    group: str = "country"
    a: str = "US"
    b: str = "CN"
    noted_on: date | None = None
    claims: tuple[Claim, ...]


_TEXTS, _OPTIONAL = ("id", "says", "section", "kind"), ("fair", "expect", "note")
_CLAIM = (*_TEXTS, "about", "as_stated", "sources")
_CONDITION = ("analysis", "scope", "bound", "about", "cannot", "awaits")
_READINGS = ("as_stated", "narrower")
_FORECAST = ("made_on", "resolves_on", "probabilities")
_STAKE, _OF_STAKE = ("forecaster", "probability"), ("given_on", "source")
_OLD = (
    'is the old form. Write [claim.narrower] with says, relaxes = "window", "population", '
    '"measure", "quantifier" or "verb" (the one thing it relaxes), analysis, scope and bound'
)
_BOUND = ("at_least", "at_most", "unit", "each", "judge", "favours", "by_label")
# Fields that hold a text wherever they stand.
_WORDED = (
    *(*_TEXTS, *_OPTIONAL, "relaxes", "analysis", "cannot", "awaits", *_BOUND[2:6]),
    *("forecaster", "source"),
)
_HEAD = ("title", "origin", "group", "a", "b", "noted_on")


def load(
    path: Path,
    questions: Mapping[str, Question],
    source_ids: frozenset[str],
    values: Values | None = None,
) -> ClaimsFile:
    """The claims in a file, whose scope words, units, kinds and sources are checked.

    Args:
        values: What sides and scope words may say; anything if None.

    Raises:
        ClaimsFileError: With one line for each problem found.
    """
    wrong = ""
    try:
        text = content(arrived(path)).decode()
        data = tomllib.loads(text)
    except InputError as error:
        raise ClaimsFileError([str(error)]) from error
    except UnicodeDecodeError:
        wrong = "is not UTF-8 text. Save it as UTF-8."
    except RecursionError:
        wrong = "is nested too deep to be read."
    except ValueError as error:
        wrong = f"is not valid TOML: {shortened(str(error), 200)}. Mend the syntax there."
    if wrong:
        raise ClaimsFileError([f"{path}: {wrong}"])
    reader = _Reader(path.name, text, questions, source_ids, values)
    file = reader.file(data)
    if reader.problems or file is None:
        raise ClaimsFileError(reader.problems)
    return file


class _Reader:
    """Reads one file and gathers its problems instead of stopping at the first."""

    def __init__(
        self,
        name: str,
        text: str,
        questions: Mapping[str, Question],
        sources: frozenset[str],
        values: Values | None,
    ) -> None:
        self.name, self.lines = name, text.splitlines()
        self.questions, self.sources, self.values = questions, sources, values
        self.problems: list[str] = []
        self.ids: list[str] = []
        self.starts = [
            n for n, line in enumerate(self.lines, 1) if re.match(r"\s*\[\[\s*claim\s*\]\]", line)
        ]

    def file(self, data: dict[str, Any]) -> ClaimsFile | None:
        """The whole file; None if its frame is wrong."""
        for key in set(data) - {*_HEAD, "claim"}:
            self.wrong(
                None, key, f"is no field of a claims file. Use {', '.join(_HEAD)} and [[claim]]"
            )
        for key, if_absent in zip(_HEAD, (None, None, "", "", ""), strict=False):
            if not isinstance(data.get(key, if_absent), str):
                self.wrong(
                    None,
                    key,
                    "is missing, or is no text. Write it as text at the top, before any [[claim]]",
                )
        if "noted_on" in data:
            data["noted_on"] = self._day(None, "noted_on", data["noted_on"])
        entries = data.get("claim")
        if not (
            isinstance(entries, list) and entries and all(isinstance(e, dict) for e in entries)
        ):
            self.wrong(None, "claim", "is missing. Write at least one [[claim]]")
            return None
        self.ids = ids = [str(e.get("id", "")) for e in entries]
        claims = [c for i, entry in enumerate(entries) if (c := self.claim(i, entry))]
        for i, name in enumerate(ids):
            if name in ids[:i]:
                self.wrong(i, "id", f"is {name!r}, which an earlier claim has. Give it another")
        if self.problems:
            return None
        head = {name: data[name] for name in _HEAD if name in data}
        return self._sides(ClaimsFile(**head, claims=tuple(claims)))

    def _sides(self, file: ClaimsFile) -> ClaimsFile:
        """The file with its sides as the evidence spells them."""
        if not self.values:
            return file
        try:
            sides = self.values.sides(file.group, file.a, file.b)
        except InputError as error:
            wrong = {file.a: "a", file.b: "b"}.get(getattr(error, "name", file.b), "group")
            self.wrong(None, wrong, f"is wrong. {error}")
            return file
        return replace(file, a=sides.a, b=sides.b)

    def claim(self, i: int, entry: dict[str, Any]) -> Claim | None:
        """One claim; None if anything in it is wrong."""
        before = len(self.problems)
        self._keys(
            i, "", entry, _CLAIM, (*_OPTIONAL, "narrower", "kindest", "asks_again", *_FORECAST)
        )
        if len(self.problems) > before:
            return None
        if "kindest" in entry:
            self.wrong(i, "kindest", _OLD)
            self.reading(i, "kindest", entry["kindest"], entry)  # its words may be wrong as well
        self._choice(i, "section", entry["section"], FOLDERS)
        self._choice(i, "kind", entry["kind"], KINDS)
        given = entry["sources"]
        if not isinstance(given, list) or not all(isinstance(s, str) for s in given):
            self.wrong(i, "sources", "must be a list of source names")
        else:
            for s in sorted(set(given) - self.sources):
                self.wrong(i, "sources", f"is wrong. {UnknownName('source', s, self.sources)}")
        asks_again = entry.get("asks_again", True)
        if not isinstance(asks_again, bool):
            self.wrong(i, "asks_again", f"must be true or false, not {asks_again!r}")
        about = self._period(i, "about", entry["about"])
        forecast = self._forecast(i, entry, about)
        stated, narrower = (
            self.reading(i, name, entry[name], entry) if name in entry else None
            for name in _READINGS
        )
        if len(self.problems) > before or not (about and stated):
            return None
        named = time_named(entry["says"])
        if named and asks_again and not any(c.about for c in stated.conditions):
            return self.wrong(
                i,
                "as_stated.about",
                f"is missing: the sentence says “{named}”, which another day asked about must not "
                "move. Write about = ... in [claim.as_stated], or asks_again = false in the claim",
            )
        return Claim(
            **{name: str(entry.get(name, "")) for name in (*_TEXTS, *_OPTIONAL)},
            about=about,
            as_stated=stated,
            narrower=narrower,
            sources=tuple(given),
            asks_again=asks_again,
            forecast=forecast,
        )

    def _forecast(self, i: int, entry: Mapping[str, Any], about: Period | None) -> Forecast | None:
        """The days and probabilities of a forecast; None if it is none, or they are wrong."""
        before = len(self.problems)
        if entry["kind"] != "forecast":
            for key in (key for key in _FORECAST if key in entry):
                self.wrong(
                    i, key, 'belongs to a forecast. Write kind = "forecast", or leave it out'
                )
            return None
        what = {
            "made_on": "the day on which the forecast was made",
            "resolves_on": "the day from which on its reading as stated says whether it came true",
        }
        days: dict[str, date] = {}
        for key, meant in what.items():
            if key not in entry:
                self.wrong(i, key, f'is missing. Write {key} = "2026-12-31", {meant}')
            elif day := self._day(i, key, entry[key]):
                days[key] = day
        if len(days) < len(what):
            return None
        made, due = days["made_on"], days["resolves_on"]
        if due <= made:
            self.wrong(i, "resolves_on", f"is {due}, not after it was made on {made}. Mend one")
        if about and due < about.end:
            self.wrong(
                i,
                "resolves_on",
                f"is {due}, before the time that it is about ends on {about.end}. Mend one",
            )
        stakes = self._stakes(i, entry.get("probabilities", []), made, due)
        if len(self.problems) > before:
            return None
        return Forecast(made_on=made, resolves_on=due, stakes=stakes)

    def _stakes(self, i: int, given: object, made: date, due: date) -> tuple[Stake, ...]:
        """The probabilities that people gave a forecast; those that are wrong are left out."""
        if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
            wanted = 'must be a list. Write [{ forecaster = "Ann", probability = 0.7 }]'
            self.wrong(i, "probabilities", wanted)
            return ()
        stakes = (self._stake(i, n, one, made, due) for n, one in enumerate(given, 1))
        return tuple(filter(None, stakes))

    def _stake(
        self, i: int, n: int, entry: Mapping[str, Any], made: date, due: date
    ) -> Stake | None:
        """One probability that somebody gave; None if anything in it is wrong."""
        at, before = f"probabilities[{n}]", len(self.problems)
        self._keys(i, at, entry, _STAKE, _OF_STAKE)
        value = entry.get("probability", 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            self.wrong(i, f"{at}.probability", f"is {value!r}. Use a number from 0 to 1")
        given_on = (
            self._day(i, f"{at}.given_on", entry["given_on"]) if "given_on" in entry else made
        )
        if given_on and not made <= given_on < due:
            self.wrong(
                i,
                f"{at}.given_on",
                f"is {given_on}. Use a day from {made}, when the forecast was made, to before "
                f"{due}, when it resolves",
            )
        if len(self.problems) > before or given_on is None:
            return None
        texts = {key: str(entry.get(key, "")) for key in ("forecaster", "source")}
        return Stake(probability=float(value), given_on=given_on, **texts)

    def reading(self, i: int, name: str, entry: object, claim: Mapping[str, Any]) -> Reading | None:
        """One reading of a claim; None if anything in it is wrong."""
        if not isinstance(entry, dict):
            return self.wrong(i, name, f"must be a table. Write [claim.{name}] below the claim")
        before = len(self.problems)
        relaxes = ("relaxes",) if name == "narrower" else ()
        joined = entry.get("all_of")
        may = ("all_of",) if joined is not None else (*_CONDITION, "all_of")
        self._keys(i, name, entry, ("says", *relaxes), may)
        if relaxes and "relaxes" in entry:
            self._choice(i, f"{name}.relaxes", entry["relaxes"], tuple(RELAXED))
        if joined is None:
            given = [entry]
        elif isinstance(joined, list) and joined and all(isinstance(c, dict) for c in joined):
            given = joined
            for part in given:
                self._keys(i, f"{name}.all_of", part, ("says",), _CONDITION)
        else:
            return self.wrong(i, f"{name}.all_of", "must be a list of tables, one a condition")
        if len(self.problems) > before:
            return None
        at = name if joined is None else f"{name}.all_of"
        # "As good and cheaper" joins a gap to a ratio: each part has a unit of its own.
        kind = str(claim["kind"]) if joined is None else ""
        conditions = [
            self._condition(i, at if joined is None else f"{at}[{n}]", part, name, kind)
            for n, part in enumerate(given, 1)
        ]
        if len(self.problems) == before:
            self._ends(i, at, entry, given, claim)
        if len(self.problems) > before:
            return None
        return Reading(
            says=str(entry["says"]),
            conditions=tuple(c for c in conditions if c),
            relaxes=str(entry.get("relaxes", "")),
        )

    def _condition(
        self, i: int, at: str, entry: Mapping[str, Any], reading: str, kind: str
    ) -> Condition | None:
        """One question of a reading; None if anything in it is wrong."""
        before = len(self.problems)
        words = ("analysis", "cannot", "awaits")
        analysis, cannot, awaits = (str(entry.get(word, "")) for word in words)
        if sum(map(bool, (analysis, cannot, awaits))) != 1:
            self.wrong(i, f"{at}.analysis", "or `cannot` or `awaits` is needed, and one alone")
        scope: dict[str, Any] = {}
        bound = None
        if analysis:
            question = self.questions.get(analysis)
            if question is None:
                known = UnknownName("analysis", analysis, self.questions)
                self.wrong(i, f"{at}.analysis", f"is wrong. {known}")
            else:
                scope = self._scope(i, at, entry.get("scope", {}), question)
                bound = self._bound(i, at, entry.get("bound"), question, kind)
                if bound and len(self.problems) == before:
                    self._unit_of_rows(i, f"{at}.bound.unit", bound.unit, question, scope)
                    if self.values and (fault := self.values.refused(question, scope)):
                        self.wrong(i, f"{at}.scope", f"is wrong. {fault}")
        if bound and bound.each in _ANY:
            self._any(i, f"{at}.bound.each", bound, reading)
        about = self._period(i, f"{at}.about", entry["about"]) if "about" in entry else None
        if len(self.problems) > before:
            return None
        return Condition(
            says=str(entry["says"]),
            analysis=analysis,
            scope=scope,
            bound=bound,
            about=about,
            cannot=cannot,
            awaits=awaits,
        )

    def _any(self, i: int, at: str, bound: Bound, reading: str) -> None:
        """The best of many is no reading of a sentence, and needs a correction elsewhere."""
        if reading == "as_stated":
            self.wrong(
                i,
                at,
                f"is {bound.each!r}: a sentence does not hold as stated because one of many does. "
                "Use all or most here, or ask it in [claim.narrower]",
            )
        elif bound.judge == "point":
            self.wrong(
                i,
                at,
                f"is {bound.each!r} of printed figures: the best of many is high by luck. Write "
                'judge = "interval"; intervals are then widened for their number',
            )

    def _ends(
        self,
        i: int,
        at: str,
        entry: Mapping[str, Any],
        conditions: Sequence[Mapping[str, Any]],
        claim: Mapping[str, Any],
    ) -> None:
        """Whether each range has the ends that the words of its sentence ask for."""
        bounds = [part["bound"] for part in conditions if "bound" in part]
        asked = [(part["says"], [part["bound"]]) for part in conditions if "bound" in part]
        asked.append((entry["says"], bounds))
        # The sentence's own range stays, unless that is the one thing relaxed.
        if entry.get("relaxes", "window") in ("window", "population"):
            asked.append((claim["says"], bounds))
        faults = [fault for text, ranges in asked if (fault := ends_wrong(str(text), ranges))]
        if faults:
            self.wrong(i, f"{at}.bound", faults[0])

    def wrong(self, i: int | None, field: str, what: str) -> None:
        """Note one problem: file, line, field, claim, what is wrong and the fix."""
        claim = f" of claim {self.ids[i]}" if i is not None and self.ids[i] else ""
        line = self._line(i, field)
        end = "" if what.endswith(("?", ".")) else "."
        self.problems.append(f"{self.name}:{line}: field {field!r}{claim} {what}{end}")

    def _line(self, i: int | None, field: str) -> int:
        """The line a field stands on; the claim's first line if it is not written at all."""
        bounds = [1, *self.starts, len(self.lines) + 1]  # the head, then one claim after another
        at = 0 if i is None or i >= len(self.starts) else i + 1
        first, after = bounds[at : at + 2]
        block = self.lines[first - 1 : after - 1]
        *tables, leaf = field.split(".")
        if not tables and leaf not in (*_READINGS, "kindest"):
            inner = (n for n, line in enumerate(block) if re.match(r"\s*\[claim\.", line))
            block = block[: next(inner, len(block))]
        at = 0
        for table in tables:
            name, _, place = table.rstrip("]").partition("[")
            at = next((n for n in range(at, len(block)) if re.search(rf"\b{name}\b", block[n])), at)
            if place:  # of several that are listed, each of which has such a field
                own = "says" if name == "all_of" else _STAKE[0]
                says = [n for n in range(at, len(block)) if re.search(rf"\b{own}\s*=", block[n])]
                at = says[min(int(place), len(says)) - 1] if says else at
                block = block[: says[int(place)]] if len(says) > int(place) else block
        pattern = re.compile(rf"(^|[\s{{,.\[]){re.escape(leaf)}\s*[=\]]")
        return next(
            (first + n for n in range(at, len(block)) if pattern.search(block[n])), first + at
        )

    def _keys(
        self, i: int, name: str, entry: Mapping[str, Any], must: Sequence[str], may: Sequence[str]
    ) -> None:
        prefix = f"{name}." if name else ""
        for key in must:
            if key not in entry:
                every = "Each of them" if name.endswith("]") else f"Every {name or 'claim'}"
                self.wrong(i, prefix + key, f"is missing. {every} needs it")
        for key in sorted(set(entry) - {*must, *may}):
            unknown = UnknownName("field", key, (*must, *may))
            self.wrong(i, prefix + key, f"is wrong. {unknown}")
        for key in _WORDED:
            if key in entry and not isinstance(entry[key], str):
                self.wrong(i, prefix + key, f"must be a text, not {entry[key]!r}")

    def _choice(self, i: int, field: str, value: object, choices: tuple[str, ...]) -> None:
        if value not in choices:
            self.wrong(i, field, f"is {value!r}. Use one of {', '.join(choices)}")

    def _period(self, i: int, field: str, value: object) -> Period | None:
        try:
            return Period.parse(str(value))
        except HeadToHeadError as error:
            return self.wrong(i, field, f"is wrong: {error}")

    def _day(self, i: int | None, field: str, value: object) -> date | None:
        try:
            return parse_day(str(value))
        except HeadToHeadError as error:
            return self.wrong(i, field, f"is no day. {error}")

    def _scope(self, i: int, name: str, given: object, question: Question) -> dict[str, Any]:
        if not isinstance(given, dict):
            self.wrong(i, f"{name}.scope", "must be a table of scope words")
            return {}
        for key in sorted(set(given) - set(question.scope)):
            hint = str(UnknownName("scope word", key, question.scope))
            self.wrong(i, f"{name}.scope.{key}", f"is not understood. {hint}")
        filled = {k: given.get(k, word.default) for k, word in question.scope.items()}
        read: dict[str, Any] = {}
        for key, scope_word in question.scope.items():
            value = filled[key]
            if any(word in question.scope and word not in read for word in scope_word.within):
                continue  # what it says hangs on a word that is wrong itself
            if value is None:
                some = self.values.hint(question, key, filled) if self.values else ""
                said = f"is missing. It says: {scope_word.doc} {some}"
                self.wrong(i, f"{name}.scope.{key}", said.rstrip())
            elif value != scope_word.default and (fault := scope_word.misfit(value)):
                self.wrong(i, f"{name}.scope.{key}", fault)
            else:
                try:
                    known = self.values
                    read[key] = known.read(question, key, filled) if known else value
                except UnknownName as unknown:
                    self.wrong(i, f"{name}.scope.{key}", f"is wrong. {unknown}")
        return read

    def _bound(
        self, i: int, name: str, given: object, question: Question, kind: str
    ) -> Bound | None:
        field = f"{name}.bound"
        if not isinstance(given, dict):
            return self.wrong(i, field, "is missing. Write bound = { at_least = ..., unit = ... }")
        self._keys(i, field, given, (), _BOUND)
        low, high = given.get("at_least", float("-inf")), given.get("at_most", float("inf"))
        labels = given.get("by_label", {})
        pairs = labels.values() if isinstance(labels, dict) else [labels]
        if not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
            return self.wrong(i, f"{field}.by_label", "is wrong. Write { LABEL = [low, high] }")
        if not all(isinstance(v, int | float) for v in (low, high, *chain.from_iterable(pairs))):
            return self.wrong(i, field, "has a range that is not a number")
        if low > high:
            return self.wrong(i, field, f"has at_least {low} above at_most {high}. Swap them")
        if low == float("-inf") and high == float("inf") and not labels:
            return self.wrong(i, field, "states no range. Give at_least, at_most or by_label")
        if given.get("each", "all") not in (ways := get_args(Each)):
            return self.wrong(i, f"{field}.each", f"must be one of {', '.join(ways)}")
        for word, choices in (("judge", get_args(Judge)), ("favours", get_args(Favours))):
            if given.get(word, choices[0]) not in choices:
                return self.wrong(i, f"{field}.{word}", f"must be {' or '.join(choices)}")
        self._unit(i, field, given.get("unit", ""), question, kind)
        ranges = {k: (float(r[0]), float(r[1])) for k, r in labels.items()}
        ends = {"at_least": float(low), "at_most": float(high), "by_label": ranges}
        # What is no field of a bound was told above.
        return Bound(**{key: given[key] for key in _BOUND if key in given} | ends)

    def _unit(self, i: int, field: str, given: str, question: Question, kind: str) -> None:
        if given and given not in question.units:
            return self.wrong(
                i, f"{field}.unit", f"is {given!r}. Use {' or '.join(question.units)}"
            )
        if not given and len(question.units) == 1:
            return self.wrong(i, f"{field}.unit", f"is missing. Write unit = {question.units[0]!r}")
        if kind == "ratio" and given and unit(given).scale == "interval":
            return self.wrong(
                i,
                f"{field}.unit",
                f"is {given!r}, an interval scale: a ratio of such scores means nothing. Ask for a "
                "gap, or for a ratio of expected scores on named tests (performance.score_ratio)",
            )
        return None

    def _unit_of_rows(
        self, i: int, field: str, given: str, question: Question, scope: Mapping[str, Any]
    ) -> None:
        """Whether the unit is that of the rows, where a question answers in theirs."""
        units = self.values.units(question, scope) if self.values else []
        if units and given not in units:
            self.wrong(i, field, f"is {given!r}, but these figures are in {' or '.join(units)}")
