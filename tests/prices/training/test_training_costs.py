"""Costs of training runs against those that the reference method gives, and their scopes."""

import json
from datetime import date
from itertools import product

import polars as pl
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

import headtohead
from headtohead.cli import main
from headtohead.core.errors import InputError, NoEvidence, UnknownName
from headtohead.core.estimate import Interval
from headtohead.evidence.facts import Facts
from headtohead.prices.training.costs import TrainingCost, cost, ratio
from headtohead.prices.training.hardware_cost import (
    ChipQuote,
    TrainingChip,
    cloud_price,
    hardware_per_hour,
    kind_of,
    purchases,
    worn,
)
from headtohead.prices.training.runs import RunEvidence
from headtohead.prices.training.settings import TrainingSettings
from headtohead.prices.training.utilisation import band, flop_of, hours_of, left_out

_DAY = "2026-10-31"
_EVIDENCE = RunEvidence(Facts(), date(2026, 10, 31))


def _cost(model: str, method: str) -> TrainingCost:
    return cost(_EVIDENCE, _EVIDENCE.run(model, TrainingSettings()), method)


def _run(*words: str) -> Result:
    return CliRunner().invoke(main, ["training-cost", *words, "--as-of", _DAY])


@pytest.mark.parametrize(
    ("model", "method", "millions"),
    [
        ("Llama 3.1-405B", "amortised", 52.9),
        ("Llama 3.1-405B", "cloud", 176),
        ("Llama 3.1-405B", "acquisition", 928),
        ("GPT-4", "amortised", 42.2),
        ("GPT-4", "cloud", 81.4),
        ("GPT-4", "acquisition", 806),
        ("Grok-3", "amortised", 305),
        ("Grok-3", "cloud", 1180),
        ("Grok-3", "acquisition", 5560),
        ("Gemini 1.0 Ultra", "amortised", 29.3),
    ],
)
def test_the_reference_method_is_reproduced(model: str, method: str, millions: float) -> None:
    made = _cost(model, method)
    assert made.usd.value / 1e6 == pytest.approx(millions, rel=0.004)
    assert made.dollars == "of June 2025"


def test_computed_costs_agree_with_the_figures_that_the_question_reads() -> None:
    figures = _EVIDENCE.figures.filter(
        (pl.col("topic") == "training_cost") & (pl.col("known_on") == date(2026, 4, 1))
    )
    known = {(r["subject"], r["measure"]): r["value"] for r in figures.iter_rows(named=True)}
    models = ("GPT-4", "Llama 3.1-405B", "Grok-3", "DeepSeek-V3")
    asked = [
        pair for pair in product(models, ("amortised", "cloud", "acquisition")) if pair in known
    ]
    assert len(asked) == 10
    for model, method in asked:
        assert _cost(model, method).usd.value == pytest.approx(known[model, method], rel=0.01)


def test_the_final_run_of_deepseek_v3_as_its_report_states() -> None:
    made = _cost("DeepSeek-V3", "final-run")
    assert made.usd.value == 2.788e6 * 2 == 5_576_000
    assert 4e6 < _cost("DeepSeek-V3", "amortised").usd.value < 5e6
    assert "research" in made.scope.leaves_out


def test_costs_of_different_scope_do_not_meet() -> None:
    with pytest.raises(InputError, match="different scope, which no ratio can join"):
        ratio(_cost("DeepSeek-V3", "final-run"), _cost("GPT-4", "acquisition"))
    said = _run("DeepSeek-V3", "GPT-4", "--method", "final-run,acquisition")
    assert said.exit_code == 64
    assert "different scope" in said.output
    assert "hardware bought" in said.output


def test_a_ratio_is_of_one_scope_and_has_an_interval() -> None:
    result = headtohead.training_cost("DeepSeek-V3", "Llama 3.1-405B", as_of=_DAY)
    found = result.ratios["amortised"]
    assert found.value == pytest.approx(52.84 / 4.70, rel=0.01)
    assert found.low < found.value < found.high
    back = headtohead.training_cost("Llama 3.1-405B", "DeepSeek-V3", as_of=_DAY)
    assert back.ratios["amortised"].value == pytest.approx(1 / found.value)
    assert "final-run" not in result.ratios  # Meta states no price


def test_a_cluster_is_not_bought_at_prices_of_later_days() -> None:
    made = _cost("Llama 3.1-405B", "acquisition")
    assert made.run.chip
    before = [
        usd for usd, day in purchases(made.run.chip, _EVIDENCE.quotes) if day <= made.run.started_on
    ]
    assert made.quotes_n == len(before) == 5
    assert made.usd.low == pytest.approx(made.usd.value * min(before) / before[0])
    assert made.one_sided == "dearest"
    assert made.usd.high == made.usd.value


def test_ends_are_called_what_they_are() -> None:
    assert _cost("DeepSeek-V3", "final-run").ends == "rounding"
    assert _cost("Llama 3.1-405B", "cloud").ends == "quotes"
    assert _cost("Llama 3.1-405B", "flops").ends == "80% of runs, quotes"
    run = _EVIDENCE.run("GPT-4", TrainingSettings(usd_per_chip_hour=2.0))
    assert cost(_EVIDENCE, run, "final-run").ends == "no range"
    h800 = TrainingSettings(active_b=37, tokens=14.8e12, chip="H800", usd_per_chip_hour=2)
    assert cost(_EVIDENCE, _EVIDENCE.run("", h800), "final-run").ends == "80% of runs"


def test_a_page_of_one_model_is_short_and_its_steps_are_in_the_data() -> None:
    said = _run("Llama 3.1 405B").output
    assert len(said.splitlines()) < 50
    assert "In --html and --json too: Steps." in said
    assert "the quote that counts is the dearest, so the interval has one side" in " ".join(
        said.split()
    )
    two = _run("DeepSeek-V3", "Llama 3.1 405B").output
    assert len(two.splitlines()) < 55
    assert "In --html and --json too: Steps and Published." in two
    found = json.loads(_run("Llama 3.1 405B", "--json").output)
    assert found["results"][0]["steps"]["chip-hours"].startswith("35.1M hours")
    assert {p["cost_usd"] for p in found["published"]} >= {52.9e6, 928e6}
    one = json.loads(_run("Llama 3.1 405B", "--json", "--method", "cloud").output)
    assert {p["counts"] for p in one["published"]} == {"at cloud prices"}


def test_what_the_user_puts_in_place_of_evidence_is_said() -> None:
    said = headtohead.training_cost("GPT-4", as_of=_DAY, chip="TPU v4", chip_hours=1e6)
    (note,) = said.sheet.notes[:1]
    assert note == "GPT-4: its chips are taken to be the Google TPU v4; its chip-hours are as given"
    both = headtohead.training_cost(
        "DeepSeek-V3", "GPT-4", as_of=_DAY, method="final-run", usd_per_chip_hour=2.0
    )
    assert "cost 20.4 times what training DeepSeek-V3 did" in both.sheet.sentence
    refused = _run("GPT-4o").output
    assert refused.count("not known") + refused.count("are known") == 1


def test_hours_that_the_lab_states_otherwise_are_said() -> None:
    note = _EVIDENCE.run("Llama 3.1-405B", TrainingSettings()).note
    assert note.startswith("its lab states 30.8M hours of chips; counted are the 35.1M")
    assert not _EVIDENCE.run("DeepSeek-V3", TrainingSettings()).note


def test_runs_with_known_hours_fall_into_the_band_that_the_others_give() -> None:
    runs = _EVIDENCE.known
    assert len(runs) == 19
    held, error = left_out(runs)
    assert (held, round(error, 2)) == (15, 0.17)  # 79% for 80%
    v3 = next(r for r in runs if r.model == "DeepSeek-V3")
    assert v3.utilisation == pytest.approx(0.346, abs=0.001)
    v2 = next(r for r in runs if r.model.startswith("DeepSeek-V2"))
    assert v2.utilisation == pytest.approx(0.205, abs=0.001)  # hours are for each trillion tokens


def test_compute_counts_the_parameters_that_a_token_uses() -> None:
    assert flop_of(37, 14.8e12) == pytest.approx(3.29e24, rel=0.002)
    own = _run("--active-b", "37", "--tokens", "14.8e12", "--chip", "H800", "--method", "flops")
    assert "3.29e+24 FLOP" in own.output


@given(
    st.floats(0.1, 2000),
    st.floats(1e9, 1e14),
    st.floats(1.01, 100),
    st.floats(50, 3000),
)
def test_more_tokens_take_more_hours_at_any_size(
    active: float, tokens: float, more: float, peak: float
) -> None:
    usual = band(_EVIDENCE.known, active)
    assert 0 < usual.low <= usual.value <= usual.high <= 1
    few = hours_of(flop_of(active, tokens), peak, usual)
    many = hours_of(flop_of(active, tokens * more), peak, usual)
    assert many.low > few.low
    assert many.value == pytest.approx(more * few.value)


def test_hardware_wears_off_as_the_paper_has_it() -> None:
    # 0.14 orders of magnitude a year: 32% of the price in the first.
    assert hardware_per_hour(1.0) * 8766 * 0.81 == pytest.approx(0.3224, abs=1e-4)
    assert worn(100, date(2022, 1, 1), date(2023, 1, 1)) == pytest.approx(72.5, abs=0.1)
    assert worn(100, date(2023, 1, 1), date(2022, 1, 1)) == 100


def test_quotes_are_chosen_by_board_seller_contract_and_day() -> None:
    chip = TrainingChip("NVIDIA H100 SXM5 80GB", 989.4, 700, date(2022, 9, 20))
    day = date(2024, 1, 1)

    def quote(
        vendor: str, contract: str, usd: float, on: date, board: str = chip.name
    ) -> ChipQuote:
        return ChipQuote(board, vendor, contract, usd, on, verified=True)

    lambda_ = quote("Lambda Labs", "on_demand", 2.0, day)
    assert cloud_price(chip, [lambda_], day, "xAI") == (lambda_, 2.0 * (1 - 0.56))
    amazon = quote("Amazon Web Services", "three_years", 5.0, date(2025, 1, 1))
    azure = quote("Microsoft Azure", "three_years", 4.0, date(2025, 1, 1))
    assert cloud_price(chip, [lambda_, amazon, azure], day, "xAI") == (amazon, 5.0)
    assert cloud_price(chip, [lambda_, amazon, azure], day, "OpenAI") == (azure, 4.0)
    other = quote("Amazon Web Services", "three_years", 1.0, day, "NVIDIA H100 NVL")
    assert cloud_price(chip, [other, azure], day, "xAI") == (azure, 4.0)
    assert cloud_price(chip, [], day, "xAI") is None
    alone = ChipQuote(chip.name, "", "purchase", 100.0, day, verified=True, single=True)
    assert purchases(chip, [alone]) == [(100.0 * 1.64, day)]
    assert [
        kind_of(n) for n in ("NVIDIA A100 SXM4 40 GB", "NVIDIA H800 SXM5", "Google TPU v4")
    ] == [
        "A100",
        "H800",
        "Google TPU v4",
    ]


def test_json_carries_scope_interval_and_what_is_not_known() -> None:
    found = json.loads(_run("GPT-4", "--json").output)
    row = next(r for r in found["results"] if r["method"] == "cloud")
    assert row["counts"].startswith("the final run only")
    assert row["low"] < row["value"] < row["high"]
    assert found["lacking"] == [
        {
            "model": "GPT-4",
            "method": "final-run",
            "why": "The lab of GPT-4 states no rental price of a chip-hour.",
        }
    ]
    assert found["utilisation"]["held_n"] == 15


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("GPT-9000",), "No model with a known training run is called 'GPT-9000'"),
        (("GPT-4", "--method", "rental"), "No method of costing a training run is called 'rental'"),
        (("GPT-4", "gpt-4"), "Both are GPT-4"),
        (("GPT-4", "--chip-hours", "-1"), "--chip-hours is -1.0; it must be a number above 0"),
        (("GPT-4", "--usd-per-chip-hour", "nan"), "it must be a number above 0"),
        (("GPT-4.5",), "neither the chip-hours nor the chips that trained it are known"),
        (("GPT-4.5", "--chip", "H9"), "No chip is called 'H9'"),
        (("Llama 3.1-405B", "--method", "final-run"), "states no rental price"),
        ((), "Name a model, or describe one of your own"),
        (("--active-b", "37"), "give both"),
        (
            ("--active-b", "37e9", "--tokens", "1e12", "--chip", "H800"),
            "a model of 37 billion is 37",
        ),
        (("--active-b", "37", "--tokens", "14.8", "--chip", "H800"), "14.8 trillion is 14.8e12"),
    ],
)
def test_bad_input_says_what_to_do(words: tuple[str, ...], message: str) -> None:
    said = _run(*words)
    assert said.exit_code == 64
    assert message in said.output


def test_days_before_the_evidence() -> None:
    with pytest.raises(NoEvidence, match="No training run was known on 2020-01-01"):
        headtohead.training_cost("GPT-4", as_of="2020-01-01")
    with pytest.raises(UnknownName):
        headtohead.training_cost("Lama 405", as_of=_DAY)


def test_what_the_user_knows_stands_instead_of_the_evidence() -> None:
    given_price = headtohead.training_cost(
        "GPT-4", as_of=_DAY, method="final-run", usd_per_chip_hour=2.0
    )
    usd = next(iter(given_price.costs.values())).usd
    assert usd == Interval(114e6, 114e6, 114e6)
