"""The socket that a server listens on, and what runs its application on it."""

import signal
import socket
from collections.abc import Awaitable, Callable

import uvicorn

from headtohead.core.errors import InputError

Application = Callable[..., Awaitable[None]]
"""What answers requests by ASGI, whichever framework made it."""


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


def server_of(served: Application) -> uvicorn.Server:
    """What runs an application; it says nothing of itself to whoever asks."""
    return uvicorn.Server(
        uvicorn.Config(
            served,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # which proxies are believed is for its owner to say
            timeout_keep_alive=75,  # people read for a while
            timeout_graceful_shutdown=3,
        )
    )


def run_until_stopped(
    served: Application, listening: socket.socket, ready: Callable[[str], object]
) -> None:
    """Serve until stopped by a signal.

    Args:
        ready: Is given the address.
    """
    host, port = listening.getsockname()[:2]
    # uvicorn ends what is under way and raises the signal once more: then both end us alike.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        ready(f"http://{f'[{host}]' if ':' in host else host}:{port}/")
        server_of(served).run(sockets=[listening])
    except KeyboardInterrupt:
        pass
    finally:
        listening.close()
