"""What every analysis must keep, run over all that are found."""

import inspect
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

import pytest
from tests.simulations import leading

from headtohead.claims.claim import Claim
from headtohead.claims.questions.verb import list_questions
from headtohead.claims.verdict import claims_of
from headtohead.core.dates import Period
from headtohead.core.errors import UnknownName
from headtohead.core.question import FILTER, Answer, Sides
from headtohead.core.units import unit
from headtohead.evidence.facts import COLUMNS, Facts
from headtohead.evidence.tables import tables
from headtohead.questions import FOLDERS, GENERAL, analyses, analysis

ALL = analyses()
AS_OF = date(2026, 10, 31)


def run(facts: Facts, name: str, as_of: date = AS_OF, sides: Sides | None = None) -> Answer:
    """The analysis with the scopes of the claims that use it, until one can be answered."""
    for about, scope in asked(facts, name):
        answer = facts.ask(analysis(name), about=about, as_of=as_of, sides=sides, scope=scope)
        if answer.estimates:
            break
    return answer


@cache
def asked(facts: Facts, name: str) -> list[tuple[Period, Mapping[str, Any]]]:
    """When and of what the claims ask it; as the example does where no claim asks."""
    return [
        (condition.about or claim.about, condition.scope)
        for claim in claims(facts)
        for reading in claim.readings
        for condition in reading.conditions
        if condition.analysis == name
    ] or [example(facts, name)]


@cache
def claims(facts: Facts) -> Sequence[Claim]:
    """Of the built-in file."""
    return claims_of(facts).claims


def example(facts: Facts, name: str) -> tuple[Period, dict[str, Any]]:
    """As `h2h questions` shows it."""
    (claim,) = tomllib.loads(list_questions(name, store=facts.store).example)["claim"]
    return Period.parse(claim["about"]), claim["as_stated"].get("scope", {})


def test_all_folders_have_analyses() -> None:
    assert {name.split(".")[0] for name in ALL} == {*FOLDERS, GENERAL}


@pytest.mark.parametrize("name", ALL)
def test_its_descriptor_is_whole(name: str) -> None:
    question = ALL[name].QUESTION
    assert question.asks.endswith("?")
    wanted = {*question.reads, *question.optional}
    assert wanted
    assert wanted <= set(tables())
    assert question.units
    for suffix in question.units:
        unit(suffix)
    assert all(
        word.doc.endswith(".") or word.doc.endswith("...") for word in question.scope.values()
    )
    assert list(inspect.signature(ALL[name].run).parameters) == ["frames", "ask"]


@pytest.mark.parametrize("name", ALL)
def test_it_answers_with_intervals_and_cited_rows(facts: Facts, name: str) -> None:
    answer = run(facts, name)
    assert answer.estimates, answer.missing
    assert answer.says
    assert not answer.says.endswith(".")
    known = {c.source.source_id for c in facts.store.cards()}
    cited = {str(row["source_id"]) for row in answer.rows}
    assert cited <= known
    for e in answer.estimates:
        assert e.unit in ALL[name].QUESTION.units
        assert set(e.source_ids) <= known
        assert e.as_of == AS_OF
        assert e.observed_on
        assert e.known_on
        assert e.known_on <= AS_OF


DRAWING = ("cost.cost_per_success", "performance.score_ratio")
"""Of those that draw at random, the quick ones."""


@pytest.mark.parametrize("name", leading(sorted(ALL, key=lambda n: n not in DRAWING), len(DRAWING)))
def test_the_same_evidence_gives_the_same_answer(facts: Facts, name: str) -> None:
    first = run(facts, name)
    anew = Facts(facts.store)
    answers = [
        anew.ask(analysis(name), about=about, as_of=AS_OF, scope=scope)
        for about, scope in asked(facts, name)
    ]
    assert all(answer is not first for answer in answers)
    assert first in answers


@pytest.mark.parametrize("name", ALL)
def test_without_evidence_it_says_why(facts: Facts, name: str) -> None:
    answer = run(facts, name, as_of=date(2019, 1, 1))
    assert not answer.estimates
    assert answer.missing


# Falls of prices take a second of each pair of sides: one pair always runs.
@pytest.mark.parametrize(
    ("name", "sides"),
    [
        pytest.param(name, sides, marks=[pytest.mark.slow] * again)
        for name in ALL
        for sides, again in (
            (Sides("open", "closed", "open"), False),
            (Sides("lab", "openai", "deepseek"), name == "cost.price_decline"),
        )
    ],
)
def test_other_sides_give_an_answer_or_a_reason(facts: Facts, name: str, sides: Sides) -> None:
    answer = run(facts, name, sides=sides)
    assert bool(answer.estimates) != bool(answer.missing)


def test_no_row_known_later_is_behind_an_answer(facts: Facts) -> None:
    day = date(2025, 12, 15)
    for name in ALL:
        for row in run(facts, name, as_of=day).rows:
            assert row["known_on"] <= day, (name, row)


# Words that may say anything: hours, and ratings.
FREE = {"start", "end", "levels"}


@pytest.mark.parametrize("name", ALL)
def test_it_declares_where_the_values_of_its_words_stand(name: str) -> None:
    question = ALL[name].QUESTION
    columns = {c.name for t in question.tables for c in tables()[t].all_columns}
    for word, said in question.scope.items():
        if said.kind in ("text", "texts") and word not in FREE:
            assert said.choices or said.column, word
        assert said.column in (*columns, *COLUMNS, FILTER, ""), word
        for within in said.within:
            assert within in question.scope or within.partition("=")[0] in columns


def test_an_unknown_analysis_names_near_ones() -> None:
    with pytest.raises(UnknownName, match="arena_level"):
        analysis("performance.arena_levels")


def test_an_answer_has_estimates_or_a_reason_but_not_both() -> None:
    with pytest.raises(ValueError, match="or says why"):
        Answer()


def test_chance_comes_only_from_the_seed(facts: Facts) -> None:
    other = Facts(facts.store, seed=1)
    name = "cost.price_vs_rating"
    a, b = ([r["front_frac"] for r in run(p, name).rows] for p in (facts, other))
    assert a != b
    assert max(abs(x - y) for x, y in zip(a, b, strict=True)) < 0.15
