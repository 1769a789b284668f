"""compar:IA, Open WebUI, AlpacaEval, leaderbot, plain tables; and how a format is recognised."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.ratings.reading.vote_files import cells, counted, plain, write

from headtohead.core.errors import InputError, UnknownName
from headtohead.files.tables import Columns, UserTable
from headtohead.ratings.reading.layout import FORMATS, VOCABULARY, Counted
from headtohead.ratings.reading.recognising import format_of
from headtohead.ratings.reading.votes import open_votes
from headtohead.ratings.settings import COUNTS, SIDES, WINNERS, WORDS, VoteOptions
from headtohead.ratings.tally import tally

_DOCS = Path(__file__).parents[3] / "docs" / "reference" / "votes.md"


# ---------------------------------------------------------------- the folder


def test_every_format_has_a_descriptor_a_verb_and_a_line_in_the_docs() -> None:
    page = _DOCS.read_text(encoding="utf-8")
    assert set(FORMATS.by_name) >= {"lmarena", "comparia", "openwebui", "alpacaeval", "leaderbot"}
    for name, module in FORMATS.by_name.items():
        assert module.FORMAT.name == name
        assert module.FORMAT.about
        assert f"`{name}`" in page
        for names in module.FORMAT.needs:
            tree: dict[str, Any] = {}
            for path in names:
                inside = tree
                *outer, last = path.split(".")
                for step in outer:
                    inside = inside.setdefault(step, {})
                inside.setdefault(last, "text")
            columns = Columns(tree)
            part = format_of(UserTable("x", columns), VoteOptions(), {})
            assert part.FORMAT.name == name
            assert module.layout(columns) is not None
            for path in names:
                assert f"`{path}`" in page


def test_every_word_of_the_vocabulary_and_of_map_is_in_the_docs() -> None:
    page = _DOCS.read_text(encoding="utf-8")
    rows = {
        outcome: next(line for line in page.splitlines() if line.startswith(f"| {said} |"))
        for outcome, said in enumerate(("A is better", "B is better", "tie", "both bad"))
    }
    for word, outcome in VOCABULARY.items():
        assert f"`{word}`" in rows[outcome]
    for word in (*SIDES, *COUNTS, *WORDS, *WINNERS):
        assert f"`{word}`" in page


def test_unknown_columns_list_the_formats_and_the_remedy() -> None:
    with pytest.raises(InputError) as caught:
        open_votes({"one": ["a"], "two": ["b"], "said": ["win"]})
    said = str(caught.value)
    assert "the table has the columns one, two, said, which" in said
    assert "`mapping={'model_a': 'left', " in said
    assert "alpacaeval: generator_1, generator_2, preference" in said


def test_two_formats_at_once_need_a_word() -> None:
    both = {
        **{name: ["a"] for name in ("generator_1", "model_a_name")},
        **{name: ["b"] for name in ("generator_2", "model_b_name")},
        "preference": [1.0],
        "chosen_model_name": ["b"],
    }
    with pytest.raises(InputError, match="alpacaeval or comparia; say which with `format`"):
        open_votes(both)
    assert cells(counted(both, format="alpacaeval")) == {("a", "b"): [1, 0, 0, 0]}
    assert cells(counted(both, format="comparia")) == {("a", "b"): [0, 1, 0, 0]}


def test_a_judge_alone_makes_no_arena_so_names_are_understood() -> None:
    bench = {
        "question_id": [81, 81, 82],
        "model_a": ["ada"] * 3,
        "model_b": ["bob"] * 3,
        "winner": ["model_a", "tie", "bob"],
        "judge": ["author_0", "e1", "e1"],
        "turn": [1, 2, 1],
    }
    votes = open_votes(bench)
    (ballots,) = votes.chunks(["voter", "prompt"])
    assert votes.format == "plain"
    assert ballots.outcome.tolist() == [0, 2, 1]
    assert ballots.labels["voter"].tolist() == [0, 1, 1]
    assert votes.values["prompt"] == ["81", "82"]


def test_a_format_by_name_must_exist_and_fit() -> None:
    plain = {"model_a": ["a"], "model_b": ["b"], "winner": ["a"]}
    with pytest.raises(UnknownName, match="lmarena"):
        open_votes(plain, VoteOptions(format="lmarenas"))
    with pytest.raises(InputError, match="not of format leaderbot: that needs the columns models"):
        open_votes(plain, VoteOptions(format="leaderbot"))


# ---------------------------------------------------------------- compar:IA


def _comparia(i: int, chosen: str | None, equal: Any) -> dict[str, Any]:
    return {
        "id": i,
        "timestamp": f"2025-03-{i:02d} 10:00:00",
        "model_a_name": "ada",
        "model_b_name": "bob",
        "chosen_model_name": chosen,
        "both_equal": equal,
        "conversation_pair_id": f"a{i}-b{i}",
        "visitor_id": "v1" if i < 3 else None,
        "opening_msg": "bonjour",
        "selected_category": "ideas",
    }


@pytest.mark.parametrize("name", ["votes.parquet", "votes.jsonl", "votes.tsv"])
def test_comparia_votes(tmp_path: Path, name: str) -> None:
    rows = [
        _comparia(1, "ada", False),
        _comparia(2, "bob", False),
        _comparia(3, None, True),
        _comparia(4, None, False),
        _comparia(5, "bob", None),
    ]
    path = write(tmp_path / name, rows)
    made = counted(path, ["category"], window="month")
    assert open_votes(path).format == "comparia"
    assert cells(made) == {("ada", "bob"): [1, 2, 1, 0]}
    assert made.dropped == {"no preference": 1}
    assert set(made.boards) == {"all", "category=ideas", "month=2025-03"}
    (ballots,) = open_votes(path).chunks(["voter", "prompt"])
    assert ballots.labels["voter"].tolist() == [0, 0, -1, -1]
    assert ballots.labels["prompt"].tolist() == [0] * 4


def test_comparia_refuses_a_choice_that_was_not_on_the_table(tmp_path: Path) -> None:
    path = write(tmp_path / "v.jsonl", [_comparia(1, "ada", False), _comparia(2, "cyd", False)])
    with pytest.raises(InputError, match="row 2, column chosen_model_name: 'cyd', 'false' is no"):
        counted(path)
    assert counted(path, on_bad="drop").dropped == {"unknown outcome": 1}


def _turn(i: int, choice: str | None, **more: Any) -> dict[str, Any]:
    return {
        "response_id": f"r{i}",
        "choice": choice,
        "turn": 0,
        "comparison_id": f"c{i // 2}",
        "model_a": "ada",
        "model_b": "bob",
        "timestamp": "2026-08-04T16:15:55.911000",
        "metadata": {
            "tokens_a": 30,
            "tokens_b": 10,
            "mode": "random",
            "categories": ["Education", "Arts"] if i % 2 else ["Arts", "Arts"],
            "languages": ["fr"] if i else ["fr", "en"],
        },
        **more,
    }


@pytest.mark.parametrize("name", ["comparia.parquet", "samples.jsonl", "samples.json"])
def test_comparia_turns(tmp_path: Path, name: str) -> None:
    words = ["a_better", "b_better", "both_good", "both_bad", "idk", None, "both_equal"]
    path = write(tmp_path / name, [_turn(i, word) for i, word in enumerate(words)])
    made = counted(path, ["category", "language"], style=("length",))
    assert cells(made) == {("ada", "bob"): [1, 1, 2, 1]}
    assert made.dropped == {"no preference": 2}
    assert made.boards["category=Arts"].total == 5
    assert made.boards["category=Education"].total == 2
    assert made.boards["language=en"].total == 1
    assert counted(path, languages=("EN",)).used == 1
    assert counted(path, where={"category": "Education"}).used == 2
    (ballots,) = open_votes(path, VoteOptions(style=("length",))).chunks(["voter"], True)
    assert ballots.labels["voter"].tolist() == [0, 0, 1, 1, 3]
    assert ballots.covariates is not None
    assert ballots.covariates.tolist() == [[0.5]] * 5


# ---------------------------------------------------------------- Open WebUI


def _feedback(i: int, rating: Any, siblings: Any, **more: Any) -> dict[str, Any]:
    data = {"rating": rating, "model_id": "ada", "reason": "", "comment": "", "tags": ["maths"]}
    if siblings != "none given":
        data["sibling_model_ids"] = siblings
    return {
        "id": f"f{i}",
        "user_id": f"u{i % 2}",
        "version": 0,
        "type": "rating",
        "data": data,
        "meta": {"arena": i == 1, "chat_id": "c", "message_id": "m"},
        "snapshot": {"chat": {"history": {"messages": {f"id-{i}": {"content": "?"}}}}},
        "created_at": 1_700_000_000 + i,
        "updated_at": 1_700_000_000 + i,
        **more,
    }


def _feedbacks() -> list[dict[str, Any]]:
    return [
        _feedback(1, 1, ["bob", "cyd"]),
        _feedback(2, -1, ["bob"]),
        _feedback(3, 1, None),
        _feedback(4, 1, []),
        _feedback(5, "1", ["bob"]),
        _feedback(6, None, ["bob"]),
        _feedback(7, 1, ["ada", "bob"]),
        _feedback(8, -1, "none given"),
    ]


@pytest.mark.parametrize("name", ["feedback.json", "feedback.jsonl", "feedback.parquet"])
def test_a_thumb_is_a_vote_against_each_sibling(tmp_path: Path, name: str) -> None:
    if name.endswith("parquet"):  # a column of one kind
        rows = [{**r, "data": {**r["data"], "rating": _whole(r)}} for r in _feedbacks()]
    else:
        rows = _feedbacks()
    path = write(tmp_path / name, rows)
    made = counted(path, ["category", "arena"], window="day")
    assert open_votes(path).format == "openwebui"
    assert cells(made) == {("ada", "bob"): [3, 1, 0, 0], ("ada", "cyd"): [1, 0, 0, 0]}
    assert made.rows_read == 10
    assert made.dropped == {
        "no other model beside the rated one": 3,
        "no rating": 1,
        "answers of one model": 1,
    }
    assert made.boards["category=maths"].total == 5
    assert made.boards["arena=true"].total == 2
    assert set(made.boards) > {"day=2023-11-14"}
    (ballots,) = open_votes(path).chunks(["voter"])
    assert ballots.labels["voter"].tolist() == [0, 0, 1, 0, 0]


def _whole(record: dict[str, Any]) -> int | None:
    rating = record["data"]["rating"]
    return None if rating is None else int(rating)


def test_another_rating_is_an_error_with_the_record_it_stands_in(tmp_path: Path) -> None:
    path = write(tmp_path / "f.json", [_feedback(1, 1, ["bob", "cyd"]), _feedback(2, 5, ["bob"])])
    with pytest.raises(InputError, match=r"row 2, column data\.rating: '5' is no known outcome"):
        counted(path)


def test_no_feedback_with_siblings_at_all(tmp_path: Path) -> None:
    path = write(tmp_path / "f.json", [_feedback(1, 1, None)])
    made = counted(path)
    assert made.boards == {}
    assert made.dropped == {"no other model beside the rated one": 1}


# ---------------------------------------------------------------- AlpacaEval


def _annotation(preference: Any, **more: Any) -> dict[str, Any]:
    return {
        "instruction": "say it",
        "dataset": "helpful_base",
        "generator_1": "ada",
        "generator_2": "bob",
        "output_1": "yes",
        "output_2": "certainly",
        "annotator": "judge",
        "preference": preference,
        **more,
    }


@pytest.mark.parametrize("name", ["annotations.json", "annotations.parquet"])
def test_alpacaeval(tmp_path: Path, name: str) -> None:
    values = [1.0, 2.0, 1.5, 1.0000001, 1.9999, 0.0, None]
    path = write(tmp_path / name, [_annotation(value) for value in values])
    made = counted(path, ["category"])
    assert cells(made) == {("ada", "bob"): [2, 2, 2, 0]}
    assert made.dropped == {"no preference": 1}
    assert set(made.boards) == {"all", "category=helpful_base"}
    options = VoteOptions(style=("length",))
    (ballots,) = open_votes(path, options).chunks(["voter", "prompt"], True)
    assert ballots.covariates is not None
    assert ballots.covariates.tolist() == [[-0.5]] * 6
    assert ballots.labels["prompt"].tolist() == [0] * 6


@pytest.mark.parametrize("value", [3, 0.5, -1, "first"])
def test_alpacaeval_refuses_a_preference_off_the_scale(tmp_path: Path, value: Any) -> None:
    path = write(tmp_path / "a.json", [_annotation(1), _annotation(value)])
    with pytest.raises(InputError, match=r"row 2, column preference: .* is no known outcome"):
        counted(path)


# ---------------------------------------------------------------- leaderbot


_LEADERBOT = {
    "models": ["ada", "bob", "cyd"],
    "X": [[0, 1], [1, 2]],
    "Y": [[5, 3, 2, 1], [0, 0, 4, 0]],
}


@pytest.mark.parametrize("indent", [None, 1])
def test_leaderbot_counts_go_straight_in_and_expand_lazily(
    tmp_path: Path, indent: int | None
) -> None:
    path = tmp_path / "arena.json"
    path.write_text(json.dumps(_LEADERBOT, indent=indent), encoding="utf-8")
    expected = {("ada", "bob"): [5, 3, 2, 1], ("bob", "cyd"): [0, 0, 4, 0]}
    for source in (path, _LEADERBOT):
        votes = open_votes(source, chunk_rows=4)
        made = tally(votes)
        assert cells(made) == expected
        assert (made.rows_read, made.used, votes.rows_read) == (15, 15, 15)
        assert votes.models == ["ada", "bob", "cyd"]
        chunks = list(votes.chunks())
        assert [c.first.size for c in chunks] == [4, 4, 4, 3]
        assert sum(int((c.outcome == 2).sum()) for c in chunks) == 6
    dropped = counted(path, both_bad="drop")
    assert (dropped.used, dropped.dropped) == (14, {"both bad": 1})
    both = counted([path, plain(("ada", "bob", "model_a"))], both_bad="drop")
    assert cells(both)[("ada", "bob")] == [6, 3, 2, 0]
    assert both.dropped == {"both bad": 1}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"X": [[0, 1], [1, 3]]}, "pair 2 names a model that is not in models"),
        ({"X": [[0, 1], [2, 2]]}, "pair 2 sets a model against itself"),
        ({"Y": [[5, -3, 2, 1], [0, 0, 4, 0]]}, "pair 1 has a count below 0"),
        ({"Y": [[5, 3, 2, 1]]}, "X has 2 pairs and Y 1 rows"),
        ({"Y": [[5, 3], [1, 1]]}, "Y must hold rows of 4 whole numbers"),
        ({"X": [[0, 1], [1]]}, "X must hold rows of 2 whole numbers"),
        ({"models": ["ada", "ada", "cyd"]}, "models holds an empty name or one name twice"),
    ],
)
def test_leaderbot_mistakes(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    path = tmp_path / "arena.json"
    path.write_text(json.dumps({**_LEADERBOT, **change}), encoding="utf-8")
    with pytest.raises(InputError, match=rf"arena\.json: {said}"):
        open_votes(path)


def test_leaderbot_has_nothing_else() -> None:
    assert isinstance(FORMATS.named("leaderbot").layout(Columns({})), Counted)
    for options in ({"where": {"x": "1"}}, {"languages": ("en",)}, {"since": date(2025, 1, 1)}):
        with pytest.raises(InputError, match="counts by pair and nothing else"):
            open_votes(_LEADERBOT, VoteOptions(**options))
    with pytest.raises(InputError, match="nothing else: no language"):
        counted(_LEADERBOT, ["language"])


def test_real_leaderbot_votes(shared_evidence: Path) -> None:
    path = shared_evidence / "leaderbot_votes" / "chatbotarena_20240814.json"
    made = counted(path)
    assert made.boards["all"].votes.sum(axis=0).tolist() == [595570, 498305, 281121, 295254]
    assert len(made.boards["all"].models) == 129
    votes = open_votes(path)
    assert sum(chunk.first.size for chunk in votes.chunks()) == votes.rows_read == 1_670_250
