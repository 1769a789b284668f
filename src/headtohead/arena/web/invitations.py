"""Links for a closed group: each is a voter's own."""

import secrets
from collections.abc import Iterable

from headtohead.arena.settings import ArenaSettings
from headtohead.arena.store.store import ArenaStore, Voter
from headtohead.arena.web.running import now_ms, prepare
from headtohead.arena.web.security import Signer, secret_beside
from headtohead.core.errors import InputError

_LONGEST = 100


def invite(
    settings: ArenaSettings, names: Iterable[str], *, revoke: bool = False
) -> dict[str, str]:
    """Name of each voter -> the token of their link, the same whenever it is asked for.

    Args:
        revoke: Let them vote no more instead; the token is empty then.

    Raises:
        InputError: If a name is none, or nobody of that name was invited and is to be revoked.
    """
    prepare(settings)
    signer = Signer(secret_beside(settings.database))
    store = ArenaStore(settings.database)
    tokens = {}
    try:
        with store.transaction():
            for name in names:
                if not name.strip() or not name.isprintable() or len(name) > _LONGEST:
                    raise InputError(
                        f"{name!r} is no name: one line of at most {_LONGEST} letters."
                    )
                known = store.voter_named(name, "link")
                if known is None and revoke:
                    raise InputError(f"Nobody called {name!r} was given a link.")
                voter = known or Voter(id=secrets.token_urlsafe(9), name=name, door="link")
                store.add_voter(voter, now_ms())
                if voter.blocked != revoke:
                    store.block(voter.id, now_ms(), "h2h arena link", blocked=revoke)
                tokens[name] = "" if revoke else signer.signed("link", voter.id)
    finally:
        store.close()
    return tokens
