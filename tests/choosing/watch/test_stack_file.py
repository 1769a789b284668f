"""The file of a stack: what it may say, and every mistake with its line and what may be meant."""

from datetime import date
from pathlib import Path

import pytest

from headtohead.choosing.watch.stack import Margin, Stack, read_stack
from headtohead.core.errors import InputError
from headtohead.evidence.facts import Facts

pytestmark = pytest.mark.usefixtures("kept_facts")
DAY = date(2026, 11, 10)
MODEL = '[[model]]\nname = "gpt-5"\n'


def read(tmp_path: Path, facts: Facts, text: str) -> Stack:
    path = tmp_path / "stack.toml"
    path.write_text(text, encoding="utf-8")
    return read_stack(path, facts, DAY, DAY)


def test_everything_it_may_say(tmp_path: Path, facts: Facts) -> None:
    stack = read(
        tmp_path,
        facts,
        """
name = "bot"
margin = "1.5 percentage points"
budget_usd_per_month = 10.5
tokens_per_month = "10M"
blend = "4:1"
[[model]]
name = "gpt-5"
operator = "Microsoft Azure"
share = 0.5
[[model]]
name = "deepseek-v3.2"
channel = "turbo"
operator = "deepinfra"
input_tokens_per_month = 100
cached_tokens_per_month = 40
[successors]
licence = "Apache-2.0 OR MIT"
context = "128k"
""",
    )
    assert (stack.name, stack.budget_usd) == ("bot", 10.5)
    assert stack.margin == Margin(1.5, "pp")
    first, second = stack.models
    assert (first.operator, first.input_tokens, first.output_tokens) == ("azure", 4e6, 1e6)
    assert (second.cached_tokens, second.output_tokens, second.channel) == (40, 0, "turbo")
    assert stack.successors.context == 128_000


def test_a_stack_of_one_name_is_enough(tmp_path: Path, facts: Facts) -> None:
    stack = read(tmp_path, facts, MODEL)
    assert (stack.name, stack.margin, stack.budget_usd) == ("stack", Margin(), None)
    assert stack.models[0].input_tokens is None
    assert stack.models[0].input_share == 0.75


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('nam = "x"\n' + MODEL, 1, "No field of a stack is called 'nam'. Did you mean name?"),
        ('[[model]]\nname = "claude-sonet-4-5"\n', 2, "Did you mean Claude Sonnet 4.5?"),
        (MODEL + 'operator = "antropic"\n', 3, "Did you mean Anthropic"),
        (MODEL + 'operatr = "openai"\n', 3, "Did you mean operator?"),
        (MODEL + 'channel = "tubro"\n', 3, "Did you mean turbo?"),
        (MODEL + "[successors]\ncontxt = 3\n", 4, "Did you mean context?"),
        (MODEL + '[successors]\nlab_country = ["Frnace"]\n', 4, "Did you mean France"),
        (MODEL + '[successors]\nlicence = "MTI"\n', 4, "Did you mean MIT?"),
        (MODEL + '[successors]\ncontext = "big"\n', 4, "no number of tokens"),
        (MODEL + "tokens_per_month = -4\n", 3, "no number from 0"),
        (MODEL + "share = 0.5\n", 1, "`share` needs `tokens_per_month`"),
        ("tokens_per_month = 9\n" + MODEL + "share = 1.5\n", 4, "no number from 0 to 1"),
        (MODEL + "input_tokens_per_month = 1\ncached_tokens_per_month = 2\n", 1, "a part of"),
        (MODEL + "input_tokens_per_month = 1\ntokens_per_month = 2\n", 1, "two ways"),
        (MODEL + 'blend = "three"\n', 3, "no blend"),
        (MODEL + MODEL, 3, "'gpt-5' at this seller stands on line 1 too"),
        ("margin = true\n" + MODEL, 1, "is no margin"),
        ('margin = "2 apples"\n' + MODEL, 1, "is no margin"),
        ("budget_usd_per_month = 'x'\n" + MODEL, 1, "no number"),
        ('[[model]]\noperator = "openai"\n', 1, "has no `name`"),
        ('[[model]]\nname = "OpenAI"\n', 2, "Name one model"),
        ("", 1, "there is no model"),
        ("model = 3\n", 1, "there is no model"),
        ("model = [3]\n", 1, "written as [[model]]"),
        (MODEL + MODEL.replace("gpt-5", "gpt-55x"), 4, "No model is called 'gpt-55x'"),
    ],
)
def test_a_mistake_has_its_line(
    tmp_path: Path, facts: Facts, text: str, line: int, said: str
) -> None:
    with pytest.raises(InputError) as error:
        read(tmp_path, facts, text)
    assert f"stack.toml, line {line}: " in str(error.value)
    assert said in str(error.value)
    assert error.value.exit_code == 64


def test_shares_of_more_than_all(tmp_path: Path, facts: Facts) -> None:
    two = MODEL + 'share = 0.7\n[[model]]\nname = "gpt-4.1"\nshare = 0.7\n'
    with pytest.raises(InputError, match=r"add up to 1\.4"):
        read(tmp_path, facts, "tokens_per_month = 9\n" + two)


def test_every_mistake_is_told_at_once(tmp_path: Path, facts: Facts) -> None:
    with pytest.raises(InputError) as error:
        read(tmp_path, facts, 'x = 1\n[[model]]\nname = "gpt-55x"\ny = 2\n')
    lines = str(error.value).splitlines()
    assert [line.partition(": ")[0].rpartition(" ")[2] for line in lines] == ["1", "3", "4"]


@pytest.mark.parametrize("content", [b"[[model]\n", b"\xff\xfe", b'name = "a"\nname = "b"\n'])
def test_what_is_no_toml(tmp_path: Path, facts: Facts, content: bytes) -> None:
    path = tmp_path / "stack.toml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"stack\.toml"):
        read_stack(path, facts, DAY, DAY)
    with pytest.raises(InputError):
        read_stack(tmp_path / "nowhere.toml", facts, DAY, DAY)
