"""The REST routes: what they give, whom they refuse, and that no request breaks the server."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from tests.arena.served import ServedArena, TestVoter, serving, written

import headtohead
from headtohead.hosting.security import Limits


@pytest.fixture(scope="module")
def api_arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedArena]:
    with serving(written(tmp_path_factory.mktemp("api"))) as running:
        for name in ("voter_limits", "battle_limits", "newcomer_limits", "address_limits"):
            setattr(running.arena, name, Limits(per_minute=1e9, burst=10**9))
        yield running


@pytest.fixture
def program(api_arena: ServedArena) -> Iterator[httpx2.Client]:
    """A program that is a voter."""
    with httpx2.Client(base_url=f"{api_arena.address}/api/v1", timeout=60) as client:
        token = client.post("/voters").json()["token"]
        client.headers["authorization"] = f"Bearer {token}"
        yield client


def test_a_program_draws_votes_and_reads_the_board(
    api_arena: ServedArena, program: httpx2.Client
) -> None:
    drawn = program.post("/battles", json={"category": "facts"})
    assert drawn.status_code == 201
    battle = drawn.json()
    assert (battle["state"], battle["category"], battle["ready"]) == ("open", "facts", True)
    assert (battle["left"], battle["right"], battle["outcome"]) == ("", "", "")
    assert program.get(f"/battles/{battle['id']}").json() == battle
    sent = {"outcome": "left", "reasons": ["clear"]}
    voted = program.post(f"/battles/{battle['id']}/vote", json=sent)
    assert voted.status_code == 200
    assert {voted.json()["left"], voted.json()["right"]} < {"ant", "bee", "cat"}
    again = program.post(f"/battles/{battle['id']}/vote", json=sent)
    assert again.status_code == 409
    assert again.json() == {"error": "You have voted on this battle already.", "status": 409}
    said = program.get("/board").json()
    database = api_arena.arena.settings.database
    assert said == headtohead.arena_board(database).as_json()
    assert str(database.parent) not in program.get("/board").text
    assert program.get("/board?style=false&trusted=0&mine=false").json() == said
    assert program.get("/board?mine=true").json()["votes_counted"] == 1
    assert httpx2.get(f"{api_arena.address}/api/v1/board?mine=true").status_code == 401
    facts = program.get("/arena").json()
    assert facts["votes"] == said["votes_counted"] >= 1
    assert facts["categories"] == ["facts", "writing"]


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer x", f"Bearer x.{'0' * 40}", "Basic eDp5"])
def test_who_is_no_voter_is_refused(api_arena: ServedArena, token: str) -> None:
    headers = {"authorization": token} if token else {}
    answer = httpx2.post(f"{api_arena.address}/api/v1/battles", json={}, headers=headers)
    assert answer.status_code in (401, 403)
    assert answer.json()["error"].endswith(".")


def test_a_browsers_cookie_counts_for_nothing(api_arena: ServedArena) -> None:
    with TestVoter(api_arena.address) as voter:
        assert voter.draw()["state"] == "open"
        assert voter.http.post("/api/v1/battles", json={}).status_code == 401


@pytest.mark.parametrize("query", ["category=none", "until=soon", "group=colour", "style=maybe"])
def test_a_board_that_there_is_not_is_refused(program: httpx2.Client, query: str) -> None:
    answer = program.get(f"/board?{query}")
    assert answer.status_code in (400, 404)
    assert answer.json()["error"].endswith(".")


def test_the_document_names_every_route_and_says_what_it_does(
    api_arena: ServedArena, program: httpx2.Client
) -> None:
    document = program.get(f"{api_arena.address}/schema/openapi.json").json()
    assert set(document["paths"]) == {
        "/api/v1/arena",
        "/api/v1/battles",
        "/api/v1/battles/{id}",
        "/api/v1/battles/{id}/turns",
        "/api/v1/battles/{id}/vote",
        "/api/v1/board",
        "/api/v1/voters",
    }
    for path in document["paths"].values():
        for route in path.values():
            assert route["description"].endswith(".")


def test_no_request_that_the_document_allows_or_forbids_breaks_the_server(
    api_arena: ServedArena, program: httpx2.Client
) -> None:
    # Here, since it takes long to import, and not every worker comes by.
    import schemathesis
    from schemathesis.core.result import Ok
    from schemathesis.specs.openapi.checks import (
        negative_data_rejection,
        positive_data_acceptance,
        response_schema_conformance,
        status_code_conformance,
    )

    schema = schemathesis.openapi.from_url(f"{api_arena.address}/schema/openapi.json")
    token = {"authorization": program.headers["authorization"]}
    checks = [response_schema_conformance, status_code_conformance]
    tried = []
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()

        @given(case=operation.as_strategy())
        @settings(
            max_examples=6,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        def call(case: schemathesis.Case[Any]) -> None:
            answer = case.call(headers=token)
            assert answer.status_code < 500, (case.as_curl_command(), answer.text)
            case.validate_response(
                answer,
                checks=checks,
                excluded_checks=[negative_data_rejection, positive_data_acceptance],
            )

        call()
        tried.append(operation.label)
    assert len(tried) == 7


def test_a_board_of_an_earlier_day_has_the_votes_until_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from headtohead.arena.web import running

    clock, day_ms = running.now_ms, 24 * 3600 * 1000
    with serving(written(tmp_path)) as served, TestVoter(served.address) as voter:
        with monkeypatch.context() as yesterday:
            yesterday.setattr(running, "now_ms", lambda: clock() - day_ms)
            for _ in range(2):
                assert voter.vote(voter.draw()).status_code == 200
            until = datetime.fromtimestamp(running.now_ms() / 1000, UTC).date()
        assert voter.vote(voter.draw()).status_code == 200
        for asked, votes in (("", 3), (f"?until={until}", 2)):
            board = httpx2.get(f"{served.address}/api/v1/board{asked}", timeout=60).json()
            assert board["votes_counted"] == votes
        page = httpx2.get(
            f"{served.address}/board?until={until}", headers={"accept": "text/html"}, timeout=60
        )
        assert f"2 votes until {until}" in page.text
        assert f'data-days="{until} ' in page.text
