"""What changed lately: verdicts, list prices, places on boards."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta

from headtohead.choosing.watch.notices import Notice
from headtohead.claims.changes import Change, DiffResult
from headtohead.claims.verb import diff
from headtohead.core.units import counted
from headtohead.evidence.facts import Facts
from headtohead.evidence.words import model_name
from headtohead.publish.words import listed
from headtohead.web.kinds import PageKind, Words
from headtohead.web.news import News
from headtohead.web.site import Site, model_word

PAGE = PageKind(
    paths=("changes",),
    title="Changes",
    asks="Which verdicts, prices and places changed in the last thirty days, and why?",
    place=80,
)
_DAYS = 30


def answer(site: Site, words: Words, day: date) -> News:
    """What differs from what was known thirty days before."""
    found = recent(site, day)
    of = [
        f"{counted(n, kind)}"
        for what, kind in (("verdict", "verdict"), ("price", "list price"), ("rank", "place"))
        if (n := sum(c.what == what for c in found.changes))
    ]
    newest = max(found.changes, key=lambda c: c.known_on, default=None)
    sheet = replace(
        found.sheet,
        title=f"{listed(of)} changed in {_DAYS} days" if of else f"Nothing changed in {_DAYS} days",
    )
    if newest:
        notice = notice_of(newest)
        sheet = replace(
            sheet, sentence=f"{sheet.sentence} The newest: {notice.title} ({newest.known_on})."
        )
    sheet = replace(sheet, sentence=" ".join((sheet.sentence, *nothing_newer(site.facts, day))))
    notices = tuple(notice_of(change) for change in found.changes)
    return News(sheet, found.as_json, found.table, "What changed in the AI race", notices)


def nothing_newer(facts: Facts, day: date) -> Iterator[str]:
    """Of what no change can be known, since nothing of it became known in these days."""
    for what, table in (("list price", "prices"), ("board of votes", "arena_ratings")):
        last = facts.frame(table, day)["known_on"].max()
        if isinstance(last, date) and last <= day - timedelta(days=_DAYS):
            yield f"No {what} is known that is newer than {last}."


def frozen(site: Site, day: date) -> Iterable[str]:
    """Its one page."""
    return ("changes",)


def recent(site: Site, day: date) -> DiffResult:
    """The changes of the last thirty days."""
    found: DiffResult = site.facts.once(("changes", day), lambda: _changes(site, day))
    return found


def _changes(site: Site, day: date) -> DiffResult:
    # What is worked out for the claims of two days would fill the memory if it were kept.
    kept, site.store.memory = site.store.memory, None
    try:
        return diff(day - timedelta(days=_DAYS), day, store=site.store)
    finally:
        site.store.memory = kept


def latest(site: Site, day: date, most: int) -> Iterator[tuple[Notice, Change]]:
    """The newest changes, the verdicts of one day before its prices and places."""
    newest = sorted(recent(site, day).changes, key=lambda c: -c.known_on.toordinal())
    return ((notice_of(change), change) for change in newest[:most])


def notice_of(change: Change) -> Notice:
    """A change as an entry of a feed, whose address is the path of the page that says more."""
    name = model_name(change.subject)
    path = "boards"
    if change.what == "verdict":
        claim, _, says = change.subject.partition(": ")
        title, path = f"Now {change.after.replace('_', ' ')}: “{says}”", f"claims/{claim}"
    elif change.what == "price":
        title = f"{name} costs {change.after} at its maker"
        path = f"models/{model_word(change.subject)}"
    elif change.after.startswith("place"):
        title = f"{name} has {change.after} on the text board"
    else:
        title = f"{name} is no longer on the text board"
    # What was before is not in the first line: an entry is the same whatever it is compared with.
    text = f"{title}; known since {change.known_on}.\nBefore: {change.before or 'not known'}."
    return Notice(
        about=f"{change.what} {change.subject}",
        day=None,
        title=title,
        text=f"{text}\n{change.why}",
        known_on=change.known_on,
        url=path,
    )
