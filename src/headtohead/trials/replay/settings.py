"""How fast an endpoint is asked, and how long it is waited for, wherever models are asked."""

from dataclasses import dataclass

from headtohead.core.settings import check_choices, option
from headtohead.trials.words import at_least


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointPace:
    """How fast endpoints are asked, and for how much money.

    Raises:
        InputError: If a choice lies outside its range.
    """

    max_usd: float | None = option(
        None,
        metavar="USD",
        help="The most that answers may cost; it stops before.",
    )
    requests_per_minute: float | None = option(
        None, flag="--rpm", metavar="N", help="Requests a minute that an endpoint allows."
    )
    tokens_per_minute: float | None = option(
        None, flag="--tpm", metavar="N", help="Tokens a minute that it allows."
    )
    timeout_seconds: float = option(
        120.0, flag="--timeout", metavar="SECONDS", help="Longest wait for an answer's first byte."
    )
    wait_most_seconds: float = option(
        600.0,
        flag="--wait-most",
        metavar="SECONDS",
        help="Longest wait for an endpoint that gives no answer; then exit 75, to go on later.",
    )

    def __post_init__(self) -> None:
        check_choices(self)
        at_least(self, timeout_seconds=1, wait_most_seconds=0, max_usd=0.0001)
        # Below these a run would ask nothing, or for days.
        at_least(self, requests_per_minute=1, tokens_per_minute=1000)
