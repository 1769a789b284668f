"""What questions about a lead over time share: side B less side A, and the days each lead is of."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import polars as pl

from headtohead.core.dates import Period
from headtohead.core.estimate import Interval
from headtohead.core.question import FILTER, Ask, Frames, ScopeWord
from headtohead.core.units import counted, counted_of, show, show_end, unsigned_span
from headtohead.evidence.picking import side, side_name, span
from headtohead.evidence.tables import table
from headtohead.questions.usage import lead as token_lead
from headtohead.questions.usage import windows
from headtohead.ratings.published import BOARD_WORDS, gap_between, moved_scale, one_board

SERIES_WORDS = {
    "series": ScopeWord(
        "text",
        "rating: best of B less best of A on each board, in rating points; tokens: B's share of a "
        "channel's tokens less A's in each week (or longer, as counted), in percentage points.",
        "rating",
        ("rating", "tokens"),
    ),
    "days": ScopeWord(
        "number",
        "Length of the window that ends with `about`; 0: `about` itself.",
        0,
        ends=(0, 36_500),
    ),
    **{word: BOARD_WORDS[word] for word in ("board", "style_control", "category")},
    "channel": ScopeWord("text", "Of tokens: which channel.", "openrouter", column="channel"),
    "a": ScopeWord(
        "text", "Side A as column=value, ...; empty: the side asked for.", "", column=FILTER
    ),
    "b": ScopeWord("text", "Side B likewise.", "", column=FILTER),
}
SERIES_TABLES = ("arena_ratings", "token_usage")
SERIES_COLUMNS = (
    "model_name lab country rating_elo rating_low_elo rating_high_elo observed_on subject tokens "
    "window_start window_end"
)


@dataclass(frozen=True, slots=True)
class Lead:
    """Side B less side A at one time.

    Attributes:
        level: Coverage of the interval; 1 for logical bounds.
        first: The first day that it speaks for.
        last: The last one: the day before the next lead, or as far as such evidence reaches.
        notes: On rows that are on no side.
    """

    interval: Interval
    level: float
    first: date
    last: date
    rows: pl.DataFrame
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeadSeries:
    """The leads that speak for days of a window, oldest first.

    Attributes:
        window: The days asked about.
        unit: Of every lead.
        of: What the leads are made from ("boards").
        a: Side A, for a sentence.
        b: Side B likewise.
    """

    window: Period
    leads: tuple[Lead, ...]
    unit: str
    of: str
    a: str
    b: str
    notes: tuple[str, ...]

    @property
    def weights(self) -> list[int]:
        """Days of the window that each lead speaks for."""
        first, last = self.window.start, self.window.end
        return [(min(x.last, last) - max(x.first, first)).days + 1 for x in self.leads]

    @property
    def days(self) -> int:
        """Days of the window."""
        return (self.window.end - self.window.start).days + 1

    @property
    def mostly_known(self) -> bool:
        """Whether they speak for at least half of the days."""
        return 2 * sum(self.weights) >= self.days

    @property
    def rows(self) -> pl.DataFrame:
        """All rows behind the leads."""
        return pl.concat([x.rows for x in self.leads], how="diagonal_relaxed")

    @property
    def label(self) -> str:
        """Whose lead over whom it is."""
        return f"{self.b} minus {self.a}"

    def known_words(self) -> str:
        """What speaks for how much: "1 board of 2025-12-11, which speaks for 41 of 60 days"."""
        speak = "speaks" if len(self.leads) == 1 else "speak"
        of_days = f"{sum(self.weights)} of {counted(self.days, 'day')}"
        count = counted_of(len(self.leads), self.of)
        return f"{count} of {span(self.rows)}, which {speak} for {of_days}"

    def lead_words(self, lead: Interval) -> str:
        """A lead: "Chinese models were 41 rating points behind US ones (-50 to -32)"."""
        where = "behind" if lead.value < 0 else "ahead of"
        ends = unsigned_span(lead.value, lead.low, lead.high, lambda end: show_end(end, self.unit))
        far = show(abs(lead.value), self.unit)
        return f"{self.b} models were {far} {where} {self.a} ones ({ends})"


def lead_series(frames: Frames, ask: Ask) -> LeadSeries | None:
    """The leads of the series asked for; None if no evidence speaks for a day of the window."""
    days, end = int(ask.scope["days"]), ask.about.end
    window = Period(end - timedelta(days=days - 1) if days else ask.about.start, end)
    tokens = ask.scope["series"] == "tokens"
    made: Callable[[Frames, Ask, Period], Iterator[Lead]] = _of_tokens if tokens else _of_boards
    leads = tuple(
        lead
        for lead in made(frames, ask, window)
        if lead.last >= window.start and lead.first <= window.end
    )
    if not leads:
        return None
    a, b = (side_name(side(ask, which)) for which in ("a", "b"))
    if tokens:
        notes = ("tokens of different tokenizers are not one unit; a router is not the world",)
        return LeadSeries(window, leads, "pp", "counts of tokens", a, b, notes)
    moved = moved_scale(pl.concat([lead.rows for lead in leads]))
    apart = dict.fromkeys(note for lead in leads for note in lead.notes)
    return LeadSeries(window, leads, "elo", "boards", a, b, (*moved, *apart))


def _of_boards(frames: Frames, ask: Ask, window: Period) -> Iterator[Lead]:
    """One lead a board, each of which speaks until the next, or until it is too old."""
    limit = table("arena_ratings").limit
    reach = timedelta(days=limit.days if limit else 0)
    boards = one_board(frames["arena_ratings"], ask.scope)
    boards = boards.filter(pl.col("observed_on").is_between(window.start - reach, window.end))
    days = boards["observed_on"].unique().sort().to_list()
    for day, following in zip(days, [*days[1:], date.max], strict=False):
        pair, gap, notes = gap_between(boards.filter(pl.col("observed_on") == day), ask)
        if gap is not None:
            until = min(day + reach, following - timedelta(days=1))
            yield Lead(gap, 0.95, day, until, pair, notes)


def _of_tokens(frames: Frames, ask: Ask, window: Period) -> Iterator[Lead]:
    """One lead a week; of two counts of the same days the first counts."""
    back = (window.end - window.start).days
    weekly = replace(ask, about=window, scope={**ask.scope, "days": 7, "back_days": back})
    until = date.min
    for week in windows(frames["token_usage"], weekly):
        if week.start > until:
            until = week.end
            lead = token_lead(week.rows, side(ask, "b"), side(ask, "a"))
            yield Lead(lead, 1.0, week.start, week.end, week.rows)
