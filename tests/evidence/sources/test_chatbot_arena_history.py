"""The Chatbot Arena history importer."""

from datetime import date
from pathlib import Path

import pytest
from scripts.build_evidence import raw_from_folder

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.catalogue import importer
from headtohead.evidence.ingest import frames_of
from headtohead.evidence.sources import chatbot_arena_history
from headtohead.evidence.sourcing import Parsed, RawFile, RawFiles

HEADER = "key,Model,rating,License,Organization,date"


def parse(*lines: str, header: str = HEADER) -> Parsed:
    content = "\n".join((header, *lines)).encode()
    files = (RawFile("alltime.csv", content),)
    return chatbot_arena_history.parse(RawFiles("chatbot_arena_history", files, date(2025, 3, 26)))


def test_a_line_gives_one_row_known_on_its_own_day() -> None:
    (row,) = parse('some-model,"Some, Model",1100.25,MIT,Lab,20240813').rows["arena_ratings"]
    assert row["model_name"] == "some-model"
    assert row["rating_elo"] == 1100.25
    assert row["style_control"] is False
    assert row["observed_on"] == row["known_on"] == date(2024, 8, 13)
    assert "rating_low_elo" not in row


def test_a_repeated_line_is_counted_and_a_contradicting_one_refused() -> None:
    line = "m,M,1100.5,MIT,Lab,20231206"
    parsed = parse(line, line)
    assert len(parsed.rows["arena_ratings"]) == 1
    assert sum(parsed.dropped.values()) == 1
    with pytest.raises(UpstreamChanged, match="rating"):
        parse(line, "m,M,1200.5,MIT,Lab,20231206")


@pytest.mark.parametrize(
    ("lines", "header", "what"),
    [
        (["m,M,x,MIT,Lab,20231206"], HEADER, "rating"),
        (["m,M,inf,MIT,Lab,20231206"], HEADER, "rating"),
        (["m,M,1,MIT,Lab,2023126"], HEADER, "date"),
        (["m,M,1,MIT,Lab"], HEADER, "date"),
        (["m,M,1,MIT,Lab,20231206,9"], HEADER + ",votes", "votes"),
    ],
)
def test_a_changed_layout_is_refused(lines: list[str], header: str, what: str) -> None:
    with pytest.raises(UpstreamChanged, match=what):
        parse(*lines, header=header)


def test_the_real_file(shared_evidence: Path) -> None:
    found = importer("chatbot_arena_history")
    folder = shared_evidence / "chatbot_arena_history"
    frames, dropped = frames_of(found, raw_from_folder(found.source, folder, date(2025, 3, 26)))
    rows = frames["arena_ratings"]
    # 13,434 lines, of which yi-34b-chat is there twice on 96 days.
    assert rows.height + sum(dropped.values()) == 13_434
    assert list(dropped.values()) == [96]
    assert rows["observed_on"].min() == date(2023, 5, 8)
    assert rows["observed_on"].n_unique() == 105
