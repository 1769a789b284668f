"""One pass over votes: batches of a table become chunks of coded votes."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from headtohead.ratings.reading.batch import Batch, Unfolded
from headtohead.ratings.reading.coding import EMPTY, NOTHING, Codebook, Codes, encode, flags
from headtohead.ratings.reading.filters import LEAVE_OUT, Rows
from headtohead.ratings.reading.labels import LabelSource, One, Tags, paths_of, tags_of
from headtohead.ratings.reading.options import VoteOptions, Window
from headtohead.ratings.reading.outcomes import (
    BOTH_BAD,
    NONE,
    UNKNOWN,
    Outcomes,
    Sides,
    Words,
    twofold,
    word_key,
)
from headtohead.ratings.reading.parts import Part, no_time
from headtohead.ratings.reading.style import covariates
from headtohead.ratings.reading.times import NO_DAY, day_number, days, label
from headtohead.stats.inputs import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

# pandas writes flags into CSV files as Python does, other writers as JSON does.
_PYTHON_FLAGS = {"True": "true", "False": "false"}
_REMEDY = {
    True: (
        "Say what each word means with --map winner.a=..., winner.b, winner.tie and "
        f"winner.both_bad, {LEAVE_OUT}."
    ),
    False: f"Correct it, {LEAVE_OUT}.",
}


@dataclass(frozen=True, slots=True, eq=False)
class Ballots:
    """One chunk of coded votes.

    Attributes:
        first: Code of the model shown first, shape (n,).
        second: Code of the other model, shape (n,).
        outcome: 0 first better, 1 second better, 2 tie, 3 both bad, shape (n,).
        labels: Column asked for -> code of its word, shape (n,); -1 where empty.
        covariates: First minus second, shape (n, d); None if not asked for.
        tags: Column asked for of which a vote may have several words.
    """

    first: Codes
    second: Codes
    outcome: Outcomes
    labels: Mapping[str, Codes]
    covariates: FloatArray | None
    tags: Mapping[str, Tags] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ask:
    """What a pass is for.

    Attributes:
        labels: Columns whose words are wanted.
        covariates: Whether covariates are wanted.
        window: Windows of time that are wanted as a label.
    """

    labels: tuple[str, ...] = ()
    covariates: bool = False
    window: Window | None = None


@dataclass(slots=True)
class Books:
    """The codes of names and words, which outlive a pass."""

    models: Codebook = field(default_factory=Codebook)
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
    seen: BoolArray = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))

    def check_words(self, models: Codebook) -> None:
        """Make sure that no word read as a side turned out to be a model's name.

        Raises:
            InputError: If one did.
        """
        for word in sorted(self.side_words):
            if models.code(word) != NOTHING:
                raise twofold(word)


class Scanner:
    """One table's share of a pass.

    Args:
        part: The table.
        options: Which of its votes count.
        ask: What the pass is for.
        books: Codes; grow.
        seen: What the pass has seen; grows.
    """

    def __init__(
        self, part: Part, options: VoteOptions, ask: Ask, books: Books, seen: Pass
    ) -> None:
        self._part, self._options, self._ask = part, options, ask
        self._books, self._pass = books, seen
        self._labels: dict[str, LabelSource] = {word: part.source(word) for word in ask.labels}
        if ask.window and part.time is None:
            raise no_time(part.table.name)

    def chunks(self, size: int) -> Iterator[Ballots]:
        """The votes of this table that count.

        Args:
            size: Most rows read at a time.
        """
        done = 0
        for rows in self._batches(size):
            for start in range(0, rows.num_rows, size):
                batch = Batch(rows.slice(start, size), self._part.table.as_json)
                number = np.arange(done + 1, done + 1 + len(batch), dtype=np.int64)
                done += len(batch)
                if self._part.layout.unfold is not None:
                    unfolded = Unfolded(batch, self._part.layout.unfold)
                    batch, number = unfolded, number[unfolded.origin]
                made = self._ballots(batch, number)
                if made.first.size:
                    yield made

    def _batches(self, size: int) -> Iterator["pa.RecordBatch"]:
        part, options = self._part, self._options
        paths = list(part.paths(time=bool(self._ask.window or options.since or options.until)))
        coded = [part.layout.first, part.layout.second, *part.layout.outcome.paths]
        for source in (*self._labels.values(), *(source for _, source, _ in part.where)):
            paths += paths_of(source)
            coded += paths_of(source)
        as_json = part.table.as_json
        wanted = dict.fromkeys(path[:1] if path[0] in as_json else path for path in paths)
        lists = () if part.layout.unfold is None else (part.layout.unfold,)
        return part.table.batches(tuple(wanted), size, coded, lists)

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
        if self._ask.window and day is not None:
            labels[self._ask.window] = self._windows(day, self._ask.window)
        return _kept(
            Ballots(
                sides.first,
                sides.second,
                outcome,
                labels,
                measured if self._ask.covariates else None,
                tags,
            ),
            rows.kept,
        )

    def _filter_words(self, batch: Batch, rows: Rows) -> None:
        part, options = self._part, self._options
        for word, source, value in part.where:
            fits = _having(source, batch, rows, partial(_same_word, word_key(value)))
            rows.drop(~fits, f"{word} is not {value}")
        if part.language is not None:
            wanted = {language.strip().casefold() for language in options.languages}
            fits = _having(
                part.language, batch, rows, lambda said: said.strip().casefold() in wanted
            )
            rows.drop(~fits, "other language")

    def _days(self, batch: Batch, rows: Rows) -> IntArray | None:
        options, path = self._options, self._part.time
        filtered = options.since or options.until
        if path is None or not (filtered or self._ask.window):
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

    def _sides(self, batch: Batch, rows: Rows) -> Sides:
        layout, models = self._part.layout, self._books.models
        first = models.codes(batch.column(layout.first), EMPTY)
        second = models.codes(batch.column(layout.second), EMPTY)
        sides = Sides(first, second, models, self._pass.side_words)
        if first.size and min(int(first.min()), int(second.min())) < 0:
            self._missing_sides(rows, sides)
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

    def _missing_sides(self, rows: Rows, sides: Sides) -> None:
        layout = self._part.layout
        if layout.no_second:
            rows.drop(sides.second == NOTHING, layout.no_second)
        for code, reason in ((NOTHING, "missing model"), (EMPTY, "empty model name")):
            for found, path in ((sides.first, layout.first), (sides.second, layout.second)):
                rows.bad(
                    found == code,
                    reason,
                    path,
                    lambda _, reason=reason: (  # type: ignore[misc]
                        f"{reason}. Name the model, {LEAVE_OUT}."
                    ),
                )

    def _outcome(self, batch: Batch, rows: Rows, sides: Sides) -> Outcomes:
        layout = self._part.layout
        outcome = layout.outcome.read(batch.column, sides)
        if outcome.size and int(outcome.min()) < 0:
            column = layout.outcome.paths[0]
            rows.bad(
                outcome == UNKNOWN,
                "unknown outcome",
                column,
                lambda row: (
                    f"{', '.join(repr(batch.show(path, row)) for path in layout.outcome.paths)} "
                    f"is no known outcome. {_REMEDY[isinstance(layout.outcome, Words)]}"
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
            if isinstance(source, One):
                index, words = encode(batch.column(source.path))
                if "True" in words or "False" in words:
                    words = [_PYTHON_FLAGS.get(said or "", said) for said in words]
                labels[word] = book.table(words)[index]
            else:
                tags[word] = tags_of(source, batch, book, rows)
        return labels, tags

    def _windows(self, day: IntArray, window: Window) -> Codes:
        distinct, where = np.unique(day, return_inverse=True)
        words = (None if one == NO_DAY else label(one, window) for one in distinct.tolist())
        return self._books.of(window).table(words)[where]


def _same_word(key: str, said: str) -> bool:
    return word_key(said) == key


def _having(
    source: LabelSource, batch: Batch, rows: Rows, fits: Callable[[str], bool]
) -> BoolArray:
    """Which rows have a word that fits."""
    if isinstance(source, One):
        index, words = encode(batch.column(source.path))
        known = [word is not None and fits(word) for word in words]
        return np.array([*known, False], dtype=np.bool_)[index]
    book = Codebook()
    tags = tags_of(source, batch, book, rows)
    table = np.array([fits(word) for word in book.words], dtype=np.bool_)
    made = np.zeros(len(batch), dtype=np.bool_)
    made[tags.rows[table[tags.codes]]] = True
    return made


def _kept(ballots: Ballots, kept: BoolArray | None) -> Ballots:
    if kept is None:
        return ballots
    return Ballots(
        ballots.first[kept],
        ballots.second[kept],
        ballots.outcome[kept],
        {word: codes[kept] for word, codes in ballots.labels.items()},
        None if ballots.covariates is None else ballots.covariates[kept],
        {word: tags.of(kept) for word, tags in ballots.tags.items()},
    )
