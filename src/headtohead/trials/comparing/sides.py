"""One side of a comparison: the calls of one model, taken from a file that may hold several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from headtohead.core.errors import InputError, UnknownName
from headtohead.trials.calls import Call, Meta
from headtohead.trials.reading.opening import Loaded, load

_PICK = "::"


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """The calls of one model.

    Attributes:
        name: What the report calls it.
        path: The file or folder it came from.
        model: The model, in the file's own word; empty if the file does not say.
        meta: What the file says of all its calls.
        calls: In file order.
        dropped: Reason -> records that the reader left out.
    """

    name: str
    path: Path
    model: str
    meta: Meta
    calls: tuple[Call, ...]
    dropped: Mapping[str, int]


def open_side(spec: str, *, format: str = "auto", mapping: Mapping[str, str] | None = None) -> Side:
    """The side that `FILE` or `FILE::MODEL` names.

    Args:
        spec: A path; after "::" the model or run to take, where the file holds several.
        format: Name of the format, or "auto".
        mapping: Field of a call -> column of the file.

    Raises:
        InputError: If the file cannot be read, or holds several runs and none is named.
        UnknownName: If it holds no run of that name.
    """
    file, _, wanted = spec.partition(_PICK)
    if not file:
        raise InputError(f"{spec!r} names no file. Write FILE, or FILE::MODEL.")
    loaded = load(Path(file), format=format, mapping=mapping)
    runs = _runs(loaded.calls)
    if not runs:
        raise InputError(f"{file} holds no call. Check that it is the file you mean.")
    if wanted:
        found = [run for run in runs if wanted in run]
        if not found:
            raise UnknownName(f"model or run in {file}", wanted, _words(runs))
    else:
        found = list(runs)
    if len(found) > 1:
        raise InputError(
            f"{file} holds {len(found)} runs: {_listed(_words(found))}. Say which, as "
            f"{file}{_PICK}{_words(found)[0]}."
        )
    return _sides(Path(file), loaded, {found[0]: runs[found[0]]}, [wanted])[0]


def open_all(
    spec: str, *, format: str = "auto", mapping: Mapping[str, str] | None = None
) -> list[Side]:
    """A side for every run in `FILE`, or the one that `FILE::MODEL` names.

    Args and errors are those of `open_side`, but for several runs.
    """
    file, _, wanted = spec.partition(_PICK)
    if wanted or not file:
        return [open_side(spec, format=format, mapping=mapping)]
    loaded = load(Path(file), format=format, mapping=mapping)
    runs = _runs(loaded.calls)
    if not runs:
        raise InputError(f"{file} holds no call. Check that it is the file you mean.")
    return _sides(Path(file), loaded, runs, _words(runs) if len(runs) > 1 else [""])


def _sides(
    path: Path,
    loaded: Loaded,
    runs: Mapping[tuple[str, str], Sequence[Call]],
    wanted: Sequence[str],
) -> list[Side]:
    """A side of each run, called by the word that picks it."""
    return [
        Side(
            name=_name(word, model, run) or path.stem,
            path=path,
            model=model,
            meta=loaded.meta,
            calls=tuple(calls),
            dropped=loaded.dropped,
        )
        for ((model, run), calls), word in zip(runs.items(), wanted, strict=True)
    ]


def _name(wanted: str, model: str, run: str) -> str:
    """The model first: a run is often called by an id that says nothing."""
    return f"{model} ({run})" if wanted and wanted == run and model not in ("", run) else (
        wanted or model or run)  # fmt: skip


def named_apart(sides: Sequence[Side]) -> list[str]:
    """A name for each side; where two would be called alike, the file is added."""
    names = [side.name for side in sides]
    twice = {name for name in names if names.count(name) > 1}
    made = [
        f"{side.name} ({side.path.name})" if side.name in twice else side.name for side in sides
    ]
    if len(set(made)) < len(made):
        made = [f"{name} #{place}" for place, name in enumerate(names, 1)]
    return made


def _runs(calls: Sequence[Call]) -> dict[tuple[str, str], list[Call]]:
    """The calls of each (model, run).

    An answer may carry a dated name and a failure the name that was asked for: both are one
    model's, and a failed call has to stay in the count.
    """
    found: dict[tuple[str, str], list[Call]] = {}
    asked = {call.model for call in calls}
    for call in calls:
        alias = call.labels.get("asked_for", "")
        found.setdefault((alias if alias in asked else call.model, call.run), []).append(call)
    return found


def _words(runs: Sequence[tuple[str, str]] | Mapping[tuple[str, str], object]) -> list[str]:
    """What may stand after "::" to tell the runs apart: the run where models repeat."""
    pairs = list(runs)
    models = [model for model, _ in pairs]
    return [
        run if run and (not model or models.count(model) > 1) else model for model, run in pairs
    ]


def _listed(words: Sequence[str], limit: int = 8) -> str:
    shown = ", ".join(words[:limit])
    return f"{shown} and {len(words) - limit} more" if len(words) > limit else shown
