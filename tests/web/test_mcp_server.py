"""The tools through the library's own client: over stdin and stdout and over HTTP, by processes."""

import json
import os
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import httpx2
import pytest
from click.testing import CliRunner
from tests.test_manners import _loaded

import headtohead
from headtohead import cli
from headtohead.core.errors import InputError

if TYPE_CHECKING:
    import mcp

NAMES = ["check_claim", "versus", "price_at", "capability_gap", "find_models", "retirements"]
COMMAND = ("-m", "headtohead", "mcp", "--as-of", "2026-11-01")
REQUEST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
ACCEPT = {"Accept": "application/json, text/event-stream"}


@pytest.fixture(scope="module")
def library() -> Any:
    """The package, where it is installed."""
    return pytest.importorskip("mcp", reason="the package mcp is not installed")


@contextmanager
def listening(*more: str) -> Iterator[str]:
    """The address of `h2h mcp --http` at a free port of this machine."""
    command = [sys.executable, *COMMAND, "--http", "--port", "0", *more]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr
            said = process.stderr.readline()
            assert said.startswith("Assistants reach the tools at http://127.0.0.1:"), said
            yield said.split()[5]
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def address(library: Any) -> Iterator[str]:
    """A server that also answers to one name of its own."""
    with listening("--name", "tools.example.org", "--base", "https://example.org/h2h") as at:
        yield at


async def asks_all(client: "mcp.Client") -> None:
    """What every transport must do."""
    tools = (await client.list_tools()).tools
    assert [tool.name for tool in tools] == NAMES
    for tool in tools:
        assert tool.annotations
        assert tool.annotations.read_only_hint
        assert tool.description
        assert tool.input_schema["additionalProperties"] is False
    made = await client.call_tool("retirements", {"operator": "OpenAI"})
    assert not made.is_error
    assert made.structured_content["as_of"] == "2026-11-01"
    assert "Known by 2026-11-01. The newest data behind it" in text_of(made)
    for name, given, says in (
        ("retirements", {"operator": "Opnai"}, "Did you mean OpenAI or"),
        ("retirements", {"file": "/etc/passwd"}, "retirements has no word 'file'."),
        ("retirements", {"model": {"$gt": ""}}, "`model`"),
        ("price_at", {"model": "gpt-5", "as_of": "2025-06-30"}, "2025-06-30 has GPT-5."),
        ("price_of", {}, "No tool is called 'price_of'. There are check_claim, versus"),
    ):
        refused = await client.call_tool(name, given)
        assert refused.is_error
        assert says in text_of(refused)
        assert "(" not in text_of(refused), "functions are not what an assistant has"


def text_of(result: Any) -> str:
    """The text of an answer."""
    [part] = result.content
    return str(part.text)


@pytest.mark.parametrize("mode", ["legacy", pytest.param("auto", marks=pytest.mark.slow)])
def test_a_program_that_starts_it_asks_over_stdin_and_stdout(library: Any, mode: str) -> None:
    env = {"PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    started = library.StdioServerParameters(command=sys.executable, args=[*COMMAND], env=env)

    async def ask() -> None:
        async with library.Client(started, mode=mode) as client:
            assert "repeat the number with its interval" in client.instructions
            await asks_all(client)

    anyio.run(ask)


def test_when_many_questions_wait_the_next_is_told_to_come_again(library: Any) -> None:
    from mcp_types import CallToolResult, TextContent

    from headtohead.web.mcp.server import MOST_AT_ONCE, Assistant
    from headtohead.web.site import Site

    day, wait = date(2026, 11, 1), threading.Event()

    class Slow(Assistant):
        def answer(self, name: str, given: dict[str, Any]) -> CallToolResult:
            wait.wait(30)
            return CallToolResult(content=[TextContent(type="text", text="Known.")])

    assistant = Slow(Site(day), lambda: day)
    said: list[str] = []

    async def ask() -> None:
        async with library.Client(assistant.server()) as client, anyio.create_task_group() as group:

            async def one() -> None:
                said.append(text_of(await client.call_tool("retirements", {})))
                wait.set()

            for _ in range(MOST_AT_ONCE + 1):
                group.start_soon(one)

    anyio.run(ask)
    assert Counter(said) == {
        "Known.": MOST_AT_ONCE,
        "Too many questions are waiting. Ask again in half a minute.": 1,
    }


@pytest.mark.parametrize("mode", ["auto", pytest.param("legacy", marks=pytest.mark.slow)])
def test_a_program_elsewhere_asks_over_http(library: Any, address: str, mode: str) -> None:
    async def ask() -> None:
        async with library.Client(address, mode=mode) as client:
            await asks_all(client)
            made = await client.call_tool("retirements", {})
            page = "https://example.org/h2h/on/2026-11-01/retirements"
            assert made.structured_content["page"] == page

    anyio.run(ask)


def test_only_its_own_names_reach_it_over_http(address: str) -> None:
    for host, status in (
        ("127.0.0.1:1", 200),
        ("tools.example.org", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
    ):
        answered = httpx2.post(address, json=REQUEST, headers={**ACCEPT, "Host": host})
        assert answered.status_code == status, host
    for origin, status in (("https://tools.example.org", 200), ("https://evil.example", 403)):
        answered = httpx2.post(address, json=REQUEST, headers={**ACCEPT, "Origin": origin})
        assert answered.status_code == status, origin


def test_what_is_no_request_is_refused_and_the_server_goes_on(address: str) -> None:
    for body in (b"", b"{", b"[" * 50_000, b"\xff", b'{"a": "' + b"x" * 200_000 + b'"}'):
        answered = httpx2.post(
            address, content=body, headers={**ACCEPT, "Content-Type": "application/json"}
        )
        assert 400 <= answered.status_code < 500
    lone = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"versus","arguments":'
    lone += b'{"a":"\\ud800","b":"gpt-5"}}}'
    answered = httpx2.post(
        address, content=lone, headers={**ACCEPT, "Content-Type": "application/json"}
    )
    assert answered.status_code < 500
    assert httpx2.post(address, json=REQUEST, headers=ACCEPT).status_code == 200


def test_without_its_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    result = CliRunner().invoke(cli.main, ["mcp"], prog_name="h2h")
    assert result.exit_code == 64
    assert "install 'headtohead[mcp]'" in result.output
    with pytest.raises(InputError, match="headtohead"):
        headtohead.serve_mcp()


def test_a_port_that_is_taken_is_said(address: str) -> None:
    port = address.rpartition(":")[2].partition("/")[0]
    result = CliRunner().invoke(cli.main, ["mcp", "--http", "--port", port], prog_name="h2h")
    assert result.exit_code == 64
    assert f"Nothing can listen on 127.0.0.1, port {port}" in result.output
    with pytest.raises(InputError, match="Nothing can listen"):
        headtohead.serve_mcp(http=True, port=int(port), as_of="2026-11-01")
    with pytest.raises(InputError, match="`base`"):
        headtohead.serve_mcp(base="example.org")


def test_the_settings_that_the_page_shows_start_it() -> None:
    page = Path(__file__).parents[2] / "docs/how-to/ask-from-an-assistant.md"
    blocks = re.findall(r"^```json\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        [servers] = json.loads(block).values()
        started = servers["headtohead"]
        assert started["command"] == "h2h"
        shown = CliRunner().invoke(cli.main, [*started["args"], "--help"], prog_name="h2h")
        assert shown.exit_code == 0, shown.output


def test_help_loads_neither_the_package_nor_the_evidence() -> None:
    assert not {"mcp", "pydantic", "uvicorn", "polars", "numpy"} & set(_loaded("mcp", "--help"))
