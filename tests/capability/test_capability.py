"""How an index is made of scores: which rows count, on which scale, for which side, as of when."""

from datetime import date
from typing import Any

import pytest
from tests.capability.made_scores import (
    FULL,
    KNOWN,
    MODELS,
    TESTS,
    ask,
    asking,
    frames,
    made,
    published,
    row,
    score_of,
    sides_of,
    world,
)

from headtohead.capability.fitted import capability
from headtohead.capability.settings import IndexMethod, IndexSettings
from headtohead.core.errors import UnknownName
from headtohead.core.question import Sides

# Which scores count.


def test_of_several_settings_the_best_counts_and_the_others_are_told() -> None:
    rows = [*world(), row("A1", "hle", 0.9, setting="max"), row("A1", "hle", 0.01, setting="low")]
    found = made(rows)
    assert score_of(found, "A1", "hle") == 0.9
    assert found.left_out == {"another setting of a model that did worse": 2}


def test_scores_are_brought_to_one_scale_from_guessing_to_all_that_can_be_solved() -> None:
    plain = {"chance_corrected": False}
    rows = [r for r in world() if r["model_name"] != "A4"]
    rows += [
        row("A4", "gpqa_diamond", 0.625, **plain),  # chance .25
        row("A4", "hle", 0.02, **plain),  # below its chance of .048
        row("A4", "aider_polyglot", 0.5, **plain),
        *(row(m, "frontiermath_2025_02_28_private", 0.285, **plain) for m in ("A4", "A5", "B4")),
    ]
    found = made(rows)
    assert score_of(found, "A4", "gpqa_diamond") == pytest.approx(0.5)
    assert score_of(found, "A4", "hle") == pytest.approx((0.02 - 0.048) / (1 - 0.048))
    assert score_of(found, "A4", "aider_polyglot") == 0.5
    # At most 57% of the first FrontierMath can be solved: 28.5% is half of it, of .57 x 290 items.
    scores = found.scores
    assert score_of(found, "A4", "frontiermath_2025_02_28_private") == pytest.approx(0.5)
    at = scores.benchmarks.index("frontiermath_2025_02_28_private")
    assert scores.items[scores.benchmark == at] == pytest.approx(0.57 * 290)
    assert scores.chance[scores.benchmarks.index("gpqa_diamond")] == 0.25


def test_two_sources_are_joined_by_weights_and_the_first_one_s_name_is_kept() -> None:
    rows = world(lambda model, test: model == "A5" and test == "osworld")
    other = row("A5 (max)", "osworld", 0.7, source_id="epoch_eci_gathered", model_id="lab/a5")
    found = made([*rows, other], source=FULL)
    assert "A5 (max)" not in found.scores.models
    assert score_of(found, "A5", "osworld") == 0.7
    assert dict(found.models.select("label", "benchmarks_n").iter_rows())["A5"] == len(TESTS)
    turned = made([*rows, other], source=FULL[::-1])
    assert "A5 (max)" in turned.scores.models
    assert "A5" not in turned.scores.models


def test_one_name_for_two_weights_makes_two_labels() -> None:
    twin = [
        row("A5", test, 0.5, model_id="lab/a5-other", source_id="epoch_eci_gathered")
        for test in TESTS
    ]
    found = made([*world(), *twin], source=FULL)
    assert {"A5 (lab/a5)", "A5 (lab/a5-other)"} <= set(found.scores.models)
    assert score_of(found, "A5 (lab/a5-other)", "hle") == 0.5


def test_sources_domains_makers_and_benchmarks_can_be_left_out() -> None:
    rows = world()
    other = row("A5", "mmlu", 0.9, source_id="epoch_eci_gathered")
    assert "mmlu" not in made([*rows, other]).scores.benchmarks
    maths = made(rows, domain="maths").scores.benchmarks
    assert maths == ("math_level_5", "otis_mock_aime_2024_2025", "proofbench")
    own = [*rows, row("A1", "hle", 0.99, evaluator="first_party")]
    assert score_of(made(own), "A1", "hle") == 0.99
    assert score_of(made(own, independent=True), "A1", "hle") < 0.5
    unstated = [*rows, row("A1", "hle", 0.99, evaluator="unstated")]
    assert score_of(made(unstated, independent=True), "A1", "hle") < 0.5
    assert "hle" not in made(rows, without=("hle",)).scores.benchmarks
    with pytest.raises(UnknownName, match="hle"):
        made(rows, without=("hlee",))


def test_a_model_with_too_few_benchmarks_has_no_place() -> None:
    rows = [*world(), *(row("A9", test, 0.5) for test in list(TESTS)[:2])]
    found = made(rows)
    assert "A9" not in found.scores.models
    assert list(found.left_out.values()) == [2]
    assert "A9" not in made([*rows, row("A9", "hle", 0.5)], method="eci").scores.models
    assert "A9" in made([*rows, row("A9", "hle", 0.5)]).scores.models


# Which days count.


PREVIEW = date(2025, 3, 1)


@pytest.mark.parametrize("method", ["binomial", "published"])
@pytest.mark.parametrize(("dates", "day"), [("publisher", PREVIEW), ("release", MODELS["A4"][2])])
def test_a_model_counts_from_its_preview_or_from_its_release(
    method: IndexMethod, dates: Any, day: date
) -> None:
    index = [published("A4", PREVIEW, 140.0), published("B4", MODELS["B4"][2], 138.0)]
    held = frames(world(), index)
    found = capability(held, asking(), IndexSettings(method=method, dates=dates, draws=100))
    released = dict(found.models.select("label", "released_on").iter_rows())
    assert released["A4"] == day
    assert bool(found.out_by(date(2025, 4, 1))[found.index.place("A4")]) is (dates == "publisher")


def test_a_model_that_the_publisher_does_not_date_counts_from_its_release() -> None:
    held = frames(world(), [published("A4", PREVIEW, 140.0)])
    found = capability(held, asking(), IndexSettings(draws=0))
    assert dict(found.models.select("label", "released_on").iter_rows())["B4"] == MODELS["B4"][2]


def test_later_models_do_not_count_and_later_knowledge_does_not_come_in() -> None:
    early = ask("capability_gap", world(), about="2025-08-01")
    assert "B3" in early.says
    assert "A4" in early.says
    assert {r["model_name"] for r in early.rows} == {"A1", "A2", "A3", "A4", "B1", "B2", "B3"}


def test_scores_too_old_for_the_time_asked_about_say_so() -> None:
    answer = ask("capability_gap", world(), about="2027-05-01")
    assert f"is of {KNOWN}, too old for 2027-05-01" in answer.missing
    assert ask("capability_gap", world(), about="2027-05-01", back_days=400).estimates


# Who is on a side, and who may lead.


def test_the_gap_and_the_lag_are_those_of_the_made_world() -> None:
    gap = ask("capability_gap", world())
    (found,) = gap.estimates
    assert "B4" in gap.says
    assert "A5" in gap.says
    assert found.low < found.value < found.high < 0
    assert found.unit == "index"
    lag = ask("capability_lag", world())
    days = (MODELS["B4"][2] - MODELS["A4"][2]).days
    assert lag.estimates[0].value == pytest.approx(days * 12 / 365.25)
    since = ask("capability_lag", world(), clock="about").estimates[0].value
    assert since == pytest.approx((date(2026, 5, 1) - MODELS["A4"][2]).days * 12 / 365.25)


def test_a_model_of_no_known_country_is_on_no_side_and_is_counted() -> None:
    assert "N1" not in {r["model_name"] for r in ask("capability_gap", world()).rows}
    index = ask("capability_index", world())
    assert index.rows[0]["model_name"] == "N1"
    assert "1 models have no known country and are on no side" in index.notes


def test_a_model_needs_enough_benchmarks_to_set_the_frontier_but_fewer_to_have_had_a_level() -> (
    None
):
    few = list(TESTS)[:5]
    rows = world(lambda model, test: model in ("A4", "A5") and test not in few)
    found = sides_of(rows)
    assert found.best_a == "A3", "A4 and A5 have five benchmarks, one too few"
    assert found.capability.names(found.a_past) == ["A1", "A2", "A3", "A4", "A5"]
    assert sides_of(rows, frontier_benchmarks=5).best_a == "A5"
    index = ask("capability_index", rows).rows
    assert {r["model_name"]: r["frontier_frac"] for r in index}["A5"] == 0
    lag = ask("capability_lag", rows)
    assert "; A4 had that level" in lag.says, "it did, though it may not lead"
    four = ask("capability_index", world(lambda model, test: model == "N1" and test not in few))
    assert "on 5 benchmarks only: too few to count as the frontier" in four.says


@pytest.mark.parametrize(
    ("sides", "best"),
    [
        (Sides("open", "closed", "open"), ("N1", "B4")),
        (Sides("lab", "a-lab", "b-lab"), ("A5", "B4")),
        (Sides("family", "b-family", "a-family"), ("B4", "A5")),
    ],
)
def test_other_groups_are_sides_too(sides: Sides, best: tuple[str, str]) -> None:
    answer = ask("capability_gap", world(), sides=sides)
    a, b = (
        max((r for r in answer.rows if r["side"] == s), key=lambda r: r["score_index"])
        for s in dict.fromkeys(r["side"] for r in answer.rows)
    )
    assert (a["model_name"], b["model_name"]) == best


def test_sides_can_be_narrowed_by_filters() -> None:
    answer = ask("capability_gap", world(), a="country=US", b="country=CN, open=open")
    assert answer.estimates
    none = ask("capability_gap", world(), b="country=CN, open=closed")
    assert "no closed Chinese model" in none.missing
    with pytest.raises(UnknownName, match="country"):
        ask("capability_gap", world(), b="cuntry=CN")


# What cannot be answered says why.


@pytest.mark.parametrize(
    "name",
    [
        "capability_gap",
        "capability_lag",
        "catch_up_time",
        "frontier_trend",
        "expected_scores",
        "capability_profile",
        "capability_sensitivity",
    ],
)
def test_what_cannot_be_answered_says_why(name: str) -> None:
    alone = [r for r in world() if r["country"] != "CN"]
    assert "no Chinese model" in ask(name, alone).missing
    before = ask(name, world(), about="2024-02-01")
    assert "released by 2024-02-01" in before.missing
    one_test = [r for r in world() if r["benchmark"] == "hle"]
    assert "no index" in ask(name, one_test).missing
    assert "too few" in ask(name, world(), domain="maths", without=["proofbench"]).missing
    gathered = ask(name, world(), index_sources=("epoch_eci_gathered",))
    assert "no benchmark score of the chosen sources was known" in gathered.missing


def test_models_that_share_no_benchmark_with_the_rest_are_left_out_and_told() -> None:
    first, rest = list(TESTS)[:4], list(TESTS)[4:]
    rows = [r for r in world() if r["benchmark"] in (rest if r["country"] == "US" else first)]
    rows = [r for r in rows if r["model_name"] != "N1"]
    found = made(rows)
    assert found.scores.models == ("A1", "A2", "A3", "A4", "A5")
    ((why, n),) = found.left_out.items()
    assert why.startswith("4 models that share no benchmark with the rest: B1, B2, B3")
    assert n == 16
    assert "no Chinese model" in ask("capability_gap", rows, frontier_benchmarks=3).missing


# The scale.


def test_a_domain_is_told_on_the_scale_of_the_whole() -> None:
    whole = sides_of(world()).capability.index
    maths = sides_of(world(), domain="maths").capability.index
    assert maths.models == whole.models
    assert maths.ability.mean() == pytest.approx(whole.ability.mean())
    assert maths.ability.std() == pytest.approx(whole.ability.std())


def test_the_two_anchors_keep_their_points_where_both_are_known() -> None:
    named = {"A3": "Claude 3.5 Sonnet", "A4": "GPT-5"}
    rows = [r | {"model_name": named.get(r["model_name"], r["model_name"])} for r in world()]
    index = sides_of(rows).capability.index
    assert index.ability[index.place("GPT-5")] == pytest.approx(150)
    assert index.ability[index.place("Claude 3.5 Sonnet")] == pytest.approx(130)
    assert sides_of(world()).capability.index.ability.mean() == pytest.approx(100)
