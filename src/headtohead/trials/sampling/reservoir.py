"""A uniform sample of a stream of unknown length."""

import math
from typing import TYPE_CHECKING

from headtohead.trials.calls import Call

if TYPE_CHECKING:
    import numpy as np


class Reservoir:
    """A uniform sample of a stream, by Li's algorithm L: most rows cost one comparison.

    Args:
        size: Most rows kept.
        rng: Source of randomness.

    Attributes:
        rows: What is kept: place in the log, and call.
        seen_n: Rows offered so far.

    References:
        Li, K.-H. (1994). Reservoir-sampling algorithms of time complexity O(n(1 + log(N/n))).
        ACM TOMS 20, 481-493. doi:10.1145/198429.198435
    """

    def __init__(self, size: int, rng: "np.random.Generator") -> None:
        self.rows: list[tuple[int, Call]] = []
        self.seen_n = 0
        self._size, self._rng = size, rng
        self._next, self._w = size, 1.0

    def offer(self, row: int, call: Call) -> None:
        """Keep this row, or not."""
        at, self.seen_n = self.seen_n, self.seen_n + 1
        if at < self._size:
            self.rows.append((row, call))
            if self.seen_n == self._size:
                self._skip()
        elif at == self._next:
            self.rows[int(self._rng.integers(self._size))] = row, call
            self._skip()

    def _skip(self) -> None:
        self._w *= math.exp(math.log(1 - self._rng.random()) / self._size)
        gap = math.log(1 - self._rng.random()) / math.log1p(-self._w)
        self._next = max(self._next, self.seen_n) + math.floor(gap)
