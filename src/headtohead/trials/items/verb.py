"""`items`: which items of a test are no good, and which few stand for all."""

from collections.abc import Callable
from typing import Any

from headtohead.core.errors import InputError
from headtohead.core.settings import takes
from headtohead.files.opening import file_citation
from headtohead.trials.comparing.pairing import open_all
from headtohead.trials.items.report import ItemReport, item_report
from headtohead.trials.items.runs import test_runs
from headtohead.trials.items.settings import ItemsSettings
from headtohead.trials.items.sheet import items_sheet
from headtohead.trials.result import TrialResult, interval_json


@takes(settings=ItemsSettings)
def items(
    *results: str,
    settings: ItemsSettings,
    progress: Callable[[str], None] = lambda _: None,
) -> TrialResult:
    """Which items tell good models from bad ones, which look mislabelled, which few stand for all.

    Args:
        results: Files or folders with runs of one test; "FILE::MODEL" takes one run of several,
            FILE takes all.
        settings: All the choices below at once.
        progress: Told of every step; many items take a while.

    Raises:
        InputError: If a file cannot be read, the runs are not of one test, or they are too few.
        UnknownName: If a file holds no run of the name given.

    Examples:
        >>> items("runs/", margin="2pp").details.short.needed  # doctest: +SKIP
        24
    """
    if not results:
        raise InputError("Give the results of several models on one test.")
    progress("reading")
    sides = [side for spec in results for side in open_all(spec, **settings.reading)]
    report = item_report(test_runs(sides), settings, progress)
    paths = list(dict.fromkeys(side.path for side in sides))
    sources = [
        file_citation(f"results_{n}", path, "Results of one test")
        for n, path in enumerate(paths, 1)
    ]
    places = [citation.source_id for citation in sources]
    return TrialResult(
        details=report, sheet=items_sheet(report, sources=sources), results=_results(report, places)
    )


def _results(report: ItemReport, places: list[str]) -> list[dict[str, Any]]:
    """Every item, then what the chosen ones are worth."""
    models = len(set(report.runs.models))
    shared = {"level": report.settings.level, "n": models, "n_of": "models", "source_ids": places}
    nothing = {"value": None, "low": None, "high": None}
    places_of = {item: n for n, item in enumerate(report.runs.items)}
    rows = [
        {
            "label": row.item,
            **(interval_json(row.discrimination) if row.discrimination else nothing),
            "unit": "value",
            "method": "correlation with the rest of the test, jackknife over models",
            **shared,
            "score_frac": row.score,
            "runs_n": row.runs,
            "p_value": row.p_value,
            "slope": interval_json(row.slope) if row.slope else nothing,
            "difficulty": interval_json(row.difficulty) if row.difficulty else nothing,
            "infit": float(report.fitted.infit[places_of[row.item]]) if row.slope else None,
            "outfit": float(report.fitted.outfit[places_of[row.item]]) if row.slope else None,
            "says": row.says,
        }
        for row in report.rows
    ]
    if report.short.chosen:
        rows.append(
            {
                "label": f"error of the full score foretold from {len(report.short.items)} items",
                **interval_json(report.short.chosen.rms, 100),
                "unit": "pp",
                "method": "root mean square over models held out",
                **shared,
                "reach_pp": report.short.chosen.reach * 100,
                "margin_pp": report.settings.margin * 100,
                "needed_n": report.short.needed,
                "way": report.short.way,
                "constant_frac": report.short.constant,
                "items": list(report.short.items),
                "weights": list(report.short.weights),
                "others": [{"weighted_frac": x, "others_frac": y} for x, y in report.short.others],
            }
        )
    return rows
