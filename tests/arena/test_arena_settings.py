"""`arena.toml`: what it may say, and how each mistake in it is reported."""

import json
from pathlib import Path

import pytest
from tests.arena.served import written
from tests.logs.formats.real import copied

from headtohead.arena.first_toml import first_toml
from headtohead.arena.prompts import prompts_in
from headtohead.arena.recorded import contents
from headtohead.arena.settings import ArenaSide, FirstArena, settings_in
from headtohead.core.errors import InputError

WHOLE = """
title = "Support answers"
database = "votes.sqlite"
margin_pp = 3
level = 0.9
both_bad = "drop"
categories = ["code", "writing"]
compare = [["open", "closed"], ["a", "b"]]

[[prompts]]
id = "p1"
text = "Write a loop."
category = "code"

[[prompts]]
text = "Write a poem."
category = "writing"

[[entrants]]
name = "a"
endpoint = "http://127.0.0.1:8080/v1/"
model = "tiny"
key_env = "A_KEY"
system = "Be brief."
max_tokens = 200
temperature = 0

[[entrants]]
name = "b"
endpoint = "https://models.example/v1"
model = "big"

[[sides]]
name = "open"
entrants = ["a"]

[[sides]]
name = "closed"
entrants = ["b"]

[voters]
door = "header"
header = "X-User"
proxies = ["10.0.0.1"]

[judge]
endpoint = "http://127.0.0.1:8080/v1"
model = "judge"
"""


def test_everything_that_a_toml_may_say_is_read(tmp_path: Path) -> None:
    path = tmp_path / "team.toml"
    path.write_text(WHOLE)
    s = settings_in(path)
    assert (s.title, s.margin_pp, s.level, s.both_bad) == ("Support answers", 3, 0.9, "drop")
    assert s.database == tmp_path / "votes.sqlite"
    assert [(p.id, p.category) for p in s.prompts] == [("p1", "code"), ("prompt 2", "writing")]
    assert s.categories == ("code", "writing")
    one = s.entrant("a")
    assert (one.kind, one.endpoint, one.model, one.key_env, one.max_tokens, one.temperature) == (
        *("endpoint", "http://127.0.0.1:8080/v1", "tiny", "A_KEY", 200, 0),
    )
    assert s.sides == (ArenaSide("open", ("a",)), ArenaSide("closed", ("b",)))
    assert s.compare == (("open", "closed"), ("a", "b"))
    assert (s.voters.door, s.voters.header, s.voters.proxies) == ("header", "X-User", ("10.0.0.1",))
    assert s.judge is not None
    assert s.judge.model == "judge"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("title =", "titel =", "line 2: No field of an arena is called 'titel'. Did you mean titl"),
        ("margin_pp = 3", "margin_pp = 'x'", "line 4: `margin_pp`: 'x' is no number from 0.1 to"),
        ("level = 0.9", "level = 1", "line 5: `level`: 1 is no number from 0.5 to 0.999"),
        ('"drop"', '"lose"', "line 6: `both_bad`: 'lose' is none of half, drop"),
        ('"closed"], ["a"', '"clsed"], ["a"', "No side or entrant is called 'clsed'. Did you mea"),
        ('"writing"]', '"poems"]', "No category is called 'writing'"),
        ('text = "Write a poem."', "", "line 15: `text` is missing"),
        ('name = "b"', "", "`name` is missing"),
        ('name = "b"', 'name = "a"', "'a' stands twice"),
        ('model = "big"', "", "b: an endpoint needs a `model`"),
        ("https://models", "models", "`endpoint`: an endpoint begins with http"),
        ('model = "big"', 'model = "big"\nanswers = "x.jsonl"', "b: give it an `endpoint` to be"),
        ('model = "big"', 'model = "big"\nonly = "x"', "`only` says nothing of an endpoint"),
        ('model = "big"', 'model = "big"\nkeyenv = "x"', "No field of [[entrants]] is called 'ke"),
        ('entrants = ["b"]', 'entrants = ["c"]', "No entrant is called 'c'"),
        (
            '"10.0.0.1"',
            '"proxy"',
            "`proxies`: 'proxy' does not appear to be an IPv4 or IPv6 address",
        ),
        ('"header"', '"window"', "`door`: 'window' is none of open, link, header"),
        ('model = "judge"', "", "`model` is missing"),
        ("title", "title = = ", "not TOML"),
        ('"A_KEY"', '"sk-1234567890"', "`key_env`: the key itself is not written down"),
        ('"A_KEY"', '"gsk_Abcdefghij1234567890"', "`key_env`: the key itself is not written"),
    ],
)
def test_a_mistake_is_reported_with_its_line_and_what_to_write(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    path = tmp_path / "team.toml"
    assert before in WHOLE
    path.write_text(WHOLE.replace(before, after, 1))
    with pytest.raises(InputError) as error:
        settings_in(path)
    assert said in str(error.value)
    assert str(path) in str(error.value)
    assert "1234567890" not in str(error.value)


def test_every_mistake_is_reported_at_once(tmp_path: Path) -> None:
    path = tmp_path / "team.toml"
    path.write_text(WHOLE.replace("title", "titel").replace('"drop"', '"lose"'))
    with pytest.raises(InputError) as error:
        settings_in(path)
    assert len(str(error.value).splitlines()) == 2


def test_prompts_come_from_a_file_of_lines_or_records(tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_text("First?\n\nSecond?\n")
    assert [(p.id, p.text) for p in prompts_in(tmp_path / "p.txt")] == [
        ("line 1", "First?"),
        ("line 3", "Second?"),
    ]
    (tmp_path / "p.csv").write_text("id,text,category\nx,First?,facts\ny,Second?,\n")
    (tmp_path / "p.jsonl").write_text(
        '{"id": "x", "question": "First?", "category": "facts"}\n{"id": "y", "text": "Second?"}\n'
    )
    for name in ("p.csv", "p.jsonl"):
        prompts = prompts_in(tmp_path / name)
        assert [(p.id, p.text, p.category) for p in prompts] == [
            ("x", "First?", "facts"),
            ("y", "Second?", ""),
        ]
    toml = written(tmp_path, top='prompts = "p.jsonl"')
    assert [p.id for p in settings_in(toml).prompts] == ["x", "y"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"id": "x"}\n', "no text stands under any of text, prompt, question, input"),
        ('{"id": "x", "text": "a"}\n{"id": "x", "text": "b"}\n', "the id 'x' stands twice"),
        (None, "no such file"),
    ],
)
def test_a_file_of_prompts_that_cannot_be_used_is_refused(
    tmp_path: Path, text: str | None, said: str
) -> None:
    if text is not None:
        (tmp_path / "p.jsonl").write_text(text)
    with pytest.raises(InputError, match=said) as error:
        settings_in(written(tmp_path, top='prompts = "p.jsonl"'))
    assert "line 2: " in str(error.value)


def test_answers_are_joined_by_id_or_by_text_and_what_is_left_is_counted(tmp_path: Path) -> None:
    rows = [
        {"id": "1", "prompt": "What is the  capital of Peru?", "answer": "Lima"},
        {"id": "2", "prompt": "Something else?", "answer": "Yes"},
        {"id": "3", "prompt": "How many legs has a spider?", "answer": " "},
        {"id": "4", "prompt": "How many?", "answer": "x" * 100_001},
    ]
    toml = written(tmp_path, "ant", "bee")
    (tmp_path / "bee.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    text = "What is the capital of Peru?"
    toml.write_text(f'[[prompts]]\nid = "p1"\ntext = "{text}"\n\n{toml.read_text()}')
    toml.write_text(toml.read_text().replace('title = "Test arena"', ""))
    held = contents(settings_in(toml))
    assert {name: dict(a) for name, a in held.answers.items()}.keys() == {"ant", "bee"}
    assert held.answers["bee"]["p1"].text == "Lima"
    assert list(held.prompts) == ["p1"]
    assert held.dropped["bee"] == {
        "record of more than 100,000 characters": 1,
        "record without an answer": 1,
        "answer to a prompt that the arena does not have": 1,
    }


def test_files_without_a_common_prompt_are_refused(tmp_path: Path) -> None:
    toml = written(tmp_path, "ant", "bee")
    (tmp_path / "bee.jsonl").write_text('{"id": "z", "prompt": "Other?", "answer": "x"}\n')
    with pytest.raises(InputError, match="No prompt has answers of two entrants"):
        contents(settings_in(toml))


def test_a_file_of_several_models_needs_to_be_told_whose_answers_count(tmp_path: Path) -> None:
    toml = written(tmp_path, "ant", "bee")
    rows = [{"id": "p1", "model": m, "prompt": "?", "answer": m} for m in ("m1", "m2")]
    (tmp_path / "bee.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(InputError, match=r"holds answers of m1, m2\. Say whose these are: `only`"):
        contents(settings_in(toml))
    toml.write_text(toml.read_text() + 'only = "m2"\n')
    held = contents(settings_in(toml))
    assert held.answers["bee"]["p1"].text == "m2"
    assert held.dropped["bee"] == {}


@pytest.mark.parametrize(
    ("runs", "prompts", "entrants"),
    [
        (("inspect-0.3.285/small-a.eval", "inspect-0.3.285/small-b.eval"), 9, 2),
        (("lm-eval-0.4.13/small-a", "lm-eval-0.4.13/small-b"), 15, 2),
        (("promptfoo-0.121.20/results.json",), 5, 4),
        (("promptfoo-0.121.20/results.csv",), 5, 4),
        (("deepeval-4.3.1/small-a.json", "deepeval-4.3.1/small-b.json"), 9, 2),
        (("helm-0.5.16",), 9, 2),
    ],
)
def test_what_other_tools_wrote_becomes_an_arena(
    tmp_path: Path, runs: tuple[str, ...], prompts: int, entrants: int
) -> None:
    logs = tuple(copied(name, tmp_path) for name in runs)
    toml = tmp_path / "arena.toml"
    toml.write_text(first_toml(FirstArena(logs=logs), tmp_path), encoding="utf-8")
    made = settings_in(toml)
    assert len(made.entrants) == entrants
    held = contents(made)
    assert len(held.prompts) == prompts
    if entrants == 4:  # two prompts to each of two models, and none of them repeated
        assert not any("repeat of a prompt" in why for why in held.dropped.values())
    assert any("What is the capital of France?" in one.text for one in held.prompts.values())
    assert all(len(mine) >= 5 for mine in held.answers.values())


def test_answers_without_questions_are_refused_with_what_to_do(tmp_path: Path) -> None:
    toml = written(tmp_path, "ant", "bee")
    for name in ("ant", "bee"):
        (tmp_path / f"{name}.jsonl").write_text('{"id": "z", "question": "Who is?", "answer": "x"}')
    with pytest.raises(InputError, match="do not say what was asked"):
        contents(settings_in(toml))
    toml.write_text(toml.read_text().replace('.jsonl"', '.jsonl"\nmap = { key = "question" }'))
    held = contents(settings_in(toml))
    assert [one.text for one in held.prompts.values()] == ["Who is?"]


def _batch(folder: Path, model: str) -> None:
    """The input and output file of a batch, as OpenAI's API takes and gives them."""
    asked = {"request-1": "What is the capital of Peru?", "request-2": "Count to two."}
    folder.mkdir()
    requests, answers = [], []
    for key, text in asked.items():
        messages = [{"role": "system", "content": "Help."}, {"role": "user", "content": text}]
        body = {"model": model, "messages": messages, "max_tokens": 100}
        url = "/v1/chat/completions"
        requests.append({"custom_id": key, "method": "POST", "url": url, "body": body})
        message = {"role": "assistant", "content": f"{model} on {key}", "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        done = {
            "id": f"chatcmpl-{key}",
            "object": "chat.completion",
            "created": 1734986202,
            "model": f"{model}-2024-07-18",
            "choices": [choice],
            "usage": {
                "prompt_tokens": 20,
                "completion_tokens": 10,
                "total_tokens": 30,
                "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 0},
            },
            "system_fingerprint": "fp_0aa8d3e20b",
        }
        said = {"status_code": 200, "request_id": f"req_{key}", "body": done}
        answers.append({"id": key, "custom_id": key, "response": said, "error": None})
    # The order of the answers is not that of the requests.
    for name, rows in (("input", requests), ("output", answers[::-1])):
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines)


@pytest.mark.parametrize("whole", [True, False])
def test_outputs_of_batches_compete_with_their_requests(tmp_path: Path, whole: bool) -> None:
    for name in ("mini", "nano"):
        _batch(tmp_path / name, name)
    file = "" if whole else "/output.jsonl"
    first = FirstArena(
        entrants=tuple(f"{name}={tmp_path / name}{file}" for name in ("mini", "nano")),
        prompts=None if whole else tmp_path / "mini/input.jsonl",
    )
    toml = tmp_path / "arena.toml"
    toml.write_text(first_toml(first, tmp_path))
    held = contents(settings_in(toml))
    assert [one.text for one in held.prompts.values()] == [
        *(["Count to two.", "What is the capital of Peru?"][:: 1 if whole else -1])
    ]
    (one, other) = (held.answers[name]["request-1"] for name in ("mini", "nano"))
    assert (one.text, other.text) == ("mini on request-1", "nano on request-1")
    assert (one.output_tokens, held.dropped) == (10, {"mini": {}, "nano": {}})


def test_runs_that_long_prompts_tell_apart_get_names_of_their_own(tmp_path: Path) -> None:
    rows = [
        {"id": id, "model": "m", "run": f"Be\n{'very ' * 40}{run}", "prompt": "?", "answer": run}
        for id in ("1", "2")
        for run in ("brief", "kind")
    ]
    log = tmp_path / "log.jsonl"
    log.write_text("".join(json.dumps(row) + "\n" for row in rows))
    toml = tmp_path / "arena.toml"
    toml.write_text(first_toml(FirstArena(logs=(log,)), tmp_path), encoding="utf-8")
    held = contents(settings_in(toml))
    assert len({name for name in held.answers if name.startswith("m, Be very")}) == 2
    assert {a["1"].text for a in held.answers.values()} == {"brief", "kind"}
