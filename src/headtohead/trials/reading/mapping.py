"""What a mapping says of a run: where its fields stand, and which score counts."""

from collections.abc import Mapping
from typing import Any

from headtohead.core.errors import InputError
from headtohead.files.opening import wrong
from headtohead.files.records import at_path
from headtohead.trials.calls import Call, RunFile


def add_mapped(call: Call, record: Any, file: RunFile, where: str) -> None:  # noqa: ANN401
    """Puts what a mapping names into a call.

    The mapping of the file leads from a field of the call to a dotted path in its record.

    Raises:
        InputError: If a record lacks its key, or its score is not a number.
    """
    for name, at in file.mapping.items():
        found = at_path(record, at)
        if found is None:
            if name == "key":
                why = f"nothing stands at {at}, which `mapping={{'key': '{at}'}}` names."
                raise wrong(file.path, where, why)
        elif name == "score":
            try:
                call.score = float(found)
            except (TypeError, ValueError) as error:
                why = f"{found!r} at {at} is not a number, so no score."
                raise wrong(file.path, where, why) from error
        else:
            setattr(call, name, str(found))


def chosen_score(
    names: Mapping[str, int], file: RunFile, dropped: dict[str, int]
) -> tuple[str, RunFile]:
    """Name of the score to use, and what else the mapping names.

    Names come with how often each is there; why the others are not used is counted in `dropped`.

    Returns:
        The name is empty if there is no score, or several and none is named.

    Raises:
        InputError: If the name that the mapping gives is in no score, but others are.
    """
    wanted = file.mapping.get("score")
    if not names:
        return "", file
    if wanted is None:
        if len(names) == 1:
            return next(iter(names)), file
        said = ", ".join(sorted(names))
        reason = f"score of several kinds ({said}): choose one by mapping score to its name"
        dropped[reason] = sum(names.values())
        return "", file
    if wanted not in names:
        raise InputError(
            f"{file.path}: no score is called {wanted!r}. There are {', '.join(sorted(names))}."
        )
    for name in sorted(names):
        if name != wanted:
            dropped[f"score that was not chosen: {name}"] = names[name]
    others = {field: at for field, at in file.mapping.items() if at != wanted}
    return wanted, RunFile(file.path, others)
