"""Many runs: tie groups, places and pairs, on the items all share."""

from typing import Any

import numpy as np
import pytest
from tests.trials.comparing.made_sides import of_calls, side

from headtohead.core.errors import InputError
from headtohead.logs.calls import Call
from headtohead.trials.comparing.compare import ManyRuns, many
from headtohead.trials.comparing.pairing import ModelRun
from headtohead.trials.comparing.settings import CompareSettings
from headtohead.trials.comparing.sheet import many_sheet

RNG = np.random.default_rng(5)
SKILL = RNG.random(400)


def run(name: str, level: float) -> list[float]:
    noise = np.random.default_rng(sum(map(ord, name))).random(400)
    return [float(x) for x in ((SKILL + noise) / 2 < level)]


def test_a_clear_loser_stands_alone_and_near_runs_are_tied() -> None:
    sides = [side(n, run(n, level)) for n, level in (("a", 0.8), ("b", 0.8), ("c", 0.3))]
    found = many(sides, CompareSettings())
    assert found.items == 400
    assert found.names == ("a", "b", "c")
    assert found.field.ranks.best.tolist() == [1, 1, 3]
    assert found.field.ranks.worst.tolist() == [2, 2, 3]
    assert len(found.field.pairs) == 3
    for pair in found.field.pairs:
        assert pair.joint.low <= pair.difference.interval.low
        assert pair.joint.low <= pair.difference.value <= pair.joint.high
    assert [set(group.tolist()) for group in found.field.ties][2] == {2}


def test_an_item_that_one_run_lacks_counts_for_none() -> None:
    sides = [
        side("a", [1, 0, 1, 1, 0]),
        side("b", [1, None, 1, 0, 0]),
        side("c", [0, 1, 1, 0, None]),
    ]
    found = many(sides, CompareSettings())
    assert found.items == 3
    assert found.left_out == 2


def test_clusters_widen_the_joint_intervals() -> None:
    def grouped(name: str, cut: int) -> object:
        return of_calls(
            name,
            [
                Call(key=f"q{i}", score=float(i // 10 % 7 >= cut), labels={"doc": f"d{i // 10}"})
                for i in range(300)
            ],
        )

    sides = [grouped(name, cut) for name, cut in (("a", 1), ("b", 2), ("c", 3))]
    apart, together = (
        many(sides, CompareSettings(cluster=c))  # type: ignore[arg-type]
        for c in ("", "doc")
    )
    for one, other in zip(apart.field.pairs, together.field.pairs, strict=True):
        assert other.joint.high - other.joint.low > one.joint.high - one.joint.low


def test_runs_on_other_items_are_refused_and_shared_ones_compared_on_request() -> None:
    sides = [side("a", [1, 0, 1]), side("b", [1, 0, 1]), side("c", [1, 0])]
    with pytest.raises(InputError, match="1 item is only in a"):
        many(sides, CompareSettings())
    assert many(sides, CompareSettings(shared=True)).items == 2
    apart = [side("a", {"x": 1, "y": 1}), side("b", {"x": 1}), side("c", {"y": 1})]
    with pytest.raises(InputError, match="No item has a score in every run"):
        many(apart, CompareSettings(shared=True))


@pytest.mark.parametrize(
    "choices", [CompareSettings(unpaired=True), CompareSettings(slices=("kind",))]
)
def test_what_only_two_runs_can_have_is_refused(choices: CompareSettings) -> None:
    with pytest.raises(InputError, match="Compare two runs"):
        many([side("a", [1.0])] * 3, choices)


def priced(name: str, level: float, usd: float | None) -> ModelRun:
    """A run whose items cost more the harder they are; of no known cost if None."""
    scores = run(name, level)
    calls = [
        Call(
            key=f"q{i}",
            model=name,
            score=score,
            cost_usd=None if usd is None else usd * (0.5 + SKILL[i]),
        )
        for i, score in enumerate(scores)
    ]
    return of_calls(name, calls)


def test_what_is_as_good_for_less_is_named_with_its_saving() -> None:
    sides = [
        priced("dear", 0.8, 0.10),
        priced("cheap", 0.8, 0.01),
        priced("poor", 0.3, 0.001),
        priced("beaten", 0.3, 0.05),
        priced("unknown", 0.8, None),
    ]
    found = many(sides, CompareSettings(margin=0.05))
    front = found.priced
    assert front is not None
    assert front.unpriced == ("unknown",)
    assert front.items == 400
    by_name = dict(zip((found.names[i] for i in front.places), front.chance, strict=True))
    assert by_name["poor"] == 1
    assert by_name["cheap"] > 0.99
    assert by_name["beaten"] < 0.01
    assert front.instead is not None
    assert found.names[front.places[front.instead]] == "cheap"
    saving = front.drawn.saving(front.best, front.instead)
    assert saving.value == pytest.approx(0.9)
    # Both cost more where items are hard, so that the share saved hardly varies.
    assert saving.low == pytest.approx(0.9, abs=1e-9)
    sheet = many_sheet(found)
    assert "cheap is at most 5 pp worse than dear (chance " in sheet.sentence
    assert "and 90% cheaper (90% to 90%)" in sheet.sentence
    (figure,) = (f for t in sheet.topics for f in t.figures if f.slug == "front")
    assert "Cost not known: unknown." in figure.remarks
    drawn = _drawn(found)
    assert {row["model_name"] for row in drawn if row["side_label"] == "on the front"} == {
        "poor",
        "cheap",
        *(["dear"] if front.drawn.on_front()[0] else []),
    }
    assert next(row for row in drawn if row["model_name"] == "beaten")["front_frac"] < 0.01


def _drawn(found: ManyRuns) -> list[dict[str, Any]]:
    """The rows of the chart of the front, none where there is no chart."""
    (figure,) = (f for t in many_sheet(found).topics for f in t.figures if f.slug == "front")
    assert figure.chart is not None
    chart = figure.chart()
    return [] if chart is None else list(chart.to_dict()["datasets"].popitem()[1])


def test_runs_without_costs_have_no_front_and_disjoint_costs_say_so() -> None:
    plain = many([side(n, run(n, 0.8)) for n in "abc"], CompareSettings())
    assert plain.priced is None
    assert not plain.notes
    halves = [
        of_calls(
            name,
            [
                Call(key=f"q{i}", score=float(i % 3 > 0), cost_usd=0.1 if i % 2 == odd else None)
                for i in range(50)
            ],
        )
        for odd, name in enumerate("ab")
    ]
    found = many(halves, CompareSettings())
    assert found.priced is None
    assert found.notes[-1].startswith("No costs are compared: no two items have a cost")


def test_a_free_run_is_cheaper_than_all_and_the_best_may_be_free() -> None:
    sides = [priced("dear", 0.5, 0.1), priced("free", 0.8, 0.0), priced("poor", 0.3, 0.05)]
    found = many(sides, CompareSettings())
    assert found.priced is not None
    assert found.priced.instead is None
    assert found.priced.chance.tolist() == [0, 1, 0]
    assert (
        "No run is surely at most 5 pp worse than free and cheaper." in many_sheet(found).sentence
    )
    # On a scale of logarithms nothing has no place.
    assert {row["model_name"] for row in _drawn(found)} == {"dear", "poor"}
    assert not _drawn(many([priced(n, 0.5, 0.0) for n in "ab"], CompareSettings()))
