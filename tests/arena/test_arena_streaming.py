"""Battles of entrants that are asked live, through a real server."""

import json
import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.arena.asked import (
    LIMITS,
    QUESTION,
    SOON,
    Script,
    endpoint_lines,
    live_toml,
    scripted,
    streamed_to,
    text_of,
)
from tests.arena.served import TestVoter, serving
from tests.arena.test_arena_endpoints import FAULTS, PATIENCE
from tests.browser import needs_browser, wait_until
from tests.models.conftest_parts import TinyModels
from tests.trials.replay.loopback import STREAM, Asked, Loopback, Piece, http, streamed, token
from tests.waiting import LONG_S, until

from headtohead.arena.settings import settings_in
from headtohead.arena.web.running import RunningArena, prepare
from headtohead.core.errors import InputError

KEY = "sk-live-0123456789abcdefghij"


def _says(*texts: str) -> Script:
    return lambda _: streamed(*texts)


def _turns(database: Path) -> list[dict[str, Any]]:
    with sqlite3.connect(database) as db:
        db.row_factory = sqlite3.Row
        rows = [dict(row) for row in db.execute("SELECT * FROM turns ORDER BY battle, turn")]
    db.close()
    return rows


def test_two_real_models_are_streamed_and_voted_on(tmp_path: Path, tiny_models: TinyModels) -> None:
    fact = tiny_models.facts[3]
    zero = "temperature = 0\nprices = { input = 1.0, output = 2.0 }\n"
    entrants = [
        endpoint_lines(tiny_models.alias(s), tiny_models.base_url(s), tiny_models.alias(s), zero)
        for s in ("a", "b")
    ]
    prompt = f'[[prompts]]\nid = "p1"\ntext = "{fact.prompt}"\n'
    with serving(live_toml(tmp_path, *entrants, more=prompt)) as served:
        with TestVoter(served.address) as voter:
            battle = voter.draw()
            assert not battle["ready"]
            assert battle["turns"] == [{"question": fact.prompt, "left": None, "right": None}]
            assert voter.vote(battle).status_code == 409
            events = streamed_to(voter, battle["id"])
            assert events[-1][0] == "done"
            known = voter.vote(battle, "tie").json()
        answers = {"tiny-a": fact.answer_a, "tiny-b": fact.answer_b}
        for side in ("left", "right"):
            assert text_of(events, side) == answers[known[side]] == known["turns"][0][side]
            assert answers[known[side]] in events[-1][1][side]
        (turn,) = _turns(served.arena.settings.database)
    for side in ("left", "right"):
        assert turn[f"{side}_tokens"] > 0
        assert turn[f"{side}_cost_usd"] > 0
        assert 0 < turn[f"{side}_first_s"] <= turn[f"{side}_total_s"]


def test_a_real_language_model_goes_on_after_a_further_question(
    tmp_path: Path, smollm2: str
) -> None:
    entrants = [
        endpoint_lines(name, smollm2, "smollm2", f"max_tokens = 4\ntemperature = {warm}\n")
        for name, warm in (("cold", 0), ("warm", 1))
    ]
    toml = live_toml(tmp_path, *entrants, limits="")
    with serving(toml) as served, TestVoter(served.address) as voter:
        battle = voter.draw()
        assert streamed_to(voter, battle["id"])[-1][0] == "done"
        asked = {"token": battle["token"], "question": "Say more."}
        battle = voter.http.post(f"/battles/{battle['id']}/turns", data=asked).json()
        assert streamed_to(voter, battle["id"])[-1][0] == "done"
        known = voter.vote(battle).json()
    assert known["state"] == "voted"
    assert all(turn["left"].strip() and turn["right"].strip() for turn in known["turns"])


def test_each_is_told_its_own_part_of_the_conversation(tmp_path: Path) -> None:
    with (
        scripted(tmp_path, _says("I am ", "ant."), _says("bee ", "here")) as (served, ant, bee),
        TestVoter(served.address) as voter,
    ):
        battle = voter.draw()
        assert battle["can_ask"]
        streamed_to(voter, battle["id"])
        form = {"token": battle["token"], "question": " And now? "}
        again = voter.http.post(f"/battles/{battle['id']}/turns", data=form)
        assert again.status_code == 201
        assert [turn["question"] for turn in again.json()["turns"]] == [QUESTION, "And now?"]
        assert not again.json()["ready"]
        # Neither a vote nor a third question before both have answered.
        assert voter.vote(battle).status_code == 409
        assert voter.http.post(f"/battles/{battle['id']}/turns", data=form).status_code == 409
        streamed_to(voter, battle["id"])
        assert voter.vote(battle).json()["state"] == "voted"
        assert voter.http.post(f"/battles/{battle['id']}/turns", data=form).status_code == 409
    for server, said in ((ant, "I am ant."), (bee, "bee here")):
        assert server.asked[-1].body["messages"] == [
            {"role": "user", "content": QUESTION},
            {"role": "assistant", "content": said},
            {"role": "user", "content": "And now?"},
        ]


def test_a_question_that_is_none_or_not_from_the_page(tmp_path: Path) -> None:
    with (
        scripted(tmp_path, _says("a"), _says("b")) as (served, ant, _bee),
        TestVoter(served.address) as voter,
    ):
        battle = voter.draw()
        streamed_to(voter, battle["id"])
        for question, status in (("", 400), ("  ", 400), ("x" * 8001, 400), ("ok", 403)):
            token_ = "forged" if status == 403 else battle["token"]
            sent = {"token": token_, "question": question}
            refused = voter.http.post(f"/battles/{battle['id']}/turns", data=sent)
            assert refused.status_code == status
        assert len(ant.asked) == 1


def test_a_battle_has_an_end(tmp_path: Path) -> None:
    with (
        scripted(tmp_path, _says("a"), _says("b")) as (served, _, _bee),
        TestVoter(served.address) as voter,
    ):
        battle = voter.draw()
        for n in range(10):
            streamed_to(voter, battle["id"])
            sent = {"token": battle["token"], "question": f"question {n}"}
            said = voter.http.post(f"/battles/{battle['id']}/turns", data=sent)
        assert said.status_code == 409
        assert said.json()["error"] == "A battle has at most 10 questions. Vote now."
        assert not voter.http.get(f"/battles/{battle['id']}").json()["can_ask"]


def _slow(name: str) -> Any:
    return pytest.param(name, marks=pytest.mark.slow)


# Every fault has its sentence in the tests of the endpoints; here what comes of it is looked at,
# always for one of each kind.
@pytest.mark.parametrize(
    "name",
    [
        "401",
        _slow("429"),
        "503",
        _slow("an HTML page"),
        "malformed JSON",
        _slow("an empty answer"),
        _slow("no end"),
        "10 MB as a stream",
        _slow("10 MB at once"),
        "a broken stream",
        "silence in between",
    ],
)
def test_a_fault_ends_the_battle_with_a_sentence_and_the_server_lives(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CANDIDATE_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    script, trouble = FAULTS[name]
    faulty = [True]

    def bee(asked: Asked) -> Iterator[Piece]:
        yield from script(asked) if faulty[0] else streamed("Well, thank you.")

    key = 'key_env = "CANDIDATE_KEY"\n'
    limits = SOON if name in PATIENCE else LIMITS
    with (
        scripted(tmp_path, _says("fine"), bee, more=key, limits=limits) as (served, _, server),
        TestVoter(served.address) as voter,
    ):
        battle = voter.draw()
        events = streamed_to(voter, battle["id"])
        assert events[-1][0] == "failed"
        said = events[-1][1]["said"]
        after = voter.http.get(f"/battles/{battle['id']}").json()
        assert (after["state"], after["reason"]) == ("failed", said)
        assert "token" not in after
        assert streamed_to(voter, battle["id"]) == [("failed", {"said": said}, None)]
        refused = voter.vote(battle)
        assert refused.status_code == 409
        page = voter.http.get(f"/battles/{battle['id']}", headers={"accept": "text/html"}).text
        # One more voter, and the server is as good as ever.
        faulty[0] = False
        with TestVoter(served.address) as other:
            good = other.draw()
            assert streamed_to(other, good["id"])[-1][0] == "done"
            assert other.vote(good).json()["votes"] == 1
        assert served.arena.store.votes_n() == 1
        log = served.arena.store.rows("SELECT * FROM log WHERE act = 'battle failed'")
        assert len(log) == 1
        told = json.dumps([events, after, refused.json()]) + page
        held = told + "".join(str(tuple(row)) for row in log) + caplog.text
        for secret in ("secret-bee-model", server.base_url, "HTTP 4", "127.0.0.1"):
            assert secret not in said + page
        database = served.arena.settings.database
        for file in database.parent.glob("arena.sqlite*"):
            assert KEY.encode() not in file.read_bytes()
        assert KEY not in held
        assert f"Bearer {KEY}" == server.asked[0].headers["authorization"]
        assert trouble


def test_nobody_at_the_address(tmp_path: Path) -> None:
    with Loopback(_says("x")) as gone:
        address = gone.base_url
    with Loopback(_says("fine")) as ant:
        entrants = [
            endpoint_lines("ant", ant.base_url, "m"),
            endpoint_lines("bee", address, "n"),
        ]
        with serving(live_toml(tmp_path, *entrants)) as served, TestVoter(served.address) as voter:
            events = streamed_to(voter, voter.draw()["id"])
    assert events == [
        ("failed", {"said": "One of the two models cannot be asked at the moment."}, None)
    ]


def test_coming_back_goes_on_where_one_left_and_asks_nobody_twice(tmp_path: Path) -> None:
    begun = threading.Event()

    def slow(_: Asked) -> Iterator[Piece]:
        pieces = streamed(*(f"{n} " * 5 for n in range(10)))
        yield from pieces[:3]
        begun.wait(LONG_S)
        yield from pieces[3:]

    with scripted(tmp_path, slow, slow) as (served, ant, bee), TestVoter(served.address) as voter:
        battle = voter.draw()["id"]
        first = streamed_to(voter, battle, most=2)
        begun.set()
        number = first[-1][2]
        assert number is not None
        rest = streamed_to(voter, battle, last=number)
        whole = "".join(f"{n} " * 5 for n in range(10))
        for side in ("left", "right"):
            assert text_of([*first, *rest], side) == whole
        # Now it is kept, and comes at once.
        ((name, html, _),) = streamed_to(voter, battle)
        assert name == "done"
        assert "9 9 9" in html["left"]
        assert len(ant.asked) == len(bee.asked) == 1


def test_answers_come_to_their_end_while_nobody_looks(tmp_path: Path) -> None:
    with (
        scripted(tmp_path, _says("a" * 90), _says("b" * 90)) as (served, ant, _),
        TestVoter(served.address) as voter,
    ):
        battle = voter.draw()["id"]
        streamed_to(voter, battle, most=1)
        until(lambda: voter.http.get(f"/battles/{battle}").json()["ready"])
        assert len(ant.asked) == 1


def test_a_server_that_was_stopped_asks_anew(tmp_path: Path) -> None:
    def stuck(_: Asked) -> Iterator[Piece]:
        yield STREAM
        yield token("so far")
        yield 1.0

    with Loopback(stuck) as ant, Loopback(_says("fine")) as bee:
        entrants = [
            endpoint_lines("ant", ant.base_url, "m"),
            endpoint_lines("bee", bee.base_url, "n"),
        ]
        toml = live_toml(tmp_path, *entrants)
        with serving(toml) as served, TestVoter(served.address) as voter:
            battle = voter.draw()["id"]
            streamed_to(voter, battle, most=1)
            cookies = dict(voter.http.cookies)
        ant.script = _says("at last")
        with serving(toml) as served, TestVoter(served.address) as voter:
            voter.http.cookies.clear()
            voter.http.cookies.update(cookies)
            assert voter.http.get(f"/battles/{battle}").json()["state"] == "open"
            events = streamed_to(voter, battle)
    assert {text_of(events, "left"), text_of(events, "right")} == {"at last", "fine"}


def test_a_recorded_answer_is_not_shown_before_the_live_one(tmp_path: Path) -> None:
    rows = [{"id": "p1", "prompt": QUESTION, "answer": "x" * 100}]
    (tmp_path / "ant.jsonl").write_text(json.dumps(rows[0]) + "\n")
    go = threading.Event()

    def slow(_: Asked) -> Iterator[Piece]:
        pieces = streamed("y" * 50, "y" * 50)
        yield from pieces[:2]
        go.wait(LONG_S)
        yield from pieces[2:]

    with Loopback(slow) as bee:
        ant = 'name = "ant"\nanswers = "ant.jsonl"\n'
        toml = live_toml(tmp_path, ant, endpoint_lines("bee", bee.base_url, "n"), more="\n")
        with serving(toml) as served, TestVoter(served.address) as voter:
            battle = voter.draw()
            assert battle["turns"] == [{"question": QUESTION, "left": None, "right": None}]
            assert not battle["can_ask"]
            page = voter.http.get(f"/battles/{battle['id']}", headers={"accept": "text/html"})
            assert "xxx" not in page.text
            threading.Timer(0.2, go.set).start()
            events = streamed_to(voter, battle["id"])
            shown = [(name, len(data["text"])) for name, data, _ in events[:-1]]
            for (one, chars), (other, as_many) in zip(shown[::2], shown[1::2], strict=True):
                assert {one, other} == {"left", "right"}
                assert chars == as_many
            assert sum(chars for _, chars in shown) == 200
            sent = {"token": battle["token"], "question": "More?"}
            more = voter.http.post(f"/battles/{battle['id']}/turns", data=sent)
            assert more.status_code == 409
            assert "recorded" in more.json()["error"]


def test_a_stream_is_its_voter_s_alone(tmp_path: Path) -> None:
    with scripted(tmp_path, _says("a"), _says("b")) as (served, ant, _):
        with TestVoter(served.address) as voter, TestVoter(served.address) as other:
            battle = voter.draw()["id"]
            assert other.http.get(f"/battles/{battle}/stream").status_code == 404
            assert other.http.get("/battles/none/stream").status_code == 404
            sent = {"token": "x", "question": "y"}
            assert other.http.post(f"/battles/{battle}/turns", data=sent).status_code == 404
            streamed_to(voter, battle)
        assert len(ant.asked) == 1


def test_an_answer_that_gives_its_model_away_flags_the_vote(tmp_path: Path) -> None:
    ant, bee = _says("As ", "DeepSeek", ", I am well."), _says("I am well.")
    with scripted(tmp_path, ant, bee) as (served, _, _bee), TestVoter(served.address) as voter:
        battle = voter.draw()
        streamed_to(voter, battle["id"])
        known = voter.vote(battle).json()
        side = "left" if known["left"] == "ant" else "right"
        (vote,) = served.arena.store.rows("SELECT outcome, reveals FROM votes")
        assert not served.arena.chances._board("").any()  # no pair is drawn by it
    assert tuple(vote) == ("left", f"{side}: As DeepSeek, I")


def test_hostile_answers_come_as_text_and_then_as_safe_html(tmp_path: Path) -> None:
    hostile = "<script>window.hit=1</script>\u202e\x1b[31m![x](http://evil.example/p.png)"
    with (
        scripted(tmp_path, _says(hostile), _says(hostile)) as (served, _, _bee),
        TestVoter(served.address) as voter,
    ):
        events = streamed_to(voter, voter.draw()["id"])
    assert text_of(events, "left").startswith("<script>window.hit=1</script>[U+202E]␛[31m")
    html = events[-1][1]["left"]
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html


def test_an_arena_without_a_key_says_so_before_it_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    lines = [
        endpoint_lines(name, "https://host/v1", "m", 'key_env = "NO_SUCH_KEY"\n')
        for name in ("ant", "bee")
    ]
    settings = settings_in(live_toml(tmp_path, *lines))
    prepare(settings)
    import numpy as np

    with pytest.raises(InputError, match="NO_SUCH_KEY is not set"):
        RunningArena(settings, np.random.default_rng(1))


def test_prices_and_limits_of_the_toml_are_checked(tmp_path: Path) -> None:
    toml = live_toml(
        tmp_path,
        endpoint_lines("ant", "http://host/v1", "m", "prices = { input = 1 }\n"),
        endpoint_lines("bee", "http://host/v1", "n", "prices = { input = 1, output = 2 }\n"),
        more='[[prompts]]\nid = "p"\ntext = "t"\n',
    )
    toml.write_text(toml.read_text().replace("total_s = 120", "total_s = -3\nsoon = 1"))
    with pytest.raises(InputError) as caught:
        settings_in(toml)
    said = str(caught.value)
    assert "write { input = 0.25, output = 1.25 }, dollars per million tokens" in said
    assert "`total_s`: -3 is no number from 1 to 3600" in said
    assert "soon" in said


@needs_browser
def test_a_browser_shows_both_answers_and_votes(tmp_path: Path, browser: Any) -> None:
    def slow(text: str) -> Script:
        def script(_: Asked) -> Iterator[Piece]:
            pieces = streamed(*(f"**{text}** {n}\n\n" for n in range(12)))
            yield from pieces[:4]
            yield 0.4
            yield from pieces[4:]

        return script

    with scripted(tmp_path, slow("one"), slow("two")) as (served, _, _bee):
        page = browser.new_page()
        trouble: list[str] = []
        page.on("console", lambda m: trouble.append(m.text))
        page.on("pageerror", lambda e: trouble.append(str(e)))
        page.goto(served.address)
        with page.expect_navigation():
            page.click("form[action='/battles'] button")
        wait_until(page, "document.querySelector('.text.plain')?.textContent.length > 5")
        assert page.locator("#vote button[name=outcome]").first.is_disabled()
        wait_until(page, "!document.querySelector('#vote button[name=outcome]').disabled")
        assert page.locator(".text strong").count() == 24
        page.keyboard.press("1")
        page.wait_for_selector("body[data-state=voted]")
        assert served.arena.store.votes_n() == 1
        page.close()
    assert trouble == []


@needs_browser
def test_a_browser_is_told_of_a_fault(tmp_path: Path, browser: Any) -> None:
    down: Script = lambda _: [http(401, b"{}")]  # noqa: E731
    with scripted(tmp_path, _says("fine"), down) as (served, _, _bee):
        page = browser.new_page()
        page.goto(served.address)
        with page.expect_navigation():
            page.click("form[action='/battles'] button")
        wait_until(page, "!document.querySelector('#trouble').hidden")
        said = page.locator("#trouble").inner_text()
        page.close()
    assert said.startswith(
        "One of the two models is not set up as it should be, and cannot be asked. This battle is "
        "not counted."
    )


def test_answers_that_cannot_be_kept_are_no_answers_and_are_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headtohead.arena.store.store._BUSY_S", 0.2)
    with (
        scripted(tmp_path, _says("a"), _says("b")) as (served, ant, _),
        TestVoter(served.address) as voter,
    ):
        battle = voter.draw()["id"]
        other = sqlite3.connect(served.arena.settings.database, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert streamed_to(voter, battle)[-1][:2] == (
            "failed",
            {"said": "The answers could not be kept."},
        )
        other.execute("ROLLBACK")
        other.close()
        assert voter.http.get(f"/battles/{battle}").json()["state"] == "open"
        assert streamed_to(voter, battle)[-1][0] == "done"
        assert len(ant.asked) == 2


def test_an_entrant_that_fails_again_and_again_is_not_drawn_for_a_while(tmp_path: Path) -> None:
    down = [True]

    def cat(_: Asked) -> Iterator[Piece]:
        yield from [http(401, b"{}")] if down[0] else streamed("cat")

    with ExitStack() as stack:
        scripts = {"ant": _says("ant"), "bee": _says("bee"), "cat": cat}
        entrants = [
            endpoint_lines(name, stack.enter_context(Loopback(script)).base_url, name)
            for name, script in scripts.items()
        ]
        prompts = "".join(f'[[prompts]]\nid = "p{n}"\ntext = "{n}?"\n' for n in range(20))
        served = stack.enter_context(serving(live_toml(tmp_path, *entrants, more=prompts)))
        voter = stack.enter_context(TestVoter(served.address))
        live = served.arena.live
        ends: list[str] = []
        while len(ends) < 60 and "cat" not in live.resting:
            battle = voter.draw()
            ends.append(streamed_to(voter, battle["id"])[-1][0])
            voter.vote(battle)
        assert ends.count("failed") == 3
        (fault, *_) = served.arena.store.rows("SELECT detail FROM log WHERE act = 'battle failed'")
        assert fault["detail"].startswith("cat: ")
        for _ in range(6):
            battle = voter.draw()
            streamed_to(voter, battle["id"])
            known = voter.vote(battle).json()
            assert "cat" not in (known["left"], known["right"])
        # A minute later it is asked again, and once it answers it is as good as any.
        now = live._now_ms()
        live._now_ms = lambda: now + 61_000
        assert live.resting == frozenset()
        down[0] = False
        while "cat" in live._faults:
            battle = voter.draw()
            assert streamed_to(voter, battle["id"])[-1][0] == "done"
            voter.vote(battle)


def test_a_battle_that_failed_may_be_drawn_again(tmp_path: Path) -> None:
    answers: Iterator[list[Piece]] = iter([[http(401, b"{}")], streamed("at last")])
    with (
        scripted(tmp_path, _says("a"), lambda _: next(answers)) as (served, _, _bee),
        TestVoter(served.address) as voter,
    ):
        first = voter.draw()["id"]
        assert streamed_to(voter, first)[-1][0] == "failed"
        second = voter.draw()
        assert second["id"] != first
        assert streamed_to(voter, second["id"])[-1][0] == "done"
        assert voter.vote(second).json()["state"] == "voted"
        assert voter.draw() == {"state": "done"}
