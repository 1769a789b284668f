"""The server of the site without a socket, and with its process beside in this one."""

import asyncio
import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeVar

from tests.web.test_site_pages import DAY, the_site

from headtohead.hosting.beside import Beside, outcome
from headtohead.hosting.refused import Refused
from headtohead.web.serving import jobs
from headtohead.web.serving.app import SiteServer
from headtohead.web.settings import ServeSettings

T = TypeVar("T")


class Here(Beside):
    """Does jobs where it is, and counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[tuple[Any, ...]] = []

    async def do(self, job: Callable[..., T], *given: object) -> T:
        self.jobs.append((job, *given))
        status, value = outcome(job, given)
        if status:
            raise Refused(value, status)
        done: T = value
        return done


class Got(NamedTuple):
    status: int
    headers: dict[str, str]
    sent: bytes

    @property
    def body(self) -> bytes:
        packed = self.headers.get("content-encoding") == "gzip"
        return gzip.decompress(self.sent) if packed else self.sent

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Reader:
    """Sends requests as raw as they come."""

    def __init__(self, **settings: Any) -> None:
        self.server = SiteServer(None, ServeSettings(**settings), lambda: DAY)
        self.beside = self.server.beside = self.server.pages._beside = Here()
        evidence = self.server.evidence()
        jobs._SITES[evidence.folder, evidence.stamp] = the_site()

    def get(
        self,
        target: str,
        headers: Mapping[str, str] | None = None,
        method: str = "GET",
        who: str = "192.0.2.1",
    ) -> Got:
        """The answer to a request, whose target stands as in its first line."""
        return asyncio.run(self.ask(target, headers, method, who))

    async def ask(
        self,
        target: str,
        headers: Mapping[str, str] | None = None,
        method: str = "GET",
        who: str = "192.0.2.1",
        more: Sequence[tuple[bytes, bytes]] = (),
    ) -> Got:
        """As `get`; `more` are headers that may come several times."""
        path, _, query = target.partition("?")
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        scope: Any = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "headers": [
                (k.lower().encode("latin-1"), v.encode("latin-1"))
                for k, v in {"accept-encoding": "gzip", **(headers or {})}.items()
            ]
            + [*more],
            "client": (who, 1),
        }
        receive: Any = None
        await self.server.answer(scope, receive, send)
        start, body = sent
        told = {k.decode(): v.decode("latin-1") for k, v in start["headers"]}
        return Got(start["status"], told, body["body"])


@cache
def reader() -> Reader:
    """One for all tests that only read."""
    return Reader(per_minute=100_000)
