"""`h2h arena` as it is typed: it starts, says where, and ends without complaint."""

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.arena.served import TestVoter, written

from headtohead.arena.store.store import ArenaStore

_ARENA = [sys.executable, "-u", "-m", "headtohead", "arena"]


@contextmanager
def _started(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The running command, and the address that it says."""
    process = subprocess.Popen(
        [*_ARENA, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        said = ""
        while "Ctrl-C" not in said:
            line = process.stdout.readline()
            assert line, process.stderr.read()
            said += line
        found = re.search(r"http://\S+", said)
        assert found, said
        yield process, found[0]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


@pytest.mark.parametrize("which", ["short", "markdown"])
def test_a_trial_starts_on_a_free_port_and_ends_with_ctrl_c(which: str, tmp_path: Path) -> None:
    database = tmp_path / "kept.sqlite"
    with _started("try", "--set", which, "--database", str(database)) as (process, address):
        with TestVoter(address) as voter:
            assert voter.vote(voter.draw()).status_code == 200
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=20)
    assert process.returncode == 0, complaints
    assert complaints.strip() == "Stopped. 1 vote counts."
    store = ArenaStore(database)
    assert store.votes_n() == 1
    store.close()


def test_votes_of_an_arena_are_there_when_it_is_served_again(tmp_path: Path) -> None:
    toml = written(tmp_path)
    for n in (1, 2):
        with _started("serve", str(toml), "--port", "0") as (process, address):
            with TestVoter(address) as voter:
                voter.vote(voter.draw())
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)
        store = ArenaStore(tmp_path / "arena.sqlite")
        assert store.votes_n() == n
        store.close()


def test_a_port_that_is_taken_is_said_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [*_ARENA, "serve", str(written(tmp_path)), "--port", port]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 64
    assert f"port {port}" in done.stderr
    assert "Choose another --port" in done.stderr


def test_a_killed_server_loses_no_vote_that_it_acknowledged(tmp_path: Path) -> None:
    database = tmp_path / "kept.sqlite"
    with _started("try", "--database", str(database)) as (process, address):
        with TestVoter(address) as voter:
            battle = voter.draw()
            assert voter.vote(battle).status_code == 200
        process.kill()
        process.wait()
    store = ArenaStore(database)
    assert [row["battle"] for row in store.rows("SELECT battle FROM votes")] == [battle["id"]]
    store.close()


def test_the_help_of_the_group_names_its_commands_and_loads_no_framework() -> None:
    code = (
        "import sys\nfrom headtohead.cli import main\n"
        "try: main(['arena', '--help'])\n"
        "except SystemExit: print([m for m in sys.modules if m in ('litestar', 'numpy')])"
    )
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert time.monotonic() - began < 5
    assert done.stdout.rstrip().endswith("[]")
    assert "serve" in done.stdout
