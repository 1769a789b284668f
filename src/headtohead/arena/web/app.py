"""The server of an arena: its application, and how it runs until it is stopped."""

import logging
import socket
from collections.abc import Callable

from litestar import Litestar
from litestar.datastructures import State
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.static_files import create_static_files_router

from headtohead.arena.settings import BoardAsk
from headtohead.arena.web import admin, api, boards, computed, streaming, voting
from headtohead.arena.web.doors import admit
from headtohead.arena.web.pages import add_headers, failed, style
from headtohead.arena.web.running import RunningArena
from headtohead.arena.web.texts import folder
from headtohead.core.version import VERSION
from headtohead.hosting.listening import run_until_stopped

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
        state=State({"arena": arena, "boards": boards.Boards()}),
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


async def _start(app: Litestar) -> None:
    await app.state.arena.start()


async def _stop(app: Litestar) -> None:
    await app.state.arena.stop()


def run(arena: RunningArena, listening: socket.socket, ready: Callable[[str], object]) -> None:
    """Serve until stopped by a signal.

    Args:
        ready: Is told the address.
    """
    arena.beside.begin(computed.board_text, arena.board_settings, BoardAsk(), "page")
    try:
        run_until_stopped(application(arena), listening, ready)
    finally:
        arena.close()
