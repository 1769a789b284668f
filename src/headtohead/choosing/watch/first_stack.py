"""A first stack from a log: which models it asked, at which seller, how many tokens a month."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from headtohead.core.errors import InputError
from headtohead.core.units import counted
from headtohead.evidence.words import model_name
from headtohead.logs.calls import Call
from headtohead.logs.opening import open_calls
from headtohead.names.names import Names

_MONTH = timedelta(days=365.25 / 12)
_LEAST = timedelta(days=1)


@dataclass(slots=True)
class _LoggedTokens:
    """Tokens of one model at one seller; `counted` calls of all `calls` tell theirs."""

    calls: int = 0
    counted: int = 0
    input: int = 0
    cached: int = 0
    output: int = 0

    def add(self, call: Call) -> None:
        self.calls += 1
        if usage := call.usage:
            self.counted += 1
            self.input += usage.input_tokens
            self.cached += usage.cache_read_tokens
            self.output += usage.output_tokens


def first_stack(
    log: Path, names: Names, *, format: str = "auto", mapping: Mapping[str, str] | None = None
) -> str:
    """A stack file made of a log, with a comment on what each figure rests on.

    Tokens are scaled from the time between the first call and the last to a month of 30.4 days; a
    log of less than a day counts as a day, and one without times has no tokens a month.

    Raises:
        InputError: If the log cannot be read, or no call of it names a model.
    """
    stream = open_calls(log, format=format, mapping=mapping or {}, usage=True)
    by_model: dict[tuple[str, str], _LoggedTokens] = {}
    first: datetime | None = None
    last: datetime | None = None
    calls_n = 0
    for call in stream.calls:
        calls_n += 1
        if call.model:
            by_model.setdefault(_used(call, names), _LoggedTokens()).add(call)
        if at := call.instant:
            first, last = min(first or at, at), max(last or at, at)
    if not by_model:
        raise InputError(
            f"{log}: none of {counted(calls_n, 'call')} names a model. Say where it stands with "
            "`mapping={'model': 'COLUMN'}`, or write the stack by hand."
        )
    span = max(last - first, _LEAST) if first and last else None
    most_first = sorted(by_model.items(), key=lambda pair: (-pair[1].calls, pair[0]))
    day = last.date() if last else None
    lines = [*_head(log, calls_n, first, last, span)]
    for (name, seller), tokens in most_first:
        lines += ["", *_entry(name, seller, tokens, span, names, day)]
    return "\n".join(lines) + "\n"


def _used(call: Call, names: Names) -> tuple[str, str]:
    """The model as the log calls it, and the id of its seller, as far as the call tells one."""
    front, sign, rest = call.model.partition("/")
    known = names.operator(call.labels.get("provider", ""))
    if known is None and sign:
        known = names.operator(front)
    if known and sign and names.operator(front):
        return rest, known.id
    return call.model, known.id if known else ""


def _head(
    log: Path, calls_n: int, first: datetime | None, last: datetime | None, span: timedelta | None
) -> Iterator[str]:
    yield f"# Made by `h2h watch --from` of {log.name}: {counted(calls_n, 'call')}."
    if span is None or first is None or last is None:
        yield "# No call tells its time, so tokens a month are not known: please fill them in,"
        yield "# or name the column of the times with `--map started=COLUMN`."
    else:
        real = (last - first).total_seconds() / _LEAST.total_seconds()
        factor = _MONTH / span
        yield (
            f"# Tokens a month: those of the log times {factor:.3g}, since its calls span "
            f"{real:.3g} days, {first:%Y-%m-%d} to {last:%Y-%m-%d}"
            f"{', which count as a day' if real < 1 else ''}."
        )
    yield "# The margin is the usual one, and nothing is asked of successors: see the how-to page."
    yield "margin = 1  # index points"


def _entry(
    name: str,
    seller: str,
    tokens: _LoggedTokens,
    span: timedelta | None,
    names: Names,
    day: date | None,
) -> Iterator[str]:
    meaning = names.resolve(name, on=day, provider=seller or None)
    unknown = not meaning.model and not names.resolve(name, on=day).model
    mark = "# " * unknown
    last = names.until(name, day, seller or meaning.lab) if unknown and day else None
    if last:
        was = names.resolve(name, on=last, provider=seller or meaning.lab).model or name
        yield f"# Stood for {model_name(was)} until {last}, and for nothing since."
        mark = ""
    elif unknown:
        close = " or ".join(names.suggested(name)[:3])
        yield f"# No model we know is called so{f'; did you mean {close}?' if close else '.'}"
    yield f"{mark}[[model]]"
    yield f"{mark}name = {json.dumps(name, ensure_ascii=False)}"
    if seller:
        yield f'{mark}operator = "{seller}"'
    else:
        yield f"{mark}# operator: the log tells none, so the maker's own endpoint is meant"
    if tokens.counted < tokens.calls:
        yield f"# tokens are told by {tokens.counted:,} of {counted(tokens.calls, 'call')}"
    if span is None:
        yield f"# {tokens.input:,} input and {tokens.output:,} output tokens in all"
    elif tokens.counted:
        factor = _MONTH / span
        yield f"{mark}input_tokens_per_month = {round(tokens.input * factor)}"
        if tokens.cached:
            yield f"{mark}cached_tokens_per_month = {round(tokens.cached * factor)}"
        yield f"{mark}output_tokens_per_month = {round(tokens.output * factor)}"
