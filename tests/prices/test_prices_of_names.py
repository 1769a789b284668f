"""The prices that verbs about trials use, read from the built-in evidence."""

from datetime import date
from pathlib import Path

import pytest

from headtohead.logs.calls import Call, Usage
from headtohead.prices.at_calls import Prices
from headtohead.prices.in_force import in_force, notes_on, price_in_force
from headtohead.prices.rates import cost_usd
from headtohead.trials.switching.settings import Endpoints, Pace
from headtohead.trials.switching.verb import candidate_of

DAY = date(2025, 12, 15)


@pytest.fixture(scope="module")
def prices() -> Prices:
    return Prices(DAY)


def test_a_channel_in_the_name_is_priced_as_that_channel(prices: Prices) -> None:
    rates = prices.rates("deepseek-r1-turbo")
    assert rates is not None
    assert (rates.input_usd_per_mtok, rates.output_usd_per_mtok) == (1.0, 3.0)


def test_a_channel_that_no_list_has_is_named(prices: Prices) -> None:
    assert prices.rates("llama-3.1-405b-instruct-turbo")
    assert (
        "llama-3.1-405b-instruct-turbo: no list has a price of it as turbo; this is the price of "
        "its usual endpoint"
    ) in prices.notes


def test_a_price_that_one_list_kept_after_the_word_moved_is_named(prices: Prices) -> None:
    frame = prices.facts.frame("prices", DAY, used_on=DAY)
    price = price_in_force(frame, "mistral/mistral-large@2411", DAY)
    assert price is not None
    later = date(2026, 10, 31)
    frame = prices.facts.frame("prices", later, used_on=later)
    assert not any("None" in note for note in notes_on(in_force(frame, later)))
    said = "which had stood for it at Mistral AI, stood for Mistral Large 3 on 2025-12-15"
    assert any(said in note and "one list alone has this price" in note for note in price.notes)


@pytest.mark.parametrize(
    ("model", "day", "sold"),
    [
        ("deepseek/deepseek-v3", date(2025, 3, 23), True),
        ("deepseek/deepseek-v3", date(2025, 6, 30), False),
        ("deepseek/deepseek-v3", date(2026, 11, 29), False),
        ("deepseek/deepseek-r1", date(2025, 5, 27), True),
        ("deepseek/deepseek-r1", DAY, False),
        ("deepseek/deepseek-v3.2", DAY, True),
        ("deepseek/deepseek-v3.2", date(2026, 11, 29), False),
        ("deepseek/deepseek-v4.1-flash", date(2026, 11, 29), True),
    ],
)
def test_deepseek_sells_a_model_while_one_of_its_moving_names_stands_for_it(
    prices: Prices, model: str, day: date, sold: bool
) -> None:
    frame = prices.facts.frame("prices", day, used_on=day)
    assert (price_in_force(frame, model, day) is not None) == sold


def test_long_prompts_take_the_price_of_then_or_say_that_none_is_known() -> None:
    prices = Prices(DAY)
    rates = prices.rates("claude-sonnet-4.5", input_tokens=250_000)
    assert rates is not None
    assert rates.of(250_000).input_usd_per_mtok == 6
    assert prices.rates("gemini-2.5-pro", input_tokens=128_000)
    assert not any("has a price of prompts over" in note for note in prices.notes)
    assert prices.rates("gemini-2.5-pro", input_tokens=250_000)
    assert (
        "gemini-2.5-pro: no list known on 2025-12-15 has a price of prompts over 128,000 tokens; "
        "the usual price is taken, which may be too low"
    ) in prices.notes
    call = Call(key="1", model="gemini-2.5-pro", usage=Usage(input_tokens=250_000, output_tokens=1))
    assert prices.rates_at("gemini-2.5-pro", call)
    assert (
        "gemini-2.5-pro: 1 of 1 priced call have over 128,000 tokens of input and take the usual "
        "price, as no list has one for long prompts"
    ) in prices.notes


def test_a_word_that_moves_is_named_with_what_it_stood_for(prices: Prices) -> None:
    assert prices.rates("deepseek-chat")
    assert prices.used["deepseek-chat"].since == date(2025, 12, 1)
    notes = " ".join(prices.notes)
    assert "deepseek-chat stood for DeepSeek-V3.2 on 2025-12-15" in notes
    later = Prices(date(2026, 10, 31))
    assert later.rates("deepseek-chat")
    assert (
        "deepseek-chat has been several models, and which one it was on 2026-10-31 is not known: "
        "its price is what the lists give for the word"
    ) in later.notes


@pytest.mark.parametrize("name", ["deepseek-v4-pro", "deepseek/deepseek-v4-pro"])
def test_a_name_means_what_it_means_at_its_maker(name: str) -> None:
    prices = Prices(date(2026, 10, 31))
    rates = prices.rates(name)
    assert rates is not None
    assert (rates.input_usd_per_mtok, rates.output_usd_per_mtok) == (0.66, 1.98)
    assert prices.used[name].since == date(2026, 8, 16)
    assert any("$1.32 in, $0.044 cached, $3.96 out in peak hours" in n for n in prices.notes)


def test_long_prompts_cost_more_where_the_list_says_so() -> None:
    rates = Prices(date(2026, 10, 31)).rates("gemini-2.5-pro")
    assert rates is not None
    short, long = (
        cost_usd(Usage(input_tokens=n, output_tokens=0), rates) for n in (200_000, 300_000)
    )
    assert [short, long] == pytest.approx([0.25, 0.75])


def test_an_operator_comes_before_the_maker_and_hosts_after_it(prices: Prices) -> None:
    prices.rates("claude-sonnet-4.5", operator="amazon-bedrock")
    assert prices.used["claude-sonnet-4.5"].operator == "amazon-bedrock"
    prices.rates("claude-sonnet-4.5", operator="nobody")
    assert prices.used["claude-sonnet-4.5"].operator == "anthropic"
    prices.rates("llama-3.1-405b-instruct")
    assert prices.used["llama-3.1-405b-instruct"].rule == "cheapest"
    assert prices.rates("no-such-model") is None


def test_what_a_list_called_removed_is_named_with_the_day_it_was_seen() -> None:
    prices = Prices(date(2026, 10, 31))
    assert prices.rates("claude-3-opus")
    assert (
        "Claude 3 Opus: model-prices listed no price of Anthropic on 2026-10-26"
    ) in prices.notes


def test_a_ceiling_counts_the_dearest_hours_and_says_so() -> None:
    prices = Prices(date(2026, 9, 1))
    usual, most = prices.rates("deepseek-v4-pro"), prices.dearest("deepseek-v4-pro")
    assert usual is not None
    assert most is not None
    assert (usual.input_usd_per_mtok, usual.output_usd_per_mtok) == (0.66, 1.98)
    assert (most.input_usd_per_mtok, most.output_usd_per_mtok) == (1.32, 3.96)
    assert any("its price goes by the hour; the ceiling and" in note for note in prices.notes)
    same = Prices(DAY)
    assert same.dearest("gpt-5") == same.rates("gpt-5")
    assert same.dearest("no-such-model") is None
    assert not any("by the hour" in note for note in same.notes)
    endpoints = Endpoints(base_url="http://127.0.0.1:9/v1")
    asked = candidate_of("deepseek-v4-pro", endpoints, prices, Path("l.jsonl"), Pace(max_usd=1))
    assert asked.rates == most
