"""What it means when an endpoint does not answer: ask again, give up, or stop everything."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from headtohead.core.errors import HeadToHeadError, InputError
from headtohead.trials.replay.endpoint import Endpoint
from headtohead.trials.replay.reply import Reply, error_in

# The endpoint says that it did nothing.
_FREE = frozenset((408, 425, 429, 500, 502, 503, 529))
_STOP = frozenset((401, 402, 403, 404, 405))
_FILTER = re.compile(
    r"content_filter|content_policy|content exists risk|data_?inspection_?failed"
    r"|moderation|flagged",
    re.IGNORECASE,
)
_TOO_LONG = re.compile(
    r"context_length|context length|context window|context size|maximum context|too many tokens"
    r"|prompt is too long|input is too long",
    re.IGNORECASE,
)
# "Quota" and "billing" alone are also said to those who only ask too fast.
_NO_MONEY = re.compile(r"insufficient[ _](quota|balance|credit|funds)", re.IGNORECASE)
_SHOWN = 300


class Again(Exception):
    """The request got no answer, but another try may.

    Attributes:
        why: In a sentence.
        wait_s: Seconds that the endpoint asks to wait; None if it does not say.
        maybe_paid: True if the endpoint may have done the work.
        too_fast: True if it was refused for asking too fast.
    """

    def __init__(
        self,
        why: str,
        *,
        wait_s: float | None = None,
        maybe_paid: bool = False,
        too_fast: bool = False,
    ) -> None:
        self.why, self.wait_s, self.maybe_paid, self.too_fast = why, wait_s, maybe_paid, too_fast
        super().__init__(why)


class Refit(Exception):
    """The endpoint wants the same request in another form: "stream" or "cap"."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(what)


class Halt(Exception):
    """No request of this run can succeed; `error` says what to do."""

    def __init__(self, error: HeadToHeadError) -> None:
        self.error = error
        super().__init__(str(error))


@dataclass(frozen=True, slots=True)
class Refused:
    """An answer with another status than 200.

    Attributes:
        status: The HTTP status.
        headers: Of the answer.
        body: Of the answer.
        streamed: True if a stream was asked for.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    streamed: bool


def judge(refused: Refused, endpoint: Endpoint) -> Reply:
    """The reply that stands for a request refused for what is in it.

    Raises:
        Again: If another try may succeed.
        Refit: If the endpoint wants another form.
        Halt: If no request will succeed.
    """
    try:
        found = json.loads(refused.body)
    except (ValueError, RecursionError):
        found = None
    code, message = error_in(found)
    message = endpoint.hide_all(message).strip()[:_SHOWN]
    said = f"{code} {message}"
    why = f"HTTP {refused.status}" + (f": {message}" if message else "")
    if refused.status == 429 and not _NO_MONEY.search(said):
        raise Again(why, wait_s=wait_s(refused.headers), too_fast=True)
    if refused.status in _FREE and refused.status != 429:
        raise Again(why, wait_s=wait_s(refused.headers))
    if refused.status >= 500 and refused.status != 501:
        raise Again(why, wait_s=wait_s(refused.headers), maybe_paid=True)
    if _FILTER.search(said):
        return _not_billed("refused", f"the endpoint's filter refused the request: {why}")
    if refused.status in _STOP or refused.status in (301, 302, 303, 307, 308, 429):
        raise Halt(_advice(refused, endpoint, message))
    _refit(refused, message)
    if _TOO_LONG.search(said):
        return _not_billed("limit", f"the request is longer than the model reads: {why}")
    return _not_billed("error", f"the endpoint refused the request: {why}")


def wait_s(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by Retry-After, in seconds or as a date; None if it is not there.

    A date is compared with the endpoint's own clock, the Date header, so that ours does not matter.

    References:
        Fielding, R., Nottingham, M., Reschke, J. (2022). HTTP Semantics. RFC 9110, section
        10.2.3. doi:10.17487/RFC9110
    """
    for name, unit in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        value = headers.get(name, "").strip()
        if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value):
            return float(value) * unit
    try:
        then = parsedate_to_datetime(headers.get("retry-after", ""))
        now = parsedate_to_datetime(headers.get("date", ""))
        return max(0.0, (then - now).total_seconds())
    except (ValueError, TypeError):
        return None


def _refit(refused: Refused, message: str) -> None:
    lower = message.lower()
    if "max_completion_tokens" in lower and "max_tokens" in lower:
        raise Refit("cap")
    if refused.streamed and ("stream" in lower or refused.status in (406, 501)):
        raise Refit("stream")


def _not_billed(failure: str, note: str) -> Reply:
    return Reply(failure=failure, note=note, billed=False)


def _advice(refused: Refused, endpoint: Endpoint, message: str) -> HeadToHeadError:
    key = f"the key in {endpoint.key_env}" if endpoint.key_env else "a request without a key"
    where, status = endpoint.address, refused.status
    said = f" It says: {message}" if message else ""
    if status == 401:
        text = (
            f"{where} does not accept {key} (HTTP 401). Set a valid key in the environment "
            "variable that you name."
        )
    elif status in (402, 429):
        text = f"The account behind {key} has no money left at {where} (HTTP {status}). Top it up."
    elif status == 403:
        text = (
            f"{where} forbids {key} to use {endpoint.model} (HTTP 403). Ask for access, or name "
            "another model."
        )
    elif status in (404, 405):
        text = (
            f"{where} knows no model {endpoint.model!r}, or no /chat/completions (HTTP {status}). "
            "Check both; the address often ends with /v1."
        )
    else:
        text = f"{where} has moved (HTTP {status}). Give its new address."
    return InputError(text + said)
