"""An audit of price lists: each rule on made rows, and errors planted into the real lists."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from tests.prices.listing.planted import DAY, KINDS, SLIP, SWAPPED, pairs, planted
from tests.prices.test_in_force import SCHEMA, both

from headtohead.evidence.facts import Facts
from headtohead.prices.in_force import in_force
from headtohead.prices.listing.audit import RULES, Audit, WrongPrice, audit

AS_OF = date(2026, 10, 31)


def rows(*offers: list[dict[str, Any]]) -> pl.DataFrame:
    made = [row for part in offers for row in part]
    extra: dict[str, Any] = {"vintage": pl.Date(), "open": pl.String()}
    for row in made:
        row.setdefault("vintage", None)
        row.setdefault("open", "closed")
        row["known_on"] = row.get("said_on", row["valid_from"])
        row.pop("said_on", None)
    return pl.DataFrame(made, schema_overrides={**SCHEMA, **extra})


def findings(*offers: list[dict[str, Any]]) -> list[WrongPrice]:
    return list(audit(rows(*offers)).wrong)


def one(*offers: list[dict[str, Any]]) -> WrongPrice:
    (only,) = findings(*offers)
    return only


def test_lists_that_agree_are_clean() -> None:
    found = audit(rows(both(1, 4), both(1, 4, source_id="t"), both(1, 4, source_id="u")))
    assert (found.wrong, found.quotes_n, found.compared_n, found.undecided_n) == ((), 3, 3, 0)


@pytest.mark.parametrize("times", [1e-6, 1e-3, 1e3, 1e6])
def test_a_slip_of_a_thousand_is_found_and_mended(times: float) -> None:
    wrong = one(both(1, 4), both(times, 4 * times, source_id="t"))
    assert (wrong.problem, wrong.right, wrong.right_source) == ("unit slip", (1, 4), "s")


def test_a_slip_in_one_direction_alone_is_found_without_another_list() -> None:
    assert one(both(1, 4000)).problem == "unit slip"


def test_a_price_below_zero_is_named_and_never_counts() -> None:
    wrong = one(both(1, 4), both(-1, 4, source_id="t"))
    assert (wrong.source_id, wrong.problem, wrong.right) == ("t", "below zero", (1, 4))
    made = rows(both(-1, 40, source_id="t"))
    assert in_force(made, date(2025, 12, 15)).is_empty()


def test_swapped_prices_are_turned_round() -> None:
    wrong = one(both(4, 1))
    assert (wrong.problem, wrong.right) == ("input and output swapped", (1, 4))


def test_a_price_cannot_be_of_another_day_than_it_was_written() -> None:
    ahead = both(1, 4, said_on=date(2025, 9, 1))
    assert one(ahead).problem == "wrong day"
    announced = both(1, 4, said_on=date(2024, 12, 1), basis="documented")
    assert findings(announced) == []
    early = both(1, 4, valid_from=date(2024, 6, 1))
    assert one(early).problem == "wrong day"


def test_what_the_seller_documents_comes_first() -> None:
    wrong = one(both(1, 4), both(2, 4, source_id="t", basis="documented"))
    assert (wrong.source_id, wrong.problem, wrong.right) == ("s", "less sure", (2, 4))


def test_several_lists_outvote_one() -> None:
    offers = [both(1, 4, source_id=word) for word in "stu"]
    wrong = one(*offers, both(2, 8, source_id="v"))
    assert (wrong.source_id, wrong.problem, wrong.against) == ("v", "outvoted", 3)


def test_half_the_price_looks_like_a_promotion() -> None:
    offers = [both(1, 4, source_id=word) for word in "stu"]
    assert one(*offers, both(0.5, 2, source_id="v")).looks_like == "a promotion as list price"


def test_the_price_of_another_model_is_named() -> None:
    offers = [both(1, 4, source_id=word) for word in "stu"]
    other = both(3, 15, source_id="v", model_name="n", model_id="lab/n")
    assert one(*offers, both(3, 15, source_id="v"), other).looks_like == "the price of lab/n"


def test_a_price_for_one_moment_is_called_one() -> None:
    days = [date(2025, month, 1) for month in (1, 5, 9)]
    offers = [both(p, 4 * p, valid_from=d) for p, d in zip((1, 3, 1), days, strict=True)]
    wrong = one(*offers)
    assert (wrong.since, wrong.problem, wrong.right) == (days[1], "a price for one moment", (1, 4))


def test_a_price_that_was_changed_long_ago_is_stale() -> None:
    before, after = date(2025, 1, 1), date(2025, 3, 1)
    changed = [both(1, 4, valid_from=before), both(2, 8, valid_from=after)]
    late = both(1, 4, source_id="t", valid_from=date(2025, 9, 1))
    assert one(*changed, late).problem == "stale"


def test_a_price_that_the_name_had_as_another_model_is_stale_if_all_others_ask_another() -> None:
    before = both(5, 15, valid_from=date(2025, 1, 1), model_id="lab/m-old")
    now = both(2.5, 10, valid_from=date(2025, 3, 1))
    others = [both(2.5, 10, source_id="t", provider=f"p{n}", operator=f"p{n}") for n in range(5)]
    # Two lists say so: no vote of lists decides.
    late = [both(5, 15, source_id=word, valid_from=date(2025, 9, 1)) for word in "uv"]
    found = findings(before, now, *others, *late)
    assert {(w.source_id, w.problem) for w in found} == {("u", "stale"), ("v", "stale")}
    assert findings(before, now, *others[:4], *late) == []


def test_what_most_other_sellers_ask_too_is_no_price_of_the_past() -> None:
    first, later, now = date(2025, 1, 1), date(2025, 3, 1), date(2025, 9, 1)
    changes = [
        both(p, 4 * p, source_id="models_dev_changes", valid_from=d)
        for p, d in ((1, first), (2, later))
    ]
    edition = [
        row | {"vintage": now}
        for row in both(1, 4, source_id="models_dev", valid_from=now, basis="snapshot")
    ]
    seconds = both(1, 4, source_id="t", valid_from=now)
    assert "models_dev" in {w.source_id for w in findings(*changes, edition, seconds)}
    others = [both(1, 4, source_id="u", provider=f"p{n}", operator=f"p{n}") for n in range(5)]
    called = {w.source_id for w in findings(*changes, edition, seconds, *others)}
    assert "models_dev" not in called


def test_lists_may_lag_by_weeks() -> None:
    changed = [both(1, 4), both(2, 8, valid_from=date(2025, 9, 1))]
    slow = [
        both(1, 4, source_id="t"),
        both(2, 8, source_id="t", valid_from=date(2025, 9, 1) + timedelta(50)),
    ]
    assert findings(*changed, *slow) == []


def test_a_list_in_two_forms_counts_once() -> None:
    forms = [both(1, 4, source_id=word) for word in ("models_dev", "models_dev_changes")]
    found = audit(rows(*forms, both(1.2, 4.9, source_id="t")))
    assert (found.wrong, found.undecided_n) == ((), 1)


def test_of_two_forms_of_a_list_the_one_is_wrong_that_less_speaks_for() -> None:
    old, now = date(2025, 1, 1), date(2025, 9, 1)
    changes = [
        both(p, 4 * p, source_id="models_dev_changes", valid_from=d)
        for p, d in ((1, old), (2, date(2025, 3, 1)))
    ]
    edition = both(1, 4, source_id="models_dev", valid_from=now, basis="snapshot")
    edition = [row | {"vintage": now} for row in edition]
    wrong = one(*changes, edition)
    assert (wrong.source_id, wrong.problem, wrong.right) == ("models_dev", "stale", (2, 8))


def test_what_is_absurd_speaks_against_nothing() -> None:
    found = findings(both(1, 4), both(1_000_000, 4, source_id="t"), both(4, 1, source_id="u"))
    assert {w.source_id for w in found} == {"t", "u"}


def test_no_number_of_lists_outvotes_what_the_seller_documents() -> None:
    documented = both(1, 4, basis="documented")
    found = findings(documented, *(both(3, 9, source_id=word) for word in "tuv"))
    assert "s" not in {w.source_id for w in found}
    assert {w.problem for w in found} <= {"less sure"}


def test_an_endpoint_kept_to_a_region_may_cost_a_tenth_more() -> None:
    name = {"model_name": "eu.lab.m", "model_id": "lab/m"}
    usual = [both(1, 4, source_id=word, **name) for word in "stu"]
    assert findings(*usual, both(1.1, 4.4, source_id="v", **name)) == []
    (wrong,) = findings(*usual, both(0.5, 2, source_id="v", **name))
    assert wrong.problem == "outvoted"


def test_a_model_that_draws_may_cost_over_a_hundred_times_its_input() -> None:
    assert findings(both(0.5, 60), both(0.5, 60, source_id="t")) == []


def test_one_list_against_one_is_not_decided_by_a_guess() -> None:
    found = audit(rows(both(1, 4), both(2, 7, source_id="t")))
    assert (found.wrong, found.undecided_n) == ((), 2)


@pytest.fixture(scope="module")
def real(facts: Facts) -> Audit:
    """The audit of the lists as they are."""
    return audit(facts.frame("prices", AS_OF))


def measured(
    prices: pl.DataFrame, real: Audit, each: int, seed: int
) -> tuple[dict[str, float], float, Audit]:
    """Share found by kind and of all, share of clean prices newly called wrong, and the audit."""
    before = {row for wrong in real.wrong for row in wrong.row}
    changed, errors = planted(prices, each, seed)
    found = audit(changed)
    called = {row for wrong in found.wrong for row in wrong.row}
    n, hit = Counter(errors.values()), Counter(errors[row] for row in errors if row in called)
    clean = {row for one in pairs(prices) for row in (one["row_input"], one["row_output"])}
    clean -= set(errors)
    false = len((called - before) & clean) / len(clean)
    shares = {kind: hit[kind] / n[kind] for kind in KINDS}
    return shares | {"all": sum(hit.values()) / len(errors)}, false, found


def test_planted_errors_are_found_with_few_false_alarms(facts: Facts, real: Audit) -> None:
    """Forty of each kind among some 13,000 clean prices; seed fixed."""
    shares, false, _ = measured(facts.frame("prices", AS_OF), real, 40, 1)
    assert min(shares[kind] for kind in (SLIP, SWAPPED, DAY)) > 0.95
    assert shares["all"] >= 0.88
    assert false <= 0.01


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_more_planted_errors_are_found(facts: Facts, real: Audit, seed: int) -> None:
    shares, false, found = measured(facts.frame("prices", AS_OF), real, 100, seed)
    assert min(shares[kind] for kind in (SLIP, SWAPPED, DAY)) > 0.95
    assert shares["all"] >= 0.88
    assert false <= 0.01
    assert {wrong.problem for wrong in found.wrong} <= set(RULES)


def test_real_errors_are_among_the_findings(real: Audit) -> None:
    novita = [w for w in real.wrong if w.provider == "novita" and w.usd == (5600, 20000)]
    assert {w.problem for w in novita} == {"unit slip"}
    assert 0.01 < len(real.wrong) / real.quotes_n < 0.03
