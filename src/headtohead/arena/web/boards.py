"""The leaderboard page, which follows the votes, and its downloads."""

import asyncio
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeVar

from litestar import Request, Response, get
from litestar.enums import MediaType

from headtohead.arena.board import BoardView, Meeting, board_of
from headtohead.arena.settings import BoardAsk
from headtohead.arena.store.store import ArenaStore, VoteRefused
from headtohead.arena.style import STYLES
from headtohead.arena.web.doors import arena_of, voter_of
from headtohead.arena.web.pages import page
from headtohead.arena.web.running import RunningArena
from headtohead.core.errors import InputError
from headtohead.ratings.grouping import GROUPS

Asked = Request[Any, Any, Any]
T = TypeVar("T")
GROUP_WORDS = {
    "country": "by country of the lab",
    "open": "by open or closed weights",
    "lab": "by lab",
    "family": "by family of models",
}
_NOBODY = "-"  # no voter's id: whoever asks has not been at the voting page
_MOST_KEPT, _MOST_REPORTS, _MOST_WAITING = 100, 8, 50
_LONGEST_PAUSE_S = 1.0  # after each board; else as long as it took
_POLICY = re.compile(r'http-equiv="Content-Security-Policy" content="([^"]+)"')


def _ask(request: Asked) -> BoardAsk:
    """What the address of the page asks for.

    Raises:
        VoteRefused: If it asks for what there is not.
    """
    given: Mapping[str, str] = request.query_params
    voter = voter_of(request)
    group, until = given.get("group", ""), given.get("until", "")
    if group and group not in GROUPS:
        raise VoteRefused(f"Models are put together by {', '.join(GROUPS)}.", 400)
    try:
        day = date.fromisoformat(until) if until else None
    except ValueError:
        raise VoteRefused("A day is written as 2026-11-29.", 400) from None
    return BoardAsk(
        category=given.get("category", ""),
        voter=(voter.id if voter else _NOBODY) if given.get("mine") else "",
        until=day,
        style=bool(given.get("style")),
        trusted=bool(given.get("trusted")),
        group=group,
    )


class Boards:
    """The leaderboards that are shown, each made once for all who ask at the same time.

    They are made one after another, with pauses, so that voters need not wait for those who look.
    """

    def __init__(self) -> None:
        self._kept: dict[BoardAsk, tuple[int, BoardView]] = {}
        self._reports: dict[BoardAsk, tuple[BoardView, str]] = {}
        self._waiting: dict[BoardAsk, asyncio.Task[BoardView]] = {}
        self._one_at_a_time = asyncio.Lock()
        self._next_s = 0.0

    async def view(self, arena: RunningArena, ask: BoardAsk) -> BoardView:
        """A board that holds every vote which was there when it was asked for.

        Raises:
            InputError: If there is no such category or group.
            VoteRefused: If too many different ones are asked for.
        """
        stamp, view = self._kept.get(ask, (-1, None))
        if view is not None and stamp == arena.store.changes():
            return view
        if ask not in self._waiting:
            if len(self._waiting) >= _MOST_WAITING:
                raise VoteRefused("Too many leaderboards are asked for. Try again later.", 503)
            self._waiting[ask] = asyncio.create_task(self._made(arena, ask))
        # Whoever leaves does not end it for the others.
        return await asyncio.shield(self._waiting[ask])

    async def _made(self, arena: RunningArena, ask: BoardAsk) -> BoardView:
        def made() -> BoardView:
            store = ArenaStore(arena.settings.database)  # a connection is of one thread
            try:
                return board_of(store, arena.settings, ask)
            finally:
                store.close()

        async with self._one_at_a_time:
            await self._pause()
            # Who asks from now on may know of votes that this one misses.
            del self._waiting[ask]
            stamp = arena.store.changes()
            view = await self._worked(made)
        _keep(self._kept, ask, (stamp, view), _MOST_KEPT)
        return view

    async def report(self, arena: RunningArena, ask: BoardAsk) -> str:
        """The report on a board, as a page of its own."""
        view = await self.view(arena, ask)
        of, html = self._reports.get(ask, (None, ""))
        if of is not view:
            async with self._one_at_a_time:
                await self._pause()
                html = await self._worked(_ranked(view).to_html)
            _keep(self._reports, ask, (view, html), _MOST_REPORTS)
        return html

    async def _worked(self, job: Callable[[], T]) -> T:
        began = asyncio.get_running_loop().time()
        try:
            return await asyncio.to_thread(job)
        finally:
            now = asyncio.get_running_loop().time()
            self._next_s = now + min(now - began, _LONGEST_PAUSE_S)

    async def _pause(self) -> None:
        await asyncio.sleep(self._next_s - asyncio.get_running_loop().time())


def _keep(kept: dict[BoardAsk, T], ask: BoardAsk, value: T, most: int) -> None:
    kept.pop(ask, None)
    if len(kept) >= most:
        kept.pop(next(iter(kept)))
    kept[ask] = value


async def view_of(request: Asked) -> BoardView:
    """The board that is asked for; one that nobody has voted on since is not made again."""
    boards: Boards = request.app.state.boards
    try:
        return await boards.view(arena_of(request), _ask(request))
    except VoteRefused:
        raise
    except InputError as error:
        raise VoteRefused(str(error), 404) from None


@get("/board", include_in_schema=False)
async def board(request: Asked) -> Response[Any]:
    """The leaderboard page."""
    view = await view_of(request)
    arena = arena_of(request)
    shown = [standing.model for standing in view.standings]
    ends = [x for s in view.standings for x in (s.joint.low, s.joint.high) if abs(x) < 1e6]
    ends += [s.rating.value for s in view.standings]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    return page(
        request,
        "board.html",
        view=view,
        ask=view.ask,
        sentence=view.ranked.sheet.sentence if view.ranked else view.why,
        names=shown,
        span=(low, max(high - low, 1.0)),
        categories=sorted({*arena.deck.categories.values(), *arena.settings.categories} - {""}),
        groups=GROUP_WORDS,
        style_words=", ".join(STYLES),
        level=arena.settings.level,
        no_meeting=Meeting(score=0.0, votes=0),
        query=request.url.query,
        count=arena.store.votes_n(),
    )


def _ranked(view: BoardView) -> Any:  # noqa: ANN401 - RankResult, which is loaded with the method
    if view.ranked is None:
        raise VoteRefused(view.why, 404)
    return view.ranked


@get("/board/votes-now", include_in_schema=False)
async def votes_now(request: Asked) -> dict[str, int]:
    """How many votes count, for a page that waits for more."""
    return {"votes": arena_of(request).store.votes_n()}


@get("/board.json", include_in_schema=False)
async def board_json(request: Asked) -> Response[str]:
    """What `h2h rank --json` prints of the same votes."""
    return Response(_ranked(await view_of(request)).to_json(), media_type=MediaType.JSON)


@get("/board.csv", include_in_schema=False)
async def board_csv(request: Asked) -> Response[str]:
    """What `h2h rank --csv` prints of the same votes."""
    text = _ranked(await view_of(request)).to_csv()
    kept = {"Content-Disposition": 'attachment; filename="board.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=kept)


@get("/board/report", include_in_schema=False)
async def report(request: Asked) -> Response[str]:
    """What `h2h rank --html` writes of the same votes: charts, sources, every download."""
    view, boards = await view_of(request), request.app.state.boards
    html = await boards.report(arena_of(request), view.ask)
    # The page holds its own scripts, each allowed by its hash and no other.
    policy = _POLICY.search(html)
    # What a page cannot forbid by itself.
    whole = f"{policy[1].replace('&#39;', chr(39))}; frame-ancestors 'none'" if policy else ""
    headers = {"Content-Security-Policy": whole} if whole else {}
    return Response(html, media_type=MediaType.HTML, headers=headers)


ROUTES = [board, votes_now, board_json, board_csv, report]
