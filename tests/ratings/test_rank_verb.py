"""`headtohead.rank`: every kind of input, every option, and results that carry their settings."""

import dataclasses
import json
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from tests.ratings.made_votes import POINTS, Columns, duel, ends, joined, made, where
from tests.ratings.reading.vote_files import write
from tests.simulations import leading

import headtohead
from headtohead.core.errors import InputError, UnknownName
from headtohead.ratings.reading.votes import open_votes
from headtohead.ratings.result import RankResult
from headtohead.ratings.sheet.sheet import rank_json
from headtohead.ratings.tally import tally

VOTES = made(1500, 1)
SIDES = ("model_a", "model_b", "winner")


def numbers(result: RankResult) -> object:
    """Every number of a result, whatever the votes were called."""
    found = rank_json(result)
    names = ("results", "groups", "style", "drift", "trust", "dropped", "used", "unmade", "about")
    return json.loads(json.dumps({k: found[k] for k in names}))


def close(one: object, other: object) -> bool:
    """Whether two results agree but for the rounding of sums taken in another order."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(close(v, other[k]) for k, v in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(close, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return one == pytest.approx(other, rel=1e-6, abs=1e-6)
    return one == other


def records(votes: Columns) -> list[dict[str, Any]]:
    return [dict(zip(votes, row, strict=True)) for row in zip(*votes.values(), strict=True)]


def _pandas(votes: Columns) -> object:
    import pandas as pd  # type: ignore[import-untyped]

    return pd.DataFrame(votes)


def _polars(votes: Columns) -> object:
    import polars as pl

    return pl.DataFrame(votes)


def _arrow(votes: Columns) -> object:
    import pyarrow as pa  # type: ignore[import-untyped]

    return pa.table(votes)


FORMS: dict[str, Callable[[Columns], object]] = {
    "mapping": lambda votes: votes,
    "records": records,
    "pandas": _pandas,
    "polars": _polars,
    "arrow": _arrow,
    "batches": lambda votes: _arrow(votes).to_batches()[0],  # type: ignore[attr-defined]
    "two frames": lambda votes: [
        _arrow({k: v[:700] for k, v in votes.items()}),
        _polars({k: v[700:] for k, v in votes.items()}),
    ],
}


@lru_cache
def whole(**asked: str) -> object:
    """The numbers of all votes, held in memory."""
    return numbers(headtohead.rank(VOTES, **asked))


@pytest.mark.parametrize("form", FORMS)
def test_every_kind_of_input_gives_the_same_numbers(form: str) -> None:
    asked: dict[str, Any] = {"by": "language", "style": "length", "cluster": "voter"}
    found = headtohead.rank(FORMS[form](VOTES), **asked)
    assert close(numbers(found), whole(**asked))


@pytest.mark.parametrize(
    "kind", leading(["tsv", "json", "parquet", "jsonl.gz", "csv", "jsonl", "csv.gz"], 4)
)
def test_files_give_the_same_numbers(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / f"votes.{kind}", records(VOTES))
    asked: dict[str, Any] = {"by": "language", "window": "month", "cluster": "voter"}
    found = headtohead.rank(path, **asked)
    assert numbers(found) == whole(**asked)
    assert found.votes == f"votes.{kind}"
    assert len(found.citations[0].sha256) == 64


def test_several_files_and_folders_are_one_set_of_votes(tmp_path: Path) -> None:
    half = {k: v[:700] for k, v in VOTES.items()}, {k: v[700:] for k, v in VOTES.items()}
    paths = [write(tmp_path / f"{i}.parquet", records(part)) for i, part in enumerate(half)]
    found = headtohead.rank([str(path) for path in paths])
    assert numbers(found) == whole()
    assert found.votes == "0.parquet, 1.parquet"
    assert numbers(headtohead.rank(tuple(paths[::-1]))) == whole()
    assert numbers(headtohead.rank(tmp_path)) == whole()


def test_three_sequences_and_counts_give_the_same_numbers() -> None:
    assert numbers(headtohead.rank([VOTES[side] for side in SIDES])) == whole()
    counts = tally(open_votes(VOTES)).boards["all"]
    found = headtohead.rank(counts)
    assert numbers(found) == whole()
    assert (found.format, found.votes) == ("counts", "the votes given")


def test_an_engine_gives_the_same_numbers(tmp_path: Path) -> None:
    asked: dict[str, Any] = {"by": "language", "cluster": "voter", "window": "month"}
    path = write(tmp_path / "votes.parquet", records(VOTES))
    found = headtohead.rank(path, engine="duckdb", **asked)
    plain = headtohead.rank(VOTES, **asked)
    for name, boards in plain.boards.items():
        for one, other in zip(boards[0].standings, found.board(name).standings, strict=True):
            assert one.model == other.model
            assert ends(one.rating) == pytest.approx(ends(other.rating), abs=1e-6)
    assert found.dropped == plain.dropped
    assert found.asked["engine"] == "duckdb"


@pytest.mark.parametrize("votes", [3, None, [], "nowhere.csv", {"model_a": ["x"]}, [[1], [2]]])
def test_what_is_no_set_of_votes_is_an_input_error(votes: object) -> None:
    with pytest.raises(InputError):
        headtohead.rank(votes)


def test_a_result_is_frozen_and_carries_every_choice() -> None:
    found = headtohead.rank(
        VOTES,
        ties="davidson",
        prior=0.3,
        level=0.9,
        anchor=("m1", 1200.0),
        min_votes=2,
        seed=5,
        where={"language": "de"},
        both_bad="drop",
        on_bad="drop",
        dedup="off",
        since="2025-01-02",
        until=date(2025, 1, 30),
        mapping={"voter": "prompt"},
        as_of="2025-01-29",
    )
    chosen = found.settings
    assert (chosen.ties, chosen.prior, chosen.level, chosen.seed) == ("davidson", 0.3, 0.9, 5)
    assert (chosen.anchor, chosen.min_votes) == (("m1", 1200.0), 2)
    assert rank_json(found)["settings"]["anchor_elo"] == 1200.0
    assert found.asked == {
        "mapping": "voter=prompt",
        "where": "language=de",
        "since": "2025-01-02",
        "until": "2025-01-29",
        "dedup": "off",
        "on_bad": "drop",
        "both_bad": "drop",
    }
    assert found.as_of == date(2025, 1, 29)
    assert found.rows_read == 1500 == found.used + sum(found.dropped.values())
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.used = 1  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.settings.level = 0.5  # type: ignore[misc]
    with pytest.raises(UnknownName, match="No board is called 'langage=de'"):
        found.board("langage=de")


def test_filters_may_be_said_as_text_and_the_former_name_of_the_mapping_is_refused() -> None:
    asked = {"language": "de", "voter": "v3"}
    two = headtohead.rank(VOTES, where=["language=de", "voter=v3"])
    assert rank_json(two) == rank_json(headtohead.rank(VOTES, where=asked))
    one = headtohead.rank(VOTES, where="language=de", mapping="voter=prompt")
    assert one.asked == {"mapping": "voter=prompt", "where": "language=de"}
    with pytest.raises(TypeError, match="no argument 'columns'"):
        headtohead.rank(VOTES, columns={"voter": "prompt"})


def test_each_step_is_said_while_one_waits() -> None:
    steps: list[str] = []
    headtohead.rank(VOTES, by=["language"], trust=True, progress=steps.append)
    assert steps[:3] == ["counting the votes", "rating all votes", "rating language=de"]
    assert steps[-1] == "what could overturn the board"


def test_the_same_seed_gives_the_same_numbers() -> None:
    asked: dict[str, Any] = {"intervals": "bootstrap", "rounds": 200, "trust": True}
    one, two, three = (headtohead.rank(VOTES, seed=s, **asked) for s in (7, 7, 8))
    assert numbers(one) == numbers(two)
    assert numbers(one) != numbers(three)
    assert one.board().gap("m0", "m1").value == three.board().gap("m0", "m1").value


def test_no_number_of_a_board_depends_on_what_else_was_asked() -> None:
    plain = headtohead.rank(VOTES, seed=3).board().standings
    more = headtohead.rank(VOTES, seed=3, by="language", window="week", trust=True)
    assert more.board().standings == plain


def test_nothing_known_later_moves_a_number() -> None:
    then = made(1500, 2)
    later = made(800, 3, start=date(2025, 2, 1), strength=None, first=3.0)
    later["language"] = ["it"] * 800
    for side in SIDES[:2]:
        later[side] = [f"later {m}" if i % 2 else m for i, m in enumerate(later[side])]
    later["winner"] = [
        "no such outcome" if i % 9 == 0 else w for i, w in enumerate(later["winner"])
    ]
    asked: dict[str, Any] = {
        "by": "language",
        "window": "week",
        "style": "length",
        "cluster": "voter",
        "trust": True,
        "as_of": "2025-01-31",
    }
    alone, planted = headtohead.rank(then, **asked), headtohead.rank(joined(later, then), **asked)
    assert planted.dropped == {"after 2025-01-31": 800}
    mine, theirs = (rank_json(x) for x in (alone, planted))
    for key in ("results", "groups", "style", "drift", "unmade", "about", "used"):
        assert close(mine[key], theirs[key]), key
    # Voters keep the numbers under which they were first met, so only their order may differ.
    for key in ("flips", "sides", "fitness", "exposure"):
        assert close(mine["trust"][key], theirs["trust"][key]), key


def test_as_of_and_until_leave_out_from_the_earlier_of_both() -> None:
    for as_of, until in (("2025-01-10", "2025-01-20"), ("2025-01-20", "2025-01-10")):
        found = headtohead.rank(VOTES, as_of=as_of, until=until)
        assert found.used == sum(day <= "2025-01-10" for day in VOTES["time"])
    assert headtohead.rank(VOTES).used == 1500


def test_windows_say_what_time_the_votes_are_about() -> None:
    found = headtohead.rank(VOTES, window="month")
    assert str(found.about) in ("2025-01", "2025-01-01/2025-01-31")
    assert found.drift_note == "there are fewer than two windows that could be rated"
    assert headtohead.rank(VOTES).about is None


def test_an_anchor_is_put_where_it_is_asked_for_and_must_exist() -> None:
    plain, found = headtohead.rank(VOTES), headtohead.rank(VOTES, anchor=("m3", 1114.0))
    put = {s.model: s.rating for s in found.board().standings}
    shift = 1114 - {s.model: s.rating for s in plain.board().standings}["m3"].value
    assert put["m3"].value == pytest.approx(1114)
    for s in plain.board().standings:
        assert put[s.model].low == pytest.approx(s.rating.low + shift)
    with pytest.raises(UnknownName, match=r"No model to anchor is called 'm33'.*m3"):
        headtohead.rank(VOTES, anchor=("m33", 1114.0))
    with pytest.raises(InputError, match="no name"):
        headtohead.rank(VOTES, anchor=("", 1114.0))
    apart = joined({s: VOTES[s] for s in SIDES}, duel("x", "y", 5, 3))
    parts = headtohead.rank(apart, anchor=("x", 1500.0)).boards["all"]
    assert {s.model: s.rating.value for s in parts[1].standings}["x"] == pytest.approx(1500)


def test_filters_keep_what_they_say() -> None:
    one = numbers(headtohead.rank(VOTES, languages="de"))
    alone: Any = numbers(headtohead.rank(where(VOTES, "language", "de")))
    assert one["results"] == alone["results"]  # type: ignore[index]
    two = headtohead.rank(VOTES, where={"language": "de", "voter": "v3"})
    kept = [v == "v3" and x == "de" for v, x in zip(VOTES["voter"], VOTES["language"], strict=True)]
    assert two.used == sum(kept)


def test_both_bad_is_a_tie_or_nothing() -> None:
    votes = duel("a", "b", 12, 6)
    bad = {"model_a": ["a"] * 4, "model_b": ["b"] * 4, "winner": ["both_bad"] * 4}
    kept = headtohead.rank(joined(votes, bad)).board()
    ties = headtohead.rank(joined(votes, duel("a", "b", 0, 0, 4))).board()
    assert kept.standings == ties.standings
    dropped = headtohead.rank(joined(votes, bad), both_bad="drop")
    assert dropped.board().standings == headtohead.rank(votes).board().standings
    assert dropped.dropped == {"both bad": 4}
    counted = headtohead.rank(tally(open_votes(joined(votes, bad))).boards["all"], both_bad="drop")
    assert counted.board().standings == dropped.board().standings


def test_dropped_ties_leave_only_decisions() -> None:
    found = headtohead.rank(duel("a", "b", 12, 4, 9), ties="drop").board()
    # With a virtual vote of each side 12 of 16 decisions are shrunk a little towards even.
    assert found.beats("a", "b").value == pytest.approx(0.75, abs=0.02)
    assert found.fitted.counts.total == 16
    pure = headtohead.rank(duel("a", "b", 12, 4, 9), ties="drop", prior=0.0).board()
    assert pure.beats("a", "b").value == pytest.approx(0.75)
    assert pure.gap("a", "b").value == pytest.approx(400 * 0.47712125, abs=1e-4)


def test_the_gap_of_two_models_by_hand() -> None:
    found = headtohead.rank(duel("a", "b", 30, 10, 20), prior=0.0).board()
    # (30 + 20 / 2) of 60; the variance of a score of 1, 0 or 1/2 around 2/3.
    p, n = 40 / 60, 60
    spread = (30 * (1 - p) ** 2 + 10 * p**2 + 20 * (0.5 - p) ** 2) ** 0.5 / (n * p * (1 - p))
    gap = found.gap("a", "b")
    assert gap.value == pytest.approx(POINTS * 0.6931472, abs=1e-3)
    assert gap.high - gap.value == pytest.approx(1.959964 * POINTS * spread, rel=1e-5)


def test_groups_of_a_file_and_of_known_models(tmp_path: Path) -> None:
    teams = write(
        tmp_path / "teams.csv", [{"model": f"m{i}", "group": "xy"[i % 2]} for i in range(5)]
    )
    found = headtohead.rank(VOTES, group=str(teams), trust=True)
    assert found.groups is not None
    assert [g.group for g in found.groups.ratings] == ["x", "y"] or found.groups.gaps[0].a == "y"
    assert found.trust is not None
    assert {g for g, _, _ in found.trust.exposure.by_group} == {"x", "y"}
    with pytest.raises(InputError, match="belongs to a country we know"):
        headtohead.rank(VOTES, group="country")
    other = write(tmp_path / "other.csv", [{"model": "zz", "group": "x"}])
    with pytest.raises(InputError, match="names no model of the board"):
        headtohead.rank(VOTES, group=str(other))


def test_counts_cannot_be_divided() -> None:
    counts = tally(open_votes(VOTES)).boards["all"]
    for asked in (
        {"by": "language"},
        {"window": "month"},
        {"style": "length"},
        {"cluster": "voter"},
    ):
        with pytest.raises(InputError, match="Give the votes"):
            headtohead.rank(counts, **asked)
    with pytest.raises(InputError, match="A judge needs the votes of people"):
        headtohead.rank(counts, judge=VOTES)


def test_a_judge_gives_three_boards_and_says_how_it_was_used() -> None:
    judge = made(1500, 1) | {"winner": VOTES["winner"]}
    people = {k: v[:500] for k, v in VOTES.items()}
    found = headtohead.rank(people, judge=judge)
    assert list(found.boards) == ["all", "people alone", "judge alone"]
    assert found.judge is not None
    assert (found.judge.labels, found.judge.judged) == (500, 1000)
    assert found.judge.agreement_frac == 1
    # A judge who says what people say is as good as their votes.
    assert found.judge.gain_ratio == pytest.approx(3, rel=0.2)
    assert [c.source_id for c in found.citations] == ["votes", "judge"]
    for asked in ({"by": "language"}, {"window": "month"}):
        with pytest.raises(InputError, match="leave out `by` and `window`"):
            headtohead.rank(people, judge=judge, **asked)


def test_a_bad_vote_is_named_or_dropped() -> None:
    votes: Columns = {k: list(v) for k, v in VOTES.items()}
    votes["winner"][41] = "mode_a"
    with pytest.raises(InputError, match=r"row 42, column winner: 'mode_a'"):
        headtohead.rank(votes)
    found = headtohead.rank(votes, on_bad="drop")
    assert found.dropped == {"unknown outcome": 1}


@pytest.mark.parametrize(
    "asked",
    [
        {"ties": "no"},
        {"intervals": "no"},
        {"level": 0},
        {"prior": -1},
        {"rounds": 1},
        {"min_votes": -1},
        {"seed": -1},
        {"by": "no"},
        {"cluster": "no"},
        {"style": "no"},
        {"group": "no"},
        {"engine": "no"},
        {"format": "no"},
        {"mapping": {"no": "x"}},
        {"where": {"no": "x"}},
        {"since": "no"},
        {"as_of": "2025"},
        {"dedup": "no"},
        {"on_bad": "no"},
        {"both_bad": "no"},
        {"min_votes": 9999},
        {"until": "2000-01-01"},
    ],
)
def test_choices_that_do_not_exist_are_input_errors(asked: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        headtohead.rank(VOTES, **asked)


def test_a_day_of_knowledge_needs_votes_that_say_when(tmp_path: Path) -> None:
    file = tmp_path / "votes.csv"
    file.write_text("model_a,model_b,winner\nx,y,model_a\nx,y,model_b\n", encoding="utf-8")
    with pytest.raises(InputError, match="nobody can tell which were known by 2025-01-01"):
        headtohead.rank(file, as_of="2025-01-01")


def test_a_file_given_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "votes.csv"
    file.write_text("model_a,model_b,winner\nx,y,model_a\nx,y,model_b\n", encoding="utf-8")
    with pytest.raises(InputError, match="given twice"):
        headtohead.rank([file, str(file)])


def test_few_voters_are_said() -> None:
    rows = {
        "model_a": ["x", "y"] * 30,
        "model_b": ["y", "x"] * 30,
        "winner": ["model_a", "model_a", "model_b"] * 20,
        "voter": [f"v{i % 5}" for i in range(60)],
    }
    board = headtohead.rank(rows, cluster="voter").board()
    assert any("only 5 different voters" in note for note in board.notes)


def test_anchor_and_where_of_another_form_are_read_or_refused() -> None:
    board = headtohead.rank(VOTES, anchor={"m0": 1200.0})
    assert board.settings.anchor == ("m0", 1200.0)
    with pytest.raises(InputError, match="`anchor` is one model and its points"):
        headtohead.rank(VOTES, anchor={"m0": 1200.0, "b": 1000.0})
    with pytest.raises(InputError, match="`where` takes one text for 'language'"):
        headtohead.rank(VOTES, where={"language": ["en"]})
