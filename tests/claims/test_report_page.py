"""The HTML, Markdown and JSON of reports and checks, without a browser."""

import base64
import hashlib
import json
import re
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from tests.claims import report_builder as build

from headtohead.claims.result import CheckResult, ReportResult
from headtohead.core.question import Sides
from headtohead.publish.markdown import sheet_markdown
from headtohead.publish.page import bundle, sheet_html
from headtohead.publish.terminal import sheet_lines
from headtohead.questions import exhibit_specs, sections

_VOID = {"meta", "link", "input", "br", "img", "hr", "rect", "line", "path", "circle", "use"}


class Seen(HTMLParser):
    """Every element with its attributes, the ids, and the text by element id."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {k: v or "" for k, v in attrs}))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {k: v or "" for k, v in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        inside = self.open[-1] if self.open else ""
        if inside == "script":
            self.scripts.append(data)
        elif inside != "style":
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attrs for t, attrs in self.elements if t == tag]

    @property
    def ids(self) -> list[str]:
        return [attrs["id"] for _, attrs in self.elements if "id" in attrs]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@cache
def seen_in(text: str) -> Seen:
    """What is in a page, looked through once for all tests of it."""
    return Seen(text)


def hostile_report() -> ReportResult:
    claims = [
        build.claim_verdict(
            i, [build.estimate(label=name), build.estimate(label=f"{name}!")], says=name, name=name
        )
        for i, name in enumerate(build.HOSTILE)
    ]
    check = build.check(claims, title=build.HOSTILE[0])
    credit = (
        build.citation(url="javascript:alert(1)"),
        build.citation("s2", 'https://example.org/"onclick="x'),
    )
    return build.report(
        names=build.HOSTILE,
        checks=(check, check, check),
        citations=credit,
        sides=Sides("lab", build.HOSTILE[0], build.HOSTILE[1]),
    )


_BUT_A_FEW = [x.slug for s in sections() for x in s.exhibits[1:]]
REPORTS = {
    "plain": build.report(),
    "hostile": hostile_report(),
    "nothing known": build.report(
        missing=[x.slug for s in sections() for x in s.exhibits], citations=()
    ),
    # With a few charts, since the plain one and the hostile one draw all.
    "other sides": build.report(
        sides=Sides("open", "closed", "open"), checks=(None, None, None), missing=_BUT_A_FEW
    ),
    "one claim": build.report(
        checks=(None, build.check([build.claim_verdict()]), None), missing=_BUT_A_FEW
    ),
}


def html_of(result: ReportResult | CheckResult) -> str:
    return sheet_html(result.sheet, version=build.VERSION)


@cache
def rendered(name: str) -> str:
    """The HTML of one of the reports, made once."""
    return html_of(REPORTS[name])


@pytest.fixture(scope="module", params=REPORTS, ids=lambda k: k.replace(" ", "-"))
def html(request: pytest.FixtureRequest) -> str:
    return rendered(request.param)


def test_a_page_is_one_small_file_that_refers_to_nothing_outside(html: str) -> None:
    seen = seen_in(html)
    assert len(html.encode()) < 6_000_000
    for tag, attrs in seen.elements:
        assert "src" not in attrs
        if tag == "link":
            assert attrs["href"] == "data:,"
        if "href" in attrs and tag == "use":
            assert attrs["href"].startswith("#i-")
        assert not any(k.startswith("on") for k in attrs)
    styles = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert len(styles) == 1
    assert "url(" not in styles[0]
    assert "@import" not in styles[0]
    # Commands look like commands.
    assert "`h2h" not in re.sub(r"<(script|style)\b.*?</\1>", "", html, flags=re.DOTALL)


def test_every_script_is_named_by_its_hash_and_none_other_may_run(html: str) -> None:
    seen = seen_in(html)
    policy = next(
        m["content"] for m in seen.all("meta") if "content" in m and "script-src" in m["content"]
    )
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
    assert "unsafe-eval" not in policy
    assert "default-src 'none'" in policy
    types = [s.get("type") for s in seen.all("script")]
    runs = [text for kind, text in zip(types, seen.scripts, strict=True) if kind is None]
    assert types.count("application/json") == 1
    for text in runs:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert policy.count("'sha256-") == len(runs)


def test_every_anchor_resolves_and_ids_are_unique(html: str) -> None:
    seen = seen_in(html)
    assert len(seen.ids) == len(set(seen.ids))
    ids = set(seen.ids)
    for link in seen.all("a"):
        href = link["href"]
        assert href.startswith(("#", "https://")), href
        if href.startswith("#"):
            assert href[1:] in ids
    for tag, attrs in seen.elements:
        for key in ("aria-labelledby", "aria-describedby", "for", "data-copy"):
            for name in attrs.get(key, "").split():
                assert name in ids, (tag, key, name)


def test_tables_have_captions_and_scopes_and_the_page_has_landmarks(html: str) -> None:
    seen = seen_in(html)
    tags = [tag for tag, _ in seen.elements]
    assert tags.count("table") == tags.count("caption")
    assert all(th.get("scope") in ("row", "col") for th in seen.all("th"))
    assert tags.count("main") == tags.count("h1") == tags.count("header") == 1
    assert {"nav", "footer", "main"} <= set(tags)
    assert seen.all("html")[0]["lang"] == "en"
    assert seen.all("a")[0]["href"] == "#main"
    assert all(svg.get("aria-hidden") == "true" for svg in seen.all("svg") if "x" not in svg)
    levels = [int(t[1]) for t in tags if re.fullmatch("h[1-6]", t)]
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_hostile_text_is_only_ever_text() -> None:
    html = rendered("hostile")
    seen = seen_in(html)
    assert not seen.all("img")
    assert "window.pwned=1" in seen.text
    assert "49" not in [w for w in seen.words if "{{" in w]
    for text in seen.scripts:
        assert "</script" not in text
    data = json.loads(next(s for s in seen.scripts if s.startswith("{")))
    assert any(
        build.HOSTILE[0] in json.dumps(x["data"], ensure_ascii=False).replace('\\"', '"')
        for x in data["exhibits"]
    )
    assert "\u202e" not in html
    assert "javascript:" not in json.dumps(data)
    assert 'onclick="x' not in html


def test_terminal_page_and_markdown_mark_the_same_figures_in_the_same_words() -> None:
    sure, unsure = build.estimate("a", (-20, -20, -20)), build.estimate("b", unverified=True)
    sheet = build.check([build.claim_verdict(1, [sure], narrower=[unsure])]).sheet
    card = sheet.cards[0]
    assert card.lead.unverified
    assert card.headline is not None
    assert not card.headline.unverified
    shown = " ".join(" ".join(sheet_lines(sheet)).split())
    assert (
        "a: -20 rating points (exact; n=1,234 votes; 2025-12-01 to 2025-12-31), unverified" in shown
    )
    row = next(r for r in sheet_markdown(sheet).splitlines() if r.startswith("| X1"))
    assert "**-20 rating points** (exact), n = 1,234 votes (unverified)" in row
    number = sheet_html(sheet).split('<span class="number">')[1].split("</th>")[0]
    assert '<span class="interval">(exact)</span>' in number
    assert '<span class="mark">unverified</span>' in number


def test_every_estimate_shows_interval_n_both_dates_and_a_link() -> None:
    html = rendered("plain")
    tables = re.findall(r'<table class="numbers">(.*?)</table>', html, re.DOTALL)
    rows = [r for t in tables for r in re.findall(r"<tr>(.*?)</tr>", t, re.DOTALL)[1:]]
    assert len(rows) > 20
    for row in rows:
        assert re.search(r"\((95%: .+|exact|no bounds|interval not published)\)", row), row
        assert "1,234 votes" in row
        assert "about 2025-12-01 to 2025-12-31" in row
        assert "known by 2026-10-31" in row
        assert 'href="https://example.org/data"' in row
        assert "made-up method." in row


def test_a_card_shows_both_readings_the_range_what_decides_and_the_mark() -> None:
    html = rendered("plain")
    text = seen_in(html).text
    assert (
        "Holds if the whole interval says: A ahead of B by 10 rating points to 50 rating points"
        in text
    )
    assert "What would decide it. An interval wholly inside or outside of “A ahead of B by" in text
    assert "leans on unverified figures" in text
    assert "Nothing we may use speaks to it." in text
    assert "Expected before looking, and not used: <bdi>refuted</bdi>." in html
    assert html.count('class="range"') > 20
    for name in (
        "As stated",
        "Narrower, for a part of what it speaks of",
        "Then, known by 2025-12-31",
        "In hindsight, known",
    ):
        assert name in text


def test_the_first_screen_has_answer_dates_and_scorecard() -> None:
    seen = seen_in(rendered("plain"))
    assert "Can Chinese models stand in for US ones?" in seen.text
    assert "As stated, 1 of 5 holds, 2 are false (1 of them true in a narrower sense)" in seen.text
    assert "Evidence up to 2026-09-30" in seen.text
    rows = [attrs for attrs in seen.all("tr") if "data-anchor" in attrs]
    assert [r["data-v"] for r in rows] == [
        "supported",
        "overstated",
        "refuted",
        "undecided",
        "unmeasured",
    ]
    assert {"data-then", "data-hindsight", "data-today", "data-sec"} <= set(rows[0])


def test_a_missing_exhibit_is_a_sentence_and_needs_no_chart_library() -> None:
    html = rendered("nothing known")
    assert seen_in(html).text.count("Nothing to show: no such rows were known by then.") == 0
    assert seen_in(html).text.count("Nothing to show: No such rows were known by then.") == len(
        exhibit_specs()
    )
    assert "vegaEmbed" not in html
    assert "No source was used." in html


def test_a_check_is_a_page_of_its_own() -> None:
    seen = seen_in(html_of(build.check()))
    assert "Made-up claims" in seen.text
    assert "its own time, for each statement" in seen.text
    assert len([a for a in seen.all("tr") if "data-verdict" in a]) == 5
    empty = seen_in(html_of(build.check([])))
    assert "As stated, 0 of 0 hold" in empty.text


def test_a_page_says_which_command_makes_it_again() -> None:
    assert "h2h report --as-of 2026-10-31<" in rendered("plain")
    other = rendered("other sides")
    assert "h2h report --group open --a closed --b open --as-of 2026-10-31 --about" in other
    hostile = seen_in(rendered("hostile")).text
    assert "--a '<img src=x onerror=" in hostile


def test_the_same_result_gives_the_same_bytes() -> None:
    assert html_of(build.report()) == rendered("plain")


@pytest.mark.parametrize("name", REPORTS)
def test_markdown_holds_every_verdict_and_no_live_markup(name: str) -> None:
    text = sheet_markdown(REPORTS[name].sheet, version=build.VERSION)
    assert text.startswith("# Can ")
    assert "<img" not in text
    assert "<script" not in text
    assert "javascript:" not in text
    assert "\u202e" not in text
    tables = [block for block in text.split("\n\n") if block.startswith("|")]
    for table in tables:
        columns = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(columns) == 1, table[:300]
    for link in re.findall(r"\]\(<(.*?)>\)", text):
        assert link.startswith("https://")


def test_markdown_of_a_report_names_intervals_dates_and_sources() -> None:
    text = sheet_markdown(REPORTS["plain"].sheet, version=build.VERSION)
    assert "| X1 | B is close to A | ✔ supported | ✔ supported | ✔ supported |" in text
    assert "A ahead of B by **36 rating points** (95%: 26 to 46)" in text
    assert "## How to cite" in text
    assert "    @misc{headtohead-2026-10-31-" in text
    check = sheet_markdown(build.check().sheet, version=build.VERSION)
    assert check.startswith("# Made-up claims\n\nAs stated, 1 of 5 holds")


def test_json_is_strict_and_whole() -> None:
    made = json.loads(REPORTS["plain"].to_json())
    assert made["verb"] == "report"
    assert made["sources"][0]["source_id"] == "made_up"
    assert {r["exhibit"] for r in made["results"] if "exhibit" in r} == set(build.report().exhibits)
    check = json.loads(build.check().to_json())
    assert len(check["results"]) == 5


def test_the_script_of_charts_is_kept_whole_or_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import vl_convert

    asked: list[int] = []
    monkeypatch.setattr(vl_convert, "javascript_bundle", lambda: asked.append(1) or "vega\r\n é")
    assert bundle(tmp_path / "new") == bundle(tmp_path / "new") == "vega\r\n é"
    assert len(asked) == 1
    (kept,) = (tmp_path / "new").iterdir()
    kept.write_bytes(kept.read_bytes()[:-1])
    assert bundle(tmp_path / "new") == "vega\r\n é"
    kept.write_bytes(b"\xff")
    assert bundle(tmp_path / "new") == "vega\r\n é"
    assert len(asked) == 3
    (tmp_path / "file").write_text("no folder")
    assert bundle(tmp_path / "file" / "below") == bundle(None) == "vega\r\n é"


def test_a_chart_beside_statements_lies_with_them_and_the_others_lie_below() -> None:
    cost = next(section for section in sections() if section.slug == "cost")
    topic = rendered("plain").partition('id="section-cost"')[2]
    topic = topic.partition('id="section-hardware"')[0]
    assert ", and 1 more chart</h3>" in topic
    shown = re.findall(r'<details class="exhibit folded" id="([\w-]+)"', topic)
    assert [spec.slug for spec in cost.exhibits if spec.beside_cards] == shown[:1]
    assert "price-of-level" in shown[1:]
