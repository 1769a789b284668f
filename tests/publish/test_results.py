"""What every result can do, and where commands deliver it."""

import csv
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from tests.claims import report_builder as build
from tests.claims.test_report_page import Seen

import headtohead
from headtohead.core.errors import HeadToHeadError, InputError
from headtohead.publish.command_line import Output, deliver, output_options, verb
from headtohead.publish.machine import envelope
from headtohead.publish.page import sheet_html
from headtohead.publish.result import Result
from headtohead.publish.sheet import (
    Alternative,
    Chooser,
    DataTable,
    Figure,
    Linked,
    Sheet,
    TableColumn,
    Topic,
)
from headtohead.publish.terminal import cells_of, figure_lines, sheet_lines, table

COLUMNS = (
    TableColumn("model", "Model"),
    TableColumn("seen_on", "Seen"),
    TableColumn("score_pct", "Score", 1),
    TableColumn("more", "More"),
)
ROWS = (
    ("gpt <b>5</b>", date(2026, 1, 2), 71.25, Linked("page", "https://example.org/x")),
    ("=cmd()", None, float("inf"), Linked("bad", "javascript:alert(1)")),
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Cooked(Result):
    """A made-up result."""

    sheet: Sheet

    def as_json(self) -> dict[str, Any]:
        """One envelope."""
        return envelope("cook", None, self.sheet.as_of, [], ())


def cooked(rows: int = 1, **changes: Any) -> Cooked:
    figure = Figure("dishes", "Dishes", "Which?", columns=COLUMNS, rows=ROWS * rows, shown=500)
    parts = {
        "verb": "cook",
        "title": "A dinner",
        "sentence": "It was good.",
        "as_of": date(2026, 1, 3),
        "topics": (Topic("food", "Food", figures=(figure,)),),
    }
    return Cooked(sheet=Sheet(**{**parts, **changes}))


@verb("h2h cook soup --json")
@click.argument("dish")
@click.option("--as-of")
@output_options("json", "csv", "html", "markdown", "junit")
def cook(dish: str, as_of: str | None, output: Output) -> int:
    """Cook a dish."""
    return deliver(cooked(answer="no", word=dish.upper()), output)


def run(*words: str) -> Any:
    return CliRunner().invoke(cook, list(words), prog_name="cook", standalone_mode=False)


def test_a_result_prints_itself_and_its_repr_fits_a_screen() -> None:
    long = cooked(200)
    assert str(long).startswith("A dinner\nIt was good.\n")
    assert len(str(long).splitlines()) > 400
    shown = repr(long).splitlines()
    assert len(shown) <= 25
    assert max(map(cells_of, shown)) <= 80
    assert "print() shows all" in shown[-1]
    assert "print()" not in repr(cooked())


def test_every_verb_gives_a_result_whose_repr_is_no_dump() -> None:
    made = build.report()
    for result in (made, made.now):
        assert len(repr(result).splitlines()) <= 25
        assert max(map(cells_of, repr(result).splitlines())) <= 80


def test_a_result_is_json_csv_a_frame_and_a_piece_of_html() -> None:
    made = cooked()
    assert json.loads(made.to_json())["verb"] == "cook"
    rows = list(csv.reader(io.StringIO(made.to_csv())))
    assert rows[0] == ["model", "seen_on", "score_pct", "more"]
    assert rows[1] == ["gpt <b>5</b>", "2026-01-02", "71.25", "page"]
    assert rows[2] == ["'=cmd()", "", "", "bad"]
    frame = made.to_frame()
    assert frame["seen_on"].to_list() == [date(2026, 1, 2), None]
    assert frame["score_pct"][0] == 71.25
    html = made._repr_html_()
    assert "gpt &lt;b&gt;5&lt;/b&gt;" in html
    assert "<script" not in html
    page = Seen(made.to_html())
    links = [a["href"] for a in page.all("a")]
    assert "https://example.org/x" in links
    assert not any(link.startswith("javascript") for link in links)
    assert made.to_markdown().startswith("# A dinner\n")


def test_a_command_prints_text_json_or_csv_and_its_answer_is_the_exit_code() -> None:
    text = run("soup")
    assert text.return_value == 1
    assert text.output.startswith("SOUP  A dinner\n")
    assert text.output.rstrip().endswith("Again: h2h cook soup --as-of 2026-01-03")
    assert json.loads(run("soup", "--json").output)["verb"] == "cook"
    assert run("soup", "--csv").output.startswith("model,seen_on")
    with pytest.raises(InputError, match="one of `json` and `csv`"):
        raise run("soup", "--json", "--csv").exception


def test_files_are_checked_before_the_work_and_written_whole(tmp_path: Path) -> None:
    for option in ("html", "markdown", "junit"):
        found = run("soup", f"--{option}", str(tmp_path / "no" / "file"))
        assert isinstance(found.exception, HeadToHeadError)
        assert f"Choose another `{option}`" in str(found.exception)
        assert "A dinner" not in found.output
        path = tmp_path / f"made.{option}"
        made = run("soup", f"--{option}", str(path))
        assert f"Wrote {path}" in made.output
        assert "A dinner" in path.read_text(encoding="utf-8")
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "made.html",
        "made.junit",
        "made.markdown",
    ]


def test_a_pipe_is_written_into_and_a_link_stays_one(tmp_path: Path) -> None:
    pipe, link, file = tmp_path / "pipe", tmp_path / "link", tmp_path / "file"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert "Wrote" in run("soup", "--junit", str(pipe)).output
        assert b"A dinner" in os.read(reader, 1 << 16)
    finally:
        os.close(reader)
    assert pipe.is_fifo()
    file.touch()
    link.symlink_to(file)
    assert "Wrote" in run("soup", "--markdown", str(link)).output
    assert link.is_symlink()
    assert "A dinner" in file.read_text(encoding="utf-8")


def test_a_closed_pipe_is_no_error() -> None:
    shell = f"{sys.executable} -m headtohead names gpt-5 | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr == ""


def test_a_table_wraps_its_texts_before_it_drops_a_column() -> None:
    rows = [("word " * 20, "2026-01-01", 12345.0, "sentence " * 10)]
    lines = list(table(COLUMNS, rows, 60))
    assert max(map(len, lines)) <= 60
    assert "12,345.0" in "".join(lines)
    assert not any("Too wide" in line for line in lines)
    many = tuple(TableColumn(f"c{n}", f"Column {n}", 0) for n in range(20))
    lines = list(table(many, [tuple(range(20))], 60))
    assert max(map(len, lines)) <= 60
    assert " ".join(" ".join(lines).split()).endswith("Column 18, Column 19.")


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_word_of_a_table_is_broken_while_a_column_can_go(width: int) -> None:
    columns = (
        TableColumn("model", "Model"),
        TableColumn("licence", "Licence"),
        TableColumn("rating_elo", "Rating", 0),
        TableColumn("kind", "Kind of token"),
    )
    names = ("claude-opus-4-thinking", "deepseek/deepseek-v3.2")
    rows = [(name, "LicenseRef-none-stated", 1234.0, "cache_write_1h") for name in names]
    text = "\n".join(table(columns, rows, width))
    assert max(map(len, text.splitlines())) <= width
    if width > 40:
        assert text.count("LicenseRef-none-stated") == 2
        assert all(name in text for name in names)
    else:  # two columns are left, so that a name is of something
        assert "Too wide to show here: Rating, Kind of token." in " ".join(text.split())


def test_rows_become_lines_where_a_table_would_lose_its_sentences() -> None:
    columns = (
        *(TableColumn(f"c{n}", f"Column {n}") for n in range(4)),
        TableColumn("why", "Why", long=True),
    )
    row = ("a-statement", "not-measurable", "narrowly-true", "x", "because of all that is known")
    lines = list(table(columns, [row], 40))
    assert "  a-statement" in lines
    assert "    Why: because of all that is known" in lines
    assert max(map(len, lines)) <= 40


def test_a_long_verdict_stands_above_its_title() -> None:
    lines = list(sheet_lines(cooked(word="UNDECIDED, NEEDS 671 ITEMS").sheet, width=40))
    assert lines[0] == "UNDECIDED, NEEDS 671 ITEMS"
    assert lines[1].startswith(cooked().sheet.title[:20])


def test_wide_characters_count_as_two() -> None:
    lines = list(sheet_lines(cooked(title="漢字" * 60, sentence="é" * 200).sheet))
    assert max(map(cells_of, lines)) <= 80


def test_a_command_to_ask_again_is_broken_only_where_a_shell_allows() -> None:
    words = " ".join(f"--where 'column number {n}=a, b'" for n in range(6))
    lines = list(sheet_lines(cooked(command=f"h2h rank votes.csv {words}").sheet))
    start = next(n for n, line in enumerate(lines) if line.startswith("Again: "))
    assert all(line.endswith(" \\") for line in lines[start:-1])
    again = " ".join(line.rstrip("\\").strip() for line in lines[start:])
    assert again == f"Again: h2h rank votes.csv {words}"


def boards() -> Sheet:
    columns = (
        TableColumn("name", "Name"),
        TableColumn("points", "Points", 0),
        TableColumn("low", "Low", 0),
        TableColumn("high", "High", 0),
        TableColumn("tie", "Tie", 0),
    )
    first = (("a", 10.0, 8.0, None, 1), ("b", 5.0, 4.0, 6.0, 2))
    chooser = Chooser(
        label="Board",
        alternatives=tuple(
            Alternative(key, key.title(), "", f"Board {key}", "Points.", "a leads", (), first)
            for key in ("all", "second")
        ),
        find="name",
        order=("points", True),
        fields={"value": "points"},
        shade="tie",
    )
    shown = (*columns[:2], TableColumn("interval", "Interval", 0, ends=("low", "high")))
    figure = Figure(
        "board", "Board all", columns=shown, data=DataTable(columns, first), chooser=chooser
    )
    return cooked(topics=(Topic("boards", "Boards", figures=(figure,)),)).sheet


def test_a_figure_with_several_boards_shows_the_first_and_carries_the_rest() -> None:
    seen = Seen(sheet_html(boards()))
    assert [o["value"] for o in seen.all("option")][:2] == ["all", "second"]
    data = json.loads(next(s for s in seen.scripts if s.startswith("{")))["chooser"]
    assert [b["key"] for b in data["boards"]] == ["all", "second"]
    assert data["boards"][0]["rows"][0] == ["a", 10.0, 8.0, None, 1]
    assert len({b["about_it"]["content_sha256"] for b in data["boards"]}) == 2
    assert "at least 8" in seen.text
    assert "4 to 6" in seen.text


def test_the_verbs_of_the_package_give_results(tmp_path: Path) -> None:
    from headtohead.evidence.store import Store

    made = headtohead.show("P2", as_of="2025-12-15", store=Store(tmp_path))
    assert isinstance(made, Result)
    assert made.as_json()["verb"] == "show"
    assert made.to_frame().height == 8
    assert set(made.to_frame()["reading"]) == {"as stated", "narrower"}


def test_each_board_names_the_columns_that_do_not_fit_unless_one_above_did() -> None:
    columns = tuple(TableColumn(f"c{n}", f"Column {n}", 0) for n in range(9))
    small, large = (tuple(float(10**power + n) for n in range(9)) for power in (1, 7))
    boards = tuple(
        Alternative(key, key, "", key, "", "", (), (row,))
        for key, row in (("one", small), ("two", large), ("three", large))
    )
    chooser = Chooser("Board", boards, "c0", ("c0", True), {}, listed=(5, 5, 5))
    figure = Figure("boards", "Boards", columns=columns, data=DataTable(columns, ()))
    text = "\n".join(figure_lines(replace(figure, chooser=chooser), 100))
    one, two, three = text.replace("two:", "one:").replace("three:", "one:").split("one:")[1:]
    assert "Too wide" not in one
    assert "Too wide to show here: Column" in two
    assert "Too wide" not in three
