"""Where each side is better or worse than its overall level says."""

from datetime import date
from typing import Any

import polars as pl

from headtohead.capability.fitted import about_sides
from headtohead.capability.irt.functioning import Functioning, functioning
from headtohead.capability.model import TwoSides, with_source
from headtohead.capability.settings import LEVEL
from headtohead.capability.words import question_between
from headtohead.core.question import Answer, Ask, ScopeWord
from headtohead.core.units import show
from headtohead.evidence.picking import estimate, listed, side
from headtohead.evidence.tables import benchmarks, title

QUESTION = question_between(
    "On which benchmarks is a side better or worse than its overall level says?",
    "pp",
    since=ScopeWord("day", "Models released on this day or later.", "2025-01-01"),
)
_ALPHA = 0.1


@about_sides
def run(sides: TwoSides, ask: Ask) -> Answer:
    """How much more B's models score on each benchmark than models of A that are as able."""
    since = date.fromisoformat(str(ask.scope["since"])).toordinal()
    fit = sides.capability
    recent = fit.out_by(sides.day) & (fit.days >= since)
    masks = [recent & fit.members(side(ask, w)) for w in ("a", "b")]
    try:
        rows = functioning(fit.index, masks[0], masks[1], LEVEL)
    except ValueError as error:
        return Answer(missing=f"no profile: {error}")
    if not rows:
        return Answer(
            missing=f"no benchmark has five models of each side released since "
            f"{ask.scope['since']}, and others that connect them"
        )
    sure = [
        f"{'better' if f.score.value > 0 else 'worse'} on {title(f.benchmark)} by "
        f"{show(abs(100 * f.score.value), 'pp')}"
        for f in rows
        if f.p_holm <= _ALPHA
    ]
    a, b = sides.names
    estimates, table = [], []
    for f in rows:
        evidence = fit.rows.filter(pl.col("test") == f.benchmark)
        table += with_source([_row(f)], evidence)
        estimates.append(
            estimate(
                ask,
                evidence,
                label=title(f.benchmark),
                interval=f.score.rescaled(100),
                unit="pp",
                level=LEVEL,
                method="logistic regression on ability by the other benchmarks and on the side, "
                "HC3",
                n=f.a_n + f.b_n,
                n_of="models",
                dated=sides.dated,
                called=(
                    f"{b} models worse on {title(f.benchmark)} than {a} ones as able, by",
                    f"{b} models better on {title(f.benchmark)} than {a} ones as able, by",
                ),
            )
        )
    return Answer(
        estimates=tuple(estimates),
        says=f"{b} models do {listed(sure)} than {a} models that are as able"
        if sure
        else f"no benchmark tells {b} models for sure from {a} models that are as able",
        rows=tuple(table),
        notes=(
            f"{len(rows)} benchmarks were tested; one counts as sure if its p-value, corrected for "
            f"all of them (Holm), is at most {_ALPHA}. The intervals hold for one benchmark alone.",
            "ability is judged by the other benchmarks; about a side, not about one model",
        ),
    )


def _row(f: Functioning) -> dict[str, Any]:
    known = benchmarks().get(f.benchmark)
    gain = f.score.rescaled(100)
    return {
        "benchmark": f.benchmark,
        "title": title(f.benchmark),
        "domain": known.domain if known else "",
        "gain_pp": gain.value,
        "gain_low_pp": gain.low,
        "gain_high_pp": gain.high,
        "a_n": f.a_n,
        "b_n": f.b_n,
        "p_value": f.p,
        "holm_value": f.p_holm,
        "is_sure": f.p_holm <= _ALPHA,
    }
