"""Votes inside an engine: counted there, and read there in passes for style control."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from headtohead.core.errors import InputError
from headtohead.files.tables import NOTHING, Path
from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.covariance import ClusterCells
from headtohead.ratings.engines.distinct import (
    ROW,
    STYLE,
    VOTES,
    DistinctRows,
    EngineTable,
    Keys,
    at,
    distinct_rows,
    first_unreadable,
    having,
    key_texts,
    measures,
    passing,
    readable,
)
from headtohead.ratings.engines.opening import EngineSource, Ibis, open_source
from headtohead.ratings.engines.passes import Decided, EngineClusters, scored, summed
from headtohead.ratings.reading.layout import AsItStands, OneWord, Style, paths_of
from headtohead.ratings.reading.recognising import Part, by_scores, no_time, part_of
from headtohead.ratings.reading.times import WINDOWS
from headtohead.ratings.reading.votes import CHUNK_ROWS, Votes
from headtohead.ratings.settings import VoteOptions, Window
from headtohead.ratings.tally import ALL, Tally, tally
from headtohead.stats.inputs import FloatArray

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

    from headtohead.ratings.bradley_terry.style.equations import Equations, Passes
    from headtohead.ratings.bradley_terry.style.passes import ClusterPass


@dataclass(frozen=True, slots=True, eq=False)
class EngineVotes:
    """Votes that stay in an engine; made by `open_engine`.

    The rules are those of `open_votes`, and so are counts, reasons and errors; an engine has no
    order of rows, so an error names how many rows are at fault instead of the first one's number.
    """

    source: EngineSource
    part: Part
    options: VoteOptions
    _known: dict[Any, Any] = field(default_factory=dict, repr=False)

    @property
    def format(self) -> str:
        """The name of the format."""
        return self.part.format

    @property
    def parts(self) -> bool:
        """As `Votes.parts`, of the last tally."""
        return bool(self._known.get("parts", (False, False))[0])

    @property
    def weighed(self) -> bool:
        """As `Votes.weighed`, of the last tally."""
        return bool(self._known.get("parts", (False, False))[1])

    @property
    def timed(self) -> bool:
        """Whether every vote may say when it was given."""
        return self.part.time is not None

    def tally(self, by: Sequence[str] = (), window: Window | None = None) -> Tally:
        """The counts of all boards; the engine reads the votes once for each column and window.

        Raises:
            UnknownName: If a column does not exist.
            InputError: If a vote breaks the rules, there is none, or the engine cannot read them.
        """
        for word in by:
            self.part.source(word)
        result = self._tally((), None)
        boards = dict(result.boards)
        asked: list[tuple[tuple[str, ...], Window | None]] = [((word,), None) for word in by]
        if window is not None:
            asked.append(((), window))
        for words, wanted in asked:
            more = self._tally(words, wanted).boards
            boards |= {name: counts for name, counts in more.items() if name != ALL}
        return replace(result, boards=boards)

    def passes(self, counts: Counts) -> "Passes":
        """A pass for `fit_style` that the engine makes each time it is called.

        Votes on models that the counts do not know are left out.
        """
        decided, styles = self._decided(counts), self._measures()
        m, d, even = len(counts.models), len(styles), counts.scores[:, :2].sum(axis=1) == 0
        votes, pairs = decided.votes(styles), decided.pairs()

        def read(theta: FloatArray, beta: FloatArray, meat: bool) -> "Equations":
            result = scored(votes, pairs, m, theta, beta)
            return summed(self.source, result, m, d, meat=meat, even=even)

        return read

    def clusters(self, counts: Counts, column: str) -> "ClusterPass":
        """A pass for `fit_style` in which the engine sums scores by the values of a column.

        Raises:
            UnknownName: If the column does not exist.
            InputError: If a vote may have several values of it.
        """
        word = at(self.source.table, self._one(column))
        if word.type().is_floating():
            word = word.nullif(float("nan"))
        decided, styles = self._decided(counts), self._measures()
        votes = decided.votes({**styles, "cluster": word.cast("string").strip().nullif("")})
        return EngineClusters(decided, votes, decided.pairs(), counts, len(styles))

    def cells(self, column: str) -> ClusterCells:
        """The votes counted by cluster, pair and outcome, as `tally.clustered_cells` counts them.

        What ties as outcomes of their own need. These rows leave the engine, up to one a vote;
        `clusters` keeps them there.

        A row without a cluster goes alone, and so does every row without a column.

        Raises:
            UnknownName: If the column does not exist.
            InputError: If a vote may have several values of it.
        """
        words = (column,) if column else ()
        for word in words:
            self._one(word)
        rows = self._distinct(words, None)
        self._check(rows, words, None)
        votes, copies = self._scan(rows), rows[VOTES].to_numpy()
        starts = np.cumsum(copies) - copies
        nothing = np.zeros(0, dtype=np.int64)
        parts: list[list[NDArray[Any]]] = [[nothing] * 5]
        for ballots in votes.chunks((*words, ROW)):
            row = np.array([int(word) for word in votes.values[ROW]])[ballots.labels[ROW]]
            cluster = ballots.labels[column] if column else np.full(row.size, -1)
            alone = cluster < 0
            # A row without a cluster is one of its own, so its copies are not counted together.
            times = np.where(alone, copies[row], 1)
            at = np.repeat(np.arange(row.size), times)
            copy = np.arange(at.size) - np.repeat(np.cumsum(times) - times, times)
            own = np.ones(row.size, np.int64) if ballots.weight is None else ballots.weight
            each = (ballots.first, ballots.second, ballots.outcome)
            parts.append(
                [
                    np.where(alone[at], NOTHING - starts[row][at] - copy, cluster[at]),
                    *(codes.astype(np.int64)[at] for codes in each),
                    np.where(alone, own, own * copies[row])[at],
                ]
            )
        number, *rest = (np.concatenate(column) for column in zip(*parts, strict=True))
        number = np.where(number < 0, number.max(initial=NOTHING) - number, number)
        return ClusterCells(tuple(votes.models), number, *rest)

    def board(self, name: str) -> "EngineVotes":
        """The votes of one board of a tally.

        Args:
            name: "all", "column=value", or a window as "month=2025-06".

        Raises:
            UnknownName: If the column does not exist.
        """
        if name == ALL:
            return self
        column, _, value = name.partition("=")
        if column in WINDOWS:
            first, last = span(value)
            since = max(filter(None, (self.options.since, first)))
            until = min(filter(None, (self.options.until, last)))
            return _opened(self.source, replace(self.options, since=since, until=until))
        source = self.part.source(column)
        if isinstance(source, OneWord):
            return _opened(having(self.source, source.path, value), self.options)
        where = {**self.options.where, column: value}
        return _opened(self.source, replace(self.options, where=where))

    def repeats(self, column: str) -> float:
        """How many rows the table has for each value of a column and pair of models.

        The engine counts all rows, those that a filter leaves out too.

        Returns:
            An average of at least 1; 1 where there is no such column, or a vote may have several
            of its values.
        """
        import ibis  # type: ignore[import-untyped]

        where = self.part.source(column) if self.part.has(column) else None
        if not isinstance(where, OneWord):
            return 1.0
        table, layout = self.source.table, self.part.layout
        a, b = (at(table, path).cast("string") for path in (layout.first, layout.second))
        word = at(table, where.path).cast("string").strip().nullif("")
        pairs = table.select(word=word, high=ibis.greatest(a, b), low=ibis.least(a, b))
        met = pairs.filter(pairs.word.notnull()).group_by(["word", "high", "low"])
        counted = met.agg(n=lambda rows: rows.count())
        sums = self.source.fetch(counted.agg(rows=counted.n.sum(), met=counted.count()))
        rows, groups = (sums[name][0].as_py() or 0 for name in ("rows", "met"))
        return rows / groups if groups else 1.0

    def _one(self, column: str) -> Path:
        where = self.part.source(column)
        if not isinstance(where, OneWord):
            raise InputError(f"A vote may have several of {column}; clusters need one each.")
        return where.path

    def _tally(self, by: tuple[str, ...], window: Window | None) -> Tally:
        rows = self._distinct(by, window)
        # The rules run once over all rows, so that whatever they refuse is found first.
        self._check(rows, by, window)
        copies = rows[VOTES].to_numpy()
        total: Tally | None = None
        # A row that stands for 13 votes is counted at 8, 4 and 1: the same rules, no weights.
        for bit in reversed(range(int(copies.max(initial=0)).bit_length())):
            total = None if total is None else total + total
            some = np.flatnonzero((copies >> bit) & 1)
            if some.size:
                result = tally(self._scan(rows.take(some)), by, window)
                total = result if total is None else total + result
        assert total is not None
        return total

    def _check(self, rows: "pa.Table", by: Sequence[str], window: Window | None) -> None:
        scan = self._scan(rows)
        try:
            for _ in scan.chunks(by, window=window):
                pass
            self._known["parts"] = scan.parts, scan.weighed
        except InputError as error:
            raise self._without_row(error, rows, self._paths(by, window)) from None

    def _without_row(
        self, error: InputError, rows: "pa.Table", paths: Sequence[Path]
    ) -> InputError:
        """The error with the number of rows at fault where it names a distinct row."""
        match = re.match(
            rf"{re.escape(self.source.name)}, row (\d+), column (.*?): ", str(error), re.DOTALL
        )
        if match is None:
            return error
        if match[2] == STYLE:
            return first_unreadable(self.source, self.part.style, self.part.table.columns)
        path = next(path for path in paths if ".".join(path) == match[2])
        column = rows[path[0]].combine_chunks()
        for name in path[1:]:
            column = column.field(name)
        values: list[Any] = column.to_pylist()
        alike = [value == values[int(match[1]) - 1] for value in values]
        n = int(rows[VOTES].to_numpy()[np.array(alike)].sum())
        said = str(error)[match.end() :]
        return InputError(
            f"{self.source.name}, {n:,} row{'s' if n > 1 else ''}, column {match[2]}: {said}"
        )

    def _distinct(self, by: Sequence[str], window: Window | None) -> "pa.Table":
        return distinct_rows(self.source, self._keys(window), self._paths(by, window))

    def _keys(self, window: Window | None) -> Keys:
        if window is not None and self.part.time is None:
            raise no_time(self.source.name)
        styles, columns = self.part.style, self.part.table.columns
        if VOTES not in self._known:
            self._known[VOTES] = passing(self.source, self.part, self.options)
        result: Mapping[Path, Collection[Any]] = self._known[VOTES]
        return Keys(
            self.part,
            self.options,
            window,
            readable(self.source.table, styles, columns) if styles else None,
            result,
        )

    def _paths(self, by: Sequence[str], window: Window | None) -> tuple[Path, ...]:
        limited = bool(window or self.options.since or self.options.until)
        result = list(replace(self.part, style=()).paths(time=limited))
        for word in by:
            result += paths_of(self.part.source(word))
        return tuple(dict.fromkeys(result))

    def _scan(self, rows: "pa.Table") -> Votes:
        columns = self.part.table.columns
        table = DistinctRows(self.source.name, columns, rows)
        # Whether covariates can be read is known already; the rules look at that.
        style: tuple[Style, ...] = (AsItStands((STYLE,)),) if self.options.style else ()
        return Votes([replace(self.part, table=table, style=style)], self.options, CHUNK_ROWS)

    def _measures(self) -> dict[str, Ibis]:
        result = measures(self.source.table, self.part.style, self.part.table.columns)
        return {f"x{k}": measure for k, measure in enumerate(result)}

    def _decided(self, counts: Counts) -> Decided:
        """What the rules decide, asked of the engine once for each set of models."""
        if counts.models not in self._known:
            if ROW not in self._known:
                keys, paths = self._keys(None), self._paths((), None)
                rows = distinct_rows(self.source, keys, paths, texts=True)
                self._check(rows, (), None)
                self._known[ROW] = keys, paths, rows
            keys, paths, rows = self._known[ROW]
            texts = key_texts(self.source, keys, paths)
            scan = self._scan(rows)
            result = Decided.of(self.source, keys.readable, texts, rows, scan, counts)
            self._known[counts.models] = result
        decided: Decided = self._known[counts.models]
        return decided


def open_engine(
    source: Ibis, engine: str = "duckdb", options: VoteOptions | None = None
) -> EngineVotes:
    """The votes in an engine; nothing is read yet but names of columns.

    Args:
        source: An Ibis table of any backend, a Spark data frame, or paths of one kind.
        engine: "duckdb" or "spark" for paths; tables know theirs.
        options: How to read them; `dedup` by id or prompt needs an order of rows.

    Raises:
        UnknownName: If there is no such engine.
        InputError: If the engine is not installed, no format fits, or the options ask for what an
            engine cannot do.
    """
    return _opened(open_source(source, engine), options or VoteOptions())


def span(window: str) -> tuple[date, date]:
    """The first and the last day of a window.

    Args:
        window: As boards name it: 2025-06, 2025-Q2, 2025-W23 or 2025-06-05.
    """
    year, _, rest = window.partition("-")
    if rest.startswith("W"):
        monday = date.fromisocalendar(int(year), int(rest[1:]), 1)
        return monday, monday + timedelta(days=6)
    if "-" in rest:
        day = date.fromisoformat(window)
        return day, day
    last = 3 * int(rest[1:]) if rest.startswith("Q") else int(rest)
    first = last - 2 if rest.startswith("Q") else last
    after = date(int(year) + last // 12, last % 12 + 1, 1)
    return date(int(year), first, 1), after - timedelta(days=1)


def _opened(source: EngineSource, options: VoteOptions) -> EngineVotes:
    part = by_scores(part_of(EngineTable(source), options), options)
    if not isinstance(part, Part):
        raise InputError(f"{source.name} holds counts. Leave out `engine`.")
    if part.repeat is not None:
        raise InputError(
            f"To keep the first vote of each {options.dedup} needs an order of rows, which an "
            f"engine has not. Leave out `engine`, or `dedup={options.dedup!r}`."
        )
    if part.layout.unfold is not None:
        raise InputError(
            f"{source.name} is of format {part.format}, whose records hold several votes. Leave "
            f"out `engine`."
        )
    return EngineVotes(source, part, options)
