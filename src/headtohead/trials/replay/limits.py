"""How fast an endpoint may be asked: at once, per minute, and slower when it says so."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What an endpoint allows.

    Attributes:
        concurrency_n: Requests under way at once.
        requests_per_minute: None for no limit.
        tokens_per_minute: Input and output together; None for no limit.

    Raises:
        ValueError: If a limit is not above 0.
    """

    concurrency_n: int = 8
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None

    def __post_init__(self) -> None:
        if self.concurrency_n < 1:
            raise ValueError(f"{self.concurrency_n} requests at once; at least 1 is needed")
        for rate in (self.requests_per_minute, self.tokens_per_minute):
            if rate is not None and not rate > 0:
                raise ValueError(f"{rate} per minute; a limit is above 0")


class Bucket:
    """A bucket that fills at a steady rate, and from which may be taken what is there.

    It holds what fills in one second, but at least 1, so that a minute never sees more than the
    rate and that much. More than it holds may be taken at once: it then has to fill up from below
    zero.

    Args:
        per_minute: The rate; None for a bucket that is never empty.
        clock: Seconds that never run backwards.

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

    Args:
        limits: What the endpoint allows.
        clock: Seconds that never run backwards.
        sleep: How to wait.

    References:
        Chiu, D.-M., Jain, R. (1989). Analysis of the increase and decrease algorithms for
        congestion avoidance in computer networks. Computer Networks and ISDN Systems 17, 1-14.
        doi:10.1016/0169-7552(89)90019-6
    """

    def __init__(
        self, limits: Limits, clock: Clock = time.monotonic, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._limits = limits
        self._clock, self._sleep = clock, sleep
        self._requests = Bucket(limits.requests_per_minute, clock)
        self._tokens = Bucket(limits.tokens_per_minute, clock)
        self._turn = asyncio.Lock()
        self._room: deque[asyncio.Future[None]] = deque()
        self._until = clock()
        self._good = 0
        self._slowed = -math.inf
        self.under_way_n = 0
        self.allowed_n = limits.concurrency_n

    async def enter(self, tokens: int) -> float:
        """Wait until a request of at most so many tokens may be sent.

        Returns:
            When it was let go, for `slow_down`.
        """
        async with self._turn:
            # Each wait may change what the other waits for.
            while self.under_way_n >= self.allowed_n or self._wait_s(tokens) > 0:
                if self.under_way_n >= self.allowed_n:
                    await self._some_room()
                else:
                    await self._sleep(self._wait_s(tokens))
            self._requests.take(1)
            self._tokens.take(tokens)
            self.under_way_n += 1
            return self._clock()

    def leave(self, tokens: int, used_tokens: int | None) -> None:
        """A request ended: what it did not use of its tokens may be used by others.

        Args:
            tokens: As given to `enter`.
            used_tokens: What it used; None if nobody knows.
        """
        self.under_way_n -= 1
        if used_tokens is not None:
            self._tokens.take(used_tokens - tokens)
        self._wake()

    def speed_up(self) -> None:
        """A request was answered."""
        self._good += 1
        if self._good >= self.allowed_n and self.allowed_n < self._limits.concurrency_n:
            self.allowed_n += 1
            self._good = 0
            self._wake()

    def slow_down(self, sent: float, wait_s: float) -> None:
        """A request was refused for asking too fast.

        Args:
            sent: When it was let go: refusals of one burst count as one.
            wait_s: Seconds for which nothing is to be sent.
        """
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

    async def _some_room(self) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._room.append(future)
        await future

    def _wake(self) -> None:
        while self._room:
            future = self._room.popleft()
            if not future.done():
                future.set_result(None)
