"""Options, written once: a field of a settings class is an argument in Python and an option of h2h.

A verb takes one object of each of its settings classes, or the same choices by keyword. What a
field is called, what it may be and what it means stand at the field and nowhere else: the command
line makes its options of it, and `help()` and tab completion show it as an argument.
"""

import collections.abc
import csv
import functools
import inspect
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from difflib import get_close_matches
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

from headtohead.core.errors import InputError

T = TypeVar("T")
AFTER_A_VERB: list[Callable[[], object]] = []
"""What is to be done whenever a verb that no other one called has ended."""
_UNDER_WAY: list[Callable[..., Any]] = []
_KEY = "option"
_PLAIN: Mapping[Any, tuple[type | tuple[type, ...], str]] = {
    bool: (bool, "True or False"),
    int: (Integral, "a whole number"),
    float: (Real, "a number"),
    str: ((str, Path), "text"),
}


class _Default:
    """Stands in a signature for a default, as people would write it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def __bool__(self) -> bool:
        return False

    def __call__(self, *_: object) -> None:
        """Nothing: as the default of `progress` does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """What is said of a field once, for every door.

    Attributes:
        help: What it does, in a sentence for both doors.
        flag: Its name on the command line, if not --field-name ("--named-too", "--map").
        metavar: What stands for its value in the help of the command line.
        read: From a text of the command line, or what a caller of Python gave, to the value kept;
            None where the type alone tells.
        off: For a switch whose field is true unless it is given.
        many: For a tuple whose values are given one by one, as file names are: no text with commas.
        older: What the field was called before; both doors still take it.
    """

    help: str
    flag: str = ""
    metavar: str = ""
    read: Callable[[Any], Any] | None = None
    off: bool = False
    many: bool = False
    older: str = ""
    hidden: bool = False


def option(
    default: Any = MISSING,  # noqa: ANN401 - that of the field
    *,
    factory: Callable[[], Any] | None = None,
    **said: Any,  # noqa: ANN401 - the fields of Option
) -> Any:  # noqa: ANN401 - dataclasses.field has no better type
    """A field of a settings class."""
    metadata = {_KEY: Option(**said)}
    if factory is not None:
        return field(default_factory=factory, metadata=metadata)
    return field(default=default, metadata=metadata)


def options_of(settings: type) -> dict[Field[Any], Option]:
    """The fields of a settings class that users choose, its own first, and what is said of them."""
    own = sorted(fields(settings), key=lambda f: f.name not in settings.__annotations__)
    return {f: f.metadata[_KEY] for f in own if _KEY in f.metadata}


@functools.cache
def _hints(settings: type) -> dict[str, Any]:
    return typing.get_type_hints(settings)


def _may_be_none(hint: Any) -> bool:  # noqa: ANN401 - a type or a typing form
    return type(None) in get_args(hint)


def type_of(settings: type, name: str) -> Any:  # noqa: ANN401 - a type or a typing form
    """The type of a field; without None where it may be left out."""
    kind = _hints(settings)[name]
    if get_origin(kind) in (types.UnionType, typing.Union):
        rest = [part for part in get_args(kind) if part is not type(None)]
        return rest[0] if len(rest) == 1 else kind
    return kind


def choices_of(kind: Any) -> tuple[str, ...]:  # noqa: ANN401 - a type or a typing form
    """The values that a literal type allows; empty for other types."""
    return tuple(get_args(kind)) if get_origin(kind) is Literal else ()


def choose(settings: Any, given: Mapping[str, Any]) -> Any:  # noqa: ANN401 - the object's own class
    """The settings with some choices replaced, each read as its field says.

    Args:
        settings: An object of a settings class.
        given: Field -> choice; texts with commas where a field takes several words.

    Raises:
        InputError: If a choice is none of those allowed.
    """
    kind: Any = type(settings)
    hints = _hints(kind)
    # A field that may be None is set to it; for others None stands for "not given".
    values = {k: v for k, v in given.items() if v is not None or _may_be_none(hints[k])}
    chosen = replace(settings, **values)
    check_choices(chosen)
    return chosen


def check_choices(settings: Any) -> None:  # noqa: ANN401 - an object of any settings class
    """Read each choice as its field says, and check it; a field left out may be None.

    Raises:
        InputError: If a choice is none of those allowed.
    """
    kind: Any = type(settings)
    for f in fields(settings):
        value, wanted = getattr(settings, f.name), type_of(kind, f.name)
        if value is None and (f.default is None or _may_be_none(_hints(kind)[f.name])):
            continue
        allowed = choices_of(wanted)
        if allowed and value not in allowed:
            raise InputError(f"`{f.name}` is one of {', '.join(allowed)}, not {value!r}.")
        read = _read(f.name, value, wanted, f.metadata.get(_KEY, Option(help="")))
        if read is not value:
            object.__setattr__(settings, f.name, read)


class Choices:
    """What settings classes that check nothing else inherit: each choice is read as it is made."""

    __slots__ = ()

    def __post_init__(self) -> None:
        check_choices(self)


def _read(name: str, value: Any, wanted: Any, said: Option) -> Any:  # noqa: ANN401
    """One choice, read as its field says; an error names the field."""
    parts = get_args(wanted) if isinstance(wanted, types.UnionType) else (wanted,)
    if said.read is None and set(parts) <= set(_PLAIN):
        if not any(isinstance(value, _PLAIN[part][0]) for part in parts):
            words_of = " or ".join(_PLAIN[part][1] for part in parts)
            raise InputError(f"`{name}` is {value!r}; it must be {words_of}.")
        return value
    try:
        return _converted(name, value, wanted, said)
    except InputError as error:
        named = f"`{name}`" in str(error)
        raise InputError(str(error) if named else f"`{name}`: {error}") from None
    except (TypeError, ValueError, AttributeError):
        raise InputError(f"`{name}` cannot be {value!r}.") from None


def _converted(name: str, value: Any, wanted: Any, said: Option) -> Any:  # noqa: ANN401
    if said.read is not None:
        return said.read(value)
    if get_origin(wanted) is tuple:
        kept = (value,) if said.many and isinstance(value, str | Path) else words(value)
        if any(not isinstance(part, str | Path) for part in kept):
            raise TypeError
        return tuple(map(Path, kept)) if get_args(wanted)[0] is Path else kept
    if wanted is Path:
        return Path(value)
    return pairs_of(name, value) if get_origin(wanted) is collections.abc.Mapping else value


def words(given: Any) -> tuple[str, ...]:  # noqa: ANN401 - one text or many
    """Words given one by one, or as one text with commas; one with a comma in "double quotes"."""
    if isinstance(given, str):
        rows = csv.reader(given.splitlines(), skipinitialspace=True)
        return tuple(filter(None, (part.strip() for row in rows for part in row)))
    return tuple(given or ())


def named(text: str) -> tuple[str, str, str]:
    """A name, the equals sign, a value; a name that has such a sign stands in "double quotes"."""
    if text.startswith('"') and (end := text.find('"=', 1)) > 0:
        return text[1:end], "=", text[end + 2 :]
    return text.partition("=")


def pairs_of(name: str, given: Any, form: str = "") -> Mapping[str, Any]:  # noqa: ANN401
    """Names and values, given as a mapping, as one text "name=value", or as several such texts.

    Raises:
        InputError: If a text has no name or no equals sign; `name` says of which argument.
    """
    if isinstance(given, Mapping):
        return given
    by_name = {}
    for text in [given] if isinstance(given, str) or not isinstance(given, Iterable) else given:
        word, sign, value = named(text) if isinstance(text, str) else ("", "", "")
        if not sign or not word.strip():
            what = (
                f"is of the form {form}"
                if form
                else ("says what each column is: give it as column=value")
            )
            raise InputError(f"`{name}` {what}, not {text!r}.")
        by_name[word.strip()] = value.strip()
    return by_name


def takes(**classes: type) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Lets a verb be called with choices by keyword; it gets them as settings objects.

    `@takes(settings=RankSettings)` above `def rank(votes, *, settings)` allows
    `rank(votes, ties="drop")` and `rank(votes, settings=RankSettings(ties="drop"))`. Signature and
    docstring then list every choice.

    Args:
        classes: Parameter of the verb -> its settings class; no two may share a field.
    """

    def wrap(verb: Callable[..., T]) -> Callable[..., T]:
        owner = {f.name: p for p, kind in classes.items() for f in options_of(kind)}
        flags = {
            o.flag.strip("-").replace("-", "_"): f"{f.name}=False" if o.off else f.name
            for kind in classes.values()
            for f, o in options_of(kind).items()
        }
        older = {o.older: f.name for k in classes.values() for f, o in options_of(k).items()}

        @functools.wraps(verb)
        def called(*args: Any, **given: Any) -> T:  # noqa: ANN401 - those of the verb
            _placed(verb, args, given, owner, classes)
            own: dict[str, dict[str, Any]] = {p: {} for p in classes}
            for name in [n for n in given if n in owner or n in older]:
                newer = older.get(name, name)
                own[owner[newer]][newer] = given.pop(name)
            for name in given:
                _known(verb, name, owner, flags)
            for parameter, kind in classes.items():
                base = given.pop(parameter, None) or kind()
                if not isinstance(base, kind):
                    raise InputError(f"`{parameter}` is {base!r}; it must be {kind.__name__}(...).")
                given[parameter] = choose(base, own[parameter])
            _UNDER_WAY.append(verb)
            try:
                return verb(*args, **given)
            finally:
                _UNDER_WAY.pop()
                for each in () if _UNDER_WAY else AFTER_A_VERB:
                    each()

        if classes:
            _describe(called, verb, classes)
        return called

    return wrap


def _placed(
    verb: Callable[..., Any],
    args: tuple[Any, ...],
    given: Mapping[str, Any],
    owner: Mapping[str, str],
    classes: Mapping[str, type],
) -> None:
    """Refuse what has no place in the call without a name, and a call that lacks an argument."""
    parameters = [p for n, p in inspect.signature(verb).parameters.items() if n not in classes]
    places = [p for p in parameters if p.kind is not p.KEYWORD_ONLY]
    if any(p.kind is p.VAR_POSITIONAL for p in places):
        places, args = [], ()
    if more := args[len(places) :]:
        rest = [*owner, *(p.name for p in parameters[len(places) :])]
        name = next((n for n in rest if n not in given), "NAME")
        takes = f"{' and '.join(f'`{p.name}`' for p in places) or 'nothing'} without a name"
        raise InputError(
            f"{verb.__name__}() takes {takes}; say what {more[0]!r} is, as in `{name}={more[0]!r}`."
        )
    for p in parameters:
        filled = p.name in given or p in places[: len(args)] or p.kind is p.VAR_POSITIONAL
        if p.default is p.empty and not filled:
            raise InputError(f"{verb.__name__}() needs `{p.name}`.")


def _known(
    verb: Callable[..., Any], name: str, owner: Mapping[str, str], flags: Mapping[str, str]
) -> None:
    """Refuse a keyword that is none of the verb's; as an option it may have another name."""
    parameters = inspect.signature(verb).parameters
    if name in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return
    known = [*owner, *parameters]
    close = [flags[name]] if name in flags else get_close_matches(name, known, n=2)
    hint = f" Did you mean {' or '.join(close)}?" if close else ""
    raise TypeError(f"{verb.__name__}() has no argument {name!r}.{hint}")


def _describe(called: Any, verb: Callable[..., Any], classes: Mapping[str, type]) -> None:  # noqa: ANN401
    """Give the wrapped verb the signature and the docstring that list every choice."""
    signature = inspect.signature(verb)
    parameters = []
    for p in signature.parameters.values():
        if p.name in classes:
            p = p.replace(default=_Default(f"{classes[p.name].__name__}()"))
        elif inspect.isfunction(p.default):
            p = p.replace(default=_Default("silent"))
        parameters.append(p)
    said = []
    for kind in classes.values():
        for f, o in options_of(kind).items():
            default = getattr(kind(), f.name)
            parameters.append(
                inspect.Parameter(f.name, inspect.Parameter.KEYWORD_ONLY, default=default).replace(
                    annotation=f.type
                )
            )
            said.append(f"    {f.name}: {'If False: ' if o.off else ''}{o.help}")
    parameters.sort(key=lambda p: p.kind)
    called.__signature__ = signature.replace(parameters=parameters)
    called.__settings__ = dict(classes)
    head, args, tail = (inspect.getdoc(verb) or "").partition("Args:\n")
    own, gap, rest = tail.partition("\n\n")
    lines = [line for line in (own.rstrip("\n"), *said) if line]
    called.__doc__ = head + (args or "\nArgs:\n") + "\n".join(lines) + "\n" + (gap and "\n") + rest
