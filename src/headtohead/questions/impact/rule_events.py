"""Which export rules came into force in a window, and which way they pushed."""

from datetime import date

import polars as pl

from headtohead.core.estimate import Interval
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.evidence.picking import estimate, listed, shown

QUESTION = Question(
    asks="Did a rule that eased (or tightened) chip exports come into force in the window?",
    reads=("rules",),
    units=("n",),
    scope={
        "direction": ScopeWord(
            "text", "easier, tighter or mixed.", "easier", ("easier", "tighter", "mixed")
        ),
        "since": ScopeWord("day", "First day in force."),
        "until": ScopeWord("day", "Last day in force."),
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """How many rules of that direction came into force; before the window ends, none is final."""
    since, until = (date.fromisoformat(str(ask.scope[w])) for w in ("since", "until"))
    if ask.as_of < since:
        return Answer(
            missing=f"it cannot be known on {ask.as_of} what comes into force from {since}"
        )
    inside = pl.col("effective_from").is_between(since, until)
    rows = frames["rules"].filter(inside & (pl.col("direction") == ask.scope["direction"]))
    count = float(rows.height)
    over = ask.as_of >= until
    counted = estimate(
        ask,
        rows if rows.height else frames["rules"],
        label=f"{ask.scope['direction']} rules",
        interval=Interval(count, count, count if over else float("inf")),
        unit="n",
        level=1.0,
        method="count of rules in force; more may come until the window ends",
        n=frames["rules"].height,
        n_of="rules listed",
    )
    named = listed(f"{r['title']} ({r['effective_from']})" for r in rows.iter_rows(named=True))
    one = "rule" if rows.height == 1 else "rules"
    says = (
        f"{rows.height} {ask.scope['direction']} {one} came into force from {since} to "
        f"{min(until, ask.as_of)}"
    )
    says += f": {named}" if named else ""
    columns = "rule title direction chips announced_on effective_from effective_to"
    return Answer(estimates=(counted,), says=says, rows=shown(rows, columns))
