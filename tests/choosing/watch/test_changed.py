"""Two pictures of a stack and their differences, and the file that keeps one."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headtohead.choosing.watch.changed import (
    ModelPicture,
    StackChange,
    StackPicture,
    changes,
    read_state,
    state_text,
)
from headtohead.choosing.watch.stack import UsedModel
from headtohead.core.errors import InputError

OLD, NEW = date(2026, 8, 1), date(2026, 11, 1)
USE = UsedModel(name="gpt-5", input_tokens=3e6, output_tokens=1e6)
BEFORE: dict[str, Any] = {
    "model": "openai/gpt-5",
    "seller": "OpenAI",
    "usd_per_mtok": {"input": 1.25, "output": 10.0},
    "price": "$1.25 in, $10 out",
    "price_known_on": date(2026, 1, 2),
    "retirements": {"2027-01-01": "openai"},
    "licence": "MIT",
}


def changed(**now: Any) -> list[StackChange]:
    before, after = (
        StackPicture(as_of=day, models={USE.key: ModelPicture(**BEFORE | more)})
        for day, more in ((OLD, {}), (NEW, now))
    )
    return list(changes(before, after, [USE]))


def test_nothing_changes_by_itself() -> None:
    assert changed() == []
    assert changed(price_known_on=NEW, retires_known_on=NEW) == []


@pytest.mark.parametrize(
    ("now", "kind", "says"),
    [
        ({"licence": ""}, "licence", "The licence of gpt-5 is not known; before, it was MIT."),
        ({"retirements": {}}, "retirement", "gpt-5 no longer retires on 2027-01-01."),
        (
            {"retirements": {"2027-03-01": "openai"}},
            "retirement",
            "gpt-5 now retires on 2027-03-01 by openai; before, it was 2027-01-01.",
        ),
        (
            {"retirements": {"2027-01-01": "openai", "2027-03-01": "azure"}},
            "retirement",
            "gpt-5 now retires on 2027-03-01 by azure; before, it was 2027-01-01.",
        ),
        (
            {"model": "openai/gpt-5.1", "licence": "Apache-2.0"},
            "alias",
            "gpt-5 now means GPT-5.1; before, it meant GPT-5.",
        ),
        (
            {"price": "", "usd_per_mtok": {}, "seller": ""},
            "price",
            "No price of gpt-5 is in force any more; before, it was $1.25 in, $10 out.",
        ),
    ],
)
def test_what_each_change_says(now: dict[str, Any], kind: str, says: str) -> None:
    (change,) = changed(**now)
    assert (change.kind, change.says) == (kind, says)


def test_a_price_says_what_it_means_for_the_month() -> None:
    usd = {"input": 1.0, "output": 5.0}
    (change,) = changed(usd_per_mtok=usd, price="$1 in, $5 out", price_known_on=date(2026, 10, 1))
    assert change.month_usd == pytest.approx(3 * (1 - 1.25) + 5 - 10)
    assert change.says.endswith("before, $1.25 in, $10 out: $5.75 less a month.")
    assert change.known_on == date(2026, 10, 1)


@given(st.text(max_size=20), st.dictionaries(st.text(max_size=5), st.floats(0, 1e3), max_size=3))
def test_the_file_gives_back_what_it_keeps(
    tmp_path_factory: pytest.TempPathFactory, name: str, usd: dict[str, float]
) -> None:
    path = tmp_path_factory.mktemp("state") / "seen.json"
    picture = StackPicture(
        as_of=OLD, models={name: ModelPicture(model=name, usd_per_mtok=usd, price_known_on=OLD)}
    )
    path.write_text(state_text(picture), encoding="utf-8")
    assert read_state(path, NEW) == picture


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "\x00", '{"as_of": "x", "models": {}}', '{"format": 2}']
)
def test_a_file_of_something_else(tmp_path: Path, text: str) -> None:
    path = tmp_path / "seen.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"seen\.json"):
        read_state(path, NEW)
    assert read_state(tmp_path / "none.json", NEW) is None


def test_a_file_of_another_version_or_a_later_day(tmp_path: Path) -> None:
    path = tmp_path / "seen.json"
    for picture, said in (
        (StackPicture(format=9, as_of=OLD, models={}), "another version"),
        (StackPicture(as_of=NEW, models={}), "later than 2026-08-01"),
    ):
        path.write_text(state_text(picture))
        with pytest.raises(InputError, match=said):
            read_state(path, OLD)
