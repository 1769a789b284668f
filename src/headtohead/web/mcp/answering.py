"""One answer for an assistant: short, with its day, the age of its data, intervals and a citation.

An assistant repeats what it reads, so that each answer says by itself what was known when, how sure
it is and where it can be looked up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from headtohead.core.estimate import Citation, Estimate
from headtohead.core.units import counted
from headtohead.publish.machine import cite_sheet
from headtohead.publish.sheet import Figure, Sheet
from headtohead.publish.terminal import cell_text
from headtohead.publish.words import plain, sentence, source_name, web_address
from headtohead.web.address import Address

_NUMBERS, _ROWS, _SOURCES = 5, 6, 4
_LONGEST = 1200  # characters of a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a verb gave, and what of it is told.

    Attributes:
        says: The answer in sentences.
        numbers: The estimates behind it, the most important first.
        unsure: Said in place of intervals, where what is told has none.
        figure: The table whose first rows are told; None for none.
        path: Of the page of a site that shows the same; empty if none does.
    """

    sheet: Sheet
    says: Sequence[str]
    numbers: Sequence[Estimate] = ()
    unsure: str = ""
    figure: Figure | None = None
    path: str = ""


def told(found: Found, as_of: date, base: str) -> dict[str, Any]:
    """An answer as an object, of which `in_words` makes the text.

    Args:
        as_of: The day of knowledge.
        base: The address of a site that has the page; empty if there is none.
    """
    sheet, figure = found.sheet, found.figure
    newest = max((c.known_on for c in sheet.sources if c.known_on), default=None)
    page = base and found.path and base + Address(path=found.path, day=as_of).file("")
    return {
        "answer": " ".join(sentence(plain(one, _LONGEST)) for one in found.says if one),
        "numbers": [_number(e.as_said()) for e in found.numbers[:_NUMBERS]],
        "interval": found.unsure or None,
        **_table(figure),
        "as_of": as_of.isoformat(),
        "newest_data_known_on": newest and newest.isoformat(),
        "days_since_newest_data": newest and (as_of - newest).days,
        "sources": [_source(c) for c in sheet.sources[:_SOURCES]],
        "sources_in_all": len(sheet.sources),
        "citation": cite_sheet(sheet).plain,
        "page": page or None,
    }


def in_words(answer: Mapping[str, Any]) -> str:
    """The same as text."""
    lines = [answer["answer"], *(f"- {one['says']}" for one in answer["numbers"])]
    if answer["interval"]:
        lines.append(answer["interval"])
    if rows := answer["rows"]:
        about = f" ({words})" if (words := answer["rows_are"].rstrip(".")) else ""
        n = counted(answer["rows_in_all"], "row")
        first = n if len(rows) == answer["rows_in_all"] else f"The first {len(rows)} of {n}"
        lines.append(f"{first}{about}:")
        lines += ["- " + "; ".join(f"{name}: {x}" for name, x in row.items()) for row in rows]
    known = f"Known by {answer['as_of']}."
    if newest := answer["newest_data_known_on"]:
        days = counted(answer["days_since_newest_data"], "day")
        known += f" The newest data behind it became known on {newest}, {days} before."
    lines.append(known)
    lines.append(f"Cite as: {' '.join(filter(None, (answer['citation'], answer['page'])))}")
    sources = [f"{s['name']} (known to {s['newest_on']}), {s['url']}" for s in answer["sources"]]
    if more := answer["sources_in_all"] - len(sources):
        sources.append(f"{more} more")
    return "\n".join([*lines, f"Sources: {'; '.join(sources) or 'none'}."])


def _number(e: Estimate) -> dict[str, Any]:
    kept = ("label", "value", "low", "high", "level", "unit", "n", "n_of", "about", "observed_on")
    as_json = e.as_json()
    return {"says": plain(e, _LONGEST), **{name: as_json[name] for name in kept}}


def _table(figure: Figure | None) -> dict[str, Any]:
    """The first rows of a figure, how many it has, and what they are."""
    rows = figure.rows if figure else ()
    columns = figure.columns if figure else ()
    return {
        "rows": [
            {c.title: cell_text(x, c) for c, x in zip(columns, row, strict=True) if x is not None}
            for row in rows[:_ROWS]
        ],
        "rows_in_all": len(rows),
        "rows_are": plain(figure.subtitle or figure.note) if figure else "",
    }


def _source(c: Citation) -> dict[str, Any]:
    newest = c.known_on and c.known_on.isoformat()
    return {"name": source_name(c), "url": web_address(c.url), "newest_on": newest}
