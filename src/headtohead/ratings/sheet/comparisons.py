"""Groups, style and drift: differences in points, each with its interval."""

import math
from collections.abc import Sequence
from typing import Any

from headtohead.claims.exhibits import ExhibitView
from headtohead.core.interval import Interval
from headtohead.publish.escaping import plain
from headtohead.ratings.result import Groups, Move, StyleEffect
from headtohead.ratings.sheet import charts
from headtohead.ratings.sheet.figures import (
    Setting,
    Table,
    figure,
    number_cell,
    text_cell,
    words_cell,
)
from headtohead.ratings.sheet.naming import (
    SHORT,
    finite,
    level,
    many,
    percent,
    signed,
    span,
)
from headtohead.ratings.sheet.words import gap_words

_ROWS = 50
_KINDS = ("average", "best model")


def group_figures(setting: Setting, groups: Groups) -> list[ExhibitView]:
    """The ratings of groups and, where there are two or more, their gaps."""
    made = [_ratings(setting, groups)] if groups.ratings else []
    return [*made, _gaps(setting, groups)] if groups.gaps else made


def style_figure(setting: Setting, effects: Sequence[StyleEffect]) -> ExhibitView:
    """What style does to a vote."""
    sure = level(setting.result.settings.level)
    rows = [
        _row(n, plain(e.name, SHORT), e.per_sd, e.per_sd, 0.0, beside=signed(e.per_sd.value, 1))
        for n, e in enumerate(effects, 1)
    ]
    clear = [plain(e.name, 60) for e in effects if not e.per_sd.low <= 0 <= e.per_sd.high]
    table = Table(
        headings=("Style", "Points for 1 sd", f"{sure} interval", "Points for 1 unit",
                  f"{sure} interval", "Standard deviation"),
        rows=tuple(
            (
                words_cell(e.name), text_cell(signed(e.per_sd.value, 1)),
                text_cell(span(e.per_sd, 1)), text_cell(signed(e.per_unit.value, 2)),
                text_cell(span(e.per_unit, 2)), number_cell(e.sd, 3),
            )
            for e in effects
        ),
        columns={
            "style": "Style", "per_sd_elo": "Points for one standard deviation",
            "per_sd_low_elo": "At least", "per_sd_high_elo": "At most",
            "per_unit_elo": "Points for one unit", "per_unit_low_elo": "At least",
            "per_unit_high_elo": "At most", "sd_value": "Standard deviation",
        },
        data=tuple((e.name, *_three(e.per_sd), *_three(e.per_unit), e.sd) for e in effects),
    )  # fmt: skip
    return figure(
        setting,
        "style-effects",
        "What style does to a vote",
        "Rating points that one standard deviation more of a style is worth, at equal strength. "
        f"Bars: {sure} intervals. The ratings above are those at equal style.",
        table,
        says=f"Surely not nothing: {', '.join(clear)}."
        if clear
        else "No style has an effect that is surely not nothing.",
        chart=charts.intervals(
            rows, [str(r["name"]) for r in rows], axis="Rating points", zero=True, joint=False
        ),
    )


def drift_figure(setting: Setting, moves: Sequence[Move]) -> ExhibitView:
    """How ratings moved between windows of time."""
    sure = level(setting.result.settings.level)
    shown = moves[:_ROWS]
    reach = reach_of([m.change.value for m in shown], [m.joint for m in shown])
    rows = [
        _row(n, setting.short.get(m.model, plain(m.model, SHORT)), m.change, m.joint, reach,
             beside=f"{plain(m.first, 10)} to {plain(m.last, 10)}")
        for n, m in enumerate(shown, 1)
    ]  # fmt: skip
    moved = sum(not m.joint.low <= 0 <= m.joint.high for m in moves)
    table = Table(
        headings=("Model", "From", "To", "Change (points)", f"All hold ({sure})",
                  f"Alone ({sure})"),
        rows=tuple(
            (
                words_cell(setting.name(m.model)), words_cell(m.first), words_cell(m.last),
                text_cell(signed(m.change.value, 1)), text_cell(span(m.joint, 1)),
                text_cell(span(m.change, 1)),
            )
            for m in moves
        ),
        columns={
            "model": "Model", "first_window": "From", "last_window": "To", "change_elo": "Change",
            "low_elo": "At least, alone", "high_elo": "At most, alone",
            "joint_low_elo": "At least, all together", "joint_high_elo": "At most, all together",
        },
        data=tuple(
            (setting.name(m.model), m.first, m.last, *_three(m.change), finite(m.joint.low),
             finite(m.joint.high))
            for m in moves
        ),
    )  # fmt: skip
    return figure(
        setting,
        "drift",
        "How ratings moved",
        "Change in points from a model's first window of time to its last, measured from the "
        f"models in every window. Thick bars hold alone, thin ones all together ({sure}).",
        table,
        says=f"{many(moved, 'model')} of {len(moves)} surely moved.",
        chart=charts.intervals(
            rows,
            [str(r["name"]) for r in rows],
            axis="Change (points)",
            zero=True,
            more=[("beside", "Windows", "")],
        ),
        note="" if len(moves) <= _ROWS else f"The {_ROWS} largest changes; the table has all.",
    )


def _ratings(setting: Setting, groups: Groups) -> ExhibitView:
    sure = level(setting.result.settings.level)
    rows: list[dict[str, Any]] = []
    names = []
    for g in groups.ratings[: _ROWS // 2]:
        group, best = plain(g.group, 18), setting.short.get(g.best, plain(g.best, SHORT))
        for kind, name, interval in (
            (_KINDS[0], f"{group}: {many(g.models, 'model')}", g.mean),
            (_KINDS[1], plain(f"{group}: {best}", 44), g.top),
        ):
            names.append(name)
            rows.append(
                _row(len(names), name, interval, interval, 0.0, kind=kind,
                     shade=len(names) % 4 in (1, 2))
            )  # fmt: skip
    table = Table(
        headings=("Group", "Models", "Left out", "Votes", "Average", f"{sure} interval",
                  "Best model", "Its rating", f"{sure} interval"),
        rows=tuple(
            (
                words_cell(g.group), number_cell(g.models), number_cell(g.left_out),
                number_cell(g.votes), number_cell(g.mean.value), text_cell(span(g.mean)),
                words_cell(setting.name(g.best)), number_cell(g.top.value), text_cell(span(g.top)),
            )
            for g in groups.ratings
        ),
        columns={
            "group": "Group", "models_n": "Models", "left_out_n": "Left out", "votes_n": "Votes",
            "mean_elo": "Average", "mean_low_elo": "At least", "mean_high_elo": "At most",
            "best": "Best model", "best_elo": "Its rating", "best_low_elo": "At least",
            "best_high_elo": "At most",
        },
        data=tuple(
            (g.group, g.models, g.left_out, g.votes, *_three(g.mean), setting.name(g.best),
             *_three(g.top))
            for g in groups.ratings
        ),
    )  # fmt: skip
    out = groups.unplaced
    return figure(
        setting,
        "group-ratings",
        f"Groups by {plain(groups.by, 60)}",
        f"Average rating of each group's models, and its best model. Bars: {sure} intervals.",
        table,
        says=f"The highest average is that of {plain(groups.ratings[0].group, 60)}.",
        chart=charts.intervals(rows, names, axis="Rating (points)", kinds=_KINDS, joint=False),
        notes=(
            [f"{many(len(out), 'model')} in no group: "
             f"{', '.join(setting.name(m) for m in out[:8])}{', ...' if len(out) > 8 else ''}."]
            if out
            else []
        ),
    )  # fmt: skip


def _gaps(setting: Setting, groups: Groups) -> ExhibitView:
    sure = level(setting.result.settings.level)
    rows: list[dict[str, Any]] = []
    names = []
    for gap in groups.gaps[: _ROWS // 2]:
        pair = f"{plain(gap.a, 13)} − {plain(gap.b, 13)}"
        for kind, interval in zip(_KINDS, (gap.mean, gap.best), strict=True):
            names.append(f"{pair}: {kind.split()[0]}")
            rows.append(
                _row(len(names), names[-1], interval, interval, 0.0, kind=kind,
                     shade=len(names) % 4 in (1, 2), beside=signed(interval.value, 1))
            )  # fmt: skip
    table = Table(
        headings=("A", "B", "Average A − B", f"{sure} interval", "Best A − best B",
                  f"{sure} interval", "Best A takes from best B", f"{sure} interval"),
        rows=tuple(
            (
                words_cell(g.a), words_cell(g.b), text_cell(signed(g.mean.value, 1)),
                text_cell(span(g.mean, 1)), text_cell(signed(g.best.value, 1)),
                text_cell(span(g.best, 1)), text_cell(percent(g.a_beats_b.value)),
                text_cell(f"{percent(g.a_beats_b.low)} to {percent(g.a_beats_b.high)}"),
            )
            for g in groups.gaps
        ),
        columns={
            "group_a": "A", "group_b": "B", "mean_gap_elo": "Average A minus average B",
            "mean_gap_low_elo": "At least", "mean_gap_high_elo": "At most",
            "best_gap_elo": "Best A minus best B", "best_gap_low_elo": "At least",
            "best_gap_high_elo": "At most", "best_score_frac": "Best A takes from best B",
            "best_score_low_frac": "At least", "best_score_high_frac": "At most",
        },
        data=tuple(
            (g.a, g.b, *_three(g.mean), *_three(g.best), *_three(g.a_beats_b)) for g in groups.gaps
        ),
    )  # fmt: skip
    return figure(
        setting,
        "group-gaps",
        "How far groups are apart",
        f"Points between the averages, and between the best models, of two groups. Bars: {sure} "
        "intervals.",
        table,
        says=gap_words(groups.gaps[0]),
        chart=charts.intervals(
            rows, names, axis="Gap (points)", kinds=_KINDS, zero=True, joint=False
        ),
        note="The best of many leans upwards: a group that enters more has more to pick from."
        + (f" The chart shows the first {_ROWS // 2} gaps." if len(names) == _ROWS else ""),
    )


def _row(
    place: int, name: str, own: Interval, joint: Interval, reach: float, *, kind: str = "",
    shade: bool = False, beside: str = "",
) -> dict[str, Any]:  # fmt: skip
    return {
        "place": place, "name": name, "value": own.value, "low": finite(own.low),
        "high": finite(own.high), "wide_low": finite(joint.low), "wide_high": finite(joint.high),
        "reach": reach or max(1.0, 2 * joint.width if joint.width < 1e6 else 100.0),
        "shade": shade, "kind": kind, "beside": beside,
    }  # fmt: skip


def reach_of(values: Sequence[float], joint: Sequence[Interval]) -> float:
    """How many points from its value an interval is drawn.

    All ends are, but for one that is open, or so far away that it would squeeze the others.

    Args:
        values: The point estimates.
        joint: Their widest intervals.
    """
    arms = sorted(
        arm
        for i in joint
        for arm in (i.value - i.low, i.high - i.value)
        if math.isfinite(arm)
    ) or [100.0]  # fmt: skip
    across = max(values, default=0.0) - min(values, default=0.0)
    return max(1.0, 0.3 * across, min(arms[-1], 4 * arms[len(arms) // 2]))


def _three(interval: Interval) -> tuple[float, float | None, float | None]:
    return interval.value, finite(interval.low), finite(interval.high)
