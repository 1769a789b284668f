"""A ranking as lines for a terminal."""

import re
from dataclasses import replace

import pytest
from rich.cells import cell_len
from tests.ratings.sheet import ranking_builder as build

from headtohead.ratings.result import RankResult
from headtohead.ratings.sheet.text import WIDTH, rank_lines

RANKINGS = {
    "plain": build.made(),
    "everything": build.everything(),
    "hostile": build.everything(build.HOSTILE),
    "undefeated": build.made(build.undefeated()),
    "apart": build.made(build.apart()),
}


@pytest.fixture(params=RANKINGS, ids=str)
def result(request: pytest.FixtureRequest) -> RankResult:
    return RANKINGS[request.param]


def test_no_line_is_too_wide_or_steers_a_terminal(result: RankResult) -> None:
    lines = list(rank_lines(result))
    assert max(map(cell_len, lines)) <= WIDTH
    assert all(line.isprintable() for line in lines)


def test_every_model_of_the_first_board_has_a_line_with_all_its_numbers() -> None:
    result = build.made()
    lines = list(rank_lines(result))
    for s in result.board().standings:
        (line,) = (text for text in lines if f" {s.model} " in text and f"{s.battles:>9,}" in text)
        places = str(s.best) if s.best == s.worst else f"{s.best}-{s.worst}"
        assert line.split()[:3] == [places, str(s.group), s.model]
        ends = [s.joint.low, s.joint.high, s.rating.low, s.rating.high]
        shown = [int(n.replace(",", "")) for n in re.findall(r"-?[\d,]+", line[44:])]
        assert shown == [round(v) for v in (s.rating.value, *ends)] + [s.battles]


def test_the_first_lines_answer_in_words() -> None:
    sure = build.made(build.counts(step=0.8, votes=400))
    lines = " ".join(" ".join(rank_lines(sure)).split())
    assert "8 models ranked by 11,200 votes" in lines
    assert (
        "model-a leads: its place is 1 of 8, with 95% confidence in all places together." in lines
    )
    assert "The board falls into 8 tie groups." in lines
    assert "A tie counts as half a win for each side." in lines
    even = build.made(build.counts(step=0.0, votes=10))
    unsure = " ".join(" ".join(rank_lines(even)).split())
    assert "No model surely leads: 8 of 8 may hold the first place" in unsure
    assert "and 4 more." in unsure
    assert "All models form one tie group" in unsure


def test_top_cuts_every_board_and_says_so() -> None:
    result = build.everything()
    usual = "\n".join(rank_lines(result))
    assert "and 3 more (--top 8 prints all)" in usual
    assert usual.count("more (--top") == 3
    short = "\n".join(rank_lines(result, top=2))
    assert "and 6 more (--top 8 prints all)" in short
    whole = "\n".join(rank_lines(result, top=50))
    assert "(--top" not in whole
    assert whole.count(" model-h ") == 4


def test_many_boards_are_named_and_six_printed() -> None:
    (board,) = build.made().boards["all"]
    names = [f"voter=v{n:02}" for n in range(50)]
    boards = {"all": (board,)} | {name: (replace(board, name=name),) for name in names}
    unmade = {f"voter=w{n}": "every vote is a tie" for n in range(9)}
    result = build.made(boards=boards, unmade=unmade)
    text = "\n".join(rank_lines(result))
    assert text.count("alone (95%)") == 6
    line = " ".join(text.split())
    assert "45 more boards: voter=v05, voter=v06," in line
    assert "voter=v34 and 15 more. --top 5 prints all." in line
    assert "No board for voter=w5: every vote is a tie" in line
    assert "No board for 3 more: voter=w6, voter=w7, voter=w8. --json says why." in line
    whole = "\n".join(rank_lines(result, top=5))
    assert whole.count("alone (95%)") == 51
    assert whole.count("No board for") == 9
    assert "more board" not in whole


def test_what_was_typed_stands_at_the_end_and_python_shows_no_command() -> None:
    lines = list(rank_lines(build.made(), again="h2h rank 'my votes.csv'"))
    assert "Again: h2h rank 'my votes.csv'" in lines
    assert not any(line.startswith("Again") for line in rank_lines(build.made()))


def test_an_open_end_is_said() -> None:
    lines = list(rank_lines(RANKINGS["undefeated"]))
    at = next(n for n, line in enumerate(lines) if " always-wins " in line and "at least" in line)
    assert re.search(r"at least 1,\d{3}\s+at least 1,\d{3}", lines[at])
    assert lines[at + 1].strip() == "(undefeated)"
    at = next(n for n, line in enumerate(lines) if " never-wins " in line and "at most" in line)
    assert lines[at + 1].strip() == "(winless)"


def test_parts_that_never_met_are_two_boards_and_one_note() -> None:
    text = "\n".join(rank_lines(RANKINGS["apart"]))
    assert "The votes fall into 2 parts that no vote joins" in text
    assert "ALL VOTES (part 1): 3 models, 120 votes" in text
    assert "ALL VOTES (part 2): 2 models, 30 votes" in text
    assert text.count("Note: No chain of votes joins all models") == 1


def test_all_that_was_asked_for_is_told() -> None:
    text = " ".join(" ".join(rank_lines(RANKINGS["everything"])).split())
    for words in (
        "No board for language=xx: there is no vote on model-a",
        "Of 1,710 rows read, 1,680 were counted and 30 left out (not anonymous: 20; model-a: 10).",
        "GROUPS BY OPEN",
        "open over closed <b>: averages",
        "1 model in no group.",
        "length +25.3 23.1 to 27.6",
        "model-a +9.0 all hold 5.0 to 40.0 2025-05 to 2025-06",
        "Without 3 well-chosen votes (0.18% of all), model-b would stand before model-a.",
        "For 1 pair, no removal that was tried does it.",
        "the side shown first takes 53.0% (51.0% to 55.0%): +21.0 points (7.0 to 35.0).",
        "A sure circle: model-a beats model-b beats model-c beats model-a.",
        "model-c has 420 votes, model-d none.",
        "Without v2 (55 votes), model-b would move by -8.2 points",
        "Note: Prompts were not given.",
        "model-a is put at 1,200 points.",
        "known by 2025-12-31",
        "Cite: headtohead developers (2025). 8 models ranked by 1,680 votes.",
    ):
        assert words in text, words


def test_what_was_not_asked_for_is_not_mentioned() -> None:
    text = "\n".join(rank_lines(build.made()))
    for word in ("GROUPS", "STYLE", "DRIFT", "TRUST", "left out", "about", "known by"):
        assert word not in text
    assert "Cite: headtohead developers (n.d.)." in text
    note = "\n".join(rank_lines(build.made(drift_note="there are fewer than two windows")))
    assert "None: there are fewer than two windows." in note


def test_many_groups_are_cut() -> None:
    names = [f"m{n:02}" for n in range(16)]
    result = build.made(build.counts(names, 20))
    from headtohead.ratings.grouping import groups_of

    found = groups_of(result.board(), "lab", {name: f"lab-{name}" for name in names})
    text = "\n".join(rank_lines(build.made(build.counts(names, 20), groups=found)))
    assert "16 groups and 120 gaps in all; --json has them." in text
    assert text.count(" over ") == 6
