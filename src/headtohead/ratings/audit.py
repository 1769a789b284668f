"""Looks at everything that could overturn a board, and turns it into points and names."""

from collections.abc import Mapping, Sequence

import numpy as np

from headtohead.ratings.board import Board
from headtohead.ratings.bradley_terry.covariance import ClusterCells
from headtohead.ratings.bradley_terry.fit import fit
from headtohead.ratings.trust import (
    WANTED_WIDTH_ELO,
    Exposure,
    Fitness,
    FlipRow,
    OddVoter,
    SideBias,
    Trust,
    VoterInfluence,
    Voters,
)
from headtohead.stats.inputs import one_thread

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
    from headtohead.ratings.bradley_terry.trust.flips import adjacent_flips

    k = board.points_per_logit
    notes: list[str] = [] if sides else ["The votes do not tell which model was shown first."]
    exposure = _exposure(board, labels or {})
    if board.settings.style:
        # A refit of counts would be one without style, of another board.
        notes.append("Flips, fit, sides and voters are not looked at for ratings at equal style.")
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
    from headtohead.ratings.bradley_terry.trust.position import position_bias, side_balance

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
    from headtohead.ratings.bradley_terry.trust.cycles import cycles
    from headtohead.ratings.bradley_terry.trust.fitness import fitness

    found = fitness(board.fitted, board.settings.rng("fitness"))
    if found.df == 0:
        notes.append("No goodness of fit: no more pairs met than there are ratings.")
        return None
    around = cycles(board.fitted, board.settings.rng("cycles"))
    return Fitness(
        statistic=found.pearson,
        df=found.df,
        p=found.p,
        p_method=found.method,
        misfits=found.misfits[:_SHOWN],
        misfits_n=len(found.misfits),
        cyclic_frac=around.cyclic,
        cyclic_by_chance_frac=around.cyclic_by_chance,
        cyclic_p=around.cyclic_p,
        circles=tuple(one.models for one in around.circles[:_SHOWN]),
        circles_n=len(around.circles),
    )


def _exposure(board: Board, labels: Mapping[str, str]) -> Exposure:
    from headtohead.ratings.bradley_terry.trust.exposure import exposure, variant_lift, votes_wanted

    fitted, k = board.fitted, board.points_per_logit
    models, battles = fitted.counts.models, fitted.counts.battles
    found = exposure(fitted.counts)
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
        gini_frac=found.gini,
        pairs_met_frac=found.pairs_met,
        by_group=tuple((one.group, one.models, one.votes_per_model) for one in groups),
        luck=tuple((group, points * k) for group, points in lift.items() if group),
        wanted=tuple(
            (models[i], int(wanted[i]) if np.isfinite(wanted[i]) else None)
            for i in np.argsort(-wanted, kind="stable").tolist()
            if wanted[i] > 0
        ),
    )


def _voters(board: Board, clusters: ClusterCells, column: str, names: Sequence[str]) -> Voters:
    from headtohead.ratings.bradley_terry.trust.influence import voter_influence
    from headtohead.ratings.bradley_terry.trust.voters import unlike_voters

    checked = unlike_voters(board.fitted, clusters)
    flagged = np.flatnonzero(checked.flagged)
    flagged = flagged[np.argsort(checked.q[flagged], kind="stable")]
    carried = voter_influence(board.fitted, clusters)
    votes = dict(zip(carried.voter.tolist(), carried.votes.tolist(), strict=True))
    k = board.points_per_logit
    known = checked.voter < len(names)
    return Voters(
        column=column,
        voters=int(known.sum()),
        unknown_n=int(checked.votes[~known].sum()),
        odd_n=int(flagged.size),
        odd=tuple(
            OddVoter(
                voter=_name(names, int(checked.voter[i])),
                votes=int(checked.votes[i]),
                why=_WHY[checked.reason[i]].format(board.fitted.counts.models[checked.model[i]]),
                z=float(checked.z[i]),
                p=float(checked.q[i]),
            )
            for i in flagged[:_SHOWN].tolist()
        ),
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
