import csv
import math
import re
from collections import defaultdict
from pathlib import Path

import pytest

from headtohead.core.errors import UnknownName
from headtohead.evidence import tables as module
from headtohead.evidence.shared import EPOCH_OWN_RUNS
from headtohead.evidence.sources import epoch_items
from headtohead.evidence.sourcing import benchmark_id
from headtohead.evidence.tables import DOMAINS, Benchmark, benchmark, benchmarks

# How often Epoch ran each item before it averaged; the others once.
_RUNS = {
    "gpqa_diamond": (1, 2, 4, 8, 16),
    "math_level_5": (1, 2, 4, 8),
    "otis_mock_aime_2024_2025": (1, 2, 4, 8, 16),
}
# Share of the published scores that are whole items, averaged over so many runs. The rest lost a
# few items to faults or refusals, or was rounded to a tenth of a percent.
_LEAST_FIT = 0.6


def _published(folder: Path, *, own: bool) -> dict[str, list[float]]:
    """Benchmark -> published scores, of Epoch's own runs or of all."""
    scores = defaultdict(list)
    with (folder / "epoch_eci" / "eci_benchmarks.csv").open(encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            if not own or EPOCH_OWN_RUNS in row["source"]:
                scores[benchmark_id(row["benchmark"])].append(float(row["performance"]))
    return dict(scores)


def _fit(name: str, solved: list[float], items: int) -> float:
    """Share of the shares solved that are whole items, averaged over the runs that Epoch makes."""

    def whole(share: float) -> bool:
        parts = (share * items * runs for runs in _RUNS.get(name, (1,)))
        return any(math.isclose(p, round(p), abs_tol=1e-6, rel_tol=1e-9) for p in parts)

    return sum(map(whole, solved)) / len(solved)


@pytest.mark.parametrize("known", benchmarks().values(), ids=lambda b: b.benchmark)
def test_an_entry_is_whole(known: Benchmark) -> None:
    assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", known.benchmark)
    assert known.domain in DOMAINS
    assert known.title.strip() == known.title != ""
    assert re.fullmatch(r"https://\S+", known.source_url)
    assert 0 <= known.chance_frac < known.ceiling_frac <= 1
    # What has no number of items says why.
    assert known.items_n or known.note.endswith(".")


def test_every_benchmark_of_the_index_is_known(shared_evidence: Path) -> None:
    published = _published(shared_evidence, own=False)
    assert len(published) == 57
    assert set(published) <= set(benchmarks())


def test_the_benchmarks_of_other_sources_are_known() -> None:
    others = {"aider_polyglot", "bfcl_v4", "tau2", "tau2_voice", "swe_bench_bash_only"}
    assert others | set(epoch_items._BENCHMARKS.values()) <= set(benchmarks())


def test_epochs_own_scores_are_whole_items(shared_evidence: Path) -> None:
    found = {}
    for name, scores in _published(shared_evidence, own=True).items():
        known = benchmark(name)
        if known.items_n is None:
            assert name == "ebr_bench"
            continue
        # None or all are whole items whatever their number.
        solved = [known.solved_frac(s) for s in scores if 0 < s < 1]
        found[name] = _fit(name, solved, known.items_n)
        near = [known.items_n + step for step in range(-5, 6) if step]
        assert found[name] > max(_fit(name, solved, n) for n in near) + 0.3, name
    assert len(found) == 11
    assert min(found.values()) >= _LEAST_FIT
    assert found["mystery_game_puzzles"] == 1


# GPQA's quarter cannot be told from none this way: three quarters of its runs of items are whole.
@pytest.mark.parametrize(
    "name",
    [
        "chess_puzzles",
        "mystery_game_puzzles",
        "otis_mock_aime_2024_2025",
        "hle",
        "frontiermath_2025_02_28_private",
        "frontiermath_tier_4_2025_07_01_private",
    ],
)
def test_chance_and_ceiling_turn_scores_into_whole_items(name: str, shared_evidence: Path) -> None:
    scores = [s for s in _published(shared_evidence, own=False)[name] if 0 < s < 1]
    known = benchmark(name)
    assert known.items_n
    assert _fit(name, [known.solved_frac(s) for s in scores], known.items_n) > 0.6
    assert _fit(name, scores, known.items_n) < 0.2


@pytest.mark.parametrize(
    "name",
    ["mmlu", "hellaswag", "arc_ai2", "openbookqa", "bbh", "anli", "simplebench", "vpct"],
)
def test_chance_turns_gathered_scores_into_round_percentages(
    name: str, shared_evidence: Path
) -> None:
    known = benchmark(name)
    scores = [s for s in _published(shared_evidence, own=False)[name] if s > 0]

    def round_share(shares: list[float]) -> float:
        return sum(abs(s * 1e3 - round(s * 1e3)) < 1e-2 for s in shares) / len(shares)

    undone = round_share([known.solved_frac(s) for s in scores])
    assert undone > 0.8
    assert undone > round_share(scores) + 0.1


def test_frontiermath_was_put_on_the_scale_of_what_can_be_solved() -> None:
    known = benchmark("frontiermath_2025_02_28_private")
    assert known.solved_frac(0.544464609800363) == pytest.approx(90 / 290)
    assert known.corrected_frac(90 / 290) == pytest.approx(0.544464609800363)


def test_undoing_and_correcting_are_inverse() -> None:
    for known in benchmarks().values():
        assert known.solved_frac(0) == pytest.approx(known.chance_frac)
        assert known.solved_frac(1) == pytest.approx(known.ceiling_frac)
        assert known.corrected_frac(known.solved_frac(0.37)) == pytest.approx(0.37)


def test_scores_that_are_no_share_of_items_have_no_number_of_items() -> None:
    for name in ("metr_time_horizons", "lech_mazur_writing", "balrog", "gdpval", "weirdml"):
        assert benchmark(name).items_n is None
        assert "not a share of solved items" in benchmark(name).note


def test_an_unknown_benchmark_names_one_close_by() -> None:
    with pytest.raises(UnknownName, match="gpqa_diamond"):
        benchmark("gpqa_diamont")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"domain": "sport"}, "sport"),
        ({"items": 0}, "number of items"),
        ({"items": "many"}, "number of items"),
        ({"chance": 0.6, "ceiling": 0.5}, "do not fit"),
        ({"size": 3}, "unknown field"),
    ],
)
def test_a_wrong_entry_is_refused(change: dict[str, object], message: str) -> None:
    row = {"title": "T", "domain": "maths", "source": "https://a.example", **change}
    with pytest.raises(ValueError, match=message):
        module._read("t", row)
