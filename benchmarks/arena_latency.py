"""Measures what the server of an arena adds to the first text of two answers.

Run as `python -m benchmarks.arena_latency --rounds 200`. Two endpoints, the arena and the voter
are processes of their own on this machine. Each endpoint writes the first token after a time that
is drawn anew for each request, and notes when. In turn, both are asked directly by a plain client,
and through the arena by a voter of its own; "added" is the time from the request to the first text,
without the time that the later of the two endpoints took for its own.
"""

import argparse
import asyncio
import json
import platform
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from ipaddress import ip_address
from pathlib import Path

import httpx2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


async def _direct(http: httpx2.AsyncClient, address: str) -> tuple[float, float]:
    """Seconds to the first text, and those that the endpoint took for itself."""
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}], "stream": True}
    begun = time.monotonic()
    text, first = "", 0.0
    async with http.stream("POST", f"{address}/chat/completions", json=body) as answer:
        async for line in answer.aiter_lines():
            if line.startswith("data: {"):
                piece = json.loads(line[6:])["choices"][0]["delta"].get("content", "")
                # Read to its end, as the arena does, so that the connection can be kept.
                text, first = text or piece, first or time.monotonic() - begun
    return first, float(text)


async def _both_directly(http: httpx2.AsyncClient, addresses: Sequence[str]) -> float:
    both = await asyncio.gather(*(_direct(http, address) for address in addresses))
    return max(first for first, _ in both) - max(took for _, took in both)


async def _through(arena: str) -> tuple[float, float]:
    """Seconds that the arena adds for a new voter: since the page asks for the text, and in all."""
    limits = httpx2.Limits(max_keepalive_connections=1)
    # An address of its own, as a proxy forwards it: a new voter each time.
    headers = {"x-forwarded-for": str(ip_address(secrets.randbits(32)))}
    async with httpx2.AsyncClient(
        base_url=arena, headers=headers, limits=limits, verify=False
    ) as http:
        page = (await http.get("/")).text
        form = page.partition('name="form" value="')[2].partition('"')[0]
        asked = {"accept": "application/json"}
        clicked = time.monotonic()
        drawn = await http.post("/battles", data={"form": form}, headers=asked)
        battle = drawn.json()["id"]
        first, shown = 0.0, {"left": "", "right": ""}
        begun = time.monotonic()
        async with http.stream("GET", f"/battles/{battle}/stream") as answer:
            name = ""
            async for line in answer.aiter_lines():
                if line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: ") and name in shown:
                    first = first or time.monotonic()
                    shown[name] += json.loads(line[6:])["text"]
                elif name in ("done", "failed") and line.startswith("data: "):
                    assert name == "done", line
                    break
    first -= max(float(text.split()[0]) for text in shown.values())
    return first - begun, first - clicked


async def _measured(
    arena: str, addresses: Sequence[str], rounds: int, at_once: int
) -> tuple[Floats, Floats, Floats]:
    """What a direct client adds, and what the arena adds, twice, in milliseconds."""
    # As the arena keeps connections.
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    direct, through = [], []
    async with httpx2.AsyncClient(limits=limits, verify=False) as http:
        for n in range(rounds + 3):
            one = [_both_directly(http, addresses) for _ in range(at_once)]
            other = [_through(arena) for _ in range(at_once)]
            said = await asyncio.gather(*one), await asyncio.gather(*other)
            # The first rounds read modules and open files.
            if n >= 3:
                direct += said[0]
                through += said[1]
    since_page, in_all = np.array(through).T * 1000
    return np.array(direct) * 1000, since_page, in_all


def _process(*command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _line(process: subprocess.Popen[str], has: str = "") -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if has in line:
            return line.strip()
    raise SystemExit("a process ended before it listened")


def _toml(folder: Path, addresses: Sequence[str]) -> Path:
    entrants = "".join(
        f'[[entrants]]\nname = "e{n}"\nendpoint = "{address}"\nmodel = "m"\n'
        for n, address in enumerate(addresses)
    )
    toml = folder / "arena.toml"
    more = '[[prompts]]\nid = "p"\ntext = "x"\n[limits]\nat_once = 64\n'
    toml.write_text(f'title = "t"\n{entrants}{more}')
    return toml


def _report(
    direct: Floats, through: Floats, in_all: Floats, at_once: int, rng: np.random.Generator
) -> str:
    def parts(values: Floats) -> str:
        return f"{np.median(values):.1f} | {np.quantile(values, 0.95):.1f}"

    drawn = [
        np.median(rng.choice(through, through.size)) - np.median(rng.choice(direct, direct.size))
        for _ in range(2000)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    added = f"{np.median(through) - np.median(direct):.1f} ({low:.1f} to {high:.1f})"
    late = np.quantile(through, 0.95) - np.quantile(direct, 0.95)
    return (
        f"| {at_once} | {direct.size} | {parts(direct)} | {parts(through)} | {added} | {late:.1f} "
        f"| {np.median(in_all):.1f} |"
    )


def main() -> None:
    """Measure, and print the rows of the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--at-once", type=int, nargs="*", default=[1, 10, 30])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:

        def start(*command: str) -> subprocess.Popen[str]:
            process = _process(*command)
            running.callback(process.wait)
            running.callback(process.terminate)
            return process

        endpoints = [start("-m", "benchmarks.arena_endpoint") for _ in range(2)]
        addresses = [f"http://127.0.0.1:{_line(endpoint)}/v1" for endpoint in endpoints]
        toml = _toml(Path(folder), addresses)
        served = start("-m", "headtohead", "arena", "serve", str(toml), "--port", "0")
        arena = "http://" + _line(served, "http://").split("http://")[1].split()[0].rstrip("/")
        print(f"Python {platform.python_version()}, {platform.machine()}")
        for at_once in asked.at_once:
            rounds = max(1, asked.rounds // at_once)
            measured = asyncio.run(_measured(arena, addresses, rounds, at_once))
            print(_report(*measured, at_once, np.random.default_rng(1)))


if __name__ == "__main__":
    main()
