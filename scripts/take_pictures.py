"""Takes the pictures of the README; needs Chromium: `make screenshots`."""

import shutil
import tempfile
from pathlib import Path

import headtohead

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "images"
_AS_OF = "2025-12-15"


def main() -> None:
    """Write report.png and versus.png."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    pages = {
        "report": headtohead.report(as_of="2026-10-31"),
        "versus": headtohead.versus("gpt-5", "deepseek-v3.2", as_of=_AS_OF),
    }
    with sync_playwright() as play, tempfile.TemporaryDirectory() as name:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1040, "height": 660}, color_scheme="light")
        for called, result in pages.items():
            page = Path(name) / f"{called}.html"
            page.write_text(result.to_html(), encoding="utf-8")
            tab.goto(page.as_uri())
            if "data-charts" in page.read_text(encoding="utf-8"):
                tab.wait_for_selector("html[data-charts=drawn]")
            tab.screenshot(path=str(FOLDER / f"{called}.png"))
        browser.close()


if __name__ == "__main__":
    main()
