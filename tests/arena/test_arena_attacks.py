"""Requests that nobody honest sends: each gets a sentence, none breaks the server."""

import http.client
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from tests.arena.served import ServedArena, TestVoter, serving, written
from tests.waiting import LONG_S

_TYPES = ("application/json", "application/x-www-form-urlencoded")


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedArena]:
    with serving(written(tmp_path_factory.mktemp("attacked"))) as running:
        yield running


def _raw(
    served: ServedArena, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, str]:
    """Status and text of the answer to a request whose path nobody tidies."""
    connection = http.client.HTTPConnection(urlsplit(served.address).netloc, timeout=LONG_S)
    connection.putrequest(method, path, skip_host=False)
    for name, value in {**headers, "content-length": str(len(body))}.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders(body)
    answer = connection.getresponse()
    text = answer.read().decode(errors="replace")
    connection.close()
    return answer.status, text


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2f..%2fsettings.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/....//....//etc/passwd",
        "/static/arena.css/../../app.py",
        "/static/..\\app.py",
        "/static/%00",
        "/battles/%00/../../x",
        "/join/../../../etc/passwd",
        "/..%c0%af..%c0%afetc/passwd",
        "//elsewhere.example/",
    ],
)
def test_a_path_that_climbs_reaches_no_file(attacked: ServedArena, path: str) -> None:
    status, text = _raw(attacked, "GET", path)
    assert 400 <= status < 500
    assert "root:" not in text
    assert "import" not in text


@pytest.mark.parametrize("kind", _TYPES)
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 50_000,
        b'{"a":' * 50_000,
        b'{"outcome": "\\ud800"}',
        b'{"outcome": "\\u0000"}',
        b"outcome=%00&token=%ff%fe",
        b"&" * 10_000,
        b"=" * 10_000,
        b"\x00" * 100,
        b'{"category": "' + b"x" * 100_000 + b'"}',
    ],
)
@pytest.mark.parametrize(
    "path", ["/battles", "/battles/x/vote", "/api/v1/battles", "/api/v1/voters"]
)
def test_a_body_that_is_nonsense_gets_a_sentence(
    attacked: ServedArena, path: str, body: bytes, kind: str
) -> None:
    with TestVoter(attacked.address) as voter:
        (token,) = voter.http.cookies.values()
    sent = {"content_type": kind, **voter.cookie}
    sent["authorization"] = f"Bearer {token}"
    status, text = _raw(attacked, "POST", path, body, accept="application/json", **sent)
    assert status < 500, text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "BREW"])
def test_a_method_that_is_not_taken(attacked: ServedArena, method: str) -> None:
    for path in ("/", "/battles", "/api/v1/battles", "/static/arena.css"):
        assert _raw(attacked, method, path)[0] < 500


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cookie", "h2h_voter=" + "." * 5_000),
        ("cookie", "h2h_voter=\xff\xfe; h2h_voter=x"),
        ("authorization", "Bearer " + "a.b" * 1_000),
        ("x_forwarded_for", ", " * 1_000),
        ("x_forwarded_host", "\xff"),
        ("origin", "http://[::1"),
        ("accept", "*/*;q=x"),
        ("last_event_id", "9" * 5_000),
        ("content_type", "application/json; charset=nothing"),
    ],
)
def test_a_header_that_is_nonsense_breaks_nothing(
    attacked: ServedArena, name: str, value: str
) -> None:
    value = value.replace("h2h_voter", attacked.arena.tokens.cookie("voter"))
    for method, path in (("GET", "/"), ("GET", "/battles/x/stream"), ("POST", "/battles")):
        assert _raw(attacked, method, path, b"", **{name: value})[0] < 500


def test_bytes_that_are_no_request_close_the_connection_and_nothing_else(
    attacked: ServedArena,
) -> None:
    address = urlsplit(attacked.address)
    for sent in (b"\x16\x03\x01\x02\x00", b"GET / HTTP/9.9\r\n\r\n", b"A" * 100_000, b"\r\n" * 50):
        with socket.create_connection(
            (address.hostname, address.port), timeout=LONG_S
        ) as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65_536):
                pass
    with TestVoter(attacked.address) as voter:
        assert voter.vote(voter.draw()).status_code == 200
