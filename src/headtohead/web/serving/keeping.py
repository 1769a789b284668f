"""Finished pages: kept until there is no more room, each made once for all who ask meanwhile."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable

from headtohead.hosting.beside import Beside
from headtohead.hosting.refused import Refused
from headtohead.web.serving.jobs import PageAnswer

_MOST_WAITING = 64
_LONGEST_WAIT_S = 50.0  # what stands between a server and its readers often gives up after 60
_OVERHEAD = 400  # bytes that a page takes beside its body


class KeptPages:
    """Gives pages, and has those made that it does not hold.

    Args:
        beside: Where they are made.
        most_bytes: Of all pages; the one that nobody asked for longest goes first.
    """

    def __init__(self, beside: Beside, most_bytes: int) -> None:
        self._beside, self._most = beside, most_bytes
        self._pages: OrderedDict[Hashable, PageAnswer] = OrderedDict()
        self._bytes = 0
        self._waiting: dict[Hashable, asyncio.Task[PageAnswer]] = {}

    def held(self, job: Callable[..., PageAnswer], *given: Hashable) -> PageAnswer | None:
        """A page that is finished; None if it has to be made."""
        page = self._pages.get((job, given))
        if page:
            self._pages.move_to_end((job, given))
        return page

    def under_way(self, job: Callable[..., PageAnswer], *given: Hashable) -> bool:
        """Whether somebody waits for it already."""
        return (job, given) in self._waiting

    async def of(self, job: Callable[..., PageAnswer], *given: Hashable) -> PageAnswer:
        """A page.

        Raises:
            Refused: If it cannot be made, if too many others are waited for, or if it takes longer
                than a reader waits; it is made all the same, for when they ask again.
        """
        page, key = self.held(job, *given), (job, given)
        if page:
            return page
        if key not in self._waiting:
            if len(self._waiting) >= _MOST_WAITING:
                raise Refused("Too many pages are asked for at once. Try again.", 503, 10.0)
            self._waiting[key] = asyncio.create_task(self._made(job, given))
        # Whoever leaves does not end it for the others.
        try:
            return await asyncio.wait_for(asyncio.shield(self._waiting[key]), _LONGEST_WAIT_S)
        except TimeoutError:
            said = "This page is still being made. Ask for it again in half a minute."
            raise Refused(said, 503, 30.0) from None

    async def _made(
        self, job: Callable[..., PageAnswer], given: tuple[Hashable, ...]
    ) -> PageAnswer:
        try:
            page = await self._beside.do(job, *given)
        finally:
            del self._waiting[job, given]
        if page.kept:
            self._pages[job, given] = page
            self._bytes += len(page.body) + _OVERHEAD
            while self._bytes > self._most:
                _, gone = self._pages.popitem(last=False)
                self._bytes -= len(gone.body) + _OVERHEAD
        return page
