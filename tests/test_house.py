"""Rules of the house that no linter holds: sizes, names, what may not be written."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = sorted(
    p for folder in ("src", "scripts", "benchmarks") for p in (ROOT / folder).rglob("*.py")
)
BANNED = {"utils", "common", "misc", "manager", "base"}


@pytest.mark.parametrize("path", CODE, ids=lambda p: p.name)
def test_a_file_has_a_name_that_says_something(path: Path) -> None:
    assert path.stem not in BANNED


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
