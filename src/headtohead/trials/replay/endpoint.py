"""Where a model is asked, and what is known of who runs that. A key is read and never kept."""

import os
import re
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from headtohead.core.errors import InputError

_SHAPES = re.compile(r"\b(?:sk|rk|pk|xai|gsk|key)-[\w*.\-]{6,}|(?i:\bbearer\s+)[\w*.\-~+/=]{6,}")
_HIDDEN = "[hidden]"
_LOCAL = ("localhost", "127.0.0.1", "::1", "0.0.0.0")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OpenAI-compatible endpoint and the model asked for there.

    Attributes:
        base_url: Address up to, without, "/chat/completions".
        key_env: Name of the environment variable that holds the API key; empty if none is needed.
        timeout_s: Seconds to wait for the first byte, and between two pieces of an answer.
        answer_timeout_s: Seconds until a running answer is given up.
    """

    base_url: str
    model: str
    key_env: str = ""
    timeout_s: float = 120.0
    answer_timeout_s: float = 1800.0

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.base_url)
        except ValueError:
            raise InputError(
                "The endpoint's address cannot be read; give https://host/v1."
            ) from None
        if parts.username or parts.password or parts.query or parts.fragment:
            # The address itself is not repeated: it may hold a secret.
            raise InputError(
                "The endpoint's address holds a user, password, query or fragment. Give the plain "
                "address, and the key by the name of an environment variable."
            )
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InputError(
                f"{self.base_url!r} is not the address of an endpoint; "
                "give one such as https://host/v1."
            )
        if self.key_env and parts.scheme == "http" and not _near(parts.hostname):
            raise InputError(
                f"{self.base_url} is not encrypted, so your key could be read on the way. Use "
                "https."
            )
        if not self.model:
            raise InputError("The endpoint needs the name of a model.")
        if not (self.timeout_s > 0 and self.answer_timeout_s > 0):
            raise InputError("Both time limits of the endpoint have to be above 0 seconds.")

    @property
    def url(self) -> str:
        """Where a chat is asked for."""
        return self.address + "/chat/completions"

    @property
    def address(self) -> str:
        """The base address without a slash or the chat path at its end."""
        return self.base_url.rstrip("/").removesuffix("/chat/completions").rstrip("/")

    def headers(self) -> dict[str, str]:
        """What every request carries, the key included; for the HTTP client only.

        Raises:
            InputError: If the environment variable is missing, empty or cannot be a header.
        """
        if not self.key_env:
            return {}
        key = os.environ.get(self.key_env, "").strip()
        if not key:
            raise InputError(
                f"The environment variable {self.key_env} is not set, so there is no key for "
                f"{self.address}. Set it and run again."
            )
        if not (key.isascii() and key.isprintable()):
            raise InputError(
                f"The environment variable {self.key_env} holds characters that HTTP does not "
                "allow in a header, a line break perhaps. Set it anew."
            )
        return {"Authorization": f"Bearer {key}"}

    def hide(self, text: str, shortest: int = 12) -> str:
        """The text without the key.

        A key shorter than `shortest` stays: "none" or "true" are words of answers.
        """
        key = os.environ.get(self.key_env, "").strip() if self.key_env else ""
        return text.replace(key, _HIDDEN) if len(key) >= shortest else text

    def hide_all(self, text: str) -> str:
        """As `hide`, and without what looks like part of a key; for a server's error messages."""
        return _SHAPES.sub(_HIDDEN, self.hide(text, shortest=4))


def _near(host: str) -> bool:
    if host == "localhost" or ("." not in host and ":" not in host):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return host.endswith((".local", ".internal", ".localhost"))
    return address.is_private or address.is_loopback


@dataclass(frozen=True, slots=True)
class OperatorTerms:
    """What is known of the operator behind an address.

    Attributes:
        operator: Its id in the list of operators; empty if nobody here knows the address.
        local: Whether the address is this machine.
        retention: How long requests are kept, by the operator's own words; empty if not known.
        training: Whether requests train models, by the operator's own words; empty if not known.
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


def terms_of(base_url: str) -> OperatorTerms:
    """What is known of an address, as given to a client; only its host if that is nothing."""
    host = (urlsplit(base_url).hostname or "").lower()
    if host in _LOCAL:
        return OperatorTerms("", host, local=True)
    for suffix, known in _known().items():
        if host == suffix or host.endswith("." + suffix):
            return OperatorTerms(host=host, **known)
    return OperatorTerms("", host)


@cache
def _known() -> dict[str, dict[str, Any]]:
    text = files("headtohead").joinpath("data/endpoints.toml").read_text(encoding="utf-8")
    made: dict[str, dict[str, Any]] = {}
    for row in tomllib.loads(text)["endpoint"]:
        facts = {k: v for k, v in row.items() if k != "hosts"}
        made |= {host: facts for host in row["hosts"]}
    return made
