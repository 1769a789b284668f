"""Models by country, openness, lab or family, or as the user's own file says."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

import msgspec

from headtohead.core.errors import InputError, UnknownName
from headtohead.core.estimate import Interval
from headtohead.files.opening import decoded, wrong
from headtohead.files.records import records, text_of
from headtohead.names.names import Names
from headtohead.ratings.board import Board
from headtohead.ratings.bradley_terry.groups import group_gap, group_strengths
from headtohead.ratings.result import GroupGap, Groups

_ROW = msgspec.json.Decoder(dict[str, Any]).decode
GROUPS = ("country", "open", "lab", "family")


def labels_of(models: Iterable[str], by: str, *, on: date | None = None) -> dict[str, str]:
    """The group of every model that has one.

    Args:
        by: One of `GROUPS`, or the path of a CSV file with the columns model and group.
        on: The day on which the names were used; some move from model to model.

    Raises:
        UnknownName: If there is no such group and no such file.
        InputError: If the file has no such columns, or names a model twice.
    """
    wanted = list(models)
    if by in GROUPS:
        return _by_name(wanted, by, on)
    if not Path(by).is_file():
        raise UnknownName("group (or CSV file of groups)", by, GROUPS)
    given = _by_file(Path(by))
    return {model: given[model] for model in wanted if model in given}


def groups_of(board: Board, by: str, labels: Mapping[str, str]) -> Groups:
    """The ratings of every group on a board, and the gap of every pair."""
    fitted, level, k = board.fitted, board.settings.level, board.points_per_logit
    strengths = group_strengths(fitted, board.covariance, labels, level=level)

    def gap(a: str, b: str, of: Literal["mean", "best"]) -> Interval:
        result = group_gap(fitted, board.covariance, labels, a, b, of=of, level=level)
        return result.rescaled(k)

    return Groups(
        by=by,
        ratings=tuple(
            replace(
                one, mean=one.mean.rescaled(k, board.offset), top=one.top.rescaled(k, board.offset)
            )
            for one in strengths
        ),
        gaps=tuple(
            GroupGap(
                a=a.group,
                b=b.group,
                mean=gap(a.group, b.group, "mean"),
                best=gap(a.group, b.group, "best"),
                a_beats_b=board.beats(a.best, b.best),
            )
            for a, b in combinations(strengths, 2)
        ),
        unplaced=tuple(m for m in fitted.counts.models if m not in labels),
        labels=dict(labels),
    )


def _by_name(models: list[str], by: str, on: date | None) -> dict[str, str]:
    names = Names.load()
    result: dict[str, str] = {}
    for name in models:
        resolved = names.resolve(name, on=on)
        model = names.model(resolved.model) if resolved.model else None
        value: str | None = None
        if by == "lab":
            value = resolved.lab
        elif by == "country" and resolved.lab:
            value = names.lab(resolved.lab).country
        elif by == "family" and model:
            value = model.family
        elif by == "open" and model and model.open_weights is not None:
            value = "open" if model.open_weights else "closed"
        if value:
            result[name] = value
    return result


def _by_file(path: Path) -> dict[str, str]:
    groups: dict[str, str] = {}
    for where, text in records(path):
        row = decoded(_ROW, path, where, text, "an object with named fields")
        if not {"model", "group"} <= row.keys():
            raise InputError(f"{path} needs the columns model and group; it has {', '.join(row)}.")
        model, group = text_of(row["model"]).strip(), text_of(row["group"]).strip()
        if not model or not group:
            raise wrong(path, where, "model or group is empty. Fill it in.")
        if groups.setdefault(model, group) != group:
            raise wrong(path, where, f"{model} is in {groups[model]!r} and in {group!r}. Keep one.")
    return groups
