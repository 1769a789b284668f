"""What a wheel may hold, whom it names, and one version everywhere."""

import io
import re
import zipfile
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner
from scripts import check_release, write_reference

from headtohead.cli import main
from headtohead.core.version import VERSION

ROOT = Path(__file__).parents[1]
_TABLES = "headtohead/data/evidence/builtin/tables"


@pytest.fixture(scope="module")
def package() -> dict[str, bytes]:
    return check_release.package_files()


def test_nothing_ships_that_may_not(package: dict[str, bytes]) -> None:
    assert list(check_release.wrong_contents(package)) == []
    assert list(check_release.wrong_evidence(package, None)) == []
    assert list(check_release.wrong_figures(package)) == []


def test_nothing_ships_that_the_list_of_raw_files_forbids(
    package: dict[str, bytes], shared_evidence: Path
) -> None:
    assert list(check_release.wrong_evidence(package, shared_evidence / "MANIFEST.toml")) == []


def test_what_should_not_ship_is_noticed(package: dict[str, bytes]) -> None:
    table = io.BytesIO()
    pl.DataFrame({"source_id": ["livebench"]}).write_parquet(table)
    here = "/".join(("", "home", "somebody"))
    planted = {
        "headtohead/tests/answers.json": b"{}",
        "headtohead/data/weights.safetensors": b"",
        "headtohead/core/where.py": f'HOME = "{here}"'.encode(),
        f"{_TABLES}/benchmark_scores/livebench-1.parquet": table.getvalue(),
        "headtohead/data/evidence/curated/a_report/figures.csv": b"figure\n" * 1000,
    }
    files = {**package, **planted}
    del files["headtohead/py.typed"]
    assert [said.partition(" ")[0] for said in check_release.wrong_contents(files)] == [
        "headtohead/tests/answers.json",
        "headtohead/data/weights.safetensors",
        "headtohead/core/where.py",
        "headtohead/py.typed",
    ]
    assert "livebench, which may not ship" in " ".join(check_release.wrong_evidence(files))
    said = " ".join(check_release.wrong_figures(files))
    assert "has no source.toml" in said
    assert "has 1,000 rows" in said


def test_a_wheel_of_another_version_or_licence_is_noticed() -> None:
    good = (
        f"Metadata-Version: 2.4\nName: headtohead\nVersion: {VERSION}\nSummary: Whether B can.\n"
        "License-Expression: Apache-2.0\nLicense-File: LICENSE\nLicense-File: NOTICE\n"
        "Classifier: Typing :: Typed\nDescription-Content-Type: text/markdown\n\n" + "Words. " * 200
    )
    info = f"headtohead-{VERSION}.dist-info"
    files = {
        f"{info}/METADATA": good.encode(),
        f"{info}/licenses/LICENSE": b"Apache",
        f"{info}/licenses/NOTICE": b"Whose",
        f"{info}/entry_points.txt": b"[console_scripts]\nh2h = headtohead.cli:main\n"
        b"headtohead = headtohead.cli:main\n",
    }
    assert list(check_release.wrong_metadata(files)) == []
    for old, new, word in (
        (f"Version: {VERSION}", "Version: 0.0.9", "0.0.9"),
        ("Apache-2.0", "MIT", "MIT"),
        ("License-File: NOTICE\n", "", "NOTICE"),
        ("Summary:", "Project-URL: Home, https://example.org\nSummary:", "Home"),
    ):
        files[f"{info}/METADATA"] = good.replace(old, new).encode()
        assert word in " ".join(check_release.wrong_metadata(files)), old


def test_the_notice_names_whose_data_ship() -> None:
    written = (ROOT / "NOTICE").read_text(encoding="utf-8")
    assert written == write_reference.pages()["../../NOTICE"], "run `make docs` and commit NOTICE"
    assert "Epoch Capabilities Index" in written
    assert "LiveBench" not in written


def test_one_place_says_the_version() -> None:
    cited = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^version: (.*)$", cited, re.MULTILINE) == [VERSION]
    printed = CliRunner().invoke(main, ["--version"]).output
    assert printed == f"headtohead, version {VERSION}\n"
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'dynamic = ["version"]' in project
    code = re.escape(VERSION)
    again = [
        path.name
        for path in (ROOT / "src").rglob("*.py")
        if re.search(rf"[\"']{code}[\"']", path.read_text(encoding="utf-8"))
    ]
    assert again == ["version.py"]


@pytest.mark.slow
def test_wheel_and_source_archive_may_be_published(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="builds the wheel; `make` installs it")
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout, so there is no list of tracked files")
    assert list(check_release.wrong_builds(tmp_path)) == []
    with zipfile.ZipFile(next((tmp_path / "one/dist").glob("*.whl"))) as wheel:
        assert wheel.testzip() is None
