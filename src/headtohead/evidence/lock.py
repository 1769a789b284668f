"""One writer at a time: readers never wait, a second writer is told who is first."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headtohead.core.errors import StoreBusy
from headtohead.evidence.catalogue import PART, full

NAME = ".lock"
_OWNER = ".writer"


@contextmanager
def writing(home: Path) -> Iterator[None]:
    """Hold the evidence folder for writing; what a killed writer left half-made is removed.

    The operating system frees the lock when its process ends, however it ends.

    Raises:
        StoreBusy: If another process is writing.
        StoreFull: If the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(home / NAME, timeout=0)
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise StoreBusy(
            f"Another process{_owner(home)} is writing to {home}. Wait until it ends, or choose "
            "another folder with --store."
        ) from None
    except OSError as error:
        raise full(home / NAME, error) from None
    try:
        try:
            (home / _OWNER).write_text(str(os.getpid()), encoding="utf-8")
            for place in (f"{PART}*", f"tables/*/{PART}*", f"snapshots/*/{PART}*"):
                for left in home.glob(place):
                    shutil.rmtree(left) if left.is_dir() else left.unlink()
        except OSError as error:
            raise full(home, error) from None
        yield
    finally:
        (home / _OWNER).unlink(missing_ok=True)
        lock.release()


def _owner(home: Path) -> str:
    try:
        pid = (home / _OWNER).read_text(encoding="utf-8").strip()
    except OSError:
        return ""
    return f" (pid {pid})" if pid.isdigit() else ""
