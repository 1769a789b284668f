"""Voters whose votes look rigged, careless or machine-made: flagged, and never dropped unasked.

What is looked for is what the audit of `rank` finds (votes unlike everyone else's, for or against
one model, for one side), votes faster than anyone reads, and the same among all who came on one day
and voted a few times only: one person behind many names favours a model together.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any

from headtohead.core.errors import InputError
from headtohead.ratings.reading.votes import open_votes
from headtohead.ratings.tally import clustered_cells
from headtohead.ratings.trust import OddVoter, odd_voters
from headtohead.ratings.verb import rank

HASTY_S = 2.0
"""Seconds from the draw to the vote, at the median, below which nobody has read two answers."""
_HASTY_VOTES = 5
_FEW = 5  # votes: who casts fewer is looked at together with the others of the same day
_FALSE = 0.05  # rate of false flags among flags, as in the audit
_COLUMNS = ("model_a", "model_b", "winner", "voter")


@dataclass(frozen=True, slots=True, kw_only=True)
class FlaggedVoters:
    """A voter, or voters of one day together, whose votes stand out.

    Attributes:
        voters: Their ids.
        why: In words, with how unlikely it is by chance where that can be told.
    """

    voters: tuple[str, ...]
    votes: int
    why: str


def flagged_voters(votes: Sequence[Mapping[str, Any]]) -> tuple[FlaggedVoters, ...]:
    """Who stands out, the least likely first; then the hasty.

    Args:
        votes: Each with model_a, model_b, winner, voter, voted_ms and seconds (None if unknown).

    References:
        Huang et al. (2025). Exploring and mitigating adversarial manipulation of voting-based
        leaderboards. ICML. arXiv:2501.07493
    """
    of = Counter(vote["voter"] for vote in votes)
    result = _one_sided(votes)
    alone = _odd(votes, [vote["voter"] for vote in votes])
    crowd = [_day(v) if of[v["voter"]] < _FEW else v["voter"] for v in votes]
    members: dict[str, set[str]] = {}
    for vote, name in zip(votes, crowd, strict=True):
        members.setdefault(name, set()).add(vote["voter"])
    result += [
        FlaggedVoters(voters=(odd.voter,), votes=odd.votes, why=_said(odd, "Their votes"))
        for odd in alone
    ]
    result += [
        FlaggedVoters(
            voters=tuple(sorted(members[odd.voter])),
            votes=odd.votes,
            why=_said(
                odd,
                f"{len(members[odd.voter])} voters of {odd.voter} with fewer than {_FEW} votes "
                "each: together their votes",
            ),
        )
        for odd in _odd(votes, crowd)
        if len(members.get(odd.voter, ())) > 1
    ]
    for voter, n in of.items():
        took = [v["seconds"] for v in votes if v["voter"] == voter and v["seconds"] is not None]
        if len(took) >= _HASTY_VOTES and median(took) < HASTY_S:
            why = f"Half of their votes came within {median(took):.1f} seconds."
            result.append(FlaggedVoters(voters=(voter,), votes=n, why=why))
    return tuple(result)


def _odd(votes: Sequence[Mapping[str, Any]], voters: Sequence[str]) -> tuple[OddVoter, ...]:
    columns = {name: [vote[name] for vote in votes] for name in _COLUMNS} | {"voter": list(voters)}
    read = open_votes(columns)
    try:
        board = rank(columns, cluster="none").board()
    except InputError:
        return ()  # too few votes, or no chain of votes joins the models
    return odd_voters(board, clustered_cells(read, "voter"), read.values["voter"])


def _said(odd: OddVoter, whose: str) -> str:
    what, _, model = odd.why.partition(" ")
    said = f"{'favour' if what == 'favours' else 'go against'} {model} more than others do"
    if odd.why == "unlike the rest":
        said = "go against what everyone else says"
    return f"{whose} {said}; {_chance(odd.p)}."


def _chance(p: float) -> str:
    chance = "less than 1 in 10,000" if p < 1e-4 else f"about {p:.2g}"
    return f"the chance of that among all voters is {chance}"


def _one_sided(votes: Sequence[Mapping[str, Any]]) -> list[FlaggedVoters]:
    """Who chose a side more often than a fair coin: which model stands where is drawn by one."""
    from headtohead.stats.tails import benjamini_hochberg, coin_tail

    chose: dict[str, Counter[str]] = {}
    for vote in votes:
        chose.setdefault(vote["voter"], Counter())[vote["winner"]] += 1
    sides = {who: (n["model_a"], n["model_b"]) for who, n in chose.items()}
    sides = {who: n for who, n in sides.items() if sum(n)}
    if not sides:
        return []
    rates = benjamini_hochberg([min(1.0, 2 * coin_tail(max(n), sum(n))) for n in sides.values()])
    return [
        FlaggedVoters(
            voters=(who,),
            votes=chose[who].total(),
            why=f"{max(n)} of their {sum(n)} choices are for the answer on the "
            f"{'left' if n[0] > n[1] else 'right'}; {_chance(rate)}.",
        )
        for (who, n), rate in zip(sides.items(), rates.tolist(), strict=True)
        if rate <= _FALSE
    ]


def _day(vote: Mapping[str, Any]) -> str:
    return datetime.fromtimestamp(vote["voted_ms"] / 1000, UTC).date().isoformat()
