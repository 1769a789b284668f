"""`h2h shortlist`: every condition alone and together, what is not known, counts, and errors."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

import headtohead
from headtohead.choosing.candidates import Retirement, SellerOffer, SoldModel
from headtohead.choosing.scale import scale_of
from headtohead.choosing.shortlist.conditions import TeamConditions, asked
from headtohead.choosing.shortlist.settings import ShortlistSettings, share_of, tokens_of
from headtohead.cli import main
from headtohead.core.errors import InputError, NoEvidence, UnknownName
from headtohead.evidence.facts import Facts
from headtohead.openness.record import NO, YES, OpennessRecord, Said
from headtohead.prices.in_force import ListPrice

pytestmark = pytest.mark.usefixtures("kept_facts")
DAY = "2026-11-01"
AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def invoke(*arguments: str) -> Result:
        (tmp_path / "home").mkdir(exist_ok=True)
        words = ["shortlist", *arguments, "--as-of", DAY, "--store", str(tmp_path / "home")]
        return CliRunner().invoke(main, words, prog_name="h2h")

    return invoke


@cache
def read(**conditions: Any) -> dict[str, Any]:
    made: dict[str, Any] = headtohead.shortlist(as_of=DAY, **conditions).as_json()
    return made


def names(found: list[dict[str, Any]]) -> list[str]:
    return [one["model"] for one in found]


def offer(country: str | None = "US", usd: float = 1.0, **more: Any) -> SellerOffer:
    price = ListPrice(
        model="lab/m",
        name="m",
        provider="seller",
        operator="seller",
        rule="every",
        usd_per_mtok={"input": usd, "output": usd},
        band="",
        since=date(2026, 1, 1),
        basis="documented",
        source_id="one",
        row_url="",
    )
    given: dict[str, Any] = {
        "seller": "seller",
        "name": "Seller",
        "country": country,
        "price": price,
        "usd_per_mtok": usd,
        "doubt": "",
        "context_tokens": None,
        "retires": None,
    }
    return SellerOffer(**given | more)


def model(*said: tuple[str, str], lab: str = "lab", country: str | None = "US") -> SoldModel:
    flags: Any = said
    every = tuple(
        Said(flag=flag, value=value, printed=value, source_id="one") for flag, value in flags
    )
    record = OpennessRecord("lab/m", "M", lab, country, None, every)
    return SoldModel(record, None, None, ())


def conditions(facts: Facts, **given: Any) -> TeamConditions:
    scale = scale_of(facts, "arena", date(2026, 11, 1), date(2026, 11, 1))
    return asked(facts, ShortlistSettings(**given), scale, AT, date(2026, 11, 1))


def answers(wanted: TeamConditions, one: SoldModel, its: SellerOffer | None = None) -> set[str]:
    scale: Any = None
    found = [*wanted.of_model(one, scale), *(wanted.of_offer(one, its) if its else ())]
    return {finding.answer for finding in found} - {"yes"} or {"yes"}


OPEN = ("weights", YES)


@pytest.mark.parametrize(
    ("wanted", "one", "answer"),
    [
        ("commercial", model(OPEN, ("licence", "MIT")), "yes"),
        ("commercial", model(OPEN, ("licence", "LicenseRef-Llama-4-Community")), "yes"),
        ("unconditional", model(OPEN, ("licence", "LicenseRef-Llama-4-Community")), "no"),
        ("commercial", model(OPEN, ("licence", "LicenseRef-MRL-0.1")), "no"),
        ("commercial", model(OPEN, ("licence", "CC-BY-NC-4.0")), "no"),
        ("commercial", model(OPEN), "unknown"),
        ("commercial", model(OPEN, ("licence", "LicenseRef-Nobody-Knows")), "unknown"),
        ("commercial", model(("weights", NO)), "unknown"),
        ("open", model(("weights", NO)), "no"),
        ("open", model(OPEN, ("licence", "LicenseRef-Gemma")), "no"),
        ("open", model(OPEN, ("licence", "CC-BY-4.0")), "yes"),
        ("MIT OR Apache-2.0", model(OPEN, ("licence", "Apache-2.0")), "yes"),
        ("MIT OR Apache-2.0", model(OPEN, ("licence", "LicenseRef-Gemma")), "no"),
        (
            "LicenseRef-Llama-Community",
            model(OPEN, ("licence", "LicenseRef-Llama-2-Community")),
            "yes",
        ),
    ],
)
def test_a_licence_condition(facts: Facts, wanted: str, one: SoldModel, answer: str) -> None:
    assert answers(conditions(facts, licence=wanted), one) == {answer}


@pytest.mark.parametrize("wanted", ["MIT", "open", "unconditional"])
def test_the_licence_of_what_a_model_was_made_from_holds_too(facts: Facts, wanted: str) -> None:
    own = model(OPEN, ("licence", "MIT")).record
    made = replace(own, model="deepseek/deepseek-r1-distill-llama-70b")
    asks = conditions(facts, licence=wanted)
    assert answers(asks, SoldModel(own, None, None, ())) == {"yes"}
    assert answers(asks, SoldModel(made, None, None, ())) == {"no"}


@pytest.mark.parametrize(
    ("given", "its", "answer"),
    [
        ({"operator_country": "US,FR"}, offer("FR"), "yes"),
        ({"operator_country": ("Germany",)}, offer("FR"), "no"),
        ({"operator_country": "US"}, offer(None), "unknown"),
        ({"not_operator_country": "China"}, offer("CN"), "no"),
        ({"not_operator_country": "China"}, offer(None), "unknown"),
        ({"max_cost": 1.0}, offer(usd=1.0), "yes"),
        ({"max_cost": 0.99}, offer(usd=1.0), "no"),
        ({"max_cost": 2.0}, offer(doubt="old"), "unknown"),
        ({"max_cost": 0.5}, offer(doubt="old"), "no"),
        ({"context": "128k"}, offer(context_tokens=(128_000, 128_000)), "yes"),
        ({"context": "128k"}, offer(context_tokens=(100_000, 120_000)), "no"),
        ({"context": "128k"}, offer(context_tokens=(100_000, 200_000)), "unknown"),
        ({"context": "128k"}, offer(), "unknown"),
        ({}, offer(retires=Retirement(date(2026, 11, 1), (), "one", "")), "no"),
        ({}, offer(retires=Retirement(date(2026, 12, 1), (), "one", "")), "yes"),
        ({"until": "2026-12-31"}, offer(retires=Retirement(date(2026, 12, 1), (), "o", "")), "no"),
        ({"operator": "DeepInfra"}, offer(), "no"),
    ],
)
def test_a_condition_on_an_offer(
    facts: Facts, given: dict[str, Any], its: SellerOffer, answer: str
) -> None:
    assert answers(conditions(facts, **given), model(OPEN), its) == {answer}


def test_the_makers_own_endpoint_has_the_context_of_its_own_record(facts: Facts) -> None:
    record = model(OPEN).record
    known = SoldModel(record, None, 200_000, ())
    wanted = conditions(facts, context=128_000)
    assert answers(wanted, known, offer(seller="lab")) == {"yes"}
    assert answers(wanted, known, offer(seller="other")) == {"unknown"}
    assert answers(wanted, SoldModel(record, None, 8_000, ()), offer(seller="other")) == {"no"}
    longer = offer(seller="other", context_tokens=(200_000, 200_000))
    assert answers(wanted, SoldModel(record, None, 8_000, ()), longer) == {"unknown"}


def test_a_context_that_several_other_sellers_do_not_have_is_not_sure(facts: Facts) -> None:
    """Lists give Phi-4 128,000 tokens at one seller, and 16,384 at all others."""
    claims = offer(seller="azure", context_tokens=(128_000, 128_000))
    others = [offer(seller=s, context_tokens=(16_384, 16_384)) for s in ("openrouter", "kilo")]
    wanted, record = conditions(facts, context=128_000), model(OPEN).record
    assert answers(wanted, SoldModel(record, None, None, (claims, *others)), claims) == {"unknown"}
    assert answers(wanted, SoldModel(record, None, None, (claims, *others[:1])), claims) == {"yes"}
    assert answers(wanted, SoldModel(record, None, 128_000, (claims, *others)), claims) == {"yes"}


def test_what_satisfies_everything_is_ranked_and_each_offer_fits() -> None:
    made = read(licence="commercial", operator_country="US", context="128k", max_cost=1.0)
    scored = [one["score"]["value"] for one in made["results"] if one["score"]]
    assert scored == sorted(scored, reverse=True)
    assert len(scored) >= 10
    assert [one["score"] is None for one in made["results"]] == sorted(
        one["score"] is None for one in made["results"]
    )
    groups = [one["tie_group"] for one in made["results"] if one["tie_group"]]
    assert groups == sorted(groups)
    for one in made["results"]:
        assert one["commercial"] in ("yes", "conditions")
        assert one["licence"]["clauses"]
        for its in one["offers"]:
            assert its["operator_country"] == "US"
            assert its["blend_usd_per_mtok"] <= 1
            assert its["blend_usd_per_mtok"] == pytest.approx(
                0.75 * its["input_usd_per_mtok"] + 0.25 * its["output_usd_per_mtok"]
            )
            assert its["blend_usd_per_mtok"] == round(its["blend_usd_per_mtok"], 9)
            assert not its["doubt"]
            assert its["since"] <= DAY
            assert its["retires_on"] is None or its["retires_on"] > DAY


def test_every_model_is_on_the_list_may_be_or_fell_out_for_a_reason() -> None:
    made = read(licence="commercial", operator_country="US", context="128k", max_cost=1.0)
    on, may = set(names(made["results"])), set(names(made["may_qualify"]))
    assert not on & may
    assert len(on) + len(may) + made["left_out_models_n"] == made["models_n"]
    assert all(one["models_n"] > 0 for one in made["left_out"])
    for one in made["may_qualify"]:
        assert all(its["not_known"] for its in one["offers"])


def test_a_stricter_condition_never_adds_a_model() -> None:
    loose = read(licence="commercial", max_cost=2.0)
    for more in ({"lab_country": "US"}, {"context": "200k"}, {"licence": "unconditional"}):
        strict = read(**{"licence": "commercial", "max_cost": 2.0, **more})
        assert set(names(strict["results"])) < set(names(loose["results"]))


def test_the_chance_of_being_no_worse_is_shown_and_reached() -> None:
    made = read(no_worse_than="GPT-5", margin=2.0, weights="open")
    assert made["results"]
    assert all(one["chance_frac"] >= 0.8 for one in made["results"])
    assert all(one["weights"] == YES for one in made["results"])
    surer = read(no_worse_than="GPT-5", margin=2.0, weights="open", chance=0.99)
    assert set(names(surer["results"])) <= set(names(made["results"]))
    unscored = {r for one in made["may_qualify"] for o in one["offers"] for r in o["not_known"]}
    assert any("its score on our capability index" in reason for reason in unscored)


def test_a_seller_that_only_price_lists_name_can_be_asked_for() -> None:
    made = read(operator="scx-ai")
    sellers = {its["seller"] for one in made["results"] for its in one["offers"]}
    assert sellers == {"scx-ai"}
    assert made["conditions"] == ["seller SCX.ai"]


def test_the_board_ranks_too() -> None:
    made = read(by="arena", licence="open", max_cost=1.0)
    first = made["results"][0]["score"]
    assert first["unit"] == "elo"
    assert first["low"] <= first["value"] <= first["high"]


def test_the_price_is_that_of_the_instant() -> None:
    """DeepSeek's price of DeepSeek-V4-Pro in hours of peak and outside them, where it has both."""
    by_hour = {}
    for hour in ("2026-10-31T03:00Z", "2026-10-31T20:00Z"):
        made = read(operator="DeepSeek", at=hour)
        by_hour[hour] = {
            (one["model"], its["seller"]): (its["band"], its["blend_usd_per_mtok"])
            for one in made["results"]
            for its in one["offers"]
        }
    first, second = by_hour.values()
    assert first.keys() == second.keys()
    bands = {band for prices in by_hour.values() for band, _ in prices.values()}
    if "peak" in bands:
        assert any(first[key][1] != second[key][1] for key in first)


def test_the_command_prints_csv_with_a_row_an_offer_and_pages(run: Run, tmp_path: Path) -> None:
    page, text = tmp_path / "s.html", tmp_path / "s.md"
    result = run(
        "--licence", "MIT", "--max-cost", "1", "--html", str(page), "--markdown", str(text)
    )
    assert result.exit_code == 0, result.output
    assert "Their terms" in result.stdout
    assert "To find out" in result.stdout
    assert "$/M: US dollars per million tokens" in " ".join(result.stdout.split())
    assert result.stdout.count("\n") < 90
    assert "May qualify" in page.read_text("utf-8")
    assert "May qualify" in text.read_text("utf-8")
    printed = run("--licence", "MIT", "--max-cost", "1", "--csv").stdout
    table = list(csv.DictReader(io.StringIO(printed)))
    made = json.loads(run("--licence", "MIT", "--max-cost", "1", "--json").stdout)
    assert len(table) == sum(len(one["offers"]) for one in made["results"])
    assert {row["licence"] for row in table} == {"MIT"}
    assert run("--licence", "MIT", "--max-cost", "1", "--csv").stdout == printed


def test_nothing_that_fits_says_so_and_why() -> None:
    result = headtohead.shortlist(as_of=DAY, max_cost=0.0)
    assert not result.found
    assert "0 models of" in result.sheet.sentence
    assert any("costs more than $0" in reason for reason in result.left_out)


@pytest.mark.parametrize(
    ("given", "kind", "says"),
    [
        ({"licence": "free beer"}, UnknownName, "No licence is called"),
        ({"lab_country": "Chinna"}, UnknownName, "Did you mean China"),
        ({"operator_country": "Germny"}, UnknownName, "Did you mean Germany"),
        ({"operator": "deepinfraa"}, UnknownName, "Did you mean DeepInfra"),
        ({"no_worse_than": "gpt-99"}, UnknownName, "Did you mean"),
        ({"no_worse_than": "GPT-2"}, (NoEvidence, UnknownName), r"score|called"),
        ({"domain": "cooking"}, UnknownName, "No domain"),
        ({"domain": "maths", "by": "arena"}, InputError, "leave it out"),
        ({"margin": 1.0}, InputError, "below which model"),
        ({"max_cost": -1.0}, InputError, "0 or more"),
        ({"max_cost": float("nan")}, InputError, "0 or more"),
        ({"min_index": float("inf")}, InputError, "number of points"),
        ({"chance": 1.0}, InputError, "between 0 and 1"),
        ({"context": "many"}, InputError, "Write it as 128000 or 128k"),
        ({"blend": "3-1"}, InputError, "input:output"),
        ({"at": "2027-01-01"}, InputError, "nobody knew by then"),
        ({"at": "2026-10-01T10:00"}, InputError, "no time zone"),
        ({"until": "soon"}, InputError, "not a day"),
        ({"by": "votes"}, InputError, "one of index, arena"),
        ({"lab_country": "US,FR", "not_lab_country": "France"}, InputError, "both name France"),
        ({"operator_country": "CN", "not_operator_country": "CN"}, InputError, "both name China"),
        ({"weights": "closed", "licence": "MIT"}, InputError, "can be downloaded"),
        ({"until": "2026-10-31"}, InputError, "lies before the prices of 2026-11-01"),
        ({"licence": "MIT AND Apache-2.0"}, InputError, "by OR"),
    ],
)
def test_a_condition_that_is_none_is_an_error_with_a_way_out(
    given: dict[str, Any], kind: Any, says: str
) -> None:
    with pytest.raises(kind, match=says):
        headtohead.shortlist(as_of=DAY, **given)


@pytest.mark.parametrize(
    ("text", "tokens"), [("128k", 128_000), ("1M", 1_000_000), ("131,072", 131_072), (4096, 4096)]
)
def test_tokens_are_read_as_people_write_them(text: object, tokens: int) -> None:
    assert tokens_of(text) == tokens


@settings(max_examples=50)
@given(st.integers(0, 1000), st.integers(1, 1000))
def test_a_blend_is_its_share_of_input(into: int, out: int) -> None:
    assert share_of(f"{into}:{out}") == pytest.approx(into / (into + out))


@pytest.mark.parametrize("nothing", ["0:0", "", "3", -0.1, 1.1, True, "a:b"])
def test_no_blend_is_refused(nothing: object) -> None:
    with pytest.raises(InputError, match="input:output"):
        share_of(nothing)


def test_an_earlier_day_knows_no_later_model_and_no_later_price() -> None:
    day = date(2026, 6, 1)
    before = headtohead.shortlist(as_of=day, licence="commercial", max_cost=1.0)
    assert before.found
    for one in before.found:
        assert one.model.record.released_on is None or one.model.record.released_on <= day
        assert all(its.price.since <= day for its in one.offers)
    with pytest.raises(NoEvidence, match="by='arena'"):
        headtohead.shortlist(as_of="2026-01-15")
