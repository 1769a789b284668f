"""REST under /api/v1, with its OpenAPI document at /schema/openapi.json.

A program is a voter by its token: `Authorization: Bearer TOKEN`. Cookies count for nothing here, so
no other site can make a browser vote.
"""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody, QueryParameter

from headtohead.arena.store.store import Battle, Voter, VoteRefused
from headtohead.arena.web.boards import board_of
from headtohead.arena.web.doors import arena_of, known_voter, let_in, may_draw
from headtohead.arena.web.streaming import next_turn

Asked = Request[Any, Any, Any]
_NAME = msgspec.Meta(max_length=100)
_QUESTION = msgspec.Meta(max_length=8000)


class ArenaFacts(msgspec.Struct, kw_only=True):
    """What an arena is.

    Attributes:
        door: "open" for everyone, "link" for those with a link, "header" for single sign-on.
        level: Of intervals and verdicts.
    """

    title: str
    entrants: int
    prompts: int
    categories: list[str]
    votes: int
    door: str
    margin_pp: float
    level: float


class VoterToken(msgspec.Struct, kw_only=True):
    """What makes a program a voter."""

    token: str


class DrawAsk(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which battle is wanted.

    Attributes:
        category: Of its prompt; any if empty.
        question: One of the voter's own, where the arena takes them; empty for one of the arena's.
    """

    category: Annotated[str, _NAME] = ""
    question: Annotated[str, _QUESTION] = ""


class NextQuestion(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What both are asked next."""

    question: Annotated[str, _QUESTION]


class TurnView(msgspec.Struct, kw_only=True):
    """A question and both answers; an answer is null until it has come."""

    question: str
    left: str | None
    right: str | None


class BattleView(msgspec.Struct, kw_only=True):
    """A battle as its voter may know it.

    Attributes:
        ready: Whether all answers are there, so that a vote can be given.
        outcome: What was voted; empty before.
        left: Name of the left entrant; empty before the vote.
        right: Name of the right entrant; empty before the vote.
    """

    id: str
    state: str
    reason: str
    category: str
    turns: list[TurnView]
    ready: bool
    outcome: str
    left: str
    right: str


class CastVote(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A vote.

    Attributes:
        outcome: One of left, right, tie and both_bad.
        reasons: Why, in a few words each.
    """

    outcome: Annotated[str, _NAME]
    reasons: Annotated[list[Annotated[str, _NAME]], msgspec.Meta(max_length=10)] = []


class Refusal(msgspec.Struct, kw_only=True):
    """Why something was not done."""

    error: str
    status: int


def _refusals(*codes: int) -> dict[int, ResponseSpec]:
    """What a route says in the document of its refusals; every route may be asked too often."""
    spec = ResponseSpec(Refusal, description="Not done, and why", generate_examples=False)
    return dict.fromkeys((*codes, 429), spec)


def _bearer(request: Asked) -> Voter:
    """Who asks, by their token or by the single sign-on.

    Raises:
        VoteRefused: If nobody is named so.
    """
    door = arena_of(request).settings.voters.door
    if door != "header" and not request.headers.get("authorization"):
        raise VoteRefused("Send `Authorization: Bearer TOKEN`; POST /api/v1/voters gives one.", 401)
    return known_voter(request)


def _view(battle: Battle) -> BattleView:
    voted = battle.state == "voted"
    turns = [
        TurnView(
            question=turn.question,
            # Which of the two is there first would give it away.
            left=turn.left_answer if turn.right_answer is not None else None,
            right=turn.right_answer if turn.left_answer is not None else None,
        )
        for turn in battle.turns
    ]
    return BattleView(
        id=battle.id,
        state=battle.state,
        reason=battle.reason,
        category=battle.category,
        turns=turns,
        ready=battle.ready,
        outcome=battle.outcome,
        left=battle.left_entrant if voted else "",
        right=battle.right_entrant if voted else "",
    )


def _answering(request: Asked, battle: Battle) -> BattleView:
    """A battle, whose answers are being written from now on if they lack."""
    arena_of(request).live.begin(battle)
    return _view(battle)


@get("/arena", responses=_refusals())
async def facts(request: Asked) -> ArenaFacts:
    """What this arena is, and how many votes it has."""
    arena = arena_of(request)
    settings = arena.settings
    return ArenaFacts(
        title=settings.title,
        entrants=len(arena.deck.answers),
        prompts=len(arena.deck.texts),
        categories=arena.categories,
        votes=arena.store.votes_n(),
        door=settings.voters.door,
        margin_pp=settings.margin_pp,
        level=settings.level,
    )


@post("/voters", responses=_refusals(403))
async def join(request: Asked) -> VoterToken:
    """A token with which a program votes, where the door is open to everyone."""
    arena = arena_of(request)
    if arena.settings.voters.door != "open":
        raise VoteRefused("This arena is not open to everyone.", 403)
    return VoterToken(token=arena.tokens.signed("voter", let_in(request).id))


@post("/battles", responses=_refusals(400, 401, 403, 404))
async def draw(request: Asked, data: JSONBody[DrawAsk]) -> BattleView:
    """The battle that this voter has open, or a new one; 404 if they have seen all there is."""
    voter = _bearer(request)
    may_draw(request, voter)
    battle = await arena_of(request).draw(voter, data.category, data.question)
    if battle is None:
        raise VoteRefused("You have seen all there is.", 404)
    return _answering(request, battle)


@get("/battles/{id:str}", responses=_refusals(401, 403, 404))
async def see(request: Asked, id: FromPath[str]) -> BattleView:
    """A battle of this voter; ask again until `ready`, where answers are written live."""
    return _answering(request, arena_of(request).battle_of(id, _bearer(request)))


@post("/battles/{id:str}/turns", responses=_refusals(400, 401, 403, 404, 409))
async def ask_on(request: Asked, id: FromPath[str], data: JSONBody[NextQuestion]) -> BattleView:
    """Ask both of a battle one thing more, where they are asked live."""
    voter, arena = _bearer(request), arena_of(request)
    return _answering(request, await next_turn(arena, voter, id, data.question))


@post("/battles/{id:str}/vote", status_code=200, responses=_refusals(400, 401, 403, 404, 409))
async def vote(request: Asked, id: FromPath[str], data: JSONBody[CastVote]) -> BattleView:
    """Count a vote, once; the answer names both entrants."""
    arena, voter = arena_of(request), _bearer(request)
    token = arena.tokens.signature("vote", id, voter.id)
    return _view(await arena.vote(voter, id, data.outcome, token, ", ".join(data.reasons)))


@get("/board", responses=_refusals(400, 401, 403, 404))
async def board(
    request: Asked,
    category: Annotated[str, QueryParameter(max_length=100)] = "",
    until: Annotated[str, QueryParameter(max_length=10, description="A day")] = "",
    style: Annotated[bool, QueryParameter(description="At equal length and layout")] = False,
    trusted: Annotated[bool, QueryParameter(description="Without who stands out")] = False,
    mine: Annotated[bool, QueryParameter(description="Only the votes of whoever asks")] = False,
    group: Annotated[str, QueryParameter(max_length=20)] = "",
) -> Response[dict[str, Any]]:
    """The leaderboard and the stop meters: what `h2h arena board --json` prints."""
    if mine:
        _bearer(request)
    return Response(msgspec.json.decode(await board_of(request, "api")))


ROUTES = [
    Router(
        "/api/v1",
        route_handlers=[facts, join, draw, see, ask_on, vote, board],
        security=[{"bearer": []}],
        tags=["arena"],
    )
]
