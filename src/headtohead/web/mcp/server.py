"""The tools as a server of the Model Context Protocol: over stdin and stdout, or over HTTP."""

import logging
import socket
from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.server.transport_security import TransportSecuritySettings

from headtohead.core.errors import HeadToHeadError, InputError
from headtohead.core.version import VERSION
from headtohead.publish.words import plain, without_functions
from headtohead.web.mcp.answering import in_words, told
from headtohead.web.mcp.tools import TOOLS, Tool, asked
from headtohead.web.site import Site

if TYPE_CHECKING:
    from starlette.applications import Starlette

PATH = "/mcp"
MOST_AT_ONCE = 20
_HERE = ("127.0.0.1", "localhost", "[::1]")
_log = logging.getLogger(__name__)
_INSTRUCTIONS = (
    "Dated public evidence about AI models, labs and countries. Each answer says by which day it "
    "was known, how old its newest data are, and how sure it is: repeat the number with its "
    "interval and its day, and cite it. Where an answer says that something is not known, do not "
    "fill it in from memory."
)


class Assistant:
    """What answers an assistant's calls, one after the other.

    Args:
        site: The evidence.
        today: Gives the day of knowledge of answers that name none, at each call.
        base: The address of a site that shows the same; empty if there is none.
    """

    def __init__(self, site: Site, today: Callable[[], date], base: str = "") -> None:
        self.site, self.today, self.base = site, today, base
        self.under_way = 0
        self.one_by_one = anyio.CapacityLimiter(1)  # what is worked out for a day is shared

    def answer(self, name: str, given: dict[str, Any]) -> types.CallToolResult:
        """The answer to one call; what is wrong with a call is a sentence too."""
        try:
            tool = next((one for one in TOOLS if one.name == name), None)
            if tool is None:
                names = ", ".join(one.name for one in TOOLS)
                raise InputError(f"No tool is called {name[:100]!r}. There are {names}.")
            answer = told(*asked(tool, given, self.site, self.today()), self.base)
        except HeadToHeadError as error:
            return _said(without_functions(plain(error)), is_error=True)
        except Exception:  # noqa: BLE001 - the server goes on, and a fault is a sentence too
            _log.exception("headtohead: a fault of ours")
            return _said("This is a fault of headtohead. Please report it.", is_error=True)
        return _said(in_words(answer), structured_content=answer)

    def server(self) -> Server[Any]:
        """The server, for any transport."""

        async def list_tools(ctx: object, params: object) -> types.ListToolsResult:
            return types.ListToolsResult(tools=[*map(_listed, TOOLS)])

        async def call_tool(
            ctx: object, params: types.CallToolRequestParams
        ) -> types.CallToolResult:
            given = params.arguments or {}
            if self.under_way >= MOST_AT_ONCE:
                return _said(
                    "Too many questions are waiting. Ask again in half a minute.", is_error=True
                )
            self.under_way += 1
            try:
                return await anyio.to_thread.run_sync(
                    self.answer, params.name, given, limiter=self.one_by_one
                )
            finally:
                self.under_way -= 1

        return Server(
            "headtohead",
            version=VERSION,
            title="headtohead",
            instructions=_INSTRUCTIONS,
            on_list_tools=list_tools,
            on_call_tool=call_tool,
        )

    def application(self, host: str, names: Sequence[str] = ()) -> "Starlette":
        """What answers over HTTP.

        Args:
            host: The address it listens on.
            names: Hosts under which it may be asked besides: any other is refused, so that no page
                of the web can reach it through a name of its own (DNS rebinding).
        """
        hosts = [*_HERE, f"[{host}]" if ":" in host else host, *names]
        return self.server().streamable_http_app(
            streamable_http_path=PATH,
            json_response=True,
            stateless_http=True,
            max_request_body_size=100_000,
            transport_security=TransportSecuritySettings(
                allowed_hosts=[*hosts, *(f"{name}:*" for name in hosts)],
                allowed_origins=[
                    f"{scheme}://{name}{port}"
                    for scheme in ("http", "https")
                    for name in hosts
                    for port in ("", ":*")
                ],
            ),
        )


def serve_here(assistant: Assistant) -> None:
    """Answer what comes in by stdin until it ends."""

    async def serve() -> None:
        server = assistant.server()
        async with stdio_server() as (reading, writing):
            await server.run(reading, writing, server.create_initialization_options())

    anyio.run(serve)


def serve_over_http(
    assistant: Assistant,
    listening: socket.socket,
    names: Sequence[str],
    ready: Callable[[str], object],
) -> None:
    """Answer over HTTP until stopped.

    Args:
        ready: Is given the address.
    """
    from headtohead.hosting.listening import run_until_stopped

    host = listening.getsockname()[0]
    application = assistant.application(host, names)
    run_until_stopped(application, listening, lambda at: ready(at.rstrip("/") + PATH))


def _listed(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.says,
        input_schema=tool.schema,
        annotations=types.ToolAnnotations(
            read_only_hint=True,
            destructive_hint=False,
            idempotent_hint=True,
            open_world_hint=False,
        ),
    )


def _said(text: str, **more: Any) -> types.CallToolResult:  # noqa: ANN401 - fields of the result
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], **more)
