"""A real local file server that can be told to misbehave."""

import email.utils
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast
from urllib.parse import unquote


@dataclass(slots=True)
class ServedFile:
    """One file, and how it is served.

    Attributes:
        content: Its bytes.
        status: Answered instead of the file if not 200.
        etag: Entity tag; made from the content if None, none is sent if empty.
        last_modified: Sent if not empty.
        content_type: Sent as it is.
        ignores_range: True if the server always sends the whole file.
        ignores_if_range: True if the server continues whatever the client began.
        cut_after: Bytes after which the connection is dropped, once for each entry.
        stall_after: Bytes after which the server says nothing more until `release` is set.
        chunked: True if the size is not announced.
        location: Redirects there if not empty.
        extra: More headers.
    """

    content: bytes = b""
    status: int = 200
    etag: str | None = None
    last_modified: str = ""
    content_type: str = "application/octet-stream"
    ignores_range: bool = False
    ignores_if_range: bool = False
    cut_after: list[int] = field(default_factory=list)
    stall_after: int | None = None
    chunked: bool = False
    location: str = ""
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def tag(self) -> str:
        if self.etag is not None:
            return self.etag
        return f'"{hashlib.sha256(self.content).hexdigest()[:16]}"'


class FileServer(ThreadingHTTPServer):
    """Serves `files`; remembers every request as (path, headers)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, ServedFile] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.release = threading.Event()
        self.stalled = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no error here."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def asked(self, path: str) -> list[dict[str, str]]:
        return [headers for p, headers in self.requests if p == path]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        server = cast(FileServer, self.server)
        path = unquote(self.path.removeprefix("/"))
        server.requests.append((path, dict(self.headers.items())))
        served = server.files.get(path, ServedFile(status=404, content=b"no such file"))
        try:
            self._serve(server, served)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _serve(self, server: FileServer, served: ServedFile) -> None:
        if served.location:
            self.send_response(302)
            self.send_header("Location", served.location)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if served.status == 200 and self._unchanged(served):
            self.send_response(304)
            self.end_headers()
            return
        start = self._start(served)
        if start > 0 and start >= len(served.content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(served.content)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self._head(served, start)
        self._body(server, served, served.content[start:])

    def _unchanged(self, served: ServedFile) -> bool:
        if served.tag and self.headers.get("If-None-Match") == served.tag:
            return True
        since = self.headers.get("If-Modified-Since")
        return bool(since) and since == served.last_modified

    def _start(self, served: ServedFile) -> int:
        asked = self.headers.get("Range", "")
        if served.ignores_range or served.status != 200 or not asked.startswith("bytes="):
            return 0
        proof = self.headers.get("If-Range")
        same = proof is None or proof in (served.tag, served.last_modified)
        if not same and not served.ignores_if_range:
            return 0
        return int(asked.removeprefix("bytes=").split("-")[0])

    def _head(self, served: ServedFile, start: int) -> None:
        whole = len(served.content)
        self.send_response(206 if start else served.status)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
        if served.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(whole - start))
        if served.tag:
            self.send_header("ETag", served.tag)
        if served.last_modified:
            self.send_header("Last-Modified", served.last_modified)
        self.send_header("Content-Type", served.content_type)
        for name, value in served.extra.items():
            self.send_header(name, value)
        self.end_headers()

    def _body(self, server: FileServer, served: ServedFile, body: bytes) -> None:
        if served.cut_after:
            self._write(served, body[: served.cut_after.pop(0)], end=False)
            self.close_connection = True
            self.wfile.flush()
        elif served.stall_after is not None:
            self._write(served, body[: served.stall_after], end=False)
            self.wfile.flush()
            server.stalled.set()
            server.release.wait(120)
            self.close_connection = True
        else:
            self._write(served, body, end=True)

    def _write(self, served: ServedFile, body: bytes, *, end: bool) -> None:
        if not served.chunked:
            self.wfile.write(body)
            return
        if body:
            self.wfile.write(f"{len(body):x}\r\n".encode() + body + b"\r\n")
        if end:
            self.wfile.write(b"0\r\n\r\n")


@contextmanager
def running() -> Iterator[FileServer]:
    """A server on a free port of this machine, until the block ends."""
    server = FileServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.release.set()
        server.shutdown()
        thread.join()
        server.server_close()


def http_date(seconds: float) -> str:
    """A moment as servers write it."""
    return email.utils.formatdate(seconds, usegmt=True)
