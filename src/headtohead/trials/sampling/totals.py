"""What a log adds up to, by model and class, over every row and not only those drawn."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from headtohead.trials.calls import Call, Usage

# Latencies are counted in bins 5% wide, so that a log of any length fits.
_BIN = math.log(1.05)


@dataclass(slots=True)
class Totals:
    """Sums over the calls of one model in one class.

    Attributes:
        calls_n: Calls.
        failed_n: Calls with a failure.
        counted_n: Calls whose tokens are known; the tokens are sums over these.
        input_tokens: As `Usage`.
        cache_read_tokens: As `Usage`.
        cache_write_tokens: As `Usage`.
        output_tokens: As `Usage`.
        reasoning_tokens: As `Usage`.
        priced_n: Calls whose cost the log knows.
        cost_usd: Their sum.
        timed_n: Calls whose latency is known.
        latency_seconds: Their sum.
    """

    calls_n: int = 0
    failed_n: int = 0
    counted_n: int = 0
    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    priced_n: int = 0
    cost_usd: float = 0.0
    timed_n: int = 0
    latency_seconds: float = 0.0
    _bins: dict[int, int] = field(default_factory=dict)

    def add(self, call: Call) -> None:
        """Count one more call."""
        self.calls_n += 1
        if call.failure:
            self.failed_n += 1
        if call.usage is not None:
            self._tokens(call.usage, 1)
        if call.cost_usd is not None:
            self.priced_n += 1
            self.cost_usd += call.cost_usd
        latency = call.latency_s
        if latency is not None and latency >= 0:
            self.timed_n += 1
            self.latency_seconds += latency
            where = math.floor(math.log(max(latency, 1e-6)) / _BIN)
            self._bins[where] = self._bins.get(where, 0) + 1

    def join(self, other: "Totals") -> None:
        """Count all calls of another sum too."""
        self.calls_n += other.calls_n
        self.failed_n += other.failed_n
        self._tokens(
            Usage(
                input_tokens=other.input_tokens,
                cache_read_tokens=other.cache_read_tokens,
                cache_write_tokens=other.cache_write_tokens,
                output_tokens=other.output_tokens,
                reasoning_tokens=other.reasoning_tokens,
            ),
            other.counted_n,
        )
        self.priced_n += other.priced_n
        self.cost_usd += other.cost_usd
        self.timed_n += other.timed_n
        self.latency_seconds += other.latency_seconds
        for where, n in other._bins.items():
            self._bins[where] = self._bins.get(where, 0) + n

    def latency_quantile(self, share: float) -> float | None:
        """The latency in seconds that this share of calls stays below, to within 5%.

        Args:
            share: Inside [0, 1]; 0.5 gives the median.
        """
        if not 0 <= share <= 1:
            raise ValueError(f"the share is {share}; it must lie between 0 and 1")
        passed, wanted = 0, share * self.timed_n
        for where in sorted(self._bins):
            passed += self._bins[where]
            if passed >= wanted:
                return math.exp((where + 0.5) * _BIN)
        return None

    def _tokens(self, usage: Usage, n: int) -> None:
        self.counted_n += n
        self.input_tokens += usage.input_tokens
        self.cache_read_tokens += usage.cache_read_tokens
        self.cache_write_tokens += usage.cache_write_tokens
        self.output_tokens += usage.output_tokens
        self.reasoning_tokens += usage.reasoning_tokens


TotalsBy = dict[tuple[str, str], Totals]


def renamed(totals: TotalsBy, names: Mapping[str, str]) -> TotalsBy:
    """The same sums with classes put together under new names."""
    made: TotalsBy = {}
    for (model, klass), total in totals.items():
        made.setdefault((model, names.get(klass, klass)), Totals()).join(total)
    return made
