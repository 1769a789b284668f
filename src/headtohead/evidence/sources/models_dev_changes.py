"""models.dev's git history: every change of a price field, one line a change.

A commit's day is when the catalogue took a price in, which can trail its first day in force by
weeks (deepseek-chat's 0.28/0.42 was in force on 2025-09-29 and committed on 2025-11-17).
"""

import re
from datetime import date, datetime

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.shared import context_tier, price_row, usd_per_mtok
from headtohead.evidence.sourcing import (
    Parsed,
    RawFiles,
    Record,
    Source,
    csv_records,
    fitting,
    moment,
    names,
)

SOURCE = Source(
    source_id="models_dev_changes",
    publisher="models.dev",
    product="price changes in the catalogue's git history",
    citation="models.dev contributors. An open-source database of AI models, git history (MIT).",
    url="https://github.com/sst/models.dev",
    licence="MIT",
    ship="yes",
    how_to_get=(
        "Clone https://github.com/sst/models.dev and write price_changes.csv from its history: one "
        "line for each commit that adds, changes or removes a field of a [cost] table in a file "
        "below providers/, with the columns path, committed_at, commit, field, old_usd_per_mtok "
        "and new_usd_per_mtok, oldest first."
    ),
    patterns=("price_changes*.csv", "price_changes*.csv.gz"),
    rows={"prices": (20_000, 1_000_000)},
)

_ID = "models_dev_changes"
_COMMIT = "https://github.com/sst/models.dev/commit"
# The first providers' files lay beside provider.toml, without a models folder.
_PATH = re.compile(r"providers/(?P<provider>[^/]+)/(?:models/)?(?P<model>.+)\.toml")
_HASH = re.compile(r"[0-9a-f]{7,40}")
_KINDS = names("input output reasoning cache_read cache_write input_audio output_audio")
_FIELD = re.compile(
    r"(?:(?P<legacy>context_over_200k)\.|tiers\.(?P<size>\d+)\.)?(?P<kind>" + "|".join(_KINDS) + ")"
)
# The dearest token ever listed cost $600 a million; above this stand placeholders such as 99999.
_DEAREST_USD_PER_MTOK = 10_000.0

_Key = tuple[str, str, str, str, date]
# The moment from which a price holds, the price (None where it was taken out), and the commit.
_Change = tuple[datetime, float | None, str]


def parse(raw: RawFiles) -> Parsed:
    """Each price from the day of its commit on; of several on one day, the day's last."""
    parsed = Parsed()
    latest: dict[_Key, _Change] = {}
    for f in sorted(raw.matching("price_changes*"), key=lambda f: f.name):
        for record in csv_records(_ID, f):
            _take(parsed, latest, record)
    for key, (_, price, commit) in latest.items():
        url = f"{_COMMIT}/{commit}"
        parsed.add("prices", price_row(key[:4], price, key[4], basis="commit", row_url=url))
    return parsed


def _take(parsed: Parsed, latest: dict[_Key, _Change], record: Record) -> None:
    path = record.convert("path", fitting(_PATH))
    at = record.convert("committed_at", moment)
    commit = record.convert("commit", fitting(_HASH))[0]
    field = record.convert("field", fitting(_FIELD))
    above = 200_000 if field["legacy"] else int(field["size"] or 0)
    tier = context_tier(above) if above else "standard"
    old, new = (record.convert(f"{when}_usd_per_mtok", _amount) for when in ("old", "new"))
    record.done()
    if old is None and new is None:
        raise UpstreamChanged(_ID, record.where, "a change from no price to no price")
    if new is not None and not 0 <= new <= _DEAREST_USD_PER_MTOK:
        parsed.drop("not a price: negative, or a placeholder above $10,000 per million tokens")
        return
    if old == new:
        parsed.drop("only the spelling of the number changed")
        return
    key = (path["provider"], path["model"], tier, field["kind"], at.date())
    before = latest.get(key)
    if before is not None:
        parsed.drop("changed again on the same day")
    if before is None or before[0] <= at:
        latest[key] = at, new, commit


def _amount(text: str) -> float | None:
    """The figure as TOML wrote it; negative ones are real and left to the caller."""
    if text == "":
        return None
    size = usd_per_mtok(text.lstrip("-"))
    return -size if text.startswith("-") else size
