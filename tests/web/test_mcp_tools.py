"""What an assistant may ask: short answers with day, age, interval and citation, or a sentence."""

import math
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from tests.evidence.test_store import plant
from tests.test_as_of import planted
from tests.web.test_site_pages import DAY, LOOK, page, the_site

from headtohead.core.errors import HeadToHeadError, InputError, UnknownName
from headtohead.core.settings import options_of, type_of
from headtohead.evidence.store import Store
from headtohead.web.address import Address
from headtohead.web.kinds import kind_of
from headtohead.web.mcp.answering import in_words, told
from headtohead.web.mcp.tools import TOOLS, Tool, asked
from headtohead.web.rendering import rendered
from headtohead.web.site import Site

BY_NAME = {tool.name: tool for tool in TOOLS}
BASE = "https://example.org/h2h/"
ASKED: Mapping[str, Mapping[str, Any]] = {
    "check_claim": {"claim": "p1"},
    "versus": {"a": "GPT 5", "b": "DeepSeek V3.2"},
    "price_at": {"model": "deepseek-chat", "at": "2026-03-01"},
    "capability_gap": {},
    "find_models": {"licence": "open", "context": "128k"},
    "retirements": {"operator": "OpenAI"},
}


def answer(name: str, given: Mapping[str, Any], site: Site, day: date) -> dict[str, Any]:
    """What a tool answers on a day."""
    found, as_of = asked(BY_NAME[name], given, site, day)
    return told(found, as_of, BASE)


@cache
def usual(name: str) -> dict[str, Any]:
    """The usual answer of a tool, asked once."""
    return answer(name, ASKED[name], the_site(), DAY)


@pytest.mark.parametrize("name", BY_NAME)
def test_an_answer_is_short_and_says_day_age_interval_source_and_citation(name: str) -> None:
    made = usual(name)
    text = in_words(made)
    assert len(text) < 3000
    assert made["as_of"] == "2026-11-01"
    newest = date.fromisoformat(made["newest_data_known_on"])
    assert newest <= DAY
    assert made["days_since_newest_data"] == (DAY - newest).days
    assert f"Known by 2026-11-01. The newest data behind it became known on {newest}" in text
    intervals = [n for n in made["numbers"] if n["low"] <= n["value"] <= n["high"] and n["level"]]
    assert intervals or "interval" in text
    assert "known by 2026-11-01" in made["citation"]
    assert made["sources"]
    assert all(s["url"].startswith("https://") for s in made["sources"])


@pytest.mark.parametrize("name", sorted(set(BY_NAME) - {"find_models"}))
def test_the_page_that_an_answer_names_is_there_and_is_not_moved(name: str) -> None:
    page = usual(name)["page"]
    assert page.startswith(f"{BASE}on/2026-11-01/")
    address = Address.read(page.removeprefix(BASE))
    assert address
    found = kind_of(address.path)
    assert found
    module, words = found
    assert module.answer(the_site(), words, the_site().on(address)).sheet.title


def test_without_a_site_no_page_is_named() -> None:
    found, as_of = asked(BY_NAME["retirements"], {}, the_site(), DAY)
    made = told(found, as_of, "")
    assert made["page"] is None
    assert "None" not in in_words(made)


def test_a_statement_is_found_by_its_words_and_a_like_one_suggests() -> None:
    said = "Chinese models are orders of magnitude cheaper"
    assert "C6" not in said
    assert answer("check_claim", {"claim": said.upper()}, the_site(), DAY)["page"].endswith("/C6")
    with pytest.raises(UnknownName, match=r"Did you mean C6 .*cheaper"):
        answer("check_claim", {"claim": "chinese models are cheaper"}, the_site(), DAY)


def test_retirements_are_those_asked_for() -> None:
    asked_for = {"operator": "azure", "model": "gpt-4o", "until": "2027-12-31"}
    made = answer("retirements", asked_for, the_site(), DAY)
    assert {row["Seller"] for row in made["rows"]} == {"Microsoft Azure"}
    assert all("gpt-4o" in row["Sold as"] for row in made["rows"])
    assert all(row["Last day stated"] <= "2027-12-31" for row in made["rows"])
    with pytest.raises(UnknownName, match="Did you mean"):
        answer("retirements", {"operator": "Azzure"}, the_site(), DAY)
    with pytest.raises(HeadToHeadError, match="does not mean that none will come"):
        answer("retirements", asked_for | {"until": "2020-01-01"}, the_site(), DAY)


def test_an_answer_says_no_more_than_what_was_asked_for() -> None:
    gone = answer("retirements", {"model": "claude-3-opus"}, the_site(), DAY)
    assert (
        "No seller has stated a day after 2026-11-01 on which it lets what was asked for go."
        in (gone["answer"])
    )
    before = answer("versus", {**ASKED["versus"], "as_of": "2020-01-01"}, the_site(), DAY)
    assert "downloaded" not in before["answer"]
    assert "Sources: none." in in_words(before)


def test_evidence_that_is_updated_meanwhile_is_in_the_next_answer(tmp_path: Path) -> None:
    store = Store(tmp_path)
    site = Site(DAY, store)
    before = answer("retirements", {}, site, DAY)
    row = store.read("retirements", DAY).head(1).to_dicts()[0]
    row |= {"model_name": "one-more", "retires_on": DAY + timedelta(days=1), "vintage": None}
    plant(tmp_path, {"retirements": [row]}, DAY, source_id=row.pop("source_id"))
    after = answer("retirements", {}, site, DAY)
    first, then = (int(said["answer"].split()[0]) for said in (before, after))
    assert then == first + 1


# The same answers stand on the pages of test_site_as_of, which always asks this.
@pytest.mark.slow
def test_rows_known_later_move_no_answer(tmp_path: Path) -> None:
    later = DAY + timedelta(days=1)
    site = Site(later, planted(tmp_path, later, 0.5))
    for name, given in ASKED.items():
        assert answer(name, {**given, "as_of": str(DAY)}, site, later) == usual(name)
    address = Address(path="retirements", day=DAY, form="json")
    assert rendered(site, address, LOOK).content_hash == page(address.file()).content_hash
    moved = answer("price_at", ASKED["price_at"], site, later)
    assert moved["answer"] != usual("price_at")["answer"]


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_words_are_described_as_the_settings_do_and_none_names_a_file(tool: Tool) -> None:
    for field, said in options_of(tool.settings).items():
        if field.name in tool.without:
            continue
        assert tool.words[field.name]["description"] == said.help
        assert type_of(tool.settings, field.name) is not Path
    assert set(tool.without) <= {field.name for field in options_of(tool.settings)}
    assert tool.schema["required"] == [*tool.needs]


HOSTILE: list[Any] = [
    *(5, -1e308, math.nan, True, [], {}, [1], [[]], {"a": "b"}, "", " ", "\x00", "x" * 401),
    *(["CN"] * 51, "../../etc/passwd", "'; DROP TABLE prices; --", "\ud800", "\u202egpt", "=1+1"),
]


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_hostile_words_get_a_sentence(tool: Tool) -> None:
    pairs = list(product(tool.words, HOSTILE))
    for word, value in pairs[:: 1 + len(pairs) // 60]:
        said = ""
        try:
            asked(tool, {**ASKED[tool.name], word: value}, the_site(), DAY)
        except HeadToHeadError as error:
            said = str(error)
        assert len(said) < 3000
        assert said.endswith((".", "?")) or not said


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"a": "gpt-5"}, "versus needs `b`: The side that might stand in"),
        ({"a": "gpt-5", "b": "gpt-4", "grup": "model"}, "Did you mean `group`?"),
        ({"a": "gpt-99", "b": "gpt-5"}, "Did you mean GPT-5"),
        ({"a": "gpt-5", "b": "gpt-4", "store": "/"}, "versus has no word 'store'. It takes a, b"),
        ({"a": "gpt-5", "b": "gpt-4", "as_of": "2026-11-02"}, "lies after 2026-11-01"),
        ({"a": "gpt-5", "b": "gpt-4", "as_of": "soon"}, "`as_of`: 'soon'"),
    ],
)
def test_what_is_wrong_with_a_question_is_said_with_what_to_do(
    given: Mapping[str, Any], says: str
) -> None:
    with pytest.raises(InputError) as raised:
        asked(BY_NAME["versus"], given, the_site(), DAY)
    assert says in str(raised.value)


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("capability_gap", {"group": "planet"}, "Known: country, family, lab, model, open."),
        ("capability_gap", {"group": "lab", "a": "openai"}, "Give `b` too"),
        ("price_at", {"model": "claude-99"}, "Did you mean"),
        ("find_models", {"weights": "closed", "licence": "open"}, "leave it out"),
    ],
)
def test_each_tool_suggests_what_may_be_meant(
    name: str, given: Mapping[str, Any], says: str
) -> None:
    with pytest.raises(InputError) as raised:
        asked(BY_NAME[name], given, the_site(), DAY)
    assert says in str(raised.value)
