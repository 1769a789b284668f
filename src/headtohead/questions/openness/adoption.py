"""Whether one side dominates both the downloads of open models and a router's tokens."""

import polars as pl

from headtohead.core.estimate import Estimate, leads_by
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.evidence.picking import listed, shown, side, side_name
from headtohead.evidence.words import in_plain_words
from headtohead.names.names import nationality
from headtohead.questions.published import (
    FIGURE_COLUMNS,
    figure_interval,
    figure_share_of,
    from_figures,
    latest_figures,
    of_sides,
)
from headtohead.questions.usage import (
    USAGE_WORDS,
    bounds,
    channel_name,
    share_of,
    token_estimate,
    windows,
)
from headtohead.stats.intervals import difference

QUESTION = Question(
    asks="Which share of downloads and of a router's tokens goes to side B, and is it ahead of A?",
    reads=("figures",),
    optional=("token_usage",),
    units=("frac", "pp"),
    scope={
        **USAGE_WORDS,
        "topic": ScopeWord(
            "text", "Topic of the download figures.", "hf_download_share", column="topic"
        ),
        "measure": ScopeWord(
            "text", "share of B, or lead of B over A.", "share", ("share", "lead")
        ),
        "tokens": ScopeWord("flag", "Look at a router's tokens too.", True),
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """Downloads with rounding bounds and, unless left out, tokens with logical bounds."""
    rows = latest_figures(frames["figures"], ask, str(ask.scope["topic"]))
    a, b = of_sides(rows, ask)
    if a.is_empty() or b.is_empty():
        return ask.lacks("no shares of downloads of both sides were known")
    downloads, says = _downloads(ask, pl.concat([b, a]))
    figures = shown(pl.concat([b, a]), FIGURE_COLUMNS)
    of = figure_share_of(b)
    if not ask.scope["tokens"]:
        notes = (of, "downloads are not users")
        return Answer(estimates=(downloads,), says=says, rows=figures, notes=notes)
    stretches = windows(frames["token_usage"], ask)
    if not stretches:
        return ask.lacks(f"no tokens of {channel_name(ask)} were known")
    last = stretches[-1]
    mine, theirs = (bounds(last.rows, side(ask, w)) for w in ("b", "a"))
    measure = ask.scope["measure"]
    label = f"{measure} of {channel_name(ask)} tokens"
    tokens = token_estimate(ask, last, label, measure)
    name_a, name_b = side_name(side(ask, "a")), side_name(side(ask, "b"))
    routed = (
        f"{name_b} models had {mine.low:.1%} and {name_a} ones "
        f"{theirs.low:.1%} of {channel_name(ask)} tokens from {last.start} to {last.end}"
    )
    subjects = last.rows.sort("tokens", descending=True)
    return Answer(
        estimates=(downloads, tokens),
        says=listed([says, routed]),
        rows=figures + shown(subjects, "subject lab country tokens window_start window_end"),
        notes=(
            of,
            share_of(ask, last),
            "downloads are not users, and one router is not the world",
        ),
    )


def _downloads(ask: Ask, both: pl.DataFrame) -> tuple[Estimate, str]:
    """B's share of downloads, or its lead; B's row comes first."""
    share, other = (figure_interval(r) for r in both.iter_rows(named=True))
    label, how = f"{ask.scope['measure']} of downloads", "published share, bounds from its rounding"
    what = in_plain_words("topic", str(ask.scope["topic"]))
    whose = [f"{nationality(name)} models" for name in (ask.sides.a, ask.sides.b)]
    if ask.scope["measure"] == "lead":
        lead = difference(other, share).rescaled(100)
        one = from_figures(
            ask,
            both,
            label,
            "pp",
            lead,
            method="difference of two published shares, bounds from rounding",
            called=leads_by(whose[0], whose[1], f" in {what}"),
        )
    else:
        said = (f"share of {whose[1]} in {what}",)
        one = from_figures(ask, both, label, "frac", share, method=how, called=said)
    says = (
        f"{nationality(ask.sides.b)} models had {share.value:.1%} and {nationality(ask.sides.a)} "
        f"ones {other.value:.1%} of {what} from {both['window_start'][0]} to "
        f"{both['window_end'][0]}"
    )
    return one, says
