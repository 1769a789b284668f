"""Runs a replay in a test: quick waits, answers collected."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from headtohead.logs.calls import Call
from headtohead.prices.rates import Rates
from headtohead.trials.replay.client import Endpoint
from headtohead.trials.replay.limits import Settings
from headtohead.trials.replay.replay import ReplayOutcome, replay
from headtohead.trials.replay.wire import Completion

RATES = Rates(input_usd_per_mtok=1.0, output_usd_per_mtok=10.0)


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
