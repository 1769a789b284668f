"""Prices: cached tokens apart, reasoning once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headtohead.logs.calls import Usage
from headtohead.prices.rates import Rates, cost_usd, worst_usd

PRICES = st.floats(0, 1e3)
OPTIONAL = st.none() | PRICES
RATES = st.builds(
    Rates,
    input_usd_per_mtok=PRICES,
    output_usd_per_mtok=PRICES,
    cache_read_usd_per_mtok=OPTIONAL,
    cache_write_usd_per_mtok=OPTIONAL,
)


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    read, write, fresh = (draw(st.integers(0, 10**6)) for _ in range(3))
    output = draw(st.integers(0, 10**6))
    return Usage(
        input_tokens=read + write + fresh,
        cache_read_tokens=read,
        cache_write_tokens=write,
        output_tokens=output,
        reasoning_tokens=draw(st.integers(0, output)),
    )


def test_each_kind_of_token_has_its_price() -> None:
    rates = Rates(
        input_usd_per_mtok=3.0,
        output_usd_per_mtok=15.0,
        cache_read_usd_per_mtok=0.3,
        cache_write_usd_per_mtok=3.75,
    )
    usage = Usage(
        input_tokens=1_000_000,
        cache_read_tokens=600_000,
        cache_write_tokens=100_000,
        output_tokens=200_000,
        reasoning_tokens=150_000,
    )
    assert cost_usd(usage, rates) == pytest.approx(0.3 * 3 + 0.6 * 0.3 + 0.1 * 3.75 + 0.2 * 15)


def test_without_a_cache_price_cached_tokens_cost_what_input_costs() -> None:
    rates = Rates(input_usd_per_mtok=2.0, output_usd_per_mtok=0.0)
    cached = Usage(input_tokens=1000, cache_read_tokens=400, cache_write_tokens=500)
    assert cost_usd(cached, rates) == pytest.approx(cost_usd(Usage(input_tokens=1000), rates))
    free = Rates(input_usd_per_mtok=2.0, output_usd_per_mtok=0.0, cache_read_usd_per_mtok=0.0)
    assert cost_usd(cached, free) == pytest.approx(600 * 2e-6)


@given(usages(), RATES)
def test_reasoning_is_billed_once_and_the_worst_case_is_never_cheaper(
    usage: Usage, rates: Rates
) -> None:
    cost = cost_usd(usage, rates)
    plain = Usage(
        input_tokens=usage.input_tokens,
        cache_read_tokens=usage.cache_read_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        output_tokens=usage.output_tokens,
    )
    assert cost == cost_usd(plain, rates)
    assert worst_usd(usage.input_tokens, usage.output_tokens, rates) >= cost * (1 - 1e-12)


@pytest.mark.parametrize(
    ("usage", "says"),
    [
        (Usage(output_tokens=-1), "output_tokens is -1"),
        (Usage(input_tokens=10, cache_read_tokens=11), "count cached tokens too"),
        (Usage(output_tokens=10, reasoning_tokens=11), "count reasoning too"),
    ],
)
def test_impossible_tokens_are_refused(usage: Usage, says: str) -> None:
    rates = Rates(input_usd_per_mtok=1.0, output_usd_per_mtok=1.0)
    with pytest.raises(ValueError, match=says):
        cost_usd(usage, rates)


@pytest.mark.parametrize("price", [-1.0, float("nan"), float("inf")])
def test_impossible_prices_are_refused(price: float) -> None:
    with pytest.raises(ValueError, match="input_usd_per_mtok"):
        Rates(input_usd_per_mtok=price, output_usd_per_mtok=1.0)
    with pytest.raises(ValueError, match="is 0 or more"):
        worst_usd(-1, 0, Rates(input_usd_per_mtok=1.0, output_usd_per_mtok=1.0))


def test_long_prompts_are_priced_by_their_length() -> None:
    long = Rates(input_usd_per_mtok=2, output_usd_per_mtok=3)
    rates = Rates(input_usd_per_mtok=1, output_usd_per_mtok=2, over=((200_000, long),))
    assert cost_usd(Usage(input_tokens=200_000, output_tokens=0), rates) == 0.2
    assert cost_usd(Usage(input_tokens=300_000, output_tokens=0), rates) == 0.6
    assert worst_usd(300_000, 0, rates) == 0.6
