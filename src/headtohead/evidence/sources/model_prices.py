"""model-prices: the labs' own list prices over time, each with its source and kind of date.

A price dated by a models.dev commit became known with that commit. A price that the provider
documents was public from its own first day, so that day is also when it became known, however late
the catalogue took it in; its rows say so, with the moment of the day where it is given. What the
changes by the hour becomes tiers `off_peak` and `peak`, computed from the standard price of
those days. What the snapshot calls removed is taken out on its own day, since no other is known.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from headtohead.evidence.shared import context_tier, price_row, prices_by_kind, usd_per_mtok
from headtohead.evidence.sourcing import (
    Parsed,
    RawFiles,
    Record,
    Source,
    entries,
    github,
    moment,
    remarks,
    words,
)

SOURCE = Source(
    source_id="model_prices",
    publisher="model-prices",
    product="dated and sourced list prices of the labs' own endpoints",
    citation="model-prices contributors. LLM API prices, current and historical (MIT).",
    url="https://github.com/wakamex/model-prices",
    licence="MIT",
    ship="yes",
    downloads=github("wakamex/model-prices/main/src/model_prices", "snapshot.json"),
    patterns=("snapshot.json",),
    rows={"prices": (3_000, 60_000)},
)

_ID = "model_prices"
_SCHEMA = 1
_BASIS = {
    "models.dev commit": "commit",
    "documented": "documented",
    "corrected": "commit",
    "first observed": "snapshot",
}
_NOTES = {
    "models.dev commit": None,
    "documented": "the provider's own document gives this price; public from its first day",
    "corrected": "the provider's own document gives this price, models.dev's commit its day",
    "first observed": "in force on this day, its first day is not known",
}
_STATED = ("models.dev commit", "documented", "first observed")
_MODES = ("standard", "batch", "fast", "flex", "priority", "thinking", "ultrafast")
_STATUS = ("deprecated", "removed")
_HOUR = "cache_write_1h"
_UNLISTED = "models.dev no longer lists this mode"
_OVER = "the hours with another price ended"
_REMOVED = "no longer sold on this day; since when is not known"


@dataclass(frozen=True, slots=True)
class _Price:
    """One price of one tier and token kind from one day on; None where it was taken out."""

    price: float | None
    basis: str
    row_url: str | None
    note: str | None
    valid_from_at: datetime | None = None
    hours_utc: str | None = None


_Series = dict[tuple[str, str], dict[date, _Price]]


@dataclass(frozen=True, slots=True)
class _Schedule:
    """Hours of the day with another price, and how many times the standard price that is."""

    tier: str
    times: Decimal
    start: datetime
    end: datetime | None
    url: str
    hours: str


def parse(raw: RawFiles) -> Parsed:
    """Every rate of every model and mode, from its first known day on."""
    parsed = Parsed()
    record = raw.json("snapshot.json", parse_float=Decimal)
    record.one_of("schema", (_SCHEMA,))
    prices = record.part("prices", record.take("prices"))
    status = _statuses(record.part("status", record.take("status")))
    written = record.convert("updated_at", _day)
    standard = {}
    for provider, models in prices.each():
        for model, modes in models.each():
            series = _model(parsed, modes)
            if status.get((provider, model)) == "removed":
                for days in series.values():
                    days.setdefault(written, _Price(None, "snapshot", None, _REMOVED))
            standard[provider, model] = series
            _emit(parsed, provider, model, series)
    _schedules(parsed, record.part("schedules", record.take("schedules")), standard, status)
    for _ in record.items("plans"):
        parsed.drop("a subscription plan, not a price per token")
    for _ in record.items("estimates"):
        parsed.drop("a stand-in for a model without a price")
    for name in ("aliases", "bases"):
        for _, names in record.part(name, record.take(name)).each():
            for _ in names.rest():
                parsed.drop("another name of a model, not a price")
    record.done("models_dev")
    return parsed


def _statuses(record: Record) -> dict[tuple[str, str], str]:
    statuses = {}
    for provider, models in record.each():
        for model, status in models.rest().items():
            if status not in _STATUS:
                raise record.wrong(model, status)
            statuses[provider, model] = status
    return statuses


def _model(parsed: Parsed, record: Record) -> _Series:
    """(tier, token kind) -> day -> price, over all modes of one model."""
    series: _Series = {}
    modes = record.rest()
    moments = _commit_moments(record, modes)
    for mode, intervals in modes.items():
        if mode not in _MODES:
            raise record.wrong("mode", mode)
        before: dict[tuple[str, str], _Price] = {}
        for interval in record.parts(mode, intervals):
            day, now = _interval(parsed, mode, interval, before, moments)
            for key, price in now.items():
                days = series.setdefault(key, {})
                old = days.get(day)
                if old is not None:
                    parsed.drop("replaced by another rate on the same day")
                # What is said again later on the day holds since the moment first given.
                if old is None or old.valid_from_at is None or old.price != price.price:
                    days[day] = price
            before = {key: price for key, price in now.items() if price.price is not None}
    return series


def _commit_moments(record: Record, modes: Mapping[str, Any]) -> set[str]:
    """When models.dev took in the prices that corrections stand for.

    A correction that begins at such a moment mends the figure and not the day: the day of its
    price is the commit's, whatever basis the product names.
    """
    given = (i.maybe("recorded") for i in record.parts("standard", modes.get("standard", [])))
    return {record.part("recorded", r).text("valid_from") for r in given if r is not None}


def _interval(
    parsed: Parsed,
    mode: str,
    record: Record,
    before: Mapping[tuple[str, str], _Price],
    moments: set[str],
) -> tuple[date, dict[tuple[str, str], _Price]]:
    """The first day of an interval and its prices, with those it takes out."""
    start = record.convert_maybe("start", _day)
    rates = record.take("rates")
    # What models.dev had where a correction stands; the correction is the product's word.
    record.done("recorded")
    if rates is None:
        if start is None:
            parsed.drop("a mode before it was offered")
        gone = {key: _Price(None, "commit", None, _UNLISTED) for key in before}
        return start or date.min, gone
    part = record.part("rates", rates)
    begun, stated = part.convert("valid_from", lambda text: (text, _day(text)))
    by_commit = begun in moments
    basis = part.one_of("valid_from_basis", _STATED)
    if basis == "documented" and by_commit:
        basis = "corrected"
    alias = part.text_maybe("model")
    note = remarks(_NOTES[basis], alias and f"stands for {alias}")
    first = max(start or stated, stated)
    at = moment(begun)
    exact = basis == "documented" and first == stated and at.time() != time.min
    base = _Price(None, _BASIS[basis], part.text("source"), note, at if exact else None)
    now = {key: replace(base, price=price) for key, price in _rates(mode, part)}
    gone = {key: replace(base, price=None) for key in before if key not in now}
    return first, now | gone


def _rates(mode: str, record: Record) -> Iterator[tuple[tuple[str, str], float]]:
    tiers = record.items_maybe("tiers")
    hour = record.convert_maybe("cache_write_1h_multiple", _times)
    prices = dict(prices_by_kind(record, mode))
    yield from prices.items()
    if hour is not None:
        # Given as a multiple of the input price of the same mode.
        yield (mode, _HOUR), _multiply(hour, prices[mode, "input"])
    for part in record.parts("tier", tiers):
        threshold = part.convert("above", context_tier)
        yield from prices_by_kind(part, mode, threshold)


def _emit(parsed: Parsed, provider: str, model: str, series: _Series) -> None:
    for (tier, kind), days in series.items():
        offered = False
        for day, price in sorted(days.items()):
            # Taken out before it was ever in: the first state was corrected on its own day.
            if price.price is None and not offered:
                continue
            offered = price.price is not None
            key = (provider, model, tier, kind)
            parsed.add("prices", price_row(key, day=day, **asdict(price)))


def _schedules(
    parsed: Parsed,
    record: Record,
    standard: Mapping[tuple[str, str], _Series],
    status: Mapping[tuple[str, str], str],
) -> None:
    """Rows for the hours in which a provider charges another price."""
    record.skip("holidays")  # the days are in data/holidays.toml, for prices.hours
    for entry in record.parts("schedule", record.items("schedule")):
        provider = entry.text("provider")
        schedules = _schedule(entry)
        everything = {m: schedules[""] for p, m in standard if p == provider and "" in schedules}
        for model, schedule in (everything or schedules).items():
            if everything and status.get((provider, model)) == "removed":
                parsed.drop("peak hours of a model that is no longer sold")
                continue
            days = standard.get((provider, model), {})
            if not days:
                parsed.drop("hours of a model without a price")
            _emit(parsed, provider, model, _scheduled(schedule, days))
    record.done()


def _schedule(record: Record) -> dict[str, _Schedule]:
    """Model -> its schedule; the model "" stands for all that the provider sells."""
    peak = record.has("peak_multiplier")
    tier = "peak" if peak else "off_peak"
    hours = record.convert(f"{tier}_hours_utc", _hours)
    factor = record.take(f"{tier}_multiplier")
    if record.maybe("weekdays_only"):
        hours += " on weekdays"
    if (holidays := record.maybe("holidays")) is not None:
        if holidays != "cn":
            raise record.wrong("holidays", holidays)
        hours += ", Chinese public holidays excepted"
    start, end = record.convert("valid_from", moment), record.convert_maybe("valid_until", moment)
    url = record.text("source")
    record.done("note", "terms")
    factors = record.part("multiplier", {"": factor} if peak else factor)
    return {
        model: _Schedule(tier, factors.convert(model, _times), start, end, url, hours)
        for model in ([""] if peak else factor)
    }


def _scheduled(schedule: _Schedule, series: _Series) -> _Series:
    """The schedule's price for each standard price that holds while the schedule does.

    Where one ends, a row on that day says so: a day of end on the row before would tell, on the
    day of the price, what nobody knew then.
    """
    by_day: _Series = {}
    for (tier, kind), days in series.items():
        if tier != "standard":
            continue
        ordered = sorted(days.items())
        for (day, price), following in zip(ordered, [*ordered[1:], None], strict=True):
            turns = [(schedule.start.date(), schedule.start), (day, price.valid_from_at)]
            first, at = max(turns, key=lambda turn: turn[0])
            over = schedule.end is not None and schedule.end.date() <= first
            if over or (following is not None and following[0] <= first):
                continue
            row = replace(price, valid_from_at=at, hours_utc=schedule.hours)
            if price.price is not None:
                note = f"computed: {schedule.times} x the standard price of that day"
                usd = _multiply(schedule.times, price.price)
                row = replace(row, price=usd, basis="documented", row_url=schedule.url, note=note)
            by_day.setdefault((schedule.tier, kind), {})[first] = row
        if schedule.end and (made := by_day.get((schedule.tier, kind))):
            made[schedule.end.date()] = _Price(
                None, "documented", schedule.url, _OVER, schedule.end, schedule.hours
            )
    return by_day


def _hours(spans: object) -> str:
    """The spans as text: "16:30 to 00:30 UTC"."""
    return ", ".join(f"{words(first)} to {words(last)}" for first, last in entries(spans)) + " UTC"


def _times(factor: object) -> Decimal:
    """How many times another price this one is."""
    if isinstance(factor, bool) or not isinstance(factor, int | Decimal) or factor <= 0:
        raise ValueError(f"{factor!r} is not a multiple")
    return Decimal(factor)


def _multiply(times: Decimal, price: float) -> float:
    return usd_per_mtok(times * Decimal(str(price)))


def _day(text: str) -> date:
    return moment(text).date()
