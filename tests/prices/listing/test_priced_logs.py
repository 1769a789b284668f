"""Logs priced call by call: the minute, the bill, the batch, and what has no price."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.logs.formats.lines import write_lines

from headtohead import list_prices
from headtohead.cli import main
from headtohead.core.errors import InputError
from headtohead.evidence.store import Store
from headtohead.logs.calls import Call, Usage
from headtohead.prices.at_calls import Prices
from headtohead.prices.listing.audit import WrongPrice
from headtohead.prices.listing.result import PricesResult
from headtohead.prices.listing.usage import Pricing, consequences, priced

AS_OF = date(2026, 10, 31)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def prices(store: Store) -> Prices:
    return Prices(AS_OF, store)


def call(model: str, at: str, into: int = 1_000_000, out: int = 1_000_000, **more: Any) -> Call:
    usage = Usage(input_tokens=into, output_tokens=out)
    return Call(key="k", model=model, started=at, usage=more.pop("usage", usage), **more)


def test_each_call_costs_what_its_own_minute_says(prices: Prices) -> None:
    minutes = ["2025-09-05T15:59:59Z", "2025-09-05T16:00:00Z", "2025-09-29T00:00:00Z"]
    log = priced([call("deepseek-chat", at) for at in minutes], Pricing(prices))
    by_day = {str(day): spent.cost_usd for (_, day), spent in log.by_day.items()}
    assert by_day == pytest.approx({"2025-09-05": 1.37 + 2.24, "2025-09-29": 0.70})


def test_the_bill_is_compared_where_the_log_says_it(prices: Prices) -> None:
    calls = [
        call("o3", "2025-12-01T10:00:00Z", cost_usd=12.0),
        call("o3", "2025-12-01T11:00:00Z"),
        call("no-such-model", "2025-12-01T11:00:00Z", cost_usd=3.0),
        call("o3", "2025-12-01T12:00:00Z", usage=None, cost_usd=1.0),
        call("", "2025-12-01T12:00:00Z"),
        call("o3", "2025-12-01T12:00:00Z", usage=Usage(input_tokens=1, cache_read_tokens=2)),
    ]
    log = priced(calls, Pricing(prices))
    total = log.total
    assert (total.calls_n, total.priced_n, total.billed_n) == (6, 2, 1)
    assert total.cost_usd == pytest.approx(20.0)
    assert total.difference_usd == pytest.approx(2.0)
    reasons = {reason.split(" (")[0] for _, reason in log.unpriced}
    assert reasons == {
        "is in no price list of its day",
        "tells no tokens",
        "names no model",
        "has impossible counts",
    }
    assert sum(log.unpriced.values()) == total.calls_n - total.priced_n


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["deepseek-chat", "gpt-5", "o3", "unknown"]),
            st.integers(0, 40_000),
            st.integers(0, 5_000),
            st.integers(0, 365 * 24),
        ),
        max_size=12,
    )
)
def test_a_bill_split_by_call_adds_up_to_the_bill(
    prices: Prices, calls: list[tuple[str, int, int, int]]
) -> None:
    first = datetime(2025, 8, 1, tzinfo=UTC)
    made = [
        call(model, (first + timedelta(hours=hour)).isoformat(), into, out)
        for model, into, out, hour in calls
    ]
    whole = priced(made, Pricing(prices))
    apart = [priced([one], Pricing(prices)).total for one in made]
    assert whole.total.cost_usd == pytest.approx(sum(one.cost_usd for one in apart))
    models = sum(spent.cost_usd for spent in whole.by_model.values())
    assert models == pytest.approx(whole.total.cost_usd)


def test_a_batch_costs_half(prices: Prices) -> None:
    at = "2026-08-01T10:00:00Z"
    usual = priced([call("gemini-2.5-pro", at, 1000, 1000)], Pricing(prices)).total.cost_usd
    batch = Pricing(prices, batch=True)
    log = priced([call("gemini-2.5-pro", at, 1000, 1000)], batch)
    assert log.total.cost_usd == pytest.approx(usual / 2)
    assert not batch.notes
    priced([call("deepseek-chat", "2025-12-01T10:00:00Z")], batch)
    assert list(batch.notes) == [
        "deepseek-chat: no list has its price of batches; the usual one is taken"
    ]


def test_an_answer_from_the_proxys_own_cache_cost_nothing(prices: Prices) -> None:
    log = priced([call("o3", "2025-12-01", labels={"cache_hit": "true"})], Pricing(prices))
    assert (log.total.priced_n, log.total.cost_usd) == (1, 0.0)


def test_what_a_wrong_price_makes_of_a_log(prices: Prices) -> None:
    log = priced([call("o3", "2025-12-01T10:00:00Z", 2_000_000, 1_000_000)], Pricing(prices))
    wrong = WrongPrice(
        row=(0, 1),
        source_id="llmledger",
        provider="openai",
        model="openai/o3",
        name="o3",
        tier="standard",
        since=date(2025, 6, 1),
        until=None,
        usd=(10.0, 40.0),
        problem="stale",
        looks_like="",
        right=(2.0, 8.0),
        right_source="genai_prices",
        against=3,
    )
    (cost,) = consequences([wrong], log)
    assert (cost.wrong_usd, cost.right_usd) == (60.0, 12.0)


def _spend(path: Path) -> Path:
    """A spend log of LiteLLM: two calls around a change of price, one of an unknown model."""
    rows = []
    for which, (model, at, usd) in enumerate(
        [
            ("deepseek-chat", "2025-09-05T15:59:00Z", 0.00137),
            ("deepseek-chat", "2025-09-05T16:01:00Z", 0.00137),
            ("house-model", "2025-09-05T16:01:00Z", 0.1),
        ]
    ):
        rows.append(
            {
                "request_id": f"r{which}",
                "call_type": "acompletion",
                "spend": usd,
                "prompt_tokens": 1000,
                "completion_tokens": 1000,
                "total_tokens": 2000,
                "startTime": at,
                "endTime": at,
                "model": model,
                "model_group": "support",
                "custom_llm_provider": "deepseek",
                "cache_hit": "False",
                "request_tags": [],
                "metadata": {},
                "messages": [],
                "response": {},
                "status": "success",
            }
        )
    return write_lines(path, rows)


def test_a_log_of_litellm_at_the_command_line(store: Store, tmp_path: Path) -> None:
    log = _spend(tmp_path / "spend.jsonl")
    words = ["prices", "--usage", str(log), "--as-of", str(AS_OF), "--store", str(store.home)]
    printed = CliRunner().invoke(main, words)
    assert printed.exit_code == 0, printed.output
    text = " ".join(printed.output.split())
    assert "2 of the 3 calls in spend.jsonl on 2025-09-05 cost $0.0036" in text
    assert "the log says $0.0027: $0.0009 (24.1%) less than these prices" in text
    assert "house-model 1 is in no price list of its day" in text
    made = json.loads(CliRunner().invoke(main, [*words, "--json"]).output)
    by_model = {row["model"]: row for row in made["results"]}
    assert by_model["deepseek-chat"]["difference_usd"] == pytest.approx(0.00274 - 0.00361)
    assert by_model["house-model"]["cost_usd"] is None


def test_choices_that_exclude_each_other_are_refused(store: Store, tmp_path: Path) -> None:
    log = _spend(tmp_path / "spend.jsonl")
    with pytest.raises(InputError, match="leave out `at`"):
        list_prices(usage=log, at="2025-12-15", as_of=AS_OF, store=store)
    with pytest.raises(InputError, match="leave out `model`"):
        list_prices("o3", usage=log, as_of=AS_OF, store=store)
    with pytest.raises(InputError, match="there is no such file"):
        list_prices(usage=tmp_path / "none.jsonl", as_of=AS_OF, store=store)


def test_an_audit_says_what_wrong_prices_cost_on_the_log(store: Store, tmp_path: Path) -> None:
    log = _spend(tmp_path / "spend.jsonl")
    result = list_prices("gpt-4", audit=True, usage=log, as_of=AS_OF, store=store)
    assert "listed prices of GPT-4" in result.sheet.sentence
    assert {row["model"] for row in result.results} <= {"openai/gpt-4@0613", "openai/gpt-4"}
    of_the_log(result)


@pytest.mark.slow
def test_an_audit_of_every_list_says_what_wrong_prices_cost_on_the_log(
    store: Store, tmp_path: Path
) -> None:
    """As that of one model, which always runs."""
    of_the_log(
        list_prices(audit=True, usage=_spend(tmp_path / "a.jsonl"), as_of=AS_OF, store=store)
    )


def of_the_log(result: PricesResult) -> None:
    costs = [row["log_difference_usd"] for row in result.results if row["log_difference_usd"]]
    assert result.to_csv().startswith("model,")
    assert all(isinstance(usd, float) for usd in costs)
