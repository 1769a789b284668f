"""Wide tables: a column for each of several annotators, of votes and of scores."""

from pathlib import Path

import numpy as np
import pytest

from headtohead.core.errors import InputError
from headtohead.logs.opening import load
from headtohead.ratings.verb import rank
from headtohead.trials.comparing.verb import compare

_VOTES = """prompt,model_a,model_b,annotator_1,annotator_2,Annotator 3
1,x,y,model_a,x,tie
2,x,y,model_b,model_a,
3,y,x,both_bad,model_b,y
4,y,x,,,
"""


def _written(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_every_annotator_of_a_row_votes(tmp_path: Path) -> None:
    path = _written(tmp_path, "wide.csv", _VOTES)
    found = rank(path, cluster="none")
    counts = found.boards["all"][0].fitted.counts
    assert counts.total == 8
    # As x against y: wins 2 + 1 and as y against x 0 + 1, the rest alike.
    by_pair = {
        (counts.models[a], counts.models[b]): votes.tolist()
        for a, b, votes in zip(counts.first, counts.second, counts.votes, strict=True)
    }
    assert by_pair == {("x", "y"): [3, 1, 1, 0], ("y", "x"): [1, 1, 0, 1]}
    assert found.dropped == {"no preference": 1}
    assert any("go together for the intervals: annotator_1" in one for one in found.remarks)
    long = "model_a,model_b,winner,row\n" + "".join(
        f"{row[1]},{row[2]},{said},{row[0]}\n"
        for row in (line.split(",") for line in _VOTES.splitlines()[1:])
        for said in row[3:]
        if said
    )
    apart = rank(_written(tmp_path, "long.csv", long), cluster="row")
    assert np.allclose(
        found.boards["all"][0].covariance, apart.boards["all"][0].covariance, atol=1e-12
    )


def test_one_annotator_and_words_are_chosen(tmp_path: Path) -> None:
    path = _written(tmp_path, "wide.csv", _VOTES)
    assert rank(path, mapping={"winner": "annotator_2"}, on_bad="drop").used == 3
    said = _VOTES.replace("tie", "neither")
    other = _written(tmp_path, "other.csv", said)
    with pytest.raises(InputError, match=r"row 1.*'model_a', 'x', 'neither' is no known outcome"):
        rank(other)
    words = {"winner.a": "model_a|x", "winner.b": "model_b|y", "winner.tie": "neither|both_bad"}
    assert rank(other, mapping=words, cluster="none").boards["all"][0].fitted.counts.total == 8


@pytest.mark.parametrize("n", ["1e30", "inf", "-1"])
def test_a_number_of_votes_has_a_limit(tmp_path: Path, n: str) -> None:
    weighed = f"model_a,model_b,winner,weight\nx,y,model_a,{n}\ny,x,model_a,2\n"
    with pytest.raises(InputError, match=r"row 1, column weight: .* is no number of votes"):
        rank(_written(tmp_path, "weights.csv", weighed))
    counts = f"model_a,model_b,wins_a,wins_b\nx,y,{n},3\n"
    with pytest.raises(InputError, match=r"row 1, column wins_a: .* is no known outcome"):
        rank(_written(tmp_path, "counts.csv", counts))


def test_a_score_is_the_mean_over_annotators(tmp_path: Path) -> None:
    text = "id,rater_1,rater_2,rater_3\na,1,0,1\nb,0,,1\nc,,,\n"
    path = _written(tmp_path, "wide.csv", text)
    calls = load(Path(path)).calls
    assert [call.score for call in calls] == [2 / 3, 0.5, None]
    chosen = load(Path(path), mapping={"score": "rater_1,rater_2"})
    assert [call.score for call in chosen.calls] == [0.5, 0, None]
    assert chosen.meta.metric == "mean of rater_1, rater_2"
    assert chosen.meta.scores == ("rater_3",)
    with pytest.raises(InputError, match="no 'rater_9', which is mapped to score"):
        load(Path(path), mapping={"score": "rater_1,rater_9"})
    notes = compare(path, path).details.notes
    assert sum("are the mean of rater_1, rater_2, rater_3" in note for note in notes) == 1


def test_one_numbered_column_is_no_annotators(tmp_path: Path) -> None:
    path = _written(tmp_path, "one.csv", "id,rater_1,label_1\na,1,0\n")
    assert load(Path(path)).calls[0].score is None
    votes = "model_a,model_b,winner,annotator_1,annotator_2\nx,y,model_a,ann,bob\n"
    assert rank(_written(tmp_path, "ids.csv", votes)).used == 1
