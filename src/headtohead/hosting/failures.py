"""Every failure of a request as a status of HTTP and a sentence."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple

from litestar.exceptions import HTTPException

from headtohead.core.errors import HeadToHeadError
from headtohead.hosting.refused import Refused

SAID: Mapping[int, str] = {
    400: "This request cannot be read.",
    404: "There is no such page here.",
    405: "This address does not take that kind of request.",
    413: "This is too long. Shorten it, and send it again.",
    500: "Something went wrong here. Nothing was counted; try again.",
}


class Failure(NamedTuple):
    """What is answered where something failed.

    Attributes:
        said: The sentence that whoever asked reads.
        headers: What the answer carries besides.
    """

    status: int
    said: str
    headers: Mapping[str, str]


def failure_of(error: Exception, log: logging.Logger, unexpected: str) -> Failure:
    """What to answer; what is not for whoever asked to read goes to the log of the server.

    Args:
        unexpected: The sentence for a failure of the file or the evidence that is served.
    """
    if isinstance(error, Refused):
        wait = {"Retry-After": str(max(1, round(error.wait_s)))} if error.wait_s else {}
        return Failure(error.status, str(error), wait)
    if isinstance(error, HeadToHeadError):
        log.error("%s", error)
        return Failure(HTTPStatus.SERVICE_UNAVAILABLE.value, unexpected, {})
    if isinstance(error, RecursionError):  # brackets without an end, in a body sent by REST
        status = HTTPStatus.BAD_REQUEST.value
    elif isinstance(error, HTTPException):
        status = error.status_code
    else:
        status = HTTPStatus.INTERNAL_SERVER_ERROR.value
        log.error("A request failed.", exc_info=error)
    return Failure(status, SAID.get(status, SAID[400 if status < 500 else 500]), {})
