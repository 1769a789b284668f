"""Patterns, schemas and functions of the user's own as scorers, and what each refuses."""

import json
from pathlib import Path
from typing import Any

import pytest

from headtohead.core.errors import InputError, UnknownName
from headtohead.logs.calls import Call
from headtohead.trials.scoring.scored import Scored, scorer_from, scorers
from headtohead.trials.scoring.scorers.regex import TimedPattern


def call(output: str, reference: str | None = None) -> Call:
    return Call(key="item-9", output=output, reference=reference, labels={"task": "t"})


# ---------------------------------------------------------------- every scorer


@pytest.mark.parametrize(
    "spec",
    [
        *("exact", "exact:last_line", "exact:answer", "exact:boxed", "exact:whole,case"),
        *(r"regex:\bok\b", r"regex:Total: (\d+)"),
    ],
)
def test_every_scorer_keeps_its_word(spec: str) -> None:
    scorer = scorer_from(spec)
    empty = scorer(call("  ", "7"))
    assert (empty.value, empty.failure) == (0, "empty")
    if scorer.needs_reference:
        assert scorer(call("7")).value is None


def test_all_four_are_found_and_no_other() -> None:
    assert set(scorers()) == {"exact", "regex", "json-schema", "python"}
    with pytest.raises(UnknownName, match="json-schema"):
        scorer_from("json_schema:x.json")


# ---------------------------------------------------------------- regex


def test_a_pattern_without_a_group_is_there_or_not() -> None:
    scorer = scorer_from("regex:(?i)\\bok\\b")
    assert not scorer.needs_reference
    assert scorer(call("it is OK.")).value == 1
    assert scorer(call("it is broken")) == Scored(0.0, why="the pattern is not in the answer")


def test_a_group_is_compared_with_the_reference() -> None:
    scorer = scorer_from(r"regex:Total: ([\d.]+)")
    assert scorer(call("Total: 3\nTotal: 7.0", "7")).value == 1
    wrong = scorer(call("Total: 8", "7"))
    assert (wrong.value, wrong.failure, wrong.why) == (0, "", "found '8'")
    assert scorer(call("Sum: 7", "7")).failure == "format"
    named = scorer_from(r"regex:(\w+) is (?P<answer>\w+)")
    assert named(call("sky is Blue", "blue")).value == 1


@pytest.mark.parametrize(
    "pattern", ["(", "[z-a]", "(?P<x>a)(?P<x>b)", "a{99999999999999999999}", ""]
)
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(InputError, match="pattern"):
        scorer_from(f"regex:{pattern}")


def test_a_pattern_that_never_ends_is_stopped_and_the_next_text_is_matched() -> None:
    pattern = TimedPattern("(a+)+$", 1, seconds=60)
    assert pattern.last("aaa") == (True, "aaa")
    pattern.seconds = 0.1
    with pytest.raises(TimeoutError):
        pattern.last("a" * 60 + "!")
    pattern.seconds = 60
    assert pattern.last("zaa\U0001f600 \ud800 aa") == (True, "aa")


def test_an_item_whose_pattern_never_ends_is_unscored(monkeypatch: pytest.MonkeyPatch) -> None:
    init = TimedPattern.__init__
    monkeypatch.setattr(
        TimedPattern, "__init__", lambda self, pattern, group: init(self, pattern, group, 0.1)
    )
    found = scorer_from("regex:(?:a+)+$")(call("a" * 60 + "!"))
    assert found == Scored(None, why="the pattern took longer than 0.1 seconds")


# ---------------------------------------------------------------- JSON schema

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["label"],
    "properties": {"label": {"$ref": "#/$defs/label"}, "n": {"type": "integer"}},
    "$defs": {"label": {"enum": ["spam", "ham"]}},
}


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    file = tmp_path / "answer.schema.json"
    file.write_text(json.dumps(SCHEMA), encoding="utf-8")
    return file


def test_json_of_the_schema_is_right_and_a_fence_is_told(schema: Path) -> None:
    scorer = scorer_from(f"json-schema:{schema}")
    assert scorer(call(' {"label": "spam", "n": 3}\n')) == Scored(1.0)
    for fenced in ('```json\n{"label": "ham"}\n```', 'Here:\n```\n{"label": "ham"}\n```\nDone.'):
        found = scorer(call(fenced))
        assert found.value == 1
        assert "code fence" in found.why


@pytest.mark.parametrize(
    ("output", "why"),
    [
        ("spam", "no JSON"),
        ('{"label": "spam"', "no JSON"),
        ('{"label": "eggs"}', "at label"),
        ('{"n": 1}', "'label' is a required property"),
        ("[" * 5000, "no JSON"),
        ("[]", "schema"),
        ('{"label": "spam", "n": NaN}', "NaN"),
        ('{"label": "spam", "n": 1.5}', "at n"),
        ('```\n{"label":"spam"}\n```\n```\n{"label":"ham"}\n```', "no JSON"),
    ],
)
def test_what_does_not_parse_or_fit_is_a_failure_of_format(
    schema: Path, output: str, why: str
) -> None:
    found = scorer_from(f"json-schema:{schema}")(call(output))
    assert (found.value, found.failure) == (0, "format")
    assert why in found.why


def test_named_fields_are_compared_with_the_reference(schema: Path) -> None:
    scorer = scorer_from(f"json-schema:{schema}@label,n")
    assert scorer.needs_reference
    reference = '{"label": "spam", "n": 1.0}'
    assert scorer(call('{"label": "spam", "n": 1, "note": 5}', reference)).value == 1
    wrong = scorer(call('{"label": "ham", "n": 1}', reference))
    assert (wrong.value, wrong.failure, wrong.why) == (0, "", "the field label differs")
    assert scorer(call('{"label": "spam"}', reference)).why == "the field n differs"
    assert scorer(call('{"label": "spam", "n": 1}', "spam")).value is None
    assert scorer(call('{"label": "spam", "n": 1}', '{"label": "spam"}')).value is None


def test_true_is_not_one_and_lists_are_compared_by_place(tmp_path: Path) -> None:
    file = tmp_path / "any@thing.json"
    file.write_text("{}", encoding="utf-8")
    assert scorer_from(f"json-schema:{file}")(call("1")).value == 1
    scorer = scorer_from(f"json-schema:{file}@a.1.b")
    same = call('{"a": [0, {"b": [1, {"c": 2.0}]}]}', '{"a": [9, {"b": [1, {"c": 2}]}]}')
    assert scorer(same).value == 1
    assert scorer(call('{"a": [0, {"b": 1}]}', '{"a": [0, {"b": true}]}')).value == 0
    assert scorer(call('{"a": [0, {"b": 1}]}', '{"a": [0, {"b": 1}]}')).value == 1


def test_schemas_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    with pytest.raises(InputError, match="needs a file"):
        scorer_from("json-schema:")
    with pytest.raises(InputError, match="cannot be read: No such file"):
        scorer_from(f"json-schema:{file}")
    for text, match in (
        ("{", "is not JSON"),
        ("[]", "JSON object"),
        ('{"type": "objct"}', "at type"),
        ("true", "JSON object"),
    ):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=match):
            scorer_from(f"json-schema:{file}")
    file.write_text('{"$ref": "https://example.com/other.json"}', encoding="utf-8")
    with pytest.raises(InputError, match="refers to"):
        scorer_from(f"json-schema:{file}")(call("1"))
    with pytest.raises(InputError, match="names no field"):
        scorer_from(f"json-schema:{file}@")(call("1"))


# ---------------------------------------------------------------- Python

OWN = '''"""A scorer."""
from __future__ import annotations
import json
from dataclasses import dataclass

@dataclass
class Parts:
    n: int

def by_length(output, reference, call):
    return min(1, len(output) / 10)

def by_json(output, reference, call):
    return json.loads(output)["label"] == call["labels"]["task"]

def none(output, reference, call):
    return None

def too_much(output, reference, call):
    return 7

def broken(output, reference, call):
    return {}["missing"]

def two(output, reference):
    return 1

not_one = 5
'''


@pytest.fixture
def own(tmp_path: Path) -> Path:
    file = tmp_path / "own.py"
    file.write_text(OWN, encoding="utf-8")
    return file


def test_a_function_of_ones_own_scores(own: Path) -> None:
    assert scorer_from(f"python:{own}:by_length")(call("12345")) == Scored(0.5)
    by_json = scorer_from(f"python:{own}:by_json")
    assert by_json(call('{"label": "t"}')) == Scored(1.0)
    assert by_json(call('{"label": "u"}')) == Scored(0.0)
    unparsed = by_json(call("no"))
    assert (unparsed.value, unparsed.failure) == (0, "format")
    assert scorer_from(f"python:{own}:none")(call("x")).value is None


def test_numbers_of_numpy_are_numbers(tmp_path: Path) -> None:
    file = tmp_path / "n.py"
    file.write_text("import numpy as np\ndef f(o, r, c):\n    return np.float32(0.5) > 0.2\n")
    assert scorer_from(f"python:{file}:f")(call("x")).value == 1


def test_a_function_that_is_wrong_is_told_with_file_and_line(own: Path) -> None:
    line = OWN.splitlines().index("def too_much(output, reference, call):") + 1
    with pytest.raises(InputError, match=rf"own\.py, line {line}: .* gave 7 on item 'item-9'"):
        scorer_from(f"python:{own}:too_much")(call("x"))
    line = OWN.splitlines().index('    return {}["missing"]') + 1
    with pytest.raises(InputError, match=rf"own\.py, line {line}: KeyError: 'missing' on item"):
        scorer_from(f"python:{own}:broken")(call("x"))
    with pytest.raises(InputError, match="must take three arguments"):
        scorer_from(f"python:{own}:two")


def test_files_that_cannot_be_used_are_refused(own: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="by_length"):
        scorer_from(f"python:{own}:by_lenght")
    with pytest.raises(InputError, match="is no function"):
        scorer_from(f"python:{own}:not_one")
    with pytest.raises(InputError, match="does not name a function"):
        scorer_from(f"python:{own}")
    with pytest.raises(InputError, match="does not exist"):
        scorer_from(f"python:{tmp_path / 'no.py'}:f")
    own.write_text("x = 1\ndef f(:\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"own\.py, line 2: "):
        scorer_from(f"python:{own}:f")
    own.write_text("x = 1\ny = 1 / 0\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"own\.py, line 2: ZeroDivisionError.*loaded"):
        scorer_from(f"python:{own}:f")
    (tmp_path / "own.txt").write_text("x = 1", encoding="utf-8")
    with pytest.raises(InputError, match=r"must end in \.py"):
        scorer_from(f"python:{tmp_path / 'own.txt'}:f")
