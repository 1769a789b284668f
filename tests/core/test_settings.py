"""Options that are written once: at a field of a settings class."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import click
import pytest
from click.testing import CliRunner

import headtohead
from headtohead.api import VERBS
from headtohead.cli import in_options
from headtohead.core.errors import InputError
from headtohead.core.settings import (
    Choices,
    check_choices,
    choose,
    option,
    options_of,
    takes,
    type_of,
    words,
)
from headtohead.publish.command_line import settings_options, typed, verb


def _day(value: Any) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise InputError("no day") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cooking:
    """How to cook."""

    heat: Literal["low", "high"] = option("low", help="How hot.")
    minutes: int = option(10, help="How long.", metavar="MINUTES", older="time")
    herbs: tuple[str, ...] = option((), help="What goes in.", metavar="HERB,...")
    lids: Mapping[str, str] = option(factory=dict, help="Lids.", flag="--lid", metavar="POT=LID")
    sent: Mapping[str, Any] = option(
        factory=dict, help="Heat.", flag="--send", metavar="NAME=VALUE"
    )
    books: tuple[Path, ...] = option((), help="Recipes.", flag="--book", metavar="FILE", many=True)
    shelf: Path | None = option(None, help="Where they stand.")
    covered: bool = option(True, help="Without a lid.", flag="--open", off=True)
    on: date | None = option(None, help="The day.", read=_day)
    side: Literal["bread", "rice"] | None = option(None, help="What goes with it.")
    share: float = option(0.5, help="How much.", hidden=True)
    secret: int = option(3, help="For Python.", hidden=True)


@takes(cooking=Cooking)
def cook(
    dish: str,
    *,
    cooking: Cooking,
    as_of: date | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[str, Cooking]:
    """Cook a dish.

    Args:
        dish: Which.
        as_of: A day.
    """
    return dish, cooking


@verb("h2h cooks soup --heat high")
@click.argument("dish")
@settings_options(cooking=Cooking)
@click.option("--as-of")
def cooks(dish: str, cooking: Cooking, as_of: str | None) -> None:
    """Cook a dish."""
    click.echo(repr(cook(dish, cooking=cooking)[1]))
    click.echo(typed(date(2026, 1, 2)))


def test_a_verb_takes_an_object_or_choices_by_keyword() -> None:
    assert cook("soup") == ("soup", Cooking())
    assert cook("soup", heat="high", herbs="dill, mint")[1] == Cooking(
        heat="high", herbs=("dill", "mint")
    )
    assert cook("soup", cooking=Cooking(minutes=3), on="2026-02-03")[1] == Cooking(
        minutes=3, on=date(2026, 2, 3)
    )


def test_a_mapping_may_be_given_as_text_too() -> None:
    for lids in ({"a": "b, c=d"}, "a=b, c=d", ["a=b, c=d"]):
        assert cook("soup", lids=lids)[1] == Cooking(lids={"a": "b, c=d"})
    assert cook("soup", lids=("a=b", " c = d "))[1] == Cooking(lids={"a": "b", "c": "d"})


def test_names_with_commas_and_equals_signs_stand_in_double_quotes() -> None:
    assert words('a, "my, col",b') == ("a", "my, col", "b")
    assert cook("soup", lids='"a=b"=c=d')[1] == Cooking(lids={"a=b": "c=d"})


def test_an_older_name_is_still_taken() -> None:
    assert cook("soup", time=3)[1] == Cooking(minutes=3)
    assert run("soup", "--time", "4")[1][0] == repr(Cooking(minutes=4))
    assert in_options("`minutes`", cooks) == "--minutes"


def test_none_is_a_value_where_the_field_may_be_none_and_no_choice_elsewhere() -> None:
    day = date(2026, 2, 3)
    base = Cooking(heat="high", lids={"a": "b"}, on=day)
    assert cook("soup", cooking=base, heat=None, lids=None, on=None)[1] == Cooking(
        heat="high", lids={"a": "b"}
    )


def test_a_wrong_choice_is_said_in_words_of_the_door() -> None:
    with pytest.raises(InputError, match="`heat` is one of low, high, not 'warm'"):
        choose(Cooking(), {"heat": "warm"})
    for wrong in ("ab", "=b", 3, ["a=b", 3]):
        with pytest.raises(InputError, match="`lids` says what each column is"):
            cook("soup", lids=wrong)
    with pytest.raises(TypeError, match=r"no argument 'hea'\. Did you mean heat"):
        cook("soup", hea="low")
    assert in_options("Leave `heat='low'`, or give `herbs`.", cooks) == (
        "Leave --heat low, or give --herbs."
    )
    assert in_options("`covered` and `nothing`", cooks) == "--open and `nothing`"
    assert in_options("`lids={'a': 'b', 'c': 'D'}`", cooks) == "--lid a=b --lid c=D"


def test_what_is_left_out_may_be_none() -> None:
    assert cook("soup", on=None, lids=None, herbs=None)[1] == Cooking()
    assert cook("soup", side=None)[1].side is None
    with pytest.raises(InputError, match="`side` is one of bread, rice, not 'ice'"):
        cook("soup", side="ice")
    assert cook("soup", heat=None)[1].heat == "low"
    with pytest.raises(InputError, match="`heat` is one of low, high, not 'warm'"):
        check_choices(Cooking(heat="warm"))  # type: ignore[arg-type]


def test_signature_and_docstring_list_every_choice() -> None:
    parameters = inspect.signature(cook).parameters
    assert next(iter(parameters)) == "dish"
    assert parameters["minutes"].default == 10
    assert "    herbs: What goes in." in str(cook.__doc__)
    said = str(cook.__doc__)
    assert said.index("    dish: Which.") < said.index("    herbs: What goes in.")
    assert "    covered: If False: Without a lid." in said


def run(*words: str) -> Any:
    found = CliRunner().invoke(cooks, list(words), prog_name="cooks")
    return found.exit_code, found.output.splitlines()


def test_the_command_line_makes_options_of_the_fields() -> None:
    code, lines = run(
        "soup",
        "--heat",
        "high",
        "--herbs",
        "dill,mint",
        "--lid",
        "a=b, c=d",
        "--open",
        "--on",
        "2026-02-03",
        "--minutes",
        "4",
    )
    assert code == 0
    wanted = Cooking(
        heat="high",
        minutes=4,
        herbs=("dill", "mint"),
        lids={"a": "b, c=d"},
        covered=False,
        on=date(2026, 2, 3),
    )
    assert lines[0] == repr(wanted)
    assert run("soup", "--heat", "warm")[0] == 2
    help_ = "\n".join(run("--help")[1])
    assert "--minutes MINUTES" in help_
    assert "Default: 10" in help_
    assert "--secret" not in help_
    assert help_.rstrip().endswith("h2h cooks soup --heat high")


def test_files_and_values_are_taken_as_they_are() -> None:
    files = ["--book", "one, two.txt", "--book", "b", "--shelf", "s"]
    code, lines = run("soup", "--send", "a=1.5", "--send", "b=null", "--send", "c=warm", *files)
    assert code == 0
    wanted = Cooking(
        sent={"a": 1.5, "b": None, "c": "warm"},
        books=(Path("one, two.txt"), Path("b")),
        shelf=Path("s"),
    )
    assert lines[0] == repr(wanted)
    assert cook("soup", books="one, two.txt", shelf="s")[1] == Cooking(
        books=(Path("one, two.txt"),), shelf=Path("s")
    )


def test_again_is_what_was_typed_and_the_day_that_was_filled_in() -> None:
    _, lines = run("soup", "--lid", "a=b, c=d", "--open")
    assert lines[1] == "h2h cooks soup --lid 'a=b, c=d' --open --as-of 2026-01-02"
    assert run("soup", "--as-of", "2020-01-01")[1][1] == "h2h cooks soup --as-of 2020-01-01"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"minutes": "many"}, "`minutes` is 'many'; it must be a whole number"),
        ({"minutes": 1.5}, "`minutes` is 1.5; it must be a whole number"),
        ({"covered": "no"}, "`covered` is 'no'; it must be True or False"),
        ({"share": "high"}, "`share` is 'high'; it must be a number"),
        ({"on": "soon"}, "`on`: no day"),
    ],
)
def test_a_choice_of_the_wrong_type_is_an_input_error_that_names_it(
    wrong: dict[str, Any], says: str
) -> None:
    with pytest.raises(InputError) as error:
        cook("soup", **wrong)
    assert says in str(error.value)


def test_an_option_typed_as_a_keyword_leads_to_the_name_in_python() -> None:
    for typed_name, meant in (("open", "covered=False"), ("lid", "lids"), ("herb", "herbs")):
        with pytest.raises(TypeError, match=f"Did you mean {meant}\\?"):
            cook("soup", **{typed_name: "x"})


def test_the_signature_shows_what_may_be_left_out() -> None:
    parameters = inspect.signature(cook).parameters
    assert repr(parameters["cooking"].default) == "Cooking()"
    assert repr(parameters["progress"].default) == "silent"
    given = {n: parameters[n].default for n in ("cooking", "progress")}
    assert cook("soup", **given) == cook("soup")


def test_a_call_of_python_is_told_as_a_command() -> None:
    for call, command in (
        ("explain_name('gpt 9')", "h2h names 'gpt 9'"),
        ("update_evidence(rebuild=True, today=...)", "h2h update --rebuild"),
        ("update_evidence('a', folder='F', today=...)", "h2h update a --from F"),
        ("list_sources()", "h2h sources"),
    ):
        assert in_options(f"Run `{call}` first.", cooks) == f"Run `{command}` first."


def test_a_choice_made_directly_is_read_as_one_by_keyword() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Baking(Choices):
        grains: tuple[str, ...] = option((), help="Which.")
        share: str | float = option("5pp", help="How much.")
        on: date | None = option(None, help="The day.", read=_day)

    made = Baking(grains="rye, oats", on="2025-12-15")  # type: ignore[arg-type]
    assert made == choose(Baking(), {"grains": "rye, oats", "on": "2025-12-15"})
    assert (made.grains, made.on) == (("rye", "oats"), date(2025, 12, 15))
    cases: list[dict[str, Any]] = [{"grains": 3}, {"grains": [3]}, {"share": None}, {"share": []}]
    for wrong in (*cases, {"on": "x"}):
        with pytest.raises(InputError, match=f"`{next(iter(wrong))}`"):
            Baking(**wrong)


def test_a_call_without_names_or_with_one_missing_says_which() -> None:
    with pytest.raises(InputError, match=r"cook\(\) takes `dish` without a name; say what 'low'"):
        cook("soup", "low")
    with pytest.raises(InputError, match=r"as in `minutes='low'`"):
        cook("soup", "low", heat="low")
    with pytest.raises(InputError, match=r"cook\(\) needs `dish`"):
        cook()
    with pytest.raises(InputError, match=r"`cooking` is 'x'; it must be Cooking"):
        cook("soup", cooking="x")


@pytest.mark.parametrize("name", sorted(VERBS))
def test_every_verb_names_the_argument_that_is_wrong(name: str) -> None:
    called = getattr(headtohead, name)
    parameters = inspect.signature(called).parameters.values()
    kinds = {p.kind for p in parameters}
    if inspect.Parameter.VAR_POSITIONAL not in kinds:
        with pytest.raises(InputError, match=rf"{name}\(\) takes .* as in `\w+='x'`"):
            called(*["x"] * 9)
    for p in parameters:
        if p.default is p.empty and p.kind is p.KEYWORD_ONLY:
            with pytest.raises(InputError, match=r"needs `\w+`"):
                called()
    for settings in getattr(called, "__settings__", {}).values():
        for f, said in options_of(settings).items():
            assert settings(**{f.name: getattr(settings(), f.name)}) == settings()
            wrong = object()
            if type_of(settings, f.name) is Any:
                continue
            with pytest.raises(InputError, match=f"`{f.name}`"):
                settings(**{f.name: wrong})
            with pytest.raises(InputError, match=f"`{f.name}`"):
                choose(settings(), {f.name: wrong})
            assert said.help
