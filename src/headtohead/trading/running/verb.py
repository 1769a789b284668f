"""`trade_run`: agents trade recorded candles in many windows, beside baselines and luck."""

import asyncio
import hashlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from headtohead.core import dates
from headtohead.core.errors import InputError
from headtohead.core.estimate import Citation
from headtohead.core.settings import takes
from headtohead.core.units import counted
from headtohead.evidence.store import Store
from headtohead.files.opening import file_citation
from headtohead.prices.at_calls import prices_on
from headtohead.trading.contract import contract_of
from headtohead.trading.market import Market, market_of, read_market
from headtohead.trading.running.agents import Asked, AskedFunction, AskedModel, open_agents
from headtohead.trading.running.baselines import BASELINES
from headtohead.trading.running.decisions import (
    DecisionLog,
    LogHead,
    identity_of,
    open_log,
    read_log,
)
from headtohead.trading.running.luck_over import luck_over
from headtohead.trading.running.models import models_of
from headtohead.trading.running.result import RunResult, TradeRun
from headtohead.trading.running.runner import OnProgress, Played, RunPlan, RunProgress, play
from headtohead.trading.running.settings import Asking, RunSettings, span_text
from headtohead.trading.running.sheet import run_sheet
from headtohead.trading.running.summing import Kind, summed
from headtohead.trading.running.windows import windows_of
from headtohead.trials.replay.wire import digest

COINS = ("BTC", "ETH", "SOL", "BNB", "XRP", "DOGE")
"""Those that `h2h update binance_candles` fetches, the best known first."""
_EARLIEST = datetime(2017, 1, 1, tzinfo=UTC)
_GIVEN = (
    *("coins", "start", "end", "windows", "days", "every", "history", "named", "contract"),
    *("margin", "stake", "seed", "candles", "funding"),
)


@takes(settings=RunSettings, asking=Asking)
def trade_run(
    *,
    settings: RunSettings,
    asking: Asking,
    as_of: dates.Day | None = None,
    store: Store | None = None,
    on_progress: OnProgress = lambda _: None,
) -> RunResult:
    """How agents trade in many windows of recorded candles, beside baselines and random agents.

    An agent sees bars that have closed and its own account, and answers with actions, which are
    checked and filled at the next opening price. Every decision is kept in the log: a run that was
    stopped goes on where it was.

    Args:
        as_of: The day of list prices and of the evidence; needed where one of them is.
        store: The evidence; the user's own if None.
        on_progress: Told after each round of decisions, and what is waited for.

    Raises:
        InputError: If candles, agents and choices do not fit together, or money ran out before a
            window ended.
        SourceUnreachable: If an endpoint stops answering.

    Examples:
        >>> def follow(seen):
        ...     closes = seen.close["BTC"]
        ...     side = "long" if closes[-1] > closes[0] else "short"
        ...     return [{"action": "open", "coin": "BTC", "side": side, "share": 0.5}]
        >>> trade_run(functions=follow, candles="data", every="4h")  # doctest: +SKIP
    """

    def wait(what: str) -> None:
        on_progress(RunProgress(0, 0, 0.0, asking.max_usd, what))

    if settings.replay is not None:
        return _replayed(settings, store, as_of, wait)
    prices = cache(lambda: prices_on(as_of, store))
    models = models_of(asking, settings.log, prices)
    asked: list[Asked] = [*models, *_functions(settings)]
    _check_names([one.name for one in asked])
    _tried(settings, len(asked))
    market, sources = _market(settings, store, as_of)
    course = _course(settings, market, asking.concurrency)
    head = LogHead(identity=_identity(course, asked), given=_given(settings, asked, as_of))

    async def run() -> tuple[DecisionLog, Played, float]:
        rng = np.random.default_rng([settings.seed, 2])
        with open_log(settings.log, head) as log:
            async with open_agents(asked, market.coins, asking.max_usd, rng, wait) as opened:
                names = [one.name for one in asked]
                played = await play(course, names, log, opened, on_progress, asking.max_usd)
                return log, played, opened.budget.spent_usd

    log, played, spent = asyncio.run(run())
    if prices.cache_info().currsize:
        sources = [*sources, *prices().citations()]
    billed = any(model.rates for model in models)
    kinds = {one.name: _kind(one) for one in asked}
    return _result(
        settings, course, played, log, kinds, spent if billed else None, sources, as_of, wait
    )


def _replayed(
    settings: RunSettings,
    store: Store | None,
    as_of: dates.Day | None,
    wait: Callable[[str], None],
) -> RunResult:
    """The result of a log, for which nobody is asked."""
    assert settings.replay
    log = read_log(settings.replay)
    given = dict(log.head.given)
    kinds: dict[str, Kind] = given.pop("agents", {})
    as_of = given.pop("as_of", None) or as_of
    if settings.candles:
        given |= {"candles": settings.candles, "funding": settings.funding}
    kept = replace(settings, **given, log=settings.replay)
    market, sources = _market(kept, store, as_of)
    course = _course(kept, market, at_once=1)
    names = list(kinds)
    was, now = log.head.identity, identity_of(_of_course(course))
    if other := [name for name in now if was.get(name) != now[name]]:
        raise InputError(
            f"{settings.replay} was made of other {', '.join(other)} than these. Give the same "
            "`candles`."
        )
    played = asyncio.run(play(course, names, log, None))
    costs = [x.cost_usd for x in log.kept.values() if x.cost_usd is not None]
    spent = sum(costs) if costs else None
    return _result(kept, course, played, log, kinds, spent, sources, as_of, wait)


def _result(
    settings: RunSettings,
    course: RunPlan,
    played: Played,
    log: DecisionLog,
    kinds: Mapping[str, Kind],
    spent_usd: float | None,
    sources: Sequence[Citation],
    as_of: dates.Day | None,
    wait: Callable[[str], None],
) -> RunResult:
    streams = np.random.default_rng([settings.seed, 3]).spawn(2)
    tried = _tried(settings, played.agents)
    every = summed(
        played,
        kinds,
        luck_over(played, course, streams[0], draws=settings.draws, tried=tried, wait=wait),
        streams[1],
        length=course.windows.bars * course.market.bar,
        level=settings.level,
        rounds=max(10_000, settings.draws),
    )
    agents = [one for one in every if one.kind != "baseline"]
    run = TradeRun(
        course=course,
        played=played,
        agents=tuple(sorted(agents, key=lambda one: -one.returned_pct.value)),
        baselines=tuple(one for one in every if one.kind == "baseline"),
        tried=tried,
        alpha=settings.alpha,
        level=settings.level,
        spent_usd=spent_usd,
        unsure_usd=sum(one.unsure_usd for one in agents),
        log=log.path,
    )
    day = dates.day(as_of, "as_of") if as_of and any(x.known_on for x in sources) else None
    return RunResult(
        details=run, sheet=run_sheet(run, sources=sources, notes=course.market.notes, as_of=day)
    )


def _market(
    settings: RunSettings, store: Store | None, as_of: dates.Day | None
) -> tuple[Market, list[Citation]]:
    """The candles, and where they come from."""
    start, end = settings.start or _EARLIEST, settings.end
    if settings.candles:
        market = read_market(list(settings.candles), funding=list(settings.funding))
        # Files come by their names; whoever buys and holds one coin means the first of these.
        known = [coin for coin in COINS if coin in market.coins]
        others = [coin for coin in market.coins if coin not in COINS]
        market = market.of(settings.coins or (*known, *others))
        files = [path for path in map(Path, market.sources) if path.is_file()]
        sources = [file_citation(f"candles_{n}", x, "Candles") for n, x in enumerate(files, 1)]
        if settings.start or end:
            market = market.window(start, end or market.end)
        return market, sources
    if as_of is None:
        raise InputError("Give `candles`, or say `as_of`, by which day those of the evidence hold.")
    day, store = dates.day(as_of, "as_of"), store or Store()
    end = end or datetime.combine(day, time(), UTC) + timedelta(days=1)
    market = market_of(store, day, settings.coins or COINS, start, end)
    return market, list(store.citations(market.sources, day))


def _course(settings: RunSettings, market: Market, at_once: int) -> RunPlan:
    contract = contract_of(settings.contract)
    contract.steps(market.coins)
    windows = windows_of(
        market,
        n=settings.windows,
        length=timedelta(days=settings.days),
        every=settings.every,
        history=settings.history,
        rng=np.random.default_rng([settings.seed, 0]),
    )
    return RunPlan(
        market=market,
        contract=contract,
        margin=settings.margin,
        stake_usd=settings.stake,
        windows=windows,
        history=settings.history,
        anonymous=not settings.named,
        seed=settings.seed,
        at_once=at_once,
    )


def _functions(settings: RunSettings) -> list[AskedFunction]:
    made = []
    for one in settings.functions:
        if isinstance(one, str):
            where = one.rpartition(":")[0]
            if where.endswith(".py") and not Path(where).is_file():
                raise InputError(f"`functions`: {where} does not exist. Give a file that does.")
            made.append(AskedFunction(name=Path(one).name, source=one))
        elif callable(one):
            name = getattr(one, "__name__", type(one).__name__)
            made.append(AskedFunction(name=name, function=one))
        else:
            raise InputError(f"`functions`: {one!r} is neither a function nor the name of one.")
    return made


def _tried(settings: RunSettings, agents_n: int) -> int:
    """For how many agents chances are corrected.

    Raises:
        InputError: If fewer are said to have been tried than there are.
    """
    tried = settings.tried or agents_n
    if tried < agents_n:
        raise InputError(
            f"`tried` is {tried}, and this run has {counted(agents_n, 'agent')}: give at least as "
            "many."
        )
    return tried


def _check_names(names: Sequence[str]) -> None:
    if not names:
        raise InputError("No agent was given. Give a model as `models`, or a function.")
    twice = [name for n, name in enumerate(names) if name in (*names[:n], *BASELINES)]
    if twice:
        raise InputError(f"Two agents are called {twice[0]!r}. Give each a name of its own.")


def _kind(one: Asked) -> Kind:
    return "model" if isinstance(one, AskedModel) else "function"


def _of_course(course: RunPlan) -> dict[str, Any]:
    """What two runs share if they are the same but for their agents."""
    market = course.market
    content = hashlib.sha256(repr((market.coins, market.bar)).encode())
    for array in (market.times, *market.candles, *(market.marks or ()), market.funding):
        content.update(np.ascontiguousarray(array).tobytes())
    return {
        "candles": content.hexdigest()[:32],
        "contract": f"{course.contract.name} {digest(repr(course.contract))[:8]}",
        "margin": course.margin,
        "stake": course.stake_usd,
        "windows": course.windows.first.tolist(),
        "days": course.windows.bars,
        "every": course.windows.every,
        "history": course.history,
        "named": not course.anonymous,
        "seed": course.seed,
    }


def _identity(course: RunPlan, asked: Sequence[Asked]) -> dict[str, Any]:
    def of(one: Asked) -> dict[str, Any]:
        if isinstance(one, AskedModel):
            params = {**one.settings.params, "cap_tokens": one.settings.cap_tokens}
            return {"model": one.endpoint.model, "url": one.endpoint.address, "params": params}
        return {"function": one.source or one.name, "source": _source(one)}

    return identity_of({**_of_course(course), "agents": [of(one) for one in asked]})


def _source(one: AskedFunction) -> str:
    """Changes with the function's own lines, or with its file where that is named."""
    where = one.source.rpartition(":")[0]
    if one.function is None:
        file = Path(where)
        content = file.read_bytes() if where.endswith(".py") and file.is_file() else b""
    else:
        try:
            content = inspect.getsource(one.function).encode()
        except (OSError, TypeError):
            content = b""
    return hashlib.sha256(content).hexdigest()[:16]


def _given(
    settings: RunSettings, asked: Sequence[Asked], as_of: dates.Day | None
) -> dict[str, Any]:
    """The choices that a replay takes from the log."""
    values = {name: getattr(settings, name) for name in _GIVEN}
    values["every"] = span_text(settings.every)
    for name in ("candles", "funding"):
        values[name] = [str(path) for path in values[name]]
    made: dict[str, Any] = msgspec.to_builtins(values)
    if as_of is not None and not settings.candles:
        made["as_of"] = f"{dates.day(as_of, 'as_of')}"
    return {**made, "agents": {one.name: _kind(one) for one in asked}}
