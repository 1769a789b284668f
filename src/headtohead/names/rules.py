"""The rules of model names: one spelling for all, and the words that are not the model.

The rules themselves are data (data/entities/rules.toml); this module makes them ready to use.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
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


@dataclass(frozen=True)
class Rules:
    """The rules of rules.toml, ready to use."""

    table: Mapping[str, Any]

    @cached_property
    def strips(self) -> tuple[Rewrite, ...]:
        """Raw tails and fronts that say nothing about the weights."""
        return tuple(
            Rewrite(r["id"], re.compile(r["pattern"]), "", r["why"]) for r in self.table["strip"]
        )

    @cached_property
    def stripped(self) -> re.Pattern[str]:
        """What any of these would take off: most names have none."""
        return re.compile("|".join(f"(?:{r['pattern']})" for r in self.table["strip"]))

    @cached_property
    def rewrites(self) -> tuple[Rewrite, ...]:
        """Spellings of one key."""
        return tuple(
            Rewrite(r["id"], re.compile(r["pattern"]), r["to"], r["why"])
            for r in self.table["rewrite"]
        )

    @cached_property
    def _rewritten(self) -> re.Pattern[str]:
        """What any rule of spelling would change: most names are spelt as they should be."""
        return re.compile("|".join(f"(?:{r['pattern']})" for r in self.table["rewrite"]))

    @cached_property
    def keeps(self) -> tuple[Keep, ...]:
        """Family exceptions."""
        return tuple(
            Keep(r["id"], re.compile(r["pattern"]), frozenset(r["words"]), r["why"])
            for r in self.table["keep"]
        )

    @cached_property
    def words(self) -> Mapping[str, tuple[Word, ...]]:
        """All words by key."""
        found: dict[str, list[Word]] = {}
        kinds: tuple[Kind, ...] = ("mode", "channel", "noise")
        for kind in kinds:
            for row in self.table[kind]:
                only = re.compile(row["only"]) if "only" in row else None
                for text in row["words"]:
                    value = row.get(kind, "")
                    word = Word(
                        kind,
                        key(text).replace("-", "") if value == "*" else value,
                        tuple(row["places"]),
                        only,
                        row.get("why", ""),
                    )
                    found.setdefault(key(text), []).append(word)
        return {text: tuple(words) for text, words in found.items()}

    @cached_property
    def budget(self) -> re.Pattern[str]:
        """The names in which a bare number of thousands is a thinking budget."""
        return re.compile(self.table["budget"]["only"])

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
