"""The stationary bootstrap: length of blocks, what is drawn, and how often intervals cover."""

import math

import numpy as np
import pytest
from scipy import stats

from headtohead.stats.inputs import FloatArray
from headtohead.trading.bootstrap import (
    FEWEST_BLOCKS,
    block_length,
    chance_beyond,
    draws_of,
    interval_of,
    resampled,
)


def autoregression(rng: np.random.Generator, n: int, r: float, paths: int = 1) -> FloatArray:
    """Paths (paths, n) of an autoregression of order 1."""
    noise = rng.normal(size=(paths, n + 50))
    for t in range(1, n + 50):
        noise[:, t] += r * noise[:, t - 1]
    return noise[:, 50:]


def plain_block_length(x: FloatArray) -> float:
    """Politis and White (2004) with the correction of 2009, in loops."""
    n = len(x)
    x = x - sum(x) / n
    run = max(5, math.ceil(math.log10(n)))
    most = min(n - 1, math.ceil(math.sqrt(n)) + run)
    r = [sum(x[t] * x[t + k] for t in range(n - k)) / n for k in range(most + 1)]
    mark = 2 * math.sqrt(math.log10(n) / n)
    lag = next(
        m for m in range(most) if all(abs(r[m + k] / r[0]) < mark for k in range(1, run + 1))
    )
    m = min(2 * max(lag, 1), most)
    g = slope = 0.0
    for k in range(-m, m + 1):
        flat = 1.0 if abs(k) / m <= 0.5 else 2 * (1 - abs(k) / m)
        g += flat * r[abs(k)]
        slope += flat * abs(k) * r[abs(k)]
    longest = math.ceil(min(3 * math.sqrt(n), n / 3))
    return float(min(longest, max(1.0, (2 * slope**2 / (2 * g**2)) ** (1 / 3) * n ** (1 / 3))))


def test_the_length_of_blocks_nears_that_of_a_known_autoregression() -> None:
    # Politis and White (2004), section 4: at r = 0.7 the best length is (2r / (1 - r^2))^(2/3)
    # n^(1/3), 18.2 at n = 800 and 28.9 at n = 3200.
    best = [(1.4 / 0.51) ** (2 / 3) * n ** (1 / 3) for n in (800, 3200)]
    assert best == pytest.approx([18.20, 28.89], abs=0.01)
    rng = np.random.default_rng(4)
    means = [
        np.median([block_length(x) for x in autoregression(rng, n, 0.7, 40)]) for n in (800, 3200)
    ]
    assert means == pytest.approx(best, rel=0.25)
    assert np.median([block_length(x) for x in rng.normal(size=(60, 400))]) < 4


def test_the_length_agrees_with_the_formula_in_loops() -> None:
    rng = np.random.default_rng(1)
    for r, n in ((0.0, 60), (0.3, 250), (0.8, 400), (-0.4, 120)):
        x = autoregression(rng, n, r)[0]
        assert block_length(x) == pytest.approx(plain_block_length(x))


def test_a_constant_path_has_blocks_of_one() -> None:
    assert block_length([0.5] * 30) == 1.0
    with pytest.raises(ValueError, match="at least 2"):
        block_length([1.0])


@pytest.mark.parametrize("block", [1.0, 4.0, 25.0])
def test_what_is_drawn_are_blocks_of_the_path_that_wrap(block: float) -> None:
    rng = np.random.default_rng(2)
    n, length = 40, 300
    places = resampled(n, length, block, 200, rng)
    assert places.shape == (200, length)
    assert (places.min(), places.max()) == (0, n - 1)
    follows = ((np.diff(places, axis=1) - 1) % n == 0).mean()
    # A step goes on with chance 1 - 1/block, or begins anew at the next place by chance.
    assert follows == pytest.approx(1 - 1 / block + 1 / block / n, abs=0.01)
    assert np.bincount(places.ravel(), minlength=n).std() / (200 * length / n) < 0.2


def test_columns_stay_together_and_chunks_change_no_shape() -> None:
    path = np.column_stack([np.arange(50.0), -np.arange(50.0)])
    drawn = draws_of(
        path,
        lambda some: some.sum(axis=(1, 2))[:, None],
        5.0,
        np.random.default_rng(0),
        length=30_000,
        rounds=70,
    )
    assert drawn.shape == (70, 1)
    assert not drawn.any()


def test_too_few_blocks_or_nothing_that_varies_give_no_interval() -> None:
    rng = np.random.default_rng(0)
    open_ended = interval_of(1.0, rng.normal(size=500), 4.9)
    assert (open_ended.low, open_ended.high) == (-math.inf, math.inf)
    assert math.isinf(interval_of(1.0, np.ones(500), 50).high)


def covers(paths: int, n: int, r: float, rounds: int = 300) -> float:
    """How often the 95% interval of a mean holds the true one."""
    rng = np.random.default_rng(7)
    inside = 0
    for x in autoregression(rng, n, r, paths):
        block = block_length(x)
        drawn = draws_of(x[:, None], lambda some: some.mean(axis=1), block, rng, rounds=rounds)
        found = interval_of(float(x.mean()), drawn[:, 0], n / block)
        inside += found.low <= 0 <= found.high
    return inside / paths


def test_intervals_of_a_mean_cover_in_short() -> None:
    assert 0.88 <= covers(120, 200, 0.3) <= 1.0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "r", "least"), [(200, 0.0, 0.92), (400, 0.3, 0.89), (400, 0.7, 0.86)]
)
def test_intervals_of_a_mean_cover(n: int, r: float, least: float) -> None:
    assert least <= covers(500, n, r, 500) <= 0.98


def test_the_chance_is_the_larger_of_a_share_and_of_students() -> None:
    draws = np.random.default_rng(0).normal(size=400)
    draws -= draws.mean()
    share = ((draws >= 2).sum() + 1) / 401
    by_t = stats.t(5).sf(2 / (draws.std() * math.sqrt(6 / 5)))
    assert by_t > share
    assert chance_beyond(2, draws, 6) == pytest.approx(by_t)
    lopsided = np.r_[np.full(300, -1.0), np.full(100, 3.0)]
    assert chance_beyond(3, lopsided, 1000) == pytest.approx(101 / 401)
    assert chance_beyond(-2, draws, 6) == pytest.approx(
        max(1 - by_t, ((draws >= -2).sum() + 1) / 401)
    )
    assert chance_beyond(0, np.zeros(9), 6) == 1.0


def alarms(n: int, rounds: int, df: float = 3.0) -> float:
    """How often a mean of 0 is called above 0 at 5%, of steps of Student's t."""
    rng = np.random.default_rng(n)
    found: list[bool] = []
    while len(found) < rounds:
        x = rng.standard_t(df, n)
        block = block_length(x)
        if n / block >= FEWEST_BLOCKS:
            drawn = draws_of(x[:, None], lambda s: s.sum(axis=1), block, rng, rounds=300)[:, 0]
            found.append(chance_beyond(float(x.sum()), drawn - n * x.mean(), n / block) <= 0.05)
    return float(np.mean(found))


def test_heavy_tails_are_seldom_called_growth_in_short() -> None:
    assert alarms(30, 60) <= 0.05 + 3.3 * math.sqrt(0.05 * 0.95 / 60)


@pytest.mark.slow
@pytest.mark.parametrize("n", [20, 60, 221])
def test_heavy_tails_are_seldom_called_growth(n: int) -> None:
    assert alarms(n, 800) <= 0.05 + 3.3 * math.sqrt(0.05 * 0.95 / 800)
