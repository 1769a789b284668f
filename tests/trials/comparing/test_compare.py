"""What a comparison says: difference, verdicts, flips, slices, clusters, money and time."""

import math

import pytest
from tests.trials.comparing.made_sides import of_calls, side, yes_no

from headtohead.core.errors import InputError
from headtohead.logs.calls import Call, Usage
from headtohead.prices.rates import Rates
from headtohead.trials.comparing.compare import compare, rescored
from headtohead.trials.comparing.pairing import ModelRun
from headtohead.trials.comparing.settings import CompareSettings, Goal
from headtohead.trials.paired.differences import Verdict
from headtohead.trials.scoring.scored import scorer_from


@pytest.mark.parametrize(
    ("counts", "goal", "verdict"),
    [
        ((700, 50, 50, 200), "non-inferiority", "yes"),
        ((500, 300, 50, 150), "non-inferiority", "no"),
        ((30, 5, 5, 10), "non-inferiority", "undecided"),
        ((700, 50, 50, 200), "equivalence", "yes"),
        ((500, 50, 300, 150), "equivalence", "no"),
        ((30, 5, 5, 10), "equivalence", "undecided"),
        ((500, 50, 300, 150), "superiority", "yes"),
        ((500, 300, 50, 150), "superiority", "no"),
        ((700, 50, 50, 200), "superiority", "undecided"),
    ],
)
def test_every_goal_has_its_three_verdicts(
    counts: tuple[int, int, int, int], goal: Goal, verdict: Verdict
) -> None:
    found = compare(
        *yes_no(*counts),
        CompareSettings(two_sided=goal == "equivalence", better=goal == "superiority"),
    )
    assert found.verdict == found.verdicts[goal] == verdict
    assert (found.p_value <= 0.025) == (verdict == "yes")
    _, a_only, b_only, _ = counts
    assert found.difference.value == pytest.approx((b_only - a_only) / sum(counts))
    assert found.method == "exact limits for yes/no pairs, in the order of Tango's score"


def test_flips_name_the_items_and_the_rest_is_counted() -> None:
    a, b = side("a", {"w": 1, "x": 0, "y": 1, "z": 1}), side("b", {"w": 0, "x": 1, "y": 1, "z": 0})
    found = compare(a, b)
    assert [(f.key, f.a, f.b) for f in found.lost] == [("w", 1, 0), ("z", 1, 0)]
    assert [(f.key, f.a, f.b) for f in found.gained] == [("x", 0, 1)]
    assert found.same == 1


def test_the_largest_falls_come_first() -> None:
    found = compare(side("a", [0.5, 0.9, 0.8]), side("b", [0.4, 0.1, 0.8]))
    assert [f.key for f in found.lost] == ["q1", "q0"]


def labelled_side(name: str, scores: list[float], label: str, values: list[str]) -> ModelRun:
    rows = enumerate(zip(scores, values, strict=True))
    return of_calls(
        name, [Call(key=f"q{i}", score=s, labels={label: v} if v else {}) for i, (s, v) in rows]
    )


def test_slices_are_corrected_for_how_many_there_are_and_the_worst_comes_first() -> None:
    kinds = ["law", "code", "chat"] * 100
    a = labelled_side("a", [1.0] * 300, "kind", kinds)
    b = labelled_side(
        "b", [0.0 if k == "law" and i % 2 else 1.0 for i, k in enumerate(kinds)], "kind", kinds
    )
    found = compare(a, b, CompareSettings(slices=("kind",)))
    rows = {row.name: row for row in found.slices["kind"].slices}
    assert next(iter(rows)) == "law"
    assert rows["law"].noninferior == "no"
    assert rows["code"].difference.value == rows["chat"].difference.value == 0
    for row in rows.values():
        assert row.difference.n == 100
        assert row.joint.low <= row.difference.interval.low
        assert row.joint.high >= row.difference.interval.high
    only = [
        labelled_side(
            s.name,
            [c.score or 0 for c in s.calls if c.labels["kind"] == "code"],
            "kind",
            ["code"] * 100,
        )
        for s in (a, b)
    ]
    alone = compare(only[0], only[1])
    assert rows["code"].p_noninferior >= alone.p_value
    assert {f.slice for f in found.lost} == {"law"}


def test_a_slice_nobody_knows_is_refused_with_those_there_are() -> None:
    a, b = (labelled_side(n, [1.0, 0.0], "kind", ["x", "y"]) for n in "ab")
    with pytest.raises(InputError, match=r"label 'topic'. Labels there are: kind"):
        compare(a, b, CompareSettings(slices=("topic",)))
    with pytest.raises(InputError, match=r"`mapping={'labels': 'topic'}`"):
        compare(*yes_no(2, 1, 1, 2), CompareSettings(cluster="topic"))


def test_items_of_one_document_count_less_than_as_many_documents() -> None:
    documents = [f"d{i // 10}" for i in range(200)]
    a = labelled_side("a", [1.0] * 200, "doc", documents)
    b = labelled_side("b", [0.0 if i // 10 % 4 == 0 else 1.0 for i in range(200)], "doc", documents)
    apart, together = (compare(a, b, CompareSettings(cluster=c)) for c in ("", "doc"))
    assert together.difference.value == pytest.approx(apart.difference.value)
    assert together.clusters == 20
    assert together.se > 2 * together.naive_se
    wide, narrow = (f.difference.high - f.difference.low for f in (together, apart))
    assert wide > 2 * narrow


def test_items_without_the_label_stand_alone() -> None:
    a = labelled_side("a", [1, 1, 0, 1, 0, 1], "doc", ["x", "x", "x", "", "", ""])
    b = labelled_side("b", [1, 0, 0, 1, 1, 1], "doc", ["x", "x", "x", "", "", ""])
    assert compare(a, b, CompareSettings(cluster="doc")).clusters == 4


def test_tries_at_an_item_are_kept_together() -> None:
    def run(name: str, low: int) -> ModelRun:
        return of_calls(
            name,
            [
                Call(key=f"q{i}", epoch=e, score=float(i % 5 >= low))
                for i in range(100)
                for e in (1, 2, 3, 4)
            ],
        )

    found = compare(run("a", 1), run("b", 2))
    assert found.a.items == 100
    assert found.a.repeats == 400
    assert found.clusters == 100
    assert found.se == pytest.approx(2 * found.naive_se, rel=0.03)


def test_unpaired_needs_no_shared_keys_and_is_wider() -> None:
    a, b = yes_no(60, 10, 10, 20)
    paired = compare(a, b)
    other = side("b", {f"other{i}": call.score for i, call in enumerate(b.calls)})
    with pytest.raises(InputError, match="share no item"):
        compare(a, other)
    found = compare(a, other, CompareSettings(unpaired=True))
    assert not found.paired
    assert not found.lost
    assert found.difference.value == pytest.approx(paired.difference.value)
    assert found.difference.low < paired.difference.low
    assert "not matched" in found.notes[0]


def test_unpaired_does_not_excuse_another_way_of_measuring() -> None:
    a, b = side("a", [1, 0], task="x"), side("b", [1, 0], task="y")
    with pytest.raises(InputError, match="task is 'x' in a and 'y' in b"):
        compare(a, b, CompareSettings(unpaired=True))


def test_graded_scores_are_told_in_their_own_unit() -> None:
    a, b = side("a", [7.0, 8, 6, 9, 5] * 20), side("b", [7.5, 8, 6.5, 9, 5.5] * 20)
    found = compare(a, b, CompareSettings(margin=0.2))
    assert found.unit == "score"
    assert found.difference.value == pytest.approx(0.3)
    assert found.method == "Student's t on the differences by item"
    assert found.verdicts == {
        "non-inferiority": "yes",
        "equivalence": "no",
        "superiority": "yes",
    }


def test_a_margin_of_5_for_shares_is_refused_since_5pp_was_meant() -> None:
    for unpaired in (False, True):
        with pytest.raises(InputError, match="Write 5pp"):
            compare(*yes_no(30, 5, 5, 10), CompareSettings(margin=5, unpaired=unpaired))
    assert compare(*yes_no(30, 5, 5, 10), CompareSettings(margin=5, better=True))


def test_more_items_would_settle_it_at_the_difference_seen() -> None:
    found = compare(*yes_no(30, 5, 5, 10))
    assert found.verdict == "undecided"
    assert found.more_items is not None
    times = math.ceil(found.more_items / 50)
    assert times > 1
    assert compare(*yes_no(30 * times, 5 * times, 5 * times, 10 * times)).verdict == "yes"
    assert compare(*yes_no(700, 50, 50, 200)).more_items is None
    exactly_at_the_margin = compare(*yes_no(800, 100, 50, 50))
    assert exactly_at_the_margin.verdict == "undecided"
    assert exactly_at_the_margin.more_items is None


def priced(name: str, scores: list[float], usd: list[float | None], **more: object) -> ModelRun:
    rows = enumerate(zip(scores, usd, strict=True))
    return of_calls(
        name,
        [Call(key=f"q{i}", model=name, score=s, cost_usd=c, **more) for i, (s, c) in rows],  # type: ignore[arg-type]
    )


def test_cost_per_success_comes_from_the_files() -> None:
    a = priced("a", [1.0, 1, 1, 1, 0] * 10, [0.1, 0.2, 0.3, 0.2, 0.2] * 10)
    b = priced("b", [1.0, 1, 0, 0, 0] * 10, [0.02] * 50)
    made = compare(a, b).money
    assert made is not None
    assert made.ratio is not None
    assert made.a_usd == pytest.approx(0.2)
    assert made.a_usd_per_success == pytest.approx(0.25)
    assert made.b_usd_per_success == pytest.approx(0.05)
    assert made.ratio.value == pytest.approx(0.2)
    assert made.ratio.low < 0.2 < made.ratio.high
    assert made.basis == "costs as the file tells them"


def test_items_without_a_cost_on_a_side_do_not_count_for_money() -> None:
    a = priced("a", [1.0] * 20, [0.1] * 15 + [None] * 5)
    b = priced("b", [1.0] * 20, [0.1] * 20)
    made = compare(a, b).money
    assert made is not None
    assert made.items == 15


def test_a_side_that_solves_nothing_has_no_cost_of_a_success() -> None:
    made = compare(priced("a", [1.0] * 20, [0.1] * 20), priced("b", [0.0] * 20, [0.1] * 20)).money
    assert made is not None
    assert made.b_usd_per_success is None
    assert made.ratio is None or not math.isfinite(made.ratio.high)


def test_tokens_are_priced_with_cached_ones_apart() -> None:
    used = Usage(input_tokens=1000, cache_read_tokens=600, output_tokens=100, reasoning_tokens=50)
    a = priced("a", [1.0, 0] * 10, [None] * 20, usage=used)
    b = priced("b", [1.0, 0] * 10, [0.5] * 20)
    rates = Rates(input_usd_per_mtok=10, output_usd_per_mtok=100, cache_read_usd_per_mtok=1)
    made = compare(a, b, rates=lambda model, _: {"a": rates}.get(model)).money
    assert made is not None
    assert made.a_usd == pytest.approx((400 * 10 + 600 * 1 + 100 * 100) / 1e6)
    assert made.b_usd == 0.5
    assert made.basis == "A: tokens of the file at list prices; B: costs as the file tells them"


def test_without_a_price_the_reason_is_told() -> None:
    a, b = (priced(n, [1.0, 0], [None] * 2, usage=Usage(input_tokens=1)) for n in "ab")
    found = compare(a, b, rates=lambda *_: None)
    assert found.money is None
    assert "No cost can be told: no cost is known of a and b." in found.notes


def test_tokens_that_contradict_each_other_are_refused_by_item() -> None:
    wrong = Usage(input_tokens=100, cache_read_tokens=500)
    a, b = (priced(n, [1.0, 0], [None] * 2, usage=wrong, where="line 1") for n in "ab")
    rates = Rates(input_usd_per_mtok=1, output_usd_per_mtok=1)
    with pytest.raises(InputError, match=r"Item 'q0' of a \(line 1\): 500 tokens read"):
        compare(a, b, rates=lambda *_: rates)


def test_latency_is_compared_by_medians_where_enough_items_have_one() -> None:
    def run(name: str, seconds: float, n: int) -> ModelRun:
        return of_calls(
            name,
            [Call(key=f"q{i}", score=1.0, latency_s=seconds * (1 + i / n)) for i in range(n)],
        )

    made = compare(run("a", 2, 40), run("b", 1, 40)).speed
    assert made is not None
    assert made.ratio.value == pytest.approx(0.5)
    assert made.ratio.low <= 0.5 <= made.ratio.high
    assert compare(run("a", 2, 9), run("b", 1, 9)).speed is None


def test_failures_and_settings_that_may_differ_are_told() -> None:
    calls = [Call(key=f"q{i}", score=0.0, failure="format" if i < 3 else "") for i in range(6)]
    a = of_calls("a", calls, may_differ={"temperature": "0", "model": "x"})
    b = side("b", [1.0] * 6, may_differ={"temperature": "1", "model": "y"})
    found = compare(a, b)
    assert found.a.failures == {"format": 3}
    assert "The runs also differ in temperature 0 against 1." in found.notes


def test_answers_are_scored_anew_and_the_files_own_scorer_no_longer_counts() -> None:
    def run(name: str, answers: str, scorer: str) -> ModelRun:
        calls = [
            Call(key=f"q{i}", output=text, reference="x", score=None)
            for i, text in enumerate(answers)
        ]
        return of_calls(name, calls, metric=scorer, must_agree={"scorers": scorer, "shots": "5"})

    exact = scorer_from("exact")
    a, b = rescored(run("a", "xxyx", "old"), exact), rescored(run("b", "xyyx", "new"), exact)
    assert [call.score for call in a.calls] == [1, 1, 0, 1]
    assert a.meta.must_agree == {"shots": "5"}
    assert compare(a, b).difference.value == -0.25
    empty = of_calls("c", [Call(key="x")])
    with pytest.raises(InputError, match=r"No answer in c.jsonl could be scored"):
        rescored(empty, exact)
