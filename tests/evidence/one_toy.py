"""One made-up source, updated from one address: what the tests of failures share."""

from pathlib import Path

from tests.evidence.file_server import FileServer, ServedFile
from tests.evidence.toys import TOMORROW, fresh, many_chips

from headtohead.evidence.ingest import Updated
from headtohead.evidence.store import Store
from headtohead.evidence.update import update

PATH = "toy/toy.json"
MANY_N = 200
MANY = many_chips(MANY_N)


# Longer than any answer takes here, however loaded the machine; a stalled server is given less.
PATIENT, IMPATIENT = 120.0, 0.5


def run(store: Store, server: FileServer, timeout_seconds: float = PATIENT) -> Updated:
    (done,) = update(
        store, ["toy"], today=TOMORROW, mirror=server.address, timeout_seconds=timeout_seconds
    )
    return done


def heals(store: Store, server: FileServer) -> Updated:
    """The next update succeeds."""
    server.files[PATH] = ServedFile(MANY)
    done = run(store, server)
    assert done.state == "new", done.failure
    assert fresh(store).read("chips", TOMORROW).height == MANY_N + 1
    assert not list(store.home.rglob(".part-*"))
    return done


def part(store: Store) -> Path:
    """The file that grows while it is downloaded."""
    return store.home / "downloads/toy/toy.json.part"
