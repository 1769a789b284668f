"""A `h2h switch` that is interrupted or killed goes on, and pays for no answer twice."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.models.conftest_parts import TinyModels
from tests.trials.switching.parts import LEVEL, CountedCandidate, answers, lines, made_by

ROOT = Path(__file__).parents[3]
ENV = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


def command(log: Path, base_url: str, ledger: Path) -> list[str]:
    return [
        sys.executable,
        "-m",
        "headtohead",
        "switch",
        str(log),
        "--from",
        "tiny-a",
        "--to",
        "tiny-b",
        "--base-url",
        base_url,
        "--scorer",
        "exact",
        "--margin",
        "5pp",
        "--level",
        str(LEVEL),
        "--map",
        "labels=metadata.task",
        "--by",
        "metadata.task",
        "--cap-tokens",
        "16",
        "--concurrency",
        "3",
        "--ledger",
        str(ledger),
        "--as-of",
        "2025-12-15",
        "--json",
    ]


def ended(
    said: list[str], ledger: Path, after_n: int, by: signal.Signals
) -> dict[str, dict[str, Any]]:
    """What the ledger holds when a run is interrupted or killed after so many answers."""
    process = subprocess.Popen(
        said, cwd=ledger.parent, env=ENV, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        until = time.monotonic() + 30
        while len(answers(ledger)) < after_n and time.monotonic() < until:
            assert process.poll() is None, "it ended before it could be killed"
            time.sleep(0.002)
    finally:
        process.send_signal(by)
        _, err = process.communicate(timeout=20)
    assert b"Traceback" not in err
    assert process.returncode not in (0, 1, 2)
    assert by != signal.SIGKILL or process.returncode == -by
    # What the proxy still holds is heard by nobody.
    time.sleep(0.1)
    return answers(ledger)


def too_often(
    asked: list[str], prompts: Mapping[str, str], kept: Mapping[str, object]
) -> dict[str, int]:
    """Prompts asked more often than there are requests of them without an answer."""
    open_n = Counter(prompts.values())
    open_n.subtract(Counter(prompts[key] for key in kept))
    return {text: n for text, n in Counter(asked).items() if n > open_n[text]}


# test_replay_resume always kills the run beneath twice, and cancels one.
@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="there is no SIGINT to send, and no SIGKILL")
def test_a_run_interrupted_and_killed_loses_no_answer_and_comes_to_the_same_verdict(
    tiny_models: TinyModels, log_a: Path, counted: CountedCandidate, tmp_path: Path
) -> None:
    ledger = tmp_path / "killed.jsonl"
    said = command(log_a, counted.base_url, ledger)
    prompts = {row["id"]: row["messages"][0]["content"] for row in lines(log_a)}
    counted.wait_s = 0.02
    # Interrupted, it keeps what was under way.
    early = ended(said, ledger, 2, signal.SIGINT)
    assert len(early) == len(counted.prompts) < 40
    n = len(counted.prompts)
    late = ended(said, ledger, 40, signal.SIGKILL)
    assert 2 <= len(early) < 40 <= len(late) < len(prompts)
    assert {key: late[key] for key in early} == early
    assert not too_often(counted.prompts[n:], prompts, early)

    counted.wait_s, n = 0.0, len(counted.prompts)
    again = subprocess.run(
        said, cwd=tmp_path, env=ENV, capture_output=True, text=True, timeout=60, check=False
    )
    assert again.returncode == 1, again.stderr
    found = json.loads(again.stdout)
    now = answers(ledger)
    assert {key: now[key] for key in late} == late
    # Nothing that was kept is asked again; what was under way at a kill is.
    assert not too_often(counted.prompts[n:], prompts, late)
    assert len(counted.prompts) - len(now) <= 3
    assert len(counted.prompts) - n == len(now) - len(late)

    whole = made_by(log_a, tiny_models.base_url_b, level=LEVEL, ledger=tmp_path / "whole.jsonl")
    assert found["verdict"] == whole.quality.verdict == "no"
    difference = found["results"][0]
    assert difference["n"] == whole.items
    assert difference["value"] == pytest.approx(100 * whole.quality.difference.value)
    assert difference["low"] == pytest.approx(100 * whole.quality.difference.low)
    spent = {
        r["what"]: r["amount"]
        for s in found["sections"]
        if s["section"] == "spent"
        for r in s["rows"]
    }
    assert spent["Answers of earlier runs"] == str(len(late))
    assert spent["Requests sent"] == str(len(counted.prompts) - n)
