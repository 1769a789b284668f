"""Measures an arena under many voters at once, and kills its server while they vote.

Run as `python -m benchmarks.arena_load --voters 200 --seconds 60 --kills 20`. The server is `h2h
arena try` in a process of its own, the voters are one other process on the same machine, each with
a connection and an address of its own (as a proxy forwards it), or all with one (`--one-address`).
A voter draws a battle, reads for a random time, votes, sees the names, and goes on, by the plain
forms that a browser sends. `--watchers` have the leaderboard open, which looks for votes every five
seconds. With `--live`, answers are streamed from two fast endpoints in processes of their own, and
voters read both streams to their ends.
"""

import argparse
import asyncio
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import numpy as np

_LOOK_S = 5.0  # between two looks of a leaderboard for new votes


@dataclass
class LoadedServer:
    """A server of built-in answers.

    Attributes:
        database: Where its votes are.
        port: Where it listens on this machine.
    """

    process: subprocess.Popen[str]
    database: Path
    port: int

    @property
    def cpu_s(self) -> float:
        """Seconds of processor time that it has taken."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(") ")[2].split()
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _endpoints() -> Iterator[list[str]]:
    """Addresses of two fast endpoints, which say at the end what they were asked."""
    command = [sys.executable, "-m", "benchmarks.arena_endpoint", "--tokens", "100"]
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    try:
        yield [f"http://127.0.0.1:{int(one.stdout.readline())}/v1" for one in running if one.stdout]
    finally:
        for one in running:
            print(f"An endpoint had {one.communicate(timeout=30)[0].strip()}.")


def live_toml(folder: Path, addresses: Sequence[str], more: str = "") -> Path:
    """An arena of entrants behind endpoints, with one prompt for each of many draws."""
    parts = ['title = "t"', 'database = "load.sqlite"', more]
    for n, address in enumerate(addresses):
        parts.append(f'[[entrants]]\nname = "e{n}"\nendpoint = "{address}"\nmodel = "m"')
    parts += [f'[[prompts]]\nid = "p{n}"\ntext = "Question {n}"' for n in range(200)]
    toml = folder / "arena.toml"
    toml.write_text("\n".join(parts))
    return toml


@contextmanager
def served(database: Path, toml: Path | None = None) -> Iterator[LoadedServer]:
    """The server of built-in answers, or of an arena.toml, until the block ends."""
    try_out = ["try", "--database", str(database)]
    arena = ["serve", str(toml), "--port", "0"] if toml else try_out
    command = [sys.executable, "-u", "-m", "headtohead", "arena", *arena]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        said = ""
        assert process.stdout
        while "Ctrl-C" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        found = re.search(r"http://[^/]+:(\d+)", said)
        assert found
        yield LoadedServer(process, database, int(found[1]))
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
    finally:
        process.kill()
        process.communicate()


@dataclass
class LoadVoter:
    """One voter with a connection of its own.

    Attributes:
        times: Kind of request -> seconds of each, shared by all voters.
        acknowledged: Battles on which the server has said that the vote counts, shared too.
    """

    port: int
    number: int
    times: dict[str, list[float]]
    acknowledged: set[str]
    forwarded: bool = True
    cookie: str = ""
    form: str = ""
    battle: str = ""
    token: str = ""
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = field(default=None)

    async def ask(
        self, kind: str, method: str, path: str, sent: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], str]:
        """Status, headers and text of an answer."""
        began = time.perf_counter()
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._streams
        body = urlencode(sent or {}).encode()
        address = f"10.{self.number >> 16}.{self.number >> 8 & 255}.{self.number & 255}"
        lines = [
            f"{method} {path} HTTP/1.1",
            "host: arena",
            "accept: text/html",
            *([f"x-forwarded-for: {address}"] if self.forwarded else []),
            f"cookie: {self.cookie}",
            "content-type: application/x-www-form-urlencoded",
            f"content-length: {len(body)}",
        ]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])
        }
        text = (await reader.readexactly(int(headers.get("content-length", 0)))).decode()
        self.times[kind].append(time.perf_counter() - began)
        return int(head[0].split()[1]), headers, text

    async def read_live(self) -> None:
        """Both answers to their ends, by a connection of their own as a browser does."""
        began = time.perf_counter()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        lines = [f"GET {self.battle}/stream HTTP/1.1", "host: arena", f"cookie: {self.cookie}"]
        writer.write("\r\n".join([*lines, "connection: close"]).encode() + b"\r\n\r\n")
        shown, first = b"", 0.0
        while more := await reader.read(65536):
            shown += more
            if not first and b"event: left" in shown and b"event: right" in shown:
                first = time.perf_counter() - began
        assert b"event: done" in shown, shown[-500:]
        self.times["first text"].append(first or time.perf_counter() - began)
        self.times["both answers"].append(time.perf_counter() - began)
        writer.close()

    async def begin(self) -> None:
        """Come through the door."""
        status, headers, text = await self.ask("first page", "GET", "/")
        assert status == 200, text
        self.cookie = headers["set-cookie"].partition(";")[0]
        self.form = _hidden(text, "form")

    async def draw(self) -> bool:
        """A battle and its page; False if none is left."""
        status, headers, text = await self.ask("draw", "POST", "/battles", {"form": self.form})
        if status == 200:
            return False
        assert status == 303, text
        self.battle = headers["location"]
        self.token = _hidden((await self.ask("battle", "GET", self.battle))[2], "token")
        return True

    async def vote(self) -> None:
        """A vote, and the page with the names."""
        sent = {"token": self.token, "outcome": "left"}
        status, _, text = await self.ask("vote", "POST", f"{self.battle}/vote", sent)
        assert status == 303, text
        self.acknowledged.add(self.battle.rpartition("/")[2])
        await self.ask("names", "GET", self.battle)

    def close(self) -> None:
        """Hang up."""
        if self._streams:
            self._streams[1].close()


def _hidden(page: str, name: str) -> str:
    return page.partition(f'name="{name}" value="')[2].partition('"')[0]


def _voters(server: LoadedServer, n: int, *, forwarded: bool = True) -> list[LoadVoter]:
    times: dict[str, list[float]] = defaultdict(list)
    acknowledged: set[str] = set()
    return [LoadVoter(server.port, number, times, acknowledged, forwarded) for number in range(n)]


def kept_votes(database: Path) -> list[str]:
    """The battles of all votes in a file, each as often as it is there."""
    with closing(sqlite3.connect(database)) as db:
        return [row[0] for row in db.execute("SELECT battle FROM votes")]


async def load(
    server: LoadedServer,
    voters_n: int,
    seconds: float,
    think_s: float,
    *,
    watchers_n: int = 0,
    forwarded: bool = True,
    live: bool = False,
) -> list[str]:
    """The rows of the page of many voters at once, who read for a random time before each vote."""
    rng, voters = np.random.default_rng(1), _voters(server, voters_n, forwarded=forwarded)
    watchers = _voters(server, watchers_n, forwarded=forwarded)
    before, began = server.cpu_s, time.perf_counter()

    async def go_on(voter: LoadVoter) -> None:
        await asyncio.sleep(rng.uniform(0, think_s))
        await voter.begin()
        while time.perf_counter() - began < seconds and await voter.draw():
            if live:
                await voter.read_live()
            await asyncio.sleep(rng.exponential(think_s))
            await voter.vote()

    async def watch(watcher: LoadVoter) -> None:
        await asyncio.sleep(rng.uniform(0, _LOOK_S))
        while time.perf_counter() - began < seconds:
            status, _, text = await watcher.ask("votes so far", "GET", "/board/votes-now")
            assert status == 200, text
            await watcher.ask("leaderboard", "GET", "/board")
            await asyncio.sleep(_LOOK_S)

    await asyncio.gather(*map(go_on, voters), *map(watch, watchers))
    took, cpu = time.perf_counter() - began, server.cpu_s - before
    times, acknowledged = voters[0].times, voters[0].acknowledged
    for voter in (*voters, *watchers):
        voter.close()
    kept = kept_votes(server.database)
    assert sorted(kept) == sorted(acknowledged), "a vote was lost or counted twice"
    n = sum(map(len, times.values())) - len(times["both answers"])
    rows = [
        f"Load of the machine: {os.getloadavg()[0]:.1f}.",
        f"{voters_n} voters, {n:,} requests and {len(kept):,} votes in {took:.0f} s, none lost; "
        f"{cpu / n * 1e3:.1f} ms of processor time a request.",
        "",
        "| request | n | median, ms | p99, ms |",
        "|---|---|---|---|",
    ]
    streams = ("first text", "both answers")
    every = [second for kind, taken in times.items() if kind not in streams for second in taken]
    watched = watchers[0].times if watchers else {}
    pages = {name: taken for name, taken in times.items() if taken}
    for name, taken in [*pages.items(), ("all pages", every), *watched.items()]:
        middle, high = np.quantile(taken, (0.5, 0.99)) * 1e3
        rows.append(f"| {name} | {len(taken):,} | {middle:.0f} | {high:.0f} |")
    return rows


async def _voting_at_once(server: LoadedServer, voters_n: int, kill_after: float) -> set[str]:
    """Battles of acknowledged votes; the server is killed once a part of them is acknowledged."""
    voters = _voters(server, voters_n)
    for start in range(0, voters_n, 50):
        some = voters[start : start + 50]
        await asyncio.gather(*(voter.begin() for voter in some))
        await asyncio.gather(*(voter.draw() for voter in some))
    acknowledged = voters[0].acknowledged

    async def kill() -> None:
        while len(acknowledged) < kill_after * voters_n:
            await asyncio.sleep(0.001)
        server.process.kill()

    async def vote(voter: LoadVoter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await voter.vote()

    await asyncio.gather(kill(), *map(vote, voters))
    for voter in voters:
        voter.close()
    return acknowledged


def killed(folder: Path, voters_n: int, kill_after: float) -> tuple[int, int]:
    """Acknowledged and kept votes after a kill -9 in the midst of votes at once.

    Raises:
        AssertionError: If an acknowledged vote is missing, one is there twice, or the file cannot
            be served again.
    """
    database = folder / "killed.sqlite"
    with suppress(subprocess.TimeoutExpired), served(database) as server:
        acknowledged = asyncio.run(_voting_at_once(server, voters_n, kill_after))
        server.process.wait()
    with served(database):
        kept = kept_votes(database)
    assert acknowledged <= set(kept), "an acknowledged vote is missing"
    assert len(kept) == len(set(kept)), "a vote is there twice"
    return len(acknowledged), len(kept)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the rows of the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--voters", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--think", type=float, default=10.0, help="mean seconds before a vote")
    parser.add_argument("--watchers", type=int, default=0, help="who have the leaderboard open")
    parser.add_argument("--one-address", action="store_true", help="of all voters")
    parser.add_argument("--live", action="store_true", help="stream from two fast endpoints")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--at-once", type=int, default=1000, help="votes at each kill")
    asked = parser.parse_args(arguments)
    rng = np.random.default_rng(2)
    with tempfile.TemporaryDirectory() as name:
        if asked.voters:
            with ExitStack() as running:
                toml = None
                if asked.live:
                    toml = live_toml(Path(name), running.enter_context(_endpoints()))
                server = running.enter_context(served(Path(name) / "load.sqlite", toml))
                rows = asyncio.run(
                    load(
                        server,
                        asked.voters,
                        asked.seconds,
                        asked.think,
                        watchers_n=asked.watchers,
                        forwarded=not asked.one_address,
                        live=asked.live,
                    )
                )
            print("\n".join(rows))
        found = []
        for number in range(asked.kills):
            folder = Path(name) / str(number)
            folder.mkdir()
            found.append(killed(folder, asked.at_once, rng.uniform(0.1, 0.9)))
        if found:
            told, kept = np.sum(found, axis=0)
            print(
                f"\n{asked.kills} kills during {asked.at_once:,} votes at once each: {told:,} "
                f"votes were acknowledged and {kept:,} kept, every acknowledged one, none twice."
            )


if __name__ == "__main__":
    main()
