"""How a replay is run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from headtohead.trials.replay.limits import Limits


@dataclass(frozen=True, slots=True)
class Settings:
    """How a replay is run.

    Attributes:
        limits: What the endpoint allows.
        ceiling_usd: The most that this and earlier runs of the ledger may cost together, what may
            have been billed included; None for no ceiling.
        cap_tokens: The longest answer where the log names none.
        params: Parameters that replace the logged ones; None takes one away.
        in_order: Hand answers over in the order of the requests, so that fast answers, which may
            be better or worse than slow ones, do not come first to whoever decides to stop.
        ahead_n: How many requests may be asked beyond the first unanswered one, as a multiple of
            the concurrency; what is asked beyond a stop is paid for and not looked at.
        tries_n: Requests for one call before it counts as unanswered.
        patience_n: Refusals for asking too fast before it counts as unanswered.
        backoff_s: Seconds before the second try; doubled from try to try.
        backoff_most_s: The longest such wait.
        retry_after_most_s: The longest wait that an endpoint may ask for; above, the run stops.
        resend_broken: Ask again for an answer that broke off, and pay twice.
        give_up_n: Calls in a row without an answer after which the run stops.

    Raises:
        ValueError: If a setting is out of range.
    """

    limits: Limits = field(default_factory=Limits)
    ceiling_usd: float | None = None
    cap_tokens: int = 4096
    params: Mapping[str, Any] = field(default_factory=dict)
    in_order: bool = True
    ahead_n: int = 4
    tries_n: int = 5
    patience_n: int = 20
    backoff_s: float = 1.0
    backoff_most_s: float = 60.0
    retry_after_most_s: float = 600.0
    resend_broken: bool = False
    give_up_n: int = 10

    def __post_init__(self) -> None:
        for name in ("cap_tokens", "ahead_n", "tries_n", "patience_n", "give_up_n"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1")
        for name in ("backoff_s", "backoff_most_s", "retry_after_most_s"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be 0 or more")
        if self.ceiling_usd is not None and not self.ceiling_usd >= 0:
            raise ValueError(f"the ceiling is {self.ceiling_usd} US dollars; it must be 0 or more")
