"""How a request becomes a voter, and what stands before every request: limits and forgeries."""

import secrets
from typing import TYPE_CHECKING, Any

from headtohead.arena.store.store import Voter, VoteRefused
from headtohead.arena.web.running import RunningArena, now_ms
from headtohead.hosting.refused import too_fast
from headtohead.hosting.security import Limits, asker

if TYPE_CHECKING:
    from litestar import Request
    from litestar.datastructures import Cookie

    Asked = Request[Any, Any, Any]

_CLOSED = {
    "open": "Open the page of the arena first.",
    "link": "This arena is for those who were given a link. Open yours, or ask for one.",
    "header": "This arena is behind a single sign-on, which has not named you. Sign in there.",
}
_STATIC = ("/static/", "/style.css")
_LONGEST_PATH = 250
_YEAR_S = 365 * 24 * 3600


def arena_of(request: "Asked") -> RunningArena:
    """The arena that is served."""
    arena: RunningArena = request.app.state.arena
    return arena


def _by_proxy(request: "Asked") -> bool:
    """Whether a request comes from a proxy whose headers are believed."""
    peer = request.client.host if request.client else ""
    return peer in arena_of(request).settings.voters.proxies


def address_of(request: "Asked") -> str:
    """Who sends a request, for limits; it is kept nowhere."""
    peer = request.client.host if request.client else ""
    forwarded = request.headers.get("x-forwarded-for", "")
    return asker(peer, forwarded, arena_of(request).settings.voters.proxies)


def _host_of(request: "Asked") -> str:
    """The host that a browser was sent to."""
    own = request.headers.get("host", "")
    return (_by_proxy(request) and request.headers.get("x-forwarded-host")) or own


async def admit(request: "Asked") -> None:
    """Refuse what comes too fast, and what another site makes a browser send.

    Raises:
        VoteRefused: In both cases, and for an address that no file can have.
    """
    path = request.scope["path"]
    if "\0" in path or len(path) > _LONGEST_PATH:
        raise VoteRefused("There is no such page here.", 404)
    if request.method in ("GET", "HEAD") and request.url.path.startswith(_STATIC):
        return
    arena = arena_of(request)
    # Colleagues share an address: whoever has drawn a battle counts for themselves.
    id = _claimed(request)
    who = id if id and arena.store.voter(id) else address_of(request)
    not_too_fast(arena.address_limits, who)
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    # Browsers say the first only where the connection is safe, and the second for every form.
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is None and origin is not None:
        own = origin.partition("://")[2] == _host_of(request)
        site = "same-origin" if own else "cross-site"
    if site not in (None, "same-origin", "none"):
        raise VoteRefused("This request was made by another site, so nothing was done.", 403)


def _claimed(request: "Asked") -> str:
    """The voter whom a token of ours names; empty if there is none."""
    tokens = arena_of(request).tokens
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":  # a proxy may ask browsers for a password of its own
        given = request.cookies.get(tokens.cookie("voter"), "")
    return tokens.opened("voter", given)


def not_too_fast(limits: Limits, who: str) -> None:
    """Take one from what somebody may ask.

    Raises:
        Refused: If nothing is left for now.
    """
    wait = limits.wait_s(who, now_ms() / 1000)
    if wait:
        raise too_fast(wait)


def voter_of(request: "Asked") -> Voter | None:
    """Who asks; None if they have not come through the door.

    Raises:
        VoteRefused: If they are blocked.
    """
    arena = arena_of(request)
    rules = arena.settings.voters
    if rules.door == "header":
        names = request.headers.getall(rules.header, [])
        # Two of them are the proxy's and one that it let through.
        name = names[0].strip() if len(names) == 1 else ""
        if not name or not _by_proxy(request):
            return None
        id = arena.tokens.signature("header", name)[:16]
        found = arena.store.voter(id) or Voter(id=id, name=name, door="header")
    else:
        id = _claimed(request)
        if not id:
            return None
        known = arena.store.voter(id)
        if rules.door == "link" and (known is None or known.door != "link"):
            return None
        found = known or Voter(id=id)
    if found.blocked:
        raise VoteRefused("You cannot vote in this arena any more. Ask whoever runs it.", 403)
    return found


def let_in(request: "Asked") -> Voter:
    """Who asks, at an open door a new voter if need be.

    Raises:
        VoteRefused: If the door is closed to them.
    """
    voter = voter_of(request)
    if voter is None and arena_of(request).settings.voters.door == "open":
        return Voter(id=secrets.token_urlsafe(9))
    return voter or known_voter(request)


def known_voter(request: "Asked") -> Voter:
    """Who asks, if they came through the door before, and not too fast.

    Raises:
        VoteRefused: If not.
    """
    arena = arena_of(request)
    voter = voter_of(request)
    if voter is None:
        raise VoteRefused(_CLOSED[arena.settings.voters.door], 403)
    not_too_fast(arena.voter_limits, voter.id)
    return voter


def may_draw(request: "Asked", voter: Voter) -> None:
    """Refuse what comes too fast: battles of one voter, and new voters of one address.

    Raises:
        Refused: In both cases.
    """
    arena = arena_of(request)
    not_too_fast(arena.battle_limits, voter.id)
    if voter.door == "open" and arena.store.voter(voter.id) is None:
        not_too_fast(arena.newcomer_limits, address_of(request))


def by_https(request: "Asked") -> bool:
    """Whether nobody between the browser and the server, or the proxy before it, can listen."""
    forwarded = request.headers.get("x-forwarded-proto") if _by_proxy(request) else None
    return (forwarded or request.url.scheme) == "https"


def cookie_of(request: "Asked", voter: Voter) -> "list[Cookie]":
    """What makes a browser this voter from now on; none where a proxy names them."""
    from litestar.datastructures import Cookie

    if voter.door == "header":
        return []
    tokens = arena_of(request).tokens
    return [
        Cookie(
            key=tokens.cookie("voter"),
            value=tokens.signed("voter", voter.id),
            max_age=_YEAR_S,
            httponly=True,
            samesite="lax",
            secure=by_https(request),
        )
    ]
