"""How fast the site answers 100 readers at once, and how much memory its server takes.

Run as `python -m benchmarks.site --readers 100 --pause 1`. It starts `h2h serve` in a process of
its own, reads every page of the mix once, and then lets the readers read it, each on a connection
that is kept, with a pause of about so many seconds between two pages (0: as fast as they can).
Readers are sockets without a browser: the server is measured with the network, on the machine that
reads. Memory is looked at twenty times a second, while pages are made as well.
"""

import argparse
import asyncio
import os
import re
import statistics
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from random import Random
from urllib.request import urlopen

# Path -> how often it is read among the others: most people see the first page and a model.
MIX = {
    "/": 20,
    "/versus/gpt-5/deepseek-v3.2": 15,
    "/models/gpt-5": 10,
    "/models/deepseek-v3.2": 10,
    "/models": 8,
    "/boards": 8,
    "/prices": 6,
    "/claims": 6,
    "/gap": 4,
    "/retirements": 3,
    "/on/2026-03-31/versus/US/CN": 3,
    "/search/gpt": 2,
    "/static/style.css": 5,
    "/boards.json": 2,
    "/prices.csv": 2,
    "/api/v1/versus?a=gpt-5&b=deepseek-v3.2": 3,
}


def memory_mb(process: int) -> float:
    """What a process and its children hold, in MiB."""
    mine = [process, *_children(process)]
    pages = [int(Path(f"/proc/{p}/statm").read_text().split()[1]) for p in mine]
    return sum(pages) * 4096 / 2**20


def _children(process: int) -> list[int]:
    threads = Path(f"/proc/{process}/task").glob("*/children")
    own = [int(word) for thread in threads for word in thread.read_text().split()]
    return own + [each for child in own for each in _children(child)]


class Watch(threading.Thread):
    """Looks how much a process and its children hold.

    Attributes:
        most_mb: The most that was seen.
    """

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self._process, self.most_mb, self.ended = process, 0.0, threading.Event()

    def run(self) -> None:
        """Look until the process is ended."""
        while not self.ended.wait(0.05):
            with suppress(OSError):
                self.most_mb = max(self.most_mb, memory_mb(self._process))


def cpu_s(process: int) -> float:
    """Seconds of processor time that a process has taken, without its children."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


async def reads(address: tuple[str, int], until: float, pause_s: float, rng: Random) -> list[float]:
    """One reader: what each answer took, in ms.

    Raises:
        RuntimeError: If an answer is no page.
    """
    host, port = address
    took_ms: list[float] = []
    reader, writer = await asyncio.open_connection(host, port)
    paths, weights = list(MIX), list(MIX.values())
    while time.perf_counter() < until:
        await asyncio.sleep(rng.uniform(0, 2 * pause_s))
        path = rng.choices(paths, weights)[0]
        begun = time.perf_counter()
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"{path}: {head[:80]!r}")
        length = re.search(rb"content-length: (\d+)", head)
        assert length
        await reader.readexactly(int(length[1]))
        took_ms.append((time.perf_counter() - begun) * 1e3)
    writer.close()
    return took_ms


async def crowd(address: tuple[str, int], asked: argparse.Namespace) -> list[float]:
    """What each answer to all readers took, in ms."""
    until = time.perf_counter() + asked.seconds
    everyone = (reads(address, until, asked.pause, Random(n)) for n in range(asked.readers))
    return [ms for one in await asyncio.gather(*everyone) for ms in one]


def main() -> None:
    """Measure, and print a line for each figure."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--seconds", type=float, default=20)
    asked.add_argument("--readers", type=int, default=100)
    asked.add_argument("--pause", type=float, default=0)
    chosen = asked.parse_args()
    command = [sys.executable, "-m", "headtohead", "serve", "--port", "0", "--per-minute", "1000"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout
    try:
        address = re.search(r"http://([\d.]+):(\d+)", server.stdout.readline())
        assert address
        host, port = address[1], int(address[2])
        watch, begun = Watch(server.pid), time.perf_counter()
        watch.start()
        for path in MIX:
            with urlopen(f"http://{host}:{port}{path}", timeout=120) as answer:
                answer.read()
        print(f"all {len(MIX)} pages made: {time.perf_counter() - begun:.1f} s")
        before_s = cpu_s(server.pid)
        took = asyncio.run(crowd((host, port), chosen))
        each_ms = (cpu_s(server.pid) - before_s) / len(took) * 1e3
        watch.ended.set()
        parts = statistics.quantiles(took, n=100)
        print(f"{chosen.readers} readers, {len(took) / chosen.seconds:,.0f} answers/s")
        print(f"processor time of the server: {each_ms:.2f} ms an answer")
        print(f"p50 {parts[49]:.1f} ms, p95 {parts[94]:.1f} ms, p99 {parts[98]:.1f} ms")
        print(f"memory of server and process beside it, at most: {watch.most_mb:.0f} MiB")
    finally:
        server.terminate()
        server.wait(30)


if __name__ == "__main__":
    main()
