"""`h2h index` and `h2h gap`: what they print, their JSON, twins, exit codes and errors."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.capability.few_draws import drawing

import headtohead
from headtohead.capability.result import GapResult
from headtohead.cli import main
from headtohead.core.errors import InputError, NoEvidence, UnknownName
from headtohead.evidence.store import Store

pytestmark = pytest.mark.usefixtures("kept_facts")
Run = Callable[..., Result]
DAY = "2026-10-31"
ARTICLE = "2025-12-15"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "home").mkdir()

    def invoke(*arguments: str) -> Result:
        extra = ["--store", str(tmp_path / "home")]
        return CliRunner().invoke(main, [*arguments, *extra], prog_name="h2h")

    return invoke


@pytest.fixture
def few_draws() -> Iterator[None]:
    with drawing():
        yield


@pytest.fixture(scope="module")
def article(tmp_path_factory: pytest.TempPathFactory) -> GapResult:
    store = Store(tmp_path_factory.mktemp("home"))
    return headtohead.gap(as_of=DAY, about=ARTICLE, store=store)


@pytest.fixture(scope="module")
def shown(kept_facts: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    """What each verb prints about the day of the article, and the page that it writes."""
    found = {}
    for verb in ("index", "gap"):
        home = tmp_path_factory.mktemp("home")
        page = tmp_path_factory.mktemp("page") / "page.html"
        asked = [verb, "--about", ARTICLE, "--as-of", DAY, "--html", str(page)]
        result = CliRunner().invoke(main, [*asked, "--store", str(home)], prog_name="h2h")
        assert result.exit_code == 0, result.output
        found[verb] = result.stdout, page.read_text(encoding="utf-8")
    return found


def given(result: Result, verb: str) -> dict[str, Any]:
    assert result.exit_code == 0, result.output

    def refuse(name: str) -> float:
        raise AssertionError(f"{name} is no JSON")

    made: dict[str, Any] = json.loads(result.stdout, parse_constant=refuse)
    assert set(made) >= {"verb", "about", "as_of", "results", "sources"}
    assert made["verb"] == verb
    return made


def test_index_ranks_the_ablest_first_with_interval_places_and_benchmarks(run: Run) -> None:
    made = given(run("index", "--as-of", DAY, "--json"), "index")
    values = [r["value"] for r in made["results"]]
    assert values == sorted(values, reverse=True)
    assert len(values) > 100
    assert sum(r["frontier_frac"] for r in made["results"]) == pytest.approx(1)
    for place, row in enumerate(made["results"], 1):
        assert row["unit"] == "index"
        assert row["low"] <= row["value"] <= row["high"]
        assert row["low"] < row["high"]
        assert row["best_rank"] <= row["worst_rank"]
        assert row["best_rank"] <= place
        assert row["benchmarks_n"] == row["n"] >= 3
        assert row["source_ids"] == ["epoch_eci"]
    groups = [r["tie_group"] for r in made["results"]]
    assert groups == sorted(groups)
    assert groups[0] == 1
    anchors = {r["label"]: r["value"] for r in made["results"]}
    assert anchors["GPT-5"] == pytest.approx(150)
    assert anchors["Claude 3.5 Sonnet"] == pytest.approx(130)


def test_index_prints_as_many_models_as_asked_and_says_how_many_more(run: Run) -> None:
    text = run("index", "--as-of", DAY, "--top", "4").output
    assert text.count("2026-") >= 4
    assert "and 114 more (" in text
    assert "90% interval" in text
    assert "tie" in text
    assert "CC-BY-4.0" in text
    assert "Cite: headtohead" in text


def test_index_about_a_day_leaves_out_later_models(run: Run) -> None:
    made = given(run("index", "--as-of", DAY, "--about", ARTICLE, "--json"), "index")
    assert max(r["released_on"] for r in made["results"]) <= ARTICLE
    assert made["about"] == ARTICLE
    assert made["as_of"] == DAY


def test_a_domain_stands_on_the_scale_of_the_whole_and_has_fewer_models(run: Run) -> None:
    whole = given(run("index", "--as-of", DAY, "--json"), "index")
    maths = given(run("index", "--as-of", DAY, "--domain", "maths", "--json"), "index")
    points = {r["label"]: r["value"] for r in whole["results"]}
    shared = [(points[r["label"]], r["value"]) for r in maths["results"] if r["label"] in points]
    assert len(shared) > 50
    means = [sum(column) / len(shared) for column in zip(*shared, strict=True)]
    assert means[0] == pytest.approx(means[1], abs=0.6)
    assert maths["scope"]["domain"] == "maths"


def test_two_benchmarks_make_no_index(run: Run) -> None:
    result = run("index", "--as-of", DAY, "--domain", "coding_agentic")
    assert result.exit_code == 64
    assert "too few; an index needs 3" in result.stderr
    assert "--source all" in result.stderr


@pytest.mark.usefixtures("few_draws")
def test_every_source_together_makes_a_coding_index(run: Run) -> None:
    made = given(
        run("index", "--as-of", DAY, "--domain", "coding_agentic", "--source", "all", "--json"),
        "index",
    )
    assert {s["source_id"] for s in made["sources"]} >= {"aider_polyglot", "tau2", "bfcl"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--domain", "sports"), "maths"),
        (("--source", "nobody"), "epoch_eci"),
        (("--without", "gpqa"), "gpqa_diamond"),
        (("--as-of", "2025-12-15"), "later"),
    ],
)
def test_what_does_not_exist_is_named_and_something_near_it_too(
    run: Run, arguments: tuple[str, str], message: str
) -> None:
    fill = () if "--as-of" in arguments else ("--as-of", DAY)
    result = run("index", *fill, *arguments)
    assert result.exit_code == 64
    assert message in result.stderr


def test_gap_tells_points_months_and_scores(article: GapResult) -> None:
    parts = article.parts
    (points,) = parts["level"].answer.estimates
    assert points.unit == "index"
    assert points.low <= points.value <= points.high < 0
    (at_release,) = parts["lag_release"].answer.estimates
    (on_day,) = parts["lag_now"].answer.estimates
    assert at_release.unit == on_day.unit == "months"
    assert 0 < at_release.value < on_day.value
    shares = [e for e in parts["scores"].answer.estimates if e.unit == "pp"]
    assert len(shares) == 12
    assert all(e.value < 0 for e in shares)
    (ratio,) = parts["ratio"].answer.estimates
    assert 0 < ratio.low < ratio.value < ratio.high < 1
    assert {"maths_lag", "knowledge_reasoning_lag", "profile", "sensitivity"} <= set(parts)


def test_gap_prints_all_parts_and_the_same_numbers(
    shown: dict[str, tuple[str, str]], article: GapResult
) -> None:
    text, _ = shown["gap"]
    for title in ("IN POINTS", "IN MONTHS", "IN SCORES", "AS A RATIO", "BY DOMAIN", "UNDER OTHER"):
        assert title in text
    assert " ".join(article.parts["level"].answer.says.split()) in " ".join(text.split())
    assert "dated by general release" in text
    assert "without GPQA Diamond" in text
    # Coding has too few benchmarks here, and is not left out.
    assert "Nothing to show: no index: 2 benchmarks" in text


def test_what_is_printed_fits_a_terminal_and_says_how_to_ask_again(
    shown: dict[str, tuple[str, str]],
) -> None:
    for verb, (text, _) in shown.items():
        report, _, again = text.partition("Again:")
        assert max(map(len, report.splitlines())) <= 80
        assert f"h2h {verb} --about {ARTICLE} --as-of {DAY}" in " ".join(again.split())


def test_an_index_is_a_table_for_a_spreadsheet_and_a_frame(run: Run, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run("index", "--as-of", DAY, "--csv").output)))
    made = headtohead.index(as_of=DAY, store=Store(tmp_path))
    assert [row["model_name"] for row in rows] == [e.label for e in made.answer.estimates]
    assert float(rows[0]["score_low_index"]) < float(rows[0]["score_index"])
    frame = made.to_frame()
    assert frame.height == len(rows)
    assert {"best_rank", "worst_rank", "tie_group", "frontier_frac", "released_on"} <= set(
        frame.columns
    )


def test_results_show_themselves_on_a_screen_a_page_and_in_a_notebook(
    article: GapResult, shown: dict[str, tuple[str, str]]
) -> None:
    assert len(repr(article).splitlines()) <= 25
    assert "<table" in article._repr_html_()
    assert article.to_frame().height == len(article.parts["sensitivity"].answer.rows)
    for _, html in shown.values():
        assert "GPT-5.2" in html
        assert "CC-BY-4.0" in html


def test_gap_json_is_that_of_its_twin(run: Run, article: GapResult) -> None:
    made = given(run("gap", "--as-of", DAY, "--about", ARTICLE, "--json"), "gap")
    assert made == json.loads(json.dumps(article.as_json()))
    assert made["sides"] == {"group": "country", "a": "US", "b": "CN"}


def test_a_ratio_of_index_values_is_an_error_that_says_why(run: Run) -> None:
    result = run("gap", "--measure", "ratio")
    assert result.exit_code == 64
    assert "has no zero" in result.stderr
    assert "ratio of scores" in result.stderr
    with pytest.raises(InputError, match="no zero"):
        headtohead.gap(as_of=DAY, measure="ratio")


def test_other_sides_can_be_compared(run: Run) -> None:
    text = run("gap", "--group", "open", "--a", "closed", "--b", "open", "--as-of", DAY).output
    assert "open models against closed models" in text
    labs = given(
        run("gap", "--group", "lab", "--a", "openai", "--b", "google", "--as-of", DAY, "--json"),
        "gap",
    )
    assert labs["results"][0]["estimates"]


def test_sides_that_were_not_given_or_are_misspelt_get_help(run: Run) -> None:
    misspelt = run("gap", "--b", "Chna")
    assert misspelt.exit_code == 64
    assert "Did you mean China (CN)?" in misspelt.stderr
    for group in ("lab", "open", "family", "model"):
        alone = run("gap", "--group", group, "--b", "DeepSeek")
        assert alone.exit_code == 64
        assert "Give --a too" in alone.stderr
        assert "'US'" not in alone.stderr
    with pytest.raises(InputError, match="Give `a` and `b` too"):
        headtohead.gap(as_of=DAY, group="lab")


def test_a_side_without_a_model_is_an_error_that_says_which(run: Run) -> None:
    result = run("gap", "--about", "2024-01-15", "--as-of", DAY)
    assert result.exit_code == 64
    assert "no US model with 6 benchmarks released by 2024-01-15" in result.stderr
    with pytest.raises(UnknownName):
        headtohead.gap(as_of=DAY, a="XX")
    with pytest.raises(NoEvidence):
        headtohead.index(as_of="2020-01-01")


def test_named_benchmarks_only(run: Run) -> None:
    made = given(
        run("gap", "--as-of", DAY, "--about", ARTICLE, "--benchmarks", "gpqa_diamond", "--json"),
        "gap",
    )
    (scores,) = (r for r in made["results"] if r["part"] == "scores")
    (row,) = scores["rows"]
    assert row["benchmark"] == "gpqa_diamond"
    assert 0 < row["b_expected_frac"] < row["a_expected_frac"] < 1


def test_dates_by_release_shorten_the_lag_to_o3(article: GapResult, tmp_path: Path) -> None:
    released = headtohead.gap(as_of=DAY, about=ARTICLE, dates="release", store=Store(tmp_path))
    lags = [g.parts["lag_release"].answer.estimates[0].value for g in (article, released)]
    assert lags[1] < lags[0]
    assert "general release" in released.parts["lag_release"].answer.notes[-1]


OWN = """model,benchmark,score,items,released_on,lab
GPT-5,tickets,0.81,300,,
DeepSeek-V3.2,tickets,0.70,300,,
Claude Opus 4.5,tickets,0.77,300,,
our-model,tickets,0.79,300,2025-12-01,ours
our-model,sql,0.60,120,2025-12-01,ours
our-model,gpqa_diamond,0.71,198,2025-12-01,ours
GPT-5,sql,0.66,120,,
DeepSeek-V3.2,sql,0.58,120,,
Claude Opus 4.5,sql,0.64,120,,
"""


@pytest.fixture
def mine(few_draws: None, tmp_path: Path) -> Path:
    path = tmp_path / "mine.csv"
    path.write_text(OWN, encoding="utf-8")
    return path


def test_own_scores_place_an_own_model_on_the_public_scale(run: Run, mine: Path) -> None:
    made = given(run("index", "--as-of", DAY, "--scores", str(mine), "--json"), "index")
    (ours,) = (r for r in made["results"] if r["label"] == "our-model")
    assert ours["benchmarks_n"] == 3
    assert ours["lab"] == "ours"
    assert ours["source_ids"] == ["scores"]
    assert ours["high"] - ours["low"] > 4  # three benchmarks say little
    points = {r["label"]: r["value"] for r in made["results"]}
    assert points["GPT-5 nano"] < ours["value"] < points["GPT-5"]
    (source,) = (s for s in made["sources"] if s["source_id"] == "scores")
    assert len(source["sha256"]) == 64


def test_two_models_can_be_the_sides(run: Run, mine: Path) -> None:
    made = given(
        run(
            "gap",
            "--group",
            "model",
            "--a",
            "GPT-5",
            "--b",
            "our-model",
            "--scores",
            str(mine),
            "--as-of",
            DAY,
            "--json",
        ),
        "gap",
    )
    (level,) = (r for r in made["results"] if r["part"] == "level")
    (points,) = level["estimates"]
    assert points["high"] < 0
    assert "lag_release" not in {r["part"] for r in made["results"]}
    unknown = run("gap", "--group", "model", "--a", "GPT-5", "--b", "GPT-55", "--as-of", DAY)
    assert unknown.exit_code == 64
    assert "GPT-5.5" in unknown.stderr


def test_an_own_model_without_a_day_and_one_with_too_few_tests_are_not_lost(
    run: Run, mine: Path
) -> None:
    undated = OWN.replace("300,2025-12-01", "300,").replace("120,2025-12-01", "120,")
    mine.write_text(undated.replace("198,2025-12-01", "198,"), encoding="utf-8")
    made = given(run("index", "--as-of", DAY, "--scores", str(mine), "--json"), "index")
    assert "our-model" in {r["label"] for r in made["results"]}
    mine.write_text(OWN + "lonely,tickets,0.5,300,,\n", encoding="utf-8")
    made = given(run("index", "--as-of", DAY, "--scores", str(mine), "--json"), "index")
    assert any("of yours, with too few scores: model lonely" in n for n in made["notes"])


def test_a_benchmark_may_be_called_by_its_title(run: Run, mine: Path) -> None:
    mine.write_text(OWN.replace("gpqa_diamond", "GPQA Diamond"), encoding="utf-8")
    made = given(run("index", "--as-of", DAY, "--scores", str(mine), "--json"), "index")
    (ours,) = (r for r in made["results"] if r["label"] == "our-model")
    assert ours["benchmarks_n"] == 3


def test_unknown_benchmarks_and_plain_dates(run: Run, tmp_path: Path) -> None:
    result = run("gap", "--as-of", DAY, "--benchmarks", "gpqa")
    assert result.exit_code == 64
    assert "gpqa_diamond" in result.stderr
    made = headtohead.index(as_of=DAY, about=date(2025, 12, 15), store=Store(tmp_path))
    assert str(made.about) == ARTICLE


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0.81,300", "0.81,0", "row 2: items must be"),
        ("0.81", "NaN", "row 2: score is empty"),
        ("GPT-5,sql,0.66,120,,", "GPT-5,tickets,0.81,300,,", "stand there again"),
        ("0.81", "81", "row 2"),
        ("0.81", "much", "row 2: score is 'much'"),
        ("GPT-5,tickets", ",tickets", "row 2: model is empty"),
        ("score,items", "score,size", "mean nothing here: size"),
        ("model,benchmark", "name,benchmark", "no column model"),
        ("our-model,sql,0.60", "GPT-5,sql,0.60", "2 rows with scores from 0.6 to 0.66"),
        ("300,2025-12-01", "300,1 Dec", "row 5: released_on is '1 Dec'"),
    ],
)
def test_a_wrong_row_of_own_scores_is_named(
    run: Run, mine: Path, old: str, new: str, message: str
) -> None:
    mine.write_text(OWN.replace(old, new, 1), encoding="utf-8")
    result = run("index", "--as-of", DAY, "--scores", str(mine))
    assert result.exit_code == 64
    assert message in result.stderr
    assert "mine.csv" in result.stderr


def test_the_published_index_is_taken_whole_or_not_at_all(run: Run) -> None:
    made = given(run("index", "--method", "published", "--as-of", DAY, "--json"), "index")
    assert len(made["results"]) == 222
    result = run("index", "--method", "published", "--domain", "maths", "--as-of", DAY)
    assert result.exit_code == 64
    assert "--domain cannot be chosen" in result.stderr


@pytest.mark.usefixtures("few_draws")
def test_the_ratio_of_scores_keeps_to_the_benchmarks_chosen(run: Run) -> None:
    made = given(
        run("gap", "--as-of", DAY, "--without", "gpqa_diamond,chess_puzzles", "--json"), "gap"
    )
    (ratio,) = (r for r in made["results"] if r["part"] == "ratio")
    tests = {row["test"] for row in ratio["rows"]}
    assert tests
    assert not tests & {"gpqa_diamond", "chess_puzzles"}


def test_gap_begins_with_the_answer_in_short(
    shown: dict[str, tuple[str, str]], article: GapResult
) -> None:
    lines = shown["gap"][0].splitlines()
    (points,) = article.parts["level"].answer.estimates
    assert "up to 2026-08-11" in lines[0]
    assert points.value < 0
    assert lines[2].startswith("Best US model ahead of best Chinese model by 6.0 index points")
    assert "Chinese behind US at release by 11.4 months" in " ".join(lines[2:5])
    assert " ".join(lines[2:5]).count("under other choices") == 2
