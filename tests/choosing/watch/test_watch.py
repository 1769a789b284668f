"""`h2h watch`: what retires, what changes price, what has changed, successors, bill, exit codes."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.simulations import leading

import headtohead
from headtohead.choosing.watch.result import WatchResult
from headtohead.choosing.watch.successors import SuccessorSearch, shared_tests
from headtohead.cli import main
from headtohead.core.errors import InputError

pytestmark = pytest.mark.usefixtures("kept_facts")
DAY = "2026-11-10"
MODELS = """
[[model]]
name = "claude-sonnet-4-5"
tokens_per_month = "200M"
blend = "4:1"

[[model]]
name = "gemini-3.7-flash"
operator = "google"
input_tokens_per_month = 300_000_000
cached_tokens_per_month = 100_000_000
output_tokens_per_month = 20_000_000
"""
TOP = 'name = "support bot"\nbudget_usd_per_month = 1500\n'
CONDITIONS = """
[successors]
operator_country = ["US"]
context = "128k"
"""
STACK = TOP + MODELS + CONDITIONS
Run = Callable[..., Result]
Watched = Callable[..., WatchResult]


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    path = tmp_path / "stack.toml"
    path.write_text(STACK)
    return path


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def invoke(*arguments: object) -> Result:
        (tmp_path / "home").mkdir(exist_ok=True)
        words = ["watch", *map(str, arguments), "--store", str(tmp_path / "home")]
        return CliRunner().invoke(main, words, prog_name="h2h")

    return invoke


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """What is ahead of a stack, given as text; what is asked twice is kept."""
    path = tmp_path_factory.mktemp("stack") / "one.toml"

    @cache
    def result(text: str, day: str = DAY, **more: Any) -> WatchResult:
        path.write_text(text)
        return headtohead.watch(path, as_of=day, **more)

    return result


@pytest.fixture
def _without_successors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who could take a model's place is not asked, which takes most of the time."""
    monkeypatch.setattr(SuccessorSearch, "of", lambda *_: None)


@pytest.fixture(scope="module")
def ahead(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """As `watched`, without successors."""
    path = tmp_path_factory.mktemp("stack") / "one.toml"

    @cache
    def result(text: str, day: str = DAY, **more: Any) -> WatchResult:
        path.write_text(text)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(SuccessorSearch, "of", lambda *_: None)
            return headtohead.watch(path, as_of=day, **more)

    return result


def of(result: WatchResult, name: str) -> dict[str, Any]:
    return next(one for one in result.as_json()["results"] if one["name"] == name)


def test_what_retires_with_every_day_stated_and_by_whom(watched: Watched) -> None:
    sonnet = of(watched(STACK), "claude-sonnet-4-5")
    assert (sonnet["model"], sonnet["retiring"]) == ("anthropic/claude-sonnet-4.5", True)
    assert sonnet["retires_on"] == "2026-11-30"
    said = sonnet["days_stated"][0]
    assert said["seller"] == "anthropic"
    assert said["known_on"] == "2026-10-01"
    assert said["url"].startswith("https://github.com/")
    elsewhere = {one["seller"]: one["day"] for one in sonnet["days_stated_elsewhere"]}
    assert elsewhere["amazon-bedrock"] == "2027-04-08"
    assert elsewhere["google-vertex"] == "2026-09-29"


def test_conflicting_days_at_one_seller_are_all_named(ahead: Watched) -> None:
    azure = '[[model]]\nname = "gpt-4.1-nano"\noperator = "azure"\n'
    result = ahead(azure, "2026-09-01")
    found = of(result, "gpt-4.1-nano")
    days = {one["day"] for one in found["days_stated"]}
    assert len(days) > 1
    assert found["retires_on"] == min(days)
    assert (
        "Microsoft Azure retires GPT-4.1 nano on one of 2 days: 2026-10-14 by"
        in result.to_calendar().replace("\r\n ", "")
    )


def test_an_announced_price_and_what_it_means_for_the_bill(watched: Watched) -> None:
    result = watched(STACK)
    flash = of(result, "gemini-3.7-flash")
    turn = flash["price_changes"][0]
    assert turn["at"] == "2027-01-01T00:00:00+00:00"
    assert turn["known_on"] == "2026-08-21"
    # 200M fresh at $0.75, 100M cached at $0.075, 20M out at $3.75; then twice as much.
    assert flash["bill_usd_per_month"] == pytest.approx(150 + 7.5 + 75)
    assert flash["bill_after_usd_per_month"] == pytest.approx(2 * (150 + 7.5 + 75))
    sonnet = of(result, "claude-sonnet-4-5")
    assert sonnet["bill_usd_per_month"] == pytest.approx(160 * 3 + 40 * 15)
    assert result.as_json()["bill_usd_per_month"] == pytest.approx(1080 + 232.5)
    assert result.over_budget  # only after the change
    assert result.bill_usd is not None
    assert result.bill_usd < 1500


def test_no_change_of_price_before_it_was_announced(ahead: Watched) -> None:
    early = ahead(STACK, "2026-08-15")
    assert of(early, "gemini-3.7-flash")["price_changes"] == []


def test_hours_of_another_price_that_end_are_announced(ahead: Watched) -> None:
    """DeepSeek said on 21 August 2025 that its price by hours ends on 5 September at 16:00 UTC."""
    text = '[[model]]\nname = "deepseek-chat"\ntokens_per_month = "100M"\n'
    found = of(ahead(text, "2025-08-25"), "deepseek-chat")
    (turn,) = found["price_changes"]
    assert (turn["at"], turn["known_on"]) == ("2025-09-05T16:00:00+00:00", "2025-08-21")
    assert "off-peak hours" in turn["says"]
    assert found["bill_low_usd_per_month"] == pytest.approx(75 * 0.135 + 25 * 0.55)
    assert found["bill_high_usd_per_month"] == pytest.approx(75 * 0.27 + 25 * 1.10)
    assert found["bill_after_usd_per_month"] == pytest.approx(75 * 0.56 + 25 * 1.68)


def test_a_price_that_another_list_keeps_does_not_follow_one_that_ends(ahead: Watched) -> None:
    """DeepSeek said on 24 April 2026 that the name is switched off on 24 July."""
    text = '[[model]]\nname = "deepseek-chat"\ntokens_per_month = "100M"\n'
    (turn,) = of(ahead(text, "2026-07-10"), "deepseek-chat")["price_changes"]
    assert (turn["at"][:10], turn["after"]) == ("2026-07-24", None)
    assert "ends; what follows is not known" in turn["says"]


def test_an_end_written_in_hindsight_was_not_announced(ahead: Watched) -> None:
    text = '[[model]]\nname = "deepseek-v4-pro"\noperator = "deepseek"\n'
    result = ahead(text, "2026-08-20")
    assert of(result, "deepseek-v4-pro")["price_changes"] == []
    assert not result.due


def test_successors_satisfy_the_conditions_and_are_no_worse(watched: Watched) -> None:
    result = watched(STACK)
    sonnet = of(result, "claude-sonnet-4-5")
    found = sonnet["successors"]
    assert len(found) == 3
    costs = [one["cost_ratio"] for one in found]
    assert costs == sorted(costs)
    for one in found:
        assert one["chance_frac"] >= 0.8
        assert one["operator_country"] == "US"
        assert one["context_least_tokens"] is None or one["context_least_tokens"] >= 128_000
        assert one["retires_on"] is None or one["retires_on"] > "2027-02-08"
        assert one["url"]
        own = 0.8 * one["input_usd_per_mtok"] + 0.2 * one["output_usd_per_mtok"]
        assert one["cost_ratio"] == pytest.approx(own / (0.8 * 3 + 0.2 * 15))
    assert of(result, "gemini-3.7-flash")["successors"] is None


def test_percentage_points_are_of_shared_tests(watched: Watched) -> None:
    text = 'margin = "2 pp"\n' + MODELS + "[successors]\nchance = 0.9\n"
    found = of(watched(text), "claude-sonnet-4-5")["successors"]
    assert found
    for one in found:
        assert len(one["shared_tests"]) >= 3
        assert one["chance_frac"] >= 0.9
        difference = one["shared_tests_difference_pp"]
        assert difference["low"] < difference["value"] < difference["high"]


def test_fewer_than_three_say_why(watched: Watched) -> None:
    text = MODELS + '[successors]\nlab_country = ["FR"]\nmax_cost = 0.001\n'
    result = watched(text)
    sonnet = of(result, "claude-sonnet-4-5")
    assert sonnet["successors"] == []
    reasons = {one["reason"]: one["models_n"] for one in sonnet["left_out"]}
    assert reasons["the maker is seated elsewhere than asked"] > 100
    assert "Why not three instead of Claude Sonnet 4.5" in str(result)


def test_shared_tests_by_hand() -> None:
    scores = {"a": {"x": 60.0, "y": 70.0, "z": 80.0}, "b": {"x": 58.0, "y": 69.0, "z": 77.0}}
    found = shared_tests(scores, "a", "b", 0.0)
    assert found is not None
    # Differences 2, 1, 3: mean 2, standard error 1 / sqrt(3), t of 2 degrees 2.92 at 95%.
    assert found.difference_pp.value == pytest.approx(2)
    assert found.difference_pp.low == pytest.approx(2 - 2.91999 / 3**0.5, abs=1e-4)
    assert found.chance == pytest.approx(0.9629, abs=1e-3)
    assert shared_tests(scores, "a", "c", 0.0) is None
    two = {"a": {"x": 60.0, "y": 1.0}, "b": {"x": 58.0, "y": 1.0}}
    assert (few := shared_tests(two, "a", "b", 0.0)) is not None
    assert few.chance is None


GONE = {
    "2026-10-23": {
        "gpt-3.5-turbo-0125": "openai",
        "gpt-4-turbo-2024-04-09": "openai",
        "gpt-4.1-nano": "openai",
        "gpt-4o-2024-05-13": "openai",
        "o1": "openai",
        "o3-mini": "openai",
        "o4-mini": "openai",
    },
    "2026-11-19": {"o3": "azure"},
    "2026-07-23": {"gpt-5-codex": "openai"},
    "2026-11-26": {"jamba-1.5-large": "amazon-bedrock"},
    "2026-09-28": {"gpt-3.5-turbo-1106": "openai"},
    "2026-08-10": {"gpt-5.3-chat-latest": "openai"},
}
FIRST_STATED_AFTERWARDS = ("2026-07-23", "2026-08-10")


@pytest.mark.parametrize("day", leading(list(GONE), 4))
def test_sixty_days_before_a_retirement(ahead: Watched, day: str) -> None:
    """A watch of then names it if the day was known by then; two were first stated afterwards."""
    before = date.fromisoformat(day) - timedelta(days=60)
    known = day not in FIRST_STATED_AFTERWARDS

    def stack_of(models: dict[str, str]) -> str:
        return "".join(f'[[model]]\nname = "{n}"\noperator = "{o}"\n' for n, o in models.items())

    result = ahead(stack_of(GONE[day]), str(before), days=75)
    after = ahead(stack_of({n: o for gone in GONE.values() for n, o in gone.items()}), days=1)
    assert result.due is known
    for name in GONE[day]:
        one = of(result, name)
        assert (day in [said["day"] for said in one["days_stated"]]) is known
        assert one["retiring"] is known
        assert day in [said["day"] for said in of(after, name)["days_stated"]]


def test_what_has_changed_since_a_day(ahead: Watched) -> None:
    result = ahead(MODELS, since="2026-08-25")
    assert result.changes is not None
    said = {change.kind: change for change in result.changes}
    assert "2026-11-30" in said["retirement"].says
    assert "before, it was 2026-09-29" in said["retirement"].says
    assert said["retirement"].known_on == date(2026, 10, 1)
    assert ahead(MODELS, since=DAY).changes == ()


def test_a_repricing_says_what_it_costs_a_month(ahead: Watched) -> None:
    text = '[[model]]\nname = "deepseek-chat"\ntokens_per_month = "100M"\n'
    result = ahead(text, "2025-10-10", since="2025-09-20")
    change = next(one for one in result.changes or () if one.kind == "price")
    # V3.1 at $0.56 in, $1.68 out became V3.2-Exp at $0.28 in, $0.42 out on 2025-09-29.
    assert change.month_usd == pytest.approx(75 * (0.28 - 0.56) + 25 * (0.42 - 1.68))
    assert any(one.kind == "alias" for one in result.changes or ())


@pytest.mark.usefixtures("_without_successors")
def test_the_file_of_the_last_run(run: Run, stack: Path, tmp_path: Path) -> None:
    state = tmp_path / "seen.json"
    first = run(stack, "--state", state, "--as-of", "2026-08-25")
    assert "This is the first run" in first.output
    kept = state.read_text()
    second = run(stack, "--state", state, "--as-of", DAY, "--json")
    told = json.loads(second.stdout)
    assert told["since"] == "2026-08-25"
    assert [one["kind"] for one in told["changes"]] == ["retirement"]
    assert state.read_text() != kept
    third = run(stack, "--state", state, "--as-of", DAY, "--json")
    assert json.loads(third.stdout)["changes"] == []
    early = run(stack, "--state", state, "--as-of", "2026-09-01")
    assert early.exit_code == 64
    state.write_text("{}")
    assert run(stack, "--state", state, "--as-of", DAY).exit_code == 64
    assert state.read_text() == "{}"


def test_markdown_cuts_no_sentence(watched: Watched) -> None:
    text = watched(STACK).to_markdown()
    assert "<summary><b>What retires, and when</b></summary>" in text
    assert "2027-04-08 Amazon Bedrock |" in text


@pytest.mark.usefixtures("_without_successors")
def test_news_that_could_not_be_written_are_news_again(
    run: Run, stack: Path, tmp_path: Path
) -> None:
    state, full = tmp_path / "seen.json", tmp_path / "full"
    headtohead.watch(stack, as_of="2026-08-25").keep(state)
    kept = state.read_text()
    full.symlink_to("/dev/full")
    assert run(stack, "--state", state, "--as-of", DAY, "--ics", full).exit_code == 74
    assert state.read_text() == kept


def test_a_model_new_in_the_stack_is_said_to_be(ahead: Watched, tmp_path: Path) -> None:
    state = tmp_path / "seen.json"
    one, two = MODELS.strip().split("\n\n")
    ahead(one, state=state).keep(state)
    changes = ahead(f"{one}\n{two}", state=state).changes
    assert [change.says for change in changes or ()] == [
        f"gemini-3.7-flash is new in the stack since {DAY}."
    ]


@pytest.mark.usefixtures("_without_successors")
def test_exit_codes(run: Run, stack: Path, tmp_path: Path) -> None:
    assert run(stack, "--as-of", DAY).exit_code == 1
    quiet = tmp_path / "quiet.toml"
    quiet.write_text('[[model]]\nname = "gemini-3.7-flash"\n')
    assert run(quiet, "--as-of", DAY, "--days", 3).exit_code == 0
    quiet.write_text("[[model]]\n")
    assert run(quiet, "--as-of", DAY).exit_code == 64
    assert run("--as-of", DAY).exit_code == 64


def test_two_runs_give_the_same_bytes(run: Run, stack: Path, tmp_path: Path) -> None:
    files = {way: tmp_path / f"out.{way}" for way in ("ics", "atom", "markdown")}
    flags = [word for way, path in files.items() for word in (f"--{way}", path)]
    said = []
    for _ in range(2):
        shown = run(stack, "--as-of", DAY, "--at", f"{DAY}T09:00Z", *flags)
        assert shown.exit_code == 1
        said.append([shown.stdout, *(path.read_bytes() for path in files.values())])
    assert said[0] == said[1]


@pytest.mark.parametrize("day", leading(["2026-10-05", "2026-08-25"], always=1))
def test_a_stack_gives_the_union_of_its_models_alone(watched: Watched, day: str) -> None:
    models = [
        *MODELS.strip().split("\n\n"),
        '[[model]]\nname = "o4-mini"\ntokens_per_month = "3M"',
        '[[model]]\nname = "gpt-4.1"\noperator = "azure"',
    ]
    whole = watched("\n".join(models), day)
    parts = [watched(model, day) for model in models]
    results = [one for part in parts for one in part.as_json()["results"]]
    assert whole.as_json()["results"] == results
    bills = [part.bill_usd for part in parts if part.bill_usd is not None]
    assert whole.bill_usd == pytest.approx(sum(bills))
    assert whole.due == any(part.due for part in parts)


def test_bad_choices(stack: Path) -> None:
    for choice, said in (
        ({"days": 0}, "`days`"),
        ({"since": "2027-01-01"}, "lies after"),
        ({"since": DAY, "state": "x.json"}, "leave out `since`"),
        ({"at": "2027-01-01"}, "nobody knew"),
        ({"at": "2026-01-01T10:00"}, "time zone"),
    ):
        with pytest.raises(InputError, match=said):
            headtohead.watch(stack, as_of=DAY, **choice)


def test_a_day_that_has_passed_is_not_said_to_come(ahead: Watched) -> None:
    text = '[[model]]\nname = "deepseek-chat"\n'
    says = ahead(text, "2026-11-10").sheet.sentence
    assert says.startswith("1 of 1 model was to retire already: deepseek-chat on 2026-07-24.")
    says = ahead(f'{text}[[model]]\nname = "claude-sonnet-4-5"\n').sheet.sentence
    assert "1 more retires by 2027-02-08: Claude Sonnet 4.5." in says


def test_a_name_that_ends_takes_no_model_with_it(watched: Watched) -> None:
    both = "".join(f'[[model]]\nname = "{n}"\n' for n in ("deepseek-chat", "deepseek-v4-flash"))
    result = watched(both, "2026-05-10")
    assert of(result, "deepseek-chat")["retires_on"] == "2026-07-24"
    assert of(result, "deepseek-chat")["days_stated"][0]["known_on"] == "2026-04-24"
    assert of(result, "deepseek-chat")["same_model_named"] == "deepseek-v4-flash"
    assert of(result, "deepseek-v4-flash")["retires_on"] is None
    assert watched(both, "2026-04-23").watched[0].retirements == ()


def test_what_a_name_stood_for_last_is_replaced(watched: Watched) -> None:
    result = watched('[[model]]\nname = "deepseek-chat"\n', "2026-08-10")
    assert "Instead of deepseek-chat, which last stood for DeepSeek-V4-Flash" in str(result)
    assert of(result, "deepseek-chat")["same_model_elsewhere"]
