"""The figures that the built-in evidence must give; each is asked of it, none is typed in."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from headtohead.claims.verdict import claims_of
from headtohead.core.dates import Period
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
    models = claims_of(facts).claims[0].as_stated.scope["models"]
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
    assert "DeepSeek-V3.2, scores 146.4 and the best US one, Gemini 3 Pro, 152.3" in answer.says
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
    assert note.startswith("deepseek/deepseek-v3.2: other prices of deepseek are listed by")
    assert (
        "$0.6 in, $1.7 out (since 2025-09-24, when deepseek-chat was deepseek/deepseek-v3" in note
    )
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
    assert ": 1.0 to 7.3 times cheaper" in two.says


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


def test_costs_by_task_tell_chinese_systems_apart(shared_evidence: Any, tmp_path: Any) -> None:
    from headtohead.claims.verb import show
    from headtohead.evidence.folder import from_folder

    store = Store(tmp_path)
    folder = shared_evidence / "swebench_bash_only"
    from_folder(store, ["swebench_bash_only"], folder, today=date(2026, 10, 31))
    verdict = show("C4", as_of=HINDSIGHT, store=store).verdicts[0]
    against_gpt_5 = {
        e.label.split(" against ")[0]: e
        for e in verdict.as_stated.answer.estimates
        if "against GPT-5 (2025-08-07)" in e.label
    }
    assert against_gpt_5["DeepSeek V3.2 Reasoner"].value == pytest.approx(9.2, abs=0.1)
    assert against_gpt_5["GLM-4.6 (T=1)"].value == pytest.approx(2.5, abs=0.1)
    assert against_gpt_5["Minimax M2"].high < 1
    assert verdict.as_stated.truth == "false"
    assert verdict.word == "narrowly true"
