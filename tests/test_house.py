"""Rules of the house that no linter holds: sizes, names, what may not be written."""

import ast
import gc
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from benchmarks import house

from headtohead.evidence.facts import Facts
from headtohead.evidence.store import Store

ROOT = Path(__file__).parents[1]
CODE = sorted(
    p for folder in ("src", "scripts", "benchmarks") for p in (ROOT / folder).rglob("*.py")
)
BANNED = {"utils", "common", "misc", "manager", "base"}


def test_a_file_has_a_name_that_says_something() -> None:
    assert [path for path in CODE if path.stem in BANNED] == []


def test_nothing_tracked_names_a_machine_path() -> None:
    pattern = r"/(home|Users|root|tmp|work)/[A-Za-z]"
    command = ["git", "-C", str(ROOT), "grep", "-nIE", pattern, "--", ".", ":!tests", ":!uv.lock"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    if found.returncode == 128:
        pytest.skip("not a git checkout, so there is no list of tracked files")
    assert found.stdout == ""


def test_every_package_says_in_one_sentence_what_lives_in_it() -> None:
    for path in CODE:
        first = path.read_text(encoding="utf-8").split("\n", 1)[0]
        assert re.match(r'""".+', first), f"{path} begins without a docstring"


def test_a_class_name_stands_for_one_thing() -> None:
    tests = (ROOT / "tests").rglob("*.py")
    texts = (path.read_text(encoding="utf-8") for path in (*CODE, *tests))
    often = Counter(re.findall(r"^ *class (\w+)(?:.*:|\()$", "\n".join(texts), flags=re.MULTILINE))
    assert {name for name, n in often.items() if n > 1} == set()


def test_a_module_of_tests_has_a_name_of_its_own() -> None:
    often = Counter(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, n in often.items() if n > 1] == []


def test_every_line_is_reached_by_a_command_or_documented() -> None:
    # Looking for what may be freed among millions of nodes takes longer than making them.
    gc.disable()
    try:
        trees = {p: ast.parse(p.read_text(encoding="utf-8")) for p in CODE if "src" in p.parts}
        assert house.unreached(ROOT, trees) == 0
    finally:
        gc.enable()


def test_no_block_of_code_stands_twice() -> None:
    source = (p for p in CODE if "src" in p.parts)
    assert house.repeated_blocks({p: p.read_text(encoding="utf-8") for p in source}) == 0


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_every_file_that_a_newcomer_is_sent_to_exists(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    homes = (ROOT, ROOT / "src/headtohead", ROOT / "src/headtohead/data", ROOT / "tests")
    paths = [p for p in re.findall(r"`([\w./]+\.\w+)`", text) if "/" in p]
    assert len(paths) >= 5
    assert [p for p in paths if not any((home / p).exists() for home in homes)] == []


def test_the_formatter_lays_out_every_line() -> None:
    for path in (*CODE, *(ROOT / "tests").rglob("*.py")):
        assert "# fmt: " + "skip" not in path.read_text(encoding="utf-8"), path.name


def test_every_verb_is_a_python_function_of_its_folder() -> None:
    from headtohead import api

    home = ROOT / "src" / "headtohead"
    folders = {".".join(p.relative_to(home).parts[:-1]) for p in home.rglob("verb.py")}
    assert set(api.VERBS.values()) == folders
    for name in api.VERBS:
        assert callable(getattr(api, name))


def test_every_command_has_a_python_function() -> None:
    from headtohead import api, cli

    twins = {cli.TWINS.get(name, name).partition("_")[0] for name in api.VERBS}
    assert set(cli.commands()) == twins


def test_answers_on_the_evidence_that_ships_are_kept_for_all_tests(
    facts: Facts, kept_facts: None, tmp_path: Path
) -> None:
    """Whatever this machine's user downloaded: asked anew, the tests take half as long again."""
    assert Facts()._kept is facts._kept
    (tmp_path / ".lock").touch()
    assert Facts(Store(tmp_path))._kept is facts._kept
    (tmp_path / "own.parquet").touch()
    assert Facts(Store(tmp_path))._kept is not facts._kept
