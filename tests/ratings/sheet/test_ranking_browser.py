"""The page of a ranking in a real browser: boards, filters, sorting, address, downloads, print."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.browser import CONTRAST, DRAWN, OnePage, downloaded, needs_browser, wait_until
from tests.ratings.sheet import ranking_builder as build

pytestmark = needs_browser
Opened = Callable[..., Any]
MANY = tuple(f"model-{n:03}" for n in range(60))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("rankings")
    made = {
        "everything": build.ranking("everything"),
        "hostile": build.ranking("hostile"),
        "many": build.made(build.counts(MANY, 4, step=0.05)),
        "undefeated": build.ranking("undefeated"),
    }
    for name, result in made.items():
        (folder / f"{name}.html").write_text(build.page(result), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in made}


@pytest.fixture
def opened(quiet_page: OnePage, files: dict[str, Path]) -> Opened:
    """A way to a page on which nothing is chosen; tests share it unless they ask for it anew."""

    def made(name: str = "everything", hash_: str = "", anew: bool = False, **options: Any) -> Any:
        address = files[name].as_uri()
        page = None if anew or hash_ else quiet_page.still_open(address, **options)
        if page:
            gone_to(page, "#q=")
            return page
        page = quiet_page.open(address + hash_, **options)
        page.wait_for_selector(DRAWN)
        return page

    return made


def gone_to(page: Any, hash_: str) -> None:
    """Change the address of the open page, and wait until its chart is drawn anew."""
    page.evaluate(
        """hash => {
          delete document.querySelector("#board").dataset.shown;
          history.replaceState(null, "", "#");
          location.hash = hash;
        }""",
        hash_,
    )
    page.wait_for_selector("#board[data-shown]")


def models(page: Any) -> list[str]:
    found: list[str] = page.eval_on_selector_all(
        "#standings tbody th", "cells => cells.map(c => c.textContent)"
    )
    return found


def column(page: Any, place: int) -> list[str]:
    found: list[str] = page.eval_on_selector_all(
        f"#standings tbody td:nth-child({place})", "cells => cells.map(c => c.textContent)"
    )
    return found


def drawn(page: Any, names: int) -> None:
    """Wait until the chart shows so many models."""
    page.wait_for_selector(f"#board[data-shown='{names}']")
    assert page.locator("#board-chart svg .role-axis-label text").count() >= names
    assert page.locator("#board-chart .mark-symbol.role-mark path").count() >= names


def every_chart_is_drawn(page: Any, width: int) -> None:
    """And the page does not scroll sideways."""
    for slug in (
        "board",
        "win-matrix",
        "battle-counts",
        "drift",
        "group-ratings",
        "group-gaps",
        "style-effects",
    ):
        box = page.locator(f"#{slug}-chart svg").bounding_box()
        assert box["width"] > 200, slug
        assert page.locator(f"#{slug}-chart svg path").count() > 3, slug
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def the_script_wrote_the_table_as_it_was(page: Any, file: Path) -> None:
    """As the file has it, which a browser without scripts shows."""
    script = """text => {
      const written = text ? new DOMParser().parseFromString(text, "text/html") : document;
      const body = written.querySelector("#standings tbody");
      return body.innerHTML.replace(/>\\s+</g, "><").trim();
    }"""
    assert page.evaluate(script) == page.evaluate(script, file.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_every_chart_draws_at_every_width(opened: Opened) -> None:
    for width in (1280, 400):
        for name in ("everything", "hostile"):
            every_chart_is_drawn(opened(name, anew=True, viewport=(width, 800)), width)


def test_a_page_opens_drawn_and_its_first_tab_skips_to_the_answer(
    opened: Opened, files: dict[str, Path]
) -> None:
    page = opened(anew=True)
    the_script_wrote_the_table_as_it_was(page, files["everything"])
    every_chart_is_drawn(page, 1280)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_sorting_works_by_keyboard_and_is_told(opened: Opened) -> None:
    page = opened()
    head = page.locator("th[data-key=battles_n]")
    head.locator("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    page.locator("th[data-key=wins_n] button").press("Enter")
    wins = [int(text) for text in column(page, 9)]
    assert wins == sorted(wins, reverse=True)
    page.locator("th[data-key=wins_n] button").press("Enter")
    assert page.locator("th[data-key=wins_n]").get_attribute("aria-sort") == "ascending"
    assert [int(text) for text in column(page, 9)] == wins[::-1]
    assert "sort=wins_n" in page.url
    page.locator("th[data-key=best_rank] button").press("Enter")
    places = [int(text.split("-")[0]) for text in column(page, 2)]
    assert places == sorted(places)


def test_the_other_tables_sort_too(opened: Opened) -> None:
    page = opened()
    needed = "#flips td:nth-child(4)"
    before = page.locator(needed).all_text_contents()
    page.locator("#flips thead button").nth(3).press("Enter")
    after = page.locator(needed).all_text_contents()
    assert after == [*sorted((n for n in before if n != "–"), key=int), "–"]
    assert page.locator("#flips thead th").nth(3).get_attribute("aria-sort") == "ascending"


def test_hovering_a_cell_tells_the_interval_and_the_votes(opened: Opened) -> None:
    page = opened()
    page.locator("#win-matrix-chart .mark-rect path").last.hover()
    page.wait_for_selector("#vg-tooltip-element.visible")
    text = page.locator("#vg-tooltip-element").text_content()
    for words in ("Row", "Column", "At least", "At most", "Votes between them"):
        assert words in text
    page.locator("#board-chart").scroll_into_view_if_needed()
    page.locator("#board-chart .mark-rect.role-mark path").last.hover()
    wait_until(
        page,
        "document.querySelector('#vg-tooltip-element').textContent.includes('Holds with the rest')",
    )


def test_words_stand_out_in_light_and_dark(opened: Opened) -> None:
    for scheme, paper in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(18, 23, 30)")):
        page = opened(color_scheme=scheme)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == paper
        assert page.evaluate(CONTRAST) == []


def test_data_charts_and_citations_of_the_board_shown_can_be_taken_away(
    opened: Opened, tmp_path: Path
) -> None:
    page = opened()
    gone_to(page, "#board=language%3Dfr")
    name, content = downloaded(page, "board", "csv", tmp_path)
    assert name == "board.csv"
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert len(rows) == 7
    assert {"best_rank", "joint_low_elo", "battles_n", "model_group"} <= set(rows[0])
    _, content = downloaded(page, "board", "metadata", tmp_path)
    about = json.loads(content)
    assert about["title"] == "Ratings by language = fr"
    assert about["rows"] == 7
    assert about["settings"]["ties"] == "half"
    _, content = downloaded(page, "board", "png", tmp_path)
    assert content.startswith(b"\x89PNG")
    _, content = downloaded(page, "board", "svg", tmp_path)
    assert b"Ratings by language = fr" in content
    assert b"model-c" in content
    assert b">model-a<" not in content
    assert b"var(--" not in content
    page.locator("#board button[data-do=cite]").press("Enter")
    assert "Ratings by language = fr" in page.locator("#citation-plain").text_content()
    page.keyboard.press("Escape")
    _, content = downloaded(page, "win-matrix", "csv", tmp_path)
    assert len(content.splitlines()) == 29
    _, content = downloaded(page, "left-out", "csv", tmp_path)
    assert b"not anonymous,20," in content


def test_another_board_changes_chart_table_words_and_address(opened: Opened) -> None:
    page = opened()
    assert len(models(page)) == 8
    page.locator("#f-board").focus()
    page.locator("#f-board").select_option("language=de")
    page.wait_for_selector("#board[data-board='language=de']")
    assert page.locator("#board-title").text_content() == "Ratings by language = de"
    assert "560 votes" in page.locator("#board-subtitle").text_content()
    assert "board=language%3Dde" in page.url
    page.locator("#f-board").select_option("language=model-a")
    page.wait_for_selector("#board[data-board='language=model-a']")
    drawn(page, 6)
    assert "model-a" not in models(page)
    assert len(models(page)) == 6
    labels = page.locator("#board-chart svg .role-axis-label text").all_text_contents()
    assert "model-c" in labels
    assert "model-a" not in labels
    page.locator("#f-board").select_option("all")
    page.wait_for_selector("#board[data-board='all']")
    assert "board=" not in page.url


def test_filters_work_by_keyboard_together(opened: Opened) -> None:
    page = opened()
    page.locator("#f-q").focus()
    page.keyboard.type("model-")
    page.locator("#f-g").select_option("closed <b>")
    drawn(page, 3)
    assert page.locator("#f-count").text_content() == "3 of 8 models"
    page.locator("#f-q").focus()
    page.keyboard.type("b")
    drawn(page, 1)
    assert models(page) == ["model-b"]
    page.locator("#f-q").fill("nothing like it")
    page.wait_for_selector("#board[data-shown='0']")
    assert page.locator("#f-none").is_visible()
    page.get_by_role("button", name="Show all").press("Enter")
    drawn(page, 8)
    assert len(models(page)) == 8


def test_the_address_alone_opens_what_was_chosen(opened: Opened) -> None:
    page = opened()
    page.locator("#f-board").select_option("language=model-a")
    page.locator("#f-g").select_option("closed <b>")
    page.locator("#f-q").fill("MODEL-")
    page.locator("th[data-key=model] button").press("Enter")
    page.locator("th[data-key=model] button").press("Enter")
    drawn(page, 2)
    chosen = models(page)
    assert chosen == ["model-f", "model-d"]
    page = opened(hash_="#" + page.url.partition("#")[2])
    page.wait_for_selector("#board[data-board='language=model-a']")
    assert models(page) == chosen
    drawn(page, 2)
    for name, value in (("board", "language=model-a"), ("g", "closed <b>"), ("q", "MODEL-")):
        assert page.locator(f"#f-{name}").input_value() == value
    gone_to(page, "#board=month%3D2025-06&sort=model&dir=desc")
    assert models(page) == ["model-d", "model-c", "model-b", "model-a"]
    gone_to(page, "#board=language%3Dfr&q=model-d")
    page.wait_for_selector("#board[data-board='language=fr']")
    assert models(page) == ["model-d"]
    drawn(page, 1)


def test_a_broken_address_leaves_the_page_as_it_is(opened: Opened) -> None:
    page = opened(hash_="#board=nothing&sort=evil&dir=zzz&n=-3&g=none")
    for hash_ in ("", "#board=nothing", "#sort=evil&dir=zzz", "#n=-3&g=none", "#%E0%A4%A"):
        page.evaluate("hash => { if (hash) location.hash = hash; }", hash_)
        page.wait_for_selector("#board[data-shown]")
        assert page.locator("#board-chart svg").count() == 1
        assert page.locator("#f-board").input_value() == "all"


def test_hostile_names_run_nothing_and_fit_a_narrow_screen(
    opened: Opened, files: dict[str, Path], tmp_path: Path
) -> None:
    page = opened("hostile", anew=True, viewport=(400, 800))
    the_script_wrote_the_table_as_it_was(page, files["hostile"])
    every_chart_is_drawn(page, 400)
    # A spreadsheet reads no formula.
    _, content = downloaded(page, "board", "csv", tmp_path)
    assert b"'=1+1" in content
    assert b"\n=1+1" not in content
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    for slug in ("board", "win-matrix", "drift"):
        page.locator(f"#{slug}-chart svg").hover()
    page.locator("#f-board").select_option(index=3)
    wait_until(page, "document.querySelector('#board-title').textContent.includes('<img')")
    page.locator("#f-q").fill("<img")
    page.wait_for_selector("#board[data-shown='0']")
    assert page.evaluate("window.pwned") is None
    assert page.locator("img").count() == 0


def test_a_long_board_shows_its_top_and_all_on_request(
    opened: Opened, files: dict[str, Path]
) -> None:
    page = opened("many", "#n=all", color_scheme="dark")
    drawn(page, 60)
    assert page.locator("#board-chart svg").bounding_box()["height"] > 60 * 19
    assert not page.locator("#board-more").is_visible()
    the_script_wrote_the_table_as_it_was(page, files["many"])
    page.locator("#f-n").select_option("")
    drawn(page, 50)
    assert len(models(page)) == 60
    assert "The chart shows 50 of 60;" in page.locator("#board-more").text_content()
    page.locator("#f-n").select_option("all")
    drawn(page, 60)
    assert "n=all" in page.url


def test_print_is_light_shows_the_whole_table_and_hides_the_tools(opened: Opened) -> None:
    page = opened("many", color_scheme="dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator("#choose").is_visible()
    assert not page.locator(".buttons").first.is_visible()
    region = page.locator(".scroll:has(#standings)")
    assert region.evaluate("e => e.scrollHeight <= e.clientHeight + 1")


def test_an_open_end_is_an_arrow_and_is_said(opened: Opened, files: dict[str, Path]) -> None:
    page = opened("undefeated", anew=True)
    the_script_wrote_the_table_as_it_was(page, files["undefeated"])
    assert "at least" in page.locator("#standings tbody tr").first.text_content()
    assert "undefeated" in page.locator("#standings tbody tr").first.text_content()
    arrows = page.eval_on_selector_all(
        "#board-chart .mark-symbol path",
        "all => all.filter(p => (p.getAttribute('d').match(/L/g) || []).length === 2).length",
    )
    assert arrows == 2


def test_without_scripts_the_table_is_there(
    browser: Any,
    files: dict[str, Path],
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(files["everything"].as_uri())
    assert len(models(page)) == 8
    assert "Every number is also in the tables, which do not." in page.content()
    assert not page.locator("#choose").is_visible()
    context.close()
