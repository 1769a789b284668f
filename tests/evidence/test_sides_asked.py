"""Sides of a group: by id or as people write them; a slip of the pen is told what was meant."""

import re
from pathlib import Path

import pytest

from headtohead.core.errors import InputError, UnknownName
from headtohead.core.question import Sides
from headtohead.evidence.facts import Facts
from headtohead.evidence.store import Store

FACTS = Facts(Store(Path("no-such-home")))


@pytest.mark.parametrize(
    ("group", "a", "b", "sides"),
    [
        ("country", "USA", "China", ("US", "CN")),
        ("country", "us", "cn", ("US", "CN")),
        ("country", "United States", "france", ("US", "FR")),
        ("lab", "OpenAI", "DeepSeek", ("openai", "deepseek")),
        ("open", "closed", "Open", ("closed", "open")),
    ],
)
def test_sides_are_known_by_more_than_their_code(
    group: str, a: str, b: str, sides: tuple[str, str]
) -> None:
    assert FACTS.sides(group, a, b) == Sides(group, *sides)


@pytest.mark.parametrize(
    ("group", "written", "meant"),
    [
        ("country", "Chna", "China (CN)"),
        ("country", "Unted States", "United States (US)"),
        ("lab", "deepsek", "deepseek"),
        ("open", "opne", "open"),
    ],
)
def test_a_side_nearly_right_is_suggested(group: str, written: str, meant: str) -> None:
    with pytest.raises(UnknownName, match=rf"Did you mean {re.escape(meant)}"):
        FACTS.sides(group, written, "x")


def test_two_spellings_of_one_side_are_no_two_sides() -> None:
    with pytest.raises(InputError, match="Both sides are CN"):
        FACTS.sides("country", "China", "CN")
