"""Forecasts from a file to their scores: what resolves, what is scored, and what is said."""

import json
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import headtohead
from headtohead import cli
from headtohead.claims.forecasts.result import ForecasterScores, ForecastsResult
from headtohead.core.errors import InputError, UnknownName
from headtohead.publish.terminal import sheet_lines

pytestmark = pytest.mark.usefixtures("kept_facts")
DAY = date(2026, 10, 31)
INDEX = 'analysis = "performance.capability_gap"\nscope = {{ {scope} }}\n'
OPENAI = 'a = "lab=anthropic", b = "lab=openai"'


def claim(name: str, least: float, ann: float, bob: float, scope: str, due: str) -> str:
    return f"""
[[claim]]
id = "{name}"
says = "Number {name} stays near"
section = "performance"
kind = "forecast"
made_on = "2026-05-15"
resolves_on = "{due}"
about = "{due}"
sources = ["epoch_eci"]
probabilities = [
    {{ forecaster = "Ann", probability = {ann} }},
    {{ forecaster = "Bob", probability = {bob}, given_on = "2026-06-01" }},
]

[claim.as_stated]
says = "The lead is small"
{INDEX.format(scope=scope)}bound = {{ at_least = {least}, unit = "index" }}
"""


def twenty() -> str:
    """Twenty forecasts: seven that can be told, some too near to tell, one not due."""
    head = 'title = "Ours"\norigin = "A letter of May 2026"\n'
    ranges = np.linspace(-11, 4, 13)
    first = [
        claim(f"I{n}", float(x), round(0.99 - 0.08 * n, 2), 0.5, "", "2026-08-15")
        for n, x in enumerate(ranges)
    ]
    second = [
        claim(f"O{n}", x, round(0.95 - 0.15 * n, 2), 0.4, OPENAI, "2026-08-15")
        for n, x in enumerate((-6, -3, 0, 3, 6, 9))
    ]
    return head + "".join([*first, *second, claim("L", 0, 0.5, 0.5, "", "2027-01-31")])


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("forecasts") / "mine.toml"
    path.write_text(twenty(), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def result(mine: Path) -> ForecastsResult:
    found: ForecastsResult = headtohead.forecasts(mine, as_of=DAY)
    return found


@cache
def article(day: date) -> ForecastsResult:
    found: ForecastsResult = headtohead.forecasts(as_of=day)
    return found


def of(result: ForecastsResult, name: str) -> ForecasterScores:
    return next(s for s in result.scores if s.forecaster == name)


def test_the_articles_outlook_resolves_as_its_readings_say() -> None:
    outcomes = {p.id: p.outcome for p in article(DAY).propositions}
    assert outcomes == {"F1": "yes", "F2": "unresolved", "F3": "unresolved", "F4": "unresolved"}
    early = {p.id: p.outcome for p in article(date(2026, 6, 1)).propositions}
    assert early == outcomes | {"F1": "not due", "F2": "not due"}
    assert "so far" in article(date(2026, 6, 1)).propositions[0].finding


def test_no_forecast_is_shown_before_it_was_made() -> None:
    before = headtohead.forecasts(as_of="2024-06-01")
    assert before.propositions == ()
    assert "No forecast had been made by 1 June 2024." in "\n".join(sheet_lines(before.sheet))


def test_no_probability_is_made_up() -> None:
    found = article(DAY)
    assert not any(p.stakes for p in found.propositions)
    assert not found.scores
    assert "none is made up" in str(found)
    assert found.propositions[0].references[0].in_hindsight


def test_a_file_of_twenty_is_scored_end_to_end(result: ForecastsResult) -> None:
    assert len(result.propositions) == 20
    resolved = [p for p in result.propositions if p.resolved]
    assert len(resolved) >= 10
    ann = of(result, "Ann")
    errors = [(s.probability - (p.outcome == "yes")) ** 2 for p in resolved for s in p.stakes[:1]]
    assert ann.propositions == ann.forecasts == len(resolved)
    assert ann.brier.value == pytest.approx(np.mean(errors))
    assert ann.brier.low < ann.brier.value < ann.brier.high
    assert ann.parts.brier == pytest.approx(ann.brier.value)
    assert {s.forecaster for s in result.scores} == {"Ann", "Bob", "Base rate", "Damped trend"}


def test_skill_is_against_what_was_known_on_the_day_of_each_probability(
    result: ForecastsResult,
) -> None:
    days = {r.given_on for p in result.propositions for r in p.references}
    assert days == {date(2026, 5, 15), date(2026, 6, 1)}
    assert all(r.known_by == r.given_on for p in result.propositions for r in p.references)
    for name in ("Base rate", "Damped trend"):
        n, against, _ = of(result, "Ann").skill[name]
        pairs = []
        for p in (p for p in result.propositions if p.resolved):
            early = p.references[0]
            share = early.base_rate.share
            simple = share.value if share else None
            simple = early.trend.probability if name == "Damped trend" else simple
            if simple is not None:
                came = float(p.outcome == "yes")
                pairs.append(((p.stakes[0].probability - came) ** 2, (simple - came) ** 2))
        own, other = np.sum(pairs, axis=0)
        assert n == len(pairs) > 0
        assert against
        assert against.value == pytest.approx(1 - own / other)


def test_a_trend_stands_on_the_page_with_its_back_cast(result: ForecastsResult) -> None:
    trends = [f for f in result.sheet.figures if f.slug.startswith("trend-")]
    # Ranges of one number share its trend: two numbers, on two days.
    assert len(trends) == 4
    for figure in trends:
        assert figure.says.startswith("Back-cast: ")
        assert "80% interval held" in figure.says
        assert "mean error" in figure.says
        assert figure.chart
        assert figure.chart() is not None


def test_every_form_says_the_same(result: ForecastsResult) -> None:
    told = json.loads(result.to_json())
    assert [p["outcome"] for p in told["results"]] == [p.outcome for p in result.propositions]
    assert told["scores"][0]["brier"]["value"] == of(result, "Ann").brier.value
    assert result.to_frame()["outcome"].to_list()[0] in ("yes", "no", "cannot be resolved")
    page = result.to_html()
    assert "Calibration of Ann" in page
    for width in (60, 80):
        assert max(map(len, sheet_lines(result.sheet, width=width))) <= width


TABLE = """question,probability,outcome,day,forecaster
Rain on Monday,0.8,yes,2026-01-01,Ann
Rain on Tuesday,0.3,no,2026-01-02,Ann
Rain on Tuesday,0,no,2026-01-02,Bob
Rain on Monday,0,yes,2026-01-02,Bob
Rain in May,0.5,,2026-01-02,Bob
"""


def test_a_plain_table_is_scored_and_an_infinite_score_is_said(tmp_path: Path) -> None:
    path = tmp_path / "rain.csv"
    path.write_text(TABLE)
    found = headtohead.forecasts(path, as_of=DAY)
    assert [p.outcome for p in found.propositions] == ["yes", "no", "not due"]
    assert of(found, "Ann").brier.value == pytest.approx((0.04 + 0.09) / 2)
    assert of(found, "Bob").log.value == np.inf
    assert of(found, "Bob").impossible == ("1",)
    assert "Bob gave no chance to what came of 1: the log score is infinite" in " ".join(
        str(found).split()
    )
    assert json.loads(found.to_json())["scores"][1]["log"]["infinite"]
    early = headtohead.forecasts(path, as_of="2026-01-01")
    assert [s.forecaster for s in early.scores] == ["Ann"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("0.8,yes", "80,yes", "row 1: probability is '80'. Use a number from 0 to 1"),
        ("0.8,yes", "high,yes", "row 1: probability: "),
        ("0.8,yes", "0.8,maybe", "row 1: outcome: "),
        ("0.8,yes", "0.8,0.5", "row 1: outcome is 0.5. Write yes or no"),
        ("0,yes", "0,no", "row 4: 'Rain on Monday' has another outcome in an earlier row"),
        ("2026-01-01", "May", "row 1: day: 'May' is not a day"),
        ("Rain on Monday,0.8", ",0.8", "row 1: question is empty"),
        (",day,", ",when,", r"has no column 'day'.*`mapping=\{'day': 'COLUMN'\}`"),
    ],
)
def test_a_wrong_table_says_which_row(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = tmp_path / "rain.csv"
    path.write_text(TABLE.replace(old, new, 1))
    with pytest.raises(InputError, match=says):
        headtohead.forecasts(path, as_of=DAY)


def test_what_is_given_when_the_outcome_is_known_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rain.csv"
    head = "question,probability,outcome,day,forecaster,resolved_on\n"
    path.write_text(head + "Rain,0.8,yes,2026-01-01,Ann,2026-01-05\nSnow,0.2,no,2026-01-02,Ann,\n")
    found = headtohead.forecasts(path, as_of="2026-01-05")
    assert [p.outcome for p in found.propositions] == ["yes", "no"]
    said = " ".join(str(found).split())
    assert "Of 1 resolved question the table names no day" in said
    assert "Intervals over fewer than 10 propositions are too narrow" in said
    early = headtohead.forecasts(path, as_of="2026-01-04").propositions[0]
    assert (early.outcome, early.finding) == ("not due", "resolves on 2026-01-05")
    for row, said in (
        ("Rain,0.9,yes,2026-01-05,Bob,2026-01-05", "Bob's probability is of 2026-01-05"),
        ("Rain,0.9,yes,2026-01-02,Ann,2026-01-06", "has another day of resolution"),
        ("Rain,0.9,yes,2026-01-01,Ann,2026-01-05", "another row of that question and day"),
        ("Rain,0.9,yes,2026-01-02,ann,2026-01-05", "forecaster is 'ann', and earlier 'Ann'"),
    ):
        path.write_text(f"{head}Rain,0.8,yes,2026-01-01,Ann,2026-01-05\n{row}\n")
        with pytest.raises(InputError, match=f"row 2: .*{said}"):
            headtohead.forecasts(path, as_of=DAY)


def test_columns_may_be_called_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "rain.jsonl"
    path.write_text('{"q": "Rain", "p": {"yes": 1}, "came": true, "on": "2026-01-01T10:00:00Z"}\n')
    mapping = {"question": "q", "probability": "p.yes", "outcome": "came", "day": "on"}
    found = headtohead.forecasts(path, as_of=DAY, mapping=mapping)
    assert of(found, "rain").brier.value == 0
    with pytest.raises(UnknownName, match="probabilty"):
        headtohead.forecasts(path, as_of=DAY, mapping={"probabilty": "p"})


def test_what_cannot_be_scored_says_what_to_do(tmp_path: Path, mine: Path) -> None:
    with pytest.raises(InputError, match="`bins` is 0"):
        headtohead.forecasts(as_of=DAY, bins=0)
    with pytest.raises(InputError, match="`mapping` is for tables"):
        headtohead.forecasts(mine, as_of=DAY, mapping={"day": "on"})
    path = tmp_path / "none.toml"
    text = twenty().partition("[[claim]]")[0] + claim("A", 0, 0.5, 0.5, "", "2026-08-15")
    lines = [x for x in text.splitlines() if "probab" not in x and "_on" not in x and x != "]"]
    path.write_text("\n".join(lines).replace('"forecast"', '"gap"'))
    with pytest.raises(InputError, match="has no forecast"):
        headtohead.forecasts(path, as_of=DAY)


def test_the_command_prints_what_python_gives(mine: Path) -> None:
    run = CliRunner().invoke(cli.main, ["forecasts", "--as-of", str(DAY), "--json"])
    assert run.exit_code == 0
    assert json.loads(run.output) == article(DAY).as_json()
