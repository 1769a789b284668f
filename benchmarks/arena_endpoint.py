"""A fast endpoint that speaks chat completions and keeps connections, for measurements of arenas.

`python -m benchmarks.arena_endpoint` prints its port, and serves until its input ends; then it
prints how many connections it had, how many requests, and how many of them at once at most.
"""

import argparse
import asyncio
import json
import sys
import time
from contextlib import closing, suppress
from dataclasses import dataclass

import numpy as np

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


@dataclass
class FastEndpoint:
    """Writes the first token after a time that is drawn anew for each request, which it tells.

    Attributes:
        first_s: Least and most seconds until the first token.
        tokens_n: Tokens after the first.
        token_s: Seconds between two.
    """

    first_s: tuple[float, float] = (0.03, 0.12)
    tokens_n: int = 5
    token_s: float = 0.002
    connections_n: int = 0
    asked_n: int = 0
    under_way_n: int = 0
    most_at_once_n: int = 0

    async def listening(self) -> tuple[asyncio.Server, int]:
        """The server and its port, of this machine."""
        self._rng = np.random.default_rng()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, backlog=1024)
        return server, server.sockets[0].getsockname()[1]

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections_n += 1
        # A client that measured the first token may have seen enough.
        with closing(writer), suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                await reader.readexactly(length)
                self.asked_n += 1
                self.under_way_n += 1
                self.most_at_once_n = max(self.most_at_once_n, self.under_way_n)
                try:
                    await self._answer(writer)
                finally:
                    self.under_way_n -= 1

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        begun = time.monotonic()
        await asyncio.sleep(self._rng.uniform(*self.first_s))
        writer.write(_HEAD)
        # The first token says how long this endpoint took for itself.
        took = f"{time.monotonic() - begun:.6f} "
        for text in (took, *(f"word{n} " for n in range(self.tokens_n))):
            writer.write(_event({"delta": {"content": text}}))
            await writer.drain()
            await asyncio.sleep(self.token_s)
        writer.write(_event({"delta": {}, "finish_reason": "stop"}) + _chunk(b"data: [DONE]\n\n"))
        writer.write(_chunk(b""))
        await writer.drain()


def _event(choice: dict[str, object]) -> bytes:
    event = {"choices": [{"index": 0, **choice}]}
    return _chunk(b"data: " + json.dumps(event).encode() + b"\n\n")


def _chunk(content: bytes) -> bytes:
    return f"{len(content):x}\r\n".encode() + content + b"\r\n"


async def serve(endpoint: FastEndpoint) -> None:
    """Print the port, and serve until the input of this process ends."""
    server, port = await endpoint.listening()
    print(port, flush=True)
    async with server:
        await asyncio.to_thread(sys.stdin.read)
    n = endpoint
    print(
        f"{n.connections_n} connections, {n.asked_n} requests, {n.most_at_once_n} at once at most"
    )


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tokens", type=int, default=5)
    parser.add_argument("--token-s", type=float, default=0.002)
    asked = parser.parse_args()
    asyncio.run(serve(FastEndpoint(tokens_n=asked.tokens, token_s=asked.token_s)))


if __name__ == "__main__":
    main()
