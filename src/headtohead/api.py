"""The verbs as Python functions: each gives the same result object as its `h2h` twin."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headtohead.arena.verb import (
        arena_board,
        arena_export,
        arena_import,
        arena_init,
        arena_judge,
        arena_link,
        arena_serve,
        arena_try,
    )
    from headtohead.capability.verb import gap, index
    from headtohead.chips.verb import chip
    from headtohead.choosing.shortlist.verb import shortlist
    from headtohead.choosing.watch.verb import watch
    from headtohead.claims.forecasts.verb import forecasts
    from headtohead.claims.questions.verb import list_questions
    from headtohead.claims.verb import check, diff, report, show
    from headtohead.claims.versus.verb import versus
    from headtohead.evidence.verb import list_sources, read_evidence, update_evidence
    from headtohead.names.verb import explain_name
    from headtohead.openness.verb import explain_openness
    from headtohead.prices.listing.verb import list_prices
    from headtohead.prices.serving.verb import breakeven, serve_cost
    from headtohead.prices.training.verb import training_cost
    from headtohead.ratings.verb import rank
    from headtohead.trading.running.verb import trade_run
    from headtohead.trading.verb import trade_judge
    from headtohead.trials.comparing.verb import compare
    from headtohead.trials.items.verb import items
    from headtohead.trials.planning.verb import plan
    from headtohead.trials.switching.verb import switch
    from headtohead.web.mcp.verb import serve_mcp
    from headtohead.web.verb import freeze_site, serve_site

# Verb -> the folder whose verb.py holds it; a test holds this list against the folders.
VERBS = {
    "arena_board": "arena",
    "arena_export": "arena",
    "arena_import": "arena",
    "arena_init": "arena",
    "arena_judge": "arena",
    "arena_link": "arena",
    "arena_serve": "arena",
    "arena_try": "arena",
    "breakeven": "prices.serving",
    "check": "claims",
    "chip": "chips",
    "compare": "trials.comparing",
    "diff": "claims",
    "explain_name": "names",
    "explain_openness": "openness",
    "forecasts": "claims.forecasts",
    "freeze_site": "web",
    "gap": "capability",
    "index": "capability",
    "items": "trials.items",
    "list_prices": "prices.listing",
    "list_questions": "claims.questions",
    "list_sources": "evidence",
    "plan": "trials.planning",
    "rank": "ratings",
    "read_evidence": "evidence",
    "report": "claims",
    "serve_cost": "prices.serving",
    "serve_mcp": "web.mcp",
    "serve_site": "web",
    "shortlist": "choosing.shortlist",
    "show": "claims",
    "switch": "trials.switching",
    "trade_judge": "trading",
    "trade_run": "trading.running",
    "training_cost": "prices.training",
    "update_evidence": "evidence",
    "versus": "claims.versus",
    "watch": "choosing.watch",
}

__all__ = [
    "arena_board",
    "arena_export",
    "arena_import",
    "arena_init",
    "arena_judge",
    "arena_link",
    "arena_serve",
    "arena_try",
    "breakeven",
    "check",
    "chip",
    "compare",
    "diff",
    "explain_name",
    "explain_openness",
    "forecasts",
    "freeze_site",
    "gap",
    "index",
    "items",
    "list_prices",
    "list_questions",
    "list_sources",
    "plan",
    "rank",
    "read_evidence",
    "report",
    "serve_cost",
    "serve_mcp",
    "serve_site",
    "shortlist",
    "show",
    "switch",
    "trade_judge",
    "trade_run",
    "training_cost",
    "update_evidence",
    "versus",
    "watch",
]


def __getattr__(name: str) -> object:
    """A verb, imported when first used."""
    if name in VERBS:
        return getattr(importlib.import_module(f"headtohead.{VERBS[name]}.verb"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
