"""The llmledger importer: prices walked back through their changes, and Arena ratings."""

import copy
import gzip
import json
import re
import statistics
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from scripts.build_evidence import raw_from_folder
from tests.evidence.read_once import rows_of

from headtohead.core.errors import DamagedDownload, UpstreamChanged
from headtohead.evidence.catalogue import importer
from headtohead.evidence.sources import llmledger
from headtohead.evidence.sourcing import Parsed, RawFile, RawFiles
from headtohead.prices.hours import Hours

DAY = date(2026, 10, 21)
IN, OUT = "input_cost_per_token", "output_cost_per_token"


UNUSED = (
    *("maker", "name", "context", "skills", "effort", "effort_default"),
    *("added", "retire", "price_changes", "last_change", "outlook"),
)
Events = list[list[Any]]


def model(key: str, mode: str = "chat", **prices: Any) -> dict[str, Any]:
    now = {"input": None, "output": None, "cache_read": None, "cache_write": None, **prices}
    return {"key": key, "host": "somehost", "mode": mode, **now, **dict.fromkeys(UNUSED)}


def snapshot(models: list[dict[str, Any]], events: dict[str, Events]) -> dict[str, Any]:
    return {
        "schema": 1,
        "built": "2026-10-21T12:02:42.040090+00:00",
        "models": models,
        "events": events,
        "sources": ["aaa0", "bbb1", "ccc2", "ddd3"],
        "ratings": {
            "date": "2026-10-20",
            "source": "https://example.com",
            "labels": [["overall", "Everything"]],
            "tasks": {
                "overall": [["maker / model-x", "Model X (High)", 1500.5, 1490.0, 1510.0, 900, 1]],
                "hard_prompts": [["maker / model-x", "Model X (High)", 1520.0, 1510, 1530, 500, 1]],
                "webdev": [["maker / model-x", "Model X", 1600.0, 1590.0, 1610.0, 100, 1]],
            },
        },
    }


def parse(data: object) -> Parsed:
    content = gzip.compress(json.dumps(data).encode())
    files = (RawFile("snapshot.json.gz", content),)
    return llmledger.parse(RawFiles("llmledger", files, DAY))


def history(events: Events, **now: Any) -> list[tuple[str, str, float | None, str, str | None]]:
    rows = parse(snapshot([model("m", **now)], {"m": events})).rows.get("prices", [])
    return [
        (r["token_kind"], str(r["valid_from"]), r["price_usd_per_mtok"], r["basis"], r["row_url"])
        for r in rows
    ]


URL = "https://github.com/BerriAI/litellm/commit/"


def test_a_price_that_never_changed_has_held_since_the_model_came() -> None:
    events: Events = [["2025-08-07", "added", "", None, None, "", 1]]
    assert history(events, input=1.25, output=10.0) == [
        ("input", "2025-08-07", 1.25, "commit", URL + "bbb1"),
        ("output", "2025-08-07", 10.0, "commit", URL + "bbb1"),
    ]


def test_changes_are_walked_back_to_the_first_price() -> None:
    events: Events = [
        ["2025-01-03", "added", "", None, None, "", 0],
        ["2025-02-07", "price", IN, 1.4e-07, 2.7e-07, "", 1],
        ["2026-01-13", "price", IN, 2.7e-07, 2.8e-07, "", 2],
    ]
    assert [h[1:4] for h in history(events, input=0.28)] == [
        ("2025-01-03", 0.14, "commit"),
        ("2025-02-07", 0.27, "commit"),
        ("2026-01-13", 0.28, "commit"),
    ]


def test_long_prompts_and_off_peak_hours_are_known_from_their_changes() -> None:
    windows = [
        {"hours_utc": ["00:00-01:00", "04:00-06:00", "10:00-00:00"], "weekdays": [1, 2, 3, 4, 5]},
        {"hours_utc": "00:00-00:00", "weekdays": [6, 7]},
    ]
    night = {IN: 1.5e-07, OUT: 6e-07, "windows": windows}
    events: Events = [
        ["2025-10-01", "added", "", None, None, "", 0],
        ["2025-10-03", "price", f"{IN}_above_200k_tokens", None, 6e-06, "", 1],
        ["2026-09-19", "price", "off_peak_pricing", None, night, "", 2],
        ["2026-10-09", "price", f"{IN}_above_200k_tokens", 6e-06, None, "", 3],
    ]
    rows = parse(snapshot([model("m", input=3.0)], {"m": events})).rows["prices"]
    found = {(r["tier"], r["token_kind"], str(r["valid_from"])): r for r in rows}
    assert {key: r["price_usd_per_mtok"] for key, r in found.items()} == {
        ("standard", "input", "2025-10-01"): 3.0,
        ("over_200k", "input", "2025-10-03"): 6.0,
        ("over_200k", "input", "2026-10-09"): None,
        ("off_peak", "input", "2026-09-19"): 0.15,
        ("off_peak", "output", "2026-09-19"): 0.6,
    }
    hours = found["off_peak", "input", "2026-09-19"]["hours_utc"]
    assert hours == "outside 01:00 to 04:00, 06:00 to 10:00 UTC on weekdays"
    Hours.parse(hours)


def test_a_price_added_later_has_no_earlier_value() -> None:
    events: Events = [
        ["2025-01-03", "added", "", None, None, "", 0],
        ["2025-02-07", "price", IN, None, 2.7e-07, "", 1],
    ]
    assert [h[1:3] for h in history(events, input=0.27)] == [("2025-02-07", 0.27)]


def test_a_flag_marks_the_change_and_the_price_it_replaced() -> None:
    events: Events = [
        ["2025-01-03", "added", "", None, None, "", 0],
        ["2025-01-05", "price", OUT, 1e-03, 1e-05, "unit", 1],
    ]
    assert [h[1:4] for h in history(events, output=10.0)] == [
        ("2025-01-03", 1000.0, "flagged:before_unit"),
        ("2025-01-05", 10.0, "flagged:unit"),
    ]


def test_models_older_than_the_history_have_a_snapshot_as_basis() -> None:
    events: Events = [["2023-09-06", "start", "", None, None, "", 0]]
    assert history(events, input=30.0)[0][3] == "snapshot"


def test_a_stay_that_nothing_later_tells_of_is_counted_not_guessed() -> None:
    events: Events = [
        ["2024-05-07", "added", "", None, None, "", 0],
        ["2025-01-03", "removed", "", None, None, "", 1],
        ["2025-09-24", "added", "", None, None, "", 2],
        ["2026-01-13", "price", IN, 6e-07, 2.8e-07, "", 3],
    ]
    parsed = parse(snapshot([model("m", input=0.28)], {"m": events}))
    assert [(str(r["valid_from"]), r["price_usd_per_mtok"]) for r in parsed.rows["prices"]] == [
        ("2025-09-24", 0.6),
        ("2026-01-13", 0.28),
    ]
    assert parsed.dropped == {"a price before a removal, which nothing later tells": 1}


def test_a_removal_ends_a_known_price() -> None:
    events: Events = [
        ["2024-05-07", "added", "", None, None, "", 0],
        ["2024-06-01", "price", IN, 1e-06, 2e-06, "", 1],
        ["2025-01-03", "removed", "", None, None, "", 2],
        ["2025-09-24", "added", "", None, None, "", 3],
    ]
    assert [h[1:3] for h in history(events, input=5.0)] == [
        ("2024-05-07", 1.0),
        ("2024-06-01", 2.0),
        ("2025-01-03", None),
        ("2025-09-24", 5.0),
    ]


def test_the_last_price_of_a_day_stands() -> None:
    events: Events = [
        ["2024-05-07", "added", "", None, None, "", 0],
        ["2024-05-07", "price", IN, 1e-06, 3e-06, "", 1],
        ["2024-05-07", "price", IN, 3e-06, 2e-06, "", 2],
    ]
    assert [h[1:3] for h in history(events, input=2.0)] == [("2024-05-07", 2.0)]


def test_other_modes_and_other_prices_are_counted() -> None:
    added = ["2025-01-03", "added", "", None, None, "", 0]
    query = ["2025-02-03", "price", "search_context_cost_per_query", None, {"low": 0.01}, "", 1]
    data = snapshot(
        [model("m", input=1.0), model("pictures", mode="image_generation")],
        {"m": [added, query], "pictures": [added]},
    )
    assert sum(parse(data).dropped.values()) == 2


def retirements(events: Events, retire: str = "") -> list[tuple[str, str | None, str]]:
    given = snapshot([{**model("m", mode="ocr"), "retire": retire}], {"m": events})
    return [
        (str(r["known_on"]), str(r["retires_on"] or ""), r["row_url"].removeprefix(URL))
        for r in parse(given).rows.get("retirements", [])
    ]


CAME = ["2025-01-01", "added", "", None, None, "", 0]
DATED = ["2025-03-01", "deprecation", "deprecation_date", None, "2025-09-01", "", 1]
MOVED = ["2025-04-01", "deprecation", "deprecation_date", "2025-09-01", "2025-10-01", "", 2]
WITHDRAWN = ["2025-05-01", "deprecation", "deprecation_date", "2025-10-01", None, "", 3]
GONE, BACK = (
    ["2025-06-01", "removed", "", None, None, "", 0],
    ["2025-07-01", "added", "", None, None, "", 1],
)


def test_every_retirement_date_is_kept_from_the_day_it_was_written() -> None:
    assert retirements([CAME]) == []
    assert retirements([CAME], "2025-09-01") == [("2025-01-01", "2025-09-01", "aaa0")]
    assert retirements([CAME, DATED, MOVED, WITHDRAWN]) == [
        ("2025-03-01", "2025-09-01", "bbb1"),
        ("2025-04-01", "2025-10-01", "ccc2"),
        ("2025-05-01", "", "ddd3"),
    ]
    # A model whose date is older than its first change came with it.
    assert retirements([CAME, MOVED], "2025-10-01")[0] == ("2025-01-01", "2025-09-01", "aaa0")


def test_a_model_that_comes_back_has_the_date_it_comes_with() -> None:
    assert retirements([CAME, DATED, GONE, BACK])[-1] == ("2025-07-01", "", "bbb1")
    again = retirements([CAME, DATED, GONE, BACK], "2026-01-01")
    assert again[-1] == ("2025-07-01", "2026-01-01", "bbb1")
    assert len(retirements([CAME, DATED, GONE])) == 1


def test_a_retirement_date_that_does_not_continue_is_refused() -> None:
    with pytest.raises(UpstreamChanged, match="retirement date of 2025-09-01"):
        retirements([CAME, DATED], "2025-12-31")


def test_ratings_get_the_catalogues_words() -> None:
    rows = parse(snapshot([], {})).rows["arena_ratings"]
    assert [(r["board"], r["style_control"], r["category"]) for r in rows] == [
        ("text", True, "full"),
        ("text", True, "hard_6"),
        ("webdev", None, "full"),
    ]
    assert rows[0]["model_name"] == "Model X (High)"
    assert rows[0]["organisation"] == "maker"
    assert rows[0]["votes_n"] == 900
    assert rows[0]["known_on"] == date(2026, 10, 20)


ADDED = ["2025-01-03", "added", "", None, None, "", 0]


@pytest.mark.parametrize(
    ("events", "now", "what"),
    [
        ([ADDED, ["2025-02-07", "price", IN, 1e-06, 2e-06, "", 1]], 3.0, "continues as 3.0"),
        ([ADDED, ["2025-02-07", "price", "colour", 1, 2, "", 1]], 3.0, "colour"),
        ([ADDED, ["2025-02-07", "renamed", "", None, None, "", 1]], 3.0, "renamed"),
        ([ADDED, ["2025-02-07", "price", IN, 1e-06, 3e-06, "odd", 1]], 3.0, "odd"),
        ([ADDED, ["2025-02-07", "price", IN, 1e-06, 3e-06, "", 99]], 3.0, "99"),
        ([["2025-02-07", "price", IN, 1e-06, 3e-06, "", 1]], 3.0, "before any entry"),
        ([[*ADDED, "more"]], 3.0, "not 7 values"),
    ],
)
def test_changed_events_are_refused(events: Events, now: float, what: str) -> None:
    with pytest.raises(UpstreamChanged, match=re.escape(what)):
        parse(snapshot([model("m", input=now)], {"m": events}))


@pytest.mark.parametrize(
    ("path", "value", "what"),
    [
        (("schema",), 2, "schema"),
        (("news",), [], "news"),
        (("events", "ghost"), [], "ghost"),
        (("ratings", "tasks", "juggling"), [], "juggling"),
        (("ratings", "season"), 1, "season"),
        (("models",), [{**model("m"), "colour": "red"}], "colour"),
        (("models",), [model("m", mode="telepathy")], "telepathy"),
    ],
)
def test_a_changed_layout_is_refused(path: tuple[str, ...], value: object, what: str) -> None:
    data = copy.deepcopy(snapshot([], {"m": [ADDED]} if path == ("models",) else {}))
    inner = data
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    with pytest.raises(UpstreamChanged, match=what):
        parse(data)


def test_a_cut_file_is_damaged() -> None:
    content = gzip.compress(json.dumps(snapshot([], {})).encode())[:-30]
    with pytest.raises(DamagedDownload):
        llmledger.parse(RawFiles("llmledger", (RawFile("snapshot.json.gz", content),), DAY))


@pytest.fixture(scope="module")
def frames(shared_evidence: Path) -> dict[str, pl.DataFrame]:
    found = importer("llmledger")
    made, _ = rows_of(found, raw_from_folder(found.source, shared_evidence / "llmledger", DAY))
    return made


def test_the_real_snapshot(frames: dict[str, pl.DataFrame]) -> None:
    ratings, prices = frames["arena_ratings"], frames["prices"]
    assert ratings.height == 5_648
    assert ratings.filter(board="text", category="full").height == 245
    assert prices.height > 9_000
    assert prices["known_on"].min() == date(2023, 9, 6)


def test_the_real_retirement_dates(frames: dict[str, pl.DataFrame]) -> None:
    retired = frames["retirements"]
    assert retired.height == 1_164
    assert retired["model_name"].n_unique() == 894
    assert retired["retires_on"].null_count() == 82
    opus = retired.filter(model_name="claude-opus-4-6").sort("known_on")
    assert opus["retires_on"].to_list() == [date(2027, 2, 5), None]


def test_prices_that_are_known_from_elsewhere(frames: dict[str, pl.DataFrame]) -> None:
    def of(name: str, kind: str) -> list[float | None]:
        rows = frames["prices"].filter(model_name=name, token_kind=kind).sort("valid_from")
        return rows["price_usd_per_mtok"].to_list()

    assert of("gpt-5", "input") == [1.25]
    assert of("gpt-5", "output") == [10.0]
    assert of("claude-opus-4-5", "output") == [25.0]
    # The price war as LiteLLM saw it.
    assert of("deepseek/deepseek-chat", "input") == [0.14, 0.27, 0.28]
    assert of("deepseek/deepseek-chat", "output") == [0.28, 1.1, 0.42]


def test_the_text_ratings_are_those_of_the_style_controlled_board(
    frames: dict[str, pl.DataFrame], shared_evidence: Path
) -> None:
    found = importer("lmarena_catalog")
    raw = raw_from_folder(found.source, shared_evidence / "lmarena_catalog", date(2025, 12, 17))
    catalogue = rows_of(found, raw)[0]["arena_ratings"]

    def plain(name: str) -> str:
        return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")

    text = frames["arena_ratings"].filter(board="text", category="full")
    mine = {plain(n): r for n, r in text.select("model_name", "rating_elo").iter_rows()}

    def spread(style: bool) -> float:
        theirs = catalogue.filter(
            board="text", category="full", style_control=style, observed_on=date(2025, 12, 11)
        )
        gaps: list[float] = [
            mine[plain(name)] - rating
            for name, rating in theirs.select("model_name", "rating_elo").iter_rows()
            if plain(name) in mine
        ]
        assert len(gaps) > 80
        return statistics.stdev(gaps)

    assert spread(style=True) < 4
    assert spread(style=False) > 20
