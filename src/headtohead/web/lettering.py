"""Texts as the fonts of a machine can draw them: a name is to be read, and not to be boxes."""

import re
import unicodedata
from functools import cache

_ASKED = "\ue000"  # which no font has
_LATIN = 0x250  # up to here every font that a card is drawn with has all letters
_SPELT = re.compile(r"(?:HANGUL SYLLABLE|(?:HIRAGANA|KATAKANA) LETTER(?: SMALL)?) (\w+)")
_SCRIPTS = {"CJK": "Chinese"}


def readable(text: str, otherwise: str = "") -> str:
    """A text without characters that no installed font has.

    Args:
        otherwise: What is said where any is missing, as an id; if empty, the missing ones are
            spelt in Latin letters where Unicode tells how, or else said to be there.
    """
    if all(map(_has_font, text)):
        return text
    if otherwise and otherwise.isascii():
        return otherwise
    spelt = "".join(char if _has_font(char) else _spelt(char) for char in text)
    # One remark for all characters of a word that nothing here can spell.
    return re.sub(r"(\[[^\]]*\])(?:\s*\1)+", r"\1", spelt)


@cache
def _has_font(char: str) -> bool:
    return ord(char) < _LATIN or unicodedata.combining(char) > 0 or _drawn(char) != _drawn(_ASKED)


@cache
def _drawn(char: str) -> bytes:
    import vl_convert

    text = f'<text x="2" y="20" font-family="Liberation Sans" font-size="18">{char}</text>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24">{text}</svg>'
    return bytes(vl_convert.svg_to_png(svg))


def _spelt(char: str) -> str:
    name = unicodedata.name(char, "")
    if found := _SPELT.match(name):
        return found[1].lower()
    plain = unicodedata.normalize("NFKD", char)
    if plain != char and all(map(_has_font, plain)):
        return plain
    script = name.partition(" ")[0]
    return f"[{_SCRIPTS.get(script, script.capitalize())} letters]" if script else ""
