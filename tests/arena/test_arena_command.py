"""`h2h arena` as it is typed: it starts, says where, and ends without complaint."""

import asyncio
import inspect
import json
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click
import httpx2
import pytest
from benchmarks import arena_load
from click.testing import CliRunner
from tests.arena.served import TestVoter, serving, written
from tests.simulations import leading
from tests.waiting import LONG_S

import headtohead
from headtohead.arena.command import arena
from headtohead.arena.settings import settings_in
from headtohead.arena.store.store import ArenaStore
from headtohead.arena.web.running import only_server
from headtohead.cli import main
from headtohead.core.errors import InputError, StoreFull
from headtohead.hosting.listening import bound

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


@pytest.mark.parametrize("which", leading(["short", "markdown"], 1))
def test_a_trial_starts_on_a_free_port_and_ends_with_ctrl_c(which: str, tmp_path: Path) -> None:
    database = tmp_path / "kept.sqlite"
    with _started("try", "--set", which, "--database", str(database)) as (process, address):
        with TestVoter(address) as voter:
            assert voter.vote(voter.draw()).status_code == 200
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=LONG_S)
    assert process.returncode == 0, complaints
    link, stopped = complaints.strip().split("\n\n")
    assert link.startswith(f"For whoever runs it: {address}")
    assert stopped == "Stopped. 1 vote counts."
    store = ArenaStore(database)
    assert store.votes_n() == 1
    store.close()


@pytest.mark.parametrize("command", ["try", "serve"])
def test_ctrl_c_before_it_is_served_is_one_line(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("headtohead.hosting.listening.bound", interrupted)
    code, said = _run(command, *([str(written(tmp_path))] if command == "serve" else []))
    assert code == 130
    assert said.splitlines()[-2:] == ["", "Stopped before anyone could vote."]


def test_a_listening_socket_sends_without_waiting_for_more() -> None:
    """asyncio switches Nagle's delay off only where the socket is named as TCP."""
    with bound("127.0.0.1", 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP


def test_votes_are_there_when_it_is_served_again_and_to_all_with_what_others_type(
    tmp_path: Path,
) -> None:
    serve = ("serve", str(written(tmp_path)), "--port", "0")
    hosts = (((), signal.SIGTERM), (("--host", "0.0.0.0"), signal.SIGINT))
    for n, (host, ending) in enumerate(hosts, 1):
        with _started(*serve, *host) as (process, address):
            assert address.startswith(f"http://{'0.0.0.0' if host else '127.0.0.1'}:")
            with TestVoter(address.replace("0.0.0.0", "127.0.0.1")) as voter:
                voter.vote(voter.draw())
            process.send_signal(ending)
            _, said = process.communicate(timeout=LONG_S)
        store = ArenaStore(tmp_path / "arena.sqlite")
        assert store.votes_n() == n
        store.close()
    assert said.startswith("Others put the name of this machine in place of 0.0.0.0.\nFor whoever")


def test_a_port_that_is_taken_is_said_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, shown = _run("serve", str(written(tmp_path)), "--port", port)
    assert code == 64
    assert f"port {port}" in shown
    assert "Choose another --port" in shown


@pytest.mark.parametrize(("voters_n", "kill_after"), leading([(30, 0.5), (80, 0.5), (80, 0.05)], 1))
def test_a_server_killed_while_many_vote_loses_no_vote_that_it_acknowledged(
    tmp_path: Path, voters_n: int, kill_after: float
) -> None:
    acknowledged, kept = arena_load.killed(tmp_path, voters_n, kill_after)
    assert voters_n * kill_after <= acknowledged <= kept <= voters_n


def test_the_help_of_the_group_names_its_commands_and_loads_no_framework() -> None:
    code = (
        "import sys\nfrom headtohead.cli import main\n"
        "try: main(['arena', '--help'])\n"
        "except SystemExit: print([m for m in sys.modules if m in ('litestar', 'numpy')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("[]")
    assert "serve" in done.stdout


def _run(*arguments: str, answers: str | None = None) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["arena", *arguments], input=answers)
    return result.exit_code, result.output


def test_init_asks_five_questions_and_what_it_writes_can_be_served(tmp_path: Path) -> None:
    written(tmp_path, "ant", "bee")
    out = tmp_path / "first.toml"
    said = f"Our test\nant={tmp_path / 'ant.jsonl'}\nbee={tmp_path / 'bee.jsonl'}\n\n\n3\nlink\n"
    code, shown = _run("init", "--out", str(out), answers=said)
    assert code == 0, shown
    assert [n for n in range(1, 7) if f"{n}. " in shown] == [1, 2, 3, 4, 5]
    assert "2 entrants, 3 prompts. Now: h2h arena serve" in shown
    made = settings_in(out)
    assert (made.title, made.margin_pp, made.voters.door) == ("Our test", 3, "link")
    assert made.compare == (("ant", "bee"),)
    with serving(out):
        pass


def test_init_asks_again_what_cannot_be_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, "ant", "bee")
    monkeypatch.chdir(tmp_path)
    typed = ["", "ant", "ant=gone.jsonl", "ant=http://h/v1", "ant=ant.jsonl", "", "ant=bee.jsonl"]
    typed += ["bee=https://h/v1 m sk-1234567890", "bee=bee.jsonl", "", "gone.txt", "", "99"]
    out = tmp_path / "first.toml"
    code, shown = _run("init", "--out", str(out), answers="\n".join([*typed, "3", "all", "", ""]))
    assert code == 0, shown
    for said in (
        "An entrant is NAME=FILE",
        "gone.jsonl: there is no such file",
        "after the endpoint comes the model",
        "Two compete at least",
        "One is called 'ant' already. Give another name.",
        "bee: the key itself is not written down",
        "gone.txt: there is no such file",
        "99.0 is not in the range",
        "'all' is not one of",
    ):
        assert said in shown
    assert [one.name for one in settings_in(out).entrants] == ["ant", "bee"]
    asked = re.sub(r"Error: .*|Wrote .*", "", shown)
    assert max(map(len, asked.splitlines())) <= 80


def test_init_leaves_no_toml_that_cannot_be_served(tmp_path: Path) -> None:
    written(tmp_path, "ant", "bee")
    answers = [f"--entrant={name}={tmp_path / name}.jsonl" for name in ("ant", "bee")]
    out = tmp_path / "first.toml"
    assert _run("init", "--out", str(out), *answers, "--margin", "99")[0] == 64
    assert not out.exists()
    out.write_text("# mine\n")
    assert _run("init", "--out", str(out), "--force", *answers, "--margin", "99")[0] == 64
    assert out.read_text() == "# mine\n"
    assert _run("init", "--out", str(out), "--force", *answers)[0] == 0


def test_a_board_before_the_first_vote_says_so(tmp_path: Path) -> None:
    toml = written(tmp_path, top='compare = [["ant", "bee"]]\n')
    code, shown = _run("board", str(toml))
    assert code == 64
    assert "has not been served yet" in shown
    with serving(toml):
        pass
    code, shown = _run("board", str(toml))
    assert code == 0, shown
    assert "Nobody has voted yet." in shown
    assert "Again: h2h arena board" in shown


def test_init_from_a_log_makes_an_entrant_of_each_model_in_it(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    rows = [
        {"id": id, "model": model, "prompt": "?", "answer": f"{model} on {id}"}
        for id in ("x", "y")
        for model in ("lab/one", "lab/two", 'lab/"three"')
    ]
    log.write_text("".join(json.dumps(row) + "\n" for row in rows))
    out = tmp_path / "first.toml"
    code, shown = _run("init", "--from", str(log), "--out", str(out), "--door", "link")
    assert code == 0, shown
    names = [one.name for one in settings_in(out).entrants]
    assert names == ["lab/one", "lab/two", 'lab/"three"']
    assert str(tmp_path) not in out.read_text()  # a folder with toml and log can be moved
    code, shown = _run("init", "--from", str(log), "--out", str(out))
    assert code == 64
    assert "is there already" in shown
    assert _run("init", "--from", str(log), "--out", str(out), "--force")[0] == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--entrant", "a"), "--entrant takes NAME=FILE"),
        (("--entrant", "a=x.jsonl"), "Two entrants are needed, and there is one"),
        (("--entrant", "a=x", "--entrant", "a=y"), "Two entrants are called 'a'"),
        (("--entrant", "a=http://h/v1"), "after the endpoint comes the model"),
        (("--entrant", "a=x", "--entrant", "b=y"), "there is no such file"),
        (("--from", "nothing.jsonl"), "there is no such file"),
        (
            ("--entrant", "a=x", "--prompts", "gone"),
            "gone: there is no such file. Name another --p",
        ),
    ],
)
def test_init_says_what_is_missing(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    code, shown = _run("init", "--out", str(tmp_path / "a.toml"), *options)
    assert code == 64
    assert said in shown


def test_init_writes_endpoints_with_prompts_of_voters(tmp_path: Path) -> None:
    out = tmp_path / "a.toml"
    ours, theirs = "ours=http://127.0.0.1:8080/v1 tiny", "theirs=https://h.example/v1 big BIG_KEY"
    code, shown = _run("init", "--out", str(out), "--entrant", ours, "--entrant", theirs)
    assert code == 0, shown
    made = settings_in(out)
    assert made.free
    assert made.entrant("theirs").key_env == "BIG_KEY"


def test_links_let_their_voters_in_and_nobody_else(tmp_path: Path) -> None:
    toml = written(tmp_path, more='[voters]\ndoor = "link"\n')
    code, shown = _run("link", str(toml), "Ann", "Bo", "--at", "http://h:1/")
    assert code == 0, shown
    links = dict(line.split(maxsplit=1) for line in shown.splitlines())
    ann, bo = (links[name].removeprefix("http://h:1") for name in ("Ann", "Bo"))
    assert _run("link", str(toml), "Ann")[1].split()[1].endswith(ann)
    with serving(toml) as served:
        outside = httpx2.get(served.address)
        assert outside.status_code == 403
        assert "for those who were given a link" in outside.text
        for wrong in (
            ann[:-1] + ("1" if ann[-1] == "0" else "0"),
            ann.replace("/join/", "/join/x"),
            "/join/nothing",
        ):
            assert httpx2.get(served.address + wrong).status_code == 403
        with httpx2.Client(base_url=served.address, follow_redirects=True) as browser:
            assert "your name, as your link has it" in browser.get(ann).text
            ((name, cookie),) = browser.cookies.items()
        with TestVoter(served.address, {"cookie": f"{name}={cookie}"}) as voter:
            assert voter.vote(voter.draw()).status_code == 200
            (row,) = served.arena.store.rows(
                "SELECT p.name FROM counted_votes AS v JOIN voters AS p ON p.id = v.voter"
            )
            assert row["name"] == "Ann"
            assert "may vote no more" in _run("link", str(toml), "Ann", "--revoke")[1]
            refused = voter.http.post("/battles", data={"form": voter.form})
            assert "cannot vote in this arena any more" in refused.json()["error"]
        assert httpx2.get(served.address + ann).status_code == 403
        assert httpx2.get(served.address + bo).status_code == 303
        assert served.arena.store.votes_n() == 1
    assert "Nobody called 'Cy' was given a link" in _run("link", str(toml), "Cy", "--revoke")[1]


def test_what_is_no_toml_of_an_arena_is_said_with_what_to_give(tmp_path: Path) -> None:
    toml = written(tmp_path)
    with serving(toml):
        pass
    for command in ("serve", "judge"):
        code, shown = _run(command, str(tmp_path / "arena.sqlite"))
        assert (code, "holds votes. Give the toml that describes" in shown) == (64, True)
    code, shown = _run("serve", str(tmp_path / "gone.toml"))
    assert (code, "`h2h arena init` writes a first one" in shown) == (64, True)
    toml.write_text(toml.read_text() + '\n[voters]\ndoor = "link"\n')
    code, shown = _run("link", str(toml), "Ann", "--at", "arena.example.org")
    assert (code, "--at begins with https:// or http://" in shown) == (64, True)


def test_an_open_arena_has_no_links(tmp_path: Path) -> None:
    code, shown = _run("link", str(written(tmp_path)), "Ann")
    assert code == 64
    assert 'write door = "link" under [voters]' in shown


def test_every_command_of_an_arena_is_a_function_of_its_options() -> None:
    for name, command in arena.commands.items():
        taken = inspect.signature(getattr(headtohead, f"arena_{name}")).parameters
        options = {str(p.name) for p in command.params if isinstance(p, click.Option)}
        assert options - {"json", "csv", "html", "markdown"} <= set(taken), name
        assert f"arena_{name}" in dir(headtohead)


def test_what_commands_do_is_done_in_python(tmp_path: Path) -> None:
    for name in ("ant", "bee"):
        rows = [{"nr": n, "said": f"{name} {n}", "asked": f"What is {n}?"} for n in range(9)]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    entrants = [f"{name}={tmp_path / name}.jsonl" for name in ("ant", "bee")]
    out = tmp_path / "python.toml"
    with pytest.raises(InputError, match=r"`mapping=\{'key': 'COLUMN'\}`"):
        headtohead.arena_init(out, entrants=entrants, mapping={"key": "nr", "output": "said"})
    code, shown = _run("init", "--out", str(out), *(f"--entrant={one}" for one in entrants))
    assert (code, "--map key=COLUMN" in shown) == (64, True), shown
    assert not out.exists()
    mapping = {"key": "asked", "output": "said"}
    made = headtohead.arena_init(out, entrants=entrants, mapping=mapping, door="link")
    assert str(made) == f"Wrote {out}: 2 entrants, 9 prompts. Now: h2h arena serve {out}"
    typed = [*(f"--entrant={one}" for one in entrants), "--door", "link"]
    typed += ["--map", "key=asked", "--map", "output=said", "--format", "auto"]
    assert _run("init", "--out", str(tmp_path / "typed.toml"), *typed)[0] == 0
    assert (tmp_path / "typed.toml").read_text() == out.read_text()

    links = headtohead.arena_link(out, ["Ann", "Bo"], at="http://h:1/")
    assert _run("link", str(out), "Ann", "--at", "http://h:1")[1].split() == ["Ann", links["Ann"]]
    assert headtohead.arena_link(out, "Bo", revoke=True) == {"Bo": ""}
    with serving(out) as served:
        came = httpx2.get(served.address + links["Ann"].removeprefix("http://h:1"))
        with TestVoter(served.address, {"cookie": came.headers["set-cookie"]}) as voter:
            assert voter.vote(voter.draw()).status_code == 200
    assert headtohead.arena_export(out, tmp_path / "votes.csv") == 1
    with pytest.raises(InputError, match="`layout` is one of lmarena"):
        headtohead.arena_export(out, tmp_path / "x", layout="xml")
    taken = headtohead.arena_import(tmp_path / "votes.csv", out)
    assert str(taken) == f"0 votes imported into {out}, 1 was there already."
    with pytest.raises(InputError, match=r"Write \[judge\]"):
        headtohead.arena_judge(out)


def test_python_serves_until_it_is_stopped_and_computes_nothing_itself(tmp_path: Path) -> None:
    code = (
        "import headtohead, os, signal, sys\n"
        "def ready(at): print(at); os.kill(os.getpid(), signal.SIGINT)\n"
        f"n = headtohead.arena_serve({str(written(tmp_path))!r}, port=0, ready=ready)\n"
        "n += headtohead.arena_try('markdown', ready=ready)\n"
        "print([x for x in sys.modules if x in ('headtohead.arena.board', 'pyarrow', 'scipy')])\n"
        "print(n)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    said = done.stdout.splitlines()
    assert (done.returncode, said[-2:]) == (0, ["[]", "0"]), done
    assert said[0] == "Test arena: 3 entrants, 3 prompts."
    assert said[4].startswith("A trial arena: 3 entrants, ")
    with pytest.raises(InputError, match="No built-in set of answers is called 'long'"):
        headtohead.arena_try("long")


def test_a_notebook_is_told_to_serve_from_a_terminal() -> None:
    async def cell() -> None:
        headtohead.arena_try()

    with pytest.raises(InputError, match="Run `h2h arena serve` in a terminal"):
        asyncio.run(cell())


def test_the_board_is_the_same_by_command_and_in_python(tmp_path: Path) -> None:
    more = '[[sides]]\nname = "big"\nentrants = ["bee", "cat"]\n'
    toml = written(tmp_path, more=more, top='margin_pp = 7\ncompare = [["ant", "big"]]')
    with serving(toml) as served:
        assert _run("board", str(toml))[0] == 0
        assert "Nobody has voted yet." in _run("board", str(toml))[1]
        for number in range(8):
            with TestVoter(served.address) as voter:
                voter.vote(voter.draw(), ("left", "right", "tie", "both_bad")[number % 4])
    database = tmp_path / "arena.sqlite"
    code, text = _run("board", str(database))
    assert code == 0, text
    whole = "Here the votes of all voters and days count, whatever was chosen."
    assert whole not in text
    assert whole in _run("board", str(database), "--until", "2020-01-01")[1]
    # In a table an id with a sign before it would be guarded as a formula, and known no more.
    with closing(sqlite3.connect(database)) as file:
        assert all(id.isalnum() for (id,) in file.execute("SELECT id FROM battles"))
    flowing = " ".join(text.split())
    assert "do not decide whether big is worse than ant by more than 7 percentage points" in flowing
    assert max(len(row) for row in text.splitlines() if str(tmp_path) not in row) <= 80
    said = json.loads(_run("board", str(database), "--json")[1])
    result = headtohead.arena_board(database)
    assert said == json.loads(result.to_json())
    assert said == json.loads(headtohead.arena_board(toml).to_json())
    assert (said["votes_counted"], said["title"]) == (8, "Test arena")
    assert [meter["sides"] for meter in said["meters"] if not meter["category"]] == [["ant", "big"]]
    assert _run("board", str(database), "--csv")[1].startswith("model,rank,")
    facts = headtohead.arena_board(database, category="facts")
    assert facts.view.votes == len([v for v in _votes(database) if v == "facts"])
    for options, what in (("--category", "none"), ("--until", "soon")):
        assert _run("board", str(database), options, what)[0] == 64
    assert _run("board", str(tmp_path / "nothing.sqlite"))[0] == 64


def _votes(database: Path) -> list[str]:
    store = ArenaStore(database)
    found = [row["category"] for row in store.rows("SELECT category FROM counted_votes")]
    store.close()
    return found


def test_a_file_has_one_server_and_a_killed_one_leaves_it_free(tmp_path: Path) -> None:
    toml = written(tmp_path)
    with arena_load.served(tmp_path / "arena.sqlite") as first:
        before = (tmp_path / "arena.sqlite").read_bytes()
        second = CliRunner().invoke(main, ["arena", "serve", str(toml), "--port", "0"])
        assert second.exit_code == 75
        assert "is served by another process" in second.stderr
        assert (tmp_path / "arena.sqlite").read_bytes() == before
        first.process.kill()
        first.process.wait()
    with only_server(tmp_path / "arena.sqlite"):
        pass


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreFull, match="cannot be written"), only_server(tmp_path / ("a" * 300)):
        pass
