"""What is told of the items of a test: one row for each, the suspects, and the short test."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from headtohead.core.errors import InputError
from headtohead.core.estimate import Interval
from headtohead.trials.items.discrimination import Correlations, correlations, rest_scores
from headtohead.trials.items.fit import ItemFit, fit_items
from headtohead.trials.items.runs import TestRuns
from headtohead.trials.items.settings import ItemsSettings
from headtohead.trials.items.short_test import ShortTest, short_test
from headtohead.trials.items.suspects import Suspects, suspects

Says = Literal["tells", "tells little", "runs against", "all the same", "undecided"]
LITTLE = 0.2  # Ebel's limit below which an item is to be dropped or rewritten


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One item.

    Attributes:
        runs: How many runs have it.
        score: Mean score over them.
        discrimination: Correlation over runs with the score on the other items.
        p_value: Of no correlation, corrected for the number of items (false discovery rate).
        slope: How sharply it tells abilities apart by the item model, above 0, with its interval;
            a wrong key cannot show there, for the model has no falling curves. None where every run
            has one score: then only the other items would say it.
        difficulty: The ability at which half of the models solve it, in standard deviations of the
            field, with its interval; None where the slope is.
        says: "tells" good from bad models; "tells little": surely below 0.2; "runs against" them:
            the better a model, the worse it does here; "all the same": every run has one score.
    """

    item: str
    runs: int
    score: float
    discrimination: Interval | None
    p_value: float
    slope: Interval | None
    difficulty: Interval | None
    says: Says


@dataclass(frozen=True, slots=True, eq=False)
class ItemReport:
    """The items of a test that many runs took.

    Attributes:
        rows: One for each item, those that run against the models first.
    """

    settings: ItemsSettings
    runs: TestRuns
    rows: tuple[ItemRow, ...]
    fitted: ItemFit
    suspects: Suspects
    short: ShortTest

    def count(self, says: Says) -> int:
        """How many items say this."""
        return sum(row.says == says for row in self.rows)


def item_report(
    runs: TestRuns, settings: ItemsSettings, progress: Callable[[str], None]
) -> ItemReport:
    """Which items tell good from bad models, which look mislabelled, and which few stand for all.

    Raises:
        InputError: If more items are asked for than there are, or the item model does not converge.

    References:
        Ebel, R. L. (1954). Procedures for the analysis of classroom tests. Educational and
        Psychological Measurement 14, 352-364. doi:10.1177/001316445401400215
        Benjamini, Y., Hochberg, Y. (1995). Controlling the false discovery rate. JRSS B 57,
        289-300. doi:10.1111/j.2517-6161.1995.tb02031.x
    """
    score, met = runs.answers.score, runs.answers.met
    if settings.k is not None and settings.k > len(runs.items):
        raise InputError(f"`k` is {settings.k}, but the test has {len(runs.items)} items.")
    told = correlations(score, rest_scores(score, met), met, runs.group, settings.level)
    progress("fitting the items")
    try:
        fitted = fit_items(runs.answers, level=settings.level)
        short = short_test(
            runs,
            fitted,
            margin=settings.margin,
            k=settings.k,
            level=settings.level,
            rng=np.random.default_rng(settings.seed),
            progress=progress,
        )
    except ArithmeticError as error:
        raise InputError(
            f"The model of the items does not fit these results: {error}. Leave out runs or items "
            "that are unlike the others."
        ) from error
    return ItemReport(
        settings=settings,
        runs=runs,
        rows=_rows(runs, told, fitted),
        fitted=fitted,
        suspects=suspects(runs, told, settings.level),
        short=short,
    )


def _rows(runs: TestRuns, told: Correlations, fitted: ItemFit) -> tuple[ItemRow, ...]:
    from scipy.stats import false_discovery_control, norm

    constant = runs.constant | ~np.isfinite(told.value)
    p_value = np.ones(constant.size)
    p_value[~constant] = false_discovery_control(told.p_value[~constant])
    score, met = runs.answers.score, runs.answers.met
    mean = np.where(met, score, 0.0).sum(axis=0) / met.sum(axis=0)
    reach = float(norm.ppf(0.5 + fitted.level / 2))
    times = np.exp(reach * fitted.slope_se / fitted.slope)  # its interval is one of its logarithm
    slopes = zip(fitted.slope, fitted.slope / times, fitted.slope * times, strict=True)
    b, off = fitted.difficulty, reach * fitted.difficulty_se
    places = zip(b, b - off, b + off, strict=True)
    curves = [
        tuple(Interval(*map(float, ends)) for ends in pair)
        for pair in zip(slopes, places, strict=True)
    ]
    rows = []
    for j, item in enumerate(runs.items):
        says: Says = "undecided"
        if constant[j]:
            says = "all the same"
        elif p_value[j] <= 1 - fitted.level:
            says = "tells" if told.value[j] > 0 else "runs against"
        elif told.high[j] < LITTLE:
            says = "tells little"
        ends = (float(told.value[j]), float(told.low[j]), float(told.high[j]))
        rows.append(
            ItemRow(
                item=item,
                runs=int(met[:, j].sum()),
                score=float(mean[j]),
                discrimination=None if constant[j] else Interval(*ends),
                p_value=float(p_value[j]),
                slope=None if constant[j] else curves[j][0],
                difficulty=None if constant[j] else curves[j][1],
                says=says,
            )
        )
    first = ("runs against", "tells little", "undecided", "tells", "all the same")
    rows.sort(
        key=lambda r: (first.index(r.says), r.discrimination.value if r.discrimination else 0)
    )
    return tuple(rows)
