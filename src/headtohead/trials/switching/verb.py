"""`switch`: may the candidate take over logged traffic, what does it save, how sure are we?"""

import hashlib
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from headtohead.core import dates
from headtohead.core.errors import InputError
from headtohead.core.settings import takes
from headtohead.core.units import counted
from headtohead.evidence.store import Store
from headtohead.files.opening import arrived, content, file_citation, kind_of
from headtohead.logs.opening import open_calls
from headtohead.prices.at_calls import Prices
from headtohead.prices.rates import Rates, read_rates
from headtohead.publish.files import writable
from headtohead.trials.replay.client import Endpoint, terms_of
from headtohead.trials.replay.limits import Settings
from headtohead.trials.result import TrialResult, interval_json
from headtohead.trials.sampling.drawing import draw, of_model
from headtohead.trials.scoring.ballot import (
    BallotVotes,
    key_file_of,
    read_arena_votes,
    read_votes,
    write_arena,
    write_ballot,
)
from headtohead.trials.scoring.judge import RUBRIC, rubric_from
from headtohead.trials.scoring.scored import Duel, scorer_from
from headtohead.trials.switching.result import Switch
from headtohead.trials.switching.running import (
    Candidate,
    Judge,
    OnProgress,
    ScoreKeeper,
    Trial,
    duel_of,
    name_of,
)
from headtohead.trials.switching.settings import Endpoints, Pace, Scoring, Traffic
from headtohead.trials.switching.sheet import switch_sheet
from headtohead.trials.switching.summing import Collected, result_of
from headtohead.trials.words import margin_of

_SAME = (
    "The log and the candidate both say {}: this asks whether its endpoint still answers as "
    "logged, not whether another model may stand in."
)


@takes(scoring=Scoring, endpoints=Endpoints, traffic=Traffic, pace=Pace)
def switch(
    logs: Path | str,
    *,
    from_model: str,
    to: str,
    scoring: Scoring,
    endpoints: Endpoints,
    traffic: Traffic,
    pace: Pace,
    as_of: dates.Day,
    store: Store | None = None,
    on_progress: OnProgress | None = None,
) -> TrialResult:
    """Whether a candidate may take over logged traffic: yes, no, or how many more items it takes.

    A sample of the log is replayed on the candidate and scored; the trial ends as soon as the
    verdict is decided. Answers are kept in the ledger: a run that was stopped goes on where it was.

    Args:
        logs: File or folder of logged requests with their answers.
        from_model: The model of the log to be replaced, in the log's own word.
        to: The candidate, by its name at its endpoint.
        scoring: How answers are scored.
        endpoints: Where candidate and judge are asked, and what tokens cost.
        traffic: What of the log is replayed.
        pace: Speed and ceiling.
        as_of: The day of the prices.
        store: The evidence; the user's own if None.
        on_progress: Told after each answer of the candidate, and what is waited for.

    Raises:
        InputError: If the log, the endpoint or the choices do not fit.
        SourceUnreachable: If the endpoint stops answering.

    Examples:
        >>> switch("log.jsonl", from_model="gpt-5", to="deepseek-chat", scorer="exact",
        ...        as_of="2026-10-31").sheet.word  # doctest: +SKIP
        'SWITCH'
    """
    means, logs = scoring.means, arrived(logs)
    margin = margin_of(scoring.margin)
    if not 0 < margin < 1:
        raise InputError(f"`margin` is {scoring.margin}; for a switch it lies between 0 and 100pp.")
    # A misspelt scorer is told before a key is asked for.
    scorer = scorer_from(scoring.scorer or "") if means == "scorer" else None
    prices = Prices(dates.day(as_of, "as_of"), store)
    reading = open_calls(logs, **traffic.reading)
    people = means in ("human", "judge and people")
    skipped = Counter[str]()
    sample = draw(
        of_model(reading.calls, from_model, skipped),
        np.random.default_rng(traffic.seed),
        n=traffic.items,
        model=from_model,
        labels=traffic.by,
        # People's votes and their correction count every item alike.
        least=0 if people else 30,
    )
    places = Counter((item.call.key, item.call.epoch) for item in sample.items)
    (key, _), times = places.most_common(1)[0]
    if times > 1:
        raise InputError(
            f"{logs}: key {key!r} stands for {times} requests. Name a column that tells requests "
            "apart with `mapping={'key': 'COLUMN'}`, or the epochs with "
            "`mapping={'epoch': 'COLUMN'}`."
        )
    rates_a = rates_of(prices, from_model, endpoints, "price_from")
    candidate = candidate_of(to, endpoints, prices, ledger_of(logs, to, pace.ledger), pace)
    judge = None
    if scoring.judge:
        judge = judge_of(scoring, endpoints, from_model, prices, candidate, pace)
    cast = None
    if people:
        cast = _cast(scoring, from_model, to, [name_of(item.call) for item in sample.items])
    keeper = ScoreKeeper(
        margin, scoring.level, sample.most_weight, early=traffic.stop and not people
    )
    jitter = np.random.default_rng([traffic.seed, 1])
    at_a, at_b = (
        None if given else partial(prices.rates_at, model, operator=operator, on_its_day=logged)
        for model, given, operator, logged in (
            (from_model, endpoints.price_from, "", True),
            (to, endpoints.price_to, terms_of(endpoints.base_url).operator, False),
        )
    )
    trial = Trial(sample.items, candidate, keeper, rates_a, jitter, on_progress, (at_a, at_b))
    got = Collected(notes=[_SAME.format(to)] if to == from_model else [])
    if scorer is not None:
        got.outcome = trial.by_scorer(scorer)
    elif judge is not None:
        got.outcome, got.of_judge, got.judged = trial.by_judge(judge, asking=cast is None)
        got.same_family = judge.family != "" and judge.family in (judge.family_a, judge.family_b)
    if people:
        _ask_people(got, trial, scoring, cast, (from_model, to))
    result = result_of(
        got,
        trial,
        sample,
        from_model=from_model,
        scoring=scoring,
        margin=margin,
        seed=traffic.seed,
        prices=prices,
        price_b_given=bool(endpoints.price_to),
        dropped={**reading.dropped, **skipped},
    )
    sources = [file_citation("log", logs, "Logged requests"), *prices.citations()]
    sheet = switch_sheet(result, sources=sources, as_of=prices.day)
    return TrialResult(details=result, sheet=sheet, results=_results(result))


def candidate_of(
    model: str,
    endpoints: Endpoints,
    prices: Prices,
    ledger: Path,
    pace: Pace,
    *,
    judging: bool = False,
) -> Candidate:
    """A model to ask, where its answers are kept, and at which prices.

    Raises:
        InputError: If a key is missing, or a ceiling is asked for and no price is known.
    """
    e = endpoints
    url, key_env, price, ceiling = e.base_url, e.key_env, "price_to", pace.max_usd
    if judging:
        key_env = e.judge_key_env if e.judge_url else e.judge_key_env or e.key_env
        url, price, ceiling = e.judge_url or e.base_url, "price_judge", pace.judge_max_usd
    known = terms_of(url)
    rates = rates_of(prices, model, e, price, known.operator)
    if ceiling is not None and rates is None:
        raise InputError(
            f"No list price of {model} was known on {prices.day}, so a ceiling in dollars cannot "
            "be kept. Say the price per million tokens, as "
            f"`{price}=0.28,0.42`."
        )
    key_env = known.key_env if key_env is None else key_env
    try:
        endpoint = Endpoint(url, model, key_env=key_env, timeout_s=pace.timeout_seconds)
    except InputError as error:
        raise InputError(
            f"`{'judge_url' if url == e.judge_url else 'base_url'}`: {error}"
        ) from None
    endpoint.headers()  # a missing key is found before anything is paid
    settings = Settings(
        concurrency_n=pace.concurrency,
        requests_per_minute=pace.requests_per_minute,
        tokens_per_minute=pace.tokens_per_minute,
        ceiling_usd=ceiling,
        cap_tokens=pace.cap_tokens,
        wait_most_s=pace.wait_most_seconds,
        params=pace.judge_params if judging else pace.params,
    )
    return Candidate(endpoint=endpoint, ledger=ledger, rates=rates, settings=settings)


def ledger_of(logs: Path, model: str, ledger: Path | None) -> Path:
    """Where the candidate's answers are kept: as said, or named after the log and the model."""
    return ledger or Path(f"{logs.name.partition('.')[0] or 'log'}-{_slug(model)}.ledger.jsonl")


def _slug(model: str) -> str:
    return "".join(c if c.isalnum() or c in "-." else "-" for c in model)


def rates_of(
    prices: Prices, model: str, endpoints: Endpoints, argument: str, operator: str = ""
) -> Rates | None:
    """The prices given, or those of the list; None if neither is known.

    `argument` holds "input,output[,cached]" in US dollars per million tokens; empty for the list.

    Raises:
        InputError: If what is given is no price.
    """
    price = getattr(endpoints, argument)
    if not price:
        # Logged calls have hours of their own; what is asked anew may fall in the dearest.
        listed = prices.rates if argument == "price_from" else prices.dearest
        return listed(model, operator=operator)
    return read_rates(price, argument)


def judge_of(
    scoring: Scoring,
    endpoints: Endpoints,
    from_model: str,
    prices: Prices,
    candidate: Candidate,
    pace: Pace,
) -> Judge:
    """The model that compares the answers, and of which family everyone is.

    The judge's ledger lies beside the candidate's, one for each rubric.
    """
    model, rubric, mark = scoring.judge or "", RUBRIC, ""
    if scoring.rubric:
        rubric = rubric_from(scoring.rubric)
        mark = f"-{hashlib.sha256(rubric.encode()).hexdigest()[:8]}"
    stem = candidate.ledger.name.removesuffix(".jsonl")
    ledger = candidate.ledger.with_name(f"{stem}.judge-{_slug(model)}{mark}.jsonl")

    def family(name: str) -> str:
        """The maker, which is what a judge may favour; the model itself if nobody knows it."""
        return prices.facts.names.resolve(name, on=prices.day).lab or name

    return Judge(
        asked=candidate_of(model, endpoints, prices, ledger, pace, judging=True),
        family=family(model),
        family_a=family(from_model),
        family_b=family(candidate.endpoint.model),
        rubric=rubric,
    )


def _cast(scoring: Scoring, from_model: str, to: str, keys: list[str]) -> BallotVotes | None:
    """The votes; before anything is paid, since a ballot in the way costs nothing yet."""
    ballot = scoring.ballot
    writable(ballot, "ballot")
    if scoring.votes:
        arenas = [file for file in scoring.votes if kind_of(content(file, 1 << 16)) == "sqlite"]
        if len(arenas) > 1 or (arenas and len(scoring.votes) > 1):
            raise InputError("Give the file of one arena as `votes`, or files saved from a ballot.")
        if arenas:
            cast = read_arena_votes(arenas[0], from_model, to, keys)
        else:
            cast = read_votes(scoring.votes, key_file_of(ballot))
        if not cast.votes:
            raise InputError("The files of votes hold no vote. Vote in the ballot, then save.")
        return cast
    for path in (ballot, *([] if ballot.suffix == ".toml" else [key_file_of(ballot)])):
        if path.exists():
            raise InputError(
                f"{path} exists, and people may be voting on it. Give their votes with "
                "`votes=FILE`, or name another `ballot`."
            )
    return None


def _written(shown: list[Duel], scoring: Scoring, names: tuple[str, str]) -> str:
    """Write the ballot, and say what is to be done with it."""
    ballot = scoring.ballot
    said = counted(len(shown), "pair waits", "pairs wait")
    if ballot.suffix == ".toml":
        write_arena(shown, ballot, names, margin_of(scoring.margin))
        votes = ballot.with_suffix(".sqlite")
        return (
            f"{said} for votes. Serve them with `h2h arena serve {ballot}`, then run this again "
            f"with `--human {votes}`."
        )
    # Not the sample's seed: whoever knows the seed would know the sides.
    key = write_ballot(shown, ballot, np.random.default_rng())
    return (
        f"{said} for votes in {ballot}. Open it in a browser or send it to others (but not "
        f"{key.name}), then run this again and give every file of votes that was saved."
    )


def _ask_people(
    got: Collected,
    trial: Trial,
    scoring: Scoring,
    cast: BallotVotes | None,
    names: tuple[str, str],
) -> None:
    """Write the ballot, or take in what people voted on it."""
    outcome, heard = trial.collect(asking=cast is None)
    answers = [(item, answer) for item, answer in heard if not answer.unanswered]
    if scoring.means == "human":
        got.outcome = outcome
    if cast is None:
        # The first of a random order are a random part, equal requests included.
        shown = [duel_of(item, answer) for item, answer in answers[: scoring.ballot_items]]
        got.ballot = str(scoring.ballot)
        got.notes.append(_written(shown, scoring, names))
        return
    by_item: dict[str, list[float]] = {}
    for vote in cast.votes:
        by_item.setdefault(vote.key, []).append(vote.preference)
    got.human = {key: sum(said) / len(said) for key, said in by_item.items()}
    bad = sum(vote.both_bad for vote in cast.votes)
    got.notes.append(
        f"{counted(len(cast.votes), 'vote')} on {counted(len(by_item), 'pair')}; "
        f"{counted(bad, 'says', 'say')} that both are bad."
    )
    if cast.other_n:
        got.notes.append(
            f"{counted(cast.other_n, 'vote')} on other prompts, or on an answer that gave its "
            "model away, left out."
        )
    if cast.changed_n or cast.repeated_n:
        got.notes.append(
            f"Of voters who saved several times the last vote counts: {cast.changed_n} changed "
            f"and {cast.repeated_n} repeated votes are left out."
        )
    if scoring.means == "human":
        voted = [item for item, _ in answers if name_of(item.call) in got.human]
        # No answer is worse than any. Nobody votes on it, so as large a part of these counts as
        # people voted on of the others, each in its turn.
        part, never = len(voted) / max(1, len(answers)), 0
        for item, answer in heard:
            said = got.human.get(name_of(item.call))
            failure = answer.failure
            if answer.unanswered:
                never += 1
                counts = round(part * never) > round(part * (never - 1))
                said, failure = (-1.0 if counts else None), "unanswered"
            if said is not None:
                failures = (item.call.failure, failure)
                trial.keeper.add(trial.scored(item, answer, (0.0, said), failures))


def _results(trial: Switch) -> list[dict[str, Any]]:
    shared = {"level": trial.level, "n": trial.items, "n_of": "items", "source_ids": ["log"]}
    q = trial.quality
    rows: list[dict[str, Any]] = [
        {
            "label": "difference, B minus A",
            **interval_json(q.difference, 100),
            "unit": "pp",
            "method": q.method,
            **shared,
            "verdict": q.verdict,
            "needed_n": q.needed,
            "margin_pp": 100 * trial.margin,
            "means": trial.means,
        }
    ]
    money = trial.savings
    if money:
        for label, interval, unit in (
            ("saved per thousand requests", money.saved_usd, "usd"),
            ("cost, B over A", money.ratio, "ratio"),
        ):
            if interval:
                figures = {**interval_json(interval), "unit": unit}
                rows.append({"label": label, **figures, "method": "bootstrap over items", **shared})
    return rows
