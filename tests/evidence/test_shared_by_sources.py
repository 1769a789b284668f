"""Context tiers and money per token."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headtohead.evidence.shared import context_tier, litellm_hours, usd_per_mtok


@pytest.mark.parametrize(
    ("tokens", "name"),
    [
        (200_000, "over_200k"),
        (272_000, "over_272k"),
        (32_768, "over_32768"),
        (200_000.0, "over_200k"),
    ],
)
def test_a_tier_is_named_by_its_threshold(tokens: int, name: str) -> None:
    assert context_tier(tokens) == name


@pytest.mark.parametrize("tokens", [0, -1, True, 0.5])
def test_a_threshold_is_a_positive_whole_number(tokens: int) -> None:
    with pytest.raises(ValueError, match="tokens"):
        context_tier(tokens)


def test_a_price_per_token_gives_no_rounding_noise() -> None:
    # As floats, 0.000000252 x 1,000,000 is 0.25199999999999995.
    assert usd_per_mtok("0.000000252", per_tokens=1) == 0.252
    assert usd_per_mtok(Decimal("2.8e-07"), per_tokens=1) == 0.28
    assert usd_per_mtok(0) == 0.0


@pytest.mark.parametrize("price", ["", "free", None, True, -1, "-1", "NaN", "inf", [1]])
def test_what_is_no_price_is_refused(price: object) -> None:
    with pytest.raises(ValueError, match="not a price"):
        usd_per_mtok(price)


@given(st.decimals(min_value=0, max_value=10_000, places=6))
def test_the_price_of_a_token_is_the_millionth_of_the_price_of_a_million(price: Decimal) -> None:
    assert usd_per_mtok(price / 1_000_000, per_tokens=1) == usd_per_mtok(price) == float(price)


WEEKEND = {"hours_utc": "00:00-00:00", "weekdays": [6, 7]}


@pytest.mark.parametrize(
    ("windows", "text"),
    [
        ([{"hours_utc": "16:30-00:30"}], "16:30 to 00:30 UTC"),
        ([{"hours_utc": ["00:00-08:00", "20:00-00:00"], "weekdays": [1, 2, 3, 4, 5]}], None),
        (
            [{"hours_utc": ["20:00-00:00", "00:00-08:00"], "weekdays": [1, 2, 3, 4, 5]}, WEEKEND],
            "outside 08:00 to 20:00 UTC on weekdays",
        ),
        ([{"hours_utc": "02:00-08:00", "weekdays": [1, 2, 3, 4, 5]}, WEEKEND], None),
        ("at night", None),
        (None, None),
    ],
)
def test_off_peak_windows_are_hours_or_of_an_unknown_form(
    windows: object, text: str | None
) -> None:
    assert litellm_hours(windows) == text
