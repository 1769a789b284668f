"""Where a format keeps what a vote needs: the only thing a format file says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.reading.columns import Columns, Path
from headtohead.ratings.reading.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class Format:
    """A layout of votes that somebody publishes.

    Attributes:
        name: What `--format` calls it.
        about: Whose it is, in one line.
        needs: Sets of columns, fields after a dot; a table that has one set is of this format.
        sides: Whether the first model of a vote is the one that was shown first.
    """

    name: str
    about: str
    needs: tuple[tuple[str, ...], ...]
    sides: bool = True

    def fits(self, columns: Columns) -> bool:
        """True if a table has one of the sets of columns."""
        return any(
            all(columns.kind(tuple(name.split("."))) is not None for name in names)
            for names in self.needs
        )


@dataclass(frozen=True, slots=True)
class Mark:
    """A flag by which the publisher says that a vote counts.

    Attributes:
        reason: Why a row without it is dropped.
        path: The flag.
        option: Which option of the user switches it off.
    """

    reason: str
    path: Path
    option: Literal["anonymous_only", "dedup"]


@dataclass(frozen=True, slots=True)
class Flag:
    """One category of a group in which a vote may have several.

    Attributes:
        name: The category.
        paths: Flags that speak for it.
        least: How many of them must be set.
    """

    name: str
    paths: tuple[Path, ...]
    least: int = 1


@dataclass(frozen=True, slots=True)
class Difference:
    """A covariate: (a - b) / (a + b), 0 where both are 0.

    Attributes:
        a: What is summed for the side shown first.
        b: The same for the other side.
        characters: Whether the columns hold texts, whose characters are counted.
    """

    a: tuple[Path, ...]
    b: tuple[Path, ...]
    characters: bool = False


@dataclass(frozen=True, slots=True)
class AsItStands:
    """A covariate that the table already gives as first minus second.

    Attributes:
        path: The column.
    """

    path: Path


Style = Difference | AsItStands


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where a table keeps its votes.

    Attributes:
        first: Column of the side shown first.
        second: Column of the other side.
        outcome: How it says who won.
        labels: Canonical word (voter, prompt, time, language, id, category) to column.
        groups: Name to categories, of which a vote may have several.
        style: Name to covariate.
        marks: Flags by which the publisher says that a vote counts.
        unfold: A list column; each of its values makes a vote of its own.
        no_second: Why a row without a second side is dropped; empty if that is an error.
        same_model: Why a row with one model on both sides is dropped; empty if that is an error.
        no_preference: Why a row without a preference is dropped.
    """

    first: Path
    second: Path
    outcome: Outcome
    labels: Mapping[str, Path] = field(default_factory=dict)
    groups: Mapping[str, tuple[Flag, ...]] = field(default_factory=dict)
    style: Mapping[str, Style] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()
    unfold: Path | None = None
    no_second: str = ""
    same_model: str = ""
    no_preference: str = "no preference"


@dataclass(frozen=True, slots=True)
class Counted:
    """A document that holds counts, not votes.

    Attributes:
        read: The counts in it; raises InputError saying what is wrong and where.
    """

    read: Callable[[Mapping[str, Any]], Counts]


def present(columns: Columns, **candidates: tuple[str, ...]) -> dict[str, Path]:
    """The first column there is for each word, words without one left out.

    Args:
        columns: Of the table.
        candidates: Word to names a column may have, fields after a dot, the best first.
    """
    found = {}
    for word, names in candidates.items():
        paths = (tuple(name.split(".")) for name in names)
        path = next((path for path in paths if columns.kind(path) not in (None, "struct")), None)
        if path is not None:
            found[word] = path
    return found


def pairs(columns: Columns) -> dict[str, Style]:
    """A covariate for every two columns `name_a` and `name_b` of numbers or unread texts."""
    stems = [name[:-2] for name in columns.names if name.endswith("_a")]
    return {
        stem: Difference(((f"{stem}_a",),), ((f"{stem}_b",),))
        for stem in stems
        if stem != "model" and columns.has(f"{stem}_b")
    }
