"""What the export rules make of a chip on a day: one decision, from a table of thresholds.

Total processing performance (TPP) is operations per second, in trillions, times their bit length,
the most over all lengths, 4-bit included; sparsity does not count. Performance density is TPP over
the area of all logic dies made at 16 nm or finer. Nothing else in the package knows the rules.

References:
    ECCN 3A090 and its technical notes, 15 CFR part 774, Supplement 1; the rules that set it are
    cited row by row in the table `chip_rules`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import polars as pl

NONE, UNKNOWN = "none", "not known"
# Measure of a chip -> its words and unit.
MEASURES = {
    "tpp": ("TPP", "tpp"),
    "density": ("performance density", "tpp_per_mm2"),
    "memory": ("memory bandwidth", "gb_per_s"),
    "io": ("links in both directions", "gb_per_s"),
    "both": ("memory and links together", "gb_per_s"),
    "transistors": ("transistors", "n"),
}
NEAR = 0.05  # of a threshold; die areas and speeds are rounded by as much


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A chip as the rules measure it; None is not known.

    Attributes:
        tops: Bit length -> dense operations per second, in trillions.
        die_mm2: Area of the logic dies that count.
        io_gb_per_s: Links and other input and output but memory, both directions.
        country: Seat of the designer.
        shift: Measure -> value to take instead of its own, to ask what would turn the answer.
    """

    chip: str
    maker: str = ""
    country: str = ""
    tops: Mapping[int, float] = field(default_factory=dict)
    die_mm2: float | None = None
    memory_gb_per_s: float | None = None
    io_gb_per_s: float | None = None
    transistors_n: float | None = None
    data_centre: bool = True
    shift: Mapping[str, float] = field(default_factory=dict)

    @property
    def tpp(self) -> float | None:
        """Total processing performance."""
        return max((bits * tops for bits, tops in self.tops.items()), default=None)

    def get(self, measure: str) -> float | None:
        """One of `MEASURES`."""
        if measure in self.shift:
            return self.shift[measure]
        if measure == "tpp":
            return self.tpp
        if measure == "density":
            return self.tpp / self.die_mm2 if self.tpp and self.die_mm2 else None
        if measure == "both":
            memory, io = self.memory_gb_per_s, self.io_gb_per_s
            return None if memory is None or io is None else memory + io
        own = {"memory": self.memory_gb_per_s, "io": self.io_gb_per_s}
        return own.get(measure, self.transistors_n)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One row of the rules.

    Attributes:
        bounds: Measure -> (at least, below).
        start: First day in force.
        end: Last day in force; None while it is.
        certainty: "read" in the rule, or "secondary".
    """

    rule: str
    clause: str
    kind: str
    outcome: str
    needs: frozenset[str]
    market: str
    makers: frozenset[str]
    chips: frozenset[str]
    bounds: Mapping[str, tuple[float | None, float | None]]
    start: date
    end: date | None
    certainty: str
    url: str
    note: str

    def in_force(self, day: date) -> bool:
        """Whether it holds on a day."""
        return self.start <= day and (self.end is None or day <= self.end)

    def meets(self, chip: Measured) -> bool | None:
        """Whether a chip is what it speaks of; None if that hangs on what is not known."""
        if self.chips and chip.chip not in self.chips:
            return False
        if self.makers and chip.maker.casefold() not in map(str.casefold, self.makers):
            return False
        if self.market and chip.data_centre != (self.market == "data_centre"):
            return False
        truths = [
            None
            if value is None
            else (low is None or value >= low) and (top is None or value < top)
            for measure, (low, top) in self.bounds.items()
            for value in [chip.get(measure)]
        ]
        return False if False in truths else None if None in truths else True


@dataclass(frozen=True, slots=True)
class Status:
    """What the rules in force on one day make of a chip.

    Attributes:
        item: Its control number: "3A090", "3A090.a", "3A090.b", "none" or "not known".
        letter: "letter" if its maker was told by letter to ask for a licence; else as `item`.
        exception: "NAC" if a licence exception after notice may serve; else "none".
        review: How licences for China are reviewed: "denial", "case_by_case", "none", "not known".
        by: The clauses that it meets.
        missed: Where it has no control number, the clauses that would have given it one.
    """

    item: str
    letter: str
    exception: str
    review: str
    by: tuple[Clause, ...] = field(default=(), compare=False)
    missed: tuple[Clause, ...] = field(default=(), compare=False)

    @property
    def words(self) -> str:
        """In a line, as a table has it."""
        if self.letter != NONE and self.item == NONE:
            return "licence by letter" if self.letter != UNKNOWN else "letter: not known"
        said = ["not controlled" if self.item == NONE else self.item]
        if self.exception != NONE:
            said.append("exception NAC after notice")
        if self.review != NONE:
            said.append(_REVIEWS.get(self.review, f"review {self.review}"))
        return ", ".join(said)

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules whose clauses it meets."""
        return tuple(dict.fromkeys(c.rule for c in self.by))

    @property
    def certainty(self) -> str:
        """How all that was decided is known: "read" in the rules, or "secondary"."""
        decided = (*self.by, *self.missed)
        return "read" if decided and all(c.certainty == "read" for c in decided) else "secondary"


_REVIEWS = {"case_by_case": "case-by-case review", "denial": "presumed denied"}


def decide(chip: Measured, clauses: Iterable[Clause], day: date) -> Status:
    """The one decision: what a chip is on a day by the clauses then in force.

    Of each kind the first outcome counts whose clauses the chip meets, in the order of the table.
    """
    held = [c for c in clauses if c.in_force(day)]
    by: list[Clause] = []

    def first(kind: str, item: str = NONE) -> str:
        # A figure that is not known leaves open only what it could change.
        doubtful: set[str] = set()
        for c in held:
            if c.kind != kind or (c.needs and item not in c.needs):
                continue
            met = c.meets(chip)
            if met:
                by.append(c)
                return c.outcome if doubtful <= {c.outcome} else UNKNOWN
            if met is None:
                doubtful.add(c.outcome)
        return UNKNOWN if doubtful else NONE

    item = first("item")
    letter, exception = first("letter", item), first("exception", item)
    missed = tuple(c for c in held if c.kind == "item") if item == NONE else ()
    return Status(item, letter, exception, first("review", item), tuple(by), missed)


@dataclass(frozen=True, slots=True)
class Border:
    """A line that a chip lies near, or another reading of its speed.

    Attributes:
        measure: Of `MEASURES`; "formats" for the speed without its 4-bit one.
        value: Of the chip.
        line: Where the outcome may turn; of formats, the TPP without 4-bit speed.
        after: The status past it.
        turns: Whether that is another one.
    """

    measure: str
    value: float
    line: float
    after: Status
    turns: bool


def borders(chip: Measured, clauses: Sequence[Clause], day: date) -> tuple[Border, ...]:
    """The thresholds in force that a chip lies within 5% of, and what crossing each would do."""
    now, found = decide(chip, clauses, day), []
    lines = {
        (measure, line)
        for c in clauses
        if c.in_force(day) and c.kind != "presumption" and not c.chips
        for measure, bound in c.bounds.items()
        for line in bound
        if line is not None
    }
    for measure, line in sorted(lines):
        value = chip.get(measure)
        if value is None or abs(value / line - 1) > NEAR:
            continue
        past = line if value < line else line * (1 - 1e-9)
        after = decide(replace(chip, shift={measure: past}), clauses, day)
        found.append(Border(measure, value, line, after, after != now))
    coarse = {bits: tops for bits, tops in chip.tops.items() if bits > 4}
    if coarse and len(coarse) < len(chip.tops):
        less = replace(chip, tops=coarse)
        if less.tpp and chip.tpp and (after := decide(less, clauses, day)) != now:
            found.append(Border("formats", chip.tpp, less.tpp, after, turns=True))
    return tuple(found)


def clauses_of(rows: pl.DataFrame) -> tuple[Clause, ...]:
    """The clauses in rows of the table `chip_rules`, the gravest outcome of a kind first."""
    order = {"3A090": 0, "3A090.a": 0, "3A090.b": 1, "case_by_case": 0, "denial": 1}
    made = [_clause(row) for row in rows.iter_rows(named=True)]
    return tuple(sorted(made, key=lambda c: (c.start, order.get(c.outcome, 0), c.clause)))


_BOUND = {
    "tpp": "tpp",
    "density": "tpp_per_mm2",
    "memory": "memory_gb_per_s",
    "io": "io_gb_per_s",
    "both": "both_gb_per_s",
    "transistors": "transistors_n",
}


def _clause(row: Mapping[str, Any]) -> Clause:
    bounds = {m: (row.get(f"from_{c}"), row.get(f"below_{c}")) for m, c in _BOUND.items()}

    def listed(column: str) -> frozenset[str]:
        return frozenset(filter(None, (row[column] or "").split(",")))

    return Clause(
        rule=row["rule"],
        clause=row["clause"],
        kind=row["kind"],
        outcome=row["outcome"],
        needs=listed("needs"),
        market=row["market"] or "",
        makers=listed("makers"),
        chips=listed("chips"),
        bounds={m: ends for m, ends in bounds.items() if ends != (None, None)},
        start=row["effective_from"],
        end=row["effective_to"],
        certainty=row["certainty"],
        url=row["row_url"] or "",
        note=row["note"] or "",
    )


def measured_of(row: Mapping[str, Any]) -> Measured:
    """A row of the table `controlled_chips`, or of `chips`, as the rules measure it."""
    speeds = {16: "fp16_tflop_per_s", 8: "fp8_tflop_per_s", 4: "fp4_tflop_per_s"}
    return Measured(
        chip=row["chip"],
        maker=row["maker"],
        country=row.get("country") or "",
        tops={bits: row[name] for bits, name in speeds.items() if row[name]},
        die_mm2=row["die_mm2"],
        memory_gb_per_s=row["memory_gb_per_s"],
        io_gb_per_s=row.get("io_gb_per_s", row.get("link_gb_per_s")),
        data_centre=row.get("data_centre", True),
    )
