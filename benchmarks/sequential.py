"""Measures how many items a sequential test takes beside a test of fixed size.

Run as `python -m benchmarks.sequential`, with --page to write a Markdown page. Everything is
simulated with a fixed seed: the figures are the same on every machine, up to rounding.
"""

import argparse
import importlib.metadata
import math
import platform
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.sequential_cases import ALPHA, CELLS, Case, Floats, pairs
from benchmarks.sequential_errors import error_table
from benchmarks.sequential_peer import peer_lines
from benchmarks.sequential_whole import add_all, chance, decide
from numpy.typing import NDArray

from headtohead.trials.sequential import Sequential, SequentialPlan

_TARGET = 0.60
_LONG = 6


@dataclass(frozen=True)
class Used:
    """Items used and how it ended, over all runs."""

    mean: float
    error: float
    yes: float
    no: float

    @classmethod
    def of(cls, taken: Floats, yes: NDArray[np.bool_], no: NDArray[np.bool_]) -> "Used":
        """From one entry for each run."""
        error = float(taken.std(ddof=1) / math.sqrt(taken.size))
        return cls(float(taken.mean()), error, float(yes.mean()), float(no.mean()))


def run(case: Case, plan: SequentialPlan, give_up: float | None, cap: int, runs: int) -> Used:
    """The procedure, stopped at a verdict, at giving up, or at the cap."""
    rng, parts = np.random.default_rng(1), max(1, CELLS // cap)
    ends: list[Floats] = []
    for begin in range(0, runs, parts):
        x = pairs(rng, min(parts, runs - begin), cap, case)
        found = decide(x, plan, give_up)
        ends.append(np.stack([found.yes_at, found.no_at, found.gave_up_at]).astype(float))
    at = np.concatenate(ends, axis=1)
    at[at == 0] = math.inf
    first = at.min(axis=0)
    decided = np.isfinite(first)
    yes, no = decided & (at[0] == first), decided & (at[1] == first)
    return Used.of(np.minimum(first, cap), yes, no)


def sprt(case: Case, runs: int) -> Used:
    """Wald's test between the margin and the true difference, both known with the discordance."""
    at_margin = Case(case.margin, case.discordance, -case.margin, case.power)
    steps = []
    for sign in (1, -1):
        alternative = case.discordance + sign * case.truth
        steps.append(math.log(alternative / (case.discordance + sign * at_margin.truth)))
    upper = math.log(case.power / ALPHA)
    lower = math.log((1 - case.power) / (1 - ALPHA))
    rng, cap = np.random.default_rng(2), _LONG * case.fixed(case.truth)
    taken, won = [], []
    for _ in range(0, runs, 100):
        x = pairs(rng, 100, cap, case)
        score = np.cumsum(np.where(x > 0, steps[0], np.where(x < 0, steps[1], 0.0)), axis=1)
        out = (score >= upper) | (score <= lower)
        first = np.where(out.any(axis=1), out.argmax(axis=1), cap - 1)
        taken.append(first + 1.0)
        won.append(score[np.arange(100), first] >= upper)
    yes = np.concatenate(won)
    return Used.of(np.concatenate(taken), yes, np.zeros_like(yes))


def budgeted(case: Case, plan: SequentialPlan, cap: int, least: float, runs: int) -> Used:
    """Stopped also when the chance of a verdict within the cap falls below `least`."""
    rng, taken, said = np.random.default_rng(3), [], []
    for x in pairs(rng, runs, cap, case):
        test = Sequential(plan)
        for begin in range(0, cap, 20):
            state = add_all(test, x[begin : begin + 20])
            if state.verdict != "undecided":
                break
            if state.n >= 40 and chance(x[: state.n], cap - state.n, plan) < least:
                break
        taken.append(float(state.first_decided_at or state.n))
        said.append(state.verdict)
    verdicts = np.array(said)
    return Used.of(np.array(taken), verdicts == "yes", verdicts == "no")


# ---------------------------------------------------------------- page

_HEAD = "| margin | discordance | truth | power | fixed n | its yes | {} |"
_WAYS = (
    "until decided",
    "giving up",
    "capped at fixed n",
    "giving up, capped at 1.5 fixed n",
    "giving up, capped at 2 fixed n",
)


def _lines(margin: float, discordance: float, same: bool, runs: int) -> list[str]:
    """Rows of one margin and discordance: the plan is for 0, or for the truth."""
    rows = []
    for truth in (margin / 2, -margin / 2):
        for power in (0.8, 0.9):
            case = Case(margin, discordance, truth, power)
            design = truth if same else 0.0
            n, spread = case.fixed(design), math.sqrt(discordance)
            plan, give = SequentialPlan(margin, design=design, spread=spread), 1 - power
            far = n if same or truth > 0 else 4 * n
            found = [
                run(case, plan, None, _LONG * far, runs),
                run(case, plan, give, _LONG * far, runs),
                run(case, plan, None, n, runs),
                run(case, plan, give, math.ceil(1.5 * n), runs),
                run(case, plan, give, 2 * n, runs),
            ]
            if same:
                found.append(sprt(case, runs))
            cells = " | ".join(_used(used, n) for used in found)
            rows.append(
                f"| {margin:g} | {discordance:g} | {truth:+g} | {power:g} | {n:,} "
                f"| {case.fixed_power(n):.0%} | {cells} |"
            )
    return rows


def _used(used: Used, n: int) -> str:
    met = "**" if used.mean / n <= _TARGET else ""
    return f"{met}{used.mean / n:.0%}{met} ± {used.error / n:.0%}, {used.yes:.0%} yes"


def _table(same: bool, runs: int) -> list[str]:
    ways = (*_WAYS, "Wald, all known") if same else _WAYS
    head = _HEAD.format(" | ".join(ways))
    lines = [head, "|---" * head.count(" | ") + "|---|"]
    for margin, discordance in ((0.05, 0.2), (0.05, 0.1), (0.1, 0.3)):
        lines += _lines(margin, discordance, same, runs)
    return lines


def _budget(runs: int) -> list[str]:
    lines = [
        "| truth | fixed n | its yes | budget | chance below | items | yes | no |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for truth in (0.0, 0.025, -0.025, -0.075):
        for times, least in ((1.0, 0.1), (1.0, 0.3), (1.5, 0.1)):
            case = Case(0.05, 0.2, truth, 0.9)
            n = case.fixed(0.0)
            plan = SequentialPlan(0.05, spread=math.sqrt(0.2))
            used = budgeted(case, plan, math.ceil(times * n), least, runs)
            lines.append(
                f"| {truth:+g} | {n:,} | {case.fixed_power(n):.0%} | {times:g} fixed n | {least:g} "
                f"| {_used(used, n).replace(', ', ' | ').removesuffix(' yes')} | {used.no:.0%} |"
            )
    return lines


def _page(runs: int, error_runs: int, n: int, confseq: Path | None) -> str:
    wrong, worst = error_table(error_runs, n)
    allowance = 3 * math.sqrt((1 - ALPHA) / ALPHA / error_runs)
    lines = [
        "# Sequential test: items used beside a fixed sample",
        "",
        "`python -m benchmarks.sequential --page docs/benchmarks/sequential.md` simulates these "
        "again and writes this page. Verdicts have a one-sided error of 0.025 (95% interval) and "
        "are looked for after every item. Fixed n is Nam's formula for the score test with the "
        "same error and that power. Items are means over "
        f"{runs:,} runs as a share of fixed n, ± one standard error, with the share of runs that "
        f"end in yes. Bold: at most {_TARGET:.0%}.",
        "",
        "The margin is how much worse B may be, the truth is B minus A; yes means that B may "
        "stand in. The test expects the right discordance; in the first table it plans, as the "
        "fixed design, for equal models, in the second for the truth.",
        "",
        "## (a) Planned for equal models, true difference half the margin",
        "",
        *_table(False, runs),
        "",
        "## (b) Planned for that very difference",
        "",
        *_table(True, runs),
        "",
        *_READING,
        "",
        "## Stopping when the rest of the budget is unlikely to decide",
        "",
        "Margin 0.05, discordance 0.2, power 0.9, a budget of fixed n; every 20 items, from 40 "
        "on, the test stops if the predicted chance of any verdict within the budget is below a "
        f"limit ({runs // 4} runs).",
        "",
        *_budget(runs // 4),
        "",
        f"## Errors when looking after each of {n:,} items",
        "",
        f"The truth is the margin itself for the verdicts, 0 for the interval; {error_runs:,} "
        "runs, plan with nothing but the margin. Promised: at most 2.5%, 2.5% and 5%.",
        "",
        *wrong,
        "",
        f"Worst as a share of the promise: {worst:.2f}; by chance alone up to "
        f"{1 + allowance:.2f} is to be expected of a test that uses all of it. "
        f"Target: {'met' if worst <= 1 + allowance else 'missed'}.",
        "",
        *(peer_lines(confseq, 200) if confseq else []),
        "## Where",
        "",
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, "
        f"numpy {importlib.metadata.version('numpy')}.",
        "",
    ]
    return "\n".join(
        line
        if line.startswith("|")
        else textwrap.fill(
            line, 100, break_on_hyphens=False, subsequent_indent="  " if line[:2] == "- " else ""
        )
        for line in lines
    )


_READING = (
    "## How to read this",
    "",
    "- *Until decided* stops at a verdict only: its power is 1, and no fixed design has that.",
    "- *Giving up* also stops, undecided, when the planned difference itself is refuted with "
    "error 1 - power. So where the plan holds it says yes at least with that power, if it is not "
    "capped; this is the fair comparison with a fixed design, and with Wald's test.",
    "- *Capped* stops, undecided, at that many items. A cap at fixed n loses power: that is the "
    "price of looking after every item.",
    "- *Wald, all known* is the sequential probability ratio test between the margin and the "
    "truth with the discordance known: of all tests with these errors the one with the fewest "
    "items on average (Wald, Wolfowitz 1948, doi:10.1214/aoms/1177730197). For small steps it "
    "takes 57% of fixed n at power 0.9 and 63% at power 0.8. Where B or A rarely wins it takes "
    "less, as its likelihood says more than the score test that fixed n is made for.",
    "- *Its yes* is the power that the fixed design has at the truth of that row. Where a plan "
    "for equal models meets a truth of minus half the margin, it is low, and a test that goes on "
    "until decided must take several times fixed n: it decides what the fixed design does not.",
    "",
    "**Target: at most 60% of the fixed design's items at a true difference of half the margin.** "
    "(a), B better by half the margin: met in every row. (a), B worse by half the margin: giving "
    "up misses it (82% to 97%, with the fixed design's power or so); the rule of the next section "
    "meets it (47%), at the price of power: yes in 25% of runs instead of 37%, and in 75% instead "
    "of 90% where the models are equal. (b): missed by giving up, with 61% to 70% at power 0.9 "
    "and 67% to 78% at power 0.8, where Wald's test, which knows everything, takes 47% to 60% and "
    "53% to 65%; with a cap at 1.5 fixed n it is 59% to 64% at power 0.9, with 84% to 89% yes.",
)


def main() -> int:
    """Exit code 0 when everything was measured; targets are reported, not enforced."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--runs", type=int, default=400)
    add("--error-runs", type=int, default=4000)
    add("--items", type=int, default=3000, help="items of a run in the table of errors")
    add("--confseq", type=Path, help="site-packages folder that holds the package confseq")
    add("--page", type=Path, help="write the Markdown page here")
    asked = parser.parse_args()
    page = _page(asked.runs, asked.error_runs, asked.items, asked.confseq)
    if asked.page:
        asked.page.parent.mkdir(parents=True, exist_ok=True)
        asked.page.write_text(page, encoding="utf-8")
    print(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
