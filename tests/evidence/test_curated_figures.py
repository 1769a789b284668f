"""What the hand-gathered figures say: their own sums, and the raw files they were taken from."""

import csv
import itertools
import math
from collections.abc import Iterator
from datetime import UTC, date
from pathlib import Path
from typing import Any

import pytest

from headtohead.core.units import units
from headtohead.evidence.curated import curated_sources
from headtohead.evidence.sourcing import Row, Source

CURATED = curated_sources()


def everything() -> Iterator[tuple[Source, str, Row]]:
    for source, tables in CURATED:
        for name, rows in tables.items():
            for row in rows:
                yield source, name, row


def figures(topic: str, **fields: object) -> list[Row]:
    """Figures of a topic whose fields hold the given values, latest known last."""
    found = [
        row
        for _, name, row in everything()
        if name == "figures"
        and row["topic"] == topic
        and all(row[k] == v for k, v in fields.items())
    ]
    return sorted(found, key=lambda row: row["known_on"])


def value(topic: str, **fields: object) -> float:
    found = figures(topic, **fields)
    assert len(found) == 1, (topic, fields, found)
    return float(found[0]["value"])


def rows_of(name: str, source_id: str | None = None) -> list[Row]:
    return [r for s, n, r in everything() if n == name and source_id in (None, s.source_id)]


class TestShippedFigures:
    def test_sources_are_unique_and_carry_what_a_reader_needs(self) -> None:
        assert len(CURATED) >= 18
        assert len({s.source_id for s, _ in CURATED}) == len(CURATED)
        assert len({s.citation for s, _ in CURATED}) == len(CURATED)
        for source, tables in CURATED:
            assert source.ship == "figures"
            assert source.url.startswith("https://")
            assert {n: (len(r), len(r)) for n, r in tables.items()} == dict(source.rows)

    def test_no_source_takes_the_name_of_an_importer(self) -> None:
        from headtohead.evidence.catalogue import importers

        assert not {s.source_id for s, _ in CURATED} & set(importers())

    def test_every_row_has_an_address_and_a_day_after_what_it_speaks_of_began(self) -> None:
        for source, name, row in everything():
            where = (source.source_id, name, row)
            assert row["row_url"].startswith("https://"), where
            assert row["known_on"] <= date(2026, 11, 30), where
            if "window_start" in row:
                assert row["known_on"] >= row["window_start"], where

    def test_numbers_stand_in_a_unit_of_the_registry(self) -> None:
        for _, name, row in everything():
            if name == "figures":
                assert row["unit"] in units()
                assert math.isfinite(row["value"])
                if row["unit"] == "frac" and row["topic"] != "serving_margin":
                    assert 0 <= row["value"] <= 1, row

    def test_what_was_not_checked_says_why(self) -> None:
        unverified = [r for _, _, r in everything() if not r["verified"]]
        assert unverified
        assert [r for r in unverified if not r["note"]] == []


class TestPublishedIdentities:
    def test_investment_ratio(self) -> None:
        year = {"window_end": date(2024, 12, 31)}
        ratio = value("private_investment", subject="US", **year) / value(
            "private_investment", subject="CN", **year
        )
        assert ratio == pytest.approx(11.73, abs=0.005)

    def test_deepseek_v3_hours_times_price_is_the_cost(self) -> None:
        hours = {
            r["measure"]: r["value"]
            for r in figures("training_chip_hours")
            if r["subject"] == "DeepSeek-V3"
        }
        total = hours.pop("total")
        assert sum(hours.values()) == total == 2_788_000
        price = value("chip_hour_price", known_on=date(2024, 12, 27))
        cost = value(
            "training_cost",
            subject="DeepSeek-V3",
            measure="final_run_rental",
            known_on=date(2024, 12, 27),
        )
        assert total * price == cost == 5_576_000

    def test_r1_hours_give_its_cost(self) -> None:
        hours = value("training_chip_hours", subject="DeepSeek-R1")
        assert hours * 2 == value("training_cost", subject="DeepSeek-R1")

    def test_one_day_of_serving(self) -> None:
        nodes = value("nodes_used", measure="mean nodes of 8 chips")
        cost, revenue = value("serving_cost"), value("serving_revenue")
        assert nodes * 8 * 24 * 2 == cost == 87_072
        assert revenue / cost - 1 == pytest.approx(value("serving_margin"), abs=0.005)
        cached = value("tokens_served", measure="input tokens read from cache")
        assert cached / value("tokens_served", measure="input tokens") == pytest.approx(
            0.563, 0.001
        )

    @pytest.mark.parametrize("phase", ["decode", "prefill"])
    def test_sparse_attention_saving_is_the_ratio_of_the_curves(self, phase: str) -> None:
        old, new = (
            value("serving_cost_per_mtok", subject=s, measure=f"{phase} at 128K context")
            for s in ("DeepSeek-V3.1-Terminus", "DeepSeek-V3.2-Exp")
        )
        saving = [r["value"] for r in figures("sparse_attention_saving") if phase in r["measure"]]
        assert [pytest.approx(old / new, abs=0.005)] == saving

    def test_methods_of_cost_differ_by_an_order_of_magnitude(self) -> None:
        def latest(subject: str, measure: str) -> float:
            return float(figures("training_cost", subject=subject, measure=measure)[-1]["value"])

        for model in ("GPT-4", "Llama 3.1-405B", "Grok-3"):
            amortised, cloud, bought = (
                latest(model, m) for m in ("amortised", "cloud", "acquisition")
            )
            assert amortised < cloud < bought
            assert bought > 10 * amortised
        assert latest("DeepSeek-V3", "amortised") < latest("DeepSeek-V3", "final_run_rental")
        assert latest("DeepSeek", "server_capex") > 200 * 5_576_000

    def test_a_later_figure_of_the_paper_corrects_the_earlier(self) -> None:
        paper, run = (r for r in figures("training_cost", subject="GPT-4", measure="amortised"))
        assert (paper["value"], paper["verified"]) == (40e6, False)
        assert (run["value"], run["known_on"]) == (42.2e6, date(2026, 4, 1))

    def test_one_router_is_a_small_part_of_the_tokens_companies_state(self) -> None:
        router = value("tokens_processed", subject="OpenRouter")
        others = [
            value("tokens_processed", subject=s, measure="tokens per day", window_end=end)
            for s, end in (("OpenAI API", date(2025, 10, 31)), ("Google", date(2025, 10, 29)))
        ]
        month = value(
            "tokens_processed",
            subject="Google",
            measure="tokens per month",
            window_end=date(2025, 10, 29),
        )
        assert others[1] == pytest.approx(month / 31, rel=0.001)
        assert router / sum(others) == pytest.approx(0.0198, abs=0.0005)

    def test_shares_of_one_router_leave_no_room_for_thirty_percent(self) -> None:
        mean = {"measure": "share of weekly tokens, mean"}
        open_share = value("chinese_open_share", **mean) + value("other_open_share", **mean)
        assert open_share + value("proprietary_share", **mean) == pytest.approx(1, abs=0.04)

    def test_china_leads_in_counts_but_not_in_the_most_cited(self) -> None:
        for topic in ("patents", "publications", "publication_citations"):
            assert value(topic, subject="CN") > value(topic, subject="US")
        then = {"window_end": date(2023, 12, 31)}
        assert value("top_cited_publications", subject="CN", **then) < value(
            "top_cited_publications", subject="US", **then
        )

    def test_downloads_agree_with_their_shares(self) -> None:
        world = value("hf_downloads", subject="world")
        for subject in ("CN", "US", "EU"):
            share = value("hf_download_share", subject=subject, known_on=date(2026, 4, 8))
            assert value("hf_downloads", subject=subject) / world == pytest.approx(share, abs=0.006)


class TestSeason:
    def test_finals(self) -> None:
        finals = {
            r["subject"]: r["value"]
            for r in figures("trading_return")
            if r["measure"] == "season return"
        }
        assert finals == {
            "qwen3-max": 22.31,
            "deepseek-chat-v3.1": 4.89,
            "claude-sonnet-4-5": -30.8,
            "grok-4": -45.3,
            "gemini-2.5-pro": -56.7,
            "gpt-5": -62.7,
        }

    def test_equity_ends_at_the_finals_and_never_again_reaches_the_peak(self) -> None:
        equity = rows_of("equity")
        finals = {r["model_name"]: r["return_pct"] for r in equity if r["is_final"]}
        for row in figures("trading_return", measure="season return"):
            assert finals[row["subject"]] == row["value"]
        for row in figures("trading_return", measure="highest value seen"):
            seen = [r["return_pct"] for r in equity if r["model_name"] == row["subject"]]
            assert row["value"] >= max(seen)
            assert row["value"] > 100 > finals[row["subject"]]

    def test_account_value_is_the_return_on_ten_thousand(self) -> None:
        for row in rows_of("equity"):
            if row["equity_usd"] is not None:
                made = 10_000 * (1 + row["return_pct"] / 100)
                assert row["equity_usd"] == pytest.approx(made, abs=1)

    def test_moments_are_utc(self) -> None:
        assert {r["observed_at"].tzinfo for r in rows_of("equity") + rows_of("coin_prices")} == {
            UTC
        }


class TestRulesPricesShapesOpenness:
    def test_rules_are_named_once_and_point_somewhere(self) -> None:
        rules = rows_of("rules")
        assert len({(r["rule"], r["known_on"]) for r in rules}) == len(rules) >= 10
        assert {r["direction"] for r in rules} == {"tighter", "easier", "mixed"}
        for row in rules:
            assert row["known_on"] >= row["announced_on"]

    def test_one_price_holds_on_any_day(self) -> None:
        keyed = sorted(rows_of("prices"), key=_offer)
        for _, group in itertools.groupby(keyed, _offer):
            spans = {r["valid_from"]: r["valid_to"] for r in sorted(group, key=_known)}
            for (_, end), (start, _) in itertools.pairwise(sorted(spans.items())):
                assert end in (None, start)

    def test_no_row_knows_an_end_or_a_change_before_it_was_announced(self) -> None:
        for row in rows_of("rules"):
            assert row["effective_to"] is None or row["effective_to"] <= row["known_on"]
        for row in rows_of("prices"):
            ended = row["valid_to"]
            later = [r["known_on"] for r in rows_of("prices") if r["valid_from"] == ended]
            assert ended is None or row["known_on"] >= min(later, default=row["known_on"])

    @pytest.mark.parametrize(
        ("day", "expected"),
        [
            (date(2025, 2, 7), (0.14, 0.28)),
            (date(2025, 2, 9), (0.27, 1.10)),
            (date(2025, 9, 6), (0.56, 1.68)),
            (date(2025, 12, 15), (0.28, 0.42)),
        ],
    )
    def test_list_price_of_deepseek_chat(self, day: date, expected: tuple[float, float]) -> None:
        held = {
            r["token_kind"]: r["price_usd_per_mtok"]
            for r in rows_of("prices")
            if r["model_name"] == "deepseek-chat"
            and r["tier"] == "standard"
            and r["valid_from"] <= day < (r["valid_to"] or date.max)
        }
        assert (held["input"], held["output"]) == expected

    def test_a_dense_model_uses_nearly_all_of_itself_and_a_sparse_one_little(self) -> None:
        for row in rows_of("architectures"):
            used = row["active_b"] / row["total_b"]
            assert used > 0.9 if row["experts_n"] == 0 else used < 0.2
            assert row["compute_gflop_per_token"] == pytest.approx(2 * row["active_b"], abs=0.15)

    def test_latent_attention_keeps_a_seventh_of_the_cache(self) -> None:
        cache = {r["model_name"]: r["kv_bytes_per_token"] for r in rows_of("architectures")}
        assert cache["Llama 3.1 405B"] / cache["DeepSeek-V3"] == pytest.approx(7.34, abs=0.01)

    def test_open_licences(self) -> None:
        osi = {"MIT", "Apache-2.0"}
        for row in rows_of("openness"):
            assert row["licence_osi"] == (row["licence"] in osi), row
            assert row["weights_open"] == (row["licence"] != "LicenseRef-Proprietary"), row
            assert row["licence"] in osi or row["licence"].startswith("LicenseRef-"), row

    def test_both_countries_have_open_and_closed_flagships_in_december_2025(self) -> None:
        then = {
            r["model_name"]: r["weights_open"]
            for r in sorted(rows_of("openness"), key=lambda r: r["valid_from"])
            if r["valid_from"] <= date(2025, 12, 15) and r["flagship"]
        }
        assert then["DeepSeek-V3.2"]
        assert not then["Qwen3-Max"]
        assert then["Llama 4 Maverick"]
        assert not then["GPT-5.2"]


class TestAgainstTheRawEvidence:
    def test_finals_and_prices_are_those_of_the_trading_season(self, shared_evidence: Path) -> None:
        arena = shared_evidence / "alpha_arena"
        with (arena / "season1_final.csv").open(encoding="utf-8") as lines:
            published = sorted(float(r["final_return_pct"]) for r in csv.DictReader(lines))
        assert sorted(r["return_pct"] for r in rows_of("equity") if r["is_final"]) == published
        known = set()
        with (arena / "closed_trades_unique.csv").open(encoding="utf-8") as lines:
            known |= {
                (r[f"{end}_human_time"][:19], float(r[f"{end}_price"]))
                for r in csv.DictReader(lines)
                for end in ("entry", "exit")
                if r["symbol"] == "BTC"
            }
        with (arena / "prompt_prices_2025-10-28.csv").open(encoding="utf-8") as lines:
            known |= {
                (r["time_utc"][:19], float(r["price"]))
                for r in csv.DictReader(lines)
                if r["coin"] == "BTC"
            }
        ours = {(f"{r['observed_at']:%F %T}", r["price_usd"]) for r in rows_of("coin_prices")}
        assert ours <= known

    def test_shapes_are_those_computed_from_the_configurations(self, shared_evidence: Path) -> None:
        path = shared_evidence / "architectures/architectures_computed.csv"
        with path.open(encoding="utf-8") as lines:
            computed = {
                (
                    float(r["total_B"]),
                    float(r["active_B"]),
                    float(r["gflops_per_tok_noattn"]),
                    float(r["kv_bytes_per_tok_bf16"]),
                    int(r["experts"]),
                )
                for r in csv.DictReader(lines)
            }
        for r in rows_of("architectures"):
            ours = (r["total_b"], r["active_b"], r["compute_gflop_per_token"])
            assert (*ours, r["kv_bytes_per_token"], r["experts_n"]) in computed, r["model_name"]

    def test_access_agrees_with_epoch(self, shared_evidence: Path) -> None:
        with (shared_evidence / "epoch_eci/eci_scores.csv").open(encoding="utf-8") as lines:
            access = {r["Model"].lower(): r["Accessibility group"] for r in csv.DictReader(lines)}
        latest = {
            r["model_name"].lower(): r
            for r in sorted(rows_of("openness"), key=lambda r: r["valid_from"])
        }
        shared = [m for m in latest if access.get(m) in ("Open weights", "Closed weights")]
        assert len(shared) >= 25
        for model in shared:
            assert latest[model]["weights_open"] == (access[model] == "Open weights"), model


def _known(row: dict[str, Any]) -> date:
    made: date = row["known_on"]
    return made


def _offer(row: Row) -> tuple[str, ...]:
    return row["provider"], row["model_name"], row["tier"], row["token_kind"]
