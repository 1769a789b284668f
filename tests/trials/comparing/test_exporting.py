"""Runs written as Every Eval Ever are read as they were."""

import json
import uuid
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from tests.trials.comparing.eval_ever_rules import Document, Sample

from headtohead import compare
from headtohead.core.errors import InputError
from headtohead.logs.calls import Call
from headtohead.logs.opening import load
from headtohead.trials.comparing.exporting import write_run
from headtohead.trials.comparing.pairing import open_all, open_run

_REAL = Path(__file__).parents[2] / "logs" / "formats" / "real_files"


def _told(call: Call) -> tuple[object, ...]:
    return (
        *(call.key, call.epoch, call.model, call.score, call.failure, call.output),
        *(call.usage, call.cost_usd, call.reference),
    )


@pytest.mark.parametrize(
    "name", ["inspect-0.3.285/small-a.eval", "deepeval-4.3.1/small-a.json", "helm-0.5.16/small-a"]
)
def test_a_run_comes_back_as_it_was(name: str, tmp_path: Path) -> None:
    run = open_run(str(_REAL / name))
    assert write_run(run, tmp_path) == 0
    found = load(tmp_path)
    assert found.meta.metric == run.meta.metric
    assert list(map(_told, found.calls)) == list(map(_told, run.calls))
    for ours, theirs in zip(found.calls, run.calls, strict=True):
        assert ours.latency_s == pytest.approx(theirs.latency_s)
        assert ours.labels == theirs.labels


def test_answers_without_a_score_are_counted_and_left_out(tmp_path: Path) -> None:
    run = open_run(str(_REAL / "swebench-5.0.2" / "lab__small-a.trial1.json"))
    assert write_run(run, tmp_path) == 2
    document = next(tmp_path.glob("data/SWE-bench/lab/small-a/*.json"))
    about = json.loads(document.read_text())
    result = about["evaluation_results"][0]
    assert result["source_data"]["additional_details"] == {"answers_without_a_score": "2"}
    assert result["score_details"] == {"score": 0.75, "uncertainty": {"num_samples": 8}}
    samples = tmp_path / about["detailed_evaluation_results"]["file_path"]
    assert len(samples.read_text().splitlines()) == 8
    assert document.stem in samples.name


_RUNS = (
    *("inspect-0.3.285/small-a.eval", "deepeval-4.3.1/small-a.json", "helm-0.5.16/small-a"),
    *("lm-eval-0.4.13/small-a", "promptfoo-0.121.20/results.jsonl", "evalscope-1.14.1-mcq"),
    "swebench-5.0.2/lab__small-a.trial1.json",
)


@pytest.mark.parametrize("name", _RUNS)
def test_what_is_written_follows_the_rules_of_its_validator(name: str, tmp_path: Path) -> None:
    for run in open_all(str(_REAL / name)):
        write_run(run, tmp_path)
    documents = list(tmp_path.rglob("*.json"))
    assert documents
    for path in documents:
        document = msgspec.json.decode(path.read_bytes(), type=Document)
        assert document.detailed_evaluation_results is not None
        place, _ = path.relative_to(tmp_path).parts, uuid.UUID(path.stem, version=4)
        assert (len(place), place[0]) == (5, "data")
        details = document.detailed_evaluation_results
        samples = path.with_name(f"{path.stem}_samples.jsonl")
        assert details.file_path == samples.relative_to(tmp_path).as_posix()
        rows = msgspec.json.Decoder(Sample).decode_lines(samples.read_bytes())
        assert len(rows) == details.total_rows > 0
        for row in rows:
            assert row.evaluation_id == document.evaluation_id
            assert row.model_id == document.model_info.id


@pytest.mark.parametrize(
    ("model", "folder"),
    [
        ("gpt-5", "openai/gpt-5"),
        ("small-a", "unknown/small-a"),
        ("lab/sub/small", "lab/sub_small"),
        ("data/con.v1", "data_/con.v1_"),
        ("lab/", "lab/_"),
        ("lab/a...", "lab/a..._"),
    ],
)
def test_folders_have_names_that_every_system_takes(
    model: str, folder: str, tmp_path: Path
) -> None:
    run = open_run(str(_REAL / "deepeval-4.3.1" / "small-a.json"))
    write_run(replace(run, model=model), tmp_path)
    (document,) = tmp_path.rglob("*.json")
    assert document.parent == tmp_path / "data" / "deepeval" / folder


def test_a_run_without_scores_is_refused(tmp_path: Path) -> None:
    run = open_run(str(_REAL / "openai-v2-2.4b0" / "small-a.otlp.jsonl"))
    with pytest.raises(InputError, match="has none for small-a"):
        write_run(run, tmp_path)


def test_models_called_alike_do_not_overwrite_each_other(tmp_path: Path) -> None:
    run = open_run(str(_REAL / "deepeval-4.3.1" / "small-a.json"))
    write_run(run, tmp_path)
    write_run(replace(run, calls=run.calls[:5]), tmp_path)
    assert len(list(tmp_path.rglob("*_samples.jsonl"))) == 2


def test_compare_writes_both_runs_and_reads_them_again(tmp_path: Path) -> None:
    a, b = (str(_REAL / "deepeval-4.3.1" / f"small-{x}.json") for x in "ab")
    first = compare(a, b, every_eval_ever=str(tmp_path / "data"))
    written = [str(tmp_path / "data" / "deepeval" / "unknown" / f"small-{x}") for x in "ab"]
    again = compare(*written)
    assert again.details.difference == first.details.difference


def test_a_file_is_no_folder_to_write_into(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    a, b = (str(_REAL / "deepeval-4.3.1" / f"small-{x}.json") for x in "ab")
    with pytest.raises(InputError, match="`every_eval_ever`"):
        compare(a, b, every_eval_ever=str(tmp_path / "data"))
