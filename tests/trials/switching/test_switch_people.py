"""`switch` by people: a ballot is written, voted on in a real browser or file, and read back."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from tests.arena.served import TestVoter, serving
from tests.browser import needs_browser
from tests.models.conftest_parts import Fact, TinyModels
from tests.trials.switching.parts import lines, tried, vote_file

from headtohead.cli import main
from headtohead.core.errors import InputError
from headtohead.hosting.security import Limits


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def truth(fact: Fact) -> float:
    """What a person who knows the facts prefers."""
    return float(fact.answer_b == fact.right) - float(fact.answer_a == fact.right)


def asked(models: TinyModels, log: Path) -> dict[str, Fact]:
    """Key of a request -> its fact."""
    facts = {fact.prompt: fact for fact in models.facts}
    return {row["id"]: facts[row["messages"][0]["content"]] for row in lines(log)}


def on_ballot() -> list[str]:
    found = json.loads(Path("ballot.key.json").read_text(encoding="utf-8"))
    return [item for _, item, _ in found["items"]]


def test_a_ballot_is_written_voted_on_and_decides(tiny_models: TinyModels, log_a: Path) -> None:
    facts = asked(tiny_models, log_a)
    waiting = tried(log_a, tiny_models.base_url_b, human=True, items=40, ballot_items=24)
    assert waiting.sheet.word == "NEEDS VOTES"
    assert waiting.sheet.answer == "undecided"
    assert waiting.details.ballot == "ballot.html"
    assert any("every file of votes that was saved" in note for note in waiting.details.notes)
    keys = on_ballot()
    assert len(set(keys)) == len(keys) == 24
    page = Path("ballot.html").read_text(encoding="utf-8")
    assert "tiny-a" not in page
    assert "tiny-b" not in page

    votes = {key: truth(facts[key]) for key in keys}
    anna = vote_file(Path("anna.json"), Path("ballot.html"), votes)
    found = tried(log_a, tiny_models.base_url_b, votes=[anna], items=40).details
    assert (found.means, found.stopped, found.items) == ("human", "votes", 24)
    assert found.spent.sent_n == 0
    assert found.quality.difference.value == pytest.approx(np.mean(list(votes.values())))
    assert found.classes.slices
    for row in found.classes.slices:
        here = [v for key, v in votes.items() if facts[key].skill == row.name]
        assert (row.difference.n, row.difference.value) == (len(here), pytest.approx(np.mean(here)))

    twice = tried(log_a, tiny_models.base_url_b, votes=[anna, anna], items=40).details
    assert twice.quality == found.quality
    assert any("0 changed and 24 repeated votes are left out" in note for note in twice.notes)

    # Someone who likes A whatever it says, and votes on everything.
    fan = vote_file(Path("ben.json"), Path("ballot.html"), dict.fromkeys(keys, -1.0), "Ben")
    alone = tried(log_a, tiny_models.base_url_b, votes=[fan], items=40)
    assert alone.details.quality.verdict == "no"
    assert alone.sheet.word == "DON'T SWITCH"
    both = tried(log_a, tiny_models.base_url_b, votes=[anna, fan], items=40).details
    halfway = (np.mean(list(votes.values())) - 1) / 2
    assert both.quality.difference.value == pytest.approx(halfway)
    assert any("48 votes on 24 pairs" in note for note in both.notes)


def test_a_ballot_that_people_vote_on_is_not_written_over(
    tiny_models: TinyModels, log_a: Path
) -> None:
    tried(log_a, tiny_models.base_url_b, human=True, items=5)
    before = Path("ballot.html").read_bytes()
    with pytest.raises(InputError, match="people may be voting"):
        tried(log_a, tiny_models.base_url_b, human=True, items=5)
    assert Path("ballot.html").read_bytes() == before


def test_changed_votes_are_refused(tiny_models: TinyModels, log_a: Path) -> None:
    tried(log_a, tiny_models.base_url_b, human=True, items=5)
    file = vote_file(Path("v.json"), Path("ballot.html"), dict.fromkeys(on_ballot(), 1.0))
    swapped = {"first": "second", "second": "first"}
    found = json.loads(file.read_text(encoding="utf-8"))
    found["votes"] = [[code, swapped[vote], spent] for code, vote, spent in found["votes"]]
    file.write_text(json.dumps(found), encoding="utf-8")
    with pytest.raises(InputError, match="changed after it was saved"):
        tried(log_a, tiny_models.base_url_b, votes=[file], items=5)


@pytest.mark.slow  # the page is always tried in test_ballot, and what its votes decide above
@needs_browser
def test_votes_made_in_a_browser_decide(
    tiny_models: TinyModels, log_a: Path, chromium: Any
) -> None:
    facts = asked(tiny_models, log_a)
    rights = {fact.prompt: fact.right for fact in tiny_models.facts}
    tried(log_a, tiny_models.base_url_b, human=True, items=14, ballot_items=8)
    keys = on_ballot()
    with chromium() as browser:
        page = browser.new_page()
        page.goto(Path("ballot.html").absolute().as_uri())
        for _ in keys:
            page.keyboard.press(voted(page, rights))
        assert page.locator("#count").text_content() == f"All {len(keys)} voted: save your votes"
        with page.expect_download() as caught:
            page.locator("#save").click()
        caught.value.save_as("votes.json")
    found = tried(log_a, tiny_models.base_url_b, votes=["votes.json"], items=14).details
    wanted = [truth(facts[key]) for key in keys]
    assert any(wanted)
    assert found.items == len(keys)
    assert found.quality.difference.value == pytest.approx(np.mean(wanted))


def voted(page: Any, rights: dict[str, str]) -> str:
    """The key that someone presses who knows the facts and sees only the page."""
    right = rights[page.locator("#request").text_content().removeprefix("user:\n")]
    first, second = (page.locator(f"#{n}").text_content() == right for n in ("first", "second"))
    return "3" if first == second else "1" if first else "2"


def test_a_ballot_can_be_an_arena_and_its_votes_decide(
    tiny_models: TinyModels, log_a: Path
) -> None:
    facts = asked(tiny_models, log_a)
    waiting = tried(
        log_a, tiny_models.base_url_b, human=True, items=40, ballot_items=16, ballot="vote.toml"
    )
    assert waiting.sheet.word == "NEEDS VOTES"
    assert any("`h2h arena serve vote.toml`" in note for note in waiting.details.notes)
    with serving(Path("vote.toml")) as served, TestVoter(served.address) as voter:
        served.arena.voter_limits = Limits(per_minute=10**6, burst=10**6)  # no person is so fast
        while "token" in (battle := voter.draw()):
            id = served.arena.store.battle(battle["id"])
            assert id is not None
            likes_b = truth(facts[id.prompt]) * (1 if id.right_entrant == "tiny-b" else -1)
            voter.vote(battle, "right" if likes_b > 0 else "left" if likes_b < 0 else "tie")
    found = tried(log_a, tiny_models.base_url_b, votes=["vote.sqlite"], items=40).details
    assert (found.means, found.stopped, found.items) == ("human", "votes", 16)
    by_file = np.mean([truth(facts[row["key"]]) for row in lines(Path("vote.answers.jsonl"))])
    assert found.quality.difference.value == pytest.approx(by_file)
    with pytest.raises(InputError, match="people may be voting"):
        tried(log_a, tiny_models.base_url_b, human=True, items=40, ballot="vote.toml")
    typed = ["switch", str(log_a), "--from", "tiny-a", "--to", "tiny-b", "--items", "40"]
    typed += ["--base-url", tiny_models.base_url_b, "--cap-tokens", "16"]
    run = CliRunner().invoke(main, [*typed, "--human", "vote.sqlite", "--json"])
    assert '"means": "human"' in run.stdout, run.output
    run = CliRunner().invoke(main, [*typed, "--scorer", "exact", "vote.sqlite"])
    assert run.exit_code == 64
    assert "votes go with --human" in run.output
