"""The sheet of `h2h switch`: SWITCH, DON'T or NEED n MORE, with money and risk."""

import math
from collections.abc import Sequence
from datetime import date

from headtohead.core.provenance import Citation
from headtohead.publish.sheet import Bar, Bars, Cell, Check, Column, Section, Sheet, Topic
from headtohead.trials.switching.result import EndpointNotes, Judging, Switch
from headtohead.trials.words import margin_words, same_words, share_words, spread

_WORDS = {"yes": "SWITCH", "no": "DON'T SWITCH"}
_MEANS = {
    "scorer": "share of right answers",
    "judge": "net preference of the judge",
    "human": "net preference of people",
    "judge and people": "net preference of people, sharpened by the judge",
}


def switch_sheet(
    made: Switch, *, sources: Sequence[Citation] = (), as_of: date | None = None, command: str = ""
) -> Sheet:
    """The report of one trial.

    Args:
        made: The trial.
        sources: The log, and the price lists used.
        as_of: The day of the prices.
        command: How to make it again.
    """
    sentence = _sentence(made)
    return Sheet(
        verb="switch",
        title=f"Switch from {made.a} to {made.b}?",
        word=word_of(made),
        answer=made.quality.verdict,
        sentence=sentence,
        facts=_facts(made),
        topics=(Topic(figures=tuple(_sections(made))),),
        checks=(
            Check(f"switch at {margin_words(made.margin, 'pp')}", made.quality.verdict, sentence),
        ),
        method=_method(made),
        sources=tuple(sources),
        as_of=as_of,
        command=command,
        notes=made.notes,
    )


def word_of(made: Switch) -> str:
    """The verdict, as printed large."""
    if made.quality.verdict != "undecided":
        return _WORDS[made.quality.verdict]
    if made.ballot:
        return "NEEDS VOTES"
    more = made.quality.needed
    return f"NEED {more:,} MORE" if more else "UNDECIDED"


def _sentence(made: Switch) -> str:
    q = made.quality
    limit = margin_words(made.margin, "pp")
    if made.items == 0:
        return f"No item of the sample was scored, so nothing is known of {made.b}."
    told = share_words(q.difference, "pp", signed=True)
    ends = {
        "yes": f"so it is at most {limit} worse",
        "no": f"so it is more than {limit} worse",
        "undecided": f"so it may or may not be within {limit}",
    }
    end = ends[q.verdict]
    if made.ballot and made.judging:
        end = "but nobody has checked this judge: people's votes decide"
    money = ""
    if made.savings:
        s = made.savings
        word = "saves" if s.saved_usd.value >= 0 else "costs"
        more = "" if s.saved_usd.value >= 0 else " more"
        money = f" It {word} {_usd(abs(s.saved_usd.value))}{more} per thousand requests."
    return (
        f"{made.b} minus {made.a} is {told} in {_measure(made)} on {made.items:,} logged "
        f"requests ({made.level:.0%}), {end}.{money}"
    )


def _measure(made: Switch) -> str:
    """What the difference is in; a judge alone speaks for nobody else."""
    alone = made.means == "judge and people" and not (made.judging and made.judging.powered)
    return _MEANS["judge" if alone else made.means]


def _facts(made: Switch) -> tuple[tuple[str, str], ...]:
    facts = [
        ("Margin", margin_words(made.margin, "pp")),
        ("Items", f"{made.items:,}"),
        ("Requests in the log", f"{made.log_rows:,}"),
        ("Stopped", {"decided": "when decided", "end": "at the end of the sample",
                     "ceiling": "before the ceiling was passed",
                     "votes": "with the votes given"}[made.stopped]),
        ("Spent", _spent_words(made)),
    ]  # fmt: skip
    if made.endpoint.operator_country:
        facts.append(("Operator's country", made.endpoint.operator_country))
    return tuple(facts)


def _sections(made: Switch) -> list[Section]:
    found = [_quality(made)]
    if made.savings:
        found.append(_money(made))
    if made.latency:
        a, b, ratio = made.latency
        found.append(
            Section(
                "latency", "Latency", "How long does an answer take?",
                says=f"median {b:.3g} s against {a:.3g} s, {spread(ratio, 2)} times",
                columns=(Column("side", "Model"),
                         Column("median_seconds", "Median s", _digits(a, b))),
                rows=((made.a, a), (made.b, b)),
                remarks=("Of the items asked. Log and replay may come from other networks and "
                         "loads.",),
            )
        )  # fmt: skip
    found.append(_failures(made))
    if made.classes:
        found.append(_classes(made))
    if made.judging:
        found.append(_judge(made.judging))
    found.append(_endpoint(made.endpoint))
    found.append(_spent(made))
    return found


def _quality(made: Switch) -> Section:
    q = made.quality
    d = q.difference
    if not made.items:
        return Section("quality", "Quality", f"How much better is {made.b}?",
                       says="nothing was scored, so nothing is known")  # fmt: skip
    remarks = [f"Interval: {q.method}."]
    if q.decided_at:
        remarks.append(f"It was decided after {q.decided_at:,} items.")
    elif q.needed:
        remarks.append(
            f"About {q.needed:,} more items would decide it if things go on as seen; that is a "
            "rough guess while items are few."
        )
    return Section(
        "quality",
        "Quality",
        f"How much better is {made.b}?",
        says=f"{share_words(d, 'pp', signed=True)} in {_measure(made)}",
        bars=Bars(
            unit="percentage points, B minus A",
            bars=(Bar("B minus A", 100 * d.value, 100 * d.low, 100 * d.high, q.verdict),),
            lines=((-100 * made.margin, "margin"),),
        ),
        columns=(Column("what", "Of"), Column("difference_pp", "B - A", 1),
                 Column("low_pp", "Low", 1), Column("high_pp", "High", 1)),
        rows=(("all requests", 100 * d.value, 100 * d.low, 100 * d.high),),
        remarks=tuple(remarks),
    )  # fmt: skip


def _money(made: Switch) -> Section:
    s = made.savings
    assert s is not None
    remarks = [
        f"Prices: {s.basis}.",
        f"{s.items:,} items have a cost on both sides. Each model's own token counts; cached input "
        "priced apart, reasoning billed as output.",
    ]
    if s.ratio:
        remarks.append(f"B costs {spread(s.ratio, 3)} times what A costs.")
    if s.per_success and math.isfinite(s.per_success.value):
        remarks.append(f"A right answer costs {spread(s.per_success, 3)} times as much.")
    low, high = (("open" if math.isinf(x) else _usd(x)) for x in
                 (s.saved_usd.low, s.saved_usd.high))  # fmt: skip
    return Section(
        "money",
        "Money",
        "What do a thousand such requests cost?",
        says=f"{_usd(s.a_usd)} on {made.a}, {_usd(s.b_usd)} on {made.b}; saved "
        f"{_usd(s.saved_usd.value)} [{low}, {high}]",
        columns=(Column("side", "Model"),
                 Column("cost_usd", "$ per 1,000 requests", _digits(s.a_usd, s.b_usd))),
        rows=((made.a, s.a_usd), (made.b, s.b_usd)),
        remarks=tuple(remarks),
    )  # fmt: skip


def _usd(amount: float) -> str:
    """Dollars that are never rounded away: cents from a dollar on, three figures below."""
    sign = "-" if amount < 0 else ""
    return f"{sign}${abs(amount):,.{_digits(amount)}f}"


def _digits(*amounts: float) -> int:
    """Decimals that show three figures of the least of some amounts, and two at least."""
    least = min((abs(x) for x in amounts if x), default=1.0)
    return max(2, 2 - math.floor(math.log10(least)))


def _failures(made: Switch) -> Section:
    rows = tuple((kind, a, b) for kind, (a, b) in made.failures.items())
    left = [f"{n:,} left out: {reason}" for reason, n in made.left_out.items() if n]
    return Section(
        "failures",
        "Failures",
        "Which answers could not be used?",
        says="" if rows else "every answer scored could be used",
        columns=(Column("kind", "Kind"), Column("a_n", "A", 0), Column("b_n", "B", 0)),
        rows=rows,
        remarks=(*(("They count as failed, and apart from wrong answers.",) if rows else ()),
                 *left),
    )  # fmt: skip


def _classes(made: Switch) -> Section:
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (r.value, r.items, 100 * r.difference.value, 100 * r.joint.low, 100 * r.joint.high,
         r.verdict)
        for r in made.classes
    )  # fmt: skip
    bars = tuple(
        Bar(r.value, 100 * r.joint.value, 100 * r.joint.low, 100 * r.joint.high, r.verdict)
        for r in made.classes
    )
    return Section(
        "classes",
        "Classes",
        "Where is it worst?",
        says=f"worst is {made.classes[0].value}, "
        f"{share_words(made.classes[0].joint, 'pp', signed=True)}",
        columns=(
            Column("class", "Class"), Column("items_n", "Items", 0),
            Column("difference_pp", "B - A", 1), Column("low_pp", "Low", 1),
            Column("high_pp", "High", 1), Column("verdict", "Verdict"),
        ),
        rows=rows,
        bars=Bars("percentage points, B minus A, for all classes together", bars,
                  ((-100 * made.margin, "margin"),)),
        remarks=(
            "As seen at the stop. These intervals hold for all classes together, but not under "
            "optional stopping: take them as a pointer to what to test next.",
            same_words(made.classes[0].p_same),
        ),
    )  # fmt: skip


def _judge(j: Judging) -> Section:
    remarks = [f"{j.judged:,} pairs judged in both orders; {j.unreadable:,} verdicts could not be "
               "read and count for neither side."]  # fmt: skip
    remarks += [x.sentence for x in (j.position, j.length, j.own, j.agreement) if x is not None]
    if j.powered:
        remarks.append(j.powered.sentence)
    if j.usd:
        remarks.append(f"The judge cost ${j.usd:,.4g}.")
    return Section(
        "judge",
        "Judge",
        f"How far may {j.model} be believed?",
        remarks=(*remarks, *j.notes),
    )


def _endpoint(e: EndpointNotes) -> Section:
    unknown = "unknown: read the operator's terms"
    rows = (
        ("Address", e.address),
        ("Operator", e.operator or unknown),
        ("Operator's country", e.operator_country or unknown),
        ("Maker of the model", e.lab or unknown),
        ("Maker's country", e.lab_country or unknown),
        ("Licence", e.licence or unknown),
    )
    # Sentences of the operator's: a terminal's table would cut them off.
    remarks = [f"{what}: {said or unknown}." for what, said in
               (("Requests are kept", e.retention), ("Used for training", e.training))]  # fmt: skip
    if e.source_url:
        seen = f", seen {e.seen_on}" if e.seen_on else ""
        doubt = ", by a second-hand page" if e.unverified else ""
        remarks.append(f"On keeping and training: {e.source_url}{seen}{doubt}. Terms change; a "
                       "contract of your own comes first.")  # fmt: skip
    return Section(
        "endpoint",
        "Endpoint",
        "Where would requests go?",
        columns=(Column("what", "What"), Column("known", "Known")),
        rows=rows,
        remarks=tuple(remarks),
    )


def _spent_words(made: Switch) -> str:
    judge = made.judging.usd if made.judging else None
    return f"${made.spent.usd:,.4g}" + (f" and ${judge:,.4g} on the judge" if judge else "")


def _spent(made: Switch) -> Section:
    s = made.spent
    remarks = []
    if s.possibly_twice:
        remarks.append(
            f"{s.possibly_twice} calls were in flight when an earlier run was killed and were "
            "asked again; they may be billed twice."
        )
    if s.doubtful:
        remarks.append(f"{s.doubtful} answers came with token counts that are missing or cannot "
                       "be right; they were estimated from above.")  # fmt: skip
    return Section(
        "spent",
        "Spent",
        "What did this trial take?",
        columns=(Column("what", "What"), Column("amount", "Amount")),
        rows=(
            ("Cost of all answers, $", f"{s.usd:.6g}"),
            *(
                (("Cost of the judge, $", f"{made.judging.usd:.6g}"),)
                if made.judging and made.judging.usd is not None
                else ()
            ),
            ("May have been billed besides, $", f"{s.unsure_usd:.6g}"),
            ("Answers of this run", f"{s.asked:,}"),
            ("Answers of earlier runs", f"{s.kept:,}"),
            ("Requests sent", f"{s.sent:,}"),
            ("Answers beyond the stop", f"{s.beyond:,}"),
        ),
        remarks=tuple(remarks),
    )


def _method(made: Switch) -> tuple[str, ...]:
    return (
        "Requests are drawn by class with known probabilities; each counts by the share of the log "
        "that it stands for.",
        {
            "scorer": f"Both answers are scored by {made.scorer}.",
            "judge": f"{made.scorer} judges each pair in both orders; the two verdicts are "
            "averaged.",
            "human": "People vote blind; sides are random and names hidden.",
            "judge and people": f"{made.scorer} judges every pair in both orders; people vote "
            "blind on a random part, which corrects it (prediction-powered inference).",
        }[made.means],
        f"Verdict: {made.quality.method}; a SWITCH is wrong at most {(1 - made.level) / 2:.1%} of "
        "the time.",
        "Money: tokens of each call, by each model's own count, at dated list prices.",
    )
