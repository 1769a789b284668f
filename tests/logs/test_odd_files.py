"""Files that lie about: maps of ids, lists of solved ids, lists in records, transcripts."""

import json
from pathlib import Path
from typing import Any

import pytest

from headtohead.core.errors import InputError
from headtohead.files.records import at_path
from headtohead.logs.opening import load
from headtohead.trials.comparing.verb import compare


def _scores(path: Path, **mapping: str) -> dict[str, float | None]:
    return {call.key: call.score for call in load(path, mapping=mapping).calls}


@pytest.mark.parametrize(
    "held",
    [
        {"a": True, "b": False},
        {"a": 1, "b": 0.0},
        {"a": {"score": 1, "cost": 0.1}, "b": {"score": 0}},
        {"resolved": ["a"], "unresolved": ["b"]},
        {"resolved_ids": ["a"], "unresolved_ids": ["b"], "total_instances": 2},
        {"resolved_ids": ["a"], "unresolved_ids": [], "submitted_ids": ["a", "b"]},
    ],
    ids=["truth", "numbers", "records", "lists", "lists of ids", "all submitted"],
)
def test_a_map_of_ids_and_lists_of_solved_ids_are_read(tmp_path: Path, held: Any) -> None:
    path = tmp_path / "map.json"
    for indent in (None, 2):
        path.write_text(json.dumps(held, indent=indent))
        assert _scores(path) == {"a": 1, "b": 0}
    assert compare(str(path), str(path)).details.a.items == 2


def test_solved_ids_alone_ask_for_the_others(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text('{"resolved": ["x-1", "x-2"], "no_generation": []}')
    with pytest.raises(InputError, match="Name a file of all ids with `ids='FILE'`"):
        load(path)
    every = tmp_path / "all.txt"
    for text in ("x-1\n\nx-2\nx-3\n", '["x-1", "x-2", "x-3"]', '{"x-1": {}, "x-2": 1, "x-3": 0}'):
        every.write_text(text)
        calls = load(path, ids=str(every)).calls
        assert {x.key: x.score for x in calls} == {"x-1": 1, "x-2": 1, "x-3": 0}
    (other := tmp_path / "other.json").write_text('{"resolved": []}')
    assert compare(str(path), str(other), ids=str(every)).details.difference.value == -2 / 3
    every.write_text("x-1")
    with pytest.raises(InputError, match=r"resolved ids that .* does not hold: x-2"):
        load(path, ids=str(every))


def test_a_message_of_columns_is_short(tmp_path: Path) -> None:
    path = tmp_path / "wide.jsonl"
    path.write_text(json.dumps({f"column_{i}": "x" for i in range(1000)}))
    with pytest.raises(InputError) as told:
        load(path)
    assert len(str(told.value)) < 1000


def test_paths_enter_lists(tmp_path: Path) -> None:
    rows = [{"task_id": i, "choices": [{"review": {"result": i == 1}}]} for i in (1, 2)]
    path = tmp_path / "lists.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    for at in ("choices.0.review.result", "choices.*.review.result"):
        assert _scores(path, score=at) == {"1": 1, "2": 0}
    assert at_path({"scores": {"match": {"value": 1}}}, "scores.*.value") == 1
    assert at_path({"scores": [{"value": 1}, {"value": 0}]}, "scores.*.value") == [1, 0]
    assert at_path({"scores": []}, "scores.3.value") is None


def test_a_transcript_is_told_by_what_was_asked(tmp_path: Path) -> None:
    paths = []
    for name, said in (("a", "yes"), ("b", "no way")):
        rows = [
            {
                "id": i,
                "score": 1,
                "messages": [
                    {"role": "user", "content": f"q{i}"},
                    {"role": "assistant", "content": said},
                ],
            }
            for i in range(3)
        ]
        paths.append(tmp_path / f"{name}.jsonl")
        paths[-1].write_text("\n".join(map(json.dumps, rows)))
    assert compare(*map(str, paths)).details.a.items == 3
    call = load(paths[1]).calls[0]
    assert (call.output, call.messages) == ("no way", [{"role": "user", "content": "q0"}])
