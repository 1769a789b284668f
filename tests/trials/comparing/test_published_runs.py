"""Published runs of known models give the answers that others computed from the same files."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from headtohead.core.errors import InputError
from headtohead.trials.comparing.result import Comparison
from headtohead.trials.comparing.verb import compare

MAP = {"key": "item", "score": "score", "run": "run_id", "epoch": "epoch", "model": "model"}
SWE_GPT5, SWE_KIMI = "FCCkMNVHcjLLUDeNFqTGRL", "5wVjUb3yn6bdjPSfPEMuiZ"
SWE_OLDER = "knygsTpEGHyBFW4iSAWzn6"
GPQA_DEEPSEEK = "CDdjbqiYYPtEBGoZLMPM3n"
SIMPLEQA_GPT5, SIMPLEQA_QWEN = "aHMMDbUHESBXUUHNpgTP8f", "NqovLMDwVNAgEx6eBF9UVv"


@pytest.fixture(scope="module")
def gpqa_gpt5(shared_evidence: Path) -> str:
    """The run of GPT-5 at high effort."""
    runs = pl.read_csv(shared_evidence / "epoch_items" / "epoch_runs.csv").filter(
        (pl.col("task") == "GPQA Diamond")
        & (pl.col("model") == "openai/gpt-5-2025-08-07")
        & (pl.col("effort") == "high")
    )
    return str(runs["run_id"].item())


@pytest.fixture(scope="module")
def epoch_file(
    shared_evidence: Path, gpqa_gpt5: str, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The runs compared here, in the columns of the published file."""
    wanted = [SWE_GPT5, SWE_KIMI, SWE_OLDER, GPQA_DEEPSEEK, SIMPLEQA_GPT5, SIMPLEQA_QWEN, gpqa_gpt5]
    rows = pl.read_parquet(shared_evidence / "epoch_items" / "epoch_items.parquet")
    path = tmp_path_factory.mktemp("epoch") / "epoch_items.parquet"
    rows.filter(pl.col("run_id").is_in(wanted)).write_parquet(path)
    return path


def between(file: Path, a: str, b: str, **choices: Any) -> Comparison:
    made = compare(f"{file}::{a}", f"{file}::{b}", mapping=MAP, **choices).details
    assert isinstance(made, Comparison)
    return made


def pp(made: Comparison) -> tuple[float, float, float]:
    d = made.difference
    return round(d.value * 100, 1), round(d.low * 100, 1), round(d.high * 100, 1)


def test_swe_bench_gpt_5_to_kimi_k2_5(epoch_file: Path) -> None:
    made = between(epoch_file, SWE_GPT5, SWE_KIMI)
    value, low, high = pp(made)
    assert (made.a.items, value, low) == (484, 2.3, -1.4)
    assert 5.8 <= high <= 6.0
    assert made.verdict == "yes"
    assert made.verdicts["superiority"] == "undecided"


def test_gpqa_gpt_5_to_deepseek(epoch_file: Path, gpqa_gpt5: str) -> None:
    made = between(epoch_file, gpqa_gpt5, GPQA_DEEPSEEK)
    value, low, high = pp(made)
    assert value == pytest.approx(-2.8, abs=0.05)
    assert -6.1 <= low <= -5.7
    assert 0.2 <= high <= 0.3
    assert (made.a.items, made.a.repeats, made.clusters) == (198, 1584, 198)
    assert "different number of times" in made.notes[0]  # one try of one run has no score
    assert made.verdict == "undecided"
    assert made.more_items is not None
    assert between(epoch_file, gpqa_gpt5, GPQA_DEEPSEEK, margin="10pp").verdict == "yes"


def test_simpleqa_gpt_5_to_qwen3_max(epoch_file: Path) -> None:
    made = between(epoch_file, SIMPLEQA_GPT5, SIMPLEQA_QWEN)
    assert (made.a.items, sum(made.left_out.values())) == (999, 1)  # one answer was not graded
    assert pp(made)[0] == 16.9
    assert set(made.verdicts.values()) == {"yes", "no"}
    assert made.verdicts == {"non-inferiority": "yes", "equivalence": "no", "superiority": "yes"}


def test_the_two_eras_of_the_harness_are_refused(epoch_file: Path) -> None:
    with pytest.raises(InputError, match="did not run on the same items: 484 are shared, 16 items"):
        between(epoch_file, SWE_OLDER, SWE_KIMI)


@pytest.fixture(scope="module")
def bash_only(shared_evidence: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each system of the board as JSON lines with key, score and cost_usd."""
    file = shared_evidence / "swebench_bash_only" / "leaderboards_2025-12-10.json.gz"
    with gzip.open(file) as text:
        boards = json.load(text)["leaderboards"]
    board = next(b for b in boards if b["name"] == "bash-only")
    folder = tmp_path_factory.mktemp("bash_only")
    made = {}
    for place, system in enumerate(board["results"]):
        details = system.get("per_instance_details")
        if details:
            made[system["name"]] = written(folder / f"{place}.jsonl", details.items())
    return made


def written(path: Path, details: Iterable[tuple[str, dict[str, Any]]]) -> Path:
    lines = (
        json.dumps({"key": key, "score": int(found["resolved"]), "cost_usd": found["cost"]})
        for key, found in details
    )
    path.write_text("\n".join(lines) + "\n")
    return path


def on_the_board(files: dict[str, Path], b: str, **choices: Any) -> Comparison:
    def one(start: str) -> str:
        return str(next(path for name, path in files.items() if name.startswith(start)))

    made = compare(one("GPT-5 (2025-08-07)"), one(b), **choices).details
    assert isinstance(made, Comparison)
    return made


def test_bash_only_gpt_5_to_deepseek_is_yes_only_at_10_points(bash_only: dict[str, Path]) -> None:
    made = on_the_board(bash_only, "DeepSeek V3.2 Reasoner")
    value, low, high = pp(made)
    assert value == -5.0
    assert low == pytest.approx(-8.8, abs=0.2)
    assert -1.4 <= high <= -1.1  # -1.4 by a bootstrap, -1.1 by the score interval
    assert made.verdict == "undecided"
    assert made.verdicts["superiority"] == "no"
    assert on_the_board(bash_only, "DeepSeek V3.2 Reasoner", margin="10pp").verdict == "yes"


@pytest.mark.parametrize(
    ("b", "ratio", "digits"),
    [
        ("DeepSeek V3.2 Reasoner", 0.11, 2),
        ("GLM-4.6", 0.40, 2),
        ("Qwen3-Coder 480B", 1.04, 2),
        ("Minimax M2", 1.6, 1),
        ("Kimi K2 Instruct", 2.8, 1),
    ],
)
def test_cost_per_resolved_task(
    bash_only: dict[str, Path], b: str, ratio: float, digits: int
) -> None:
    money = on_the_board(bash_only, b).money
    assert money is not None
    assert money.ratio is not None
    assert round(money.ratio.value, digits) == ratio
    assert money.ratio.low < money.ratio.value < money.ratio.high
    if b.startswith("DeepSeek"):
        assert (round(money.ratio.low, 2), round(money.ratio.high, 2)) == (0.10, 0.12)
