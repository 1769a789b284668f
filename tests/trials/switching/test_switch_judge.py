"""`switch` by a judge whose every verdict, and whose bias towards a place, is built in."""

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.models.conftest_parts import TinyModels, write_request_log
from tests.models.server import serving
from tests.models.tiny import write_model
from tests.models.tokens import Message
from tests.trials.switching.parts import (
    answers,
    lines,
    made_by,
    rewritten,
    section,
    tried,
    vote_file,
)

from headtohead.trials.scoring.judge import judge_calls
from headtohead.trials.scoring.scored import Duel
from headtohead.trials.switching.settings import Pace

# Of items that A has right and B wrong, of items that both have alike.
BETTER_N, ALIKE_N = 20, 8
# It picks the first answer in both orders, on so many of either kind.
FOOLED_N, ALWAYS_FIRST_N = 3, 6
PACE = Pace(cap_tokens=64, concurrency=4)


@dataclass(frozen=True)
class Court:
    """A judge that is served, and the log it knows.

    Attributes:
        base_url: Its address.
        log: Requests with A's answers.
        duels: Every pair.
        says: Item -> (verdict on the place with A first, with B first).
    """

    base_url: str
    log: Path
    duels: dict[str, Duel]
    says: dict[str, tuple[str, str]]

    @property
    def preference(self) -> float:
        """Mean preference for B."""
        sign = {"A": -1, "tie": 0, "B": 1}
        return sum((sign[a] - sign[b]) / 2 for a, b in self.says.values()) / len(self.says)


def reply(verdict: str) -> str:
    return json.dumps({"reason": "", "verdict": verdict}, separators=(",", ":"))


@pytest.fixture(scope="module")
def court(tiny_models: TinyModels, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Court]:
    folder = tmp_path_factory.mktemp("court")
    whole = write_request_log(folder / "whole.jsonl", tiny_models)
    facts = {fact.prompt: fact for fact in tiny_models.facts}
    better: list[dict[str, Any]] = []
    alike: list[dict[str, Any]] = []
    for row in lines(whole):
        fact = facts[row["messages"][0]["content"]]
        if fact.answer_a == fact.answer_b:
            alike.append(row)
        elif fact.answer_a == fact.right:
            better.append(row)
    rows = [*better[:BETTER_N], *alike[:ALIKE_N]]
    assert len(rows) == BETTER_N + ALIKE_N
    says: dict[str, tuple[str, str]] = {}
    duels: dict[str, Duel] = {}
    knowledge: list[tuple[Sequence[Message], str]] = []
    for n, row in enumerate(rows):
        fact = facts[row["messages"][0]["content"]]
        key = row["id"]
        duels[key] = Duel(key, row["messages"], fact.answer_a, fact.answer_b, fact.right)
        fooled = n < FOOLED_N or BETTER_N <= n < BETTER_N + ALWAYS_FIRST_N
        says[key] = ("A", "A") if fooled else ("A", "B") if n < BETTER_N else ("tie", "tie")
        for call, verdict in zip(judge_calls(duels[key], model="judge"), says[key], strict=True):
            assert call.messages is not None
            knowledge.append((call.messages, reply(verdict)))
    made = write_model(folder / "judge.gguf", knowledge, arch="llama", merges_n=700, seed=5)
    log = rewritten(whole, folder / "log.jsonl", rows)
    with serving(made.path, "judge") as url:
        yield Court(url, log, duels, says)


@pytest.fixture(scope="module")
def heard(
    tiny_models: TinyModels, court: Court, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Any, Path]:
    """The trial of every pair, and the folder of its ledgers."""
    folder = tmp_path_factory.mktemp("heard")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return judged(court, tiny_models, stop=False), folder


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def judged(court: Court, models: TinyModels, **options: Any) -> Any:
    said = {"judge": "judge", "judge_url": court.base_url, "price_judge": "1,2", "pace": PACE}
    return tried(court.log, models.base_url_b, **{**said, **options})


def test_the_preference_and_the_place_it_favours_are_as_built(
    court: Court, heard: tuple[Any, Path]
) -> None:
    found, folder = heard
    made = found.details
    n = BETTER_N + ALIKE_N
    assert (made.items, made.means, made.scorer) == (n, "judge", "judge")
    assert court.preference == pytest.approx(-(BETTER_N - FOOLED_N) / n)
    assert made.quality.difference.value == pytest.approx(court.preference)
    judging = made.judging
    assert (judging.judged, judging.unreadable) == (n, 0)
    place = judging.position
    assert (place.first_twice_n, place.second_twice_n) == (FOOLED_N + ALWAYS_FIRST_N, 0)
    assert place.flips.value == pytest.approx((FOOLED_N + ALWAYS_FIRST_N) / n)
    assert place.net.low > 0
    remarks = " ".join(section(found, "judge")["remarks"])
    assert f"{n} pairs judged in both orders" in remarks
    assert "Nobody checked this judge" in remarks
    # Its own money is told apart from the candidate's.
    ledger = folder / "log-tiny-b.ledger.judge-judge.jsonl"
    kept = answers(ledger)
    bills = [line["answer"] for line in lines(ledger) if line["kind"] == "answer"]
    assert (len(bills), len(kept)) == (2 * n, n)
    usd = sum(b["usage"]["input_tokens"] + 2 * b["usage"]["output_tokens"] for b in bills) / 1e6
    assert judging.usd == pytest.approx(usd)
    assert f"${usd:.4g} on the judge" in dict(found.sheet.facts)["Spent"]


def test_the_trial_stops_when_it_has_decided_and_says_so(
    tiny_models: TinyModels, court: Court
) -> None:
    made = judged(court, tiny_models, margin="10pp").details
    assert made.quality.verdict == "no"
    assert made.stopped == "decided"
    assert made.items == made.quality.decided_at < BETTER_N + ALIKE_N
    again = judged(court, tiny_models, margin="10pp").details
    assert (again.spent.sent_n, again.quality) == (0, made.quality)
    # Kept answers come back in another order, and a sum of floats hangs on it.
    assert again.judging.usd == pytest.approx(made.judging.usd)
    assert replace(again.judging, usd=None) == replace(made.judging, usd=None)


def test_its_own_ceiling_ends_the_trial_undecided(tiny_models: TinyModels, court: Court) -> None:
    pace = Pace(cap_tokens=64, concurrency=2, judge_max_usd=0.005)
    made = judged(court, tiny_models, margin="10pp", pace=pace).details
    assert made.stopped == "ceiling"
    assert made.quality.verdict == "undecided"
    assert 0 < made.judging.usd <= 0.005


def test_a_reply_that_cannot_be_read_counts_for_neither_side(
    tiny_models: TinyModels, court: Court, tmp_path: Path
) -> None:
    # Asked by another rubric it knows none of the requests; held to JSON, it babbles until the cap.
    (tmp_path / "rubric.txt").write_text("The shorter, the better.", encoding="utf-8")
    found = judged(
        court, tiny_models, rubric="rubric.txt", items=6, stop=False, pace=Pace(cap_tokens=3)
    )
    made = found.details
    assert (made.items, made.quality.verdict) == (0, "undecided")
    assert made.left_out["the judge's verdict was cut off"] == 6
    assert "nothing is known" in found.sheet.sentence


@pytest.mark.slow
def test_a_real_small_model_judges_within_what_a_judge_can_say(
    tiny_models: TinyModels, court: Court, smollm2: str
) -> None:
    items, rubric = 2, Path("rubric.txt")
    rubric.write_text("Prefer the true answer. The reason has at most three words.")
    made = made_by(
        court.log,
        tiny_models.base_url_b,
        items=items,
        stop=False,
        rubric=rubric,
        judge="smollm2",
        judge_url=smollm2,
        # One at a time, so that the second order finds the beginning of the first still read.
        pace=Pace(cap_tokens=32, concurrency=1),
    )
    assert made.items + sum(made.left_out.values()) == items
    assert all(why.startswith("the judge's verdict") for why in made.left_out)
    assert -1 <= made.quality.difference.low <= made.quality.difference.high <= 1
    assert made.quality.verdict == "undecided"
    assert made.judging is not None
    assert made.judging.usd is None or made.judging.usd == 0
    assert 0 <= made.judging.unreadable <= 2 * items


def test_people_correct_the_judge_and_the_verdict_is_theirs(
    tiny_models: TinyModels, court: Court, heard: tuple[Any, Path]
) -> None:
    shutil.copytree(heard[1], ".", dirs_exist_ok=True)
    first = judged(court, tiny_models, human=True, ballot_items=20)
    assert first.details.quality.verdict == "undecided"
    assert first.sheet.word == "NEEDS VOTES"
    assert first.details.judging.powered is None
    assert "in net preference of the judge" in first.sheet.sentence
    assert "people's votes decide" in first.sheet.sentence
    shown = json.loads(Path("ballot.key.json").read_text(encoding="utf-8"))["items"]
    assert len(shown) == 20
    keys = [item for _, item, _ in shown]
    # People are not fooled by the place, and see that B is wrong where it is.
    truth = {
        key: -1.0 if court.duels[key].answer_b != court.duels[key].reference else 0.0
        for key in court.duels
    }
    file = vote_file(Path("votes.json"), Path("ballot.html"), {key: truth[key] for key in keys})
    found = judged(court, tiny_models, votes=[file], margin="20pp")
    made = found.details
    assert (made.means, made.stopped, made.items) == ("judge and people", "votes", 20)
    assert made.spent.sent_n == 0
    powered = made.judging.powered
    assert (powered.labelled_n, powered.judged_n) == (20, BETTER_N + ALIKE_N - 20)
    assert powered.human.value == pytest.approx(float(np.mean([truth[key] for key in keys])))
    assert powered.judge.value == pytest.approx(court.preference)
    assert made.quality.difference == powered.estimate
    assert "prediction-powered" in made.quality.method
    assert "net preference of people, sharpened by the judge" in found.sheet.sentence
    assert powered.estimate.low < float(np.mean(list(truth.values()))) < powered.estimate.high
    assert made.quality.verdict == "no"
    assert made.judging.agreement is not None
    remarks = " ".join(section(found, "judge")["remarks"])
    assert powered.sentence in remarks
    assert "Nobody checked" not in remarks
    assert any("20 votes on 20 pairs" in note for note in made.notes)
