"""Killed, interrupted, out of disk, or second in line: the evidence is the old or the new.

Nothing here is pretended: the disk limit is the kernel's, the second writer is another process,
and killed processes are killed.
"""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.evidence.file_server import FileServer, ServedFile
from tests.evidence.one_toy import MANY, MANY_N, PATH, heals, part, run
from tests.evidence.toys import TODAY, TOMORROW, chips, fresh, picture, write_source
from tests.simulations import leading

from headtohead.core.errors import StoreBusy
from headtohead.evidence.folder import from_folder
from headtohead.evidence.store import Store

_WRITER = """
import sys
from datetime import date
from pathlib import Path

import headtohead.evidence.sources
from headtohead.evidence.store import Store
from headtohead.evidence.update import update

home, builtin, curated, sources, mirror, before = sys.argv[1:]
headtohead.evidence.sources.__path__[:] = [sources]
store = Store(Path(home), builtin=Path(builtin), curated=Path(curated))
exec(before)
done = update(store, ["toy"], today=date(2026, 3, 2), mirror=mirror, timeout_seconds=120)
sys.exit(f"{type(done[0].failure).__name__}: {done[0].failure}" if done[0].failure else 0)
"""


def start(store: Store, server: FileServer, before: str = "") -> "subprocess.Popen[str]":
    """Another process that updates the same store."""
    arguments = [store.home, store.builtin, store.curated, store.home.parent / "sources"]
    return subprocess.Popen(
        [
            *(sys.executable, "-c", _WRITER),
            *map(str, arguments),
            server.address,
            textwrap.dedent(before),
        ],
        stderr=subprocess.PIPE,
        text=True,
        # A module compiled where files may not grow would be kept, cut short, for everyone after.
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )


@pytest.fixture
def stalled(filled: Store, server: FileServer) -> "Iterator[subprocess.Popen[str]]":
    """Another process, in the middle of a download."""
    server.files[PATH].stall_after = 200_000
    process = start(filled, server)
    assert server.stalled.wait(120)
    yield process
    process.kill()
    process.communicate()


def test_a_second_writer_is_told_who_is_first(
    filled: Store, server: FileServer, stalled: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    before = picture(filled)
    with pytest.raises(StoreBusy, match=rf"pid {stalled.pid}") as busy:
        run(filled, server)
    assert busy.value.exit_code == 75
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "toy.json").write_bytes(chips("more"))
    with pytest.raises(StoreBusy):
        from_folder(filled, ["toy"], raw, today=TODAY)
    assert picture(filled) == before
    server.files[PATH] = ServedFile(MANY)
    server.release.set()
    _, said = stalled.communicate(timeout=120)
    assert stalled.returncode == 0, said
    assert fresh(filled).read("chips", TOMORROW).height == MANY_N + 1


def test_a_writer_killed_while_downloading_leaves_what_it_got(
    filled: Store, server: FileServer, stalled: "subprocess.Popen[str]"
) -> None:
    before = picture(filled)
    _wait_for(part(filled), 1)
    stalled.send_signal(signal.SIGKILL)
    stalled.wait(120)
    assert picture(filled) == before
    size = part(filled).stat().st_size
    assert 0 < size <= 200_000
    server.requests.clear()
    heals(filled, server)
    assert server.asked(PATH)[0]["Range"] == f"bytes={size}-"


def _wait_for(path: Path, size: int) -> None:
    for _ in range(12_000):
        if path.exists() and path.stat().st_size >= size:
            return
        threading.Event().wait(0.01)
    raise AssertionError(f"{path} never grew")


# Every change to the store ends in one of these; the process dies just before the n-th.
_DIE = """
import os, signal
left = {step}

def watch(event, arguments):
    global left
    if event in ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "shutil.rmtree"):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(watch)
"""


@pytest.mark.parametrize("every", [6, pytest.param(1, marks=pytest.mark.slow)])
def test_a_writer_killed_between_any_two_steps_leaves_the_old_or_the_new(
    filled: Store, server: FileServer, every: int
) -> None:
    before = picture(filled)
    died = 0
    for step in range(0, 60, every):
        process = start(filled, server, _DIE.format(step=step))
        _, said = process.communicate(timeout=120)
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL, said
        died += 1
        now = picture(filled)
        if now["catalogue"] == before["catalogue"]:
            assert now["chips"] == before["chips"]
        else:
            assert len(now["chips"]) == MANY_N + 1
    assert process.returncode == 0
    assert died > 10 // every
    assert fresh(filled).read("chips", TOMORROW).height == MANY_N + 1
    assert not list(filled.home.rglob(".part-*"))


_steps_left: int | None = -1


def _interrupt(event: str, arguments: object) -> None:
    """An audit hook cannot be taken out again, so it counts only while a test lets it.

    When Python ends, it takes the count away before the hook.
    """
    global _steps_left
    if (
        _steps_left is None
        or _steps_left < 0
        or event not in ("os.rename", "os.mkdir", "tempfile.mkstemp")
    ):
        return
    _steps_left -= 1
    if _steps_left < 0:
        raise KeyboardInterrupt


def test_ctrl_c_at_any_step_leaves_the_old_or_the_new(filled: Store, server: FileServer) -> None:
    global _steps_left
    sys.addaudithook(_interrupt)
    before = picture(filled)
    for step in range(60):
        _steps_left = step
        try:
            done = run(filled, server)
            break
        except KeyboardInterrupt:
            now = picture(filled)
            if now["catalogue"] == before["catalogue"]:
                assert now["chips"] == before["chips"]
            assert not (filled.home / ".writer").exists()
        finally:
            _steps_left = -1
    assert done.failure is None
    assert step > 8
    assert fresh(filled).read("chips", TOMORROW).height == MANY_N + 1


_LIMIT = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))
"""


@pytest.mark.parametrize("size", leading([len(MANY) - 1, 1000, 100_000], 1))
def test_a_disk_that_is_full_while_downloading(
    filled: Store, server: FileServer, size: int
) -> None:
    before = picture(filled)
    process = start(filled, server, _LIMIT.format(size=size))
    _, said = process.communicate(timeout=120)
    assert said.startswith("StoreFull: ")
    assert "could not be written (File too large)" in said
    assert picture(filled) == before
    heals(filled, server)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first test that makes a long catalogue leaves it for the next."""
    return tmp_path_factory.mktemp("shelf") / "home"


@pytest.mark.parametrize(
    ("size", "where"),
    leading(
        [(9000, "catalogue.json"), (40, "toy.json"), (400, "provenance.json"), (3000, ".parquet")]
    ),
)
def test_a_disk_that_is_full_at_any_step_of_an_import(
    store: Store,
    server: FileServer,
    plugged: Path,
    tmp_path: Path,
    shelf: Path,
    size: int,
    where: str,
) -> None:
    """Thirty imports make a long catalogue, so that each file in turn is the first too large."""
    write_source(plugged, "toy")
    raw = tmp_path / "raw"
    raw.mkdir()
    if shelf.exists():
        shutil.copytree(shelf, store.home)
    else:
        for count in range(30):
            (raw / "toy.json").write_bytes(chips(f"chip-{count}"))
            from_folder(store, ["toy"], raw, today=TODAY)
        shutil.copytree(store.home, shelf)
    before = picture(store)
    (raw / "toy.json").write_bytes(chips("one more"))
    script = f"""
    from headtohead.evidence.folder import from_folder
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))
    done = from_folder(store, ["toy"], Path({str(raw)!r}), today=date(2026, 3, 2)).updated[0]
    sys.exit(f"{{type(done.failure).__name__}}: {{done.failure}}")
    """
    process = start(store, server, script)
    _, said = process.communicate(timeout=120)
    assert said.startswith("StoreFull: ")
    assert f"{where} could not be written (File too large)" in said
    after = picture(store)
    assert (after["catalogue"], after["chips"]) == (before["catalogue"], before["chips"])
    done = from_folder(store, ["toy"], raw, today=TODAY).updated[0]
    assert done.state == "new"
    assert store.read("chips", TODAY).height == 31
