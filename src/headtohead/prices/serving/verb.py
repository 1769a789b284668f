"""`serve_cost`: how fast a model is on machines of one's own, and what its tokens cost there."""

from datetime import date
from typing import TYPE_CHECKING

from headtohead.core import dates
from headtohead.core.dates import Day
from headtohead.core.errors import InputError
from headtohead.core.settings import takes
from headtohead.evidence.facts import Facts
from headtohead.prices.serving.chip import Chip, HourPrice, chip_named, hour_price, read_chip
from headtohead.prices.serving.models import sizes_of
from headtohead.prices.serving.result import ServeCostResult
from headtohead.prices.serving.service import Load, Service, serve
from headtohead.prices.serving.settings import MachineSettings, RequestSettings

if TYPE_CHECKING:
    from headtohead.evidence.store import Store

_CONTEXT = 4000.0


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
    context = requests.context or (_CONTEXT if requests.input_tokens is None else None)
    inputs = requests.input_tokens
    if inputs is None:
        inputs = (context or 0) - requests.output_tokens / 2
        if inputs < 1:
            raise InputError(
                f"A `context` of {context:,.0f} tokens leaves no room for a prompt beside half of "
                f"an answer of {requests.output_tokens:,.0f}; lower `output_tokens`."
            )
    load = Load(
        input_tokens=inputs,
        output_tokens=requests.output_tokens,
        held=context,
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
    chip, chip_row = _chip(facts, settings, day)
    rows = [row for row in (model_row, chip_row) if row]
    source_ids = {str(row["source_id"]) for row in rows}
    service = serve(
        shape,
        chip,
        settings.gpus,
        load,
        precision=settings.precision or "",
        cache_bits=int(settings.cache_bits),
        batch=settings.batch,
        token_limit_s=settings.token_limit_ms / 1e3,
        tensor=settings.tensor_parallel,
        apart=None if settings.prefill is None else settings.prefill == "own",
        engine=settings.engine or "",
    )
    usd = settings.usd_per_chip_hour
    hour = hour_price(facts, chip, day, settings.contract)
    if usd is not None:
        hour = HourPrice(usd=usd, low=usd, high=usd, says="as given")
    if hour:
        source_ids |= set(hour.source_ids)
    notes = [f"{shape.name}: {model_row['note']}" for _ in (1,) if model_row and model_row["note"]]
    if chip_row and not chip_row["verified"]:
        notes.append(f"{chip.name}: its figures could not be checked; {chip_row['note']}.")
    if chip.precision_of(shape.precision) != shape.precision and not settings.precision:
        notes.append(
            f"{chip.name} has no 8-bit floating-point arithmetic: the weights are taken at 16 bits."
        )
    return service, hour, source_ids, tuple(notes)


def _chip(
    facts: Facts, settings: MachineSettings, day: date
) -> tuple[Chip, dict[str, object] | None]:
    if (settings.chip is None) == (settings.chip_file is None):
        raise InputError("Give a `chip` by its name, or a `chip_file` with its peaks.")
    if settings.chip_file is not None:
        return read_chip(settings.chip_file), None
    chip, row = chip_named(facts, settings.chip or "", day)
    return chip, dict(row)
