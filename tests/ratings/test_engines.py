"""Votes inside DuckDB and a real local Spark: the same counts, rules and fits as from the file."""

import gc
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.ratings.reading.vote_files import Record, counted, write
from tests.simulations import leading, lengths

from headtohead.core.errors import InputError, UnknownName
from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.covariance import covariance
from headtohead.ratings.bradley_terry.fit import fit
from headtohead.ratings.bradley_terry.style.control import StyleFit, fit_style
from headtohead.ratings.bradley_terry.style.equations import Equations, Passes
from headtohead.ratings.bradley_terry.style.passes import ClusterPasses, passes_over
from headtohead.ratings.engines import EngineVotes, is_engine_table, open_engine
from headtohead.ratings.engines.opening import EngineSource
from headtohead.ratings.engines.votes import span
from headtohead.ratings.reading.times import WINDOWS, label
from headtohead.ratings.reading.votes import Votes, open_votes
from headtohead.ratings.settings import VoteOptions, Window
from headtohead.ratings.tally import Subset, Tally, clustered_cells

# What Spark, pandas and Ibis say of themselves, not of votes.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:(pyspark|ibis|pandas|py4j).*"),
    pytest.mark.filterwarnings("ignore::FutureWarning:(pyspark|ibis|pandas).*"),
    pytest.mark.filterwarnings("ignore:unclosed <socket.*127.0.0.1:ResourceWarning"),
]

_STYLE = ("length", "header")
_WINNERS = ("model_a", "model_b", "tie", "tie (bothbad)", "Model_A", "both_bad")


@pytest.fixture(scope="module", autouse=True)
def ibis() -> Any:
    return pytest.importorskip("ibis", reason="Ibis is not installed (extra ibis)")


@pytest.fixture(scope="module")
def spark(ibis: Any) -> Iterator[Any]:
    """A Spark session on this machine alone, in another time zone."""
    sql = pytest.importorskip("pyspark.sql", reason="PySpark is not installed (extra spark)")
    if shutil.which("java") is None:
        pytest.skip("Java is not installed, which Spark needs")
    session = (
        sql.SparkSession.builder.master("local[1]")
        .appName("headtohead tests")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.sql.session.timeZone", "America/New_York")
        .config("spark.log.level", "OFF")
        # Tables of some hundred rows: compiling for them takes longer than reading them.
        .config("spark.sql.codegen.wholeStage", "false")
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        .getOrCreate()
    )
    yield session
    session.stop()
    gc.collect()  # sockets that PySpark leaves open are reported here, where that is ignored


@pytest.fixture(params=["duckdb", pytest.param("spark", marks=pytest.mark.slow)])
def engine(request: pytest.FixtureRequest) -> str:
    if request.param == "spark":
        request.getfixturevalue("spark")
    return str(request.param)


def _battles(n: int, seed: int = 1, models: int = 5) -> list[Record]:
    """Battles in the layout of the arena, with everything the filters look at."""
    rng = np.random.default_rng(seed)
    made: list[Record] = []
    for i in range(n):
        a, b = rng.choice(models, 2, replace=False)
        length = rng.integers(0, 500, 2).tolist()
        heads = rng.integers(0, 4, 2).tolist()
        made.append(
            {
                "model_a": f"lab/model-{a}",
                "model_b": f"lab/model-{b}",
                "winner": str(rng.choice(_WINNERS, p=[0.3, 0.3, 0.15, 0.1, 0.1, 0.05])),
                "judge": None if i % 17 == 0 else f"voter {i % 23}",
                "anony": bool(i % 11),
                "dedup_tag": {"high_freq": False, "sampled": bool(i % 13)},
                "language": ("English", "German", " english ", None)[i % 4],
                "tstamp": 1_735_700_000.5 + 90_000.0 * i,
                "is_code": bool(i % 3),
                "category_tag": {"math_v0.1": {"math": bool(i % 5 == 0)}},
                "conv_metadata": {
                    f"{name}_{side}": {"h1": heads[k], "h2": 1}
                    if name == "header_count"
                    else length[k]
                    for name in ("sum_assistant", "header_count")
                    for k, side in enumerate("ab")
                }
                | {"sum_assistant_a_tokens": length[0], "sum_assistant_b_tokens": length[1]},
            }
        )
    return made


def _same(engine: str, path: Path, by: tuple[str, ...] = (), **options: Any) -> Tally:
    window = options.pop("window", None)
    expected = counted(path, by, window=window, **options)
    found = open_engine(path, engine, VoteOptions(**options)).tally(by, window)
    assert found == expected
    return expected


# ---------------------------------------------------------------- counts


def test_every_board_is_counted_as_from_the_file(engine: str, tmp_path: Path) -> None:
    path = write(tmp_path / "votes.parquet", _battles(300))
    found = _same(engine, path, ("language", "category"), window="week")
    assert {"language=German", "category=math", "category=code"} < set(found.boards)
    assert found.dropped.keys() == {"not anonymous", "repeat marked by the publisher"}
    assert max(found.boards["all"].votes.max(axis=1)) > 3  # rows that stand for several votes


def test_filters_are_those_of_the_file(engine: str, tmp_path: Path) -> None:
    path = write(tmp_path / "votes.parquet", _battles(200))
    found = _same(
        engine,
        path,
        since=date(2025, 1, 20),
        until=date(2025, 5, 20),
        languages=("english",),
        where={"is_code": "true"},
        window="month",
        both_bad="drop",
        style=_STYLE,
    )
    assert {
        "other language",
        "is_code is not true",
        "before 2025-01-20",
        "after 2025-05-20",
        "both bad",
    } < found.dropped.keys()
    assert {"month=2025-01", "month=2025-05"} < set(found.boards)
    _same(engine, path, anonymous_only=False, dedup="off", where={"category": "math"})
    _same(engine, path, where={"judge": "VOTER 3"}, languages=("german",))


_BAD: tuple[Record, ...] = (
    {"model_a": "ada", "model_b": "bob", "winner": "model_c"},
    {"model_a": "ada", "model_b": "ada", "winner": "model_a"},
    {"model_a": None, "model_b": "bob", "winner": "model_a"},
    {"model_a": "ada", "model_b": " ", "winner": "model_a"},
    {"model_a": "ada", "model_b": "bob", "winner": None},
    {"model_a": "ada", "model_b": "bob", "winner": "tie", "length_a": -3.0},
    {"model_a": "ada", "model_b": "bob", "winner": "tie", "length_a": None},
    {"model_a": "ada", "model_b": "bob", "winner": "model_c", "length_a": float("inf")},
)


def test_bad_rows_are_dropped_for_the_same_reasons(engine: str, tmp_path: Path) -> None:
    good = {"model_a": "ada", "model_b": "bob", "winner": "model_a", "length_a": 3.0}
    rows = [{"length_a": 1.0, "length_b": 2.0, **row} for row in (good, *_BAD, *_BAD, good)]
    path = write(tmp_path / "votes.parquet", rows)
    found = _same(engine, path, on_bad="drop", style=("length",))
    assert found.used == 2
    assert found.dropped == {
        "unknown outcome": 6,
        "model against itself": 2,
        "missing model": 2,
        "empty model name": 2,
        "unreadable covariate": 4,
    }


@pytest.mark.parametrize("bad", leading(_BAD[6::-1], 4), ids=lambda row: repr(row)[20:70])
def test_an_error_names_column_value_and_how_many_rows(bad: Record, tmp_path: Path) -> None:
    good = {"model_a": "ada", "model_b": "bob", "winner": "model_a", "length_a": 3.0}
    rows = [{"length_a": 1.0, "length_b": 2.0, **row} for row in (good, bad, good, bad, bad)]
    path = write(tmp_path / "votes.parquet", rows)
    options = VoteOptions(style=("length",))
    with pytest.raises(InputError) as of_file:
        counted(path, style=("length",))
    with pytest.raises(InputError) as of_engine:
        open_engine(path, "duckdb", options).tally()
    said = str(of_engine.value)
    assert said.startswith(f"{path}, 3 rows, column ")
    if "length" not in said:
        assert said.replace("3 rows", "row 2") == str(of_file.value)
    else:
        assert "length_a, length_b" in said
        assert f"{bad['length_a']!r}, 2.0 is no measure of style" in said
    with pytest.raises(InputError, match="3 rows, column"):
        open_engine(path, "duckdb", options).passes(
            counted(write(tmp_path / "x.csv", [good])).boards["all"]
        )


def test_an_error_in_a_field_whose_name_has_dots_is_counted_too(tmp_path: Path) -> None:
    rows = [{**row, "category_tag": {"math_v0.1": {"math": "perhaps"}}} for row in _battles(40)]
    path = write(tmp_path / "votes.parquet", rows)
    with pytest.raises(InputError, match=r"column category_tag.math_v0.1.math: 'perhaps'") as file:
        counted(path, ("category",))
    with pytest.raises(InputError) as engine:
        open_engine(path, "duckdb").tally(("category",))
    assert re.sub("row [0-9]+", "40 rows", str(file.value)) == str(engine.value)


def test_a_word_that_is_a_side_and_a_name_is_refused_wherever_it_stands(tmp_path: Path) -> None:
    rows = [{"model_a": "x", "model_b": "y", "winner": "a"}] * 4
    rows += [{"model_a": "a", "model_b": "y", "winner": "y"}]
    path = write(tmp_path / "votes.parquet", rows)
    with pytest.raises(InputError, match="is a model's name and also the word for a side"):
        counted(path)
    with pytest.raises(InputError, match="is a model's name and also the word for a side"):
        open_engine(path, "duckdb").tally()


@pytest.mark.parametrize("kind", leading(["tsv", "json", "jsonl.gz", "csv", "jsonl", "csv.gz"], 3))
def test_text_files_are_read_too(engine: str, kind: str, tmp_path: Path) -> None:
    rows = [
        {"left": "007", "right": 'a "b", c', "result": "L", "day": "2025-01-05", "length_a": "3"},
        {"left": "007", "right": "b", "result": "R", "day": "2025-02-05", "length_a": "x"},
    ] * 3
    rows = [{**row, "length_b": "4"} for row in rows]
    path = write(tmp_path / f"votes.{kind}", rows)
    columns = {
        "model_a": "left",
        "model_b": "right",
        "winner": "result",
        "time": "day",
        "winner.a": "L",
        "winner.b": "R",
    }
    _same(engine, path, mapping=columns, window="month", since=date(2025, 1, 5))
    found = _same(engine, path, mapping=columns, style=("length",), on_bad="drop")
    assert found.boards["all"].models == ("007", 'a "b", c')


_TIMES: dict[str, list[Any]] = {
    "milliseconds": [1_735_776_000_000, 1_738_454_399_000, None],
    "fractions": [1_735_776_000.75, 1_738_454_399.99, float("nan")],
    "zoned": [datetime(2025, 1, 2, tzinfo=UTC), datetime(2025, 2, 1, 23, 59, tzinfo=UTC), None],
    "dates": [date(2025, 1, 2), date(2025, 2, 1), None],
    "text": ["2025-01-02T00:00:00+00:00", "2025-02-01T23:59:59Z", ""],
    "unzoned": [datetime(2025, 1, 2), datetime(2025, 2, 1, 23, 59), None],  # noqa: DTZ001
    "seconds": [1_735_776_000, 1_738_454_399, None],
}


@pytest.mark.parametrize("kind", leading(list(_TIMES), 5))
def test_times_of_any_kind_fall_on_the_same_day(engine: str, kind: str, tmp_path: Path) -> None:
    row = {"model_a": "ada", "model_b": "bob", "winner": "a"}
    path = write(tmp_path / "votes.parquet", [{**row, "time": time} for time in _TIMES[kind]])
    found = _same(engine, path, window="day")
    assert {"day=2025-01-02", "day=2025-02-01"} < set(found.boards)
    found = _same(engine, path, since=date(2025, 1, 2), until=date(2025, 2, 1))
    assert found.dropped == {"no time": 1}


@pytest.mark.parametrize("window", [None, *WINDOWS])
@pytest.mark.parametrize(
    "limited",
    [
        (),
        *(pytest.param((end,), marks=pytest.mark.slow) for end in ("since", "until")),
        ("since", "until"),
    ],
)
@pytest.mark.parametrize("starts", lengths(1, 2))
def test_days_made_coarser_stay_in_their_windows(
    starts: int, window: Window | None, limited: tuple[str, ...]
) -> None:
    import ibis  # type: ignore[import-untyped]
    import pyarrow as pa  # type: ignore[import-untyped]

    rng = np.random.default_rng(len(limited))
    # The years around 1970, first and last days of months, and any day from 1880 to 2130.
    near, ends = np.arange(-370, 370, 6), np.arange("1896", "1906", dtype="datetime64[M]")
    ends = ends.astype("datetime64[D]").astype(np.int64)
    days = np.concatenate([near, ends, ends - 1, rng.integers(-33_000, 58_000, 150)])
    n = days.size
    columns = {"model_a": ["ada"] * n, "model_b": ["bob"] * n, "winner": ["tie"] * n}
    table = pa.table({**columns, "time": days * 86_400.0 + 4321})
    start = date(1970, 1, 1).toordinal()
    firsts = (-10, int(rng.integers(-9_000, 30_000)))
    for first in firsts[: starts if limited else 1]:
        both = {
            "since": date.fromordinal(start + first),
            "until": date.fromordinal(start + first + 40),
        }
        options: dict[str, Any] = {name: both[name] for name in limited}
        expected = counted(table, window=window, **options)
        found = open_engine(ibis.memtable(table), options=VoteOptions(**options))
        assert found.tally((), window) == expected


def test_a_window_has_the_days_that_are_labelled_so() -> None:
    start = date(1970, 1, 1).toordinal()
    for window in WINDOWS:
        for day in range(20_000, 20_800, 7):
            first, last = span(label(day, window))
            edges = [first.toordinal() - start, last.toordinal() - start]
            assert [label(edge, window) for edge in edges] == [label(day, window)] * 2
            assert label(edges[0] - 1, window) != label(day, window) != label(edges[1] + 1, window)


# ---------------------------------------------------------------- style and clusters


def _fit(votes: EngineVotes, tally: Tally, cluster: str = "", board: str = "all") -> StyleFit:
    counts = tally.boards[board]
    part = votes.board(board)
    clustered = part.clusters(counts, cluster) if cluster else None
    return fit_style(part.passes(counts), counts, votes.options.style, clustered=clustered)


def _fit_here(path: Path, tally: Tally, cluster: str = "", board: str = "all") -> StyleFit:
    votes = open_votes(path, VoteOptions(style=_STYLE))
    part, counts = Subset.of(votes, board), tally.boards[board]
    chunks = lambda: part.chunks((cluster,) if cluster else (), covariates=True)  # noqa: E731
    clustered = ClusterPasses(counts, part.models, chunks, cluster) if cluster else None
    passes = passes_over(counts, part.models, chunks)
    return fit_style(passes, counts, _STYLE, clustered=clustered)


def _alike(found: StyleFit, expected: StyleFit) -> None:
    assert found.strength == pytest.approx(expected.strength, abs=1e-9)
    assert found.effect == pytest.approx(expected.effect, abs=1e-9)
    assert found.spread == pytest.approx(expected.spread, abs=1e-9)
    assert found.covariance == pytest.approx(expected.covariance, abs=1e-9)
    assert found.log_likelihood == pytest.approx(expected.log_likelihood, abs=1e-7)


def _pass_alike(found: Passes, expected: Passes, counts: Counts, style: Sequence[str]) -> None:
    """One pass over the same votes, at strengths and effects that no fit would choose."""
    rng = np.random.default_rng(5)
    theta, beta = rng.normal(size=len(counts.models)), rng.normal(size=len(style) + 1)
    one, other = found(theta, beta, True), expected(theta, beta, True)
    for field in fields(Equations):
        ours, theirs = getattr(one, field.name), getattr(other, field.name)
        assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-9)


def _passes_here(votes: Votes | Subset, counts: Counts) -> Passes:
    return passes_over(counts, votes.models, lambda: votes.chunks(covariates=True))


def test_style_is_fitted_as_from_the_file(engine: str, tmp_path: Path) -> None:
    path = write(tmp_path / "votes.parquet", _battles(200))
    votes = open_engine(path, engine, VoteOptions(style=_STYLE))
    tally = votes.tally(("language",))
    _alike(_fit(votes, tally, "judge"), _fit_here(path, tally, "judge"))


@pytest.mark.slow  # one pass of such a fit is compared below, as is one whose votes have clusters
def test_style_without_clusters_is_fitted_as_from_the_file(engine: str, tmp_path: Path) -> None:
    path = write(tmp_path / "votes.parquet", _battles(200))
    votes = open_engine(path, engine, VoteOptions(style=_STYLE))
    tally = votes.tally()
    _alike(_fit(votes, tally), _fit_here(path, tally))


@pytest.mark.parametrize(
    "board", leading(["is_code=true", "category=math", "language=English", "quarter=2025-Q3"])
)
def test_one_board_is_fitted_alone(board: str, tmp_path: Path) -> None:
    path = write(tmp_path / "votes.parquet", _battles(300, models=3))
    votes = open_engine(path, "duckdb", VoteOptions(style=_STYLE))
    tally = votes.tally(("is_code", "language", "category"), "quarter")
    assert {"language=English", "language= english "} < set(tally.boards)
    here = open_votes(path, VoteOptions(style=_STYLE))
    counts, part = tally.boards[board], Subset.of(here, board)
    found = votes.board(board).passes(counts)
    _pass_alike(found, _passes_here(part, counts), counts, _STYLE)


def test_a_model_whose_votes_are_all_ties_is_as_uncertain_as_from_the_file(tmp_path: Path) -> None:
    rows = _battles(150)
    for i in range(4):
        rows.append({**rows[i + 1], "model_a": "lab/shy", "winner": "tie", "anony": True})
    path = write(tmp_path / "votes.parquet", [{**row, "dedup_tag": None} for row in rows])
    votes = open_engine(path, "duckdb", VoteOptions(style=_STYLE, dedup="off"))
    counts = votes.tally().boards["all"]
    here = open_votes(path, VoteOptions(style=_STYLE, dedup="off"))
    assert counts.scores[counts.models.index("lab/shy"), :2].sum() == 0
    _pass_alike(votes.passes(counts), _passes_here(here, counts), counts, _STYLE)


def test_plain_clustered_errors_need_no_covariates(tmp_path: Path) -> None:
    path = write(tmp_path / "votes.parquet", _battles(200))
    votes = open_engine(path, "duckdb")
    counts = votes.tally().boards["all"]
    found = fit_style(votes.passes(counts), counts, (), clustered=votes.clusters(counts, "judge"))
    here = open_votes(path)
    chunks = lambda: here.chunks(("judge",), covariates=True)  # noqa: E731
    expected = fit_style(
        passes_over(counts, here.models, chunks),
        counts,
        (),
        clustered=ClusterPasses(counts, here.models, chunks, "judge"),
    )
    _alike(found, expected)


def test_clusters_for_ties_of_their_own_are_those_of_the_file(tmp_path: Path) -> None:
    rows = [{**row, "judge": row["judge"] and row["judge"][:7]} for row in _battles(200, models=3)]
    path = write(tmp_path / "votes.parquet", rows)
    fitted = fit(counted(path).boards["all"], ties="davidson")
    here = clustered_cells(Subset(open_votes(path)), "judge")
    there = open_engine(path, "duckdb").cells("judge")
    assert there.n.sum() == here.n.sum()
    assert there.n.max() > 1
    expected = covariance(fitted, "clustered", here)
    assert covariance(fitted, "clustered", there) == pytest.approx(expected, abs=1e-12)


def _of_several(kind: str) -> list[dict[str, Any]]:
    """Rows that stand for several votes, or for parts of one, many of them alike."""
    rng = np.random.default_rng(8)
    rows: list[dict[str, Any]] = []
    for i in range(90):
        a, b = rng.permutation(["ada", "bob", "cid", "dot"])[:2].tolist()
        row: dict[str, Any] = {"model_a": a, "model_b": b, "judge": (None, "x", "y", "z")[i % 4]}
        if kind == "counts":
            wins = rng.integers(0, 3, 3).tolist()
            rows.append(row | dict(zip(("wins_a", "wins_b", "ties"), wins, strict=True)))
            continue
        said = ["model_a", "model_b", "tie"] if kind == "weights" else [0.0, 0.25, 0.5, 1.0]
        rows.append(row | {"winner": rng.choice(said)})
        if kind == "weights":
            rows[-1]["weight"] = float(rng.choice([0.0, 0.5, 1.0, 3.0]))
    return rows


@pytest.mark.parametrize("kind", ["weights", "counts", "scores"])
def test_rows_of_several_votes_count_as_in_the_file(engine: str, kind: str, tmp_path: Path) -> None:
    path = write(tmp_path / "votes.parquet", _of_several(kind))
    here, there = open_votes(path), open_engine(path, engine)
    expected, found = counted(path, ("judge",)), there.tally(("judge",))
    assert (found.used, found.rows_read, found.remarks) == (
        expected.used,
        expected.rows_read,
        expected.remarks,
    )
    assert found == expected
    assert (found.boards["all"].total == 90) == (kind == "scores")
    for column in ("", "judge"):
        cells = clustered_cells(Subset(here), column)
        fitted = fit(expected.boards["all"])
        assert covariance(fitted, "clustered", there.cells(column)) == pytest.approx(
            covariance(fitted, "clustered", cells), abs=1e-12
        )
    assert (there.parts, there.weighed) == (here.parts, here.weighed)
    assert there.weighed


def test_a_bad_weight_names_how_many_rows(tmp_path: Path) -> None:
    weights = [-1.0 if i < 2 else 1.0 for i in range(90)]
    rows = [{**row, "weight": w} for row, w in zip(_of_several("scores"), weights, strict=True)]
    path = write(tmp_path / "votes.parquet", rows)
    with pytest.raises(InputError, match=r"2 rows, column weight: -1\.0 is no number of votes"):
        open_engine(path).tally()


def test_a_winner_named_by_the_model_depends_on_the_pair(engine: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    rows = []
    for i in range(120):
        a, b = rng.permutation(["ada", "bob", "cid"])[:2].tolist()
        rows.append({"model_a": a, "model_b": b, "winner": ("tie", a, b)[i % 3], "length": i % 7.0})
    path = write(tmp_path / "votes.parquet", rows)
    votes = open_engine(path, engine, VoteOptions(style=("length",)))
    tally = votes.tally()
    assert tally == counted(path, style=("length",))
    here = open_votes(path, VoteOptions(style=("length",)))
    counts = tally.boards["all"]
    _pass_alike(votes.passes(counts), _passes_here(here, counts), counts, ("length",))


# ---------------------------------------------------------------- sources


def test_what_is_asked_of_an_engine_can_be_said_to_spark(
    ibis: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spark itself takes twenty seconds to begin: here its SQL is written, and read by a parser."""
    import sqlglot

    pytest.importorskip("pyspark", reason="PySpark is not installed (extra spark)")
    assert ibis.pyspark.name == "pyspark"  # it says only then how its SQL is written
    asked: list[Any] = []
    ask = EngineSource.fetch

    def heard(self: EngineSource, expression: Any) -> Any:
        asked.append(expression)
        return ask(self, expression)

    monkeypatch.setattr(EngineSource, "fetch", heard)
    path = write(tmp_path / "votes.parquet", _battles(60))
    votes = open_engine(path, "duckdb", VoteOptions(style=_STYLE))
    counts = votes.tally(("language",), "day").boards["all"]
    votes.passes(counts)
    assert len(asked) > 2
    for expression in asked:
        (read,) = sqlglot.parse(ibis.to_sql(expression, dialect="pyspark"), dialect="spark")
        assert read is not None


@pytest.mark.slow
def test_a_spark_frame_is_counted_and_its_session_left_as_it_was(
    spark: Any, tmp_path: Path
) -> None:
    path = write(tmp_path / "votes.parquet", _battles(60))
    frame = spark.read.parquet(str(path))
    assert is_engine_table(frame)
    found = open_engine(frame).tally(("language",), "day")
    assert found == counted(path, ("language",), window="day")
    assert spark.conf.get("spark.sql.session.timeZone") == "America/New_York"


def test_ibis_tables_and_lists_of_files_are_counted(tmp_path: Path) -> None:
    import ibis

    first = write(tmp_path / "1.parquet", _battles(50))
    second = write(tmp_path / "2.parquet", _battles(70, seed=2))
    expected = counted([first, second], ("language",))
    assert open_engine([first, second], "duckdb").tally(("language",)) == expected
    assert open_engine(tmp_path, "duckdb").tally(("language",)) == expected
    table = ibis.duckdb.connect().read_parquet([str(first), str(second)])
    assert is_engine_table(table)
    assert open_engine(table).tally(("language",)) == expected
    assert open_engine(table).timed
    assert open_engine(table).format == "lmarena"
    days = open_engine(first, "duckdb").tally() + open_engine(second, "duckdb").tally()
    assert days == counted([first, second])
    assert not is_engine_table({"model_a": []})


def test_any_other_engine_of_ibis_counts_and_fits_alike(tmp_path: Path) -> None:
    import ibis

    path = write(tmp_path / "votes.parquet", _battles(250))
    table = ibis.polars.connect().read_parquet(str(path))
    votes = open_engine(table, options=VoteOptions(style=_STYLE))
    tally = votes.tally(("language",), "month")
    assert tally == counted(path, ("language",), window="month", style=_STYLE)
    _alike(_fit(votes, tally, "judge"), _fit_here(path, tally, "judge"))


def test_what_an_engine_cannot_do_is_refused_with_a_way_out(tmp_path: Path) -> None:
    path = write(tmp_path / "votes.parquet", _battles(20))
    plain = write(tmp_path / "votes.csv", [{"model_a": "a", "model_b": "b", "winner": "a"}])
    with pytest.raises(UnknownName, match="duckdb"):
        open_engine(path, "duckdbb")
    with pytest.raises(InputError, match="does not exist"):
        open_engine(tmp_path / "none.parquet", "duckdb")
    with pytest.raises(InputError, match="one kind"):
        open_engine([path, plain], "duckdb")
    with pytest.raises(InputError, match="Leave out `engine` for votes held in memory"):
        open_engine({"model_a": ["x"]}, "duckdb")
    with pytest.raises(InputError, match="order of rows"):
        open_engine(path, "duckdb", VoteOptions(dedup="id", mapping={"id": "judge"}))
    with pytest.raises(UnknownName, match="language"):
        open_engine(path, "duckdb").tally(("lnguage",))
    with pytest.raises(InputError, match="has no time"):
        open_engine(plain, "duckdb").tally((), "month")
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 nothing")
    with pytest.raises(InputError, match="duckdb could not open"):
        open_engine(broken, "duckdb")
    votes = open_engine(path, "duckdb")
    with pytest.raises(InputError, match="clusters need one each"):
        votes.clusters(votes.tally().boards["all"], "category")
    other = counted(plain).boards["all"]
    with pytest.raises(InputError, match="no vote on these models"):
        votes.passes(other)


def test_marks_in_json_text_are_not_overlooked(tmp_path: Path) -> None:
    rows = [{"model_a": "x", "model_b": "y", "winner": "tie", "dedup_tag": '{"sampled": false}'}]
    path = write(tmp_path / "votes.parquet", rows)
    assert counted(path).used == 0
    with pytest.raises(InputError, match="column dedup_tag: JSON as text"):
        open_engine(path, "duckdb")


def test_counts_and_unfolded_records_are_left_to_the_file_reader(tmp_path: Path) -> None:
    feedback = {
        "user_id": "u",
        "type": "rating",
        "meta": {"tags": ["x"]},
        "data": {"rating": 1, "model_id": "a", "sibling_model_ids": ["b", "c"]},
    }
    with pytest.raises(InputError, match="records hold several votes"):
        open_engine(write(tmp_path / "feedback.jsonl", [feedback]), "duckdb")
    counts = {"models": ["a", "b"], "X": [[0, 1]], "Y": [[1, 2, 3, 4]]}
    with pytest.raises(InputError, match="Leave out `engine`"):
        open_engine(write(tmp_path / "counts.jsonl", [counts]), "duckdb")


def test_no_votes_at_all_is_said(tmp_path: Path) -> None:
    import ibis

    nothing = ibis.memtable(
        {"model_a": [], "model_b": [], "winner": []},
        schema={"model_a": "string", "model_b": "string", "winner": "string"},
    )
    with pytest.raises(InputError, match="holds no votes"):
        open_engine(nothing).tally()
