"""What is scored and by what: one answer by a scorer, or two answers side by side."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Protocol, cast

from headtohead.core.errors import UnknownName
from headtohead.logs.calls import Call


@dataclass(frozen=True, slots=True)
class Scored:
    """How good one answer is.

    Attributes:
        value: From 0 (wrong) to 1 (right); None if this item cannot be scored, for a reason that
            is not the answer's (no reference, no answer in the log, a call that failed, a pattern
            that takes too long). An empty, refused or cut answer is an answer.
        failure: Why there was nothing to compare: "format" if the answer could not be parsed,
            "empty", or what `Call.failure` said. A wrong answer has none. The value is then 0.
    """

    value: float | None
    failure: str = ""
    why: str = ""

    def __post_init__(self) -> None:
        if self.value is not None and not 0 <= self.value <= 1:
            raise ValueError(f"a score is between 0 and 1, not {self.value}")
        if self.failure and self.value != 0:
            raise ValueError(f"an answer that failed ({self.failure}) scores 0, not {self.value}")


def right(why: str = "") -> Scored:
    """A right answer."""
    return Scored(1.0, why=why)


def wrong(why: str = "") -> Scored:
    """A wrong answer."""
    return Scored(0.0, why=why)


def unparsed(why: str) -> Scored:
    """An answer in which nothing could be found to compare."""
    return Scored(0.0, "format", why)


def unscored(why: str) -> Scored:
    """An item that cannot be scored, whatever was answered."""
    return Scored(None, why=why)


Rule = Callable[[str, str | None, Call], Scored]


@dataclass(frozen=True, slots=True)
class Scorer:
    """A scorer that is ready to be used.

    Attributes:
        needs_reference: Whether items without a reference cannot be scored.
        rule: From an answer that is not blank, its reference and its call to a score.
    """

    needs_reference: bool
    rule: Rule

    def __call__(self, call: Call, reference: str | None = None) -> Scored:
        """The score of a call's answer, by the call's own reference if none is given."""
        right_answer = call.reference if reference is None else reference
        if self.needs_reference and not (right_answer or "").strip():
            return unscored("the item has no reference")
        if call.output is None and call.failure in ("", "error"):
            # Nobody knows what was answered, or nothing was: that is no wrong answer.
            return unscored(
                "the call failed" if call.failure else "the log does not hold the answer"
            )
        if call.output is None or not call.output.strip():
            return Scored(0.0, call.failure or "empty", "there is no answer")
        scored = self.rule(call.output, right_answer, call)
        # An answer cut off at the token limit does not parse because it was cut off.
        if scored.failure == "format" and call.failure:
            return replace(scored, failure=call.failure)
        return scored


class ScorerModule(Protocol):
    """What every module in the folder `scorers` offers."""

    SCORER: str  # what `--scorer` calls it

    def prepare(self, argument: str) -> Scorer:
        """The scorer that what stands after the colon asks for."""
        ...


@cache
def scorers() -> dict[str, ScorerModule]:
    """All kinds of scorers by name: the folder listing is the registry."""
    by_name = {}
    for info in pkgutil.iter_modules([str(Path(__file__).with_name("scorers"))]):
        name = f"headtohead.trials.scoring.scorers.{info.name}"
        module = cast(ScorerModule, importlib.import_module(name))
        by_name[module.SCORER] = module
    return by_name


def scorer_from(spec: str) -> Scorer:
    """The scorer that an option asks for.

    Args:
        spec: Its name, or its name, a colon and what it needs: 'exact', 'exact:last_line',
            'regex:PATTERN', 'json-schema:FILE', 'python:FILE.py:function'.

    Raises:
        UnknownName: If no scorer has that name.
        InputError: If what stands after the colon makes no scorer.
    """
    name, _, argument = spec.partition(":")
    name = name.strip()
    known = scorers()
    if name not in known:
        raise UnknownName("scorer", name, known)
    return known[name].prepare(argument)


@dataclass(frozen=True, slots=True)
class Duel:
    """A request and what both models answered.

    Attributes:
        reference: The right answer; None if nobody knows it.
    """

    key: str
    messages: Sequence[Mapping[str, Any]]
    answer_a: str
    answer_b: str
    reference: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


def transcript(messages: Sequence[Mapping[str, Any]]) -> str:
    """A request, in OpenAI's chat shape, as plain text: each message after the word for who speaks.

    What is not text is named in brackets: [image], [called weather {"city": "Lyon"}].
    """
    return "\n\n".join(
        f"{message.get('role', 'user')}:\n{text_of(message)}" for message in messages
    )


def text_of(message: Mapping[str, Any]) -> str:
    """What one message says, as plain text."""
    content = message.get("content")
    parts = [content] if isinstance(content, str) else list(content or ())
    said = []
    for part in parts:
        if isinstance(part, Mapping):
            text = part.get("text")
            kind = str(part.get("type", "part")).removeprefix("input_").removesuffix("_url")
            said.append(text if isinstance(text, str) else f"[{kind}]")
        elif isinstance(part, str):
            said.append(part)
    for call in message.get("tool_calls") or ():
        function = call.get("function") or {}
        said.append(f"[called {function.get('name', 'a tool')} {function.get('arguments', '')}]")
    return "\n".join(part for part in said if part)
