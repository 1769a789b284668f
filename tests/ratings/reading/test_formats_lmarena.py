"""LMArena battles of every generation, in the layouts that were published."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.ratings.reading.vote_files import cells, counted, write

from headtohead.core.errors import InputError, UnknownName
from headtohead.ratings.reading.votes import open_votes
from headtohead.ratings.settings import VoteOptions

_CRITERIA = (
    "complexity",
    "creativity",
    "domain_knowledge",
    "problem_solving",
    "real_world",
    "specificity",
    "technical_accuracy",
)


def _meta(a: int, b: int, headers: tuple[int, int] = (0, 0)) -> dict[str, Any]:
    made: dict[str, Any] = {"turns": 1}
    for side, tokens, h in (("a", a, headers[0]), ("b", b, headers[1])):
        made[f"sum_assistant_{side}_tokens"] = tokens
        made[f"header_count_{side}"] = {"h1": h, "h2": 1}
        made[f"list_count_{side}"] = {"ordered": 0, "unordered": 2 * h}
        made[f"bold_count_{side}"] = {"**": h, "__": 0}
    return made


def _tags(*true: str) -> dict[str, Any]:
    return {
        "creative_writing_v0.1": {"creative_writing": "writing" in true, "score": "no"},
        "criteria_v0.1": {name: name in true or "hard" in true for name in _CRITERIA},
        "if_v0.1": {"if": "if" in true, "score": 3},
        "math_v0.1": {"math": "math" in true},
    }


def _battle_140k(i: int, winner: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"vote-{i}",
        "model_a": "ada",
        "model_b": "bob",
        "winner": winner,
        "evaluation_session_id": f"session-{i // 2}",
        "evaluation_order": 1,
        "conversation_a": [{"role": "user", "content": [{"type": "text", "text": "2+2?"}]}],
        "conv_metadata": _meta(100, 300, (3, 1)),
        "category_tag": _tags(),
        "language": "en",
        "is_code": False,
        "timestamp": f"2025-05-{10 + i:02d}T14:48:41.602925",
        **more,
    }


def _battle_100k(i: int, winner: str, **more: Any) -> dict[str, Any]:
    return {
        "question_id": f"q{i}",
        "model_a": "ada",
        "model_b": "bob",
        "winner": winner,
        "judge": f"arena_user_{i % 2}",
        "turn": 1,
        "anony": True,
        "language": "English",
        "tstamp": 1718000000.25 + 86_400 * i,
        "conv_metadata": _meta(10, 10),
        "is_code": i == 0,
        "is_refusal": False,
        "dedup_tag": {"high_freq": False, "sampled": True},
        "category_tag": _tags("math"),
        **more,
    }


# ---------------------------------------------------------------- 140k


@pytest.mark.parametrize("name", ["votes.parquet", "votes.json", "votes.jsonl.gz"])
def test_140k_words_voters_times_and_categories(tmp_path: Path, name: str) -> None:
    battles = [
        _battle_140k(0, "model_a", category_tag=_tags("math", "hard")),
        _battle_140k(1, "model_b", category_tag=_tags("writing"), language="pl"),
        _battle_140k(2, "tie", is_code=True, model_b="cyd"),
        _battle_140k(3, "both_bad", category_tag=_tags("if", "creativity")),
    ]
    path = write(tmp_path / name, battles)
    made = counted(path, ["category", "language", "is_code", "criterion"], window="week")
    assert open_votes(path).format == "lmarena"
    assert cells(made) == {("ada", "bob"): [1, 1, 0, 1], ("ada", "cyd"): [0, 0, 1, 0]}
    assert cells(made, "category=math") == {("ada", "bob"): [1, 0, 0, 0]}
    assert cells(made, "category=hard") == {("ada", "bob"): [1, 0, 0, 0]}
    assert cells(made, "category=creative_writing") == {("ada", "bob"): [0, 1, 0, 0]}
    assert cells(made, "category=instruction_following") == {("ada", "bob"): [0, 0, 0, 1]}
    assert cells(made, "category=code") == {("ada", "cyd"): [0, 0, 1, 0]}
    assert made.boards["criterion=creativity"].total == 2  # the hard one and the fourth
    assert made.boards["language=en"].total == 3
    assert made.boards["is_code=false"].total == 3
    assert [k for k in made.boards if k.startswith("week")] == ["week=2025-W19", "week=2025-W20"]
    (ballots,) = open_votes(path).chunks(["voter", "id"])
    assert ballots.labels["voter"].tolist() == [0, 0, 1, 1]
    assert ballots.labels["id"].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("name", ["votes.parquet", "votes.json"])
def test_140k_style_is_the_normalised_difference(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, [_battle_140k(0, "tie"), _battle_140k(1, "model_a")])
    options = VoteOptions(style=("length", "header", "list", "bold"))
    (ballots,) = open_votes(path, options).chunks(covariates=True)
    assert ballots.covariates is not None
    # 100 and 300 tokens; 4 and 2 headers; 6 and 2 items; 3 and 1 in bold.
    assert ballots.covariates.tolist() == [[-0.5, 1 / 3, 0.5, 0.5]] * 2


def test_nested_fields_are_found_by_dots_and_by_their_own_name(tmp_path: Path) -> None:
    path = write(tmp_path / "v.parquet", [_battle_140k(0, "tie", category_tag=_tags("math"))])
    for name in ("category_tag.math_v0.1.math", "math"):
        assert set(counted(path, [name]).boards) == {"all", f"{name}=true"}
    flags = counted(path, ["category_tag"]).boards
    assert set(flags) == {"all", "category_tag=math_v0.1.math"}
    with pytest.raises(UnknownName, match=r"score.*Did you mean"):
        counted(path, ["score"])  # two fields are called so


# ---------------------------------------------------------------- 100k and clean_battle


@pytest.mark.parametrize("name", ["clean_battle.json", "arena.parquet"])
def test_100k_leaves_out_what_the_publisher_would(tmp_path: Path, name: str) -> None:
    battles = [
        _battle_100k(0, "model_a"),
        _battle_100k(1, "tie (bothbad)"),
        _battle_100k(2, "tie", anony=False),
        _battle_100k(3, "model_b", dedup_tag={"high_freq": True, "sampled": False}),
        _battle_100k(4, "model_b", dedup_tag=None),
    ]
    path = write(tmp_path / name, battles)
    made = counted(path, window="day")
    assert cells(made) == {("ada", "bob"): [1, 0, 0, 1]}
    assert made.dropped == {"not anonymous": 1, "repeat marked by the publisher": 2}
    assert set(made.boards) == {"all", "day=2024-06-10", "day=2024-06-11"}
    assert counted(path, anonymous_only=False).used == 3
    assert counted(path, dedup="off").used == 4
    assert counted(path, dedup="off", anonymous_only=False).used == 5
    (ballots,) = open_votes(path).chunks(["voter"])
    assert ballots.labels["voter"].tolist() == [0, 1]


def test_counts_that_are_numbers_instead_of_objects(tmp_path: Path) -> None:
    meta = {
        "sum_assistant_a_tokens": 3,
        "sum_assistant_b_tokens": 1,
        "header_count_a": 2,
        "header_count_b": 2,
    }
    path = write(tmp_path / "v.json", [_battle_100k(0, "tie", conv_metadata=meta)])
    (ballots,) = open_votes(path, VoteOptions(style=("length", "header"))).chunks((), True)
    assert np.array_equal(ballots.covariates, [[0.5, 0.0]])  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["copy.csv", "copy.parquet", "copy.jsonl"])
def test_structs_kept_as_json_text(tmp_path: Path, name: str) -> None:
    def flat(i: int, winner: str, sampled: bool) -> dict[str, Any]:
        battle = _battle_100k(i, winner, dedup_tag={"sampled": sampled}, category_tag=_tags("if"))
        return {k: json.dumps(v) if isinstance(v, dict) else v for k, v in battle.items()}

    path = write(tmp_path / name, [flat(0, "tie", True), flat(1, "tie", False)])
    made = counted(path, ["category"], style=("length", "header"))
    assert made.dropped == {"repeat marked by the publisher": 1}
    assert set(made.boards) == {"all", "category=code", "category=instruction_following"}


def test_33k_and_tags_of_occupations(tmp_path: Path) -> None:
    early = [
        {
            "question_id": "1",
            "model_a": "ada",
            "model_b": "bob",
            "winner": "tie (bothbad)",
            "judge": "arena_user_9",
            "turn": 1,
            "anony": True,
            "language": "English",
            "tstamp": 1682351591.1322,
        }
    ]
    made = counted(write(tmp_path / "33k.json", early), window="month")
    assert set(made.boards) == {"all", "month=2023-04"}
    expert = [
        {
            "id": "1",
            "model_a": "ada",
            "model_b": "bob",
            "winner": "both_bad",
            "evaluation_order": 1,
            "occupational_tags": {"mathematical": True, "travel": False},
        }
    ]
    made = counted(write(tmp_path / "expert.parquet", expert), ["occupation"])
    assert set(made.boards) == {"all", "occupation=mathematical"}


# ---------------------------------------------------------------- 55k


def _row_55k(i: int, a: Any, b: Any, tie: Any) -> dict[str, Any]:
    return {
        "id": i,
        "model_a": "ada",
        "model_b": "bob",
        "prompt": '["a ""quoted"",\nprompt"]',
        "winner_model_a": a,
        "winner_model_b": b,
        "winner_tie": tie,
    }


def test_55k_flags(tmp_path: Path) -> None:
    rows = [_row_55k(1, 1, 0, 0), _row_55k(2, 0, 1, 0), _row_55k(3, 0, 0, 1), _row_55k(4, 0, 0, 1)]
    for name in ("train.csv", "train.parquet", "train.csv.gz"):
        path = write(tmp_path / name, rows)
        assert cells(counted(path)) == {("ada", "bob"): [1, 1, 2, 0]}


@pytest.mark.parametrize("flags", [(1, 1, 0), (0, 0, 0), (1, 0, 7), (1, "", 0)])
def test_55k_wants_exactly_one_flag(tmp_path: Path, flags: tuple[Any, Any, Any]) -> None:
    path = write(tmp_path / "train.csv", [_row_55k(1, 1, 0, 0), _row_55k(2, *flags)])
    with pytest.raises(InputError, match=r"row 2, column winner_model_a: .* is no known outcome"):
        counted(path)
    assert counted(path, on_bad="drop").dropped == {"unknown outcome": 1}


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("word", "column"),
    [
        ("model_a", 0),
        ("model_b", 1),
        ("tie", 2),
        ("Tie", 2),
        ("both_bad", 3),
        ("tie (bothbad)", 3),
        ("BothBad", 3),
        (" MODEL_A ", 0),
    ],
)
def test_every_spelling_of_an_outcome(tmp_path: Path, word: str, column: int) -> None:
    path = write(tmp_path / "v.parquet", [_battle_140k(0, word)])
    expected = [0, 0, 0, 0]
    expected[column] = 1
    assert cells(counted(path)) == {("ada", "bob"): expected}


@pytest.mark.parametrize("word", ["ada", "draw?", "0", ""])
def test_a_name_or_another_word_is_no_outcome_here(tmp_path: Path, word: str) -> None:
    path = write(tmp_path / "v.parquet", [_battle_140k(0, "tie"), _battle_140k(1, word)])
    with pytest.raises(InputError, match=rf"row 2, column winner: '{re.escape(word)}' is no"):
        counted(path)
