"""How a run of trading agents is shown."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial

from headtohead.core.estimate import Citation, Interval
from headtohead.core.units import counted, span_of
from headtohead.publish.sheet import (
    Answer,
    Bar,
    Bars,
    Check,
    Figure,
    Headline,
    Row,
    Sheet,
    Step,
    TableColumn,
    Topic,
)
from headtohead.publish.words import listed
from headtohead.trading.bootstrap import FEWEST_BLOCKS
from headtohead.trading.running.charts import MOST_DRAWN, accounts_chart
from headtohead.trading.running.result import TradeRun
from headtohead.trading.running.summing import Contender

_WORDS: Mapping[Answer, str] = {
    "yes": "BETTER THAN LUCK",
    "no": "WORSE THAN LUCK",
    "undecided": "NOT DISTINGUISHABLE FROM LUCK",
    "none": "",
}
_IS: Mapping[Answer, str] = {
    "yes": "better than luck explains",
    "no": "worse than luck explains",
    "undecided": "not distinguishable from luck",
    "none": "never traded",
}


def run_sheet(
    run: TradeRun, *, sources: Sequence[Citation], notes: Sequence[str], as_of: date | None
) -> Sheet:
    """The report of one run."""
    windows, market = run.played.windows, run.course.market
    figures = [_returns(run), _differences(run), _accounts(run), _windows(run), _decisions(run)]
    n, hidden = len(windows), run.course.anonymous
    first, last = run.ends_of(windows[0])[0], run.ends_of(windows[-1])[1]
    facts = [
        ("Windows", f"{n} of {run.days:g} days"),
        ("Decisions in each", f"{run.course.windows.decisions:,}, every {run.every}"),
        ("Coins", listed(market.coins)),
        ("Candles", f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"),
        ("Each began with", f"${run.course.stake_usd:,.0f}"),
        ("Agents were shown", "no dates, scaled prices" if hidden else "dates and real prices"),
    ]
    if run.spent_usd is not None:
        facts.append(("Spent on answers", f"${run.spent_usd:,.4f}"))
    return Sheet(
        verb="trade run",
        title=_title(run),
        kicker=f"{counted(len(run.agents), 'agent')} and {counted(len(run.baselines), 'baseline')} "
        f"in {counted(n, 'window')} of {run.days:g} days.",
        word=_WORDS[run.answer] if any(a.luck for a in run.agents) else "NEVER TRADED",
        answer=run.answer,
        sentence=_sentence(run, run.agents[0]),
        headlines=_headlines(run),
        facts=tuple(facts),
        topics=(Topic(figures=tuple(figures)),),
        checks=tuple(
            Check(
                f"{agent.name} against luck",
                "none" if len(run.agents) > 1 else run.verdict(agent),
                _sentence(run, agent),
            )
            for agent in run.agents
        ),
        method=_method(run),
        sources=tuple(sources),
        about=f"{first:%Y-%m-%d}/{last:%Y-%m-%d}",
        as_of=as_of,
        notes=tuple(f"{note.rstrip('.')}." for note in (*_notes(run), *notes)),
        next=(f"`h2h trade run --replay {run.log}` gives the same accounts and asks nobody.",),
        main="returns",
    )


def _title(run: TradeRun) -> str:
    better = [agent.name for agent in run.agents if run.verdict(agent) == "yes"]
    n = len(run.agents)
    if n == 1:
        word = _IS[run.verdict(run.agents[0])]
        return f"{run.agents[0].name} {'' if word.startswith('never') else 'is '}{word}"
    if not better:
        return f"None of {n} agents traded better than luck explains"
    return f"{listed(better)} of {n} agents traded better than luck explains"


def _sentence(run: TradeRun, agent: Contender) -> str:
    said = (
        f"{agent.name} returned {_pct(agent.returned_pct)} a window of {run.days:g} days on average"
        f", over {counted(len(run.played.windows), 'window')}"
    )
    luck = agent.luck
    if luck is None:
        failed = sum(agent.failed.values())
        why = f" It gave no answer in {counted(failed, 'decision')}." if failed else ""
        return f"{said}; it never traded, so it is not compared with luck.{why}"
    if luck.alike:
        return (
            f"{said}. It bet so seldom, or so much alike, that random agents have no other coin or "
            "side to give its bets: whether it was skill cannot be told."
        )
    raised = f" ({_share(luck.corrected)} corrected for {run.tried} tried)"
    return (
        f"{said}; of random agents with its bets on other coins and sides, "
        f"{_share(luck.chance)} do as well{raised if run.tried > 1 else ''}: "
        f"{_IS[run.verdict(agent)]}."
    )


def _headlines(run: TradeRun) -> tuple[Headline, ...]:
    best = run.agents[0]
    large = [
        Headline(
            f"{best.returned_pct.value:+.1f}%",
            f"is the mean return of {best.name} in a window ({_ends(best.returned_pct)}).",
        )
    ]
    if best.luck is not None and not best.luck.alike:
        large.append(Headline(_share(best.luck.chance), "of random agents do as well."))
    held = next(x for x in run.baselines if x.name == "equal weight")
    large.append(
        Headline(
            f"{held.returned_pct.value:+.1f}%",
            f"is that of holding {listed(run.course.market.coins)} in equal parts.",
        )
    )
    return tuple(large)


def _returns(run: TradeRun) -> Figure:
    every = (*run.agents, *run.baselines)
    return Figure(
        "returns",
        "Mean return of a window",
        f"Bars are intervals over windows, each holding with {run.level:.0%} by itself.",
        says=_returns_says(run),
        columns=(
            TableColumn("agent", "Agent"),
            TableColumn("kind", "Kind"),
            TableColumn("return_pct", "Return, %", 2),
            TableColumn("return_low_pct", "Low", 2),
            TableColumn("return_high_pct", "High", 2),
            TableColumn("luck_pct", "Luck does as well, %", 1),
            TableColumn("luck_corrected_pct", "Corrected, %", 1),
            TableColumn("drawdown_pct", "Drawdown, %", 1),
            TableColumn("deepest_drawdown_pct", "Deepest, %", 1),
            TableColumn("liquidated_n", "Liquidated", 0),
            TableColumn("trades_n", "Trades", 0),
            TableColumn("turnover_ratio", "Turnover a day", 2),
            TableColumn("fees_pct", "Fees, %", 2),
            TableColumn("funding_pct", "Funding, %", 2),
        ),
        rows=tuple(
            (
                one.name,
                one.kind,
                one.returned_pct.value,
                *map(_finite, (one.returned_pct.low, one.returned_pct.high)),
                None if one.luck is None else 100 * one.luck.chance,
                None if one.luck is None else 100 * one.luck.corrected,
                one.drawdown_pct,
                one.deepest_pct,
                one.liquidated_n,
                one.trades_n,
                one.turnover,
                one.fees_pct,
                one.funding_pct,
            )
            for one in every
        ),
        bars=Bars(
            unit="mean return of a window, %",
            bars=tuple(
                Bar(
                    one.name,
                    one.returned_pct.value,
                    one.returned_pct.low,
                    one.returned_pct.high,
                    run.verdict(one) if one.kind != "baseline" else "none",
                )
                for one in every
            ),
        ),
        remarks=(
            "Drawdown: the deepest fall below the highest value so far, the mean over windows. "
            "Liquidated: windows with a liquidation. Fees and funding: of the stake, a window.",
            f"Buy and hold is of {run.course.market.coins[0]}; equal weight of all coins. Momentum "
            "goes with the way that each coin moved over the candles shown. Random changes to a "
            "random coin and side eight times a window on average.",
        ),
    )


def _returns_says(run: TradeRun) -> str:
    hit = [one.name for one in run.agents if one.liquidated_n]
    best = run.agents[0]
    said = f"{best.name} returned {_pct(best.returned_pct)} a window"
    return f"{said}; {listed(hit)} had positions liquidated" if hit else said


def _differences(run: TradeRun) -> Figure:
    rows = [(agent, x) for agent in run.agents for x in agent.differences]
    of = ": {}" if len(run.agents) > 1 else ""
    ahead = [f"{agent.name} of {listed(agent.ahead_of)}" for agent in run.agents if agent.ahead_of]
    return Figure(
        "differences",
        "Against the baselines, window by window",
        "The agent's mean return minus that of a baseline in the same windows; intervals hold "
        f"jointly for all {len(rows)} differences.",
        says=f"ahead for sure: {'; '.join(ahead)}"
        if ahead
        else "no agent is ahead of a baseline by more than the interval",
        columns=(
            TableColumn("agent", "Agent"),
            TableColumn("baseline", "Baseline"),
            TableColumn("difference_pp", "Difference, points", 2),
            TableColumn("low_pp", "Low", 2),
            TableColumn("high_pp", "High", 2),
            TableColumn("p_frac", "p", 3),
        ),
        rows=tuple(
            (agent.name, x.baseline, x.pp.value, _finite(x.pp.low), _finite(x.pp.high), x.p)
            for agent, x in rows
        ),
        bars=Bars(
            unit="percentage points a window, agent minus baseline",
            bars=tuple(
                # What differs comes first, for long labels are cut.
                Bar(f"against {x.baseline}{of.format(agent.name)}", x.pp.value, x.pp.low, x.pp.high)
                for agent, x in rows[:24]
            ),
        ),
        remarks=("p is by Student's t, corrected by Holm's method for all differences.",),
    )


def _accounts(run: TradeRun) -> Figure:
    every = (*run.agents, *run.baselines)
    more = len(run.agents) - MOST_DRAWN
    return Figure(
        "accounts",
        "Accounts over a window",
        "Lines are the middle of all windows; the band of an agent holds eight in ten of them.",
        says=f"at the end of the middle window {run.agents[0].name} had "
        f"{run.agents[0].path[0, -1]:.1f}% of the stake",
        chart=partial(accounts_chart, run),
        columns=(
            TableColumn("agent", "Agent"),
            TableColumn("day", "Day", 3),
            TableColumn("median_pct", "Middle, % of the stake", 2),
            TableColumn("low_pct", "Lower end of the band", 2),
            TableColumn("high_pct", "Upper end", 2),
        ),
        rows=tuple(
            (one.name, bar * run.days / (one.path.shape[1] - 1), *one.path[:, bar].tolist())
            for one in every
            for bar in range(one.path.shape[1])
        ),
        shown=0,
        note=f"The chart leaves out {counted(more, 'agent')}." if more > 0 else "",
    )


def _windows(run: TradeRun) -> Figure:
    every = (*run.agents, *run.baselines)
    rows: list[Row] = []
    for place, window in enumerate(run.played.windows):
        start, end = run.ends_of(window)
        returns = (float(one.by_window_pct[place]) for one in every)
        rows.append((f"{start:%Y-%m-%d %H:%M}", f"{end:%Y-%m-%d %H:%M}", *returns))
    first = run.agents[0]
    won = int((first.by_window_pct > 0).sum())
    return Figure(
        "windows",
        "Window by window",
        "Return of each account in each window, in percent; times are UTC.",
        says=f"{first.name} gained in {won} of {counted(len(rows), 'window')}",
        columns=(
            TableColumn("start", "Start"),
            TableColumn("end", "End"),
            *(TableColumn(f"return_{n}_pct", one.name, 1) for n, one in enumerate(every, 1)),
        ),
        rows=tuple(rows),
        table_first=True,
    )


def _decisions(run: TradeRun) -> Figure:
    rejected = Counter[str]()
    failed = Counter[str]()
    for one in run.agents:
        rejected.update(one.rejected)
        failed.update(one.failed)
    remarks = [
        f"Counted as hold, {what}: {', '.join(f'{why} ({n:,})' for why, n in of.most_common(8))}."
        for what, of in (("rejected", rejected), ("without an answer", failed))
        if of
    ]
    n, models = sum(rejected.values()), any(one.kind == "model" for one in run.agents)
    return Figure(
        "decisions",
        "Decisions, rejections and cost",
        "Everyone decided as often. A rejected action and a missing answer count as hold.",
        says=f"{counted(n, 'action was', 'actions were')} rejected",
        columns=(
            TableColumn("agent", "Agent"),
            TableColumn("decisions_n", "Decisions", 0),
            TableColumn("acted_n", "With an order", 0),
            TableColumn("rejected_n", "Rejected", 0),
            TableColumn("failed_n", "Without an answer", 0),
            *(_PAID if models else ()),
        ),
        rows=tuple(
            (
                one.name,
                one.decisions_n,
                one.acted_n,
                sum(one.rejected.values()),
                sum(one.failed.values()),
                *(_paid(one) if models else ()),
            )
            for one in run.agents
        ),
        remarks=tuple(remarks),
        table_first=True,
    )


_PAID = (
    TableColumn("input_tokens_n", "Tokens in", 0),
    TableColumn("output_tokens_n", "Tokens out", 0),
    TableColumn("cost_usd", "Cost, $", 4),
    TableColumn("unsure_usd", "May be billed beside, $", 4),
)


def _paid(one: Contender) -> Row:
    if one.kind != "model":
        return (None,) * len(_PAID)
    return one.input_tokens, one.output_tokens, one.cost_usd, one.unsure_usd


def _notes(run: TradeRun) -> list[str]:
    notes = list(run.course.windows.notes)
    planned = int(run.course.windows.first.size)
    played = len(run.played.windows)
    if run.played.stopped == "ceiling":
        notes.append(
            f"The ceiling of money was reached after {played} of {planned} windows; run again with "
            "more, and it goes on there"
        )
    elif run.played.stopped == "unfinished":
        notes.append(f"The log holds {played} of {planned} windows; the others are not finished")
    if math.isinf(run.agents[0].returned_pct.high):
        first = run.agents[0]
        if played >= FEWEST_BLOCKS and len(set(first.by_window_pct.tolist())) == 1:
            notes.append(f"{first.name} returned the same in all windows, so it has no interval")
        else:
            few = counted(played, "window is", "windows are")
            notes.append(f"{few} too few for an interval; ask for more")
    if not run.course.anonymous and any(x.kind == "model" for x in run.agents):
        notes.append(
            "Agents were shown dates and real prices: a model may recall what it has read of days "
            "before its training ended"
        )
    if not run.course.market.funding_known.all():
        notes.append("Funding is not known for every bar; where it is not, none is charged")
    return notes


def _method(run: TradeRun) -> tuple[Step | str, ...]:
    contract = run.course.contract
    return (
        Step(
            "Windows lie at random places of equal parts of the candles, the same for everyone.",
            "windows",
        ),
        Step(
            "An agent sees bars that have closed and its own account. Its orders fill at the next "
            f"opening price, by the rules of {contract.name}: {1e4 * contract.taker_frac:g} basis "
            f"points as taker, {1e4 * contract.slippage_frac:g} of slippage, {run.course.margin} "
            "margin. What is open at the end is valued at the last price.",
            "accounts",
        ),
        Step(
            "Intervals are by a bootstrap over windows, moved outwards as Student's t is for so "
            "many of them; those of differences are by Student's t, jointly for all (Bonferroni).",
            "intervals",
            (("Hesterberg 2015", "https://doi.org/10.1080/00031305.2015.1089789"),),
        ),
        Step(
            "Random agents make the same bets at the same times, with coins and sides drawn anew; "
            "the agent's own bets are replayed as theirs are, without stops. The chance is "
            f"corrected by Holm's method for {run.tried} tried.",
            "luck",
            (("Phipson & Smyth 2010", "https://doi.org/10.2202/1544-6115.1585"),),
        ),
    )


def _pct(interval: Interval) -> str:
    return f"{interval.value:+.1f}% ({_ends(interval)})"


def _ends(interval: Interval) -> str:
    if math.isinf(interval.low) and math.isinf(interval.high):
        return "no interval"
    return span_of(interval.low, interval.high, "{:+.1f}%".format)


def _share(frac: float) -> str:
    if 0.9995 <= frac < 1:
        return "over 99.9%"
    return f"{100 * frac:.1f}%" if frac >= 0.001 else f"{100 * frac:.2g}%"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
