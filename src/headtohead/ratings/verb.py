"""`rank`: from pairwise votes to leaderboards one can defend.

One scan counts the votes of all boards, then each board is fitted from its counts.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headtohead.core.dates import Period, day
from headtohead.core.errors import InputError, UnknownName
from headtohead.core.estimate import Citation
from headtohead.core.settings import options_of, takes
from headtohead.files.opening import arrived, digest
from headtohead.ratings.board import Board, Fitted, boards, fit_counts
from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.drift import Move, drift
from headtohead.ratings.bradley_terry.style.control import fit_style
from headtohead.ratings.grouping import GROUPS, groups_of, labels_of
from headtohead.ratings.judging import PEOPLE, join, judged_boards
from headtohead.ratings.reading.votes import Votes, open_votes
from headtohead.ratings.result import JudgeUse, RankResult, StyleEffect
from headtohead.ratings.settings import (
    POINTS_PER_LOGIT,
    UNUSED,
    BoardOptions,
    RankSettings,
    VoteOptions,
    Window,
)
from headtohead.ratings.tally import ALL, Subset, Tally, clustered_cells, repeats, tally
from headtohead.ratings.trust import Trust
from headtohead.stats.inputs import one_thread

if TYPE_CHECKING:
    from headtohead.ratings.engines import EngineVotes

_NO_WINDOWS = "there are fewer than two windows that could be rated"


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """Boards and what they were made from.

    Attributes:
        boards: Name -> its connected parts, the largest first.
        unmade: Boards that could not be made, and why.
    """

    counted: Tally
    boards: Mapping[str, tuple[Board, ...]]
    unmade: Mapping[str, str]
    style: tuple[StyleEffect, ...]

    def without_unrated(self) -> "Ranked":
        """The same, with votes that enter no rating of the board of all votes left out."""
        counted, unrated = self.counted, self._unrated()
        if not unrated:
            return self
        if counted.used != counted.boards[ALL].total:  # rows that are not one vote each
            said = "; ".join(f"{why}: {n:,}" for why, n in unrated.items())
            more = f"Votes of these rows that enter no rating: {said}."
            return replace(self, counted=replace(counted, remarks=(*counted.remarks, more)))
        used = counted.used - sum(unrated.values())
        return replace(
            self, counted=replace(counted, used=used, dropped={**counted.dropped, **unrated})
        )

    def _unrated(self) -> dict[str, int]:
        counts, (board, *_) = self.counted.boards[ALL], self.boards[ALL]
        settings = board.settings
        decisive = counts.without("tie", "both_bad") if settings.ties == "drop" else counts
        enough = decisive.only(decisive.battles >= settings.min_votes)
        rated = sum(one.fitted.counts.total for one in self.boards[ALL])
        lost = {
            "a tie": counts.total - decisive.total,
            f"of models with fewer than {settings.min_votes:,} votes": decisive.total
            - enough.total,
            "of models that are not rated": enough.total - rated,
        }
        return {reason: n for reason, n in lost.items() if n > 0}


def rank_votes(
    votes: "Votes | EngineVotes",
    settings: RankSettings,
    *,
    by: Sequence[str] = (),
    window: Window | None = None,
    progress: Callable[[str], None] = lambda _: None,
    lenient: bool = False,
) -> Ranked:
    """The boards of all votes, and of every value of some columns and every window of time.

    The votes are scanned once, and again for each step of style control. If `lenient`, votes of a
    board on which all are of one cluster are independent instead of an error.

    Raises:
        InputError: If a vote breaks the rules, or the board of all votes cannot be made.
    """
    if isinstance(votes, Votes):
        counted = tally(votes, by, window)
        part = lambda name: Subset.of(votes, name)  # noqa: E731
        return _ranked(counted, settings, part, progress, rows=votes.parts, lenient=lenient)
    if settings.cluster and settings.intervals == "bootstrap":
        raise InputError(
            "An engine gives clustered sandwich intervals only; leave out `intervals`."
        )
    counted = votes.tally(by, window)
    return _ranked(counted, settings, votes.board, progress, rows=votes.parts)


def rank_counts(counted: Tally, settings: RankSettings) -> Ranked:
    """The same from counts made elsewhere, which allow neither style control nor clusters.

    Raises:
        InputError: If the settings need the votes themselves, or the board of all votes cannot be
            made.
    """
    if settings.style or settings.cluster:
        raise InputError("Counts hold neither voters nor style. Give the votes, or leave both out.")
    return _ranked(counted, settings, None, lambda _: None)


def moves_of(ranked: Ranked, window: str) -> tuple[tuple[Move, ...], str]:
    """How ratings moved between windows of time, and why they cannot be compared, if so."""
    parts = [
        board
        for name, result in sorted(ranked.boards.items())
        for board in result[:1]
        if name.startswith(f"{window}=")
    ]
    if len(parts) < 2:
        return (), _NO_WINDOWS
    settings = parts[0].settings
    try:
        result = drift(
            [(b.name.partition("=")[2], b.fitted, b.covariance) for b in parts],
            settings.rng("drift"),
            level=settings.level,
        )
    except ValueError as error:
        return (), str(error)
    return tuple(
        replace(
            one,
            change=one.change.rescaled(POINTS_PER_LOGIT),
            joint=one.joint.rescaled(POINTS_PER_LOGIT),
        )
        for one in result
    ), ""


_Part = Callable[[str], "Subset | EngineVotes"]


def _ranked(
    counted: Tally,
    settings: RankSettings,
    part_of: _Part | None,
    progress: Callable[[str], None],
    *,
    rows: bool = False,
    lenient: bool = False,
) -> Ranked:
    """The boards; `rows` that count as several votes or a part of one go together."""
    ranked: dict[str, tuple[Board, ...]] = {}
    unmade: dict[str, str] = {}
    effects: tuple[StyleEffect, ...] = ()
    for name, counts in counted.boards.items():
        progress(f"rating {'all votes' if name == ALL else name}")
        styled: list[tuple[StyleEffect, ...]] = []
        try:
            fitter = _fitter(name, part_of, settings, styled, rows=rows, lenient=lenient)
            ranked[name] = boards(name, counts, settings, fitter)
        except InputError as error:
            if name == ALL:
                raise
            unmade[name] = str(error)
        if name == ALL and styled:
            effects = styled[0]
    if ALL not in ranked:
        reasons = "; ".join(f"{why}: {n:,}" for why, n in counted.dropped.items())
        said = f"All {counted.rows_read:,} rows were left out ({reasons})" if reasons else ""
        raise InputError(
            f"No vote is left to rank by. {said or 'There is none'}. Loosen the filters, or mend "
            "the votes."
        )
    return Ranked(counted, ranked, unmade, effects)


def _fitter(
    name: str,
    part_of: _Part | None,
    settings: RankSettings,
    styled: list[tuple[StyleEffect, ...]],
    *,
    rows: bool,
    lenient: bool,
) -> Callable[[Counts, RankSettings, str], Fitted]:
    """How one board is fitted: from counts alone, by cluster, or with style."""
    rows = rows and settings.intervals != "hessian"
    if part_of is None or not (settings.cluster or settings.style or rows):
        return fit_counts
    part = part_of(name)
    if not settings.style:
        cells = (
            clustered_cells(part, settings.cluster)
            if isinstance(part, Subset)
            else part.cells(settings.cluster)
        )

        def by_cluster(counts: Counts, chosen: RankSettings, key: str) -> Fitted:
            if not lenient or np.unique(cells.among(counts.models).cluster).size > 1:
                return fit_counts(counts, chosen, key, cells)
            note = "All votes are on one prompt: nothing tells how much prompts differ."
            fitted = fit_counts(counts, chosen, key)
            return replace(fitted, notes=(*fitted.notes, note))

        return by_cluster

    def by_style(counts: Counts, chosen: RankSettings, _: str) -> Fitted:
        result, effects = with_style(part, counts, chosen)
        styled.append(effects)
        return result

    return by_style


@one_thread()
def with_style(
    votes: "Subset | EngineVotes", counts: Counts, settings: RankSettings
) -> tuple[Fitted, tuple[StyleEffect, ...]]:
    """The strengths at equal style, and what style does."""
    result = fit_style(
        votes.passes(counts),
        counts,
        settings.style,
        prior=settings.prior,
        clustered=votes.clusters(counts, settings.cluster) if settings.cluster else None,
    )
    effects = tuple(
        StyleEffect(
            name=one.name,
            per_sd=one.per_spread.rescaled(POINTS_PER_LOGIT),
            per_unit=one.per_unit.rescaled(POINTS_PER_LOGIT),
            sd=one.spread,
        )
        for one in result.effects(settings.level)
    )
    return Fitted(result.board, result.covariance), effects


@takes(boards=BoardOptions, settings=RankSettings, reading=VoteOptions)
def rank(
    votes: Any,  # noqa: ANN401 - paths, frames, arrays, counts, tables of an engine
    *,
    boards: BoardOptions,
    settings: RankSettings,
    reading: VoteOptions,
    as_of: date | str | None = None,
    progress: Callable[[str], None] = lambda _: None,
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
        progress: Called with each step, since large files take a while.

    Returns:
        A frozen result that carries its settings.

    Raises:
        InputError: If a vote breaks the rules, a choice does not exist, or no board can be made.
    """
    known = None if as_of is None else day(as_of, "as_of")
    options = replace(reading, style=settings.style)
    progress("counting the votes")
    read = _read(votes, options, boards.engine)
    if known:
        if isinstance(read, Counts) or not read.timed:
            raise InputError(
                f"Not all votes say when they were given, so nobody can tell which were known by "
                f"{known}. Leave out `as_of`, or say which column has the time with "
                "`mapping={'time': '...'}`."
            )
        options = replace(options, until=min(filter(None, (options.until, known))))
        read = _read(votes, options, boards.engine)
    use: JudgeUse | None = None
    judge = boards.judge
    settings, remarks, lenient = _clustered(read, settings, judged=judge is not None)
    if judge is not None:
        ranked, use = _judged(read, boards, settings, options)
    elif not isinstance(read, Counts):
        ranked = rank_votes(
            read,
            settings,
            by=boards.by,
            window=boards.window,
            progress=progress,
            lenient=lenient,
        )
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
    ranked = ranked.without_unrated()
    moves, drift_note = moves_of(ranked, boards.window) if boards.window else ((), "")
    return RankResult(
        settings=settings,
        votes=_name(votes),
        format="counts" if isinstance(read, Counts) else read.format,
        # Every choice that is not the default, in words.
        asked={
            f.name: _said(value)
            for chosen in (options, replace(boards, judge=None))
            for f in options_of(type(chosen))
            if (value := getattr(chosen, f.name)) != getattr(type(chosen)(), f.name)
        }
        | ({"judge": _said(_name(judge))} if use else {}),
        boards=ranked.boards,
        unmade=ranked.unmade,
        groups=groups_of(board, boards.group, labels) if boards.group else None,
        style=ranked.style,
        moves=moves,
        drift_note=drift_note,
        trust=_trust(read, audited, labels, progress, judged=use is not None, clustered=not lenient)
        if boards.trust
        else None,
        rows_read=ranked.counted.rows_read,
        used=ranked.counted.used,
        dropped=ranked.counted.dropped,
        weighed=not isinstance(read, Counts) and read.weighed,
        remarks=(*remarks, *ranked.counted.remarks),
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
                evaluator="own",
                sha256=digest(*_paths(given)),
            )
            for source_id, given in (("votes", votes), ("judge", judge))
            if given is not None
        ),
        judge=use,
    )


def _read(votes: Any, options: VoteOptions, engine: str) -> "Counts | Votes | EngineVotes":  # noqa: ANN401
    """The votes, ready to be counted."""
    from headtohead.files.tables import is_engine_table

    if isinstance(votes, Counts):
        if replace(options, both_bad="tie", style=()) != VoteOptions():
            raise InputError("Counts hold no columns to filter by. Give the votes themselves.")
        return votes.without("both_bad") if options.both_bad == "drop" else votes
    if engine != "auto" or is_engine_table(votes):
        from headtohead.ratings.engines import open_engine

        return open_engine(votes, engine, options)
    return open_votes(votes, options)


_MOST_REPEATS = 2_000_000  # rows that are looked at for repeats
_REPEATED = 1.1  # votes of each prompt and pair from which on they are taken to go together


def _clustered(
    read: "Counts | Votes | EngineVotes", settings: RankSettings, *, judged: bool
) -> tuple[RankSettings, tuple[str, ...], bool]:
    """The settings with the clusters that the votes call for, what to say of it, and if it is so.

    Where prompts and pairs repeat (several voters, turns or judges, or copies of a row), votes of
    one prompt go together.
    """
    if settings.cluster == UNUSED:
        return replace(settings, cluster=""), (), False
    if settings.cluster or judged or isinstance(read, Counts):
        return settings, (), False
    if isinstance(read, Votes):
        times = repeats(read, "prompt", _MOST_REPEATS)
    else:
        times = read.repeats("prompt")
    if times < _REPEATED:
        return settings, (), False
    said = f"{times:.0f} times" if times == round(times) else f"{times:.1f} times on average"
    if not isinstance(read, Votes):
        remark = (
            f"Each prompt and pair of models appears {said} in the engine, and each of these votes "
            "is taken as independent, since the votes of each prompt would leave the engine. "
            "`--cluster prompt` lets them and takes votes on one prompt to go together."
        )
        return settings, (remark,), False
    kinds = [
        f"{n:,} {word}s" for word in ("turn", "voter") if (n := len(read.values.get(word, ()))) > 1
    ]
    why = f" ({' and '.join(kinds)} are told apart)" if kinds else ""
    start = f"Each prompt and pair of models appears {said}{why}"
    if settings.intervals == "hessian":
        return settings, (f"{start}, which intervals from the curvature do not know of.",), False
    if len(read.values["prompt"]) == 1:
        said = f"{start}, and all are on one prompt: nothing tells how much prompts differ."
        return settings, (said,), False
    return (
        replace(settings, cluster="prompt"),
        (
            f"{start}, so votes on one prompt are taken to go together, as `--cluster prompt` "
            f"asks; `--cluster {UNUSED}` takes every vote as independent.",
        ),
        True,
    )


def _judged(
    read: "Counts | Votes | EngineVotes",
    boards: BoardOptions,
    settings: RankSettings,
    options: VoteOptions,
) -> tuple[Ranked, JudgeUse]:
    """The boards of people, of the judge and of both, and how the judge was used."""
    if boards.by or boards.window:
        raise InputError("With `judge` there is one board; leave out `by` and `window`.")
    if not isinstance(read, Votes):
        raise InputError("A judge needs the votes of people as files or frames, read here.")
    joined = join(read, open_votes(boards.judge, options))
    by_source, use = judged_boards(joined, settings)
    counts = {ALL: joined.votes.human_counts}
    counted = Tally(counts, joined.read, use.votes, joined.dropped, read.remarks)
    return Ranked(counted, by_source, {}, ()), use


def _trust(
    read: "Counts | Votes | EngineVotes",
    board: Board,
    labels: dict[str, str],
    progress: Callable[[str], None],
    *,
    judged: bool,
    clustered: bool,
) -> Trust:
    from headtohead.ratings.reading.layout import tells_sides
    from headtohead.ratings.tally import Subset, clustered_cells
    from headtohead.ratings.trust import audit

    progress("what could overturn the board")
    sides = isinstance(read, Counts) or tells_sides(read.format)
    column = ""
    if isinstance(read, Votes) and not judged:
        # The column that tells who voted; empty if none does.
        column = board.settings.cluster if clustered else ""
        with suppress(UnknownName):
            column = "voter" if read.one_word("voter") else column
    if not column or not isinstance(read, Votes):
        trust = audit(board, labels=labels, sides=sides)
        if not judged:
            return trust
        return replace(trust, notes=("This is said of the votes of people alone.", *trust.notes))
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
            "`explain_name('NAME')`, or give a CSV file with the columns model and group."
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
    return [arrived(v) for v in votes]


def _name(votes: object) -> str:
    paths = _paths(votes)
    if not paths:
        return "the votes given"
    shown = ", ".join(path.name for path in paths[:3])
    return f"{shown} and {len(paths) - 3} more files" if len(paths) > 3 else shown
