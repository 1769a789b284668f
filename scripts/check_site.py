"""Checks pages: each link and anchor leads somewhere, and none needs another host."""

import re
import sys
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}
_FETCHED = ("stylesheet", "icon", "preload", "preconnect", "dns-prefetch", "manifest")
_IN_STYLE = re.compile(r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')\s]+)""")


class _HtmlLinks(HTMLParser):
    """The addresses and anchors of one page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag leads to, loads, or is called."""
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        fetched = tag != "link" or any(kind in given.get("rel", "") for kind in _FETCHED)
        if fetched and given.get(_LOADED.get(tag, ""), ""):
            self.loads.append(given[_LOADED[tag]])


def wrong_pages(folder: Path) -> Iterator[str]:
    """What is wrong with the pages and styles in a folder."""
    pages: dict[Path, _HtmlLinks] = {}
    for path in sorted(folder.rglob("*.html")):
        pages[path.resolve()] = page = _HtmlLinks()
        page.feed(path.read_text(encoding="utf-8"))
    for path, page in pages.items():
        name = path.relative_to(folder.resolve())
        yield from (f"{name} {fault}" for fault in _wrong_addresses(path, page, pages))
    for path in sorted(folder.rglob("*.css")):
        for address in _IN_STYLE.findall(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(folder)} loads {address} from another host"


def _wrong_addresses(
    path: Path, page: _HtmlLinks, pages: Mapping[Path, _HtmlLinks]
) -> Iterator[str]:
    for address in (*page.loads, *page.links):
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            if address in page.loads and parts.scheme != "data":
                yield f"loads {address} from another host"
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        anchors = pages[target].anchors if target in pages else {parts.fragment}
        if not target.exists():
            yield f"leads to {address}, which is not there"
        elif parts.fragment and unquote(parts.fragment) not in anchors:
            yield f"leads to {address}, where no such anchor is"


def main() -> int:
    """Exit code 0 if nothing is wrong with the folder named."""
    wrong = list(wrong_pages(Path(sys.argv[1])))
    for fault in wrong:
        print(fault, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
