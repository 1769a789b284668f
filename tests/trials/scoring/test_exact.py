"""Which answers count as the reference, which as wrong, and which cannot be read at all."""

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headtohead.core.errors import InputError, UnknownName
from headtohead.logs.calls import Call
from headtohead.trials.scoring.likeness import found_in, number, same, sort_of
from headtohead.trials.scoring.scored import Scored, scorer_from


def scored(output: str, reference: str, spec: str = "exact") -> Scored:
    return scorer_from(spec)(Call(key="1", output=output, reference=reference))


RIGHT = [
    ("7", "7.0"),
    ("7.", "7"),
    ("7.0", "7."),
    ("+7", "7"),
    ("1,234.50", "1234.5"),
    ("$1,000", "1000"),
    ("7%", "7"),
    ("3,5", "3.5"),
    ("−4", "-4"),
    ("1e3", "1000"),
    (" paris\n", "Paris"),
    ("**Paris.**", "paris"),
    ("“Yes!”", "yes"),
    ("ﬁne", "fine"),
    ("The answer is C)", "C"),
    ("The answer is C.", "C"),
    ("C) Paris", "C"),
    ("(c)", "C"),
    ("**C**", "C"),
    ("Answer: C because it is so", "C"),
    ("ANSWER: **C**", "C"),
    ("The correct answer to this question is (B).", "B"),
    ("I think it is (B).", "B"),
    ("Thinking of A) and B).\nAnswer: B", "B"),
    ("The answer is A", "A"),
    ("$\\boxed{D}$", "D"),
    ("Option B", "B"),
    ("So the answer is $\\boxed{\\text{(C)}}$.", "C"),
    ("A is too small.\nThe answer is not A; the answer is B.", "B"),
    ("3 + 4 = 7", "7"),
    ("Tom has 3 apples, Ann 4, so **7**.", "7"),
    ("the answer is 7 apples", "7"),
    ("\\boxed{7}", "7.0"),
    ("#### 7", "7"),
    ("The answer is: Paris.", "Paris"),
    ("It lies on the Seine.\nANSWER: Paris", "Paris"),
    ("7 km", "7 KM"),
    ("<=", "<="),
    ("\\boxed{\\frac{1}{2}}", "\\frac{1}{2}"),
    ("Total = 12,345", "12345"),
]
WRONG = [
    ("8", "7"),
    ("70", "7"),
    ("-7", "7"),
    ("35 kg", "3.5 kg"),
    ("C++", "C"),
    ("The answer is D)", "C"),
    ("01234", "1234"),
    ("lyon", "Paris"),
    ("a b", "ab"),
    ("C", "C#"),
    ("-5", "5"),
    ("1,2,3", "123"),
    ("true", "false"),
    ("Answer: B", "A"),
]
UNREADABLE = [
    ("I do not know.", "C"),
    ("I think about a dog.", "A"),
    ("A) red\nB) blue", "A"),
    ("The answer is A and C.", "A"),
    ("The answer is a dog", "A"),
    ("none", "7"),
    ("I'm sorry, I can't help.", "I"),
]


@pytest.mark.parametrize(("output", "reference"), RIGHT)
def test_right(output: str, reference: str) -> None:
    assert scored(output, reference) == Scored(1.0)


@pytest.mark.parametrize(("output", "reference"), WRONG)
def test_wrong(output: str, reference: str) -> None:
    found = scored(output, reference)
    assert found.value == 0
    if output != "C++":
        assert found.failure == ""


@pytest.mark.parametrize(("output", "reference"), UNREADABLE)
def test_unreadable_is_a_failure_of_format_and_not_a_wrong_answer(
    output: str, reference: str
) -> None:
    found = scored(output, reference)
    assert (found.value, found.failure) == (0, "format")
    assert found.why


def test_where_to_look_can_be_said() -> None:
    long = "First 5.\nANSWER: 6\nor \\boxed{7}\nso 8"
    for spec, what in (("answer", "6"), ("boxed", "7"), ("last_line", "8")):
        assert scored(long, what, f"exact:{spec}").value == 1, spec
        for other in {"6", "7", "8"} - {what}:
            assert scored(long, other, f"exact:{spec}") == Scored(0.0, why=f"found {what!r}")
    assert scored("so 8", "8", "exact:whole").failure == ""
    assert scored("so 8", "8", "exact:whole").value == 0
    for spec in ("answer", "boxed"):
        found = scored("8", "8", f"exact:{spec}")
        assert (found.value, found.failure) == (0, "format")


def test_what_counts_can_be_said() -> None:
    assert scored("paris", "Paris", "exact:case").value == 0
    assert scored("Paris!", "Paris", "exact:punctuation").value == 0
    assert scored("New  York", "New York", "exact:whole,spaces").value == 0
    assert scored("New  York", "New York").value == 1
    assert scored("7.0", "7", "exact:case,punctuation,spaces").value == 1


def test_no_answer_is_empty_and_no_reference_is_unscored() -> None:
    assert scored("  \n", "7").failure == "empty"
    assert (
        scorer_from("exact")(Call(key="1", failure="refused", reference="7")).failure == "refused"
    )
    assert scorer_from("exact")(Call(key="1", output="7")).value is None
    assert scorer_from("exact")(Call(key="1", output="7"), reference="7").value == 1
    cut = Call(key="1", output="Let me think", reference="C", failure="limit")
    assert scorer_from("exact")(cut).failure == "limit"


def test_options_that_are_none_are_refused() -> None:
    with pytest.raises(UnknownName, match="'exat'"):
        scorer_from("exat")
    with pytest.raises(UnknownName, match="last_line"):
        scorer_from("exact:lastline")
    with pytest.raises(InputError, match="2 places"):
        scorer_from("exact:boxed,answer")


def test_impossible_scores_are_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        Scored(1.5)
    with pytest.raises(ValueError, match="scores 0"):
        Scored(1.0, "format")


_MARKS = ("*", " ", "(", "_*", "answer ", "\\boxed{", "1,", "- ", "#", "A) ", "$`")


def _took(output: str) -> float:
    """Seconds of this processor, at the best of three."""
    tries = []
    for _ in range(3):
        begun = time.process_time()
        for reference in ("C", "7", "Paris"):
            scored(output, reference)
        tries.append(time.process_time() - begun)
    return min(tries)


@pytest.mark.parametrize("mark", _MARKS)
def test_a_degenerate_answer_takes_no_more_time_than_its_length(mark: str) -> None:
    # Eight times as long takes eight times as much, where it grew with the square 64 times.
    assert _took(mark * 4000) < 24 * _took(mark * 500)


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9
    )
)
def test_a_number_is_itself_in_every_dress(value: Decimal) -> None:
    for text in (str(value), f"{value:,}", f"{value:+}", f"{value}0"):
        assert number(text) == value, text
    assert same(f"{value:,}", str(value))
    assert scored(f"It comes to **{value:,}**.", str(value)).value == 1


@given(st.text(max_size=60))
def test_every_text_is_the_same_as_itself(text: str) -> None:
    assert same(text, text)
    assert same(f"  **x{text}x**\n", f"X{text}x")
    for sort in ("letter", "number", "text"):
        for place in ("anywhere", "whole", "last_line", "answer", "boxed"):
            found_in(text, sort, place)


def test_the_kind_of_answer_comes_from_the_reference_alone() -> None:
    assert [sort_of(r) for r in ("C", "(c)", "7.", "-3", "007", "AB", "7 km", "")] == [
        "letter",
        "letter",
        "number",
        "number",
        "text",
        "text",
        "text",
        "text",
    ]
