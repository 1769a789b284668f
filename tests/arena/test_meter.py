"""The stop meter: verdicts, what never undoes one, sentences, and how good the forecast is."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulations import examples, lengths, slack

from headtohead.arena.meter import StopMeter, meter
from headtohead.core.estimate import Interval
from headtohead.stats.inputs import FloatArray

_VOTES = st.lists(st.sampled_from([-1, 0, 1]), max_size=150)
_MARGINS = [0.0, 5.0, 10.0, 40.0]
_ORDER = {"worse": 0, "open": 1, "no_worse": 2, "equal": 2, "better": 2}
_TURNED = {"worse": "better", "better": "worse", "equal": "equal"}


def _meter(votes: object, margin_pp: float = 5.0, **more: object) -> StopMeter:
    return meter(votes, margin_pp=margin_pp, rng=np.random.default_rng(0), **more)  # type: ignore[arg-type]


def _drawn(seed: int, n: int, mean: float, ties: float = 0.3) -> FloatArray:
    u = np.random.default_rng(seed).random(n)
    return np.where(u < (1 - ties + mean) / 2, 1.0, np.where(u < 1 - ties, -1.0, 0.0))


def test_fifteen_wins_in_a_row() -> None:
    """Worked by hand where one bet is all that matters.

    Wealth grows by 1 + bet * (1 - m) with each win (Waudby-Smith, Ramdas 2024, equation 24), and a
    bet stays below 0.95 / (1 + m). So from m = -0.1 nobody passes 40 within 4 wins: the boldest
    gains less than (1 + 0.95 / 0.9 * 1.1)^4 = 21.8. A mean of 1 is never refuted.
    """
    assert _meter([1] * 4).verdict == "open"
    found = _meter([1] * 15)
    assert found.verdict == "better"
    assert found.decided_at is not None
    assert 5 <= found.decided_at <= 12
    assert found.share.high == pytest.approx(1, abs=1e-5)


def test_equal_sides_are_found_equal_and_worse_ones_worse() -> None:
    assert _meter(_drawn(1, 2500, 0.0)).verdict == "equal"
    assert _meter(_drawn(2, 1200, 0.1)).verdict == "no_worse"
    assert _meter(_drawn(3, 600, 0.4)).verdict == "better"
    assert _meter(_drawn(4, 600, -0.4)).verdict == "worse"
    assert _meter(_drawn(5, 40, 0.0)).verdict == "open"


@settings(max_examples=examples(60))
@given(_VOTES, st.sampled_from([0.0, 1.0, 5.0, 20.0]))
def test_changing_the_sides_mirrors_the_verdict(votes: list[int], margin: float) -> None:
    found, turned = _meter(votes, margin), _meter([-vote for vote in votes], margin)
    assert turned.share.low == pytest.approx(1 - found.share.high, abs=1e-9)
    assert turned.share.high == pytest.approx(1 - found.share.low, abs=1e-9)
    if found.verdict in _TURNED:
        assert turned.verdict == _TURNED[found.verdict]
    else:
        assert turned.verdict in ("open", "no_worse")


@settings(max_examples=examples(60))
@given(_VOTES)
def test_more_margin_never_undoes_no_worse_and_changes_no_interval(votes: list[int]) -> None:
    found = [_meter(votes, margin) for margin in _MARGINS]
    assert {meter.share for meter in found} == {found[0].share}
    order = [_ORDER[meter.verdict] for meter in found]
    assert order == sorted(order)
    decided = [meter.decided_at for meter in found if meter.no_worse]
    assert decided == sorted(decided, reverse=True, key=lambda at: at or 0)


@settings(max_examples=examples(40))
@given(_VOTES, st.sampled_from([0.0, 5.0, 20.0]))
def test_a_verdict_is_never_taken_back_and_agrees_with_the_interval(
    votes: list[int], margin: float
) -> None:
    before = _meter([], margin)
    for n in range(0, len(votes) + 1, 15):
        now = _meter(votes[:n], margin)
        if before.decided_at is not None:
            assert now.decided_at == before.decided_at
            assert now.no_worse == before.no_worse
        low, high = 100 * now.share.low, 100 * now.share.high
        if now.no_worse:
            assert low >= 50 - margin - 1e-3
        if now.verdict == "equal":
            assert high <= 50 + margin + 1e-3
        if now.verdict == "better":
            assert low >= 50 + margin - 1e-3
        if now.verdict == "worse":
            assert high <= 50 - margin + 1e-3
        before = now


@pytest.mark.parametrize("runs", lengths(8, 200))
def test_voters_who_differ_keep_the_error_if_each_counts_once(runs: int) -> None:
    """Half of the voters love A, half B, on average just at the margin; each votes 20 times."""
    rng, wrong, once = np.random.default_rng(11), 0, 0
    for _ in range(runs):
        leaning = np.where(rng.random(60) < 0.45, 0.9, -0.9)
        voters = np.repeat(np.arange(60), 20)
        votes = np.where(rng.random(1200) < (1 + leaning[voters]) / 2, 1.0, -1.0)
        found = _meter(votes, 4.5, voters=voters)
        wrong += found.decided_at is not None
        assert found.worth < 200
        assert "Votes of one voter go together" in found.cautions[-1]
        once += _meter(votes, 4.5, voters=voters, per_voter=5).decided_at is not None
    assert once / runs <= 0.05 + slack(0.05, runs, 3)
    assert wrong / runs > 0.3


def test_independent_votes_of_few_voters_raise_no_alarm() -> None:
    warned = 0
    for seed in range(20):
        voters = np.random.default_rng(seed).integers(0, 10, 100).tolist()
        warned += bool(_meter(_drawn(seed, 100, 0.1), voters=voters).cautions)
    assert warned <= 2


def test_cautions() -> None:
    voters = ["ann"] * 40 + [f"voter {i}" for i in range(60)]
    found = _meter(_drawn(1, 100, 0.0), voters=voters)
    assert (found.voters, found.most_of_one) == (61, 40)
    assert found.cautions[0].startswith("One voter cast 40 of the 100 votes, more than a third")
    assert _meter([], voters=[]).cautions == ()
    assert _meter([1, 0], voters=["a", "b"]).voters == 2


def test_sentences() -> None:
    names = ("GPT-5", "DeepSeek V3.2")
    equal = _meter(_drawn(1, 2500, 0.0), names=names)
    assert equal.sentence.startswith(
        "2,500 votes decide that GPT-5 and DeepSeek V3.2 are equal within 5 percentage points of "
        "the wins. DeepSeek V3.2 won 49."
    )
    assert "% of the votes against GPT-5 (ties count half; 95% interval 4" in equal.sentence
    assert equal.forecast == ""
    still = _meter([], names=names)
    assert still.sentence == "Nobody has voted on GPT-5 and DeepSeek V3.2 yet."
    assert still.forecast.startswith("About ")
    assert still.forecast.endswith(" would decide whether DeepSeek V3.2 is no worse than GPT-5.")
    one = _meter([1], names=names).sentence
    assert one.startswith(
        "1 vote does not decide whether DeepSeek V3.2 is worse than GPT-5 by more"
    )
    no_worse = _meter(_drawn(2, 1200, 0.1))
    assert no_worse.sentence.startswith(
        "1,200 votes decide that B is no worse than A by more than 5 percentage points of the wins."
    )
    assert no_worse.forecast.endswith(" decide whether A and B are equal.")
    assert "votes decide that B is better than A. B won" in _meter(_drawn(3, 600, 0.4), 0).sentence
    for found in (equal, still, no_worse):
        assert max(map(len, f"{found.sentence} {found.forecast}".split(". "))) < 110


def test_forecast_says_when_it_cannot_tell() -> None:
    on_the_margin = _meter(np.tile([1, -1, -1, 0, 1, -1, 0, 0, 0, 0], 200), 5)
    assert math.isinf(on_the_margin.more.value)
    assert on_the_margin.forecast.startswith("More than 20,000 more votes (at least ")
    nearly = StopMeter(
        names=("A", "B"),
        verdict="open",
        share=Interval(0.6, 0.4, 0.7),
        margin_pp=5,
        level=0.95,
        votes=60,
        decided_at=None,
        more=Interval(1, 1, 6),
        more_for_all=Interval(12, 8, 20),
    )
    assert nearly.forecast.startswith("About 1 more vote (1 to 6) would decide")


@pytest.mark.parametrize("runs", lengths(5, 200))
def test_forecast_is_near_the_truth_from_half_way(runs: int) -> None:
    """Votes in all within 30%, in half of the runs; and 80% intervals hold two thirds or more."""
    near, held, count = 0, 0, 0
    for seed in range(runs):
        votes = _drawn(seed, 6000, (0.0, 0.1, 0.3, -0.3)[seed % 4])
        taken = _meter(votes).decided_at
        if taken is None:
            continue
        for part in (0.5, 0.75):
            n = int(part * taken)
            more = _meter(votes[:n]).more
            near += abs(more.value + n - taken) <= 0.3 * taken
            held += more.low <= taken - n <= more.high
            count += 1
    assert near / count >= 0.5 - slack(0.5, count, 2)
    assert held / count >= 0.67 - slack(0.67, count, 2)


def test_a_decided_question_needs_no_more_votes() -> None:
    found = _meter(_drawn(2, 1200, 0.1))
    assert (found.more.value, found.more.high) == (0, 0)
    assert found.more_for_all.value > 0


def test_sides_of_several_entrants() -> None:
    votes, rng = _drawn(9, 900, 0.4), np.random.default_rng(3)
    pairs = rng.choice(["p", "q"], 900, p=[0.3, 0.7]).tolist()
    weights = {"p": 0.5, "q": 0.5}
    rounds = _meter(votes, pairs=pairs, weights=weights)
    chances = [{"p": 0.3, "q": 0.7}[pair] for pair in pairs]
    drawn = _meter(votes, pairs=pairs, weights=weights, chances=chances, least=0.6)
    assert rounds.verdict == drawn.verdict == "better"
    assert rounds.votes == drawn.votes == 900
    assert _meter(votes, pairs=pairs).share == rounds.share
    assert "of the votes, on the average of 2 pairs, against A" in rounds.sentence
    assert rounds.waiting == 900 - 2 * pairs.count("p")
    assert rounds.cautions == (
        f"{rounds.waiting} of the 900 votes wait until every pair of these sides has had as many.",
    )
    assert (drawn.waiting, drawn.cautions) == (0, ())
    none = _meter([1.0] * 30, pairs=["p"] * 30, weights=weights)
    assert (none.verdict, none.waiting, none.share.width) == ("open", 30, 1)
    assert none.more.value > _meter([]).more.value
    alone = _meter(votes, pairs=["p"] * 900)
    assert alone.share == _meter(votes).share


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"margin_pp": 50.0}, "`margin_pp` is 50"),
        ({"margin_pp": -1.0}, "`margin_pp` is -1"),
        ({"level": 1.0}, "level is 1"),
        ({"per_voter": 2}, "`per_voter` is a whole number"),
        ({"voters": ["a"]}, "1 voters for 2 values"),
    ],
)
def test_refuses_what_does_not_fit(given_: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _meter([1, 0], **given_)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="from -1"):
        _meter([2, 0])
