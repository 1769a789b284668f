"""How a reader calls the columns and codes of evidence: `h2h evidence` and `h2h show` share it."""

import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from headtohead.core.units import show, unit_of, units
from headtohead.evidence.store import publisher as publisher  # questions take it from here
from headtohead.evidence.tables import in_words
from headtohead.names.names import Names, country_name, nationality, rule_words
from headtohead.publish.sheet import Cell
from headtohead.publish.words import licence_name

# How surely a source knows since when a price holds, the surest first; doubted ones come last.
BASES = {
    "documented": "documented by the seller",
    "commit": "from the history of a list",
    "snapshot": "seen in an edition of a list",
    "flagged": "doubted by the list itself",
}
# Column -> how a reader calls it; others by their own words.
_HEADINGS = (
    "model_name=Model; model_id=Stands for; also_source_id=Also from; join_rule=Name matched by; "
    "verified=Checked at its origin; vintage=Edition of; "
    "rating_elo=Rating; rating_low_elo=95% low; rating_high_elo=95% high; observed_on=Seen on; "
    "observed_at=Seen at (UTC); source_id=Source; model_released_on=Released; place_rank=Place; "
    "place_low_rank=Best place; place_high_rank=Worst place; low_value=At least; "
    "high_value=At most; window_start=From; window_end=To; row_url=Address; note=Remark; "
    "return_pct=Return; weights_open=Open weights; licence_osi=OSI licence; "
    "code_open=Open training code; data_open=Open training data; valid_from=Since; "
    "on_front=On the front; front_frac=Chance to be on it; provider=Seller; open=Weights; "
    "cost_usd_per_success=Cost per solved task; evaluator=Measured by; basis=How it is known; "
    "total_b=Parameters; active_b=Active parameters; kv_bytes_per_token=Cache per token; "
    "compute_gflop_per_token=Compute per token; published_on=Published; "
    "train_flop=Training compute; foundry_country=Country of the foundry; low_frac=Share, least; "
    "classified_frac=Share of the classified; high_frac=Share, most; level_label=Level; "
    "token_kind=Kind of token; old_usd_per_mtok=Price before; score_index=Score; "
    "score_low_index=90% low; score_high_index=90% high; is_record=Best so far; "
    "frontier_frac=Chance to be the best; best_index=Best so far, score; units_n=Chips; "
    "compute_h100e=H100-equivalents; compute_low_h100e=At least; compute_high_h100e=At most; "
    "designer_country=Country of the designer; released_on=Released; effective_from=In force from; "
    "effective_to=In force to; announced_on=Announced; chance_corrected=Corrected for guessing"
)
_COLUMNS = dict(part.split("=") for part in _HEADINGS.split("; "))
_CODES = BASES | {
    "third_party": "others",
    "first_party": "the maker",
    "hf_download_share": "downloads from Hugging Face",
    "eci": "Epoch Capabilities Index",
    "metr_horizon_v1_1": "METR time horizons, 1.1",
    "if": "instruction following",
    "webdev": "web development",
    "cache_read": "read from the cache",
    "cache_write": "written to the cache",
    "cache_write_1h": "written to the cache for an hour",
    "fc": "function calling",
    "openrouter": "OpenRouter",
    "on_demand": "on demand",
}
_CODE = re.compile("[a-z0-9]+(_[a-z0-9]+)+")
# Words of others, which stand as they were printed.
_PRINTED = {"model_name", "setting", "display_name", "huggingface_id", "canonical_name", "row_url"}


def bare_heading(column: str) -> str:
    """How a reader calls a column."""
    unit = unit_of(column)
    words = (column.removesuffix(f"_{unit.suffix}") if unit else column).replace("_", " ")
    return _COLUMNS.get(column, words[:1].upper() + words[1:])


def heading(column: str) -> str:
    """How a reader calls a column whose numbers stand without their unit."""
    unit = unit_of(column)
    return f"{bare_heading(column)} ({unit.label})" if unit and unit.label else bare_heading(column)


def cell(column: str, value: object, row: Mapping[str, Any]) -> Cell:
    """What a row holds in a column, as a reader says it; a number with its unit."""
    if isinstance(value, bool | date):
        return value
    if isinstance(value, int | float):
        own = row.get("unit") if column in ("value", "low_value", "high_value") else None
        unit = units().get(str(own)) or unit_of(column)
        if unit is None or unit.suffix == "value":
            return f"{value:.6g}"
        if unit.suffix in ("elo", "index", "rank", "n"):
            return f"{value:,.{unit.digits}f}"
        return show(value, unit.suffix)
    return in_plain_words(column, str(value))


def in_plain_words(column: str, text: str) -> str:
    """A text of a column as a reader says it: the name for an id, words for a code."""
    return text if column in _PRINTED else _SAID.get(column, _code)(text)


def model_name(model_id: str) -> str:
    """What a model is called, by its id; any other text as it is."""
    known = Names.load().model(model_id)
    return known.name if known else model_id


def seller_name(provider: str) -> str:
    """What a seller is called, in whatever way a price list spells it."""
    if known := Names.load().operator(provider):
        return known.name
    hub, _, behind = provider.partition("_")
    if hub == "huggingface" and behind:
        return f"{seller_name(behind)} by way of Hugging Face"
    return _sellers().get(provider, provider.replace("_", " "))


@cache
def _sellers() -> dict[str, str]:
    text = files("headtohead.data").joinpath("sellers.toml").read_text("utf-8")
    by_source: dict[str, dict[str, str]] = tomllib.loads(text)
    return {seller: name for own in by_source.values() for seller, name in own.items()}


def _lab(lab_id: str) -> str:
    known = Names.load().labs().get(lab_id)
    return known.name if known else lab_id


def _code(text: str) -> str:
    """A word of a small list, as evaluator or topic; other texts as they are."""
    said = _CODES.get(text) or _CODES.get(text.partition(":")[0])
    return said or (text.replace("_", " ") if _CODE.fullmatch(text) else text)


def _benchmark(text: str) -> str:
    return _code(in_words(text))


def _unit(text: str) -> str:
    known = units().get(text)
    return (known.label if known else "") or _code(text)


# Column -> how its texts are said.
_SAID: Mapping[str, Callable[[str], str]] = {
    **dict.fromkeys(("source_id", "also_source_id"), publisher),
    **dict.fromkeys(
        ("country", "operator_country", "subject", "foundry_country", "designer_country"),
        country_name,
    ),
    **dict.fromkeys(("test", "benchmark"), _benchmark),
    **dict.fromkeys(("provider", "operator"), seller_name),
    "model_id": model_name,
    "join_rule": rule_words,
    "lab": _lab,
    "licence": licence_name,
    "side": nationality,
    "unit": _unit,
}
