"""The price in force: the surest list of a seller, the seller by the rule, and what others say."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from headtohead.evidence.facts import Facts
from headtohead.prices.in_force import ListPrice, in_force, mixed, notes_on, price_in_force

DAY = date(2025, 12, 15)
SCHEMA = {
    "valid_to": pl.Date(),
    "valid_from_at": pl.Datetime("us", "UTC"),
    "valid_to_at": pl.Datetime("us", "UTC"),
    "served_as": pl.String(),
    "row_url": pl.String(),
    "operator": pl.String(),
    "model_id": pl.String(),
    "hours_utc": pl.String(),
    "model_released_on": pl.Date(),
    "join_rule": pl.String(),
}


def offer(kind: str = "input", price: float | None = 1.0, **changes: Any) -> dict[str, Any]:
    return {
        "provider": "lab",
        "operator": "lab",
        "lab": "lab",
        "model_name": "m",
        "model_id": "lab/m",
        "served_as": None,
        "tier": "standard",
        "token_kind": kind,
        "price_usd_per_mtok": price,
        "valid_from": date(2025, 1, 1),
        "valid_to": None,
        "valid_from_at": None,
        "valid_to_at": None,
        "basis": "commit",
        "hours_utc": None,
        "source_id": "s",
        "known_on": date(2025, 1, 1),
        "row_url": None,
        "join_rule": "listed",
        "model_released_on": date(2024, 12, 20),
        **changes,
    }


def both(low: float | None, high: float | None, **changes: Any) -> list[dict[str, Any]]:
    return [offer("input", low, **changes), offer("output", high, **changes)]


def host(name: str, low: float, high: float | None = None, **changes: Any) -> list[dict[str, Any]]:
    return both(low, low if high is None else high, provider=name, operator=name, **changes)


def table(*offers: list[dict[str, Any]], kept_to: date = DAY) -> pl.DataFrame:
    """The offers, in lists that are kept up to a day: one direction of another model shows it."""
    rows = [row for part in offers for row in part]
    sources = dict.fromkeys(row["source_id"] for row in rows)
    other: dict[str, Any] = {"provider": "kept", "model_name": "kept", "model_id": "kept"}
    kept = [offer(**other, source_id=source, valid_from=kept_to) for source in sources]
    return pl.DataFrame([*rows, *kept], schema_overrides=SCHEMA)


def prices(*offers: list[dict[str, Any]], rule: str = "maker") -> list[tuple[float, float]]:
    found = in_force(table(*offers), DAY, rule=rule)
    return list(found.select("input_usd_per_mtok", "output_usd_per_mtok").iter_rows())


def found(
    *offers: list[dict[str, Any]], model: str = "lab/m", at: date | datetime = DAY, **choices: Any
) -> ListPrice:
    made = price_in_force(table(*offers), model, at, **choices)
    assert made is not None
    return made


# ---------------------------------------------------------------- one list


def test_the_latest_price_up_to_the_day_counts() -> None:
    later = both(9, 9, valid_from=date(2025, 12, 16))
    newer = both(2, 3, valid_from=date(2025, 11, 1))
    assert prices(both(1, 2), newer, later) == [(2, 3)]
    assert price_in_force(table(later), "lab/m", DAY) is None


def test_a_price_that_ended_does_not() -> None:
    ended = both(2, 3, valid_from=date(2025, 11, 1), valid_to=date(2025, 12, 1))
    assert prices(ended) == []
    assert prices(both(1, 2), ended) == []
    assert prices(both(1, 2, valid_to=DAY)) == []
    assert prices(both(1, 2, valid_to=date(2025, 12, 16))) == [(1, 2)]


def test_a_withdrawn_price_is_not_replaced_by_the_one_before_it() -> None:
    assert prices(both(1, 2), both(None, None, valid_from=date(2025, 11, 1))) == []


@pytest.mark.parametrize(
    "changes", [{"tier": "batch"}, {"served_as": "turbo"}, {"model_id": None}, {"operator": None}]
)
def test_other_tiers_channels_and_unknown_names_do_not_count(changes: dict[str, Any]) -> None:
    assert prices(both(1, 2, **changes)) == []


def test_a_channel_counts_where_it_is_asked_for() -> None:
    turbo = both(3, 4, served_as="turbo")
    assert found(both(1, 2), turbo, channel="turbo").usd_per_mtok == {"input": 3, "output": 4}


def test_an_input_without_an_output_or_a_free_trial_is_no_price() -> None:
    assert prices([offer("input", 1)]) == []
    assert prices(both(0, 0)) == []
    apart = [offer("input", 1), offer("output", 2, provider="host", operator="host")]
    assert prices(apart) == []


def test_a_price_with_one_side_at_0_counts_and_is_noted() -> None:
    made = found(both(0, 2))
    assert made.usd_per_mtok == {"input": 0, "output": 2}
    assert made.notes == (
        "lab/m: the list has input tokens at $0: the call itself may cost something",
    )


def test_all_kinds_of_one_list_are_on_the_price() -> None:
    cached = [offer("cache_read", 0.1), offer("cache_write", 1.5), offer("image", 9)]
    made = found([*both(1, 2), *cached])
    assert made.usd_per_mtok == {"input": 1, "output": 2, "cache_read": 0.1, "cache_write": 1.5}
    assert str(made) == "$1 in, $0.1 cached, $2 out per million tokens at lab since 2025-01-01"


def test_it_is_found_by_its_id_or_the_sellers_word() -> None:
    unknown = both(1, 2, model_id=None, model_name="m-2025")
    assert found(unknown, model="m-2025").model == "m-2025"
    assert found(both(1, 2), model="m").model == "lab/m"
    assert price_in_force(table(both(1, 2)), "other", DAY) is None
    # A word finds all lists of the model, not those alone that spell it so.
    surer = both(3, 4, basis="documented", model_name="lab/m-long", source_id="t")
    assert found(both(1, 2), surer, model="m").usd_per_mtok == {"input": 3, "output": 4}


def test_a_word_that_moves_to_a_model_of_another_price_does_not_take_its_old_one_along() -> None:
    released, day = date(2025, 12, 2), date(2025, 12, 4)
    word = both(2, 6, join_rule="alias:m-latest", model_released_on=released)
    own = both(0.5, 1.5, source_id="t", valid_from=date(2025, 12, 5), model_released_on=released)
    assert price_in_force(table(word, own, kept_to=DAY), "lab/m", day) is None
    assert found(word, own).usd_per_mtok == {"input": 0.5, "output": 1.5}
    # Its own name at the same price, or long after, says nothing against it.
    same = [row | {"price_usd_per_mtok": 4 * row["price_usd_per_mtok"]} for row in own]
    assert found(word, same, at=day).usd_per_mtok == {"input": 2, "output": 6}
    late = [row | {"valid_from": date(2026, 1, 5)} for row in own]
    assert found(word, late, at=day).usd_per_mtok == {"input": 2, "output": 6}


# ---------------------------------------------------------------- since when


def test_a_row_that_repeats_the_price_is_no_change_of_it() -> None:
    again = both(1, 2, valid_from=date(2025, 9, 1))
    dearer = both(3, 4, valid_from=date(2024, 12, 1), basis="documented")
    assert found(both(1, 2), again).since == date(2025, 1, 1)
    assert found(dearer, both(1, 2), again).since == date(2025, 1, 1)
    ended = both(1, 2, valid_to=date(2025, 6, 1))
    assert found(ended, again).since == date(2025, 9, 1)


def test_a_change_of_one_direction_is_a_change_of_the_price() -> None:
    cut = both(1, 1.5, valid_from=date(2025, 9, 1))
    assert found(both(1, 2), cut).since == date(2025, 9, 1)


def test_a_list_that_agrees_may_know_of_earlier_days_and_one_that_changed_may_not() -> None:
    late = both(1, 2, source_id="a", valid_from=date(2025, 9, 1), basis="documented")
    assert found(late, both(1, 2, source_id="b")).since == date(2025, 1, 1)
    before = both(3, 4, source_id="a", basis="documented")
    assert found(before, late, both(1, 2, source_id="b")).since == date(2025, 9, 1)


def test_a_moving_word_had_another_models_price_before() -> None:
    moved = both(1, 2, join_rule="alias:m", model_released_on=date(2025, 10, 1))
    made = found(moved, model="m")
    assert (made.since, made.moved_on) == (date(2025, 10, 1), DAY)
    where = replace(made, name="word")
    assert f"word stood for lab/m on {DAY}" in where.notes


def test_what_a_list_began_with_long_after_the_release_may_have_held_before() -> None:
    old: dict[str, Any] = {"model_released_on": date(2024, 3, 4)}
    made = found(both(1, 2, **old))
    assert made.at_least
    assert str(made).endswith(" at least since 2025-01-01")
    # A list that had it within days of the release, that changed it, or whose seller tells the day.
    assert not found(both(1, 2)).at_least
    cut = both(1, 1, valid_from=date(2025, 9, 1), **old)
    assert not found(both(1, 2, **old), cut).at_least
    assert not found(both(1, 2, basis="documented", **old)).at_least
    # Nor where another list knows of an earlier day and had another price before.
    before = both(3, 4, source_id="b", valid_from=date(2024, 3, 5), **old)
    changed = both(1, 2, source_id="b", valid_from=date(2024, 12, 1), **old)
    made = found(both(1, 2, **old), [*before, *changed])
    assert (made.since, made.at_least) == (date(2024, 12, 1), False)


def test_a_list_that_dropped_the_price_is_named() -> None:
    left = both(None, None, source_id="t", valid_from=date(2025, 7, 16))
    made = found(both(1, 2), both(1, 2, source_id="t"), left)
    assert made.others == ("t has listed no price of lab since 2025-07-16",)
    assert made.other_source_ids == ("t",)
    ended = both(1, 2, source_id="t", valid_to=date(2025, 8, 1))
    assert found(both(1, 2), ended).others == ("t has listed no price of lab since 2025-08-01",)
    # Not where it has the model under another name, or the price in force began later.
    other = both(1, 2, source_id="t", model_name="m-2")
    assert not found(both(1, 2), both(1, 2, source_id="t"), left, other).others
    assert not found(
        both(1, 2, valid_from=date(2025, 9, 1)), both(1, 2, source_id="t"), left
    ).others


# ---------------------------------------------------------------- lists that differ


def test_a_documented_price_beats_a_later_commit_and_a_flagged_one_comes_last() -> None:
    sure = both(1, 2, basis="documented", source_id="a")
    commit = both(5, 6, valid_from=date(2025, 11, 1), source_id="b")
    flagged = both(7, 8, basis="flagged:likely", valid_from=date(2025, 12, 1), source_id="c")
    assert prices(sure, commit, flagged) == [(1, 2)]
    assert prices(flagged, commit) == [(5, 6)]


def test_a_document_confirms_a_price_that_the_list_repeats_later() -> None:
    first = both(1, 2, basis="documented", source_id="a")
    again = both(1, 2, valid_from=date(2025, 11, 1), source_id="a")
    other = both(5, 6, valid_from=date(2025, 12, 1), source_id="b")
    assert prices(first, again, other) == [(1, 2)]


def test_what_other_lists_say_is_named_and_what_agrees_is_not() -> None:
    sure = both(1, 2, basis="documented", source_id="a")
    agreed = both(1.001, 2, source_id="b")
    other = both(5, 6, valid_from=date(2025, 11, 1), source_id="c")
    seen = both(7, 8, basis="snapshot", source_id="d")
    made = found(sure, agreed, other, seen)
    assert set(made.others) == {
        "other prices of lab are listed by c: $5 in, $6 out (since 2025-11-01)",
        "other prices of lab are listed by d: $7 in, $8 out (seen on 2025-01-01)",
    }
    rows = in_force(table(sure, agreed, other), DAY)
    assert notes_on(rows) == (
        "lab/m: other prices of lab are listed by c: $5 in, $6 out (since 2025-11-01)",
    )
    # What was seen once is not said to hold since then.
    assert "as seen on 2025-01-01" in str(found(seen))
    assert "since 2025-01-01" in str(found(both(1, 2, basis="documented")))
    # Another endpoint of the same list is no disagreement.
    assert not found(both(1, 2), both(1.1, 2.2, model_name="m-eu")).others


# ---------------------------------------------------------------- the rule


def test_only_the_makers_own_price_counts_unless_another_is_asked_for() -> None:
    cheap = host("host", 0.5, 1)
    assert prices(both(1, 2), cheap) == [(1, 2)]
    assert prices(cheap) == []
    assert prices(cheap, rule="cheapest") == [(0.5, 1)]
    assert prices(both(1, 2), cheap, rule="host") == [(0.5, 1)]
    assert prices(both(1, 2), rule="host") == []


def test_the_median_is_an_offer_and_the_lower_of_two() -> None:
    hosts = [host(f"h{i}", price) for i, price in enumerate((1, 2, 4, 8))]
    assert prices(*hosts, rule="median") == [(2, 2)]
    assert prices(*hosts[:3], rule="median") == [(2, 2)]


def test_the_cheapest_is_the_cheapest_of_all_hosts_whenever_they_were_listed() -> None:
    dear = host("late", 10, valid_from=date(2025, 12, 7))
    assert prices(host("a", 0.3, 1.2), host("b", 0.5), dear, rule="cheapest") == [(0.5, 0.5)]


def test_a_price_far_below_all_others_is_set_aside_and_named() -> None:
    hosts = [host("a", 1), host("b", 2), host("c", 3)]
    made = found(host("lure", 0.3), *hosts, rule="cheapest")
    assert made.usd_per_mtok["input"] == 1
    assert made.set_aside == (
        "lure's $0.30 in, $0.30 out does not count: less than a third of the next seller's, and in "
        "one list alone (s)",
    )
    # A third is enough; so is a second list; and of two sellers nobody can say which is wrong.
    assert found(host("fair", 0.34), *hosts, rule="cheapest").usd_per_mtok["input"] == 0.34
    twice = found(host("lure", 0.3), host("lure", 0.3, source_id="t"), *hosts, rule="cheapest")
    assert twice.usd_per_mtok["input"] == 0.3
    assert found(host("lure", 0.3), hosts[0], rule="cheapest").usd_per_mtok["input"] == 0.3


@pytest.mark.parametrize("copy", ["models_dev_changes", "model_prices"])
def test_a_list_made_from_another_confirms_nothing_of_it(copy: str) -> None:
    lists = [host("lure", 0.3, source_id=source) for source in ("models_dev", copy)]
    hosts = [host("a", 1), host("b", 2), host("c", 3)]
    assert found(*lists, *hosts, rule="cheapest").usd_per_mtok["input"] == 1
    documented = host("lure", 0.3, source_id="model_prices", basis="documented")
    made = found(*lists, documented, *hosts, rule="cheapest")
    assert made.usd_per_mtok["input"] == 0.3


def test_a_price_of_a_list_that_is_no_longer_kept_is_set_aside_and_named() -> None:
    kept = table(host("a", 1))
    left = table(host("old", 0.9, source_id="t"), kept_to=date(2025, 10, 1))
    made = price_in_force(pl.concat([kept, left]), "lab/m", DAY, rule="cheapest")
    assert made is not None
    assert made.usd_per_mtok["input"] == 1
    assert "does not count: last seen on 2025-10-01" in made.set_aside[0]


def test_a_price_that_its_own_list_doubts_counts_only_where_all_are_doubted() -> None:
    doubted = host("d", 0.9, basis="flagged:unit")
    made = found(doubted, host("a", 1), rule="cheapest")
    assert made.usd_per_mtok["input"] == 1
    assert made.set_aside[0].startswith("d's $0.90 in, $0.90 out does not count: doubted by")
    assert found(doubted, rule="cheapest").usd_per_mtok["input"] == 0.9


def test_a_price_that_was_seen_once_long_ago_is_set_aside_and_named() -> None:
    seen: dict[str, Any] = {"basis": "snapshot", "valid_from": date(2025, 10, 15)}
    made = found(host("old", 0.9, **seen), host("a", 1), rule="cheapest")
    assert made.usd_per_mtok["input"] == 1
    assert made.set_aside == (
        "old's $0.90 in, $0.90 out does not count: last seen on 2025-10-15, over 60 days before "
        "2025-12-15 (s)",
    )
    # Seen again, or written in a list that is kept up, it counts; and where there is no other.
    again = host("old", 0.9, basis="snapshot", valid_from=date(2025, 11, 15))
    for rows in (again, host("old", 0.9)):
        assert found(host("old", 0.9, **seen), rows, host("a", 1), rule="cheapest").since <= DAY
        both_lists = found(host("old", 0.9, **seen), rows, host("a", 1), rule="cheapest")
        assert both_lists.usd_per_mtok["input"] == 0.9
    assert found(host("old", 0.9, **seen), rule="cheapest").usd_per_mtok["input"] == 0.9


def test_the_text_says_which_rule_took_which_sellers_price() -> None:
    hosts = [host("a", 1), host("b", 2), host("c", 3)]
    assert " at a, its cheapest credible seller, since " in str(found(*hosts, rule="cheapest"))
    assert " at b, its middle seller, since " in str(found(*hosts, rule="median"))
    assert " at b since " in str(found(*hosts, rule="b"))


def test_lists_that_differ_and_sellers_set_aside_are_sources_too() -> None:
    lure = host("lure", 0.3, source_id="t")
    hosts = [host("a", 1), host("a", 5, source_id="u"), host("b", 2), host("c", 3)]
    assert found(lure, *hosts, rule="cheapest").other_source_ids == ("t", "u")
    assert found(*hosts[2:], rule="cheapest").other_source_ids == ()


# ---------------------------------------------------------------- hours and long prompts

PEAK = {"tier": "peak", "hours_utc": "01:00 to 04:00 UTC on weekdays"}


def test_a_price_of_some_hours_counts_in_them() -> None:
    rows = [both(1, 2), both(2, 4, **PEAK), [offer("cache_read", 0.1)]]
    day = found(*rows)
    assert (day.usd_per_mtok["input"], day.band) == (1, "off-peak")
    assert "lab also charges $2 in, $4 out in peak hours (01:00 to 04:00 UTC" in day.notes[0]
    in_peak = found(*rows, at=datetime(2025, 12, 15, 2, tzinfo=UTC))
    assert in_peak.usd_per_mtok == {"input": 2, "output": 4, "cache_read": 0.1}
    assert (in_peak.band, str(in_peak)[-7:]) == ("peak", " (peak)")
    assert found(*rows, at=datetime(2025, 12, 14, 2, tzinfo=UTC)).band == "off-peak"
    # What began after the day does not count.
    assert found(both(1, 2), both(2, 4, **PEAK, valid_from=date(2026, 1, 1))).band == ""


def test_the_hours_may_stand_on_another_list_with_the_same_usual_price() -> None:
    other = [both(1, 2, source_id="t", basis="snapshot"), both(2, 4, source_id="t", **PEAK)]
    assert found(both(1, 2), *other).band == "off-peak"
    differs = [both(5, 6, source_id="t", basis="snapshot"), both(10, 12, source_id="t", **PEAK)]
    assert found(both(1, 2), *differs).band == ""


def test_what_another_list_has_for_the_peak_hours_is_not_the_usual_price() -> None:
    bands = [both(1, 2, source_id="t"), both(2, 4, source_id="t", **PEAK)]
    late = both(2, 4, valid_from=date(2025, 6, 1))
    made = found(*bands, late)
    assert (made.usd_per_mtok["input"], made.band, made.source_id) == (1, "off-peak", "t")
    assert "$2 in, $4 out (since 2025-06-01, its price of the peak hours)" in made.others[0]


def test_an_instant_of_the_day_of_a_change_is_before_or_after_it() -> None:
    noon = datetime(2025, 12, 15, 12, tzinfo=UTC)
    cut = both(0.5, 1, valid_from=DAY, valid_from_at=noon)
    ended = both(0.1, 0.2, **(PEAK | {"hours_utc": "00:00 to 23:59 UTC"}))
    ended = [row | {"valid_to": DAY, "valid_to_at": noon} for row in ended]
    early = found(both(1, 2), cut, ended, at=datetime(2025, 12, 15, 11, 59, tzinfo=UTC))
    assert (early.usd_per_mtok["input"], early.band) == (0.1, "peak")
    late = found(both(1, 2), cut, ended, at=noon)
    assert (late.usd_per_mtok["input"], late.band, late.since) == (0.5, "", DAY)
    assert found(both(1, 2), cut).usd_per_mtok["input"] == 0.5


def test_a_price_of_some_hours_says_since_when_it_holds() -> None:
    peak = both(2, 4, **PEAK, valid_from=date(2025, 3, 1))
    assert found(both(1, 2), peak, at=datetime(2025, 12, 15, 2, tzinfo=UTC)).since == date(
        2025, 3, 1
    )
    assert found(both(1, 2), peak).since == date(2025, 1, 1)


def test_long_prompts_cost_what_the_list_says() -> None:
    rows = [both(1, 2), both(2, 3, tier="over_200k"), both(4, 5, tier="over_512k")]
    assert found(*rows, input_tokens=200_000).usd_per_mtok["input"] == 1
    assert found(*rows, input_tokens=200_001).usd_per_mtok["input"] == 2
    made = found(*rows, input_tokens=600_000)
    assert (made.usd_per_mtok["input"], made.band) == (4, "over 512,000 tokens")


# ---------------------------------------------------------------- the built-in evidence


def built_in(facts: Facts, model: str, at: date | datetime, **choices: Any) -> ListPrice:
    day = at.date() if isinstance(at, datetime) else at
    made = price_in_force(facts.frame("prices", day, used_on=day), model, at, **choices)
    assert made is not None
    return made


def test_the_cheapest_host_of_deepseek_r1_asks_cents(facts: Facts) -> None:
    made = built_in(facts, "deepseek/deepseek-r1", DAY, rule="cheapest")
    assert 0.30 <= made.usd_per_mtok["input"] <= 0.45


@pytest.mark.parametrize("day", [DAY, date(2026, 10, 31)])
def test_a_lone_low_price_of_llama_405b_is_named_and_not_taken(facts: Facts, day: date) -> None:
    made = built_in(facts, "meta/llama-3.1-405b-instruct", day, rule="cheapest")
    assert (made.usd_per_mtok["input"], made.usd_per_mtok["output"]) == (1, 3)
    assert "Hyperbolic's $0.12 in, $0.30 out does not count" in made.set_aside[0]
    stale = any("Groq's $0.59 in, $0.79 out does not count: last seen on" in n for n in made.notes)
    assert stale == (day > DAY)


@pytest.mark.parametrize(
    ("at", "paid", "band"),
    [
        (date(2026, 8, 18), (0.66, 1.98), "off-peak"),
        (date(2026, 9, 1), (0.66, 1.98), "off-peak"),
        (date(2026, 10, 31), (0.66, 1.98), "off-peak"),
        (datetime(2026, 9, 1, 2, tzinfo=UTC), (1.32, 3.96), "peak"),
        (datetime(2026, 9, 1, 5, tzinfo=UTC), (0.66, 1.98), "off-peak"),
        (datetime(2026, 9, 1, 9, 59, tzinfo=UTC), (1.32, 3.96), "peak"),
        (datetime(2026, 9, 5, 2, tzinfo=UTC), (0.66, 1.98), "off-peak"),
        (datetime(2026, 10, 1, 2, tzinfo=UTC), (0.66, 1.98), "off-peak"),
    ],
)
def test_deepseek_v4_pro_has_peak_hours(
    facts: Facts, at: date | datetime, paid: tuple[float, float], band: str
) -> None:
    made = built_in(facts, "deepseek-v4-pro", at)
    assert (made.usd_per_mtok["input"], made.usd_per_mtok["output"]) == paid
    assert (made.band, made.since) == (band, date(2026, 8, 16))


def test_deepseek_v4_pro_was_cheaper_until_the_moment_of_the_change(facts: Facts) -> None:
    before = built_in(facts, "deepseek-v4-pro", datetime(2026, 8, 16, 15, 59, tzinfo=UTC))
    assert (before.usd_per_mtok["input"], before.band) == (0.435, "")
    after = built_in(facts, "deepseek-v4-pro", datetime(2026, 8, 16, 16, tzinfo=UTC))
    assert (after.usd_per_mtok["input"], after.band) == (0.66, "off-peak")


@pytest.mark.parametrize(
    ("at", "paid"),
    [
        (date(2026, 10, 25), 0.15),
        (datetime(2026, 10, 25, 12, tzinfo=UTC), 0.15),
        (datetime(2026, 10, 26, 2, tzinfo=UTC), 0.3),
    ],
)
def test_deepseek_flash_has_peak_hours(facts: Facts, at: date | datetime, paid: float) -> None:
    assert built_in(facts, "deepseek-flash", at).usd_per_mtok["input"] == paid


def test_the_discount_of_the_night_has_its_own_first_day(facts: Facts) -> None:
    at = datetime(2025, 3, 1, 20, tzinfo=UTC)
    made = built_in(facts, "deepseek/deepseek-v3", at)
    assert (made.usd_per_mtok["input"], made.since) == (0.135, date(2025, 2, 26))


def test_lists_that_still_have_other_prices_of_deepseek_v4_pro_are_named(facts: Facts) -> None:
    made = built_in(facts, "deepseek-v4-pro", date(2026, 9, 1))
    assert list(made.others) == [
        "other prices of DeepSeek are listed by models.dev: $0.435 in, $0.87 out (since "
        "2026-05-24, when deepseek-v4-pro was DeepSeek-V4-Pro)",
        "other prices of DeepSeek are listed by llmledger, from LiteLLM and LMArena: $1.32 in, "
        "$3.96 out (since 2026-08-21, its price of the peak hours)",
        "other prices of DeepSeek are listed by Pydantic: $0.435 in, $0.87 out (seen on "
        "2026-08-21)",
    ]


def test_gpt_5_has_cost_the_same_since_its_release(facts: Facts) -> None:
    made = built_in(facts, "openai/gpt-5", date(2026, 10, 31))
    assert (made.usd_per_mtok["input"], made.since) == (1.25, date(2025, 8, 7))


def test_a_price_older_than_the_model_says_which_model_it_was_written_for(facts: Facts) -> None:
    made = built_in(facts, "deepseek/deepseek-v3.2", DAY)
    was = "(since 2025-01-23, when deepseek-reasoner was DeepSeek-R1)"
    assert was in made.others[0]
    assert "$0.40 out (since 2025-12-03)" in made.others[0]


def test_deepseek_chat_stood_for_another_model_before(facts: Facts) -> None:
    made = built_in(facts, "deepseek-chat", DAY)
    assert (made.model, made.since) == ("deepseek/deepseek-v3.2", date(2025, 12, 1))
    assert made.usd_per_mtok == {"input": 0.28, "output": 0.42, "cache_read": 0.028}
    night = built_in(facts, "deepseek-chat", datetime(2025, 6, 15, 17, tzinfo=UTC))
    assert (night.model, night.usd_per_mtok["input"]) == ("deepseek/deepseek-v3@0324", 0.135)


@pytest.mark.parametrize("model", ["anthropic/claude-opus-4.5", "google/gemini-3-flash"])
def test_two_files_of_models_dev_are_one_list(facts: Facts, model: str) -> None:
    made = built_in(facts, model, date(2026, 8, 1), rule="cheapest")
    assert made.provider != "qihang-ai"
    assert "QiHang AI's $" in made.set_aside[0]


def test_what_withdrawn_models_cost_says_who_dropped_them(facts: Facts) -> None:
    made = built_in(facts, "gpt-4.5-preview", date(2026, 10, 25))
    assert any("models.dev has listed no price of OpenAI since 2025-07-16" in n for n in made.notes)
    # model-prices calls it removed in an edition, and does not say since when.
    made = built_in(facts, "gpt-4.5-preview", date(2026, 11, 1))
    assert "as seen on 2026-08-21" in str(made)
    assert any("model-prices listed no price of OpenAI on 2026-10-26" in n for n in made.notes)


def test_the_first_sight_of_an_old_model_is_said_to_be_one(facts: Facts) -> None:
    made = built_in(facts, "anthropic/claude-3-opus", DAY)
    assert "at least since 2025-06-05" in str(made)


# ---------------------------------------------------------------- the mix


def test_the_mix_weighs_input_and_output() -> None:
    rows = pl.DataFrame({"input_usd_per_mtok": [1.25], "output_usd_per_mtok": [10.0]})
    assert mixed(rows, 0.75)["price_usd_per_mtok"].to_list() == [3.4375]
    assert mixed(rows, 1.0)["price_usd_per_mtok"].to_list() == [1.25]
