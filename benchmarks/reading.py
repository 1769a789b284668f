"""Measures how fast logs of calls are read, against a plain loop of `json.loads`.

Run as `python -m benchmarks.reading --rows 1000000`. Files are made up, or repeat what tools wrote,
in a temporary folder, one format after the other, and are removed. Every reading is a process of
its own. Results are printed and, with --page, written to a Markdown page.
"""

import argparse
import csv
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
from functools import partial
from importlib import import_module
from pathlib import Path

from benchmarks.ratings_memory import memory
from benchmarks.reading_files import RESULTS

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


_TOKENS = {"input_tokens": 120, "output_tokens": 20}
_TURNS, _AIM_S = 3, 10
_BY_HAND = "\n## A million rows, read once\n"  # a section that is kept as it stands
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
    add("--results", type=int, default=100_000, help="rows of files of results")
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
            rows += _both(task, module, path)
    for task, (module, written) in RESULTS.items():
        with tempfile.TemporaryDirectory() as made:
            rows += _both(task, module, written(Path(made), asked.results))
    page = _page(rows, asked.rows, _compared(asked.rows))
    if asked.page:
        asked.page.parent.mkdir(parents=True, exist_ok=True)
        before = asked.page.read_text(encoding="utf-8") if asked.page.exists() else ""
        page += "".join(before.partition(_BY_HAND)[1:])
        asked.page.write_text(page, encoding="utf-8")
    return 0


def _both(task: str, module: str, path: Path) -> list[ReadingRow]:
    """The reader, then a plain reading of the same files: of each the least of three, in turn."""
    tools = (("headtohead", module), ("plain", "plain reading"))
    turns = [[_spawn(task, *tool, path) for tool in tools] for _ in range(_TURNS)]
    rows = [min(each, key=lambda row: row.cpu_s) for each in zip(*turns, strict=True)]
    print("\n".join(_lines(rows)), flush=True)
    return rows


def _compared(rows_n: int) -> list[tuple[int, float, float]]:
    """Rows of each of two plain logs, and CPU seconds and peak MiB of `h2h compare` of them."""
    measured = []
    for n in (rows_n // 3, rows_n):
        with tempfile.TemporaryDirectory() as made:
            files = [str(Path(made) / f"{name}.jsonl") for name in "ab"]
            for place, file in enumerate(files):
                _write(Path(file), _order(n, False), partial(_scored, place))
            command = [sys.executable, "-m", "headtohead", "compare", *files]
            with subprocess.Popen(command, stdout=subprocess.DEVNULL) as run:
                _, status, used = os.wait4(run.pid, 0)
                run.returncode = os.waitstatus_to_exitcode(status)
            if run.returncode:
                raise RuntimeError(f"compare ended with {run.returncode}")
        measured.append((n, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024))
    return measured


def _scored(model: int, i: int) -> dict[str, object]:
    score = int((7 * i + model) % 10 < 7)
    answer = {"output": f"an answer, {i}", "category": "support"}
    return {"id": f"item-{i}", "model": f"small-{model}", "score": score, **answer, **_TOKENS}


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
    size_mb = sum(x.stat().st_size for x in _files(path)) / 1e6
    found = json.loads(done.stdout)
    return ReadingRow(task, tool, found["n"], size_mb, found["wall"], found["cpu"], found["peak"])


def _measure(reader: str, path: Path) -> dict[str, float]:
    # Imported before the clock starts: that is paid once a command, whatever the size of the log.
    read = _ours(reader) if reader != "plain reading" else _plain
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
    for part in _files(path):
        if part.suffix == ".csv":
            with part.open(encoding="utf-8", newline="") as text:
                rows_n = sum(1 for _ in csv.DictReader(text))
            continue
        if part.suffix == ".json":
            json.loads(part.read_bytes())
            continue
        with part.open("rb") as file:
            rows_n = sum(json.loads(line) is not None for line in file)
    return rows_n


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(x for x in path.rglob("*.json*") if x.is_file())


_HEAD = (
    "| file | rows | MB | CPU s a million rows | of a plain reading | ratio | peak MiB | "
    "of a plain reading |\n|---|---|---|---|---|---|---|---|"
)


def _lines(rows: list[ReadingRow]) -> list[str]:
    """A line for each file: ours, then the plain reading of it."""
    lines = []
    for ours, plain in zip(rows[::2], rows[1::2], strict=True):
        each = [1e6 * row.cpu_s / ours.rows_n for row in (ours, plain)]
        lines.append(
            f"| {ours.task} | {ours.rows_n:,} | {ours.size_mb:,.0f} | {each[0]:.1f} | "
            f"{each[1]:.1f} | {each[0] / each[1]:.1f} | {ours.peak_mib:,.0f} | "
            f"{plain.peak_mib:,.0f} |"
        )
    return lines


def _missed(rows: list[ReadingRow]) -> str:
    """What takes longer than is aimed at."""
    each = {row.task: 1e6 * row.cpu_s / row.rows_n for row in rows[::2]}
    plain = [1e6 * row.cpu_s / row.rows_n for row in rows[1::2]]
    late = [f"{task} ({s:.0f} s)" for task, s in each.items() if s > _AIM_S]
    return (
        f"The aim is {_AIM_S} s and 1 GiB a million rows in every format. Memory is within it for "
        "all that is read by lines. Time is not, on this machine under this load, where a plain "
        f"reading takes {min(plain):.0f} to {max(plain):.0f} s, for: {', '.join(late) or 'none'}."
    )


def _page(rows: list[ReadingRow], rows_n: int, compared: list[tuple[int, float, float]]) -> str:
    about = (
        "`python -m benchmarks.reading --page docs/benchmarks/reading.md` measures these again and "
        f"writes this page. Logs have {rows_n:,} calls, made up, with messages of about "
        f"{len(_TEXT) + 60} characters; files of results repeat what the tools wrote. Every "
        "reading is a new process; imports are left out. headtohead gives back a `Call` with "
        "messages, parameters, answer, scores, tokens, cost, times and labels, and checks every "
        "record, also for keys that stand twice; a plain reading only parses lines by "
        "`json.loads`, or rows by `csv.DictReader`. CPU seconds are user and system time of the "
        "one thread that reads, the least of three readings. They grow with other work on the "
        "machine, for both alike, so the ratio is what counts. Documents and folders of them are "
        "held in memory. The first CSV of a process loads Arrow and NumPy, up to 0.5 s, which "
        "every command that counts loads anyhow; see the million rows below for what is left."
    )
    (few, little_s, little_mib), (many, much_s, much_mib) = compared
    more = 2 * (many - few)
    each_s, each_mib = (much_s - little_s) / more, (much_mib - little_mib) / more
    kept = (
        "Readers give calls one by one, so a log larger than memory is read. `h2h compare` keeps "
        f"the calls of both logs. Of two plain logs of {few:,} rows each, the whole command takes "
        f"{little_s:.1f} CPU seconds and at most {little_mib:,.0f} MiB, of {many:,} rows each "
        f"{much_s:.1f} CPU seconds and {much_mib:,.0f} MiB. By that difference a log of a million "
        f"rows takes {1e6 * each_s:.0f} CPU seconds and {1e6 * each_mib:,.0f} MiB, and two of them "
        "twice as much. Rows hold an answer of a few words and no messages; what a log holds of "
        "those comes on top."
    )
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"
    parts = [
        "# Reading logs: speed and memory",
        textwrap.fill(about, 100),
        "\n".join([_HEAD, *_lines(rows)]),
        textwrap.fill(_missed(rows), 100),
        "## What `compare` keeps",
        textwrap.fill(kept, 100),
        f"Measured on {machine}; load of the machine over 1, 5 and 15 minutes at the end: {load}.",
    ]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    sys.exit(main())
