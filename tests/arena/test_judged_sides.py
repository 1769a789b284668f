"""The judge beside people on sides of several entrants, in categories and on live answers."""

import numpy as np
import pytest
from benchmarks.arena_judged import CELLS, JudgedField, beside, run, said, vote
from tests.simulations import lengths, slack

from headtohead.arena.bets import in_rounds
from headtohead.arena.calibration import VotesBesideJudge
from headtohead.arena.judged_sides import FEWEST


def test_a_vote_is_set_beside_what_could_have_come() -> None:
    prompts = {f"p{n:02}": "code" if n < 4 else "law" for n in range(12)}
    verdicts = [said("ant", "bee", prompt, n % 3 - 1) for n, prompt in enumerate(prompts)]
    votes = [
        vote(1, "model_b", "p02"),
        vote(2, "model_a", "p00", a="bee", b="ant"),
        vote(3, "tie", "p01", voter="bo"),
        vote(4, "model_b", "own question"),
    ]
    seen = beside(prompts, verdicts, votes).votes(["ant"], ["bee"], votes)
    assert isinstance(seen, VotesBesideJudge)
    assert seen.votes.tolist() == [1.0, 1.0, 0.0, 1.0]
    # Of code the judge says -1, 0, 1, -1. Ann has seen p02 when p00 comes: -1 beside -2/3.
    assert seen.beyond == pytest.approx([1.25, -1 / 3, 0.25, 0.0])
    assert seen.least == pytest.approx([-0.75, -1 / 3, -0.75, 0.0])
    assert seen.most == pytest.approx([1.25, 2 / 3, 1.25, 0.0])
    assert seen.judged == 12
    assert seen.news == 0
    assert seen.foreseen == pytest.approx(0.0)
    turned = beside(prompts, verdicts, votes).votes(["bee"], ["ant"], votes)
    assert isinstance(turned, VotesBesideJudge)
    assert turned.votes == pytest.approx(-seen.votes)
    assert turned.beyond == pytest.approx(-seen.beyond)


def test_live_answers_count_once_people_have_voted_on_them() -> None:
    """A verdict that was known at 25 says nothing of battles that were drawn at 10 and 20."""
    prompts = {f"p{n:02}": "" for n in range(12)}
    verdicts = [said("ant", "bee", prompt, 1.0, 25) for prompt in list(prompts)[:6]]
    verdicts += [said("ant", "bee", prompt, -1.0, 45) for prompt in list(prompts)[6:]]
    votes = [vote(n, "model_b", "p00", voter=f"voter {n}") for n in range(1, 6)]
    seen = beside(prompts, verdicts, votes).votes(["ant"], ["bee"], votes)
    assert isinstance(seen, VotesBesideJudge)
    assert seen.beyond == pytest.approx([0.0, 0.0, 0.5, 0.5, 1.0])
    # At 45 it had compared 12 prompts, and people had voted on four battles: it knew more.
    assert seen.news == 4
    assert seen.foreseen == pytest.approx(0.0)
    crowd = [vote(n, "model_b", "p00", voter=f"voter {n}") for n in range(1, 4)]
    crowd += [vote(4, "tie", "p01", voter=f"other {n}") for n in range(9)]
    late = beside(prompts, verdicts, crowd).votes(["ant"], ["bee"], crowd)
    assert isinstance(late, VotesBesideJudge)
    assert late.foreseen is None  # twelve votes of people by then: it knew no more than they did


def test_with_too_few_prompts_people_count_alone_and_it_is_said() -> None:
    prompts = {f"p{n:02}": "code" if n < 4 else "law" for n in range(14)}
    verdicts = [said("ant", "bee", prompt, 1.0) for prompt in prompts]
    votes = [vote(n, "tie", prompt) for n, prompt in enumerate(prompts)]
    votes += [vote(20, "tie", "p05", a="ant", b="cat")]
    there = beside(prompts, verdicts, votes)
    assert isinstance(there.votes(["ant"], ["bee"], votes[:14], "law"), VotesBesideJudge)
    assert there.votes(["ant"], ["bee"], votes[:4], "code") == (
        "The judge has compared answers of ant and bee in code to 4 prompts only, and is heard "
        f"from {FEWEST} on; people's votes count alone."
    )
    assert there.votes(["ant"], ["bee", "cat"], votes) == (
        "The judge has compared no answers of ant and cat to one prompt, so that people's votes "
        "count alone."
    )


def test_a_judge_that_is_not_heard_leaves_the_rounds_of_people() -> None:
    rng = np.random.default_rng(2)
    pair, votes = rng.integers(0, 3, 60).tolist(), rng.choice([-1.0, 0.0, 1.0], 60)
    spread = rng.uniform(0, 1, 60)
    seen = VotesBesideJudge(
        votes=votes,
        beyond=rng.uniform(-1, 1, 60) * spread,
        least=-spread,
        most=spread,
        pair=pair,
        weights=np.full(3, 1 / 3),
        judged=60,
        news=20,
    )
    alone, part = seen.observations(judge=False)
    plain = in_rounds(votes, pair, dict.fromkeys(range(3), 1 / 3))
    assert part == 0
    assert alone.x == pytest.approx(plain.x)
    assert alone.at.tolist() == plain.at.tolist()
    assert (alone.votes, alone.each) == (60, 3)
    assert alone.variance == pytest.approx(plain.variance)
    heard, _ = seen.observations()
    assert np.all((heard.low - 1e-12 <= heard.x) & (heard.x <= heard.high + 1e-12))
    assert heard.x[0] == pytest.approx(plain.x[0])  # nothing is known of it yet
    # Foresight counts from the first round of which no vote was there before.
    own = [[i for i, one in enumerate(pair) if one == k] for k in range(3)]
    assert min(votes[heard.news] for votes in own) >= 20 > min(v[heard.news - 1] for v in own)


@pytest.mark.parametrize("runs", lengths(8, 300))
@pytest.mark.parametrize("like", [0.0, 0.9])
@pytest.mark.parametrize("cell", CELLS, ids=[cell.name for cell in CELLS])
def test_errors_are_kept_on_several_entrants_in_categories_and_on_live_answers(
    runs: int, like: float, cell: JudgedField
) -> None:
    """Intervals that ever miss what people would say on average, with a judge that lies or not."""
    found = [one for seed in range(runs) if (one := run(cell, like, seed)) is not None]
    assert np.mean([one.missed for one in found]) <= 0.05 + slack(0.05, len(found), 3)
    # It foresees where it knew more than people, and is of use where it has read all answers.
    assert (np.mean([one.foresaw for one in found]) > 0.2) == (not cell.live or not cell.aimed)
    if like and not cell.live:
        assert np.median([one.gain for one in found]) > 1.1
