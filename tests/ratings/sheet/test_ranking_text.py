"""A ranking as lines for a terminal, and what Python prints of it."""

import re
from dataclasses import replace

import pytest
from rich.cells import cell_len
from tests.ratings.sheet import ranking_builder as build

from headtohead.ratings.grouping import groups_of
from headtohead.ratings.result import RankResult


@pytest.fixture(params=build.RANKINGS, ids=str)
def result(request: pytest.FixtureRequest) -> RankResult:
    return build.ranking(request.param)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_too_wide_or_steers_a_terminal(result: RankResult, width: int) -> None:
    lines = build.lines(result, width)
    assert max(map(cell_len, lines)) <= width
    assert all(line.isprintable() for line in lines)


def test_every_model_of_the_first_board_has_a_line_with_all_its_numbers() -> None:
    result = build.made()
    lines = build.lines(result)
    for s in result.board().standings:
        line = next(text for text in lines if re.match(rf"  {s.model} +\d", text))
        places = str(s.best) if s.best == s.worst else f"{s.best}-{s.worst}"
        assert line.split()[:2] == [s.model, places]
        ends = [s.joint.low, s.joint.high, s.rating.low, s.rating.high]
        numbers = re.findall(r"-?[\d,]+", line.partition(places)[2])
        assert [int(n.replace(",", "")) for n in numbers[:7]] == [
            *(round(v) for v in (s.rating.value, *ends)),
            s.battles,
            s.group,
        ]


def test_the_first_lines_answer_in_words() -> None:
    sure = build.made(build.counts(step=0.8, votes=400))
    lines = " ".join(" ".join(build.lines(sure)).split())
    assert "8 models ranked by 11,200 votes" in lines
    assert (
        "model-a leads: its place is 1 of 8, with 95% confidence in all places together." in lines
    )
    assert "The board falls into 8 tie groups." in lines
    assert "A tie counts as half a win for each side." in lines
    even = build.made(build.counts(step=0.0, votes=10))
    unsure = " ".join(" ".join(build.lines(even)).split())
    assert "No model surely leads: 8 of 8 may hold the first place" in unsure
    assert "and 4 more." in unsure
    assert "All models form one tie group" in unsure


def test_top_cuts_every_board_and_says_so() -> None:
    result = build.everything()
    # Three models of the two boards with eight; two of the third with seven.
    usual = "\n".join(build.lines(result))
    assert usual.count("  and 3 more (--json and --html have all)") == 1
    assert usual.count("  and 2 more (--json and --html have all)") == 1
    short = "\n".join(build.lines(result, top=2))
    assert short.count("  and 6 more (--json and --html have all)") == 2
    whole = "\n".join(build.lines(result, top=50))
    assert " more (--json" not in whole
    assert whole.count("\n  model-h  ") > usual.count("\n  model-h  ") > 0


def test_many_boards_are_named_and_six_printed() -> None:
    (board,) = build.made().boards["all"]
    names = [f"voter=v{n:02}" for n in range(50)]
    boards = {"all": (board,)} | {name: (replace(board, name=name),) for name in names}
    unmade = {f"voter=w{n}": "every vote is a tie" for n in range(9)}
    result = build.made(boards=boards, unmade=unmade)
    text = "\n".join(build.lines(result))
    assert text.count("Model    Places") == 6
    # What does not fit is the same on every board, and said once.
    assert text.count("Too wide to show here") <= 1
    line = " ".join(text.split())
    assert "45 more to choose from: Ratings by voter = v05, Ratings by voter = v06," in line
    assert "Ratings by voter = v34 and 15 more." in line
    assert "No board for voter=w5: every vote is a tie" in line
    assert "No board for 3 more values: voter=w6, voter=w7, voter=w8." in line
    whole = "\n".join(build.lines(result, top=5))
    assert whole.count("Model    Places") == 51
    assert whole.count("No board for") == 9
    assert "to choose from" not in whole


def test_what_was_typed_stands_at_the_end_and_python_shows_no_command() -> None:
    lines = build.lines(build.made(), command="h2h rank 'my votes.csv'")
    assert "Again: h2h rank 'my votes.csv'" in lines
    assert not any(line.startswith("Again") for line in build.lines(build.made()))


def test_an_open_end_is_said() -> None:
    text = "\n".join(build.lines(build.ranking("undefeated")))
    assert re.search(r"  always-wins .* at least 1,\d{3}  at least 1,\d{3}", text)
    assert re.search(r"  never-wins .* at most \d{3}  +at most \d{3}", text)
    assert "(always-wins: undefeated; never-wins: winless)" in " ".join(text.split())


def test_parts_that_never_met_are_two_boards_and_one_note() -> None:
    text = " ".join("\n".join(build.lines(build.ranking("apart"))).split())
    assert "The votes fall into 2 parts that no vote joins" in text
    assert "Ratings by all votes, part 1 of 2: 3 models, 120 votes" in text
    assert "Ratings by all votes, part 2 of 2: 2 models, 30 votes" in text
    assert text.count("- No chain of votes joins all models") == 1


def test_all_that_was_asked_for_is_told() -> None:
    text = " ".join(" ".join(build.lines(build.ranking("everything"), 120)).split())
    for words in (
        "No board for language=xx: there is no vote on model-a",
        "Of 1,710 rows read, 1,680 were counted and 30 left out (not anonymous: 20; model-a: 10).",
        "Groups by openness:",
        "open models over closed <b>: averages",
        "1 model in no group: model-h.",
        "length +25.3 +23.1 to +27.6",
        "model-a 2025-05 2025-06 +9.0 +6.0 to +30.0 5.0 to 40.0",
        "Without 3 well-chosen votes (0.18% of all), model-b would stand before model-a.",
        "For 1 pair, no removal that was tried does it.",
        "the side shown first takes 53.0% (51.0% to 55.0%): +21.0 points (7.0 to 35.0).",
        "A sure circle: model-a beats model-b beats model-c beats model-a.",
        "model-c has 420 votes, model-d none.",
        "Without v2 (55 votes), model-b would move by -8.2 points",
        "Prompts were not given.",
        "model-a is put at 1,200 points.",
        "Known by 2025-12-31",
        "Cite: headtohead developers (2025). 8 models ranked by 1,680 votes.",
    ):
        assert words in text, words


def test_what_was_not_asked_for_is_not_mentioned() -> None:
    text = "\n".join(build.lines(build.made()))
    for word in ("GROUPS", "STYLE", "DRIFT", "TRUST", "About", "Known by"):
        assert word not in text
    assert "Cite: headtohead developers (n.d.)." in text
    note = "\n".join(build.lines(build.made(drift_note="there are fewer than two windows")))
    assert "No drift can be shown: there are fewer than two windows." in note


def test_many_groups_are_cut() -> None:
    names = [f"m{n:02}" for n in range(16)]
    result = build.made(build.counts(names, 20))
    found = groups_of(result.board(), "lab", {name: f"lab-{name}" for name in names})
    text = "\n".join(build.lines(build.made(build.counts(names, 20), groups=found)))
    assert "and 6 more (--json and --html have all)" in text
    assert "and 110 more (--json and --html have all)" in text


def test_python_prints_at_most_a_screen(result: RankResult) -> None:
    assert len(repr(result).splitlines()) <= 25
    assert max(map(cell_len, repr(result).splitlines())) <= 80
    assert "ranked by" in repr(result)
    assert len(str(result).splitlines()) >= len(repr(result).splitlines())
    frame = result.to_frame()
    assert frame.height == sum(len(b.standings) for p in result.boards.values() for b in p)
    assert frame["rating_elo"][0] == result.board().standings[0].rating.value
    shown = result._repr_html_()
    assert "<table>" in shown
    assert "<script" not in shown
