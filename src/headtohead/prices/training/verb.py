"""`training_cost`: what training a model cost, or two models, in one scope."""

from collections.abc import Mapping
from itertools import product
from typing import TYPE_CHECKING

import polars as pl

from headtohead.core import dates
from headtohead.core.dates import Day
from headtohead.core.errors import InputError
from headtohead.core.estimate import Interval
from headtohead.core.settings import takes
from headtohead.evidence.facts import Facts
from headtohead.evidence.store import publisher
from headtohead.prices.training.costs import TrainingCost, cost, ratio
from headtohead.prices.training.result import PublishedCost, TrainingResult
from headtohead.prices.training.runs import RunEvidence, TrainingRun, needed
from headtohead.prices.training.scopes import SCOPES, method_words
from headtohead.prices.training.settings import TrainingSettings
from headtohead.prices.training.utilisation import left_out

if TYPE_CHECKING:
    from headtohead.evidence.store import Store


@takes(settings=TrainingSettings)
def training_cost(
    a: str = "",
    b: str = "",
    *,
    as_of: Day,
    settings: TrainingSettings,
    store: "Store | None" = None,
) -> TrainingResult:
    """What training a model cost, by each method with its scope; of two, also B over A.

    Args:
        a: A model; without one, `settings` describe one of your own.
        b: Another model, to compare it with in one scope.
        as_of: The day of our knowledge.
        settings: The method, and what you know of the run.
        store: The evidence; the user's own if None.

    Raises:
        UnknownName: If no training run of such a model is known.
        InputError: If scopes are mixed, or the method asked for lacks a figure.
        NoEvidence: If no training run was known by then.
    """
    day = dates.day(as_of, "as_of")
    if not a:
        needed(settings)
    elif b and (settings.chip_hours or settings.active_b):
        raise InputError(
            "`active_b`, `tokens` and `chip_hours` speak of one run: leave out the second model."
        )
    facts = Facts(store)
    evidence = RunEvidence(facts, day)
    runs = [evidence.run(name, settings) for name in ((a, b) if b else (a,))]
    if len({run.model for run in runs}) < len(runs):
        raise InputError(f"Both are {runs[0].model}. Give two different models.")
    costs, lacking = _costs(evidence, runs, settings.method)
    ratios = _ratios(costs, *(run.model for run in runs)) if b else {}
    if not costs or (b and not ratios):
        # Of each model the first reason: the others follow from it.
        first = {model: why for (model, _), why in reversed(lacking.items())}
        whys = " ".join(first.values())
        raise InputError(f"{whys} Give `chip` or `usd_per_chip_hour`, if you know them.")
    ids = {i for made in costs.values() for i in (*made.run.source_ids, *made.source_ids)}
    return TrainingResult(
        as_of=day,
        models=tuple(run.model for run in runs),
        costs=costs,
        lacking=lacking,
        ratios=ratios,
        published=_published(evidence, runs, settings.method),
        held=_held(evidence),
        citations=facts.citations(sorted(ids), day),
    )


def _costs(
    evidence: RunEvidence, runs: list[TrainingRun], method: str
) -> tuple[dict[tuple[str, str], TrainingCost], dict[tuple[str, str], str]]:
    """The costs by (model, method), and why others are not known; one asked for must be."""
    costs: dict[tuple[str, str], TrainingCost] = {}
    lacking: dict[tuple[str, str], str] = {}
    for run, name in product(runs, (method,) if method else SCOPES):
        try:
            costs[run.model, name] = cost(evidence, run, name)
        except InputError as error:
            if method:
                raise
            lacking[run.model, name] = str(error).partition(" Give ")[0]
    return costs, lacking


def _ratios(costs: Mapping[tuple[str, str], TrainingCost], a: str, b: str) -> dict[str, Interval]:
    """B over A by each method that knows both."""
    both = {name: (costs.get((a, name)), costs.get((b, name))) for name in SCOPES}
    return {name: ratio(one, other) for name, (one, other) in both.items() if one and other}


def _held(evidence: RunEvidence) -> tuple[int, int, float]:
    held, error = left_out(evidence.known)
    return held, len(evidence.known), error


def _published(
    evidence: RunEvidence, runs: list[TrainingRun], method: str
) -> tuple[PublishedCost, ...]:
    """What others say that these models cost, whatever they count, or in the scope asked for."""
    rows = evidence.figures.filter(
        (pl.col("topic") == "training_cost")
        & (pl.col("unit") == "usd")
        & pl.col("subject").is_in([run.model for run in runs])
    ).sort("subject", "value")
    return tuple(
        PublishedCost(
            model=row["subject"],
            counts=method_words(row["measure"]),
            usd=row["value"],
            scope=row["scope"],
            publisher=publisher(row["source_id"]),
            day=row["window_end"],
            url=row["row_url"] or "",
        )
        for row in rows.iter_rows(named=True)
        if not method or row["measure"] == SCOPES[method].measure
    )
