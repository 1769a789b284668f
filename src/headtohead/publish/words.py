"""How text, estimates and sources are written for a reader: harmless, rounded, cited."""

import base64
import hashlib
import json
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from headtohead.core.estimate import Citation, Estimate
from headtohead.core.units import counted_of, show, unit

if TYPE_CHECKING:
    pass

# Characters that reorder or hide what follows them (Unicode TR36); a name needs none of them.
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_FUNCTION = re.compile(r" `\w+\([^`]*\)` tells [^.]*\.$")
_MARKS = re.compile(r"([\\`*_\[\]<>|#~!&$])")


def plain(text: object, most: int = 2000) -> str:
    """One line of text without control or reordering characters, cut at `most`; None is empty."""
    raw = "" if text is None else str(text)
    if not raw.isprintable():
        raw = _BIDI.sub("", raw)
        raw = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in raw)
    line = " ".join(raw.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def without_functions(text: str) -> str:
    """A sentence without the hint at its end that a function of ours would tell more."""
    return _FUNCTION.sub("", text)


def markdown(text: object) -> str:
    """Text in which no character means anything to Markdown or HTML."""
    return _MARKS.sub(r"\\\1", plain(text)).replace("\\<", "&lt;").replace("\\>", "&gt;")


def web_address(text: object) -> str:
    """The address if it is http or https with a host, ready for an attribute; else empty."""
    address = plain(text)
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    return quote(address, safe=":/?#[]@!$&*+,;=%-._~()'")


def markdown_link(label: object, address: object) -> str:
    """A Markdown link; only the label where the address is not a web address."""
    url = web_address(address)
    return f"[{markdown(label)}](<{url}>)" if url else markdown(label)


def script_json(value: object) -> str:
    """JSON that can stand inside a script element: no character of it can end the element."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def policy(scripts: Sequence[str], more: str = "") -> str:
    """A content security policy: only these very scripts run, and nothing is fetched."""
    digests = (base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts)
    hashes = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; "
        f"{more}base-uri 'none'; form-action 'none'"
    )


def sentence(text: str) -> str:
    """Half a sentence as a whole one; a name at its start keeps its spelling."""
    first = text.split(" ", 1)[0]
    opened = text[:1].upper() + text[1:] if re.fullmatch("[a-z]+", first) else text
    return opened if not opened or opened.endswith((".", "!", "?")) else f"{opened}."


def anchor(*words: object) -> str:
    """An id for an element: letters, digits, dots and dashes only."""
    return "-".join(re.sub(r"[^A-Za-z0-9.]+", "-", plain(w)).strip("-") or "x" for w in words)


def listed(words: Iterable[str], joint: str = "and") -> str:
    """Words as "a, b and c"."""
    *others, last = [*words] or [""]
    return f"{', '.join(others)} {joint} {last}" if others else last


AUTHOR = "headtohead developers"


@dataclass(frozen=True, slots=True)
class HowToCite:
    """Two ways to write the same reference."""

    plain: str
    bibtex: str


EVALUATORS = {
    "first_party": "measured by the makers themselves",
    "third_party": "measured by others than the makers",
    "mixed": "measured partly by the makers themselves",
    "own": "your own file",
}


def source_name(c: Citation) -> str:
    """Publisher and product of a source."""
    return plain(f"{c.publisher}: {c.product}")


def licence_name(licence: str) -> str:
    """A licence as a reader says it: SPDX has no word for a publisher's own terms."""
    own = licence.removeprefix("LicenseRef-")
    return licence if own == licence else own.replace("-", " ")


def licence_url(c: Citation) -> str:
    """Where the licence of a source can be read; empty if unknown."""
    spdx = re.fullmatch(r"(?!LicenseRef)[A-Za-z0-9.+-]+", c.licence)
    return f"https://spdx.org/licenses/{c.licence}.html" if spdx else ""


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
    key = ("headtohead", as_of.isoformat() if as_of else "", digest[:8])
    year = f"  year = {{{as_of.year}}},\n" if as_of else ""
    entry = (
        f"@misc{{{'-'.join(filter(None, key))},\n"
        f"  author = {{{{{AUTHOR}}}}},\n"
        f"  title = {{{_tex(title)}}},\n"
        f"{year}"
        f"  howpublished = {{Python package headtohead, version {_tex(version)}}},\n"
        f"  note = {{{_tex(note)}}}\n}}"
    )
    return HowToCite(line, entry)


def _tex(text: str) -> str:
    """Text in which no character means anything to TeX."""
    escaped = plain(text).replace("\\", "/").replace("{", "(").replace("}", ")")
    escaped = re.sub(r"([%&$#_])", r"\\\1", escaped)
    for char, name in (("~", "asciitilde"), ("^", "asciicircum"), ("<", "less"), (">", "greater")):
        escaped = escaped.replace(char, f"\\text{name}{{}}")
    return escaped


_FAR_APART = 30.0
_MARGIN = 0.07


@dataclass(frozen=True, slots=True)
class Track:
    """Where the drawing of an estimate has its parts, from 0 (left) to 100 (right).

    Attributes:
        open_low: True if nothing bounds the interval on the left.
        open_high: True on the right.
        bound_low: Left end of the stated range; None if no range was stated.
        bound_high: Right end; None likewise.
        log: True if distances are ratios.
    """

    low: float
    high: float
    point: float
    open_low: bool
    open_high: bool
    bound_low: float | None
    bound_high: float | None
    log: bool


def cited(e: Estimate, sources: Mapping[str, Citation]) -> list[Citation]:
    """Those of the sources, given by id, that an estimate leans on."""
    return [sources[i] for i in e.source_ids if i in sources]


def n_words(e: Estimate) -> str:
    """How many, of what."""
    return plain(counted_of(e.n, e.n_of), 90)


def range_words(low: float, high: float, suffix: str) -> str:
    """A stated range in words; an open end, -inf or inf, is left out."""
    if math.isinf(low) and math.isinf(high):
        return "anywhere"
    if math.isinf(low):
        return f"at most {show(high, suffix)}"
    if math.isinf(high):
        return f"at least {show(low, suffix)}"
    return f"from {show(low, suffix)} to {show(high, suffix)}"


def side_range(low: float, high: float, unit: str, below: str, above: str) -> str:
    """A stated range of a difference without signs: who must be ahead, and by how much."""
    if low < 0 < high:
        ends = ((below, -low), (above, high))
        return " or ".join(f"{name} {range_words(-math.inf, end, unit)}" for name, end in ends)
    name, near, far = (above, low, high) if high > 0 else (below, -high, -low)
    if near == 0 and math.isinf(far):
        return name.removesuffix(" by")
    return f"{name} {range_words(near, far, unit).removeprefix('from ')}"


def tracks(
    estimates: Sequence[Estimate], ranges: Sequence[tuple[float, float]] = ()
) -> list[Track]:
    """One drawing for each estimate; those of one unit share one scale.

    `ranges` are those stated for each estimate; empty if none was stated.
    """
    stated = list(ranges) or [(-math.inf, math.inf)] * len(estimates)
    seen: dict[str, list[float]] = {}
    for e, ends in zip(estimates, stated, strict=True):
        seen.setdefault(e.unit, []).extend(
            x for x in (e.value, e.low, e.high, *ends) if math.isfinite(x)
        )
    drawn = []
    for e, (low, high) in zip(estimates, stated, strict=True):
        place, log = _scale(seen[e.unit], e.unit)
        drawn.append(
            Track(
                low=place(e.low),
                high=place(e.high),
                point=place(e.value),
                open_low=math.isinf(e.low),
                open_high=math.isinf(e.high),
                bound_low=place(low) if ranges else None,
                bound_high=place(high) if ranges else None,
                log=log,
            )
        )
    return drawn


def _scale(ends: Sequence[float], suffix: str) -> tuple[Callable[[float], float], bool]:
    """A straight or logarithmic map to 0..100 that shows every number with a margin."""
    low, high = min(ends), max(ends)
    log = unit(suffix).scale == "ratio" and low > 0 and high / low > _FAR_APART
    if log:
        low, high = math.log(low), math.log(high)
    margin = (high - low) * _MARGIN or max(1.0, abs(high)) * _MARGIN
    first, last = low - margin, high + margin

    def place(value: float) -> float:
        if math.isinf(value):
            return 0.0 if value < 0 else 100.0
        x = (math.log(value) if value > 0 else -math.inf) if log else value
        return round(100 * min(1.0, max(0.0, (x - first) / (last - first))), 2)

    return place, log
