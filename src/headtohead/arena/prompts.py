"""What entrants are asked, and files of prompts."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from headtohead.core.errors import InputError
from headtohead.files.opening import arrived, content, held, wrong
from headtohead.files.records import objects
from headtohead.logs.calls import LONGEST_KEY, Call, short_key
from headtohead.logs.openai import content_text
from headtohead.logs.opening import open_calls

_TEXT_FIELDS = ("text", "prompt", "question", "input")


@dataclass(frozen=True, slots=True)
class Prompt:
    """What entrants are asked; categories have leaderboards of their own."""

    id: str
    text: str
    category: str = ""


def prompts_in(path: Path) -> tuple[Prompt, ...]:
    """The prompts in a file.

    It holds one a line of text, records with a text and maybe id and category, or requests of
    OpenAI's Batch API.

    Raises:
        InputError: If there is no such file, or a record has no text.
    """
    path = arrived(path)
    if not held(path).exists():
        raise InputError(f"{path}: there is no such file.")
    if path.suffix in (".txt", ".md", ""):
        lines = content(path).decode("utf-8", errors="replace").splitlines()
        return tuple(
            Prompt(f"line {n}", line.strip()) for n, line in enumerate(lines, 1) if line.strip()
        )
    prompts: dict[str, Prompt] = {}
    for prompt in _in_records(path):
        if prompt.id in prompts:
            raise InputError(f"{path}: the id {prompt.id!r} stands twice.")
        prompts[prompt.id] = prompt
    if not prompts:
        raise InputError(f"{path}: no prompt is in it.")
    return tuple(prompts.values())


def _in_records(path: Path) -> Iterator[Prompt]:
    for n, (where, record) in enumerate(objects(path), 1):
        text = next((record[name] for name in _TEXT_FIELDS if record.get(name)), None)
        if n == 1 and text is None and {"custom_id", "body"} <= record.keys():
            for call in open_calls(path, format="openai-batch").calls:
                yield Prompt(short_key(call.key), asked(call))
            return
        if not isinstance(text, str) or not text.strip():
            raise wrong(path, where, f"no text stands under any of {', '.join(_TEXT_FIELDS)}.")
        yield Prompt(
            short_key(str(record.get("id") or f"prompt {n}")),
            text.strip(),
            str(record.get("category") or "")[:LONGEST_KEY],
        )


def asked(call: Call) -> str:
    """What a model was asked, as a voter reads it: the question, or the whole conversation.

    Where the file holds neither, a key of several words is the question; empty if it is an id.
    """
    said = [(m.get("role"), content_text(m.get("content")) or "") for m in call.messages or ()]
    said = [(role, text) for role, text in said if role != "system" and text.strip()]
    if not said:
        return call.key if len(call.key.split()) > 1 else ""
    if len(said) == 1:
        return said[0][1]
    return "\n\n".join(f"{role}: {text}" for role, text in said)
