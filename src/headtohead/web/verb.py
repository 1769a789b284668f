"""The verb about sites: all pages as files."""

from collections.abc import Callable
from pathlib import Path

from headtohead.core import dates
from headtohead.core.dates import Day
from headtohead.core.settings import takes
from headtohead.evidence.store import Store
from headtohead.web.freezing import freeze
from headtohead.web.result import FrozenSite
from headtohead.web.settings import SiteSettings


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
