"""Which scores an index is made of, and how: read from the scope words of a question."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from headtohead.core.question import ScopeWord
from headtohead.evidence.benchmarks import DOMAINS

Dates = Literal["publisher", "release"]
IndexMethod = Literal["binomial", "eci", "published"]

INDEX_WORDS = {
    "index_sources": ScopeWord(
        "texts", "Sources whose scores make the index.", ("epoch_eci",)
    ),
    "domain": ScopeWord(
        "text", "Only benchmarks of this domain; empty: all.", "", ("", *DOMAINS)
    ),
    "independent": ScopeWord("flag", "Leave out results that the models' makers report.", False),
    "without": ScopeWord("texts", "Benchmarks to leave out.", ()),
    "dates": ScopeWord(
        "text",
        "publisher: a model counts from the day that the index's publisher gives, previews "
        "included; release: from its general release.",
        "publisher",
        ("publisher", "release"),
    ),
    "method": ScopeWord(
        "text",
        "binomial: by the likelihood of items; eci: Epoch's objective and bootstrap; published: "
        "Epoch's printed scores.",
        "binomial",
        ("binomial", "eci", "published"),
    ),
    "back_days": ScopeWord("number", "How old the scores may be and still serve, in days.", 120),
    "frontier_benchmarks": ScopeWord(
        "number", "Benchmarks that a model needs before it may set the frontier; 0: the usual.", 0
    ),
}  # fmt: skip
SIDE_WORDS = {
    "a": ScopeWord("text", "Side A as column=value, ...; empty: the side asked for.", ""),
    "b": ScopeWord("text", "Side B likewise.", ""),
}
LEVEL = 0.9
_METHODS: dict[str, IndexMethod] = {m: m for m in get_args(IndexMethod)}
# Benchmarks for a place in the index, and for setting the frontier. A model with few has a wide
# interval, and the best of many such models is overrated; Epoch asks for four and no more.
_USUAL = (3, 6)
_EPOCHS = (4, 4)
_IN_DOMAIN = (2, 3)
_PAST = 4  # for showing when a level was first reached


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """How an index is made.

    Attributes:
        sources: Sources of the scores, the one whose model names are kept first.
        domain: A domain of benchmarks; empty for all.
        independent: Whether results of the models' makers are left out.
        without: Benchmarks left out.
        dates: Which release day counts.
        method: "binomial", "eci" or "published".
        frontier_benchmarks: Benchmarks a model needs to set the frontier; 0 for the usual.
        draws: Joint draws; 0 for the point fit alone.
    """

    sources: tuple[str, ...] = ("epoch_eci",)
    domain: str = ""
    independent: bool = False
    without: tuple[str, ...] = ()
    dates: Dates = "publisher"
    method: IndexMethod = "binomial"
    frontier_benchmarks: int = 0
    draws: int = 500

    @classmethod
    def of(cls, scope: Mapping[str, Any]) -> "IndexSettings":
        """The settings that a question's scope words ask for."""
        return cls(
            sources=tuple(scope["index_sources"]),
            domain=str(scope["domain"]),
            independent=bool(scope["independent"]),
            without=tuple(scope["without"]),
            dates="release" if scope["dates"] == "release" else "publisher",
            method=_METHODS[scope["method"]],
            frontier_benchmarks=int(scope["frontier_benchmarks"]),
        )

    @property
    def least(self) -> int:
        """Benchmarks a model needs for a place in the index."""
        return self._fewest[0]

    @property
    def frontier(self) -> int:
        """Benchmarks a model needs before it may set the frontier."""
        return self.frontier_benchmarks or self._fewest[1]

    @property
    def past(self) -> int:
        """Benchmarks a model needs to show when a level was first reached."""
        return _PAST

    @property
    def _fewest(self) -> tuple[int, int]:
        if self.domain:
            return _IN_DOMAIN
        return _EPOCHS if self.method == "eci" else _USUAL

    def overall(self) -> "IndexSettings":
        """The same without its domain."""
        return replace(self, domain="", frontier_benchmarks=0)

    def method_words(self) -> str:
        """How it was made, for an estimate."""
        if self.method == "published":
            return "Epoch's printed scores and intervals, taken as independent"
        if self.method == "eci":
            return "Epoch's objective (its exact minimum), each model's scores drawn anew"
        return "two-parameter logistic by the likelihood of items, benchmarks weighed anew"
