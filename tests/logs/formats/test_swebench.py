"""SWE-bench: the harness's report and the leaderboard's lists."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.logs.formats.real import copied

from headtohead.core.errors import InputError
from headtohead.logs.opening import load


def example(folder: Path) -> Path:
    return copied("swebench-5.0.2/lab__small-a.trial1.json", folder)


def test_an_instance_is_resolved_or_not_and_what_the_harness_broke_is_unknown(
    tmp_path: Path,
) -> None:
    found = load(example(tmp_path))
    assert {(call.model, call.run) for call in found.calls} == {("lab/small-a", "trial1")}
    outcomes = {call.key.rpartition("-")[2]: (call.score, call.failure) for call in found.calls}
    assert [outcomes[str(n)] for n in range(6, 11)] == [
        (1.0, ""),
        (0.0, ""),
        (0.0, "empty"),
        (None, "error"),
        (None, ""),  # never submitted
    ]
    assert found.calls[0].labels == {"outcome": "resolved", "repository": "toy/calc"}


def _results(tmp_path: Path, **lists: Any) -> Path:
    folder = tmp_path / "20250101_agent"
    folder.mkdir()
    file = folder / "results.json"
    file.write_text(json.dumps(lists))
    return file


@pytest.mark.parametrize("written", ["a__b-1\na__b-2\na__b-3\n", '["a__b-1", "a__b-2", "a__b-3"]'])
def test_solved_ids_ask_for_all_ids(written: str, tmp_path: Path) -> None:
    file = _results(tmp_path, resolved=["a__b-1"], no_generation=["a__b-3"], no_logs=[])
    with pytest.raises(InputError, match="Name a file of all ids with `ids='FILE'`"):
        load(file)
    ids = tmp_path / "ids.txt"
    ids.write_text(written)
    calls = load(file, ids=str(ids)).calls
    assert [(call.score, call.failure) for call in calls] == [(1, ""), (0, ""), (0, "empty")]
    assert calls[0].model == "20250101_agent"


def test_ids_of_another_data_set_are_an_error(tmp_path: Path) -> None:
    file = _results(tmp_path, resolved=["a__b-1"], no_generation=[])
    ids = tmp_path / "ids.txt"
    ids.write_text("c__d-1\n")
    with pytest.raises(InputError, match=r"does not hold: a__b-1"):
        load(file, ids=str(ids))


def test_older_results_list_what_was_generated(tmp_path: Path) -> None:
    made = {"generated": ["a__b-1", "a__b-2"], "no_generation": ["a__b-3"]}
    calls = load(_results(tmp_path, resolved=["a__b-2"], **made)).calls
    assert [call.score for call in calls] == [0, 1, 0]
