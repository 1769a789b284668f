"""Addresses: one text for each page, and nothing outside the site."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headtohead.web.address import FORMS, Address

_WORD = st.from_regex(r"[a-z0-9][a-z0-9.@+-]{0,20}[a-z0-9]", fullmatch=True).filter(
    lambda w: not w.endswith(tuple(f".{form}" for form in FORMS)) and w not in ("on", "index")
)


@given(
    words=st.lists(_WORD.filter(lambda w: w != "figures"), min_size=1, max_size=4),
    day=st.none() | st.dates(),
    figure=st.just("") | _WORD,
    form=st.sampled_from(FORMS),
)
def test_an_address_is_read_as_it_was_written(
    words: list[str], day: date | None, figure: str, form: str
) -> None:
    address = Address(path="/".join(words), day=day, figure=figure, form=form)  # type: ignore[arg-type]
    assert Address.read(address.file()) == address


def test_a_dot_in_a_name_is_no_suffix() -> None:
    address = Address.read("/models/deepseek-v3.2")
    assert address == Address(path="models/deepseek-v3.2")
    assert Address.read("/models/deepseek-v3.2.json") == Address(
        path="models/deepseek-v3.2", form="json"
    )


def test_the_first_page_is_the_file_that_hosts_show_first() -> None:
    assert Address.read("/") == Address.read("/index.html") == Address()
    assert Address().file() == "index.html"
    assert Address().file("") == ""
    on = Address(day=date(2025, 12, 15))
    assert Address.read(on.file()) == on
    assert Address.read("/on/2025-12-15/") == on
    assert on.file("") == "on/2025-12-15/"
    assert on.up == "../../"


@pytest.mark.parametrize(
    "text",
    [
        "/../etc/passwd",
        "/models/..",
        "/a//b",
        "/on/2025-13-40/x",
        "/a\x00b",
        "/a\nb",
        "/" + "x" * 900,
    ],
)
def test_what_can_be_no_address_is_none(text: str) -> None:
    assert Address.read(text) is None
