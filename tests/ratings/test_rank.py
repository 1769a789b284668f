"""From votes to boards: every number of an option against the estimator called directly."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ratings.made_votes import POINTS, Columns, duel, joined, made, names, strengths, where

from headtohead.core.errors import InputError
from headtohead.ratings.board import Board
from headtohead.ratings.bradley_terry.counts import OUTCOMES, Counts
from headtohead.ratings.bradley_terry.covariance import covariance
from headtohead.ratings.bradley_terry.fit import fit
from headtohead.ratings.bradley_terry.intervals import bounds
from headtohead.ratings.reading.votes import Votes, open_votes
from headtohead.ratings.settings import RankSettings, VoteOptions
from headtohead.ratings.tally import Subset, Tally, clustered_cells, tally
from headtohead.ratings.verb import Ranked, moves_of, rank_counts, rank_votes, with_style

VOTES = made(3000, 1)


def opened(votes: Columns, style: tuple[str, ...] = ()) -> Votes:
    return open_votes(votes, VoteOptions(style=style), 700)


def ranked(votes: Columns, *, by: tuple[str, ...] = (), **choices: object) -> Ranked:
    chosen = RankSettings(**choices)  # type: ignore[arg-type]
    return rank_votes(opened(votes, chosen.style), chosen, by=by)


def ratings(board: Board) -> dict[str, tuple[float, float, float]]:
    return {s.model: (s.rating.value, s.rating.low, s.rating.high) for s in board.standings}


def same(one: Board, other: Board) -> None:
    mine, theirs = ratings(one), ratings(other)
    assert list(mine) == list(theirs)
    for model, ends in mine.items():
        assert ends == pytest.approx(theirs[model], abs=1e-6)


def test_a_board_is_the_fit_of_its_counts_in_points() -> None:
    counts = tally(opened(VOTES)).boards["all"]
    fitted = fit(counts)
    low, high = bounds(fitted, covariance(fitted))
    found = ratings(ranked(VOTES).boards["all"][0])
    for i, model in enumerate(fitted.counts.models):
        ends = [1000 + POINTS * x[i] for x in (fitted.strength, low, high)]
        assert found[model] == pytest.approx(ends, abs=1e-9)


def test_the_board_of_a_value_is_that_of_its_votes_alone() -> None:
    found = ranked(VOTES, by=("language",))
    assert set(found.boards) == {"all", "language=de", "language=en", "language=fr"}
    for value in ("de", "en", "fr"):
        alone = ranked(where(VOTES, "language", value))
        same(found.boards[f"language={value}"][0], alone.boards["all"][0])


def test_clusters_use_the_clustered_sandwich() -> None:
    cells = clustered_cells(Subset(opened(VOTES)), "voter")
    fitted = fit(tally(opened(VOTES)).boards["all"])
    spread = np.sqrt(np.diag(covariance(fitted, "clustered", cells)))
    board = ranked(VOTES, cluster="voter").boards["all"][0]
    for i, model in enumerate(fitted.counts.models):
        value, low, high = ratings(board)[model]
        assert high - low == pytest.approx(2 * 1.959964 * POINTS * spread[i], rel=1e-6)
        assert value == pytest.approx(1000 + POINTS * fitted.strength[i])


@pytest.mark.parametrize("style", [(), ("length",)])
def test_votes_given_four_times_by_one_voter_tell_no_more_than_once(style: tuple[str, ...]) -> None:
    once = made(1500, 2)
    once["voter"] = [f"v{i}" for i in range(1500)]
    often = joined(once, once, once, once)
    alone = ranked(once, style=style).boards["all"][0]
    naive = ranked(often, style=style).boards["all"][0]
    grouped = ranked(often, style=style, cluster="voter").boards["all"][0]
    for one, two, four in zip(alone.standings, naive.standings, grouped.standings, strict=True):
        assert two.rating.width == pytest.approx(one.rating.width / 2, rel=0.01)
        assert four.rating.width == pytest.approx(one.rating.width, rel=0.01)


@pytest.mark.parametrize("intervals", ["sandwich", "bootstrap"])
def test_clusters_of_a_value_are_those_of_its_votes_alone(intervals: str) -> None:
    chosen: dict[str, Any] = {"cluster": "voter", "intervals": intervals, "rounds": 400}
    found = ranked(VOTES, by=("language",), **chosen).boards["language=de"][0]
    alone = ranked(where(VOTES, "language", "de"), **chosen).boards["all"][0]
    if intervals == "sandwich":
        same(found, alone)
    for one, other in zip(found.standings, alone.standings, strict=True):
        assert one.rating.value == pytest.approx(other.rating.value)
        assert one.rating.width == pytest.approx(other.rating.width, rel=0.2)


def test_style_takes_the_effect_out_of_the_ratings_and_tells_how_large_it_is() -> None:
    truth = strengths(5)
    covered = 0
    for seed in range(8):
        votes = made(4000, 10 + seed, effect=0.6, tilt=1.0)
        found = ranked(votes, style=("length",))
        (effect,) = found.style
        assert effect.name == "length"
        assert effect.per_unit.rescaled(effect.sd).value == pytest.approx(effect.per_sd.value)
        assert effect.sd == pytest.approx(np.std(votes["length"]), rel=0.001)
        covered += effect.per_unit.low <= 0.6 * POINTS <= effect.per_unit.high
        controlled, plain = found.boards["all"][0], ranked(votes).boards["all"][0]
        wide = plain.gap("m0", "m4").value
        assert controlled.gap("m0", "m4").value == pytest.approx(POINTS * np.ptp(truth), abs=45)
        assert wide > POINTS * np.ptp(truth) + 60
    assert covered >= 6


def test_style_of_a_value_and_of_voters_is_that_of_its_votes_alone() -> None:
    votes = made(3000, 3, effect=0.5)
    chosen: dict[str, Any] = {"style": ("length",), "cluster": "voter"}
    found = ranked(votes, by=("language",), **chosen)
    alone = ranked(where(votes, "language", "fr"), **chosen)
    same(found.boards["language=fr"][0], alone.boards["all"][0])
    assert found.style[0].per_unit.value != alone.style[0].per_unit.value


def test_style_is_fitted_on_each_part_and_told_of_the_largest() -> None:
    small = made(300, 5, effect=2.0)
    for side in ("model_a", "model_b"):
        small[side] = [f"other {name}" for name in small[side]]
    large = made(3000, 4, effect=0.5)
    found = ranked(joined(large, small), style=("length",))
    assert [b.parts for b in found.boards["all"]] == [2, 2]
    alone = ranked(large, style=("length",))
    assert found.style[0].per_unit.value == pytest.approx(alone.style[0].per_unit.value)
    same(found.boards["all"][0], alone.boards["all"][0])


def test_with_style_leaves_out_votes_of_other_parts() -> None:
    votes = opened(VOTES, ("length",))
    counts = tally(opened(VOTES)).boards["all"]
    some = counts.only(np.array([m != "m4" for m in counts.models]))
    fitted, _ = with_style(Subset(votes), some, RankSettings(style=("length",)))
    assert fitted.fit.counts == some
    assert fitted.fit.counts.total < counts.total


def test_a_model_that_moved_is_found_and_the_others_stayed() -> None:
    before, after = strengths(6), strengths(6)
    after[2] += 0.8
    hits = 0
    for seed in (20, 21, 22, 23, 24, 25):
        old = made(3000, seed, strength=before)
        new = made(3000, seed + 50, strength=after, days=28)
        new["time"] = [day.replace("2025-01", "2025-02") for day in new["time"]]
        votes = open_votes(joined(old, new))
        found = rank_votes(votes, RankSettings(), window="month")
        moves, note = moves_of(found, "month")
        assert note == ""
        assert moves[0].model == "m2"
        assert (moves[0].first, moves[0].last) == ("2025-01", "2025-02")
        # Moves are measured against all models, of which m2 itself is a sixth.
        true = {m: POINTS * (0.8 * (m == "m2") - 0.8 / 6) for m in names(6)}
        assert all(m.joint.low <= m.change.low < m.change.high <= m.joint.high for m in moves)
        hits += all(m.joint.low <= true[m.model] <= m.joint.high for m in moves)
    assert hits >= 5


def test_drift_says_why_there_is_none() -> None:
    one = rank_votes(opened(VOTES), RankSettings(), window="month")
    assert moves_of(one, "month") == ((), "there are fewer than two windows that could be rated")
    strangers = duel("x", "y", 4, 3)
    strangers["time"] = ["2025-03-01"] * 7
    apart = joined({k: VOTES[k] for k in strangers}, strangers)
    found, why = moves_of(rank_votes(opened(apart), RankSettings(), window="month"), "month")
    assert found == ()
    assert "no model is in every window" in why


def test_a_board_that_cannot_be_made_does_not_stop_the_others() -> None:
    ties = duel("m0", "m1", 0, 0, 5)
    ties["language"] = ["it"] * 5
    found = ranked(joined({k: VOTES[k] for k in ties}, ties), by=("language",))
    assert "language=it" not in found.boards
    assert "every vote is a tie" in found.unmade["language=it"]
    assert found.counted.boards["all"].total == 3005


def test_no_vote_left_tells_what_was_left_out() -> None:
    votes = open_votes(VOTES, VoteOptions(where={"language": "it"}))
    with pytest.raises(InputError, match=r"language is not it: 3,000"):
        rank_votes(votes, RankSettings())


def test_counts_refuse_what_needs_the_votes() -> None:
    counts = tally(opened(VOTES)).boards["all"]
    whole = Tally({"all": counts}, counts.total, counts.total, {})
    same(rank_counts(whole, RankSettings()).boards["all"][0], ranked(VOTES).boards["all"][0])
    for chosen in (RankSettings(style=("length",)), RankSettings(cluster="voter")):
        with pytest.raises(InputError, match="Give the votes"):
            rank_counts(whole, chosen)
    with pytest.raises(InputError, match="No vote is left"):
        rank_counts(Tally({}, 0, 0, {}), RankSettings())


@pytest.mark.parametrize("board", ["all", "language=de", "month=2025-01", "language=none"])
def test_the_votes_behind_a_board_are_those_it_counts(board: str) -> None:
    votes = opened(VOTES, ("length",))
    part = Subset.of(votes, board)
    seen = np.zeros(4, dtype=np.int64)
    for ballots in part.chunks(("voter",), covariates=True):
        assert ballots.covariates is not None
        assert ballots.covariates.shape == (ballots.first.size, 1)
        assert ballots.labels["voter"].shape == ballots.first.shape
        seen += np.bincount(ballots.outcome, minlength=4)
    counted = tally(opened(VOTES), ["language"], "month").boards.get(board, Counts.none())
    assert dict(zip(OUTCOMES, seen.tolist(), strict=True)) == dict(
        zip(OUTCOMES, counted.votes.sum(axis=0).tolist(), strict=True)
    )


def test_votes_with_several_values_are_on_the_board_of_each() -> None:
    votes = dict(VOTES)
    votes["topic"] = [["math", "code"] if i % 2 else ["code"] for i in range(3000)]
    found = rank_votes(opened(votes), RankSettings(cluster="voter"), by=["topic"])
    odd = {k: v[1::2] for k, v in VOTES.items()}
    same(found.boards["topic=math"][0], ranked(odd, cluster="voter").boards["all"][0])
    same(found.boards["topic=code"][0], ranked(VOTES, cluster="voter").boards["all"][0])


def test_of_two_models_no_joint_interval_is_shorter_than_the_one_alone() -> None:
    for seed in range(12):
        board = ranked(duel("a", "b", 9, 4, 3), seed=seed).boards["all"][0]
        for s in board.standings:
            assert s.joint.low <= s.rating.low
            assert s.rating.high <= s.joint.high


@pytest.mark.parametrize("intervals", ["sandwich", "bootstrap"])
def test_five_wins_of_a_newcomer_do_not_make_it_a_leader(intervals: str) -> None:
    parts = [duel("new", model, 1) for model in names(5)]
    votes = joined({k: VOTES[k] for k in parts[0]}, *parts)
    new = next(
        s for s in ranked(votes, intervals=intervals).boards["all"][0].standings if s.model == "new"
    )
    assert new.flag == "undefeated"
    assert new.worst > 1


@settings(max_examples=15)
@given(st.randoms(use_true_random=False), st.lists(st.booleans(), min_size=60, max_size=60))
def test_neither_the_order_of_votes_nor_that_of_sides_matters(
    random: object, turned: list[bool]
) -> None:
    votes = {k: v[:60] for k, v in VOTES.items() if k in ("model_a", "model_b", "winner")}
    other = {"model_a": "model_b", "model_b": "model_a", "tie": "tie"}
    rows = [
        (b, a, other[w]) if t else (a, b, w)
        for a, b, w, t in zip(*votes.values(), turned, strict=True)
    ]
    random.shuffle(rows)  # type: ignore[attr-defined]
    mixed = {k: [row[i] for row in rows] for i, k in enumerate(votes)}
    one, two = (ranked(v).boards["all"][0] for v in (votes, mixed))
    mine, theirs = ratings(one), ratings(two)
    assert mine.keys() == theirs.keys()
    for model, ends in mine.items():
        assert ends == pytest.approx(theirs[model], abs=1e-6)


def test_style_is_the_same_whether_votes_are_kept_or_read_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = ranked(VOTES, style=("length",)).boards["all"][0]
    monkeypatch.setattr("headtohead.ratings.tally._MOST_BYTES", 0)
    monkeypatch.setattr("headtohead.ratings.tally._ROWS", 1)
    same(kept, ranked(VOTES, style=("length",)).boards["all"][0])
