"""`switch`: may the candidate take over logged traffic, what does it save, how sure are we?"""

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from headtohead.core.errors import InputError
from headtohead.evidence.store import Store
from headtohead.reports.trials.switched import switch_sheet
from headtohead.stats.noninferiority import verdict
from headtohead.trials.rates import Rates
from headtohead.trials.reading.opening import open_calls
from headtohead.trials.replay.outcome import Outcome
from headtohead.trials.sampling.drawing import Sample, draw
from headtohead.trials.scoring.ballot import key_file_of, read_votes, write_ballot
from headtohead.trials.scoring.judge import Judged
from headtohead.trials.scoring.scorers import scorer_from
from headtohead.trials.switching.logs import of_model
from headtohead.trials.switching.result import (
    Judging,
    Means,
    Quality,
    Spent,
    Switch,
    Why,
)
from headtohead.trials.switching.running import (
    Candidate,
    OnProgress,
    by_judge,
    by_scorer,
    collect,
    duel_of,
    seen_of,
)
from headtohead.trials.switching.summing import (
    classes_of,
    failures_of,
    judging_of,
    latency_of,
    savings_of,
)
from headtohead.trials.switching.tally import Tally
from headtohead.verbs import asking
from headtohead.verbs.candidates import (
    OPENAI,
    Pace,
    Who,
    basis_of,
    candidate_of,
    judge_of,
    no_money,
    notes_of,
    rates_of,
)
from headtohead.verbs.compare import interval_json
from headtohead.verbs.trials import Prices, TrialResult, file_citation, margin_of


def switch(
    logs: Path | str,
    *,
    from_model: str,
    to: Who | str,
    margin: str | float = 0.05,
    level: float = 0.95,
    scorer: str | None = None,
    judge: Who | str | None = None,
    rubric: Path | str | None = None,
    human: bool = False,
    votes: Sequence[Path | str] = (),
    ballot: Path | str = "ballot.html",
    ballot_items: int = 100,
    items: int = 1000,
    by: str | Sequence[str] = (),
    stop: bool = True,
    pace: Pace | None = None,
    price_from: str = "",
    ledger: Path | str | None = None,
    format: str = "auto",
    mapping: Mapping[str, str] | None = None,
    as_of: asking.Day,
    store: Store | None = None,
    seed: int = 0,
    on_progress: OnProgress | None = None,
) -> TrialResult:
    """Whether a candidate may take over logged traffic: yes, no, or how many more items it takes.

    A sample of the log is replayed on the candidate and scored; the trial ends as soon as the
    verdict is decided. Answers are kept in the ledger: a run that was stopped goes on where it was.

    Args:
        logs: File or folder of logged requests with their answers.
        from_model: The model of the log to be replaced, in the log's own word.
        to: The candidate.
        margin: How much worse it may be: "5pp" or 0.05; for preferences, of the net preference.
        level: Coverage of the interval; a SWITCH is wrong half as often as it misses.
        scorer: "exact", "regex:PATTERN", "json-schema:FILE" or "python:FILE.py:function".
        judge: A model that compares both answers, in both orders.
        rubric: A file that says what makes an answer better, for the judge.
        human: Write a ballot for people to vote on; with a judge, of a random part.
        votes: Files of votes that people saved from the ballot.
        ballot: The ballot.
        ballot_items: Most items on the ballot.
        items: Most items to replay.
        by: Labels that tell the class of a request; requests are clustered by their words if empty.
        stop: End as soon as it is decided.
        pace: Speed and ceiling.
        price_from: US dollars per million tokens of A, "input,output[,cached]"; empty for the list.
        ledger: Where answers are kept; beside the working folder's files if None.
        format: Of the log, or "auto".
        mapping: Field of a call -> column.
        as_of: The day of the prices.
        store: The evidence; the user's own if None.
        seed: Of the sample.
        on_progress: Told after each answer of the candidate.

    Raises:
        InputError: If the log, the endpoint or the choices do not fit.
        SourceUnreachable: If the endpoint stops answering.

    Examples:
        >>> switch("log.jsonl", from_model="gpt-5", to="deepseek-chat", scorer="exact",
        ...        as_of="2026-10-31").sheet.word  # doctest: +SKIP
        'SWITCH'
    """
    if level <= 0 or level >= 1:
        raise InputError(f"The level is {level}; it must be between 0 and 1, as 0.95.")
    b = Who(model=to) if isinstance(to, str) else to
    j = Who(model=judge) if isinstance(judge, str) else judge
    means = _means(scorer, j, human or bool(votes))
    width = margin_of(margin)
    if not 0 < width < 1:
        raise InputError(f"The margin is {margin}; for a switch it lies between 0 and 100pp.")
    pace = pace or Pace()
    prices = Prices(asking.day(as_of), store)
    reading = open_calls(Path(logs), format=format, mapping=dict(mapping or {}))
    people = means in ("human", "judge and people")
    skipped = Counter[str]()
    sample = draw(
        of_model(reading.calls, from_model, skipped), np.random.default_rng(seed), n=items, model=from_model,
        labels=asking.words(by),
        # People's votes and their correction count every item alike.
        least=0 if people else 30,
        needs_output=True,
    )  # fmt: skip
    rates_a = rates_of(prices, from_model, price_from, "")
    candidate = candidate_of(b, prices, Path(logs), ledger, pace, pace.max_usd)
    tally = Tally(width, level, sample.most_weight, early=stop and not people)
    jitter = np.random.default_rng([seed, 1])
    made = _Made()
    if means == "scorer":
        made.outcome = by_scorer(sample.items, candidate, scorer_from(scorer or ""), tally,
                                 rates_a, jitter, on_progress)  # fmt: skip
    elif j is not None:
        asked = judge_of(j, b, from_model, prices, Path(logs), ledger, pace, rubric)
        made.outcome, made.of_judge, made.judged = by_judge(
            sample.items, candidate, asked, tally, rates_a, jitter, on_progress
        )
        made.same_family = asked.family != "" and asked.family in (asked.family_a, asked.family_b)
    if people:
        _people(made, sample, candidate, tally, rates_a, jitter, on_progress, means=means,
                votes=votes, ballot=Path(ballot), most=ballot_items)  # fmt: skip
    name = j.model if j else scorer or "people"
    result = _result(
        made, sample, tally, means, name, from_model, b, width, level, seed, prices,
        rates_a is not None, candidate, {**reading.dropped, **skipped},
    )  # fmt: skip
    return _told(result, Path(logs), from_model, b, margin, scorer, j, human, prices)


@dataclass(slots=True)
class _Made:
    """What the run brought, as it comes in."""

    outcome: Outcome = field(default_factory=Outcome)
    of_judge: Outcome | None = None
    judged: list[Judged] = field(default_factory=list)
    human: dict[str, float] = field(default_factory=dict)
    ballot: str = ""
    same_family: bool = False
    notes: list[str] = field(default_factory=list)


def _means(scorer: str | None, judge: Who | None, people: bool) -> Means:
    if scorer is not None and (judge is not None or people):
        raise InputError("Choose one way to score: --scorer, --judge or --human (a judge and "
                         "people go together).")  # fmt: skip
    if scorer is not None:
        return "scorer"
    if judge is not None:
        return "judge and people" if people else "judge"
    if people:
        return "human"
    raise InputError(
        "Say how answers are scored: --scorer exact (or regex:, json-schema:, python:) where right "
        "answers are known, --judge MODEL, or --human for a blind vote."
    )


def _people(
    made: _Made, sample: Sample, candidate: Candidate, tally: Tally, rates_a: Rates | None,
    jitter: np.random.Generator, on_progress: OnProgress | None, *, means: Means,
    votes: Sequence[Path | str], ballot: Path, most: int,
) -> None:  # fmt: skip
    """Write the ballot, or read what people voted on it."""
    outcome, answers = collect(sample.items, candidate, jitter, on_progress)
    if means == "human":
        made.outcome = outcome
    once = {item.call.key: (item, answer) for item, answer in answers if item.repeat_of is None}
    if not votes:
        # The first of a random order are a random part.
        shown = [duel_of(item, answer) for item, answer in list(once.values())[:most]]
        # Not the sample's seed: whoever knows the seed would know the sides.
        key = write_ballot(shown, ballot, np.random.default_rng())
        made.ballot = str(ballot)
        made.notes.append(
            f"{len(shown)} pairs wait for votes in {ballot}. Open it in a browser or send it to "
            f"others (but not {key.name}), then run this again with --votes FILE for each file "
            "that was saved."
        )
        return
    found = read_votes([Path(v) for v in votes], key_file_of(ballot))
    by_item: dict[str, list[float]] = {}
    for vote in found.votes:
        by_item.setdefault(vote.key, []).append(vote.preference)
    made.human = {key: sum(said) / len(said) for key, said in by_item.items()}
    made.notes.append(f"{len(found.votes)} votes on {len(made.human)} of {found.items_n} pairs; "
                      f"{sum(v.both_bad for v in found.votes)} say that both are bad.")  # fmt: skip
    if means == "human":
        for item, answer in once.values():
            if item.call.key in made.human:
                tally.add(seen_of(item, answer, made.human[item.call.key], rates_a))


def _result(
    made: _Made, sample: Sample, tally: Tally, means: Means, name: str, from_model: str, b: Who,
    margin: float, level: float, seed: int, prices: Prices, priced_a: bool, candidate: Candidate,
    dropped: Mapping[str, int],
) -> Switch:  # fmt: skip
    seen = tally.seen
    rng = np.random.default_rng([seed, 2])
    judging = _judging(made, name, level) if made.judged else None
    quality = tally.quality()
    stopped = _why(made)
    if means == "judge and people":
        quality, stopped = _powered(judging, margin, quality), "votes" if made.human else "end"
    elif means == "human":
        stopped = "votes" if made.human else "end"
    basis = basis_of(from_model, b, prices, priced_a)
    left = _added(dropped, sample.unfit_n, tally.left_out)
    outcome = made.outcome
    return Switch(
        a=from_model,
        b=b.model,
        means=means,
        scorer=name,
        margin=margin,
        level=level,
        quality=quality,
        stopped=stopped,
        items=len(made.human) if means == "judge and people" and made.human else len(seen),
        log_rows=sample.asked_n,
        left_out=left,
        classes=classes_of(seen, margin, rng, level=level),
        failures=failures_of(seen),
        savings=savings_of(seen, rng, level=level, basis=basis, scored=means == "scorer"),
        latency=latency_of(seen, rng, level=level),
        judging=judging,
        endpoint=notes_of(b, prices),
        spent=Spent(
            usd=outcome.spent_usd,
            unsure_usd=outcome.unsure_usd,
            asked=outcome.asked_n,
            kept=outcome.kept_n,
            tries=outcome.tries_n,
            beyond=outcome.beyond_n,
            doubtful=outcome.doubtful_n,
            possibly_twice=len(outcome.possibly_twice),
        ),
        notes=(*made.notes, *_remarks(sample, tally, candidate, from_model, priced_a)),
        ballot=made.ballot,
    )


def _why(made: _Made) -> Why:
    """Why the trial ended; a judge who is done stops the candidate too, so his reason counts."""
    of_judge = made.of_judge
    if of_judge is not None and of_judge.stopped != "end":
        return of_judge.stopped
    return made.outcome.stopped


def _added(*parts: Mapping[str, int]) -> dict[str, int]:
    """Counts of several places added up."""
    made: dict[str, int] = {}
    for part in parts:
        for reason, n in part.items():
            made[reason] = made.get(reason, 0) + n
    return {reason: n for reason, n in made.items() if n}


def _judging(made: _Made, name: str, level: float) -> Judging:
    usd = made.of_judge.spent_usd if made.of_judge else None
    return judging_of(
        name, made.judged, made.human, level=level, usd=usd, same_family=made.same_family
    )


def _powered(judging: Judging | None, margin: float, otherwise: Quality) -> Quality:
    """The verdict of people's votes, sharpened by the judge."""
    if judging is None or judging.powered is None:
        return Quality(
            difference=otherwise.difference, verdict="undecided", decided_at=None, needed=None,
            method="the judge alone, whom nobody has checked",
        )  # fmt: skip
    found = judging.powered.estimate
    return Quality(
        difference=found,
        verdict=verdict(found, margin),
        decided_at=None,
        needed=None,
        method="prediction-powered inference from people's votes and the judge's, for a sample "
        "fixed beforehand",
    )


def _remarks(
    sample: Sample, tally: Tally, candidate: Candidate, from_model: str, priced_a: bool
) -> list[str]:
    made = []
    unscored = sum(tally.left_out.values())
    if unscored:
        made.append(f"{unscored} replayed items could not be scored and are left out; if that "
                    "hangs on how hard they are, the verdict leans.")  # fmt: skip
    if sample.ended_by:
        made.append(f"The class {sample.ended_by} ran out, so the sample ends there.")
    if sample.distinct_n < 0.5 * sample.held_n:
        made.append(f"Only {sample.distinct_n:,} of {sample.held_n:,} requests differ; equal ones "
                    "are asked once, and tell less than different ones.")  # fmt: skip
    if candidate.rates is None:
        made.append(f"No price of {candidate.endpoint.model} is known, so no money is told. Give "
                    "it with --price-to INPUT,OUTPUT.")  # fmt: skip
    elif missing := no_money(from_model, tally.seen, priced_a):
        made.append(missing)
    made.append(f"Answers are kept in {candidate.ledger.name}: run again to go on, without paying "
                "twice.")  # fmt: skip
    return made


def _told(
    made: Switch, logs: Path, from_model: str, b: Who, margin: str | float, scorer: str | None,
    judge: Who | None, human: bool, prices: Prices,
) -> TrialResult:  # fmt: skip
    again = ["h2h", "switch", logs.name, "--from", from_model, "--to", b.model, "--margin",
             str(margin)]  # fmt: skip
    again += ["--base-url", b.base_url] if b.base_url != OPENAI else []
    again += ["--scorer", scorer] if scorer else []
    again += ["--judge", judge.model] if judge else []
    again += ["--human"] if human else []
    sources = [file_citation("log", logs, "Logged requests"), *prices.citations()]
    sheet = switch_sheet(made, sources=sources, as_of=prices.day, command=shlex.join(again))
    return TrialResult(made=made, sheet=sheet, results=_results(made))


def _results(made: Switch) -> list[dict[str, Any]]:
    shared = {"level": made.level, "n": made.items, "n_of": "items", "source_ids": ["log"]}
    q = made.quality
    found = [
        {"label": "difference, B minus A", **interval_json(q.difference, 100), "unit": "pp",
         "method": q.method, **shared, "verdict": q.verdict, "needed_n": q.needed,
         "margin_pp": 100 * made.margin, "means": made.means}
    ]  # fmt: skip
    if made.savings:
        found.append({"label": "saved per thousand requests",
                      **interval_json(made.savings.saved_usd), "unit": "usd",
                      "method": "bootstrap over items", **shared})  # fmt: skip
        if made.savings.ratio:
            found.append({"label": "cost, B over A", **interval_json(made.savings.ratio),
                          "unit": "ratio", "method": "bootstrap over items", **shared})  # fmt: skip
    return found
