"""The card as a picture: names of any length and script stay on it."""

import re
from types import SimpleNamespace
from typing import Any, cast

import pytest

from headtohead.core.estimate import Citation
from headtohead.publish.result import Result
from headtohead.publish.sheet import Headline, Sheet
from headtohead.web import lettering
from headtohead.web.card import HEIGHT, WIDTH, card_svg, fitted, width
from headtohead.web.lettering import readable

NAMES = ("GPT-5", "W" * 400, "word " * 300, "模型" * 90, "e\u0301" * 500, "نموذج " * 80, "")
TEXT = re.compile(r'<text x="([\d.]+)" y="([\d.]+)"[^>]*font-size="(\d+)"[^>]*>([^<]*)')


def drawn(**values: Any) -> str:
    sheet = Sheet(verb="test", **values)
    return card_svg(cast("Result", SimpleNamespace(sheet=sheet)), "example.org/" + "x" * 300)


@pytest.mark.parametrize("name", NAMES)
def test_whatever_is_on_a_card_stays_on_it(name: str) -> None:
    for svg in (
        drawn(title=f"Is {name} good?", sentence=name),
        drawn(title=name, sentence="", headlines=tuple(Headline(name, name) for _ in range(3))),
    ):
        found = TEXT.findall(svg)
        assert found
        for x, y, size, text in found:
            assert float(y) <= HEIGHT
            if text != "headtohead":
                assert float(x) + width(text) * float(size) <= WIDTH
            if float(y) == HEIGHT - 36 and text.startswith("example"):
                assert float(x) + width(text) * float(size) <= WIDTH - 200, "over the name"


def test_a_text_takes_the_largest_type_in_which_it_fits() -> None:
    assert fitted("short", 400, 50, (40, 20)) == (40, ["short"])
    size, lines = fitted("a few words that need more room", 300, 50, (40, 20))
    assert (size, len(lines)) == (20, 2)
    assert fitted("x" * 99, 100, 0, (20,))[1][0].endswith("…")


def test_marks_in_a_name_are_no_markup() -> None:
    assert "<b>" not in drawn(title="<b>&", sentence="<b>")


def test_a_name_that_no_font_has_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert readable("GPT-5 · Ünïcode – Ж") == "GPT-5 · Ünïcode – Ж"
    # As on a machine without fonts for other scripts.
    monkeypatch.setattr(lettering, "_has_font", lambda char: ord(char) < 0x250)
    assert readable("混元", "hunyuan-large") == "hunyuan-large"
    assert readable("모델 カタ 5") == "model kata 5"
    assert readable("混元 Turbo") == "[Chinese letters] Turbo"
    assert readable("نموذج 2") == "[Arabic letters] 2"
    assert readable("Ｑｗｅｎ") == "Qwen"
    assert "[Chinese letters]" in drawn(title="混元", sentence="混元")


def test_a_character_without_a_font_is_told_from_one_that_has_one() -> None:
    assert readable("\U0001b170\ue001") != "\U0001b170\ue001"
    assert readable("Ελλ") == "Ελλ"


def test_a_card_of_numbers_names_its_sources() -> None:
    sources = tuple(
        Citation(
            source_id=f"s{n}",
            publisher=f"Publisher {n}",
            product="",
            citation="",
            url="",
            licence="",
            evaluator="third_party",
        )
        for n in range(6)
    )
    svg = drawn(title="t", sentence="s", headlines=(Headline("$1 in", "a month"),), sources=sources)
    assert "Sources: Publisher 0; Publisher 1; Publisher 2; Publisher 3; 2 more" in svg
