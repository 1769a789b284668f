"""One leaderboard: ratings, intervals that hold alone and together, rank sets, and what is unsure.

Models that no chain of votes joins cannot be compared: each connected part is a board of its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from headtohead.core.errors import InputError, UnknownName
from headtohead.core.estimate import Interval
from headtohead.ratings.bradley_terry.counts import Counts, connectivity
from headtohead.ratings.bradley_terry.covariance import (
    ClusterCells,
    Errors,
    clusters_met,
    covariance,
)
from headtohead.ratings.bradley_terry.fit import Fit, fit
from headtohead.ratings.bradley_terry.intervals import (
    RankSets,
    beats,
    bounds,
    gap,
    joint_width,
    rank_sets,
)
from headtohead.ratings.bradley_terry.resample import bootstrap
from headtohead.ratings.settings import MIDDLE, POINTS_PER_LOGIT, RankSettings
from headtohead.stats.bootstrap import percentile_interval
from headtohead.stats.inputs import FloatArray
from headtohead.stats.intervals import around, normal_quantile

_FEW_CLUSTERS = 20
_NAMED = 5
_UNKNOWN = 1e3  # logits: a strength of which nothing is known
UNBOUNDED = {
    (True, False): "never lost to the rest",
    (False, True): "never beat the rest",
    (True, True): "no bound on either side",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One model on a board.

    Attributes:
        rating: In points, with an interval that holds for it alone.
        joint: In points, with an interval that holds for all models together.
        best: Best place that all the votes together leave open.
        worst: Worst such place.
        group: Number of its tie group: the group's first model is not surely better than it.
        battles: Votes it took part in; no whole number where votes count in parts, as those below.
        ties: Ties, "both are bad" included.
        flag: Why an end of its interval is open; empty if none is.
    """

    model: str
    rating: Interval
    joint: Interval
    rank: int
    best: int
    worst: int
    group: int
    battles: float
    wins: float
    losses: float
    ties: float
    flag: str


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Board:
    """One leaderboard of models that a chain of votes joins.

    Attributes:
        name: "all", "language=de", "month=2025-06", ...
        part: 0 for the largest connected part of its votes, 1 for the next.
        parts: How many connected parts there are.
        standings: Every model, the best rating first.
        covariance: Of the fitted parameters, in logits.
        width: Standard errors on each side of a joint interval.
        offset: Points of the average model, weighted by votes.
        sets: Rank sets, models in the order of `fitted.counts.models`.
    """

    name: str
    part: int
    parts: int
    settings: RankSettings
    standings: tuple[Standing, ...]
    fitted: Fit
    covariance: FloatArray
    width: float
    offset: float
    sets: RankSets
    notes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Its name, with its part where the votes fall apart."""
        return self.name if self.parts == 1 else f"{self.name} (part {self.part + 1})"

    @property
    def points_per_logit(self) -> float:
        """Rating points of one logit of strength."""
        return scale(self.fitted)

    def gap(self, a: str, b: str) -> Interval:
        """Rating of A minus rating of B, in points.

        Raises:
            UnknownName: If a model is not on this board.
        """
        result = gap(
            self.fitted, self.covariance, self._index(a), self._index(b), level=self.settings.level
        )
        return result.rescaled(self.points_per_logit)

    def beats(self, a: str, b: str) -> Interval:
        """The score, from 0 to 1, that A is expected to take from B; a tie counts half.

        Raises:
            UnknownName: If a model is not on this board.
        """
        return beats(
            self.fitted, self.covariance, self._index(a), self._index(b), level=self.settings.level
        )

    def _index(self, model: str) -> int:
        models = self.fitted.counts.models
        if model not in models:
            raise UnknownName("model on this board", model, models)
        return models.index(model)


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A fit and how sure it is.

    Attributes:
        covariance: Of the parameters, strengths first, shape (K, K).
        drawn: Resampled strengths, shape (rounds, M); None for intervals from the covariance.
    """

    fit: Fit
    covariance: FloatArray
    drawn: FloatArray | None = None
    notes: tuple[str, ...] = ()


def fit_counts(
    counts: Counts, settings: RankSettings, key: str, clusters: ClusterCells | None = None
) -> Fitted:
    """The fit of one connected part of a board, from its counts.

    The draws of a bootstrap are called after `key`; `clusters` are the votes by voter or prompt, of
    which those between other models are left out.

    Raises:
        ValueError: If the votes decide nothing, or do not allow what is asked.
    """
    fitted = fit(counts, ties=settings.ties, prior=settings.prior)
    own = clusters.among(fitted.counts.models) if clusters else None
    if own is not None:
        fitted = replace(fitted, apart=clusters_met(fitted, own))
    notes: tuple[str, ...] = ()
    if own and settings.cluster and (n := np.unique(own.cluster).size) < _FEW_CLUSTERS:
        by = settings.cluster
        what = f"{by}s" if by in ("prompt", "voter") else f"values of {by}"
        notes = (
            f"The votes are of only {n} different {what}: too few to tell well how much these "
            "vary, so the intervals are rough.",
        )
    if settings.intervals == "bootstrap":
        drawn = bootstrap(fitted, settings.rng(key), rounds=settings.rounds, clusters=own)
        return Fitted(fitted, np.atleast_2d(np.cov(drawn, rowvar=False)), drawn, notes)
    if own is not None:
        return Fitted(fitted, covariance(fitted, "clustered", own), notes=notes)
    errors: Errors = "hessian" if settings.intervals == "hessian" else "sandwich"
    return Fitted(fitted, covariance(fitted, errors))


def boards(
    name: str,
    counts: Counts,
    settings: RankSettings,
    fitter: Callable[[Counts, RankSettings, str], Fitted] = fit_counts,
) -> tuple[Board, ...]:
    """The boards of one set of votes, one for each connected part, the largest first.

    Raises:
        InputError: If no part has a vote that decides anything.
    """
    kept, notes = prepared(counts, settings)
    component = connectivity(kept).component
    numbers = range(int(component.max(initial=-1)) + 1)
    result = []
    # Why no vote is left, as far as the settings are to blame.
    if settings.min_votes:
        why = f"no two models that met have {settings.min_votes} votes each"
    else:
        why = "every vote is a tie, and ties are left out" if settings.ties == "drop" else "no vote"
    for number in numbers:
        inside = kept.only(component == number)
        try:
            fitted = fitter(inside, settings, f"{name} {number}")
        except ValueError as error:
            why = str(error).rstrip(".")
            notes.append(f"Not rated: {_few(inside.models)}, because {why}.")
            continue
        result.append(assemble(name, number, len(numbers), settings, fitted))
    if not result:
        raise InputError(f"The board {name!r} cannot be made: {why}.")
    if len(numbers) > 1:
        listed = "; ".join(f"part {b.part + 1}: {_few(b.fitted.counts.models)}" for b in result)
        notes.append(
            "No chain of votes joins all models, so ratings of different parts cannot be compared "
            f"({listed})."
        )
    return tuple(replace(board, notes=(*notes, *board.notes)) for board in result)


def prepared(counts: Counts, settings: RankSettings) -> tuple[Counts, list[str]]:
    """The votes that the settings keep, and what was left out, in words."""
    notes = []
    if settings.ties == "drop":
        decisive = counts.without("tie", "both_bad")
        gone = sorted({*counts.models} - {*decisive.models})
        if gone:
            notes.append(f"Left out for having ties only: {_few(gone)}.")
        counts = decisive
    few = counts.battles < settings.min_votes
    if few.any():
        names = [m for m, out in zip(counts.models, few, strict=True) if out]
        counts = counts.only(~few)
        notes.append(
            f"Left out for too few votes (below {settings.min_votes}): {_few(names)}, {len(names)} "
            "in all."
        )
    return counts, notes


def scale(fitted: Fit) -> float:
    """Rating points of one logit: Davidson's and Rao and Kupper's logits are longer."""
    return POINTS_PER_LOGIT * fitted.link.score_slope(fitted.tie or 0.0)


def assemble(name: str, part: int, parts: int, settings: RankSettings, estimate: Fitted) -> Board:
    """The board of a fit."""
    fitted, spread = estimate.fit, estimate.covariance
    m, k = len(fitted.counts.models), scale(fitted)
    rng = settings.rng(f"{name} {part}")
    alone = bounds(fitted, spread, level=settings.level)
    own = _with_clean_records(fitted, spread[:m, :m], alone, settings.level)
    # Of two models the joint intervals are those alone; chance draws must not make them shorter.
    width = max(
        joint_width(own, rng, level=settings.level, draws=settings.draws),
        normal_quantile(0.5 + settings.level / 2),
    )
    sets = rank_sets(fitted.strength, own, rng, level=settings.level, draws=settings.draws)
    offset, notes = MIDDLE, estimate.notes
    if settings.anchor:
        anchor, points = settings.anchor
        if anchor in fitted.counts.models:
            offset = points - k * float(fitted.strength[fitted.counts.models.index(anchor)])
        else:
            notes += (f"The anchor {anchor} is not on this board; its average is put at 1000.",)
    if estimate.drawn is not None:
        # Percentiles of resampled strengths; open ends stay as the records themselves bound them.
        low, high = alone[0].copy(), alone[1].copy()
        # Drawn anew, votes that are all ties are all ties again: no others is no news.
        decided = fitted.counts.scores[:, :2].any(axis=1)
        for i in np.flatnonzero(decided & ~fitted.connectivity.unbounded).tolist():
            result = percentile_interval(
                float(fitted.strength[i]), estimate.drawn[:, i], (1 - settings.level) / 2
            )
            low[i], high[i] = result.low, result.high
        alone = low, high
    together = bounds(fitted, spread, level=settings.level, width=width)
    return Board(
        name=name,
        part=part,
        parts=parts,
        settings=settings,
        standings=_standings(fitted, sets, alone, together, k, offset),
        fitted=fitted,
        covariance=spread,
        width=width,
        offset=offset,
        sets=sets,
        notes=notes,
    )


_Ends = tuple[FloatArray, FloatArray]


def _standings(
    fitted: Fit, sets: RankSets, alone: _Ends, together: _Ends, k: float, offset: float
) -> tuple[Standing, ...]:
    scores, battles = fitted.counts.scores, fitted.counts.battles
    points = fitted.strength * k + offset
    (low, high), (joint_low, joint_high) = ([e * k + offset for e in p] for p in (alone, together))
    above, below = fitted.connectivity.above, fitted.connectivity.below

    def flag(i: int) -> str:
        wins, losses, *ties = scores[i].tolist()
        if sum(ties) == 0 and 0 in (wins, losses):
            return "undefeated" if losses == 0 else "winless"
        return UNBOUNDED.get((bool(above[i]), bool(below[i])), "")

    return tuple(
        Standing(
            model=fitted.counts.models[i],
            rating=around(points[i], low[i], high[i]),
            # Percentiles of a skewed rating can lie beyond what the covariance allows.
            joint=around(points[i], min(joint_low[i], low[i]), max(joint_high[i], high[i])),
            rank=int(sets.rank[i]),
            best=int(sets.best[i]),
            worst=int(sets.worst[i]),
            group=int(sets.group[i]),
            battles=_number(battles[i]),
            wins=_number(scores[i, 0]),
            losses=_number(scores[i, 1]),
            ties=_number(scores[i, 2:].sum()),
            flag=flag(i),
        )
        for i in np.argsort(-fitted.strength, kind="stable").tolist()
    )


def _with_clean_records(fitted: Fit, own: FloatArray, alone: _Ends, level: float) -> FloatArray:
    """The covariance in which a clean record counts as much as its own bound says.

    The curvature at a strength that only the prior holds says little; the bound is exact.
    """
    z = normal_quantile(0.5 + level / 2)
    above, below = fitted.connectivity.above, fitted.connectivity.below
    reach = np.where(above, fitted.strength - alone[0], alone[1] - fitted.strength)
    spread = np.sqrt(np.diag(own))
    known = np.where(above & below, _UNKNOWN, reach / z)
    open_ended = above | below
    factor = np.ones_like(spread)
    factor[open_ended] = np.minimum(known, _UNKNOWN)[open_ended] / spread[open_ended]
    return np.asarray(own * factor[:, None] * factor[None, :], dtype=np.float64)


def _number(votes: float) -> float:
    """Votes to a hundredth: what is beyond is of adding up parts."""
    return int(votes) if votes == int(votes) else round(float(votes), 2)


def _few(names: Sequence[str]) -> str:
    """The first names of a list."""
    return ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
