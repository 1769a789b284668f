"""A model behind llama.cpp's own OpenAI-compatible server, in a process that ends with ours.

By hand: `python -m tests.models.server --model FILE.gguf --alias NAME [--port 8080]`.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
UP_SECONDS = 60.0


def _serve(model: Path, alias: str, port: int, context: int, parallel: int) -> None:
    """Serve until our input ends, which it does when whoever started us is gone."""
    import xllamacpp  # type: ignore[import-untyped]

    params = xllamacpp.CommonParams()
    params.model.path = str(model)
    params.model_alias = {alias}
    params.hostnames = ["127.0.0.1"]
    params.port = port
    # llama.cpp splits the context over its slots.
    params.n_ctx = context * parallel
    params.n_parallel = parallel
    # Two threads that wait for each other by spinning are many times slower on a busy machine.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.n_gpu_layers = 0
    params.warmup = params.ui = params.fit_params = False
    server = xllamacpp.Server(params)
    sys.stdout.write(json.dumps({"base_url": server.listening_address}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


class ServerFailed(RuntimeError):
    """A server did not come up; the message holds its log."""


def _address(process: subprocess.Popen[bytes], out: Path, log: Path) -> str:
    """Where the server listens; it says so once the model is loaded."""
    until = time.monotonic() + UP_SECONDS
    while time.monotonic() < until:
        said = out.read_text(encoding="utf-8", errors="replace")
        for line in said.splitlines(keepends=True):
            if line.startswith('{"base_url"') and line.endswith("\n"):
                return str(json.loads(line)["base_url"])
        if process.poll() is not None:
            break
        time.sleep(0.02)
    end = log.read_text(encoding="utf-8", errors="replace")[-4000:]
    state = "still loading" if process.poll() is None else f"exit code {process.returncode}"
    raise ServerFailed(f"no server after {UP_SECONDS:g} s ({state}); its log ends:\n{end}")


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def serving(model: Path, alias: str, *, context: int = 2048, parallel: int = 4) -> Iterator[str]:
    """The base URL, with `/v1`, of a server of one model.

    Args:
        model: A GGUF file.
        alias: What the server calls the model.
        context: Tokens of context for each request.
        parallel: Requests answered at the same time; more wait.

    Raises:
        ServerFailed: If it is not up after 60 seconds.
    """
    command = [sys.executable, "-m", "tests.models.server", "--model", str(model)]
    command += ["--alias", alias, "--context", str(context), "--parallel", str(parallel)]
    with tempfile.TemporaryDirectory(prefix="h2h-server-") as folder:
        out, log = Path(folder, "out"), Path(folder, "log")
        with out.open("wb") as to_out, log.open("wb") as to_log:
            process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=to_out, stderr=to_log
            )
        try:
            yield _address(process, out, log) + "/v1"
        finally:
            _end(process)


def main() -> None:
    """Serve one model until our input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--alias", required=True)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--context", type=int, default=2048)
    parser.add_argument("--parallel", type=int, default=4)
    asked = parser.parse_args()
    _serve(asked.model, asked.alias, asked.port, asked.context, asked.parallel)


if __name__ == "__main__":
    main()
