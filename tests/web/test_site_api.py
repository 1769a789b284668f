"""What programs are given: the objects of the verbs, by routes made of the verbs' own options."""

import sys
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from tests.web.site_served import Got, reader
from tests.web.test_site_pages import DAY

from headtohead.claims.versus.verb import versus
from headtohead.web.serving.rest import VERBS, openapi, routes

DOCUMENT = openapi()


def ask(name: str, /, **query: object) -> Got:
    return reader().get(f"/api/v1/{name}?{urlencode(query)}")


def test_a_route_gives_what_its_verb_does() -> None:
    got = ask("versus", a="GPT 5", b="deepseek-v3.2", as_of="2026-10-31")
    assert got.status == 200
    assert got.json == versus("gpt-5", "deepseek-v3.2", as_of="2026-10-31").as_json()
    assert got.headers["content-type"] == "application/json"
    assert got.headers["access-control-allow-origin"] == "*"
    assert got.headers["cache-control"] == "public, max-age=604800"
    again = reader().get(
        "/api/v1/versus?a=GPT+5&b=deepseek-v3.2&as_of=2026-10-31",
        {"if-none-match": got.headers["etag"]},
    )
    assert again.status == 304


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("boards", {}),
        ("models", {"model": "GPT 5"}),
        ("chip", {"name": "H100"}),
        ("questions", {}),
        ("sources", {"as_of": "2026-03-31"}),
        ("prices", {"model": "gpt-5", "history": "true"}),
        ("openness", {"models": "deepseek-v3.2,gpt-5"}),
        ("show", {"claim": "O3"}),
        ("retirements", {}),
        ("training-cost", {"a": "deepseek-v3"}),
    ],
)
def test_every_answer_says_by_which_day(name: str, query: dict[str, str]) -> None:
    got = ask(name, **query)
    assert got.status == 200, got.text
    known_by = query.get("as_of", str(DAY))
    assert got.json.get("as_of", known_by) == known_by


def test_a_name_is_read_as_on_a_day() -> None:
    assert ask("names", name="gpt5").json["results"][0]["model"] == "openai/gpt-5"
    assert ask("names", name="gpt5", on="2031-01-01").status == 400


def test_long_lists_come_in_parts() -> None:
    whole = ask("retirements").json["results"]
    got = ask("retirements", limit=3)
    assert got.json["results"] == whole[:3]
    assert got.json["page"] == {"limit": 3, "offset": 0, "total": len(whole)}
    following = got.headers["link"].partition(">")[0].removeprefix("<")
    assert reader().get(f"/api/v1/{following}").json["results"] == whole[3:6]
    last = ask("retirements", limit=3, offset=len(whole) - 1)
    assert "link" not in last.headers


@pytest.mark.parametrize(
    ("name", "query", "status", "says"),
    [
        ("nothing", {}, 404, "No route"),
        ("versus", {"a": "US"}, 400, "`b`"),
        ("versus", {"a": "US", "b": "CN", "c": "DE"}, 404, "parameter"),
        ("versus", {"a": "gpt-99", "b": "gpt-5"}, 404, "Did you mean"),
        ("boards", {"category": "math"}, 400, "`board`"),
        ("gap", {"as_of": "2031-01-01"}, 400, "lies ahead"),
        ("changes", {"as_of": "0001-01-01"}, 400, "Nothing was known"),
        ("gap", {"as_of": "soon"}, 400, "as_of"),
        ("gap", {"measure": "odds"}, 400, "difference, ratio"),
        ("gap", {"scores": "/etc/passwd"}, 404, "parameter"),
        ("show", {"claim": "x", "claims": "/etc/passwd"}, 404, "claims file"),
        ("check", {"claims": "../../my.toml"}, 404, "claims file"),
        ("serve-cost", {"model": "deepseek-v3", "gpus": "1e99"}, 400, "whole number"),
        ("retirements", {"limit": "0"}, 400, "`limit`"),
    ],
)
def test_a_failure_is_a_sentence_for_programs_too(
    name: str, query: dict[str, str], status: int, says: str
) -> None:
    got = ask(name, **query)
    assert got.status == status, got.text
    assert got.headers["content-type"] == "application/problem+json"
    assert got.json["status"] == status
    assert says in got.json["detail"]
    assert got.headers["cache-control"] == "no-store"


def test_the_document_says_what_can_be_asked() -> None:
    got = reader().get("/schema/openapi.json")
    assert got.json == DOCUMENT
    paths = got.json["paths"]
    assert {f"/api/v1/{name}" for name in VERBS} <= set(paths)
    for path, item in paths.items():
        said = item["get"]
        assert said["summary"], path
        for parameter in said["parameters"]:
            assert parameter["description"], (path, parameter["name"])


def test_no_route_reads_a_file_of_whoever_asks(tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text("{}")
    opened: list[str] = []
    watching = [True]

    def watch(event: str, args: tuple[Any, ...]) -> None:
        if watching and event == "open" and str(args[0]) == str(secret):
            opened.append(event)

    sys.addaudithook(watch)
    for name, route in routes().items():
        for parameter in route.parameters:
            if parameter.kind in ("string", "array") and not parameter.choices:
                needed = {p.name: "gpt-5" for p in route.parameters if p.required}
                got = ask(name, **needed | {parameter.name: str(secret)})
                assert got.status in (200, 400, 404), (name, parameter.name, got.text)
    watching.clear()
    assert not opened


_MANY = 150


@cache
def schema() -> Any:
    """What schemathesis makes of the document; reading that package takes a second."""
    import schemathesis

    return schemathesis.openapi.from_dict(DOCUMENT)


def found_by(operation: Any, most: int) -> None:
    """Try what schemathesis makes of an operation; none of it may break the server."""

    @settings(
        max_examples=most,
        deadline=None,
        database=None,
        derandomize=most < _MANY,
        suppress_health_check=[*HealthCheck],
    )
    @given(case=operation.as_strategy())
    def tried(case: Any) -> None:
        target = operation.path + "?" + urlencode(case.query or {}, doseq=True)
        got = reader().get(target)
        assert got.status < 500, (target, got.text)

    tried()


@pytest.mark.parametrize("name", sorted(DOCUMENT["paths"]))
def test_no_query_breaks_a_route(name: str) -> None:
    found_by(schema()[name]["GET"], 4)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(DOCUMENT["paths"]))
def test_no_query_of_very_many_breaks_a_route(name: str) -> None:
    found_by(schema()[name]["GET"], _MANY)
