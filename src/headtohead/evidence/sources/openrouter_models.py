"""OpenRouter's list of models: ids, Hugging Face ids and the prices it starts from today.

A price here is what OpenRouter's own page shows for a model, often that of its cheapest host; it
is not the lab's own list price.
"""

from datetime import date

from headtohead.evidence.shared import context_tier, price_row, usd_per_mtok
from headtohead.evidence.sourcing import Download, Parsed, RawFiles, Record, Source, names

SOURCE = Source(
    source_id="openrouter_models",
    publisher="OpenRouter",
    product="models endpoint: ids, aliases and prices",
    citation="OpenRouter. Models API (openrouter.ai/api/v1/models).",
    url="https://openrouter.ai/models",
    licence="LicenseRef-OpenRouter-Terms",
    ship="no",
    downloads=(Download("models.json", "https://openrouter.ai/api/v1/models"),),
    patterns=("models.json", "models_*.json"),
    rows={"models": (150, 5_000), "prices": (300, 40_000), "retirements": (0, 5_000)},
    whole=True,
)

_ID = "openrouter_models"
_KINDS = {
    "prompt": "input",
    "completion": "output",
    "input_cache_read": "cache_read",
    "input_cache_write": "cache_write",
    "input_cache_write_1h": "cache_write_1h",
    "internal_reasoning": "reasoning",
    "audio": "input_audio",
    "audio_output": "output_audio",
    "input_audio_cache": "cache_audio_read",
    "image_token": "input_image",
}
_NOT_PER_TOKEN = ("request", "image", "image_output", "web_search")
_HOURS = ("utc_start", "utc_end", "utc_days")
_UNUSED = names(
    "created description architecture top_provider per_request_limits "
    "supported_parameters default_parameters supported_voices knowledge_cutoff "
    "links reasoning benchmarks"
)
_VARIABLE = -1.0


def parse(raw: RawFiles) -> Parsed:
    """Every model and its prices, as of the day of the response."""
    parsed, day = Parsed(), raw.day_of(raw.one("models*.json"))
    answer = raw.json("models*.json")
    for record in answer.parts("model", answer.items("data")):
        name = record.text("id")
        canonical = record.text("canonical_slug")
        weights = record.text_maybe("hugging_face_id")
        display, prices = record.text("name"), record.take("pricing")
        alias = record.maybe("alias_target")
        retires_on = record.day_maybe("expiration_date")
        context = record.convert_maybe("context_length", int)
        record.done(*_UNUSED)
        if alias is not None or name.startswith("~"):
            parsed.drop("an alias that moves to the newest model of a family")
            continue
        parsed.add(
            "models",
            {
                "model_name": name,
                "display_name": display,
                "organisation": name.split("/")[0],
                "released_on": None,
                "open_weights": True if weights else None,
                "licence": None,
                "huggingface_id": weights,
                "canonical_name": canonical,
                "context_tokens": context or None,
                "known_on": day,
                "vintage": day,
                "note": "open because it gives a Hugging Face id" if weights else None,
            },
        )
        _prices(parsed, day, name, record.part("pricing", prices))
        if retires_on:
            parsed.add(
                "retirements",
                {
                    "provider": "openrouter",
                    "model_name": name,
                    "retires_on": retires_on,
                    "stated_as": "expiration",
                    "known_on": day,
                    "vintage": day,
                },
            )
    answer.done("total_count", "links")
    return parsed


def _prices(parsed: Parsed, day: date, name: str, record: Record) -> None:
    overrides = record.items_maybe("overrides")
    discount = record.maybe("discount", 0)
    if discount != 0:
        raise record.wrong("discount", discount)
    _tier(parsed, day, name, "standard", record)
    for part in record.parts("override", overrides):
        if any(part.has(field) for field in _HOURS):
            parsed.drop("a price for certain hours only")
        else:
            _tier(parsed, day, name, part.convert("min_prompt_tokens", context_tier), part)


def _tier(parsed: Parsed, day: date, name: str, tier: str, record: Record) -> None:
    for field in _NOT_PER_TOKEN:
        if record.maybe(field) is not None:
            parsed.drop(f"not a price per token: {field}")
    for field, kind in _KINDS.items():
        price = record.convert_maybe(field, _price)
        if price == _VARIABLE:
            parsed.drop("a price that depends on the model it is routed to")
        elif price is not None:
            key = ("openrouter", name, tier, kind)
            parsed.add("prices", price_row(key, price, day, vintage=day))
    record.done()


def _price(text: str) -> float:
    """US dollars per million tokens; -1, which OpenRouter's routers give, stays -1."""
    return _VARIABLE if text == "-1" else usd_per_mtok(text, per_tokens=1)
