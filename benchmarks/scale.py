"""Shows what one machine takes: a hundred million votes ranked, ten million calls priced.

Run as `python -m benchmarks.scale --page docs/benchmarks/scale.md`. The data come from a seed,
and stay in the cache folder (`--folder`), some 2.5 GB. Each command is a process of its own, the
one that users type; its memory is what the system says it held at most.
"""

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from platformdirs import user_cache_path

_SEED, _CHUNK = 20261129, 1_000_000
_OUTCOMES = ("model_a", "model_b", "tie", "tie (bothbad)")
_MODELS = 100
_CALLED = ("gpt-5", "gpt-5-mini", "deepseek-chat", "claude-sonnet-4-5", "gemini-2.5-pro", "o3")
_AS_OF = "2026-10-31"


@dataclass(frozen=True)
class Took:
    """What a command took, and what it said as JSON."""

    command: str
    wall_s: float
    cpu_s: float
    peak_mib: float
    said: dict[str, Any]


def votes(n: int, file: Path) -> None:
    """Write `n` votes on 100 models, with a language and a day each."""
    rng = np.random.default_rng(_SEED)
    strength = rng.normal(0, 0.6, _MODELS)
    names = pa.array([f"lab-{i % 17:02d}/chat-model-{i:03d}" for i in range(_MODELS)])
    outcomes = pa.array(_OUTCOMES)

    def some(size: int) -> pa.Table:
        a = rng.integers(0, _MODELS, size)
        b = (a + rng.integers(1, _MODELS, size)) % _MODELS
        wins = rng.uniform(size=size) < 1 / (1 + np.exp(strength[b] - strength[a]))
        tied = rng.uniform(size=size) < 0.22
        result = np.where(tied, rng.integers(2, 4, size), np.where(wins, 0, 1))
        columns = {"model_a": (a, names), "model_b": (b, names), "winner": (result, outcomes)}
        return pa.table(
            {
                name: pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), words)
                for name, (codes, words) in columns.items()
            }
        )

    _write(n, file, some)


def calls(n: int, file: Path) -> None:
    """Write `n` calls of six models over a year of prices: tokens, cache, time, and half a bill."""
    rng = np.random.default_rng(_SEED)
    words = pa.array(_CALLED)
    first, year_us = np.datetime64("2025-10-01T00:00:00", "us"), 365 * 86_400 * 10**6

    def some(size: int) -> pa.Table:
        into = rng.lognormal(7.5, 1.2, size).astype(np.int64).clip(1, 400_000)
        cached = (into * rng.uniform(0, 0.9, size) * rng.integers(0, 2, size)).astype(np.int64)
        at = first + rng.integers(0, year_us, size).astype("timedelta64[us]")
        bill = rng.lognormal(-6, 1, size)
        called = words.take(pa.array(rng.integers(0, len(words), size)))
        return pa.table(
            {
                "model": called,
                "started": pa.array(at, type=pa.timestamp("us", "UTC")),
                "input_tokens": into,
                "cached_tokens": cached,
                "output_tokens": rng.lognormal(5.5, 1, size).astype(np.int64).clip(1, 60_000),
                "cost_usd": pa.array(bill, mask=rng.uniform(size=size) < 0.5),
            }
        )

    _write(n, file, some)


def as_text(log: Path, *files: Path) -> None:
    """Write the calls of a log as JSON lines or CSV too, unless they are there already."""
    for file in files:
        if file.exists():
            continue
        part = file.with_suffix(".part")
        with part.open("wb") as text:
            for i, rows in enumerate(pq.ParquetFile(log).iter_batches(_CHUNK)):
                at = pl.col("started").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
                frame = pl.DataFrame(rows).with_columns(at)
                if file.suffix == ".csv":
                    frame.write_csv(text, include_header=not i)
                else:
                    frame.write_ndjson(text)
        part.rename(file)


def _write(n: int, file: Path, some: Callable[[int], pa.Table]) -> None:
    """Write `n` rows in groups of a million, unless the file is there already."""
    if file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    part, writer, left = file.with_suffix(".part"), None, n
    while left:
        rows = some(min(_CHUNK, left))
        writer = writer or pq.ParquetWriter(part, rows.schema)
        writer.write_table(rows)
        left -= rows.num_rows
    if writer:
        writer.close()
    part.rename(file)


def took(*arguments: str) -> Took:
    """Run `h2h` in a process of its own and measure it, with all that it starts."""
    command = [sys.executable, "-m", "headtohead", *arguments, "--json"]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1, 2):
        raise SystemExit(f"{' '.join(arguments)} ended with {process.returncode}")
    shown = " ".join(Path(x).name if "/" in x else x for x in arguments)
    peak = used.ru_maxrss / (1 if sys.platform == "darwin" else 1024)
    cpu = used.ru_utime + used.ru_stime
    return Took(
        f"h2h {shown}",
        wall,
        cpu,
        peak / (1024 if sys.platform == "darwin" else 1),
        json.loads(said),
    )


def counts(said: dict[str, Any]) -> dict[str, Any]:
    """All counts of a ranking: of each model and each pair of them."""
    (board,) = said["results"]
    kinds = ("battles", "wins", "losses", "ties")
    return {
        "votes": board["votes"],
        "models": {x["label"]: [x[kind] for kind in kinds] for x in board["ratings"]},
        "pairs": {f"{x['a']} {x['b']}": x["votes"] for x in board["pairs"]},
    }


def same_bill(one: Took, other: Took) -> bool:
    """Whether two commands say the same of every model: all counts, and costs but for rounding."""

    def alike(x: Any, y: Any) -> bool:  # noqa: ANN401
        return math.isclose(x, y, rel_tol=1e-9) if isinstance(x, float) else bool(x == y)

    return all(
        x.keys() == y.keys() and all(alike(x[name], y[name]) for name in x)
        for x, y in zip(one.said["results"], other.said["results"], strict=True)
    )


def page(rows: list[tuple[str, Took]], same: str) -> str:
    """The page as Markdown."""
    table = "\n".join(
        f"| {what} | `{t.command}` | {t.wall_s:.1f} | {t.cpu_s:.1f} | {t.peak_mib:,.0f} |"
        for what, t in rows
    )
    return f"""# Scale, shown
`make bench-scale` makes the data from a seed, runs the commands below, each as a process of its
own, and writes this page. CPU seconds (user and system) and peak memory are those of that process;
Spark's Java machine is another one, and not counted.

| what | command | wall s | CPU s | peak MiB |
|---|---|---|---|---|
{table}

{same}

Votes are Parquet with the columns model_a, model_b and winner, on {_MODELS} models. Calls are of
{len(_CALLED)} models over a year, of which some change their price or ask more in some hours; half
have a bill; text has times as 2025-10-01T00:00:00.000000Z. On {os.cpu_count()} cores with Python
{platform.python_version()}; all that ran on the machine asked for {os.getloadavg()[0]:.1f} cores at
the end. The goals: less than 600 MiB, and calls in less than two minutes.
"""


def main() -> None:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--votes", type=int, default=100_000_000, help="0 leaves them out")
    parser.add_argument("--calls", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, default=user_cache_path("headtohead") / "scale")
    parser.add_argument("--no-spark", action="store_true", help="leave the same call on Spark out")
    parser.add_argument("--page", type=Path)
    parser.add_argument("--make", action="store_true", help="only make the data")
    chosen = parser.parse_args()
    ballots = chosen.folder / f"votes-{chosen.votes}.parquet"
    log = chosen.folder / f"calls-{chosen.calls}.parquet"
    texts = {".jsonl": "the same as JSON lines", ".csv": "the same as CSV"}
    if chosen.make:
        if chosen.votes:
            votes(chosen.votes, ballots)
        calls(chosen.calls, log)
        return as_text(log, *map(log.with_suffix, texts))
    # In a process of its own: what this one holds would count as what its commands held.
    subprocess.run([sys.executable, "-m", "benchmarks.scale", *sys.argv[1:], "--make"], check=True)
    rows, same = list[tuple[str, Took]](), "Spark was left out."
    if chosen.votes:
        ranked = took("rank", str(ballots))
        rows.append((f"{chosen.votes:,} votes", ranked))
    if chosen.votes and not chosen.no_spark:
        spark = took("rank", str(ballots), "--engine", "spark")
        rows.append(("the same on Spark", spark))
        if counts(ranked.said) != counts(spark.said):
            raise SystemExit("The counts of Spark are others.")
        n = counts(ranked.said)
        same = (
            f"The counts of all {len(n['models'])} models (wins, losses, ties) and "
            f"{len(n['pairs']):,} pairs are the same on Spark, vote by vote."
        )
    for suffix, what in {".parquet": f"{chosen.calls:,} calls", **texts}.items():
        priced = took("prices", "--usage", str(log.with_suffix(suffix)), "--as-of", _AS_OF)
        rows.append((what, priced))
        if suffix in texts and not same_bill(rows[-2][1], priced):
            raise SystemExit(f"Calls cost something else {what.removeprefix('the same ')}.")
    same += " Calls cost the same in all three files, model by model."
    text = page(rows, same)
    print(text)
    if chosen.page:
        chosen.page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
