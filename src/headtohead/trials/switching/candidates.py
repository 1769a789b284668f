"""Whom a trial asks: candidates and judges, with their endpoints, keys, prices and ledgers."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headtohead.core.errors import InputError
from headtohead.trials.rates import Rates
from headtohead.trials.replay.endpoint import Endpoint
from headtohead.trials.replay.limits import Limits
from headtohead.trials.replay.operators import endpoint_of
from headtohead.trials.replay.settings import Settings
from headtohead.trials.result import Prices
from headtohead.trials.scoring.judge import RUBRIC, rubric_from
from headtohead.trials.switching.running import Candidate, Judge

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
        judge_params: The same for the judge, who is asked with temperature 0 and a JSON schema.
    """

    concurrency: int = 8
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    max_usd: float | None = None
    judge_max_usd: float | None = None
    cap_tokens: int = 4096
    timeout_seconds: float = 120.0
    params: Mapping[str, Any] = field(default_factory=dict)
    judge_params: Mapping[str, Any] = field(default_factory=dict)


def candidate_of(
    who: Who, prices: Prices, ledger: Path, pace: Pace, *, judging: bool = False
) -> Candidate:
    """Whom to ask, where its answers are kept, and at which prices.

    Args:
        who: The model and endpoint.
        prices: List prices.
        ledger: Where its answers are kept.
        pace: Speed and limits.
        judging: Whether it is the judge.

    Raises:
        InputError: If a limit is out of range, a key is missing, or a ceiling is asked for and no
            price is known.
    """
    ceiling = pace.judge_max_usd if judging else pace.max_usd
    rates = rates_of(prices, who.model, who.price, endpoint_of(who.base_url).operator)
    if ceiling is not None and rates is None:
        option = "--price-judge" if judging else "--price-to"
        raise InputError(
            f"No list price of {who.model} was known on {prices.day}, so a ceiling in dollars "
            f"cannot be kept. Say the price per million tokens, as {option} 0.28,0.42."
        )
    try:
        settings = Settings(
            limits=Limits(pace.concurrency, pace.requests_per_minute, pace.tokens_per_minute),
            ceiling_usd=ceiling,
            cap_tokens=pace.cap_tokens,
            params=pace.judge_params if judging else pace.params,
        )
    except ValueError as error:
        raise InputError(f"The pace does not work: {error}.") from None
    endpoint = Endpoint(
        who.base_url, who.model, key_env=_key_env(who), timeout_s=pace.timeout_seconds
    )
    endpoint.headers()  # a missing key is found before anything is paid
    return Candidate(endpoint=endpoint, ledger=ledger, rates=rates, settings=settings)


def ledger_of(logs: Path, b: Who, ledger: Path | str | None) -> Path:
    """Where the candidate's answers are kept: as said, or named after the log and the model."""
    stem = logs.name.partition(".")[0] or "log"
    return Path(ledger) if ledger else Path(f"{stem}-{_slug(b.model)}.ledger.jsonl")


def _slug(model: str) -> str:
    return "".join(c if c.isalnum() or c in "-." else "-" for c in model)


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
    who: Who, b: Who, from_model: str, prices: Prices, ledger: Path, pace: Pace,
    rubric: Path | str | None,
) -> Judge:  # fmt: skip
    """Who compares the answers, and whose family everyone is of.

    Args:
        who: The judge.
        b: The candidate.
        from_model: The model of the log.
        prices: List prices.
        ledger: The candidate's; the judge's lies beside it, one for each judge and rubric.
        pace: Speed and limits.
        rubric: A file that says what makes an answer better.
    """
    text = rubric_from(Path(rubric)) if rubric else RUBRIC
    mark = f"-{hashlib.sha256(text.encode()).hexdigest()[:8]}" if rubric else ""
    own = ledger.with_name(
        f"{ledger.name.removesuffix('.jsonl')}.judge-{_slug(who.model)}{mark}.jsonl"
    )
    return Judge(
        who=candidate_of(who, prices, own, pace, judging=True),
        family=_family(prices, who.model),
        family_a=_family(prices, from_model),
        family_b=_family(prices, b.model),
        rubric=text,
    )


def _family(prices: Prices, model: str) -> str:
    """The maker of a model, which is what a judge may favour; its own name if nobody knows it."""
    found = prices.names.names.resolve(model, on=prices.day)
    return found.lab or model
