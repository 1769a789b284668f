"""What a replay brought, counted."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from headtohead.trials.replay.answer import Answer, Place

Why = Literal["end", "decided", "ceiling"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a replay is.

    Attributes:
        answered_n: Answers of this run and of earlier ones.
        kept_n: Those of earlier runs among them.
        under_way_n: Calls being asked.
        spent_usd: Spent by all runs of the ledger, what may have been billed included.
        ceiling_usd: The most that may be spent; None for no ceiling.
    """

    answered_n: int
    kept_n: int
    under_way_n: int
    spent_usd: float
    ceiling_usd: float | None


@dataclass(slots=True)
class Outcome:
    """What a replay brought.

    Attributes:
        stopped: Why it ended: "end" of the requests, "decided" by who looked at the answers, or
            the "ceiling" of money.
        asked_n: Calls answered by this run.
        kept_n: Calls whose answers were in the ledger.
        delivered_n: Answers handed over.
        beyond_n: Answers paid for and kept, but not handed over because the run had ended.
        no_messages_n: Calls left out because the log does not hold their messages.
        tries_n: Requests sent.
        doubtful_n: Answers whose tokens are estimates.
        failures: Why answers are unusable -> how many.
        served: Model named by the endpoint -> how many answers.
        left_out: Logged parameters that are not sent -> in how many calls.
        possibly_twice: Calls under way when an earlier run was killed, and asked again; they may
            be billed twice. Empty where the endpoint honours idempotency keys.
        streaming: False if the endpoint did not stream, so that there are no times to the first
            token.
        spent_usd: Cost of the answers of all runs of the ledger; 0 without prices.
        unsure_usd: At most so much more may be billed.
    """

    stopped: Why = "end"
    asked_n: int = 0
    kept_n: int = 0
    delivered_n: int = 0
    beyond_n: int = 0
    no_messages_n: int = 0
    tries_n: int = 0
    doubtful_n: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    served: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    possibly_twice: list[Place] = field(default_factory=list)
    streaming: bool = True
    spent_usd: float = 0.0
    unsure_usd: float = 0.0

    def count(self, answer: Answer, *, kept: bool) -> None:
        """Add one answer, of this run or `kept` by an earlier one."""
        self.kept_n += kept
        self.doubtful_n += answer.usage_doubtful
        self.failures.update(filter(None, [answer.failure]))
        self.served.update(filter(None, [answer.served_model]))
        if not kept:
            self.asked_n += 1
            self.tries_n += answer.tries
            self.spent_usd += answer.cost_usd or 0.0
