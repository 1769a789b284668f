"""A site of files: whole, incremental, without a link that leads nowhere."""

import json
from datetime import date
from pathlib import Path

import pytest

import headtohead
from headtohead.core.errors import InputError, StoreFull
from headtohead.web import freezing
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


@pytest.mark.usefixtures("few")
def test_days_asked_for_are_made_too_and_lead_to_each_other(tmp_path: Path) -> None:
    done: list[tuple[int, int]] = []
    made = headtohead.freeze_site(
        tmp_path / "site",
        as_of=DAY,
        days=[date(2026, 6, 30)],
        processes=1,
        progress=lambda n, of: done.append((n, of)),
    )
    assert made.pages == 2
    assert not {link for _, link in made.broken if "sources" in link}
    assert done == [(1, 2), (2, 2)]
    assert "on/2026-06-30/sources.html" in (tmp_path / "site/sources.html").read_text()
    assert json.loads((tmp_path / "site/on/2026-06-30/sources.json").read_text())["as_of"] == (
        "2026-06-30"
    )


@pytest.mark.usefixtures("few")
def test_links_that_lead_nowhere_are_named(tmp_path: Path) -> None:
    made = headtohead.freeze_site(tmp_path / "site", as_of=DAY, processes=1)
    assert ("sources.html", "models.html") in made.broken
    assert not {link for _, link in made.broken if link.startswith("static/")}


@pytest.mark.usefixtures("few")
def test_a_run_that_is_stopped_can_be_repeated(tmp_path: Path) -> None:
    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "site"
    with pytest.raises(KeyboardInterrupt):
        headtohead.freeze_site(out, as_of=DAY, processes=1, progress=stop)
    assert (out / "sources.html").is_file()
    made = headtohead.freeze_site(out, as_of=DAY, processes=1)
    assert made.files == len(json.loads((out / MANIFEST).read_text())["files"])
    assert (out / "sources.json").is_file()


@pytest.mark.usefixtures("few")
def test_what_nothing_is_known_of_any_more_is_a_page_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kinds()["gap"], "frozen", lambda site, day: ("gap",))
    made = headtohead.freeze_site(tmp_path / "site", as_of=date(2028, 1, 1), processes=1)
    assert "2028-01-01" in (tmp_path / "site/gap.html").read_text()
    assert not (tmp_path / "site/gap.json").exists()
    assert not {link for page, link in made.broken if page == "gap.html"} - {
        "index.html",
        "search.html",
    }


def test_a_day_to_come_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="2026-12-31 lies after"):
        headtohead.freeze_site(tmp_path / "site", as_of=DAY, days=["2026-12-31"])


@pytest.mark.usefixtures("few")
def test_a_file_that_is_half_written_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, whole = tmp_path / "site", Path.write_bytes
    first = headtohead.freeze_site(out, as_of=DAY, processes=1)
    page = (out / "sources.html").read_bytes()

    def half(path: Path, body: bytes) -> int:
        whole(path, body[:100])
        raise OSError(28, "No space left on device")

    (out / "sources.html").unlink()
    with monkeypatch.context() as full:
        full.setattr(Path, "write_bytes", half)
        with pytest.raises(StoreFull, match="No space left"):
            headtohead.freeze_site(out, as_of=DAY, processes=1)
    again = headtohead.freeze_site(out, as_of=DAY, processes=1)
    assert (out / "sources.html").read_bytes() == page
    assert again.files == first.files


@pytest.mark.usefixtures("few")
def test_pictures_that_are_asked_for_later_are_added(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(freezing, "all_forms", lambda site, at, look: asked.append(look.png) or [])
    for png in (False, True, True):
        headtohead.freeze_site(tmp_path / "site", as_of=DAY, processes=1, png=png)
    assert asked == [False, True]


@pytest.mark.usefixtures("few")
def test_a_list_of_files_that_lie_elsewhere_removes_none(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    out = tmp_path / "site"
    out.mkdir()
    (out / MANIFEST).write_text(json.dumps({"made_from": "", "files": {"../mine.txt": ""}}))
    with pytest.raises(InputError, match="damaged"):
        headtohead.freeze_site(out, as_of=DAY, processes=1)
    assert (tmp_path / "mine.txt").is_file()
