"""The server of the site: addresses, what is kept, what browsers and programs are told."""

import asyncio
import gzip
import re
import signal
import socket
import subprocess
import sys
from typing import Any
from urllib.parse import urljoin

import pytest
from tests.waiting import LONG_S
from tests.web.site_served import Got, Here, Reader, reader

from headtohead.core.errors import InputError
from headtohead.hosting.refused import Refused
from headtohead.web.serving import app as served
from headtohead.web.serving import jobs, keeping

BASE = "http://example.org/"


def moved(target: str) -> str:
    """Where a request is sent on to, from the address it was sent to."""
    got = reader().get(f"/{target}")
    assert got.status == 302, got
    return urljoin(BASE + target, got.headers["location"]).removeprefix(BASE)


def test_a_page_and_its_data_carry_what_keeps_them() -> None:
    got = reader().get("/boards")
    assert got.status == 200
    assert "<h1" in got.text
    assert got.headers["cache-control"] == "public, max-age=300"
    assert got.headers["vary"] == "Accept-Encoding"
    assert "frame-ancestors 'none'" in got.headers["content-security-policy"]
    assert "access-control-allow-origin" not in got.headers
    data = reader().get("/on/2026-03-31/boards.csv")
    assert data.headers["cache-control"] == "public, max-age=604800"
    assert data.headers["access-control-allow-origin"] == "*"


def test_a_server_that_knows_its_address_says_it_and_believes_no_request() -> None:
    forged = {"host": "evil.example", "x-forwarded-host": "evil.example"}
    shown = Reader(per_minute=1000, base="https://example.org/h2h").get("/boards", forged).text
    image = re.search(r'property="og:image" content="([^"]*)"', shown)
    assert image
    assert image[1].startswith("https://example.org/h2h/boards")
    assert image[1].endswith(".png")
    assert 'rel="canonical" href="https://example.org/h2h/boards' in shown
    assert "evil.example" not in shown
    assert "og:image" not in reader().get("/boards", forged).text


def test_whoever_has_a_page_is_not_sent_it_again() -> None:
    tag = reader().get("/boards").headers["etag"]
    for said in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        again = reader().get("/boards", {"if-none-match": said})
        assert (again.status, again.sent) == (304, b"")
        assert "content-length" not in again.headers, "it would be that of the page"
    lines = [(b"if-none-match", tag.encode()), (b"if-none-match", b'"other"')]
    assert asyncio.run(reader().ask("/boards", more=lines)).status == 304
    assert reader().get("/boards", {"if-none-match": '"other"'}).status == 200


def test_a_page_comes_packed_only_to_who_can_open_it() -> None:
    packed = reader().get("/boards", {"accept-encoding": "br, gzip;q=0.5"})
    assert gzip.decompress(packed.sent) == packed.body
    for accepted in ("", "identity", "gzip;q=0", "br"):
        plain = reader().get("/boards", {"accept-encoding": accepted})
        assert "content-encoding" not in plain.headers
        assert plain.sent == packed.body
        assert plain.headers["content-length"] == str(len(plain.sent))


def test_a_head_is_told_what_a_get_would_be() -> None:
    whole, head = reader().get("/boards"), reader().get("/boards", method="HEAD")
    assert head.sent == b""
    assert head.headers == whole.headers


@pytest.mark.parametrize(
    ("asked", "page"),
    [
        ("index", "capability"),
        ("index.html", ""),
        ("boards.html", "boards"),
        ("boards/", "boards"),
        ("boards/webdev", "boards/webdev/full"),
        ("versus/GPT%205/DeepSeek%20V3.2", "versus/gpt-5/deepseek-v3.2"),
        ("on/20260331/boards", "on/2026-03-31/boards"),
        ("boards?as-of=2026-03-31&content=abc", "on/2026-03-31/boards"),
        ("known-by?page=versus/US/CN&day=2026-03-31", "on/2026-03-31/versus/US/CN"),
        ("known-by?page=boards&day=", "boards"),
        ("known-by?page=&day=2026-03-31", "on/2026-03-31/"),
        ("search?q=gpt+5", "search/gpt%205"),
        ("search?q=a/../b.json", "search/a%20..%20b"),
        ("search?q=..", "search"),
        ("versus?a=GPT-5&b=DeepSeek+V3.2", "versus/GPT-5/DeepSeek%20V3.2"),
        ("versus?a=x/../y&b=z.json", "versus/x%20..%20y/z"),
        ("versus?a=GPT-5", "search"),
    ],
)
def test_other_spellings_lead_to_the_one_address_of_a_page(asked: str, page: str) -> None:
    assert moved(asked) == page


@pytest.mark.parametrize(
    ("asked", "leads"),
    [
        ("/models/gtp-5", '<a href="../models/gpt-5">GPT-5</a>'),
        ("/on/2026-03-31/labs/deepsek", '<a href="../../../on/2026-03-31/labs/deepseek">'),
        ("/on/2025-12-15/gap", '<a href="../../gap">What is known today</a>'),
    ],
)
def test_where_there_is_no_page_another_is_one_step_away(asked: str, leads: str) -> None:
    got = reader().get(asked)
    assert got.status == 404
    assert leads in got.text
    assert "as_of" not in got.text


def test_a_page_is_made_once_for_all_who_ask_meanwhile() -> None:
    own = Reader()

    async def together() -> set[bytes]:
        got = await asyncio.gather(*(own.ask("/sources") for _ in range(5)))
        return {one.sent for one in got}

    assert len(asyncio.run(together())) == 1
    assert len(own.beside.jobs) == 1
    own.get("/sources")
    assert len(own.beside.jobs) == 1


def test_pages_that_nobody_asks_for_make_room() -> None:
    own = Reader()
    own.server.pages._most = 10_000
    for path in ("/sources", "/search/gpt", "/sources"):
        own.get(path)
    assert len(own.beside.jobs) == 3 or own.server.pages._bytes <= 10_000
    assert own.server.pages._bytes <= 10_000


def test_who_asks_for_much_that_is_not_finished_waits_and_others_do_not() -> None:
    own = Reader(per_minute=2)
    for n in range(2):
        assert own.get(f"/search/{n}").status == 200
    refused = own.get("/search/3")
    assert refused.status == 429
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.headers["cache-control"] == "no-store"
    assert own.get("/search/1").status == 200, "what is finished is for everybody"
    assert own.get("/search/3", who="192.0.2.2").status == 200
    forged = own.get("/search/4", {"x-forwarded-for": "192.0.2.9"})
    assert forged.status == 429, "who is no proxy of ours is not believed"
    behind = Reader(per_minute=1, proxies=("192.0.2.1",))
    for n in range(3):
        assert behind.get(f"/search/{n}", {"x-forwarded-for": f"198.51.100.{n}"}).status == 200


def test_own_files_are_kept_for_ever_under_the_address_that_pages_name() -> None:
    style = re.search(r'href="(static/style.css[^"]*)"', reader().get("/").text)
    assert style
    got = reader().get(f"/{style[1]}")
    assert got.headers["content-type"] == "text/css; charset=utf-8"
    assert got.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert reader().get("/static/style.css?is=other").headers["cache-control"].endswith("=300")


def test_a_day_ahead_is_not_known_and_not_kept() -> None:
    got = reader().get("/on/2031-01-01/boards")
    assert got.status == 404
    assert "lies ahead" in got.text
    assert got.headers["cache-control"] == "no-store"


def test_the_server_itself_loads_no_evidence() -> None:
    code = (
        "import sys, headtohead.web.serving.app;"
        "print([m for m in ('polars', 'numpy', 'pyarrow', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_only_the_card_may_be_framed() -> None:
    card = reader().get("/embed/versus/US/CN")
    assert card.status == 200
    assert card.headers["content-security-policy"].endswith("frame-ancestors *")
    assert "x-frame-options" not in card.headers
    assert reader().get("/versus/US/CN").headers["x-frame-options"] == "DENY"


def test_the_command_serves_until_it_is_stopped() -> None:
    command = [sys.executable, "-m", "headtohead", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as server:
        assert server.stdout
        said = server.stdout.readline().decode()
        port = int(re.findall(r":(\d+)/", said)[0])
        with socket.create_connection(("127.0.0.1", port), timeout=LONG_S) as line:
            line.sendall(b"GET /robots.txt HTTP/1.1\r\nHost: x\r\n\r\n")
            assert line.recv(100).startswith(b"HTTP/1.1 200")
        with socket.create_connection(("127.0.0.1", port), timeout=LONG_S) as line:
            line.sendall(b"GET /" + b"a" * 70_000)
            assert line.recv(100).startswith(b"HTTP/1.1 400"), "a longer line is not waited for"
        server.send_signal(signal.SIGTERM)
        assert server.wait(LONG_S) == 0
        assert server.stderr
        assert server.stderr.read().decode().rstrip().endswith("Stopped.")


def test_who_waits_long_is_told_so_and_the_page_is_made_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own, own_do = Reader(), Here.do
    monkeypatch.setattr(keeping, "_LONGEST_WAIT_S", 0.05)
    told = asyncio.Event()

    async def slow(beside: Here, *given: Any) -> Any:
        await told.wait()
        return await own_do(beside, *given)

    monkeypatch.setattr(Here, "do", slow)

    async def twice() -> tuple[Got, Got]:
        first = await own.ask("/sources")
        told.set()
        monkeypatch.setattr(keeping, "_LONGEST_WAIT_S", LONG_S)
        return first, await own.ask("/sources")

    first, second = asyncio.run(twice())
    assert (first.status, first.headers["retry-after"]) == (503, "30")
    assert "still being made" in first.text
    assert second.status == 200
    assert len(own.beside.jobs) == 1


def test_first_pages_are_made_again_when_their_process_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own, said, asked = Reader(), list[str](), list[object]()
    monkeypatch.setattr(served, "_SOON_S", 0.0)

    async def ends_at_first(job: object, *given: object) -> Any:
        asked.append(job)
        if len(asked) in (1, 3):
            raise Refused("ended", 503)
        return ["sources"] if job is jobs.first_look else jobs.answered(b"page", "text/html")

    own.beside.do = ends_at_first  # type: ignore[method-assign]

    async def until_warm() -> None:
        making = asyncio.create_task(own.server.keep_warm(lambda: said.append("ready")))
        for _ in range(100):
            await asyncio.sleep(0.001)
        making.cancel()

    asyncio.run(until_warm())
    assert said == ["ready"]
    assert asked == [jobs.first_look] * 2 + [jobs.page, jobs.first_look, jobs.page]


def test_one_address_leaves_room_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    own, own_do = Reader(), Here.do
    monkeypatch.setattr(served, "_MOST_EACH", 2)

    async def slow(beside: Here, *given: Any) -> Any:
        await asyncio.sleep(0.01)
        return await own_do(beside, *given)

    monkeypatch.setattr(Here, "do", slow)

    async def together() -> list[int]:
        asked = [own.ask(f"/search/{n}") for n in range(3)]
        got = await asyncio.gather(*asked, own.ask("/search/other", who="192.0.2.2"))
        return [one.status for one in got]

    assert asyncio.run(together()) == [200, 200, 429, 200]
    assert not own.server._waits_for


def test_who_waits_when_the_server_is_stopped_reads_so(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Reader()

    async def stopped() -> Got:
        asked = asyncio.create_task(own.ask("/sources"))
        await asyncio.sleep(0.01)
        asked.cancel()
        return await asked

    async def slow(*_: object) -> None:
        await asyncio.sleep(1)

    monkeypatch.setattr(Here, "do", slow)
    got = asyncio.run(stopped())
    assert got.status == 503
    assert "being stopped" in got.text


def test_a_limit_that_lets_nobody_in_is_refused() -> None:
    with pytest.raises(InputError, match="1 or more"):
        Reader(per_minute=0)
