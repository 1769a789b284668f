"""Strict readers of single values, for `Record.convert`."""

import pytest
import yaml

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.sourcing import Record, entries, words, yaml_of


def test_text_and_lists_are_taken_as_they_are() -> None:
    record = Record("s", "file", {"name": "M 1", "tiers": [1, 2]})
    assert record.convert("name", words) == "M 1"
    assert record.convert("tiers", entries) == [1, 2]


@pytest.mark.parametrize("value", [None, 5, True, "", "  ", ["M"], {"M": 1}])
def test_what_is_not_text_is_refused(value: object) -> None:
    with pytest.raises(UpstreamChanged, match="name"):
        Record("s", "file", {"name": value}).convert("name", words)


@pytest.mark.parametrize("value", [None, 5, "[]", {"a": 1}, (1, 2)])
def test_what_is_not_a_list_is_refused(value: object) -> None:
    with pytest.raises(UpstreamChanged, match="tiers"):
        Record("s", "file", {"tiers": value}).convert("tiers", entries)


@pytest.mark.parametrize(
    "text",
    [
        "- a: 1\n  b: [2.5, yes, 2025-12-15, ~, 'x', 0x1f]\n- &m {c: é}\n- *m\n- <<: *m\n",
        "a: |\n  two\n  lines\nb: >\n  one\n  line\n",
        "",
        "just words",
    ],
)
def test_yaml_is_what_the_plain_loader_makes_of_it(text: str) -> None:
    assert yaml_of(text) == yaml.safe_load(text)


@pytest.mark.parametrize("text", ["a: [1", "a: b: c", "*nowhere", "!!python/object:os.system {}"])
def test_what_is_no_yaml_or_more_than_data_is_refused(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        yaml_of(text)


@pytest.mark.parametrize("opening", ["[", "- ", "{a: "])
def test_lists_nested_deep_are_refused_and_crash_nothing(opening: str) -> None:
    with pytest.raises(ValueError, match="nested too deep"):
        yaml_of(opening * 100_000)
