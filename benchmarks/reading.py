"""Measures how fast logs of calls are read, against a plain loop of `json.loads`.

Run as `python -m benchmarks.reading --rows 1000000`. Files are made up in a temporary folder, one
format after the other, and removed. Every reading is a process of its own. Results are printed and,
with --page, written to a Markdown page.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from benchmarks.ratings_memory import memory

_SECONDS, _MIB, _BATCH_N = 10.0, 1024.0, 5000
_TEXT = "Please say which of billing, delivery, returns or other this ticket is about. " * 5


@dataclass(frozen=True)
class ReadingRow:
    """One line of the page."""

    task: str
    tool: str
    rows_n: int
    size_mb: float
    wall_s: float
    cpu_s: float
    peak_mib: float


def _messages(i: int) -> list[dict[str, str]]:
    asked = f"{_TEXT}Ticket {i}: where is my parcel?"
    return [{"role": "system", "content": "You are a clerk."}, {"role": "user", "content": asked}]


def _body(i: int) -> dict[str, object]:
    message = {"role": "assistant", "content": f"delivery, {i}", "refusal": None}
    return {
        "id": f"chatcmpl-{i:08d}",
        "object": "chat.completion",
        "created": 1760000000 + i,
        "model": "small-1-2026-01-01",
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": _usage(i),
        "system_fingerprint": "fp_0",
    }


def _usage(i: int) -> dict[str, object]:
    return {
        "prompt_tokens": 120 + i % 50,
        "completion_tokens": 20,
        "total_tokens": 140 + i % 50,
        "prompt_tokens_details": {"cached_tokens": 64, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def _litellm(i: int) -> dict[str, object]:
    return {
        "request_id": f"chatcmpl-{i:08d}",
        "call_type": "acompletion",
        "api_key": "88dc28d0f030c55ed4ab77ed8faf0981",
        "spend": 0.0000123,
        "total_tokens": 140 + i % 50,
        "prompt_tokens": 120 + i % 50,
        "completion_tokens": 20,
        "startTime": "2026-01-05T10:00:00.123000Z",
        "endTime": "2026-01-05T10:00:01.456000Z",
        "completionStartTime": "2026-01-05T10:00:00.500000Z",
        "model": "small-1",
        "model_group": "support",
        "custom_llm_provider": "openai",
        "metadata": {"status": "success", "usage_object": _usage(i)},
        "cache_hit": "False",
        "cache_key": "Cache OFF",
        "request_tags": ["team:support"],
        "messages": _messages(i),
        "response": _body(i),
        "session_id": f"s{i}",
        "status": "success",
    }


def _asked(i: int) -> dict[str, object]:
    body = {"model": "small-1", "messages": _messages(i), "temperature": 0, "max_tokens": 20}
    key = f"ticket-{i}"
    return {"custom_id": key, "method": "POST", "url": "/v1/chat/completions", "body": body}


def _said(i: int) -> dict[str, object]:
    answered = {"status_code": 200, "request_id": f"req_{i}", "body": _body(i)}
    key = f"ticket-{i}"
    return {"id": f"batch_req_{i}", "custom_id": key, "response": answered, "error": None}


def _span(i: int) -> dict[str, object]:
    parts = [
        {"role": x["role"], "parts": [{"type": "text", "content": x["content"]}]}
        for x in _messages(i)
    ]
    said = {"type": "text", "content": f"delivery, {i}"}
    answer = [{"role": "assistant", "parts": [said], "finish_reason": "stop"}]
    texts = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "small-1",
        "gen_ai.response.model": "small-1-2026-01-01",
        "gen_ai.input.messages": json.dumps(parts),
        "gen_ai.output.messages": json.dumps(answer),
        "task": "support",
    }
    counts = {"gen_ai.usage.input_tokens": "120", "gen_ai.usage.output_tokens": "20"}
    attributes: list[object] = [{"key": x, "value": {"stringValue": y}} for x, y in texts.items()]
    attributes += [{"key": x, "value": {"intValue": y}} for x, y in counts.items()]
    span = {
        "traceId": f"{i:032x}",
        "spanId": f"{i:016x}",
        "name": "chat small-1",
        "startTimeUnixNano": "1770000000000000000",
        "endTimeUnixNano": "1770000001500000000",
        "attributes": attributes,
        "status": {},
    }
    return {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}


def _observation(i: int) -> dict[str, object]:
    return {
        "id": f"obs-{i}",
        "trace_id": f"trace-{i}",
        "type": "GENERATION",
        "start_time": "2026-03-01 09:00:00.000000",
        "end_time": "2026-03-01 09:00:02.500000",
        "name": "answer",
        "environment": "production",
        "metadata": {"task": "support"},
        "level": "DEFAULT",
        "input": json.dumps(_messages(i)),
        "output": json.dumps({"role": "assistant", "content": f"delivery, {i}"}),
        "provided_model_name": "small-1",
        "model_parameters": '{"temperature":0}',
        "usage_details": {"input": 56, "input_cached_tokens": 64, "output": 20, "total": 140},
        "cost_details": {"input": 0.00001, "output": 0.000002},
        "total_cost": 0.000012,
        "tags": ["support"],
    }


_Make = Callable[[int], dict[str, object]]
# Task -> module of the reader, and the files it reads with what makes their lines.
_TASKS: dict[str, tuple[str, dict[str, _Make], bool]] = {
    "LiteLLM spend logs": ("litellm_spend", {"logs.jsonl": _litellm}, False),
    "OpenAI Batch, requests and answers": (
        "openai_batch",
        {"requests.jsonl": _asked, "output.jsonl": _said},
        False,
    ),
    "OpenAI Batch, answers in another order": (
        "openai_batch",
        {"requests.jsonl": _asked, "output.jsonl": _said},
        True,
    ),
    "Langfuse observations": ("langfuse", {"observations.jsonl": _observation}, False),
    "OpenTelemetry spans": ("otel_genai", {"traces.jsonl": _span}, False),
}


def main() -> int:
    """Exit code 0 when everything was measured; targets are reported, not enforced."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--rows", type=int, default=1_000_000)
    add("--page", type=Path, help="write the Markdown page here")
    add("--one", nargs=2, metavar=("READER", "PATH"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(_measure(asked.one[0], Path(asked.one[1]))))
        return 0
    rows: list[ReadingRow] = []
    for task, (module, files, mixed) in _TASKS.items():
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            for name, make in files.items():
                order = _order(asked.rows, mixed and name == "output.jsonl")
                _write(folder / name, order, make)
            path = folder if len(files) > 1 else folder / next(iter(files))
            for tool, reader in (("headtohead", module), ("json.loads", "json.loads")):
                rows.append(_spawn(task, tool, reader, path))
                print(_line(rows[-1]), flush=True)
    page = _page(rows, asked.rows)
    if asked.page:
        asked.page.parent.mkdir(parents=True, exist_ok=True)
        asked.page.write_text(page, encoding="utf-8")
    return 0


def _order(rows_n: int, mixed: bool) -> Iterator[int]:
    if not mixed:
        yield from range(rows_n)
        return
    import numpy as np

    yield from np.random.default_rng(1).permutation(rows_n).tolist()


def _write(path: Path, order: Iterator[int], make: _Make) -> None:
    with path.open("w", encoding="utf-8") as file:
        for i in order:
            file.write(json.dumps(make(i)) + "\n")


def _spawn(task: str, tool: str, reader: str, path: Path) -> ReadingRow:
    command = [sys.executable, "-m", "benchmarks.reading", "--one", reader, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    files = [path] if path.is_file() else list(path.iterdir())
    size_mb = sum(x.stat().st_size for x in files) / 1e6
    found = json.loads(done.stdout)
    return ReadingRow(task, tool, found["n"], size_mb, found["wall"], found["cpu"], found["peak"])


def _measure(reader: str, path: Path) -> dict[str, float]:
    # Imported before the clock starts: that is paid once a command, whatever the size of the log.
    read = _ours(reader) if reader != "json.loads" else _plain
    wall, cpu = time.perf_counter(), time.process_time()
    rows_n = read(path)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"n": rows_n, "wall": wall, "cpu": cpu, "peak": memory("VmHWM")}


def _ours(reader: str) -> Callable[[Path], int]:
    from headtohead.logs.calls import RunFile

    module = import_module(f"headtohead.logs.formats.{reader}")
    return lambda path: sum(1 for _ in module.read(RunFile(path)).calls)


def _plain(path: Path) -> int:
    """Lines of all files, each only parsed: no checks, no fields, no join."""
    rows_n = 0
    for part in [path] if path.is_file() else sorted(path.iterdir()):
        rows_n = 0
        with part.open("rb") as file:
            for line in file:
                json.loads(line)
                rows_n += 1
    return rows_n


_HEAD = (
    "| log | tool | rows | MB | wall s | CPU s | rows a CPU s | peak MiB | under 10 CPU s, 1 GiB |"
    "\n|---|---|---|---|---|---|---|---|---|"
)


def _line(row: ReadingRow) -> str:
    kept = row.cpu_s < _SECONDS and row.peak_mib < _MIB
    said = ("yes" if kept else "no") if row.tool == "headtohead" else ""
    return (
        f"| {row.task} | {row.tool} | {row.rows_n:,} | {row.size_mb:,.0f} | {row.wall_s:.1f} | "
        f"{row.cpu_s:.1f} | {row.rows_n / row.cpu_s:,.0f} | {row.peak_mib:,.0f} | {said} |"
    )


def _page(rows: list[ReadingRow], rows_n: int) -> str:
    about = (
        "`python -m benchmarks.reading --page docs/benchmarks/reading.md` measures these again and "
        f"writes this page. Each log has {rows_n:,} calls, made up, with messages of about "
        f"{len(_TEXT) + 60} characters. Every reading is a new process; imports are left out. "
        "headtohead gives back a `Call` with messages, parameters, answer, tokens, cost, times and "
        "labels, and checks every record; `json.loads` only parses the lines. The batch is joined "
        "by `custom_id`, its lines counted once. CPU seconds are user and system time of the one "
        "thread that reads, and are what the target is held against: other work on the machine "
        "lengthens the wall time, not them."
    )
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"
    parts = [
        "# Reading logs: speed and memory",
        textwrap.fill(about, 100),
        "\n".join([_HEAD, *(_line(row) for row in rows)]),
        f"Measured on {machine}; load of the machine over 1, 5 and 15 minutes at the end: {load}.",
    ]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    sys.exit(main())
