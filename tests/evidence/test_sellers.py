"""Names of sellers: each from a price list of ours that has its id."""

import re
import tomllib
from datetime import date
from importlib.resources import files

import polars as pl

import headtohead
from headtohead.evidence.store import Store


def test_each_name_has_its_source() -> None:
    store = Store()
    text = files("headtohead.data").joinpath("sellers.toml").read_text("utf-8")
    rows = store.read("prices", date(2026, 11, 1))
    for source, sellers in tomllib.loads(text).items():
        assert source in store.source_ids()
        there = rows.filter(pl.col("source_id") == source)["provider"].unique().to_list()
        assert not sellers.keys() - set(there), source


def test_no_id_stands_twice_on_the_page_of_sources() -> None:
    text = headtohead.list_sources().to_html()
    ids = re.findall(r'<[a-z][^>]* id="?([^" >]+)', text)
    assert len(ids) == len(set(ids))
