"""Builds wheel and source archive and checks what is in them: `make release-check`.

With `--install` the wheel is also installed into clean environments, by `pip`, with `[all]`, by
`pipx` and by `uvx`, and asked for verdicts there: that needs a package registry.
"""

import argparse
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from headtohead.core.version import VERSION

ROOT = Path(__file__).resolve().parents[1]
_EVIDENCE = "headtohead/data/evidence/"
# What a package of this kind holds; anything else got in by mistake.
_SUFFIXES = {
    *(".css", ".csv", ".html", ".j2", ".js", ".json", ".jsonl", ".parquet", ".py"),
    *(".sql", ".svg", ".toml", ".txt", ".typed"),
}
_MOST_BYTES = 5 * 2**20  # the packed wheel; half of it is evidence
_MOST_FIGURES = 400  # rows of one table gathered by hand; more would be a copy of its source
_MACHINE = re.compile(rb"(?<![\w.:/{}*<>])/(?:home|Users|root|tmp|work)/[A-Za-z]")


def package_files() -> dict[str, bytes]:
    """Name in the wheel -> content of every file of the package in this checkout."""
    paths = (ROOT / "src/headtohead").rglob("*")
    return {
        path.relative_to(ROOT / "src").as_posix(): path.read_bytes()
        for path in sorted(paths)
        if path.is_file() and "__pycache__" not in path.parts
    }


def files_of(archive: Path) -> dict[str, bytes]:
    """Name -> content of a wheel, or of a source archive without its first folder."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return {name: wheel.read(name) for name in wheel.namelist()}
    with tarfile.open(archive) as packed:
        members = (m for m in packed if m.isfile())
        return {
            m.name.split("/", 1)[1]: found.read()
            for m in members
            if (found := packed.extractfile(m))
        }


def wrong_contents(files: Mapping[str, bytes]) -> Iterator[str]:
    """What is in the package and should not be, or the other way round."""
    for name, content in files.items():
        if Path(name).suffix not in _SUFFIXES and ".dist-info/" not in name:
            yield f"{name} is of a kind that no part of the package is of"
        if {"tests", "test", "real_files"} & set(Path(name).parts) or name.endswith(".map"):
            yield f"{name} belongs to the tests"
        if found := _MACHINE.search(content):
            yield f"{name} names a path of one machine, {found[0].decode()}"
    for name in ("headtohead/py.typed", "headtohead/api.py", f"{_EVIDENCE}builtin/catalogue.json"):
        if name not in files:
            yield f"{name} is missing"


def wrong_evidence(files: Mapping[str, bytes], manifest: Path | None = None) -> Iterator[str]:
    """Rows of sources that may not ship.

    A source says so itself; `manifest`, where there is one, is asked too.
    """
    import polars as pl

    from headtohead.evidence.catalogue import importers

    ship = {name: found.source.ship for name, found in importers().items()}
    stated = tomllib.loads(manifest.read_text(encoding="utf-8")) if manifest else {}
    tables = {n: c for n, c in files.items() if n.startswith(_EVIDENCE) and n.endswith(".parquet")}
    if not tables:
        yield "there is no built-in evidence"
    for name, content in tables.items():
        if Path(name).name.startswith("names-"):
            continue
        for source in pl.read_parquet(io.BytesIO(content))["source_id"].unique().to_list():
            if ship.get(source) != "yes":
                yield f"{name} has rows of {source}, which may not ship: {ship.get(source)}"
            if not str(stated.get(source, {}).get("ship", "yes")).startswith("yes"):
                yield f"{name} has rows of {source}, which by the manifest may not ship"


def wrong_figures(files: Mapping[str, bytes]) -> Iterator[str]:
    """Tables gathered by hand that name no source, or are too long to be single figures."""
    for name, content in files.items():
        if not name.startswith(f"{_EVIDENCE}curated/"):
            continue
        if f"{name.rpartition('/')[0]}/source.toml" not in files:
            yield f"{name} has no source.toml beside it"
        rows = content.count(b"\n")
        if name.endswith(".csv") and rows > _MOST_FIGURES:
            yield f"{name} has {rows:,} rows: figures are cited one by one"


def wrong_metadata(files: Mapping[str, bytes]) -> Iterator[str]:
    """What a registry would refuse in the wheel's metadata, and what ours must say."""
    from packaging.metadata import Metadata
    from packaging.utils import canonicalize_name

    info = next(name for name in files if name.endswith(".dist-info/METADATA"))
    said = Metadata.from_email(files[info], validate=True)  # raises where it does not keep to PEPs
    if canonicalize_name(said.name) != "headtohead" or str(said.version) != VERSION:
        yield f"the metadata speak of {said.name} {said.version}, the code of headtohead {VERSION}"
    if said.license_expression != "Apache-2.0":
        yield f"the licence is {said.license_expression}"
    for name in ("LICENSE", "NOTICE"):
        if name not in (said.license_files or []) or not files.get(
            f"{info.rpartition('/')[0]}/licenses/{name}"
        ):
            yield f"the licence file {name} is missing"
    if said.project_urls:
        yield f"project addresses that nobody has yet: {', '.join(said.project_urls)}"
    if said.description_content_type != "text/markdown" or len(said.description or "") < 1000:
        yield "the README is not the description"
    typed = "Typing :: Typed" in (said.classifiers or [])
    if not said.summary or len(said.summary) > 200 or not typed:
        yield "the summary is missing or too long, or the classifiers do not say that it is typed"
    commands = files[f"{info.rpartition('/')[0]}/entry_points.txt"].decode()
    for name in ("h2h", "headtohead"):
        if not re.search(rf"^{name} *= *headtohead\.cli:main$", commands, re.MULTILINE):
            yield f"there is no command {name}"


def wrong_builds(folder: Path, manifest: Path | None = None) -> Iterator[str]:
    """Build in two places, and say what is wrong with wheel and source archive."""
    tracked = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=True
    ).stdout.split("\0")
    builds = []
    for place in ("one", "another/place"):
        copy = folder / place / "headtohead"
        for name in filter(None, tracked):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copy / name)  # with days and rights of its own
        builds.append(build(copy, folder / place / "dist"))
    for first, second in zip(*builds, strict=True):
        if first.read_bytes() != second.read_bytes():
            yield f"{first.name} has other bytes when it is built in another folder"
    wheel, source = builds[0]
    files = files_of(wheel)
    if wheel.stat().st_size > _MOST_BYTES:
        yield f"the wheel has {wheel.stat().st_size:,} bytes"
    inside = {name for name in files if ".dist-info/" not in name}
    wanted = {name.removeprefix("src/") for name in tracked if name.startswith("src/headtohead/")}
    yield from (f"{name} is in the wheel and not in git" for name in sorted(inside - wanted))
    yield from (f"{name} is in git and not in the wheel" for name in sorted(wanted - inside))
    yield from wrong_contents(files)
    yield from wrong_evidence(files, manifest)
    yield from wrong_figures(files)
    yield from wrong_metadata(files)
    archived = files_of(source)
    for name in (
        "LICENSE",
        "NOTICE",
        "README.md",
        "CHANGELOG.md",
        "CITATION.cff",
        "pyproject.toml",
    ):
        if name not in archived:
            yield f"the source archive lacks {name}"
    yield from (f"the source archive has {n}" for n in archived if n.startswith(("tests", ".venv")))


def uv() -> str:
    """The uv that `make` sets up, or one on the path; empty if there is neither."""
    own = ROOT / ".uv/bin/uv"
    return str(own) if own.exists() else shutil.which("uv") or ""


def build(project: Path, out: Path) -> tuple[Path, Path]:
    """Wheel and source archive of a project, by the backend itself: that needs no registry."""
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(out)]
    subprocess.run(command, check=True, cwd=project, capture_output=True)
    return next(out.glob("*.whl")), next(out.glob("*.tar.gz"))


def wrong_installs(wheel: Path, folder: Path) -> Iterator[str]:
    """Install the wheel as users do, each into a clean environment, and ask it something."""
    home, tools, store = folder / "pip", folder / "tools", folder / "store"
    store.mkdir()
    new, pip = [uv(), "venv", "-q", "--seed"], ["bin/python", "-m", "pip", "install", "-q"]
    settings = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    settings |= {"PIPX_HOME": str(folder / "pipx"), "PIPX_BIN_DIR": str(folder / "bin")}

    def run(*command: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            list(map(str, command)),
            check=check,
            env=settings,
            cwd=folder,
            capture_output=True,
            text=True,
        )

    def into(environment: Path, package: str | Path) -> None:
        run(environment / pip[0], *pip[1:], package)

    def tool() -> None:
        run(*new, tools)
        into(tools, "pipx")
        run(tools / "bin/python", "-m", "pipx", "install", wheel)

    ways: dict[str, tuple[Callable[[], object], list[str | Path]]] = {
        "pip install": (lambda: (run(*new, home), into(home, wheel)), [home / "bin/h2h"]),
        "pip install [all]": (lambda: into(home, f"{wheel}[all]"), [home / "bin/headtohead"]),
        "pipx install": (tool, [folder / "bin/h2h"]),
        "uvx": (lambda: None, [uv(), "tool", "run", "--from", wheel, "headtohead"]),
    }
    for way, (install, command) in ways.items():
        install()
        version = run(*command, "--version", check=False)
        judged = run(*command, "check", "--as-of", "2025-12-15", "--store", store, check=False)
        if f"version {VERSION}" not in version.stdout or "As stated, " not in judged.stdout:
            yield f"{way}: {version.stdout}{version.stderr}{judged.stdout}{judged.stderr}"
        else:
            print(f"{way}: {version.stdout.strip()}, checks its claims")


def main() -> int:
    """Exit code 0 if wheel and source archive may be published."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--install", action="store_true", help="also install it as users do")
    parser.add_argument("--manifest", type=Path, help="says of each source whether it may ship")
    parser.add_argument("--out", type=Path, help="keep wheel and source archive in this folder")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wrong = list(wrong_builds(folder, chosen.manifest))
        built = sorted((folder / "one/dist").glob("headtohead-*"))
        if chosen.install:
            wheel = next(path for path in built if path.suffix == ".whl")
            wrong += wrong_installs(wheel, folder)
        for path in built:
            print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB, {len(files_of(path)):,} files")
            if chosen.out:
                chosen.out.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, chosen.out)
    for fault in wrong:
        print(f"wrong: {fault}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
