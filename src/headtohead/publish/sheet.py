"""What a result is before it is printed: one sheet, whichever verb made it and whoever reads it.

A feature's `sheet.py` turns its result into a `Sheet`: words, tables and pictures, without a word
about terminals, HTML or Markdown. `publish.terminal`, `publish.page`, `publish.markdown`,
`publish.junit` and `publish.machine` each print any sheet.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from headtohead.core.estimate import Citation, Estimate

if TYPE_CHECKING:
    import altair as alt

Answer = Literal["yes", "no", "undecided", "none"]
EXIT_CODE: dict[Answer, int] = {"yes": 0, "no": 1, "undecided": 2, "none": 0}


@dataclass(frozen=True, slots=True)
class Linked:
    """A cell that leads somewhere.

    Attributes:
        url: A web address; what is none is dropped by every renderer.
    """

    text: str
    url: str


Cell = str | float | int | date | Linked | None


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a table.

    Attributes:
        name: Of the download: lower case, with its unit ("difference_pp").
        title: For readers.
        digits: Decimals of a number; None where it is no number. A text in a column with digits
            is a number that is written already: it stands to the right.
        ends: Of a figure with a `Chooser`: the two columns of the download that this one shows as
            a span ("1,195 to 1,213"; "3-7" where their names end with _rank).
        long: True if its texts are sentences, which are never cut.
    """

    name: str
    title: str
    digits: int | None = None
    ends: tuple[str, str] | None = None
    long: bool = False


Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class DataTable:
    """The rows behind a figure, where they are more, or other, than the table it shows.

    Attributes:
        columns: With titles for the file that describes them.
    """

    columns: tuple[TableColumn, ...]
    rows: tuple[Row, ...]

    @classmethod
    def of(
        cls, rows: Sequence[Mapping[str, Any]], titles: Mapping[str, str] | None = None
    ) -> "DataTable":
        """The rows as they are: the columns that have a title, or all if none are given."""
        if titles is None:
            titles = {name: name.replace("_", " ") for row in rows for name in row}
        return cls(
            tuple(TableColumn(name, title) for name, title in titles.items()),
            tuple(tuple(row.get(name) for name in titles) for row in rows),
        )


@dataclass(frozen=True, slots=True)
class Bar:
    """One estimate with its interval.

    Attributes:
        low: Lower end; -inf where nothing bounds it.
        high: Upper end; inf where nothing bounds it.
        answer: Its verdict, for the colour and the mark.
    """

    label: str
    value: float
    low: float
    high: float
    answer: Answer = "none"


@dataclass(frozen=True, slots=True)
class Bars:
    """Estimates on one axis, against lines that decide.

    Attributes:
        unit: Of the axis, in words ("percentage points, B minus A").
        bars: The first on top.
        lines: (place, name) of lines such as the margin; 0 is always drawn.
        log: Whether the axis is logarithmic, for ratios.
        bounds: What no value can be below or above, as 0 and 100 for shares in percent.
    """

    unit: str
    bars: tuple[Bar, ...]
    lines: tuple[tuple[float, str], ...] = ()
    log: bool = False
    bounds: tuple[float, float] = (-math.inf, math.inf)

    @property
    def marks(self) -> tuple[tuple[float, str], ...]:
        """All its lines: that of no difference, which has no name, and the others."""
        return ((1.0 if self.log else 0.0, ""), *self.lines)

    @property
    def ends(self) -> list[float]:
        """Everything that its axis must reach; as logarithms where it is logarithmic."""
        spots = [x for bar in self.bars for x in (bar.value, bar.low, bar.high)]
        spots += [where for where, _ in self.marks]
        finite = [x for x in spots if math.isfinite(x)]
        return [math.log(x) for x in finite if x > 0] if self.log else finite


@dataclass(frozen=True, slots=True)
class TracePoint:
    """One value from a day on.

    Attributes:
        low: Lower end of its interval; None where none is known.
        joined: False where nothing is known between the point before and this one.
    """

    day: date
    value: float
    low: float | None = None
    high: float | None = None
    joined: bool = True


@dataclass(frozen=True, slots=True)
class Trace:
    """One number over time.

    Attributes:
        points: At least one, the oldest first.
        digits: Decimals at the axis.
        prefix: Before each number ("$").
    """

    points: tuple[TracePoint, ...]
    digits: int = 0
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Slider:
    """The time slider of a chart.

    Attributes:
        days: Where it can stop, as ISO days, oldest first.
        known: True if it follows the day of knowledge, False if only the day of the event.
        all_known_on: For False: when everything became known.
    """

    days: tuple[str, ...]
    known: bool
    all_known_on: str


@dataclass(frozen=True, slots=True)
class Alternative:
    """One of several boards that a figure can show, with words of its own for those of the figure.

    Attributes:
        key: Unique; stands in the address of the page.
        group: Heading it is listed under; empty for none.
        rows: Of the download, with the figure's download columns.
        constants: Fields that every row of its chart shares ("reach": 40).
    """

    key: str
    name: str
    group: str
    title: str
    subtitle: str
    says: str
    remarks: tuple[str, ...]
    rows: tuple[Row, ...]
    constants: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chooser:
    """How readers of a page switch a figure between boards, and sort and filter its rows.

    The figure's `columns` say what its table shows of the download; its `rows` stay empty, for the
    page makes them of the first alternative. The chart has one row of data for each shown row.

    Attributes:
        label: What an alternative is called ("Board").
        alternatives: The first is shown at first.
        find: The column of the download that the search looks at; also the row's name.
        order: (column, whether the largest comes first) at first.
        fields: Field of the chart -> column of the download.
        spans: Field of the chart -> the two columns it shows as a span.
        short: Name -> a shorter one for axes.
        kinds: Name -> what its colour tells.
        by: The column of the download that names a row's group; empty without groups.
        shown: Most rows of the chart, until a reader asks for all.
        shade: The column whose even numbers are shaded; empty for none.
        falling: Columns whose first click shows the largest first.
        help: What the columns mean, (term, meaning).
        listed: Rows of each alternative that a terminal prints; it only names those beyond.
    """

    label: str
    alternatives: tuple[Alternative, ...]
    find: str
    order: tuple[str, bool]
    fields: Mapping[str, str]
    spans: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    short: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    by: str = ""
    shown: int = 50
    row_px: int = 19
    shade: str = ""
    falling: tuple[str, ...] = ()
    help: tuple[tuple[str, str], ...] = ()
    listed: tuple[int, ...] = (10,)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: a question, its picture, its table, what to know of it.

    Attributes:
        slug: Its anchor; unique on the sheet.
        subtitle: What it answers, or what is plotted and what the interval is.
        columns: Of the table; empty without one.
        rows: Of the table, one cell a column.
        shown: How many rows a terminal or a pull request shows; pages and downloads have all. With
            0 and nothing else to print, only pages and downloads have the figure.
        bars: The picture, where it is intervals on one axis.
        trace: The picture, where it is one number over time.
        remarks: What a careful reader must know.
        chart: Makes any other picture when it is wanted; gives None if no row can be plotted.
        slider: Of the chart; None if time does not matter.
        note: About the picture itself.
        table_first: True if the table is the figure and the chart only sums it up.
        opened: True if it stands open even where a page is folded.
        beside_cards: True if it stands with the statements of its topic where a page is folded.
        numbers: Its estimates, which a page also writes out in words.
        missing: Why there is nothing to show; empty if there is.
        sources: Behind its rows; None for those of the sheet.
        about: The window it speaks of, if that is not the sheet's.
        data: The download; None if it is `columns` and `rows`.
        chooser: How to switch it between several boards; None if there is one.
        metadata: What the file beside the download says besides.
        code: Text to copy as it stands, line by line; empty for none.
    """

    slug: str
    title: str
    subtitle: str = ""
    says: str = ""
    columns: tuple[TableColumn, ...] = ()
    rows: tuple[Row, ...] = ()
    shown: int = 10
    bars: Bars | None = None
    trace: "Trace | None" = None
    remarks: tuple[str, ...] = ()
    chart: "Callable[[], alt.LayerChart | None] | None" = None
    slider: Slider | None = None
    note: str = ""
    table_first: bool = False
    opened: bool = False
    beside_cards: bool = False
    numbers: tuple[Estimate, ...] = ()
    missing: str = ""
    sources: tuple[Citation, ...] | None = None
    about: str = ""
    data: DataTable | None = None
    chooser: Chooser | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    code: str = ""

    @property
    def download(self) -> DataTable:
        """What its CSV holds."""
        return self.data or DataTable(self.columns, self.rows)

    @property
    def folded(self) -> bool:
        """Whether only pages and downloads have it."""
        printed = (self.says, self.bars, self.remarks, self.missing, self.chooser, self.code)
        return bool(self.rows) and not self.shown and not any(printed)


@dataclass(frozen=True, slots=True)
class Topic:
    """Figures and cards under one heading.

    Attributes:
        slug: Its anchor; unique among topics.
        title: Its heading; empty if its figures stand on their own.
        first: True if it belongs to the answer, and stands above the scorecard.
    """

    slug: str = ""
    title: str = ""
    asks: str = ""
    remarks: tuple[str, ...] = ()
    cards: "tuple[ClaimCard, ...]" = ()
    figures: tuple[Figure, ...] = ()
    first: bool = False


@dataclass(frozen=True, slots=True)
class Headline:
    """One large number of the first screen.

    Attributes:
        number: With its unit, as short as can be ("36 points").
        what: What it is, with its interval and day, in a sentence.
        source: Publishers behind it.
    """

    number: str
    what: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class ReadingCard:
    """One reading of a statement, judged.

    Attributes:
        name: "As stated".
        truth: Whether it holds, in words.
        bound: What was asked of the numbers, in words; empty if nothing could be.
        about: The window it was asked of.
        asked: The question behind it, in the words of a claims file; empty for none.
        finding: Or why there is none.
        ranges: The stated range for each of them; empty if no range was stated.
        decisive: The number that decides a whole reading; None for one of its conditions.
    """

    name: str
    says: str
    truth: str
    bound: str
    about: str
    asked: str
    finding: str
    notes: tuple[str, ...]
    numbers: tuple[Estimate, ...]
    ranges: tuple[tuple[float, float], ...] = ()
    decisive: Estimate | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """One statement judged at one time.

    Attributes:
        key: Of its `Viewpoint`.
        style: How it looks: "supported", "overstated", "refuted", "undecided" or "unmeasured".
        mark: One character for it.
        sentence: The verdict as a sentence to quote.
        decides: What would decide it; empty if it is decided.
        unverified: True if it leans on a figure that could not be checked.
    """

    key: str
    name: str
    word: str
    style: str
    mark: str
    as_of: str
    sentence: str
    decides: str
    unverified: bool
    readings: tuple[ReadingCard, ...]


@dataclass(frozen=True, slots=True)
class ClaimCard:
    """One statement with its verdicts.

    Attributes:
        id: As in the claims file.
        anchor: Its id on a page.
        topic: Slug of its topic.
        expect: What was expected before looking.
        rulings: Its verdicts; the one to lead with first.
        headline: The number that decided the reading as stated; None if there is none.
        others: How many numbers of it there are besides.
        why_none: Why there is no number; empty if there is one.
        place: Among all statements of the sheet.
    """

    id: str
    anchor: str
    says: str
    topic: str
    kind: str
    about: str
    expect: str
    note: str
    rulings: tuple[Ruling, ...]
    headline: Estimate | None
    others: int = 0
    why_none: str = ""
    place: int = 0

    @property
    def lead(self) -> Ruling:
        """The verdict to show first."""
        return self.rulings[0]

    @property
    def narrower(self) -> ReadingCard | None:
        """The narrower reading of the verdict shown first, if a number decides it."""
        return next((r for r in self.lead.readings[1:] if r.decisive), None)

    def at(self, key: str) -> Ruling | None:
        """The verdict at one time; None if it was not asked then."""
        return next((r for r in self.rulings if r.key == key), None)


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """A time from which statements are judged; a column of the scorecard.

    Attributes:
        name: For a reader ("In hindsight").
        means: What it means, in half a sentence.
        as_of: The day of knowledge; empty where each statement has its own.
    """

    key: str
    name: str
    means: str
    as_of: str


@dataclass(frozen=True, slots=True)
class Scorecard:
    """A table of all statements of a sheet.

    Attributes:
        viewpoints: Its columns, as shown.
        words: (verdict, style) of every verdict there is, the best first.
    """

    viewpoints: tuple[Viewpoint, ...]
    words: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing a gate can fail on.

    Attributes:
        answer: yes, no or undecided; none for what is told beside the verdict, which fails no gate.
        message: Why, in one sentence.
    """

    name: str
    answer: Answer
    message: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a method.

    Attributes:
        name: In a word or two; empty for none.
        references: (words, web address).
    """

    says: str
    name: str = ""
    references: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A result, before it is printed.

    Attributes:
        title: What was asked.
        kicker: One line under the title; empty for none.
        word: The verdict, as printed large ("SWITCH", "NEED 240 MORE"); empty where no one verdict
            is given.
        answer: What the exit code says.
        sentence: One sentence that can be quoted, with its numbers.
        headlines: Large numbers under the sentence.
        facts: (name, value) of the first screen, or (name, value, anchor to more).
        checks: What a CI gate sees; the first is the verdict.
        method: How it was done, step by step; a text is a step without a name.
        sources: What stands behind it: publishers, files and price lists.
        about: The time it speaks of; empty where none was asked.
        as_of: The day of our knowledge; None where no dated evidence was used.
        command: How to make it again, as typed.
        notes: Of the whole.
        scorecard: How the cards of all topics stand in one table; None without cards.
        next: What a reader may do now; text in `backticks` is a command.
        digest: Hash of the numbers, for citing; made of the figures' data if empty. A terminal
            says how to cite only what has one.
        full: Whether a terminal prints cards whole, and every source.
        folded: Whether a page keeps cards, figures and sources closed until they are opened.
        pages: (words, path) of pages of the site that go with it; only the site shows them.
        main: Slug of the figure that `--csv` and `to_frame()` give; the first with rows if empty.
    """

    verb: str
    title: str
    kicker: str = ""
    word: str = ""
    answer: Answer = "none"
    sentence: str
    headlines: tuple[Headline, ...] = ()
    facts: tuple[tuple[str, ...], ...] = ()
    topics: tuple[Topic, ...] = ()
    checks: tuple[Check, ...] = ()
    method: tuple[Step | str, ...] = ()
    sources: tuple[Citation, ...] = ()
    about: str = ""
    as_of: date | None = None
    command: str = ""
    notes: tuple[str, ...] = ()
    scorecard: Scorecard | None = None
    next: tuple[str, ...] = ()
    digest: str = ""
    full: bool = False
    folded: bool = False
    pages: tuple[tuple[str, str], ...] = ()
    main: str = ""

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Every figure, in reading order."""
        return tuple(figure for topic in self.topics for figure in topic.figures)

    @property
    def cards(self) -> tuple[ClaimCard, ...]:
        """Every card, in the order of the claims file."""
        every = (card for topic in self.topics for card in topic.cards)
        return tuple(sorted(every, key=lambda card: card.place))

    @property
    def table(self) -> DataTable:
        """The rows of its main figure."""
        figures = [f for f in self.figures if f.slug == self.main] or [
            f for f in self.figures if f.download.rows
        ]
        return figures[0].download if figures else DataTable((), ())
