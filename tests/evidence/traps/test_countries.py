"""Missing countries, and several in one cell."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headtohead.evidence.traps import countries, countries_of, propose_country, split_countries
from headtohead.names.names import Names

_US, _UK = "United States of America", "United Kingdom of Great Britain and Northern Ireland"
_COLUMN = "Country (of organization)"


def test_models_of_the_capability_index_without_a_country(shared_evidence: Path) -> None:
    path = shared_evidence / "epoch_eci" / "eci_scores.csv"
    scores = pl.read_csv(path, infer_schema_length=None)
    (found,) = countries(scores, name="Model", country=_COLUMN, organisation="Organization")
    assert found.what.startswith("17 of 222 rows have no country")
    # Chinese ones are among them, and nothing is guessed from their names.
    assert {"Qwen2.5-Coder-14B", "internlm-20b", "Yi-9B"} <= set(found.affects)
    # Their organisation is empty too, so a mapping helps only once the maker is stated.
    mapping = {"Alibaba": "China"}
    again = countries(
        scores, name="Model", country=_COLUMN, organisation="Organization", seats=mapping
    )
    assert again == [found]
    stated = scores.with_columns(
        pl.when(pl.col("Model").str.contains("Qwen"))
        .then(pl.lit("Alibaba"))
        .otherwise("Organization")
        .alias("Organization")
    )
    proposed, left = countries(
        stated, name="Model", country=_COLUMN, organisation="Organization", seats=mapping
    )
    assert len(proposed.affects) == 5
    assert "Qwen2.5-Coder-14B -> China" in proposed.fix
    assert len(left.affects) == 12


def test_several_countries_in_the_table_of_models(shared_evidence: Path) -> None:
    path = shared_evidence / "epoch_models" / "All ML Systems - full view.csv"
    models = pl.read_csv(path, infer_schema_length=None)
    missing, several = countries(models, name="Model", country=_COLUMN)
    assert missing.what.startswith("24 of 1892")
    # 798 cells hold a comma, but 271 of them repeat one country.
    assert models[_COLUMN].str.contains(",").sum() == 798
    assert several.what.startswith("527 of 1892")


def test_a_names_list_can_be_the_mapping() -> None:
    labs = Names.load().labs().values()
    seats = {spelling: lab.country for lab in labs for spelling in (lab.name, *lab.spellings)}
    assert propose_country("DeepMind,Google", seats) == "US"
    assert propose_country("Alibaba", seats) == "CN"
    assert propose_country("Alibaba,Google", seats) is None


def test_a_names_list_can_state_the_makers(shared_evidence: Path) -> None:
    path = shared_evidence / "epoch_eci" / "eci_scores.csv"
    scores = pl.read_csv(path, infer_schema_length=None).rename({_COLUMN: "country"})
    names = Names.load()
    seats = {lab.id: lab.country for lab in names.labs().values()}
    rows = [row | {"lab": names.resolve(row["Model"]).lab} for row in scores.iter_rows(named=True)]
    proposed = countries(rows, name="Model", organisation="lab", seats=seats)[0]
    assert "Qwen2.5-Coder-14B -> CN" in proposed.fix
    assert set(proposed.affects) <= set(scores.filter(pl.col("country").is_null())["Model"])


@pytest.mark.parametrize(
    ("cell", "parts"),
    [
        ("US,UK", ("US", "UK")),
        (f"{_US},{_UK}", (_US, _UK)),
        ("China,China", ("China",)),
        (" US ; UK | US/FR,", ("US", "UK", "FR")),
        ("Korea, Republic of,Korea, Republic of", ("Korea, Republic of",)),
        ("", ()),
        (None, ()),
    ],
)
def test_a_cell_is_split(cell: str | None, parts: tuple[str, ...]) -> None:
    assert split_countries(cell, whole=["Korea, Republic of"]) == parts


def test_several_count_for_none_until_a_rule_is_picked() -> None:
    assert countries_of("US,UK") == ()
    assert countries_of("US,UK", "first") == ("US",)
    assert countries_of("US,UK", "all") == ("US", "UK")
    assert countries_of("US,US") == ("US",)
    assert countries_of(None, "all") == ()
    with pytest.raises(ValueError, match="rule"):
        countries_of("US", "some")  # type: ignore[arg-type]


def test_a_country_is_proposed_only_where_it_is_known() -> None:
    seats = {"Lab A": "CN", "Lab B": "CN", "Lab C": "US", "Lab C, Inc": "US"}
    assert propose_country("Lab A,Lab B", seats) == "CN"
    assert propose_country("Lab C, Inc", seats) == "US"
    for unknown in ("Lab A,Lab C", "Lab A,Lab X", "lab a", "", None):
        assert propose_country(unknown, seats) is None
    rows: list[dict[str, Any]] = [
        {"model": "m", "country": None, "maker": "Lab A"},
        {"model": "n", "country": " ", "maker": None},
        {"model": "o", "country": "US", "maker": "Lab C"},
    ]
    first, second = countries(rows, organisation="maker", seats=seats)
    assert (first.affects, second.affects) == (("m",), ("n",))


_NAME = st.text(st.characters(categories=["L"]), min_size=1)


@given(st.lists(_NAME, max_size=6), st.sampled_from([",", ";", " | ", "/"]))
def test_splitting_undoes_joining(names: list[str], separator: str) -> None:
    parts = split_countries(separator.join(names))
    assert parts == tuple(dict.fromkeys(names))
    assert split_countries(",".join(parts)) == parts
