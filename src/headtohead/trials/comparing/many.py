"""More than two runs on the same items: a table with tie groups, and all pairs jointly."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from headtohead.core.errors import InputError
from headtohead.trials.comparing.compare import labelled
from headtohead.trials.comparing.pairing import ModelRun, RunItems, named_apart, pair
from headtohead.trials.comparing.settings import CompareSettings
from headtohead.trials.paired import RunField, compare_many


@dataclass(frozen=True, slots=True, eq=False)
class ManyRuns:
    """Runs on the items that all of them share.

    Attributes:
        settings: Level and seed; the margin plays no part.
        models: In the files' own words.
        unit: "pp" where scores are shares, else "score".
        items: How many items all share.
        field: Means, joint differences, ranks and ties.
        left_out: RunItems that not every run has a score for.
    """

    settings: CompareSettings
    names: tuple[str, ...]
    models: tuple[str, ...]
    unit: Literal["pp", "score"]
    items: int
    field: RunField
    left_out: int
    notes: tuple[str, ...]


def many(sides: Sequence[ModelRun], settings: CompareSettings) -> ManyRuns:
    """Every run against every other.

    At least two sides; of the settings, level and seed and how items are brought together count.

    Raises:
        InputError: If any two runs cannot be compared honestly.
    """
    if settings.unpaired or settings.slices:
        raise InputError(
            "`many` compares shared items only, without slices. Compare two runs for `unpaired` "
            "or `slices`."
        )
    first = sides[0]
    made = [
        pair(first, other, shared=settings.shared, missing=settings.missing, same=settings.same)
        for other in sides[1:]
    ]
    shared = set(made[0].a.keys).intersection(*(set(p.a.keys) for p in made[1:]))
    if not shared:
        raise InputError("No item has a score in every run.")
    of_first = made[0].a
    keys = [key for key in of_first.keys if key in shared]
    columns = [_scores(of_first, keys), *(_scores(p.b, keys) for p in made)]
    clusters = None
    if settings.cluster:
        by_key = dict(zip(of_first.keys, labelled(of_first, settings.cluster, first), strict=True))
        clusters = [by_key[key] for key in keys]
    table = np.column_stack(columns)
    inside = bool(table.min() >= 0 and table.max() <= 1)
    field = compare_many(
        table,
        np.random.default_rng(settings.seed),
        clusters=clusters,
        level=settings.level,
        bounds=(0.0, 1.0) if inside else None,
    )
    total = {call.key for side in sides for call in side.calls}
    notes = dict.fromkeys(note for p in made for note in p.notes)
    return ManyRuns(
        settings=settings,
        names=tuple(named_apart(sides)),
        models=tuple(side.model for side in sides),
        unit="pp" if inside else "score",
        items=len(keys),
        field=field,
        left_out=len(total) - len(keys),
        notes=tuple(notes),
    )


def _scores(items: RunItems, keys: Sequence[str]) -> list[float]:
    by_key = dict(zip(items.keys, items.scores.tolist(), strict=True))
    return [by_key[key] for key in keys]
