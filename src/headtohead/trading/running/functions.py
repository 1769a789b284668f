"""Agents that are functions, asked in a process that holds no candles but those they are shown.

A function is given an `Observation` and gives a list of actions (see `actions.check`). It keeps
nothing from one decision to the next: a run that goes on where it stopped asks only what is left.
"""

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from headtohead.core.errors import InputError, UnknownName
from headtohead.trading.running.observation import Observation, decoded

Own = Callable[[Observation], Any]


def answer(source: str, content: bytes) -> tuple[str, str]:
    """What the function called `source` says to an observation, as JSON, and why it failed.

    Args:
        source: "module:function" or "FILE.py:function".
    """
    return asked(loaded(source), content)


def asked(function: Own, content: bytes) -> tuple[str, str]:
    """What a function says to an observation, as JSON, and why it failed; one of both is empty."""
    try:
        return said(function(decoded(content))), ""
    except Exception as error:  # noqa: BLE001 - whatever it does wrong counts as hold
        frames = traceback.extract_tb(error.__traceback__)
        line = f", line {frames[-1].lineno} of {Path(frames[-1].filename).name}" if frames else ""
        return "", f"{type(error).__name__}: {error}{line}"[:300]


def said(given: object) -> str:
    """An answer as JSON; numbers of numpy say what they are by item()."""

    def plain(value: object) -> object:
        item = getattr(value, "item", None)
        if callable(item):
            return item()
        raise TypeError(f"the answer holds {type(value).__name__}, which is no JSON")

    return msgspec.json.encode(given, enc_hook=plain).decode()


def check_source(source: str) -> str:
    """The source, once it is known to name a function."""
    loaded(source)
    return source


@cache
def loaded(source: str) -> Own:
    """The function called "module:function" or "FILE.py:function".

    Raises:
        InputError: If there is no such module, or what it names is no function.
    """
    where, _, name = source.rpartition(":")
    if not where or not name.isidentifier():
        raise InputError(f"`functions`: {source!r} is not of the form module:function.")
    try:
        module = _file(Path(where)) if where.endswith(".py") else _module(where)
    except InputError:
        raise
    except Exception as error:  # whatever a module does while it is imported
        why = f"{type(error).__name__}: {error}"
        raise InputError(f"`functions`: {where} cannot be imported. {why}.") from error
    found = getattr(module, name, None)
    if found is None:
        own = [word for word, value in vars(module).items() if callable(value)]
        raise UnknownName(f"function in {where}", name, own)
    if not callable(found):
        raise InputError(f"`functions`: {name} in {where} is no function.")
    function: Own = found
    return function


def _module(name: str) -> Any:  # noqa: ANN401 - a module
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    return importlib.import_module(name)


def _file(path: Path) -> Any:  # noqa: ANN401 - a module
    spec = importlib.util.spec_from_file_location(f"_h2h_agent_{path.stem}", path.resolve())
    if not path.is_file() or spec is None or spec.loader is None:
        raise InputError(f"`functions`: there is no file {path}.")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
