"""Whom a trial asks: candidates and judges, with their endpoints, keys, prices and ledgers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headtohead.core.errors import InputError
from headtohead.evidence.endpoints import endpoint_of
from headtohead.trials.rates import Rates
from headtohead.trials.replay.endpoint import Endpoint
from headtohead.trials.replay.limits import Limits
from headtohead.trials.replay.settings import Settings
from headtohead.trials.scoring.judge import RUBRIC, rubric_from
from headtohead.trials.switching.result import EndpointNotes, Seen
from headtohead.trials.switching.running import Candidate, Judge
from headtohead.verbs.trials import Prices

OPENAI = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """A model at an endpoint.

    Attributes:
        model: Its name there.
        base_url: Address of the endpoint.
        key_env: Environment variable that holds the key; None for the operator's usual one, or
            none on this machine.
        price: US dollars per million tokens "input,output[,cached]"; empty for the list price.
    """

    model: str
    base_url: str = OPENAI
    key_env: str | None = None
    price: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast to ask, and how much to spend.

    Attributes:
        concurrency: Requests under way at once.
        requests_per_minute: None for no limit.
        tokens_per_minute: None for no limit.
        max_usd: The most that the candidate's answers may cost; None for no ceiling.
        judge_max_usd: The same for the judge.
        cap_tokens: The longest answer where the log names none.
        timeout_seconds: Until the first byte of an answer.
        params: Parameters that replace the logged ones; None takes one away.
    """

    concurrency: int = 8
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    max_usd: float | None = None
    judge_max_usd: float | None = None
    cap_tokens: int = 4096
    timeout_seconds: float = 120.0
    params: Mapping[str, Any] = field(default_factory=dict)


def candidate_of(
    who: Who, prices: Prices, logs: Path, ledger: Path | str | None, pace: Pace,
    ceiling: float | None, part: str = "",
) -> Candidate:  # fmt: skip
    """Whom to ask, where its answers are kept, and at which prices.

    Args:
        who: The model and endpoint.
        prices: List prices.
        logs: The log, after which the ledger is named.
        ledger: The ledger; None for one named after the log and the model.
        pace: Speed and limits.
        ceiling: The most its answers may cost; None for no ceiling.
        part: Part of the trial with a ledger of its own; empty for the candidate's.

    Raises:
        InputError: If a ceiling is asked for and no price is known.
    """
    operator = endpoint_of(who.base_url).operator
    rates = rates_of(prices, who.model, who.price, operator)
    if ceiling is not None and rates is None:
        raise InputError(
            f"No list price of {who.model} was known on {prices.day}, so a ceiling in dollars "
            "cannot be kept. Say the price per million tokens, as --price-to 0.28,0.42."
        )
    settings = Settings(
        limits=Limits(pace.concurrency, pace.requests_per_minute, pace.tokens_per_minute),
        ceiling_usd=ceiling,
        cap_tokens=pace.cap_tokens,
        params={} if part else pace.params,
    )
    slug = "".join(c if c.isalnum() or c in "-." else "-" for c in who.model)
    stem = logs.name.partition(".")[0] or "log"
    path = Path(ledger) if ledger else Path(f"{stem}-{slug}.ledger.jsonl")
    if part:
        path = path.with_name(f"{path.name.removesuffix('.jsonl')}.{part}.jsonl")
    return Candidate(
        endpoint=Endpoint(who.base_url, who.model, key_env=_key_env(who),
                          timeout_s=pace.timeout_seconds),
        ledger=path,
        rates=rates,
        settings=settings,
    )  # fmt: skip


def _key_env(who: Who) -> str:
    """The variable named, else the usual one of the operator; none on this machine."""
    if who.key_env is not None:
        return who.key_env
    known = endpoint_of(who.base_url)
    if known.local or not known.operator:
        return ""
    return f"{known.operator.upper().replace('-', '_')}_API_KEY"


def rates_of(prices: Prices, model: str, price: str, operator: str) -> Rates | None:
    """The prices given, or those of the list; None if neither is known.

    Args:
        prices: List prices.
        model: The model.
        price: "input,output[,cached]" in US dollars per million tokens; empty for the list.
        operator: Whose endpoint.

    Raises:
        InputError: If what is given is no price.
    """
    if not price:
        return prices.rates(model, operator=operator)
    try:
        parts = [float(part) for part in price.split(",")]
        if len(parts) not in (2, 3):
            raise ValueError
        return Rates(
            input_usd_per_mtok=parts[0],
            output_usd_per_mtok=parts[1],
            cache_read_usd_per_mtok=parts[2] if len(parts) == 3 else None,
        )
    except ValueError:
        raise InputError(
            f"The price {price!r} is not of the form INPUT,OUTPUT or INPUT,OUTPUT,CACHED, in US "
            "dollars per million tokens."
        ) from None


def judge_of(
    who: Who, b: Who, from_model: str, prices: Prices, logs: Path, ledger: Path | str | None,
    pace: Pace, rubric: Path | str | None,
) -> Judge:  # fmt: skip
    """Who compares the answers, and whose family everyone is of."""
    return Judge(
        who=candidate_of(who, prices, logs, ledger, pace, pace.judge_max_usd, "judge"),
        family=_family(prices, who.model),
        family_a=_family(prices, from_model),
        family_b=_family(prices, b.model),
        rubric=rubric_from(Path(rubric)) if rubric else RUBRIC,
    )


def _family(prices: Prices, model: str) -> str:
    """The maker of a model, which is what a judge may favour; its own name if nobody knows it."""
    found = prices.names.names.resolve(model, on=prices.day)
    return found.lab or model


def basis_of(from_model: str, b: Who, prices: Prices, priced_a: bool) -> str:
    """Where the prices of both models come from, in words."""
    told = []
    for model in (from_model, b.model):
        card = prices.used.get(model)
        if card is not None:
            told.append(f"{model} at {card}")
        elif model == from_model:
            told.append(f"{model} as given" if priced_a else f"{model} as the log tells")
        else:
            told.append(f"{model} as given" if b.price else f"{model} unknown")
    return "; ".join(told)


def no_money(from_model: str, seen: Sequence[Seen], priced_a: bool) -> str:
    """Why no money can be told though the candidate has a price; empty if it can.

    Args:
        from_model: The model of the log.
        seen: The items.
        priced_a: Whether its price is known.
    """
    if not seen or any(item.a_usd is not None for item in seen):
        return ""
    if priced_a:
        return (f"The log tells no tokens of {from_model}, so no money is told. If it has them, "
                "say where: --map input_tokens=COLUMN --map output_tokens=COLUMN.")  # fmt: skip
    return (f"No price of {from_model} is known and the log tells no costs, so no money is told. "
            "Give the price with --price-from INPUT,OUTPUT.")  # fmt: skip


def notes_of(b: Who, prices: Prices) -> EndpointNotes:
    """Operator and maker apart: requests go to the one, the weights come from the other."""
    names = prices.names.names
    known = endpoint_of(b.base_url)
    operator = names.operator(known.operator) if known.operator else None
    found = names.resolve(b.model, on=prices.day, provider=known.operator or None)
    model = names.model(found.model) if found.model else None
    lab = names.lab(found.lab) if found.lab else None
    return EndpointNotes(
        address=b.base_url,
        operator="this machine" if known.local else operator.name if operator else "",
        operator_country="yours" if known.local else operator.country if operator else "",
        lab=lab.name if lab else "",
        lab_country=lab.country if lab else "",
        licence=model.licence if model else "",
        retention="as you set it up" if known.local else known.retention,
        training="as you set it up" if known.local else known.training,
        source_url=known.source_url,
        seen_on=str(known.seen_on or ""),
        unverified=not known.verified,
    )
