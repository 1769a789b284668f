"""A claims file that is wrong says file, line, field and fix; all problems at once."""

import re
from pathlib import Path

import pytest

from headtohead.claims.claim import ClaimsFile, load
from headtohead.claims.wording import ends_asked, time_named
from headtohead.core.errors import ClaimsFileError
from headtohead.questions import analyses

GOOD = """\
title = "Mine"
origin = "A talk"

[[claim]]
id = "A1"
says = "Qwen beats Llama"
section = "performance"
kind = "gap"
about = "2025-12-15"
sources = ["lmarena_catalog"]

[claim.as_stated]
says = "The best Qwen is above the best Llama"
analysis = "performance.arena_gap"
scope = { a = "brand=llama", b = "brand=qwen" }
bound = { at_least = 0, unit = "elo" }

[claim.narrower]
says = "Nobody measured it"
relaxes = "measure"
cannot = "no board has both"
"""


def read(folder: Path, text: str) -> ClaimsFile:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    questions = {i: a.QUESTION for i, a in analyses().items()}
    return load(path, questions, frozenset({"lmarena_catalog", "epoch_eci"}))


def test_a_good_file_is_read_with_its_defaults(tmp_path: Path) -> None:
    file = read(tmp_path, GOOD)
    (claim,) = file.claims
    (stated,) = claim.as_stated.conditions
    assert (file.group, file.a, file.b) == ("country", "US", "CN")
    assert stated.scope["board"] == "text"
    assert stated.bound is not None
    assert stated.bound.at_most == float("inf")
    assert claim.narrower is not None
    assert claim.narrower.relaxes == "measure"
    assert claim.narrower.conditions[0].cannot
    assert claim.asks_again


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ('section = "performance"', 'section = "sport"', 7, "Use one of performance"),
        ('kind = "gap"', 'kind = "gapp"', 8, "Use one of level"),
        ('about = "2025-12-15"', 'about = "soon"', 9, "is not a date"),
        ('["lmarena_catalog"]', '["lmarena_catalogue"]', 10, "Did you mean lmarena_catalog"),
        ("performance.arena_gap", "performance.arena_gapp", 14, "performance.arena_gap"),
        ('a = "brand=llama"', 'aa = "brand=llama"', 15, "is not understood"),
        ('a = "brand=llama"', "a = 3", 15, "must be a text"),
        ('unit = "elo"', 'unit = "usd"', 16, "Use elo"),
        (', unit = "elo"', "", 16, "Write unit = 'elo'"),
        ("at_least = 0", "at_least = 0, at_most = -1", 16, "Swap them"),
        ("at_least = 0, ", "", 16, "states no range"),
        ("at_least = 0", 'at_least = 0, each = "some"', 16, "each"),
        ("at_least = 0", 'at_least = "zero"', 16, "not a number"),
        ("at_least = 0", 'at_least = 0, holds_for = "all"', 16, "holds_for"),
        ("at_least = 0", "at_least = 0, by_label = { Qwen = 5 }", 16, "{ LABEL = [low, high] }"),
        ("at_least = 0", "by_label = 5", 16, "{ LABEL = [low, high] }"),
        ('cannot = "no board has both"', "", 18, "`cannot` or `awaits` is needed"),
        ('relaxes = "measure"\n', "", 18, "'narrower.relaxes' of claim A1 is missing"),
        ('relaxes = "measure"', 'relaxes = "board"', 20, "Use one of window, population, measure"),
        ('kind = "gap"', 'kind = "gap"\nasks_again = "no"', 9, "must be true or false"),
        ("[claim.narrower]", "[claim.kindest]", 18, "Write [claim.narrower] with says, relaxes"),
        ("at_least = 0", 'at_least = 0, each = "any"', 16, "because one of many does"),
        ("at_least = 0", 'at_least = 0, each = "each_any"', 16, "because one of many does"),
        ("Qwen beats Llama", "In 2024 Qwen beats Llama", 12, "asks_again = false"),
        ("Qwen beats Llama", "Qwen led since March 2025", 12, "asks_again = false"),
        ("Qwen beats Llama", "Qwen is nearly 30 points above Llama", 16, "Add at_most"),
        ("above the best Llama", "about 5 points above", 16, "Add at_most"),
        ("Qwen beats Llama", "Qwen is 5 to 10 points above Llama", 16, "at_most = inf"),
        ('says = "Qwen beats Llama"\n', "", 4, "is missing"),
        ('id = "A1"', 'id = "A1"\nidd = 3', 6, "idd"),
        ('says = "Qwen beats Llama"', "says = 3", 6, "must be a text, not 3"),
        ('origin = "A talk"', 'origin = "A talk"\ngroup = ["lab"]', 3, "is no text"),
        ('origin = "A talk"', "", 1, "'origin'"),
        ('origin = "A talk"', 'origin = "A talk"\nnoted_on = "soon"', 3, "is no day"),
    ],
)
def test_each_mistake_names_file_line_field_and_fix(
    tmp_path: Path, old: str, new: str, line: int, says: str
) -> None:
    assert old in GOOD
    with pytest.raises(ClaimsFileError) as caught:
        read(tmp_path, GOOD.replace(old, new))
    text = str(caught.value)
    assert re.search(rf"^mine\.toml:{line}: field '[a-z_.]+'( of claim A1)? ", text, re.MULTILINE)
    assert says in text


ONE, TWO, FREE = 1, 2, 0


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("nearly 30% of global token usage", TWO),
        ("about 1440 to 1456 points", TWO),
        ("between 5 and 10 times as much", TWO),
        ("between 2024 and 2025", FREE),
        ("5-10x cheaper", TWO),
        ("reach 90–95% of it", TWO),
        ("nearly half of all", TWO),
        ("around $2 per million", TWO),
        ("costs roughly a third", TWO),
        ("an advantage of 50% or more", ONE),
        ("returned over 100%", ONE),
        ("for under 6 million dollars", ONE),
        ("at least nine in ten", ONE),
        ("more than half", ONE),
        ("score 1419 or more", ONE),
        ("at most 2 points below GPT-5", ONE),
        ("nearly all are open", FREE),
        ("GPT-4 to GPT-5", FREE),
        ("from 2024 to 2025", FREE),
        ("in the week of 12 to 18 August 2025", FREE),
        ("about 2024", FREE),
        ("a report about models, on 2025-12-15", FREE),
        ("better than over any other board", FREE),
        ("at least 5, about 10", FREE),
    ],
)
def test_the_words_of_a_sentence_say_how_many_ends_its_range_has(text: str, ends: int) -> None:
    assert ends_asked(text)[0] == ends


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("In 2026 the US leads", "In 2026"),
        ("up from little in 2024", "in 2024"),
        ("since January 2025", "since January 2025"),
        ("by December", "by December"),
        ("the August 2025 board", "August 2025"),
        ("Qwen may lead", ""),
        ("on AIME 2025", ""),
        ("gemini-2.5-pro-2025-06 leads", ""),
    ],
)
def test_a_sentence_that_names_a_year_or_a_month_is_recognised(text: str, named: str) -> None:
    assert time_named(text) == named


def test_one_end_too_many_is_an_error(tmp_path: Path) -> None:
    text = GOOD.replace("beats Llama", "is 50 points or more above Llama")
    two = text.replace("at_least = 0", "at_least = 50, at_most = 90")
    assert read(tmp_path, text).claims
    with pytest.raises(ClaimsFileError, match="has two ends, but “50 points or more” has one"):
        read(tmp_path, two)


@pytest.mark.parametrize(
    ("words", "right", "wrong"),
    [
        ("at least 5 points", "at_least", "at_most"),
        ("5 points or more", "at_least", "at_most"),
        ("no less than 5 points", "at_least", "at_most"),
        ("at most 5 points", "at_most", "at_least"),
        ("under 5 points", "at_most", "at_least"),
        ("no more than 5 points", "at_most", "at_least"),
    ],
)
def test_the_end_that_the_words_do_not_state_is_an_error(
    tmp_path: Path, words: str, right: str, wrong: str
) -> None:
    text = GOOD.replace("beats Llama", f"is {words} above Llama")
    assert read(tmp_path, text.replace("at_least = 0", f"{right} = 5")).claims
    with pytest.raises(ClaimsFileError, match=rf"states the other end. Write {right} = 5\."):
        read(tmp_path, text.replace("at_least = 0", f"{wrong} = 5"))
    # The question may count the other way round: 5 points below is at least -5.
    assert read(tmp_path, text.replace("at_least = 0", f"{wrong} = -5")).claims


def test_the_other_end_is_proposed_and_may_be_left_open_in_writing(tmp_path: Path) -> None:
    text = GOOD.replace("beats Llama", "is 5 to 10 points above Llama")
    given = text.replace("at_least = 0", "at_least = 5")
    with pytest.raises(ClaimsFileError, match=r"Add at_most = 10, or at_most = inf"):
        read(tmp_path, given)
    assert read(tmp_path, given.replace("at_least = 5", "at_least = 5, at_most = inf")).claims


def test_only_what_is_relaxed_may_change_the_range_of_the_sentence(tmp_path: Path) -> None:
    text = GOOD.replace("beats Llama", "is nearly 30 points above Llama")
    text = text.replace("at_least = 0", "at_least = 27, at_most = 33")
    asked = text.replace(
        'cannot = "no board has both"',
        'analysis = "performance.arena_gap"\nbound = { at_least = 20, unit = "elo" }',
    )
    assert read(tmp_path, asked).claims
    with pytest.raises(ClaimsFileError, match=r"field 'narrower\.bound' of claim A1 has one end"):
        read(tmp_path, asked.replace('relaxes = "measure"', 'relaxes = "window"'))


@pytest.mark.parametrize("each", ["any", "each_any"])
def test_the_best_of_many_needs_an_interval_in_a_narrower_reading(
    tmp_path: Path, each: str
) -> None:
    bound = f'bound = {{ at_least = 0, unit = "elo", each = "{each}" }}'
    text = GOOD.replace(
        'cannot = "no board has both"', f'analysis = "performance.arena_gap"\n{bound}'
    )
    assert read(tmp_path, text).claims
    with pytest.raises(ClaimsFileError, match="high by luck"):
        read(tmp_path, text.replace(" }", ', judge = "point" }'))


JOINED = """\
[claim.as_stated]
says = "Qwen is above Llama and the price is known"
all_of = [
  { says = "above", analysis = "performance.arena_gap", bound = { at_least = 0, unit = "elo" } },
  { says = "cheaper", cannot = "nobody lists it" },
]
"""


def test_several_conditions_can_be_joined(tmp_path: Path) -> None:
    head = GOOD.split("[claim.as_stated]")[0]
    (claim,) = read(tmp_path, head + JOINED).claims
    assert [c.says for c in claim.as_stated.conditions] == ["above", "cheaper"]
    assert claim.narrower is None
    with pytest.raises(
        ClaimsFileError, match=r"mine.toml:15: field 'as_stated.all_of\[1\].analysis' of claim A1"
    ):
        read(tmp_path, head + JOINED.replace("performance.arena_gap", "performance.none"))
    slip = JOINED.replace('cannot = "nobody lists it"', 'analysis = "performance.none"')
    with pytest.raises(ClaimsFileError, match=r"mine.toml:16: field 'as_stated.all_of\[2\].ana"):
        read(tmp_path, head + slip)
    with pytest.raises(ClaimsFileError, match="must be a list of tables"):
        read(tmp_path, head + '[claim.as_stated]\nsays = "x"\nall_of = 3\n')
    with pytest.raises(ClaimsFileError, match=r"field 'as_stated\.bound'"):
        read(tmp_path, head + JOINED + 'bound = { at_least = 0, unit = "elo" }\n')


def test_what_is_still_awaited_is_no_cannot(tmp_path: Path) -> None:
    text = GOOD.replace('cannot = "no board has both"', 'awaits = "the board of next week"')
    (claim,) = read(tmp_path, text).claims
    assert claim.narrower is not None
    assert claim.narrower.conditions[0].awaits == "the board of next week"
    with pytest.raises(ClaimsFileError, match="one alone"):
        read(tmp_path, text.replace('awaits = "', 'cannot = "x"\nawaits = "'))


def test_a_ratio_of_ratings_is_refused(tmp_path: Path) -> None:
    ratio = GOOD.replace('kind = "gap"', 'kind = "ratio"')
    with pytest.raises(ClaimsFileError, match="a ratio of such scores means nothing"):
        read(tmp_path, ratio)
    # "As good and cheaper" is a gap beside a ratio.
    assert read(tmp_path, ratio.split("[claim.as_stated]")[0] + JOINED).claims


def test_a_proposal_ends_with_its_own_mark(tmp_path: Path) -> None:
    with pytest.raises(ClaimsFileError) as caught:
        read(tmp_path, GOOD.replace("lmarena_catalog", "lmarena_catalogue"))
    assert str(caught.value).endswith("Did you mean lmarena_catalog?")


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    text = GOOD.replace('"gap"', '"x"').replace("2025-12-15", "y").replace('"elo"', '"z"')
    with pytest.raises(ClaimsFileError) as caught:
        read(tmp_path, text)
    assert len(caught.value.problems) == 3


def test_two_claims_must_not_share_an_id(tmp_path: Path) -> None:
    with pytest.raises(ClaimsFileError, match="which an earlier claim has"):
        read(tmp_path, GOOD + GOOD.split("\n\n", 1)[1])


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"title = ", "not valid TOML"), (b"\xff\xfb", "not UTF-8"), (b"", "'title'")],
)
def test_a_file_that_is_no_claims_file_says_so(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(ClaimsFileError, match=says):
        load(path, {}, frozenset())


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(ClaimsFileError, match="cannot be read"):
        load(tmp_path / "none.toml", {}, frozenset())
