"""The leaderboard page, which follows the votes, and its downloads."""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from litestar import Request, Response, get
from litestar.enums import MediaType
from markupsafe import escape

from headtohead.arena.settings import BoardAsk
from headtohead.arena.store.store import VoteRefused
from headtohead.arena.web.computed import BEHIND, GROUP_WORDS, Form, board_text
from headtohead.arena.web.doors import arena_of, voter_of
from headtohead.arena.web.running import RunningArena
from headtohead.hosting.refused import Refused

Asked = Request[Any, Any, Any]
Job = tuple[Any, ...]
"""A function of `computed`, and what it is given after the settings."""
_NOBODY = "-"  # no voter's id: whoever asks has not been at the voting page
_MOST_KEPT, _MOST_WAITING = 100, 50
_PATIENCE_S = 0.2  # for a new leaderboard where there is a last one
_POLICY = re.compile(r'http-equiv="Content-Security-Policy" content="([^"]+)"')


def _ask(request: Asked) -> BoardAsk:
    """What the address of the page asks for.

    Raises:
        VoteRefused: If it asks for what there is not.
    """
    given: Mapping[str, str] = request.query_params
    voter = voter_of(request)
    group, until = given.get("group", ""), given.get("until", "")
    if group and group not in GROUP_WORDS:
        raise VoteRefused(f"Models are put together by {', '.join(GROUP_WORDS)}.", 400)
    try:
        day = date.fromisoformat(until) if until else None
    except ValueError:
        raise VoteRefused("A day is written as 2026-11-29.", 400) from None
    return BoardAsk(
        category=given.get("category", ""),
        voter=(voter.id if voter else _NOBODY) if _ticked(given, "mine") else "",
        until=day,
        style=_ticked(given, "style"),
        trusted=_ticked(given, "trusted"),
        group=group,
    )


def _ticked(given: Mapping[str, str], name: str) -> bool:
    """Whether something is asked for, by a tick of the page or in the words of a program."""
    return given.get(name, "").casefold() not in ("", "0", "false")


@dataclass(slots=True)
class _Kept:
    """What a job gave, for which state of the file, and why it could not be computed anew since."""

    stamp: int
    value: Any
    trouble: str = ""


class Boards:
    """What is computed beside the server, kept until somebody asks for it after new votes.

    Each is computed once for all who ask at the same time, and one after another.

    Attributes:
        patience_s: How long whoever would do with the last one waits for a new one.
    """

    def __init__(self) -> None:
        self.patience_s = _PATIENCE_S
        self._kept: OrderedDict[Job, _Kept] = OrderedDict()
        self._waiting: dict[Job, asyncio.Task[Any]] = {}
        self._one_at_a_time = asyncio.Lock()

    async def of(self, arena: RunningArena, job: Job, *, last: bool = False) -> Any:  # noqa: ANN401
        """What a job gives that knows every vote which was there when it was asked for.

        Args:
            last: Whether the last that was computed will do, where a new one takes long or fails.

        Raises:
            VoteRefused: If it refuses, fails, or too many different ones are asked for.
        """
        kept = self._kept.get(job)
        if kept and kept.stamp == arena.store.changes():
            return kept.value
        if job not in self._waiting:
            if len(self._waiting) >= _MOST_WAITING:
                raise VoteRefused("Too many leaderboards are asked for. Try again later.", 503)
            self._waiting[job] = asyncio.create_task(self._computed(arena, job))
        # Whoever leaves does not end it for the others.
        computing = asyncio.shield(self._waiting[job])
        if not (last and kept):
            return await computing
        try:
            async with asyncio.timeout(self.patience_s):
                return await computing
        except (TimeoutError, Refused):
            return kept.value

    def trouble(self, job: Job) -> str:
        """Why what was computed last is behind the votes; empty if it is not, or not for long."""
        return self._kept[job].trouble if job in self._kept else ""

    async def _computed(self, arena: RunningArena, job: Job) -> Any:  # noqa: ANN401
        async with self._one_at_a_time:
            # Who asks from now on may know of votes that this one misses.
            del self._waiting[job]
            stamp = arena.store.changes()
            try:
                value = await arena.beside.do(job[0], arena.board_settings, *job[1:])
            except Refused as error:
                if job in self._kept:
                    self._kept[job].trouble = str(error)
                raise
        self._kept[job] = _Kept(stamp, value)
        self._kept.move_to_end(job)
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return value


async def kept_of(request: Asked, *job: Any, last: bool = False) -> Any:  # noqa: ANN401
    """What a job gives, as `Boards.of`."""
    return await _boards(request).of(arena_of(request), job, last=last)


def _boards(request: Asked) -> Boards:
    boards: Boards = request.app.state.boards
    return boards


async def board_of(request: Asked, form: Form) -> str:
    """The leaderboard that the address of a request asks for, as a text."""
    text: str = await kept_of(request, board_text, _ask(request), form)
    return text


@get("/board", include_in_schema=False)
async def board(request: Asked) -> Response[str]:
    """The leaderboard page; where a new one takes a while, that of a moment ago."""
    job = board_text, _ask(request), "page"
    text: str = await kept_of(request, *job, last=True)
    if trouble := _boards(request).trouble(job):
        text = text.replace(BEHIND, escape(f"Votes since then are not in it. {trouble}"))
    return Response(text, media_type=MediaType.HTML)


@get("/board/votes-now", include_in_schema=False)
async def votes_now(request: Asked) -> dict[str, int]:
    """How many votes count and what else was done, for a page that waits for more."""
    store = arena_of(request).store
    return {"votes": store.votes_n(), "acts": store.acts_n()}


@get("/board.json", include_in_schema=False)
async def board_json(request: Asked) -> Response[str]:
    """What `h2h rank --json` prints of the same votes."""
    return Response(await board_of(request, "json"), media_type=MediaType.JSON)


@get("/board.csv", include_in_schema=False)
async def board_csv(request: Asked) -> Response[str]:
    """What `h2h rank --csv` prints of the same votes."""
    kept = {"Content-Disposition": 'attachment; filename="board.csv"'}
    text = await board_of(request, "csv")
    return Response(text, media_type="text/csv; charset=utf-8", headers=kept)


@get("/board/report", include_in_schema=False)
async def report(request: Asked) -> Response[str]:
    """What `h2h rank --html` writes of the same votes: charts, sources, every download."""
    html = await board_of(request, "report")
    # The page holds its own scripts, each allowed by its hash and no other.
    policy = _POLICY.search(html)
    # What a page cannot forbid by itself.
    whole = f"{policy[1].replace('&#39;', chr(39))}; frame-ancestors 'none'" if policy else ""
    headers = {"Content-Security-Policy": whole} if whole else {}
    return Response(html, media_type=MediaType.HTML, headers=headers)


ROUTES = [board, votes_now, board_json, board_csv, report]
