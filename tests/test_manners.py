"""Manners of the command line: pipes, help, slips of the pen, and what is not loaded."""

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner
from tests.simulations import leading

import headtohead
from headtohead import cli

H2H = [sys.executable, "-m", "headtohead"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What is made on first use, is made once."""
    return str(tmp_path_factory.mktemp("home"))


@pytest.mark.parametrize(
    "command",
    leading(
        [
            ["evidence", "rules", "--json"],
            ["names", "gpt-5"],
            ["--help"],
            ["evidence", "rules", "--csv"],
            ["sources"],
            ["check", "--as-of", "2025-12-15"],
            ["evidence"],
            ["names", "--help"],
        ],
        3,
    ),
)
def test_a_closed_pipe_is_no_error(command: list[str], home: str) -> None:
    """As in `h2h check | head -1`: whoever reads has gone before the first line comes."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as out:
        environment = {**os.environ, "XDG_DATA_HOME": home}
        done = subprocess.run(
            [*H2H, *command],
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
@pytest.mark.parametrize(
    "command", leading([["evidence", "rules", "--csv"], ["-h"], ["names", "gpt-5"]])
)
def test_a_full_disk_is_said_in_one_line_and_is_no_fault_of_ours(command: list[str]) -> None:
    with open("/dev/full", "w") as out:
        done = subprocess.run(
            [*H2H, *command], stdout=out, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 74, done.stderr
    assert done.stderr == (
        "h2h: The output could not be written: the disk is full. Free some space.\n"
    )


def test_the_list_of_verbs_is_whole_and_fits_the_terminal() -> None:
    text = CliRunner().invoke(cli.main, ["--help"], prog_name="h2h").output
    assert "..." not in text.partition("Commands:")[2]
    assert max(map(len, text.splitlines())) <= 80
    flowing = " ".join(text.split())
    for name, command in cli.commands().items():
        assert f" {name} {command.get_short_help_str(limit=10_000)}" in flowing


@pytest.mark.parametrize(
    ("typed", "meant"), [("nmaes", "names"), ("chek", "check"), ("evidnce", "evidence")]
)
def test_a_verb_nearly_right_is_suggested(typed: str, meant: str) -> None:
    result = CliRunner().invoke(cli.main, [typed], prog_name="h2h")
    assert result.exit_code == 64
    assert f"Did you mean {meant}" in result.output


def test_a_verb_like_none_is_told_so() -> None:
    result = CliRunner().invoke(cli.main, ["zzzzzz"], prog_name="h2h")
    assert result.exit_code == 64
    assert "No such command 'zzzzzz'." in result.output


def test_a_verb_is_found_without_importing_the_others() -> None:
    """By the text of its module: what is found so is what the whole listing has."""
    assert isinstance(cli.main, cli.Verbs)
    for name, command in cli.commands().items():
        assert cli.main.get_command(None, name) is command, name  # type: ignore[arg-type]


def _loaded(*arguments: str) -> list[str]:
    code = (
        "import sys, contextlib, io\n"
        "from headtohead.cli import main\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):\n"
        "    main(sys.argv[1:])\n"
        "print(*sys.modules, sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_names_loads_few_modules_and_none_that_is_heavy() -> None:
    modules = _loaded("names", "gpt-5")
    ours = [m for m in modules if m.startswith("headtohead")]
    assert len(ours) <= 70, ours
    assert not {"numpy", "polars", "duckdb", "scipy", "altair"} & set(modules)


def test_evidence_loads_no_feature() -> None:
    modules = _loaded("evidence", "rules", "--as-of", "2026-10-31")
    features = ("capability", "ratings", "trials", "questions", "claims")
    wrong = [m for m in modules if m.startswith(tuple(f"headtohead.{f}" for f in features))]
    assert wrong == []
    assert not {"duckdb", "scipy", "altair"} & set(modules)


def test_the_package_lists_its_verbs() -> None:
    assert {"check", "compare", "explain_name", "index", "rank", "switch"} <= set(dir(headtohead))
    for name in dir(headtohead):
        assert hasattr(headtohead, name)
