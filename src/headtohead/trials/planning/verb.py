"""`plan`: how many items a margin takes, and what they cost, before money is spent."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from headtohead.core.dates import Day
from headtohead.core.errors import InputError
from headtohead.core.estimate import Citation
from headtohead.core.settings import takes
from headtohead.files.opening import file_citation
from headtohead.logs.calls import Usage
from headtohead.prices.at_calls import Prices, prices_on
from headtohead.prices.rates import cost_usd
from headtohead.trials.comparing.pairing import PairedItems, open_run, pair
from headtohead.trials.planning.plan import from_pilot
from headtohead.trials.planning.plan import plan as plan_of
from headtohead.trials.planning.settings import PlanSettings
from headtohead.trials.planning.sheet import plan_sheet
from headtohead.trials.power import Assumed, PilotFigure
from headtohead.trials.result import TrialResult
from headtohead.trials.words import Kind

if TYPE_CHECKING:
    from headtohead.evidence.store import Store


@takes(settings=PlanSettings)
def plan(
    *,
    settings: PlanSettings,
    as_of: Day | None = None,
    store: "Store | None" = None,
    progress: Callable[[str], None] = lambda _: None,
) -> TrialResult:
    """How many items show that B is at most the margin worse, and what they cost.

    Args:
        settings: All the choices below at once.
        as_of: The day of the prices; needed with `models`.
        store: The evidence; the user's own if None.
        progress: Told of every step.

    Raises:
        InputError: If the assumptions allow no plan, or prices are not known.
    """
    pairs: PairedItems | None = None
    citations: list[Citation] = []
    if settings.pilot:
        if len(settings.pilot) != 2:
            raise InputError("`pilot` is two result files, of A and of B.")
        progress("reading the pilot")
        sides = [open_run(spec, **settings.reading) for spec in settings.pilot]
        citations = [
            file_citation(place, side.path, "Pilot")
            for place, side in zip(("pilot_a", "pilot_b"), sides, strict=True)
        ]
        pairs = pair(*sides, shared=True)
    assumed, guess = _assumed(pairs, settings)
    if settings.models:
        progress("looking up prices")
    prices = prices_on(as_of, store) if settings.models else None
    per_call = _cost_per_call(pairs, settings, prices) if prices else {}
    basis = "; ".join(f"{name}: {price}" for name, price in prices.used.items()) if prices else ""
    if prices:
        citations += prices.citations()
    progress("counting the items")
    planned = plan_of(
        assumed, guess=guess, items=settings.items, usd_per_call=per_call, basis=basis
    )
    result = {
        "items_n": planned.plan.items_n,
        "pairs_n": planned.plan.pairs_n,
        "calls_n": planned.plan.calls_n,
        "repeats": planned.plan.repeats,
        "power_frac": planned.plan.power,
        "margin": assumed.margin,
        "kind": assumed.kind,
        "spread": assumed.spread,
        "difference": assumed.difference,
        "least_margin": planned.least_margin,
        "cost_usd": dict(planned.usd),
    }
    sheet = plan_sheet(
        planned,
        sources=citations,
        as_of=prices.day if prices else None,
        notes=(*(pairs.notes if pairs else ()), *(prices.notes if prices else ())),
    )
    return TrialResult(details=planned, sheet=sheet, results=[result])


def _assumed(
    pairs: PairedItems | None, settings: PlanSettings
) -> tuple[Assumed, PilotFigure | None]:
    """What the plan rests on: a pilot, or the one figure that was given instead."""
    figures: dict[Kind, float | None] = {
        "binary": settings.discordance,
        "graded": settings.sd,
        "preference": settings.ties,
    }
    given = {kind: spread for kind, spread in figures.items() if spread is not None}
    kind, icc, guess = settings.kind, settings.icc, None
    if pairs is not None:
        if given:
            raise InputError("Give `pilot`, or `discordance`, `sd` or `ties`; not both.")
        seen, guess, likeness = from_pilot(pairs, settings.confidence)
        if kind not in (None, seen):
            raise InputError(f"The pilot's scores are {seen}; leave out `kind`.")
        kind, spread = seen, guess.careful
        icc = likeness if icc is None else icc
    elif kind is not None and kind not in given:
        needed = {"binary": "discordance", "graded": "sd", "preference": "ties"}[kind]
        raise InputError(f"A plan for {kind} outcomes needs `{needed}`, or a `pilot`.")
    elif len(given) != 1:
        raise InputError(
            "Say one of `discordance` (share of items that only one of the two solves), `sd` "
            "(standard deviation of the difference) and `ties` (share of tied votes), or give two "
            "files as `pilot`."
        )
    else:
        kind, spread = next(iter(given.items()))
    assumed = Assumed(
        kind=kind,
        margin=settings.margin,
        spread=spread,
        difference=settings.difference,
        power=settings.power,
        level=settings.level,
        repeats=settings.repeats,
        icc=(0.5 if settings.repeats > 1 else 0.0) if icc is None else icc,
    )
    return assumed, guess


def _cost_per_call(
    pairs: PairedItems | None, settings: PlanSettings, prices: Prices
) -> dict[str, float]:
    """Mean cost of a call of each model; tokens are those given, else a pilot side's own."""
    usage = []
    given_in, given_out = settings.input_tokens, settings.output_tokens
    if given_in is not None and given_out is not None:
        usage = [Usage(input_tokens=round(given_in), output_tokens=round(given_out))]
    elif pairs:
        for items in (pairs.a, pairs.b):
            known = [call.usage for call in items.calls.flat() if call.usage]
            if known:
                means = {
                    name: round(sum(getattr(one, name) for one in known) / len(known))
                    for name in Usage.__struct_fields__
                }
                usage.append(Usage(**means))
    if not usage:
        raise InputError(
            "The cost needs `input_tokens` and `output_tokens` of a call, or a `pilot` whose "
            "files hold tokens."
        )
    costs = {}
    for place, model in enumerate(settings.models):
        used = usage[place if place < len(usage) else 0]
        rates = prices.rates(model, input_tokens=used.input_tokens)
        if rates is None:
            close = prices.facts.names.alike(model)
            raise InputError(
                f"No list price of {model} was known on {prices.day}. "
                + (f"Did you mean {' or '.join(close)}? " if close else "")
                + f"`explain_name({model!r})` tells how the name is read."
            )
        costs[model] = cost_usd(used, rates)
    return costs
