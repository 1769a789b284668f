"""Escaping, citing, the small bars and the words of the first screen."""

import json
import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.claims import report_builder as build

from headtohead.claims.claim import Bound
from headtohead.claims.versus.sheet import question_of
from headtohead.core.estimate import Estimate
from headtohead.core.units import show
from headtohead.publish.markdown import sheet_markdown
from headtohead.publish.terminal import sheet_lines
from headtohead.publish.words import (
    Track,
    anchor,
    cited,
    content_hash,
    how_to_cite,
    listed,
    markdown,
    markdown_link,
    n_words,
    plain,
    script_json,
    sentence,
    tracks,
    web_address,
)


def bars(estimates: Sequence[Estimate], bound: Bound | None) -> list[Track]:
    """The drawings of estimates against a bound."""
    return tracks(estimates, [bound.range_of(e.label) for e in estimates] if bound else ())


@given(st.text())
def test_plain_text_is_one_line_without_controls(text: str) -> None:
    made = plain(text)
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in made)
    assert not set(made) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2028\u2029")
    assert len(made) <= 2000


@given(st.recursive(st.text() | st.none() | st.booleans(), lambda s: st.lists(s, max_size=3)))
def test_script_json_says_the_same_and_cannot_end_its_element(value: object) -> None:
    made = script_json(value)
    assert not set(made) & set("<>&\u2028\u2029")
    assert json.loads(made) == value


@given(st.text())
def test_markdown_leaves_no_live_mark(text: str) -> None:
    made = markdown(text)
    assert "<" not in made
    for mark in "|*_[]`#":
        assert all(made[i - 1] == "\\" for i, c in enumerate(made) if c == mark)


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//host/x",
        "http://",
        "",
        "vbscript:x",
        "/etc",
        "https://[",
        " java\nscript:alert(1)",
        "ftp://host/x",
    ],
)
def test_only_web_addresses_become_links(address: str) -> None:
    assert web_address(address) == ""
    assert "](" not in markdown_link("name", address)


def test_a_web_address_keeps_its_query_and_loses_its_quotes() -> None:
    assert web_address("https://example.org/a?b=1&c=ä#d") == "https://example.org/a?b=1&c=%C3%A4#d"
    assert set('"<> `').isdisjoint(web_address('https://example.org/"onload="x"<b> `'))
    assert markdown_link("[x](y)", "https://example.org/(a)") == (
        "[\\[x\\](y)](<https://example.org/(a)>)"
    )


def test_anchors_hold_nothing_that_needs_escaping() -> None:
    assert anchor("claim", 'a b"<c>/é') == "claim-a-b-c"
    assert anchor("claim", "…") == "claim-x"


def test_half_sentences_become_whole_and_names_keep_their_spelling() -> None:
    assert sentence("on Monday it fell") == "On Monday it fell."
    assert sentence("gpt-oss-20b is cheap") == "gpt-oss-20b is cheap."
    assert sentence("Is it so?") == "Is it so?"
    assert sentence("") == ""
    assert [listed(x) for x in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


def test_a_bar_stands_where_its_numbers_stand() -> None:
    inside, outside = build.estimate(), build.estimate(interval=(-100.0, -120.0, -80.0))
    first, second = bars([inside, outside], Bound(at_least=-50.0, at_most=-10.0, unit="elo"))
    assert first.bound_low is not None
    assert first.bound_high is not None
    assert first.bound_low < first.low < first.point < first.high < first.bound_high
    assert second.high < first.bound_low
    assert (first.bound_low, first.bound_high) == (second.bound_low, second.bound_high)
    assert not first.log


def test_a_bar_without_ends_reaches_the_edges_and_one_number_alone_stands_in_the_middle() -> None:
    endless = build.estimate(interval=(-20.0, -math.inf, math.inf))
    (bar,) = bars([endless], Bound(at_least=-50.0, unit="elo"))
    assert (bar.low, bar.high, bar.open_low, bar.open_high) == (0.0, 100.0, True, True)
    assert bar.bound_high == 100.0
    (alone,) = bars([build.estimate(interval=(0.0, 0.0, 0.0))], None)
    assert (alone.point, alone.bound_low) == (50.0, None)


def test_ratios_far_apart_get_a_log_scale_and_differences_never_do() -> None:
    near = build.estimate("near", (1.0, 0.9, 1.1), "ratio")
    far = build.estimate("far", (100.0, 90.0, 110.0), "ratio")
    assert all(b.log for b in bars([near, far], None))
    assert not any(b.log for b in bars([near], None))
    points = [build.estimate("p", (x, x, x), "elo") for x in (1.0, 1500.0)]
    assert not any(b.log for b in bars(points, None))


def test_units_of_one_reading_each_have_their_own_scale() -> None:
    elo, index = (
        build.estimate("e", (1500.0, 1490.0, 1510.0)),
        build.estimate("i", (3, 2, 4), "index"),
    )
    first, second = bars([elo, index], None)
    assert first.point == second.point == 50.0


def test_numbers_are_written_with_interval_n_both_dates_and_sources() -> None:
    e, source = build.estimate(), build.citation()
    assert (show(e.value, e.unit), e.interval(level=True)) == (
        "-36 rating points",
        "95%: -46 to -26",
    )
    assert (n_words(e), str(e.about), str(e.as_of)) == (
        "1,234 votes",
        "2025-12-01/2025-12-31",
        "2026-10-31",
    )
    assert cited(e, {source.source_id: source}) == [source]
    assert cited(e, {}) == []
    exact = build.estimate(interval=(5.0, 5.0, 5.0), level=1.0)
    assert exact.interval(level=True) == exact.interval() == "exact"
    printed = replace(exact, method="published figure, bounds from its rounding")
    assert printed.interval(level=True) == printed.interval() == "exact"
    assert replace(exact, method="computed from the published sizes").interval() == "exact"
    half = build.estimate(interval=(5.0, -math.inf, 6.0))
    assert half.interval(level=True) == "95%: at most 6 rating points"
    none = build.estimate(interval=(5.0, -math.inf, math.inf))
    assert none.interval(level=True) == "no bounds"
    unknown = replace(none, method="published figure, interval not published")
    assert unknown.interval(level=True) == unknown.interval() == "interval not published"
    tight = build.estimate(interval=(5.0, 4.99, 5.01))
    assert tight.interval() == "exact but for rounding"


def test_a_card_leads_with_the_number_that_decided() -> None:
    made = build.check().sheet.cards
    assert [c.lead.word for c in made] == [
        "supported",
        "overstated",
        "refuted",
        "undecided",
        "not measurable",
    ]
    assert made[1].headline is not None
    # A difference without a sign: its label says who is ahead.
    assert (made[1].headline.label, made[1].headline.value) == ("A ahead of B by", 100)
    narrower = made[1].narrower
    assert narrower is not None
    assert narrower.decisive is not None
    assert (narrower.decisive.label, narrower.decisive.value) == ("A ahead of B by", 36)
    assert made[2].headline is not None
    assert made[2].headline.value == 100
    assert made[4].headline is None
    assert made[3].lead.decides.startswith("An interval wholly")
    assert made[0].at("today") is None


def test_claims_whose_names_differ_only_in_signs_keep_different_anchors() -> None:
    verdicts = [build.claim_verdict(i, name=n) for i, n in enumerate(("a b", "a/b", "ab"))]
    made = build.check(verdicts).sheet.cards
    assert len({c.anchor for c in made}) == 3


def test_the_answer_counts_verdicts_and_names_what_changed() -> None:
    early = build.check([build.claim_verdict(1, [])], as_of=build.ABOUT.end)
    late = build.check([build.claim_verdict(1)])
    sheet = build.report(checks=(early, late, late)).sheet
    assert sheet.sentence.startswith("Chinese models are behind US models on the rating (1 point).")
    said = " ".join(sheet.notes)
    assert "“B is close to A” holds as stated, with what was known by" in said
    assert "at the time, one verdict differs (X1)" in said
    assert "itself, every verdict is the same" in said
    assert "As stated, 1 of 5 holds, 2 are false" in build.check().sheet.sentence
    alone = build.report(checks=(None, None, None)).sheet.notes
    assert alone == ("No statements were checked for these two sides.",)


def test_sides_are_called_by_name() -> None:
    titles = ("US models", "Chinese models")
    assert question_of(titles) == "Can Chinese models stand in for US ones?"
    assert question_of(("OpenAI", "DeepSeek")) == "Can DeepSeek stand in for OpenAI?"


def test_the_reference_holds_dates_hash_and_credit() -> None:
    digest = content_hash({"b": 1, "a": [1.5, None]})
    assert digest == content_hash({"a": [1.5, None], "b": 1})
    assert digest != content_hash({"a": [1.5, None], "b": 2})
    made = how_to_cite(
        r"100% of \{x} & #1_2",
        about="2025-12",
        as_of=build.AS_OF,
        digest=digest,
        version=build.VERSION,
        sources=["Example"],
    )
    assert "about 2025-12, known by 2026-10-31" in made.plain
    assert digest[:16] in made.plain
    assert digest in made.bibtex
    assert made.bibtex.startswith(f"@misc{{headtohead-2026-10-31-{digest[:8]},")
    assert "howpublished = {Python package headtohead" in made.bibtex
    assert r"title = {100\% of /(x) \& \#1\_2}" in made.bibtex
    assert made.bibtex.count("{") == made.bibtex.count("}")
    assert made.plain.endswith("Data: Example.")


def test_the_first_screen_says_its_numbers_in_text_too() -> None:
    sheet = build.report().sheet
    assert sheet.headlines
    text = " ".join(" ".join(sheet_lines(sheet)).split())
    page = sheet_markdown(sheet)
    assert page.index("## Side by side") < page.index("## Scorecard")
    for headline in sheet.headlines:
        assert headline.what in text
        assert f"- **{headline.number}** " in page.replace("\\", "")
