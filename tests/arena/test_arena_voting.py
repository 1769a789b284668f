"""Voting on recorded answers, against a real server: what counts, and what is refused."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import numpy as np
import pytest
from tests.arena.served import PROMPTS, ServedArena, TestVoter, names_in, serving, written
from tests.waiting import LONG_S

from headtohead.arena.pairing import draw
from headtohead.arena.store.store import ArenaStore
from headtohead.hosting.security import Limits


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedArena]:
    with serving(written(tmp_path)) as running:
        yield running


@pytest.fixture
def voter(served: ServedArena) -> Iterator[TestVoter]:
    with TestVoter(served.address) as one:
        yield one


def test_names_are_shown_only_after_the_vote(voter: TestVoter) -> None:
    battle = voter.draw()
    assert set(battle) & {"left", "right", "outcome"} == set()
    page = voter.http.get(f"/battles/{battle['id']}", headers={"accept": "text/html"}).text
    assert names_in(page) == []
    voted = voter.vote(battle, "right").json()
    assert {voted["left"], voted["right"]} < {"ant", "bee", "cat"}
    page = voter.http.get(f"/battles/{battle['id']}", headers={"accept": "text/html"}).text
    assert {*names_in(page)} == {voted["left"], voted["right"]}
    assert voted["turns"][0]["left"] == f"{voted['left'][::-1]} on {_prompt(voted)}"
    assert voted["turns"][0]["right"] == f"{voted['right'][::-1]} on {_prompt(voted)}"
    assert voted["outcome"] == "right"
    assert "token" not in voted


def _prompt(battle: dict) -> str:  # type: ignore[type-arg]
    question = battle["turns"][0]["question"]
    return next(id for id, (text, _) in PROMPTS.items() if text == question)


def test_the_plain_forms_lead_from_the_first_page_to_the_names(served: ServedArena) -> None:
    with httpx2.Client(base_url=served.address, follow_redirects=True) as browser:
        begin = browser.get("/")
        form = begin.text.partition('name="form" value="')[2].partition('"')[0]
        battle = browser.post("/battles", data={"form": form})
        assert battle.status_code == 200
        assert battle.url.path.startswith("/battles/")
        token = battle.text.partition('name="token" value="')[2].partition('"')[0]
        sent = {"token": token, "outcome": "both_bad"}
        voted = browser.post(f"{battle.url.path}/vote", data=sent)
        assert "You said: <strong>Both are bad</strong>" in voted.text
    rows = served.arena.store.rows("SELECT * FROM counted_votes")
    assert [row["winner"] for row in rows] == ["tie (bothbad)"]


def test_a_voter_sees_each_pair_on_each_prompt_once(served: ServedArena, voter: TestVoter) -> None:
    seen = set()
    for _ in range(9):
        voted = voter.vote(voter.draw()).json()
        seen.add((_prompt(voted), *sorted((voted["left"], voted["right"]))))
    assert len(seen) == 9  # 3 pairs on 3 prompts
    assert voter.draw() == {"state": "done"}
    assert served.arena.store.votes_n() == 9


def test_a_category_is_drawn_from_alone(voter: TestVoter) -> None:
    for _ in range(3):
        assert _prompt(voter.vote(voter.draw(category="writing")).json()) == "p2"
    assert voter.draw(category="writing") == {"state": "done"}
    assert voter.draw()["category"] == "facts"


def test_an_open_battle_is_shown_again_instead_of_another(voter: TestVoter) -> None:
    assert voter.draw()["id"] == voter.draw()["id"]


def test_sides_and_pairs_are_drawn_alike_and_the_probability_is_kept(tmp_path: Path) -> None:
    toml = written(tmp_path)
    with serving(toml) as served:
        for n in range(40):
            with TestVoter(served.address) as one:
                one.vote(one.draw(), ("left", "right")[n % 2])
        rows = served.arena.store.rows("SELECT * FROM battles")
        chances, names = served.arena.chances.of(), served.arena.chances.names
    assert 10 < sum(row["left_entrant"] < row["right_entrant"] for row in rows) < 30
    pairs = {(row["left_entrant"], row["right_entrant"]): row["pair_probability"] for row in rows}
    assert len({frozenset(pair) for pair in pairs}) == 3
    assert sum(chances[i, j] for i in range(3) for j in range(i)) == pytest.approx(1)
    last = rows[-1]
    now = chances[names.index(last["left_entrant"]), names.index(last["right_entrant"])]
    assert last["pair_probability"] == pytest.approx(now, rel=0.5)


def test_a_pair_is_drawn_as_often_as_its_kept_probability_says(tmp_path: Path) -> None:
    with serving(written(tmp_path)) as served:
        with TestVoter(served.address) as one:
            for outcome in ("left", "tie", "right", "left"):
                one.vote(one.draw(), outcome)
        arena = served.arena
        chances = arena.chances.of()
        rng = np.random.default_rng(5)
        wanted = arena.chances.mask([("ant", "bee"), ("bee", "cat")])
        drawn = [draw(chances, rng, wanted=wanted) for _ in range(2000)]
        pairs = Counter(frozenset(found[:2]) for found in drawn)
        said = {frozenset(found[:2]): found[2] for found in drawn}
    assert len(said) == 2
    for pair, probability in said.items():
        assert pairs[pair] / 2000 == pytest.approx(probability, abs=0.04)


def test_a_replayed_vote_is_refused(served: ServedArena, voter: TestVoter) -> None:
    battle = voter.draw()
    assert voter.vote(battle).status_code == 200
    again = voter.vote(battle, "right")
    assert again.status_code == 409
    assert again.json()["error"] == "You have voted on this battle already."
    assert served.arena.store.votes_n() == 1


def test_a_forged_or_foreign_token_is_refused(served: ServedArena, voter: TestVoter) -> None:
    battle = voter.draw()
    for token in ("", "0" * 40, voter.form, "é"):
        assert voter.vote({**battle, "token": token}).status_code == 403
    with TestVoter(served.address) as other:
        theirs = other.draw()
        # Another's battle, with its own token or with mine.
        assert voter.vote(theirs).status_code == 403
        assert voter.vote({**theirs, "token": battle["token"]}).status_code == 403
        assert voter.http.get(f"/battles/{theirs['id']}").status_code == 404
    assert served.arena.store.votes_n() == 0


def test_a_forged_cookie_opens_nothing(served: ServedArena, voter: TestVoter) -> None:
    battle = voter.draw()
    owner = served.arena.store.rows("SELECT voter FROM battles")[0]["voter"]
    name = served.arena.tokens.cookie("voter")
    for cookie in (owner, f"{owner}.", f"{owner}.{'0' * 40}", f".{'0' * 40}"):
        headers = {"cookie": f"{name}={cookie}", "accept": "application/json"}
        answer = httpx2.get(f"{served.address}/battles/{battle['id']}", headers=headers)
        assert answer.status_code == 403


def test_a_request_of_another_site_is_refused(voter: TestVoter) -> None:
    battle = voter.draw()
    for headers in ({"origin": "https://elsewhere.example"}, {"sec-fetch-site": "cross-site"}):
        sent = {"outcome": "left", "token": battle["token"]}
        answer = voter.http.post(f"/battles/{battle['id']}/vote", data=sent, headers=headers)
        assert answer.status_code == 403
    assert voter.http.post("/battles", data={"form": ""}).status_code == 403
    assert voter.http.post("/battles", data={"form": "0" * 40}).status_code == 403


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[1]", "application/json", 400),
        (b'{"outcome": 3}', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"x", "text/plain", 415),
        (b"outcome=left" * 100_000, "application/x-www-form-urlencoded", 413),
    ],
)
def test_a_request_that_cannot_be_read_gets_a_sentence(
    voter: TestVoter, body: bytes, kind: str, status: int
) -> None:
    battle = voter.draw()
    where = f"/battles/{battle['id']}/vote"
    answer = voter.http.post(where, content=body, headers={"content-type": kind})
    assert answer.status_code == status
    assert answer.json()["error"].endswith(".")
    assert voter.vote(battle).status_code == 200


def test_every_answer_forbids_the_browser_the_rest(voter: TestVoter) -> None:
    for path in ("/", "/nothing", "/static/arena.js", "/battles/unknown"):
        headers = voter.http.get(path, headers={"accept": "text/html"}).headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["x-content-type-options"] == "nosniff"
        assert "server" not in headers
    cookie = httpx2.get(voter.http.base_url).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_hostile_text_reaches_no_page_as_markup(tmp_path: Path) -> None:
    toml = written(tmp_path)
    for name in ("ant", "bee", "cat"):
        path = tmp_path / f"{name}.jsonl"
        text = path.read_text().replace(" on p", "<script>alert(1)</script><img src=x> on p")
        path.write_text(text.replace("capital", "<b>capital</b>"))
    with serving(toml) as served, TestVoter(served.address) as voter:
        for _ in range(9):
            battle = voter.draw()
            page = voter.http.get(f"/battles/{battle['id']}", headers={"accept": "text/html"}).text
            assert "<script>alert" not in page
            assert "<img" not in page
            assert "<b>" not in page
            voter.vote(battle)


def test_who_asks_too_often_is_told_to_wait(served: ServedArena, voter: TestVoter) -> None:
    served.arena.voter_limits = Limits(per_minute=0.01, burst=80)  # fills up on no machine
    answers = [voter.http.get("/battles/unknown") for _ in range(120)]
    slow = [answer for answer in answers if answer.status_code == 429]
    assert slow
    assert "Wait" in slow[0].json()["error"]
    assert int(slow[0].headers["retry-after"]) >= 1
    with TestVoter(served.address) as other:
        assert other.draw()["state"] == "open"


def test_a_single_sign_on_names_the_voter_and_only_its_proxy_is_believed(tmp_path: Path) -> None:
    rules = '[voters]\ndoor = "header"\nheader = "X-User"\n'
    with serving(written(tmp_path, more=rules)) as served:
        assert "single sign-on" in httpx2.get(served.address).text
        for _ in range(2):
            with TestVoter(served.address, {"X-User": "ann@team.example"}) as ann:
                assert "set-cookie" not in ann.http.get("/").headers
                assert ann.vote(ann.draw()).status_code == 200
        rows = served.arena.store.rows("SELECT name, door FROM voters")
        assert [tuple(row) for row in rows] == [("ann@team.example", "header")]
    elsewhere = rules + 'proxies = ["10.0.0.1"]\n'
    with serving(written(tmp_path, more=elsewhere)) as served:
        assert httpx2.get(served.address, headers={"X-User": "ann"}).status_code == 403


def test_a_voter_is_told_what_is_kept_of_them(tmp_path: Path) -> None:
    with serving(written(tmp_path)) as served:
        assert "No name and no address." in httpx2.get(served.address).text
    with serving(
        written(tmp_path, more='[voters]\ndoor = "header"\nheader = "X-User"\n')
    ) as served:
        page = httpx2.get(served.address, headers={"X-User": "ann"}).text
        assert "your name, as the single sign-on has it" in page
        assert "No name" not in page


def test_two_arenas_on_one_host_know_their_own_voters(tmp_path: Path) -> None:
    """A browser has one cookie of a name for all ports of a host."""
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    with (
        serving(written(tmp_path / "one")) as one,
        serving(written(tmp_path / "other")) as other,
        httpx2.Client(headers={"accept": "application/json"}) as browser,
    ):
        for served in (one, other, one):
            page = browser.get(served.address, headers={"accept": "text/html"}).text
            form = page.partition('name="form" value="')[2].partition('"')[0]
            drawn = browser.post(f"{served.address}/battles", data={"form": form}).json()
            sent = {"outcome": "left", "token": drawn["token"]}
            voted = browser.post(f"{served.address}/battles/{drawn['id']}/vote", data=sent)
            assert voted.status_code == 200
        for served, votes in ((one, 2), (other, 1)):
            voters = served.arena.store.rows("SELECT DISTINCT voter FROM counted_votes")
            assert (len(voters), served.arena.store.votes_n()) == (1, votes)


def test_a_voter_of_an_open_arena_is_none_of_a_closed_one(tmp_path: Path) -> None:
    with serving(written(tmp_path)) as served, TestVoter(served.address) as voter:
        voter.vote(voter.draw())
        cookie = voter.cookie
    with serving(written(tmp_path, more='[voters]\ndoor = "link"\n')) as served:
        assert httpx2.get(served.address, headers=cookie).status_code == 403


def test_a_proxy_that_is_believed_says_who_asks_and_how(tmp_path: Path) -> None:
    """As nginx does: the host is that of the upstream, what the browser said is forwarded."""
    forwarded = {
        "x-forwarded-for": "9.9.9.9, 203.0.113.7",
        "x-forwarded-proto": "https",
        "x-forwarded-host": "arena.example.org",
    }
    origin = {"origin": "https://arena.example.org"}
    with serving(written(tmp_path)) as served:
        served.arena.newcomer_limits = Limits(per_minute=0.01, burst=1)
        answer = httpx2.get(served.address, headers=forwarded)
        assert "Secure" in answer.headers["set-cookie"]
        with TestVoter(served.address, {**forwarded, **origin}) as voter:
            voter.http.headers.update(voter.cookie)
            assert voter.draw()["state"] == "open"
        # One newcomer of this address is let in for now, whatever is written further left.
        again = {**forwarded, **origin, "x-forwarded-for": "8.8.8.8, 203.0.113.7"}
        with TestVoter(served.address, again) as voter:
            voter.http.headers.update(voter.cookie)
            assert voter.draw()["status"] == 429
        elsewhere = {**again, "x-forwarded-for": "203.0.113.8"}
        with TestVoter(served.address, elsewhere) as voter:
            voter.http.headers.update(voter.cookie)
            assert voter.draw()["state"] == "open"
    other = written(tmp_path, more='[voters]\nproxies = ["10.0.0.1"]\n')
    with serving(other) as served:
        assert "Secure" not in httpx2.get(served.address, headers=forwarded).headers["set-cookie"]
        with TestVoter(served.address, {**forwarded, **origin}) as voter:
            assert voter.draw()["status"] == 403


def test_a_full_disk_is_said_to_the_voter_and_the_server_lives(served: ServedArena) -> None:
    def room(more: int) -> None:
        def limit(store: ArenaStore) -> None:
            (pages,) = store.rows("PRAGMA page_count")[0]
            store.rows(f"PRAGMA max_page_count = {pages + more}")

        served.arena.writer.submit(limit).result(timeout=LONG_S)

    room(0)
    full = None
    for _ in range(100):
        with TestVoter(served.address) as one:
            drawn = one.draw()
            answer = one.vote(drawn, reasons="x" * 500) if "token" in drawn else None
        if answer is None or answer.status_code != 200:
            full = drawn if answer is None else answer.json()
            break
    assert full == {
        "error": "The vote cannot be kept at the moment, so nothing was counted. Try again.",
        "status": 503,
    }
    votes = served.arena.store.votes_n()
    room(10_000)
    with TestVoter(served.address) as one:
        assert one.vote(one.draw()).status_code == 200
    assert served.arena.store.votes_n() == votes + 1


def test_of_many_requests_at_once_one_draws_and_one_votes(
    served: ServedArena, voter: TestVoter
) -> None:
    cookie = voter.cookie
    headers = {**cookie, "accept": "application/json"}

    def post(path: str, sent: dict[str, str]) -> httpx2.Response:
        return httpx2.post(f"{served.address}{path}", data=sent, headers=headers)

    with ThreadPoolExecutor(20) as pool:
        drawn = list(pool.map(lambda _: post("/battles", {"form": voter.form}), range(20)))
        battles = {answer.json()["id"]: answer.json()["token"] for answer in drawn}
        assert len(battles) == 1
        ((battle, token),) = battles.items()
        sent = [{"token": token, "outcome": ("left", "right")[n % 2]} for n in range(20)]
        voted = list(pool.map(lambda one: post(f"/battles/{battle}/vote", one), sent))
    assert sorted(answer.status_code for answer in voted) == [200, *[409] * 19]
    assert served.arena.store.votes_n() == 1
