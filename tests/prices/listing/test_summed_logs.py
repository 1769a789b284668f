"""A log is summed before it is priced, and costs what its calls cost one by one."""

import gzip
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulations import examples

from headtohead.core.errors import InputError
from headtohead.evidence.store import Store
from headtohead.logs.calls import instant_of
from headtohead.logs.formats import plain
from headtohead.logs.opening import open_calls
from headtohead.prices.at_calls import Prices
from headtohead.prices.listing import columns
from headtohead.prices.listing.columns import summed, tables_of
from headtohead.prices.listing.usage import Billed, Pricing, Spent, priced

AS_OF = date(2026, 10, 31)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def prices(home: Path) -> Prices:
    return Prices(AS_OF, Store(home))


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


def billed(file: Path, prices: Prices, *, together: bool) -> Billed:
    stream = open_calls(file, usage=True)
    calls = summed(tables_of(file, stream), prices, "") if together else stream.calls
    return priced(calls, Pricing(prices), dropped=stream.dropped)


def assert_same(one: Billed, other: Billed) -> None:
    """The same to the last call, sums of costs to eleven digits."""
    assert one.by_day.keys() == other.by_day.keys()
    for key, spent in one.by_day.items():
        values = [getattr(spent, name) for name in Spent.__slots__]
        assert values == pytest.approx(
            [getattr(other.by_day[key], name) for name in Spent.__slots__], rel=1e-11
        )
    assert one.unpriced == other.unpriced
    assert one.dropped == other.dropped
    assert one.tokens == other.tokens


def _records(table: pl.DataFrame) -> list[dict[str, Any]]:
    texts = table.with_columns(pl.col("started").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"))
    return texts.to_dicts()


def write(table: pl.DataFrame, file: Path) -> None:
    """Write a log in the kind of file that its name asks for."""
    kind = file.suffixes[0]
    if kind == ".json":
        file.write_text(json.dumps(_records(table)), encoding="utf-8")
    elif kind == ".jsonl":
        file.write_text("\n".join(map(json.dumps, _records(table))), encoding="utf-8")
    elif kind == ".csv":
        pl.DataFrame(_records(table), infer_schema_length=None).write_csv(file)
    elif file.stem == "nanoseconds":
        at = pl.col("started").cast(pl.Datetime("ns", "Asia/Shanghai"))
        table.with_columns(at).write_parquet(file)
    elif file.stem == "text":
        at, into = pl.col("started").dt.to_string(), pl.col("input_tokens").cast(pl.Float64)
        table.with_columns(at, into).write_parquet(file)
    else:
        table.write_parquet(file)
    if file.suffix == ".gz":
        file.write_bytes(gzip.compress(file.read_bytes()))


@pytest.fixture(scope="module")
def singly(home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Billed, list[str]]:
    """The bill of the calls one by one, and what is said beside it."""
    file = tmp_path_factory.mktemp("x") / "log.jsonl"
    write(table(), file)
    prices = Prices(AS_OF, Store(home))
    return billed(file, prices, together=False), said(prices)


def said(prices: Prices) -> list[str]:
    return [*prices.notes, *prices.call_notes, *map(str, prices.citations())]


@pytest.mark.parametrize(
    "name",
    [
        *("log.parquet", "log.parquet.gz", "nanoseconds.parquet", "text.parquet"),
        *("log.csv", "log.jsonl", "log.jsonl.gz", "log.json"),
    ],
)
def test_whatever_file_they_are_in_they_cost_what_they_cost_one_by_one(
    name: str,
    singly: tuple[Billed, list[str]],
    tmp_path: Path,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(columns, "_ROWS", 500)
    monkeypatch.setattr(columns, "TOGETHER", 250)
    monkeypatch.setattr(plain, "TOGETHER", 250)
    write(table(), tmp_path / name)
    prices = Prices(AS_OF, Store(home))
    log = billed(tmp_path / name, prices, together=True)
    assert_same(log, singly[0])
    assert list(log.by_day) == list(singly[0].by_day)
    assert list(log.unpriced) == list(singly[0].unpriced)
    assert said(prices) == singly[1]
    assert any("hours of another price" in note for note in singly[1])
    assert any("another price was in force" in note for note in singly[1])


@pytest.mark.parametrize("name", ["log.jsonl", "log.csv", "log.json"])
def test_calls_as_they_should_be_are_not_looked_at_singly(
    name: str, prices: Prices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(table(100), tmp_path / name)
    monkeypatch.setattr(plain, "_calls", lambda *_: iter(()))
    log = billed(tmp_path / name, prices, together=True)
    assert sum(spent.calls_n for spent in log.by_day.values()) == 100


@pytest.mark.parametrize("most", [[2**62, 2**62, 2**62], [1, 2**64, 10**300]])
def test_counts_too_large_to_be_summed_are_kept(
    most: list[int], prices: Prices, tmp_path: Path
) -> None:
    file = tmp_path / "log.jsonl"
    lines = [{"model": "gpt-5", "input_tokens": 0, "output_tokens": n} for n in most]
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    log = billed(file, prices, together=True)
    assert_same(log, billed(file, prices, together=False))
    assert {usage.output_tokens for usage in log.tokens.values()} == {sum(most)}


def test_the_first_line_at_fault_is_named(
    prices: Prices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain, "_PEEK_N", 2)
    file, line = tmp_path / "log.jsonl", '{"model": "gpt-5", "input_tokens": %s}\n'
    for last, says in ((line % '"x"', "line 5: tokens: 'x' is neither"), ("", "line 5: not comp")):
        file.write_text(line % 1 * 4 + last + '{"model":', encoding="utf-8")
        with pytest.raises(InputError, match=says):
            billed(file, prices, together=True)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (pl.lit(-1).alias("output_tokens"), "row 1: tokens: -1 is not a count"),
        (pl.lit(2e6).alias("cost_usd"), "row 1: 2000000.0 US dollars are no cost"),
        (pl.lit("12 or so").alias("input_tokens"), "row 1: tokens: '12 or so' is neither"),
        (pl.lit("soon").alias("score"), "row 1: score: 'soon' is neither"),
    ],
)
def test_what_cannot_be_is_refused_with_its_row(
    change: pl.Expr, says: str, tmp_path: Path, home: Path
) -> None:
    file = tmp_path / "log.parquet"
    table(60).with_columns(change).write_parquet(file)
    with pytest.raises(InputError, match=says):
        billed(file, Prices(AS_OF, Store(home)), together=True)


_OFTEN = {
    "model": st.sampled_from(["gpt-5", "deepseek-chat", " gpt-5", "no-such-model"]),
    "started": st.sampled_from(["2025-09-05T15:59:59Z", "2025-09-05T16:00:00+00:00"]),
    "input_tokens": st.integers(0, 300_000),
    "cached_tokens": st.integers(0, 100),
    "output_tokens": st.integers(0, 5_000),
    "cost_usd": st.floats(0, 10),
}
_ODD: dict[str, st.SearchStrategy[Any]] = {
    "model": st.sampled_from([None, "", "  ", 5, True, ["gpt-5"], "gpt-5\x1f", "日本"]),
    "started": st.sampled_from(
        (
            *(None, "", "2026-08-15", "2026-08-15 02:30:00", "2026-08-15T02:30:00.1234567+05:30"),
            *(1_786_000_000, 1_786_000_000_123, 1.786e9, "1786000000", "yesterday", {}, True),
            *("0000-01-01T00:00:00Z", "0001-01-01T00:00:00+02:00", "9999-12-31T23:59:59-02:00"),
        )
    ),
    "input_tokens": st.sampled_from([None, "12", "12.0", 3.0, "", "nan", 2.5, -1, True, 10**9 + 1])
    | st.just(10**30),
    "cached_tokens": st.sampled_from([None, "7", 10**7, 2**62, "x", [1]]),
    "output_tokens": st.sampled_from([None, "7", 1e3, 2**63, 1e300, -(2**70)]),
    "reasoning_tokens": st.sampled_from([None, 0, 3, 10_000, "3"]),
    "cost_usd": st.sampled_from([None, 3, "0.5", "none", -1, 2e6, "x", False, "1e999"]),
    "latency_ms": st.sampled_from([None, 5, "7.5", "slow", 1e300]),
    "epoch": st.sampled_from([None, 1, "2", 0.5]),
    "id": st.sampled_from([None, "a", 7, {"b": 1}]),
    "metadata": st.sampled_from([None, {"cache_hit": "True"}, {"cache_hit": True}, {"x": [1]}, 5]),
    "messages": st.sampled_from([None, [{"role": "user", "content": "a"}], '["a"]', "[}"]),
    "success": st.sampled_from([None, True, "yes", "perhaps", 1e16]),
}
_USAGE = st.sampled_from(
    (
        *(None, {}, 5, {"prompt_tokens": 9, "completion_tokens": 4}, {"prompt_tokens": "x"}),
        {"input_tokens": 5, "cache_read_input_tokens": 7, "output_tokens": 10**20},
    )
)
_LINES = st.sampled_from(
    (
        *("", "  \r", '{"model": "gp', '{"model": "o3", "model": "gpt-5"}', "[1]", "null", "{}"),
        *('{"model": "gpt-5", "input_tokens": NaN}', '{"a": "\\u003a", "b": 1, "b": 1}', "\xff"),
        *('{"model": "gpt-5", "input_tokens": 1, "output_tokens": 1e999}', "[" * 3000),
    )
)


@st.composite
def _logs(draw: st.DrawFn) -> bytes:
    """JSON lines, most of which are in order."""
    often = st.fixed_dictionaries(_OFTEN)
    field = st.sampled_from(sorted(_ODD))
    lines, odd = [], draw(st.integers(0, 3))
    usage = draw(st.booleans()) and draw(st.booleans())
    for _ in range(draw(st.integers(1, 30))):
        record = draw(often)
        if usage:
            record = {"model": record["model"], "usage": draw(_USAGE)}
        if odd and draw(st.integers(0, 5)) == 0:
            name = draw(field)
            record[name] = draw(_ODD[name])
            record.pop(draw(st.sampled_from(sorted(record))))
        lines.append(json.dumps(record))
        if odd == 3 and draw(st.integers(0, 15)) == 0:
            lines.append(draw(_LINES))
    text = draw(st.sampled_from(["\n", "\r\n"])).join(lines) + draw(st.sampled_from(["", "\n"]))
    return text.encode("latin-1" if "\xff" in text else "utf-8", "replace")


@settings(max_examples=examples(200))
@given(text=_logs(), size=st.sampled_from([1, 3, 7, 100]), packed=st.booleans())
def test_any_log_costs_or_is_refused_as_one_by_one(
    text: bytes, size: int, packed: bool, prices: Prices, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("x") / "log.jsonl"
    file.write_bytes(gzip.compress(text) if packed else text)
    found = list[Billed | str]()
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(columns, "_ROWS", 4 * size)
        monkeypatch.setattr(columns, "TOGETHER", size)
        monkeypatch.setattr(plain, "TOGETHER", size)
        monkeypatch.setattr(plain, "_PEEK_N", 3)
        for together in (True, False):
            try:
                found.append(billed(file, prices, together=together))
            except InputError as error:
                found.append(str(error))
    one, other = found
    if isinstance(one, Billed) and isinstance(other, Billed):
        assert_same(one, other)
    else:
        assert one == other


_PART = st.integers(0, 70).map("{:02d}".format)


@settings(max_examples=examples(300))
@given(
    texts=st.lists(
        st.builds(
            "{}{:04d}-{}-{}{}{}:{}:{}{}{}".format,
            st.sampled_from(["", "", "", " "]),
            st.integers(0, 9999),
            st.integers(0, 13).map("{:02d}".format),
            st.integers(0, 32).map("{:02d}".format),
            st.sampled_from("T t"),
            st.integers(0, 25).map("{:02d}".format),
            _PART,
            _PART,
            st.sampled_from(["", ".5", ".123456", ",123456", ".123456789", "."]),
            st.sampled_from(["", "Z", "z", "+00:00", "+0530", "-23:59", "+24:00", "+05:30:30"]),
        )
        | st.sampled_from(["2026-08-15", "2026-08-15T10", "2026-08-15T10:30+01", "2026", "x" * 12]),
        min_size=1,
        max_size=3,
    )
)
def test_a_column_of_times_means_what_each_means(texts: list[str]) -> None:
    kind = pa.timestamp("us", "UTC")
    assert columns._array(texts, kind).to_pylist() == list(map(instant_of, texts))
