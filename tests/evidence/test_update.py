"""Updates that go well, over a real local server and from folders."""

import gzip
import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.evidence.file_server import FileServer, ServedFile, http_date
from tests.evidence.toys import (
    TODAY,
    TOMORROW,
    chips,
    many_chips,
    names,
    picture,
    write_source,
)

from headtohead.core.errors import InputError, UnknownName
from headtohead.evidence import catalogue
from headtohead.evidence.ingest import exit_code
from headtohead.evidence.sourcing import Download
from headtohead.evidence.store import Store
from headtohead.evidence.update import update


class Meter:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, object]] = []

    def start(self, what: str, total_bytes: int | None) -> None:
        self.told.append((what, total_bytes))

    def advance(self, more_bytes: int) -> None:
        self.told.append(("more", more_bytes))

    def finish(self) -> None:
        self.told.append(("finish", None))


def test_a_download_becomes_rows_a_snapshot_and_a_card(
    store: Store, server: FileServer, plugged: Path
) -> None:
    write_source(plugged, "toy_one")
    content = chips("a", "b")
    server.files["toy_one/toy_one.json"] = ServedFile(content, last_modified=http_date(1.7e9))
    (done,) = update(store, ["toy_one"], today=TODAY, mirror=server.address)
    assert (done.state, done.files, done.failure) == ("new", ("toy_one.json",), None)
    assert exit_code([done]) == 0
    assert names(store) == ["a", "b"]
    assert store.read("chips", TODAY - timedelta(1)).is_empty()
    assert done.entry
    snapshot = store.home / "snapshots/toy_one" / done.entry.sha256
    assert (snapshot / "toy_one.json").read_bytes() == content
    noted = json.loads((snapshot / "provenance.json").read_text())
    assert noted["licence"] == "CC0-1.0"
    assert noted["retrieved_on"] == noted["known_on"] == "2026-03-01"
    (file,) = noted["files"]
    assert file["url"] == f"{server.address}/toy_one/toy_one.json"
    assert file["last_modified"] == http_date(1.7e9)
    assert not (store.home / "downloads/toy_one").exists()
    cards = {c.source.source_id: c for c in store.cards()}
    assert cards["toy_one"].imports == (done.entry,)


def test_nothing_is_fetched_twice_while_it_stays_the_same(
    store: Store, server: FileServer, plugged: Path
) -> None:
    write_source(plugged, "toy_same")
    server.files["toy_same/toy_same.json"] = ServedFile(chips("a"))
    (first,) = update(store, ["toy_same"], today=TODAY, mirror=server.address)
    before = picture(store)
    (again,) = update(store, ["toy_same"], today=TOMORROW, mirror=server.address)
    assert again.state == "unchanged"
    assert again.entry == first.entry
    assert picture(store) == before
    second = server.asked("toy_same/toy_same.json")[1]
    assert second["If-None-Match"] == ServedFile(chips("a")).tag


@pytest.mark.parametrize("how", [{"etag": ""}, {"etag": "", "last_modified": http_date(1.7e9)}])
def test_servers_without_tags_are_fine_too(
    store: Store, server: FileServer, plugged: Path, how: dict[str, str]
) -> None:
    write_source(plugged, "toy_plain")
    for day, expected in ((TODAY, "new"), (TOMORROW, "unchanged")):
        server.files["toy_plain/toy_plain.json"] = ServedFile(chips("a"), **how)  # type: ignore[arg-type]
        (done,) = update(store, ["toy_plain"], today=day, mirror=server.address)
        assert done.state == expected


def test_a_new_edition_is_added_and_the_old_one_kept(
    store: Store, server: FileServer, plugged: Path
) -> None:
    write_source(plugged, "toy_whole", whole=True)
    for day, content in ((TODAY, chips("a", "b")), (TOMORROW, chips("b", "c"))):
        server.files["toy_whole/toy_whole.json"] = ServedFile(content)
        (done,) = update(store, ["toy_whole"], today=day, mirror=server.address)
        assert done.state == "new"
    assert names(store) == ["a", "b"]
    assert names(store, TOMORROW) == ["b", "c"]
    assert len(list((store.home / "snapshots/toy_whole").iterdir())) == 2
    assert len(catalogue.read(store.home)) == 2


def test_a_size_that_is_not_announced_is_fine(
    store: Store, server: FileServer, plugged: Path
) -> None:
    write_source(plugged, "toy_chunked")
    server.files["toy_chunked/toy_chunked.json"] = ServedFile(many_chips(300), chunked=True)
    (done,) = update(store, ["toy_chunked"], today=TODAY, mirror=server.address)
    assert done.entry
    assert done.entry.tables == {"chips": 300}


def test_a_compressed_answer_is_unpacked(store: Store, server: FileServer, plugged: Path) -> None:
    """Some servers compress although they were asked not to."""
    write_source(plugged, "toy_packed")
    server.files["toy_packed/toy_packed.json"] = ServedFile(
        gzip.compress(chips("a")), extra={"Content-Encoding": "gzip"}
    )
    (done,) = update(store, ["toy_packed"], today=TODAY, mirror=server.address)
    assert done.state == "new"
    assert server.asked("toy_packed/toy_packed.json")[0]["Accept-Encoding"] == "identity"


def test_a_redirect_is_followed(store: Store, server: FileServer, plugged: Path) -> None:
    write_source(plugged, "toy_moved")
    server.files["toy_moved/toy_moved.json"] = ServedFile(location="/elsewhere.json")
    server.files["elsewhere.json"] = ServedFile(chips("a"))
    (done,) = update(store, ["toy_moved"], today=TODAY, mirror=f"{server.address}/")
    assert done.state == "new"


def test_an_optional_file_that_is_not_there_is_reported(
    store: Store, server: FileServer, plugged: Path
) -> None:
    url = "https://toys.invalid"
    write_source(
        plugged,
        "toy_more",
        downloads=[
            Download("toy_more.json", f"{url}/1"),
            Download("toy_more-extra.json", f"{url}/2", optional=True),
        ],
    )
    server.files["toy_more/toy_more.json"] = ServedFile(chips("a"))
    (done,) = update(store, ["toy_more"], today=TODAY, mirror=server.address)
    assert (done.files, done.skipped) == (("toy_more.json",), ("toy_more-extra.json",))
    server.files["toy_more/toy_more-extra.json"] = ServedFile(chips("b"))
    (done,) = update(store, ["toy_more"], today=TOMORROW, mirror=server.address)
    assert (done.state, done.skipped) == ("new", ())
    assert names(store, TOMORROW) == ["a", "b"]


def test_with_no_source_named_all_are_tried_and_one_failure_stops_none(
    store: Store, server: FileServer, plugged: Path
) -> None:
    write_source(plugged, "toy_a")
    write_source(plugged, "toy_b")
    write_source(plugged, "toy_c")
    write_source(plugged, "toy_d", downloads=[], how_to_get="Ask the publisher.")
    server.files["toy_a/toy_a.json"] = ServedFile(status=503, extra={"Retry-After": "120"})
    server.files["toy_b/toy_b.json"] = ServedFile(chips("b", surprise=1))
    server.files["toy_c/toy_c.json"] = ServedFile(chips("c"))
    done = update(store, [], today=TODAY, mirror=server.address)
    assert [(d.source_id, d.state) for d in done] == [
        ("toy_a", "failed"),
        ("toy_b", "failed"),
        ("toy_c", "new"),
        ("toy_d", "by_hand"),
    ]
    assert done[3].how_to_get == "Ask the publisher."
    assert "after 120 s" in str(done[0].failure)
    assert "unknown field(s) surprise" in str(done[1].failure)
    assert (exit_code(done[:1]), exit_code(done[1:]), exit_code(done)) == (75, 65, 65)
    assert names(store) == ["c"]


def test_a_source_without_an_address_cannot_be_asked_for(
    store: Store, server: FileServer, plugged: Path
) -> None:
    write_source(plugged, "toy_d", downloads=[], how_to_get="Ask the publisher.")
    with pytest.raises(
        InputError, match=r"publisher\. Then run `update_evidence\('toy_d', folder="
    ):
        update(store, ["toy_d"], today=TODAY, mirror=server.address)
    with pytest.raises(UnknownName, match="Did you mean toy_d"):
        update(store, ["toy_e"], today=TODAY, mirror=server.address)
    assert not store.home.exists()


@pytest.mark.parametrize("mirror", ["ftp://mirror.invalid", "mirror.invalid", ""])
def test_a_mirror_needs_an_address(store: Store, plugged: Path, mirror: str) -> None:
    write_source(plugged, "toy_one")
    with pytest.raises(InputError, match="is no mirror"):
        update(store, ["toy_one"], today=TODAY, mirror=mirror)


def test_progress_counts_every_byte(store: Store, server: FileServer, plugged: Path) -> None:
    write_source(plugged, "toy_meter")
    content = many_chips(300)
    server.files["toy_meter/toy_meter.json"] = ServedFile(content)
    meter = Meter()
    update(store, ["toy_meter"], today=TODAY, mirror=server.address, progress=meter)
    assert meter.told[0] == ("toy_meter/toy_meter.json", len(content))
    assert meter.told[-1] == ("finish", None)
    more = [n for what, n in meter.told if what == "more"]
    assert sum(n for n in more if isinstance(n, int)) == len(content)
    assert len(more) > 2


WINDOWED = [Download("toy_days.json", "{base}/days?from={{since}}&to={{until}}")]
DAYS = """row = {"channel": "toys", "breakdown": "model", "subject": record.take("chip")}
            row |= {"tokens": 1, "window_start": date.fromisoformat(record.take("maker"))}
            row["window_end"] = row["window_start"]
            record.skip("power")
            parsed.add("token_usage", row)"""


def _windowed(plugged: Path, server: FileServer) -> None:
    write_source(
        plugged,
        "toy_days",
        downloads=[Download("toy_days.json", f"{server.address}/days?from={{since}}&to={{until}}")],
        imports="from datetime import date",
    )
    path = plugged / "toy_days.py"
    text = path.read_text()
    start, end = text.index('row = {"chip"'), text.index("record.done()")
    text = text[:start] + DAYS + "\n            " + text[end:]
    path.write_text(text.replace("rows={'chips'", "rows={'token_usage'"))


def test_a_daily_source_is_asked_for_the_days_still_missing(
    store: Store, server: FileServer, plugged: Path
) -> None:
    _windowed(plugged, server)

    def day(text: str) -> bytes:
        return json.dumps([{"chip": "m", "maker": text, "power": 1}]).encode()

    server.files["days?from=2026-01-30&to=2026-02-28"] = ServedFile(day("2026-02-27"))
    (first,) = update(store, ["toy_days"], today=TODAY)
    assert first.state == "new", first.failure
    server.files["days?from=2026-02-28&to=2026-03-01"] = ServedFile(day("2026-03-01"))
    (second,) = update(store, ["toy_days"], today=TOMORROW)
    assert second.state == "new", second.failure
    asked = len(server.requests)
    (third,) = update(store, ["toy_days"], today=TOMORROW)
    assert third.state == "unchanged"
    assert len(server.requests) == asked
    ends = store.read("token_usage", TOMORROW)["window_end"].to_list()
    assert ends == [date(2026, 2, 27), date(2026, 3, 1)]


def test_the_arena_catalogue_travels_over_the_wire(
    store: Store, server: FileServer, shared_evidence: Path
) -> None:
    folder = shared_evidence / "lmarena_catalog" / "2025-12-17"
    for path in folder.iterdir():
        server.files[f"lmarena_catalog/{path.name}"] = ServedFile(path.read_bytes())
    (done,) = update(store, ["lmarena_catalog"], today=date(2025, 12, 17), mirror=server.address)
    assert done.state == "new", done.failure
    # Each file is asked for once; boards that the publisher no longer has are skipped.
    asked = [path.partition("/")[2] for path, _ in server.requests]
    assert sorted(asked) == sorted((*done.files, *done.skipped))
    assert len(done.files) == len(server.files)
    rows = store.read("arena_ratings", date(2025, 12, 17))
    assert done.entry
    assert rows.height == done.entry.tables["arena_ratings"] > 1000
    assert rows["organisation"].null_count() < rows.height
