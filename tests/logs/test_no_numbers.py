"""Numbers that are none are refused with their place and the reason."""

import json
from pathlib import Path

import pytest

from headtohead.core.errors import InputError
from headtohead.logs.opening import load
from headtohead.trials.comparing.verb import compare
from headtohead.trials.planning.verb import plan
from headtohead.trials.switching.settings import Pace

_ROWS = [json.dumps({"id": i, "score": i % 2, "cost_usd": 0.1}) for i in range(12)]


def _with(folder: Path, row: str) -> Path:
    path = folder / "b.jsonl"
    path.write_text("\n".join([*_ROWS[:5], row, *_ROWS[6:]]), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ('{"id": 5, "score": 1, "cost_usd": 0.1, "score": 0}', "has the key 'score' twice"),
        ('{"id":5,"score":1,"messages":[{"role":"user"}],"score":0}', "has the key 'score' twice"),
        ('{"id": 5, "score": 1, "cost_usd": 1e308}', r"1e\+308 US dollars are no cost"),
        ('{"id": 5, "score": 1, "cost_usd": -0.1}', r"-0.1 US dollars are no cost"),
        ('{"id": 5, "score": ' + "1" * 400 + "}", "400 digits are more than any number has"),
        ('{"id": 5, "score": "' + "1" * 400 + '"}', "is not finite"),
        ('{"id": 5, "score": ' + "1" * 200 + "}", "is no score"),
        ('{"id": 5, "score": "inf"}', "'inf' is not finite"),
    ],
)
def test_a_record_with_what_is_no_number_is_refused(tmp_path: Path, row: str, why: str) -> None:
    path = _with(tmp_path, row)
    with pytest.raises(InputError, match=rf"b\.jsonl, line 6: .*{why}"):
        load(path)
    (tmp_path / "a.jsonl").write_text("\n".join(_ROWS), encoding="utf-8")
    with pytest.raises(InputError, match="line 6"):
        compare(str(tmp_path / "a.jsonl"), str(path))


def test_a_key_that_is_also_a_value_or_stands_inside_is_no_second_key(tmp_path: Path) -> None:
    row = {"id": 5, "score": 1, "output": '"score": 0', "metadata": {"score": "score", "id": "id"}}
    assert load(_with(tmp_path, json.dumps(row))).calls[5].score == 1


@pytest.mark.parametrize(
    ("choices", "named"),
    [
        ({"sd": 1e308, "margin": 0.1}, "`sd`"),
        ({"sd": 0.1, "margin": 1e-300}, "`margin`"),
        ({"sd": float("inf"), "margin": 0.1}, "sd"),
        ({"discordance": 0.1, "confidence": float("nan")}, "`confidence`"),
    ],
)
def test_a_plan_without_a_number_says_which_assumption(
    choices: dict[str, float], named: str
) -> None:
    with pytest.raises(InputError, match=named):
        plan(**choices)


@pytest.mark.parametrize("ceiling", [float("nan"), float("inf"), -1.0])
def test_a_ceiling_is_a_number_of_dollars(ceiling: float) -> None:
    with pytest.raises(InputError, match="`max_usd`"):
        Pace(max_usd=ceiling)
