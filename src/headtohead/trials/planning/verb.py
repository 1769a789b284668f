"""`plan`: how many items a margin takes, and what they cost, before money is spent."""

from collections.abc import Mapping, Sequence
from typing import Any

from headtohead.core import arguments as asking
from headtohead.core.errors import InputError
from headtohead.core.provenance import Citation
from headtohead.evidence.store import Store
from headtohead.trials.calls import Usage
from headtohead.trials.comparing.pairing import Pairs, pair
from headtohead.trials.comparing.sides import open_side
from headtohead.trials.planning.plan import Assumed, Kind, from_pilot
from headtohead.trials.planning.plan import plan as plan_of
from headtohead.trials.planning.sheet import plan_sheet
from headtohead.trials.power import Guess
from headtohead.trials.rates import cost_usd
from headtohead.trials.result import Prices, TrialResult, command, file_citation, margin_of


def plan(
    *,
    margin: str | float = 0.05,
    kind: Kind | None = None,
    discordance: float | None = None,
    sd: float | None = None,
    ties: float | None = None,
    pilot: Sequence[str] = (),
    mapping: Mapping[str, str] | None = None,
    confidence: float = 0.8,
    difference: str | float = 0.0,
    power: float = 0.8,
    level: float = 0.95,
    tries: int = 1,
    icc: float | None = None,
    items: int | None = None,
    models: str | Sequence[str] = (),
    input_tokens: float | None = None,
    output_tokens: float | None = None,
    as_of: asking.Day | None = None,
    store: Store | None = None,
) -> TrialResult:
    """How many items show that B is at most the margin worse, and what they cost.

    Args:
        margin: How much worse B may be: "5pp", 0.05, or in the unit of graded scores.
        kind: "binary", "graded" or "preference"; told by what else is given if None.
        discordance: Share of items that only one of the two solves.
        sd: Standard deviation of the difference by item.
        ties: Share of votes that are ties.
        pilot: Two result files of a small comparison, instead of those assumptions.
        mapping: Field of a call -> column, for the pilot.
        confidence: How sure to be that the pilot's spread is not larger, inside (0.5, 1).
        difference: What B minus A is taken to be, as the margin.
        power: Chance of a yes, inside (0, 1).
        level: Coverage of the two-sided interval that will decide.
        tries: Tries at an item by both.
        icc: How alike the differences of tries at one item are, 0 to 1; from the pilot, else 0.5.
        items: Items at hand, to learn the smallest margin they would show.
        models: Models whose cost to tell; "A,B".
        input_tokens: Tokens of a request; from the pilot if None.
        output_tokens: Tokens of an answer; from the pilot if None.
        as_of: The day of the prices; needed with `models`.
        store: The evidence; the user's own if None.

    Raises:
        InputError: If the assumptions allow no plan, or prices are not known.
    """
    given_icc = icc
    pairs, citations = _pilot(pilot, mapping or {})
    guess: Guess | None = None
    if pairs is not None:
        if any(x is not None for x in (discordance, sd, ties)):
            raise InputError("Give a pilot, or --discordance, --sd or --ties; not both.")
        found, guess, likeness = from_pilot(pairs, confidence)
        if kind not in (None, found):
            raise InputError(f"The pilot's scores are {found}; leave out --kind.")
        kind, spread = found, guess.careful
        icc = likeness if icc is None else icc
    else:
        kind, spread = _assumed(kind, discordance, sd, ties)
    assumed = Assumed(
        kind=kind,
        margin=margin_of(margin),
        spread=spread,
        difference=_signed(difference),
        power=power,
        level=level,
        tries=tries,
        icc=(0.5 if tries > 1 else 0.0) if icc is None else icc,
    )
    _check(assumed)
    names = asking.words(models)
    prices = _prices(names, as_of, store)
    usage = _usage(pairs, input_tokens, output_tokens) if names else {}
    per_call = _per_call(names, prices, usage) if prices else {}
    basis = "; ".join(f"{name}: {card}" for name, card in prices.used.items()) if prices else ""
    made = plan_of(assumed, guess=guess, items=items, usd_per_call=per_call, basis=basis)
    if prices:
        citations = [*citations, *prices.citations()]
    again = command(
        "plan",
        (),
        {
            "--margin": margin, f"--{_OPTION[kind]}": None if pilot else f"{spread:g}",
            "--pilot": list(pilot), "--map": mapping,
            "--confidence": None if confidence == 0.8 else confidence,
            "--difference": None if assumed.difference == 0 else difference,
            "--power": None if power == 0.8 else power, "--level": None if level == 0.95 else level,
            "--tries": None if tries == 1 else tries, "--icc": given_icc, "--items": items,
            "--models": names, "--input-tokens": input_tokens, "--output-tokens": output_tokens,
            "--as-of": as_of if names else None,
        },
    )  # fmt: skip
    sheet = plan_sheet(made, sources=citations, as_of=prices.day if prices else None,
                       command=again)  # fmt: skip
    return TrialResult(made=made, sheet=sheet, results=[_result(made)])


_OPTION = {"binary": "discordance", "graded": "sd", "preference": "ties"}


def _assumed(
    kind: Kind | None, discordance: float | None, sd: float | None, ties: float | None
) -> tuple[Kind, float]:
    given: dict[Kind, float] = {}
    if discordance is not None:
        given["binary"] = discordance
    if sd is not None:
        given["graded"] = sd
    if ties is not None:
        given["preference"] = ties
    if kind is not None and kind not in given:
        raise InputError(f"A plan for {kind} outcomes needs --{_OPTION[kind]}, or a --pilot.")
    if len(given) != 1:
        raise InputError(
            "Say one of --discordance (share of items that only one of the two solves), --sd "
            "(standard deviation of the difference) and --ties (share of tied votes), or give two "
            "files with --pilot."
        )
    return next(iter(given.items()))


def _signed(text: str | float) -> float:
    if isinstance(text, str) and text.strip().startswith("-"):
        return -margin_of(text.strip()[1:])
    return margin_of(text) if isinstance(text, str) else float(text)


def _check(assumed: Assumed) -> None:
    for name, value in (("power", assumed.power), ("level", assumed.level)):
        if not 0 < value < 1:
            raise InputError(f"The {name} is {value}; it must be between 0 and 1.")


def _pilot(pilot: Sequence[str], mapping: Mapping[str, str]) -> tuple[Pairs | None, list[Citation]]:
    if not pilot:
        return None, []
    if len(pilot) != 2:
        raise InputError("A pilot is two result files: --pilot A --pilot B.")
    sides = [open_side(spec, mapping=mapping) for spec in pilot]
    places = ("pilot_a", "pilot_b")
    files = [file_citation(p, s.path, "Pilot") for p, s in zip(places, sides, strict=True)]
    return pair(*sides, shared=True), files


def _prices(models: Sequence[str], as_of: asking.Day | None, store: Store | None) -> Prices | None:
    if not models:
        return None
    if as_of is None:
        raise InputError("Prices are dated: say as_of, the day they should hold on.")
    return Prices(asking.day(as_of), store)


def _usage(
    pairs: Pairs | None, given_in: float | None, given_out: float | None
) -> dict[int, Usage]:
    """Mean tokens of a call of each side: as given, else the pilot's own."""
    made = {}
    for place, items in enumerate((pairs.a, pairs.b) if pairs else ()):
        used = [call.usage for calls in items.calls for call in calls if call.usage]
        if used:
            made[place] = Usage(
                **{name: round(sum(getattr(u, name) for u in used) / len(used))
                   for name in Usage.__struct_fields__}
            )  # fmt: skip
    for name, given in (("--input-tokens", given_in), ("--output-tokens", given_out)):
        if given is not None and not 0 <= given < 1e12:
            raise InputError(f"{name} is {given}; it must be a number of 0 or more.")
    if given_in is not None and given_out is not None:
        told = Usage(input_tokens=round(given_in), output_tokens=round(given_out))
        made = {0: told, 1: told}
    if not made:
        raise InputError("To tell the cost, say --input-tokens and --output-tokens of a call, or "
                         "give a pilot whose files hold tokens.")  # fmt: skip
    return made


def _per_call(
    models: Sequence[str], prices: Prices, usage: Mapping[int, Usage]
) -> dict[str, float]:
    made = {}
    for place, model in enumerate(models):
        rates = prices.rates(model)
        if rates is None:
            raise InputError(
                f"No list price of {model} was known on {prices.day}. `h2h names {model}` tells "
                "how the name is read."
            )
        made[model] = cost_usd(usage.get(place, next(iter(usage.values()))), rates)
    return made


def _result(made: Any) -> dict[str, Any]:  # noqa: ANN401 - a Planned; its parts have types
    return {
        "items_n": made.plan.items_n,
        "pairs_n": made.plan.pairs_n,
        "calls_n": made.plan.calls_n,
        "tries": made.plan.tries,
        "power_frac": made.plan.power,
        "margin": made.assumed.margin,
        "kind": made.assumed.kind,
        "spread": made.assumed.spread,
        "difference": made.assumed.difference,
        "least_margin": made.least_margin,
        "cost_usd": dict(made.usd),
    }
