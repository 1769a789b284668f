"""`trade_judge`: skill or luck, by trades and account values that are recorded."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from headtohead.core.errors import InputError, NoEvidence
from headtohead.core.estimate import Citation
from headtohead.core.settings import takes
from headtohead.core.units import first_few
from headtohead.evidence.store import Store
from headtohead.files.opening import file_citation
from headtohead.trading.result import JudgeResult
from headtohead.trading.season import Season
from headtohead.trading.settings import JudgeSettings

if TYPE_CHECKING:
    import numpy as np

    from headtohead.trading.judging import Luck
    from headtohead.trading.market import Market
    from headtohead.trading.measures import Account


@takes(settings=JudgeSettings)
def trade_judge(
    *files: str | Path,
    settings: JudgeSettings,
    store: Store | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> JudgeResult:
    """Whether accounts did better than luck explains, by their trades or their values.

    Args:
        files: Trades, account values, or both, of one season: files or a folder of nof1's Alpha
            Arena, results of freqtrade backtests, or plain tables.
        store: The evidence, for candles; the user's own if None.
        progress: Told of every step, since random agents take a while.

    Raises:
        InputError: If the files hold nothing to judge, or do not fit together.

    Examples:
        >>> trade_judge("backtest-result.zip", tried=40).sheet.answer  # doctest: +SKIP
        'undecided'
    """
    import numpy as np

    from headtohead.trading.judging import Luck, judged
    from headtohead.trading.measures import account_of, hold
    from headtohead.trading.reading import recorded
    from headtohead.trading.season import season_of
    from headtohead.trading.sheet import judge_sheet

    if not files:
        raise InputError("Give a file of trades or of account values.")
    progress("reading the files")
    parts, read = recorded(files, format=settings.format, mapping=settings.mapping)
    season = season_of(parts, stake_usd=settings.stake, start=settings.start, end=settings.end)
    everyone = (*season.agents, *season.idle)
    tried = settings.tried or len(everyone)
    if tried < len(everyone):
        raise InputError(
            f"`tried` is {tried}, and the files hold {len(everyone)} agents: "
            f"{first_few(everyone)}. Give at least as many."
        )
    sources = [file_citation(f"file_{n}", path, "Trades") for n, path in enumerate(read, 1)]
    market, more, notes = _market(season, settings, store)
    sources += more
    streams = np.random.default_rng(settings.seed).spawn(2 * len(season.agents) + 1)
    holding = hold(market, season) if market is not None else None
    accounts, luck = [], {}
    for place, agent in enumerate(season.agents):
        progress(f"measuring {agent}")
        accounts.append(
            account_of(
                season,
                agent,
                market,
                holding,
                streams[2 * place],
                rounds=settings.draws,
                level=settings.level,
            )
        )
        progress(f"drawing random agents for {agent}")
        drawn = _luck(season, accounts[-1], market, settings, streams[2 * place + 1])
        if isinstance(drawn, Luck):
            luck[agent] = drawn
        elif drawn:
            notes.append(drawn)
    judgement = judged(
        season,
        accounts,
        luck,
        holding,
        streams[-1],
        tried=tried,
        alpha=settings.alpha,
        level=settings.level,
        rounds=settings.draws,
    )
    return JudgeResult(
        judgement=judgement, sheet=judge_sheet(judgement, sources=sources, notes=notes)
    )


def _market(
    season: Season, settings: JudgeSettings, store: Store | None
) -> "tuple[Market | None, list[Citation], list[str]]":
    """The candles of a season, their sources, and what a reader must know of them."""
    from headtohead.trading.market import market_of, read_market

    if settings.candles:
        market = read_market(list(settings.candles), funding=list(settings.funding))
        sources = [
            file_citation(f"candles_{n}", path, "Candles")
            for n, path in enumerate((*settings.candles, *settings.funding), 1)
        ]
    elif not season.coins:
        return None, [], ["The files hold no trades, so no random agents can trade alike"]
    else:
        store = store or Store()
        by = season.end.date()
        try:
            market = market_of(store, by, season.coins, season.start, season.end)
        except NoEvidence as error:
            lacking = f"{error} Without candles no random agents can be drawn: give `candles`."
            return None, [], [lacking]
        sources = list(store.citations(market.sources, by))
    inside = market.window(season.start, season.end)
    absent = [coin for coin in season.coins if coin not in inside.coins]
    notes = list(inside.notes)
    if inside.start > season.start or inside.end < season.recorded_until - inside.bar:
        notes.append(
            f"Candles are known from {inside.start:%Y-%m-%d %H:%M} to "
            f"{inside.end:%Y-%m-%d %H:%M} UTC only; curves, the market's part and luck are of "
            "that time"
        )
    if absent:
        notes.append(
            f"No candles of {first_few(absent)} are known; agents that traded them are compared "
            "with an account that stands still"
        )
    return inside, sources, notes


def _luck(
    season: Season,
    account: "Account",
    market: "Market | None",
    settings: JudgeSettings,
    rng: "np.random.Generator",
) -> "Luck | str":
    """Random agents that trade as this one, or why there are none; empty if that was said."""
    if market is None or not {t.coin for t in account.trades} <= set(market.coins):
        return ""
    if not account.trades:
        return f"{account.agent}: values of its account do not say what it traded"
    from headtohead.trading.contract import contract_of
    from headtohead.trading.judging import Luck
    from headtohead.trading.luck import chance, profile_of

    contract = contract_of(settings.contract)
    until, agent = season.recorded_until, account.agent
    cut = until < season.end
    # What was won or lost without candles is nothing that random agents could have won or lost.
    within = all(market.start <= t.opened_at and t.closed_at <= market.end for t in account.trades)
    draw = partial(chance, market=market, contract=contract, draws=settings.draws, rng=rng)
    try:
        whole = draw(
            profile_of(season, agent, until=season.end if cut else None),
            observed_return=account.final_frac if within or cut else None,
            level=settings.level,
        )
        if not cut:
            return Luck(season=whole, bets=whole)
        bets = draw(profile_of(replace(season, end=until), agent), observed_return=None)
    except InputError as error:
        return str(error)
    return Luck(season=whole, bets=bets)
