"""The article's claims with their verdicts, and each with every number behind it."""

from collections.abc import Iterable
from datetime import date

from headtohead.claims.result import CheckResult
from headtohead.claims.verb import check, show
from headtohead.claims.verdict import claims_of
from headtohead.web.address import Moved
from headtohead.web.kinds import PageKind, Words
from headtohead.web.site import Site

PAGE = PageKind(
    paths=("claims", "claims/{id}"),
    title="Claims",
    asks="Is what was said of the race true, with what is known by now?",
    place=20,
)


def answer(site: Site, words: Words, day: date) -> CheckResult:
    """The verdicts on all claims, or all that stands behind one."""
    if "id" not in words:
        return check(as_of=day, store=site.store)
    result = show(words["id"], as_of=day, store=site.store)
    if (written := result.verdicts[0].claim.id) != words["id"]:
        raise Moved(f"claims/{written}")
    return result


def frozen(site: Site, day: date) -> Iterable[str]:
    """All claims, and each."""
    return ("claims", *(f"claims/{claim.id}" for claim in claims_of(site.facts).claims))
