"""What a judge has voted, as the file of an arena holds it."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from headtohead.arena.store.store import ArenaStore, Voter

PREFERENCE: Mapping[str, float] = {"model_a": -1.0, "model_b": 1.0}
"""What a vote says for the right side over the left one; 0 if it is neither."""
# Not from the view `judge_votes`: a judge has many votes, and few of its columns are needed.
_STANDING = (
    "FROM battles AS b JOIN votes AS v ON v.battle = b.id WHERE b.voter = ? AND b.state = 'voted' "
    "AND NOT EXISTS (SELECT 1 FROM voids AS x WHERE x.battle = v.battle) "
)
_PREFERENCE = "CASE v.outcome WHEN 'left' THEN -1.0 WHEN 'right' THEN 1.0 ELSE 0.0 END"
_OF_PAIRS = (
    f"SELECT b.left_entrant AS a, b.right_entrant AS b, AVG({_PREFERENCE}) AS preference "
    f"{_STANDING} GROUP BY 1, 2"
)
_OF_BATTLES = (
    "SELECT b.id, b.about, b.known_ms, b.prompt, b.left_entrant AS a, b.right_entrant AS b, "
    f"{_PREFERENCE} AS preference, json_extract(v.styles, '$.length_a') AS length_a, "
    f"json_extract(v.styles, '$.length_b') AS length_b {_STANDING} ORDER BY v.voted_ms, b.id"
)
_STAMP = "SELECT COUNT(*), MAX(drawn_ms), (SELECT COUNT(*) FROM voids) FROM battles WHERE voter = ?"
_NEWS = 1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class BothVerdicts:
    """A judge's votes on two answers, in both orders.

    Attributes:
        about: The battle of a person whose answers these are; None if of no single one.
        known_ms: When people had voted on these answers; 0 for recorded ones.
        a_first: Its preference for B over A when A was shown first: -1, 0 or 1.
        b_first: The same when B was shown first.
        length_a: Characters of A's answer.
    """

    about: str | None
    known_ms: int
    prompt: str
    a: str
    b: str
    a_first: float
    b_first: float
    length_a: int
    length_b: int

    @property
    def preference(self) -> float:
        """For B over A, the mean of both orders."""
        return (self.a_first + self.b_first) / 2


def preferences(votes: Iterable[Mapping[str, Any]], a: Collection[str]) -> list[float]:
    """What each vote says for the side that meets `a`: 1, -1 for `a`, or 0."""
    return [PREFERENCE.get(v["winner"], 0.0) * (1 if v["model_a"] in a else -1) for v in votes]


def last_judge(store: ArenaStore) -> Voter | None:
    """The judge that came last; None if none has voted."""
    rows = store.rows("SELECT id FROM voters WHERE kind = 'judge' ORDER BY first_ms DESC LIMIT 1")
    return store.voter(rows[0]["id"]) if rows else None


def both_verdicts(store: ArenaStore, judge: str) -> tuple[BothVerdicts, ...]:
    """The votes of a judge that are there in both orders.

    Of recorded answers that have changed since, those to the last ones.
    """
    return _read(store.path, judge, tuple(store.rows(_STAMP, judge)[0]))


@lru_cache(maxsize=2)
def _read(path: Path, judge: str, _: tuple[int, ...]) -> tuple[BothVerdicts, ...]:
    """Read once for many boards: a judge's votes are many, and change seldom."""
    store = ArenaStore(path, read_only=True)
    try:
        rows = store.rows(_OF_BATTLES, judge)
    finally:
        store.close()
    second = {row["id"][:-1]: row["preference"] for row in rows if row["id"].endswith("-b")}
    found = {}
    for id, about, known_ms, prompt, a, b, preference, length_a, length_b in map(tuple, rows):
        other = second.get(id[:-1])
        if other is not None and id.endswith("-a"):
            found[about, prompt, a, b] = BothVerdicts(
                about=about,
                known_ms=known_ms,
                prompt=prompt,
                a=a,
                b=b,
                a_first=preference,
                b_first=-other,
                length_a=length_a,
                length_b=length_b,
            )
    return tuple(found.values())


def judged_pairs(path: Path) -> Mapping[tuple[str, str], float]:
    """The last judge's mean preference on each pair, for the second over the first.

    Both ways round; read again only where it has voted a tenth more since.
    """
    return _following(path)()


@cache
def _following(path: Path) -> Callable[[], Mapping[tuple[str, str], float]]:
    store = ArenaStore(path, read_only=True)
    known: dict[tuple[str, str], float] = {}
    stamp: tuple[str, int] | None = None

    def now() -> Mapping[tuple[str, str], float]:
        nonlocal stamp
        judge = last_judge(store)
        if judge is None:
            return {}
        n = store.rows("SELECT COUNT(*) FROM battles WHERE voter = ?", judge.id)[0][0]
        if stamp is None or stamp[0] != judge.id or n > _NEWS * stamp[1]:
            means = {
                (row["a"], row["b"]): row["preference"] for row in store.rows(_OF_PAIRS, judge.id)
            }
            known.clear()
            for (a, b), mean in means.items():
                if (b, a) in means:
                    known[a, b] = (mean - means[b, a]) / 2
            stamp = (judge.id, n)
        return known

    return now
