"""What hostile requests try: to read files, to poison what is kept, to break the server."""

from urllib.parse import quote

import pytest
from tests.web.site_served import Reader, reader


@pytest.mark.parametrize(
    "target",
    [
        "/../../etc/passwd",
        "/static/../../pyproject.toml",
        "/static/..%2f..%2fpyproject.toml",
        "/static/%2e%2e/%2e%2e/core/errors.py",
        "/static//etc/passwd",
        "/static/",
        "/static/page.html.j2",
        "/models/../../etc/passwd",
        "/models/..%2f..%2fetc%2fpasswd",
        "/models/%00",
        "/on/../boards",
        "/on/2026-13-45/boards",
        "/on/0001-01-01/changes",
        "/versus/US/CN/figures/..%2f..%2fx.csv",
        "/claims/..%5c..%5cwindows",
        "/%0d%0aset-cookie:%20a=b",
        "/nowhere",
        "/known-by?page=../../etc/passwd&day=2026-01-01",
    ],
)
def test_what_is_no_page_is_a_sentence(target: str) -> None:
    got = reader().get(target)
    assert got.status in (302, 404), target
    if got.status == 404:
        assert "<h1>Not here</h1>" in got.text or got.json["detail"]
    assert "root:" not in got.text
    assert "set-cookie" not in got.headers


@pytest.mark.parametrize("target", ["/%ff%fe", "/boards?x=%ff", "/boards?as-of=yesterday"])
def test_what_cannot_be_read_is_refused(target: str) -> None:
    assert reader().get(target).status == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"])
def test_nothing_is_taken(method: str) -> None:
    got = reader().get("/boards", method=method)
    assert got.status == 405
    assert got.headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"x-forwarded-host": "evil.example", "x-forwarded-proto": "javascript"},
        {"forwarded": "host=evil.example", "x-original-url": "/claims"},
        {"x-rewrite-url": "/claims", "x-http-method-override": "POST"},
        {
            "accept": "text/evil",
            "accept-language": "evil",
            "cookie": "a=evil",
            "range": "bytes=0-9",
        },
    ],
)
def test_no_header_changes_what_others_are_given(headers: dict[str, str]) -> None:
    own = Reader()
    poisoned = own.get("/sources?evil=<script>&utm=x", headers)
    clean = own.get("/sources")
    assert poisoned == clean
    assert poisoned == reader().get("/sources")
    assert "evil" not in poisoned.text
    for target in ("/index", "/boards/", "/known-by?page=boards&day=2026-01-31"):
        assert own.get(target, headers).headers["location"].startswith("./")


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "javascript:alert(1)",
        "{{ 7*7 }}",
        "%s%n" * 20,
        "\u202egpt",
        "a" * 390,
        "' OR 1=1 --",
        "gpt-5\u0000",
        "💣" * 40,
    ],
)
def test_hostile_names_are_text(name: str) -> None:
    for place in ("models/{}", "search/{}", "claims/{}", "versus/{}/US", "{}"):
        got = reader().get("/" + place.format(quote(name, safe="")))
        assert got.status in (200, 302, 400, 404), (place, got.status)
        assert "<script>alert" not in got.text
        assert "<img" not in got.text


def test_endless_addresses_and_queries_are_refused_or_ignored() -> None:
    deep = reader().get("/" + "a/" * 5000)
    assert deep.status == 404
    assert len(deep.body) < 5000, "an answer is not longer than what was asked"
    kept = len(reader().server.pages._pages)
    for target in ("/api/v1/prices?model=" + "a" * 9000, "/api/v1/" + "a" * 9000):
        assert reader().get(target).status in (400, 404)
    assert len(reader().server.pages._pages) == kept
    assert reader().get("/boards?" + "&".join(f"a{n}=1" for n in range(200))).status == 400
    assert reader().get("/search?q=" + "a" * 10_000).status == 302


def test_a_job_that_fails_says_so_and_nothing_of_itself() -> None:
    own = Reader()

    async def broken(*_: object) -> object:
        raise RuntimeError("/secret/path")

    own.beside.do = broken  # type: ignore[method-assign, assignment]
    got = own.get("/boards")
    assert got.status == 500
    assert "secret" not in got.text
    assert got.headers["cache-control"] == "no-store"


def test_a_quoted_slash_leads_no_redirect_out_of_the_folder_of_the_site() -> None:
    assert reader().get("/models%2FGPT-5").headers["location"] == "./models/gpt-5"


def test_what_came_later_is_neither_suggested_nor_offered_on_an_earlier_day() -> None:
    unknown = reader().get("/on/2025-06-30/models/gpt-6")
    assert unknown.status == 404
    assert "GPT-6" not in unknown.text
    assert "GPT-6" in reader().get("/models/gpt-6").text
    assert "GPT-6" not in reader().get("/on/2025-06-30/versus/gpt-6/gpt-4o").text
    for path in ("models/gpt-6-astra", "labs/deepseek", "labs/deepseek.json"):
        assert reader().get(f"/{path}").status == 200
        assert reader().get(f"/on/2023-06-30/{path}").status == 404
    assert "OpenAI and DeepSeek" in reader().get("/on/2023-11-30/versus/US/CN").text
    assert "OpenAI and DeepSeek" not in reader().get("/on/2023-10-31/versus/US/CN").text
    early = reader().get("/on/2024-02-29/gap")
    assert "`" not in early.text
    unpriced = reader().get("/on/2024-02-29/prices/claude-3-opus")
    assert unpriced.status == 404
    assert "explain_name" not in unpriced.text
    assert "No board of blind votes was known by 2024-02-29." in (
        reader().get("/on/2024-02-29/boards").text
    )
