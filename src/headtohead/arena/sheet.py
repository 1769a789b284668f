"""How an arena's board is shown: what is decided first, then the leaderboard of `rank`."""

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from headtohead.arena.judge_worth import JudgedPair, JudgeView
from headtohead.arena.meter import StopMeter
from headtohead.publish.sheet import Answer, Bar, Bars, Figure, Row, Sheet, TableColumn, Topic

if TYPE_CHECKING:
    from headtohead.arena.result import ArenaResult

_WORDS: dict[str, tuple[Answer, str]] = {
    "no_worse": ("yes", "no worse"),
    "equal": ("yes", "equal"),
    "better": ("yes", "better"),
    "worse": ("no", "worse"),
    "open": ("undecided", "not decided"),
}
_COLUMNS = (
    TableColumn("pair", "Can it stand in?"),
    TableColumn("category", "Category"),
    TableColumn("verdict", "It is"),
    TableColumn("votes", "Votes", 0),
    TableColumn("share_pct", "Wins, %", 1),
    TableColumn("low_pct", "from", 1),
    TableColumn("high_pct", "to", 1),
    TableColumn("more_votes", "More votes", 0),
)
_JUDGED = (
    TableColumn("pair", "Can it stand in?"),
    TableColumn("category", "Category"),
    TableColumn("votes", "People's votes", 0),
    TableColumn("people_pct", "Wins by people alone, %", 1),
    TableColumn("people_low_pct", "from", 1),
    TableColumn("people_high_pct", "to", 1),
    TableColumn("judge_pct", "with the judge, %", 1),
    TableColumn("judge_low_pct", "from", 1),
    TableColumn("judge_high_pct", "to", 1),
    TableColumn("saved", "Votes saved", 0),
)
_ALL = "Here the votes of all voters and days count, whatever was chosen."


def arena_sheet(result: "ArenaResult") -> Sheet:
    """The sheet of an arena: meters, then what `rank` shows."""
    topics: tuple[Topic, ...] = (Topic("meters", "What is decided", figures=(_meters(result),)),)
    if result.view.judge is not None:
        topics += (Topic("judge", "What the judge adds", figures=(_judge(result.view.judge),)),)
    if result.ranked is None:
        return Sheet(
            verb="arena board",
            title=_title(result),
            sentence=result.view.why,
            topics=topics if result.meters else (),
        )
    sheet = result.ranked.sheet
    shown = replace(sheet, verb="arena board", title=_title(result), command="")
    return replace(shown, topics=(*sheet.topics[:1], *topics, *sheet.topics[1:]))


def _title(result: "ArenaResult") -> str:
    """What the arena is called, and which of its votes are counted if not all are."""
    ask = result.view.ask
    of = [
        "votes of one voter" if ask.voter else "",
        f"prompts of the category {ask.category}" if ask.category else "",
        f"until {ask.until}" if ask.until else "",
    ]
    return ": ".join(filter(None, (result.title, ", ".join(filter(None, of)))))


def _meters(result: "ArenaResult") -> Figure:
    meters = result.meters
    if not meters:
        why = "There are many entrants, and no two sides were named under `compare` in arena.toml."
        return Figure("meters", "Which pairs are decided?", missing=why)
    alone = " by people's votes alone" if result.view.judge else ""
    first, ask = meters[0][1], result.view.ask
    said = [f"{m.sentence} {m.forecast}".strip() for category, m in meters if not category]
    bars = tuple(_bar(category, meter) for category, meter in meters if meter.votes)
    cautions = dict.fromkeys(caution for _, meter in meters for caution in meter.cautions)
    return Figure(
        "meters",
        f"Which pairs are decided{alone}?",
        subtitle=(
            f"Win share of the one that would stand in, ties half, with its {first.level:.0%} "
            "interval, which holds however often one looks"
        ),
        columns=_COLUMNS,
        rows=tuple(_row(category, meter) for category, meter in meters),
        bars=Bars(
            "win share minus a half, percentage points",
            bars,
            lines=((-first.margin_pp, "margin"),),
        )
        if bars
        else None,
        remarks=(*([_ALL] if ask.voter or ask.until or ask.trusted else ()), *said, *cautions),
    )


def _judge(judge: JudgeView) -> Figure:
    pairs = [pair for pair in judge.pairs if pair.calibrated is not None]
    said = [
        f"Can {b} stand in for {a}{f' in {p.category}' if p.category else ''}? "
        f"{' '.join(p.sentences)}"
        for p in judge.pairs
        for a, b in [p.names]
    ]
    return Figure(
        "judge",
        "How many votes of people does the judge save?",
        subtitle=judge.sentence,
        columns=_JUDGED,
        rows=tuple(_judged_row(pair) for pair in pairs),
        remarks=(*said, *judge.remarks),
    )


def _judged_row(pair: JudgedPair) -> Row:
    found = pair.calibrated
    assert found is not None
    shares = [
        100 * end
        for share in (found.people.share, found.meter.share)
        for end in (share.value, share.low, share.high)
    ]
    if not found.meter.votes:
        return (_name(found.meter), pair.category or "all", 0, *[None] * 6, None)
    return (_name(found.meter), pair.category or "all", found.meter.votes, *shares, pair.saved)


def _name(meter: StopMeter) -> str:
    return f"{meter.names[1]} for {meter.names[0]}"


def _row(category: str, meter: StopMeter) -> Row:
    share: tuple[float | None, ...] = (None, None, None)
    if meter.votes:
        share = tuple(100 * x for x in (meter.share.value, meter.share.low, meter.share.high))
    more = meter.more.value if math.isfinite(meter.more.value) else None
    return (_name(meter), category or "all", _WORDS[meter.verdict][1], meter.votes, *share, more)


def _bar(category: str, meter: StopMeter) -> Bar:
    value, low, high = (
        100 * (x - 0.5) for x in (meter.share.value, meter.share.low, meter.share.high)
    )
    label = f"{_name(meter)}, {category}" if category else _name(meter)
    return Bar(label, value, low, high, _WORDS[meter.verdict][0])
