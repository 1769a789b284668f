"""Answers as they are written, by server-sent events, and further questions to both."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import ServerSentEvent, ServerSentEventMessage

from headtohead.arena.rendering import answers_html
from headtohead.arena.store.store import Battle, Voter, VoteRefused
from headtohead.arena.web.doors import arena_of, known_voter
from headtohead.arena.web.pages import fields
from headtohead.arena.web.running import RunningArena, check_question
from headtohead.arena.web.voting import MOST_TURNS, Asked, answer_of

_CROWDED = "Others are being answered. Yours comes next."


@get("/battles/{id:str}/stream", include_in_schema=False)
async def stream(request: Asked, id: FromPath[str]) -> ServerSentEvent:
    """Both answers to the last question of a battle.

    Events: "left" and "right" with `{"text": ...}`, to be added to what is shown; then "done" with
    `{"left": ..., "right": ...}`, both whole as safe HTML, or "failed" with `{"said": ...}`;
    "waiting" with `{"said": ...}` while too many others are being answered. Who
    comes back with the number of the last event is told what came after it.
    """
    voter = known_voter(request)
    arena = arena_of(request)
    battle = arena.battle_of(id, voter)
    last = request.headers.get("last-event-id", "")
    start = int(last) + 1 if last.isdecimal() and len(last) < 8 else 0
    return ServerSentEvent(_events(arena, battle, start))


async def _events(
    arena: RunningArena, battle: Battle, start: int
) -> AsyncIterator[ServerSentEventMessage]:
    last = battle.turns[-1]
    if battle.state in ("failed", "expired"):
        yield _event("failed", {"said": battle.reason})
    elif battle.ready:
        sides = {"left": last.left_answer, "right": last.right_answer}
        html = await answers_html(text or "" for text in sides.values())
        yield _event("done", {side: html[text or ""] for side, text in sides.items()})
    else:
        turn = arena.live.watch(battle)
        async for number, side, text in turn.pieces_from(start):
            # A comment keeps what stands between from closing a connection that waits.
            yield (
                _event(side, {"text": text}, number)
                if side
                else _event("waiting", {"said": _CROWDED})
                if turn.waiting
                else ServerSentEventMessage(comment="waiting")
            )
        if turn.fault:
            yield _event("failed", {"said": turn.fault})
        else:
            yield _event("done", turn.html)


def _event(name: str, data: Mapping[str, str], number: int | None = None) -> ServerSentEventMessage:
    text = msgspec.json.encode(data).decode()
    return ServerSentEventMessage(data=text, event=name, id=number)


@post("/battles/{id:str}/turns", include_in_schema=False)
async def ask_on(request: Asked, id: FromPath[str]) -> Response[Any]:
    """Ask both of a battle one thing more; the answers come by the stream."""
    voter, given = known_voter(request), await fields(request)
    arena = arena_of(request)
    battle = arena.battle_of(id, voter)
    if not arena.tokens.signs(given.get("token", ""), "vote", battle.id, voter.id):
        raise VoteRefused("This question is not from a page of yours. Reload the page.", 403)
    question = given.get("question", "")
    return answer_of(request, await next_turn(arena, voter, id, question), voter, 201)


async def next_turn(arena: RunningArena, voter: Voter, id: str, question: str) -> Battle:
    """A battle after both of it were asked one thing more.

    Raises:
        VoteRefused: If it is not this voter's, cannot go on, or the question is none.
    """
    battle = arena.battle_of(id, voter)
    question = question.strip()
    check_question(question)
    if not arena.live.can_go_on(battle):
        raise VoteRefused("These answers are recorded: nothing more can be asked.")
    await arena.write(lambda store: store.ask_on(battle.id, voter.id, question, MOST_TURNS))
    return arena.battle_of(id, voter)


ROUTES = [stream, ask_on]
