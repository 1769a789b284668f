"""The answer is JSON that satisfies a schema, and equals the reference at named fields."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headtohead.core.errors import InputError
from headtohead.logs.calls import Call
from headtohead.trials.scoring.scored import Scored, Scorer, right, unparsed, unscored, wrong

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

SCORER = "json-schema"
_FENCE = re.compile(r"```[ \t]*\w*[ \t]*\n(.*?)\n?[ \t]*```", re.DOTALL)
_ABSENT = object()
FENCED = "the JSON stands in a code fence"


def prepare(argument: str) -> Scorer:
    """The scorer for this schema.

    Args:
        argument: The schema's file; after an '@' the fields to compare, with commas between them
            and dots inside them ('items.0.name').

    Raises:
        InputError: If the file cannot be read or holds no schema.
    """
    file, fields = _parts(argument)
    validator = _validator(file)

    def rule(output: str, reference: str | None, call: Call) -> Scored:
        try:
            value, fenced = _parsed(output)
        except (ValueError, RecursionError) as error:
            return unparsed(f"no JSON: {error}")
        problem = _problem(validator, value, file)
        if problem:
            return unparsed(problem)
        score = _compared(value, reference, fields) if fields else right()
        note = "; ".join(part for part in (score.why, FENCED if fenced else "") if part)
        return Scored(score.value, score.failure, note)

    return Scorer(needs_reference=bool(fields), rule=rule)


def _parts(argument: str) -> tuple[Path, tuple[str, ...]]:
    if not argument:
        raise InputError("`scorer=json-schema` needs a file, as json-schema:answer.schema.json.")
    whole = Path(argument)
    name, at, fields = argument.rpartition("@")
    if whole.is_file() or not at:
        return whole, ()
    named = tuple(field.strip() for field in fields.split(",") if field.strip())
    if not named:
        raise InputError(f"`scorer=json-schema:{argument}` names no field after '@'.")
    return Path(name), named


def _validator(file: Path) -> "Validator":
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import validator_for
    from referencing.jsonschema import EMPTY_REGISTRY

    try:
        schema = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"The schema {file} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"The schema {file} is not JSON: {error}.") from None
    if not isinstance(schema, dict):
        raise InputError(f"The schema {file} must be a JSON object; it is another value.")
    kind = validator_for(schema)
    try:
        kind.check_schema(schema)
    except SchemaError as error:
        place = "/".join(str(step) for step in error.absolute_path) or "the top"
        raise InputError(f"{file} is no JSON schema, at {place}: {error.message}.") from None
    # A registry that fetches nothing: no schema reaches the network.
    validator: Validator = kind(schema, registry=EMPTY_REGISTRY)
    return validator


def _problem(validator: "Validator", value: Any, file: Path) -> str:  # noqa: ANN401 - JSON
    from jsonschema.exceptions import best_match
    from referencing.exceptions import Unresolvable

    try:
        error = best_match(validator.iter_errors(value))
    except Unresolvable as missing:
        raise InputError(
            f"The schema {file} refers to {missing.ref!r}, which is not in the file. Put all of "
            f"it into one file under $defs."
        ) from None
    except RecursionError:
        return "the JSON is nested too deeply"
    if error is None:
        return ""
    place = ".".join(str(step) for step in error.absolute_path)
    return f"against the schema{f' at {place}' if place else ''}: {error.message[:160]}"


def _parsed(output: str) -> tuple[Any, bool]:
    """The JSON in an answer, and whether it had to be taken out of a code fence.

    Raises:
        ValueError: If there is none, or several.
    """
    try:
        return _strict(output), False
    except ValueError:
        fences = _FENCE.findall(output)
        if len(fences) != 1:
            raise
        return _strict(fences[0]), True


def _strict(text: str) -> Any:  # noqa: ANN401 - JSON is of any type
    def refuse(word: str) -> float:
        raise ValueError(f"{word} is not in JSON")

    return json.loads(text.strip().removeprefix("\ufeff"), parse_constant=refuse)


def _compared(value: object, reference: str | None, fields: tuple[str, ...]) -> Scored:
    try:
        wanted = _strict(reference or "")
    except (ValueError, RecursionError):
        return unscored("the reference is not JSON")
    for field in fields:
        expected = _at(wanted, field)
        if expected is _ABSENT:
            return unscored(f"the reference has no field {field}")
        if not _equal(_at(value, field), expected):
            return wrong(f"the field {field} differs")
    return right()


def _at(value: Any, field: str) -> Any:  # noqa: ANN401 - JSON is of any type
    for step in field.split("."):
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return _ABSENT
    return value


def _equal(left: Any, right_: Any) -> bool:  # noqa: ANN401 - JSON is of any type
    """As JSON sees it: 1 is 1.0, but not true."""
    if isinstance(left, bool) or isinstance(right_, bool):
        return left is right_
    if isinstance(left, dict) and isinstance(right_, dict):
        return left.keys() == right_.keys() and all(_equal(left[k], right_[k]) for k in left)
    if isinstance(left, list) and isinstance(right_, list):
        return len(left) == len(right_) and all(map(_equal, left, right_))
    return bool(left == right_)
