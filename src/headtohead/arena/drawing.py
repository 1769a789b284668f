"""What a voter may be shown next, and with which chance.

Kept in memory, and read anew when entrants, prompts or old votes change, so that a draw costs no
long query.
"""

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from headtohead.arena.bets import USUAL_VARIANCE
from headtohead.arena.calibration import missing_votes
from headtohead.arena.pairing import pair_probabilities
from headtohead.arena.store.store import ArenaStore
from headtohead.stats.inputs import BoolArray, FloatArray

_NEWS = 0.02  # of the votes, after which chances are computed anew
BY_JUDGE = 0.8  # of draws, beside a judge, for pairs of which few votes of people are missing
_SHARP = 8  # a pair of which twice as many are missing is hardly drawn for that
_LEAST_VARIANCE = 0.16
# Evidence that bets gain by what a judge foresees. Found on real votes, as are the others above.
_FORESEEN = 1.0
_ALMOST = 0.1  # evidence that a pair lacks at least while it is not decided

Pair = tuple[str, str]
"""Two entrants in the order of their names."""


@dataclass(slots=True)
class Deck:
    """Which entrants can answer which prompts.

    Attributes:
        texts: Id of a prompt -> its text.
        categories: Id of a prompt -> its category.
        answers: Entrant that is drawn -> ids of the prompts that it can answer.
    """

    texts: Mapping[str, str]
    categories: Mapping[str, str]
    answers: Mapping[str, frozenset[str]]
    _shared: dict[tuple[Pair, str], tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, store: ArenaStore) -> "Deck":
        """What the file of an arena holds now."""
        prompts = store.rows(
            "SELECT id, category, text FROM prompts WHERE retired_ms IS NULL AND own = 0"
        )
        ids = frozenset(row["id"] for row in prompts)
        answers = {}
        for row in store.entrants():
            answers[row["name"]] = ids
            if row["kind"] == "recorded":
                own = store.rows("SELECT prompt FROM answers WHERE entrant = ?", row["name"])
                answers[row["name"]] = ids.intersection(answer["prompt"] for answer in own)
        return cls(
            texts={row["id"]: row["text"] for row in prompts},
            categories={row["id"]: row["category"] for row in prompts},
            answers=answers,
        )

    @property
    def pairs(self) -> list[Pair]:
        """All pairs of entrants that are drawn."""
        names = sorted(self.answers)
        return [(a, b) for n, a in enumerate(names) for b in names[n + 1 :]]

    def shared(self, pair: Pair, category: str = "") -> tuple[str, ...]:
        """Ids of the prompts, of a category or of all, that both of a pair can answer."""
        known = self._shared.get((pair, category))
        if known is None:
            both = self.answers[pair[0]] & self.answers[pair[1]]
            ids = (id for id in both if category in ("", self.categories[id]))
            known = self._shared[pair, category] = tuple(sorted(ids))
        return known

    def unseen(
        self, seen: Mapping[Pair, Collection[str]], category: str = ""
    ) -> dict[Pair, tuple[str, ...]]:
        """Pairs with a prompt that a voter has not seen answered by both -> those prompts.

        Args:
            seen: Pair -> ids of the prompts that the voter has seen it answer.
        """
        left = {}
        for pair in self.pairs:
            ids = self.shared(pair, category)
            if pair in seen:
                ids = tuple(id for id in ids if id not in seen[pair])
            if ids:
                left[pair] = ids
        return left


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeAim:
    """Where a judge says that people's votes tell most about the pairs that are compared.

    Attributes:
        compared: Can the second stand in for the first? None for all pairs, by name.
        judged: Gives, of each pair that the judge has voted on, both ways round, its mean
            preference for the second.
        decided: Gives, of those compared pairs on which votes beside the judge's are reckoned,
            whether they have decided; of the others it is reckoned as if votes were normal.
    """

    compared: tuple[Pair, ...] | None
    margin_pp: float
    level: float
    judged: Callable[[], Mapping[Pair, float]]
    decided: Callable[[], Mapping[Pair, bool]]

    def chances(
        self, possible: Iterable[Pair], at: Mapping[str, int], wins: FloatArray
    ) -> FloatArray | None:
        """The chances of pairs that are not decided, those soonest decided first; None if all are.

        Args:
            possible: Pairs that can be drawn.
            at: Entrant -> its row and column.
            wins: Of row over column, ties as half ones, shape (n, n).

        Returns:
            As `pair_probabilities`.
        """
        judged, there = self.judged(), set(possible)
        pairs = [
            pair
            for pair in (sorted(there) if self.compared is None else self.compared)
            if pair in judged and (pair in there or (pair[1], pair[0]) in there)
        ]
        first = np.array([at[a] for a, _ in pairs], dtype=np.int64)
        second = np.array([at[b] for _, b in pairs], dtype=np.int64)
        lost, won = wins[first, second], wins[second, first]
        n, total = won + lost, won - lost
        mean = total / np.maximum(n, 1.0)
        far = np.square(mean + self.margin_pp / 50)
        variance = np.maximum(USUAL_VARIANCE - np.square(mean), _LEAST_VARIANCE)
        proved = n * far / (2 * (variance + far)) - 0.5 * np.log1p(n) + _FORESEEN
        enough, known = math.log(2 / (1 - self.level)), self.decided()
        open = np.array(
            [not known.get(pair, p >= enough) for pair, p in zip(pairs, proved, strict=True)],
            dtype=bool,
        )
        if not open.any():
            return None
        said = np.array([judged[pair] for pair in pairs], dtype=np.float64)
        proved = np.minimum(proved, enough - _ALMOST)
        missing = missing_votes(said, total, n, proved, margin_pp=self.margin_pp, level=self.level)
        shares = np.where(open, (missing[open].min() / missing) ** _SHARP, 0.0)
        chances = np.zeros_like(wins)
        np.add.at(chances, (first, second), shares / shares.sum())
        return chances + chances.T


class PairChances:
    """With which chance each pair is drawn, by the votes so far.

    Args:
        deck: Whose pairs are drawn; votes on others, as on retired ones, say something too.
        votes: Category, left and right entrant, winner in the words of leaderboards, and how often.
        drop_both_bad: Whether "both bad" says nothing; else it is a tie.
        free: Whether voters ask what they like, so that every pair can meet.
        aim: What a judge says of the pairs that are compared; None if there is no judge.

    Attributes:
        names: All entrants, in the order of rows and columns.
    """

    def __init__(
        self,
        deck: Deck,
        votes: Iterable[tuple[str, str, str, str, int]],
        *,
        drop_both_bad: bool,
        free: bool,
        aim: JudgeAim | None = None,
    ) -> None:
        counted = list(votes)
        self.names = sorted({*deck.answers, *(name for row in counted for name in row[1:3])})
        self._at = {name: n for n, name in enumerate(self.names)}
        self._drop, self._aim = drop_both_bad, aim
        self._boards: dict[str, FloatArray] = {}
        self._known: dict[str, tuple[float, FloatArray]] = {}
        pairs = [pair for pair in deck.pairs if free or deck.shared(pair)]
        self._pairs, self._possible = pairs, self.mask(pairs)
        self._active: BoolArray = np.logical_or.reduce(self._possible)
        for category, left, right, winner, n in counted:
            self.add(category, left, right, winner, n)

    def mask(self, pairs: Iterable[Pair]) -> BoolArray:
        """Which pairs are meant, shape (n, n), symmetric."""
        marked = np.zeros((len(self.names), len(self.names)), dtype=bool)
        for one, other in pairs:
            marked[self._at[one], self._at[other]] = marked[self._at[other], self._at[one]] = True
        return marked

    def add(self, category: str, left: str, right: str, winner: str, n: int = 1) -> None:
        """Take votes into account, on the board of their category and on that of all."""
        if self._drop and winner == "tie (bothbad)":
            return
        if not {left, right} <= self._at.keys():
            return  # retired before its first vote, while its answers were being read
        i, j = self._at[left], self._at[right]
        for name in {"", category}:
            wins, ties = self._board(name)
            if winner.startswith("tie"):
                for at in ((i, j), (j, i)):
                    wins[at] += n / 2
                    ties[at] += n
            else:
                wins[(i, j) if winner == "model_a" else (j, i)] += n

    def of(self, category: str = "") -> FloatArray:
        """The chance of each pair, shape (n, n), symmetric; those above the diagonal sum to 1."""
        boards = np.stack([self._board(name) for name in dict.fromkeys(("", category))])
        total = float(boards[0, 0].sum())
        at, chances = self._known.get(category, (-1.0, np.zeros(0)))
        if at < 0 or total - at >= max(1.0, _NEWS * total):
            chances = pair_probabilities(
                boards[:, 0], ties=boards[:, 1], active=self._active, wanted=self._possible
            )
            chances = self._aimed(chances)
            self._known[category] = (total, chances)
        return chances

    def _aimed(self, chances: FloatArray) -> FloatArray:
        """With a share for the pairs where people's votes tell most, beside a judge.

        Every pair keeps at least 1 - `BY_JUDGE` of the chance that it has without one.
        """
        wins = self._board("")[0]
        aimed = self._aim.chances(self._pairs, self._at, wins) if self._aim else None
        return chances if aimed is None else (1 - BY_JUDGE) * chances + BY_JUDGE * aimed

    def _board(self, category: str) -> FloatArray:
        """Wins with ties as half ones, and ties, shape (2, n, n)."""
        n = len(self.names)
        return self._boards.setdefault(category, np.zeros((2, n, n)))
