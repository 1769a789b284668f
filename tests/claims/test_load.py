"""A claims file that is wrong says file, line, field and fix; all problems at once."""

from pathlib import Path

import pytest

from headtohead.claims.claim import ClaimsFile, load
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

[claim.kindest]
says = "Nobody measured it"
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
    assert (file.group, file.a, file.b) == ("country", "US", "CN")
    assert claim.as_stated.scope["board"] == "text"
    assert claim.as_stated.bound is not None
    assert claim.as_stated.bound.at_most == float("inf")
    assert claim.kindest.cannot


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
        ('cannot = "no board has both"', "", 18, "`cannot` is needed"),
        ('says = "Qwen beats Llama"\n', "", 4, "is missing"),
        ('id = "A1"', 'id = "A1"\nidd = 3', 6, "idd"),
        ('origin = "A talk"', "", 1, "'origin'"),
    ],
)
def test_each_mistake_names_file_line_field_and_fix(
    tmp_path: Path, old: str, new: str, line: int, says: str
) -> None:
    assert old in GOOD
    with pytest.raises(ClaimsFileError) as caught:
        read(tmp_path, GOOD.replace(old, new))
    text = str(caught.value)
    assert f"mine.toml:{line}: field" in text
    assert says in text


def test_a_ratio_of_ratings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ClaimsFileError, match="a ratio of such scores means nothing"):
        read(tmp_path, GOOD.replace('kind = "gap"', 'kind = "ratio"'))


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
    [(b"title = ", "not valid TOML"), (b"\xff\xfe", "not UTF-8"), (b"", "'title'")],
)
def test_a_file_that_is_no_claims_file_says_so(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(ClaimsFileError, match=says):
        load(path, {}, frozenset())


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(ClaimsFileError, match="cannot be read"):
        load(tmp_path / "none.toml", {}, frozenset())
