"""Runs a replay in a test: quick waits, answers collected."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headtohead.logs.calls import Call
from headtohead.prices.rates import Rates
from headtohead.trials.replay import client
from headtohead.trials.replay import replay as replaying
from headtohead.trials.replay.client import Endpoint
from headtohead.trials.replay.limits import Settings, Throttle
from headtohead.trials.replay.replay import Asker, ReplayOutcome, replay
from headtohead.trials.replay.wire import Completion

RATES = Rates(input_usd_per_mtok=1.0, output_usd_per_mtok=10.0)


class SkippingClock:
    """Time that passes only while someone sleeps, and then at once."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds
        await asyncio.sleep(0)


def by_skipping_clock(
    patch: pytest.MonkeyPatch, throttle: type[Throttle] = Throttle
) -> SkippingClock:
    """The clock by which all replays are timed, wait and send again from now on."""
    clock = SkippingClock()
    for module in (client, replaying):
        patch.setattr(module, "time", clock)
    timed = partial(throttle, clock=clock.monotonic, sleep=clock.sleep)
    patch.setattr(replaying, "Throttle", timed)
    patch.setattr(replaying, "Asker", partial(Asker, sleep=clock.sleep))
    return clock


@dataclass
class RepeatedReplay:
    """A replay that can be repeated on the same ledger."""

    endpoint: Endpoint
    ledger: Path
    settings: dict[str, Any] = field(default_factory=dict)
    rates: Rates | None = RATES
    answers: list[Completion] = field(default_factory=list)
    enough: Callable[[Completion], bool] = lambda answer: False

    def __call__(
        self, calls: Iterable[Call], *, asking: bool = True, **settings: Any
    ) -> ReplayOutcome:
        said = {"backoff_s": 0.002, "cap_tokens": 50, **self.settings, **settings}
        self.answers.clear()
        return asyncio.run(
            replay(
                calls,
                self.endpoint,
                self.ledger,
                self._take,
                rng=np.random.default_rng(1),
                rates=self.rates,
                settings=Settings(**said),
                asking=asking,
            )
        )

    def one(self, call: Call, **settings: Any) -> Completion:
        """The answer to a single call."""
        self([call], **settings)
        return self.answers[0]

    def _take(self, call: Call, answer: Completion) -> bool:
        assert call.key == answer.key
        self.answers.append(answer)
        return self.enough(answer)
