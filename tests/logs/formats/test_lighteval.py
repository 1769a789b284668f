"""lighteval: the details of a run, in Parquet."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from tests.logs.formats.real import FILES, copied

from headtohead.core.errors import InputError, UnknownName
from headtohead.logs.calls import Usage
from headtohead.logs.opening import load

_DETAILS = "lighteval-0.13.0/details/lab/small-a"


def example(folder: Path) -> Path:
    return next(copied("lighteval-0.13.0", folder).rglob("small-a/*/*.parquet"))


def test_a_document_has_its_metric_answer_and_model(tmp_path: Path) -> None:
    found = load(example(tmp_path))
    assert (found.meta.task, found.meta.metric, found.meta.scores) == ("caps", "em", ("em", "f1"))
    assert [call.score for call in found.calls] == [1, 1, 1, 1, 1, 0, 1, 1, 0, 0, 0]
    paris = found.calls[0]
    assert (paris.key, paris.model, paris.output) == ("0", "lab/small-a", "Paris")
    assert paris.reference == "Paris"
    # Behind an endpoint there are no tokens: unknown, not 0.
    assert paris.usage is None
    assert found.calls[8].failure == "empty"


def test_another_metric_is_chosen_by_name(tmp_path: Path) -> None:
    assert load(example(tmp_path), mapping={"score": "f1"}).calls[9].score == pytest.approx(2 / 3)
    with pytest.raises(UnknownName, match="em, f1"):
        load(FILES / _DETAILS, mapping={"score": "wombat"})


def test_two_runs_are_not_mixed() -> None:
    with pytest.raises(InputError, match="several runs of one task"):
        load(FILES / "lighteval-0.13.0")


def test_details_before_version_11_are_read(tmp_path: Path) -> None:
    row: dict[str, Any] = {
        "example": "2 + 2?",
        "full_prompt": "Q: 2 + 2?\nA:",
        "predictions": "['4']".replace("'", '"'),
        "gold": json.dumps(["4"]),
        "input_tokens": json.dumps([1, 2, 3]),
        "cont_tokens": json.dumps([[7, 8]]),
        "metrics": {"qem": 1.0},
    }
    file = tmp_path / "details_leaderboard|sums|0_2025-01-01T10-00-00.000000.parquet"
    pq.write_table(pa.Table.from_pylist([row]), file)
    found = load(file)
    assert found.meta.task == "leaderboard|sums|0"
    call = found.calls[0]
    assert (call.score, call.output, call.reference) == (1.0, "4", "4")
    assert call.usage == Usage(input_tokens=3, output_tokens=2)
    assert call.messages == [{"role": "user", "content": "Q: 2 + 2?\nA:"}]


def test_a_run_of_version_8_holds_the_truth() -> None:
    found = load(FILES / "lighteval-0.8.1")
    assert [call.score for call in found.calls] == [1, 1, 1, 1, 1, 0, 1, 1, 0, 0, 0]
    paris = found.calls[0]
    assert (paris.model, paris.output, paris.reference) == ("lab/small-a", "Paris", "Paris")
    assert paris.usage == Usage(input_tokens=16, output_tokens=1)
