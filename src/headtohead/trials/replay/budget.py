"""A ceiling of money that is never passed: the worst case is set aside before each request."""

import asyncio
import math
from collections import deque
from dataclasses import dataclass
from fractions import Fraction


class CeilingReached(Exception):
    """The worst case of the next request does not fit under the ceiling any more."""


@dataclass(frozen=True, slots=True)
class Held:
    """A receipt: what was set aside, and the worst case that was asked for."""

    amount: int
    worst: int


class Budget:
    """Money spent, money set aside, and who waits for some.

    Whole billionths of a cent are counted, so that no rounding adds up. Requests are served in
    the order in which they ask: a cheap one that overtook a dear one would bias the sample
    towards short requests near the ceiling.

    Args:
        ceiling_usd: The most that may be spent; None for no ceiling.
        spent_usd: What earlier runs spent or may have spent.

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

    async def hold(self, worst_usd: float) -> Held:
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
            return Held(amount, worst)
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
        return Held(amount, worst)

    def settle(self, held: Held, spent_usd: float) -> None:
        """Exchange what was set aside for what was spent.

        Where an endpoint bills more than the worst case, the worst cases to come grow with it.

        Args:
            held: The receipt.
            spent_usd: What the request cost or may have cost, >= 0.
        """
        spent = _units(spent_usd)
        self._held -= held.amount
        self._spent += spent
        if held.worst:
            self._scale = max(self._scale, spent / held.worst)
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


_UNITS = 10**11


def _units(usd: float) -> int:
    if not (usd >= 0 and math.isfinite(usd)):
        raise ValueError(f"{usd} US dollars; an amount is finite and 0 or more")
    return math.ceil(Fraction(usd) * _UNITS)
