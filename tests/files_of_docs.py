"""The files that pages of the documentation name, made up: enough for their commands to answer."""

import gzip
import importlib
import json
import re
import shutil
from collections.abc import Callable, Mapping
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

_N = 60
_OURS = ("our-model", "our-older-model", "our-small-model")
_MODELS = ("gpt-5", "deepseek-v3.2", "gpt-5-mini", "glm-4.6")


def results(path: Path, model: str, right: float, n: int = _N) -> Path:
    """Results of one model on items, with the names that pages map."""
    rng = np.random.default_rng(len(model) + n)
    rows = []
    for i, good in enumerate(rng.uniform(size=n) < right):
        item = f"item-{i}"
        row: dict[str, Any] = {"id": item, "task_id": item, "model": model, "score": bool(good)}
        row |= {"question": f"question {i % 20}", "task": ("add", "capital")[i % 2]}
        row |= {"repo": f"repo-{i % 3}", "language": "en", "result": {"resolved": bool(good)}}
        row |= {"metadata": {"item": item, "spend_logs_metadata": {"item": item}}}
        row |= {"test": {"case": {"id": item}}, "cost_usd": 0.001, "input_tokens": 900}
        rows.append(row | {"output_tokens": 100, "started": f"2026-09-{1 + i % 28:02}T10:00:00Z"})
    return _lines(path, rows)


def requests(path: Path, model: str = "gpt-5") -> Path:
    """A log of requests with answers, tokens and times, as `switch` and `prices` read it."""
    rows = []
    for i in range(_N):
        asked = [{"role": "user", "content": f"What is {i} and {i}?"}]
        row: dict[str, Any] = {"id": f"r{i}", "model": model, "messages": asked, "task": "add"}
        row |= {"output": str(2 * i), "reference": str(2 * i), "cost_usd": 0.002}
        row |= {
            "input_tokens": 900,
            "output_tokens": 100,
            "started": f"2026-09-01T{i % 24:02}:00:00Z",
        }
        rows.append(row)
    return _lines(path, rows)


def votes(n: int = 400) -> pl.DataFrame:
    """Votes with every column that a page names."""
    rng = np.random.default_rng(7)
    a = rng.integers(0, 4, n)
    b = (a + rng.integers(1, 4, n)) % 4
    won = rng.integers(0, 3, n)
    style = {
        f"{name}_{side}": rng.integers(1, 300, n) * 1.0
        for side in ("a", "b")
        for name in ("length", "list", "header", "bold")
    }
    months = [f"2025-{5 + i % 4:02}-10" for i in range(n)]
    return pl.DataFrame(
        {
            "model_a": [_MODELS[i] for i in a],
            "model_b": [_MODELS[i] for i in b],
            "winner": [("model_a", "model_b", "tie")[i] for i in won],
            "voter": [f"voter {i}" for i in rng.integers(0, 40, n)],
            "language": [("en", "fr")[i % 2] for i in range(n)],
            "category": [("code", "prose")[i // 2 % 2] for i in range(n)],
            "question_id": [f"q{i % 90}" for i in range(n)],
            "timestamp": months,
            **style,
        }
    ).with_columns(pl.col("timestamp").str.to_datetime("%Y-%m-%d"))


def files_of_all_pages(folder: Path) -> None:
    """What several pages name alike."""
    for name, model, right in (
        ("a", "gpt-5", 0.8),
        ("b", "deepseek-v3.2", 0.75),
        ("c", "glm", 0.7),
    ):
        results(folder / f"{name}.jsonl", model, right)
        results(folder / f"{name}40.jsonl", model, right, 40)
    for name in ("log", "calls", "spend", "logs", "traces"):
        requests(folder / f"{name}.jsonl")
    table = votes()
    table.write_csv(folder / "votes.csv")
    for name in ("votes", "arena"):
        table.write_parquet(folder / f"{name}.parquet")
    table.head(120).write_ndjson(folder / "human.jsonl")
    table.write_ndjson(folder / "gpt4.jsonl")
    tests = ("gpqa_diamond", "otis_mock_aime_2024_2025", "math_level_5", "simpleqa_verified")
    scores = (
        f"{m},{x},0.{4 + i + j % 2}5" for i, m in enumerate(_OURS) for j, x in enumerate(tests)
    )
    (folder / "mine.csv").write_text("\n".join(["model,benchmark,score", *scores]))
    _claims(folder / "mine.toml")


def _claims(path: Path) -> None:
    """The claims file of the tutorial."""
    page = Path(__file__).parents[1] / "docs/tutorial/from-article-to-page.md"
    blocks = re.findall(r"^```toml\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    path.write_text(next(text for text in blocks if "open_weights.toml" in text.split("\n", 1)[0]))


def _lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def _examples(module: str, places: tuple[str, ...], folder: Path) -> None:
    """A format's own example, at each of the places that its page names."""
    (folder / "example").mkdir()
    made = importlib.import_module(f"tests.logs.formats.{module}").example(folder / "example")
    for place in places:
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if made.is_dir() else shutil.copy)(made, target)


def _prepared(module: str, *places: str) -> Callable[[Path], None]:
    return partial(_examples, module, places)


def _arena(folder: Path) -> None:
    """A file of votes in two categories, and answers to begin an arena with."""
    from tests.arena.served import TestVoter, serving, written
    from tests.ratings.reading.test_formats import _feedbacks

    shipped = files("headtohead").joinpath("data/arena/short.jsonl").read_text()
    for name in ("answers", "answers-of-two-models"):
        (folder / f"{name}.jsonl").write_text(shipped)
    (folder / "feedback.json").write_text(json.dumps(_feedbacks()))
    toml = written(folder)
    for i, name in enumerate(("ant", "bee", "cat")):  # whose answers differ in style
        rows = [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]
        for j, row in enumerate(rows):
            marks = ("# Answer\n", "- one\n- two\n", "**yes** ")
            row["answer"] += "\n" + marks[i] * (1 + j) + marks[j] * (1 + i) + "and so on " * i * j
        _lines(folder / f"{name}.jsonl", rows)
    with serving(toml) as served:
        for outcome in ("left", "right", "tie"):
            with TestVoter(served.address) as voter:
                for _ in range(9):
                    voter.vote(voter.draw(), outcome)
    (folder / "arena.toml").unlink()  # the page's first command writes one


def _machines(folder: Path) -> None:
    """A model and a chip of one's own."""
    page = Path(__file__).parents[1] / "docs/how-to/own-machines-or-api.md"
    (chip,) = re.findall(r"^```toml\n(fp16.*?)^```", page.read_text("utf-8"), re.M | re.DOTALL)
    (folder / "my-chip.toml").write_text(chip)
    requests(folder / "calls.jsonl", "DeepSeek-V3")
    model = {"num_hidden_layers": 32, "hidden_size": 4096, "num_attention_heads": 32}
    model |= {"num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256}
    (folder / "my-model").mkdir()
    (folder / "my-model/config.json").write_text(json.dumps(model))


def _layouts(folder: Path) -> None:
    """Votes of several days, and votes whose columns have to be mapped."""
    for day in (1, 2):
        rows = votes().select("model_a", "model_b", "winner", "timestamp").write_ndjson()
        (folder / f"day{day}.jsonl.gz").write_bytes(gzip.compress(rows.encode()))
    words = {"model_a": "win", "model_b": "loss", "tie": "draw"}
    table = votes().select("model_a", "model_b", pl.col("winner").replace(words))
    table.columns = ["left", "right", "result"]
    table.write_csv(folder / "votes.csv")


def _runs(folder: Path) -> None:
    """Results of six models in one file, with costs."""
    names = ("gpt-5", "gpt-5-mini", "deepseek-v3.2", "glm-4.6", "kimi-k2", "minimax-m2")
    parts = [pl.read_ndjson(results(folder / "part.jsonl", x, 0.6)) for x in names]
    pl.concat(parts).select("id", "model", "score", "cost_usd").write_csv(folder / "runs.csv")


def _promptfoo(folder: Path) -> None:
    """One file with both providers that the page names."""
    _examples("test_promptfoo", ("results.json",), folder)
    file = folder / "results.json"
    text = file.read_text().replace("openai:large-1", "deepseek:deepseek-chat")
    file.write_text(text.replace("openai:small-1", "openai:gpt-5"))


def _experiments(folder: Path) -> None:
    """Two files of results, as Langfuse's experiments pair: by item."""
    results(folder / "before.json", "gpt-5", 0.8)
    results(folder / "after.json", "deepseek-v3.2", 0.8)


def _instances(folder: Path) -> None:
    """Reports of the harness of SWE-bench, and all ids that were asked."""
    places = ("lab__a.trial1.json", "lab__b.trial1.json")
    _examples("test_swebench", places, folder)
    report = json.loads((folder / places[0]).read_text())
    listed = {"resolved": report["resolved_ids"]}
    for name in ("a", "b"):
        (folder / name / "results").mkdir(parents=True)
        (folder / name / "results/results.json").write_text(json.dumps(listed))
    (folder / "verified.txt").write_text("\n".join(report["submitted_ids"]))


def _eval_ever(folder: Path) -> None:
    """Rows of both runs, and two logs of Inspect to be written as such."""
    _examples(
        "test_every_eval_ever",
        (
            "data/gsm8k/openai/gpt-4o/1f2e_samples.jsonl",
            "data/gsm8k/qwen/qwen3/9a8b_samples.jsonl",
        ),
        folder,
    )
    shutil.rmtree(folder / "example")
    _examples("test_inspect_log", ("a.eval", "b.eval"), folder)


def _forecasts(folder: Path) -> None:
    """The forecast that the page shows, as a claims file, and a table of others."""
    page = Path(__file__).parents[1] / "docs/how-to/score-forecasts.md"
    (shown,) = re.findall(r"^```toml\n(.*?)^```", page.read_text("utf-8"), re.M | re.DOTALL)
    (folder / "mine.toml").write_text('title = "Mine"\norigin = "A page"\n' + shown)
    _answers(folder)


def _answers(folder: Path) -> None:
    rows = "".join(f"q{i},0.{1 + i % 9},{i % 3 // 2},2026-03-{1 + i % 28:02}\n" for i in range(40))
    (folder / "answers.csv").write_text("question,probability,outcome,day\n" + rows)


def _season(folder: Path) -> None:
    """An account's values, one an hour."""
    rng = np.random.default_rng(3)
    values = 1000 * np.exp(np.cumsum(rng.normal(0, 0.002, 24 * 20)))
    hours = (f"2026-03-{1 + i // 24:02}T{i % 24:02}:00:00Z,{v:.2f}" for i, v in enumerate(values))
    (folder / "equity.csv").write_text("\n".join(["at,equity_usd", *hours]))


PAGES_FILES: Mapping[str, Callable[[Path], None]] = {
    "README": _answers,
    "read-deepeval-results": _prepared(
        "test_deepeval", "a/test_run_20260901_101500.json", "b/test_run_20260901_111500.json"
    ),
    "read-evalscope-results": _prepared(
        "test_evalscope", "outputs/20260901_101500", "outputs/20260902_093000"
    ),
    "read-every-eval-ever": _eval_ever,
    "read-helm-results": _prepared(
        "test_helm",
        "runs/v1/mmlu:subject=anatomy,model=openai_gpt-4o",
        "runs/v1/mmlu:subject=anatomy,model=qwen_qwen3",
    ),
    "read-inspect-logs": _prepared(
        "test_inspect_log", "logs/gpt-5.eval", "logs/deepseek.eval", "a/one.eval", "b/one.eval"
    ),
    "read-lighteval-results": _prepared(
        "test_lighteval",
        "out/details/openai/gpt-4o/2026-09-01T10-15-00/details.parquet",
        "out/details/qwen/qwen3/2026-09-01T11-00-00/details.parquet",
    ),
    "read-lm-eval-results": _prepared("test_lm_eval", "runs/a", "runs/b"),
    "read-openai-batch": _prepared("test_openai_batch", "tickets-a", "tickets-b"),
    "read-swebench-results": _instances,
    "read-promptfoo-results": _promptfoo,
    "read-langfuse-exports": _experiments,
    "arena": _arena,
    "your-own-arena": _arena,
    "own-machines-or-api": _machines,
    "same-quality-cheaper": _runs,
    "votes": _layouts,
    "score-forecasts": _forecasts,
    "judge-a-trading-season": _season,
}
