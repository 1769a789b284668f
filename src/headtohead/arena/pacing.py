"""Two answers shown at one pace, so that speed does not give a model away.

What is equalised. Nothing is shown before both answers have begun. From then on both show the same
number of characters at any time, released at a regular tick: as many as both have, and at most at
one speed. So neither a late first token, nor a slow model, nor long or short pieces can be told to
be those of one side: where one falters, both do. Once the shorter answer is shown in full, the
longer goes on at nine tenths of the speed that both had until then, so that its own speed does not
show either.

What it costs. The voter waits for the later of the two first tokens, and reads at the speed of the
slower model. An answer is shown at no more than `ShowingPace.chars_per_s`.

What is still seen: how long each answer is; and where both were slower than
`ShowingPace.slowest`, that the longer answer goes on faster than both did, so that the shorter was
the slow one. Without that floor, a model that writes a word a second would hold up the other's
thousand.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

# A little below the speed that both had, so that a model of just that speed does not falter alone.
_WITHOUT_PAUSES = 0.9


@dataclass(frozen=True, slots=True)
class ShowingPace:
    """How fast two answers are shown.

    Attributes:
        chars_per_s: The highest speed of each, in characters a second. People read about 25.
        slowest: The lowest speed at which the longer answer goes on after the other's end.
        tick_s: Seconds between two releases.
    """

    chars_per_s: float = 250.0
    slowest: float = 30.0
    tick_s: float = 0.1


class Release(NamedTuple):
    """What is shown next.

    Attributes:
        left: New text of the left answer; empty for none.
        right: New text of the right answer; empty for none.
        ended: Whether each is now shown in full, left first.
    """

    left: str
    right: str
    ended: tuple[bool, bool]


class Pacer:
    """Decides what may be shown; knows no clock, and is told the time.

    Times are seconds of any clock that does not go back.
    """

    def __init__(self, pace: ShowingPace) -> None:
        self._pace = pace
        self._texts = ["", ""]
        self._whole = [False, False]
        self._shown = [0, 0]
        self._begun_at: float | None = None
        self._last_at = 0.0
        self._speed = pace.chars_per_s
        self._room = 0.0

    @property
    def begun(self) -> bool:
        """Whether both answers have text, or ended without."""
        return all(text or whole for text, whole in zip(self._texts, self._whole, strict=True))

    @property
    def over(self) -> bool:
        """Whether both answers are shown in full."""
        return all(self._ended(side) for side in (0, 1))

    def add(self, side: int, text: str) -> None:
        """Take what came of one answer, 0 for the left."""
        self._texts[side] += text

    def end(self, side: int) -> None:
        """Take note that an answer is whole."""
        self._whole[side] = True

    def release(self, now: float) -> Release:
        """What may be shown at a time, besides what was released before."""
        if not self.begun:
            return Release("", "", (False, False))
        if self._begun_at is None:
            # The first characters are shown at once.
            self._begun_at, self._last_at = now, now - self._pace.tick_s
        # What could not be shown is not made up for: a burst would tell of the pause before it.
        self._room = self._room % 1 + self._speed * (now - self._last_at)
        self._last_at = now
        going = [side for side in (0, 1) if not self._ended(side)]
        ready = min((len(self._texts[side]) - self._shown[side] for side in going), default=0)
        count = min(int(self._room), ready)
        pieces = ["", ""]
        for side in going:
            start = self._shown[side]
            pieces[side] = self._texts[side][start : start + count]
            self._shown[side] += count
        self._room = self._room - count if count == int(self._room) else 0.0
        ended = (self._ended(0), self._ended(1))
        if len(going) == 2 and ended in ((True, False), (False, True)):
            self._go_on(now)
        return Release(pieces[0], pieces[1], ended)

    def _ended(self, side: int) -> bool:
        return self._whole[side] and self._shown[side] == len(self._texts[side])

    def _go_on(self, now: float) -> None:
        """Keep about the speed that both had, for the one that goes on alone."""
        assert self._begun_at is not None
        lasted = now - self._begun_at + self._pace.tick_s
        speed = _WITHOUT_PAUSES * min(self._shown) / lasted
        self._speed = min(self._pace.chars_per_s, max(self._pace.slowest, speed))


async def equalised(
    left: AsyncIterator[str], right: AsyncIterator[str], pace: ShowingPace = ShowingPace()
) -> AsyncIterator[Release]:
    """Two answers as they may be shown, until both are shown in full.

    An answer that is read as fast as it comes, such as a recorded one, is shown at the pace of the
    other. Both are read to their end as fast as they come, whatever the pace; leaving ends both.

    Args:
        left: Its pieces of text; what it raises is raised here.
        right: As `left`.
        pace: How fast both are shown.
    """
    pacer, news = Pacer(pace), asyncio.Event()
    loop = asyncio.get_running_loop()

    async def read(side: int, pieces: AsyncIterator[str]) -> None:
        async for piece in pieces:
            pacer.add(side, piece)
            news.set()
        pacer.end(side)

    readers = [asyncio.create_task(read(side, it)) for side, it in enumerate((left, right))]
    for reader in readers:
        reader.add_done_callback(lambda _: news.set())
    try:
        while not pacer.begun:
            await news.wait()
            news.clear()
            _raise_failure(readers)
        due, before = loop.time(), (False, False)
        while not pacer.over:
            _raise_failure(readers)
            shown = pacer.release(loop.time())
            if shown.left or shown.right or shown.ended != before:
                before = shown.ended
                yield shown
            due += pace.tick_s
            await asyncio.sleep(due - loop.time())
    finally:
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)


def _raise_failure(readers: Sequence[asyncio.Task[None]]) -> None:
    for reader in readers:
        if reader.done():
            reader.result()
