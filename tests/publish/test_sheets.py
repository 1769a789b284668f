"""A sheet as text, Markdown and JUnit: open ends, foreign text, verdicts for a gate."""

import math
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.claims import report_builder as build
from tests.trials.comparing.made_sides import of_calls, side, yes_no

from headtohead.core.estimate import Interval
from headtohead.logs.calls import Call
from headtohead.publish import terminal
from headtohead.publish.charts import bars_chart
from headtohead.publish.junit import sheet_junit
from headtohead.publish.markdown import sheet_markdown
from headtohead.publish.sheet import (
    EXIT_CODE,
    Answer,
    Bar,
    Bars,
    Check,
    Figure,
    Sheet,
    TableColumn,
    Topic,
)
from headtohead.publish.terminal import cells_of, drawn, sheet_lines
from headtohead.trials.comparing.compare import compare, many
from headtohead.trials.comparing.settings import CompareSettings
from headtohead.trials.comparing.sheet import comparison_sheet, many_sheet
from headtohead.trials.planning.plan import plan
from headtohead.trials.planning.sheet import plan_sheet
from headtohead.trials.power import Assumed
from headtohead.trials.words import amount, margin_words, share_words, spread

HOSTILE = "<script>alert(1)</script>|`x`](http://evil) \x1b[31m \u202e _*#"


def made_sheet(*checks: Check, name: str = "b", **changes: object) -> Sheet:
    table = Figure(
        "s",
        "Section",
        "What?",
        says=name,
        columns=(TableColumn("name", "Name"), TableColumn("share_frac", "Share", 2)),
        rows=((name, 0.5), (name, None), (name, math.inf)),
    )
    parts = {
        "verb": "compare",
        "title": f"{name} in place of a",
        "word": "INFERIOR",
        "answer": "no",
        "sentence": f"{name} is worse.",
        "facts": ((name, "1"),),
        "topics": (Topic(figures=(table,)),),
        "checks": checks,
        "notes": (name,),
        "command": "h2h compare a b",
    }
    return Sheet(**{**parts, **changes})  # type: ignore[arg-type]


def test_numbers_are_written_alike_everywhere_and_open_ends_say_so() -> None:
    assert share_words(Interval(0.023, -0.014, 0.06), "pp", signed=True) == "+2.3 pp (-1.4 to +6.0)"
    assert share_words(Interval(0.5, -math.inf, math.inf), "score") == "0.500 (not bounded)"
    assert spread(Interval(0.11, 0.1, math.inf), 2) == "0.11 (at least 0.10)"
    assert spread(Interval(4.26, 0, math.inf), 2) == "4.26 (these items give no interval)"
    assert (margin_words(0.05, "pp"), margin_words(0.2, "score")) == ("5 pp", "0.2")
    assert (amount(0.715, "pp"), amount(7.25, "score")) == ("71.5%", "7.250")


def test_a_table_of_which_nothing_is_shown_is_only_named() -> None:
    rest = Figure("rest", "The rest", columns=(TableColumn("n", "N"),), rows=((7,),), shown=0)
    seen = Figure("seen", "Seen", columns=(TableColumn("n", "N"),), rows=((8,),))
    sheet = made_sheet(topics=(Topic(figures=(seen, rest)),))
    lines = list(sheet_lines(sheet))
    assert "In --html and --json too: The rest." in lines
    assert "The rest" not in lines
    assert "The rest" not in sheet_markdown(sheet)
    # What is said of it is printed, without an empty table.
    said = replace(rest, says="Seven.")
    assert "The rest" in "\n".join(sheet_lines(made_sheet(topics=(Topic(figures=(said,)),))))
    text = sheet_markdown(made_sheet(topics=(Topic(figures=(said,)),)))
    assert "**Seven.**" in text
    assert "| N |" not in text


def test_open_ends_are_arrows_and_marks_keep_their_places() -> None:
    bars = Bars(
        "points",
        (Bar("closed", 0, -1, 1), Bar("open", 2, -math.inf, math.inf)),
        lines=((-5, "margin"),),
    )
    closed, opened, legend = drawn(bars)
    assert opened.index("<") < opened.index("o", 10) < opened.index(">")
    assert closed.index("|") < closed.index("-") < closed.rindex("ø") < closed.rindex("-")
    assert legend.strip() == "| at 0, -5 (margin); points"
    assert len(bars_chart(bars).to_dict()["layer"]) == 4  # refuses what is not Vega-Lite


def test_a_margin_inside_an_interval_is_seen_and_so_is_one_under_the_estimate() -> None:
    across = Bar("across", -2, -8, 4)
    (line, _) = drawn(Bars("points", (across,), lines=((-5, "margin"),)))
    assert re.search(r"-\+-+o-+\+-", line), line
    (line, _) = drawn(Bars("points", (Bar("on it", -5, -8, -3),), lines=((-5, "margin"),)))
    assert re.search(r"-ø-", line), line


def test_the_axis_of_shares_ends_where_shares_do() -> None:
    bars = (Bar("never", 0, 0, 3), Bar("always", 100, 90, 100))
    for bounds, ends in (((0, 100), [0, 100]), ((-math.inf, math.inf), [-8, 108])):
        drawn_as = bars_chart(Bars("chance, %", bars, bounds=bounds)).to_dict()
        assert drawn_as["layer"][0]["encoding"]["x"]["scale"]["domain"] == ends


def test_ratios_are_drawn_on_a_logarithmic_track() -> None:
    half, double, _ = drawn(
        Bars("times", (Bar("half", 0.5, 0.5, 0.5), Bar("twice", 2, 2, 2)), log=True)
    )
    middle = half.index("|")
    assert double.index("|") == middle
    assert middle - half.rindex("o") == double.rindex("o") - middle > 5


def test_text_keeps_its_width_and_drops_what_a_terminal_would_obey() -> None:
    lines = list(sheet_lines(made_sheet(name=HOSTILE * 3)))
    text = "\n".join(lines)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert max(map(cells_of, lines)) <= 80
    assert "–" in text
    assert "none" in text


def test_long_tables_say_how_many_rows_are_not_shown() -> None:
    rows = tuple((f"q{i}", 0.5) for i in range(25))
    section = Figure(
        "s", "S", "Q?", columns=(TableColumn("n", "N"), TableColumn("x_frac", "X", 1)), rows=rows
    )
    sheet = made_sheet(topics=(Topic(figures=(section,)),))
    assert "  and 15 more (--json and --html have all)" in list(sheet_lines(sheet))
    assert max(map(cells_of, sheet_lines(sheet, width=40))) <= 40
    assert "and 15 more" in sheet_markdown(sheet)
    assert sheet_markdown(sheet).count("| q") == 10


def test_markdown_lets_no_foreign_text_be_markup() -> None:
    text = sheet_markdown(made_sheet(name=HOSTILE))
    assert "<script>" not in text
    assert not re.search(r"(?<!\\)\]\(", text)
    assert "\u202e" not in text
    rows = [line for line in text.splitlines() if line.startswith("| &lt;")]
    assert rows
    for row in rows:
        assert row.replace("\\|", "").count("|") == 3, row
    assert text.count("<details>") == text.count("</details>") == 1


@pytest.mark.parametrize(
    ("answer", "mark"), [("yes", "✅"), ("no", "❌"), ("undecided", "❔"), ("none", "ℹ️")]
)
def test_markdown_begins_with_the_verdict(answer: Answer, mark: str) -> None:
    assert sheet_markdown(made_sheet(answer=answer)).startswith(f"### {mark} INFERIOR: b in place")


def test_junit_fails_on_no_and_errs_on_undecided() -> None:
    checks = [
        Check("one", "yes", "fine"),
        Check("two", "no", "worse"),
        Check("three", "undecided", "who knows"),
        Check("four", "none", "told"),
    ]
    root = ElementTree.fromstring(sheet_junit(made_sheet(*checks)))
    assert root.tag == "testsuites"
    suite = root.find("testsuite")
    assert suite is not None
    for element in (root, suite):
        assert [element.get(k) for k in ("tests", "failures", "errors")] == ["4", "1", "1"]
    assert suite.get("name") == "h2h compare: b in place of a"
    cases = {case.get("name"): case for case in suite}
    assert cases["two"].find("failure") is not None
    assert cases["three"].find("error") is not None
    for name in ("one", "four"):
        assert cases[name].find("failure") is None
        assert cases[name].find("error") is None
        assert cases[name].findtext("system-out")
    assert {case.get("classname") for case in suite} == {"headtohead.compare"}


@given(st.text())
def test_junit_can_be_parsed_whatever_a_model_is_called(name: str) -> None:
    text = sheet_junit(made_sheet(Check(name, "no", name), name=name))
    root = ElementTree.fromstring(text.encode())
    assert root.find("testsuite/testcase/failure") is not None


def test_exit_codes() -> None:
    assert EXIT_CODE == {"yes": 0, "no": 1, "undecided": 2, "none": 0}


def test_a_side_that_solves_nothing_says_so_in_words() -> None:
    def run(name: str, score: float) -> object:
        return of_calls(name, [Call(key=f"q{i}", score=score, cost_usd=0.1) for i in range(20)])

    sheet = comparison_sheet(compare(run("a", 1.0), run("b", 0.0)))  # type: ignore[arg-type]
    for text in ("\n".join(sheet_lines(sheet)), sheet_markdown(sheet)):
        assert "inf" not in text.lower().replace("inferior", "")
        assert "nan" not in text.lower()
    assert sheet.word == "INFERIOR"
    assert "b solved nothing, so no cost" in sheet.sentence
    sheet = comparison_sheet(compare(run("a", 0.0), run("b", 1.0)))  # type: ignore[arg-type]
    assert "a solved nothing, so no cost" in sheet.sentence


def test_the_first_check_is_the_verdict_and_slices_follow() -> None:
    kinds = ["x", "y"] * 100
    a, b = (
        of_calls(n, [Call(key=f"q{i}", score=1.0, labels={"kind": k}) for i, k in enumerate(kinds)])
        for n in "ab"
    )
    sheet = comparison_sheet(compare(a, b, CompareSettings(slices=("kind",))))
    assert [c.name for c in sheet.checks] == ["non-inferiority at 5 pp", "kind=x", "kind=y"]
    assert sheet.checks[0].answer == sheet.answer == "yes"
    assert sheet.checks[0].message == sheet.sentence
    two = next(f for f in sheet.figures if f.slug == "slice-kind")
    assert two.says.startswith("worst is x, ")
    calls = [Call(key=f"q{i}", score=1.0, labels={"kind": "x"}) for i in range(200)]
    first, second = (of_calls(n, calls) for n in "ab")
    alone = comparison_sheet(compare(first, second, CompareSettings(slices=("kind",))))
    one = next(f for f in alone.figures if f.slug == "slice-kind")
    assert one.says.startswith("x, ")
    assert not any("slices may all" in remark for remark in one.remarks)


def test_undecided_says_how_many_items_would_settle_it() -> None:
    made = compare(*yes_no(30, 5, 5, 10))
    assert comparison_sheet(made).word == f"UNDECIDED, NEEDS ABOUT {made.more_items:,} ITEMS IN ALL"


def test_many_and_plan_have_sheets_too() -> None:
    sides = [
        side("a", [1.0, 1, 0, 1] * 20),
        side("b", [1.0, 1, 0, 1] * 20),
        side("c", [0.0, 0, 0, 1] * 20),
    ]
    text = "\n".join(sheet_lines(many_sheet(many(sides, CompareSettings()))))
    assert text.startswith("2 MAY BE BEST  3 runs")
    planned = plan(Assumed(kind="graded", margin=0.2, spread=1), usd_per_call={"a": 0.01})
    text = " ".join(" ".join(sheet_lines(plan_sheet(planned))).split())
    assert f"{planned.plan.items_n:,} ITEMS a margin of 0.2" in text
    assert f"costs about ${planned.usd['a']:,.2f}" in text


def test_a_table_of_estimates_says_its_unit_once() -> None:
    group = [build.estimate(label=name) for name in ("one", "two")]
    head, *rows = terminal._estimates(group, 80, {})
    assert "Estimate, rating points" in head
    assert not any("rating points" in row for row in rows)
