"""A page of news, which a feed reader follows."""

from dataclasses import dataclass

from headtohead.choosing.watch.notices import Notice
from headtohead.evidence.sheet import Listing


@dataclass(frozen=True, slots=True, repr=False)
class News(Listing):
    """A listing that is offered as a feed and as Markdown besides.

    Attributes:
        feed_title: What a reader calls the feed.
        notices: Its entries, with paths of pages for addresses.
    """

    feed_title: str = ""
    notices: tuple[Notice, ...] = ()
