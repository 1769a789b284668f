"""Which models a run asks: endpoint, key, price, and the ceiling that whoever pays has to set."""

from collections.abc import Callable
from pathlib import Path

from headtohead.core.errors import InputError
from headtohead.prices.at_calls import Prices
from headtohead.prices.rates import Rates, read_rates
from headtohead.trading.running.agents import AskedModel
from headtohead.trading.running.settings import Asking
from headtohead.trials.replay.client import Endpoint, terms_of
from headtohead.trials.replay.limits import Settings


def models_of(asking: Asking, log: Path, prices: Callable[[], Prices]) -> list[AskedModel]:
    """The models of a run.

    Args:
        log: Of the run; answers are kept beside it.
        prices: Gives the list prices, where one is needed.

    Raises:
        InputError: If an address or price is none, a key is missing, or a model that is paid for
            has no price or no ceiling.
    """
    asked = [_split(word, asking.base_url) for word in asking.models]
    known = [model for model, _ in asked]
    for model in asking.prices:
        if model not in known:
            raise InputError(f"`prices` has one of {model!r}, which is not among the models asked.")
    return [_model(*one, asking, log, prices, alone=known.count(one[0]) == 1) for one in asked]


def _split(word: str, base_url: str) -> tuple[str, str]:
    """Model and address of MODEL or MODEL@URL."""
    model, at, url = word.partition("@http")
    return model, f"http{url}" if at else base_url


def _model(
    model: str, url: str, asking: Asking, log: Path, prices: Callable[[], Prices], *, alone: bool
) -> AskedModel:
    terms = terms_of(url)
    key_env = terms.key_env if asking.key_env is None else asking.key_env
    try:
        endpoint = Endpoint(url, model, key_env=key_env, timeout_s=asking.timeout_seconds)
    except InputError as error:
        raise InputError(f"`models`: {error}") from None
    endpoint.headers()  # a missing key is found before anything is paid
    name = model if alone else f"{model} at {endpoint.address.partition('//')[2]}"
    slug = "".join(c if c.isalnum() or c in "-." else "-" for c in name)
    return AskedModel(
        name=name,
        endpoint=endpoint,
        ledger=log.with_name(f"{log.name.removesuffix('.jsonl')}.{slug}.answers.jsonl"),
        rates=_rates(model, asking, prices, local=terms.local, operator=terms.operator),
        settings=Settings(
            concurrency_n=asking.concurrency,
            requests_per_minute=asking.requests_per_minute,
            tokens_per_minute=asking.tokens_per_minute,
            cap_tokens=asking.cap_tokens,
            wait_most_s=asking.wait_most_seconds,
            params=asking.params,
        ),
    )


def _rates(
    model: str, asking: Asking, prices: Callable[[], Prices], *, local: bool, operator: str
) -> Rates | None:
    """What its tokens cost; None for a model of one's own machine without a price."""
    if model in asking.prices:
        rates = read_rates(asking.prices[model], "prices")
    elif local:
        return None
    else:
        listed = prices()
        found = listed.dearest(model, operator=operator)
        if found is None:
            raise InputError(
                f"No list price of {model} was known on {listed.day}, so its cost cannot be "
                f"limited. Say the price per million tokens, as `prices={{'{model}': '0.28,0.42'}}`"
                "; 0,0 if nothing is billed."
            )
        rates = found
    billed = rates.input_usd_per_mtok > 0 or rates.output_usd_per_mtok > 0
    if billed and asking.max_usd is None:
        raise InputError(
            f"{model} is paid for: say how much all answers may cost at most, as `max_usd=1`."
        )
    return rates
