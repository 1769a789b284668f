"""What questions about a gap that closes share: which share of it closed."""

from headtohead.core.estimate import Interval
from headtohead.stats.intervals import ratio


def share_closed(first: Interval, last: Interval) -> Interval:
    """One less the later gap over the earlier one; unbounded where the earlier may have been none.

    Both are leads of one side, above 0 while it leads; 1 is closed, above 1 overtaken.
    """
    if first.low <= 0 or last.low < 0:
        value = 1 - last.value / first.value
        if first.low <= 0:
            return Interval(value, float("-inf"), float("inf"))
        return Interval(value, 1 - max(last.high, 0) / first.low, 1 - last.low / first.low)
    kept = ratio(first, last)
    return Interval(1 - kept.value, 1 - kept.high, 1 - kept.low)
