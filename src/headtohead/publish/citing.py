"""How to cite a page or a chart: one line, BibTeX, and a hash of the very numbers shown."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from headtohead.core.provenance import Citation
from headtohead.core.version import VERSION
from headtohead.publish.escaping import anchor, plain, sentence, web_address

if TYPE_CHECKING:
    from headtohead.publish.sheet import Sheet

AUTHOR = "headtohead developers"
_CREDITED = 3  # most sources that a citation of a whole sheet names


@dataclass(frozen=True, slots=True)
class HowToCite:
    """Two ways to write the same reference."""

    plain: str
    bibtex: str


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source as pages show it.

    Attributes:
        anchor: Its id in the list of sources.
        name: Publisher and product.
        licence: SPDX identifier or the publisher's terms.
        licence_url: Where that licence can be read; empty if unknown.
        evaluator: Who measured, in words.
        known_on: Latest day that its rows became known; empty if none says.
        retrieved_on: When it was taken; empty if none says.
        sha256: Hash of the raw files; empty for figures gathered by hand.
        unverified: True if some figure of it could not be checked.
    """

    anchor: str
    url: str
    publisher: str
    name: str
    citation: str
    licence: str
    licence_url: str
    evaluator: str
    known_on: str
    retrieved_on: str
    sha256: str
    unverified: bool


_EVALUATORS = {
    "first_party": "measured by the makers themselves",
    "third_party": "measured by others than the makers",
    "mixed": "measured partly by the makers themselves",
}


def source_views(citations: Sequence[Citation]) -> dict[str, SourceView]:
    """Every source by id, ready to show."""
    return {
        c.source_id: SourceView(
            anchor=anchor("source", c.source_id),
            url=web_address(c.url),
            publisher=plain(c.publisher, 80),
            name=plain(f"{c.publisher}: {c.product}"),
            citation=plain(c.citation),
            licence=plain(c.licence),
            licence_url=f"https://spdx.org/licenses/{c.licence}.html"
            if re.fullmatch(r"(?!LicenseRef)[A-Za-z0-9.+-]+", c.licence)
            else "",
            evaluator=_EVALUATORS[c.evaluator],
            known_on=str(c.known_on or ""),
            retrieved_on=str(c.retrieved_on or ""),
            sha256=plain(c.sha256, 64),
            unverified=c.unverified,
        )
        for c in citations
    }


def content_hash(value: object) -> str:
    """SHA-256 of an object's canonical JSON."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def how_to_cite(
    title: str,
    *,
    about: str,
    as_of: date | None,
    digest: str,
    version: str,
    sources: Sequence[str] = (),
) -> HowToCite:
    """The reference for one page or chart.

    `as_of` is None where there is no day of knowledge, as for a file of votes without days.
    """
    window = f"about {about}, " if about else ""
    window += f"known by {as_of}, " if as_of else ""
    credit = f" Data: {'; '.join(sources)}." if sources else ""
    line = (
        f"{AUTHOR} ({as_of.year if as_of else 'n.d.'}). {sentence(title)} headtohead {version}, "
        f"{window}content {digest[:16]}.{credit}"
    )
    note = f"headtohead {version}, {window}content sha256 {digest}.{credit}"
    key = anchor("headtohead", title)[:48].strip("-.").lower()
    year = f"  year = {{{as_of.year}}},\n" if as_of else ""
    entry = (
        f"@misc{{{key}-{as_of.isoformat() if as_of else digest[:8]},\n"
        f"  author = {{{{{AUTHOR}}}}},\n"
        f"  title = {{{_tex(title)}}},\n"
        f"{year}"
        f"  note = {{{_tex(note)}}}\n}}"
    )
    return HowToCite(line, entry)


def cite_sheet(sheet: "Sheet", version: str = VERSION) -> HowToCite:
    """The reference for a whole sheet."""
    from headtohead.publish.machine import data_json

    digest = sheet.digest or content_hash(
        {"title": sheet.title, "figures": [data_json(f.download) for f in sheet.figures]}
    )
    names = [view.name for view in source_views(sheet.sources).values()]
    return how_to_cite(
        plain(sheet.title),
        about=sheet.about,
        as_of=sheet.as_of,
        digest=digest,
        version=version,
        sources=names if len(names) <= _CREDITED else (),
    )


def _tex(text: str) -> str:
    """Text in which no character means anything to TeX."""
    escaped = plain(text).replace("\\", "/").replace("{", "(").replace("}", ")")
    escaped = re.sub(r"([%&$#_])", r"\\\1", escaped)
    for char, name in (("~", "asciitilde"), ("^", "asciicircum"), ("<", "less"), (">", "greater")):
        escaped = escaped.replace(char, f"\\text{name}{{}}")
    return escaped
