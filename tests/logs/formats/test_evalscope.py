"""EvalScope: reviews and predictions, in the layouts before and after version 1.0."""

import json
from pathlib import Path

import pytest
from tests.logs.formats.real import FILES, copied

from headtohead.core.errors import InputError
from headtohead.logs.calls import Usage
from headtohead.logs.opening import load

_RUN = "evalscope-1.14.1"


def example(folder: Path) -> Path:
    return copied(_RUN, folder)


def test_a_sample_has_its_score_answer_tokens_and_time(tmp_path: Path) -> None:
    found = load(example(tmp_path))
    assert found.meta.metric == "Rouge-L-R"
    assert "Rouge-1-F" in found.meta.scores
    paris = found.calls[0]
    assert (paris.key, paris.epoch, paris.model, paris.score) == ("0", 1, "small-a", 1.0)
    assert (paris.output, paris.reference) == ("Paris", "Paris")
    assert paris.usage == Usage(input_tokens=16, cache_read_tokens=4, output_tokens=1)
    assert 0 < (paris.latency_s or 0) < 60
    assert paris.messages == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "What is the capital of France? One word."},
    ]


def test_missing_empty_refused_and_cut_off_are_four_things(tmp_path: Path) -> None:
    found = load(example(tmp_path))
    failures = {call.key: call.failure for call in found.calls if call.failure}
    assert failures == {"8": "empty", "10": "refused"}
    assert found.calls[9].labels["finish"] == "length"
    # The request that failed is in no file but the report's count.
    assert len(found.calls) == 11
    assert list(found.dropped.values()) == [1]


def test_another_metric_is_chosen_by_name(tmp_path: Path) -> None:
    story = load(example(tmp_path), mapping={"score": "Rouge-L-P"}).calls[9]
    assert story.score == 0.5
    with pytest.raises(InputError, match="Rouge-L-R"):
        load(example(tmp_path / "x"), mapping={"score": "wombat"})


def test_reviews_alone_have_scores_and_answers(tmp_path: Path) -> None:
    file = copied(f"{_RUN}/reviews/small-a/general_qa_cap.jsonl", tmp_path)
    calls = load(file).calls
    assert [call.score for call in calls[:6]] == [1, 1, 1, 1, 1, 0]
    assert calls[0].output == "Paris"
    assert calls[0].usage is None


def test_one_file_finds_the_predictions_beside_it(tmp_path: Path) -> None:
    file = example(tmp_path) / "reviews" / "small-a" / "general_qa_cap.jsonl"
    assert load(file).calls == load(file.parent.parent.parent).calls


def test_predictions_alone_have_no_scores(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds reviews/ and predictions/"):
        load(copied(f"{_RUN}/predictions", tmp_path))


def test_repeats_are_epochs_and_a_metric_that_broke_is_unknown(tmp_path: Path) -> None:
    file = copied(f"{_RUN}/reviews/small-a/general_qa_cap.jsonl", tmp_path)
    first = json.loads(file.read_text().splitlines()[0])
    rows = []
    for repeat in (0, 1):
        one = json.loads(json.dumps(first))
        one["index"], one["sample_score"]["sample_id"] = repeat, repeat
        one["sample_score"] |= {"group_id": 0, "generation_index": repeat}
        score = one["sample_score"]["score"]
        score["value"]["bleu-1"] = 0.0
        score["metadata"] = {"metric_errors": {"BLEU": "no tokenizer"}}
        rows.append(json.dumps(one))
    file.write_text("\n".join(rows))
    assert [(c.key, c.epoch, c.score) for c in load(file).calls] == [("0", 1, 1.0), ("0", 2, 1.0)]
    broken = load(file, mapping={"score": "bleu-1"}).calls
    assert [call.score for call in broken] == [None, None]


def test_a_letter_that_was_not_found_is_a_format_failure(tmp_path: Path) -> None:
    calls = load(copied("evalscope-1.14.1-mcq", tmp_path)).calls
    assert {(call.score, call.failure) for call in calls} == {(0.0, "format")}


@pytest.mark.parametrize("version", ["0.13.2", "0.17.1"])
def test_runs_before_version_1_are_read(version: str, tmp_path: Path) -> None:
    found = load(copied(f"evalscope-{version}", tmp_path))
    assert found.meta.metric.lower() == "rouge-1-r"
    assert [call.score for call in found.calls] == [1, 1, 1, 1, 1, 0, 1, 1, None, 1]
    assert found.calls[8].failure == "empty"
    assert found.calls[0].usage == Usage(input_tokens=17, cache_read_tokens=4, output_tokens=1)
    assert found.calls[0].model == "small-a"


def test_two_runs_are_not_mixed(tmp_path: Path) -> None:
    copied(_RUN, tmp_path)
    copied("evalscope-0.13.2", tmp_path)
    with pytest.raises(InputError, match="holds 2 runs"):
        load(tmp_path)


def test_the_first_layout_of_version_1_is_read() -> None:
    found = load(FILES / "evalscope-1.0.2")
    # It holds the request as a text for people, which is nothing to send.
    assert found.calls[0].messages is None
    assert [call.score for call in found.calls][:8] == [1, 1, 1, 1, 1, 0, 1, 1]
    paris = found.calls[0]
    assert (paris.model, paris.output, paris.reference) == ("small-a", "Paris", "Paris")
    assert paris.usage == Usage(input_tokens=16, cache_read_tokens=4, output_tokens=1)
