"""OpenRouter's prices over time, from archived copies of its models endpoint.

A snapshot shows what held on its day: a price may have changed weeks before. It is the price that
OpenRouter showed for a model, often that of its cheapest host, not the lab's own list price.
"""

from datetime import date
from decimal import Decimal

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.shared import price_row, usd_per_mtok
from headtohead.evidence.sourcing import Parsed, RawFiles, Source

SOURCE = Source(
    source_id="openrouter_price_history",
    publisher="model-price-radar-mcp, from the Internet Archive's copies of OpenRouter",
    product="monthly snapshots of OpenRouter's model prices",
    citation=(
        "OpenRouter models API, archived copies, gathered in model-price-radar-mcp "
        "(MIT): prices per million tokens."
    ),
    url="https://github.com/alialtunar/model-price-radar-mcp",
    licence="MIT",
    ship="figures",
    how_to_get=(
        "Take history.json from the Python package model-price-radar-mcp. OpenRouter's own "
        "address gives today's prices only: see openrouter_models."
    ),
    patterns=("history.json", "history.json.gz"),
    rows={"prices": (2_000, 100_000)},
)

_ID = "openrouter_price_history"
_ARCHIVE = "https://web.archive.org/web/{day:%Y%m%d}/https://openrouter.ai/api/v1/models"
_NOTE = "as OpenRouter showed it, often its cheapest host; not the lab's own list price"
_KINDS = ("input", "output")

_Prices = dict[tuple[str, str], float]


def parse(raw: RawFiles) -> Parsed:
    """A row for each price that differs from the snapshot before, and for each that is gone."""
    parsed = Parsed()
    history = raw.json("history.json*", parse_float=Decimal)
    before: _Prices = {}
    latest = date.min
    for snapshot in history.parts("snapshot", history.items("snapshots")):
        day = snapshot.day("date")
        if day <= latest:
            raise UpstreamChanged(_ID, snapshot.where, f"{day} does not follow {latest}")
        now: _Prices = {}
        for model, pair in snapshot.part("prices", snapshot.take("prices")).rest().items():
            if not isinstance(pair, list) or len(pair) != len(_KINDS):
                raise snapshot.wrong(model, pair)
            prices = snapshot.part(model, dict(zip(_KINDS, pair, strict=True)))
            for kind in _KINDS:
                now[model, kind] = prices.convert(kind, usd_per_mtok)
        snapshot.done()
        for key in sorted(now.keys() | before.keys()):
            if now.get(key) == before.get(key):
                parsed.drop("the same price as in the snapshot before")
            else:
                sold = ("openrouter", key[0], "standard", key[1])
                url = _ARCHIVE.format(day=day)
                parsed.add("prices", price_row(sold, now.get(key), day, row_url=url, note=_NOTE))
        before, latest = now, day
    history.done("built", "source")
    return parsed
