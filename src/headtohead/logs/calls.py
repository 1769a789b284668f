"""The one row that everything here speaks of: one call of one model on one item."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

import msgspec

from headtohead.core.errors import InputError
from headtohead.files.formats import Format

_MS = 1e11  # as seconds, in the year 5138

# What is read of a logged request and may be sent again. A list of what is allowed, because bodies
# in logs also hold keys, addresses and names of people.
_SENT = """
chat_template_kwargs enable_thinking frequency_penalty function_call functions logit_bias
max_completion_tokens max_tokens min_p parallel_tool_calls presence_penalty reasoning
reasoning_effort repetition_penalty response_format seed stop temperature thinking tool_choice
tools top_k top_p verbosity
"""
SENT = frozenset(_SENT.split())
# Read too, so that they are counted by name; some of these cost extra, ask for several answers, or
# are known to one kind of server only.
_UNSENT = """
best_of extra_body guided_choice guided_grammar guided_json guided_regex length_penalty logprobs
min_tokens modalities prediction service_tier stop_token_ids structured_outputs top_logprobs
web_search_options
"""
PARAMS = SENT | frozenset(_UNSENT.split())


TOGETHER = 4096
"""Calls that are read at once, where they are."""
LONGEST_KEY = 100
"""Letters of a key or a word where both are shown or kept in a file of votes."""


def short_key(key: str) -> str:
    """A key as people can see it: itself, or for a long one, as where a text is the key, a hash."""
    if len(key) <= LONGEST_KEY and key.isprintable():
        return key
    return hashlib.sha256(key.encode()).hexdigest()[:16]


class Usage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Tokens of one call, by the model's own tokenizer.

    Attributes:
        input_tokens: All input, cached or not.
        cache_read_tokens: The part of the input that was read from a cache.
        cache_write_tokens: The part of the input that was written to a cache.
        output_tokens: All output, reasoning included.
        reasoning_tokens: The part of the output that is reasoning.
    """

    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0


class Call(msgspec.Struct, kw_only=True, gc=False):
    """One call of one model on one item, with what its file tells of it.

    Attributes:
        key: Pairs this call with those of other runs on the same item; unique with `epoch`.
        epoch: Which repeat of the item it is, from 1.
        model: The model that answered, in the file's own word.
        run: Tells runs of one model in one file apart (an experiment's name); may be empty.
        score: How good the answer was, higher is better; None if nobody scored it.
        failure: Why there is no usable answer: "error", "format", "empty", "refused", "limit"; else
            empty. A format failure may still carry a score of 0.
        messages: The request as sent, OpenAI's chat shape; None if the file does not hold it.
        params: What else was sent (temperature, max_tokens, tools, response_format).
        output: The text answered.
        reference: The right answer, where the file knows it.
        usage: Tokens; None if unknown.
        cost_usd: What the call cost by the file itself; None if unknown.
        latency_s: Seconds from request to the end of the answer.
        started: ISO time of the request, or seconds or milliseconds since 1970.
        labels: Slices: task, tags, metadata; name to value.
        fingerprint: A hash of the item's text where the format has one: equal keys with unequal
            fingerprints are not the same item.
        where: Line or sample of the file, for messages.
    """

    key: str
    epoch: int = 1
    model: str = ""
    run: str = ""
    score: float | None = None
    failure: str = ""
    messages: list[dict[str, Any]] | None = None
    params: dict[str, Any] = {}
    output: str | None = None
    reference: str | None = None
    usage: Usage | None = None
    cost_usd: float | None = None
    latency_s: float | None = None
    started: str = ""
    labels: dict[str, str] = {}
    fingerprint: str = ""
    where: str = ""

    @property
    def instant(self) -> datetime | None:
        """When it was sent, in UTC if no zone is said; None if no time of day is known."""
        return instant_of(self.started)

    @property
    def from_cache(self) -> bool:
        """Whether a proxy answered from its own cache, and asked nobody."""
        return self.labels.get("cache_hit", "").casefold() == "true"


def instant_of(text: str) -> datetime | None:
    """The instant that the start of a call means; None if it tells no time of day."""
    text = text.strip()
    try:
        # A hyphen there, as most by far have, is in no number.
        number = text[4:5] != "-" and text.replace(".", "", 1).isdecimal()
        if number and len(text) > len("20260901"):
            seconds = float(text)
            return datetime.fromtimestamp(seconds / 1000 if seconds > _MS else seconds, UTC)
        at = datetime.fromisoformat(text if len(text) > len("2026-09-01") else "")
        if at.tzinfo is UTC:
            return at
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None


def started_at(seconds: float | None) -> str:
    """Seconds since 1970 as the start of a call; empty where no calendar has them."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat() if seconds else ""
    except (ValueError, OverflowError, OSError):
        return ""


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says of all its calls.

    Attributes:
        task: What was measured; empty if the file does not say.
        metric: What `score` is; empty if the file does not say.
        scores: What a mapping of `score` may name: columns, scorers or metrics.
        must_agree: What has to be equal in both runs for their scores to be comparable: harness and
            its version, task version, data set, number of shots, scorer.
        may_differ: What is worth telling but may differ: temperature, effort, endpoint, date.
    """

    format: str
    task: str = ""
    metric: str = ""
    scores: tuple[str, ...] = ()
    must_agree: Mapping[str, str] = {}
    may_differ: Mapping[str, str] = {}


class Spending(NamedTuple):
    """What decides the cost of some calls: of each field of a call, their values.

    Attributes:
        tells: Whether a call tells its tokens.
        tokens: Each of the counts of `Usage`, 0 where a call tells none.
    """

    model: Sequence[str]
    started: Sequence[str]
    from_cache: Sequence[bool]
    cost_usd: Sequence[float | None]
    tells: Sequence[bool]
    tokens: Sequence[Sequence[int]]


class CallStream(msgspec.Struct, kw_only=True):
    """An opened file.

    Attributes:
        calls: Its calls, read as they are asked for, so that a log larger than memory can be read.
        dropped: Reason -> how many records were left out; complete once `calls` is read.
        columns: Of plain records, field of a call, or label.NAME -> the column where it stands.
        together: What decides the cost of the same calls, where that can be read faster than they
            are; what is read of one is read of both.
    """

    meta: Meta
    calls: Iterator[Call]
    dropped: dict[str, int]
    columns: Mapping[str, str] = {}
    together: Iterator[Spending] | None = None


def together(calls: Iterator[Call]) -> Iterator[Spending]:
    """What decides the cost of calls, of some thousands at once."""
    some = map(attrgetter("model", "started", "from_cache", "cost_usd", "usage"), calls)
    while rows := list(islice(some, TOGETHER)):  # and not the calls, which may carry whole chats
        models, started, from_cache, costs, usages = zip(*rows, strict=True)
        yield Spending(models, started, from_cache, costs, *told(usages))


def told(usages: Sequence[Usage | None]) -> tuple[Sequence[bool], Sequence[Sequence[int]]]:
    """Whether calls tell their tokens, and each kind of them."""
    counts, nothing = attrgetter(*Usage.__struct_fields__), Usage()
    tokens = tuple(zip(*[counts(x or nothing) for x in usages], strict=True))
    return [x is not None for x in usages], tokens


@dataclass(frozen=True, slots=True)
class RunFile:
    """What the reader of a format is given.

    Attributes:
        path: A file, or a folder for formats that keep several files together.
        mapping: Field of a call -> column or dotted path in the file.
        tasks: Names of the tasks to read, with * and ? for any letters; all if empty.
        partial: Whether a file may hold less than its header says.
        ids: A file of all ids, for lists of those that were solved; empty for none.
        usage: Whether only models, tokens, times and sellers count: a record needs no key then.
    """

    path: Path
    mapping: Mapping[str, str] = field(default_factory=dict)
    tasks: tuple[str, ...] = ()
    partial: bool = False
    ids: str = ""
    usage: bool = False

    def reads(self, task: str) -> bool:
        """Whether a task is to be read."""
        return not self.tasks or any(fnmatchcase(task, wanted) for wanted in self.tasks)

    def lacking(self, where: str, holds: int, counted: int, of: str) -> dict[str, int]:
        """What a file lacks of the number its header says, as it is counted.

        Raises:
            InputError: If it lacks any, and need not.
        """
        if holds >= counted:
            return {}
        if not self.partial:
            raise InputError(
                f"{where}: holds {holds:,} {of}, but its header speaks of {counted:,}. Copy the "
                "file again, or read what there is with `partial`."
            )
        return {f"{of} that the header speaks of and the file lacks": counted - holds}


class RunReading(TypedDict, total=False):
    """How to read a file: the name of its format or "auto", and what `RunFile` says."""

    format: str
    mapping: Mapping[str, str]
    tasks: tuple[str, ...]
    partial: bool
    ids: str
    usage: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFormat(Format):
    """A layout of results or logs.

    Attributes:
        holds: Of "scores", "requests", "tokens", "cost", "latency": what it can hold.
        maps: Fields that a mapping may name; None if all.
        folders: Whether a folder with one such file is read as a whole.
        archived: Files in a zip archive, one of which makes it one of this format.
        column: A pattern of names, one column of which makes a table one of this format.
        pairs: What makes two records of different runs one item, in words.
        tried: Tools, each with the versions whose own output was read; empty for layouts that were
            read by their documentation.
    """

    holds: tuple[str, ...]
    maps: tuple[str, ...] | None = ("key", "reference", "run", "score")
    folders: bool = False
    archived: tuple[str, ...] = ()
    column: str = ""
    pairs: str
    tried: tuple[str, ...] = ()
