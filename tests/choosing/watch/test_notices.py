"""Calendar and feed: read back by the rules of RFC 5545 and RFC 4287."""

import re
import xml.etree.ElementTree as ET
from datetime import date
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from headtohead.choosing.watch.notices import Notice, calendar_text, feed_text

ATOM = "{http://www.w3.org/2005/Atom}"
DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))
TEXTS = st.text(max_size=200).filter(str.strip)
NOTICES = st.builds(
    Notice,
    about=TEXTS,
    day=st.none() | DAYS,
    title=TEXTS,
    text=st.just("First.") | TEXTS.map(lambda text: f"First: {text}"),
    known_on=DAYS,
    url=st.sampled_from(["", "https://example.org/a?b=1&c=2"]),
)


def notice(**changes: object) -> Notice:
    given_ones = {
        "about": "gpt-5 goes",
        "day": date(2026, 12, 1),
        "title": "GPT-5 at OpenAI goes",
        "text": "GPT-5, at OpenAI; goes.\nTake another.",
        "known_on": date(2026, 10, 1),
    }
    return Notice(**{**given_ones, **changes})  # type: ignore[arg-type]


def properties(text: str) -> list[tuple[str, str]]:
    """The unfolded lines of a calendar: name with parameters, value with its marks undone."""
    assert text.endswith("\r\n")
    lines = text.removesuffix("\r\n").split("\r\n")
    assert all(len(line.encode()) <= 75 for line in lines)
    whole = text.replace("\r\n ", "").removesuffix("\r\n").split("\r\n")
    pairs = [line.partition(":") for line in whole]
    undone = {"\\n": "\n", "\\N": "\n", "\\\\": "\\", "\\;": ";", "\\,": ","}
    return [(n, re.sub(r"\\.", lambda m: undone[m[0]], value)) for n, _, value in pairs]


def test_an_event_lasts_all_day_and_rings_twice() -> None:
    made = properties(calendar_text("Models", [notice()]))
    assert ("DTSTART;VALUE=DATE", "20261201") in made
    assert ("DTEND;VALUE=DATE", "20261202") in made
    assert ("DTSTAMP", "20261001T000000Z") in made
    assert ("DESCRIPTION", "GPT-5, at OpenAI; goes.\nTake another.") in made
    assert [value for name, value in made if name == "TRIGGER"] == ["-P30D", "-P7D"]
    assert [value for name, value in made if name == "BEGIN"] == [
        *("VCALENDAR", "VEVENT", "VALARM", "VALARM"),
    ]


def test_an_event_that_moves_keeps_its_uid_and_counts_up() -> None:
    moved = notice(day=date(2027, 1, 1), known_on=date(2026, 11, 1), text="Later.")
    before, after = (dict(properties(calendar_text("M", [n]))) for n in (notice(), moved))
    assert before["UID"] == after["UID"]
    assert int(before["SEQUENCE"]) < int(after["SEQUENCE"])
    other = dict(properties(calendar_text("M", [notice(about="gpt-4 goes")])))
    assert other["UID"] != before["UID"]


@given(st.lists(NOTICES, max_size=4))
def test_any_calendar_can_be_read_back(notices: list[Notice]) -> None:
    made = properties(calendar_text("Models", notices))
    dated = [n for n in notices if n.day]
    assert sum(pair == ("BEGIN", "VEVENT") for pair in made) == len(dated)
    begun = [value for name, value in made if name == "BEGIN"]
    ended = [value for name, value in made if name == "END"]
    assert sorted(begun) == sorted(ended)
    needed = {"UID", "DTSTAMP", "DTSTART;VALUE=DATE", "SUMMARY"}
    assert not dated or needed <= {name for name, _ in made}


@given(st.lists(NOTICES, max_size=4), DAYS)
def test_any_feed_can_be_read_back(notices: list[Notice], day: date) -> None:
    feed = ET.fromstring(feed_text("Models", notices, day).encode())
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == len(notices)
    for part in (feed, *entries):
        for name in ("id", "title", "updated"):
            assert len(part.findall(f"{ATOM}{name}")) == 1
        assert (part.findtext(f"{ATOM}id") or "").startswith("urn:uuid:")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT00:00:00Z", part.findtext(f"{ATOM}updated") or "")
    assert feed.findtext(f"{ATOM}author/{ATOM}name")
    days = [entry.findtext(f"{ATOM}updated") or "" for entry in entries]
    assert all(first >= second for first, second in pairwise(days))
    newest = days[0] if days else f"{day}T00:00:00Z"
    assert feed.findtext(f"{ATOM}updated") == newest


def test_an_entry_is_new_when_its_first_sentence_is() -> None:
    def ids(*notices: Notice) -> list[str]:
        feed = ET.fromstring(feed_text("M", notices, date(2026, 1, 1)).encode())
        return [entry.findtext(f"{ATOM}id") or "" for entry in feed.findall(f"{ATOM}entry")]

    assert ids(notice()) == ids(notice(text="GPT-5, at OpenAI; goes.\nTake yet another."))
    assert ids(notice()) != ids(notice(text="GPT-5 goes a month later.\nTake another."))
