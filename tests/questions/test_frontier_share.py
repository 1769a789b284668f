"""The share of open models among each side's ablest: the count, its interval, what is not known."""

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import bdtr

from headtohead.core.dates import Period
from headtohead.core.question import Answer, Ask, Sides
from headtohead.questions.openness.frontier_share import QUESTION, run
from headtohead.stats.intervals import exact_binomial

END = date(2025, 12, 15)


def row(name: str, score: float, access: str | None, **more: Any) -> dict[str, Any]:
    given = {
        "index_name": "eci",
        "model_name": name,
        "model_id": None,
        "score_index": score,
        "released_on": date(2025, 1, 1),
        "access": access,
        "country": "CN",
        "open": None,
        "known_on": END,
        "source_id": "one",
        "row_url": None,
        "verified": True,
    }
    return given | more


def ask(*rows: dict[str, Any], start: date = END, **scope: Any) -> Answer:
    words = {name: word.default for name, word in QUESTION.scope.items()} | scope
    asked = Ask(Period(start, END), END, Sides(), words, np.random.default_rng(1))
    strings = dict.fromkeys(("model_id", "access", "open", "row_url"), pl.String())
    frame = pl.DataFrame(list(rows), schema_overrides=strings)
    return run({"index_scores": frame}, asked)


ROWS = (
    row("A", 150, "Open weights (unrestricted)"),
    row("B", 149, "API access"),
    row("C", 148, "Unknown"),
    row("D", 100, "Open weights (restricted use)"),
    row("U", 155, "API access", country="US"),
)


def test_the_ablest_are_counted_and_what_is_not_known_widens_both_ends() -> None:
    answer = ask(*ROWS, leading=3)
    (one,) = answer.estimates
    assert one.value == pytest.approx(1 / 3)
    assert (one.low, one.high) == (
        exact_binomial(1, 3, 0.9).low,
        exact_binomial(2, 3, 0.9).high,
    )
    assert answer.says.startswith("1 to 2 of the 3 ablest Chinese models")
    assert "0 of the 1 ablest US models" in answer.says
    assert one.about == Period(END, END)


def test_our_list_of_models_goes_before_what_the_index_prints() -> None:
    listed = [ROWS[0] | {"open": "closed"}, *ROWS[1:]]
    assert ask(*listed, leading=2).estimates[0].value == 0


def test_one_set_of_weights_counts_once_and_later_models_not_at_all() -> None:
    twice = (
        row("M (high)", 152, "API access", model_id="lab/m"),
        row("M (low)", 151, "API access", model_id="lab/m"),
        row("later", 160, "API access", released_on=date(2026, 1, 1)),
    )
    answer = ask(*ROWS, *twice, leading=2)
    assert answer.estimates[0].value == 0.5  # M and A


def test_rows_are_every_quarter_of_both_sides_to_the_day_asked_about() -> None:
    days = [r["observed_on"] for r in ask(*ROWS, start=date(2024, 1, 1)).rows if r["side"] == "US"]
    assert days == [date(2025, 3, 31), date(2025, 6, 30), date(2025, 9, 30), END]


def test_a_side_without_scored_models_has_no_share() -> None:
    assert "no scored model of the US side" in ask(*ROWS[:4], of="a").missing


def test_nine_of_ten_is_what_the_tables_have() -> None:
    # Clopper and Pearson, 90%: each tail of the binomial is 5%.
    one = exact_binomial(9, 10, 0.9)
    assert (one.low, one.high) == pytest.approx((0.60584, 0.99488), abs=1e-5)
    assert (exact_binomial(0, 10, 0.9).low, exact_binomial(10, 10, 0.9).high) == (0, 1)
    assert exact_binomial(0, 10, 0.9).high == pytest.approx(1 - 0.05**0.1)


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_at_each_end_a_count_so_far_out_has_the_chance_of_a_tail(counts: tuple[int, int]) -> None:
    k, n = counts
    one = exact_binomial(k, n, 0.9)
    assert one.low <= k / n <= one.high
    if k:
        assert 1 - bdtr(k - 1, n, one.low) == pytest.approx(0.05, abs=1e-6)
    if k < n:
        assert bdtr(k, n, one.high) == pytest.approx(0.05, abs=1e-6)


@pytest.mark.parametrize("counts", [(3, 2), (-1, 2), (0, 0)])
def test_impossible_counts_are_refused(counts: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"."):
        exact_binomial(*counts)
