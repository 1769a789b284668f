"""Keeps what was seen of each item, and asks the sequential test after every one."""

import math
from collections import Counter

from headtohead.core.interval import Interval
from headtohead.trials.sequential import Plan, Sequential
from headtohead.trials.switching.result import Quality, Seen

_METHOD = (
    "confidence sequence by betting: it holds at every moment, so stopping when decided is allowed"
)


class Tally:
    """Items in the order of the sample.

    Args:
        margin: How much worse B may be, inside (0, 1).
        level: Coverage of the interval.
        bound: The largest size of a weighted difference.
        early: Whether the trial may end as soon as it is decided.
    """

    def __init__(self, margin: float, level: float, bound: float, *, early: bool = True) -> None:
        self.seen: list[Seen] = []
        self.left_out: Counter[str] = Counter()
        self.early = early
        self._test = Sequential(Plan(margin=margin, level=level, bound=bound))

    def add(self, item: Seen) -> bool:
        """Keep an item; True if the trial may end."""
        self.seen.append(item)
        difference = item.weight * (item.b - item.a)
        state = self._test.add(max(-self._test.plan.bound, min(self._test.plan.bound, difference)))
        return self.early and state.verdict != "undecided"

    def leave_out(self, reason: str) -> bool:
        """Count an item that could not be scored; it never ends the trial."""
        self.left_out[reason] += 1
        return False

    def quality(self) -> Quality:
        """Where the test stands."""
        state = self._test.state
        more = self._test.needed()
        return Quality(
            difference=_inside(state.interval),
            verdict=state.verdict,
            decided_at=state.first_decided_at,
            needed=math.ceil(more) if math.isfinite(more) and more > 0 else None,
            method=_METHOD,
        )


def _inside(interval: Interval) -> Interval:
    """Cut to -1 and 1: weighted observations may leave them, their mean may not."""
    low, high = max(-1.0, interval.low), min(1.0, interval.high)
    return Interval(min(max(interval.value, low), high), low, high)
