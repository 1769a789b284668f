"""Investment: what private investors put in, by country."""

from collections.abc import Iterator

import polars as pl

from headtohead.claims.versus.line import Line, last_seen, leads, unknown
from headtohead.claims.versus.pair import Pair
from headtohead.core.units import show
from headtohead.evidence.picking import shown
from headtohead.questions.published import FIGURE_COLUMNS


def lines(pair: Pair) -> Iterator[Line]:
    """Private investment in AI in the last year that was counted; only countries have it."""
    what, short = "Private investment in AI", "private investment"
    if pair.kind != "country":
        yield unknown("investment", what, short, "investment is counted by country only")
        return
    answer = pair.ask("investment.private_investment", {"measure": "ratio"})
    if answer.missing:
        yield unknown("investment", what, short, answer.missing)
        return
    times = answer.estimates[0]
    frame = pl.DataFrame(answer.rows)
    said = [
        ", ".join(
            f"{show(r['value'], 'usd')} in {r['window_end'].year}"
            for r in frame.filter(pl.col("subject") == side).iter_rows(named=True)
        )
        for side in (pair.a, pair.b)
    ]
    yield Line(
        slug="investment",
        what=what,
        a=said[0],
        b=said[1],
        ahead=leads(times, zero=1.0, more="a"),
        says=answer.says,
        short=short,
        by=f"{times.value:.0f} times as much",
        difference=times,
        observed_on=last_seen(answer.rows, "window_end"),
        rows=shown(frame, FIGURE_COLUMNS),
        notes=answer.notes,
    )
