"""A claim that asks one question: a table that loads, to copy and to change."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from headtohead.claims.questions.result import KnownValue
from headtohead.core.question import FILTER, Question
from headtohead.questions import FOLDERS

# The kind of a claim, by the unit of its number.
_KINDS = {
    "elo": "gap",
    "index": "gap",
    "pp": "gap",
    "frac": "share",
    "months": "lag",
    "rank": "rank",
    "ratio": "ratio",
    "usd": "amount",
    "n": "amount",
}
_GROUPS = ("brand=claude", "brand=qwen")
# Figures that both of the usual sides have, for questions about any figure.
_USUAL = ("private_investment", "private investment in the year")


def example(name: str, scope: Mapping[str, Any], unit: str, about: date) -> str:
    """A `[[claim]]` table that asks a question and can be read.

    Args:
        scope: The scope words to write.
        unit: Of its bound.
        about: A day that the evidence speaks of.
    """
    folder = name.partition(".")[0]
    said = "\n".join(f"{w} = {json.dumps(v, ensure_ascii=False)}" for w, v in scope.items())
    words = f"\n[claim.as_stated.scope]\n{said}\n" if said else ""
    return f"""\
[[claim]]
id = "X1"
says = "The sentence as it was written"
section = "{folder if folder in FOLDERS else "impact"}"
kind = "{_KINDS.get(unit, "level")}"
about = "{about}"
sources = []
fair = "Why this reading says what the sentence says"

[claim.as_stated]
says = "The sentence as a condition on one number"
analysis = "{name}"
bound = {{ at_least = 0, unit = "{unit}" }}
{words}"""


def needed(question: Question, known: Mapping[str, Sequence[KnownValue]]) -> dict[str, Any]:
    """A value for each scope word without a default.

    Args:
        known: Scope word -> values that rows have, the most frequent first.
    """
    scope = {name: word.default for name, word in question.scope.items()}
    words = {name: word for name, word in question.scope.items() if word.default is None}
    for place, (name, word) in enumerate(words.items()):
        of = ", ".join(str(scope[w]) for w in word.within if w in scope)
        values = [v.value for v in known.get(name, ()) if v.of == of]
        # Two words about models are about two models.
        values = [v for v in values if v in _USUAL] + values[place:] + values or [""]
        scope[name] = {
            "day": "2025-01-01",
            "number": 1,
            "flag": True,
            "models": values[:1],
            "texts": [*_GROUPS] if word.column == FILTER else values[:1],
        }.get(word.kind, values[0])
    return {name: scope[name] for name in words}
