"""The server of an arena: its application, and how it runs until it is stopped."""

import logging
import signal
import socket
from collections.abc import Callable

import uvicorn
from litestar import Litestar
from litestar.datastructures import State
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.static_files import create_static_files_router

from headtohead.arena.settings import BoardAsk
from headtohead.arena.web import admin, api, boards, computed, streaming, voting
from headtohead.arena.web.doors import admit
from headtohead.arena.web.pages import add_headers, failed, folder, style
from headtohead.arena.web.running import RunningArena
from headtohead.core.errors import InputError
from headtohead.core.version import VERSION

_LARGEST = 256 * 1024  # bytes of a request


def application(arena: RunningArena) -> Litestar:
    """The ASGI application that serves an arena."""
    log = logging.getLogger("headtohead.arena")
    if not log.handlers:
        log.addHandler(logging.StreamHandler())
    return Litestar(
        [
            *voting.ROUTES,
            *streaming.ROUTES,
            *boards.ROUTES,
            *admin.ROUTES,
            *api.ROUTES,
            style,
            create_static_files_router("/static", [folder("static")]),
        ],
        state=state_of(arena),
        on_startup=[_start],
        on_shutdown=[_stop],
        before_request=admit,
        before_send=[add_headers],
        exception_handlers={Exception: failed},
        request_max_body_size=_LARGEST,
        logging_config=None,
        openapi_config=OpenAPIConfig(
            title="An arena of headtohead",
            version=VERSION,
            path="/schema",
            use_handler_docstrings=True,
            render_plugins=[JsonRenderPlugin()],
            components=Components(
                security_schemes={"bearer": SecurityScheme(type="http", scheme="bearer")}
            ),
        ),
    )


def state_of(arena: RunningArena) -> State:
    """All that an application knows of the arena that it serves."""
    return State({"arena": arena, "boards": boards.Boards()})


async def _start(app: Litestar) -> None:
    await app.state.arena.start()


async def _stop(app: Litestar) -> None:
    await app.state.arena.stop()


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens on an address; port 0 stands for any that is free.

    Raises:
        InputError: If the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or asyncio would let each answer wait 40 ms for the browser to confirm its head.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(2048)
    except OSError as error:
        listening.close()
        raise InputError(
            f"Nothing can listen on {host}, port {port}: {error.strerror}. Choose another `port` "
            "(0 is any that is free) or `host`."
        ) from None
    return listening


def server_of(served: Litestar) -> uvicorn.Server:
    """What runs an application; it says nothing of itself to whoever asks."""
    return uvicorn.Server(
        uvicorn.Config(
            served,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # which proxies are believed is arena.toml's to say
            timeout_keep_alive=75,  # a voter reads for a while
            timeout_graceful_shutdown=3,
        )
    )


def run(arena: RunningArena, listening: socket.socket, ready: Callable[[str], object]) -> None:
    """Serve until stopped by a signal.

    Args:
        ready: Is told the address.
    """
    host, port = listening.getsockname()[:2]
    # uvicorn ends what is under way and raises the signal once more: then both end us alike.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    arena.beside.begin(computed.board_text, arena.board_settings, BoardAsk(), "page")
    try:
        ready(f"http://{f'[{host}]' if ':' in host else host}:{port}/")
        server_of(application(arena)).run(sockets=[listening])
    except KeyboardInterrupt:
        pass
    finally:
        arena.close()
        listening.close()
