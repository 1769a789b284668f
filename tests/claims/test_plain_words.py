"""What check, show and diff print is for strangers: no ids, column names or codes."""

import re
from dataclasses import replace
from datetime import date
from html import unescape

import pytest

import headtohead
from headtohead.claims.result import CheckResult
from headtohead.core.errors import UnknownName
from headtohead.core.units import apart
from headtohead.evidence.catalogue import source_ids
from headtohead.evidence.facts import Facts
from headtohead.evidence.sheet import rows_listing
from headtohead.evidence.tables import benchmarks, table, tables
from headtohead.names.names import called_within
from headtohead.publish.result import Result
from headtohead.questions import analyses

pytestmark = pytest.mark.usefixtures("kept_facts")
DAYS = (date(2025, 12, 15), date(2026, 10, 31))
# Addresses, models' own names, commands and the titles of others' works are not our sentences.
_FOREIGN = re.compile(r"https?://\S+|\S*/\S*|`[^`]+`|^SOURCES.*", re.DOTALL | re.MULTILINE)


def codes() -> set[str]:
    columns = {c.name for name in tables() for c in table(name).columns}
    known = {*columns, *tables(), *benchmarks(), *source_ids()}
    return {code for code in known if "_" in code} | set(analyses())


@pytest.fixture(scope="module", params=DAYS, ids=str)
def verdicts(request: pytest.FixtureRequest) -> CheckResult:
    made: CheckResult = headtohead.check(as_of=request.param)
    return made


def wrong_words(text: str) -> set[str]:
    text = _FOREIGN.sub(" ", text)
    found = set(re.findall(r"[\w.]+", text))
    odd = codes() & {word.strip(".") for word in found}
    odd |= set(re.findall(r"\b(?:True|False|None)(?=[,;)\]])", text))
    return odd | (set(re.findall(r"(\w+)=", text)) & {"country", "open", "lab", "family", "side"})


def text_of(page: str) -> str:
    """What a reader sees of a page: no scripts, no heads, no commands."""
    hidden = r"(?s)<(script|style|head|svg|pre|code)\b.*?</\1>"
    return unescape(re.sub(r"<[^>]+>", " ", re.sub(hidden, " ", page)))


@pytest.fixture(scope="module")
def asked() -> dict[str, Result]:
    a, b = "gpt-5", "deepseek-v3.2"
    return {
        "report": headtohead.report(as_of=DAYS[1]),
        "gap": headtohead.gap(as_of=DAYS[1]),
        "index": headtohead.index(as_of=DAYS[1]),
        "versus": headtohead.versus(a, b, as_of=DAYS[1]),
    }


@pytest.mark.parametrize("verb", ["report", "gap", "index", "versus"])
def test_no_door_of_a_verb_speaks_in_codes(asked: dict[str, Result], verb: str) -> None:
    result = asked[verb]
    markdown = re.sub(r"(?s)```.*?```", " ", result.to_markdown().replace("\\", ""))
    for said in (str(result), markdown, text_of(result.to_html())):
        assert wrong_words(said) == set()
        assert not re.search(_IDS, re.sub(r"https?://\S+", " ", said))


def test_questions_show_no_codes_but_those_that_a_claims_file_takes() -> None:
    every = headtohead.list_questions(as_of=DAYS[1])
    one = headtohead.list_questions("capability_gap", as_of=DAYS[1])
    for said in map(str, (every, one)):
        assert not {name for name in tables() if "_" in name} & set(re.findall(r"[\w.]+", said))


def test_a_check_prints_no_codes(verdicts: CheckResult) -> None:
    assert wrong_words(str(verdicts)) == set()


def test_no_verdict_shows_codes_behind_it(verdicts: CheckResult) -> None:
    for v in verdicts.verdicts:
        kept = tuple(c for c in verdicts.citations if c.source_id in v.source_ids)
        shown = replace(verdicts, verb="show", verdicts=(v,), citations=kept)
        assert wrong_words(str(shown)) == set(), v.claim.id


def test_a_list_of_changes_prints_no_codes() -> None:
    said = str(headtohead.diff(*DAYS))
    assert wrong_words(said) == set()
    assert not re.search(_IDS, said)


_IDS = re.compile(r"\b(?:openai|google|anthropic|deepseek|alibaba|moonshotai|zai|xai)/[a-z]")
# Signs, and sizes that do not say who is ahead.
_RIDDLES = re.compile(
    r"\): [-+]\d|stood -|: -\d|\(-\d|powers of ten \(|\d times less|minus (?=[A-Z])|\w less before"
)


@pytest.mark.parametrize(
    "pair", [("gpt-5", "deepseek-v3.2"), ("US", "CN"), ("closed", "open"), ("openai", "deepseek")]
)
def test_two_sides_side_by_side_are_in_words(pair: tuple[str, str]) -> None:
    said = str(headtohead.versus(*pair, as_of=DAYS[1]))
    assert wrong_words(said) == set()
    assert not re.search(_IDS, said)
    assert not re.search(_RIDDLES, said)


def test_a_check_says_who_is_ahead(verdicts: CheckResult) -> None:
    assert not re.search(_RIDDLES, str(verdicts))


def test_the_words_catch_what_they_are_for() -> None:
    for planted in ("has 1,433 rating points: -59 (-66 to -51)", "Chinese minus closed US: -59 x"):
        assert re.search(_RIDDLES, " ".join((planted.replace("closed US", "US"), planted)))
    assert re.search(_IDS, "were openai/gpt-5 $1.25 in")
    assert wrong_words("best of benchmark_scores") == {"benchmark_scores"}


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("deepseek-v3.2-thinking: 1,419", "DeepSeek-V3.2 (thinking): 1,419"),
        ("llama and qwen3-max", "llama and Qwen3-Max"),
        ("no list-price here", "no list-price here"),
    ],
)
def test_a_printed_code_is_said_by_its_name(printed: str, said: str) -> None:
    assert called_within(printed) == said


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ((-36.0, -46.0, -26.0), "36 rating points (26 to 46) fewer"),
        ((3.0, -1.0, 7.0), "3 rating points more (1 fewer to 7 more)"),
    ],
)
def test_a_difference_says_who_is_ahead(ends: tuple[float, float, float], said: str) -> None:
    assert apart(*ends, "elo", "fewer") == said


# Words of others, and addresses.
_PRINTED = {
    *("Model", "Setting", "Remark", "Address", "Canonical name", "Title", "Huggingface id"),
    *("Location", "Subject", "Base model"),
}


@pytest.mark.parametrize("name", [*tables()])
def test_a_table_of_evidence_has_words_for_heads_and_cells(name: str) -> None:
    rows = Facts().frame(name, DAYS[1]).sample(fraction=1, shuffle=True, seed=1).head(300)
    sheet = rows_listing(name, rows, DAYS[1], 300).sheet
    figure, *shared = sheet.topics[0].figures
    titles = [c.title for c in figure.columns]
    said = [
        str(x) for row in figure.rows for t, x in zip(titles, row, strict=True) if t not in _PRINTED
    ]
    said += [str(x) for one in shared for t, x in one.rows if t not in _PRINTED]
    wrong = {x for x in (*titles, *said) if re.search(r"[a-z]_[a-z0-9]|\balias:|@\d", x)}
    ids = {x for x in said if re.fullmatch(r"[a-z0-9-]+/[a-z][\w.@-]+", x)}
    assert not wrong
    assert not ids
    if rows.height:
        assert not {"CN", "US", *source_ids()} & set(said)


def test_the_json_keeps_its_ids(verdicts: CheckResult) -> None:
    for v in verdicts.as_json()["results"]:
        for part in (p for r in (v["as_stated"], v["narrower"]) if r for p in r["conditions"]):
            assert part["analysis"] in {"", *analyses()}
            assert all("source_id" in row for row in part.get("rows", ()))


@pytest.mark.parametrize(
    ("asked", "said"), [("P11", "P1 or P10"), ("price wars", "G3 (“Their accessibility")]
)
def test_an_unknown_statement_gets_the_nearest(asked: str, said: str) -> None:
    with pytest.raises(UnknownName, match="Did you mean") as wrong:
        headtohead.show(asked, as_of=DAYS[0])
    assert said in str(wrong.value)


def test_whoever_waits_for_a_verdict_is_told_which() -> None:
    steps: list[str] = []
    headtohead.show("I1", as_of=DAYS[0], progress=steps.append)
    assert steps == ["I1"]
