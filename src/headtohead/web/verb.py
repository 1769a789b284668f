"""The verbs about sites: all pages as files, and on a server."""

from collections.abc import Callable
from pathlib import Path

from headtohead.core import dates
from headtohead.core.dates import Day
from headtohead.core.settings import takes
from headtohead.evidence.store import Store
from headtohead.hosting.packages import check_packages
from headtohead.web.freezing import freeze
from headtohead.web.result import FrozenSite
from headtohead.web.settings import ServeSettings, SiteSettings


@takes(settings=SiteSettings)
def freeze_site(
    out: str | Path,
    *,
    as_of: Day,
    settings: SiteSettings,
    store: Store | None = None,
    progress: Callable[[int, int], object] = lambda done, of: None,
) -> FrozenSite:
    """Every page of the site as files that any web host can serve.

    What a folder holds of an earlier site is kept where it would be the same.

    Args:
        out: The folder to write into; made if it is not there.
        as_of: The day of our knowledge, of pages whose address names no day.
        settings: The choices below as one object.
        store: The evidence; the user's own if None.
        progress: Called with how many pages are made, and of how many.

    Raises:
        InputError: If the folder holds files that no site wrote.
        NoEvidence: If nothing was known by `as_of`.
        StoreFull: If a file cannot be written.
    """
    return freeze(Path(out), dates.day(as_of, "as_of"), settings, store, progress)


@takes(settings=ServeSettings)
def serve_site(
    *,
    settings: ServeSettings,
    host: str = "127.0.0.1",
    port: int = 8620,
    store: Store | None = None,
    ready: Callable[[str], object] = print,
    warm: Callable[[], object] = lambda: None,
) -> None:
    """Serve every page and the verbs about public evidence, until stopped with Ctrl-C.

    Args:
        settings: The choices below as one object.
        host: Address to listen on; "0.0.0.0" for all.
        port: 0 is any that is free.
        store: The evidence; the user's own if None. The server follows its updates.
        ready: Called with its address once it can be reached.
        warm: Called once the pages that everybody looks at first are made, some 20 seconds later.

    Raises:
        InputError: If packages are missing, a file of claims is wrong, or nothing can listen there.
    """
    check_packages("The site", "web")

    from headtohead.hosting.listening import bound, run_until_stopped
    from headtohead.web.serving.app import SiteServer, application

    server = SiteServer(store.home if store else None, settings)
    try:
        if settings.claims:
            server.check_claims()
        run_until_stopped(application(server, warm), bound(host, port), ready)
    finally:
        server.beside.close()
