"""Votes of any supported kind, scanned and counted as often as needed in a stream of coded chunks.

One pass turns batches of a table into chunks of coded votes. A row that does not count is counted
by reason, or ends the reading.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from headtohead.core.errors import InputError, UnknownName
from headtohead.core.units import shortened
from headtohead.files.tables import (
    EMPTY,
    NOTHING,
    Batch,
    Codebook,
    Codes,
    NameBook,
    Path,
    Unfolded,
    encode,
    flags,
    floats,
    numbers_in,
    open_tables,
    plain_text,
)
from headtohead.ratings.bradley_terry.counts import OUTCOMES, Counts
from headtohead.ratings.bradley_terry.style.passes import Chunk
from headtohead.ratings.reading.layout import (
    BOTH_BAD,
    MOST_VOTES,
    NONE,
    SEVERAL,
    UNKNOWN,
    Annotators,
    AsItStands,
    FlagGroup,
    LabelSource,
    ManyWords,
    Matchups,
    OneWord,
    Outcomes,
    Score,
    Shared,
    Style,
    Words,
    paths_of,
    twofold,
    word_key,
)
from headtohead.ratings.reading.recognising import CountedPart, Part, by_scores, no_time, part_of
from headtohead.ratings.reading.times import NO_DAY, day_number, days, label
from headtohead.ratings.settings import (
    UNUSED,
    OnBad,
    VoteOptions,
    Window,
)
from headtohead.stats.inputs import BoolArray, FloatArray, IntArray

_Say = Callable[[int], str] | str
CHUNK_ROWS = 1 << 16
LEAVE_OUT = "or leave such rows out with `on_bad='drop'`"
# pandas writes flags into CSV files as Python does, other writers as JSON does.
_PYTHON_FLAGS = {"True": "true", "False": "false"}
_REMEDY = {
    True: (
        "Say what each word means with `mapping={'winner.a': '...'}`, winner.b, winner.tie and "
        f"winner.both_bad, {LEAVE_OUT}."
    ),
    False: f"Correct it, {LEAVE_OUT}.",
}


class Rows:
    """The rows of one batch.

    Args:
        number: Each row's number in its table, from 1, shape (size,).
        dropped: Reason -> rows; grows.
    """

    def __init__(
        self, size: int, source: str, number: IntArray, dropped: Counter[str], on_bad: OnBad
    ) -> None:
        self.size = size
        self.on_bad = on_bad
        self._source, self._number, self._dropped = source, number, dropped
        # Which rows count, shape (size,); None if all do.
        self.kept: BoolArray | None = None

    def drop(self, gone: BoolArray, reason: str) -> None:
        """Leave rows out, shape (size,), each under the first reason it is given."""
        newly = self._still(gone)
        n = int(np.count_nonzero(newly))
        if n:
            self._dropped[reason] += n
            self.kept = ~newly if self.kept is None else self.kept & ~newly

    def bad(self, wrong: BoolArray, reason: str, path: Path, say: _Say) -> None:
        """End the reading at the first row that breaks a rule, or drop all that do.

        `say` tells what is wrong and what to do; a function is given the position of the row.

        Raises:
            InputError: If rows that break the rules are errors.
        """
        if self.on_bad == "drop":
            self.drop(wrong, reason)
        else:
            self.refuse(wrong, path, say)

    def refuse(self, wrong: BoolArray, path: Path, say: _Say) -> None:
        """End the reading at the first row that breaks a rule, among those that still count.

        Raises:
            InputError: If one does.
        """
        newly = self._still(wrong)
        if newly.any():
            row = int(np.argmax(newly))
            said = shortened(say if isinstance(say, str) else say(row), 600)
            column = shortened(".".join(path))
            raise InputError(f"{self._source}, row {self._number[row]}, column {column}: {said}")

    def _still(self, rows: BoolArray) -> BoolArray:
        return rows if self.kept is None else rows & self.kept


@dataclass(frozen=True, slots=True, eq=False)
class Tags:
    """Words of votes that may have several.

    Attributes:
        rows: Position of a vote, shape (k,), sorted.
        codes: Code of one of its words, shape (k,).
    """

    rows: IntArray
    codes: Codes

    def of(self, kept: BoolArray) -> "Tags":
        """The same for the votes that are kept, numbered anew."""
        place = np.cumsum(kept) - 1
        stay = kept[self.rows]
        return Tags(place[self.rows[stay]], self.codes[stay])


def tags_of(source: ManyWords | FlagGroup, batch: Batch, book: Codebook, rows: Rows) -> Tags:
    """The words of votes that may have several.

    Raises:
        InputError: If a flag is neither true nor false in a row that counts.
    """
    if isinstance(source, ManyWords):
        import pyarrow as pa  # type: ignore[import-untyped]
        import pyarrow.compute as pc  # type: ignore[import-untyped]

        array = batch.column(source.path)
        if pa.types.is_null(array.type):
            return Tags(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int32))
        owners = numbers_in(pc.list_parent_indices(array)).astype(np.int64)
        words = book.codes(pc.list_flatten(array))
        some = words >= 0
        n = max(1, len(book.words))
        # A word that a list repeats still makes one vote.
        pairs = np.unique(owners[some] * n + words[some])
        return Tags(pairs // n, (pairs % n).astype(np.int32))
    result = []
    for category in source.categories:
        code = book.add(category.name)
        count = np.zeros(len(batch), dtype=np.int64)
        for path in category.paths:
            read = flags(batch.column(path))
            wrong = read == EMPTY
            if wrong.any() and rows.on_bad == "error":
                rows.refuse(
                    wrong,
                    path,
                    lambda row, path=path: (  # type: ignore[misc]
                        f"{batch.show(path, row)!r} is neither true nor false. Correct it, "
                        f"{LEAVE_OUT}."
                    ),
                )
            count += read == 1
        where = np.flatnonzero(count >= category.least)
        result.append((where, np.full(where.size, code, dtype=np.int32)))
    at = np.concatenate([where for where, _ in result])
    order = np.argsort(at, kind="stable")
    return Tags(at[order], np.concatenate([codes for _, codes in result])[order])


REASON = "unreadable covariate"


def covariates(batch: Batch, styles: Sequence[Style], rows: Rows) -> FloatArray:
    """The covariates of each row, shape (n, d).

    A pair of measures becomes (a - b) / (a + b), as LMSYS published it, and 0 where both are 0.

    Rows with a missing, negative or unreadable measure break a rule.

    Raises:
        InputError: If such a row is an error.

    References:
        Li, T., Angelopoulos, A., Chiang, W.-L. (2024). Does style matter? Disentangling style and
        substance in Chatbot Arena. https://lmsys.org/blog/2024-08-28-style-control/
    """
    result = np.zeros((len(batch), len(styles)))
    for place, style in enumerate(styles):
        if isinstance(style, AsItStands):
            result[:, place] = _measure(batch, (style.path,), rows, signed=True)
            continue
        a = _measure(batch, style.a, rows, characters=style.characters)
        b = _measure(batch, style.b, rows, characters=style.characters)
        total = a + b
        with np.errstate(invalid="ignore"):
            result[:, place] = np.divide(a - b, total, out=np.zeros(len(batch)), where=total > 0)
    return result


def _measure(
    batch: Batch,
    paths: tuple[Path, ...],
    rows: Rows,
    *,
    signed: bool = False,
    characters: bool = False,
) -> FloatArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    total = np.zeros(len(batch))
    some = np.zeros(len(batch), dtype=np.bool_)
    for path in paths:
        array = batch.column(path)
        if characters:
            array = plain_text(array)
            array = array if pa.types.is_null(array.type) else pc.utf8_length(array)
        values, wrong = floats(array)
        with np.errstate(invalid="ignore"):
            wrong = wrong | np.isinf(values) | ((values < 0) & (not signed))
        _refuse(wrong, path, batch, rows)
        there = ~np.isnan(values)
        total[there] += values[there]
        some |= there
    _refuse(~some, paths[0], batch, rows)
    return total


def _refuse(wrong: BoolArray, path: Path, batch: Batch, rows: Rows) -> None:
    if wrong.any():
        rows.bad(
            wrong,
            REASON,
            path,
            lambda row: (
                f"{batch.show(path, row)!r} is no measure of style. Correct it, {LEAVE_OUT}."
            ),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Ballots(Chunk):
    """One chunk of coded votes.

    Attributes:
        tags: Of columns of which a vote may have several words.
        weight: How many votes each is, shape (n,); None if each is one.
        row: Which ones were one row of the source, shape (n,); None likewise.
    """

    tags: Mapping[str, Tags] = field(default_factory=dict)
    weight: FloatArray | None = None
    row: IntArray | None = None

    def only(self, rows: BoolArray) -> "Ballots":
        """Some of the votes."""
        tags = {word: tags.of(rows) for word, tags in self.tags.items()}
        return replace(
            super(Ballots, self).only(rows),
            tags=tags,
            weight=None if self.weight is None else self.weight[rows],
            row=None if self.row is None else self.row[rows],
        )

    def parted(self, votes: FloatArray, row: IntArray) -> "Ballots":
        """The same rows with the votes that each holds of each outcome, shape (n, 4)."""
        at, outcome = np.nonzero(votes)
        tags = {}
        times = np.bincount(at, minlength=self.first.size)
        start = np.cumsum(times) - times
        for word, tag in self.tags.items():
            n = times[tag.rows]
            each = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
            tags[word] = Tags(np.repeat(start[tag.rows], n) + each, np.repeat(tag.codes, n))
        return Ballots(
            self.first[at],
            self.second[at],
            outcome.astype(np.int8),
            {word: codes[at] for word, codes in self.labels.items()},
            self.covariates,
            tags,
            votes[at, outcome],
            row[at],
        )


@dataclass(frozen=True, slots=True)
class PassRequest:
    """What a pass is for."""

    labels: tuple[str, ...] = ()
    covariates: bool = False
    window: Window | None = None


@dataclass(slots=True)
class Books:
    """The codes of names and words, which outlive a pass."""

    models: NameBook = field(default_factory=NameBook)
    labels: dict[str, Codebook] = field(default_factory=dict)
    repeats: Codebook = field(default_factory=Codebook)

    def of(self, word: str) -> Codebook:
        """The codes of a column's words."""
        return self.labels.setdefault(word, Codebook())


@dataclass(slots=True)
class Pass:
    """What one pass over all tables has seen so far."""

    rows_read: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    side_words: set[str] = field(default_factory=set)
    parts: bool = False
    weighed: bool = False
    seen: BoolArray = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))


class Scanner:
    """One table's share of a pass.

    The codes of the books, and what the pass has seen, grow.
    """

    def __init__(
        self, part: Part, options: VoteOptions, wanted: PassRequest, books: Books, seen: Pass
    ) -> None:
        self._part, self._options, self._wanted = part, options, wanted
        self._books, self._pass = books, seen
        self._labels: dict[str, LabelSource] = {word: part.source(word) for word in wanted.labels}
        if wanted.window and part.time is None:
            raise no_time(part.table.name)

    def chunks(self, size: int) -> Iterator[Ballots]:
        """The votes of this table that count."""
        part, options = self._part, self._options
        paths = list(part.paths(time=bool(self._wanted.window or options.since or options.until)))
        coded = [part.layout.first, part.layout.second, *part.layout.outcome.paths]
        for source in (*self._labels.values(), *(source for _, source, _ in part.where)):
            paths += paths_of(source)
            coded += paths_of(source)
        as_json, unfold = part.table.as_json, part.layout.unfold
        wanted = dict.fromkeys(path[:1] if path[0] in as_json else path for path in paths)
        lists = () if unfold is None else (unfold,)
        done = 0
        for rows in part.table.batches(tuple(wanted), size, coded, lists):
            for start in range(0, rows.num_rows, size):
                batch = Batch(rows.slice(start, size), as_json)
                number = np.arange(done + 1, done + 1 + len(batch), dtype=np.int64)
                done += len(batch)
                if unfold is not None:
                    unfolded = Unfolded(batch, unfold)
                    batch, number = unfolded, number[unfolded.origin]
                result = self._ballots(batch, number)
                if result.first.size:
                    yield result

    def _ballots(self, batch: Batch, number: IntArray) -> Ballots:
        part, options = self._part, self._options
        rows = Rows(len(batch), part.table.name, number, self._pass.dropped, options.on_bad)
        self._pass.rows_read += len(batch)
        for mark in part.marks:
            rows.drop(flags(batch.column(mark.path)) != 1, mark.reason)
        self._filter_words(batch, rows)
        day = self._days(batch, rows)
        sides = self._sides(batch, rows)
        outcome = self._outcome(batch, rows, sides)
        measured = covariates(batch, part.style, rows) if part.style else None
        self._leave_out_repeats(batch, rows)
        labels, tags = self._words(batch, rows)
        if self._wanted.window and day is not None:
            window = self._wanted.window
            distinct, where = np.unique(day, return_inverse=True)
            said = (None if one == NO_DAY else label(one, window) for one in distinct.tolist())
            labels[window] = self._books.of(window).table(said)[where]
        wanted = measured if self._wanted.covariates else None
        votes = self._votes(batch, rows, sides, outcome)
        result = Ballots(sides.first, sides.second, outcome, labels, wanted, tags)
        if votes is None:
            return result if rows.kept is None else result.only(rows.kept)
        if self._options.style:
            raise InputError(
                "Style control counts each row as one vote. Leave out `style`, or the weights with "
                "`mapping={'weight': 'none'}`."
            )
        # Rows of all tables have a number of their own.
        row = np.arange(self._pass.rows_read - len(batch), self._pass.rows_read)
        kept = np.ones(len(batch), dtype=np.bool_) if rows.kept is None else rows.kept
        return result.only(kept).parted(votes[kept], row[kept])

    def _votes(
        self, batch: Batch, rows: Rows, sides: Matchups, outcome: Outcomes
    ) -> FloatArray | None:
        """Votes of each outcome in each row, shape (n, 4); None where each is one vote."""
        part, said = self._part, self._part.layout.outcome
        several = outcome == SEVERAL
        if part.weight is None and not several.any():
            return None
        self._pass.weighed = True
        result = np.zeros((len(batch), len(OUTCOMES)))
        known = outcome >= 0
        result[known, outcome[known]] = 1
        if several.any() and isinstance(said, Shared):
            result[several] = said.shares(batch.column, sides)[several]
            self._pass.parts = self._pass.parts or isinstance(said, Score | Annotators)
        if self._options.both_bad == "drop":
            result[:, BOTH_BAD] = 0
            rows.drop(several & ~result.any(axis=1), "both bad")
        if part.weight is not None:
            path = part.weight
            weight, wrong = floats(batch.column(path))
            rows.bad(
                wrong | ~(weight >= 0) | (weight > MOST_VOTES),
                "unreadable weight",
                path,
                lambda row: (
                    f"{batch.show(path, row)!r} is no number of votes. Correct it, count each row "
                    f"once with `mapping={{'weight': '{UNUSED}'}}`, {LEAVE_OUT}."
                ),
            )
            rows.drop(weight == 0, "weight 0")
            result *= np.nan_to_num(weight)[:, None]
            self._pass.parts = True
        return result

    def _filter_words(self, batch: Batch, rows: Rows) -> None:
        part, options = self._part, self._options
        for word, source, value in part.where:
            fits = _having(source, batch, rows, word_key, {word_key(value)})
            rows.drop(~fits, f"{word} is not {value}")
        if part.language is not None:
            wanted = {language.strip().casefold() for language in options.languages}
            fits = _having(part.language, batch, rows, lambda x: x.strip().casefold(), wanted)
            rows.drop(~fits, "other language")

    def _days(self, batch: Batch, rows: Rows) -> IntArray | None:
        options, path = self._options, self._part.time
        filtered = options.since or options.until
        if path is None or not (filtered or self._wanted.window):
            return None
        day, wrong = days(batch.column(path))
        if wrong.any():
            say = lambda row: (  # noqa: E731
                f"{batch.show(path, row)!r} is no time. Write it in ISO 8601 or as seconds since "
                f"1970, {LEAVE_OUT}."
            )
            if filtered:
                rows.bad(wrong, "unreadable time", path, say)
            elif rows.on_bad == "error":
                rows.refuse(wrong, path, say)
        if filtered:
            rows.drop(day == NO_DAY, "no time")
        if options.since:
            rows.drop(day < day_number(options.since), f"before {options.since}")
        if options.until:
            rows.drop(day > day_number(options.until), f"after {options.until}")
        return day

    def _sides(self, batch: Batch, rows: Rows) -> Matchups:
        layout, models = self._part.layout, self._books.models
        first = models.codes(batch.column(layout.first), EMPTY)
        second = models.codes(batch.column(layout.second), EMPTY)
        sides = Matchups(first, second, models, self._pass.side_words)
        if first.size and min(int(first.min()), int(second.min())) < 0:
            if layout.no_second:
                rows.drop(second == NOTHING, layout.no_second)
            for code, reason in ((NOTHING, "missing model"), (EMPTY, "empty model name")):
                say = f"{reason}. Name the model, {LEAVE_OUT}."
                for result, path in ((first, layout.first), (second, layout.second)):
                    rows.bad(result == code, reason, path, say)
        same = first == second
        if same.any():
            if layout.same_model:
                rows.drop(same, layout.same_model)
            rows.bad(
                same,
                "model against itself",
                layout.second,
                lambda row: (
                    f"{batch.show(layout.second, row)!r} is on both sides. Correct it, {LEAVE_OUT}."
                ),
            )
        return sides

    def _outcome(self, batch: Batch, rows: Rows, sides: Matchups) -> Outcomes:
        layout = self._part.layout
        outcome = layout.outcome.read(batch.column, sides)
        words = isinstance(layout.outcome, Words | Annotators)
        if outcome.size and int(outcome.min()) < 0:
            column = layout.outcome.paths[0]
            rows.bad(
                outcome == UNKNOWN,
                "unknown outcome",
                column,
                lambda row: (
                    f"{', '.join(repr(batch.show(path, row)) for path in layout.outcome.paths)} "
                    f"is no known outcome. {_REMEDY[words]}"
                ),
            )
            rows.drop(outcome == NONE, layout.no_preference)
        if self._options.both_bad == "drop":
            rows.drop(outcome == BOTH_BAD, "both bad")
        return outcome

    def _leave_out_repeats(self, batch: Batch, rows: Rows) -> None:
        path = self._part.repeat
        if path is None:
            return
        codes = self._books.repeats.codes(batch.column(path))
        grown = np.zeros(len(self._books.repeats.words), dtype=np.bool_)
        grown[: self._pass.seen.size] = self._pass.seen
        some = np.flatnonzero((codes >= 0) & (True if rows.kept is None else rows.kept))
        fresh, first = np.unique(codes[some], return_index=True)
        stays = np.zeros(len(batch), dtype=np.bool_)
        stays[some[first[~grown[fresh]]]] = True
        gone = np.zeros(len(batch), dtype=np.bool_)
        gone[some] = True
        grown[fresh] = True
        self._pass.seen = grown
        rows.drop(gone & ~stays, f"repeated {self._options.dedup}")

    def _words(self, batch: Batch, rows: Rows) -> tuple[dict[str, Codes], dict[str, Tags]]:
        labels: dict[str, Codes] = {}
        tags: dict[str, Tags] = {}
        for word, source in self._labels.items():
            book = self._books.of(word)
            if isinstance(source, OneWord):
                index, words = encode(batch.column(source.path))
                if "True" in words or "False" in words:
                    words = [_PYTHON_FLAGS.get(said or "", said) for said in words]
                labels[word] = book.table(words)[index]
            else:
                tags[word] = tags_of(source, batch, book, rows)
        return labels, tags


def _having(
    source: LabelSource,
    batch: Batch,
    rows: Rows,
    key: Callable[[str], str],
    wanted: Collection[str],
) -> BoolArray:
    """Which rows have a word whose key is wanted."""
    if isinstance(source, OneWord):
        index, words = encode(batch.column(source.path))
        known = [word is not None and key(word) in wanted for word in words]
        return np.array([*known, False], dtype=np.bool_)[index]
    book = Codebook()
    tags = tags_of(source, batch, book, rows)
    table = np.array([key(word) in wanted for word in book.words], dtype=np.bool_)
    result = np.zeros(len(batch), dtype=np.bool_)
    result[tags.rows[table[tags.codes]]] = True
    return result


class Votes:
    """Votes that are scanned, never held: every call of `chunks` reads the source again.

    Attributes:
        models: Names behind the codes in the order first met; grows while scanning, and codes stay
            the same across scans. It may hold names whose votes were all dropped.
        values: Column asked for -> the words behind its codes; grow likewise.
        rows_read: Rows of the last complete scan; a record that makes several votes is several.
        dropped: Reason -> rows that the last complete scan left out.
        parts: Whether the last complete scan met a row that counts as a part of a vote or as
            several that go together.
        weighed: Whether it met a row that is not one vote.
        format: Name of the format; several joined by "+" if the files differ.
    """

    def __init__(
        self, parts: Sequence[Part | CountedPart], options: VoteOptions, chunk_rows: int
    ) -> None:
        self._parts, self._options, self._chunk_rows = tuple(parts), options, chunk_rows
        self._books = Books()
        self.models: list[str] = self._books.models.words
        self.values: dict[str, list[str]] = {}
        self.rows_read = 0
        self.dropped: Counter[str] = Counter()
        self.format = "+".join(dict.fromkeys(part.format for part in self._parts))
        self.parts = self.weighed = False

    def counted(self) -> Counts | None:
        """All votes as counts without expanding them, as a scan would leave them.

        Returns:
            None if there is a table among the parts, which must be scanned.

        Raises:
            InputError: If there is no vote.
        """
        total, seen = Counts.none(), Pass()
        for part in self._parts:
            if isinstance(part, Part):
                return None
            total += part.counts
        seen.rows_read = total.total
        kept = total.without(OUTCOMES[BOTH_BAD]) if self._options.both_bad == "drop" else total
        if kept.total < total.total:
            seen.dropped["both bad"] = total.total - kept.total
        for name in total.models:
            self._books.models.add(name)
        self._finish(seen)
        return kept

    def chunks(
        self, labels: Sequence[str] = (), covariates: bool = False, window: Window | None = None
    ) -> Iterator[Ballots]:
        """The votes that count, in the order of the source.

        Args:
            labels: Columns whose words are wanted: names of columns, fields joined by dots, or
                canonical words and groups of the format. A column of which a vote may have
                several words (a list, a group of flags) comes in `Ballots.tags`.

        Raises:
            UnknownName: If a column does not exist; at once.
            InputError: If a vote breaks the rules, while scanning.
        """
        ask = PassRequest(tuple(labels), covariates, window)
        if window in ask.labels:
            raise InputError(f"{window} is a column and a window of time; ask for one of them.")
        for word in (*ask.labels, *((window,) if window else ())):
            self.values[word] = self._books.of(word).words
        seen = Pass()
        scans: list[Iterator[Ballots]] = []
        for part in self._parts:
            if isinstance(part, Part):
                scanner = Scanner(part, self._options, ask, self._books, seen)
                scans.append(scanner.chunks(self._chunk_rows))
                continue
            for word in (*ask.labels, *((window,) if window else ())):
                raise InputError(f"{part.name} holds counts by pair and nothing else: no {word}.")
            scans.append(self._one_by_one(part.counts, ask, seen))

        def whole() -> Iterator[Ballots]:
            for scan in scans:
                yield from scan
            self._finish(seen)

        return whole()

    @property
    def timed(self) -> bool:
        """Whether every vote may say when it was given."""
        return all(isinstance(part, Part) and part.time is not None for part in self._parts)

    def has(self, word: str) -> bool:
        """Whether every table has such a column."""
        return all(isinstance(part, Part) and part.has(word) for part in self._parts)

    def one_word(self, label: str) -> bool:
        """True if a vote has at most one word of a column.

        Raises:
            UnknownName: If there is no such column.
        """
        sources = []
        for part in self._parts:
            if not isinstance(part, Part):
                raise UnknownName("column of votes", label, ())
            sources.append(part.source(label))
        return all(isinstance(source, OneWord) for source in sources)

    def _finish(self, seen: Pass) -> None:
        for word in sorted(seen.side_words):
            if self._books.models.code(word) != NOTHING:
                raise twofold(word)
        if seen.rows_read == 0:
            names = ", ".join(part.name for part in self._parts)
            raise InputError(f"{names} holds no votes. Give at least one.")
        self.rows_read, self.dropped = seen.rows_read, seen.dropped
        self.parts, self.weighed = seen.parts, seen.weighed

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a reader should know of how the last complete scan read the votes."""
        said = list(dict.fromkeys(one for part in self._tables for one in part.remarks))
        if self.parts and any(isinstance(x.layout.outcome, Score) for x in self._tables):
            said.append("A score between 0 and 1 counts as that part of a win, the rest as a loss.")
        spelt = [names for names in self._books.models.spelt.values() if len(names) > 1]
        if spelt:
            shown = "; ".join(" and ".join(map(repr, names[:3])) for names in spelt[:3])
            said.append(
                f"Names that differ only in blanks or in Unicode forms are one model: {shown}"
                f"{' and others' if len(spelt) > 3 else ''}."
            )
        return tuple(said)

    @property
    def _tables(self) -> list[Part]:
        return [part for part in self._parts if isinstance(part, Part)]

    def _one_by_one(self, counts: Counts, ask: PassRequest, seen: Pass) -> Iterator[Ballots]:
        codes = np.array([self._books.models.add(name) for name in counts.models], dtype=np.int32)
        ends = np.cumsum(counts.votes.reshape(-1))
        for start in range(0, counts.total, self._chunk_rows):
            stop = min(start + self._chunk_rows, counts.total)
            cell = np.searchsorted(ends, np.arange(start, stop), side="right")
            pair, outcome = cell // len(OUTCOMES), (cell % len(OUTCOMES)).astype(np.int8)
            kept = outcome != (BOTH_BAD if self._options.both_bad == "drop" else NONE)
            seen.rows_read += stop - start
            if not kept.all():
                seen.dropped["both bad"] += int(np.count_nonzero(~kept))
            yield Ballots(
                codes[counts.first[pair[kept]]],
                codes[counts.second[pair[kept]]],
                outcome[kept],
                {},
                np.zeros((int(kept.sum()), 0)) if ask.covariates else None,
            )


def open_votes(
    source: object, options: VoteOptions | None = None, chunk_rows: int = CHUNK_ROWS
) -> Votes:
    """The votes in a source; nothing is read yet but names of columns.

    Args:
        source: A path, or a list of them (read in that order); a folder of Parquet files; a frame
            of pandas, polars or Arrow; a mapping of column names to sequences; a list of records;
            or three sequences: the side shown first, the other side, the winner.

    Raises:
        InputError: If the source is of no known kind, no format fits or several do, or it lacks a
            column that the options ask for.
    """
    chosen = options or VoteOptions()
    if chunk_rows < 1:
        raise ValueError(f"chunk_rows is {chunk_rows}; it must be at least 1")
    parts = [by_scores(part_of(table, chosen), chosen) for table in open_tables(source)]
    return Votes(parts, chosen, chunk_rows)
