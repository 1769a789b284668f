"""Pairs of models on public items: the answers that are known for them."""

import csv
import gzip
import json
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from headtohead.core.estimate import Interval
from headtohead.stats.bootstrap import paired_difference
from headtohead.trials.paired.costs import cost_per_success_ratio
from headtohead.trials.paired.differences import (
    MeanDifference,
    difference,
    judge,
    unpaired_difference,
    verdict,
)
from headtohead.trials.paired.joint import compare_many

_Scores = Mapping[tuple[str, int], float]

# Runs by model, effort and day, in the words of the table of runs.
_RUNS = {
    "gpt-5 swe": ("swe_bench_verified", "openai/gpt-5-2025-08-07", "medium", "2026-02-05"),
    "gpt-5 swe 2025": ("swe_bench_verified", "openai/gpt-5-2025-08-07", "medium", "2025-08-07"),
    "kimi swe": ("swe_bench_verified", "moonshot/kimi-k2.5", "", "2026-02-17"),
    "gpt-5 gpqa": ("GPQA Diamond", "openai/gpt-5-2025-08-07", "high", "2025-10-29"),
    "deepseek gpqa": ("GPQA Diamond", "deepseek/deepseek-reasoner", "", "2025-12-16"),
    "gpt-5 qa": ("simpleqa_verified", "openai/gpt-5-2025-08-07", "high", "2025-12-09"),
    "qwen qa": ("simpleqa_verified", "alibaba/qwen3-max-2025-09-23", "", "2025-12-10"),
}


@pytest.fixture(scope="module")
def runs(shared_evidence: Path) -> dict[str, dict[tuple[str, int], float]]:
    from pyarrow import parquet  # type: ignore[import-untyped]

    folder = shared_evidence / "epoch_items"
    with (folder / "epoch_runs.csv").open(encoding="utf-8") as lines:
        named = {
            (row["task"], row["model"], row["effort"], row["created"][:10]): row["run_id"]
            for row in csv.DictReader(lines)
        }
    wanted = {named[words]: name for name, words in _RUNS.items()}
    table = parquet.read_table(
        folder / "epoch_items.parquet",
        columns=["run_id", "item", "epoch", "score"],
        filters=[("run_id", "in", list(wanted))],
    ).to_pydict()
    found: dict[str, dict[tuple[str, int], float]] = {name: {} for name in _RUNS}
    for run, item, epoch, score in zip(*table.values(), strict=True):
        if score is not None and not math.isnan(score):
            found[wanted[run]][item, epoch] = score
    return found


def _shared(a: _Scores, b: _Scores) -> tuple[list[float], list[float], list[str]]:
    keys = [key for key in a if key in b]
    return [a[key] for key in keys], [b[key] for key in keys], [key[0] for key in keys]


def _item_means(run: _Scores) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for (item, _), score in run.items():
        found.setdefault(item, []).append(score)
    return {item: float(np.mean(scores)) for item, scores in found.items()}


def _pp(found: MeanDifference | Interval) -> tuple[float, float, float]:
    interval = found.interval if isinstance(found, MeanDifference) else found
    value, low, high = (
        round(100 * end, 1) for end in (interval.value, interval.low, interval.high)
    )
    return value, low, high


def test_swe_bench_gpt_5_to_kimi(runs: dict[str, _Scores]) -> None:
    a, b, _ = _shared(runs["gpt-5 swe"], runs["kimi swe"])
    found = difference(a, b)
    assert found.n == 484
    assert found.method == "exact-pairs"
    value, low, high = _pp(found)
    assert value == 2.3
    assert low == pytest.approx(-1.4, abs=0.15)
    assert high == pytest.approx(5.8, abs=0.25)
    said = judge(found, 0.05)
    assert said.noninferior == "yes"
    assert said.p_noninferior < 0.001
    assert said.superior == "undecided"
    apart = unpaired_difference(a, b)
    assert apart.interval.width > 1.4 * found.interval.width


def test_the_older_harness_tells_another_story(runs: dict[str, _Scores]) -> None:
    # The same model on the same items gained over ten points from a new harness alone.
    a, b, _ = _shared(runs["gpt-5 swe 2025"], runs["gpt-5 swe"])
    found = difference(a, b)
    assert found.value > 0.1
    assert judge(found, 0.05).superior == "yes"


def test_gpqa_gpt_5_to_deepseek(runs: dict[str, _Scores]) -> None:
    sides = [_item_means(runs[name]) for name in ("gpt-5 gpqa", "deepseek gpqa")]
    items = list(sides[0])
    a, b = ([side[item] for item in items] for side in sides)
    plain = paired_difference(a, b, np.random.default_rng(1))
    assert len(items) == 198
    assert _pp(plain)[0] == -2.8
    assert plain.low == pytest.approx(-0.057, abs=0.002)
    assert plain.high == pytest.approx(0.002, abs=0.002)
    tries_a, tries_b, owners = _shared(runs["gpt-5 gpqa"], runs["deepseek gpqa"])
    found = difference(tries_a, tries_b, clusters=owners)
    assert found.clusters_n == 198
    assert found.value == pytest.approx(plain.value, abs=0.001)
    # The score part of the interval allows for items that might flip as a whole.
    assert found.interval.low == pytest.approx(-0.057, abs=0.006)
    assert found.interval.high == pytest.approx(0.002, abs=0.004)
    assert found.interval.low <= plain.low + 0.001
    assert (found.se / found.naive_se) ** 2 > 2
    assert judge(found, 0.05).noninferior == "undecided"
    assert judge(found, 0.10).noninferior == "yes"
    assert judge(found, 0.05).p_noninferior == pytest.approx(0.071, abs=0.02)
    naive = difference(tries_a, tries_b)
    assert naive.interval.width < 0.7 * found.interval.width


def test_simpleqa_gpt_5_to_qwen(runs: dict[str, _Scores]) -> None:
    a, b, _ = _shared(runs["gpt-5 qa"], runs["qwen qa"])
    found = difference(a, b)
    assert _pp(found)[0] == pytest.approx(16.9, abs=0.1)
    assert judge(found, 0.05).superior == "yes"


def test_bash_only_gpt_5_to_deepseek_and_others(shared_evidence: Path) -> None:
    path = shared_evidence / "swebench_bash_only" / "leaderboards_2025-12-10.json.gz"
    with gzip.open(path, "rt", encoding="utf-8") as text:
        boards = json.load(text)["leaderboards"]
    systems = next(board for board in boards if board["name"] == "bash-only")["results"]
    names = {
        "gpt-5": "GPT-5 (2025-08-07) (medium reasoning)",
        "deepseek": "DeepSeek V3.2 Reasoner",
        "glm": "GLM-4.6 (T=1)",
        "coder": "Qwen3-Coder 480B/A35B Instruct",
        "minimax": "Minimax M2",
        "kimi": "Kimi K2 Instruct",
    }
    details = {
        key: next(s for s in systems if s["name"] == name)["per_instance_details"]
        for key, name in names.items()
    }
    items = sorted(details["gpt-5"])
    solved = {k: np.array([float(d[i]["resolved"]) for i in items]) for k, d in details.items()}
    cost = {k: np.array([float(d[i]["cost"]) for i in items]) for k, d in details.items()}
    found = difference(solved["gpt-5"], solved["deepseek"])
    value, low, high = _pp(found)
    assert value == -5.0
    assert low == pytest.approx(-8.8, abs=0.2)
    assert high == pytest.approx(-1.4, abs=0.35)
    assert verdict(found.interval, 0.05) == "undecided"
    assert verdict(found.interval, 0.10) == "yes"
    ratios = {
        key: cost_per_success_ratio(
            cost["gpt-5"], solved["gpt-5"], cost[key], solved[key], np.random.default_rng(2)
        )
        for key in names
        if key != "gpt-5"
    }
    assert (round(ratios["deepseek"].low, 2), round(ratios["deepseek"].high, 2)) == (0.10, 0.12)
    known = {"deepseek": 0.11, "glm": 0.40, "coder": 1.04, "minimax": 1.6, "kimi": 2.8}
    for key, figure in known.items():
        assert ratios[key].value == pytest.approx(figure, rel=0.04)
        assert ratios[key].low < figure < ratios[key].high
    field = compare_many(np.column_stack(list(solved.values())), np.random.default_rng(3))
    assert field.ranks.rank.tolist()[0] == 1
    assert field.ties[0].tolist() == [0, 4, 1]
