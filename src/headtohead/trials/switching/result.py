"""What a trial of a switch gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from headtohead.core.estimate import Interval
from headtohead.trials.judging.bias import Agreement, BothOrders, LengthBias, SelfPreference
from headtohead.trials.judging.powered_mean import PoweredMean
from headtohead.trials.paired.differences import Verdict
from headtohead.trials.paired.joint import Slices
from headtohead.trials.replay.client import OperatorTerms
from headtohead.trials.replay.replay import ReplayOutcome
from headtohead.trials.switching.settings import Means

Why = Literal["decided", "end", "ceiling", "votes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredItem:
    """One item that was replayed and scored.

    Attributes:
        weight: How many requests of the log it stands for, relative to others.
        a: A's score, 0 to 1; 0 where preferences are told.
        b: B's score, or the preference for B, -1 to 1.
        a_failure: Why A's answer could not be used; empty if it could.
        a_usd: What A's call costs; None if unknown.
        a_seconds: A's latency; None if unknown.
    """

    key: str
    task: str
    weight: float
    a: float
    b: float
    a_failure: str = ""
    b_failure: str = ""
    a_usd: float | None = None
    b_usd: float | None = None
    a_seconds: float | None = None
    b_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How much better B is.

    Attributes:
        difference: B minus A (or the net preference for B); an interval that holds at any stop,
            unless people's votes decide.
        decided_at: After how many items; None if undecided.
        needed: How many more items a verdict takes if things go on as seen; None if no number.
    """

    difference: Interval
    verdict: Verdict
    decided_at: int | None
    needed: int | None
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Savings:
    """What a thousand requests like those of the log cost.

    Attributes:
        saved_usd: A minus B; below 0 where B is dearer.
        ratio: B over A; None where A costs nothing.
        per_success: B's cost per success over A's; None where scores are preferences.
    """

    a_usd: float
    b_usd: float
    saved_usd: Interval
    ratio: Interval | None
    items: int
    basis: str
    per_success: Interval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """How far the judge may be believed.

    Attributes:
        judged: Pairs judged in both orders.
        unreadable: Verdicts that could not be read, of two for each pair.
        length: Bias towards longer answers; None if lengths do not vary.
        own: Bias towards its own family; None where neither answer is of it.
        agreement: With people's votes; None without.
        powered: People's preference, sharpened by the judge; None without enough votes.
    """

    model: str
    judged: int
    unreadable: int
    position: BothOrders | None
    length: LengthBias | None
    own: SelfPreference | None
    agreement: Agreement | None
    powered: PoweredMean | None
    usd: float | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointNotes:
    """Where requests would go, as far as it is known."""

    address: str
    terms: OperatorTerms
    operator: str = ""
    operator_country: str = ""
    lab: str = ""
    lab_country: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """Whether B may take over A's traffic.

    Attributes:
        margin: How much worse B may be, as a fraction.
        log_rows: Requests of A in the log.
        classes: As seen at the stop; None before the first item.
        failures: Kind -> (A, B), how many of the scored items.
        savings: None if a price is unknown.
        latency: (A's median seconds, B's, B over A); None with too few.
        judging: None without a judge.
        spent: Of the candidate's replay; its money includes the judge's.
        ballot: A ballot that waits for votes; empty if none does.
    """

    a: str
    b: str
    means: Means
    scorer: str
    margin: float
    level: float
    quality: Quality
    stopped: Why
    items: int
    log_rows: int
    left_out: Mapping[str, int]
    classes: Slices | None
    failures: Mapping[str, tuple[int, int]]
    savings: Savings | None
    latency: tuple[float, float, Interval] | None
    judging: Judging | None
    endpoint: EndpointNotes
    spent: ReplayOutcome
    notes: tuple[str, ...] = field(default=())
    ballot: str = ""
