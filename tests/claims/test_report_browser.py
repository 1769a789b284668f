"""The page in a real browser: it draws, sorts, filters, slides, restores and stays alone."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.browser import CONTRAST, DRAWN, OnePage, downloaded, needs_browser, wait_until
from tests.claims import report_builder as build
from tests.claims.test_report_page import html_of, rendered

import headtohead
from headtohead.claims.result import ReportResult
from headtohead.questions import exhibit_specs

pytestmark = [
    needs_browser,
    pytest.mark.usefixtures("kept_facts"),
]
Opened = Callable[..., Any]


def only(*drawn: str, **more: Any) -> ReportResult:
    """A report with these charts alone, since fourteen take a browser two seconds."""
    return build.report(missing=[slug for slug in exhibit_specs() if slug not in drawn], **more)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    pages = {
        "report": rendered("plain"),
        "brief": html_of(only("arena-frontier", "price-vs-rating")),
        "capability": html_of(
            only("capability-frontier", "lag-arrows", "capability-profile", "sensitivity")
        ),
        "hostile": rendered("hostile"),
        "formulas": html_of(
            only("price-vs-rating", "trading-equity", names=("=1+1", "@x", "fine"))
        ),
        "check": html_of(build.check()),
    }
    for name, text in pages.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in pages}


@pytest.fixture
def opened(quiet_page: OnePage, files: dict[str, Path]) -> Opened:
    """A way to a page with every figure open; tests share it unless they ask for it anew."""

    def made(name: str = "brief", hash_: str = "", *, anew: bool = False, **options: Any) -> Any:
        address = files[name].as_uri()
        page = None if anew or hash_ else quiet_page.still_open(address, **options)
        if page:
            # An address in which nothing is chosen.
            page.evaluate("history.replaceState(null, '', '#'); location.hash = '#q='")
            wait_until(page, "document.querySelector('#f-q').value === ''")
        else:
            page = quiet_page.open(address + hash_, **options)
            if name != "check":
                page.wait_for_selector(DRAWN)
        if name != "check" and not (anew or hash_):
            unfolded(page)
        return page

    return made


def unfolded(page: Any) -> None:
    """Open every figure, and wait until its chart is drawn."""
    page.evaluate("document.querySelectorAll('details.folded').forEach(d => { d.open = true; })")
    wait_until(
        page,
        "!document.querySelector('details.folded > template') "
        "&& document.documentElement.dataset.charts === 'drawn'",
    )


def shown(page: Any) -> list[str]:
    found: list[str] = page.eval_on_selector_all(
        "#score tbody tr:not([hidden])", "rows => rows.map(r => r.dataset.anchor)"
    )
    return found


def every_chart_is_drawn(page: Any, width: int) -> None:
    """And the page does not scroll sideways."""
    unfolded(page)
    for slug in build.report().exhibits:
        box = page.locator(f"#{slug}-chart svg").bounding_box()
        assert box["width"] > 200, slug
        assert box["height"] > 100, slug
        marks = page.locator(f"#{slug}-chart svg path").count()
        assert marks > 3, slug
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.slow
def test_every_chart_draws_on_a_phone(opened: Opened) -> None:
    every_chart_is_drawn(opened("report", anew=True, viewport=(360, 800)), 360)


def test_every_chart_draws_and_words_stand_out_in_light_and_dark(opened: Opened) -> None:
    for scheme, paper in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(18, 23, 30)")):
        page = opened("report", color_scheme=scheme)
        if scheme == "light":
            every_chart_is_drawn(page, 1280)
        else:
            unfolded(page)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == paper
        assert page.evaluate(CONTRAST) == []


def test_hostile_names_run_nothing_and_fit_a_phone(opened: Opened) -> None:
    page = opened("hostile", viewport=(360, 800))
    every_chart_is_drawn(page, 360)
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    page.locator("#arena-frontier-chart svg").hover()
    assert page.evaluate("window.pwned") is None
    assert page.locator("img").count() == 0


def test_data_charts_and_citations_can_be_taken_away(opened: Opened, tmp_path: Path) -> None:
    import csv
    import io

    page = opened("hostile", viewport=(360, 800))
    name, content = downloaded(page, "price-vs-rating", "csv", tmp_path)
    assert name == "price-vs-rating.csv"
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert len(rows) == 8
    assert build.HOSTILE[0] in [r["model_name"] for r in rows]
    assert {"price_usd_per_mtok", "known_on", "source_id"} <= set(rows[0])
    name, content = downloaded(page, "price-vs-rating", "metadata", tmp_path)
    about = json.loads(content)
    assert name == "price-vs-rating.metadata.json"
    assert about["as_of"] == "2026-10-31"
    assert about["columns"]["price_usd_per_mtok"]["unit"] == "$ per million tokens"
    name, content = downloaded(page, "price-vs-rating", "png", tmp_path)
    assert content.startswith(b"\x89PNG")
    assert len(content) > 20_000
    name, content = downloaded(page, "price-vs-rating", "svg", tmp_path)
    assert content.startswith(b"<svg")
    assert b"Rating against list price" in content
    assert b"var(--" not in content
    page.locator("#price-vs-rating button[data-do=cite]").press("Enter")
    assert page.locator("dialog[open] #citation-bibtex").text_content().startswith("@misc{")
    page.keyboard.press("Escape")
    wait_until(page, "document.querySelector('dialog[open]') === null")


def test_a_spreadsheet_reads_no_formula(opened: Opened, tmp_path: Path) -> None:
    page = opened("formulas")
    _, content = downloaded(page, "price-vs-rating", "csv", tmp_path)
    assert b"'=1+1" in content
    assert b",=1+1" not in content
    _, content = downloaded(page, "trading-equity", "csv", tmp_path)
    assert b",-15" in content


def test_a_folded_page_skips_by_keyboard_and_prints_as_it_stands(opened: Opened) -> None:
    page = opened(anew=True)
    focused = "document.activeElement"
    closed = page.locator("details.folded > template").count()
    assert closed == len(exhibit_specs())
    assert page.locator("#claim-X1 .quote").count() == 0
    skips = ("#main", "#scorecard", "#arena-frontier")
    for skip in skips:
        page.keyboard.press("Tab")
        assert page.evaluate(f"{focused}.className") == "skip"
        assert page.evaluate(f"{focused}.getAttribute('href')") == skip
        assert page.evaluate(f"{focused}.getBoundingClientRect().left >= 0")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#claim-X1").get_attribute("open") is None
    assert page.locator("#score").is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="null")
    for skip in skips:
        page.locator(f".skip[href='{skip}']").press("Enter")
        if skip == "#main":
            assert page.evaluate(f"{focused}.id") == "main"
        page.keyboard.press("Tab")
        inside = "main" if skip == "#main" else skip
        assert page.evaluate(f"{focused}.closest('{inside}') !== null"), skip
    # Whoever skips to an exhibit finds it open.
    wait_until(page, "document.querySelector('#arena-frontier').open")


def test_a_folded_page_opens_what_an_address_points_at_and_nothing_else(opened: Opened) -> None:
    page = opened(hash_="#arena-frontier")
    page.wait_for_selector("#arena-frontier-chart svg")
    closed = len(exhibit_specs())
    assert page.locator("details.folded > template").count() == closed - 1
    page = opened(hash_="#claim-X4")
    page.wait_for_selector("#claim-X4[open]")
    wait_until(page, "document.activeElement.parentElement.id === 'claim-X4'")
    page.locator("#score tbody tr").nth(1).locator(".number").first.click()
    page.wait_for_selector("#claim-X2[open]")
    assert page.url.endswith("#claim-X2")


def test_sorting_works_by_keyboard_and_is_told(opened: Opened) -> None:
    page = opened()
    head = page.locator("th[data-key=hindsight]")
    head.locator("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    up = shown(page)
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert shown(page) == up[::-1]
    assert "sort=hindsight&dir=desc" in page.url


def counted(page: Any, text: str) -> None:
    """Wait until the count beside the filters says so."""
    wait_until(page, f"document.querySelector('#f-count').textContent === '{text}'")


def test_filters_work_by_keyboard_together(opened: Opened) -> None:
    page = opened()
    page.locator("#f-q").focus()
    page.keyboard.type("cheaply")
    counted(page, "1 of 5 shown")
    assert shown(page) == ["claim-X2"]
    page.locator("#f-sec").select_option("openness")
    counted(page, "0 of 5 shown")
    assert shown(page) == []
    assert page.locator("#f-none").is_visible()
    page.get_by_role("button", name="Show all").press("Enter")
    counted(page, "5 of 5 shown")
    page.locator("#f-v").select_option("refuted")
    counted(page, "1 of 5 shown")
    assert shown(page) == ["claim-X3"]


def test_the_slider_changes_chart_and_address_and_the_address_restores_what_was_chosen(
    opened: Opened,
) -> None:
    page = opened()
    slider = page.locator("#price-vs-rating-seen")
    marks = "#price-vs-rating-chart .mark-symbol path"
    before = page.locator(marks).count()
    slider.focus()
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    page.wait_for_selector("#price-vs-rating[data-day='2025-04-01']")
    assert "c=price-vs-rating&t=2025-04-01" in page.url
    after = page.locator(marks).count()
    assert 0 < after < before
    assert slider.get_attribute("aria-valuetext") == "2025-04-01"
    page.locator("#f-q").fill("A,")
    page.locator("th[data-key=hindsight] button").press("Enter")
    page.locator("th[data-key=hindsight] button").press("Enter")
    kept = ["claim-X4", "claim-X3", "claim-X2"]
    assert shown(page) == kept
    page = opened(hash_="#" + page.url.partition("#")[2])
    assert shown(page) == kept
    assert page.locator("#f-q").input_value() == "A,"
    # A folded page opens the figure of its address.
    assert page.locator("#price-vs-rating").get_attribute("data-day") == "2025-04-01"
    assert page.locator(marks).count() == after
    assert page.locator("#price-vs-rating-day").text_content() == "2025-04-01"
    assert page.evaluate("scrollY") > 0
    page.evaluate("location.hash = '#sec=openness'")
    counted(page, "1 of 5 shown")
    assert shown(page) == ["claim-X3"]
    assert page.locator("#f-sec").input_value() == "openness"


def test_a_broken_address_leaves_the_page_as_it_is(opened: Opened) -> None:
    page = opened(hash_="#c=price-vs-rating&t=0001-01-01&sort=evil&v=zzz")
    for hash_ in (
        "",
        "#c=nothing&t=x",
        "#c=price-vs-rating&t=0001-01-01",
        "#sort=evil&v=zzz",
        "#%E0%A4%A",
    ):
        page.evaluate("hash => { if (hash) location.hash = hash; }", hash_)
        assert page.locator("#price-vs-rating-chart svg").count() == 1


def test_the_theme_can_be_chosen_and_charts_follow(opened: Opened) -> None:
    page = opened(color_scheme="light")
    mark = "document.querySelector('#arena-frontier-chart .mark-symbol path')"
    light = page.evaluate(f"getComputedStyle({mark}).fill")
    page.locator("#theme").press("Enter")
    page.locator("#theme").press("Enter")
    assert page.locator("#theme").text_content() == "Theme: dark"
    wait_until(page, f"getComputedStyle({mark}).fill !== '{light}'")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 23, 30)"
    page.locator("#theme").press("Enter")
    assert page.locator("#theme").text_content() == "Theme: auto"


def test_what_is_copied_takes_its_address_along(
    browser: Any,
    files: dict[str, Path],
) -> None:
    address = "http://page.test/report.html"
    page = browser.new_page()
    page.route(address, lambda route: route.fulfill(path=files["brief"], content_type="text/html"))
    page.add_init_script(
        "Object.defineProperty(navigator, 'clipboard',"
        " {value: {writeText: async (text) => { window.taken = text; }}})"
    )
    page.goto(f"{address}#claim-X2")
    page.wait_for_selector("#claim-X2[open]")
    page.locator("#claim-X2 button.copy").first.click()
    said = page.locator("#claim-X2 .quote").first.text_content()
    assert "Source: " in said
    assert page.evaluate("window.taken") == f"{said} {address}#claim-X2"
    page.locator("[data-copy=cite-bibtex]").dispatch_event("click")
    assert f"  url = {{{address}}},\n  note = " in page.evaluate("window.taken")
    page.locator("[data-copy=answer]").click()
    said, taken = page.locator("#answer").text_content(), page.evaluate("window.taken")
    assert taken.startswith(f"{said} With what was known by 20")
    assert " Source: " in taken
    assert taken.endswith(f" {address}#answer")
    page.close()


def count(page: Any, slug: str, name: str, mark: str = "path, line, rect") -> int:
    """How many marks the layers of this name have drawn."""
    script = "(gs, mark) => gs.reduce((n, g) => n + g.querySelectorAll(mark).length, 0)"
    found: int = page.eval_on_selector_all(f"#{slug}-chart svg g[class*='{name}']", script, mark)
    return found


def words(page: Any, slug: str) -> list[str]:
    found: list[str] = page.locator(f"#{slug}-chart svg .mark-text text").all_text_contents()
    return found


def slid_to(page: Any, slug: str, day: str) -> Any:
    slider = page.locator(f"#{slug}-seen")
    slider.focus()
    while page.locator(f"#{slug}-day").text_content() > day:
        before = page.locator(f"#{slug}").get_attribute("data-day")
        page.keyboard.press("ArrowLeft")
        wait_until(page, f"document.getElementById('{slug}').dataset.day !== {json.dumps(before)}")
    return page


def test_the_frontier_has_a_band_for_each_side_and_the_gap_has_an_interval(opened: Opened) -> None:
    page = opened("capability")
    slug = "capability-frontier"
    rows = build.report().exhibits[slug].answer.rows
    assert count(page, slug, "band_marks") == 2
    assert count(page, slug, "records_marks") == sum(row["is_record"] for row in rows) > 0
    assert {"−7.8", "−9.8 to −5.8"} <= set(words(page, slug))
    slid_to(page, slug, "2025-05-01")
    assert {"−6.0", "−8.0 to −4.0"} <= set(words(page, slug))
    assert count(page, slug, "band_marks") == 2


def test_each_matched_record_has_an_arrow_and_the_others_stay_open(opened: Opened) -> None:
    page = opened("capability")
    slug = "lag-arrows"
    assert count(page, slug, "set_marks") == 6
    assert count(page, slug, "matched_marks") == count(page, slug, "heads_marks") == 4
    assert count(page, slug, "standing_marks") == build.STANDING == 2
    assert count(page, slug, "spread_marks") == 6
    assert {"4.9 months, Model two", "8.0+ months"} <= set(words(page, slug))
    slid_to(page, slug, "2025-05-31")
    assert page.locator(f"#{slug}-day").text_content() == "2025-05-31"
    assert count(page, slug, "set_marks") == 5
    assert count(page, slug, "matched_marks") == 1
    assert count(page, slug, "standing_marks") == 4
    assert "3.9+ months" in words(page, slug)


def test_the_profile_marks_what_is_sure_and_names_the_domains(opened: Opened) -> None:
    page = opened("capability")
    slug = "capability-profile"
    assert count(page, slug, "-symbol role-mark sure_marks") == len(build.SURE)
    assert count(page, slug, "unsure_marks") == 8 - len(build.SURE)
    filled = page.eval_on_selector_all(
        f"#{slug}-chart svg g[class*='sure_marks'] path",
        "ps => ps.filter(p => p.getAttribute('fill') !== 'transparent').length",
    )
    assert filled == len(build.SURE)
    labels = page.locator(f"#{slug}-chart svg .role-axis-label text").all_text_contents()
    heads = ["Maths", "Coding and agents", "Knowledge and reasoning", "Other"]
    assert [label for label in labels if label in heads] == heads
    assert {"◂ US better", "Chinese better ▸"} <= set(words(page, slug))


def test_the_sensitivity_table_comes_first_and_its_chart_has_an_interval_a_choice(
    opened: Opened,
) -> None:
    page = opened("capability")
    slug = "sensitivity"
    assert page.locator(f"#{slug} > figure > .scroll tbody tr").count() == 7
    for what in ("gap", "lag"):
        assert count(page, slug, f"{what}_bars") == count(page, slug, f"{what}_dots") == 4
        assert count(page, slug, f"{what}_bare") == 2
    assert words(page, slug).count("no answer") == 2


def test_print_is_light_shows_the_cards_and_hides_the_tools(opened: Opened) -> None:
    page = opened("check", color_scheme="dark")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("#claim-X1 .quote").first.is_visible()
    assert not page.locator("#filters").is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("#claim-X1").get_attribute("open") is None


def test_a_check_sorts_and_filters_too(opened: Opened) -> None:
    page = opened("check")
    page.locator("#f-v").select_option("undecided")
    assert shown(page) == ["claim-X4"]
    page.locator("th[data-key=verdict] button").press("Enter")
    assert "v=undecided" in page.url
    assert "sort=verdict" in page.url


def test_the_report_of_the_article_is_short_before_anything_is_opened(
    one_page: OnePage,
    tmp_path: Path,
) -> None:
    """As a reader with two minutes meets it: the answer, three numbers, one card, the scorecard."""
    path = tmp_path / "report.html"
    path.write_text(headtohead.report(as_of="2026-10-31").to_html(), encoding="utf-8")
    page = one_page.open(path.as_uri(), viewport=(390, 900))
    page.wait_for_selector(DRAWN)
    for width, tallest in ((390, 20_000), (1280, 9_000)):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollHeight") <= tallest
        assert page.evaluate("document.querySelectorAll('*').length") <= 15_000
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator(".headlines li").count() == 3
    answer = page.locator(".answer").bounding_box()
    assert answer["y"] + answer["height"] < 900
    printed = page.pdf(prefer_css_page_size=True)
    assert 0 < len(re.findall(rb"/Type\s*/Page[^s]", printed)) <= 25
