"""What changed, for a feed reader (RFC 4287) and as Markdown."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import date

import pytest
from tests.web.test_site_pages import DAY, LOOK, the_site

from headtohead.choosing.watch.notices import feed_text
from headtohead.claims.changes import Change
from headtohead.web.address import Address, NoSuchPage
from headtohead.web.pages.changes import nothing_newer, notice_of
from headtohead.web.rendering import rendered

ATOM = "{http://www.w3.org/2005/Atom}"
BASE = "https://example.org/h2h/"
DEARER = Change(
    what="price",
    subject="openai/gpt-5",
    before="$1.25 in, $10 out per million tokens",
    after="$2 in, $12 out per million tokens",
    why="in force since 2026-10-20",
    source_ids=("model-prices",),
    known_on=date(2026, 10, 20),
)


def test_the_feed_is_one_that_readers_take() -> None:
    made = rendered(the_site(), Address(path="changes", form="atom"), replace(LOOK, base=BASE))
    assert made.media_type.startswith("application/atom+xml")
    feed = ET.fromstring(made.body)
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert links == {"self": f"{BASE}changes.atom", "alternate": f"{BASE}changes"}
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == "headtohead"
    entries = feed.findall(f"{ATOM}entry")
    assert entries
    ids = [entry.findtext(f"{ATOM}id") or "" for entry in entries]
    assert len({*ids, feed.findtext(f"{ATOM}id")}) == len(ids) + 1
    for entry in entries:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT00:00:00Z", entry.findtext(f"{ATOM}updated") or "")
        link = entry.find(f"{ATOM}link")
        assert link is not None
        assert str(link.get("href")).startswith(BASE)
    newest = max(entry.findtext(f"{ATOM}updated") or "" for entry in entries)
    assert feed.findtext(f"{ATOM}updated") == newest


def test_an_entry_keeps_its_id_whatever_it_is_compared_with() -> None:
    def ids(*changes: Change) -> list[str]:
        text = feed_text("Changes", [notice_of(change) for change in changes], DAY)
        return [
            entry.findtext(f"{ATOM}id") or "" for entry in ET.fromstring(text).iter(f"{ATOM}entry")
        ]

    assert ids(DEARER) == ids(replace(DEARER, before="$3 in, $12 out per million tokens"))
    assert ids(DEARER) != ids(replace(DEARER, after="$3 in, $12 out per million tokens"))
    assert ids(DEARER) != ids(replace(DEARER, known_on=date(2026, 10, 27)))


def test_the_changes_are_there_as_markdown_and_no_other_page_is_a_feed() -> None:
    made = rendered(the_site(), Address(path="changes", form="md"), LOOK)
    assert made.body.decode().startswith("# ")
    page = rendered(the_site(), Address(path="changes"), LOOK).body.decode()
    assert 'href="changes.atom"' in page
    assert 'href="changes.md"' in page
    with pytest.raises(NoSuchPage):
        rendered(the_site(), Address(path="sources", form="atom"), LOOK)


def test_what_no_source_speaks_of_is_not_said_to_be_unchanged() -> None:
    facts = the_site().facts
    assert not [*nothing_newer(facts, DAY)]
    said = [*nothing_newer(facts, date(2026, 12, 15))]
    assert said[0].startswith("No list price is known that is newer than 2026-10-")
    assert len(said) == 2
