"""models.dev: list prices of every provider's endpoints, and the labs' own model records.

Three layouts of one product are read: `api.json` (providers and their models), `models.json` (the
labs' records, keyed lab/model) and an archive of the repository's TOML tree, which holds both.
"""

import re
import tomllib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.shared import context_tier, price_row, prices_by_kind
from headtohead.evidence.sourcing import (
    Download,
    Parsed,
    RawFile,
    RawFiles,
    Record,
    Source,
    json_record,
    names,
)

SOURCE = Source(
    source_id="models_dev",
    publisher="models.dev",
    product="open catalogue of models and prices",
    citation="models.dev contributors. An open-source database of AI models (MIT).",
    url="https://models.dev",
    licence="MIT",
    ship="yes",
    downloads=(
        Download("api.json", "https://models.dev/api.json"),
        Download("models.json", "https://models.dev/models.json", optional=True),
    ),
    how_to_get="The TOML tree is an archive of https://github.com/sst/models.dev.",
    patterns=("api.json", "models.json", "tree_*.tar.gz"),
    rows={"prices": (6_000, 120_000), "models": (0, 20_000)},
    whole=True,
)

_ID = "models_dev"
_TOML = re.compile(r"\.toml$")
_MODE = re.compile(r"[a-z][a-z0-9_-]*")
_OFFER = re.compile(r"(?:^|/)providers/(?P<provider>[^/]+)/models/(?P<model>.+)\.toml$")
_PROVIDER = re.compile(r"(?:^|/)providers/(?P<provider>[^/]+)/provider\.toml$")
_LAB = re.compile(r"(?:^|/)models/(?P<name>[^/]+/.+)\.toml$")

_SOMETIMES = ("reasoning", "cache_read", "cache_write", "input_audio", "output_audio")
# Slips in the TOML files and prices of other things than tokens: models.dev's own site leaves
# these fields out of api.json, so no reader of it ever saw them as prices.
_NOT_PRICES = tuple(
    ["cache_input", "cached_input", "cached_write", "citation", "image", "request", "per_minute"]
)
_STATUS = ("alpha", "beta", "deprecated")
_PROVIDER_FIELDS = ("id", "name", "env", "npm", "api", "doc", "experimental")
# A provider's word on openness, dates and abilities contradicts other providers' words on the
# same model; the labs' records speak for the model.
_OFFER_FIELDS = names(
    "id name description family attachment reasoning reasoning_options tool_call interleaved "
    "structured_output temperature knowledge release_date last_updated modalities open_weights "
    "provider base_model base_model_omit canonical_model_id"
)
_LAB_FIELDS = names(
    "id description family attachment reasoning reasoning_options tool_call interleaved "
    "structured_output temperature knowledge last_updated modalities links benchmarks status"
)


def parse(raw: RawFiles) -> Parsed:
    """Every provider's prices and every lab's records, as of the edition's day."""
    parsed = Parsed()
    for f in raw.matching("api.json"):
        for provider, record in json_record(_ID, f, parse_float=Decimal).each():
            offers = record.part("models", record.take("models"))
            record.done(*_PROVIDER_FIELDS)
            for model, offer in offers.each():
                _offer(parsed, raw.known_on, provider, model, offer)
    for f in raw.matching("models.json"):
        for name, record in json_record(_ID, f).each():
            _lab_record(parsed, raw.known_on, name, record)
    for f in raw.matching("tree_*.tar.gz"):
        _tree(parsed, raw.day_of(f), f)
    return parsed


def _tree(parsed: Parsed, day: date, f: RawFile) -> None:
    files = {}
    for name, text in f.members(_TOML):
        if text is None:
            parsed.drop("a link to a record that is not there")
        else:
            files[name] = text
    labs = {m["name"] for name in files if (m := _lab_name(name))}
    for name, text in files.items():
        record = Record(_ID, name, tomllib.loads(text, parse_float=Decimal))
        if m := _OFFER.search(name):
            base = record.maybe("base_model")
            if base is not None and base not in labs:
                parsed.drop("base_model names a lab record that is not there")
                continue
            _offer(parsed, day, m["provider"], m["model"], record)
        elif _PROVIDER.search(name):
            record.done(*_PROVIDER_FIELDS)
        elif m := _lab_name(name):
            _lab_record(parsed, day, m["name"], record)
        else:
            raise UpstreamChanged(_ID, name, "a TOML file in an unknown place")


def _lab_name(name: str) -> re.Match[str] | None:
    return None if "providers/" in name else _LAB.search(name)


def _offer(parsed: Parsed, day: date, provider: str, model: str, record: Record) -> None:
    """One provider's offer of one model: its prices in every tier and mode."""
    if tokens := _context(record):
        row = {"provider": provider, "model_name": model, "context_tokens": tokens}
        parsed.add("models", row | {"known_on": day, "vintage": day})
    status = record.maybe("status")
    if status not in (None, *_STATUS):
        raise record.wrong("status", status)
    note = f"status: {status}" if status else None
    costs = {"standard": record.maybe("cost")}
    extras = record.part("experimental", record.maybe("experimental", {}))
    modes = record.part("modes", extras.maybe("modes", {}))
    for mode, part in modes.each():
        if mode == "standard" or not _MODE.fullmatch(mode):
            raise extras.wrong("modes", mode)
        costs[mode] = part.maybe("cost")
        part.done("provider")
    extras.done()
    record.done(*_OFFER_FIELDS)
    if not any(costs.values()):
        parsed.drop("no price stated")
    for tier, cost in costs.items():
        if cost:
            for (name, kind), price in _cost(parsed, tier, record.part("cost", cost)):
                key = (provider, model, name, kind)
                parsed.add("prices", price_row(key, price, day, vintage=day, note=note))


def _cost(parsed: Parsed, mode: str, record: Record) -> Iterator[tuple[tuple[str, str], float]]:
    """The prices of one cost table and of its context tiers."""
    tiers = record.items_maybe("tiers")
    legacy = record.maybe("context_over_200k")
    yield from _kinds(parsed, record, mode)
    for part in record.parts("tier", tiers):
        yield from _kinds(parsed, part, mode, _threshold(part))
    # With exact tiers beside it, this field only repeats one of them, whatever its threshold.
    if legacy is not None and not tiers:
        part = record.part("context_over_200k", legacy)
        yield from _kinds(parsed, part, mode, context_tier(200_000))


def _threshold(record: Record) -> str:
    tier = record.part("tier", record.take("tier"))
    kind = tier.maybe("type", "context")
    if kind != "context":
        raise tier.wrong("type", kind)
    name = tier.convert("size", context_tier)
    tier.done()
    return name


def _kinds(
    parsed: Parsed, record: Record, mode: str, threshold: str = ""
) -> Iterator[tuple[tuple[str, str], float]]:
    for name in _NOT_PRICES:
        if record.maybe(name) is not None:
            parsed.drop(f"cost field {name}, which is no price per token to models.dev")
    return prices_by_kind(record, mode, threshold, sometimes=_SOMETIMES)


def _lab_record(parsed: Parsed, day: date, name: str, record: Record) -> None:
    """One lab's own record of one model."""
    released = record.text("release_date")
    whole_day = re.fullmatch(r"\d{4}-\d{2}-\d{2}", released) is not None
    parsed.add(
        "models",
        {
            "model_name": name,
            "display_name": record.text("name"),
            "organisation": name.split("/")[0],
            "released_on": date.fromisoformat(released) if whole_day else None,
            "open_weights": record.flag("open_weights"),
            "licence": record.text_maybe("license"),
            "huggingface_id": _weights(record),
            "canonical_name": None,
            "context_tokens": _context(record),
            "known_on": day,
            "vintage": day,
            "note": None if whole_day else f"released in {released}, the day is not given",
        },
    )
    record.done(*_LAB_FIELDS)


def _context(record: Record) -> int | None:
    """The longest context in tokens; a limit of 0 stands for "not stated"."""
    limit = record.part("limit", record.maybe("limit", {}))
    tokens = limit.convert_maybe("context", int)
    limit.done("input", "output")
    return tokens or None


def _weights(record: Record) -> str | None:
    """The Hugging Face repository of the weights; the first without a quantization leads."""
    addresses: list[tuple[bool, str]] = []
    for link in record.parts("weights", record.items_maybe("weights")):
        url = link.text("url")
        quantized = link.maybe("quantization") is not None
        link.done("label")
        if match := re.fullmatch(r"https://huggingface\.co/([^/]+/[^/?#]+)/?", url):
            addresses.append((quantized, match[1]))
    return min(addresses, key=lambda f: f[0])[1] if addresses else None
