"""A function of the user's own says how good an answer is."""

import hashlib
import importlib.util
import inspect
import math
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from headtohead.core.errors import InputError, UnknownName
from headtohead.logs.calls import Call
from headtohead.trials.scoring.scored import Scored, Scorer, unparsed, unscored

SCORER = "python"
Own = Callable[[str, str | None, dict[str, Any]], object]


def prepare(argument: str) -> Scorer:
    """The scorer that calls this function, named by its file, a colon and its name.

    It is asked function(output, reference, call) and gives True, False, a number from 0 to 1, or
    None for an item that cannot be scored; a ValueError means that the answer could not be parsed.
    The file runs in this process with your rights: use only files that you trust.

    Raises:
        InputError: If the file cannot be read or run, or what it names is no function.
        UnknownName: If it has no such function.
    """
    name, _, function_name = argument.rpartition(":")
    if not name or not function_name.isidentifier():
        raise InputError(
            f"`scorer=python:{argument}` does not name a function; write python:FILE.py:function."
        )
    file = Path(name)
    function = _function(file, function_name)

    def rule(output: str, reference: str | None, call: Call) -> Scored:
        return _asked(function, file, output, reference, call)

    return Scorer(needs_reference=False, rule=rule)


def _function(file: Path, name: str) -> Own:
    if not file.is_file():
        raise InputError(f"The scorer's file {file} does not exist.")
    code = hashlib.sha256(str(file.resolve()).encode()).hexdigest()[:12]
    alias = f"_h2h_scorer_{code}"
    spec = importlib.util.spec_from_file_location(alias, file.resolve())
    if spec is None or spec.loader is None:
        raise InputError(f"The scorer's file {file} is not Python; its name must end in .py.")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by name.
    sys.modules[alias] = module
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise InputError(f"{file}, line {error.lineno}: {error.msg}.") from None
    except Exception as error:
        raise InputError(f"{_blamed(file, error)} while the file was loaded.") from error
    named = getattr(module, name, None)
    if named is None:
        own = [word for word, value in vars(module).items() if inspect.isfunction(value)]
        raise UnknownName(f"function in {file}", name, own)
    if not callable(named):
        raise InputError(f"{name} in {file} is no function.")
    function: Own = named
    try:
        inspect.signature(function).bind("", None, {})
    except TypeError:
        raise InputError(
            f"{_line(function, file)}: {name} must take three arguments: the output, the "
            f"reference (a text or None), and the call as a dictionary."
        ) from None
    except ValueError:
        pass  # some built-in functions do not tell what they take; calling them will
    return function


def _asked(function: Own, file: Path, output: str, reference: str | None, call: Call) -> Scored:
    import msgspec

    try:
        given = function(output, reference, msgspec.to_builtins(call))
    except ValueError as error:
        return unparsed(str(error)[:160] or "the scorer raised ValueError")
    except Exception as error:
        raise InputError(f"{_blamed(file, error)} on item {call.key!r}.") from error
    if given is None:
        return unscored("the scorer gave None")
    # Numbers of numpy say what they are by item().
    item = getattr(given, "item", None)
    value = item() if callable(item) else given
    if not isinstance(value, bool | int | float) or not math.isfinite(value) or not 0 <= value <= 1:
        raise InputError(
            f"{_line(function, file)}: the scorer gave {given!r} on item {call.key!r}; it must "
            f"give True, False, a number from 0 to 1, or None."
        )
    return Scored(float(value))


def _line(function: Callable[..., object], file: Path) -> str:
    code = getattr(function, "__code__", None)
    return f"{file}, line {code.co_firstlineno}" if code is not None else str(file)


def _blamed(file: Path, error: Exception) -> str:
    """File and line of the user's own code where an error arose, and the error."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename) == file.resolve()
    ]
    where = f"{file}, line {lines[-1]}" if lines else str(file)
    return f"{where}: {type(error).__name__}: {error}"
