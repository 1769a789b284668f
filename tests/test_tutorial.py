"""The tutorial can be followed: its commands run on its files, and print what it shows."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from headtohead.cli import main

PAGE = Path(__file__).parents[1] / "docs/tutorial/from-article-to-page.md"
BLOCKS = re.findall(
    r"^```(toml|console)\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
)


def test_every_step_of_the_tutorial_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").mkdir()
    ran = 0
    for kind, text in BLOCKS:
        if kind == "toml":
            name = text.partition("\n")[0].removeprefix("# ")
            (tmp_path / name).write_text(text, encoding="utf-8")
            continue
        for command, shown in re.findall(r"^\$ h2h (.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE):
            printed = CliRunner().invoke(main, [*command.split(), "--store", "home"]).output
            printed, place = re.sub(" +", " ", printed), 0
            for line in filter(None, re.sub(" +", " ", shown).splitlines()):
                assert line in printed[place:], f"h2h {command} does not print {line!r}"
                place = printed.index(line, place)
            ran += 1
    assert ran == 7
    assert (tmp_path / "open_weights.html").stat().st_size > 10_000
    assert "overstated" in (tmp_path / "open_weights.md").read_text("utf-8")
