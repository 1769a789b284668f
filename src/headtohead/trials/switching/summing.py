"""What a trial adds up to: quality, classes, money, time, failures, and the worth of the judge."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from headtohead.core.estimate import Interval
from headtohead.core.units import counted
from headtohead.prices.at_calls import Prices
from headtohead.publish.words import listed
from headtohead.stats.bootstrap import ratio_of_sums
from headtohead.stats.intervals import normal_quantile
from headtohead.trials.judging.bias import agreement, length_bias, position_bias, self_preference
from headtohead.trials.judging.powered_mean import PoweredMean, ppi_mean
from headtohead.trials.paired.costs import cost_per_success_ratio, median_ratio
from headtohead.trials.paired.differences import verdict
from headtohead.trials.paired.joint import Slices, slices
from headtohead.trials.replay.client import Endpoint, terms_of
from headtohead.trials.replay.replay import ReplayOutcome
from headtohead.trials.sampling.drawing import LogSample
from headtohead.trials.scoring.judge import PairJudgement
from headtohead.trials.switching.result import (
    EndpointNotes,
    Judging,
    Quality,
    Savings,
    ScoredItem,
    Switch,
    Why,
)
from headtohead.trials.switching.running import Trial, name_of
from headtohead.trials.switching.settings import Scoring

_FEWEST = 10  # items with both figures, below which a ratio says little
_POWER = 0.8
_SIGN = {"A": -1.0, "tie": 0.0, "B": 1.0}


@dataclass(slots=True)
class Collected:
    """What the run brought, as it comes in.

    Attributes:
        of_judge: Of the judge's; None without.
        human: Item -> people's mean preference for B, where they voted.
    """

    outcome: ReplayOutcome = field(default_factory=ReplayOutcome)
    of_judge: ReplayOutcome | None = None
    judged: list[PairJudgement] = field(default_factory=list)
    human: dict[str, float] = field(default_factory=dict)
    ballot: str = ""
    same_family: bool = False
    notes: list[str] = field(default_factory=list)


def result_of(
    got: Collected,
    trial: Trial,
    sample: LogSample,
    *,
    from_model: str,
    scoring: Scoring,
    margin: float,
    seed: int,
    prices: Prices,
    price_b_given: bool,
    dropped: Mapping[str, int],
) -> Switch:
    """The result of a trial.

    `dropped` says why rows of the log were left out while it was read, and how many.
    """
    keeper, outcome, means, level = trial.keeper, got.outcome, scoring.means, scoring.level
    scorer = scoring.judge or scoring.scorer or "people"
    seen, b = keeper.seen, trial.candidate.endpoint.model
    rng = np.random.default_rng([seed, 2])
    judging = None
    if got.judged:
        clusters = {name_of(item.call): item.cluster for item in sample.items}
        never = [item.key for item in seen if item.b_failure == "unanswered"]
        judging = judging_of(got, scorer, level=level, cluster_of=clusters, never=never)
    quality, doubt = guarded(keeper.quality(), judging, margin)
    # A judge that is done stops the candidate too, so why it stopped counts.
    ended = [o.stopped for o in (got.of_judge, outcome) if o is not None]
    stopped: Why = next((why for why in ended if why != "end"), "end")
    if means == "judge and people":
        quality = _by_people(judging, margin, level, quality)
    if means in ("human", "judge and people"):
        stopped = "votes" if got.human else "end"
    items = len(got.human) if means == "judge and people" and got.human else len(seen)
    basis = []
    for model, given in ((from_model, trial.rates_a is not None), (b, price_b_given)):
        unknown = "as the log tells" if model == from_model else "unknown"
        price = prices.used.get(model)
        basis.append(
            f"{model} at {price}" if price else f"{model} {'as given' if given else unknown}"
        )
    left = Counter(dict(dropped)) + Counter(sample.unfit_n) + keeper.left_out
    runs = [outcome, *([got.of_judge] if got.of_judge else [])]
    # Answers that could not be used; wrong answers are none of them.
    of_a = Counter(item.a_failure for item in seen if item.a_failure)
    of_b = Counter(item.b_failure for item in seen if item.b_failure)
    return Switch(
        a=from_model,
        b=b,
        means=means,
        scorer=scorer,
        margin=margin,
        level=level,
        quality=quality,
        stopped=stopped,
        items=items,
        log_rows=sample.asked_n,
        left_out=left,
        classes=classes_of(seen, margin, rng, level=level),
        failures={kind: (of_a[kind], of_b[kind]) for kind in sorted({*of_a, *of_b})},
        savings=savings_of(
            seen, rng, level=level, basis="; ".join(basis), scored=means == "scorer"
        ),
        latency=latency_of(seen, rng, level=level),
        judging=judging,
        endpoint=notes_of(trial.candidate.endpoint, prices),
        spent=replace(
            outcome,
            spent_usd=sum(run.spent_usd for run in runs),
            unsure_usd=sum(run.unsure_usd for run in runs),
        ),
        notes=(*doubt, *got.notes, *_remarks(got, trial, sample, from_model), *prices.notes),
        ballot=got.ballot,
    )


def _by_people(judging: Judging | None, margin: float, level: float, otherwise: Quality) -> Quality:
    """The verdict of people's votes, sharpened by the judge."""
    if judging is None or judging.powered is None:
        return replace(
            otherwise,
            verdict="undecided",
            decided_at=None,
            needed=None,
            method="the judge alone, which nobody has checked",
        )
    powered = judging.powered
    estimate = powered.estimate
    answer, needed = verdict(estimate, margin), None
    # More votes would decide it if the difference is what it seems, by the normal law; no number
    # of them where it lies on the margin, or nothing bounds it.
    away, half = abs(estimate.value + margin), (estimate.high - estimate.low) / 2
    if answer == "undecided" and away >= 1e-9 and math.isfinite(half):
        z = normal_quantile(0.5 + level / 2)
        times = ((1 + normal_quantile(_POWER) / z) * half / away) ** 2
        needed = max(1, math.ceil(powered.labelled_n * (times - 1)))
    return Quality(
        difference=estimate,
        verdict=answer,
        decided_at=None,
        needed=needed,
        method="prediction-powered inference from people's votes and the judge's, for a sample "
        "fixed beforehand",
    )


def guarded(
    quality: Quality, judging: Judging | None, margin: float
) -> tuple[Quality, tuple[str, ...]]:
    """Without a verdict, and why, where unreadable replies are so many that they could turn it."""
    if judging is None or quality.verdict == "undecided":
        return quality, ()
    asked = 2 * judging.judged + judging.unreadable
    lost = judging.unreadable / asked if asked else 0.0
    if lost <= margin:
        return quality, ()
    why = (
        f"{lost:.0%} of the judge's replies could not be read, more than the margin: pairs left "
        "out for it could turn the verdict, so there is none. Choose another judge or rubric."
    )
    return replace(quality, verdict="undecided", needed=None), (why,)


def _remarks(got: Collected, trial: Trial, sample: LogSample, from_model: str) -> list[str]:
    notes = []
    keeper, candidate = trial.keeper, trial.candidate
    unscored = sum(keeper.left_out.values())
    if unscored:
        notes.append(
            f"{counted(unscored, 'replayed item')} could not be scored and so left out; if that "
            "hangs on how hard they are, the verdict leans."
        )
    if sample.ended_by:
        notes.append(f"The class {sample.ended_by} ran out, so the sample ends there.")
    if sample.distinct_n < 0.5 * sample.held_n:
        notes.append(
            f"Only {sample.distinct_n:,} of {sample.held_n:,} requests differ; equal ones tell "
            "less than different ones."
        )
    if candidate.rates is None:
        notes.append(
            f"No price of {candidate.endpoint.model} is known, so no money is told. Give the "
            "candidate's price, in US dollars per million tokens in and out."
        )
    elif keeper.seen and all(item.a_usd is None for item in keeper.seen):
        notes.append(
            f"The log tells no tokens of {from_model}, so no money is told. If it has them, map "
            "input_tokens and output_tokens to their columns."
            if trial.rates_a
            else f"No price of {from_model} is known and the log tells no costs, so no money is "
            "told. Give the price, in US dollars per million tokens in and out."
        )
    served = got.outcome.served
    if set(served) - {candidate.endpoint.model}:
        names = listed([f"{name} ({n:,})" for name, n in served.most_common()])
        notes.append(
            f"The endpoint says that it answered as {names} of {served.total():,} answers, and was "
            f"asked for {candidate.endpoint.model}. Check that this is the model you mean."
        )
    if left := got.outcome.left_out:
        names = listed([f"{name} (in {n:,})" for name, n in left.most_common()])
        notes.append(f"Parameters of logged requests that were not sent: {names}.")
    never = sum(item.b_failure == "unanswered" for item in keeper.seen)
    if never:
        notes.append(
            f"{counted(never, 'request')} never got an answer, which counts as failed. Run again "
            "to ask anew."
        )
    used_up = sample.asked_n and len(keeper.seen) >= sample.fit_n
    if used_up and keeper.quality().verdict == "undecided":
        notes.append(
            "All requests of the log that can be replayed are used; more items need a longer log."
        )
    notes.append(
        f"Answers are kept in {candidate.ledger.name}: run again to go on, without paying twice."
    )
    return notes


def notes_of(endpoint: Endpoint, prices: Prices) -> EndpointNotes:
    """Operator and maker apart: requests go to the one, the weights come from the other."""
    names = prices.facts.names
    known = terms_of(endpoint.base_url)
    operator = names.operator(known.operator) if known.operator else None
    resolved = names.resolve(endpoint.model, on=prices.day, provider=known.operator or None)
    model = names.model(resolved.model) if resolved.model else None
    lab = names.lab(resolved.lab) if resolved.lab else None
    return EndpointNotes(
        address=endpoint.base_url,
        terms=known,
        operator="this machine" if known.local else operator.name if operator else "",
        operator_country="yours" if known.local else operator.country if operator else "",
        lab=lab.name if lab else "",
        lab_country=lab.country if lab else "",
        licence=model.licence if model else "",
    )


def classes_of(
    seen: Sequence[ScoredItem], margin: float, rng: np.random.Generator, *, level: float
) -> Slices | None:
    """The difference in each class as seen so far, the worst first."""
    if not seen:
        return None
    first, second = [item.a for item in seen], [item.b for item in seen]
    if any(item.b < 0 for item in seen):
        # A preference is a difference already: two scores from 0 to 1 that differ by it.
        first = [(1 - item.b) / 2 for item in seen]
        second = [(1 + item.b) / 2 for item in seen]
    return slices(
        first, second, [item.task for item in seen], margin, rng, level=level, bounds=(0.0, 1.0)
    )


def savings_of(
    seen: Sequence[ScoredItem], rng: np.random.Generator, *, level: float, basis: str, scored: bool
) -> Savings | None:
    """What a thousand requests like those of the log cost on either model."""
    both = [i for i in seen if i.a_usd is not None and i.b_usd is not None]
    if len(both) < 2:
        return None
    weight = np.array([item.weight for item in both])
    a = np.array([item.a_usd or 0.0 for item in both])
    b = np.array([item.b_usd or 0.0 for item in both])
    per = float(weight.sum())
    saved = ratio_of_sums(weight * (a - b), weight, rng, level=level).rescaled(1000)
    ratio = ratio_of_sums(weight * b, weight * a, rng, level=level) if a.sum() > 0 else None
    won_a, won_b = np.array([i.a for i in both]), np.array([i.b for i in both])
    success = None
    if scored and a.sum() > 0 and won_a.sum() > 0:
        success = cost_per_success_ratio(
            weight * a, weight * won_a, weight * b, weight * won_b, rng, level=level
        )
    return Savings(
        a_usd=1000 * float(weight @ a) / per,
        b_usd=1000 * float(weight @ b) / per,
        saved_usd=saved,
        ratio=ratio,
        items=len(both),
        basis=basis,
        per_success=success,
    )


def latency_of(
    seen: Sequence[ScoredItem], rng: np.random.Generator, *, level: float
) -> tuple[float, float, Interval] | None:
    """Both median latencies in seconds, and B's over A's; None with too few."""
    both = [(i.a_seconds, i.b_seconds) for i in seen if i.a_seconds and i.b_seconds]
    if len(both) < _FEWEST:
        return None
    a, b = (np.array(side, dtype=np.float64) for side in zip(*both, strict=True))
    return float(np.median(a)), float(np.median(b)), median_ratio(a, b, rng, level=level)


def judging_of(
    got: Collected,
    model: str,
    *,
    level: float,
    cluster_of: Mapping[str, str],
    never: Sequence[str] = (),
) -> Judging:
    """How far the judge may be believed.

    `cluster_of` tells what items have in common: equal requests go together. `never` are items
    that the candidate never answered.
    """
    read = [p for p in got.judged if p.preference is not None]
    notes = []
    if not got.human:
        notes.append(
            "Nobody checked this judge: no human votes were given, so how far it agrees with "
            "people, and how much of a bias is its own, cannot be told. --human makes a ballot."
        )
    if got.same_family and not got.human:
        notes.append(
            "One of the answers is of the judge's own family. Whether it favours that one beyond "
            "its worth cannot be told without human votes."
        )
    people = np.array([got.human.get(p.key, math.nan) for p in read])
    votes = None if np.isnan(people).all() else people
    voted = ~np.isnan(people)
    verdicts = np.array([p.preference or 0.0 for p in read])
    position = length = own = agreed = None
    if len(read) >= 2:
        # For the answer shown first: A's in the first order, B's in the second.
        first = np.array([-_SIGN[p.a_first] for p in read if p.a_first is not None])
        second = np.array([_SIGN[p.b_first] for p in read if p.b_first is not None])
        position = position_bias(first, second, level=level)
    of_a, of_b = (
        np.maximum(1, np.array(side))
        for side in ([p.length_a_n for p in read], [p.length_b_n for p in read])
    )
    if len(read) >= _FEWEST and len(set(of_b / of_a)) > 1:
        length = length_bias(verdicts, of_b, of_a, votes, level=level)
    own_a, own_b = (np.array([p.own in (side, "both") for p in read]) for side in "AB")
    if len(read) >= 2 and (own_b ^ own_a).any():
        own = self_preference(verdicts, own_b, own_a, votes, level=level)
    if voted.sum() >= 2:
        agreed = agreement(np.sign(verdicts[voted]), np.sign(people[voted]), level=level)
    return Judging(
        model=model,
        judged=len(read),
        unreadable=sum(p.unreadable_n for p in got.judged),
        position=position,
        length=length,
        own=own,
        agreement=agreed,
        powered=powered_of(read, got.human, cluster_of, level=level, never=never),
        usd=got.of_judge.spent_usd if got.of_judge else None,
        notes=tuple(notes),
    )


def powered_of(
    pairs: Sequence[PairJudgement],
    human: Mapping[str, float],
    cluster_of: Mapping[str, str],
    *,
    level: float,
    never: Sequence[str] = (),
) -> PoweredMean | None:
    """People's mean preference for B over all judged items; None with fewer than two votes.

    `human` is on a random part of the items; `cluster_of` tells what items have in common with
    others; `never` are items without an answer of B, of which everyone would prefer A's.
    """
    read = [(p.key, p.preference) for p in pairs if p.preference is not None]
    both = [(key, said) for key, said in read if key in human]
    if len({cluster_of.get(key, key) for key, _ in both}) < 2:
        return None
    rest = [(key, said) for key, said in read if key not in human]
    known = round(len(never) * len(both) / len(read))
    both += [(key, -1.0) for key in never[:known]]
    rest += [(key, -1.0) for key in never[known:]]
    owners = [cluster_of.get(key, key) for key, _ in both]
    return ppi_mean(
        [said for _, said in both],
        [human.get(key, -1.0) for key, _ in both],
        [said for _, said in rest],
        level=level,
        bounds=(-1.0, 1.0),
        clusters=(owners, [cluster_of.get(key, key) for key, _ in rest]),
    )
