"""Strict readers of single values, for `Record.convert`."""

import pytest

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.sourcing import Record, entries, words


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
