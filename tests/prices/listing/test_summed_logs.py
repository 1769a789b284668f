"""A Parquet log is summed before it is priced, and costs what its calls cost one by one."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from headtohead.evidence.store import Store
from headtohead.logs.opening import open_calls
from headtohead.prices.at_calls import Prices
from headtohead.prices.listing.columns import summed
from headtohead.prices.listing.usage import Billed, Pricing, priced

AS_OF = date(2026, 10, 31)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def table(n: int = 1_500) -> pl.DataFrame:
    """Calls on days on which prices change, or go by the hour, and on quiet ones."""
    rng = np.random.default_rng(5)
    models = ["gpt-5", "deepseek-chat", " gemini-2.5-pro", "no-such-model", "deepseek-v4-pro", None]
    into = rng.integers(100, 300_000, n)
    # DeepSeek changed its price on 2025-09-05 at 16:00 UTC, and asks more in some hours of 2026.
    first = [datetime(2025, 9, 4, tzinfo=UTC), datetime(2026, 8, 15, tzinfo=UTC)]
    seconds = rng.uniform(0, 3 * 86_400, n)
    at = [first[i % 2] + timedelta(seconds=s) if i % 50 else None for i, s in enumerate(seconds)]
    return pl.DataFrame(
        {
            "model": [models[i] for i in rng.integers(0, len(models), n)],
            "started": at,
            "input_tokens": into,
            "cached_tokens": into // rng.integers(2, 5, n),
            "output_tokens": rng.integers(1, 5_000, n),
            "cost_usd": [c if c < 0.6 else None for c in rng.uniform(0, 1, n)],
        },
        schema_overrides={"started": pl.Datetime("us", "UTC")},
    ).with_columns(
        pl.when(pl.int_range(n) % 40 == 0).then(None).otherwise(pl.col(x)).alias(x)
        for x in ("input_tokens", "cached_tokens", "output_tokens")
    )


def billed(file: Path, home: Path, *, together: bool) -> tuple[Billed, set[str]]:
    prices = Prices(AS_OF, Store(home))
    stream = open_calls(file, usage=True)
    calls = summed(file, stream.columns, prices, "") if together else stream.calls
    assert calls is not None
    return priced(calls, Pricing(prices)), {*prices.notes, *map(str, prices.citations())}


def test_together_they_cost_what_they_cost_one_by_one(tmp_path: Path, home: Path) -> None:
    file = tmp_path / "log.parquet"
    table().write_parquet(file)
    (sums, notes), (single, said) = (billed(file, home, together=x) for x in (True, False))
    assert notes == said
    assert any("hours of another price" in note for note in said)
    assert any("another price was in force" in note for note in said)
    assert sums.unpriced == single.unpriced
    assert sums.by_day.keys() == single.by_day.keys()
    for key, one in single.by_day.items():
        other = sums.by_day[key]
        assert (other.calls_n, other.priced_n, other.billed_n) == (
            one.calls_n,
            one.priced_n,
            one.billed_n,
        )
        for name in ("cost_usd", "billed_usd", "billed_cost_usd"):
            assert getattr(other, name) == pytest.approx(getattr(one, name), rel=1e-11)
    assert sums.tokens == single.tokens


@pytest.mark.parametrize(
    "change",
    [
        pl.lit("gpt-5 at noon").alias("started"),
        pl.lit(-1).alias("output_tokens"),
        (pl.col("input_tokens") + 1).alias("cached_tokens"),
        pl.lit(2e6).alias("cost_usd"),
        pl.lit("12").alias("input_tokens"),
        pl.lit(0.5).alias("score"),
    ],
)
def test_what_needs_a_word_on_single_calls_is_read_one_by_one(
    change: pl.Expr, tmp_path: Path, home: Path
) -> None:
    file = tmp_path / "log.parquet"
    table(60).with_columns(change).write_parquet(file)
    columns = open_calls(file, usage=True).columns
    assert summed(file, columns, Prices(AS_OF, Store(home)), "") is None
