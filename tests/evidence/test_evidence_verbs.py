"""The Python twins of `h2h sources`, `h2h evidence` and `h2h update`, and the words they use."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner
from tests.evidence.toys import TODAY, chips, names, write_source

import headtohead
from headtohead.cli import main
from headtohead.core.errors import InputError, UnknownName
from headtohead.evidence.sheet import rows_listing
from headtohead.evidence.sourcing import Row
from headtohead.evidence.store import Store
from headtohead.evidence.tables import polars_schema, table
from headtohead.publish.result import Result
from headtohead.publish.terminal import sheet_lines

DAY = "2025-12-15"


@pytest.fixture
def shipped(tmp_path: Path) -> Store:
    """What ships with the package, and nothing more."""
    return Store(tmp_path / "home")


def test_the_sources_are_a_result_and_a_sequence_of_cards(shipped: Store) -> None:
    sources = headtohead.list_sources(store=shipped)
    assert isinstance(sources, Result)
    ids = [card.source.source_id for card in sources]
    assert len(sources) == len(ids) == sources.to_frame().height
    assert "epoch_eci" in ids
    assert sources[0].source.source_id == ids[0]
    assert [r["source_id"] for r in json.loads(sources.to_json())["results"]] == ids
    assert len(repr(sources).splitlines()) <= 25
    assert max(map(len, repr(sources).splitlines())) <= 80
    assert "epoch_eci" in sources.to_html()
    assert "<table" in sources._repr_html_()


def test_the_sources_say_what_they_are_and_under_which_licence(shipped: Store) -> None:
    text = "\n".join(sheet_lines(headtohead.list_sources(store=shipped).sheet, width=80))
    assert "LicenseRef" not in text
    assert "CC-BY-NC-ND-4.0" in text
    assert "Known on" not in text
    assert "What it is" in text.split("Too wide")[0]


@pytest.mark.parametrize(
    "where",
    [
        {"topic": "private_investment", "subject": "CN"},
        "topic=private_investment, subject=CN",
        ["topic=private_investment", "subject=CN"],
        {"Topic": "private_investment", "Subject": "CN"},
    ],
)
def test_rows_are_chosen_by_a_mapping_or_by_text(where: Any, shipped: Store) -> None:
    rows = headtohead.read_evidence("figures", as_of=DAY, where=where, store=shipped)
    assert set(rows["topic"]) == {"private_investment"}
    assert set(rows["subject"]) == {"CN"}


def test_a_value_with_a_comma_is_chosen_by_a_mapping(shipped: Store) -> None:
    every = headtohead.read_evidence("figures", as_of=DAY, store=shipped)
    note = next(n for n in every["note"].drop_nulls() if "," in n)
    rows = headtohead.read_evidence("figures", as_of=DAY, where={"note": note}, store=shipped)
    assert set(rows["note"]) == {note}


def test_a_choice_that_is_none_is_an_error(shipped: Store) -> None:
    with pytest.raises(InputError, match="`where` says what each column is"):
        headtohead.read_evidence("figures", as_of=DAY, where="topic", store=shipped)
    with pytest.raises(UnknownName, match="topic"):
        headtohead.read_evidence("figures", as_of=DAY, where={"topics": "x"}, store=shipped)


def test_a_value_that_no_row_ever_had_is_an_error_with_the_nearest_ones() -> None:
    arguments = ["prices", "--as-of", DAY, "--where", "model_name=gpt-55"]
    found = CliRunner().invoke(main, ["evidence", *arguments])
    assert found.exit_code == 64, found.output
    text = " ".join(found.output.split())
    assert "No value in the column Model is called 'gpt-55'. Did you mean gpt-5" in text


def test_a_value_that_came_later_is_no_slip() -> None:
    arguments = ["prices", "--as-of", "2024-06-01", "--where", "model_name=gpt-5"]
    found = CliRunner().invoke(main, ["evidence", *arguments])
    assert found.exit_code == 0, found.output
    text = " ".join(found.output.split())
    assert "No row known by 2024-06-01 has the value 'gpt-5' in the column Model; the" in text
    assert "first with that value became known on 2025-08-" in text
    assert "--csv give all" not in text


def test_a_listing_of_rows_speaks_in_words(shipped: Store) -> None:
    rows = headtohead.read_evidence("prices", as_of=DAY, where="model_name=gpt-5", store=shipped)
    text = str(rows_listing("prices", rows, TODAY, 5))
    assert "Model" in text
    assert "Price ($" in text
    for name in ("price_usd_per_mtok", "model_name", "join_rule", "model_released_on"):
        assert name not in text
    assert "arena_ratings" not in str(rows_listing("arena_ratings", rows.head(0), TODAY, 5))


def test_evidence_is_updated_from_python_too(store: Store, plugged: Path, tmp_path: Path) -> None:
    write_source(plugged, "toy_one")
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "toy_one.json").write_bytes(chips("a"))
    done = headtohead.update_evidence(
        "toy_one", folder=tmp_path / "raw", today=TODAY, known_on="2026-01-10", store=store
    )
    assert isinstance(done, Result)
    assert [(one.source_id, one.state) for one in done] == [("toy_one", "new")]
    assert names(store) == ["a"]
    assert "1 rows of chips" in str(done)
    again = headtohead.update_evidence(rebuild=True, today=str(TODAY), store=store)
    assert [one.state for one in again] == ["unchanged"]


def _retirement(name: str, day: str | None, source: str) -> Row:
    return {
        "provider": "host",
        "model_name": name,
        "retires_on": date.fromisoformat(day) if day else None,
        "stated_as": "deprecation",
        "source_id": source,
        "known_on": TODAY,
        "verified": True,
    }


def test_retirements_begin_with_the_next_one_and_sources_that_disagree_stay_apart() -> None:
    given = [
        _retirement("withdrawn", None, "a"),
        _retirement("past", "2025-11-01", "a"),
        _retirement("later", "2026-06-01", "a"),
        _retirement("next", "2026-01-05", "a"),
        _retirement("next", "2026-02-01", "b"),
    ]
    rows = pl.DataFrame(given, {**polars_schema(table("retirements"))})
    shown = rows_listing("retirements", rows, date(2025, 12, 15), 5).table().rows
    order = [(r[1], str(r[2]), r[-1]) for r in shown]
    assert order == [
        ("next", "2026-01-05", "a"),
        ("next", "2026-02-01", "b"),
        ("later", "2026-06-01", "a"),
        ("past", "2025-11-01", "a"),
        ("withdrawn", "None", "a"),
    ]
    text = str(rows_listing("retirements", rows, date(2025, 12, 15), 5))
    assert text.index("Retires on") < text.index("Source") < text.index("Model")


def test_the_retirement_dates_that_ship(shipped: Store) -> None:
    rows = headtohead.read_evidence("retirements", as_of="2026-10-31", store=shipped)
    named = rows.filter(model_name="claude-sonnet-4-5-20250929")
    assert named["retires_on"].to_list() == [date(2026, 11, 30)]
    assert named["model_id"].to_list() == ["anthropic/claude-sonnet-4.5"]
    before = headtohead.read_evidence("retirements", as_of="2026-08-31", store=shipped)
    withdrawn = before.filter(model_name="claude-opus-4-6")
    assert withdrawn["retires_on"].to_list() == [date(2027, 2, 5)]
