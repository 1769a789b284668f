"""Feeds evidence to analyses and answers to claims: the only place where files meet mathematics."""

from collections.abc import Hashable, Mapping, Sequence
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headtohead.analyses import Analysis, analyses, analysis
from headtohead.claims.claim import Claim, ClaimsFile, Reading
from headtohead.claims.load import load
from headtohead.claims.verdict import Judged, Verdict, judge, verdict
from headtohead.core.dates import Period
from headtohead.core.errors import InputError, NoEvidence, UnknownName
from headtohead.core.names import Names
from headtohead.core.provenance import Citation
from headtohead.core.question import Answer, Ask, Named, Sides
from headtohead.core.tables import tables
from headtohead.evidence.entities import with_entities
from headtohead.evidence.own_scores import OwnScores
from headtohead.evidence.store import Store
from headtohead.sources import importers

if TYPE_CHECKING:
    import polars as pl

SEED = 20251215


def article_claims() -> Path:
    """The claims of the reference article, as shipped."""
    return Path(str(files("headtohead").joinpath("data/claims/ai_race_2025.toml")))


class Pipeline:
    """One store, one set of names, and everything that can be asked of them.

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
        self._brought: OwnScores | None = None

    def claims(self, path: Path | None = None) -> ClaimsFile:
        """The claims in a file; the reference article's if None.

        Raises:
            ClaimsFileError: If the file is wrong.
        """
        known = frozenset(importers()) | {c.source.source_id for c in self.store.cards()}
        questions = {i: a.question for i, a in analyses().items()}
        return load(path or article_claims(), questions, known)

    def check(
        self, claims: ClaimsFile, *, about: Period | None, as_of: date
    ) -> tuple[Verdict, ...]:
        """The verdict on every claim.

        Args:
            claims: The claims.
            about: A window to ask them of instead of their own.
            as_of: The day of our knowledge.

        Raises:
            NoEvidence: If nothing at all was known by then.
        """
        self.require_evidence(as_of)
        sides = Sides(claims.group, claims.a, claims.b)
        return tuple(self.decide(c, sides, about=about, as_of=as_of) for c in claims.claims)

    def decide(self, claim: Claim, sides: Sides, *, about: Period | None, as_of: date) -> Verdict:
        """The verdict on one claim."""
        stated, kindest = (
            self._judge(claim, reading, sides, about, as_of)
            for reading in (claim.as_stated, claim.kindest)
        )
        return verdict(claim, stated, kindest, as_of)

    def ask(
        self,
        name: str,
        *,
        about: Period,
        as_of: date,
        sides: Sides | None = None,
        scope: Mapping[str, Any] | None = None,
        sources: tuple[str, ...] = (),
    ) -> Answer:
        """The answer of one analysis.

        Args:
            name: The analysis, as folder.file.
            about: The day or window it speaks of.
            as_of: The day of our knowledge.
            sides: The two groups to compare.
            scope: Scope words; left-out ones take their defaults.
            sources: Sources that may speak; all if empty.
        """
        found = analysis(name)
        filled = {k: w.default for k, w in found.question.scope.items()} | dict(scope or {})
        return self._run(found, filled, about, as_of, sides or Sides(), sources)

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
            if table == "benchmark_scores" and self._brought:
                made = pl.concat([made, self._brought.rows], how="diagonal_relaxed")
            self._frames[key] = made
        return self._frames[key]

    def bring(self, scores: OwnScores) -> None:
        """Add a user's own scores to `benchmark_scores`; they are known on every day asked."""
        self._brought = scores
        self._frames.clear()
        self._kept.clear()

    def citations(self, source_ids: Sequence[str], as_of: date) -> tuple[Citation, ...]:
        """The sources by name order, those that the user brought among them.

        Raises:
            UnknownName: If one of them is not known.
        """
        brought = self._brought
        own = [brought.citation] if brought and brought.citation.source_id in source_ids else []
        others = [i for i in source_ids if not own or i != own[0].source_id]
        return (*self.store.citations(others, as_of), *own)

    def require_evidence(self, as_of: date) -> None:
        """Check that something was known by a day.

        Raises:
            NoEvidence: If not; the message names the first day that would do.
        """
        if any(not self.store.read(name, as_of).is_empty() for name in tables()):
            return
        first = self.store.first_known()
        raise NoEvidence(
            f"Nothing in the store was known by {as_of}. Choose --as-of {first} or later."
        )

    def sides(self, group: str, a: str, b: str) -> Sides:
        """Two sides of a group, checked against the name lists.

        Raises:
            UnknownName: If the group, or a side of it, does not exist.
        """
        known: dict[str, set[str]] = {
            "country": {lab.country for lab in self.names.labs().values()},
            "lab": set(self.names.labs()),
            "family": {m.family for m in self.names.models().values()},
            "open": {"open", "closed"},
        }
        if group not in known:
            raise UnknownName("group", group, known)
        for value in (a, b):
            if value not in known[group]:
                raise UnknownName(group, value, known[group])
        if a == b:
            raise InputError(f"Both sides are {a}. Give two that differ, as in --a US --b CN.")
        return Sides(group, a, b)

    def _judge(
        self, claim: Claim, reading: Reading, sides: Sides, about: Period | None, as_of: date
    ) -> Judged:
        window = about or reading.about or claim.about
        if reading.cannot:
            return judge(reading, Answer(missing=reading.cannot), window)
        if claim.kind == "forecast" and window.end > as_of:
            ahead = f"the forecast is resolved on {window.end}, which on {as_of} lies ahead"
            return judge(reading, Answer(missing=ahead, pending=True), window)
        found = analysis(reading.analysis)
        answer = self._run(found, reading.scope, window, as_of, sides, claim.sources)
        return judge(reading, answer, window)

    def _run(
        self,
        found: Analysis,
        scope: Mapping[str, Any],
        about: Period,
        as_of: date,
        sides: Sides,
        sources: tuple[str, ...],
    ) -> Answer:
        import numpy as np
        import polars as pl

        frames = {}
        for table in (*found.question.reads, *found.question.optional):
            day = about.end if found.question.names_on == "about" else None
            rows = self.frame(table, as_of, used_on=day)
            frames[table] = rows.filter(pl.col("source_id").is_in(sources)) if sources else rows
        for table in found.question.reads:
            if frames[table].is_empty():
                return Answer(
                    missing=f"nothing in {table} was known by {as_of} from the sources allowed"
                )
        words = {k: self._named(found, k, v, about) for k, v in scope.items()}
        rng = np.random.default_rng(self.seed)
        return found.run(frames, Ask(about, as_of, sides, words, rng, self.seed, self._kept))

    def _named(self, found: Analysis, word: str, value: object, about: Period) -> object:
        """Model names in a scope, resolved on the day they are used."""
        if found.question.scope[word].kind != "models" or not isinstance(value, list | tuple):
            return value
        made = []
        for name in value:
            r = self.names.resolve(str(name), on=about.end)
            made.append(Named(str(name), r.model, r.mode))
        return tuple(made)
