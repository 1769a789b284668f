"""What trading agents returned in a season: at its end, or at their best moment."""

import polars as pl

from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.evidence.picking import listed, named, shown, span
from headtohead.names.names import called
from headtohead.questions.published import FIGURE_COLUMNS, figure

QUESTION = Question(
    asks="What did these agents return in the trading season?",
    reads=("figures",),
    units=("pct",),
    scope={
        "topic": ScopeWord("text", "Topic of the figures.", "trading_return", column="topic"),
        "models": ScopeWord("models", "Agents, by any name.", column="subject", within=("topic",)),
        "moment": ScopeWord(
            "text",
            "final: the season's end; peak: the highest value seen.",
            "final",
            ("final", "peak"),
        ),
    },
)
_MEASURES = {"final": "season return", "peak": "highest value seen"}


def run(frames: Frames, ask: Ask) -> Answer:
    """One return an agent, in percent of the stake; the bounds are those of the rounding."""
    moment = str(ask.scope["moment"])
    season = frames["figures"].filter(
        (pl.col("topic") == ask.scope["topic"]) & (pl.col("measure") == _MEASURES[moment])
    )
    kept, estimates, absent = [], [], []
    for wanted in ask.scope["models"]:
        row = named(season, wanted, "subject").head(1)
        if row.is_empty():
            absent.append(called(wanted.name))
            continue
        how = f"published {_MEASURES[moment]}; one run, so it says nothing about skill"
        estimates.append(figure(ask, row, wanted.name, "pct", method=how, n_of="season"))
        kept.append(row)
    if not estimates:
        return ask.lacks(f"no {moment} return of {listed(absent)} was known")
    says = listed(f"{called(e.label)} stood at {e.value:+.1f}%" for e in estimates)
    rows = pl.concat(kept)
    when = f"at the end of the season ({span(rows)})"
    if moment != "final":
        days = sorted({*rows["window_start"], *rows["window_end"]})
        when = f"at the highest, between {days[0]} and {days[-1]}"
    return Answer(
        estimates=tuple(estimates),
        says=f"{says} {when}",
        rows=shown(rows, FIGURE_COLUMNS),
        notes=("one 17-day run of six agents: a return is a fact of that run, not a skill",),
        absent=tuple(absent),
    )
