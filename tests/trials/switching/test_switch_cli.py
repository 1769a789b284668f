"""`h2h switch` as a user meets it: words, exit codes, files, JSON, keys that stay secret."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result
from pytest_httpserver import HTTPServer
from tests.models.conftest_parts import TinyModels
from tests.trials.switching.parts import lines, rewritten
from werkzeug import Request, Response

from headtohead.cli import main

Run = Callable[..., Result]
SECRET = "sk-not-a-real-key-0123456789abcdef"


@pytest.fixture(scope="module")
def logs(log_a: Path, log_b: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """202 requests answered by either model."""
    folder = tmp_path_factory.mktemp("logs")
    return {
        "tiny-a": rewritten(log_a, folder / "a.jsonl", lines(log_a)[:202]),
        "tiny-b": rewritten(log_b, folder / "b.jsonl", lines(log_b)),
    }


@pytest.fixture
def run(
    tiny_models: TinyModels, logs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """`h2h switch` from one tiny model to the other, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    other = {"tiny-a": "tiny-b", "tiny-b": "tiny-a"}
    urls = {"tiny-a": tiny_models.base_url_a, "tiny-b": tiny_models.base_url_b}

    def invoke(of: str, *arguments: str, url: str = "", log: Path | None = None) -> Result:
        to = other[of]
        said = ["switch", str(log or logs[of]), "--from", of, "--to", to]
        said += ["--base-url", url or urls[to]]
        if "--human" not in arguments:
            said += ["--scorer", "exact"]
        said += ["--map", "labels=metadata.task", "--map", "input_tokens=usage.prompt_tokens"]
        said += ["--map", "output_tokens=usage.completion_tokens", "--by", "metadata.task"]
        said += ["--cap-tokens", "16", "--as-of", "2025-12-15", *arguments]
        found = CliRunner().invoke(main, said, prog_name="h2h")
        assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
        return found

    return invoke


def given(result: Result) -> dict[str, Any]:
    def refuse(name: str) -> float:
        raise AssertionError(f"{name} is no JSON")

    found: dict[str, Any] = json.loads(result.stdout, parse_constant=refuse)
    assert set(found) >= {"verb", "about", "as_of", "results", "sources", "verdict", "sentence"}
    return found


def test_yes_is_0_and_screen_json_and_files_tell_one_story(run: Run) -> None:
    priced = ("--price-from", "0.3,1", "--price-to", "1,4")
    found = run("tiny-b", *priced, "--html", "r.html", "--markdown", "r.md", "--junit", "r.xml")
    assert found.exit_code == 0, found.output
    rows = found.stdout.splitlines()
    assert rows[0].startswith("SWITCH")
    assert "DON'T" not in rows[0]
    text = " ".join(found.stdout.split())
    for words in (
        "tiny-a minus tiny-b is +",
        "so it is at most 5 pp worse",
        "It costs $0.0",
        "more per thousand requests",
        "Stopped when decided",
        "Money:",
        "Latency:",
        "Failures:",
        "Classes: Where is it worst? worst is capital",
        "Endpoint:",
        "this machine",
        "Spent:",
        "run again to go on, without paying twice",
    ):
        assert words in text
    assert max(map(len, rows)) <= 100
    assert "$0.00 " not in text
    # What is kept is looked at again, and nobody is asked.
    data = given(run("tiny-b", *priced, "--json"))
    assert data["as_of"] == "2025-12-15"
    difference, saved, ratio = data["results"]
    assert (difference["unit"], saved["unit"], ratio["unit"]) == ("pp", "usd", "ratio")
    assert -5 < difference["low"] < difference["value"] < difference["high"]
    assert saved["value"] < 0 < 1 < ratio["value"]
    assert [s["source_id"] for s in data["sources"]] == ["log"]
    assert len(data["sources"][0]["sha256"]) == 64
    worst = next(s for s in data["sections"] if s["section"] == "classes")["rows"]
    assert [row["class"] for row in worst] == ["capital", "add"]
    assert worst[0]["difference_pp"] < 0 < worst[1]["difference_pp"]
    page = Path("r.html").read_text(encoding="utf-8")
    markdown = Path("r.md").read_text(encoding="utf-8")
    for text in (page, markdown):
        assert "SWITCH" in text
        assert f"{difference['value']:+.1f} pp" in text
    suite = ElementTree.parse("r.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("1", "0", "0")


def test_no_is_1(run: Run, logs: dict[str, Path], bought: Path) -> None:
    # Sums alone, where tiny-b is far worse.
    rows = logs["tiny-a"].read_text(encoding="utf-8").splitlines(keepends=True)
    Path("sums.jsonl").write_text("".join(r for r in rows if '"add"' in r), encoding="utf-8")
    found = run("tiny-a", "--ledger", str(bought), log=Path("sums.jsonl"))
    assert found.exit_code == 1, found.output
    assert found.stdout.startswith("DON'T SWITCH")
    assert "so it is more than 5 pp worse" in " ".join(found.stdout.split())


def test_undecided_is_2_and_says_how_many_more(run: Run) -> None:
    found = run("tiny-a", "--items", "30", "--junit", "u.xml")
    assert found.exit_code == 2, found.output
    # A gate errs on it, and does not fail.
    suite = ElementTree.parse("u.xml").getroot()
    assert (suite.get("failures"), suite.get("errors")) == ("0", "1")
    word = found.stdout.splitlines()[0]
    assert word.startswith("NEED ")
    assert " MORE" in word
    data = given(run("tiny-a", "--items", "30", "--json"))
    assert data["verdict"] == "undecided"
    assert data["word"] == f"NEED {data['results'][0]['needed_n']:,} MORE"


def test_a_ceiling_is_kept_and_exits_undecided(run: Run) -> None:
    found = run(
        "tiny-a", "--price-to", "1,4", "--max-usd", "0.0008", "--json", "--concurrency", "2"
    )
    assert found.exit_code == 2, found.output
    data = given(found)
    ledger = [json.loads(x) for x in Path("a-tiny-b.ledger.jsonl").read_text().splitlines()]
    spent = sum(x["answer"]["cost_usd"] for x in ledger if x["kind"] == "answer")
    assert 0 < spent <= 0.0008
    assert data["verdict"] == "undecided"
    assert "before the ceiling was passed" in " ".join(
        run("tiny-a", "--price-to", "1,4", "--max-usd", "0.0008").stdout.split()
    )


def test_the_report_says_what_was_typed_and_the_day_that_was_filled_in(run: Run) -> None:
    run("tiny-a", "--items", "5", "--param", "stop=a, b", "--markdown", "m.md")
    page = Path("m.md").read_text(encoding="utf-8")
    assert "--by metadata.task --cap-tokens 16 --as-of 2025-12-15 --items 5" in page
    assert "--param 'stop=a, b'" in page


@pytest.fixture
def guarded(tiny_models: TinyModels) -> Iterator[tuple[str, list[str | None]]]:
    """An endpoint that wants a key and repeats it in what it refuses with, as some do."""
    server = HTTPServer(host="127.0.0.1", port=0)
    server.start()
    seen: list[str | None] = []

    def answer(request: Request) -> Response:
        key = request.headers.get("Authorization")
        seen.append(key)
        if key != f"Bearer {SECRET}":
            said = json.dumps({"error": {"message": f"Incorrect API key provided: {key}."}})
            return Response(said, 401, content_type="application/json")
        prompt = json.loads(request.get_data())["messages"][-1]["content"]
        text = next(f.answer_b for f in tiny_models.facts if f.prompt == prompt)
        usage = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": text + f" ({key})"},
            "finish_reason": "stop",
        }
        body = {
            "id": "1",
            "object": "chat.completion",
            "model": "tiny-b",
            "choices": [choice],
            "usage": usage,
        }
        return Response(json.dumps(body), 200, content_type="application/json")

    server.expect_request("/v1/chat/completions", method="POST").respond_with_handler(answer)
    yield server.url_for("/v1"), seen
    server.clear()
    server.stop()


def everything(result: Result) -> str:
    """All that a run printed or left in its folder."""
    left = [
        p.read_text(encoding="utf-8", errors="replace") for p in Path().rglob("*") if p.is_file()
    ]
    return "\n".join([result.stdout, result.stderr, *left])


def test_a_key_comes_from_the_environment_and_goes_nowhere_else(
    run: Run, guarded: tuple[str, list[str | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, seen = guarded
    monkeypatch.setenv("TINY_KEY", SECRET)
    options = ("--items", "20", "--key-env", "TINY_KEY", "--json", "--html", "k.html")
    found = run("tiny-a", *options, url=url)
    assert found.exit_code == 2, found.output
    assert {f"Bearer {SECRET}"} == set(seen)
    assert Path("a-tiny-b.ledger.jsonl").is_file()
    assert SECRET not in everything(found)

    # A refusal that repeats the key is told without it.
    wrong = SECRET[::-1]
    monkeypatch.setenv("TINY_KEY", wrong)
    refused = run("tiny-a", *options, "--ledger", "other.jsonl", url=url)
    assert refused.exit_code in (64, 75), refused.output
    assert "401" in refused.stderr or "key" in refused.stderr
    assert wrong not in everything(refused)
    if os.name != "nt":
        assert Path("a-tiny-b.ledger.jsonl").stat().st_mode & 0o077 == 0


def test_a_key_that_is_not_set_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    # A misspelt scorer is told first: nobody looks for a key in vain.
    assert "'exat'" in run("tiny-a", "--key-env", "NO_SUCH_KEY", "--scorer", "exat").output
    found = run("tiny-a", "--key-env", "NO_SUCH_KEY")
    assert found.exit_code == 64
    assert "NO_SUCH_KEY" in found.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--human",), ""),
        (("--margin", "five"), "Write 5pp or 0.05"),
        (("--scorer", "exakt"), "exact"),
        (("--by", "colour"), "colour"),
        (("--max-usd", "1"), "--price-to"),
        (("--html", "no/such/r.html"), "does not exist"),
        (("--price-to", "1"), "--price-to is '1', not of the form INPUT,OUTPUT"),
        (("--price-from", "x"), "--price-from is 'x'"),
        (("--base-url", "ftp:x"), "--base-url: 'ftp:x' is not the address"),
    ],
)
def test_mistakes_are_told_with_a_way_out(run: Run, arguments: tuple[str, ...], words: str) -> None:
    found = run("tiny-a", *arguments, *(("--scorer", "exact") if "--human" in arguments else ()))
    assert found.exit_code == 64, found.output
    assert words in found.stderr
    assert "Traceback" not in found.output
    assert not Path("a-tiny-b.ledger.jsonl").exists()
