"""What a choice of a verb is to programs that ask from outside: its kind in JSON Schema."""

import types
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Union, get_args, get_origin

from headtohead.core.dates import Period
from headtohead.core.settings import choices_of


def json_kind(hint: object) -> tuple[str, tuple[str, ...]]:
    """The kind of a choice with the values it may have; empty if none is taken from outside.

    Args:
        hint: Its type, as its settings class or its verb has it.
    """
    union = get_origin(hint) in (types.UnionType, Union)
    parts = [p for p in (get_args(hint) if union else (hint,)) if p is not types.NoneType]
    if any(p is Path or get_origin(p) in (Callable, Mapping) for p in parts):
        return "", ()
    first = parts[0]
    if choices := choices_of(first):
        return "string", choices
    for kind, name in ((bool, "boolean"), (int, "integer"), (float, "number")):
        if first is kind:
            return name, ()
    if get_origin(first) in (tuple, Sequence):
        return "array", ()
    return ("string", ()) if {*parts} <= {str, date, datetime, Period} else ("", ())
