"""The figures that the built-in evidence must give; each is asked of it, none is typed in."""

import math
from collections.abc import Mapping
from datetime import date
from statistics import median
from typing import Any

import pytest

from headtohead.claims.verdict import claims_of
from headtohead.core.dates import Period
from headtohead.core.errors import InputError
from headtohead.core.estimate import Estimate
from headtohead.core.question import Answer, Sides
from headtohead.evidence.facts import Facts
from headtohead.evidence.store import Store
from headtohead.questions import analysis

ARTICLE = "2025-12-15"
HINDSIGHT = "2026-10-31"


def ask(
    facts: Facts, name: str, about: str, as_of: str, sides: Sides | None = None, **scope: Any
) -> Answer:
    return facts.ask(
        analysis(name),
        about=Period.parse(about),
        as_of=date.fromisoformat(as_of),
        sides=sides,
        scope=scope,
    )


@pytest.mark.parametrize(
    ("about", "low", "classified", "high"),
    [("2025-12-07", 0.149, 0.163, 0.237), ("2025-08-18", 0.309, 0.329, 0.370)],
)
def test_chinese_share_of_router_tokens(
    facts: Facts, about: str, low: float, classified: float, high: float
) -> None:
    answer = ask(facts, "impact.token_share", about, HINDSIGHT)
    (made,) = answer.estimates
    last: Mapping[str, Any] = max(answer.rows, key=lambda r: r["window_end"])
    assert str(last["window_end"]) == about
    assert (last["window_end"] - last["window_start"]).days == 6
    assert made.low == pytest.approx(low, abs=5e-4)
    assert made.high == pytest.approx(high, abs=5e-4)
    assert last["classified_frac"] == pytest.approx(classified, abs=5e-4)


def test_open_share_of_router_tokens(facts: Facts) -> None:
    answer = ask(
        facts, "impact.token_share", "2025-12", HINDSIGHT, Sides("open", "closed", "open"), days=0
    )
    last = max(answer.rows, key=lambda r: r["window_end"])
    assert str(last["window_end"]) == "2025-12-31"
    assert last["low_frac"] == pytest.approx(0.256, abs=5e-4)
    assert last["classified_frac"] == pytest.approx(0.299, abs=5e-4)


@pytest.mark.parametrize(
    ("style_control", "ratings"),
    [(True, (1436.8, 1451.0, 1468.3, 1419.0)), (False, (1407.3, 1464.5, 1446.4, 1417.3))],
)
def test_ratings_on_the_article_s_board(
    facts: Facts, style_control: bool, ratings: tuple[float, ...]
) -> None:
    names = ("gpt-5-high", "gemini-2.5-pro", "claude-opus-4-5-20251101", "deepseek-v3.2-thinking")
    conditions = claims_of(facts).claims[0].as_stated.conditions
    models = next(c.scope["models"] for c in conditions if "models" in c.scope)
    assert set(models) == set(names[:3]), "the claim asks about the three models of the article"
    answer = ask(
        facts,
        "performance.arena_level",
        "2025-12-11",
        ARTICLE,
        models=[*names],
        style_control=style_control,
    )
    assert [e.label for e in answer.estimates] == list(names)
    assert [round(e.value, 1) for e in answer.estimates] == list(ratings)
    assert all(e.low < e.value < e.high for e in answer.estimates)


def test_the_best_on_the_index_in_hindsight(facts: Facts) -> None:
    answer = ask(facts, "performance.capability_gap", ARTICLE, "2026-08-11", method="published")
    best = {
        side: max((r for r in answer.rows if r["side"] == side), key=lambda r: r["score_index"])
        for side in ("US", "Chinese")
    }
    assert (best["Chinese"]["model_name"], round(best["Chinese"]["score_index"], 1)) == (
        "DeepSeek-V3.2",
        146.4,
    )
    assert (best["US"]["model_name"], round(best["US"]["score_index"], 1)) == ("GPT-5.2 Pro", 155.0)
    (gap,) = answer.estimates
    assert gap.low < gap.value < gap.high < 0


def test_the_best_on_our_own_index_of_the_scores_that_ship(facts: Facts) -> None:
    # GPT-5.2 Pro has two of Epoch's own runs, too few for a place.
    answer = ask(facts, "performance.capability_gap", ARTICLE, "2026-08-11")
    assert (
        "DeepSeek-V3.2, with 146.4, has 6.0 index points (4.3 to 7.5) fewer than the best US one"
        in answer.says
    )
    (gap,) = answer.estimates
    assert gap.low < gap.value < gap.high < 0


def test_at_the_time_no_score_that_ships_was_known(facts: Facts) -> None:
    # The first edition of the index that we hold is of 2026-08-11. Boards known on the day of the
    # article (Aider, BFCL) are other sources, and no index by themselves.
    answer = ask(facts, "performance.capability_gap", ARTICLE, ARTICLE)
    assert not answer.estimates
    assert "no benchmark score of the chosen sources was known" in answer.missing
    published = ask(facts, "performance.capability_gap", ARTICLE, ARTICLE, method="published")
    assert "no edition of the published index was known" in published.missing


def test_the_lag_on_the_index(facts: Facts) -> None:
    (lag,) = ask(facts, "performance.capability_lag", ARTICLE, "2026-08-11").estimates
    assert lag.value == pytest.approx(11.4, abs=0.05)
    assert 0 <= lag.low < lag.value <= lag.high


def test_the_investment_ratio(facts: Facts) -> None:
    (made,) = ask(
        facts, "investment.private_investment", ARTICLE, ARTICLE, measure="ratio"
    ).estimates
    assert round(made.value, 1) == 11.7
    assert made.low < made.value < made.high


def test_the_final_run_of_deepseek_v3(facts: Facts) -> None:
    figures = facts.frame("figures", date.fromisoformat(ARTICLE))
    rows = {
        (r["topic"], r["measure"]): r["value"]
        for r in figures.iter_rows(named=True)
        if r["source_id"] == "deepseek_v3_report"
    }
    hours = rows["training_chip_hours", "total"]
    assert hours == 2_788_000
    price = rows["chip_hour_price", "assumed rental price"]
    (cost,) = ask(
        facts,
        "cost.training_cost",
        ARTICLE,
        ARTICLE,
        subjects=["DeepSeek-V3"],
        measures=["final_run_rental"],
    ).estimates
    assert cost.value == hours * price == 5_576_000


def test_compute_at_the_end_of_2025(facts: Facts) -> None:
    firms = ["Microsoft", "Meta", "Amazon", "Google", "Oracle"]
    answer = ask(facts, "hardware.compute_stock", "2025-12-31", HINDSIGHT, owners=firms)
    rows = [r for r in answer.rows if str(r["window_end"]) == "2025-12-31"]
    ours = sum(r["compute_h100e"] for r in rows if r["owner"] in firms)
    china = [r for r in rows if r["owner"] == "China"]
    assert ours == pytest.approx(14.4e6, abs=0.05e6)
    assert sum(r["compute_h100e"] for r in china) == pytest.approx(0.41e6, abs=0.005e6)
    (nvidia,) = [r for r in china if r["maker"] == "Nvidia"]
    assert nvidia["compute_low_h100e"] == pytest.approx(0.325e6, abs=0.005e6)
    assert nvidia["compute_high_h100e"] == pytest.approx(0.50e6, abs=0.005e6)
    assert any("Huawei" in note for note in answer.notes)
    (ratio,) = answer.estimates
    assert ratio.low < ours / sum(r["compute_h100e"] for r in china) < ratio.high


def _stock(facts: Facts, about: str = "2025-12-31", **scope: Any) -> Answer:
    firms = ["Microsoft", "Meta", "Amazon", "Google", "Oracle"]
    return ask(facts, "hardware.compute_stock", about, HINDSIGHT, owners=firms, **scope)


def test_compute_with_domestic_and_smuggled_chips(facts: Facts) -> None:
    def stock(**scope: Any) -> Estimate:
        (one,) = _stock(facts, **scope).estimates
        return one

    every = {"domestic": True, "smuggled": True}
    assert stock().value == pytest.approx(34.8, abs=0.05)
    assert stock(domestic=True).value == pytest.approx(12.4, abs=0.05)
    assert stock(about="2024-12-31", domestic=True).value == pytest.approx(8.8, abs=0.05)
    ratio = stock(**every)
    assert ratio.value == pytest.approx(7.9, abs=0.05)
    # Wider than with the smuggled chips' interval alone, 5.2 to 9.9.
    assert 1.5 < ratio.low < 5.2
    assert 9.9 < ratio.high < 14
    assert stock(measure="domestic_share").value == pytest.approx(0.643, abs=0.001)
    then = stock(about="2024-12-31", measure="domestic_share").value
    assert then == pytest.approx(0.367, abs=0.001)
    share = stock(measure="domestic_share_change")
    assert share.value == pytest.approx(27.6, abs=0.1)
    assert share.unit == "pp"
    assert share.low > 0
    growth = stock(measure="domestic_growth")
    assert growth.value == pytest.approx(3.98, abs=0.01)
    assert 1 <= growth.low < 3 < 6 < growth.high
    # Huawei's count has no interval: that the ratio rose is likely, and not decided.
    change = stock(measure="ratio_change", **every)
    assert change.value == pytest.approx(1.18, abs=0.01)
    assert change.low < 1 < change.high


def test_counts_without_an_interval_are_said(facts: Facts) -> None:
    notes = " ".join(_stock(facts, domestic=True, measure="ratio_change").notes)
    assert "no interval is published for Huawei's chips" in notes
    assert "had Huawei sold 1.9 times as much" in notes
    before = ask(facts, "hardware.compute_stock", "2025-12-31", "2026-05-31", domestic=True)
    assert before.missing.startswith("no count of Chinese-designed AI chips")


def test_chips_by_the_country_of_their_designer(facts: Facts) -> None:
    answer = ask(facts, "hardware.design_share", "2025-12-31", HINDSIGHT)
    (share,) = answer.estimates
    assert share.value == pytest.approx(0.964, abs=0.001)
    assert 0.9 < share.low < share.value < share.high < 0.99
    assert "26 times what these did" in answer.notes[0]
    (before,) = ask(facts, "hardware.design_share", "2025-12-31", "2026-05-31").estimates
    assert (before.low, before.value, before.high) == (0, 1, 1)


def test_classes_of_openness_where_a_model_was_evaluated(facts: Facts) -> None:
    r1 = ["DeepSeek-R1"]
    answer = ask(
        facts, "openness.flagships", ARTICLE, HINDSIGHT, models=r1, criteria=["open_model"]
    )
    (share,) = answer.estimates
    assert (share.low, share.high) == (0, 0)
    assert "openness_mof" in share.source_ids
    assert answer.notes[0].startswith("the Model Openness Framework gives DeepSeek-R1 no class")
    chinese: Any = {"which": "country=CN", "criteria": ["open_model"]}
    (share,) = ask(facts, "openness.flagships", ARTICLE, HINDSIGHT, **chinese).estimates
    weights: Any = {"which": "country=CN", "criteria": ["weights_open"]}
    (open_weights,) = ask(facts, "openness.flagships", ARTICLE, HINDSIGHT, **weights).estimates
    # Models that were not evaluated leave it open, unless their weights are closed.
    assert share.low == 0 < share.high < open_weights.value


def test_the_trading_season(facts: Facts) -> None:
    names = [
        "qwen3-max",
        "deepseek-chat-v3.1",
        "claude-sonnet-4-5",
        "grok-4",
        "gemini-2.5-pro",
        "gpt-5",
    ]
    answer = ask(facts, "performance.trading_return", ARTICLE, ARTICLE, models=names)
    returns = [round(e.value, 1) for e in answer.estimates]
    assert returns[:2] == [22.3, 4.9]
    assert sorted(returns[2:]) == [-62.7, -56.7, -45.3, -30.8]


def test_holding_bitcoin_over_the_season(facts: Facts, shared_evidence: Any, tmp_path: Any) -> None:
    from headtohead.evidence.folder import from_folder

    store = Store(tmp_path)
    from_folder(
        store, ["binance_candles"], shared_evidence / "crypto_candles", today=date(2026, 10, 31)
    )
    answer = ask(Facts(store), "performance.trading_equity", ARTICLE, HINDSIGHT)
    (hold,) = answer.estimates
    assert round(hold.value, 1) == -0.4


def test_the_list_price_of_deepseek_v3_2(facts: Facts) -> None:
    answer = ask(
        facts, "cost.list_price", ARTICLE, ARTICLE, dear=["gpt-5"], cheap=["deepseek-v3.2"]
    )
    (row,) = [r for r in answer.rows if r["model_id"] == "deepseek/deepseek-v3.2"]
    assert (row["input_usd_per_mtok"], row["output_usd_per_mtok"]) == (0.28, 0.42)
    assert row["source_id"]


def test_the_cheapest_host_of_deepseek_r1_asks_cents(facts: Facts) -> None:
    scope: dict[str, Any] = {"dear": ["gpt-5"], "cheap": ["deepseek-r1"], "seller": "cheapest"}
    answer = ask(facts, "cost.list_price", ARTICLE, ARTICLE, **scope)
    assert 0.30 <= answer.rows[1]["input_usd_per_mtok"] <= 0.45
    assert answer.estimates[0].value > 5


def test_deepseek_v4_pro_is_priced_outside_its_peak_hours(facts: Facts) -> None:
    scope: dict[str, Any] = {"dear": ["gpt-5"], "cheap": ["deepseek-v4-pro"]}
    answer = ask(facts, "cost.list_price", HINDSIGHT, HINDSIGHT, **scope)
    row = answer.rows[1]
    assert (row["input_usd_per_mtok"], row["output_usd_per_mtok"]) == (0.66, 1.98)
    assert (row["valid_from"], answer.rows[0]["valid_from"]) == (
        date(2026, 8, 16),
        date(2025, 8, 7),
    )
    assert any("$1.32 in, $3.96 out (since 2026-08-21, its price" in note for note in answer.notes)


def test_what_other_lists_say_is_said(facts: Facts) -> None:
    answer = ask(
        facts, "cost.list_price", ARTICLE, ARTICLE, dear=["gpt-5"], cheap=["deepseek-chat"]
    )
    (note,) = answer.notes
    assert note.startswith("DeepSeek-V3.2: other prices of DeepSeek are listed by")
    assert "$0.60 in, $1.70 out (since 2025-09-24, when deepseek-chat was DeepSeek-V3" in note
    assert all("llmledger" in e.source_ids for e in answer.estimates)


def test_the_cheapest_sellers_of_both_sides_are_said_and_equal_ends_are_one_number(
    facts: Facts,
) -> None:
    scope: dict[str, Any] = {"dear": ["gpt-5"], "cheap": ["deepseek-r1"], "seller": "cheapest"}
    says = ask(facts, "cost.list_price", ARTICLE, ARTICLE, **scope).says
    assert "each model's at its cheapest credible seller" in says
    assert ": 7.3 times cheaper at the mix used" in says
    two = ask(
        facts, "cost.list_price", ARTICLE, ARTICLE, **{**scope, "cheap": ["deepseek-r1", "gpt-5"]}
    )
    assert ": 1 to 7.3 times cheaper" in two.says


def test_two_publishers_of_one_season_count_each_agent_once(
    shared_evidence: Any, tmp_path: Any
) -> None:
    from headtohead.evidence.folder import from_folder

    store = Store(tmp_path)
    from_folder(
        store, ["nof1_alpha_arena"], shared_evidence / "alpha_arena", today=date(2026, 10, 31)
    )
    answer = ask(Facts(store), "performance.trading_order", ARTICLE, HINDSIGHT, measure="lead")
    (lead,) = answer.estimates
    assert lead.n == 6
    assert lead.value == pytest.approx(35.7, abs=0.05)


@pytest.mark.slow
def test_luck_on_the_same_candles_ends_in_this_order_too_often_for_skill(
    shared_evidence: Any, tmp_path: Any
) -> None:
    from headtohead.evidence.folder import from_folder

    store = Store(tmp_path)
    for source, folder in (
        ("nof1_alpha_arena", "alpha_arena"),
        ("binance_candles", "crypto_candles"),
    ):
        from_folder(store, [source], shared_evidence / folder, today=date(2026, 10, 31))
    answer = ask(Facts(store), "performance.trading_order", ARTICLE, HINDSIGHT, measure="luck")
    (luck,) = answer.estimates
    assert {"binance_candles", "nof1_alpha_arena"} <= set(luck.source_ids)
    assert 0.05 < luck.low < luck.value < luck.high < 0.11


DEAR = ["gpt-5", "claude-opus-4-5-20251101"]
CHEAP = ["deepseek-v3.2", "qwen3-max", "kimi-k2-0905-preview"]


def test_costs_by_task_tell_chinese_systems_apart(shared_evidence: Any, tmp_path: Any) -> None:
    from headtohead.evidence.folder import from_folder

    store = Store(tmp_path)
    folder = shared_evidence / "swebench_bash_only"
    from_folder(store, ["swebench_bash_only"], folder, today=date(2026, 10, 31))
    answer = ask(
        Facts(store), "cost.cost_per_success", ARTICLE, HINDSIGHT, dear=["gpt-5"], months=9
    )
    against_gpt_5 = {
        e.label.split(" against ")[0]: e
        for e in answer.estimates
        if "against GPT-5 (2025-08-07)" in e.label
    }
    assert against_gpt_5["DeepSeek V3.2 Reasoner"].value == pytest.approx(9.2, abs=0.1)
    assert against_gpt_5["GLM-4.6 (T=1)"].value == pytest.approx(2.5, abs=0.1)
    assert against_gpt_5["Minimax M2"].high < 1


@pytest.mark.parametrize(
    ("name", "scope"),
    [
        ("cost.list_price", {"cheap": CHEAP}),
        ("cost.cost_per_success", {"months": 9}),
    ],
)
def test_often_is_the_median_of_all_pairs_and_never_the_best(
    facts: Facts, name: str, scope: dict[str, Any]
) -> None:
    dear = [*DEAR, "claude-opus-4-20250514"][: 2 if "cheap" in scope else 3]
    each = ask(facts, name, ARTICLE, HINDSIGHT, dear=dear, **scope)
    (middle,) = ask(
        facts, name, ARTICLE, HINDSIGHT, dear=dear, statistic="median", **scope
    ).estimates
    assert middle.value == pytest.approx(median([e.value for e in each.estimates]))
    # Which models were listed is part of the interval, so it is wider than the pairs' own ends.
    assert middle.low <= median([e.low for e in each.estimates])
    assert middle.high >= median([e.high for e in each.estimates])
    assert middle.low < middle.high
    assert middle.n == len(each.estimates)


def test_a_cost_that_one_of_the_models_named_lacks_is_said(
    facts: Facts,
) -> None:
    named = ["DeepSeek-V3", "DeepSeek-R1"]
    answer = ask(facts, "cost.training_cost", ARTICLE, HINDSIGHT, subjects=named)
    assert answer.absent == ("DeepSeek-R1",)
    assert not ask(facts, "cost.training_cost", ARTICLE, HINDSIGHT, subjects=named[:1]).notes


def test_a_model_that_nothing_undercuts_is_not_dearer_than_none(facts: Facts) -> None:
    answer = ask(facts, "cost.price_vs_rating", ARTICLE, HINDSIGHT, models=["gpt-5.1"])
    says = answer.says
    assert [e.value for e in answer.estimates] == [0.0]
    assert "costs no more than any of " in says
    assert "dearer than 0" not in says


def test_a_price_trend_from_two_levels_has_no_bounds_and_no_powers_of_ten(facts: Facts) -> None:
    answer = ask(facts, "cost.price_trend", ARTICLE, HINDSIGHT, turn="2024-12-25")
    (after_over_before,) = answer.estimates
    assert after_over_before.interval() == "no bounds"
    assert 0 < after_over_before.value < 1
    assert "from 2 levels it cannot be told whether the fall was faster" in answer.says


def test_the_best_place_says_who_is_in_the_first_tie_group(facts: Facts) -> None:
    groups = ["model_name=gemini-3-pro", "model_name=gpt-5-high"]
    place, best = (
        ask(facts, "performance.arena_rank", ARTICLE, HINDSIGHT, groups=groups, measure=m).estimates
        for m in ("place", "best_place")
    )
    assert [(e.value, e.low, e.high) for e in best] == [(e.low, e.low, e.low) for e in place]
    assert [e.value for e in best] == [1, 10]


def test_what_is_published_of_a_cost_bounds_it_from_below(facts: Facts) -> None:
    parts = {"subjects": ["DeepSeek-V3", "DeepSeek-R1"], "show": "sum"}
    measures = ["final_run_rental", "rl_stage_rental"]
    sources = ("deepseek_v3_report", "deepseek_r1_nature")
    about, known = Period.parse(ARTICLE), date.fromisoformat(HINDSIGHT)
    answer = facts.ask(
        analysis("cost.training_cost"),
        about=about,
        as_of=known,
        scope={**parts, "measures": measures},
        sources=sources,
    )
    (whole,) = answer.estimates
    assert whole.value == pytest.approx(5_576_000 + 294_000)
    assert whole.high == float("inf")
    assert whole.low == 5_869_000


def test_training_costs_of_different_scope_share_no_bound(facts: Facts) -> None:
    with pytest.raises(InputError, match=r"figures of different scope.*cloud"):
        ask(facts, "cost.training_cost", ARTICLE, HINDSIGHT, subjects=["GPT-4"], measures=[])
    shown = ask(facts, "cost.training_cost", ARTICLE, HINDSIGHT, show="side_by_side", measures=[])
    assert len({row["measure"] for row in shown.rows}) > 3


def test_one_season_leaves_skill_open_and_the_order_decided(facts: Facts) -> None:
    luck = ask(facts, "performance.trading_order", ARTICLE, HINDSIGHT, measure="luck")
    assert luck.pending
    assert "6.7% of seasons" in luck.missing


def test_other_open_families_are_counted_as_of_the_day(facts: Facts) -> None:
    counts = {
        about: ask(facts, "openness.open_families", about, HINDSIGHT, besides=["llama"]).estimates[
            0
        ]
        for about in ("2025-08-01", ARTICLE)
    }
    assert [e.value for e in counts.values()] == [0, 3]
    assert all(e.high == float("inf") for e in counts.values())


def test_documented_chips_are_a_share_of_the_documented(facts: Facts) -> None:
    (share,) = ask(
        facts, "hardware.restricted_chips", ARTICLE, HINDSIGHT, measure="documented"
    ).estimates
    assert (share.value, share.n) == (7 / 10, 10)


def test_more_often_is_a_share_of_models_and_not_a_count_of_lists(facts: Facts) -> None:
    answer = ask(
        facts, "cost.price_cuts", ARTICLE, HINDSIGHT, since="2025-01-20", measure="more_often"
    )
    (more,) = answer.estimates
    assert more.unit == "pp"
    assert more.low < 0 < more.high
    assert "2 of 87 young models" in answer.says
    # GPT-4 and o1-mini among them, whose first prices OpenAI documents.
    assert "1 of 17 between 2024-02-25 and 2025-01-19" in answer.says


def test_the_slope_of_one_side_can_be_asked_alone(facts: Facts) -> None:
    (slope,) = ask(
        facts, "performance.frontier_trend", ARTICLE, HINDSIGHT, measure="slope_b"
    ).estimates
    assert slope.label == "slope of the Chinese frontier"


CLOSED: Mapping[str, Any] = {"since": "2024-01-15", "measures": ["rating"]}


@pytest.mark.parametrize("about", [ARTICLE, HINDSIGHT])
def test_the_gap_that_closed_ends_at_the_gap_of_that_day(facts: Facts, about: str) -> None:
    """Whoever asks how far apart two sides are gets one number, undated entrants included."""
    closed = ask(facts, "performance.gap_closed", about, HINDSIGHT, **CLOSED)
    gap = ask(facts, "performance.arena_gap", about, HINDSIGHT)
    crown = ask(facts, "performance.arena_gap", about, HINDSIGHT, a="country=US, open=closed")
    front = ask(facts, "performance.arena_frontier", about, HINDSIGHT)
    (made,) = gap.estimates
    assert {e.value for answer in (crown, front) for e in answer.estimates} == {made.value}
    assert f"the best out by {made.observed_on} {-made.value:.1f}:" in closed.says
    (change,) = closed.estimates
    assert change.n == made.n
    assert {row["model_name"] for row in gap.rows} < {row["model_name"] for row in closed.rows}


def test_the_first_places_of_a_board_count_though_nobody_wrote_down_their_release(
    facts: Facts,
) -> None:
    closed = ask(facts, "performance.gap_closed", HINDSIGHT, HINDSIGHT, **CLOSED)
    assert any("29 of 245 entrants have no known release day" in note for note in closed.notes)
    assert closed.estimates[0].observed_on == date(2026, 10, 20)


def test_both_questions_of_a_gap_take_the_same_old_board(facts: Facts) -> None:
    autumn = "2026-09-30"
    closed = ask(facts, "performance.gap_closed", autumn, HINDSIGHT, **CLOSED)
    gap = ask(facts, "performance.arena_gap", autumn, HINDSIGHT)
    assert {e.observed_on for a in (closed, gap) for e in a.estimates} == {date(2025, 12, 17)}


def test_models_without_a_known_price_may_be_cheaper_or_not(facts: Facts) -> None:
    answer = ask(facts, "cost.price_vs_rating", ARTICLE, HINDSIGHT, models=["deepseek-v3.2"])
    (share,) = answer.estimates
    # One is cheaper at its maker; three whose makers list no price, at the cheapest seller, two of
    # them at the middle one as well.
    cheaper, certain, priced, unknown = 4, 3, 30, 2
    assert share.n == priced + unknown
    assert share.value == pytest.approx(cheaper / priced)
    assert share.high == pytest.approx((cheaper + unknown) / share.n)
    assert share.low == pytest.approx(certain / share.n)
    assert "no price is known of Qwen3-Max-Preview, grok-4-fast-chat" in answer.says
    assert any("Grok 4.1 (thinking)" in note and "not on sale" in note for note in answer.notes)
    sellers = {row["model_id"]: row["provider"] for row in answer.rows}
    assert sellers["alibaba/qwen3-235b-a22b-instruct@2507"] == "wandb"


def test_chips_of_no_known_foundry_may_be_anybodys_and_the_seat_is_said(facts: Facts) -> None:
    answer = ask(facts, "hardware.design_share", "2025-12-31", HINDSIGHT, step="manufacture")
    (made_there,) = answer.estimates
    lost = sum(row["foundry_country"] is None for row in answer.rows)
    assert made_there.n == len(answer.rows)
    assert made_there.high == pytest.approx(lost / len(answer.rows))
    assert "a foundry being of the country where it has its seat" in answer.says
    assert "TSMC, of Taiwan, made 28 (72%)" in answer.says


def test_half_to_twice_of_huaweis_chips_is_said_to_be_assumed(facts: Facts) -> None:
    scopes: tuple[dict[str, Any], ...] = ({"domestic": True, "smuggled": True}, {})
    for scope in scopes:
        answer = ask(facts, "hardware.compute_stock", "2025-12-31", HINDSIGHT, **scope)
        (ratio,) = answer.estimates
        assert ("assumed" in ratio.interval()) is bool(scope)
        assert any("assumed here, not published" in note for note in answer.notes) is bool(scope)


def test_a_whole_is_open_above_until_each_of_its_parts_is_published(facts: Facts) -> None:
    named: dict[str, Any] = {"subjects": ["DeepSeek-V3", "DeepSeek-R1"], "show": "sum"}
    both = ["final_run_rental", "rl_stage_rental"]
    whole = {**named, "measures": both}
    for parts, closed in (([], False), (both, True), ([*both, "research_rental"], False)):
        answer = ask(facts, "cost.training_cost", ARTICLE, HINDSIGHT, **whole, parts=parts)
        (cost,) = answer.estimates
        assert cost.value == pytest.approx(5.87e6)
        assert math.isfinite(cost.high) is closed
    assert "what the research and trials before cost is not published" in answer.says


def test_a_flagship_that_nobody_lists_bounds_the_share(facts: Facts) -> None:
    known = ["DeepSeek-R1", "GLM-4.6"]
    (all_known,) = ask(facts, "openness.flagships", ARTICLE, ARTICLE, models=known).estimates
    assert (all_known.low, all_known.high, all_known.n) == (1, 1, 2)
    more = [*known, "Model That Nobody Lists"]
    (one_more,) = ask(facts, "openness.flagships", ARTICLE, ARTICLE, models=more).estimates
    assert one_more.low == pytest.approx(2 / 3)
    assert (one_more.high, one_more.n) == (1, 3)


def test_one_population_on_both_days_of_the_share_of_tokens(facts: Facts) -> None:
    for measure in ("lowest", "mean"):
        answer = ask(
            facts,
            "impact.past_share",
            ARTICLE,
            HINDSIGHT,
            measure=f"share of weekly tokens, {measure}",
        )
        assert answer.says.startswith("a study gives open Chinese models ")
    (share,) = answer.estimates
    assert share.stale(Period.parse(ARTICLE)) == ""
    assert "30 November 2025" in share.stale(Period.parse("2026-01-31"))
