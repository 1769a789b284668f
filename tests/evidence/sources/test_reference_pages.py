"""The reference pages made from code are those that are committed."""

from pathlib import Path

import pytest
from scripts.write_reference import pages

from headtohead.evidence.catalogue import importers
from headtohead.evidence.tables import tables
from headtohead.logs.opening import FORMATS

_FOLDER = Path(__file__).resolve().parents[3] / "docs" / "reference"


@pytest.mark.parametrize("name", ["sources.md", "tables.md", "formats.md"])
def test_a_committed_page_is_up_to_date(name: str) -> None:
    written = (_FOLDER / name).read_text(encoding="utf-8")
    assert written == pages()[name], f"{name} is out of date: run `make docs` and commit it"


def test_the_pages_leave_nothing_out() -> None:
    made = pages()
    assert all(f"\n## {name}\n" in made["sources.md"] for name in importers())
    assert all(f"\n| [{name}](" in made["formats.md"] for name in FORMATS.by_name)
    for name, declared in tables().items():
        section = made["tables.md"].split(f"\n## {name}\n")[1].split("\n## ")[0]
        for column in declared.columns:
            assert f"| {column.name} |" in section or f"| **{column.name}** |" in section
