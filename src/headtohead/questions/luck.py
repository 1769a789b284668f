"""How far luck alone reaches: trading results and orders of merit."""

import math
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headtohead.core.interval import Interval
from headtohead.stats.bootstrap import mean_interval
from headtohead.stats.inputs import (
    FloatArray,
    Labels,
    check_count,
    label_list,
    spreads,
    vector,
)

_CELLS = 2_000_000


def trade_sum_interval(
    net: ArrayLike, rng: np.random.Generator, rounds: int = 2000, level: float = 0.95
) -> Interval:
    """The sum of trade results, with a bootstrap interval for other trades of the same kind.

    Trades are resampled singly, as if independent; trades open at the same time are not, so
    the true interval is wider.

    Args:
        net: Net result of each trade after fees, shape (n,), any currency.
        rng: Source of randomness.
        rounds: Resamples, at least 200.
        level: Coverage, inside (0, 1).

    Returns:
        Unbounded for one trade, or trades that are all alike.

    Raises:
        ValueError: If there are no trades.

    References:
        Efron, B. (1979). doi:10.1214/aos/1176344552
    """
    results = vector(net, "net")
    mean = mean_interval(results, rng, rounds, level)
    n = results.size
    return Interval(mean.value * n, mean.low * n, mean.high * n)


def sign_flip_p(net: ArrayLike, rng: np.random.Generator, rounds: int = 10_000) -> float:
    """The probability that results of these sizes with random signs add up to as much.

    One-sided: a small value says that a result this good is hard to reach by coin-flipping.
    With no more than log2(rounds) trades all signs are tried and the answer is exact;
    otherwise signs are drawn and the observed result counts as one of the draws.

    Args:
        net: Net result of each trade, shape (n,).
        rng: Source of randomness.
        rounds: Sign patterns tried, at least 100.

    Returns:
        From 1/(rounds + 1), or 1/2^n, to 1.

    Raises:
        ValueError: If there are no trades.

    References:
        Fisher, R. A. (1935). The Design of Experiments, section 21. Oliver and Boyd.
        Phipson, B., Smyth, G. K. (2010). Permutation p-values should never be zero.
        Statistical Applications in Genetics and Molecular Biology 9, 39.
        doi:10.2202/1544-6115.1585
    """
    results = vector(net, "net")
    rounds = check_count(rounds, "rounds", 100)
    reach = float(results.sum()) - _slack(results)
    if 2**results.size <= rounds:
        sums = np.zeros(1)
        for result in results:
            sums = np.concatenate([sums + result, sums - result])
        return float(np.mean(sums >= reach))
    hits = int(np.count_nonzero(_flipped_sums(results, rng, rounds) >= reach))
    return (hits + 1) / (rounds + 1)


def best_of_k_null(
    sd: ArrayLike,
    k: int,
    threshold: float,
    rng: np.random.Generator,
    draws: int = 10_000,
    correlation: float = 0.0,
) -> float:
    """The probability that the best of k agents without skill reaches `threshold`.

    Returns are normal with mean 0; agents that trade the same things at the same time share
    a part of them.

    Args:
        sd: Standard deviation of a skill-less return, one for all or shape (k,); same unit
            as `threshold`.
        k: How many agents.
        threshold: The return that the best one had.
        rng: Source of randomness.
        draws: How many, at least 100; the observed result counts as one more.
        correlation: Of any two agents' returns, 0 <= correlation < 1.

    Raises:
        ValueError: If a standard deviation is not positive, or an argument is out of range.

    References:
        Bland, J. M., Altman, D. G. (1995). Multiple significance tests: the Bonferroni
        method. BMJ 310, 170. doi:10.1136/bmj.310.6973.170
        Phipson, B., Smyth, G. K. (2010). doi:10.2202/1544-6115.1585
    """
    k = check_count(k, "k", 1)
    draws = check_count(draws, "draws", 100)
    each = spreads(sd, np.zeros(k), "sd")
    if not np.all(each > 0):
        raise ValueError("sd must be above 0: without spread there is no luck")
    if not 0 <= correlation < 1:
        raise ValueError(f"correlation is {correlation}; it must be in [0, 1)")
    if not math.isfinite(threshold):
        raise ValueError("threshold is not a finite number")
    hits = 0
    step = max(1, _CELLS // k)
    for start in range(0, draws, step):
        size = min(step, draws - start)
        common = math.sqrt(correlation) * rng.standard_normal((size, 1))
        own = math.sqrt(1 - correlation) * rng.standard_normal((size, k))
        hits += int(np.count_nonzero((each * (common + own)).max(axis=1) >= threshold))
    return (hits + 1) / (draws + 1)


def best_of_k_sign_flip_p(
    nets: Sequence[ArrayLike], rng: np.random.Generator, rounds: int = 10_000
) -> float:
    """The probability that the best of several agents does as well with random signs.

    The sign-flip test of the winner, paid for having chosen the winner: every agent's trades
    are re-signed and the best sum of all agents is compared with the best observed.

    Args:
        nets: For each agent the net results of its trades.
        rng: Source of randomness.
        rounds: Sign patterns tried, at least 100.

    Raises:
        ValueError: If there is no agent, or one without trades.

    References:
        Westfall, P. H., Young, S. S. (1993). Resampling-Based Multiple Testing. Wiley.
        Phipson, B., Smyth, G. K. (2010). doi:10.2202/1544-6115.1585
    """
    agents = [vector(net, f"nets[{i}]") for i, net in enumerate(nets)]
    rounds = check_count(rounds, "rounds", 100)
    if not agents:
        raise ValueError("there is no agent")
    observed = max(float(net.sum()) for net in agents)
    slack = max(_slack(net) for net in agents)
    best = np.full(rounds, -math.inf)
    for net in agents:
        np.maximum(best, _flipped_sums(net, rng, rounds), out=best)
    return (int(np.count_nonzero(best >= observed - slack)) + 1) / (rounds + 1)


def order_p(groups: Labels, values: ArrayLike, *, group: Hashable | None = None) -> float:
    """The exact probability that a group ranks at least this high by luck.

    All ways of handing out the places are equally likely; the group's ranks are added up
    (ties get their middle rank) and compared with the observed sum. Two of six agents in the
    first two places: 1/15.

    Args:
        groups: The group of each agent, length n; or a mask, True for the group asked about.
        values: Their results, shape (n,), higher is better.
        group: Whose order is asked about; None: True in a mask, else the group of the best
            agent. Choosing the group after seeing the order makes the answer too small: with
            two groups of equal size, double it.

    Returns:
        From 1 / C(n, size of the group) to 1.

    Raises:
        ValueError: If lengths differ, the group has nobody or everybody, or the best places
            are shared by two groups and `group` is None.

    References:
        Wilcoxon, F. (1945). Individual comparisons by ranking methods. Biometrics Bulletin
        1, 80-83. doi:10.2307/3001968
        Mann, H. B., Whitney, D. R. (1947). On a test of whether one of two random variables
        is stochastically larger than the other. Annals of Mathematical Statistics 18, 50-60.
        doi:10.1214/aoms/1177730491
    """
    results = vector(values, "values", least=2)
    labels = label_list(groups, results.size, "group labels")
    if group is None:
        group = _asked(labels, results)
    members = np.array([label == group for label in labels])
    size = int(members.sum())
    if size in (0, results.size):
        raise ValueError(f"group {group!r} has {size} of {results.size} agents: no order to test")
    doubled = _doubled_ranks(results)
    counts = _subset_sums(doubled.tolist(), size)
    observed = int(doubled[members].sum())
    return int(counts[: observed + 1].sum()) / math.comb(results.size, size)


def _asked(labels: list[Hashable], results: FloatArray) -> Hashable:
    """True in a mask, else the group of the best agent."""
    if all(isinstance(label, bool | np.bool_) for label in labels):
        return True
    leaders = {label for label, v in zip(labels, results, strict=True) if v == results.max()}
    if len(leaders) > 1:
        raise ValueError(f"{sorted(map(str, leaders))} share the first place; name a group")
    return leaders.pop()


def _doubled_ranks(results: FloatArray) -> NDArray[np.int64]:
    """Twice the middle rank of each, 2 for the best: whole numbers even with ties."""
    ordered = np.sort(-results)
    first = np.searchsorted(ordered, -results, side="left")
    last = np.searchsorted(ordered, -results, side="right")
    return (first + last + 1).astype(np.int64)


def _subset_sums(ranks: list[int], size: int) -> NDArray[np.object_]:
    """How many subsets of the given size have each sum; whole numbers of any size."""
    top = sum(sorted(ranks)[-size:])
    counts = np.zeros((size + 1, top + 1), dtype=object)
    counts[0, 0] = 1
    for rank in ranks:
        for taken in range(size, 0, -1):
            counts[taken, rank:] += counts[taken - 1, : top + 1 - rank]
    row: NDArray[np.object_] = counts[size]
    return row


def _flipped_sums(results: FloatArray, rng: np.random.Generator, rounds: int) -> FloatArray:
    sums = np.empty(rounds)
    step = max(1, _CELLS // results.size)
    total = float(results.sum())
    for start in range(0, rounds, step):
        size = min(step, rounds - start)
        turned = rng.integers(0, 2, (size, results.size), dtype=np.int8).astype(np.float64)
        sums[start : start + size] = total - 2 * (turned @ results)
    return sums


def _slack(results: FloatArray) -> float:
    """What rounding can take from a sum that is equal to the observed one."""
    return 1e-12 * float(np.abs(results).sum())
