"""What a question is asked in Python is checked as in a claims file."""

from datetime import date
from typing import Any

import pytest

from headtohead.core.dates import Period
from headtohead.core.errors import InputError, UnknownName
from headtohead.evidence.facts import Facts
from headtohead.questions import analysis

DAY = date(2026, 10, 31)
MODELS = {"dear": ["gpt-5"], "cheap": ["deepseek-v3.1"]}


def ask(facts: Facts, **scope: Any) -> None:
    window = Period(DAY, DAY)
    facts.ask(analysis("cost.list_price"), about=window, as_of=DAY, scope=scope)


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        (MODELS | {"seller": "nobody"}, "`seller` is 'nobody'. Use one of lab, cheapest, median."),
        (MODELS | {"input_share": 2}, "`input_share` is 2. Use a number from 0 to 1."),
        (MODELS | {"input_share": "most"}, "`input_share` must be a number, not 'most'."),
        (MODELS | {"dear": "gpt-5"}, "`dear` must be a list of model names, not 'gpt-5'."),
        ({"dear": ["gpt-5"]}, "`cheap` is missing. It says: "),
    ],
)
def test_a_value_that_its_word_cannot_have(facts: Facts, scope: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as raised:
        ask(facts, **scope)
    assert str(raised.value).startswith(said)


def test_a_word_that_the_question_has_not(facts: Facts) -> None:
    with pytest.raises(UnknownName, match="No scope word is called 'deer'"):
        ask(facts, **MODELS, deer=["gpt-5"])
