"""Whether two short answers are the same, and where in a long answer the short one stands."""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal

Sort = Literal["letter", "number", "text"]
Place = Literal["anywhere", "whole", "last_line", "answer", "boxed"]

_KEPT = set("%#&@/\\")  # punctuation that is part of a word: C#, AT&T, and/or
_NUMBER = re.compile(r"(?<![\w.,])[-+]?[$€£¥]?(?:\d[\d,]*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d*)?")
_DECIMAL_COMMA = re.compile(r"\d+,(?:\d{1,2}|\d{4,})")
# Every repetition is bounded: an answer of ten thousand asterisks must not take a minute.
_SAID = re.compile(
    r"\banswer\b[^.\n]{0,60}?(?:\bis\b|\bare\b|=|:)[\s*_`:]{0,8}(?P<said>.+)", re.IGNORECASE
)
_MARKED = re.compile(r"\banswer\b[\s*_`]{0,8}:[\s*_`]{0,8}(?P<said>.+)", re.IGNORECASE)
_OPENING = r"[\s*_`\"'(\[{<>#$-]{0,8}(?:(?:option|choice)\s{1,3})?[*_(]{0,3}"
_LONE_LETTER = re.compile(_OPENING + r"([A-Za-z])\b[\s*_)\]}>.:,`\"'$]{0,8}", re.IGNORECASE)
_LISTED_LETTER = re.compile(
    _OPENING + r"([A-Za-z])[*_]{0,3}[).:\]][*_]{0,3}(?:\s|$)", re.IGNORECASE
)
_BRACKETED_LETTER = re.compile(r"(?:\(|\*\*|\b(?:[Oo]ption|[Cc]hoice) )([A-Z])\b")
_FIRST_LETTER = re.compile(_OPENING + r"([A-Za-z])(?![\w'’-])(?P<rest>.*)", re.IGNORECASE)
_SECOND_LETTER = re.compile(
    r"[\s*_)\].`$]{0,8}(?:,|/|&|\band\b|\bor\b)[\s*_(\[]{0,8}[A-Za-z]\b(?!')"
)
_REASON = re.compile(r"\s+(?:because|since|as|for|which|due|\(|-|–|—|:)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Likeness:
    """What counts as a difference between two texts.

    Attributes:
        case: Upper and lower case differ.
        punctuation: Punctuation at the edges of words differs.
        spaces: The kind and number of white spaces differ.
    """

    case: bool = False
    punctuation: bool = False
    spaces: bool = False


LENIENT = Likeness()


def normalised(text: str, like: Likeness = LENIENT) -> str:
    """The text without the differences that do not count.

    Compatibility forms are folded (NFKC). A mark between two letters or digits, and the sign of a
    number, stay: 3.5 is not 35, and -5 is not 5.
    """
    bare = unicodedata.normalize("NFKC", text).replace("\u2212", "-").strip()
    if not like.case:
        bare = bare.casefold()
    if not like.punctuation:
        # A text of nothing but marks ("<=") is compared as it stands.
        bare = _unmarked(bare) or bare
    return bare if like.spaces else " ".join(bare.split())


def number(text: str) -> Decimal | None:
    """The number that the whole text is; None if it is none.

    '7', '7.0', '7.', '+7', '$7', '7%' and '7 ' are 7; '1,000' is 1000; '3,5' is 3.5. Digits with a
    leading zero ('007', a postcode) are a name, not a number.
    """
    whole = unicodedata.normalize("NFKC", text).replace("\u2212", "-").strip().rstrip("%").strip()
    match = _NUMBER.fullmatch(whole)
    if match is None:
        return None
    bare = re.sub("[$€£¥]", "", match.group()).rstrip(",")
    digits = bare.lstrip("+-")
    if re.match(r"0\d", digits):
        return None
    if "," in digits:
        if _THOUSANDS.fullmatch(digits):
            bare = bare.replace(",", "")
        elif _DECIMAL_COMMA.fullmatch(digits):
            bare = bare.replace(",", ".")
        else:
            return None
    try:
        return Decimal(bare.rstrip("."))
    except InvalidOperation:
        return None


def sort_of(reference: str) -> Sort:
    """What kind of answer a reference is: that alone decides how a long answer is searched."""
    bare = reference.strip().strip("().")
    if re.fullmatch("[A-Za-z]", bare):
        return "letter"
    return "number" if number(reference) is not None else "text"


def same(answer: str, reference: str, like: Likeness = LENIENT) -> bool:
    """Whether two short answers are the same: numbers as numbers, everything else as text."""
    left, right = number(answer), number(reference)
    if left is not None and right is not None:
        return left == right
    return normalised(answer, like) == normalised(reference, like)


def found_in(output: str, sort: Sort, place: Place = "anywhere") -> str | None:
    r"""The short answer in a long one; None if there is none to be found.

    Args:
        output: What the model answered.
        sort: Of the reference. It never depends on the reference's value, so that no answer is
            helped by what is right.
        place: Where to look. `anywhere` takes the first of: the last \boxed{}, the last
            'ANSWER: X' or 'the answer is X', then what stands out (a letter on its own, the last
            number), and for texts the whole answer.
    """
    text = unicodedata.normalize("NFKC", output).replace("\u2212", "-").strip()
    if place == "whole":
        return text or None
    if place == "last_line":
        line = text.splitlines()[-1].strip() if text else ""
        return _within(line, sort) if line else None
    if place == "boxed":
        return _boxed(text)
    if place == "answer":
        said = _last(_MARKED, text)
        return None if said is None else _within(said, sort)
    for said in (_boxed(text), _last(_MARKED, text), _last(_SAID, text)):
        short = None if said is None else _short(said, sort)
        if short is not None:
            return short
    if sort == "letter":
        return _outstanding_letter(text)
    if sort == "number":
        numbers = _NUMBER.findall(_unwrapped(text))
        return numbers[-1] if numbers else None
    return text or None


def _within(said: str, sort: Sort) -> str | None:
    """A line as an answer: its letter or number if it holds one; a text is all of it."""
    said_after = _last(_MARKED, said) or _last(_SAID, said)
    short = _short(said_after if said_after is not None else said, sort)
    if short is None and sort == "letter":
        return _outstanding_letter(said)
    return short


def _short(said: str, sort: Sort) -> str | None:
    said = said.strip()
    if sort == "letter":
        match = _FIRST_LETTER.match(said)
        if match is None or _SECOND_LETTER.match(match.group("rest")):
            return None
        letter, rest = match.group(1), match.group("rest")
        # "the answer is a dog", "is I think": words of one letter, not options.
        word = letter in "aAI" or letter.islower()
        if word and rest[:1].isspace() and rest.strip(" *_`") and not _REASON.match(rest):
            return None
        return letter
    if sort == "number":
        first = _NUMBER.search(_unwrapped(said))
        return first.group() if first else None
    return said.strip("*_` ") or None


def _outstanding_letter(text: str) -> str | None:
    """A letter on a line of its own, else the one letter that options are marked with."""
    lines = [line for line in text.splitlines() if line.strip()]
    for line in (*lines[-1:], *lines[:1]):
        lone = _LONE_LETTER.fullmatch(line)
        if lone:
            return lone.group(1)
    for marks in (
        {m.group(1).upper() for line in lines if (m := _LISTED_LETTER.match(line))},
        {letter.upper() for letter in _BRACKETED_LETTER.findall(text)},
    ):
        # Two marked letters are a list of options, not a choice.
        if len(marks) == 1:
            return marks.pop()
    return None


def _unwrapped(text: str) -> str:
    """Without marks that touch numbers and would hide them."""
    return re.sub(r"[*_`()\[\]{}=~≈<>|\\]", " ", text)


def _boxed(text: str) -> str | None:
    r"""What the last \boxed{...} holds, with braces inside it."""
    start = text.rfind("\\boxed{")
    if start < 0:
        return None
    depth, first = 0, start + len("\\boxed")
    for at in range(first, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            inside = text[first + 1 : at].strip()
            wrapped = re.fullmatch(r"\\(?:text|mathrm|mathbf)\{(.*)\}", inside, re.DOTALL)
            return (wrapped.group(1) if wrapped else inside) or None
    return None


def _last(pattern: re.Pattern[str], text: str) -> str | None:
    said = None
    for line in text.splitlines():
        # Of "the answer is not B; the answer is C" the last counts.
        start = 0
        while match := pattern.search(line, start):
            said, start = match.group("said"), match.start("said")
    return said


def _unmarked(text: str) -> str:
    """Without punctuation, but between letters and digits and before a number."""
    kept = []
    for at, char in enumerate(text):
        if unicodedata.category(char)[0] != "P" or char in _KEPT:
            kept.append(char)
            continue
        before, after = text[at - 1 : at], text[at + 1 : at + 2]
        signed = char == "-" and after.isdigit()
        if signed or (before.isalnum() and after.isalnum()):
            kept.append(char)
        else:
            kept.append(" ")
    return "".join(kept).strip()
