"""Hostile text made safe to show: Markdown of an answer as HTML, and plain text.

Text of a model or a voter is shown by nothing but a short list of elements without attributes of
its own: HTML in it is shown as it is written, a picture is named and not loaded, and a link leads
to another site only, which is written behind it. Characters that turn other text around, are
invisible or drive a terminal are shown as what they are, or left out.
"""

import asyncio
import re
from collections.abc import Iterable, MutableMapping, Sequence
from functools import cache, lru_cache
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import nh3
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

# Longer answers are shown as plain text, in which nothing takes long.
_MOST_CHARS = 50_000
_MOST_SHOWN_CHARS = 200_000
_SHORT_CHARS = 2_000
# Prose takes a step for each 6 characters. Text that is made to take long takes two for each one,
# some 10 microseconds each, and is shown as plain text.
_MOST_STEPS = 30_000
_MOST_LINES = 5_000
_MOST_CELLS = 50_000
_MOST_BLOCK_TOKENS = 20_000
_DEEPEST = 20

_BLOCKS = "blockquote h3 h4 h5 h6 hr li ol p pre table tbody td th thead tr ul"
_TAGS = frozenset((*_BLOCKS.split(), "a", "br", "code", "del", "em", "s", "strong"))
_HEADINGS = {"h1": "h3", "h2": "h4", "h3": "h5", "h4": "h6", "h5": "h6", "h6": "h6"}

_TERMINAL = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x80-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]"
)
# Marks that stand on one letter; more of them than any script uses grow over other text.
_STACKED = re.compile(
    r"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{4})"
    r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
# Joiners have a meaning inside a word of Persian or a picture of several, one at a time.
_JOINERS = re.compile(
    r"(?<![^\x00-\x7f])[\u200c\u200d]+"
    r"|[\u200c\u200d]+(?![^\x00-\x7f])"
    r"|(?<=[\u200c\u200d])[\u200c\u200d]+"
)


@cache
def _characters() -> dict[int, str]:
    """What is shown for characters that are not text."""
    shown = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "\u2421"}
    del shown[ord("\n")], shown[ord("\t")]
    shown |= dict.fromkeys((0x0B, 0x0C, 0x85, 0x2028, 0x2029), "\n")
    others = [code for code in range(0x80, 0xA0) if code != 0x85]
    broken = [*range(0xD800, 0xE000), *range(0xFDD0, 0xFDF0), 0xFFFE, 0xFFFF]
    shown |= dict.fromkeys((*others, *broken), "\ufffd")
    # They turn the text around them, or hold it apart, up to the end of the block.
    turning = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
    shown |= {code: f"[U+{code:04X}]" for code in turning}
    invisible = [0xAD, 0x034F, 0x115F, 0x1160, 0x180E, 0x200B, 0x3164, 0xFEFF, 0xFFA0]
    invisible += [*range(0x2060, 0x2066), *range(0x206A, 0x2070), *range(0xFFF9, 0xFFFC)]
    invisible += [*range(0xE0000, 0xE0200)]
    return shown | dict.fromkeys(invisible, "")


def plain_text(text: str) -> str:
    """Text as it may stand on a page, each character by itself, so that it may come in pieces.

    It is not HTML yet: the page, or the template, has to set it as text.
    """
    return text.translate(_characters())


def _calmed(text: str) -> str:
    text = _STACKED.sub(r"\1", plain_text(text))
    return _JOINERS.sub("", text)


def answer_html(text: str) -> str:
    """The HTML of an answer written in Markdown, safe in any place that takes blocks.

    Its headings begin at the third level. What is too long or too tangled to be read as Markdown
    comes as plain text; of a text of more than 200,000 characters the rest is counted, not shown.
    It takes at most about half a second, so that a server runs it in a thread.
    """
    text = _TERMINAL.sub("", text.replace("\r\n", "\n"))
    try:
        _check_size(text)
        return _rendered(text)
    except _Tangled:
        return _plain_html(text)


async def answers_html(texts: Iterable[str]) -> dict[str, str]:
    """Text -> its HTML as by `answer_html`, without holding up the loop that serves others."""
    distinct = tuple(dict.fromkeys(texts))
    if sum(map(len, distinct)) < _SHORT_CHARS:
        return {text: answer_html(text) for text in distinct}
    return await asyncio.to_thread(lambda: {text: answer_html(text) for text in distinct})


def _plain_html(text: str) -> str:
    """Text as it is written."""
    rest = len(text) - _MOST_SHOWN_CHARS
    shown = f"<pre>{escape(_calmed(text[:_MOST_SHOWN_CHARS]))}</pre>"
    if rest > 0:
        shown += f"<p>The answer goes on for {rest:,} more characters, which are not shown.</p>"
    return _cleaner().clean(shown)


class _Tangled(Exception):
    """Reading a text as Markdown, or showing it, takes too long."""


def _check_size(text: str) -> None:
    """Refuse a text that is too long, or whose tables may be.

    Raises:
        _Tangled: If it is.
    """
    lines = text.split("\n") if len(text) <= _MOST_CHARS else []
    # A row that is too short is filled up with cells.
    widest = max((line.count("|") for line in lines), default=0)
    if not lines or len(lines) > _MOST_LINES or widest * len(lines) > _MOST_CELLS:
        raise _Tangled


@lru_cache(maxsize=1024)
def _rendered(text: str) -> str:
    """The HTML of a text that is not too long; recorded answers are read by many voters."""
    return _cleaner().clean(_calmed(str(_markdown().render(text, {"steps": 0}))))


@cache
def _markdown() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False, "maxNesting": _DEEPEST})
    reader.enable(["table", "strikethrough"])
    reader.inline.ruler.before("text", "count_steps", _count_inline)
    also = ["paragraph", "reference", "blockquote", "list"]
    reader.block.ruler.before("table", "count_steps", _count_block, {"alt": also})
    reader.core.ruler.after("block", "limit_blocks", _limit_blocks)
    reader.core.ruler.push("tame", _tame)
    reader.add_render_rule("image", _named_image)
    return reader


@cache
def _cleaner() -> "nh3.Cleaner":
    import nh3

    return nh3.Cleaner(
        tags=set(_TAGS),
        attributes={"*": set(), "a": {"href"}, "ol": {"start"}},
        url_schemes={"http", "https"},
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def _count_inline(state: "StateInline", silent: bool) -> bool:
    del silent
    return _count_step(state.env)


def _count_block(state: "StateBlock", start: int, end: int, silent: bool) -> bool:
    del start, end, silent
    return _count_step(state.env)


def _count_step(env: MutableMapping[str, Any]) -> bool:
    """No rule of its own: counts how often any is tried.

    Raises:
        _Tangled: If that is too often.
    """
    env["steps"] += 1
    if env["steps"] > _MOST_STEPS:
        raise _Tangled
    return False


def _limit_blocks(state: "StateCore") -> None:
    if len(state.tokens) > _MOST_BLOCK_TOKENS:
        raise _Tangled


def _tame(state: "StateCore") -> None:
    """Lower the headings, and show where links lead."""
    for token in state.tokens:
        token.tag = _HEADINGS.get(token.tag, token.tag)
        if token.children:
            token.children = _links_named(token.children)


def _links_named(children: Sequence["Token"]) -> list["Token"]:
    """The parts of a line, where a link to another site is followed by that site's name."""
    from markdown_it.token import Token

    kept: list[Token] = []
    host, said = "", ""
    for token in children:
        if token.type == "link_open":
            host, said = _host(str(token.attrs.get("href", ""))), ""
            kept += [token] if host else []
        elif token.type == "link_close":
            kept += [token] if host else []
            if host and host not in (said.strip().lower(), _host(said.strip())):
                kept.append(Token("text", "", 0, content=f" ({host})"))
        else:
            said += token.content
            kept.append(token)
    return kept


def _host(href: str) -> str:
    """The site that a link leads to; empty if it leads to none."""
    from mdurl import parse

    url = parse(href, slashes_denote_host=True)
    return (url.hostname or "") if url.protocol in ("http:", "https:") else ""


def _named_image(
    renderer: object, tokens: Sequence["Token"], at: int, options: object, env: object
) -> str:
    del renderer, options, env
    return f"[picture, not loaded: {escape(tokens[at].content)}]"
