"""Arguments that nobody should type: what each verb is given, beside good files."""

import json
from collections.abc import Callable
from pathlib import Path

import click
from pytest_httpserver import HTTPServer
from tests.claims.test_load import GOOD
from tests.fuzz.mutations import Random
from tests.fuzz.seeds import DAY, run_rows, scores
from tests.ratings.reading.vote_files import write
from tests.trials.switching.parts import logged_calls
from werkzeug import Request, Response

from headtohead.cli import commands

# The texts that no option awaits, and those that some do.
TEXTS = (
    *("", " ", ",", "=", "a=", "=b", "a=b", "a=b=c", "a,b,,c", "wombat", "null", "*", ".", "-"),
    *("a.b.c=d", "é", "e\u0301", "\u202e", "\ud800", "💥" * 50, "x" * 70_000, "\n", "\x1b[31m"),
    *("nan", "inf", "-inf", "0", "-1", "1", "1e308", "1e-300", "1e999", "9" * 400, "٣", "1_0"),
    *("5pp", "-5pp", "0pp", "100pp", "1e308pp", "nanpp", "pp", "0.5", "0.999999999999", "1e-17"),
    *("1,2", "1,2,3", "1,2,3,4", "-1,2", "nan,1", "1e308,1e308", "0,0", ",,"),
    *("2025-13-45", "0001-01-01", "9999-12-31", "2025-12-15", "2025", "2025-12/2024-01", "now"),
    *("id", "score", "model", "topic", "model_a", "winner", "model_a=winner", "score=id", "key=id"),
    *("key=topic", "score=*", "score=a.*.b", "x=10", "x=nan", "x=1e308", "temperature=1e999"),
    *("messages=[]", "n=5", "response_format=null", "max_tokens=-1", "winner.a=1", "winner=x"),
    *("exact", "regex:(", "regex:", "regex:a", "json-schema:nowhere", "python:nowhere.py:f"),
    *("json-schema:/dev/null", "/dev/null", "nowhere.csv", "rows.jsonl", "votes.jsonl", "python::"),
    *("mine", "yours", "a", "b", "a,b", "gpt-4o", "deepseek-chat", "lab", "country", "length", "x"),
    *("http://127.0.0.1:1/v1", "http://", "https://[", "ftp://x", "x://y", "http://u:p@localhost"),
    *("PATH", "NOWHERE_KEY", "plain", "lmarena", "inspect", "duckdb", "all", "none", "prompt"),
)
NUMBERS = (
    *("0", "-1", "1", "2", "3", "100", "1000000", "1000000000", "9" * 19, "-" + "9" * 30),
    *("0.5", "1e308", "-1e308", "1e-300", "5e-324", "nan", "inf", "-inf", "1e999", "", "x", "0x1"),
    *("0.9999999999999999", "1e-17", "9" * 400, "٣", " 1 "),
)
# Written to; inside the folder that a test works in.
PLACES = ("out.html", "nowhere/out.html", ".", "", "rows.jsonl/x", "o" * 300)
# What reaches beyond the folder, and what makes a run wait as long as one asks.
_APART = ("--engine", "--store", "--base-url", "--judge-url", "--rpm", "--tpm", "--timeout")


def good_files(folder: Path) -> None:
    """What every verb can read."""
    write(folder / "rows.jsonl", run_rows())
    write(folder / "six.csv", run_rows("abcdef", 8))
    votes = [
        {"model_a": a, "model_b": b, "winner": w, "day": f"2025-01-0{i + 1}"}
        for a, b in ("xy", "yz", "zx")
        for i, w in enumerate(("model_a", "model_b", "tie"))
    ]
    write(folder / "votes.jsonl", votes)
    write(folder / "scores.csv", scores())
    (folder / "mine.toml").write_text(GOOD, encoding="utf-8")
    write(folder / "log.jsonl", logged_calls(12))


def commands_of(url: str) -> dict[str, list[str]]:
    """A name -> a command that works in the folder of the good files."""
    own = ["--source", "scores", "--as-of", DAY, "--scores", "scores.csv"]
    switch = ["switch", "log.jsonl", "--from", "old", "--to", "new", "--base-url", url]
    return {
        "rank": ["rank", "votes.jsonl"],
        "compare": ["compare", "rows.jsonl::a", "rows.jsonl::b"],
        "compare many": ["compare", "six.csv::a", "six.csv::b", "six.csv::c", "--many"],
        "plan": ["plan", "--discordance", "0.3", "--margin", "20pp"],
        "plan by pilot": ["plan", "--pilot", "rows.jsonl::a", "--pilot", "rows.jsonl::b"],
        "items": ["items", "six.csv"],
        "switch": [*switch, "--scorer", "exact", "--price-from", "1,4", "--price-to", "1,2"],
        "switch by people": [*switch, "--human"],
        "index": ["index", *own],
        "gap": ["gap", *own, "--group", "model", "--a", "mine", "--b", "yours"],
        "check": ["check", "mine.toml", "--as-of", DAY],
        "names": ["names", "gpt-4o"],
    }


def answering(server: HTTPServer) -> str:
    """The address of a model that says 4 at once."""
    message = {"role": "assistant", "content": "4"}
    usage = {"prompt_tokens": 5, "completion_tokens": 1}
    choices = [{"message": message, "finish_reason": "stop"}]
    body = json.dumps({"model": "new", "choices": choices, "usage": usage})

    def handle(request: Request) -> Response:
        return Response(body, content_type="application/json")

    server.expect_request("/v1/chat/completions").respond_with_handler(handle)
    return server.url_for("/v1")


def drawn(rng: Random, command: list[str]) -> list[str]:
    """The command with one to three options that are wrong, or at odds with each other."""
    params = [
        p
        for p in commands()[command[0]].params
        if isinstance(p, click.Option) and p.opts[0] not in _APART
    ]
    given = list(command)
    for option in rng.choices(params, k=rng.choice((1, 1, 2, 3))):
        name = option.opts[-1]
        if option.is_flag:
            given.append(name)
            continue
        kind = option.type
        value: str | Callable[[], str]
        if isinstance(kind, click.Choice):
            value = rng.choice([*map(str, kind.choices), "wombat", ""])
        elif isinstance(kind, click.Path) and name not in ("--scores", "--rubric"):
            value = rng.choice(PLACES)
        elif isinstance(kind, click.types.IntParamType | click.types.FloatParamType):
            value = rng.choice(NUMBERS)
        else:
            value = rng.choice(TEXTS)
        given += [name, value]
        if rng.random() < 0.02:
            given.pop()  # an option without its value
    if rng.random() < 0.05:
        given.insert(1, rng.choice(TEXTS))
    return given
