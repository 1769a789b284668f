"""A value that no row ever had is a slip: an error with file, line, claim and "did you mean"."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

import headtohead
from headtohead.claims.claim import ClaimsFile
from headtohead.claims.verdict import claims_of
from headtohead.core.dates import Period
from headtohead.core.errors import ClaimsFileError, UnknownName
from headtohead.evidence.facts import Facts
from headtohead.evidence.values import Values
from headtohead.questions import analyses, analysis, exhibit_specs

HEAD = 'title = "t"\norigin = "o"\n'
CLAIM = """\
[[claim]]
id = "{id}"
says = "s"
section = "performance"
kind = "gap"
about = "2025-12-15"
sources = []
[claim.as_stated]
says = "x"
analysis = "{analysis}"
scope = {scope}
bound = {{ at_least = 0, unit = "{unit}" }}
"""


def claim(name: str, scope: str, i: str = "Z1") -> str:
    unit = analyses()[name].QUESTION.units[0]
    return CLAIM.format(id=i, analysis=name, scope=scope, unit=unit)


def read(facts: Facts, folder: Path, text: str, head: str = HEAD) -> ClaimsFile:
    path = folder / "mine.toml"
    path.write_text(head + text, encoding="utf-8")
    return claims_of(facts, path)


@pytest.mark.parametrize(
    ("name", "scope", "says"),
    [
        (
            "performance.arena_gap",
            '{ a = "opne=closed" }',
            "No column is called 'opne'. Did you me",
        ),
        ("performance.arena_gap", '{ a = "open=closd" }', "Did you mean closed?"),
        ("performance.arena_gap", '{ a = "brand=quen" }', "Did you mean qwen"),
        ("performance.arena_gap", '{ a = "country=Chnia" }', "Did you mean CN?"),
        ("performance.arena_gap", '{ a = "country" }', "No country is called ''"),
        ("performance.arena_gap", '{ a = "organisation=OpenAl" }', "Did you mean OpenAI"),
        (
            "performance.arena_gap",
            '{ board = "texxt" }',
            "No board is called 'texxt'. Did you mean t",
        ),
        ("performance.arena_gap", '{ category = "code" }', "Did you mean coding"),
        (
            "performance.arena_gap",
            '{ board = "document", category = "coding" }',
            "No category of board 'document' is called 'coding'. Known: full.",
        ),
        ("performance.arena_rank", '{ groups = ["lab=opnai"] }', "Did you mean openai"),
        ("performance.best_score_gap", '{ benchmarks = ["GPQA-Diamnd"] }', "mean gpqa_diamond?"),
        (
            "performance.best_score_gap",
            '{ benchmarks = ["tau2"], parts = ["retail_pass1"] }',
            "Did you mean retail_pass_1",
        ),
        ("performance.capability_gap", '{ without = ["gpqa_dimond"] }', "mean gpqa_diamond?"),
        ("performance.capability_gap", '{ index_sources = ["epoch_ecii"] }', "mean epoch_eci"),
        ("performance.arena_level", '{ models = ["GPT-5-hihg"] }', "Did you mean gpt-5-high"),
        (
            "performance.gap_closed",
            '{ since = "2024-01-15", measures = ["x"] }',
            "Use one of rating",
        ),
        (
            "performance.trading_order",
            '{ season = "alpha_arena_2" }',
            "Did you mean alpha_arena_1?",
        ),
        ("investment.research_lead", '{ topics = ["citations"] }', "mean publication_citations?"),
        ("cost.training_cost", '{ subjects = ["DeepSeek V3"] }', "Did you mean DeepSeek-V3?"),
        ("cost.training_cost", '{ measures = ["amortized"] }', "Did you mean amortised?"),
        ("openness.flagships", '{ criteria = ["weights"] }', "Use one of weights_open"),
        ("hardware.restricted_chips", '{ chips = ["H9000"] }', "No hardware is called 'H9000'"),
        ("hardware.compute_stock", '{ owners = ["Microsft"] }', "Did you mean Microsoft?"),
        ("impact.token_share", '{ channel = "openruter" }', "Did you mean openrouter?"),
        ("cost.same_quality", "{ months = nan }", "is nan. Use a number from 0 to 1,200"),
        ("cost.same_quality", "{ months = 1e9 }", "Use a number from 0 to 1,200"),
        ("cost.same_quality", "{ margin_pp = inf }", "Use a number from -100 to 100"),
        ("cost.price_decline", "{ input_share = 2 }", "is 2. Use a number from 0 to 1"),
    ],
)
def test_a_slip_names_file_line_claim_and_what_was_meant(
    facts: Facts, tmp_path: Path, name: str, scope: str, says: str
) -> None:
    with pytest.raises(ClaimsFileError) as caught:
        read(facts, tmp_path, claim(name, scope))
    (problem,) = caught.value.problems
    assert problem.startswith("mine.toml:13: field 'as_stated.scope.")
    assert " of claim Z1 " in problem
    assert says in problem


def test_several_slips_are_reported_at_once(facts: Facts, tmp_path: Path) -> None:
    text = claim("performance.arena_gap", '{ a = "opne=closed", board = "texxt" }')
    text += claim("performance.best_score_gap", '{ benchmarks = ["GPQA-Diamnd"] }', "Z2")
    with pytest.raises(ClaimsFileError) as caught:
        read(facts, tmp_path, text)
    assert [p.partition(" is wrong")[0] for p in caught.value.problems] == [
        "mine.toml:13: field 'as_stated.scope.board' of claim Z1",
        "mine.toml:13: field 'as_stated.scope.a' of claim Z1",
        "mine.toml:25: field 'as_stated.scope.benchmarks' of claim Z2",
    ]


def test_a_slip_in_a_word_is_not_followed_by_errors_of_words_that_hang_on_it(
    facts: Facts, tmp_path: Path
) -> None:
    scope = '{ topic = "private_investmnt", measure = "private investment" }'
    with pytest.raises(ClaimsFileError) as wrong:
        read(facts, tmp_path, claim("general.figure", scope))
    (problem,) = wrong.value.problems
    assert "Did you mean private_investment?" in problem


def test_a_side_of_the_file_that_does_not_exist_is_an_error(facts: Facts, tmp_path: Path) -> None:
    good = claim("performance.arena_gap", "{}")
    with pytest.raises(ClaimsFileError, match=r"mine.toml:3: field 'b' is wrong.* Did you mean Ch"):
        read(facts, tmp_path, good, HEAD + 'b = "Chnia"\n')
    file = read(facts, tmp_path, good, HEAD + 'a = "USA"\nb = "China"\n')
    assert (file.a, file.b) == ("US", "CN")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("country=China", "country=CN"),
        ("country = chinese , open=closed", "country=CN, open=closed"),
        ("lab=Moonshot AI", "lab=moonshotai"),
        ("brand=Qwen", "brand=qwen"),
        ("organisation=OpenAI", "organisation=OpenAI"),
    ],
)
def test_names_are_taken_as_people_write_them(
    facts: Facts, tmp_path: Path, written: str, meant: str
) -> None:
    file = read(facts, tmp_path, claim("performance.arena_gap", f'{{ a = "{written}" }}'))
    assert file.claims[0].as_stated.conditions[0].scope["a"] == meant


def test_a_benchmark_is_taken_by_its_title(facts: Facts, tmp_path: Path) -> None:
    text = claim("performance.best_score_gap", '{ benchmarks = ["GPQA Diamond"] }')
    assert read(facts, tmp_path, text).claims[0].as_stated.conditions[0].scope["benchmarks"] == [
        "gpqa_diamond"
    ]


def test_training_costs_of_different_scope_share_no_bound(facts: Facts, tmp_path: Path) -> None:
    text = claim(
        "cost.training_cost", '{ subjects = ["DeepSeek-V3", "DeepSeek", "GPT-4"], measures = [] }'
    )
    with pytest.raises(ClaimsFileError) as caught:
        read(facts, tmp_path, text)
    (problem,) = caught.value.problems
    assert problem.startswith("mine.toml:13: field 'as_stated.scope' of claim Z1 is wrong. These")
    assert "figures of different scope" in problem
    assert "the company's servers" in problem
    one = text.replace("measures = []", 'measures = ["amortised"]')
    assert read(facts, tmp_path, one).claims
    sums = text.replace("measures = []", 'measures = [], show = "sum"')
    assert read(facts, tmp_path, sums).claims
    beside = text.replace("measures = []", 'measures = [], show = "side_by_side"')
    with pytest.raises(ClaimsFileError, match="no one bound can hold"):
        read(facts, tmp_path, beside)


def test_what_is_not_known_yet_is_no_slip(facts: Facts) -> None:
    scope: dict[str, Any] = {"board": "webdev"}
    question = analysis("performance.arena_gap")
    about, as_of = Period.parse("2025-12-15"), date(2025, 12, 15)
    Values(facts).read(question.QUESTION, "board", {"board": "webdev"})
    answer = facts.ask(question, about=about, as_of=as_of, scope=scope)
    assert answer.missing == (
        "no webdev board with both sides was known by 2025-12-15; webdev is in no evidence known "
        "by 2025-12-15"
    )


def test_a_known_benchmark_without_a_score_here_is_said(facts: Facts) -> None:
    about, as_of = Period.parse("2026-10-15"), date(2026, 10, 15)
    question = analysis("performance.best_score_gap")
    scope = {"benchmarks": ["lech_mazur_writing"]}
    assert Values(facts).read(question.QUESTION, "benchmarks", {**scope, "parts": ()})
    answer = facts.ask(question, about=about, as_of=as_of, scope=scope)
    assert answer.missing.endswith(" is in no evidence known by 2026-10-15")


def test_every_exhibit_of_the_report_asks_for_values_that_exist(facts: Facts) -> None:
    values = Values(facts)
    for spec in exhibit_specs().values():
        question = analysis(spec.analysis).QUESTION
        filled = {k: w.default for k, w in question.scope.items()} | dict(spec.scope)
        for name in question.scope:
            values.read(question, name, filled)


def test_a_slip_in_a_list_of_ours_is_found_too(facts: Facts) -> None:
    question = analysis("hardware.design_share").QUESTION
    with pytest.raises(UnknownName, match="Did you mean"):
        Values(facts).read(question, "country", {"step": "design", "country": "Chnia"})


def test_a_word_that_is_missing_says_what_there_is(facts: Facts, tmp_path: Path) -> None:
    with pytest.raises(ClaimsFileError) as caught:
        read(facts, tmp_path, claim("general.figure", '{ topic = "data_centres" }'))
    (problem,) = caught.value.problems
    assert "measure' of claim Z1 is missing" in problem
    assert problem.endswith("Known: AI data centres.")


def test_a_bound_has_the_unit_of_the_figures(facts: Facts, tmp_path: Path) -> None:
    scope = '{ topic = "data_centres", measure = "AI data centres", subjects = ["US"] }'
    text = claim("general.figure", scope).replace('unit = "elo"', 'unit = "usd"')
    with pytest.raises(ClaimsFileError, match=r"bound.unit' of .* 'usd', but these .* n\."):
        read(facts, tmp_path, text)
    assert read(facts, tmp_path, text.replace('"usd"', '"n"')).claims


def test_a_day_that_does_not_exist_is_an_error(facts: Facts, tmp_path: Path) -> None:
    with pytest.raises(ClaimsFileError, match="must be a day"):
        read(facts, tmp_path, claim("performance.gap_closed", '{ since = "2024-02-31" }'))


def test_every_question_has_an_example_that_loads(facts: Facts, tmp_path: Path) -> None:
    for name in analyses():
        text = headtohead.list_questions(name, store=facts.store).example
        (written,) = read(facts, tmp_path, text).claims
        assert written.as_stated.conditions[0].analysis == name


def test_slips_in_a_file_of_the_older_form_are_reported_with_it(
    facts: Facts, tmp_path: Path
) -> None:
    text = claim("performance.arena_gap", '{ a = "opne=closed" }') + (
        '[claim.kindest]\nsays = "y"\nanalysis = "performance.best_score_gap"\n'
        'scope = { benchmarks = ["GPQA-Diamnd"] }\nbound = { at_least = 0, unit = "pp" }\n'
    )
    with pytest.raises(ClaimsFileError) as caught:
        read(facts, tmp_path, text)
    assert [p.partition(" of claim")[0] for p in caught.value.problems] == [
        "mine.toml:15: field 'kindest'",
        "mine.toml:18: field 'kindest.scope.benchmarks'",
        "mine.toml:13: field 'as_stated.scope.a'",
    ]


def test_what_is_left_out_of_a_list_is_said(facts: Facts) -> None:
    about, as_of = Period.parse("2025-12-15"), date(2025, 12, 15)
    subjects = ["DeepSeek-V3", "GPT-4.5", "Grok-3"]
    scope: dict[str, Any] = {"subjects": subjects, "measures": ["final_run_rental"]}
    answer = facts.ask(analysis("cost.training_cost"), about=about, as_of=as_of, scope=scope)
    assert answer.estimates
    assert answer.notes[-1] == "left out: GPT-4.5, Grok-3 are in no evidence known by 2025-12-15"

    scope = {"models": ["gpt-5-high", "DeepSeek-V3.2-Exp", "Kimi K3"], "need_all": False}
    answer = facts.ask(analysis("performance.arena_level"), about=about, as_of=as_of, scope=scope)
    assert answer.notes[-1] == "left out: Kimi K3 is in no evidence known by 2025-12-15"
