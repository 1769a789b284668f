"""Entrants whose answers are files, read by the readers of every log.

An answer belongs to the prompt whose id is the key of its record; a file that repeats the text of a
prompt under another key is joined by the text.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from headtohead.arena.prompts import Prompt, asked
from headtohead.arena.reveals import without_reasoning
from headtohead.arena.settings import ArenaSettings, Entrant
from headtohead.arena.store.store import RecordedAnswer
from headtohead.core.errors import InputError
from headtohead.logs.calls import LONGEST_KEY, short_key
from headtohead.logs.opening import open_calls

IN_TOML = "`map = { key = 'COLUMN' }`"
_LONGEST = 100_000  # characters of an answer or a prompt: more nobody reads beside another


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEntrant:
    """What a file of answers holds.

    Attributes:
        prompts: Id -> prompt, where the file says what was asked.
        answers: Id of the prompt -> answer.
        dropped: Reason -> how many records were left out.
    """

    prompts: Mapping[str, Prompt]
    answers: Mapping[str, RecordedAnswer]
    dropped: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What an arena shows.

    Attributes:
        prompts: Id -> prompt.
        answers: Entrant -> id of the prompt -> recorded answer.
        dropped: Entrant -> reason -> how many records of its file were left out.
    """

    prompts: Mapping[str, Prompt]
    answers: Mapping[str, Mapping[str, RecordedAnswer]]
    dropped: Mapping[str, Mapping[str, int]]


def contents(settings: ArenaSettings) -> Contents:
    """The prompts of an arena and its recorded answers.

    Raises:
        InputError: If a file cannot be read, or no prompt has answers of two entrants.
    """
    read = {e.name: recorded(e) for e in settings.entrants if e.kind == "recorded"}
    prompts = {one.id: one for one in settings.prompts}
    if not prompts:
        for one in read.values():
            prompts = {**one.prompts, **prompts}
    ids = {_bare(one.text): one.id for one in prompts.values()}
    answers: dict[str, dict[str, RecordedAnswer]] = {}
    dropped: dict[str, dict[str, int]] = {}
    for name, one in read.items():
        mine = answers[name] = {}
        for key, answer in one.answers.items():
            text = one.prompts[key].text if key in one.prompts else key
            id = key if key in prompts else ids.get(_bare(text), "")
            if id:
                mine.setdefault(id, answer)
        lost = len(one.answers) - len(mine)
        dropped[name] = {**one.dropped}
        if lost:
            dropped[name]["answer to a prompt that the arena does not have"] = lost
    live = len(settings.entrants) - len(read)
    often = Counter(id for mine in answers.values() for id in mine)
    shown = {id: one for id, one in prompts.items() if often[id] + live >= 2}
    if not prompts and not settings.free:
        raise InputError(
            "The files of answers do not say what was asked. Name a file of `prompts` with the "
            f"same ids (the requests of a batch will do), or the column with the question as "
            f"{IN_TOML}."
        )
    if not shown and not settings.free:
        raise InputError(
            "No prompt has answers of two entrants, so there is nothing to vote on. Their files "
            f"must share the ids or the texts of their prompts: name the column as {IN_TOML}."
        )
    kept = {n: {id: a for id, a in mine.items() if id in shown} for n, mine in answers.items()}
    return Contents(prompts=shown, answers=kept, dropped=dropped)


def _bare(text: str) -> str:
    """A text without what differs between two writings of it."""
    return " ".join(text.split()).casefold()


def recorded(entrant: Entrant) -> RecordedEntrant:
    """The answers in the file of an entrant; of repeats of a prompt, the first.

    Raises:
        InputError: If the file cannot be read, or holds several models and `only` names none.
    """
    assert entrant.answers
    stream = open_calls(entrant.answers, format=entrant.format, mapping=entrant.map)
    prompts, answers, dropped = {}, {}, Counter[str]()
    models: dict[str, None] = {}
    for call in stream.calls:
        whose = (call.model, call.run, f"{call.model}, {call.run}")
        if entrant.only and entrant.only not in whose:
            continue
        models[call.model] = None
        id, text = short_key(call.key), without_reasoning(call.output or "")
        if not text.strip():
            dropped["record without an answer"] += 1
        elif max(len(text), len(asked(call))) > _LONGEST:
            dropped[f"record of more than {_LONGEST:,} characters"] += 1
        elif id in answers:
            dropped["repeat of a prompt"] += 1
        else:
            answers[id] = RecordedAnswer(
                text=text,
                cost_usd=call.cost_usd,
                latency_s=call.latency_s,
                output_tokens=call.usage.output_tokens if call.usage else None,
            )
            if question := asked(call):
                category = next(
                    (call.labels[k] for k in ("category", "task") if k in call.labels), ""
                )
                prompts[id] = Prompt(id, question, category[:LONGEST_KEY])
    if len(models) > 1:
        names = ", ".join(sorted(models))
        raise InputError(
            f"{entrant.answers}: holds answers of {names}. Say whose these are: `only`."
        )
    if not answers:
        raise InputError(f"{entrant.answers}: no answer of {entrant.name} is in it.")
    return RecordedEntrant(prompts=prompts, answers=answers, dropped={**stream.dropped, **dropped})
