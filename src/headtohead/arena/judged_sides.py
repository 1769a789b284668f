"""People's votes on two sides of an arena, beside what its judge says of the same prompts.

Of a vote we know which prompts could have come: those of its kind that both entrants can answer and
that its voter had not seen them answer, each with the same chance. What the judge says of a prompt
is its mean over the answers to it that it has compared. Recorded answers are there from the start;
of answers given live only those count that people had voted on before this battle was drawn: so the
judge never speaks of the very texts that are voted on.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from headtohead.arena.calibration import VotesBesideJudge
from headtohead.arena.drawing import Deck, Pair
from headtohead.arena.judge_votes import BothVerdicts, preferences
from headtohead.arena.store.store import ArenaStore
from headtohead.core.units import counted
from headtohead.stats.inputs import FloatArray, IntArray

Votes = Sequence[Mapping[str, Any]]
FEWEST = 10
"""Prompts of a pair that a judge has to have compared, before it is heard."""
_AHEAD = 2  # times as many prompts as people have voted on: else it foresees no more than they do
_BATTLES = (
    "SELECT id, voter, prompt, left_entrant, right_entrant, drawn_ms FROM battles "
    "WHERE state <> 'failed' AND voter IN (SELECT id FROM voters WHERE kind = 'person')"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BesideJudge:
    """What a judge has compared, and what people were shown when.

    Attributes:
        verdicts: Two entrants in the order of their names -> what the judge said of them.
        drawn: Battle -> when it was drawn.
        shown: Voter and two entrants -> when they were shown which prompt.
    """

    deck: Deck
    verdicts: Mapping[Pair, Sequence[BothVerdicts]]
    drawn: Mapping[str, int]
    shown: Mapping[tuple[str, Pair], Sequence[tuple[int, str]]]

    @classmethod
    def of(cls, store: ArenaStore, verdicts: Sequence[BothVerdicts]) -> "BesideJudge":
        """As the file of an arena holds it."""
        by_pair: dict[Pair, list[BothVerdicts]] = {}
        for one in verdicts:
            by_pair.setdefault(_pair(one.a, one.b), []).append(one)
        drawn, shown = {}, dict[tuple[str, Pair], list[tuple[int, str]]]()
        for id, voter, prompt, left, right, at in map(tuple, store.rows(_BATTLES)):
            drawn[id] = at
            shown.setdefault((voter, _pair(left, right)), []).append((at, prompt))
        return cls(deck=Deck.of(store), verdicts=by_pair, drawn=drawn, shown=shown)

    def among(self, a: Collection[str], b: Collection[str], category: str) -> list[BothVerdicts]:
        """What the judge said of prompts of a category, or of all, that two sides still answer."""
        return [
            one
            for pair in product(a, b)
            for ids in [set(self._prompts(_pair(*pair), category))]
            for one in self.verdicts.get(_pair(*pair), ())
            if one.prompt in ids
        ]

    def votes(
        self, a: Collection[str], b: Collection[str], cast: Votes, category: str = ""
    ) -> VotesBesideJudge | str:
        """People's votes on two sides beside the judge's, or why the judge is not heard.

        Args:
            cast: Votes between the two sides, in that category, in order.
            category: Empty for all.
        """
        pairs = [_PairBesideJudge.of(self, one, other, category) for one, other in product(a, b)]
        least = min(pairs, key=lambda one: one.prompts)
        if why := _too_few(least, category):
            return why
        place = {_pair(*one.names): k for k, one in enumerate(pairs)}
        of_vote = [place[_pair(vote["model_a"], vote["model_b"])] for vote in cast]
        rows = np.zeros((3, len(cast)))
        news, foreseen = 0, list[float]()
        for k, pair in enumerate(pairs):
            at = [i for i, own in enumerate(of_vote) if own == k]
            votes = [cast[i] for i in at]
            rows[:, at] = pair.beside(votes, self.drawn, self.shown)
            known = pair.foresight([vote["voted_ms"] for vote in votes])
            if known is not None:
                since, mean = known
                foreseen.append(mean / len(pairs))
                news = max(news, sum(vote["voted_ms"] <= since for vote in cast))
        return VotesBesideJudge(
            votes=np.array(preferences(cast, a)),
            beyond=rows[0],
            least=rows[1],
            most=rows[2],
            pair=of_vote,
            weights=np.full(len(pairs), 1 / len(pairs)),
            judged=sum(len(pair.said) for pair in pairs),
            foreseen=sum(foreseen) if len(foreseen) == len(pairs) else None,
            news=news,
        )

    def _prompts(self, pair: Pair, category: str) -> tuple[str, ...]:
        there = {*pair} <= self.deck.answers.keys()
        return self.deck.shared(pair, category) if there else ()


@dataclass(frozen=True, slots=True, eq=False)
class _PairBesideJudge:
    """Two entrants, the prompts that both can answer, and what the judge said when.

    Attributes:
        names: A and B.
        place: Prompt -> its place.
        kinds: The category of each.
        since: When each verdict could be known, rising; 0 for recorded answers.
        at: The place of its prompt.
        said: For B over A.
    """

    names: Pair
    place: Mapping[str, int]
    kinds: IntArray
    since: Sequence[int]
    at: Sequence[int]
    said: Sequence[float]

    @classmethod
    def of(cls, beside: BesideJudge, a: str, b: str, category: str) -> "_PairBesideJudge":
        ids = beside._prompts(_pair(a, b), category)
        place = {id: n for n, id in enumerate(ids)}
        codes = {kind: n for n, kind in enumerate(dict.fromkeys(beside.deck.categories.values()))}
        rows = sorted(
            (one.known_ms, place[one.prompt], one.preference * (1 if one.a == a else -1))
            for one in beside.verdicts.get(_pair(a, b), ())
            if one.prompt in place
        )
        return cls(
            names=(a, b),
            place=place,
            kinds=np.array([codes[beside.deck.categories[id]] for id in ids], dtype=np.int64),
            since=[row[0] for row in rows],
            at=[row[1] for row in rows],
            said=[row[2] for row in rows],
        )

    @property
    def prompts(self) -> int:
        """Prompts to which the judge has compared answers."""
        return len(set(self.at))

    def beside(
        self,
        votes: Votes,
        drawn: Mapping[str, int],
        shown: Mapping[tuple[str, Pair], Sequence[tuple[int, str]]],
    ) -> FloatArray:
        """`beyond`, `least` and `most` of each vote, shape (3, n)."""
        rows, done = np.zeros((3, len(votes))), 0
        sums, counts = np.zeros(len(self.place)), np.zeros(len(self.place))
        for i in sorted(range(len(votes)), key=lambda i: drawn[votes[i]["battle"]]):
            vote, now = votes[i], drawn[votes[i]["battle"]]
            while done < len(self.at) and self.since[done] < now:
                sums[self.at[done]] += self.said[done]
                counts[self.at[done]] += 1
                done += 1
            own = self.place.get(vote["prompt"])
            if own is None:  # a voter's own question, or one that is asked no more
                continue
            could = self.kinds == self.kinds[own]
            for at, prompt in shown[vote["voter"], _pair(*self.names)]:
                if at < now and prompt in self.place:
                    could[self.place[prompt]] = False
            could[own] = True
            said = sums / np.maximum(counts, 1)
            beyond = said - said[could].mean()
            rows[:, i] = beyond[own], beyond[could].min(), beyond[could].max()
        return rows

    def foresight(self, voted_ms: Sequence[int]) -> tuple[int, float] | None:
        """Since when the judge knew more of the pair than people, and its mean then; or None."""
        sums, counts = np.zeros(len(self.place)), np.zeros(len(self.place))
        for n, (since, at, said) in enumerate(zip(self.since, self.at, self.said, strict=True), 1):
            sums[at] += said
            counts[at] += 1
            if n < len(self.since) and self.since[n] == since:
                continue
            known = counts > 0
            enough = max(FEWEST, _AHEAD * sum(at_ms <= since for at_ms in voted_ms))
            if known.sum() >= (enough if since else FEWEST):
                return since, float((sums[known] / counts[known]).mean())
        return None


def _pair(one: str, other: str) -> Pair:
    return min(one, other), max(one, other)


def _too_few(pair: _PairBesideJudge, category: str) -> str:
    """Why the judge is not heard on a pair; empty if it is."""
    if pair.prompts >= FEWEST:
        return ""
    of = f"{pair.names[0]} and {pair.names[1]}" + (f" in {category}" if category else "")
    if not pair.prompts:
        return (
            f"The judge has compared no answers of {of} to one prompt, so that people's votes "
            "count alone."
        )
    return (
        f"The judge has compared answers of {of} to {counted(pair.prompts, 'prompt')} only, and is "
        f"heard from {FEWEST} on; people's votes count alone."
    )
