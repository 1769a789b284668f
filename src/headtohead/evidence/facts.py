"""Public evidence as known on a day, joined to names, and the questions it is handed to."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from headtohead.core.dates import Period
from headtohead.core.errors import InputError, NoEvidence, UnknownName
from headtohead.core.estimate import Citation
from headtohead.core.question import Answer, Ask, Frames, Named, Question, Sides
from headtohead.evidence.entities import with_entities
from headtohead.evidence.store import Store
from headtohead.evidence.tables import tables
from headtohead.names.names import Names

if TYPE_CHECKING:
    import polars as pl

SEED = 20251215

# How people write the countries that labs are seated in; a code stands for itself.
COUNTRIES = {
    "China": "CN",
    "PRC": "CN",
    "Chinese": "CN",
    "USA": "US",
    "U.S.": "US",
    "United States": "US",
    "America": "US",
    "American": "US",
    "Germany": "DE",
    "South Korea": "KR",
    "Korea": "KR",
    "Canada": "CA",
    "India": "IN",
    "Singapore": "SG",
    "France": "FR",
    "Israel": "IL",
    "UK": "GB",
    "United Kingdom": "GB",
    "Britain": "GB",
    "United Arab Emirates": "AE",
    "UAE": "AE",
    "Japan": "JP",
    "Poland": "PL",
    "Switzerland": "CH",
}


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
        self._frames: dict[tuple[str, date, date | None], pl.DataFrame] = {}
        self._kept: dict[Hashable, Any] = {}
        self._brought: dict[str, pl.DataFrame] = {}
        self._own: dict[str, Citation] = {}

    def ask(
        self,
        question: Question,
        run: Callable[[Frames, Ask], Answer],
        *,
        about: Period,
        as_of: date,
        sides: Sides | None = None,
        scope: Mapping[str, Any] | None = None,
        sources: tuple[str, ...] = (),
    ) -> Answer:
        """What a question finds in the evidence.

        Args:
            question: Its descriptor: the tables it reads, the scope words it takes.
            run: Its verb.
            about: The day or window it speaks of.
            as_of: The day of our knowledge.
            sides: The two groups to compare.
            scope: Scope words; left-out ones take their defaults.
            sources: Sources that may speak; all if empty.
        """
        import numpy as np
        import polars as pl

        filled = {k: w.default for k, w in question.scope.items()} | dict(scope or {})
        key = ("answer", run, about, as_of, sides, repr(filled), sources)
        if key in self._kept:
            kept: Answer = self._kept[key]
            return kept
        frames = {}
        for table in (*question.reads, *question.optional):
            day = about.end if question.names_on == "about" else None
            rows = self.frame(table, as_of, used_on=day)
            frames[table] = rows.filter(pl.col("source_id").is_in(sources)) if sources else rows
        for table in question.reads:
            if frames[table].is_empty():
                return Answer(
                    missing=f"nothing in {table} was known by {as_of} from the sources allowed"
                )
        words = {
            k: self._named(v, about) if question.scope[k].kind == "models" else v
            for k, v in filled.items()
        }
        rng = np.random.default_rng(self.seed)
        ask = Ask(about, as_of, sides or Sides(), words, rng, self.seed, self._kept)
        answer = self._kept[key] = run(frames, ask)
        return answer

    def frame(self, table: str, as_of: date, *, used_on: date | None = None) -> "pl.DataFrame":
        """A table as known on a day, with the entity columns.

        Args:
            table: A declared table.
            as_of: The day of our knowledge.
            used_on: The day on which a seller's model names are read, since some of them move
                from model to model; the first day of each price if None.
        """
        import polars as pl

        key = (table, as_of, used_on if table == "prices" else None)
        if key not in self._frames:
            rows = self.store.read(table, as_of)
            made = with_entities(table, rows, self.names, used_on=key[2])
            if table in self._brought:
                made = pl.concat([made, self._brought[table]], how="diagonal_relaxed")
            self._frames[key] = made
        return self._frames[key]

    def bring(self, table: str, rows: "pl.DataFrame", citation: Citation) -> None:
        """Add a user's own rows to a table; they are known on every day asked.

        Args:
            table: A declared table.
            rows: Its columns and the entity columns.
            citation: What the user brought, as a source.
        """
        self._brought[table] = rows
        self._own[citation.source_id] = citation
        self._frames.clear()
        self._kept.clear()

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
            f"Nothing in the store was known by {as_of}. Choose --as-of {first} or later."
        )

    def sides(self, group: str, a: str, b: str) -> Sides:
        """Two sides of a group, by their ids or as people write them ("China", "OpenAI").

        Raises:
            UnknownName: If the group, or a side of it, does not exist; with what is spelt alike.
        """
        labs = self.names.labs()
        spelt: dict[str, dict[str, str]] = {
            "country": COUNTRIES | {x.country: x.country for x in labs.values()},
            "lab": {text: i for i, x in labs.items() for text in (*x.spellings, x.name, i)},
            "family": {m.family: m.family for m in self.names.models().values()},
            "open": {"open weights": "open", "open": "open", "closed": "closed"},
        }
        if group not in spelt:
            raise UnknownName("group", group, spelt)
        chosen = []
        for value in (a, b):
            folded = {text.casefold(): side for text, side in spelt[group].items()}
            if value.casefold() not in folded:
                known = set(spelt[group].values())
                raise UnknownName(group, value, known, spelt[group])
            chosen.append(folded[value.casefold()])
        if chosen[0] == chosen[1]:
            raise InputError(f"Both sides are {chosen[0]}. Give two that differ, as in US and CN.")
        return Sides(group, *chosen)

    def _named(self, value: object, about: Period) -> object:
        """Model names in a scope, resolved on the day they are used."""
        if not isinstance(value, list | tuple):
            return value
        made = []
        for name in value:
            r = self.names.resolve(str(name), on=about.end)
            made.append(Named(str(name), r.model, r.mode))
        return tuple(made)
