"""How `h2h chip` is shown: a chip, its history under the rules, and the lines it lies near."""

from collections.abc import Mapping
from datetime import date

from headtohead.chips.result import ChipResult, ChipVerdict
from headtohead.chips.rules import MEASURES, NONE, UNKNOWN, Border, Clause, Status, decide
from headtohead.core.dates import long_day
from headtohead.core.units import counted, show, show_end
from headtohead.publish.sheet import DataTable, Figure, Linked, Sheet, TableColumn, Topic
from headtohead.publish.words import listed

_TEXT = {"read": "read in the rule", "secondary": "from secondary sources"}
_TEXT_SHORT = {"read": "read", "secondary": "secondary"}
_TEXT_REMARK = (
    'Rule text: "read" in the rule, or in what the maker filed of a letter; "secondary" is known '
    "from what others wrote of it."
)
_YES = {True: "yes", False: "no", None: "not known"}
_METHOD = (
    "TPP is dense operations per second, in trillions, times their bit length, the most over all "
    "lengths, 4-bit included. Density is TPP over the area of the logic dies.",
    "A figure that is not known leaves open only what hangs on it. A chip within 5% of a line is "
    "classified on the other side of it as well.",
)
_CHINESE = (
    "chips of Chinese design are classified for comparison only: the rules license no sale "
    "inside China"
)
_NO_ADVICE = "This reads published thresholds; it is no legal advice."


def chip_sheet(result: ChipResult) -> Sheet:
    """The report of one chip, or of all."""
    one = result.chips[0] if result.asked else None
    topics = (Topic(figures=_one(result, one) if one else (_every(result),)),)
    early = _before_all(result)
    return Sheet(
        verb="chip",
        title=f"{one.measured.chip if one else 'Chips'} under the US export rules, {result.on}",
        word=_word(one.status, early) if one else f"{len(result.chips)} CHIPS",
        sentence=early or (_said(one, result.on) if one else _all_said(result)),
        facts=_facts(one) if one else (),
        topics=topics,
        method=_METHOD,
        sources=result.citations,
        about=str(result.on),
        as_of=result.as_of,
        notes=(*(_notes(result, one) if one else (_CHINESE,)), _NO_ADVICE),
    )


def _before_all(result: ChipResult) -> str:
    """That no rule was in force yet; empty if one was."""
    first = min(c.start for c in result.clauses)
    if result.on >= first:
        return ""
    return (
        f"On {long_day(result.on)} no US export rule on AI chips was in force; the first took "
        f"effect on {long_day(first)}. Older rules on computers are not read here."
    )


def _word(status: Status, early: str) -> str:
    if early:
        return "NO RULE YET"
    if status.item == NONE and status.letter == NONE:
        return "NOT CONTROLLED"
    if UNKNOWN in (status.item, status.letter):
        return "NOT KNOWN"
    return "LICENCE BY LETTER" if status.item == NONE else status.item


def _said(one: ChipVerdict, on: date) -> str:
    """The sentence to quote."""
    chip, status = one.measured, one.status
    named = not chip.maker or chip.maker.casefold() in chip.chip.casefold()
    who = f"{'the ' * bool(chip.maker)}{chip.chip}{'' if named else f' of {chip.maker}'}"
    was = {
        NONE: "was under no control number of the export rules",
        "not known": "cannot be classified: it hangs on a figure that is not known",
    }.get(status.item, f"was item {status.item} of the export rules")
    more = ""
    if status.letter == "letter":
        more = ", but its maker had been told by letter to ask for a licence"
    if status.letter == UNKNOWN and status.item == NONE:
        more = "; whether the letters to makers speak of it hangs on a figure that is not known"
    if status.exception != NONE:
        more = ", with a licence exception after notice (NAC)"
    reviews = {
        "denial": "licences for China were presumed denied",
        "case_by_case": "licences for China were reviewed case by case",
        "not known": "how licences for China were reviewed hangs on a figure that is not known",
    }
    if review := reviews.get(status.review):
        more += f"; {review}"
    turning = [b for b in one.borders if b.turns]
    near = "".join(f" {_turn(b)}." for b in turning)
    return f"On {long_day(on)} {who} {was}{more}.{near}"


def _turn(b: Border) -> str:
    """What would change the answer, in a sentence without its stop."""
    if b.measure == "formats":
        return f"Without its 4-bit speed it has {_shown(b, b.line)} and would be: {b.after.words}"
    by = abs(b.value / b.line - 1)
    side = f"{by:.1%} {'below' if b.value < b.line else 'above'}" if by >= 0.0005 else "on"
    return (
        f"In {_measure(b.measure)} it lies {side} the line of {_shown(b, b.line)}; on the "
        f"other side it would be: {b.after.words}"
    )


def _facts(one: ChipVerdict) -> tuple[tuple[str, str], ...]:
    """Its measures; what is not known is said."""
    chip = one.measured
    bits = max(chip.tops, key=lambda b: b * chip.tops[b], default=0)
    said = []
    for measure, (words, unit) in MEASURES.items():
        value = chip.get(measure)
        if measure not in ("both", "transistors") or (value is not None and measure != "both"):
            shown = "not known" if value is None else show(value, unit).removesuffix(f" {words}")
            how = f" ({chip.tops[bits]:,g} at {bits} bits)" if measure == "tpp" and bits else ""
            said.append((words[0].upper() + words[1:], shown + how))
    said.append(("Thresholds", _TEXT[one.status.certainty]))
    figures = {True: "checked", False: "reported, not checked", None: "your own"}
    return (*said, ("Figures of the chip", figures[one.verified]))


def _one(result: ChipResult, one: ChipVerdict) -> tuple[Figure, ...]:
    history = Figure(
        "history",
        "Over time",
        "What was it, and since when?",
        columns=(
            TableColumn("first_day", "From"),
            TableColumn("last_day", "To"),
            TableColumn("status", "Status"),
            TableColumn("rules", "By", long=True),
            TableColumn("certainty", "Rule text"),
        ),
        rows=tuple(
            (
                start,
                end,
                status.words,
                "; ".join(dict.fromkeys(map(_named, status.by))) or None,
                _TEXT_SHORT[status.certainty],
            )
            for start, end, status in result.history(one.measured)
        ),
        remarks=(
            "Statuses are of the chip as measured, on days before its release too.",
            _TEXT_REMARK,
            *(f"Since {r.start} too: {r.title}. {r.note}" for r in one.named_by),
        ),
    )
    near = Figure(
        "near",
        "Near a line",
        "Which threshold is within 5%, and would crossing it change the answer?",
        columns=(
            TableColumn("measure", "Measure"),
            TableColumn("value", "Of the chip"),
            TableColumn("line", "Line"),
            TableColumn("turns", "Changes the answer"),
            TableColumn("past_it", "Status past the line", long=True),
        ),
        rows=tuple(
            (
                _measure(b.measure),
                _shown(b, b.value),
                _shown(b, b.line),
                _YES[b.turns],
                b.after.words,
            )
            for b in one.borders
        ),
        missing="" if one.borders else "It lies within 5% of no threshold in force.",
        # The sentence says those that would change the answer.
        shown=0 if all(b.turns for b in one.borders) else 10,
    )
    return history, near, _thresholds(result, one), _other_rules(result)


def _thresholds(result: ChipResult, one: ChipVerdict) -> Figure:
    """Every threshold; those that decide come first, for a terminal shows no others."""
    deciding, others = _deciding(result, one)
    clauses = (*deciding, *others)
    columns = (
        TableColumn("rule", "Rule"),
        TableColumn("asks", "Speaks of", long=True),
        TableColumn("follows", "What follows"),
        TableColumn("meets", "This chip"),
        TableColumn("first_day", "From"),
        TableColumn("last_day", "To"),
        TableColumn("certainty", "Rule text"),
        TableColumn("note", "Note", long=True),
    )
    rows = tuple(
        (
            Linked(f"{_named(c)}{f', until {c.end}' if c.end else ''}", c.url),
            _asks(c),
            _FOLLOWS.get(c.outcome, c.outcome),
            _applies(result, one, c),
            c.start,
            c.end,
            _TEXT_SHORT[c.certainty],
            c.note or None,
        )
        for c in clauses
    )
    shown = [n for n, c in enumerate(columns) if c.name in _ON_PAPER]
    return Figure(
        "thresholds",
        "Thresholds",
        "What does each rule ask, and is the chip what it speaks of?",
        columns=tuple(columns[n] for n in shown),
        rows=tuple(tuple(row[n] for n in shown) for row in rows),
        data=DataTable(columns, rows),
        remarks=tuple(dict.fromkeys(f"{_named(c)}: {c.note}" for c in deciding if c.note)),
        shown=len(deciding),
    )


_ON_PAPER = ("rule", "asks", "follows", "meets", "certainty")


def _deciding(result: ChipResult, one: ChipVerdict) -> tuple[list[Clause], list[Clause]]:
    """The clauses that decide what a chip is, and the others; those in force first."""
    status, kinds = one.status, {"item", "letter", "review", "exception"}
    past = [c for b in one.borders if b.turns for c in b.after.by]
    found: tuple[list[Clause], list[Clause]] = ([], [])
    for c in sorted(result.clauses, key=lambda c: not c.in_force(result.on)):
        open_ = c.kind in kinds and _applies(result, one, c) == _YES[None]
        said = c in status.by or c in past or (c in status.missed and not status.by) or open_
        found[not (said and c.in_force(result.on))].append(c)
    return found


def _other_rules(result: ChipResult) -> Figure:
    """The rules and notices without a threshold of their own."""
    with_lines = {c.rule for c in result.clauses}
    rest = [r for name, r in result.rules.items() if name not in with_lines]
    return Figure(
        "other_rules",
        "Rules without a threshold of their own",
        "What else was decided about chips?",
        columns=(
            TableColumn("rule", "Rule", long=True),
            TableColumn("first_day", "From"),
            TableColumn("last_day", "To"),
            TableColumn("note", "Note", long=True),
        ),
        rows=tuple((Linked(r.title, r.url), r.start, r.end, r.note) for r in rest),
        shown=0,  # a chip that one of them names says so
    )


_FOLLOWS = {
    "letter": "licence by letter",
    "NAC": "exception after notice",
    "case_by_case": "case-by-case review",
    "denial": "licence presumed denied",
}


def _named(clause: Clause) -> str:
    """A rule by its first day, as people speak of it."""
    kinds = {"letter": "Letters", "presumption": "Foundry rule"}
    return f"{kinds.get(clause.kind, 'Rule')} of {clause.start:%B %Y}"


def _applies(result: ChipResult, one: ChipVerdict, clause: Clause) -> str:
    """Whether a chip is what a clause speaks of; of reviews only the first that fits counts."""
    status = decide(one.measured, result.clauses, clause.start)
    if (clause.needs and status.item not in clause.needs) or (
        clause.kind == "review" and clause not in status.by and status.review != UNKNOWN
    ):
        return _YES[False]
    return _YES[clause.meets(one.measured)]


def _measure(name: str) -> str:
    return "TPP without 4-bit speed" if name == "formats" else MEASURES[name][0]


def _shown(border: Border, value: float) -> str:
    if border.measure == "density":  # which decides in the third digit
        return f"{value:.3f} TPP per mm²"
    return show(value, MEASURES.get(border.measure, ("", "tpp"))[1])


def _asks(clause: Clause) -> str:
    """What a clause speaks of, in words."""
    said = [f"the {listed(sorted(clause.chips))}"] if clause.chips else []
    said += [f"chips of {listed(sorted(clause.makers))}"] if clause.makers else []
    markets: Mapping[str, str] = {
        "data_centre": "chips for data centres",
        "other": "chips not for data centres",
    }
    said += [markets[clause.market]] if clause.market else []
    said += [f"items {listed(sorted(clause.needs))}"] if clause.needs - {NONE} else []
    for measure, (low, top) in clause.bounds.items():
        words, unit = MEASURES[measure]
        ends = f"below {show(top, unit)}" if top is not None else ""
        if low is not None:
            at_least = f"at least {show(low, unit)}"
            ends = at_least if top is None else f"{show_end(low, unit)} to {show(top, unit)}"
        said.append(ends if unit.startswith("tpp") else f"{words} {ends}")
    return ", ".join(said) or "every such item"


def _every(result: ChipResult) -> Figure:
    """All chips in a table."""
    columns = (
        TableColumn("chip", "Chip"),
        TableColumn("tpp", "TPP", 0),
        TableColumn("density_tpp_per_mm2", "TPP per mm²", 2),
        TableColumn("memory_gb_per_s", "Memory GB/s", 0),
        TableColumn("io_gb_per_s", "Links GB/s", 0),
        TableColumn("status", "Status", long=True),
        TableColumn("near", "Near a line", long=True),
        TableColumn("figures", "Figures"),
    )
    rows = tuple(
        (
            one.measured.chip,
            *(one.measured.get(m) for m in ("tpp", "density", "memory", "io")),
            one.status.words,
            ", ".join(_measure(b.measure) for b in one.borders if b.turns) or None,
            "checked" if one.verified else "reported",
        )
        for one in result.chips
    )
    more = (TableColumn("maker", "Maker"), TableColumn("note", "Note", long=True))
    return Figure(
        "chips",
        "Chips",
        f"What was each on {long_day(result.on)}?",
        columns=columns,
        rows=rows,
        shown=60,
        data=DataTable(
            (*columns, *more),
            tuple(
                (*row, one.measured.maker, one.note or None)
                for row, one in zip(rows, result.chips, strict=True)
            ),
        ),
        remarks=(
            "A chip stands near a line if crossing one within 5% would change its status.",
            "Where a figure of a chip is from, if it is not checked, stands in --json and --csv.",
        ),
    )


def _all_said(result: ChipResult) -> str:
    held = sum(one.status.item not in (NONE, "not known") for one in result.chips)
    letters = sum(one.status.letter == "letter" for one in result.chips)
    return (
        f"On {long_day(result.on)}, {held} of {counted(len(result.chips), 'chip')} had a control "
        f"number of the US export rules and {letters or 'none'} needed a licence by letter."
    )


def _notes(result: ChipResult, one: ChipVerdict) -> tuple[str, ...]:
    notes = [f"{one.measured.chip}: {one.note}"] if one.note else []
    if one.measured.country == "CN":
        notes.append(_CHINESE)
    foundry = [c for c in result.clauses if c.kind == "presumption" and c.in_force(result.on)]
    if any(c.meets(one.measured) for c in foundry):
        notes.append(
            "made by a foundry for a designer that is not approved, so many transistors are "
            "presumed to be item 3A090.a unless shown otherwise"
        )
    return tuple(notes)
