"""The README shows the real output of its commands, and names only pages that exist."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import headtohead
from headtohead.claims.sheet import counts
from headtohead.cli import main
from headtohead.evidence.store import Store

pytestmark = pytest.mark.usefixtures("kept_facts")
ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SESSIONS = re.findall(
    r"^\$ (h2h check [^\n]*)\n((?:(?!\$ |```)[^\n]*\n)+)", README, flags=re.MULTILINE
)


def test_the_first_screen_shows_check_for_three_pairs_of_dates() -> None:
    assert [command for command, _ in SESSIONS] == [
        "h2h check --as-of 2025-12-15",
        "h2h check --as-of 2026-10-31",
        "h2h check --about 2026-10-09 --as-of 2026-10-31",
    ]


@pytest.mark.parametrize(("command", "shown"), SESSIONS)
def test_what_it_shows_is_what_the_command_prints(tmp_path: Path, command: str, shown: str) -> None:
    arguments = [*command.split()[1:], "--store", str(tmp_path)]
    printed = CliRunner().invoke(main, arguments).output.splitlines()
    wanted = [line for line in shown.splitlines() if line and line != "…"]
    assert wanted
    position = -1
    for line in wanted:
        assert line in printed[position + 1 :], line
        position = printed.index(line, position + 1)


def test_the_counts_it_shows_for_the_report_are_real(tmp_path: Path) -> None:
    shown = re.search(
        r"^(As stated, [^…]*), with what is known\s+by …$", README, flags=re.MULTILINE
    )
    assert shown
    result = headtohead.check(as_of="2026-10-31", store=Store(tmp_path))
    assert shown[1].replace("\n", " ") == counts(result.verdicts)


def test_it_takes_two_screens_with_a_command_on_the_first_and_two_small_pictures() -> None:
    lines = README.splitlines()
    assert len(lines) <= 90
    assert any(line.startswith("$ ") for line in lines[:10])
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", README)
    assert pictures == ["docs/images/versus.png", "docs/images/report.png"]
    for picture in pictures:
        content = (ROOT / picture).read_bytes()
        assert content.startswith(b"\x89PNG")
        assert len(content) < 200_000


PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_ci_runs_exactly_the_test_command_of_the_readme() -> None:
    assert "$ make test" in README
    lines = (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()
    assert lines[-1] == "make test"
