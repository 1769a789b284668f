"""Measures what a newcomer waits for and downloads: `make bench`.

Each command runs as a whole process, in turn with a bare interpreter, so that the ratio says more
than the machine. Medians of several runs; the results go to docs/reference/measured.md by hand.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_H2H = [sys.executable, "-m", "headtohead"]
_AS_OF = ["--as-of", "2026-10-31"]
_TARGETS_S = {"--help": 0.3, "check": 3.0, "report": 8.0}


def seconds(command: list[str]) -> float:
    """Wall time of one run of a command."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> int:
    """Exit code 0 when everything was measured; targets are reported, not enforced."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument(
        "--install", action="store_true", help="also install into a new environment"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "report.html"
        commands = {
            "--help": [*_H2H, "--help"],
            "check": [*_H2H, "check", *_AS_OF, "--store", folder],
            "report": [*_H2H, "report", *_AS_OF, "--store", folder, "--out", str(out)],
        }
        taken: dict[str, list[float]] = {name: [] for name in ("python", *commands)}
        for _ in range(arguments.runs):
            taken["python"].append(seconds([sys.executable, "-c", "pass"]))
            for name, command in commands.items():
                taken[name].append(seconds(command))
        bare = statistics.median(taken["python"])
        print(f"{'bare python':<14}{bare:7.3f} s")
        for name in commands:
            median = statistics.median(taken[name])
            target = _TARGETS_S[name]
            print(f"{'h2h ' + name:<14}{median:7.3f} s  {median / bare:7.1f} x  target {target} s")
        print(f"report.html    {out.stat().st_size / 1e6:.2f} MB, target 6 MB")
        print(f"wheel          {_wheel(Path(folder)).stat().st_size / 1e6:.2f} MB, target 15 MB")
        if arguments.install:
            _install(Path(folder))
    return 0


def _wheel(folder: Path) -> Path:
    uv = shutil.which("uv") or str(_ROOT / ".uv" / "bin" / "uv")
    command = [uv, "build", "--wheel", "--quiet", "--out-dir", str(folder), str(_ROOT)]
    subprocess.run(command, check=True)
    return next(folder.glob("*.whl"))


def _install(folder: Path) -> None:
    """Size of the base install, and its heaviest packages."""
    home = folder / "venv"
    venv.create(home, with_pip=True)
    command = [str(home / "bin" / "pip"), "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*command, str(next(folder.glob("*.whl")))], check=True)
    site = next((home / "lib").glob("python3.*")) / "site-packages"
    sizes = {
        p.name: sum(f.stat().st_size for f in (p, *p.rglob("*")) if f.is_file())
        for p in site.iterdir()
        if p.name not in ("pip", "setuptools")
    }
    print(f"site-packages  {sum(sizes.values()) / 2**20:.0f} MiB, target 640 MiB")
    for name, size in sorted(sizes.items(), key=lambda item: -item[1])[:8]:
        print(f"  {name:<24}{size / 2**20:6.0f} MiB")


if __name__ == "__main__":
    sys.exit(main())
