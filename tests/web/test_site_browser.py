"""The site in a real browser: search, slider, sides, download and cite, with and without script."""

import re
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from tests.browser import fits, fits_and_passes_axe, needs_browser
from tests.web.test_site_pages import DAY, page, some, the_site

from headtohead.web.address import Address
from headtohead.web.assets import ASSETS, held
from headtohead.web.kinds import kinds
from headtohead.web.rendering import TYPES, Look, all_forms

pytestmark = needs_browser
BEFORE = date(2026, 3, 31)
PAIR = "versus/gpt-5/deepseek-v3.2"
FROZEN = {
    None: frozenset(
        {"", "search", PAIR, "versus/US/CN", "versus/closed/open", f"embed/{PAIR}", "models/gpt-5"}
    ),
    BEFORE: frozenset({PAIR}),
}
ALIKE = (
    "tbody tr:nth-of-type(n+4)",
    "main li:nth-of-type(n+4)",
    ".topic:nth-of-type(n+4)",
    "figure:nth-of-type(n+3)",
    ":is(.claim, .reading, details):nth-of-type(n+3)",
    ".chart svg",
)
"""What is like what stands before it, or has tests of its own: checking it would take seconds."""

BUILT_ALIKE = {*kinds()} - {"boards", "embed", "home", "search", "versus"}
"""Kinds whose parts are those of these: tables, charts, lists and verdicts under a title."""


def written() -> dict[str, bytes]:
    """A site of a few files, by name."""
    look = Look(html=".html", days=(BEFORE, DAY), frozen=FROZEN)
    files = {f"static/{name}": held(name) for name in ASSETS}
    for day, paths in FROZEN.items():
        for path in paths:
            files |= dict(all_forms(the_site(), Address(path=path, day=day), look))
    return files


class SiteHandler(BaseHTTPRequestHandler):
    """Files under /files/, and the pages of a server everywhere else."""

    files: dict[str, bytes]

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        if path.startswith("/files/"):
            name = path.removeprefix("/files/")
            form = next(f for f in sorted(TYPES, key=len)[::-1] if name.endswith((f".{f}", "")))
            body, kind = self.files.get(name), TYPES[form]
        elif path.startswith("/static/"):
            body, kind = held(path.removeprefix("/static/")), ""
        else:
            found = page(path)
            body, kind = found.body, found.media_type
        suffix = path.rpartition(".")[2]
        kind = {"css": "text/css", "js": "text/javascript", "html": TYPES["html"]}.get(suffix, kind)
        self.send_response(200 if body is not None else 404)
        self.send_header("Content-Type", kind or TYPES["svg"])
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of what was asked for."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    handler = type("Files", (SiteHandler,), {"files": written()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def opened(browser: Any, address: str) -> Iterator[Any]:
    """A way to a page in a browser that never was there; nothing may go wrong on it."""
    contexts, trouble = [], []

    def open_page(path: str, **options: Any) -> Any:
        context = browser.new_context(base_url=address, **options)
        contexts.append(context)
        found = context.new_page()
        found.on("console", lambda m: trouble.append(f"{m.type}: {m.text}"))
        found.on("pageerror", lambda e: trouble.append(f"error: {e}"))
        found.on("request", lambda r: None if r.url.startswith(address) else trouble.append(r.url))
        found.goto(path)
        return found

    yield open_page
    for context in contexts:
        context.close()
    assert trouble == []


@pytest.mark.parametrize("scripts", [True, False])
def test_a_reader_goes_from_day_to_day_and_from_sides_to_sides(opened: Any, scripts: bool) -> None:
    seen = opened(f"/files/{PAIR}.html", java_script_enabled=scripts)
    assert re.match(r"DeepSeek-V3\.2 is .* GPT-5", seen.inner_text("h1"))
    assert seen.locator("#known-day").is_visible() == scripts
    if scripts:
        seen.focus("#known-day")
        seen.keyboard.press("Home")
    else:
        seen.click(f"#known-by a:text('{BEFORE}')")
    seen.wait_for_url(f"**/files/on/{BEFORE}/{PAIR}.html")
    assert str(BEFORE) in seen.inner_text(".as-of")
    if scripts:
        seen.focus("#known-day")
        seen.keyboard.press("End")
    else:
        seen.click(f"#known-by a:text('{DAY}')")
    seen.wait_for_url(f"**/files/{PAIR}.html")
    seen.click(".sides a:text('Closed and open weights')")
    seen.wait_for_url("**/files/versus/closed/open.html")
    assert seen.inner_text(".sides [aria-current]") == "Closed and open weights"
    seen.focus(".menu summary")
    assert not seen.locator(".menu a:text('Every page')").is_visible()
    seen.keyboard.press("Enter")
    assert seen.locator(".menu a:text('Every page')").is_visible()
    if scripts:
        seen.keyboard.press("Escape")
        assert not seen.locator(".menu a:text('Every page')").is_visible()


def test_a_name_is_found_without_a_server(opened: Any) -> None:
    seen = opened(f"/files/{PAIR}.html")
    seen.fill(".search input", "gpt 5")
    seen.keyboard.press("Enter")
    seen.wait_for_url("**/files/search.html?q=gpt+5")
    shown = seen.locator("#every-page li:visible")
    assert shown.first.inner_text() == "GPT-5 (model)"
    assert seen.inner_text("h1") == "1 page for “gpt 5”"
    seen.fill(".search input", "no such thing")
    assert seen.inner_text("h1") == "No page for “no such thing”"
    assert not shown.count()
    seen.fill(".search input", "gpt-5")
    shown.first.locator("a").click()
    seen.wait_for_url("**/files/models/gpt-5.html")


def test_every_page_is_listed_where_no_script_runs(opened: Any) -> None:
    seen = opened("/files/search.html?q=gpt", java_script_enabled=False)
    assert seen.locator("#every-page li").all_inner_texts() == ["GPT-5 (model)", "Start (page)"]


def test_a_page_is_taken_along_and_cited_with_what_it_held(opened: Any) -> None:
    seen = opened(f"/files/{PAIR}.html", permissions=["clipboard-read", "clipboard-write"])
    with seen.expect_download() as caught:
        seen.eval_on_selector("a.button:text('CSV')", "a => a.setAttribute('download', '')")
        seen.click("a.button:text('CSV')")
    assert caught.value.suggested_filename == "deepseek-v3.2.csv"
    seen.click("a.button:text('Cite')")
    seen.click("[data-copy=cite-plain]")
    seen.wait_for_selector("[data-copy=cite-plain]:text('Copied')")
    cited = seen.evaluate("navigator.clipboard.readText()")
    lasting = seen.get_attribute("#permanent", "href")
    assert cited.endswith(seen.evaluate("document.querySelector('#permanent').href"))
    assert re.search(rf"\?as-of={DAY}&content=[0-9a-f]{{16}}$", cited)
    notice = seen.locator("#other-content")
    seen.goto(cited.rpartition(" ")[2])
    assert not notice.is_visible()
    seen.goto(re.sub("content=.*", "content=0123456789abcdef", cited.rpartition(" ")[2]))
    assert notice.is_visible()
    assert notice.locator("a").get_attribute("href") == lasting
    frame = re.findall(r'src="([^"]*)"', seen.inner_text("#embed-code"))[0]
    seen.goto(frame)
    assert seen.locator(".tape tbody tr").count() > 4
    seen.click("h1 a")
    seen.wait_for_url(f"**/files/{PAIR}.html")


@pytest.fixture(scope="module")
def looked(browser: Any, address: str) -> Iterator[Any]:
    """One page for all kinds of pages."""
    made = browser.new_page(base_url=address)
    yield made
    made.close()


@pytest.mark.parametrize(
    "kind",
    [pytest.param(k, marks=pytest.mark.slow) if k in BUILT_ALIKE else k for k in kinds()],
)
def test_every_kind_of_page_bars_nobody_and_fits_a_phone(looked: Any, kind: str) -> None:
    looked.set_viewport_size({"width": 390, "height": 844})
    looked.emulate_media(color_scheme="dark")
    looked.goto(f"/{some(kind)}")
    fits(looked)
    looked.evaluate(f"document.querySelectorAll('{', '.join(ALIKE)}').forEach((x) => x.remove())")
    fits_and_passes_axe(looked)
    looked.set_viewport_size({"width": 1280, "height": 800})
    looked.emulate_media(color_scheme="light")
    fits_and_passes_axe(looked)
