"""How a printed model name is read: path, brackets and colons off, then words off its end.

The whole name is looked up first; a word comes off only while that fails. Names are never compared
by likeness, so a name that is in no list stays unmatched. The rules themselves are data
(data/entities/rules.toml); this module makes them ready to use.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Any, Literal, NamedTuple

Place = Literal["tail", "paren", "colon"]
Kind = Literal["mode", "channel", "noise"]

_DATE = re.compile(r"(?<!\d)(20\d\d)[\W_]+(0[1-9]|1[0-2])[\W_]+([0-2]\d|3[01])(?!\d)")
_POINT = re.compile(r"(?<=\d)p(?=\d)")
_PLUS = re.compile(r"(?<=[a-z])\+")
_WORDS = re.compile(r"[^\W\d_]+|\d+")


def fold(text: str) -> str:
    """The text without differences of case, width or composition."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


@lru_cache(maxsize=65_536)
def key(text: str) -> str:
    """One spelling for all: lower-case words and numbers joined by dashes.

    Args:
        text: Any text; case, spaces and punctuation do not matter, and letters part from digits,
            so that "Qwen3-8B", "qwen 3 8b" and "Qwen3_8b" become qwen-3-8-b. An ISO date becomes
            one number; 3p1 between digits (Fireworks) becomes 3.1; "R+" becomes r-plus.
    """
    text = fold(text)
    # Millions of rows are read: most names have none of these.
    if "20" in text:
        text = _DATE.sub(r" \1\2\3 ", text)
    if "p" in text:
        text = _POINT.sub(".", text)
    if "+" in text:
        text = _PLUS.sub("-plus ", text)
    return "-".join(_WORDS.findall(text))


@dataclass(frozen=True, slots=True)
class Word:
    """One word that says how weights were run.

    Attributes:
        places: Where in a name it may stand.
        only: Names it applies to at the end of a name; None for all.
        why: For noise, what the word means.
    """

    kind: Kind
    value: str
    places: tuple[str, ...]
    only: re.Pattern[str] | None
    why: str


class Rewrite(NamedTuple):
    """One rule of spelling."""

    rule: str
    pattern: re.Pattern[str]
    to: str
    why: str


class Keep(NamedTuple):
    """One family exception: these words are part of the name.

    Attributes:
        pattern: The family, by key.
        words: The modes that are names here.
    """

    rule: str
    pattern: re.Pattern[str]
    words: frozenset[str]
    why: str


class Rules:
    """The rules of rules.toml, ready to use.

    Attributes:
        strips: Raw tails and fronts that say nothing about the weights.
        stripped: What any of these would take off: most names have none.
        rewrites: Spellings of one key.
        keeps: Family exceptions.
        words: All words by key.
        budget: The names in which a bare number of thousands is a thinking budget.
    """

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.strips, self.stripped = _rewrites(table["strip"])
        self.rewrites, self._rewritten = _rewrites(table["rewrite"])
        self.keeps = tuple(
            Keep(r["id"], re.compile(r["pattern"]), frozenset(r["words"]), r["why"])
            for r in table["keep"]
        )
        self.budget: re.Pattern[str] = re.compile(table["budget"]["only"])
        self.words: dict[str, list[Word]] = {}
        kinds: tuple[Kind, ...] = ("mode", "channel", "noise")
        for kind, row in ((k, r) for k in kinds for r in table[k]):
            only = re.compile(row["only"]) if "only" in row else None
            for text in row["words"]:
                value = row.get(kind, "")
                if value == "*":
                    value = key(text).replace("-", "")
                word = Word(kind, value, tuple(row["places"]), only, row.get("why", ""))
                self.words.setdefault(key(text), []).append(word)

    def spell(self, text: str) -> tuple[str, tuple[Rewrite, ...]]:
        """The key of a text in its one spelling, and the rules of spelling that were used."""
        spelt, used = key(text), list[Rewrite]()
        if not self._rewritten.search(spelt):
            return spelt, ()
        for rule in self.rewrites:
            changed = rule.pattern.sub(rule.to, spelt)
            if changed != spelt:
                spelt = changed
                used.append(rule)
        return spelt, tuple(used)

    def word(self, text: str, place: Place, base: str) -> Word | None:
        """What the key `text` means at this place after the name `base`; None if nothing."""
        for word in self.words.get(text, ()):
            if place in word.places and (
                place != "tail" or word.only is None or word.only.match(base)
            ):
                return word
        return None

    def kept(self, mode: str, base: str) -> Keep | None:
        """The family exception by which the mode is part of the name `base`; None if none."""
        for keep in self.keeps:
            if mode in keep.words and keep.pattern.match(base):
                return keep
        return None


def _rewrites(rows: Sequence[Mapping[str, str]]) -> tuple[list[Rewrite], re.Pattern[str]]:
    """Rules that change a text, and what any of them would change."""
    rewrites = [Rewrite(r["id"], re.compile(r["pattern"]), r.get("to", ""), r["why"]) for r in rows]
    return rewrites, re.compile("|".join(f"(?:{r['pattern']})" for r in rows))


_PAREN = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
_PATH = re.compile(r"[\w.@~+:-]+")
_THINKING_BUDGET = re.compile(r"(?:^|-)thinking-(\d+)-k$")
_BUDGET = re.compile(r"(?:^|-)(\d+)-k(?:-(?:thinking|think)(?:-tokens)?)?$")
_STAMP = re.compile(r"20\d{6}")
_PAIR = re.compile(r"\s[+&]\s|\svs\.?\s")
_MOST_WORDS_OFF = 6


@dataclass(slots=True)
class PartedName:
    """What has been read off one name so far.

    Attributes:
        base: The words that still stand for the model, as a key.
        tail: Keys from brackets that are part of the name.
        budget: Thousands of thinking tokens; empty if none.
        prefix: Path in front of the name, as written.
    """

    base: str = ""
    tail: list[str] = field(default_factory=list)
    effort: set[str] = field(default_factory=set)
    budget: str = ""
    channels: list[str] = field(default_factory=list)
    stamp: str = ""
    prefix: tuple[str, ...] = ()
    steps: list[str] = field(default_factory=list)

    @property
    def whole(self) -> str:
        """Base and tail as one key."""
        return "-".join([self.base, *self.tail] if self.base else self.tail)

    def copy(self) -> "PartedName":
        """The same with steps of its own, to say more of it."""
        return replace(self, steps=list(self.steps))

    def mode(self) -> str:
        """The mode that the words add up to: no thinking, then budget, then effort, then thinking.

        An effort of "high" beside a budget says nothing more: it is the default there.
        """
        if "no-thinking" in self.effort:
            return "no-thinking"
        levels = sorted(self.effort - {"thinking"})
        if self.budget:
            extra = [level for level in levels if level != "high"]
            return "-".join([f"thinking-{self.budget}k", *extra])
        if levels:
            return "-".join(levels)
        return "thinking" if "thinking" in self.effort else ""

    def day(self) -> date | None:
        """The stamp as a day; None if there is none or it is no day."""
        try:
            return date.fromisoformat(self.stamp) if self.stamp else None
        except ValueError:
            return None

    def say_spelling(self, used: Sequence[Rewrite]) -> None:
        """Say by which rules the base got its spelling."""
        if used:
            why = "; ".join(f"{rule.why} ({rule.rule})" for rule in used)
            self.steps.append(f"Spelt {self.base}: {why}.")

    def take(self, word: Word, text: str) -> None:
        """Put one recognised word where it belongs, and say so."""
        if word.kind == "mode":
            self.effort.add(word.value)
            self.steps.append(f'"{text}" is a way of running the model: mode {word.value}.')
        elif word.kind == "channel":
            if word.value not in self.channels:
                self.channels.append(word.value)
            self.steps.append(f'"{text}" is a way of serving the model: channel {word.value}.')
        else:
            self.steps.append(f'"{text}" {word.why}; left out.')

    def take_budget(self, thousands: str, text: str) -> None:
        """Put one thinking budget where it belongs, and say so."""
        self.budget = thousands
        self.steps.append(f'"{text}" is a thinking budget of {thousands} thousand tokens.')


def names_a_pair(text: str) -> bool:
    """Whether the text names two models at once ("R1 + Claude 3.5 Sonnet")."""
    folded = fold(text)
    if not ("+" in folded or "&" in folded or "vs" in folded):
        return False
    return bool(_PAIR.search(_PAREN.sub(" ", folded)))


def open_up(name: str, rules: Rules, makers: Callable[[str], bool]) -> PartedName:
    """The name parted into path, brackets and base, each cleaned.

    `makers` tells whether a text in front of ": " is a maker or seller.
    """
    reading = PartedName()
    text = fold(name).strip()
    text, parens = _take_parens(text)
    for rule in rules.strips if rules.stripped.search(text) else ():
        text, count = rule.pattern.subn(rule.to, text)
        if count:
            reading.steps.append(f"Left out {rule.why} ({rule.rule}).")
    front, mark, rest = text.partition(": ")
    if mark and makers(front):
        reading.steps.append(f'Left out the maker in front, "{front}".')
        text = rest
    reading.prefix, last = path_of(text)
    if reading.prefix:
        reading.steps.append(f'Left out the path in front, "{"/".join(reading.prefix)}".')
    # What follows a colon is a word about the model only if we know it.
    text, mark, rest = last.partition(":")
    colons = [rest] if mark and rules.word(key(rest), "colon", "") else []
    base, used = rules.spell(text if colons else last)
    reading.base = base
    reading.say_spelling(used)
    for part in colons:
        _read_part(part, "colon", reading, rules)
    for part in parens:
        _read_part(part, "paren", reading, rules)
    return reading


def path_of(text: str) -> tuple[tuple[str, ...], str]:
    """The parts of a path in front of a name, and the name; spaces in front mean it is no path."""
    if "/" not in text:
        return (), text
    *front, last = text.split("/")
    if last and all(_PATH.fullmatch(part) for part in front):
        return tuple(front), last
    return (), text


def _take_parens(text: str) -> tuple[str, list[str]]:
    """The text outside brackets, and the comma-parted contents of the brackets."""
    if "(" not in text and "[" not in text:
        return text.strip(), []
    inside = _PAREN.findall(text)
    parts = [part.strip() for group in inside for part in re.split(r"[,;]|\s\+\s", group)]
    return _PAREN.sub(" ", text).strip(), [part for part in parts if part]


def _read_part(text: str, place: Place, reading: PartedName, rules: Rules) -> None:
    """Read one bracket part: known words are modes and channels, the rest belongs to the name."""
    part = key(text)
    words = _read_words(part, place, reading.base, rules)
    if words is None:
        match = _THINKING_BUDGET.fullmatch(part) or _BUDGET.fullmatch(part)
        if match and rules.budget.match(reading.base):
            reading.take_budget(match[1], text)
        elif part:
            reading.tail.append(part)
        return
    for word, piece in words:
        keep = rules.kept(word.value, reading.base) if word.kind == "mode" else None
        if keep:
            reading.tail.append(piece)
            reading.steps.append(f'"{piece}" stays in the name: {keep.why} ({keep.rule}).')
        else:
            reading.take(word, piece)


def _read_words(part: str, place: Place, base: str, rules: Rules) -> list[tuple[Word, str]] | None:
    """The part as known words, whole or one by one; None if some word of it is unknown."""
    whole = rules.word(part, place, base)
    if whole:
        return [(whole, part)]
    words = []
    for piece in part.split("-"):
        word = rules.word(piece, place, base)
        if not word:
            return None
        words.append((word, piece))
    return words


def look_up(reading: PartedName, rules: Rules, known: Callable[[str], bool]) -> str:
    """Take words off the end until the rest is a known name.

    Modes, channels and the stamp are added to `reading`; `known` tells whether a key is listed.

    Returns:
        The key that is known; empty if none is.
    """
    for _ in range(_MOST_WORDS_OFF):
        for candidate, stamp in _candidates(reading):
            if known(candidate):
                reading.stamp = stamp or reading.stamp
                return candidate
        if not _peel(reading, rules):
            return ""
    return ""


def _candidates(reading: PartedName) -> Iterator[tuple[str, str]]:
    """The keys to try, each with the day it leaves out: all words, then all but a day."""
    yield reading.whole, ""
    for position, part in enumerate(reading.tail):
        if not reading.stamp and _STAMP.fullmatch(part):
            rest = reading.tail[:position] + reading.tail[position + 1 :]
            yield "-".join([reading.base, *rest]), part


def _peel(reading: PartedName, rules: Rules) -> bool:
    """Take the last word off the base if a rule knows it; False if none does."""
    base = reading.base
    budget = _THINKING_BUDGET.search(base) or (
        _BUDGET.search(base) if rules.budget.match(base) else None
    )
    if budget and budget.start() > 0:
        reading.base = base[: budget.start()]
        reading.take_budget(budget[1], base[budget.start() + 1 :])
        return True
    parts = base.split("-")
    for count in (3, 2, 1):
        if len(parts) <= count:
            continue
        rest, piece = "-".join(parts[:-count]), "-".join(parts[-count:])
        word = rules.word(piece, "tail", rest)
        if word:
            keep = rules.kept(word.value, reading.base) if word.kind == "mode" else None
            if keep:
                reading.steps.append(f'"{piece}" stays in the name: {keep.why} ({keep.rule}).')
                return False
            reading.base = rest
            reading.take(word, piece)
            return True
    if len(parts) > 1 and not reading.stamp and _STAMP.fullmatch(parts[-1]):
        reading.base, reading.stamp = "-".join(parts[:-1]), parts[-1]
        return True
    return False
