"""Groups of models: who belongs where, averages, best members and gaps."""

import gzip
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from tests.ratings.made_votes import POINTS, duel, ends, joined, made

from headtohead.core.errors import InputError, UnknownName
from headtohead.ratings.board import Board
from headtohead.ratings.bradley_terry.groups import group_gap, group_strengths
from headtohead.ratings.grouping import GROUPS, groups_of, labels_of
from headtohead.ratings.reading.votes import open_votes
from headtohead.ratings.settings import RankSettings
from headtohead.ratings.verb import rank_votes

LABELS = {"m1": "east", "m3": "east", "m0": "west", "m2": "west"}


def board(*parts: dict[str, list[object]]) -> Board:
    votes = {k: v for k, v in made(3000, 1).items() if k in ("model_a", "model_b", "winner")}
    return rank_votes(open_votes(joined(votes, *parts)), RankSettings()).boards["all"][0]


def test_known_models_have_a_country_a_lab_a_family_and_are_open_or_closed() -> None:
    models = ["gpt-4-0613", "qwen2.5-72b-instruct", "llama-3.1-405b-instruct", "no such model"]
    found = {by: labels_of(models, by) for by in GROUPS}
    assert found["country"] == dict(zip(models, ["US", "CN", "US"], strict=False))
    assert found["open"]["qwen2.5-72b-instruct"] == "open"
    assert found["open"]["gpt-4-0613"] == "closed"
    assert found["lab"]["llama-3.1-405b-instruct"] == "meta"
    assert len(set(found["family"].values())) == 3
    assert all("no such model" not in labels for labels in found.values())


def test_a_name_means_what_it_meant_on_that_day() -> None:
    later = labels_of(["gpt-4-0613"], "lab", on=date(2025, 1, 1))
    assert later == labels_of(["gpt-4-0613"], "lab")


def test_the_average_the_best_and_the_gap_are_those_of_the_estimator() -> None:
    made_board = board()
    found = groups_of(made_board, "file", LABELS)
    fitted, spread = made_board.fitted, made_board.covariance
    assert [g.group for g in found.ratings] == ["west", "east"]
    rating = {s.model: s.rating for s in made_board.standings}
    for one, direct in zip(found.ratings, group_strengths(fitted, spread, LABELS), strict=True):
        members = [m for m, g in LABELS.items() if g == one.group]
        assert one.mean.value == pytest.approx(np.mean([rating[m].value for m in members]))
        assert one.mean.width == pytest.approx(POINTS * direct.mean.width)
        assert (one.models, one.left_out) == (2, 0)
        assert one.best == max(members, key=lambda m: rating[m].value)
        assert ends(one.top) == pytest.approx(ends(rating[one.best]))
    (gap,) = found.gaps
    assert (gap.a, gap.b) == ("west", "east")
    for mine, of in ((gap.mean, "mean"), (gap.best, "best")):
        direct_gap = group_gap(fitted, spread, LABELS, "west", "east", of=of)  # type: ignore[arg-type]
        assert mine.low == pytest.approx(POINTS * direct_gap.low)
        assert mine.high == pytest.approx(POINTS * direct_gap.high)
    assert gap.mean.value == pytest.approx(
        found.ratings[0].mean.value - found.ratings[1].mean.value
    )
    assert gap.a_beats_b.value == pytest.approx(1 / (1 + 10 ** (-gap.best.value / 400)))
    assert found.unplaced == ("m4",)
    assert dict(found.labels) == LABELS


def test_an_undefeated_member_is_left_out_of_the_average_and_counted() -> None:
    found = groups_of(board(duel("new", "m0", 4)), "file", LABELS | {"new": "east"})
    east = next(g for g in found.ratings if g.group == "east")
    assert (east.models, east.left_out) == (2, 1)
    assert np.isfinite([east.mean.low, east.mean.high]).all()


def test_a_file_says_who_belongs_where(tmp_path: Path) -> None:
    path = tmp_path / "teams.csv"
    path.write_text("\ufeffnote,model,group\nx, m0 ,東\n,m1,West\n,m1,West\n,gone,West\n", "utf-8")
    assert labels_of(["m1", "m0", "m2"], str(path)) == {"m1": "West", "m0": "東"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,team\na,b\n", "needs the columns model and group; it has name, team"),
        ("", "neither JSON nor a table"),
        ("model,group\na,x\na,y\n", "row 2: a is in 'x' and in 'y'. Keep one"),
        ("model,group\na,x\n,y\n", "row 2: model or group is empty"),
        ("model,group\na\n", "line 2: 1 cells, where the header has 2"),
    ],
)
def test_a_file_that_breaks_the_rules_says_where(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "teams.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError, match=said):
        labels_of(["a"], str(path))


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "teams.csv"
    path.write_bytes(b"model,group\n\xff\xfe\x00,x\n")
    with pytest.raises(InputError, match=r"cannot be read as text .* Save it as UTF-8"):
        labels_of(["a"], str(path))


@pytest.mark.parametrize("by", ["countries", "teams.csv", "."])
def test_neither_a_group_nor_a_file_is_an_error(by: str) -> None:
    with pytest.raises(UnknownName, match=r"group \(or CSV file of groups\)"):
        labels_of(["a"], by)


def test_a_file_of_groups_may_be_compressed(tmp_path: Path) -> None:
    path = tmp_path / "groups.csv.gz"
    path.write_bytes(gzip.compress(b"model,group\nm1,east\nm2,west\n"))
    assert labels_of(["m1", "m2", "m3"], str(path)) == {"m1": "east", "m2": "west"}
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(InputError, match=r"groups\.csv\.gz: the compressed data is damaged"):
        labels_of(["m1"], str(path))
