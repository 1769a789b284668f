"""Known repricings of 2025 and 2026: the price one minute before each, and at it.

About a third are dated by the commit that took them into a catalogue, and were found in our own
history before they were held against other sources.
"""

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from headtohead.evidence.store import Store
from headtohead.logs.calls import Call
from headtohead.prices.at_calls import Prices

with (Path(__file__).parent / "repricings.csv").open(encoding="utf-8", newline="") as lines:
    ALL = list(csv.DictReader(lines))
# Of each model the first always runs, and of a name that changes price by the hour and moves from
# model to model all do.
_FIRST = {row["model"]: row for row in reversed(ALL)}
CASES = [
    pytest.param(
        row,
        id=f"{row['model']} {row['at']}",
        marks=[pytest.mark.slow]
        * (row["model"] != "deepseek-chat" and _FIRST[row["model"]] != row),
    )
    for row in ALL
]
# Where another source speaks against the day, the row says so; what we say is held all the same.
KNOWN = [row for row in ALL if not row["sources_disagree"]]


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Prices:
    return Prices(date(2026, 10, 31), Store(tmp_path_factory.mktemp("home")))


def test_there_are_sixty_of_them_and_each_has_a_source() -> None:
    assert len(KNOWN) >= 60
    assert all(row["source"].startswith("https://") for row in ALL)
    assert len({(row["model"], row["at"]) for row in ALL}) == len(ALL)


@pytest.mark.parametrize("row", CASES)
def test_each_is_right_to_the_minute_or_day(row: dict[str, str], prices: Prices) -> None:
    change = datetime.fromisoformat(row["at"]).astimezone(UTC)
    for word, at in (("before", change - timedelta(minutes=1)), ("after", change)):
        rates = prices.rates_at(row["model"], Call(key=word, started=at.isoformat()))
        assert rates is not None
        asked = (float(row[f"input_{word}"]), float(row[f"output_{word}"]))
        assert (rates.input_usd_per_mtok, rates.output_usd_per_mtok) == pytest.approx(asked), at
