"""Fixtures for every test: the raw evidence, where it is there, and nothing from the network."""

import gc
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import settings
from tests import (
    one_thread,  # noqa: F401 - before numpy and polars
    waiting,  # noqa: F401 - clients wait for as long as it takes
)
from tests.browser import browser, chromium, one_page, quiet_page  # noqa: F401
from tests.kept_facts import _kept_frames, facts, kept_facts  # noqa: F401
from tests.models.conftest_parts import smollm2, tiny_models  # noqa: F401

# The short profile draws the same examples in each run; the full one, which `make test-slow` asks
# for, draws others each time, as many as each test says (`examples` in tests/simulations.py).
settings.register_profile("short", max_examples=10, deadline=None, derandomize=True)
settings.register_profile("full", max_examples=300, deadline=None)
settings.load_profile("short")

# Thousands of tests stay until the end: looking through them again and again frees nothing.
gc.disable()

_HERE = Path(__file__).resolve().parent
_BESIDE = _HERE.parents[1] / "shared" / "evidence"


def pytest_collection(session: pytest.Session) -> None:
    """Read other modules first than other workers do: what Python keeps of them serves all."""
    number = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
    if number and session.config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        paths = sorted(_HERE.rglob("test_*.py"))
        for path in paths[int(number) :: int(os.environ["PYTEST_XDIST_WORKER_COUNT"])]:
            # One that cannot be read is reported when its tests are collected.
            with suppress(Exception, pytest.skip.Exception):
                import_module(".".join(path.relative_to(_HERE.parent).with_suffix("").parts))


def pytest_collection_finish() -> None:
    gc.freeze()
    # Tests leave little behind, and looking for it at every 700 objects takes a twentieth of all.
    gc.set_threshold(50_000, 20, 50)
    gc.enable()


# Modules with tests of several seconds, which no worker may come to last.
_LONG = {
    "test_engines",
    "test_errors",
    "test_fitness",
    "test_fuzz",
    "test_index",
    "test_items_verb",
    "test_listed_offers",
    "test_power",
    "test_price_audit",
    "test_priced_logs",
    "test_ranking_browser",
    "test_replay_resume",
    "test_report_sections",
    "test_update_every_source",
    "test_update_interrupted",
    "test_zeros",
}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin the stretches that the first two workers get with the tests that take long.

    The first begins with those that ask the built-in evidence, whose answers are kept, the second
    with those that ask small models, which are made and served once.
    """
    asking, served = (
        {item.path for item in items if names & set(getattr(item, "fixturenames", ()))}
        for names in ({"facts", "kept_facts"}, {"tiny_models", "smollm2"})
    )
    served |= {item.path for item in items if item.path.stem in _LONG}
    first = [item for item in items if item.path in asking]
    second = [item for item in items if item.path in served - asking]
    others = [item for item in items if item.path not in asking | served]
    workers_n = max(2, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "2")))
    at = len(others) - max(0, len(items) // workers_n - len(first))
    items[:] = [*first, *others[at:], *second, *others[:at]]


@pytest.fixture(scope="session")
def shared_evidence() -> Path:
    """The folder of raw public files; tests that need it are skipped by name where it is absent."""
    folder = Path(os.environ.get("H2H_SHARED_EVIDENCE", _BESIDE))
    if not (folder / "MANIFEST.toml").is_file():
        pytest.skip(f"raw evidence not found at {folder.name}; set H2H_SHARED_EVIDENCE to run this")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _kept_fits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what takes long to make for one session, for both workers and their subprocesses."""
    base = tmp_path_factory.getbasetemp()
    session = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("H2H_CACHE", str(session / "kept"))
        # What this machine's user downloaded is no part of a test; empty, so that answers are kept.
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("no-downloads")))
        # Each client would read every certificate of this machine, and meets only plain servers.
        patch.delenv("SSL_CERT_FILE", raising=False)
        patch.setenv("SSL_CERT_DIR", str(tmp_path_factory.mktemp("no-certificates")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _loopback_only() -> Iterator[None]:
    """Refuse every connection that leaves this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if self.family != socket.AF_UNIX:
            host = str(address[0]) if isinstance(address, tuple) else str(address)
            if host not in ("127.0.0.1", "::1", "localhost"):
                raise AssertionError(f"a test tried to reach {host}")
        connect(self, address)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield
