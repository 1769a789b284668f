"""What is unknown is not wrong: no verdict rests on answers that nobody has."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from headtohead.core.errors import InputError
from headtohead.logs.calls import Call
from headtohead.trials.comparing.pairing import open_run
from headtohead.trials.comparing.verb import compare
from headtohead.trials.result import TrialResult
from headtohead.trials.scoring.scored import scorer_from


def _log(path: Path, answers: list[Any], **more: Any) -> str:
    """A log whose answer is left out where it is `...`."""
    rows = []
    for i, said in enumerate(answers):
        row = {"id": i, "target": "p", **more}
        rows.append(row if said is ... else {**row, "output": said})
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return str(path)


def _compared(*runs: str, **settings: Any) -> TrialResult:
    return compare(*runs, scorer="exact", **settings)


def test_logs_without_answers_get_no_verdict(tmp_path: Path) -> None:
    a, b = (_log(tmp_path / name, [...] * 40) for name in ("a.jsonl", "b.jsonl"))
    with pytest.raises(InputError, match="the log does not hold the answer"):
        _compared(a, b)
    # Nor do answers that are all empty, whatever left them so.
    blank = [_log(tmp_path / name, [""] * 40) for name in ("c.jsonl", "d.jsonl")]
    with pytest.raises(InputError, match="holds a word"):
        _compared(*blank)
    with pytest.raises(InputError, match="holds a word"):
        _compared(*blank, missing="wrong")


def test_unknown_answers_are_left_out_and_counted_and_empty_ones_are_wrong(tmp_path: Path) -> None:
    a = _log(tmp_path / "a.jsonl", ["p"] * 40)
    b = _log(tmp_path / "b.jsonl", ["p"] * 30 + [...] * 8 + [""] * 2)
    found = _compared(a, b)
    assert found.details.left_out == {"no score in b": 8}
    assert found.details.b.failures == {"empty": 2}
    assert found.details.difference.value == pytest.approx(-2 / 32)
    assert "8 items are unknown on a side and left out." in found.sheet.sentence
    assert (
        "b.jsonl: 8 answers could not be scored: 8 because the log does not hold the answer."
        in found.details.notes
    )


@pytest.mark.parametrize(
    ("failure", "output", "value", "kept"),
    [
        ("", None, None, ""),
        ("error", None, None, ""),
        ("", "", 0, "empty"),
        ("refused", None, 0, "refused"),
        ("limit", None, 0, "limit"),
        ("limit", "", 0, "limit"),
        ("limit", "p", 1, ""),
    ],
)
def test_missing_empty_refused_and_cut_off_are_told_apart(
    failure: str, output: str | None, value: float | None, kept: str
) -> None:
    scored = scorer_from("exact")(Call(key="x", failure=failure, output=output, reference="p"))
    assert (scored.value, scored.failure) == (value, kept)


def test_no_scores_at_all_are_no_verdict_even_if_missing_is_wrong(tmp_path: Path) -> None:
    a, b = (_log(tmp_path / name, ["p"] * 40) for name in ("a.jsonl", "b.jsonl"))
    with pytest.raises(InputError, match=r"No item has a score on both sides.*40 without a score"):
        compare(a, b, missing="wrong")


def test_the_one_message_counts_what_there_is_and_names_the_columns(tmp_path: Path) -> None:
    a = _log(tmp_path / "a.jsonl", ["p"] * 3, score=1)
    b = _log(tmp_path / "b.jsonl", ["p"] * 3, judged=1)
    with pytest.raises(InputError) as told:
        compare(a, b)
    assert "of 3 shared items: a has 3 scored; b has 3 without a score" in str(told.value)
    assert "`mapping={'score': 'judged'}` (there are judged)" in str(told.value)


def test_sides_are_named_by_columns_and_folders(tmp_path: Path) -> None:
    wide = tmp_path / "wide.csv"
    wide.write_text("id,gpt4_correct,llama_correct\n1,1,0\n2,0,0\n3,1,1\n")
    found = compare(
        str(wide),
        str(wide),
        mapping={"score": "gpt4_correct"},
        mapping_b={"score": "llama_correct"},
    )
    assert found.sheet.title == "llama_correct in place of gpt4_correct?"
    paths = []
    for folder in ("Llama-3.1-8B", "Llama-3.1-70B"):
        (tmp_path / folder).mkdir()
        paths.append(_log(tmp_path / folder / "results.jsonl", ["p", "q"], score=1))
    found = compare(*paths)
    assert found.details.a.name == "results (Llama-3.1-8B)"
    assert found.details.b.name == "results (Llama-3.1-70B)"


def test_a_point_in_a_name_is_no_ending(tmp_path: Path) -> None:
    names = []
    for file in ("Llama-3.1-8B", "Llama-3.2-1B.jsonl.gz"):
        packed = gzip.compress if file.endswith("gz") else bytes
        (tmp_path / file).write_bytes(packed(b'{"id": 1, "score": 1}\n{"id": 2, "score": 0}\n'))
        names.append(open_run(str(tmp_path / file)).name)
    assert names == ["Llama-3.1-8B", "Llama-3.2-1B"]


def test_a_format_without_scores_to_name_asks_for_a_scorer(tmp_path: Path) -> None:
    answer = {"status_code": 200, "body": {"choices": [{"message": {"content": "x"}}]}}
    path = tmp_path / "batch.jsonl"
    lines = [json.dumps({"custom_id": f"{i}", "response": answer, "error": None}) for i in (1, 2)]
    path.write_text("\n".join(lines))
    with pytest.raises(InputError, match=r"Score the answers in batch\.jsonl with `scorer`\.$"):
        compare(str(path), str(path))


def test_the_same_run_twice_is_remarked_on(tmp_path: Path) -> None:
    a = _log(tmp_path / "a.jsonl", ["p"] * 3, score=1)
    assert any("nothing can differ" in note for note in compare(a, a).details.notes)
