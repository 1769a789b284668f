"""Chatbot Arena's text ratings from May 2023 to March 2025, gathered by a reader as one CSV.

The ratings are the raw board's: 213 entrants of 2025-03-26 differ from LMArena's own raw board of
May 2025 by a constant (standard deviation 0.9 points), from its style-controlled board by 27.
"""

from datetime import date

from headtohead.evidence.sourcing import Parsed, RawFiles, Source, github

_ID = "chatbot_arena_history"

SOURCE = Source(
    source_id=_ID,
    publisher="LMSYS Chatbot Arena, gathered by jasontrigg0",
    product="chatbot-arena-history, alltime.csv",
    citation="jasontrigg0 (2025). Chatbot Arena history, from LMSYS leaderboard tables.",
    url="https://github.com/jasontrigg0/chatbot-arena-history",
    licence="LicenseRef-none-stated",
    ship="no",
    downloads=github("jasontrigg0/chatbot-arena-history/main", "alltime.csv"),
    patterns=("alltime.csv",),
    rows={"arena_ratings": (10_000, 100_000)},
)


def parse(raw: RawFiles) -> Parsed:
    """One rating an entrant and day, without intervals or votes."""
    parsed = Parsed()
    seen: dict[tuple[str, date], float] = {}
    for record in raw.csv("alltime.csv"):
        model, day = record.text("key"), record.day("date")
        rating = record.number("rating")
        organisation, licence = record.maybe("Organization"), record.maybe("License")
        record.done("Model")
        if (model, day) in seen:
            if seen[model, day] != rating:
                raise record.wrong("rating", f"{rating} after {seen[model, day]} for the same day")
            parsed.drop("the same rating given twice")
            continue
        seen[model, day] = rating
        parsed.add(
            "arena_ratings",
            {
                "board": "text",
                "style_control": False,
                "category": "full",
                "model_name": model,
                "organisation": organisation,
                "licence": licence,
                "rating_elo": rating,
                "observed_on": day,
                "known_on": day,
            },
        )
    return parsed
