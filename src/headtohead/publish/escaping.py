"""Text that others wrote, made harmless for a page, a script, a Markdown file or a terminal."""

import base64
import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from urllib.parse import quote, urlsplit

# Characters that reorder or hide what follows them (Unicode TR36); a name needs none of them.
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_MARKS = re.compile(r"([\\`*_\[\]<>|#~!&$])")


def plain(text: object, most: int = 2000) -> str:
    """One line of text without control or reordering characters, cut at `most`; None is empty."""
    raw = _BIDI.sub("", "" if text is None else str(text))
    kept = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in raw)
    line = " ".join(kept.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


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
