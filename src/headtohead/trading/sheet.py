"""How a judged season is shown."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from headtohead.core.dates import long_day
from headtohead.core.estimate import Citation, Interval
from headtohead.core.units import counted, span_of
from headtohead.publish.sheet import (
    Answer,
    Bar,
    Bars,
    Cell,
    Check,
    DataTable,
    Figure,
    Headline,
    Row,
    Sheet,
    Step,
    TableColumn,
    Topic,
)
from headtohead.publish.words import anchor, listed
from headtohead.trading.charts import accounts_chart, drawdowns_chart, luck_chart
from headtohead.trading.judging import AccountPair, AgentVerdict, Judgement, Luck
from headtohead.trading.measures import Account

_WORDS: Mapping[Answer, str] = {
    "yes": "BETTER THAN LUCK",
    "no": "WORSE THAN LUCK",
    "undecided": "NOT DISTINGUISHABLE FROM LUCK",
}
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_MOST_BANDS = 8
_DEFLATED = (
    "deflated Sharpe ratio",
    "https://doi.org/10.3905/jpm.2014.40.5.094",
)
# name -> (column, title, digits, what it is multiplied by)
_TRADED = {
    "trades": ("trades_n", "Trades", 0, 1.0),
    "wins": ("wins_pct", "With profit, %", 0, 100.0),
    "long": ("long_pct", "Long, %", 0, 100.0),
    "turnover": ("turnover_ratio", "Turnover a day", 1, 1.0),
    "exposure": ("exposure_ratio", "Exposure", 1, 1.0),
    "fees": ("fees_usd", "Fees, $", 0, 1.0),
    "funding": ("funding_usd", "Funding, $", 0, 1.0),
}
_RISKS = {
    "sharpe": ("sharpe", "Sharpe a year", 1, 1.0),
    "drawdown": ("drawdown_pct", "Drawdown, %", 1, 1.0),
    "beta": ("beta", "Beta", 1, 1.0),
    "market": ("market_pct", "Market part, %", 1, 1.0),
    "rest": ("rest_pct", "Rest, %", 1, 1.0),
}


def judge_sheet(
    j: Judgement, *, sources: Sequence[Citation] = (), notes: Sequence[str] = ()
) -> Sheet:
    """The report of one season."""
    season, verdicts = j.season, j.verdicts
    days = _days(season.start, season.end)
    one = len(verdicts) == 1
    facts: list[tuple[str, ...]] = [
        ("Agents", str(len(verdicts))),
        ("Tried in all", str(j.tried)),
        ("Closed trades", f"{len(season.trades):,}"),
        ("Days", f"{season.days:.0f}"),
        ("Each began with", f"${season.stake_usd:,.0f}"),
    ]
    if j.holding is not None and j.holding.by_coin:
        facts.append(("Holding all coins", f"{100 * (j.holding.value[-1] - 1):+.1f}%"))
    if left := sum(season.left_out.values()):
        facts.append(("Left out", f"{left:,}", "left-out"))
    sentence = _sentence(j, days)
    figures = [
        _chances(j),
        Figure(
            "accounts",
            "Accounts over time",
            "Lines are as known: by recorded values, else by closed trades and hourly prices until "
            "the last trade that is recorded. Points are recorded account values.",
            says=_accounts_says(j),
            chart=partial(accounts_chart, j),
            columns=_ACCOUNT_COLUMNS,
            rows=tuple(row for v in verdicts for row in _account_rows(v.account, j)),
            shown=0,
        ),
        Figure(
            "drawdowns",
            "Drawdowns",
            "How far an account stood below its own highest value so far.",
            says=_drawdown_says(verdicts),
            chart=partial(drawdowns_chart, j),
            columns=(
                TableColumn("agent", "Agent"),
                TableColumn("drawdown_pct", "Deepest, %", 1),
                TableColumn("drawdown_span", f"Of the same swings, {j.level:.0%}", 0),
            ),
            rows=tuple(
                (v.account.agent, m.value, _between(m.interval))
                for v in verdicts
                if (m := v.account.measures.get("drawdown"))
            ),
        ),
        _measures(j),
        _traded(j),
    ]
    if j.pairs or j.unpaired:
        figures.append(_pairs(j))
    if season.trades and any(len(season.equity[a]) > 1 for a in season.agents):
        figures.append(_booked(j))
    if season.left_out:
        figures.append(
            Figure(
                "left-out",
                "Left out",
                "Which rows of the files do not count?",
                columns=(TableColumn("reason", "Reason"), TableColumn("rows_n", "Rows", 0)),
                rows=tuple(sorted(season.left_out.items())),
            )
        )
    topics = [Topic(figures=tuple(figures[:2]))]
    bands = [(v, v.luck) for v in verdicts if v.luck is not None][:_MOST_BANDS]
    if bands:
        topics.append(
            Topic(
                slug="bands",
                title="Each account among random agents",
                asks="Random agents have the same trading times, sizes and share of longs, and use "
                "each coin as often; which coin and side goes with which trade is drawn anew.",
                figures=tuple(_band(j, v, luck) for v, luck in bands),
            )
        )
    topics.append(Topic("trading", "Risk and trading", figures=tuple(figures[2:])))
    return Sheet(
        verb="trade judge",
        title=_title(j),
        kicker=f"{'One account' if one else f'{len(verdicts)} accounts'}, {days}.",
        word=_WORDS[j.answer],
        answer=j.answer,
        sentence=sentence,
        headlines=_headlines(j),
        facts=tuple(facts),
        topics=tuple(topics),
        checks=tuple(
            Check(
                f"{v.account.agent} against luck",
                "none" if len(verdicts) > 1 else v.answer,
                _verdict_words(v, j),
            )
            for v in verdicts
        ),
        method=_method(j),
        sources=tuple(sources),
        about=f"{season.start:%Y-%m-%d}/{season.end:%Y-%m-%d}",
        notes=(
            *_partly(j),
            *season.notes,
            *(f"{note}." for v in verdicts for note in v.account.notes),
            *(f"{note.rstrip('.')}." for note in notes),
        ),
        main="chances",
    )


def _partly(j: Judgement) -> tuple[str, ...]:
    """What follows where trades are recorded for a part of the season only."""
    until = j.season.recorded_until
    if not j.season.trades or until >= j.season.end:
        return ()
    return (
        f"Trades are recorded until {long_day(until.date())} only, and none that was still open "
        "then. For the days after it random agents trade as the agent did before, in stretches of "
        "three days drawn anew.",
    )


def _title(j: Judgement) -> str:
    """The finding in words."""
    better = [v.account.agent for v in j.verdicts if v.answer == "yes"]
    n = len(j.verdicts)
    many = _many(n)
    if n == 1:
        return f"{j.verdicts[0].account.agent} {_IS[j.verdicts[0].answer]}"
    if not better:
        return f"None of {many} agents did better than luck explains"
    rest = n - len(better)
    named = listed(better) if len(better) <= 3 else f"{len(better)} of {many} agents"
    if not rest:
        return f"{named} did better than luck explains"
    return f"{named} did better than luck explains; {_many(rest)} of {many} did not"


def _many(n: int) -> str:
    return _NUMBERS[n] if n < len(_NUMBERS) else f"{n:,}"


_IS: Mapping[Answer, str] = {
    "yes": "did better than luck explains",
    "no": "did worse than luck explains",
    "undecided": "cannot be told from luck",
    "none": "cannot be judged",
}


def _sentence(j: Judgement, days: str) -> str:
    best, n = j.verdicts[0], len(j.verdicts)
    name, ended = best.account.agent, f"{100 * best.account.final_frac:+.1f}%"
    worst = j.verdicts[-1].account
    first = f"{name} returned {ended} from {days}."
    if n > 1:
        first = (
            f"From {days} {_many(n)} agents returned {100 * worst.final_frac:+.1f}% "
            f"({worst.agent}) to {ended} ({name})."
        )
    if best.chance is None:
        return " ".join([first, *(f"{note}." for note in best.account.notes)])
    if _alike(best):
        return (
            f"{first} Random agents that trade at its times, with its coins and sides, can only do "
            f"what {name} did, for its trades leave no other order of them: whether it was skill "
            "cannot be told."
        )
    raised = ""
    if best.corrected is not None and j.tried > 1:
        raised = (
            f"; corrected for {_many(j.tried)} tried, the chance of luck is up to "
            f"{_share(best.corrected)}"
        )
    if best.basis == "standing still":
        return (
            f"{first} An account that on average stands still, and swings as that of {name} did, "
            f"does as well in {_share(best.chance)} of cases{raised}."
        )
    return (
        f"{first} Of random agents that trade at the times of {name}, in its sizes and as often "
        f"long, {_share(best.chance)} do as well on the same candles{_replayed(best)}{raised}."
    )


def _alike(v: AgentVerdict) -> bool:
    return v.luck is not None and v.luck.bets.alike


def _replayed(v: AgentVerdict) -> str:
    """The larger chance of the two, where it is not the first: by it the verdict is made."""
    chance = None if v.luck is None else v.luck.replayed[0]
    if v.chance is None or chance is None or chance <= v.chance:
        return ""
    return f", and {_share(chance)} as well as its recorded trades in the same replay"


def _verdict_words(v: AgentVerdict, j: Judgement) -> str:
    """One account in a sentence."""
    if v.chance is None:
        return f"{v.account.agent} cannot be judged: {'; '.join(v.account.notes)}."
    return (
        f"{v.account.agent} returned {100 * v.account.final_frac:+.1f}%; luck does as well with a "
        f"chance of {_share(v.chance)} ({_share(v.corrected)} corrected for {j.tried} tried): "
        f"{v.word}."
    )


def _headlines(j: Judgement) -> tuple[Headline, ...]:
    best = j.verdicts[0]
    large = []
    if best.chance is not None and not _alike(best):
        what = "random agents" if best.basis == "random agents" else "accounts without any edge"
        large.append(
            Headline(
                _share(best.chance),
                f"of {what} did as well as {best.account.agent}, or better{_replayed(best)}.",
            )
        )
    total = best.account.measures["return"]
    large.append(
        Headline(
            f"{total.value:+.1f}%",
            f"is what {best.account.agent} returned; seasons of the same swings end between "
            f"{_span(total.interval, '{:+,.0f}%'.format)} ({j.level:.0%})."
            if total.interval and math.isfinite(total.interval.high)
            else f"is what {best.account.agent} returned; too little is known for an interval.",
        )
    )
    if j.holding is not None and j.holding.by_coin:
        large.append(
            Headline(
                f"{100 * (j.holding.value[-1] - 1):+.1f}%",
                f"is what holding {listed(j.holding.by_coin)} in equal parts returned.",
            )
        )
    return tuple(large)


def _chances(j: Judgement) -> Figure:
    """The forest of chances, and the table of verdicts."""
    bars, rows, whole = [], [], []
    for v in j.verdicts:
        total = v.account.measures["return"]
        low, high = _ends(total.interval)
        if drawn := v.drawn(j.level):
            low_end, high_end = 100 * drawn.low, 100 * drawn.high
            bars.append(Bar(v.account.agent, 100 * drawn.value, low_end, high_end, v.answer))
        replayed = None if v.luck is None else v.luck.replayed[0]
        chances = (_pct(v.chance), _pct(replayed), _pct(v.corrected))
        rows.append((v.account.agent, total.value, _between(total.interval), *chances, v.word))
        whole.append(
            (
                *(v.account.agent, total.value, low, high, *chances),
                _pct(v.worse),
                _pct(v.deflated),
                *(_value(v.account, name) for name in (*_RISKS, *_TRADED)),
                v.basis,
                v.word,
            )
        )
    agent, returned = TableColumn("agent", "Agent"), TableColumn("return_pct", "Return, %", 1)
    luck = (
        TableColumn("luck_pct", "Luck, %", 1),
        TableColumn("luck_replayed_pct", "Replayed, %", 1),
        TableColumn("luck_corrected_pct", "Corrected, %", 1),
    )
    more = [
        TableColumn(name, title, digits)
        for name, title, digits, _ in (*_RISKS.values(), *_TRADED.values())
    ]
    verdict = TableColumn("verdict", "Verdict")
    return Figure(
        "chances",
        "How likely is luck?",
        "The share of random agents that do as well as each agent, with the interval of the "
        f"drawing. Skill is shown where it stays below {j.alpha:.0%} after correction.",
        says=_chances_says(j),
        columns=(agent, returned, TableColumn("span", f"{j.level:.0%}", 0), *luck, verdict),
        rows=tuple(rows),
        data=DataTable(
            (
                *(agent, returned),
                TableColumn("return_low_pct", "Low", 0),
                TableColumn("return_high_pct", "High", 0),
                *luck,
                TableColumn("worse_corrected_pct", "Luck does as badly, corrected, %", 1),
                TableColumn("deflated_sharpe_pct", "Sharpe ratio beyond luck's best, %", 1),
                *more,
                TableColumn("compared_with", "Compared with"),
                verdict,
            ),
            tuple(whole),
        ),
        bars=Bars(
            unit="chance that luck does as well, %",
            bars=tuple(bars),
            lines=((100 * j.alpha, f"{j.alpha:.0%}"),),
            bounds=(0, 100),
        )
        if bars
        else None,
        remarks=(
            "Luck: random agents that do as well as the account. Replayed: that do as well as its "
            "own recorded trades in the same replay.",
            "Corrected: the larger of both chances, raised by Holm's method for "
            f"{counted(j.tried, 'agent or variant', 'agents or variants')} tried.",
            f"Intervals of returns hold with {j.level:.0%}, each by itself.",
        ),
    )


def _chances_says(j: Judgement) -> str:
    known = [v for v in j.verdicts if v.corrected is not None]
    if not known:
        return "no account is known well enough to be compared with luck"
    first = min(known, key=lambda v: v.corrected or 0.0)
    return (
        f"the smallest chance is that of {first.account.agent}, {_share(first.chance)}, and "
        f"{_share(first.corrected)} corrected for {j.tried} tried"
    )


def _measures(j: Judgement) -> Figure:
    """Risk, and what the market did for each account."""
    columns = [TableColumn("agent", "Agent")]
    shown = [name for name in _RISKS if name != "drawdown"]  # which has a figure of its own
    for name, title, digits, _ in (_RISKS[name] for name in shown):
        columns += [
            TableColumn(name, title, digits),
            TableColumn(f"{name}_span", f"{j.level:.0%}", digits),
        ]
    rows: list[Row] = []
    for v in j.verdicts:
        cells: list[Cell] = [v.account.agent]
        for name in shown:
            m = v.account.measures.get(name)
            cells += [None, None] if m is None else [m.value, _between(m.interval)]
        rows.append(tuple(cells))
    parts = [v for v in j.verdicts if "rest" in v.account.measures]
    sure = [v for v in parts if (i := v.account.measures["rest"].interval) and i.low > 0]
    says = "no candles are known, so the part of the market is not"
    if parts:
        says = (
            f"beyond the market {listed([v.account.agent for v in sure])} gained for sure"
            if sure
            else "no account gained beyond its share of the market by more than its interval"
        )
    return Figure(
        "measures",
        "Risk, and the market's part",
        "Of the curve until the last known trade. The market's part is beta times the log return "
        "of holding all coins; the rest times it gives the whole.",
        says=says,
        columns=tuple(columns),
        rows=tuple(rows),
        remarks=(f"Beside each number its interval, {j.level:.0%}, by the stationary bootstrap.",),
        table_first=True,
    )


def _traded(j: Judgement) -> Figure:
    return Figure(
        "trades",
        "How they traded",
        "Turnover: bought and sold a day, over the mean account. Exposure: the value held over "
        "that of the account, averaged over time.",
        says=_traded_says(j),
        columns=(
            TableColumn("agent", "Agent"),
            *(TableColumn(name, title, digits) for name, title, digits, _ in _TRADED.values()),
        ),
        rows=tuple(
            (v.account.agent, *(_value(v.account, name) for name in _TRADED)) for v in j.verdicts
        ),
        remarks=()
        if any(_value(v.account, "funding") is not None for v in j.verdicts)
        else ("What was paid or earned as funding is not in the files.",),
        missing="" if j.season.trades else "The files hold no trades, only values of accounts.",
        table_first=True,
    )


def _traded_says(j: Judgement) -> str:
    longs = [
        (m.value, v.account.agent) for v in j.verdicts if (m := v.account.measures.get("long"))
    ]
    if not longs:
        return ""
    (least, low), (most, high) = min(longs), max(longs)
    if len(longs) == 1:
        return f"{high} was long in {_share(most)} of its trades"
    return f"{high} was long in {_share(most)} of its trades, {low} in {_share(least)}"


def _pairs(j: Judgement) -> Figure:
    def name(p: AccountPair) -> str:
        return f"{p.a} / {p.b}"

    apart = [p for p in j.pairs if not p.ratio.low <= 1 <= p.ratio.high]
    return Figure(
        "pairs",
        "Two by two",
        "The account of one over that of the other, over the steps that both have; intervals hold "
        "jointly for all pairs.",
        says=f"{listed([name(p) for p in apart])} differ by more than their interval"
        if apart
        else "no two accounts differ by more than their interval",
        columns=(
            TableColumn("pair", "Accounts"),
            TableColumn("ratio", "Ratio", 2),
            TableColumn("low_ratio", "Low", 2),
            TableColumn("high_ratio", "High", 2),
            TableColumn("p_frac", "p", 3),
            TableColumn("steps_n", "Steps", 0),
        ),
        rows=tuple((name(p), p.ratio.value, *_ends(p.ratio), p.p, p.n) for p in j.pairs),
        bars=Bars(
            unit="account of the first over that of the second",
            bars=tuple(
                Bar(name(p), p.ratio.value, p.ratio.low, p.ratio.high) for p in j.pairs[:30]
            ),
            log=True,
        )
        if j.pairs
        else None,
        remarks=(
            *(f"{why}." for why in j.unpaired[:5]),
            "p is corrected by Holm's method for all pairs.",
        ),
    )


def _booked(j: Judgement) -> Figure:
    """Whether the trades explain the account: last value against stake plus profits."""
    rows: list[Row] = []
    worst = 0.0
    for v in j.verdicts:
        trades = v.account.trades
        values = [x for x in j.season.equity[v.account.agent][1:]]
        if not trades or not values:
            continue
        until = trades[-1].closed_at
        at, usd = min(values, key=lambda x: abs(x[0] - until))
        booked = j.season.stake_usd + sum(t.net_usd for t in trades if t.closed_at <= at)
        worst = max(worst, abs(usd - booked))
        rows.append((v.account.agent, f"{at:%Y-%m-%d %H:%M}", usd, booked, usd - booked))
    told = [t for t in j.season.trades if t.net_recorded and t.fees_usd is not None]
    odd = sum(
        abs(t.gross_usd - (t.fees_usd or 0) + (t.funding_usd or 0) - t.net_usd) > 1 for t in told
    )
    said = (
        f"In {odd} of {counted(len(told), 'trade')} the recorded prices and fees do not give the "
        "recorded profit to a dollar: where one was filled at several prices, one is printed."
    )
    return Figure(
        "booked",
        "Trades against accounts",
        "The account value recorded nearest the last known trade, and the stake with the profit of "
        "all closed trades until then. What is between them is open positions, funding, and trades "
        "that the files lack.",
        says=f"the largest difference is ${worst:,.0f}",
        columns=(
            TableColumn("agent", "Agent"),
            TableColumn("at", "Recorded at, UTC"),
            TableColumn("recorded_usd", "Recorded, $", 0),
            TableColumn("booked_usd", "By trades, $", 0),
            TableColumn("difference_usd", "Difference, $", 0),
        ),
        rows=tuple(rows),
        remarks=(said,) if odd else (),
        table_first=True,
    )


def _band(j: Judgement, v: AgentVerdict, luck: Luck) -> Figure:
    name, drawn = v.account.agent, luck.season
    good = round(drawn.value * (drawn.draws + 1)) - 1  # the chance counts the agent among them
    remarks = [f"{note}." for note in drawn.notes]
    if drawn.lost_frac:
        share = _share(drawn.lost_frac)
        remarks.append(f"{share} of the random agents lost a position to liquidation.")
    own = luck.bets.replayed_frac
    if own is not None:
        until = (
            f" until {long_day(j.season.recorded_until.date())}" if luck.bets is not drawn else ""
        )
        remarks.append(
            f"Its own trades{until} return {own:+.1%} when replayed on the candles; "
            f"{_share(luck.replayed[0])} of random agents do as well as that."
        )
    return Figure(
        f"band-{anchor(name)}",
        f"{name} among random agents",
        f"The band holds {j.level:.0%} of them at each moment; the dashed line is their median.",
        says=f"{name} returned {100 * v.account.final_frac:+.1f}%; {good:,} of "
        f"{drawn.draws:,} random agents did as well",
        chart=partial(luck_chart, j, v),
        columns=(
            TableColumn("at", "Time, UTC"),
            TableColumn("low_pct", "Low", 1),
            TableColumn("median_pct", "Median of random agents, % of the stake", 1),
            TableColumn("high_pct", "High", 1),
        ),
        rows=tuple(
            (f"{at:%Y-%m-%d %H:%M}", 100 * low, 100 * middle, 100 * high)
            for at, low, middle, high in zip(
                drawn.times,
                drawn.low.tolist(),
                drawn.median.tolist(),
                drawn.high.tolist(),
                strict=True,
            )
        ),
        shown=0,
        remarks=tuple(remarks),
    )


_ACCOUNT_COLUMNS = (
    TableColumn("agent", "Agent"),
    TableColumn("at", "Time, UTC"),
    TableColumn("value_pct", "% of the stake", 2),
    TableColumn("known_by", "Known by"),
)


def _account_rows(account: Account, j: Judgement) -> list[Row]:
    stake = j.season.stake_usd
    points = [(at, usd, "recorded value") for at, usd in j.season.equity[account.agent]]
    if account.curve is not None and account.curve.made != "recorded":
        points += [
            (at, usd, "trades")
            for at, usd in zip(account.curve.times, account.curve.equity_usd.tolist(), strict=True)
        ]
    return [
        (account.agent, f"{at:%Y-%m-%d %H:%M}", 100 * usd / stake, how)
        for at, usd, how in sorted(points)
    ]


def _accounts_says(j: Judgement) -> str:
    """The highest value of all, what became of it, and where luck stood then."""
    peaks = [(max(_seen(v.account, j), key=lambda x: x[1]), v) for v in j.verdicts]
    (at, usd), v = max(peaks, key=lambda x: x[0][1])
    said = (
        f"the highest value seen was {100 * (usd / j.season.stake_usd - 1):+.0f}%, of "
        f"{v.account.agent} on {long_day(at.date())}"
    )
    if at.date() < v.account.final_at.date():
        said += f", which ended at {100 * v.account.final_frac:+.1f}%"
    if v.luck is None:
        return said
    drawn = v.luck.season
    then = max(n for n, t in enumerate(drawn.times) if t <= at or not n)
    middle = 100 * (float(drawn.median[then]) - 1)
    return f"{said}; the median of random agents like it then stood at {middle:+.0f}%"


def _seen(account: Account, j: Judgement) -> list[tuple[datetime, float]]:
    seen = list(j.season.equity[account.agent])
    if account.curve is not None:
        seen += zip(account.curve.times, account.curve.equity_usd.tolist(), strict=True)
    return seen


def _drawdown_says(verdicts: Sequence[AgentVerdict]) -> str:
    known = [
        (m.value, v.account.agent) for v in verdicts if (m := v.account.measures.get("drawdown"))
    ]
    if not known:
        return ""
    deepest, agent = max(known)
    return f"the deepest is that of {agent}, {deepest:.0f}%"


def _method(j: Judgement) -> tuple[Step, ...]:
    bases = {v.basis for v in j.verdicts}
    steps = []
    if "random agents" in bases:
        draws = max(v.luck.season.draws for v in j.verdicts if v.luck is not None)
        steps.append(
            Step(
                f"{draws:,} random agents for each account open and close when it did, as large in "
                "units of their own account and as often long, with coins and sides drawn anew, on "
                "the same candles with fees and liquidation. The chance of luck is (1 + those that "
                "return as much) / (1 + all): once against what the account returned, once against "
                "what its own trades return when they are replayed alike, which is exact. The "
                "verdict takes the larger. All this takes for granted that how long and how large "
                "a bet was did not hang on how it went: simulated agents without skill that took "
                "small gains and let losses run, or kept 8 times their stake at risk whatever they "
                "had left, had a chance of at most 5% in 8 of 100 seasons.",
                "Luck",
            )
        )
    if "standing still" in bases:
        steps.append(
            Step(
                "Where trades or candles are lacking, an account is compared with one that on "
                "average stands still and swings as it did: its own steps drawn anew in blocks, "
                "their mean taken out.",
                "Without candles",
            )
        )
    steps += [
        Step(
            "The stationary bootstrap draws blocks of the account's own steps, as long on average "
            "as their autocorrelation asks for.",
            "Intervals",
            (
                ("stationary bootstrap", "https://doi.org/10.1080/01621459.1994.10476870"),
                ("length of blocks", "https://doi.org/10.1081/ETC-120028836"),
            ),
        ),
        Step(
            f"Chances are raised by Holm's method for all {j.tried} tried. Beside them stands the "
            "chance that a Sharpe ratio exceeds the best to be expected of so many without skill.",
            "Many tried",
            (_DEFLATED,),
        ),
        Step(
            "Sharpe ratios are those of the steps times the root of the steps in 365 days, without "
            "a riskless rate.",
            "Sharpe ratio",
        ),
    ]
    return tuple(steps)


def _days(start: datetime, end: datetime) -> str:
    last = (end - timedelta.resolution).date()  # what ends at midnight has not seen the next day
    return f"{long_day(start.date())} to {long_day(last)}"


def _share(chance: float | None) -> str:
    if chance is None:
        return "unknown"
    if 0.995 <= chance < 1:
        return "over 99%"
    if chance >= 0.095:
        return f"{100 * chance:.0f}%"
    return f"{100 * chance:.2g}%"


def _pct(chance: float | None) -> float | None:
    return None if chance is None else 100 * chance


def _value(account: Account, name: str) -> float | None:
    m = account.measures.get(name)
    by = {**_RISKS, **_TRADED}[name][3]
    return None if m is None else by * m.value


def _ends(interval: Interval | None) -> tuple[float | None, float | None]:
    """For a table: nothing where an end is open or unknown."""
    if interval is None:
        return None, None
    low, high = interval.low, interval.high
    return (low if math.isfinite(low) else None, high if math.isfinite(high) else None)


def _between(interval: Interval | None) -> str:
    """For a table: both ends, or a dash."""
    if interval is None or not math.isfinite(interval.high):
        return "–"
    digits = 1 if max(abs(interval.low), abs(interval.high)) < 10 else 0
    return f"{interval.low:,.{digits}f} to {interval.high:,.{digits}f}"


def _span(interval: Interval, write: Callable[[float], str]) -> str:
    return span_of(interval.low, interval.high, write).replace(" to ", " and ")
