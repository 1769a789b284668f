"""`compare`: may B stand in for A, by result files that exist already?"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from headtohead.core.arguments import Day
from headtohead.core.errors import InputError
from headtohead.core.settings import takes
from headtohead.evidence.store import Store
from headtohead.trials.comparing.compare import compare as compare_sides
from headtohead.trials.comparing.compare import rescored
from headtohead.trials.comparing.many import Many
from headtohead.trials.comparing.many import many as compare_all
from headtohead.trials.comparing.many_sheet import many_sheet
from headtohead.trials.comparing.result import Comparison
from headtohead.trials.comparing.settings import CompareSettings
from headtohead.trials.comparing.sheet import comparison_sheet
from headtohead.trials.comparing.sides import open_side
from headtohead.trials.result import TrialResult, file_citation, interval_json, prices_on
from headtohead.trials.scoring.scorers import scorer_from


@takes(settings=CompareSettings)
def compare(
    *runs: str,
    settings: CompareSettings,
    as_of: Day | None = None,
    store: Store | None = None,
) -> TrialResult:
    """Whether B may stand in for A, by two result files; or a table of many runs.

    Args:
        runs: Files or folders, "FILE::MODEL" for one run of several: A, then B.
        settings: All the choices below at once.
        as_of: The day of the list prices; needed with `prices`.
        store: The evidence; the user's own if None.

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
    sides = [
        open_side(
            run,
            format=settings.format,
            mapping={**settings.mapping, **settings.mapping_b} if place else settings.mapping,
        )
        for place, run in enumerate(runs)
    ]
    if settings.scorer:
        prepared = scorer_from(settings.scorer)
        sides = [rescored(side, prepared) for side in sides]
    places = [f"run_{place}" for place in range(1, len(sides) + 1)]
    files = [
        file_citation(place, side.path, f"Results of {side.name}")
        for place, side in zip(places, sides, strict=True)
    ]
    if settings.many:
        found = compare_all(sides, settings)
        sheet = many_sheet(found, sources=files)
        return TrialResult(made=found, sheet=sheet, results=_many_results(found, places))
    listed = prices_on(as_of, store) if settings.prices else None
    made = compare_sides(sides[0], sides[1], settings, rates=listed.rates if listed else None)
    sheet = comparison_sheet(
        made,
        sources=[*files, *(listed.citations() if listed else ())],
        as_of=listed.day if listed else None,
    )
    if listed:
        sheet = replace(sheet, notes=(*sheet.notes, *listed.notes))
    return TrialResult(made=made, sheet=sheet, results=_results(made, places))


def _results(made: Comparison, places: Sequence[str]) -> list[dict[str, Any]]:
    """Every estimate, each with what it needs to stand alone."""
    n = made.a.items
    scale = 100 if made.unit == "pp" else 1
    unit = "pp" if made.unit == "pp" else "value"
    shared = {"level": made.settings.level, "n": n, "n_of": "items", "source_ids": list(places)}
    found = [
        {"label": "difference, B minus A", **interval_json(made.difference, scale), "unit": unit,
         "method": made.method, **shared, "verdict": made.verdict, "p_value": made.p_value,
         "goal": made.settings.goal, "margin": made.settings.margin * scale,
         "verdicts": dict(made.verdicts)}
    ]  # fmt: skip
    found += [
        {"label": f"difference, {row.label}={row.value}", **interval_json(row.joint, scale),
         "unit": unit, "method": "jointly for all slices (Bonferroni)", **shared, "n": row.items,
         "verdict": row.verdict, "p_value": row.p_value}
        for row in made.slices
    ]  # fmt: skip
    if made.money and made.money.ratio:
        found.append({"label": "cost per solved task, B over A", **interval_json(made.money.ratio),
                      "unit": "ratio", "method": "bootstrap over items", **shared,
                      "n": made.money.items})  # fmt: skip
    if made.speed:
        found.append({"label": "median latency, B over A", **interval_json(made.speed.ratio),
                      "unit": "ratio", "method": "bootstrap over items", **shared,
                      "n": made.speed.items})  # fmt: skip
    return found


def _many_results(made: Many, places: Sequence[str]) -> list[dict[str, Any]]:
    """The joint difference of every pair."""
    field = made.field
    share = bool(field.means.min() >= 0 and field.means.max() <= 1)
    return [
        {
            "label": f"difference, {made.names[pair.b]} minus {made.names[pair.a]}",
            **interval_json(pair.joint, 100 if share else 1),
            "level": made.settings.level,
            "unit": "pp" if share else "value",
            "method": "jointly for all pairs, clusters of items weighted at random",
            "n": made.items,
            "n_of": "items",
            "source_ids": [places[pair.a], places[pair.b]],
        }
        for pair in field.pairs
    ]
