"""Items are paired honestly, or an error names what differs."""

import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.trials.comparing.made_sides import of_calls, side

from headtohead.core.errors import InputError
from headtohead.logs.calls import Call
from headtohead.trials.comparing.pairing import alone, measured_apart, open_run, pair


def refused(*sides: object, **choices: object) -> str:
    with pytest.raises(InputError) as caught:
        pair(*sides, **choices)  # type: ignore[arg-type]
    return str(caught.value)


def test_items_are_matched_by_key_whatever_their_order() -> None:
    found = pair(side("a", {"x": 1, "y": 0}), side("b", {"y": 1, "x": 0}))
    assert found.a.keys == found.b.keys == ("x", "y")
    assert found.a.scores.tolist() == [1, 0]
    assert found.b.scores.tolist() == [0, 1]
    assert not found.left_out
    assert not found.notes


def test_other_items_are_refused_and_both_counts_and_keys_are_named() -> None:
    a, b = side("a", {"x": 1, "y": 0, "z": 1}), side("b", {"x": 1, "w": 1})
    told = refused(a, b)
    assert "1 are shared" in told
    assert "2 items are only in a (y, z)" in told
    assert "1 item is only in b (w)" in told
    assert "`shared`" in told


def test_shared_items_are_compared_on_request_and_the_others_counted() -> None:
    a, b = side("a", {"x": 1, "y": 0, "z": 1}), side("b", {"x": 1, "w": 1})
    found = pair(a, b, shared=True)
    assert found.a.keys == ("x",)
    assert found.left_out == {"only in a": 2, "only in b": 1}


def test_long_lists_of_keys_are_cut() -> None:
    a, b = side("a", [1.0] * 30), side("b", [1.0] * 10)
    assert "(q10, q11, q12, q13, q14 and 15 more)" in refused(a, b)


def test_nothing_shared_shows_how_the_keys_look_on_both_sides() -> None:
    told = refused(side("a", {"1": 1}), side("b", {"task/1": 1}), shared=True)
    assert "share no item" in told
    assert "like 1 in a.jsonl" in told
    assert "like task/1 in b.jsonl" in told
    assert "`mapping={'key': 'COLUMN'}`" in told


def test_another_text_under_one_key_is_another_item() -> None:
    def run(name: str, *prints: str) -> object:
        return of_calls(
            name,
            [Call(key=f"q{i}", score=1, fingerprint=text) for i, text in enumerate(prints)],
        )

    told = refused(run("a", "one", "two", "three"), run("b", "one", "other", "three"))
    assert "1 of 3 items have one key but another text" in told
    assert "(q1)" in told
    unknown = pair(run("a", "one"), run("b", ""))  # type: ignore[arg-type]
    assert unknown.a.keys == ("q0",)


@pytest.mark.parametrize(
    ("ours", "theirs", "named"),
    [
        ({"must_agree": {"shots": "5"}}, {"must_agree": {"shots": "0"}}, "shots is '5' in a"),
        ({"task": "gpqa"}, {"task": "gsm8k"}, "task is 'gpqa' in a and 'gsm8k' in b"),
        ({"metric": "acc"}, {"metric": "acc_norm"}, "metric is 'acc' in a and 'acc_norm' in b"),
    ],
)
def test_runs_not_measured_alike_are_refused_by_name(
    ours: dict[str, object], theirs: dict[str, object], named: str
) -> None:
    a, b = side("a", [1, 0], **ours), side("b", [1, 0], **theirs)
    told = refused(a, b)
    assert "not measured alike" in told
    assert named in told
    assert measured_apart(a, b)


def test_what_only_one_file_tells_does_not_keep_runs_apart() -> None:
    a, b = side("a", [1, 0], must_agree={"shots": "5"}), side("b", [1, 0], task="gpqa")
    assert pair(a, b).a.keys == ("q0", "q1")


def test_columns_of_plain_tables_may_be_called_anything_but_that_is_told() -> None:
    a = side("a", [1, 0], format="plain", metric="correct")
    found = pair(a, side("b", [1, 0], format="plain", metric="score"))
    assert "Scores are 'correct' in a and 'score' in b" in found.notes[0]


def test_labels_that_must_be_the_same_are_named_where_they_are_not() -> None:
    def run(name: str, era: str) -> object:
        return of_calls(name, [Call(key="x", score=1, labels={"era": era})])

    assert "era is 1.0 in a and 2.0 in b" in refused(run("a", "1.0"), run("b", "2.0"), same=["era"])
    assert pair(run("a", "1"), run("b", "1"), same=["era"]).a.keys == ("x",)  # type: ignore[arg-type]
    assert "a.jsonl has no label 'era'" in refused(side("a", [1]), run("b", "1"), same=["era"])


def test_one_try_given_twice_is_refused_with_its_places() -> None:
    twice = of_calls(
        "a", [Call(key="x", score=1, where="line 1"), Call(key="x", score=0, where="line 2")]
    )
    told = refused(twice, side("b", {"x": 1}))
    assert "item 'x' twice" in told
    assert "(line 1 and line 2)" in told
    assert "`mapping={'epoch': 'COLUMN'}`" in told


def test_tries_at_an_item_are_averaged() -> None:
    tries = [Call(key="x", epoch=i + 1, score=s) for i, s in enumerate((1, 0, 0, 1))]
    found = pair(of_calls("a", tries), of_calls("b", tries[:2]))
    assert found.a.scores.tolist() == [0.5]
    assert found.a.repeats.tolist() == [4]
    assert found.b.repeats.tolist() == [2]
    assert "different number of times" in found.notes[0]


def test_tries_in_any_order_are_brought_together_by_item_and_epoch() -> None:
    tries = [("y", 2, 0), ("x", 10**30, 1), ("y", 1, 1), ("x", 3, 0), ("z", 1, None), ("x", 1, 1)]
    mixed = of_calls("a", [Call(key=key, epoch=n, score=score) for key, n, score in tries])
    found = pair(mixed, side("b", {"x": 1, "z": 1, "y": 0})).a
    assert found.keys == ("y", "x")
    assert found.scores.tolist() == [0.5, 2 / 3]
    assert [[call.epoch for call in calls] for calls in found.calls] == [[1, 2], [1, 3, 10**30]]
    assert [call.key for call in found.calls.flat()] == ["y", "y", "x", "x", "x"]


def test_pairing_keeps_little_beside_the_calls() -> None:
    n = 20_000
    a, b = (side(name, [i % 2 for i in range(n)]) for name in "ab")
    tracemalloc.start()
    found = pair(a, b)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found.a.keys) == n
    assert peak < 2 * n * 150  # bytes


def test_items_without_a_score_are_left_out_with_their_partner_and_counted() -> None:
    a, b = side("a", [1, None, 1, None]), side("b", [1, 1, None, None])
    found = pair(a, b)
    assert found.a.keys == ("q0",)
    assert found.left_out == {"no score in a": 1, "no score in b": 1, "no score in both": 1}
    assert "3 items have no score" in found.notes[0]


def test_or_they_count_as_failed() -> None:
    a, b = side("a", [1, None, 1, None]), side("b", [1, 1, None, None])
    found = pair(a, b, missing="wrong")
    assert found.a.scores.tolist() == [1, 0, 1, 0]
    assert found.b.scores.tolist() == [1, 1, 0, 0]
    assert not found.left_out


def test_a_missing_try_among_others_is_left_out_or_counts_as_failed() -> None:
    tries = [Call(key="x", epoch=1, score=1), Call(key="x", epoch=2, score=None)]
    whole = side("b", {"x": 1})
    left = pair(of_calls("a", tries), whole)
    assert (left.a.scores.tolist(), left.a.repeats.tolist()) == ([1], [1])
    wrong = pair(of_calls("a", tries), whole, missing="wrong")
    assert (wrong.a.scores.tolist(), wrong.a.repeats.tolist()) == ([0.5], [2])


def test_without_any_score_the_way_to_get_one_is_told() -> None:
    told = refused(side("a", [None, None]), side("b", [1, 1]))
    assert "No item has a score on both sides" in told
    assert "`mapping={'score': 'COLUMN'}`" in told
    assert "`scorer`" in told
    with pytest.raises(InputError, match="No item of a has a score"):
        alone(side("a", [None]))
    with pytest.raises(InputError, match="as h2h compare does"):
        alone(side("a", [None]), scorer=False)


def test_two_runs_of_one_name_are_told_apart() -> None:
    told = refused(side("m", [1.0]), side("m", [1.0, 0.0]))
    assert "m #1 and m #2 did not run on the same items" in told


def test_one_side_alone_counts_what_has_no_score() -> None:
    items, lost = alone(side("a", [1, None, 0]))
    assert (items.keys, lost) == (("q0", "q2"), 1)


@given(
    st.dictionaries(st.text(min_size=1, max_size=3), st.sampled_from([0.0, 1.0, None]), min_size=1),
    st.dictionaries(st.text(min_size=1, max_size=3), st.sampled_from([0.0, 1.0, None]), min_size=1),
)
def test_every_item_is_paired_or_accounted_for(
    first: dict[str, float | None], second: dict[str, float | None]
) -> None:
    both = [k for k in first if first[k] is not None and second.get(k) is not None]
    if not both:
        assert refused(side("a", first), side("b", second), shared=True)
        return
    found = pair(side("a", first), side("b", second), shared=True)
    assert list(found.a.keys) == both
    assert len(first | second) == len(both) + sum(found.left_out.values())


def test_other_prompts_under_the_same_ids_are_refused_in_plain_files(tmp_path: Path) -> None:
    for name, word in (("a", "first"), ("b", "second")):
        rows = [{"id": f"i{n}", "prompt": f"{word} {n}", "score": n % 2} for n in range(10)]
        text = "\n".join(json.dumps(row) for row in rows)
        (tmp_path / f"{name}.jsonl").write_text(text, encoding="utf-8")
    a, b = (open_run(str(tmp_path / f"{name}.jsonl")) for name in ("a", "b"))
    with pytest.raises(InputError, match="another text"):
        pair(a, b)


def test_two_scales_of_scores_are_refused(tmp_path: Path) -> None:
    for name, top in (("a", 1), ("b", 100)):
        rows = [{"id": f"i{n}", "score": top * (n % 2)} for n in range(10)]
        text = "\n".join(json.dumps(row) for row in rows)
        (tmp_path / f"{name}.jsonl").write_text(text, encoding="utf-8")
    a, b = (open_run(str(tmp_path / f"{name}.jsonl")) for name in ("a", "b"))
    with pytest.raises(InputError, match="two scales"):
        pair(a, b)


def test_a_failed_call_under_the_name_asked_for_stays_with_its_model(tmp_path: Path) -> None:
    from tests.logs.formats.test_openai_batch import example

    found = open_run(str(example(tmp_path)))
    assert len({call.model for call in found.calls}) == 2
    assert found.name == found.model
