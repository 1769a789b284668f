"""What the page says of a judge, in a real browser."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.arena.judged import (
    asked_to_judge,
    judge_lines,
    judging,
    many_prompts,
    people_vote,
    sees_who_is_right,
)
from tests.arena.served import serving
from tests.browser import fits_and_passes_axe, needs_browser

from headtohead.arena.settings import settings_in
from headtohead.arena.store.store import ArenaStore

pytestmark = needs_browser


@pytest.fixture(scope="module")
def judged_arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an arena in which a judge and people have voted."""
    folder = tmp_path_factory.mktemp("judged")
    right = {"ant": [n % 2 == 0 for n in range(30)], "bee": [n % 3 == 0 for n in range(30)]}
    with judging(sees_who_is_right) as server:
        toml = many_prompts(folder, right, judge_lines(server.base_url))
        assert asked_to_judge(toml).exit_code == 0
    store = ArenaStore(settings_in(toml).database)
    people_vote(store, ("ant", "bee"), [(n, ("left", "right")[n % 2]) for n in range(30)])
    store.close()
    with serving(toml) as served:
        yield served.address


def test_the_judges_part_of_the_page_fits_and_passes_axe(
    judged_arena: str,
    browser: Any,
) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 844})
    page.goto(f"{judged_arena}/board")
    assert "What the judge adds" in page.inner_text("main")
    assert "By people's votes alone:" in page.inner_text("#meters-title")
    fits_and_passes_axe(page)
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    fits_and_passes_axe(page)
    page.close()


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (390, "light")])
def test_the_judges_part_passes_axe_as_it_opens(
    judged_arena: str,
    browser: Any,
    width: int,
    scheme: str,
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
    page.goto(f"{judged_arena}/board")
    fits_and_passes_axe(page)
    page.close()
