"""How hand-gathered figures are read: every way a file can be wrong, and the store beside it."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from headtohead.core.errors import EvidenceError
from headtohead.evidence.curated import curated_sources
from headtohead.evidence.store import Store
from headtohead.evidence.tables import table

CARD = """publisher = "A publisher"
product = "A report"
citation = "A publisher (2025). A report."
url = "https://example.org/report"
licence = "CC-BY-4.0"
evaluator = "third_party"
published = 2025-04-07
"""
HEADER = (
    "topic,subject,measure,value,low_value,high_value,unit,window_start,window_end,scope,"
    "known_on,verified,row_url,note"
)
ROW = (
    "private_investment,US,in the year,109.1,109.05,109.15,usd,2024-01-01,2024-12-31,"
    '"Private, not public",2025-04-07,true,https://example.org/report/4,'
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A curated folder that is right, to be spoiled by a test."""
    (tmp_path / "a_report").mkdir()
    (tmp_path / "a_report/source.toml").write_text(CARD, encoding="utf-8")
    (tmp_path / "a_report/figures.csv").write_text(f"{HEADER}\n{ROW}\n", encoding="utf-8")
    return tmp_path


class TestWrongFolders:
    def test_the_right_one_is_read_as_python_values(self, folder: Path) -> None:
        ((source, tables),) = curated_sources(folder)
        assert source.source_id == "a_report"
        assert source.rows == {"figures": (1, 1)}
        assert tables["figures"] == [
            {
                "topic": "private_investment",
                "subject": "US",
                "measure": "in the year",
                "value": 109.1,
                "low_value": 109.05,
                "high_value": 109.15,
                "unit": "usd",
                "window_start": date(2024, 1, 1),
                "window_end": date(2024, 12, 31),
                "scope": "Private, not public",
                "known_on": date(2025, 4, 7),
                "verified": True,
                "row_url": "https://example.org/report/4",
                "note": None,
            }
        ]

    def test_no_folder_holds_no_source(self, tmp_path: Path) -> None:
        assert curated_sources(tmp_path / "nowhere") == []

    def test_flags_numbers_and_moments(self, folder: Path) -> None:
        (folder / "a_report/equity.csv").write_text(
            "season,model_name,observed_at,return_pct,is_final,known_on,verified,row_url,note\n"
            "s1,m,2025-11-03T22:00:00Z,-4,false,2025-11-04,false,https://example.org,x\n",
            encoding="utf-8",
        )
        ((_, tables),) = curated_sources(folder)
        (row,) = tables["equity"]
        assert row["observed_at"] == datetime(2025, 11, 3, 22, tzinfo=UTC)
        assert (row["is_final"], row["verified"], row["return_pct"]) == (False, False, -4.0)
        assert row["equity_usd"] is None

    @pytest.mark.parametrize(
        ("old", "new", "column", "what"),
        [
            ("value,low", "worth,low", "worth", "no such column"),
            ("topic,", "topic,topic,", "topic", "twice"),
            (",scope,", ",", "scope", "is missing"),
            (",row_url,", ",", "row_url", "is missing"),
            (",note", "", "note", "is missing"),
        ],
    )
    def test_header(self, folder: Path, old: str, new: str, column: str, what: str) -> None:
        header = HEADER.replace(old, new, 1)
        (folder / "a_report/figures.csv").write_text(f"{header}\n{ROW}\n", encoding="utf-8")
        _refused(folder, f"a_report/figures.csv line 1, column '{column}'", what)

    @pytest.mark.parametrize(
        ("old", "new", "column", "what"),
        [
            ("private_investment,", ",", "topic", "is empty"),
            ("private_investment,", " private_investment,", "topic", "spaces"),
            ("109.1,", "about 109,", "value", "finite number"),
            ("109.1,", "nan,", "value", "finite number"),
            ("109.05,", "109.12,", "low_value", "do not fit"),
            ("109.15,", "109.0,", "high_value", "do not fit"),
            ("usd,", "dollars,", "unit", "No unit is called"),
            ("2024-01-01", "01/01/2024", "window_start", "a day such as"),
            ("2024-01-01", "2024-02-30", "window_start", "a day such as"),
            ("2024-12-31", "2023-12-31", "window_end", "lies before"),
            ("2025-04-07", "2025-4-7", "known_on", "a day such as"),
            ("2025-04-07", "2025-04-06", "known_on", "before the source was published"),
            ("2024-12-31", "2025-04-08", "window_end", "after the figure was known"),
            ("example.org/report/4", "arxiv.org/abs/2505.00001", "known_on", "before its address"),
            ("example.org/report/4", "a.org/2025/04/08/x", "known_on", "given out from 2025-04-08"),
            ("true", "yes", "verified", "true or false"),
            ("true", "", "verified", "is empty"),
            ("https://example.org/report/4", "", "row_url", "is empty"),
            ("https://example.org/report/4", "http://example.org", "row_url", "https address"),
            ("https://example.org/report/4", "https://here", "row_url", "https address"),
            ("/report/4,", "/report/4,note,more", "note", "fields under"),
        ],
    )
    def test_field(self, folder: Path, old: str, new: str, column: str, what: str) -> None:
        row = ROW.replace(old, new, 1)
        assert row != ROW
        (folder / "a_report/figures.csv").write_text(f"{HEADER}\n{row}\n", encoding="utf-8")
        _refused(folder, f"a_report/figures.csv line 2, column '{column}'", what)

    def test_line_numbers_count_lines_of_the_file(self, folder: Path) -> None:
        wide = ROW.replace("Private, not public", "Private,\nnot public")
        bad = ROW.replace("usd", "eur").replace("US", "CN")
        (folder / "a_report/figures.csv").write_text(f"{HEADER}\n{wide}\n{bad}\n", encoding="utf-8")
        _refused(folder, "figures.csv line 4, column 'unit'")

    def test_the_same_fact_twice(self, folder: Path) -> None:
        (folder / "a_report/figures.csv").write_text(f"{HEADER}\n{ROW}\n{ROW}\n", encoding="utf-8")
        _refused(folder, "line 3", "same fact as in line 2")

    def test_a_correction_known_later_is_welcome(self, folder: Path) -> None:
        later = ROW.replace("2025-04-07", "2026-04-07").replace("109.1,", "109.14,")
        (folder / "a_report/figures.csv").write_text(f"{HEADER}\n{ROW}\n{later}\n", "utf-8")
        ((_, tables),) = curated_sources(folder)
        assert len(tables["figures"]) == 2

    def test_broken_quotes(self, folder: Path) -> None:
        row = ROW.replace('public"', "public")
        (folder / "a_report/figures.csv").write_text(f"{HEADER}\n{row}\n", encoding="utf-8")
        _refused(folder, "a_report/figures.csv line 2", "is not CSV")

    def test_bytes_that_are_not_text(self, folder: Path) -> None:
        (folder / "a_report/figures.csv").write_bytes(b"\xff\xfe")
        _refused(folder, "a_report/figures.csv", "not UTF-8")

    def test_no_row(self, folder: Path) -> None:
        (folder / "a_report/figures.csv").write_text(f"{HEADER}\n", encoding="utf-8")
        _refused(folder, "a_report/figures.csv", "holds no row")

    def test_an_empty_file(self, folder: Path) -> None:
        (folder / "a_report/figures.csv").write_text("", encoding="utf-8")
        _refused(folder, "a_report/figures.csv line 1, column 'topic'", "is missing")

    def test_a_file_that_is_no_table(self, folder: Path) -> None:
        (folder / "a_report/figure.csv").write_text(f"{HEADER}\n{ROW}\n", encoding="utf-8")
        _refused(folder, "a_report/figure.csv", "Did you mean figures")

    def test_a_stray_file(self, folder: Path) -> None:
        (folder / "a_report/notes.txt").write_text("later", encoding="utf-8")
        _refused(folder, "a_report/notes.txt", "not expected")

    def test_no_table(self, folder: Path) -> None:
        (folder / "a_report/figures.csv").unlink()
        _refused(folder, "a_report", "no CSV file")

    def test_no_card(self, folder: Path) -> None:
        (folder / "a_report/source.toml").unlink()
        _refused(folder, "a_report/source.toml", "missing")

    @pytest.mark.parametrize(
        ("old", "new", "field"),
        [
            ('evaluator = "third_party"\n', "", "evaluator"),
            ('"third_party"', '"someone"', "evaluator"),
            ("https://", "http://", "url"),
            ('"A report"', '""', "product"),
            ("2025-04-07", '"2025-04-07"', "published"),
            ("licence", "license", "licence"),
            ("publisher", "colour = 1\npublisher", "colour"),
        ],
    )
    def test_card(self, folder: Path, old: str, new: str, field: str) -> None:
        (folder / "a_report/source.toml").write_text(CARD.replace(old, new, 1), encoding="utf-8")
        _refused(folder, "a_report/source.toml", f"field '{field}'")

    def test_a_card_that_is_not_toml(self, folder: Path) -> None:
        (folder / "a_report/source.toml").write_text("publisher =", encoding="utf-8")
        _refused(folder, "a_report/source.toml", "not TOML")


# The store leaves the file open that it reads the header from.
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
class TestBesideTheStore:
    def test_both_read_the_same_rows(self, tmp_path: Path) -> None:
        store = Store(tmp_path / "home", builtin=tmp_path / "builtin")
        ours: dict[str, set[tuple[object, ...]]] = {}
        for source, tables in curated_sources():
            for name, rows in tables.items():
                keys = {(source.source_id, *(r[k] for k in table(name).key)) for r in rows}
                ours.setdefault(name, set()).update(keys)
        for name, keys in ours.items():
            read = store.read(name, date(2027, 1, 1))
            assert set(read.select("source_id", *table(name).key).iter_rows()) == keys, name

    def test_values_survive_both_ways(self, tmp_path: Path) -> None:
        store = Store(tmp_path / "home", builtin=tmp_path / "builtin")
        read = {
            (r["source_id"], r["model_name"], r["observed_at"]): r
            for r in store.read("equity", date(2027, 1, 1)).iter_rows(named=True)
        }
        for source, tables in curated_sources():
            for row in tables.get("equity", []):
                found = read[source.source_id, row["model_name"], row["observed_at"]]
                assert {k: found[k] for k in row} == row

    def test_december_2025_does_not_know_2026(self, tmp_path: Path) -> None:
        store = Store(tmp_path / "home", builtin=tmp_path / "builtin")
        then = store.read("figures", date(2025, 12, 15)).filter(topic="private_investment")
        assert set(then["window_start"]) == {date(2024, 1, 1)}
        rules = store.read("rules", date(2025, 12, 15))["rule"].to_list()
        assert "jul_2025_h20_resumed" in rules
        assert "jan_2026_case_by_case" not in rules


def _refused(folder: Path, *words: str) -> None:
    with pytest.raises(EvidenceError) as caught:
        curated_sources(folder)
    for word in words:
        assert word in str(caught.value), str(caught.value)
