"""A site of files: whole, incremental, without a link that leads nowhere."""

from datetime import date
from pathlib import Path

import pytest

import headtohead
from headtohead.core.errors import InputError
from headtohead.web.freezing import MANIFEST
from headtohead.web.kinds import kinds

DAY = date(2026, 11, 1)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """One page of a few kinds: a site that is soon made."""
    for kind in set(kinds()) - {"sources"}:
        monkeypatch.setattr(kinds()[kind], "frozen", lambda site, day: ())


@pytest.mark.usefixtures("few")
def test_what_stays_the_same_is_not_written_again(tmp_path: Path) -> None:
    out = tmp_path / "site"
    first = headtohead.freeze_site(out, as_of=DAY, processes=1)
    assert first.written == first.files
    again = headtohead.freeze_site(out, as_of=DAY, processes=1)
    assert (again.written, again.removed, again.files) == (0, 0, first.files)
    (out / "sources.csv").unlink()
    mended = headtohead.freeze_site(out, as_of=DAY, processes=1)
    assert mended.written == 1
    assert (out / "sources.csv").is_file()


@pytest.mark.usefixtures("few")
def test_a_folder_of_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="holds other files"):
        headtohead.freeze_site(tmp_path, as_of=DAY)
    (tmp_path / "thesis.txt").unlink()
    (tmp_path / MANIFEST).write_text("{")
    with pytest.raises(InputError, match="damaged"):
        headtohead.freeze_site(tmp_path, as_of=DAY)
