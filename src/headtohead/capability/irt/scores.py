"""Scores of models on benchmarks, coded and checked: what every fit of an index starts from."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headtohead.stats.inputs import FloatArray, IntArray, same_length, vector

_SHOWN = 3
_FEWEST_MODELS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """One score for each model and benchmark that met.

    Attributes:
        models: Names, sorted, distinct, shape (M,).
        benchmarks: Names, sorted, distinct, shape (B,).
        model: Index into `models` of each score, shape (N,), rising.
        benchmark: Index into `benchmarks`, shape (N,), rising within a model.
        score: Corrected for guessing: 0 is guessing, 1 is everything solved, shape (N,).
        items: How many items each score is a share of, shape (N,); NaN where nobody knows.
        chance: What guessing solves, shape (B,), 0 <= chance < 1.
    """

    models: tuple[str, ...]
    benchmarks: tuple[str, ...]
    model: IntArray
    benchmark: IntArray
    score: FloatArray
    items: FloatArray
    chance: FloatArray

    @classmethod
    def from_rows(
        cls,
        models: Sequence[str],
        benchmarks: Sequence[str],
        scores: ArrayLike,
        *,
        items: Sequence[float | None] | None = None,
        chance: Mapping[str, float] | None = None,
    ) -> "Scores":
        """The scores, one row each.

        Args:
            models: Model of each row, length N.
            benchmarks: Benchmark of each row, length N.
            scores: Corrected for guessing, shape (N,); at most 1, and below 0 only as far as no
                item solved allows.
            items: Items behind each row, above 0; None where it is not known.
            chance: Benchmark -> what guessing solves, 0 to below 1; 0 for those left out.

        Raises:
            ValueError: If lengths differ, there is no row, a score or count is impossible, or a
                model has two scores on one benchmark; the message names the rows.
        """
        value = vector(scores, "scores")
        if not len(models) == len(benchmarks) == value.size:
            raise ValueError(
                f"{len(models)} models, {len(benchmarks)} benchmarks and {value.size} scores; "
                "every row needs one of each"
            )
        names, mi = _coded(models)
        tests, bi = _coded(benchmarks)
        sizes = np.full(value.size, np.nan)
        if items is not None:
            sizes = np.array([np.nan if n is None else float(n) for n in items])
            same_length(items=sizes, scores=value)
            if np.any(sizes < 1) or np.any(np.isinf(sizes)):
                raise ValueError(
                    "items must be counts of at least 1; leave out what is not known (None)"
                )
        floor = np.array([(chance or {}).get(name, 0.0) for name in tests])
        if not np.all((floor >= 0) & (floor < 1)):
            raise ValueError("chance must lie between 0 and below 1: a share, not a percentage")
        pairs = Counter(zip(models, benchmarks, strict=True))
        if twice := [pair for pair, n in pairs.items() if n > 1]:
            raise ValueError(
                f"{len(twice)} models have several scores on one benchmark, for example "
                f"{twice[0][0]} on {twice[0][1]}. Choose one of them, or take their mean."
            )
        _check_range(models, benchmarks, value, floor[bi])
        order = np.lexsort((bi, mi))
        return cls(names, tests, mi[order], bi[order], value[order], sizes[order], floor)

    @property
    def raw(self) -> FloatArray:
        """The share of items solved, guesses included, shape (N,)."""
        floor = self.chance[self.benchmark]
        return np.clip(floor + (1 - floor) * self.score, 0.0, 1.0)

    @property
    def per_model(self) -> IntArray:
        """How many benchmarks each model has, shape (M,)."""
        return np.bincount(self.model, minlength=len(self.models)).astype(np.int64)

    def only(
        self,
        *,
        models: Collection[str] | None = None,
        benchmarks: Collection[str] | None = None,
    ) -> "Scores":
        """The scores of some models on some benchmarks.

        Raises:
            ValueError: If none is left.
        """
        kept = np.ones(self.model.size, dtype=np.bool_)
        if models is not None:
            kept &= np.isin(self.model, _places(self.models, models))
        if benchmarks is not None:
            kept &= np.isin(self.benchmark, _places(self.benchmarks, benchmarks))
        return self._where(kept)

    def well_met(self, min_benchmarks: int = 4, min_models: int = 3) -> "Scores":
        """The scores that can tell something: models and benchmarks with too few are left out.

        Leaving out a benchmark may leave a model with too few, so it is repeated until nothing
        changes.

        Args:
            min_benchmarks: Fewest benchmarks of a model, at least 1.
            min_models: Fewest models of a benchmark, at least 1.

        Raises:
            ValueError: If nothing is left.
        """
        kept = np.ones(self.model.size, dtype=np.bool_)
        while True:
            a = np.bincount(self.model[kept], minlength=len(self.models))
            b = np.bincount(self.benchmark[kept], minlength=len(self.benchmarks))
            fits = (a[self.model] >= min_benchmarks) & (b[self.benchmark] >= min_models)
            if not kept.any() or fits[kept].all():
                break
            kept &= fits
        if not kept.any():
            raise ValueError(
                f"no model has {min_benchmarks} benchmarks that {min_models} models share"
            )
        return self._where(kept)

    def parts(self) -> tuple[tuple[str, ...], ...]:
        """Groups of models that no benchmark connects, the largest first."""
        group = np.arange(len(self.models))
        tests = np.full(len(self.benchmarks), len(self.models))
        while True:
            np.minimum.at(tests, self.benchmark, group[self.model])
            before = group.copy()
            np.minimum.at(group, self.model, tests[self.benchmark])
            if np.array_equal(group, before):
                break
        by_place: dict[int, list[str]] = {}
        for name, place in zip(self.models, group.tolist(), strict=True):
            by_place.setdefault(place, []).append(name)
        return tuple(tuple(p) for p in sorted(by_place.values(), key=lambda p: (-len(p), p)))

    def check_connected(self) -> None:
        """Check that every model can be compared with every other.

        Raises:
            ValueError: If there is one benchmark only, there are fewer than three models, or
                groups of models share no benchmark.
        """
        if len(self.benchmarks) < 2:
            raise ValueError(
                f"{self.benchmarks[0]} is the only benchmark: one test is no index. "
                "Compare its scores directly, or add benchmarks."
            )
        if len(self.models) < _FEWEST_MODELS:
            raise ValueError(
                f"{' and '.join(self.models)}: an index needs {_FEWEST_MODELS} models, as two fix "
                "its zero and its unit. Compare their scores directly, or add models."
            )
        parts = self.parts()
        if len(parts) > 1:
            shown = "; ".join(
                ", ".join(p[:_SHOWN]) + (f" and {len(p) - _SHOWN} more" if len(p) > _SHOWN else "")
                for p in parts[:_SHOWN]
            )
            raise ValueError(
                f"{len(parts)} groups of models share no benchmark, so they have no common scale: "
                f"{shown}. Fit them apart, or add a benchmark that both were given."
            )

    def _where(self, kept: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> "Scores":
        if not kept.any():
            raise ValueError("no score is left")
        mi, models = _recoded(self.model[kept], self.models)
        bi, tests = _recoded(self.benchmark[kept], self.benchmarks)
        floor = self.chance[np.unique(self.benchmark[kept])]
        return Scores(models, tests, mi, bi, self.score[kept], self.items[kept], floor)


def _coded(names: Sequence[str]) -> tuple[tuple[str, ...], IntArray]:
    distinct = tuple(sorted(set(names)))
    place = {name: n for n, name in enumerate(distinct)}
    return distinct, np.array([place[name] for name in names], dtype=np.int64)


def _recoded(index: IntArray, names: tuple[str, ...]) -> tuple[IntArray, tuple[str, ...]]:
    kept, new = np.unique(index, return_inverse=True)
    return new.astype(np.int64), tuple(names[n] for n in kept)


def _places(names: tuple[str, ...], wanted: Collection[str]) -> list[int]:
    chosen = set(wanted)
    return [n for n, name in enumerate(names) if name in chosen]


def _check_range(
    models: Sequence[str], benchmarks: Sequence[str], value: FloatArray, floor: FloatArray
) -> None:
    lowest = -floor / (1 - floor)
    bad = np.flatnonzero((value > 1) | (value < lowest - 1e-9))
    if bad.size:
        n = int(bad[0])
        raise ValueError(
            f"{bad.size} scores lie outside 0..1, for example {value[n]:g} of {models[n]} on "
            f"{benchmarks[n]}. Give shares, not percentages, corrected for guessing."
        )
