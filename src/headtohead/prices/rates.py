"""What tokens cost: prices per million, and the one place that multiplies them."""

import math
from collections.abc import Mapping

import msgspec

from headtohead.core.errors import InputError
from headtohead.logs.calls import Usage

_MTOK = 1_000_000


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """Prices of one model at one endpoint; reasoning is billed as output.

    Attributes:
        input_usd_per_mtok: Input that was in no cache.
        cache_read_usd_per_mtok: Input read from a cache; the input price if None.
        cache_write_usd_per_mtok: Input written to a cache; the input price if None.
        over: Prices of long prompts: (tokens of input above which they hold, prices), rising.

    Raises:
        ValueError: If a price is negative or not finite.
    """

    input_usd_per_mtok: float
    output_usd_per_mtok: float
    cache_read_usd_per_mtok: float | None = None
    cache_write_usd_per_mtok: float | None = None
    over: "tuple[tuple[int, Rates], ...]" = ()

    def __post_init__(self) -> None:
        for name in self.__struct_fields__[:-1]:
            price = getattr(self, name)
            if price is not None and not (price >= 0 and math.isfinite(price)):
                raise ValueError(f"{name} is {price}; a price is a finite number of 0 or more")

    @classmethod
    def per_mtok(
        cls, usd: Mapping[str, float], over: "tuple[tuple[int, Rates], ...]" = ()
    ) -> "Rates":
        """The prices of each kind of token (input, output, cache_read, cache_write)."""
        return cls(
            input_usd_per_mtok=usd["input"],
            output_usd_per_mtok=usd["output"],
            cache_read_usd_per_mtok=usd.get("cache_read"),
            cache_write_usd_per_mtok=usd.get("cache_write"),
            over=over,
        )

    def of(self, input_tokens: int) -> "Rates":
        """The prices of a call whose prompt has so many tokens."""
        held = [rates for tokens, rates in self.over if input_tokens > tokens]
        return held[-1] if held else self


def read_rates(text: str, argument: str) -> Rates:
    """Rates written "input,output[,cached]", in US dollars per million tokens.

    Raises:
        InputError: If it is no price; `argument` is the one that it names.
    """
    try:
        given, answered, *cached = (float(part) for part in text.split(","))
        (cache_read,) = cached or (None,)
        return Rates(
            input_usd_per_mtok=given,
            output_usd_per_mtok=answered,
            cache_read_usd_per_mtok=cache_read,
        )
    except (AttributeError, ValueError):
        raise InputError(
            f"`{argument}` is {text!r}, not of the form INPUT,OUTPUT or INPUT,OUTPUT,CACHED, in "
            "US dollars per million tokens."
        ) from None


def cost_usd(usage: Usage, rates: Rates) -> float:
    """What one call cost in US dollars.

    Cached tokens are part of the input and priced apart; reasoning tokens are part of the output
    and not billed again.

    Raises:
        ValueError: If a count is negative, or a part is more than its whole.
    """
    for name in usage.__struct_fields__:
        if getattr(usage, name) < 0:
            raise ValueError(f"{name} is {getattr(usage, name)}; a count is 0 or more")
    fresh = usage.input_tokens - usage.cache_read_tokens - usage.cache_write_tokens
    if fresh < 0:
        raise ValueError(
            f"{usage.cache_read_tokens} tokens read from a cache and {usage.cache_write_tokens} "
            f"written to one are more than the {usage.input_tokens} tokens of input; "
            "input_tokens has to count cached tokens too"
        )
    if usage.reasoning_tokens > usage.output_tokens:
        raise ValueError(
            f"{usage.reasoning_tokens} tokens of reasoning are more than the "
            f"{usage.output_tokens} tokens of output; output_tokens has to count reasoning too"
        )
    rates = rates.of(usage.input_tokens)
    read, write = _cache_prices(rates)
    return (
        fresh * rates.input_usd_per_mtok
        + usage.cache_read_tokens * read
        + usage.cache_write_tokens * write
        + usage.output_tokens * rates.output_usd_per_mtok
    ) / _MTOK


def worst_usd(input_tokens: int, output_tokens: int, rates: Rates) -> float:
    """The most that a call of at most so many tokens can cost, in US dollars.

    All input is priced at the dearest of the three input prices, since nobody knows before the
    call what a cache will do.

    Raises:
        ValueError: If a count is negative.
    """
    if input_tokens < 0 or output_tokens < 0:
        raise ValueError(f"{input_tokens} and {output_tokens} tokens: a count is 0 or more")
    rates = rates.of(input_tokens)
    dearest = max(rates.input_usd_per_mtok, *_cache_prices(rates))
    return (input_tokens * dearest + output_tokens * rates.output_usd_per_mtok) / _MTOK


def _cache_prices(rates: Rates) -> tuple[float, float]:
    read, write = rates.cache_read_usd_per_mtok, rates.cache_write_usd_per_mtok
    plain = rates.input_usd_per_mtok
    return (plain if read is None else read, plain if write is None else write)
