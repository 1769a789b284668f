"""Reports, checks, single verdicts and changes: what they say in words, and their sheets."""

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from headtohead.claims.claim import RELAXED, Bound, Condition
from headtohead.claims.verdict import WORDS, Judged, JudgedCondition, Verdict, Word
from headtohead.core.estimate import Citation, Estimate
from headtohead.core.question import Question, Sides
from headtohead.evidence.picking import side_name
from headtohead.evidence.tables import in_words
from headtohead.evidence.words import bare_heading, cell, model_name
from headtohead.names.names import Names, called_within, country_name
from headtohead.publish.sheet import (
    Answer,
    Check,
    ClaimCard,
    DataTable,
    Figure,
    ReadingCard,
    Row,
    Ruling,
    Scorecard,
    Sheet,
    Step,
    TableColumn,
    Topic,
    Viewpoint,
)
from headtohead.publish.terminal import cell_text
from headtohead.publish.words import anchor, content_hash, listed, plain, range_words, side_range
from headtohead.questions import analysis

if TYPE_CHECKING:
    from headtohead.claims.changes import DiffResult
    from headtohead.claims.result import CheckResult, ReportResult

# Word of a verdict -> its look on a page, its mark, and what a gate takes it for.
_LOOKS: Mapping[Word, tuple[str, str, Answer]] = {
    "supported": ("supported", "✔", "yes"),
    "overstated": ("overstated", "◐", "no"),
    "refuted": ("refuted", "✘", "no"),
    "undecided": ("undecided", "?", "undecided"),
    "not measurable": ("unmeasured", "–", "undecided"),
}
TRUTHS = {
    "true": "holds",
    "false": "does not hold",
    "undecided": "undecided",
    "not measurable": "not measurable",
}
_EACH = {
    "all": "every one must lie inside",
    "any": "one inside is enough, widened for their number",
    "most": "more than half must lie inside",
    "each_any": "one inside is enough for each name, widened for their number",
}


def counts(verdicts: Sequence[Verdict]) -> str:
    """How many statements hold as stated, are false, undecided and not measurable."""
    n, many = Counter(v.word for v in verdicts), len(verdicts)
    false = n["overstated"] + n["refuted"]
    narrow = f" ({n['overstated']} of them true in a narrower sense)" if n["overstated"] else ""
    others = (
        (false, "is false", "are false", narrow),
        (n["undecided"], "is undecided", "are undecided", ""),
        (n["not measurable"], "cannot be measured", "cannot be measured", ""),
    )
    holds = "holds" if n["supported"] == 1 else "hold"
    parts = [f"{n['supported']} of {many} {holds}"]
    parts += [f"{k} {one if k == 1 else more}{also}" for k, one, more, also in others if k]
    return f"As stated, {listed(parts)}"


def bound_words(bound: Bound, estimates: Sequence[Estimate]) -> str:
    """The stated range in words; empty if there is no number to hold against it."""
    if not estimates:
        return ""
    judged = "the whole interval" if bound.judge == "interval" else "the printed figure"
    many = f"; {_EACH[bound.each]}" if len(estimates) > 1 else ""
    unit = estimates[0].unit
    if bound.by_label:
        parts = [
            f"{plain(country_name(label), 80)} {range_words(*ends, unit)}"
            for label, ends in bound.by_label.items()
        ]
        return f"{judged} within: {', '.join(parts)}{many}"
    ends = bound.at_least, bound.at_most
    if len(called := estimates[0].called or ()) == 2:
        return f"{judged} says: {side_range(*ends, unit, *called)}{many}"
    return f"{judged} is {range_words(*ends, unit)}{many}"


def rule_words(v: Verdict) -> str:
    """What makes a reading as stated hold, in words: each condition, and the range it asks for."""
    conditions = []
    for part in v.as_stated.parts:
        bound = part.condition.bound
        if bound is None:
            continue
        estimates = part.answer.estimates
        judged = "the whole interval" if bound.judge == "interval" else "the printed figure"
        asked = bound_words(bound, estimates)
        if not asked and not bound.by_label and bound.unit:
            asked = f"{judged} is {range_words(bound.at_least, bound.at_most, bound.unit)}"
        conditions.append(f"{part.condition.says.rstrip('.')}: {asked}" if asked else "")
    return ". ".join((v.as_stated.reading.says.rstrip("."), *filter(None, conditions)))


def scope_words(condition: Condition) -> str:
    """The question behind a condition, and what it was asked of; empty if it has none."""
    if not condition.analysis:
        return ""
    question = analysis(condition.analysis).QUESTION
    given = {
        k: v
        for k, v in condition.scope.items()
        if v not in ("", (), []) and v != question.scope[k].default
    }
    asked = "; ".join(
        f"{k.replace('_', ' ')}: {_scope_value(v, question)}" for k, v in given.items()
    )
    return f"{question.asks} ({asked})" if asked else question.asks


def _scope_value(value: object, question: Question) -> str:
    """One scope word as a reader says it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return listed(_scope_value(v, question) for v in value)
    text = str(value)
    if "=" in text:
        return side_name(text)
    known = Names.load().model(text)
    return known.name if known else called_within(_titled(text, question)).replace("_", " ")


def _titled(text: str, question: Question) -> str:
    """A label with the titles of benchmarks, where the question is asked of their scores."""
    return in_words(text) if "benchmark_scores" in question.reads else text


def _labelled(part: JudgedCondition, e: Estimate) -> Estimate:
    """A number of a condition, called as a reader calls it."""
    question = analysis(part.condition.analysis).QUESTION
    said = e.as_said()
    return replace(said, label=called_within(country_name(_titled(said.label, question))))


def _decisive(judged: Judged) -> Estimate | None:
    """The number that decides a reading, called as a reader calls it."""
    return next((_labelled(p, p.decisive) for p in judged.deciding if p.decisive), None)


def check_answer(verdicts: Sequence[Verdict], as_of: object) -> str:
    """The counts of one check as a sentence."""
    if len(verdicts) == 1:
        return verdicts[0].sentence
    return f"{counts(verdicts)}, with what is known by {as_of}."


def other_verdicts(lead: Sequence[Verdict], other: Sequence[Verdict]) -> str:
    """How many verdicts differ from the leading ones, and whose."""
    words = {v.claim.id: v.word for v in other}
    ids = [plain(v.claim.id, 40) for v in lead if words.get(v.claim.id, v.word) != v.word]
    if not ids:
        return "every verdict is the same"
    if len(ids) == 1:
        return f"one verdict differs ({ids[0]})"
    return f"{len(ids)} verdicts differ ({listed(ids)})"


def evidence_until(citations: Sequence[Citation]) -> str:
    """The latest day that any row used became known; empty if no source says."""
    return str(max((c.known_on for c in citations if c.known_on), default=""))


_MEANS = {
    "then": "what was known when the statement's own time ended",
    "hindsight": "what is known now about the statement's own time",
    "today": "the same sentence asked of the day of this report",
    "verdict": "what was known by the day given",
}
_METHOD = (
    Step(
        "Every statement is read as stated: with its own verb, quantifier and scope. “Lead” means "
        "first, “nearly all” at least nine in ten, “nearly 30%” is a range with two ends, “50% or "
        "more” has one. Most have a narrower reading too, which relaxes exactly one thing and "
        "names it: the time, the part of what it speaks of, the measure, the degree or the verb. "
        "Each reading states a range, and the evidence gives numbers with intervals."
    ),
    Step("the statement holds as stated. The whole interval lies inside the range.", "Supported"),
    Step("it is false as stated, and only the narrower reading holds.", "Overstated"),
    Step(
        "it is false as stated, and no narrower reading of it was found true; or the truth lies "
        "past the end of the range that favours the statement, which then says “more, not less”.",
        "Refuted",
    ),
    Step(
        "an interval straddles an end of the range, one of those named has no figure that could "
        "not turn it, or the newest evidence is too old. The card says what would decide it.",
        "Undecided",
    ),
    Step("no evidence we may use speaks to it as stated.", "Not measurable"),
    Step(
        "The number shown first decides the statement as stated. The best of several numbers is "
        "never picked for that; where a narrower reading asks whether any of them will do, "
        "intervals are widened for how many they are (Bonferroni)."
    ),
    Step(
        "Every number carries two dates: what it is about, and by when it was known. Evidence that "
        "became known later is not used. Where an interval says “bounds”, it is not a probability: "
        "the truth must lie inside whatever the unknown part turns out to be. Where it says “as "
        "published”, the source gives no interval; “16 of 22 models listed” counts a list that we "
        "made, and “exact” is what was computed over all. “Unverified” marks a figure that could "
        "not be checked against its origin."
    ),
    Step(
        "Differences of ratings and of index points mean something, ratios of them do not, so none "
        "is made. There is no overall winner and no total score."
    ),
)
_NEXT = (
    "See every row behind one verdict: `h2h show ID`",
    "See what changed between two days: `h2h diff --from DAY`",
    "Check statements of your own: write them as a claims file and run `h2h check FILE`",
    "Think a verdict is wrong? Every number above names its source, method and dates. Bring a "
    "better source, and the verdict changes with it.",
)
_ROWS = 20
Checks = Sequence[tuple[str, str, "CheckResult"]]


def check_sheet(result: "CheckResult") -> Sheet:
    """The verdicts on a file of claims, or all that stands behind one of them."""
    about = str(result.about or "")
    whole = result.verb == "show"
    checks: Checks = (("verdict", "Verdict", result),)
    return Sheet(
        verb=result.verb,
        title=plain(result.file.title),
        kicker=plain(result.file.origin),
        sentence=check_answer(result.verdicts, result.as_of),
        facts=_facts(
            result.about.in_words if result.about else "its own time, for each statement",
            result.as_of,
            result,
        ),
        topics=_topics(checks, {}, rows=whole),
        checks=tuple(Check(v.claim.id, _LOOKS[v.word][2], v.sentence) for v in result.verdicts),
        method=_METHOD,
        sources=result.citations,
        about=about,
        as_of=result.as_of,
        notes=_left_out(result),
        scorecard=_scorecard(checks),
        next=_NEXT,
        digest=content_hash(result.as_json()["results"]),
        full=whole,
    )


def _left_out(result: "CheckResult") -> tuple[str, ...]:
    """A note on sentences that cannot be asked of the day asked about."""
    judged = {v.claim.id for v in result.verdicts}
    ids = [plain(c.id, 40) for c in result.file.claims if c.id not in judged]
    if not ids or result.about is None:
        return ()
    many = f"{len(ids)} statements name" if len(ids) > 1 else "One statement names"
    asked = result.about.in_words
    return (f"{many} a time that is not {asked}, and cannot be asked of it: {listed(ids)}.",)


def report_sheet(result: "ReportResult") -> Sheet:
    """The whole head-to-head."""
    from headtohead.claims.versus.sheet import card, headlines, question_of
    from headtohead.questions import exhibit_specs
    from headtohead.questions.figures import exhibit_figure

    known = {c.source_id: c for c in result.citations}
    figures = {
        slug: exhibit_figure(spec, result.exhibits[slug], result.sides, known)
        for slug, spec in exhibit_specs().items()
        if slug in result.exhibits
    }
    checks = _checks_of(result)
    return Sheet(
        verb="report",
        title=question_of(result.versus.titles),
        kicker=plain(checks[0][2].file.origin) if checks else "",
        sentence=f"{result.versus.work} {result.versus.saving}".strip(),
        headlines=headlines(result.versus),
        # The numbers above are of the day of knowledge; the statements are of their own time.
        facts=(
            ("Statements about", result.about.in_words),
            *_facts(result.about.in_words, result.as_of, result)[1:],
        ),
        notes=_tally(checks),
        topics=(
            Topic("side-by-side-topic", "Side by side", figures=(card(result.versus),), first=True),
            *_topics(checks, figures),
        ),
        method=_METHOD,
        sources=result.citations,
        about=str(result.about),
        as_of=result.as_of,
        command=_command(result),
        scorecard=_scorecard(checks),
        next=_NEXT,
        folded=True,
        digest=content_hash(result.as_json()["results"]),
    )


def diff_sheet(result: "DiffResult") -> Sheet:
    """What changed between two days of knowledge."""
    topics = []
    for what, slug, title, subject in (
        ("verdict", "verdicts", "Verdicts", "Statement"),
        ("price", "list-prices", "List prices", "Model"),
        ("rank", "places", "Places on the text board", "Model"),
    ):
        changes = [c for c in result.changes if c.what == what]
        figure = Figure(
            slug,
            f"{len(changes)} changed",
            columns=(
                TableColumn("subject", subject, long=True),
                TableColumn("before", "Before"),
                TableColumn("after", "After"),
                TableColumn("why", "Why", long=True),
            ),
            rows=tuple(
                (model_name(c.subject), c.before or "new", c.after or "gone", c.why)
                for c in changes
            ),
            shown=len(changes),
            sources=tuple(
                card
                for card in result.citations
                if any(card.source_id in c.source_ids for c in changes)
            ),
        )
        topics.append(Topic(f"changed-{slug}", title, figures=(figure,)))
    n = len(result.changes)
    return Sheet(
        verb="diff",
        title=f"What changed from {result.start} to {result.end}",
        sentence=f"From what was known by {result.start} to what was known by {result.end}, "
        f"{n:,} {'thing' if n == 1 else 'things'} changed.",
        facts=(("From", str(result.start)), ("To", str(result.end))),
        topics=tuple(topics),
        sources=result.citations,
        as_of=result.end,
        full=True,
    )


def diff_table(result: "DiffResult") -> DataTable:
    """One row a change."""
    names = ("what", "subject", "before", "after", "why", "source_ids")
    rows = [c.as_json() | {"source_ids": " ".join(c.source_ids)} for c in result.changes]
    return DataTable.of(rows, {name: name.replace("_", " ") for name in names})


def check_table(result: "CheckResult") -> DataTable:
    """One row a statement and the number that decided; of `show`, each row behind its readings."""
    if result.verb == "show":
        return DataTable.of(
            [
                {"reading": name, **row}
                for v in result.verdicts
                for name, judged in zip(("as stated", "narrower"), v.judged, strict=False)
                for row in judged.rows
            ]
        )
    names = ("label", "value", "low", "high", "unit", "n", "about")
    rows = []
    for v in result.verdicts:
        first, second = (
            (j.decisive.as_json() if j and j.decisive else {}) for j in (v.as_stated, v.narrower)
        )
        claim = {"id": v.claim.id, "says": v.claim.says, "section": v.claim.section}
        truths = {"verdict": v.word, "as_stated": v.as_stated.truth}
        number = {name: first.get(name) for name in names}
        narrower = {"narrower": v.narrower.truth if v.narrower else None} | {
            f"narrower_{name}": second.get(name) for name in names
        }
        last = {"unverified": v.unverified, "sentence": v.sentence}
        rows.append({**claim, **truths, **number, **narrower, **last})
    return DataTable.of(rows)


def _facts(
    about: str, as_of: date, result: "CheckResult | ReportResult"
) -> tuple[tuple[str, ...], ...]:
    until = evidence_until(result.citations)
    return (
        ("About", about),
        ("Known by", str(as_of)),
        *((("Evidence up to", until),) if until else ()),
        ("Sources", str(len(result.citations)), "sources"),
    )


def _checks_of(result: "ReportResult") -> Checks:
    """The checks of a report: hindsight leads, if it was asked."""
    every = (
        ("hindsight", "In hindsight", result.now),
        ("then", "Then", result.then),
        ("today", "Today", result.today),
    )
    return [(key, name, check) for key, name, check in every if check is not None]


def _tally(checks: Checks) -> tuple[str, ...]:
    """How many statements hold, and what changes with time, in a sentence each."""
    if not checks:
        return ("No statements were checked for these two sides.",)
    key, _, lead = checks[0]
    said = [check_answer(lead.verdicts, lead.as_of)]
    others = {k: c for k, _, c in checks if k != key}
    if "then" in others:
        differ = other_verdicts(lead.verdicts, others["then"].verdicts)
        said.append(f"With only what was known at the time, {differ}.")
    if "today" in others:
        differ = other_verdicts(lead.verdicts, others["today"].verdicts)
        said.append(f"Asked of {others['today'].as_of} itself, {differ}.")
    return (f"Statements of the article: {' '.join(said)}",)


def _command(result: "ReportResult") -> str:
    """The command that makes a report again, for one that no command made."""
    given = {"--as-of": str(result.as_of)}
    if result.sides != Sides():
        sides = result.sides
        given = {"--group": sides.group, "--a": sides.a, "--b": sides.b, **given}
    if result.now is None or result.now.about is not None:
        given["--about"] = str(result.about)
    return " ".join(["h2h report", *(f"{k} {shlex.quote(plain(v))}" for k, v in given.items())])


def _scorecard(checks: Checks) -> Scorecard | None:
    if not checks:
        return None
    views = {
        key: Viewpoint(key, name, _MEANS[key], "" if key == "then" else str(check.as_of))
        for key, name, check in checks
    }
    return Scorecard(
        tuple(views[key] for key in _MEANS if key in views),
        tuple((word, _LOOKS[word][0]) for word in WORDS),
    )


def _topics(
    checks: Checks, figures: Mapping[str, Figure], *, rows: bool = False
) -> tuple[Topic, ...]:
    """Every section that has a claim or an exhibit; claims of unknown sections come last."""
    from headtohead.questions import sections

    cards = _cards(checks)
    known = {section.slug: section for section in sections()}
    topics = []
    for slug in (*known, *dict.fromkeys(c.topic for c in cards if c.topic not in known)):
        section = known.get(slug)
        shown = [figures[x.slug] for x in section.exhibits if x.slug in figures] if section else []
        own = tuple(c for c in cards if c.topic == slug)
        if rows:
            verdicts = [
                v for _, _, check in checks for v in check.verdicts if v.claim.section == slug
            ]
            shown += [f for v in verdicts for f in _row_figures(v)]
        if own or shown:
            title = section.title if section else slug.capitalize()
            asks = section.asks if section else ""
            topics.append(Topic(slug, title, asks, cards=own, figures=tuple(shown)))
    return tuple(topics)


def _cards(checks: Checks) -> list[ClaimCard]:
    """Every claim of the first check, with its verdicts in all of them."""
    cards = []
    for place, first in enumerate(checks[0][2].verdicts if checks else ()):
        claim = first.claim
        same = [v for _, _, check in checks for v in check.verdicts if v.claim.id == claim.id]
        rulings = tuple(
            Ruling(
                key=key,
                name=name,
                word=v.word,
                style=_LOOKS[v.word][0],
                mark=_LOOKS[v.word][1],
                as_of=str(v.as_of),
                sentence=plain(v.sentence, 4000),
                decides=plain(v.decides),
                unverified=v.unverified,
                readings=_readings(v),
            )
            for key, name, check in checks
            for v in check.verdicts
            if v.claim.id == claim.id
        )
        name = anchor("claim", claim.id)
        decided = first.as_stated
        cards.append(
            ClaimCard(
                id=plain(claim.id, 40),
                # Two ids may differ only in characters that an anchor cannot hold.
                anchor=name if name == f"claim-{claim.id}" else f"{name}-{place + 1}",
                says=plain(claim.says),
                topic=claim.section,
                kind=plain(claim.kind, 40),
                about=claim.about.in_words,
                expect=plain(claim.expect),
                # One day may be too early for the note, and another not.
                note=plain(max((v.claim.note for v in same), default="")),
                rulings=rulings,
                headline=_decisive(decided),
                others=max(0, len(decided.estimates) - 1),
                why_none=plain(decided.finding),
                place=place,
            )
        )
    return cards


def _readings(v: Verdict) -> tuple[ReadingCard, ...]:
    """Both readings of a verdict; conditions that are joined follow their reading, one by one."""
    cards = []
    for name, judged in zip(("As stated", "Narrower"), v.judged, strict=False):
        reading = judged.reading
        relaxed = f", {RELAXED[reading.relaxes]}" if reading.relaxes else ""
        only, *more = judged.parts
        whole = _reading_card(f"{name}{relaxed}", reading.says, only)
        if more:
            whole = replace(
                whole,
                truth=TRUTHS[judged.truth],
                bound="",
                asked="",
                finding="both conditions that follow must hold"
                if len(more) == 1
                else f"all {len(judged.parts)} conditions that follow must hold",
                notes=(),
                numbers=(),
                ranges=(),
            )
        cards.append(replace(whole, decisive=_decisive(judged)))
        for n, part in enumerate(judged.parts if more else (), 1):
            head = f"{name}, {n} of {len(judged.parts)}"
            cards.append(_reading_card(head, part.condition.says, part))
    return tuple(cards)


def _reading_card(name: str, says: str, part: JudgedCondition) -> ReadingCard:
    answer, bound = part.answer, part.condition.bound
    numbers = answer.estimates
    marks = [part.stale] if part.stale else []
    if answer.absent:
        marks.append(f"no figure of {listed(answer.absent)} is known, so each may be anything")
    return ReadingCard(
        name=name,
        says=plain(says),
        truth=TRUTHS[part.truth],
        bound=bound_words(bound, numbers) if bound else "",
        about=part.about.in_words,
        asked=plain(scope_words(part.condition)),
        finding=plain(answer.says or answer.missing),
        notes=tuple(plain(n) for n in (*marks, *answer.notes)),
        numbers=tuple(_labelled(part, e) for e in numbers),
        ranges=tuple(_range(bound, e) for e in numbers) if bound else (),
    )


def _range(bound: Bound, e: Estimate) -> tuple[float, float]:
    """The range stated for a number, turned round where the number is said without its sign."""
    low, high = bound.range_of(e.label)
    return (low, high) if e.as_said().value == e.value else (-high, -low)


def _row_figures(v: Verdict) -> list[Figure]:
    """The rows behind both readings of a verdict; once, if they are the same."""
    sets = [judged.rows for judged in v.judged]
    if len(sets) == 2 and sets[0] == sets[1]:
        return [_row_figure("rows", "Rows behind both readings", sets[0])] if sets[0] else []
    return [
        _row_figure(f"rows-{n}", f"Rows behind the verdict {name}", rows)
        for n, (name, rows) in enumerate(
            zip(("as stated", "on the narrower reading"), sets, strict=False), 1
        )
        if rows
    ]


def _row_figure(slug: str, title: str, rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Rows as a table of what differs among them; what all share is said once."""
    # Each value stands with its unit.
    kept = [{k: v for k, v in r.items() if v not in (None, "") and k != "unit"} for r in rows]
    names = list(dict.fromkeys(name for row in kept for name in row))
    numbers = {n for n in names if {type(row[n]) for row in kept if n in row} <= {int, float}}
    records = [
        {k: cell(k, v, row) for k, v in some.items()} for some, row in zip(kept, rows, strict=True)
    ]
    shared = {
        name: records[0][name]
        for name in names
        if len(records) > 1 and all(name in r and r[name] == records[0].get(name) for r in records)
    }
    said = {bare_heading(k): cell_text(v, TableColumn(k, k)) for k, v in shared.items()}
    same = ", ".join(f"{head} {value}" for head, value in said.items())
    remarks = [f"In every row: {same}"]
    if len(records) == 1:
        columns: tuple[TableColumn, ...] = (
            TableColumn("column", "Column"),
            TableColumn("value", "Value"),
        )
        table: list[Row] = [(bare_heading(name), records[0][name]) for name in names]
    else:
        names = [name for name in names if name not in shared]
        columns = tuple(TableColumn(n, bare_heading(n), 0 if n in numbers else None) for n in names)
        table = [tuple(row.get(n) for n in names) for row in records]
    n = len(rows)
    return Figure(
        slug,
        title,
        f"rows ({min(n, _ROWS)} of {n} shown)" if n > 1 else "one row",
        columns=columns,
        rows=tuple(table),
        shown=_ROWS if n > 1 else len(table),
        remarks=tuple(remarks) if shared else (),
        table_first=True,
        data=DataTable.of(rows),
    )
