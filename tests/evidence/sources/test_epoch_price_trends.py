from datetime import date
from pathlib import Path

import pytest

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.sources.epoch_price_trends import SOURCE, parse
from headtohead.evidence.sourcing import Parsed, RawFile, RawFiles

_FILE = "lowest_price_models_data.csv"
_HEAD = (
    "bench,threshold_model,performance_range,Model Name,Release Date,USD per 1M Tokens,"
    "predicted_log_price,benchmark_score\n"
)
_LINE = 'MMLU,GPT-3,"[43.9, 100]",Alpha,2023-03-06,2.0,2.49,68.0\n'


def _parse(*lines: str, head: str = _HEAD) -> Parsed:
    raw = RawFile(_FILE, (head + "".join(lines)).encode())
    return parse(RawFiles("epoch_price_trends", (raw,), date(2025, 3, 12)))


def test_one_price_at_one_level() -> None:
    (row,) = _parse(_LINE).rows["figures"]
    assert row["topic"] == "lowest_price_at_level"
    assert row["subject"] == "Alpha"
    assert row["measure"] == "MMLU at least 43.9 (GPT-3)"
    assert (row["value"], row["unit"]) == (2.0, "usd_per_mtok")
    assert row["window_start"] == row["window_end"] == date(2023, 3, 6)
    assert row["vintage"] == date(2025, 3, 12)


def test_a_rating_has_no_upper_end() -> None:
    line = 'LMSys Chatbot Arena ELO,GPT-4,"[1186.0, inf]",Alpha,2023-03-06,2.0,2.49,1200\n'
    assert _parse(line).rows["figures"][0]["measure"].endswith("at least 1186 (GPT-4)")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (_LINE.replace("MMLU", "Chess"), "'bench' holds 'Chess'"),
        (_LINE.replace("[43.9, 100]", "(43.9, 100)"), "'performance_range' holds"),
        (_LINE.replace("68.0", "40.0"), "'benchmark_score' holds 40.0"),
        (_LINE.replace(",2.0,", ",inf,"), "'USD per 1M Tokens' holds 'inf'"),
        (_LINE.replace("2023-03-06", "6 March"), "'Release Date' holds '6 March'"),
    ],
)
def test_what_is_unknown_raises(line: str, message: str) -> None:
    with pytest.raises(UpstreamChanged, match=message):
        _parse(line)


def test_a_new_field_raises_and_rows_never_ship() -> None:
    with pytest.raises(UpstreamChanged, match="unknown field"):
        _parse(_LINE.replace("\n", ",1\n"), head=_HEAD.replace("\n", ",Speed\n"))
    assert SOURCE.ship == "no"


def test_the_published_series(shared_evidence: Path) -> None:
    content = (shared_evidence / "epoch_price_trends" / _FILE).read_bytes()
    rows = parse(
        RawFiles("epoch_price_trends", (RawFile(_FILE, content),), date(2025, 3, 12))
    ).rows["figures"]
    assert len(rows) == 119
    assert len({r["measure"] for r in rows}) == 21
    assert min(r["window_start"] for r in rows) == date(2021, 11, 20)
    assert max(r["window_end"] for r in rows) == date(2025, 2, 5)
