"""Whose endpoint an address is, and what its operator says of keeping requests."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

_LOCAL = ("localhost", "127.0.0.1", "::1", "0.0.0.0")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What is known of the operator behind an address.

    Attributes:
        operator: Its id in the list of operators; empty if nobody here knows the address.
        host: The host of the address.
        local: Whether the address is this machine.
        retention: How long requests are kept, by the operator's own words; empty if not known.
        training: Whether requests train models, by the operator's own words; empty if not known.
        source_url: Where it says so.
        seen_on: The day that page was read; None if it was not.
        verified: False if the page itself could not be opened.
    """

    operator: str
    host: str
    local: bool = False
    retention: str = ""
    training: str = ""
    source_url: str = ""
    seen_on: date | None = None
    verified: bool = True


def endpoint_of(base_url: str) -> Endpoint:
    """What is known of an address; only its host if that is nothing.

    Args:
        base_url: As given to a client ("https://api.openai.com/v1").
    """
    host = (urlsplit(base_url).hostname or "").lower()
    if host in _LOCAL:
        return Endpoint("", host, local=True)
    for suffix, known in _known().items():
        if host == suffix or host.endswith("." + suffix):
            return Endpoint(host=host, **known)
    return Endpoint("", host)


@cache
def _known() -> dict[str, dict[str, Any]]:
    text = files("headtohead").joinpath("data/endpoints.toml").read_text(encoding="utf-8")
    made: dict[str, dict[str, Any]] = {}
    for row in tomllib.loads(text)["endpoint"]:
        facts = {k: v for k, v in row.items() if k != "hosts"}
        made |= {host: facts for host in row["hosts"]}
    return made
