"""Any two side by side: the card says what its questions found, both ways, and nothing later."""

import re
from datetime import date
from functools import cache

import pytest
from click.testing import CliRunner

import headtohead
from headtohead import cli
from headtohead.claims.versus.line import Ahead, Line, lead_since, leads
from headtohead.claims.versus.pair import pair_of
from headtohead.claims.versus.result import VersusResult
from headtohead.claims.versus.verb import finding_of
from headtohead.core.dates import Period
from headtohead.core.errors import InputError, UnknownName
from headtohead.core.estimate import Estimate
from headtohead.evidence.facts import Facts
from headtohead.questions import analysis

pytestmark = pytest.mark.usefixtures("kept_facts")
DAY = date(2026, 10, 31)
PAIRS = [("gpt-5", "deepseek-v3.2"), ("US", "CN"), ("open", "closed"), ("openai", "deepseek")]
_MIRROR: dict[Ahead, Ahead] = {"a": "b", "b": "a"}


def an_estimate(low: float, value: float, high: float) -> Estimate:
    return Estimate(
        label="B minus A",
        value=value,
        low=low,
        high=high,
        level=0.95,
        unit="elo",
        method="test",
        n=2,
        n_of="boards",
        about=Period(DAY, DAY),
        as_of=DAY,
        source_ids=("test",),
    )


@cache
def card(a: str, b: str) -> VersusResult:
    """As of the day that most tests ask about."""
    made: VersusResult = headtohead.versus(a, b, as_of=DAY)
    return made


@pytest.fixture(scope="module", params=PAIRS, ids="-".join)
def both_ways(request: pytest.FixtureRequest) -> tuple[VersusResult, VersusResult]:
    a, b = request.param
    return card(a, b), card(b, a)


def every(result: VersusResult) -> dict[str, Line]:
    return dict(result.by_slug)


def test_all_six_grounds_stand_on_the_card_in_order(
    both_ways: tuple[VersusResult, VersusResult],
) -> None:
    result = both_ways[0]
    assert " ".join(result.lines) == "performance openness cost hardware investment impact"
    assert all(result.lines.values())


def test_the_card_is_the_same_read_from_the_other_side(
    both_ways: tuple[VersusResult, VersusResult],
) -> None:
    forth, back = map(every, both_ways)
    assert {*forth} == {*back}
    for slug, line in forth.items():
        other = back[slug]
        # Costs per solved task compare with the best run of whoever would be replaced.
        if slug == "task-cost":
            continue
        assert other.ahead == _MIRROR.get(line.ahead, line.ahead), slug
        assert (line.a, line.b) == (other.b, other.a), slug
        assert line.since == other.since, slug


def test_every_line_says_what_it_found_and_cites_it(
    both_ways: tuple[VersusResult, VersusResult],
) -> None:
    result = both_ways[0]
    cited = {c.source_id for c in result.citations}
    for slug, line in every(result).items():
        assert line.says, slug
        assert set(line.source_ids) <= cited, slug
        assert bool(line.source_ids) == (line.ahead != "unknown" or bool(line.a or line.b)), slug
        assert line.observed_on is None or line.observed_on <= DAY, slug
        assert line.ahead != "unknown" or line.short in result.answer, slug


def test_nothing_that_became_known_later_is_used() -> None:
    day = date(2025, 12, 15)
    for slug, line in every(headtohead.versus("US", "CN", as_of=day)).items():
        known = [row["known_on"] for row in line.rows if row.get("known_on")]
        assert all(known_on <= day for known_on in known), slug


def test_the_rating_is_that_of_its_question() -> None:
    facts, window = Facts(), Period(DAY, DAY)
    gap = facts.ask(analysis("performance.arena_gap"), about=window, as_of=DAY).estimates[0]
    line = every(card("US", "CN"))["rating"]
    assert line.difference == gap
    assert line.ahead == "a"
    assert f"{abs(gap.value):.0f} points" in line.by
    assert str(line.observed_on) in line.what


def test_data_that_are_old_by_the_day_asked_about_are_dated_in_the_answer() -> None:
    late = headtohead.versus("US", "CN", as_of=date(2025, 6, 1), about="2025-12-15")
    assert "(64 points as of 2025-05-21)" in late.answer
    assert " as of " not in headtohead.versus("US", "CN", as_of=date(2025, 6, 1)).answer


def test_a_side_with_a_cost_per_solved_task_shows_it_and_no_pair_counts_twice() -> None:
    line = every(card("openai", "deepseek"))["task-cost"]
    assert line.a.startswith("$")
    assert line.b.startswith("$")
    facts, window = Facts(), Period(DAY, DAY)
    scope = {"dear": ["gpt-5", "gpt-5 (high)"], "b": "lab=DeepSeek", "months": 36}
    answer = facts.ask(analysis("cost.cost_per_success"), about=window, as_of=DAY, scope=scope)
    labels = [e.label for e in answer.estimates]
    assert len(labels) == len(set(labels))


def test_the_same_quality_for_less_is_said_of_one_side_of_each_test() -> None:
    """Either side's best run can be asked for; a test counts once, whoever is named first."""
    line = every(card("claude-sonnet-4.5", "gpt-5.2"))["same-quality"]
    again = every(card("gpt-5.2", "claude-sonnet-4.5"))["same-quality"]
    assert (
        (line.a, line.b)
        == (again.b, again.a)
        == ("cheaper on 0 of 5 tests", "cheaper on 1 of 5 tests")
    )
    assert line.says == again.says
    retail = (
        "GPT-5.2 reaches the quality of Claude Sonnet 4.5's best run on tau2-bench, retail pass 1"
    )
    assert f"{retail} (72.4%) 81% (72% to 81%) cheaper" in line.says
    assert line.says.count("telecom") == 1


def test_a_price_that_its_maker_ended_is_that_of_the_cheapest_seller_by_name() -> None:
    line = every(card("gpt-5", "deepseek-v3.2"))["list-price"]
    assert line.b.startswith("$0.26 in, $0.38 out at DeepInfra, since 2026-02-09")
    assert line.b.endswith("its cheapest credible seller")
    assert "DeepSeek has not sold DeepSeek-V3.2 since 2026-04-24, when its name" in line.says
    assert line.ahead == "b"
    assert line.difference is not None
    assert 11 < line.difference.value < 13
    before = headtohead.versus("gpt-5", "deepseek-v3.2", as_of="2026-04-01")
    assert "has not sold" not in every(before)["list-price"].says


def test_each_count_of_tests_says_which_and_of_which_runs() -> None:
    lines = every(card("gpt-5", "deepseek-v3.2"))
    assert " of coding and of agents and those of " in lines["agentic"].says
    assert " of coding " not in lines["tests"].says
    assert all("in runs of 20" in lines[slug].says for slug in ("tests", "agentic"))


def test_a_context_that_no_maker_states_is_that_of_the_sellers() -> None:
    line = every(card("gpt-5", "deepseek-v3.2"))["context"]
    assert line.a == "400,000 tokens"
    low, high = (int(word.replace(",", "")) for word in line.b.split(" tokens")[0].split(" to "))
    assert 100_000 <= low < high <= 200_000
    assert line.b.endswith("by seller")
    assert line.by == f"at least {400_000 - high:,} tokens more"
    assert line.says.endswith(f"as listed on {line.observed_on}")


def test_days_are_those_of_the_number_and_a_lead_may_be_older_than_its_first_board() -> None:
    result = headtohead.versus("US", "CN", as_of=DAY, about="2025-12-31")
    stock = every(result)["stock"]
    assert stock.difference is not None
    assert stock.observed_on == stock.difference.observed_on == date(2025, 12, 31)
    assert ", at least since 20" in result.to_markdown()


def test_what_is_lost_is_said_of_the_side_that_stands_in() -> None:
    sold = headtohead.versus("deepseek-v3.2", "gpt-5", as_of=DAY, about="2025-12-31")
    assert "It cannot be downloaded and costs 10.9 times as much" in sold.answer
    # DeepSeek has sold it no longer since 24 April 2026.
    assert "times as much at the maker" not in card("deepseek-v3.2", "gpt-5").answer
    assert "times less" not in card("US", "CN").answer


def test_one_model_whose_name_has_blanks_is_one() -> None:
    day = date(2025, 1, 1)
    answer = headtohead.versus("deepseek-chat", "gpt-4o", as_of=DAY, about=day).answer
    assert "GPT-4o (2024-08-06) reaches " in answer


def test_tests_that_tell_the_two_apart_are_not_listed_as_undecided() -> None:
    line = every(card("gpt-5", "deepseek-v3.2"))["tests"]
    assert "on 2 it cannot be told (those of DeepSeek-V3.2 on GPQA Diamond" in line.says
    assert "Chess Puzzles" not in line.says.partition("it cannot be told")[2]


def test_sellers_and_countries_are_called_as_people_call_them() -> None:
    lines = every(card("gpt-5", "deepseek-v3.2"))
    assert lines["retirement"].a == "2026-12-11 at OpenAI"
    assert "14 from the United States" in lines["operators"].a


@pytest.mark.parametrize("pair", [("US", "CN"), ("gpt-5", "deepseek-v3.2")])
def test_old_counts_of_tokens_are_shown_with_their_days_and_lead_nobody(
    pair: tuple[str, str],
) -> None:
    line = card(*pair).by_slug["tokens"]
    assert line.what.endswith("last known, 2026-06-17 to 2026-06-23")
    assert line.a
    assert line.b
    assert line.ahead == "unknown"
    assert "130 days before 31 October 2026" in " ".join(line.notes)


def test_a_misspelt_model_is_suggested_by_its_name() -> None:
    with pytest.raises(UnknownName, match=r"Did you mean DeepSeek-V3\.2 or DeepSeek-V3\.2-"):
        headtohead.versus("gpt-5", "deepsek-v3.2", as_of=DAY)


def test_what_is_not_known_is_said_and_not_left_out() -> None:
    early = headtohead.versus("US", "CN", as_of=date(2024, 3, 1))
    assert all(line.ahead == "unknown" for line in every(early).values())
    assert early.answer.startswith(
        "Nothing that is known measures Chinese models against US models."
    )


@pytest.mark.parametrize(
    ("a", "b", "error", "said"),
    [
        ("gpt-5", "deepseek", InputError, "'gpt-5' is a model and 'deepseek' is a lab"),
        ("gtp-5", "deepseek-v3.2", UnknownName, "Did you mean GPT-5 or"),
        ("China", "PRC", InputError, "are the same"),
        ("gpt-5", "GPT 5", InputError, "are the same"),
    ],
)
def test_two_that_cannot_be_compared_are_refused(
    a: str, b: str, error: type[InputError], said: str
) -> None:
    with pytest.raises(error, match=said):
        headtohead.versus(a, b, as_of=DAY)


@pytest.mark.parametrize(
    ("a", "b", "kind"),
    [
        ("USA", "china", "country"),
        ("OpenAI", "DeepSeek", "lab"),
        ("qwen3", "llama 3", "family"),
        ("closed", "open weights", "open"),
        ("GPT-5 (high)", "deepseek-v3.2-thinking", "model"),
    ],
)
def test_the_two_are_known_by_whatever_people_call_them(a: str, b: str, kind: str) -> None:
    assert pair_of(Facts(), a, b, None, Period(DAY, DAY), DAY).kind == kind


@pytest.mark.parametrize(
    ("ends", "zero", "who"),
    [
        ((-46, -36, -26), 0.0, "a"),
        ((2, 5, 8), 0.0, "b"),
        ((-1, 2, 5), 0.0, "open"),
        ((0, 0, 0), 0.0, "level"),
        ((0.5, 0.7, 0.9), 1.0, "a"),
    ],
)
def test_one_is_ahead_only_if_the_interval_leaves_out_no_difference(
    ends: tuple[float, float, float], zero: float, who: Ahead
) -> None:
    assert leads(an_estimate(*ends), zero=zero) == who
    assert leads(an_estimate(*ends), zero=zero, more="a") == _MIRROR.get(who, who)


def test_a_lead_began_when_it_last_changed_hands() -> None:
    days = [date(2025, month, 1) for month in range(1, 7)]
    leaders: list[Ahead] = ["a", "b", "a", "a", "a", "a"]
    assert lead_since(list(zip(days, leaders, strict=True))) == days[2]
    assert lead_since([]) is None
    apart: list[tuple[date, Ahead]] = [(days[0], "a"), (days[1], "a"), (date(2026, 1, 1), "a")]
    assert lead_since(apart, 45) == date(2026, 1, 1)  # nobody saw who led in between
    assert lead_since(apart) == days[0]
    assert lead_since([(days[0], "a"), (days[1], "open")]) is None


def test_every_door_gives_the_same_card(both_ways: tuple[VersusResult, VersusResult]) -> None:
    result = both_ways[0]
    table = result.to_frame()
    assert table.height == len(every(result))
    for text in (str(result), result.to_markdown(), result.to_html()):
        assert all(line.what.split(",")[0].split()[0] in text for line in every(result).values())
    assert [r["slug"] for r in result.as_json()["results"]] == [*every(result)]


def test_the_command_prints_the_card() -> None:
    done = CliRunner().invoke(cli.main, ["versus", "US", "CN", "--as-of", str(DAY)])
    assert done.exit_code == 0, done.output
    assert done.output.startswith("Can Chinese models stand in for US ones?")
    assert max(map(len, done.output.splitlines())) <= 80


def test_a_licence_says_what_a_business_may_do_by_the_most_exact_name_there_is() -> None:
    line = headtohead.versus("Kimi K2", "DeepSeek-V3.2", as_of=DAY).by_slug["openness"]
    assert "Modified MIT License of Kimi K2 (commercial use allowed, with conditions)" in line.a
    assert "MIT License (commercial use allowed), approved by the Open Source" in line.b


def test_numbers_of_the_answer_carry_their_range_their_days_and_the_greater_share_first() -> None:
    result = card("US", "CN")
    assert "(in the median of 8 pairs of runs up to 2025-10-03, 3.5 to 47.5 times)" in result.saving
    downloads, compute = result.by_slug["downloads"], result.by_slug["compute"]
    assert (downloads.ahead, downloads.by) == ("b", "56% against 35%")
    assert "confidence" not in compute.a + compute.b
    assert "called confident by its source" in compute.a


def test_what_is_not_known_says_nothing_of_whose_results_they_are() -> None:
    before = headtohead.versus("US", "CN", as_of=date(2024, 6, 1))
    assert not before.by_slug["agentic"].notes
    assert "for that day" not in before.left
    assert "2024-06-01" in before.left


def test_a_finding_counts_measures_once_where_each_side_is_ahead_in_some() -> None:
    found = finding_of(headtohead.versus("claude", "gemini", as_of=DAY))
    assert re.search(r"behind Claude models on \d and ahead on \d of \d measures", found)
