"""How long an answer is and how it is laid out, which sways voters whatever it says."""

import json
import re
from collections.abc import Iterable

from headtohead.arena.store.store import Battle

STYLES = ("length", "header", "list", "bold")
"""What `rank` can hold equal."""
_CODE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)
_COUNTED = {
    "header": re.compile(r"^ {0,3}#{1,6} +\S", re.MULTILINE),
    "list": re.compile(r"^ *(?:[-*+]|\d{1,9}[.)]) +\S", re.MULTILINE),
    "bold": re.compile(r"\*\*[^*\n]+\*\*|__[^_\n]+__"),
}


def styles_of(answers: Iterable[str]) -> dict[str, int]:
    """Characters, headers, entries of lists and bold words of answers; code has length only."""
    texts = list(answers)
    prose = [_CODE.sub("", text) for text in texts]
    return {"length": sum(map(len, texts))} | {
        name: sum(len(pattern.findall(text)) for text in prose)
        for name, pattern in _COUNTED.items()
    }


def battle_styles(battle: Battle) -> str:
    """The styles of both sides' answers as JSON, in the names of columns of votes."""
    sides = {
        "a": (turn.left_answer or "" for turn in battle.turns),
        "b": (turn.right_answer or "" for turn in battle.turns),
    }
    return json.dumps(
        {f"{name}_{end}": n for end, texts in sides.items() for name, n in styles_of(texts).items()}
    )
