"""Plain records in JSON lines, JSON, CSV and Parquet."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from tests.logs.formats.lines import write_lines

from headtohead.core.errors import InputError, UnknownName
from headtohead.logs.calls import Usage
from headtohead.logs.opening import load, open_calls

_ROWS: list[dict[str, Any]] = [
    {
        "task_id": f"t{i}",
        "model": "small-1",
        "resolved": i % 2 == 0,
        "cost": 0.25,
        "latency": 1.5,
        "prompt_tokens": 100,
        "completion_tokens": 7,
        "category": "shop",
        "meta": {"lang": "pt", "judge": {"grade": 0.5}},
    }
    for i in range(4)
]


def example(folder: Path) -> Path:
    """JSON lines with names that everybody uses."""
    return write_lines(folder / "mine.jsonl", _ROWS)


def test_names_that_leave_no_doubt_need_no_mapping(tmp_path: Path) -> None:
    found = load(example(tmp_path))
    assert [call.score for call in found.calls] == [1.0, 0.0, 1.0, 0.0]
    assert found.meta.metric == "resolved"
    first = found.calls[0]
    assert (first.key, first.model, first.epoch) == ("t0", "small-1", 1)
    assert first.usage == Usage(input_tokens=100, output_tokens=7)
    assert (first.cost_usd, first.latency_s) == (0.25, 1.5)
    assert first.labels == {"category": "shop", "lang": "pt"}
    assert first.where == "line 1"


def test_mapping_reaches_into_nested_records(tmp_path: Path) -> None:
    mapping = {"score": "meta.judge.grade", "label.language": "meta.lang", "labels": "model, cost"}
    call = load(example(tmp_path), mapping=mapping).calls[0]
    assert call.score == 0.5
    assert call.labels == {"language": "pt", "model": "small-1", "cost": "0.25", "category": "shop"}


def test_all_containers_say_the_same(tmp_path: Path) -> None:
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    rows = [{k: v for k, v in row.items() if k != "meta"} for row in _ROWS]
    lines = write_lines(tmp_path / "a.jsonl", rows)
    array = tmp_path / "a.json"
    array.write_text(json.dumps(rows, indent=2))
    table = tmp_path / "a.csv"
    table.write_text(
        ",".join(rows[0]) + "\n" + "".join(",".join(map(str, r.values())) + "\n" for r in rows)
    )
    zipped = tmp_path / "a.jsonl.gz"
    zipped.write_bytes(gzip.compress(lines.read_bytes()))
    parquet = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist(rows), parquet)

    def plain(path: Path) -> list[Any]:
        return [
            (c.key, c.model, c.score, c.cost_usd, c.latency_s, c.usage, c.labels)
            for c in load(path).calls
        ]

    for path in (array, table, zipped, parquet):
        assert plain(path) == plain(lines), path.name


def test_every_field_of_a_call_can_be_mapped(tmp_path: Path) -> None:
    row: dict[str, Any] = {
        "a": 7,
        "b": "2",
        "c": "m",
        "d": "r",
        "e": "correct",
        "f": "Limit",
        "g": [{"role": "user", "content": "Hi"}],
        "h": {"temperature": 0},
        "i": {"x": 1},
        "j": "ref",
        "l": "0.5",
        "m": 250,
        "n": "2026-01-01T00:00:00Z",
        "o": "fp",
    }
    tokens = dict(zip("pqrst", (10, 4, 3, 5, 2), strict=True))
    mapping = dict(
        zip(
            [
                "key",
                "epoch",
                "model",
                "run",
                "score",
                "failure",
                "messages",
                "params",
                "output",
                "reference",
                "cost_usd",
                "latency_ms",
                "started",
                "fingerprint",
                "input_tokens",
                "cache_read_tokens",
                "cache_write_tokens",
                "output_tokens",
                "reasoning_tokens",
            ],
            "abcdefghijlmnopqrst",
            strict=True,
        )
    )
    call = load(write_lines(tmp_path / "x.jsonl", [row | tokens]), mapping=mapping).calls[0]
    assert (call.key, call.epoch, call.model, call.run) == ("7", 2, "m", "r")
    assert (call.score, call.failure, call.output, call.reference) == (
        1.0,
        "limit",
        '{"x":1}',
        "ref",
    )
    assert call.messages == [{"role": "user", "content": "Hi"}]
    assert call.params == {"temperature": 0}
    assert (call.cost_usd, call.latency_s) == (0.5, 0.25)
    assert (call.started, call.fingerprint) == ("2026-01-01T00:00:00Z", "fp")
    assert call.usage == Usage(
        input_tokens=10,
        cache_read_tokens=4,
        cache_write_tokens=3,
        output_tokens=5,
        reasoning_tokens=2,
    )


def test_a_prompt_is_one_message(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "x.jsonl", [{"id": 1, "prompt": "Hi"}])
    call = load(path).calls[0]
    assert call.messages == [{"role": "user", "content": "Hi"}]
    assert call.score is None


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"id": "b", "score": "so-so"}, r"line 2: score of item 'b': 'so-so' is neither"),
        ({"id": "b", "score": {"x": 1}}, r"line 2: score of item 'b'.*not one number"),
        ({"id": "b", "score": "inf"}, r"line 2: score of item 'b'.*not finite"),
        ({"id": "b", "cost": "cheap"}, r"line 2: cost of item 'b': 'cheap'"),
        ({"id": "b", "input_tokens": 1.5}, r"line 2: tokens of item 'b': 1.5 is not a count"),
        ({"id": None, "score": 1}, r"line 2: id is empty"),
        ({"score": 1}, r"line 2: id is empty"),
        ([1], r"line 2: not an object"),
        ({"id": "b", "messages": "no"}, r"line 2: messages of item 'b'.*has to be JSON"),
    ],
)
def test_what_is_not_understood_is_an_error(tmp_path: Path, row: Any, said: str) -> None:
    path = write_lines(tmp_path / "x.jsonl", [{"id": "a", "score": 1}, row])
    with pytest.raises(InputError, match=rf"x\.jsonl, {said}"):
        load(path)


def test_no_score_is_none(tmp_path: Path) -> None:
    rows = [{"id": i, "score": s} for i, s in enumerate((None, "", "NaN", "partial"))]
    found = load(write_lines(tmp_path / "x.jsonl", rows))
    assert [call.score for call in found.calls] == [None, None, None, 0.5]


def test_wrong_mappings_name_the_columns(tmp_path: Path) -> None:
    path = example(tmp_path)
    with pytest.raises(InputError, match=r"no 'grade', which is mapped to score.*task_id, model"):
        load(path, mapping={"score": "grade"})
    with pytest.raises(UnknownName, match=r"field to map.*'scores'.*score"):
        load(path, mapping={"scores": "resolved"})
    with pytest.raises(InputError, match=r"key of an item. Columns found: a, b.*mapping=.'key'"):
        load(write_lines(tmp_path / "k.jsonl", [{"a": 1, "b": 2}]))


def test_calls_are_read_as_they_are_asked_for(tmp_path: Path) -> None:
    rows: list[Any] = [{"id": i, "score": 1} for i in range(3000)]
    path = write_lines(tmp_path / "long.jsonl", rows)
    with path.open("a") as file:
        file.write('{"id": 3000, "sco')
    calls = open_calls(path).calls
    assert [next(calls).key for _ in range(3000)][-1] == "2999"
    with pytest.raises(InputError, match=r"long\.jsonl, line 3001.*cut short"):
        next(calls)


def test_a_log_in_openais_words_needs_no_map(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(
        json.dumps(
            {
                "id": "r1",
                "model": "gpt-5",
                "temperature": 0,
                "max_tokens": 16,
                "messages": [{"role": "user", "content": "Hi"}],
                "output": "Hello",
                "usage": {
                    "prompt_tokens": 9,
                    "completion_tokens": 3,
                    "prompt_tokens_details": {"cached_tokens": 4},
                },
                "metadata": {"task": "greet", "user": "u1", "nested": {"x": 1}},
            }
        )
        + "\n",
        encoding="utf-8",
    )
    call = load(path).calls[0]
    assert call.usage == Usage(input_tokens=9, cache_read_tokens=4, output_tokens=3)
    assert call.params == {"temperature": 0, "max_tokens": 16}
    assert call.labels == {"task": "greet", "user": "u1"}


def test_a_failure_in_words_of_its_own_is_an_error(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "failure": "rate limit"},
        {"id": "b", "failure": "empty"},
        {"id": "c", "failure": False},
        {"id": "d", "failure": ""},
    ]
    found = load(write_lines(tmp_path / "own.jsonl", rows)).calls
    assert [call.failure for call in found] == ["error", "empty", "", ""]
