"""What the process beside the server computes: leaderboards as texts, and what needs all votes.

The server names these jobs; what they need is imported where they are done.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlencode

from markupsafe import Markup

from headtohead.arena.settings import ArenaSettings, BoardAsk
from headtohead.arena.store.store import VoteRefused
from headtohead.arena.style import STYLES
from headtohead.arena.web.running import now_ms
from headtohead.arena.web.texts import text_of
from headtohead.arena.web.views import store_of, view_of

if TYPE_CHECKING:
    from headtohead.arena.board import BoardView
    from headtohead.arena.exchange import Layout
    from headtohead.arena.integrity import FlaggedVoters

Form = Literal["page", "report", "json", "csv", "api"]
GROUP_WORDS = {
    "country": "by country of the lab",
    "open": "by open or closed weights",
    "lab": "by lab",
    "family": "by family of models",
}
BEHIND = "<!-- behind -->"
"""Where the page can say why it is not a newer one."""


def board_text(settings: ArenaSettings, ask: BoardAsk, form: Form) -> str:
    """A leaderboard: its page, the report on it, or what `h2h rank` and the REST route give.

    Raises:
        InputError: If there is no such category.
        VoteRefused: If there is no leaderboard yet.
    """
    now, store = datetime.fromtimestamp(now_ms() / 1000, UTC), store_of(settings.database)
    done = store.votes_n(), store.acts_n()
    view = view_of(settings, ask)
    if form == "page":
        return _page(settings, view, [*store.categories(), *settings.categories], done, now)
    if form == "api":
        from headtohead.arena.result import ArenaResult

        return ArenaResult(title=settings.title, view=view).to_json()
    if view.ranked is None:
        raise VoteRefused(view.why, 404)
    of = {"report": view.ranked.to_html, "json": view.ranked.to_json, "csv": view.ranked.to_csv}
    return of[form]()


def _page(
    settings: ArenaSettings,
    view: "BoardView",
    categories: list[str],
    done: tuple[int, int],
    now: datetime,
) -> str:
    from headtohead.arena.board import Meeting

    ends = [x for s in view.standings for x in (s.joint.low, s.joint.high) if abs(x) < 1e6]
    ends += [s.rating.value for s in view.standings]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    ask = view.ask
    ticked = {"style": ask.style, "trusted": ask.trusted, "mine": ask.voter}
    asked = {"category": ask.category, "group": ask.group, "until": ask.until}
    asked |= {name: "1" for name, on in ticked.items() if on}
    return text_of(
        "board.html",
        title=settings.title,
        here="/board",
        view=view,
        ask=ask,
        sentence=view.ranked.sheet.sentence if view.ranked else view.why,
        names=[standing.model for standing in view.standings],
        span=(low, max(high - low, 1.0)),
        categories=sorted({*categories} - {""}),
        groups=GROUP_WORDS,
        style_words=", ".join(STYLES),
        level=settings.level,
        no_meeting=Meeting(score=0.0, votes=0),
        query=urlencode({name: value for name, value in asked.items() if value}),
        count=done[0],
        acts=done[1],
        now=now.strftime("%Y-%m-%d, %H:%M:%S UTC"),
        behind=Markup(BEHIND),
    )


def flags(settings: ArenaSettings) -> "tuple[FlaggedVoters, ...]":
    """Voters whose votes stand out."""
    from headtohead.arena.integrity import flagged_voters

    rows = store_of(settings.database).rows("SELECT * FROM counted_votes ORDER BY voted_ms")
    return flagged_voters([dict(row) for row in rows])


def votes_file(settings: ArenaSettings, layout: "Layout", path: Path) -> None:
    """Write all votes to a file, as `h2h arena export` does.

    Raises:
        InputError: If there is none.
    """
    from headtohead.arena.exchange import export

    export(store_of(settings.database), layout, path)
