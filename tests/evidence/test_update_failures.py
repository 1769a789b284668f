"""Whatever goes wrong, the error says so, its exit code is the documented one, the evidence stays.

Nothing here is pretended: the server cuts and stalls, the disk limit is the kernel's, the second
writer is another process, and killed processes are killed.
"""

import gzip
import hashlib
from pathlib import Path

import pytest
from tests.evidence.file_server import FileServer, ServedFile, http_date
from tests.evidence.one_toy import IMPATIENT, MANY, MANY_N, PATH, PATIENT, heals, part, run
from tests.evidence.toys import TOMORROW, chips, many_chips, picture, write_source

from headtohead.core.errors import (
    DamagedDownload,
    HeadToHeadError,
    SourceUnreachable,
    StoreFull,
    UpstreamChanged,
)
from headtohead.evidence.ingest import Updated, exit_code
from headtohead.evidence.sourcing import Download
from headtohead.evidence.store import Store
from headtohead.evidence.update import update


def fails(
    store: Store,
    server: FileServer,
    kind: type[HeadToHeadError],
    says: str,
    timeout_seconds: float = PATIENT,
) -> None:
    """The next update fails like this, and the store is what it was."""
    before = picture(store)
    done = run(store, server, timeout_seconds)
    assert done.state == "failed"
    assert type(done.failure) is kind
    assert says in str(done.failure)
    assert exit_code([done]) == kind.exit_code
    assert picture(store) == before


def test_a_cut_connection_is_continued_at_once(filled: Store, server: FileServer) -> None:
    server.files[PATH].cut_after = [100_000, 50_000]
    assert run(filled, server).state == "new"
    ranges = [h.get("Range") for h in server.asked(PATH)]
    assert ranges == [None, "bytes=100000-", "bytes=150000-"]
    assert server.asked(PATH)[1]["If-Range"] == server.files[PATH].tag


def test_a_connection_that_is_cut_again_and_again_fails(filled: Store, server: FileServer) -> None:
    server.files[PATH].cut_after = [1000] * 99
    fails(filled, server, DamagedDownload, "was cut after 4,000 bytes")
    assert part(filled).stat().st_size == 4000
    heals(filled, server)
    assert server.asked(PATH)[-1]["Range"] == "bytes=4000-"


def test_a_cut_chunked_answer_is_noticed(filled: Store, server: FileServer) -> None:
    server.files[PATH] = ServedFile(MANY, chunked=True, cut_after=[1000] * 99)
    fails(filled, server, DamagedDownload, "was cut after 1,000 bytes")
    heals(filled, server)
    assert "Range" not in server.asked(PATH)[-1]


def test_a_part_is_dropped_if_the_server_ignores_ranges(filled: Store, server: FileServer) -> None:
    server.files[PATH] = ServedFile(MANY, ignores_range=True, cut_after=[1000])
    assert run(filled, server).state == "new"
    assert [h.get("Range") for h in server.asked(PATH)] == [None, "bytes=1000-"]


def test_a_part_is_dropped_if_the_file_changed_meanwhile(filled: Store, server: FileServer) -> None:
    server.files[PATH] = ServedFile(many_chips(MANY_N + 50), cut_after=[1000] * 99)
    fails(filled, server, DamagedDownload, "was cut")
    heals(filled, server)
    assert server.asked(PATH)[-1]["Range"] == "bytes=4000-"
    assert hashlib.sha256(MANY).hexdigest() in _kept(filled)


def _kept(store: Store) -> set[str]:
    files = (store.home / "snapshots").rglob("toy.json")
    return {hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.mark.parametrize(
    "now", [{"etag": '"two"'}, {"etag": '"one"', "last_modified": http_date(1.8e9)}]
)
def test_a_server_that_continues_another_file_is_not_believed(
    filled: Store, server: FileServer, now: dict[str, str]
) -> None:
    """Some servers answer a range whatever If-Range says."""
    server.files[PATH] = ServedFile(
        many_chips(MANY_N + 50), etag='"one"', last_modified=http_date(1.7e9), cut_after=[1000] * 4
    )
    fails(filled, server, DamagedDownload, "was cut")
    server.files[PATH] = ServedFile(MANY, ignores_if_range=True, **now)  # type: ignore[arg-type]
    assert run(filled, server).state == "new"
    assert [h.get("Range") for h in server.asked(PATH)[-2:]] == ["bytes=4000-", None]
    assert hashlib.sha256(MANY).hexdigest() in _kept(filled)


def test_a_weak_tag_proves_nothing(filled: Store, server: FileServer) -> None:
    server.files[PATH] = ServedFile(MANY, etag='W/"1"', cut_after=[1000])
    assert run(filled, server).state == "new"
    assert [h.get("Range") for h in server.asked(PATH)] == [None, None]


def test_a_part_longer_than_the_file_is_dropped(filled: Store, server: FileServer) -> None:
    server.files[PATH] = ServedFile(MANY, etag='"same"', cut_after=[1000] * 4)
    fails(filled, server, DamagedDownload, "was cut")
    server.files[PATH] = ServedFile(chips("short"), etag='"same"')
    assert run(filled, server).state == "new"
    assert [h.get("Range") for h in server.asked(PATH)[-2:]] == ["bytes=4000-", None]


def test_a_stalled_server_is_given_up_and_continued_later(
    filled: Store, server: FileServer
) -> None:
    server.files[PATH].stall_after = 1000
    fails(filled, server, SourceUnreachable, "stopped answering after ", IMPATIENT)
    # A machine so loaded that nothing comes within the time given gets less each time.
    got = part(filled).stat().st_size
    assert got in (1000, 2000, 3000, 4000)
    heals(filled, server)
    assert server.asked(PATH)[-1]["Range"] == f"bytes={got}-"


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (404, "answered 404 Not Found. The file was moved or withdrawn"),
        (410, "moved or withdrawn"),
        (401, "answered 401 Unauthorized. Fetch the file yourself"),
        (403, "answered 403 Forbidden. Fetch the file yourself"),
        (429, "Try again later"),
        (500, "answered 500"),
        (503, "Try again later"),
    ],
)
def test_a_refusal_is_told(filled: Store, server: FileServer, status: int, says: str) -> None:
    server.files[PATH] = ServedFile(b"no", status=status)
    fails(filled, server, SourceUnreachable, says)
    assert len(server.asked(PATH)) == 1
    heals(filled, server)


def test_nobody_listening_is_told_and_not_waited_for_twice(filled: Store, plugged: Path) -> None:
    write_source(plugged, "toy_two")
    before = picture(filled)
    first, second = update(filled, [], today=TOMORROW, mirror="http://127.0.0.1:9")
    assert isinstance(first.failure, SourceUnreachable)
    assert "could not be reached" in str(first.failure)
    assert isinstance(second.failure, SourceUnreachable)
    assert "was not tried, as 127.0.0.1:9 could not be reached" in str(second.failure)
    assert exit_code([first]) == exit_code([second]) == 75
    assert picture(filled) == before


def test_redirects_without_end_are_told(filled: Store, server: FileServer) -> None:
    server.files[PATH] = ServedFile(location=f"/{PATH}")
    fails(filled, server, SourceUnreachable, "could not be reached")


def test_all_optional_files_gone_is_a_failure(
    store: Store, server: FileServer, plugged: Path
) -> None:
    only = Download("toy.json", "https://toys.invalid/1", optional=True)
    write_source(plugged, "toy", downloads=[only])
    done = run(store, server)
    assert isinstance(done.failure, SourceUnreachable)
    assert "none of its 1 files" in str(done.failure)


@pytest.mark.parametrize(
    "page", [b"<!DOCTYPE html><title>Sign in</title>", b"\xef\xbb\xbf\r\n <HTML lang=en>"]
)
def test_a_page_instead_of_the_file_is_noticed(
    filled: Store, server: FileServer, page: bytes
) -> None:
    server.files[PATH] = ServedFile(page, content_type="text/html")
    fails(filled, server, DamagedDownload, "an HTML page came instead of the file")
    heals(filled, server)


def test_an_empty_file_is_noticed(filled: Store, server: FileServer) -> None:
    server.files[PATH] = ServedFile(b"", etag='"empty"')
    fails(filled, server, DamagedDownload, "an empty file came")
    heals(filled, server)


def test_a_pinned_file_must_be_the_very_one(
    store: Store, server: FileServer, plugged: Path
) -> None:
    pin = hashlib.sha256(MANY).hexdigest()
    write_source(plugged, "toy", downloads=[Download("toy.json", "https://t.invalid", pin)])
    server.files[PATH] = ServedFile(chips("another"))
    fails(store, server, DamagedDownload, f"not the pinned {pin}")
    server.files[PATH] = ServedFile(MANY)
    assert run(store, server).state == "new"


def test_a_corrupt_archive_is_noticed(store: Store, server: FileServer, plugged: Path) -> None:
    write_source(plugged, "toy", downloads=[Download("toy.json.gz", "https://toys.invalid/1")])
    whole = gzip.compress(MANY)
    altered = whole[:2000] + bytes(200) + whole[2200:]
    for content in (whole[:-100], altered, b"plain"):
        server.files["toy/toy.json.gz"] = ServedFile(content)
        fails(store, server, DamagedDownload, "cannot be read")
    server.files["toy/toy.json.gz"] = ServedFile(whole)
    assert run(store, server).state == "new"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (chips("a", colour="red"), "unknown field(s) colour in toy.json entry 0"),
        (b'[{"chip": "a"}]', "field 'maker' is missing in toy.json entry 0"),
        (b'[{"chip": "a", "maker": "Toys", "power": "much"}]', "field 'power' holds 'much'"),
        (b'{"chips": []}', "a str, not an object, in toy.json entry 0"),
        (b"7", "the layout is not the one we know (TypeError"),
        (b"[]", "0 rows of chips, outside 1..1000000"),
    ],
)
def test_a_changed_layout_is_told(
    filled: Store, server: FileServer, content: bytes, says: str
) -> None:
    server.files[PATH] = ServedFile(content)
    fails(filled, server, UpstreamChanged, says)
    server.requests.clear()
    fails(filled, server, UpstreamChanged, says)
    assert server.asked(PATH)[0]["If-None-Match"] == ServedFile(content).tag
    heals(filled, server)


def test_a_folder_that_cannot_be_written_is_told(
    store: Store, server: FileServer, plugged: Path
) -> None:
    write_source(plugged, "toy")
    store.home.write_text("a file where the folder should be")
    with pytest.raises(StoreFull, match="could not be written") as full:
        run(store, server)
    assert full.value.exit_code == 74


def test_one_full_disk_outweighs_other_failures() -> None:
    def failed(failure: HeadToHeadError) -> Updated:
        return Updated(source_id="toy", state="failed", failure=failure)

    unreachable, damaged = failed(SourceUnreachable("a")), failed(DamagedDownload("b"))
    full = failed(StoreFull("c"))
    assert exit_code([unreachable]) == 75
    assert exit_code([unreachable, damaged]) == 65
    assert exit_code([unreachable, damaged, full]) == 74
    assert exit_code([Updated(source_id="toy", state="unchanged")]) == 0
