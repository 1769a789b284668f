"""What a name cost at a minute: the alias then, the hours, who is first party, until when."""

import csv
import json
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from headtohead import list_prices
from headtohead.cli import main
from headtohead.core.dates import instant
from headtohead.core.errors import InputError, UnknownName
from headtohead.evidence.facts import Facts
from headtohead.evidence.store import Store
from headtohead.prices.at_calls import Prices
from headtohead.prices.in_force import (
    EVERY,
    RULES,
    ListPrice,
    every_offer,
    in_force,
    price_in_force,
)
from headtohead.prices.listing.history import PriceStep, finding, histories, history
from headtohead.prices.listing.result import PricesResult

AS_OF = date(2026, 10, 31)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("no_downloads")


def ask(home: Path, model: str, at: str, **more: object) -> PricesResult:
    return list_prices(model, at=at, as_of=AS_OF, store=Store(home), **more)


def first(result: PricesResult) -> dict[str, object]:
    return next(dict(row) for row in result.results if "first party" in row["standing"])


def test_the_alias_in_force_at_that_minute_decides(home: Path) -> None:
    before = first(ask(home, "deepseek-chat", "2025-09-05T15:59Z"))
    after = first(ask(home, "deepseek-chat", "2025-09-05T16:00Z"))
    assert (before["model"], before["input_usd_per_mtok"]) == ("deepseek/deepseek-v3.1", 0.27)
    assert (after["input_usd_per_mtok"], after["output_usd_per_mtok"]) == (0.56, 1.68)
    v32 = first(ask(home, "deepseek-chat", "2025-12-15"))
    assert (v32["model"], v32["output_usd_per_mtok"]) == ("deepseek/deepseek-v3.2", 0.42)
    assert v32["until"] == date(2026, 4, 24)


def test_a_price_older_than_its_model_is_doubted(home: Path) -> None:
    notes = " ".join(ask(home, "magistral-medium-latest", "2025-09-20").sheet.notes)
    assert "written down on 2025-06-14 and the model is of 2025-09-17" in notes
    notes = " ".join(ask(home, "deepseek-chat", "2025-09-29T12:00Z").sheet.notes)
    assert "written down" not in notes
    assert "DeepSeek has had this price of its own since 2025-09-29" in notes


def test_a_price_of_the_model_before_is_none_of_the_new_one(home: Path) -> None:
    """On 2025-12-02 mistral-large-latest moved; its list had the old price for six days more."""
    unknown = ask(home, "mistral-large-3", "2025-12-04")
    assert "the first price of it in any list is of 2025-12-05" in unknown.sheet.sentence
    known = first(ask(home, "mistral-large-3", "2025-12-06"))
    assert (known["input_usd_per_mtok"], known["since"]) == (0.5, date(2025, 12, 5))


def test_the_hour_picks_the_band(home: Path) -> None:
    off = first(ask(home, "deepseek-chat", "2025-06-15T18:00Z"))
    assert (off["band"], off["input_usd_per_mtok"]) == ("off-peak", 0.135)
    assert off["hours_utc"] == "16:30 to 00:30 UTC"
    peak = first(ask(home, "deepseek-v4-pro", "2026-09-01T02:00Z"))
    assert (peak["band"], peak["input_usd_per_mtok"]) == ("peak", 1.32)
    weekend = first(ask(home, "deepseek-v4-pro", "2026-09-05T02:00Z"))
    assert weekend["input_usd_per_mtok"] == 0.66


def test_a_day_is_its_noon_and_the_listing_says_so(home: Path) -> None:
    result = ask(home, "gpt-5", "2025-12-15")
    assert "on 2025-12-15 at 12:00 UTC" in result.sheet.title
    assert first(result)["at"] == "2025-12-15T12:00:00+00:00"


def test_a_promotion_is_called_one_and_has_its_end(home: Path) -> None:
    row = first(ask(home, "claude-sonnet-5", "2026-08-25"))
    assert row["promotion"] is True
    assert row["until"] == date(2026, 9, 1)
    assert "promotional price" in ask(home, "claude-sonnet-5", "2026-08-25").sheet.sentence


def test_other_tiers_stand_beside_the_price(home: Path) -> None:
    row = first(ask(home, "gemini-2.5-pro", "2026-08-01"))
    over = [b for b in row["bands"] if b["over_tokens_n"] == 200_000]  # type: ignore[attr-defined]
    assert over[0]["input_usd_per_mtok"] == 2.5
    batch = row["tiers"]["batch"]  # type: ignore[index]
    assert (batch["input"], batch["output"]) == (0.625, 5.0)


def test_a_seller_that_is_asked_for_stands_alone(home: Path) -> None:
    result = ask(home, "o3", "2025-09-29", operator="Azure")
    assert {row["operator"] for row in result.results} == {"azure"}
    with pytest.raises(UnknownName, match="Did you mean azure"):
        ask(home, "o3", "2025-09-29", operator="azur")


def test_a_way_of_serving_is_asked_for_by_its_name(home: Path) -> None:
    result = ask(home, "deepseek-r1", "2025-12-15", channel="turbo")
    assert {row["channel"] for row in result.results} == {"turbo"}
    with pytest.raises(UnknownName, match="turbo"):
        ask(home, "deepseek-r1", "2025-12-15", channel="tubro")


def test_before_the_first_price_it_is_not_known(home: Path) -> None:
    result = ask(home, "gpt-5", "2021-01-01")
    assert result.sheet.answer == "undecided"
    assert "is not known: the first price of it in any list is of 2025-" in result.sheet.sentence


def test_a_name_that_was_withdrawn_has_no_price(home: Path) -> None:
    result = ask(home, "deepseek-chat", "2026-09-30")
    assert not [r for r in result.results if "first party" in r["standing"]]
    assert "stood for no model on 2026-09-30" in " ".join(result.sheet.notes)


def test_a_model_that_its_seller_retired_is_said_to_be(home: Path) -> None:
    rows = Facts(Store(home)).frame("retirements", AS_OF).filter(lab="openai")
    gone = rows.filter((pl.col("provider") == "openai") & pl.col("model_id").is_not_null())
    past = gone.filter(pl.col("retires_on") < date(2026, 9, 1)).sort("retires_on")
    notes: list[str] = []
    for model in past["model_id"].unique().sort().to_list()[:6]:
        notes += ask(home, model, "2026-09-15").sheet.notes
    assert any(" retired " in note and "lists may still have its price" in note for note in notes)


def test_a_name_that_ends_is_said_to_and_not_its_model(home: Path) -> None:
    notes = " ".join(ask(home, "deepseek-chat", "2026-06-01").sheet.notes)
    assert "DeepSeek retires the name deepseek-chat on 2026-07-24" in notes
    notes = " ".join(ask(home, "deepseek-v4-flash", "2026-06-01").sheet.notes)
    assert "retires" not in notes


def test_what_became_known_later_does_not_count(home: Path) -> None:
    """OpenAI's cut of o3 by four fifths, asked as known two days before it."""
    early = list_prices("o3", at="2025-06-12", as_of="2025-06-09", store=Store(home))
    assert first(early)["input_usd_per_mtok"] == 10
    assert "was announced by then" in " ".join(early.sheet.notes)
    assert first(ask(home, "o3", "2025-06-12"))["input_usd_per_mtok"] == 2


@pytest.mark.parametrize(
    ("at", "says"),
    [
        ("2025-09-05T16:00", "names no time zone. Add Z for UTC"),
        ("yesterday", "is no moment. Write a day"),
        ("2025-13-01", "is no moment"),
        ("0001-01-01T00:00+12:00", "lies outside the calendar"),
    ],
)
def test_a_clock_without_a_zone_is_refused(at: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        instant(at, "at")
    assert instant(datetime(2025, 9, 5, 18, tzinfo=UTC)) == instant("2025-09-06T02:00+08:00")


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("gpt5o", "Did you mean"),
        ("deepseek", "Name one model, as DeepSeek"),
        ("  ", "Name a model"),
    ],
)
def test_an_unknown_model_gets_suggestions(home: Path, model: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        ask(home, model, "2025-12-15")


def test_history_merges_equal_prices_and_states_the_finding(home: Path) -> None:
    result = ask(home, "o3", "2025-12-15", history=True)
    figure = next(f for f in result.sheet.figures if f.slug == "history")
    assert [row[0] for row in figure.rows] == ["2025-06-10", "2025-04-16"]
    assert result.to_csv().splitlines()[0].startswith("since,until,input_usd_per_mtok")
    steps = json.loads(result.to_json())["history"]
    assert [step["input_usd_per_mtok"] for step in steps] == [10, 2]
    assert figure.chart is not None
    chart = figure.chart()
    assert chart is not None
    assert "strokeDash" in json.dumps(chart.to_dict())
    later = ask(home, "deepseek-chat", "2026-04-30", history=True)
    title = next(f for f in later.sheet.figures if f.slug == "history").title
    assert title == (
        "DeepSeek sold a million input tokens of deepseek-chat for $0.14 on 2026-04-30, 1.9 times "
        "less than a year before"
    )


@pytest.mark.parametrize(
    "models",
    [
        # Two that their makers sell, and one that only others do, the cheapest in turn.
        ("openai/o3", "google/gemma-2-9b-it", "anthropic/claude-opus-4.1"),
        pytest.param(("meta/llama-3.3-70b-instruct", "openai/o3"), marks=pytest.mark.slow),
    ],
)
def test_histories_gathered_at_once_are_those_of_each_model(
    facts: Facts, models: tuple[str, ...]
) -> None:
    gathered = histories(facts, AS_OF, models)
    assert gathered.keys() == {*models}
    assert any(len(steps) > 4 for steps in gathered.values())
    for model, steps in gathered.items():
        alone = history(Prices(AS_OF, facts.store, only=(model,)), model)
        assert [(s.since, s.until) for s in steps] == [(s.since, s.until) for s in alone]
        for mine, other in zip(steps, alone, strict=True):
            assert (mine.price is None) == (other.price is None)
            if mine.price and other.price:
                assert mine.price.provider == other.price.provider
                assert mine.price.usd_per_mtok == other.price.usd_per_mtok


def test_a_price_that_is_nearly_the_same_is_no_ratio_of_one() -> None:
    def priced(usd: float) -> ListPrice:
        return ListPrice(
            model="m",
            name="m",
            provider="openai",
            operator="openai",
            rule="maker",
            usd_per_mtok={"input": usd, "output": usd},
            band="",
            since=date(2025, 1, 1),
            basis="commit",
            source_id="litellm_prices",
            row_url="",
        )

    def said(before: float, now: float) -> str:
        turn = instant("2025-03-01")
        steps = (
            PriceStep(instant("2024-01-01"), turn, priced(before)),
            PriceStep(turn, None, priced(now)),
        )
        return finding(steps, instant("2025-06-01"), "m", "s")

    assert said(0.28, 0.27).endswith("1.04 times less than a year before")
    assert said(0.28, 0.1 + 0.18).endswith("as a year before")
    assert said(0.1, 0.28).endswith("2.8 times more than a year before")


def test_a_history_without_evidence_says_so() -> None:
    empty = (PriceStep(instant("2025-01-01"), None, None),)
    assert finding(empty, instant("2025-06-01"), "m", "s") == (
        "No list known has a price of m on 2025-06-01"
    )


@pytest.mark.parametrize("model", ["deepseek/deepseek-v3.2", "openai/gpt-oss-120b", "openai/o3"])
def test_fewer_rows_are_read_and_every_price_is_the_same(facts: Facts, model: str) -> None:
    on = date(2026, 6, 15)
    whole = facts.frame("prices", AS_OF, used_on=on)
    part = facts.frame("prices", AS_OF, used_on=on, models=(model,))
    assert part.height < whole.height / 5
    at = instant(on)
    assert every_offer(part, model, at) == every_offer(whole, model, at)
    for rule in RULES:
        assert price_in_force(part, model, at, rule=rule) == price_in_force(
            whole, model, at, rule=rule
        )


def test_the_rules_pick_among_all_offers(facts: Facts) -> None:
    at = instant("2026-06-15")
    whole = facts.frame("prices", AS_OF, used_on=at.date())
    found = every_offer(whole, "openai/gpt-oss-120b", at)
    for rule in ("cheapest", "median"):
        assert getattr(found, rule) == price_in_force(whole, "openai/gpt-oss-120b", at, rule=rule)
    rows = in_force(whole, at, rule=EVERY).filter(model_id="openai/gpt-oss-120b")
    assert rows.height == len(found.every) == rows["seller"].n_unique()


def test_the_command_prints_and_writes(home: Path, tmp_path: Path) -> None:
    page = tmp_path / "prices.html"
    words = ["prices", "o3", "--at", "2025-12-15", "--as-of", str(AS_OF), "--store", str(home)]
    text = CliRunner().invoke(main, [*words, "--html", str(page)])
    assert text.exit_code == 0, text.output
    assert "First party $2 in, $8 out (OpenAI)" in text.output
    assert "5.0 times less" not in text.output
    assert "vega" in page.read_text("utf-8").lower()
    table = CliRunner().invoke(main, [*words, "--csv"])
    rows = list(csv.DictReader(table.output.splitlines()))
    assert rows[0]["standing"].startswith("first party")
    assert float(rows[0]["input_usd_per_mtok"]) == 2
    wrong = CliRunner().invoke(main, ["prices", "o3", "--at", "2025-12-15T12:00"])
    assert wrong.exit_code == 64
    assert "--at: 2025-12-15T12:00 names no time zone" in wrong.output
