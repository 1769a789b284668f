"""How a replay is run: how fast, how often, and for how much money, which is never passed."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]
_UNITS = 10**11  # billionths of a cent


@dataclass(frozen=True, slots=True)
class Settings:
    """How a replay is run.

    Attributes:
        concurrency_n: Requests under way at once.
        requests_per_minute: None for no limit.
        tokens_per_minute: Input and output together; None for no limit.
        ceiling_usd: The most that this and earlier runs of the ledger may cost together, what may
            have been billed included; None for no ceiling.
        cap_tokens: The longest answer where the log names none.
        params: Parameters that replace the logged ones; None takes one away.
        ahead_n: How many requests may be asked beyond the first unanswered one, as a multiple of
            the concurrency; what is asked beyond a stop is paid for and not looked at.
        attempts_n: Requests for one call before it counts as unanswered.
        patience_n: Refusals for asking too fast before it counts as unanswered.
        backoff_s: Seconds before the second attempt; doubled from attempt to attempt.
        backoff_most_s: The longest such wait.
        wait_most_s: The longest wait without an answer in between; above, the run stops.
        give_up_n: Calls in a row without an answer after which the run stops.

    Raises:
        ValueError: If a setting is out of range.
    """

    concurrency_n: int = 8
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    ceiling_usd: float | None = None
    cap_tokens: int = 4096
    params: Mapping[str, Any] = field(default_factory=dict)
    ahead_n: int = 4
    attempts_n: int = 5
    patience_n: int = 20
    backoff_s: float = 1.0
    backoff_most_s: float = 60.0
    wait_most_s: float = 600.0
    give_up_n: int = 10

    def __post_init__(self) -> None:
        for rate in (self.requests_per_minute, self.tokens_per_minute):
            if rate is not None and not rate > 0:
                raise ValueError(f"{rate} per minute; a limit is above 0")
        for name in (
            "concurrency_n",
            "cap_tokens",
            "ahead_n",
            "attempts_n",
            "patience_n",
            "give_up_n",
        ):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1")
        for name in ("backoff_s", "backoff_most_s", "wait_most_s"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be 0 or more")
        if self.ceiling_usd is not None and not self.ceiling_usd >= 0:
            raise ValueError(f"the ceiling is {self.ceiling_usd} US dollars; it must be 0 or more")


class Bucket:
    """A bucket that fills at a steady rate, and from which may be taken what is there.

    It holds what fills in one second, but at least 1, so that a minute never sees more than the
    rate and that much. More than it holds may be taken at once: it then has to fill up from below
    zero.

    Without a rate it is never empty.

    References:
        Turner, J. S. (1986). New directions in communications (or which way to the information
        age?). IEEE Communications Magazine 24(10), 8-15. doi:10.1109/MCOM.1986.1092946
    """

    def __init__(self, per_minute: float | None, clock: Clock) -> None:
        self._rate = None if per_minute is None else per_minute / 60.0
        self._most = max(1.0, self._rate or 0.0)
        self._level = self._most
        self._clock = clock
        self._seen = clock()

    def wait_s(self, amount: float) -> float:
        """Seconds until so much may be taken; 0 if now."""
        if self._rate is None:
            return 0.0
        now = self._clock()
        self._level = min(self._most, self._level + (now - self._seen) * self._rate)
        self._seen = now
        lacking = min(amount, self._most) - self._level
        # A float's rounding must not make anyone wait for a billionth of a second for ever.
        return 0.0 if lacking <= 1e-9 * self._most else lacking / self._rate

    def take(self, amount: float) -> None:
        """Take so much, or give back a negative amount."""
        self._level -= amount


class Throttle:
    """Lets requests go, in the order in which they come.

    A refusal for asking too fast (429) halves how many may be under way, and stops all of them
    until the endpoint's time is over; each full round of answers then adds one again.

    References:
        Chiu, D.-M., Jain, R. (1989). Analysis of the increase and decrease algorithms for
        congestion avoidance in computer networks. Computer Networks and ISDN Systems 17, 1-14.
        doi:10.1016/0169-7552(89)90019-6
    """

    def __init__(
        self, settings: Settings, clock: Clock = time.monotonic, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._most = settings.concurrency_n
        self._clock, self._sleep = clock, sleep
        self._requests = Bucket(settings.requests_per_minute, clock)
        self._tokens = Bucket(settings.tokens_per_minute, clock)
        self._turn = asyncio.Lock()
        self._room: deque[asyncio.Future[None]] = deque()
        self._until = clock()
        self._good = 0
        self._slowed = -math.inf
        self.under_way_n = 0
        self.allowed_n = settings.concurrency_n

    async def enter(self, tokens: int) -> float:
        """Wait until a request of at most so many tokens may be sent.

        Returns:
            When it was let go, for `slow_down`.
        """
        async with self._turn:
            # Each wait may change what the other waits for.
            while self.under_way_n >= self.allowed_n or self._wait_s(tokens) > 0:
                if self.under_way_n >= self.allowed_n:
                    room: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                    self._room.append(room)
                    await room
                else:
                    await self._sleep(self._wait_s(tokens))
            self._requests.take(1)
            self._tokens.take(tokens)
            self.under_way_n += 1
            return self._clock()

    def leave(self, tokens: int, used_tokens: int | None) -> None:
        """A request ended: what it did not use of its tokens may be used by others.

        `tokens` is as given to `enter`; `used_tokens` is None if nobody knows.
        """
        self.under_way_n -= 1
        if used_tokens is not None:
            self._tokens.take(used_tokens - tokens)
        self._wake()

    def speed_up(self) -> None:
        """A request was answered."""
        self._good += 1
        if self._good >= self.allowed_n and self.allowed_n < self._most:
            self.allowed_n += 1
            self._good = 0
            self._wake()

    def slow_down(self, sent: float, wait_s: float) -> None:
        """A request let go at `sent` was refused as too fast; refusals of a burst count once."""
        now = self._clock()
        self._until = max(self._until, now + wait_s)
        self._good = 0
        if sent > self._slowed:
            self._slowed = now
            self.allowed_n = max(1, self.allowed_n // 2)

    def _wait_s(self, tokens: int) -> float:
        return max(
            self._until - self._clock(), self._requests.wait_s(1), self._tokens.wait_s(tokens)
        )

    def _wake(self) -> None:
        while self._room:
            future = self._room.popleft()
            if not future.done():
                future.set_result(None)


class CeilingReached(Exception):
    """The worst case of the next request does not fit under the ceiling any more."""


Reservation = tuple[int, int]  # a receipt: what was set aside, and the worst case asked for


class Budget:
    """Money spent, money set aside, and who waits for some.

    Whole billionths of a cent are counted, so that no rounding adds up. Requests are served in
    the order in which they ask: a cheap one that overtook a dear one would bias the sample
    towards short requests near the ceiling.

    Raises:
        ValueError: If the ceiling is negative or not a number.
    """

    def __init__(self, ceiling_usd: float | None, spent_usd: float = 0.0) -> None:
        if ceiling_usd is not None and not ceiling_usd >= 0:
            raise ValueError(f"the ceiling is {ceiling_usd} US dollars; it must be 0 or more")
        unbounded = ceiling_usd is None or math.isinf(ceiling_usd)
        self._ceiling = None if unbounded else math.floor(Fraction(ceiling_usd or 0.0) * _UNITS)
        self._spent = _units(spent_usd)
        self._held = 0
        self._scale = 1.0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self.closed = False

    @property
    def spent_usd(self) -> float:
        """Spent so far, what may have been billed included."""
        return self._spent / _UNITS

    @property
    def held_usd(self) -> float:
        """Set aside for requests under way."""
        return self._held / _UNITS

    async def hold(self, worst_usd: float) -> Reservation:
        """Set the worst case of a request aside, waiting for requests under way if need be.

        Returns:
            A receipt for `settle`.

        Raises:
            CeilingReached: If it would not fit even after all requests under way cost nothing.
        """
        amount, worst = _units(worst_usd * self._scale), _units(worst_usd)
        if self.closed:
            raise CeilingReached
        if not self._waiting and self._fits(amount):
            self._held += amount
            return amount, worst
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((amount, future))
        self._serve()
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                self._held -= amount
            self._serve()
            raise
        return amount, worst

    def settle(self, held: Reservation, spent_usd: float) -> None:
        """Exchange what was set aside for what was spent.

        Where an endpoint bills more than the worst case, the worst cases to come grow with it.
        """
        (amount, worst), spent = held, _units(spent_usd)
        self._held -= amount
        self._spent += spent
        if worst:
            self._scale = max(self._scale, spent / worst)
        self._serve()

    def _fits(self, amount: int) -> bool:
        return self._ceiling is None or self._spent + self._held + amount <= self._ceiling

    def _serve(self) -> None:
        while self._waiting:
            amount, future = self._waiting[0]
            if future.done():
                self._waiting.popleft()
            elif not self.closed and self._fits(amount):
                self._waiting.popleft()
                self._held += amount
                future.set_result(None)
            elif self.closed or not self._held:
                self.closed = True
                self._waiting.popleft()
                future.set_exception(CeilingReached())
            else:
                return


def _units(usd: float) -> int:
    if not (usd >= 0 and math.isfinite(usd)):
        raise ValueError(f"{usd} US dollars; an amount is finite and 0 or more")
    return math.ceil(Fraction(usd) * _UNITS)
