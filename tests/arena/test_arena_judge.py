"""`h2h arena judge`: what a judge votes on, what is kept, and how it is stopped and goes on."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from tests.arena.asked import endpoint_lines, live_toml
from tests.arena.judged import (
    asked_to_judge,
    judge_lines,
    judging,
    sees_who_is_right,
    verdict,
)
from tests.arena.served import PROMPTS, begun, serving, written
from tests.models.server import serving as model_server
from tests.models.tiny import write_model
from tests.models.tokens import Message
from tests.trials.replay.loopback import Asked, Loopback, Piece, answered, http
from tests.waiting import LONG_S, until

from headtohead.arena.judge_votes import both_verdicts
from headtohead.arena.judging import comparisons, judge_voter
from headtohead.arena.settings import BoardAsk, settings_in
from headtohead.arena.store.store import ArenaStore, Battle, BattleTurn, Voter, VoteRefused
from headtohead.arena.verb import arena_board
from headtohead.arena.web.running import prepare
from headtohead.trials.scoring.judge import judge_calls

_JUDGE = (sys.executable, "-m", "headtohead", "arena", "judge")
PAIRS = {("ant", "bee"), ("ant", "cat"), ("bee", "cat")}


def earlier(_: str, first: str, second: str) -> str:
    """Prefers the answer that comes first in the alphabet."""
    return verdict("A" if first < second else "B")


def opened(toml: Path) -> ArenaStore:
    return ArenaStore(settings_in(toml).database)


def votes(store: ArenaStore) -> dict[tuple[str, str, str], str]:
    """Prompt, left and right entrant -> winner."""
    rows = store.rows("SELECT * FROM judge_votes")
    return {(row["prompt"], row["model_a"], row["model_b"]): row["winner"] for row in rows}


def test_every_pair_is_voted_on_in_both_orders_and_people_are_left_alone(tmp_path: Path) -> None:
    with judging(earlier) as server:
        toml = written(tmp_path, more=judge_lines(server.base_url))
        found = asked_to_judge(toml)
        assert found.exit_code == 0, found.output
        assert "wise-judge has voted in both orders on 9 of 9 pairs of answers" in found.output
        assert len(server.asked) == 18
        again = asked_to_judge(toml)
        assert again.exit_code == 0, again.output
        assert len(server.asked) == 18  # nothing is asked twice
    store = opened(toml)
    cast = votes(store)
    # Answers begin with the name spelled backwards: "eeb" < "tac" < "tna".
    best = {("ant", "bee"): "bee", ("ant", "cat"): "cat", ("bee", "cat"): "bee"}
    assert cast == {
        (prompt, left, right): "model_a" if best[pair] == left else "model_b"
        for prompt in PROMPTS
        for pair in PAIRS
        for left, right in (pair, pair[::-1])
    }
    assert store.votes_n() == 0
    assert store.answers_taken() == []
    judge = settings_in(toml).judge
    assert judge is not None
    voter = store.voter(judge_voter(judge).id)
    assert voter is not None
    assert voter.kind == "judge"
    store.close()


def test_a_reply_that_cannot_be_read_is_counted_and_not_guessed(tmp_path: Path) -> None:
    def says(request: str, first: str, second: str) -> str:
        if "Peru" in request and first.startswith("tna"):
            return "Both have their merits."
        return earlier(request, first, second)

    with judging(says) as server:
        toml = written(tmp_path, "ant", "bee", more=judge_lines(server.base_url))
        found = asked_to_judge(toml)
        assert found.exit_code == 0
        assert "on 2 of 3 pairs of answers" in found.output
        assert "1 pair without a verdict, because the judge's verdict could not be read" in (
            found.output
        )
        asked_to_judge(toml)
        assert len(server.asked) == 6
    store = opened(toml)
    assert ("p1", "ant", "bee") not in votes(store)
    assert len(votes(store)) == 5
    store.close()


def test_an_endpoint_that_fails_ends_with_75_and_a_sentence(tmp_path: Path) -> None:
    with Loopback(lambda _: [http(503, b"{}")]) as server:
        toml = written(tmp_path, more=judge_lines(server.base_url))
        found = asked_to_judge(toml, "--wait-most", "0", "--concurrency", "1")
    assert found.exit_code == 75, found.output
    assert "Run again later" in found.output
    assert "Traceback" not in found.output


def test_who_answers_too_late_for_the_pace_given_gave_no_answer(tmp_path: Path) -> None:
    late = answered(verdict("A"))
    with Loopback(lambda _: [2.0, late]) as server:
        toml = written(tmp_path, "ant", "bee", more=judge_lines(server.base_url))
        found = asked_to_judge(toml, "--wait-most", "0", "--concurrency", "1", "--timeout", "1")
    assert found.exit_code == 75, found.output


def test_a_ceiling_needs_prices_and_ends_the_run_in_good_order(tmp_path: Path) -> None:
    with judging(earlier) as server:
        toml = written(tmp_path, more=judge_lines(server.base_url))
        found = asked_to_judge(toml, "--max-usd", "1")
        assert found.exit_code == 64, found.output
        assert "[judge]" in found.output
        more = judge_lines(server.base_url, "prices = { input = 0, output = 10000 }\n")
        toml = written(tmp_path, more=more)
        # A verdict costs 3 cents here, and a dollar in the worst case.
        usd = ("--max-usd", "1.1", "--concurrency", "1", "--cap-tokens", "100")
        found = asked_to_judge(toml, *usd)
        assert found.exit_code == 0, found.output
        assert "ceiling of money is reached" in found.output
        assert "All verdicts so far cost $" in found.output
        before = len(server.asked)
        assert 0 < before < 18
        asked_to_judge(toml, "--max-usd", "500", *usd[2:])
        assert len(server.asked) == 18


def test_the_key_comes_from_the_environment_and_stays_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "sk-very-secret-0123456789"
    monkeypatch.setenv("JUDGE_KEY", key)
    with judging(lambda *_: verdict("tie") + key) as server:
        toml = written(
            tmp_path, "ant", "bee", more=judge_lines(server.base_url, 'key_env = "JUDGE_KEY"\n')
        )
        found = asked_to_judge(toml)
        assert server.asked[0].headers["authorization"] == f"Bearer {key}"
    assert key not in found.output
    for path in tmp_path.iterdir():
        assert key.encode() not in path.read_bytes()


def test_live_answers_are_judged_once_a_person_has_voted_on_them(tmp_path: Path) -> None:
    seen = []

    def says(request: str, first: str, second: str) -> str:
        seen.append((request, first, second))
        return verdict("tie")

    with judging(says) as server:
        toml = live_toml(
            tmp_path,
            endpoint_lines("ant", server.base_url, "a"),
            endpoint_lines("bee", server.base_url, "b"),
            limits=judge_lines(server.base_url),
        )
        nothing = asked_to_judge(toml)
        assert nothing.exit_code == 64
        assert "nobody has voted on answers" in nothing.output
        store, ann = opened(toml), Voter(id="ann")
        for id, turns in (
            ("one", [("How?", "Well.", "So.")]),
            ("two", [("How?", "Well.", "So."), ("And then?", "More.", "Less.")]),
            ("open", [("Why?", "For.", "As.")]),
        ):
            store.begin(
                Battle(
                    id=id,
                    voter="ann",
                    prompt="p1",
                    category="",
                    left_entrant="bee",
                    right_entrant="ant",
                    pair_probability=1,
                    drawn_ms=1,
                    turns=tuple(
                        BattleTurn(question=q, left_answer=a, right_answer=b) for q, a, b in turns
                    ),
                ),
                ann,
            )
            if id != "open":
                store.vote(id, "ann", "left", 2)
        found = asked_to_judge(toml)
        assert found.exit_code == 0, found.output
        about = store.rows("SELECT about, left_entrant FROM battles WHERE about IS NOT NULL")
        assert {tuple(row) for row in about} == {
            (id, name) for id in ("one", "two") for name in ("ant", "bee")
        }
        assert ("user:\nHow?", "Well.", "So.") in seen
        assert any("user:\nAnd then?\n\nassistant:\nMore." in first for _, first, _ in seen)
        (judged,) = store.rows("SELECT battle FROM judge_votes")[0]
        with pytest.raises(VoteRefused):  # a judge's battle is nobody else's to vote on
            store.vote(judged, "ann", "left", 3)
        assert store.votes_n() == 2
        store.close()


def test_live_answers_of_two_battles_to_one_prompt_are_compared_once(tmp_path: Path) -> None:
    """Ant met cat and bee met cat: the judge compares ant's first answer with bee's, too."""
    seen = []

    def says(request: str, first: str, second: str) -> str:
        seen.append((first, second))
        return verdict("B" if first < second else "A")

    with judging(says) as server:
        toml = live_toml(
            tmp_path,
            *(endpoint_lines(name, server.base_url, name) for name in ("ant", "bee", "cat")),
            limits=judge_lines(server.base_url),
        )
        prepare(settings_in(toml))
        store = opened(toml)

        def met(id: str, left: str, right: str, drawn_ms: int, outcome: str = "left") -> None:
            voter, texts = Voter(id=f"voter of {id}"), (f"{left} {id}", f"{right} {id}")
            begun(
                store,
                id,
                voter,
                category="",
                left_entrant=left,
                right_entrant=right,
                drawn_ms=drawn_ms,
                turns=(BattleTurn(question="?", left_answer=texts[0], right_answer=texts[1]),),
            )
            if outcome:
                store.vote(id, voter.id, outcome, drawn_ms + 5)

        met("1", "cat", "ant", 10)
        met("2", "bee", "cat", 20)
        met("3", "ant", "bee", 30, outcome="")  # nobody has voted: not judged
        found = asked_to_judge(toml)
        assert found.exit_code == 0, found.output
        crossed = {("ant 1", "bee 2"), ("bee 2", "cat 1")}
        own = {("ant 1", "cat 1"), ("bee 2", "cat 2")}
        assert {tuple(sorted(pair)) for pair in seen} == crossed | own
        assert len(seen) == 8
        judge = settings_in(toml).judge
        assert judge is not None
        known = {
            (one.a, one.b): (one.about, one.known_ms, one.preference)
            for one in both_verdicts(store, judge_voter(judge).id)
            if one.about is None
        }
        # It prefers what is later in the alphabet, and knew both when the second was voted on.
        assert known == {("ant", "bee"): (None, 25, 1.0), ("bee", "cat"): (None, 25, 1.0)}
        met("4", "ant", "bee", 40)
        assert asked_to_judge(toml).exit_code == 0
        assert len(seen) == 10  # only the new battle: first answers stay the first
        turn = BattleTurn(question="?", left_answer="bee 4", right_answer="ant 4")
        begun(store, "5", category="", turns=(turn,), drawn_ms=50)
        store.vote("5", "ann", "left", 55)
        assert asked_to_judge(toml).exit_code == 0
        assert len(seen) == 10  # the same texts again
        about = store.rows("SELECT about FROM battles WHERE about = '5'")
        assert len(about) == 2
        view = arena_board(toml, ask=BoardAsk()).view.judge
        assert view is not None
        assert "answers of ant and bee to 1 prompt only" in view.pairs[0].sentences[0]
        assert view.shared == 4  # nobody has seen both answers where they are of two battles
        store.close()


@pytest.mark.parametrize("steady", [True, False])
def test_on_live_answers_the_judge_is_heard_by_what_people_voted_on_before(
    tmp_path: Path, *, steady: bool
) -> None:
    """On even prompts ant is right and people say so; or it is right by chance each time."""
    prompts = [f"p{n:02}" for n in range(14)]
    with judging(sees_who_is_right) as server:
        toml = live_toml(
            tmp_path,
            *(endpoint_lines(name, server.base_url, name) for name in ("ant", "bee")),
            more="".join(f'[[prompts]]\nid = "{id}"\ntext = "{id}?"\n' for id in prompts),
            limits=judge_lines(server.base_url),
        )
        prepare(settings_in(toml))
        store, rng = opened(toml), np.random.default_rng(4)
        for n in range(70):
            at = int(rng.integers(14))
            ant = at % 2 == 0 if steady else bool(rng.random() < 0.5)
            words = ("right", "wrong") if ant else ("wrong", "right")
            turn = BattleTurn(question="?", left_answer=f"ant {words[0]}", right_answer=words[1])
            begun(
                store,
                str(n),
                Voter(id=f"voter {n}"),
                prompt=prompts[at],
                category="",
                left_entrant="ant",
                right_entrant="bee",
                drawn_ms=100 * n,
                turns=(turn,),
            )
            store.vote(str(n), f"voter {n}", "left" if ant else "right", 100 * n + 50)
        store.close()
        assert asked_to_judge(toml).exit_code == 0
        assert len(server.asked) == 4  # two texts against two, in both orders
    view = arena_board(toml, ask=BoardAsk()).view.judge
    assert view is not None
    (pair,) = view.pairs
    found = pair.calibrated
    assert found is not None
    assert (found.judged, found.foreseen) == (70, None)
    assert view.shared == 70
    said = " ".join(pair.sentences)
    if steady:
        assert found.gain > 1.5
        assert found.meter.share.width < found.people.share.width
        assert "as people bear out what it says" in said
    else:
        assert found.gain < 1.05
        assert "Of answers that are given live it is heard on earlier ones" in said
    assert found.meter.share.width < found.people.share.width or "of no use here" in said


def test_a_run_that_was_killed_goes_on_and_pays_for_nothing_twice(tmp_path: Path) -> None:
    killed = threading.Event()

    def script(asked: Asked) -> Iterable[Piece]:
        if len(server.asked) > 8:
            killed.wait(LONG_S)
        yield answered(verdict("A"))

    with Loopback(script) as server:
        toml = written(tmp_path, more=judge_lines(server.base_url))
        process = subprocess.Popen(
            [*_JUDGE, str(toml), "--concurrency", "2"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(lambda: len(server.asked) > 8)
        process.kill()
        process.wait()
        assert len(server.asked) <= 10
        killed.set()
        found = asked_to_judge(toml)
        assert found.exit_code == 0, found.output
        # At most the two that were under way are asked again.
        assert len(server.asked) <= 18 + 2
    store = opened(toml)
    assert len(votes(store)) == 18
    assert len(store.rows("SELECT id FROM battles")) == 18
    store.close()


def test_new_answers_are_judged_anew(tmp_path: Path) -> None:
    with judging(earlier) as server:
        toml = written(tmp_path, "ant", "bee", more=judge_lines(server.base_url))
        asked_to_judge(toml)
        path = tmp_path / "ant.jsonl"
        path.write_text(path.read_text().replace("tna on p1", "a better one"), encoding="utf-8")
        found = asked_to_judge(toml)
        assert found.exit_code == 0, found.output
        assert len(server.asked) == 8
        assert "on 3 of 3 pairs of answers, 1 of them now" in found.output


def test_arenas_without_a_judge_say_where_to_write_one(tmp_path: Path) -> None:
    found = asked_to_judge(written(tmp_path))
    assert found.exit_code == 64
    assert "Write [judge]" in found.output


def test_a_served_arena_goes_on_while_the_judge_votes(tmp_path: Path) -> None:
    with judging(earlier) as server:
        toml = written(tmp_path, more=judge_lines(server.base_url))
        with serving(toml) as served:
            found = asked_to_judge(toml)
            assert found.exit_code == 0, found.output
            assert len(comparisons(served.arena.store)) == 9
            assert len(votes(served.arena.store)) == 18


@pytest.fixture(scope="module")
def tiny_judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real small model behind a real server, that knows what to say of two entrants' answers."""
    known = written(tmp_path_factory.mktemp("known"), "ant", "bee")
    prepare(settings_in(known))
    store = opened(known)
    knowledge: list[tuple[Sequence[Message], str]] = []
    for one in comparisons(store):
        says = ("A", "A") if one.prompt == "p1" else ("B", "A")
        for call, word in zip(judge_calls(one.duel, model="tiny"), says, strict=True):
            assert call.messages is not None
            knowledge.append((call.messages, json.dumps({"reason": "", "verdict": word})))
    store.close()
    folder = tmp_path_factory.mktemp("judge")
    made = write_model(folder / "judge.gguf", knowledge, arch="llama", merges_n=300, seed=5)
    with model_server(made.path, "tiny") as url:
        yield url


def test_a_real_small_model_votes_as_it_was_made_to(tmp_path: Path, tiny_judge: str) -> None:
    more = f'[judge]\nendpoint = "{tiny_judge}"\nmodel = "tiny"\n'
    toml = written(tmp_path, "ant", "bee", more=more)
    found = asked_to_judge(toml, "--cap-tokens", "64")
    assert found.exit_code == 0, found.output
    assert "on 3 of 3 pairs of answers" in found.output
    store = opened(toml)
    cast = votes(store)
    store.close()
    assert cast["p1", "ant", "bee"] == cast["p1", "bee", "ant"] == "model_a"  # the first place
    for prompt in ("p2", "p3"):
        assert (cast[prompt, "ant", "bee"], cast[prompt, "bee", "ant"]) == ("model_b", "model_a")
    judge = arena_board(toml, ask=BoardAsk()).view.judge
    assert judge is not None
    assert judge.bias is not None
    assert (judge.battles, judge.bias.position.first_twice_n) == (3, 1)


def test_a_real_model_that_knows_nothing_of_it_is_counted_and_not_guessed(
    tmp_path: Path, tiny_judge: str
) -> None:
    more = f'[judge]\nendpoint = "{tiny_judge}"\nmodel = "tiny"\n'
    toml = written(tmp_path, "cat", "dog", more=more)
    found = asked_to_judge(toml, "--cap-tokens", "3")
    assert found.exit_code == 0, found.output
    assert "3 pairs without a verdict, because the judge's verdict was cut off" in found.output
    store = opened(toml)
    assert votes(store) == {}
    store.close()
