"""Every kind of page, by its contract: it asks nothing of others, and its data lie beside it."""

import re
from datetime import date
from functools import cache

import pytest

from headtohead.core.errors import UnknownName
from headtohead.web.address import Address, Moved
from headtohead.web.kinds import kind_of, kinds
from headtohead.web.rendering import Look, NoSuchPage, Rendered, month_ends, rendered
from headtohead.web.site import Site

DAY = date(2026, 11, 1)
LOOK = Look(days=month_ends(date(2025, 1, 1), DAY))


@cache
def the_site() -> Site:
    """One site for all tests, which only read it."""
    return Site(DAY)


@cache
def page(path: str) -> Rendered:
    """A page, made once."""
    address = Address.read(path)
    assert address
    return rendered(the_site(), address, LOOK)


def some(kind: str) -> str:
    """The first page of a kind."""
    return next(iter(kinds()[kind].frozen(the_site(), DAY)))


@pytest.mark.parametrize("kind", kinds())
def test_a_page_stands_alone_and_asks_nothing_of_others(kind: str) -> None:
    text = page(some(kind)).body.decode()
    assert len(text) < 300_000
    assert "<h1" in text
    assert "<style" not in text
    assert " style=" not in text
    assert not re.findall(r"<script(?![^>]*(src=|type=\"application/json\"))", text)
    outside = re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=\"(https?:[^\"]*)", text)
    assert not outside


@pytest.mark.parametrize("kind", kinds())
def test_the_pages_that_are_frozen_are_pages_of_their_kind(kind: str) -> None:
    paths = list(kinds()[kind].frozen(the_site(), DAY))
    assert paths
    assert len(set(paths)) == len(paths)
    for path in paths:
        found = kind_of(path)
        assert found is not None
        assert found[0] is kinds()[kind]


@pytest.mark.parametrize("kind", kinds())
def test_json_and_csv_lie_beside_each_page(kind: str) -> None:
    for form in ("json", "csv"):
        address = Address.read(some(kind))
        assert address
        assert page(f"{address.path or 'index'}.{form}").body


def test_names_in_any_spelling_lead_to_one_page() -> None:
    with pytest.raises(Moved) as moved:
        page("versus/GPT 5/DeepSeek V3.2")
    assert moved.value.path == "versus/gpt-5/deepseek-v3.2"


def test_an_unknown_name_suggests() -> None:
    with pytest.raises(UnknownName, match="Did you mean"):
        page("versus/gpt-99/gpt-5")


def test_what_is_no_page_is_none() -> None:
    for path in ("nowhere", "versus/US", "versus/US/CN/figures/nothing.csv"):
        with pytest.raises(NoSuchPage):
            page(path)
