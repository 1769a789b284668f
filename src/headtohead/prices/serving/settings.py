"""What may be chosen for a service of one's own, and where it is set against an API."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from headtohead.core.errors import InputError
from headtohead.core.settings import check_choices, option

Precisions = Literal["bf16", "fp8", "fp4", "int4"]
_TOKENS = (1, 1e8)
_CACHED = (0, 0.999)  # of a prompt at least a little is new
Contracts = Literal["on_demand", "one_year", "three_years"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineSettings:
    """The machines, what an hour of them costs, and how they serve.

    Raises:
        InputError: If a choice lies outside its range.
    """

    chip: str | None = option(
        None, metavar="CHIP", help="H800, H20, B200, MI300X, Ascend 910C, ..."
    )
    chip_file: Path | None = option(
        None, metavar="FILE", help="Instead: TOML of a chip of your own, with its peaks."
    )
    gpus: int = option(8, metavar="N", help="How many chips.")
    precision: Precisions | None = option(
        None, help="Of the weights; int4: of the experts alone. Default: as published."
    )
    cache_bits: Literal["16", "8"] = option("16", help="Of a number in the cache.")
    batch: int | None = option(
        None, metavar="N", help="Sequences on each chip at once; else as many as fit in time."
    )
    token_limit_ms: float = option(50.0, metavar="MS", help="Longest time per output token.")
    tensor_parallel: int | None = option(
        None, metavar="N", help="Chips that share a layer; the best if left out."
    )
    prefill: Literal["same", "own"] | None = option(
        None, help="Whether prompts are read on the same chips or on chips of their own."
    )
    drafts: int = option(0, metavar="N", help="Tokens guessed ahead in each step (MTP).")
    accepted: float = option(0.8, metavar="SHARE", help="Share of guesses that hold, 0 to 1.")
    contract: Contracts = option("on_demand", help="Whose price an hour of a chip has.")
    usd_per_chip_hour: float | None = option(
        None, metavar="USD", help="Your own price instead of the quoted ones."
    )

    def __post_init__(self) -> None:
        check_choices(self)
        _check_ranges(
            self,
            gpus=(1, 100_000),
            batch=(1, 100_000),
            tensor_parallel=(1, 1024),
            drafts=(0, 8),
            token_limit_ms=(0.1, 1e6),
            accepted=(0, 1),
            usd_per_chip_hour=(0, 1e4),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSettings:
    """What a typical request is like.

    Raises:
        InputError: If a choice lies outside its range.
    """

    context: float | None = option(
        None,
        metavar="TOKENS",
        help="In the cache of a sequence while it writes, on average. Default: 4000",
    )
    input_tokens: float | None = option(
        None, metavar="N", help="Of a prompt; else the context less half of the answer."
    )
    output_tokens: float = option(1000.0, metavar="N", help="Of an answer, reasoning included.")
    cached: float = option(0.0, metavar="SHARE", help="Of a prompt that is at hand, 0 to below 1.")

    def __post_init__(self) -> None:
        check_choices(self)
        _check_ranges(
            self, context=_TOKENS, input_tokens=_TOKENS, output_tokens=_TOKENS, cached=_CACHED
        )
        if self.context is not None and self.input_tokens is not None:
            raise InputError(
                "Give `context` or `input_tokens`: with half of the answer a prompt is the context."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandSettings:
    """What is asked for, what it costs at the API, and what own machines cost besides an hour.

    Raises:
        InputError: If a choice lies outside its range.
    """

    model: str | None = option(
        None, metavar="MODEL", help="To serve: a name or a config.json. Default: the log's own."
    )
    api: str | None = option(
        None,
        metavar="MODEL",
        help="Whose API price counts. Default: that of each call's own model.",
    )
    operator: str = option("", metavar="NAME", help="Who sells it; the maker if left out.")
    requests: float | None = option(None, metavar="N", help="A day, instead of a log.")
    input_tokens: float | None = option(None, metavar="N", help="Of a prompt, with requests.")
    output_tokens: float | None = option(None, metavar="N", help="Of an answer, with requests.")
    cached: float = option(0.0, metavar="SHARE", help="Of a prompt that is at hand, with requests.")
    days: float | None = option(
        None, metavar="N", help="That the log is of; its own times tell if left out."
    )
    peak: float | None = option(
        None,
        metavar="TIMES",
        help="Load of the busiest hour over the mean; the log's own, else 2.",
    )
    purchase_usd: float | None = option(
        None, metavar="USD", help="Price of a chip that is bought, instead of an hour's."
    )
    years: float = option(4.0, metavar="N", help="That a bought chip serves.")
    overhead: float = option(
        1.64, metavar="TIMES", help="Price of a whole server over that of its chips."
    )
    power_w: float = option(0.0, metavar="W", help="That one chip draws, cooling included.")
    usd_per_kwh: float = option(0.1, metavar="USD", help="Price of power.")
    extra_usd_per_day: float = option(
        0.0, metavar="USD", help="Paid whatever the load: people, rooms."
    )
    format: str = option("auto", metavar="NAME", help="Of the log.")
    mapping: Mapping[str, str] = option(
        factory=dict, flag="--map", metavar="FIELD=COLUMN", help="Where a field of the log is."
    )

    def __post_init__(self) -> None:
        check_choices(self)
        _check_ranges(
            self,
            requests=(1, 1e12),
            input_tokens=_TOKENS,
            output_tokens=_TOKENS,
            cached=_CACHED,
            days=(1e-6, 36_600),
            peak=(1, 1000),
            purchase_usd=(0, 1e7),
            years=(0.1, 50),
            overhead=(1, 10),
            power_w=(0, 1e5),
            usd_per_kwh=(0, 100),
            extra_usd_per_day=(0, 1e9),
        )


def _check_ranges(settings: object, **ranges: tuple[float, float]) -> None:
    for name, (least, most) in ranges.items():
        value = getattr(settings, name)
        if value is not None and not least <= value <= most:
            raise InputError(f"`{name}` is {value}; it must be from {least:g} to {most:,.12g}.")
