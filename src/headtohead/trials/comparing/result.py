"""What a comparison of two runs gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from headtohead.core.estimate import Interval
from headtohead.trials.comparing.settings import CompareSettings, Goal
from headtohead.trials.paired.differences import Verdict
from headtohead.trials.paired.joint import Slices


@dataclass(frozen=True, slots=True, kw_only=True)
class SideSummary:
    """One side of a comparison.

    Attributes:
        model: The model, in the file's own word.
        repeats: Calls behind them.
        failures: Kind -> calls without a usable answer.
        about: What the file says of the run and may differ (temperature, date).
    """

    name: str
    model: str
    file: str
    format: str
    items: int
    repeats: int
    score: float
    failures: Mapping[str, int] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChangedItem:
    """An item on which the two differ.

    Attributes:
        slice: The value of the first slice asked for; empty without one.
    """

    key: str
    a: float
    b: float
    slice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """What both sides cost on the items compared.

    Attributes:
        a_usd: Mean cost of a call of A.
        a_usd_per_success: Cost over successes; None without a success.
        ratio: B's cost per success over A's; None where it does not exist.
        items: Items with a cost on both sides.
        basis: Where the costs come from: the files, or tokens at dated prices.
    """

    a_usd: float
    b_usd: float
    a_usd_per_success: float | None
    b_usd_per_success: float | None
    ratio: Interval | None
    items: int
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """How long both sides took on the items compared.

    Attributes:
        a_seconds: Median of A.
        ratio: B's median over A's.
        items: Items with a latency on both sides.
    """

    a_seconds: float
    b_seconds: float
    ratio: Interval
    items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """B against A on the same items.

    Attributes:
        unit: "pp" where scores are shares, else "score".
        difference: Mean of B minus mean of A, in the unit of the scores.
        naive_se: Standard error if every repeat were independent.
        se: Standard error with repeats of one item, or items of one cluster, kept together.
        clusters: How many units were resampled or counted as independent.
        p_value: Of the hypothesis that the goal denies, consistent with the verdict.
        verdicts: On every goal, by the same interval.
        more_items: How many items in all would decide it with 80% power if the difference is what
            it seems; None if it is decided, or cannot be.
        lost: Items on which B scores lower, the largest fall first.
        gained: Items on which B scores higher, the largest rise first.
        slices: Label -> its slices.
        money: None if a side has no costs.
        speed: None if a side has no latencies.
        left_out: Reason -> items left out.
    """

    settings: CompareSettings
    a: SideSummary
    b: SideSummary
    paired: bool
    unit: Literal["pp", "score"]
    difference: Interval
    method: str
    naive_se: float
    se: float
    clusters: int
    p_value: float
    verdict: Verdict
    verdicts: Mapping[Goal, Verdict]
    more_items: int | None
    lost: tuple[ChangedItem, ...] = ()
    gained: tuple[ChangedItem, ...] = ()
    same: int = 0
    slices: Mapping[str, Slices] = field(default_factory=dict)
    money: Money | None = None
    speed: Speed | None = None
    left_out: Mapping[str, int]
    notes: tuple[str, ...]
