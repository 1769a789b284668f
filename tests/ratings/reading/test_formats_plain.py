"""Plain tables: the closed vocabulary, names as winners, and `--map` for everything else."""

from datetime import date
from pathlib import Path

import pytest
from tests.ratings.reading.vote_files import cells, counted, plain, write

from headtohead.core.errors import InputError, UnknownName
from headtohead.ratings.reading.votes import open_votes
from headtohead.ratings.settings import VoteOptions


@pytest.mark.parametrize(
    ("words", "column"),
    [
        (("model_a", "A", "left", "first", "1st", "a_better", "ada", "leftvote"), 0),
        (("model_b", "b", "RIGHT", "second", "2nd", "b_better", "bob", "rightvote"), 1),
        (("tie", "Tied", "draw", "equal", "both_equal", "both_good", "tievote"), 2),
        (("both_bad", "BothBad", "both bad", "tie (bothbad)", "bothbad_vote"), 3),
    ],
)
def test_plain_words_and_names(words: tuple[str, ...], column: int) -> None:
    made = counted(plain(*(("ada", "bob", word) for word in words)))
    expected = [0, 0, 0, 0]
    expected[column] = len(words)
    assert cells(made) == {("ada", "bob"): expected}


@pytest.mark.parametrize("word", ["cyd", "Ada", "0", "1", "2", "win", "ti", None, ""])
def test_plain_refuses_every_other_word(word: str | None) -> None:
    # A name must be that of one of the two, letter by letter; "cyd" is elsewhere in the table.
    rows = [("ada", "bob", "tie"), ("cyd", "bob", "tie"), ("ada", "bob", word)]
    with pytest.raises(InputError, match=f"the table, row 3, column winner: {word!r} is no known"):
        counted(plain(*rows))


def test_a_side_that_is_also_a_name_must_be_said() -> None:
    agreeing = plain(("A", "B", "A"), ("A", "B", "B"))
    assert cells(counted(agreeing)) == {("A", "B"): [1, 1, 0, 0]}
    differing = plain(("B", "A", "A"), ("A", "B", "tie"))
    with pytest.raises(InputError, match=r"'A' is a model's name and also the word for a side"):
        counted(differing)
    third = plain(("A", "B", "tie"), ("B", "C", "A"))
    with pytest.raises(InputError, match=r"'winner\.is': 'name'"):
        counted(third)
    later = plain(("B", "C", "A"), ("A", "B", "tie"))  # "A" is a name, but only known later
    for rows in (1, 2):
        with pytest.raises(InputError, match=r"'winner\.is': 'name'"):
            counted(later, chunk_rows=rows)
    side = {"winner.is": "side"}
    assert cells(counted(differing, mapping=side))[("B", "A")] == [1, 0, 0, 0]
    name = {"winner.is": "name"}
    assert cells(counted(differing, mapping=name))[("B", "A")] == [0, 1, 0, 0]
    with pytest.raises(InputError, match="row 2, column winner: 'A' is no known outcome"):
        counted(third, mapping=name)


def test_any_table_can_be_mapped() -> None:
    table = {
        "left": ["ada", "ada", "bob", "bob", "cyd"],
        "right": ["bob", "cyd", "cyd", "ada", "ada"],
        "result": [1.0, 0.0, 0.5, -1.0, 1],
        "who": ["u", "u", "w", "w", None],
        "at": [date(2025, 1, 31), date(2025, 2, 1), date(2025, 2, 1), None, date(2025, 2, 2)],
        "tongue": ["fr", "fr", "de", "de", "fr"],
    }
    columns = {
        "model_a": "left",
        "model_b": "right",
        "winner": "result",
        "voter": "who",
        "time": "at",
        "language": "tongue",
        "winner.a": "1",
        "winner.b": "0",
        "winner.tie": "0.5|draw",
        "winner.both_bad": "-1",
    }
    made = counted(table, ["language", "voter"], mapping=columns, window="month")
    assert cells(made) == {
        ("ada", "bob"): [1, 0, 0, 0],
        ("ada", "cyd"): [0, 1, 0, 0],
        ("bob", "ada"): [0, 0, 0, 1],
        ("bob", "cyd"): [0, 0, 1, 0],
        ("cyd", "ada"): [1, 0, 0, 0],
    }
    assert [made.boards[f"language={x}"].total for x in ("de", "fr")] == [2, 3]
    assert [made.boards[f"month=2025-0{x}"].total for x in (1, 2)] == [1, 3]
    assert made.boards["voter=u"].total + made.boards["voter=w"].total == 4
    assert counted(table, mapping=columns, languages=("fr",)).used == 3


def test_a_mapping_closes_the_vocabulary() -> None:
    columns = {"winner.a": "win", "winner.b": "loss"}
    rows = plain(("ada", "bob", "win"), ("ada", "bob", "tie"))
    with pytest.raises(InputError, match="row 2, column winner: 'tie' is no known outcome"):
        counted(rows, mapping=columns)
    with pytest.raises(InputError, match="two meanings"):
        counted(rows, mapping={"winner.a": "win", "winner.b": "WIN"})


def test_words_of_other_formats_can_be_mapped_too() -> None:
    turns = {
        "model_a": ["ada"] * 3,
        "model_b": ["bob"] * 3,
        "comparison_id": ["c"] * 3,
        "choice": ["gauche", "droite", None],
    }
    made = counted(turns, mapping={"winner.a": "gauche", "winner.b": "droite"})
    assert cells(made) == {("ada", "bob"): [1, 1, 0, 0]}
    assert made.dropped == {"no preference": 1}
    scale = {"generator_1": ["ada"], "generator_2": ["bob"], "preference": [1]}
    with pytest.raises(InputError, match="alpacaeval does not say in words who won"):
        open_votes(scale, VoteOptions(mapping={"winner.a": "1"}))


def test_mistaken_mappings() -> None:
    rows = plain(("ada", "bob", "tie"))
    with pytest.raises(UnknownName, match=r"No word of `mapping` is called 'model-a'.*model_a"):
        VoteOptions(mapping={"model-a": "left"})
    with pytest.raises(UnknownName, match=r"No column is called 'winer'. Did you mean winner"):
        open_votes(rows, VoteOptions(mapping={"winner": "winer"}))
    with pytest.raises(UnknownName, match="Known: name, score, side"):
        VoteOptions(mapping={"winner.is": "both"})
    with pytest.raises(InputError, match="leave out `format='lmarena'`"):
        open_votes(rows, VoteOptions(format="lmarena", mapping={"winner": "winner"}))


def test_plain_style(tmp_path: Path) -> None:
    table = {
        **plain(("ada", "bob", "tie"), ("ada", "bob", "a")),
        "length_a": [0, 30],
        "length_b": [0, 10],
        "tone": [-1.5, 0.25],
        "note": ["x", "y"],
    }
    options = VoteOptions(style=("tone", "length"))
    for source in (
        table,
        write(tmp_path / "v.csv", [{k: v[i] for k, v in table.items()} for i in range(2)]),
    ):
        (ballots,) = open_votes(source, options).chunks(covariates=True)
        assert ballots.covariates is not None
        assert ballots.covariates.tolist() == [[-1.5, 0.0], [0.25, 0.5]]
    with pytest.raises(UnknownName, match=r"style covariate is called 'lenght'.*length"):
        open_votes(table, VoteOptions(style=("lenght",)))
    with pytest.raises(InputError, match="row 1, column note: 'x' is no measure of style"):
        counted(table, style=("note",))


def test_real_judges_on_human_pairs(shared_evidence: Path) -> None:
    path = shared_evidence / "human_vs_judge_votes" / "human.jsonl.gz"
    made = counted(path)
    votes = made.boards["all"].votes.sum(axis=0).tolist()
    assert made.rows_read == made.used == 26_919
    assert votes[2:] == [2880, 5132]
    (ballots,) = open_votes(path).chunks(["prompt", "id"])
    assert ballots.labels["id"].tolist() == list(range(26_919))
    assert ballots.labels["prompt"].min() == 0
