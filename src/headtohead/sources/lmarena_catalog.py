"""LMArena's arena-catalog: dated leaderboards as JSON, raw and style-controlled."""

import json
import re
from datetime import date

from headtohead.core.errors import UpstreamChanged
from headtohead.core.sourcing import Download, Parsed, RawFile, RawFiles, Record, Source

_UPSTREAM = "https://raw.githubusercontent.com/lmarena/arena-catalog/main/data"

SOURCE = Source(
    source_id="lmarena_catalog",
    publisher="LMArena",
    product="arena-catalog leaderboards",
    citation="LMArena (2025). Arena catalog: text, vision and image leaderboards.",
    url="https://github.com/lmarena/arena-catalog",
    licence="CC-BY-4.0",
    evaluator="third_party",
    ship="yes",
    downloads=tuple(
        Download(name, f"{_UPSTREAM}/{name}", optional=True)
        for name in (
            "leaderboard-text.json",
            "leaderboard-text-style-control.json",
            "leaderboard-vision.json",
            "leaderboard-vision-style-control.json",
            "leaderboard-image.json",
            "scatterplot-data.json",
        )
    ),
    patterns=("leaderboard-*.json", "scatterplot-data.json"),
    rows={"arena_ratings": (100, 500_000)},
)

# The catalogue calls its image board "image"; elsewhere LMArena says text_to_image.
_BOARDS = {"text": "text", "vision": "vision", "image": "text_to_image"}
_FILE = re.compile(r"leaderboard-(?P<board>[a-z]+?)(?P<style>-style-control)?\.json$")
_DATED = re.compile(r"(\d{4}-\d{2}-\d{2})/")


def parse(raw: RawFiles) -> Parsed:
    """The ratings of every board file; a dated folder name gives the day, else the vintage's."""
    parsed = Parsed()
    labels = {day: _labels(f) for f, day in _dated(raw, "scatterplot-data.json")}
    for f, day in _dated(raw, "leaderboard-*.json"):
        _board(parsed, f, day, labels.get(day, {}))
    return parsed


def _dated(raw: RawFiles, pattern: str) -> list[tuple[RawFile, date]]:
    found = []
    for f in raw.matching(pattern):
        match = _DATED.search(f.name)
        found.append((f, date.fromisoformat(match[1]) if match else raw.known_on))
    return found


def _labels(f: RawFile) -> dict[str, tuple[str, str]]:
    """Arena key -> (organisation, licence), from the scatterplot file."""
    labels = {}
    for position, fields in enumerate(json.loads(f.content)):
        record = Record("lmarena_catalog", f"{f.name} entry {position}", fields)
        key = record.take("model_api_name")
        labels[key] = (record.take("organization"), record.take("license"))
        record.skip("name", "input_token_price", "output_token_price", "price_source")
        record.skip("model_source", "hidden")
        record.done()
    return labels


def _board(parsed: Parsed, f: RawFile, day: date, labels: dict[str, tuple[str, str]]) -> None:
    board, style = _name(f)
    for category, entrants in json.loads(f.content).items():
        for key, fields in entrants.items():
            record = Record("lmarena_catalog", f"{f.name} {category}/{key}", fields)
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
                    "rating_elo": record.convert("rating", float),
                    "rating_low_elo": record.convert("rating_q025", float),
                    "rating_high_elo": record.convert("rating_q975", float),
                    "votes_n": None,
                    "observed_on": day,
                    "known_on": day,
                },
            )
            record.done()


def _name(f: RawFile) -> tuple[str, bool]:
    """(board, style-controlled) from the file name; January 2025 had one file without a board."""
    if f.name.endswith("leaderboard-data.json"):
        return "text", False
    match = _FILE.search(f.name)
    if not match or match["board"] not in _BOARDS:
        raise UpstreamChanged("lmarena_catalog", f.name, "an unknown board")
    return _BOARDS[match["board"]], bool(match["style"])
