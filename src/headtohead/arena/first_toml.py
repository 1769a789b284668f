"""A first arena.toml: of answers to five questions, or of a log and the models in it."""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from headtohead.arena.settings import LONGEST_NAME, FirstArena, variable_name
from headtohead.core.errors import InputError
from headtohead.logs.opening import open_calls
from headtohead.publish.files import writable


def check_out(out: Path, *, force: bool) -> None:
    """Refuse a place where no toml can be written, or where a file is that shall stay.

    Raises:
        InputError: If it is one.
    """
    writable(out, "out")
    if out.exists() and not force:
        raise InputError(f"{out} is there already. Name another `out`, or add `force`.")


def first_toml(first: FirstArena, folder: Path) -> str:
    """The text of an arena.toml that is to lie in a folder.

    Raises:
        InputError: If an entrant is not written as one, a log cannot be read, or fewer than two
            compete.
    """
    if first.prompts and not first.prompts.exists():
        raise InputError(f"{first.prompts}: there is no such file. Name another `prompts`.")
    entrants = [entrant_fields(text, folder) for text in first.entrants]
    entrants += [fields for log in first.logs for fields in _of_log(log, first, folder)]
    names = [fields["name"] for fields in entrants]
    if len(entrants) < 2:
        raise InputError(
            f"Two entrants are needed, and there {'is one' if entrants else 'is none'}. Name each "
            "in `entrants`, or a log of two models in `logs`."
        )
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise InputError(
            f"Two entrants are called {twice!r}. Give each a name of its own in `entrants`."
        )
    return "\n".join(_lines(first, entrants, folder)) + "\n"


def _lines(first: FirstArena, entrants: Sequence[dict[str, str]], folder: Path) -> Iterator[str]:
    yield f"title = {_quoted(first.title)}"
    yield f"margin_pp = {first.margin_pp:g}  # percentage points of the wins that may be lacking"
    if first.prompts:
        yield f"prompts = {_quoted(_from(folder, first.prompts))}"
    elif all("endpoint" in fields for fields in entrants):
        yield "free = true  # voters write prompts of their own"
    if len(entrants) == 2:
        pair = ", ".join(_quoted(fields["name"]) for fields in entrants)
        yield f"compare = [[{pair}]]  # can the second stand in for the first?"
    how = {"format": first.format} if first.format != "auto" else {}
    mapped = ", ".join(f"{_quoted(f)} = {_quoted(at)}" for f, at in first.mapping.items())
    for fields in entrants:
        yield ""
        yield "[[entrants]]"
        fields = fields | how if "answers" in fields else fields
        yield from (f"{name} = {_quoted(value)}" for name, value in fields.items() if value)
        if mapped and "answers" in fields:
            yield f"map = {{ {mapped} }}"
    yield ""
    yield "[voters]"
    yield f'door = "{first.door}"  # open, link (see h2h arena link) or header (single sign-on)'


def entrant_fields(text: str, folder: Path) -> dict[str, str]:
    """Field of [[entrants]] -> value, of an entrant as one writes it.

    Raises:
        InputError: If it is not written as one.
    """
    name, sign, value = (part.strip() for part in text.partition("="))
    if not (name and sign and value):
        raise InputError(
            f"`entrants` takes NAME=FILE or NAME='http://host/v1 MODEL', not {text!r}."
        )
    if not value.startswith(("http://", "https://")):
        return {"name": name, "answers": _from(folder, Path(value))}
    endpoint, *more = value.split()
    if not more or len(more) > 2:
        raise InputError(
            f"{name}: after the endpoint comes the model, then the variable that holds the key if "
            f"it needs one, not {' '.join(more)!r}."
        )
    try:
        key_env = "".join(map(variable_name, more[1:]))
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    return {"name": name, "endpoint": endpoint, "model": more[0], "key_env": key_env}


def _of_log(log: Path, choices: FirstArena, folder: Path) -> Iterator[dict[str, str]]:
    """The models in a log; each run apart where a model was asked the same in several."""
    runs: dict[str, dict[str, None]] = {}
    first: dict[tuple[str, str], str] = {}
    again: set[str] = set()
    for call in open_calls(log, format=choices.format, mapping=choices.mapping).calls:
        model = call.model or call.run
        runs.setdefault(model, {})[call.run] = None
        if first.setdefault((model, call.key), call.run) != call.run:
            again.add(model)
    names = [n for m in runs for n in ([f"{m}, {r}" for r in runs[m]] if m in again else [m])]
    at = _from(folder, log)
    if len(names) == 1:
        yield {"name": names[0] or log.stem, "answers": at}
        return
    if not all(names):
        raise InputError(f"{log}: some of its answers name no model, so nobody knows whose.")
    short = [" ".join(name.split())[:LONGEST_NAME] for name in names]
    for n, (name, only) in enumerate(zip(short, names, strict=True), 1):
        # Long prompts that tell runs apart may begin alike.
        called = f"{name[: LONGEST_NAME - 5]} {n}" if short.count(name) > 1 else name
        yield {"name": called, "answers": at, "only": only}


def _from(folder: Path, path: Path) -> str:
    """A path as seen from the folder of the toml."""
    try:
        near = os.path.relpath(path, folder)
    except ValueError:  # another drive
        return str(path.absolute())
    return str(path.absolute()) if near.startswith(os.pardir + os.sep + os.pardir) else near


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
