"""Whether one side leads in counts of patents and publications."""

import polars as pl

from headtohead.core.estimate import leads_by
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.evidence.picking import listed, shown, span
from headtohead.evidence.words import in_plain_words
from headtohead.names.names import country_name, in_sentence
from headtohead.questions.published import (
    FIGURE_COLUMNS,
    figure_interval,
    from_figures,
    latest_figures,
    of_sides,
)
from headtohead.stats.intervals import difference

QUESTION = Question(
    asks="By how much is side B's share of these counts above side A's?",
    reads=("figures",),
    units=("pp",),
    scope={
        "topics": ScopeWord(
            "texts",
            "Topics of the figures; all must be known.",
            ("patents", "publications"),
            column="topic",
        ),
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """Share of B less share of A in percentage points, one estimate a topic, rounding bounds."""
    estimates, kept, lost = [], [], []
    for topic in ask.scope["topics"]:
        rows = latest_figures(frames["figures"], ask, topic).filter(pl.col("unit") == "frac")
        a, b = of_sides(rows, ask)
        if a.is_empty() or b.is_empty():
            lost.append(topic)
            continue
        both = pl.concat([b, a])
        theirs, ours = (figure_interval(r) for r in both.iter_rows(named=True))
        lead = difference(ours, theirs)
        how = "difference of two published shares, bounds from rounding"
        points = lead.rescaled(100)
        said = leads_by(
            in_sentence(country_name(ask.sides.a)),
            in_sentence(country_name(ask.sides.b)),
            f" in {in_plain_words('topic', topic)}",
        )
        estimates.append(from_figures(ask, both, topic, "pp", points, method=how, called=said))
        kept.append(both)
    if lost:
        return ask.lacks(f"no count of {listed(lost)} on both sides that we may use was known")
    shares = listed(
        f"{in_sentence(country_name(f['subject'][0]))} {f['value'][0]:.1%} against "
        f"{in_sentence(country_name(f['subject'][1]))} {f['value'][1]:.1%} of {f['topic'][0]} "
        f"({span(f)})"
        for f in kept
    )
    return Answer(
        estimates=tuple(estimates),
        says=f"the latest counts give {shares}",
        rows=shown(pl.concat(kept), FIGURE_COLUMNS),
        notes=("a count says nothing about quality",),
    )
