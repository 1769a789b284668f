"""What may be chosen for a site: of files, and on a server."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from headtohead.core.dates import Day, day
from headtohead.core.errors import InputError
from headtohead.core.settings import Choices, check_choices, option, words


def _days(given: str | Sequence[Day]) -> tuple[date, ...]:
    several = words(given) if isinstance(given, str) else given
    return tuple(day(one, "days") for one in several)


def base_of(given: str) -> str:
    """The address of a site, with a slash at its end; empty if it is not known."""
    if given and not given.startswith(("https://", "http://")):
        raise InputError(f"`base` is a web address, as https://example.org/h2h/, not {given!r}.")
    return given and given.rstrip("/") + "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class _SiteContents(Choices):
    """What any site shows beside what is built in."""

    claims: tuple[Path, ...] = option(
        (),
        metavar="FILE",
        many=True,
        help="A claims file that has pages too, under /claims/ and its name without suffix; give "
        "the option once for each.",
    )
    base: str = option(
        "",
        metavar="URL",
        read=base_of,
        help="The address at which the site stands, for links that people take away and for the "
        "pictures that previews of links show.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSettings(_SiteContents):
    """Which pages a site of files has, and where it will stand."""

    days: tuple[date, ...] = option(
        (),
        metavar="DAY,...",
        read=_days,
        help="Make every page once more with what was known by each of these days.",
    )
    png: bool = option(
        False,
        help="Add PNG pictures of charts, which need half as much room again, beside the SVG ones.",
    )
    processes: int = option(2, metavar="N", help="How many processes make pages at once.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeSettings(_SiteContents):
    """How much may be asked of a server, and by whom."""

    per_minute: int = option(
        120,
        metavar="N",
        help="How many pages a minute that are not finished yet one address may ask for.",
    )
    proxies: tuple[str, ...] = option(
        (),
        metavar="ADDRESS,...",
        help="Proxies in front of the server, which are believed when they say who asks.",
    )

    def __post_init__(self) -> None:
        check_choices(self)
        if self.per_minute < 1:
            raise InputError(f"`per_minute` is {self.per_minute}; it must be 1 or more.")
