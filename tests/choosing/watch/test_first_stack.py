"""`h2h watch --from LOG`: models, sellers and tokens a month, and what they rest on."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from headtohead.choosing.watch.first_stack import first_stack
from headtohead.choosing.watch.stack import read_stack
from headtohead.cli import main
from headtohead.core.dates import parse_day
from headtohead.core.errors import InputError
from headtohead.evidence.facts import Facts
from headtohead.names.names import Names

pytestmark = pytest.mark.usefixtures("kept_facts")
FIELDS = ("key", "model", "input_tokens", "output_tokens", "cache_read_tokens", "started")
MAPPING = {name: name for name in FIELDS}


def log(tmp_path: Path, *calls: dict[str, Any]) -> Path:
    path = tmp_path / "calls.jsonl"
    lines = (
        json.dumps({"key": str(n), "input_tokens": 100, "output_tokens": 20, **call})
        for n, call in enumerate(calls)
    )
    path.write_text("\n".join(lines) + "\n")
    return path


def made(path: Path, *leave: str) -> str:
    mapping = {k: v for k, v in MAPPING.items() if k not in leave}
    return first_stack(path, Names.load(), mapping=mapping)


CALLS = (
    {"model": "claude-sonnet-4-5", "started": "2026-10-01T00:00:00Z", "cache_read_tokens": 50},
    {"model": "openai/gpt-5", "started": "2026-10-05T00:00:00Z", "cache_read_tokens": 0},
    {"model": "my-own", "started": "2026-10-11T00:00:00Z", "cache_read_tokens": 0},
)


def test_it_can_be_watched_as_it_is(tmp_path: Path, facts: Facts) -> None:
    text = made(log(tmp_path, *CALLS))
    path = tmp_path / "stack.toml"
    path.write_text(text)
    day = parse_day("2026-11-01")
    sonnet, gpt = read_stack(path, facts, day, day).models
    assert (sonnet.name, sonnet.operator) == ("claude-sonnet-4-5", "")
    assert (gpt.name, gpt.operator) == ("gpt-5", "openai")
    # Ten days of a month of 30.4375.
    assert sonnet.input_tokens == round(100 * 3.04375)
    assert sonnet.cached_tokens == round(50 * 3.04375)
    assert "times 3.04, since its calls span 10 days" in text
    assert "# No model we know is called so" in text
    assert '# name = "my-own"' in text


def test_a_log_of_an_hour_counts_as_a_day(tmp_path: Path) -> None:
    calls = [dict(CALLS[0], started=f"2026-10-01T0{n}:00:00Z") for n in range(2)]
    text = made(log(tmp_path, *calls))
    assert "times 30.4" in text
    assert "which count as a day" in text
    assert "input_tokens_per_month = 6088" in text


def test_a_log_without_times_has_no_tokens_a_month(tmp_path: Path) -> None:
    text = made(log(tmp_path, {"model": "gpt-5", "cache_read_tokens": 0}), "started")
    assert "please fill them in" in text
    assert "# 100 input and 20 output tokens in all" in text
    assert "_per_month" not in text


def test_a_log_that_names_no_model(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none of 1 call names a model"):
        made(log(tmp_path, {"started": "2026-10-01T00:00:00Z", "cache_read_tokens": 0}), "model")


def run(*arguments: object) -> Result:
    mapping = [word for name in FIELDS for word in ("--map", f"{name}={name}")]
    return CliRunner().invoke(main, ["watch", *map(str, arguments), *mapping], prog_name="h2h")


def test_it_overwrites_nothing(tmp_path: Path) -> None:
    path, out = log(tmp_path, *CALLS), tmp_path / "mine.toml"
    assert run("--from", path, "--out", out).exit_code == 0
    out.write_text("mine")
    refused = run("--from", path, "--out", out)
    assert refused.exit_code == 64
    assert "--force" in refused.output
    assert out.read_text() == "mine"
    assert run("--from", path, "--out", out, "--force").exit_code == 0
    assert "[[model]]" in out.read_text()


def test_a_stack_and_a_log_at_once(tmp_path: Path) -> None:
    assert run(tmp_path / "stack.toml", "--from", log(tmp_path, *CALLS)).exit_code == 64
    assert run(tmp_path / "stack.toml").exit_code == 64


def test_a_log_of_usage_needs_no_key(tmp_path: Path) -> None:
    path = tmp_path / "usage.csv"
    path.write_text(
        "time,model,prompt_tokens,completion_tokens,provider\n"
        "2026-10-01T09:00:00Z,gpt-4o-mini,900,80,azure\n"
        "2026-10-03T09:00:00Z,deepseek-chat,900,80,deepseek\n"
    )
    text = first_stack(path, Names.load())
    assert 'name = "gpt-4o-mini"\noperator = "azure"\ninput_tokens_per_month = 13697' in text
    ended = "# Stood for DeepSeek-V4-Flash until 2026-07-24, and for nothing since.\n[[model]]\n"
    assert f'{ended}name = "deepseek-chat"' in text


def test_what_is_of_a_watch_is_refused(tmp_path: Path) -> None:
    for more in (("--json",), ("--days", "4"), ("--as-of", "2026-10-31")):
        refused = run("--from", log(tmp_path, *CALLS), "--out", tmp_path / "o.toml", *more)
        assert refused.exit_code == 64
        assert "leave out what is of a watch" in refused.output
    assert not (tmp_path / "o.toml").exists()
