"""What could overturn a board: few votes, odd voters, sides, misfit, exposure."""

from dataclasses import dataclass

from headtohead.core.estimate import Interval
from headtohead.ratings.bradley_terry.trust.fitness import Misfit

WANTED_WIDTH_ELO = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipRow:
    """How few votes separate two neighbours on a board.

    Attributes:
        leader: The model above.
        rival: The model just below.
        gap_elo: Points between them.
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
        df: Its degrees of freedom.
        p: The chance of one so large if the model were right.
        p_method: How p was made.
        misfits: Pairs that do not fit, the worst first.
        misfits_n: How many there are.
        cyclic_frac: Share of the differences between pairs that runs in circles (HodgeRank).
        cyclic_by_chance_frac: The share that chance alone makes on a board like this.
        cyclic_p: The chance of so large a share if nothing ran in circles.
        circles: Triples A, B, C in which A surely beats B, B beats C and C beats A; the first ones.
        circles_n: How many there are.
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
        most: The model with the most votes.
        most_votes: Its votes.
        least: The model with the fewest.
        least_votes: Its votes.
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
        voter: The id in the votes.
        votes: How many votes.
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
        voter: The id in the votes.
        votes: How many votes.
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
        voters: How many are named.
        unknown_n: Votes that name none.
        odd_n: How many are unlike the rest.
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
        exposure: Who was shown how often.
        voters: None without voter ids.
        notes: What could not be looked at, and why.
    """

    flips: tuple[FlipRow, ...]
    sides: SideBias | None
    fitness: Fitness | None
    exposure: Exposure
    voters: Voters | None
    notes: tuple[str, ...]
