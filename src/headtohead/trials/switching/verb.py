"""`switch`: may the candidate take over logged traffic, what does it save, how sure are we?"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from headtohead.core import arguments as asking
from headtohead.core.errors import InputError
from headtohead.evidence.store import Store
from headtohead.trials.rates import Rates
from headtohead.trials.reading.opening import open_calls
from headtohead.trials.result import (
    Prices,
    TrialResult,
    command,
    file_citation,
    interval_json,
    margin_of,
)
from headtohead.trials.sampling.drawing import Sample, draw
from headtohead.trials.scoring.ballot import Vote, key_file_of, read_votes, write_ballot
from headtohead.trials.scoring.scorers import scorer_from
from headtohead.trials.switching.candidates import (
    OPENAI,
    Pace,
    Who,
    candidate_of,
    judge_of,
    ledger_of,
    rates_of,
)
from headtohead.trials.switching.logs import of_model
from headtohead.trials.switching.result import Means, Switch
from headtohead.trials.switching.running import (
    Candidate,
    OnProgress,
    by_judge,
    by_scorer,
    collect,
    duel_of,
    name_of,
)
from headtohead.trials.switching.sheet import switch_sheet
from headtohead.trials.switching.switched import Made, result_of
from headtohead.trials.switching.tally import Tally


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
    if seed < 0:
        raise InputError(f"The seed is {seed}; it must be 0 or more.")
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
        of_model(reading.calls, from_model, skipped), np.random.default_rng(seed), n=items,
        model=from_model,
        labels=asking.words(by),
        # People's votes and their correction count every item alike.
        least=0 if people else 30,
        needs_output=True,
    )  # fmt: skip
    _keys_apart(sample, Path(logs))
    rates_a = rates_of(prices, from_model, price_from, "")
    kept = ledger_of(Path(logs), b, ledger)
    candidate = candidate_of(b, prices, kept, pace)
    asked = judge_of(j, b, from_model, prices, kept, pace, rubric) if j else None
    cast = _cast(votes, Path(ballot)) if people else {}
    tally = Tally(width, level, sample.most_weight, early=stop and not people)
    jitter = np.random.default_rng([seed, 1])
    made = Made()
    if means == "scorer":
        made.outcome = by_scorer(sample.items, candidate, scorer_from(scorer or ""), tally,
                                 rates_a, jitter, on_progress)  # fmt: skip
    elif asked is not None:
        made.outcome, made.of_judge, made.judged = by_judge(
            sample.items, candidate, asked, tally, rates_a, jitter, on_progress
        )
        made.same_family = asked.family != "" and asked.family in (asked.family_a, asked.family_b)
    if people:
        _people(made, sample, candidate, tally, rates_a, jitter, on_progress, cast, means=means,
                ballot=Path(ballot), most=ballot_items)  # fmt: skip
    name = j.model if j else scorer or "people"
    result = result_of(
        made, sample, tally, means, name, from_model, b, width, level, seed, prices,
        rates_a is not None, candidate, {**reading.dropped, **skipped},
    )  # fmt: skip
    again = command(
        "switch",
        [str(logs)],
        {
            "--from": from_model, "--to": b.model, "--margin": margin, "--scorer": scorer,
            "--judge": j.model if j else None, "--human": human,
            "--base-url": b.base_url if b.base_url != OPENAI else None, "--key-env": b.key_env,
            "--judge-url": j.base_url if j and j.base_url != b.base_url else None,
            "--rubric": rubric, "--votes": [str(v) for v in votes],
            "--ballot": ballot if people else None, "--items": items if items != 1000 else None,
            "--by": asking.words(by), "--no-stop": not stop,
            "--max-usd": pace.max_usd, "--judge-max-usd": pace.judge_max_usd,
            "--param": pace.params, "--judge-param": pace.judge_params, "--price-from": price_from,
            "--price-to": b.price, "--price-judge": j.price if j else "", "--ledger": ledger,
            "--format": format if format != "auto" else None, "--map": dict(mapping or {}),
            "--level": level if level != 0.95 else None, "--seed": seed or None,
            "--as-of": prices.day,
        },
    )  # fmt: skip
    sources = [file_citation("log", Path(logs), "Logged requests"), *prices.citations()]
    sheet = switch_sheet(result, sources=sources, as_of=prices.day, command=again)
    return TrialResult(made=result, sheet=sheet, results=_results(result))


def _keys_apart(sample: Sample, logs: Path) -> None:
    """Raise before anything is paid if two requests could not be told apart later."""
    places = Counter((item.call.key, item.call.epoch) for item in sample.items)
    (key, _), times = places.most_common(1)[0]
    if times > 1:
        raise InputError(
            f"{logs}: key {key!r} stands for {times} requests. Name a column that tells requests "
            "apart with --map key=COLUMN, or the tries with --map epoch=COLUMN."
        )


def _cast(votes: Sequence[Path | str], ballot: Path) -> dict[str, list[Vote]]:
    """Item -> its votes; before anything is paid, since a ballot in the way costs nothing yet."""
    if votes:
        found: dict[str, list[Vote]] = {}
        for vote in read_votes([Path(v) for v in votes], key_file_of(ballot)).votes:
            found.setdefault(vote.key, []).append(vote)
        if not found:
            raise InputError("The files of votes hold no vote. Vote in the ballot, then save.")
        return found
    for path in (ballot, key_file_of(ballot)):
        if path.exists():
            raise InputError(
                f"{path} exists, and people may be voting on it. Give their votes with --votes "
                "FILE, or name another ballot with --ballot."
            )
    return {}


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
    made: Made, sample: Sample, candidate: Candidate, tally: Tally, rates_a: Rates | None,
    jitter: np.random.Generator, on_progress: OnProgress | None,
    cast: Mapping[str, Sequence[Vote]], *, means: Means, ballot: Path, most: int,
) -> None:  # fmt: skip
    """Write the ballot, or take in what people voted on it."""
    outcome, answers, order = collect(sample.items, candidate, rates_a, jitter, on_progress)
    if means == "human":
        made.outcome = outcome
    if not cast:
        # The first of a random order are a random part, equal requests included.
        shown = [duel_of(item, answer) for item, answer in answers[:most]]
        # Not the sample's seed: whoever knows the seed would know the sides.
        key = write_ballot(shown, ballot, np.random.default_rng())
        made.ballot = str(ballot)
        made.notes.append(
            f"{len(shown)} pairs wait for votes in {ballot}. Open it in a browser or send it to "
            f"others (but not {key.name}), then run this again with --votes FILE for each file "
            "that was saved."
        )
        return
    made.human = {key: sum(v.preference for v in said) / len(said) for key, said in cast.items()}
    every = [vote for said in cast.values() for vote in said]
    made.notes.append(f"{len(every)} votes on {len(cast)} pairs; "
                      f"{sum(v.both_bad for v in every)} say that both are bad.")  # fmt: skip
    if means == "human":
        for item, answer in answers:
            said = made.human.get(name_of(item.call))
            if said is not None:
                failures = (item.call.failure, answer.failure)
                tally.add(order.seen(item, answer, (0.0, said), failures))


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
