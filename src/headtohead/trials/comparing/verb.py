"""`compare`: may B stand in for A, by result files that exist already?"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headtohead.core.dates import Day
from headtohead.core.errors import InputError
from headtohead.core.settings import takes
from headtohead.files.opening import file_citation
from headtohead.prices.at_calls import prices_on
from headtohead.publish.files import writable
from headtohead.publish.words import listed
from headtohead.trials.comparing.compare import ManyRuns, rescored
from headtohead.trials.comparing.compare import compare as compare_runs
from headtohead.trials.comparing.compare import many as compare_all
from headtohead.trials.comparing.exporting import write_run
from headtohead.trials.comparing.pairing import open_run
from headtohead.trials.comparing.result import Comparison
from headtohead.trials.comparing.settings import CompareSettings
from headtohead.trials.comparing.sheet import comparison_sheet, many_sheet
from headtohead.trials.result import TrialResult, interval_json
from headtohead.trials.scoring.scored import scorer_from
from headtohead.trials.words import scale_of

if TYPE_CHECKING:
    from headtohead.evidence.store import Store


@takes(settings=CompareSettings)
def compare(
    *runs: str,
    settings: CompareSettings,
    as_of: Day | None = None,
    store: "Store | None" = None,
    progress: Callable[[str], None] = lambda _: None,
) -> TrialResult:
    """Whether B may stand in for A, by two result files; or a table of many runs.

    Args:
        runs: Files or folders, "FILE::MODEL" for one run of several: A, then B.
        settings: All the choices below at once.
        as_of: The day of the list prices; needed with `prices`.
        store: The evidence; the user's own if None.
        progress: Told of every step, since large files take a while.

    Raises:
        InputError: If the runs cannot be compared honestly; the message names what differs.

    Examples:
        >>> compare("a.eval", "b.eval", margin="2pp").sheet.answer  # doctest: +SKIP
        'yes'
    """
    if len(runs) < 2:
        raise InputError("Give two runs to compare, A and B, or FILE::MODEL twice.")
    if len(runs) > 2 and not settings.many:
        raise InputError(f"{len(runs)} runs: `many` compares more than two.")
    opened = []
    for place, run in enumerate(runs):
        progress(f"reading {run}")
        reading = settings.reading
        reading["mapping"] = {**settings.mapping, **(settings.mapping_b if place else {})}
        opened.append(open_run(run, **reading))
    if settings.scorer:
        progress("scoring the answers")
        score = scorer_from(settings.scorer)
        opened = [rescored(run, score) for run in opened]
        if not any((call.output or "").strip() for run in opened for call in run.calls):
            raise InputError(
                f"No answer in {listed([run.path.name for run in opened])} holds a word, so there "
                "is nothing to score. Say where they are with `mapping={'output': 'COLUMN'}`."
            )
    if settings.every_eval_ever:
        progress("writing the runs")
        folder = Path(settings.every_eval_ever)
        writable(folder, "every_eval_ever", folder=True)
        for one in opened:
            write_run(one, folder)
    places = [f"run_{place}" for place in range(1, len(opened) + 1)]
    sources = [
        file_citation(place, run.path, f"Results of {run.name}")
        for place, run in zip(places, opened, strict=True)
    ]
    progress("item by item")
    prices = prices_on(as_of, store) if settings.prices else None
    if settings.many:
        many = compare_all(opened, settings, rates=prices.rates_at if prices else None)
        sheet = many_sheet(
            many,
            sources=[*sources, *(prices.citations() if prices else ())],
            as_of=prices.day if prices else None,
            notes=prices.notes if prices else (),
        )
        return TrialResult(details=many, sheet=sheet, results=_many_results(many, places))
    comparison = compare_runs(
        opened[0], opened[1], settings, rates=prices.rates_at if prices else None
    )
    if prices:
        sources += prices.citations()
    sheet = comparison_sheet(
        comparison,
        sources=sources,
        as_of=prices.day if prices else None,
        notes=prices.notes if prices else (),
    )
    return TrialResult(details=comparison, sheet=sheet, results=_results(comparison, places))


def _results(c: Comparison, places: Sequence[str]) -> list[dict[str, Any]]:
    """Every estimate, each with what it needs to stand alone."""
    scale, unit, _ = scale_of(c.unit)
    shared = {
        "level": c.settings.level,
        "n": c.a.items,
        "n_of": "items",
        "source_ids": list(places),
    }
    results = [
        {
            "label": "difference, B minus A",
            **interval_json(c.difference, scale),
            "unit": unit,
            "method": c.method,
            **shared,
            "verdict": c.verdict,
            "p_value": c.p_value,
            "goal": c.settings.goal,
            "margin": c.settings.margin * scale,
            "verdicts": dict(c.verdicts),
        }
    ]
    results += [
        {
            "label": f"difference, {label}={one.name}",
            **interval_json(one.joint, scale),
            "unit": unit,
            "method": "jointly for all slices (Bonferroni)",
            **shared,
            "n": one.difference.n,
            "verdict": one.noninferior,
            "p_value": one.p_noninferior,
        }
        for label, several in c.slices.items()
        for one in several.slices
    ]
    ratios = (("cost per solved task", c.money), ("median latency", c.speed))
    results += [
        {
            "label": f"{name}, B over A",
            **interval_json(part.ratio),
            "unit": "ratio",
            "method": "bootstrap over items",
            **shared,
            "n": part.items,
        }
        for name, part in ratios
        if part and part.ratio
    ]
    return results


def _many_results(many: ManyRuns, places: Sequence[str]) -> list[dict[str, Any]]:
    """The joint difference of every pair, and what every run with a cost costs."""
    scale, unit, _ = scale_of(many.unit)
    results: list[dict[str, Any]] = [
        {
            "label": f"difference, {many.names[pair.b]} minus {many.names[pair.a]}",
            **interval_json(pair.joint, scale),
            "level": many.settings.level,
            "unit": unit,
            "method": "jointly for all pairs, clusters of items weighted at random",
            "n": many.items,
            "n_of": "items",
            "source_ids": [places[pair.a], places[pair.b]],
        }
        for pair in many.field.pairs
    ]
    if many.priced is None:
        return results
    priced, level = many.priced, many.settings.level
    shared: dict[str, Any] = {"level": level, "n": priced.items, "n_of": "items with costs"}
    on_front = priced.drawn.on_front()
    results += [
        {
            "label": f"cost of a call, {many.names[place]}",
            **interval_json(priced.drawn.cost_interval(i, level)),
            "unit": "usd_per_task",
            "method": "mean over items, bootstrap over items with costs and scores together",
            **shared,
            "source_ids": [places[place]],
            "on_front": bool(on_front[i]),
            "front_frac": float(priced.chance[i]),
            "as_good_frac": float(priced.as_good[i]),
        }
        for i, place in enumerate(priced.places)
    ]
    if priced.instead is not None:
        best, instead = priced.places[priced.best], priced.places[priced.instead]
        results.append(
            {
                "label": f"saved with {many.names[instead]} instead of {many.names[best]}",
                **interval_json(priced.drawn.saving(priced.best, priced.instead, level), 100),
                "unit": "pct",
                "method": "share of the cost of a call, bootstrap over items",
                **shared,
                "source_ids": [places[best], places[instead]],
                "as_good_frac": float(priced.as_good[priced.instead]),
                "margin": many.settings.margin * scale,
            }
        )
    return results
