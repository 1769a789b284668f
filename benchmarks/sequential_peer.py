"""The sequential test beside the package confseq, on the same sequences."""

import importlib
import importlib.metadata
import math
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
from benchmarks.sequential_cases import ALPHA, Case, Floats, pairs
from benchmarks.sequential_whole import decide, log_wealth, predicted_variance

from headtohead.trials.sequential import (
    SequentialPlan,
    distances,
    log_weights,
    stake,
)


def peer_lines(folder: Path, runs: int) -> list[str]:
    """Beside the package of the method's authors, which knows no plan."""
    sys.path.append(str(folder))
    # The package was written for numpy 1.
    np.__dict__.setdefault("float_", np.float64)
    betting = importlib.import_module("confseq.betting")
    plan, rng, cap = SequentialPlan(0.05, spread=math.sqrt(0.2)), np.random.default_rng(5), 8000
    lines, worst = ["| truth | ours | confseq |", "|---|---|---|"], 0.0
    for truth in (0.0, 0.025, -0.025, -0.075, -0.15):
        x = pairs(rng, runs, cap, Case(0.05, 0.2, truth, 0.9))
        up = truth > plan.null
        ours, theirs = decide(x, plan), np.full(runs, cap)
        at = ours.yes_at if up else ours.no_at
        for i in range(runs):
            y, m = (x[i] + 1) / 2, (plan.null + 1) / 2
            mart = betting.betting_mart(y, m, alpha=ALPHA, theta=1 if up else 0)
            if np.any(mart >= 1 / ALPHA):
                theirs[i] = int(np.argmax(mart >= 1 / ALPHA)) + 1
        mean = np.where(at > 0, at, cap).mean()
        lines.append(f"| {truth:+g} | {mean:,.0f} | {theirs.mean():,.0f} |")
        worst = max(worst, _same_bets(betting, x[0, :800], plan))
    return [
        "## Beside confseq",
        "",
        f"Mean items until decided (at most {cap:,}) on the same {runs} sequences: margin 0.05, "
        "discordance 0.2, one-sided 0.025, planned for equal models. confseq is the package of "
        f"the method's authors ({importlib.metadata.version('confseq')}), its one-sided betting "
        "martingale with default bets, which are not told what difference to expect.",
        "",
        *lines,
        "",
        "Given our bets, its martingale has the same wealth: the largest difference in logs is "
        f"{worst:.0e}.",
        "",
    ]


def _same_bets(betting: ModuleType, x: Floats, plan: SequentialPlan) -> float:
    variance, total = predicted_variance(x, plan), np.full(x.shape, -math.inf)
    for start, distance in zip(log_weights(), distances(plan), strict=True):
        bets = 2 * stake(float(distance), variance, plan.bound + plan.null)
        wealth = betting.betting_mart(
            (x + 1) / 2,
            (plan.null + 1) / 2,
            lambdas_fn_positive=lambda y, m, bets=bets: bets,
            theta=1,
            trunc_scale=1,
        )
        total = np.logaddexp(total, start + np.log(wealth))
    return float(np.abs(total - log_wealth(x, plan.null, plan)).max())
