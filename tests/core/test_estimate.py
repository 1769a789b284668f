"""An estimate is never bare, and prints its interval, n and dates."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from headtohead.core.dates import Period
from headtohead.core.errors import UnknownName
from headtohead.core.estimate import AgeLimit, Estimate, leads_by


def made(**changes: Any) -> Estimate:
    fields: dict[str, Any] = {
        "label": "a model",
        "value": 1419.0,
        "low": 1410.6,
        "high": 1427.4,
        "level": 0.95,
        "unit": "elo",
        "method": "published rating",
        "n": 282,
        "n_of": "entrants",
        "about": Period.parse("2025-12-15"),
        "as_of": date(2025, 12, 15),
        "source_ids": ("b", "a", "b"),
    }
    return Estimate(**{**fields, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"low": 1420.0},
        {"high": 1418.0},
        {"value": float("nan")},
        {"value": float("inf"), "high": float("inf")},
        {"level": 0.0},
        {"level": 1.5},
        {"n": 0},
        {"source_ids": ()},
        {"method": ""},
    ],
)
def test_it_refuses_what_would_be_a_bare_number(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a model"):
        made(**changes)


def test_it_refuses_a_unit_that_is_not_in_the_registry() -> None:
    with pytest.raises(UnknownName, match="unit"):
        made(unit="bananas")


def test_it_prints_its_interval_n_and_both_dates() -> None:
    text = str(made())
    for part in (
        "1,419",
        "95%",
        "1,411",
        "1,427",
        "n=282 entrants",
        "about 2025-12-15",
        "known by",
    ):
        assert part in text


def test_its_sources_are_sorted_and_counted_once() -> None:
    assert made().source_ids == ("a", "b")


def test_an_open_end_is_null_in_json() -> None:
    assert made(low=float("-inf")).as_json()["low"] is None


def test_a_difference_is_said_without_its_sign() -> None:
    gap = made(value=-57.5, low=-66.0, high=-48.0, unit="pp", called=leads_by("US", "China"))
    said = gap.as_said().in_words()
    assert said == "US ahead of China by 57.5 percentage points (48.0 to 66.0)"
    open_ = replace(gap, value=-3.6, low=-16.0, high=10.6).as_said()
    assert open_.interval() == "10.6 the other way to 16.0"
    assert open_.as_said() == open_
    # Its label and its numbers stay what they are in JSON.
    assert gap.as_json()["value"] == -57.5
    assert "called" not in gap.as_json()


def test_a_ratio_has_the_name_that_readers_know() -> None:
    of = made(label="B over A", value=0.5, low=0.4, high=0.6, unit="ratio", called=("B's part",))
    assert of.as_said().in_words(" was") == "B's part was 0.50x (0.40x to 0.60x)"


def test_data_of_another_day_are_stale_once_they_pass_their_limit() -> None:
    board = made(observed_on=date(2025, 12, 17), limit=AgeLimit(45, "board"))
    assert board.stale(Period.parse("2025-12")) == ""
    assert board.stale(Period.parse("2026-01-31")) == ""
    assert board.stale(Period.parse("2026-03-31")) == (
        "the newest board known is of 17 December 2025, 104 days before 31 March 2026"
    )
    # What came later than the window is not old, and what does not age never is.
    assert board.stale(Period.parse("2025-11")) == ""
    assert made(observed_on=date(2023, 1, 1)).stale(Period.parse("2026-03-31")) == ""


def test_a_figure_of_a_year_speaks_for_that_year_alone() -> None:
    figure = made(observed_on=date(2024, 12, 31), limit=AgeLimit(0, "sum of investment"))
    assert figure.stale(Period.parse("2024-01-01/2024-12-31")) == ""
    assert "365 days before" in figure.stale(Period.parse("2025-12"))


def test_its_json_has_both_days_of_its_data() -> None:
    said = made(observed_on=date(2025, 12, 11), known_on=date(2025, 12, 12)).as_json()
    assert (said["observed_on"], said["known_on"]) == ("2025-12-11", "2025-12-12")
    assert said["limit"] is None


def test_a_count_of_a_list_is_said_as_such_and_never_as_exact() -> None:
    count: dict[str, Any] = {"unit": "frac", "level": 1.0, "n": 22, "n_of": "models listed"}
    count |= {"method": "count over a listed set", "value": 16 / 22}
    assert made(**count, low=16 / 22, high=16 / 22).interval() == "16 of 22 models listed"
    assert made(**count, low=15 / 22, high=17 / 22).interval() == "68.2% to 77.3%"
    computed = {**count, "method": "exact permutation"}
    assert made(**computed, low=16 / 22, high=16 / 22).interval() == "exact"


def test_what_is_assumed_of_an_interval_is_said_beside_it() -> None:
    assumed = made(method="published medians; half to twice the figure is assumed")
    assert assumed.interval().endswith(", partly assumed")
    assert assumed.interval(level=True).startswith("95%, partly assumed: ")
    assert "assumed" not in made().interval(level=True)
