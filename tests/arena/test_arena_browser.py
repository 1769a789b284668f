"""The pages of an arena in a real browser: by key, on a phone, in the dark, for a screen reader."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.arena.served import ServedArena, TestVoter, names_in, serving, written
from tests.browser import DRAWN, fits_and_passes_axe, needs_browser, wait_until
from tests.simulations import leading

from headtohead.arena.trying import trial
from headtohead.arena.web.admin import admin_token
from headtohead.hosting.security import Limits

pytestmark = needs_browser
SHOTS = os.environ.get("H2H_SCREENSHOTS", "")
"""A folder for the pictures of the tutorial; `make screenshots` sets it."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedArena]:
    folder = tmp_path_factory.mktemp("arena")
    with serving(written(folder, top='compare = [["ant", "bee"]]\n')) as running:
        for outcome in ("left", "right", "tie"):
            with TestVoter(running.address) as voter:
                for _ in range(9):
                    voter.vote(voter.draw(), outcome)
        with sqlite3.connect(running.arena.settings.database) as raw:  # six of yesterday
            raw.execute("DROP TRIGGER votes_are_not_changed")
            raw.execute(
                "UPDATE votes SET voted_ms = voted_ms - 86400000 "
                "WHERE battle IN (SELECT battle FROM votes LIMIT 6)"
            )
        raw.close()
        yield running


@pytest.fixture
def trouble() -> Iterator[list[str]]:
    """What pages say that none should say; nothing may be wrong on any page."""
    said: list[str] = []
    yield said
    # A browser says so of the one page that is not there.
    assert [text for text in said if "404 (Not Found)" not in text] == []


@pytest.fixture
def opened(browser: Any, served: ServedArena, trouble: list[str]) -> Iterator[Any]:
    """A way to a page in a browser that never was there."""
    contexts = []

    def page(path: str, width: int = 1280, scheme: str = "light", clock: bool = False) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": 844}, color_scheme=scheme, base_url=served.address
        )
        contexts.append(context)
        if clock:
            context.clock.install()
        found = context.new_page()
        _listened(found, trouble)
        found.goto(path)
        return found

    yield page
    for context in contexts:
        context.close()


def _listened(page: Any, trouble: list[str]) -> None:
    page.on("console", lambda m: trouble.append(f"{m.type}: {m.text}"))
    page.on("pageerror", lambda e: trouble.append(f"error: {e}"))


@pytest.fixture(scope="module")
def onlooker(browser: Any, served: ServedArena) -> Iterator[Any]:
    """The page of somebody who never votes, and whatever it has to say."""
    page = browser.new_page(base_url=served.address)
    said: list[str] = []
    _listened(page, said)
    yield page
    page.close()
    assert said == []


def begun(opened: Any, **options: Any) -> Any:
    page = opened("/", **options)
    page.click("button.main")
    page.wait_for_selector("#vote")
    return page


def test_a_vote_by_key_shows_the_names_enter_goes_on_and_nobody_votes_twice(
    opened: Any, served: ServedArena
) -> None:
    page = begun(opened)
    before = served.arena.store.votes_n()
    first = page.url
    assert names_in(page.content()) == []
    page.check("[name=reason_clear]")
    page.keyboard.press("2")
    page.wait_for_selector(".next")
    assert page.text_content("h1").strip().startswith("A was ")
    assert "B is better" in page.text_content(".kicker")
    row = served.arena.store.rows("SELECT outcome, reasons FROM votes ORDER BY voted_ms DESC")[0]
    assert tuple(row) == ("right", "clear")
    assert served.arena.store.votes_n() == before + 1
    page.keyboard.press("Enter")
    page.wait_for_selector("#vote")
    assert page.url != first
    assert page.title().startswith("Which answer is better?")
    page.keyboard.press("1")
    page.wait_for_selector(".next")
    assert served.arena.store.votes_n() == before + 2
    page.go_back()
    # No browser may keep the page of a battle, so it comes back as one that was voted on.
    page.wait_for_selector(".next")
    assert page.locator("#vote").count() == 0
    page.keyboard.press("1")
    assert served.arena.store.votes_n() == before + 2


PATHS = pytest.mark.parametrize("path", ["/", "battle", "/board", "/no-such-page"])


def opens(opened: Any, path: str, **options: Any) -> Any:
    return begun(opened, **options) if path == "battle" else opened(path, **options)


# The first page and the refusal are built of the same parts.
@pytest.mark.parametrize("path", leading(["battle", "/board", "/", "/no-such-page"]))
def test_every_page_fits_and_passes_axe(opened: Any, path: str) -> None:
    page = opens(opened, path)
    fits_and_passes_axe(page)
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    fits_and_passes_axe(page)


@pytest.mark.slow
@PATHS
@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (390, "light")])
def test_every_page_passes_axe_as_it_opens(opened: Any, path: str, width: int, scheme: str) -> None:
    fits_and_passes_axe(opens(opened, path, width=width, scheme=scheme))


def test_a_vote_in_another_browser_reaches_an_open_leaderboard(
    opened: Any, served: ServedArena
) -> None:
    page = opened("/board", clock=True)
    count = served.arena.store.votes_n()
    assert f"{count} votes" in page.text_content("#table-title")
    with TestVoter(served.address) as voter:
        voter.vote(voter.draw(), "left")
    page.clock.fast_forward(5_000)
    wait_until(page, f"document.body.textContent.includes('{count + 1} votes')")


def test_the_leaderboard_of_an_earlier_day_is_a_key_away(opened: Any) -> None:
    page = opened("/board")
    day, last = page.get_attribute("#until", "data-days").split()
    page.focus("#until")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(f"**until={day}*")
    assert f"6 votes until {day}" in page.text_content("#table-title")
    page.focus("#until")
    page.keyboard.press("ArrowRight")
    page.wait_for_url(lambda url: day not in url)
    assert page.text_content("#until-day") == last


def test_the_leaderboard_is_that_of_rank(onlooker: Any, served: ServedArena) -> None:
    from headtohead import rank

    page = onlooker
    page.goto("/board?category=facts")
    board = rank(served.arena.settings.database, where={"category": "facts"}).board()
    shown = page.eval_on_selector_all(
        ".standings tbody tr",
        "rows => rows.map(r => [r.cells[0].textContent, r.cells[2].textContent])",
    )
    assert shown == [[s.model, f"{s.rating.value:,.0f}"] for s in board.standings]
    days = served.arena.store.rows(
        "SELECT DISTINCT date(voted_ms / 1000, 'unixepoch') FROM counted_votes ORDER BY 1"
    )
    said = f"on {days[0][0]}" if len(days) == 1 else f"from {days[0][0]} to {days[-1][0]}"
    assert f"Votes given {said} (UTC)." in page.text_content("#live")
    assert "bee" in page.text_content(".meter")
    assert "more votes" in page.text_content(".meter")
    assert "May we stop? Not yet, on questions of the kind facts" in page.text_content(
        "#meters-title"
    )


def test_choices_on_the_leaderboard_stand_in_the_address(onlooker: Any) -> None:
    page = onlooker
    page.goto("/board")
    page.select_option("[name=category]", "writing")
    page.wait_for_url("**category=writing*")
    assert "on writing" in page.text_content("#table-title")
    page.check("[name=mine]")
    page.wait_for_url("**mine=1*")
    assert "No vote meets these choices" in page.text_content("main")


def test_a_group_that_nobody_knows_leaves_the_leaderboard(onlooker: Any) -> None:
    onlooker.goto("/board?group=country")
    assert onlooker.locator(".standings tbody tr").count() == 3
    assert "call them as their models are called" in onlooker.text_content("main")


def test_a_long_title_hides_no_link(
    browser: Any,
    tmp_path: Path,
) -> None:
    toml = written(tmp_path)
    toml.write_text(toml.read_text().replace("Test arena", "An arena of ours " * 20))
    with serving(toml) as long:
        page = browser.new_page(base_url=long.address)
        page.goto("/")
        place = page.locator("nav a", has_text="Leaderboard").bounding_box()
        assert place["width"] > 40
        assert place["x"] + place["width"] < page.locator("#theme").bounding_box()["x"]
        assert page.locator(".bar-top").bounding_box()["height"] < 60
        page.close()


def test_the_full_report_runs_its_own_scripts_and_no_others(onlooker: Any) -> None:
    answer = onlooker.goto("/board/report", timeout=60_000)
    onlooker.wait_for_selector(DRAWN)
    policy = answer.headers["content-security-policy"]
    scripts = policy.partition("script-src")[2].partition(";")[0]
    assert scripts.count("sha256-") > 1
    assert "unsafe-inline" not in scripts


LIKES = {"Amber": 1.0, "Basalt": 0.4, "Cedar": 0.0}


# What they show is looked at by the tests of each page.
@pytest.mark.slow
def test_the_pictures_of_the_tutorial_show_what_it_tells(browser: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    folder = Path(SHOTS) if SHOTS else tmp_path
    with serving(trial("short", tmp_path / "trial.sqlite"), seed=5) as served:
        served.arena.voter_limits = Limits(per_minute=10**6, burst=10**6)
        page = browser.new_page(viewport={"width": 1040, "height": 660}, base_url=served.address)

        def shot(name: str) -> None:
            page.screenshot(path=str(folder / f"arena-{name}.png"))

        page.goto("/")
        page.click("button.main")
        page.wait_for_selector("#vote")
        page.check("[name=reason_correct]")
        shot("vote")
        page.keyboard.press("1")
        page.wait_for_selector(".next")
        shot("names")
        for _ in range(6):
            with TestVoter(served.address) as voter:
                for _ in range(10):
                    battle = voter.draw()
                    met = served.arena.store.battle(battle["id"])
                    assert met is not None
                    edge = LIKES[met.left_entrant] - LIKES[met.right_entrant]
                    left = rng.random() < 1 / (1 + np.exp(-2 * edge))
                    voter.vote(battle, "left" if left else "right")
        with sqlite3.connect(served.arena.settings.database) as raw:  # as slow as people are
            raw.execute("DROP TRIGGER votes_are_not_changed")
            raw.execute("UPDATE votes SET seconds = 20 + 30 * (rowid % 7)")
        raw.close()
        page.goto("/board")
        assert page.text_content(".standings tbody th").strip() == "Amber"
        assert "61 votes" in page.text_content("#table-title")
        page.screenshot(path=str(folder / "arena-board.png"), full_page=True)
        page.goto(f"/admin/enter/{admin_token(served.arena)}")
        assert "Retire" in page.text_content("main")
        shot("admin")
        page.close()
    assert len(list(folder.glob("arena-*.png"))) == 4
