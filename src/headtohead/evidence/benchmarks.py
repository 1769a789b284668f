"""What is known of each benchmark: what it tests, how many items it has, what guessing scores."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal, get_args

from headtohead.core.errors import UnknownName

Domain = Literal["maths", "coding_agentic", "knowledge_reasoning", "other"]
DOMAINS: tuple[Domain, ...] = get_args(Domain)

_FIELDS = frozenset({"title", "domain", "items", "chance", "ceiling", "source", "note"})


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What is known of one benchmark.

    Attributes:
        items_n: Questions or tasks behind the published score; None if it is not a share of solved
            items, or if their number is not known.
        chance_frac: What guessing scores; 0 for free answers.
        ceiling_frac: The highest score thought possible; 1 unless some items are unsound.
    """

    benchmark: str
    title: str
    domain: Domain
    items_n: int | None
    chance_frac: float
    ceiling_frac: float
    source_url: str
    note: str

    def solved_frac(self, corrected_frac: float) -> float:
        """The share of items solved that a chance-corrected score stands for.

        A score that was cut off at 0 gives the chance level, whatever was solved.
        """
        return corrected_frac * (self.ceiling_frac - self.chance_frac) + self.chance_frac

    def corrected_frac(self, solved_frac: float) -> float:
        """The chance-corrected score for a share solved; below 0 if worse than guessing."""
        return (solved_frac - self.chance_frac) / (self.ceiling_frac - self.chance_frac)


def benchmark(benchmark_id: str) -> Benchmark:
    """The benchmark with this id.

    Raises:
        UnknownName: If nothing is recorded of it.
    """
    known = benchmarks()
    if benchmark_id not in known:
        raise UnknownName("benchmark", benchmark_id, known)
    return known[benchmark_id]


def title(benchmark_id: str) -> str:
    """How a benchmark calls itself; its id if nothing is recorded of it."""
    known = benchmarks()
    return known[benchmark_id].title if benchmark_id in known else benchmark_id


@cache
def benchmarks() -> Mapping[str, Benchmark]:
    """All benchmarks by id, from data/benchmarks.toml.

    Raises:
        ValueError: If an entry is not as the head of that file says.
    """
    text = files("headtohead").joinpath("data/benchmarks.toml").read_text(encoding="utf-8")
    return MappingProxyType({name: _read(name, row) for name, row in tomllib.loads(text).items()})


def _read(name: str, row: Mapping[str, object]) -> Benchmark:
    unknown = set(row) - _FIELDS
    if unknown:
        raise ValueError(f"benchmark {name}: unknown field(s) {', '.join(sorted(unknown))}")
    items, domain = row.get("items"), row["domain"]
    if domain not in DOMAINS:
        raise ValueError(f"benchmark {name}: no domain is called {domain!r}")
    if items is not None and (not isinstance(items, int) or items < 1):
        raise ValueError(f"benchmark {name}: {items!r} is not a number of items")
    chance, ceiling = float(str(row.get("chance", 0))), float(str(row.get("ceiling", 1)))
    if not 0 <= chance < ceiling <= 1:
        raise ValueError(f"benchmark {name}: chance {chance} and ceiling {ceiling} do not fit")
    return Benchmark(
        name,
        str(row["title"]),
        next(d for d in DOMAINS if d == domain),
        items,
        chance,
        ceiling,
        str(row["source"]),
        str(row.get("note", "")),
    )


def in_words(text: str) -> str:
    """The text with titles in the place of the ids of benchmarks and the names of their parts."""

    def title(found: re.Match[str]) -> str:
        part = f", {found[2].replace('_', ' ')}" if found[2] else ""
        return f"{benchmarks()[found[1]].title}{part}"

    return _ids().sub(title, text)


@cache
def _ids() -> re.Pattern[str]:
    # The longest first: one id may be the beginning of another.
    known = sorted(benchmarks(), key=len, reverse=True)
    ids = "|".join(map(re.escape, known))
    return re.compile(rf"(?<![\w-])({ids})(?: (\w+_\w+))?(?![\w-])")
