"""The voting page: draw a battle, read two answers, vote, see the names, go on.

Every step works as a plain form; a script that asks for JSON gets the same from the same address.
"""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from markupsafe import Markup

from headtohead.arena.rendering import answers_html
from headtohead.arena.store.store import OUTCOMES, Battle, BattleTurn, Voter, VoteRefused
from headtohead.arena.web.doors import arena_of, cookie_of, known_voter, let_in, may_draw
from headtohead.arena.web.pages import fields, page, wants_json

Asked = Request[Any, Any, Any]
SAID = {
    "left": "A is better",
    "right": "B is better",
    "tie": "Equally good",
    "both_bad": "Both are bad",
}
"""Outcome -> what its button says, in the order of the keys 1 to 4."""
REASONS = {
    "correct": "More correct",
    "complete": "More complete",
    "clear": "Clearer",
    "fitting": "Did what was asked",
    "wrong": "The other has a mistake",
    "long": "The other is too long",
}
"""Why, as chips on the page."""
MOST_TURNS = 10


def shown(request: Asked, battle: Battle, voter: Voter) -> dict[str, object]:
    """What a voter may know of a battle: the names only after the vote."""
    arena = arena_of(request)
    known: dict[str, object] = {
        "id": battle.id,
        "state": battle.state,
        "reason": battle.reason,
        "category": battle.category,
        "turns": [_turn(turn) for turn in battle.turns],
        "ready": battle.ready,
        "can_ask": arena.live.can_go_on(battle) and len(battle.turns) < MOST_TURNS,
        "outcomes": list(OUTCOMES),
        "votes": arena.store.votes_n(voter.id),
    }
    if battle.state == "open":
        known["token"] = arena.tokens.signature("vote", battle.id, voter.id)
    if battle.state == "voted":
        known |= {
            "outcome": battle.outcome,
            "left": battle.left_entrant,
            "right": battle.right_entrant,
        }
    return known


def _turn(turn: BattleTurn) -> dict[str, str | None]:
    """A question with both answers, or with none: which of them is there first gives it away."""
    both = (turn.left_answer, turn.right_answer)
    left, right = (None, None) if None in both else both
    return {"question": turn.question, "left": left, "right": right}


async def _page_of(request: Asked, battle: Battle, voter: Voter) -> Response[Any]:
    """The page of a battle: what its voter may know, with texts made safe."""
    known = shown(request, battle, voter)
    told = [_turn(turn) for turn in battle.turns]
    html = await answers_html(text or "" for turn in told for text in turn.values())
    turns = [
        {"number": number, **turn}
        | {f"{name}_html": Markup(html[text or ""]) for name, text in turn.items()}
        for number, turn in enumerate(told, 1)
    ]
    return page(
        request,
        "battle.html",
        battle={**known, "turns": turns},
        form=_form(request, voter),
        given_prompts=bool(arena_of(request).deck.texts),
        outcomes=SAID,
        reasons=REASONS,
        said=SAID.get(battle.outcome, ""),
    )


def _form(request: Asked, voter: Voter) -> str:
    """What a form of this voter carries, so that no other site can send it."""
    return arena_of(request).tokens.signature("form", voter.id)


def answer_of(request: Asked, battle: Battle, voter: Voter, status: int = 200) -> Response[Any]:
    """A battle for whoever asks: JSON for a program, for a form the way to its page."""
    arena_of(request).live.begin(battle)
    if wants_json(request):
        return Response(shown(request, battle, voter), status_code=status)
    return Redirect(f"/battles/{battle.id}", status_code=303)


@get("/", include_in_schema=False)
async def begin(request: Asked) -> Response[Any]:
    """The voter's open battle, or the way to the first."""
    voter = let_in(request)
    arena = arena_of(request)
    return page(
        request,
        "begin.html",
        cookies=cookie_of(request, voter),
        form=_form(request, voter),
        open=arena.store.open_battle(voter.id),
        votes=arena.store.votes_n(voter.id),
        categories=arena.categories,
        own_prompts=arena.settings.free,
        given_prompts=bool(arena.deck.texts),
        door=arena.settings.voters.door,
    )


@get("/join/{token:str}", include_in_schema=False)
async def join(request: Asked, token: FromPath[str]) -> Response[Any]:
    """Through the door with a link of one's own."""
    arena = arena_of(request)
    voter = arena.store.voter(arena.tokens.opened("link", token))
    if voter is None or voter.blocked:
        raise VoteRefused("This link opens nothing. Ask whoever runs the arena for a new one.", 403)
    return Redirect("/", status_code=303, cookies=cookie_of(request, voter))


@post("/battles", include_in_schema=False)
async def draw(request: Asked) -> Response[Any]:
    """A battle for this voter: the one that is open, or a new one."""
    voter, given = known_voter(request), await fields(request)
    arena = arena_of(request)
    if not arena.tokens.signs(given.get("form", ""), "form", voter.id):
        raise VoteRefused("This form is not from a page of yours. Reload the page.", 403)
    may_draw(request, voter)
    battle = await arena.draw(voter, given.get("category", ""), given.get("prompt", ""))
    if battle is not None:
        return answer_of(request, battle, voter, 201)
    if wants_json(request):
        return Response({"state": "done"}, status_code=200)
    return page(request, "done.html", votes=arena.store.votes_n(voter.id))


@get("/battles/{id:str}", include_in_schema=False)
async def see(request: Asked, id: FromPath[str]) -> Response[Any]:
    """A battle of this voter."""
    voter = known_voter(request)
    battle = arena_of(request).battle_of(id, voter)
    if wants_json(request):
        return Response(shown(request, battle, voter))
    return await _page_of(request, battle, voter)


@post("/battles/{id:str}/vote", include_in_schema=False)
async def vote(request: Asked, id: FromPath[str]) -> Response[Any]:
    """Count a vote, then show who answered."""
    voter, given = known_voter(request), await fields(request)
    why = given.get("reasons", "") or ",".join(x for x in REASONS if f"reason_{x}" in given)
    battle = await arena_of(request).vote(
        voter, id, given.get("outcome", ""), given.get("token", ""), why
    )
    return answer_of(request, battle, voter)


ROUTES = [begin, join, draw, see, vote]
