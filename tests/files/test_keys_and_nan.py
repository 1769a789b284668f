"""What Python's writer of JSON adds to it, and keys that stand twice, alike in every reader."""

import json
from pathlib import Path
from typing import Any

import pytest

from headtohead.core.errors import InputError
from headtohead.files.opening import json_value, keys_once
from headtohead.logs.opening import load
from headtohead.ratings.verb import rank

_NONE, _TWICE = '{"id": 9, "score": NaN}', '{"id": 9, "score": 1, "score": 0}'
_ROWS = [f'{{"id": {i}, "score": {i % 2}}}' for i in range(4)]
_SAMPLE = '{"doc_id": %s, "filtered_resps": ["a"], "metrics": ["acc"], "acc": %s}'
_VOTE = '{"model_a": "x", "model_b": "y", "winner": "model_a", "tokens": %s}'


def _promptfoo(score: str) -> str:
    results = [
        f'{{"promptIdx": 0, "testIdx": {i}, "testCase": {{}}, "provider": "p", "success": true, '
        f'"score": {score}}}'
        for i in range(3)
    ]
    return "\n".join(results)


def _written(folder: Path, text: str) -> Path:
    path = folder / "file.json"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "mapping"),
    [
        ("\n".join([*_ROWS[:2], _NONE, *_ROWS[2:]]), {}),
        ("\n".join([_NONE, *_ROWS]), {}),
        (f"[{', '.join([*_ROWS, _NONE])}]", {}),
        (f'{{"data": [{", ".join([*_ROWS, _NONE])}]}}', {}),
        ("\n".join(_SAMPLE % (i, "NaN" if i else 1) for i in (0, 9)), {}),
        (_promptfoo("NaN"), {"score": "score"}),
    ],
    ids=["lines", "first line", "list", "page", "lm-eval", "promptfoo"],
)
def test_nan_is_no_score_in_any_reader(tmp_path: Path, text: str, mapping: dict[str, str]) -> None:
    calls = load(_written(tmp_path, text), mapping=mapping).calls
    assert [call.score for call in calls if call.key == "9" or mapping] == [None] * (
        3 if mapping else 1
    )


def test_nan_in_votes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "votes.jsonl"
    path.write_text("\n".join([_VOTE % "NaN", _VOTE % 1, _VOTE % "-Infinity"]))
    assert rank(path).used == 3


def test_what_is_infinite_is_refused_and_texts_stay() -> None:
    assert json_value(b'{"a": [NaN, -Infinity], "b": "NaN \\" Infinity"}') == {
        "a": [None, "-Infinity"],
        "b": 'NaN " Infinity',
    }


def test_an_infinite_score_is_refused_with_its_place(tmp_path: Path) -> None:
    path = _written(tmp_path, "\n".join([*_ROWS, '{"id": 9, "score": Infinity}']))
    with pytest.raises(InputError, match=r"line 5: .*'Infinity' is not finite"):
        load(path)


@pytest.mark.parametrize(
    "text",
    [
        "\n".join([*_ROWS, _TWICE]),
        f"[{', '.join([*_ROWS, _TWICE])}]",
        "\n".join(_SAMPLE % (i, '1, "acc": 0' if i else 1) for i in (0, 9)),
        _promptfoo('1, "success": false'),
        '{"eval": {"task": "t", "run_id": "r"}, "samples": [{"id": 1, "score": null, "id": 2}]}',
        '{"custom_id": "a", "response": {"status_code": 500}, "error": null, "custom_id": "b"}',
    ],
    ids=["lines", "list", "lm-eval", "promptfoo", "inspect", "batch"],
)
def test_a_key_twice_is_refused_in_any_reader(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"has the key '\w+' twice"):
        load(_written(tmp_path, text))


def test_a_key_twice_in_a_vote_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "votes.jsonl"
    path.write_text("\n".join([_VOTE % 1, _VOTE % '1, "winner": "model_b"']))
    with pytest.raises(InputError, match=r"line 2: has the key 'winner' twice"):
        rank(path)
    path.write_text("\n".join([_VOTE % '{"winner": 1}'] * 2))
    assert rank(path).used == 2


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"a": 1},
        {"a": {"a": 1, "b": [1, {"a": 2}]}, "b": "{'a': 1}"},
        {'quo"ted': 1, "näme": "ü", "tab\t": 2},
        {"a": float("nan"), "b": 1.5},
    ],
)
@pytest.mark.parametrize("style", [{}, {"separators": (",", ":")}, {"indent": 2}])
def test_records_as_writers_write_them_have_each_key_once(
    record: dict[str, Any], style: dict[str, Any]
) -> None:
    for ascii in (True, False):
        text = json.dumps(record, ensure_ascii=ascii, **style).encode() + b"\n"
        keys_once(Path("x"), 1, text)
        keys_once(Path("x"), 1, text, record)


@pytest.mark.parametrize(
    "text",
    [
        "\n".join([*_ROWS, '{"id": 9, "score": 1, "metadata": {"set": "a", "set": "b"}}']),
        '{"model": "m", "resolved_ids": ["a"], "completed_ids": ["a", "b"], "resolved_ids": []}',
        '{"id": "a", "metadata": {"b": 1, "b" : ":"}, "score": 1}',
    ],
    ids=["inside a line", "a whole document", "written by hand"],
)
def test_a_key_twice_is_refused_where_it_costs_nothing_to_see(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"has the key '\w+' twice"):
        load(_written(tmp_path, text))
