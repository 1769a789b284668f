"""What entrants are asked, and files of prompts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headtohead.core.errors import InputError
from headtohead.files.opening import arrived, content, held, wrong
from headtohead.files.records import objects
from headtohead.logs.calls import LONGEST_KEY, short_key

_TEXT_FIELDS = ("text", "prompt", "question", "input")


@dataclass(frozen=True, slots=True)
class Prompt:
    """What entrants are asked; categories have leaderboards of their own."""

    id: str
    text: str
    category: str = ""


def prompts_in(path: Path) -> tuple[Prompt, ...]:
    """The prompts in a file: one a line of text, or records with a text and maybe id and category.

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
    for n, (where, record) in enumerate(objects(path), 1):
        prompt = _prompt(path, where, n, record)
        if prompt.id in prompts:
            raise InputError(f"{path}: the id {prompt.id!r} stands twice.")
        prompts[prompt.id] = prompt
    if not prompts:
        raise InputError(f"{path}: no prompt is in it.")
    return tuple(prompts.values())


def _prompt(path: Path, where: str, n: int, record: Mapping[str, Any]) -> Prompt:
    text = next((record[name] for name in _TEXT_FIELDS if record.get(name)), None)
    if not isinstance(text, str) or not text.strip():
        raise wrong(path, where, f"no text stands under any of {', '.join(_TEXT_FIELDS)}.")
    return Prompt(
        short_key(str(record.get("id") or f"prompt {n}")),
        text.strip(),
        str(record.get("category") or "")[:LONGEST_KEY],
    )
