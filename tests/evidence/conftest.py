"""A store of its own, a local file server and made-up sources for each test."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.evidence.file_server import FileServer, ServedFile, running
from tests.evidence.one_toy import MANY, PATH
from tests.evidence.toys import TODAY, chips, write_source

import headtohead.evidence.sources
from headtohead.evidence.store import Store
from headtohead.evidence.update import update


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store: nothing built in, nothing gathered by hand."""
    for name in ("builtin", "curated"):
        (tmp_path / name).mkdir()
    return Store(tmp_path / "home", builtin=tmp_path / "builtin", curated=tmp_path / "curated")


@pytest.fixture
def server() -> Iterator[FileServer]:
    """A local file server."""
    with running() as found:
        yield found


@pytest.fixture
def plugged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The only folder in which sources are discovered; fill it with `write_source`."""
    folder = tmp_path / "sources"
    folder.mkdir()
    monkeypatch.setattr(headtohead.evidence.sources, "__path__", [str(folder)])
    before = dict(sys.modules)
    yield folder
    for name in [n for n in sys.modules if n.startswith("headtohead.evidence.sources.")]:
        if name not in before:
            del sys.modules[name]
            # The attribute on the package would outlive the module.
            vars(headtohead.evidence.sources).pop(name.rpartition(".")[2], None)


@pytest.fixture
def filled(store: Store, server: FileServer, plugged: Path) -> Store:
    """A store with one good import of `toy`, whose server then has 2,000 chips more."""
    write_source(plugged, "toy")
    server.files[PATH] = ServedFile(chips("old"))
    (done,) = update(store, ["toy"], today=TODAY, mirror=server.address)
    assert done.state == "new"
    server.files[PATH] = ServedFile(MANY)
    server.requests.clear()
    return store
