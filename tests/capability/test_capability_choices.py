"""Printed scores, other choices of scores and model, one fit for all questions, and ratios."""

from collections.abc import Hashable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.capability.made_scores import (
    FULL,
    MODELS,
    TESTS,
    ask,
    asking,
    curve,
    frames,
    printed,
    row,
    sides_of,
    world,
)

from headtohead.capability import fitted
from headtohead.capability.fitted import capability
from headtohead.capability.irt.index import fit_index, point_fit
from headtohead.capability.irt.scores import Scores
from headtohead.capability.model import Capability, TwoSides
from headtohead.capability.settings import IndexSettings
from headtohead.capability.variants import Variant, rescored, variants
from headtohead.capability.words import settings_of
from headtohead.core.dates import Period
from headtohead.core.question import Answer
from headtohead.evidence.facts import Facts
from headtohead.evidence.store import Store
from headtohead.evidence.tables import title
from headtohead.questions import analysis

# Published scores.


def test_the_printed_scores_are_taken_as_they_are() -> None:
    name = "performance.capability_gap"
    answer = analysis(name).run(frames(world(), printed()), asking(name, method="published"))
    (gap,) = answer.estimates
    assert gap.value == pytest.approx(8 * (1.2 - 2.5))
    # Two errors of 2/1.645 each, taken as independent; the others are too far away to lead.
    assert gap.high - gap.low == pytest.approx(2 * 2 * np.sqrt(2), rel=0.1)
    assert gap.method.startswith("Epoch's printed scores")
    assert any("any may set the frontier" in note for note in answer.notes)
    assert not any("needs 6 benchmarks" in note for note in answer.notes)


def test_a_printed_score_without_an_interval_is_exact() -> None:
    held = frames(world(), printed())
    found = capability(held, asking(), IndexSettings(method="published"))
    draws = found.index.ability_draws
    assert np.ptp(draws[:, found.index.place("GPT-5")]) == 0
    assert draws[:, found.index.place("A1")].std() == pytest.approx(2 / 1.645, rel=0.1)


@pytest.mark.parametrize("name", ["capability_index", "capability_sensitivity", "expected_scores"])
def test_other_questions_can_be_asked_of_the_printed_scores(name: str) -> None:
    held = frames(world(), printed())
    name = f"performance.{name}"
    answer = analysis(name).run(held, asking(name, method="published"))
    assert answer.estimates
    assert not any("nan" in note for note in answer.notes)


def test_without_an_edition_the_published_index_says_so() -> None:
    answer = ask("capability_gap", world(), method="published")
    assert "no edition of the published index was known" in answer.missing


# Other choices.


def many(rows: Sequence[dict[str, Any]], **changes: Any) -> list[Variant]:
    base = IndexSettings(**{"draws": 100, **changes})
    return list(variants(frames(rows, printed()), asking(), base))


def test_every_topic_of_other_choices_is_there() -> None:
    # B's best lacks a test that A's best met, as in life.
    rows = world(lambda model, test: (model, test) in {("B4", "hle"), ("A5", "osworld")})
    rows += [row("A1", "mmlu", 0.4, source_id="epoch_eci_gathered", evaluator="first_party")]
    found = many(rows)
    assert {v.topic for v in found} == {
        "as asked",
        "scores",
        "missing",
        "dates",
        "frontier",
        "model",
        "benchmarks",
    }
    choices = [v.choice for v in found]
    assert len(set(choices)) == len(choices)
    assert [v.choice for v in found if v.topic == "benchmarks"] == [
        f"without {title(name)}" for name in sorted(TESTS)
    ]
    assert sum(v.topic == "missing" for v in found) == 5
    both = many(rows, source=FULL)
    scores = [v.choice for v in both if v.topic == "scores"]
    assert scores == ["Epoch's own runs", "independent results only"]
    alone = [v for v in many(world()) if v.topic == "scores"]
    assert [v.choice for v in alone] == ["all scores gathered", "independent results only"]
    assert [isinstance(v.sides, str) for v in alone] == [True, True], "each says why it is not"
    topics = {v.topic for v in many(rows, method="published")}
    assert topics == {"as asked", "dates", "model"}, "nothing else can move a printed score"


def test_leaving_a_benchmark_out_does_not_change_who_may_lead() -> None:
    # A5 has six benchmarks, just enough; A4 five, one too few, and must not come in.
    few = set(list(TESTS)[:6])
    rows = world(
        lambda model, test: (
            (model == "A5" and test not in few)
            or (model == "A4" and test not in set(list(TESTS)[:5]))
        )
    )
    assert sides_of(rows).best_a == "A5"
    for v in many(rows):
        if v.topic == "benchmarks":
            assert isinstance(v.sides, TwoSides)
            assert v.sides.best_a == "A5"
            assert v.sides.capability.names(v.sides.a) == ["A1", "A2", "A3", "A5"]


def test_dates_and_the_rule_for_leading_leave_the_index_itself_alone() -> None:
    found = many(world())
    base, *rest = [v.sides for v in found if v.topic in ("as asked", "dates", "frontier")]
    assert isinstance(base, TwoSides)
    assert len(rest) == 3
    for other in rest:
        assert isinstance(other, TwoSides)
        assert other.capability.index is base.capability.index


def test_unseen_tests_that_went_worse_lower_their_side_and_only_that() -> None:
    rows = world(lambda model, test: model[0] in "AB" and hash_of(model, test) % 3 == 0)
    base = sides_of(rows, frontier_benchmarks=4)
    found_all = [v for v in many(rows, frontier_benchmarks=4) if "unseen" in v.choice]
    assert len(found_all) == 4
    worse = {
        which: next(v.sides for v in found_all if f"{name} unseen tests 5 points" in v.choice)
        for which, name in (("A", "US"), ("B", "Chinese"))
    }
    gaps = {v.choice: v.sides.gap().value for v in found_all if isinstance(v.sides, TwoSides)}
    for name, sign in (("US", 1), ("Chinese", -1)):
        little, much = (gaps[f"{name} unseen tests {n} points worse"] for n in (5, 20))
        assert sign * (much - little) >= 0
    index = base.capability.index
    for which, own, other in (("B", base.b, base.a), ("A", base.a, base.b)):
        found = worse[which]
        assert isinstance(found, TwoSides)
        moved = found.capability.index.ability - index.ability
        assert (moved[own] <= 1e-9).all()
        assert (moved[own] < -0.01).any()
        assert moved[other] == pytest.approx(0, abs=1e-9)
        shifts = found.capability.index.ability_draws - index.ability_draws
        assert shifts == pytest.approx(np.broadcast_to(moved, shifts.shape))
    for which, sign in (("B", -1), ("A", 1)):
        found = worse[which]
        assert isinstance(found, TwoSides)
        assert sign * (found.gap().value - base.gap().value) >= 0


def hash_of(model: str, test: str) -> int:
    return sum(map(ord, model + test))


def test_rescoring_with_what_the_level_says_moves_nothing_and_a_worked_case_is_met() -> None:
    rows = [(m, t) for m in MODELS for t in TESTS if (m, t) != ("A5", "hle")]
    values = [curve(MODELS[m][1], TESTS[t]) for m, t in rows]
    scores = Scores.from_rows([m for m, _ in rows], [t for _, t in rows], values)
    index = fit_index(scores, draws=0, rng=np.random.default_rng(0))
    at = index.place("A5")
    level = float(index.expected("hle", index.ability[[at]])[0])
    same = rescored(index, Scores.from_rows(["A5"], ["hle"], [level]))
    assert same == pytest.approx(index.ability, abs=1e-6)
    moved = rescored(index, Scores.from_rows(["A5"], ["hle"], [level - 0.05]))
    # To first order: the push of the new score over the information of all nine.
    share = {t: float(index.expected(t, index.ability[[at]])[0]) for t in TESTS}
    slope = dict(zip(index.benchmarks, index.slope.tolist(), strict=True))
    information = sum(slope[t] ** 2 * p * (1 - p) for t, p in share.items())
    assert moved[at] - index.ability[at] == pytest.approx(
        -0.05 * slope["hle"] / information, rel=0.05
    )
    with pytest.raises(ValueError, match="likelihood"):
        rescored(replace(index, method="eci"), scores)


# Made once.


def test_an_index_is_fitted_once_for_all_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    fits: list[int] = []
    points: list[int] = []

    def counted(scores: Scores, **how: Any) -> Any:
        fits.append(len(scores.models))
        return fit_index(scores, **how)

    def fitted_point(scores: Scores) -> Any:
        points.append(len(scores.models))
        return point_fit(scores)

    monkeypatch.setenv("H2H_CACHE", "")
    monkeypatch.setattr(fitted, "fit_index", counted)
    monkeypatch.setattr(fitted, "point_fit", fitted_point)
    held, kept = frames(world()), dict[Hashable, Any]()
    for name in ("capability_gap", "capability_lag", "catch_up_time", "capability_index"):
        name = f"performance.{name}"
        assert analysis(name).run(held, asking(name, kept=kept)).estimates
    name = "performance.capability_lag"
    analysis(name).run(held, asking(name, kept=kept, dates="release"))
    analysis(name).run(held, asking(name, kept=kept, frontier_benchmarks=4))
    assert len(fits) == 1
    analysis(name).run(held, asking(name, kept=kept, without=("hle",)))
    assert len(fits) == 2
    again = asking(name, kept=kept)
    alone = capability(held, again, replace(settings_of(again.scope), draws=0))
    assert alone.index.ability_draws.shape[0] == 0
    assert len(points) == 2  # draws or none, the point values are the same


def test_scores_of_other_days_and_sources_are_not_mixed_up(tmp_path: Path) -> None:
    facts = Facts(Store(tmp_path))
    name = "performance.capability_gap"

    def asked(as_of: str, **how: Any) -> Answer:
        about = Period.parse("2025-12-15")
        return facts.ask(analysis(name), about=about, as_of=date.fromisoformat(as_of), **how)

    assert asked("2026-08-11").estimates
    assert "nothing was known by 2025-12-15 of benchmark scores" in str(
        asked("2025-12-15", sources=("epoch_eci",)).missing
    )
    assert asked("2025-12-15").missing
    assert asked("2026-08-11", sources=("bfcl",)).missing
    assert asked("2026-08-11").estimates == asked("2026-08-11").estimates


# The ratio of scores.


def test_a_ratio_of_scores_meets_models_by_weights_and_corrects_for_guessing() -> None:
    rows = world()
    # Another source, sorted first, calls A5 and B4 otherwise and prints GPQA with guesses in.
    rows = [
        r
        for r in rows
        if not (r["model_name"] in ("A5", "B4") and r["benchmark"] == "gpqa_diamond")
    ]
    rows += [
        row(
            "a5 (high)",
            "gpqa_diamond",
            0.85,
            source_id="another",
            chance_corrected=False,
            model_id="lab/a5",
        ),
        row(
            "b4 (high)",
            "gpqa_diamond",
            0.55,
            source_id="another",
            chance_corrected=False,
            model_id="lab/b4",
            country="CN",
        ),
    ]
    name = "performance.score_ratio"
    answer = analysis(name).run(frames(rows), asking(name))
    (found,) = answer.estimates
    assert found.label == "B4 over A5"
    # A5 has all but solved MATH, so it is left out.
    shared = set(TESTS) - {"math_level_5"}
    assert found.n == len(shared)
    scores = {
        (r["model_name"][:1].upper(), r["benchmark"]): r["score_frac"]
        for r in rows
        if r["model_name"][:2].upper() in ("A5", "B4")
    }
    scores["A", "gpqa_diamond"], scores["B", "gpqa_diamond"] = 0.8, 0.4
    top, bottom = (sum(scores[s, t] for t in shared) for s in ("B", "A"))
    assert found.value == pytest.approx(top / bottom)


def test_capability_keeps_names_and_rows_in_order() -> None:
    found: Capability = sides_of(world()).capability
    assert found.models["label"].to_list() == list(found.index.models)
    assert set(found.rows["label"]) == set(found.index.models)
    assert found.evidence("A1")["label"].unique().to_list() == ["A1"]
