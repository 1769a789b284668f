"""What `h2h serve-cost` and `h2h breakeven` give."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from headtohead.core.estimate import Citation, Interval
from headtohead.prices.serving.breakeven import TurningPoint, Weighed
from headtohead.prices.serving.chip import HourPrice
from headtohead.prices.serving.service import Service
from headtohead.publish.machine import envelope
from headtohead.publish.result import Result
from headtohead.publish.sheet import Sheet


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ServeCostResult(Result):
    """One service, and what its tokens cost.

    Attributes:
        hour: What an hour of a chip costs; None if that is not known.
    """

    service: Service
    hour: HourPrice | None
    as_of: date
    citations: tuple[Citation, ...]
    notes: tuple[str, ...]

    @property
    def usd_per_mtok(self) -> Mapping[str, Interval]:
        """Kind of token -> US dollars a million at full load; empty without a price.

        The interval holds both how far off the speed may be and how far sellers are apart.
        """
        if self.hour is None:
            return {}
        one = self.service
        seconds = {
            "input": one.chip_seconds(1e6, 0, 0),
            "cached": one.chip_seconds(0, 1e6, 0),
            "output": one.chip_seconds(0, 0, 1e6),
        }
        return {kind: self.hour.of(interval) for kind, interval in seconds.items()}

    @property
    def sheet(self) -> Sheet:
        """The report of it."""
        from headtohead.prices.serving.sheet import serve_cost_sheet

        return serve_cost_sheet(self)

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        one = self.service
        result = {
            "model": one.shape.name,
            "attention": one.shape.attention,
            "total_params_b": one.shape.total_params / 1e9,
            "active_params_b": one.shape.active_params / 1e9,
            "chip": one.chip.name,
            "chips_n": one.chips,
            "copies_n": one.copies,
            "tensor_parallel_n": one.layout.tensor,
            "data_parallel_n": one.layout.data,
            "expert_parallel_n": one.layout.expert,
            "precision": one.precision.name,
            "context_tokens": one.load.context,
            "input_tokens": one.load.input_tokens,
            "output_tokens": one.load.output_tokens,
            "sequences_per_copy_n": one.batch,
            "limited_by": one.bound,
            "prefill_apart": one.apart,
            "output_tokens_per_s_per_chip": asdict(one.output_rate),
            "output_tokens_per_s": asdict(one.output_rate.rescaled(one.chips)),
            "input_tokens_per_s_per_chip": asdict(one.input_rate),
            "time_per_output_token_s": asdict(one.token_s),
            "prompt_computing_s": asdict(one.prompt_s),
            "weights_gb_per_chip": one.memory.weights_gb,
            "usable_gb_per_chip": one.memory.usable_gb,
            "cache_gb_per_sequence": one.memory.cache_gb_per_sequence,
            "sequences_that_fit_per_copy_n": int(one.memory.sequences) * one.layout.data,
            "usd_per_chip_hour": self.hour.usd.value if self.hour else None,
            "usd_per_mtok": {k: asdict(v) for k, v in self.usd_per_mtok.items()},
            "interval": one.spread.says,
            "interval_of_prefill": one.prefill.says,
        }
        head = envelope("serve_cost", None, self.as_of, [result], self.citations)
        return head | {"sentence": self.sheet.sentence, "notes": list(self.notes)}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BreakevenResult(Result):
    """Own machines against an API.

    Attributes:
        api: Whose price counts; `api_prices` are those in force, in words.
    """

    weighed: Weighed
    service: Service
    hour: HourPrice
    api: str
    api_prices: tuple[str, ...]
    as_of: date
    citations: tuple[Citation, ...]
    notes: tuple[str, ...]

    @property
    def sheet(self) -> Sheet:
        """The report of it."""
        from headtohead.prices.serving.sheet import breakeven_sheet

        return breakeven_sheet(self)

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        one, asked = self.weighed, self.weighed.demand
        result = {
            "model": self.service.shape.name,
            "chip": self.service.chip.name,
            "chips_per_unit_n": self.service.chips,
            "api": self.api,
            "cheaper": one.cheaper,
            "requests_per_day_n": asked.requests,
            "input_tokens_per_day": asked.fresh + asked.cached,
            "cached_tokens_per_day": asked.cached,
            "output_tokens_per_day": asked.output,
            "peak_ratio": asked.peak,
            "api_usd_per_day": asked.api_usd,
            "own_usd_per_day": asdict(one.own_usd),
            "usd_per_chip_hour": self.hour.usd.value,
            "expected": _turn_json(one.expected, asked.requests),
            "best": _turn_json(one.best, asked.requests),
            "worst": _turn_json(one.worst, asked.requests),
        }
        head = envelope("breakeven", None, self.as_of, [result], self.citations)
        return head | {
            "word": self.sheet.word,
            "sentence": self.sheet.sentence,
            "notes": list(self.notes),
        }


def _turn_json(turn: TurningPoint, requests: float) -> dict[str, float | int | None]:
    """One case as `--json` prints it; None where own machines cost more at any load."""
    return {
        "units_n": turn.units,
        "own_usd_per_day": turn.own_usd,
        "requests_per_day_that_a_unit_carries_n": turn.carries * requests,
        "breakeven_requests_per_day_n": turn.first and turn.first * requests,
        "for_good_requests_per_day_n": turn.for_good and turn.for_good * requests,
    }
