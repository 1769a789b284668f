"""From votes to boards: one scan counts them all, then each board is fitted from its counts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headtohead.core.errors import InputError
from headtohead.ratings.board import Board, Fitted, boards, fit_counts
from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.drift import Move, drift
from headtohead.ratings.bradley_terry.style.control import fit_style
from headtohead.ratings.reading.options import Window
from headtohead.ratings.reading.votes import Votes
from headtohead.ratings.result import StyleEffect
from headtohead.ratings.settings import POINTS_PER_LOGIT, RankSettings
from headtohead.ratings.subset import Subset
from headtohead.ratings.tally import ALL, Tally, clustered_cells, tally
from headtohead.stats.threads import one_thread

if TYPE_CHECKING:
    from headtohead.ratings.engines import EngineVotes

_NO_WINDOWS = "there are fewer than two windows that could be rated"


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """Boards and what they were made from.

    Attributes:
        boards: Name -> its connected parts, the largest first.
        unmade: Boards that could not be made, and why.
    """

    counted: Tally
    boards: Mapping[str, tuple[Board, ...]]
    unmade: Mapping[str, str]
    style: tuple[StyleEffect, ...]


def rank_votes(
    votes: "Votes | EngineVotes",
    settings: RankSettings,
    *,
    by: Sequence[str] = (),
    window: Window | None = None,
) -> Ranked:
    """The boards of all votes, and of every value of some columns and every window of time.

    The votes are scanned once, and again for each step of style control.

    Raises:
        InputError: If a vote breaks the rules, or the board of all votes cannot be made.
    """
    if isinstance(votes, Votes):
        return _ranked(tally(votes, by, window), settings, lambda name: Subset.of(votes, name))
    if settings.cluster and settings.intervals == "bootstrap":
        raise InputError(
            "An engine gives clustered sandwich intervals only; leave out --intervals."
        )
    return _ranked(votes.tally(by, window), settings, votes.board)


def rank_counts(counted: Tally, settings: RankSettings) -> Ranked:
    """The same from counts made elsewhere, which allow neither style control nor clusters.

    Raises:
        InputError: If the settings need the votes themselves, or the board of all votes cannot be
            made.
    """
    if settings.style or settings.cluster:
        raise InputError("Counts hold neither voters nor style. Give the votes, or leave both out.")
    return _ranked(counted, settings, None)


def moves_of(ranked: Ranked, window: str) -> tuple[tuple[Move, ...], str]:
    """How ratings moved between windows of time, and why they cannot be compared, if so."""
    parts = [
        board
        for name, found in sorted(ranked.boards.items())
        for board in found[:1]
        if name.startswith(f"{window}=")
    ]
    if len(parts) < 2:
        return (), _NO_WINDOWS
    settings = parts[0].settings
    try:
        found = drift(
            [(b.name.partition("=")[2], b.fitted, b.covariance) for b in parts],
            settings.rng("drift"),
            level=settings.level,
        )
    except ValueError as error:
        return (), str(error)
    return tuple(
        replace(
            one,
            change=one.change.rescaled(POINTS_PER_LOGIT),
            joint=one.joint.rescaled(POINTS_PER_LOGIT),
        )
        for one in found
    ), ""


_Part = Callable[[str], "Subset | EngineVotes"]


def _ranked(counted: Tally, settings: RankSettings, part_of: _Part | None) -> Ranked:
    made: dict[str, tuple[Board, ...]] = {}
    unmade: dict[str, str] = {}
    effects: tuple[StyleEffect, ...] = ()
    for name, counts in counted.boards.items():
        styled: list[tuple[StyleEffect, ...]] = []
        try:
            made[name] = boards(name, counts, settings, _fitter(name, part_of, settings, styled))
        except InputError as error:
            if name == ALL:
                raise
            unmade[name] = str(error)
        if name == ALL and styled:
            effects = styled[0]
    if ALL not in made:
        reasons = "; ".join(f"{why}: {n:,}" for why, n in counted.dropped.items())
        said = f"All {counted.rows_read:,} rows were left out ({reasons})" if reasons else ""
        raise InputError(
            f"No vote is left to rank by. {said or 'There is none'}. Loosen the filters, or mend "
            "the votes."
        )
    return Ranked(counted, made, unmade, effects)


def _fitter(
    name: str,
    part_of: _Part | None,
    settings: RankSettings,
    styled: list[tuple[StyleEffect, ...]],
) -> Callable[[Counts, RankSettings, str], Fitted]:
    """How one board is fitted: from counts alone, by cluster, or with style."""
    if part_of is None or not (settings.cluster or settings.style):
        return fit_counts
    part = part_of(name)
    if not settings.style:
        cells = (
            clustered_cells(part, settings.cluster)
            if isinstance(part, Subset)
            else part.cells(settings.cluster)
        )
        return lambda counts, chosen, key: fit_counts(counts, chosen, key, cells)

    def by_style(counts: Counts, chosen: RankSettings, _: str) -> Fitted:
        found, effects = with_style(part, counts, chosen)
        styled.append(effects)
        return found

    return by_style


@one_thread()
def with_style(
    votes: "Subset | EngineVotes", counts: Counts, settings: RankSettings
) -> tuple[Fitted, tuple[StyleEffect, ...]]:
    """The strengths at equal style, and what style does."""
    made = fit_style(
        votes.passes(counts),
        counts,
        settings.style,
        prior=settings.prior,
        clustered=votes.clusters(counts, settings.cluster) if settings.cluster else None,
    )
    effects = tuple(
        StyleEffect(
            name=one.name,
            per_sd=one.per_spread.rescaled(POINTS_PER_LOGIT),
            per_unit=one.per_unit.rescaled(POINTS_PER_LOGIT),
            sd=one.spread,
        )
        for one in made.effects(settings.level)
    )
    return Fitted(made.board, made.covariance), effects
