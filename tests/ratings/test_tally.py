"""Counting: all boards in one scan, in any order and chunk, with every row accounted for."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ratings.reading.vote_files import cells, counted
from tests.simulations import examples

from headtohead.core.errors import InputError, UnknownName
from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.reading.votes import Votes, open_votes
from headtohead.ratings.settings import VoteOptions
from headtohead.ratings.tally import CellCounter, Tally, clustered_cells, tally

Row = tuple[Any, ...]
_NAMES = ("model_a", "model_b", "winner", "language", "tags", "time", "voter")
_MODEL = st.sampled_from(["ada", "bob", "cyd", "dee"])
_WORD = st.sampled_from(["model_a", "model_b", "tie", "both_bad"])
_LANGUAGE = st.sampled_from(["fr", "de", None, ""])
_TAGS = st.lists(st.sampled_from(["maths", "code", "art"]), max_size=3)
_TIME = st.sampled_from(["2025-01-31", "2025-02-01T10:00:00", "2024-12-31", None])
_VOTER = st.sampled_from(["u1", "u2", "u3", None])
_ROW = st.tuples(_MODEL, _MODEL, _WORD, _LANGUAGE, _TAGS, _TIME, _VOTER).filter(
    lambda row: row[0] != row[1]
)
_BAD = st.tuples(
    st.sampled_from(["ada", None, ""]),
    st.sampled_from(["ada", None, " "]),
    st.sampled_from(["tie", "?", None]),
    _LANGUAGE,
    _TAGS,
    _TIME,
    _VOTER,
)
_ROWS = st.lists(_ROW, min_size=1, max_size=30)
_BY = ("language", "tags")


def _table(rows: Sequence[Row]) -> pa.Table:
    kinds = [*(pa.string(),) * 4, pa.list_(pa.string()), pa.string(), pa.string()]
    columns = [pa.array([row[i] for row in rows], kind) for i, kind in enumerate(kinds)]
    return pa.table(dict(zip(_NAMES, columns, strict=True)))


def _same(a: Tally, b: Tally) -> bool:
    return (a.boards, a.rows_read, a.used, a.dropped) == (b.boards, b.rows_read, b.used, b.dropped)


# ---------------------------------------------------------------- properties


@settings(max_examples=examples(60))
@given(_ROWS, st.integers(1, 8))
def test_chunks_do_not_matter(rows: list[Row], size: int) -> None:
    table = _table(rows)
    whole = counted(table, _BY, window="month")
    assert _same(whole, counted(table, _BY, window="month", chunk_rows=size))


@settings(max_examples=examples(60))
@given(st.lists(_ROWS, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_merging_files_in_any_order_gives_the_same_tally(parts: list[list[Row]], rng: Any) -> None:
    tables = [_table(part) for part in parts]
    whole = counted(tables, _BY, window="quarter")
    rng.shuffle(tables)
    assert _same(whole, counted(tables, _BY, window="quarter"))
    each = [counted(table, _BY, window="quarter") for table in tables]
    merged = each[0]
    for one in each[1:]:
        merged = merged + one
    assert _same(whole, merged)


@settings(max_examples=examples(80))
@given(st.lists(st.one_of(_ROW, _BAD), min_size=1, max_size=30), st.booleans(), st.integers(1, 9))
def test_every_row_is_used_or_dropped_for_a_reason(
    rows: list[Row], filtered: bool, size: int
) -> None:
    options: dict[str, Any] = {"on_bad": "drop", "both_bad": "drop"}
    if filtered:
        options |= {"languages": ("fr",), "where": {"tags": "code"}}
    made = counted(_table(rows), _BY, chunk_rows=size, **options)
    assert made.rows_read == len(rows) == made.used + sum(made.dropped.values())
    assert all(board.total > 0 for board in made.boards.values())
    assert all(count > 0 for count in made.dropped.values())


@settings(max_examples=examples(60))
@given(_ROWS)
def test_boards_are_what_a_loop_would_count(rows: list[Row]) -> None:
    made = counted(_table(rows), [*_BY, "voter"], window="month")
    expected: dict[str, Counter[tuple[str, str, int]]] = {}
    for a, b, word, language, tags, time, voter in rows:
        names = ["all", *(f"tags={tag}" for tag in set(tags))]
        names += [f"language={language}"] * bool(language) + [f"voter={voter}"] * bool(voter)
        names += [f"month={time[:7]}"] if time else []
        for name in names:
            outcome = ("model_a", "model_b", "tie", "both_bad").index(word)
            expected.setdefault(name, Counter())[a, b, outcome] += 1
    found = {
        name: Counter(
            {
                (a, b, outcome): n
                for (a, b), votes in cells(made, name).items()
                for outcome, n in enumerate(votes)
                if n
            }
        )
        for name in made.boards
    }
    assert found == expected


@settings(max_examples=examples(60))
@given(_ROWS, st.integers(1, 7))
def test_clusters_are_what_a_loop_would_count(rows: list[Row], size: int) -> None:
    votes = open_votes(_table(rows), chunk_rows=size)
    made = clustered_cells(votes, "voter")
    groups: dict[int, Counter[tuple[str, str, int]]] = {}
    for c, a, b, o, n in zip(
        made.cluster, made.first, made.second, made.outcome, made.n, strict=True
    ):
        groups.setdefault(int(c), Counter())[made.models[a], made.models[b], int(o)] += int(n)
    expected: dict[Any, Counter[tuple[str, str, int]]] = {}
    for i, (a, b, word, _, _, _, voter) in enumerate(rows):
        outcome = ("model_a", "model_b", "tie", "both_bad").index(word)
        expected.setdefault(voter or i, Counter())[a, b, outcome] += 1
    assert sorted(map(_key, groups.values())) == sorted(map(_key, expected.values()))
    assert sorted(groups) == list(range(len(groups)))
    assert set(made.models) == {name for row in rows for name in row[:2]}


def _key(counter: Counter[tuple[str, str, int]]) -> list[tuple[tuple[str, str, int], int]]:
    return sorted(counter.items())


# ---------------------------------------------------------------- a second way of counting


@pytest.mark.parametrize("most", [0, 100, 1 << 24])
def test_tables_and_sorted_keys_count_alike(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    rng = np.random.default_rng(5)
    n, m = 4000, 12
    a = rng.integers(0, m, n)
    b = (a + rng.integers(1, m, n)) % m
    table = pa.table(
        {
            "model_a": [f"m{i}" for i in a],
            "model_b": [f"m{i}" for i in b],
            "winner": np.array(["a", "b", "tie", "both_bad"])[rng.integers(0, 4, n)].tolist(),
            "kind": [f"k{i}" for i in rng.integers(0, 9, n)],
        }
    )
    expected = counted(table, ["kind"])
    monkeypatch.setattr("headtohead.ratings.tally._MOST_CELLS", most)
    monkeypatch.setattr("headtohead.ratings.tally._MOST_ROWS", 500)
    assert _same(expected, counted(table, ["kind"], chunk_rows=150))


def test_many_models_need_no_square_table() -> None:
    n = 9000
    names = [f"model {i}" for i in range(n)]
    made = counted((names[:-1], names[1:], ["tie"] * (n - 1)))
    assert made.boards["all"].total == n - 1
    assert len(made.boards["all"].models) == n


def test_cells_grow_with_models_and_boards() -> None:
    made = CellCounter()
    made.add(np.array([(0 * 2 + 1) * 4 + 2]), 2, np.array([0], dtype=np.int32), 1)
    made.add(np.array([(2 * 3 + 0) * 4 + 3]), 3, np.array([2], dtype=np.int32), 3)
    found = [(board, a.tolist(), b.tolist(), v.tolist()) for board, a, b, v in made.boards()]
    assert found == [(0, [0], [1], [[0, 0, 1, 0]]), (2, [2], [0], [[0, 0, 0, 1]])]
    assert [column.tolist() for column in made.rows()] == [[0, 2], [0, 2], [1, 0], [2, 3], [1, 1]]
    assert [column.size for column in CellCounter(sparse=True).rows()] == [0] * 5


# ---------------------------------------------------------------- examples


def test_boards_of_flags_lists_and_windows_from_one_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {
        "model_a": ["ada", "ada", "bob"],
        "model_b": ["bob", "cyd", "cyd"],
        "winner": ["a", "b", "tie"],
        "math": [True, False, True],
        "topics": [["x", "y"], [], ["y"]],
        "time": ["2025-01-01", "2025-01-08", None],
    }
    scans = []
    whole = Votes.chunks

    def watched(self: Votes, *args: Any, **kwargs: Any) -> Any:
        scans.append(args)
        return whole(self, *args, **kwargs)

    monkeypatch.setattr(Votes, "chunks", watched)
    made = counted(table, ["math", "topics", "math"], window="week")
    assert scans == [(("math", "topics"),)]
    assert {name: board.total for name, board in made.boards.items()} == {
        "all": 3,
        "math=false": 1,
        "math=true": 2,
        "topics=x": 1,
        "topics=y": 2,
        "week=2025-W01": 1,
        "week=2025-W02": 1,
    }
    assert next(iter(made.boards)) == "all"
    assert made.boards["math=false"].models == ("ada", "cyd")


def test_adding_tallies_adds_boards_and_reasons() -> None:
    one = Tally({"all": _counts(2), "x=1": _counts(1)}, 5, 2, {"b": 3})
    two = Tally({"all": _counts(3), "x=0": _counts(3)}, 4, 3, {"a": 1})
    both = one + two
    assert list(both.boards) == ["all", "x=0", "x=1"]
    assert both.boards["all"] == _counts(5)
    assert (both.rows_read, both.used, both.dropped) == (9, 5, {"a": 1, "b": 3})
    assert _same(both, two + one)
    nothing = Tally({}, 0, 0, {})
    assert _same(one + nothing, one)
    assert one.boards["all"] == _counts(2)  # what was added to is left as it was


def _counts(n: int) -> Counts:
    return Counts.from_cells(["ada", "bob"], [0], [1], [[n, 0, 0, 0]])


def test_nothing_left_is_no_board_and_nothing_there_is_an_error() -> None:
    table = {"model_a": ["ada"], "model_b": ["bob"], "winner": ["tie"], "language": ["fr"]}
    made = counted(table, ["language"], languages=("de",))
    assert (made.boards, made.rows_read, made.used) == ({}, 1, 0)
    assert made.dropped == {"other language": 1}
    with pytest.raises(InputError, match="holds no votes"):
        counted({name: [] for name in table})


def test_questions_that_cannot_be_asked() -> None:
    votes = open_votes(_table([("ada", "bob", "tie", "fr", ["x"], None, "u")]))
    with pytest.raises(UnknownName, match=r"No column is called 'voters'. Did you mean voter"):
        clustered_cells(votes, "voters")
    with pytest.raises(InputError, match="several of tags; clusters need one each"):
        clustered_cells(votes, "tags")
    assert votes.one_word("voter")
    assert not votes.one_word("tags")
    months = open_votes(
        {
            "model_a": ["a1"],
            "model_b": ["b1"],
            "winner": ["tie"],
            "month": ["May"],
            "time": ["2025-05-01"],
        }
    )
    assert set(tally(months, ["month"]).boards) == {"all", "month=May"}
    with pytest.raises(InputError, match="month is a column and a window of time"):
        tally(months, ["month"], "month")
    # A window's words are no column's words, though they share a name.
    assert set(tally(months, (), "month").boards) == {"all", "month=2025-05"}


def test_models_of_dropped_rows_are_on_no_board() -> None:
    table = {
        "model_a": ["ada", "eve"],
        "model_b": ["bob", "bob"],
        "winner": ["tie", "tie"],
        "language": ["fr", "de"],
    }
    votes = open_votes(table, VoteOptions(where={"language": "fr"}))
    assert tally(votes).boards["all"].models == ("ada", "bob")
