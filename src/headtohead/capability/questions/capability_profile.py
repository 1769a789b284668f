"""Where each side is better or worse than its overall level says."""

from datetime import date
from typing import TYPE_CHECKING

from headtohead.capability.fitted import two_sides
from headtohead.capability.irt import Functioning, functioning
from headtohead.capability.model import TwoSides
from headtohead.capability.settings import LEVEL
from headtohead.capability.words import question_between, settings_of
from headtohead.core.estimate import Estimate
from headtohead.core.question import Answer, Ask, Frames, ScopeWord
from headtohead.evidence.picking import estimate, listed, shown, side, side_name
from headtohead.evidence.tables import benchmarks, title

if TYPE_CHECKING:
    import polars as pl

QUESTION = question_between(
    "On which benchmarks is a side better or worse than its overall level says?",
    "pp",
    since=ScopeWord("day", "Models released on this day or later.", "2025-01-01"),
)
_ALPHA = 0.1
_COLUMNS = (
    "benchmark",
    "title",
    "domain",
    "gain_pp",
    "gain_low_pp",
    "gain_high_pp",
    "a_n",
    "b_n",
    "p_value",
    "holm_value",
    "is_sure",
)


def run(frames: Frames, ask: Ask) -> Answer:
    """How much more B's models score on each benchmark than models of A that are as able."""
    import polars as pl

    found = two_sides(frames, ask, settings_of(ask.scope), ask.about.end)
    if isinstance(found, str):
        return Answer(missing=found)
    since = date.fromisoformat(str(ask.scope["since"])).toordinal()
    made = found.capability
    recent = made.out_by(found.day) & (made.days >= since)
    masks = [recent & made.members(side(ask, w)) for w in ("a", "b")]
    try:
        rows = functioning(made.index, masks[0], masks[1], LEVEL)
    except ValueError as error:
        return Answer(missing=f"no profile: {error}")
    if not rows:
        return Answer(
            missing=f"no benchmark has three models of each side released since "
            f"{ask.scope['since']}, and others that connect them"
        )
    names = [side_name(side(ask, w)) for w in ("a", "b")]
    estimates = tuple(_estimate(ask, found, f) for f in rows)
    sure = [f for f in rows if f.p_holm <= _ALPHA]
    gains = (
        listed(f"{title(f.benchmark)} ({100 * f.score.value:+.1f} percentage points)" for f in sure)
        if sure
        else "none for sure"
    )
    table = pl.concat([_row(made.evidence(), f) for f in rows])
    return Answer(
        estimates=estimates,
        says=f"benchmarks on which {names[1]} models differ from {names[0]} models as able: "
        f"{gains}",
        rows=shown(table, _COLUMNS),
        notes=(
            f"{len(rows)} benchmarks were tested; one counts as sure if its p-value, corrected for "
            f"all of them (Holm), is at most {_ALPHA}. The intervals hold for one benchmark alone.",
            "ability is judged by the other benchmarks; about a side, not about one model",
        ),
    )


def _estimate(ask: Ask, found: TwoSides, f: Functioning) -> Estimate:
    import polars as pl

    return estimate(
        ask,
        found.capability.rows.filter(pl.col("test") == f.benchmark),
        label=title(f.benchmark),
        interval=f.score.rescaled(100),
        unit="pp",
        level=LEVEL,
        method="logistic regression on ability by the other benchmarks and on the side, HC3",
        n=f.a_n + f.b_n,
        n_of="models",
    )


def _row(evidence: "pl.DataFrame", f: Functioning) -> "pl.DataFrame":
    import polars as pl

    fact = benchmarks().get(f.benchmark)
    own = evidence.filter(pl.col("test") == f.benchmark).head(1)
    return own.select("known_on", "source_id", "row_url", "verified").with_columns(
        benchmark=pl.lit(f.benchmark),
        title=pl.lit(title(f.benchmark)),
        domain=pl.lit(fact.domain if fact else ""),
        gain_pp=pl.lit(100 * f.score.value),
        gain_low_pp=pl.lit(100 * f.score.low),
        gain_high_pp=pl.lit(100 * f.score.high),
        a_n=pl.lit(f.a_n),
        b_n=pl.lit(f.b_n),
        p_value=pl.lit(f.p),
        holm_value=pl.lit(f.p_holm),
        is_sure=pl.lit(f.p_holm <= _ALPHA),
    )
