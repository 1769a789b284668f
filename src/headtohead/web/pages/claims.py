"""The claims of a file with their verdicts, and each with every number behind it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

from headtohead.claims.result import CheckResult
from headtohead.claims.verb import check, show
from headtohead.core.units import counted
from headtohead.evidence.sheet import Listing
from headtohead.publish.words import plain
from headtohead.web.address import Moved
from headtohead.web.kinds import PageKind, Words
from headtohead.web.site import Site
from headtohead.web.statements import page_path

PAGE = PageKind(
    # One word is a file of its name, or else a claim of the built-in file.
    paths=("claims", "claims/{id}", "claims/{file}", "claims/{file}/{id}"),
    title="Claims",
    asks="Is what was said of the race true, with what is known by now?",
    place=20,
)


def answer(site: Site, words: Words, day: date) -> Listing:
    """The verdicts on all claims of a file, or all that stands behind one."""
    name, claim = words.get("file", ""), words.get("id", "")
    asked = page_path(name, claim)
    if not name and claim.casefold() in map(str.casefold, site.statements.files):
        name, claim = claim, ""
    path = site.statements.path(name) if name else None
    if claim:
        result = show(claim, claims=path, as_of=day, store=site.store)
        claim = result.verdicts[0].claim.id
    else:
        result = check(path, as_of=day, store=site.store)
    own = path.stem if path else ""
    if page_path(own, claim) != asked:
        raise Moved(page_path(own, claim))
    return _found_first(result, own, _others(site, own if not claim else None))


def _found_first(result: CheckResult, own: str, pages: Iterable[tuple[str, str]]) -> Listing:
    """The verdicts under what they say, where a terminal names the file; `own` if it has a name."""
    sheet, words = result.sheet, [verdict.word for verdict in result.verdicts]
    if result.verb == "show":
        title = f"{words[0].capitalize()}: “{plain(result.verdicts[0].claim.says)}”"
    else:
        true = words.count("supported")
        false = words.count("overstated") + words.count("refuted")
        named = f"{sheet.title}: " if own else ""
        title = (
            f"{named}{true or 'None'} of {counted(len(words), 'statement')} "
            f"{'hold' if true > 1 else 'holds'} as stated, "
            f"{false or 'none'} {'are' if false > 1 else 'is'} false"
        )
    kicker = f"{sheet.title}. {sheet.kicker}."
    sheet = replace(sheet, title=title, kicker=kicker, pages=(*sheet.pages, *pages))
    return Listing(sheet, result.as_json, result.table)


def _others(site: Site, own: str | None) -> Iterator[tuple[str, str]]:
    """The pages of whole files but one's own; of all if it is that of one claim."""
    for name, file in site.statements.readable(site.facts):
        if name != own:
            yield plain(file.title), page_path(name)


def frozen(site: Site, day: date) -> Iterable[str]:
    """All claims of each file, and each claim."""
    for name, file in site.statements.readable(site.facts):
        yield page_path(name)
        yield from (page_path(name, claim.id) for claim in file.claims)
