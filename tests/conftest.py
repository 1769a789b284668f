"""Fixtures for every test: the raw evidence, where it is there, and nothing from the network."""

import os
import socket
from pathlib import Path

import pytest
from hypothesis import settings
from tests.kept_facts import facts, kept_facts  # noqa: F401
from tests.models.conftest_parts import smollm2, tiny_models  # noqa: F401

# The short profile draws the same examples in each run; the full one, which `make test-slow` asks
# for, draws others each time, as many as each test says (`examples` in tests/simulations.py).
settings.register_profile("short", max_examples=20, deadline=None, derandomize=True)
settings.register_profile("full", max_examples=300, deadline=None)
settings.load_profile("short")

# Two workers whose small matrices each wait for two threads are fifty times slower.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "evidence"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what asks the built-in evidence side by side, so that one worker keeps the answers."""
    asking = {
        item.path
        for item in items
        if {"facts", "kept_facts"} & set(getattr(item, "fixturenames", ()))
    }
    items.sort(key=lambda item: item.path not in asking)


@pytest.fixture(scope="session")
def shared_evidence() -> Path:
    """The folder of raw public files; tests that need it are skipped by name where it is absent."""
    folder = Path(os.environ.get("H2H_SHARED_EVIDENCE", _BESIDE))
    if not (folder / "MANIFEST.toml").is_file():
        pytest.skip(f"raw evidence not found at {folder.name}; set H2H_SHARED_EVIDENCE to run this")
    return folder


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that leaves this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if self.family != socket.AF_UNIX:
            host = str(address[0]) if isinstance(address, tuple) else str(address)
            if host not in ("127.0.0.1", "::1", "localhost"):
                raise AssertionError(f"a test tried to reach {host}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)
