"""The page of whoever runs the arena: entrants and prompts on and off, votes void, a log."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath
from litestar.response import Redirect

from headtohead.arena.store.store import ArenaStore, VoteRefused
from headtohead.arena.web.boards import kept_of
from headtohead.arena.web.computed import flags, votes_file
from headtohead.arena.web.doors import arena_of, by_https
from headtohead.arena.web.pages import fields, page
from headtohead.arena.web.running import RunningArena, now_ms

if TYPE_CHECKING:
    from headtohead.arena.exchange import Layout

Asked = Request[Any, Any, Any]
_DAY_S = 24 * 3600
_LATEST = 50
_WHO = "admin"
_EXPORTS: "dict[str, tuple[Layout, str]]" = {
    "votes.csv": ("csv", "text/csv; charset=utf-8"),
    "votes.parquet": ("parquet", "application/vnd.apache.parquet"),
    "battles.jsonl": ("lmarena", "application/jsonl"),
}
"""Name of a file -> its layout and its media type."""
_Job = Callable[[ArenaStore], object]


def admin_token(arena: RunningArena) -> str:
    """What opens the page, the same for as long as the arena has its secret."""
    return arena.tokens.signed("admin", "page")


def _check(request: Asked) -> RunningArena:
    """The arena, for whoever may run it.

    Raises:
        VoteRefused: For everyone else.
    """
    arena = arena_of(request)
    given = request.cookies.get(arena.tokens.cookie("admin"), "")
    if arena.tokens.opened("admin", given) != "page":
        raise VoteRefused(
            "This page is for whoever runs the arena. Open the link that `h2h arena serve` prints.",
            403,
        )
    return arena


@get("/admin/enter/{token:str}", include_in_schema=False)
async def enter(request: Asked, token: FromPath[str]) -> Response[Any]:
    """Through the link that the server prints."""
    tokens = arena_of(request).tokens
    if tokens.opened("admin", token) != "page":
        raise VoteRefused("This link opens nothing.", 403)
    cookie = Cookie(
        key=tokens.cookie("admin"),
        value=token,
        max_age=_DAY_S,
        path="/admin",
        httponly=True,
        samesite="strict",
        secure=by_https(request),
    )
    return Redirect("/admin", status_code=303, cookies=[cookie])


@get("/admin", include_in_schema=False)
async def overview(request: Asked) -> Response[Any]:
    """Everything that can be done, and what was done."""
    arena = _check(request)
    store = arena.store
    flagged = await kept_of(request, flags, last=True)
    latest = store.latest(_LATEST)
    names = {row["id"]: row["name"] for row in store.rows("SELECT id, name FROM voters")}
    return page(
        request,
        "admin.html",
        form=arena.tokens.signature("form", _WHO),
        entrants=store.entrants(retired=True),
        prompts=store.rows(
            "SELECT id, category, text, retired_ms FROM prompts WHERE own = 0 ORDER BY id"
        ),
        latest=latest,
        exports=list(_EXPORTS) if latest else [],
        flagged=flagged,
        names=names,
        numbers=store.voter_numbers(),
        blocked=store.rows("SELECT id, name FROM voters WHERE blocked_ms IS NOT NULL"),
        log=store.rows("SELECT at_ms, actor, act, detail FROM log ORDER BY id DESC LIMIT 50"),
        moment=lambda ms: datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )


@get("/admin/export/{name:str}", include_in_schema=False)
async def exported(request: Asked, name: FromPath[str]) -> Response[bytes]:
    """The votes as a file, as `h2h arena export` writes it: without names and without texts."""
    arena = _check(request)
    if name not in _EXPORTS:
        raise VoteRefused(f"Exports are {', '.join(_EXPORTS)}.", 404)
    layout, media = _EXPORTS[name]
    if not arena.store.latest(1):
        raise VoteRefused("Nobody has voted yet, so there is nothing to export.", 404)
    with TemporaryDirectory(prefix="h2h-arena-") as folder:
        file = Path(folder) / name
        await arena.beside.do(votes_file, arena.board_settings, layout, file)
        content = file.read_bytes()
    kept = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media, headers=kept)


@post("/admin/{what:str}", include_in_schema=False)
async def act(request: Asked, what: FromPath[str]) -> Response[Any]:
    """Do one thing, and show the page again."""
    arena, given = _check(request), await fields(request)
    if not arena.tokens.signs(given.get("form", ""), "form", _WHO):
        raise VoteRefused("This form is not from a page of yours. Reload the page.", 403)
    await arena.write(_job(what, given.get("which", ""), given.get("reason", "").strip()))
    arena.read_anew()
    return Redirect("/admin", status_code=303)


def _job(what: str, which: str, reason: str) -> _Job:
    """What is to be written for an action of the page.

    Raises:
        VoteRefused: If there is no such action, or a vote is to be voided for no reason.
    """
    now, voters = now_ms(), which.split()
    if what in ("void", "void-all") and not reason:
        raise VoteRefused("Say why it is void; the reason is kept.", 400)
    jobs: dict[str, _Job] = {
        "retire": lambda store: store.retire(which, now, _WHO),
        "bring-back": lambda store: store.retire(which, now, _WHO, back=True),
        "drop-prompt": lambda store: store.retire_prompt(which, now, _WHO),
        "ask-prompt": lambda store: store.retire_prompt(which, now, _WHO, back=True),
        "void": lambda store: store.void(which, reason, now, _WHO),
        "void-all": lambda store: [store.void_all(v, reason, now, _WHO) for v in voters],
        "block": lambda store: [store.block(v, now, _WHO) for v in voters],
        "unblock": lambda store: store.block(which, now, _WHO, blocked=False),
    }
    if what not in jobs:
        raise VoteRefused("There is nothing of that name to do here.", 404)
    return jobs[what]


ROUTES = [enter, overview, exported, act]
