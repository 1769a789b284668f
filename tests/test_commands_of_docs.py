"""Every command that the README or a page shows is run, on files that are made here.

`h2h` commands are run in this process, in a folder with the files that pages name. Those that need
a server, a network, a key, another tool or a person are listed below by name with the reason; of
them only the options are checked. The README's commands always run, all others in the slow tests.
"""

import ast
import inspect
import re
import shlex
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from tests.files_of_docs import PAGES_FILES, files_of_all_pages

import headtohead
from headtohead import api
from headtohead.cli import commands, main

pytestmark = pytest.mark.usefixtures("kept_facts")
ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

# Command as it begins -> why it is not run here, and what runs it.
NOT_RUN = {
    "h2h switch*--base-url*": "asks a model; tests/trials/switching does, on small ones",
    "h2h switch*--from gpt-5*": "asks a seller's model with a key",
    "h2h arena serve*": "serves until it is stopped; tests/arena/test_arena_served.py does",
    "h2h arena try*": "serves until it is stopped; tests/arena/test_arena_served.py does",
    "h2h arena judge*": "asks a judge model with a key; tests/arena/test_arena_judge.py does",
    "h2h mcp*": "serves until it is stopped; tests/web/test_mcp_server.py does",
    "h2h serve": "serves until it is stopped; tests/web does",
    "h2h update*": "downloads from a publisher; tests/evidence/test_update.py does, from folders",
    "h2h gap --source epoch_eci,epoch_eci_gathered": "needs a download that may not ship",
    "h2h trade judge *candles*": "needs candles that may not ship; tests/trading has made-up ones",
    "h2h trade judge alpha_arena*": "needs candles that may not ship; tests/trading does",
    "h2h trade run*": "needs candles that may not ship, or asks a model; tests/trading does",
    "make *": "builds or tests the checkout itself, as CI does",
    "uvx *": "installs from a package registry: `make release-check INSTALL=1`",
    "pip *": "installs from a package registry: `make release-check INSTALL=1`",
    "curl *": "asks a server that runs; tests/arena does",
    "psql *": "asks a database of LiteLLM",
    "ls *": "no command of ours",
    "rm *": "no command of ours",
    "inspect *": "another tool, with a key",
    "lm_eval *": "another tool, with a model",
    "lighteval *": "another tool, with a key",
    "promptfoo *": "another tool, with a key",
    "helm-run *": "another tool, with a key",
    "every_eval_ever *": "another tool",
    "DEEPEVAL_RESULTS_FOLDER=*": "another tool, with a key",
    "python -m swebench*": "another tool, with containers",
}


@cache
def shown() -> list[tuple[Path, str]]:
    """Each command of each page, without its prompt and its comment, lines joined."""
    found = []
    for page in PAGES:
        blocks = re.findall(
            r"^```(console|sh|bash)[^\n]*\n(.*?)^```",
            page.read_text("utf-8"),
            re.MULTILINE | re.DOTALL,
        )
        for kind, text in blocks:
            lines = text.replace("\\\n", " ").splitlines()
            typed = [x.removeprefix("$ ") for x in lines if kind != "console" or x[:2] == "$ "]
            plain = (re.sub(r"(^|\s)#\s.*", "", line).strip() for line in typed)
            found += [(page, re.sub(r"\s+", " ", line)) for line in plain if line]
    return found


def reason(command: str) -> str:
    """Why a command is not run; empty if it is."""
    return next((why for start, why in NOT_RUN.items() if fnmatch(command, start)), "")


def test_each_command_that_is_not_run_is_one_that_some_page_shows() -> None:
    coming = ("h2h serve",)
    unused = [x for x in NOT_RUN if not any(fnmatch(line, x) for _, line in shown())]
    assert set(unused) <= set(coming)
    assert len(shown()) > 110
    run = [line for _, line in shown() if not reason(line)]
    assert len(run) > 80
    assert all(re.match(r"(H2H_CACHE=\S* )?h2h ", line) for line in run)


def test_every_option_of_every_command_exists() -> None:
    wrong = []
    for page, line in shown():
        name, _, rest = re.sub(r"^(\w+=\S* )*", "", line).partition(" ")
        if name not in ("h2h", "headtohead"):
            continue
        words = [word.replace("$", "") for word in shlex.split(rest.replace("…", "x"))]
        verb, words = words[0], words[1:]
        command: click.Command | None = commands().get(verb)
        if isinstance(command, click.Group) and words:
            command, words = command.commands.get(words[0]), words[1:]
        known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)} if command else ()
        typed = {word.partition("=")[0] for word in words if word.startswith("--")}
        if command is None or typed - set(known):
            wrong.append(f"{page.name}: {line}")
    assert wrong == []


def ran(page: Path, line: str) -> str:
    """What is wrong with a command; empty if it answers."""
    before, _, words = line.partition("h2h ")
    settings = dict(x.split("=", 1) for x in before.split())
    arguments = [
        name
        for word in shlex.split(words)
        for name in (sorted(map(str, Path().glob(word))) if "*" in word else [word])
    ]
    done = CliRunner(env=settings).invoke(main, arguments, prog_name="h2h")
    if done.exit_code in (0, 1, 2):
        return ""
    return f"{page.name}: {line}\n  ended with {done.exit_code}: {done.output[-300:]}"


def _run_of(page: Path) -> list[str]:
    return [line for where, line in shown() if where == page and not reason(line)]


def _wrong(folder: Path, patch: pytest.MonkeyPatch, page: Path, lines: list[str]) -> str:
    patch.setenv("XDG_DATA_HOME", str(folder / "data"))
    patch.chdir(folder)
    files_of_all_pages(folder)
    if make := PAGES_FILES.get(page.stem):
        make(folder)
    return "\n".join(filter(None, (ran(page, line) for line in lines)))


def test_the_commands_of_the_readme_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = re.compile(r"h2h (check --|report)")  # tests/test_readme.py runs these
    lines = [line for line in _run_of(PAGES[0]) if not asked.match(line)]
    assert len(lines) >= 5
    wrong = _wrong(tmp_path, monkeypatch, PAGES[0], lines)
    assert not wrong, wrong


# tests/test_tutorial.py runs the commands of the tutorial, with the files that it shows.
_OTHERS = [p for p in PAGES[1:] if p.stem != "from-article-to-page" and _run_of(p)]


@pytest.mark.slow
@pytest.mark.parametrize("page", _OTHERS, ids=lambda page: page.stem)
def test_the_commands_of_a_page_answer(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = _wrong(tmp_path, monkeypatch, page, _run_of(page))
    assert not wrong, wrong


def test_python_of_pages_names_what_there_is() -> None:
    seen, wrong = 0, []
    for page in PAGES:
        text = page.read_text("utf-8")
        for block in re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            for node in ast.walk(ast.parse(block)):
                if not isinstance(node, ast.Call):
                    continue
                name = ast.unparse(node.func).removeprefix("headtohead.")
                if name not in api.VERBS:
                    continue
                seen += 1
                known = inspect.signature(getattr(headtohead, name)).parameters
                unknown = {k.arg for k in node.keywords} - {None, *known}
                wrong += [f"{page.name}: {name}({argument}=)" for argument in unknown]
    assert seen > 8
    assert wrong == []
