"""Which share of a channel's tokens goes to one side, bounded for what nobody can attribute."""

from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.evidence.picking import side, side_name
from headtohead.questions.usage import (
    USAGE_WORDS,
    UsageWindow,
    bounds,
    channel_name,
    share_of,
    subject,
    token_estimate,
    windows,
)

QUESTION = Question(
    asks="Which share of the tokens on this channel goes to side B?",
    reads=("token_usage",),
    units=("frac", "pp"),
    scope={
        **USAGE_WORDS,
        "measure": ScopeWord(
            "text", "share: B's share; lead: B's share less A's.", "share", ("share", "lead")
        ),
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """B's share: of all tokens, and if every token nobody can attribute were B's."""
    stretches = windows(frames["token_usage"], ask)
    if not stretches:
        return ask.lacks(f"no tokens of {channel_name(ask)} near {ask.about.in_words} were known")
    last = stretches[-1]
    share = bounds(last.rows, side(ask, "b"))
    name = side_name(side(ask, "b"))
    whose = subject(ask, "b")
    measure = ask.scope["measure"]
    estimated = token_estimate(ask, last, f"{name} {measure}", measure)
    says = (
        f"{whose} had {share.low:.1%} of all {channel_name(ask)} tokens from {last.start} "
        f"to {last.end} ({share.classified:.1%} of the classified ones, at most {share.high:.1%})"
    )
    notes = (
        share_of(ask, last),
        "tokens of different tokenizers are not one unit; a router is not the world",
    )
    return Answer(estimates=(estimated,), says=says, rows=_series(stretches, ask), notes=notes)


def _series(stretches: list[UsageWindow], ask: Ask) -> "tuple[dict[str, object], ...]":
    """Every window with its bounds, for the chart and for `h2h show`."""
    rows: list[dict[str, object]] = []
    for w in stretches:
        share = bounds(w.rows, side(ask, "b"))
        first = w.rows.row(0, named=True)
        rows.append(
            {
                "side": side_name(side(ask, "b")),
                "breakdown": first["breakdown"],
                "window_start": w.start,
                "window_end": w.end,
                "low_frac": share.low,
                "classified_frac": share.classified,
                "high_frac": share.high,
                "tokens": int(w.rows["tokens"].sum()),
                "known_on": w.rows["known_on"].max(),
                "source_id": first["source_id"],
                "verified": bool(w.rows["verified"].all()),
            }
        )
    return tuple(rows)
