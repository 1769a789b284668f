"""How sides are called, and that one given twice is remarked on, at the command line."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from headtohead.cli import main


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two folders with a file of one name, a wide table, and one of three models."""
    monkeypatch.chdir(tmp_path)
    for folder, miss in (("Llama-3.1-8B", 3), ("Llama-3.1-70B", 4)):
        Path(folder).mkdir()
        rows = [{"id": i, "score": int(i % miss > 0)} for i in range(40)]
        Path(folder, "results.jsonl").write_text("\n".join(map(json.dumps, rows)))
    wide = [f"{i},{int(i % 3 > 0)},{int(i % 4 > 0)}" for i in range(40)]
    Path("wide.csv").write_text("\n".join(["id,gpt4_correct,llama_correct", *wide]))
    models = {"gpt-5": 3, "llama": 4, "qwen": 5}
    tall = [f"{i},{m},{int(i % miss > 0)}" for i in range(40) for m, miss in models.items()]
    Path("models.csv").write_text("\n".join(["id,model,score", *tall]))


def _said(words: str) -> str:
    found = CliRunner().invoke(main, words.split())
    assert found.exit_code in (0, 1, 2), found.output
    return " ".join(found.stdout.split())


FOLDERS = "Llama-3.1-8B/results.jsonl Llama-3.1-70B/results.jsonl"
WIDE = "wide.csv wide.csv --map score=gpt4_correct"


@pytest.mark.parametrize(
    ("words", "a", "b"),
    [
        (FOLDERS, "results (Llama-3.1-8B)", "results (Llama-3.1-70B)"),
        (f"{WIDE} --map-b score=llama_correct", "gpt4_correct", "llama_correct"),
        ("models.csv::gpt-5 models.csv::llama", "gpt-5", "llama"),
    ],
)
def test_compare_names_sides_by_folder_column_or_model(words: str, a: str, b: str) -> None:
    assert f"{b} in place of {a}?" in _said(f"compare {words}")


def test_many_and_items_name_runs_by_folder_and_model() -> None:
    said = _said(f"compare --many {FOLDERS} models.csv::qwen")
    for name in ("results (Llama-3.1-8B)", "results (Llama-3.1-70B)", "qwen"):
        assert name in said
    for folder in ("Llama-3.1-8B", "Llama-3.1-70B"):
        rows = [{"id": i, "score": i % 2, "prompt": f"{folder} {i}"} for i in range(40)]
        Path(folder, "results.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found = CliRunner().invoke(main, ["items", *FOLDERS.split(), "models.csv::qwen"])
    assert found.exit_code == 64
    said = " ".join(found.output.split())
    assert "one text in results (Llama-3.1-8B) and another in results (Llama-3.1-70B)" in said


@pytest.mark.parametrize("verb", ["compare --many", "items"])
def test_a_run_given_twice_among_many_is_remarked_on(verb: str) -> None:
    runs = "models.csv::gpt-5 models.csv::llama models.csv::qwen"
    if verb == "compare --many":
        assert "holds the same calls" not in _said(f"{verb} {runs}")
    said = _said(f"{verb} {runs} models.csv::llama")
    assert said.count("holds the same calls as llama") == 1
    assert "word for word" in said


def test_a_file_compared_with_itself_is_remarked_on() -> None:
    assert "so nothing can differ" in _said(f"compare {WIDE}")
