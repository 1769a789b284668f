"""What must not lead to a wrong SWITCH: silence, unread verdicts, old prices, faults of ours."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from pytest_httpserver import HTTPServer
from tests.claims.report_builder import citation
from tests.models.conftest_parts import TinyModels
from tests.trials.switching.parts import lines, made_by, rewritten, tried
from werkzeug import Request, Response

from headtohead.cli import main
from headtohead.core.errors import InputError
from headtohead.core.estimate import Interval
from headtohead.files.opening import file_citation
from headtohead.logs.calls import Call
from headtohead.prices.at_calls import Prices
from headtohead.trials.replay.client import Endpoint
from headtohead.trials.replay.limits import Settings
from headtohead.trials.replay.replay import ReplayProgress
from headtohead.trials.replay.wire import Completion
from headtohead.trials.sampling.drawing import Item
from headtohead.trials.scoring.judge import PairJudgement
from headtohead.trials.scoring.scored import scorer_from
from headtohead.trials.switching.result import Judging, Quality, ScoredItem
from headtohead.trials.switching.running import Candidate, ScoreKeeper, Trial, name_of
from headtohead.trials.switching.settings import Endpoints, Pace, Scoring
from headtohead.trials.switching.sheet import switch_sheet
from headtohead.trials.switching.summing import classes_of, guarded, powered_of
from headtohead.trials.switching.verb import candidate_of, judge_of, ledger_of


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_what_the_candidate_never_answers_counts_against_it(
    log_a: Path, httpserver: HTTPServer
) -> None:
    """A server that refuses every third sum for good, and else repeats the logged answer."""
    truth = {row["messages"][0]["content"]: row["reference"] for row in lines(log_a)}

    def handler(request: Request) -> Response:
        prompt = json.loads(request.get_data())["messages"][-1]["content"]
        if sum(map(ord, prompt)) % 3 == 0:
            return Response("busy", 503)
        body = {
            "choices": [{"message": {"content": truth[prompt]}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 20, "completion_tokens": 2},
        }
        return Response(json.dumps(body), 200, content_type="application/json")

    httpserver.expect_request("/v1/chat/completions").respond_with_handler(handler)
    calls = [
        Call(
            key=row["id"],
            messages=row["messages"],
            output=row["output"],
            reference=row["reference"],
        )
        for row in lines(log_a)[:60]
    ]
    items = [Item(call=c, klass="t", weight=1.0, cluster=c.key) for c in calls]
    who = Candidate(
        endpoint=Endpoint(httpserver.url_for("/v1"), "m"),
        ledger=Path("l.jsonl"),
        rates=None,
        settings=Settings(attempts_n=2, backoff_s=0.001, give_up_n=50),
    )
    keeper = ScoreKeeper(0.05, 0.95, 1.0, early=False)
    heard: list[ReplayProgress] = []
    trial = Trial(items, who, keeper, None, np.random.default_rng(0), heard.append)
    trial.by_scorer(scorer_from("exact"))
    assert {one.most_n for one in heard} == {60}
    assert heard[0].answered_n == 0
    silent = [item for item in keeper.seen if item.b_failure == "unanswered"]
    assert len(keeper.seen) == 60
    assert len(silent) > 5
    assert all(item.b == 0 for item in silent)
    assert not keeper.left_out


def test_new_prices_price_answers_that_were_bought_under_others(
    tiny_models: TinyModels, log_a: Path
) -> None:
    first = made_by(log_a, tiny_models.base_url_b, items=20, stop=False, price_from="1,4")
    assert first.savings is None
    sources = (file_citation("log", log_a, "Logged requests"), citation())
    sheet = switch_sheet(first, sources=sources)
    assert ("Spent", "unknown, for want of a price") in sheet.facts
    for figure in sheet.figures:
        public = figure.slug in ("money", "spent", "endpoint")
        assert figure.sources == (None if public else sources[:1]), figure.slug
    told = made_by(
        log_a, tiny_models.base_url_b, items=20, stop=False, price_from="1,4", price="10,40"
    )
    assert told.spent.sent_n == 0
    assert told.savings is not None
    cheap = made_by(
        log_a, tiny_models.base_url_b, items=20, stop=False, price_from="1,4", price="1,4"
    )
    assert cheap.savings is not None
    assert told.savings.b_usd == pytest.approx(10 * cheap.savings.b_usd)


def test_a_trial_that_goes_on_with_more_items_asks_only_the_new_ones(
    tiny_models: TinyModels, log_a: Path
) -> None:
    made_by(log_a, tiny_models.base_url_b, items=15, stop=False)
    more = made_by(log_a, tiny_models.base_url_b, items=25, stop=False)
    assert (more.spent.kept_n, more.spent.asked_n) == (15, 10)


def test_two_requests_of_one_key_are_found_before_anything_is_paid(
    log_a: Path, tmp_path: Path, httpserver: HTTPServer
) -> None:
    rows = [{**row, "id": "same"} for row in lines(log_a)]
    log = rewritten(log_a, tmp_path / "same.jsonl", rows)
    with pytest.raises(InputError, match=r"`mapping=\{'key': 'COLUMN'\}`"):
        tried(log, httpserver.url_for("/v1"))
    assert not httpserver.log


def test_a_missing_key_is_found_before_anything_is_paid(
    log_a: Path, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    url = httpserver.url_for("/v1")
    with pytest.raises(InputError, match="NO_SUCH_KEY"):
        tried(log_a, url, judge="j", judge_url=url, judge_key_env="NO_SUCH_KEY")
    assert not httpserver.log


def test_an_endpoint_that_answers_as_another_model_is_named(
    tiny_models: TinyModels, log_a: Path
) -> None:
    made = made_by(log_a, tiny_models.base_url_b, model="tiny-zzz", items=30, stop=False)
    served = f"answered as tiny-b ({made.spent.served['tiny-b']:,})"
    assert any(served in note and "asked for tiny-zzz" in note for note in made.notes)


def test_each_candidate_and_each_rubric_has_a_ledger_of_its_judge(tmp_path: Path) -> None:
    import datetime

    prices = Prices(datetime.date(2025, 12, 15))
    rubric = tmp_path / "rubric.txt"
    rubric.write_text("Shorter is better.", encoding="utf-8")
    local, pace = Endpoints(base_url="http://127.0.0.1:9/v1"), Pace()
    found = set()
    for b in ("b1", "b2"):
        candidate = candidate_of(b, local, prices, ledger_of(Path("log.jsonl"), b, None), pace)
        for text in (None, rubric):
            scoring = Scoring(judge="j", rubric=text)
            judge = judge_of(scoring, local, "a", prices, candidate, pace)
            found.add(judge.asked.ledger)
    assert len(found) == 4


def test_unread_verdicts_that_could_turn_it_leave_no_verdict() -> None:
    quality = Quality(
        difference=Interval(0.1, 0.0, 0.2), verdict="yes", decided_at=40, needed=None, method="m"
    )

    def judging(unreadable: int) -> Judging:
        return Judging(
            model="j",
            judged=40,
            unreadable=unreadable,
            position=None,
            length=None,
            own=None,
            agreement=None,
            powered=None,
            usd=None,
        )

    assert guarded(quality, judging(2), 0.05) == (quality, ())
    told, (why,) = guarded(quality, judging(20), 0.05)
    assert told.verdict == "undecided"
    assert "could not be read" in why


def test_tries_at_one_item_have_names_of_their_own() -> None:
    calls = [Call(key="k", epoch=epoch, messages=[]) for epoch in (1, 2)]
    assert [name_of(call) for call in calls] == ["k", "k#2"]
    items = [Item(call=c, klass="t", weight=1.0, cluster="c") for c in calls]
    candidate = Candidate(
        endpoint=Endpoint("http://127.0.0.1:9/v1", "m"),
        ledger=Path("l.jsonl"),
        rates=None,
        settings=Settings(),
    )
    keeper = ScoreKeeper(0.05, 0.95, 1.0)
    trial = Trial(items, candidate, keeper, None, np.random.default_rng(0))
    assert [trial.of(call) for call in calls] == items
    seen = trial.scored(items[1], Completion(key="k", epoch=2), (1.0, 0.0), ("", "empty"))
    assert (seen.key, seen.b_failure) == ("k#2", "empty")


def test_equal_requests_go_together_when_people_correct_a_judge() -> None:
    """Five requests make up half of the traffic; as independent ones they would tell more."""
    pairs, human, cluster = [], {}, {}
    for n in range(60):
        key, kind = f"k{n}", f"r{n % 5}" if n < 30 else f"u{n}"
        said = -1.0 if n % 5 == 0 and n < 30 else 0.0
        pairs.append(PairJudgement(key, "A", "A", said, 1, 1))
        cluster[key] = kind
        if n % 2 == 0:
            human[key] = said
    apart = powered_of(pairs, human, {}, level=0.95)
    together = powered_of(pairs, human, cluster, level=0.95)
    assert apart is not None
    assert together is not None
    assert together.units_n < apart.units_n == 30


def test_a_preference_stays_within_what_is_possible() -> None:
    seen = [
        ScoredItem(key=str(i), task=f"t{i}", weight=1.0, a=0.0, b=(-1.0, 1.0)[i % 2])
        for i in range(4)
    ]
    found = classes_of(seen, 0.05, np.random.default_rng(0), level=0.95)
    assert found is not None
    for row in found.slices:
        assert -1 <= row.joint.low <= row.joint.high <= 1
        assert abs(row.difference.value) == 1


def test_impossible_options_are_wrong_input_and_not_a_no(log_a: Path) -> None:
    for options in (
        ["--seed", "-1"],
        ["--rpm", "0.5"],
        ["--tpm", "10"],
        ["--timeout", "0.001"],
        ["--max-usd", "0", "--price-to", "1,1"],
    ):
        said = ["switch", str(log_a), "--from", "tiny-a", "--to", "b", "--scorer", "exact"]
        said += ["--base-url", "http://127.0.0.1:9/v1", *options]
        found = CliRunner().invoke(main, said)
        assert found.exit_code == 64, (options, found.output)
        assert f"{options[0]} is {options[1]}" in found.stderr
        assert "it must be" in found.stderr


def test_a_fault_of_ours_has_a_code_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr("headtohead.trials.planning.verb.plan", broken)
    with pytest.raises(SystemExit) as ended:
        main(["plan", "--discordance", "0.2"])
    assert ended.value.code == 70


def test_a_reader_who_has_enough_changes_no_exit_code(tmp_path: Path) -> None:
    for name, right in (("a", 1), ("b", 0)):
        rows = "".join(json.dumps({"id": f"i{n}", "score": right}) + "\n" for n in range(400))
        (tmp_path / f"{name}.jsonl").write_text(rows, encoding="utf-8")
    said = f"{sys.executable} -m headtohead compare a.jsonl b.jsonl --json | head -c 10"
    found = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {said}; exit ${{PIPESTATUS[0]}}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert found.returncode == 1
    assert "Traceback" not in found.stderr
