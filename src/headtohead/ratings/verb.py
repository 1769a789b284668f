"""`rank`: from pairwise votes to leaderboards one can defend."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headtohead.core.dates import Period, day
from headtohead.core.errors import InputError, UnknownName
from headtohead.core.estimate import Citation
from headtohead.core.settings import options_of, takes
from headtohead.files.opening import digest
from headtohead.ratings.board import Board
from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.grouping import GROUPS, groups_of, labels_of
from headtohead.ratings.judging import PEOPLE, join, judged_boards
from headtohead.ratings.rank import Ranked, moves_of, rank_counts, rank_votes
from headtohead.ratings.reading.options import VoteOptions
from headtohead.ratings.reading.votes import Votes, open_votes
from headtohead.ratings.result import JudgeUse, RankResult
from headtohead.ratings.settings import BoardOptions, RankSettings
from headtohead.ratings.tally import ALL, Tally
from headtohead.ratings.trust import Trust

if TYPE_CHECKING:
    from headtohead.ratings.engines import EngineVotes


@takes(boards=BoardOptions, settings=RankSettings, reading=VoteOptions)
def rank(
    votes: Any,  # noqa: ANN401 - paths, frames, arrays, counts, tables of an engine
    *,
    boards: BoardOptions,
    settings: RankSettings,
    reading: VoteOptions,
    as_of: date | str | None = None,
) -> RankResult:
    """Leaderboards from pairwise votes, with intervals that hold together and rank sets.

    Args:
        votes: Paths of files (Parquet, CSV, JSON, JSON lines) or a folder; a pandas, polars or
            Arrow frame; a mapping of column names to sequences; three sequences (model_a,
            model_b, winner); `Counts`; or a table of an engine (Ibis, PySpark).
        boards: Which boards to make, as one object; or its choices by keyword, as below.
        settings: How to rank, likewise.
        reading: How to read votes and which count, likewise.
        as_of: The day of our knowledge: later votes are left out. None takes all votes.

    Returns:
        A frozen result that carries its settings.

    Raises:
        InputError: If a vote breaks the rules, a choice does not exist, or no board can be made.
    """
    known = None if as_of is None else day(as_of)
    options = replace(reading, style=settings.style)
    read = _read(votes, options, boards.engine)
    if known:
        if isinstance(read, Counts) or not read.timed:
            raise InputError(
                f"Not all votes say when they were given, so nobody can tell which were known by "
                f"{known}. Leave out `as_of`, or say which column has the time with "
                "`columns={'time': '...'}`."
            )
        options = replace(options, until=min(filter(None, (options.until, known))))
        read = _read(votes, options, boards.engine)
    use: JudgeUse | None = None
    judge = boards.judge
    if judge is not None:
        if boards.by or boards.window:
            raise InputError("With `judge` there is one board; leave out `by` and `window`.")
        if not isinstance(read, Votes):
            raise InputError("A judge needs the votes of people as files or frames, read here.")
        joined = join(read, open_votes(judge, options))
        made, use = judged_boards(joined, settings)
        counted = Tally({ALL: joined.votes.human_counts}, joined.read, use.labels, joined.dropped)
        ranked = Ranked(counted, made, {}, ())
    elif not isinstance(read, Counts):
        ranked = rank_votes(read, settings, by=boards.by, window=boards.window)
    elif boards.by or boards.window:
        raise InputError("Counts hold no columns to divide by. Give the votes themselves.")
    else:
        whole = {ALL: read} if read.total else {}
        ranked = rank_counts(Tally(whole, read.total, read.total, {}), settings)
    if settings.anchor:
        models = [s.model for part in ranked.boards[ALL] for s in part.standings]
        if settings.anchor[0] not in models:
            raise UnknownName("model to anchor", settings.anchor[0], models)
    board = ranked.boards[ALL][0]
    # Votes that are weighed with a judge's cannot be taken away one by one.
    audited = ranked.boards[PEOPLE][0] if use else board
    labels = _labels(board, boards.group, known) if boards.group else {}
    moves, drift_note = moves_of(ranked, boards.window) if boards.window else ((), "")
    return RankResult(
        settings=settings,
        votes=_name(votes),
        format="counts" if isinstance(read, Counts) else read.format,
        # Every choice that is not the default, in words.
        asked={
            f.name: _said(value)
            for chosen in (options, replace(boards, judge=_name(judge) if use else None))
            for f in options_of(type(chosen))
            if (value := getattr(chosen, f.name)) != getattr(type(chosen)(), f.name)
        },
        boards=ranked.boards,
        unmade=ranked.unmade,
        groups=groups_of(board, boards.group, labels) if boards.group else None,
        style=ranked.style,
        moves=moves,
        drift_note=drift_note,
        trust=_trust(read, audited, labels, judged=use is not None) if boards.trust else None,
        rows_read=ranked.counted.rows_read,
        used=ranked.counted.used,
        dropped=ranked.counted.dropped,
        about=_about(ranked.boards, boards.window, options),
        as_of=known,
        citations=tuple(
            # The votes as a source: theirs to name, ours to point at by hash.
            Citation(
                source_id=source_id,
                publisher=f"Your {source_id}",
                product=_name(given),
                citation=f"Votes given to headtohead: {_name(given)}.",
                url="",
                licence="as their owner says",
                evaluator="third_party",
                sha256=digest(*_paths(given)),
            )
            for source_id, given in (("votes", votes), ("judge", judge))
            if given is not None
        ),
        judge=use,
    )


def _read(votes: Any, options: VoteOptions, engine: str) -> "Counts | Votes | EngineVotes":  # noqa: ANN401
    """The votes, ready to be counted."""
    from headtohead.ratings.reading.tables import is_engine_table

    if isinstance(votes, Counts):
        if replace(options, both_bad="tie", style=()) != VoteOptions():
            raise InputError("Counts hold no columns to filter by. Give the votes themselves.")
        return votes.without("both_bad") if options.both_bad == "drop" else votes
    if engine != "auto" or is_engine_table(votes):
        from headtohead.ratings.engines import open_engine

        return open_engine(votes, engine, options)
    return open_votes(votes, options)


def _trust(
    read: "Counts | Votes | EngineVotes", board: Board, labels: dict[str, str], *, judged: bool
) -> Trust:
    from headtohead.ratings.audit import audit
    from headtohead.ratings.reading.layout import tells_sides
    from headtohead.ratings.subset import Subset
    from headtohead.ratings.tally import clustered_cells

    sides = isinstance(read, Counts) or tells_sides(read.format)
    column = ""
    if isinstance(read, Votes) and not judged:
        # The column that tells who voted; empty if none does.
        column = board.settings.cluster
        with suppress(UnknownName):
            column = "voter" if read.one_word("voter") else column
    if not column or not isinstance(read, Votes):
        made = audit(board, labels=labels, sides=sides)
        if not judged:
            return made
        return replace(made, notes=("This is said of the votes of people alone.", *made.notes))
    cells = clustered_cells(Subset(read), column)
    return audit(
        board,
        clusters=cells,
        voter_column=column,
        voter_names=read.values[column],
        labels=labels,
        sides=sides,
    )


def _labels(board: Board, group: str, on: date | None) -> dict[str, str]:
    labels = labels_of(board.fitted.counts.models, group, on=on)
    if not labels and group not in GROUPS:
        raise InputError(f"{group} names no model of the board. Write the names as in the votes.")
    if not labels:
        raise InputError(
            f"No model of the board belongs to a {group} we know. Check the names with "
            "`h2h names`, or give a CSV file with the columns model and group."
        )
    return labels


def _about(
    boards: Mapping[str, tuple[Board, ...]], window: str | None, options: VoteOptions
) -> Period | None:
    """The time of the votes, as far as they or the filters say."""
    if window in ("day", "month"):
        days = sorted(n.partition("=")[2] for n in boards if n.startswith(f"{window}="))
        if days:
            return Period(Period.parse(days[0]).start, Period.parse(days[-1]).end)
    if options.since and options.until:
        return Period(options.since, options.until)
    return None


def _said(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{k}={v}" for k, v in value.items())
    if isinstance(value, tuple):
        return ", ".join(value)
    return "yes" if value is True else str(value)


def _paths(votes: object) -> list[Path]:
    if isinstance(votes, str | Path):
        votes = [votes]
    if not isinstance(votes, list | tuple) or not all(isinstance(v, str | Path) for v in votes):
        return []
    return [Path(v) for v in votes]


def _name(votes: object) -> str:
    paths = _paths(votes)
    if not paths:
        return "the votes given"
    shown = ", ".join(path.name for path in paths[:3])
    return f"{shown} and {len(paths) - 3} more files" if len(paths) > 3 else shown
