"""Skill or luck: what the accounts of a season show, corrected for how many were tried.

An agent is compared with random agents on the same candles where trades and candles are known, else
with an account that on average stands still and swings as its own. Random agents are met twice: by
what the account returned, and by what the agent's own trades return when they are replayed as those
of the random agents are. The second is an exact test; the verdict takes the larger chance of both,
so it errs no more often than that.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Literal

import numpy as np

from headtohead.core.estimate import Interval
from headtohead.publish.sheet import Answer
from headtohead.stats.inputs import FloatArray, check_count
from headtohead.stats.intervals import jointly, normal_probability, normal_quantile
from headtohead.stats.tails import holm
from headtohead.trading.bootstrap import block_length, chance_beyond, draws_of, interval_of
from headtohead.trading.measures import Account, Hold
from headtohead.trading.season import Season

if TYPE_CHECKING:
    from headtohead.trading.luck import LuckChance

Basis = Literal["random agents", "standing still", "none"]
_FEWEST_COMMON = 20  # steps that two accounts need in common
_FEWEST_SPREAD = 3  # agents whose Sharpe ratios tell how far those of a field are apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Luck:
    """Random agents of the turnover, leverage, long share and times of one agent.

    Attributes:
        season: Against what its account returned over the season.
        bets: Against what its own recorded trades return in the same replay; the same draws where
            all trades are recorded.
    """

    season: "LuckChance"
    bets: "LuckChance"

    @property
    def replayed(self) -> tuple[float, float]:
        """The chances that luck does as well, and as badly, as its own trades replayed."""
        drawn, own = self.bets.returns_frac, self.bets.replayed_frac
        assert own is not None, "of recorded trades alone"
        slack = 1e-9 * max(1.0, abs(own))
        above, below = int((drawn >= own - slack).sum()), int((drawn <= own + slack).sum())
        return (above + 1) / (drawn.size + 1), (below + 1) / (drawn.size + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentVerdict:
    """What one account shows.

    Attributes:
        luck: None without candles.
        basis: What it was compared with.
        chance: The chance that luck does as well as the account; None where it was compared with
            nothing.
        corrected: The larger of that and the chance by its own trades replayed, raised by Holm's
            method for all that were tried.
        worse: The chance that luck does as badly, likewise.
        deflated: The chance that its Sharpe ratio exceeds the best that luck gives among all that
            were tried; None without a curve.
        answer: yes: better than luck explains; no: worse; else undecided.
    """

    account: Account
    luck: Luck | None
    basis: Basis
    chance: float | None
    corrected: float | None
    worse: float | None
    deflated: float | None
    answer: Answer

    @property
    def word(self) -> str:
        """The verdict in words."""
        return {
            "yes": "better than luck explains",
            "no": "worse than luck explains",
            "undecided": "not distinguishable from luck",
            "none": "cannot be judged",
        }[self.answer]

    def drawn(self, level: float) -> Interval | None:
        """The interval of `chance` by the error of drawing alone; None where there is no chance."""
        if self.chance is None:
            return None
        n = self.account.growth.size
        by_draws = math.sqrt(self.chance * (1 - self.chance) / n) if n else 0.0
        se = by_draws if self.luck is None else self.luck.season.se
        half = normal_quantile(0.5 + level / 2) * se
        return Interval(self.chance, max(0.0, self.chance - half), min(1.0, self.chance + half))


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPair:
    """Two accounts at the end of the steps that both have.

    Attributes:
        ratio: Value of A's account over that of B's; its interval holds jointly for all pairs.
        p: The chance of a difference so large if both grew alike, corrected by Holm's method.
    """

    a: str
    b: str
    ratio: Interval
    p: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A season judged.

    Attributes:
        tried: How many agents or variants were tried in all, those given among them.
        alpha: Chance of luck, corrected, up to which an account is better than luck explains.
        holding: What the market did; None without candles.
        unpaired: Why some pairs are not compared.
    """

    season: Season
    verdicts: tuple[AgentVerdict, ...]
    pairs: tuple[AccountPair, ...]
    tried: int
    alpha: float
    level: float
    holding: Hold | None
    unpaired: tuple[str, ...] = ()

    @property
    def answer(self) -> Answer:
        """Yes if an account is better than luck explains; no if all are worse; else undecided."""
        answers = {v.answer for v in self.verdicts}
        if "yes" in answers:
            return "yes"
        return "no" if answers == {"no"} else "undecided"


def judged(
    season: Season,
    accounts: Sequence[Account],
    luck: Mapping[str, Luck],
    holding: Hold | None,
    rng: np.random.Generator,
    *,
    tried: int,
    alpha: float,
    level: float,
    rounds: int,
) -> Judgement:
    """The verdict on each account, and the differences of all pairs.

    Args:
        luck: Agent -> its chance of luck, where it could be drawn.
        tried: How many were tried in all; at least as many as there are accounts.
        rounds: Paths drawn for a pair.
    """
    both = [_chances(account, luck.get(account.agent)) for account in accounts]
    well = _corrected([None if x is None else max(x[:2]) for x in both], tried)
    badly = _corrected([None if x is None else max(x[2:]) for x in both], tried)
    best = _best_by_luck(accounts, tried)
    verdicts = []
    for place, account in enumerate(accounts):
        drawn, chances = luck.get(account.agent), both[place]
        high, low = well[place], badly[place]
        basis: Basis = "none" if chances is None else "random agents" if drawn else "standing still"
        answer: Answer = "none" if chances is None else "undecided"
        if high is not None and high <= alpha:
            answer = "yes"
        elif low is not None and low <= alpha:
            answer = "no"
        verdicts.append(
            AgentVerdict(
                account=account,
                luck=drawn,
                basis=basis,
                chance=chances and chances[0],
                corrected=high,
                worse=low,
                deflated=_deflated(account, best),
                answer=answer,
            )
        )
    pairs, unpaired = _pairs(accounts, rng, level=level, rounds=rounds)
    return Judgement(
        season=season,
        verdicts=tuple(verdicts),
        pairs=pairs,
        tried=tried,
        alpha=alpha,
        level=level,
        holding=holding,
        unpaired=unpaired,
    )


def expected_best(tried: int, spread: float) -> float:
    """The best Sharpe ratio to be expected of so many without skill.

    Args:
        tried: 1 or more; of one, 0 is expected.
        spread: Standard deviation of their Sharpe ratios.

    References:
        Bailey, D. H., Lopez de Prado, M. (2014). The deflated Sharpe ratio. Journal of Portfolio
        Management 40, 94-107. doi:10.3905/jpm.2014.40.5.094
    """
    tried = check_count(tried, "tried", 1)
    if tried == 1:
        return 0.0
    first, second = (normal_quantile(1 - 1 / (tried * by)) for by in (1.0, math.e))
    return spread * ((1 - np.euler_gamma) * first + np.euler_gamma * second)


def sharpe_above(sharpe: float, mark: float, n: int, skewness: float, kurtosis: float) -> float:
    """The chance that the true Sharpe ratio exceeds a mark (the deflated Sharpe ratio).

    Args:
        sharpe: By step, not annualised.
        mark: 0, or what `expected_best` gives.
        n: Steps, 2 or more.
        kurtosis: 3 for a normal distribution.

    References:
        As `expected_best`; Bailey, D. H., Lopez de Prado, M. (2012). The Sharpe ratio efficient
        frontier. Journal of Risk 15, 3-44. doi:10.21314/JOR.2012.255
    """
    spread = 1 - skewness * sharpe + (kurtosis - 1) / 4 * sharpe**2
    z = (sharpe - mark) * math.sqrt(check_count(n, "n", 2) - 1)
    return normal_probability(z / math.sqrt(max(spread, 1e-12)))


def _sharpe(account: Account) -> float | None:
    """By step; None without a curve that moves."""
    if account.curve is None or not account.curve.returns.std() > 0:
        return None
    return float(account.curve.returns.mean() / account.curve.returns.std(ddof=1))


def _best_by_luck(accounts: Sequence[Account], tried: int) -> float | None:
    """The expected best Sharpe ratio of all tried; the spread is that of the accounts, if many."""
    known = [s for account in accounts if (s := _sharpe(account)) is not None]
    if not known:
        return None
    steps = min(a.curve.returns.size for a in accounts if a.curve is not None)
    spread = float(np.std(known, ddof=1)) if len(known) >= _FEWEST_SPREAD else steps**-0.5
    return expected_best(tried, spread)


def _deflated(account: Account, best: float | None) -> float | None:
    sharpe = _sharpe(account)
    if sharpe is None or best is None or account.curve is None:
        return None
    return sharpe_above(sharpe, best, account.curve.returns.size, *account.skews)


def _chances(account: Account, luck: Luck | None) -> tuple[float, float, float, float] | None:
    """The chances that luck does as well, twice, and as badly, twice; None without anything."""
    if luck is not None:
        well, badly = luck.replayed
        return luck.season.value, well, luck.season.worse, badly
    if not account.growth.size:
        return None
    reached = math.log(max(1 + account.final_frac, 1e-9))
    well = chance_beyond(reached, account.growth, account.blocks)
    badly = chance_beyond(-reached, -account.growth, account.blocks)
    return well, well, badly, badly


def _corrected(chances: Sequence[float | None], tried: int) -> list[float | None]:
    """Each chance raised by Holm's method for all that were tried."""
    known = [c for c in chances if c is not None]
    raised = iter(holm(known, tried).tolist() if known else [])
    return [None if c is None else next(raised) for c in chances]


def _pairs(
    accounts: Sequence[Account], rng: np.random.Generator, *, level: float, rounds: int
) -> tuple[tuple[AccountPair, ...], tuple[str, ...]]:
    """Every two accounts over the steps that both have, and why some are not compared."""
    rows: list[tuple[str, str, Interval, float, int]] = []
    lacking: list[str] = []
    several = list(combinations(accounts, 2))
    for a, b in several:
        one, two = a.curve, b.curve
        if one is None or two is None or one.step != two.step:
            lacking.append(f"{a.agent} and {b.agent} have no curve of the same steps")
            continue
        n = min(one.returns.size, two.returns.size)
        if n < _FEWEST_COMMON:
            lacking.append(f"{a.agent} and {b.agent} have {n} steps in common")
            continue
        apart = np.log1p(one.returns[:n]) - np.log1p(two.returns[:n])
        if not np.any(apart - apart.mean()):
            lacking.append(f"{a.agent} and {b.agent} moved alike all along")
            continue
        block = block_length(apart)
        drawn = draws_of(apart[:, None], _sums, block, rng, rounds=rounds)[:, 0]
        total = float(apart.sum())
        interval = interval_of(total, drawn, n / block, level)
        p = 1.0
        if math.isfinite(interval.low):
            centred = math.copysign(1.0, total) * (drawn - n * apart.mean())
            p = min(1.0, 2 * chance_beyond(abs(total), centred, n / block))
        rows.append((a.agent, b.agent, interval, p, n))
    raised = holm([row[3] for row in rows]).tolist() if rows else []
    return tuple(
        AccountPair(a=a, b=b, ratio=_exponential(jointly(apart, level, len(rows))), p=p, n=n)
        for (a, b, apart, _, n), p in zip(rows, raised, strict=True)
    ), tuple(lacking)


def _sums(paths: FloatArray) -> FloatArray:
    total: FloatArray = paths.sum(axis=1)
    return total


def _exponential(interval: Interval) -> Interval:
    """Of a logarithm; an end beyond any number is open."""
    low, value, high = (
        math.exp(x) if x < 700 else math.inf for x in (interval.low, interval.value, interval.high)
    )
    return Interval(value, low, high)
