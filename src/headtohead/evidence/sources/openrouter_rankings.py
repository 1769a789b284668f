"""OpenRouter's token counts: by model a day, by lab a day, and open against closed a month.

Tokens are counted by each provider's own tokenizer, so a token of one model is not the same unit
as a token of another. Subjects keep the publisher's spelling; `stealth/*` and `openrouter/*` have
no known maker, and `other` is everything outside a day's fifty largest models.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.sourcing import (
    Download,
    Parsed,
    RawFile,
    RawFiles,
    Source,
    csv_records,
    json_record,
)

SOURCE = Source(
    source_id="openrouter_rankings",
    publisher="OpenRouter",
    product="rankings: tokens by model, by lab and by openness",
    citation="OpenRouter (openrouter.ai/rankings), licensed under CC BY 4.0.",
    url="https://openrouter.ai/rankings",
    licence="CC-BY-4.0",
    ship="yes",
    downloads=(
        Download(
            "rankings-daily.csv",
            "https://openrouter.ai/api/v1/datasets/exports/rankings-daily/latest.csv",
        ),
    ),
    how_to_get=(
        "The download holds the last 30 days. For the days since 2025-01-01, call "
        "https://openrouter.ai/api/v1/datasets/rankings-daily with any OpenRouter API key and the "
        "parameters start_date and end_date (YYYY-MM-DD, at most 366 days a call), and save each "
        "answer as rankings-daily-START.json."
    ),
    patterns=(
        "rankings-daily*.csv",
        "rankings-daily*.json",
        "rankings_daily*.csv",
        "rankings_daily*.json",
        "*routed-by-lab*.csv",
        "*routed-share-monthly-vintage-*.csv",
    ),
    rows={"token_usage": (500, 500_000)},
)

_ID = "openrouter_rankings"
_OTHER = "other"
_VERSION = "v1"
_DAY = timedelta(days=1)
_DIGITS = re.compile(r"\d+")
_VINTAGE = re.compile(r"vintage-(\d{4}-\d{2}-\d{2})")
_TYPED = "totals of OpenRouter's dataset, typed by a third party; its spelling of the lab is kept"
_SHARED = "totals of OpenRouter's dataset, sorted into open and closed by a third party"
_ACCESS = {
    "frontier_tokens": "closed",
    "open_tokens": "open",
    "unknown_tokens": "unknown",
    "other_tokens": _OTHER,
}
_SHARE_TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class _Count:
    """Tokens of one subject on one day, and when the file that says so was made."""

    tokens: int
    stated: date
    note: str | None


# Every count of a subject and day, in the order in which files state them.
_Counts = dict[tuple[str, str, date], list[_Count]]


def parse(raw: RawFiles) -> Parsed:
    """Every count, and each restated one as a row of its own.

    OpenRouter's own count of a day is known on the next; what others typed of it, or what was
    restated, when the file that says so was made.
    """
    parsed = Parsed()
    counts: _Counts = {}
    for f in (*raw.matching("rankings?daily*.csv"), *raw.matching("*routed-by-lab*.csv")):
        _daily_csv(parsed, counts, f, raw.known_on)
    for f in raw.matching("rankings?daily*.json"):
        _daily_json(parsed, counts, f)
    for (breakdown, subject, day), stated in counts.items():
        by_day = {}
        for n, count in enumerate(sorted(stated, key=lambda count: count.stated)):
            own = not n and count.note != _TYPED
            by_day[day + _DAY if own else count.stated] = count
        for known_on, count in by_day.items():
            _add(parsed, (breakdown, subject), count.tokens, (day, day), known_on, count.note)
    for f in raw.matching("*routed-share-monthly-vintage-*.csv"):
        _monthly(parsed, f)
    return parsed


def _daily_csv(parsed: Parsed, counts: _Counts, f: RawFile, stated: date) -> None:
    by_lab = "routed-by-lab" in f.name
    breakdown, subject, tokens, note = (
        ("lab", "lab", "tokens", _TYPED)
        if by_lab
        else ("model", "model_permaslug", "total_tokens", None)
    )
    counted = []
    for record in csv_records(_ID, f):
        key = (breakdown, record.text(subject), record.day("date"))
        counted.append((key, _Count(record.convert(tokens, _tokens), stated, note)))
        record.done()
    _merge(parsed, counts, f, counted)


def _daily_json(parsed: Parsed, counts: _Counts, f: RawFile) -> None:
    answer = json_record(_ID, f)
    meta = answer.part("meta", answer.take("meta"))
    meta.one_of("version", (_VERSION,))
    as_of = meta.convert("as_of", datetime.fromisoformat)
    meta.done("start_date", "end_date")
    note = f"as of {as_of.isoformat()}"
    counted = []
    for record in answer.parts("record", answer.items("data")):
        day = record.day("date")
        tokens = record.convert("total_tokens", _tokens)
        key = ("model", record.text("model_permaslug"), day)
        counted.append((key, _Count(tokens, as_of.date(), note)))
        record.done()
    answer.done()
    _merge(parsed, counts, f, counted)


def _merge(
    parsed: Parsed, counts: _Counts, f: RawFile, counted: list[tuple[tuple[str, str, date], _Count]]
) -> None:
    """Take a file's counts, once it is clear that no day of it is cut short."""
    seen = {key for key, _ in counted}
    if len(seen) != len(counted):
        raise UpstreamChanged(_ID, f.name, "a subject is counted twice on one day")
    days = {day for _, _, day in seen}
    whole = {day for _, subject, day in seen if subject == _OTHER}
    if days != whole:
        raise UpstreamChanged(_ID, f.name, f"no `{_OTHER}` on {min(days - whole)}")
    for key, count in counted:
        before = counts.setdefault(key, [])
        if any(other.tokens == count.tokens for other in before):
            parsed.drop("the same count in another file")
        else:
            before.append(count)


def _monthly(parsed: Parsed, f: RawFile) -> None:
    """Totals a month; the last month ends on the day before the file was made."""
    named = _VINTAGE.search(f.name)
    if not named:
        raise UpstreamChanged(_ID, f.name, "no vintage in the file name")
    vintage = date.fromisoformat(named[1])
    for record in csv_records(_ID, f):
        first = record.convert("date", lambda month: date.fromisoformat(f"{month}-01"))
        tokens = {subject: record.convert(name, _tokens) for name, subject in _ACCESS.items()}
        # The published shares must follow from the published counts.
        classified = tokens["open"] + tokens["closed"]
        for share, whole in (
            ("open_share_low", sum(tokens.values())),
            ("open_share_high", classified),
        ):
            stated = record.number(share)
            if not whole or abs(stated - tokens["open"] / whole) > _SHARE_TOLERANCE:
                raise record.wrong(share, stated)
        record.done()
        last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
        window = (first, min(last, vintage - _DAY))
        if window[1] < window[0]:
            raise record.wrong("date", first)
        for subject, count in tokens.items():
            _add(parsed, ("access", subject), count, window, vintage, _SHARED)


def _add(
    parsed: Parsed,
    whose: tuple[str, str],
    tokens: int,
    window: tuple[date, date],
    known_on: date,
    note: str | None,
) -> None:
    breakdown, subject = whose
    parsed.add(
        "token_usage",
        {
            "channel": "openrouter",
            "breakdown": breakdown,
            "subject": subject,
            "tokens": tokens,
            "window_start": window[0],
            "window_end": window[1],
            "known_on": known_on,
            "note": note,
        },
    )


def _tokens(text: object) -> int:
    """Counts come as decimal strings, so that no reader rounds them."""
    if not isinstance(text, str) or not _DIGITS.fullmatch(text):
        raise ValueError(text)
    return int(text)
