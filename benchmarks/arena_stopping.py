"""Measures the arena's stop meter: errors under continuous watching, votes needed, forecasts.

Run as `python -m benchmarks.arena_stopping`; it prints a section of docs/benchmarks/arena.md.
Everything is simulated with a fixed seed.
"""

import math
import sys
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from headtohead.arena.bets import Observations, by_chance, even_start, in_rounds, log_purses
from headtohead.arena.meter import meter, read

Floats = NDArray[np.float64]

_MARGIN_PP = 5.0
_MARGIN = _MARGIN_PP / 50
_THRESHOLD = -math.log(0.025)
_PART = 100
_PARTS_DONE = (0.25, 0.5, 0.75)


def votes(rng: np.random.Generator, size: tuple[int, ...], mean: float, ties: float) -> Floats:
    """Votes of 1, 0 and -1 with that mean."""
    u, ties = rng.random(size), min(ties, 1 - abs(mean))
    found: Floats = np.where(u < (1 - ties + mean) / 2, 1.0, np.where(u < 1 - ties, -1.0, 0.0))
    return found


def first_proof(x: Floats, m: float) -> NDArray[np.int64]:
    """After how many votes each run has proved that the mean is above m, shape (runs,); 0: not."""
    ones = np.ones(x.shape)
    seen = Observations(x, -ones, ones, np.arange(1, x.shape[1] + 1), x.shape[1])
    hit = np.logaddexp.reduce(log_purses(seen, m, even_start()[0]), axis=0) >= _THRESHOLD
    return np.where(hit.any(axis=1), hit.argmax(axis=1) + 1, 0)


def error_lines(runs: int, n: int) -> Iterator[str]:
    """How often each verdict is wrong where the truth is the margin itself."""
    yield "| ties | wrong no worse | wrong worse | wrong better | wrong no better | missed |"
    yield "|---|---|---|---|---|---|"
    for ties in (0.0, 0.3, 0.7):
        rng, wrong = np.random.default_rng(1), np.zeros(5)
        for _ in range(runs // _PART):
            low = votes(rng, (_PART, n), -_MARGIN, ties)
            high = votes(rng, (_PART, n), _MARGIN, ties)
            found = [
                first_proof(low, -_MARGIN) > 0,
                first_proof(-low, _MARGIN) > 0,
                first_proof(high, _MARGIN) > 0,
                first_proof(-high, -_MARGIN) > 0,
            ]
            wrong += [each.sum() for each in (*found, found[0] | found[1])]
        yield f"| {ties:.0%} | " + " | ".join(f"{each / runs:.1%}" for each in wrong) + " |"


def needed_lines(runs: int) -> Iterator[str]:
    """Votes until it is known whether B is worse, and until all is known."""
    yield "| B's true win share | verdict | mean votes | middle 80% | until better or equal, too |"
    yield "|---|---|---|---|---|"
    for mean, most in (
        (0.0, 5000),
        (0.1, 2000),
        (0.2, 2000),
        (0.4, 600),
        (0.8, 200),
        (-0.3, 2500),
        (-0.5, 600),
    ):
        x = votes(np.random.default_rng(2), (runs, most), mean, 0.3)
        edges = []
        for m in (-_MARGIN, _MARGIN):
            side = 1 if mean > m else -1
            at = first_proof(side * x, side * m).astype(float)
            at[at == 0] = most
            edges.append(at)
        first, both = edges[0], np.maximum(*edges)
        low, high = np.quantile(first, (0.1, 0.9))
        said = "no worse" if mean > -_MARGIN else "worse"
        if mean == _MARGIN:
            later = "never"
        else:
            name = "equal" if abs(mean) < _MARGIN else "better" if mean > 0 else "worse"
            later = f"{name}: {both.mean():,.0f}"
        yield (
            f"| {(1 + mean) / 2:.0%} | {said} | {first.mean():,.0f} | {low:,.0f} to {high:,.0f} | "
            f"{later} |"
        )


class _KnownShares(np.random.Generator):
    """Draws continuations from the true shares instead of what is known of them."""

    truth: Floats

    def dirichlet(self, alpha: object, size: object = None) -> Floats:
        """The truth, time and again."""
        return np.tile(self.truth, (200, 1))


def forecast_lines(runs: int) -> Iterator[str]:
    """How often a forecast is within 30% of what it took, beside one who knows the truth."""
    yield (
        "| B's true win share | cast, of all it took | missing within 30% | in all within 30% "
        "| 80% interval holds | knows the share: missing | in all |"
    )
    yield "|---|---|---|---|---|---|---|"
    for mean in (0.0, 0.1, 0.2, 0.4, -0.3):
        hits = np.zeros((len(_PARTS_DONE), 5))
        for seed in range(runs):
            x = votes(np.random.default_rng(seed), (8000,), mean, 0.3)
            side = 1 if mean > -_MARGIN else -1
            taken = int(first_proof(side * x[None], side * -_MARGIN)[0]) or x.size
            for i, part in enumerate(_PARTS_DONE):
                n = int(part * taken)
                seen = Observations.of_votes(x[:n])
                rng = np.random.default_rng(seed)
                told = read(seen, margin_pp=_MARGIN_PP, rng=rng).more
                knows = _KnownShares(np.random.PCG64(seed))
                share = np.array([(0.7 - mean) / 2, 0.3, (0.7 + mean) / 2])
                there = share[np.unique(x[:n]).astype(int) + 1]
                knows.truth = np.concatenate([np.zeros(3), there / there.sum()])
                best = read(seen, margin_pp=_MARGIN_PP, rng=knows).more
                left = taken - n
                hits[i] += (
                    abs(told.value - left) <= 0.3 * left,
                    abs(told.value - left) <= 0.3 * taken,
                    told.low <= left <= told.high,
                    abs(best.value - left) <= 0.3 * left,
                    abs(best.value - left) <= 0.3 * taken,
                )
        for part, row in zip(_PARTS_DONE, hits / runs, strict=True):
            cells = " | ".join(f"{each:.0%}" for each in row)
            yield f"| {(1 + mean) / 2:.0%} | {part:.0%} | {cells} |"


def sides_lines(runs: int, n: int) -> Iterator[str]:
    """Two open entrants and two closed ones: errors and votes, when pairing chases one pair."""
    means, weights = np.array([0.5, 0.1, -0.3, -0.5]), dict.fromkeys("pqrs", 0.25)
    yield ("| observations | refuted though true | decided where B wins 60% | mean votes |")
    yield "|---|---|---|---|"
    for name in ("in rounds", "by chance"):
        wrong, taken = 0, []
        for shift in (0.0, 0.2):
            true = means + shift
            for seed in range(runs):
                rng = np.random.default_rng(seed)
                total, count = np.zeros(4), np.ones(4)
                x, pairs, chances = np.empty(n), np.empty(n, dtype=np.int64), np.empty(n)
                for i in range(n):
                    chance = np.full(4, 0.15)
                    chance[int(np.abs(total / count).argmin())] += 0.4
                    k = int(rng.choice(4, p=chance))
                    x[i] = votes(rng, (), true[k], 0.3)
                    pairs[i], chances[i] = k, chance[k]
                    total[k] += x[i]
                    count[k] += 1
                of = ["pqrs"[k] for k in pairs]
                if name == "by chance":
                    seen = by_chance(x, of, weights, chances, least=0.6)
                else:
                    seen = in_rounds(x, of, weights)
                mean = float(true.mean())
                if shift:
                    at = meter_at(seen)
                    taken.append(at)
                else:
                    for side, m in ((seen, mean), (seen.mirrored(), -mean)):
                        purses = log_purses(side, m, even_start()[0])
                        wrong += bool((np.logaddexp.reduce(purses, axis=0) >= _THRESHOLD).any())
        done = [at for at in taken if at]
        mean_votes = np.mean([at or n for at in taken])
        yield f"| {name} | {wrong / runs:.1%} | {len(done) / runs:.0%} | {mean_votes:,.0f} |"


def meter_at(seen: Observations) -> int | None:
    """After how many votes "no worse" or "worse" was known."""
    return read(seen, margin_pp=_MARGIN_PP, rng=np.random.default_rng(0)).decided_at


def voter_lines(runs: int) -> Iterator[str]:
    """Sixty voters of 20 votes each, whose leanings spread about the margin."""
    yield "| voters differ by | votes as they come | one observation a voter | meter warns |"
    yield "|---|---|---|---|"
    for spread in (0.0, 0.2, 0.4):
        rng, wrong = np.random.default_rng(4), np.zeros(3)
        for _ in range(runs):
            lean = np.repeat(rng.choice([-spread, spread], 60), 20) - _MARGIN
            x = np.where(
                rng.random(1200) < 0.35 + lean / 2,
                1.0,
                np.where(rng.random(1200) < 0.3 / (0.65 - lean / 2), 0.0, -1.0),
            )
            who = np.repeat(np.arange(60), 20)
            plain = meter(x, margin_pp=_MARGIN_PP, rng=rng, voters=who)
            once = meter(x, margin_pp=_MARGIN_PP, rng=rng, voters=who, per_voter=5)
            wrong += (
                plain.decided_at is not None,
                once.decided_at is not None,
                bool(plain.cautions),
            )
        yield (
            f"| ±{spread / 2:.0%} of the win share | "
            + " | ".join(f"{each / runs:.1%}" for each in wrong)
            + " |"
        )


def section(scale: float) -> str:
    """The whole section; `scale` shortens the runs."""

    def runs(full: int) -> int:
        return max(_PART, round(full * scale / _PART) * _PART)

    parts: Sequence[tuple[str, Iterator[str]]] = (
        ("errors", error_lines(runs(2000), 2000)),
        ("needed", needed_lines(runs(400))),
        ("forecast", forecast_lines(runs(100))),
        ("sides", sides_lines(runs(200), 800)),
        ("voters", voter_lines(runs(200))),
    )
    return "\n\n".join(f"### {name}\n\n" + "\n".join(lines) for name, lines in parts)


if __name__ == "__main__":
    print(section(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
