"""How long it takes to compare two runs of ten thousand items, beside a plain bootstrap by scipy.

python -m benchmarks.comparing [--items 10000] [--page docs/benchmarks/comparing.md]
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import headtohead
from headtohead.stats.inputs import FloatArray

_ROUNDS = 5


def main() -> None:
    """Measure, print, and write the page if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--page", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = _files(Path(folder), chosen.items)
        scores = [_scores(file) for file in files]
        ours = _median(lambda: headtohead.compare(*map(str, files), slices="task"))
        bare = _median(lambda: headtohead.compare(*map(str, files)))
        peer = _median(lambda: _scipy(*scores))
    page = _page(chosen.items, ours, bare, peer)
    print(page)
    if chosen.page:
        chosen.page.write_text(page, encoding="utf-8")


def _files(folder: Path, items: int) -> list[Path]:
    """Two runs whose answers agree on about two thirds of the items."""
    rng = np.random.default_rng(0)
    hard = rng.random(items)
    made = []
    for name, skill in (("a", 0.70), ("b", 0.71)):
        path = folder / f"{name}.jsonl"
        right = hard + 0.3 * rng.standard_normal(items) < skill
        with path.open("w", encoding="utf-8") as out:
            for i in range(items):
                row = {
                    "id": f"item-{i}",
                    "score": int(right[i]),
                    "task": f"topic-{i % 7}",
                    "cost_usd": float(rng.lognormal(-5)),
                    "latency_s": float(rng.lognormal()),
                }
                out.write(json.dumps(row) + "\n")
        made.append(path)
    return made


def _scores(path: Path) -> FloatArray:
    rows = path.read_text(encoding="utf-8").splitlines()
    return np.array([float(json.loads(row)["score"]) for row in rows])


def _scipy(a: FloatArray, b: FloatArray) -> None:
    """The same interval alone, by resampling items; neither reads a file nor looks at costs."""
    from scipy.stats import bootstrap

    bootstrap(
        (b - a,),
        np.mean,
        n_resamples=9999,
        method="percentile",
        batch=200,
        rng=np.random.default_rng(0),
    )


def _median(work: Callable[[], object]) -> float:
    """CPU seconds, the middle of five, after one run that is not counted."""
    work()
    spent = []
    for _ in range(_ROUNDS):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return statistics.median(spent)


def _page(items: int, ours: float, bare: float, peer: float) -> str:
    return f"""# Comparing two runs
Made by `python -m benchmarks.comparing`. Medians of {_ROUNDS} runs, CPU seconds, {items:,} items.

| task | CPU s | of scipy's |
|---|---|---|
| `compare(a, b)`: read both files, pair, difference, verdict, flips, cost ratio, latency ratio | \
{bare:.2f} | {bare / peer:.2f} |
| the same with seven slices | {ours:.2f} | {ours / peer:.2f} |
| `scipy.stats.bootstrap` of the mean difference alone, 9,999 resamples | {peer:.2f} | 1 |
"""


if __name__ == "__main__":
    main()
