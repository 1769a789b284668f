"""The published boards of blind votes."""

from collections.abc import Iterable
from datetime import date

import polars as pl

from headtohead.core.errors import NoEvidence, UnknownName
from headtohead.core.units import counted
from headtohead.evidence.sheet import Listing
from headtohead.publish.machine import bare, envelope
from headtohead.publish.sheet import Figure, Row, Sheet, TableColumn, Topic
from headtohead.publish.words import plain
from headtohead.ratings.published import one_board
from headtohead.stats.intervals import rank_spread, tie_groups
from headtohead.web.address import Moved
from headtohead.web.kinds import PageKind, Words
from headtohead.web.site import Site

PAGE = PageKind(
    paths=("boards", "boards/{board}", "boards/{board}/{category}"),
    title="Boards",
    asks="Whom do blind votes place first, and who cannot be told apart?",
    place=30,
)
_COLUMNS = (
    TableColumn("places", "Places"),
    TableColumn("model", "Model"),
    TableColumn("entrant", "Entrant"),
    TableColumn("rating_elo", "Rating", 0),
    TableColumn("rating_low_elo", "95% low", 0),
    TableColumn("rating_high_elo", "95% high", 0),
    TableColumn("votes_n", "Votes", 0),
    TableColumn("tie_group", "Tie group", 0),
)
_FULL = "full"


def answer(site: Site, words: Words, day: date) -> Listing:
    """The last board known of a category; of all votes on text if none is named."""
    if "board" in words and "category" not in words:
        raise Moved(f"boards/{words['board']}/{_FULL}")
    facts = site.facts
    facts.require_evidence(day)
    board, category = words.get("board", "text"), words.get("category", _FULL)
    frame = facts.frame("arena_ratings", day)
    there = _boards(frame)
    if not there:
        raise NoEvidence(f"No board of blind votes was known by {day}. Choose a later day.")
    if (board, category) not in there:
        called = [f"{b}/{c}" for b, c in there]
        raise UnknownName("board", f"{board}/{category}", called)
    scope = {"board": board, "category": category, "style_control": True}
    rows = one_board(frame, scope)
    if rows.is_empty():
        rows = one_board(frame, scope | {"style_control": False})
    last = rows["observed_on"].max()
    if not isinstance(last, date):
        raise NoEvidence(f"No such board was known by {day}.")
    rows = rows.filter(pl.col("observed_on") == last)
    rows = rows.sort("rating_elo", "model_name", descending=[True, False])
    ends = [rows[c].cast(pl.Float64) for c in ("rating_elo", "rating_low_elo", "rating_high_elo")]
    low, high = ends[1].fill_null(float("-inf")), ends[2].fill_null(float("inf"))
    spread = rank_spread(ends[0].to_numpy(), low.to_numpy(), high.to_numpy())
    groups = tie_groups(spread.best.tolist(), spread.worst.tolist())
    names = facts.names.models()
    table: list[Row] = []
    for n, entrant in enumerate(rows.iter_rows(named=True)):
        best, worst = int(spread.best[n]), int(spread.worst[n])
        table.append(
            (
                str(best) if best == worst else f"{best} to {worst}",
                names[entrant["model_id"]].name if entrant["model_id"] in names else "",
                plain(entrant["model_name"], 80),
                entrant["rating_elo"],
                entrant["rating_low_elo"],
                entrant["rating_high_elo"],
                entrant["votes_n"],
                groups[n],
            )
        )
    tied = [row[2] for row in table if row[7] == table[0][7]]
    title_of = _title(board, category)
    first = str(table[0][2])
    title = (
        f"{first} leads the {title_of}"
        if len(tied) == 1
        else f"{counted(len(tied), 'entrant')} cannot be told apart at the top of the {title_of}"
    )
    spread_words = (
        f", {table[0][4]:,.0f} to {table[0][5]:,.0f} at 95%" if table[0][4] is not None else ""
    )
    says = (
        f"{first} has the highest rating on the board of {last}: {table[0][3]:,.0f}{spread_words}. "
        f"The board has {counted(len(table), 'entrant')}."
    )
    citations = facts.citations(rows["source_id"].unique().sort().to_list(), day)
    others = tuple(
        (_title(b, c), f"boards/{b}/{c}") for b, c in there if (b, c) != (board, category)
    )
    figure = Figure(
        "board",
        f"The {title_of} of {last}",
        "Ratings with the published 95% intervals, at equal length and layout of answers where the "
        "publisher gives that. Places are those that the intervals leave open. Entrants of one tie "
        "group cannot be told from its first.",
        columns=_COLUMNS,
        rows=tuple(table),
        note="Ratings have no zero: only differences between them mean something.",
    )
    sheet = Sheet(
        verb="boards",
        title=title,
        sentence=says,
        topics=(Topic(figures=(figure,)),),
        pages=others,
        sources=citations,
        as_of=day,
    )
    results = [{c.name: bare(x) for c, x in zip(_COLUMNS, row, strict=True)} for row in table]
    head = {"board": board, "category": category, "observed_on": last.isoformat()}
    return Listing(sheet, lambda: envelope("boards", None, day, results, citations) | head)


def frozen(site: Site, day: date) -> Iterable[str]:
    """The text board of all votes, and every other that is known."""
    there = _boards(site.facts.frame("arena_ratings", day))
    return ("boards", *(f"boards/{board}/{category}" for board, category in there))


def _boards(frame: pl.DataFrame) -> list[tuple[str, str]]:
    """Every board and category, in order."""
    return frame.select("board", "category").unique().sort("board", "category").rows()


def _title(board: str, category: str) -> str:
    part = "" if category == _FULL else f", {category.replace('_', ' ')}"
    return f"{board.replace('_', ' ')} board{part}"
