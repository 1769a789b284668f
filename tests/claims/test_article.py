"""The article's claims: all of them, judged on three pairs of dates, and plausible."""

import re
from datetime import date
from pathlib import Path

import pytest

from headtohead.claims.claim import RELAXED
from headtohead.claims.verdict import Verdict, claims_of, verdicts_on
from headtohead.core.dates import Period
from headtohead.evidence.facts import Facts
from headtohead.questions import analysis

IDS = [
    *(f"P{n}" for n in range(1, 11)),
    *(f"O{n}" for n in range(1, 6)),
    *(f"C{n}" for n in range(1, 7)),
    *(f"H{n}" for n in range(1, 5)),
    *("I1", "I2", "G1", "G2", "G3"),
    *(f"F{n}" for n in range(1, 5)),
]
SAID = {
    "supported": "holds as stated",
    "overstated": "is false as stated",
    "refuted": "is false as stated",
    "undecided": "is not decided by the evidence",
    "not measurable": "cannot be measured",
}
THEN = (None, date(2025, 12, 15))
HINDSIGHT = (None, date(2026, 10, 31))
TODAY = (Period.parse("2026-10-09"), date(2026, 10, 31))


@pytest.fixture(scope="module")
def verdicts(facts: Facts) -> dict[str, dict[str, Verdict]]:
    file = claims_of(facts)
    return {
        name: {v.claim.id: v for v in verdicts_on(facts, file, about=about, as_of=as_of)}
        for name, (about, as_of) in {"then": THEN, "hindsight": HINDSIGHT, "today": TODAY}.items()
    }


def test_all_34_claims_are_there(facts: Facts) -> None:
    assert [c.id for c in claims_of(facts).claims] == IDS


def test_each_says_why_its_reading_is_fair_and_names_what_a_narrower_one_relaxes(
    facts: Facts,
) -> None:
    for claim in claims_of(facts).claims:
        assert claim.fair.endswith("."), claim.id
        assert not claim.as_stated.relaxes
        if claim.narrower:
            assert claim.narrower.relaxes in RELAXED
            assert claim.narrower.says != claim.as_stated.says


def test_a_narrower_reading_does_not_relax_the_proof_or_change_the_models_besides(
    facts: Facts,
) -> None:
    for claim in claims_of(facts).claims:
        if claim.narrower is None:
            continue
        ways = [
            {c.bound.judge for c in r.conditions if c.bound and c.analysis}
            for r in (claim.as_stated, claim.narrower)
        ]
        assert ways[1] <= ways[0] or not ways[0], f"{claim.id} is judged in another way"
        stated, part = ([c.scope for c in r.conditions] for r in (claim.as_stated, claim.narrower))
        for word in ("dear", "cheap", "subjects"):
            allowed = {m for s in stated for m in s.get(word, ())}
            ours = {m for s in part for m in s.get(word, ())}
            assert not allowed or ours <= allowed, f"{claim.id} changes {word}"


def test_every_flagship_of_a_family_counts_on_both_sides(facts: Facts) -> None:
    claims = {c.id: c for c in claims_of(facts).claims}
    for claim_id, families in {
        "O2": ("Qwen3-", "GLM-4", "Kimi K2"),
        "O3": ("GPT-5", "Claude Opus 4", "Claude Sonnet 4", "Grok 4", "Gemini"),
    }.items():
        (condition,) = claims[claim_id].as_stated.conditions
        named = {getattr(m, "name", m) for m in condition.scope["models"]}
        rows = facts.frame("openness", date(2025, 12, 15))
        ours = rows.filter(rows["flagship"])["model_name"].to_list()
        assert {m for m in ours if m.startswith(families)} <= named, claim_id


def test_the_number_shown_first_decides_the_reading_as_stated(
    verdicts: dict[str, dict[str, Verdict]],
) -> None:
    for v in (v for group in verdicts.values() for v in group.values()):
        for judged in v.judged:
            decisive = judged.decisive
            deciding = [p for p in judged.parts if p.truth == judged.truth]
            assert decisive is None or decisive in [e for p in deciding for e in p.answer.estimates]
            assert decisive or not any(p.answer.estimates for p in deciding)


def test_every_source_a_claim_allows_can_speak_to_it(facts: Facts) -> None:
    gives = {c.source.source_id: set(c.source.rows) for c in facts.store.cards()}
    for claim in claims_of(facts).claims:
        read: set[str] = set()
        for condition in (c for r in claim.readings for c in r.conditions):
            if condition.analysis:
                question = analysis(condition.analysis).QUESTION
                read |= {*question.reads, *question.optional}
        for source in claim.sources if read else ():
            assert gives[source] & read, f"{claim.id} allows {source}, which feeds none of {read}"


def test_every_number_has_interval_n_dates_and_a_source_one_can_open(
    facts: Facts, verdicts: dict[str, dict[str, Verdict]]
) -> None:
    for group in verdicts.values():
        for v in group.values():
            for c in facts.store.citations(v.source_ids, v.as_of):
                assert re.match(r"https?://", c.url)
            for judged in v.judged:
                for part in judged.parts:
                    assert part.answer.estimates or part.answer.missing
                for e in judged.estimates:
                    assert e.low <= e.value <= e.high
                    assert e.n >= 1
                    assert set(e.source_ids) <= set(v.source_ids)
                    assert e.source_ids
                    assert e.as_of == v.as_of


def test_every_verdict_has_a_sentence_to_quote(verdicts: dict[str, dict[str, Verdict]]) -> None:
    for group in verdicts.values():
        for v in group.values():
            assert v.sentence.startswith(f"“{v.claim.says}” {SAID[v.word]}")
            assert str(v.as_of) in v.sentence
            assert v.sentence.endswith(".")
            assert "None" not in v.sentence
            assert bool(v.decides) == (v.word in ("undecided", "not measurable"))


def test_nothing_speaks_to_all_of_what_evidence_speaks_to_in_part(
    verdicts: dict[str, dict[str, Verdict]],
) -> None:
    then = verdicts["then"]
    assert then["P9"].as_stated.estimates
    assert "nothing we may use speaks to all of it" in then["P9"].sentence
    assert "nothing we may use speaks to it" in then["P10"].sentence


def test_the_verdict_is_as_expected_or_a_note_says_why(
    verdicts: dict[str, dict[str, Verdict]],
) -> None:
    for v in verdicts["hindsight"].values():
        assert v.claim.expect
        if v.word != v.claim.expect:
            assert v.claim.note, f"{v.claim.id} is {v.word}, expected {v.claim.expect}: say why"


def test_nothing_known_later_is_behind_the_verdicts_of_the_time(
    verdicts: dict[str, dict[str, Verdict]],
) -> None:
    for v in verdicts["then"].values():
        for judged in v.judged:
            for row in judged.rows:
                assert row["known_on"] <= date(2025, 12, 15), (v.claim.id, row)
        assert not v.claim.note, f"{v.claim.id}: the note knows what came later"
    assert verdicts["hindsight"]["H1"].claim.note


def test_the_three_readings_of_time_differ_where_they_should(
    verdicts: dict[str, dict[str, Verdict]],
) -> None:
    then, hindsight, today = verdicts["then"], verdicts["hindsight"], verdicts["today"]
    assert then["P10"].word == "not measurable"
    assert hindsight["P10"].word != "not measurable"
    # Then only a list of clusters was known, with a tenth to a fifth of all compute.
    assert then["H1"].word == "undecided"
    assert "10% to 20% of all AI compute" in then["H1"].sentence
    assert hindsight["H1"].word == "supported"
    assert then["F1"].word == "undecided"
    assert hindsight["F1"].word == "supported"
    assert hindsight["O5"].word == "refuted"
    assert hindsight["I1"].word == today["I1"].word == "supported"
    assert not {"F1", "F2", "F3", "F4"} & today.keys()


def test_a_verdict_that_leans_on_an_unverified_figure_says_so(
    verdicts: dict[str, dict[str, Verdict]],
) -> None:
    leaning = [v for g in verdicts.values() for v in g.values() if v.unverified]
    assert leaning
    assert all("unverified" in v.sentence for v in leaning)


def test_the_users_own_file_runs_the_same_way(facts: Facts, tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs/how-to/write-claims.md").read_text(encoding="utf-8")
    example = re.search(r"```toml\n(.*?)```", text, flags=re.DOTALL)
    assert example
    path = tmp_path / "mine.toml"
    path.write_text(example[1], encoding="utf-8")
    (v,) = verdicts_on(facts, claims_of(facts, path), about=None, as_of=date(2026, 10, 31))
    assert v.as_stated.estimates
