"""What a voter may be shown next: pairs of entrants with prompts that both can answer.

Kept in memory, and read anew when entrants or prompts change, so that a draw costs no long query.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from headtohead.arena.store.store import ArenaStore

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
