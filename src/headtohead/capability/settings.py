"""Which scores an index is made of and how, and between whom a gap is: options of both verbs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from headtohead.core.settings import Choices, option

Dates = Literal["publisher", "release"]
IndexMethod = Literal["binomial", "eci", "published"]
LEVEL = 0.9
DEFAULT_SOURCE = "epoch_eci"
# Benchmarks for a place in the index, and for setting the frontier. A model with few has a wide
# interval, and the best of many such models is overrated; Epoch asks for four and no more.
_USUAL = (3, 6)
_EPOCHS = (4, 4)
_IN_DOMAIN = (2, 3)
PAST = 4  # for showing when a level was first reached


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSettings(Choices):
    """How an index is made.

    Attributes:
        frontier_benchmarks: Benchmarks a model needs to set the frontier; 0 for the usual.
        draws: Joint draws; 0 for the point fit alone.
    """

    domain: str = option(
        "",
        metavar="DOMAIN",
        help="Only benchmarks of maths, coding_agentic or knowledge_reasoning.",
    )
    source: tuple[str, ...] = option(
        (),
        metavar="SOURCE,...",
        help="Whose scores make the index; all: every source you have. Default: epoch_eci, and "
        "your own scores if you give any.",
    )
    scores: Path | None = option(
        None,
        metavar="FILE",
        read=Path,
        help="Your own scores too (CSV or Parquet: model, benchmark, score); with source "
        "'scores', only they.",
    )
    method: IndexMethod = option(
        "binomial",
        help="By the likelihood of items (binomial); by Epoch's objective and bootstrap (eci); or "
        "Epoch's index as printed (published).",
    )
    dates: Dates = option(
        "publisher",
        help="A model counts from the day that the index's publisher gives, previews included "
        "(publisher), or from its general release (release).",
    )
    independent: bool = option(False, help="Leave out results that the models' makers report.")
    without: tuple[str, ...] = option((), metavar="BENCHMARK,...", help="Benchmarks to leave out.")
    frontier_benchmarks: int = 0
    draws: int = 500

    @property
    def sources(self) -> tuple[str, ...]:
        """Sources of the scores, the one whose model names are kept first."""
        return self.source or (DEFAULT_SOURCE,)

    @property
    def least(self) -> int:
        """Benchmarks a model needs for a place in the index."""
        return self._fewest[0]

    @property
    def frontier(self) -> int:
        """Benchmarks a model needs before it may set the frontier."""
        return self.frontier_benchmarks or self._fewest[1]

    @property
    def _fewest(self) -> tuple[int, int]:
        if self.domain:
            return _IN_DOMAIN
        return _EPOCHS if self.method == "eci" else _USUAL

    def index_words(self) -> str:
        """Which index it is, for a sentence."""
        if self.method == "published":
            return "Epoch's printed capability index"
        if self.domain:
            return f"our index of {self.domain.replace('_', ' and ')} tests"
        return "our capability index" + (" by Epoch's method" if self.method == "eci" else "")

    def method_words(self) -> str:
        """How it was made, for an estimate."""
        if self.method == "published":
            return "Epoch's printed scores and intervals, taken as independent"
        if self.method == "eci":
            return "Epoch's objective (its exact minimum), each model's scores drawn anew"
        return "two-parameter logistic by the likelihood of items, benchmarks weighed anew"


@dataclass(frozen=True, slots=True, kw_only=True)
class GapSettings(Choices):
    """Which two sides a gap is between, and in which benchmarks and measure it is given."""

    a: str = option(
        "", metavar="SIDE", help="The side that would be replaced. Of countries: US if not given."
    )
    b: str = option(
        "", metavar="SIDE", help="The side that might stand in. Of countries: CN if not given."
    )
    group: str = option(
        "country",
        metavar="GROUP",
        help="What tells the sides apart: country, open, lab, family or model.",
    )
    benchmarks: tuple[str, ...] = option(
        (), metavar="BENCHMARK,...", help="Translate the gap into these; all of the index if empty."
    )
    measure: Literal["difference", "ratio"] = option(
        "difference",
        help="A ratio is refused: the scale has no zero, and the message says what to ask instead.",
    )
