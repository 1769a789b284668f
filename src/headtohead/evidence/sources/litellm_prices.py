"""LiteLLM's price map: token prices of chat models, read from the JSON file only.

Its figures are gathered by many hands and often disagree with the labs' own lists: the edition of
December 2025 has three different prices for DeepSeek V3.2, none of them DeepSeek's.
"""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from headtohead.evidence.shared import (
    LITELLM_KINDS,
    LITELLM_OTHER_MODES,
    context_tier,
    litellm_hours,
    price_row,
    usd_per_mtok,
)
from headtohead.evidence.sourcing import Parsed, RawFiles, Record, Source, entries, github

SOURCE = Source(
    source_id="litellm_prices",
    publisher="LiteLLM",
    product="model prices and context windows",
    citation="BerriAI and contributors. LiteLLM model price map (MIT).",
    url="https://github.com/BerriAI/litellm",
    licence="MIT",
    ship="figures",
    downloads=github("BerriAI/litellm/main", "model_prices_and_context_window.json"),
    patterns=("model_prices_and_context_window*.json", "model_prices_and_context_window*.json.gz"),
    rows={"prices": (1_500, 200_000), "models": (0, 20_000), "retirements": (0, 50_000)},
    whole=True,
)

_ID = "litellm_prices"
_TEMPLATE = "sample_spec"
_CHAT = ("chat", "responses")
_OTHER_MODES = (*LITELLM_OTHER_MODES, "completion", "decisions", "embedding")
_KINDS = LITELLM_KINDS | {
    "output_cost_per_reasoning_token": "reasoning",
    "input_cost_per_audio_token": "input_audio",
    "output_cost_per_audio_token": "output_audio",
    "input_cost_per_image_token": "input_image",
    "output_cost_per_image_token": "output_image",
    "output_cost_per_video_token": "output_video",
    "citation_cost_per_token": "citation",
    "explicit_cache_read_input_token_cost": "cache_read_explicit",
    "cache_read_input_audio_token_cost": "cache_audio_read",
    "cache_read_input_image_token_cost": "cache_image_read",
    "cache_creation_input_audio_token_cost": "cache_audio_write",
}
_PRICE = re.compile(
    rf"(?P<name>{'|'.join(_KINDS)})(?:_above_(?P<hours>\d+)hr)?(?:_above_(?P<k>\d+)k_tokens)?"
    r"(?:_(?P<mode>batches|flex|priority|ultrafast|balanced|decisions))?"
)
# An older name of the cache price; where both are given they agree or the newer one counts.
_OLD_CACHE_READ = "input_cost_per_token_cache_hit"
_OTHER_UNIT = re.compile(
    r"(?:input|output)_cost_per_(?:audio_per_second|video_per_second|second|character|image|pixel"
    r"|query|request)(?:_above_[a-z0-9_]+|_premium_image)?"
    r"|(?:input|output)_dbu_cost_per_token|cost_per_second|code_interpreter_cost_per_session"
    r"|(?:search_context|google_maps_grounding)_cost_per_query|(?:ocr|annotation)_cost_per_page"
    r"|computer_use_(?:input|output)_cost_per_1k_tokens|file_search_cost_per_1k_calls"
    r"|(?:file_search|vector_store)_cost_per_gb_per_day"
)
_IGNORED = re.compile(
    r"(?:supports?|supported|max|bedrock|reasoning|regional|token_count|thinking|search_free"
    r"|prompt_cache|default)_(?!.*(?:cost|pric))[a-z0-9_]+"
    r"|comment|metadata|provider_specific_entry|rpd|rpm|tpm"
    r"|tool_use_system_prompt_tokens|use_openai_responses_path|web_search_billing_unit"
)

_Prices = dict[tuple[str, str], float]


def parse(raw: RawFiles) -> Parsed:
    """Every token price of every chat model in the edition."""
    parsed = Parsed()
    top = raw.json("model_prices_and_context_window*.json*", parse_float=Decimal)
    for model, record in top.each():
        mode = record.maybe("mode")
        if model == _TEMPLATE:
            parsed.drop("the publisher's template")
            continue
        provider = record.text("litellm_provider")
        if retires_on := record.day_maybe("deprecation_date"):
            row = {"provider": provider, "model_name": model, "retires_on": retires_on}
            parsed.add("retirements", row | {"stated_as": "deprecation"})
        if mode in _CHAT:
            if context := record.convert_maybe("max_input_tokens", int):
                row = {"provider": provider, "model_name": model}
                parsed.add("models", row | {"context_tokens": context})
            _model(parsed, raw.known_on, (provider, model), record)
        elif mode is None or mode in _OTHER_MODES:
            parsed.drop(f"mode {mode}: not a chat model" if mode else "no mode stated")
        else:
            raise record.wrong("mode", mode)
    return parsed


def _model(parsed: Parsed, vintage: date, seller: tuple[str, str], record: Record) -> None:
    url = record.maybe("source")
    tiers = record.items_maybe("tiered_pricing")
    off_peak, hours = record.maybe("off_peak_pricing"), None
    prices = _prices(parsed, "standard", record.where, record.rest())
    for part in record.parts("tiered_pricing", tiers):
        # The prices of prompts longer than the lower end of a range.
        tier = part.convert("range", _lower_end)
        prices |= _prices(parsed, tier, part.where, part.rest())
    if off_peak is not None:
        part = record.part("off_peak_pricing", off_peak)
        hours = litellm_hours(part.maybe("windows"))
        part.skip("weekday_timezone")
        prices |= _prices(parsed, "off_peak", part.where, part.rest())
    if not prices:
        parsed.drop("no price per token stated")
    url = url if str(url).startswith("https://") else None
    for (tier, kind), price in prices.items():
        key = (*seller, tier, kind)
        row = price_row(key, price, vintage, vintage=vintage, row_url=url)
        parsed.add("prices", row | {"hours_utc": hours if tier.startswith("off_peak") else None})


def _prices(parsed: Parsed, tier: str, where: str, fields: Mapping[str, Any]) -> _Prices:
    """(tier, token kind) -> price; every other field is known by name or raises."""
    record = Record(_ID, where, fields)
    prices: _Prices = {}
    old = record.convert_maybe(_OLD_CACHE_READ, _per_token)
    for name in fields:
        if match := _PRICE.fullmatch(name):
            price = record.convert_maybe(name, _per_token)
            if price is not None:
                prices[_series(tier, match)] = price
        elif _OTHER_UNIT.fullmatch(name):
            record.skip(name)
            parsed.drop("not a price per token, or not in US dollars")
        elif _IGNORED.fullmatch(name):
            record.skip(name)
    if old is not None:
        if (tier, "cache_read") in prices:
            parsed.drop("a second cache price under an older field name")
        prices.setdefault((tier, "cache_read"), old)
    record.done()
    return prices


def _series(tier: str, field: re.Match[str]) -> tuple[str, str]:
    """The tier and token kind of a price field, in a table of prices of a tier."""
    kind = _KINDS[field["name"]] + (f"_{field['hours']}h" if field["hours"] else "")
    mode, thousands = field["mode"], field["k"]
    parts = [] if tier == "standard" else [tier]
    parts += [{"batches": "batch"}.get(mode, mode)] if mode else []
    parts += [context_tier(int(thousands) * 1000)] if thousands else []
    return "_".join(parts) or "standard", kind


def _lower_end(ends: object) -> str:
    low, _ = entries(ends)
    return "standard" if low == 0 else context_tier(low)


def _per_token(value: object) -> float:
    return usd_per_mtok(value, per_tokens=1)
