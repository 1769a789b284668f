"""No verdict hangs on what happens to ship: sources that would turn it leave it undecided."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from scripts.weigh_withheld import turned
from tests.claims.report_builder import estimate

from headtohead.claims import withheld as module
from headtohead.claims.claim import Bound, Condition, Reading
from headtohead.claims.verdict import Judged, Verdict, claims_of, judge, verdicts_on
from headtohead.claims.withheld import Withheld, withheld
from headtohead.core.dates import Period
from headtohead.core.question import Answer
from headtohead.evidence.facts import Facts
from headtohead.evidence.store import Store

FILE = """\
title = "t"
origin = "o"

[[claim]]
id = "W1"
says = "The best Kimi trails the best Claude"
section = "performance"
kind = "gap"
about = "2025-12-15"
sources = []

[claim.as_stated]
says = "It is below"
analysis = "performance.arena_gap"
scope = { a = "brand=claude", b = "brand=kimi" }
bound = { at_most = 0, unit = "elo" }

[claim.narrower]
says = "It is below in coding"
relaxes = "population"
analysis = "performance.arena_gap"
scope = { a = "brand=claude", b = "brand=kimi", category = "coding" }
bound = { at_most = 0, unit = "elo" }
"""
SOURCE = "swebench_bash_only"
DAY = date(2026, 10, 31)


def planted(**changes: Any) -> Withheld:
    given: dict[str, Any] = {
        "claim": "W1",
        "says": "The best Kimi trails the best Claude",
        "reading": "as_stated",
        "source_id": SOURCE,
        "built_in": "true",
        "with_it": "false",
        "known_on": date(2025, 12, 10),
    }
    return Withheld(**given | changes)


@pytest.fixture
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    path = tmp_path / "mine.toml"
    path.write_text(FILE, encoding="utf-8")

    def run(one: Withheld, *, about: Period | None = None, as_of: date = DAY) -> Verdict:
        monkeypatch.setattr(module, "withheld", lambda: {(one.says, one.reading): (one,)})
        facts = Facts(Store(tmp_path / "home"))
        (v,) = verdicts_on(facts, claims_of(facts, path), about=about, as_of=as_of)
        return v

    return run


def test_a_source_that_may_not_ship_and_speaks_against_a_verdict_leaves_it_undecided(
    judged: Any,
) -> None:
    v = judged(planted())
    assert v.as_stated.built_in == "true"
    assert v.as_stated.truth == "undecided"
    assert v.word == "undecided"
    assert "evidence that may not ship speaks against that: SWE-bench says that it does not" in (
        v.sentence
    )
    assert "`h2h update swebench_bash_only`" in v.decides
    assert v.as_stated.decisive is not None


def test_so_does_a_narrower_reading_that_it_turns(judged: Any) -> None:
    v = judged(planted(reading="narrower"))
    assert v.word == "supported"
    assert v.narrower.truth == "undecided"


@pytest.mark.parametrize(
    "changes",
    [
        {"known_on": date(2027, 1, 1)},
        {"built_in": "false"},
        {"says": "Another sentence of that number"},
        {"source_id": "lmarena_catalog"},
    ],
    ids=["later", "another truth", "another sentence", "built in"],
)
def test_it_speaks_only_where_and_from_when_it_does(judged: Any, changes: dict[str, Any]) -> None:
    v = judged(planted(**changes))
    assert v.word == "supported"
    assert v.as_stated.against == ()


def test_of_another_day_nothing_was_weighed(judged: Any) -> None:
    assert judged(planted(), about=Period.parse("2025-12-11")).word == "supported"


def test_once_the_user_has_the_source_the_computed_verdict_stands(
    judged: Any, shared_evidence: Path, tmp_path: Path
) -> None:
    from headtohead.evidence.folder import from_folder

    store = Store(tmp_path / "home")
    assert not store.holds(SOURCE)
    from_folder(store, [SOURCE], shared_evidence / SOURCE, today=DAY)
    assert store.holds(SOURCE)
    assert judged(planted()).word == "supported"


def test_every_reading_written_down_is_one_of_the_article_and_its_source_is_not_built_in(
    tmp_path: Path,
) -> None:
    facts = Facts(Store(tmp_path))
    sentences = {c.says: c for c in claims_of(facts).claims}
    for (says, reading), sources in withheld().items():
        assert getattr(sentences[says], reading) is not None
        for one in sources:
            assert sentences[says].id == one.claim
            assert one.built_in != one.with_it
            assert not facts.store.holds(one.source_id)


def test_what_a_source_turns_is_written_down_with_its_day_and_nothing_else() -> None:
    bound = Bound(at_least=0, unit="elo")
    condition = Condition(says="c", analysis="performance.arena_gap", bound=bound)
    reading = Reading(says="r", conditions=(condition,))

    def made(low: float, high: float, source: str) -> Judged:
        one = estimate(
            interval=((low + high) / 2, low, high),
            source_ids=(source,),
            known_on=date(2025, 12, 10),
        )
        answer = Answer(estimates=(one,), says="so")
        return Judged(reading=reading, parts=(judge(condition, answer, one.about),))

    same, turns = ("Same", "A1", "as_stated"), ("Turns", "A2", "as_stated")
    before = {same: made(1, 2, "x"), turns: made(1, 2, "x")}
    after = {same: made(1, 3, "held"), turns: made(-3, -2, "held")}
    (table,) = turned(["held"], before, after, DAY)
    assert 'claim = "A2"' in table
    assert 'built_in = "true"' in table
    assert 'with_it = "false"' in table
    assert "known_on = 2025-12-10" in table
