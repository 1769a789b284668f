"""Names, numbers and sentences of a ranking."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ratings.sheet import ranking_builder as build

from headtohead.core.estimate import Interval
from headtohead.ratings.grouping import groups_of
from headtohead.ratings.settings import RankSettings
from headtohead.ratings.sheet import words
from headtohead.ratings.sheet.figures import reach_of
from headtohead.ratings.sheet.sheet import rank_json, rank_sheet
from headtohead.ratings.sheet.words import (
    distinct,
    number,
    parts_of,
    percent,
    places,
    signed,
    span,
    steps,
)
from headtohead.ratings.trust import Trust


@given(st.lists(st.text(max_size=30), unique=True, max_size=30), st.integers(12, 40))
def test_no_two_names_look_alike(names: list[str], most: int) -> None:
    made = distinct(names, most)
    assert list(made) == names
    assert len(set(made.values())) == len(names)
    for label in made.values():
        assert 0 < len(label) <= most + 1
        assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in label)


def test_names_that_differ_where_they_are_cut_or_cleaned_are_numbered() -> None:
    made = distinct(["a" * 50, "a" * 51, "b\x00", "b", "b\n"], 20)
    assert list(made.values()) == [f"{'a' * 19}…", f"{'a' * 13}… (2)", "b", "b (2)", "b (3)"]


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        (Interval(1, -1234.4, 1234.6), "-1,234 to 1,235"),
        (Interval(1, 0.4, math.inf), "at least 0"),
        (Interval(1, -math.inf, 5), "at most 5"),
        (Interval(1, -math.inf, math.inf), "no bounds"),
    ],
)
def test_intervals_in_words(interval: Interval, text: str) -> None:
    assert span(interval) == text


def test_numbers_in_words() -> None:
    assert [places(1, 1), places(2, 7)] == ["1", "2-7"]
    assert [number(-0.2), number(-0.04, 1), number(math.nan)] == ["0", "0.0", "–"]
    assert [signed(0.2), signed(3), signed(-3), signed(-0.01, 1)] == ["0", "+3", "-3", "0.0"]
    assert [percent(0.5), percent(0.000291), percent(0.0)] == ["50.0%", "0.029%", "0.0%"]


@given(
    st.lists(
        st.tuples(st.floats(-900, 900), st.floats(0.1, 900), st.floats(0.1, 900), st.booleans()),
        min_size=1,
        max_size=20,
    )
)
def test_an_interval_without_an_end_leaves_the_others_their_room(
    given_: list[tuple[float, float, float, bool]],
) -> None:
    joint = [Interval(v, v - a, math.inf if open_ else v + b) for v, a, b, open_ in given_]
    reach = reach_of([i.value for i in joint], joint)
    assert math.isfinite(reach)
    assert reach > 0
    arms = [a for _, a, _, _ in given_] + [b for _, _, b, open_ in given_ if not open_]
    across = max(v for v, *_ in given_) - min(v for v, *_ in given_)
    assert reach <= max(1.0, 0.3 * across, max(arms) * 1.000001)


def test_the_leader_is_named_only_if_sure() -> None:
    sure = build.made(build.counts(step=0.8, votes=400))
    names = distinct(build.NAMES, 30)
    assert words.lead(sure.board(), names).startswith("model-a leads: its place is 1 of 8")
    two = build.made(build.counts(("a", "b"), 6, step=0.0))
    said = words.lead(two.board(), {"a": "a", "b": "b"})
    assert "No model surely leads: 2 of 2 may hold the first place" in said
    assert " more" not in said


def test_a_sole_leader_holds_the_first_place_whatever_its_own_set_says() -> None:
    board = build.made(build.counts(step=0.8, votes=400)).board()
    first, *rest = board.standings
    wide = replace(board, standings=(replace(first, worst=3), *rest))
    said = words.lead(wide, distinct(build.NAMES, 30))
    assert said.startswith("model-a leads: its place is 1 of 8, ")


def trust() -> Trust:
    found = build.ranking("everything").trust
    assert found is not None
    return found


def test_circles_are_told_beside_what_chance_makes() -> None:
    fit = trust().fitness
    assert fit is not None
    names = distinct(build.NAMES, 30)
    said = words.fitness_said(replace(fit, cyclic_frac=0.625, df=1), names)
    assert "on 1 degree of freedom" in said
    assert (
        "62.5% of the differences run in circles, where chance alone makes 70.0% (p = 0.3)." in said
    )
    assert said.endswith("3 more circles are sure.")
    assert words.fitness_said(replace(fit, circles_n=2), names).endswith("1 more circle is sure.")
    none = words.fitness_said(replace(fit, circles=(), circles_n=0), names)
    assert "circle is" not in none
    assert "circles are" not in none
    beyond = words.fitness_said(replace(fit, cyclic_by_chance_frac=1.7), names)
    assert "chance alone makes 100.0% or more" in beyond


@pytest.mark.parametrize(
    ("most", "least", "text"),
    [
        (420, 420, "Every model has 420 votes"),
        (420, 300, "420 votes, about as many as model-d (300)"),
        (1, 1, "Every model has 1 vote"),
        (450, 300, "450 votes, 1.5 times as many as model-d (300)"),
        (996, 100, "996 votes, 10 times as many as model-d (100)"),
        (84_000, 2_000, "84,000 votes, 42 times as many as model-d (2,000)"),
        (420, 0, "420 votes, model-d none"),
    ],
)
def test_how_unevenly_models_were_shown(most: int, least: int, text: str) -> None:
    uneven = replace(trust().exposure, most_votes=most, least_votes=least)
    assert f"{text}. Gini" in words.exposure_said(uneven, distinct(build.NAMES, 30))


def test_one_of_anything_is_told_as_one() -> None:
    one = build.made(rows_read=1, used=1)
    assert words.left_out(one) == "The one row read was counted."
    assert words.left_out(build.made(rows_read=2, used=1, dropped={"bad": 1})) == (
        "Of 2 rows read, 1 was counted and 1 left out (bad: 1)."
    )
    assert "gets 1 virtual vote against" in " ".join(words.setting_words(RankSettings(prior=1.0)))
    assert "fewer than 1 vote are" in " ".join(words.setting_words(RankSettings(min_votes=1)))


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (RankSettings(), "A tie counts as half a win"),
        (RankSettings(ties="drop"), "Ties are left out."),
        (RankSettings(ties="davidson"), "Davidson"),
        (RankSettings(ties="rao-kupper"), "Rao and Kupper"),
        (RankSettings(intervals="bootstrap", rounds=250), "drawn anew, 250 times"),
        (RankSettings(intervals="hessian"), "curvature alone"),
        (RankSettings(cluster="voter"), "Votes of one voter go together."),
        (RankSettings(style=("length", "bold")), "equal style (length and bold)"),
        (RankSettings(prior=0.0), "put at 1,000 points"),
        (RankSettings(anchor=("gpt", 1114)), "gpt is put at 1,114 points."),
        (RankSettings(min_votes=20), "fewer than 20 votes are left out"),
    ],
)
def test_every_setting_is_told_in_words(settings: RankSettings, text: str) -> None:
    assert text in " ".join(words.setting_words(settings))
    assert ("virtual votes" in " ".join(words.setting_words(settings))) is (settings.prior > 0)


def test_the_method_names_what_was_used_and_cites_it() -> None:
    result = build.ranking("everything")
    found = {step.name: step for step in steps(result)}
    assert {"Ratings", "Places and tie groups", "Style control", "Votes to swap neighbours"} <= set(
        found
    )
    assert all(url.startswith("https://") for s in found.values() for _, url in s.references)
    davidson = replace(build.made(), settings=RankSettings(ties="davidson"))
    assert any("Davidson" in words for words, _ in steps(davidson)[0].references)
    assert "Style control" not in [s.name for s in steps(davidson)]


def test_boards_that_would_look_alike_keep_apart() -> None:
    result = build.made()
    board = result.board()
    twins = {
        "all": (board,),
        "x\x00": (replace(board, name="x\x00"),),
        "x": (replace(board, name="x"),),
        "y": (replace(board, name="y", parts=2), replace(board, name="y", part=1, parts=2)),
        "y (part 2)": (replace(board, name="y (part 2)"),),
    }
    titles = list(parts_of(replace(result, boards=twins)))
    assert titles == ["all", "x", "x (2)", "y (part 1)", "y (part 2)", "y (part 2) (2)"]


def test_voters_and_flips_with_nothing_to_say() -> None:
    result = build.ranking("everything")
    assert result.trust is not None
    assert result.trust.voters is not None
    names = distinct(build.NAMES, 30)
    quiet = replace(result.trust.voters, odd=(), odd_n=0, influence=())
    assert words.voters_said(quiet, names) == (
        "90 voters (column voter); no voter is unlike the rest."
    )
    some = replace(quiet, voters=20, unknown_n=200, odd_n=1)
    assert words.voters_said(some, names) == (
        "20 voters and 200 votes without one (column voter); 1 voter is unlike the rest."
    )
    moved = replace(result.trust.voters.influence[0], votes=1, reorders=1)
    assert words.voters_said(replace(quiet, influence=(moved,)), names).endswith(
        "Without v2 (1 vote), model-b would move by -8.2 points and 1 pair of neighbours would "
        "change places."
    )
    none = tuple(replace(f, needed=None, share_frac=None) for f in result.trust.flips[:1])
    assert words.flips_said(none, names) == (
        "No removal of votes that was tried puts model-b before model-a."
    )


def test_groups_are_called_as_a_reader_calls_them() -> None:
    result = build.ranking("everything")
    models = [s.model for s in result.board().standings]
    for by, codes, said in (
        ("country", ("US", "CN"), "the best of the United States takes"),
        ("open", ("closed", "open"), "the best of closed models takes"),
        ("lab", ("openai", "deepseek"), "the best of OpenAI takes"),
    ):
        labels = {m: codes[n >= len(models) // 2] for n, m in enumerate(models)}
        found = replace(result, groups=groups_of(result.board(), by, labels))
        sheet = rank_sheet(found, page=True)
        figures = {f.slug: f for f in sheet.figures}
        assert said in figures["group-gaps"].says
        shown = str([f.rows for f in sheet.figures if f.slug.startswith("group")])
        assert not any(f"'{code}'" in shown for code in codes)
        assert set(codes) == {
            row["model_group"] for row in rank_json(found)["results"][0]["ratings"]
        }
