"""`compare`: may B stand in for A, by result files that exist already?"""

from collections.abc import Mapping, Sequence
from typing import Any

from headtohead.core import arguments as asking
from headtohead.core.errors import InputError
from headtohead.evidence.store import Store
from headtohead.trials.comparing.compare import Choices, rescored
from headtohead.trials.comparing.compare import compare as compare_sides
from headtohead.trials.comparing.many import Many
from headtohead.trials.comparing.many import many as compare_all
from headtohead.trials.comparing.many_sheet import many_sheet
from headtohead.trials.comparing.pairing import Missing
from headtohead.trials.comparing.result import Comparison, Goal, Setting
from headtohead.trials.comparing.sheet import comparison_sheet
from headtohead.trials.comparing.sides import Side, open_side
from headtohead.trials.result import (
    Prices,
    TrialResult,
    command,
    file_citation,
    interval_json,
    margin_of,
)
from headtohead.trials.scoring.scorers import scorer_from


def compare(
    *runs: str,
    margin: str | float = 0.05,
    two_sided: bool = False,
    better: bool = False,
    level: float = 0.95,
    slices: str | Sequence[str] = (),
    cluster: str = "",
    same: str | Sequence[str] = (),
    shared: bool = False,
    unpaired: bool = False,
    missing: Missing = "leave-out",
    scorer: str | None = None,
    many: bool = False,
    format: str = "auto",
    mapping: Mapping[str, str] | None = None,
    mapping_b: Mapping[str, str] | None = None,
    prices: bool = False,
    as_of: asking.Day | None = None,
    store: Store | None = None,
    seed: int = 0,
) -> TrialResult:
    """Whether B may stand in for A, by two result files; or a table of many runs.

    Args:
        runs: Files or folders, "FILE::MODEL" for one run of several: A, then B.
        margin: How much worse B may be: "5pp", 0.05, or in the unit of graded scores.
        two_sided: Ask whether they differ by less than the margin either way.
        better: Ask whether B is better.
        level: Coverage of the intervals, inside (0, 1).
        slices: Labels by which the difference is also told.
        cluster: Label whose values keep items together.
        same: Labels that must have the same values on both sides.
        shared: Compare the items that both have, although others are only in one.
        unpaired: Do not match items.
        missing: "leave-out" items without a score, or count them as "wrong".
        scorer: Score the answers first: "exact", "regex:PATTERN", ...
        many: Compare all runs with each other.
        format: Of the files, or "auto".
        mapping: Field of a call -> column.
        mapping_b: The same for the second file where it differs.
        prices: Price tokens at list prices where a file tells no costs.
        as_of: The day of those prices; needed with `prices`.
        store: The evidence; the user's own if None.
        seed: Of the bootstrap.

    Raises:
        InputError: If the runs cannot be compared honestly; the message names what differs.

    Examples:
        >>> compare("a.eval", "b.eval", margin="2pp").sheet.answer  # doctest: +SKIP
        'yes'
    """
    if len(runs) < 2:
        raise InputError("Give two runs to compare: h2h compare A B, or FILE::MODEL twice.")
    if len(runs) > 2 and not many:
        raise InputError(f"{len(runs)} runs: --many compares more than two.")
    if two_sided and better:
        raise InputError("Choose one of --two-sided and --better.")
    if not 0 < level < 1:
        raise InputError(f"The level is {level}; it must be between 0 and 1, as 0.95.")
    if seed < 0:
        raise InputError(f"The seed is {seed}; it must be 0 or more.")
    goal: Goal = "equivalence" if two_sided else "superiority" if better else "non-inferiority"
    setting = Setting(goal=goal, margin=margin_of(margin), level=level, seed=seed)
    choices = Choices(
        slices=asking.words(slices),
        cluster=cluster,
        same=asking.words(same),
        shared=shared,
        unpaired=unpaired,
        missing=missing,
    )
    sides = _sides(runs, format, mapping or {}, mapping_b, scorer)
    places = [f"run_{place}" for place in range(1, len(sides) + 1)]
    files = [
        file_citation(place, side.path, f"Results of {side.name}")
        for place, side in zip(places, sides, strict=True)
    ]
    again = command(
        "compare",
        runs,
        {
            "--margin": margin, "--two-sided": two_sided, "--better": better,
            "--level": None if level == 0.95 else level, "--slice": choices.slices,
            "--cluster": cluster, "--same": choices.same, "--shared": shared,
            "--unpaired": unpaired, "--missing": None if missing == "leave-out" else missing,
            "--scorer": scorer, "--many": many, "--format": None if format == "auto" else format,
            "--map": mapping, "--map-b": mapping_b, "--prices": prices,
            "--as-of": as_of if prices else None, "--seed": seed or None,
        },
    )  # fmt: skip
    if many:
        found = compare_all(sides, setting, choices)
        sheet = many_sheet(found, sources=files, command=again)
        return TrialResult(made=found, sheet=sheet, results=_many_results(found, places))
    listed = _prices(prices, as_of, store)
    made = compare_sides(
        sides[0], sides[1], setting, choices, rates=listed.rates if listed else None
    )
    sheet = comparison_sheet(
        made,
        sources=[*files, *(listed.citations() if listed else ())],
        as_of=listed.day if listed else None,
        command=again,
    )
    return TrialResult(made=made, sheet=sheet, results=_results(made, places))


def _sides(
    runs: Sequence[str],
    format: str,
    mapping: Mapping[str, str],
    mapping_b: Mapping[str, str] | None,
    scorer: str | None,
) -> list[Side]:
    sides = [
        open_side(
            run, format=format, mapping={**mapping, **(mapping_b or {})} if place else mapping
        )
        for place, run in enumerate(runs)
    ]
    if scorer is None:
        return sides
    prepared = scorer_from(scorer)
    return [rescored(side, prepared) for side in sides]


def _prices(wanted: bool, as_of: asking.Day | None, store: Store | None) -> Prices | None:
    if not wanted:
        return None
    if as_of is None:
        raise InputError("Prices are dated: say as_of, the day they should hold on.")
    return Prices(asking.day(as_of), store)


def _results(made: Comparison, places: Sequence[str]) -> list[dict[str, Any]]:
    """Every estimate, each with what it needs to stand alone."""
    n = made.a.items
    scale = 100 if made.unit == "pp" else 1
    unit = "pp" if made.unit == "pp" else "value"
    shared = {"level": made.setting.level, "n": n, "n_of": "items", "source_ids": list(places)}
    found = [
        {"label": "difference, B minus A", **interval_json(made.difference, scale), "unit": unit,
         "method": made.method, **shared, "verdict": made.verdict, "p_value": made.p_value,
         "goal": made.setting.goal, "margin": made.setting.margin * scale,
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
            "level": made.setting.level,
            "unit": "pp" if share else "value",
            "method": "jointly for all pairs, clusters of items weighted at random",
            "n": made.items,
            "n_of": "items",
            "source_ids": [places[pair.a], places[pair.b]],
        }
        for pair in field.pairs
    ]
