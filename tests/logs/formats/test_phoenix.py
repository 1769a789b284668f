"""Phoenix: spans as a data frame or from its API, with annotations."""

import json
from pathlib import Path

import pytest
from tests.logs.formats.real import FILES, copied

from headtohead.core.errors import InputError
from headtohead.logs.calls import Usage
from headtohead.logs.opening import load

_KEY = {"key": "metadata.item"}


def example(folder: Path) -> Path:
    return copied("phoenix-20.26.1/api", folder)


def test_annotations_score_the_spans_of_the_same_folder(tmp_path: Path) -> None:
    found = load(example(tmp_path), mapping=_KEY)
    assert (found.meta.metric, found.dropped) == ("right", {"span of another kind: CHAIN": 12})
    calls = {call.key: call for call in found.calls}
    assert (calls["peru"].score, calls["kenya"].score) == (1.0, 0.0)
    assert calls["forbidden"].score is None
    assert {key: c.failure for key, c in calls.items() if c.failure} == {
        "line": "error",
        "nothing": "empty",
        "forbidden": "refused",
    }


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_a_data_frame_reads_like_the_api(kind: str, tmp_path: Path) -> None:
    frame = load(copied(f"phoenix-20.26.1/frame.{kind}", tmp_path), mapping=_KEY).calls
    api = {call.key: call for call in load(example(tmp_path), mapping=_KEY).calls}
    assert len(frame) == 12
    for call in frame:
        same = api[call.key]
        assert (call.model, call.output, call.failure) == (same.model, same.output, same.failure)
        assert call.messages == same.messages
        assert call.labels == same.labels
        assert call.usage == same.usage
        assert call.params == same.params == {"max_tokens": 16, "temperature": 0}
        assert call.latency_s == pytest.approx(same.latency_s, abs=0.002)
    paris = next(call for call in frame if call.key == "france")
    assert paris.usage == Usage(input_tokens=16, cache_read_tokens=4, output_tokens=1)


def test_attributes_may_be_named_as_the_columns_are(tmp_path: Path) -> None:
    file = copied("phoenix-20.26.1/frame.jsonl", tmp_path)
    named = load(file, mapping={"key": "attributes.metadata.item"}).calls
    assert [call.key for call in named] == [call.key for call in load(file, mapping=_KEY).calls]


def test_scores_in_columns_are_read(tmp_path: Path) -> None:
    file = tmp_path / "frame.jsonl"
    lines = (FILES / "phoenix-20.26.1" / "frame.jsonl").read_text().splitlines()
    rows = [
        {**json.loads(line), "eval.correct.score": 1, "eval.correct.label": "yes"} for line in lines
    ]
    file.write_text("\n".join(map(json.dumps, rows)))
    found = load(file)
    assert found.meta.metric == "correct"
    assert {call.score for call in found.calls} == {1.0}


def test_annotations_alone_are_no_calls(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no spans of Phoenix"):
        load(copied("phoenix-20.26.1/api/annotations.json", tmp_path), format="phoenix")


def test_a_request_kept_as_text_keeps_names_with_dots_and_what_is_null(tmp_path: Path) -> None:
    line = (FILES / "phoenix-20.26.1" / "frame.jsonl").read_text().splitlines()
    row = next(x for x in map(json.loads, line) if x["span_kind"] == "LLM")
    asked = [{"role": "user", "content": "Go."}, {"role": "assistant", "content": None}]
    tool = {"type": "function", "function": {"parameters": {"a.b": {"type": "string"}}}}
    sent = {"model": "m", "messages": asked, "tools": [tool]}
    file = tmp_path / "frame.jsonl"
    file.write_text(json.dumps({**row, "attributes.input.value": json.dumps(sent)}) + "\n")
    call = load(file).calls[0]
    assert (call.messages, call.params["tools"]) == (asked, [tool])
