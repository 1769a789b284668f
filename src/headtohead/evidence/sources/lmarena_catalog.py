"""LMArena's arena-catalog: dated leaderboards as JSON, raw and style-controlled."""

import json
import re
from datetime import date

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.shared import ARENA_INDUSTRIES
from headtohead.evidence.sourcing import (
    Parsed,
    RawFile,
    RawFiles,
    Source,
    github,
    json_record,
    names,
    records_in,
)

_ID = "lmarena_catalog"

SOURCE = Source(
    source_id=_ID,
    publisher="LMArena",
    product="arena-catalog leaderboards",
    citation="LMArena (2025). Arena catalog: text, vision and image leaderboards.",
    url="https://github.com/lmarena/arena-catalog",
    # The repository states no licence; LMArena gives the same numbers as CC-BY-4.0 in its
    # Hugging Face dataset (see lmarena_leaderboard).
    licence="CC-BY-4.0",
    ship="yes",
    downloads=github(
        "lmarena/arena-catalog/main/data",
        "leaderboard-text.json",
        "leaderboard-text-style-control.json",
        "leaderboard-vision.json",
        "leaderboard-vision-style-control.json",
        "leaderboard-image.json",
        "scatterplot-data.json",
        optional=True,
    ),
    patterns=("leaderboard-*.json", "scatterplot-data.json"),
    rows={"arena_ratings": (1_000, 500_000)},
)

# The catalogue calls its image board "image"; elsewhere LMArena says text_to_image.
_BOARDS = {"text": "text", "vision": "vision", "image": "text_to_image"}
_FILE = re.compile(r"leaderboard-(?P<board>[a-z]+?)(?P<style>-style-control)?\.json$")
_CATEGORIES = frozenset(ARENA_INDUSTRIES) | set(
    names(
        "full chinese english french german japanese korean russian spanish coding math expert if "
        "creative_writing hard_6 hard_english_6 long_user multiturn no_refusal no_short no_tie "
        "captioning creative_writing_vision diagram entity_recognition homework humor ocr "
        "is_preset_generation not_preset_generation"
    )
)
_UNNAMED = "leaderboard-data.json"
# Over the 188 entrants it shares with the boards of May 2025 the file differs from the
# style-controlled one by a constant (standard deviation 0.8 points), from the raw one by 25.
_UNNAMED_NOTE = (
    "The file does not name its board: its ratings follow the style-controlled one, "
    "60 points below the scale of May 2025."
)


def parse(raw: RawFiles) -> Parsed:
    """The ratings of every board file; a dated folder name gives the day, else the vintage's."""
    parsed = Parsed()
    labels = {raw.day_of(f): _labels(f) for f in raw.matching("scatterplot-data.json")}
    for f in raw.matching("leaderboard-*.json"):
        day = raw.day_of(f)
        _board(parsed, f, day, labels.get(day, {}))
    return parsed


def _labels(f: RawFile) -> dict[str, tuple[str, str]]:
    """Arena key -> (organisation, licence), from the scatterplot file."""
    labels = {}
    for record in records_in(_ID, f"{f.name} entry", json.loads(f.text())):
        key = record.text("model_api_name")
        labels[key] = (record.text("organization"), record.text("license"))
        record.skip("name", "input_token_price", "output_token_price", "price_source")
        record.done("model_source", "hidden")
    return labels


def _board(parsed: Parsed, f: RawFile, day: date, labels: dict[str, tuple[str, str]]) -> None:
    board, style = "text", True
    note: str | None = _UNNAMED_NOTE
    if not f.name.endswith(_UNNAMED):
        match = _FILE.search(f.name)
        if not match or match["board"] not in _BOARDS:
            raise UpstreamChanged(_ID, f.name, "an unknown board")
        board, style, note = _BOARDS[match["board"]], bool(match["style"]), None
    for category, entrants in json_record(_ID, f).each():
        if category not in _CATEGORIES:
            raise UpstreamChanged(_ID, f.name, f"an unknown category {category!r}")
        for key, record in entrants.each():
            organisation, licence = labels.get(key, (None, None))
            parsed.add(
                "arena_ratings",
                {
                    "board": board,
                    "style_control": style,
                    "category": category,
                    "model_name": key,
                    "organisation": organisation,
                    "licence": licence,
                    "rating_elo": record.number("rating"),
                    "rating_low_elo": record.number("rating_q025"),
                    "rating_high_elo": record.number("rating_q975"),
                    "votes_n": None,
                    "observed_on": day,
                    "known_on": day,
                    "note": note,
                },
            )
            record.done()
