"""The verb that answers assistants."""

from collections.abc import Callable

from headtohead.core import dates
from headtohead.core.dates import Day
from headtohead.core.errors import InputError
from headtohead.core.settings import takes
from headtohead.evidence.store import Store
from headtohead.publish.command_line import today
from headtohead.web.mcp.settings import AssistantSettings


@takes(settings=AssistantSettings)
def serve_mcp(
    *,
    settings: AssistantSettings,
    host: str = "127.0.0.1",
    port: int = 8610,
    as_of: Day | None = None,
    store: Store | None = None,
    ready: Callable[[str], object] = print,
) -> None:
    """Answer questions of assistants: six tools that read public evidence, and change nothing.

    It speaks the Model Context Protocol until stdin ends, or over HTTP until Ctrl-C.

    Args:
        settings: The choices below as one object.
        host: Address to listen on over HTTP; "0.0.0.0" for all.
        port: 0 is any that is free.
        as_of: The day of our knowledge, where a question names none; the day it is asked if None.
        store: The evidence; the user's own if None.
        ready: Called with its address once it can be reached over HTTP.

    Raises:
        InputError: If packages are missing, or nothing can listen there.
    """
    try:
        import mcp as library  # noqa: F401
    except ImportError:
        raise InputError(
            "Answers for assistants need one more package: install 'headtohead[mcp]' with pip or "
            "uv."
        ) from None
    from headtohead.web.mcp.server import Assistant, serve_here, serve_over_http
    from headtohead.web.site import Site

    known_by = None if as_of is None else dates.day(as_of, "as_of")
    site = Site(known_by or today(), store)
    assistant = Assistant(site, lambda: known_by or today(), settings.base)
    if not settings.http:
        serve_here(assistant)
        return
    from headtohead.hosting.listening import bound

    serve_over_http(assistant, bound(host, port), settings.names, ready)
