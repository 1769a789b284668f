"""`serve_cost` and `breakeven`: a model on machines of one's own, alone and against an API."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

from headtohead.core import dates
from headtohead.core.dates import Day
from headtohead.core.errors import InputError
from headtohead.core.settings import takes
from headtohead.core.units import counted
from headtohead.evidence.facts import Facts
from headtohead.logs.calls import Call, Usage
from headtohead.logs.opening import open_calls
from headtohead.prices.at_calls import Prices
from headtohead.prices.rates import cost_usd
from headtohead.prices.serving.breakeven import Demand, hour_of_purchase, peak_of, weigh
from headtohead.prices.serving.chip import (
    HourPrice,
    chip_named,
    exactly,
    hour_price,
    read_chip,
)
from headtohead.prices.serving.models import sizes_of
from headtohead.prices.serving.result import BreakevenResult, ServeCostResult
from headtohead.prices.serving.service import Load, Service, serve
from headtohead.prices.serving.settings import DemandSettings, MachineSettings, RequestSettings

if TYPE_CHECKING:
    from headtohead.evidence.store import Store

_CONTEXT = 4000.0
_USUAL_PEAK = 2.0
_MEASURED_NODE = 8
# Generation -> how far off speeds of published services over more chips are.
_LARGE = {
    "blackwell": "48 GB200 the speed came out 20% and 37% too high for two services",
    "": "72 to 160 Hopper or Ascend chips the speed came out 9% too low to 21% too high for six",
}


@takes(settings=MachineSettings, requests=RequestSettings)
def serve_cost(
    model: str,
    *,
    as_of: Day,
    settings: MachineSettings,
    requests: RequestSettings,
    store: "Store | None" = None,
) -> ServeCostResult:
    """How many tokens a second a model gives on some chips, what fits, and what tokens cost.

    Args:
        model: A name, or the path of a `config.json` of your own.
        as_of: The day of our knowledge.
        settings: The machines.
        requests: What a typical request is like.
        store: The evidence; the user's own if None.

    Raises:
        UnknownName: If no model or chip is called so.
        InputError: If the model's attention is not covered, or it does not fit.
    """
    facts, day = Facts(store), dates.day(as_of, "as_of")
    inputs = requests.input_tokens
    if inputs is None:
        context = requests.context or _CONTEXT
        inputs = context - requests.output_tokens / 2
        if inputs < 1:
            raise InputError(
                f"A `context` of {context:,.0f} tokens leaves no room for a prompt beside half of "
                f"an answer of {requests.output_tokens:,.0f}; lower `output_tokens`."
            )
    load = Load(
        input_tokens=inputs,
        output_tokens=requests.output_tokens,
        cached_share=requests.cached,
        drafts=settings.drafts,
        accepted=settings.accepted,
    )
    service, hour, source_ids, notes = served(facts, model, day, settings, load)
    return ServeCostResult(
        service=service,
        hour=hour,
        as_of=day,
        citations=facts.citations(sorted(source_ids), day),
        notes=notes,
    )


def served(
    facts: Facts, model: str, day: date, settings: MachineSettings, load: Load
) -> tuple[Service, HourPrice | None, set[str], tuple[str, ...]]:
    """The service, the price of an hour, whose figures they rest on, and what to know of them."""
    shape, model_row = sizes_of(facts, model, day)
    if (settings.chip is None) == (settings.chip_file is None):
        raise InputError("Give a `chip` by its name, or a `chip_file` with its peaks.")
    chip, chip_row = (
        chip_named(facts, settings.chip, day)
        if settings.chip is not None
        else (read_chip(settings.chip_file or ""), None)
    )
    rows = [row for row in (model_row, chip_row) if row]
    source_ids = {str(row["source_id"]) for row in rows}
    service = serve(shape, chip, load, settings)
    if settings.usd_per_chip_hour is not None:
        hour: HourPrice | None = exactly(settings.usd_per_chip_hour, "as given")
    else:
        hour = hour_price(facts, chip, day, settings.contract)
    if hour:
        source_ids |= set(hour.source_ids)
    notes = [f"{shape.name}: {model_row['note']}" for _ in (1,) if model_row and model_row["note"]]
    if chip_row and not chip_row["verified"]:
        notes.append(f"{chip.name}: its figures could not be checked; {chip_row['note']}.")
    if chip.precision_of(shape.precision) != shape.precision and not settings.precision:
        notes.append(
            f"{chip.name} has no 8-bit floating-point arithmetic: the weights are taken at 16 bits."
        )
    if service.layout.chips > _MEASURED_NODE:
        others = _LARGE["blackwell" if chip.generation == "blackwell" else ""]
        notes.append(
            f"the measured times are of single nodes of eight chips; on {others} that others "
            "published"
        )
    return service, hour, source_ids, tuple(notes)


@takes(settings=MachineSettings, demand=DemandSettings)
def breakeven(
    log: str | Path | None = None,
    *,
    as_of: Day,
    settings: MachineSettings,
    demand: DemandSettings,
    store: "Store | None" = None,
) -> BreakevenResult:
    """Whether own machines or an API cost less for a load, and from which load on it turns.

    Args:
        log: File or folder of logged calls; None with `requests`.
        as_of: The day of our knowledge, and of the prices.
        settings: The machines; `gpus` is the smallest number that is added at once.
        demand: The load and the API.
        store: The evidence; the user's own if None.

    Raises:
        UnknownName: If no model or chip is called so.
        InputError: If a price, a size or the load is not known.
    """
    day = dates.day(as_of, "as_of")
    if demand.purchase_usd is not None and settings.usd_per_chip_hour is not None:
        raise InputError("Give `usd_per_chip_hour` or `purchase_usd`, not both.")
    calls, weight, days, notes = _asked(log, demand, day)
    usage = [call.usage for call in calls if call.usage]
    model = demand.model or _commonest(calls) or demand.api
    if not model:
        raise InputError("Say `model`, the model to serve.")
    prices = Prices(day, store)
    totals = [
        sum(getattr(one, name) for one in usage) * weight / days
        for name in ("input_tokens", "cache_read_tokens", "output_tokens")
    ]
    inputs, cached, outputs = totals
    requests = len(usage) * weight / days
    if not inputs or not outputs:
        raise InputError("The calls have no tokens of input, or none of output.")
    load = Load(
        input_tokens=max(inputs / requests, 1),
        output_tokens=max(outputs / requests, 1),
        cached_share=min(cached / inputs, 0.99),
        drafts=settings.drafts,
        accepted=settings.accepted,
    )
    service, hour, source_ids, known = served(prices.facts, model, day, settings, load)
    if demand.purchase_usd is not None:
        hour = _bought(demand, demand.purchase_usd)
    if hour is None:
        raise InputError(
            f"What an hour of one {service.chip.name} costs is not known; give `usd_per_chip_hour` "
            "or `purchase_usd`."
        )
    api_usd = _api_usd(calls, demand.api or (None if log else model), demand.operator, prices)
    peak, why = _peak(calls, service, demand, usual=log is None)
    asked = Demand(
        requests=requests,
        fresh=inputs - cached,
        cached=cached,
        output=outputs,
        peak=peak,
        api_usd=api_usd * weight / days,
    )
    weighed = weigh(
        asked,
        settings.gpus,
        service.chip_seconds(asked.fresh, cached, outputs),
        hour.usd.rescaled(24.0 * settings.gpus),
        demand.extra_usd_per_day,
    )
    return BreakevenResult(
        weighed=weighed,
        service=service,
        hour=hour,
        api=", ".join(prices.used),
        api_prices=tuple(str(price) for price in prices.used.values()),
        as_of=day,
        citations=(*prices.facts.citations(sorted(source_ids), day), *prices.citations()),
        notes=(*notes, *why, *known, *prices.notes),
    )


def _bought(demand: DemandSettings, usd: float) -> HourPrice:
    """What an hour of a chip costs that is bought, and what is in it."""
    power = f"power of {demand.power_w:,.0f} W at ${demand.usd_per_kwh:g} a kWh"
    return exactly(
        hour_of_purchase(usd, demand.years, demand.overhead, demand.power_w, demand.usd_per_kwh),
        f"bought at ${usd:,.0f}, with its server {demand.overhead:g} times that, over "
        f"{demand.years:g} years, {power if demand.power_w else 'power not counted'}",
    )


def _asked(
    log: str | Path | None, demand: DemandSettings, day: date
) -> tuple[list[Call], float, float, tuple[str, ...]]:
    """The calls with tokens, how many times each counts, over how many days, and notes."""
    if (log is None) == (demand.requests is None):
        raise InputError("Give a `log` of calls, or `requests` a day with their tokens.")
    if demand.requests is not None:
        if demand.input_tokens is None or demand.output_tokens is None:
            raise InputError("`requests` needs `input_tokens` and `output_tokens` of one.")
        usage = Usage(
            input_tokens=round(demand.input_tokens),
            cache_read_tokens=round(demand.input_tokens * demand.cached),
            output_tokens=round(demand.output_tokens),
        )
        # One in the middle of every hour, since an API may charge by the hour.
        return (
            [
                Call(
                    key=str(hour),
                    model=demand.api or demand.model or "",
                    usage=usage,
                    started=datetime.combine(day, time(hour, 30), UTC).isoformat(),
                )
                for hour in range(24)
            ],
            demand.requests / 24,
            1.0,
            (),
        )
    stream = open_calls(Path(str(log)), format=demand.format, mapping=demand.mapping, usage=True)
    every = list(stream.calls)
    calls = [call for call in every if call.usage and call.usage.output_tokens]
    if not calls:
        raise InputError(f"{log}: none of its {counted(len(every), 'call')} says its tokens.")
    notes = [f"{n:,} of {log} are left out: {why}" for why, n in stream.dropped.items()]
    if len(every) > len(calls):
        lost = counted(len(every) - len(calls), "call")
        notes.append(f"{lost} of {len(every):,} that say no tokens are left out")
    if demand.days is not None:
        return calls, 1.0, demand.days, tuple(notes)
    instants = _instants(calls)
    span = (max(instants) - min(instants)).total_seconds() / 86_400 if instants else 0.0
    if span < 1 / 24:
        raise InputError(
            f"{log}: its calls tell no times an hour or more apart; say `days`, of how many it is."
        )
    return calls, 1.0, span, tuple(notes)


def _instants(calls: Sequence[Call]) -> list[datetime]:
    """When the calls were sent; none if one of them does not tell."""
    told = [call.instant for call in calls]
    return [at for at in told if at] if all(told) else []


def _commonest(calls: Sequence[Call]) -> str:
    (name, _), *_ = Counter(call.model for call in calls).most_common(1)
    return name


def _api_usd(calls: Sequence[Call], api: str | None, operator: str, prices: Prices) -> float:
    """What the calls cost at the API's prices of the day, each at its hour."""
    total = 0.0
    for call in calls:
        name = api or call.model
        rates = prices.rates_at(name, call, operator=operator, on_its_day=False) if name else None
        if rates is None:
            close = prices.facts.names.alike(name) if name else ()
            raise InputError(
                f"No list price of {name or 'a call without a model'} was known on {prices.day}. "
                + (f"Did you mean {' or '.join(close)}? " if close else "")
                + "Say `api`, whose price counts."
            )
        total += cost_usd(call.usage or Usage(), rates)
    for name, price in prices.used.items():
        if operator and price.rule != "operator":
            raise InputError(
                f"No list price of {name} at {operator} was known on {prices.day}; leave out "
                "`operator` for its maker's or the cheapest seller's."
            )
    return total


def _peak(
    calls: Sequence[Call], service: Service, demand: DemandSettings, *, usual: bool
) -> tuple[float, tuple[str, ...]]:
    """Load of the busiest hour over the mean, with a note where it is a guess."""
    if demand.peak is not None:
        return demand.peak, ()
    guess = (
        f"the busiest hour is taken for {_USUAL_PEAK:g} times the mean one; say `peak` if you know",
    )
    instants = [] if usual else _instants(calls)
    if not instants:
        return _USUAL_PEAK, guess
    loads = []
    for call in calls:
        used = call.usage or Usage()
        fresh = max(used.input_tokens - used.cache_read_tokens, 0)
        loads.append(service.chip_seconds(fresh, used.cache_read_tokens, used.output_tokens).value)
    peak = peak_of(instants, loads)
    return (peak, ()) if peak else (_USUAL_PEAK, guess)
