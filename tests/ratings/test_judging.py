"""People's few votes beside a judge's many: matched by comparison, corrected, never believed."""

from collections.abc import Sequence

import numpy as np
import pytest
from tests.ratings.made_votes import POINTS, Columns, ends, made, names, strengths, where
from tests.simulations import lengths

from headtohead.core.errors import InputError
from headtohead.ratings.bradley_terry.trust.powered import JudgedVotes, powered
from headtohead.ratings.judging import JUDGE, PEOPLE, Joined, join, judged_boards
from headtohead.ratings.reading.votes import open_votes
from headtohead.ratings.settings import RankSettings
from headtohead.ratings.sheet.words import judge_said
from headtohead.ratings.verb import rank_votes

Vote = tuple[str, str, str, str]


def table(votes: Sequence[Vote]) -> Columns:
    return {
        k: [v[i] for v in votes] for i, k in enumerate(("prompt", "model_a", "model_b", "winner"))
    }


def together(people: Columns, judge: Columns) -> Joined:
    return join(open_votes(people), open_votes(judge))


PEOPLE_SAY = [
    ("1", "a", "b", "model_a"),
    ("2", "b", "a", "model_a"),
    ("3", "a", "c", "tie"),
    ("4", "c", "b", "model_b"),
    ("4", "c", "b", "model_a"),
    ("5", "a", "b", "model_a"),
]
JUDGE_SAYS = [
    ("4", "b", "c", "model_a"),
    ("1", "b", "a", "model_b"),
    ("2", "b", "a", "tie"),
    ("3", "a", "c", "both_bad"),
    ("6", "a", "b", "model_a"),
    ("1", "a", "c", "model_a"),
]


def test_comparisons_are_matched_by_prompt_and_models_whichever_side_came_first() -> None:
    found = together(table(PEOPLE_SAY), table(JUDGE_SAYS))
    assert found.votes.both.sum() == 4
    assert found.votes.judged.sum() == 2
    # Prompts 1, 3 (a tie is a tie) and one of the two votes on 4 agree; 2 does not.
    assert found.agreement == pytest.approx(3 / 5)
    assert found.read == found.votes.human_counts.total == 6
    assert not found.dropped
    scores = dict(
        zip(found.votes.human_counts.models, found.votes.human_counts.scores.tolist(), strict=True)
    )
    assert scores == {"a": [2, 1, 1, 0], "b": [2, 3, 0, 0], "c": [1, 1, 1, 0]}


def test_the_order_of_rows_does_not_matter() -> None:
    one = together(table(PEOPLE_SAY), table(JUDGE_SAYS))
    two = together(table(PEOPLE_SAY[::-1]), table(JUDGE_SAYS[::-1]))
    assert one.votes.models == two.votes.models
    rows = [
        sorted(
            (*sides, *people, *judge)
            for *sides, people, judge in zip(
                *(
                    getattr(x.votes, name).tolist()
                    for name in ("first", "second", "people", "judge")
                ),
                strict=True,
            )
        )
        for x in (one, two)
    ]
    assert rows[0] == rows[1]
    assert one.agreement == two.agreement


HUMAN = [(1, 1, "a"), (1, 1, "b"), (1, 1, "b"), (1, 2, "b"), (2, 2, "b"), (3, 1, "a")]
GPT4 = [(1, 1, "b"), (1, 2, "b"), (2, 1, "a"), (2, 2, "b"), (3, 1, "a"), (4, 1, "b")]


def turns(votes: list[tuple[int, int, str]]) -> Columns:
    return {
        "question_id": [str(q) for q, _, _ in votes],
        "turn": [str(t) for _, t, _ in votes],
        "model_a": ["x"] * len(votes),
        "model_b": ["y"] * len(votes),
        "winner": [w for _, _, w in votes],
    }


def test_every_vote_of_people_counts_and_turns_are_comparisons_of_their_own() -> None:
    found = together(turns(HUMAN), turns(GPT4))
    assert found.by == ("prompt", "turn")
    assert (int(found.votes.both.sum()), int(found.votes.judged.sum())) == (4, 2)
    assert found.agreement == pytest.approx(5 / 6)
    boards, use = judged_boards(found, RankSettings())
    (first, second) = boards["all"][0].standings
    assert (first.model, first.wins, second.wins) == ("y", 4, 2)
    assert (use.votes, use.labels, use.alone, use.judged) == (6, 4, 0, 2)
    # A turn that one file does not know tells nothing apart.
    whole = together(turns(HUMAN), {k: v for k, v in turns(GPT4).items() if k != "turn"})
    assert whole.by == ("prompt",)
    assert whole.votes.human_counts.total == 6


def test_people_alone_go_together_by_comparison() -> None:
    people, judge = world(7, people=400, n=2000)
    four = {k: [x for x in v for _ in range(4)] for k, v in people.items()}
    one, _ = judged_boards(together(people, judge), RankSettings())
    boards, use = judged_boards(together(four, judge), RankSettings())
    assert use.votes == 1600
    # Four copies of a vote say no more than one, with the judge and without.
    for name in ("all", PEOPLE):
        wide, narrow = (b[name][0].gap("m0", "m1").width for b in (one, boards))
        assert narrow == pytest.approx(wide, rel=0.06)


@pytest.mark.parametrize("rounds", lengths(12, 60))
def test_people_who_disagree_are_covered_with_several_votes_a_comparison(rounds: int) -> None:
    # Up to four people vote on a comparison, alike in part; the judge sees what they see in part.
    hits = {"all": 0, PEOPLE: 0}
    total = 0
    for seed in range(rounds):
        rng = np.random.default_rng(seed)
        strength, n = np.array([0.6, 0.2, -0.2, -0.6]), 900
        a = rng.integers(0, 4, n)
        b = (a + rng.integers(1, 4, n)) % 4
        seen = rng.logistic(size=n)
        said = np.where(rng.random(n) < 0.7, seen, rng.logistic(size=n))
        judge = np.where(strength[a] - strength[b] + 0.5 + said > 0, 0, 1)
        people = np.zeros((n, 4), dtype=np.int64)
        for c in range(200):
            for _ in range(int(rng.integers(1, 5))):
                own = seen[c] if rng.random() < 0.6 else rng.logistic()
                people[c, 0 if strength[a[c]] - strength[b[c]] + own > 0 else 1] += 1
        votes = JudgedVotes.from_votes(names(4), a, b, people, np.eye(4, dtype=np.int64)[judge])
        found = powered(votes)
        for name, part, errors in (
            ("all", found.fitted, found.covariance),
            (PEOPLE, found.human, found.human_covariance),
        ):
            true = strength - part.reference @ strength
            half = 1.959964 * np.sqrt(np.diag(errors))
            hits[name] += int((np.abs(part.strength - true) <= half).sum())
        assert np.trace(found.covariance) <= np.trace(found.human_covariance)
        assert found.gain >= 1
        total += 4
    # Models of a board go together: 60 boards tell .95 to about .02.
    far = 0.05 * (60 / rounds) ** 0.5
    assert hits["all"] / total == pytest.approx(0.945, abs=far)
    assert hits[PEOPLE] / total == pytest.approx(0.945, abs=far)


def test_a_judge_who_narrows_nothing_is_not_called_a_gain() -> None:
    people, judge = world(8, people=300, n=2000)
    rng = np.random.default_rng(1)
    coins = {**judge, "winner": rng.choice(["model_a", "model_b"], len(judge["winner"])).tolist()}
    boards, use = judged_boards(together(people, coins), RankSettings())
    assert (use.weight_frac, use.gain_ratio) == (0, 1)
    for one, other in zip(boards["all"][0].standings, boards[PEOPLE][0].standings, strict=True):
        assert ends(one.rating) == ends(other.rating)
    assert "so it is not used: the board is of people alone" in judge_said(use)


def test_a_judge_of_other_comparisons_is_refused() -> None:
    other = [(f"x{p}", a, b, w) for p, a, b, w in JUDGE_SAYS]
    with pytest.raises(InputError, match="same prompt ids and names"):
        together(table(PEOPLE_SAY), table(other))


def test_votes_without_prompts_cannot_be_matched() -> None:
    bare = table(PEOPLE_SAY)
    del bare["prompt"]
    with pytest.raises(InputError, match="'prompt': 'COLUMN'"):
        together(bare, table(JUDGE_SAYS))
    empty = table([*PEOPLE_SAY, ("", "a", "b", "tie")])
    with pytest.raises(InputError, match="1 votes have no prompt"):
        together(empty, table(JUDGE_SAYS))


def world(seed: int, people: int = 1200, n: int = 12_000) -> tuple[Columns, Columns]:
    """People vote on a random part of what a judge votes on, who likes m4 and the first side."""
    rng = np.random.default_rng(seed)
    truth = made(n, seed, tie=0.2)
    a, b = (np.array([int(m[1:]) for m in truth[k]]) for k in ("model_a", "model_b"))
    liked = np.array([0.0, 0.0, 0.0, 0.0, 1.2])
    said = np.where(np.array(truth["winner"]) == "model_a", 1.0, -1.0)
    p = 1 / (1 + np.exp(-(1.5 * said + liked[a] - liked[b] + 0.4)))
    judge = dict(truth)
    judge["winner"] = np.where(rng.random(n) < p, "model_a", "model_b").tolist()
    picked = rng.permutation(n)[:people].tolist()
    return {k: [v[i] for i in picked] for k, v in truth.items()}, judge


@pytest.mark.parametrize("rounds", lengths(4, 10))
def test_the_corrected_board_is_right_where_the_judge_is_wrong(rounds: int) -> None:
    true = POINTS * strengths(5)
    held = {"all": 0, PEOPLE: 0, JUDGE: 0}
    for seed in range(rounds):
        people, judge = world(seed)
        boards, use = judged_boards(together(people, judge), RankSettings())
        for name in held:
            gap = boards[name][0].gap("m0", "m4")
            held[name] += gap.low <= true[0] - true[4] <= gap.high
        assert use.labels == 1200
        assert use.judged == 10_800
        assert 0.1 < use.weight_frac < 1
        assert use.gain_ratio > 1.1
        sharper = boards["all"][0].gap("m0", "m1").width
        assert sharper < boards[PEOPLE][0].gap("m0", "m1").width
    assert held["all"] >= 0.75 * rounds
    assert held[PEOPLE] >= 0.75 * rounds
    assert held[JUDGE] == 0


def test_the_boards_are_those_of_the_estimator() -> None:
    people, judge = world(3, people=400, n=2000)
    joined = together(people, judge)
    boards, use = judged_boards(joined, RankSettings(prior=0.2, anchor=("m2", 1200.0)))
    direct = powered(joined.votes, prior=0.2)
    assert use.weight_frac == direct.weight
    assert use.gain_ratio == direct.gain
    shift = 1200 - POINTS * direct.fitted.strength[2]
    found = {s.model: s.rating.value for s in boards["all"][0].standings}
    expected = POINTS * direct.fitted.strength + shift
    assert [found[m] for m in names(5)] == pytest.approx(expected.tolist())


def test_people_alone_is_the_board_of_the_votes_that_were_matched() -> None:
    people, judge = world(4, people=400, n=2000)
    boards, _ = judged_boards(together(people, judge), RankSettings())
    alone = rank_votes(open_votes(people), RankSettings()).boards["all"][0]
    for one, other in zip(boards[PEOPLE][0].standings, alone.standings, strict=True):
        assert ends(one.rating) == pytest.approx(ends(other.rating))


def test_models_that_people_never_saw_are_named_and_not_rated() -> None:
    people, judge = world(5, people=400, n=2000)
    people = {
        k: [
            x
            for x, a, b in zip(v, people["model_a"], people["model_b"], strict=True)
            if "m3" not in (a, b)
        ]
        for k, v in people.items()
    }
    boards, use = judged_boards(together(people, judge), RankSettings())
    assert use.unrated == ("m3",)
    assert "m3" not in {s.model for s in boards["all"][0].standings}
    assert "m3" in {s.model for s in boards[JUDGE][0].standings}


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"ties": "drop"}, "ties count half"),
        ({"style": ("length",)}, "without `style`"),
        ({"cluster": "voter"}, "and `cluster`"),
        ({"intervals": "bootstrap"}, "leave out `intervals`"),
        ({"min_votes": 3}, "leave out `min_votes`"),
    ],
)
def test_choices_that_do_not_go_with_a_judge_are_refused(
    choices: dict[str, object], said: str
) -> None:
    joined = together(table(PEOPLE_SAY), table(JUDGE_SAYS))
    with pytest.raises(InputError, match=said):
        judged_boards(joined, RankSettings(**choices))  # type: ignore[arg-type]


def test_votes_that_decide_nothing_or_never_meet_are_refused() -> None:
    ties = [(p, a, b, "tie") for p, a, b, _ in PEOPLE_SAY]
    with pytest.raises(InputError, match="every vote is a tie"):
        judged_boards(together(table(ties), table(JUDGE_SAYS)), RankSettings())
    apart = [*PEOPLE_SAY[:2], ("7", "x", "y", "model_a"), ("8", "x", "y", "model_b")]
    judge = [*JUDGE_SAYS, *apart[2:]]
    with pytest.raises(InputError, match="do not all meet"):
        judged_boards(together(table(apart), table(judge)), RankSettings())


def test_a_filter_on_people_leaves_the_judge_what_it_is() -> None:
    people, judge = world(6, people=400, n=2000)
    found = together(where(people, "language", "de"), judge)
    assert found.votes.judge_counts.total == 2000
    assert found.votes.both.sum() == people["language"].count("de")
