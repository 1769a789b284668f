"""How `h2h switch` shows a trial: SWITCH, DON'T or NEED n MORE, with money and risk."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from headtohead.core.estimate import Citation
from headtohead.core.units import counted, span_of
from headtohead.publish.sheet import Bar, Bars, Check, Figure, Sheet, TableColumn, Topic
from headtohead.trials.comparing.sheet import failures_figure, slices_figure
from headtohead.trials.switching.result import EndpointNotes, Judging, Switch
from headtohead.trials.words import margin_words, share_words, spread

_WORDS = {"yes": "SWITCH", "no": "DON'T SWITCH"}
_MEANS = {
    "scorer": "share of right answers",
    "judge": "net preference of the judge",
    "human": "net preference of people",
    "judge and people": "net preference of people, sharpened by the judge",
}
_STOPPED = {
    "decided": "when decided",
    "end": "at the end of the sample",
    "ceiling": "before the ceiling was passed",
    "votes": "with the votes given",
}
_UNKNOWN = "unknown: read the operator's terms"


def switch_sheet(
    trial: Switch, *, sources: Sequence[Citation] = (), as_of: date | None = None
) -> Sheet:
    """The report of one trial."""
    verdict, needed = trial.quality.verdict, trial.quality.needed
    if verdict != "undecided":
        word = _WORDS[verdict]
    elif trial.ballot:
        word = "NEEDS VOTES"
    else:
        word = f"NEED {needed:,} MORE" if needed else "UNDECIDED"
    limit, sentence = margin_words(trial.margin, "pp"), _sentence(trial)
    judge = trial.judging.usd if trial.judging else None
    spent = _cost_of_answers(trial) + (f" and ${judge:,.4g} on the judge" if judge else "")
    facts = [
        ("Margin", limit),
        ("Items", f"{trial.items:,}"),
        ("Requests in the log", f"{trial.log_rows:,}"),
        ("Stopped", _STOPPED[trial.stopped]),
        ("Spent", spent),
    ]
    if trial.endpoint.operator_country:
        facts.append(("Operator's country", trial.endpoint.operator_country))
    scored = {
        "scorer": f"Both answers are scored by {trial.scorer}.",
        "judge": f"{trial.scorer} judges each pair in both orders; the two verdicts are averaged.",
        "human": "People vote blind; sides are random and names hidden.",
        "judge and people": f"{trial.scorer} judges every pair in both orders; people vote blind "
        "on a random part, which corrects it (prediction-powered inference).",
    }
    # Only money, what was spent and the endpoint are of public prices and terms too.
    log = tuple(source for source in sources if source.source_id == "log")
    figures = tuple(
        figure
        if figure.slug in ("money", "spent", "endpoint")
        else replace(figure, sources=log or None)
        for figure in _figures(trial)
    )
    return Sheet(
        verb="switch",
        title=f"Switch from {trial.a} to {trial.b}?",
        word=word,
        answer=verdict,
        sentence=sentence,
        facts=tuple(facts),
        topics=(Topic(figures=figures),),
        checks=(Check(f"switch at {limit}", verdict, sentence),),
        method=(
            "Requests are drawn by class with known probabilities; each counts by the share of "
            "the log that it stands for.",
            scored[trial.means],
            f"Verdict: {trial.quality.method}; a SWITCH is wrong at most "
            f"{(1 - trial.level) / 2:.1%} of the time.",
            "Money: tokens of each call, by each model's own count, at dated list prices.",
        ),
        sources=tuple(sources),
        as_of=as_of,
        notes=trial.notes,
    )


def _sentence(trial: Switch) -> str:
    limit, difference = margin_words(trial.margin, "pp"), trial.quality.difference
    if trial.items == 0:
        return f"No item of the sample was scored, so nothing is known of {trial.b}."
    end = {
        "yes": f"so it is at most {limit} worse",
        "no": f"so it is more than {limit} worse",
        "undecided": f"so it may or may not be within {limit}",
    }[trial.quality.verdict]
    if trial.ballot and trial.judging:
        end = "but nobody has checked this judge: people's votes decide"
    money = ""
    if trial.savings:
        saved = trial.savings.saved_usd.value
        amount = f"saves {_usd(saved)}" if saved >= 0 else f"costs {_usd(-saved)} more"
        money = f" It {amount} per thousand requests"
        doubtful = trial.spent.doubtful_n
        if doubtful:
            money += f", estimated: {counted(doubtful, 'answer')} came without usable token counts"
        money += "."
    return (
        f"{trial.b} minus {trial.a} is {share_words(difference, 'pp', signed=True)} in "
        f"{_measure(trial)} on {counted(trial.items, 'logged request')} ({trial.level:.0%}), "
        f"{end}.{money}"
    )


def _measure(trial: Switch) -> str:
    """What the difference is in; a judge alone speaks for nobody else."""
    alone = trial.means == "judge and people" and not (trial.judging and trial.judging.powered)
    return _MEANS["judge" if alone else trial.means]


def _usd(amount: float) -> str:
    """Dollars that are never rounded away: cents from a dollar on, three figures below."""
    return f"{'-' if amount < 0 else ''}${abs(amount):,.{_digits(amount)}f}"


def _digits(*amounts: float) -> int:
    """Decimals that show three figures of the least of some amounts, and two at least."""
    least = min((abs(x) for x in amounts if x), default=1.0)
    return max(2, 2 - math.floor(math.log10(least)))


def _figures(trial: Switch) -> Iterator[Figure]:
    yield _quality(trial)
    if trial.savings:
        yield _money(trial)
    if trial.latency:
        a, b, ratio = trial.latency
        yield Figure(
            "latency",
            "Latency",
            "How long does an answer take?",
            says=f"median {b:.3g} s against {a:.3g} s, {spread(ratio, 2)} times",
            columns=(
                TableColumn("side", "Model"),
                TableColumn("median_seconds", "Median s", _digits(a, b)),
            ),
            rows=((trial.a, a), (trial.b, b)),
            remarks=("Of the items asked. Log and replay may come from other networks and loads.",),
        )
    yield _failures(trial)
    if trial.classes and len(trial.classes.slices) > 1:
        yield slices_figure(
            trial.classes,
            "pp",
            trial.margin,
            slug="classes",
            title="Classes",
            asks="Where is it worst?",
            column=("class", "Class"),
            together="for all classes together",
            remark="As seen at the stop. These intervals hold for all classes together, but not "
            "under optional stopping: take them as a pointer to what to test next.",
            p_values=False,
        )
    if trial.judging:
        yield _judge(trial.judging)
    yield _endpoint(trial.endpoint)
    yield _spent(trial)


def _quality(trial: Switch) -> Figure:
    q, asks = trial.quality, f"How much better is {trial.b}?"
    if not trial.items:
        says = "nothing was scored, so nothing is known"
        return Figure("quality", "Quality", asks, says=says)
    remarks = [f"Interval: {q.method}."]
    if q.decided_at:
        remarks.append(f"It was decided after {counted(q.decided_at, 'item')}.")
    elif q.needed:
        remarks.append(
            f"About {counted(q.needed, 'more item')} would decide it if things go on as seen; that "
            "is a rough guess while items are few."
        )
    d = q.difference.rescaled(100)
    return Figure(
        "quality",
        "Quality",
        asks,
        says=f"{share_words(q.difference, 'pp', signed=True)} in {_measure(trial)}",
        bars=Bars(
            unit="percentage points, B minus A",
            bars=(Bar("B minus A", d.value, d.low, d.high, q.verdict),),
            lines=((-100 * trial.margin, "margin"),),
        ),
        columns=(TableColumn("what", "Of"), *_INTERVAL),
        rows=(("all requests", d.value, d.low, d.high),),
        remarks=tuple(remarks),
    )


_INTERVAL = (
    TableColumn("difference_pp", "B - A", 1),
    TableColumn("low_pp", "Low", 1),
    TableColumn("high_pp", "High", 1),
)


def _money(trial: Switch) -> Figure:
    s = trial.savings
    assert s is not None
    remarks = [
        f"Prices: {s.basis}.",
        f"{counted(s.items, 'item has', 'items have')} a cost on both sides. Each model's own "
        "token counts; cached input priced apart, reasoning billed as output.",
    ]
    if s.ratio:
        remarks.append(f"B costs {spread(s.ratio, 3)} times what A costs.")
    if s.per_success and math.isfinite(s.per_success.value):
        remarks.append(f"A right answer costs {spread(s.per_success, 3)} times as much.")
    saved = s.saved_usd
    return Figure(
        "money",
        "Money",
        "What do a thousand such requests cost?",
        says=f"{_usd(s.a_usd)} on {trial.a}, {_usd(s.b_usd)} on {trial.b}; saved "
        f"{_usd(saved.value)} ({span_of(saved.low, saved.high, _usd)})",
        columns=(
            TableColumn("side", "Model"),
            TableColumn("cost_usd", "$ per 1,000 requests", _digits(s.a_usd, s.b_usd)),
        ),
        rows=((trial.a, s.a_usd), (trial.b, s.b_usd)),
        remarks=tuple(remarks),
    )


def _failures(trial: Switch) -> Figure:
    rows = tuple((kind, a, b) for kind, (a, b) in trial.failures.items())
    apart = ("They count as failed, and apart from wrong answers.",) if rows else ()
    left = (f"{n:,} left out: {reason}" for reason, n in trial.left_out.items() if n)
    return failures_figure(
        "Which answers could not be used?",
        rows,
        says="" if rows else "every answer scored could be used",
        remarks=(*apart, *left),
    )


def _judge(j: Judging) -> Figure:
    measured = (j.position, j.length, j.own, j.agreement, j.powered)
    return Figure(
        "judge",
        "Judge",
        f"How far may {j.model} be believed?",
        remarks=(
            f"{counted(j.judged, 'pair')} judged in both orders; "
            f"{counted(j.unreadable, 'verdict')} could not be read, which speaks for neither side.",
            *(part.sentence for part in measured if part is not None),
            *([f"The judge cost ${j.usd:,.4g}."] if j.usd else []),
            *j.notes,
        ),
    )


def _endpoint(e: EndpointNotes) -> Figure:
    known = {
        "Address": e.address,
        "Operator": e.operator,
        "Operator's country": e.operator_country,
        "Maker of the model": e.lab,
        "Maker's country": e.lab_country,
        "Licence": e.licence,
    }
    terms = e.terms
    unknown = "as you set it up" if terms.local else _UNKNOWN
    # Sentences of the operator's: a terminal's table would cut them off.
    remarks = [
        f"Requests are kept: {terms.retention or unknown}.",
        f"Used for training: {terms.training or unknown}.",
    ]
    if terms.source_url:
        seen = f", seen {terms.seen_on}" if terms.seen_on else ""
        doubt = ", by a second-hand page" if not terms.verified else ""
        remarks.append(
            f"On keeping and training: {terms.source_url}{seen}{doubt}. Terms change; a contract "
            "of your own comes first."
        )
    return Figure(
        "endpoint",
        "Endpoint",
        "Where would requests go?",
        columns=(TableColumn("what", "What"), TableColumn("known", "Known")),
        rows=tuple((what, value or _UNKNOWN) for what, value in known.items()),
        remarks=tuple(remarks),
    )


def _cost_of_answers(trial: Switch) -> str:
    """What the answers cost; without a price of the candidate nobody knows."""
    usd = trial.spent.spent_usd
    return f"${usd:,.4g}" if usd or trial.savings else "unknown, for want of a price"


def _spent(trial: Switch) -> Figure:
    s = trial.spent
    remarks = []
    if s.possibly_twice:
        remarks.append(
            f"{counted(len(s.possibly_twice), 'call was', 'calls were')} in flight when an earlier "
            "run was killed and asked again, and may be billed twice."
        )
    if s.doubtful_n:
        remarks.append(
            f"{counted(s.doubtful_n, 'answer')} came with token counts that are missing or cannot "
            "be right, so they were estimated from above."
        )
    judge = trial.judging.usd if trial.judging else None
    rows = [
        ("Cost of all answers", _cost_of_answers(trial)),
        *([("Cost of the judge, $", f"{judge:.6g}")] if judge is not None else []),
        ("May have been billed besides, $", f"{s.unsure_usd:.6g}"),
        ("Answers of this run", f"{s.asked_n:,}"),
        ("Answers of earlier runs", f"{s.kept_n:,}"),
        ("Requests sent", f"{s.sent_n:,}"),
        ("Answers beyond the stop", f"{s.beyond_n:,}"),
        *((f"Answered as {name}", f"{n:,}") for name, n in s.served.most_common()),
    ]
    return Figure(
        "spent",
        "Spent",
        "What did this trial take?",
        columns=(TableColumn("what", "What"), TableColumn("amount", "Amount")),
        rows=tuple(rows),
        remarks=tuple(remarks),
    )
