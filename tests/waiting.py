"""Waiting for what will come, however slow the machine is."""

import time
from collections.abc import Callable

from httpx2._config import DEFAULT_TIMEOUT_CONFIG

LONG_S = 120.0
"""What no step of a test takes on any machine; only a test that fails waits for so long."""

for _of in ("connect", "read", "write", "pool"):  # of each client to whom a test says nothing else
    setattr(DEFAULT_TIMEOUT_CONFIG, _of, LONG_S)


def processor_s(work: Callable[[], object]) -> float:
    """Seconds of a processor that this thread takes for some work."""
    began = time.thread_time()
    work()
    return time.thread_time() - began


def until(true: Callable[[], object]) -> None:
    """Wait until something is true, asked anew each time."""
    end = time.monotonic() + LONG_S
    while not true():
        assert time.monotonic() < end, "what was waited for did not come"
        time.sleep(0.01)
