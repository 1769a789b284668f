"""What could overturn a board: few votes, odd voters, sides, misfit, exposure; in points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from headtohead.core.estimate import Interval
from headtohead.ratings.board import Board
from headtohead.ratings.bradley_terry.covariance import ClusterCells
from headtohead.ratings.bradley_terry.fit import fit
from headtohead.ratings.bradley_terry.trust.fitness import Misfit
from headtohead.ratings.bradley_terry.trust.voters import UnlikeVoters, unlike_voters
from headtohead.stats.inputs import one_thread

WANTED_WIDTH_ELO = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipRow:
    """How few votes separate two neighbours on a board.

    Attributes:
        needed: Votes whose removal puts the rival in front, found by refitting; None if no removal
            that was tried does.
        share_frac: That number over all votes of the board; None likewise.
        gap_after_elo: Points between them after the removal, at most 0; None likewise.
    """

    leader: str
    rival: str
    gap_elo: float
    needed: int | None
    share_frac: float | None
    gap_after_elo: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBias:
    """What being shown first is worth.

    Attributes:
        first_wins_frac: The score that the side shown first takes from its equal; 0.5 is fair.
        bias_elo: The same in points; 0 is fair.
        lopsided: Models shown on one side more often than chance allows: name, share shown first.
    """

    first_wins_frac: Interval
    bias_elo: Interval
    lopsided: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitness:
    """How well one number a model explains the votes.

    Attributes:
        statistic: Pearson's, over pairs.
        p: The chance of one so large if the model were right.
        p_method: How p was made.
        misfits: Pairs that do not fit, the worst first.
        cyclic_frac: Share of the differences between pairs that runs in circles (HodgeRank).
        cyclic_by_chance_frac: The share that chance alone makes on a board like this.
        cyclic_p: The chance of so large a share if nothing ran in circles.
        circles: Triples A, B, C in which A surely beats B, B beats C and C beats A; the first ones.
    """

    statistic: float
    df: int
    p: float
    p_method: str
    misfits: tuple[Misfit, ...]
    misfits_n: int
    cyclic_frac: float
    cyclic_by_chance_frac: float
    cyclic_p: float
    circles: tuple[tuple[str, str, str], ...]
    circles_n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """Who was shown how often.

    Attributes:
        gini_frac: 0 if all models have the same number of votes, near 1 if one has nearly all.
        pairs_met_frac: Share of all pairs that ever met.
        by_group: Group, its models, its votes a model; empty without groups.
        luck: Group, points by which luck alone lifts the best of its models above the others if all
            are equally strong; those with the most first; empty without groups.
        wanted: Model, further votes it needs for an interval of `WANTED_WIDTH_ELO` points; None
            where its record is too clean to tell; those that need none are left out.
    """

    most: str
    most_votes: int
    least: str
    least_votes: int
    gini_frac: float
    pairs_met_frac: float
    by_group: tuple[tuple[str, int, float], ...]
    luck: tuple[tuple[str, float], ...] = ()
    wanted: tuple[tuple[str, int | None], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OddVoter:
    """A voter unlike the rest.

    Attributes:
        why: "unlike the rest", "favours MODEL" or "snubs MODEL".
        z: Standard deviations from what the board expects.
        p: The chance of that among all voters (Benjamini-Hochberg).
    """

    voter: str
    votes: int
    why: str
    z: float
    p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VoterInfluence:
    """What the board would lose with one voter.

    Attributes:
        model: The model whose rating moves most.
        change_elo: Its change, by refitting without the voter.
        reorders: Pairs of neighbours that change places.
    """

    voter: str
    votes: int
    model: str
    change_elo: float
    reorders: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Voters:
    """The voters of a board.

    Attributes:
        column: The column that names them.
        unknown_n: Votes that name none.
        odd: Those unlike the rest, the least likely first.
        influence: The most influential, the largest change first.
    """

    column: str
    voters: int
    unknown_n: int
    odd_n: int
    odd: tuple[OddVoter, ...]
    influence: tuple[VoterInfluence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """All that was looked at.

    Attributes:
        flips: Every pair of neighbours, from the top.
        sides: None if the votes do not tell who was shown first, or no side bias can be fitted.
        fitness: None if no pair met often enough.
        voters: None without voter ids.
        notes: What could not be looked at, and why.
    """

    flips: tuple[FlipRow, ...]
    sides: SideBias | None
    fitness: Fitness | None
    exposure: Exposure
    voters: Voters | None
    notes: tuple[str, ...]


_SHOWN = 50
_WHY = {
    "favours": "favours {}",
    "snubs": "snubs {}",
    "surprise": "unlike the rest",
    "side": "favours a side",
}


@one_thread()
def audit(
    board: Board,
    *,
    clusters: ClusterCells | None = None,
    voter_column: str = "",
    voter_names: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
    sides: bool = True,
) -> Trust:
    """What could overturn a board.

    `clusters` are its votes by voter, None if nobody knows who voted, and `voter_names` stand
    behind their numbers. `labels` (model -> group) tell the exposure of groups, `sides` whether the
    votes tell which model was shown first.
    """
    from headtohead.ratings.bradley_terry.trust.influence import adjacent_flips

    k = board.points_per_logit
    notes: list[str] = [] if sides else ["The votes do not tell which model was shown first."]
    exposure = _exposure(board, labels or {})
    if board.settings.style or not board.fitted.counts.whole:
        # A refit of counts would be one without style, of another board.
        what = "ratings at equal style" if board.settings.style else "votes that count in parts"
        notes.append(f"Flips, fit, sides and voters are not looked at for {what}.")
        return Trust(
            flips=(), sides=None, fitness=None, exposure=exposure, voters=None, notes=tuple(notes)
        )
    own = clusters.among(board.fitted.counts.models) if clusters else None
    if own is None or np.unique(own.cluster).size < 2:
        own = None
        notes.append("Voters were not looked at: no column tells who voted, or only one did.")
    grouped = own if board.settings.cluster == voter_column else None
    return Trust(
        flips=tuple(
            FlipRow(
                leader=one.models[0],
                rival=one.models[1],
                gap_elo=one.gap * k,
                needed=one.needed,
                share_frac=None if one.needed is None else one.share,
                gap_after_elo=None
                if one.needed is None or not np.isfinite(one.gap_after)
                else one.gap_after * k,
            )
            for one in adjacent_flips(board.fitted)
        ),
        sides=_sides(board, grouped, notes) if sides else None,
        fitness=_fitness(board, notes),
        exposure=exposure,
        voters=_voters(board, own, voter_column, voter_names) if own else None,
        notes=tuple(notes),
    )


def _sides(board: Board, grouped: ClusterCells | None, notes: list[str]) -> SideBias | None:
    from headtohead.ratings.bradley_terry.trust.exposure import position_bias, side_balance

    settings = board.settings
    try:
        fitted = fit(board.fitted.counts, ties=settings.ties, prior=settings.prior, side=True)
        bias = position_bias(fitted, level=settings.level, clusters=grouped)
    except ValueError as error:
        notes.append(f"No effect of the side shown first: {error}.")
        return None
    balance = side_balance(board.fitted.counts)
    uneven = np.flatnonzero(balance.uneven).tolist()
    return SideBias(
        first_wins_frac=bias.score,
        bias_elo=bias.side.rescaled(board.points_per_logit),
        lopsided=tuple(
            (balance.models[i], float(balance.first[i] / balance.battles[i])) for i in uneven
        ),
    )


def _fitness(board: Board, notes: list[str]) -> Fitness | None:
    from headtohead.ratings.bradley_terry.trust.fitness import cycles, fitness

    result = fitness(board.fitted, board.settings.rng("fitness"))
    if result.df == 0:
        notes.append("No goodness of fit: no more pairs met than there are ratings.")
        return None
    around = cycles(board.fitted, board.settings.rng("cycles"))
    return Fitness(
        statistic=result.pearson,
        df=result.df,
        p=result.p,
        p_method=result.method,
        misfits=result.misfits[:_SHOWN],
        misfits_n=len(result.misfits),
        cyclic_frac=around.cyclic,
        cyclic_by_chance_frac=around.cyclic_by_chance,
        cyclic_p=around.cyclic_p,
        circles=around.circles[:_SHOWN],
        circles_n=len(around.circles),
    )


def _exposure(board: Board, labels: Mapping[str, str]) -> Exposure:
    from headtohead.ratings.bradley_terry.trust.exposure import exposure, variant_lift, votes_wanted

    fitted, k = board.fitted, board.points_per_logit
    models, battles = fitted.counts.models, fitted.counts.battles
    result = exposure(fitted.counts)
    placed = fitted.counts.only(np.array([m in labels for m in models], dtype=bool))
    groups = exposure(placed, [labels[m] for m in placed.models]).groups if placed.total else ()
    width = WANTED_WIDTH_ELO / k
    wanted = votes_wanted(fitted, board.covariance, width, level=board.settings.level)
    most, least = int(np.argmax(battles)), int(np.argmin(battles))
    lift = variant_lift(fitted, board.covariance, [labels.get(m, "") for m in models])
    return Exposure(
        most=models[most],
        most_votes=int(battles[most]),
        least=models[least],
        least_votes=int(battles[least]),
        gini_frac=result.gini,
        pairs_met_frac=result.pairs_met,
        by_group=tuple((one.group, one.models, one.votes_per_model) for one in groups),
        luck=tuple((group, points * k) for group, points in lift.items() if group),
        wanted=tuple(
            (models[i], int(wanted[i]) if np.isfinite(wanted[i]) else None)
            for i in np.argsort(-wanted, kind="stable").tolist()
            if wanted[i] > 0
        ),
    )


def odd_voters(board: Board, clusters: ClusterCells, names: Sequence[str]) -> tuple[OddVoter, ...]:
    """Those whose votes stand out, as in `audit`, without all else that is looked at there.

    None stands out of fewer than two voters.
    """
    own = clusters.among(board.fitted.counts.models)
    if np.unique(own.cluster).size < 2:
        return ()
    return _odd(board, unlike_voters(board.fitted, own), names)


def _odd(board: Board, checked: UnlikeVoters, names: Sequence[str]) -> tuple[OddVoter, ...]:
    flagged = np.flatnonzero(checked.flagged)
    flagged = flagged[np.argsort(checked.q[flagged], kind="stable")]
    return tuple(
        OddVoter(
            voter=_name(names, int(checked.voter[i])),
            votes=int(checked.votes[i]),
            why=_WHY[checked.reason[i]].format(board.fitted.counts.models[checked.model[i]]),
            z=float(checked.z[i]),
            p=float(checked.q[i]),
        )
        for i in flagged[:_SHOWN].tolist()
    )


def _voters(board: Board, clusters: ClusterCells, column: str, names: Sequence[str]) -> Voters:
    from headtohead.ratings.bradley_terry.trust.influence import voter_influence

    checked = unlike_voters(board.fitted, clusters)
    carried = voter_influence(board.fitted, clusters)
    votes = dict(zip(carried.voter.tolist(), carried.votes.tolist(), strict=True))
    k = board.points_per_logit
    known = checked.voter < len(names)
    return Voters(
        column=column,
        voters=int(known.sum()),
        unknown_n=int(checked.votes[~known].sum()),
        odd_n=int(checked.flagged.sum()),
        odd=_odd(board, checked, names),
        influence=tuple(
            VoterInfluence(
                voter=_name(names, one.voter),
                votes=votes[one.voter],
                model=one.model,
                change_elo=one.actual * k,
                reorders=one.swaps,
            )
            for one in carried.verified
            if one.model is not None
        ),
    )


def _name(names: Sequence[str], number: int) -> str:
    return names[number] if number < len(names) else "a vote without a voter"
