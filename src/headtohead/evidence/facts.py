"""Public evidence as known on a day, joined to names, and the questions it is handed to.

Each row says who is behind it: model, lab, country, open weights, operator of the endpoint. Every
join keeps the rule that made it (`join_rule`); a name that is not matched keeps empty columns, so
that it can never fall on a side by accident.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import Any

import polars as pl

from headtohead.core.dates import Period
from headtohead.core.errors import InputError, NoEvidence, UnknownName
from headtohead.core.estimate import Citation
from headtohead.core.question import (
    FILTER,
    Analysis,
    Answer,
    Ask,
    Frames,
    Named,
    Question,
    ScopeWord,
    Sides,
    T,
    items_of,
)
from headtohead.core.units import first_few
from headtohead.evidence.store import Store, builtin_folder
from headtohead.evidence.tables import tables, title
from headtohead.names.alike import nearest
from headtohead.names.book import lists_digest
from headtohead.names.names import Names, Resolution
from headtohead.names.reading import key as spelling

SEED = 20251215
TEXTS = ("model_id", "mode", "served_as", "lab", "country", "open", "family", "brand", "join_rule")
COLUMNS = (*TEXTS, "model_released_on")

_Entity = tuple[object, ...]
_Frames = dict[tuple[str, date, date | None, tuple[str, ...]], pl.DataFrame]
# The column that names the model, and the one that says when (moving aliases depend on it).
MODEL_TABLES = {
    "arena_ratings": "observed_on",
    "index_scores": "released_on",
    "benchmark_scores": "known_on",
    "task_results": "observed_on",
    "prices": "valid_from",
    "retirements": "known_on",
    "time_horizons": "released_on",
    "training_runs": "published_on",
    "openness": "valid_from",
    "openness_classes": "evaluated_on",
    "models": "known_on",
    "architectures": "released_on",
    "model_sizes": "known_on",
    "equity": "known_on",
    "trades": "known_on",
}


# How people write the countries that labs are seated in; a code stands for itself.
_WRITTEN = {
    "CN": ("China", "PRC", "Chinese"),
    "US": (
        "USA",
        "U.S.",
        "United States",
        "United States of America",
        "America",
        "American",
    ),
    "DE": ("Germany",),
    "KR": ("South Korea", "Korea", "Korea (Republic of)"),
    "CA": ("Canada",),
    "IN": ("India",),
    "SG": ("Singapore",),
    "FR": ("France",),
    "IL": ("Israel",),
    "GB": (
        "UK",
        "United Kingdom",
        "United Kingdom of Great Britain and Northern Ireland",
        "Britain",
    ),
    "AE": ("United Arab Emirates", "UAE"),
    "JP": ("Japan",),
    "PL": ("Poland",),
    "CH": ("Switzerland",),
}
COUNTRIES = {text: code for code, texts in _WRITTEN.items() for text in texts}


def _rows_of(
    models: tuple[str, ...], names: Names
) -> Callable[[pl.DataFrame], pl.DataFrame] | None:
    """Picks the rows that may be of some models, and one of each day of each list."""
    read = names_read()
    if read is None:
        return None
    meant = read.filter(pl.col("model_id").is_in(models))["model_name"].unique()
    moving = read.filter(pl.col("moves"))["model_name"].unique()
    moved = [word for word in moving if names.may_mean(word, models)]
    name = pl.col("model_name")
    mine = name.is_in(meant.implode()) | name.is_in([*moved, *models])
    strange = ~name.is_in(read["model_name"].unique().implode())
    day = pl.struct("source_id", "vintage", "valid_from", "known_on").is_first_distinct()
    return lambda rows: rows.filter(mine | strange | day)


class Facts:
    """One store and one set of names, and whatever is asked of them.

    Args:
        store: The evidence; the user's own if None.
        seed: Seed of every random draw, so that the same evidence gives the same numbers.
    """

    def __init__(self, store: Store | None = None, *, seed: int = SEED) -> None:
        self.store = store or Store()
        self.names = Names.load()
        self.seed = seed
        memory = self.store.memory if seed == SEED else None
        kept = {} if memory is None else memory
        self._frames: _Frames = kept.setdefault("frames", {})
        self._kept: dict[Hashable, Any] = kept.setdefault("kept", {})
        self._brought: dict[str, pl.DataFrame] = {}
        self._own: dict[str, Citation] = {}

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives; made once for all who ask this evidence with this key.

        Args:
            key: Everything that the result depends on but the evidence.
            make: Makes it.
        """
        if key not in self._kept:
            self._kept[key] = make()
        value: T = self._kept[key]
        return value

    def ask(
        self,
        analysis: Analysis,
        *,
        about: Period,
        as_of: date,
        sides: Sides | None = None,
        scope: Mapping[str, Any] | None = None,
        sources: tuple[str, ...] = (),
    ) -> Answer:
        """What an analysis finds in the evidence.

        Args:
            scope: Scope words; left-out ones take their defaults.
            sources: Sources that may speak; all if empty.

        Raises:
            UnknownName: If the question has no such scope word.
            InputError: If a value is none that its word may have, or a word is missing.
        """
        import numpy as np

        question = analysis.QUESTION
        _check_scope(question, scope or {})
        filled = {k: w.default for k, w in question.scope.items()} | dict(scope or {})
        key = ("answer", analysis.run, about, as_of, sides, repr(filled), sources)
        if key in self._kept:
            kept: Answer = self._kept[key]
            return kept
        frames = {}
        for table in (*question.reads, *question.optional):
            day = about.end if question.names_on == "about" else None
            frames[table] = self._allowed(table, as_of, day, sources)
        for table in question.reads:
            if frames[table].is_empty():
                whose = " from the sources allowed" if sources else ""
                of = table.replace("_", " ")
                return Answer(missing=f"nothing was known by {as_of} of {of}{whose}")
        words = {
            k: self._named(v, about) if question.scope[k].kind == "models" else v
            for k, v in filled.items()
        }
        rng = np.random.default_rng(self.seed)
        ask = Ask(about, as_of, sides or Sides(), words, rng, self.seed, self._kept)
        answer = analysis.run(frames, ask)
        if lost := self._left_out(question, ask, frames):
            if answer.missing:
                answer = replace(answer, missing=f"{answer.missing}; {lost}")
            else:
                answer = replace(answer, notes=(*answer.notes, f"left out: {lost}"))
        self._kept[key] = answer
        return answer

    def _left_out(self, question: Question, ask: Ask, frames: Frames) -> str:
        """Which values asked for no row has that was known by then; empty if none."""
        lost: list[str] = []
        for name, word in question.scope.items():
            if word.kind == "models":
                lost += [m.name for m in ask.scope[name] if not _names(frames, word, m)]
            elif word.column not in ("", FILTER) and not word.part:
                asked = items_of(ask.scope[name]) if ask.scope[name] != word.default else []
                tables = [t for t in question.tables if word.column in frames[t].columns]
                for value in asked:
                    if not any((frames[t][word.column] == value).any() for t in tables):
                        lost.append(title(value).replace("_", " "))
        be = "is" if len(lost) == 1 else "are"
        return f"{first_few(lost)} {be} in no evidence known by {ask.as_of}" if lost else ""

    def _allowed(
        self, table: str, as_of: date, used_on: date | None, sources: tuple[str, ...]
    ) -> pl.DataFrame:
        """The rows of a table from the sources that may speak; many questions ask for the same."""
        on = used_on if table == "prices" else None
        rows, key = self.frame(table, as_of, used_on=on), (table, as_of, on, sources)
        if sources and key not in self._kept:
            self._kept[key] = rows.filter(pl.col("source_id").is_in(sources))
        return self._kept[key] if sources else rows

    def frame(
        self,
        table: str,
        as_of: date,
        *,
        used_on: date | None = None,
        models: tuple[str, ...] = (),
    ) -> pl.DataFrame:
        """A table as known on a day, with the entity columns.

        Args:
            used_on: The day on which a seller's model names are read, since some of them move
                from model to model; the first day of each price if None.
            models: Ids and words; if given, rows that can only be of other models may be missing,
                but for one of each day of each list.
        """
        if self.store.memory is not None:
            models = ()  # whoever asks of one model after the other reads all of them once
        key = (table, as_of, used_on if table == "prices" else None, models)
        if key not in self._frames:
            rows = self._rows(table, as_of, models)
            rows_known = with_entities(table, rows, self.names, used_on=key[2], read=names_read())
            if table in self._brought:
                rows_known = pl.concat([rows_known, self._brought[table]], how="diagonal_relaxed")
            if key[2] not in (None, as_of):
                # Many days may be asked, and each is as large as the table: the last one is kept.
                for old in [k for k in self._frames if k[2] not in (None, k[1])]:
                    del self._frames[old]
            self._frames[key] = rows_known
        return self._frames[key]

    def _rows(self, table: str, as_of: date, models: tuple[str, ...]) -> pl.DataFrame:
        """The rows of the store, all or those of some models, which are read once."""
        if not models:
            return self.store.read(table, as_of)
        key = ("rows", table, as_of, models)
        if key not in self._kept:
            only = _rows_of(models, self.names)
            self._kept[key] = self.store.read(table, as_of, only)
        rows: pl.DataFrame = self._kept[key]
        return rows

    def bring(self, table: str, rows: pl.DataFrame, citation: Citation) -> None:
        """Add a user's own rows, with entity columns, to a table; they are known on every day."""
        self._brought[table] = rows
        self._own[citation.source_id] = citation
        # Not cleared: others may share them, who know nothing of these rows.
        self._frames, self._kept = {}, {}

    def citations(self, source_ids: Sequence[str], as_of: date) -> tuple[Citation, ...]:
        """The sources by name order, those that the user brought last.

        Raises:
            UnknownName: If one of them is not known.
        """
        others = [i for i in source_ids if i not in self._own]
        own = [self._own[i] for i in source_ids if i in self._own]
        return (*self.store.citations(others, as_of), *own)

    def require_evidence(self, as_of: date) -> None:
        """Check that something was known by a day.

        Raises:
            NoEvidence: If not; the message names the first day that would do.
        """
        # The smallest table first: as a rule it is enough.
        if any(not self.store.read(name, as_of).is_empty() for name in ("figures", *tables())):
            return
        first = self.store.first_known()
        raise NoEvidence(
            f"Nothing in the store was known by {as_of}. Choose {first} or a later day."
        )

    def sides(self, group: str, a: str, b: str) -> Sides:
        """Two sides of a group, by their ids or as people write them ("China", "OpenAI").

        Raises:
            UnknownName: If the group, or a side of it, does not exist; with what is spelt alike.
        """
        spelt = self._spelt(group)
        chosen = []
        for value in (a, b):
            side = self.side(group, value)
            if side is None:
                countries = self.names.countries() if group == "country" else {}
                shown = {
                    text: str(countries[side]) if side in countries else side
                    for text, side in spelt.items()
                }
                meant = nearest(value, shown)
                kind = "side" if group == "open" else group
                raise UnknownName(kind, value, shown.values(), shown, meant)
            chosen.append(side)
        if chosen[0] == chosen[1]:
            raise InputError(f"Both sides are {chosen[0]}. Give two that differ, as in US and CN.")
        return Sides(group, *chosen)

    def side(self, group: str, name: str) -> str | None:
        """The side of a group that a name stands for, in any spelling; None if none.

        Raises:
            UnknownName: If the group does not exist.
        """
        spelt = {spelling(text): side for text, side in self._spelt(group).items()}
        return spelt.get(spelling(name))

    def _spelt(self, group: str) -> dict[str, str]:
        """Spelling -> side, of one group."""
        labs = self.names.labs()
        spelt: dict[str, dict[str, str]] = {
            "country": COUNTRIES | {x.country: x.country for x in labs.values()},
            "lab": {text: i for i, x in labs.items() for text in (*x.spellings, x.name, i)},
            "family": {m.family: m.family for m in self.names.models().values()},
            "open": {"open weights": "open", "open": "open", "closed": "closed"},
        }
        if group not in spelt:
            raise UnknownName("group", group, spelt)
        return spelt[group]

    def _named(self, value: object, about: Period) -> object:
        """Model names in a scope, resolved on the day they are used."""
        if not isinstance(value, list | tuple):
            return value
        resolved = []
        for name in value:
            r = self.names.resolve(str(name), on=about.end)
            resolved.append(Named(str(name), r.model, r.mode))
        return tuple(resolved)


def _check_scope(question: Question, scope: Mapping[str, Any]) -> None:
    for name in scope:
        if name not in question.scope:
            raise UnknownName("scope word", name, question.scope)
    for name, word in question.scope.items():
        value = scope.get(name, word.default)
        if value is None:
            raise InputError(f"`{name}` is missing. It says: {word.doc}")
        if value != word.default and (fault := word.misfit(value)):
            raise InputError(f"`{name}` {fault}.")


def _names(frames: Frames, word: ScopeWord, wanted: Named) -> bool:
    """Whether some row is of a model that a scope word names."""
    column = word.column or "model_name"

    # As `named` picks them, but without ranking how well each row fits.
    def fits(rows: pl.DataFrame) -> bool:
        if wanted.model is None or (rows[column] == wanted.name).any():
            return bool((rows[column] == wanted.name).any())
        same = rows["model_id"] == wanted.model
        return bool((same & (rows["mode"] == wanted.mode) if wanted.mode else same).any())

    tables = [rows for rows in frames.values() if {column, "model_id"} <= set(rows.columns)]
    return any(map(fits, tables))


def with_entities(
    table: str,
    frame: pl.DataFrame,
    names: Names,
    *,
    used_on: date | None = None,
    read: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The frame with the entity columns of `COLUMNS`, where its table names models or owners.

    Args:
        used_on: The day on which model names are read; each row's own if None.
        read: Printed names that were read before, as `read_undated` gives them.
    """
    if table in MODEL_TABLES:
        joined = _by_model(table, frame, names, used_on, read)
        return _with_operator(joined, names) if table in ("prices", "models") else joined
    if table not in _OTHER_TABLES:
        return frame
    columns, entity = _OTHER_TABLES[table]
    keys = frame.select(columns)
    known = _entities(keys.unique(maintain_order=True), partial(entity, names))
    return pl.concat([frame, _looked_up(keys, known).select(COLUMNS)], how="horizontal")


def names_file() -> Path:
    """Where what the names of the built-in evidence mean is kept; its name tells by which lists."""
    return builtin_folder() / f"names-{lists_digest()}.parquet"


@cache
def names_read() -> pl.DataFrame | None:
    """The names of the built-in evidence as `read_undated` gives them; None if lists changed."""
    return pl.read_parquet(names_file()) if names_file().is_file() else None


def printed_names(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The name, seller and maker that each row of a table prints."""
    nothing = pl.lit(None, pl.String)
    seller = pl.col("provider") if "provider" in frame.columns else nothing
    maker = pl.col("organisation") if "organisation" in frame.columns else nothing
    return frame.select("model_name", seller=seller, maker=maker)


def read_undated(printed: pl.DataFrame, names: Names) -> pl.DataFrame:
    """Each distinct printed name with its entity columns, where it means the same on every day.

    Returns:
        A row a name; `moves` is true where it moves from model to model, and no column tells which.
    """

    def fixed(name: str, provider: str | None, maker: str | None) -> _Entity:
        meaning = names.undated(name, provider)
        return (*(_entity(names, meaning, maker or "") if meaning else _some()), meaning is None)

    return _entities(printed.unique(maintain_order=True), fixed, moves=pl.Boolean())


def _by_model(
    table: str, frame: pl.DataFrame, names: Names, used_on: date | None, read: pl.DataFrame | None
) -> pl.DataFrame:
    def dated(name: str, provider: str | None, maker: str | None, on: date | None) -> _Entity:
        return _entity(names, names.resolve(name, on=on, provider=provider), maker or "")

    printed = printed_names(table, frame)
    entities = _looked_up(printed, read_undated(printed[:0], names) if read is None else read)
    if (new := entities["moves"].is_null()).any():
        added = read_undated(printed.filter(new), names)
        entities = _looked_up(printed, added if read is None else pl.concat([read, added]))
    # Few names move from model to model: only they are read day by day.
    moving = entities["moves"]
    entities = entities.select(COLUMNS)
    if moving.any():
        own = frame[MODEL_TABLES[table]] if used_on is None else pl.lit(used_on)
        days = printed.with_columns(day=own).filter(moving)
        moved = _looked_up(days, _entities(days.unique(maintain_order=True), dated))
        if table == "retirements":
            # Where a name ends that moves from model to model, its models go on under others.
            moved = moved.with_columns(model_id=pl.lit(None, pl.String))
        place = pl.concat([(~moving).arg_true(), moving.arg_true()]).arg_sort()
        entities = pl.concat([entities.filter(~moving), moved.select(COLUMNS)])[place]
    joined = pl.concat([frame, entities], how="horizontal")
    if "country_name" not in joined.columns:
        return joined
    # A maker that no list knows is where the publisher says, if that is one country.
    places = {words: _one_country(words) for words in frame["country_name"].drop_nulls().unique()}
    country = pl.col("country_name").replace_strict(places, default=None, return_dtype=pl.String)
    return joined.with_columns(pl.coalesce("country", country).alias("country"))


def _one_country(words: str) -> str | None:
    codes = {COUNTRIES.get(part.strip()) for part in words.split(",")}
    return codes.pop() if len(codes) == 1 else None


def _user(names: Names, channel: str, subject: str, breakdown: str, day: date) -> _Entity:
    if breakdown == "model":
        return _entity(names, names.resolve(subject, on=day, provider=channel), "")
    if breakdown == "lab":
        return _lab_entity(names, subject)
    return _some(open=subject if subject in ("open", "closed") else None)


def _subject(names: Names, subject: str, day: date) -> _Entity:
    if len(subject) == 2 and subject.isupper():
        return _some(country=subject, join_rule="subject is a country")
    # A company's figure is named for it as often as for a model.
    return _entity(names, names.resolve(subject, on=day), subject)


def _owner(names: Names, owner: str) -> _Entity:
    if owner in ("China", "China (smuggled)"):
        return _some(country="CN", join_rule="owner is a country")
    return _lab_entity(names, owner)


# Tables that name a lab, a country or a model in columns of their own, and who those mean.
_OTHER_TABLES: dict[str, tuple[list[str], Callable[..., _Entity]]] = {
    "figures": (["subject", "window_end"], _subject),
    "token_usage": (["channel", "subject", "breakdown", "window_start"], _user),
    "compute_stock": (["owner"], _owner),
}


def _with_operator(frame: pl.DataFrame, names: Names) -> pl.DataFrame:
    by_word = {w: o for w in frame["provider"].drop_nulls().unique() if (o := names.operator(w))}
    seller = pl.col("provider")
    operators = {w: o.id for w, o in by_word.items()}
    countries = {w: o.country for w, o in by_word.items()}
    return frame.with_columns(
        operator=seller.replace_strict(operators, default=None, return_dtype=pl.String),
        operator_country=seller.replace_strict(countries, default=None, return_dtype=pl.String),
    )


def _entities(
    keys: pl.DataFrame, entity: Callable[..., _Entity], **more: pl.DataType
) -> pl.DataFrame:
    """Keys with the entity of each, and whatever else `entity` gives, of these types."""
    schema = {**dict.fromkeys(TEXTS, pl.String()), "model_released_on": pl.Date(), **more}
    entities = pl.DataFrame([entity(*row) for row in keys.iter_rows()], schema, orient="row")
    return pl.concat([keys, entities], how="horizontal")


def _looked_up(keys: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """The rows that are known of keys, in the order of keys."""
    return keys.join(known, on=keys.columns, how="left", nulls_equal=True, maintain_order="left")


def _entity(names: Names, meaning: Resolution, organisation: str) -> _Entity:
    model = names.model(meaning.model) if meaning.model else None
    lab_id = meaning.lab or (lab.id if (lab := names.lab_of(organisation)) else None)
    return (
        meaning.model,
        meaning.mode or None,
        meaning.channel or None,
        lab_id,
        names.lab(lab_id).country if lab_id else None,
        {True: "open", False: "closed", None: None}[model.open_weights] if model else None,
        model.family if model else None,
        model.family.partition("-")[0] if model else None,
        meaning.rule,
        model.released_on if model else None,
    )


def _lab_entity(names: Names, text: str) -> _Entity:
    lab = names.lab_of(text)
    return _some(lab=lab.id, country=lab.country, join_rule="lab spelling") if lab else _some()


def _some(**columns: object) -> _Entity:
    """The entity columns in order; those not given are empty."""
    return tuple(columns.get(name) for name in COLUMNS)
