"""Attacks on an arena, each of which must fail: forged and broken requests, and hostile texts."""

import json
import logging
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.arena.served import PROMPTS, ServedArena, TestVoter, serving, written
from tests.browser import needs_browser
from tests.waiting import LONG_S

from headtohead.arena.exchange import export
from headtohead.arena.store.store import ArenaStore, Voter
from headtohead.arena.web.admin import admin_token
from headtohead.arena.web.security import Purpose
from headtohead.hosting.security import HEADERS, Limits

MARKUP = '"><script>alert(1)</script><img src=//x.example/x onerror=alert(2)>'
MARKUPS = (
    MARKUP,
    "<svg onload=alert(3)>{{7*7}}${7*7}",
    "</title></textarea></select></bdi><iframe src=javascript:alert(4)>",
    "[a](javascript:alert(5)) ![b](https://x.example/b.png) <https://x.example>",
    "'; DROP TABLE votes; --",
)
CONTROLS = "\x1b[31mred\x1b]8;;http://x.example\x07 \u202egnp.exe\u2066 \u200b\x00"


def _unlimited(served: ServedArena) -> None:
    for name in ("voter_limits", "address_limits", "newcomer_limits"):
        setattr(served.arena, name, Limits(per_minute=1e9, burst=10**9))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedArena]:
    with serving(written(tmp_path_factory.mktemp("hostile"))) as running:
        _unlimited(running)
        yield running


@pytest.fixture
def voter(served: ServedArena) -> Iterator[TestVoter]:
    with TestVoter(served.address) as one:
        yield one


@pytest.fixture
def admin(served: ServedArena) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=served.address, timeout=60) as client:
        client.get(f"/admin/enter/{admin_token(served.arena)}")
        yield client


def raw(served: ServedArena, request: bytes) -> bytes:
    """What the server says to bytes that no client would send."""
    host, _, port = served.address.removeprefix("http://").partition(":")
    said = b""
    # It may hang up before all is sent, or wait for more than there is.
    with socket.create_connection((host, int(port)), timeout=LONG_S) as plain, suppress(OSError):
        plain.sendall(request)
        while piece := plain.recv(65536):
            said += piece
    return said


def _logged(caplog: pytest.LogCaptureFixture) -> str:
    """What a server logs; pytest reads loggers too that are silent."""
    server = (r for r in caplog.records if not r.name.startswith(("http", "uvicorn.access")))
    return "".join(record.getMessage() for record in server)


def form_of(text: str, name: str = "form") -> str:
    return text.partition(f'name="{name}" value="')[2].partition('"')[0]


# Requests that are broken, or of a kind that is not meant


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /battles/\xff\xfe HTTP/1.1",
        b"GET /battles/%ff%00%0a HTTP/1.1",
        b"GET http://evil.example/ HTTP/1.1",
        b"GET //evil.example/ HTTP/1.1",
        b"GET /\\evil.example HTTP/1.1",
        b"TRACE / HTTP/1.1",
        b"CONNECT evil.example:443 HTTP/1.1",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1",
        b"POST /battles HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3",
        b"POST /battles HTTP/1.1\r\nContent-Length: -1",
        b"POST /battles HTTP/1.1\r\nContent-Length: 99999999999999999999",
        b"GET / HTTP/1.1\r\nX-Long: " + b"a" * 200_000,
        b"GET / HTTP/1.1\r\n" + b"\r\n".join(b"X-%d: a" % n for n in range(5000)),
        b"GET / HTTP/1.1\r\nCookie: " + b"h2h_voter=a; " * 1000,
        b"GET / HTTP/9.9",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b",
    ],
)
def test_no_bytes_break_the_server(
    served: ServedArena, request_line: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    host = b"" if b"Host:" in request_line else b"\r\nHost: here"
    said = raw(served, request_line + host + b"\r\nConnection: close\r\n\r\n")
    status = said.partition(b"\r\n")[0].split(b" ")[1:2]
    assert not status or b"200" <= status[0] < b"500", said[:300]
    assert b"Traceback" not in said
    assert b"evil.example" not in said
    assert "A request failed" not in caplog.text
    assert httpx2.get(served.address).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "GET", "BREW"])
@pytest.mark.parametrize("more", [{}, {"x-http-method-override": "POST"}, {"_method": "POST"}])
def test_no_other_method_votes(
    served: ServedArena, voter: TestVoter, method: str, more: dict[str, str]
) -> None:
    battle, before = voter.draw(), served.arena.store.votes_n()
    sent = {"outcome": "left", "token": battle["token"]}
    where = f"/battles/{battle['id']}/vote"
    for path in (where, f"/api/v1{where}", "/admin/void"):
        headers = {k: v for k, v in more.items() if k.startswith("x-")}
        answer = voter.http.request(method, path, params={**sent, **more}, headers=headers)
        assert answer.status_code in (204, 404, 405)
    assert served.arena.store.votes_n() == before


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/static/....//app.py",
        "/static/..%5capp.py",
        "/static/%2fetc/passwd",
        "/static//etc/passwd",
        "/static/arena.js/../../app.py",
        "/static/../../../../../../../../etc/passwd",
        "/static/",
        "/static",
        "/static/arena.js%00.html",
        "/static/" + "a" * 5000,
        "/static/" + "a/" * 2500,
        "/templates/admin.html",
        "/arena.toml",
        "/arena.sqlite",
        "/arena.sqlite.secret",
        "/style.css/../arena.toml",
    ],
)
def test_no_path_reaches_a_file_that_is_not_served(served: ServedArena, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"
    said = raw(served, request.encode())
    assert said.split(b" ", 2)[1] in (b"404", b"400", b"405"), said[:200]
    for secret in (b"import ", b"root:", b"extends", b"SQLite", b"[[entrants]]"):
        assert secret not in said


BODIES: dict[str, tuple[bytes, str]] = {
    "deep JSON": (b'{"form": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "application/json"),
    "deep objects": (b'{"a":' * 40_000 + b"1" + b"}" * 40_000, "application/json"),
    "a long number": (b'{"outcome": ' + b"9" * 200_000 + b"}", "application/json"),
    "one key often": (b"{" + b'"form": "a",' * 20_000 + b'"form": "b"}', "application/json"),
    "half a character": (b'{"token": "\\ud800", "outcome": "left"}', "application/json"),
    "a null": (b'{"token": "\\u0000", "outcome": "left"}', "application/json"),
    "many fields": (b"a=1&" * 20_000, "application/x-www-form-urlencoded"),
    "many semicolons": (b"a=1;" * 20_000, "application/x-www-form-urlencoded"),
    "a broken escape": (b"token=%ED%A0%80&outcome=left%", "application/x-www-form-urlencoded"),
    "not text": (b"token=\xff\xfe\x00", "application/x-www-form-urlencoded"),
    "parts": (b"--x\r\n\r\n", "multipart/form-data; boundary=x"),
    "no kind": (b"token=x", ""),
    "XML": (b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", "text/xml"),
    "pickle": (b"\x80\x04.", "application/x-msgpack"),
    "too long": (b"a" * 300_000, "application/json"),
}


@pytest.mark.parametrize("name", BODIES)
def test_no_body_breaks_a_route(served: ServedArena, voter: TestVoter, name: str) -> None:
    body, kind = BODIES[name]
    battle = voter.draw()
    token = voter.http.post("/api/v1/voters").json()["token"]
    headers = {"content-type": kind, "authorization": f"Bearer {token}"} if kind else {}
    places = ("/battles", "/battles/{}/vote", "/battles/{}/turns", "/admin/void", "/admin/x")
    for place in (*places, "/api/v1/battles", "/api/v1/battles/{}/vote"):
        api = place.startswith("/api/")
        plain = {k: v for k, v in headers.items() if api or k == "content-type"}
        answer = voter.http.post(place.format(battle["id"]), content=body, headers=plain)
        assert 400 <= answer.status_code < 500, (place, answer.text[:300])
        assert answer.json()["error"].endswith(".")
        assert "passwd" not in answer.text
    assert voter.vote(battle).status_code == 200


def test_a_body_without_an_end_is_cut(served: ServedArena) -> None:
    chunk = b"10000\r\n" + b"a" * 65536 + b"\r\n"
    head = b"POST /battles HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n"
    head += b"Content-Type: application/json\r\nConnection: close\r\n\r\n"
    said = raw(served, head + chunk * 50)
    assert not said or said.split(b" ", 2)[1] in (b"403", b"413")
    assert httpx2.get(served.address).status_code == 200


# Tokens, forms, cookies and links that are forged, another's, or used again


def test_no_token_passes_for_another(served: ServedArena, voter: TestVoter) -> None:
    arena, battle = served.arena, voter.draw()
    mine = served.arena.store.battle(battle["id"])
    assert mine
    good, id = battle["token"], mine.voter
    wrong = [good[:-1], good.upper(), f" {good}", f"{good} ", good + "0", good[::-1], "\u00e9" * 40]
    wrong += [arena.tokens.signature("form", id), arena.tokens.signature("vote", id, battle["id"])]
    wrong += [arena.tokens.signature("vote", battle["id"] + id), arena.tokens.signed("vote", id)]
    for token in wrong:
        if token != good:
            assert voter.vote({**battle, "token": token}).status_code == 403, token
    purposes: tuple[Purpose, ...] = ("link", "vote", "form", "admin", "header", "voter")
    for purpose in purposes[:-1]:
        forged = f"{arena.tokens.cookie('voter')}={arena.tokens.signed(purpose, id)}"
        answer = httpx2.get(
            f"{served.address}/battles/{battle['id']}",
            headers={"cookie": forged, "accept": "application/json"},
        )
        assert answer.status_code == 403
    for purpose in purposes:
        answer = httpx2.get(f"{served.address}/join/{arena.tokens.signed(purpose, id + 'x')}")
        assert answer.status_code == 403
        answer = httpx2.get(f"{served.address}/admin/enter/{arena.tokens.signed(purpose, id)}")
        assert answer.status_code == 403
    assert arena.store.votes_n(id) == 0


def test_another_voter_s_form_and_battle_are_of_no_use(
    served: ServedArena, voter: TestVoter
) -> None:
    with TestVoter(served.address) as other:
        battle = other.draw()
        assert voter.http.post("/battles", data={"form": other.form}).status_code == 403
        assert voter.vote(battle).status_code == 403
        assert voter.http.get(f"/battles/{battle['id']}/stream").status_code == 404
        asked = {"token": battle["token"], "question": "And then?"}
        answer = voter.http.post(f"/battles/{battle['id']}/turns", data=asked)
        assert answer.status_code in (403, 404)
        token = voter.http.post("/api/v1/voters").json()["token"]
        bearer = {"authorization": f"Bearer {token}"}
        rest = f"/api/v1/battles/{battle['id']}"
        assert voter.http.get(rest, headers=bearer).status_code == 404
        sent = {"outcome": "left"}
        assert voter.http.post(f"{rest}/vote", json=sent, headers=bearer).status_code == 404
        assert other.vote(battle, "tie").status_code == 200


def test_a_secret_of_another_arena_opens_nothing(tmp_path: Path, served: ServedArena) -> None:
    with serving(written(tmp_path)) as elsewhere:
        stolen = admin_token(elsewhere.arena)
        names = [one.arena.tokens.cookie("admin") for one in (served, elsewhere)]
        cookie = {"cookie": "; ".join(f"{name}={stolen}" for name in names)}
        assert httpx2.get(f"{served.address}/admin", headers=cookie).status_code == 403
        assert (
            httpx2.get(f"{elsewhere.address}/admin", headers=cookie, timeout=60).status_code == 200
        )


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "nonsense"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": "HERE"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ""}, 403),
        ({"origin": "HERE.evil.example"}, 403),
        ({"origin": "http://evil.example", "host": "evil.example:1"}, 403),
        ({"origin": "HERE"}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        # A proxy that passes its own name on as host: the browser's word stands.
        ({"sec-fetch-site": "same-origin", "origin": "https://arena.example"}, 200),
        ({}, 200),
    ],
)
def test_no_other_site_makes_a_browser_vote(
    served: ServedArena, voter: TestVoter, headers: dict[str, str], status: int
) -> None:
    battle = voter.draw()
    sent = {"outcome": "left", "token": battle["token"]}
    headers = {name: value.replace("HERE", served.address) for name, value in headers.items()}
    answer = voter.http.post(f"/battles/{battle['id']}/vote", data=sent, headers=headers)
    assert answer.status_code == status


def test_no_host_is_believed(served: ServedArena, voter: TestVoter) -> None:
    for headers in ({"host": "evil.example"}, {"x-forwarded-host": "evil.example"}):
        page = voter.http.get("/", headers={**headers, "accept": "text/html"})
        assert "evil.example" not in page.text + str(page.headers)
        form = {"form": voter.form}
        drawn = voter.http.post("/battles", data=form, headers={**headers, "accept": "text/html"})
        assert drawn.headers["location"].startswith("/battles/")
    for path in ("//evil.example", "/%2f%2fevil.example", "/battles/", "/board/", "/admin/"):
        answer = voter.http.get(path, headers={"accept": "text/html"})
        assert "location" not in answer.headers


HOSTILE_IDS = (
    "' OR '1'='1",
    '" OR 1=1 --',
    "x' UNION SELECT value FROM arena --",
    "%",
    "_",
    "*",
    "\x00",
    "../../x",
    "a" * 5000,
    CONTROLS,
)


@pytest.mark.parametrize("id", HOSTILE_IDS)
def test_no_id_or_category_is_read_as_sql(
    served: ServedArena, voter: TestVoter, admin: httpx2.Client, id: str
) -> None:
    import urllib.parse

    before = dict.fromkeys(("votes", "battles", "entrants", "voids"), 0)
    for table in before:
        before[table] = served.arena.store.rows(f"SELECT COUNT(*) FROM {table}")[0][0]
    quoted = urllib.parse.quote(id, safe="")
    for path in (f"/battles/{quoted}", f"/battles/{quoted}/stream", f"/join/{quoted}"):
        assert voter.http.get(path).status_code in (403, 404)
    for name in ("category", "group", "until"):
        answer = voter.http.get("/board", params={name: id})
        assert answer.status_code in (400, 404), name
        assert "SELECT" not in answer.text.replace(id, "")
    drawn = voter.http.post("/battles", data={"form": voter.form, "category": id})
    assert drawn.status_code in (200, 404)
    form = form_of(admin.get("/admin").text)
    for what in ("retire", "drop-prompt", "void", "bring-back"):
        sent = {"form": form, "which": id, "reason": "x"}
        assert admin.post(f"/admin/{what}", data=sent).status_code in (404, 409)
    for table, n in before.items():
        assert served.arena.store.rows(f"SELECT COUNT(*) FROM {table}")[0][0] == n


# Who is named by a proxy


def _header_door(folder: Path, proxies: str) -> Path:
    rules = f'[voters]\ndoor = "header"\nheader = "X-Forwarded-User"\nproxies = {proxies}\n'
    return written(folder, more=rules)


@pytest.mark.parametrize(
    "more",
    [
        {"x-forwarded-for": "10.0.0.1"},
        {"x-forwarded-for": "10.0.0.1, 10.0.0.1"},
        {"x-real-ip": "10.0.0.1"},
        {"forwarded": "for=10.0.0.1"},
        {"cookie": "h2h_voter=ann"},
        {"authorization": "Bearer ann"},
    ],
)
def test_nobody_but_the_proxy_names_a_voter(
    tmp_path: Path, more: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    with serving(_header_door(tmp_path, '["10.0.0.1"]')) as served:
        name = served.arena.tokens.cookie("voter")
        said = {word: value.replace("h2h_voter", name) for word, value in more.items()}
        headers = {"x-forwarded-user": "ann", **said}
        assert httpx2.get(served.address, headers=headers).status_code == 403
        assert served.arena.store.rows("SELECT * FROM voters") == []


def test_behind_a_proxy_voters_are_named_once_and_counted_by_their_own_address(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(_header_door(tmp_path, '["127.0.0.1"]')) as served:
        twice = [("x-forwarded-user", "ann"), ("x-forwarded-user", "bob")]
        assert httpx2.get(served.address, headers=twice).status_code == 403
        served.arena.address_limits = Limits(per_minute=0.01, burst=2)
        far = {"x-forwarded-user": "ann", "x-forwarded-for": "198.51.100.1, 203.0.113.77"}
        other = {**far, "x-forwarded-for": "203.0.113.77, 198.51.100.1"}
        said = [httpx2.get(served.address, headers=far) for _ in range(3)]
        assert [answer.status_code for answer in said] == [200, 200, 429]
        with TestVoter(served.address, other) as ann:
            assert ann.draw()["state"] == "open"
        pages = "".join(answer.text + str(answer.headers) for answer in said)
        files = b"".join(p.read_bytes() for p in tmp_path.glob("arena.sqlite*"))
        assert b"ann" in files
        for address in ("203.0.113.77", "198.51.100.1"):
            assert address not in pages + _logged(caplog)
            assert address.encode() not in files


def test_cookies_go_by_https_where_the_proxy_says_that_the_browser_does(tmp_path: Path) -> None:
    for proxies, secure in (('["127.0.0.1"]', True), ('["10.0.0.1"]', False)):
        toml = written(tmp_path, more=f"[voters]\nproxies = {proxies}\n")
        with serving(toml) as served:
            for path in ("", f"/admin/enter/{admin_token(served.arena)}"):
                answer = httpx2.get(
                    f"{served.address}{path}", headers={"x-forwarded-proto": "https"}
                )
                assert ("secure" in answer.headers["set-cookie"].lower()) == secure


def test_a_password_that_a_proxy_asks_for_does_not_hide_the_voter(voter: TestVoter) -> None:
    voter.http.headers["authorization"] = "Basic YW5uOnB3"
    assert voter.vote(voter.draw()).status_code == 200


# What every answer carries, and what none holds


def test_every_answer_carries_the_policy(
    served: ServedArena, voter: TestVoter, monkeypatch: pytest.MonkeyPatch
) -> None:
    battle = voter.draw()
    broken = served.arena.deck

    def ask(method: str, path: str, **more: Any) -> httpx2.Response:
        return voter.http.request(method, path, **more)

    answers = [
        ask("GET", path)
        for path in (
            *("/", "/board", "/board.json", "/board.csv", "/board/votes-now", "/none", "/admin"),
            *("/style.css", "/static/arena.js", "/static/none.js", "/static/", "/join/x"),
            *("/schema", "/schema/openapi.json", "/api/v1/arena", "/api/v1/none", "/admin/enter/x"),
            *(f"/battles/{battle['id']}", f"/battles/{battle['id']}/stream", "/battles"),
        )
    ]
    answers += [ask(method, "/") for method in ("HEAD", "OPTIONS", "PUT")]
    answers += [ask("HEAD", "/static/arena.js"), ask("POST", "/battles", content=b"x" * 300_000)]
    answers.append(ask("POST", "/battles", data={"form": "x"}))
    last = ask("GET", "/static/arena.js").headers
    answers.append(ask("GET", "/static/arena.js", headers={"if-none-match": last["etag"]}))
    monkeypatch.setattr(served.arena, "deck", None)
    answers.append(ask("GET", "/api/v1/arena"))
    monkeypatch.setattr(served.arena, "deck", broken)
    assert answers[-1].status_code == 500
    assert answers[-1].json()["error"].startswith("Something went wrong here.")
    for answer in answers:
        for name, value in HEADERS.items():
            if name != "Cache-Control":
                assert answer.headers[name] == value, (answer.url, name)
    report = ask("GET", "/board/report")
    assert (
        "frame-ancestors" in report.headers["content-security-policy"] or report.status_code > 400
    )


def test_no_secret_stands_in_any_answer_log_or_export(
    served: ServedArena,
    voter: TestVoter,
    admin: httpx2.Client,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    caplog.set_level(logging.DEBUG)
    voter.vote(voter.draw(), reasons="because")
    database = served.arena.settings.database
    secret = database.with_name(f"{database.name}.secret").read_text()
    said = "".join(
        admin.get(path).text
        for path in ("/admin", "/board", "/board.json", "/board.csv", "/schema/openapi.json", "/")
    )
    said += voter.http.get("/battles/x").text + voter.http.get("/none").text
    said += _logged(caplog)
    store = ArenaStore(database)
    export(store, "lmarena", tmp_path / "out.jsonl", texts=True)
    export(store, "csv", tmp_path / "out.csv")
    ids = [row["id"] for row in store.rows("SELECT id FROM voters")]
    store.close()
    exported = "".join(p.read_text() for p in tmp_path.iterdir())
    for hidden in (secret, str(database.parent), "127.0.0.1", admin_token(served.arena)):
        assert hidden not in said + exported
    assert not any(id in exported for id in ids)
    assert "because" not in exported


# Hostile texts in a real browser


def _hostile_toml(folder: Path) -> Path:
    names = [f"{text}{n}" for n, text in enumerate(MARKUPS[:3])]
    parts = [f"title = {json.dumps(MARKUP)}", f"categories = [{json.dumps(MARKUPS[1])}]"]
    parts.append(f"compare = [[{json.dumps(names[0])}, {json.dumps(names[1])}]]")
    for n, name in enumerate(names):
        rows = [
            {
                "id": f"{id}{MARKUPS[4]}",
                "prompt": f"{' '.join(MARKUPS)} {CONTROLS} {text}",
                "category": MARKUPS[1],
                "answer": f"{n} {MARKUPS[k]}\n\n{' '.join(MARKUPS)} {CONTROLS}",
            }
            for k, (id, (text, _)) in enumerate(PROMPTS.items())
        ]
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{n}.jsonl").write_text(lines, encoding="utf-8")
        parts.append(f"[[entrants]]\nname = {json.dumps(name)}\nanswers = '{n}.jsonl'\n")
    toml = folder / "arena.toml"
    toml.write_text("\n".join(parts), encoding="utf-8")
    return toml


FOREIGN = """() => {
  const wrong = [];
  for (const node of document.querySelectorAll("*")) {
    if (["IMG", "IFRAME", "OBJECT", "BASE"].includes(node.tagName)) wrong.push(node.outerHTML);
    if (node.tagName === "SCRIPT" && !node.getAttribute("src")?.startsWith("/static/arena.js"))
      wrong.push(node.outerHTML);
    for (const { name, value } of node.attributes) {
      if (name.startsWith("on") || /^\\s*javascript:/i.test(value)) wrong.push(node.outerHTML);
    }
  }
  return wrong;
}"""


@needs_browser
def test_no_hostile_text_does_anything_on_any_page(tmp_path: Path, browser: Any) -> None:
    with serving(_hostile_toml(tmp_path)) as served:
        _unlimited(served)
        context = browser.new_context(base_url=served.address)
        page, trouble, asked = context.new_page(), [], []
        page.on("console", lambda m: trouble.append(f"{m.type}: {m.text}"))
        page.on("pageerror", lambda e: trouble.append(f"error: {e}"))
        page.on("dialog", lambda d: (trouble.append(f"dialog: {d.message}"), d.dismiss()))
        page.on("request", lambda r: asked.append(r.url))

        def look() -> str:
            assert page.evaluate(FOREIGN) == []
            found: str = page.content()
            return found

        page.goto("/")
        look()
        for n in range(4):
            page.click("button.main" if n == 0 else ".next button")
            page.wait_for_selector("#vote")
            said = look()
            assert "\x1b" not in said
            assert "\u202e" not in said.replace("&#x202e;", "\u202e")
            page.keyboard.press(str(n + 1))
            page.wait_for_selector(".next")
            look()
        with TestVoter(served.address) as other:
            for _ in range(5):
                other.vote(other.draw(), "left", reasons=MARKUP + CONTROLS)
        name = Voter(id="v-name", name=MARKUP)
        served.arena.writer.submit(lambda store: store.add_voter(name, 1)).result()
        battle = served.arena.store.rows("SELECT battle FROM votes")[0][0]
        for path in (
            "/board",
            f"/board?category={MARKUP}",
            f"/board?until={MARKUP}",
            f"/board?group={MARKUP}",
            "/board?group=lab&style=1&mine=1",
            f"/{MARKUP}",
            f"/join/{MARKUP}",
            f"/battles/{MARKUP}",
            f"/admin/enter/{admin_token(served.arena)}",
        ):
            page.goto(path)
            look()
        form = page.locator("form:has([name=reason])").first
        form.locator("[name=reason]").fill(MARKUP + "\u202e")
        form.locator("button").click()
        page.wait_for_load_state()
        look()
        assert served.arena.store.rows("SELECT reason FROM voids")
        assert battle
        page.goto("/admin")
        look()
        context.close()
    assert [said for said in trouble if "Failed to load resource" not in said] == []
    assert all(url.startswith(served.address) for url in asked)
    assert served.arena


def test_an_entrant_that_is_retired_while_its_answers_are_read_takes_the_vote(
    tmp_path: Path,
) -> None:
    with serving(written(tmp_path)) as served, TestVoter(served.address) as voter:
        battle = voter.draw()
        with httpx2.Client(base_url=served.address, follow_redirects=True, timeout=60) as admin:
            page = admin.get(f"/admin/enter/{admin_token(served.arena)}").text
            for which in ("ant", "bee", "cat"):
                admin.post("/admin/retire", data={"form": form_of(page), "which": which})
        assert voter.vote(battle).status_code == 200
        assert served.arena.store.votes_n() == 1
        with TestVoter(served.address) as other:
            assert other.draw() == {"state": "done"}
        assert httpx2.get(f"{served.address}/board", timeout=60).status_code == 200
