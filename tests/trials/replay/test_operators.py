"""Whose endpoint an address is, and what is claimed of it."""

import tomllib
from datetime import date
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import pytest

from headtohead.names.names import Names
from headtohead.trials.replay.client import terms_of

ROWS: list[dict[str, Any]] = tomllib.loads(
    files("headtohead").joinpath("data/endpoints.toml").read_text(encoding="utf-8")
)["endpoint"]
HOSTS = [host for row in ROWS for host in row["hosts"]]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["hosts"][0])
def test_every_host_has_an_operator_that_the_names_know(row: dict[str, Any]) -> None:
    assert row["operator"] in Names.load().operators()
    for host in row["hosts"]:
        assert terms_of(f"https://{host}/v1").operator == row["operator"]
        assert host == host.lower()


def test_no_host_is_given_twice_or_hides_another() -> None:
    assert len(set(HOSTS)) == len(HOSTS)
    assert not [(a, b) for a in HOSTS for b in HOSTS if a.endswith("." + b)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["hosts"][0])
def test_every_note_has_a_page_and_the_day_it_was_read(row: dict[str, Any]) -> None:
    assert set(row) <= {
        "hosts",
        "operator",
        "retention",
        "training",
        "source_url",
        "seen_on",
        "verified",
    }
    if row.get("retention") or row.get("training"):
        assert urlsplit(row["source_url"]).scheme == "https"
        assert type(row["seen_on"]) is date
    else:
        assert "seen_on" not in row
        assert "source_url" not in row


@pytest.mark.parametrize(
    "url",
    ["http://localhost:8000/v1", "http://127.0.0.1/v1", "http://[::1]:9/v1", "http://0.0.0.0:1"],
)
def test_this_machine_is_local_and_nobodys(url: str) -> None:
    found = terms_of(url)
    assert found.local
    assert not found.operator


@pytest.mark.parametrize(
    "url",
    ["https://models.example.com/v1", "https://evil-api.openai.com.example.com", "nonsense", ""],
)
def test_of_an_unknown_host_nothing_is_claimed(url: str) -> None:
    found = terms_of(url)
    assert (found.operator, found.retention, found.training, found.seen_on) == ("", "", "", None)
    assert not found.local


def test_a_subdomain_belongs_to_its_domain_but_a_longer_name_does_not() -> None:
    assert terms_of("https://mine.openai.azure.com/openai/v1").operator == "azure"
    assert terms_of("https://EU.API.OpenAI.com/v1").operator == "openai"
    assert terms_of("https://notopenai.azure.com/v1").operator == ""
    assert terms_of("https://xapi.openai.com/v1").operator == ""
