"""What the page and its JSON say of a judge, where its every verdict is known."""

import asyncio
import json
import math
import re
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from benchmarks.arena_calibration import asked, board, drawn, in_turn, real_pairs
from tests.arena.judged import (
    Says,
    asked_to_judge,
    judge_lines,
    judging,
    many_prompts,
    people_vote,
    sees_who_is_right,
    verdict,
)
from tests.arena.served import TestVoter, serving

from headtohead.arena.drawing import JudgeAim
from headtohead.arena.judge_worth import JudgeView
from headtohead.arena.result import ArenaResult
from headtohead.arena.settings import BoardAsk, settings_in
from headtohead.arena.store.store import ArenaStore
from headtohead.arena.verb import arena_board

N = 60
PAIR = ("ant", "bee")


def rights(seed: int, ant: float = 0.5, bee: float = 0.5) -> dict[str, list[bool]]:
    rng = np.random.default_rng(seed)
    return {name: (rng.random(N) < q).tolist() for name, q in (("ant", ant), ("bee", bee))}


RIGHT = rights(1)


def people(right: dict[str, list[bool]], n: int, seed: int, noise: float) -> list[tuple[int, str]]:
    """Votes on prompts drawn alike: people see who is right, but for noise."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(n):
        at = int(rng.integers(len(right["bee"])))
        truth = int(right["bee"][at]) - int(right["ant"][at])
        if rng.random() < noise:
            truth = int(rng.integers(-1, 2))
        found.append((at, ("left", "tie", "right")[truth + 1]))
    return found


Made = Callable[..., tuple[JudgeView, ArenaResult, Path]]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Says], Path]:
    """The folder of an arena in which a judge has voted on all there is, and nobody else."""

    @cache
    def by(says: Says) -> Path:
        folder = tmp_path_factory.mktemp("judged")
        with judging(says) as server:
            toml = many_prompts(folder, RIGHT, judge_lines(server.base_url))
            assert asked_to_judge(toml).exit_code == 0
        return folder

    return by


@pytest.fixture
def made(judged: Callable[[Says], Path], tmp_path: Path) -> Made:
    def of(
        says: Says, votes: int, *, noise: float = 0.1, seed: int = 1
    ) -> tuple[JudgeView, ArenaResult, Path]:
        toml = (
            Path(shutil.copytree(judged(says), tmp_path / f"{says.__name__}-{votes}"))
            / "arena.toml"
        )
        store = ArenaStore(settings_in(toml).database)
        people_vote(store, PAIR, people(RIGHT, votes, seed, noise))
        store.close()
        result = arena_board(toml, ask=BoardAsk())
        assert result.view.judge is not None
        return result.view.judge, result, toml

    return of


def always_first(*_: str) -> str:
    return verdict("A")


def test_a_good_judge_saves_votes_and_it_is_said_why(made: Made) -> None:
    judge, result, _ = made(sees_who_is_right, 120)
    (pair,) = judge.pairs
    assert pair.calibrated is not None
    assert pair.calibrated.gain > 1.5
    assert judge.saved == pair.saved == round(120 * (pair.calibrated.gain - 1))
    assert f"saves about {pair.saved} votes of people" in judge.sentence
    assert pair.calibrated.meter.share.width < pair.calibrated.people.share.width
    assert "as people bear out what it says" in pair.sentences[0]
    assert judge.agreement is not None
    assert judge.agreement.raw.value > 0.8
    assert judge.bias is not None
    assert judge.bias.position.flips.value == 0
    assert judge.bias.length is not None
    assert (judge.battles, judge.unread) == (N, 0)
    said = result.as_json()["judge"]
    assert said["votes_saved"] == judge.saved
    assert said["pairs"][0]["with_judge"]["share_frac"]["value"] == pytest.approx(
        pair.calibrated.meter.share.value
    )
    printed = result.to_markdown()
    assert "What the judge adds" in printed
    assert judge.sentence in printed


def test_a_judge_that_always_says_the_first_is_of_no_use_and_its_bias_is_shown(made: Made) -> None:
    judge, _, _ = made(always_first, 120)
    (pair,) = judge.pairs
    found = pair.calibrated
    assert found is not None
    assert found.gain == pytest.approx(1.0)
    assert judge.saved == pair.saved == 0
    assert "saves no vote of people" in judge.sentence
    said = " ".join(pair.sentences)
    assert "of no use here" in said
    assert f"In {N} of {N} battles it chose the same place in both orders" in said
    assert judge.bias is not None
    place = judge.bias.position
    assert (place.first_twice_n, place.flips.value, place.net.value) == (N, 1.0, 1.0)
    assert "prefers the side shown first" in " ".join(judge.remarks)


def test_a_judge_that_says_the_opposite_does_no_harm(made: Made) -> None:
    def opposite(_: str, first: str, second: str) -> str:
        one, two = "right" in first, "right" in second
        return verdict("tie" if one == two else "B" if one else "A")

    judge, _, _ = made(opposite, 120)
    (pair,) = judge.pairs
    assert pair.saved == 0
    assert "People's votes do not go along with its votes." in pair.sentences


@pytest.mark.parametrize("votes", [0, 1, 5])
def test_with_few_votes_it_is_said_that_nothing_is_known(made: Made, votes: int) -> None:
    judge, _, _ = made(sees_who_is_right, votes)
    said = " ".join((judge.sentence, *judge.remarks, *judge.pairs[0].sentences))
    if votes == 0:
        assert "once people vote" in judge.sentence
        assert "they voted on none of the answers" in said
    assert "nan" not in said


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("says", [sees_who_is_right, always_first])
def test_an_interval_is_never_narrower_without_the_reason(
    made: Made, says: Says, seed: int
) -> None:
    judge, _, _ = made(says, 40, noise=0.6, seed=seed)
    (pair,) = judge.pairs
    found = pair.calibrated
    assert found is not None
    if found.meter.share.width < found.people.share.width - 1e-9:
        assert re.search("narrower|bear out", " ".join(pair.sentences))


def test_unread_verdicts_are_said_and_count_as_nothing(made: Made) -> None:
    def mumbles(request: str, first: str, second: str) -> str:
        if "Question 7?" in request:
            return "Hard to say."
        return sees_who_is_right(request, first, second)

    judge, _, _ = made(mumbles, 30)
    assert (judge.battles, judge.unread) == (N - 1, 1)
    assert "On 1 more battle it gave a verdict that could not be read" in " ".join(judge.remarks)
    assert judge.pairs[0].calibrated is not None
    assert judge.pairs[0].calibrated.judged == N - 1


def test_sides_of_several_entrants_and_categories_have_verdicts_with_the_judge(
    tmp_path: Path,
) -> None:
    """Law has 14 prompts and the judge is heard; code has 10, of which it has read 9."""
    right = {name: good[:24] for name, good in RIGHT.items()} | {"cat": [True, False] * 12}
    more = '[[sides]]\nname = "open"\nentrants = ["ant", "cat"]\n'

    def mumbles(request: str, first: str, second: str) -> str:
        if "Question 17?" in request:
            return "Hard to say."
        return sees_who_is_right(request, first, second)

    with judging(mumbles) as server:
        toml = many_prompts(tmp_path, right, more + judge_lines(server.base_url))
        toml.write_text('compare = [["open", "bee"]]\n' + toml.read_text())
        for name in right:
            path = tmp_path / f"{name}.jsonl"
            rows = [json.loads(line) for line in path.read_text().splitlines()]
            for n, row in enumerate(rows):
                row["category"] = "law" if n < 14 else "code"
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        assert asked_to_judge(toml).exit_code == 0
    store = ArenaStore(settings_in(toml).database)
    for pair in (("ant", "bee"), ("cat", "bee")):
        rightly = {"ant": right[pair[0]], "bee": right["bee"]}
        people_vote(store, pair, people(rightly, 80, 1, 0.1), ("law",) * 14 + ("code",) * 10)
    store.close()
    result = arena_board(toml, ask=BoardAsk())
    judge = result.view.judge
    assert judge is not None
    every, code, law = judge.pairs
    assert [one.category for one in judge.pairs] == ["", "code", "law"]
    assert every.names == ("open", "bee")
    for one, (category, meter) in zip((every, law), result.meters[::2], strict=True):
        found = one.calibrated
        assert found is not None
        assert category == one.category
        assert (found.meter.pairs, found.meter.votes) == (2, meter.votes)
        assert found.people.share == meter.share
        assert found.gain > 1.5
        assert found.meter.share.width < found.people.share.width
        assert "as people bear out what it says" in one.sentences[0]
    assert code.calibrated is None
    assert "in code to 9 prompts only" in code.sentences[0]
    assert "people's votes count alone" in code.sentences[0]
    assert judge.saved == every.saved > 0
    pairs = result.as_json()["judge"]["pairs"]
    assert [one["category"] for one in pairs] == ["", "code", "law"]
    with serving(toml) as served, TestVoter(served.address) as voter:
        html = voter.http.get("/board?category=code", headers={"accept": "text/html"}).text
        assert "in code to 9 prompts only" in html
        assert "on the average of 2 pairs" in html


def test_what_people_read_is_plain_english(made: Made) -> None:
    for says, votes in ((sees_who_is_right, 120), (always_first, 40), (sees_who_is_right, 3)):
        judge, _, _ = made(says, votes)
        for said in (judge.sentence, *judge.remarks, *judge.pairs[0].sentences):
            assert said[0].isupper() or said[0].isdigit() or said.startswith("wise-judge")
            assert said.endswith(".")
            assert not re.search(r"p0\d\d|battle-|judge-\w{6}|_|nan|inf\b|None|\(\)|  ", said), said
            assert not re.search(r"\b1 (votes|battles)\b|\b[02-9] (vote|battle)\b", said), said
            # A model is "it", a voter "they".
            assert not re.search(r"\b(he|she|him|her|his)\b", said), said


def test_the_page_and_the_json_show_it_and_the_ratings_do_not_count_it(made: Made) -> None:
    judge, result, toml = made(sees_who_is_right, 120)
    assert result.view.votes == 120
    with serving(toml) as served, TestVoter(served.address) as voter:
        html = voter.http.get("/board", headers={"accept": "text/html"}).text
        assert "What the judge adds" in html
        assert "With the judge: bee wins" in html
        assert "The judge agrees with people on" in html
        told = voter.http.get("/api/v1/board").json()["judge"]
        assert told["model"] == "wise-judge"
        assert told["says"] == judge.sentence


def test_people_are_asked_about_pairs_that_are_soon_decided(tmp_path: Path) -> None:
    """Ant is like bee, cat is far behind both; chances are known and none is nought."""
    rng = np.random.default_rng(3)
    alike = (rng.random(N // 2) < 0.5).tolist()
    right = {"ant": alike, "bee": alike[::-1], "cat": [False] * (N // 2)}
    with judging(sees_who_is_right) as server:
        toml = many_prompts(tmp_path, right, judge_lines(server.base_url))
        with serving(toml) as served:
            before = served.arena.chances.of()
            assert asked_to_judge(toml).exit_code == 0
            asyncio.run(served.arena.hear_judge())
            served.arena.read_anew()
            chances, names = served.arena.chances.of(), served.arena.chances.names
            assert np.triu(chances).sum() == pytest.approx(1)
            assert np.array_equal(chances, chances.T)
            assert np.all(chances >= 0.2 * before - 1e-12)
            close, far = names.index("bee"), names.index("cat")
            assert chances[names.index("ant"), far] > 1.5 * chances[names.index("ant"), close]
            with TestVoter(served.address) as voter:
                drawn = voter.draw()
            row = served.arena.store.battle(drawn["id"])
            assert row is not None
            at = [names.index(name) for name in (row.left_entrant, row.right_entrant)]
            assert row.pair_probability == pytest.approx(chances[at[0], at[1]])
            people_vote(served.arena.store, ("ant", "cat"), [(n % 20, "left") for n in range(60)])
            asyncio.run(served.arena.hear_judge())
            served.arena.read_anew()
            later, decided = served.arena.chances.of(), served.arena._decided
        judge = arena_board(toml).view.judge
    assert judge is not None
    assert decided == {
        pair.names: pair.calibrated is not None and pair.calibrated.meter.verdict != "open"
        for pair in judge.pairs
    }
    assert decided["ant", "cat"]
    assert not decided["ant", "bee"]
    assert later[names.index("ant"), far] < 0.3 * chances[names.index("ant"), far]


def test_only_the_meter_says_that_a_pair_is_decided() -> None:
    pairs, at = [("a", "b"), ("c", "d")], {"a": 0, "b": 1, "c": 2, "d": 3}
    wins = np.zeros((4, 4))
    wins[1, 0], wins[3, 2] = 60, 60
    known: list[tuple[dict[tuple[str, str], bool], tuple[int, int] | None]] = [
        ({}, None),
        ({("a", "b"): True, ("c", "d"): False}, (2, 3)),
        ({("a", "b"): False}, (0, 1)),
    ]
    for decided, asked_about in known:
        aim = JudgeAim(
            compared=None,
            margin_pp=5.0,
            level=0.95,
            judged=lambda: dict.fromkeys(pairs, 0.5),
            decided=decided.copy,
        )
        chances = aim.chances(pairs, at, wins)
        assert (chances is None) == (asked_about is None)
        assert chances is None or chances[asked_about] == pytest.approx(1)


def test_draws_decide_half_of_a_real_board_with_far_fewer_votes(shared_evidence: Path) -> None:
    """By GPT-4, whose votes on 28 pairs of models are known, beside people alone asked in turn."""
    pairs = real_pairs(shared_evidence)[::3]
    on, alone = (board(pairs, judge, 1, 600) for judge in ("GPT-4", None))
    taken = [drawn(on, seed, 0.5)[-1] for seed in (1, 2)]
    assert np.mean(taken) <= 0.6 * asked(alone, in_turn)[math.ceil(len(pairs) / 2) - 1]


def test_a_judge_that_favours_its_own_family_is_shown_to(tmp_path: Path) -> None:
    """Gpt-4o and Claude answer alike; the judge, of OpenAI's, takes gpt-4o's whatever it says."""

    def own(_: str, first: str, second: str) -> str:
        return verdict("A" if first.startswith("gpt") else "B")

    rng = np.random.default_rng(5)
    names = ("gpt-4o", "claude-3-5-sonnet-20241022")
    right = {name: (rng.random(N) < 0.5).tolist() for name in names}
    with judging(own) as server:
        lines = judge_lines(server.base_url).replace("wise-judge", "gpt-4o-mini")
        toml = many_prompts(tmp_path, right, lines)
        assert asked_to_judge(toml).exit_code == 0
    store = ArenaStore(settings_in(toml).database)
    sides = ("left", "tie", "right")
    people_vote(store, names, [(n, sides[n % 3]) for n in range(N)])
    store.close()
    judge = arena_board(toml, ask=BoardAsk()).view.judge
    assert judge is not None
    assert judge.bias is not None
    family = judge.bias.family
    assert family is not None
    assert family.extra is not None
    assert (family.judge.value, family.human_n) == (1.0, N)
    assert family.extra.low > 0.5
    assert any("own family is 1.000" in remark for remark in judge.remarks)
