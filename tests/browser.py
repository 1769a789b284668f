"""A real browser for the tests of pages, with one page that all tests of a module open."""

import asyncio
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.waiting import LONG_S

# The first is the engine alone, which starts and opens pages with a third less work.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser")
CHROMIUM = next(filter(None, map(shutil.which, _NAMES)), None)
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--in-process-gpu",
    "--disable-software-rasterizer",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DRAWN = "html[data-charts=drawn]"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Callable[[], AbstractContextManager[Any]]]:
    """A way to the one browser of all tests, for the time of a block.

    The loop that talks to it counts as running within the block alone: elsewhere tests run loops of
    their own.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        made = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        loop = asyncio.get_running_loop()
        asyncio._set_running_loop(None)

        @contextmanager
        def used() -> Iterator[Any]:
            asyncio._set_running_loop(loop)
            try:
                yield made
                for context in made.contexts:
                    context.close()
            finally:
                asyncio._set_running_loop(None)

        yield used
        asyncio._set_running_loop(loop)
        made.close()


@pytest.fixture(scope="module")
def browser(chromium: Callable[[], AbstractContextManager[Any]]) -> Iterator[Any]:
    """The browser; pages that a module leaves open are closed at its end."""
    with chromium() as made:
        yield made


def wait_until(page: Any, condition: str) -> None:
    """Waits until a JavaScript expression is true, asked anew each time.

    Playwright's own waiting asks again from inside the page, where the page's policy forbids to
    read text as code; only the first asking is exempt.
    """
    end = time.monotonic() + LONG_S
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(20)


class OnePage:
    """A page that is opened again and again, and what it said that no page should say.

    A page of its own for each test would be a process each time, which reads and compiles the
    megabyte of code that draws charts anew: half of what a page costs.
    """

    def __init__(self, browser: Any) -> None:
        self.trouble: list[str] = []
        self._page = browser.new_page()
        self._page.on("console", lambda m: self.trouble.append(f"{m.type}: {m.text}"))
        self._page.on("pageerror", lambda e: self.trouble.append(f"error: {e}"))
        self._page.on("request", lambda r: self._asked(r.url))

    def _asked(self, url: str) -> None:
        if not url.startswith(("file:", "data:", "blob:")):
            self.trouble.append(f"request: {url}")

    def open(
        self, address: str, *, color_scheme: str = "light", viewport: tuple[int, int] = (1280, 720)
    ) -> Any:
        """The page at an address, as one who was never there meets it; the last one is gone."""
        page = self._page
        if page.url != "about:blank":
            page.evaluate("localStorage.clear()")
            page.goto("about:blank")
        self._seen(color_scheme, viewport)
        page.goto(address)
        return page

    def still_open(
        self, file: str, *, color_scheme: str = "light", viewport: tuple[int, int] = (1280, 720)
    ) -> Any | None:
        """The page of a file if it is the one that is open, with nobody's hand on it."""
        page = self._page
        if page.url.partition("#")[0] != file:
            return None
        self._seen(color_scheme, viewport)
        page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
        return page

    def _seen(self, color_scheme: str, viewport: tuple[int, int]) -> None:
        page = self._page
        page.mouse.move(0, 0)
        page.set_viewport_size({"width": viewport[0], "height": viewport[1]})
        page.emulate_media(media="null", color_scheme=color_scheme)


@pytest.fixture(scope="module")
def one_page(browser: Any) -> OnePage:
    return OnePage(browser)


@pytest.fixture
def quiet_page(one_page: OnePage) -> Iterator[OnePage]:
    """At the end nothing may have been said on its console or left the machine."""
    one_page.trouble.clear()
    yield one_page
    assert one_page.trouble == [], one_page.trouble


def fits(page: Any) -> None:
    """The page does not scroll sideways."""
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not page.evaluate(wide)


def fits_and_passes_axe(page: Any) -> None:
    """The page does not scroll sideways, and bars nobody."""
    from axe_core_python.base import AXE_SCRIPT

    fits(page)
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(AXE_SCRIPT)
    # What passes is counted too otherwise, which takes as long again.
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
    said = [(x["id"], [n["html"][:120] for n in x["nodes"]][:2]) for x in found]
    assert said == [], said


def downloaded(page: Any, slug: str, deed: str, folder: Path) -> tuple[str, bytes]:
    with page.expect_download() as caught:
        page.locator(f"#{slug} button[data-do={deed}]").press("Enter")
    path = folder / caught.value.suggested_filename
    caught.value.save_as(path)
    return path.name, path.read_bytes()


CONTRAST = """() => {
  const parse = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = (c) => {
    const [r, g, b] = c.slice(0, 3).map((v) => v / 255)
      .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (let n = node; n; n = n.parentElement) {
      const c = parse(getComputedStyle(n).backgroundColor);
      if (c.length < 4 || c[3] > 0.99) return c;
    }
    return [255, 255, 255];
  };
  document.querySelectorAll("details").forEach((d) => { d.open = true; });
  const low = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !node.checkVisibility()) continue;
    if (node.closest("script, style, noscript")) continue;
    const svg = node.closest("svg");
    const style = getComputedStyle(node);
    const colour = parse(svg ? style.fill : style.color);
    const [a, b] = [light(colour), light(behind(svg ? svg.parentElement : node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (svg && style.stroke !== "none") continue;
    if (ratio < 4.5) low.push([node.className || node.tagName, walk.currentNode.data, ratio]);
  }
  return low;
}"""
