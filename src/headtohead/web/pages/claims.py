"""The article's claims with their verdicts, and each with every number behind it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from headtohead.claims.result import CheckResult
from headtohead.claims.verb import check, show
from headtohead.claims.verdict import claims_of
from headtohead.core.units import counted
from headtohead.evidence.sheet import Listing
from headtohead.publish.words import plain
from headtohead.web.address import Moved
from headtohead.web.kinds import PageKind, Words
from headtohead.web.site import Site

PAGE = PageKind(
    paths=("claims", "claims/{id}"),
    title="Claims",
    asks="Is what was said of the race true, with what is known by now?",
    place=20,
)


def answer(site: Site, words: Words, day: date) -> Listing:
    """The verdicts on all claims, or all that stands behind one."""
    if "id" not in words:
        return _found_first(check(as_of=day, store=site.store))
    result = show(words["id"], as_of=day, store=site.store)
    if (written := result.verdicts[0].claim.id) != words["id"]:
        raise Moved(f"claims/{written}")
    return _found_first(result)


def _found_first(result: CheckResult) -> Listing:
    """The verdicts under what they say, where a terminal names the file."""
    sheet, words = result.sheet, [verdict.word for verdict in result.verdicts]
    if result.verb == "show":
        title = f"{words[0].capitalize()}: “{plain(result.verdicts[0].claim.says)}”"
    else:
        false = words.count("overstated") + words.count("refuted")
        title = (
            f"{words.count('supported')} of {counted(len(words), 'statement')} hold as stated, "
            f"{false} {'is' if false == 1 else 'are'} false"
        )
    sheet = replace(sheet, title=title, kicker=f"{sheet.title}. {sheet.kicker}.")
    return Listing(sheet, result.as_json, result.table)


def frozen(site: Site, day: date) -> Iterable[str]:
    """All claims, and each."""
    return ("claims", *(f"claims/{claim.id}" for claim in claims_of(site.facts).claims))
