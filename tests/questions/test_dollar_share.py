"""Shares of what tokens cost, bounded for what nobody says, and what each share is a share of."""

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from headtohead.core.dates import Period
from headtohead.core.question import Answer
from headtohead.evidence.facts import Facts
from headtohead.questions import analysis
from headtohead.questions.impact.dollar_share import _share, _spent
from headtohead.questions.usage import UsageWindow

JUNE = "2026-06-26"


def asked(facts: Facts, name: str, about: str, **scope: Any) -> Answer:
    return facts.ask(
        analysis(name), about=Period.parse(about), as_of=date(2026, 10, 31), scope=scope
    )


def spent(*entries: tuple[str, str | None, float, float, float]) -> pl.DataFrame:
    """Entries of subject, country, least, usual and most dollars; the same with nothing assumed."""
    names = ("subject", "country", "spent_low_usd", "spent_usd", "spent_high_usd")
    rows = pl.DataFrame(entries, schema=names, orient="row", infer_schema_length=None)
    return rows.with_columns(any_low_usd="spent_low_usd", any_high_usd="spent_high_usd")


def test_the_bounds_are_those_of_every_split() -> None:
    rows = spent(
        ("a", "CN", 10, 20, 30),
        ("b", "US", 40, 50, 80),
        ("c", "FR", 0, 0, 0),
        ("d", None, 0, 0, 25),
    )
    found = _share(rows, "country=CN")
    assert found is not None
    assert found.value == pytest.approx(20 / 70)
    rng = np.random.default_rng(1)
    tried = []
    for _ in range(4000):
        chinese, american, unknown = rng.uniform((10, 40, 0), (30, 80, 25))
        mine = chinese + unknown * rng.random()
        tried.append(mine / (chinese + american + unknown))
    assert found.low <= min(tried)
    assert max(tried) <= found.high
    assert found.low == pytest.approx(10 / (10 + 80 + 25))
    assert found.high == pytest.approx(55 / (55 + 40))
    assert _share(spent(("a", "CN", 0, 0, 0)), "country=CN") is None


def test_a_share_of_dollars_is_not_the_share_of_tokens(facts: Facts) -> None:
    answer = asked(facts, "impact.dollar_share", JUNE)
    (made,) = answer.estimates
    (tokens,) = asked(facts, "impact.token_share", JUNE).estimates
    assert tokens.value == pytest.approx(0.556, abs=0.001)
    assert made.value == pytest.approx(0.131, abs=0.002)
    assert 0.05 < made.low < made.value < made.high < 0.45
    assert "assumed" in made.method
    assert {"openrouter_rankings", "models_dev_changes"} <= set(made.source_ids)
    lead = asked(facts, "impact.dollar_share", JUNE, measure="lead").estimates[0]
    assert lead.unit == "pp"
    assert lead.low < lead.value < lead.high < 0


def test_a_share_says_what_it_is_a_share_of(facts: Facts) -> None:
    days = "routed from 2026-06-17 to 2026-06-23, by the count of OpenRouter"
    for name, what in (
        ("impact.token_share", "share of what: 47.3T tokens that OpenRouter "),
        (
            "impact.dollar_share",
            "share of what: $87.96M, at three input tokens to one output, for ",
        ),
    ):
        note = asked(facts, name, JUNE).notes[0]
        assert note.startswith(what)
        assert days in note
        assert "11.7% of them of no known maker" in note
    article = asked(facts, "openness.adoption", "2025-12-15").notes
    assert article[0].startswith("share of what: Downloads of open models on the Hugging Face hub")
    assert article[0].endswith("by Longpre et al. (MIT, Hugging Face and others)")
    assert article[1].startswith("share of what: 6.18T tokens that OpenRouter routed from 2025-12-")
    study = asked(
        facts, "impact.past_share", "2025-12-15", measure="share of weekly tokens, mean"
    ).notes
    assert study[0].startswith("share of what: Tokens routed by OpenRouter, one channel among many")


def test_counts_by_lab_and_unknown_channels_have_no_dollars(facts: Facts) -> None:
    by_lab = asked(facts, "impact.dollar_share", "2025-12-07").missing
    assert "counted by lab has no price" in by_lab
    assert asked(facts, "impact.dollar_share", JUNE, channel="nowhere").missing
    # Tokens by model tell open weights too, though their own count is by access.
    open_share = asked(facts, "impact.dollar_share", JUNE, b="open=open").estimates[0]
    assert open_share.value == pytest.approx(0.128, abs=0.005)


def test_what_is_free_costs_nothing_and_what_has_no_price_the_mean_at_most(facts: Facts) -> None:
    usage = facts.frame("token_usage", date(2026, 10, 31)).filter(
        (pl.col("breakdown") == "model") & (pl.col("window_start") == date(2026, 6, 20))
    )
    window = UsageWindow(date(2026, 6, 20), date(2026, 6, 20), usage)
    prices = facts.frame("prices", date(2026, 10, 31))
    rows = _spent(window, prices, "openrouter")
    assert rows.height == usage["subject"].n_unique()
    free = rows.filter(pl.col("served_as") == "free")
    assert free.height
    assert free.select("spent_low_usd", "spent_usd", "spent_high_usd").sum().row(0) == (0, 0, 0)
    for low, high in (("any_low_usd", "spent_low_usd"), ("spent_high_usd", "any_high_usd")):
        assert (rows[low] <= rows[high] + 1e-9).all()
    other = rows.filter(pl.col("subject") == "other").row(0, named=True)
    priced = rows.filter(pl.col("spent_usd").is_not_null())
    mean = float(priced["spent_usd"].sum()) / float(priced["tokens"].sum())
    assert other["spent_low_usd"] == 0
    assert other["spent_high_usd"] == pytest.approx(other["tokens"] * mean)
