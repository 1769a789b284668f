"""Every Eval Ever: samples, with the document that describes them."""

import json
from pathlib import Path

import pytest
from tests.logs.formats.real import FILES, copied

from headtohead.core.errors import InputError
from headtohead.logs.calls import Usage
from headtohead.logs.opening import load

_RUN = "every-eval-ever-0.3.0"


def example(folder: Path) -> Path:
    return copied(_RUN, folder)


def test_a_sample_has_score_tokens_time_and_epoch(tmp_path: Path) -> None:
    found = load(example(tmp_path))
    assert (found.meta.task, found.meta.metric) == ("capitals", "match:accuracy")
    assert found.meta.must_agree["harness"] == "inspect_ai:0.3.285"
    assert len(found.calls) == 22
    assert found.dropped == {"result that was not chosen: includes:accuracy": 22}
    paris = next(call for call in found.calls if call.key == "france")
    assert (paris.model, paris.score, paris.output) == ("openai-api/small-a", 1.0, "Paris")
    # Inspect leaves cached tokens out of the input, which the total shows.
    assert paris.usage == Usage(input_tokens=16, cache_read_tokens=4, output_tokens=1)
    assert (paris.latency_s or 0) > 0
    assert {call.epoch for call in found.calls} == {1, 2}


def test_it_reads_like_the_log_it_was_made_of(tmp_path: Path) -> None:
    log = load(FILES / "inspect-0.3.285" / "small-a.eval")
    ever = {(c.key, c.epoch): c for c in load(example(tmp_path)).calls}
    assert len(log.calls) == len(ever)
    for call in log.calls:
        same = ever[call.key, call.epoch]
        assert (call.score, call.failure, call.usage) == (same.score, same.failure, same.usage)


def test_the_document_leads_to_its_samples(tmp_path: Path) -> None:
    run = example(tmp_path)
    whole = run / "90a240d1.json"
    with pytest.raises(InputError, match="no samples to pair"):
        load(whole)
    about = json.loads(whole.read_text())
    about["detailed_evaluation_results"]["file_path"] = "data/x/90a240d1_samples.jsonl"
    whole.write_text(json.dumps(about))
    assert load(whole).calls == load(run).calls


def test_where_less_is_better_the_sign_turns(tmp_path: Path) -> None:
    run = example(tmp_path)
    whole = run / "90a240d1.json"
    about = json.loads(whole.read_text())
    about["evaluation_results"][0]["metric_config"]["lower_is_better"] = True
    whole.write_text(json.dumps(about))
    found = load(run)
    assert found.meta.metric == "minus match:accuracy"
    assert {call.score for call in found.calls} == {-1.0, 0.0}


def test_another_result_is_chosen_by_name(tmp_path: Path) -> None:
    calls = load(example(tmp_path), mapping={"score": "includes:accuracy"}).calls
    assert {call.score for call in calls if call.key == "story"} == {1.0}
