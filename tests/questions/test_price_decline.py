"""How fast the lowest price of a fixed capability falls."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from headtohead.core.dates import Period
from headtohead.core.question import Answer, Ask, Sides
from headtohead.evidence.facts import Facts
from headtohead.evidence.sources.epoch_price_trends import parse
from headtohead.evidence.sourcing import RawFile, RawFiles
from headtohead.questions import analysis
from headtohead.questions.cost import price_decline
from headtohead.questions.slopes import OWN, UNCHANGED, back_cast

_FILE = "lowest_price_models_data.csv"


def asked(facts: Facts, **scope: Any) -> Answer:
    return facts.ask(
        analysis("cost.price_decline"),
        about=Period.parse("2026-10-31"),
        as_of=date(2026, 10, 31),
        scope=scope,
    )


@pytest.fixture(scope="module")
def gathered(shared_evidence: Path) -> pl.DataFrame:
    """The lowest prices that Epoch AI gathered, as figures; they do not ship."""
    content = (shared_evidence / "epoch_price_trends" / _FILE).read_bytes()
    raw = RawFiles("epoch_price_trends", (RawFile(_FILE, content),), date(2025, 3, 12))
    rows = parse(raw).rows["figures"]
    return pl.DataFrame(rows, infer_schema_length=None).with_columns(
        known_on=pl.lit(date(2025, 3, 12)), source_id=pl.lit("epoch_price_trends"), verified=True
    )


def of_gathered(figures: pl.DataFrame, **changes: Any) -> Answer:
    scope = {k: w.default for k, w in price_decline.QUESTION.scope.items()}
    about, as_of = Period.parse("2025-03-12"), date(2025, 3, 12)
    scope |= {"yardsticks": ("epoch",), **changes}
    ask = Ask(about, as_of, Sides(), scope, np.random.default_rng(0))
    return price_decline.run({"prices": pl.DataFrame(), "figures": figures}, ask)


def test_reproduces_the_table_of_epoch_ai(gathered: pl.DataFrame) -> None:
    # Cottier et al. (2025): 21 series, a median of 50 times a year, from 9 to 900 times.
    falls = []
    for _, rows in gathered.sort("window_end").group_by("measure"):
        years = np.array([day.toordinal() for day in rows["window_end"]]) / 365.25
        falls.append(10 ** -np.polyfit(years, np.log10(rows["value"].to_numpy()), 1)[0])
    assert gathered.height == 119
    assert len(falls) == 21
    assert np.median(falls) == pytest.approx(46, abs=1)
    assert min(falls) == pytest.approx(9.2, abs=0.1)
    assert max(falls) == pytest.approx(853, abs=5)


def test_pooled_slopes_forecast_those_prices_better_than_single_lines(
    gathered: pl.DataFrame,
) -> None:
    rows = gathered.sort("measure", "window_end")
    code = rows["measure"].rle_id().to_numpy().astype(np.int64)
    years = np.array([day.toordinal() for day in rows["window_end"]]) / 365.25
    dex = np.log10(rows["value"].to_numpy())
    origins = [date(2024, month, 1).toordinal() / 365.25 for month in (1, 4, 7, 10)]
    scores, n = back_cast(
        code, years, dex, origins, np.random.default_rng(1), clocks={"steady": years}
    )
    # By another implementation on the same cuts: own line 0.51 and 70%, no change 0.53.
    assert n == 86
    assert scores[OWN].error == pytest.approx(0.507, abs=0.001)
    assert scores[OWN].coverage == pytest.approx(0.70, abs=0.005)
    assert scores[UNCHANGED].error == pytest.approx(0.534, abs=0.001)
    assert scores["steady"].error < 0.40
    assert scores["steady"].coverage == pytest.approx(0.80, abs=0.06)


def test_the_gathered_prices_are_a_yardstick_of_their_own(gathered: pl.DataFrame) -> None:
    answer = of_gathered(gathered)
    (fall,) = answer.estimates
    # statsmodels 0.15.0, MixedLM with an intercept a series and normal errors: 10^1.553 = 35.7,
    # and 10^(1.553 -+ 1.96 x 0.128) = 20 to 64.
    assert fall.value == pytest.approx(33, abs=4)
    assert fall.low == pytest.approx(20, abs=4)
    assert fall.high == pytest.approx(64, abs=14)
    assert fall.source_ids == ("epoch_price_trends",)
    # Two of the 21 levels were bought at the same prices on the same days: they count once.
    assert "over 20 levels of 1 yardstick, by 115 record-low prices" in answer.says
    each = of_gathered(gathered, show="each").estimates
    assert len(each) == 20
    assert 9 < min(e.value for e in each) < max(e.value for e in each) < 100


def test_the_evidence_that_ships_gives_a_fall_with_its_back_cast(facts: Facts) -> None:
    answer = asked(facts)
    (fall,) = answer.estimates
    assert 8 < fall.low < fall.value < fall.high < 40
    assert "asked on earlier days, " in answer.says
    assert "80% intervals held" in answer.says
    assert any("a fall that slows with a level's age" in note for note in answer.notes)
    by_level: dict[object, list[Mapping[str, Any]]] = {}
    for row in answer.rows:
        by_level.setdefault(row["level_label"], []).append(row)
    assert len(by_level) == fall.n
    for rows in by_level.values():
        prices = [row["price_usd_per_mtok"] for row in rows]
        assert prices == sorted(prices, reverse=True)
        assert len(set(prices)) == len(prices) >= 2
        days = [row["observed_on"] for row in rows]
        assert days == sorted(days)


def test_a_yardstick_without_evidence_is_said_to_have_none(facts: Facts) -> None:
    answer = asked(facts, yardsticks=["epoch"])
    assert "no level of epoch with two dated prices was known by 2026-10-31" in answer.missing
    short = facts.ask(
        analysis("cost.price_decline"),
        about=Period.parse("2025-12-15"),
        as_of=date(2026, 10, 31),
        scope={"since": "2025-10-01", "seller": "cheapest"},
    )
    assert short.estimates[0].interval() == "no bounds"
    assert "(nothing bounds it)" in short.says
    early = facts.ask(
        analysis("cost.price_decline"),
        about=Period.parse("2023-08-01"),
        as_of=date(2026, 10, 31),
        scope={"since": "2023-07-01"},
    )
    assert early.missing
