"""A forecast in a claims file has its days and probabilities, or an error that says what to do."""

from datetime import date
from pathlib import Path

import pytest

from headtohead.claims.claim import ClaimsFile, Forecast, Stake, load
from headtohead.core.errors import ClaimsFileError
from headtohead.questions import analyses

GOOD = """\
title = "Mine"
origin = "A talk"

[[claim]]
id = "A1"
says = "Qwen beats Llama next year"
section = "performance"
kind = "forecast"
made_on = "2025-12-15"
resolves_on = "2026-12-31"
about = "2026-12-31"
sources = []
probabilities = [
    { forecaster = "Ann", probability = 0.7, given_on = "2026-01-02", source = "Her letter" },
    { forecaster = "Bob", probability = 0 },
]

[claim.as_stated]
says = "The best Qwen is above the best Llama"
analysis = "performance.arena_gap"
scope = { a = "brand=llama", b = "brand=qwen" }
bound = { at_least = 0, unit = "elo" }
"""


def read(folder: Path, text: str) -> ClaimsFile:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, {i: a.QUESTION for i, a in analyses().items()}, frozenset())


def test_days_and_probabilities_are_read(tmp_path: Path) -> None:
    made = date(2025, 12, 15)
    assert read(tmp_path, GOOD).claims[0].forecast == Forecast(
        made_on=made,
        resolves_on=date(2026, 12, 31),
        stakes=(
            Stake(
                forecaster="Ann",
                probability=0.7,
                given_on=date(2026, 1, 2),
                source="Her letter",
            ),
            Stake(forecaster="Bob", probability=0.0, given_on=made),
        ),
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ('resolves_on = "2026-12-31"\n', "", 4, 'is missing. Write resolves_on = "2026-12-31"'),
        ('made_on = "2025-12-15"\n', "", 4, "the day on which the forecast was made"),
        ('made_on = "2025-12-15"', 'made_on = "last year"', 9, "is no day"),
        ('"2025-12-15"', '"2027-01-01"', 10, "not after it was made on 2027-01-01"),
        ('about = "2026-12-31"', 'about = "2027-12-31"', 10, "before the time that it is about"),
        ('kind = "forecast"', 'kind = "gap"', 9, 'Write kind = "forecast", or leave it out'),
        ("probability = 0.7", "probability = 70", 14, "Use a number from 0 to 1"),
        ("probability = 0 ", "probability = true ", 15, "Use a number from 0 to 1"),
        ("probability = 0 ", "probability = nan ", 15, "Use a number from 0 to 1"),
        ("probability = 0.7, ", "", 14, "'probabilities[1].probability' of claim A1 is missing"),
        ('forecaster = "Bob"', "forecaster = 3", 15, "must be a text"),
        ("given_on = ", "given = ", 14, "Did you mean given_on?"),
        ('"2026-01-02"', '"2025-12-14"', 14, "Use a day from 2025-12-15"),
        ('"2026-01-02"', '"2026-12-31"', 14, "to before 2026-12-31, when it resolves"),
    ],
)
def test_each_mistake_names_line_and_fix(
    tmp_path: Path, old: str, new: str, line: int, says: str
) -> None:
    with pytest.raises(ClaimsFileError) as caught:
        read(tmp_path, GOOD.replace(old, new, 1))
    problems = [p for p in caught.value.problems if says in p]
    assert problems, caught.value.problems
    assert problems[0].startswith(f"mine.toml:{line}: field ")


def test_probabilities_that_are_no_list_are_refused(tmp_path: Path) -> None:
    head, _, tail = GOOD.partition("probabilities = [")
    text = f"{head}probabilities = 0.7\n{tail.partition(']')[2]}"
    with pytest.raises(ClaimsFileError, match=r"mine.toml:13: .* must be a list"):
        read(tmp_path, text)
