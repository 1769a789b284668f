"""`switch` by a scorer, with real models whose every answer is known beforehand."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.models.conftest_parts import TinyModels, user
from tests.models.tokens import chat
from tests.simulations import lengths, slack
from tests.trials.switching.parts import (
    DAY,
    LEVEL,
    QUICK,
    answers,
    classes,
    lines,
    made_by,
    rewritten,
    section,
    tried,
)

from headtohead.core.errors import InputError
from headtohead.prices.at_calls import Prices
from headtohead.trials.replay.client import Endpoint
from headtohead.trials.switching.result import ScoredItem, Switch
from headtohead.trials.switching.running import ScoreKeeper
from headtohead.trials.switching.settings import Pace
from headtohead.trials.switching.summing import notes_of


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=lengths(1, 2))
def repeats(request: pytest.FixtureRequest) -> int:
    """How often each fact is asked where once tells as much as the two times of the log."""
    return int(request.param)


@pytest.fixture
def log(log_a: Path, tmp_path: Path, repeats: int) -> Path:
    """The log of tiny-a with each fact so many times."""
    seen = Counter[str]()
    rows = []
    for row in lines(log_a):
        seen[row["messages"][0]["content"]] += 1
        if seen[row["messages"][0]["content"]] <= repeats:
            rows.append(row)
    assert len(rows) == 101 * repeats
    return rewritten(log_a, tmp_path / "log.jsonl", rows)


def difference(models: TinyModels, skill: str = "") -> float:
    """The truth: tiny-b minus tiny-a."""
    return models.right_frac("b", skill) - models.right_frac("a", skill)


# ---------------------------------------------------------------- the verdict


def test_a_worse_candidate_is_refused_and_a_better_one_taken_as_is_true_of_them(
    tiny_models: TinyModels, log_a: Path, log_b: Path, bought: Path
) -> None:
    worse = made_by(log_a, tiny_models.base_url_b, level=LEVEL, ledger=bought)
    truth = difference(tiny_models)
    assert truth < -0.1
    assert worse.quality.verdict == "no"
    assert worse.stopped == "decided"
    assert worse.quality.decided_at == worse.items < worse.log_rows == 202
    assert worse.quality.difference.low <= truth <= worse.quality.difference.high < -0.05

    better = made_by(log_b, tiny_models.base_url_a, from_model="tiny-b", model="tiny-a")
    assert better.quality.verdict == "yes"
    assert better.quality.decided_at == better.items < 202
    assert -0.05 < better.quality.difference.low <= -truth <= better.quality.difference.high
    # Only a little above the truth, so nothing was decided on a whim.
    assert better.items > 20


def test_a_model_against_itself_needs_more_items_and_names_how_many(
    tiny_models: TinyModels, log_a: Path
) -> None:
    found = tried(log_a, tiny_models.base_url_a, model="tiny-a", margin="1pp", items=30)
    made = found.details
    assert (made.quality.verdict, made.stopped, made.items) == ("undecided", "end", 30)
    assert made.quality.difference.value == 0
    assert made.quality.needed > 0
    assert found.sheet.word == f"NEED {made.quality.needed:,} MORE"
    assert made.quality.decided_at is None


def test_without_stopping_the_estimate_is_the_truth_of_the_log(
    tiny_models: TinyModels, log_a: Path, whole: tuple[Switch, Path]
) -> None:
    made = whole[0]
    assert made.items == 202
    assert made.quality.difference.value == pytest.approx(difference(tiny_models))
    assert made.quality.decided_at is not None
    assert made.quality.decided_at < 202
    assert list(classes(made)) == ["add", "capital"]
    for name, value in classes(made).items():
        assert value == pytest.approx(difference(tiny_models, name))
    assert made.classes is not None
    assert [row.noninferior for row in made.classes.slices] == ["no", "yes"]
    assert made.latency is not None
    a, b, ratio = made.latency
    logged = [row["latency_s"] for row in lines(log_a)]
    assert a == pytest.approx(float(np.median(logged)))
    assert ratio.low <= ratio.value <= ratio.high
    assert b > 0


def test_equal_requests_are_asked_each_time_since_an_answer_is_a_draw_too(
    tiny_models: TinyModels, log_a: Path, whole: tuple[Switch, Path]
) -> None:
    made, ledger = whole
    assert (made.spent.asked_n, made.spent.sent_n) == (202, 202)
    prompts = {row["id"]: row["messages"][0]["content"] for row in lines(log_a)}
    kept = answers(ledger)
    assert len({prompts[key] for key in kept}) == 101
    assert len(kept) == 202
    truth = {fact.prompt: fact.answer_b for fact in tiny_models.facts}
    assert {key: a["text"] for key, a in kept.items()} == {k: truth[prompts[k]] for k in kept}


# ---------------------------------------------------------------- money


def test_money_is_each_models_own_tokens_times_prices(
    tiny_models: TinyModels, log: Path, tmp_path: Path, repeats: int
) -> None:
    # Without cached tokens, by our own count of either tokenizer.
    rows = [{**row, "usage": {**row["usage"], "prompt_tokens_details": None}} for row in lines(log)]
    plain = rewritten(log, tmp_path / "plain.jsonl", rows)
    mapping = {
        "labels": "metadata.task",
        "input_tokens": "usage.prompt_tokens",
        "output_tokens": "usage.completion_tokens",
    }
    made = made_by(
        plain, tiny_models.base_url_b, mapping=mapping, price_from="1,4", price="0.3,1", stop=False
    )
    a = b = 0.0
    for fact in tiny_models.facts:
        asked = chat(user(fact.prompt))
        a += 1 * len(tiny_models.made_a.tokens.encode(asked))
        a += 4 * (len(tiny_models.made_a.tokens.encode(fact.answer_a)) + 1)
        b += 0.3 * len(tiny_models.made_b.tokens.encode(asked))
        b += 1 * (len(tiny_models.made_b.tokens.encode(fact.answer_b)) + 1)
    per_thousand = 1000 / len(tiny_models.facts) / 1e6
    s = made.savings
    assert s is not None
    assert s.a_usd == pytest.approx(a * per_thousand)
    assert s.b_usd == pytest.approx(b * per_thousand)
    assert s.saved_usd.value == pytest.approx((a - b) * per_thousand)
    assert s.saved_usd.low < s.saved_usd.value < s.saved_usd.high
    assert s.ratio is not None
    assert s.ratio.value == pytest.approx(b / a)
    assert s.per_success is not None
    right = tiny_models.right_frac("a") / tiny_models.right_frac("b")
    assert s.per_success.value == pytest.approx(b / a * right)
    assert s.items == 101 * repeats
    assert made.spent.spent_usd == pytest.approx(repeats * b / 1e6)


def test_cached_tokens_are_priced_apart_on_both_sides(
    tiny_models: TinyModels, log: Path, tmp_path: Path
) -> None:
    rows = lines(log)
    for n, row in enumerate(rows):
        row["usage"]["prompt_tokens_details"] = {"cached_tokens": 5 * (n % 4)}
    cached = rewritten(log, tmp_path / "cached.jsonl", rows)
    made = made_by(
        cached, tiny_models.base_url_b, price_from="10,40,1", price="3,10,0.3", stop=False
    )
    a = sum(
        10 * (u["prompt_tokens"] - u["prompt_tokens_details"]["cached_tokens"])
        + u["prompt_tokens_details"]["cached_tokens"]
        + 40 * u["completion_tokens"]
        for u in (row["usage"] for row in rows)
    )
    used = [answer["usage"] for answer in answers(Path("cached-tiny-b.ledger.jsonl")).values()]
    # llama.cpp keeps the beginning of a prompt that it has just seen.
    assert sum(u["cache_read_tokens"] for u in used) > 0
    b = sum(
        3 * (u["input_tokens"] - u["cache_read_tokens"])
        + 0.3 * u["cache_read_tokens"]
        + 10 * u["output_tokens"]
        for u in used
    )
    assert made.savings is not None
    assert made.savings.a_usd == pytest.approx(1000 * a / 1e6 / len(rows))
    assert made.savings.b_usd == pytest.approx(1000 * b / 1e6 / len(used))
    assert made.spent.spent_usd == pytest.approx(b / 1e6)


def test_list_prices_are_used_where_the_model_is_known_by_name(
    tiny_models: TinyModels, log: Path, bought: Path, tmp_path: Path
) -> None:
    rows = [{**row, "model": "gpt-5"} for row in lines(log)]
    renamed = rewritten(log, tmp_path / "gpt.jsonl", rows)
    found = tried(
        renamed,
        tiny_models.base_url_b,
        from_model="gpt-5",
        price="0.3,1",
        stop=False,
        ledger=bought,
    )
    listed = Prices(found.sheet.as_of)  # type: ignore[arg-type]
    assert listed.rates("gpt-5")
    price = listed.used["gpt-5"].usd_per_mtok
    # What OpenAI asked for GPT-5 in 2025.
    assert (price["input"], price["output"]) == (1.25, 10.0)
    cached = price.get("cache_read", price["input"])
    a = sum(
        price["input"] * (u["prompt_tokens"] - u["prompt_tokens_details"]["cached_tokens"])
        + cached * u["prompt_tokens_details"]["cached_tokens"]
        + price["output"] * u["completion_tokens"]
        for u in (row["usage"] for row in rows)
    )
    made = found.details
    assert made.savings.a_usd == pytest.approx(1000 * a / 1e6 / len(rows))
    assert "gpt-5 at $1.25" in made.savings.basis
    assert "tiny-b as given" in made.savings.basis
    assert listed.used["gpt-5"].source_id in {s["source_id"] for s in found.as_json()["sources"]}


def test_logged_calls_and_their_replays_are_priced_at_their_hour(
    tiny_models: TinyModels, log: Path, bought: Path, tmp_path: Path
) -> None:
    def costs(hour: int) -> tuple[float, float, str]:
        at = {"model": "deepseek-v4-pro", "started": f"2026-08-31T{hour:02}:00:00Z"}
        dated = rewritten(log, tmp_path / f"{hour}.jsonl", [{**r, **at} for r in lines(log)])
        found = tried(
            dated,
            tiny_models.base_url_b,
            from_model="deepseek-v4-pro",
            as_of="2026-09-01",
            price="0.3,1",
            stop=False,
            ledger=bought,
        )
        return found.details.savings.a_usd, found.details.savings.b_usd, str(found.sheet.notes)

    (peak, b, said), (usual, same, _) = costs(2), costs(12)
    assert peak == pytest.approx(2 * usual)
    assert b == same
    assert re.search(r"(\d+) of \1 priced calls fell in the hours of another price", said)


def test_amounts_below_a_cent_are_not_shown_as_nothing(
    tiny_models: TinyModels, log_a: Path, bought: Path
) -> None:
    cheap = {"price_from": "0.001,0.004", "price": "0.0003,0.001", "items": 40}
    found = tried(log_a, tiny_models.base_url_b, ledger=bought, **cheap)
    assert "$0.00 " not in found.sheet.sentence
    assert "$0.0000" in found.sheet.sentence
    assert "$0.00 " not in section(found, "money")["says"]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"price": "1,2", "price_from": "1,2"}, "The log tells no tokens of tiny-a"),
        ({"price": "1,2"}, "No price of tiny-a is known"),
        ({"price_from": "1,2"}, "No price of tiny-b is known"),
    ],
)
def test_money_that_cannot_be_told_says_why(
    tiny_models: TinyModels, log_a: Path, options: dict[str, Any], why: str
) -> None:
    rows = lines(log_a)
    if len(options) == 2:
        rows = [{k: v for k, v in row.items() if k != "usage"} for row in rows]
    log = rewritten(log_a, Path("log.jsonl"), rows)
    mapping = {"labels": "metadata.task"}
    made = made_by(log, tiny_models.base_url_b, items=5, mapping=mapping, **options)
    assert made.savings is None
    assert any(why in note for note in made.notes)


def test_the_ceiling_stops_before_it_is_passed(tiny_models: TinyModels, log_a: Path) -> None:
    def cut(usd: float) -> Any:
        pace = Pace(cap_tokens=16, concurrency=2, max_usd=usd)
        return made_by(
            log_a, tiny_models.base_url_b, price="1,4", price_from="1,4", pace=pace, margin="1pp"
        )

    first = cut(0.001)
    assert first.stopped == "ceiling"
    assert first.quality.verdict == "undecided"
    assert 0 < first.spent.spent_usd <= 0.001
    kept = answers(Path("log-tiny-b.ledger.jsonl"))
    assert sum(a["cost_usd"] for a in kept.values()) == pytest.approx(first.spent.spent_usd)
    assert 5 < len(kept) < 101
    # The ceiling is for the ledger, not for each run.
    again = cut(0.001)
    assert again.spent.sent_n <= 2
    assert again.spent.spent_usd <= 0.001
    more = cut(0.002)
    assert more.spent.kept_n >= len(kept)
    assert first.spent.spent_usd < more.spent.spent_usd <= 0.002


def test_a_ceiling_without_a_price_is_refused_before_anything_is_asked(
    tiny_models: TinyModels, log_a: Path
) -> None:
    with pytest.raises(InputError, match="`price_to="):
        tried(log_a, tiny_models.base_url_b, pace=Pace(max_usd=1.0))
    assert list(Path().glob("*.ledger.jsonl")) == []


# ---------------------------------------------------------------- failures, endpoint, resume


def test_answers_of_the_wrong_form_are_told_apart_from_wrong_ones(
    tiny_models: TinyModels, log: Path, bought: Path, repeats: int
) -> None:
    # Sums are JSON (a number) and may be wrong; capitals are no JSON at all.
    Path("number.json").write_text(json.dumps({"type": "integer", "maximum": 9}))
    kept: dict[str, Any] = {"stop": False, "ledger": bought}
    found = tried(log, tiny_models.base_url_b, scorer="json-schema:number.json", **kept)
    made = found.details
    capitals = repeats * 20
    sums = [f for f in tiny_models.facts if f.skill == "add"]
    big_a = repeats * sum(int(f.answer_a) > 9 for f in sums)
    big_b = repeats * sum(int(f.answer_b) > 9 for f in sums)
    assert made.failures == {"format": (capitals + big_a, capitals + big_b)}
    assert made.quality.difference.value == pytest.approx((big_a - big_b) / (101 * repeats))
    assert section(found, "failures")["rows"] == [
        {"kind": "format", "a_n": capitals + big_a, "b_n": capitals + big_b}
    ]

    # Wrong answers alone are no failures.
    found = tried(log, tiny_models.base_url_b, scorer="regex:^(\\d+|[A-Z][a-z]+)$", **kept)
    assert found.details.failures == {}
    assert section(found, "failures")["says"] == "every answer scored could be used"


def test_an_endpoint_on_this_machine_and_one_of_a_known_operator(
    tiny_models: TinyModels, log_a: Path
) -> None:
    found = tried(log_a, tiny_models.base_url_b, items=3)
    rows = {row["what"]: row["known"] for row in section(found, "endpoint")["rows"]}
    assert rows["Address"] == tiny_models.base_url_b
    assert (rows["Operator"], rows["Operator's country"]) == ("this machine", "yours")
    prices = Prices(found.sheet.as_of)  # type: ignore[arg-type]
    far = notes_of(Endpoint("https://api.deepseek.com/v1", "deepseek-chat"), prices)
    assert (far.operator_country, far.lab_country) == ("CN", "CN")
    assert "China" in far.terms.retention
    assert far.terms.source_url.startswith("https://")
    # The maker of the weights and the operator of the endpoint are told apart.
    hosted = notes_of(Endpoint("https://api.together.xyz/v1", "deepseek-ai/DeepSeek-V3"), prices)
    assert (hosted.operator_country, hosted.lab_country) == ("US", "CN")
    nobody = notes_of(Endpoint("https://models.example.org/v1", "x"), prices)
    assert (nobody.operator, nobody.operator_country, nobody.terms.retention) == ("", "", "")


def test_a_second_run_pays_nothing_and_says_the_same(tiny_models: TinyModels, log_a: Path) -> None:
    options: dict[str, Any] = {"price": "1,4", "price_from": "1,4", "items": 40}
    first = made_by(log_a, tiny_models.base_url_b, **options)
    before = answers(Path("log-tiny-b.ledger.jsonl"))
    second = made_by(log_a, tiny_models.base_url_b, **options)
    assert (second.spent.asked_n, second.spent.sent_n) == (0, 0)
    # All that were looked at; those that came after the stop are not needed again.
    assert second.spent.kept_n == first.spent.asked_n - first.spent.beyond_n
    assert answers(Path("log-tiny-b.ledger.jsonl")) == before
    assert second.spent.spent_usd == pytest.approx(first.spent.spent_usd)
    assert (second.quality, second.items, classes(second)) == (
        first.quality,
        first.items,
        classes(first),
    )
    assert second.savings == first.savings


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"from_model": "tiny-z"}, "tiny-z"),
        ({"by": "metadata.kind"}, "no row"),
        ({"margin": "0"}, "between 0 and 100pp"),
        ({"level": 1.0}, "between 0 and 1"),
        ({"scorer": "exact", "human": True}, "one way to score"),
        ({"price": "cheap"}, "INPUT,OUTPUT"),
    ],
)
def test_choices_that_do_not_fit_are_refused_before_anything_is_asked(
    log_a: Path, options: dict[str, Any], why: str
) -> None:
    with pytest.raises(InputError, match=f"(?i){why}"):
        tried(log_a, "http://127.0.0.1:9/v1", **options)
    assert list(Path().glob("*.ledger.jsonl")) == []


# ---------------------------------------------------------------- the error rate


@pytest.mark.parametrize("trials", lengths(25, 150))
def test_looking_after_every_item_errs_no_more_often_than_it_says(trials: int) -> None:
    # A tenth of the log is drawn three times as often as it comes, and is where B is worse.
    share, chance = np.array([0.9, 0.1]), np.array([0.7, 0.3])
    means = np.array([-0.05 / 0.9, -0.5])
    weight = share / chance
    margin = 0.1
    # B is worse by just the margin, so either verdict is a mistake.
    assert float(share @ means) == pytest.approx(-margin)
    rng = np.random.default_rng(11)
    items, found = 120, Counter[str]()
    for _ in range(trials):
        keeper = ScoreKeeper(margin, 0.9, float(weight.max()))
        kinds = (rng.random(items) < chance[1]).astype(int).tolist()
        for kind, coin in zip(kinds, rng.random(items).tolist(), strict=True):
            # Half of the items are discordant; those that B has right make its mean.
            b = float(coin < (0.5 + means[kind]) / 2)
            a = float(not b and coin < 0.5)
            item = ScoredItem(key="", task=str(kind), weight=float(weight[kind]), a=a, b=b)
            if keeper.add(item):
                break
        found[keeper.quality().verdict] += 1
    # 5% on either side, and two standard errors of so many trials.
    assert max(found["yes"], found["no"]) <= (0.05 + slack(0.05, trials, 2)) * trials
    assert found["undecided"] > 0.8 * trials


def test_a_trial_is_dated_and_repeatable(tiny_models: TinyModels, log_a: Path) -> None:
    found = tried(log_a, tiny_models.base_url_b, items=12, pace=QUICK)
    assert str(found.sheet.as_of) == DAY
    one = tried(log_a, tiny_models.base_url_b, items=12, ledger="other.jsonl")
    assert found.details.quality == one.details.quality
    other = tried(log_a, tiny_models.base_url_b, items=12, seed=1, ledger="third.jsonl")
    assert other.details.quality != one.details.quality
