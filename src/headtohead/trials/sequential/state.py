"""What is known after so many items."""

from dataclasses import dataclass

from headtohead.core.interval import Interval
from headtohead.trials.paired.differences import Verdict


@dataclass(frozen=True, slots=True)
class State:
    """Where a sequential test stands.

    Attributes:
        n: Observations so far.
        estimate: Their mean, nan before the first. At a stop it leans away from the margin, as
            every estimate that is read when it looks decided.
        low: Lower end: no difference below it is left, at any time, with the error of a verdict.
        high: Upper end.
        verdict: "yes" exactly if low > -margin, "no" exactly if high < -margin, else
            "undecided". It never changes again once it has fallen.
        first_decided_at: How many observations the verdict took, None while undecided.
        log_wealth_yes: Evidence for "yes" now, as the log of a betting score.
        log_wealth_no: Evidence for "no" now.
        gave_up_at: After how many observations the planned difference was refuted without a
            verdict, None if that was not asked for or has not happened.
    """

    n: int
    estimate: float
    low: float
    high: float
    verdict: Verdict
    first_decided_at: int | None
    log_wealth_yes: float
    log_wealth_no: float
    gave_up_at: int | None

    @property
    def interval(self) -> Interval:
        """The ends, with the estimate moved to the nearer one where it lies outside.

        Before the first observation the value is the middle.
        """
        value = self.estimate if self.n else (self.low + self.high) / 2
        return Interval(min(max(value, self.low), self.high), self.low, self.high)

    @property
    def stopped(self) -> bool:
        """Whether there is a verdict, or the test gave up."""
        return self.verdict != "undecided" or self.gave_up_at is not None
