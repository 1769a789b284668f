"""lm-evaluation-harness: a results file and the samples beside it."""

import json
from pathlib import Path
from typing import Any

import pytest

from headtohead.core.errors import InputError, UnknownName
from headtohead.logs.opening import load
from headtohead.trials.comparing.verb import compare

_DATE = "2026-02-03T04-05-06.123456"


def _row(
    doc_id: int, filter: str = "strict-match", value: Any = 1.0, **more: Any
) -> dict[str, Any]:
    return {
        "doc_id": doc_id,
        "doc": {"question": f"{doc_id}+1?", "answer": str(doc_id + 1), "level": "easy"},
        "target": str(doc_id + 1),
        "arguments": {"gen_args_0": {"arg_0": f"Q: {doc_id}+1?\nA:", "arg_1": {"until": ["\n"]}}},
        "resps": [[f" {doc_id + 1}"]],
        "filtered_resps": [str(doc_id + 1)],
        "filter": filter,
        "metrics": ["exact_match"],
        "doc_hash": f"hash{doc_id}",
        "prompt_hash": "p",
        "target_hash": "t",
        "exact_match": value,
        **more,
    }


def _results(tasks: dict[str, int], **more: Any) -> dict[str, Any]:
    return {
        "results": {task: {"alias": task, "exact_match,strict-match": 0.5} for task in tasks},
        "group_subtasks": {task: [] for task in tasks},
        "configs": {task: {"task": task} for task in tasks},
        "versions": dict.fromkeys(tasks, 3.0),
        "n-shot": dict.fromkeys(tasks, 5),
        "higher_is_better": {task: {"exact_match": True} for task in tasks},
        "n-samples": {task: {"original": 1319, "effective": n} for task, n in tasks.items()},
        "config": {"model": "local-chat-completions", "model_args": "model=small-1", "limit": None},
        "git_hash": "abc1234",
        "date": 1770000000.5,
        "lm_eval_version": "0.4.13",
        "task_hashes": dict.fromkeys(tasks, "deadbeef"),
        "model_source": "local-chat-completions",
        "model_name": "small-1",
        "chat_template": None,
        "chat_template_sha": None,
        **more,
    }


def _write(
    folder: Path, rows: dict[str, list[dict[str, Any]]], date: str = _DATE, **more: Any
) -> Path:
    inside = folder / "out" / "small-1"
    inside.mkdir(parents=True, exist_ok=True)
    counts = {task: len({row["doc_id"] for row in found}) for task, found in rows.items()}
    (inside / f"results_{date}.json").write_text(
        json.dumps(_results(counts, **more), indent=2), encoding="utf-8"
    )
    for task, found in rows.items():
        text = "".join(json.dumps(row) + "\n" for row in found)
        (inside / f"samples_{task}_{date}.jsonl").write_text(text, encoding="utf-8")
    return folder / "out"


def example(folder: Path) -> Path:
    """A folder of one run of gsm8k with two filters."""
    return _write(
        folder,
        {
            "gsm8k": [
                *(_row(i, "flexible-extract") for i in range(4)),
                *(_row(i, "strict-match", float(i % 2)) for i in range(4)),
            ]
        },
    )


def test_the_strict_filter_is_read_and_the_other_counted(tmp_path: Path) -> None:
    found = load(example(tmp_path))
    assert [call.score for call in found.calls] == [0.0, 1.0, 0.0, 1.0]
    assert found.dropped == {"filter flexible-extract, where strict-match is read": 4}
    first = found.calls[0]
    assert (first.key, first.fingerprint, first.model) == ("0", "hash0", "small-1")
    # The answer itself, not what the filter cut out of it.
    assert (first.output, first.reference) == (" 1", "1")
    assert first.labels == {"task": "gsm8k", "level": "easy"}
    assert first.messages == [{"role": "user", "content": "Q: 0+1?\nA:"}]
    assert found.meta.metric == "exact_match,strict-match"


def test_metric_and_filter_are_chosen_by_name(tmp_path: Path) -> None:
    path = example(tmp_path)
    found = load(path, mapping={"score": "exact_match,flexible-extract"})
    assert [call.score for call in found.calls] == [1.0] * 4
    with pytest.raises(UnknownName, match=r"No metric in .* is called 'acc'"):
        load(path, mapping={"score": "acc"})
    with pytest.raises(UnknownName, match=r"No filter in .* is called 'none'"):
        load(path, mapping={"score": "exact_match,none"})


def test_results_file_samples_file_and_folder_open_alike(tmp_path: Path) -> None:
    folder = example(tmp_path)
    calls = load(folder).calls
    for name in (f"results_{_DATE}.json", f"samples_gsm8k_{_DATE}.jsonl"):
        assert load(folder / "small-1" / name).calls == calls


def test_what_must_agree(tmp_path: Path) -> None:
    meta = load(example(tmp_path)).meta
    assert meta.must_agree == {
        "lm_eval": "0.4.13",
        "chat template applied": "false",
        "gsm8k: version": "3",
        "gsm8k: shots": "5",
        "gsm8k: metric": "exact_match,strict-match",
        "gsm8k: task hash": "deadbeef",
    }
    assert meta.may_differ["harness commit"] == "abc1234"


def test_a_chat_template_is_the_models_own(tmp_path: Path) -> None:
    path = _write(tmp_path, {"t": [_row(0)]}, chat_template="{{x}}", chat_template_sha="s" * 64)
    meta = load(path).meta
    assert meta.must_agree["chat template applied"] == "true"
    assert "t: task hash" not in meta.must_agree
    assert meta.may_differ["t: task hash"] == "deadbeef"


def test_several_tasks_make_keys_of_task_and_document(tmp_path: Path) -> None:
    found = load(_write(tmp_path, {"gsm8k": [_row(0)], "arc_easy": [_row(0, "none")]}))
    assert [call.key for call in found.calls] == ["arc_easy/0", "gsm8k/0"]
    assert found.meta.metric == "exact_match | exact_match,strict-match"


def test_where_less_is_better_the_score_is_turned(tmp_path: Path) -> None:
    better = {"t": {"exact_match": False}}
    found = load(_write(tmp_path, {"t": [_row(0, "none", 2.5)]}, higher_is_better=better))
    assert found.calls[0].score == -2.5
    assert found.meta.metric == "minus exact_match"


def test_two_runs_in_a_folder_are_told_apart(tmp_path: Path) -> None:
    later = "2026-02-04T04-05-06.123456"
    _write(tmp_path, {"t": [_row(0)]})
    folder = _write(tmp_path, {"t": [_row(0)]}, later)
    with pytest.raises(InputError, match=rf"2 runs.*results_{_DATE}.json, .*results_{later}"):
        load(folder)
    assert len(load(folder / "small-1" / f"results_{later}.json").calls) == 1


def test_missing_rows_and_missing_samples_are_errors(tmp_path: Path) -> None:
    folder = example(tmp_path) / "small-1"
    samples = folder / f"samples_gsm8k_{_DATE}.jsonl"
    lines = samples.read_text().splitlines(keepends=True)
    samples.write_text("".join(lines[:-1]))
    with pytest.raises(InputError, match=r"samples_gsm8k.*holds 3 documents.*speaks of 4"):
        load(folder)
    trimmed = load(folder, partial=True)
    assert len(trimmed.calls) == 3
    assert trimmed.dropped["documents that the header speaks of and the file lacks"] == 1
    samples.write_text("".join([*lines, lines[-1]]))
    with pytest.raises(InputError, match=r"line 9: document 3 is there twice"):
        load(folder)
    samples.unlink()
    with pytest.raises(InputError, match="--log_samples"):
        load(folder / f"results_{_DATE}.json")


def test_a_metric_of_whole_sets_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path, {"t": [_row(0, value=[1, 0])]})
    with pytest.raises(InputError, match=r"1 of task t, which scores no document by itself"):
        load(path)


def _several(folder: Path) -> Path:
    """Tasks with a score of documents, with sums of log-likelihoods, and with pairs beside one."""
    losses: dict[str, Any] = {"metrics": ["word_perplexity"], "word_perplexity": [-10.5, 20]}
    pairs: dict[str, Any] = {"metrics": ["f1", "acc"], "f1": [1, 0], "acc": 1.0}
    rows = {
        "arc_easy": [_row(i, metrics=["acc", "acc_norm"], acc=0.0, acc_norm=1.0) for i in range(3)],
        "mrpc": [_row(i, **pairs) for i in range(2)],
        "wikitext": [_row(i, **losses) for i in range(4)],
    }
    return _write(folder, rows)


def test_a_task_without_a_score_of_documents_is_left_out_and_counted(tmp_path: Path) -> None:
    found = load(path := _several(tmp_path))
    assert {call.key: call.score for call in found.calls} == {
        **{f"arc_easy/{i}": 0.0 for i in range(3)},
        **{f"mrpc/{i}": 1.0 for i in range(2)},
    }
    reason = "of task wikitext, which scores no document by itself (word_perplexity),"
    assert found.dropped == {reason: 4}
    assert found.meta.scores == ("acc", "acc_norm", "f1")
    # A metric holds where a task has it.
    chosen = load(path, mapping={"score": "acc_norm"})
    assert [call.score for call in chosen.calls] == [1.0] * 5
    assert chosen.meta.metric == "acc_norm,strict-match | acc,strict-match"
    assert load(path, mapping={"score": "f1"}).dropped == {
        reason: 4,
        "of task mrpc, which scores no document by itself (f1),": 2,
    }


def test_tasks_are_chosen_by_name(tmp_path: Path) -> None:
    path = _several(tmp_path)
    for tasks in (("arc_easy",), ("arc_*",)):
        found = load(path, tasks=tasks)
        assert [call.key for call in found.calls] == ["0", "1", "2"]
        assert found.meta.task == "arc_easy"
    with pytest.raises(UnknownName, match=r"No task in .* is called 'arc'.*arc_easy"):
        load(path, tasks=("arc",))
    with pytest.raises(InputError, match=r"4 of task wikitext.*mapping.*: word_perplexity\."):
        load(path, tasks=("wikitext",))
    both = compare(str(path), str(path), tasks=("mrpc",))
    assert both.details.a.items == 2
    assert any("takes another of f1, acc" in note for note in both.sheet.notes)


def test_tasks_of_other_formats_are_labels(tmp_path: Path) -> None:
    rows = [{"id": f"{task}{i}", "task": task, "score": 1} for task in "ab" for i in range(3)]
    path = tmp_path / "plain.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    found = load(path, tasks=("a",))
    assert [call.key for call in found.calls] == ["a0", "a1", "a2"]
    assert found.dropped == {"of other tasks than a": 3}
    with pytest.raises(InputError, match=r"other tasks than c\. It has the tasks a, b"):
        load(path, tasks=("c",))


def test_samples_renamed_by_hand_pair(tmp_path: Path) -> None:
    whole = next(example(tmp_path).rglob("samples_*")).read_text()
    paths = [tmp_path / f"{model}.jsonl" for model in ("llama", "qwen")]
    for path in paths:
        path.write_text(whole)
    assert load(paths[0]).meta.task == ""
    assert compare(*map(str, paths)).details.a.items == 4
    for name, keys in (("one.jsonl", "0 1 2 3"), ("two.jsonl", "one/0 one/1 one/2 one/3 two/0")):
        (tmp_path / "folder").mkdir(exist_ok=True)
        (tmp_path / "folder" / name).write_text(whole)
        found = load(tmp_path / "folder")
        assert " ".join(call.key for call in found.calls).startswith(keys)


def test_an_answer_without_the_pattern_is_a_format_failure(tmp_path: Path) -> None:
    path = _write(tmp_path, {"t": [_row(0, value=0.0, filtered_resps=["[invalid]"])]})
    call = load(path).calls[0]
    assert (call.failure, call.score) == ("format", 0.0)


def test_likelihood_tasks_have_no_request_to_send(tmp_path: Path) -> None:
    pair = {"arg_0": "Q", "arg_1": " yes"}
    row = _row(0, "none", arguments={"gen_args_0": pair, "gen_args_1": pair})
    assert load(_write(tmp_path, {"t": [row]})).calls[0].messages is None


def test_a_chat_is_read_as_its_messages(tmp_path: Path) -> None:
    chat = [{"role": "user", "content": "0+1?"}]
    row = _row(0, arguments={"gen_args_0": {"arg_0": [json.dumps(chat)], "arg_1": {}}})
    assert load(_write(tmp_path, {"t": [row]})).calls[0].messages == chat
