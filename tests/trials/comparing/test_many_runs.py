"""Many runs: tie groups, places and pairs, on the items all share."""

import numpy as np
import pytest
from tests.trials.comparing.made_sides import of_calls, side

from headtohead.core.errors import InputError
from headtohead.logs.calls import Call
from headtohead.trials.comparing.compare import many
from headtohead.trials.comparing.settings import CompareSettings

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
