"""HELM: the folder of a run, whole or as it is published."""

import json
import shutil
from pathlib import Path

import pytest
from tests.logs.formats.real import copied

from headtohead.core.errors import InputError
from headtohead.logs.opening import load
from headtohead.trials.comparing.compare import compare
from headtohead.trials.comparing.pairing import open_run
from headtohead.trials.comparing.settings import CompareSettings

_RUN = "helm-0.5.16/small-a"


def example(folder: Path) -> Path:
    run = copied(_RUN, folder)
    (run / "stats.json").unlink()  # means alone, which are not read
    return run


def test_an_instance_has_score_request_answer_and_time(tmp_path: Path) -> None:
    found = load(example(tmp_path))
    assert (found.meta.task, found.meta.metric) == ("caps", "exact_match")
    assert found.meta.scores[-1] == "f1_score"
    paris = found.calls[0]
    assert (paris.key, paris.model, paris.score) == ("france", "local/small-a", 1.0)
    assert (paris.output, paris.reference) == ("Paris", "Paris")
    assert paris.params["stop"] == ["\n"]
    assert paris.messages is not None
    assert paris.messages[0]["content"].startswith("Question: What is the capital of France?")
    assert paris.instant is not None
    # HELM counts no output tokens where the endpoint sends none: unknown, not 0.
    assert paris.usage is None


def test_what_was_blocked_is_refused_and_what_is_empty_is_empty(tmp_path: Path) -> None:
    failures = {c.key: c.failure for c in load(example(tmp_path)).calls if c.failure}
    assert failures == {"nothing": "empty", "forbidden": "refused"}


def test_another_metric_is_chosen_by_name(tmp_path: Path) -> None:
    calls = load(example(tmp_path), mapping={"score": "f1_score"}).calls
    story = next(call for call in calls if call.key == "story")
    assert story.score == pytest.approx(2 / 3)


def test_the_published_files_will_do(tmp_path: Path) -> None:
    found = load(copied("helm-0.5.16/small-b", tmp_path))
    assert [c.score for c in found.calls[:8]] == [1, 1, 1, 0, 0, 0, 1, 1]
    assert found.calls[3].output == "London"
    assert found.calls[3].model == "local/small-b"


def test_both_kinds_pair(tmp_path: Path) -> None:
    a, b = (copied(f"helm-0.5.16/small-{x}", tmp_path) for x in "ab")
    found = compare(open_run(str(a)), open_run(str(b)), CompareSettings(margin=0.05))
    assert found.a.items == 11
    assert found.difference.value == pytest.approx(-2 / 11)


def test_means_alone_say_what_to_give(tmp_path: Path) -> None:
    stats = copied(f"{_RUN}/stats.json", tmp_path)
    with pytest.raises(InputError, match=r"per_instance_stats\.json or display_predictions\.json"):
        load(stats)


def test_perturbed_copies_are_left_out_and_counted(tmp_path: Path) -> None:
    run = example(tmp_path)
    file = run / "per_instance_stats.json"
    rows = json.loads(file.read_text())
    rows.append({**rows[0], "perturbation": {"name": "typos"}})
    file.write_text(json.dumps(rows))
    found = load(run)
    assert len(found.calls) == 11
    assert found.dropped == {"perturbed copy of an instance": 1}


def test_a_suite_is_read_as_a_whole(tmp_path: Path) -> None:
    run = example(tmp_path)
    other = Path(shutil.copytree(run, tmp_path / "other"))
    spec = json.loads((other / "run_spec.json").read_text())
    spec["name"] = "sums:subject=easy,model=local_small-a"
    (other / "run_spec.json").write_text(json.dumps(spec))
    found = load(tmp_path)
    assert found.meta.task == "sums:subject=easy, caps"
    assert len(found.calls) == 22
    assert {call.labels["task"] for call in found.calls} == {"caps", "sums:subject=easy"}
