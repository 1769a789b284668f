"""promptfoo's results.csv, in the layouts of today and before."""

from collections import Counter
from pathlib import Path

import pytest
from tests.logs.formats.real import FILES, copied

from headtohead.core.errors import InputError, UnknownName
from headtohead.logs.opening import load

_VERSIONS = pytest.mark.parametrize("version", ["0.121.20", "0.91.3"])


def example(folder: Path) -> Path:
    return copied("promptfoo-0.121.20/results.csv", folder)


@_VERSIONS
def test_a_table_reads_like_the_json_of_the_same_run(version: str, tmp_path: Path) -> None:
    table = load(copied(f"promptfoo-{version}/results.csv", tmp_path))
    whole = load(FILES / f"promptfoo-{version}" / "results.json")
    assert len(table.calls) == len(whole.calls) == 28
    for ours, theirs in zip(table.calls, whole.calls, strict=True):
        assert ours.score == theirs.score
        assert ours.labels["question"] == theirs.labels["question"]
        assert (ours.failure == "error") == (theirs.failure == "error")
        if ours.failure != "error":
            assert (ours.output or "").strip() == (theirs.output or "").strip()


@_VERSIONS
def test_named_scores_are_chosen_by_name(version: str, tmp_path: Path) -> None:
    file = copied(f"promptfoo-{version}/results.csv", tmp_path)
    assert load(file).meta.scores == ("success", "score", "right")
    kenya = [c for c in load(file, mapping={"score": "score"}).calls if "Kenya" in c.key]
    assert {call.score for call in kenya} == {0.67}
    right = load(file, mapping={"score": "right"}).calls
    # Tests without that metric have no score.
    assert Counter(call.score for call in right)[None] == 12
    with pytest.raises(UnknownName, match="wombat"):
        load(file, mapping={"score": "wombat"})


def test_columns_are_models_and_prompts_are_runs(tmp_path: Path) -> None:
    calls = load(example(tmp_path)).calls
    assert {(call.model, call.run) for call in calls} == {
        (model, run)
        for model in ("openai:chat:small-a", "the small one")
        for run in ("Be brief. {{question}}", "In one word: {{question}}")
    }


def _table(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "results.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_header_over_several_lines_is_recognised(tmp_path: Path) -> None:
    head = 'q,"[a] Be\nbrief",Status,Score,Named Scores,Grader Reason,Comment\n'
    found = load(_table(tmp_path, head + "x,y,PASS,1.00,,fine,\n"))
    assert (found.meta.format, found.calls[0].score) == ("promptfoo-csv", 1.0)


def test_a_guard_against_formulas_is_no_part_of_an_answer(tmp_path: Path) -> None:
    head = "q,[a] P,Status,Score,Named Scores,Grader Reason,Comment\n"
    found = load(_table(tmp_path, head + "x,'=1+1,PASS,1.00,,fine,\ny,'tis,PASS,1.00,,fine,\n"))
    assert [call.output for call in found.calls] == ["=1+1", "'tis"]


def test_a_test_without_a_result_is_counted(tmp_path: Path) -> None:
    head = "q,[a] P,Status,Score,Named Scores,Grader Reason,Comment\n"
    found = load(_table(tmp_path, head + "x,y,PASS,1.00,,fine,\nz,,,,,,\n"))
    assert (len(found.calls), found.dropped) == (1, {"test without a result": 1})


def test_an_unknown_status_names_its_row(tmp_path: Path) -> None:
    head = "q,[a] P,Status,Score,Named Scores,Grader Reason,Comment\n"
    with pytest.raises(InputError, match="row 1: the status 'MAYBE'"):
        load(_table(tmp_path, head + "x,y,MAYBE,1.00,,fine,\n"))
