"""What a trial of a switch adds up to: quality, money, notes, and where requests would go."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from headtohead.stats.quantiles import normal_quantile
from headtohead.trials.noninferiority import verdict
from headtohead.trials.replay.operators import endpoint_of
from headtohead.trials.replay.outcome import Outcome
from headtohead.trials.result import Prices
from headtohead.trials.sampling.drawing import Sample
from headtohead.trials.scoring.judge import Judged
from headtohead.trials.switching.candidates import Who
from headtohead.trials.switching.result import (
    EndpointNotes,
    Judging,
    Means,
    Quality,
    Seen,
    Spent,
    Switch,
    Why,
)
from headtohead.trials.switching.running import Candidate, name_of
from headtohead.trials.switching.summing import (
    classes_of,
    failures_of,
    judging_of,
    latency_of,
    savings_of,
)
from headtohead.trials.switching.tally import Tally

_POWER = 0.8


@dataclass(slots=True)
class Made:
    """What the run brought, as it comes in."""

    outcome: Outcome = field(default_factory=Outcome)
    of_judge: Outcome | None = None
    judged: list[Judged] = field(default_factory=list)
    human: dict[str, float] = field(default_factory=dict)
    ballot: str = ""
    same_family: bool = False
    notes: list[str] = field(default_factory=list)


def result_of(
    made: Made, sample: Sample, tally: Tally, means: Means, name: str, from_model: str, b: Who,
    margin: float, level: float, seed: int, prices: Prices, priced_a: bool, candidate: Candidate,
    dropped: Mapping[str, int],
) -> Switch:  # fmt: skip
    """Everything that is told of a trial."""
    seen = tally.seen
    rng = np.random.default_rng([seed, 2])
    judging = _judging(made, sample, name, level) if made.judged else None
    quality, doubt = _guarded(tally.quality(), judging, margin)
    stopped = _why(made)
    if means == "judge and people":
        quality = _powered(judging, margin, level, quality)
        stopped = "votes" if made.human else "end"
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
            usd=outcome.spent_usd + (made.of_judge.spent_usd if made.of_judge else 0.0),
            unsure_usd=outcome.unsure_usd + (made.of_judge.unsure_usd if made.of_judge else 0.0),
            asked=outcome.asked_n,
            kept=outcome.kept_n,
            tries=outcome.tries_n,
            beyond=outcome.beyond_n,
            doubtful=outcome.doubtful_n,
            possibly_twice=len(outcome.possibly_twice),
        ),
        notes=(
            *([doubt] if doubt else []),
            *made.notes,
            *_remarks(made, sample, tally, candidate, from_model, priced_a),
        ),
        ballot=made.ballot,
    )


def _why(made: Made) -> Why:
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


def _judging(made: Made, sample: Sample, name: str, level: float) -> Judging:
    return judging_of(
        name,
        made.judged,
        made.human,
        level=level,
        usd=made.of_judge.spent_usd if made.of_judge else None,
        same_family=made.same_family,
        cluster_of={name_of(item.call): item.cluster for item in sample.items},
    )


def _powered(judging: Judging | None, margin: float, level: float, otherwise: Quality) -> Quality:
    """The verdict of people's votes, sharpened by the judge."""
    if judging is None or judging.powered is None:
        return replace(
            otherwise, verdict="undecided", decided_at=None, needed=None,
            method="the judge alone, whom nobody has checked",
        )  # fmt: skip
    found = judging.powered.estimate
    told = verdict(found, margin)
    return Quality(
        difference=found,
        verdict=told,
        decided_at=None,
        needed=None if told != "undecided" else _votes_needed(judging, margin, level),
        method="prediction-powered inference from people's votes and the judge's, for a sample "
        "fixed beforehand",
    )


def _votes_needed(judging: Judging, margin: float, level: float) -> int | None:
    """How many more votes would decide it, if the difference is what it seems, by the normal law.

    None where the difference lies on the margin, or nothing bounds it.
    """
    powered = judging.powered
    assert powered is not None
    found = powered.estimate
    away = abs(found.value + margin)
    half = (found.high - found.low) / 2
    if away < 1e-9 or not math.isfinite(half):
        return None
    z = normal_quantile(0.5 + level / 2)
    times = ((1 + normal_quantile(_POWER) / z) * half / away) ** 2
    return max(1, math.ceil(powered.labelled_n * (times - 1)))


def _guarded(quality: Quality, judging: Judging | None, margin: float) -> tuple[Quality, str]:
    """Without a verdict where unreadable replies are so many that they could turn it."""
    if judging is None or quality.verdict == "undecided":
        return quality, ""
    asked = 2 * judging.judged + judging.unreadable
    lost = judging.unreadable / asked if asked else 0.0
    if lost <= margin:
        return quality, ""
    why = (
        f"{lost:.0%} of the judge's replies could not be read, more than the margin: pairs left "
        "out for it could turn the verdict, so there is none. Choose another judge or rubric."
    )
    return replace(quality, verdict="undecided", needed=None), why


def _remarks(
    made_by: Made,
    sample: Sample,
    tally: Tally,
    candidate: Candidate,
    from_model: str,
    priced_a: bool,
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
                    "tell less than different ones.")  # fmt: skip
    if candidate.rates is None:
        made.append(f"No price of {candidate.endpoint.model} is known, so no money is told. Give "
                    "it with --price-to INPUT,OUTPUT.")  # fmt: skip
    elif missing := no_money(from_model, tally.seen, priced_a):
        made.append(missing)
    served = {name for name in made_by.outcome.served if name != candidate.endpoint.model}
    if served and candidate.endpoint.model not in made_by.outcome.served:
        others = ", ".join(sorted(served)[:3])
        made.append(
            f"The endpoint says that it answered as {others}, not as {candidate.endpoint.model}. "
            "Check that this is the model you mean."
        )
    if (
        sample.asked_n
        and len(tally.seen) >= sample.fit_n
        and tally.quality().verdict == "undecided"
    ):
        made.append("All requests of the log that can be replayed are used; more items need a "
                    "longer log.")  # fmt: skip
    made.append(f"Answers are kept in {candidate.ledger.name}: run again to go on, without paying "
                "twice.")  # fmt: skip
    return made


def basis_of(from_model: str, b: Who, prices: Prices, priced_a: bool) -> str:
    """Where the prices of both models come from, in words."""
    told = []
    for model in (from_model, b.model):
        card = prices.used.get(model)
        if card is not None:
            told.append(f"{model} at {card}")
        elif model == from_model:
            told.append(f"{model} as given" if priced_a else f"{model} as the log tells")
        else:
            told.append(f"{model} as given" if b.price else f"{model} unknown")
    return "; ".join(told)


def no_money(from_model: str, seen: Sequence[Seen], priced_a: bool) -> str:
    """Why no money can be told though the candidate has a price; empty if it can.

    Args:
        from_model: The model of the log.
        seen: The items.
        priced_a: Whether its price is known.
    """
    if not seen or any(item.a_usd is not None for item in seen):
        return ""
    if priced_a:
        return (f"The log tells no tokens of {from_model}, so no money is told. If it has them, "
                "say where: --map input_tokens=COLUMN --map output_tokens=COLUMN.")  # fmt: skip
    return (f"No price of {from_model} is known and the log tells no costs, so no money is told. "
            "Give the price with --price-from INPUT,OUTPUT.")  # fmt: skip


def notes_of(b: Who, prices: Prices) -> EndpointNotes:
    """Operator and maker apart: requests go to the one, the weights come from the other."""
    names = prices.names.names
    known = endpoint_of(b.base_url)
    operator = names.operator(known.operator) if known.operator else None
    found = names.resolve(b.model, on=prices.day, provider=known.operator or None)
    model = names.model(found.model) if found.model else None
    lab = names.lab(found.lab) if found.lab else None
    return EndpointNotes(
        address=b.base_url,
        operator="this machine" if known.local else operator.name if operator else "",
        operator_country="yours" if known.local else operator.country if operator else "",
        lab=lab.name if lab else "",
        lab_country=lab.country if lab else "",
        licence=model.licence if model else "",
        retention="as you set it up" if known.local else known.retention,
        training="as you set it up" if known.local else known.training,
        source_url=known.source_url,
        seen_on=str(known.seen_on or ""),
        unverified=not known.verified,
    )
