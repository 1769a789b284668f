"""Boards: what a reader is shown of a fit."""

import math
from dataclasses import replace

import numpy as np
import pytest
from tests.ratings.bradley_terry.boards import VoteWorld

from headtohead.core.errors import InputError, UnknownName
from headtohead.ratings.board import boards
from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.settings import POINTS_PER_LOGIT, RankSettings


def _counts(m: int = 6, votes: int = 3000, seed: int = 1) -> Counts:
    return VoteWorld.of(m, np.random.default_rng(seed), tie=0.3).counts(
        votes, np.random.default_rng(seed + 1)
    )


def test_standings_come_best_first_with_both_intervals_and_the_record() -> None:
    counts = _counts()
    board = boards("all", counts, RankSettings())[0]
    ratings = [s.rating.value for s in board.standings]
    assert ratings == sorted(ratings, reverse=True)
    for s in board.standings:
        assert s.joint.low < s.rating.low < s.rating.value < s.rating.high < s.joint.high
        assert s.best <= s.rank <= s.worst
        place = counts.models.index(s.model)
        assert s.battles == counts.battles[place] == s.wins + s.losses + s.ties
        assert s.flag == ""
    assert board.title == "all"


def test_points_are_elo_around_a_thousand_and_an_anchor_moves_all_alike() -> None:
    counts = _counts()
    plain = boards("all", counts, RankSettings())[0]
    weights = plain.fitted.reference
    by_model = {s.model: s for s in plain.standings}
    average = sum(w * by_model[m].rating.value for w, m in zip(weights, counts.models, strict=True))
    assert average == pytest.approx(1000)
    gap = plain.gap("m000", "m001")
    assert gap.value == pytest.approx(
        POINTS_PER_LOGIT * (plain.fitted.strength[0] - plain.fitted.strength[1])
    )
    anchored = boards("all", counts, RankSettings(anchor=("m002", 1114.0)))[0]
    moved = {s.model: s for s in anchored.standings}
    assert moved["m002"].rating.value == pytest.approx(1114)
    shift = 1114 - by_model["m002"].rating.value
    for model, s in by_model.items():
        assert moved[model].rating.low == pytest.approx(s.rating.low + shift)
        assert moved[model].joint.high == pytest.approx(s.joint.high + shift)


def test_an_anchor_that_is_not_on_a_board_is_said() -> None:
    board = boards("all", _counts(), RankSettings(anchor=("gone", 1000.0)))[0]
    assert any("gone is not on this board" in note for note in board.notes)


def test_the_chance_to_win_is_that_of_the_gap() -> None:
    board = boards("all", _counts(), RankSettings())[0]
    found, gap = board.beats("m000", "m001"), board.gap("m000", "m001")
    for end in ("value", "low", "high"):
        assert getattr(found, end) == pytest.approx(1 / (1 + 10 ** (-getattr(gap, end) / 400)))
    with pytest.raises(UnknownName, match="m00"):
        board.beats("m000", "m09")


@pytest.mark.parametrize("ties", ["davidson", "rao-kupper"])
def test_other_tie_models_are_shown_on_the_scale_of_half_wins(ties: str) -> None:
    counts = _counts(8, 60_000)
    half = {s.model: s for s in boards("all", counts, RankSettings())[0].standings}
    other = boards("all", counts, RankSettings(ties=ties))[0]  # type: ignore[arg-type]
    for s in other.standings:
        assert s.rating.value == pytest.approx(half[s.model].rating.value, abs=6)
        assert s.rating.width == pytest.approx(half[s.model].rating.width, rel=0.15)


def test_parts_that_never_met_are_boards_of_their_own_and_cannot_be_compared() -> None:
    apart = Counts.from_cells(["x", "y"], [0], [1], [[6, 4, 2, 0]])
    first, second = boards("all", _counts() + apart, RankSettings())
    assert (first.title, second.title) == ("all (part 1)", "all (part 2)")
    assert {s.model for s in second.standings} == {"x", "y"}
    assert any("cannot be compared" in note and "part 2: x, y" in note for note in first.notes)
    with pytest.raises(UnknownName):
        first.gap("m000", "x")


def test_a_newcomer_who_never_lost_has_an_open_end_and_moves_nobody() -> None:
    counts = _counts(6, 6000)
    before = {s.model: s for s in boards("all", counts, RankSettings())[0].standings}
    newcomer = Counts.from_cells(["new", "m000"], [0], [1], [[5, 0, 0, 0]])
    board = boards("all", counts + newcomer, RankSettings())[0]
    new = next(s for s in board.standings if s.model == "new")
    assert new.flag == "undefeated"
    assert math.isinf(new.rating.high)
    assert math.isfinite(new.rating.low)
    assert new.worst > 1
    for s in board.standings:
        if s.model != "new":
            assert s.rating.value == pytest.approx(before[s.model].rating.value, abs=3)
            assert s.rating.width == pytest.approx(before[s.model].rating.width, rel=0.05)


def test_a_winless_model_is_open_below() -> None:
    newcomer = Counts.from_cells(["new", "m000"], [0], [1], [[0, 3, 0, 0]])
    board = boards("all", _counts() + newcomer, RankSettings())[0]
    new = next(s for s in board.standings if s.model == "new")
    assert (new.flag, new.rating.low) == ("winless", -math.inf)


def test_models_with_few_votes_can_be_left_out_and_are_named() -> None:
    few = Counts.from_cells(["new", "m000"], [0], [1], [[2, 1, 0, 0]])
    board = boards("all", _counts() + few, RankSettings(min_votes=10))[0]
    assert "new" not in {s.model for s in board.standings}
    assert any("(below 10): new, 1 in all" in note for note in board.notes)


def test_bootstrap_and_closed_form_agree() -> None:
    counts = _counts(6, 5000)
    closed = boards("all", counts, RankSettings())[0]
    drawn = boards("all", counts, RankSettings(intervals="bootstrap", rounds=2000))[0]
    for a, b in zip(closed.standings, drawn.standings, strict=True):
        assert a.rating.width == pytest.approx(b.rating.width, rel=0.1)
        assert a.rating.value == b.rating.value


def test_the_same_settings_give_the_same_numbers_whatever_else_is_ranked() -> None:
    counts = _counts()
    once, again = (boards("all", counts, RankSettings(seed=3))[0] for _ in range(2))
    assert once.standings == again.standings
    assert once.width == again.width
    other = boards("all", counts, RankSettings(seed=4))[0]
    assert other.width != once.width


def test_nothing_that_decides_is_an_error_and_not_a_board() -> None:
    ties = Counts.from_cells(["a", "b"], [0], [1], [[0, 0, 7, 0]])
    with pytest.raises(InputError, match="every vote is a tie"):
        boards("all", ties, RankSettings())
    with pytest.raises(InputError, match="no vote"):
        boards("all", Counts.none(), RankSettings())


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"ties": "both"}, "`ties` is one of"),
        ({"level": 95}, "between 0 and 1"),
        ({"prior": -1}, "0 to 1,000"),
        ({"rounds": 10}, "at least 100"),
        ({"intervals": "bootstrap", "ties": "davidson"}, "use `intervals='sandwich'`"),
        ({"intervals": "bootstrap", "prior": 0}, "no maximum"),
        ({"style": ("length",), "ties": "drop"}, "leave `ties='half'`"),
        ({"cluster": "voter", "intervals": "hessian"}, "`intervals='sandwich'` or bootstrap"),
    ],
)
def test_choices_that_do_not_go_together_say_what_to_do(
    choices: dict[str, object], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        RankSettings(**choices)  # type: ignore[arg-type]


def test_settings_say_how_a_number_was_made() -> None:
    plain = RankSettings()
    assert plain.method() == "Bradley-Terry, ties as half wins, sandwich intervals"
    styled = replace(plain, style=("length",), cluster="voter")
    assert "style control for length" in styled.method()
    assert "clustered by voter" in styled.method()
