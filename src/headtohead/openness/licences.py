"""What the licence of weights allows: from a printed name to SPDX, and from that to its clauses.

Names are read with `license-expression`. A licence that SPDX does not list has an id that begins
with LicenseRef-; one that `data/licences.toml` does not list has clauses that nobody knows.
"""

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

from headtohead.core.errors import InputError
from headtohead.names.reading import key

if TYPE_CHECKING:
    from license_expression import Licensing

# What a business may do, the freest first.
Commercial = Literal["yes", "conditions", "permission", "no"]
COMMERCIAL: Mapping[str, str] = {
    "yes": "allowed",
    "conditions": "allowed, with conditions",
    "permission": "only with the maker's permission",
    "no": "not allowed",
}
# The same, as short as a column.
COMMERCIAL_SHORT: Mapping[str, str] = {
    "yes": "allowed",
    "conditions": "conditions",
    "permission": "ask maker",
    "no": "not allowed",
}
PROPRIETARY = "LicenseRef-Proprietary"
_FREEST = tuple(COMMERCIAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """One licence and its clauses; a text is what it asks, and empty for nothing.

    Attributes:
        spdx: Its SPDX id, or LicenseRef-... where SPDX has none.
        osi: Approved by the Open Source Initiative.
        condition: For whom commercial use is not free.
        redistribution: What who passes the weights on must do.
        naming: Names that must be shown or given.
        uses: Which uses are ruled out.
        territory: Where it does not hold.
        checked: False if its clauses are from memory.
        wider: The id that a list may print for any of its versions.
        also: Other ways to print its name.
    """

    spdx: str
    name: str
    osi: bool
    commercial: Commercial
    condition: str = ""
    redistribution: str = ""
    naming: str = ""
    uses: str = ""
    territory: str = ""
    url: str = ""
    checked: bool = False
    wider: str = ""
    also: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """For anyone and any purpose, as the Model Openness Framework asks."""
        return self.osi or (self.commercial == "yes" and not self.uses)

    @property
    def clauses(self) -> tuple[str, ...]:
        """What a business must know of it, clause by clause."""
        asked = (self.condition, self.redistribution, self.naming, self.uses, self.territory)
        return tuple(clause for clause in asked if clause)


@dataclass(frozen=True, slots=True)
class LicenceTerms:
    """What an expression of licences comes to.

    Attributes:
        spdx: The expression, with SPDX ids.
        licences: Those of its licences that our list has.
        unlisted: Its other licences, of which no clause is known.
        commercial: Of the whole; None if that is not known.
        open: Whether it can be had for anyone and any purpose; None if that is not known.
    """

    spdx: str
    licences: tuple[Licence, ...]
    unlisted: tuple[str, ...]
    commercial: Commercial | None
    open: bool | None

    @property
    def checked(self) -> bool:
        """Whether the texts of all of them were read."""
        return not self.unlisted and all(one.checked for one in self.licences)

    def in_words(self) -> str:
        """The licence and what a business may do under it, in half a sentence."""
        return f"{licence_words(self.spdx)} ({use_words(self.commercial)})"


def use_words(commercial: str | None) -> str:
    """What a business may do, for a sentence."""
    return f"commercial use {COMMERCIAL[commercial] if commercial else 'not known whether allowed'}"


def licence_words(spdx: str) -> str:
    """An SPDX expression with the names of its licences in the place of their ids."""
    words = {"AND": "and", "OR": "or", "WITH": "with"}

    def called(part: re.Match[str]) -> str:
        known = licences().get(part[0])
        other = words.get(part[0], part[0])
        if other.startswith("LicenseRef-"):
            other = other.removeprefix("LicenseRef-").replace("-", " ")
        return known.name if known else other

    return re.sub(r"[\w.+-]+", called, spdx)


@cache
def licences() -> Mapping[str, Licence]:
    """Every licence whose clauses we know, by SPDX id."""
    text = files("headtohead").joinpath("data/licences.toml").read_text(encoding="utf-8")
    return {
        spdx: Licence(spdx=spdx, **{**row, "also": tuple(row.get("also", ()))})
        for spdx, row in tomllib.loads(text).items()
    }


@cache
def _spelt() -> Mapping[str, str]:
    """Spelling -> SPDX id, of every licence of our list."""
    listed = licences().values()
    return {key(text): x.spdx for x in listed for text in (x.spdx, x.name, *x.also)}


@cache
def _reader() -> "Licensing":
    """Reads expressions of the licences of our list."""
    from license_expression import LicenseSymbol, Licensing

    return Licensing([LicenseSymbol(x.spdx, aliases=x.also) for x in licences().values()])


@cache
def _parsed(printed: str) -> Any:  # noqa: ANN401 - license_expression has no types
    from license_expression import ExpressionError, ExpressionParseError

    if whole := _spelt().get(key(printed)):
        return _reader().parse(whole)
    try:
        found = _reader().parse(printed, strict=False)
        unknown = _reader().unknown_license_keys(found) if found is not None else [""]
    except (ExpressionError, ExpressionParseError):
        unknown = [""]
    if all(one.startswith("LicenseRef-") or one in _in_spdx() for one in unknown):
        return found
    # A name in words, which SPDX cannot take as it is.
    words = re.sub(r"[^A-Za-z0-9.]+", "-", printed).strip("-.")
    return _reader().parse(f"LicenseRef-{words}") if words else None


@cache
def _in_spdx() -> Collection[str]:
    """The ids that SPDX lists."""
    from license_expression import get_spdx_licensing

    return frozenset(get_spdx_licensing().known_symbols)


def spdx_of(printed: str) -> str:
    """A licence as SPDX writes it, whatever a list prints; empty if nothing is printed."""
    found = _parsed(printed)
    return "" if found is None else found.render("{symbol.key}")


@cache
def terms(printed: str) -> LicenceTerms:
    """What a licence, or an expression of several, allows.

    Under "A AND B" both hold; of "A OR B" the freer one may be chosen.

    Raises:
        InputError: If nothing is printed.
    """
    found = _parsed(printed)
    if found is None:
        raise InputError(f"{printed!r} is no licence. Write it as Apache-2.0 or MIT OR Apache-2.0.")
    listed = licences()
    keys = dict.fromkeys(str(part) for part in found.get_literals())
    return LicenceTerms(
        spdx=found.render("{symbol.key}"),
        licences=tuple(listed[k] for k in keys if k in listed),
        unlisted=tuple(k for k in keys if k not in listed),
        commercial=_commercial(found),
        open=_open(found),
    )


def _commercial(part: Any) -> Commercial | None:  # noqa: ANN401 - license_expression has no types
    if not part.args:
        known = licences().get(str(part))
        return known.commercial if known else None
    both = part.operator.strip() == "AND"
    told = [_commercial(one) for one in part.args]
    known_ones = [one for one in told if one is not None]
    ends = sorted(known_ones, key=_FREEST.index, reverse=both)
    # What nobody knows cannot be freer than yes, nor stricter than no.
    if None in told and ends[:1] != ["no" if both else "yes"]:
        return None
    return ends[0]


def _open(part: Any) -> bool | None:  # noqa: ANN401 - license_expression has no types
    if not part.args:
        known = licences().get(str(part))
        return known.open if known else None
    told = [_open(one) for one in part.args]
    one_is_enough: bool = part.operator.strip() != "AND"
    if one_is_enough in told:
        return one_is_enough
    return None if None in told else not one_is_enough


def narrower(a: str, b: str) -> bool:
    """Whether `a` is one version of what `b` names without saying which."""
    listed = licences()
    while (one := listed.get(a)) and one.wider:
        a = one.wider
        if a == b:
            return True
    return False


def same(a: str, b: str) -> bool:
    """Whether two SPDX expressions may be one licence, of which one list is less exact."""
    return a == b or narrower(a, b) or narrower(b, a)
