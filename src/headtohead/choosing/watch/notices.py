"""Files for a calendar (RFC 5545) and a feed reader (RFC 4287), the same bytes on every run.

No clock: an entry is dated by the day its news was known, and keeps its id as long as it speaks of
the same thing. Neither format needs more than a few lines, so no library is asked.
"""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from xml.sax.saxutils import escape

from headtohead.publish.words import plain

_SPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "headtohead")
_ALARMS = (30, 7)  # days before
_LINE = 75  # octets
_EPOCH = date(2020, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing to know, for a calendar or a feed.

    Attributes:
        about: What it speaks of, the same from run to run though its day or words may change.
        day: Of a calendar; None if it has none.
        text: Sentences.
        known_on: The day its news was known.
    """

    about: str
    day: date | None
    title: str
    text: str
    known_on: date
    url: str = ""


def calendar_text(name: str, notices: Iterable[Notice]) -> str:
    """An iCalendar file: an event a notice that has a day, all day long, with two alarms.

    An event keeps its UID when its day moves, so that a calendar moves it too.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//headtohead//h2h watch//EN",
        "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{_value(name)}",
    ]
    for notice in notices:
        if notice.day is not None:
            lines += _event(notice, notice.day)
    return "".join(f"{part}\r\n" for line in [*lines, "END:VCALENDAR"] for part in _folded(line))


def _event(notice: Notice, day: date) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{uuid.uuid5(_SPACE, notice.about)}@headtohead"
    yield f"DTSTAMP:{notice.known_on:%Y%m%d}T000000Z"
    yield f"LAST-MODIFIED:{notice.known_on:%Y%m%d}T000000Z"
    yield f"SEQUENCE:{max(0, (notice.known_on - _EPOCH).days)}"
    yield f"DTSTART;VALUE=DATE:{day:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}"
    yield f"SUMMARY:{_value(notice.title)}"
    yield f"DESCRIPTION:{_value(notice.text)}"
    if notice.url:
        yield f"URL:{plain(notice.url)}"
    yield "TRANSP:TRANSPARENT"
    for days in _ALARMS:
        yield from ("BEGIN:VALARM", "ACTION:DISPLAY", f"TRIGGER:-P{days}D")
        yield f"DESCRIPTION:{_value(notice.title)}"
        yield "END:VALARM"
    yield "END:VEVENT"


def _value(text: str) -> str:
    """A text as a value: what separates values is marked."""
    for sign in ("\\", ";", ","):
        text = text.replace(sign, f"\\{sign}")
    return "\\n".join(map(plain, text.splitlines()))


def _folded(line: str) -> Iterator[str]:
    """A line in parts of at most 75 octets, none of which cuts a character."""
    part, room = "", _LINE
    for letter in line:
        size = len(letter.encode())
        if size > room:
            yield part
            part, room = " ", _LINE - 1
        part, room = part + letter, room - size
    yield part


def feed_text(
    name: str,
    notices: Sequence[Notice],
    known_on: date,
    author: str = "h2h watch",
    links: Iterable[tuple[str, str]] = (),
) -> str:
    """An Atom feed: an entry a notice, the newest first.

    An entry's id is made of its title and its first sentence: what those say anew is a new entry.

    Args:
        known_on: The day of the feed, if it has no entry.
        links: (what it is to the feed, web address), as ("self", ...).
    """
    newest = max((n.known_on for n in notices), default=known_on)
    feed_id = uuid.uuid5(_SPACE, f"feed {name}")
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom">',
        f"  <id>urn:uuid:{feed_id}</id>",
        f"  <title>{_xml(name)}</title>",
        f"  <updated>{newest}T00:00:00Z</updated>",
        f"  <author><name>{_xml(author)}</name></author>",
        *(f'  <link rel="{what}" href="{_xml(url)}"/>' for what, url in links),
    ]
    for n in sorted(notices, key=lambda n: (-n.known_on.toordinal(), n.about, n.title)):
        entry = uuid.uuid5(_SPACE, f"entry {name} {n.about} {n.title} {n.text.splitlines()[0]}")
        lines += [
            "  <entry>",
            f"    <id>urn:uuid:{entry}</id>",
            f"    <title>{_xml(n.title)}</title>",
            f"    <updated>{n.known_on}T00:00:00Z</updated>",
            *([f'    <link href="{_xml(n.url)}"/>'] if n.url else []),
            f'    <content type="text">{_xml(n.text)}</content>',
            "  </entry>",
        ]
    return "\n".join([*lines, "</feed>"]) + "\n"


def _xml(text: str) -> str:
    kept = "\n".join(map(plain, text.splitlines()))
    return escape(kept, {'"': "&quot;"})
