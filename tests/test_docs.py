"""The pages of docs/ hang together: folders, links, anchors, and the site that is made of them."""

import re
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from scripts.check_site import wrong_pages

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


@cache
def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as the hosts of repositories and MyST make them."""
    headings = re.findall(r"^#+ (.*)$", _FENCED.sub("", page.read_text("utf-8")), re.MULTILINE)
    words = (re.sub(r"\[([^]]*)\]\([^)]*\)|[`*]", r"\1", line).strip().lower() for line in headings)
    return {re.sub(r"[^\w\- ]", "", line).replace(" ", "-") for line in words}


def test_every_anchor_that_a_page_leads_to_is_there() -> None:
    lost = []
    for page in PAGES:
        links = re.findall(r"\]\(([^)#:\s]*\.md|)#([^)]+)\)", page.read_text("utf-8"))
        lost += [
            f"{page.name} leads to {target}#{anchor}"
            for target, anchor in links
            if anchor not in _anchors((page.parent / target).resolve() if target else page)
        ]
    assert lost == []


def test_every_page_is_in_the_navigation() -> None:
    settings = (DOCS / "conf.py").read_text("utf-8")
    for page in DOCS.rglob("*.md"):
        if page.parent != DOCS:
            assert f'"{page.parent.name}"' in settings, f"add {page.parent.name} to _SECTIONS"
        else:
            assert page.stem in settings, f"add {page.stem} to what stands under 'The project'"


def test_pages_with_faults_are_noticed(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<h1 id="top">A</h1><a href="b.html#there">b</a><a href="b.html#lost">b</a>'
        '<a href="c.html">c</a><a href="https://example.org/">out</a>'
        '<script src="https://example.org/x.js"></script><img src="data:image/png;base64,">'
        '<link rel="canonical" href="https://example.org/">'
    )
    (tmp_path / "b.html").write_text('<p id="there">')
    (tmp_path / "s.css").write_text("@import url(https://example.org/font.css);")
    assert list(wrong_pages(tmp_path)) == [
        "a.html loads https://example.org/x.js from another host",
        "a.html leads to b.html#lost, where no such anchor is",
        "a.html leads to c.html, which is not there",
        "s.css loads https://example.org/font.css from another host",
    ]


@pytest.mark.slow
def test_the_site_is_made_without_a_warning_and_needs_no_other_host(tmp_path: Path) -> None:
    if not all(map(find_spec, ("sphinx", "myst_parser", "furo"))):
        pytest.skip("needs Sphinx, MyST and Furo: `make docs-site` has them in its environment")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html"]
    done = subprocess.run(
        [*command, str(DOCS), str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert list(wrong_pages(tmp_path)) == []
    reference = (tmp_path / "reference/python.html").read_text("utf-8")
    assert "headtohead.rank" in reference
    assert "How much worse B may be" in reference
