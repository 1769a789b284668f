"""A raw server on this machine that breaks off, waits or drops connections as a test says."""

import json
import socket
import socketserver
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from headtohead.logs.calls import Call
from headtohead.trials.replay.client import Endpoint

Piece = bytes | float
USAGE = {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}


@dataclass(frozen=True)
class Asked:
    body: dict[str, Any]
    headers: dict[str, str]

    @property
    def key(self) -> str:
        """The tests' requests say their own key."""
        return str(self.body["messages"][-1]["content"])


Script = Callable[[Asked], Iterable[Piece]]


@dataclass
class Loopback:
    """Answers each request with the pieces of a script: bytes to send, floats to wait.

    The connection is closed after the last piece.
    """

    script: Script
    asked: list[Asked] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    open_n: int = 0
    closed: threading.Condition = field(default_factory=threading.Condition)

    def __enter__(self) -> "Loopback":
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                outer._serve(self)

        class Server(socketserver.ThreadingTCPServer):
            request_queue_size = 128

            def process_request(self, request: Any, client_address: Any) -> None:
                with outer.closed:
                    outer.open_n += 1
                super().process_request(request, client_address)

            def process_request_thread(self, request: Any, client_address: Any) -> None:
                super().process_request_thread(request, client_address)
                with outer.closed:
                    outer.open_n -= 1
                    outer.closed.notify_all()

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that was killed is no news."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.block_on_close = False
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def hear_out(self) -> None:
        """Wait until all requests sent so far are dealt with, also those of clients now dead."""
        with socket.create_connection(("127.0.0.1", self.server.server_address[1])) as last:
            last.shutdown(socket.SHUT_WR)
            last.recv(1)  # connections are taken in the order in which they came
        with self.closed:
            self.closed.wait_for(lambda: not self.open_n)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    def endpoint(self, **said: Any) -> Endpoint:
        return Endpoint(base_url=self.base_url, model="candidate", **said)

    def _serve(self, handler: socketserver.StreamRequestHandler) -> None:
        line = handler.rfile.readline()
        if not line:
            return
        headers: dict[str, str] = {}
        while (line := handler.rfile.readline().strip()) and b":" in line:
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        body = json.loads(handler.rfile.read(int(headers.get("content-length", "0"))) or b"{}")
        asked = Asked(body, headers)
        with self.lock:
            self.asked.append(asked)
        for piece in self.script(asked):
            if isinstance(piece, float):
                threading.Event().wait(piece)
            else:
                handler.wfile.write(piece)
                handler.wfile.flush()


def call(key: str, *, epoch: int = 1, **params: Any) -> Call:
    """A logged call whose message is its key."""
    return Call(
        key=key, epoch=epoch, messages=[{"role": "user", "content": key}], params=dict(params)
    )


def http(status: int, body: bytes, *headers: str, kind: str = "application/json") -> bytes:
    lines = [
        f"HTTP/1.1 {status} Said",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def answered(text: str | None, *, usage: object = USAGE, **choice: Any) -> bytes:
    """A whole answer that is not streamed."""
    message = {"role": "assistant", "content": text}
    content: dict[str, Any] = {
        "model": "served-1",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", **choice}],
    }
    if usage is not None:
        content["usage"] = usage
    return http(200, json.dumps(content).encode())


STREAM = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
    b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
)
END = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def event(found: object) -> bytes:
    return chunk(b"data: " + json.dumps(found).encode() + b"\n\n")


def token(text: str, **delta: Any) -> bytes:
    return event({"choices": [{"index": 0, "delta": {"content": text, **delta}}]})


def streamed(*texts: str, usage: object = USAGE, finish: str = "stop") -> list[Piece]:
    """A whole answer as a stream of events."""
    pieces: list[Piece] = [STREAM, *(token(t) for t in texts)]
    pieces.append(event({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}))
    if usage is not None:
        pieces.append(event({"choices": [], "usage": usage}))
    return [*pieces, chunk(b"data: [DONE]\n\n"), END]
